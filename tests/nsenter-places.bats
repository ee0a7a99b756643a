#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Where the program that nsenter-lite starts is, besides namespaces: its root and
# working directory, its environment, its cgroup.

load helpers
load launchers
load nsenter

setup_file() { make_user; }
teardown_file() { remove_user; }
setup() { requires userns; }

### Directories

# A file system that only they see, with a directory in it, is the target's.
directories() {
	mkdir "$D/mnt" "$D/mnt/below"
	chmod 777 "$D/mnt" "$D/mnt/below"
	if is_root; then set -- -m; else set -- -r -m; fi
	target "$NSCLONE" "$@" sh -c 'mount -t tmpfs none "$0/mnt" && mkdir "$0/mnt/in" && cd "$0/mnt/in" && exec sleep 999' "$D"
	# The target's
	inside -a -w readlink /proc/self/cwd
	assert_output "$D/mnt/in"
	inside -a --wd pwd
	assert_output "$D/mnt/in"
	inside -a -r -w readlink /proc/self/cwd
	assert_output "$D/mnt/in"
	# Named, and seen from inside
	for option in -W --wdns= -W=; do
		inside -a "$option$D/mnt/in" readlink /proc/self/cwd
		assert_output "$D/mnt/in"
		cannot "$D/mnt/below" '' -a "$option$D/mnt/below"
	done
	# Named, and seen from where we come from
	touch "$D/mnt/below/outside"
	for option in -w --wd= -w=; do
		inside -a "$option$D/mnt/below" ls
		assert_output outside
		cannot "open the working directory: $D/mnt/in" '' -a "$option$D/mnt/in"
	done
	inside -a readlink /proc/self/cwd
	assert_output /
	usage '--wd and --wdns exclude' -t "$TARGET" -a -w -W/
	usage '--wd and --wdns exclude' -t "$TARGET" -a --wd=/ --wdns=/
	for option in -r= -w= --root= --wd=; do
		usage 'name of the directory is empty' -t "$TARGET" -a "$option"
	done
	for option in -r -w -W; do
		cannot "$D/none" '' -a "$option$D/none"
		cannot /dev/null '' -a "$option/dev/null"
	done
}

@test "--wd, --wdns: the target's working directory, one seen from outside, one seen from inside" { each_way directories; }

own_cwd() {
	own_world -u
	inside "${USER_OPTION[@]}" -u readlink /proc/self/cwd
	assert_output "$("${WHO[@]}" pwd)"
	inside "${USER_OPTION[@]}" -u -w/tmp readlink /proc/self/cwd
	assert_output /tmp
}

@test "without a mount namespace, the working directory stays" { each_way in_own_world own_cwd; }

# busybox: the root file system of another system
roots() {
	local root=$D/root
	busybox_root "$root"
	mkdir "$root/proc/x" "$root/only-there"
	is_root && set -- -m || set -- -r -m
	target "$NSCLONE" "$@" --root "$root" /bin/sh -c 'cd /only-there; exec sleep 999'
	inside -a /bin/ls -d /only-there
	assert_output /only-there
	inside -a -r /bin/busybox ls -d /only-there
	assert_output /only-there
	inside -a -r -w /bin/pwd
	assert_output /only-there
	inside -a -r -W/tmp /bin/pwd
	assert_output /tmp
	is_root || USER_OPTION=(-U)
	# The root alone, in our own mounts
	inside "${USER_OPTION[@]}" -r -w /bin/pwd
	assert_output /only-there
	for option in -r --root= -r=; do
		inside "${USER_OPTION[@]}" "$option$root" /bin/pwd
		assert_output /
		inside "${USER_OPTION[@]}" "$option$root" /bin/ls -d /only-there
		assert_output /only-there
	done
	# Opened before anything is joined: in there it has no such path.
	inside -a "-r$root" -W/tmp /bin/pwd
	assert_output /tmp
	inside -a "-w$root/tmp" /bin/sh -c 'cd .. && ls -d only-there'
	assert_output only-there
}

