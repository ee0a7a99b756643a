#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What is written about nsclone: the option table, --help, the man page and the
# completions name the same options; the pages are clean; the examples work.

load helpers

setup_file() { make_user; }
teardown_file() { remove_user; }

setup() {
	MAN=$abs_top_srcdir/man
	COMPLETIONS=$abs_top_srcdir/completions
	TABLES=("$abs_top_srcdir/common/options.c" "$abs_top_srcdir/tools/nsclone.c")
}

### The options that each place names, one a line, sorted

# { "name", no_argument, NULL, 'l' }, or OPT_NAME where there is no letter
table_long() { sed -nE 's/^[[:space:]]*\{ "([a-z-]+)", (no|required|optional)_argument, NULL, .* \},$/--\1/p' "${TABLES[@]}" | sort; }
table_short() { sed -nE "s/^[[:space:]]*\{ \"[a-z-]+\", [a-z]+_argument, NULL, '([A-Za-z])' \},\$/-\1/p" "${TABLES[@]}" | sort; }

# All words of the form --name, but not "--map-" in "the --map- options".
long_in() { grep -oE -- '--[a-z][a-z-]*' | grep -v -- '-$' | sort -u; }

help_long() { "$NSCLONE" --help | long_in; }
help_short() { "$NSCLONE" --help | sed -nE 's/^ (-[A-Za-z])(, --.*|  .*)$/\1/p' | sort; }

# .It Fl m , Fl \-mount Ns Op = Ns Ar file
man_flags() { sed -nE '/^\.Sh OPTIONS$/,/^\.Sh ENVIRONMENT$/s/^\.It (Fl .*)$/\1/p' "$MAN/nsclone.1" | sed 's/\\-/-/g' | grep -oE 'Fl [A-Za-z-]+' | sed 's/^Fl /-/'; }
man_long() { man_flags | grep '^--' | sort; }
man_short() { man_flags | grep -v '^--' | sort; }

bash_long() { long_in <"$COMPLETIONS/bash/nsclone"; }
bash_short() { sed -n "s/^ *local short='\(.*\)'$/\1/p" "$COMPLETIONS/bash/nsclone" | tr ' ' '\n' | sort; }

# '(-m --mount)--mount=-[...]', '(-a --all)'{-a,--all}'[...]'
zsh_specs() { sed -nE "s/^    '(.*)' *\\\\?$/\1/p" "$COMPLETIONS/zsh/_nsclone" | sed -E "s/^\([^)]*\)//; s/^\*//; s/^'//; s/\[.*//"; }
zsh_long() { zsh_specs | long_in; }
zsh_short() { zsh_specs | grep -oE '^\{?-[A-Za-z]' | tr -d '{' | sort -u; }

# -s m -l mount; "for type in m/mount ..." for the types
fish_words() { sed -nE 's/^(__nsclone_option|for type in) //p' "$COMPLETIONS/fish/nsclone.fish" | sed -E 's:([A-Za-z])/([a-z]+):-s \1 -l \2:g'; }
fish_long() { fish_words | grep -oE -- '-l [a-z-]+' | sed 's/^-l /--/' | sort; }
fish_short() { fish_words | grep -oE -- '-s [A-Za-z]( |$)' | sed 's/^-s \(.\).*/-\1/' | sort; }

# agrees PLACE: has what the table has.
agrees() {
	assert_equal "$("$1_long")" "$(table_long)"
	assert_equal "$("$1_short")" "$(table_short)"
}

@test "the option table is where the tests look for it" {
	[ "$(table_long | wc -l)" -gt 55 ]
	[ "$(table_short | wc -l)" -gt 15 ]
	assert_equal "$(table_long | uniq -d)" ''
	assert_equal "$(table_short | uniq -d)" ''
}

@test "--help names the options of the table" { agrees help; }
@test "nsclone.1 describes the options of the table" { agrees man; }
@test "the bash completion knows the options of the table" { agrees bash; }
@test "the zsh completion knows the options of the table" { agrees zsh; }
@test "the fish completion knows the options of the table" { agrees fish; }

@test "the options take an argument where nsclone.1 says so" {
	local said
	said=$(sed -nE '/^\.Sh OPTIONS$/,/^\.Sh ENVIRONMENT$/s/^\.It Fl (. , Fl )?\\-([^ ]*)(.*)$/\2\3/p' "$MAN/nsclone.1" |
		sed -E 's/\\-/-/g; s/ Ns Op = .*/ optional/; s/ (Ar|Cm) .*/ required/; s/^[^ ]*$/& no/' | sort)
	assert_equal "$said" "$(sed -nE 's/^[[:space:]]*\{ "([a-z-]+)", (no|required|optional)_argument, NULL, .*/\1 \2/p' "${TABLES[@]}" | sort)"
}

