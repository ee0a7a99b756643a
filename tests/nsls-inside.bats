#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# nsls where less is to be seen: in a PID namespace, in a container, with a proc
# that hides, and with little to look with.

load helpers
load launchers
load nsenter
load nsls

setup_file() { make_user; }
teardown_file() { remove_user; }
setup() {
	requires userns
	BUNDLE=
}
teardown() {
	end_background
	[ -z "$BUNDLE" ] || runc --root "$BUNDLE/state" delete --force "nst-$$" 2>/dev/null || true
}

### In a PID namespace

# held NS WORDS [ARG...]: HELD, and nothing else
held() { has HELD "$@"; }

# One of each kind; the numbers are those of this proc.
each_kind_held() {
	local uts tid
	own_world -u
	held "$(ns_of "$TARGET" uts)" proc
	has PID "$(ns_of "$TARGET" uts)" "$TARGET"
	# A thread
	rm -f "$D/tid"
	start "$HELPERS/thread" "$D/tid"
	wait_until test -s "$D/tid"
	tid=$(<"$D/tid")
	held "$(ns_of "$tid" uts)" thread
	# A descriptor
	uts=$(ns_of "$TARGET" uts)
	rm -f "$D/number"
	start "$HELPERS/hold" path "$D/number" "/proc/$TARGET/ns/uts"
	wait_until test -s "$D/number"
	to "$TARGET" KILL
	wait_until is_gone "$TARGET"
	held "$uts" fd
	has HOLDERS "$uts" "$(<"$D/number"):77"
	# A socket
	rm -f "$D/nets"
	start unshare --net "$HELPERS/two-nets" "$D/nets"
	wait_until test -s "$D/nets"
	held "$(sed 's/.*\[\(.*\)\]/\1/' "$D/nets")" socket
	# Pins, here and in another mount namespace
	touch "$D/here" "$D/there"
	unshare --uts="$D/here" true
	held "$(inode "$D/here")" pin
	rm -f "$D/ready"
	start unshare --mount --propagation private bash -c '
		unshare --uts="$1/there" true; stat -c %i "$1/there" >"$1/ready"; exec sleep 999' - "$D"
	wait_until test -s "$D/ready"
	held "$(<"$D/ready")" pin
	has PINS "$(<"$D/ready")" "$(ns_of "$BG_PID" mnt):$D/there"
	umount --lazy "$D/here"
}

@test "in a PID namespace with a proc of its own all kinds are found" {
	quietly_apart each_kind_held
}

# Our PID there is not the one that proc has of us.
outer_proc() {
	own_world -u
	run_split unshare --pid --fork --kill-child sh -c 'readlink /proc/self/ns/pid
		"$0" -r -n -o NS,HELD,PID; exec "$0" -r -n -o NS -p 1' "$NSLS"
	assert_status 0
	assert_line "$(ns_of "$TARGET" uts) proc $TARGET"
	assert_line --regexp "^$(tr -dc 0-9 <<<"${lines[0]}") proc [0-9]*$"
	# The last lines are those of the one process that it knows as PID 1.
	assert_equal "$(tail -n "$(types_here | wc -w)" <<<"$output" | grep -cx "$(tr -dc 0-9 <<<"${lines[0]}")")" 1
}

@test "in a PID namespace that has an outer proc, it shows what that has" {
	requires root
	as_ourselves outer_proc
}

### In a container

