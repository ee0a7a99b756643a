#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# --fork, --forward-signals, --kill-child: nsunshare waits for the program, which
# is its child, inside the new namespaces, and mirrors what becomes of it.

load helpers
load launchers
load jobs
TOOLS=(nsunshare)

setup_file() { make_user; }
teardown_file() { remove_user; }
setup() { requires userns; }

### The end and the stops of the child are nsunshare's

@test "--fork: the wait status of nsunshare is that of the program" {
	each_way ends_as_the_program -r --fork
	each_way ends_as_the_program --fork --setup true -r
}

@test "--fork: nsunshare stops when the program is stopped, and continues it" {
	each_way stops -r --fork
	each_way stops -r --fork --setup true
	each_way stops_as_pid_1 -rp --fork
}

@test "--fork: ^C ends both, and what the terminal sends reaches the program once" {
	requires tmux
	each_way interrupted -r --fork
	each_way keys_arrive_once -r --fork
	each_way keys_arrive_once -rp --forward-signals
}

@test "--fork: ^Z stops the job, fg continues it, ^C ends it" {
	requires tmux
	each_way job_control -r --fork
	each_way job_control -rp --forward-signals
}

### What is sent to nsunshare

# Neither ended by them nor passing them on; STOP is not in nsunshare's hands.
not_ended() {
	launch_recorder "$@"
	for _ in 1 2; do
		to "$LAUNCHER_PID" INT
		to "$LAUNCHER_PID" TERM
		wait_until took INT
		wait_until took TERM
	done
	assert_equal "$(comm_of "$LAUNCHER_PID")" nsunshare
	to "$PROGRAM" USR1
	wait_until recorded 'USR1 user'
	assert_equal "$(<"$D/signals")" $'ready\nUSR1 user'
	to "$PROGRAM" TERM
	ended 'exited 42'
}

@test "--fork: INT and TERM neither end nsunshare nor reach the program" {
	each_way not_ended -r --fork
	each_way not_ended -rp --fork --setup true
	each_way not_ended -r --kill-child
}

ended_by_others() {
	local sig
	for sig in HUP QUIT USR1 USR2 ALRM; do
		launch_recorder -r --kill-child=KILL
		to "$LAUNCHER_PID" "$sig"
		ended "killed $(kill -l "$sig")"
		assert_equal "$(<"$D/signals")" ready
	done
}

@test "--fork: other signals end nsunshare alone, as they would a program without handlers" { each_way ended_by_others; }
@test "--fork: stops of nsunshare are its own, until it is ended" { each_way act_on_tool -r --kill-child; }

@test "--fork: INT and TERM during --setup end the launch" {
	each_way during_setup 'TERM INT' -r --fork
	each_way during_setup 'TERM INT' -rp --fork
}

under_nohup() {
	watch nohup "$LAUNCHER" -rp --forward-signals sleep 99
	wait_until child_of "$BG_PID"
	LAUNCHER_PID=$CHILD
	wait_until runs "$LAUNCHER_PID" sleep
	to "$LAUNCHER_PID" HUP
	wait_until took HUP
	to "$LAUNCHER_PID" TERM
	ended 'killed 15'
}

@test "nohup nsunshare --forward-signals survives HUP, and so does its PID 1" { each_way under_nohup; }

### --forward-signals

@test "--forward-signals: every signal reaches the program once" {
	each_way all_arrive -r --forward-signals
	each_way all_arrive -rp --forward-signals
	each_way all_arrive -r --forward-signals --setup true
}

@test "--forward-signals: a PID 1 without a handler is ended and stopped by what ends and stops others" {
	each_way default_actions_of_pid_1 -rp --forward-signals
	each_way stops_of_pid_1 -rp --forward-signals
}

ends_by_timeout() {
	run_split "${WHO[@]}" timeout -k 20 0.5 "$LAUNCHER" -Urp --forward-signals sleep 99
	assert_status 124
	refute_stderr
}

@test "--forward-signals: timeout ends a PID 1" { each_way ends_by_timeout; }

storms_of_term() {
	local RUNS=100 STEP=50
	storm TERM -r --forward-signals
	storm TERM -rp --forward-signals --setup 'exec sleep 99'
}

@test "--forward-signals: TERM at any moment of the start ends nsunshare by TERM" { each_way storms_of_term; }

### --kill-child

@test "--kill-child: the program dies when nsunshare is killed" {
	each_way dies_with_launcher -U --kill-child
	each_way dies_with_launcher -r --kill-child
	each_way dies_with_launcher -rp --kill-child
	each_way dies_with_launcher -r --kill-child --setup true
	each_way dies_with_launcher -r --kill-child -S 0
}

