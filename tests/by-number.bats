#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Namespaces that are named by their numbers: --TYPE=:NSID of nsenter-lite, INODE
# and :NSID of nsls. They are found, whatever it is that keeps them alive, and it
# is never another one that is found.

load helpers
load launchers
load nsenter
load nsls

TOOLS=(nsenter-lite)

setup_file() { make_user; }
teardown_file() { remove_user; }
setup() {
	requires userns perl
	[ "$(id_of /proc/self/ns/uts)" ] || skip 'needs ids of namespaces (Linux 6.18)'
}

# numbers NSFILE: $INODE and $ID of the namespace
numbers() {
	INODE=$(inode "$1") ID=$(id_of "$1")
	[ "$INODE" ] && [ "$ID" ]
}

# found TYPE [OPTION...]: that with the numbers; OPTIONS are what it takes to enter it.
found() {
	printf -- '-- found %s :%s\n' "$1" "$ID"
	observe "$NSENTER_LITE" "${@:2}" "--$(option_of "$1")=:$ID" readlink "/proc/self/ns/$1"
	assert_outcome 'exited 0'
	assert_equal "$output" "$1:[$INODE]"
	refute_stderr
	named "$INODE" ":$ID"
}

# named OPERAND...: nsls knows them.
named() {
	local operand
	[ -x "$NSLS" ] || return 0
	for operand; do
		shows "$operand"
	done
}

# missing [HINT]: there is none with the numbers, as a UTS namespace. Here there
# may be processes that cannot be looked at: then there is a hint in any case.
missing() {
	refused "$LAUNCHER" "--uts=:$ID"
	assert_equal "${stderr_lines[0]}" "$TOOL: there is no UTS namespace :$ID"
	[ -z "${1-}" ] || [[ ${stderr_lines[1]} == "$TOOL: hint: "*"$1"* ]] || show_run "wanted as a hint: $1"
	[ -x "$NSLS" ] || return 0
	unable "there is no namespace :$ID" ":$ID"
}

# ready COMMAND [ARG...]: in the background; it has written to $D/ready, and what
# is $NUMBER.
ready() {
	rm -f "$D/ready"
	start "${WHO[@]}" "$@"
	wait_until test -s "$D/ready"
	NUMBER=$(<"$D/ready")
}

# opened FILE: $BG_PID has it open as 9.
opened() { ready bash -c 'exec 9<"$1"; echo >"$2"; exec sleep 999' - "$1" "$D/ready"; }

# end PID: it has gone.
end() {
	to "$1" KILL
	wait_until is_gone "$1"
}

# What makes an ordinary user somebody who may have namespaces, and the id of the
# user namespace that it takes to enter them.
with_own() {
	OWN=()
	is_root || OWN=(unshare --map-root-user)
	"$@"
}

by_user_of() {
	BY=()
	is_root || BY=("--user=:$(id_of "/proc/$1/ns/user")")
}

### What keeps it alive

by_process() {
	local type
	own_world -a
	by_user_of "$TARGET"
	for type in $(in_order mnt uts ipc net pid cgroup time); do
		numbers "/proc/$TARGET/ns/$type"
		found "$type" "${BY[@]}"
	done
	end_target
	world -r -n
	numbers "/proc/$TARGET/ns/user"
	found user
	# With a letter, as with a file, and with others of the target's
	by_user_of "$TARGET"
	numbers "/proc/$TARGET/ns/net"
	for option in "-n:$ID" "-n=:$ID"; do
		observe "$LAUNCHER" "${BY[@]}" "$option" readlink /proc/self/ns/net
		assert_equal "$output" "net:[$INODE]"
	done
	enters_target 'user net' -U "-n:$ID"
	# The last word counts.
	enters_target 'user net' -U "-n:$ID" -n
	enters_target 'user net' -U -n/proc/self/ns/net "-n:$ID"
	enters_target user -U "-n:$ID" -n/proc/self/ns/net
}

@test "what a process is in, of each type" { each_way in_own_world by_process; }

by_thread() {
	ready "${OWN[@]}" "$HELPERS/thread" "$D/ready"
	by_user_of "$BG_PID"
	numbers "/proc/$NUMBER/ns/uts"
	refute_equal "$INODE" "$(inode "/proc/$BG_PID/ns/uts")"
	found uts "${BY[@]}"
}

@test "what one thread only is in" { each_way with_own by_thread; }

by_children() {
	requires time-ns
	ready "${OWN[@]}" "$HELPERS/hold" time "$D/ready"
	by_user_of "$NUMBER"
	numbers "/proc/$NUMBER/ns/time_for_children"
	refute_equal "$INODE" "$(inode "/proc/$NUMBER/ns/time")"
	found time "${BY[@]}"
}

