#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Whose the program is that nsenter-lite starts: uid, gid, groups, capabilities.

load helpers
load launchers
load nsenter

setup_file() { make_user; }
teardown_file() { remove_user; }
setup() { requires userns; }

# status_of ARG...: the program's /proc/PID/status, in lines; it is entered well.
status_of() { inside "$@" cat /proc/self/status; }

# is FIELD VALUE...: one value stands for all four of Uid and Gid.
is() {
	local field=$1
	shift
	case $field in
	Uid | Gid) set -- "$1" "$1" "$1" "$1" ;;
	esac
	assert_line --regexp "^$field:[[:blank:]]*${*// /[[:blank:]]}[[:blank:]]*$" ||
		assert_line --regexp "^$field:[[:blank:]]*$(printf '%s[[:blank:]]+' "${@:1:$#-1}")${*: -1}[[:blank:]]*$"
}

ids_are() { is Uid "$1" && is Gid "$2" && is Groups "${@:3}"; }

field() { sed -n "s/^$1:[[:blank:]]*//p" "$BATS_TEST_TMPDIR/stdout"; }

# has SET NUMBER: capability NUMBER is in it; lacks
has() { ((0x$(field "$1") >> $2 & 1)); }
lacks() { ! has "$@"; }
empty() { [ $((0x$(field "$1"))) -eq 0 ]; }

# The caller's, whoever it is
own_uid() { "${WHO[@]}" id -u; }
own_gid() { "${WHO[@]}" id -g; }

### Defaults

becomes_root() {
	world -r -u
	! is_root || AROUND=(setpriv --groups 5,7)
	for options in -a -U '-U -u' '-a --kill-child'; do
		status_of $options
		is Uid 0
		is Gid 0
	done
	# An ordinary user's groups may have stayed, see below.
	! is_root || is Groups ''
	AROUND=()
}

@test "in a user namespace: uid 0, gid 0, no supplementary groups" { each_way becomes_root; }

stays_itself() {
	world -c -u
	status_of -a
	is Uid "$(own_uid)"
	is Gid "$(own_gid)"
	end_target
	world --map-user 7 --map-group 8
	status_of -a
	is Uid 7
	is Gid 8
	end_target
	# Each for itself
	world --map-user 0 --map-group 8
	status_of -a
	is Uid 0
	is Gid 8
	end_target
	world --map-user 7 --map-group 0
	status_of -a
	is Uid 7
	is Gid 0
}

@test "where uid or gid 0 is not mapped, our own stays" { each_way stays_itself; }

# A user's sandbox, entered by root, who is nobody in there.
nobody_there() {
	local uid gid
	uid=$(own_uid) gid=$(own_gid)
	world --map-user 7 --map-group 8
	WHO=()
	cannot "neither gid 0 nor our own: its map is 8:$gid:1" '--setgid names another one' -a
	cannot "neither uid 0 nor our own: its map is 7:$uid:1" '--setuid names another one' -a -G 8
	status_of -a -S 7 -G 8
	ids_are 7 8 ''
	status_of -a --preserve-credentials
	is Uid 65534
	is Gid 65534
	cannot 'setuid 9' 'not mapped in the user namespace' -a -G 8 -S 9
	cannot 'setgid 9' 'not mapped in the user namespace' -a -G 9 -S 7
}

@test "where neither 0 nor our own is mapped: a failure that shows the map" {
	requires root
	as_the_user nobody_there
}

# Who has no id in there is 65534, and may find that this is somebody.
overflow_is_mapped() {
	local uid gid
	uid=$(own_uid) gid=$(own_gid)
	! is_root || AROUND=(setpriv --regid 3 --clear-groups)
	target "${AROUND[@]}" "$NSCLONE" --map-user 65534 --map-group 65534 sleep 999
	status_of -a
	is Uid 65534
	is Gid 65534
	AROUND=()
	! is_root && as_root || return 0
	# The user's sandbox, entered by root.
	WHO=()
	cannot "neither gid 0 nor our own: its map is 65534:$gid:1" '--setgid names another one' -a
	cannot "neither uid 0 nor our own: its map is 65534:$uid:1" '--setuid names another one' -a -G 65534
	status_of -a -S 65534 -G 65534
	ids_are 65534 65534 ''
}

@test "the overflow id is our own where that is what it is mapped to, and only there" {
	as_ourselves overflow_is_mapped
	requires root
	as_the_user overflow_is_mapped
}

