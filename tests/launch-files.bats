#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What the program finds where: propagation, a new root, proc, sysfs,
# binfmt_misc, the working directory.

load helpers
load launchers
TOOLS=("${LAUNCHERS[@]}")

setup_file() { make_user; }
teardown_file() { remove_user; }

setup() {
	requires userns
	export DIR=$BATS_TEST_TMPDIR/dir ROOT=$BATS_TEST_TMPDIR/root
	mkdir "$DIR"
}

# In a new root, which nsclone makes a mount itself.
new_mounts() { mount_points "$@" | grep -vx /; }

inode() { stat -L -c %d:%i "$@"; }

### --propagation

# A shared mount: how it propagates inside, how often what is mounted in it
# inside is there outside, and what is mounted outside inside.
check_propagation() {
	local propagation=$1 inside=() group wanted info
	local -i spreads=0 receives=0
	mount -t tmpfs tmpfs "$DIR"
	mount --make-shared "$DIR"
	mkdir "$DIR/inner" "$DIR/outer"
	group=$(peers_of "$DIR" /proc/self/mountinfo)
	group=${group#shared:}
	case $propagation-$AS in
	default-* | private-*) wanted= ;;
	shared-root | unchanged-root) wanted=shared:$group spreads=1 receives=1 ;;
	shared-*) wanted="shared:[0-9]+ master:$group" receives=1 ;;
	slave-* | unchanged-*) wanted=master:$group receives=1 ;;
	esac
	[ "$propagation" = default ] || inside=(--propagation "$propagation")
	launch --mount "${inside[@]}" sh -c "mount -t tmpfs inner '$DIR/inner' && exec sleep 60"
	wait_until runs "$LAUNCHER_PID" sleep
	info=/proc/$PROGRAM/mountinfo
	mount -t tmpfs outer "$DIR/outer"
	text_is --regexp "^$wanted\$" "$(peers_of "$DIR" "$info")" ||
		fail "-- inside: $(peers_of "$DIR" "$info")" "-- wanted: $wanted"
	assert_equal "$(mount_points "$info" | grep -cx "$DIR/inner")" 1
	assert_equal "$(times_mounted "$DIR/inner")" $spreads
	assert_equal "$(mount_points "$info" | grep -cx "$DIR/outer" || true)" $receives
}

@test "mounts are private if nothing else is asked for" { each_world_in_mounts check_propagation default; }
@test "--propagation private: no mount goes in or out" { each_world_in_mounts check_propagation private; }
@test "--propagation shared: mounts go in, and out unless the user namespace is new" { each_world_in_mounts check_propagation shared; }
@test "--propagation slave: mounts go in only" { each_world_in_mounts check_propagation slave; }
@test "--propagation unchanged leaves to mounts what the kernel gives them" { each_world_in_mounts check_propagation unchanged; }

### --root

check_root_names() {
	local name
	for name in "$ROOT" "$ROOT/" "$ROOT/bin/../." root ./root/ dir/../root link dir/link/; do
		observe "${NS[@]}" --root "$name" stat -c %d:%i /
		assert_status 0
		assert_output "$(inode "$ROOT")"
	done
}

@test "--root takes relative names, symbolic links, a slash at the end" {
	busybox_root "$ROOT"
	ln -s root "$BATS_TEST_TMPDIR/link"
	ln -s "$ROOT" "$DIR/link"
	each_world check_root_names
}

# A mount that hides something must not be taken off in a new user namespace.
check_locked() {
	mkdir "$ROOT/tmp/hidden"
	mount -t tmpfs tmpfs "$ROOT/tmp"
	observe "${NS[@]}" --mount --root "$ROOT" sh -c 'umount /tmp; echo /tmp/*'
	assert_output "$(is_root && echo /tmp/hidden || echo '/tmp/*')"
	assert_equal "$(times_mounted "$ROOT/tmp")" 1
	umount "$ROOT/tmp"
	rmdir "$ROOT/tmp/hidden"
}

@test "--root: what a mount covers stays covered in a new user namespace" {
	busybox_root "$ROOT"
	each_world_in_mounts check_locked
}

check_no_root() {
	refuses "open the root directory: $DIR/none: No such file or directory$" --root "$DIR/none"
	refuses "open the root directory: $DIR/file: Not a directory$" --root "$DIR/file"
	refuses "open the root directory: $DIR/loop: Too many levels of symbolic links$" --root "$DIR/loop"
	refuses "--root: .* empty$" --root ''
}

@test "--root: what is no directory is refused" {
	: >"$DIR/file"
	ln -s loop "$DIR/loop"
	each_world check_no_root
}

@test "--root: a directory that the user may not enter is refused" {
	requires root
	mkdir -m 700 "$DIR/closed" "$DIR/closed/root"
	as_the_user refuses "open the root directory: $DIR/closed/root: Permission denied$" --map-root-user --root "$DIR/closed/root"
}

