#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# nsclone --init: a PID 1 above the program that reaps, keeps nothing open, is
# closed to the program, and goes with it. How signals, stops and ends pass
# through it is in nsclone-signals.bats.

load helpers
load launchers
TOOLS=(nsclone)

setup_file() { make_user; }
teardown_file() { remove_user; }
setup() { requires userns; }

# launch_init ARG...: launch, until its child, $INIT, has started the program.
launch_init() {
	launch "$@"
	wait_until init_has_child
}

init_has_child() { child_of "$LAUNCHER_PID" && INIT=$CHILD && child_of "$INIT"; }

# has_children N [COMM]: of init, none of them a zombie
has_children() { [ "$(ps -o stat=,comm= --ppid "$INIT" | grep -v ^Z | grep -c "${2-}\$")" = "$1" ]; }
has_only() { [ "$(ps -o comm= --ppid "$INIT")" = "$1" ]; }

pid_inside() { awk '$1 == "NSpid:" { print $NF }' "/proc/$1/status"; }

pid_1_and_2() {
	launch_init "$@" sleep 99
	wait_until runs "$LAUNCHER_PID" sleep
	assert_equal "$(pid_inside "$INIT") $(pid_inside "$PROGRAM")" '1 2'
	assert_equal "$(comm_of "$INIT")" nsclone
	refute_equal "$(ns_id "$PROGRAM" pid)" "$(ns_id self pid)"
	to "$LAUNCHER_PID" TERM
	ended 'killed 15'
}

@test "--init implies --pid; PID 1 is nsclone's, the program is PID 2" { each_way pid_1_and_2 -r --init; }

@test "--init needs no user namespace as root" {
	requires root
	as_ourselves pid_1_and_2 --init
	as_ourselves pid_1_and_2 --init -S 65534
}

# All are orphans, and all end when nobody writes to the FIFO any more.
reaps() {
	mkfifo "$D/fifo"
	exec 7<>"$D/fifo"
	launch_init -r --init sh -c '
		for i in 0 1 2 3 4 5 6 7 8 9; do
			for j in 0 1 2 3 4; do (cat <"$0" &); done
		done
		exec sleep 99' "$D/fifo" 7>&-
	wait_until has_children 50 cat
	wait_until has_children 1 sleep
	exec 7>&-
	wait_until has_only sleep
	to "$LAUNCHER_PID" TERM
	ended 'killed 15'
}

@test "fifty orphans that end at once leave no zombie" { each_way reaps; }

orphan_is_not_the_program() {
	launch_init -r --init sh -c '(sleep 98 &); exec sleep 99'
	wait_until has_children 2 sleep
	to "$(pgrep -P "$INIT" -f '^sleep 98$')" USR2
	wait_until has_only sleep
	to "$LAUNCHER_PID" TERM
	ended 'killed 15'
}

@test "the end of an orphan is not the end of the program" { each_way orphan_is_not_the_program; }

leaves_nothing() {
	run_watched -r --init sh -c '(sleep 98 &); setsid sleep 98 & exit 3'
	run_watched -r --init sh -c '(trap "" HUP TERM; sleep 98 &); kill -USR2 $$'
	assert_equal "$(<"$D/outcome")" $'exited 3\nkilled 12'
}

@test "what is left in the namespace dies with the program" { each_way leaves_nothing; }

dies_with_launcher() {
	launch_init -r --init "$@" sh -c '(setsid sleep 98 &); exec sleep 99'
	wait_until has_children 2 sleep
	to "$LAUNCHER_PID" KILL
	ended 'killed 9'
}

@test "kill -9 of nsclone ends init and all in the namespace" {
	each_way dies_with_launcher
	! as_root || as_ourselves dies_with_launcher --map-users all --map-groups all -S 65534
}

dies_with_init() {
	launch_init -r --init sh -c '(setsid sleep 98 &); exec sleep 99'
	wait_until has_children 2 sleep
	to "$INIT" KILL
	ended 'killed 9'
}

@test "kill -9 of init ends all in the namespace, and nsclone by KILL" { each_way dies_with_init; }

