#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What a tool cannot see: /proc is not mounted, or is that of a PID namespace whose
# processes have ended; the user database cannot be read. The message names that, and
# not what stands beside it.

load ../helpers
load ../launchers
load ../nsenter
load ../nspin
load faults
TOOLS=(nsls)

setup_file() { make_user; }
teardown_file() { remove_user; }
setup() { requires root userns; }

readonly UNMOUNTED='hint: proc is not mounted on /proc'
readonly STRANGE='hint: the proc on /proc is that of a PID namespace without this process'

# blinded HOW COMMAND...: in a mount namespace whose /proc has been taken away by HOW.
blinded() {
	run_split unshare --mount --propagation private sh -c "$1"' && exec "$@"' sh "${@:2}"
}

without_proc() { blinded 'umount -l /proc' "$@"; }

# Of a PID namespace that has ended; what mounts it is its last process.
dead_proc() {
	blinded 'mkdir -p "$D/proc" && unshare --pid --fork mount -t proc proc "$D/proc" && mount --move "$D/proc" /proc' "$@"
}

# names HINT STATUS: the run failed for that.
names() {
	assert_status "$2"
	refute_output
	[[ $stderr == *"$1"* ]] || show_run "wanted: $1"
}

each_engine() {
	local engine
	export D
	for engine in proc bpf auto; do
		without_proc "$NSLS" --engine "$engine"
		names "$UNMOUNTED" 1
		dead_proc "$NSLS" --engine "$engine"
		names "$STRANGE" 1
	done
}

@test "nsls without /proc, and with a dead one" { as_ourselves each_engine; }

each_launcher() {
	export D
	without_proc "$NSCLONE" --all true
	names "$UNMOUNTED" 125
	dead_proc "$NSUNSHARE" --all true
	names "$STRANGE" 125
	without_proc "$NSENTER_LITE" --all --target $$ true
	names "$UNMOUNTED" 125
}

@test "a launcher without /proc, and with a dead one" { as_ourselves each_launcher; }

batch() {
	without_proc sh -c 'echo "1 uts $0/pin" | "$1" --batch' "$D" "$NSPIN"
	names "nspin: line 1: $UNMOUNTED" 1
	[[ $stderr != *"$D/pin"* ]] || show_run 'it is not the file that is missing'
}

@test "nspin --batch without /proc" { as_ourselves batch; }

# By the user, to whom the file is closed.
unreadable() {
	unshare --mount --propagation private sh -c '
		cat "$1" >"$2/empty" && chmod 600 "$2/empty" && mount --bind "$2/empty" "$1" && shift 2 && exec "$@"' sh "$1" "$D" \
		setpriv --reuid "$(id -u "$NST_USER")" --regid "$(id -g "$NST_USER")" --clear-groups "${@:2}"
}

no_database() {
	local uid
	uid=$(id -u "$NST_USER")
	run_split unreadable /etc/passwd "$NSCLONE" --map-users subids --map-groups subids true
	assert_status 125
	assert_stderr_line "nsclone: look up the name of user $uid: /etc/passwd: Permission denied"
	run_split unreadable /etc/passwd "$NSCLONE" --map-user "$NST_USER" true
	assert_status 125
	assert_stderr_line "nsclone: --map-user: look up user '$NST_USER': /etc/passwd: Permission denied"
	run_split unreadable /etc/group "$NSCLONE" --map-group "$NST_USER" true
	assert_status 125
	assert_stderr_line "nsclone: --map-group: look up group '$NST_USER': /etc/group: Permission denied"
}

@test "a user database that cannot be read is no missing user, and no missing line of /etc/subuid" {
	as_ourselves no_database
}
