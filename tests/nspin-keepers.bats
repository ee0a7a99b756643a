#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Namespaces kept by open descriptors: the keeper of a set, which is a process,
# and --hold, which hands the descriptors to a program.

load helpers
load launchers
load nsenter
load nspin

setup_file() { make_user; }
teardown_file() { remove_user; }
setup() { requires userns taskset; }

# each_keeper TEST: those of an ordinary user, and, with ASKED, those that are
# asked for where there could be pins.
each_keeper() {
	ASKED=()
	keeping "$@"
	pinning asked "$@"
}

asked() {
	ASKED=(--hold)
	"$@"
}

# keep NAME ARG...: the target's, as a set of a keeper
keep() {
	if [ ${#ASKED[@]} -gt 0 ]; then
		quietly --hold "--keep=$1" -t "$TARGET" "${@:2}"
	else
		quietly -t "$TARGET" "${@:2}" "$1"
	fi
	find_keeper "$1"
}

### What a keeper is

# status_of NAME: of the keeper
status_of() { sed -n "s/^$1:[[:space:]]*//p" "/proc/$KEEPER/status"; }

without_capabilities() {
	local set
	for set in CapInh CapPrm CapEff CapAmb; do
		assert_equal "$set $(status_of "$set")" "$set 0000000000000000"
	done
}

modest() {
	local fd
	local -a fds=()
	a_world mnt uts net pid
	keep world -a -p
	holds world "$TARGET" $TYPES
	assert_equal "$(<"$NSPIN_DIR/world/keeper")" "$KEEPER:$("$HELPERS/pidfd-inode" "$KEEPER")"
	without_capabilities
	assert_equal "$(ps -o args= "$KEEPER")" 'nspin: keeper of world'
	assert_equal "$(comm_of "$KEEPER")" nspin-keeper
	assert_equal "$(readlink "/proc/$KEEPER/cwd")" /
	assert_equal "$(ps -o sid= "$KEEPER" | tr -d ' ')" "$KEEPER"
	assert_equal "$(ps -o tty= "$KEEPER" | tr -d ' ')" '?'
	refute_equal "$(status_of PPid)" $$
	assert_equal "$(status_of Uid | cut -f 1-4)" "$(yes "$("${WHO[@]}" id -u)" | head -n 4 | paste -s)"
	# Its own descriptors, and what keeps nothing
	for fd in $(ls "/proc/$KEEPER/fd"); do
		case $(readlink "/proc/$KEEPER/fd/$fd") in
		/dev/null) [ "$fd" -le 2 ] ;;
		*) fds+=("$fd") ;;
		esac
	done
	assert_equal "$(printf '%s\n' "${fds[@]}" | sort -n | tr '\n' ' ')" "$(own_descriptors)"
	# Nothing keeps a file system busy, or a namespace that it was not asked to.
	assert_equal "$(readlink "/proc/$KEEPER/root")" /
	for type in $(types_here); do
		assert_equal "$(ns_id "$KEEPER" "$type")" "$(ns_id self "$type")"
	done
	quietly -d world
	deserted
}

own_descriptors() {
	local type fd=3
	for type in $NSTYPES; do
		[[ " $TYPES " != *" $type "* ]] || printf '%d ' "$fd"
		fd=$((fd + 1))
	done
	echo '11 '
}

# The descriptors of the caller are none of the keeper's.
inherits() {
	a_world uts
	exec 5<"$D" 20<"$D" 199<"$D"
	# Not by AROUND: timeout(1), which is behind that, would set TERM to its default.
	cat >"$D/nspin" <<-NSPIN
	#!/bin/sh
	exec env --ignore-signal=HUP,INT,QUIT,USR1,CHLD,TERM --block-signal "$NSPIN" "\$@"
	NSPIN
	chmod 755 "$D/nspin"
	NSPIN=$D/nspin keep world -u
	exec 5<&- 20<&- 199<&-
	assert_equal "$(find "/proc/$KEEPER/fd" -lname "$D" | wc -l)" 0
	assert_equal "$(ls "/proc/$KEEPER/fd" | grep -cvx '[012]')" 2
	to "$KEEPER" TERM
	wait_until is_gone "$KEEPER"
	quietly --stale
	deserted
}

