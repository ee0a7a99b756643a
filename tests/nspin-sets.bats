#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Sets: what nspin -t TARGET NAME keeps, --add adds and -d lets go, by pins and by
# keepers alike; their names, and the place where they are.

load helpers
load launchers
load nsenter
load nspin

setup_file() { make_user; }
teardown_file() { remove_user; }
setup() { requires userns taskset; }

### What is kept

story() {
	local all
	a_world uts net ipc pid
	all=$(in_order uts net ipc $USER_TYPE)
	quietly -t "$TARGET" world
	holds world "$TARGET" $all
	assert_equal "$(sets)" world
	end_target
	# It is kept by nothing else now.
	nspin -l -r --noheadings -o SET,TYPE,STATE
	assert_status 0
	assert_output "$(printf 'world %s live\n' $all)"
	TOOL=nsenter-lite run_split "${WHO[@]}" "$NSENTER_LITE" -t world -a readlink /proc/self/ns/uts /proc/self/ns/net
	assert_status 0
	assert_output "$(held world | grep -E '^(uts|net)')"
	refute_stderr
	quietly -d world
	deserted
	unable "world" -d world
}

@test "a set outlives its processes, is listed, entered by name, and let go" { each_kind story; }

whole_of_it() {
	a_world mnt uts ipc net pid cgroup time
	quietly -t "$TARGET" -a -p all
	holds all "$TARGET" $TYPES
	quietly -t "$TARGET" -a but-pid
	holds but-pid "$TARGET" $(in_order mnt uts ipc net cgroup time $USER_TYPE)
	quietly -d all but-pid
	deserted
}

@test "-a is everything that the target does not share, but pid; pid when it is named" { each_kind whole_of_it; }

each_alone() {
	local type
	a_world mnt uts ipc net pid user cgroup time
	for type in $TYPES; do
		quietly -t "$TARGET" "-$(letter_of "$type")" "short_$type"
		holds "short_$type" "$TARGET" "$type"
		quietly --target "$TARGET" "--$(option_of "$type")" "long-$type"
		holds "long-$type" "$TARGET" "$type"
		quietly -d "short_$type" "long-$type"
	done
	deserted
}

@test "a set of any type, by letter and by name" { each_kind each_alone; }

shared_ones() {
	a_world uts
	quietly -t "$TARGET" -n -u chosen
	holds chosen "$TARGET" uts net
	assert_equal "$(held chosen | grep net)" "$(ns_id self net)"
	quietly -d chosen
}

@test "a type that is named is kept though the target shares it with us" { each_kind shared_ones; }

nothing_new() {
	start "${WHO[@]}" sleep 999
	wait_until last_is "$BG_PID" sleep
	unable '.' -t "$BG_PID" world
	unable '.' -t "$BG_PID" -a world
	own_world -p
	is_root || return 0
	unable '.' -t "$TARGET" world
	refute is_there world
}

is_there() { [ -e "$NSPIN_DIR/$1" ]; }

@test "where there is nothing to keep, that is an error" { each_kind nothing_new; }

gone_target() {
	local inode
	a_world uts
	inode=$("$HELPERS/pidfd-inode" "$TARGET") || skip 'needs inodes of pidfds'
	quietly -t "$TARGET:$inode" world
	holds world "$TARGET" $TYPES
	unable 'another process' -t "$TARGET:$((inode + 1))" other
	end_target
	unable 'No such process|has ended' -t "$TARGET" other
	unable 'none' -t none other
	assert_equal "$(sets)" world
	tidy
	quietly -d world
}

@test "a target that is gone, is another, or is no set" { each_kind gone_target; }

# It has none of the namespaces that are still to be opened then.
ends_meanwhile() {
	a_world uts net
	stop_after ioctl "$NSPIN" -t "$TARGET" world 2>"$D/said"
	to "$TARGET" KILL
	wait_until is_gone "$TARGET"
	go_on
	assert_status 1
	grep -q 'ended\|No such process' "$D/said"
	[ ! -e "$NSPIN_DIR" ] || deserted
}

@test "a target that ends while it is looked at makes no set" {
	requires strace
	each_kind ends_meanwhile
}

