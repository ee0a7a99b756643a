#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# An ordinary user can have thousands of threads, descriptors, pins and processes
# in one place. What nsls shows of some hundreds is compared with what the kernel
# has; and the system calls for them, or the size of the output, are counted: they
# must not grow with the square of the number. How long thousands take:
# tests/bench/list -g.

load helpers
load launchers
load nsenter
load nspin
load nsls

setup_file() { make_user; }
teardown_file() { remove_user; }
setup() { requires userns perl; }

### Worlds

# many HOW N: what helpers/many makes; $MANY is the PID that it tells, $OPEN the
# number of the namespace that it has open.
many() {
	local ready
	ready=$("${WHO[@]}" mktemp -u "$D/XXXXXX")
	start "${WHO[@]}" "$HELPERS/many" "$1" "$2" "$ready"
	wait_until test -s "$ready"
	MANY=$(<"$ready")
	OPEN=$(inode "/proc/$MANY/fd/3" 2>/dev/null || true)
}

# calls NAME ARG...: how often nsls makes this system call, in $CALLS.
calls() {
	"${WHO[@]}" strace -f -qq -e trace="$1" -o "$D/trace" "$NSLS" --engine proc "${@:2}" \
		>"$BATS_TEST_TMPDIR/out" 2>/dev/null 3>&- 4>&- || true
	CALLS=$(grep -c "$1(" "$D/trace" || true)
}

# few CALLS N FACTOR: so many calls for N are no more than FACTOR N log N.
few() {
	perl -e 'exit !($ARGV[0] <= $ARGV[2] * $ARGV[1] * log($ARGV[1]) / log(2))' "$1" "$2" "$3" ||
		fail "$1 calls for $2"
}

# holders NS ARG...: what JSON has in "holders", a line each, sorted.
holders() {
	"${WHO[@]}" "$NSLS" -J -o NS,HOLDERS "${@:2}" 2>/dev/null | perl -0777 -ne '
		BEGIN { $ns = shift } /"ns": ?$ns,\s*"holders": ?"([^"]*)"/ && print join("\n", split /\\n/, $1), "\n"' "$1" |
		sort -t : -n -k 1,1 -k 2,2
}

# The same by the kernel, for the threads or processes of the PIDs on stdin.
who_holds() {
	perl -ne 'chomp; for (glob "/proc/$_/fd/*") { my @s = stat or next;
		print "$1:$2\n" if $s[1] == $ENV{OPEN} && m{/proc/(\d+)/fd/(\d+)$} }' | sort -t : -n -k 1,1 -k 2,2
}

tasks() { (cd "/proc/$1/task" && printf '%s\n' *); }

### Descriptors

own_tables() {
	local n=$1
	many threads "$n"
	export OPEN
	assert_equal "$(holders "$OPEN" --engine proc)" "$(tasks "$MANY" | who_holds)"
	assert_equal "$(tasks "$MANY" | who_holds | wc -l)" "$((n + 1))"
	calls kcmp -o NS,HOLDERS
	[ "$CALLS" -ge "$n" ]
	# Each once with the first, those that are left with each other, and at the end.
	few "$CALLS" "$n" 1.6
}

@test "threads with descriptors of their own are compared with few calls" {
	requires strace
	as_ourselves quietly_apart own_tables 300
	as_ourselves quietly_apart own_tables 100
}

# N / 2 threads have N / 2 descriptors: with the square it would be 40000.
shared_table() {
	local n=400 all
	many "$1" "$n"
	export OPEN
	all=$(holders "$OPEN" --engine proc)
	# Each descriptor is there, of one of those that have it.
	assert_equal "$(cut -d : -f 2 <<<"$all" | sort -n | uniq | wc -l)" "$((n / 2 + 1))"
	assert_equal "$(comm -23 <(sort <<<"$all") <(processes_or_tasks | who_holds | sort))" ''
	[ "$(wc -l <<<"$all")" -le $((n / 2 + 2)) ] || fail 'a table was looked at more than once'
	calls statx -o NS,HOLDERS
	[ "$CALLS" -gt $((n / 2)) ] && [ "$CALLS" -lt $((n * 2)) ] || fail "$CALLS calls"
	# By number it is found as the last of all, and so everything is looked at.
	calls readlinkat 1
	[ "$CALLS" -lt $((n * 40)) ] || fail "$CALLS calls"
}

processes_or_tasks() {
	tasks "$MANY"
	(cd /proc && printf '%s\n' [0-9]*)
}

@test "a table of descriptors that many threads share is read once" {
	requires strace
	as_ourselves quietly_apart shared_table sharers
}

@test "a table of descriptors that many processes share is read once" {
	requires strace
	as_ourselves quietly_apart shared_table family
}

# Twelve hundred processes with as many descriptors.
too_much_for_bpf() {
	many family 2400
	run_split "$NSLS" --engine bpf -l -n -o NS,HOLDERS
	assert_status 1
	assert_equal "${stderr_lines[0]}" \
		'nsls: look at descriptors by programs in the kernel: Argument list too long'
	[[ ${stderr_lines[1]} == *'--engine proc'* ]]
	shows -l -n -o NS,HOLDERS
	assert_line "$OPEN $MANY:(1201)"
}

