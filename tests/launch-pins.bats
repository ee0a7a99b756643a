#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# --TYPE=FILE: the new namespace is kept on a file before the program starts,
# and nothing is kept of a launch that fails.

load helpers
load launchers
TOOLS=("${LAUNCHERS[@]}")

setup_file() { make_user; }
teardown_file() { remove_user; }
setup() { requires userns; }

# pinning TEST [ARG...]: where it can mount. Its files are in $D.
pinning() { as_ourselves in_private_mounts "$@"; }

option_of() { [ "$1" = mnt ] && echo mount || echo "$1"; }

# It is busy while somebody looks at it, as nsls(8) does at all there are.
unpin() { umount -l "$1" && rm "$1"; }

### What a pin keeps

keeps() {
	local option type=$1
	option=$(option_of "$type")
	[ -e "/proc/self/ns/$type" ] || return 0
	run_split "$LAUNCHER" "${@:2}" "--$option=$D/$type" readlink "/proc/self/ns/$type"
	assert_status 0
	assert_output --regexp "^$type:\[[0-9]*\]\$"
	refute_output "$(ns_id self "$type")"
	assert_equal "$(pinned "$D/$type")" "$output"
	assert_equal "$(nsenter --preserve-credentials "--$option=$D/$type" readlink "/proc/self/ns/$type")" "$output"
	unpin "$D/$type"
}

keeps_all() {
	local type
	for type in mnt uts ipc net cgroup time; do
		keeps "$type"
		keeps "$type" -r --hostname=x
		# Its /proc would be that of a PID namespace which has ended.
		[ "$type" = mnt ] || keeps "$type" $(indirect) --pid --mount-proc
	done
	keeps user -r
}

@test "--TYPE=FILE keeps the namespace of the program on FILE after its end" { pinning keeps_all; }

keeps_together() {
	local type file
	local -a pins=()
	for type in $(ls /proc/self/ns | grep -v for_children); do
		pins+=("--$(option_of "$type")=$D/$type")
	done
	launch_sleep -r --fork --mount-proc "${pins[@]}"
	for file in "$D"/*; do
		assert_equal "$(pinned "$file")" "$(ns_id "$PROGRAM" "${file##*/}")"
	done
	end_sleep
}

@test "namespaces of every type are pinned in one launch, PID too" { pinning keeps_together; }

uptime() { cut -d . -f 1 /proc/uptime; }

keeps_offsets() {
	local before
	before=$(uptime)
	run_split "$LAUNCHER" -r --time="$D/time" --boottime=100000 sh -c 'readlink /proc/self/ns/time; cut -d . -f 1 /proc/uptime'
	assert_status 0
	assert_equal "$(pinned "$D/time")" "${lines[0]}"
	[ "${lines[1]}" -ge $((before + 100000)) ]
	[ "$(nsenter --time="$D/time" cut -d . -f 1 /proc/uptime)" -ge $((before + 100000)) ]
	[ "$(nsenter --time="$D/time" cut -d . -f 1 /proc/uptime)" -le $(($(uptime) + 100000)) ]
}

@test "a pinned time namespace has the offsets" {
	requires time-ns
	pinning keeps_offsets
}

is_there_first() {
	local i
	local -a fork=()
	for ((i = 1; i <= 50; i++)); do
		((i % 2)) && fork=() || fork=(--fork)
		run_split "$LAUNCHER" -r "${fork[@]}" --uts="$D/uts" stat -Lc %i "$D/uts" /proc/self/ns/uts
		assert_status 0
		assert_equal "${lines[0]} $i" "${lines[1]} $i"
		unpin "$D/uts"
	done
}

@test "a pin is there before the program starts, fifty times of fifty" { pinning is_there_first; }