### One that is there

taken() {
	local before
	a_world uts net
	quietly -t "$TARGET" world
	before=$(held world)
	own_world --uts --ipc
	unable 'the set world exists$' -t "$TARGET" world
	assert_stderr_count 1
	unable 'the set world exists$' -t "$TARGET" -i world
	unable 'the set world exists$' -t world world
	assert_equal "$(held world)" "$before"
	tidy
	quietly -d world
	deserted
}

@test "a name is taken once; the set remains what it is" { each_kind taken; }

added() {
	local before first
	a_world uts net ipc
	first=$TARGET
	quietly -t "$TARGET" -u world
	holds world "$TARGET" uts
	before=$(whole_world | grep -v "$NSPIN_DIR")
	quietly -t "$TARGET" --add -n -i world
	holds world "$TARGET" uts net ipc
	tidy
	assert_equal "$(whole_world | grep -v "$NSPIN_DIR")" "$before"
	is_kept world || assert_equal "$(pins_below "$NSPIN_DIR" | wc -l)" 3
	# Of another target
	own_world --uts --cgroup
	quietly -t "$TARGET" --add -C world
	assert_equal "$(held world)" "$(links_of "$first" uts ipc net; links_of "$TARGET" cgroup)"
	# Not what is in it: all or nothing
	before=$(held world)
	for types in -u '-u -T' '-T -u'; do
		unable 'add.*File exists' -t "$TARGET" --add $types world
		assert_equal "$(held world)" "$before"
	done
	unable none -t "$TARGET" --add -u none
	# -a is what is not there yet.
	own_world --uts --cgroup --time
	quietly -t "$TARGET" --add -a world
	assert_equal "$(held world | grep -E '^(uts|cgroup|time)')" "$(grep -E '^(uts|cgroup)' <<<"$before"; links_of "$TARGET" time)"
	unable 'File exists' -t "$TARGET" --add -a world
	tidy
	assert_equal "$(sets)" world
	assert_equal "$(keepers | wc -l)" "$(is_kept world && echo 1 || echo 0)"
	quietly -d world
	deserted
}

@test "--add adds what is not in it, whole or not at all" { each_kind added; }

# Who looks at it meanwhile finds the one set or the other.
added_while_read() {
	local i
	a_world uts net
	quietly -t "$TARGET" -u world
	start look_on 3>&- 4>&-
	for ((i = 0; i < 15; i++)); do
		quietly -t "$TARGET" --add -n world
		quietly -d world
		quietly -t "$TARGET" -u world
	done
	>"$D/stop"
	wait "$BG_PID"
	assert_equal "$(sort -u "$D/found")" ''
	quietly -d world
	deserted
}

# Only while --add is at work: the set may be gone or not, but is never a part.
look_on() {
	local found
	until [ -e "$D/stop" ]; do
		found=$("${WHO[@]}" "$NSENTER_LITE" -t world -u readlink /proc/self/ns/uts 2>&1) || {
			[[ $found == *world* && $found != *'is not in'* ]] || echo "$found"
		}
	done >"$D/found"
}

@test "who enters a set that is being made, added to and let go enters it or is told that there is none" {
	pinning added_while_read
}

copied() {
	a_world uts net ipc pid
	quietly -t "$TARGET" -u -n -p one
	quietly -t one two
	holds two "$TARGET" uts net
	quietly -t one -p three
	holds three "$TARGET" pid
	quietly -t one -n -a four
	holds four "$TARGET" uts net
	quietly -t one -a -p five
	holds five "$TARGET" uts net pid
	unable '(ipc|IPC)' -t one -i six
	unable '(ipc|IPC)' -t one -u -i six
	refute is_there six
	# All in it is all: three has only pid.
	unable . -t three six
	# Each stands alone.
	quietly -d one
	holds two "$TARGET" uts net
	quietly -t "$TARGET" -i six
	quietly -t six --add two
	holds two "$TARGET" uts net ipc
	quietly -d two three four five six
	deserted
}

@test "-t SET copies a set, or types of it, but pid only if named" { each_kind copied; }

### Letting go

