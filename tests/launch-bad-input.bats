#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What a launcher cannot or will not do: one clear line, perhaps a hint, the exit
# status of DESIGN's table, the program not run, and nothing left.

load helpers
load launchers
TOOLS=("${LAUNCHERS[@]}")

setup_file() { make_user; }
teardown_file() { remove_user; }
setup() { requires userns; }

### Options

# Where nothing is done yet, it does not matter who asks.
options() {
	usage "unknown option '-x'" -x
	usage "unknown option '-x'" -Ux
	usage "'--no-such'" --no-such
	usage "'--no-such=5'" --no-such=5
	usage "'--userx'" --userx
	usage "'--map'" --map -U
	usage "'--fork' takes no argument" --fork=yes
	usage "'--all' takes no argument" --all=1 -U
}

@test "options that there are not" { as_ourselves options; }

options_without_arguments() {
	local option
	for option in --map-user --map-users --owner --setgroups --setuid --root --wd --hostname --monotonic \
		--setup --keep-env --setenv; do
		observe "$LAUNCHER" -U "$option"
		assert_outcome 'exited 125'
		said_of_usage "'$option' needs an argument"
	done
	for option in -S -G -R -w -l; do
		observe "$LAUNCHER" -U "$option"
		assert_outcome 'exited 125'
		said_of_usage "'$option' needs an argument"
	done
}

@test "options without their arguments" { as_ourselves options_without_arguments; }

@test "--make-private is for a pin" { as_ourselves usage '--make-private' -m --make-private; }

words() {
	local word
	usage '--setgroups' --setgroups ''
	usage "'denied'" --setgroups denied
	for word in '' Private rshared private,slave; do
		usage "--propagation: '$word'" -m --propagation "$word"
	done
	usage '--setenv' -U --setenv ''
	usage "'NAME'" -U --setenv NAME
	usage "'=value'" -U --setenv =value
}

@test "words that an option does not know" { as_ourselves words; }

empty_names() {
	local type option
	for type in mount uts ipc net pid user cgroup time; do
		usage "--$type" "--$type="
	done
	for option in --root --wd --hostname --domainname --map-user --map-group --map-users --map-groups --owner \
		--setuid --setgid --monotonic --boottime; do
		usage "$option" -U "$option" ''
	done
	for option in --mount-proc --mount-sys --mount-binfmt --kill-child --close-fds; do
		usage "$option" -U "$option="
	done
	assert_equal "$(ls -A "$D")" outcome
}

@test "empty arguments" { as_ourselves empty_names; }

long_names() {
	local name
	name=$(printf '%064d' 0)
	observe "$LAUNCHER" -r --hostname "$name" uname -n
	assert_output "$name"
	observe "$LAUNCHER" -r --domainname "$name" cat /proc/sys/kernel/domainname
	assert_output "$name"
	usage '64' -r --hostname "1$name"
	usage '64' -r --domainname "1$name"
	name=$(printf '%05000d' 0)
	usage '--hostname' -r --hostname "$name"
	failure 'File name too long' '' -rR "/$name"
	observe "$LAUNCHER" -U "/$name"
	assert_outcome 'exited 126'
	said_of_failure 'execute' ''
}

@test "names that are too long" { as_ourselves long_names; }

### Numbers

ids() {
	local option id
	for option in --map-user --map-group -S -G; do
		for id in 4294967295 4294967296 18446744073709551616 99999999999999999999999 -1 -0 +1 1x 1e3 0x10 1.0 '1 ' ' 1' $'1\n' nst-no-such-name; do
			usage "${id%$'\n'}" -U "$option" "$id"
		done
	done
}

@test "ids that are none" { as_ourselves ids; }

owners() {
	local owner
	for owner in 1 : 1: :1 1:2:3 1,2 -1:0 0:-1 0:4294967295 4294967296:0 ' 1:1' 1:1x nst-no-such-name:0 0:nst-no-such-name; do
		usage '--owner' --owner "$owner"
	done
}

@test "owners that are none" { as_ourselves owners; }

