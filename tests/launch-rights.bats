#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What the program of a new world has of its caller: ids, groups, keys; and what
# another owner of the world can get hold of before the program is executed.

load helpers
load launchers
load nsenter # last_is
TOOLS=("${LAUNCHERS[@]}")

setup_file() { make_user; }
teardown_file() { remove_user; }
setup() { requires userns; }

# Ids that are not the caller's.
RANGE=(--map-users 0:100000:10 --map-groups 0:100000:10)

# outside_are UID GID GROUPS ARG...: the program's as they are out here; each of
# UID and GID is the real, the effective, the saved and the file system's.
outside_are() {
	launch_sleep "${@:4}"
	sed -nE 's/^(Uid|Gid|Groups):[[:blank:]]*//p' "/proc/$PROGRAM/status" | sed 's/[[:blank:]]*$//' >"$D/status"
	end_sleep
	assert_equal "$(<"$D/status")" "$(printf '%s\t%s\t%s\t%s\n' "$1" "$1" "$1" "$1" "$2" "$2" "$2" "$2"; echo "$3")"
}

### Ids

foreign_map() {
	NS=(setpriv --groups 4,24 "$LAUNCHER")
	for way in '' '--setup true' "$(indirect)"; do
		outside_are 100000 100000 '' "${RANGE[@]}" $way
		outside_are 100000 100000 '' "${RANGE[@]}" -S 0 $way
		outside_are 100005 100006 '' "${RANGE[@]}" -S 5 -G 6 $way
	done
	# Each for itself
	outside_are 100000 0 '' --map-users 0:100000:10
	outside_are 0 100000 '' --map-groups 0:100000:10
	outside_are 0 100000 '' --map-user 7 --map-groups 0:100000:10
	outside_are 100004 100000 '' --map-users 5:100000:10 --map-groups 0:100000:10 -S 9
}

@test "a map without the caller's ids: the program is 0 of it, and has no groups" {
	requires root setpriv
	as_ourselves foreign_map
}

own_map() {
	NS=(setpriv --groups 4,24 "$LAUNCHER")
	outside_are 0 0 '4 24' -r
	outside_are 0 0 '4 24' -c
	outside_are 0 0 '4 24' --map-user 7 --map-group 8
	outside_are 0 0 '4 24' -U
	outside_are 0 0 '4 24' --map-users 0:100000:10 --map-users 20:0:1
	NS=(setpriv --ruid 12 --rgid 13 --groups 4,24 "$LAUNCHER")
	outside_are 0 0 '4 24' -r
	outside_are 0 0 '4 24' --map-user 7 --map-group 8 $(indirect)
}

@test "a map with the caller's ids, or none: the program is the caller, with all its groups" {
	requires root setpriv
	as_ourselves own_map
}

no_id() {
	local way
	for way in '' $(indirect) --setup=true; do
		failure 'maps neither uid 0 nor our own: its map is 5:100000:10, 30:200000:1' '--setuid names another one' \
			--map-users 5:100000:10 --map-users 30:200000:1 $way
		failure 'maps neither gid 0 nor our own: its map is 5:100000:10' '--setgid names another one' \
			--map-groups 5:100000:10 $way
	done
	failure 'neither gid 0' '--setgid' --map-users 5:100000:10 --map-groups 5:100000:10 -S 5
	fails_as_unmapped
}

fails_as_unmapped() {
	failure 'setuid 4: Invalid argument' 'not mapped' --map-users 5:100000:10 -S 4
	failure 'setgid 4: Invalid argument' 'not mapped' --map-groups 5:100000:10 -G 4
}

@test "a map with neither 0 nor the caller's ids is a failure that shows it, but with -S and -G" {
	requires root
	as_ourselves no_id
}

subids_alone() {
	failure 'maps neither uid 0 nor our own: its map is ' '--setuid' --map-subids
	failure 'maps neither gid 0 nor our own: its map is ' '--setgid' --map-groups subids
}

