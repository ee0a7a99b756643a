#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# nspin -t TARGET --TYPE=FILE: namespaces of a process are kept on files. nspin -d
# FILE lets them go, and nothing else.

load helpers
load launchers
load nsenter
load nspin

setup_file() { make_user; }
teardown_file() { remove_user; }
setup() { requires userns taskset; }

### What is kept

# stock TYPE FILE COMMAND...: entered by nsenter(1).
stock() { nsenter --preserve-credentials "--$(option_of "$1")=$2" "${@:3}"; }

# kept_on FILE TYPE ID: it is, and nsenter gets there.
kept_on() {
	assert_equal "$(pinned "$1")" "$3"
	assert_equal "$(stock "$2" "$1" readlink "/proc/self/ns/$2")" "$3"
	refute_equal "$3" "$(ns_id self "$2")"
}

every_type() {
	local type
	local -A id=()
	world -r --all
	for type in $(types_here); do
		id[$type]=$(link_of "$TARGET" "$type")
		quietly -t "$TARGET" "--$(option_of "$type")=$D/$type"
		kept_on "$D/$type" "$type" "${id[$type]}"
	done
	end_target
	# Its init has gone
	unset 'id[pid]'
	for type in "${!id[@]}"; do
		kept_on "$D/$type" "$type" "${id[$type]}"
	done
	for type in $(types_here); do
		quietly -d "$D/$type"
		[ ! -e "$D/$type" ]
	done
	assert_equal "$(pins_below "$D")" ''
}

@test "a namespace of every type is kept on a file, is entered by nsenter(1), and outlives the target" { pinning every_type; }

together() {
	local type
	local -a pins=()
	world -r --all
	for type in $(types_here); do
		pins+=("--$(option_of "$type")=$D/$type")
	done
	quietly --target="$TARGET" "${pins[@]}"
	for type in $(types_here); do
		kept_on "$D/$type" "$type" "$(link_of "$TARGET" "$type")"
	done
	quietly --delete "$D"/*
	assert_equal "$(pins_below "$D")" ''
	assert_equal "$(ls "$D")" ''
}

@test "namespaces of every type in one run" { pinning together; }

of_what_file() {
	a_world uts net
	echo content >"$D/net"
	umask 022
	quietly -t "$TARGET" --uts="$D/uts" --net="$D/net"
	# The files beneath, as those see them for whom nothing is mounted there
	umount "$D/uts"
	umount "$D/net"
	assert_equal "$(stat -c '%a %s %F' "$D/uts")" '444 0 regular empty file'
	assert_equal "$(<"$D/net")" content
}

@test "the file is made, mode 0444; one that is there remains what it is" { pinning of_what_file; }

relative() {
	a_world uts
	mkdir "$D/in"
	(
		cd "$D/in"
		quietly -t "$TARGET" --uts=uts
		assert_equal "$(pinned "$D/in/uts")" "$(link_of "$TARGET" uts)"
		quietly -d ./uts
		[ ! -e uts ]
		quietly -t "$TARGET" --uts=../uts
		assert_equal "$(pinned "$D/uts")" "$(link_of "$TARGET" uts)"
		quietly -d ../uts
		quietly -t "$TARGET" --uts="$(printf 'a\nb c\\d')"
		quietly -d "./$(printf 'a\nb c\\d')"
		assert_equal "$(ls)" ''
	)
}

@test "FILE may be relative, and have any name" { pinning relative; }

# Of a target, what a program would find that it starts
of_children() {
	# unshare(1) itself stays where it was; only sleep goes.
	start unshare --fork --kill-child --time --boottime 100000 sleep 999
	wait_until last_is "$BG_PID" sleep
	refute_equal "$(readlink "/proc/$BG_PID/ns/time")" "$(link_of "$BG_PID" time)"
	quietly -t "$BG_PID" --time="$D/time"
	kept_on "$D/time" time "$(ns_id "$CHILD" time)"
	[ "$(stock time "$D/time" cut -d . -f 1 /proc/uptime)" -ge 100000 ]
	start unshare --fork --kill-child --pid sleep 999
	wait_until last_is "$BG_PID" sleep
	quietly -t "$BG_PID" --pid="$D/pid"
	kept_on "$D/pid" pid "$(ns_id "$CHILD" pid)"
}

@test "time and pid are those of the target's children" {
	requires time-ns
	pinning of_children
}

# unshare(1) does not fork: nobody has been born in there.
unborn() {
	target unshare --pid sleep 999
	quietly -t "$TARGET" --pid="$D/pid"
	assert_equal "$(pinned "$D/pid" | wc -l)" 1
	refute_equal "$(pinned "$D/pid")" "$(ns_id self pid)"
	run_split nsenter --pid="$D/pid" sh -c 'echo $$; readlink /proc/self/ns/pid'
	assert_status 0
	assert_output "1"$'\n'"$(pinned "$D/pid")"
	end_target
}

@test "a pid namespace that has no process yet is kept; who enters it is its init" { pinning unborn; }

by_inode() {
	local inode
	a_world uts
	inode=$("$HELPERS/pidfd-inode" "$TARGET") || skip 'needs inodes of pidfds'
	quietly -t "$TARGET:$inode" --uts="$D/uts"
	quietly -d "$D/uts"
	unable 'another process: its inode is' -t "$TARGET:$((inode + 1))" --uts="$D/uts"
	[ ! -e "$D/uts" ]
	end_target
	unable 'No such process|has ended' -t "$TARGET" --uts="$D/uts"
	unable 'No such process|has ended|another process' -t "$TARGET:$inode" --uts="$D/uts"
	[ ! -e "$D/uts" ]
}

@test "a target may be proven by its inode; one that is gone is an error" { pinning by_inode; }

for_ip() {
	a_world net
	mount -t tmpfs none /run
	mkdir /run/netns
	quietly -t "$TARGET" --net=/run/netns/nst
	assert_equal "$(ip netns list | sed 's/ (id.*//')" nst
	assert_equal "$(ip netns exec nst readlink /proc/self/ns/net)" "$(link_of "$TARGET" net)"
	quietly -d /run/netns/nst
	assert_equal "$(ip netns list)" ''
	# And those that ip has made, who must be able to come back
	is_root || return 0
	ip netns add theirs
	quietly -d /run/netns/theirs
	assert_equal "$(ip netns list)" ''
}

