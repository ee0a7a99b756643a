#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The world that the program finds itself in: its names, the loopback
# interface, clocks.

load helpers
load ways

setup_file() { make_user; }

teardown_file() { remove_user; }

setup() { CGROUP=; }

teardown() {
	end_background
	[ -z "$CGROUP" ] || rmdir "$CGROUP"
}

### --hostname, --domainname

# check_name OPTION FILE: as the kernel gives the name, and a world of its own for it.
check_name() {
	local option=$1 file=$2 outside name
	outside=$(<"$file")
	for name in world a.b-c "$(printf %064d 7)"; do
		run_split "${NS[@]}" "$option" "$name" sh -c "cat $file; readlink /proc/self/ns/uts"
		assert_status 0
		assert_equal "${lines[0]}" "$name"
		refute_equal "${lines[1]}" "$(ns_id self uts)"
		assert_equal "$(<"$file")" "$outside"
	done
}

@test "--hostname is what uname says inside, not outside" {
	each_way check_name --hostname /proc/sys/kernel/hostname
	run_split "${AS_USER[@]}" "$NSCLONE" --map-root-user --hostname world uname -n
	assert_output world
}

@test "--domainname is the NIS domain name inside, not outside" {
	each_way check_name --domainname /proc/sys/kernel/domainname
}

check_both_names() {
	run_split "${NS[@]}" --hostname host --domainname domain cat /proc/sys/kernel/hostname /proc/sys/kernel/domainname
	assert_output $'host\ndomain'
}

@test "--hostname and --domainname together set each its own" { each_way check_both_names; }

@test "--hostname, --domainname: no name, and more than 64 bytes, are usage errors" {
	local option
	NS=("$NSCLONE")
	for option in --hostname --domainname; do
		refuses "^nsclone: $option: .* 1 to 64 bytes" --map-root-user "$option" "$(printf %065d 7)"
		refuses "^nsclone: $option: .* 1 to 64 bytes" --map-root-user "$option" ''
		assert_stderr_count 2
	done
}

### --loopback

check_loopback() {
	run_split "${NS[@]}" --loopback sh -c '
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
	each_way check_loopback
}

check_no_loopback() {
	run_split "${NS[@]}" --net ip -o link show lo
	assert_output --regexp '^[0-9]+: lo: <'
	refute_output --regexp '<([A-Z_]+,)*UP[,>]'
}

@test "without --loopback a new network namespace has lo down" {
	requires ip
	each_way check_no_loopback
}

### Clocks

# is_ahead CLOCK NANOSECONDS OPTION...: exactly so much, as two looks from
# outside, one before and one after, enclose the one from inside.
is_ahead() {
	local clock=$1 offset=$2 before inside after
	shift 2
	before=$("$HELPERS/clock" "$clock")
	inside=$("${NS[@]}" "$@" "$HELPERS/clock" "$clock")
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
	each_way check_clocks monotonic boottime
}

@test "--boottime moves CLOCK_BOOTTIME, by just so much, and no other" {
	requires time-ns
	each_way check_clocks boottime monotonic
}

# In hundredths of a second; rounding costs one at most.
check_uptime() {
	local -i offset=$1 before inside after
	before=10#$(sed 's/\.//; s/ .*//' /proc/uptime)
	inside=10#$("${NS[@]}" --boottime "$2" sed 's/\.//; s/ .*//' /proc/uptime)
	after=10#$(sed 's/\.//; s/ .*//' /proc/uptime)
	((before + offset - 1 <= inside && inside <= after + offset + 1)) ||
		fail "-- before: $before" "-- inside: $inside" "-- after: $after"
}

@test "--boottime shows in /proc/uptime" {
	requires time-ns
	each_way check_uptime 8640000 86400
	each_way check_uptime -150 -1.5
}

check_offsets() {
	run_split "${NS[@]}" --monotonic -1.5 --boottime 2.5 sed 's/  */ /' /proc/self/timens_offsets
	assert_output $'monotonic -2 500000000\nboottime 2 500000000'
}

@test "offsets reach the kernel with nanoseconds that are never negative" {
	requires time-ns
	each_way check_offsets
}

# is_inside OPTION...: the program, and its children, are in a new time
# namespace, not just its children.
is_inside() {
	run_split "${NS[@]}" "$@" sh -c 'readlink /proc/self/ns/time; (readlink /proc/self/ns/time_for_children)'
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
	each_way check_inside --time
}

