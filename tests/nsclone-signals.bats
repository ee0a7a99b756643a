#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Signals: what is sent to nsclone reaches the program, from the first moment
# and once; stops and ends are mirrored; nothing outlives nsclone; a job is a
# job for an interactive shell.

load helpers

setup_file() { make_user; }
teardown_file() { remove_user; }
setup() { requires userns; }

teardown() {
	end_background
	end_terminal
}

PASSED='HUP INT QUIT USR1 USR2 ALRM WINCH CONT TSTP TTIN TTOU'

### A launch, watched

# each_way TEST [ARG...]: TEST, as whom the suite is run and, if that is root,
# as the ordinary user, too. $WHO goes before what it starts, all files are in $D.
each_way() {
	WHO=()
	afresh "$@"
	as_root || return 0
	WHO=(as_user)
	afresh "$@"
}

afresh() {
	D=$(as_user mktemp -d "$NST_HOME/XXXXXX")
	"$@"
	end_background
}

# launch ARG...: nsclone in the background, under outcome (see there): $LAUNCHER
# is its PID; $D/outcome will say how it ended and what was left of it.
launch() {
	rm -f "$D/outcome" "$D/signals"
	start "${WHO[@]}" "$HELPERS/outcome" -g "$D/outcome" "$NSCLONE" "$@"
	wait_until child_of "$BG_PID"
	LAUNCHER=$CHILD
}

# launch_program ARG...: until nsclone's child has executed the program, the
# last ARG but those that begin with a digit or a slash. Its PID is $PROGRAM.
launch_sleep() { launch "$@" sleep 99 && wait_until runs sleep; }
launch_recorder() { launch "$@" && wait_until recorded ready; }

# Needed only where the child of nsclone is the program.
runs() { child_of "$LAUNCHER" && [ "$(cat "/proc/$CHILD/comm")" = "$1" ] && PROGRAM=$CHILD; }

child_of() { CHILD=$(ps -o pid= --ppid "$1" | head -n 1) && CHILD=${CHILD// /} && [ -n "$CHILD" ]; }

# to PID SIGNAL
to() { [ "$1" -gt 1 ] && kill "-$2" "$1"; }

recorded() { grep -qsx "$1" "$D/signals"; }

# Pending signals are handled lowest number first, and we want an order.
took() { [ $((0x$(sed -n 's/^ShdPnd:\t//p' "/proc/$LAUNCHER/status") >> ($(kill -l "$1") - 1) & 1)) -eq 0 ]; }

# ended HOW: that is all that outcome says, so nothing was left.
ended() {
	wait_until has_ended "$BG_PID"
	assert_equal "$(sort "$D/outcome" | uniq -c | sed 's/^ *//')" "$1"
}

state() { sed -n 's/^State:\t\(.\).*/\1/p' "/proc/$1/status"; }
stopped() { [ "$(state "$1")" = T ]; }
continued() { ! stopped "$1"; }

### Passing on

each_signal_arrives() {
	local sig wanted=$'ready\n'
	launch_recorder "$@" "$HELPERS/record-signals" "$D/signals"
	for sig in $PASSED TERM; do
		to "$LAUNCHER" "$sig"
		wait_until recorded "$sig user"
		wanted+="$sig user"$'\n'
	done
	assert_equal "$(cat "$D/signals")" "${wanted%?}"
	ended '1 exited 42'
}

@test "every signal sent to nsclone reaches the program, once" { each_way each_signal_arrives -r; }
@test "every signal sent to nsclone reaches a program that is PID 1" { each_way each_signal_arrives -rp; }

again_and_again() {
	launch_recorder -r "$HELPERS/record-signals" "$D/signals"
	for _ in 1 2 3; do
		to "$LAUNCHER" USR1
		to "$LAUNCHER" USR2
		wait_until took USR1
		wait_until took USR2
	done
	to "$LAUNCHER" TERM
	ended '1 exited 42'
	assert_equal "$(sort "$D/signals" | uniq -c | sed 's/^ *//')" \
		$'3 USR1 user\n3 USR2 user\n1 TERM user\n1 ready'
}

