#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# nspin -l: what is kept, and by what, as the kernel has it. Pins are made by
# mount(8) here, so that nothing but the list is asked.

load helpers
load launchers
load nsenter
load nspin

setup_file() { make_user; }
teardown_file() { remove_user; }
setup() { requires userns taskset; }

# alone TEST [ARG...]: pinning, where there are no pins but the test's.
alone() { pinning without_pins "$@"; }

without_pins() {
	local path
	for path in $(by_kernel | cut -d ' ' -f 3 | tac); do
		umount "$path" || true
	done
	[ -z "$(by_kernel)" ] || skip 'needs a mount namespace without pins'
	"$@"
}

### Pins, made by hand

# pin NSFILE FILE
pin() {
	mkdir -p "${2%/*}"
	[ -e "$2" ] || : >"$2"
	mount --bind "$1" "$2"
}

# pin_new TYPE FILE: a new namespace that no process is in.
pin_new() {
	mkdir -p "${2%/*}"
	[ -e "$2" ] || : >"$2"
	unshare "--$1=$2" true
}

inode() { stat -Lc %i "$1"; }

# listed COLUMNS [ARG...]: raw, without headings; it does well and says nothing else.
listed() {
	nspin -l -r --noheadings -o "$1" "${@:2}"
	assert_status 0
	refute_stderr
}

