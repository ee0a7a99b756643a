#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Many nspin at once: of one name one wins, of different names all; not one mount
# or process too many, while others list and delete.

load helpers
load launchers
load nsenter
load nspin

setup_file() { make_user; }
teardown_file() { remove_user; }
setup() { requires userns taskset; }

export N=50

# at_once COMMAND...: N of them, with their number as %, let go together: their
# statuses are in $D/status.N, what they say in $D/said.N.
at_once() {
	local i
	local -a pids=()
	rm -f "$D"/status.* "$D"/said.* "$D/go"
	mkfifo "$D/go"
	exec 9<>"$D/go"
	for ((i = 1; i <= N; i++)); do
		one_of_many "$i" "$@" 3>&- 4>&- &
		pids+=($!)
	done
	# One line for each
	yes "" | head -n "$N" >&9
	wait "${pids[@]}"
	exec 9>&-
}

one_of_many() {
	local number=$1 status=0
	read -r <&9
	shift
	"${WHO[@]}" timeout 60 "${@//%/$number}" >"$D/said.$number" 2>&1 9>&- || status=$?
	echo "$status" >"$D/status.$number"
}

statuses() { cat "$D"/status.* | sort | uniq -c | tr -s ' ' | tr '\n' ';'; }
said() { cat "$D"/said.* | sort | uniq -c | tr -s ' '; }

one_name() {
	local round
	a_world uts net
	for round in 1 2 3 4; do
		at_once "$NSPIN" -t "$TARGET" world
		assert_equal "$(statuses)" " 1 0; $((N - 1)) 1;"
		assert_equal "$(said)" " $((N - 1)) nspin: the set world exists"
		holds world "$TARGET" $TYPES
		assert_equal "$(sets)" world
		all_counted 1
		quietly -d world
		deserted
		assert_equal "$(keepers)" ''
	done
}

# all_counted SETS: so many mounts there are, or keepers.
all_counted() {
	tidy
	if is_kept "$(sets | head -n 1)"; then
		assert_equal "$(keepers | wc -l)" "$1"
		assert_equal "$(times_mounted "$NSPIN_DIR")" 0
	else
		assert_equal "$(pins_below "$NSPIN_DIR" | wc -l)" $(($1 * $(wc -w <<<"$TYPES")))
		assert_equal "$(times_mounted "$NSPIN_DIR")" 1
		assert_equal "$(keepers)" ''
	fi
}

@test "fifty of one name: one wins, forty-nine say that it exists" {
	pinning_anywhere one_name
	keeping one_name
}

many_names() {
	local i
	a_world uts net
	at_once "$NSPIN" -t "$TARGET" set%
	assert_equal "$(statuses)$(said)" " $N 0;"
	assert_equal "$(sets | wc -l)" "$N"
	for ((i = 1; i <= N; i += 7)); do
		holds "set$i" "$TARGET" $TYPES
	done
	all_counted "$N"
	# Each lets go its own; then all of them the same.
	at_once "$NSPIN" -d set%
	assert_equal "$(statuses)$(said)" " $N 0;"
	deserted
	assert_equal "$(keepers)" ''
	quietly -t "$TARGET" world
	at_once "$NSPIN" -d world
	assert_equal "$(statuses)" " 1 0; $((N - 1)) 1;"
	deserted
	assert_equal "$(keepers)" ''
}

@test "fifty of different names: all win; and so it is with -d" {
	pinning_anywhere many_names
	keeping many_names
}

under_shared() {
	mkdir "$D/run"
	mount -t tmpfs none "$D/run"
	mount --make-shared "$D/run"
	start unshare --mount --propagation unchanged sleep 999
	wait_until last_is "$BG_PID" sleep
	PEER=$BG_PID
	NSPIN_DIR=$D/run/sets
	one_name
	many_names
	assert_equal "$(grep -c "$D/.* - nsfs " "/proc/$PEER/mountinfo" || true)" 0
}