@test "a keeper has no capability, no terminal, no directory and no descriptor but its own" { each_keeper modest; }
@test "a keeper inherits no descriptor, and its caller's signals do not hold it off" { each_keeper inherits; }

# An ordinary user's, with a capability that survives execve(2)
capable() {
	a_world uts
	WHO=(setpriv --reuid "$NST_USER" --regid "$NST_USER" --init-groups --inh-caps=+net_raw --ambient-caps=+net_raw)
	run_split "${WHO[@]}" grep ^CapEff /proc/self/status
	refute_output --partial 0000000000000000
	keep world -u
	without_capabilities
	quietly -d world
	deserted
}

@test "a keeper that is started with capabilities gives them up" {
	requires root
	keeping capable
}

# The kernel hides such a process in /proc from everybody but root.
unreadable() {
	a_world uts
	"${WHO[@]}" cp "$NSPIN" "$D/nspin"
	"${WHO[@]}" chmod 111 "$D/nspin"
	NSPIN=$D/nspin keep world
	assert_equal "$(stat -c %U "/proc/$KEEPER/fd")" "$NST_USER"
	run_split "${WHO[@]}" "$NSENTER_LITE" -t world -a readlink /proc/self/ns/uts
	assert_status 0
	assert_output "$(link_of "$TARGET" uts)"
	quietly -d world
	deserted
}

@test "a keeper can be entered by its owner, even if nspin is a file that he may not read" { keeping unreadable; }

# A descriptor of the standard ones that stays open would hold these back.
lets_pipes_go() {
	a_world uts
	run_split "${WHO[@]}" timeout 20 sh -c 'said=$("$@" 2>&1); echo "$? $said"' sh \
		"$NSPIN" "${ASKED[@]}" -t "$TARGET" -u ${ASKED[@]:+--keep=}one
	assert_output '0 '
	find_keeper one
	quietly -d one
	for i in 1 2 4 7; do
		AROUND=(with_closed $i)
		keep world -u
		holds world "$TARGET" uts
		AROUND=()
		quietly -d world
	done
}

@test "a keeper holds no pipe of its caller's, and needs no standard descriptors" {
	each_keeper lets_pipes_go
}

### How long it lives

