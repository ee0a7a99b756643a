#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# make mutants: the lists fit the sources, and what the runner says of a mutation
# is true. Its tree is a small one here: a program is a copy of its source, which
# "compiles" if it is a script without errors of syntax.

load helpers

RUN=$abs_top_srcdir/tests/mutants/run

@test "each mutation of the lists can be made, and has tests" {
	run_split "$RUN" -n
	[ "$status" -eq 0 ] || show_run
}

### A small tree

setup() {
	TREE=$BATS_TEST_TMPDIR/tree
	# For the user that the runner makes
	chmod 711 "$BATS_RUN_TMPDIR" "${BATS_TEST_TMPDIR%/*}" "$BATS_TEST_TMPDIR"
	mkdir -p "$TREE/tools" "$TREE/tests/fuzz" "$TREE/tests/helpers" "$TREE/tests/mutants" "$BATS_TEST_TMPDIR/tmp"
	cp "$HELPERS/outcome" "$TREE/tests/helpers/outcome"
	cat >"$TREE/configure" <<-'EOF'
		#!/bin/sh
		exec cp Makefile.in Makefile
	EOF
	chmod 755 "$TREE/configure"
	cat >"$TREE/Makefile.in" <<-'EOF'
		PROGRAMS = nsclone nsunshare nsenter-lite nspin nsls tests/fuzz/parsers
		all: $(PROGRAMS)
		$(PROGRAMS): tools/greeting; sh -n tools/greeting && cp tools/greeting $@
		check:
		distclean:
	EOF
	cat >"$TREE/tools/greeting" <<-'EOF'
		#!/bin/sh
		greeting=hello
		# the same
		# the same
		echo "$greeting"
	EOF
	# Not @test yet, or they would be tests of this file.
	sed 's|^TEST|@test|' >"$TREE/tests/some.bats" <<-'EOF'
		TEST "greets" { [ "$(sh "$BATS_TEST_DIRNAME/../nsls")" = hello ]; }
		TEST "is there" { [ -e "$BATS_TEST_DIRNAME/../nsls" ]; }
		TEST "fails always" { false; }
		TEST "-is skipped" { skip "it needs more"; }
		TEST "waits for what is not said" { until sh "$BATS_TEST_DIRNAME/../nsls" | grep hello; do sleep 0.1; done; }
		TEST "is no root" { [ "$(id -u)" -ne 0 ]; }
	EOF
}

# entry LINE...: one more in the list; without a file, it is the greeting.
entry() {
	local file=yes line
	for line; do
		[[ $line != file:* ]] || file=
	done
	{
		printf '%s\n' "mutation: number $((++entries))" ${file:+"file: tools/greeting"} "$@"
		echo
	} >>"$TREE/tests/mutants/list"
}
entries=0

# greets [LINE...]: one that the first test catches
greets() { entry 'tests: some.bats' 'only: ^greets' -greeting=hello +greeting=goodbye "$@"; }

# Without what bats has put in front of PATH: that is for itself.
plain_path=$(tr : "\n" <<<"$PATH" | grep -v bats-core | paste -sd :)

# mutants STATUS [VARIABLE=VALUE...]
mutants() {
	run_split env PATH="$plain_path" TMPDIR="$BATS_TEST_TMPDIR/tmp" abs_top_srcdir="$TREE" JOBS=1 "${@:2}" "$RUN"
	assert_status "$1"
	assert_equal "$(ls "$BATS_TEST_TMPDIR/tmp")" ''
}

# says RESULT NUMBER
says() { assert_line --regexp "^$1 +list: number $2\$"; }

@test "a mutation is caught if a test fails then" {
	greets
	mutants 0
	says caught 1
	assert_line '1 mutations: 1 caught, 0 survived, 0 equivalent, 0 untested, 0 broken, 0 not run'
	assert_equal "$(<"$TREE/tools/greeting")" $'#!/bin/sh\ngreeting=hello\n# the same\n# the same\necho "$greeting"'
}

@test "one that no test sees survives, is named at the end, and is a failure" {
	greets
	entry 'tests: some.bats' 'only: is there' -greeting=hello +greeting=goodbye
	greets
	mutants 1
	says caught 1
	says survived 2
	# The one before it has been undone.
	says caught 3
	assert_equal "${lines[-2]}" 'survived:'
	assert_equal "${lines[-1]}" $'\tlist: number 2 (tools/greeting)'
}

@test "95 of 100 are enough" {
	local i
	# So many are for something quicker than bats.
	cat >"$TREE/quick" <<-'EOF'
		#!/bin/sh
		echo 1..2
		[ "$(sh ./nsls)" = hello ] && result=ok || result="not ok"
		[ "$4" = "(is there)" ] || echo "$result 1 greets"
		echo "ok 2 is there"
	EOF
	chmod 755 "$TREE/quick"
	for i in {1..19}; do
		greets
	done
	entry 'tests: some.bats' 'only: is there' -greeting=hello +greeting=goodbye
	mutants 0 JOBS=4 BATS="$TREE/quick"
	assert_line 'caught: 95 of 100'
	entry 'tests: some.bats' 'only: is there' -greeting=hello +greeting=goodbye
	mutants 1 JOBS=4 BATS="$TREE/quick"
	assert_line 'caught: 90 of 100'
}

