#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The programs were built, start, and do the one thing that each is for.

load helpers
load launchers
TOOLS=("${LAUNCHERS[@]}")

says_version() {
	observe "$LAUNCHER" --version
	assert_outcome 'exited 0'
	assert_output --regexp "^$TOOL .*${PACKAGE_VERSION//./\\.}"
	refute_stderr
}

@test "--version prints the name and the version of the package" { as_ourselves says_version; }

says_how() {
	observe "$LAUNCHER" --help
	assert_outcome 'exited 0'
	assert_output --partial "$TOOL [options]"
	refute_stderr
}

@test "--help goes to stdout" { as_ourselves says_how; }

@test "an unknown option is 125 and two lines on stderr" { as_ourselves usage no-such-option --no-such-option true; }

new_user_namespace() {
	observe "$LAUNCHER" -r sh -c 'readlink /proc/self/ns/user; exit 7'
	assert_outcome 'exited 7'
	assert_output --regexp '^user:\[[0-9]+\]$'
	refute_output "$(ns_id self user)"
}

@test "-r runs the program in another user namespace" {
	requires userns
	as_ourselves new_user_namespace
}
