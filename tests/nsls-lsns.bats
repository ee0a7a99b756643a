#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# nsls and the lsns(8) that is installed print the same: byte by byte, in a world
# where there are the processes of the test only.

load helpers
load launchers
load nsenter
load nsls

setup() {
	requires userns lsns
	LSNS=$(command -v lsns)
	export LSNS
}

# same ARG...: both print this alike. Without headings, the lsns of newer versions
# makes columns as wide as if they had none; nsls, as wide as with them.
same() {
	local wanted
	run_split timeout 60 "$LSNS" "$@"
	assert_status 0
	wanted=$output
	shows "$@"
	if is_newer && [[ " $* " == *' -n '* ]]; then
		wanted=$(tr -s ' ' <<<"$wanted")
		output=$(tr -s ' ' <<<"$output")
	fi
	assert_equal "$output" "$wanted"
	[ -n "$wanted" ] || fail "lsns $* printed nothing"
}

is_newer() { [[ $("$LSNS" --version) != *' 2.3'[0-8]* ]]; }

# A process of each: some namespaces alone, all of them, one in the other; a name
# that is hard to show.
populate() {
	world -U -r -u -i
	FIRST=$TARGET
	world -r -n -m -p
	ALL=$TARGET
	nested
	start "$NSCLONE" -r -n sh -c 'sleep 999; : "\x  \y" '$'\t\n\303\244'
	wait_until last_is "$BG_PID" sleep
	HARD=$(sed -n 's/^PPid:\t//p' "/proc/$CHILD/status")
}

# Where a namespace has a lower number than those of its process's parent, because
# one was free, lsns(8) shows no nesting.
nested() {
	local tries
	for tries in 1 2 3 4 5 6 7 8 9 10; do
		world -r "$NSCLONE" -r -u -C
		NESTED=$TARGET
		! is_above "$(sed -n 's/^PPid:\t//p' "/proc/$NESTED/status")" || return 0
		to "$NESTED" KILL
		wait_until has_ended "$BG_PID"
	done
	skip 'needs numbers of namespaces that ascend'
}

is_above() {
	local type
	for type in user uts cgroup; do
		[ "$(ns_of "$NESTED" "$type")" -gt "$(ns_of "$1" user)" ] || return
	done
}

# populated TEST [ARG...]
populated() { quietly_apart with_population "$@"; }
with_population() {
	populate
	"$@"
}

### Lists

lists() {
	local columns
	for columns in NS,TYPE,NPROCS,PID,COMMAND NS,PATH NS,PPID,UID,USER NS,PNS,ONS COMMAND,NS \
		NS,TYPE,PATH,NPROCS,PID,PPID,COMMAND,UID,USER,NETNSID,NSFS,PNS,ONS; do
		same -n -l -o "$columns"
		same -l -o "$columns"
		same -l -r -o "$columns"
		same -J -l -o "$columns"
	done
	same -l
	same -l -r
	same -l -o +PATH,pns
}

@test "lists are the same, as text, raw, and as JSON" { populated lists; }

only_processes() {
	local wanted
	same -l -o NS,TYPE,NPROCS,PID,COMMAND
	wanted=$output
	shows -l -o NS,TYPE,NPROCS,PID,COMMAND --processes
	assert_equal "$output" "$wanted"
}

@test "looked at processes only, the list is the same" { populated only_processes; }

### Trees

# Where a namespace that is not one of the first has a lower number than its owner
# or parent, because one was free, lsns(8) may draw it elsewhere.
ascending() {
	"$LSNS" -r -n -o NS,ONS,PNS | awk '$1 > 4026532000 && ($2 > $1 || $3 > $1) { exit 1 }'
}

trees() {
	local relation
	ascending || skip 'needs numbers of namespaces that ascend'
	same
	same -n
	same -J
	same -o NS,COMMAND
	same -o NS,TYPE
	for relation in owner parent process; do
		same "-T$relation"
		same "--tree=$relation" -J
		same "-T$relation" -o PID,PPID,NS,TYPE,PNS,ONS,COMMAND
		same "-T$relation" -o COMMAND,NS
		same "-T$relation" -J -o NS,PNS,ONS
	done
	same -T
}

@test "trees are the same, by processes, owners and parents" { populated trees; }

# A number that was free is given to what is owned by a user namespace with a
# higher one: owners come first in both.
out_of_order() {
	local free between owner owned tries
	for tries in 1 2 3 4 5 6 7 8 9 10; do
		world -u && free=$TARGET
		world -U && between=$TARGET
		rm -f "$D/go"
		mkfifo "$D/go"
		start "$NSCLONE" -r sh -c "read go <'$D/go'; exec '$NSCLONE' -m sleep 999"
		wait_until last_is "$BG_PID" sh
		owner=$CHILD
		to "$free" KILL
		wait_until is_gone "$free"
		echo >"$D/go"
		wait_until last_is "$BG_PID" sleep
		owned=$(ns_of "$CHILD" mnt)
		if [ "$owned" -lt "$(ns_of "$between" user)" ] && [ "$(ns_of "$between" user)" -lt "$(ns_of "$CHILD" user)" ]; then
			same -Towner -o NS,TYPE,ONS
			same -Tparent -o NS,TYPE,ONS
			same -J -Towner
			return
		fi
	done
	skip 'numbers are not used again at once'
}

@test "an owner with a higher number comes before what it owns" { quietly_apart out_of_order; }

### Choices

choices() {
	local type pid
	ascending || skip 'needs numbers of namespaces that ascend'
	for type in $(types_here); do
		same -t "$type"
		same -l -t "$type" -o NS,TYPE,PID
		same -J -t "$type"
	done
	same -t net -t user
	for pid in "$FIRST" "$ALL" "$NESTED" "$HARD" $$; do
		same -p "$pid"
		same -p "$pid" -J
		same -p "$pid" -t net -o NS,TYPE,NPROCS,PID
		same -l -r -p "$pid" -o NS,PNS,ONS
	done
}

@test "of a type and of a process they show the same" { populated choices; }

inside() {
	local pid type
	for pid in "$FIRST" "$ALL" "$NESTED"; do
		for type in $(types_here); do
			# In both its own PID is among them, where it is in there.
			[ "$(ns_of "$pid" "$type")" != "$(ns_of $$ "$type")" ] || continue
			same "-o" PID,PPID,USER,COMMAND "$(ns_of "$pid" "$type")"
			same -l "-o" PID,PPID,COMMAND "$(ns_of "$pid" "$type")"
			same -J "-o" PID,PPID,USER,COMMAND "$(ns_of "$pid" "$type")"
		done
	done
}

@test "the processes in a namespace are the same" { populated inside; }

### Network namespaces

# As lsns's own tests do it: numbers are assigned by ip.
numbers() {
	mount -t tmpfs tmpfs /run
	mkdir /run/netns
	ip netns attach one "$ALL"
	ip netns attach two "$HARD"
	ip netns set one 7
	mkdir /run/other
	touch /run/other/x "/run/other/y z"
	mount --bind /run/netns/one /run/other/x
	mount --bind /run/netns/one "/run/other/y z"
	same -t net
	same -t net -W
	same -t net -n -o NETNSID
	same -t net -l -r
	is_newer || same -t net -J # the newer one prints the first of several names only
	same -o NS,NETNSID,NSFS -l
	cell NETNSID "$(ns_of "$ALL" net)" -t net
	assert_equal "$cell" 7
	cell NSFS "$(ns_of "$ALL" net)"
	[[ $cell == /run/netns/one,/run/other/x,* ]]
}

@test "numbers and pins of network namespaces are the same" {
	requires root ip
	populated numbers
}
