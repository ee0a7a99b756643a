#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Pins are made by a helper process of nsunshare's: before the program's first
# instruction, or not at all, whoever of the three is killed meanwhile.

load helpers
load launchers
TOOLS=(nsunshare)

setup_file() { make_user; }
teardown_file() { remove_user; }
setup() { requires userns; }

pinning() { as_ourselves in_private_mounts "$@"; }

# Mounts and files, but those of the test itself
world() {
	awk '{ print $4, $5 }' /proc/self/mountinfo
	find "$D" ! -name outcome ! -name std\* ! -name trace
}

### Before the program

# All that there are on FILE
# It is busy while somebody looks at it, as nsls(8) does at all there are.
unpin() {
	while [ -n "$(pinned "$1")" ]; do
		umount -l "$1"
	done
	rm "$1"
}

# there_first TIMES TYPE OPTION...: the program looks before anything else.
there_first() {
	rm -f "$D/outcome"
	"$HELPERS/outcome" -n "$1" "$D/outcome" "$LAUNCHER" "${@:3}" "--$2=$D/pin" \
		"$HELPERS/first-look" "$2" "$D/pin" 3>&- 4>&-
	assert_equal "$(counted "$D/outcome")" "$1 exited 0"
	unpin "$D/pin"
}

@test "--fork: the pin is there before the program's first instruction, 1000 times of 1000" { pinning there_first 1000 uts --fork; }
@test "the pin is there before the program's first instruction, 1000 times of 1000" { pinning there_first 1000 uts; }

others_there_first() {
	there_first 50 pid --fork
	there_first 50 pid --fork --uts="$D/uts" --setup true
	unpin "$D/uts"
	there_first 50 time --fork --boottime 5
	there_first 50 time --boottime 5
	there_first 50 user --map-users all --map-groups all --setup true
}

@test "pins of other types are there before the program, fifty times of fifty" { pinning others_there_first; }

### The PID namespace

without_fork() {
	usage '--pid=FILE needs --fork' "--pid=$D/pid"
	usage '--pid=FILE needs --fork' -r "--uts=$D/uts" "--pid=$D/pid"
	assert_equal "$(ls "$D")" 'outcome'
}

@test "a pin of the PID namespace takes --fork" { each_way without_fork; }

enterable() {
	launch_sleep --fork --pid="$D/pid" --uts="$D/uts" "$@"
	assert_equal "$(pinned "$D/pid") $(pinned "$D/uts")" "$(ns_id "$PROGRAM" pid) $(ns_id "$PROGRAM" uts)"
	assert_equal "$(nsenter --pid="$D/pid" readlink /proc/self/ns/pid)" "$(ns_id "$PROGRAM" pid)"
	end_sleep
	run_split nsenter --pid="$D/pid" true
	refute_equal "$status" 0
	unpin "$D/pid"
	unpin "$D/uts"
}

enterable_each() {
	enterable
	enterable --kill-child --setup true
}

@test "the pinned PID namespace can be entered while its init lives" {
	requires nsenter
	pinning enterable_each
}

### Failure

pid_pin_fails() {
	local before
	before=$(world)
	failure "$D/none/pid: No such file or directory" '' --fork --uts="$D/uts" --ipc="$D/ipc" --pid="$D/none/pid"
	assert_equal "$(world)" "$before"
}

@test "--fork: a PID pin that fails stops the launch and takes the others back" { pinning pid_pin_fails; }

# helper_at N: the helper has come to its Nth mount. The first line of the trace
# is the start of the tool itself.
helper_at() {
	LAUNCHER_PID=$(sed -n '1s/ .*//p' "$D/trace" 2>/dev/null)
	[ -n "$LAUNCHER_PID" ] || return
	HELPER=$(grep -v "^$LAUNCHER_PID " "$D/trace" | awk '$2 ~ /^mount\(/ { print $1 }' | sed -n "$1p")
	[ -n "$HELPER" ]
}

# delayed enter|exit N OPTION...: the tool, whose helper waits for a while before
# or after its Nth mount is done, has come there.
delayed() {
	rm -f "$D/trace"
	watch strace -f -q -o "$D/trace" -e trace=execve,mount -e inject="mount:delay_$1=400000:when=$2" \
		"$LAUNCHER" --uts="$D/uts" --ipc="$D/ipc" "${@:3}" touch "$D/ran" 2>"$D/stderr"
	wait_until helper_at "$2"
}

killed_meanwhile() {
	local before at
	before=$(world)
	for at in 'enter 1' 'enter 2' 'exit 2'; do
		delayed $at "$@"
		to "$LAUNCHER_PID" KILL
		ended 'killed 9'
		assert_equal "$(grep -v '^strace: ' "$D/stderr")" ''
		assert_equal "$(world)" "$before"
	done
}

killed_in_each() {
	killed_meanwhile
	killed_meanwhile --fork
	killed_meanwhile --map-users all --map-groups all
	killed_meanwhile --fork --kill-child --setup true
}

@test "kill -9 of nsunshare while the helper makes pins ends the helper, and no pin is left" {
	requires strace
	pinning killed_in_each
}

# helper_killed MESSAGE OPTION...
helper_killed() {
	delayed enter 1 "${@:2}"
	to "$HELPER" KILL
	ended 'exited 125'
	[ ! -e "$D/ran" ]
	assert_equal "$(grep -v '^strace: ' "$D/stderr")" "$1"
	assert_equal "$(times_mounted "$D/uts") $(times_mounted "$D/ipc")" '0 0'
}

helper_killed_in_each() {
	helper_killed 'nsunshare: the helper outside has gone'
	helper_killed 'nsunshare: the helper outside: killed by signal 9 (Killed)' --fork
	helper_killed 'nsunshare: the helper outside has gone' --map-users all --map-groups all
}

@test "a helper that is killed stops the launch, and it is said" {
	requires strace
	pinning helper_killed_in_each
}

# As ^C sends them to everybody in the foreground.
helper_untouched() {
	local sig
	delayed enter 2 "$@"
	for sig in HUP INT QUIT TERM TSTP; do
		to "$HELPER" "$sig"
	done
	ended 'exited 0'
	[ -e "$D/ran" ]
	assert_equal "$(times_mounted "$D/uts") $(times_mounted "$D/ipc")" '1 1'
	unpin "$D/uts"
	unpin "$D/ipc"
	rm "$D/ran"
}

helper_untouched_in_each() {
	helper_untouched
	helper_untouched --fork
}

@test "signals that a terminal sends do not keep the helper from its work" {
	requires strace
	pinning helper_untouched_in_each
}

stormy() {
	local before RUNS=100 STEP=50
	before=$(world)
	storm KILL --uts="$D/uts" --time="$D/time" --boottime 5 --setup 'exec sleep 99'
	assert_equal "$(world)" "$before"
	storm KILL --kill-child --uts="$D/uts" --time="$D/time" --boottime 5 --setup 'exec sleep 99'
	assert_equal "$(world)" "$before"
}

@test "kill -9 at any moment before the program leaves no pin and no process" { pinning stormy; }