@test "--root: the target's root directory, or one seen from outside" { each_way in_own_world roots; }

not_root() {
	world -r -u
	observe "$LAUNCHER" -t $$ -r true
	[ "$AS" = root ] || assert_outcome 'exited 125'
	failure 'enter the root directory' '' --root=/ -w/
}

@test "--root without the right to it is a failure" { as_the_user not_root; }

gone() {
	mkdir "$D/gone"
	chmod 777 "$D/gone"
	is_root && set -- -u || set -- -r -u
	target "$NSCLONE" "$@" sh -c 'cd "$0" && rmdir "$0" && exec sleep 999' "$D/gone"
	cannot "the target's working directory" '' -a -w
}

@test "--wd: a working directory that has been removed is a failure" { each_way gone; }

### The environment

# has_env: the last program's, to the byte, is the target's.
has_env() { cmp "/proc/$TARGET/environ" "$BATS_TEST_TMPDIR/stdout"; }

environments() {
	local -a odd=("PATH=$PATH" A=1 'B=x y' C=$'two\nlines' D= E==e= A=2 '=f' nothing)
	is_root && set -- -u || set -- -r -u
	target "$NSCLONE" "$@" "$HELPERS/exec-with" "$(command -v sleep)" "${odd[@]}" -- 999
	for options in '-a -e' '-a --env' '-a -e --kill-child'; do
		inside $options cat /proc/self/environ
		has_env
	done
	inside -a sh -c 'echo "$A$B"; echo "$HOME"'
	assert_equal "$output" "
$("${WHO[@]}" printenv HOME)"
	inside -a -e --setenv B=b --setenv N=n sh -c 'echo "$A $B $D $N"'
	assert_output --regexp '^[12] b  n$'
	inside -a -e --keep-env B,N env
	assert_output 'B=x y'
	inside -a -e --clear-env --setenv N=n env
	assert_output 'N=n'
	inside -a --clear-env env
	refute_output
	# The target's PATH is what the program is looked for in.
	end_target
	mkdir "$D/bin"
	printf '#!/bin/sh\necho mine\n' >"$D/bin/tool"
	chmod -R 755 "$D/bin"
	target "$NSCLONE" "$@" env -i "PATH=$D/bin" "$(command -v sleep)" 999
	inside -a -e tool
	assert_output mine
	observe env "PATH=/usr/bin:/bin" "$LAUNCHER" -t "$TARGET" -a tool
	assert_outcome 'exited 127'
	end_target
	target "$NSCLONE" "$@" env -i "$(command -v sleep)" 999
	inside -a -e /usr/bin/env
	refute_output
}

@test "--env: the target's environment, as it is; then --clear-env, --keep-env, --setenv" { each_way environments; }

large_environment() {
	is_root && set -- -u || set -- -r -u
	big=$(printf '%0100000d' 7)
	target "$NSCLONE" "$@" env "BIG=$big" "BIGGER=$big" sleep 999
	inside -a -e cat /proc/self/environ
	has_env
}

@test "--env: a large environment" { each_way large_environment; }

interrupted() {
	is_root && set -- -u || set -- -r -u
	target "$NSCLONE" "$@" env "BIG=$(printf '%09000d' 7)" sleep 999
	observe strace -q -o /dev/null -P "/proc/$TARGET/environ" -e trace=read -e inject=read:error=EINTR:when=1+2 \
		"$LAUNCHER" -t "$TARGET" -a -F -e cat /proc/self/environ
	assert_outcome 'exited 0'
	has_env
}

@test "--env: a read that is interrupted is repeated" {
	requires strace
	each_way interrupted
}

# What runs as a subordinate uid is closed to its user, from outside.
closed_environment() {
	target "$NSCLONE" -r --map-auto -m -S 5 -G 5 env -i "PATH=$PATH" SECRET=told sleep 999
	run_split "${WHO[@]}" cat "/proc/$TARGET/environ"
	refute_output
	inside -a -e printenv SECRET
	assert_output told
	inside -a -S follow -G follow -e printenv SECRET
	assert_output told
	cannot '--env: process' 'its PATH' -e
}

