#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What nsclone cannot or will not do of what is its own: one clear line, perhaps a
# hint, the exit status of DESIGN's table, the program not run, and nothing left.
# For the options that it shares with nsunshare see launch-bad-input.bats.

load helpers
load launchers
TOOLS=(nsclone)

setup_file() { make_user; }
teardown_file() { remove_user; }
setup() { requires userns; }

options_without_arguments() {
	local option
	for option in --into-cgroup --set-pid --pid-file --json-status-fd --block-fd --host-setup; do
		observe "$NSCLONE" -U "$option"
		assert_outcome 'exited 125'
		said_of_usage "'$option' needs an argument"
	done
}

@test "options without their arguments" { as_ourselves options_without_arguments; }

exclusive_options() {
	usage 'exclude each other' -U --background --kill-child
	usage 'exclude each other' -U --kill-child=TERM --keep-child
	usage '--propagation' -U --propagation slave
	usage 'nothing to isolate' --propagation slave
}

@test "options that do not go together" { as_ourselves exclusive_options; }

empty_names() {
	local option
	for option in --set-pid --json-status-fd --block-fd; do
		usage "$option" -U "$option" ''
	done
	failure 'cgroup' '' -U --into-cgroup ''
	failure 'PID file' '' -U --pid-file ''
	assert_equal "$(ls -A "$D")" outcome
}

@test "empty arguments" { as_ourselves empty_names; }

lists() {
	local list
	for list in , 1, ,1 1,,2 0 -1 1x ' 1' '1, 2' 1:2 2147483648 4294967297; do
		usage "--set-pid: '$list'" -p --set-pid "$list"
	done
	usage '32' -p --set-pid "$(seq -s, 33)"
}

@test "lists of PIDs that are none, or too long" { as_ourselves lists; }

descriptors() {
	local option fd
	for option in --json-status-fd --block-fd; do
		for fd in -1 x 1x ' 1' +1 1,2 2147483648 4294967296; do
			usage "$option: '$fd'" -U "$option" "$fd"
		done
		usage "$option: descriptor 99 is not open" -U "$option" 99
	done
	failure 'Bad file descriptor' '' -U --json-status-fd 9 9</dev/null
	failure 'No space left on device' '' -U --json-status-fd 9 9>/dev/full
	failure 'Broken pipe' '' -U --json-status-fd 9 9> >(:)
	failure 'Bad file descriptor' '' -U --json-status-fd 0 <&-
}

@test "descriptors that are none, not open, not to be written to" { as_ourselves descriptors; }

no_cgroup() {
	: >"$D/file"
	failure 'not a directory of cgroup v2' '' -r --into-cgroup "$D"
	failure 'Not a directory' '' -r --into-cgroup "$D/file"
	failure 'No such file or directory' '' -r --into-cgroup "$D/no-such"
}

@test "cgroups that are none" { each_way no_cgroup; }

no_such_files() {
	failure "$D/no-such/pid: No such file or directory" '' -r --pid-file "$D/no-such/pid"
	failure 'File name too long' '' -r --pid-file "/$(printf '%05000d' 0)"
	failure "$D/a\\012b/c: No such file or directory" '' -r --pid-file "$D/"$'a\nb/c'
	failure "set-up command: exit status 3" '' -r --host-setup 'exit 3'
	failure "set-up command: killed by signal 9" '' -r --host-setup 'kill -KILL $$'
	assert_equal "$(cd "$D" && echo *)" outcome
}

@test "files and commands that do not do" { each_way no_such_files; }

late_failure() {
	failure 'setuid 5' 'mapped' -r --pid-file "$D/pid" --init -S 5
	failure 'setuid 5' 'mapped' -r --pid-file "$D/pid" -S 5
	observe "$NSCLONE" -r --pid-file "$D/pid" "$D/no-such"
	assert_outcome 'exited 127'
	assert_equal "$(cd "$D" && echo *)" outcome
}

@test "a launch that fails late takes its PID file back" { each_way late_failure; }

asked_for() {
	unwritable_stdout '-U --background sleep 99' '-r --background --init sleep 99' "-U --background --pid-file $D/pid sleep 99"
}

@test "a PID that cannot be written is a failure, and nothing runs on" { each_way asked_for; }
