#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# nsenter-lite that waits for the program, its child: where a PID namespace is
# entered, with --forward-signals, with --kill-child.

load helpers
load launchers
load jobs
load nsenter

setup_file() { make_user; }
teardown_file() { remove_user; }
setup() { requires userns; }

# with_world TEST [OPTION...]: into a world that has a PID namespace, too.
with_world() {
	is_root && world -ap || world -r -ap
	"$1" -t "$TARGET" -a "${@:2}"
	end_target
}

### A child or none

in_place() {
	own_world -au
	for options in "${USER_OPTION[*]} -u" "${USER_OPTION[*]} -u -n -m -i" "${USER_OPTION[*]} -p -F" '-a --no-fork'; do
		observe "$LAUNCHER" -t "$TARGET" $options sh -c 'echo $PPID $$'
		parent=${output% *}
		observe sh -c 'echo $$; exec "$@"' sh "$LAUNCHER" -t "$TARGET" $options sh -c 'echo $$'
		[[ $options == *m* || $options == -a* ]] || assert_equal "${lines[0]}" "${lines[1]}"
		assert_outcome 'exited 0'
	done
	for options in --kill-child --forward-signals --kill-child=TERM; do
		observe sh -c 'echo $$; exec "$@"' sh "$LAUNCHER" -t "$TARGET" "${USER_OPTION[@]}" -u $options sh -c 'echo $PPID'
		assert_outcome 'exited 0'
		assert_equal "${lines[0]}" "${lines[1]}"
		usage '--no-fork excludes' -t "$TARGET" -a -F $options
	done
	for signal in '' 0 65 -1 XYZ; do
		usage '--kill-child' -t "$TARGET" -a "--kill-child=$signal"
	done
}

@test "in place, but with a PID namespace, --kill-child, --forward-signals" { each_way in_own_world in_place; }

### The end and the stops of the program are the tool's

@test "the wait status is that of the program" {
	each_way with_world ends_as_the_program
	each_way with_world ends_as_the_program --no-fork
	each_way with_world ends_as_the_program --kill-child --forward-signals
}

not_executed() {
	own_world -ap
	for options in -a '-a -F' '-a --kill-child'; do
		observe "$LAUNCHER" -t "$TARGET" $options "$D/none"
		assert_outcome 'exited 127'
		assert_stderr --partial "nsenter-lite: "
		assert_stderr --partial "$D/none"
		observe "$LAUNCHER" -t "$TARGET" $options /etc/passwd
		assert_outcome 'exited 126'
		assert_stderr --partial "nsenter-lite: "
	done
}

@test "127: no such program; 126: it cannot be executed" { each_way in_own_world not_executed; }

@test "the tool stops when the program is stopped, and continues it" {
	each_way with_world stops
	each_way with_world stops --kill-child
	each_way with_world stops --forward-signals
}

@test "^C ends both, and what the terminal sends reaches the program once" {
	requires tmux
	as_the_user with_world interrupted
	each_way with_world keys_arrive_once
	as_the_user with_world keys_arrive_once --forward-signals
}

@test "^Z stops the job, fg continues it, ^C ends it" {
	requires tmux
	each_way with_world job_control
	as_the_user with_world job_control --forward-signals
}

### Signals that are sent to the tool

@test "--forward-signals: every signal reaches the program once" {
	each_way with_world all_arrive --forward-signals
	as_the_user with_world all_arrive --forward-signals --kill-child
}

ended_alone() {
	local sig
	for sig in HUP INT QUIT TERM USR1 USR2 ALRM; do
		launch_recorder "$@"
		to "$LAUNCHER_PID" "$sig"
		ended "killed $(kill -l "$sig")"
		assert_equal "$(<"$D/signals")" ready
	done
}

@test "without it, signals act on the tool; with --kill-child the program goes, too" {
	each_way with_world ended_alone --kill-child
}

@test "stops and continues of the tool are its own, until it is ended" { each_way with_world act_on_tool --kill-child; }

# Neither gets anything: the program goes on.
outlives() {
	launch_recorder "$@"
	to "$LAUNCHER_PID" TERM
	wait_until is_gone "$LAUNCHER_PID"
	to "$PROGRAM" USR1
	wait_until recorded 'USR1 user'
	to "$PROGRAM" TERM
	wait_until recorded 'TERM user'
	wait_until is_gone "$BG_PID"
	assert_equal "$(head -n 1 "$D/outcome")" 'killed 15'
}

@test "without either, the program outlives the tool" { each_way with_world outlives; }

@test "--kill-child: the program dies when the tool is killed" {
	each_way with_world dies_with_launcher --kill-child
	each_way with_world dies_with_launcher --kill-child=KILL -S 0 -G 0
}

@test "--kill-child=SIGNAL: this is what the program gets" {
	each_way with_world gets_chosen_signal --kill-child=TERM
	as_the_user with_world gets_chosen_signal --kill-child=15
}

@test "--kill-child holds around the moment at which it is arranged" {
	requires strace
	as_the_user with_world around_death_signal --kill-child
}

storms_of_term() {
	local RUNS=60 STEP=50
	storm TERM "$@" --kill-child --forward-signals
}

@test "TERM at any moment of the start ends the tool by TERM" { each_way with_world storms_of_term; }
