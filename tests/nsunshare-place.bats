#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# In place means in place: the process that called nsunshare is the program, with
# what it was given and nothing besides; and what is said of it.

load helpers
load launchers
TOOLS=(nsunshare)

setup_file() { make_user; }
teardown_file() { remove_user; }
setup() { requires userns; }

# Ways to go in place, lines of options: without a helper process; with one that
# writes maps; with one that makes pins.
plain() { printf '%s\n' -U -rm -rp '-ra --boottime 5 --hostname x --loopback' '-c --keep-caps -w /' '-r --setup true' '-r -R /'; }

ranges() {
	if is_root; then
		echo '--map-users 0:0:9 --map-groups 0:0:9'
	else
		echo '-r --map-auto --setup true'
	fi
}

pins() { echo "-i --uts=$D/uts --time=$D/time --boottime=5 --setup true"; }

# each_place WAYS TEST [ARG...]: with $PLACE, each of them, words to be split.
each_place() {
	local PLACE
	while read -r PLACE; do
		printf -- '-- %s\n' "$PLACE"
		"${@:2}"
	done < <("$1")
}

# with_ranges, with_pins TEST: where that can be
with_ranges() {
	requires subids
	each_way each_place ranges "$@"
}
with_pins() { as_ourselves in_private_mounts each_place pins "$@"; }

unpin_all() {
	local file
	for file in "$D"/{uts,time}; do
		[ ! -e "$file" ] || { umount "$file" && rm "$file"; }
	done
}

### One process from beginning to end

# The same process, and what it finds is what it would have found without us.
same_process() {
	observe sh -c 'echo "pid $$"; exec "$@"' sh "$HELPERS/inventory"
	assert_outcome 'exited 0'
	bare=("${lines[@]:2}")
	observe sh -c 'echo "pid $$"; exec "$@"' sh "$LAUNCHER" $PLACE "$HELPERS/inventory"
	assert_outcome 'exited 0'
	refute_stderr
	assert_equal "${lines[0]}" "${lines[1]}"
	assert_equal "${lines[2]}" 'child none'
	assert_equal "${lines[*]:2}" "${bare[*]}"
	unpin_all
}

@test "the program is the process that called, without a child, thread or descriptor more" { each_way each_place plain same_process; }
@test "ranges: the program is the process that called, and the helper is gone" { with_ranges same_process; }
@test "pins: the program is the process that called, and finds no child" { with_pins same_process; }

nobody_is_made() {
	observe strace -f -q -o "$D/trace" -e trace=clone,clone3,fork,vfork,execve "$LAUNCHER" $PLACE /bin/true
	assert_outcome 'exited 0'
	assert_equal "$(sed 's/^[0-9]* *//; s/(.*//; /^+++/d' "$D/trace")" $'execve\nexecve'
	assert_equal "$(cut -d' ' -f1 "$D/trace" | sort -u | wc -l)" 1
}

without_setup() { plain | grep -v setup; }

@test "no process is made where no option needs one" {
	requires strace
	each_way each_place without_setup nobody_is_made
}

# Zombies too, but where outcome is the parent, who reaps them in the end only.
children() { ps -o pid= --ppid "$1" | wc -l; }
alone() { [ "$(ps -o stat= --ppid "$BG_PID" | grep -vc '^Z')" = 1 ] && [ "$(children "$LAUNCHER_PID")" = 0 ]; }

nobody_stays() {
	launch_sleep $PLACE
	assert_equal "$PROGRAM" "$LAUNCHER_PID"
	assert_equal "$(children "$PROGRAM")" 0
	wait_until alone
	end_sleep
	unpin_all
}

@test "nothing is in the background while the program runs" { each_way each_place plain nobody_stays; }
@test "ranges: nothing is in the background while the program runs" { with_ranges nobody_stays; }
@test "pins: nothing is in the background while the program runs" { with_pins nobody_stays; }

### What it was given

signals_as_given() {
	local -a around=(env --ignore-signal=HUP,USR1,CHLD,PIPE,TSTP --block-signal=TERM,USR2,WINCH,RTMIN)
	observe "${around[@]}" "$HELPERS/inventory"
	bare=("${lines[@]:1}")
	[[ "${bare[*]}" =~ SigIgn:.*[1-9a-f] ]]
	[[ "${bare[*]}" =~ SigBlk:.*[1-9a-f] ]]
	observe "${around[@]}" "$LAUNCHER" $PLACE "$HELPERS/inventory"
	assert_outcome 'exited 0'
	assert_equal "${lines[*]:1}" "${bare[*]}"
	unpin_all
}

