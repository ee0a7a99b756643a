#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Launches into root file systems of somebody else's, who wants our executable.
# The attack is run against unshare(1) first, which falls for it.

load helpers
load launchers
TOOLS=(nsclone nsunshare)

setup_file() { make_user; }
teardown_file() { remove_user; }

setup() {
	requires userns
	export ROOT=$BATS_TEST_TMPDIR/root
}

# image: $ROOT, with a script and a program that the tool would execute itself for,
# with a loader for the tool that keeps it, and a shell for a set-up command.
image() {
	busybox_root "$ROOT"
	cp "$HELPERS/loader" "$ROOT/loader"
	cat >"$ROOT/bin/keep" <<-'EOS'
	# Descriptor 9 is the executable: when nobody executes it any more, write to it.
	stat -L -c %i /proc/self/fd/9 >>/tmp/held
	chmod u+w /proc/self/fd/9
	attack() {
		n=0
		while [ $n -lt 100 ]; do
			{ printf X >>/proc/self/fd/9; } 2>&- && exit
			n=$((n + 1))
			usleep 10000
		done
	}
	if [ "$1" = setup ]; then
		attack >&- 2>&- &
		exit 0
	fi
	attack
	EOS
	printf '#!/proc/self/exe program\n' >"$ROOT/bin/evil"
	chmod 755 "$ROOT/bin/evil" "$ROOT/bin/keep"
	chmod 777 "$ROOT/tmp"
}

# interpreted: an ELF file whose loader is the executable of whoever executes it.
interpreted() {
	local loader
	loader=$(loader_of "$LAUNCHER")
	sed "s|$loader|$(printf "%-${#loader}s" /proc/self/exe | sed 's/ /\\x00/g')|" "$LAUNCHER" >"$ROOT/bin/interpreted"
	chmod 755 "$ROOT/bin/interpreted"
}

# loader_of PROGRAM
loader_of() { ldd "$1" 2>/dev/null | sed -n 's/^[[:blank:]]*\(\/[^ ]*\) .*/\1/p' | head -n 1; }

# victim PROGRAM: a copy that belongs to whoever runs it.
victim() {
	local loader
	loader=$(loader_of "$1")
	[ "$loader" ] || skip "needs a dynamic loader to replace, ${1##*/} is static"
	[[ $(uname -m) =~ ^(x86_64|aarch64)$ ]] || skip "there is no trampoline for $(uname -m)"
	VICTIM=$D/${1##*/}
	[ -e "$VICTIM" ] || "${WHO[@]}" cp "$1" "$VICTIM"
	mkdir -p "$ROOT${loader%/*}"
	cp "$ROOT/loader" "$ROOT$loader"
}

# with_proc TEST [ARG...]: in a mount namespace, where the image sees our proc.
with_proc() { in_private_mounts proc_bound "$@"; }

proc_bound() {
	mount --rbind /proc "$ROOT/proc"
	"$@"
}

held() { [ -e "$ROOT/tmp/held" ] && [ "$(sort -u "$ROOT/tmp/held")" = "$(stat -c %i "$VICTIM")" ]; }

given_away() {
	local -a root=()
	victim "$(type -P unshare)"
	is_root || root=(--map-root-user)
	observe "$VICTIM" "${root[@]}" --mount --root "$ROOT" /bin/evil
	held
	refute cmp -s "$VICTIM" "$(type -P unshare)"
	rm "$ROOT/tmp/held"
}

@test "unshare(1): a script of /proc/self/exe gives its executable away" {
	image
	TOOLS=(nsunshare)
	each_way with_proc given_away
}

# guarded STATUS ARG...: nothing of ours is held or has changed, when all has ended.
guarded() {
	printf -- '-- %s %s\n' "$TOOL" "${*:2}"
	observe "$VICTIM" "${NS[@]}" --root "$ROOT" "${@:2}"
	[ ! -e "$ROOT/tmp/held" ] || fail "held: $(<"$ROOT/tmp/held")" "ours: $(stat -c %i "$VICTIM")"
	cmp "$VICTIM" "$LAUNCHER"
	assert_outcome "exited $1"
}

# ways: lines of options, the status of the tool and how a program is launched then
ways() {
	case $TOOL in
	nsclone) printf '%s\n' '126 -m' '126 -mp --mount-proc' '126 -mp --mount-proc --init' '126 -m --pty' \
		'126 -m --setup true' '0 -m --background' '0 -mp --mount-proc --init --background' ;;
	nsunshare) printf '%s\n' '126 -m' '126 -m --fork' '126 -mp --mount-proc --fork' '126 -m --setup true' \
		'126 -m --fork --setup true' ;;
	esac
}

