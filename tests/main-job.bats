#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What the launchers are for, on real input: a world of one's own to run things in.

load helpers
load launchers
TOOLS=(nsclone)

setup_file() { make_user; }
teardown_file() { remove_user; }

setup() {
	requires userns ip
	export ROOT=$BATS_TEST_TMPDIR/root
}

# What was made has gone with the processes, or never was outside.
teardown() {
	end_background
	! grep -F " $BATS_TEST_TMPDIR/" /proc/self/mountinfo || fail "mounts are left"
	! ip -o link | grep nst- || fail "interfaces are left"
}

### ps as process 1

check_ps() {
	observe "${NS[@]}" --fork --pid --mount-proc ps -e -o pid=,ppid=,comm=
	assert_status 0
	refute_stderr
	assert_equal "$(tr -s ' ' <<<"${output# }")" ' 1 0 ps'
}

@test "ps is process 1 of its own world and sees nothing else" {
	local -a TOOLS=("${LAUNCHERS[@]}")
	requires ps
	each_world check_ps
}

### A shell in another root file system, in namespaces of all eight types

# map_of OWN [-g]: what the whole subordinate range of the user comes to, after OWN.
map_of() {
	local next=1 first count
	echo "0 $1 1"
	while read -r first count; do
		echo "$next $first $count"
		next=$((next + count))
	done < <(getsubids ${2-} "$NST_USER" | awk '{ print $(NF - 1), $NF }')
}

# The options for it: root names the ranges, the user need not.
map_options() {
	is_root || { echo --map-auto; return; }
	echo --map-root-user
	map_of 0 | sed -n '2,$ { s/ /:/g; s/^/--map-users=/p }'
	map_of 0 -g | sed -n '2,$ { s/ /:/g; s/^/--map-groups=/p }'
}

# The shell lets a process be orphaned, looks about, gives a file to a
# subordinate user, and waits to be looked at.
write_job() {
	cat >"$ROOT/job" <<-'END'
		orphan=$(sleep 0.2 >/dev/null & echo $!)
		grep PPid: /proc/$orphan/status
		for i in 1 2 3 4 5 6 7 8 9 10; do [ ! -e /proc/$orphan ] || sleep 0.2; done
		[ -e /proc/$orphan ] || echo reaped
		hostname
		ls /sys/class/net
		ip link show lo
		ping -c 1 -W 5 127.0.0.1
		cut -d' ' -f5 /proc/self/mountinfo
		touch /tmp/file
		chown 1000:1000 /tmp/file
		touch /tmp/done
		until [ -e /tmp/answer ]; do sleep 0.1; done
		rm /tmp/done /tmp/file
		exit $(cat /tmp/answer)
	END
}

check_shell() {
	local init shell type kind flag
	start "${WHO[@]}" "${NS[@]}" --all --user $(map_options) --root "$ROOT" --mount-proc --mount-sys \
		--hostname world --loopback --monotonic 86400 --init sh /job >"$BATS_TEST_TMPDIR/out"
	wait_until test -e "$ROOT/tmp/done" || fail "$(<"$BATS_TEST_TMPDIR/out")"
	init=$(pgrep -P "$BG_PID")
	shell=$(pgrep -P "$init")

	for type in $NSTYPES; do
		refute_equal "$(ns_id "$shell" "$type")" "$(ns_id self "$type")"
	done
	is_root && set -- 0 0 || set -- "$(id -u "$NST_USER")" "$(id -g "$NST_USER")"
	assert_equal "$(tr -s ' ' <"/proc/$init/uid_map" | sed 's/^ //')" "$(map_of "$1")"
	assert_equal "$(tr -s ' ' <"/proc/$init/gid_map" | sed 's/^ //')" "$(map_of "$2" -g)"
	assert_equal "$(stat -c %u:%g "$ROOT/tmp/file")" \
		"$(($(map_of "$1" | sed -n '2s/.* \(.*\) .*/\1/p') + 999)):$(($(map_of "$2" -g | sed -n '2s/.* \(.*\) .*/\1/p') + 999))"
	assert_equal "$(stat -L -c %d:%i "/proc/$shell/root")" "$(stat -c %d:%i "$ROOT")"
	mapfile -t lines <"$BATS_TEST_TMPDIR/out"
	assert_equal "${lines[*]:0:4}" $'PPid:\t1 reaped world lo'
	assert_line --regexp '^[0-9]+: lo: <([A-Z_]+,)*UP[,>]'
	assert_line --partial '1 packets received'
	assert_equal "${lines[*]: -3}" '/ /proc /sys'

	echo 42 >"$ROOT/tmp/answer"
	status=0
	wait "$BG_PID" || status=$?
	assert_status 42
	[ ! -e "/proc/$init" ] && [ ! -e "$ROOT/tmp/done" ]
	rm "$ROOT/tmp/answer"
}

@test "a shell has a world of all eight types with the whole subordinate range, and all of it is right" {
	requires subids time-ns cgroup-ns
	busybox_root "$ROOT"
	install -m 666 /dev/null "$ROOT/dev/null" # a file will do
	write_job
	each_world check_shell
}

### Two worlds that talk

# In what is the host for both: the user's is a world itself.
connect_worlds() {
	local one
	start "$NSCLONE" --net --hostname=one sleep 60
	wait_until runs "$BG_PID" sleep
	one=$PROGRAM
	start "$NSCLONE" --net --hostname=two --host-setup "
			ip link add nst-one type veth peer name nst-two &&
			ip link set nst-one netns $one && ip link set nst-two netns \$NSCLONE_PID &&
			nsenter --target $one --net ip address add 192.0.2.1/30 dev nst-one &&
			nsenter --target $one --net ip link set nst-one up" \
		--setup 'ip address add 192.0.2.2/30 dev nst-two && ip link set nst-two up' \
		sh -c 'ping -c 3 -i 0.2 -W 5 192.0.2.1 && exec sleep 60'
	wait_until runs "$BG_PID" sleep
	nsenter --target "$one" --net --uts sh -c 'uname -n; ping -c 1 -W 5 192.0.2.2'
	nsenter --target "$PROGRAM" --net --uts sh -c 'uname -n; ip -o link show nst-two'
	! ip link show nst-one 2>/dev/null || fail "nst-one is left where it was made"
	end_background
}

# check_connected [RUNNER...]: in a shell of their own, wherever that runs.
check_connected() {
	{ declare -f && declare -p TOOL; } >"$BATS_TEST_TMPDIR/functions"
	observe "$@" bash -c '. "$0"; set -e; BG_PIDS=(); connect_worlds' "$BATS_TEST_TMPDIR/functions"
	assert_status 0
	assert_equal "$(grep -c ' 0% packet loss' <<<"$output")" 2
	assert_line 'one'
	assert_line 'two'
	assert_line --regexp 'nst-two@.*<([A-Z_]+,)*UP[,>]'
}

@test "two worlds that --host-setup connects ping each other" {
	requires root ping nsenter
	as_ourselves check_connected
}

@test "two worlds in a user's world that --host-setup connects ping each other" {
	requires ping nsenter
	as_the_user check_connected "$NSCLONE" --map-root-user --net --pid --mount-proc
}
