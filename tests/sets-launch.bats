#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# nsclone --pin, nsunshare --pin: the new namespaces are kept as a set before the
# program starts, and nothing is kept of a launch that fails.

load helpers
load launchers
load nsenter
load nspin
TOOLS=("${LAUNCHERS[@]}")

setup_file() { make_user; }
teardown_file() { remove_user; }
setup() { requires userns taskset; }

# run_launcher ARG...: a keeper that it leaves is not ended with it.
run_launcher() {
	printf -- '-- %s %.200s\n' "$TOOL" "$*"
	run_split "${AROUND[@]}" "${WHO[@]}" timeout 60 "$LAUNCHER" "$@"
}

links_here() { readlink $(in_order "$@" | sed 's|[a-z]* |/proc/self/ns/&|g'); }

# LOOK_IN: a program that tells where it is, and whether the set is there
export LOOK_IN='ls "$NSPIN_DIR/world" >/dev/null || echo absent; for t; do readlink /proc/self/ns/$t; done'

# kept TYPES ARG...: the set world has these of the program's, and it was there first.
kept() {
	local types
	types=$(in_order $1)
	run_launcher --pin world "${@:2}" sh -c "$LOOK_IN" sh $types
	assert_status 0
	refute_stderr
	assert_equal "$(held world)" "$output"
	holds_only world $types
	for type in $types; do
		refute_equal "$(held world | grep "^$type:")" "$(ns_id self "$type")"
	done
	tidy
	TOOL=nspin quietly -d world
	deserted
	assert_equal "$(keepers)" ''
}

### What is kept

each_type() {
	local birth
	while read -r birth; do
		kept 'user uts net' -r -u -n $birth
		kept 'user mnt uts ipc net cgroup' -r -m -u -i -n -C $birth
	done < <(births | sed 's/-U//; s/-r//')
	kept 'user' -r
	kept 'user uts' -r -u -p --fork
	kept 'user mnt uts' -r -u -p --fork --mount-proc
	kept 'user uts time' -r -u --time --boottime 1000
	kept 'user mnt uts ipc net cgroup time' -r --all --fork
	is_root || return 0
	kept 'uts net' -u -n
	kept 'mnt uts' -m -u $(indirect)
	kept 'uts' -u -p --fork
}

@test "--pin keeps all new namespaces but pid, before the program starts" { each_kind each_type; }

outlives() {
	run_launcher -r -u --hostname=later --pin=world true
	assert_status 0
	run_split "${WHO[@]}" "$NSENTER_LITE" -t world -a uname -n
	assert_status 0
	assert_output later
	TOOL=nspin quietly -d world
	deserted
}

@test "what was set up in there is there when it is entered by name" { each_kind outlives; }

with_files() {
	run_launcher -r -u -n --net="$D/net" --pin world sh -c "$LOOK_IN" sh user uts net
	assert_status 0
	assert_equal "$(held world)" "$(sort -u <<<"$output" | links_sorted)"
	assert_equal "$(pinned "$D/net")" "$(grep ^net <<<"$output")"
	umount "$D/net"
	TOOL=nspin quietly -d world
}

links_sorted() { local all=$(cat) type; for type in $NSTYPES; do grep "^$type:" <<<"$all" || true; done; }

@test "--pin and pins on files go together" { pinning with_files; }

# The set is there for what is done before.
seen_before() {
	local outside=()
	[ "$TOOL" != nsclone ] || outside=(--host-setup "test -e $NSPIN_DIR/world || touch $D/absent")
	run_launcher -r -u --pin world --setup "test -e $NSPIN_DIR/world || touch $D/absent" "${outside[@]}" true
	assert_status 0
	[ ! -e "$D/absent" ]
	TOOL=nspin quietly -d world
}

@test "the set is there before --setup and --host-setup" { pinning seen_before; }

in_background() {
	launch_sleep -r -u --pin world
	holds world "$PROGRAM" user uts
	assert_equal "$(find "/proc/$LAUNCHER_PID/fd" -lname "$NSPIN_DIR*")" ''
	end_sleep
	[ "$(pinned "$NSPIN_DIR/world/uts")" ]
	TOOL=nspin quietly -d world
	deserted
}

@test "a program that is killed leaves the set, of which nothing was open meanwhile" { pinning in_background; }

### Mount namespaces

shared_place() {
	mkdir "$D/run"
	mount -t tmpfs none "$D/run"
	mount --make-shared "$D/run"
	NSPIN_DIR=$D/run/sets
	kept 'user mnt uts' -r -m -u
	kept 'user mnt uts' -r -m -u $(indirect)
	assert_equal "$(times_mounted "$NSPIN_DIR")" 1
}

