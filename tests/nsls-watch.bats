#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# nsls --watch: a line for each namespace that comes or goes, and how it ends.

load helpers
load launchers
load nsenter
load nsls

setup_file() { make_user; }
teardown_file() { remove_user; }
setup() { requires userns; }

# watching ARG...: in the background, $WATCH; its lines will be in $D/lines. It
# has looked once: it has said what it could not read, or opened its eyes.
watching() {
	start "${AROUND[@]}" "${WHO[@]}" "$NSLS" --watch=0.1 "$@" >"$D/lines" 2>"$D/said"
	WATCH=$BG_PID
	wait_until waits "$WATCH"
}

# Its first scan is over: it sleeps in the one poll(2) of two descriptors that it
# makes, for a signal or for the time to pass. The one of its start-up has three.
waits() {
	local call
	read -r -a call 2>/dev/null <"/proc/$1/syscall" || true
	[ "${call[2]-}" = 0x2 ] && [[ $(cat "/proc/$1/wchan" 2>/dev/null) == *poll* ]]
}

# The lines of this namespace: first words, in order. Once it has gone, its number
# may be that of anybody's.
events() { grep " $1 " "$D/lines" | cut -d ' ' -f 1 | tr -d '\n'; }
has_events() { [ "$(events "$1")" = "$2" ]; }
begins() { [[ $(events "$1") == "$2"* ]]; }

# ended_with [STATUS]: it has ended, well, or so.
ended_with() {
	local status=0
	wait_until has_ended "$WATCH"
	wait "$WATCH" || status=$?
	assert_equal "$status" "${1-0}"
}

comes_and_goes() {
	local uts user
	watching
	own_world -u
	uts=$(ns_of "$TARGET" uts) user=$(ns_of "$TARGET" user)
	wait_until begins "$uts" +
	grep -x "+ $uts uts $TARGET sleep 999" "$D/lines"
	is_root || grep -x "+ $user user [0-9]* .*" "$D/lines"
	is_root || wait_until begins "$user" +
	# Nothing is said of what was there, or of what stays.
	refute grep " $(ns_of $$ uts) " "$D/lines"
	sleep 0.5
	has_events "$uts" +
	to "$TARGET" KILL
	wait_until begins "$uts" +-
	grep -x -- "- $uts uts $TARGET sleep 999" "$D/lines"
	to "$WATCH" TERM
	ended_with
	assert_equal "$(grep -v 'could not be ' "$D/said")" ''
	# It is said once what could not be read.
	[ "$(grep -c . "$D/said")" -le 1 ]
}

@test "a line when a namespace comes, a line when it goes" { each_way in_own_world comes_and_goes; }

as_json() {
	local uts id
	watching -J
	own_world -u
	uts=$(ns_of "$TARGET" uts) id=$(id_of "/proc/$TARGET/ns/uts")
	says() { grep -qx "{\"event\":\"$1\",\"ns\":$uts,\"type\":\"uts\",\"nsid\":${id:-null},\"pid\":$TARGET,\"command\":\"sleep 999\"}" "$D/lines"; }
	wait_until says new
	to "$TARGET" KILL
	wait_until says gone
	# Bytes that are no UTF-8, quotes, and what is no character
	target "$NSCLONE" -r -u bash -c 'sleep 999; : "\\ %s" '$'\t\303\244\377\177\302\205'
	uts=$(ns_of "$TARGET" uts)
	wait_until grep -q "new\",\"ns\":$uts,.*bash" "$D/lines"
	to "$WATCH" TERM
	ended_with
	end_target
	perl -MJSON::PP -ne 'decode_json($_)' "$D/lines"
	grep "\"ns\":$uts,.*bash" "$D/lines"
	grep -qF '"command":"bash -c sleep 999; : \"\\\\ %s\" \u0009'$'\303\244\357\277\275''\u007f\u0085"' "$D/lines"
}

@test "--json: an object a line" {
	requires perl
	perl -MJSON::PP -e 1 2>/dev/null || skip 'needs JSON::PP of perl'
	each_way in_own_world as_json
}

# The number is used again at once, within one interval; its id is not.
reused() {
	local old tries
	[ "$(id_of /proc/self/ns/uts)" ] || skip 'needs ids of namespaces (Linux 6.18)'
	for tries in {1..30}; do
		own_world -u
		old=$(ns_of "$TARGET" uts)
		watching
		to "$WATCH" STOP
		wait_until stopped "$WATCH"
		to "$TARGET" KILL
		wait_until is_gone "$TARGET"
		own_world -u
		[ "$(ns_of "$TARGET" uts)" != "$old" ] || break
		to "$WATCH" KILL
		end_background
	done
	[ "$(ns_of "$TARGET" uts)" = "$old" ] || skip 'needs a number that is used again'
	to "$WATCH" CONT
	wait_until begins "$old" -+
	grep -x "+ $old uts $TARGET sleep 999" "$D/lines"
}

@test "one that has the number of one that has gone is another one" {
	requires perl
	each_way in_own_world reused
}

