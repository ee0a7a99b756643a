#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What the program finds where: propagation, a new root, proc, sysfs,
# binfmt_misc, the working directory.

load helpers
load ways

setup_file() { make_user; }
teardown_file() { remove_user; }

setup() {
	export DIR=$BATS_TEST_TMPDIR/dir ROOT=$BATS_TEST_TMPDIR/root
	mkdir "$DIR"
}

# enter PROGRAM...: into the namespaces of $CHILD. The root is that of the mount
# namespace then, whatever root $CHILD itself may have.
enter() {
	local -a how=(nsenter --target "$CHILD" --mount --pid)
	[ "$WHO" = root ] || how+=(--user --preserve-credentials)
	[ "$WHO" != user ] || how=("${AS_USER[@]}" "${how[@]}")
	"${how[@]}" "$@"
}

### Reading mountinfo, of a file or of stdin

mount_points() { awk '{ print $5 }' "$@"; }

# The mount on top at DIR: its type and options, how it propagates.
mounted_on() { awk -v dir="$1" '$5 == dir { split($0, half, " - "); split(half[2], fs, " "); s = fs[1] " " $6 } END { print s }' "${@:2}"; }
peers_of() { awk -v dir="$1" '$5 == dir { s = ""; for (i = 7; $i != "-"; i++) s = s " " $i } END { print substr(s, 2) }' "${@:2}"; }

times_mounted() { mount_points /proc/self/mountinfo | grep -cx "$1" || true; }

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
	case $propagation-$WHO in
	default-* | private-*) wanted= ;;
	shared-root | unchanged-root) wanted=shared:$group spreads=1 receives=1 ;;
	shared-*) wanted="shared:[0-9]+ master:$group" receives=1 ;;
	slave-* | unchanged-*) wanted=master:$group receives=1 ;;
	esac
	[ "$propagation" = default ] || inside=(--propagation "$propagation")
	start_sleeper --mount "${inside[@]}" sh -c "mount -t tmpfs inner '$DIR/inner' && exec sleep 60"
	info=/proc/$CHILD/mountinfo
	mount -t tmpfs outer "$DIR/outer"
	text_is --regexp "^$wanted\$" "$(peers_of "$DIR" "$info")" ||
		fail "-- inside: $(peers_of "$DIR" "$info")" "-- wanted: $wanted"
	assert_equal "$(mount_points "$info" | grep -cx "$DIR/inner")" 1
	assert_equal "$(times_mounted "$DIR/inner")" $spreads
	assert_equal "$(mount_points "$info" | grep -cx "$DIR/outer" || true)" $receives
}

@test "mounts are private if nothing else is asked for" { each_way_in_mounts check_propagation default; }
@test "--propagation private: no mount goes in or out" { each_way_in_mounts check_propagation private; }
@test "--propagation shared: mounts go in, and out unless the user namespace is new" { each_way_in_mounts check_propagation shared; }
@test "--propagation slave: mounts go in only" { each_way_in_mounts check_propagation slave; }
@test "--propagation unchanged leaves to mounts what the kernel gives them" { each_way_in_mounts check_propagation unchanged; }

@test "--propagation without a new mount namespace is refused" {
	NS=("$NSCLONE")
	refuses '^nsclone: .*--propagation.*--mount' --uts --propagation slave
	assert_stderr_count 2
}

@test "--propagation takes its four words only" {
	NS=("$NSCLONE")
	for word in '' Private rshared private,slave; do
		refuses "^nsclone: --propagation: '$word'" --mount --propagation "$word"
	done
}

### --root

check_only_root() {
	start_sleeper --root "$ROOT" --pid --mount-proc /bin/sleep 60
	assert_equal "$(mount_points "/proc/$CHILD/mountinfo" | sort)" $'/\n/proc'
	assert_equal "$(enter /bin/cat /proc/self/mountinfo | mount_points | sort)" $'/\n/proc'
	assert_equal "$(enter /bin/stat -c %d:%i / /..)" "$(inode "$ROOT" "$ROOT")"
	assert_equal "$(inode "/proc/$CHILD/root" "/proc/$CHILD/cwd")" "$(inode "$ROOT" "$ROOT")"
	end_background
}

