#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# nsls: both engines find the same, byte by byte, in a world where there are the
# processes of the test only; and what becomes of the one that runs in the
# kernel where it may not, or is not let finish.

load helpers
load launchers
load nsenter
load nsls

setup() {
	requires root userns
	"$NSLS" --version | grep -q '^engines:.* bpf' || skip 'needs an nsls that is built --with-bpf'
	"$NSLS" --engine bpf >/dev/null 2>"$BATS_TEST_TMPDIR/no" || skip "needs a kernel that lets it in: $(head -n 1 "$BATS_TEST_TMPDIR/no")"
}

# ready COMMAND [ARG...]: in the background; it writes to the file that $READY is.
ready() {
	READY=$D/ready
	rm -f "$READY"
	export READY
	start "$@"
	wait_until test -s "$READY"
}

# What keeps a namespace alive, each in its way, and what is hard to count.
populate() {
	world -U -r -u -i
	FIRST=$TARGET
	world -r -n -m -p
	world -r "$NSCLONE" -r -u -C
	world -r -T --boottime 1000
	ready "$HELPERS/thread" "$D/ready"
	ready "$HELPERS/hold" leaderless "$D/ready"
	ready "$HELPERS/hold" files "$D/ready" "/proc/$FIRST/ns/uts"
	ready "$HELPERS/hold" shared "$D/ready" "/proc/$FIRST/ns/ipc"
	ready "$HELPERS/hold" path "$D/ready" "/proc/$FIRST/ns/ipc"
	ready "$HELPERS/hold" time "$D/ready"
	ready "$HELPERS/hold" sockets "$D/ready"
	ready "$HELPERS/hold" zombies "$D/ready" 3
	ready unshare --net "$HELPERS/two-nets" "$D/ready"
	# A PID namespace that nobody has been born in.
	ready unshare --pid sh -c 'echo yes >"$READY"; exec sleep 999'
	# A user namespace that nobody is in, with another in it.
	ready unshare --map-root-user unshare --map-root-user sh -c 'echo yes >"$READY"; exec sleep 999'
	# What only descriptors hold, with what owns it.
	ready unshare --map-root-user --uts sh -c 'exec 9</proc/self/ns/uts; echo yes >"$READY"; exec sleep 999'
	ready bash -c 'exec 9<"/proc/$1/ns/uts" 8<"/proc/$1/ns/user"; kill "$1"; echo yes >"$READY"; exec sleep 999' - "$BG_PID"
	# Pins, here and elsewhere.
	: >"$D/pin"
	unshare --uts="$D/pin" true
	ready unshare --mount sh -c 'unshare --ipc="$1/pin" true; echo yes >"$READY"; exec sleep 999' - "$D"
}

# told ENGINE ARG...: what it tells of this world, without its own name and number.
told() {
	local failed=
	bash -c 'echo "$$" >"$0"; exec "$@"' "$D/self" "$NSLS" --engine "$@" >"$D/told" 2>&1 || failed="and failed: $?"
	sed "s/--engine $1/--engine X/g; s/\\<$(<"$D/self")\\>/SELF/g" "$D/told"
	echo "$failed"
}

# alike ARG...: both engines tell the same, and something. No subshells: they would be told of.
alike() {
	told proc "$@" >"$D/proc"
	told bpf "$@" >"$D/bpf"
	cmp -s "$D/proc" "$D/bpf" || fail "nsls $*" "$(diff "$D/proc" "$D/bpf")"
	! grep -q '^and failed' "$D/proc" || fail "nsls $*" "$(<"$D/proc")"
	[ "$(grep -c . "$D/proc")" -gt 1 ] || fail "nsls $* told: $(<"$D/proc")"
}

each_form() {
	local type
	populate
	alike
	alike --list --output-all --notruncate
	alike --json --output-all
	alike --raw --output-all
	alike --tree=owner --output +NSID,ONS,OWNER,USERNS
	alike --tree=parent --output +PNS,INIT
	alike --tree=process
	alike --persistent --raw --output-all
	alike --processes --raw --output NS,TYPE,NPROCS,PID,NTHREADS
	alike --processes --output NS,NPROCS
	alike --raw --output HOLDERS,HELD,NTHREADS,NS
	for type in $NSTYPES; do
		alike --type "$type" --raw --output-all
	done
	alike --task "$FIRST" --raw --output-all
	alike --json "$(inode "/proc/$FIRST/ns/user")" --output-all
	alike --raw "/proc/self/ns/mnt" /proc/self/ns/user -o PID,PPID,NSPID,UID,NPROCS
	alike --dot
}

