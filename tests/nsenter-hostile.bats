#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Targets that lie in wait for who comes in. An attack is run against nsenter(1)
# first, where that falls for it: what it does to nsenter-lite is worth nothing
# if it harms nobody.

load helpers
load launchers
load nsenter

setup_file() { make_user; }
teardown_file() { remove_user; }
setup() { requires userns; }

# container COMMAND [ARG...]: $TARGET, in a root file system $ROOT, with the options
# in CONTAINER besides. Root of our own user namespace may not trace others: who
# may, has all that root has here, and needs no attack.
container() {
	local -a before=(setpriv --bounding-set=-sys_ptrace)
	busybox_container
	[ ${#CONTAINER[@]} -eq 0 ] || before=("${WHO[@]}")
	start "${before[@]}" "$NSCLONE" "${CONTAINER[@]}" -mp --root "$ROOT" --mount-proc -w / "$@"
	wait_until child_of "$BG_PID"
	TARGET=$CHILD
	wait_until in_root
}

in_root() { [[ $(comm_of "$TARGET") != nsclone* ]] && [ "$(readlink "/proc/$TARGET/exe")" ]; }

busybox_container() {
	ROOT=$D/root
	[ -d "$ROOT" ] || busybox_root "$ROOT"
	: >"$ROOT/dev/null"
	chmod 666 "$ROOT/dev/null"
}

### The executable of who comes in

# Its program is a script of whoever is executing it just now: the tool runs
# itself in there again and again (newer ones want a namespace to do so), and is
# found in /proc. What is held of it can be opened for
# writing as soon as nobody runs it any more.
lurk() {
	cat >"$ROOT/bin/lurk" <<-'EOF'
	#!/bin/sh
	trap 'echo none >/tmp/result; exec sleep 999' TERM
	>/tmp/lurking
	while :; do
		for p in /proc/[0-9]*; do
			exe=$(readlink $p/exe) || continue
			case $exe in /bin/* | '') continue ;; esac
			{ true 9<$p/exe; } 2>/dev/null || continue
			exec 9<$p/exe
			trap '' TERM
			echo "$exe" >>/tmp/held
			kill -KILL ${p#/proc/}
			chmod u+w /proc/self/fd/9
			n=0
			while [ $n -lt 50 ]; do
				{ printf X >>/proc/self/fd/9; } 2>/dev/null && echo written >/tmp/result && exec sleep 999
				n=$((n + 1))
				sleep 0.01
			done
			echo refused >/tmp/result
			exec sleep 999
		done 2>/dev/null
	done
	EOF
	printf '#!/proc/self/exe --mount=/proc/self/ns/mnt\n' >"$ROOT/bin/evil"
	chmod 755 "$ROOT/bin/lurk" "$ROOT/bin/evil"
}

# victim FILE: a copy that is ours, of mode MODE, and in the container what it needs to
# start there
victim() {
	local library
	VICTIM=$D/${1##*/}
	"${WHO[@]}" cp "$1" "$VICTIM"
	chmod "${MODE:-755}" "$VICTIM"
	for library in $(ldd "$1" 2>/dev/null | grep -o '/[^ ]*'); do
		mkdir -p "$ROOT${library%/*}"
		cp -L "$library" "$ROOT$library"
	done
}

# comes_in TOOL ARG...: while the container lurks. In ARG, PID is the target's. What
# runs for ever there is killed when it has been held, or by and by.
comes_in() {
	local -a args=("${@:2}")
	busybox_container
	lurk
	rm -f "$ROOT/tmp/"*
	victim "$1"
	container /bin/lurk
	wait_until test -e "$ROOT/tmp/lurking"
	observe "$VICTIM" -t "$TARGET" "${args[@]//PID/$TARGET}" /bin/evil
	to "$TARGET" TERM
	wait_until test -e "$ROOT/tmp/result"
	to "$TARGET" KILL
	end_background
}

given_away() {
	comes_in "$(command -v nsenter)" "$@"
	assert_equal "$(<"$ROOT/tmp/result")" written
	refute cmp -s "$VICTIM" "$(command -v nsenter)"
}

@test "nsenter(1): a script of /proc/self/exe gives its executable away" {
	requires nsenter
	CONTAINER=(-r)
	each_way given_away -U -m -p --preserve-credentials
	requires root setpriv
	CONTAINER=()
	AROUND=(setpriv --bounding-set=-sys_ptrace)
	as_ourselves given_away -m -p
}

# Nothing but the trampoline can be held: it ends when its process is killed, and
# writing to it is of no use, for it is not executed again.
guarded() {
	comes_in "$LAUNCHER" "$@"
	cmp "$VICTIM" "$LAUNCHER"
	refute grep -sv ^/memfd: "$ROOT/tmp/held"
	[ -s "$ROOT/tmp/held" ] && return
	assert_outcome 'exited 126'
	assert_equal "$(<"$ROOT/tmp/result")" none
}

@test "a script of /proc/self/exe does not get at the executable" {
	CONTAINER=(-r)
	each_way guarded -a
	each_way guarded -U -m -p --preserve-credentials
	each_way guarded -U -p -r
	requires root setpriv
	CONTAINER=()
	as_ourselves guarded -m -p --drop-caps=sys_ptrace
	as_ourselves guarded -p -r --drop-caps=sys_ptrace
	as_ourselves guarded -a -e -r -w --drop-caps=sys_ptrace
}

@test "nor where the mount namespace is given by a file" {
	CONTAINER=(-r)
	each_way guarded -U -p --mount=/proc/PID/ns/mnt
	each_way guarded -U -p --from /proc/PID/ns/mnt
}

@test "nor where the executable is read-only, for its owner can change that" {
	CONTAINER=(-r) MODE=555
	each_way guarded -a
	each_way guarded -U -m -p --preserve-credentials
}

# own_copy: in LAUNCHER, which is to be local; what we may write is guarded.
own_copy() {
	"${WHO[@]}" cp "$LAUNCHER" "$D/nsenter-lite"
	LAUNCHER=$D/nsenter-lite
}

# Whatever lets the target choose the program: its mount namespace, its directories,
# the PATH of its environment.
by_trampoline() {
	local theirs=$LAUNCHER LAUNCHER=$LAUNCHER options file
	own_copy
	own_world -u
	file=/proc/$TARGET/ns/mnt
	for options in -a -m "--mount=$file" "--from $file" -r --root=/ -w --wd=/ --wdns=/ -e; do
		executes execveat $options
	done
	executes execve -u
	# Nobody gets more of an executable that we cannot write ourselves.
	"${WHO[@]}" test -O "$theirs" || is_root || LAUNCHER=$theirs executes execve -a
}

# executes CALL OPTION...: it is by this system call that the program is executed.
executes() {
	observe strace -q -o "$D/trace" -e trace=execve,execveat "$LAUNCHER" -t "$TARGET" "${USER_OPTION[@]}" -u "${@:2}" -F true
	assert_outcome 'exited 0'
	assert_equal "$(sed -n '2s/(.*//p' "$D/trace")" "$1"
}

@test "whatever lets the target choose the program leads over the trampoline, and nothing else does" {
	requires strace
	[[ $(uname -m) =~ ^(x86_64|aarch64)$ ]] || skip "there is no trampoline for $(uname -m)"
	each_way in_own_world by_trampoline
}

executed_well() {
	world -mp --mount-proc
	inside -a sh -c 'echo "$0" "$@"; cat /proc/$$/comm; readlink /proc/$$/exe' name one 'two three'
	assert_equal "$output" $'name one two three\nsh\n'"$(readlink -f "$(command -v sh)")"
	printf '#!/bin/sh\necho "$0 $*"\n' >"$D/script"
	chmod 755 "$D/script"
	inside -m "$D/script" a b
	assert_output "$D/script a b"
	printf 'echo "plain $*"\n' >"$D/script"
	inside -m "$D/script" a b
	assert_output 'plain a b'
	observe "$LAUNCHER" -t "$TARGET" -m "$D/none"
	assert_outcome 'exited 127'
	observe "$LAUNCHER" -t "$TARGET" -m "$D"
	assert_outcome 'exited 126'
}

@test "the program is executed with its own name and arguments all the same" {
	requires root
	as_ourselves executed_well
}

passes_over() {
	local LAUNCHER=$LAUNCHER
	own_copy
	mkdir -p "$D/first/name" "$D/second"
	printf '#!/bin/sh\necho "$0"\n' | tee "$D/first/other" >"$D/second/other"
	cp "$D/second/other" "$D/second/name"
	chmod 755 "$D/second/name" "$D/second/other"
	own_world -m
	for name in name other; do
		inside "${USER_OPTION[@]}" -m --setenv "PATH=$D/none:$D/first:$D/second:/bin:/usr/bin" "$name"
		assert_output "$D/second/$name"
		cannot_execute 126 'Permission denied' "PATH=$D/first:$D/none" "$name"
	done
	cannot_execute 127 'No such file or directory' "PATH=$D/none:$D/second" none
}

# cannot_execute STATUS TEXT PATH=... NAME
cannot_execute() {
	observe "$LAUNCHER" -t "$TARGET" "${USER_OPTION[@]}" -m --setenv "$3" "$4"
	assert_outcome "exited $1"
	assert_stderr_line "nsenter-lite: execute: $4: $2"
}

@test "a directory, or a file without execute permission, that comes earlier in PATH is passed over" {
	each_way in_own_world passes_over
}

# says STATUS TEXT PROGRAM: TEXT is a pattern; the same by the trampoline as without it.
says() {
	local option
	for option in -u -m; do
		observe "$LAUNCHER" -t "$TARGET" "${USER_OPTION[@]}" "$option" "$3"
		assert_outcome "exited $1"
		[[ ${stderr_lines[0]} == "nsenter-lite: execute: "*": "$2 ]] || show_run "wanted on the first line: $2"
	done
}

trampoline_fails() {
	local LAUNCHER=$LAUNCHER name
	own_copy
	own_world -mu
	printf '#!/no/such\n' >"$D/none"
	printf '#!/etc/passwd\n' >"$D/denied"
	printf '#!%s/loop\n' "$D" >"$D/loop"
	chmod 755 "$D/none" "$D/denied" "$D/loop"
	says 127 'No such file or directory' "$D/none"
	says 126 'Permission denied' "$D/denied"
	says 126 'Too many *symbolic links' "$D/loop"
	# As the interpreter of a script it ends, and does not execute the script again.
	printf '#!/proc/self/exe\n' >"$D/self"
	chmod 755 "$D/self"
	observe "$LAUNCHER" -t "$TARGET" "${USER_OPTION[@]}" -m "$D/self"
	assert_outcome 'exited 126'
	assert_stderr_line "nsenter-lite: execute: $D/self: Too many symbolic links"
	# What it says must not be a line of its own, nor move the cursor.
	name=$'a\nb\ec'
	cp "$D/none" "$D/$name"
	observe "$LAUNCHER" -t "$TARGET" "${USER_OPTION[@]}" -m "$D/$name"
	assert_outcome 'exited 127'
	assert_stderr_line "nsenter-lite: execute: $D/a?b?c: No such file or directory"
}

@test "a program that the trampoline cannot execute has the same status and message as without it" {
	each_way in_own_world trampoline_fails
}

too_large() {
	local LAUNCHER=$LAUNCHER
	own_copy
	target env "BIG=$(printf '%0100000d' 7)" sleep 999
	observe prlimit --stack=524288 "$LAUNCHER" -t "$TARGET" -e true "$(printf '%0100000d' 7)"
	assert_outcome 'exited 126'
	assert_stderr_line --regexp '^nsenter-lite: execute: .*true: Argument list too long$'
}

@test "arguments that are too large for the trampoline are 126" { each_way too_large; }

many_arguments() {
	local LAUNCHER=$LAUNCHER n
	own_copy
	own_world -m
	for n in 1 57 58 59 5000; do
		inside "${USER_OPTION[@]}" -m sh -c 'shift $(($# - 1)); echo "$1"' name $(seq "$n")
		assert_output "$n"
	done
}

@test "the program gets all its arguments, however many" { each_way in_own_world many_arguments; }

### Memory, descriptors, everything else that is in /proc/PID

# lies_in_wait NAME OPTION...: a sandbox, as its root, whose program is `seize'
lies_in_wait() {
	rm -f "$D/seized"
	start "${WHO[@]}" "$NSCLONE" -r "${@:2}" "$HELPERS/seize" "$1" "$D/seized"
	wait_until test -e "$D/seized"
	wait_until last_is "$BG_PID" seize
	TARGET=$CHILD
}

# Each execve(2) is held up for a while: enough to try everything.
held_up() {
	AROUND=()
	observe strace -f -q -o /dev/null -e trace=execve,execveat -e inject=execve,execveat:delay_enter=150000 "$@"
	to "$TARGET" KILL
	end_background
	assert_outcome 'exited 0'
	assert_output 'it ran'
}

gives_all() {
	lies_in_wait nsenter "$@"
	held_up nsenter -t "$TARGET" -U -m "${@/*p*/-p}" --preserve-credentials /bin/echo 'it ran'
	for way in seen memory vm descriptors root executable environment namespaces; do
		grep -qx "$way" "$D/seized" || fail "nsenter(1) withstood: $way" "$(<"$D/seized")"
	done
}

@test "nsenter(1): who lives in a sandbox gets hold of what comes in, and of all it has open" {
	requires strace nsenter
	each_way gives_all -mp --mount-proc
}

gives_nothing() {
	lies_in_wait nsenter-lite -m "$@"
	held_up "$LAUNCHER" -t "$TARGET" -a /bin/echo 'it ran'
	assert_equal "$(<"$D/seized")" seen
	lies_in_wait nsenter-lite -m "$@"
	held_up "$LAUNCHER" -t "$TARGET" -U -p --kill-child --preserve-credentials /bin/echo 'it ran'
	assert_equal "$(<"$D/seized")" seen
}

@test "who lives in a sandbox gets nothing of what comes in, until it has become the program" {
	requires strace
	each_way gives_nothing -p --mount-proc
	# In place, without a child
	each_way gives_nothing
}

# Before it has joined, nobody in there can see it; so from before that on.
closed_before() {
	own_world -nu
	for how in '-a' '-U -u -F' "--user=/proc/$TARGET/ns/user -n" '-a -S 0 -G 0' '-a --kill-child'; do
		is_root && [[ $how == *[Uu]ser* || $how == -U* ]] && continue
		observe strace -f -q -o "$D/trace" -e trace=setns,prctl,execve "$LAUNCHER" -t "$TARGET" $how true
		assert_outcome 'exited 0'
		! grep -q 'CLONE_NEWUSER' "$D/trace" || joins_undumpable "$D/trace"
		assert_equal "$(grep -c SUID_DUMP_USER "$D/trace")" 0
	done
	is_root || grep -q CLONE_NEWUSER "$D/trace"
}

@test "undumpable from before it joins a user namespace to its exec" {
	requires strace
	each_way in_own_world closed_before
}

### Descriptors that the program finds

program_finds() {
	local fds
	own_world -a
	observe "$HELPERS/inventory"
	fds=$(grep ^fds "$BATS_TEST_TMPDIR/stdout")
	for options in -a '-a -F' '-a -r -w' '-a --root=/ --wd=/tmp' '-a -e' "--uts=/proc/$TARGET/ns/uts -a" \
		"-a -S 0 -G 0 --kill-child" '-a --forward-signals' '-a -c'; do
		inside $options "$HELPERS/inventory"
		assert_line "$fds"
		assert_line --regexp '^Threads:.1$'
		assert_line 'child none'
		assert_line --regexp '^SigBlk:.0+$'
	done
}

@test "the program finds no descriptor of ours" { each_way in_own_world program_finds; }

### Directories

# A target that goes to a descriptor which it should not have been given
leaky() {
	mkdir -p "$D/secrets"
	echo secret >"$D/secrets/file"
	exec 7<"$D/secrets"
	container /bin/sh -c 'cd /proc/self/fd/7 && exec sleep 999'
	exec 7<&-
	in_cwd() { [ "$(readlink "/proc/$TARGET/cwd")" = "$D/secrets" ]; }
	wait_until in_cwd
}

leaked_cwd() {
	leaky
	if command -v nsenter >/dev/null; then
		assert_equal "$(nsenter -t "$TARGET" -m -w /bin/cat file)" secret
	fi
	for options in '-m -w' '-m --wd -p' '-a -w' '-a -r -w' '-r -w'; do
		cannot "working directory lies outside of its root directory" '' $options
	done
	inside -a /bin/pwd
	assert_output /
	# Named by its path, it is what was asked for.
	inside -m "--wd=$D/secrets" /bin/cat file
	assert_output secret
}

@test "a target whose working directory is a leaked descriptor: --wd does not follow it out" {
	requires root
	as_ourselves leaked_cwd
}

inherited() {
	mkdir "$D/secrets"
	echo secret >"$D/secrets/file"
	container /bin/sleep 999
	cd "$D/secrets"
	if command -v nsenter >/dev/null; then
		assert_equal "$(nsenter -t "$TARGET" -u -r /bin/cat file)" secret
	fi
	for options in -r '-a -r' '-p -r' "-r$ROOT"; do
		inside $options /bin/sh -c 'readlink /proc/$$/cwd; cat file'  2>/dev/null || true
		refute_output --partial secret
		observe "$LAUNCHER" -t "$TARGET" $options /bin/busybox pwd
		assert_outcome 'exited 0'
		assert_output /
	done
	cd - >/dev/null
}

@test "a working directory that lies outside of the new root is not taken along" {
	requires root
	as_ourselves inherited
}

cwd_inside() {
	container /bin/sh -c 'cd /tmp && exec sleep 999'
	at_tmp() { [ "$(readlink "/proc/$TARGET/cwd")" = /tmp ]; }
	wait_until at_tmp
	inside -a -w /bin/pwd
	assert_output /tmp
	inside -a -r -w /bin/pwd
	assert_output /tmp
	inside -r -w /bin/pwd
	assert_output /tmp
}

@test "a target's working directory that lies inside of its root is entered" {
	requires root
	as_ourselves cwd_inside
}

### A /proc that lies

fake_proc() {
	cat >"$D/lie" <<-'EOF'
	mount -t tmpfs none /proc
	for p in 1 2 3 4 5 self thread-self; do
		mkdir -p /proc/$p/ns
		printf 'Name:\tx\nUid:\t7\t7\t7\t7\nGid:\t7\t7\t7\t7\nGroups:\t0 7\n' >/proc/$p/status
		printf '0 0 4294967295\n' | tee /proc/$p/uid_map >/proc/$p/gid_map
		printf 'FAKE=1\0' >/proc/$p/environ
		printf '0::/fake\n' >/proc/$p/cgroup
		for t in mnt uts ipc net pid user cgroup time; do echo >/proc/$p/ns/$t; done
	done
	exec env TRUE=1 sleep 999
	EOF
	target "$NSCLONE" --map-user 3 --map-group 4 -mpu --keep-caps sh "$D/lie"
	# Its ids, environment, map and cgroup are what the kernel says they are.
	inside -a -S follow -G follow -e sh -c 'id -u; id -g; echo "$FAKE$TRUE"; cat /proc/1/environ | tr -d "\0"'
	assert_equal "$output" $'3\n4\n1\nFAKE=1'
	inside -a --mount="/proc/$TARGET/ns/mnt" -S follow id -u
	assert_output 3
	# Uid 0 is not mapped, in truth; our own is.
	inside -a sh -c 'id -u; id -g'
	assert_equal "$output" $'3\n4'
}

@test "what the target's own /proc says is not believed" { each_way fake_proc; }

### Files that do not answer

slow() {
	busybox_container
	rm "$ROOT/bin/sh"
	mkfifo -m 777 "$ROOT/bin/sh" "$ROOT/tmp/fifo"
	container /bin/sleep 999
	for command in '' /bin/sh /tmp/fifo; do
		observe env SHELL=/bin/sh "$LAUNCHER" -t "$TARGET" -a $command
		assert_outcome 'exited 126'
	done
	observe "$LAUNCHER" -t "$TARGET" -a --wdns=/tmp/fifo /bin/true
	assert_outcome 'exited 125'
	observe "$LAUNCHER" -t "$TARGET" -a "-r$ROOT/tmp/fifo" /bin/true
	assert_outcome 'exited 125'
	observe "$LAUNCHER" -t "$TARGET" -a "-w$ROOT/tmp/fifo" /bin/true
	assert_outcome 'exited 125'
}

@test "a FIFO in place of a shell, a program, a directory does not hold us up" {
	requires root
	as_ourselves slow
}

no_terminal() {
	for kind in 'mkfifo -m 666' touch mkdir 'ln -s ptmx' 'ln -s ../tmp/fifo'; do
		busybox_container
		rm -rf "$ROOT/dev/ptmx" "$ROOT/tmp/fifo"
		mkfifo -m 666 "$ROOT/tmp/fifo"
		$kind "$ROOT/dev/ptmx"
		container /bin/sleep 999
		observe "$LAUNCHER" -t "$TARGET" -a --pty /bin/busybox tty </dev/null
		case $outcome in
		'exited 125') [[ $stderr == nsenter-lite:*ptmx* ]] ;;
		# It took one of ours instead.
		*) assert_outcome 'exited 0' || assert_outcome 'exited 1' ;;
		esac
		to "$TARGET" KILL
		end_background
	done
}

@test "--pty: something else in place of /dev/ptmx does not hold us up" {
	requires root setpriv
	as_ourselves no_terminal
}

# What only the trampoline finds out, when the tool's own image is gone.
bad_interpreter() {
	printf '#!/no/such/shell\n' >"$D/script"
	chmod +x "$D/script"
	run_split "$LAUNCHER" --pty -t "$TARGET" -m "$D/script"
	assert_status 127
	refute_output
	assert_stderr_line "nsenter-lite: execute: $D/script: No such file or directory"
}

enemys_script() {
	world -m
	bad_interpreter
}

@test "what the trampoline says does not go to the program's terminal" {
	requires root
	as_ourselves enemys_script
}