# in_image TEST [ARG...]
in_image() {
	victim "$LAUNCHER"
	NS=()
	is_root || NS=(-r)
	"$@"
}

executes_itself() {
	local way
	while read -r way; do
		guarded $way /bin/evil
		guarded $way evil
		guarded $way /bin/interpreted
	done < <(ways)
}

all_executes_itself() {
	interpreted
	with_proc in_image executes_itself
}

@test "--root: a script of /proc/self/exe, or a program with that for a loader, does not get at the executable" {
	image
	each_way all_executes_itself
}

read_only() {
	chmod 555 "$VICTIM"
	guarded 126 -m /bin/evil
}

@test "nor where the executable is read-only, for its owner can change that" {
	image
	each_way with_proc in_image read_only
}

set_up_itself() {
	local way
	for way in -m '-mp --mount-proc --fork'; do
		guarded 125 $way --setup true /bin/busybox true
		assert_stderr_line --regexp '^'"$TOOL: set-up command: exit status 126"
	done
	[ "$TOOL" != nsclone ] || guarded 125 -mp --mount-proc --init --background --setup true /bin/busybox true
}

@test "--setup: a shell that is a script of /proc/self/exe does not get at the executable" {
	image
	rm "$ROOT/bin/sh"
	printf '#!/proc/self/exe setup\n' >"$ROOT/bin/sh"
	sed -i '1i#!/bin/busybox sh' "$ROOT/bin/keep"
	chmod 755 "$ROOT/bin/sh"
	each_way with_proc in_image set_up_itself
}

# With CAP_SYS_PTRACE over us, one needs none of this.
without_ptrace() {
	local AROUND=()
	! is_root || AROUND=(setpriv --bounding-set=-sys_ptrace --inh-caps=-sys_ptrace)
	"$@"
}

set_up_looks() {
	local way
	for way in -m '-m --fork' '-mp --mount-proc --fork' '-m --fork -S 0 -G 0'; do
		guarded 125 $way --setup 'exec 9</proc/$PPID/exe && sh /bin/keep setup' /bin/true
		assert_stderr --partial 'Permission denied'
	done
	[ "$TOOL" = nsclone ] || return 0
	guarded 125 -mp --mount-proc --init --setup 'exec 9</proc/1/exe && sh /bin/keep setup' /bin/true
	guarded 1 -mp --mount-proc --init sh -c '{ exec 9</proc/1/exe; } && sh /bin/keep'
}

@test "--setup: the process that waits for the command cannot be opened through /proc" {
	requires setpriv
	image
	each_way with_proc in_image without_ptrace set_up_looks
}

# Its parent is the launcher; its descriptors would be a way out, too.
program_looks() {
	guarded 1 -m --fork sh -c '{ exec 9</proc/$PPID/exe; } && sh /bin/keep setup'
	guarded 1 -m --fork --setup true sh -c '{ exec 9</proc/$PPID/exe; } && sh /bin/keep setup'
	guarded 0 -m --fork sh -c 'for fd in /proc/$PPID/fd/*; do readlink "$fd"; done; true'
	refute_output
}

@test "the launcher cannot be opened through /proc from within the image" {
	requires setpriv
	image
	each_way with_proc in_image without_ptrace program_looks
}

### Where it is needed, and only there

