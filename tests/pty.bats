#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# --pty: the program has a terminal of its own, which behaves as the caller's
# would; the caller's is raw meanwhile, and afterwards as it was; what is typed
# inside stays inside.

load helpers
load launchers
load jobs
TOOLS=(nsclone nsenter-lite)

setup_file() { make_user; }
teardown_file() { remove_user; }
setup() { requires userns pty; }

# with_pty TEST [ARG...]: each_way, with what it takes in PTY.
with_pty() { each_way in_pty "$@"; }

in_pty() {
	case $TOOL in
	nsclone) PTY=(-U --pty) ;;
	nsenter-lite)
		make_target --uts
		PTY=(--user --uts --target "$TARGET" --forward-signals --pty)
		;;
	esac
	"$@"
	[ "$TOOL" = nsclone ] || to "$TARGET" TERM
}

# The ways that a program goes to its exec with a terminal
pty_births() {
	case $TOOL in
	nsclone) BIRTHS=('-U --pty' '-r --pty --setup true' '-rp --pty' '-r --pty --init') ;;
	*) BIRTHS=("${PTY[*]}") ;;
	esac
	each_birth "$@"
}

# The first of them, to which less is done with the others
is_plain() { [ "$BIRTH" = "${PTY[*]}" ]; }

# make_target OPTION...: a process in a world of its own is $TARGET. It ends as we
# want it to, or when the test does: end_background is for what is entered.
make_target() {
	start "${WHO[@]}" "$NSCLONE" -r "$@" sh -c 'trap exit TERM; while :; do sleep 0.1; done'
	wait_until child_is "$BG_PID" sh
	TARGET=$CHILD
	wait_until child_is "$TARGET" sleep
	unset 'BG_PIDS[-1]'
	TARGETS+=("$BG_PID")
}
TARGETS=()

teardown() {
	BG_PIDS+=("${TARGETS[@]}")
	end_background
}

### A caller with a terminal

# shell_on_terminal: a shell there that has jobs, but never touches the settings
# of the terminal, which is $TTY, as bash does.
shell_on_terminal() {
	rm -f "$D/terminal"
	requires dash
	terminal dash -i
	TTY=$("${TMUX_AT[@]}" display-message -p '#{pane_tty}')
	wait_until comm_is "$PANE" dash
	BEFORE=$(settings)
}

comm_is() { has_comm "$1" "$2"; }
settings() { stty -g -F "$TTY"; }
is_raw() { [[ $(stty -a -F "$TTY") == *' -icanon '*' -echo '* ]]; }
is_as_before() { assert_equal "$(settings)" "$BEFORE"; }

# launch_in_shell ARG... PROGRAM...: from that shell, until the program is what
# runs and what is typed goes to it.
launch_in_shell() {
	enter "'$LAUNCHER' $*"
	wait_until child_is "$PANE" "$TOOL"
	LAUNCHER_PID=$CHILD
	wait_until is_raw
}

# program_is COMM: and it is $PROGRAM
program_is() { wait_until runs "$LAUNCHER_PID" "$1"; }

# status_is N: the launch has ended, or been stopped, as the shell has it.
status_is() {
	wait_until is_back
	enter 'echo $? >status'
	status_was "$1"
}

status_was() {
	wait_until test -s "$D/status"
	assert_equal "$(<"$D/status")" "$1"
	rm "$D/status"
}

# ends_with N COMMAND: in one line, for a second one might be typed before the tool
# has started, and so into it.
ends_with() {
	enter "$2; echo \$? >status"
	status_was "$1"
}

# Nothing is left.
leave_terminal() {
	enter 'exit 0'
	wait_until is_gone "$PANE"
	terminal_leaves_nothing
}

is_back() { ! child_is "$PANE" "$TOOL" || stopped "$CHILD"; }
shown() { "${TMUX_AT[@]}" capture-pane -p | grep -q "$1\$"; }

### It is the program's own

