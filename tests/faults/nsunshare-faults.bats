#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Every system call that nsunshare, its helper and its child make from main on up
# to the program's exec fails, one at a time: nsunshare says which step it was and
# ends with 125, the program does not run, and nothing is left.

load ../helpers
load faults
load sets
TOOLS=(nsunshare)

setup_file() { make_user; }
teardown_file() { remove_user; }
setup() { setup_faults; }

### Calls that may fail without harm, PROCESS:CALL:N; 0 is nsunshare

readonly OUR_FILE='0:newfstatat:1 0:access:1' # whose our executable is: if in doubt, it is guarded
readonly PRESENT_ROOT='1:openat:* 1:newfstatat:* 1:read:*' # is the root the present one? If in doubt, it is not
readonly MAKE_PRIVATE='1:mount:2 1:mount:4' # proc and sysfs: what could not be made private is looked at, whether it is shared
readonly USER_DATABASE='0:socket:* 0:connect:* 0:newfstatat:* 0:openat:* 0:read:* 0:lseek:* 0:mmap:*' # libc has several sources
readonly DEATH_SIGNALS='[1245]:prctl:*' # PR_SET_PDEATHSIG of getsubids and newuidmap (the helper is 3)

### In place: PROCESS 0 is nsunshare, and then the program

@test "one new namespace" { each_faults '' --uts; }

@test "user and mount namespaces, capabilities kept, no new privileges" {
	each_faults '' --map-current-user --mount --keep-caps --no-new-privs
}

@test "ids by ranges" {
	requires root
	as_ourselves directly faults '' --map-root-user --map-users 1:100000:1000 --map-groups 1:100000:1000 --setgroups allow
}

@test "subordinate ids, by helper programs" {
	requires root subids # an ordinary user who is watched gains nothing by set-user-ID
	as_the_user directly faults "$USER_DATABASE $DEATH_SIGNALS" --map-auto
}

@test "the owner of the user namespace" {
	requires root
	as_ourselves directly faults '0:setgroups:1' --owner "$(id -u "$NST_USER"):$(id -g "$NST_USER")" \
		--map-users 0:100000:10 --map-groups 0:100000:10 --boottime 1000
}

@test "clock offsets" {
	requires time-ns
	each_faults '' --monotonic 86400 --boottime -1.5
}

# What the helper hears last, after the pins: that the program is executed, and that
# it has been. There is nobody any more whom it could tell that it does not hear.
@test "pins" {
	KEEPS=2
	CANNOT_FAIL+=' 2:recvfrom:3 2:recvfrom:4'
	stay_on_one_cpu
	as_ourselves in_private_mounts directly faults '' --mount="$DIR/pin-mnt" --uts="$DIR/pin-uts" --time="$DIR/pin-time"
}

# Of the command: its PR_SET_PDEATHSIG.
@test "a command to run before" { each_faults '1:prctl:*' --uts --setup true; }

# A user namespace may deny setgroups(2); groups of one's own may stay then.
@test "another user" {
	requires root
	as_ourselves directly faults '0:setgroups:*' --uts --setuid 1234 --setgid 1234 --keep-caps
}

@test "--files, --fs, --sysvsem, --close-fds" { each_faults '' --files --fs --sysvsem --close-fds=4,9; }

### --fork

@test "--fork: user, PID and mount namespaces, proc" { each_faults '' --map-root-user --fork --pid --mount-proc; }

@test "--fork: a new root with all that can be in it" {
	local OF_PROGRAM='1:newfstatat:* 1:call-439:*' # before the trampoline is used
	busybox_root "$BATS_TEST_TMPDIR/root"
	each_faults "$PRESENT_ROOT $OUR_FILE $MAKE_PRIVATE" --fork --pid --root "$BATS_TEST_TMPDIR/root" --propagation slave --mount-proc --mount-sys \
		--hostname world --domainname nis --loopback --wd /tmp
}

# The last word to the helper comes when the program runs, and will run on; and
# once the child has been told to go on, it does, whether nsunshare hears of it or not.
@test "--fork: pins" {
	KEEPS=1
	CANNOT_FAIL+=' 1:recvfrom:4 1:recvfrom:5 0:recvfrom:5 0:recvfrom:6'
	stay_on_one_cpu
	as_ourselves in_private_mounts directly faults '' --fork --mount="$DIR/pin-mnt" --uts="$DIR/pin-uts" --time="$DIR/pin-time" --pid="$DIR/pin-pid"
}

# The same.
@test "--fork: a command to run before, and a signal for the child" {
	CANNOT_FAIL+=' 0:recvfrom:2 0:recvfrom:3'
	each_faults '2:prctl:*' --uts --kill-child --setup true
}

@test "--fork: ids by ranges, and another user" {
	requires root
	as_ourselves directly faults '0:setgroups:1' --kill-child=TERM --map-users 0:100000:1000 --map-groups 0:100000:1000 --setuid 5 --setgid 5
}

### Sets. What the helper hears last: see "pins".

@test "a set of pins" {
	KEEPS=2
	CANNOT_FAIL+=' 2:recvfrom:3 2:recvfrom:4'
	stay_on_one_cpu
	as_ourselves in_private_mounts directly set_of '' --mount --uts --net
}

@test "the set of a keeper" {
	KEEPS=2
	CANNOT_FAIL+=' 2:recvfrom:5 2:recvfrom:6 4:prctl:1'
	as_the_user directly set_of '' --uts --net
}

@test "--fork: a set of pins" {
	KEEPS=1
	CANNOT_FAIL+=' 1:recvfrom:3 1:recvfrom:4'
	stay_on_one_cpu
	as_ourselves in_private_mounts directly set_of '' --fork --mount --uts --net
}

@test "--fork: the set of a keeper" {
	KEEPS=1
	CANNOT_FAIL+=' 1:recvfrom:5 1:recvfrom:6'
	as_the_user directly set_of '' --fork --uts --net
}

### Signals

@test "SIGTERM: a pin" { KEEPS=2 signals_with_pins '' --uts="$DIR/pin-uts"; }

@test "SIGTERM: --fork, a pin" { KEEPS=1 signals_with_pins '' --fork --uts="$DIR/pin-uts"; }

@test "SIGTERM: --fork, a pin and a command to run before" {
	KEEPS=1 signals_with_pins '' --fork --setup true --uts="$DIR/pin-uts"
}

@test "SIGTERM: a set" {
	FAULT_KINDS='TERM TERM:0' LAST=12 KEEPS=2
	as_ourselves in_private_mounts directly set_of '' --uts --net
}

### Two faults at once

# unsaid OPTION...: there is no program, and a word that the helper is to hear of that
# cannot be said.
unsaid() {
	local call files left tmp=$BATS_TEST_TMPDIR
	stays=()
	"$HELPERS/fault" list "$tmp/report" "${NS[@]}" "$@" /no/such/program 2>/dev/null || true
	for call in $(grep ':sendto:' "$tmp/report"); do
		status=0
		timeout 20 "$HELPERS/fault" "$call=ENOBUFS" "$tmp/report" "${NS[@]}" "$@" /no/such/program 2>/dev/null || status=$?
		[[ $status == 12[57] ]] || fail "-- $call: status $status"
		leftovers
		[ "$files$left" = "$DIR/*" ] || fail "-- $call: $files $left"
	done
}

@test "a word that cannot be said to the helper, when there is no program either" {
	as_ourselves in_private_mounts directly unsaid --uts="$DIR/pin-uts"
	as_ourselves in_private_mounts directly unsaid --fork --uts="$DIR/pin-uts"
}
