#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What is written about the tools: the option table, --help, the man page and
# the completions name the same options; the pages are clean, and agree where
# they are about the same; the examples work.

load helpers
load option-tables

TOOLS=(nsclone nsunshare nsenter-lite nspin nsls)

# each_tool for those that can be run: two are not built without libsmartcols.
each_built() {
	[ -x "$NSPIN" ] || local TOOLS=(nsclone nsunshare nsenter-lite)
	each_tool "$@"
}

setup_file() { make_user; }
teardown_file() { remove_user; }

setup() {
	MAN=$abs_top_srcdir/man
	COMPLETIONS=$abs_top_srcdir/completions
	export PATH=${NSCLONE%/*}:${NSUNSHARE%/*}:${NSENTER_LITE%/*}:${NSPIN%/*}:${NSLS%/*}:$PATH
}

page_of() { printf '%s\n' "$MAN/$1".[1-8]; }

### The options that each place names
# PLACE_long and PLACE_short of $TOOL, as table_long and table_short have them.

#  -m, --mount[=FILE]          mount namespace
#      --keep-env LIST         keep these variables only (--whitelist-env)
# What must be in the same word counts as optional, as it does for getopt_long(3).
help_long() {
	"$LAUNCHER" --help | awk '
		sub(/^ (-.,|   ) /, "") && match($0, /^--[a-z-]+/) {
			name = substr($0, 1, RLENGTH)
			rest = substr($0, RLENGTH + 1)
			kind = rest ~ /^\[?=/ ? "optional" : rest ~ /^ [^ ]/ ? "required" : "no"
			print name, kind
			if (match(rest, /\(--[a-z-]+\)$/))
				print substr(rest, RSTART + 1, RLENGTH - 2), kind
		}' | sort
}
help_short() { "$LAUNCHER" --help | sed -nE 's/^ (-[A-Za-z])(, --.*|  .*)$/\1/p' | sort -u; }

# .It Fl m , Fl \-mount Ns Op = Ns Ar file
man_items() { sed -nE '/^\.Sh OPTIONS$/,/^\.Sh ENVIRONMENT$/s/^\.It (Fl .*)$/\1/p' "$(page_of "$TOOL")" | sed 's/\\-/-/g'; }
man_long() {
	man_items | sed -nE 's/^(Fl . , )?Fl (-[a-z-]+)/-\2/p' |
		sed -E 's/^([a-z-]+) Ns (Op )?= .*/\1 optional/; s/ (Ar|Cm) .*/ required/; s/^[^ ]*$/& no/' | sort
}
man_short() { man_items | sed -nE 's/^Fl ([A-Za-z])( .*)?$/-\1/p' | sort -u; }

# The lists of the tool's function.
bash_lists() {
	bash -c '. "$1" 2>/dev/null
		_nstools() { declare -p letters letters_with_argument letters_with_optional flags with_argument with_optional; }
		eval "$("_$2")"
		printf -- "-%s\n" $letters $letters_with_argument $letters_with_optional
		printf "%s no\n" $flags
		printf "%s required\n" $with_argument
		printf "%s optional\n" $with_optional' bash "$COMPLETIONS/bash/nstools" "${TOOL//-/_}"
}
bash_long() { bash_lists | grep '^--' | sort; }
bash_short() { bash_lists | grep -v '^--' | sort; }

# The tool's list and the shared ones that it names, and what is for all:
# '(-m --mount)--mount=-[...]', '(-a --all)'{-a,--all}'[...]', a word a line.
zsh_list() { sed -n "/^ *$1\$/,/^ *)\$/p" "$COMPLETIONS/zsh/_nstools"; }
zsh_words() {
	local own
	own=$(zsh_list "$TOOL)")
	{
		echo "$own"
		! grep -qx ' *\$launch' <<<"$own" || zsh_list 'launch=('
		! grep -qx ' *\$program' <<<"$own" || zsh_list 'program=('
		sed -n '/^  _arguments /,$p' "$COMPLETIONS/zsh/_nstools"
	} | sed -nE "s/^ +'(.*)['\"]( \\\\)?\$/\1/p" | sed -E "s/^\([^)]*\)//; s/^\*//; s/^'//; s/\[.*//; s/[{}'\"]//g" | tr , '\n'
}
zsh_long() { zsh_words | sed -nE 's/^(--[a-z-]+)$/\1 no/p; s/^(--[a-z-]+)=$/\1 required/p; s/^(--[a-z-]+)=-$/\1 optional/p' | sort; }
zsh_short() { zsh_words | sed -nE 's/^(-[A-Za-z])[+-]?$/\1/p' | sort; }

# The tool's function and those that it calls. "-s m -l mount -F ..."; for the
# types "for type in m/mount ...".
fish_function() { sed -n "/^function $1 /,/^end\$/p" "$COMPLETIONS/fish/nstools.fish"; }
fish_words() {
	local own called
	own=$(fish_function "__nstools_${TOOL//-/_}_options")
	{
		echo "$own"
		for called in $(sed -nE 's/^ +(__nstools_[a-z_]+) \$tool$/\1/p' <<<"$own"); do
			fish_function "$called"
		done
	} | sed -nE '/for type in/s: ([A-Za-z])/([a-z]+):\n-s \1 -l \2 -f -a:gp; s/^ *__nstools_option \$tool (.*)/\1/p'
}
fish_long() {
	fish_words | sed -nE "s/^(-s . )?-l ([a-z-]+)( .*|\$)/--\2\3/p" |
		sed -E "s/ -d .*//; s/^([^ ]+).* -[xr].*/\1 required/; s/^([^ ]+) -[fF].*/\1 optional/; s/^[^ ]+\$/& no/" | sort
}
fish_short() { fish_words | sed -nE 's/^-s ([A-Za-z]) .*/-\1/p' | sort; }

# agrees PLACE: has what the table has.
agrees() {
	assert_equal "$("$1_long")" "$(table_long)"
	assert_equal "$("$1_short")" "$(table_short)"
}

there_is_a_table() {
	[ "$(table_long | wc -l)" -gt 20 ]
	[ "$(table_short | wc -l)" -ge 15 ]
	assert_equal "$(table_long | cut -d ' ' -f 1 | uniq -d)" ''
	assert_equal "$(table_short | uniq -d)" ''
}

@test "the option tables are where the tests look for them" { each_tool there_is_a_table; }
@test "--help names the options of the table" { each_built agrees help; }
@test "the man page describes the options of the table" { each_tool agrees man; }
@test "the bash completion knows the options of the table" { each_tool agrees bash; }
@test "the zsh completion knows the options of the table" { each_tool agrees zsh; }
@test "the fish completion knows the options of the table" { each_tool agrees fish; }

# What options the bash completion has arguments for, some tool has.
@test "the bash completion completes arguments of no option that is not there" {
	local known
	known=$(for TOOL in "${TOOLS[@]}"; do table_long; done | cut -d ' ' -f 1 | sort -u)
	assert_equal "$(sed -n '/^_nstools_argument()/,/^}/p' "$COMPLETIONS/bash/nstools" |
		grep -oE -- '--[a-z][a-z-]+' | sort -u | comm -23 - <(echo "$known"))" ''
}