@test "the programs in the kernel do not look at a table a thousand times" {
	requires root
	"$NSLS" --engine bpf -t uts >/dev/null 2>&1 || skip 'needs --engine=bpf'
	as_ourselves quietly_apart too_much_for_bpf
}

descriptors() {
	many descriptors 200
	export OPEN
	assert_equal "$(holders "$OPEN")" "$(who_holds <<<"$MANY")"
	assert_equal "$(who_holds <<<"$MANY" | wc -l)" 200
	# Who reads a table wants to know who it is, programs all of it.
	shows -l -n -o NS,HOLDERS
	assert_line "$OPEN $MANY:(200)"
	shows -l -n -W -o NS,HOLDERS
	assert_line "$OPEN $MANY:(200)"
	cell HOLDERS "$OPEN"
	assert_equal "$(tr , '\n' <<<"$cell")" "$(who_holds <<<"$MANY")"
}

@test "many descriptors of a process are a number in text, and whole for programs" {
	quietly_apart descriptors
}

few_descriptors() {
	many descriptors 8
	shows -l -n -W -o NS,HOLDERS
	assert_line --regexp "^$OPEN $MANY:3,$MANY:6,.*$MANY:12$"
}

@test "few descriptors of a process are shown each" {
	quietly_apart few_descriptors
}

many_holders() {
	many threads 100
	shows -l -n -W -o NS,HOLDERS
	assert_line --regexp "^$OPEN $MANY:3,([0-9]+:3,)+[0-9]+ more$"
	[ "$(grep "^$OPEN " <<<"$output" | tr , '\n' | wc -l)" -le 50 ]
	# Those that are not shown are counted.
	assert_equal "$(($(grep "^$OPEN " <<<"$output" | tr , '\n' | grep -c :3) + $(grep "^$OPEN " <<<"$output" | sed 's/.*,\([0-9]*\) more$/\1/')))" 101
}

@test "where thousands hold a namespace, the first of them are shown in text, and how many more there are" {
	# Where no other test's nsls holds what it looks at.
	quietly_apart many_holders
}

### Pins

pinned_ns() { sed -n 's/.* uts:\[\([0-9]*\)\] \/mnt\/0 .*/\1/p' "/proc/$MANY/mountinfo" | sed -n 1p; }

pins_once() {
	local n ns mntns
	for n in 300 600; do
		many pins "$n"
		ns=$(pinned_ns) mntns=$(ns_of "$MANY" mnt)
		"$NSLS" -J -o NS,PINS 2>/dev/null | perl -0777 -ne '
			BEGIN { $ns = shift } /"ns": ?$ns,\s*"pins": ?"([^"]*)"/ && print join("\n", split /\\n/, $1), "\n"' "$ns" >"$D/pins"
		assert_equal "$(sort "$D/pins")" "$(sed -n "s/.* uts:\[$ns\] \([^ ]*\) .*/$mntns:\1/p" "/proc/$MANY/mountinfo" | sort)"
		assert_equal "$(wc -l <"$D/pins")" "$n"
		shows -l -n -W -o NS,PINS
		assert_line --regexp "^$ns $mntns:/mnt/0,$mntns:/mnt/1,.*,$((n - 49)) more$"
		shows -l -r -n -o NS,PINS
		assert_equal "$(grep "^$ns " <<<"$output" | tr , '\n' | wc -l)" "$n"
		calls openat -o NS,PINS
		echo "$n $CALLS" >>"$D/calls"
		end_background
	done
	# Those that come when it is held are known by their number.
	[ "$(awk 'NR == 2 { print $2 }' "$D/calls")" -lt "$(($(awk 'NR == 1 { print $2 }' "$D/calls") + 50))" ] ||
		fail "$(cat "$D/calls")"
}

@test "pins of a namespace that is held are not opened each" {
	requires strace
	as_ourselves quietly_apart pins_once
}

one_stack() {
	local ns
	many stack 300
	ns=$(sed -n 's/.* uts:\[\([0-9]*\)\] \/mnt\/0 .*/\1/p' "/proc/$MANY/mountinfo" | sed -n 1p)
	rows NS,PINS
	assert_line "$ns $(ns_of "$MANY" mnt):/mnt/0"
}

@test "mounts upon each other in one place are one pin" { as_ourselves quietly_apart one_stack; }

### Trees

