#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Identity: the maps of the new user namespace and who writes them, its owner,
# and what the program may do in it.

load helpers
load launchers
TOOLS=("${LAUNCHERS[@]}")

setup_file() { make_user; }
teardown_file() { remove_user; }

setup() {
	requires userns
	export show_maps='for map in uid_map gid_map setgroups; do echo $(/usr/bin/sort -n /proc/self/$map); done'
}

# maps_are UIDS GIDS SETGROUPS ARG...: the program's, as the kernel shows them:
# "IN OUT COUNT" of each line, ascending.
maps_are() {
	observe "${NS[@]}" "${@:4}" -- /bin/sh -c "$show_maps"
	assert_outcome 'exited 0'
	assert_output "$1"$'\n'"$2"$'\n'"$3"
	refute_stderr
}

# fails ARG...: nothing but a message comes of it.
fails() {
	refused "${NS[@]}" "$@"
}

own_ids() {
	U=$("${WHO[@]}" id -u)
	G=$("${WHO[@]}" id -g)
}

### The single map

single_maps() {
	local name=$(getent passwd | awk -F: '$3 != $4 { print $1; exit }') group=nogroup
	own_ids
	maps_are "0 $U 1" "0 $G 1" deny -r
	maps_are "0 $U 1" "0 $G 1" deny --map-root-user
	maps_are "$U $U 1" "$G $G 1" deny -c
	maps_are "$U $U 1" "$G $G 1" deny --map-current-user
	maps_are "7 $U 1" '' allow --map-user 7
	maps_are '' "7 $G 1" deny --map-group 7
	maps_are "4294967294 $U 1" "4294967294 $G 1" deny --map-user 4294967294 --map-group 4294967294
	maps_are "$(id -u "$name") $U 1" '' allow --map-user "$name"
	maps_are '' "$(getent group "$group" | cut -d: -f3) $G 1" deny --map-group "$group"
	maps_are '' '' allow -U
}

@test "-r, -c, --map-user and --map-group map the own id" { each_way single_maps; }

last_single_map() {
	own_ids
	maps_are "$U $U 1" "$G $G 1" deny -rc
	maps_are "0 $U 1" "0 $G 1" deny -cr
	maps_are "0 $U 1" "0 $G 1" deny --map-user 5 --map-group 6 -r
	maps_are "5 $U 1" "0 $G 1" deny -r --map-user 5
	maps_are "$U $U 1" "6 $G 1" deny --map-group 5 -c --map-group 6
	maps_are "7 $U 1" '' allow --map-user 5 --map-user 7
}

@test "the last of -r, -c, --map-user and --map-group counts" { each_way last_single_map; }

# The second is uid_map, after setgroups.
written_in_part() {
	refused strace -f -q -o /dev/null -e trace=write -e inject=write:retval=1:when=2 "$LAUNCHER" -r
	said_of_failure 'write uid_map: ' ''
	assert_stderr --partial 'Input/output error'
}

@test "a map that the kernel takes in part is a failure" {
	requires strace
	each_way written_in_part
}

effective_ids() {
	NS=(setpriv --ruid 12 --rgid 13 --clear-groups "$LAUNCHER")
	maps_are '5 0 1' '6 0 1' deny --map-user 5 --map-group 6
}

@test "it is the effective ids that are mapped" {
	requires root
	as_ourselves effective_ids
}

