#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Every system call that nspin and its children make from main on fails, one at
# a time: nspin says which step it was and ends with 1, no mount, no file and no
# process is left, and sets that were there are as they were.

load ../helpers
load ../launchers
load ../nsenter
load ../nspin
load faults
load sets

setup_file() { make_user; }
teardown_file() { remove_user; }

setup() {
	requires taskset
	setup_faults
}

CANNOT_FAIL="${CANNOT_FAIL/ fcntl/} $CANNOT_FAIL_EITHER" # fcntl makes new descriptors for a keeper

### A run, and what is left of it

# judge_form: do the messages have the right form, and name the error?
judge_form() {
	local hint=${stderr_lines[1]-nspin: hint: none}
	[[ ${#stderr_lines[@]} -le 2 && ${stderr_lines[0]-} =~ ^nspin:\ [^:]+ && $hint == 'nspin: hint: '* ]] ||
		wrong+='no message of the right form; '
	among "$call" $MAY_FAIL $UNNAMED || [[ ${stderr_lines[0]-} == *$text ]] || wrong+='an error that the message does not name; '
}

# judge_run: what is wrong with the run in which $call failed, in $wrong.
judge_run() {
	wrong=
	see
	strays "${stays[@]}" $known
	[[ ${report[*]} != left* ]] || wrong+="${report[*]}; "
	if [ "$status" -eq 0 ]; then
		[ "${report[*]}" != hit ] || allowed "$call" || wrong+='success; '
		[ "$state" = "$after" ] || wrong+="another world: $state; "
		judge_output
		[ -z "$rubbish$stray" ] || judge_rubbish $SWEPT
	else
		[ "$status" -eq 1 ] || wrong+="status $status; "
		if [ "$state" != "$before" ]; then
			[[ $state == "$after" || $state == $MIDDLE ]] && among "$call" $MIDWAY || wrong+="not as it was: $state; "
			[ -z "$rubbish$stray" ] || judge_rubbish $MIDWAY
		else
			[ "$keepers" = "$known" ] || wrong+='another keeper; '
			[ -z "$rubbish$stray" ] || judge_rubbish $SWEPT
		fi
		"$FORM"
	fi
}

# judge_rubbish PATTERN...: what has not been taken apart to the end: the next one does it.
judge_rubbish() {
	if among "$call" "$@"; then
		a_place
		see
		strays "${stays[@]}" $known
	fi
	[ -z "$rubbish$stray" ] || wrong+="left: $rubbish$stray; "
}

# What could not be looked at is told in a note; only a STATE may be in doubt without one.
judge_output() {
	[ "$output" != "$good" ] && [ "$(ours "$output")" != "$(ours "$good")" ] || return 0
	among "$call" $SCANS && [ "${notes[*]}" != "$known_notes" ] ||
		{ among "$call" $DOUBTS && [ "$(without_states "$output")" = "$(without_states "$good")" ]; } ||
		wrong+="other output: $output; "
}

# Of --everywhere, what is not others'.
ours() {
	[[ $1 == *\ MNTNS* ]] && grep -E "$D| kept | lost " <<<"$1" || echo "$1"
}

without_states() {
	local text word
	text=$(ours "$1")
	text=${text//[[:space:]]/}
	for word in '"' live dead empty null; do text=${text//$word/}; done
	echo "$text"
}

export UNNAMED=$TYPES_OF FORM=judge_form ONLY= SCANS= DOUBTS= SWEPT= MIDWAY= MIDDLE=

# attempts EXCEPTIONS ARG...: of nspin, each after BEFORE.
attempts() {
	local exceptions="$1 $ALWAYS" before after good known known_notes call name error text tried=0 wrong stray=
	local -a calls bad=()
	local -A times=() paths=() # the latter for faults.bash: here a call has its path with it
	shift
	few_programs
	remember
	begin
	before=$state known=$keepers
	list_calls "$NSPIN" "$@"
	see
	after=$state good=$output known_notes=${notes[*]}
	for call in "${calls[@]}"; do
		name=${call%%@*}
		times[${name%:*}]=${name##*:}
	done
	for call in "${calls[@]}"; do
		[ -z "$ONLY" ] || among "$call" $ONLY || continue
		! among "$call" $ANSWERS && ! is_one_of_many || continue
		name=${call#*:} name=${name%%:*}
		[[ " $CANNOT_FAIL " != *" $name "* && " $CANNOT_FAIL " != *" ${call%%@*} "* ]] || continue
		in_sample || continue
		[[ $state == "$before" && $keepers == "$known" && -z $rubbish$stray ]] || again
		error_for "$name"
		[[ $call != *:newfstatat:*@fd/* ]] || error=ENOMEM text='Cannot allocate memory' # EPERM: it is another's
		under "${call%%@*}=$error" "$NSPIN" "$@"
		judge_run
		note_fault "$call=$error" "$*"
	done
	BEFORE=nothing begin
	[ ${#bad[@]} -eq 0 ] || { fail "nspin $*" "${bad[@]}"; return 1; } # wherever no error ends us
	tried_enough 5
}

# Of calls that are made for each process, or each mount namespace, of the machine,
# or for each descriptor of a keeper: the first three and the last three.
is_one_of_many() {
	local n=${call%%@*}
	among "$call" $SCANS '[23]:fcntl:*' '[23]:dup3:*' && ((${n##*:} > 3 && ${n##*:} <= ${times[${n%:*}]} - 3))
}

# Nothing of the run before is left.
again() {
	begin
	known=$keepers stray=
	[ "$state" = "$before" ] || fail "-- no way back: $state" "-- to: $before"
}

### Making sets

make_set() {
	local BEFORE=nothing
	a_world mnt uts net
	"$1"
	attempts "$2" -t "$TARGET" world
}

@test "a set of pins" { pinning make_set a_place "$MAKING"; }
@test "a set of pins, where no set has been" { pinning make_set nothing "$MAKING"; }
@test "the set of a keeper" { keeping make_set a_place "$MAKING $KEEPER"; }

asked() {
	local BEFORE=nothing
	a_world mnt uts net
	a_place
	attempts "$MAKING $KEEPER" --hold --keep=world -t "$TARGET" -u -n
}

@test "--hold --keep" { pinning asked; }

a_part() { silently -t "$TARGET" -u world; }

add() {
	local BEFORE=a_part SWEPT=$DISMANTLE
	a_world mnt uts net
	a_place
	attempts "$1" -t "$TARGET" --add -m -n world
}

@test "--add to a set of pins" { pinning add "$MAKING $DISMANTLE"; }
@test "--add to the set of a keeper" { keeping add "$MAKING $KEEPER $DISMANTLE"; }

a_set() { silently -t "$TARGET" world; }

copy() {
	local BEFORE=a_set
	a_world mnt uts net
	a_place
	attempts "$1" -t world other
}

@test "a copy of a set of pins" { pinning copy "$MAKING"; }
@test "a copy of the set of a keeper" { keeping copy "$MAKING $KEEPER"; }

### Pins on files

one_file() { : >"$D/pin-there"; }

files() {
	local BEFORE=one_file
	a_world mnt uts net
	attempts '' -t "$TARGET" --mount="$D/pin-mnt" --uts="$D/pin-there" --net="$D/pin-net"
}

@test "pins on files" { pinning files; }

make_private() {
	local BEFORE=nothing
	mkdir "$D/shared"
	mount -t tmpfs --make-shared tmpfs "$D/shared"
	a_world mnt uts net
	attempts "$MOUNTINFO $MOUNTS_LOCK" -t "$TARGET" --mount="$D/shared/pin-mnt" --net="$D/shared/pin-net" --make-private
}

@test "--make-private" { pinning make_private; }

### --batch

# The line has a number, and a last line says how many there were.
judge_batch() {
	[[ ${stderr_lines[0]} == 'nspin: line 1: '* && ${stderr_lines[-1]} == 'nspin: 1 of 1 lines failed' ]] ||
		[[ ${#stderr_lines[@]} -eq 1 && ${stderr_lines[0]} == 'nspin: read stdin: '* ]] ||
		wrong+='no message for the line; '
	stderr_lines=("${stderr_lines[0]/line 1: /}")
	judge_form
}

batch() {
	local BEFORE=nothing FORM=judge_batch MIDWAY='0:read:*@*/input' # lines before that are done
	INPUT=$BATS_TEST_TMPDIR/input
	a_world mnt uts net
	set -- "$1" "$2" "${3//TARGET/$TARGET}"
	echo "${3//DIR/$D}" >"$INPUT"
	"$1"
	attempts "$2" --batch
}

@test "--batch: a set of pins" { pinning batch a_place "$MAKING" 'TARGET world'; }
@test "--batch: a pin on a file" { pinning batch nothing '' 'TARGET net DIR/pin-net'; }

### --list

# All that there is to be seen: a set of pins, one of a keeper, one of a keeper that
# has ended, and PID namespaces, one of which is dead.
all_kinds() {
	local pid
	silently --hold --keep=kept -t "$TARGET" -u -p
	silently --hold --keep=lost -t "$TARGET" -u
	IFS=: read -r pid _ <"$NSPIN_DIR/lost/keeper"
	end "$pid"
	is_root || return 0
	silently -t "$TARGET" -p -u world
	silently -t "$TARGET" --net="$D/pin-net"
	"$NSCLONE" -p sleep 999 &
	until child_of $!; do :; done
	silently -t "$CHILD" -p dead
	to "$CHILD" KILL
	wait $! 2>/dev/null || true
}

# Does the init of a PID namespace live? STATE is empty then.
export STATES='0:openat:*@/ 0:*@*/pid 0:*@pid:* 0:openat:*@/proc/self/fd/* 0:pidfd_open:* 0:poll:* 0:clone3:* 0:socketpair:* 0:recvfrom:* 0:pidfd_send_signal:* 1:* 0:openat:*@fd/7'
export SIZE='0:ioctl:*@*/stdout 0:newfstatat:*@*/stdout' # of a terminal, of a block
export NOTES='0:write:*@*/stderr'                               # a note that cannot be written
export PROCESSES='0:*@[0-9]* 0:readlinkat:* 0:openat:*@/proc/[0-9]* 0:*@/proc/[0-9]*' # they come and go
export NAMESPACES='0:call-457:* 0:call-458:* 0:openat:*@/proc/self/ns/mnt 0:newfstatat:*@mnt:*'
export PLACES='0:openat:*@/run* 0:getdents64:*@/run* 0:newfstatat:*@/run* 0:readlink:*@/run*' # where others' sets may be

# own_pids COMMAND|FUNCTION [ARG...]: where no others' processes come and go.
own_pids() {
	local functions=$BATS_TEST_TMPDIR/own-pids
	{ declare -f && declare -p WHO NS; } >"$functions"
	unshare --mount --pid --fork --mount-proc --kill-child -- bash -c '
		. "$1"; shift; BG_PIDS=(); find_user; set -e
		"$@"' own_pids "$functions" "$@" 3>&- 4>&-
}

list() {
	local BEFORE=all_kinds DOUBTS=$STATES
	a_world mnt uts net pid
	a_place
	attempts "$STATES $SIZE $NOTES $TAKEN $SCANS" "$@"
}

@test "--list" { pinning list --list; }
@test "--list --json" { pinning list --list --json; }

@test "--list --output +NPROCS" {
	export SCANS=$PROCESSES
	as_ourselves on_one_cpu in_private_mounts own_pids with_place list --list --output +NPROCS
}

# By the processes that there are: the kernel does not let a PID namespace see all mount namespaces.
@test "--list --everywhere" {
	export SCANS="$PROCESSES $PLACES"
	as_ourselves on_one_cpu in_private_mounts own_pids with_place list --list --everywhere
	! as_root || as_the_user own_pids with_place list --list --everywhere
}

@test "--list --everywhere, by all mount namespaces" {
	requires root
	SCANS=$NAMESPACES ONLY=$NAMESPACES pinning list --list --everywhere
}

### --delete

# Once something of it has gone, it is not put back: the rest goes with the next sweep.
delete() {
	local BEFORE=a_set MIDWAY='0:[!p]* 0:poll:*'
	local MIDDLE="$NSPIN_DIR/world"$'\n'"$NSPIN_DIR/world/keeper*" # whose end has not been seen
	a_world mnt uts net
	a_place
	attempts "$1" --delete world
}

export STILL_THERE="$PINS 0:fstatfs:*@*/world.*" # another pin beneath? The kernel does not unlink it

@test "--delete: a set of pins" { pinning delete "$STILL_THERE"; }
@test "--delete: the set of a keeper" { keeping delete "$STILL_THERE"; }

two_on_a_file() {
	silently -t "$TARGET" --net="$D/pin-net"
	silently -t "$TARGET" --uts="$D/pin-net"
}

one_on_a_file() { silently -t "$TARGET" --net="$D/pin-net"; }

delete_file() {
	local BEFORE=$1 MIDWAY='*@*/pin-net' MIDDLE="$D/pin-net"$'\n' # the file stays then
	a_world uts net
	attempts '0:openat:2@*/pin-net 0:fstatfs:2@*/pin-net' --delete "$D/pin-net" # another pin beneath? See above
}

@test "--delete: a pin on a file" { pinning delete_file one_on_a_file; }
@test "--delete: the upper one of two pins on a file" { pinning delete_file two_on_a_file; }

### --stale

stale() {
	local BEFORE=$1 MIDWAY="$DISMANTLE 0:getdents64:*@*/sets" SWEPT=$DISMANTLE SCANS="$PROCESSES $NAMESPACES"
	a_world uts
	a_place
	UNNAMED="$UNNAMED $CHILD_LOOKS" attempts "$2" --stale
}

@test "--stale: a keeper that has ended" { pinning stale lost "$MAKING $DISMANTLE"; }
@test "--stale: a dead PID namespace of a set of pins" { pinning stale half_dead "$MAKING $DISMANTLE $CHILD_LOOKS"; }
@test "--stale: a dead PID namespace of a keeper" { keeping stale half_dead "$MAKING $DISMANTLE $KEEPER $CHILD_LOOKS"; }

### --hold

hold() {
	a_world uts net
	NS=("${WHO[@]}" "$NSPIN" --hold -t "$TARGET")
	faults '0:ioctl:*' -- # by its pidfd; else by its link
}

@test "--hold: a program" { pinning hold; keeping hold; }