### --mount-proc

check_proc() {
	observe "${NS[@]}" --fork --pid --mount-proc sh -c 'cat /proc/1/comm; cat /proc/self/mountinfo; ls /proc'
	assert_status 0
	assert_line sh
	assert_equal "$(mounted_on /proc <<<"$output")" 'proc rw,nosuid,nodev,noexec,relatime'
	assert_equal "$(grep -cE '^[0-9]+$' <<<"$output")" 2
}

@test "--mount-proc shows the processes of the new PID namespace and no others" { each_world check_proc; }

check_proc_dir() {
	observe "${NS[@]}" --fork --pid --mount-proc="$1" sh -c "cat '$DIR/1/comm'; cat '$DIR/self/mountinfo'"
	assert_status 0
	assert_equal "${lines[0]}" sh
	assert_equal "$(mounted_on "$DIR" <<<"$output")" 'proc rw,nosuid,nodev,noexec,relatime'
	assert_equal "$(times_mounted "$DIR")" 0
}

@test "--mount-proc=DIR mounts it there only" {
	each_world check_proc_dir "$DIR"
	each_world check_proc_dir dir/.
}

check_proc_beneath() {
	local dir
	for dir in /dir dir /dir/../dir/ ../../dir; do
		observe "${NS[@]}" --fork --pid --root "$ROOT" --mount-proc="$dir" cat /dir/self/mountinfo
		assert_status 0
		assert_equal "$(new_mounts <<<"$output")" /dir
	done
}

@test "--mount-proc=DIR is beneath the new root" {
	busybox_root "$ROOT"
	mkdir "$ROOT/dir"
	each_world check_proc_beneath
}

# The links lead to $DIR, which is there both outside and beneath the new root.
check_proc_links() {
	local link
	for link in absolute up chain; do
		observe "${NS[@]}" --fork --pid --root "$ROOT" --propagation slave --mount-proc="/$link" cat "$DIR/self/mountinfo"
		assert_status 0
		assert_equal "$(new_mounts <<<"$output")" "$DIR"
	done
	refuses 'open beneath the new root: /outside: No such file or directory$' --fork --pid --root "$ROOT" --mount-proc=/outside
	refuses 'open beneath the new root: /loop: Too many levels of symbolic links$' --fork --pid --root "$ROOT" --mount-proc=/loop
}

@test "--mount-proc: symbolic links of the new root stay beneath it" {
	busybox_root "$ROOT"
	mkdir -p "$ROOT/$DIR"
	ln -s "$DIR" "$ROOT/absolute"
	ln -s "../../../../../../../../../..$DIR" "$ROOT/up"
	ln -s /bin/../absolute "$ROOT/chain"
	ln -s "$NST_HOME" "$ROOT/outside"
	ln -s loop "$ROOT/loop"
	each_world check_proc_links
}

check_proc_is_private() {
	local propagation before
	mount --make-shared /proc
	before=$(mount_points /proc/self/mountinfo)
	for propagation in shared unchanged slave private; do
		observe "${NS[@]}" --fork --pid --propagation $propagation --mount-proc cat /proc/1/comm
		assert_output cat
		assert_equal "$(mount_points /proc/self/mountinfo)" "$before"
	done
}

@test "--mount-proc does not show outside, however mounts propagate" { each_world_in_mounts check_proc_is_private; }

check_proc_in_shared() {
	mount -t tmpfs tmpfs "$DIR"
	mount --make-shared "$DIR"
	mkdir "$DIR/proc"
	refuses ".*: $DIR/proc: Invalid argument$" --fork --pid --propagation shared --mount-proc="$DIR/proc"
	assert_stderr_line --regexp "^$TOOL: hint: .*shared mount"
	assert_equal "$(times_mounted "$DIR/proc")" 0
	"${WHO[@]}" "${NS[@]}" --fork --pid --propagation slave --mount-proc="$DIR/proc" test -e "$DIR/proc/1"
	assert_equal "$(times_mounted "$DIR/proc")" 0
}

@test "--mount-proc=DIR is refused where it would show outside" { each_world_in_mounts check_proc_in_shared; }

check_present_proc() {
	observe "${NS[@]}" --mount-proc readlink "/proc/$$/ns/pid"
	assert_output "$(ns_id self pid)"
}

@test "--mount-proc without --pid shows root the processes that there are" {
	requires root
	as_ourselves check_present_proc
}

check_no_proc() {
	refuses 'mount proc: /proc: Operation not permitted$' --map-root-user --mount-proc
	assert_stderr_line --regexp "^$TOOL: hint: .*--pid"
}

@test "--mount-proc without --pid: in a new user namespace the kernel refuses, and a hint says why" {
	as_the_user check_no_proc
}