seen_by_commands() {
	local -a outside=(--host-setup "stat -Lc %i $D/uts")
	[ "$TOOL" = nsclone ] || outside=()
	run_split "$LAUNCHER" -r --uts="$D/uts" "${outside[@]}" --setup "stat -Lc %i $D/uts /proc/self/ns/uts" true
	assert_status 0
	assert_equal "$(sort <<<"$output" | uniq -c | awk '{ print $1 }')" $((2 + ${#outside[@]} / 2))
}

@test "a pin is there before --setup and --host-setup" { pinning seen_by_commands; }

on_what_is_there() {
	echo content >"$D/uts"
	run_split "$LAUNCHER" --uts="$D/uts" readlink /proc/self/ns/uts
	assert_status 0
	assert_equal "$(pinned "$D/uts")" "$output"
	run_split "$LAUNCHER" --uts="$D/uts" readlink /proc/self/ns/uts
	assert_status 0
	assert_equal "$(pinned "$D/uts" | tail -n 1)" "$output"
	umount "$D/uts"
	umount "$D/uts"
	assert_equal "$(<"$D/uts")" content
}

@test "a pin may cover a file, or another pin" { pinning on_what_is_there; }

### Shared mounts

# DIR, a mount of its own
make_dir() {
	mkdir -p "$1"
	mount -t tmpfs tmpfs "$1"
	mount "--make-$2" "$1"
}

needs_private() {
	make_dir "$D/pins" shared
	run_split "$LAUNCHER" -r --mount="$D/pins/mnt" touch "$D/ran"
	assert_status 125
	assert_stderr_line "$TOOL: pin the mount namespace: $D/pins/mnt: Invalid argument"
	assert_stderr_line --regexp "^$TOOL: hint: .*shared.*--make-private"
	[ ! -e "$D/ran" ]
	assert_equal "$(ls "$D/pins")" ''
	run_split "$LAUNCHER" -r --uts="$D/pins/uts" true
	assert_status 0
}

@test "a mount namespace cannot be pinned in a shared mount, others can" { pinning needs_private; }

propagation_of() { awk -v dir="$1" '$5 == dir { shared = $7 ~ /^shared:/ } END { print shared ? "shared" : "private" }' /proc/self/mountinfo; }

made_private() {
	local i
	make_dir "$D/pins" shared
	for i in 1 2 3; do
		run_split "$LAUNCHER" -r --make-private --mount="$D/pins/$i" readlink /proc/self/ns/mnt
		assert_status 0
		assert_equal "$(pinned "$D/pins/$i")" "$output"
		assert_equal "$(times_mounted "$D/pins")" 2
		assert_equal "$(propagation_of "$D/pins")" private
	done
}

@test "--make-private makes the directory a private mount, once" { pinning made_private; }

all_at_once() {
	local i
	local -a pids=()
	make_dir "$D/pins" shared
	for i in 0 1 2 3 4 5 6 7 8 9; do
		"$LAUNCHER" -r --make-private --mount="$D/pins/$i" true 3>&- 4>&- &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		wait "$i"
	done
	assert_equal "$(times_mounted "$D/pins")" 2
	for i in 0 1 2 3 4 5 6 7 8 9; do
		assert_equal "$(times_mounted "$D/pins/$i")" 1
	done
}

@test "--make-private by ten at once makes one mount" { pinning all_at_once; }

private_already() {
	make_dir "$D/pins" private
	run_split "$LAUNCHER" -r --make-private --mount="$D/pins/mnt" readlink /proc/self/ns/mnt
	assert_status 0
	assert_output --regexp '^mnt:\[[0-9]+\]$'
	assert_equal "$(pinned "$D/pins/mnt")" "$output"
	assert_equal "$(times_mounted "$D/pins")" 1
}

@test "--make-private leaves a private directory alone" { pinning private_already; }

### A launch that fails

# Mounts and files, but those of the test itself
world() {
	awk '{ print $4, $5 }' /proc/self/mountinfo
	find "$D" ! -name outcome ! -name std\*
}

# takes_back STATUS ARG...: the launch fails, and the world is as it was.
takes_back() {
	local before
	before=$(world)
	observe "$LAUNCHER" "${@:2}"
	assert_outcome "exited $1"
	[ -n "$stderr" ]
	assert_equal "$(world)" "$before"
}

later_pin_fails() {
	echo content >"$D/old"
	takes_back 125 -r --uts="$D/uts" --net="$D/none/net" touch "$D/ran"
	assert_stderr --regexp "^$TOOL: .*$D/none/net: No such file or directory\$"
	takes_back 125 -r --uts="$D/old" --net="$D/none/net" touch "$D/ran"
	takes_back 125 -r --uts="$D/uts" --net="$D" touch "$D/ran"
	assert_equal "$(<"$D/old")" content
}

@test "a pin that fails stops the launch and takes back those before it" { pinning later_pin_fails; }

program_fails() {
	local -a pins=(--mount="$D/pins/mnt" --uts="$D/uts" --make-private --user="$D/user")
	make_dir "$D/pins" shared
	takes_back 127 -r "${pins[@]}" "$D/no-such-program"
	takes_back 127 -r $(indirect) "${pins[@]}" "$D/no-such-program"
	takes_back 126 -r "${pins[@]}" /etc/passwd
	takes_back 125 -r "${pins[@]}" --setup 'exit 1' touch "$D/ran"
	takes_back 125 -r $(indirect) "${pins[@]}" --setup 'exit 1' touch "$D/ran"
	takes_back 125 -r "${pins[@]}" --wd "$D/none" touch "$D/ran"
	takes_back 125 -rp --fork --pid="$D/pid" "${pins[@]}" --wd "$D/none" touch "$D/ran"
	[ "$TOOL" = nsclone ] || return 0
	takes_back 125 -r "${pins[@]}" --host-setup 'exit 1' touch "$D/ran"
	takes_back 125 -r "${pins[@]}" --pid-file "$D/none/pid" touch "$D/ran"
}

@test "a program that does not start leaves no pin, no file and no private directory" { pinning program_fails; }

# Somebody else pins another namespace on the same file before the launch fails.
covered() {
	local how net
	net=$(ns_id self net)
	for how in '' $(indirect); do
		observe "$LAUNCHER" --uts="$D/uts" $how --setup "readlink /proc/self/ns/uts && mount --bind /proc/self/ns/net $D/uts; exit 1" true
		assert_outcome 'exited 125'
		assert_equal "$(pinned "$D/uts")" "$output"$'\n'"$net"
		umount "$D/uts"
		unpin "$D/uts"
	done
}

@test "a launch that fails leaves a pin that somebody else has put on top of its own" { pinning covered; }

signalled() {
	local before
	before=$(world)
	RUNS=100 STEP=50 storm TERM -r --uts="$D/uts" --time="$D/time" --boottime=5 --setup 'exec sleep 99'
	assert_equal "$(world)" "$before"
}

@test "a launch that is ended by TERM leaves no pin" { pinning signalled; }

denied() {
	run_split "${WHO[@]}" "$LAUNCHER" -r --uts="$D/uts" touch "$D/ran"
	assert_status 125
	assert_stderr_line "$TOOL: pin the UTS namespace: $D/uts: Operation not permitted"
	assert_stderr_line "$TOOL: hint: a pin is a mount: it takes CAP_SYS_ADMIN"
	assert_equal "$(ls "$D")" ''
}

@test "who may not mount may not pin, and is told so" { as_the_user denied; }

### Ids of mount namespaces come in batches, one for each CPU

# Our own mount namespace has been made on CPU $1; children are born on CPU $2.
with_trap() {
	local i
	takes_back 125 --mount="$D/mnt" touch "$D/ran" || return 0
	assert_stderr_line --regexp "^$TOOL: hint: .* id \([0-9]+\) below that of the present one \([0-9]+\)"
	echo trap >>"$D/seen"
	taskset -cp "$1,$2" "$BASHPID" >/dev/null
	for ((i = 1; i <= 20; i++)); do
		pin_from_cpu "$@"
	done
	# However late the tool comes to it, the program has all its CPUs. It may start on
	# the other one by chance, and need no second try.
	for ((i = 1; i <= 20; i++)); do
		pin_from_cpu "$@" strace -f -q -o "$D/trace" -e trace=sched_setaffinity -e inject=sched_setaffinity:delay_enter=50000
		! grep -q '^[0-9]* *sched_setaffinity' "$D/trace" || break
	done
}

# On the second CPU, but allowed on both. OTHER CPU [COMMAND...]: COMMAND runs the tool.
pin_from_cpu() {
	run_split taskset -c "$2" sh -c 'taskset -cp "$0" $$ >/dev/null && exec "$@"' "$1,$2" "${@:3}" \
		"$LAUNCHER" --mount="$D/mnt" sh -c 'readlink /proc/self/ns/mnt; taskset -cp $$'
	assert_status 0
	assert_equal "$(pinned "$D/mnt")" "${lines[0]}"
	assert_equal "${lines[1]##* }" "$(taskset -cp "$BASHPID" | sed 's/.* //')"
	unpin "$D/mnt"
}

in_trap() {
	find_cpus
	from_cpu "${CPUS[0]}" "${CPUS[1]}"
	from_cpu "${CPUS[1]}" "${CPUS[0]}"
	[ -e "$D/seen" ] || skip 'this kernel gives every new mount namespace a greater id'
}

from_cpu() { on_cpu_apart "$1" in_private_mounts on_cpu "$2" with_trap "$@"; }

@test "a mount namespace whose id is too low for a pin is made again on another CPU" {
	requires taskset strace
	as_ourselves in_trap
}