# Those that the list has, in its order.
columns_of_nspin() { columns_in nspin-list.c; }
columns_of_nsls() { columns_in nsls/columns.c; }
columns_in() { sed -nE 's/^\t\[COL_[A-Z]+\] = \{ "([A-Z]+)", .*/\1/p' "$abs_top_srcdir/tools/$1"; }

columns_agree() {
	local all column file
	all=$("columns_of_$TOOL" | paste -sd ' ')
	[ "$(wc -w <<<"$all")" -ge 7 ]
	assert_equal "$(sed -nE '/^\.Sh OPTIONS$/,/^\.Sh ENVIRONMENT$/s/^\.It Li ([A-Z]+)$/\1/p' "$(page_of "$TOOL")" | paste -sd ' ')" "$all"
	for file in bash/nstools zsh/_nstools fish/nstools.fish; do
		grep -qE "[ ']$all([ ')]|\$)" "$COMPLETIONS/$file" || fail "$file does not know these: $all"
	done
	[ -x "$LAUNCHER" ] || skip "no --help: needs $TOOL, which is not built without libsmartcols"
	for column in $all; do
		"$LAUNCHER" --help | grep -qw "$column" || fail "--help does not know $column"
	done
}

each_lister() { local TOOLS=(nsls nspin) && each_tool "$@"; }