@test "--help fits a terminal of 80 columns" {
	assert_equal "$("$NSCLONE" --help | grep -E '^.{81}' || true)" ''
	[ "$("$NSCLONE" --help | wc -l)" -gt 60 ]
}

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

@test "the pages name each other and nothing else that is not installed" {
	local page name
	for page in "$MAN"/*.[1-8]; do
		page=${page##*/} name=${page%.*}
		grep -qrE "^\.Xr ${name//-/\\\\-} ${page##*.}( |\$)" "$MAN" || fail "no page refers to $page"
	done
	! grep -rE '^\.Xr ns(clone|tools|unshare|ls|pin|enter\\-lite) ' "$MAN"/*.[1-8] |
		grep -vE ':\.Xr (nsclone 1|nstools 7)( |$)'
}

### The examples

# Takes nsclone.1 apart: for each example NN.who, NN.sh, and where it has them
# NN.needs, NN.output, NN.masked (its numbers vary), NN.prints.
extract_examples() {
	EXAMPLES=$BATS_TEST_TMPDIR/examples
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
		}' "$MAN/nsclone.1"
}

# missing WHAT...: prints those that are, of what "requires" knows and of
#   static-busybox  /bin/busybox, not dynamically linked
#   linux-VERSION   that version or a newer one
#   veth            pairs of network devices
missing() {
	local what
	for what; do
		case $what in
		static-busybox) [ -x /bin/busybox ] && ! ldd /bin/busybox ;;
		linux-*) printf '%s\n' "${what#linux-}" "$(uname -r)" | sort -CV ;;
		veth) unshare --map-root-user --net ip link add type veth ;;
		*) (skip() { exit 1; } && requires "$what") ;;
		esac >/dev/null 2>&1 || printf '%s ' "$what"
	done
}

# Runs of blanks are one, trailing ones none; with a masked example numbers too.
normalized() { sed -E "s/[[:blank:]]+/ /g; s/^ //; s/ \$//${1:+; s/[0-9]+/N/g}"; }

# run_example BASE MASKED RUNNER...: word for word, in an empty directory, which
# it must leave empty, without input and without a terminal.
run_example() {
	local base=$1 masked=$2 dir=$NST_HOME/$BATS_TEST_NUMBER pattern
	shift 2
	printf '%s\n' "-- example ${base##*/}:" "$(<"$base.sh")"
	"$@" mkdir "$dir"
	run_split timeout 60 "$@" env -C "$dir" TMPDIR="$dir" PATH="${NSCLONE%/*}:$PATH" \
		setsid -w sh -c "$(<"$base.sh")" </dev/null
	assert_status 0
	refute_stderr
	[ ! -e "$base.output" ] ||
		assert_equal "$(normalized "$masked" <<<"$output")" "$(normalized "$masked" <"$base.output")"
	if [ -e "$base.prints" ]; then
		while read -r pattern; do
			grep -qE -- "$pattern" <<<"$output" || show_run "wanted on stdout: $pattern"
		done <"$base.prints"
	fi
	"$@" rmdir "$dir"
}

# run_examples WHO RUNNER...: those for WHO and for both.
run_examples() {
	local who=$1 file base masked needs skipped='' run=0
	shift
	extract_examples
	for file in "$EXAMPLES"/*.who; do
		base=${file%.who} masked=
		grep -qxE "$who|both" "$file" || continue
		needs=$([ ! -e "$base.needs" ] || missing $(<"$base.needs"))
		if [ -n "$needs" ]; then
			skipped+="${base##*/} needs $needs"
			continue
		fi
		[ ! -e "$base.masked" ] || masked=yes
		run_example "$base" "$masked" "$@"
		run=$((run + 1))
	done
	[ -z "$skipped" ] || skip "not all examples: $skipped"
	[ "$run" -gt 0 ]
}

@test "every block of EXAMPLES is marked, and there are enough of them" {
	local file
	extract_examples
	[ ! -e "$EXAMPLES/unmarked" ]
	[ "$(ls "$EXAMPLES" | grep -c '\.who$')" -ge 8 ]
	for file in "$EXAMPLES"/*.who; do
		grep -qxE 'user|root|both' "$file"
		[ -s "${file%.who}.sh" ]
	done
}

@test "the examples of nsclone.1 work for an ordinary user" {
	requires userns
	run_examples user "${AS_USER[@]}"
}

# In a mount namespace and a /run of their own, so that not even a failure
# leaves a mount or a file behind.
@test "the examples of nsclone.1 work for root" {
	requires root
	run_examples root unshare --mount --propagation private \
		sh -c 'mount -t tmpfs none /run && "$@" && [ -z "$(find /run -type f)" ]' sh
}