# It does not keep alive what it looks at, nor is anything gone while it is held.
held() {
	local uts
	own_world -u
	uts=$(ns_of "$TARGET" uts)
	rm -f "$D/ready"
	start "${WHO[@]}" bash -c 'exec 9<"$1"; echo >"$2"; exec sleep 998' - "/proc/$TARGET/ns/uts" "$D/ready"
	wait_until test -s "$D/ready"
	opener=$BG_PID
	watching
	to "$TARGET" KILL
	wait_until is_gone "$TARGET"
	sleep 0.5
	has_events "$uts" ''
	to "$opener" KILL
	wait_until begins "$uts" -
	end_background
}

@test "what a descriptor holds has not gone before that" { each_way in_own_world held; }

restricted() {
	local uts net
	watching -t uts
	by_types=$WATCH
	mv "$D/lines" "$D/uts-lines"
	watching -P
	own_world -un
	uts=$(ns_of "$TARGET" uts) net=$(ns_of "$TARGET" net)
	wait_until grep -q "^+ $uts uts " "$D/uts-lines"
	# It is without a process for as long as a descriptor holds it.
	exec 8<"/proc/$TARGET/ns/net"
	to "$TARGET" KILL
	is_there() { grep -qx "+ $net net - -" "$D/lines"; }
	if [ "$AS" = root ] || ! as_root; then
		wait_until is_there
		# While another test's nsls looks at it, it is without a process, too.
		refute grep "^. $uts uts [0-9]" "$D/lines"
	fi
	exec 8<&-
	wait_until grep -q "^- $uts uts " "$D/uts-lines"
	refute grep " $net " "$D/uts-lines"
	refute grep -v ' uts ' "$D/uts-lines"
}

@test "of the types that are named, of those without a process" { each_way in_own_world restricted; }

### How it ends

ends() {
	for sig in INT TERM; do
		watching
		to "$WATCH" "$sig"
		ended_with
	done
	# Who is not to be interrupted is not.
	start env --ignore-signal=INT "$NSLS" --watch=0.1 >"$D/lines" 2>"$D/said"
	WATCH=$BG_PID
	wait_until waits "$WATCH"
	to "$WATCH" INT
	sleep 0.5
	is_running "$WATCH"
	to "$WATCH" TERM
	ended_with
	# Also in the midst of a long wait
	start "$NSLS" --watch=1000 >"$D/lines" 2>"$D/said"
	WATCH=$BG_PID
	wait_until waits "$WATCH"
	to "$WATCH" INT
	ended_with
}

@test "INT and TERM end it, well" { as_ourselves ends; }

# Nobody reads it any more: it need not have anything to say to notice.
closed_pipe() {
	local how
	for how in '' --ignore-signal=PIPE; do
		run_split timeout 10 bash -o pipefail -c 'env $1 "$0" --watch=0.1 --processes | true' "$NSLS" "$how"
		assert_status 0
		assert_equal "$(grep -v 'could not be ' <<<"$stderr" || true)" ''
	done
	# While it has something to say
	run_split timeout 20 bash -o pipefail -c '(for i in 1 2 3 4 5 6; do unshare -ru sleep 0.4; done) & "$0" --watch=0.1 | head -n 1' "$NSLS"
	assert_status 0
	[[ $output == [+-]\ * ]] || show_run
}

@test "when nobody reads it any more it ends quietly" { quietly_apart closed_pipe; }

unwritable() {
	start "$NSLS" --watch=0.1 >/dev/full 2>"$D/said"
	WATCH=$BG_PID
	wait_until waits "$WATCH"
	own_world -u
	ended_with 1
	grep -x 'nsls: write to stdout: No space left on device' "$D/said"
	to "$TARGET" KILL
	start with_closed 2 "$NSLS" --watch=0.1 2>"$D/said"
	WATCH=$BG_PID
	own_world -u
	wait_until has_ended "$WATCH"
	grep -x 'nsls: write to stdout: Bad file descriptor' "$D/said"
}

@test "what cannot be written is a failure" { as_ourselves unwritable; }

has_waited() { [ "$(grep -c 'ppoll(' "$D/trace" 2>/dev/null)" -ge "$1" ]; }

# One look at a process each time that it has waited
one_scan() {
	local pid=$$ waits scans began=$EPOCHSECONDS
	start strace -f -o "$D/trace" -e trace=ppoll,openat "$NSLS" --watch=0.5 >"$D/lines" 2>"$D/said"
	WAIT_TRIES=3000 wait_until has_waited 3
	child_of "$BG_PID"
	to "$CHILD" TERM
	wait_until has_ended "$BG_PID"
	waits=$(grep -c 'ppoll(' "$D/trace")
	scans=$(grep -cE 'openat\([^,]*, "(/proc/)?'"$pid"'(/ns)?"' "$D/trace" || true)
	began=$((EPOCHSECONDS - began + 1))
	[ "$waits" -le $((2 * began + 1)) ] || fail "$waits waits in $began seconds"
	# Who may not walk through mount namespaces looks once more for those of processes.
	is_root || scans=$((scans / 2))
	[ "$scans" -le "$waits" ] || fail "$scans scans, $waits waits"
}

@test "one scan each interval" {
	requires strace
	as_ourselves one_scan
}

badly_said() {
	for text in 0 -1 x 1x '' ' 1' 99999999999 1e3; do
		mistaken "'$text' is no number of seconds" "--watch=$text"
	done
	mistaken 'exclude each other' --watch --dot
	mistaken '--task' --watch -p $$
	mistaken "'5'" --watch 5
}

@test "what is no interval is a usage error" { as_ourselves badly_said; }
