# SPDX-License-Identifier: GPL-2.0-or-later
# What some nsclone-*.bats files share: each test as root and as a user, ways to
# be born, and launches of which the wait status and what they left are seen.

# Ways that a program can go from the door to its exec: at once; with a gate and
# a set-up command; under an init. Words, to be split.
BIRTHS=(-U '-r --setup true' '-r --init')

# each_way TEST [ARG...]: TEST as whom the suite is run and, if that is root, as
# the ordinary user of make_user, too. $WHO goes before what it starts; its
# files are in $D, a directory of his own.
each_way() {
	WHO=()
	afresh "$@"
	as_root || return 0
	WHO=(as_user)
	afresh "$@"
}

# The same, but only as whom the suite is run, or only as the ordinary user.
as_ourselves() {
	WHO=()
	afresh "$@"
}

as_the_user() {
	WHO=(as_user)
	afresh "$@"
}

afresh() {
	local home=$BATS_TEST_TMPDIR
	[ ${#WHO[@]} -eq 0 ] || home=$NST_HOME
	D=$("${WHO[@]}" mktemp -d "$home/XXXXXX")
	chmod 755 "$D"
	export D
	"$@"
	end_background
}

# The present WHO is.
is_root() { [ ${#WHO[@]} -eq 0 ] && as_root; }

# each_birth TEST [ARG...]: with $BIRTH, each of BIRTHS.
each_birth() {
	local BIRTH
	for BIRTH in "${BIRTHS[@]}"; do
		printf -- '-- %s, birth %s\n' "${WHO[*]-}" "$BIRTH"
		"$@"
	done
}

# observe COMMAND [ARG...]: $output and $stderr of it, and in $outcome "exited
# N" or "killed N", with a line "left PID NAME" for each process that outlived
# it. One that does not end is "killed 9", after a while. $AROUND goes before all.
observe() {
	rm -f "$D/outcome"
	run_split "${AROUND[@]}" "${WHO[@]}" timeout 20 "$HELPERS/outcome" "$D/outcome" "$@"
	outcome=$(<"$D/outcome")
}

assert_outcome() { [ "$outcome" = "$1" ] || show_run "wanted outcome: $1" "-- outcome: $outcome"; }

# with_closed MASK COMMAND [ARG...]: descriptor 0 closed for 1, 1 for 2, 2 for 4.
with_closed() (
	exec 3>&- 4>&-
	((!($1 & 1))) || exec <&-
	((!($1 & 2))) || exec >&-
	((!($1 & 4))) || exec 2>&-
	"${@:2}"
)

# private_etc: for in_private_mounts, an /etc of our own, with what names and ids
# are looked up in. The whole of it: a mount on a single file goes when somebody
# outside, who does not see it, replaces the file, as useradd does.
private_etc() {
	local file
	mkdir "$D/etc"
	for file in passwd group nsswitch.conf login.defs ld.so.cache subuid subgid; do
		[ ! -e "/etc/$file" ] || cp "/etc/$file" "$D/etc"
	done
	mount --bind "$D/etc" /etc
}
