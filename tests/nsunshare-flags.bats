#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# --files, --fs, --sysvsem: what a process that was made by clone(2) shares with
# its maker, and does not any more. `share' is that maker.

load helpers
load launchers
TOOLS=(nsunshare)

setup_file() { make_user; }
teardown_file() { remove_user; }

setup() { requires userns; }

# The rest of the command line in a process that shares $1 with "share"
shared() { observe env -C "$D" "$HELPERS/share" "$1" "${@:2}"; }

requires_kcmp() {
	run_split "$HELPERS/share" same fs $$
	[ "$status" -ne 77 ] || skip 'needs kcmp(2)'
}

# relation THING OPTION...: what the program and "share" are then, "same" or "different".
relation() {
	shared "$1" "$LAUNCHER" "${@:2}" sh -c 'exec "$0" same "$1" "$PPID"' "$HELPERS/share" "$1"
	assert_outcome 'exited 0'
	echo "${lines[0]}"
}

### --fs

moves() { shared fs "$LAUNCHER" "$@" sh -c 'cd / && umask 077'; }

fs_unshared() {
	umask 022
	moves
	assert_outcome 'exited 0'
	assert_output --partial $'cwd /\numask 077\n'
	moves --fs
	assert_outcome 'exited 0'
	refute_stderr
	assert_output --partial "cwd $D"$'\n'"umask 022"$'\n'
	moves --fs --fork
	assert_output --partial "cwd $D"$'\n'"umask 022"$'\n'
}

@test "--fs: a working directory and a umask are the program's own; without, they are shared" { each_way fs_unshared; }


# What the tool does for the program, it does to that which is the program's then.
fs_of_wd() {
	shared fs "$LAUNCHER" --wd / true
	assert_output --partial $'cwd /\n'
	shared fs "$LAUNCHER" --fs --wd / true
	assert_output --partial "cwd $D"$'\n'
}

@test "--fs: --wd does not move the sharer" { each_way fs_of_wd; }

fs_same() {
	assert_equal "$(relation fs)" same
	assert_equal "$(relation fs --fs)" different
	assert_equal "$(relation fs --sysvsem --files)" same
	! is_root || assert_equal "$(relation fs -u)" same
	! is_root || assert_equal "$(relation fs -m)" different
}

@test "--fs: kcmp finds that it is not shared" {
	requires_kcmp
	each_way fs_same
}

### --sysvsem

takes() { shared sysvsem "$LAUNCHER" "$@" "$HELPERS/share" take; }

# Undone when the last of those that share the list has ended, and that is "share".
sysvsem_unshared() {
	takes
	assert_outcome 'exited 0'
	assert_line 'semaphore 4'
	takes --sysvsem
	assert_outcome 'exited 0'
	refute_stderr
	assert_line 'semaphore 5'
	takes --sysvsem --fork
	assert_line 'semaphore 5'
}

@test "--sysvsem: an undo is done when the program ends; without, when the sharer does" { each_way sysvsem_unshared; }

sysvsem_same() {
	assert_equal "$(relation sysvsem)" same
	assert_equal "$(relation sysvsem --sysvsem)" different
	assert_equal "$(relation sysvsem --fs --files)" same
	! is_root || assert_equal "$(relation sysvsem -u)" same
	! is_root || assert_equal "$(relation sysvsem -i)" different
}

@test "--sysvsem: kcmp finds that it is not shared" {
	requires_kcmp
	each_way sysvsem_same
}

### --files

# unshared ARG...: the flags of the calls of unshare(2), a line each
unshared() {
	observe strace -f -q -o "$D/trace" -e trace=unshare "$LAUNCHER" "$@" true
	assert_outcome 'exited 0'
	refute_stderr
	sed -n 's/^[0-9]* *unshare(\(.*\)) *= 0$/\1/p' "$D/trace"
}

calls() {
	assert_equal "$(unshared --files)" CLONE_FILES
	assert_equal "$(unshared --fs)" CLONE_FS
	assert_equal "$(unshared --sysvsem)" CLONE_SYSVSEM
	assert_equal "$(unshared --files --fs --sysvsem | tr '|' '\n' | sort)" $'CLONE_FILES\nCLONE_FS\nCLONE_SYSVSEM'
	assert_equal "$(unshared -U --files --fork | tr '|' '\n' | sort)" $'CLONE_FILES\nCLONE_NEWUSER'
	assert_equal "$(unshared -U)" CLONE_NEWUSER
	[ ! -e /proc/self/ns/time ] || assert_equal "$(unshared -rT)" $'CLONE_NEWUSER\nCLONE_NEWTIME'
}

@test "the call is made, with what was asked for and nothing else" {
	requires strace
	each_way calls
}

# execve(2) has unshared them already.
files_anyhow() {
	observe sh -c 'exec 7<&0; exec "$@"' sh "$LAUNCHER" --files "$HELPERS/inventory"
	assert_outcome 'exited 0'
	assert_output --regexp $'\n''fds .*\<7\>'
}

@test "--files: nothing changes for the program, whose descriptors stay" { each_way files_anyhow; }

files_same() {
	assert_equal "$(relation files)" different
	assert_equal "$(relation files --files)" different
}

@test "--files: kcmp finds that the descriptors are not shared in any case" {
	requires_kcmp
	each_way files_same
}

### Failure

# what fails is each time the call of nsunshare itself
refused_by_kernel() {
	local option error
	for option in --files --fs --sysvsem; do
		for error in ENOMEM:'Cannot allocate memory' EMFILE:'Too many open files' EPERM:'Operation not permitted'; do
			refused strace -f -q -o "$D/trace" -e trace=unshare -e inject="unshare:error=${error%%:*}" "$LAUNCHER" "$option"
			assert_stderr "nsunshare: unshare: ${error#*:}"
		done
	done
}

@test "a call that fails is 125, and the program does not run" {
	requires strace
	each_way refused_by_kernel
}