@test "both engines tell the same, in every form and column" { as_ourselves quietly_apart each_form; }

# A process that the reader has no number for is not there, nor what it is in.
from_inside() {
	world -r -u
	"$NSCLONE" -p -m --mount-proc --loopback -n bash -c '
		. "$1"; set -e; BG_PIDS=(); find_user
		populate
		alike --raw --output-all
		refute grep -qw "$2" "$D/bpf"
		alike --json --output-all --tree=parent' - "$BATS_TEST_TMPDIR/functions" "$(inode "/proc/$TARGET/ns/uts")"
}

@test "in a PID namespace within another, too" { as_ourselves quietly_apart from_inside; }

# What both may read, outside: the kernel keeps from /proc what it tells the program.
no_less() {
	local proc bpf
	world -r -u -n
	proc=$("$NSLS" --engine proc -r -n -o NS,TYPE -p "$TARGET")
	bpf=$("$NSLS" --engine bpf -r -n -o NS,TYPE)
	[ -z "$(comm -23 <(sort <<<"$proc") <(sort <<<"$bpf"))" ]
}

@test "in the whole system, what a process is in is there" { as_ourselves no_less; }

# Two capabilities are enough, of an ordinary user: he sees all that root does, and
# without them he does not.
with_two_capabilities() {
	local -a nobody=(setpriv --reuid 65534 --regid 65534 --clear-groups)
	local -a two=(--inh-caps -all,+bpf,+perfmon --ambient-caps -all,+bpf,+perfmon)
	local -a look=(--processes -r -n -o NS,TYPE,NPROCS,PID,USER,COMMAND)
	populate
	cp "$NSLS" "$D/nsls"
	chmod 755 "$D/nsls"
	"$D/nsls" --engine bpf "${look[@]}" >"$D/root"
	"${nobody[@]}" "${two[@]}" "$D/nsls" --engine bpf "${look[@]}" >"$D/nobody"
	[ -s "$D/root" ]
	cmp "$D/root" "$D/nobody" || fail "$(diff "$D/root" "$D/nobody")"
	"${nobody[@]}" "$D/nsls" --engine proc "${look[@]}" >"$D/without" 2>"$D/err"
	[ "$(wc -l <"$D/without")" -lt "$(wc -l <"$D/root")" ]
	grep -q 'could not be read' "$D/err"
}

@test "with CAP_BPF and CAP_PERFMON alone, nothing is missing" {
	setpriv --list-caps | grep -qx perfmon || skip 'needs a setpriv that knows CAP_PERFMON'
	as_ourselves quietly_apart with_two_capabilities
}

### Where it cannot

# refused INJECTED: bpf(2) fails so; the engine says so, and the choice falls on the other.
refused() {
	run_split strace -f --seccomp-bpf -o /dev/null -e trace=bpf -e inject=bpf:"$1" "$NSLS" --engine bpf
	assert_status 1
	refute_output
	assert_stderr_line --partial "nsls: ${2-}"
	run_split strace -f --seccomp-bpf -o /dev/null -e trace=bpf -e inject=bpf:"$1" "$NSLS" --engine auto -r -n -o NS,TYPE
	assert_status 0
	[ "$(grep -c ' ' <<<"$output")" -ge 8 ]
	grep -q "^$(inode /proc/self/ns/uts) uts$" <<<"$output"
	[ -z "$(grep -v 'could not be read' <<<"$stderr")" ] || show_run 'it said something'
}

each_call_refused() {
	local n calls
	requires strace
	start "$HELPERS/hold" crowd "$D/crowd" 1200
	wait_until test -s "$D/crowd"
	calls=$(strace -f -e trace=bpf "$NSLS" --engine bpf 2>&1 >/dev/null | grep -c 'bpf(BPF')
	[ "$calls" -ge 8 ]
	for ((n = 1; n <= calls; n++)); do
		refused "error=EPERM:when=$n"
	done
	refused error=ENOSYS 'hint: this kernel has no bpf(2)'
}

@test "where a call fails, whichever it is: a reason, or the other engine in silence" { as_ourselves each_call_refused; }

# loads COMMAND [ARG...]: is a program loaded into the kernel?
loads() { strace -f --seccomp-bpf -e trace=bpf "$@" 2>&1 >/dev/null | grep -q 'bpf(BPF_PROG_LOAD'; }
asks_kernel() { loads "$NSLS" "$@"; }