blocks() {
	local block
	for block in x : 1 1: 1:2 1:2: 1:2:3:4 1,2 1,2,3,4 1:2,3 1,2:3 -1:0:1 0:-1:1 0:0:-1 ' 0:0:1' '0:0:1 ' '0: 0:1' \
		+0:0:1 0:0:1x 0:0:1e3 0x0:0:1 0::1 Auto autox al 4294967296:0:1 0:4294967296:1 0:0:4294967296 18446744073709551616:0:1; do
		usage "--map-users: '$block'" --map-users "$block"
		usage "--map-groups: '$block'" --map-groups "$block"
	done
	for block in 4294967295:0:1 0:4294967295:1 1:0:4294967295 0:1:4294967295 4294967294:0:2; do
		usage "'$block'" --map-users "$block"
	done
	for block in 0:0:0 5:5:0 0,0,0; do
		usage "'$block' maps no id" --map-groups "$block"
	done
}

@test "blocks of a map that are none, that are empty, that go too far" { as_ourselves blocks; }

overlaps() {
	failure 'overlap inside' '' --map-users 0:1000:10 --map-users 9:2000:1
	failure 'overlap inside' '' --map-groups 10:1000:10 --map-groups 1:2000:10
	failure 'overlap outside' '' --map-users 0:1000:10 --map-users 20:1005:10
	failure 'overlap outside' '' --map-groups 1000,0,10 --map-groups 999,20,2
	failure 'overlap' '' --map-users 0:1000:10 --map-users 0:1000:10
	failure 'overlap' '' -r --map-users all --map-users all
	failure 'uid map: 5:5:4294967290 and 4294967294:0:1 overlap inside' '' --map-users 5:5:4294967290 --map-users 4294967294:0:1
}

@test "maps that overlap" { as_ourselves overlaps; }

# many COUNT FIRST STEP: --map-users of that many blocks of one id.
many() {
	local i id
	BLOCKS=()
	for ((i = 0; i < $1; i++)); do
		id=$(($2 + i * $3))
		BLOCKS+=(--map-users "$id:$id:1")
	done
}

too_many_lines() {
	many 341 0 2
	usage '340' "${BLOCKS[@]}"
	many 340 2 2
	failure '340' '' -r "${BLOCKS[@]}"
	many 338 100000 2
	failure '340' '' --map-user 1000 --map-users 500:2000:5000 "${BLOCKS[@]}"
}

@test "maps of more lines than the kernel takes" { as_ourselves too_many_lines; }

most_lines() {
	local wanted
	many 340 2 2
	wanted=$(for ((i = 0; i < 340; i++)); do echo "$((2 + 2 * i)) $((2 + 2 * i)) 1"; done)
	observe "$LAUNCHER" "${BLOCKS[@]}" -S 2 sed -E 's/ +/ /g; s/^ //' /proc/self/uid_map
	assert_outcome 'exited 0'
	assert_output "$wanted"
	many 339 2 2
	observe "$LAUNCHER" -r "${BLOCKS[@]}" grep -c . /proc/self/uid_map
	assert_output 340
}

@test "a map of as many lines as the kernel takes is written" {
	requires root
	as_ourselves most_lines
}

too_many_bytes() {
	many 340 4000000000 2
	failure '4095 bytes' '' "${BLOCKS[@]}" -S 4000000000
}

@test "maps of more bytes than the kernel takes" {
	requires root
	as_ourselves too_many_bytes
}

# 170 lines of 24 bytes are 4080 bytes; one more line makes them 4095 or 4096.
most_bytes() {
	many 170 4000000000 2
	observe "$LAUNCHER" "${BLOCKS[@]}" --map-users 1:3000000000:1 -S 1 grep -c . /proc/self/uid_map
	assert_output 171
	failure '4095 bytes' '' "${BLOCKS[@]}" --map-users 10:3000000000:1 -S 10
	many 171 4000000000 2
	failure '4095 bytes' '' "${BLOCKS[@]}" -S 4000000000
}

@test "a map of 4095 bytes is written, one of 4096 bytes is refused" {
	requires root
	as_ourselves most_bytes
}

signals() {
	local signal
	for signal in 0 -1 65 999 4294967305 9x ' 9' +9 'KILL ' SIG SIGSIGKILL NOSUCH 1,2; do
		usage "--kill-child: '$signal'" -U --kill-child="$signal"
	done
}

@test "signals that are none" { as_ourselves signals; }

