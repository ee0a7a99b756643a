# SPDX-License-Identifier: GPL-2.0-or-later
# The same behaviour as root and as an ordinary user, who is root of his world.

# each_way FUNCTION [ARG...]: once for root and once for the user of make_user,
# as $WHO says (root, user), with the beginning of the command in NS. For an
# ordinary user who runs the tests it is just himself (self).
each_way() {
	if as_root; then
		WHO=root with_ns "$@"
		requires userns
		WHO=user with_ns "$@"
	else
		requires userns
		WHO=self with_ns "$@"
	fi
}

# The same, in a mount namespace where the test can mount.
each_way_in_mounts() { each_way in_private_mounts with_ns "$@"; }

# nsclone is always started in the test's directory; env and setpriv exec.
with_ns() {
	case $WHO in
	root) NS=(env -C "$BATS_TEST_TMPDIR" "$NSCLONE") ;;
	user) NS=("${AS_USER[@]}" env -C "$BATS_TEST_TMPDIR" "$NSCLONE" --map-root-user) ;;
	self) NS=(env -C "$BATS_TEST_TMPDIR" "$NSCLONE" --map-root-user) ;;
	esac
	"$@"
}

# start_sleeper [OPTION...] PROGRAM...: a program that ends up as sleep, in $CHILD.
start_sleeper() {
	start "${NS[@]}" "$@"
	wait_until sleeps_under "$BG_PID"
}

sleeps_under() { CHILD=$(pgrep -x -P "$1" sleep); }

# refuses PATTERN OPTION...: with this message, and the program does not run.
refuses() {
	local pattern=$1
	shift
	run_split "${NS[@]}" "$@" sh -c 'echo it runs'
	assert_status 125
	refute_output
	assert_stderr_line --regexp "$pattern"
}
