#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Types: the namespaces asked for are new, and no others; however the program is
# born, it is given what nsclone was given, and nsclone ends as it does.

load helpers
load nsclone

setup_file() { make_user; }
teardown_file() { remove_user; }
setup() { requires userns; }

### Which namespaces are new

# in_order TYPE...: these as NSTYPES has them, those that the kernel has.
in_order() {
	local type
	for type in $NSTYPES; do
		[ ! -e "/proc/self/ns/$type" ] || [[ " $* " != *" $type "* ]] || printf '%s ' "$type"
	done
}

# types_are 'TYPE...' ARG...: these, and only these, the program does not share
# with us, as seen from out here.
types_are() {
	local pid type id new=
	start "${WHO[@]}" "$NSCLONE" "${@:2}" sleep 99
	pid=$(wait_until pgrep -x -P "$BG_PID" sleep)
	for type in $(in_order $NSTYPES); do
		id=$(ns_id "$pid" "$type")
		[ "$id" = "$(ns_id self "$type")" ] || new+="$type "
	done
	end_background
	assert_equal "$new" "$(in_order $1)"
}

each_type() {
	local type
	local -A letter=([mnt]=m [uts]=u [ipc]=i [net]=n [pid]=p [user]=U [cgroup]=C [time]=T)
	local -A word=([mnt]=mount)
	for type in $(in_order $NSTYPES); do
		if is_root; then
			types_are "$type" "-${letter[$type]}"
			types_are "$type" "--${word[$type]-$type}"
		else
			types_are "$type user" -U "-${letter[$type]}"
			types_are "$type user" --user "--${word[$type]-$type}"
		fi
	done
}

@test "each type asked for is new, and all others are the caller's" { each_way each_type; }

all_types() {
	types_are "$NSTYPES" -aU
	types_are "$NSTYPES" --all --user
	! is_root || types_are "${NSTYPES/user/}" -a
}

@test "--all is every type but user" { each_way all_types; }

some_types() {
	types_are 'uts ipc user' -Uui
	types_are 'mnt net user time' -T --net -rm
}

@test "several types asked for are new together" { each_way some_types; }

one_call() {
	local flag
	"${WHO[@]}" strace -f -o "$D/trace" -e trace=clone3,clone,fork,vfork,unshare,setns \
		"$NSCLONE" "$@" -- /bin/true
	assert_equal "$(grep -oE '^[0-9]+ +[a-z0-9]+\(' "$D/trace" | sed 's/.* //')" 'clone3('
	for flag in NS UTS IPC NET PID USER CGROUP TIME; do
		grep -q "CLONE_NEW$flag[|,]" "$D/trace" || fail "no CLONE_NEW$flag:" "$(<"$D/trace")"
	done
}

@test "all types are made by one call of clone3" {
	requires strace clone3 cgroup-ns time-ns
	each_way one_call -aU
	each_way one_call -ar
}

nothing_asked() {
	local args
	for args in '' --fork '--setuid 0' '--wd /' --keep-child; do
		observe "$NSCLONE" $args touch "$D/ran"
		assert_outcome 'exited 125'
		assert_stderr_count 2
		assert_stderr_line --partial 'nothing to isolate'
		[ ! -e "$D/ran" ]
	done
}

@test "without a type there is nothing to do, and nothing is done" { each_way nothing_asked; }

### How it ends

each_status() {
	local number
	for number in 0 1 7 124 125 126 127 128 137 255; do
		observe "$NSCLONE" $BIRTH -- sh -c "exit $number"
		assert_outcome "exited $number"
		refute_stderr
	done
}

@test "nsclone exits as the program does" { each_way each_birth each_status; }