@test "what only the children of a process will be born in" { each_way with_own by_children; }

# pidfd_open(2), PIDFD_GET_PID_FOR_CHILDREN_NAMESPACE, fstat(2), NS_GET_ID
look_at_unborn='$fd = syscall 434, $ARGV[0] + 0, 0; open P, "<&=", $fd or die; $b = "\0" x 8;
	$ns = ioctl P, 0xff06, 0 or die; open N, "<&=", $ns + 0 or die;
	ioctl N, 0x8008b70d, $b or die; print +(stat N)[1], " ", unpack "Q", $b'

by_unborn() {
	target "${OWN[@]}" unshare --pid sleep 999
	[ ! -e "/proc/$TARGET/ns/pid_for_children" ]
	by_user_of "$TARGET"
	read -r INODE ID < <(perl -e "$look_at_unborn" "$TARGET"; echo)
	[ "$ID" ]
	found pid "${BY[@]}"
}

@test "a PID namespace in which nobody has been born yet" { each_way with_own by_unborn; }

by_descriptor() {
	own_world -u
	numbers "/proc/$TARGET/ns/uts"
	by_user_of "$TARGET"
	opened "/proc/$TARGET/ns/uts"
	end "$TARGET"
	# The user namespace is one by way of the other then.
	found uts "${BY[@]}"
}

@test "what is open only, and the user namespace that owns that" { each_way by_descriptor; }

by_other_descriptors() {
	for how in path files; do
		own_world -u
		numbers "/proc/$TARGET/ns/uts"
		by_user_of "$TARGET"
		ready "$HELPERS/hold" "$how" "$D/ready" "/proc/$TARGET/ns/uts"
		end "$TARGET"
		found uts "${BY[@]}"
		end_background
	done
}

@test "what is open by O_PATH only, or for one thread only" { each_way by_other_descriptors; }

# pidfd_open(2), pidfd_getfd(2) of descriptor 9, SIOCGSKNS, NS_GET_ID
look_at_socket='$fd = syscall 434, $ARGV[0] + 0, 0; $fd = syscall 438, $fd, 9, 0; open S, "<&=", $fd or die;
	$ns = ioctl S, 0x894c, 0 or die; open N, "<&=", $ns + 0 or die;
	$b = "\0" x 8; ioctl N, 0x8008b70d, $b or die; print unpack "Q", $b'

by_socket() {
	ready "${OWN[@]}" unshare --net "$HELPERS/two-nets" "$D/ready"
	by_user_of "$BG_PID"
	INODE=$(sed 's/.*\[\(.*\)\]/\1/' "$D/ready")
	refute_equal "$INODE" "$(inode "/proc/$BG_PID/ns/net")"
	ID=$(perl -e "$look_at_socket" "$BG_PID")
	found net "${BY[@]}"
}

@test "what only a socket is in" { each_way with_own by_socket; }

