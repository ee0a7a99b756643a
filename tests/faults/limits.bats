#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Resource limits at which some step fails: the tool says which, or does all of its
# work, and nothing is left; it is not killed. The program has the limits of the
# caller, and the caller's disposition of SIGXFSZ.

load ../helpers
load ../launchers
load ../nsenter
load faults
load sets
TOOLS=(nsclone nsunshare)

setup_file() { make_user; }
teardown_file() { remove_user; }
setup() { setup_faults; }
teardown() { end_background; }

# As fault, but its output goes through pipes: a file could not be written.
run_piped() {
	local tmp=$BATS_TEST_TMPDIR code
	{
		{
			"$HELPERS/fault" 99:getpid:1=EPERM "$tmp/report" "${NS[@]}" "$@" /bin/sh -c 'echo it runs' \
				8</dev/null 9>"$tmp/json" 3>&- 4>&- 2>&1 >&7 7>&- && code=0 || code=$?
			echo "$code" >"$tmp/status"
		} | cat >"$tmp/stderr"
	} 7>&1 | cat >"$tmp/stdout"
	status=$(<"$tmp/status")
	output=$(<"$tmp/stdout")
	mapfile -t stderr_lines <"$tmp/stderr"
	read_report
}

# limited LIMIT... -- OPTION...: with these limits for prlimit(1) the program is
# executed, or there are 125, one line of a message, and nothing else.
limited() {
	local -a limits=()
	local wrong= call=none clean files left tried=0 executed report stays=()
	while [ "$1" != -- ]; do limits+=("$1"); shift; done
	shift
	leftovers
	clean=$files$left
	NS=(prlimit "${limits[@]}" "${NS[@]}")
	run_piped "$@"
	leftovers
	[[ ${report[*]} != *left* ]] || wrong+="${report[*]}; "
	if [ "$status" -eq 0 ]; then
		[ -n "$output" ] || wrong+='success without the program; '
	else
		[ "$status" -eq 125 ] || wrong+="status $status; "
		[ -z "$output" ] || wrong+='the program ran; '
		[[ ${stderr_lines[0]-} =~ ^$TOOL:\ [^:]+ ]] || wrong+='no message; '
		[ "$files$left" = "$clean" ] || wrong+="leftovers: $files $left; "
	fi
	clear_away
	leftovers
	[ "$files$left" = "$clean" ] || wrong+="not to be cleared away: $files $left; "
	note_fault "${limits[*]}" "$*"
	[ -z "$wrong" ] || fail "${NS[*]} $*" "-- $wrong" "${stderr_lines[@]}"
}

no_file() { limited --fsize=0 -- --uts "$@"; }

@test "no file may have a byte: a new namespace" { each_way directly no_file; }

# With descriptor 9, which is a file, the status line cannot be written.
@test "no file may have a byte: the PID file, the status line" {
	local TOOLS=(nsclone)
	each_way directly no_file --pid-file "$DIR/pid"
	each_way directly no_file --json-status-fd 9
}

@test "no file may have a byte: pins, sets" {
	as_ourselves in_private_mounts directly no_file --uts="$DIR/pin-uts"
	as_the_user directly no_file_for_a_keeper
}

# The place of sets is there already.
no_file_for_a_keeper() {
	export NSPIN_DIR=$DIR/sets
	fault list --uts --pin world
	clear_away
	no_file --pin world
}

few_descriptors() {
	local n
	for n in {4..16}; do # the loader of the tool needs one
		NS=("${WHOLE[@]}")
		limited --nofile="$n" -- "$@"
	done
}

with_few() {
	WHOLE=("${NS[@]}")
	few_descriptors "$@"
}

@test "few descriptors: a new namespace" { each_way directly with_few --uts; }

@test "few descriptors: pins" {
	as_ourselves in_private_mounts directly with_few --uts="$DIR/pin-uts"
}

@test "few descriptors: what is done outside and inside" {
	local TOOLS=(nsclone)
	each_way directly with_few --uts --pid-file "$DIR/pid" --setup true --host-setup true
}

### The program

@test "the program has the limit of the caller, and SIGXFSZ as the caller had it" {
	local status_of='grep -E "^Sig(Ign|Cgt)" /proc/self/status; ulimit -f' wanted
	wanted=$(prlimit --fsize=0 sh -c "$status_of" | cat)
	each_tool same_limits
}

same_limits() {
	NS=("$LAUNCHER")
	assert_equal "$(prlimit --fsize=0 "$LAUNCHER" --user sh -c "$status_of" | cat)" "$wanted"
}

# By way of the trampoline, whose memfd is a file, too: with a limit that we may
# raise, it is raised for that and put back.
@test "nsenter-lite, no file may have a byte: it works, or says why" {
	requires root
	local TOOLS=(nsenter-lite)
	as_ourselves directly enter_limited
}

enter_limited() {
	world -m
	local said
	assert_equal "$(prlimit --fsize=0: "$LAUNCHER" -t "$TARGET" -m sh -c 'ulimit -S -f' 2>&1 | cat)" 0
	said=$(prlimit --fsize=0 "$LAUNCHER" -t "$TARGET" -m sh -c 'ulimit -f' 2>&1 | cat)
	[ "$said" = 0 ] || [[ $said == 'nsenter-lite: write the trampoline: File too large'* ]] || fail "$said"
}
