#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# nsenter-lite into containers as others make them: runc's, those of ip netns,
# bubblewrap's, and an nsclone world with an init of its own.

load helpers
load launchers
load nsenter

setup_file() { make_user; }
teardown_file() { remove_user; }
setup() {
	requires userns
	BUNDLE=
}
teardown() {
	end_target
	[ -z "$BUNDLE" ] || runc_at delete --force "nst-$$" || true
}

### runc

runc_at() { runc --root "$BUNDLE/state" "$@"; }

# "user" or nothing more than what it always has, its own cgroup and its capabilities
config() {
	local user='' maps=''
	if [ "${1-}" = user ]; then
		user=', {"type": "user"}'
		maps=', "uidMappings": [{"containerID": 0, "hostID": 100000, "size": 65536}],
			"gidMappings": [{"containerID": 0, "hostID": 100000, "size": 65536}]'
	fi
	cat <<-EOF
	{ "ociVersion": "1.0.2",
	  "process": { "user": { "uid": 1000, "gid": 1000, "additionalGids": [7] },
	    "args": ["/bin/sleep", "999"], "cwd": "/tmp",
	    "env": ["PATH=/bin", "INSIDE=yes", "TEXT=a b"],
	    "capabilities": { "bounding": ["CAP_KILL"] } },
	  "root": { "path": "rootfs" }, "hostname": "contained",
	  "mounts": [
	    { "destination": "/proc", "type": "proc", "source": "proc" },
	    { "destination": "/dev", "type": "tmpfs", "source": "tmpfs" } ],
	  "linux": { "namespaces": [ {"type": "pid"}, {"type": "mount"}, {"type": "uts"},
	    {"type": "ipc"}, {"type": "network"}, {"type": "cgroup"}$user ]$maps } }
	EOF
}

# runc_container [user]: its process is $TARGET.
runc_container() {
	local state
	BUNDLE=$BATS_TEST_TMPDIR
	busybox_root "$BUNDLE/rootfs"
	[ "${1-}" != user ] || chown -R 100000:100000 "$BUNDLE/rootfs"
	chmod 711 "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR/test" "$BUNDLE" 2>/dev/null || true
	config "$@" >"$BUNDLE/config.json"
	runc_at run --bundle "$BUNDLE" --detach "nst-$$" </dev/null >"$BUNDLE/log" 2>&1 3>&- 4>&- ||
		skip "runc cannot run a container here: $(tail -n 1 "$BUNDLE/log")"
	state=$(runc_at state "nst-$$")
	TARGET=$(sed -n 's/^ *"pid": \([0-9]*\),*$/\1/p' <<<"$state")
	[ "$TARGET" -gt 1 ]
	sleeps() { has_comm "$TARGET" sleep; }
	wait_until sleeps
}

# contained ARG...: the tool, into it; a shell says what is around it.
look='for t in mnt uts ipc net pid user cgroup time; do readlink /proc/self/ns/$t; done'
contained() {
	inside "$@" /bin/sh -c "$look"
	assert_equal "$output" "$(links "$TARGET" $NSTYPES)"
}

enter_runc() {
	runc_container
	# Every namespace
	contained -a
	contained --all --root --wd
	contained -m -u -i -n -p -C
	inside -a /bin/hostname
	assert_output contained
	inside -a /bin/ls /
	assert_output $'bin\ndev\netc\nproc\nroot\nrun\nsys\ntmp'
	# In there, it is a process among others, and PID 1 is what runc has started.
	inside -a /bin/sh -c 'cat /proc/1/comm; echo /proc/[0-9]*'
	assert_equal "${lines[0]}" sleep
	# Only net: our files, its interfaces
	enters_target net -n
	inside -n sh -c 'ls /sys/class/net >/dev/null; tail -n +3 /proc/self/net/dev | cut -d: -f1'
	assert_output --regexp '^ *lo$'
	enters_target 'net uts' "--net=/proc/$TARGET/ns/net" -u
	# As its user, with its environment, its working directory, its cgroup
	inside -a -S 1000 -G 1000 /bin/id
	assert_output 'uid=1000(user) gid=1000(user)'
	inside -a -S follow -G follow --drop-caps /bin/sh -c 'id; grep -E "^Cap(Eff|Bnd)" /proc/self/status'
	assert_line --regexp '^uid=1000\(user\) gid=1000\(user\)'
	assert_line --regexp '^CapEff:.0+$'
	assert_line --regexp '^CapBnd:.0+$'
	inside -a -e env
	assert_equal "$(sort <<<"$output")" "$(tr '\0' '\n' <"/proc/$TARGET/environ" | sort)"
	assert_line INSIDE=yes
	inside -a -w pwd
	assert_output /tmp
	inside -a pwd
	assert_output /
}

@test "runc: every namespace, only one, as its user, with its environment, its directory" {
	requires root runc
	as_ourselves enter_runc
}