several() {
	a_world uts net
	for name in a b c; do
		quietly -t "$TARGET" $name
	done
	unable none -d a none c
	assert_equal "$(sets)" b
	holds b "$TARGET" $TYPES
	unable '.' -d b b
	deserted
	for name in .new .. . 'a*'; do
		nspin -d "$name"
		assert_status 2
	done
	[ -d "$NSPIN_DIR" ]
}

@test "-d tries each operand" { each_kind several; }

with_others_files() {
	a_world uts net
	quietly -t "$TARGET" world
	"${WHO[@]}" sh -c 'mkdir "$0/mine" && echo content >"$0/mine/file" && echo content >"$0/plain" && ln -s world "$0/link"' "$NSPIN_DIR"
	unable mine -d mine
	unable plain -d plain
	unable link -d link
	unable plain -d "$NSPIN_DIR/plain"
	quietly --stale
	assert_equal "$(cat "$NSPIN_DIR/plain" "$NSPIN_DIR/mine/file")" $'content\ncontent'
	holds world "$TARGET" $TYPES
	# In a set, too
	"${WHO[@]}" sh -c 'echo content >"$0/world/file"' "$NSPIN_DIR"
	nspin -d world
	assert_status 1
	assert_equal "$(cat "$NSPIN_DIR/mine/file" "$NSPIN_DIR/world/file")" $'content\ncontent'
	assert_equal "$(held world)" "$(links_of "$TARGET" $TYPES)"
	"${WHO[@]}" rm "$NSPIN_DIR/world/file"
	quietly -d world
	unable '.' -t "$TARGET" mine
	assert_equal "$(<"$NSPIN_DIR/mine/file")" content
	"${WHO[@]}" mkdir "$NSPIN_DIR/empty"
	unable 'the set empty exists' -t "$TARGET" empty
	assert_equal "$(ls -A "$NSPIN_DIR/empty")" ''
}

@test "what is no set is left alone by -d and --stale, though it lies where sets are" { each_kind with_others_files; }

by_file() {
	a_world uts net
	quietly -t "$TARGET" world
	quietly -d "$NSPIN_DIR/world/uts"
	holds world "$TARGET" $(in_order net $USER_TYPE)
	quietly -t "$TARGET" --add -u world
	holds world "$TARGET" $TYPES
	quietly -d world
	deserted
	# A link to a pin is none.
	quietly -t "$TARGET" --uts="$D/uts"
	quietly -t "$TARGET" -n world
	ln -s "$D/uts" "$NSPIN_DIR/world/uts"
	unable 'its uts namespace is not mounted here' -d world
	assert_equal "$(pinned "$D/uts")" "$(link_of "$TARGET" uts)"
	rm "$NSPIN_DIR/world/uts"
	quietly -d world "$D/uts"
}

@test "a pin of a set may be let go alone, and a link to a pin is no pin" { pinning by_file; }

stacked() {
	a_world uts net
	quietly -t "$TARGET" -u world
	quietly -t "$TARGET" --uts="$NSPIN_DIR/world/uts"
	assert_equal "$(times_mounted "$NSPIN_DIR/world/uts")" 2
	quietly -d world
	deserted
}

@test "a set goes with all that is stacked on it" { pinning stacked; }

first_stays() {
	a_world uts net
	quietly -t "$TARGET" world
	AROUND=(strace -f -qq -o "$D/trace" -e trace=umount2 -e inject=umount2:error=EPERM:when=1)
	unable 'unmount the pin' -d world
	AROUND=()
	holds world "$TARGET" $TYPES
	quietly -d world
	deserted
}

@test "a set whose first pin cannot be unmounted stays whole" {
	requires strace
	pinning first_stays
}

### Dead PID namespaces, and what is left over

dead_init() {
	a_world uts pid
	quietly -t "$TARGET" -u -p world
	quietly -t "$TARGET" -p only
	end_target
	nspin -l -r --noheadings -o SET,TYPE,STATE
	assert_status 0
	assert_line 'world uts live'
	assert_line 'world pid dead'
	assert_line 'only pid dead'
	for types in -p '-p -u' ; do
		run_split "${WHO[@]}" "$NSENTER_LITE" -t world $types touch "$D/ran"
		assert_status 125
		assert_stderr --regexp '(PID|pid) namespace'
		assert_stderr --partial world
	done
	[ ! -e "$D/ran" ]
	quietly --stale
	assert_equal "$(sets)" world
	assert_equal "$(held world | sed 's/:.*//')" uts
	holds_only world uts
	tidy
	quietly -d world
	deserted
}

