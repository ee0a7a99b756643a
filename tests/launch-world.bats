#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The world that the program finds itself in: its names, the loopback
# interface, clocks, and what a set-up command makes of it.

load helpers
load launchers
TOOLS=("${LAUNCHERS[@]}")

setup_file() { make_user; }
teardown_file() { remove_user; }

setup() { requires userns; }

### --hostname, --domainname

# check_name OPTION FILE: as the kernel gives the name, and a world of its own for it.
check_name() {
	local option=$1 file=$2 outside name
	outside=$(<"$file")
	for name in world a.b-c "$(printf %064d 7)"; do
		observe "${NS[@]}" "$option" "$name" sh -c "cat $file; readlink /proc/self/ns/uts"
		assert_status 0
		assert_equal "${lines[0]}" "$name"
		refute_equal "${lines[1]}" "$(ns_id self uts)"
		assert_equal "$(<"$file")" "$outside"
	done
}

@test "--hostname is what uname says inside, not outside" {
	each_world check_name --hostname /proc/sys/kernel/hostname
}

@test "--domainname is the NIS domain name inside, not outside" {
	each_world check_name --domainname /proc/sys/kernel/domainname
}

check_both_names() {
	observe "${NS[@]}" --hostname host --domainname domain cat /proc/sys/kernel/hostname /proc/sys/kernel/domainname
	assert_output $'host\ndomain'
}

@test "--hostname and --domainname together set each its own" { each_world check_both_names; }

### --loopback

check_loopback() {
	observe "${NS[@]}" --loopback sh -c '
		readlink /proc/self/ns/net; ip -o link show lo; ip -o -4 address show lo
		ping -c 1 -W 5 127.0.0.1'
	assert_status 0
	refute_equal "${lines[0]}" "$(ns_id self net)"
	assert_line --regexp '^[0-9]+: lo: <([A-Z_]+,)*UP[,>]'
	assert_line --partial ' inet 127.0.0.1/8 '
	assert_line --partial '1 received'
}

@test "--loopback: lo is up and answers" {
	requires ip ping
	each_world check_loopback
}

check_no_loopback() {
	observe "${NS[@]}" --net ip -o link show lo
	assert_output --regexp '^[0-9]+: lo: <'
	refute_output --regexp '<([A-Z_]+,)*UP[,>]'
}

@test "without --loopback a new network namespace has lo down" {
	requires ip
	each_world check_no_loopback
}

### Clocks

# is_ahead CLOCK NANOSECONDS OPTION...: exactly so much, as two looks from
# outside, one before and one after, enclose the one from inside.
is_ahead() {
	local clock=$1 offset=$2 before inside after
	shift 2
	before=$("$HELPERS/clock" "$clock")
	inside=$("${WHO[@]}" "${NS[@]}" "$@" "$HELPERS/clock" "$clock")
	after=$("$HELPERS/clock" "$clock")
	((before + offset <= inside && inside <= after + offset)) ||
		fail "$clock with $*" "-- before: $before" "-- inside: $inside" "-- after: $after"
}

check_clocks() {
	local clock=$1 other=$2 seconds nanoseconds
	while read -r seconds nanoseconds; do
		is_ahead "$clock" "$nanoseconds" "--$clock" "$seconds"
		is_ahead "$other" 0 "--$clock" "$seconds"
	done <<-END
		0 0
		1 1000000000
		+86400 86400000000000
		-1 -1000000000
		1.5 1500000000
		-1.5 -1500000000
		-0.25 -250000000
		0.000000001 1
		-1.999999999 -1999999999
		4000000000.123456789 4000000000123456789
	END
	is_ahead "$clock" 7000000000 "--$clock" 5 "--$other" 3 "--$clock" 7
	is_ahead "$other" 3000000000 "--$clock" 5 "--$other" 3 "--$clock" 7
}

@test "--monotonic moves CLOCK_MONOTONIC, by just so much, and no other" {
	requires time-ns
	each_world check_clocks monotonic boottime
}

@test "--boottime moves CLOCK_BOOTTIME, by just so much, and no other" {
	requires time-ns
	each_world check_clocks boottime monotonic
}

# In hundredths of a second; rounding costs one at most.
check_uptime() {
	local -i offset=$1 before inside after
	before=10#$(sed 's/\.//; s/ .*//' /proc/uptime)
	inside=10#$("${WHO[@]}" "${NS[@]}" --boottime "$2" sed 's/\.//; s/ .*//' /proc/uptime)
	after=10#$(sed 's/\.//; s/ .*//' /proc/uptime)
	((before + offset - 1 <= inside && inside <= after + offset + 1)) ||
		fail "-- before: $before" "-- inside: $inside" "-- after: $after"
}

@test "--boottime shows in /proc/uptime" {
	requires time-ns
	each_world check_uptime 8640000 86400
	each_world check_uptime -150 -1.5
}

check_offsets() {
	observe "${NS[@]}" --monotonic -1.5 --boottime 2.5 sed 's/  */ /' /proc/self/timens_offsets
	assert_output $'monotonic -2 500000000\nboottime 2 500000000'
}

@test "offsets reach the kernel with nanoseconds that are never negative" {
	requires time-ns
	each_world check_offsets
}

# is_inside OPTION...: the program, and its children, are in a new time
# namespace, not just its children.
is_inside() {
	observe "${NS[@]}" "$@" sh -c 'readlink /proc/self/ns/time; (readlink /proc/self/ns/time_for_children)'
	assert_status 0
	refute_equal "${lines[0]}" "$(ns_id self time)"
	assert_equal "${lines[1]}" "${lines[0]}"
}