@test "ip netns sees what is kept in /run/netns, and the other way round" {
	requires ip
	pinning for_ip
}

of_a_set() {
	a_world uts net
	quietly -t "$TARGET" world
	quietly -t world --net="$D/net"
	kept_on "$D/net" net "$(link_of "$TARGET" net)"
	unable 'ipc|IPC' -t world --ipc="$D/ipc"
	[ ! -e "$D/ipc" ]
	quietly -d world "$D/net"
}

@test "the target may be a set" { pinning of_a_set; }

### All or none

# takes_back PATTERN ARG...: nspin fails, and the world is as it was.
takes_back() {
	local before
	before=$(whole_world)
	unable "$@"
	assert_equal "$(whole_world)" "$before"
}

all_or_none() {
	a_world uts net ipc
	echo content >"$D/old"
	takes_back "$D/none/net: No such file" -t "$TARGET" --uts="$D/uts" --net="$D/none/net"
	takes_back "$D/none/ipc: No such file" -t "$TARGET" --net="$D/net" --uts="$D/old" --ipc="$D/none/ipc"
	takes_back "$D: " -t "$TARGET" --uts="$D/uts" --net="$D"
	takes_back "$D/old/net: Not a directory" -t "$TARGET" --uts="$D/uts" --net="$D/old/net"
	# What was pinned before stays so.
	quietly -t "$TARGET" --uts="$D/uts"
	takes_back "$D/none/net" -t "$TARGET" --uts="$D/uts" --net="$D/none/net"
	assert_equal "$(pinned "$D/uts")" "$(link_of "$TARGET" uts)"
	assert_equal "$(<"$D/old")" content
	quietly -d "$D/uts"
}

@test "of several files all are made, or none" { pinning all_or_none; }

gone_meanwhile() {
	a_world uts net
	takes_back "$D/none" -t "$TARGET" --make-private --uts="$D/uts" --net="$D/none/net"
	mount -t tmpfs none "$D"
	mount --make-shared "$D"
	takes_back "$D/none" -t "$TARGET" --make-private --uts="$D/uts" --net="$D/none/net"
	assert_equal "$(times_mounted "$D")" 1
}

@test "the private directory of a run that fails is taken back, too" { pinning gone_meanwhile; }

denied() {
	a_world uts
	unable "pin the UTS namespace: $D/uts: Operation not permitted" -t "$TARGET" --uts="$D/uts"
	hinted 'CAP_SYS_ADMIN'
	[ ! -e "$D/uts" ]
}

@test "who may not mount has no pins on files, and is told so" { keeping denied; }