each_failure() {
	: >"$D/plain"
	observe "$NSCLONE" $BIRTH "$D/no-such-program"
	assert_outcome 'exited 127'
	observe env PATH=/usr/bin:/bin "$NSCLONE" $BIRTH nst-no-such-program
	assert_outcome 'exited 127'
	observe "$NSCLONE" $BIRTH "$D/plain"
	assert_outcome 'exited 126'
	observe "$NSCLONE" $BIRTH --wd "$D/no-such-directory" true
	assert_outcome 'exited 125'
}

@test "127 is not found, 126 not executable, 125 a failure of nsclone's" { each_way each_birth each_failure; }

each_signal() {
	local name number
	for name in HUP INT QUIT ILL ABRT FPE KILL SEGV PIPE ALRM TERM USR1 USR2 RTMIN; do
		number=$(kill -l "$name")
		observe "$NSCLONE" $BIRTH -- sh -c "ulimit -c 0; kill -$number \$\$"
		assert_outcome "killed $number"
		refute_stderr
	done
}

@test "nsclone dies by the signal that killed the program" { each_way each_birth each_signal; }

# Two directories, so that one core does not overwrite the other.
one_core() {
	ulimit -c unlimited
	"${WHO[@]}" mkdir -p "$D/program"
	rm -f "$D"/core* "$D"/program/core*
	observe env -C "$D" sh -c 'cd program && kill -SEGV $$'
	[ "$(ls "$D/program")" ] || skip 'needs core dumps'
	rm "$D"/program/core*
	observe env -C "$D" "$NSCLONE" $BIRTH -- sh -c 'cd program && kill -SEGV $$'
	assert_outcome "killed $(kill -l SEGV)"
	[ "$(ls "$D/program")" ]
	assert_equal "$(cd "$D" && echo *)" 'outcome program'
}

@test "a program that dumps core leaves one, and nsclone no second" {
	[[ $(</proc/sys/kernel/core_pattern) != [/\|]* ]] || skip 'needs a core_pattern without directory or pipe'
	[ "$(ulimit -H -c)" = unlimited ] || skip 'needs an unlimited size of core files'
	each_way each_birth one_core
}

### No program

# shell_at FILE [INTERPRETER]: a shell that says where it is.
shell_at() {
	rm -f "$1"
	printf '#!%s\necho "$# $0"\n' "${2-/bin/sh}" >"$1"
	chmod 755 "$1"
}

env_shell() {
	shell_at "$D/shell"
	observe env SHELL="$D/shell" "$NSCLONE" -U
	assert_outcome 'exited 0'
	assert_output "0 $D/shell"
}

@test "without a program \$SHELL is run" { each_way env_shell; }

# In here we are uid 0 for both, of whom this passwd says so.
passwd_shell() {
	local shell
	private_etc
	sed -i "s:^\(root\:.*\:\)[^:]*\$:\1$D/passwd-shell:" /etc/passwd
	for shell in "$D/no-such-shell" "$D/not-executable" '' passwd; do
		assert_equal "$(SHELL=$shell "$NSCLONE" -U)" "0 $D/passwd-shell"
	done
	assert_equal "$(env -u SHELL "$NSCLONE" -U)" "0 $D/passwd-shell"
}

@test "without a program and \$SHELL the shell of the passwd entry is run" {
	D=$NST_HOME
	export D
	shell_at "$D/passwd-shell"
	: >"$D/not-executable"
	in_private_mounts passwd_shell
}

# $SHELL is there outside, too.
shells_in_root() {
	local passwd file
	passwd=$(getent passwd "$("${WHO[@]}" id -u)" | cut -d: -f7)
	busybox_root "$D/root"
	shell_at "$D/shell"
	for file in /bin/sh "$passwd" "$D/shell"; do
		mkdir -p "$D/root${file%/*}"
		shell_at "$D/root$file" '/bin/busybox sh'
	done
	for file in "$D/shell" "$passwd" /bin/sh; do
		observe env SHELL="$D/shell" "$NSCLONE" -r --root "$D/root"
		assert_output "0 $file"
		assert_outcome 'exited 0'
		[ "$file" = /bin/sh ] || rm -f "$D/root$file"
	done
}

