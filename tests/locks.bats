#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Anyone who can open a file can lock it, and keep it locked: what is locked here
# can be opened by its owner only. And a place of sets, or the directory of a pin,
# beneath a directory of somebody else's.

load helpers
load launchers
load nsenter
load nspin

setup_file() { make_user; }
teardown_file() { remove_user; }
setup() { requires userns taskset; }

# in_own_run TEST [ARG...]: /run is one that nobody else is in.
in_own_run() {
	mount -t tmpfs -o mode=755 none /run
	"$@"
}

# locks [as_user] FILE: in the background, until the test ends.
locks() {
	local who=
	if [ "$1" = as_user ]; then
		who=$1
		shift
	fi
	start $who flock --no-fork "$1" sleep 999
	wait_until last_is "$BG_PID" sleep
}

# waits_no_longer COMMAND...: the time that is waited for a lock passes at once.
waits_no_longer() {
	AROUND=(strace -f -q -o "$D/trace" -e 'trace=?poll,?ppoll' -e 'inject=?poll,?ppoll:retval=0')
	"$@"
	AROUND=()
}

### Sets

# What a stranger can lock, he has locked.
strangers() {
	local file
	own_world -u -i -n
	quietly -t "$TARGET" -u world
	for file in "$NSPIN_DIR/world" "$NSPIN_DIR/.new"; do
		refute "${AS_USER[@]}" flock --nonblock "$file" true
	done
	mkdir -m 755 "$D/other" "$D/pins"
	mount -t tmpfs none "$D/pins"
	mount --make-shared "$D/pins"
	for file in "$D" "$NSPIN_DIR" "$D/other" "$D/pins" /run; do
		locks as_user "$file"
	done
	quietly --add -t "$TARGET" -i world
	holds world "$TARGET" uts ipc
	quietly --stale
	holds world "$TARGET" uts ipc
	quietly -d world
	deserted
	quietly -t "$TARGET" --make-private --uts="$D/pins/uts"
	assert_equal "$(pinned "$D/pins/uts")" "$(link_of "$TARGET" uts)"
	NSPIN_DIR=$D/other
	quietly -t "$TARGET" -n world
	holds world "$TARGET" net
	quietly -d world
	deserted
}

@test "a stranger can lock nothing that we lock" {
	requires root flock
	pinning in_own_run strangers
}

# Of an older version's the directory could be opened by everybody.
older() {
	a_world uts
	quietly -t "$TARGET" world
	"${WHO[@]}" chmod 755 "$NSPIN_DIR/world"
	quietly --add -t "$TARGET" -i world
	assert_equal "$(stat -c %a "$NSPIN_DIR/world")" 711
	"${WHO[@]}" chmod 755 "$NSPIN_DIR/world"
	quietly --stale
	assert_equal "$(stat -c %a "$NSPIN_DIR/world")" 711
	"${WHO[@]}" chmod 755 "$NSPIN_DIR/world"
	quietly -d world
	deserted
}

@test "the set of an older version is closed to others when it is changed" { each_kind older; }

# Others find what is in a set by name, and need not open its directory to read.
by_another() {
	own_world -u
	quietly -t "$TARGET" -u world
	chmod 755 "$D"
	mkdir -m 711 "$NSPIN_DIR/elsewhere"
	assert_equal "$(run_as "$NSPIN" -l -r --noheadings -o SET,TYPE 2>&1 | grep -v '^ ')" 'world uts'
	assert_equal "$(run_as stat -Lc %i "$NSPIN_DIR/world/uts")" "$(stat -Lc %i "/proc/$TARGET/ns/uts")"
	quietly -d world
}

run_as() { "${AS_USER[@]}" env NSPIN_DIR="$NSPIN_DIR" "$@"; }

@test "a set of root's is found by others" {
	requires root
	pinning by_another
}

# What others can open is not locked.
open_to_others() {
	local mode
	a_world uts
	for mode in 701 710 711; do
		mkdir -m 755 "$D/$mode"
		mkdir -m "$mode" "$D/$mode/.new"
		NSPIN_DIR=$D/$mode quietly -t "$TARGET" -u world
		NSPIN_DIR=$D/$mode quietly -d world
	done
	for mode in 704 740 702 720 755; do
		mkdir -m 755 "$D/$mode"
		mkdir -m "$mode" "$D/$mode/.new"
		NSPIN_DIR=$D/$mode unable 'lock the place of sets: other users may open it' -t "$TARGET" -u world
		hinted "its mode is $mode: chmod go-rw"
	done
}

