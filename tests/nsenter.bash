# SPDX-License-Identifier: GPL-2.0-or-later
# For tests of nsenter-lite: targets to be entered, $TARGET, and where a program
# finds itself. After launchers.bash.

TOOLS=(nsenter-lite)

### Targets

# last_is PID COMM: its child's child, and so on, is COMM, $CHILD.
last_is() {
	local last=$1
	while child_of "$last"; do
		last=$CHILD
	done
	CHILD=$last
	has_comm "$CHILD" "$2"
}

# target COMMAND [ARG...]: in the background as WHO; it ends in a sleep.
target() {
	start "${WHO[@]}" "$@"
	wait_until last_is "$BG_PID" sleep
	TARGET=$CHILD
}

# world OPTION...: of nsclone.
world() { target "$NSCLONE" "$@" sleep 999; }

# own_world OPTION...: that we may make: an ordinary user as its root.
own_world() {
	is_root || set -- -r "$@"
	world "$@"
}

# target_named NAME [COMMAND...]: its comm is NAME, a format of printf; it is stopped.
# The name stands on the first line of /proc/PID/status, and can look like another.
target_named() {
	start "${WHO[@]}" "${@:2}" bash -c 'printf "$1" >/proc/$$/comm; kill -STOP $$' - "$1"
	wait_until stopped_as "$(printf "$1")"
}

# stopped_as NAME: what is in the background, or its child, $TARGET. A launcher stops
# when its child does.
stopped_as() {
	TARGET=$BG_PID
	! child_of "$BG_PID" || TARGET=$CHILD
	stopped "$TARGET" && [ "$(<"/proc/$TARGET/comm")" = "$1" ]
}

# ranged OPTION...: one with a range of ids, from 0 on.
ranged() {
	local -a range=(--map-auto)
	! is_root || range=(--map-users 1:100000:65535 --map-groups 1:100000:65535)
	world -r "${range[@]}" "$@"
}

# USER_OPTION: with which we enter what is in such a world, types of it.
in_own_world() {
	USER_OPTION=() USER_TYPE=
	is_root || USER_OPTION=(-U) USER_TYPE=user
	"$@"
}

### Where a program is

types_here() { in_order $NSTYPES; }

option_of() { [ "$1" = mnt ] && echo mount || echo "$1"; }

letter_of() {
	case $1 in
	user | cgroup | time) echo "${1:0:1}" | tr uct UCT ;;
	*) echo "${1:0:1}" ;;
	esac
}

# links PID TYPE...
links() {
	local pid=$1
	shift
	readlink "${@/#//proc/$pid/ns/}"
}

# places TYPES [PID]: the namespaces of a program that is in those of PID, the
# target, of these types, and in ours of the others.
places() {
	local type
	for type in $(types_here); do
		[[ " $1 " == *" $type "* ]] && links "${2:-$TARGET}" "$type" || links $$ "$type"
	done
}

# ALL: all that there are.
look_around() {
	local -a all=($(types_here))
	LOOK=(readlink "${all[@]/#//proc/self/ns/}")
}

# enters TYPES ARG...: the program is in the target's of these and in no other.
enters() {
	printf -- '-- enters %s: %.200s\n' "$1" "${*:2}"
	look_around
	observe "$LAUNCHER" "${@:2}" "${LOOK[@]}"
	assert_outcome 'exited 0'
	assert_equal "$output" "$(places "$1")"
	refute_stderr
}

# The same, and the target is the process in $TARGET.
enters_target() { enters "$1" --target "$TARGET" "${@:2}"; }

# inside ARG...: the tool into the target, which says nothing and ends well.
inside() {
	printf -- '-- inside %.200s\n' "$*"
	observe "$LAUNCHER" --target "$TARGET" "$@"
	assert_outcome 'exited 0'
	refute_stderr
}

# cannot TEXT HINT ARG...: failure(), into the target.
cannot() { failure "$1" "$2" --target "$TARGET" "${@:3}"; }

# joins_undumpable TRACE: each process that joins a user namespace has made itself
# undumpable before, or the one that forked it has, since its last execve(2).
joins_undumpable() {
	assert_equal "$(awk '
		/execve\(/ { closed[$1] = 0 }
		/PR_SET_DUMPABLE, (SUID_DUMP_DISABLE|0)/ { closed[$1] = 1 }
		/PR_SET_DUMPABLE, (SUID_DUMP_USER|1)/ { closed[$1] = 0 }
		/setns\(/ && (/CLONE_NEWUSER/ || /, 0\)/) { n++; if (!closed[$1]) print "dumpable: " $0 }
		END { if (!n) print "no user namespace was joined" }' "$1")" ''
}

# end_target: the sleep, by what nothing holds off, and with it what waits for it.
end_target() {
	[ "$(comm_of "$TARGET")" != sleep ] || to "$TARGET" KILL
	end_background
}