# Of the machine it has the programs, and proc as containers have it.
contained() {
	BUNDLE=$BATS_TEST_TMPDIR
	local tools=${NSLS%/*}
	mkdir -p "$BUNDLE/rootfs/"{proc,usr,dev} "$BUNDLE/rootfs/$tools"
	ln -s usr/bin usr/lib usr/lib64 "$BUNDLE/rootfs/"
	cat >"$BUNDLE/config.json" <<-EOF
	{ "ociVersion": "1.0.2",
	  "process": { "user": { "uid": 0, "gid": 0 }, "cwd": "/", "env": ["PATH=/bin:/usr/bin"],
	    "args": ["/bin/sh", "-c", "sleep 998 & readlink /proc/self/ns/*; echo; exec '$NSLS' -r -n -o NS,TYPE,HELD,NPROCS"],
	    "capabilities": { "bounding": ["CAP_KILL"], "effective": ["CAP_KILL"], "permitted": ["CAP_KILL"] },
	    "noNewPrivileges": true },
	  "root": { "path": "rootfs" },
	  "mounts": [ { "destination": "/proc", "type": "proc", "source": "proc" },
	    { "destination": "/usr", "type": "bind", "source": "/usr", "options": ["rbind", "ro"] },
	    { "destination": "$tools", "type": "bind", "source": "$tools", "options": ["rbind", "ro"] },
	    { "destination": "/dev", "type": "tmpfs", "source": "tmpfs" } ],
	  "linux": { "namespaces": [ {"type": "pid"}, {"type": "mount"}, {"type": "uts"},
	      {"type": "ipc"}, {"type": "network"}, {"type": "cgroup"} ],
	    "maskedPaths": ["/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/latency_stats",
	      "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug", "/proc/scsi"],
	    "readonlyPaths": ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"] } }
	EOF
	run_split timeout 20 runc --root "$BUNDLE/state" run --bundle "$BUNDLE" "nst-$$"
	[[ $stderr != *'level=error'* ]] || skip "runc cannot run a container here: $stderr"
}

in_container() {
	local link listed
	contained
	assert_status 0
	for link in $(sed '/^$/,$d' <<<"$output" | sort -u); do
		listed=$(grep -c "^$(tr -dc 0-9 <<<"$link") ${link%%:*} proc[a-z,]* 2\$" <<<"$output" || true)
		assert_equal "$link $listed" "$link 1"
	done
	# Everybody in there can be read: there is nothing to be said.
	refute_stderr
}

@test "in a container with a masked proc it shows what is in there" {
	requires root runc
	as_ourselves in_container
}

### A proc that hides

own_processes() {
	mount -t proc -o hidepid=2 proc /proc
	start "${AS_USER[@]}" unshare --map-root-user --uts sleep 999
	wait_until last_is_sleep "$BG_PID"
	WHO=("${AS_USER[@]}")
	has PID "$(ns_of "$BG_PID" uts)" "$BG_PID"
	rows NS,TYPE -p "$BG_PID"
	assert_line "$(ns_of "$BG_PID" uts) uts"
	# There is nobody else, and so nobody of whom it could not be read.
	rows PID
	refute_line 1
	assert_equal "$unread" ''
	shows --compare "$BG_PID" "$BG_PID"
}

last_is_sleep() { has_comm "$1" sleep; }

@test "with hidepid=2 an ordinary user sees his own processes" {
	requires root
	quietly_apart own_processes
}

### With little to look with

no_proc() {
	# It has been mounted over the one outside.
	while umount --lazy /proc 2>/dev/null; do :; done
	for arguments in '' '-p 1' '5' ':5' '--dot' '--watch' '--translate 1'; do
		run_split timeout 10 "$NSLS" $arguments
		assert_status 1
		refute_output
		assert_stderr --partial $'\nnsls: hint: proc is not mounted on /proc'
	done
	run_split timeout 10 "$NSLS" --compare 1 1
	assert_status 2
	refute_output
}

@test "without proc it fails, and says so" {
	[ -z "${WITH_ASAN-}" ] || skip 'AddressSanitizer needs /proc'
	requires root
	quietly_apart no_proc
}

# With too few it is no list; it may be complete, or none.
few() {
	local n
	own_world -u
	for n in 4 6 8 10 12; do
		run_split "${WHO[@]}" prlimit "--nofile=$n:$n" "$NSLS" --engine proc -r -n -o NS
		[ "$status" -ne 127 ] || continue
		if [ "$status" -eq 0 ]; then
			assert_line "$(ns_of "$TARGET" uts)"
		else
			assert_status 1
			refute_output
			assert_stderr --regexp '^nsls: .*: Too many open files'
		fi
	done
}

@test "with a handful of descriptors it is complete, or fails" { each_way in_own_world few; }

closed() {
	local n
	own_world -u
	# As a sum: stdin is 1, stdout 2, stderr 4.
	for n in 1 4 5; do
		run_split with_closed "$n" "${WHO[@]}" "$NSLS" -r -n -o NS,HELD
		assert_status 0
		# Another test's nsls may hold it meanwhile.
		assert_line --regexp "^$(ns_of "$TARGET" uts) proc(,fd)?$"
	done
	for n in 2 3 7; do
		run_split with_closed "$n" "${WHO[@]}" "$NSLS"
		assert_status 1
	done
}

@test "standard descriptors that are closed are not taken for its own" { each_way in_own_world closed; }

### What is not to be opened

# FD 60 and up of the holder: a FIFO, a terminal, devices, files.
opens_none() {
	mkfifo "$D/fifo"
	exec 60<>"$D/fifo" 61</dev/ptmx 62</dev/zero 63<"$NSLS" 64</dev/null 65</proc/self/status 66<"$D"
	own_world -u
	exec 67<"/proc/$TARGET/ns/uts"
	run_split strace -f -e trace=open,openat,openat2 -o "$D/trace" "$NSLS" --engine proc -r -n -o NS,HELD,HOLDERS
	assert_status 0
	assert_line --partial "$(ns_of "$TARGET" uts) proc,fd "
	assert_equal "$(grep -E '"(.*/)?6[0-6]"' "$D/trace" || true)" ''
	grep -qE '"(.*/)?67"' "$D/trace" || fail 'the trace shows nothing'
}

@test "of descriptors none is opened but those of namespaces" {
	requires strace pty
	as_ourselves opens_none
}