@test "a lock that others can take is refused" { pinning open_to_others; }

of_another() {
	own_world -u
	mkdir -m 755 "$NSPIN_DIR"
	mkdir -m 700 "$NSPIN_DIR/.new"
	chown "$NST_USER" "$NSPIN_DIR/.new"
	unable 'lock the place of sets: it belongs to another user' -t "$TARGET" -u world
}

@test "a lock that belongs to somebody else is refused" {
	requires root
	pinning of_another
}

# The owner himself can keep us waiting; not for ever.
by_the_owner() {
	a_world uts
	quietly -t "$TARGET" -u world
	start "${WHO[@]}" flock --no-fork "$NSPIN_DIR/world" sleep 999
	wait_until last_is "$BG_PID" sleep
	waits_no_longer unable 'lock the set: world: ' --add -t "$TARGET" -i world
	hinted 'somebody has had its lock for [0-9]+ seconds'
	[ "$(grep -c poll "$D/trace")" -gt 100 ]
	holds world "$TARGET" uts
}

@test "a lock that its owner does not let go of is waited for, but not for ever" {
	requires flock strace
	each_kind by_the_owner
}

### The lock of pins with --make-private

# a_shared_dir: $D/pins is a shared mount, $TARGET a process to pin the namespaces of.
a_shared_dir() {
	[ -d "$D/pins" ] || mkdir "$D/pins"
	mount -t tmpfs none "$D/pins"
	mount --make-shared "$D/pins"
	own_world -u -i
}

# locked_files: what was locked, a line each.
locked_files() { sed -n 's/.*flock([0-9]*<\(.*\)>, LOCK_EX|LOCK_NB) *= 0$/\1/p' "$D/trace"; }

# pins_privately [ARG...]: $D/pins/uts is a pin then, and the lock in "$1" was taken and is gone.
pins_privately() {
	AROUND=(strace -f -y -q -o "$D/trace" -e trace=flock "${@:2}")
	quietly -t "$TARGET" --make-private --uts="$D/pins/uts"
	AROUND=()
	assert_equal "$(pinned "$D/pins/uts")" "$(link_of "$TARGET" uts)"
	assert_equal "$(locked_files)" "$1"
	[ ! -e "$1" ]
	quietly -d "$D/pins/uts"
	umount "$D/pins"
}

a_lock() { install -m 600 /dev/null /run/nspin.lock; }

lock_in_run() {
	a_shared_dir
	pins_privately /run/nspin.lock
	# Whoever is killed leaves it.
	a_shared_dir
	a_lock
	pins_privately /run/nspin.lock
	a_shared_dir
	waits_for_its_owner
}

# The one that waits finds that the file has gone.
waits_for_its_owner() {
	a_lock
	locks /run/nspin.lock
	HOLDER=$BG_PID
	start strace -y -q -o "$D/trace" -e trace=flock "$NSPIN" -t "$TARGET" --make-private --uts="$D/pins/uts"
	wait_until grep -q EAGAIN "$D/trace"
	rm /run/nspin.lock
	to "$HOLDER" TERM
	wait "$BG_PID"
	assert_equal "$(grep -c '/run/nspin.lock>.*= 0$' "$D/trace")" 2
	assert_equal "$(locked_files)" /run/nspin.lock
	[ ! -e /run/nspin.lock ]
}

@test "pins with --make-private are locked by a file in /run, which goes with the lock" {
	requires root flock strace
	pinning in_own_run lock_in_run
}

lock_of_owner() {
	a_shared_dir
	a_lock
	locks /run/nspin.lock
	waits_no_longer unable 'lock the mounts: /run: ' -t "$TARGET" --make-private --uts="$D/pins/uts"
	[ ! -e "$D/pins/uts" ]
}

lock_of_another() {
	a_shared_dir
	install -m 600 -o "$NST_USER" /dev/null /run/nspin.lock
	unable 'lock the mounts: it belongs to another user' -t "$TARGET" --make-private --uts="$D/pins/uts"
	[ ! -e "$D/pins/uts" ]
	assert_equal "$(times_mounted "$D/pins")" 1
}

@test "the lock of --make-private is waited for, but not for ever; one of somebody else is refused" {
	requires root flock strace
	pinning in_own_run lock_of_owner
	pinning in_own_run lock_of_another
}

