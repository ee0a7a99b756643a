#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The helper that writes maps from outside, and the programs that it runs: one
# that fails stops the launch, one that hangs holds up nobody's end, and
# whoever is killed, nobody is left.

load helpers
load launchers
TOOLS=(nsunshare)

setup_file() { make_user; }
teardown_file() { remove_user; }
setup() { requires userns; }

# fake NAME COMMANDS: a program of that name comes first in the PATH of the tool;
# it says that it runs.
fake() {
	"${WHO[@]}" mkdir -p "$D/fake"
	printf '#!/bin/sh\necho "$PPID" >%s\n%s\n' "$D/helper" "$2" >"$D/fake/$1"
	chmod 755 "$D/fake/$1"
	NS=(env PATH="$D/fake:$PATH" "$LAUNCHER")
}

# each_launch TEST [ARG...]: with $HOW, in place, as a child and with more to come
each_launch() {
	local HOW
	requires subids
	for HOW in '' --fork '-p --kill-child --setup true'; do
		printf -- '-- %s\n' "$HOW"
		"$@"
	done
}

### One that fails

says_why() {
	fake "$1" 'echo "'"$1"': not today" >&2; exit 1'
	refused "${NS[@]}" -r --map-auto $HOW
	assert_stderr_line "nsunshare: $1: exit status 1: not today"
	fake "$1" 'kill -KILL $$'
	refused "${NS[@]}" -r --map-auto $HOW
	assert_stderr_line "nsunshare: $1: killed by signal 9 (Killed)"
	fake "$1" 'kill -TERM $$'
	refused "${NS[@]}" -r --map-auto $HOW
	assert_stderr_line "nsunshare: $1: killed by signal 15 (Terminated)"
}

@test "newuidmap that fails, or is killed, stops the launch" { as_the_user each_launch says_why newuidmap; }
@test "newgidmap that fails, or is killed, stops the launch" { as_the_user each_launch says_why newgidmap; }

### One that hangs

# hanging NAME: the tool waits for it, and it for nothing.
hanging() {
	rm -f "$D/helper"
	watch "${NS[@]}" -r --map-auto $HOW touch "$D/ran" 2>"$D/stderr"
	wait_until test -s "$D/helper"
	wait_until child_of "$BG_PID"
	LAUNCHER_PID=$CHILD
	assert_equal "$(comm_of "$LAUNCHER_PID")" nsunshare
}

ends_with_tool() {
	local sig body
	for body in 'exec sleep 99' 'trap "" TERM HUP INT; sleep 99; :'; do
		fake "$1" "$body"
		for sig in TERM INT KILL; do
			hanging
			to "$LAUNCHER_PID" "$sig"
			ended "killed $(kill -l "$sig")"
			[ ! -e "$D/ran" ]
			[ ! -s "$D/stderr" ]
		done
	done
}

@test "newuidmap that hangs: a signal ends nsunshare, and nobody is left" { as_the_user each_launch ends_with_tool newuidmap; }

# Before anything else: there is no helper of ours yet.
list_hangs() {
	local sig
	fake getsubids 'exec sleep 99'
	for sig in TERM KILL; do
		hanging
		to "$LAUNCHER_PID" "$sig"
		ended "killed $(kill -l "$sig")"
	done
}

@test "getsubids that hangs: a signal ends nsunshare, and nobody is left" { as_the_user each_launch list_hangs; }

killed_helper() {
	fake newgidmap 'exec sleep 99'
	hanging
	refute_equal "$(<"$D/helper")" "$LAUNCHER_PID"
	to "$(<"$D/helper")" KILL
	ended 'exited 125'
	[ ! -e "$D/ran" ]
	assert_equal "$(<"$D/stderr")" 'nsunshare: the helper outside: killed by signal 9 (Killed)'
}

@test "a helper that is killed stops the launch, and what it has started ends" { as_the_user each_launch killed_helper; }

storms() {
	local sig RUNS=60 STEP=150
	for sig in TERM KILL; do
		storm "$sig" -r --map-auto
		storm "$sig" -r --map-auto -p --kill-child --forward-signals
	done
}

storms_with_subids() {
	requires subids
	storms
}

@test "TERM and KILL at any moment while the maps are written leave nobody" { as_the_user storms_with_subids; }

### unshare(2) fails: the helper waits for a word that does not come

call_fails() {
	local -a how=(--map-users 0:0:1 --map-groups 0:0:1)
	is_root || how=(-r --map-auto)
	for HOW in '' --fork '-p --kill-child --setup true'; do
		refused strace -f -q -o "$D/trace" -e trace=unshare -e inject=unshare:error=ENOMEM "$LAUNCHER" "${how[@]}" $HOW
		assert_stderr_line 'nsunshare: unshare: Cannot allocate memory'
	done
}

