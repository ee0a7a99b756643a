#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The program was built, starts, and does the one thing that it is for.

load helpers

@test "--version prints the name and the version of the package" {
	run_split "$NSCLONE" --version
	assert_status 0
	assert_output --regexp "^nsclone .*${PACKAGE_VERSION//./\\.}"
	refute_stderr
}

@test "--help goes to stdout" {
	run_split "$NSCLONE" --help
	assert_status 0
	assert_output --partial 'nsclone [options]'
	refute_stderr
}

@test "an unknown option is 125 and two lines on stderr" {
	run_split "$NSCLONE" --no-such-option true
	assert_status 125
	refute_output
	assert_stderr_count 2
	assert_stderr_line --regexp '^nsclone: .*no-such-option'
	assert_stderr_line --partial "Try 'nsclone --help'"
}

@test "nsclone -r runs the program in another user namespace" {
	requires userns
	run_split "$NSCLONE" -r sh -c 'readlink /proc/self/ns/user; exit 7'
	assert_status 7
	assert_output --regexp '^user:\[[0-9]+\]$'
	refute_output "$(ns_id self user)"
}
