#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What nsenter-lite is told to enter, by process, by file, by socket, it enters,
# and nothing else; or it fails, and the program does not run.

load helpers
load launchers
load nsenter

setup_file() { make_user; }
teardown_file() { remove_user; }
setup() { requires userns; }

### By process

each_type() {
	local type
	own_world -a
	for type in $(in_order mnt uts ipc net pid cgroup time); do
		enters_target "$type $USER_TYPE" "${USER_OPTION[@]}" "--$(option_of "$type")"
		enters_target "$type $USER_TYPE" "${USER_OPTION[@]}" "-$(letter_of "$type")"
	done
}

@test "--TYPE, -T: the target's namespace of this type is entered, no other" { each_way in_own_world each_type; }

only_user() {
	world -r -a
	enters_target user --user
	enters_target user -U
}

@test "--user: the target's user namespace is entered, no other" { each_way only_user; }

together() {
	own_world -a
	enters_target "uts net mnt $USER_TYPE" "${USER_OPTION[@]}" -m -n -u
	enters_target "$(in_order mnt uts ipc net pid cgroup time) $USER_TYPE" "${USER_OPTION[@]}" -m -u -i -n -p -C -T
}

@test "several types together" { each_way in_own_world together; }

all_of_them() {
	own_world -a
	enters_target "$(types_here)" -a
	enters_target "$(types_here)" --all
	end_target
	world -r -a
	enters_target "$(types_here)" -a
}

@test "--all: all of the target's" { each_way all_of_them; }

shared_ones() {
	own_world -u
	enters_target "uts $USER_TYPE" -a
	enters_target "uts $USER_TYPE" -a -u
	end_target
	own_world -np
	enters_target "net pid $USER_TYPE" -a
	end_target
	target sleep 999
	enters_target '' -a
	observe "$LAUNCHER" --all --target $$ sh -c 'echo it ran'
	[ "$AS" = user ] && as_root || assert_output 'it ran'
}

@test "--all leaves out what is shared with the target" { each_way in_own_world shared_ones; }

shared_by_name() {
	own_world -u
	enters_target "uts $USER_TYPE" -U -u -n -i -m
	end_target
	target sleep 999
	enters_target '' -U -u -n -i -m -p -C -T
}

@test "a type that is named and shared with the target is no failure: it is where we are" {
	each_way in_own_world shared_by_name
}

only_children() {
	own_world -ap
	observe "$LAUNCHER" -t "$TARGET" "${USER_OPTION[@]}" -p sh -c 'readlink /proc/self/ns/pid; echo $PPID'
	assert_outcome 'exited 0'
	# Who has forked it is not in there.
	assert_equal "$output" "$(links "$TARGET" pid)"$'\n0'
	for option in -F --no-fork; do
		observe "$LAUNCHER" -t "$TARGET" "${USER_OPTION[@]}" -p $option \
			sh -c 'readlink /proc/$$/ns/pid /proc/$$/ns/pid_for_children; (readlink /proc/self/ns/pid)'
		assert_outcome 'exited 0'
		assert_equal "$output" "$(links $$ pid; links "$TARGET" pid; links "$TARGET" pid)"
	done
}

@test "--pid: the program is in the PID namespace; with --no-fork only its children are" {
	each_way in_own_world only_children
}