lists() {
	local list
	for list in , 3, ,3 3,,4 -1 3x ' 3' 3:4 2147483648; do
		usage "--close-fds: '$list'" -U --close-fds="$list"
	done
	usage '--close-fds' -U --close-fds="$(seq -s, 65)"
	usage '--close-fds' -U --close-fds="$(seq -s, 64)" --close-fds=100
}

@test "lists that are none, or too long" { as_ourselves lists; }

offsets() {
	local option offset
	for option in --monotonic --boottime; do
		for offset in '' x - + -- 1x ' 1' '1 ' 1e3 1. .5 -.5 1,5 1.-5 1.5.5 --1 +-1 0x1 nan 1.0000000001 \
			9223372036854775807 9223372036854775808 99999999999999999999; do
			usage "$option: '$offset' is " -U "$option=$offset"
		done
	done
}

@test "offsets of clocks that are no numbers" { as_ourselves offsets; }

impossible_offsets() {
	failure 'Numerical result out of range' 'clock' -r --monotonic -99999999
	failure 'Numerical result out of range' 'clock' -r --boottime -99999999.5
	failure 'Numerical result out of range' 'clock' -r --monotonic 4611686019
	failure 'Numerical result out of range' 'clock' -r --boottime 9223372036854775806
	failure 'Numerical result out of range' 'clock' -r --boottime 5 --monotonic -9223372036854775806 $(indirect)
	! is_root || failure 'Numerical result out of range' 'clock' --monotonic -99999999
}

@test "offsets that would make a clock negative, or end its time" {
	requires time-ns
	each_way impossible_offsets
}

### What the kernel refuses

no_more_namespaces() {
	local type
	for type in user:U uts:u ipc:i mnt:m net:n pid:p cgroup:C; do
		refused "$LAUNCHER" -r bash -c 'echo 0 >"/proc/sys/user/max_$1_namespaces" && exec "${@:2}"' \
			bash "${type%:*}" "$LAUNCHER" --fork "-${type#*:}"
		said_of_failure 'No space left on device' "/proc/sys/user/max_${type%:*}_namespaces is 0"
	done
}

@test "namespaces of which there may be none" { each_way no_more_namespaces; }

# 33 may be in one another.
too_deep() {
	local i
	local -a each=()
	for ((i = 0; i < 34; i++)); do
		each+=("$LAUNCHER" -r)
	done
	refused "${each[@]}"
	said_of_failure 'No space left on device' 'nested'
	observe "${each[@]:4}" true
	assert_outcome 'exited 0'
}

@test "namespaces that are nested too deeply" { each_way too_deep; }

no_privilege() {
	local option
	for option in -u -m -n -p -a "-u $(indirect)" '-m --setup true'; do
		failure 'Operation not permitted' '--map-root-user (-r)' $option
	done
}

@test "namespaces that take a privilege, without" { as_the_user no_privilege; }

unmapped_caller() {
	refused "$LAUNCHER" -U "$LAUNCHER" -U
	said_of_failure 'Operation not permitted' 'mapped'
}

@test "a caller whose ids are not mapped" { each_way unmapped_caller; }

# The program and what it is linked with, beneath a root of busybox.
chroot_with_tool() {
	busybox_root "$D/root"
	ldd "$LAUNCHER" 2>/dev/null | grep -oE '/[^ ]+' | xargs -r cp --dereference --parents -t "$D/root"
	cp "$LAUNCHER" "$D/root/tool"
}

chrooted() {
	local proc
	for proc in '' "$1"; do
		[ -z "$proc" ] || mount -t proc proc "$D/root/proc"
		observe chroot "$D/root" /tool -U touch /ran
		assert_outcome 'exited 125'
		said_of_failure 'Operation not permitted' "${proc:+chroot}"
		[ ! -e "$D/root/ran" ]
	done
	observe chroot "$D/root" /tool -u true
	assert_outcome 'exited 0'
}

@test "a new user namespace for a caller in a chroot" {
	requires root busybox
	in_chroot() {
		chroot_with_tool
		in_private_mounts chrooted proc
	}
	as_ourselves in_chroot
}