@test "a time namespace goes with a PID namespace" {
	requires time-ns
	each_way check_inside --time --pid --mount-proc
}

@test "a time namespace goes with --init" {
	requires time-ns
	each_way check_inside --time --init --mount-proc
}

check_init_inside() {
	local init
	start "${NS[@]}" --init --monotonic 1 sleep 60
	init=$(wait_until pgrep -P "$BG_PID") # the init of the new PID namespace
	wait_until pgrep -P "$init" sleep >/dev/null
	refute_equal "$(ns_id "$init" time)" "$(ns_id self time)"
	assert_equal "$(ns_id "$init" time)" "$(ns_id "$(pgrep -P "$init")" time)"
	end_background
}

@test "the init of --init is in the time namespace, too" {
	requires root time-ns # others may not look at it
	each_way check_init_inside
}

@test "a time namespace goes with all the others" {
	requires time-ns
	each_way check_inside --all --user --mount-proc --map-root-user
}

# Of a new user namespace; for root the owner is somebody else.
check_owner() {
	local owner
	owner=$(id -u "$NST_USER"):$(id -g "$NST_USER")
	check_inside --time --owner "$owner"
	check_inside --time --owner "$owner" --map-root-user --pid
}

@test "a time namespace goes with --owner" {
	requires time-ns
	each_way check_owner
}

@test "a time namespace goes with --into-cgroup" {
	requires root time-ns cgroup2
	CGROUP=$CGROUP2/nst-world-$$
	mkdir "$CGROUP"
	WHO=root with_ns check_inside --time --into-cgroup "$CGROUP"
	WHO=root with_ns check_inside --time --into-cgroup "$CGROUP" --map-root-user --cgroup --init
	run_split "$NSCLONE" --monotonic 1 --into-cgroup "$CGROUP" cat /proc/self/cgroup
	assert_line --regexp "^0::.*/${CGROUP##*/}\$"
}

# All eight types, offsets or not.
check_without_clone3() {
	local type
	local -a all=(--all --user --map-root-user --mount-proc)
	NS=("${AS_USER[@]}" "$HELPERS/without-clone3" "$NSCLONE" "$@")
	is_inside --time
	is_inside "${all[@]}"
	is_ahead monotonic -1500000000 --monotonic -1.5
	is_ahead boottime 86400000000000 "${all[@]}" --init --boottime 86400
	run_split "${NS[@]}" "${all[@]}" readlink $(printf '/proc/self/ns/%s ' $NSTYPES)
	for type in $NSTYPES; do
		assert_line --regexp "^$type:"
		refute_line "$(ns_id self "$type")"
	done
}

@test "a time namespace is made without clone3, too, and so are the others" {
	requires time-ns userns
	check_without_clone3 --map-root-user
}

check_refused_offsets() {
	local option offset
	for option in --monotonic --boottime; do
		for offset in -100000000 4611686019 9223372036854775806 -9223372036854775806.9; do
			refuses '^nsclone: write the clock offsets: .*: Numerical result out of range$' "$option" "$offset"
			assert_stderr_line --regexp '^nsclone: hint: .*clock would be negative'
			assert_stderr_count 2
		done
	done
}

@test "an offset that would make a clock negative, or too late, is refused with a hint" {
	requires time-ns
	each_way check_refused_offsets
}

@test "--monotonic, --boottime: what is no number of seconds is a usage error" {
	local clock offset
	NS=("$NSCLONE")
	for offset in '' x 1x ' 1' '1 ' 1. .5 -.5 - + -- --1 +-1 1e3 0x10 1,5 1.5.5 nan 1.0000000001 9223372036854775807 99999999999999999999; do
		for clock in monotonic boottime; do
			refuses "^nsclone: --$clock: '.*' is " --map-root-user "--$clock=$offset"
			assert_stderr_line --partial ": '$offset' is "
			assert_stderr_count 2
		done
	done
}

### Who may

# needs_privileges OPTION...
needs_privileges() {
	local option
	requires userns
	NS=("${AS_USER[@]}" "$NSCLONE")
	for option; do
		refuses '^nsclone: .*: Operation not permitted$' "$option"
		assert_stderr_line --regexp '^nsclone: hint: .*--map-root-user'
	done
}

@test "names, interfaces, time need privileges or a user namespace, as a hint says" {
	needs_privileges --hostname=world --domainname=world --loopback --time
}

@test "clock offsets need privileges or a user namespace, as a hint says" {
	requires time-ns
	needs_privileges --monotonic=1 --boottime=1
}