@test "an ordinary user's map with neither 0 nor his own ids, too" {
	requires subids
	as_the_user subids_alone
}

setup_ids() {
	setpriv --groups 4,24 "$LAUNCHER" "$@" --setup \
		"sed -nE 's/^(Uid|Gid|Groups):[[:blank:]]*//p; s/^CapEff:.*[1-9a-f].*/capable/p' /proc/self/status; touch '$D/made'" \
		true >"$D/status"
	assert_equal "$(sed 's/[[:blank:]]*$//' "$D/status")" $'0\t0\t0\t0\n0\t0\t0\t0\n\ncapable'
	assert_equal "$(stat -c %u:%g "$D/made")" 100000:100000
	rm "$D/made"
}

# In a directory of whoever is mapped there.
setups_ids() {
	chown 100000:100000 "$D"
	setup_ids "${RANGE[@]}"
	setup_ids "${RANGE[@]}" $(indirect)
	setup_ids "${RANGE[@]}" -S 5 -G 6
}

@test "a set-up command has the ids of its world already, and all capabilities there" {
	requires root setpriv
	as_ourselves setups_ids
}

on_terminal() { run_split script -q -e -c "'$LAUNCHER' $1" /dev/null </dev/null; }

warned() {
	local ids
	for ids in '-U uid' '--map-groups=0:100000:1 uid' '-r --map-users=0:0:1 none' '--map-user=0 gid' '-u none'; do
		on_terminal "${ids% *} true"
		assert_equal "$status" 0
		case $ids in
		*none) refute_output ;;
		*) assert_output --regexp "^$TOOL: no ${ids##* } is mapped: .*outside" ;;
		esac
		observe "$LAUNCHER" ${ids% *} true
		refute_stderr
	done
}

@test "ids without a map are remarked on a terminal, where the caller is privileged" {
	requires root script
	as_ourselves warned
}

# Only root can go there.
private_root() {
	local options
	mkdir -m 700 "$D/private"
	busybox_root "$D/private/root"
	for options in '' $(indirect) '--setup true'; do
		observe "$LAUNCHER" "${RANGE[@]}" -m $options --root "$D/private/root" /bin/busybox id -u
		assert_outcome 'exited 0'
		assert_output 0
	done
}

@test "foreign ids: the way to the new root may be the caller's alone" {
	requires root
	as_ourselves private_root
}

# The program, as root in there, looks for the tool that waits in the same user namespace.
waits_unseized() {
	chown 100000:100000 "$D"
	for options in --fork '--fork --setup true'; do
		rm -f "$D/seized"
		launch "${RANGE[@]}" $options "$HELPERS/seize" "$TOOL" "$D/seized"
		wait_until runs "$LAUNCHER_PID" seize
		wait_until grep -qs seen "$D/seized"
		sleep 0.1
		assert_equal "$(<"$D/seized")" seen
		end_sleep
	done
}

@test "nsunshare --fork: a program of foreign ids gets nothing of the tool that waits" {
	requires root
	TOOLS=(nsunshare)
	as_ourselves waits_unseized
}

### Groups

# unreadable ARG...: what only group 24 may read.
unreadable() {
	observe setpriv --groups 24 "$LAUNCHER" "$@" cat "$D/secret"
	assert_outcome 'exited 1'
	refute_output
}

groups_of_owner() {
	local uid
	uid=$(id -u "$NST_USER")
	echo secret >"$D/secret"
	chown 0:24 "$D/secret"
	chmod 640 "$D/secret"
	observe setpriv --reuid "$uid" --groups 24 --inh-caps=-all "$LAUNCHER" -r cat "$D/secret"
	assert_output secret
	for options in '' "$(indirect)" '--setup true'; do
		unreadable --owner "$uid:$(id -g "$NST_USER")" $options
		unreadable --owner "$uid:$(id -g "$NST_USER")" "${RANGE[@]}" $options
		unreadable "${RANGE[@]}" $options
		unreadable -u -S "$uid" $options
	done
	outside_are "$uid" "$(id -g "$NST_USER")" '' --owner "$uid:$(id -g "$NST_USER")"
	outside_are 100000 100000 '' --owner "$uid:$(id -g "$NST_USER")" "${RANGE[@]}"
}

