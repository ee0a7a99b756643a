#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# nsenter-lite -t NAME: namespaces of a set, however they are kept.

load helpers
load launchers
load nsenter
load nspin
TOOLS=(nsenter-lite)

setup_file() { make_user; }
teardown_file() { remove_user; }
setup() { requires userns taskset; }

# with_set TYPE...: the set world has these of $TARGET's.
with_set() {
	a_world "$@"
	for type in $TYPES; do
		set -- "$@" "-$(letter_of "$type")"
	done
	TOOL=nspin quietly -t "$TARGET" $(printf '%s\n' "$@" | grep '^-') world
	holds world "$TARGET" $TYPES
}

# enters_set TYPES ARG...: the program is in the set's of these, and in no other.
enters_set() {
	printf -- '-- enters %s: %.200s\n' "$1" "${*:2}"
	look_around
	observe "${AROUND[@]}" "$LAUNCHER" --target world "${@:2}" "${LOOK[@]}"
	assert_outcome 'exited 0'
	refute_stderr
	assert_equal "$output" "$(places_of_set "$1")"
}

places_of_set() {
	local type
	for type in $(types_here); do
		[[ " $1 " == *" $type "* ]] && held world | grep "^$type:" || links $$ "$type"
	done
}

let_go() {
	TOOL=nspin quietly -d world
	deserted
}

by_type() {
	local type
	with_set mnt uts ipc net cgroup time
	for type in $TYPES; do
		# To be in there takes capabilities in the namespace that owns it.
		if [ "$type" = user ]; then
			enters_set user -U
		else
			enters_set "$type $USER_TYPE" "-$(letter_of "$type")" "${USER_OPTION[@]}"
			enters_set "$type $USER_TYPE" "--$(option_of "$type")" "${USER_OPTION[@]}"
		fi
	done
	enters_set "uts net $USER_TYPE" -n -u "${USER_OPTION[@]}"
	enters_set "$TYPES" -a
	end_target
	enters_set "$TYPES" -a
	enters_set "uts $USER_TYPE" -u "${USER_OPTION[@]}"
	let_go
}

@test "-t NAME: one type, some, all; after the target has gone, too" { each_kind by_type; }

# Root over there, who enters as he would enter the target.
owned() {
	local -a wanted
	world -r --uts --net --mount --ipc --hostname=there
	TYPES=$(in_order user uts net mnt ipc)
	TOOL=nspin quietly -t "$TARGET" world
	holds world "$TARGET" $TYPES
	for command in 'id -u' 'uname -n' 'cat /proc/self/uid_map' 'grep ^Cap /proc/self/status'; do
		observe "$LAUNCHER" -t "$TARGET" -a $command
		assert_outcome 'exited 0'
		wanted=$output
		observe "$LAUNCHER" -t world -a $command
		assert_outcome 'exited 0'
		assert_output "$wanted"
	done
	enters_set "$TYPES" -a
	observe "$LAUNCHER" -t world -a ip link set lo up
	assert_outcome 'exited 0'
	let_go
}

@test "a user namespace and what it owns: as the target itself would be entered" {
	requires ip
	each_kind owned
}

pid_too() {
	with_set uts pid
	observe "$LAUNCHER" -t world -a readlink /proc/self/ns/pid
	assert_outcome 'exited 0'
	assert_output "$(link_of "$TARGET" pid)"
	observe "$LAUNCHER" -t world -p "${USER_OPTION[@]}" readlink /proc/self/ns/pid
	assert_output "$(link_of "$TARGET" pid)"
	observe "$LAUNCHER" -t world -u "${USER_OPTION[@]}" readlink /proc/self/ns/pid
	assert_output "$(ns_id self pid)"
	end_target
	for how in -a -p '-u -p'; do
		refused "$LAUNCHER" -t world $how "${USER_OPTION[@]}"
		assert_stderr --partial world
		assert_stderr --regexp 'PID namespace'
	done
	enters_set "uts $USER_TYPE" -u "${USER_OPTION[@]}"
	let_go
}

@test "a PID namespace of a set; a dead one is refused by name" { each_kind pid_too; }

first_one() {
	start unshare --pid sleep 999
	wait_until last_is "$BG_PID" sleep
	TOOL=nspin quietly -t "$BG_PID" -p world
	observe "$LAUNCHER" -t world -p sh -c 'echo $$'
	assert_outcome 'exited 0'
	assert_output 1
	# Its init has ended by now.
	refused "$LAUNCHER" -t world -p
	assert_stderr --partial world
	let_go
}

@test "who enters a PID namespace that has never had a process is its init" { pinning first_one; }

missing() {
	with_set uts net
	failure 'no set none' '' -t none -a
	failure 'no set none' '' -t none -u
	failure 'IPC namespace' '' -t world -i
	failure 'IPC namespace' '' -t world -u -i
	failure 'mount namespace' '' -t world -m
	failure 'PID namespace' '' -t world -p
	for option in -r --root -w --wd -e --env -c --join-cgroup -Z --follow-context '-N 3' '-S follow' '-G follow'; do
		usage 'needs a process' -t world -a $option
	done
	usage "'' is not" -t '' -a
	usage "'.new' is not" -t .new -a
	usage "'world/uts' is not" -t world/uts -a
	usage "'../world' is not" -t ../world -a
	# Named, they are no matter of the target.
	observe "$LAUNCHER" -t world -a -w/tmp pwd
	assert_outcome 'exited 0'
	assert_output /tmp
	observe "$LAUNCHER" -t world -a -r/ true
	assert_outcome 'exited 0'
	let_go
}