# calls ARG...: the system calls by which programs are executed, the tool itself first.
calls() {
	observe strace -f -q -o "$D/trace" -e trace=execve,execveat,memfd_create "$VICTIM" "${NS[@]}" "$@"
	assert_outcome 'exited 0'
	CALLS=$(sed -n 's/^[0-9]* *//; 1!s/(.*//p' "$D/trace" | grep -v '^+++' | paste -sd ' ')
}

by_trampoline() {
	local theirs=$VICTIM
	calls -m /bin/true
	assert_equal "$CALLS" execve
	calls -m --root "$ROOT" /bin/true
	assert_equal "$CALLS" 'memfd_create execveat execve'
	calls -m --root "$ROOT" --setup 'exit 0' /bin/true
	assert_equal "$CALLS" 'memfd_create execveat execve memfd_create execveat execve'
	# A set-up command can change the root.
	calls -m --setup 'exit 0' /bin/true
	assert_equal "$CALLS" 'memfd_create execveat execve memfd_create execveat execve'
	calls -u --setup 'exit 0' /bin/true
	assert_equal "$CALLS" 'execve execve'
	# One that nobody in there can write to: not the caller, and no id that is mapped.
	is_root && return
	! as_root || VICTIM=$LAUNCHER
	"${WHO[@]}" test ! -O "$VICTIM" || return 0
	calls -m --root "$ROOT" /bin/true
	assert_equal "$CALLS" execve
}

@test "the trampoline is used where our executable is at stake, and nowhere else" {
	requires strace
	image
	each_way in_image by_trampoline
}

# The owner of the executable is one of the ids that are mapped.
mapped_owner() {
	local first
	first=$(getsubids "$NST_USER" | awk 'NR == 1 { print $3 }')
	chown "$first" "$VICTIM"
	NS=(-r --map-auto)
	guarded 126 -m /bin/evil
}

@test "an id that is mapped can be the owner of our executable" {
	requires root subids
	image
	as_the_user with_proc in_image mapped_owner
}

### The program does not notice

executed_well() {
	observe "$VICTIM" "${NS[@]}" -m --root "$ROOT" sh -c 'echo "$0" "$@"; read comm </proc/$$/comm; echo "$comm"' name one 'two three'
	assert_equal "$output" $'name one two three\nsh'
	printf 'echo "plain $*"\n' >"$ROOT/bin/plain"
	chmod 755 "$ROOT/bin/plain"
	observe "$VICTIM" "${NS[@]}" -m --root "$ROOT" plain a b
	assert_output 'plain a b'
	observe "$VICTIM" "${NS[@]}" -m --root "$ROOT" --setup 'echo set up' echo done
	assert_output $'set up\ndone'
}

@test "the program is executed with its own name and arguments all the same" {
	image
	each_way with_proc in_image executed_well
}

### A program of which only the trampoline finds out that it cannot be executed

# unexecutable: scripts whose interpreter is missing or no program, and an ELF file
# whose loader is missing.
unexecutable() {
	local loader
	image
	loader=$(loader_of "$NSCLONE")
	printf '#!/no/such\n' >"$ROOT/bin/none"
	printf '#!/etc/passwd\n' >"$ROOT/bin/denied"
	sed "s|$loader|$(printf "%-${#loader}s" /no/such | sed 's/ /\\x00/g')|" "$NSCLONE" >"$ROOT/bin/unloadable"
	chmod 755 "$ROOT/bin/none" "$ROOT/bin/denied" "$ROOT/bin/unloadable"
}

# not_executed STATUS PROGRAM OPTION...: there is one message, and nothing is left.
not_executed() {
	printf -- '-- %s %s\n' "$TOOL" "${*:2}"
	observe env NSPIN_DIR="$D/sets" "$VICTIM" "${NS[@]}" --root "$ROOT" "${@:3}" "$2"
	assert_outcome "exited $1"
	assert_stderr_count 1
	assert_stderr --regexp "^$TOOL: execute: $2: "
	[ ! -e "$D/sets/world" ] || fail "the set is left: $(ls "$D/sets/world")"
	[ ! -e "$D/pid" ] || fail "the PID file is left: $(<"$D/pid")"
	assert_equal "$(awk -v dir="$D/" 'index($5, dir) == 1 && / - nsfs / { print $5 }' /proc/self/mountinfo)" ''
}

# Lines of options: each way from the door to the trampoline.
ways_there() {
	case $TOOL in
	nsclone) printf '%s\n' -m '-mp --init' '-m --setup true' '-m --pty' '-mp --init --pty' ;;
	nsunshare) printf '%s\n' -m '-m --fork' '-mp --fork' '-m --setup true' '-m --fork --setup true' ;;
	esac
}