@test "files of root's groups are closed to the program of another owner, of foreign ids, of -S" {
	requires root setpriv
	as_ourselves groups_of_owner
}

groups_failure() {
	for options in "${RANGE[*]}" '-u -S 5' '-u -G 5'; do
		refused strace -f -q -o /dev/null -e trace=setgroups -e inject=setgroups:error=ENOMEM \
			"$LAUNCHER" $options touch "$D/ran"
		said_of_failure 'drop supplementary groups: Cannot allocate memory' ''
	done
}

@test "groups that cannot be dropped are a failure" {
	requires root strace
	as_ourselves groups_failure
}

# The group helps to write where only it may.
host_groups() {
	NS=(setpriv --reuid "$NST_USER" --groups 24,4 --inh-caps=+setuid,+setgid --ambient-caps=+setuid,+setgid "$LAUNCHER")
	D=$(mktemp -d "$NST_HOME/XXXXXX")
	chgrp 24 "$D"
	chmod 775 "$D"
	observe "${NS[@]}" "${RANGE[@]}" --pid-file "$D/pid" --host-setup "id -G >'$D/groups'" \
		sed -n 's/^Groups:[[:blank:]]*//p' /proc/self/status
	assert_outcome 'exited 0'
	refute_output
	[[ " $(<"$D/groups") " == *' 4 24 '* || " $(<"$D/groups") " == *' 24 4 '* ]] || fail "$(<"$D/groups")"
	[ -s "$D/pid" ]
}

@test "nsclone: what is done outside is done with the caller's groups" {
	requires root setpriv
	TOOLS=(nsclone)
	as_ourselves host_groups
}

### Another owner

refused_hand_over() {
	local uid
	uid=$(id -u "$NST_USER")
	for map in -r -c '--map-user 7' '--map-users all' '--map-users 0:0:65536' '--map-users 0:0:2'; do
		usage "--owner: user $uid would get our own uid 0" --owner "$uid:$uid" $map
	done
	usage 'say --map-users 7:0:1' --owner "$uid:$uid" --map-user 7
	for map in '--map-group 7' '--map-users 0:0:1 -r' '--map-groups 0:0:65536' '--map-groups all'; do
		usage "--owner: user $uid would get our own gid 0" --owner "$uid:$uid" $map
	done
	usage 'say --map-groups 3:0:1' --owner "$uid:0" --map-group 3
	# It is one's own already.
	outside_are 0 0 '' --owner "0:$uid" -r
	NS=(setpriv --groups 4,24 "$LAUNCHER")
	outside_are 0 0 '4 24' --owner 0:0 -r
	NS=("$LAUNCHER")
	# By word
	outside_are 0 0 '' --owner "$uid:$uid" --map-users 0:0:1 --map-groups 0:0:1
	outside_are 0 "$uid" '' --owner "$uid:$uid" --map-users 0:0:1
}

@test "--owner: the caller's own ids are handed to another owner by their numbers only" {
	requires root
	as_ourselves refused_hand_over
}