# A row each, no deeper than 40 levels, that hangs where it belongs.
chain() {
	local n=$1
	many chain "$n"
	shows --engine proc -n -o PID,COMMAND "/proc/$MANY/ns/uts"
	assert_equal "${#lines[@]}" "$n"
	assert_equal "$(awk '{ print $1 }' <<<"$output" | sort -n | uniq | wc -l)" "$n"
	perl -ne '
		/^ *\d+ ([ |`-]*)/ or die "what is: $_";
		my $level = $. - 1 < 40 ? $. - 1 : 40;
		length $1 == 2 * $level or die "level of row $.: $_";
		my $more = $. > 40 && $. < $ENV{N};
		$level == 0 or substr($1, -2) eq ($more ? "|-" : "`-") or die "art of row $.: $_"' <<<"$output"
	# JSON has no row twice, none is missing, and each says whose child it is.
	"${WHO[@]}" "$NSLS" --engine proc -J -o PID,PPID,COMMAND "/proc/$MANY/ns/uts" >"$D/json" 2>/dev/null
	perl -0777 -ne '
		my ($level, $most, %parent) = (0, 0);
		while (/"pid": ?(\d+),\s*"ppid": ?(\d+)|([\[\]])/g) {
			if ($3) { $level += $3 eq "[" ? 1 : -1; $most = $level if $level > $most; next }
			die "twice: $1" if $parent{$1};
			$parent{$1} = $2;
		}
		die "$most levels" if $most != 41;
		die scalar(keys %parent), " processes" if keys %parent != $ENV{N};
		for (keys %parent) {
			open my $f, "<", "/proc/$_/stat" or die; my $stat = <$f>;
			die "parent of $_" if $stat !~ /\) \S (\d+)/ || $1 != $parent{$_};
		}' "$D/json"
}

@test "a long chain of processes is a tree of 40 levels, in text and in JSON" {
	export N=150
	each_way chain "$N"
}

chain_size() {
	local n size
	for n in 100 200; do
		many chain "$n"
		"$NSLS" --engine proc "$1" -o PID,COMMAND "/proc/$MANY/ns/uts" >"$D/$n" 2>/dev/null
		end_background
	done
	size=$(wc -c <"$D/100")
	[ "$(wc -c <"$D/200")" -lt $((size * 5 / 2)) ] || fail "$size, then $(wc -c <"$D/200")"
}

@test "twice as long a chain takes twice as much paper" {
	as_ourselves quietly_apart chain_size --tree=process
	as_ourselves quietly_apart chain_size --json
}

# The namespaces of namespaces are never as deep as that.
deepest() {
	local wanted=0
	start "${WHO[@]}" bash -c 'n=$1; shift; for ((i = 0; i < n; i++)); do set -- unshare --user --map-root-user -- "$@"; done; exec "$@"' \
		bash 31 sleep 999
	wait_until is_nested "$BG_PID" 31
	shows --engine proc -n --tree=owner -o NS,TYPE -t user
	assert_output --regexp "( *[|\`]?){31}-$(ns_of "$BG_PID" user) +user"
	perl -e '$l = (grep /\b$ARGV[1]\b/, split /\n/, $ARGV[0])[0]; $l =~ /^([ |`-]*)/; exit(length $1 < 62)' \
		"$output" "$(ns_of "$BG_PID" user)"
}

is_nested() { [ "$(comm_of "$1")" = sleep ]; }

@test "as deep as user namespaces may be nested, the tree shows it" { as_ourselves quietly_apart deepest; }

### The rest

wide() {
	local long
	long=$(printf '%03000d' 7)
	own_world -u
	start "${WHO[@]}" bash -c 'exec -a "$1" sleep 999' bash "$long"
	wait_until is_nested "$BG_PID"
	# What is long is whole, and does not make others long.
	shows --engine proc -l -n -o COMMAND,PID,NS "/proc/$BG_PID/ns/pid"
	assert_line --regexp "^$long 999 +$BG_PID [0-9]+$"
	assert_equal "$(awk -v pid="$BG_PID" '$NF && !index($0, " " pid " ") && length > 700' <<<"$output" | wc -l)" 0
}

@test "a long command line does not widen the others' column, and is whole" { as_ourselves quietly_apart wide; }

users() {
	many users 60
	shows --engine proc -r -n -o UID,USER,PID "/proc/$MANY/ns/pid"
	assert_equal "$(grep -c '^100[0-9]* 100[0-9]* ' <<<"$output")" 60
	assert_equal "$(awk '$1 >= 100000 { print $1, $2 }' <<<"$output" | sort)" \
		"$(for ((i = 100000; i < 100060; i++)); do echo "$i $i"; done)"
}

@test "many users are called by their names" {
	requires root
	as_ourselves quietly_apart users
}

several() {
	local other
	many worlds 40
	other=$(child_of "$MANY" && echo "$CHILD")
	shows --engine proc -r -n -o PID "/proc/$MANY/ns/pid" "/proc/$other/ns/uts" "/proc/$MANY/ns/pid"
	assert_equal "$(grep -cx "$other" <<<"$output")" 2
	assert_equal "${lines[-1]}" "$other"
	assert_equal "$(grep -cx "$MANY" <<<"$output")" 1
	assert_equal "$(sed '$d' <<<"$output")" "$(sed '$d' <<<"$output" | sort -n)"
}

@test "of several namespaces each process is listed in each, those of the first one first" {
	as_ourselves quietly_apart several
}
