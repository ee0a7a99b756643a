# SPDX-License-Identifier: GPL-2.0-or-later
# For tests of launchers that wait for the program: what both do with signals,
# stops and ends; on a terminal, which is tmux(1), and as jobs of an interactive
# shell there. "$@" is what the tool needs to do so. After launchers.bash.

# ends_in PID COMM: its child's child's child, and so on, is COMM, $CHILD, and has none.
ends_in() {
	local last=$1
	while child_of "$last"; do
		last=$CHILD
	done
	CHILD=$last
	has_comm "$CHILD" "$2"
}

# during_setup 'SIGNAL...' OPTION...: each of the signals, sent while a set-up command
# runs, ends the launch, and what the command has started; the program never runs.
during_setup() {
	local sig
	for sig in $1; do
		launch "${@:2}" --setup 'sleep 99; :' touch "$D/ran"
		wait_until ends_in "$LAUNCHER_PID" sleep
		to "$LAUNCHER_PID" "$sig"
		ended "killed $(kill -l "$sig")"
		[ ! -e "$D/ran" ]
	done
}

### Signals

all_arrive() {
	local sig wanted=ready
	launch_recorder "$@"
	for sig in HUP INT QUIT USR1 USR2 ALRM WINCH CONT TSTP TTIN TTOU TERM; do
		to "$LAUNCHER_PID" "$sig"
		wait_until recorded "$sig user"
		wanted+=$'\n'"$sig user"
	done
	assert_equal "$(<"$D/signals")" "$wanted"
	ended 'exited 42'
}

default_actions_of_pid_1() {
	local sig
	for sig in HUP INT QUIT TERM USR1 USR2 ALRM; do
		launch_sleep "$@"
		to "$LAUNCHER_PID" WINCH
		to "$LAUNCHER_PID" CONT
		wait_until took WINCH
		wait_until took CONT
		to "$LAUNCHER_PID" "$sig"
		ended "killed $(kill -l "$sig")"
	done
}

stops_of_pid_1() {
	local sig
	launch_sleep "$@"
	for sig in TSTP TTIN TTOU; do
		to "$LAUNCHER_PID" "$sig"
		wait_until stopped "$PROGRAM"
		wait_until stopped "$LAUNCHER_PID"
		to "$LAUNCHER_PID" CONT
		wait_until continued "$PROGRAM"
		wait_until continued "$LAUNCHER_PID"
	done
	to "$LAUNCHER_PID" TERM
	ended 'killed 15'
}

# The tool itself: the program goes on.
act_on_tool() {
	local sig
	launch_recorder "$@"
	for sig in TSTP TTIN TTOU; do
		to "$LAUNCHER_PID" "$sig"
		wait_until stopped "$LAUNCHER_PID"
		continued "$PROGRAM"
		to "$LAUNCHER_PID" CONT
		wait_until continued "$LAUNCHER_PID"
	done
	to "$LAUNCHER_PID" WINCH
	wait_until took WINCH
	to "$LAUNCHER_PID" USR1
	ended 'killed 10'
	assert_equal "$(<"$D/signals")" ready
}

### Stops and ends of the program

stops() {
	local sig
	launch_sleep "$@"
	for sig in STOP TSTP TTIN TTOU STOP; do
		to "$PROGRAM" "$sig"
		wait_until stopped "$LAUNCHER_PID"
		stopped "$PROGRAM"
		to "$LAUNCHER_PID" CONT
		wait_until continued "$LAUNCHER_PID"
		wait_until continued "$PROGRAM"
	done
	to "$PROGRAM" USR1
	ended 'killed 10'
}

# From outside, PID 1 takes no signal but STOP and KILL.
stops_as_pid_1() {
	launch_sleep "$@"
	for _ in 1 2; do
		to "$PROGRAM" STOP
		wait_until stopped "$LAUNCHER_PID"
		to "$LAUNCHER_PID" CONT
		wait_until continued "$LAUNCHER_PID"
		wait_until continued "$PROGRAM"
	done
	to "$PROGRAM" KILL
	ended 'killed 9'
}

ends_as_the_program() {
	local sig wanted=$'exited 0\nexited 3\nexited 255'
	run_watched "$@" true
	run_watched "$@" sh -c 'exit 3'
	run_watched "$@" sh -c 'exit 255'
	for sig in 1 2 3 9 11 13 15 34 64; do
		run_watched "$@" sh -c "kill -$sig \$\$"
		wanted+=$'\n'"killed $sig"
	done
	assert_equal "$(<"$D/outcome")" "$wanted"
	rm "$D/outcome"
}

### Death with the tool

dies_with_launcher() {
	launch_sleep "$@"
	to "$LAUNCHER_PID" KILL
	ended 'killed 9'
}

gets_chosen_signal() {
	launch_recorder "$@"
	to "$LAUNCHER_PID" KILL
	ended 'killed 9'
	assert_equal "$(<"$D/signals")" $'ready\nTERM user'
}

outlives_launcher() {
	launch_recorder "$@"
	to "$LAUNCHER_PID" KILL
	wait_until test -s "$D/outcome"
	to "$PROGRAM" USR1
	wait_until recorded 'USR1 user'
	to "$PROGRAM" TERM
	ended 'killed 9'
}