@test "--kill-child: the program dies also with other ids than nsunshare's" {
	requires root
	as_ourselves dies_with_launcher -u --kill-child -S "$(id -u "$NST_USER")" -G "$(id -g "$NST_USER")"
	as_ourselves dies_with_launcher -u --kill-child -S 65534 --keep-caps --setup true
	as_ourselves dies_with_launcher --kill-child --map-users all --map-groups all -S 65534 -G 65534
	as_ourselves dies_with_launcher -p --kill-child --map-users all --map-groups all -S 65534 -G 65534
}

ids_of_ranges() {
	requires subids
	dies_with_launcher -r --map-auto --kill-child -S 1 -G 1
}

@test "--kill-child: the program dies also with one of the user's subordinate ids" { as_the_user ids_of_ranges; }

@test "--kill-child=SIGNAL is what the program gets when nsunshare is killed" {
	each_way gets_chosen_signal -r --kill-child=TERM
	each_way gets_chosen_signal -rp --kill-child=SIGTERM
	each_way gets_chosen_signal -r --kill-child=15 --setup true
}

@test "without --kill-child the program outlives nsunshare" {
	each_way outlives_launcher -r --fork
	each_way outlives_launcher -rp --forward-signals
}

storms_of_kill() {
	local RUNS=100 STEP=50 FEW=20
	storm KILL -r --kill-child
	storm KILL -rp --kill-child
	storm KILL -rp --kill-child --setup 'exec sleep 99'
}

@test "--kill-child: kill -9 of nsunshare at any moment of the start leaves nothing" { each_way storms_of_kill; }

at_every_step() {
	local call
	for call in recvfrom mount close_range execve; do
		killed_when enter "$call" -rm --kill-child --hostname=x --setup : --close-fds
	done
	around_death_signal -r --kill-child
}

@test "--kill-child: kill -9 at every step of the child leaves nothing" {
	requires strace
	as_the_user at_every_step
}

@test "--kill-child: kill -9 around the change of ids leaves nothing" {
	requires root strace
	as_ourselves killed_when enter setresuid -u --kill-child -S 65534 -G 65534
	as_ourselves killed_when exit setresuid -u --kill-child -S 65534 -G 65534
	as_ourselves around_death_signal -u --kill-child -S 65534 -G 65534
}

### The one who waits

# Not in the PID namespace: that is for children. The user namespace is the waiter's, too.
waits_inside() {
	local type
	launch_sleep -ra --fork
	for type in mnt uts ipc net user cgroup time; do
		[ -e "/proc/self/ns/$type" ] || continue
		refute_equal "$(ns_id "$LAUNCHER_PID" "$type")" "$(ns_id self "$type")"
		assert_equal "$(ns_id "$LAUNCHER_PID" "$type")" "$(ns_id "$PROGRAM" "$type")"
	done
	assert_equal "$(ns_id "$LAUNCHER_PID" pid)" "$(ns_id self pid)"
	assert_equal "$(readlink "/proc/$LAUNCHER_PID/ns/pid_for_children")" "$(ns_id "$PROGRAM" pid)"
	run_split "${WHO[@]}" nsenter -t "$LAUNCHER_PID" -U --preserve-credentials -n readlink /proc/self/ns/net
	assert_status 0
	assert_output "$(ns_id "$PROGRAM" net)"
	end_sleep
}

@test "--fork: nsunshare waits inside the new namespaces, and nsenter finds them by its PID" {
	requires nsenter
	each_way waits_inside
}

# In a network namespace of our own, so that the devices go with it.
gets_device() {
	run_split "${WHO[@]}" unshare -rn sh -c '
		"$0" -n --fork sh -c "read line; ip -o link show nst1" <"$1" & exec 3>"$1"
		until [ "$(readlink "/proc/$!/ns/net")" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.05; done
		ip link add nst0 type veth peer name nst1 && ip link set nst1 netns $! || exit
		nsenter -t $! -n ip -o link show nst1 && echo >&3 && wait $!' "$LAUNCHER" "$D/fifo"
	assert_status 0
	assert_equal "${#lines[@]} ${lines[0]}" "2 ${lines[1]}"
	assert_output --partial ': nst1@'
}

device_for_waiter() {
	mkfifo "$D/fifo"
	chmod 666 "$D/fifo"
	gets_device
}

@test "--fork: ip link set netns takes the PID of nsunshare" {
	requires ip nsenter
	each_way device_for_waiter
}