@test "a failing unshare ends the helper, too" {
	requires strace subids
	each_way call_fails
}

# In a user namespace where that can be said.
no_more() {
	local type
	for type in user:U uts:u net:n; do
		refused unshare -r bash -c 'echo 0 >"/proc/sys/user/max_$1_namespaces" && exec "${@:2}"' \
			bash "${type%:*}" "$LAUNCHER" --map-users 0:0:1 --map-groups 0:0:1 "-${type#*:}" --uts
		said_of_failure 'unshare: No space left on device' "/proc/sys/user/max_${type%:*}_namespaces is 0"
	done
}

@test "namespaces of which there may be none: the helper ends, and a hint says which" { each_way no_more; }

### What unshare(1) gets wrong

maps_of() { sed 's/^ *//; s/  */:/g' "/proc/$PROGRAM/uid_map" "/proc/$PROGRAM/gid_map" | paste -sd ' '; }

denied_groups() {
	local -a how=(--map-users 0:0:5 --map-groups 0:0:5)
	is_root || how=(-r --map-auto)
	launch_sleep "${how[@]}" --setgroups deny "$@"
	assert_equal "$(<"/proc/$PROGRAM/setgroups")" deny
	[ "$(awk '{ n += $3 } END { print n }' "/proc/$PROGRAM/gid_map")" -gt 1 ]
	end_sleep
}

denied_groups_of_each() {
	requires subids
	denied_groups
	denied_groups --fork
}

@test "--map-groups goes with --setgroups deny" { each_way denied_groups_of_each; }

owner_and_clock() {
	local before
	before=$(cut -d. -f1 /proc/uptime)
	observe "$LAUNCHER" --owner 1234:1234 "$@" --boottime 1000000 sh -c '
		cut -d. -f1 /proc/uptime; id -u; "$0" /proc/self/ns/user; readlink /proc/self/ns/time' "$HELPERS/ns-owner"
	assert_outcome 'exited 0'
	[ "${lines[0]}" -ge $((before + 1000000)) ]
	refute_equal "${lines[3]}" "$(ns_id self time)"
	assert_equal "${lines[2]}" "$owner"
}

owners_and_clocks() {
	local owner=65534
	local -a own=(--map-users 0:0:1 --map-users 1:1:2000 --map-groups 0:0:1)
	owner_and_clock
	owner_and_clock --fork
	owner=1234
	owner_and_clock "${own[@]}"
	assert_equal "${lines[1]}" 0
	owner_and_clock "${own[@]}" --fork
}

@test "--owner goes with --boottime" {
	requires root time-ns
	as_ourselves owners_and_clocks
}

root_alone() {
	local where
	private_etc
	for where in uid gid; do
		printf '%s\n' alice:100000:65536 root1:200000:10 root:300000:1000 nobody:400000:65536 >"/etc/sub$where"
	done
	launch_sleep --map-auto "$@"
	assert_equal "$(maps_of)" '0:300000:1000 0:300000:1000'
	end_sleep
	sed -i /^root:/d /etc/subuid
	refused "$LAUNCHER" --map-auto "$@"
	assert_stderr_line 'nsunshare: no subordinate user ids for root'
}

@test "--map-auto of root takes root's ranges and nobody else's" {
	requires root
	as_ourselves in_private_mounts root_alone
	as_ourselves in_private_mounts root_alone --fork
}

never_truncated() {
	local id
	usage 'a number is too large' --map-groups=0:0:4294967296
	usage 'a number is too large' --map-groups=0:0:4294967297
	for id in 4294967295 4294967296 4294967297 18446744073709551616 -1; do
		usage "--setuid: '$id'" -U "-S$id"
		usage "--setgid: '$id'" -U "-G$id"
		usage "--map-user: '$id'" "--map-user=$id"
		usage "--map-group: '$id'" "--map-group=$id"
		usage "--map-users: '0:$id:1'" "--map-users=0:$id:1"
		usage "--map-users: '$id,0,1'" "--map-users=$id,0,1"
		usage "--owner: '$id'" "--owner=$id:0"
		usage "--owner: '$id'" "--owner=0:$id"
	done
}

great_ids() {
	local id
	for id in 2147483648 4294967294; do
		observe "$LAUNCHER" --map-user "$id" --map-group "$id" sh -c 'id -u; id -g; cat /proc/self/uid_map'
		assert_outcome 'exited 0'
		assert_equal "${lines[0]} ${lines[1]}" "$id $id"
		[[ ${lines[2]} =~ ^\ *$id\ +$("${WHO[@]}" id -u)\ +1$ ]]
	done
}

@test "ids that are too great are refused, never cut; those over 2^31 are ids" {
	as_ourselves never_truncated
	each_way great_ids
}