### Mount namespaces

own_mounts() {
	start sleep 999
	takes_back 'mount namespace.*Invalid argument' -t "$BG_PID" --mount="$D/mnt"
	hinted "the mount namespace that this process is in"
	takes_back 'mount namespace.*Invalid argument' -t "$BG_PID" --uts="$D/uts" --mount="$D/mnt"
	takes_back 'mount namespace.*Invalid argument' -t "$BG_PID" --make-private --mount="$D/mnt"
	hinted "the mount namespace that this process is in"
}

@test "one's own mount namespace cannot be kept; the hint says that it is this" { pinning own_mounts; }

shared_mount() {
	mkdir "$D/pins"
	mount -t tmpfs none "$D/pins"
	mount --make-shared "$D/pins"
	# It fails for those with whom it is shared.
	start unshare --mount --propagation unchanged sleep 999
	wait_until last_is "$BG_PID" sleep
	a_world mnt uts
	takes_back 'mount namespace.*Invalid argument' -t "$TARGET" --mount="$D/pins/mnt"
	hinted 'shared.*--make-private'
	takes_back 'mount namespace.*Invalid argument' -t "$TARGET" --uts="$D/pins/uts" --mount="$D/pins/mnt"
	quietly -t "$TARGET" --uts="$D/pins/uts"
	quietly -d "$D/pins/uts"
	quietly -t "$TARGET" --make-private --mount="$D/pins/mnt"
	assert_equal "$(pinned "$D/pins/mnt")" "$(link_of "$TARGET" mnt)"
	quietly -t "$TARGET" --make-private --mount="$D/pins/more" --uts="$D/pins/uts"
	assert_equal "$(times_mounted "$D/pins")" 2
	assert_equal "$(peers_of "$D/pins" /proc/self/mountinfo)" ''
	quietly -d "$D/pins/mnt" "$D/pins/more" "$D/pins/uts"
	assert_equal "$(ls "$D/pins")" ''
}

@test "a shared mount is named in the hint; --make-private makes the directory private, once" { pinning shared_mount; }

# Our mount namespace has been made on another CPU than the target's.
below_ours() {
	own_world --mount --uts
	nspin -t "$TARGET" --mount="$D/mnt"
	if [ "$status" -eq 0 ]; then
		quietly -d "$D/mnt"
		return
	fi
	assert_status 1
	assert_stderr --regexp '^nspin: pin the mount namespace: .*/mnt: Invalid argument'
	hinted 'id \([0-9]+\) below that of the present one \([0-9]+\)'
	assert_stderr_line --regexp '^nspin: hint: .*--hold --keep='
	[ ! -e "$D/mnt" ]
	# A set is told the same, and what the hint says helps.
	unable 'mount namespace' -t "$TARGET" -m -u world
	hinted '--hold --keep='
	deserted
	quietly --hold --keep=world -t "$TARGET" -m -u
	holds world "$TARGET" mnt uts
	quietly -d world
	echo trap >>"$D/seen"
}

in_trap() {
	find_cpus
	on_cpu_apart "${CPUS[0]}" in_private_mounts on_cpu "${CPUS[1]}" with_place below_ours
	on_cpu_apart "${CPUS[1]}" in_private_mounts on_cpu "${CPUS[0]}" with_place below_ours
	[ -e "$D/seen" ] || skip 'this kernel gives every new mount namespace a greater id'
}

@test "a mount namespace whose id is below ours is told by the hint, which names what helps" { as_ourselves in_trap; }

### Letting go

# untouched FILE [ARG...]: it is no pin, and is refused and as it was.
untouched() {
	local before
	before=$(whole_world; stat -c '%i %s %Y %F' "$1")
	unable "$2" -d "$1"
	assert_equal "$(whole_world; stat -c '%i %s %Y %F' "$1")" "$before"
}