@test "one that cannot be made or built is broken, not caught" {
	entry 'tests: some.bats' 'only: greets' -greeting=ciao +greeting=goodbye
	entry 'tests: some.bats' 'only: greets' '-# the same' '+# another'
	entry 'tests: some.bats' 'only: greets' -greeting=hel +greeting=goodbye
	entry 'tests: some.bats' 'only: greets' -greeting=hello '+if then'
	entry 'tests: some.bats' 'only: greets' 'file: tests/some.bats' '-@test "fails always" { false; }'
	entry 'tests: some.bats' 'only: no such test' -greeting=hello +greeting=goodbye
	entry 'tests: none.bats' 'only: greets' -greeting=hello +greeting=goodbye
	entry 'equivalent: it is nowhere' -greeting=ciao +greeting=goodbye
	greets
	mutants 1
	for i in {1..8}; do
		says broken "$i"
	done
	says caught 9
	assert_line --partial 'does not have the text'
	assert_line --partial 'more than once'
	assert_line --partial 'the programs are the same'
	assert_line --partial "no test in some.bats matches 'no such test'"
}

@test "if its tests fail or are skipped without it, nothing is known of it" {
	entry 'tests: some.bats' 'only: fails' -greeting=hello +greeting=goodbye
	entry 'tests: some.bats' 'only: -is skipped' -greeting=hello +greeting=goodbye
	# One of them that passes is enough, and must not fail.
	entry 'tests: some.bats' 'only: skipped|greets' -greeting=hello +greeting=goodbye
	entry 'tests: some.bats' 'only: fails|greets' -greeting=hello +greeting=goodbye
	mutants 1
	says untested 1
	says untested 2
	says caught 3
	says untested 4
	assert_line --partial 'fails without a change: some.bats: fails always'
	assert_line --partial 'it needs more'
}

@test "what hangs is caught, and ended" {
	entry 'tests: some.bats' 'only: waits for' -greeting=hello +greeting=goodbye
	mutants 0 LIMIT=1
	says caught 1
	assert_line --partial 'did not end in 1 seconds'
}

@test "what is equivalent does not count, with the reason" {
	entry 'equivalent: nobody reads it,' '	not even me' '-# the same' '-echo "$greeting"' '+echo "$greeting"'
	greets
	mutants 0
	says equivalent 1
	assert_line --partial 'nobody reads it, not even me'
	assert_line 'caught: 100 of 100'
}

@test "lists and names are chosen, and a choice of nothing is an error" {
	greets
	greets
	mutants 0 MUTANTS='number 2'
	assert_line --partial '1 mutations: 1 caught'
	mutants 0 MUTANTS=list
	assert_line --partial '2 mutations: 2 caught'
	mutants 2 MUTANTS='number 3'
	refute_output
}

@test "as an ordinary user, who is made for it; as root, if we are" {
	entry 'tests: some.bats' 'only: is no root|greets' 'as: user' -greeting=hello +greeting=goodbye
	entry 'tests: some.bats' 'only: greets' 'as: root' -greeting=hello +greeting=goodbye
	mutants 0
	says caught 1
	if as_root; then
		says caught 2
	else
		says 'not run' 2
		assert_line --partial 'needs root'
	fi
	refute grep '^nst-mut-' /etc/passwd
}

@test "a list that is not understood is an error, with its line" {
	local lines_of_entry
	for lines_of_entry in '+greeting=goodbye' $'-greeting=hello\n+greeting=hello' \
		$'-greeting=hello\nas: nobody' $'-greeting=hello\nequivalent: it is' \
		$'-greeting=hello\ntests: other.bats' $'-greeting=hello\nfoo: bar' $'-greeting=hello\nfoo'; do
		rm -f "$TREE/tests/mutants/list"
		entry 'tests: some.bats' 'only: greets' "$lines_of_entry"
		mutants 2
		assert_stderr --regexp '^run: .*/list:[0-9]+: '
	done
	rm "$TREE/tests/mutants/list"
	entry -greeting=hello
	mutants 2
	assert_stderr --partial 'without tests and only, or equivalent'
}

# Nothing is left of it.
interrupted() {
	local runner
	start env PATH="$plain_path" TMPDIR="$BATS_TEST_TMPDIR/tmp" abs_top_srcdir="$TREE" JOBS=2 --default-signal="$1" "$RUN" >"$BATS_TEST_TMPDIR/said"
	runner=$BG_PID
	is_waiting() { NESTED=$(grep -lsz "^TMPDIR=$BATS_TEST_TMPDIR/tmp/" /proc/[0-9]*/environ | wc -l) && [ "$NESTED" -ge 2 ] && [ -e "$BATS_TEST_TMPDIR"/tmp/*/claimed/0 ] && [ -e "$BATS_TEST_TMPDIR"/tmp/*/claimed/1 ]; }
	wait_until is_waiting
	kill "-$1" "$runner"
	wait_until has_ended "$runner"
	wait "$runner" && return 1 || assert_equal $? "$2"
	assert_equal "$(ls "$BATS_TEST_TMPDIR/tmp")" ''
	assert_equal "$(grep -lsz "^TMPDIR=$BATS_TEST_TMPDIR/tmp/" /proc/[0-9]*/environ)" ''
	refute grep '^nst-mut-' /etc/passwd
}

@test "an interrupt leaves no process, user or directory behind" {
	entry 'tests: some.bats' 'only: waits for' -greeting=hello +greeting=goodbye
	entry 'tests: some.bats' 'only: waits for' 'as: user' -greeting=hello +greeting=goodbye
	interrupted TERM 143
	interrupted INT 130
}

@test "that a file cannot clean up catches nothing" {
	sed 's|^TEST|@test|' >"$TREE/tests/untidy.bats" <<-'EOF'
		teardown_file() { [ "$(sh "$BATS_TEST_DIRNAME/../nsls")" = hello ]; }
		TEST "is there" { [ -e "$BATS_TEST_DIRNAME/../nsls" ]; }
	EOF
	entry 'tests: untidy.bats' 'only: .' -greeting=hello +greeting=goodbye
	mutants 1
	says survived 1
}