only_two_programs() {
	"${WHO[@]}" strace -f -o "$D/trace" -e trace=execve "$LAUNCHER" "$@" /bin/true
	assert_equal "$(sed -n 's/.*execve("\([^"]*\)".* = 0$/\1/p' "$D/trace")" "$LAUNCHER"$'\n/bin/true'
}

@test "single maps are written without a helper" {
	requires strace
	each_way only_two_programs -r
	each_way only_two_programs --map-user 5 --map-group 6 --setgroups deny
}

@test "root writes ranges without a helper" {
	requires root strace
	as_ourselves only_two_programs -r --map-users 1:100000:10 --map-groups 1:100000:10
}

# with_caps CAPS: in NS, the user with these capabilities, whose helpers say what they
# have been called with, and fail.
with_caps() {
	fake newuidmap 'echo "$0 $*" >&2; exit 3'
	fake newgidmap 'echo "$0 $*" >&2; exit 3'
	NS=(setpriv --reuid "$NST_USER" --regid "$NST_USER" --clear-groups --inh-caps="$1" --ambient-caps="$1" "${NS[@]}")
}

one_capability() {
	with_caps +setuid
	maps_are '5 100000 3' '' allow --map-users 5:100000:3 -S 5
	fails --map-groups 5:100000:3 -G 5
	assert_stderr_line --regexp "^$TOOL: newgidmap: exit status 3: .*/newgidmap [0-9]+ 5 100000 3$"
	with_caps +setgid
	maps_are '' '5 100000 3' allow --map-groups 5:100000:3 -G 5
	fails --map-users 5:100000:3 -S 5
	assert_stderr_line --regexp "^$TOOL: newuidmap: exit status 3: .*/newuidmap [0-9]+ 5 100000 3$"
}

@test "CAP_SETUID is for the map of uids, CAP_SETGID for that of gids; without it, the helper is called" {
	requires root setpriv
	as_ourselves one_capability
}

# After execve(2), a process whose real uid only is 0 has all capabilities, but none is
# in effect.
permitted_capability() {
	with_caps -all
	NS=(setpriv --euid "$NST_USER" env PATH="$D/fake:$PATH" "$LAUNCHER")
	observe "${NS[@]:0:5}" sed -n 's/^Cap\(Prm\|Eff\):.*[1-9a-f].*/\1/p' /proc/self/status
	assert_output Prm
	fails --map-users 5:100000:3 -S 5
	assert_stderr_line --regexp "^$TOOL: newuidmap: exit status 3: .*/newuidmap [0-9]+ 5 100000 3$"
}

@test "a capability that is permitted and not effective is not there: the helper is called" {
	requires root setpriv
	as_ourselves permitted_capability
}

### Blocks

both_forms() {
	maps_are '1 100000 10 20 5 1' '3 7 2' allow --map-users 20:5:1 --map-groups 3:7:2 --map-users 100000,1,10 -S 20 -G 3
	maps_are '3 7 2' '1 100000 10 20 5 1' allow --map-groups 100000,1,10 --map-groups 20:5:1 --map-users 7,3,2 -S 3 -G 1
	# More than the own id, which could be mapped from inside.
	maps_are '0 0 3' '' allow --map-users 0:0:3
	maps_are '0 0 4294967295' '0 0 4294967295' allow --map-users 0:0:4294967295 --map-groups 0,0,4294967295
}

@test "--map-users and --map-groups take both forms, again and again" {
	requires root
	as_ourselves both_forms
}

all_ids() {
	own_ids
	observe "$LAUNCHER" --map-users all --map-groups all -- /bin/sh -c "$show_maps"
	assert_output "$(identity uid_map)"$'\n'"$(identity gid_map)"$'\nallow'
	NS=("$LAUNCHER" --map-users 0:0:3 --map-users 10:1000:5 --map-groups 7:0:1 "$LAUNCHER")
	maps_are '0 0 3 10 10 5' '7 7 1' allow --map-users all --map-groups all
}

identity() { echo $(awk '{ print $1, $1, $3 }' "/proc/self/$1"); }

@test "--map-users all maps what the present namespace does, to itself" {
	requires root
	as_ourselves all_ids
}

all_one_has() {
	own_ids
	NS=("$LAUNCHER" -r "$LAUNCHER")
	maps_are '0 0 1' '0 0 1' deny --map-users all --map-group 0
}

@test "--map-users all in a namespace of one id maps that" { each_way all_one_has; }

# first_block [-g]: the user's, in $FIRST and $COUNT.
first_block() {
	read -r _ _ FIRST COUNT _ < <(getsubids "$@" "$NST_USER")
}

# subordinate auto|subids FIRST [-g]: a map of all of the user's ids, in which
# auto begins with id FIRST.
subordinate() {
	local index name first count inner=$2 map=
	while read -r index name first count; do
		[ "$1" = auto ] || inner=$first
		map+="$inner $first $count "
		inner=$((inner + count))
	done < <(getsubids "${@:3}" "$NST_USER")
	echo "${map% }"
}

user_blocks() {
	local group
	own_ids
	maps_are "$(subordinate auto 0)" "$(subordinate auto 0 -g)" allow --map-auto
	maps_are "0 $U 1 $(subordinate auto 1)" "0 $G 1 $(subordinate auto 1 -g)" allow -r --map-auto
	maps_are "0 $U 1 $(subordinate auto 1)" "0 $G 1" deny -r --map-users auto
	maps_are "0 $U 1" "0 $G 1 $(subordinate auto 1 -g)" allow -r --map-groups auto
	first_block -g
	group=$FIRST
	first_block
	maps_are "$(subordinate subids 0)" "$(subordinate subids 0 -g)" allow --map-subids -S "$FIRST" -G "$group"
	maps_are "0 $U 1 $(subordinate subids 0)" "0 $G 1" deny -r --map-users subids
	maps_are "$((FIRST + 1)) $((FIRST + 2)) 3" '' allow --map-users "$((FIRST + 1)):$((FIRST + 2)):3" -S "$((FIRST + 1))"
	first_block -g
	maps_are '' "5 $((FIRST + COUNT - 1)) 1" allow --map-groups "$((FIRST + COUNT - 1)),5,1" -G 5
}

@test "a user maps his subordinate ids" {
	requires subids
	as_the_user user_blocks
}

# with_subids LINES TEST [ARG...]: with LINES for /etc/subuid and
# /etc/subgid, to be called by in_private_mounts.
with_subids() {
	private_etc
	printf '%s\n' "$1" | tee /etc/subuid >/etc/subgid
	own_ids
	"${@:2}"
}

# test_with_subids LINES TEST [ARG...]
test_with_subids() {
	requires root subids
	as_the_user in_private_mounts with_subids "$@"
}

several_ranges() {
	local ranges='1 3000000000 500 501 200000 1000 1501 300000 70'
	maps_are "0 $U 1 $ranges" "0 $G 1 $ranges" allow -r --map-auto
	maps_are "0 200000 3" '' allow --map-users 0:200000:3
	maps_are "0 $U 1 200000 200000 1000 300000 300000 70 3000000000 3000000000 500" '' allow --map-user 0 --map-users subids
}

subids_of_several_ranges() {
	local uid
	uid=$(id -u "$NST_USER")
	echo "root:500000:3
$uid:3000000000:500
$NST_USER:200000:1000
x$NST_USER:600000:3
${NST_USER}x:700000:3
$NST_USER:300000:70"
}

@test "all of the user's ranges are mapped, those filed under his uid too" {
	test_with_subids "$(subids_of_several_ranges)" several_ranges
}

# Links to what is needed; no getsubids in /bin or /usr/bin is to be found.
without_getsubids() {
	mkdir "$D/bin"
	ln -s "$(command -v newuidmap)" "$(command -v newgidmap)" "$D/bin"
	NS=(env PATH="$D/bin" "$LAUNCHER")
	"$@"
}

@test "without getsubids the ranges are read from /etc/subuid and /etc/subgid" {
	test_with_subids "$(subids_of_several_ranges)" without_getsubids several_ranges
}

damaged_lines() {
	maps_are "0 200000 10" "0 200000 10" allow --map-auto
}

last_ids() {
	maps_are "0 4294967290 5" "0 4294967290 5" allow --map-auto
}

@test "a range of subordinate ids ends with the greatest id, and one that runs over it is passed over" {
	test_with_subids "$NST_USER:4294967290:100
$NST_USER:4294967290:6
$NST_USER:4294967290:5" without_getsubids last_ids
	test_with_subids "$NST_USER:4294967290:5" answer_runs_over
}

answer_runs_over() {
	fake getsubids 'printf "%s\n" "0: us 4294967290 100" "1: us 4294967290 6" "2: us 4294967290 5"'
	last_ids
}

@test "damaged lines of /etc/subuid and /etc/subgid are passed over" {
	test_with_subids "
$NST_USER
$NST_USER:300000
$NST_USER:x:5
$NST_USER:300000:
$NST_USER:300000:0
$NST_USER:-1:5
$NST_USER:4294967296:5
:300000:5
$NST_USER:200000:10" without_getsubids damaged_lines
}

# fake NAME COMMANDS: a program of that name comes first in the PATH of the tool.
fake() {
	"${WHO[@]}" mkdir -p "$D/fake"
	printf '#!/bin/sh\n%s\n' "$2" >"$D/fake/$1"
	chmod 755 "$D/fake/$1"
	NS=(env PATH="$D/fake:$PATH" "$LAUNCHER")
}

answer_of_getsubids() {
	fake getsubids '[ "$1" = -g ] && echo "0: somebody 200005 2" || { echo "0: somebody 200001 3"; echo "1: somebody 200011 4"; }'
	maps_are '0 200001 3 3 200011 4' '0 200005 2' allow --map-auto
}

@test "what getsubids says counts, not the files" {
	test_with_subids "$NST_USER:200000:1000" answer_of_getsubids
}

no_subids() {
	fails --map-auto
	assert_stderr_count 2
	assert_stderr_line --partial "no subordinate"
	assert_stderr_line --regexp "^$TOOL: hint: /etc/subuid .*$NST_USER"
	fails --map-groups subids
	assert_stderr_line --regexp "^$TOOL: hint: /etc/subgid .*$NST_USER"
	without_getsubids fails -r --map-auto
	assert_stderr_line --partial "no subordinate"
}

@test "a user without subordinate ids is told so" {
	test_with_subids "other:200000:1000" no_subids
}

killed_getsubids() {
	fake getsubids 'kill -9 $$'
	fails --map-auto
	assert_stderr_count 1
	assert_stderr --regexp "^$TOOL: getsubids: .*signal 9"
}

@test "a getsubids that was killed has not said that there are none" {
	requires userns
	each_way killed_getsubids
}

### Holes

# model OWN SINGLE BLOCK...: "IN OUT" for each id of the map that comes of them.
# The ids inside, without the single one, go to the ids outside, without the
# own one, in order.
model() {
	local own=$1 single=$2 block i inner outer count
	echo "$single $own"
	for block in "${@:3}"; do
		IFS=: read -r inner outer count <<<"$block"
		local -a from=() to=()
		for ((i = 0; i < count; i++)); do
			[ $((inner + i)) -eq "$single" ] || from+=($((inner + i)))
			[ $((outer + i)) -eq "$own" ] || to+=($((outer + i)))
		done
		for ((i = 0; i < ${#from[@]} && i < ${#to[@]}; i++)); do
			echo "${from[i]} ${to[i]}"
		done
	done
}

expand() { awk '{ for (i = 0; i < $3; i++) printf "%.0f %.0f\n", $1 + i, $2 + i }' | sort -n; }

# hole SINGLE BLOCK...: both kinds of ids, with 5 for the own one.
hole() {
	local args=(--map-user "$1" --map-group "$1") block wanted caps=+setuid,+setgid,+setfcap
	for block in "${@:2}"; do
		args+=(--map-users "$block" --map-groups "$block")
	done
	wanted=$(model 5 "$@" | sort -n)
	observe setpriv --reuid 5 --regid 5 --clear-groups --inh-caps "$caps" --ambient-caps "$caps" \
		"$LAUNCHER" "${args[@]}" cat /proc/self/uid_map /proc/self/gid_map
	assert_outcome 'exited 0'
	assert_equal "$(head -n $((${#lines[@]} / 2)) <<<"$output" | expand)" "$wanted"
	assert_equal "$(tail -n $((${#lines[@]} / 2)) <<<"$output" | expand)" "$wanted"
}

holes() {
	local outer single
	for outer in 1 2 3 5 6; do
		for single in 9 10 11 12 13 14; do
			hole "$single" "10:$outer:4"
		done
	done
	hole 10 10:5:1
	hole 9 10:5:1
	hole 10 10:6:1
	hole 12 20:3:4 10:7:4
	hole 22 20:10:4 10:4:4 30:20:4
	hole 0 0:0:100
	hole 5 0:0:100
	hole 99 0:0:100
	hole 100 0:0:100
	hole 4294967294 0:0:10 20:10:10
}

@test "blocks close up around the id of the single map, inside and outside" {
	requires root
	as_ourselves holes
}

user_hole() {
	own_ids
	first_block
	[ "$COUNT" -ge 10 ] || skip 'needs 10 subordinate uids in one block'
	maps_are "0 $U 1 1 $FIRST 9" '' allow --map-user 0 --map-users "0:$FIRST:10"
	maps_are "0 $FIRST 3 3 $U 1 4 $((FIRST + 3)) 6" '' allow --map-user 3 --map-users "0:$FIRST:10"
	maps_are "0 $FIRST 9 9 $U 1" '' allow --map-user 9 --map-users "0:$FIRST:10"
	maps_are "0 $FIRST 10 10 $U 1" '' allow --map-user 10 --map-users "0:$FIRST:10"
}

@test "blocks of a user close up around the id of the single map" {
	requires subids
	as_the_user user_hole
}

auto_hole() {
	maps_are "0 200000 3 3 $U 1 4 200003 7 11 300000 5" "0 200000 10 10 $G 1 11 300000 5" allow \
		--map-user 3 --map-group 10 --map-auto
	maps_are "0 200000 10 10 300000 2 12 $U 1 13 300002 3" "0 200000 10 10 300000 5 15 $G 1" allow \
		--map-user 12 --map-group 15 --map-auto
}

@test "subordinate ids close up around the id of the single map, and none is lost" {
	test_with_subids "$NST_USER:200000:10
$NST_USER:300000:5" auto_hole
}

### setgroups

setgroups_of_one_group() {
	own_ids
	maps_are '' '' deny -U --setgroups deny
	maps_are '' '' deny --setgroups deny
	maps_are '' '' allow --setgroups allow
	maps_are "0 $U 1" '' deny --map-user 0 --setgroups deny
	maps_are "0 $U 1" "0 $G 1" deny -r --setgroups deny
	! is_root || maps_are "0 $U 1" "0 $G 1" allow -r --setgroups allow
}

# The kernel takes no "deny" when the map of gids has been written.
@test "--setgroups is written, before the map of gids" { each_way setgroups_of_one_group; }

setgroups_of_blocks() {
	own_ids
	maps_are '' "$(subordinate auto 0 -g)" deny --map-groups auto --setgroups deny
	maps_are '' "$(subordinate auto 0 -g)" allow --map-groups auto --setgroups allow
	maps_are "0 $U 1" "0 $G 1 $(subordinate auto 1 -g)" deny -r --map-groups auto --setgroups deny
}

@test "--setgroups deny is written before newgidmap runs" {
	requires subids
	as_the_user setgroups_of_blocks
}

setgroups_of_root() {
	maps_are '' '5 100000 3' deny --map-groups 5:100000:3 --setgroups deny -G 5
	maps_are '' '5 100000 3' allow --map-groups 5:100000:3 -G 5
}

@test "--setgroups deny is written before root writes ranges" {
	requires root
	as_ourselves setgroups_of_root
}

### Owner

# owner_is UID ARG...: as the kernel says from out here.
owner_is() {
	launch_sleep "${@:2}"
	assert_equal "$("$HELPERS/ns-owner" "/proc/$PROGRAM/ns/user")" "$1"
	end_sleep
}

own_owner() {
	own_ids
	owner_is "$U" -U
	owner_is "$U" -r --owner "$U:$G"
	owner_is "$U" --owner "$U:$G"
	maps_are "0 $U 1" "0 $G 1" deny --owner "$U:$G" -r
}

@test "the owner is who calls, and may be named" { each_way own_owner; }

other_owner() {
	local uid gid caps=+setuid,+setgid,+sys_admin,+dac_override
	local -a own=(--map-users 0:0:1 --map-groups 0:0:1)
	uid=$(id -u "$NST_USER")
	gid=$(id -g "$NST_USER")
	owner_is "$uid" --owner "$uid:$gid"
	owner_is "$uid" --owner "$NST_USER:$gid" "${own[@]}"
	owner_is "$uid" --owner "$uid:0" "${own[@]}"
	owner_is 0 --owner "0:$gid" -r
	owner_is "$uid" --owner "$uid:$gid" --boottime 12345678
	owner_is "$uid" --owner "$uid:$gid" -aT $(indirect) --map-users 0:100000:10 --map-groups 0:100000:10
	maps_are '0 0 1' '0 0 1' allow --owner "$uid:$gid" "${own[@]}"
	maps_are '0 0 1' '0 0 1' allow --owner "$uid:$gid" "${own[@]}" -r
	maps_are '' '' deny --owner "$uid:$gid" --setgroups deny
	maps_are '0 0 1 5 100000 3' '' allow --owner "$uid:$gid" --map-users 0:0:1 --map-users 5:100000:3
	observe "$LAUNCHER" --owner "$uid:$gid" "${own[@]}" --boottime 12345678 \
		sed -nE 's/^[UG]id:\t//p; s/^([0-9]+)[.].*/\1/p' /proc/self/status /proc/uptime
	assert_outcome 'exited 0'
	assert_output --regexp $'^0\t0\t0\t0\n0\t0\t0\t0\n[0-9]+$'
	[ "${lines[2]}" -gt 12345678 ]
	# The caller's id is the next one to those that are mapped.
	NS=(setpriv --reuid 5 --regid 5 --clear-groups --inh-caps="$caps" --ambient-caps="$caps" "$LAUNCHER")
	maps_are '1 3 2' '1 3 2' allow --owner "$uid:$gid" --map-users 1:3:2 --map-groups 1:3:2 -S 1 -G 1
	maps_are '1 6 2' '1 6 2' allow --owner "$uid:$gid" --map-users 1:6:2 --map-groups 1:6:2 -S 1 -G 1
}

@test "root makes others owners, with offsets of clocks too" {
	requires root
	as_ourselves other_owner
}

not_owner() {
	own_ids
	fails --owner "0:0"
	assert_stderr_count 1
	fails --owner "$U:0" -r
	fails --owner "0:$G" -r
	fails --owner "0:$G" --map-users "0:$U:1"
}

@test "an ordinary user makes nobody else an owner" {
	as_the_user not_owner
}

### The program's ids

# ids_are UIDS GIDS GROUPS ARG...: as /proc/PID/status has them.
ids_are() {
	observe "${NS[@]}" "${@:4}" sed -nE 's/^(Uid|Gid|Groups):\t//p' /proc/self/status
	assert_outcome 'exited 0'
	assert_equal "$(xargs -n 4 <<<"${lines[0]}") / $(xargs -n 4 <<<"${lines[1]}") / $(xargs <<<"${lines[2]}")" \
		"$1 $1 $1 $1 / $2 $2 $2 $2 / $3"
}

ids_of_root() {
	NS=(setpriv --groups 4,24 "$LAUNCHER")
	ids_are 0 0 '4 24' -u
	ids_are 7 0 '' -u -S 7
	ids_are 0 0 '' -u -S 0
	ids_are 0 8 '' -u -G 8
	ids_are 7 8 '' -u --setuid 7 --setgid 8
	ids_are "$(id -u nobody)" "$(getent group nogroup | cut -d: -f3)" '' -u -S nobody -G nogroup
	ids_are 7 8 '' -u $(indirect) -S 7 -G 8
	ids_are 7 8 '' -u --setup true -S 7 -G 8
	ids_are 7 8 '' -r -S 7 -G 8 --map-users 1:100000:10 --map-groups 1:100000:10
}

@test "-S and -G set all ids, and drop supplementary groups" {
	requires root
	as_ourselves ids_of_root
}

ids_of_user() {
	ids_are 5 6 '' -r --map-auto -S 5 -G 6
	ids_are 0 6 '' -r --map-auto -G 6
	ids_are 5 6 '' -r --map-auto -S 5 -G 6 $(indirect)
}

@test "-S and -G take ids that are mapped" {
	requires subids
	as_the_user ids_of_user
}

unmapped_ids() {
	fails -r -S 5
	assert_stderr_count 2
	assert_stderr_line --regexp "^$TOOL: setuid 5: Invalid argument$"
	assert_stderr_line --regexp "^$TOOL: hint: .*not mapped"
	fails -r $(indirect) -S 5
	assert_stderr_line --partial 'setuid 5'
	fails -r --setup true -S 5
	assert_stderr_line --partial 'setuid 5'
	fails -r --map-user 3 -S 0
	assert_stderr_line --partial 'setuid 0'
	fails -r -G 5
}

@test "-S and -G refuse ids that are not mapped" { each_way unmapped_ids; }

denied_setgroups() {
	local uid gid
	uid=$(id -u "$NST_USER")
	gid=$(id -g "$NST_USER")
	NS=(setpriv --reuid "$uid" --regid "$gid" --clear-groups --inh-caps=-all "$LAUNCHER")
	observe "${NS[@]}" -r -G 0 sed -n 's/^Groups:[[:space:]]*//p' /proc/self/status
	assert_outcome 'exited 0'
	refute_output
	# It has them anyway.
	NS=(setpriv --reuid "$uid" --regid "$gid" --groups "$gid,4" --inh-caps=-all "$LAUNCHER")
	ids_are 0 0 '0 65534' -r -G 0 || ids_are 0 0 '65534 0' -r -G 0
	# Where a caller with CAP_SETGID in its own namespace is denied it there:
	NS+=(-r "$LAUNCHER")
	for options in '-u -G 0' '-u -S 0' "-u -S 0 $(indirect)" "--map-users 0:0:1 -S 0"; do
		fails $options
		assert_stderr_count 2
		assert_stderr_line --regexp "^$TOOL: drop supplementary groups: Operation not permitted$"
		assert_stderr_line --regexp "^$TOOL: hint: .*setgroups"
	done
	# All groups that are not mapped look like this one.
	NS=(setpriv --reuid "$uid" --regid "$gid" --groups "$gid,4" --inh-caps=-all
		"$LAUNCHER" --map-user 0 --map-group 65534 "$LAUNCHER")
	fails -u -G 65534
	assert_stderr_line --regexp "^$TOOL: hint: .*setgroups"
	# There are none by then.
	NS=(setpriv --groups 4 "$LAUNCHER")
	ids_are 0 5 '' -r --setgroups deny --map-groups 5:100000:1 -G 5
}

# Into D, which is root's, the user could not write anyway: the status tells.
@test "where setgroups is denied: groups of a caller with CAP_SETGID are a failure, those of another may stay" {
	requires root
	as_ourselves denied_setgroups
}

without_setgid() {
	NS=(setpriv --clear-groups --bounding-set=-setgid --inh-caps=-all "$LAUNCHER")
	for options in -u "-u $(indirect)" '-u --setup true'; do
		fails $options -G 0
		assert_stderr_count 1
		assert_stderr_line "$TOOL: drop supplementary groups: Operation not permitted"
	done
}

@test "-G without CAP_SETGID fails, also where no group would stay, and blames no user namespace" {
	requires root setpriv
	as_ourselves without_setgid
}

### Capabilities

# caps_are CAPS ARG...: effective, and ambient: the program is not root.
caps_are() {
	observe "$LAUNCHER" "${@:2}" sed -nE 's/^Cap(Eff|Amb):\t//p' /proc/self/status
	assert_outcome 'exited 0'
	assert_output "$1"$'\n'"$1"
}

# What a user namespace gives is all that this kernel has.
kept_caps() {
	local all
	all=$(printf '%016x' $(((1 << ($(</proc/sys/kernel/cap_last_cap) + 1)) - 1)))
	caps_are "$all" --map-user 7 --keep-caps
	caps_are "$all" --map-user 7 --keep-caps $(indirect)
	caps_are "$all" --map-user 7 --keep-caps --setup true
	caps_are "$all" --map-user 7 --keep-caps --no-new-privs
	caps_are 0000000000000000 --map-user 7
	caps_are 0000000000000000 --map-user 7 $(indirect) --setup true
}

@test "--keep-caps keeps the capabilities for a program that is not root" { each_way kept_caps; }

kept_caps_of_root() {
	local all
	local -a map=(--map-users 0:100000:10 --map-groups 0:100000:10)
	all=$(printf '%016x' $(((1 << ($(</proc/sys/kernel/cap_last_cap) + 1)) - 1)))
	caps_are "$all" "${map[@]}" -S 7 -G 7 --keep-caps
	caps_are 0000000000000000 "${map[@]}" -S 7 -G 7
	# Those that are not over a new user namespace are the caller's.
	caps_are 0000000000000000 -u -S 7 -G 7 --keep-caps
	caps_are 0000000000000000 -u -S 7 -G 7
	# They are in effect when the program is executed, too.
	mkdir -m 700 "$D/private"
	printf '#!/bin/sh\n' >"$D/private/program"
	chmod 755 "$D/private/program"
	chown -R 100000:100000 "$D/private"
	observe "$LAUNCHER" "${map[@]}" -S 7 -G 7 --keep-caps "$D/private/program"
	assert_outcome 'exited 0'
	observe "$LAUNCHER" "${map[@]}" -S 7 -G 7 "$D/private/program"
	assert_outcome 'exited 126'
}

@test "--keep-caps keeps the capabilities over a new user namespace, and no others, across a change of ids" {
	requires root
	as_ourselves kept_caps_of_root
}

no_new_privs() {
	observe "$LAUNCHER" $BIRTH --no-new-privs sed -n 's/^NoNewPrivs:\t//p' /proc/self/status
	assert_output 1
	observe "$LAUNCHER" $BIRTH sed -n 's/^NoNewPrivs:\t//p' /proc/self/status
	assert_output 0
}

@test "--no-new-privs sets no_new_privs, and nothing else does" { each_way each_birth no_new_privs; }

### Helpers that fail

# failing_helper NAME OPTION: that has to do with it.
failing_helper() {
	fake "$1" 'echo "that will not do" >&2; exit 3'
	fails -r --map-auto
	assert_stderr --partial 'that will not do'
	assert_stderr_line --regexp "^$TOOL: $1: .*3"
	fake "$1" 'exit 127'
	fails "$2" auto
	fake "$1" 'kill -9 $$'
	fails -r --map-auto
	assert_stderr_line --regexp "^$TOOL: $1: .*signal 9"
	fake "$1" 'kill -TERM $$'
	fails --map-auto $(indirect)
	assert_stderr_line --regexp "^$TOOL: $1: .*signal 15"
	chmod 644 "$D/fake/$1"
	fake getsubids 'echo "0: somebody 200000 10"'
	NS=(env PATH="$D/fake" "$LAUNCHER")
	fails "$2" auto
	assert_stderr_line --regexp "^$TOOL: .*$1: Permission denied"
}

@test "a newuidmap that fails or is killed fails the launch" {
	test_with_subids "$NST_USER:200000:10" failing_helper newuidmap --map-users
}

@test "a newgidmap that fails or is killed fails the launch" {
	test_with_subids "$NST_USER:200000:10" failing_helper newgidmap --map-groups
}

absent_helper() {
	first_block
	"${WHO[@]}" mkdir "$D/empty"
	NS=(env PATH="$D/empty" "$LAUNCHER")
	fails --map-users "0:$FIRST:1"
	assert_stderr_count 2
	assert_stderr_line --regexp "^$TOOL: .*newuidmap: No such file or directory$"
	assert_stderr_line --regexp "^$TOOL: hint: .*uidmap"
	fails -r --map-groups "1:$FIRST:1"
	assert_stderr_line --partial 'No such file or directory'
}

@test "a newuidmap that is not there is missed by name, and its package" {
	requires subids
	as_the_user absent_helper
}

# The tool's PATH leads to wrappers of the real helpers, which log their names. The
# program's PATH leads to helpers that fail, or nowhere.
helpers_of_tool() {
	local name options
	own_ids
	"${WHO[@]}" mkdir "$D/program"
	for name in newuidmap newgidmap; do
		printf '#!/bin/sh\nexit 3\n' >"$D/program/$name"
		chmod 755 "$D/program/$name"
		fake "$name" "echo $name >>$D/called; exec $(command -v "$name") \"\$@\""
	done
	for options in --clear-env "--setenv PATH=$D/program" "--clear-env --setenv PATH=$D/program" '--keep-env HOME'; do
		maps_are "0 $U 1 $(subordinate auto 1)" "0 $G 1 $(subordinate auto 1 -g)" allow -r --map-auto $options
		assert_equal "$(<"$D/called")" $'newuidmap\nnewgidmap'
		rm "$D/called"
	done
}

@test "newuidmap and newgidmap are searched in the PATH of the tool, not of the program" {
	requires subids
	as_the_user helpers_of_tool
}

foreign_ids() {
	own_ids
	fails --map-users 0:0:1
	assert_stderr_line --regexp "^$TOOL: newuidmap: "
	fails --map-users "0:$U:2"
	fails --map-groups "0:$G:2"
	assert_stderr_line --regexp "^$TOOL: newgidmap: "
	fails -r --setgroups allow
}

@test "a user does not map ids that are not his" {
	requires subids
	as_the_user foreign_ids
}
