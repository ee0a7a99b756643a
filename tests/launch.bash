# SPDX-License-Identifier: GPL-2.0-or-later
# For tests of what becomes of a launch: nsclone in the background, watched by
# `outcome', sent signals, ended. After helpers.bash and nsclone.bash.

# As each_way, but only as whom the suite is run, or only as the ordinary user.
as_ourselves() {
	WHO=()
	afresh "$@"
}

as_the_user() {
	WHO=(as_user)
	afresh "$@"
}

### The launch

# watch COMMAND [ARG...]: in the background under outcome (see there): how it
# ended and what it left will be in $D/outcome.
watch() {
	rm -f "$D/outcome"
	start "${WHO[@]}" "$HELPERS/outcome" -g "$D/outcome" "$@"
}

# launch ARG...: nsclone, whose PID is $LAUNCHER then.
launch() {
	watch "$NSCLONE" "$@"
	wait_until child_of "$BG_PID"
	LAUNCHER=$CHILD
}

# ... until it has executed the program, which is $PROGRAM.
launch_sleep() {
	launch "$@" sleep 99
	wait_until runs "$LAUNCHER" sleep
}

# ... and that has its handlers. "-" ends ARG: what follows is not to be caught.
launch_recorder() {
	local -a options=()
	while [ $# -gt 0 ] && [ "$1" != - ]; do
		options+=("$1")
		shift
	done
	rm -f "$D/signals"
	launch "${options[@]}" "$HELPERS/record-signals" "$D/signals" "${@:2}"
	wait_until recorded ready
	runs "$LAUNCHER" record-signals
}

child_of() { CHILD=$(ps -o pid= --ppid "$1" | awk 'NR == 1 { print $1 }') && [ -n "$CHILD" ]; }

# runs PID COMM: a child of PID, or of our init below it, is COMM by now. It is $PROGRAM.
runs() {
	child_of "$1" || return
	[ "$(comm_of "$CHILD")" != nsclone ] || child_of "$CHILD" || return
	[ "$(comm_of "$CHILD")" = "$2" ] && PROGRAM=$CHILD
}

comm_of() { cat "/proc/$1/comm" 2>/dev/null; }

# run_watched ARG...: nsclone, to its end; a line more in $D/outcome.
run_watched() { "${WHO[@]}" "$HELPERS/outcome" "$D/outcome" "$NSCLONE" "$@" 3>&- 4>&-; }

# storm SIGNAL OPTION...: in 200 launches ($RUNS), nsclone gets SIGNAL each time
# 25 µs ($STEP) later after its start, and ends by it; nothing is left.
storm() {
	local number
	number=$(kill -l "$1")
	rm -f "$D/outcome"
	"${WHO[@]}" "$HELPERS/outcome" -n "${RUNS:-200}" -k "$number" -s "${STEP:-25}" "$D/outcome" \
		"$NSCLONE" "${@:2}" sleep 99 2>"$D/stderr" >"$D/stdout" 3>&- 4>&-
	assert_equal "$(counted "$D/outcome")" "${RUNS:-200} killed $number"
	rm "$D/outcome"
}

# killed_when enter|exit CALL ARG...: strace makes CALL wait for a while before
# or after it is done; nsclone is killed when one of its children is there.
killed_when() {
	watch strace -f -q -o "$D/trace" -e trace="execve,$2" -e inject="$2:delay_$1=200000" "$NSCLONE" "${@:3}" sleep 99
	wait_until child_is_at "$2"
	to "$LAUNCHER" KILL
	ended 'killed 9'
	rm "$D/trace"
}

# The first line of the trace is the start of nsclone itself.
child_is_at() {
	LAUNCHER=$(sed -n '1s/ .*//p' "$D/trace" 2>/dev/null)
	[ -n "$LAUNCHER" ] && grep -v "^$LAUNCHER " "$D/trace" | grep -q "^[0-9]* *$1("
}

# Read at once: a status that is read line by line changes in between.
is_gone() { [ ! -e "/proc/$1" ] || [ "$(state_of "$1")" = Z ]; }

# ended HOW: and that is all, so nothing was left.
ended() {
	wait_until is_gone "$BG_PID"
	assert_equal "$(<"$D/outcome")" "$1"
}

counted() { sort "$1" | uniq -c | sed 's/^ *//'; }

### Signals and states

# to PID SIGNAL
to() { [ "$1" -gt 1 ] && kill "-$2" "$1"; }

# recorded LINE [TIMES]
recorded() { [ "$(grep -csx "$1" "$D/signals")" = "${2:-1}" ]; }

# Signals that wait are taken lowest number first, and a test wants an order.
took() { [ $((0x$(sed -n 's/^ShdPnd:\t//p' "/proc/$LAUNCHER/status") >> ($(kill -l "$1") - 1) & 1)) -eq 0 ]; }

state_of() { sed -n 's/^State:\t\(.\).*/\1/p' "/proc/$1/status" 2>/dev/null; }
stopped() { [ "$(state_of "$1")" = T ]; }
continued() { [[ $(state_of "$1") == [RSD] ]]; }