@test "a dead PID namespace is listed as dead, refused by name, and taken out by --stale" { each_kind dead_init; }

# half_made NAME: what a killed nspin leaves
half_made() {
	mkdir -p "$NSPIN_DIR/.new/$1"
	: >"$NSPIN_DIR/.new/$1/uts"
	mount --bind "/proc/$TARGET/ns/uts" "$NSPIN_DIR/.new/$1/uts"
}

swept() {
	a_world uts
	quietly -t "$TARGET" world
	half_made half.1
	half_made half.2
	start flock --no-fork "$NSPIN_DIR/.new/half.2" sleep 999
	wait_until last_is "$BG_PID" sleep
	# A list leaves them, and does not show what somebody is at.
	nspin -l -r --noheadings -o PATH,STATE
	assert_status 0
	assert_line "$NSPIN_DIR/.new/half.1/uts half-made"
	refute_output --partial half.2
	[ -e "$NSPIN_DIR/.new/half.1/uts" ]
	quietly -t "$TARGET" other
	assert_equal "$(ls "$NSPIN_DIR/.new")" half.2
	assert_equal "$(pinned "$NSPIN_DIR/.new/half.2/uts")" "$(link_of "$TARGET" uts)"
	half_made half.3
	end_target
	is_gone "$BG_PID"
	quietly --stale
	tidy
	assert_equal "$(sets)" $'other\nworld'
	quietly -d other world
	deserted
}

@test "what is half-made is swept by the next nspin that writes, unless somebody is at it" { pinning swept; }

