#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# nsenter-lite in place of nsenter(1), on command lines that make no sense, and
# started by somebody who means no good.

load helpers
load launchers
load nsenter

setup_file() { make_user; }
teardown_file() { remove_user; }
setup() { requires userns; }

### What nsenter(1) does, nsenter-lite does

# agrees ARG...: both, with these, for a program that looks around.
agrees() {
	local theirs
	printf -- '-- agrees: %s\n' "$*"
	set -- -t "$TARGET" "$@" sh -c "$LOOK_AROUND"
	observe nsenter "$@"
	assert_outcome 'exited 0'
	theirs=$output
	observe "$LAUNCHER" "$@"
	assert_outcome 'exited 0'
	assert_equal "$output" "$theirs"
	[ "$theirs" ]
}

LOOK_AROUND='for t in mnt uts ipc net pid user cgroup time; do readlink /proc/self/ns/$t; done
	id -u; id -g; pwd; echo "$HOME $PATH"; hostname; grep ^Cap /proc/self/status'

agreements() {
	local type
	if is_root; then
		world -a --hostname other
		set --
	else
		world -r -a --hostname other
		set -- -U --preserve-credentials
	fi
	for type in m u i n p C T; do
		agrees "$@" "-$type"
	done
	for type in mount uts ipc net pid cgroup time; do
		agrees "$@" "--$type"
	done
	agrees "$@" -m -u -i -n -p
	agrees "$@" -p -F
	agrees "$@" -p --no-fork
	agrees "$@" "-n/proc/$TARGET/ns/net"
	agrees "$@" "--uts=/proc/$TARGET/ns/uts" -i
	agrees "$@" -m -w
	agrees "$@" -m -w/tmp
	agrees "$@" -m --wd=/usr
	agrees "$@" -m -W/tmp
	agrees "$@" -m --wdns=/usr
	agrees "$@" -m -r -w
	agrees "$@" -u --root=/ --wd=/tmp # util-linux 2.41 wants a namespace
}

agreements_of_root() {
	world -a --hostname other
	agrees -a
	agrees -a -S 5 -G 6
	agrees -u -S 5
	agrees -u -G 6
	agrees -a --setuid=5 --setgid=6 -r -w
	end_target
	ranged -u -i -m
	agrees -U
	agrees -a
	agrees -U -u -S 5 -G 6
	agrees -U -m --preserve-credentials
}

@test "where nsenter(1) goes, with whose ids, nsenter-lite goes" {
	requires nsenter
	each_way agreements
	requires root
	as_ourselves agreements_of_root
}

### A namespace that has outlived its process, and a shell in it

walk_through() {
	touch "$D/uts" "$D/ipc"
	unshare --uts="$D/uts" hostname kept.example
	unshare --ipc="$D/ipc" true
	observe "$LAUNCHER" --uts="$D/uts" /bin/sh -c 'hostname; exit 3'
	assert_outcome 'exited 3'
	assert_output kept.example
	observe env SHELL=/bin/sh "$LAUNCHER" --uts="$D/uts" <<<'hostname; readlink /proc/$$/ns/uts'
	assert_outcome 'exited 0'
	assert_equal "$output" $'kept.example\n'"$(pinned "$D/uts")"
	# The type is what the kernel says.
	failure "$D/ipc" '' --uts="$D/ipc"
	failure "$D/uts" '' --ipc="$D/uts"
	observe "$LAUNCHER" --from "$D/ipc" --from "$D/uts" readlink /proc/self/ns/ipc /proc/self/ns/uts
	assert_outcome 'exited 0'
	assert_equal "$output" "$(pinned "$D/ipc"; pinned "$D/uts")"
	# That of a process that lives on, by a bind mount of our own
	touch "$D/net"
	unshare --net sleep 99 3>&- &
	pid=$!
	other_net() { [ "$(ns_id "$pid" net)" != "$(ns_id self net)" ]; }
	wait_until other_net
	mount --bind "/proc/$pid/ns/net" "$D/net"
	kill "$pid"
	wait "$pid" || true
	observe "$LAUNCHER" -n"$D/net" readlink /proc/self/ns/net
	assert_output "$(pinned "$D/net")"
	umount --lazy "$D/uts" "$D/ipc" "$D/net"
}

@test "a namespace kept on a file by unshare(1) or mount(8) is entered by the file" {
	as_ourselves in_private_mounts walk_through
}

### Command lines

no_options() {
	own_world -u
	usage "'--no-such'" --no-such
	usage "'-x'" -x
	# The target is "u", or "x"
	usage 'of the set u' -tu
	usage 'of the set x' --target=x
	for option in --al= --all=x --no-fork=1 --env=x --join-cgroup=x --user-parent=x \
		--no-new-privs=x --preserve-credentials=x --forward-signals=x; do
		usage 'takes no argument' "$option"
	done
	usage "'--no" -t "$TARGET" --no
	for option in -t --target -f --from -N --net-socket -S --setuid -G --setgid --setenv --keep-env; do
		observe "$LAUNCHER" -u "$option"
		assert_outcome 'exited 125'
		said_of_usage "'"
	done
	for fd in '' -1 x 1x 2147483648 99999999999 ' 1'; do
		usage '--net-socket' -t "$TARGET" "--net-socket=$fd"
	done
	usage '--from' -f ''
}