@test "--env: where it can be read only from inside its user namespace" {
	requires subids
	as_the_user closed_environment
}

# The enemy's PATH, among our files: the program must not run with it.
enemy_environment() {
	mkdir "$D/bin"
	chmod 755 "$D" "$D/bin"
	printf '#!/bin/sh\ntouch "%s/ran"\n' "$D" >"$D/bin/tool"
	chmod 755 "$D/bin/tool"
	chmod 777 "$D"
	target "$@" env -i "PATH=$D/bin" "$(command -v sleep)" 999
	for options in '-u' '-i -u' '-m -u' '-r -u' '-m -r' "-r/ -u" "--mount=/proc/$TARGET/ns/mnt"; do
		printf -- '-- %s\n' "$options"
		observe "$LAUNCHER" -t "$TARGET" $options -e tool
		assert_outcome 'exited 125'
		assert_stderr_line --regexp '^nsenter-lite: --env: process [0-9]+ has another uid or fewer capabilities'
	done
	[ ! -e "$D/ran" ]
	end_target
	rm -r "$D/bin"
}

@test "--env among our own files, of a target that has not all of our rights, is refused" {
	requires root
	# Another uid; our uid and no capability; our uid, and capabilities elsewhere
	as_ourselves enemy_environment "${AS_USER[@]}"
	as_ourselves enemy_environment setpriv --bounding-set=-all --inh-caps=-all
	as_ourselves enemy_environment "$NSCLONE" -U --map-users 0:0:10 --map-groups 0:0:10
}

others_files() {
	target "${AS_USER[@]}" "$NSCLONE" -r -m env -i "PATH=$PATH" MARK=its "$(command -v sleep)" 999
	inside -m -e sh -c 'echo "$MARK"'
	assert_output its
	end_target
	# A process of ours that has all that we have
	target "$NSCLONE" -u env -i "PATH=$PATH" MARK=ours "$(command -v sleep)" 999
	inside -u -e sh -c 'echo "$MARK"'
	assert_output ours
}

@test "--env with the target's own files, or of our equal, is as ever" {
	requires root
	as_ourselves others_files
}

# The shells are the target's: $SHELL if it is there.
shells() {
	printf '#!/bin/sh\necho "my shell: $# $TARGETS"\n' >"$D/shell"
	chmod 755 "$D/shell"
	is_root && set -- -u || set -- -r -u
	target "$NSCLONE" "$@" env "SHELL=$D/shell" TARGETS=1 sleep 999
	inside -a -e
	assert_output 'my shell: 0 1'
	AROUND=(env SHELL=/bin/sh)
	is_root || AROUND=()
	inside -a <<<'echo "$0: $TARGETS"; exit'
	assert_output --regexp 'sh: $'
	end_target
	target "$NSCLONE" "$@" env "SHELL=$D/none" sleep 999
	inside -a -e <<<'echo here; readlink /proc/$$/ns/uts'
	assert_equal "$output" $'here\n'"$(links "$TARGET" uts)"
	AROUND=()
}

@test "no program: a shell; with --env, the target's" { each_way shells; }

closing() {
	own_world -u
	exec 7</dev/null 8</dev/null
	inside "${USER_OPTION[@]}" -u --close-fds "$HELPERS/inventory"
	assert_line 'fds 0 1 2'
	inside "${USER_OPTION[@]}" -u --close-fds=7 "$HELPERS/inventory"
	assert_line 'fds 0 1 2 7'
	inside "${USER_OPTION[@]}" -u "$HELPERS/inventory"
	assert_line --regexp '^fds 0 1 2 .*7 8'
	inside "${USER_OPTION[@]}" -u -e -c -r -w --close-fds=7,8 --kill-child "$HELPERS/inventory"
	assert_line 'fds 0 1 2 7 8'
	exec 7<&- 8<&-
}