# What somebody else is at has the name that ours would get: it has our PID.
at_our_name() {
	local aside="$NSPIN_DIR/.new/world"
	a_world uts
	quietly -t "$TARGET" other
	AROUND=(sh -c 'dir="$0.$$.0"; mkdir "$dir" && : >"$dir/file" && exec 9<"$dir" && flock 9 && exec "$@"' "$aside")
	WHO_WAS=("${WHO[@]}")
	[ ${#WHO[@]} -eq 0 ] || { WHO+=("${AROUND[@]}") AROUND=(); }
	run_split "${AROUND[@]}" "${WHO[@]}" "$NSPIN" -t "$TARGET" world
	assert_status 0
	holds world "$TARGET" $TYPES
	run_split "${AROUND[@]}" "${WHO[@]}" "$NSPIN" -d world
	assert_status 0
	WHO=("${WHO_WAS[@]}") AROUND=()
	[ ! -e "$NSPIN_DIR/world" ]
	assert_equal "$(cd "$NSPIN_DIR/.new" && echo */*)" "$(cd "$NSPIN_DIR/.new" && echo world.*.0/file)"
	assert_equal "$(ls "$NSPIN_DIR/.new" | wc -l)" 2
}

@test "a directory that somebody else is at in .new is neither used nor replaced" {
	requires flock
	each_kind at_our_name
}

unpinned() {
	a_world uts
	mkdir -p "$NSPIN_DIR/lost"
	: >"$NSPIN_DIR/lost/uts"
	quietly -t "$TARGET" world
	quietly --stale
	assert_equal "$(sets)" world
	# Pinned in another mount namespace only: who does not see it may not break it.
	start unshare --mount --propagation private sh -c '"$0" -t "$1" -u theirs && exec sleep 999' "$NSPIN" "$TARGET"
	wait_until last_is "$BG_PID" sleep
	grep -q "$NSPIN_DIR/theirs/uts" "/proc/$BG_PID/mountinfo"
	quietly --stale
	assert_equal "$(sets)" $'theirs\nworld'
	nspin -d theirs
	grep -q "$NSPIN_DIR/theirs/uts" "/proc/$BG_PID/mountinfo"
	nspin -t "$TARGET" theirs
	grep -q "$NSPIN_DIR/theirs/uts" "/proc/$BG_PID/mountinfo"
	quietly -d world
}

# In a copy of the mount namespace, in which a mount namespace is not pinned, and there is no /proc.
without_proc() {
	local state
	a_world mnt uts
	quietly -t "$TARGET" world
	state=$(whole_world)
	AROUND=(unshare --mount --propagation private sh -c 'mount -t tmpfs none /proc && exec "$@"' sh)
	nspin -d world
	assert_status 1
	nspin --stale
	unable '/proc/' -t "$TARGET" other
	hinted 'proc is not mounted'
	unable '/proc/' --hold --keep=other -t "$TARGET"
	unable '/proc/' -t "$TARGET" --uts="$D/uts"
	unable '/proc/' -l
	AROUND=()
	assert_equal "$(whole_world)" "$state"
	holds world "$TARGET" $TYPES
	# Where all of it is mounted, it cannot be unmounted.
	AROUND=(sh -c 'mount -t tmpfs none /proc && "$@"; status=$?; umount -n /proc; exit $status' sh)
	unable 'unmount the pin' -d world
	hinted 'proc is not mounted'
	AROUND=()
	holds world "$TARGET" $TYPES
	quietly -d world
}

@test "without /proc a set is neither made nor broken" {
	[ -z "${WITH_ASAN-}" ] || skip 'AddressSanitizer needs /proc'
	pinning without_proc
}

@test "a set that is pinned nowhere is stale; one of another mount namespace is not, and keeps its pins" { pinning unpinned; }

### Names

names() {
	local name long=a
	a_world uts
	while [ ${#long} -lt 64 ]; do long+=b; done
	for name in a _ A.b-c_9 mnt keeper uts "$long"; do
		quietly -t "$TARGET" "$name"
		holds "$name" "$TARGET" $TYPES
		quietly -d "$name"
	done
	for name in '' . .. .new -- 1 9a -a a/b a.b/ 'a b' $'a\n' $'\na' 'a:b' ä "${long}c" 'a*' '~' "$(printf 'a\033')"; do
		for verb in '' --add '--hold --keep'; do
			[ "$verb" = '--hold --keep' ] || mistaken 'NAME: ' -t "$TARGET" $verb -- "$name"
			[ "$verb" != '--hold --keep' ] || mistaken '--keep: ' -t "$TARGET" --hold "--keep=$name"
			assert_stderr --partial 'a letter or _'
		done
	done
	[ ! -e "$NSPIN_DIR" ] || deserted
}

@test "a name is [A-Za-z_][A-Za-z0-9_.-]{0,63}; others are refused with the rule" { each_kind names; }

### The place

# place_refused PATTERN: no one makes, enters or removes sets there.
place_refused() {
	local before
	before=$(whole_world)
	unable "$1" -t "$TARGET" -u world
	unable "$1" -t world other
	unable "$1" -d world
	unable "$1" --stale
	run_split "${WHO[@]}" "$NSENTER_LITE" -t world -a true
	assert_status 125
	assert_stderr_line --regexp "$1"
	assert_equal "$(whole_world)" "$before"
}

hostile_places() {
	local mode
	a_world uts
	NSPIN_DIR=$D/place
	"${WHO[@]}" mkdir "$NSPIN_DIR" "$NSPIN_DIR/world"
	for mode in 777 775 757 1777 722; do
		"${WHO[@]}" chmod "$mode" "$NSPIN_DIR"
		place_refused "$NSPIN_DIR"
	done
	"${WHO[@]}" chmod 755 "$NSPIN_DIR"
	"${WHO[@]}" ln -s place "$D/link"
	NSPIN_DIR=$D/link
	place_refused "$D/link"
	NSPIN_DIR=$D/link//
	place_refused "$D/link"
	"${WHO[@]}" touch "$D/file"
	NSPIN_DIR=$D/file
	place_refused "$D/file"
	"${WHO[@]}" mkfifo "$D/fifo"
	NSPIN_DIR=$D/fifo
	place_refused "$D/fifo"
}

@test "a place that others may write to, or that is no directory, is refused" { each_kind hostile_places; }

of_another() {
	a_world uts
	NSPIN_DIR=$D/place
	mkdir "$D/place"
	chown 12345:12345 "$D/place"
	place_refused "$D/place"
	chown 0:12345 "$D/place"
	quietly -t "$TARGET" world
	quietly -d world
}

@test "a place of somebody else is refused" {
	requires root
	pinning of_another
}

roots_place() {
	a_world uts
	NSPIN_DIR=$BATS_TEST_TMPDIR/roots
	mkdir -m 755 "$NSPIN_DIR"
	unable "$NSPIN_DIR.*Permission denied" -t "$TARGET" world
	assert_equal "$(ls -A "$NSPIN_DIR")" ''
	nspin -l
	assert_status 0
}

@test "root's place is no place for others to write to" {
	requires root
	keeping roots_place
}

not_absolute() {
	a_world uts
	cd "$D"
	for NSPIN_DIR in sets ./sets ../x; do
		nspin -t "$TARGET" world
		[ "$status" -eq 1 ] || [ "$status" -eq 2 ] || show_run 'wanted a refusal'
		assert_stderr --partial NSPIN_DIR
		assert_stderr --partial absolute
		[ ! -e "$NSPIN_DIR" ]
	done
}

@test "\$NSPIN_DIR is absolute, or refused" { each_kind not_absolute; }

made_so() {
	local mask
	a_world uts
	for mask in 0 022 077 777; do
		(
			umask "$mask"
			quietly -t "$TARGET" world
		)
		assert_equal "$(stat -c '%a %F' "$NSPIN_DIR")" '755 directory'
		assert_equal "$(stat -c %a "$NSPIN_DIR/.new")" 700
		assert_equal "$(stat -c %a "$NSPIN_DIR/world")" 711
		! is_kept world || assert_equal "$(stat -c %a "$NSPIN_DIR/world/keeper")" 600
		holds world "$TARGET" $TYPES
		quietly -d world
		deserted
		[ "$(times_mounted "$NSPIN_DIR")" -eq 0 ] || umount "$NSPIN_DIR"
		"${WHO[@]}" rm -r "$NSPIN_DIR"
	done
	NSPIN_DIR=$D/none/sets
	unable "$D/none.*No such file" -t "$TARGET" world
}

@test "the place is made, mode 755, a set 711 and a keeper's record 600 whatever the umask, but not what is above it" { each_kind made_so; }

# Of root, who is root of the mount namespace, but without the capability
incapable() {
	a_world uts
	AROUND=(setpriv --bounding-set=-sys_admin --inh-caps=-sys_admin)
	quietly -t "$TARGET" -u world
	holds world "$TARGET" uts
	is_kept world
	quietly -d world
	deserted
}

# With the capability, but in a mount namespace that another user namespace owns
in_others_mounts() {
	run_split "${WHO[@]}" unshare --map-root-user sh -c '"$0" -t $$ -u world' "$NSPIN"
	assert_status 0
	is_kept world
	quietly -d world
	deserted
}

@test "pins take CAP_SYS_ADMIN, and in the user namespace that owns the mount namespace" {
	pinning incapable
	keeping in_others_mounts
}

# The directory / itself is root's, and there is no set in it.
in_root() {
	NSPIN_DIR=///
	nspin -l none
	assert_status 1
	hinted 'sets are looked for in /$'
}

@test "slashes at the end of \$NSPIN_DIR do not matter, but / has one" { keeping in_root; }

one_mount() {
	local i
	a_world uts mnt
	for i in 1 2 3; do
		quietly -t "$TARGET" "world$i"
		assert_equal "$(times_mounted "$NSPIN_DIR")" 1
		assert_equal "$(peers_of "$NSPIN_DIR" /proc/self/mountinfo)" ''
	done
	quietly -d world1 world2 world3
	assert_equal "$(times_mounted "$NSPIN_DIR")" 1
	deserted
}

@test "the place becomes a private mount of its own, once" { pinning one_mount; }

# Below a mount whose peers are told of all that is mounted there
under_shared() {
	mkdir "$D/run"
	mount -t tmpfs none "$D/run"
	mount --make-shared "$D/run"
	start unshare --mount --propagation unchanged sleep 999
	PEER=$BG_PID
	wait_until last_is "$PEER" sleep
	NSPIN_DIR=$D/run/sets
	a_world uts mnt
	quietly -t "$TARGET" world
	holds world "$TARGET" $TYPES
	assert_equal "$(times_mounted "$NSPIN_DIR")" 1
	assert_equal "$(grep -c ' - nsfs ' "/proc/$PEER/mountinfo")" "$(grep ' - nsfs ' /proc/self/mountinfo | grep -vc "$D")"
	quietly -d world
	deserted
}

@test "under a shared mount pins go nowhere else, and mount namespaces can be kept" { pinning under_shared; }

shared_itself() {
	NSPIN_DIR=$D/sets
	mkdir "$NSPIN_DIR"
	mount -t tmpfs -o mode=755 none "$NSPIN_DIR"
	mount --make-shared "$NSPIN_DIR"
	a_world uts mnt
	quietly -t "$TARGET" world
	holds world "$TARGET" $TYPES
	assert_equal "$(peers_of "$NSPIN_DIR" /proc/self/mountinfo)" ''
	quietly -d world
	assert_equal "$(ls "$NSPIN_DIR")" ''
}

@test "a place that is a shared mount itself becomes a private one" { pinning shared_itself; }

default_place() {
	unset NSPIN_DIR
	a_world uts
	mount -t tmpfs -o mode=755 none /run
	quietly -t "$TARGET" world
	assert_equal "$(pinned /run/nspin/world/uts)" "$(link_of "$TARGET" uts)"
	assert_equal "$(stat -c %a /run/nspin)" 755
	"$NSENTER_LITE" -t world -u readlink /proc/self/ns/uts
	quietly -d world
	NSPIN_DIR= quietly -t "$TARGET" world
	assert_equal "$(pinned /run/nspin/world/uts)" "$(link_of "$TARGET" uts)"
	NSPIN_DIR= quietly -d world
	# It comes before the other one.
	mkdir "$D/xdg"
	export XDG_RUNTIME_DIR=$D/xdg
	quietly -t "$TARGET" world
	assert_equal "$(ls -A "$D/xdg")" ''
	quietly -d world
}

@test "without \$NSPIN_DIR, or if it is empty, it is /run/nspin for who may write there" { pinning default_place; }

runtime_dir() {
	local -a WHO_WAS=("${WHO[@]}")
	unset NSPIN_DIR
	a_world uts
	"${WHO[@]}" mkdir -m 700 "$D/xdg"
	WHO+=(env XDG_RUNTIME_DIR="$D/xdg")
	quietly -t "$TARGET" world
	NSPIN_DIR=$D/xdg/nspin
	export -n NSPIN_DIR
	holds world "$TARGET" $TYPES
	assert_equal "$(stat -c %a "$NSPIN_DIR")" 755
	nspin -l -r --noheadings -o SET
	assert_line world
	run_split "${WHO[@]}" "$NSENTER_LITE" -t world -a readlink /proc/self/ns/uts
	assert_output "$(link_of "$TARGET" uts)"
	quietly -d world
	WHO+=(NSPIN_DIR=)
	quietly -t "$TARGET" world
	holds world "$TARGET" $TYPES
	quietly -d world
	WHO=("${WHO_WAS[@]}")
	unset NSPIN_DIR
	unable . -t "$TARGET" world
	assert_stderr_line --regexp '^nspin: hint: .*(NSPIN_DIR|XDG_RUNTIME_DIR)'
	export XDG_RUNTIME_DIR=
	unable . -t "$TARGET" world
}

@test "for others it is \$XDG_RUNTIME_DIR/nspin, or they are told what is missing" {
	requires root # or /run/nspin could be there and ours
	keeping runtime_dir
}

not_there() {
	unable none -d none
	[ ! -e "$NSPIN_DIR" ]
	nspin -l
	assert_status 0
	[ ! -e "$NSPIN_DIR" ]
	run_split "${WHO[@]}" "$NSENTER_LITE" -t none true
	assert_status 125
	assert_stderr --partial none
	[ ! -e "$NSPIN_DIR" ]
}

@test "who only reads makes no place" { each_kind not_there; }
