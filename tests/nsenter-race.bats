#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# A target that ends while it is being entered, and another process that gets its
# PID: it is entered, or that is a failure; nobody else's namespaces, environment
# or directories ever come in.

load helpers
load launchers
load nsenter

setup_file() { make_user; }
teardown_file() { remove_user; }
setup() {
	requires userns strace
	! as_root || "$HELPERS/pidfd-inode" $$ >/dev/null || skip 'needs pidfs (Linux 6.9)'
}

CALLS=openat,setns,pidfd_open,pidfd_getfd,poll,execve

# A target with a mark in all that can be taken of it
marked() {
	mkdir -p "$D/right" "$D/wrong"
	chmod 755 "$D/right" "$D/wrong"
	set -- -u -n
	is_root || set -- -r "$@"
	target env "MARK=$D/right" "$NSCLONE" "$@" --wd "$D/right" sleep 999
	WANTED=$(links "${STAYS:-$TARGET}" uts net)
	# Held, so that no other namespaces get their numbers.
	exec {uts}<"/proc/$TARGET/ns/uts" {net}<"/proc/$TARGET/ns/net"
	NAME=$TARGET
	! as_root || NAME+=:$("$HELPERS/pidfd-inode" "$TARGET")
	[ ! "$MARKS" ] || WANTED+=$'\n'"$D/right"$'\n'"$D/right"
}

# Another process with the target's PID, marked otherwise
decoy() {
	start env "MARK=$D/wrong" "$NSCLONE" -u -n --set-pid "$TARGET" --wd "$D/wrong" sleep 998
	took_pid() { has_comm "$TARGET" sleep; }
	wait_until took_pid
}

calls_made() { cat "$D/trace" 2>/dev/null | grep -cE '^[0-9]+ +[a-z_0-9]+\('; }
reached() { [ "$(calls_made)" -ge "$1" ] || is_gone "$BG_PID"; }
target_gone() { [ ! -e "/proc/$TARGET" ]; }

# held_at N ARG...: the tool is held up at its Nth call, and the target ends there.
# In $too_late, whether it was the program already. (The status is not used: under
# "held_at || ..." no failure in here would end the test.)
held_at() {
	local n=$1 tool
	shift
	marked
	rm -f "$D/trace" "$D/out"
	watch sh -c 'exec "$@" >"$0/out" 2>"$0/err"' "$D" \
		strace -f -q -o "$D/trace" -e trace=$CALLS -e inject=$CALLS:delay_enter=500000:when="$n" \
		"$LAUNCHER" -t "$NAME" "$@" --close-fds sh -c 'readlink /proc/$$/ns/uts /proc/$$/ns/net
			[ ! "$0" ] || { echo "$MARK"; pwd; }' "$MARKS"
	tool=$BG_PID
	wait_until reached "$n"
	to "$TARGET" KILL
	wait_until target_gone
	! as_root || decoy
	wait_until is_gone "$tool"
	end_background
	exec {uts}<&- {net}<&-
	# From the exec of the program on it is not ours any more.
	too_late=
	! head -n "$n" "$D/trace" | tail -n +2 | grep -q 'execve(.* = 0$' || too_late=yes
}

# Either the target's, all of it, or nothing and a message that says why.
right_or_nothing() {
	case $(<"$D/outcome") in
	'exited 0')
		assert_equal "$(<"$D/out")" "$WANTED"
		entered=$((entered + 1))
		;;
	'exited 125')
		assert_equal "$(<"$D/out")" ''
		[[ $(head -n 1 "$D/err") =~ ^nsenter-lite:\ .*(ended|No such process|No such file|another process) ]] || fail 'says:' "$(<"$D/err")"
		[ "$(wc -l <"$D/err")" -le 2 ]
		failed=$((failed + 1))
		;;
	*) fail "outcome: $(<"$D/outcome")" "$(<"$D/err")" ;;
	esac
}

each_moment() {
	local n too_late entered=0 failed=0
	for ((n = 2; n < 60; n++)); do
		held_at "$n" "$@"
		[ -z "$too_late" ] || break
		printf -- '-- at call %s: %s\n' "$n" "$(head -n 1 "$D/outcome" "$D/err" | tr '\n' ' ')"
		right_or_nothing
	done
	right_or_nothing
	# It was too late for some, and early enough for some.
	[ "$failed" -gt 0 ] || fail 'always too late'
	[ "$entered" -gt 0 ] || fail 'never too late'
	[ "$n" -lt 60 ]
}

each_moment_marked() {
	MARKS=yes
	each_moment "$@"
}

namespaces_only() {
	MARKS=
	each_moment "$@"
}

@test "a target that ends, its PID that is another's, at any moment: its namespaces or none" {
	each_way namespaces_only -a
}

@test "the same with its environment and directories" {
	as_ourselves each_moment_marked -a -e -w
}

several() {
	MARKS=
	own_world -i
	exec {ipc}<"/proc/$TARGET/ns/ipc"
	end_target
	each_moment -u -n "--ipc=/dev/fd/$ipc"
	exec {ipc}<&-
}

# No setns(2) then that would say that the process has ended
belongings_alone() {
	STAYS=$$
	each_moment_marked "$@"
}

@test "the same with its environment and directories alone" {
	as_ourselves belongings_alone -e -w
}

@test "the same from several sources" {
	requires root
	as_ourselves several
}

# What becomes of the target later is nothing to the program.
@test "a target that ends when it has been entered changes nothing" { each_way in_own_world entered_already; }

entered_already() {
	own_world -un
	wanted=$(links "$TARGET" uts net)
	mkfifo "$D/gate"
	chmod 666 "$D/gate"
	watch "$LAUNCHER" -t "$TARGET" -a sh -c 'read line <"$0/gate"; readlink /proc/$$/ns/uts /proc/$$/ns/net >"$0/out"' "$D"
	exec {gate}>"$D/gate"
	to "$TARGET" KILL
	wait_until target_gone
	echo go >&$gate
	exec {gate}>&-
	ended 'exited 0'
	assert_equal "$(<"$D/out")" "$wanted"
}
