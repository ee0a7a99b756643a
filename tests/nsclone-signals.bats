#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Signals: what is sent to nsclone reaches the program, from the first moment
# and once; stops and ends are mirrored; nothing outlives nsclone; a job is a
# job for an interactive shell.

load helpers
load launchers
load jobs
TOOLS=(nsclone)

setup_file() { make_user; }
teardown_file() { remove_user; }
setup() { requires userns; }

### What is sent to nsclone reaches the program

@test "every signal sent to nsclone reaches the program once" { each_way all_arrive -r; }
@test "every signal sent to nsclone reaches a program that is PID 1 once" { each_way all_arrive -rp; }
@test "every signal sent to nsclone reaches a program under an init once" { each_way all_arrive -r --init; }

arrives_each_time() {
	local times
	launch_recorder -r
	for times in 1 2 3; do
		to "$LAUNCHER_PID" USR1
		wait_until recorded 'USR1 user' "$times"
	done
	to "$LAUNCHER_PID" TERM
	ended 'exited 42'
	assert_equal "$(counted "$D/signals")" $'1 TERM user\n3 USR1 user\n1 ready'
}

@test "a signal sent again reaches the program again" { each_way arrives_each_time; }

twice_term() {
	launch_sleep "$@"
	to "$LAUNCHER_PID" TERM
	to "$LAUNCHER_PID" TERM || true # it has ended already
	ended 'killed 15'
}

@test "TERM sent twice ends nsclone by TERM" {
	each_way twice_term -r
	each_way twice_term -rp
}

@test "with --no-forward-signals they act on nsclone alone" { each_way act_on_tool -r --no-forward-signals; }

ignored_stays_ignored() {
	start "${WHO[@]}" env --ignore-signal="$1" "$HELPERS/outcome" -g "$D/outcome" "$NSCLONE" "${@:2}" sleep 99
	wait_until child_of "$BG_PID"
	LAUNCHER_PID=$CHILD
	wait_until runs "$LAUNCHER_PID" sleep
	to "$LAUNCHER_PID" "$1"
	wait_until took "$1"
	to "$LAUNCHER_PID" TERM
	ended 'killed 15'
	rm "$D/outcome"
}

# env(1) of start resets INT and QUIT; here it comes before env --ignore-signal.
@test "a signal that the caller ignores does not end the program" {
	each_way ignored_stays_ignored INT -r
	each_way ignored_stays_ignored INT -rp
	each_way ignored_stays_ignored HUP -rp
	each_way ignored_stays_ignored HUP -r --no-forward-signals
}

under_nohup() {
	watch nohup "$NSCLONE" -rp sleep 99
	wait_until child_of "$BG_PID"
	LAUNCHER_PID=$CHILD
	wait_until runs "$LAUNCHER_PID" sleep
	to "$LAUNCHER_PID" HUP
	wait_until took HUP
	to "$LAUNCHER_PID" TERM
	ended 'killed 15'
}

@test "nohup nsclone survives HUP, and so does its PID 1" { each_way under_nohup; }

ignored_at_start() {
	start "${WHO[@]}" env --ignore-signal=INT "$HELPERS/outcome" -n 100 -k 2 -s 25 "$D/outcome" "$NSCLONE" "$@" true
	wait_until is_gone "$BG_PID"
	assert_equal "$(counted "$D/outcome")" '100 exited 0'
	rm "$D/outcome"
}

@test "a signal that the caller ignores does not end the launch at any moment" {
	each_way ignored_at_start -r
	each_way ignored_at_start -rp --setup true
}

### PID 1

@test "a PID 1 without a handler is ended by what ends others, and mirrored so" { each_way default_actions_of_pid_1 -rp; }

@test "a PID 1 without a handler is stopped by what stops others" { each_way stops_of_pid_1 -rp; }

ends_by_timeout() {
	run_split "${WHO[@]}" timeout -k 20 0.5 "$NSCLONE" -Urp sleep 99
	assert_status 124
	refute_stderr
}

@test "timeout ends nsclone -Urp sleep" { each_way ends_by_timeout; }

# Many groups make a long /proc/PID/status, and the signals stand behind them.
of_many_groups() {
	WHO=(setpriv --groups "$(seq -s , 100001 101500)")
	launch_recorder -p
	to "$LAUNCHER_PID" TERM
	ended 'exited 42'
	assert_equal "$(<"$D/signals")" $'ready\nTERM user'
}

@test "a PID 1 with a handler, and with many groups, gets the signal" {
	requires root
	as_ourselves of_many_groups
}

ignored_by_program() {
	launch_recorder -rp - TERM INT TSTP
	to "$LAUNCHER_PID" INT
	to "$LAUNCHER_PID" TERM
	to "$LAUNCHER_PID" TSTP
	wait_until took INT
	wait_until took TERM
	wait_until took TSTP
	to "$LAUNCHER_PID" USR2
	wait_until recorded 'USR2 user'
	assert_equal "$(<"$D/signals")" $'ready\nUSR2 user'
	to "$LAUNCHER_PID" KILL
	ended 'killed 9'
}