check_no_dir() {
	local option
	for option in --mount-proc --mount-sys; do
		refuses "mount .*: $DIR/none: No such file or directory$" --fork --pid --net "$option=$DIR/none"
		refuses "mount .*: $DIR/file: Not a directory$" --fork --pid --net "$option=$DIR/file"
		refuses "$option: .* empty$" --fork --pid --net "$option="
	done
}

@test "--mount-proc, --mount-sys: what is no directory is refused" {
	: >"$DIR/file"
	each_world check_no_dir
}

### --mount-sys

check_sys() {
	observe "${NS[@]}" --net --mount-sys sh -c '
		ip link add nst0 type veth peer name nst1
		ls /sys/class/net; echo; ip -o link; cat /proc/self/mountinfo'
	assert_status 0
	assert_line nst0
	assert_equal "$(sed '/^$/,$d' <<<"$output" | sort)" "$(sed -n 's/^[0-9]*: \([^:@]*\)[:@].*/\1/p' <<<"$output" | sort)"
	assert_equal "$(mounted_on /sys <<<"$output")" 'sysfs rw,nosuid,nodev,noexec,relatime'
	[ ! -e /sys/class/net/nst0 ]
}

@test "--mount-sys shows the interfaces of the new network namespace" {
	requires ip
	each_world check_sys
}

check_sys_beneath() {
	observe "${NS[@]}" --net --fork --pid --root "$ROOT" --mount-proc --mount-sys=/dir cat /proc/self/mountinfo
	assert_status 0
	assert_equal "$(mounted_on /dir <<<"$output")" 'sysfs rw,nosuid,nodev,noexec,relatime'
	assert_equal "$(new_mounts <<<"$output")" $'/proc\n/dir'
}

@test "--mount-sys=DIR is beneath the new root" {
	busybox_root "$ROOT"
	mkdir "$ROOT/dir"
	each_world check_sys_beneath
}

check_no_sys() {
	refuses 'mount sysfs: /sys: Operation not permitted$' --map-root-user --mount-sys
	assert_stderr_line --regexp "^$TOOL: hint: .*--net"
}

@test "--mount-sys without --net: in a new user namespace the kernel refuses, and a hint says why" {
	as_the_user check_no_sys
}

### --mount-binfmt, --load-interp

# A program that is run by a copy of cat, $BATS_TEST_TMPDIR/cat: it prints itself.
new_format() {
	[ -d /proc/sys/fs/binfmt_misc ] || skip 'needs binfmt_misc'
	"${AS_USER[@]}" unshare --user --map-root-user --mount mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc 2>/dev/null ||
		skip 'needs a kernel with a binfmt_misc for each user namespace (Linux 6.7)'
	busybox_root "$ROOT"
	cp "$ROOT/bin/busybox" "$BATS_TEST_TMPDIR/cat"
	echo 'it prints itself' >"$DIR/program.nst"
	chmod 755 "$DIR/program.nst"
	cp "$DIR/program.nst" "$ROOT"
}

format() { echo ":nst:E::nst::$BATS_TEST_TMPDIR/cat:${1-}"; }

check_format() {
	observe "${NS[@]}" --map-root-user --load-interp "$(format)" sh -c '
		"$0"; cat /proc/sys/fs/binfmt_misc/nst /proc/self/mountinfo' "$DIR/program.nst"
	assert_status 0
	assert_line 'it prints itself'
	assert_line "interpreter $BATS_TEST_TMPDIR/cat"
	assert_equal "$(mounted_on /proc/sys/fs/binfmt_misc <<<"$output")" 'binfmt_misc rw,nosuid,nodev,noexec,relatime'
	[ ! -e /proc/sys/fs/binfmt_misc/nst ]
	! "$DIR/program.nst" 2>/dev/null || [ "$("$DIR/program.nst" 2>&1)" != 'it prints itself' ]
}

@test "--load-interp: the program inside runs what nobody outside can" {
	new_format
	each_world check_format
}

check_format_of_root() {
	local flags=$1 wanted=$2
	observe "${NS[@]}" --map-root-user --fork --pid --root "$ROOT" --mount-proc --load-interp "$(format "$flags")" /program.nst
	assert_equal "$status:$output" "$wanted"
}

@test "--load-interp: the interpreter is that of the new root, with flag F that of the old one" {
	new_format
	each_world check_format_of_root F '0:it prints itself'
	each_world check_format_of_root '' 127:
}

check_mount_binfmt() {
	observe "${NS[@]}" --map-root-user --mount-binfmt="$DIR" sh -c 'ls "$0"; readlink /proc/self/ns/user' "$DIR"
	assert_status 0
	assert_equal "${lines[*]:0:2}" 'register status'
	refute_equal "${lines[2]}" "$(ns_id self user)"
	assert_equal "$(times_mounted "$DIR")" 0
	observe "${NS[@]}" --map-root-user --fork --pid --root "$ROOT" --mount-proc --mount-binfmt=/dir ls /dir
	assert_output $'register\nstatus'
}