@test "the page, --help and the completions know the columns of a list" { each_lister columns_agree; }

@test "nsls lists its columns as they are" {
	requires nsls
	assert_equal "$(nsls --list-columns --raw --noheadings | cut -d ' ' -f 1)" "$(columns_of_nsls)"
}

# static const char *const words[] = {
#	"proc", ...
# };
held_of_nsls() { sed -n '/^static int fill_held/,/^}/p' "$abs_top_srcdir/tools/nsls/columns.c" | sed -n '/words\[\] = {$/,/};/p' | grep -oE '"[a-z]+"' | tr -d '"'; }

@test "nsls' page says of each word what keeps a namespace alive" {
	[ "$(held_of_nsls | wc -l)" -ge 7 ]
	assert_equal "$(sed -n '/^\.Ss What keeps/,/^\.El/s/^\.It Li //p' "$MAN/nsls.8")" "$(held_of_nsls)"
}

help_fits() {
	assert_equal "$("$LAUNCHER" --help | grep -E '^.{81}' || true)" ''
	[ "$("$LAUNCHER" --help | wc -l)" -gt 40 ]
}

@test "--help fits a terminal of 80 columns" { each_built help_fits; }

### The pages are clean

# clean COMMAND...: no status but 0 and nothing said, for each page.
clean() {
	local page
	for page in "$MAN"/*.[1-8]; do
		run_split "$@" "$page"
		assert_status 0
		refute_stderr
		[ "${SAYS-}" = page ] || refute_output
	done
}

@test "mandoc finds nothing to warn of" {
	requires mandoc
	clean mandoc -Tlint -W warning
}

@test "groff finds nothing to warn of" {
	requires groff
	clean groff -mdoc -ww -b -z
}

@test "man finds nothing to warn of, narrow or wide" {
	requires man
	man --warnings --version >/dev/null 2>&1 || skip 'needs the man of man-db'
	SAYS=page MANWIDTH=80 clean man --warnings -l
	SAYS=page MANWIDTH=132 clean man --warnings -l
}

@test "the pages name each other and nothing of the suite that is not there" {
	local page name section
	for page in "$MAN"/*.[1-8]; do
		page=${page##*/} name=${page%.*}
		grep -qrE "^\.Xr ${name//-/\\\\-} ${page##*.}( |\$)" "$MAN" || fail "no page refers to $page"
	done
	while read -r name section; do
		[ -e "$MAN/$name.$section" ] || fail "there is no $name($section)"
	done < <(grep -hoE '^\.Xr ns(clone|unshare|enter\\-lite|ls|pin|tools) [1-8]' "$MAN"/*.[1-8] |
		sed 's/^\.Xr //; s/\\//' | sort -u)
}

### What two pages describe

# Takes a page apart: for each subsection and each item on an option, a variable
# or a file a line of its name, of what its comment "differs" says, and of its
# text. The comment is about all other pages, "all", or about those it names,
# "differs from nsclone"; without one, "none". Options go by their long names.
units() {
	awk '
		function end() {
			if (key != "") print key "\t" mark "\t" text
			key = ""
		}
		function begin(name) { end(); key = name; mark = "none"; text = ""; depth = 0 }
		/^\.Sh /                 { end() }
		/^\.Ss /                 { begin($0) }
		/^\.It Fl /              { begin(match($0, /Fl \\-[a-z\\-]+/) ? substr($0, RSTART, RLENGTH) : $0) }
		/^\.It (Ev|Pa) /         { begin($0) }
		key == ""                { next }
		/^\.\\" differs$/        { mark = "all"; next }
		sub(/^\.\\" differs from /, "") { mark = $0; next }
		/^\.Bl /                 { depth++ }
		/^\.El/ && --depth < 0   { end(); next }
		                         { text = text "|" $0 }
	' "$(page_of "$1")" | sort
}

# units_in_both PAGE PAGE: name, mark and text in the one, in the other.
units_in_both() { LC_ALL=C join -t $'\t' <(units "$1") <(units "$2"); }

# differences PAGE PAGE: each line is what is wrong with a unit. It is enough if
# one of the pages says that they differ.
differences() {
	units_in_both "$1" "$2" | awk -F '\t' -v one="$1" -v other="$2" '
		function says(mark, page) { return mark == "all" || index(" " mark " ", " " page " ") }
		{ marked = says($2, other) || says($4, one) }
		!marked && $3 != $5 { print $1 ": " $3 " -- " $5 }
		marked && $3 == $5  { print $1 ": marked, but the same" }'
}

# these_agree PAGE PAGE NUMBER: in more than so many units.
these_agree() {
	printf '%s\n' "-- $1, $2"
	assert_equal "$(differences "$1" "$2")" ''
	[ "$(units_in_both "$1" "$2" | awk -F '\t' '$3 == $5' | wc -l)" -gt "$3" ]
}

@test "the pages describe what they share in the same words" {
	these_agree nsclone nsunshare 50
	these_agree nsclone nsenter-lite 15
	these_agree nsunshare nsenter-lite 15
	these_agree nsclone nspin 6
	these_agree nsunshare nspin 6
	these_agree nsenter-lite nspin 5
	these_agree nsclone nsls 2
	these_agree nsunshare nsls 2
	these_agree nsenter-lite nsls 3
	these_agree nspin nsls 1
}

@test "the comparison of two pages sees a word that is changed, and a mark too many" {
	local page=$BATS_TEST_TMPDIR/nsunshare.1 original=$MAN
	MAN=$BATS_TEST_TMPDIR
	cp "$original"/*.1 "$MAN"
	sed 's/^Bring the loopback interface up\.$/Bring lo up./' "$original/nsunshare.1" >"$page"
	[[ $(differences nsclone nsunshare) == 'Fl \-loopback: '* ]]
	sed '/^\.It Fl \\-loopback$/a.\\" differs' "$original/nsunshare.1" >"$page"
	assert_equal "$(differences nsclone nsunshare)" 'Fl \-loopback: marked, but the same'
	assert_equal "$(differences nsunshare nsclone)" 'Fl \-loopback: marked, but the same'
	sed '/^\.It Fl \\-loopback$/a.\\" differs from nsenter-lite' "$original/nsunshare.1" >"$page"
	assert_equal "$(differences nsclone nsunshare)" ''
}

### The examples

# Takes the page of $TOOL apart: for each example NN.who, NN.sh, and where it has them
# NN.needs, NN.output, NN.masked (its numbers vary), NN.prints.
extract_examples() {
	EXAMPLES=$BATS_TEST_TMPDIR/$TOOL
	mkdir "$EXAMPLES"
	awk -v dir="$EXAMPLES" '
		/^\.Sh /                  { inside = $2 == "EXAMPLES" }
		!inside                   { next }
		/^\.\\" example: /        { base = sprintf("%s/%02d", dir, ++n); print $3 >(base ".who"); next_is = ".sh"; next }
		/^\.\\" needs: /          { sub(/^[^:]*: /, ""); print >(base ".needs"); next }
		/^\.\\" prints: /         { sub(/^[^:]*: /, ""); print >(base ".prints"); next }
		/^\.\\" output/           { next_is = ".output"; if (/: numbers vary$/) print >(base ".masked"); next }
		/^\.Bd / && next_is == "" { print "a block that is not marked" >(dir "/unmarked") }
		/^\.Bd /                  { block = base next_is; next }
		/^\.Ed/                   { close(block); block = next_is = ""; next }
		block != "" {
			gsub(/\\-/, "-"); gsub(/\\\(aq/, "\047"); gsub(/\\e/, "\\"); gsub(/\\&/, "")
			print >block
		}' "$(page_of "$TOOL")"
}

# missing WHAT...: prints those that are, of what "requires" knows and of
#   static-busybox  /bin/busybox, not dynamically linked
#   binfmt          a binfmt_misc for each user namespace
#   linux-VERSION   that version or a newer one
#   veth            pairs of network devices
missing() {
	local what
	for what; do
		case $what in
		static-busybox) [ -x /bin/busybox ] && ! ldd /bin/busybox ;;
		binfmt) unshare --map-root-user --mount mount -t binfmt_misc none /proc/sys/fs/binfmt_misc ;;
		linux-*) printf '%s\n' "${what#linux-}" "$(uname -r)" | sort -CV ;;
		veth) unshare --map-root-user --net ip link add type veth ;;
		*) (skip() { exit 1; } && requires "$what") ;;
		esac >/dev/null 2>&1 || printf '%s ' "$what"
	done
}

# Runs of blanks are one, trailing ones none; with a masked example numbers too.
normalized() { sed -E "s/[[:blank:]]+/ /g; s/^ //; s/ \$//${1:+; s/[0-9]+/N/g}"; }

# run_script SCRIPT DIR RUNNER...: word for word, in DIR, without input and without
# a terminal. Sets are kept where a login lets a user keep them; none may be left.
# What of the others' nsls may not read, it says, and there is always something.
run_script() {
	local script=$1 dir=$2
	shift 2
	"$@" mkdir "$dir.run"
	run_split timeout 60 "$@" env -u NSPIN_DIR -C "$dir" TMPDIR="$dir" XDG_RUNTIME_DIR="$dir.run" \
		setsid -w sh -c "$script" </dev/null
	assert_status 0
	stderr=$(sed -E '/^nsls: [0-9].* could not be read: /d' <<<"$stderr")
	refute_stderr
	assert_equal "$(find "$dir.run" -mindepth 1 ! -path "$dir.run/nspin" ! -path "$dir.run/nspin/.new")" ''
	"$@" rm -r "$dir.run"
}

# run_example BASE MASKED RUNNER...: in an empty directory, which it must leave
# empty.
run_example() {
	local base=$1 masked=$2 dir=$NST_HOME/$BATS_TEST_NUMBER pattern
	shift 2
	printf '%s\n' "-- $TOOL, example ${base##*/}:" "$(<"$base.sh")"
	"$@" mkdir "$dir"
	run_script "$(<"$base.sh")" "$dir" "$@"
	[ ! -e "$base.output" ] ||
		assert_equal "$(normalized "$masked" <<<"$output")" "$(normalized "$masked" <"$base.output")"
	if [ -e "$base.prints" ]; then
		while read -r pattern; do
			grep -qE -- "$pattern" <<<"$output" || show_run "wanted on stdout: $pattern"
		done <"$base.prints"
	fi
	"$@" rmdir "$dir"
}

