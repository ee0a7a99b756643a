#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Every system call that nsenter-lite and its child make from main on up to the
# program's exec fails, one at a time: nsenter-lite says which step it was and
# ends with 125, and the program does not run.

load ../helpers
load ../launchers
load ../nsenter
load faults
load sets

setup_file() { make_user; }
teardown_file() { remove_user; }
setup() { setup_faults; }

### Calls that may fail without harm, PROCESS:CALL:N; 0 is nsenter-lite

readonly PIDFD_KNOWS='0:ioctl:* 0:newfstatat:2' # the user namespace; else /proc tells, or the kernel refuses to enter it
readonly NO_GROUPS='*:setgroups:*' # what is not dropped out here is dropped in there; or may stay, where it is denied
readonly WRITABLE='0:newfstatat:*@/proc/self/exe 0:access:*' # our own executable; if in doubt, it is
readonly DENIED='0:setns:1'        # so it is to who shares some of the target's: the rest is tried
readonly CLOSED='0:lseek:*'        # of the target's environment: asked for once more from inside
readonly SAME_FILES='0:newfstatat:[34]' # are its files others than ours? If in doubt, it must be our equal, which it is

# What an ordinary user asks on the way: are our groups the target's, too; which
# namespaces do we share with it? If in doubt, no.
readonly IN_DOUBT='*:getgroups:* 0:openat:[2-9] 0:read:* 0:lseek:* 0:newfstatat:*'

# Is the program there, and may it be executed? (439 is faccessat2.)
OF_PROGRAM='1:newfstatat:1 1:call-439:1'

# A trap of bats before each command would take more time than all the rest.
entering() (
	trap - DEBUG
	NS=("$LAUNCHER")
	[ ${#WHO[@]} -eq 0 ] || ! as_root ||
		NS=(setpriv --reuid "$NST_USER" --regid "$NST_USER" --init-groups --inh-caps=-all "${NS[@]}")
	"$@"
)

all_of_a_container() {
	world -muinpC --mount-proc --hostname inside
	entering faults "$PIDFD_KNOWS $DENIED" -a -t "$TARGET"
}

@test "all of a container" {
	requires root
	as_ourselves all_of_a_container
}

own_sandbox() {
	world -r -mp --mount-proc
	entering faults "$PIDFD_KNOWS $NO_GROUPS $WRITABLE $DENIED $IN_DOUBT" -a -t "$TARGET"
}

@test "an own sandbox" { each_way own_sandbox; }

by_files() {
	local OF_PROGRAM='0:newfstatat:* 0:call-439:*'
	own_world -nu --hostname inside
	entering faults "$NO_GROUPS $WRITABLE $IN_DOUBT 0:setns:*" ${USER_OPTION[@]:+--user=/proc/$TARGET/ns/user} \
		--from "/proc/$TARGET/ns/net" --uts="/proc/$TARGET/ns/uts"
}

@test "by files" { each_way in_own_world by_files; }

files_and_target() {
	own_world -mpnu --mount-proc
	entering faults "$PIDFD_KNOWS $NO_GROUPS $WRITABLE $IN_DOUBT 0:setns:*" -t "$TARGET" "${USER_OPTION[@]}" -m -p \
		--net="/proc/$TARGET/ns/net"
}

@test "a file, and the rest of the target" { each_way in_own_world files_and_target; }

belongings() {
	world -mp --mount-proc
	entering faults "$PIDFD_KNOWS $NO_GROUPS $DENIED $CLOSED $SAME_FILES" -a -t "$TARGET" -r -w -e -S follow -G follow
}

@test "root, working directory, environment and ids of the target" {
	requires root
	as_ourselves belongings
}

credentials() {
	world -u
	entering faults "$NO_GROUPS" -t "$TARGET" -u -S 1234 -G 1234 --keep-caps --no-new-privs --drop-caps=net_raw,sys_admin
}

@test "another user, capabilities dropped and kept" {
	requires root
	as_ourselves credentials
}

forwarded() {
	own_world -up --mount-proc
	entering faults "$PIDFD_KNOWS $NO_GROUPS $WRITABLE $DENIED $IN_DOUBT" -a -t "$TARGET" --kill-child --forward-signals --close-fds
}

@test "a child that signals go on to" { each_way forwarded; }

### Sets

# Is it still the one of that name? If in doubt it is looked for once more.
readonly STILL_NAMED='0:newfstatat:*@*/box 0:newfstatat:*@box'

# Is it ours already? If in doubt, it is not. And what cannot be entered at once is tried again in another order.
readonly SHARED='0:newfstatat:*@/proc/self/ns/* 0:setns:[1-3]'

# a_set EXCEPTIONS
a_set() {
	local OF_PROGRAM='0:newfstatat:* 0:call-439:*' ret=0
	export NSPIN_DIR=$D/sets
	own_world -mnu
	"${WHO[@]}" "$NSPIN" -t "$TARGET" box 3>&- 4>&-
	entering faults "$1 $ALWAYS" -a -t box || ret=1
	"${WHO[@]}" "$NSPIN" -d box 3>&- 4>&-
	return $ret
}

@test "a set of pins" {
	stay_on_one_cpu
	as_ourselves in_private_mounts in_own_world a_set "$NO_GROUPS $WRITABLE $STILL_NAMED $SHARED"
}

@test "the set of a keeper" {
	as_the_user in_own_world a_set "$NO_GROUPS $WRITABLE $STILL_NAMED 0:getgroups:* 0:setns:*"
}
