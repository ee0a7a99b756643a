#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# nspin --batch: lines "TARGET NAME" and "TARGET TYPE FILE" on stdin.

load helpers
load launchers
load nsenter
load nspin

setup_file() { make_user; }
teardown_file() { remove_user; }
setup() { requires userns taskset; }

# batch LINE...: these are read; \n and the like are understood.
batch() { printf '%b\n' "$@" >"$D/stdin"; run_batch; }

run_batch() { nspin --batch <"$D/stdin"; }

sets_and_files() {
	a_world uts net ipc
	batch "$TARGET one" "$TARGET uts $D/uts" '' '# a comment' "$TARGET net $D/a file\tof  mine" '#' "$TARGET two" \
		"$TARGET:$("$HELPERS/pidfd-inode" "$TARGET") three" "one four" "one ipc $D/ipc"
	assert_status 0
	refute_output
	refute_stderr
	for name in one two three four; do
		holds "$name" "$TARGET" $TYPES
	done
	assert_equal "$(pinned "$D/uts")" "$(link_of "$TARGET" uts)"
	assert_equal "$(pinned "$D/ipc")" "$(link_of "$TARGET" ipc)"
	assert_equal "$(pins_below "$D" | grep -c mine)" 1
	quietly -d one two three four "$D/uts" "$D/ipc" "$D/a file"$'\t'"of  mine"
	assert_equal "$(pins_below "$D")" ''
	assert_equal "$(ls "$D" | sort | tr '\n' ' ')" 'sets stdin '
}

@test "lines are sets and files; empty ones and comments are skipped; FILE may have blanks" { pinning sets_and_files; }

two_targets() {
	local first name
	a_world uts
	first=$TARGET
	quietly -t "$first" source
	own_world --uts
	batch "$first one" "$TARGET two" "$first three" "source four" "$TARGET five"
	assert_status 0
	for name in one three four; do
		holds "$name" "$first" $TYPES
	done
	for name in two five; do
		holds "$name" "$TARGET" $TYPES
	done
	quietly -d source one two three four five
	deserted
}

@test "lines may name one target after another" { each_kind two_targets; }

by_keepers() {
	a_world uts net
	batch "$TARGET one" "$TARGET two" "one three"
	assert_status 0
	for name in one two three; do
		holds "$name" "$TARGET" $TYPES
	done
	quietly -d one two three
	deserted
	batch "$TARGET one" "$TARGET uts $D/uts" "$TARGET two"
	assert_status 1
	assert_stderr_line --regexp '^nspin: .*line 2.*Operation not permitted|^nspin: line 2: .*Operation not permitted'
	[ ! -e "$D/uts" ]
	assert_equal "$(sets)" $'one\ntwo'
	quietly -d one two
	deserted
}

@test "a batch of keepers" { keeping by_keepers; }

bad_lines() {
	local -a lines_told
	a_world uts
	batch "$TARGET one" "$TARGET" nonsense "$TARGET 9bad" "999999999 two" "$TARGET one" "$TARGET uts $D/none/uts" \
		"$TARGET sideways $D/x" "$TARGET uts" "a/b two" "$TARGET three four" "$TARGET last"
	assert_status 1
	refute_output
	holds one "$TARGET" $TYPES
	holds last "$TARGET" $TYPES
	lines_told=($(grep -v '^nspin: hint: ' <<<"$stderr" | grep -o 'line [0-9]*' | cut -d ' ' -f 2 | sort -nu))
	# "TARGET uts" is a set of that name.
	assert_equal "${lines_told[*]}" '2 3 4 5 6 7 8 10 11'
	assert_equal "$(sets | tr '\n' ' ')" 'last one uts '
	tidy
	quietly -d one last uts
	deserted
}

@test "a line that fails is told with its number, and the others are done" { each_kind bad_lines; }

odd_input() {
	a_world uts
	printf '%s one' "$TARGET" >"$D/stdin"
	run_batch
	assert_status 0
	holds one "$TARGET" $TYPES
	quietly -d one
	printf '' >"$D/stdin"
	run_batch
	assert_status 0
	refute_stderr
	# A line that holds more than there can be in it, and one with a NUL
	{
		head -c 100000 /dev/zero | tr '\0' x
		printf '\n%s one\n' "$TARGET"
	} >"$D/stdin"
	run_batch
	assert_status 1
	assert_stderr_line --regexp 'line 1\b'
	holds one "$TARGET" $TYPES
	quietly -d one
	printf '%s one\0two\n%s three\n' "$TARGET" "$TARGET" >"$D/stdin"
	run_batch
	assert_status 1
	assert_equal "$(sets)" three
	quietly -d three
	nspin --batch <"$D"
	assert_status 1
	assert_stderr --partial 'Is a directory'
	nspin --batch <&-
	assert_status 1
	assert_stderr --partial 'Bad file descriptor'
	deserted
}