# Standard input, output and error; who leads what; the controlling terminal.
write_look() {
	cat >"$D/look" <<-'END'
		exec 4>looked
		for fd in 0 1 2; do stat -c %t:%T - <&$fd >&4; done
		read -r pid name state parent group session tty foreground rest </proc/self/stat
		echo $((group == pid)) $((session == pid)) $((foreground == pid)) $tty >&4
	END
}

# "88:1f", hexadecimal, as /proc/PID/stat has it
tty_number() {
	local major=$((0x${1%:*})) minor=$((0x${1#*:}))
	echo $(((minor & 0xff) | major << 8 | (minor & ~0xff) << 12))
}

is_its_own() {
	local number
	write_look
	ends_with 0 "'$LAUNCHER' $BIRTH sh look"
	mapfile -t lines <"$D/looked"
	number=${lines[0]}
	[[ $number =~ ^[0-9a-f]+:[0-9a-f]+$ ]]
	refute_equal "$number" "$(stat -c %t:%T "$TTY")"
	assert_equal "${lines[*]}" "$number $number $number 1 1 1 $(tty_number "$number")"
	rm "$D/looked"
}

each_is_its_own() {
	shell_on_terminal
	pty_births is_its_own
	leave_terminal
}

@test "the program has a terminal that is not the caller's, for all it reads and writes, and leads its session" {
	with_pty each_is_its_own
}

# The shell opens one more, the same in both.
has_no_more_descriptors() {
	local list='cd /proc/self/fd && echo *'
	run_split "${WHO[@]}" "$LAUNCHER" ${BIRTH/--pty/} sh -c "$list" </dev/null
	assert_status 0
	local wanted=$output
	run_split "${WHO[@]}" "$LAUNCHER" $BIRTH sh -c "$list" </dev/null
	assert_status 0
	assert_equal "${output%$'\r'}" "$wanted"
}

@test "no descriptor of ours is open in the program" { with_pty pty_births has_no_more_descriptors; }

### What the program gets and gives

# from TEXT PROGRAM...: TEXT, and the end of it, comes from a pipe.
from() {
	observe bash -c 'printf "$1" | "${@:2}"' from "$1" "$LAUNCHER" $BIRTH "${@:2}"
	output=${output//$'\r'/}
}

pipe_ends() {
	from 'hello\n' cat
	assert_outcome 'exited 0'
	assert_output hello
	from 'no newline' cat
	assert_outcome 'exited 0'
	assert_output 'no newline'
	from '' cat
	assert_outcome 'exited 0'
	refute_output
}

@test "the end of a pipe is the end of the input, and nothing is echoed" { with_pty pty_births pipe_ends; }

each_reads_to_the_end() {
	local BIRTH=${PTY[*]}
	from 'one\n' sh -c 'cat; sleep 0.1; cat; head -c 1; read -r line; echo $?'
	assert_outcome 'exited 0'
	assert_output $'one\n1'
}

@test "every program that reads on finds the end again" { with_pty each_reads_to_the_end; }

shell_ends() {
	local BIRTH=${PTY[*]}
	from 'echo $((40 + 2))\n' bash --norc --noprofile -i
	assert_outcome 'exited 0'
	assert_output --partial $'42\n' # where the prompt stands, and whether the command shows, is a matter of time
	from 'exit 3\n' bash --norc --noprofile -i
	assert_outcome 'exited 3'
}

@test "a shell that edits its lines ends with its input" { with_pty shell_ends; }

waits_for_input() {
	local BIRTH=${PTY[*]}
	seq 20000 >"$D/wanted"
	observe bash -c 'seq 20000 | "$@"' in "$LAUNCHER" $BIRTH sh -c 'sleep 0.3; cat >"$1"' sh "$D/got"
	assert_outcome 'exited 0'
	cmp "$D/wanted" "$D/got"
}

@test "nothing is lost of a long input that is read late" { with_pty waits_for_input; }

waits_for_reader() {
	seq 30000 | sed 's/$/\r/' >"$D/wanted"
	observe bash -c '"${@:2}" | { sleep 0.3; cat >"$1"; }; exit "${PIPESTATUS[0]}"' out "$D/got" \
		"$LAUNCHER" $BIRTH sh -c 'seq 30000; exit 7'
	assert_outcome 'exited 7'
	cmp "$D/wanted" "$D/got"
}

@test "nothing is lost of a long output that is read late" { with_pty pty_births waits_for_reader; }

reader_gone() {
	observe bash -c '"$@" | head -n 1; exit "${PIPESTATUS[0]}"' out "$LAUNCHER" "${PTY[@]}" yes
	assert_outcome 'exited 125'
	assert_output $'y\r'
	assert_stderr_line "$TOOL: write the program's output: Broken pipe"
}

@test "a program whose output nobody reads any more is hung up, and that is said" { with_pty reader_gone; }

disk_full() {
	observe sh -c '"$@" >/dev/full' sh "$LAUNCHER" "${PTY[@]}" echo lost
	assert_outcome 'exited 125'
	assert_stderr_line "$TOOL: write the program's output: No space left on device"
}

@test "output that cannot be written is said, however the program ends" { with_pty disk_full; }

without_stdio() {
	AROUND=(with_closed 7)
	observe "$LAUNCHER" $BIRTH sh -c 'echo x; echo y >&2; read -r line; exit $((4 + $?))'
	AROUND=()
	assert_outcome 'exited 5'
}

@test "with standard input, output and error closed the program has its terminal all the same" {
	with_pty pty_births without_stdio
}

holder_is_not_waited_for() {
	local holder
	run_split "${WHO[@]}" timeout 10 "$LAUNCHER" "${PTY[@]}" sh -c 'trap "" HUP; sleep 60 & echo $!; exit 4' </dev/null
	holder=${output%$'\r'}
	wait_until comm_is "$holder" sleep
	to "$holder" KILL
	assert_status 4
}

@test "who still has the terminal when the program has ended is not waited for" { with_pty holder_is_not_waited_for; }

statuses() {
	observe "$LAUNCHER" $BIRTH sh -c 'exit 3' </dev/null
	assert_outcome 'exited 3'
	observe "$LAUNCHER" $BIRTH "$D/nowhere" </dev/null
	assert_outcome 'exited 127'
	assert_stderr_line "$TOOL: execute: $D/nowhere: No such file or directory"
	observe "$LAUNCHER" $BIRTH "$D" </dev/null
	assert_outcome 'exited 126'
	[[ $BIRTH == -rp* ]] && return # it takes no signal of its own
	observe "$LAUNCHER" $BIRTH sh -c 'kill -TERM $$' </dev/null
	assert_outcome 'killed 15'
}

@test "the tool ends as the program does" { with_pty pty_births statuses; }

### The caller's terminal

all_ways_back() {
	local sig
	shell_on_terminal
	launch_in_shell $BIRTH cat
	refute_equal "$(settings)" "$BEFORE"
	press C-d
	status_is 0
	is_as_before
	for sig in $(is_plain && echo HUP INT USR1 PROF RTMIN) TERM; do
		back_after "$sig" LAUNCHER_PID
	done
	! is_plain || back_after KILL PROGRAM
	ends_with 127 "'$LAUNCHER' $BIRTH ./nowhere"
	is_as_before
	leave_terminal
}

# back_after SIGNAL LAUNCHER_PID|PROGRAM
back_after() {
	launch_in_shell $BIRTH sleep 99
	program_is sleep
	to "${!2}" "$1"
	status_is "$((128 + $(kill -l "$1")))"
	is_as_before
}

@test "the caller's terminal is as before after each end" { with_pty pty_births all_ways_back; }

# Signals that are sent to it, that is.
act_on_the_tool() {
	case $TOOL in
	nsclone) PTY+=(--no-forward-signals) ;;
	nsenter-lite) PTY=("${PTY[@]/--forward-signals/}") ;;
	esac
}

back_unforwarded() {
	local sig
	act_on_the_tool
	shell_on_terminal
	for sig in HUP INT TERM; do
		BIRTH=${PTY[*]} back_after "$sig" LAUNCHER_PID
	done
	leave_terminal
}

@test "the caller's terminal is as before after signals that are not passed on" { with_pty back_unforwarded; }

# stop_and_go PID SIGNAL: the shell has its terminal back, changes a setting, and
# gives it again.
stop_and_go() {
	to "$1" "$2"
	wait_until stopped "$LAUNCHER_PID"
	wait_until stopped "$PROGRAM"
	status_is "$((128 + $(kill -l "$2")))"
	is_as_before
	[[ $BEFORE == *:7f:* ]] && stty -F "$TTY" erase '^H' || stty -F "$TTY" erase '^?'
	refute_equal "$(settings)" "$BEFORE"
	BEFORE=$(settings)
	enter 'fg >fg'
	wait_until continued "$LAUNCHER_PID"
	wait_until continued "$PROGRAM"
	wait_until is_raw
}

stops_and_goes() {
	local sig
	shell_on_terminal
	launch_in_shell $BIRTH sleep 99
	program_is sleep
	for sig in TSTP $(is_plain && echo TTIN TTOU); do
		stop_and_go "$LAUNCHER_PID" "$sig"
	done
	stop_and_go "$PROGRAM" STOP
	to "$LAUNCHER_PID" TERM
	status_is 143
	is_as_before
	leave_terminal
}

@test "stopped, the tool gives the terminal back, and continued it takes it again" {
	with_pty pty_births stops_and_goes
}

in_background() {
	shell_on_terminal
	enter "'$LAUNCHER' ${PTY[*]} sh -c 'echo shown; read -r line; echo \$line >line; exit 6' &"
	wait_until shown shown
	wait_until child_is "$PANE" "$TOOL"
	LAUNCHER_PID=$CHILD
	is_as_before
	enter 'echo for the shell >typed'
	wait_until test -s "$D/typed"
	is_as_before
	enter 'fg >fg'
	wait_until is_raw
	enter 'for the program'
	status_is 6
	assert_equal "$(<"$D/line")" 'for the program'
	is_as_before
	leave_terminal
}

@test "in the background the terminal is the shell's, in the foreground the program's" { with_pty in_background; }

piped_in() {
	shell_on_terminal
	interrupt_piped "$BIRTH"
	leave_terminal
}

interrupt_piped() {
	enter "sleep 97 | '$LAUNCHER' $1 sh -c 'echo ready; exec sleep 98'"
	wait_until shown ready
	is_as_before
	press C-c
	status_is 130
	is_as_before
}

piped_in_unforwarded() {
	act_on_the_tool
	shell_on_terminal
	interrupt_piped "${PTY[*]}"
	leave_terminal
}

@test "with a pipe for input the caller's terminal stays as it is, and interrupts the program" {
	with_pty pty_births piped_in
	with_pty piped_in_unforwarded
}

### Keys

keys_go_inside() {
	rm -f "$D/signals"
	shell_on_terminal
	launch_in_shell "$@" "$HELPERS/record-signals" "$D/signals"
	wait_until recorded ready
	program_is record-signals
	press C-c
	wait_until recorded 'INT kernel'
	press 'C-\'
	wait_until recorded 'QUIT kernel'
	press C-z
	wait_until recorded 'TSTP kernel'
	"${TMUX_AT[@]}" resize-window -x 100 -y 30
	wait_until recorded 'WINCH kernel'
	is_raw
	to "$PROGRAM" TERM
	status_is 42
	assert_equal "$(<"$D/signals")" $'ready\nINT kernel\nQUIT kernel\nTSTP kernel\nWINCH kernel\nTERM user'
	leave_terminal
}

@test "keys that are signals are signals of the inner terminal, once" { with_pty pty_births keys_of_birth; }
keys_of_birth() { keys_go_inside $BIRTH; }

window_size() {
	shell_on_terminal
	"${TMUX_AT[@]}" resize-window -x 91 -y 31
	wait_until size_is "$TTY" '31 91'
	launch_in_shell $BIRTH sh -c "'trap \"stty size >size\" WINCH; stty size >size; trap \"exit 5\" TERM; while :; do sleep 0.02; done'"
	wait_until said size '31 91'
	"${TMUX_AT[@]}" resize-window -x 120 -y 40
	wait_until said size '40 120'
	! is_plain || resize_stopped
	to "$LAUNCHER_PID" TERM
	status_is 5
	leave_terminal
}

resize_stopped() {
	to "$LAUNCHER_PID" TSTP
	wait_until stopped "$LAUNCHER_PID"
	status_is 148
	"${TMUX_AT[@]}" resize-window -x 77 -y 33
	wait_until size_is "$TTY" '33 77'
	enter 'fg >fg'
	wait_until said size '33 77'
}

size_is() { [ "$(stty size -F "$1")" = "$2" ]; }

@test "the size of the window is that of the inner terminal, and follows" { with_pty pty_births window_size; }

jobs_inside() {
	shell_on_terminal
	launch_in_shell "${PTY[@]}" bash --norc --noprofile -m -s
	program_is bash
	local shell=$PROGRAM
	enter 'sleep 98'
	wait_until child_is "$shell" sleep
	local job=$CHILD
	press C-z
	wait_until stopped "$job"
	enter 'echo $? >stopped; fg'
	wait_until said stopped 148
	wait_until continued "$job"
	press C-c
	wait_until is_gone "$job"
	enter 'echo $? >interrupted; exit 9'
	status_is 9
	assert_equal "$(<"$D/interrupted")" 130
	is_as_before
	leave_terminal
}

@test "a shell inside has jobs that keys stop and interrupt" { with_pty jobs_inside; }

### What is typed inside stays inside

# injected OPTION...: the program types a line for the shell outside. What is
# entered later comes later.
inject() {
	rm -f "$D"/injected "$D"/later
	ends_with 0 "'$LAUNCHER' $* '$HELPERS/type-into' 'touch injected'"
	enter 'touch later'
	wait_until test -e "$D/later"
}

injection() {
	shell_on_terminal
	inject "${PTY[@]}"
	[ ! -e "$D/injected" ] || fail 'the program has typed into the terminal of the caller'
	if [ "$(cat /proc/sys/dev/tty/legacy_tiocsti 2>/dev/null || echo 1)" = 1 ]; then
		inject "${PTY[@]/--pty/}"
		[ -e "$D/injected" ] || fail 'nothing is proven: without --pty, it does not either'
	fi
	leave_terminal
}

@test "a program that types by TIOCSTI types nothing into the caller's terminal" { with_pty injection; }

### Ends of the line

# Nobody else tells the program: the tool ignores HUP.
line_is_lost() {
	rm -f "$D/signals"
	shell_on_terminal
	enter "exec env --ignore-signal=HUP '$LAUNCHER' $BIRTH '$HELPERS/record-signals' '$D/signals'"
	wait_until recorded ready
	LAUNCHER_PID=$PANE
	program_is record-signals
	"${TMUX_AT[@]}" kill-server
	wait_until recorded 'HUP kernel'
	to "$PROGRAM" TERM
	wait_until is_gone "$PANE"
	terminal_leaves_nothing
}

@test "when the caller's terminal is gone, so is the program's" { with_pty pty_births line_is_lost; }

### Of the target's devpts, where it has one

own_devpts='mount -t devpts -o newinstance,ptmxmode=666,mode=666 devpts /dev/pts'

is_of_the_target() {
	make_target --mount --setup "$own_devpts && mount --bind /dev/pts/ptmx /dev/ptmx"
	observe "$LAUNCHER" --all --target "$TARGET" --pty sh -c 'tty; stat -c %d - ; stat -c %d /dev/pts'
	assert_outcome 'exited 0'
	output=${output//$'\r'/}
	mapfile -t lines <<<"$output"
	assert_equal "${lines[0]}" /dev/pts/0
	assert_equal "${lines[1]}" "${lines[2]}"
	refute_equal "${lines[1]}" "$(stat -c %d /dev/pts)"
	to "$TARGET" TERM
}

@test "nsenter-lite: the terminal is of the target's devpts, so that it has a name in there" {
	local TOOLS=(nsenter-lite)
	each_way is_of_the_target
}

fake_ptmx() {
	"${WHO[@]}" mkfifo "$D/fifo"
	make_target --mount --setup "mount --bind '$1' /dev/ptmx"
	observe "$LAUNCHER" --all --target "$TARGET" --pty stat -c %t - </dev/null
	assert_outcome 'exited 0'
	assert_output $'88\r'
	rm -f "$D/fifo"
	to "$TARGET" TERM
}

each_fake_ptmx() {
	fake_ptmx "$D/fifo"
	fake_ptmx /dev/null
	fake_ptmx /etc/passwd
}

@test "nsenter-lite: where the target has something else for /dev/ptmx, the terminal is of the caller's devpts" {
	local TOOLS=(nsenter-lite)
	each_way each_fake_ptmx
}

# Only what has been looked at is opened, whatever has the name by then. The name
# itself is given to open(2) with O_PATH only, which opens no device.
opened_when_looked_at() {
	observe strace -f -q -o "$D/trace" -e trace=openat,open "$LAUNCHER" "${PTY[@]}" true </dev/null
	assert_outcome 'exited 0'
	grep -q '"/dev/ptmx", .*O_PATH' "$D/trace"
	refute grep '"/dev/ptmx"' <(grep -v O_PATH "$D/trace")
}

@test "what has the name /dev/ptmx is held and looked at before it is opened" {
	requires strace
	with_pty opened_when_looked_at
}

# It is not the same any more when it is opened.
replaced_ptmx() {
	mkfifo "$D/fifo"
	start strace -q -o "$D/trace" -e trace=openat -P /dev/ptmx -e inject=openat:signal=STOP:when=1 "$NSCLONE" -U --pty stat -c %t - </dev/null >"$D/said"
	wait_until grep -qs 'stopped by SIGSTOP' "$D/trace"
	mount --bind "$D/fifo" /dev/ptmx
	child_of "$BG_PID"
	to "$CHILD" CONT
	wait "$BG_PID"
	assert_equal "$(tr -d '\r' <"$D/said")" 88
}

@test "what has the name /dev/ptmx by then is not opened" {
	requires strace
	local TOOLS=(nsclone)
	as_ourselves in_private_mounts replaced_ptmx
}

### Refusals

@test "nsclone: --pty and --background exclude each other" {
	local TOOLS=(nsclone)
	with_pty usage '--background and --pty' -U --background --pty
}

not_a_ptmx() {
	mknod "$D/other" "$@"
	mount --bind "$D/other" /dev/ptmx
	failure 'not the device that makes pseudo-terminals: /dev/ptmx' '' -U --pty
}

@test "something else in the place of /dev/ptmx is refused, and not waited for" {
	local TOOLS=(nsclone)
	with_pty in_private_mounts not_a_ptmx p
	! as_root || with_pty in_private_mounts not_a_ptmx c 1 3
}

none_left() {
	mount -t devpts -o newinstance,ptmxmode=666,max=1 devpts /dev/pts
	mount --bind /dev/pts/ptmx /dev/ptmx
	exec 5<>/dev/ptmx
	failure 'open a pseudo-terminal: /dev/ptmx: No space left on device' 'the mount option max' -U --pty
}

@test "that there are no more pseudo-terminals is said so" {
	local TOOLS=(nsclone)
	with_pty in_private_mounts none_left
}