@test "--mount-binfmt=DIR mounts a binfmt_misc of the new user namespace" {
	new_format
	mkdir "$ROOT/dir"
	each_world check_mount_binfmt
}

# proc_is new|old ARG...: /proc shows the new PID namespace or that of the caller;
# binfmt_misc is mounted in it. The shell forks nothing: in place, with --pid, its
# first child would be PID 1 and the last process.
proc_is() {
	observe "${NS[@]}" --map-root-user "${@:2}" sh -c 'read -r pid rest </proc/self/stat; echo $pid; exec cat /proc/self/mountinfo'
	assert_status 0
	assert_equal "$(mounted_on /proc/sys/fs/binfmt_misc <<<"$output")" 'binfmt_misc rw,nosuid,nodev,noexec,relatime'
	[ "$1" = "$([ "${lines[0]}" -lt 10 ] && echo new || echo old)" ] || show_run "wanted: $1"
}

check_proc_for_binfmt() {
	proc_is new --fork --pid --mount-binfmt
	proc_is new --fork --pid --load-interp "$(format)"
	proc_is old --mount-binfmt
	if [ "$TOOL" = nsclone ]; then
		proc_is new --init --mount-binfmt
	else
		proc_is old --pid --mount-binfmt
	fi
	observe "${NS[@]}" --map-root-user --fork --pid --mount-binfmt="$DIR" readlink /proc/self
	[ "$output" -gt 10 ]
}

@test "--mount-binfmt mounts the proc of a new PID namespace as well" {
	new_format
	each_world check_proc_for_binfmt
}

check_no_format() {
	refuses '.*: /proc/sys/fs/binfmt_misc/register: Invalid argument$' --map-root-user --load-interp nonsense
	assert_stderr_line --regexp "^$TOOL: hint: .*:name:type:offset:magic:mask:interpreter:flags"
	refuses '.*: No such file or directory$' --map-root-user --load-interp "$(format F | sed 's/cat:F/none:F/')"
}

@test "--load-interp: what the kernel does not take is refused" {
	new_format
	each_world check_no_format
}

# Where uid 0 is not mapped nobody may write to the file. Outside of a new user
# namespace root may; then the kernel would say that the format is invalid.
check_format_alone() {
	NS=("$LAUNCHER")
	refuses 'register the binary format: /proc/sys/fs/binfmt_misc/register: Permission denied$' --load-interp nonsense
}

@test "--load-interp alone implies a new user namespace" {
	new_format
	each_way check_format_alone
}

### --wd

check_wd() {
	observe "${NS[@]}" --mount --wd "$DIR" /bin/pwd -P
	assert_output "$DIR"
	observe "${NS[@]}" --uts --wd dir/../dir /bin/pwd -P
	assert_output "$DIR"
	observe "${NS[@]}" --root "$ROOT" --wd /tmp stat -c %d:%i .
	assert_output "$(inode "$ROOT/tmp")"
	observe "${NS[@]}" --root "$ROOT" --wd bin/../../../tmp stat -c %d:%i .
	assert_output "$(inode "$ROOT/tmp")"
	observe "${NS[@]}" --root / --wd tmp stat -c %d:%i .
	assert_output "$(inode /tmp)"
}

@test "--wd is the working directory, looked up in the new root" {
	busybox_root "$ROOT"
	each_world check_wd
}

check_no_wd() {
	refuses "change the working directory: $DIR: No such file or directory$" --root "$ROOT" --wd "$DIR"
	refuses "change the working directory: $DIR/file: Not a directory$" --mount --wd "$DIR/file"
	refuses "--wd: .* empty$" --mount --wd ''
}

@test "--wd: what is no directory in the new root is refused" {
	busybox_root "$ROOT"
	: >"$DIR/file"
	each_world check_no_wd
}

check_kept_cwd() {
	observe "${NS[@]}" --mount --fork --pid --mount-proc /bin/pwd -P
	assert_output "$BATS_TEST_TMPDIR"
	observe "${NS[@]}" --root "$ROOT" stat -c %d:%i .
	assert_output "$(inode "$ROOT")"
}

@test "the working directory is kept without --root, and / with it" {
	busybox_root "$ROOT"
	each_world check_kept_cwd
}

check_cwd_gone() {
	observe sh -c 'mkdir "$0" && cd "$0" && rmdir "$0" && exec "$@"' "$D/gone" "$LAUNCHER" --map-root-user --root "$ROOT" pwd
	assert_status 0
	assert_output /
}

@test "--root does not need the working directory, which may be gone" {
	busybox_root "$ROOT"
	each_way check_cwd_gone
}
