#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The parsers of text from outside give the answers of naive models of them, and
# the driver that compares the two would notice if they did not.

load ../helpers

: "${PARSERS:=$abs_top_builddir/tests/fuzz/parsers}"
SUBJECTS='number id fd seconds list block map env signal propagation launch
	mountinfo cgroup procs nsfs status target record caps utf8 message plain json gate'
CORPUS=$abs_top_srcdir/tests/fuzz/corpus
ROUNDS=50000
SEED=20261124

# SUBJECT's line of the report: inputs of both sorts, and not just a few.
had_both() {
	local accepted refused
	read -r _ accepted refused < <(grep "^$1 " <<<"$output") || fail "no line for $1"
	[ "$accepted" -ge 100 ] || fail "$1: only $accepted inputs were accepted"
	[ "$refused" -ge 100 ] || fail "$1: only $refused inputs were refused"
}

@test "parsers agree with their models on 50 000 inputs of a fixed seed" {
	run_split "$PARSERS" $ROUNDS $SEED
	assert_status 0
	refute_stderr
	for subject in $SUBJECTS; do
		had_both "$subject"
	done
	[ "$(awk '{ n += $2 + $3 } END { print n }' <<<"$output")" -eq $ROUNDS ]
	[ "$(wc -l <<<"$output")" -eq "$(wc -w <<<"$SUBJECTS")" ]
}

@test "parsers agree with their models on each file of the corpus" {
	for subject in $SUBJECTS; do
		run_split "$PARSERS" --corpus="$subject" "$CORPUS/$subject"/*
		assert_status 0
		refute_stderr
	done
	assert_equal "$(ls "$CORPUS" | sort)" "$(tr -s ' \t' '\n' <<<"$SUBJECTS" | sort)"
}

@test "parsers: a file of the corpus that a wrong model answers differently is named" {
	run_split "$PARSERS" --break=id --corpus=id "$CORPUS/id/zero" "$CORPUS/id/id"
	assert_status 1
	assert_stderr_line 'id: the parser and its model differ'
	assert_stderr_line "  repeat: parsers --break=id --corpus=id $CORPUS/id/id"
}

@test "parsers: a model that is wrong is found out, with the input and both answers" {
	for subject in $SUBJECTS; do
		run_split "$PARSERS" --break="$subject" $ROUNDS $SEED
		assert_status 1
		refute_output
		assert_stderr_line "$subject: the parser and its model differ"
		assert_stderr_line --regexp '^   input: "'
		assert_stderr_line --regexp '^  parser: .'
		assert_stderr_line --regexp '^   model: .'
	done
}

@test "parsers: what a report says to repeat fails alone, with the same report" {
	local repeat report
	for subject in $SUBJECTS; do
		run_split "$PARSERS" --break="$subject" $ROUNDS $SEED
		assert_status 1
		report=$stderr
		repeat=$(sed -n 's/^  repeat: parsers //p' <<<"$report")
		[[ $repeat =~ ^--break=$subject\ 1\ $SEED\ [0-9]+$ ]] || fail "no way to repeat: $repeat"
		# shellcheck disable=SC2086
		run_split "$PARSERS" $repeat
		assert_status 1
		assert_stderr "$report"
		# Without the wrong model it is no finding.
		# shellcheck disable=SC2086
		run_split "$PARSERS" ${repeat#* }
		assert_status 0
	done
}

@test "parsers: another seed makes other inputs, the same seed the same" {
	run_split "$PARSERS" 2000 1
	assert_status 0
	first=$output
	run_split "$PARSERS" 2000 1
	assert_output "$first"
	run_split "$PARSERS" 2000 2
	assert_status 0
	refute_output "$first"
}

@test "parsers: wrong arguments are 2" {
	for arguments in '' 1 '1 x' 'x 1' '1 2 3 4' '1 -2' '--break=nobody 1 2' '--corpus=nobody Makefile' '--corpus=id' \
		'--corpus=id /nonexistent'; do
		# shellcheck disable=SC2086
		run_split "$PARSERS" $arguments
		assert_status 2
		refute_output
		assert_stderr_line --regexp '^usage: '
	done
}