@test "\$SHELL and the passwd shell are run if the new root has them, else /bin/sh" {
	requires busybox
	each_way shells_in_root
}

### Without clone3

# What the program sees of itself, and the last status.
self_report='for type do echo "$(readlink "/proc/self/ns/$type")"; done
	cat /proc/self/uid_map /proc/self/gid_map /proc/self/setgroups; exit 7'

# What differs from run to run made the same: a namespace is new, or ours.
report_types() {
	local type
	while read -r type; do
		[[ $type != *:\[*\] ]] || type=${type%:*}:$([ "$type" = "$(ns_id self "${type%:*}")" ] && echo old || echo new)
		echo "$type"
	done
}

no_clone3() {
	local wanted args
	for args in -a -ar -Uu '-ar --init' '-ar --setup true' '-arT --boottime 12345678' '-Un --host-setup true'; do
		is_root || [[ $args = *[Ur]* ]] || continue
		observe "$NSCLONE" $args sh -c "$self_report" sh $(in_order $NSTYPES)
		assert_outcome 'exited 7'
		wanted=$(report_types <<<"$output")
		assert_equal "$(grep -c new <<<"$wanted")" "$(wanted_count "$args")"
		observe strace -f -o "$D/trace" -e trace=clone3 -e inject=clone3:error=ENOSYS \
			"$NSCLONE" $args sh -c "$self_report" sh $(in_order $NSTYPES)
		assert_outcome 'exited 7'
		refute_stderr
		assert_equal "$(report_types <<<"$output")" "$wanted"
		grep -q 'ENOSYS.*INJECTED' "$D/trace"
	done
}

wanted_count() {
	case $1 in
	-a) set -- $(in_order ${NSTYPES/user/}) ;;
	-U*) set -- 1 2 ;;
	*) set -- $(in_order $NSTYPES) ;;
	esac
	echo $#
}

@test "without clone3 the program's world is the same" {
	requires strace clone3
	each_way no_clone3
}

offset_without_clone3() {
	observe strace -f -o "$D/trace" -e trace=clone3 -e inject=clone3:error=ENOSYS \
		"$NSCLONE" -r --boottime 12345678 cat /proc/uptime
	[ "${output%%.*}" -gt 12345678 ]
	assert_outcome 'exited 0'
}

@test "without clone3 clocks have their offsets" {
	requires strace clone3 time-ns
	each_way offset_without_clone3
}

### What the program is given

# The shell's own is among them, the same in each run; the file is opened later.
list_descriptors='set -- /proc/self/fd/*; echo "$*" >"$0"'

descriptors_are_as_without() {
	local closed
	for closed in 0 1 2 3 4 5 6 7; do
		with_closed "$closed" "${WHO[@]}" sh -c "$list_descriptors" "$D/without" 7</dev/null
		with_closed "$closed" "${WHO[@]}" "$NSCLONE" $BIRTH -- sh -c "$list_descriptors" "$D/with" 7</dev/null
		assert_equal "$closed: $(<"$D/with")" "$closed: $(<"$D/without")"
		rm "$D/with"
	done
}

descriptors_of_births() {
	local BIRTHS=("${BIRTHS[@]}" -r '-r --host-setup true' "-U --pid-file $D/pid" '-rT --boottime 1')
	! is_root || BIRTHS+=(-p '--map-users 0:0:1')
	each_birth descriptors_are_as_without
}

@test "the program has the descriptors that nsclone was given, and no others" { each_way descriptors_of_births; }

descriptors_after_helpers() {
	local BIRTHS=('-r --map-auto' '-r --map-subids --init')
	each_birth descriptors_are_as_without
}

@test "the program has no descriptors of newuidmap and getsubids" {
	requires subids
	as_the_user descriptors_after_helpers
}