@test "what is not in the set, and what only a process has, is refused" { each_kind missing; }

with_files() {
	with_set uts net
	enters_set "uts net" -u "--net=$NSPIN_DIR/world/net"
	own_world --ipc
	enters_set "uts" -u "--ipc=/proc/self/ns/ipc"
	observe "$LAUNCHER" -t world -u "--ipc=/proc/$TARGET/ns/ipc" readlink /proc/self/ns/ipc /proc/self/ns/uts
	assert_output "$(link_of "$TARGET" ipc)"$'\n'"$(held world | grep uts)"
	let_go
}

@test "a set and files together" {
	requires root
	pinning with_files
}

# All that -a would enter is where we are.
shared_already() {
	with_set uts net
	enters_set "uts net $USER_TYPE" -a
	# From inside, a keeper is out of reach: it is of the user namespace above.
	! is_kept world || { let_go; return; }
	observe "$LAUNCHER" -t world -a "$LAUNCHER" -t world -a readlink /proc/self/ns/uts /proc/self/ns/net
	assert_outcome 'exited 0'
	assert_output "$(held world | grep -E '^(uts|net)')"
	let_go
}

@test "-a leaves out what is shared already: it may be entered from inside" { each_kind shared_already; }

# What has been put there by hand.
not_a_pin() {
	with_set uts net
	umount "$NSPIN_DIR/world/uts"
	refused "$LAUNCHER" -t world -u
	assert_stderr --partial world
	refused "$LAUNCHER" -t world -a
	TOOL=nspin unable 'is not mounted here' -t world -u copy
	[ ! -e "$NSPIN_DIR/copy" ]
	# Another type under this name
	mount --bind "$NSPIN_DIR/world/net" "$NSPIN_DIR/world/uts"
	refused "$LAUNCHER" -t world -u
	umount "$NSPIN_DIR/world/uts"
	mount --bind /proc/self/ns/uts "$NSPIN_DIR/world/uts"
	rmdir "$NSPIN_DIR/world" 2>/dev/null || true
	ln -s world "$NSPIN_DIR/link"
	refused "$LAUNCHER" -t link -u
	rm "$NSPIN_DIR/link"
	let_go
}

@test "a file that is no pin, a pin of another type and a link are not entered" { pinning not_a_pin; }

# A working directory inside what is entered
where_it_starts() {
	with_set mnt uts
	observe "$LAUNCHER" -t world -a pwd
	assert_outcome 'exited 0'
	assert_output /
	observe "$LAUNCHER" -t world -u "${USER_OPTION[@]}" pwd
	assert_output "$("${WHO[@]}" pwd)"
	observe "$LAUNCHER" -t world -a -W/tmp pwd
	assert_output /tmp
	let_go
}

@test "in another mount namespace the program starts in /" { each_kind where_it_starts; }

# A keeper may go while it is being opened: all or nothing.
goes_meanwhile() {
	local i status
	with_set uts net
	let_go
	for ((i = 0; i < 20; i++)); do
		TOOL=nspin quietly -t "$TARGET" world
		"${WHO[@]}" "$NSPIN" -d world 3>&- 4>&- &
		run_split "${WHO[@]}" "$LAUNCHER" -t world -a readlink /proc/self/ns/uts /proc/self/ns/net
		wait $!
		if [ "$status" -eq 0 ]; then
			assert_output "$(links_of "$TARGET" uts net)"
		else
			assert_status 125
			refute_output
			assert_stderr --partial world
		fi
	done
	deserted
}

@test "a set that goes meanwhile is entered or it is not" { each_kind goes_meanwhile; }

# Another set has its name when its directory has been opened.
replaced_meanwhile() {
	with_set uts net
	stop_after 'openat -P world' "$LAUNCHER" -t world -a readlink /proc/self/ns/uts >"$D/said" 2>&1
	TOOL=nspin quietly -d world
	own_world --uts
	TOOL=nspin quietly -t "$TARGET" world
	go_on
	assert_status 0
	assert_equal "$(<"$D/said")" "$(link_of "$TARGET" uts)"
}

@test "a set that is replaced while it is opened is opened anew" {
	requires strace
	each_kind replaced_meanwhile
}

# What is left of it is less than the set.
keeper_ends_meanwhile() {
	a_world uts net
	TOOL=nspin quietly --hold --keep=world -t "$TARGET"
	find_keeper world
	stop_after 'openat -P fd/4' "$LAUNCHER" -t world -a touch "$D/ran" 2>"$D/said"
	to "$KEEPER" KILL
	wait_until is_gone "$KEEPER"
	go_on
	assert_status 125
	# Of a process that has ended an ordinary user may not even look at this.
	grep -qE 'process [0-9]+ (has ended|keeps: Permission denied)$' "$D/said"
	[ ! -e "$D/ran" ]
}

@test "a set whose keeper ends while it is opened is not entered" {
	requires strace
	each_kind keeper_ends_meanwhile
}