@test "the same under a shared mount; its peers see no pin" { pinning_anywhere under_shared; }

# One that is there is added to by all: each adds its type once.
adding() {
	local types
	a_world uts net ipc
	quietly -t "$TARGET" -u world
	N=20 at_once "$NSPIN" -t "$TARGET" --add -n world
	assert_equal "$(statuses)" ' 1 0; 19 1;'
	holds world "$TARGET" uts net
	tidy
	quietly -d world
	deserted
	assert_equal "$(keepers)" ''
}

@test "--add of one type by twenty: one wins" {
	pinning_anywhere adding
	keeping adding
}

# Different types by different ones: none is lost.
adding_types() {
	local type
	local -a pids=() options=()
	a_world uts net ipc cgroup
	for round in 1 2 3 4 5; do
		quietly -t "$TARGET" -u world
		pids=()
		for type in n i C; do
			"${WHO[@]}" "$NSPIN" -t "$TARGET" --add "-$type" world 3>&- 4>&- &
			pids+=($!)
		done
		for pid in "${pids[@]}"; do
			wait "$pid"
		done
		holds world "$TARGET" uts net ipc cgroup
		quietly -d world
		deserted
		assert_equal "$(keepers)" ''
	done
}

@test "--add of different types at once: all are in it" {
	pinning_anywhere adding_types
	keeping adding_types
}

# Anything at once: nobody is told nonsense, and nothing is left at the end.
all_at_once() {
	local i
	a_world uts net
	start goes_on list "${WHO[@]}" "$NSPIN" -l -r --noheadings -o SET,TYPE,STATE
	start goes_on stale "${WHO[@]}" "$NSPIN" --stale
	start goes_on delete "${WHO[@]}" "$NSPIN" -d set7
	for i in 1 2 3 4; do
		at_once "$NSPIN" -t "$TARGET" set%
		assert_equal "$(statuses)$(said)" " $N 0;"
		N=49 at_once sh -c '[ % -eq 7 ] || "$0" -d set%' "$NSPIN"
		assert_equal "$(statuses)$(said)" ' 49 0;'
		quietly -d set50
		! is_there set7 || wait_until is_gone_set set7
	done
	: >"$D/stop"
	wait_until has_ended "${BG_PIDS[-1]}"
	wait_until has_ended "${BG_PIDS[-2]}"
	wait_until has_ended "${BG_PIDS[-3]}"
	deserted
	assert_equal "$(keepers)" ''
	assert_equal "$(grep -v '^status 0$' "$D/list" | grep -vE "^set[0-9]+ ($(tr ' ' '|' <<<"${TYPES% }")) live\$" | sort | uniq -c)" ''
	assert_equal "$(grep -v '^status 0$' "$D/stale" | sort | uniq -c)" ''
	# What it deletes is there or not.
	assert_equal "$(grep -vE '^status [01]$' "$D/delete" | grep -v '^nspin: .*set7' | sort | uniq -c)" ''
}

is_there() { [ -e "$NSPIN_DIR/$1" ]; }
is_gone_set() { ! is_there "$1"; }

# goes_on NAME COMMAND...: over and over; what it says, and its status, in $D/NAME
goes_on() {
	local status
	until [ -e "$D/stop" ]; do
		status=0
		"${@:2}" || status=$?
		echo "status $status"
	done >"$D/$1" 2>&1
}

@test "lists, deletes and --stale at the same time as fifty" {
	pinning_anywhere all_at_once
	keeping all_at_once
}

# killed_in ROUND ROUNDS SPAN ARG...: nspin, in the first of them after a part of
# SPAN, tens of microseconds, in the last at its end.
killed_in() {
	local after
	printf -v after '0.%05d' $(($3 * $1 / $2))
	run_split "${WHO[@]}" timeout --foreground -s KILL "$after" "$NSPIN" "${@:4}"
}

