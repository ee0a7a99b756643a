# SPDX-License-Identifier: GPL-2.0-or-later
# For tests of nsls: running it, what it could not read apart from the rest, and
# a world in which nothing is but what the test has made. After nsenter.bash.

TOOLS=(nsls)
: "${NSLS:=$abs_top_builddir/nsls}"
export NSLS NSTYPES

### Running it

# nsls ARG...: what could not be read is in $unread: there is always somebody, as
# the first process of a container, of whom nothing is told.
nsls() {
	printf -- '-- nsls %.200s\n' "$*"
	run_split "${AROUND[@]}" "${WHO[@]}" timeout 60 "$NSLS" "$@"
	unread=$(grep 'could not be ' <<<"$stderr" || true)
	stderr=$(grep -v 'could not be ' <<<"$stderr" || true)
	mapfile -t stderr_lines < <([ -z "$stderr" ] || printf '%s\n' "$stderr")
}

# shows ARG...: it does well, and says nothing else.
shows() {
	nsls "$@"
	assert_status 0
	refute_stderr
	[ "$(grep -c . <<<"$unread")" -le 1 ] || show_run "$unread"
}

# rows COLUMNS ARG...: the same, raw and without headings.
rows() { shows -r -n -o "$1" "${@:2}"; }

# cell COLUMN NS ARG...: in $cell, what stands in COLUMN of the namespace with
# this inode number.
cell() {
	rows "NS,$1" "${@:3}"
	cell=$(sed -n "s/^$2 //p" <<<"$output")
	[ "$(grep -c "^$2 " <<<"$output")" -eq 1 ] || show_run "wanted one row of $2"
}

# has COLUMN NS WANTED ARG...
has() {
	cell "$1" "$2" "${@:4}"
	assert_equal "$cell" "$3"
}

# mistaken TEXT ARG...: the command line is wrong.
mistaken() {
	nsls "${@:2}"
	assert_status 2
	refute_output
	said_of_usage "$1"
}

# unable PATTERN ARG...: it failed.
unable() {
	nsls "${@:2}"
	assert_status 1
	refute_output
	[[ ${stderr_lines[0]} =~ ^nsls:\ .*$1 ]] || show_run "wanted on the first line: $1"
}

### What the kernel has

inode() { stat -Lc %i "$1"; }

# ns_of PID TYPE: the inode number
ns_of() { inode "/proc/$1/ns/$2"; }

# id_of NSFILE: the 64-bit id, or nothing where the kernel has none.
id_of() { perl -e 'open F, "<", $ARGV[0]; $b = "\0" x 8; print unpack "Q", $b if ioctl F, 0x8008b70d, $b' "$1"; }

### A world of its own

# quietly_apart TEST [ARG...]: as whom the suite is run, in new PID and mount
# namespaces with a /proc of their own: no process is seen but those of the test.
quietly_apart() {
	local functions=$BATS_TEST_TMPDIR/functions
	local -a how=(--mount --propagation private --pid --fork --mount-proc --kill-child)
	as_root || how+=(--map-root-user)
	{ declare -f && declare -p WHO NS; } >"$functions"
	as_ourselves unshare "${how[@]}" -- bash -c '
		. "$1"; shift; BG_PIDS=(); find_user; set -e
		trap "end_background" EXIT
		"$@"' quietly_apart "$functions" "$@" 3>&- 4>&-
}