# lists COLUMNS LINE... [-- ARG...]: these lines, in this order.
lists() {
	local columns=$1
	local -a wanted=()
	shift
	while [ $# -gt 0 ] && [ "$1" != -- ]; do
		wanted+=("$1")
		shift
	done
	listed "$columns" "${@:2}"
	assert_equal "$output" "$(printf '%s\n' "${wanted[@]}")"
}

### What is listed

# All pins of this mount namespace, by mountinfo: "NS TYPE PATH", in its order.
by_kernel() {
	awk '{ for (i = 7; $i != "-"; i++); if ($(i + 1) == "nsfs") { split($4, p, /[^a-z0-9]+/); print p[2], p[1], $5 } }' /proc/self/mountinfo
}

all_types() {
	local type
	for type in uts ipc net user cgroup time; do
		[ ! -e "/proc/self/ns/$type" ] || pin "/proc/self/ns/$type" "$D/own-$type"
	done
	pin_new uts "$D/new"
	pin_new mount "$D/mnt"
	listed NS,TYPE,PATH
	assert_equal "$output" "$(by_kernel)"
	assert_line "$(inode /proc/self/ns/net) net $D/own-net"
	assert_line "$(inode "$D/new") uts $D/new"
	assert_line "$(inode "$D/mnt") mnt $D/mnt"
	umount "$D/new"
	listed PATH
	refute_line "$D/new"
	assert_equal "${#lines[@]}" "$(by_kernel | wc -l)"
}

@test "every pin of the mount namespace is listed, in the order of mountinfo" { alone all_types; }

nothing() {
	assert_equal "$(by_kernel)" ''
	listed NS
	refute_output
	nspin -l
	assert_status 0
	refute_output
	nspin -l -J
	assert_status 0
	is_json "$output"
	assert_equal "$(tr -d ' \n' <<<"$output")" '{"namespaces":[]}'
	[ ! -e "$NSPIN_DIR" ]
}

@test "where there is no pin, nothing is listed, and nothing is made" { alone nothing; }

stacked() {
	pin_new uts "$D/uts"
	pin_new net "$D/uts"
	pin_new uts "$D/uts"
	listed TYPE,PATH
	assert_equal "$output" "$(printf "%s $D/uts\n" uts net uts)"
	listed NS,TYPE "$D/uts"
	assert_equal "$output" "$(by_kernel | cut -d ' ' -f 1,2)"
	umount "$D/uts"
	lists TYPE uts net
}

@test "pins that are stacked are listed each" { alone stacked; }

# More than is read at once, and a line that is longer than that.
many() {
	local i long
	local -a wanted=()
	long=$(printf 'x%.0s' {1..240})
	cd "$D"
	for ((i = 0; i < 300; i++)); do
		mkdir -p "$i/$long"
		: >"$i/$long/pin"
		mount --bind /proc/self/ns/uts "$D/$i/$long/pin"
		wanted+=("$D/$i/$long/pin")
	done
	lists PATH "${wanted[@]}"
	for ((i = 0; i < 150; i++)); do
		mkdir "$long"
		cd "$long"
	done
	: >$'a\tb'
	mount --no-canonicalize --bind /proc/self/ns/net $'./a\tb' || skip 'mount(8) takes no paths of this length'
	listed PATH
	assert_equal "${#lines[@]}" 301
	assert_equal "${lines[300]}" "$PWD/a\\x09b"
}

@test "many pins, and one at a very long path, are read whole" { alone many; }

### Columns

headings() {
	local before
	pin_new uts "$D/uts"
	pin_new net "$NSPIN_DIR/web/net"
	nspin -l
	assert_status 0
	assert_equal "${#lines[@]}" 3
	assert_equal "$(echo ${lines[0]})" 'NS TYPE SET PATH STATE'
	assert_equal "$(echo ${lines[1]})" "$(inode "$D/uts") uts $D/uts live"
	assert_equal "$(echo ${lines[2]})" "$(inode "$NSPIN_DIR/web/net") net web $NSPIN_DIR/web/net live"
	# Columns stand under each other: numbers end, and texts begin there.
	assert_equal "${lines[0]%%NS*}NS" "$(printf '%*s' "$(inode "$D/uts" | tr -d '\n' | wc -c)" NS)"
	assert_equal "$(expr index "${lines[1]}" /)" "$(expr index "${lines[2]}" /)"
	before=${lines[0]%%PATH*}
	assert_equal $((${#before} + 1)) "$(expr index "${lines[2]}" /)"
	nspin -l --noheadings
	assert_equal "${#lines[@]}" 2
	nspin -ln
	assert_equal "${#lines[@]}" 2
	refute_output --partial PATH
	nspin -l -r
	assert_equal "${lines[0]}" 'NS TYPE SET PATH STATE'
	assert_equal "${lines[1]}" "$(inode "$D/uts") uts  $D/uts live"
}

@test "the columns are NS TYPE SET PATH STATE, with headings unless they are not wanted" { alone headings; }

chosen() {
	local own
	own=$(inode /proc/self/ns/mnt)
	pin_new uts "$D/uts"
	lists PATH,NS "$D/uts $(inode "$D/uts")"
	lists path,Type "$D/uts uts"
	lists TYPE,TYPE,type uts
	lists MNTNS "$own"
	lists STATE,SET 'live '
	lists +MNTNS "$(inode "$D/uts") uts  $D/uts live $own"
	lists +mntns,PATH "$(inode "$D/uts") uts  $D/uts live $own"
	mistaken "unknown column 'X'; there are: NS,TYPE,SET,PATH,STATE,NPROCS,MNTNS" -l -o NS,X
	run_split "$NSPIN" --help
	assert_output --partial ' NS,TYPE,SET,PATH,STATE,NPROCS,MNTNS'
	mistaken "unknown column 'N'" -l -o N
	mistaken "unknown column 'NSS'" -l -o +NSS
	mistaken "unknown column ''" -l -o ''
	mistaken "unknown column ''" -l -o +
	mistaken "unknown column ''" -l -o NS,
	mistaken "unknown column ''" -l -o ,NS
}

@test "-o chooses columns, or adds to them; one that there is not is a usage error that names all" { alone chosen; }

counted() {
	local uts net
	pin_new uts "$D/empty"
	pin_new ipc "$D/ipc"
	world --uts
	uts=$(inode "/proc/$TARGET/ns/uts")
	pin "/proc/$TARGET/ns/uts" "$D/uts"
	pin "/proc/$TARGET/ns/uts" "$D/again"
	start nsenter --uts="$D/uts" sleep 999
	wait_until runs_in "$BG_PID" "$uts"
	nspin -l -r --noheadings -o NS,NPROCS,STATE
	assert_status 0
	# nsclone itself is outside.
	assert_output "$(inode "$D/empty") 0 empty
$(inode "$D/ipc") 0 empty
$uts 2 live
$uts 2 live"
	listed STATE "$D/empty"
	assert_output live
	nspin -l -J -o NPROCS "$D/uts"
	assert_output --partial '"nprocs": 2'
	net=$(readlink /proc/[0-9]*/ns/net 2>/dev/null | grep -c "$(ns_id self net | tr -d '[]' | cut -d : -f 2)")
	pin /proc/self/ns/net "$D/net"
	nspin -l -r --noheadings -o NPROCS "$D/net"
	[ "$output" -ge 3 ] && [ "$output" -le $((net + 20)) ]
}

runs_in() { has_comm "$1" sleep && [ "$(inode "/proc/$1/ns/uts")" = "$2" ]; }

@test "NPROCS counts the processes in a namespace, and one without any is empty" { alone counted; }

unseen() {
	a_world uts
	"${WHO[@]}" "$NSPIN" -t "$TARGET" web
	nspin -l -o NPROCS web
	assert_status 0
	assert_stderr --regexp '^nspin: [0-9]+ process(es)? could not be looked at: NPROCS leaves them out$'
	nspin -l web
	refute_stderr
	nspin -d web
}

@test "what may not be looked at for NPROCS is told in one line" {
	requires root
	keeping unseen
}

### Sets

in_sets() {
	export NSPIN_DIR=$D/sets
	mkdir -p "$NSPIN_DIR"
	pin_new uts "$NSPIN_DIR/web/uts"
	pin_new net "$NSPIN_DIR/web/net"
	pin_new ipc "$NSPIN_DIR/a/ipc"
	pin_new net "$D/sets2/x/net"
	pin_new ipc "$D/sets-web/ipc"
	pin_new net "$NSPIN_DIR/x/uts"
	pin_new net "$NSPIN_DIR/1x/net"
	pin_new net "$NSPIN_DIR/deep/er/net"
	pin_new net "$NSPIN_DIR/net"
	pin_new uts "$NSPIN_DIR/.new/half/uts"
	pin_new uts "$NSPIN_DIR/.newer/uts"
	lists SET,TYPE,PATH " net $D/sets2/x/net" " ipc $D/sets-web/ipc" " net $D/sets/x/uts" " net $D/sets/1x/net" \
		" net $D/sets/deep/er/net" " net $D/sets/net" " uts $D/sets/.newer/uts" \
		"a ipc $D/sets/a/ipc" "half uts $D/sets/.new/half/uts" "web uts $D/sets/web/uts" "web net $D/sets/web/net"
	ln -s sets "$D/link"
	lists PATH "$D/sets/web/uts" "$D/sets/web/net" -- web
	mkdir "$D/above"
	ln -s .. "$D/above/up"
	NSPIN_DIR=$D/above/up/sets//
	lists PATH "$D/sets/a/ipc" -- a
	NSPIN_DIR="$D/a b"
	pin_new uts "$NSPIN_DIR/blank/uts"
	lists SET blank -- blank
	NSPIN_DIR=$D/sets2
	lists SET,PATH "x $D/sets2/x/net" -- x
	NSPIN_DIR=$D/none
	listed SET
	refute_output --regexp '[a-z]'
	[ ! -e "$D/none" ]
}

@test "pins in the place of sets are listed with the set's name, each set together" { alone in_sets; }

# The place is not to be believed, or is not there.
bad_places() {
	pin_new uts "$D/uts"
	mkdir -m 777 "$D/open"
	for NSPIN_DIR in "$D/open" "$D/uts" relative; do
		export NSPIN_DIR
		nspin -l -r --noheadings -o PATH
		assert_status 1
		assert_output "$D/uts"
		assert_stderr --regexp "^nspin: .*$NSPIN_DIR"
	done
	unset NSPIN_DIR XDG_RUNTIME_DIR
	mount -t tmpfs -o mode=755 tmpfs /run
	lists PATH "$D/uts"
	[ ! -e /run/nspin ]
}

@test "a place of sets that is refused is told, and pins are listed all the same" { alone bad_places; }

no_place() {
	unset NSPIN_DIR
	! "${WHO[@]}" test -w /run || return 0
	listed SET
	export NSPIN_DIR=
	listed SET
	nspin -l x
	assert_status 1
	assert_stderr_line --regexp '^nspin: no such set: x$'
}

@test "who has no place for sets can list pins" { as_the_user no_place; }

### Operands

named() {
	pin_new uts "$D/uts"
	pin_new net "$D/net"
	pin_new ipc "$NSPIN_DIR/web/ipc"
	pin_new uts "$NSPIN_DIR/web/uts"
	pin_new uts "$NSPIN_DIR/db/uts"
	ln -s "$D/uts" "$D/link"
	ln -s . "$D/here"
	lists PATH "$D/net" "$NSPIN_DIR/web/uts" "$NSPIN_DIR/web/ipc" -- web "$D/net"
	lists PATH "$D/uts" -- "$D/link"
	lists PATH "$D/uts" -- "$D/here/uts"
	lists PATH "$NSPIN_DIR/db/uts" -- "$NSPIN_DIR/db/uts" "$D/sets/db/../db/uts"
	cd "$D"
	lists PATH "$D/uts" -- ./uts
	lists SET db -- db db
}

@test "names and files pick what is listed, by whatever way a file is named" { alone named; }

unknown() {
	pin_new uts "$D/uts"
	mkdir -p "$NSPIN_DIR/elsewhere"
	: >"$D/plain"
	nspin -l -r --noheadings -o PATH none "$D/uts" "$D/plain" /etc/passwd "$D/none" "$D" uts elsewhere '' 1x
	assert_status 1
	assert_output "$D/uts"
	assert_stderr_line 'nspin: no such set: none'
	assert_stderr_line "nspin: hint: sets are looked for in $NSPIN_DIR"
	assert_stderr_line 'nspin: no such set: uts'
	assert_stderr_line "nspin: no pin: $D/plain"
	assert_stderr_line 'nspin: no pin: /etc/passwd'
	assert_stderr_line "nspin: no pin: $D"
	assert_stderr_line "nspin: look at a pin: $D/none: No such file or directory"
	assert_stderr_line 'nspin: no namespace of the set is pinned in this mount namespace: elsewhere'
	assert_stderr_line 'nspin: hint: --everywhere (-A) shows those of others'
	assert_stderr_line --regexp '^nspin: no such set: 1x$'
	nspin -l -J none
	assert_status 1
	assert_equal "$(tr -d ' \n' <<<"$output")" '{"namespaces":[]}'
}

@test "a name or file that is not there is an error, and the others are shown" { alone unknown; }

### JSON, and characters

# is_json TEXT: it is a value by the grammar, and UTF-8.
is_json() {
	local string='"([^"\\[:cntrl:]]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*"' left
	printf %s "$1" | iconv -f UTF-8 -t UTF-8 >/dev/null || fail 'no UTF-8' || return
	left=$(printf %s "$1" | tr -d '\n' | sed -E "s/$string/S/g; s/-?(0|[1-9][0-9]*)(\.[0-9]+)?/V/g; s/null|true|false/V/g; s/[ \t]//g
		:again
		s/\{(S:[SV](,S:[SV])*)?\}/V/g; s/\[([SV](,[SV])*)?\]/V/g; t again")
	assert_equal "$left" V
}

json() {
	local uts web
	pin_new uts "$D/uts"
	pin_new net "$NSPIN_DIR/web/net"
	uts=$(inode "$D/uts") web=$(inode "$NSPIN_DIR/web/net")
	nspin -l -J
	assert_status 0
	is_json "$output"
	assert_equal "$(tr -d ' \n' <<<"$output")" "{\"namespaces\":[{\"ns\":$uts,\"type\":\"uts\",\"set\":null,\"path\":\"$D/uts\",\"state\":\"live\"},{\"ns\":$web,\"type\":\"net\",\"set\":\"web\",\"path\":\"$NSPIN_DIR/web/net\",\"state\":\"live\"}]}"
	nspin -l --json -o NPROCS,MNTNS "$D/uts"
	is_json "$output"
	assert_equal "$(tr -d ' \n' <<<"$output")" "{\"namespaces\":[{\"nprocs\":0,\"mntns\":$(inode /proc/self/ns/mnt)}]}"
	mistaken 'exclude each other' -l -J -r
}

@test "-J is JSON, numbers are numbers, and what there is not is null" { alone json; }

characters() {
	pin_new uts "$D/"$'a\nb c'
	pin_new uts "$D/"$'q"\\x20\\\033[1m'
	pin_new uts "$D/"$'\303\244\342\202\254\360\237\230\200'
	pin_new uts "$D/"$'\377\303(\355\240\200\300\200\364\220\200\200\342\202'
	nspin -l -o PATH
	assert_status 0
	assert_equal "${#lines[@]}" 5
	assert_equal "${lines[1]}" "$D/a\\x0ab c"
	assert_equal "${lines[2]}" "$D/q\"\\x5cx20\\x5c\\x1b[1m"
	assert_equal "${lines[3]}" "$D/\\xc3\\xa4\\xe2\\x82\\xac\\xf0\\x9f\\x98\\x80"
	nspin -l -r -o PATH,TYPE
	assert_equal "${#lines[@]}" 5
	assert_equal "${lines[1]}" "$D/a\\x0ab\\x20c uts"
	nspin -l -J
	is_json "$output"
	assert_output --partial "\"path\": \"$D/a\\nb c\""
	assert_output --partial "\"path\": \"$D/q\\\"\\\\x20\\\\\\u001b[1m\""
	assert_output --partial $'/\303\244\342\202\254\360\237\230\200"'
	assert_output --partial $'/\357\277\275\357\277\275('
	lists TYPE uts -- "$D/"$'a\nb c'
}

@test "a path of any bytes is one line, and in JSON it is valid" { alone characters; }

### State

states() {
	local init
	: >"$D/never" >"$D/dead" >"$D/lives" >"$D/zombie"
	# Its first child would be the init. /proc has no link of it yet.
	start unshare --pid sleep 999
	wait_until is_comm "$BG_PID" sleep
	"$NSPIN" -t "$BG_PID" --pid="$D/never"
	end_background
	unshare --pid="$D/dead" --fork true
	start unshare --pid="$D/lives" --fork --kill-child sleep 999
	wait_until child_of "$BG_PID"
	wait_until is_mounted "$D/lives"
	# A parent that does not wait: it stops before its child ends.
	start unshare --pid="$D/zombie" --fork sleep 999
	wait_until child_of "$BG_PID"
	wait_until is_mounted "$D/zombie"
	init=$CHILD
	to "$BG_PID" STOP
	wait_until stopped "$BG_PID"
	to "$init" KILL
	wait_until is_gone "$init"
	assert_equal "$(state_of "$init")" Z
	listed STATE,PATH
	assert_line "dead $D/dead"
	assert_line "live $D/lives"
	assert_line "dead $D/zombie"
	assert_line "live $D/never"
	nspin -l -r --noheadings -o STATE,NPROCS,PATH
	assert_line "dead 0 $D/dead"
	assert_line "live 1 $D/lives"
	assert_line --regexp "^dead [01] $D/zombie\$"
	assert_line "empty 0 $D/never"
}

is_mounted() { [ -n "$(pinned "$1")" ]; }

is_comm() { has_comm "$1" "$2"; }

@test "a PID namespace whose init has ended is dead, one that waits for its first process is not" {
	alone states
}

# What is covered cannot be opened by its path.
covered() {
	: >"$D/pid"
	unshare --pid="$D/pid" --fork true
	lists STATE dead
	mount --bind /proc/self/ns/uts "$D/pid"
	lists TYPE,STATE 'pid ' 'uts live'
	umount "$D/pid"
	lists TYPE,STATE 'pid dead'
	start unshare --pid="$D/pid" --fork --kill-child sleep 999
	wait_until is_stacked "$D/pid"
	lists TYPE,STATE 'pid ' 'pid live'
	mount -t tmpfs tmpfs "$D"
	lists TYPE,STATE 'pid ' 'pid '
}

is_stacked() { [ "$(times_mounted "$1")" = 2 ]; }

@test "the state of a PID namespace whose pin is covered is not guessed" { alone covered; }

### What is not asked for costs nothing

# calls ARG...: how many system calls, as "NAME COUNT"
calls() {
	strace -qq -c -U name,calls -o "$D/calls" "$NSPIN" -l "$@" >/dev/null
	awk '$1 ~ /^[a-z0-9_]+$/ { print $1, $2 }' "$D/calls" | sort | grep -vE '^(read|write|getdents64|brk|mmap|munmap|mremap|sysinfo|total) '
}

frugal() {
	local i few
	for ((i = 0; i < 300; i++)); do
		[ "$i" -ne 3 ] || few=$(calls)
		pin "/proc/self/ns/uts" "$D/uts$i"
		pin "/proc/self/ns/net" "$NSPIN_DIR/set$i/net"
	done
	[ -n "$few" ]
	assert_equal "$(calls)" "$few"
	# mountinfo is opened once, and read from its start to its end.
	strace -qq -y -e trace=openat,read,pread64,lseek -o "$D/trace" "$NSPIN" -l >/dev/null
	assert_equal "$(grep -c '^openat.*mountinfo' "$D/trace")" 1
	assert_equal "$(grep -cE '^(pread64|lseek).*mountinfo.* = [1-9]' "$D/trace")" 0
	assert_equal "$(grep -c '^read.*mountinfo.* = 0$' "$D/trace")" 1
	: >"$D/pid"
	unshare --pid="$D/pid" --fork true
	assert_equal "$(calls -o PATH)" "$few"
	refute_equal "$(calls -o STATE | grep open)" "$(grep open <<<"$few")"
	assert_equal "$(strace -f -qq -e trace=openat,open,readlinkat "$NSPIN" -l -o NS 2>&1 | grep -c '/proc"\|/ns')" 0
}

@test "no call is made for a pin, but for the state of a PID namespace, where that is shown" {
	requires strace
	[ -z "${WITH_ASAN-}" ] || skip 'not with AddressSanitizer: it makes calls of its own'
	alone frugal
}

### Other mount namespaces, other places

# A mount namespace with pins of its own that no process is in, on $D/mnt; $NS
# is its number.
deserted_mntns() {
	: >"$D/mnt"
	mkdir -p "$D/other"
	unshare --mount="$D/mnt" sh -ec '
		mount -t tmpfs tmpfs "$1"
		for type in uts net pid; do : >"$1/$type"; done
		unshare --uts="$1/uts" true
		unshare --net="$1/net" true
		unshare --pid="$1/pid" --fork true
		stat -Lc %i "$1"/* >"$2"' sh "$D/other" "$D/inodes"
	mapfile -t INODES <"$D/inodes"
	OTHER=$(inode "$D/mnt")
}

# Only who may walk from one mount namespace to the next finds it.
everywhere() {
	local own
	own=$(inode /proc/self/ns/mnt)
	deserted_mntns
	pin_new uts "$D/uts"
	nspin -lAr --noheadings
	assert_status 0
	assert_line "$(inode "$D/uts") uts  $D/uts live $own"
	assert_line "$OTHER mnt  $D/mnt live $own"
	# In order net, pid, uts
	assert_line "${INODES[0]} net  $D/other/net live $OTHER"
	assert_line "${INODES[1]} pid  $D/other/pid dead $OTHER"
	assert_line "${INODES[2]} uts  $D/other/uts live $OTHER"
	nspin -lAr --noheadings -o +NPROCS "$D/other/uts" "$D/uts"
	assert_status 0
	assert_line "${INODES[2]} uts  $D/other/uts empty $OTHER 0"
	assert_line "$(inode "$D/uts") uts  $D/uts empty $own 0"
	assert_equal "${#lines[@]}" 2
	lists PATH "$D/mnt" "$D/uts"
	# The kernel has nothing more, and nothing twice.
	nspin -lAr --noheadings -o PATH,MNTNS
	assert_equal "$(printf '%s\n' "${lines[@]}" | grep -F "$D/" | sort)" "$(printf '%s\n' "$D/mnt $own" "$D/uts $own" "$D/other/net $OTHER" "$D/other/pid $OTHER" "$D/other/uts $OTHER" | sort)"
}

@test "-A lists the pins of mount namespaces that no process is in" {
	requires root
	alone everywhere
}

# A process in a mount namespace of its own, and another one. What is in there
# is in REST.
by_processes() {
	local mntns
	mkdir "$D/other"
	: >"$D/other/uts" >"$D/other/pid"
	start unshare --mount sh -c '
		unshare --uts="$0/uts" true; unshare --pid="$0/pid" --fork true
		exec sleep 999' "$D/other"
	wait_until is_comm "$BG_PID" sleep
	mntns=$(inode "/proc/$BG_PID/ns/mnt")
	start nsenter --preserve-credentials --mount --target "$BG_PID" sleep 999
	wait_until is_comm "$BG_PID" sleep
	nspin -lAr --noheadings -o PATH,TYPE,STATE,MNTNS
	assert_status 0
	assert_equal "$(grep -F "$D/" <<<"$output")" "$D/other/uts uts live $mntns
$D/other/pid pid dead $mntns"
}

@test "-A lists the pins of the mount namespaces of processes" { alone by_processes; }

# A new mount namespace has copies of all pins.
copies() {
	local own other
	own=$(inode /proc/self/ns/mnt)
	pin_new uts "$NSPIN_DIR/web/uts"
	pin_new net "$NSPIN_DIR/web/net"
	start unshare --mount sleep 999
	wait_until is_comm "$BG_PID" sleep
	other=$(inode "/proc/$BG_PID/ns/mnt")
	nspin -lAr --noheadings -o MNTNS,TYPE,SET web
	assert_status 0
	assert_output "$own uts web
$own net web
$other uts web
$other net web"
	# From one that is younger than both
	AROUND=(unshare --mount)
	nspin -lAr --noheadings -o MNTNS,TYPE,SET web
	assert_status 0
	assert_line "$own uts web"
	assert_line "$other net web"
	assert_equal "${#lines[@]}" 6
	AROUND=()
	umount "$NSPIN_DIR/web/uts" "$NSPIN_DIR/web/net"
	nspin -l web
	assert_status 1
	assert_stderr_line 'nspin: hint: --everywhere (-A) shows those of others'
	nspin -lAr --noheadings -o MNTNS,TYPE web
	assert_output "$other uts
$other net"
}

@test "-A lists the copies of a set, each mount namespace for itself" { alone copies; }

# More than the kernel tells at once
many_copies() {
	local i own other
	own=$(inode /proc/self/ns/mnt)
	for ((i = 0; i < 600; i++)); do
		: >"$D/$i"
		echo "/proc/$$/ns/uts $D/$i none bind 0 0"
	done >"$D/fstab"
	mount --all --fstab "$D/fstab"
	start unshare --mount sleep 999
	wait_until is_comm "$BG_PID" sleep
	other=$(inode "/proc/$BG_PID/ns/mnt")
	nspin -lAr --noheadings -o MNTNS,PATH
	assert_equal "$(grep -c "^$own " <<<"$output")" 600
	assert_equal "$(grep "^$other " <<<"$output" | sort -u | wc -l)" 600
}

@test "-A lists all of many pins elsewhere" { alone many_copies; }

# Another mount namespace may have another set at the same path.
same_name() {
	local own other
	mkdir "$NSPIN_DIR"
	start unshare --mount sh -c '
		mount -t tmpfs tmpfs "$0"; mkdir "$0/web"; : >"$0/web/uts"
		unshare --uts="$0/web/uts" true; exec sleep 999' "$NSPIN_DIR"
	wait_until is_comm "$BG_PID" sleep
	other=$(inode "/proc/$BG_PID/ns/mnt")
	"$NSPIN" -t "$BG_PID" --net --hold --keep=web
	find_keeper web
	nspin -lAr --noheadings -o MNTNS,TYPE,PATH web
	assert_status 0
	assert_output " net /proc/$KEEPER/fd/6
$other uts $NSPIN_DIR/web/uts"
}

@test "-A lists a set of our own beside one of the same name elsewhere" { alone same_name; }

# A world that an ordinary user has made is his to look into.
own_worlds() {
	local mntns
	mkdir "$D/other"
	chown "$NST_USER:" "$D/other"
	start "${WHO[@]}" unshare --user --map-root-user --mount sh -c '
		mount -t tmpfs tmpfs "$0"; : >"$0/uts"; : >"$0/pid"
		unshare --uts="$0/uts" true; unshare --pid="$0/pid" --fork true
		exec sleep 999' "$D/other"
	wait_until is_comm "$BG_PID" sleep
	mntns=$(inode "/proc/$BG_PID/ns/mnt")
	nspin -lAr --noheadings -o PATH,TYPE,STATE,MNTNS
	assert_status 0
	assert_equal "$(grep -F "$D/" <<<"$output")" "$D/other/uts uts live $mntns
$D/other/pid pid dead $mntns"
	nspin -lr --noheadings -o PATH
	refute_output --partial "$D/"
}

@test "-A lists the pins in the worlds of an ordinary user for him" { as_the_user own_worlds; }

# In a PID namespace below the first even root may not walk, and asks /proc.
below() {
	declare -f >"$D/functions"
	declare -p WHO NS AS >>"$D/functions"
	unshare --pid --fork --kill-child --mount-proc bash -c '
		. "$D/functions"; BG_PIDS=(); find_user; set -e
		trap end_background EXIT
		says_so' 3>&- 4>&-
}

says_so() {
	by_processes
	assert_stderr 'nspin: pins in mount namespaces without a process are not shown'
}

@test "-A without the means to see everything says so" { alone below; }

hidden() {
	nspin -lAr -o PATH
	assert_status 0
	assert_stderr --regexp '^nspin: [0-9]+ process(es)? could not be looked at: pins in other mount namespaces may be missing$'
}

@test "-A says how many processes could not be looked at" {
	requires root
	as_the_user hidden
}

other_places() {
	mount -t tmpfs -o mode=755 tmpfs /run
	mkdir -p /run/user/4321 /run/nspin /run/xdg
	pin_new uts /run/user/4321/nspin/his/uts
	pin_new uts /run/nspin/systems/uts
	pin_new uts /run/xdg/nspin/mine/uts
	export XDG_RUNTIME_DIR=/run/xdg
	lists SET '' '' ''
	nspin -lAr --noheadings -o SET,PATH
	assert_status 0
	assert_line 'his /run/user/4321/nspin/his/uts'
	assert_line 'systems /run/nspin/systems/uts'
	assert_line 'mine /run/xdg/nspin/mine/uts'
	unset NSPIN_DIR
	lists SET '' '' systems
}

@test "-A knows the sets of other places" { alone other_places; }

### Keepers

# keeper ARG...: with which the set web becomes one that a keeper holds.
keeper() {
	local pid
	a_world
	"${WHO[@]}" "$NSPIN" -t "$TARGET" "$@"
	find_keeper web
	pid=$KEEPER
	listed NS,TYPE,SET,PATH,STATE web
	assert_equal "$output" "$(rows_of web "$pid" $TYPES)"
	lists SET web -- "/proc/$pid/fd/4"
	nspin -l -r --noheadings -o NPROCS,STATE,TYPE web
	assert_line --regexp '^[1-9][0-9]* live uts$'
	nspin -l -J -o MNTNS,TYPE "/proc/$pid/fd/4"
	assert_equal "$(tr -d ' \n' <<<"$output")" '{"namespaces":[{"mntns":null,"type":"uts"}]}'
	end_target
	nspin -l -r --noheadings -o TYPE,NPROCS,STATE web
	assert_line 'uts 0 empty'
	to "$pid" KILL
	wait_until is_gone "$pid"
	lists NS,TYPE,SET,PATH,STATE "  web $NSPIN_DIR/web dead" -- web
	lists PATH "$NSPIN_DIR/web" -- "$NSPIN_DIR/web"
	nspin -l -J
	is_json "$output"
	assert_output --partial '"ns": null'
}

# rows_of SET PID TYPE...: what its keeper PID holds, by its descriptors.
rows_of() {
	local set=$1 pid=$2 fd=3 type
	for type in $NSTYPES; do
		[[ " ${*:3} " != *" $type "* ]] || echo "$(inode "/proc/$pid/fd/$fd") $type $set /proc/$pid/fd/$fd live"
		fd=$((fd + 1))
	done
}

@test "what a keeper holds is listed, and of one that has ended that it is dead" {
	keeping keeper web
	alone keeper --hold --keep=web
}

# half_made TEST: nspin is killed before it gives the set its name.
half_made() {
	local call='?renameat,?renameat2' new
	a_world uts net
	run_split "${WHO[@]}" strace -q -o "$D/trace" -e "trace=$call" -e "inject=$call:signal=KILL" "$NSPIN" -t "$TARGET" -u -n world
	assert_status 137
	new=$(echo "$NSPIN_DIR"/.new/world.*.0)
	KEEPER=$(keepers)
	if [ -z "$KEEPER" ]; then
		"$@" "$new/uts" "$new/net"
	else
		"$@" "/proc/$KEEPER/fd/4" "/proc/$KEEPER/fd/6"
	fi
	quietly --stale
	deserted
	assert_equal "$(keepers)" ''
	lists SET --
}

orphaned() {
	local uts net new
	uts=$(inode "/proc/$TARGET/ns/uts")
	net=$(inode "/proc/$TARGET/ns/net")
	lists NS,TYPE,SET,PATH,STATE "$uts uts world $1 half-made" "$net net world $2 half-made"
	lists PATH "$1" -- "$1"
	nspin -l -o STATE,NPROCS -r --noheadings
	assert_output $'half-made 1\nhalf-made 1'
	# What is locked is being built.
	new=$(echo "$NSPIN_DIR"/.new/world.*.0)
	start "${WHO[@]}" flock --no-fork "$new" sleep 999
	wait_until last_is "$BG_PID" sleep
	lists SET --
	to "$BG_PID" TERM
	wait "$BG_PID" || true
	# There may be a set of that name all the same; to make it sweeps.
	"${WHO[@]}" mv "$NSPIN_DIR/.new" "$NSPIN_DIR/.aside"
	"${WHO[@]}" "$NSPIN" -t "$TARGET" -u -n world
	"${WHO[@]}" rmdir "$NSPIN_DIR/.new"
	"${WHO[@]}" mv "$NSPIN_DIR/.aside" "$NSPIN_DIR/.new"
	lists SET,TYPE,STATE 'world uts live' 'world net live' 'world uts half-made' 'world net half-made'
	"${WHO[@]}" mv "$NSPIN_DIR/.new" "$NSPIN_DIR/.aside"
	quietly -d world
	"${WHO[@]}" rmdir "$NSPIN_DIR/.new"
	"${WHO[@]}" mv "$NSPIN_DIR/.aside" "$NSPIN_DIR/.new"
}

@test "what is kept for a set whose maker was killed is listed as half-made, with its keeper" {
	requires strace flock
	keeping half_made orphaned
	pinning half_made orphaned
}

# Who is sent in to see whether a PID namespace ever had an init is one whom those
# who live in there must not trace.
looks_inside() {
	start "${WHO[@]}" "$NSCLONE" -r -p sleep 999
	wait_until last_is "$BG_PID" sleep
	quietly -t "$CHILD" -p -u world
	to "$CHILD" KILL
	wait_until is_gone "$CHILD"
	AROUND=(strace -f -q -o "$D/trace" -e trace=setns,prctl,execve)
	lists STATE live dead -- world
	AROUND=()
	joins_undumpable "$D/trace"
	quietly -d world
}

@test "who looks into a PID namespace, by way of the user namespace that owns it, cannot be traced from inside" {
	requires strace
	keeping looks_inside
}

# A descriptor that was opened by way of a pin has the path of that.
by_pin() {
	pin_new uts "$NSPIN_DIR/first/uts"
	"$NSPIN" -t first --hold --keep=second
	find_keeper second
	lists NS,TYPE,SET "$(inode "$NSPIN_DIR/first/uts") uts first" "$(inode "$NSPIN_DIR/first/uts") uts second"
	umount --lazy "$NSPIN_DIR/first/uts"
	lists PATH "/proc/$KEEPER/fd/4"
}

@test "a keeper's namespaces are known however it came by them" { alone by_pin; }

sorted() {
	local name
	pin_new uts "$NSPIN_DIR/c/uts"
	a_world uts
	for name in d b a; do
		"$NSPIN" -t "$TARGET" --uts --hold --keep=$name
	done
	pin_new ipc "$D/ipc"
	lists SET '' a b c d
	lists SET b c -- c b
}

@test "sets are sorted by name, whatever keeps them" { alone sorted; }

unreadable_sets() {
	mkdir -p "$NSPIN_DIR/closed" "$NSPIN_DIR/garbage" "$NSPIN_DIR/.hidden"
	: >"$NSPIN_DIR/file"
	ln -s garbage "$NSPIN_DIR/link"
	echo 'no:number' >"$NSPIN_DIR/garbage/keeper"
	chmod 0 "$NSPIN_DIR/closed"
	pin_new uts "$D/uts"
	lists PATH,STATE "$D/uts live" "$NSPIN_DIR/garbage dead"
}

@test "what is no set is none, and a record that nobody holds is of one that is dead" { alone unreadable_sets; }

strangers() {
	mkdir -p "$NSPIN_DIR/theirs"
	echo 1:1 >"$NSPIN_DIR/theirs/keeper"
	chmod 600 "$NSPIN_DIR/theirs/keeper"
	chown -R 0:0 "$NSPIN_DIR"
	nspin -l -r --noheadings -o SET,STATE
	assert_status 1
	assert_output 'theirs '
	assert_stderr "nspin: read the record of a keeper: $NSPIN_DIR/theirs: Permission denied"
}

@test "a set that may not be read is an error, and listed without a state" {
	requires root
	keeping strangers
}

### Output

unwritable() {
	local args
	pin_new uts "$D/uts"
	for args in '' -J -r --noheadings; do
		for AROUND in 'to_file /dev/full' 'with_closed 2'; do
			AROUND=($AROUND)
			nspin -l $args
			assert_status 1
			assert_stderr --regexp '^nspin: write to stdout: (No space left on device|Bad file descriptor)$'
		done
	done
}

@test "a list that cannot be written is an error" { alone unwritable; }