@test "options that there are not, or without their arguments" { as_ourselves in_own_world no_options; }

the_end_of_options() {
	own_world -u
	inside "${USER_OPTION[@]}" -u -- echo -n -x
	assert_output '-x'
	inside "${USER_OPTION[@]}" -u echo --all -t
	assert_output '--all -t'
	# The last word counts.
	inside -n -u "${USER_OPTION[@]}" -t "$TARGET" readlink /proc/self/ns/uts
	assert_output "$(links "$TARGET" uts)"
	observe "$LAUNCHER" -t 1 -t "$TARGET" "${USER_OPTION[@]}" "--uts=$D/none" --uts readlink /proc/self/ns/uts
	assert_outcome 'exited 0'
	assert_output "$(links "$TARGET" uts)"
}

@test "options end at -- and at the program; of one that is given twice, the last counts" {
	each_way in_own_world the_end_of_options
}

### Started by somebody who means no good

closed_stdio() {
	local closed
	own_world -ap
	for closed in 1 2 3 4 5 6 7; do
		AROUND=(with_closed "$closed")
		for options in -a '-a -F' '-a --forward-signals' '-a -e -r -w'; do
			observe "$LAUNCHER" -t "$TARGET" $options sh -c 'exit 7'
			assert_outcome 'exited 7'
			observe "$LAUNCHER" -t "$TARGET" $options "$D/none"
			assert_outcome 'exited 127'
			refused "$LAUNCHER" -t "$TARGET" $options "--uts=$D"
		done
	done
	AROUND=()
}

no_good() {
	own_world -ap
	for around in 'env --ignore-signal=CHLD' 'env --block-signal=CHLD' 'env --ignore-signal=INT,TERM,PIPE,HUP' \
		'env --block-signal' 'env -i' 'nice -n 19' 'prlimit --core=0' 'prlimit --stack=1048576'; do
		for options in -a '-a -F' '-a --kill-child'; do
			observe $around "$LAUNCHER" -t "$TARGET" $options "$(command -v sh)" -c 'exit 7'
			assert_outcome 'exited 7'
			# The program gets the signals as we have got them.
			observe $around "$LAUNCHER" -t "$TARGET" $options "$HELPERS/inventory"
			assert_outcome 'exited 0'
			found=$(grep '^Sig[BI]' "$BATS_TEST_TMPDIR/stdout")
			observe $around "$HELPERS/inventory"
			assert_equal "$found" "$(grep '^Sig[BI]' "$BATS_TEST_TMPDIR/stdout")"
		done
	done
}

@test "closed descriptors change nothing" { each_way closed_stdio; }
@test "signals ignored and blocked, an empty environment, small limits change nothing" { each_way no_good; }

no_name() {
	own_world -u
	observe "$HELPERS/exec-with" "$LAUNCHER" A=1 </dev/null
	[[ $outcome == 'exited '* ]]
	observe sh -c 'cd "$0" && rmdir "$0" && exec "$@"' "$("${WHO[@]}" mktemp -d "$D/XXXXXX")" \
		"$LAUNCHER" -t "$TARGET" -a "$(command -v sh)" -c 'exit 7'
	assert_outcome 'exited 7'
}

@test "without argv[0], and from a directory that is gone" { each_way no_name; }

as_pid_1() {
	is_root && set -- -p || set -- -rp
	observe "$NSCLONE" "$@" --mount-proc sh -c '
		pid=$("$0" -nu --background sh -c "exec sleep 1000 >&-")
		readlink "/proc/$pid/ns/uts"
		exec "$1" -t "$pid" -a '"$OPTIONS"' sh -c "readlink /proc/self/ns/uts; exit 7"' "$NSCLONE" "$LAUNCHER"
	assert_outcome 'exited 7'
	assert_equal "${lines[0]}" "${lines[1]}"
	refute_equal "${lines[0]}" "$(ns_id self uts)"
}

@test "as PID 1" {
	for OPTIONS in '' --kill-child --forward-signals; do
		each_way as_pid_1
	done
}

informs() {
	for option in --help -h --version -V; do
		observe "$LAUNCHER" $option
		assert_outcome 'exited 0'
		assert_output --partial nsenter-lite
		refute_stderr
		run_split sh -c '"$0" "$1" >/dev/full' "$LAUNCHER" $option
		assert_status 125
	done
}

@test "--help, --version; what cannot be written is a failure" { as_ourselves informs; }