@test "signals blocked and ignored are as they were, SIGCHLD too" { each_way each_place plain signals_as_given; }
@test "ranges: signals blocked and ignored are as they were, SIGCHLD too" { with_ranges signals_as_given; }
@test "pins: signals blocked and ignored are as they were, SIGCHLD too" { with_pins signals_as_given; }

standard_descriptors() { sed -n 's/^fds//p' "$1" | grep -ow '[012]' | paste -sd ' '; }

each_closed_set() {
	local mask open=('0 1 2' '1 2' '0 2' 2 '0 1' 1 0 '')
	local -a AROUND
	for mask in 0 1 2 3 4 5 6 7; do
		rm -f "$D/bare" "$D/found"
		AROUND=(with_closed "$mask")
		observe "$HELPERS/inventory" "$D/bare"
		assert_equal "$(standard_descriptors "$D/bare")" "${open[mask]}"
		observe "$LAUNCHER" $PLACE "$HELPERS/inventory" "$D/found"
		assert_outcome 'exited 0'
		assert_equal "$mask $(tail -n +2 "$D/found")" "$mask $(tail -n +2 "$D/bare")"
		unpin_all
	done
}

one_plain() { echo -U; }

@test "standard descriptors that are closed stay closed" { each_way each_place one_plain each_closed_set; }
@test "ranges: standard descriptors that are closed stay closed" { with_ranges each_closed_set; }
@test "pins: standard descriptors that are closed stay closed" { with_pins each_closed_set; }

# Without an argv[0] there is no option either; what runs is $SHELL.
no_name() {
	printf '#!/bin/sh\necho "$$ $(readlink /proc/$$/ns/user)"\n' >"$D/shell"
	chmod 755 "$D/shell"
	observe sh -c 'echo "$$ $(readlink /proc/$$/ns/user)"; exec "$@"' sh "$HELPERS/exec-with" "$LAUNCHER" SHELL="$D/shell"
	assert_outcome 'exited 0'
	assert_equal "${lines[0]}" "${lines[1]}"
	assert_stderr --regexp '^nsunshare: nothing to isolate: '
}

@test "no argv[0], no environment but SHELL: the shell runs in place" { each_way no_name; }

### Types for which in place is not obvious

only_children_enter() {
	local inside
	launch -rp sh -c 'sleep 99; :'
	wait_until runs "$LAUNCHER_PID" sh
	assert_equal "$PROGRAM" "$LAUNCHER_PID"
	assert_equal "$(ns_id "$PROGRAM" pid)" "$(ns_id self pid)"
	refute_equal "$(ns_id "$PROGRAM" user)" "$(ns_id self user)"
	wait_until child_of "$PROGRAM"
	inside=$CHILD
	refute_equal "$(ns_id "$inside" pid)" "$(ns_id self pid)"
	assert_equal "$(sed -n 's/^NSpid:.*\t//p' "/proc/$inside/status")" 1
	to "$inside" KILL
	ended 'exited 0'
}

@test "-p without --fork: the program stays, its first child is PID 1" { each_way only_children_enter; }

setup_would_be_pid_1() {
	local how
	for how in -rp -ra '-r --pid -S 0'; do
		usage '--setup with --pid needs --fork' $how --setup "touch $D/ran"
	done
	observe "$LAUNCHER" -rp --fork --setup "touch $D/ran" true
	assert_outcome 'exited 0'
	rm "$D/ran"
}

@test "-p without --fork takes no --setup command, which would be PID 1" { each_way setup_would_be_pid_1; }

# The mounts are those of the caller, which is root and could change them.
propagation_stays() {
	local before options
	mkdir "$D/mnt"
	mount -t tmpfs none "$D/mnt"
	mount --make-shared "$D/mnt"
	before=$(</proc/self/mountinfo)
	for options in '--root /' '--root / --propagation slave' "--root / --wd $D --fork" '--uts --propagation private'; do
		observe "$LAUNCHER" $options cat /proc/self/mountinfo
		assert_outcome 'exited 0'
		assert_equal "$output" "$before"
		assert_equal "$(</proc/self/mountinfo)" "$before"
	done
}

@test "without a new mount namespace the propagation of mounts is unchanged" {
	as_ourselves in_private_mounts propagation_stays
}

own_clock() {
	launch_sleep "$@"
	assert_equal "$PROGRAM" "$LAUNCHER_PID"
	refute_equal "$(ns_id "$PROGRAM" time)" "$(ns_id self time)"
	assert_equal "$(ns_id "$PROGRAM" time)" "$(readlink "/proc/$PROGRAM/ns/time_for_children")"
	end_sleep
}

@test "-T: the program itself is in the new time namespace" {
	requires time-ns
	each_way own_clock -rT
	each_way own_clock -r --boottime 100
	each_way own_clock -ra
}

### Where nsunshare is PID 1

