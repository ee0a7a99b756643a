#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The last file of `make check': a suite that has skipped all that matters has
# not passed.

load helpers

# passed_of FILES: how many tests of these have passed.
passed_of() {
	local -a files=($1)
	[ -e "${files[0]}" ] || { echo 0; return; }
	cat "${files[@]}" | grep -c '^:test-result: PASS' || true
}

# What is called so tests a tool at work; what may pass without any namespace, as
# the completions, the pages and the parsers, is not among it.
@test "of each tool that is built, some tests were not skipped" {
	local tool pattern
	local -a never=()
	# By hand there are no results, or old ones.
	[ -n "${abs_builddir-}" ] || skip 'needs the results of make check'
	for tool in nsclone nsunshare nsenter-lite nspin nsls; do
		[ -x "$abs_top_builddir/$tool" ] || continue
		pattern="$abs_top_builddir/tests/${tool%-lite}-*.trs"
		[ "$(passed_of "$pattern")" -gt 0 ] || never+=("$tool")
	done
	[ ${#never[@]} -eq 0 ] || fail "each test was skipped of: ${never[*]}" \
		"$(cat "$abs_top_builddir"/tests/*.log | sed -n 's/^SKIP: .* # SKIP /skipped: /p' | sort | uniq -c | sort -nr | head -n 5)"
}