no_pins() {
	a_world uts
	echo content >"$D/plain"
	: >"$D/empty"
	mkdir "$D/dir" "$D/tmpfs" "$D/sub"
	: >"$D/bound"
	mount --bind "$D/plain" "$D/bound"
	mount -t tmpfs none "$D/tmpfs"
	mkfifo "$D/fifo"
	quietly -t "$TARGET" --uts="$D/sub/uts"
	ln -s sub/uts "$D/link"
	ln -s plain "$D/to-plain"
	ln -s none "$D/dangling"
	ln -s "/proc/$TARGET/ns/uts" "$D/to-proc"
	untouched "$D/plain" "$D/plain"
	untouched "$D/empty" "$D/empty"
	untouched "$D/bound" "$D/bound"
	untouched "$D/dir" "$D/dir"
	untouched "$D/tmpfs" "$D/tmpfs"
	untouched "$D/fifo" "$D/fifo"
	untouched "$D/link" "$D/link"
	untouched "$D/to-plain" "$D/to-plain"
	untouched "$D/to-proc" "$D/to-proc"
	unable "$D/dangling" -d "$D/dangling"
	[ -h "$D/dangling" ]
	unable "/proc/$TARGET/ns/uts" -d "/proc/$TARGET/ns/uts"
	unable /dev/null -d /dev/null
	unable /proc -d /proc
	unable "$D/none: No such file" -d "$D/none"
	unable "$D/none/x: No such file" -d "$D/none/x"
	# The one in between is let go all the same.
	unable "$D/plain" -d "$D/plain" "$D/sub/uts" "$D/empty"
	assert_stderr_line --regexp "$D/empty"
	[ ! -e "$D/sub/uts" ]
	assert_equal "$(<"$D/plain")" content
	umount "$D/bound"
	umount "$D/tmpfs"
}

@test "-d refuses what is no pin, and leaves it as it is" { pinning no_pins; }

# Its last component may be none; above it they are what they are everywhere.
through_links() {
	a_world uts
	mkdir "$D/dir"
	ln -s dir "$D/link"
	quietly -t "$TARGET" --uts="$D/link/uts"
	quietly -d "$D/link/uts"
	assert_equal "$(ls "$D/dir")" ''
}

@test "a symbolic link on the way to FILE is followed" { pinning through_links; }

stacked() {
	local i
	a_world uts net
	quietly -t "$TARGET" --uts="$D/pin"
	quietly -t "$TARGET" --net="$D/pin"
	quietly -t "$TARGET" --uts="$D/pin"
	assert_equal "$(times_mounted "$D/pin")" 3
	quietly -d "$D/pin"
	assert_equal "$(pinned "$D/pin")" "$(links_of "$TARGET" uts net)"
	quietly -d "$D/pin"
	assert_equal "$(pinned "$D/pin")" "$(link_of "$TARGET" uts)"
	[ -e "$D/pin" ]
	quietly -d "$D/pin"
	[ ! -e "$D/pin" ]
	unable "$D/pin: No such file" -d "$D/pin"
	quietly -t "$TARGET" --uts="$D/pin"
	quietly -t "$TARGET" --uts="$D/pin"
	quietly -d "$D/pin" "$D/pin"
	[ ! -e "$D/pin" ]
}

@test "stacked pins go one by one, the file with the last" { pinning stacked; }

# A pin on another mount: that is none of ours.
on_a_mount() {
	a_world uts
	echo content >"$D/plain"
	: >"$D/file"
	mount --bind "$D/plain" "$D/file"
	quietly -t "$TARGET" --uts="$D/file"
	quietly -d "$D/file"
	assert_equal "$(times_mounted "$D/file")" 1
	assert_equal "$(<"$D/file")" content
	untouched "$D/file" "$D/file"
	# An empty file could be removed, but that it is a mount.
	: >"$D/empty"
	mount --bind "$D/empty" "$D/empty"
	quietly -t "$TARGET" --uts="$D/empty"
	quietly -d "$D/empty"
	assert_equal "$(times_mounted "$D/empty")" 1
	umount "$D/empty"
	# Covered by something else, it cannot be reached.
	mkdir "$D/dir"
	quietly -t "$TARGET" --uts="$D/dir/uts"
	mount --bind "$D/plain" "$D/dir/uts"
	untouched "$D/dir/uts" "$D/dir/uts"
	umount "$D/dir/uts"
	quietly -d "$D/dir/uts"
	umount "$D/file"
}

@test "another mount below a pin, or on it, is left alone" { pinning on_a_mount; }

# Between a look at it and the unmount, it goes: what lies beneath is another mount.
taken_off() {
	a_world uts
	echo content >"$D/plain"
	: >"$D/file"
	mount --bind "$D/plain" "$D/file"
	quietly -t "$TARGET" --uts="$D/file"
	start strace -f -q -o "$D/trace" -e trace=umount2 -e inject=umount2:delay_enter=1000000 "$NSPIN" -d "$D/file" 2>"$D/said"
	wait_until is_held_up
	quietly -d "$D/file"
	assert_equal "$(times_mounted "$D/file")" 1
	wait "$BG_PID" || true
	assert_equal "$(times_mounted "$D/file")" 1
	assert_equal "$(<"$D/file")" content
	umount "$D/file"
	grep -q 'somebody else has removed it' "$D/said"
}