own_descriptors() {
	"${WHO[@]}" sh -c "$list_descriptors" "$D/without"
	"${WHO[@]}" "$NSCLONE" $BIRTH --json-status-fd 8 --block-fd 9 -- sh -c "$list_descriptors" "$D/with" 8>"$D/status" 9</dev/null
	assert_equal "$(<"$D/with")" "$(<"$D/without")"
	[ -s "$D/status" ]
}

@test "descriptors for nsclone alone are not the program's" { each_way each_birth own_descriptors; }

input_is_read_by_the_program() {
	run_split "${WHO[@]}" "$NSCLONE" $BIRTH -- cat <<<'for the program'
	assert_output 'for the program'
	assert_status 0
}

@test "standard input is the program's" { each_way each_birth input_is_read_by_the_program; }

signals_are_as_without() {
	local wanted
	local -a how
	for how in --block-signal=USR1,TERM,CHLD --ignore-signal=CHLD '--ignore-signal=HUP,PIPE,TSTP --block-signal=ALRM,WINCH,PIPE' \
		--default-signal '--block-signal --ignore-signal'; do
		wanted=$("${WHO[@]}" env $how grep -E '^Sig(Blk|Ign)' /proc/self/status)
		observe env $how "$NSCLONE" $BIRTH -- grep -E '^Sig(Blk|Ign)' /proc/self/status
		assert_output "$wanted"
		assert_outcome 'exited 0'
	done
}

@test "the program has the signal mask and the ignored signals that nsclone was given" { each_way each_birth signals_are_as_without; }

ignored_sigchld() {
	observe env --ignore-signal=CHLD --block-signal=CHLD "$NSCLONE" $BIRTH -- sh -c 'exit 7'
	assert_outcome 'exited 7'
	observe env --ignore-signal=CHLD "$NSCLONE" $BIRTH -- sh -c 'kill -TERM $$'
	assert_outcome "killed $(kill -l TERM)"
}

@test "with SIGCHLD ignored nsclone still ends as the program does" { each_way each_birth ignored_sigchld; }

no_name() {
	observe bash -c 'exec -a "" "$@"' bash "$NSCLONE" $BIRTH -- sh -c 'exit 7'
	assert_outcome 'exited 7'
	observe bash -c 'exec -a "" "$@"' bash "$NSCLONE" --no-such-option
	assert_outcome 'exited 125'
	assert_stderr --regexp $'^nsclone: .*no-such-option.*\n.*nsclone --help'
	observe "$HELPERS/exec-with" "$NSCLONE"
	assert_outcome 'exited 125'
	assert_stderr --regexp $'^nsclone: nothing to isolate.*\n.*nsclone --help'
}

@test "an argv[0] that is empty or missing does no harm" { each_way each_birth no_name; }

arguments() {
	observe "$NSCLONE" $BIRTH printf '<%s>' --help -V -- '' 'a b' $'c\nd' --map-root-user
	assert_output $'<--help><-V><--><><a b><c\nd><--map-root-user>'
	observe "$NSCLONE" $BIRTH -- printf '<%s>' -r
	assert_output '<-r>'
	assert_outcome 'exited 0'
}

@test "what follows the program is the program's, options too" { each_way each_birth arguments; }

directory_gone() {
	observe sh -c 'mkdir "$0" && cd "$0" && rmdir "$0" && exec "$@"' "$D/gone" \
		"$NSCLONE" $BIRTH -- readlink /proc/self/cwd
	assert_output "$D/gone (deleted)"
	assert_outcome 'exited 0'
}

@test "a working directory that is gone does no harm" { each_way each_birth directory_gone; }

no_environment() {
	observe env -i "$NSCLONE" $BIRTH -- wc -c /proc/self/environ
	assert_output '0 /proc/self/environ'
	refute_stderr
	assert_outcome 'exited 0'
}

@test "an empty environment does no harm, and stays empty" { each_way each_birth no_environment; }
