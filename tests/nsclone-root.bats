#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# nsclone --root pivots: of the old root nothing is left. What --root has in
# common with nsunshare's is in launch-files.bats.

load helpers
load launchers
TOOLS=(nsclone)

setup_file() { make_user; }
teardown_file() { remove_user; }

setup() {
	requires userns
	export DIR=$BATS_TEST_TMPDIR/dir ROOT=$BATS_TEST_TMPDIR/root
	mkdir "$DIR"
}

# enter PROGRAM...: into the namespaces of $PROGRAM. The root is that of the mount
# namespace then, whatever root $PROGRAM itself may have.
enter() {
	local -a how=(nsenter --target "$PROGRAM" --mount --pid)
	is_root || how+=(--user --preserve-credentials)
	"${WHO[@]}" "${how[@]}" "$@"
}

inode() { stat -L -c %d:%i "$@"; }

check_only_root() {
	launch_sleep --root "$ROOT" --pid --mount-proc
	assert_equal "$(mount_points "/proc/$PROGRAM/mountinfo" | sort)" $'/\n/proc'
	assert_equal "$(enter /bin/cat /proc/self/mountinfo | mount_points | sort)" $'/\n/proc'
	assert_equal "$(enter /bin/stat -c %d:%i / /..)" "$(inode "$ROOT" "$ROOT")"
	assert_equal "$(inode "/proc/$PROGRAM/root" "/proc/$PROGRAM/cwd")" "$(inode "$ROOT" "$ROOT")"
	end_sleep
}

@test "--root: no mount of the old root is left in the mount namespace" {
	requires nsenter
	busybox_root "$ROOT"
	each_world check_only_root
}

check_no_way_out() {
	observe "${NS[@]}" --root "$ROOT" --pid --mount-proc sh -c '
		stat -c %d:%i / /.. ../../../../.. /proc/1/root/ /proc/1/root/.. /proc/1/cwd/..
		for fd in /proc/self/fd/*; do [ ! -d "$fd" ] || echo "$fd"; done'
	assert_status 0
	assert_equal "$(sort -u <<<"$output")" "$(inode "$ROOT")"
	assert_equal "${#lines[@]}" 6
}

@test "--root: neither .. nor /proc/1/root nor a descriptor leads out" {
	busybox_root "$ROOT"
	each_world check_no_way_out
}

check_root_on_mount() {
	mount -t tmpfs tmpfs "$DIR"
	cp -a "$ROOT/." "$DIR"
	mount -t tmpfs below "$DIR/tmp"
	echo below >"$DIR/tmp/name"
	launch --root "$DIR" sh -c 'cat /tmp/name && exec sleep 60' >"$BATS_TEST_TMPDIR/seen"
	wait_until runs "$LAUNCHER_PID" sleep
	assert_equal "$(<"$BATS_TEST_TMPDIR/seen")" below
	assert_equal "$(mount_points "/proc/$PROGRAM/mountinfo")" $'/\n/tmp'
	assert_equal "$(mounted_on /tmp "/proc/$PROGRAM/mountinfo")" 'tmpfs rw,relatime'
	assert_equal "$(inode "/proc/$PROGRAM/root/")" "$(inode "$DIR")"
	end_sleep
}

@test "--root: a root that is a mount comes with the mounts beneath it" {
	busybox_root "$ROOT"
	each_world_in_mounts check_root_on_mount
}

mounts() { cut -d' ' -f3-6 "$@" | sort; }

check_present_root() {
	observe "${NS[@]}" --root / --wd /. sh -c 'cat /proc/self/mountinfo; stat -c %d:%i / . >&2'
	assert_stderr "$(inode / /)"
	assert_equal "$(mounts <<<"$output")" "$(mounts /proc/self/mountinfo)"
	observe "${NS[@]}" --root / --propagation shared stat -c %d:%i .
	assert_output "$(inode /)"
}

@test "--root /: the root and the mounts are what they were" { each_world_in_mounts check_present_root; }

check_shared_root() {
	refuses ".*: $ROOT: Invalid argument$" --root "$ROOT" --propagation shared
	assert_stderr_line --regexp "^$TOOL: hint: .*shared mounts.*--propagation"
}

@test "--root with --propagation shared is refused with the reason" {
	busybox_root "$ROOT"
	each_world check_shared_root
}

check_unchanged_root() {
	"${WHO[@]}" "${NS[@]}" --root "$ROOT" --propagation unchanged /bin/true
	mount --bind "$ROOT" "$ROOT"
	mount --make-shared "$ROOT"
	if is_root; then
		refuses ".*: $ROOT: Invalid argument$" --root "$ROOT" --propagation unchanged
		assert_stderr_line --regexp "^$TOOL: hint: .*shared mounts.*--propagation"
	else # the kernel has made it a slave
		"${WHO[@]}" "${NS[@]}" --root "$ROOT" --propagation unchanged /bin/true
	fi
	assert_equal "$(times_mounted "$ROOT")" 1
}

@test "--root with --propagation unchanged is refused where a mount is shared" {
	busybox_root "$ROOT"
	each_world_in_mounts check_unchanged_root
}

