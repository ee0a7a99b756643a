#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Every system call that nsls and its children make from main on fails, one at a
# time: what is listed is the same then, or nsls says that there is something which
# it could not look at, or fails and names the step. And it is ended by a signal at
# each of them: nothing of it is left.

load ../helpers
load ../launchers
load ../nsenter
load faults
load sets
TOOLS=(nsls)

setup_file() { make_user; }
teardown_file() { remove_user; }
setup() { setup_faults; }

# A thread of the C library does without; EPERM of NS_GET_USERNS: the owner is not ours to see.
export EITHER='*:rseq:* *:set_robust_list:* *:ioctl:*@*:?[0-9]*'

# where_nobody_is FUNCTION ARG...: in a PID namespace where there is nobody else, and
# whose list of namespaces stays as it is.
where_nobody_is() {
	local functions=$BATS_TEST_TMPDIR/functions
	local -a how=(--mount --pid --fork --mount-proc --propagation private)
	as_root || how+=(--map-root-user)
	{ declare -f && declare -p WHO NS; } >"$functions"
	unshare "${how[@]}" -- bash -c '
		. "$1"; shift; BG_PIDS=(); set -e
		"$@"' where_nobody_is "$functions" "$@" 3>&- 4>&-
}

# What is wrong with a look at which a call failed. What is on stderr says that something is missing.
judge_look() {
	wrong=
	[[ ${report[*]} != *left* ]] || wrong+="${report[*]}; "
	if [ "$status" -eq 0 ]; then
		[ "$output" = "$good" ] || [ -n "$said" ] || wrong+="silently another list: $output; "
	else
		[[ $status == [12] ]] || wrong+="status $status; "
		[[ $said =~ ^nsls:\ [^:]+ ]] || wrong+='no message of the right form; '
	fi
}

judge_end() {
	wrong=
	[[ ${report[*]} != *left* ]] || wrong+="${report[*]}; "
	[ "$status" -ne 0 ] || [ "$output" = "$good" ] || wrong+='success without the list; '
}

# looks EXCEPTIONS ARG...: patterns PROCESS:CALL:N@PATH.
looks() {
	local exceptions=$1 good call name kind error text said tried=0 wrong NOTE='could not be '
	local -a calls errors bad=()
	local -A times=()
	shift
	trap - DEBUG
	few_programs
	list_calls "$NSLS" "$@"
	good=$output
	for call in "${calls[@]}"; do
		name=${call%%@*}
		times[${name%:*}]=${name##*:}
	done
	for call in "${calls[@]}"; do
		name=${call#*:} name=${name%%:*}
		[[ " $CANNOT_FAIL " != *" $name "* ]] && ! among "$call" '*:mmap:*' '*:brk:*' $EITHER $exceptions && ! is_one_of_many && in_sample || continue
		errors_for "$name"
		for error in "${errors[@]}"; do
			under "${call%%@*}=$error" "$NSLS" "$@"
			said=$(<"$BATS_TEST_TMPDIR/stderr")
			judge_look
			note_fault "$call=$error" "$*"
		done
		for kind in $FAULT_KINDS; do
			[[ $kind == TERM* || $kind == KILL* ]] || continue
			under "${call%%@*}=$kind" "$NSLS" "$@"
			judge_end
			note_fault "$call=$kind" "$*"
		done
	done
	[ ${#bad[@]} -eq 0 ] || { fail "nsls $*" "${bad[@]}"; return 1; } # wherever no error ends us
	tried_enough 3
}

is_one_of_many() {
	local n=${call%%@*}
	((${n##*:} > 4 && ${n##*:} <= ${times[${n%:*}]} - 4))
}

@test "all namespaces, by /proc" { each_way where_nobody_is looks '' -r -n -o NS,TYPE --engine proc; }

@test "all namespaces, by programs in the kernel" {
	requires root
	as_ourselves where_nobody_is looks '' -r -n -o NS,TYPE --engine bpf
}

@test "those of one process" { as_ourselves where_nobody_is looks '' -r -n -o NS,TYPE -p 1; }

@test "owners and what holds them, in JSON" { each_way where_nobody_is looks '' -J -o NS,TYPE,HELD,USERNS,OWNER; }

@test "a comparison" { as_ourselves where_nobody_is looks '' --compare 1 1; }
