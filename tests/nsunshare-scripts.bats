#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# nsunshare under the name of unshare, first in the PATH of scripts that were
# written for unshare(1), and in the examples of its manual page.

load helpers
load launchers
load jobs
TOOLS=(nsunshare)

setup_file() { make_user; }
teardown_file() { remove_user; }
setup() {
	requires userns
	REAL=$(command -v unshare)
	export REAL
}

# named TEST [ARG...]: NS puts our unshare first in the PATH of what follows.
named() {
	"${WHO[@]}" mkdir -p "$D/named"
	"${WHO[@]}" ln -sf "$LAUNCHER" "$D/named/unshare"
	NS=(env PATH="$D/named:$PATH:/usr/sbin:/sbin")
	"$@"
}

last_nspid() { sed -n 's/^NSpid:.*\t//p' "/proc/$1/status"; }

# is_new PID TYPE...: these namespaces of it are not ours, all others are.
is_new() {
	local type pid=$1 new=" ${*:2} "
	for type in $(kernel_types); do
		if [[ $new == *" $type "* ]]; then
			refute_equal "$(ns_id "$pid" "$type")" "$(ns_id self "$type")"
		else
			assert_equal "$(ns_id "$pid" "$type")" "$(ns_id self "$type")"
		fi
	done
}

### arch-chroot

arch_chroot() {
	busybox_root "$D/root"
	! as_root || [ "$AS" = root ] || chown -R "$NST_USER:" "$D/root"
	watch "${NS[@]}" arch-chroot "$@" "$D/root" /bin/sh -c 'echo $$ "$(id -u)" >/etc/seen; exec sleep 99' 2>"$D/stderr"
	wait_until ends_in "$BG_PID" sleep
	PROGRAM=$CHILD
	assert_equal "$(last_nspid "$PROGRAM") $(readlink "/proc/$PROGRAM/root")" "1 $D/root"
	assert_equal "$(<"$D/root/etc/seen")" '1 0'
}

leave_arch_chroot() {
	to "$PROGRAM" KILL
	ended 'exited 137'
	assert_equal "$(times_mounted "$D/root/proc")" 0
	rm -r "$D/root"
}

by_root() {
	arch_chroot
	is_new "$PROGRAM" pid
	leave_arch_chroot
	observe "${NS[@]}" arch-chroot "$D" false
	assert_outcome 'exited 1'
}

@test "arch-chroot, as root" {
	requires root arch-chroot
	as_ourselves named in_private_mounts by_root
}

by_user() {
	requires subids
	arch_chroot -N
	is_new "$PROGRAM" user pid mnt
	assert_equal "$(awk 'NR == 1 { print $1, $2, $3 }' "/proc/$PROGRAM/uid_map")" "0 $("${WHO[@]}" id -u) 1"
	[ "$(awk '{ n += $3 } END { print n }' "/proc/$PROGRAM/uid_map")" -gt 1000 ]
	assert_equal "$(times_mounted "$D/root/proc")" 0
	leave_arch_chroot
}

@test "arch-chroot -N, as an ordinary user" {
	requires arch-chroot
	as_the_user named by_user
}

### mmdebstrap

# mmdebstrap --mode=unshare makes this world by system calls of its own; here it
# runs as root of one that unshare has made. The archive is empty: the whole
# system is what the hooks put there.
lonely_mmdebstrap() {
	local first
	requires subids
	"${WHO[@]}" mkdir "$D/archive" "$D/work"
	# It is his first subordinate id that works there.
	"${WHO[@]}" chmod 777 "$D/work"
	"${WHO[@]}" chmod a+x "$NST_HOME"
	as_root || chmod a+x "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR"
	"${WHO[@]}" touch "$D/archive/Packages"
	"${WHO[@]}" tee "$D/script" <<-'EOF' >/dev/null
		#!/bin/sh
		exec unshare --mount --pid --uts --ipc --fork --map-users auto --map-groups auto --setuid 0 --setgid 0 \
			mmdebstrap --mode=root --variant=custom --skip=update \
			--setup-hook='mkdir -p "$1/bin" "$1/dev" "$1/etc" "$1/proc" "$1/sys"' \
			--setup-hook='cp "$(command -v busybox)" "$1/bin/busybox"; chown 1:1 "$1/bin"' \
			--setup-hook='readlink /proc/self/ns/user /proc/self/ns/mnt /proc/self/ns/pid >"$1/etc/ns"' \
			--customize-hook='chroot "$1" /bin/busybox sh -c "echo \$\$; busybox id -u; busybox mount" >"$1/etc/seen"' \
			'' "$1" "deb [trusted=yes] copy:$2 ./"
	EOF
	observe "${NS[@]}" TMPDIR="$D/work" HOME="$D" sh "$D/script" "$D/work/root" "$D/archive"
	assert_outcome 'exited 0'
	assert_equal "$(sed 's/:.*//' "$D/work/root/etc/ns" | paste -sd ' ')" 'user mnt pid'
	! grep -qxF "$(readlink /proc/self/ns/{user,mnt,pid})" "$D/work/root/etc/ns" || fail "not in namespaces of its own"
	assert_equal "$(sed -n 2p "$D/work/root/etc/seen")" 0
	grep -q '^[^ ]* on /proc type proc ' "$D/work/root/etc/seen"
	first=$(getsubids "$NST_USER" | awk 'NR == 1 { print $3 }')
	assert_equal "$(stat -c %u "$D/work/root" "$D/work/root/bin" | paste -sd ' ')" "$first $((first + 1))"
	"${WHO[@]}" "$REAL" --map-users auto --map-groups auto --setuid 0 --setgid 0 rm -r "$D/work/root"
}