@test "a PID 1 that ignores a signal stays" { each_way ignored_by_program; }

caught_by_name() {
	local set
	for set in SigCgt SigIgn SigBlk; do
		launch -rp bash -c 'printf "$0" >/proc/self/comm; echo >"$1"; sleep 99 & wait' "$set:\t4000" "$D/named"
		wait_until test -s "$D/named"
		to "$LAUNCHER_PID" TERM
		ended 'killed 15'
		rm "$D/named" "$D/outcome"
	done
}

@test "a PID 1 whose name looks like the signals that it catches is ended by TERM all the same" { each_way caught_by_name; }

is_pid_1() {
	run_watched -rp "$NSCLONE" -u sh -c 'kill -TERM $$'
	run_watched -rp "$NSCLONE" -p sh -c 'kill -KILL $$; exit 3'
	run_watched -rp "$NSCLONE" --init sh -c 'kill -KILL $$'
	assert_equal "$(<"$D/outcome")" $'exited 143\nexited 3\nexited 137'
}

@test "nsclone that is itself PID 1 exits with 128 plus the signal" { each_way is_pid_1; }

### From the first moment

# A storm with what lets the launch wait until it is ended.
storm_while_waiting() {
	mkfifo "$D/never"
	exec 7<>"$D/never"
	local RUNS=100 STEP=50
	storm "$1" -r --block-fd 7
	storm "$1" -rp --block-fd 7
	exec 7<&-
	storm "$1" -r --setup 'exec sleep 99'
	storm "$1" -rp --mount-proc --setup 'exec sleep 99'
	storm "$1" -r --host-setup 'exec sleep 99'
}

storm_on_helper() {
	requires subids
	RUNS=100 STEP=100 storm "$1" --map-auto
	RUNS=100 STEP=100 storm "$1" -p --map-auto
}

@test "TERM at any moment of the start ends nsclone by TERM" { each_way storm TERM -r; }
@test "TERM at any moment of the start of a PID 1 ends nsclone by TERM" { each_way storm TERM -rp; }
@test "TERM at any moment of the start of an init ends nsclone by TERM" { RUNS=100 STEP=50 each_way storm TERM -r --init; }
@test "INT at any moment of the start of a PID 1 ends nsclone by INT" { RUNS=100 STEP=50 each_way storm INT -rp; }
@test "TERM while nsclone waits for set-up commands or a descriptor ends it by TERM" { as_the_user storm_while_waiting TERM; }
@test "TERM while newuidmap and newgidmap run ends nsclone by TERM" { as_the_user storm_on_helper TERM; }

# The shell is not the one that takes long.
storm_on_shell() {
	local RUNS=100 STEP=50
	storm TERM -r --setup 'sleep 99; :'
	storm TERM -r --host-setup 'sleep 99; :'
}

@test "what a set-up command has started ends with a launch that is ended" { as_the_user storm_on_shell; }

@test "TERM and KILL during --setup end what the command has started" {
	each_way during_setup 'TERM KILL' -r
	each_way during_setup 'TERM KILL' -rp
}

### Stops and ends of the program

@test "nsclone stops when the program is stopped, and continues it" {
	each_way stops -r
	each_way stops -r --init
}

@test "nsclone stops when PID 1 is stopped, and continues it" { each_way stops_as_pid_1 -rp; }

@test "the wait status of nsclone is that of the program" {
	each_way ends_as_the_program -r
	each_way ends_as_the_program -r --init
}

### Death with nsclone

@test "the program dies when nsclone is killed" {
	each_way dies_with_launcher -r
	each_way dies_with_launcher -rp
	each_way dies_with_launcher -r --init
	each_way dies_with_launcher -r --json-status-fd 1
}

@test "the program dies when nsclone is killed, other ids than nsclone's though it has" {
	requires root
	as_ourselves dies_with_launcher -u -S "$(id -u "$NST_USER")" -G "$(id -g "$NST_USER")"
	as_ourselves dies_with_launcher -u -S 65534 --keep-caps --setup true
	as_ourselves dies_with_launcher --map-users all --map-groups all -S 65534
}

@test "--kill-child=SIGNAL is what the program gets when nsclone is killed" {
	each_way gets_chosen_signal -r --kill-child=TERM
	each_way gets_chosen_signal -rp --kill-child=SIGTERM
	each_way gets_chosen_signal -r --init --kill-child=TERM
	each_way gets_chosen_signal -r --kill-child=15 --setup true
}

@test "with --keep-child the program outlives nsclone" { each_way outlives_launcher -r --keep-child; }

@test "kill -9 of nsclone at any moment of the start leaves nothing" {
	local FEW=20
	each_way storm KILL -r
	RUNS=100 STEP=50 each_way storm KILL -rp
	RUNS=100 STEP=50 each_way storm KILL -r --init
}