unchanged() {
	AROUND=(setpriv --groups 5,7 --rgid 3 --egid 3)
	world -un
	# Our own user namespace is none that is entered.
	for options in -u -a '-u -n' '-u --user=/proc/self/ns/user' '-u --from /proc/self/ns/user'; do
		status_of $options
		ids_are 0 3 5 7
	done
	AROUND=()
}

@test "without a user namespace, ids and groups stay" {
	requires root
	as_ourselves unchanged
}

preserved() {
	world -r -u
	AROUND=(setpriv --groups 5,7 --rgid 3 --egid 3)
	status_of -a --preserve-credentials
	ids_are 0 65534 65534 65534
	for options in '-S 0' '-G 0' '-S follow' '--setgid=follow'; do
		usage '--preserve-credentials excludes' -a --target "$TARGET" --preserve-credentials $options
	done
	AROUND=()
}

@test "--preserve-credentials: ids and groups stay, in a user namespace, too" {
	requires root
	as_ourselves preserved
}

### By number, by name, after the target

numbers() {
	ranged -u
	status_of -a -S 5 -G 6
	ids_are 5 6 ''
	status_of -a --setuid=9
	ids_are 9 0 ''
	status_of -a --setgid=9
	ids_are 0 9 ''
	# By the names of where we come from
	status_of -a -S daemon -G bin
	ids_are "$(id -u daemon)" "$(getent group bin | cut -d: -f3)" ''
	cannot 'setuid 200000000' 'not mapped' -a -S 200000000
	cannot 'setgid 200000000' 'not mapped' -a -G 200000000
}

@test "--setuid, --setgid: ids of the user namespace that is entered" {
	requires subids
	each_way numbers
}

host_numbers() {
	world -u
	AROUND=(setpriv --groups 5,7)
	status_of -u -S nobody -G 12
	ids_are "$(id -u nobody)" 12 ''
	# Each alone takes the groups away.
	status_of -u -G 12
	ids_are 0 12 ''
	status_of -u -S 12
	ids_are 12 0 ''
	empty CapEff
	AROUND=()
}

@test "--setuid, --setgid without a user namespace" {
	requires root
	as_ourselves host_numbers
}

followed() {
	ranged -S 5 -G 6 -u
	status_of -a -S follow -G follow
	ids_are 5 6 ''
	status_of -a -S follow
	ids_are 5 0 ''
	status_of -a --setgid=follow
	ids_are 0 6 ''
	status_of -a -G follow -S 7
	ids_are 7 6 ''
}

@test "--setuid=follow, --setgid=follow: those of the target" {
	requires subids
	each_way followed
}

# All four ids differ: what counts is the effective one.
followed_on_host() {
	target setpriv --ruid 11 --euid 12 --rgid 13 --egid 14 --clear-groups sleep 999
	status_of -S follow -G follow
	ids_are 12 14 ''
}

@test "follow: the target's effective ids" {
	requires root
	as_ourselves followed_on_host
}

misnamed() {
	target_named 'Uid:\t7 7'
	status_of -S follow
	is Uid "$(own_uid)"
	is_root || return 0
	target_named 'Gid:\t7 7'
	status_of -G follow
	is Gid "$(own_gid)"
}

@test "follow: a name of the target that looks like ids is only a name" { each_way misnamed; }

not_an_id() {
	world -r -u
	for id in '' -1 +1 ' 1' 1x 4294967295 4294967296 18446744073709551616 no-such-name Follow; do
		usage '--setuid' -t "$TARGET" -a "--setuid=$id"
		usage '--setgid' -t "$TARGET" -a "--setgid=$id"
	done
}

@test "what is no id is a usage error" { as_ourselves not_an_id; }

### Groups that cannot be dropped