later() {
	local here there
	requires time-ns
	own_world --monotonic 1000000 --boottime=2000000
	for clock in monotonic:1000000 boottime:2000000; do
		here=$("$HELPERS/clock" "${clock%:*}")
		inside "${USER_OPTION[@]}" -T "$HELPERS/clock" "${clock%:*}"
		there=$(((output - here) / 1000000000 - ${clock#*:}))
		[ "$there" -ge 0 ] && [ "$there" -lt 1000 ] || fail "off by $there"
		observe "$LAUNCHER" -t "$TARGET" "${USER_OPTION[@]}" -T --kill-child "$HELPERS/clock" "${clock%:*}"
		there=$(((output - here) / 1000000000 - ${clock#*:}))
		[ "$there" -ge 0 ] && [ "$there" -lt 1000 ] || fail "off by $there"
	done
}

@test "--time: the program's clocks are the target's" { each_way in_own_world later; }

by_inode() {
	local inode
	own_world -u
	inode=$("$HELPERS/pidfd-inode" "$TARGET")
	enters "uts $USER_TYPE" --target "$TARGET:$inode" -a
	enters "uts $USER_TYPE" "-t$TARGET:$inode" -a
	failure 'another process: its inode is' '' --target "$TARGET:$((inode + 1))" -a
	failure 'another process: its inode is' '' --target "$TARGET:1" -a
	failure 'another process: its inode is' '' --target "$BG_PID:$inode" -a
}

@test "--target PID:INODE: only if that is the process" {
	"$HELPERS/pidfd-inode" $$ >/dev/null || skip 'needs pidfs (Linux 6.9)'
	each_way in_own_world by_inode
}

not_there() {
	local zombie pid
	"${WHO[@]}" true 3>&- &
	pid=$!
	wait $pid
	failure 'hold the process' '' -t "$pid" -a
	zombie() { child_of "$BG_PID" && [ "$(state_of "$CHILD")" = Z ]; }
	start "${WHO[@]}" sh -c 'true & exec sleep 999'
	wait_until zombie
	TARGET=$CHILD
	cannot 'namespace' 'has ended' -u
	cannot 'has ended' '' -e -w
	refused "$LAUNCHER" -t "$TARGET" -a touch "$D/ran"
	assert_stderr --partial 'has ended'
}

@test "--target: a process that has ended" { each_way not_there; }

one_thread() {
	is_root && set -- -n || set -- -r -n
	start "${WHO[@]}" "$NSCLONE" "$@" "$HELPERS/thread" "$D/thread"
	wait_until test -s "$D/thread"
	wait_until child_of "$BG_PID"
	first=$CHILD
	TARGET=$(<"$D/thread")
	refute_equal "$(links "$TARGET" uts)" "$(links "$first" uts)"
	enters_target "uts net $USER_TYPE" -a
	enters_target "uts $USER_TYPE" "${USER_OPTION[@]}" -u
	TARGET=$first
	enters_target "net $USER_TYPE" -a
}

@test "--target: a thread has namespaces of its own" {
	"$HELPERS/pidfd-inode" $$ >/dev/null || skip 'needs pidfds of threads (Linux 6.9)'
	each_way in_own_world one_thread
}

### By file

by_file() {
	local type letter option file
	own_world -a
	for type in $(in_order mnt uts ipc net pid cgroup time); do
		file=/proc/$TARGET/ns/$type
		option=$(option_of "$type") letter=$(letter_of "$type")
		enters "$type" "--$option=$file"
		enters "$type" "-$letter$file"
		enters "$type" "-$letter=$file"
		enters "$type" --from "$file"
		enters "$type" "-f$file"
	done
	exec {fd}<"/proc/$TARGET/ns/uts"
	enters uts "--uts=/dev/fd/$fd" --close-fds
	enters uts "--uts=/proc/self/fd/$fd" --close-fds
	exec {fd}<&-
}

@test "--TYPE=FILE, -TFILE, -T=FILE, --from FILE: the namespace that FILE is" {
	requires root
	as_ourselves by_file
}

# Its own user namespace is what an ordinary user needs besides.
by_file_with_user() {
	local type
	world -r -a
	user=/proc/$TARGET/ns/user
	enters user "-U$user"
	enters user --from "$user"
	for type in $(in_order mnt uts ipc net pid cgroup time); do
		enters "$type user" "--user=$user" "--$(option_of "$type")=/proc/$TARGET/ns/$type"
		enters "$type user" -f "/proc/$TARGET/ns/$type" --from="$user"
	done
	ln -s "/proc/$TARGET/ns/net" "$D/:net"
	enters 'net user' -U="$user" --net="$D/:net"
}

@test "--TYPE=FILE together with the user namespace that owns it, by FILE, too" { each_way by_file_with_user; }

relative_colon() {
	world -r -n
	cd "$D"
	ln -s "/proc/$TARGET/ns/net" :net
	enters "net user" -U -t "$TARGET" --net=./:net
	cd "/proc/$TARGET/ns"
	enters "net user" -nnet -Uuser
	cd - >/dev/null
}

@test "a FILE that begins with a colon is ./:FILE" { as_ourselves relative_colon; }

override() {
	local other
	own_world -u
	other=$TARGET
	own_world -un
	observe "$LAUNCHER" -a -t "$TARGET" "--uts=/proc/$other/ns/uts" "${LOOK[@]}"
	if is_root; then
		assert_outcome 'exited 0'
		assert_equal "$output" "$(for t in $(types_here); do case $t in uts) links "$other" uts ;; net) links "$TARGET" net ;; *) links $$ $t ;; esac; done)"
	else
		# Owned by a user namespace that is not among what is entered
		assert_outcome 'exited 125'
		refute_output
	fi
}

@test "--all with --TYPE=FILE: FILE in place of the target's" {
	look_around
	each_way override
}

### From several places

# The file's namespace is owned by the user namespace of the target, or outside of it.
mixed_inner() {
	local outer inner
	world -r -un
	outer=$TARGET
	target "$NSCLONE" -r -u "$NSCLONE" -r -n sleep 999
	inner=$TARGET
	TARGET=$inner
	enters 'user net' -t "$inner" -U "--net=/proc/$inner/ns/net"
	enters 'user net' -t "$inner" -n "--user=/proc/$inner/ns/user"
	enters 'user net' "--user=/proc/$inner/ns/user" "--net=/proc/$inner/ns/net" -t "$inner"
	# In a user namespace that does not own it, nor one above that
	cannot 'enter the network namespace' 'CAP_SYS_ADMIN' -U "--net=/proc/$outer/ns/net"
	TARGET=$outer
	cannot "enter the UTS namespace" CAP_SYS_ADMIN -U -n "--uts=/proc/$inner/ns/uts"
}

@test "mixed sources: a namespace that the user namespace owns is entered after it" { as_the_user mixed_inner; }
@test "mixed sources: the same for whom everything is open" {
	requires root
	as_ourselves mixed_root
}

mixed_root() {
	local outer
	world -u -n
	outer=$TARGET
	world -r -ui
	look_around
	# Owned by our user namespace (net), by the target's (uts).
	observe "$LAUNCHER" -t "$TARGET" -U -u "--net=/proc/$outer/ns/net" "${LOOK[@]}"
	assert_outcome 'exited 0'
	assert_equal "$output" "$(for t in $(types_here); do case $t in net) links "$outer" $t ;; user | uts) links "$TARGET" $t ;; *) links $$ $t ;; esac; done)"
	# Nothing of the target's but the file's
	observe "$LAUNCHER" "--user=/proc/$TARGET/ns/user" --from "/proc/$TARGET/ns/ipc" --from "/proc/$outer/ns/uts" "${LOOK[@]}"
	assert_outcome 'exited 0'
	assert_equal "$output" "$(for t in $(types_here); do case $t in uts) links "$outer" $t ;; user | ipc) links "$TARGET" $t ;; *) links $$ $t ;; esac; done)"
	# Everything of the target's, but for one
	observe "$LAUNCHER" -at "$TARGET" "--net=/proc/$outer/ns/net" "${LOOK[@]}"
	assert_outcome 'exited 0'
	assert_equal "$output" "$(for t in $(types_here); do case $t in net) links "$outer" $t ;; *) links "$TARGET" $t ;; esac; done)"
}

mount_by_file() {
	own_world -mpu --mount-proc
	enters_target "mnt uts pid $USER_TYPE" -a "--mount=/proc/$TARGET/ns/mnt"
	enters_target "mnt uts pid $USER_TYPE" "${USER_OPTION[@]}" -u -p -f "/proc/$TARGET/ns/mnt"
}

@test "mixed sources: the mount namespace by FILE, where /proc is another one" {
	each_way in_own_world mount_by_file
}

### Sandboxes of one's own: -a -t PID is all that it takes

own_sandbox() {
	printf -- '-- in %s\n' "$*"
	target "$@" sleep 999
	look_around
	observe "$LAUNCHER" -a -t "$TARGET" "${LOOK[@]}"
	assert_outcome 'exited 0'
	assert_equal "$output" "$(links "$TARGET" $(types_here))"
	refute_stderr
	end_target
}

own_sandboxes() {
	own_sandbox "$NSCLONE" -r
	own_sandbox "$NSCLONE" -r -a
	own_sandbox "$NSCLONE" -r -a --init --mount-proc
	own_sandbox "$NSCLONE" -c -mn
	own_sandbox "$NSCLONE" --map-user 7 --map-group 8 -u
	own_sandbox "$NSCLONE" -r --setgroups deny -u
	own_sandbox "$NSCLONE" -r "$NSCLONE" -r -n
	own_sandbox "$NSCLONE" -r "$NSCLONE" -c "$NSCLONE" -rnu
	own_sandbox "$NSCLONE" -rpu --mount-proc "$NSCLONE" -c "$NSCLONE" -rpn --mount-proc
	own_sandbox "$NSUNSHARE" -rpf --mount-proc
	own_sandbox unshare -rmnu
}

@test "-a -t PID enters a sandbox of one's own" { each_way own_sandboxes; }

with_subids() {
	own_sandbox "$NSCLONE" -r --map-auto
	own_sandbox "$NSCLONE" -r --map-auto -S 5 -G 5 -mu
	own_sandbox "$NSCLONE" --map-auto -ump
	own_sandbox "$NSCLONE" -r --map-auto "$NSCLONE" -r --map-users 1:1:100 -n
}

@test "-a -t PID enters a sandbox of one's own that has subordinate ids" {
	requires subids
	as_the_user with_subids
}

with_bwrap() {
	own_sandbox bwrap --unshare-all --bind / / --proc /proc --dev /dev
	own_sandbox bwrap --unshare-user --unshare-net --bind / /
	own_sandbox bwrap --unshare-all --uid 33 --gid 34 --die-with-parent --bind / / --proc /proc --as-pid-1
}

@test "-a -t PID enters a bubblewrap sandbox of one's own" {
	requires bwrap
	as_the_user with_bwrap
}

### Sockets, parents

# finds_no_descriptor ARG...: none but those that it would find without us.
finds_no_descriptor() {
	local fds
	observe "$HELPERS/inventory"
	fds=$(grep ^fds "$BATS_TEST_TMPDIR/stdout")
	inside "$@" "$HELPERS/inventory"
	assert_line "$fds"
}

of_socket() {
	start "${WHO[@]}" "$NSCLONE" -r -n "$HELPERS/two-nets" "$D/nets"
	wait_until test -s "$D/nets"
	read -r TARGET net <"$D/nets"
	wait_until child_of "$BG_PID"
	TARGET=$CHILD
	inside -U -N 9 readlink /proc/self/ns/net
	assert_output "$net"
	inside -U --net-socket=9 readlink /proc/self/ns/user /proc/self/ns/uts
	assert_output "$(links "$TARGET" user uts)"
	finds_no_descriptor -U -N 9
	inside -a -N9 readlink /proc/self/ns/net
	assert_output "$net"
	refute_output "$(links "$TARGET" net)"
	cannot 'take descriptor 99' '' -U -N 99
	cannot 'find the network namespace of descriptor 8' '' -U -N 8
}

@test "--net-socket: the network namespace of a socket of the target's" { each_way of_socket; }

parents() {
	local middle
	target "$NSCLONE" -r -u "$NSCLONE" -r -n sleep 999
	wait_until child_of "$BG_PID"
	middle=$CHILD
	finds_no_descriptor -U --user-parent
	inside -U --user-parent readlink /proc/self/ns/user
	assert_output "$(links "$middle" user)"
	refute_output "$(links "$TARGET" user)"
	observe "$LAUNCHER" -t "$TARGET" -u --user-parent readlink /proc/self/ns/user /proc/self/ns/uts
	assert_outcome 'exited 0'
	assert_output "$(links "$middle" user uts)"
	observe "$LAUNCHER" "--user=/proc/$TARGET/ns/user" --user-parent readlink /proc/self/ns/user
	assert_outcome 'exited 0'
	assert_output "$(links "$middle" user)"
}

@test "--user-parent: the parent of the user namespace, or the owner of another one" { each_way parents; }

no_parent() {
	world -r -u
	usage '--user-parent: of which namespace' --target "$TARGET" --user-parent
	# Its parent is our own; what lies above is not to be seen
	failure "find the parent user namespace" "outside of the present user namespace" --user=/proc/self/ns/user --user-parent
}

@test "--user-parent where there is none" { as_the_user no_parent; }

### Pins whose process is dead

dead_pins() {
	"$NSUNSHARE" "--uts=$D/uts" "--net=$D/net" --hostname pinned.example true
	observe "$LAUNCHER" "--uts=$D/uts" hostname
	assert_outcome 'exited 0'
	assert_output pinned.example
	observe "$LAUNCHER" --from "$D/uts" --from "$D/net" readlink /proc/self/ns/uts /proc/self/ns/net
	assert_outcome 'exited 0'
	assert_equal "$output" "$(pinned "$D/uts"; pinned "$D/net")"
	refute_output "$(links $$ uts net)"
	failure "$D/net" '' "--uts=$D/net"
	"$NSUNSHARE" -f "--pid=$D/pid" true
	failure 'fork' 'the init of the PID namespace has ended' "--pid=$D/pid"
	failure 'fork' 'the init of the PID namespace has ended' -f "$D/pid"
	umount "$D/uts" "$D/net" "$D/pid"
	failure "$D/uts" '' "--uts=$D/uts"
}

@test "a namespace that is kept on a file, its process dead, is entered by the file" {
	as_ourselves in_private_mounts dead_pins
}

### What is no namespace, or not the one

no_namespace() {
	own_world -un
	mkfifo "$D/fifo"
	mkdir "$D/dir"
	echo text >"$D/file"
	ln -s loop "$D/loop"
	for option in --uts= -u --from=; do
		failure "$D/fifo" '' "$option$D/fifo"
		failure "$D/dir" '' "$option$D/dir"
		failure "$D/file" '' "$option$D/file"
		assert_stderr "nsenter-lite: no namespace: $D/file"
		failure "$D/loop" '' "$option$D/loop"
		failure "$D/none" '' "$option$D/none"
		failure /dev/fd/99 '' "$option/dev/fd/99"
		failure /dev/null '' "$option/dev/null"
		failure /dev/zero '' "$option/dev/zero"
		failure "/proc/$TARGET/status" '' "$option/proc/$TARGET/status"
	done
	failure "no UTS namespace, but a network namespace: /proc/$TARGET/ns/net" '' "--uts=/proc/$TARGET/ns/net"
	failure "no network namespace, but a user namespace: /proc/$TARGET/ns/user" '' "-n/proc/$TARGET/ns/user"
	failure "no mount namespace, but a UTS namespace: /proc/$TARGET/ns/uts" '' "-m=/proc/$TARGET/ns/uts"
	# A good one before a bad one is not entered; and nothing is: it does not run.
	failure "$D/fifo" '' "${USER_OPTION[@]}" -t "$TARGET" -n "--uts=$D/fifo"
}

@test "a FILE that is no namespace, or of another type" { each_way in_own_world no_namespace; }

badly_said() {
	own_world -u
	for type in mount uts ipc net pid user cgroup time; do
		usage "--$type needs a process" "--$type"
		usage "--$type=: the name of the file is empty" "--$type="
		usage "'" -t "$TARGET" "--$type=:x"
	done
	usage 'needs a process' -a
	usage 'needs a process' -N 3
	usage 'needs a process' -r
	usage 'needs a process' -w
	usage 'needs a process' -e
	usage 'needs a process' -c
	usage 'needs a process' -S follow
	usage 'needs a process' --setgid=follow
	usage '--wdns needs a directory' -t "$TARGET" -u -W
	usage '--wdns needs a directory' -t "$TARGET" -u --wdns
	usage '--wdns needs a directory' -t "$TARGET" -u --wdns=
	usage 'two UTS namespaces' -f "/proc/$TARGET/ns/uts" "--uts=/proc/$TARGET/ns/uts"
	usage 'two UTS namespaces' -f "/proc/$TARGET/ns/uts" -f /proc/self/ns/uts
	usage 'two UTS namespaces' -t "$TARGET" -u -f "/proc/$TARGET/ns/uts"
	for pid in '' 0 -1 1x ' 1' '1 ' +1 4294967296 4294967297 99999999999999999999 1: 1:0 1:x :1 1:1:1 1:-1 \
		1:18446744073709551616 /proc/self ./x; do
		usage '--target' "--target=$pid" -u
	done
}

@test "what is said badly is a usage error" { as_ourselves badly_said; }

### All or nothing

foreign() {
	WHO=()
	world -r -a
	WHO=(as_user)
	for options in -a -u -n '-U -u' -U; do
		failure 'namespace' CAP_SYS_ADMIN -t "$TARGET" $options
	done
}

@test "a target that belongs to somebody else: nothing is entered, the program does not run" {
	requires root
	as_the_user foreign
}

# Without its user namespace, one's own sandbox is closed.
half() {
	world -r -nu
	cannot "enter the network namespace" 'enter that, too (--user)' -n
	cannot 'enter the UTS, network namespaces' 'enter that, too (--user)' -u -n
	cannot "enter the network namespace" "enter that, too (--user)" "-n/proc/$TARGET/ns/net"
}

@test "what a user namespace owns cannot be entered without it: a hint says so" { as_the_user half; }

# inject N ERROR ARG...: the Nth setns(2) and all that follow fail.
inject() {
	AROUND=(strace -f -q -o "$D/trace" -e trace=setns -e inject="setns:error=$2:when=$1+")
	observe "$LAUNCHER" "${@:3}" touch "$D/ran"
	AROUND=()
}

# As long as there are so many.
each_failure() {
	local n error
	for error in EPERM EINVAL ENOMEM; do
		for ((n = 1; n < 20; n++)); do
			printf -- '-- %s from %s on: %s\n' "$error" "$n" "$*"
			inject "$n" "$error" "$@"
			grep -q INJECTED "$D/trace" || break
			assert_outcome 'exited 125'
			[ ! -e "$D/ran" ]
			[[ ${stderr_lines[0]} == "$TOOL: "*namespace* ]] || show_run 'wanted the namespace'
		done
		[ "$n" -gt 1 ]
		rm "$D/ran"
	done
}

nothing() {
	own_world -unim
	each_failure -t "$TARGET" "${USER_OPTION[@]}" -u -n
	each_failure -t "$TARGET" "${USER_OPTION[@]}" -u -n "--ipc=/proc/$TARGET/ns/ipc" "--mount=/proc/$TARGET/ns/mnt"
}

@test "a setns(2) that fails, whichever it is: the program does not run" {
	requires strace
	as_ourselves in_own_world nothing
}

# setns(2) does nothing and says that it has: from several sources, that is seen.
lies() {
	own_world -un
	for n in 1 2; do
		AROUND=(strace -f -q -o "$D/trace" -e trace=setns -e inject="setns:retval=0:when=$n")
		failure 'is not the one to be entered' '' -t "$TARGET" "${USER_OPTION[@]}" -u "--net=/proc/$TARGET/ns/net"
	done
	AROUND=()
}

@test "mixed sources: at the end the process is where it was told to go, or the program does not run" {
	requires strace
	as_ourselves in_own_world lies
}