@test "--close-fds" { each_way in_own_world closing; }

### Cgroups

# Each test's cgroups are made in $MADE, and go with it.
teardown() {
	local dir
	end_target
	for ((dir = ${#MADE[@]} - 1; dir >= 0; dir--)); do
		wait_until rmdir "${MADE[dir]}" || true
	done
}
MADE=()

make_cgroup() {
	mkdir "$1"
	MADE+=("$1")
}

v2_of() { sed -n 's/^0:://p' "/proc/$1/cgroup"; }

# joins NAME: the program, not who waits for it, is in the cgroup $CGROUP2/NAME
joins() {
	local name=$1 ours
	ours=$(v2_of $$)
	make_cgroup "$CGROUP2/$name"
	world -u
	echo "$TARGET" >"$CGROUP2/$name/cgroup.procs"
	assert_equal "$(v2_of "$TARGET")" "$CGROUP2_PATH/$name"
	for option in -c --join-cgroup; do
		inside -u $option sed -n s/^0:://p /proc/self/cgroup
		assert_output "$CGROUP2_PATH/$name"
	done
	inside -u -c --kill-child sh -c 'sed -n s/^0:://p /proc/self/cgroup /proc/$PPID/cgroup'
	assert_equal "$output" "$CGROUP2_PATH/$name"$'\n'"$ours"
	inside -p -c -u sed -n s/^0:://p /proc/self/cgroup
	assert_output "$CGROUP2_PATH/$name"
	inside -u sed -n s/^0:://p /proc/self/cgroup
	assert_output "$ours"
	assert_equal "$(v2_of $$)" "$ours"
	end_target
}

@test "--join-cgroup: the program is in the target's v2 cgroup, who waits for it is not" {
	requires root cgroup2
	as_ourselves joins "nst-$$"
}

@test "--join-cgroup: a cgroup with a name that is hard to read" {
	requires root cgroup2
	as_ourselves joins "nst-$$ a b"
	as_ourselves joins "nst-$$:b:c"
	as_ourselves joins "nst-$$ 0::"
	as_ourselves joins "0::nst-$$"
	as_ourselves joins "nst-$$ - cgroup2 \\040"
}

open_ones() {
	local fds
	make_cgroup "$CGROUP2/nst-$$"
	world -u
	echo "$TARGET" >"$CGROUP2/nst-$$/cgroup.procs"
	observe "$HELPERS/inventory"
	fds=$(grep ^fds "$BATS_TEST_TMPDIR/stdout")
	for options in '-u -c' '-u -c --kill-child' '-u -c -e -r -w'; do
		inside $options "$HELPERS/inventory"
		assert_line "$fds"
	done
}

@test "--join-cgroup: no descriptor of a cgroup is handed on" {
	requires root cgroup2
	as_ourselves open_ones
}

# A mounted v1 hierarchy that we may write to: the last, so that it is not the
# first in mountinfo.
v1_hierarchy() {
	V1=$(awk '$3 == "cgroup" && $4 ~ /(^|,)(pids|freezer|cpu)(,|$)/ { last = $2 } END { print last }' /proc/self/mounts)
	[ -n "$V1" ] || skip 'needs a mounted cgroup v1 hierarchy'
}

v1_too() {
	make_cgroup "$CGROUP2/nst-$$"
	make_cgroup "$V1/nst-$$"
	world -u
	echo "$TARGET" >"$CGROUP2/nst-$$/cgroup.procs"
	echo "$TARGET" >"$V1/nst-$$/cgroup.procs"
	inside -u -c cat /proc/self/cgroup
	assert_equal "$output" "$(cat "/proc/$TARGET/cgroup")"
	assert_output --partial "nst-$$"
	refute_equal "$output" "$(cat /proc/$$/cgroup)"
}

@test "--join-cgroup: hierarchies of cgroup v1, too" {
	requires root cgroup2
	v1_hierarchy
	as_ourselves v1_too
}

# The target is root's work: the user may not write its cgroups.
v1_not() {
	make_cgroup "$V1/nst-$$"
	is_root && set -- -u || set -- -r -u
	world "$@"
	echo "$TARGET" >"$V1/nst-$$/cgroup.procs"
	observe "$LAUNCHER" -t "$TARGET" -a -c cat /proc/self/cgroup
	assert_outcome 'exited 0'
	assert_stderr_count 1
	assert_stderr --regexp '^nsenter-lite: not joined, of cgroup v1: [a-z,=]+ \(Permission denied\)$'
	assert_equal "$output" "$("${WHO[@]}" cat /proc/self/cgroup)"
}

@test "--join-cgroup: what cannot be joined of cgroup v1 is said, in one line" {
	requires root cgroup2
	v1_hierarchy
	as_the_user v1_not
}

v2_not() {
	make_cgroup "$CGROUP2/nst-$$"
	world -r -u
	echo "$TARGET" >"$CGROUP2/nst-$$/cgroup.procs"
	cannot "nst-$$" '' -a -c
	cannot "nst-$$" '' -a -c --kill-child
}

@test "--join-cgroup: a v2 cgroup that we may not write to is a failure" {
	requires root cgroup2
	as_the_user v2_not
}

# The user owns the file, so that it can be opened. The kernel refuses the write:
# the process would leave a cgroup that is not the user's.
not_admitted() {
	local dir=$CGROUP2/nst-$$
	make_cgroup "$dir"
	world -r -u
	echo "$TARGET" >"$dir/cgroup.procs"
	chown "$NST_USER" "$dir/cgroup.procs"
	"${WHO[@]}" sh -c ': >>"$0"' "$dir/cgroup.procs"
	cannot 'write cgroup.procs: Permission denied' '' -a -c
	cannot 'write cgroup.procs: Permission denied' '' -a -c --kill-child
}

@test "--join-cgroup: a v2 cgroup that takes no process from us is a failure, though its file can be opened" {
	requires root cgroup2
	as_the_user not_admitted
}

same() {
	own_world -u
	inside "${USER_OPTION[@]}" -u -c cat /proc/self/cgroup
	assert_equal "$output" "$(cat "/proc/$TARGET/cgroup")"
}

@test "--join-cgroup: where we are already there is nothing to do" { each_way in_own_world same; }

in_cgroup_namespace() {
	make_cgroup "$CGROUP2/nst-$$"
	target sh -c 'echo $$ >"$1/cgroup.procs" && shift && exec "$@"' sh "$CGROUP2/nst-$$" "$NSCLONE" -C sleep 999
	inside -C -c sed -n s/^0:://p /proc/self/cgroup
	assert_output /
	inside -c sed -n s/^0:://p /proc/self/cgroup
	assert_output "$(v2_of "$TARGET")"
	inside -a -c sed -n s/^0:://p /proc/self/cgroup
	assert_output /
}

@test "--join-cgroup together with the cgroup namespace" {
	requires root cgroup2
	as_ourselves in_cgroup_namespace
}

# only_mount CGROUP POINT: CGROUP is mounted there, and no other cgroup v2 is
# mounted anywhere. For in_private_mounts.
only_mount() {
	local point
	mkdir -p "$2"
	mount --bind "$1" "$2"
	for point in $(awk '$3 == "cgroup2" { print $2 }' /proc/self/mounts); do
		[[ $point == "$D"/* ]] || umount -l "$point"
	done
	assert_equal "$(grep -c ' - cgroup2 ' /proc/self/mountinfo)" 1
}

# target_in CGROUP: $TARGET is in it; exported, for functions in private mounts.
target_in() {
	make_cgroup "$1"
	world -u
	echo "$TARGET" >"$1/cgroup.procs"
	export TARGET
}

names_of_mounts() {
	local root="$CGROUP2/nst-$$ a\\b"
	make_cgroup "$root"
	target_in "$root/in"
	in_private_mounts joins_by "$root" "$D/x y\\z" "$(v2_of "$TARGET")"
}

# joins_by ROOT POINT CGROUP
joins_by() {
	only_mount "$1" "$2"
	inside -u -c sed -n s/^0:://p /proc/self/cgroup
	assert_output "$3"
}

@test "--join-cgroup: a mount whose root and place have names with blanks and backslashes" {
	requires root cgroup2
	as_ourselves names_of_mounts
}

# The source of the only mount of cgroup v2 is an empty text.
without_a_source() {
	target_in "$CGROUP2/nst-$$"
	in_private_mounts joins_by_nameless "$(v2_of "$TARGET")"
}

# joins_by_nameless CGROUP. For in_private_mounts.
joins_by_nameless() {
	local point
	for point in $(awk '$3 == "cgroup2" { print $2 }' /proc/self/mounts); do
		umount -l "$point"
	done
	mkdir -p "$D/nameless"
	mount -t cgroup2 '' "$D/nameless"
	grep -q ' - cgroup2  rw' /proc/self/mountinfo || fail "the source is not empty"
	inside -u -c sed -n s/^0:://p /proc/self/cgroup
	assert_output "$1"
}

@test "--join-cgroup: a mount that has no source" {
	requires root cgroup2
	as_ourselves without_a_source
}

# $D/mnt shows one cgroup. The name of the target's begins with that name, or is as
# long; $D/mnt-2 is where a comparison of the beginnings alone would lead.
like_a_mount() {
	local name
	make_cgroup "$CGROUP2/nst-$$"
	mkdir "$D/mnt-2"
	: >"$D/mnt-2/cgroup.procs"
	for name in "nst-$$-2" "Nst-$$"; do
		target_in "$CGROUP2/$name"
		in_private_mounts joins_nothing_by "$CGROUP2/nst-$$" "$D/mnt" "$name"
		assert_equal "$(<"$D/mnt-2/cgroup.procs")" ''
	done
}

# joins_nothing_by ROOT POINT NAME
joins_nothing_by() {
	only_mount "$1" "$2"
	cannot "$3: No such file or directory" 'no cgroup2 mount that is visible here shows it' -u -c
}

@test "--join-cgroup: a mount that shows another cgroup, with a name like it, is not taken" {
	requires root cgroup2
	as_ourselves like_a_mount
}

# from_cgroup DIR: the tool starts in this cgroup.
from_cgroup() {
	AROUND=(sh -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$1")
}

# Our own line of /proc/self/cgroup ends with the whole line of the target.
like_our_own() {
	make_cgroup "$CGROUP2/nst-$$ 0::"
	make_cgroup "$CGROUP2/nst-$$ 0::/nst-$$"
	target_in "$CGROUP2/nst-$$"
	from_cgroup "$CGROUP2/nst-$$ 0::/nst-$$"
	inside -u -c sed -n s/^0:://p /proc/self/cgroup
	assert_output "$(v2_of "$TARGET")"
}

@test "--join-cgroup: the name of our own cgroup may hold the line of the target's" {
	requires root cgroup2
	as_ourselves like_our_own
}

# The path of the target's cgroup is "/../nst-PID" there. Appended to $D/mnt, it
# would lead to the file.
out_of_our_namespace() {
	target_in "$CGROUP2/nst-$$"
	make_cgroup "$CGROUP2/nst-$$-own"
	mkdir "$D/mnt" "$D/nst-$$"
	: >"$D/nst-$$/cgroup.procs"
	from_cgroup "$CGROUP2/nst-$$-own"
	AROUND+=(unshare -m -C sh -c 'umount -l "$0" && mount -t cgroup2 none "$1" && shift && exec "$@"' "$CGROUP2" "$D/mnt")
	cannot "/../nst-$$: No such file or directory" 'outside of our cgroup namespace' -u -c
	assert_equal "$(<"$D/nst-$$/cgroup.procs")" ''
}

@test "--join-cgroup: a cgroup outside of our cgroup namespace is a failure" {
	requires root cgroup2
	as_ourselves out_of_our_namespace
}