@test "a mount namespace is kept in a place under a shared mount, too" { pinning shared_place; }

# Our mount namespace is of the one CPU; children are born on the other.
other_cpu() {
	local i cpus="$1,$2"
	run_launcher -r -m --pin world true
	if [ "$status" -ne 0 ]; then
		assert_status 125
		assert_stderr_line --regexp "^$TOOL: hint: .* id \([0-9]+\) below that of the present one"
		[ ! -e "$NSPIN_DIR/world" ]
		tidy
		echo trap >>"$D/seen"
	else
		TOOL=nspin quietly -d world
	fi
	for ((i = 0; i < 10; i++)); do
		run_split taskset -c "$2" sh -c 'taskset -cp "$0" $$ >/dev/null && exec "$@"' "$cpus" \
			"$LAUNCHER" -r -m -u --pin world sh -c "$LOOK_IN" sh user mnt uts
		assert_status 0
		assert_equal "$(held world)" "$(links_sorted <<<"$output")"
		TOOL=nspin quietly -d world
		deserted
	done
}

in_trap() {
	find_cpus
	on_cpu_apart "${CPUS[0]}" in_private_mounts on_cpu "${CPUS[1]}" with_place other_cpu "${CPUS[@]}"
	on_cpu_apart "${CPUS[1]}" in_private_mounts on_cpu "${CPUS[0]}" with_place other_cpu "${CPUS[1]}" "${CPUS[0]}"
	[ -e "$D/seen" ] || skip 'this kernel gives every new mount namespace a greater id'
}

@test "a mount namespace whose id is too low is made again on another CPU" { as_ourselves in_trap; }

### A launch that fails

# Nothing is left, and the program has not run. STATUS ARG...
takes_back() {
	observe "$LAUNCHER" "${@:2}" touch "$D/ran"
	assert_outcome "exited $1"
	[ -n "$stderr" ]
	[ ! -e "$D/ran" ]
	nothing_kept
}

nothing_kept() {
	assert_equal "$(keepers)" ''
	[ ! -e "$NSPIN_DIR" ] || deserted
}

