#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The tools look into namespaces that others live in, as root or as whoever made
# them: nobody in there gets hold of what looks, or holds it up.

load helpers
load launchers
load nsenter
load nsls

setup_file() { make_user; }
teardown_file() { remove_user; }
setup() { requires userns strace; }

# hollow_world NAME: a world with our PID namespace, whose root looks for processes
# that are called NAME, to seize them; it holds a user namespace below its own, and
# a PID namespace there, $INNER and $INNER_PID, in which nobody is.
hollow_world() {
	rm -f "$D/seized" "$D/inner"
	start "${WHO[@]}" "$NSCLONE" -r sh -c '
		unshare --user --map-root-user --pid --fork sh -c "echo >\"\$0\"; exec sleep 999" "$0/inner" &
		until [ -s "$0/inner" ]; do sleep 0.02; done
		exec 8</proc/$!/ns/user 9</proc/$!/ns/pid_for_children
		kill -KILL $(cat /proc/$!/task/$!/children) && wait
		exec "$1/seize" "$2" "$0/seized"' "$D" "$HELPERS" "$1"
	wait_until test -e "$D/seized"
	wait_until last_is "$BG_PID" seize
	TARGET=$CHILD
	INNER=$(inode "/proc/$TARGET/fd/8")
	INNER_PID=/proc/$TARGET/fd/9
}

# held_inside COMMAND [ARG...]: each of its processes that joins a namespace stays
# there for a while before it does anything else.
held_inside() {
	observe strace -f -q -o "$D/trace" -e trace=execve,prctl,setns -e inject=setns:delay_exit=200000 "$@"
}

# seized_nothing: somebody was there to be seen; that is all.
seized_nothing() {
	assert_equal "$(<"$D/seized")" seen
	! grep -q 'setns(' "$D/trace" || joins_undumpable "$D/trace"
}

maps_of_hollow() {
	hollow_world nsls
	held_inside "$NSLS" --engine proc -t user -n -r -o NS,MAPS
	assert_outcome 'exited 0'
	# It is the world's own uid 0, which is the caller's.
	assert_line --regexp "^$INNER 0\\\\x20[0-9]+\\\\x201\$"
	grep -q 'setns(' "$D/trace" || fail 'nobody was sent in'
	seized_nothing
}

@test "nsls -o MAPS sends in nobody that root of a container could seize" { each_way maps_of_hollow; }

# A visitor that is stopped from inside has nothing to tell, and keeps nobody waiting.
stopped_visitor() {
	hollow_world none
	observe strace -f -q -o "$D/trace" -e trace=setns -e inject=setns:signal=STOP "$NSLS" --engine proc -t user -n -r -o NS,MAPS
	assert_outcome 'exited 0'
	grep -q 'SIGSTOP' "$D/trace"
	assert_line --regexp "^$INNER ?\$"
}

@test "nsls waits in vain for no visitor that is stopped from inside" { quietly_apart stopped_visitor; }

# Where the kernel makes a process dumpable when its credentials change, nobody is
# sent in, and nobody enters. The sysctl is the whole machine's: it is a file of
# ours, for nsls and nsenter-lite.
suid_dumpable() {
	hollow_world none
	echo 1 >"$D/one"
	mount --bind "$D/one" /proc/sys/fs/suid_dumpable
	observe "$NSLS" --engine proc -t user -n -r -o NS,MAPS
	assert_outcome 'exited 0'
	assert_line --regexp "^$INNER ?\$"
	observe "$NSENTER_LITE" -t "$TARGET" -U true
	assert_outcome 'exited 125'
	assert_stderr_line --regexp '^nsenter-lite: hint: .*fs\.suid_dumpable'
	observe "$NSENTER_LITE" -t "$TARGET" -u true
	assert_outcome 'exited 0'
	umount /proc/sys/fs/suid_dumpable
}

@test "nobody goes in where fs.suid_dumpable is 1" {
	requires root
	quietly_apart suid_dumpable
}

@test "setns(2) is called by one function only" {
	local calls
	calls=$(grep -rnE '\bsetns\(' "$abs_top_srcdir"/common "$abs_top_srcdir"/tools --include='*.c' |
		grep -vE ':[[:space:]]*(/\*|\*|//)|untraceable_setns\(')
	assert_equal "$(grep -c . <<<"$calls")" 1
	[[ $calls == */common/untraceable.c:* ]] || fail "$calls"
}