by_pin() {
	: >"$D/pin"
	mkdir "$D/cover"
	: >"$D/cover/pin"
	unshare --uts="$D/pin" true
	numbers "$D/pin"
	found uts
	# By way of a descriptor of the pin, whose link is a path
	opened "$D/pin"
	umount --lazy "$D/pin"
	[[ $(readlink "/proc/$BG_PID/fd/9") == /* ]]
	found uts
	end_background
	missing
	# What is covered can be told by its id.
	unshare --uts="$D/cover/pin" true
	numbers "$D/cover/pin"
	mount -t tmpfs none "$D/cover"
	observe "$NSENTER_LITE" "--uts=:$ID" readlink /proc/self/ns/uts
	assert_equal "$output" "uts:[$INODE]"
	umount "$D/cover"
	umount "$D/cover/pin"
}

@test "what is mounted only, here" { as_ourselves in_private_mounts by_pin; }

by_pin_elsewhere() {
	: >"$D/pin"
	ready "${OWN[@]}" unshare --mount --propagation private bash -c 'unshare --uts="$0" true && stat -Lc %i "$0" >"$1.number" &&
		'"perl -e 'open F, \"<\", \$ARGV[0]; \$b = \"\\0\" x 8; ioctl F, 0x8008b70d, \$b; print unpack(\"Q\", \$b), \"\\n\"'"' "$0" >"$1" && exec sleep 999' "$D/pin" "$D/ready"
	INODE=$(<"$D/ready.number") ID=$NUMBER
	by_user_of "$BG_PID"
	found uts "${BY[@]}"
}

@test "what is mounted only, in another mount namespace" { as_ourselves with_own by_pin_elsewhere; }

in_between() {
	# Each moves on, and is in none but the last.
	target "$NSUNSHARE" -r sh -c 'readlink /proc/self/ns/user >"$0"; exec "$@"' "$D/between" \
		"$NSUNSHARE" -r sleep 999
	INODE=$(sed 's/.*\[\(.*\)\]/\1/' "$D/between")
	refute_equal "$INODE" "$(inode "/proc/$TARGET/ns/user")"
	ID=$(perl -e 'open F, "<", "/proc/$ARGV[0]/ns/user"; $ns = ioctl F, 0xb702, 0 or die; open N, "<&=", $ns + 0;
		$b = "\0" x 8; ioctl N, 0x8008b70d, $b; print unpack "Q", $b' "$TARGET")
	found user
}

@test "a user namespace in which there is nothing but another one" { each_way in_between; }

### Never another one

reused() {
	local old tries
	for tries in {1..50}; do
		own_world -u
		numbers "/proc/$TARGET/ns/uts"
		old=$INODE:$ID
		end_target
		own_world -u
		[ "$(inode "/proc/$TARGET/ns/uts")" != "${old%:*}" ] || break
		end_target
	done
	numbers "/proc/$TARGET/ns/uts"
	[ "$INODE" = "${old%:*}" ] || skip 'needs a number that is used again'
	by_user_of "$TARGET"
	found uts "${BY[@]}"
	ID=${old#*:}
	refute_equal "$ID" "$(id_of "/proc/$TARGET/ns/uts")"
	missing
}

@test "one that has gone is not found, though its inode number is another's by now" { each_way reused; }

another_type() {
	own_world -un
	numbers "/proc/$TARGET/ns/net"
	failure "no UTS namespace, but a network namespace: :$ID" '' "--uts=:$ID"
	failure "no user namespace, but a network namespace: :$ID" '' "-U=:$ID"
	usage 'two network namespaces' -f "/proc/$TARGET/ns/net" "--net=:$ID"
}

@test "one of another type is not entered" { each_way in_own_world another_type; }

badly_said() {
	local text
	for text in : :x :0 :-1 :+1 ': 1' :1x :0x1 :18446744073709551616 ::1; do
		usage "--net: '$text' is no id" "--net=$text"
	done
	[ -x "$NSLS" ] || return 0
	TOOL=nsls
	for text in : :x :0 :-1 :1x :18446744073709551616 0 x 1x 0x1 18446744073709551616 ' 1' net; do
		mistaken "'$text' is no namespace" "$text"
	done
}

@test "what is no number is a usage error" { as_ourselves badly_said; }

a_file() {
	own_world -u
	"${WHO[@]}" ln -s "/proc/$TARGET/ns/uts" "$D/:5"
	observe "${NS[@]}" "${USER_OPTION[@]/-U/--user=/proc/$TARGET/ns/user}" "--uts=$D/:5" readlink /proc/self/ns/uts
	assert_output "$(links "$TARGET" uts)"
	# From the directory itself, by ./:5
	observe env -C "$D" "${NS[@]}" "${USER_OPTION[@]/-U/--user=/proc/$TARGET/ns/user}" --uts=./:5 readlink /proc/self/ns/uts
	assert_output "$(links "$TARGET" uts)"
}

@test "./:5 is a file" { each_way in_own_world a_file; }

forbidden() {
	local -a user=("${WHO[@]}")
	WHO=()
	target "$NSCLONE" -u sleep 999
	numbers "/proc/$TARGET/ns/uts"
	WHO=("${user[@]}")
	missing 'root may do so'
}

@test "what may not be looked at is not found, and it is said why" {
	requires root
	as_the_user forbidden
}

# To open a FIFO that nobody writes to waits for ever.
a_fifo() {
	mkfifo "$D/fifo"
	chmod 666 "$D/fifo"
	ready perl -e 'use Fcntl; sysopen F, $ARGV[0], O_RDONLY | O_NONBLOCK or die; fcntl F, F_SETFD, 0;
		open R, ">", $ARGV[1]; print R 1; close R; sleep 999' "$D/fifo" "$D/ready"
	[ "$(readlink "/proc/$BG_PID/fd/3")" = "$D/fifo" ]
	ID=18446744073709551615
	observe "$LAUNCHER" --net=":$ID" true
	assert_outcome 'exited 125'
	[[ ${stderr_lines[0]} == *"there is no network namespace :$ID" ]] || show_run
}

@test "FIFOs among descriptors are not opened" { each_way a_fifo; }