# never_dumpable TRACE: from before the namespace is made until exec, and a change of
# ids is followed by nothing else before that is said again. A child is as its parent was.
never_dumpable() {
	assert_equal "$(awk '
		{ pid = $1; if (!(pid in open)) open[pid] = last }
		changed[pid] && !/setres[ug]id\(/ && !/PR_SET_DUMPABLE, (SUID_DUMP_DISABLE|0)/ { print "changed: " $0 }
		/execve\(/ { open[pid] = 1 }
		/PR_SET_DUMPABLE, (SUID_DUMP_DISABLE|0)/ { open[pid] = changed[pid] = 0 }
		/PR_SET_DUMPABLE, (SUID_DUMP_USER|1)/ { print "opened: " $0 }
		/(clone3?|unshare)\(.*CLONE_NEWUSER/ { n++; if (open[pid]) print "dumpable: " $0 }
		/clone3?\(.*CLONE_NEWUSER/ { outside[pid] = 1 }
		/setres[ug]id\(.*= 0$/ && !outside[pid] { changed[pid] = 1 }
		{ last = open[pid] }
		END { if (n != 1) print "user namespaces: " n }' "$1")" ''
}

owner_traced() {
	local uid args
	uid=$(id -u "$NST_USER")
	for args in '' "${RANGE[*]}" "${RANGE[*]} $(indirect)" "${RANGE[*]} -S 5 -G 5" "${RANGE[*]} -T --boottime 100" \
		'--setgroups deny' "${RANGE[*]} --setgroups deny"; do
		printf -- '-- %s\n' "$args"
		observe strace -f -q -o "$D/trace" -e trace=execve,prctl,clone3,clone,unshare,setresuid,setresgid \
			"$LAUNCHER" --owner "$uid:$uid" $args true
		assert_outcome 'exited 0'
		grep -v '^[0-9]* \(<\.\.\.\|+++\|---\)' "$D/trace" | sed 's/ <unfinished.*/ = 0/' >"$D/calls"
		never_dumpable "$D/calls"
	done
}

@test "--owner: non-dumpable from before the user namespace is made until exec" {
	requires root strace
	as_ourselves owner_traced
}

# The owner looks for the launcher from out here, where it may trace whatever is in a
# user namespace of its own. Each execve(2) is held up for a while.
owner_lies_in_wait() {
	local uid
	uid=$(id -u "$NST_USER")
	rm -f "$NST_HOME/seized"
	start as_user "$HELPERS/seize" "$TOOL" "$NST_HOME/seized"
	wait_until test -e "$NST_HOME/seized"
	observe strace -f -q -o /dev/null -e trace=execve -e inject=execve:delay_enter=150000 \
		"$LAUNCHER" --owner "$uid:$(id -g "$NST_USER")" "$@" /bin/echo 'it ran'
	assert_outcome 'exited 0'
	assert_output 'it ran'
	assert_equal "$(<"$NST_HOME/seized")" seen
	end_background
}

owners_lie_in_wait() {
	owner_lies_in_wait
	owner_lies_in_wait "${RANGE[@]}"
	owner_lies_in_wait "${RANGE[@]}" -S 5 -G 5 $(indirect)
	owner_lies_in_wait --map-users 0:0:1 --map-groups 0:0:1
}

@test "--owner: the owner gets nothing of the launcher before the program is executed" {
	requires root strace
	as_ourselves owners_lie_in_wait
}

owner_sets_clocks() {
	local uid uptime
	uid=$(id -u "$NST_USER")
	for options in '' $(indirect) '--setup true' "--pin nst-$$ -u"; do
		[ -z "${options##*--pin*}" ] && [ "$options" ] && export NSPIN_DIR=$D/sets && mkdir -p "$D/sets"
		observe "$LAUNCHER" --owner "$uid:$uid" "${RANGE[@]}" --boottime 1000000 $options cat /proc/uptime
		assert_outcome 'exited 0'
		uptime=$(cut -d. -f1 /proc/uptime)
		[ "${output%%.*}" -ge $((uptime + 999000)) ] || show_run 'the clock was not set'
	done
	[ ! -d "$D/sets" ] || "$NSPIN" -d "nst-$$"
	failure 'write the clock offsets: /proc/' 'a clock would be negative' --owner "$uid:$uid" "${RANGE[@]}" --boottime -1000000000
}

in_mounts_of_root() { in_private_mounts "$@"; }

@test "--owner: clocks are set from outside" {
	requires root time-ns
	as_ourselves in_mounts_of_root owner_sets_clocks
}

### Keys

# key_is TEXT|none ARG...
key_is() {
	observe "$HELPERS/keys" add nst secret "$LAUNCHER" "${@:2}" "$HELPERS/keys" read nst
	assert_outcome 'exited 0'
	assert_output "$1"
}

requires_keys() { "$HELPERS/keys" add nst x true || skip 'needs keyctl(2)'; }

keys_of_root() {
	local uid
	uid=$(id -u "$NST_USER")
	for way in '' $(indirect) '--setup true'; do
		key_is secret -r $way
		key_is secret -u $way
		key_is secret -U $way
		key_is none "${RANGE[@]}" $way
		key_is none -u -S 7 $way
		key_is none -u -G 7 $way
		key_is none --owner "$uid:$uid" $way
		key_is none -r --new-keyring $way
		key_is none -u --new-keyring $way
	done
	# It is the program's own.
	observe "$LAUNCHER" "${RANGE[@]}" -S 5 -G 5 "$HELPERS/keys" owner
	assert_output 5
}

@test "root's session keyring is not the program's, where that is not root" {
	requires root
	requires_keys
	as_ourselves keys_of_root
}

keys_of_user() {
	key_is secret -r
	key_is none -r --new-keyring
	key_is none -r --new-keyring $(indirect)
}

@test "--new-keyring; an ordinary user's session keyring stays without it" {
	requires_keys
	as_the_user keys_of_user
}

keys_of_setup() {
	observe "$HELPERS/keys" add nst secret "$LAUNCHER" "${RANGE[@]}" --setup "$HELPERS/keys read nst" true
	assert_outcome 'exited 0'
	assert_output none
	observe "$HELPERS/keys" add nst secret "$LAUNCHER" -r --setup "$HELPERS/keys read nst" --new-keyring true
	assert_output none
}

@test "a set-up command does not have root's session keyring either" {
	requires root
	requires_keys
	as_ourselves keys_of_setup
}

no_keyctl() {
	local error text
	for error in EPERM:'Operation not permitted' ENOSYS:'Function not implemented'; do
		text=${error#*:} error=${error%%:*}
		observe strace -f -q -o /dev/null -e trace=keyctl -e inject=keyctl:error="$error" "$LAUNCHER" "${RANGE[@]}" true
		assert_outcome 'exited 0'
		refute_stderr
		refused strace -f -q -o /dev/null -e trace=keyctl -e inject=keyctl:error="$error" \
			"$LAUNCHER" "${RANGE[@]}" --new-keyring touch "$D/ran"
		said_of_failure "join a new session keyring: $text" 'keyctl(2)'
	done
	refused strace -f -q -o /dev/null -e trace=keyctl -e inject=keyctl:error=EDQUOT "$LAUNCHER" "${RANGE[@]}" touch "$D/ran"
	said_of_failure 'join a new session keyring: Disk quota exceeded' ''
}

@test "without keyctl(2), or where a filter denies it, only --new-keyring fails" {
	requires root strace
	as_ourselves no_keyctl
}

keys_entered() {
	if is_root; then world "${RANGE[@]}" -u; else world -r -u; fi
	! is_root || key_is none -t "$TARGET" -a
	! is_root || key_is none -t "$TARGET" -u -S 5
	! is_root || key_is none -t "$TARGET" -a -F
	is_root || key_is secret -t "$TARGET" -a
	key_is secret -t "$TARGET" -a --preserve-credentials
	key_is none -t "$TARGET" -a --preserve-credentials --new-keyring
	key_is none -t "$TARGET" -a --new-keyring
	! is_root || key_is secret -t "$TARGET" -u
}

@test "nsenter-lite: root's session keyring stays outside of a user namespace; --new-keyring" {
	requires_keys
	TOOLS=(nsenter-lite)
	each_way keys_entered
}