fails() {
	local how
	for how in '' $(indirect) --setup=true; do
		takes_back 125 -r -u --pin world --wd "$D/none" $how
		takes_back 125 -r -u --pin world --setup 'exit 1' ${how#--setup=true}
		observe "$LAUNCHER" -r -u --pin world $how "$D/no-such-program"
		assert_outcome 'exited 127'
		nothing_kept
		observe "$LAUNCHER" -r -u -n --pin world $how /etc/passwd
		assert_outcome 'exited 126'
		nothing_kept
	done
	takes_back 125 -r -u --net="$D/none/net" --pin world
	[ "$TOOL" = nsclone ] || return 0
	takes_back 125 -r -u --pin world --host-setup 'exit 1'
	takes_back 125 -r -u --pin world --pid-file "$D/none/pid"
}

@test "a launch that fails undoes the set" { each_kind fails; }

taken() {
	local before
	a_world uts
	TOOL=nspin quietly -t "$TARGET" world
	before=$(whole_world)
	for how in '' $(indirect); do
		observe "$LAUNCHER" -r -u -m --pin world $how touch "$D/ran"
		assert_outcome 'exited 125'
		assert_stderr_line --regexp "^$TOOL: .*the set world exists\$"
		assert_equal "$(whole_world)" "$before"
		holds world "$TARGET" $TYPES
	done
	# Not to be undone with a launch that comes later
	observe "$LAUNCHER" -r -u --pin world "$D/no-such-program"
	assert_equal "$(whole_world)" "$before"
	holds world "$TARGET" $TYPES
	TOOL=nspin quietly -d world
	deserted
}

@test "a name that is taken stops the launch; the set remains" { each_kind taken; }

# A set of the same name that somebody else has made meanwhile
made_anew() {
	local how
	a_world uts
	mkfifo -m 666 "$D/go"
	exec 9<>"$D/go"
	for how in '' $(indirect); do
		launch -r -u --pin world $how --setup "read -r _ <$D/go; exit 1" true
		wait_until test -d "$NSPIN_DIR/world"
		TOOL=nspin quietly -d world
		TOOL=nspin quietly -t "$TARGET" world
		echo >&9
		ended 'exited 125'
		holds world "$TARGET" $TYPES
		TOOL=nspin quietly -d world
		deserted
	done
	exec 9>&-
}

@test "a launch that fails leaves a set alone that somebody else has made under its name" { each_kind made_anew; }

no_place() {
	local before
	"${WHO[@]}" mkdir "$NSPIN_DIR"
	"${WHO[@]}" chmod 777 "$NSPIN_DIR"
	observe "$LAUNCHER" -r -u --pin world touch "$D/ran"
	assert_outcome 'exited 125'
	assert_stderr --partial "$NSPIN_DIR"
	NSPIN_DIR=sets
	observe "$LAUNCHER" -r -u --pin world touch "$D/ran"
	assert_outcome 'exited 125'
	assert_stderr --partial absolute
	unset NSPIN_DIR
	is_root || {
		observe "$LAUNCHER" -r -u --pin world touch "$D/ran"
		[ -w /run/nspin ] || assert_outcome 'exited 125'
	}
	[ ! -e "$D/ran" ]
}

@test "without a place that can be trusted nothing runs" { keeping no_place; }

bad_ones() {
	usage 'no PID namespace' --pin world -p --fork
	usage 'no PID namespace' --pin world
	usage "'' is no name" -u --pin ''
	usage "'a/b' is no name" -u --pin a/b
	usage 'a letter or _' -u --pin 9a
	usage 'at most 64' -u --pin "$(printf 'a%.0s' {1..65})"
	[ ! -e "$NSPIN_DIR" ]
}

@test "nothing new but pid, and names that are none, are usage errors" { each_kind bad_ones; }

stormy() {
	RUNS=100 STEP=50 storm TERM -r -u -n --pin world --setup 'exec sleep 99'
	deserted
	assert_equal "$(keepers)" ''
	RUNS=100 STEP=50 storm TERM -r -u -m --pin world --setup 'exec sleep 99' $(indirect)
	deserted
}

@test "a launch that is ended by TERM leaves no set" { pinning stormy; }

killed_at_once() {
	local i name after n
	n=$(rounds 60 8) # nspin-kill.bats does it at each system call
	for ((i = 1; i <= n; i++)); do
		printf -v after '0.%05d' $((3000 * i / n))
		run_split "${WHO[@]}" timeout --foreground -s KILL "$after" "$LAUNCHER" -r -u --pin "set$i" true
	done
	a_world uts
	TOOL=nspin quietly -t "$TARGET" last
	wait_until swept
	for name in $(sets); do
		[ "$name" = last ] || assert_equal "$(held "$name" | sed 's/:.*//' | tr '\n' ' ')" 'uts user '
	done
	TOOL=nspin quietly -d $(sets)
	deserted
	assert_equal "$(keepers)" ''
}

@test "killed at any moment, a launch leaves a whole set or none" { each_kind killed_at_once; }

# Twenty at once of one name: the program runs once.
twenty() {
	local i
	local -a pids=()
	"${WHO[@]}" mkdir "$D/runs"
	for ((i = 0; i < 20; i++)); do
		"${WHO[@]}" "$LAUNCHER" -r -u --pin world touch "$D/runs/$i" 3>&- 4>&- 2>>"$D/said" &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		wait "$i" || [ $? -eq 125 ]
	done
	assert_equal "$(ls "$D/runs" | wc -l)" 1
	assert_equal "$(grep -c 'the set world exists' "$D/said")" 19
	[ "$(held world | wc -l)" -eq 2 ]
	TOOL=nspin quietly -d world
	deserted
	assert_equal "$(keepers)" ''
}

@test "twenty at once of one name: one program runs" {
	as_ourselves in_private_mounts with_place twenty
	keeping twenty
}

# What is inherited: nothing of ours is left open in the program.
unburdened() {
	local wanted
	run_split "${WHO[@]}" "$LAUNCHER" -r -u "$HELPERS/inventory"
	wanted=$(grep -v '^pid' <<<"$output")
	run_split "${WHO[@]}" "$LAUNCHER" -r -u --pin world "$HELPERS/inventory"
	assert_status 0
	assert_equal "$(grep -v '^pid' <<<"$output")" "$wanted"
	TOOL=nspin quietly -d world
	[ "$TOOL" = nsclone ] || return 0
	run_split "${WHO[@]}" "$LAUNCHER" -r -u --host-setup "$HELPERS/inventory" true
	wanted=$(grep -v '^pid' <<<"$output")
	run_split "${WHO[@]}" "$LAUNCHER" -r -u --pin world --host-setup "$HELPERS/inventory" true
	assert_status 0
	assert_equal "$(grep -v '^pid' <<<"$output")" "$wanted"
	TOOL=nspin quietly -d world
}

@test "the program, and --host-setup, get no descriptor, child or signal more for it" { each_kind unburdened; }
