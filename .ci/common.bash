# SPDX-License-Identifier: GPL-2.0-or-later
# What run and full share: a clean clone for root and one for an ordinary user,
# commands as either of them, and counting results. Source it, then call start.
set -u
exec </dev/null
export CI=true DEBIAN_FRONTEND=noninteractive LC_ALL=C

user=nst-ci-$$
work=
jobs=()
failures=0

say() { printf '\n=== %s\n' "$*"; }
die() { say "$*"; exit 1; }

clean_up() {
	local pid
	[ ${#jobs[@]} -eq 0 ] || { kill "${jobs[@]}" && wait "${jobs[@]}"; } 2>/dev/null
	if id "$user" >/dev/null 2>&1; then
		for pid in $(ps -o pid= -u "$user"); do
			[ "$pid" -le 1 ] || kill -KILL "$pid"
		done
		userdel --force --remove "$user" 2>/dev/null
	fi
	[ -z "$work" ] || rm -rf --one-file-system "$work"
}

# start REPOSITORY: HEAD of it is in $work/root, and for the user in
# $work/home/nstools. as_root and as_user go before a command line.
start() {
	[ "$(id -u)" -eq 0 ] || die 'must be run by root'
	command -v git >/dev/null || die 'needs git'
	trap clean_up EXIT
	trap 'exit 129' HUP
	trap 'exit 130' INT
	trap 'exit 143' TERM
	work=$(mktemp -d) || die 'cannot make a temporary directory'
	chmod 711 "$work"
	as_root=(env HOME="$work")
	"${as_root[@]}" git config --global safe.directory '*' # the checkout may be another's
	"${as_root[@]}" git clone --quiet "$1" "$work/root" || die "cannot clone $1"
	useradd --create-home --home-dir "$work/home" --shell /bin/sh "$user" || die "cannot make the user $user"
	as_user=(setpriv --reuid "$user" --regid "$user" --init-groups --inh-caps=-all
		env -i PATH="$PATH" HOME="$work/home" USER="$user" LOGNAME="$user"
		SHELL=/bin/sh CI=true LC_ALL=C)
	cp -a "$work/root" "$work/home/nstools" && chown -R "$user:" "$work/home/nstools" || die 'cannot copy the clone'
}

# Everything of README between ```sh and ```, block N of them.
command_of_readme() {
	awk -v n="$1" '/^```sh$/ { inside = 1; i++; next }
		/^```$/ { inside = 0 }
		inside && i == n' "$work/root/README"
}

# in_turn WHO DIR COMMAND...: each by a shell of its own, to the first that fails
# or to the end of $limit seconds, counted from the start of the script. INT and
# QUIT are ignored in a shell's background, and are not to be in there.
in_turn() {
	local name=$1 dir=$2 command left status
	local -n who=$1
	shift 2
	for command; do
		left=$((limit - SECONDS))
		say "$name, in $dir, after $SECONDS s: $command"
		[ "$left" -gt 0 ] || left=1
		status=0
		"${who[@]}" env -C "$dir" --default-signal=INT,QUIT \
			timeout --kill-after=10 "$left" bash -e -c "$command" || status=$?
		if [ "$status" -ne 0 ]; then
			say "$name: failed with status $status"
			[ "$status" -ne 124 ] || say "all of the $limit seconds are used up"
			return 1
		fi
	done
}

# begin COMMAND...: in the background, so that a signal to this script is not kept
# waiting; finish: what began first.
begin() {
	"$@" &
	jobs+=($!)
}

finish() {
	local status=0
	wait "${jobs[0]}" || status=$?
	jobs=("${jobs[@]:1}")
	[ "$status" -eq 0 ] || failures=$((failures + 1))
	return "$status"
}

# check_complete DIR: each .bats file of the clone has been run there.
check_complete() {
	local test
	while read -r test; do
		[ -e "$1/${test%.bats}.trs" ] || { say "not run: $test, in $1"; failures=$((failures + 1)); }
	done < <(git -C "$work/root" ls-files 'tests/*.bats')
}

show_failed_logs() {
	local trs
	find "$@" -name '*.trs' | sort | while read -r trs; do
		grep -qE '^:test-result: (FAIL|XPASS|ERROR)' "$trs" || continue
		say "${trs%.trs}.log"
		cat "${trs%.trs}.log"
	done
}

# count_results DIR...: "PASSED FAILED SKIPPED" of all results in there. After a
# FAIL the driver adds an ERROR for the exit status of bats, which says nothing
# new and is not counted.
count_results() {
	local -a trs
	mapfile -t trs < <(find "$@" -name '*.trs')
	awk 'function next_file() {
			failed += fails + errors - (fails > 0 && errors > 0)
			fails = errors = 0
		}
		FNR == 1 { next_file() }
		/^:test-result: (PASS|XFAIL)/ { passed++ }
		/^:test-result: SKIP/ { skipped++ }
		/^:test-result: (FAIL|XPASS)/ { fails++ }
		/^:test-result: ERROR/ { errors++ }
		END { next_file(); print passed + 0, failed + 0, skipped + 0 }' "${trs[@]}" /dev/null
}

# run_readme: both commands of README as root and as the user, who builds when root
# has installed the packages. Their suites run one after the other: each keeps all
# CPUs busy, and tests wait for no more than ten seconds for what they wait for.
# Adds up $passed, $failed and $skipped.
run_readme() {
	local build check blocks
	blocks=$(grep -c '^```sh$' "$work/root/README")
	[ "$blocks" -eq 2 ] || die "README has $blocks commands, not 2"
	build=$(command_of_readme 1)
	check=$(command_of_readme 2)
	[ -n "$build" ] && [ -n "$check" ] || die 'README has an empty command'

	begin in_turn as_root "$work/root" "$build"
	if finish; then
		begin in_turn as_user "$work/home/nstools" "$build" >"$work/user.log" 2>&1
		begin in_turn as_root "$work/root" "$check"
		finish
		finish
		cat "$work/user.log"
		begin in_turn as_user "$work/home/nstools" "$check"
		finish
	fi
	show_failed_logs "$work/root" "$work/home/nstools"
	check_complete "$work/root"
	check_complete "$work/home/nstools"
	read -r passed failed skipped < <(count_results "$work/root" "$work/home/nstools")
}

# conclude: the last line, and the status of the script.
conclude() {
	[ "$failures" -eq 0 ] || say "commands that failed, or tests that were not run: $failures"
	say "after $SECONDS s"
	echo "$passed passed, $failed failed, $skipped skipped"
	[ "$failures" -eq 0 ] && [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
}
