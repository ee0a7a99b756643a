# SPDX-License-Identifier: GPL-2.0-or-later
# For tests of the tools that launch programs: the ways in which they do, what a
# refusal looks like, launches in the background, watched by `outcome', sent
# signals, ended. After helpers.bash.

# Those that have the launch options.
LAUNCHERS=(nsclone nsunshare)

# Ways that a program can go from the door to its exec, lines of options. nsclone:
# at once; with a gate and a set-up command; under an init. nsunshare: in place,
# the same with a set-up command, and both in a child.
births() {
	case $TOOL in
	nsclone) printf '%s\n' -U '-r --setup true' '-r --init' ;;
	nsunshare) printf '%s\n' -U '-r --setup true' '-r --fork' '-r --fork --setup true' ;;
	*) fail "births: $TOOL is not known" >&2 ;;
	esac
}

# An option with which there is one process more between the tool and the program
# than without.
indirect() { [ "$TOOL" = nsclone ] && echo --init || echo --fork; }

# each_birth TEST [ARG...]: with $BIRTH, each of BIRTHS, or of all that there are;
# words, to be split.
each_birth() {
	local BIRTH
	local -a all=("${BIRTHS[@]}")
	[ ${#all[@]} -gt 0 ] || mapfile -t all < <(births)
	[ ${#all[@]} -gt 0 ] || fail "each_birth: no way is known for $TOOL" || return
	for BIRTH in "${all[@]}"; do
		printf -- '-- birth %s\n' "$BIRTH"
		"$@"
	done
}

# each_world TEST [ARG...]: each_way, in the test's directory, and with what it
# takes to be root in the new world already in NS.
each_world() { each_way in_world "$@"; }

# The same, in a mount namespace where the test can mount.
each_world_in_mounts() { each_way in_private_mounts in_world "$@"; }

in_world() {
	NS=(env -C "$BATS_TEST_TMPDIR" "$LAUNCHER")
	is_root || NS+=(--map-root-user)
	"$@"
}

### What a refusal looks like

# refused COMMAND...: the program that it is given must not be run.
refused() {
	observe "$@" touch "$D/ran"
	assert_outcome 'exited 125'
	refute_output
	[ ! -e "$D/ran" ]
}

# usage TEXT ARG...: a mistake on the command line, explained by TEXT, which may
# not be empty: it would be found in each message.
usage() {
	printf -- '-- %s %.200s\n' "$TOOL" "${*:2}"
	refused "$LAUNCHER" "${@:2}"
	said_of_usage "$1"
}

said_of_usage() {
	[ "$1" ] || fail 'usage: which mistake?' || return
	assert_stderr_count 2
	[[ ${stderr_lines[0]} == "$TOOL: "*"$1"* ]] || show_run "wanted on the first line: $1"
	assert_equal "${stderr_lines[1]}" "Try '$TOOL --help' for more information."
}

# failure TEXT HINT ARG...: the tool tried; TEXT says what failed; HINT may be empty.
failure() {
	printf -- '-- %s %.200s\n' "$TOOL" "${*:3}"
	refused "$LAUNCHER" "${@:3}"
	said_of_failure "$1" "$2"
}

said_of_failure() {
	[[ ${stderr_lines[0]} == "$TOOL: "*"$1"* ]] || show_run "wanted on the first line: $1"
	if [ "$2" ]; then
		assert_stderr_count 2
		[[ ${stderr_lines[1]} == "$TOOL: hint: "*"$2"* ]] || show_run "wanted as a hint: $2"
	else
		assert_stderr_count 1
	fi
}

# refuses PATTERN ARG...: PATTERN is for one of the lines on stderr, after "TOOL: ".
refuses() {
	printf -- '-- %.200s\n' "${NS[*]} ${*:2}"
	refused "${NS[@]}" "${@:2}"
	assert_stderr_line --regexp "^$TOOL: $1"
}

# unwritable_stdout ARG...: each of them is words to be split, the arguments of a
# launch that shall write to stdout and cannot: it fails, and nothing runs on.
unwritable_stdout() {
	local target args
	local -a AROUND
	for target in 'to_file /dev/full' 'with_closed 2'; do
		AROUND=($target)
		for args; do
			printf -- '-- %s %s %s\n' "$target" "$TOOL" "$args"
			observe "$LAUNCHER" $args
			assert_outcome 'exited 125'
			said_of_failure 'write ' ''
			assert_stderr --regexp 'stdout: (No space left on device|Bad file descriptor)$'
			assert_equal "$(cd "$D" && echo *)" outcome
		done
	done
}

to_file() { "${@:2}" >"$1"; }

### In the background

# watch COMMAND [ARG...]: in the background under outcome (see there): how it
# ended and what it left will be in $D/outcome.
watch() {
	rm -f "$D/outcome"
	start "${WHO[@]}" "$HELPERS/outcome" -g "$D/outcome" "$@"
}

# launch ARG...: the tool, whose PID is $LAUNCHER_PID then.
launch() {
	watch "${NS[@]}" "$@"
	wait_until child_of "$BG_PID"
	LAUNCHER_PID=$CHILD
}

# launch_sleep ARG...: until it has executed the program, which is $PROGRAM.
launch_sleep() {
	launch "$@" sleep 99
	wait_until runs "$LAUNCHER_PID" sleep
}

# end_sleep: by a signal that nothing holds off; nothing is left.
end_sleep() {
	to "$PROGRAM" KILL
	ended 'killed 9'
}

# launch_recorder ARG...: until the program has its handlers. "-" ends ARG: what
# follows is not to be caught.
launch_recorder() {
	local -a options=()
	while [ $# -gt 0 ] && [ "$1" != - ]; do
		options+=("$1")
		shift
	done
	rm -f "$D/signals"
	launch "${options[@]}" "$HELPERS/record-signals" "$D/signals" "${@:2}"
	wait_until recorded ready
	wait_until runs "$LAUNCHER_PID" record-signals
}

# runs PID COMM: the launcher with that PID, a child of it, or of our init below
# it, is COMM by now. It is $PROGRAM.
runs() {
	CHILD=$1
	! has_comm "$CHILD" "$TOOL" || child_of "$CHILD" || return
	! has_comm "$CHILD" "$TOOL" || child_of "$CHILD" || return
	has_comm "$CHILD" "$2" && PROGRAM=$CHILD
}

# run_watched ARG...: the tool, to its end; a line more in $D/outcome.
run_watched() { "${WHO[@]}" "$HELPERS/outcome" "$D/outcome" "$LAUNCHER" "$@" 3>&- 4>&-; }

# storm SIGNAL OPTION...: in 200 launches ($RUNS), the tool gets SIGNAL each time
# 25 µs ($STEP) later after its start, and ends by it; nothing is left. With $FEW
# there are only so many `rounds', over the same span of time.
storm() {
	local number runs=${RUNS:-200} step=${STEP:-25} span
	span=$((runs * step))
	[ -z "${FEW-}" ] || runs=$(rounds "$runs" "$FEW")
	number=$(kill -l "$1")
	rm -f "$D/outcome"
	"${WHO[@]}" "$HELPERS/outcome" -n "$runs" -k "$number" -s $((span / runs)) "$D/outcome" \
		"$LAUNCHER" "${@:2}" sleep 99 2>"$D/stderr" >"$D/stdout" 3>&- 4>&-
	assert_equal "$(counted "$D/outcome")" "$runs killed $number"
	rm "$D/outcome"
}

# killed_when enter|exit CALL ARG...: strace makes CALL wait for a while before
# or after it is done; the tool is killed when one of its children is there.
killed_when() {
	watch strace -f -q -o "$D/trace" -e trace="execve,$2" -e inject="$2:delay_$1=200000" "$LAUNCHER" "${@:3}" sleep 99
	wait_until child_is_at "$2"
	to "$LAUNCHER_PID" KILL
	ended 'killed 9'
	rm "$D/trace"
}

# The first line of the trace is the start of the tool itself.
child_is_at() {
	LAUNCHER_PID=$(sed -n '1s/ .*//p' "$D/trace" 2>/dev/null)
	[ -n "$LAUNCHER_PID" ] && grep -v "^$LAUNCHER_PID " "$D/trace" | grep -q "^[0-9]* *$1("
}

# ended HOW: and that is all, so nothing was left.
ended() {
	wait_until is_gone "$BG_PID"
	assert_equal "$(<"$D/outcome")" "$1"
}

counted() { sort "$1" | uniq -c | sed 's/^ *//'; }

# recorded LINE [TIMES]
recorded() {
	local line times=0
	[ -e "$D/signals" ] || return
	while read -r line; do
		[ "$line" != "$1" ] || times=$((times + 1))
	done <"$D/signals"
	[ "$times" -eq "${2:-1}" ]
}

# Signals that wait are taken lowest number first, and a test wants an order.
took() {
	local status= pending=$'\nShdPnd:\t([0-9a-f]+)'
	read -r -d '' status <"/proc/$LAUNCHER_PID/status" || true
	[[ $status =~ $pending ]] && [ $((0x${BASH_REMATCH[1]} >> ($(kill -l "$1") - 1) & 1)) -eq 0 ]
}