@test "mmdebstrap in the world that it makes for itself otherwise" {
	requires mmdebstrap busybox
	as_the_user named lonely_mmdebstrap
}

### Labs of networks

lab_of_user() {
	"${WHO[@]}" tee "$D/lab" <<-'EOF' >/dev/null
		#!/bin/sh
		[ "$1" ] || exec unshare -rn "$0" inside
		set -e
		ip link add west type veth peer name east
		ip address add 10.9.8.1/24 dev west
		ip link set west up
		unshare --net sleep 99 &
		until [ "$(readlink /proc/$!/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.05; done
		ip link set east netns $!
		nsenter --target $! --net sh -c 'ip address add 10.9.8.2/24 dev east && ip link set east up'
		ping -q -c 1 -W 5 10.9.8.2 >/dev/null
		ip -o link show | sed 's/^[0-9]*: //; s/[:@].*//' | sort | paste -sd ' '
		nsenter --target $! --net ip -o link show | sed 's/^[0-9]*: //; s/[:@].*//' | sort | paste -sd ' '
		kill $!
	EOF
	"${WHO[@]}" chmod 755 "$D/lab"
	observe "${NS[@]}" "$D/lab"
	assert_outcome 'exited 0'
	assert_output $'lo west\neast lo'
	! ip link show west 2>/dev/null || fail "a device of the lab is outside"
}

@test "a lab of two networks by unshare -rn" {
	requires ip nsenter ping
	each_way named lab_of_user
}

lab_of_root() {
	local net
	mount -t tmpfs tmpfs /run
	mkdir /run/netns
	cat >"$D/lab" <<-'EOF'
		set -e
		unshare --net=/run/netns/west ip link set lo up
		unshare --net=/run/netns/east --fork true
		ip -n west link add east type veth peer name west netns east
		ip -n west address add 10.9.8.1/24 dev east
		ip -n east address add 10.9.8.2/24 dev west
		ip -n west link set east up
		ip -n east link set west up
		ip netns exec west ping -q -c 1 -W 5 10.9.8.2 >/dev/null
		ip netns exec west readlink /proc/self/ns/net
		ip netns exec east readlink /proc/self/ns/net
		ip netns list | sed 's/ .*//' | sort | paste -sd ' '
	EOF
	observe "${NS[@]}" sh "$D/lab"
	assert_outcome 'exited 0'
	assert_output "$(pinned /run/netns/west)"$'\n'"$(pinned /run/netns/east)"$'\neast west'
	refute_equal "${lines[0]}" "${lines[1]}"
	refute_line "$(ns_id self net)"
	for net in west east; do
		ip netns delete "$net"
	done
	assert_equal "$(ls /run/netns)" ''
}

@test "a lab of two networks that unshare pins for ip netns" {
	requires root ip ping
	as_ourselves named in_private_mounts lab_of_root
}

### The examples of unshare(1)

root_too() { is_root || printf '%s\n' --user --map-root-user; }

pid_1_of_proc() {
	observe "${NS[@]}" unshare $(root_too) --fork --pid --mount-proc readlink /proc/self
	assert_outcome 'exited 0'
	assert_output 1
	refute_stderr
}

@test "example: readlink /proc/self is 1 in a PID namespace with its proc" { each_way named pid_1_of_proc; }

root_of_a_user_namespace() {
	observe "${NS[@]}" unshare --user --map-root-user \
		sh -c 'whoami; cat /proc/self/uid_map /proc/self/gid_map'
	assert_outcome 'exited 0'
	assert_equal "${lines[0]}" root
	assert_equal "$(sed '1d; s/  */ /g' <<<"$output")" \
		" 0 $("${WHO[@]}" id -u) 1"$'\n'" 0 $("${WHO[@]}" id -g) 1"
}

@test "example: the user is root of a user namespace" { each_way named root_of_a_user_namespace; }

file_of_another() {
	local first
	requires subids
	first=$(getsubids "$NST_USER" | awk 'NR == 1 { print $3 }')
	observe "${NS[@]}" SHELL=/bin/sh unshare --user --map-auto --map-root-user <<-EOF
		cd "$D" && id -u && touch file && chown 1:1 file && stat -c %u:%g file
	EOF
	assert_outcome 'exited 0'
	refute_stderr
	assert_output $'0\n1:1'
	assert_equal "$(stat -c %u:%g "$D/file")" "$first:$(getsubids -g "$NST_USER" | awk 'NR == 1 { print $3 }')"
	"${WHO[@]}" rm -f "$D/file"
}

@test "example: a shell with all subordinate ids gives a file away" { as_the_user named file_of_another; }

name_for_later() {
	touch "$D/uts-ns"
	# Lest a nsunshare that does not work gives the machine a name.
	observe "$REAL" --uts "${NS[@]}" unshare --uts="$D/uts-ns" hostname FOO
	assert_outcome 'exited 0'
	assert_equal "$(nsenter --uts="$D/uts-ns" uname -n)" FOO
	refute_equal "$(uname -n)" FOO
	umount "$D/uts-ns"
	[ ! -s "$D/uts-ns" ]
}

@test "example: a host name that is kept" {
	requires hostname nsenter
	as_ourselves named in_private_mounts name_for_later
}

mounts_for_later() {
	mkdir "$D/namespaces"
	mount --bind "$D/namespaces" "$D/namespaces"
	mount --make-private "$D/namespaces"
	touch "$D/namespaces/mnt"
	observe "${NS[@]}" SHELL=/bin/sh unshare --mount="$D/namespaces/mnt" <<<"mount -t tmpfs example /mnt; readlink /proc/self/ns/mnt"
	assert_outcome 'exited 0'
	assert_output "$(pinned "$D/namespaces/mnt")"
	refute_output "$(ns_id self mnt)"
	[ -n "$(nsenter --mount="$D/namespaces/mnt" sed -n '/ \/mnt .* example /p' /proc/self/mountinfo)" ]
	assert_equal "$(sed -n '/ \/mnt .* example /p' /proc/self/mountinfo)" ''
}

@test "example: a mount namespace that is kept" {
	requires nsenter
	as_ourselves named in_private_mounts mounts_for_later
}

# By KILL: TERM is ignored by who waits.
world_of_sleepers() {
	watch "${NS[@]}" unshare $(root_too) --pid --fork --mount-proc "$@" -- \
		bash --norc -c '(sleep 555 &) && (ps a &) && sleep 999' >"$D/stdout"
	wait_until ends_in "$BG_PID" sleep
	wait_until grep -q PID "$D/stdout"
	wait_until child_of "$BG_PID"
	assert_equal "$(last_nspid "$CHILD")" "$CHILD"
	wait_until ends_in "$BG_PID" sleep
}

killed_with_children() {
	world_of_sleepers --kill-child
	wait_until child_of "$BG_PID"
	to "$CHILD" KILL
	ended 'killed 9'
}

living_on() {
	local init
	world_of_sleepers
	wait_until child_of "$BG_PID"
	LAUNCHER_PID=$CHILD
	wait_until child_of "$LAUNCHER_PID"
	init=$CHILD
	to "$LAUNCHER_PID" KILL
	wait_until test -s "$D/outcome"
	[ "$(last_nspid "$init")" = 1 ]
	to "$init" KILL
	ended 'killed 9'
}

@test "example: with --kill-child nobody in the PID namespace survives, without it all do" {
	each_way named killed_with_children
	each_way named living_on
}

years_ago() {
	local before
	before=$(cut -d. -f1 /proc/uptime)
	observe "${NS[@]}" unshare $(root_too) --time --fork --boottime 300000000 sh -c 'uptime -p; cut -d. -f1 /proc/uptime'
	assert_outcome 'exited 0'
	assert_line --regexp '^up 9 years, '
	[ "${lines[1]}" -ge $((before + 300000000)) ]
	[ "$(cut -d. -f1 /proc/uptime)" -lt $((before + 100000)) ]
}

@test "example: an uptime of years" {
	requires time-ns uptime
	each_way named years_ago
}

# The interpreter is outside of the root; its proc is not mounted yet.
foreign_programs() {
	busybox_root "$D/root"
	cp "$D/root/bin/busybox" "$D/cat"
	printf '\177NSTxxx: it prints itself\n' >"$D/root/program"
	chmod 755 "$D/root/program"
	observe "${NS[@]}" unshare --map-root-user --fork --pid \
		--load-interp=":nst-foreign:M::\\x7fNST\\x00:\\xff\\xff\\xff\\xff\\x00:$D/cat:OCF" --root="$D/root" \
		/bin/sh -c '/program; readlink /proc/self'
	assert_outcome 'exited 0'
	refute_stderr
	assert_output $'\177NSTxxx: it prints itself\n1'
	[ ! -e /proc/sys/fs/binfmt_misc/nst-foreign ]
}

@test "example: a root whose programs an interpreter runs" {
	"${AS_USER[@]}" unshare --user --map-root-user --mount mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc 2>/dev/null ||
		skip 'needs a kernel with a binfmt_misc for each user namespace (Linux 6.7)'
	each_way named foreign_programs
}