groups_stay() {
	D=$(mktemp -d "$NST_HOME/XXXXXX")
	chmod 777 "$D"
	start setpriv --reuid "$NST_USER" --regid "$NST_USER" --clear-groups "$NSCLONE" -r -u sleep 999
	wait_until last_is "$BG_PID" sleep
	TARGET=$CHILD
	AROUND=(setpriv --reuid "$NST_USER" --regid "$NST_USER" --groups "$(id -g "$NST_USER"),12345")
	cannot 'drop supplementary groups' 'denies setgroups' -a
	cannot 'drop supplementary groups' 'denies setgroups' -U
	cannot 'drop supplementary groups' 'denies setgroups' -a -G 0
	status_of -a --preserve-credentials
	is Groups 65534 0 || is Groups 0 65534
	# By file, there is nobody to compare with.
	failure 'drop supplementary groups' 'denies setgroups' "--user=/proc/$TARGET/ns/user"
	# Our own group alone gives nothing away.
	AROUND=(setpriv --reuid "$NST_USER" --regid "$NST_USER" --groups "$(id -g "$NST_USER")")
	status_of -a
	ids_are 0 0 0
	end_target
	# A target that has it, too
	start setpriv --reuid "$NST_USER" --regid "$NST_USER" --groups 12345 "$NSCLONE" -r -u sleep 999
	wait_until last_is "$BG_PID" sleep
	TARGET=$CHILD
	AROUND=(setpriv --reuid "$NST_USER" --regid "$NST_USER" --groups 12345)
	status_of -a
	ids_are 0 0 65534
	AROUND=(setpriv --reuid "$NST_USER" --regid "$NST_USER" --groups 12345,12346)
	cannot 'drop supplementary groups' 'denies setgroups' -a
	AROUND=()
	end_target
	# A target that has it in its name only
	WHO=(setpriv --reuid "$NST_USER" --regid "$NST_USER" --clear-groups)
	target_named 'Groups:\t12345 ' "$NSCLONE" -r -u
	WHO=()
	AROUND=(setpriv --reuid "$NST_USER" --regid "$NST_USER" --groups 12345)
	cannot 'drop supplementary groups' 'denies setgroups' -a
	AROUND=()
}

# Within a user namespace, all groups that it does not map have the overflow gid, the
# target's and ours.
groups_without_number() {
	local -a of_user=(setpriv --reuid "$NST_USER" --regid "$NST_USER")
	D=$(mktemp -d "$NST_HOME/XXXXXX")
	chmod 777 "$D"
	start "${of_user[@]}" --groups 12345 "$NSCLONE" -r sleep 999
	wait_until last_is "$BG_PID" sleep
	OUTER=$CHILD
	start "${of_user[@]}" --groups 12345 "$LAUNCHER" -t "$OUTER" -a "$NSCLONE" -r -u sleep 999
	wait_until last_is "$BG_PID" sleep
	TARGET=$CHILD
	assert_equal "$(sed -n 's/^Groups:[[:blank:]]*\([0-9]*\).*/\1/p' "/proc/$TARGET/status")" 12345
	# Its own, too, has no number in there.
	AROUND=("${of_user[@]}" --groups 12345 "$LAUNCHER" -t "$OUTER" -a)
	cannot 'drop supplementary groups' 'denies setgroups' -a
	AROUND=("${of_user[@]}" --clear-groups "$LAUNCHER" -t "$OUTER" -a)
	status_of -a
	ids_are 0 0 ''
	AROUND=()
}

@test "setgroups denied: groups without a number here are not taken for the target's" {
	requires root setpriv
	as_ourselves groups_without_number
}

lacks_setgid() {
	! is_root || AROUND=(setpriv --clear-groups --bounding-set=-setgid --inh-caps=-all)
	failure 'drop supplementary groups: Operation not permitted' '' -G "$(own_gid)"
	AROUND=()
}

@test "--setgid without CAP_SETGID is a failure, and no user namespace is to blame" {
	requires setpriv
	each_way lacks_setgid
}

@test "setgroups denied: groups that the target lacks are a failure, those that it has may stay" {
	requires root setpriv
	as_ourselves groups_stay
}

groups_go() {
	start setpriv --reuid "$NST_USER" --regid "$NST_USER" --clear-groups "$NSCLONE" -r --map-auto sleep 999
	wait_until last_is "$BG_PID" sleep
	TARGET=$CHILD
	D=$(mktemp -d "$NST_HOME/XXXXXX")
	chmod 777 "$D"
	AROUND=(setpriv --reuid "$NST_USER" --regid "$NST_USER" --groups 12345,12346)
	status_of -a
	ids_are 0 0 ''
	AROUND=()
}

@test "setgroups allowed: an ordinary user's groups are dropped inside" {
	requires root setpriv subids
	as_ourselves groups_go
}

group_failure() {
	ranged
	refused strace -f -q -o /dev/null -e trace=setgroups -e inject=setgroups:error=ENOMEM \
		"$LAUNCHER" -t "$TARGET" -a touch "$D/ran"
	said_of_failure 'drop supplementary groups: Cannot allocate memory' ''
}

@test "groups that cannot be dropped for another reason are a failure" {
	requires subids strace
	each_way group_failure
}

### Capabilities