@test "input without an end, with NUL, too long, or none" { each_kind odd_input; }

thousand() {
	local i
	a_world uts
	mkdir "$D/pins"
	for ((i = 0; i < 1000; i++)); do
		echo "$TARGET uts $D/pins/$i"
		echo "$TARGET s$i"
	done >"$D/stdin"
	run_batch
	assert_status 0
	refute_stderr
	assert_equal "$(pins_below "$D/pins" | wc -l)" 1000
	assert_equal "$(pins_below "$NSPIN_DIR" | wc -l)" $((1000 * $(wc -w <<<"$TYPES")))
	assert_equal "$(grep -cF " $(link_of "$TARGET" uts) " /proc/self/mountinfo)" 2000
	tidy
	# One that is there already fails alone.
	sed -i '1,1998d' "$D/stdin"
	echo "$TARGET new" >>"$D/stdin"
	run_batch
	assert_status 1
	assert_stderr_line --regexp 'line 2\b.*the set s999 exists'
	assert_equal "$(times_mounted "$D/pins/999")" 2
	quietly -d "$D/pins/999" new $(ls "$NSPIN_DIR" | grep ^s)
	quietly -d "$D/pins"/*
	deserted
	assert_equal "$(ls "$D/pins")" ''
}

@test "a thousand of each in one run" { pinning thousand; }

# a_mover: $TARGET will go on into another UTS namespace when other_uts says so.
a_mover() {
	mkfifo "$D/move"
	exec 8<>"$D/move"
	start "${WHO[@]}" unshare "$@" --uts bash -c 'read -r <&8; exec unshare --uts sleep 999'
	TARGET=$BG_PID TYPES=uts
	wait_until differs_from "$(ns_id self uts)" "$TARGET" uts
}

as_it_reads() {
	local reader
	if is_root; then
		a_mover
	else
		a_world uts
	fi
	mkfifo "$D/fifo"
	chmod 666 "$D/fifo"
	exec 9<>"$D/fifo"
	start "${WHO[@]}" "$NSPIN" --batch <"$D/fifo" 8>&- 9>&-
	reader=$BG_PID
	echo "$TARGET one" >&9
	wait_until is_there one
	holds one "$TARGET" $TYPES
	echo "$TARGET two" >&9
	wait_until is_there two
	holds two "$TARGET" $TYPES
	# What is kept is what the target is in when the line comes.
	quietly -d one
	# (Who has the FIFO open keeps it from ending.)
	if is_root; then other_uts; else a_world uts 9>&-; fi
	echo "$TARGET one" >&9
	wait_until is_there one
	holds one "$TARGET" $TYPES
	refute_equal "$(held one)" "$(held two)"
	exec 9>&-
	wait "$reader"
	quietly -d one two
	deserted
}

# The same process in another namespace
other_uts() {
	local before
	before=$(ns_id "$TARGET" uts)
	echo >&8
	wait_until differs_from "$before" "$TARGET" uts
}

differs_from() { [ "$(ns_id "$2" "$3")" != "$1" ]; }

is_there() { [ -e "$NSPIN_DIR/$1" ]; }

@test "lines are done as they come" { each_kind as_it_reads; }

# meanwhile COMMAND [ARG...]: it is done after the first line of $D/stdin, which makes
# the set one.
meanwhile() {
	stop_after renameat,renameat2 "$NSPIN" --batch <"$D/stdin" 8>&-
	is_there one
	"$@"
	go_on
	assert_status 0
}

# at_one_moment [FILES]: with FILES a line in the middle pins on a file, and so asks for
# something else than the others.
at_one_moment() {
	local before
	local -a how=(--net)
	is_root || how+=(--map-root-user)
	a_mover "${how[@]}"
	before=$(links_of "$TARGET" uts net)
	printf "$TARGET %s\n" one ${1:+"uts $D/file"} two >"$D/stdin"
	meanwhile other_uts
	refute_equal "$(links_of "$TARGET" uts net)" "$before"
	[ ! "${1-}" ] || assert_equal "$(pinned "$D/file")" "$(grep ^uts <<<"$before")"
	are_kept "$before" ${1:+"$D/file"}
	# Of a set
	quietly -t "$TARGET" -n source
	before=$(held source)
	printf 'source %s\n' one ${1:+"net $D/file"} two >"$D/stdin"
	meanwhile quietly -t "$TARGET" --add -u source
	are_kept "$before" ${1:+"$D/file"}
	quietly -d source
	deserted
}

# are_kept LINKS [FILE]: they are what the sets one and two hold; these go, and FILE, too.
are_kept() {
	local name
	for name in one two; do
		assert_equal "$(held $name | grep -v ^user)" "$1"
	done
	quietly -d one two "${@:2}"
}

@test "lines that are read at once find the target as it was at one moment" {
	requires strace
	pinning at_one_moment files
	keeping at_one_moment
}