# Killed at any moment, a set is whole or absent, and the next one sweeps.
# (nspin-kill.bats does it at each system call, and so with the next two.)
killed() {
	local i name n
	n=$(rounds 100 12)
	a_world uts net ipc
	for ((i = 1; i <= n; i++)); do
		killed_in "$i" "$n" 3000 -t "$TARGET" "set$i"
	done
	quietly -t "$TARGET" last
	wait_until swept
	for name in $(sets); do
		holds "$name" "$TARGET" $TYPES
	done
	# Nobody keeps what has no name.
	all_counted "$(sets | wc -l)"
	quietly -d $(sets)
	deserted
	assert_equal "$(keepers)" ''
}

@test "killed at any moment, nspin leaves a whole set or none, and the next one sweeps" { each_kind killed; }

deleting_killed() {
	local i n
	n=$(rounds 60 8)
	a_world uts net ipc
	for ((i = 1; i <= n; i++)); do
		quietly -t "$TARGET" world
		killed_in "$i" "$n" 2400 -d world
		if is_there world; then
			holds world "$TARGET" $TYPES
			quietly -d world
		fi
		wait_until swept
		deserted
		assert_equal "$(keepers)" ''
	done
}

@test "killed at any moment, nspin -d leaves the whole set or none, and the next one sweeps" { each_kind deleting_killed; }

adding_killed() {
	local i n
	n=$(rounds 60 8)
	a_world uts net ipc
	for ((i = 1; i <= n; i++)); do
		quietly -t "$TARGET" -u world
		killed_in "$i" "$n" 2400 -t "$TARGET" --add -n -i world
		if [ "$(held world | wc -l)" -eq 1 ]; then
			holds world "$TARGET" uts
		else
			holds world "$TARGET" uts net ipc
		fi
		wait_until swept
		is_kept world || assert_equal "$(pins_below "$NSPIN_DIR" | wc -l)" "$(held world | wc -l)"
		assert_equal "$(keepers | wc -l)" "$(is_kept world && echo 1 || echo 0)"
		quietly -d world
		deserted
	done
}

@test "killed at any moment, --add leaves the old set or the new one" { each_kind adding_killed; }

private_dir() {
	mkdir "$D/pins"
	mount -t tmpfs none "$D/pins"
	mount --make-shared "$D/pins"
	a_world uts net
	at_once "$NSPIN" -t "$TARGET" --make-private --uts="$D/pins/%"
	assert_equal "$(statuses)$(said)" " $N 0;"
	assert_equal "$(times_mounted "$D/pins")" 2
	assert_equal "$(pins_below "$D/pins" | sort -u | wc -l)" "$N"
	assert_equal "$(pins_below "$D/pins" | wc -l)" "$N"
	at_once "$NSPIN" -d "$D/pins/%"
	assert_equal "$(statuses)$(said)" " $N 0;"
	assert_equal "$(pins_below "$D/pins")$(ls "$D/pins")" ''
	# On one file they stack, and go one by one.
	at_once "$NSPIN" -t "$TARGET" --uts="$D/one"
	assert_equal "$(statuses)$(said)" " $N 0;"
	assert_equal "$(times_mounted "$D/one")" "$N"
	at_once "$NSPIN" -d "$D/one"
	assert_equal "$(statuses)$(said)" " $N 0;"
	[ ! -e "$D/one" ]
}

@test "fifty on files, in one directory and on one file" { pinning_anywhere private_dir; }

# Who comes too late may not take what lies beneath.
beneath() {
	local i
	a_world uts
	echo content >"$D/plain"
	: >"$D/file"
	mount --bind "$D/plain" "$D/file"
	for i in 1 2 3 4 5 6; do
		quietly -t "$TARGET" --uts="$D/file"
		at_once "$NSPIN" -d "$D/file"
		assert_equal "$(statuses)" " 1 0; $((N - 1)) 1;"
		assert_equal "$(times_mounted "$D/file")" 1
		assert_equal "$(<"$D/file")" content
	done
	umount "$D/file"
}

@test "fifty at once on one pin: another mount beneath it stays" { pinning_anywhere beneath; }
