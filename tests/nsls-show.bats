#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What nsls shows of a namespace, column by column, and how: compared with what
# the kernel says. That it is laid out as by lsns(8): nsls-lsns.bats.

load helpers
load launchers
load nsenter
load nspin
load nsls

setup_file() { make_user; }
teardown_file() { remove_user; }
setup() { requires userns; }

has_type() { [ -e "/proc/self/ns/$1" ]; }

### Columns

columns_agree() {
	local column columns help
	shows -H -n -r
	columns=$(cut -d ' ' -f 1 <<<"$output" | tr '\n' ' ')
	shows --help
	help=$(sed -n '/^Columns:/,/^$/p' <<<"$output" | sed 1d | awk 'NF { printf "%s ", $1 }')
	assert_equal "$help" "$columns"
	shows --output-all -r
	assert_equal "${lines[0]} " "$columns"
	nsls -o nothing
	assert_equal "${stderr_lines[0]##*: } " "$(tr ' ' , <<<"${columns% }") "
	for column in $columns; do
		shows -t uts -J -l -o "${column,,}"
		assert_output --partial "\"${column,,}\": "
		# What -H calls an integer is a number, and what it calls a string is none.
		shows -H -r -n
		if grep -q "^$column <integer>" <<<"$output"; then
			shows -J -l -o "$column"
			refute_output --partial "\"${column,,}\": \""
		else
			shows -J -l -o "$column"
			refute_output --regexp "\"${column,,}\": [0-9]"
		fi
	done
	# As lsns has it, it has no headings.
	shows -H
	assert_equal "$(tr -s ' ' <<<"${lines[0]}" | cut -d ' ' -f 1-3)" ' NS <integer>'
	shows -H -J
	assert_output --partial '"holder": "NSPID"'
}

@test "--help, --list-columns, --output-all and JSON know the same columns" { each_way columns_agree; }