@test "kill -9 while nsclone waits for set-up commands or a descriptor leaves nothing" { FEW=20 as_the_user storm_while_waiting KILL; }
@test "kill -9 while newuidmap and newgidmap run leaves nothing" { as_the_user storm_on_helper KILL; }

@test "kill -9 just before or after the death signal is set leaves nothing" {
	requires strace
	each_way around_death_signal -r
	each_way around_death_signal -r --block-fd 0
}

at_every_step() {
	local call
	for call in recvfrom sendto mount sethostname prctl clone3 close_range execve; do
		killed_when enter "$call" -rp --mount-proc --hostname=x --setup : --host-setup : --close-fds
	done
}

@test "kill -9 at every step of the child leaves nothing" {
	requires strace
	as_the_user at_every_step
}

@test "kill -9 around the change of ids leaves nothing" {
	requires root strace
	as_ourselves killed_when enter setresuid -u -S 65534 -G 65534
	as_ourselves killed_when exit setresuid -u -S 65534 -G 65534
	as_ourselves around_death_signal -u -S 65534 -G 65534
}

### A terminal

@test "what the terminal sends to the whole group reaches the program once" { each_way keys_arrive_once -r; }
@test "what the terminal sends to the whole group reaches a PID 1 once" { each_way keys_arrive_once -rp; }
@test "what the terminal sends to the whole group reaches a program under an init once" { each_way keys_arrive_once -r --init; }
@test "with --no-forward-signals what the terminal sends reaches the program once" { each_way keys_arrive_once -r --no-forward-signals; }

@test "^C ends nsclone by INT, a PID 1 without a handler, too" {
	each_way interrupted -r
	each_way interrupted -Urp
	each_way interrupted -r --init
}

# The kernel tells of a terminal that is gone only the leader of its session.
terminal_gone() {
	rm -f "$D/signals"
	terminal "$NSCLONE" "$@" "$HELPERS/record-signals" "$D/signals"
	wait_until recorded ready
	"${TMUX_AT[@]}" kill-session
	wait_until grep -q '^HUP ' "$D/signals"
}

@test "when the terminal goes away the program gets HUP, nsclone leading the session" {
	each_way terminal_gone -r
	each_way terminal_gone -rp
}

### Jobs of an interactive shell

@test "^Z stops the job, fg continues it, ^C ends it" {
	each_way job_control -r
	each_way job_control -rp
	each_way job_control -r --init
}

in_background() {
	shell_with_job "$@" sleep 99 '&'
	wait_until runs "$LAUNCHER_PID" sleep
	to "$PROGRAM" STOP
	wait_until stopped "$LAUNCHER_PID"
	enter 'jobs -s | grep -c Stopped >stopped'
	wait_until said stopped 1
	enter bg
	wait_until continued "$PROGRAM"
	enter 'kill %1; wait %1; echo $? >status'
	wait_until said status 143
	leave_shell
}

@test "a job in the background is stopped, continued and ended by its number" {
	each_way in_background -r
	each_way in_background -rp
	each_way in_background -r --init
}

shell_inside() {
	local inside
	shell_with_job "$@" bash --norc --noprofile -i
	wait_until runs "$LAUNCHER_PID" bash
	inside=$PROGRAM
	say "sleep 98"
	wait_until child_is "$PROGRAM" sleep
	PROGRAM=$CHILD
	press C-z
	wait_until stopped "$PROGRAM"
	continued "$LAUNCHER_PID"
	say 'jobs -s | grep -c Stopped >stopped'
	wait_until said stopped 1
	say fg
	wait_until continued "$PROGRAM"
	press C-c
	wait_until is_gone "$PROGRAM"
	say 'echo $? >status'
	wait_until said status 130
	say 'exit 5'
	wait_until is_gone "$inside"
	say 'echo $? >status'
	wait_until said status 5
	leave_shell
}

@test "an interactive shell inside has job control of its own" {
	each_way shell_inside -r
	each_way shell_inside -rp --mount-proc
	each_way shell_inside -r --init
}

suspended() {
	shell_with_job "$@" bash --norc --noprofile -i
	wait_until runs "$LAUNCHER_PID" bash
	say suspend
	wait_until stopped "$LAUNCHER_PID"
	say 'readlink /proc/self/ns/user >where'
	wait_until said where "$(ns_id self user)"
	say fg
	wait_until continued "$PROGRAM"
	say 'readlink /proc/self/ns/user >where'
	wait_until said where "$(ns_id "$PROGRAM" user)"
	refute_equal "$(ns_id "$PROGRAM" user)" "$(ns_id self user)"
	say 'exit 5'
	wait_until is_gone "$PROGRAM"
	say 'echo $? >status'
	wait_until said status 5
	leave_shell
}

@test "suspend in a shell inside gives the terminal back, fg returns to it" {
	each_way suspended -r
	each_way suspended -r --init
}