sent_to_init() {
	launch_recorder -r --init
	init_has_child
	to "$INIT" USR1
	wait_until recorded 'USR1 user'
	to "$INIT" STOP
	wait_until stopped "$LAUNCHER_PID"
	to "$LAUNCHER_PID" CONT
	wait_until continued "$INIT"
	wait_until recorded 'CONT user'
	to "$INIT" TERM
	ended 'exited 42'
	assert_equal "$(<"$D/signals")" $'ready\nUSR1 user\nCONT user\nTERM user'
}

@test "what is sent to init reaches the program; when it is stopped nsclone stops" { each_way sent_to_init; }

# As a process of another user would be: not even the links can be read.
closed_to_program() {
	local file
	local -a inside=("${WHO[@]}" "$NSCLONE" -r --init --mount-proc)
	for file in exe root cwd fd/0 ns/pid; do
		run_split "${inside[@]}" readlink "/proc/1/$file"
		assert_status 1
		refute_output
		run_split "${inside[@]}" readlink "/proc/2/$file"
		assert_status 0
	done
	for file in mem environ maps; do
		run_split "${inside[@]}" head -c 1 "/proc/1/$file"
		[ "$status" -gt 0 ]
		refute_output
		assert_stderr --partial 'Permission denied'
	done
}

@test "/proc/1 is closed to a program that is root inside" { each_way closed_to_program; }

# The shell waits for the end of the pipe, which nsclone, gone by then, init
# and the program must let go.
lets_go() {
	local pid
	pid=$("${WHO[@]}" timeout 20 "$NSCLONE" -r --init --background sh -c 'exec >/dev/null 2>&1; exec sleep 20' 3>&- 4>&-)
	[ "$pid" -gt 1 ]
	assert_equal "$(comm_of "$pid")" nsclone
	continued "$pid" # no zombie, which we would have waited for
	to "$pid" TERM
	wait_until is_gone "$pid"
}

@test "init keeps no pipe of the program's open" { each_way lets_go; }

only_gate() {
	launch_init -u --init sleep 99 7</dev/null 9>"$D/file"
	wait_until runs "$LAUNCHER_PID" sleep
	wait_until holds_socket_only
	to "$LAUNCHER_PID" TERM
	ended 'killed 15'
}

holds_socket_only() { [ "$(readlink "/proc/$INIT/fd"/* | sed 's/\[.*//')" = socket: ]; }

@test "init has no descriptor but the one to nsclone" {
	requires root
	as_ourselves only_gate
}

fails_as_without() {
	observe "$NSCLONE" -r --init "$D/no-such-program"
	assert_outcome 'exited 127'
	assert_stderr --regexp '^nsclone: .*/no-such-program: No such file or directory$'
	observe "$NSCLONE" -r --init /etc/passwd
	assert_outcome 'exited 126'
	assert_stderr_line --regexp '^nsclone: .*/etc/passwd: Permission denied$'
	refute_output
}

@test "a program that is missing is 127 under --init, one that cannot be executed 126" { each_way fails_as_without; }

# strace holds nsclone between passing TERM on and looking at its child: it has
# to learn of the end of init and of what init said before, in whatever order.
end_seen_late() {
	watch strace -f -q -o "$D/trace" -e trace=execve,pidfd_send_signal -e inject=pidfd_send_signal:delay_exit=300000 \
		"$NSCLONE" -r --init sleep 99
	wait_until grep -qs nsclone "$D/trace"
	LAUNCHER_PID=$(sed -n '1s/ .*//p' "$D/trace")
	wait_until runs "$LAUNCHER_PID" sleep
	to "$LAUNCHER_PID" TERM
	ended 'killed 15'
}

@test "how the program ended is known even when init has gone before nsclone looks" {
	requires strace
	each_way end_seen_late
}

at_every_step() {
	local call
	for call in sendto prctl clone3 execve close_range rt_sigtimedwait; do
		killed_when enter "$call" -r --init
	done
}

@test "kill -9 of nsclone at every step of init leaves nothing" {
	requires strace
	as_the_user at_every_step
}