@test "--root: no mount of the old root is left in the mount namespace" {
	requires nsenter
	busybox_root "$ROOT"
	each_way check_only_root
}

check_no_way_out() {
	run_split "${NS[@]}" --root "$ROOT" --pid --mount-proc sh -c '
		stat -c %d:%i / /.. ../../../../.. /proc/1/root/ /proc/1/root/.. /proc/1/cwd/..
		for fd in /proc/self/fd/*; do [ ! -d "$fd" ] || echo "$fd"; done'
	assert_status 0
	assert_equal "$(sort -u <<<"$output")" "$(inode "$ROOT")"
	assert_equal "${#lines[@]}" 6
}

@test "--root: neither .. nor /proc/1/root nor a descriptor leads out" {
	busybox_root "$ROOT"
	each_way check_no_way_out
}

check_root_names() {
	local name
	for name in "$ROOT" "$ROOT/" "$ROOT/bin/../." root ./root/ dir/../root link dir/link/; do
		run_split "${NS[@]}" --root "$name" stat -c %d:%i /
		assert_status 0
		assert_output "$(inode "$ROOT")"
	done
}

@test "--root takes relative names, symbolic links, a slash at the end" {
	busybox_root "$ROOT"
	ln -s root "$BATS_TEST_TMPDIR/link"
	ln -s "$ROOT" "$DIR/link"
	each_way check_root_names
}

check_root_on_mount() {
	mount -t tmpfs tmpfs "$DIR"
	cp -a "$ROOT/." "$DIR"
	mount -t tmpfs below "$DIR/tmp"
	echo below >"$DIR/tmp/name"
	start_sleeper --root "$DIR" sh -c 'cat /tmp/name && exec sleep 60' >"$BATS_TEST_TMPDIR/seen"
	assert_equal "$(<"$BATS_TEST_TMPDIR/seen")" below
	assert_equal "$(mount_points "/proc/$CHILD/mountinfo")" $'/\n/tmp'
	assert_equal "$(mounted_on /tmp "/proc/$CHILD/mountinfo")" 'tmpfs rw,relatime'
	assert_equal "$(inode "/proc/$CHILD/root/")" "$(inode "$DIR")"
	end_background
}

@test "--root: a root that is a mount comes with the mounts beneath it" {
	busybox_root "$ROOT"
	each_way_in_mounts check_root_on_mount
}

# The other way round than with unshare(1): a mount that hides something must
# not be taken off in a new user namespace.
check_locked() {
	mkdir "$ROOT/tmp/hidden"
	mount -t tmpfs tmpfs "$ROOT/tmp"
	run_split "${NS[@]}" --root "$ROOT" sh -c 'umount /tmp; echo /tmp/*'
	assert_output "$([ "$WHO" = root ] && echo /tmp/hidden || echo '/tmp/*')"
	assert_equal "$(times_mounted "$ROOT/tmp")" 1
	umount "$ROOT/tmp"
	rmdir "$ROOT/tmp/hidden"
}

@test "--root: what a mount covers stays covered in a new user namespace" {
	busybox_root "$ROOT"
	each_way_in_mounts check_locked
}

mounts() { cut -d' ' -f3-6 "$@" | sort; }

check_present_root() {
	run_split "${NS[@]}" --root / --wd /. sh -c 'cat /proc/self/mountinfo; stat -c %d:%i / . >&2'
	assert_stderr "$(inode / /)"
	assert_equal "$(mounts <<<"$output")" "$(mounts /proc/self/mountinfo)"
	run_split "${NS[@]}" --root / --propagation shared stat -c %d:%i .
	assert_output "$(inode /)"
}

@test "--root /: the root and the mounts are what they were" { each_way_in_mounts check_present_root; }

check_shared_root() {
	refuses "^nsclone: .*: $ROOT: Invalid argument$" --root "$ROOT" --propagation shared
	assert_stderr_line --regexp '^nsclone: hint: .*shared mounts.*--propagation'
}

@test "--root with --propagation shared is refused with the reason" {
	busybox_root "$ROOT"
	each_way check_shared_root
}

check_unchanged_root() {
	"${NS[@]}" --root "$ROOT" --propagation unchanged /bin/true
	mount --bind "$ROOT" "$ROOT"
	mount --make-shared "$ROOT"
	if [ "$WHO" = root ]; then
		refuses "^nsclone: .*: $ROOT: Invalid argument$" --root "$ROOT" --propagation unchanged
		assert_stderr_line --regexp '^nsclone: hint: .*shared mounts.*--propagation'
	else # the kernel has made it a slave
		"${NS[@]}" --root "$ROOT" --propagation unchanged /bin/true
	fi
	assert_equal "$(times_mounted "$ROOT")" 1
}

@test "--root with --propagation unchanged is refused where a mount is shared" {
	busybox_root "$ROOT"
	each_way_in_mounts check_unchanged_root
}

check_no_root() {
	refuses "^nsclone: open the root directory: $DIR/none: No such file or directory$" --root "$DIR/none"
	refuses "^nsclone: open the root directory: $DIR/file: Not a directory$" --root "$DIR/file"
	refuses "^nsclone: open the root directory: $DIR/loop: Too many levels of symbolic links$" --root "$DIR/loop"
	refuses "^nsclone: --root: .* empty$" --root ''
}

@test "--root: what is no directory is refused" {
	: >"$DIR/file"
	ln -s loop "$DIR/loop"
	each_way check_no_root
}

@test "--root: a directory that the user may not enter is refused" {
	requires root userns
	mkdir -m 700 "$DIR/closed" "$DIR/closed/root"
	NS=("${AS_USER[@]}" "$NSCLONE" --map-root-user)
	refuses "^nsclone: open the root directory: $DIR/closed/root: Permission denied$" --root "$DIR/closed/root"
}

### --mount-proc

check_proc() {
	run_split "${NS[@]}" --pid --mount-proc sh -c 'cat /proc/1/comm; cat /proc/self/mountinfo; ls /proc'
	assert_status 0
	assert_line sh
	assert_equal "$(mounted_on /proc <<<"$output")" 'proc rw,nosuid,nodev,noexec,relatime'
	assert_equal "$(grep -cE '^[0-9]+$' <<<"$output")" 2
}

@test "--mount-proc shows the processes of the new PID namespace and no others" { each_way check_proc; }

check_proc_dir() {
	run_split "${NS[@]}" --pid --mount-proc="$1" sh -c "cat '$DIR/1/comm'; cat '$DIR/self/mountinfo'"
	assert_status 0
	assert_equal "${lines[0]}" sh
	assert_equal "$(mounted_on "$DIR" <<<"$output")" 'proc rw,nosuid,nodev,noexec,relatime'
	assert_equal "$(times_mounted "$DIR")" 0
}

@test "--mount-proc=DIR mounts it there only" {
	each_way check_proc_dir "$DIR"
	each_way check_proc_dir dir/.
}

check_proc_beneath() {
	local dir
	for dir in /dir dir /dir/../dir/ ../../dir; do
		run_split "${NS[@]}" --pid --root "$ROOT" --mount-proc="$dir" cat /dir/self/mountinfo
		assert_status 0
		assert_equal "$(mount_points <<<"$output")" $'/\n/dir'
	done
}

@test "--mount-proc=DIR is beneath the new root" {
	busybox_root "$ROOT"
	mkdir "$ROOT/dir"
	each_way check_proc_beneath
}

# The links lead to $DIR, which is there both outside and beneath the new root.
check_proc_links() {
	local link
	for link in absolute up chain; do
		run_split "${NS[@]}" --pid --root "$ROOT" --propagation slave --mount-proc="/$link" cat "$DIR/self/mountinfo"
		assert_status 0
		assert_equal "$(mount_points <<<"$output")" "/"$'\n'"$DIR"
	done
	refuses '^nsclone: open beneath the new root: /outside: No such file or directory$' --pid --root "$ROOT" --mount-proc=/outside
	refuses '^nsclone: open beneath the new root: /loop: Too many levels of symbolic links$' --pid --root "$ROOT" --mount-proc=/loop
}

@test "--mount-proc: symbolic links of the new root stay beneath it" {
	busybox_root "$ROOT"
	mkdir -p "$ROOT/$DIR"
	ln -s "$DIR" "$ROOT/absolute"
	ln -s "../../../../../../../../../..$DIR" "$ROOT/up"
	ln -s /bin/../absolute "$ROOT/chain"
	ln -s "$NST_HOME" "$ROOT/outside"
	ln -s loop "$ROOT/loop"
	each_way check_proc_links
}

check_proc_is_private() {
	local propagation before
	mount --make-shared /proc
	before=$(mount_points /proc/self/mountinfo)
	for propagation in shared unchanged slave private; do
		run_split "${NS[@]}" --pid --propagation $propagation --mount-proc cat /proc/1/comm
		assert_output cat
		assert_equal "$(mount_points /proc/self/mountinfo)" "$before"
	done
}

@test "--mount-proc does not show outside, however mounts propagate" { each_way_in_mounts check_proc_is_private; }

check_proc_in_shared() {
	mount -t tmpfs tmpfs "$DIR"
	mount --make-shared "$DIR"
	mkdir "$DIR/proc"
	refuses "^nsclone: .*: $DIR/proc: Invalid argument$" --pid --propagation shared --mount-proc="$DIR/proc"
	assert_stderr_line --regexp '^nsclone: hint: .*shared mount'
	assert_equal "$(times_mounted "$DIR/proc")" 0
	"${NS[@]}" --pid --propagation slave --mount-proc="$DIR/proc" test -e "$DIR/proc/1"
	assert_equal "$(times_mounted "$DIR/proc")" 0
}

@test "--mount-proc=DIR is refused where it would show outside" { each_way_in_mounts check_proc_in_shared; }

@test "--mount-proc without --pid shows root the processes that there are" {
	requires root
	run_split "$NSCLONE" --mount-proc readlink "/proc/$$/ns/pid"
	assert_output "$(ns_id self pid)"
}

@test "--mount-proc without --pid: in a new user namespace the kernel refuses, and a hint says why" {
	requires userns
	NS=("${AS_USER[@]}" "$NSCLONE")
	refuses '^nsclone: mount proc: /proc: Operation not permitted$' --map-root-user --mount-proc
	assert_stderr_line --regexp '^nsclone: hint: .*--pid'
}

check_no_dir() {
	local option
	for option in --mount-proc --mount-sys; do
		refuses "^nsclone: mount .*: $DIR/none: No such file or directory$" --pid --net "$option=$DIR/none"
		refuses "^nsclone: mount .*: $DIR/file: Not a directory$" --pid --net "$option=$DIR/file"
		refuses "^nsclone: $option: .* empty$" --pid --net "$option="
	done
}

@test "--mount-proc, --mount-sys: what is no directory is refused" {
	: >"$DIR/file"
	each_way check_no_dir
}

### --mount-sys

check_sys() {
	run_split "${NS[@]}" --net --mount-sys sh -c '
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
	each_way check_sys
}

check_sys_beneath() {
	run_split "${NS[@]}" --net --pid --root "$ROOT" --mount-proc --mount-sys=/dir cat /proc/self/mountinfo
	assert_status 0
	assert_equal "$(mounted_on /dir <<<"$output")" 'sysfs rw,nosuid,nodev,noexec,relatime'
	assert_equal "$(mount_points <<<"$output")" $'/\n/proc\n/dir'
}

@test "--mount-sys=DIR is beneath the new root" {
	busybox_root "$ROOT"
	mkdir "$ROOT/dir"
	each_way check_sys_beneath
}

@test "--mount-sys without --net: in a new user namespace the kernel refuses, and a hint says why" {
	requires userns
	NS=("${AS_USER[@]}" "$NSCLONE")
	refuses '^nsclone: mount sysfs: /sys: Operation not permitted$' --map-root-user --mount-sys
	assert_stderr_line --regexp '^nsclone: hint: .*--net'
}

### --mount-binfmt, --load-interp

# A program that is run by a copy of cat, $BATS_TEST_TMPDIR/cat: it prints itself.
new_format() {
	requires userns
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
	run_split "${NS[@]}" --map-root-user --load-interp "$(format)" sh -c '
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
	each_way check_format
}

check_format_of_root() {
	local flags=$1 wanted=$2
	run_split "${NS[@]}" --map-root-user --pid --root "$ROOT" --mount-proc --load-interp "$(format "$flags")" /program.nst
	assert_equal "$status:$output" "$wanted"
}

@test "--load-interp: the interpreter is that of the new root, with flag F that of the old one" {
	new_format
	each_way check_format_of_root F '0:it prints itself'
	each_way check_format_of_root '' 127:
}

check_mount_binfmt() {
	run_split "${NS[@]}" --map-root-user --mount-binfmt="$DIR" sh -c 'ls "$0"; readlink /proc/self/ns/user' "$DIR"
	assert_status 0
	assert_equal "${lines[*]:0:2}" 'register status'
	refute_equal "${lines[2]}" "$(ns_id self user)"
	assert_equal "$(times_mounted "$DIR")" 0
	run_split "${NS[@]}" --map-root-user --pid --root "$ROOT" --mount-proc --mount-binfmt=/dir ls /dir
	assert_output $'register\nstatus'
}

@test "--mount-binfmt=DIR mounts a binfmt_misc of the new user namespace" {
	new_format
	mkdir "$ROOT/dir"
	each_way check_mount_binfmt
}

check_no_format() {
	refuses '^nsclone: .*: /proc/sys/fs/binfmt_misc/register: Invalid argument$' --map-root-user --load-interp nonsense
	assert_stderr_line --regexp '^nsclone: hint: .*:name:type:offset:magic:mask:interpreter:flags'
	refuses '^nsclone: .*: No such file or directory$' --map-root-user --load-interp "$(format F | sed 's/cat:F/none:F/')"
}

@test "--load-interp: what the kernel does not take is refused" {
	new_format
	each_way check_no_format
}

### --wd

check_wd() {
	run_split "${NS[@]}" --mount --wd "$DIR" /bin/pwd -P
	assert_output "$DIR"
	run_split "${NS[@]}" --uts --wd dir/../dir /bin/pwd -P
	assert_output "$DIR"
	run_split "${NS[@]}" --root "$ROOT" --wd /tmp stat -c %d:%i .
	assert_output "$(inode "$ROOT/tmp")"
	run_split "${NS[@]}" --root "$ROOT" --wd bin/../../../tmp stat -c %d:%i .
	assert_output "$(inode "$ROOT/tmp")"
	run_split "${NS[@]}" --root / --wd tmp stat -c %d:%i .
	assert_output "$(inode /tmp)"
}

@test "--wd is the working directory, looked up in the new root" {
	busybox_root "$ROOT"
	each_way check_wd
}

check_no_wd() {
	refuses "^nsclone: change the working directory: $DIR: No such file or directory$" --root "$ROOT" --wd "$DIR"
	refuses "^nsclone: change the working directory: $DIR/file: Not a directory$" --mount --wd "$DIR/file"
	refuses "^nsclone: --wd: .* empty$" --mount --wd ''
}

@test "--wd: what is no directory in the new root is refused" {
	busybox_root "$ROOT"
	: >"$DIR/file"
	each_way check_no_wd
}

check_kept_cwd() {
	run_split "${NS[@]}" --mount --pid --mount-proc /bin/pwd -P
	assert_output "$BATS_TEST_TMPDIR"
	run_split "${NS[@]}" --root "$ROOT" stat -c %d:%i .
	assert_output "$(inode "$ROOT")"
}

@test "the working directory is kept without --root, and / with it" {
	busybox_root "$ROOT"
	each_way check_kept_cwd
}

@test "--root does not need the working directory, which may be gone" {
	requires userns
	busybox_root "$ROOT"
	run_split sh -c 'cd "$0" && rmdir "$0" && exec "$@"' "$DIR" "$NSCLONE" --map-root-user --root "$ROOT" pwd
	assert_status 0
	assert_output /
}