around_death_signal() {
	killed_when enter prctl "$@"
	killed_when exit prctl "$@"
}

### A terminal

# terminal COMMAND [ARG...]: what ends by end_background, with all in it.
terminal() {
	local variables=(-u TMUX TERM=screen HOME="$D" SHELL=/bin/sh)
	requires tmux
	TMUX_AT=("${WHO[@]}" env "${variables[@]}" tmux -S "$D/tmux" -f /dev/null)
	rm -f "$D/outcome"
	start "${WHO[@]}" env "${variables[@]}" "$HELPERS/outcome" "$D/terminal" tmux -D -S "$D/tmux" -f /dev/null
	wait_until test -S "$D/tmux"
	"${TMUX_AT[@]}" new-session -d -x 80 -y 24 -c "$D" "$@" 3>&- 4>&-
	wait_until pane_runs
}

pane_runs() { PANE=$("${TMUX_AT[@]}" display-message -p '#{pane_pid}') && [ "${PANE:-0}" -gt 1 ]; }
press() { "${TMUX_AT[@]}" send-keys "$@"; }
# A line for the shell: no word of it is the name of a key.
enter() { "${TMUX_AT[@]}" send-keys -l "$1" && press Enter; }

# The tool in the foreground of a terminal, under outcome
terminal_launch() {
	terminal "$HELPERS/outcome" "$D/outcome" "$LAUNCHER" "$@"
	wait_until child_of "$PANE"
	LAUNCHER_PID=$CHILD
}

# It has said how it ended: the pane is no child of ours.
pane_ended() {
	wait_until test -s "$D/outcome"
	assert_equal "$(<"$D/outcome")" "$1"
	terminal_leaves_nothing
}

# What tmux itself was about to do when it was ended does not count.
terminal_leaves_nothing() {
	end_background
	assert_equal "$(grep -v '^exited\|^killed\|^left [0-9]* tmux: server$\|^left [0-9]* utempter$' "$D/terminal")" ''
}

keys_arrive_once() {
	local sig
	rm -f "$D/signals"
	terminal_launch "$@" "$HELPERS/record-signals" "$D/signals"
	wait_until recorded ready
	press C-c
	wait_until recorded 'INT kernel'
	press 'C-\'
	wait_until recorded 'QUIT kernel'
	press C-z
	wait_until recorded 'TSTP kernel'
	"${TMUX_AT[@]}" resize-window -x 100 -y 30
	wait_until recorded 'WINCH kernel'
	for sig in INT QUIT TSTP WINCH; do
		wait_until took "$sig"
	done
	wait_until runs "$LAUNCHER_PID" record-signals
	to "$PROGRAM" TERM
	wait_until recorded 'TERM user'
	assert_equal "$(<"$D/signals")" $'ready\nINT kernel\nQUIT kernel\nTSTP kernel\nWINCH kernel\nTERM user'
	pane_ended 'exited 42'
}

interrupted() {
	terminal_launch "$@" sleep 99
	wait_until runs "$LAUNCHER_PID" sleep
	press C-c
	pane_ended 'killed 2'
}

### Jobs of an interactive shell

# A shell in a terminal, $SHELL_PID, with one job, the tool.
shell_with_job() {
	terminal "$HELPERS/outcome" "$D/outcome" bash --norc --noprofile -i
	wait_until child_is "$PANE" bash
	SHELL_PID=$CHILD
	enter "'$LAUNCHER' $*"
	# Before its exec it is a bash, too.
	wait_until child_is "$SHELL_PID" "$TOOL"
	LAUNCHER_PID=$CHILD
}

# child_is PID COMM: it has a child with that name, $CHILD.
child_is() { child_of "$1" && has_comm "$CHILD" "$2"; }

# at_prompt: a shell with line editing waits for a line: it has set the terminal so
# that it reads each key. What is typed before that may be lost.
at_prompt() {
	local settings
	settings=$(stty -a -F "$("${TMUX_AT[@]}" display-message -p '#{pane_tty}')") && [[ $settings == *' -icanon'* ]]
}

# say LINE: enter it when there is a prompt.
say() {
	wait_until at_prompt
	enter "$1"
}

# said FILE TEXT: what the shell was to write
said() { [ "$(cat "$D/$1" 2>/dev/null)" = "$2" ]; }

leave_shell() {
	enter 'exit 0'
	pane_ended 'exited 0'
}

job_control() {
	shell_with_job "$@" sleep 99
	wait_until runs "$LAUNCHER_PID" sleep
	for _ in 1 2; do
		press C-z
		wait_until stopped "$LAUNCHER_PID"
		wait_until stopped "$PROGRAM"
		enter 'jobs -s | grep -c Stopped >stopped'
		wait_until said stopped 1
		rm "$D/stopped"
		enter fg
		wait_until continued "$LAUNCHER_PID"
		wait_until continued "$PROGRAM"
	done
	press C-c
	enter 'echo $? >status'
	wait_until said status 130
	leave_shell
}