check_inside() {
	is_inside "$@"
	is_inside "$@" --monotonic 86400
	is_ahead monotonic 86400000000000 "$@" --monotonic 86400
	is_ahead boottime -1500000000 "$@" --boottime -1.5
}

@test "--time: the program is in the new time namespace, with offsets or without" {
	requires time-ns
	each_world check_inside --time
}

@test "a time namespace goes with a PID namespace" {
	requires time-ns
	each_world check_inside --time --fork --pid --mount-proc
}

@test "a time namespace goes with all the others" {
	requires time-ns
	each_world check_inside --all --fork --user --mount-proc --map-root-user
}

# Of a new user namespace; for root the owner is somebody else.
check_owner() {
	local owner
	local -a map=(-r)
	owner=$(id -u "$NST_USER"):$(id -g "$NST_USER")
	! is_root || map=(--map-users 0:100000:10 --map-groups 0:100000:10)
	check_inside --time --owner "$owner"
	check_inside --time --owner "$owner" "${map[@]}" --fork --pid
}

@test "a time namespace goes with --owner" {
	requires time-ns
	each_world check_owner
}

check_refused_offsets() {
	local option offset
	for option in --monotonic --boottime; do
		for offset in -100000000 4611686019 9223372036854775806 -9223372036854775806.9; do
			refuses 'write the clock offsets: .*: Numerical result out of range$' "$option" "$offset"
			assert_stderr_line --regexp "^$TOOL: hint: .*clock would be negative"
			assert_stderr_count 2
		done
	done
}

@test "an offset that would make a clock negative, or too late, is refused with a hint" {
	requires time-ns
	each_world check_refused_offsets
}

### --setup

NAMES='for t in mnt uts ipc net pid user cgroup; do readlink /proc/self/ns/$t; done'

setup_inside() {
	observe "$LAUNCHER" -r --all --fork --setup "$NAMES" sh -c "$NAMES"
	assert_status 0
	assert_equal "${#lines[@]}" 14
	assert_equal "${lines[*]:0:7}" "${lines[*]:7}"
	refute_line "$(ns_id self uts)"
	refute_line "$(ns_id self user)"
}

@test "--setup runs inside the namespaces of the program" { each_way setup_inside; }

setup_sees() {
	echo first second | tr ' ' '\n' >"$D/in"
	observe "$LAUNCHER" -r --hostname=inside --wd "$D/new" --setup "
		uname -n; pwd; read line; echo \$line; mkdir $D/new; [ \"\$(uname -n)\" != inside ] || hostname changed" \
		sh -c 'uname -n; pwd; cat' <"$D/in"
	assert_status 0
	assert_equal "$output" "$(printf '%s\n' inside "$("${WHO[@]}" pwd)" first changed "$D/new" second)"
	refute_equal "$(uname -n)" changed
}

@test "--setup has the hostname and stdin, and comes before the working directory and the program" { each_way setup_sees; }

setup_caps() {
	observe "$LAUNCHER" "$@" --setup "grep -E '^Cap(Eff|Bnd)' /proc/self/status | cut -f 2" true
	assert_status 0
	assert_equal "${lines[0]}" "${lines[1]}"
	refute_equal "$((0x${lines[0]}))" 0
}

@test "--setup has all capabilities in the namespace, whatever the user is mapped to" {
	each_way setup_caps -r
	each_way setup_caps -c
	each_way setup_caps -U --map-user=1000
}

program_caps() {
	observe "$LAUNCHER" -c --setup true sh -c "grep -E '^Cap(Inh|Eff|Amb)' /proc/self/status | cut -f 2 | sort -u"
	assert_status 0
	assert_output 0000000000000000
}

@test "the capabilities of --setup are not the program's" { as_the_user program_caps; }

setup_ids() {
	observe "$LAUNCHER" --uts -S 65534 -G 65533 --setup 'id -u; id -g' sh -c 'id -u; id -g'
	assert_status 0
	assert_equal "${lines[*]}" '0 0 65534 65533'
}

@test "--setup runs before the ids change" {
	requires root
	as_ourselves setup_ids
}

setup_fails() {
	local how
	for how in -r '-r --fork --pid' "-r $(indirect)"; do
		refuses 'set-up command: exit status 3$' $how --setup 'exit 3'
		refuses 'set-up command: killed by signal 9 \(Killed\)$' $how --setup 'kill -KILL $$'
		refuses 'set-up command: exit status 127$' $how --setup "$D/no-such-command"
	done
}

@test "a --setup that fails or is killed ends the launch" { each_way setup_fails; }

setup_without_shell() {
	mkdir "$D/root"
	observe "$LAUNCHER" -r --root "$D/root" --setup true true
	assert_outcome 'exited 125'
	assert_stderr_line --regexp "^$TOOL: .*/bin/sh: No such file or directory$"
}

@test "a --setup without a shell in the new root is a failure of the tool's" { each_way setup_without_shell; }

### Who may

needs_privileges() {
	local option
	for option; do
		refuses '.*: Operation not permitted$' "$option"
		assert_stderr_line --regexp "^$TOOL: hint: .*--map-root-user"
	done
}

@test "names, interfaces, time need privileges or a user namespace, as a hint says" {
	as_the_user needs_privileges --hostname=world --domainname=world --loopback --time
}

@test "clock offsets need privileges or a user namespace, as a hint says" {
	requires time-ns
	as_the_user needs_privileges --monotonic=1 --boottime=1
}