# run_examples WHO RUNNER...: those for WHO and for both; in SKIPPED those that
# were not run.
run_examples() {
	local who=$1 file base masked needs run=0
	shift
	extract_examples
	for file in "$EXAMPLES"/*.who; do
		base=${file%.who} masked=
		grep -qxE "$who|both" "$file" || continue
		needs=$([ ! -e "$base.needs" ] || missing $(<"$base.needs"))
		if [ -n "$needs" ]; then
			SKIPPED+="$TOOL ${base##*/} needs $needs"
			continue
		fi
		[ ! -e "$base.masked" ] || masked=yes
		run_example "$base" "$masked" "$@"
		run=$((run + 1))
	done
	[ "$run" -gt 0 ]
}

examples_are_marked() {
	local file
	extract_examples
	[ ! -e "$EXAMPLES/unmarked" ]
	[ "$(ls "$EXAMPLES" | grep -c '\.who$')" -ge 10 ]
	for file in "$EXAMPLES"/*.who; do
		grep -qxE 'user|root|both' "$file"
		[ -s "${file%.who}.sh" ]
	done
}

@test "every block of EXAMPLES is marked, and there are enough of them" { each_tool examples_are_marked; }

@test "the examples work for an ordinary user" {
	requires userns
	SKIPPED=
	each_built run_examples user "${AS_USER[@]}"
	[ -z "$SKIPPED" ] || skip "not all examples: $SKIPPED"
}

# In a mount namespace and a /run of their own, so that not even a failure
# leaves a mount or a file behind; shared, as it is on many systems. Umount and
# nspin have directories of their own there, in which no pin may be left; nor may
# a keeper be, which is in that mount namespace, too.
IN_OWN_RUN=(unshare --mount --propagation private sh -c '
	mount -t tmpfs none /run && mount --make-shared /run || exit
	"$@"
	status=$?
	keepers=$(ps -eo mntns=,comm=,pid= | sed -n "s/^ *$(stat -Lc %i /proc/self/ns/mnt) nspin-keeper *//p")
	[ -z "$keepers" ] || { echo "a keeper is left"; kill $keepers; exit 1; }
	! grep " - nsfs " /proc/self/mountinfo || exit
	find /run -mindepth 1 ! -path /run/mount ! -path /run/netns \
		! -path /run/nspin ! -path /run/nspin/.new | grep . && exit 1
	exit $status' sh)

@test "the examples work for root" {
	requires root userns
	SKIPPED=
	each_built run_examples root "${IN_OWN_RUN[@]}"
	[ -z "$SKIPPED" ] || skip "not all examples: $SKIPPED"
}

### README

# The block of README's tour that PATTERN is in, as it is to be typed.
block_of_readme() {
	awk -v pattern="$1" '
		/^    / { block = block substr($0, 5) "\n"; next }
		block ~ pattern { print block }
		        { block = "" }' "$abs_top_srcdir/README"
}

# run_block PATTERN LINES RUNNER...: that block, of so many lines at least, where
# it is typed: there are the tools.
run_block() {
	local dir=$NST_HOME/$BATS_TEST_NUMBER block tool
	requires nspin nsls
	block=$(block_of_readme "$1")
	[ "$(wc -l <<<"$block")" -ge "$2" ]
	shift 2
	"$@" mkdir "$dir"
	for tool in "$NSCLONE" "$NSUNSHARE" "$NSENTER_LITE" "$NSPIN" "$NSLS"; do
		"$@" ln -s "$tool" "$dir"
	done
	run_script "$block" "$dir" "$@"
	"$@" rm -r "$dir"
}

run_story() {
	run_block '[.]/nspin -d' 5 "$@"
	assert_line --regexp '^ *NS TYPE +SET '
	assert_line --regexp '^40[0-9]+ mnt +world .* live$'
	assert_line --regexp '^40[0-9]+ uts +world .* live$'
	assert_line --regexp '^40[0-9]+ user +world .* live$'
	# Another nsls that is looking at this moment holds them, too.
	assert_line --regexp '^mnt +0 (fd|(fd,)?pin)$'
	assert_line --regexp '^uts +0 (fd|(fd,)?pin)$'
	assert_line --regexp '^user +0 (fd|(fd,)?pin),owned$'
	assert_equal "$(printf '%s\n' "${lines[@]: -2}")" $'world\nI was here.'
}

@test "README's story of a world with a name is true, word for word, for an ordinary user" {
	requires userns
	run_story "${AS_USER[@]}"
}

@test "README's story of a world with a name is true, word for word, for root" {
	requires root userns
	run_story "${IN_OWN_RUN[@]}"
}

# The world's line in the list, in its own, its differences, its inside.
run_look() {
	local pid
	run_block '[.]/nsls --compare' 6 "$@"
	pid=$(sed -nE 's/^ *([0-9]+) +[0-9]+ +1 .* sleep 1000$/\1/p' <<<"$output")
	[ -n "$pid" ] || show_run 'wanted the PID of the world, and its 1 inside'
	[ "$(grep -cE "^40[0-9]+ (mnt|uts|pid|user) +1 +$pid .*sleep 1000$" <<<"$output")" -eq 8 ] ||
		show_run 'wanted twice the four that the world has'
	assert_line --regexp '^pid +40[0-9]+ +40[0-9]+ no$'
	assert_line --regexp '^net +(40[0-9]+) +\1 yes$'
}

@test "README's look at a world is true, word for word, for an ordinary user" {
	requires userns
	run_look "${AS_USER[@]}"
}

@test "README's look at a world is true, word for word, for root" {
	requires root userns
	run_look "${IN_OWN_RUN[@]}"
}
