#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What nspin says to command lines that are wrong: two lines, status 2, and
# nothing is done.

load helpers
load launchers
load nsenter
load nspin

setup_file() { make_user; }
teardown_file() { remove_user; }
setup() { requires userns taskset; }

# With a target that is there, and a set. Nothing of it all changes.
with_world() {
	local before
	a_world uts net
	quietly -t "$TARGET" world
	before=$(whole_world)
	"$@"
	assert_equal "$(whole_world)" "$before"
	holds world "$TARGET" $TYPES
	tidy
	quietly -d world
	deserted
}

of_what() {
	mistaken --target
	mistaken --target name
	mistaken --target -u name
	mistaken --target --uts="$D/uts"
	mistaken 'set be called' -t "$TARGET"
	mistaken 'set be called' -t "$TARGET" -u
	mistaken "'more'" -t "$TARGET" name more
	mistaken 'set be called' -t "$TARGET" --add
	mistaken 'be deleted' -d
	mistaken "'name'" --batch name
	mistaken "'-t'" -t
	mistaken "'--nonsense'" --nonsense
	mistaken "'-x'" -t "$TARGET" -x name
}

@test "a target, and a name or a file, there must be" { each_kind with_world of_what; }

bad_targets() {
	for target in '' 0 -1 +1 ' 1' '1 ' 1: 1:x :1 1:0 99999999999999999999 1:99999999999999999999999 a/b ./x 1x 0x1 '9a' \
		"$(printf 'a%.0s' {1..65})" $'a\n' 'a b' .a; do
		mistaken '--target: ' -t "$target" name
		mistaken '--target: ' -t "$target" --uts="$D/uts"
	done
}

@test "a target is PID, PID:INODE or a name" { each_kind with_world bad_targets; }

# Two things that are not done at once
exclusive() {
	mistaken 'exclude each other' -t "$TARGET" --uts="$D/uts" name
	mistaken '--net without a file' -t "$TARGET" --uts="$D/uts" -n name
	mistaken '--net without a file' -t "$TARGET" --uts="$D/uts" -n
	mistaken 'exclude each other' -t "$TARGET" --uts="$D/uts" -a
	mistaken 'exclude each other' -t "$TARGET" --uts="$D/uts" --add
	mistaken '--uts=' -t "$TARGET" --uts= name
	mistaken '--uts=' -t "$TARGET" --uts=
	mistaken '--make-private' -t "$TARGET" --make-private name
	mistaken '--keep' -t "$TARGET" --keep=name
	mistaken '--keep' -t "$TARGET" --hold --keep=name true
	mistaken '--TYPE=FILE' -t "$TARGET" --hold --keep=name --uts="$D/uts"
	mistaken '--target goes with' -t "$TARGET" -d world
	mistaken '--target goes with' -t "$TARGET" --stale
	mistaken '--target goes with' -t "$TARGET" --batch
	mistaken '--target goes with' -t "$TARGET" -l
	mistaken '--all goes with' -a -l
	mistaken 'a type goes with' -u -d world
	mistaken '--add goes with' --add -d world
	mistaken 'exclude each other' -l -d world
	mistaken 'exclude each other' -l --stale
	mistaken 'exclude each other' --batch -d world
	mistaken 'exclude each other' --batch --hold --keep=name
	mistaken 'a type goes with' --batch -u
	mistaken '--json goes with' -J -d world
	mistaken '--json goes with' -t "$TARGET" -J name
	mistaken '--everywhere goes with' -t "$TARGET" -A name
	mistaken '--raw goes with' -t "$TARGET" -r name
	mistaken '--output goes with' -t "$TARGET" -o SET name
	mistaken '--noheadings goes with' -t "$TARGET" --noheadings name
	mistaken '--json and --raw' -l -J -r
	mistaken 'a type goes with' -l -u
	mistaken "'NONSENSE'" -l -o NONSENSE
	mistaken "column ''" -l -o ''
	nspin --add -t "$TARGET" --hold true
	assert_status 125
	said_of_usage --add
}

@test "what does not go together is refused" { each_kind with_world exclusive; }

# -n is --net, but among what is listed --noheadings.
letters() {
	nspin -l -n -r -o SET
	assert_status 0
	assert_line world
	refute_line SET
	nspin -l -r -o SET
	assert_line SET
	mistaken 'a type goes with' -l -n -u
	mistaken 'a type goes with' -l --net=/x
}

@test "-n with -l is --noheadings" { each_kind with_world letters; }

# Nobody can hear what it says; it does what it shall.
unheard() {
	for mask in 1 2 4 3 7; do
		AROUND=(with_closed $mask)
		nspin -t "$TARGET" other
		assert_status 0
		holds other "$TARGET" $TYPES
		nspin -t "$TARGET" other
		assert_status 1
		nspin -d other
		assert_status 0
		nspin --nonsense
		assert_status 2
		AROUND=()
		assert_equal "$(sets)" world
	done
}

@test "with standard descriptors closed it does what it shall" { each_kind with_world unheard; }

bare() {
	AROUND=(env -i "NSPIN_DIR=$NSPIN_DIR" PATH="$PATH" HOME="$D")
	quietly -t "$TARGET" other
	AROUND=()
	holds other "$TARGET" $TYPES
	AROUND=(env --ignore-signal --block-signal)
	quietly -d other
	quietly -t "$TARGET" other
	quietly -d other
	AROUND=(prlimit --fsize=0 --core=0)
	nspin -t "$TARGET" other
	AROUND=()
	# The record of a keeper has to be written.
	if is_kept world; then
		refute_equal "$status" 0
		[ ! -e "$NSPIN_DIR/other" ]
		quietly --stale
	else
		assert_status 0
		quietly -d other
	fi
}

@test "with hostile surroundings: no environment, no signals, no files to write" { each_kind with_world bare; }

nowhere() {
	a_world uts
	"${WHO[@]}" mkdir "$D/gone"
	cd "$D/gone"
	"${WHO[@]}" rmdir "$D/gone"
	run_split "$NSPIN" -t "$TARGET" world
	assert_status 0
	cd /
	quietly -d world
}

@test "from a working directory that is gone" { pinning nowhere; }