where_it_is_worth_it() {
	requires strace
	refute asks_kernel
	refute asks_kernel --engine proc
	asks_kernel --engine bpf
	start "$HELPERS/hold" crowd "$D/crowd" 600
	wait_until test -s "$D/crowd"
	asks_kernel
	asks_kernel --engine auto --processes
	refute asks_kernel --engine proc
	# Who sees few of them asks for few.
	refute loads "$NSCLONE" -p -m --mount-proc "$NSLS"
	loads "$NSCLONE" -p -m --mount-proc "$NSLS" --engine bpf
	# A process that is asked for alone can tell it all.
	refute asks_kernel -p "$BG_PID" -o NS,TYPE,NSID
}

@test "it is loaded where there are many" { as_ourselves quietly_apart where_it_is_worth_it; }

not_root() {
	run_split "${WHO[@]}" "$NSLS" --engine bpf
	assert_status 1
	refute_output
	assert_stderr_line 'nsls: hint: it takes CAP_BPF and CAP_PERFMON, or root'
}

@test "an ordinary user is told what it takes" {
	make_user_here() { make_user; }
	make_user_here
	as_the_user not_root
	remove_user
}

of_another_namespace() {
	run_split unshare --pid --fork --kill-child "$NSLS" --engine bpf
	assert_status 1
	refute_output
	assert_stderr_line --partial 'this proc is of another PID namespace'
	run_split unshare --pid --fork --kill-child "$NSLS" --engine auto -r -n -o NS
	assert_status 0
	grep -q "^$(inode /proc/self/ns/uts)$" <<<"$output"
}

@test "a proc of another PID namespace has other numbers" { as_ourselves of_another_namespace; }

@test "the verifier's words are printed on request" {
	# A log that is asked for, of programs that are let in, says nothing.
	run_split env NSLS_BPF_LOG=1 "$NSLS" --engine bpf -n -o NS
	assert_status 0
	[ -z "$(grep -v 'could not be read' <<<"$stderr")" ] || show_run 'it said something'
}

### What is left

programs() { bpftool prog show 2>/dev/null | grep -c ' scan_\(tasks\|files\) ' || true; }
have_gone() { [ "$(programs)" -eq 0 ]; }

killed_anywhere() {
	local n
	requires strace bpftool
	wait_until have_gone
	"$NSLS" --engine bpf >/dev/null 2>&1
	wait_until have_gone
	for n in 3 5 6 7 8; do
		strace -f --seccomp-bpf -o /dev/null -e trace=bpf -e inject=bpf:signal=KILL:when=$n "$NSLS" --engine bpf >/dev/null 2>&1 || true
		wait_until have_gone
	done
	# Where no bpffs is mounted there is nowhere to pin a program.
	[ "$(stat -f -c %T /sys/fs/bpf)" != bpf_fs ] || refute grep -q scan <<<"$(ls /sys/fs/bpf)"
}

@test "nothing stays in the kernel, also when nsls is killed" {
	PATH=$PATH:/usr/sbin:/sbin
	as_ourselves killed_anywhere
}

### Where much moves

in_a_storm() {
	local ns i
	world -r -u -n
	ns=$(inode "/proc/$TARGET/ns/uts")
	start "$HELPERS/hold" forks "$D/forks"
	start "$HELPERS/hold" churn "$D/churn"
	wait_until test -s "$D/churn"
	for ((i = 0; i < 30; i++)); do
		rows NS,NPROCS --engine bpf
		grep -qx "$ns 1" <<<"$output" || show_run "wanted $ns, with one process"
		grep -q "^$(inode /proc/self/ns/mnt) " <<<"$output" || show_run 'wanted our own mount namespace'
	done
}

@test "beside thousands of births a second, what is held throughout is there" { as_ourselves in_a_storm; }

# One that goes from namespace to namespace is looked at while it goes, but it is
# in the others all the time.
on_the_move() {
	local mnt i
	rm -f "$D/mnt"
	start unshare --mount "$HELPERS/hold" roam "$D/mnt"
	wait_until test -s "$D/mnt"
	mnt=$(inode "/proc/$(<"$D/mnt")/ns/mnt")
	for ((i = 0; i < 100; i++)); do
		rows NS,NPROCS --engine bpf --type mnt --processes
		grep -qx "$mnt 1" <<<"$output" || show_run "wanted $mnt, with one process"
	done
}

@test "what a process is in throughout is there while it changes others" { as_ourselves on_the_move; }