a_process() {
	local type uid
	own_world -u -i -n -m -C
	uid=$(sed -n 's/^Uid:\t\([0-9]*\).*/\1/p' "/proc/$TARGET/status")
	for type in uts ipc net mnt cgroup; do
		rows NS,TYPE,PATH,NPROCS,PID,PPID,UID,USER,COMMAND,NTHREADS,HELD -t "$type" --processes
		# Another nsls that looks holds it meanwhile.
		output=${output//proc,fd/proc}
		mapfile -t lines <<<"$output"
		assert_line "$(ns_of "$TARGET" $type) $type /proc/$TARGET/ns/$type 1 $TARGET $(sed -n 's/^PPid:\t//p' "/proc/$TARGET/status") $uid $(id -nu "$uid") sleep\\x20999 1 proc"
	done
}

@test "what a process tells of its namespace is shown" { each_way a_process; }

misnamed() {
	local name
	for name in 'PPid:\t7' 'Uid:\t7 7' 'NSpid:\t7'; do
		target_named "$name" "$NSUNSHARE" -ru
		rows PID,PPID,UID,NSPID "/proc/$TARGET/ns/uts"
		assert_equal "$output" "$TARGET $BASHPID $("${WHO[@]}" id -u) $TARGET"
	done
}

@test "a name of a process that looks like a line of its status is only a name" { each_way misnamed; }

ids() {
	local type
	[ -n "$(id_of /proc/self/ns/uts)" ] || skip 'needs 64-bit ids of namespaces (Linux 6.18)'
	own_world -u -n
	for type in uts net; do
		has NSID "$(ns_of "$TARGET" $type)" "$(id_of "/proc/$TARGET/ns/$type")"
		has NSID "$(ns_of "$TARGET" $type)" "$(id_of "/proc/$TARGET/ns/$type")" -p "$TARGET"
	done
}

@test "NSID is the kernel's id" {
	requires perl
	each_way ids
}

relations() {
	local user uid option
	world -r -u
	user=$(ns_of "$TARGET" user)
	uid=$(sed -n 's/^Uid:\t\([0-9]*\).*/\1/p' "/proc/$TARGET/status")
	for option in -l "-p $TARGET"; do
		has ONS "$(ns_of "$TARGET" uts)" "$user" $option
		has PNS "$(ns_of "$TARGET" uts)" 0 $option
		has ONS "$user" "$(ns_of $$ user)" $option
		has PNS "$user" "$(ns_of $$ user)" $option
		has OWNER "$user" "$uid" $option
		has OWNER "$(ns_of "$TARGET" uts)" '' $option
		[ -z "$(id_of "/proc/$TARGET/ns/user")" ] ||
			has USERNS "$(ns_of "$TARGET" uts)" "$(id_of "/proc/$TARGET/ns/user")" $option
	done
}

@test "owner, parent and creator are shown, with a scan and without" {
	requires perl
	each_way relations
}

pid_parent() {
	own_world -p
	has PNS "$(ns_of "$TARGET" pid)" "$(ns_of $$ pid)"
	has INIT "$(ns_of "$TARGET" pid)" "$TARGET"
	has NSPID "$(ns_of "$TARGET" pid)" 1
	has INIT "$(ns_of "$TARGET" uts)" ''
	has NSPID "$(ns_of "$TARGET" pid)" 1 -p "$TARGET" -t pid
}

@test "of a PID namespace PID 1 is shown as it is seen from here" { each_way pid_parent; }

maps() {
	local want
	if is_root; then
		world --map-users 0:0:1 --map-users 5:100000:7
	else
		world -r
	fi
	want=$(awk '{ printf "%s%s\\x20%s\\x20%s", (NR > 1 ? "," : ""), $1, $2, $3 }' "/proc/$TARGET/uid_map")
	has MAPS "$(ns_of "$TARGET" user)" "$want"
	has MAPS "$(ns_of "$TARGET" user)" "$want" -p "$TARGET" -t user
	has MAPS "$(ns_of "$TARGET" uts)" ''
}

@test "MAPS is the uid map of a user namespace" { each_way maps; }

offsets() {
	own_world -T --monotonic=86400 --boottime=-1.5
	has OFFSETS "$(ns_of "$TARGET" time)" 'monotonic=86400\x20boottime=-1.5'
	has OFFSETS "$(ns_of $$ time)" 'monotonic=0\x20boottime=0'
	has OFFSETS "$(ns_of "$TARGET" user)" ''
}

@test "OFFSETS are those of a time namespace" {
	requires time-ns
	each_way offsets
}

# Who could tell has gone: somebody of ours is sent in.
pinned_alone() {
	local user time
	mkdir "$D/pins"
	touch "$D/pins/user" "$D/pins/time"
	world -r --map-users 3:100000:7
	mount --bind "/proc/$TARGET/ns/user" "$D/pins/user"
	user=$(ns_of "$TARGET" user)
	end_background
	has MAPS "$user" '0\x200\x201,3\x20100000\x207'
	has NPROCS "$user" 0
	has PATH "$user" "$D/pins/user"
	if has_type time; then
		world -T --monotonic=7.25
		mount --bind "/proc/$TARGET/ns/time" "$D/pins/time"
		time=$(ns_of "$TARGET" time)
		end_background
		has OFFSETS "$time" 'monotonic=7.25\x20boottime=0'
	fi
	# Nobody has stayed there.
	has NPROCS "$user" 0
	has HELD "$user" pin
}

@test "maps and offsets are shown, too, of what no process is in" {
	requires root
	as_ourselves in_private_mounts pinned_alone
}

numbers() {
	mount -t tmpfs tmpfs /run
	mkdir /run/netns
	world -n
	ip netns attach it "$TARGET"
	has NETNSID "$(ns_of "$TARGET" net)" unassigned
	ip netns set it 12
	has NETNSID "$(ns_of "$TARGET" net)" 12
	has NETNSID "$(ns_of "$TARGET" net)" 12 -p "$TARGET"
	has NETNSID "$(ns_of "$TARGET" uts)" ''
}

@test "NETNSID is the number that ip has assigned" {
	requires root ip
	as_ourselves in_private_mounts numbers
}

### Pins and sets

pins() {
	local ns
	mkdir "$D/pins"
	touch "$D/pins/a" "$D/pins/b c"
	unshare --uts="$D/pins/a" true
	ns=$(inode "$D/pins/a")
	mount --bind "$D/pins/a" "$D/pins/b c"
	has NSFS "$ns" "$D/pins/a,$D/pins/b\\x20c"
	has PINS "$ns" "$D/pins/a,$D/pins/b\\x20c"
	has PATH "$ns" "$D/pins/a"
	shows -n -o NS,NSFS,TYPE -t uts
	assert_line --regexp "^ *$ns $D/pins/a +uts"
	assert_line --regexp "^ +$D/pins/b c *$"
	shows -n -W -o NS,NSFS,TYPE -t uts
	assert_line --regexp "^ *$ns $D/pins/a,$D/pins/b c +uts"
	shows -J -o NS,NSFS -t uts -P
	assert_output --partial "\"nsfs\": \"$D/pins/a\\n$D/pins/b c\""
	# One covers the other: they are at one place.
	mount --bind "$D/pins/a" "$D/pins/a"
	has NSFS "$ns" "$D/pins/a,$D/pins/b\\x20c"
}

@test "pins are shown a line each, with commas on one line, and one place once" {
	requires root
	as_ourselves in_private_mounts pins
}

# A binding of all into itself doubles it: text that is longer than any buffer.
many_pins() {
	local ns i here
	mkdir "$D/all"
	mount -t tmpfs tmpfs "$D/all"
	: >"$D/all/pin"
	mkdir "$D/all/"{1..9}
	unshare --uts="$D/all/pin" true
	for i in {1..9}; do
		mount --rbind "$D/all" "$D/all/$i"
	done
	ns=$(inode "$D/all/pin")
	here=$(awk -v ns="uts:[$ns]" '$4 == ns { print $5 }' /proc/self/mountinfo | sort)
	assert_equal "$(wc -l <<<"$here")" 512
	cell PINS "$ns"
	assert_equal "$(tr , '\n' <<<"$cell" | sort)" "$here"
	# Seen from a mount namespace that has none of them
	AROUND=(unshare --mount sh -c 'umount --lazy "$0" && exec "$@"' "$D/all")
	cell PINS "$ns"
	assert_equal "$(tr , '\n' <<<"$cell" | sort)" "$(sed "s|^|$(ns_of $$ mnt):|" <<<"$here")"
	AROUND=()
}

@test "of hundreds of pins all are shown, here and in another mount namespace" {
	as_ourselves in_private_mounts many_pins
}

# Twice as long as what is read at once, and as a path may be
long_pin() {
	local ns blanks path=$D/deep i
	mkdir "$D/deep"
	mount -t tmpfs tmpfs "$D/deep"
	run_split perl -e 'chdir shift; for (1 .. 70) { mkdir " " x 250; chdir " " x 250 or die } open F, ">", "pin"; close F;
		exec qw(unshare --uts sh -c), "readlink /proc/self/ns/uts; busybox mount -o bind /proc/self/ns/uts pin"' "$D/deep"
	assert_status 0
	ns=$(tr -dc 0-9 <<<"$output")
	printf -v blanks '\\x20%.0s' {1..250}
	for i in {1..70}; do
		path+=/$blanks
	done
	has PINS "$ns" "$path/pin"
}

@test "a pin is shown, however long its path is" {
	requires perl busybox
	as_ourselves in_private_mounts long_pin
}

elsewhere() {
	local ns mnt
	touch "$D/there"
	start unshare --mount --propagation private bash -c 'unshare --uts="$1" true; exec sleep 999' _ "$D/there"
	wait_until last_is "$BG_PID" sleep
	mnt=$(ns_of "$BG_PID" mnt)
	ns=$(inode "/proc/$BG_PID/root$D/there")
	has PINS "$ns" "$mnt:$D/there"
	has NSFS "$ns" ''
	# There is none that leads there from here.
	has PATH "$ns" ''
	has HELD "$ns" pin
}

@test "a pin of another mount namespace is shown with that" {
	requires root
	as_ourselves elsewhere
}

sets() {
	a_world uts net
	nspin -t "$TARGET" one
	assert_status 0
	nspin -t "$TARGET" -u two
	assert_status 0
	cell SET "$(ns_of "$TARGET" uts)"
	assert_equal "$(tr , '\n' <<<"$cell" | sort | tr '\n' ' ')" 'one two '
	has SET "$(ns_of "$TARGET" net)" one
	has SET "$(ns_of $$ uts)" ''
	# With the set as the task.
	rows NS,TYPE -p two
	assert_equal "$output" "$(ns_of "$TARGET" uts) uts"
	rows NS,SET -p two
	assert_output --partial one
	rows PATH -p two
	assert_equal "$(inode "${lines[0]}")" "$(ns_of "$TARGET" uts)"
	nspin -d one two
}

@test "SET names the sets, by pins and by keepers" {
	requires taskset
	each_kind sets
}

### Which are shown

types() {
	local type
	for type in $(types_here); do
		rows TYPE -t "$type"
		assert_equal "$(sort -u <<<"$output")" "$type"
		assert_line "$type"
	done
	rows TYPE -t uts,net
	assert_equal "$(sort -u <<<"$output" | tr '\n' ' ')" 'net uts '
	rows TYPE -t uts -t mount
	assert_equal "$(sort -u <<<"$output" | tr '\n' ' ')" 'mnt uts '
	rows TYPE
	assert_equal "$(in_order $output)" "$(in_order $NSTYPES)"
}

@test "-t shows these types, and all without it" { each_way types; }

of_task() {
	local type
	own_world -u -n
	rows NS,TYPE,NSPID -p "$TARGET"
	for type in $(types_here); do
		assert_line --partial "$(ns_of "$TARGET" "$type") $type"
	done
	assert_equal "${#lines[@]}" "$(types_here | wc -w)"
	rows NS,PATH -p "$TARGET"
	for type in $(types_here); do
		assert_line "$(ns_of "$TARGET" "$type") /proc/$TARGET/ns/$type"
	done
	rows NS -p "$TARGET:$("$HELPERS/pidfd-inode" "$TARGET")" -t uts
	assert_output "$(ns_of "$TARGET" uts)"
	unable 'another process' -p "$TARGET:1"
}

@test "-p shows what /proc/PID/ns has" { each_way of_task; }

children() {
	local path
	start "${WHO[@]}" unshare --user --map-root-user --pid --time --fork --kill-child sleep 999
	wait_until last_is "$BG_PID" sleep
	path=/proc/$BG_PID/ns
	rows NS,PATH,PID,NPROCS -p "$BG_PID"
	assert_line "$(ns_of "$CHILD" time) /proc/$CHILD/ns/time $CHILD 1"
	assert_line "$(ns_of "$CHILD" pid) /proc/$CHILD/ns/pid $CHILD 1"
	assert_equal "${#lines[@]}" "$(($(types_here | wc -w) + 2))"
	rows NS,PATH -p "$BG_PID"
	assert_line "$(inode "$path/time_for_children") $path/time_for_children"
	assert_line "$(inode "$path/pid_for_children") $path/pid_for_children"
	assert_line "$(inode "$path/time") $path/time"
	# Nobody has been born in it, and no link shows it.
	start "${WHO[@]}" unshare --user --map-root-user --pid sleep 999
	wait_until is_sleep "$BG_PID"
	path=/proc/$BG_PID/ns
	rows PATH,PID,NPROCS,COMMAND -p "$BG_PID" -t pid
	assert_line "$path/pid_for_children $BG_PID 0 sleep\\x20999"
	assert_equal "${#lines[@]}" 2
	# By all that are looked at, too
	rows PATH -t pid
	assert_line "$path/pid_for_children"
}
is_sleep() { has_comm "$1" sleep; }

@test "-p shows, too, what children will be born in" {
	requires time-ns
	each_way children
}

# Its parent is stopped: it becomes a zombie, which has two namespaces left.
ends_meanwhile() {
	local n
	own_world -u
	strace -o "$D/trace" -e trace=openat "$NSLS" -p "$TARGET" >"$D/out"
	n=$(grep -n '"ns/ipc"' "$D/trace" | cut -d : -f 1)
	rm "$D/trace"
	to "$BG_PID" STOP
	start strace -q -o "$D/trace" -e trace=openat -e inject=openat:delay_enter=500000:when="$n" \
		"$NSLS" -p "$TARGET" >"$D/out" 2>"$D/said"
	wait_until grep -q '"ns/ipc"' "$D/trace"
	to "$TARGET" KILL
	wait_until has_ended "$BG_PID"
	assert_equal "$(<"$D/out")" ''
	assert_equal "$(<"$D/said")" "nsls: process $TARGET has ended"
}

@test "-p shows nothing of a process that ends while it is looked at" {
	requires strace
	as_ourselves ends_meanwhile
}

# Each entry of /proc would be a getdents64() of thousands.
without_scan() {
	own_world -u
	AROUND=(strace -f -e trace=getdents64 -o "$D/trace")
	rows NS,TYPE,NSID,PATH,PNS,ONS,OWNER -p "$TARGET"
	AROUND=()
	assert_line --partial "$(ns_of "$TARGET" uts) uts "
	! grep getdents64 "$D/trace" || fail 'it has looked for others'
}

@test "-p looks at nobody else for what that process tells" {
	requires strace
	as_ourselves without_scan
}

# Twenty processes are in each of them.
relations_once() {
	local i asked
	start "$NSCLONE" -r -u sh -c 'for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19; do sleep 999 & done; wait'
	wait_until crowded "$BG_PID"
	run_split strace -f -e trace=ioctl -o "$D/trace" "$NSLS" --engine proc -r -n -o NS,NPROCS,PNS,ONS
	assert_status 0
	assert_line --regexp "^$(ns_of "$CHILD" uts) 20 0 $(ns_of "$CHILD" user)$"
	for asked in NS_GET_USERNS NS_GET_PARENT; do
		i=$(grep -c "$asked" "$D/trace")
		[ "$i" -le "${#lines[@]}" ] || fail "$i times $asked of ${#lines[@]} namespaces"
	done
	grep -q NS_GET_USERNS "$D/trace"
}

crowded() { child_of "$1" && [ "$(wc -w <"/proc/$CHILD/task/$CHILD/children")" -eq 19 ]; }

@test "owners and parents are asked for once a namespace" {
	requires strace
	quietly_apart relations_once
}

mounts_once() {
	start "$NSCLONE" -r -m sh -c 'for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19; do sleep 999 & done; wait'
	wait_until crowded "$BG_PID"
	run_split strace -f -e trace=openat -o "$D/trace" "$NSLS" --engine proc -r -n -o NS,NPROCS,PINS
	assert_status 0
	assert_line "$(ns_of "$CHILD" mnt) 20 "
	# The only one but our own
	assert_equal "$(grep -c 'openat([0-9]*, "mountinfo",' "$D/trace")" 1
}

@test "mounts are read once a mount namespace, not once a process" {
	requires strace
	quietly_apart mounts_once
}

without_processes() {
	local ns
	touch "$D/pin"
	unshare --uts="$D/pin" true
	ns=$(inode "$D/pin")
	rows NS,NPROCS,PID,COMMAND -P
	assert_line "$ns 0  "
	refute_line --partial "$(ns_of $$ uts) "
	rows NS -P
	assert_line "$ns"
	rows NS --processes
	refute_line "$ns"
	assert_line "$(ns_of $$ uts)"
	rows NS
	assert_line "$ns"
	shows -J -o NS,PID,PPID,UID,USER,COMMAND,NPROCS -P -t uts
	assert_equal "$(tr -d ' \n' <<<"$output" | grep -o "{\"ns\":$ns,[^}]*}")" \
		"{\"ns\":$ns,\"pid\":null,\"ppid\":null,\"uid\":null,\"user\":null,\"command\":null,\"nprocs\":0}"
}

@test "-P shows what no process is in, --processes the rest" {
	requires root
	as_ourselves in_private_mounts without_processes
}

### Who is inside

inside() {
	local ns pid
	is_root && target "$NSCLONE" -u -p sh -c 'sleep 999 & exec sleep 998' ||
		target "$NSCLONE" -r -u -p sh -c 'sleep 999 & exec sleep 998'
	ns=$(ns_of "$TARGET" pid)
	rows PID,NSPID "$ns"
	assert_equal "$output" "$(in_pid_ns "$ns")"
	[ "${#lines[@]}" -ge 2 ] || show_run 'wanted more than one'
	rows PID,NSPID "/proc/$TARGET/ns/pid"
	assert_equal "$output" "$(in_pid_ns "$ns")"
	shows "$ns"
	assert_line --regexp '^ *PID +PPID +NSPID USER +COMMAND'
	rows PID,TYPE,NS "$(ns_of "$TARGET" uts)" "$ns"
	for pid in $(in_pid_ns "$ns" | cut -d ' ' -f 1); do
		assert_line "$pid uts $(ns_of "$TARGET" uts)"
		assert_line "$pid pid $ns"
	done
}

# in_pid_ns INODE: "PID NSPID" a line, by /proc
in_pid_ns() {
	local dir
	for dir in $(ls -d /proc/[0-9]* | sort -t / -k 3 -n); do
		[ "$(inode "$dir/ns/pid" 2>/dev/null)" != "$1" ] || echo "${dir#/proc/} $(sed -n 's/^NSpid:.*\t//p' "$dir/status")"
	done
}

@test "a namespace shows who is inside, with the PID that each has there" { each_way inside; }

no_other_pid() {
	own_world -u
	shows "$(ns_of "$TARGET" uts)"
	assert_line --regexp '^ *PID +PPID USER +COMMAND'
	refute_line --partial NSPID
	rows PID "$(ns_of "$TARGET" uts)"
	assert_equal "$output" "$TARGET"
}

@test "where everybody has one PID, it is shown once" { each_way no_other_pid; }

thread_inside() {
	local tid
	start "$HELPERS/thread" "$D/tid"
	wait_until test -s "$D/tid"
	tid=$(<"$D/tid")
	rows PID,NSPID,COMMAND,PATH "$(inode "/proc/$BG_PID/task/$tid/ns/uts")"
	assert_equal "$output" "$tid $tid $HELPERS/thread\\x20$D/tid /proc/$tid/ns/uts"
}

@test "a thread is shown where no process is inside" {
	requires root
	as_ourselves thread_inside
}

nobody_inside() {
	touch "$D/pin"
	unshare --uts="$D/pin" true
	shows "$D/pin"
	refute_output
	shows -J "$(inode "$D/pin")"
	assert_equal "$(tr -d ' \n' <<<"$output")" '{"namespaces":[]}'
}

@test "where nobody is inside, nobody is shown" {
	requires root
	as_ourselves in_private_mounts nobody_inside
}

### How it is shown

# What hangs where, of trees: "CHILD PARENT" by JSON
edges() {
	perl -0777 -ne '
		my @at; my $last;
		while (/"(ns|children)": ?(\d+)?|([\[\]])/g) {
			if ($3) { $3 eq "[" ? push(@at, $last) : pop(@at); next }
			next if $1 eq "children";
			$last = $2; print "$2 ", $at[-1] // "-", "\n";
		}'
}

trees() {
	local user uts
	world -r -u -p
	user=$(ns_of "$TARGET" user) uts=$(ns_of "$TARGET" uts)
	shows -J -Towner -o NS,TYPE
	assert_equal "$(edges <<<"$output" | grep "^$uts ")" "$uts $user"
	assert_equal "$(edges <<<"$output" | grep "^$user ")" "$user $(ns_of $$ user)"
	shows -J -T -o NS,TYPE
	assert_equal "$(edges <<<"$output" | grep "^$uts ")" "$uts $user"
	shows -J -Tparent -o NS,TYPE
	assert_equal "$(edges <<<"$output" | grep "^$uts ")" "$uts -"
	assert_equal "$(edges <<<"$output" | grep "^$(ns_of "$TARGET" pid) ")" "$(ns_of "$TARGET" pid) $(ns_of $$ pid)"
	shows -Towner -n -o NS,TYPE
	assert_line --regexp "[|\`]-$uts +uts"
	# What is not shown has nothing beneath it.
	shows -Towner -n -o NS,TYPE -t uts
	assert_line --regexp "^$uts +uts"
	# A tree that is drawn nowhere is a list.
	shows -Towner -J -o TYPE
	refute_output --partial children
	shows -Towner -r -n -o NS
	assert_line "$uts"
}

@test "trees are those of owners and of parents" {
	requires perl
	each_way trees
}

# The last before it, by number, of which the parent is the PID, or else the last.
by_processes() {
	local outer inner line above=- last
	world -r -u "$NSCLONE" -r -i
	inner=$(ns_of "$TARGET" ipc)
	outer=$(sed -n 's/^PPid:\t//p' "/proc/$TARGET/status")
	rows NS,PID
	for line in $(sed -n "s/ $outer$//p" <<<"$output"); do
		last=$line
		[ "$line" -gt "$inner" ] || above=$line
	done
	[ "$above" != - ] || above=$last
	shows -J
	assert_equal "$(edges <<<"$output" | grep "^$inner ")" "$inner $above"
	shows -J -l
	assert_equal "$(edges <<<"$output" | grep "^$inner ")" "$inner -"
	shows -n -o COMMAND,NS -t ipc,user,uts
	assert_line --regexp "^[| ]*[|\`]-sleep 999 +$inner"
}

@test "what a child process has hangs beneath what its parent has" {
	requires perl
	each_way by_processes
}

# on_terminal COLUMNS ARG...: $output is what it writes to a terminal.
on_terminal() {
	script -qec "stty cols $1; $(printf '%q ' "$NSLS" "${@:2}") 2>/dev/null" /dev/null </dev/null | tr -d '\r' >"$D/screen"
	output=$(<"$D/screen")
	mapfile -t lines <"$D/screen"
}

cut_off() {
	local ns
	target "$NSCLONE" -r -u bash -c 'exec -a "$0" sleep 999' "$(printf '%0200d' 7)"
	ns=$(ns_of "$TARGET" uts)
	on_terminal 60 -o NS,COMMAND,TYPE -t uts
	assert_line --regexp "^ *$ns [^ ].{40}"
	! any_is lines --regexp '.{61}' || show_run 'longer than the terminal'
	assert_line --regexp ' uts *$'
	on_terminal 60 -u -o NS,COMMAND,TYPE -t uts
	assert_line --regexp "^ *$ns 0{199}7 999 +uts"
	# Nobody's terminal cuts what goes elsewhere.
	shows -o NS,COMMAND -t uts
	assert_line --regexp "^ *$ns 0{199}7 999$"
}

@test "commands are cut where a terminal ends, unless -u says not to" {
	requires script stty
	as_ourselves cut_off
}

hard_names() {
	target "$NSCLONE" -r -u bash -c 'exec -a "$0" sleep 999' $'a\\b\n\t\033[1m"\\\377\303\244\342\202'
	shows -o COMMAND -p "$TARGET" -t uts -n
	assert_output 'a\b\x0a\x09\x1b[1m"\x5c\xff\xc3\xa4\xe2\x82 999'
	shows -r -o COMMAND -p "$TARGET" -t uts -n
	assert_output 'a\x5cb\x0a\x09\x1b[1m"\x5c\xff\xc3\xa4\xe2\x82\x20999'
	shows -J -o COMMAND -p "$TARGET" -t uts
	assert_output --partial '"a\\b\n\t\u001b[1m\"\\'$'\357\277\275\303\244\357\277\275\357\277\275 999"'
	# U+009B is what begins a command to a terminal; U+00E4 is a letter.
	target "$NSCLONE" -r -u bash -c 'exec -a "$0" sleep 999' $'\302\2331m\303\244\302\240'
	shows -J -o COMMAND -p "$TARGET" -t uts
	assert_output --partial $'"\\u009b1m\303\244\302\240 999"'
	shows -o COMMAND -p "$TARGET" -t uts -n
	assert_output '\xc2\x9b1m\xc3\xa4\xc2\xa0 999'
}

@test "a name of any bytes is one line, and JSON stays readable" { each_way hard_names; }

forms() {
	local ns
	own_world -u
	ns=$(ns_of "$TARGET" uts)
	shows -r -o NS,TYPE -t uts
	assert_equal "${lines[0]}" 'NS TYPE'
	assert_line "$ns uts"
	shows -r -n -o NS,TYPE -t uts
	refute_line 'NS TYPE'
	shows -t uts
	assert_equal "$(tr -s ' ' <<<"${lines[0]# }")" "$(tr -s ' ' <<<"${lines[0]# }" | grep -x '.*NS TYPE NPROCS PID USER COMMAND')"
	shows -t net
	assert_equal "$(echo ${lines[0]})" 'NS TYPE NPROCS PID USER NETNSID NSFS COMMAND'
	shows -t uts -o +nsid,Held
	assert_equal "$(echo ${lines[0]})" 'NS TYPE NPROCS PID USER COMMAND NSID HELD'
	shows -J -t uts -o NS,TYPE,NPROCS -p "$TARGET"
	assert_equal "$(tr -d ' \n' <<<"$output")" "{\"namespaces\":[{\"ns\":$ns,\"type\":\"uts\",\"nprocs\":1}]}"
}

@test "text, raw and JSON have the columns that were asked for" { each_way forms; }

sorted() {
	rows NS
	assert_equal "$output" "$(sort -n <<<"$output")"
	shows -n -l -o NS
	assert_equal "$output" "$(sort -n <<<"$output")"
}

@test "rows are in the order of inode numbers" { each_way sorted; }

full() {
	run_split sh -c '"$1" >/dev/full' _ "$NSLS"
	assert_status 1
	assert_stderr_line 'nsls: write to stdout: No space left on device'
}

@test "what cannot be written is a failure" {
	[ -e /dev/full ] || skip 'needs /dev/full'
	as_ourselves full
}

### What may not be seen

# Of root's processes an ordinary user sees nothing; that is said once.
not_seen() {
	nsls
	assert_status 0
	assert_equal "$(wc -l <"$BATS_TEST_TMPDIR/stderr")" 1
	[[ $unread =~ ^nsls:\ [1-9][0-9]*\ process(es)?.*\ could\ not\ be\ read:\ run\ as\ root ]] || show_run "$unread"
}

@test "what could not be read is said in one line, with a number and what would help" {
	requires root
	as_the_user not_seen
}

### Bad input

wrong_usage() {
	mistaken "unknown column 'x'" -o x
	mistaken "unknown column ''" -o NS,
	mistaken "'x' is no type" -t x
	mistaken "'' is no type" -t uts,
	mistaken "'x' is not owner" -Tx
	mistaken 'PID' -p 1x
	mistaken 'PID' -p 0
	mistaken 'exclude each other' -J -r
	mistaken 'exclude each other' -l -T
	mistaken 'exclude each other' -P -p 1
	mistaken 'exclude each other' -P --processes
	mistaken 'exclude each other' -o NS --output-all
	mistaken 'exclude each other' -p 1 4026531838
	mistaken 'exclude each other' -Towner 4026531838
	mistaken 'exclude each other' -P 4026531838
	mistaken 'exclude each other' --dot --watch
	mistaken 'exclude each other' --dot -J
	mistaken 'exclude each other' -H -o NS
	mistaken 'exclude each other' --translate 1 -t pid
	mistaken 'exclude each other' --watch -o NS
	mistaken "take no '1'" -H 1
	mistaken "take no '1'" --dot 1
	mistaken "'x' is no namespace" x
	mistaken "'-1' is no namespace" -- -1
	mistaken "is no number of seconds" --watch=0
	mistaken "is no number of seconds" --watch=-1
	mistaken "is no number of seconds" --watch=x
	mistaken 'two processes or sets' --compare
	mistaken 'two processes or sets' --compare $$
	mistaken "needs an argument" -o
	mistaken "unknown option '-x'" -x
	mistaken "unknown or ambiguous option '--t'" --t
}

@test "a wrong command line is said to be so" { each_way wrong_usage; }

not_there() {
	local pid
	export NSPIN_DIR=$D/sets
	sh -c 'echo $$' >"$D/pid"
	pid=$(<"$D/pid")
	unable 'No such process' -p "$pid"
	unable 'no-such-set' -p no-such-set
	unable '1234' 1234
	unable '18446744073709551615' :18446744073709551615
	unable 'No such file' "$D/missing"
	unable 'no namespace' "$D/pid"
	unable 'of another type' -t net /proc/self/ns/uts
}

@test "what is not there is an error" { each_way not_there; }

no_place() {
	unset XDG_RUNTIME_DIR NSPIN_DIR
	shows -o SET
	export NSPIN_DIR=
	shows -o SET
}

@test "without a place for sets nsls says nothing of it, also if NSPIN_DIR is empty" { each_way no_place; }

filters() {
	local version
	own_world -u
	version=$(ldd "$NSLS" | sed -n 's/.*=> \(.*libsmartcols[^ ]*\).*/\1/p')
	[ -n "$version" ] || skip 'needs a shared libsmartcols'
	if ! grep -q scols_new_filter "$version"; then
		mistaken 'has no filters: 2.40 is needed' -Q 'TYPE == "uts"'
		return
	fi
	rows NS -Q 'TYPE == "uts" and PID == '"$TARGET"
	assert_output "$(ns_of "$TARGET" uts)"
	rows PATH -Q "NS == $(ns_of "$TARGET" uts)"
	assert_output "/proc/$TARGET/ns/uts"
	mistaken 'unknown column' -Q 'X == 1'
	mistaken 'is no expression' -Q 'TYPE =='
}

@test "-Q shows what an expression is true for, or says what it lacks" { each_way filters; }