caps_stay() {
	world -c -u
	status_of -a
	is_root || empty CapEff
	is_root || empty CapPrm
	for options in '-a --keep-caps' '-a --keep-caps --kill-child' '-U --keep-caps'; do
		status_of $options
		for cap in 0 12 21 39; do
			has CapEff "$cap"
			has CapPrm "$cap"
			has CapAmb "$cap"
			has CapInh "$cap"
		done
	done
}

@test "--keep-caps: the program has the capabilities of the user namespace, whatever its uid" { each_way caps_stay; }

caps_stay_setuid() {
	ranged
	status_of -a -S 5 -G 5
	empty CapEff
	empty CapPrm
	status_of -a -S 5 -G 5 --keep-caps
	is Uid 5
	has CapEff 21
	has CapAmb 21
}

@test "--keep-caps with --setuid" {
	requires subids
	each_way caps_stay_setuid
}

caps_dropped() {
	own_world -u
	status_of "${USER_OPTION[@]}" -u
	for cap in 12 13 21; do
		has CapEff $cap
		has CapBnd $cap
	done
	for list in --drop-caps=net_admin,CAP_NET_RAW,21 '--drop-caps=12 --drop-caps=13,cap_sys_admin' \
		'--drop-caps=12,13,21 --kill-child'; do
		status_of "${USER_OPTION[@]}" -u $list
		for cap in 12 13 21; do
			lacks CapEff $cap
			lacks CapPrm $cap
			lacks CapBnd $cap
			lacks CapInh $cap
		done
		has CapEff 0
		has CapBnd 0
		has CapEff 6
	done
	for list in --drop-caps '-S 0 -G 0 --drop-caps'; do
		status_of "${USER_OPTION[@]}" -u $list
		empty CapEff
		empty CapPrm
		empty CapBnd
		empty CapInh
		empty CapAmb
	done
	# Without uid 0, nobody could reduce the bounding set any more.
	is_root || return 0
	status_of -u -S 5 --drop-caps=net_raw
	is Uid 5
	lacks CapBnd 13
	has CapBnd 12
}

@test "--drop-caps: all, or these, are gone from every set, for good" { each_way in_own_world caps_dropped; }

kept_but_dropped() {
	world -r -u
	status_of -a --keep-caps --drop-caps=sys_admin
	lacks CapEff 21
	lacks CapAmb 21
	lacks CapBnd 21
	has CapAmb 0
	# 4 and 36, 5 and 37 stand in the same place of the two halves of a set.
	status_of -a --keep-caps --drop-caps=4,37
	lacks CapAmb 4
	lacks CapAmb 37
	has CapAmb 36
	has CapAmb 5
}

@test "--drop-caps with --keep-caps: what is dropped is not kept" { each_way kept_but_dropped; }

kept_without() {
	world -u
	status_of -u --keep-caps -S 5
	empty CapEff
	empty CapAmb
	status_of -u --keep-caps
	empty CapAmb
}

@test "--keep-caps where no user namespace is entered keeps nothing, as in nsenter(1)" {
	requires root
	as_ourselves kept_without
}

no_caps() {
	own_world -u
	for list in '' x net_admin, ,net_admin cap_ net_admin,cap_x 64 -1 1x 'net admin'; do
		usage '--drop-caps' -t "$TARGET" "${USER_OPTION[@]}" -u "--drop-caps=$list"
	done
}

@test "--drop-caps of what is no capability is a usage error" { as_ourselves in_own_world no_caps; }

sets_emptied() {
	world -u
	AROUND=(setpriv --inh-caps=+net_raw,+net_admin --ambient-caps=+net_raw)
	for options in -u -a '-u --kill-child' '-u -S 0 -G 0' '-u -S 5'; do
		status_of $options
		empty CapInh
		empty CapAmb
	done
	AROUND=()
	world -r -u
	AROUND=(setpriv --inh-caps=+net_raw,+net_admin --ambient-caps=+net_raw)
	for options in -a '-a -S 0' '-a --preserve-credentials'; do
		status_of $options
		empty CapInh
		empty CapAmb
	done
	AROUND=()
}

@test "inheritable and ambient capabilities are not handed on" {
	requires root setpriv
	as_ourselves sets_emptied
}

new_privs() {
	own_world -u
	status_of "${USER_OPTION[@]}" -u
	is NoNewPrivs 0
	for options in --no-new-privs '--no-new-privs --kill-child' '--no-new-privs -F' '--no-new-privs --keep-caps'; do
		status_of "${USER_OPTION[@]}" -u $options
		is NoNewPrivs 1
	done
}

@test "--no-new-privs" { each_way in_own_world new_privs; }