# Of two that are stacked each takes one, also if both have looked at the same.
took_the_next() {
	a_world uts net
	quietly -t "$TARGET" --uts="$D/file"
	quietly -t "$TARGET" --net="$D/file"
	start strace -f -q -o "$D/trace" -e trace=umount2 -e inject=umount2:delay_enter=1000000 "$NSPIN" -d "$D/file"
	wait_until is_held_up
	quietly -d "$D/file"
	assert_equal "$(pinned "$D/file")" "$(link_of "$TARGET" uts)"
	wait "$BG_PID"
	[ ! -e "$D/file" ]
}

is_held_up() { grep -q 'umount2(' "$D/trace" 2>/dev/null; }

@test "a pin that somebody else takes off meanwhile: what lies beneath stays" {
	requires strace
	pinning taken_off
}

@test "two at once take off one each of two stacked pins" {
	requires strace
	pinning took_the_next
}

# Between the making of its file and the mount, the file goes.
file_goes() {
	a_world uts
	start strace -f -q -o "$D/trace" -e trace=mount -e inject=mount:delay_enter=1000000:when=1 "$NSPIN" -t "$TARGET" --uts="$D/file"
	wait_until eval 'grep -q "mount(" "$D/trace" 2>/dev/null'
	rm "$D/file"
	wait "$BG_PID"
	assert_equal "$(pinned "$D/file")" "$(link_of "$TARGET" uts)"
	quietly -d "$D/file"
	# Nor is it left if it is something else that is not there.
	AROUND=(strace -f -qq -o "$D/trace" -e inject=mount:error=ENOENT)
	unable "$D/file: No such file" -t "$TARGET" --uts="$D/file"
	AROUND=()
	[ ! -e "$D/file" ]
	# A link that leads nowhere is no such case.
	ln -s nowhere "$D/link"
	unable "$D/link: No such file" -t "$TARGET" --uts="$D/link"
	assert_equal "$(readlink "$D/link")" nowhere
}

@test "a file that goes before it is mounted on is made again" {
	requires strace
	pinning file_goes
}

with_content() {
	a_world uts
	echo content >"$D/full"
	quietly -t "$TARGET" --uts="$D/full"
	quietly -d "$D/full"
	assert_equal "$(<"$D/full")" content
	: >"$D/empty"
	quietly -t "$TARGET" --uts="$D/empty"
	quietly -d "$D/empty"
	[ ! -e "$D/empty" ]
}

@test "a file with content is kept, an empty one goes" { pinning with_content; }

in_use() {
	a_world uts
	quietly -t "$TARGET" --uts="$D/uts"
	start sleep 999 7<"$D/uts"
	quietly -d "$D/uts"
	[ ! -e "$D/uts" ]
	assert_equal "uts:[$(stat -Lc %i "/proc/$BG_PID/fd/7")]" "$(link_of "$TARGET" uts)"
}

@test "a pin that somebody has open goes, the namespace does not" { pinning in_use; }

# In a mount namespace of a user namespace below, they are locked.
locked() {
	a_world uts net
	quietly -t "$TARGET" --uts="$D/uts"
	quietly -t "$TARGET" world
	AROUND=(unshare --map-root-user --mount --propagation unchanged)
	unable "$D/uts: Invalid argument" -d "$D/uts"
	unable "Invalid argument" -d world
	AROUND=()
	assert_equal "$(pinned "$D/uts")" "$(link_of "$TARGET" uts)"
	holds world "$TARGET" $TYPES
	tidy
	quietly -d "$D/uts" world
	[ ! -e "$D/uts" ]
}

@test "a pin that cannot be unmounted keeps its file, and its set all of it" { pinning locked; }

# What another mount namespace has there, this one does not see.
elsewhere() {
	a_world uts
	: >"$D/uts"
	start unshare --mount --propagation private sh -c 'mount --bind "$0" "$1" && exec sleep 999' "/proc/$TARGET/ns/uts" "$D/uts"
	wait_until last_is "$BG_PID" sleep
	grep -q "$D/uts" "/proc/$BG_PID/mountinfo"
	unable "$D/uts" -d "$D/uts"
	grep -q "$D/uts" "/proc/$BG_PID/mountinfo"
}

@test "a file on which another mount namespace has a pin is left alone" { pinning elsewhere; }