survives() {
	local asked=
	a_world uts
	[ ${#ASKED[@]} -eq 0 ] || asked=--hold
	# Its process group is killed, and its terminal goes.
	cat >"$D/leave" <<-'LEAVE'
	if [ "$3" ]; then "$1" --hold --keep="$4" -t "$2" -u; else "$1" -t "$2" -u "$4"; fi || exit
	tty >"$5/tty"
	echo $$ >"$5/pid"
	exec sleep 999
	LEAVE
	chmod 755 "$D" "$D/leave"
	"${WHO[@]}" mkdir "$D/out"
	start "${WHO[@]}" script -qec "sh $D/leave $NSPIN $TARGET '$asked' world $D/out" /dev/null >/dev/null
	wait_until test -s "$D/out/pid"
	read -r pid <"$D/out/pid"
	[[ $(<"$D/out/tty") == /dev/* ]]
	find_keeper world
	wait_until comm_is "$pid" sleep
	group=$(ps -o pgid= "$pid" | tr -d ' ')
	[ "$group" -gt 1 ]
	kill -HUP -- "-$group"
	kill -KILL -- "-$group" 2>/dev/null || true
	wait_until is_gone "$pid"
	wait_until has_ended "$BG_PID"
	sleep 0.1
	holds world "$TARGET" uts
	end_target
	run_split "${WHO[@]}" "$NSENTER_LITE" -t world -a true
	[ "$(held world)" ]
	quietly -d world
	wait_until is_gone "$KEEPER"
	deserted
}

comm_is() { has_comm "$1" "$2"; }

@test "a keeper survives its terminal, its process group and its parent" {
	requires script
	each_keeper survives
}

ends() {
	a_world uts
	keep world -u
	quietly -d world
	is_gone "$KEEPER"
	deserted
	keep world -u
	to "$KEEPER" TERM
	wait_until is_gone "$KEEPER"
	is_dead world
	quietly --stale
	deserted
	keep world -u
	to "$KEEPER" KILL
	wait_until is_gone "$KEEPER"
	is_dead world
	quietly -d world
	deserted
	# Stopped, it cannot hear.
	keep world -u
	to "$KEEPER" STOP
	wait_until stopped "$KEEPER"
	holds world "$TARGET" uts
	quietly -d world
	is_gone "$KEEPER"
	deserted
}

# is_dead SET: listed so, and not entered.
is_dead() {
	nspin -l -r --noheadings -o SET,STATE
	assert_status 0
	assert_output "$1 dead"
	TOOL=nsenter-lite
	run_split "${WHO[@]}" "$NSENTER_LITE" -t "$1" -u touch "$D/ran"
	assert_status 125
	assert_stderr --partial "$1"
	[ ! -e "$D/ran" ]
	TOOL=nspin
	unable "$1" -t "$1" copy
	[ ! -e "$NSPIN_DIR/copy" ]
}

@test "a keeper ends on -d, stopped or not, and on TERM; a set whose keeper has ended is dead" { each_keeper ends; }

awaited() {
	a_world uts
	keep world -u
	AROUND=(strace -f -qq -o "$D/trace" -e trace=poll,ppoll)
	quietly -d world
	AROUND=()
	grep -qE 'poll\(\[\{fd=[0-9]+, events=POLLIN\}\], 1, (-1|NULL)' "$D/trace"
}

@test "-d waits for the end of the keeper as long as it takes" {
	requires strace
	each_keeper awaited
}

### A process that is not the keeper

# forge TEXT: the record says so, in a file of its own or in the keeper's.
forge() { "${WHO[@]}" sh -c "$FORGE" sh "$NSPIN_DIR/world" "$1"; }

forged() {
	local real record FORGE text
	a_world uts
	start "${WHO[@]}" sleep 999
	wait_until last_is "$BG_PID" sleep
	OTHER=$CHILD
	for FORGE in 'rm "$1/keeper" && echo "$2" >"$1/keeper"' 'echo "$2" >"$1/keeper"'; do
		keep world -u
		real=$KEEPER record=$(<"$NSPIN_DIR/world/keeper")
		for text in "$OTHER:$("$HELPERS/pidfd-inode" "$OTHER")" "$real:1" "$OTHER:${record#*:}" "$TARGET:$("$HELPERS/pidfd-inode" "$TARGET")" \
			1:1 0 -1 "-$OTHER" '' x "$record x" "999999999999:1" "$$:${record#*:}"; do
			printf -- '-- record %s\n' "$text"
			forge "$text"
			run_split "${WHO[@]}" "$NSENTER_LITE" -t world -u touch "$D/ran"
			assert_status 125
			[ ! -e "$D/ran" ]
			nspin -l -r --noheadings -o SET,TYPE,PATH
			refute_output --partial uts
			refute_output --partial "/proc/$OTHER"
			unable world -t world copy
		done
		forge "$OTHER:$("$HELPERS/pidfd-inode" "$OTHER")"
		nspin --stale
		nspin -d world
		is_running "$BG_PID"
		refute_equal "$(state_of "$OTHER")" Z
		refute_equal "$(state_of "$TARGET")" Z
		to "$real" KILL
		wait_until is_gone "$real"
		nspin --stale
		deserted
	done
}

@test "a record that names another process is not believed, and that one is left alone" { each_keeper forged; }

# It lives, and its descriptors have the numbers that they have in every keeper.
other_sets_keeper() {
	local record real
	a_world uts net
	keep other -n
	record=$(<"$NSPIN_DIR/other/keeper") OTHER=$KEEPER
	keep world -u
	real=$KEEPER
	FORGE='echo "$2" >"$1/keeper"' forge "$record"
	run_split "${WHO[@]}" "$NSENTER_LITE" -t world -n touch "$D/ran"
	assert_status 125
	[ ! -e "$D/ran" ]
	unable world -t world copy
	nspin -d world
	nspin --stale
	# Nor is it found by a link, and a FIFO is no record.
	"${WHO[@]}" sh -c 'mkdir "$0/link" "$0/fifo" && ln -s ../other/keeper "$0/link/keeper" && mkfifo "$0/fifo/keeper"' "$NSPIN_DIR"
	run_split "${WHO[@]}" "$NSENTER_LITE" -t link -n touch "$D/ran"
	assert_status 125
	[ ! -e "$D/ran" ]
	unable . -d link
	run_split "${WHO[@]}" timeout 5 "$NSPIN" -d fifo
	assert_status 0
	"${WHO[@]}" rm -r "$NSPIN_DIR/link"
	KEEPER=$OTHER
	holds other "$TARGET" net
	quietly -d other
	to "$real" KILL
	wait_until is_gone "$real"
	quietly --stale
	deserted
}

@test "a record that names the keeper of another set is not believed, and that one is left alone" { each_keeper other_sets_keeper; }

# The very number of a keeper that has ended
reused() {
	local number
	a_world uts
	keep world -u
	number=$KEEPER
	to "$KEEPER" KILL
	WAIT_TRIES=100 wait_until is_reaped "$number" || skip 'needs an init that reaps'
	start "$NSCLONE" -u --set-pid "$number" "${WHO[@]}" sleep 999
	wait_until comm_is "$number" sleep
	is_dead world
	if [ "${1-}" ]; then
		quietly --stale
	else
		quietly -d world
	fi
	deserted
	assert_equal "$(comm_of "$number")" sleep
	refute_equal "$(state_of "$number")" Z
	end_background
}

is_reaped() { [ ! -e "/proc/$1" ]; }

@test "a process that got the number of a keeper is not taken for it" {
	requires root # to choose a number
	each_keeper reused
	each_keeper reused stale
}

# In a PID namespace where its number is nobody's, or somebody else's
elsewhere() {
	local before
	a_world uts
	keep world -u
	AROUND=(unshare --map-root-user --pid --fork --mount-proc)
	WHO_WAS=("${WHO[@]}")
	[ ${#WHO[@]} -eq 0 ] || WHO=("${AS_USER[@]}" "${AROUND[@]}")
	[ ${#WHO_WAS[@]} -eq 0 ] || AROUND=()
	quietly --stale
	# Its name is not given up for a moment.
	before=$(stat -c %y "$NSPIN_DIR")
	unable world -d world
	assert_equal "$(stat -c %y "$NSPIN_DIR")" "$before"
	nspin -t $$ world
	assert_status 1
	run_split "${AROUND[@]}" "${WHO[@]}" "$NSENTER_LITE" -t world -u true
	assert_status 125
	nspin -l -r --noheadings -o SET,STATE
	refute_line 'world dead'
	AROUND=()
	WHO=("${WHO_WAS[@]}")
	holds world "$TARGET" uts
	quietly -d world
	is_gone "$KEEPER"
	deserted
}

@test "a keeper that our /proc does not show is not taken for dead" { each_keeper elsewhere; }

### Adding to it, failing with it

replaced() {
	local old
	a_world uts net
	keep world -u
	old=$KEEPER
	quietly -t "$TARGET" --add -n world
	find_keeper world
	holds world "$TARGET" uts net
	refute_equal "$KEEPER" "$old"
	is_gone "$old"
	assert_equal "$(keepers)" "$KEEPER"
	unable '(uts|UTS)' -t "$TARGET" --add -u world
	assert_equal "$(keepers)" "$KEEPER"
	holds world "$TARGET" uts net
	quietly -d world
	assert_equal "$(keepers)" ''
	deserted
}

@test "--add ends the old keeper, and never both or none" { each_keeper replaced; }

# fails_whole LIMITS ARG...: of open files
fails_whole() {
	local limit
	a_world uts net
	for limit in $1; do
		AROUND=(prlimit --nofile=$limit)
		nspin -t "$TARGET" -u -n "${@:2}"
		AROUND=()
		if [ "$status" -eq 0 ]; then
			holds world "$TARGET" uts net
			quietly -d world
		else
			assert_stderr --partial 'Too many open files'
		fi
		[ ! -e "$NSPIN_DIR" ] || deserted
		assert_equal "$(keepers)" ''
	done
}

# To take back what is new, or what is replaced, takes descriptors, too.
adds_whole() {
	local limit
	a_world uts net
	for limit in 10 13 16 20 28; do
		quietly -t "$TARGET" -u world
		AROUND=(prlimit --nofile=$limit)
		nspin --add -t "$TARGET" -n world
		AROUND=()
		tidy
		[ "$status" -eq 0 ] && holds world "$TARGET" uts net || holds world "$TARGET" uts
		! is_kept world || find_keeper world
		! is_kept world || assert_equal "$(keepers)" "$KEEPER"
		quietly -d world
		deserted
	done
}

@test "where descriptors are scarce there is a whole set or none, and nothing is left" {
	each_kind fails_whole "4 5 6 7 8 9 10 11 12 13 16" world
	each_kind fails_whole "10 11 12 13 28" --hold --keep=world
	each_kind adds_whole
}

# The limit is also one for stderr, if that is a file.
too_large() {
	local limit
	a_world uts
	for limit in 0 1 5; do
		status=0
		output=$("${WHO[@]}" prlimit --core=0 --fsize=$limit "$NSPIN" --hold --keep=world -t "$TARGET" -u 2>&1) || status=$?
		assert_status 1
		assert_output 'nspin: write the record of a keeper: keeper: File too large'
		deserted
		assert_equal "$(keepers)" ''
	done
}

@test "where a file may not grow there is an error, and no keeper" { each_kind too_large; }

# Whoever keeps a mount namespace by a descriptor may keep his own, too.
own_mounts() {
	start "${WHO[@]}" sleep 999
	wait_until last_is "$BG_PID" sleep
	quietly --hold --keep=world -t "$BG_PID" -m
	find_keeper world
	assert_equal "$(held world)" "$(ns_id self mnt)"
	quietly -d world
}

@test "--hold --keep keeps also what cannot be pinned" { each_kind own_mounts; }

mixed() {
	a_world uts net
	quietly -t "$TARGET" pins
	quietly --hold --keep=kept -t "$TARGET"
	unable 'the set pins exists' --hold --keep=pins -t "$TARGET"
	unable 'the set kept exists' -t "$TARGET" kept
	holds pins "$TARGET" $TYPES
	holds kept "$TARGET" $TYPES
	refute is_kept pins
	quietly -t kept copy
	refute is_kept copy
	holds copy "$TARGET" $TYPES
	quietly --hold --keep=other -t pins -u
	holds other "$TARGET" uts
	end_target
	quietly -d pins kept
	assert_equal "$(sets)" $'copy\nother'
	quietly -d copy other
	deserted
}

@test "keepers and pins side by side, and the one from the other" { pinning mixed; }

stale_ones() {
	local name
	a_world uts net pid
	keep lives -u
	keep ended -u
	to "$KEEPER" KILL
	keep half -u -p
	keep only -p
	end_target
	quietly --stale
	assert_equal "$(sets)" $'half\nlives'
	assert_equal "$(held half | sed 's/:.*//')" uts
	assert_equal "$(keepers | wc -l)" 2
	quietly -d half lives
	deserted
	assert_equal "$(keepers)" ''
}

@test "--stale: keepers that have ended, and what keeps a dead PID namespace" { each_keeper stale_ones; }

### --hold: a program

# hold ARG...: as observe, so nothing is left.
hold() {
	printf -- '-- hold %.200s\n' "$*"
	observe "$NSPIN" --hold "$@"
}

export LOOK_AT='for t; do eval "fd=\$NSPIN_FD_$t"; [ "$fd" ] && readlink "/proc/self/fd/$fd"; done; env | grep -c ^NSPIN_FD_'

holding() {
	a_world mnt uts net pid
	hold -t "$TARGET" -n -u sh -c "$LOOK_AT" sh uts net
	assert_outcome 'exited 0'
	assert_output "$(links_of "$TARGET" uts net)"$'\n2'
	hold -t "$TARGET" -a -p -- sh -c "$LOOK_AT" sh $TYPES
	assert_outcome 'exited 0'
	assert_output "$(links_of "$TARGET" $TYPES)"$'\n'"$(wc -w <<<"$TYPES")"
	hold -t "$TARGET" sh -c "$LOOK_AT" sh $TYPES
	assert_outcome 'exited 0'
	assert_output "$(links_of "$TARGET" $TYPES | grep -v ^pid)"$'\n'"$(($(wc -w <<<"$TYPES") - 1))"
	# It is where we are.
	hold -t "$TARGET" -u readlink /proc/self/ns/uts
	assert_output "$(ns_id self uts)"
	[ ! -e "$NSPIN_DIR" ]
	refute_stderr
}

# They are of use there.
enters_by_descriptor() {
	a_world uts net
	hold -t "$TARGET" -a sh -c '[ ! "$NSPIN_FD_user" ] || set -- --user=/proc/self/fd/$NSPIN_FD_user; exec "$0" --uts=/proc/self/fd/$NSPIN_FD_uts "$@" readlink /proc/self/ns/uts' "$NSENTER_LITE"
	assert_outcome 'exited 0'
	assert_output "$(link_of "$TARGET" uts)"
	quietly --hold --keep=world -t "$TARGET"
	end_target
	hold -t world -u sh -c "$LOOK_AT" sh uts
	assert_output "$(held world | grep uts)"$'\n1'
	quietly -d world
}

@test "--hold hands the descriptors to a program, and says which they are" { each_kind holding; }
@test "--hold of a set; who holds a descriptor can enter by it" { each_kind enters_by_descriptor; }

# What the program has besides: nothing.
in_place() {
	local -a fds
	a_world uts
	run_split "${WHO[@]}" "$HELPERS/inventory"
	fds=($(sed -n 's/^fds //p' <<<"$output"))
	run_split "${WHO[@]}" sh -c 'echo $$; exec "$0" --hold -t "$1" -u "$2"' "$NSPIN" "$TARGET" "$HELPERS/inventory"
	assert_status 0
	assert_equal "${lines[1]}" "pid ${lines[0]}"
	assert_line 'child none'
	assert_line --regexp '^fds [0-9 ]*$'
	assert_equal "$(sed -n 's/^fds //p' <<<"$output" | wc -w)" $((${#fds[@]} + 1))
	for blocked in --block-signal=USR1 --ignore-signal=USR1 --ignore-signal=CHLD --default-signal; do
		run_split "${WHO[@]}" env "$blocked" "$HELPERS/inventory"
		grep -E '^Sig(Blk|Ign)' <<<"$output" >"$D/wanted"
		run_split "${WHO[@]}" env "$blocked" "$NSPIN" --hold -t "$TARGET" -u "$HELPERS/inventory"
		assert_equal "$(grep -E '^Sig(Blk|Ign)' <<<"$output")" "$(<"$D/wanted")"
	done
	# Though the standard ones be closed
	run_split with_closed 7 "${WHO[@]}" "$NSPIN" --hold -t "$TARGET" -u sh -c 'readlink "/proc/self/fd/$NSPIN_FD_uts" >"$0"; echo $NSPIN_FD_uts >>"$0"' "$D/found"
	assert_equal "$(head -n 1 "$D/found")" "$(link_of "$TARGET" uts)"
	[ "$(tail -n 1 "$D/found")" -gt 2 ]
}

@test "--hold executes the program in place, with one descriptor more for each type" { each_kind in_place; }

statuses() {
	a_world uts
	hold -t "$TARGET" -u sh -c 'exit 42'
	assert_outcome 'exited 42'
	hold -t "$TARGET" -u sh -c 'kill -USR1 $$'
	assert_outcome 'killed 10'
	hold -t "$TARGET" -u "$D/none"
	assert_outcome 'exited 127'
	assert_stderr_line --regexp "^nspin: .*$D/none: No such file"
	hold -t "$TARGET" -u /etc/passwd
	assert_outcome 'exited 126'
	hold -t none -u touch "$D/ran"
	assert_outcome 'exited 125'
	hold -t 999999999 -u touch "$D/ran"
	assert_outcome 'exited 125'
	hold -u touch "$D/ran"
	assert_outcome 'exited 125'
	said_of_usage '--target'
	hold -t "$TARGET" --uts="$D/file" touch "$D/ran"
	assert_outcome 'exited 125'
	run_split "${WHO[@]}" "$NSPIN" --hold -t "$TARGET" -u cat <<<input
	assert_output input
	[ ! -e "$D/ran" ] && [ ! -e "$D/file" ]
}

@test "--hold ends as the program does, or with 125, 126, 127" { each_kind statuses; }

# Options after the program are the program's.
program_options() {
	a_world uts
	hold -t "$TARGET" -u echo -d --stale -t x
	assert_output '-d --stale -t x'
	hold -t "$TARGET" -u -- echo --hold -- -d
	assert_output '--hold -- -d'
}

@test "--hold: what follows the program is the program's" { each_kind program_options; }