# as_pid_1 COMMAND...: as PID 1 of a PID namespace of which we are not; if that
# is another program, it dies with it.
as_pid_1() { observe unshare --user --map-root-user --mount --pid --fork --mount-proc "$@"; }

runs_as_pid_1() {
	as_pid_1 "$LAUNCHER" "$@" "$HELPERS/inventory"
	assert_outcome 'exited 0'
	refute_stderr
	assert_equal "${lines[0]} ${lines[1]}" 'pid 1 child none'
}

in_place_as_pid_1() {
	runs_as_pid_1 -u
	runs_as_pid_1 -r
	runs_as_pid_1 -ra
	runs_as_pid_1 -u --setup true
	runs_as_pid_1 --map-users 0:0:1 --map-groups 0:0:1
	runs_as_pid_1 --map-users all --map-groups all --setgroups deny --setup true
}

@test "as PID 1 it works in place, with ranges too" { each_way in_place_as_pid_1; }

# A process that loses its parent is the child of PID 1, so the helper is.
pins_as_pid_1() {
	as_pid_1 "$LAUNCHER" --uts="$D/uts" sh -c 'echo $$; stat -Lc %i "$0" /proc/self/ns/uts' "$D/uts"
	assert_outcome 'exited 0'
	refute_stderr
	assert_equal "${lines[0]} ${lines[1]}" "1 ${lines[2]}"
	as_pid_1 sh -c '"$@"; [ $? -eq 127 ] && ! mountpoint -q "$0" && [ ! -e "$0.new" ]' "$D/uts" \
		"$LAUNCHER" --uts="$D/uts" --ipc="$D/uts.new" "$D/none"
	assert_outcome 'exited 0'
}

@test "as PID 1 it makes pins" { each_way pins_as_pid_1; }

forks_as_pid_1() {
	as_pid_1 "$LAUNCHER" "$@" --fork sh -c 'exit 3'
	assert_outcome 'exited 3'
	refute_stderr
	as_pid_1 "$LAUNCHER" "$@" --fork --setup true "$D/none"
	assert_outcome 'exited 127'
	assert_stderr_line "nsunshare: execute: $D/none: No such file or directory"
}

forking_as_pid_1() {
	forks_as_pid_1 -u
	as_pid_1 "$LAUNCHER" -u --fork sh -c 'kill -TERM $$'
	assert_outcome 'exited 143'
	refute_stderr
	forks_as_pid_1 -rp --mount-proc
	forks_as_pid_1 --map-users 0:0:1 --map-groups 0:0:1 --kill-child
	forks_as_pid_1 -u --uts="$D/uts" --forward-signals
}

@test "as PID 1 with --fork it ends as the child does, or with 128 plus the signal" { each_way forking_as_pid_1; }

### What is said

on_terminal() { run_split "${WHO[@]}" script -q -e -c "'$LAUNCHER' $1" /dev/null </dev/null; }

said_on_terminal() {
	on_terminal '-rp true'
	assert_status 0
	assert_output --partial 'nsunshare: only children of the program enter the new PID namespace'
	on_terminal '-rp --fork true'
	assert_status 0
	refute_output
	on_terminal '-r true'
	refute_output
	observe "$LAUNCHER" -rp true
	assert_outcome 'exited 0'
	refute_output
	refute_stderr
}

@test "-p without --fork is remarked on a terminal, and nowhere else" {
	requires script
	each_way said_on_terminal
}

said_of_nothing() {
	local options
	for options in '' --fork --forward-signals --kill-child '--propagation private' --; do
		observe "$LAUNCHER" $options sh -c 'readlink /proc/self/ns/*; exit 3'
		assert_outcome 'exited 3'
		assert_stderr_count 1
		assert_stderr_line --regexp '^nsunshare: nothing to isolate: .*'
		assert_equal "$output" "$("${WHO[@]}" sh -c 'readlink /proc/self/ns/*')"
	done
}

@test "nothing to isolate: the program runs where it is, and one line says so" { each_way said_of_nothing; }

quiet_options() {
	printf '%s\n' -U -u --files --fs --sysvsem '-R /' '-w /' --no-new-privs --new-keyring '--setup true' \
		--clear-env '--keep-env HOME' '--setenv A=1' --close-fds "-S $1" "-G $2"
}

not_said_of_something() {
	local options uid gid
	uid=$("${WHO[@]}" id -u) gid=$("${WHO[@]}" id -g)
	while read -r options; do
		case $options in
		'-R /' | -u | -S* | -G* | --setup*) is_root || continue ;;
		esac
		observe "$LAUNCHER" $options /bin/sh -c 'exit 3'
		assert_outcome 'exited 3'
		refute_stderr
	done < <(quiet_options "$uid" "$gid")
}

@test "where something is asked for nothing is said" { each_way not_said_of_something; }
