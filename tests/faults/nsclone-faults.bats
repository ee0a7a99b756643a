#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Every system call that nsclone and its child make from main on up to the
# program's exec fails, one at a time: nsclone says which step it was and ends
# with 125, the program does not run, and nothing is left.

load ../helpers
load faults
load sets
TOOLS=(nsclone)

setup_file() { make_user; }
teardown_file() { remove_user; }

setup() { setup_faults; }

teardown() {
	end_background
	[ -z "$CGROUP" ] || rmdir "$CGROUP"
}

# Once the child has been told to go on, it does, whether nsclone hears of it or not.
export CANNOT_FAIL="$CANNOT_FAIL 0:recvfrom:2 0:recvfrom:3"

### Calls that may fail without harm, PROCESS:CALL:N; 0 is nsclone, 1 its child

readonly HELPER='[2-9]:prctl:*' # PR_SET_PDEATHSIG of a program to be run before (the child is 1)
readonly SIGNALS='0:read:*'     # the signalfd: what is not read now is read later
readonly PRESENT_ROOT='1:openat:* 1:newfstatat:* 1:read:*' # is the root the present one? If in doubt, it is not
# The size and the settings of a terminal that there is not; where a stream of ours cannot be opened anew, it serves as it is.
readonly HARMLESS_PTY='0:ioctl:* 0:fcntl:* 0:openat:* 0:newfstatat:* 0:fstat:*'
readonly PID_FILE='0:newfstatat:*@*/pid' # if it cannot be looked at, it is a plain file
readonly OUR_FILE='0:newfstatat:1 0:access:1' # whose our executable is: if in doubt, it is guarded
readonly CGROUP_PROCS='0:openat:*' # for kernels before 5.7 only
readonly SETGROUPS='[01]:setgroups:*' # a user namespace may deny it; groups of one's own may stay then
readonly USER_DATABASE='0:socket:* 0:connect:* 0:newfstatat:* 0:openat:* 0:read:* 0:lseek:* 0:mmap:*' # libc has several sources

readonly NO_GROUPS='0:setgroups:1' # there are none that a denial would leave

### The command lines

@test "one new namespace" { each_faults '' --uts; }

@test "user, PID and mount namespaces, proc" { each_faults '' --map-root-user --pid --mount-proc; }

@test "ids by ranges" {
	requires root
	as_ourselves directly faults '' --map-root-user --map-users 1:100000:1000 --map-groups 1:100000:1000 --setgroups allow
}

@test "subordinate ids, by helper programs" {
	requires root subids # an ordinary user who is watched gains nothing by set-user-ID
	as_the_user directly faults "$USER_DATABASE [1245]:prctl:* $SIGNALS" --map-auto
}

@test "the owner of the user namespace" {
	requires root
	as_ourselves directly faults "$NO_GROUPS" --owner "$(id -u "$NST_USER"):$(id -g "$NST_USER")" \
		--map-users 0:100000:10 --map-groups 0:100000:10 --boottime 1000
}

@test "a new root with all that can be in it" {
	local OF_PROGRAM='1:newfstatat:* 1:call-439:*' # before the trampoline is used
	busybox_root "$BATS_TEST_TMPDIR/root"
	each_faults "$PRESENT_ROOT $OUR_FILE" --pid --root "$BATS_TEST_TMPDIR/root" --propagation slave --mount-proc --mount-sys \
		--hostname world --domainname nis --loopback --wd /tmp
}

@test "clock offsets" {
	requires time-ns
	each_faults '' --monotonic 86400 --boottime -1.5
}

@test "pins" {
	stay_on_one_cpu
	as_ourselves in_private_mounts directly faults '' --mount="$DIR/pin-mnt" --uts="$DIR/pin-uts" --time="$DIR/pin-time" --pid="$DIR/pin-pid"
}

@test "PID file, status line, commands to run before" {
	each_faults "$PID_FILE $HELPER $SIGNALS" --uts --pid-file "$DIR/pid" --json-status-fd 9 --block-fd 8 \
		--host-setup true --setup true
}

@test "--init" { each_faults '' --init --mount-proc; }

@test "another user, capabilities kept, no new privileges" {
	requires root
	as_ourselves directly faults "$SETGROUPS $NO_GROUPS" --uts --setuid 1234 --setgid 1234 --keep-caps --no-new-privs
}

@test "capabilities kept, no new privileges, in a user namespace" {
	each_faults '' --map-current-user --keep-caps --no-new-privs
}

@test "--into-cgroup" {
	requires root cgroup2
	CGROUP=$CGROUP2/nst-faults-$$
	mkdir "$CGROUP"
	as_ourselves directly faults "$CGROUP_PROCS" --into-cgroup "$CGROUP" --cgroup
}

@test "--close-fds" { each_faults '' --uts --close-fds=4,9; }

@test "--background" { each_faults "$PID_FILE" --uts --background --pid-file "$DIR/pid"; }

@test "all namespaces" {
	requires root
	as_ourselves directly faults '*:access:*@/proc/self/ns/*' --all # only ENOENT says that there is no such type
}

@test "--pty" {
	each_faults "$HARMLESS_PTY $SIGNALS" --uts --pty
}

### Sets

@test "a set of pins" {
	stay_on_one_cpu
	as_ourselves in_private_mounts directly set_of '' --mount --uts --net
}

@test "the set of a keeper" {
	as_the_user directly set_of "$SIGNALS" --uts --net
}

### Signals

@test "SIGTERM: pins and a PID file" { signals_with_pins "$PID_FILE" --uts="$DIR/pin-uts" --pid-file "$DIR/pid"; }

@test "SIGTERM: --init" { each_signals '' --init --mount-proc; }

@test "SIGTERM: a set" {
	FAULT_KINDS='TERM TERM:0' LAST=12
	as_ourselves in_private_mounts directly set_of '' --uts --net
}

@test "killed before exec: pins" {
	FAULT_KINDS=KILL LAST=12
	as_ourselves in_private_mounts directly faults '' --uts="$DIR/pin-uts"
}