no_such_files() {
	: >"$D/file"
	failure "$D/no-such: No such file or directory" '' -r --root "$D/no-such"
	failure "$D/file: Not a directory" '' -r --root "$D/file"
	failure "$D/no-such: No such file or directory" '' -r --wd "$D/no-such"
	failure "$D/file: Not a directory" '' -r --wd "$D/file"
	failure "$D/no-such: No such file or directory" '' -rp --fork --mount-proc="$D/no-such"
	failure "set-up command: exit status 3" '' -r --setup 'exit 3'
	failure "set-up command: killed by signal 15" '' -r --setup 'kill -TERM $$'
	assert_equal "$(cd "$D" && echo *)" 'file outcome'
}

@test "files, directories and commands that do not do" { each_way no_such_files; }

### Programs

# cannot_run STATUS TEXT HINT PROGRAM
cannot_run() {
	observe env PATH=/usr/bin:/bin "$LAUNCHER" $BIRTH -- "$4" "$D/ran"
	assert_outcome "exited $1"
	refute_output
	said_of_failure "$2" "$3"
	[ ! -e "$D/ran" ]
}

program_files() {
	: >"$D/plain"
	printf '#!/no/such/interpreter\n' >"$D/script"
	printf '#!%s\n' "$D" >"$D/script-of-directory"
	ln -sf loop "$D/loop"
	chmod 755 "$D"/script*
}

programs() {
	program_files
	cannot_run 127 "$D/no-such: No such file or directory" '' "$D/no-such"
	cannot_run 127 "$D/no-such/program: No such file or directory" '' "$D/no-such/program"
	cannot_run 127 'nst-no-such-program: No such file or directory' '' nst-no-such-program
	cannot_run 127 'No such file or directory' '' ''
	cannot_run 127 "$D/script: No such file or directory" 'interpreter' "$D/script"
	cannot_run 126 "$D/plain: Permission denied" 'no execute permission' "$D/plain"
	cannot_run 126 "$D: Permission denied" 'directory' "$D"
	cannot_run 126 "$D/: Permission denied" 'directory' "$D/"
	cannot_run 126 "$D/plain/program: Not a directory" '' "$D/plain/program"
	cannot_run 126 "$D/loop: Too many levels of symbolic links" '' "$D/loop"
	cannot_run 126 "$D/script-of-directory: Permission denied" '' "$D/script-of-directory"
}

@test "programs that are not there, not executable, directories, without an interpreter" { each_way each_birth programs; }

### The message

one_line() {
	usage '\012' -U $'--no\nsuch'
	usage '\012' --map-user $'a\nb'
	usage '\033' --setgroups $'\033[31m'
	# C1 control characters, in UTF-8 and as bytes; other characters stay.
	usage "'a\\302\\233ä€\\233b\\237'" --setgroups $'a\xc2\x9bä€\x9bb\x9f'
	failure "$D/a\\012b: No such file or directory" '' -r --root "$D/"$'a\nb'
	observe "$LAUNCHER" -U "$D/"$'a\nb\177'
	assert_outcome 'exited 127'
	said_of_failure "$D/a\\012b\\177: No such file or directory" ''
}

@test "names with newlines and escapes do not make lines of their own" { each_way one_line; }

# with_closed_stdio OUTCOME TEXT ARG...
with_closed_stdio() {
	local closed
	local -a AROUND
	for closed in 0 1 2 3 4 5 6 7; do
		AROUND=(with_closed "$closed")
		observe "$LAUNCHER" "${@:3}"
		assert_outcome "$1"
		refute_output
		if ((closed & 4)) || [ -z "$2" ]; then refute_stderr; else assert_stderr_line --partial "$2"; fi
		[ ! -e "$D/ran" ]
	done
}

each_closed_stdio() {
	with_closed_stdio 'exited 125' "'--no-such'" --no-such touch "$D/ran"
	with_closed_stdio 'exited 127' 'No such file' $BIRTH -- "$D/no-such"
	with_closed_stdio 'exited 125' 'exit status 3' $BIRTH --setup 'exit 3' touch "$D/ran"
	with_closed_stdio 'exited 125' 'setuid 5' $BIRTH -S 5 touch "$D/ran"
	with_closed_stdio 'exited 7' '' $BIRTH sh -c 'exit 7'
}

@test "with standard descriptors closed statuses and messages are the same" { each_way each_birth each_closed_stdio; }

@test "what was asked for and cannot be written is a failure" { each_way unwritable_stdout --help --version; }