# Where /run is not ours to write to.
lock_elsewhere() {
	mount -t tmpfs -o ro,mode=755 none /run
	a_shared_dir
	mkdir -m 700 "$D/runtime"
	XDG_RUNTIME_DIR=$D/runtime pins_privately "$D/runtime/nspin.lock"
	a_shared_dir
	# The number of the first one, in which everybody is.
	if [ "$(stat -Lc %i /proc/self/ns/user)" = 4026531837 ]; then
		unable 'lock the mounts: there is no place for a lock' -t "$TARGET" --make-private --uts="$D/pins/uts"
		hinted XDG_RUNTIME_DIR
		[ ! -e "$D/pins/uts" ]
	else
		pins_privately "user:[$(stat -Lc %i /proc/self/ns/user)]"
	fi
}

@test "without /run the lock of --make-private is in \$XDG_RUNTIME_DIR, or there is a hint" {
	requires strace
	unset XDG_RUNTIME_DIR
	pinning lock_elsewhere
}

in_own_userns() {
	"${AS_USER[@]}" strace -f -y -q -o "$D/trace" -e trace=flock unshare --map-root-user --mount --propagation private sh -c '
		mount -t tmpfs none "$1" && mount --make-shared "$1" && "$0" -t $$ --make-private --uts="$1/uts"' "$NSPIN" "$D"
	locked_files
	[[ $(locked_files) == /proc/self/ns/user || $(locked_files) == user:\[* ]]
	refute_equal "$(locked_files)" "$(readlink /proc/self/ns/user)"
}

@test "in a user namespace that has no place for a lock it is the namespace" {
	requires strace
	as_the_user in_own_userns
}

### Beneath a directory of somebody else's

# Its owner puts another directory of root's into the place of the one that has been checked.
substituted() {
	own_world -u
	"${AS_USER[@]}" mkdir "$D/theirs/x"
	mkdir -p "$D/victim/sets"
	NSPIN_DIR=$D/theirs/x/sets
	stop_after flock "$NSPIN" -t "$TARGET" -u world
	"${AS_USER[@]}" mv "$D/theirs/x" "$D/theirs/y"
	"${AS_USER[@]}" ln -s "$D/victim" "$D/theirs/x"
	go_on
	assert_equal "$status" 0
	assert_equal "$(ls -A "$D/victim/sets")" ''
	assert_equal "$(times_mounted "$D/victim/sets")" 0
	NSPIN_DIR=$D/theirs/y/sets
	holds world "$TARGET" uts
	assert_equal "$(times_mounted "$NSPIN_DIR")" 1
	quietly -d world
}

with_their_directory() {
	install -d -o "$NST_USER" -m 755 "$D/theirs"
	"$@"
}

@test "a place beneath a directory of somebody else's is the one that was checked, whatever he renames" {
	requires root strace
	pinning with_their_directory substituted
}

# If the directory is looked up twice, one of its owners may have it bound over another.
looked_up_once() {
	local how
	for how in "${@:-}"; do
		a_shared_dir
		AROUND=(strace -f -q -o "$D/trace" -e 'trace=mount,move_mount' $how)
		quietly -t "$TARGET" --make-private --uts="$D/pins/uts"
		quietly -t "$TARGET" -u world
		AROUND=()
		refute grep -E 'MS_REC|MS_PRIVATE|move_mount' <(grep -vE 'mount\((NULL|"/proc/self/fd/[0-9]+"), "/proc/self/fd/[0-9]+", NULL, MS|move_mount\([0-9]+, "", [0-9]+, ""' "$D/trace")
		grep -q MS_PRIVATE "$D/trace"
		assert_equal "$(times_mounted "$D/pins")" 2
		assert_equal "$(times_mounted "$NSPIN_DIR")" 1
		quietly -d world "$D/pins/uts"
		umount "$D/pins" "$D/pins" "$NSPIN_DIR"
	done
}

# Before 5.2 there is only mount(2).
@test "what is bound onto itself is looked up once" {
	requires strace
	pinning looked_up_once '' '-e inject=open_tree:error=ENOSYS -e trace=mount,move_mount,open_tree'
}

root_dir() {
	mount --make-shared /
	own_world -u
	unable 'bind onto itself: /: Device or resource busy' -t "$TARGET" --make-private --uts=/nst-pin
	[ ! -e /nst-pin ]
	refute_equal "$(peers_of / /proc/self/mountinfo)" ''
}

@test "--make-private of the root directory is refused" {
	requires root
	pinning root_dir
}
