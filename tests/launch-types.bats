#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Types: the namespaces asked for are new, and no others; however the program is
# born, it is given what the tool was given, and the tool ends as it does.

load helpers
load launchers
TOOLS=("${LAUNCHERS[@]}")

setup_file() { make_user; }
teardown_file() { remove_user; }
setup() { requires userns; }

### Which namespaces are new

# namespaces_of PID: a line for each type that there is.
namespaces_of() { (cd "/proc/$1/ns" && exec readlink $(in_order $NSTYPES)); }

# types_are 'TYPE...' ARG...: these, and only these, the program does not share
# with us, as seen from out here.
types_are() {
	local new
	launch_sleep "${@:2}"
	new=$(comm -13 <(namespaces_of self | sort) <(namespaces_of "$PROGRAM" | sort))
	end_sleep
	assert_equal "$(in_order $(sed 's/:.*//' <<<"$new"))" "$(in_order $1)"
}

each_type() {
	local type fork
	local -A letter=([mnt]=m [uts]=u [ipc]=i [net]=n [pid]=p [user]=U [cgroup]=C [time]=T)
	local -A word=([mnt]=mount)
	for type in $(in_order $NSTYPES); do
		fork=
		[ "$type" != pid ] || fork=--fork
		if is_root; then
			types_are "$type" $fork "-${letter[$type]}"
			types_are "$type" --fork "--${word[$type]-$type}"
		else
			types_are "$type user" $fork -U "-${letter[$type]}"
			types_are "$type user" --fork --user "--${word[$type]-$type}"
		fi
	done
}

@test "each type asked for is new, and all others are the caller's" { each_way each_type; }

all_types() {
	types_are "$NSTYPES" -aUf
	types_are "$NSTYPES" --all --fork --user
	! is_root || types_are "${NSTYPES/user/}" -af
}

@test "--all is every type but user" { each_way all_types; }

some_types() {
	types_are 'uts ipc user' -Uui
	types_are 'mnt net user time' -T --net -rm
}

@test "several types asked for are new together" { each_way some_types; }

### How it ends

each_status() {
	local number
	for number in 0 1 7 124 125 126 127 128 137 255; do
		observe "$LAUNCHER" $BIRTH -- sh -c "exit $number"
		assert_outcome "exited $number"
		refute_stderr
	done
}

@test "the tool exits as the program does" { each_way each_birth each_status; }

each_failure() {
	: >"$D/plain"
	observe "$LAUNCHER" $BIRTH "$D/no-such-program"
	assert_outcome 'exited 127'
	observe env PATH=/usr/bin:/bin "$LAUNCHER" $BIRTH nst-no-such-program
	assert_outcome 'exited 127'
	observe "$LAUNCHER" $BIRTH "$D/plain"
	assert_outcome 'exited 126'
	observe "$LAUNCHER" $BIRTH --wd "$D/no-such-directory" true
	assert_outcome 'exited 125'
}

@test "127 is not found, 126 not executable, 125 a failure of the tool's" { each_way each_birth each_failure; }

each_signal() {
	local name number
	for name in HUP INT QUIT ILL ABRT FPE KILL SEGV PIPE ALRM TERM USR1 USR2 RTMIN; do
		number=$(kill -l "$name")
		observe "$LAUNCHER" $BIRTH -- sh -c "ulimit -c 0; kill -$number \$\$"
		assert_outcome "killed $number"
		refute_stderr
	done
}

@test "the tool dies by the signal that killed the program" { each_way each_birth each_signal; }

# Two directories, so that one core does not overwrite the other.
one_core() {
	ulimit -c unlimited
	"${WHO[@]}" mkdir -p "$D/program"
	rm -f "$D"/core* "$D"/program/core*
	observe env -C "$D" sh -c 'cd program && kill -SEGV $$'
	[ "$(ls "$D/program")" ] || skip 'needs core dumps'
	rm "$D"/program/core*
	observe env -C "$D" "$LAUNCHER" $BIRTH -- sh -c 'cd program && kill -SEGV $$'
	assert_outcome "killed $(kill -l SEGV)"
	[ "$(ls "$D/program")" ]
	assert_equal "$(cd "$D" && echo *)" 'outcome program'
}

@test "a program that dumps core leaves one, and the tool no second" {
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
	observe env SHELL="$D/shell" "$LAUNCHER" -U
	assert_outcome 'exited 0'
	assert_output "0 $D/shell"
}

@test "without a program \$SHELL is run" { each_way env_shell; }

# In here we are uid 0 whoever we are, of whom this passwd says so.
passwd_shell() {
	local shell
	private_etc
	sed -i "s:^\(root\:.*\:\)[^:]*\$:\1$D/passwd-shell:" /etc/passwd
	for shell in "$D/no-such-shell" "$D/not-executable" '' passwd ./relative-shell relative-shell; do
		assert_equal "$(cd "$D" && SHELL=$shell "$LAUNCHER" -U)" "0 $D/passwd-shell"
	done
	assert_equal "$(env -u SHELL "$LAUNCHER" -U)" "0 $D/passwd-shell"
}