# each_not_executed OPTION...
each_not_executed() {
	local way
	while read -r way; do
		not_executed 127 /bin/none $way "$@"
		not_executed 126 /bin/denied $way "$@"
		not_executed 127 /bin/unloadable $way "$@"
		refute_output
	done < <(ways_there)
}

@test "a program that the trampoline cannot execute has its status and one message" {
	unexecutable
	each_way in_image each_not_executed
}

not_pinned() {
	each_not_executed -u --pin world
	[ ${#WHO[@]} -eq 0 ] || return 0
	touch "$D/uts" "$D/pidns"
	each_not_executed "--uts=$D/uts"
	not_executed 127 /bin/none "--pid=$D/pidns" --fork
	assert_equal "$(times_mounted "$D/pidns")" 0
}

@test "no pin and no set is left for a program that the trampoline cannot execute" {
	unexecutable
	each_way in_private_mounts in_image not_pinned
}

# Nothing waits for strace -D but ourselves, when we have seen what is left.
taken_back_in_time() {
	touch "$D/uts"
	run_split timeout 60 strace -D -f -q -o "$D/trace" -e trace=umount2 -e inject=umount2:delay_enter=100000 \
		"$VICTIM" "${NS[@]}" --uts="$D/uts" -m --root "$ROOT" /bin/none
	assert_equal "$(times_mounted "$D/uts")" 0
	assert_status 127
	grep -q umount2 "$D/trace"
	both_ended() { [ "$(grep -c '+++ exited' "$D/trace")" -ge 2 ]; }
	wait_until both_ended
}

@test "nsunshare: the pins of such a program are gone when the tool ends" {
	requires strace
	TOOLS=(nsunshare)
	unexecutable
	as_ourselves in_private_mounts in_image taken_back_in_time
}

# The PID that is printed is void.
not_reported() {
	local how
	for how in '' '-p --init' '--setup true' '-u --pin world'; do
		not_executed 127 /bin/none -m $how --background
		not_executed 127 /bin/none -m $how --pid-file "$D/pid"
		not_executed 126 /bin/denied -m $how --pid-file "$D/pid" --background
	done
}

@test "nsclone: --background fails, and no PID file is left, if the trampoline cannot execute the program" {
	TOOLS=(nsclone)
	unexecutable
	each_way in_private_mounts in_image not_reported
}

# Nothing is taken back for a program that runs.
finds_no_gate() {
	local way
	while read -r way; do
		printf -- '-- %s %s\n' "$TOOL" "$way"
		# Not observed: a keeper stays.
		run_split "${WHO[@]}" env NSPIN_DIR="$D/sets" timeout 60 "$VICTIM" "${NS[@]}" --root "$ROOT" $way \
			-u --pin world sh -c 'for fd in /proc/self/fd/*; do readlink "$fd"; done; echo end'
		assert_status 0
		assert_output --partial end
		refute_output --partial socket
		[ -e "$D/sets/world" ]
		run_split "${WHO[@]}" env NSPIN_DIR="$D/sets" "$NSPIN" -d world
		assert_status 0
	done < <(ways_there)
}

@test "a program that the trampoline executes finds no gate open, and its set is there" {
	image
	each_way with_proc in_image finds_no_gate
}