runc_cgroup() {
	runc_container
	refute_equal "$(cat "/proc/$TARGET/cgroup")" "$(cat /proc/self/cgroup)"
	inside -m -u -i -n -p -c cat /proc/self/cgroup
	# Where our cgroup namespace is: what is in the container's is seen as from here.
	assert_equal "$output" "$(cat "/proc/$TARGET/cgroup")"
	assert_output --partial "nst-$$"
	inside -a -c cat /proc/self/cgroup
	refute_output --partial "nst-$$"
	assert_output --partial ':/'
	inside -a -c --kill-child sh -c 'exec cat /proc/1/cgroup'
	assert_equal "$(sed 's/.*://' <<<"$output" | sort -u)" /
	inside -n cat /proc/self/cgroup
	assert_equal "$output" "$(cat /proc/$$/cgroup)"
}

@test "runc: its cgroup" {
	requires root runc cgroup2
	as_ourselves runc_cgroup
}

runc_user() {
	runc_container user
	contained -a
	inside -a /bin/sh -c 'id -u; id -g; id -G; cat /proc/self/uid_map | tr -s " "'
	assert_equal "$output" $'0\n0\n0\n 0 100000 65536'
	inside -a -S follow -G follow -e -w /bin/sh -c 'id -u; id -G; pwd; echo $TEXT'
	assert_equal "$output" $'1000\n1000\n/tmp\na b'
	# Without its user namespace, root enters the rest, as root.
	enters_target 'net' -n
	inside -n -u sh -c 'id -u; hostname'
	assert_equal "$output" $'0\ncontained'
	enters_target 'net user' --net -U
	enters 'net user' "--net=/proc/$TARGET/ns/net" "--user=/proc/$TARGET/ns/user"
}

@test "runc: a container with a user namespace" {
	requires root runc
	as_ourselves runc_user
}

### ip netns

netns() {
	local name=nst-$$
	ip netns add "$name" 2>/dev/null || skip 'ip netns cannot make a namespace'
	net=$(ip netns exec "$name" readlink /proc/self/ns/net)
	for option in --net= -n -n= --from=; do
		observe "$LAUNCHER" "$option/run/netns/$name" readlink /proc/self/ns/net /proc/self/ns/mnt
		assert_outcome 'exited 0'
		assert_equal "$output" "$net"$'\n'"$(links $$ mnt)"
	done
	own_world -u
	observe "$LAUNCHER" -t "$TARGET" -u "-n/run/netns/$name" readlink /proc/self/ns/net /proc/self/ns/uts
	assert_equal "$output" "$net"$'\n'"$(links "$TARGET" uts)"
	ip netns delete "$name"
	failure "/run/netns/$name" '' "--net=/run/netns/$name"
}

@test "ip netns: by the file of its name" {
	requires root ip
	# Its mounts and files stay in there.
	as_ourselves in_private_mounts netns_in_private
}

netns_in_private() {
	mkdir -p /run/netns 2>/dev/null || true
	mount -t tmpfs none /run
	netns
}

### Sandboxes

bubblewrap() {
	mkdir "$D/only-here"
	target bwrap --unshare-all --bind / / --proc /proc --dev /dev --tmpfs "$D" --dir "$D/in" --chdir "$D/in" \
		--setenv INSIDE yes --hostname contained sleep 999
	contained -a
	contained -a -w -e --root
	inside -a -w -e sh -c 'pwd; echo $INSIDE; hostname; ls -A ..'
	assert_equal "$output" "$D/in"$'\nyes\ncontained\nin'
	inside -a sh -c 'id -u; id -g'
	assert_equal "$output" "$("${WHO[@]}" id -u)"$'\n'"$("${WHO[@]}" id -g)"
	inside -U -n readlink /proc/self/ns/net /proc/self/ns/user /proc/self/ns/mnt
	assert_equal "$output" "$(links "$TARGET" net user)"$'\n'"$(links $$ mnt)"
	end_target
}

@test "bubblewrap: a sandbox of one's own, with its environment and its working directory" {
	requires bwrap
	as_the_user bubblewrap
}

# Its init takes what comes in, too, when that is orphaned.
with_init() {
	is_root && set -- -a || set -- -r -a
	world "$@" --init --mount-proc --hostname contained
	contained -a
	inside -a sh -c 'hostname; cat /proc/1/comm; ps -e -o comm= | sort | tr "\n" " "'
	[[ ${lines[0]} == contained && ${lines[1]} == nsclone* && ${lines[2]} == *sleep* ]] || show_run 'wanted the init'
	inside -a sh -c 'readlink /proc/self/ns/pid; exec sh -c "exit 0"'
	observe "$LAUNCHER" -t "$TARGET" -a sh -c 'sleep 0.1 & exit 3'
	assert_outcome 'exited 3'
	end_target
}

@test "nsclone --init: its world" { each_way with_init; }

ends_with_init() {
	is_root && set -- -a || set -- -r -a
	world "$@" --init --mount-proc
	watch "$LAUNCHER" -t "$TARGET" -a sleep 99
	second() { child_of "$BG_PID" && child_of "$CHILD" && has_comm "$CHILD" sleep; }
	wait_until second
	assert_equal "$(links "$CHILD" pid)" "$(links "$TARGET" pid)"
	to "$TARGET" KILL
	ended 'killed 9'
}

@test "a PID namespace that ends takes the program along, and the tool ends as that does" { each_way ends_with_init; }