passwd_shells() {
	shell_at "$D/passwd-shell"
	shell_at "$D/relative-shell"
	: >"$D/not-executable"
	in_private_mounts passwd_shell
}

@test "without a program and \$SHELL the shell of the passwd entry is run" { as_ourselves passwd_shells; }

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
		observe env SHELL="$D/shell" "$LAUNCHER" -r --root "$D/root"
		assert_output "0 $file"
		assert_outcome 'exited 0'
		[ "$file" = /bin/sh ] || rm -f "$D/root$file"
	done
}

@test "\$SHELL and the passwd shell are run if the new root has them, else /bin/sh" {
	requires busybox
	each_way shells_in_root
}

### What the program is given

# The shell's own is among them, the same in each run; the file is opened later.
list_descriptors='set -- /proc/self/fd/*; echo "$*" >"$0"'

descriptors_are_as_without() {
	local closed
	for closed in 0 1 2 3 4 5 6 7; do
		with_closed "$closed" "${WHO[@]}" sh -c "$list_descriptors" "$D/without" 7</dev/null
		with_closed "$closed" "${WHO[@]}" "$LAUNCHER" $BIRTH -- sh -c "$list_descriptors" "$D/with" 7</dev/null
		assert_equal "$closed: $(<"$D/with")" "$closed: $(<"$D/without")"
		rm "$D/with"
	done
}

descriptors_of_births() {
	local -a BIRTHS
	mapfile -t BIRTHS < <(births)
	BIRTHS+=(-r '-rT --boottime 1')
	[ "$TOOL" != nsclone ] || BIRTHS+=('-r --host-setup true' "-U --pid-file $D/pid")
	! is_root || BIRTHS+=('-p --fork' '--map-users 0:0:1' '--fork --map-users 0:0:1')
	each_birth descriptors_are_as_without
}

@test "the program has the descriptors that the tool was given, and no others" { each_way descriptors_of_births; }

descriptors_after_helpers() {
	local BIRTHS=('-r --map-auto' "-r --map-subids $(indirect)")
	each_birth descriptors_are_as_without
}

@test "the program has no descriptors of newuidmap and getsubids" {
	requires subids
	as_the_user descriptors_after_helpers
}

input_is_read_by_the_program() {
	run_split "${WHO[@]}" "$LAUNCHER" $BIRTH -- cat <<<'for the program'
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
		observe env $how "$LAUNCHER" $BIRTH -- grep -E '^Sig(Blk|Ign)' /proc/self/status
		assert_output "$wanted"
		assert_outcome 'exited 0'
	done
}

@test "the program has the signal mask and the ignored signals that the tool was given" { each_way each_birth signals_are_as_without; }

ignored_sigchld() {
	observe env --ignore-signal=CHLD --block-signal=CHLD "$LAUNCHER" $BIRTH -- sh -c 'exit 7'
	assert_outcome 'exited 7'
	observe env --ignore-signal=CHLD "$LAUNCHER" $BIRTH -- sh -c 'kill -TERM $$'
	assert_outcome "killed $(kill -l TERM)"
}

@test "with SIGCHLD ignored the tool still ends as the program does" { each_way each_birth ignored_sigchld; }

no_name() {
	observe bash -c 'exec -a "" "$@"' bash "$LAUNCHER" $BIRTH -- sh -c 'exit 7'
	assert_outcome 'exited 7'
	observe bash -c 'exec -a "" "$@"' bash "$LAUNCHER" --no-such-option
	assert_outcome 'exited 125'
	said_of_usage no-such-option
	observe env SHELL=/bin/false "$HELPERS/exec-with" "$LAUNCHER"
	[[ ${stderr_lines[0]} == "$TOOL: nothing to isolate: "* ]]
}

@test "an argv[0] that is empty or missing does no harm" { each_way each_birth no_name; }

arguments() {
	observe "$LAUNCHER" $BIRTH printf '<%s>' --help -V -- '' 'a b' $'c\nd' --map-root-user
	assert_output $'<--help><-V><--><><a b><c\nd><--map-root-user>'
	observe "$LAUNCHER" $BIRTH -- printf '<%s>' -r
	assert_output '<-r>'
	assert_outcome 'exited 0'
}

@test "what follows the program is the program's, options too" { each_way each_birth arguments; }

directory_gone() {
	observe sh -c 'mkdir "$0" && cd "$0" && rmdir "$0" && exec "$@"' "$D/gone" \
		"$LAUNCHER" $BIRTH -- readlink /proc/self/cwd
	assert_output "$D/gone (deleted)"
	assert_outcome 'exited 0'
}

@test "a working directory that is gone does no harm" { each_way each_birth directory_gone; }

no_environment() {
	observe env -i "$LAUNCHER" $BIRTH -- wc -c /proc/self/environ
	assert_output '0 /proc/self/environ'
	refute_stderr
	assert_outcome 'exited 0'
}

@test "an empty environment does no harm, and stays empty" { each_way each_birth no_environment; }
