#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What nsclone does outside, around the program: whom it tells of the launch,
# whom it waits for, which commands it runs before, where the child is born,
# and that it can leave the child alone. Pins are in nsclone-pins.bats.

load helpers
load launchers
TOOLS=(nsclone)

setup_file() { make_user; }
teardown_file() { remove_user; }
# What root makes in the user's directory the user may write.
setup() {
	requires userns
	umask 0
}

teardown() {
	end_background
	remove_cgroup
}

# A program that is not there.
not_found() {
	observe "$NSCLONE" "$@" "$D/no-such-program"
	assert_outcome 'exited 127'
	assert_stderr_line --regexp '/no-such-program: No such file or directory$'
}

### --json-status-fd

# Numbers only, and nothing that JSON would not have.
is_json() { ! grep -qvE '^\{"[a-z-]+": (0|[1-9][0-9]*)(, "[a-z-]+": (0|[1-9][0-9]*))*\}$' "$1"; }

# first_line CHILD PROGRAM TYPE...: what there is to say of CHILD in new namespaces,
# which are PROGRAM's, too: an init's cannot be read by a user.
first_line() {
	local line="{\"child-pid\": $1" type inode
	! inode=$("$HELPERS/pidfd-inode" "$1") || line+=", \"pidfd-inode\": $inode"
	for type in "${@:3}"; do
		inode=$(ns_id "$2" "$type")
		line+=", \"$type-namespace\": ${inode//[^0-9]/}"
	done
	printf '%s}\n' "$line"
}

tells() {
	local types=$1
	launch "${@:2}" --json-status-fd 9 sleep 99 9>"$D/json"
	wait_until runs "$LAUNCHER_PID" sleep
	child_of "$LAUNCHER_PID"
	# shellcheck disable=SC2086 # words
	assert_equal "$(<"$D/json")" "$(first_line "$CHILD" "$PROGRAM" $types)"
	to "$PROGRAM" TERM
	ended 'killed 15'
	assert_equal "$(sed -n 2p "$D/json")" '{"exit-code": 143, "exit-signal": 15}'
	assert_equal "$(wc -l <"$D/json")" 2
	is_json "$D/json"
}

@test "--json-status-fd tells of the child, of each new namespace and no other, and of its end" {
	each_way tells user -r
	each_way tells 'uts user' -r --uts
	each_way tells 'pid user' -r --init
}

# PID 1 would not take TERM.
@test "--json-status-fd tells of every type of namespace, a late time and cgroup namespace, too" {
	requires time-ns cgroup-ns
	each_way tells "$(in_order $NSTYPES)" -r --all --init
	each_way tells 'user time' -r --boottime=1000
}

tells_status() {
	local n
	for n in 0 3 255; do
		observe sh -c 'exec "$@" 9>"$0"' "$D/json" "$NSCLONE" "$@" --json-status-fd 9 sh -c "exit $n"
		assert_outcome "exited $n"
		assert_equal "$(sed 1d "$D/json")" "{\"exit-code\": $n}"
		is_json "$D/json"
	done
}

@test "--json-status-fd tells of the exit status" {
	each_way tells_status -r
	each_way tells_status -r --init
}

tells_before() {
	run_split "${WHO[@]}" "$NSCLONE" -r --json-status-fd 9 cat "$D/json" 9>"$D/json"
	assert_status 0
	assert_equal "$output" "$(head -n 1 "$D/json")"
	assert_output --partial '"child-pid": '
}

@test "the first line of --json-status-fd is there when the program starts" { each_way tells_before; }

tells_no_end() {
	not_found "$@" --json-status-fd 1
	assert_output --regexp '^\{"child-pid": [^}]*\}$'
}

@test "--json-status-fd tells of no end when there is no program" {
	each_way tells_no_end -r
	each_way tells_no_end -r --init
}

no_reader() {
	mkfifo "$D/fifo"
	exec 8<>"$D/fifo" 9>"$D/fifo" 8>&-
	refuses '.*descriptor 9: Broken pipe$' -r --json-status-fd 9
	exec 9>&-
	refuses '.*descriptor 9: No space left on device$' -r --json-status-fd 9 9>/dev/full
	refuses '.*descriptor 9 is not open$' -r --json-status-fd 9
}

@test "--json-status-fd that nobody can read is a failure" { each_way no_reader; }

reader_leaves() {
	mkfifo "$D/fifo" "$D/wait"
	exec 8<>"$D/fifo" 9<>"$D/wait"
	launch -r --json-status-fd 7 sh -c 'read x <"$0"; exit 5' "$D/wait" 7>"$D/fifo" 8<&- 9<&-
	read -r line <&8
	text_is --partial child-pid "$line"
	exec 8<&-
	echo go >&9
	ended 'exited 5'
	exec 9<&-
}

last_line_lost() {
	observe bash -c 'D=$1; shift; mkfifo "$D/line"; exec 8<>"$D/line"; exec 9>"$D/line" 7<"$D/line" 8<&-
		"$@" 7<&- & read -r line <&7; exec 7<&- 9>&-; echo go >"$D/wait"; wait $!' lost "$D" \
		"$LAUNCHER" -r --json-status-fd 9 sh -c 'read x <"$0"; exit 5' "$D/wait"
	assert_outcome 'exited 5'
	assert_stderr_line 'nsclone: write the status to descriptor 9: Broken pipe'
}

@test "a last line of --json-status-fd that cannot be written is said" {
	each_way eval 'mkfifo "$D/wait"; last_line_lost'
}

@test "--json-status-fd that cannot see the namespaces is a failure" {
	requires root
	AROUND=(unshare --mount --propagation private sh -c 'umount -l /proc && exec "$@"' sh)
	blind_one() {
		run_split "${AROUND[@]}" "$NSCLONE" --uts --json-status-fd 1 echo it runs
		assert_status 125
		refute_output
		assert_stderr_line 'nsclone: hint: proc is not mounted on /proc'
	}
	as_ourselves blind_one
}

@test "a reader of --json-status-fd that leaves does not end the program" { each_way reader_leaves; }

not_passed_on() {
	mkfifo "$D/fifo"
	exec 8<>"$D/fifo"
	echo >&8
	run_split "${WHO[@]}" "$NSCLONE" -r --json-status-fd 9 --block-fd 8 sh -c 'readlink /proc/self/fd/8 /proc/self/fd/9 || echo none' 9>"$D/json"
	exec 8<&-
	assert_status 0
	assert_output none
}

@test "the program does not get the descriptors of --json-status-fd and --block-fd" { each_way not_passed_on; }

### --pid-file

pid_file_before() {
	run_split "${WHO[@]}" "$NSCLONE" -r --pid-file "$D/pid" sh -c 'echo $$; cat "$0"' "$D/pid"
	assert_status 0
	assert_equal "${lines[1]}" "${lines[0]}"
	assert_equal "$(<"$D/pid")" "${lines[0]}"
	launch_sleep -rp --pid-file "$D/pid"
	assert_equal "$(<"$D/pid")" "$PROGRAM"
	to "$LAUNCHER_PID" TERM
	ended 'killed 15'
	rm "$D/outcome"
	assert_equal "$(ls "$D")" pid
}

@test "--pid-file holds the child's PID before the program starts, and after its end" { each_way pid_file_before; }

# strace holds what nsclone writes; only the child writes before, its maps.
pid_file_whole() {
	local content
	printf 'what was there\n' >"$D/old"
	for content in none old; do
		rm -f "$D/trace"
		watch strace -f -q -o "$D/trace" -e trace=execve,write -e inject=write:delay_enter=300000 \
			"$NSCLONE" -r --pid-file "$D/$content" sleep 99
		wait_until writes_pid
		[ ! -e "$D/none" ] || [ "$content" = old ]
		[ "$content" = none ] || assert_equal "$(<"$D/old")" 'what was there'
		wait_until runs "$LAUNCHER_PID" sleep
		assert_equal "$(<"$D/$content")" "$PROGRAM"
		to "$LAUNCHER_PID" TERM
		ended 'killed 15'
	done
}

writes_pid() { LAUNCHER_PID=$(sed -n '1s/ .*//p' "$D/trace" 2>/dev/null) && grep -q "^$LAUNCHER_PID *write(" "$D/trace"; }

@test "--pid-file is whole or not there" {
	requires strace
	as_the_user pid_file_whole
}

pid_file_removed() {
	not_found -r --pid-file "$D/pid"
	not_found -r --init --pid-file "$D/pid"
	refuses '.*exit status 3' -r --pid-file "$D/pid" --setup 'exit 3'
	refuses '.*exit status 3' -r --pid-file "$D/pid" --host-setup 'exit 3'
	STEP=50 RUNS=100 storm TERM -r --pid-file "$D/pid" --setup 'exec sleep 99'
	rm "$D/stdout" "$D/stderr"
	assert_equal "$(ls "$D")" ''
}

@test "--pid-file is removed when the launch fails or is ended" { each_way pid_file_removed; }

pid_file_before_us() {
	echo before >"$D/pid"
	refuses '.*: No such file or directory$' -ru --uts="$D/none/uts" --pid-file "$D/pid"
	assert_equal "$(<"$D/pid")" before
}

@test "--pid-file that was there before stays when the launch fails before it is written" { each_way pid_file_before_us; }

# strace delays the exec of the child, which has announced it by then.
killed_before_exec() {
	watch strace -f -q -o "$D/trace" -e trace=execve -e inject=execve:delay_enter=150000 \
		"$NSCLONE" "$@" --pid-file "$D/pid" sleep 99
	wait_until child_is_at execve
	[ -s "$D/pid" ]
	to "$LAUNCHER_PID" TERM
	ended 'killed 15'
	[ ! -e "$D/pid" ]
	rm "$D/trace"
}

@test "--pid-file is removed when the launch is ended just before the exec" {
	requires strace
	each_way killed_before_exec -r
	each_way killed_before_exec -rp
}

# Opening a FIFO waits for whoever reads it; a device is not to be replaced.
pid_file_special() {
	mkfifo "$D/fifo"
	for file in "$D/fifo" /dev/full /dev/tty; do
		usage "--pid-file: $file" -r --pid-file "$file"
	done
	[ -p "$D/fifo" ] && [ -c /dev/full ]
	usage '--pid-file: descriptor 77' -r --pid-file /dev/fd/77
}

@test "--pid-file: a FIFO or a device is a usage error" { each_way pid_file_special; }

# A link may lead where its maker may not write.
pid_file_link() {
	echo kept >"$D/victim"
	for target in "$D/victim" "$D/none" /dev/full; do
		ln -sfn "$target" "$D/link"
		run_split "${WHO[@]}" "$NSCLONE" -r --pid-file "$D/link" sh -c 'echo $$'
		assert_status 0
		[ ! -L "$D/link" ]
		assert_equal "$(<"$D/link")" "$output"
	done
	[ ! -e "$D/none" ]
	assert_equal "$(<"$D/victim")" kept
}

@test "--pid-file replaces a link, and does not follow it" { each_way pid_file_link; }

pid_file_descriptor() {
	for file in /dev/stdout /dev/fd/1 /proc/self/fd/1; do
		run_split "${WHO[@]}" "$NSCLONE" -r --pid-file "$file" sh -c 'echo $$'
		assert_status 0
		assert_equal "${lines[0]}" "${lines[1]}"
	done
	# As of bash's >(...): it is not the program's.
	exec 9>"$D/pid"
	run_split "${WHO[@]}" "$NSCLONE" -r --pid-file /dev/fd/9 sh -c 'echo $$; [ ! -e /proc/$$/fd/9 ]'
	exec 9>&-
	assert_status 0
	assert_equal "$(<"$D/pid")" "$output"
	refuses '.*write the PID to descriptor 9: No space left on device$' -r --pid-file /dev/fd/9 9>/dev/full
}

@test "--pid-file: the name of a descriptor means that descriptor" { each_way pid_file_descriptor; }

pid_file_fails() {
	refuses ".*PID file: $D/none/pid: No such file or directory\$" -r --pid-file "$D/none/pid"
	refuses ".*PID file: $D: Is a directory\$" -r --pid-file "$D"
}

@test "--pid-file that cannot be written is a failure" { each_way pid_file_fails; }

# nsclone writes FILE.PID first, and we choose the PID. Something exists there
# already: a link to a file, a link to nothing, a file, a FIFO, a directory.
planted() {
	local kind
	echo kept >"$D/victim"
	for kind in "ln -s '$D/victim'" "ln -s '$D/made'" 'cp -p /etc/passwd' mkfifo mkdir; do
		"${WHO[@]}" sh -c "$kind '$D/pid.77'"
		NS=("$NSCLONE" -rp --mount-proc "$NSCLONE")
		refuses ".*PID file: $D/pid: File exists\$" -u --set-pid 77 --pid-file "$D/pid"
		[ -L "$D/pid.77" ] || [ -e "$D/pid.77" ]
		[ ! -e "$D/made" ] && [ ! -e "$D/pid" ]
		assert_equal "$(<"$D/victim")" kept
		[ ! -f "$D/pid.77" ] || [ -L "$D/pid.77" ] || cmp "$D/pid.77" /etc/passwd
		rm -r "$D/pid.77"
	done
}

@test "--pid-file: what exists under the name of its temporary file is not followed, written to or removed" {
	each_way planted
}

disk_full() {
	mkdir "$D/full"
	mount -t tmpfs -o size=4k tmpfs "$D/full"
	head -c 4096 /dev/zero >"$D/full/fill"
	refuses ".*PID file: $D/full/pid: No space left on device\$" -r --pid-file "$D/full/pid"
	assert_equal "$(ls "$D/full")" fill
}

@test "--pid-file on a full disk is a failure" { as_ourselves in_private_mounts disk_full; }

pid_file_unwritable() {
	mkdir -m 555 "$D/dir"
	refuses ".*PID file: $D/dir/pid: Permission denied\$" -r --pid-file "$D/dir/pid"
}

@test "--pid-file in a directory that is not the user's is a failure" { as_the_user pid_file_unwritable; }

### --block-fd

# By the order of the lines in the log.
blocked() {
	mkfifo "$D/fifo"
	exec 7<>"$D/fifo"
	launch "$@" --block-fd 8 --host-setup "echo outside >>$D/log" sh -c 'echo program >>"$0"; exit 3' "$D/log" 8<"$D/fifo" 7>&-
	wait_until test -s "$D/log"
	continued "$LAUNCHER_PID"
	echo test >>"$D/log"
	unblock
	exec 7>&-
	ended 'exited 3'
	assert_equal "$(<"$D/log")" $'outside\ntest\nprogram'
	rm "$D/fifo" "$D/log"
}

blocked_until_data() {
	unblock() { echo >&7; }
	blocked "$@"
	unblock() { :; }
	blocked "$@"
}

@test "--block-fd holds the program until there is data or an end of file" {
	each_way blocked_until_data -r
	each_way blocked_until_data -rp --setup true
	each_way blocked_until_data -r --init
}

block_reads_nothing() {
	run_split "${WHO[@]}" "$NSCLONE" -r --block-fd 0 cat <<<data
	assert_status 0
	assert_output data
}

@test "--block-fd leaves the data to the program" { each_way block_reads_nothing; }

block_not_open() {
	refuses '--block-fd: descriptor 9 is not open$' -r --block-fd 9
	refuses "--block-fd: '-1' is no number of a descriptor\$" -r --block-fd=-1
	refuses "--block-fd: '1x' is no number of a descriptor\$" -r --block-fd=1x
}

@test "--block-fd that is not open is refused" { each_way block_not_open; }

killed_while_blocked() {
	mkfifo "$D/fifo"
	launch "$@" --json-status-fd 1 --block-fd 0 true 0<>"$D/fifo" >"$D/json" 2>"$D/stderr"
	wait_until test -s "$D/json"
	to "$LAUNCHER_PID" KILL
	ended 'killed 9'
	launch "$@" --json-status-fd 1 --block-fd 0 true 0<>"$D/fifo" >"$D/json" 2>"$D/stderr"
	wait_until test -s "$D/json"
	child_of "$LAUNCHER_PID"
	to "$CHILD" KILL
	ended 'exited 125'
	grep -q '^nsclone: the child was killed by signal 9' "$D/stderr"
	assert_equal "$(wc -l <"$D/json")" 1
}

@test "while --block-fd waits neither nsclone nor its child outlives the other" {
	each_way killed_while_blocked -r
	each_way killed_while_blocked -r --init
}

### --host-setup

host_setup_outside() {
	run_split "${WHO[@]}" "$NSCLONE" -r --uts --hostname=inside --host-setup '
		readlink /proc/self/ns/uts /proc/$NSCLONE_PID/ns/uts
		cat /proc/$NSCLONE_PID/comm /proc/$NSCLONE_PID/uid_map' \
		sh -c 'readlink /proc/self/ns/uts; cat /proc/self/uid_map; echo $NSCLONE_PID; uname -n'
	assert_status 0
	assert_equal "${lines[0]}" "$(ns_id self uts)"
	refute_equal "${lines[1]}" "$(ns_id self uts)"
	assert_equal "${lines[2]}" nsclone
	assert_equal "${lines[1]} ${lines[3]}" "${lines[4]} ${lines[5]}"
	assert_equal "${lines[6]} ${lines[7]}" ' inside'
}

@test "--host-setup runs outside, with the mapped child in NSCLONE_PID, before the program" { each_way host_setup_outside; }

host_setup_fails() {
	refuses 'host set-up command: exit status 3$' "$@" --host-setup 'exit 3'
	refuses 'host set-up command: killed by signal 15 \(Terminated\)$' "$@" --host-setup 'kill -TERM $$'
	refuses 'host set-up command: exit status 127$' "$@" --host-setup "$D/no-such-command"
}

@test "a --host-setup that fails or is killed ends the launch" {
	each_way host_setup_fails -r
	each_way host_setup_fails -rp --setup true
	each_way host_setup_fails -r --init
}

# The program's is another.
host_setup_environment() {
	observe env -i A=1 "$NSCLONE" -r --clear-env --setenv B=2 --host-setup 'echo "<$A$B>"' -- /bin/sh -c 'echo "<$A$B>"'
	assert_outcome 'exited 0'
	assert_output $'<1>\n<2>'
}

@test "--host-setup has the environment of nsclone" { each_way host_setup_environment; }

child_dies_meanwhile() {
	refuses '' -r --host-setup 'kill -KILL $NSCLONE_PID; exec sleep 99'
}

@test "a child that dies during --host-setup ends that, too" { each_way child_dies_meanwhile; }

# What the command has started has a name in which proc_pid_stat(5) seems to go on.
misleading_name() {
	"${WHO[@]}" cp "$(type -P sleep)" "$D/a) Z 1 ("
	refuses '' -r --host-setup "'$D/a) Z 1 (' 99 & kill -KILL \$NSCLONE_PID; wait"
}

@test "what --host-setup has started ends with it, whatever its name" { each_way misleading_name; }

# A process of the command ends, unasked for, when its line in /proc has been read
# for the Nth time, and its number is a stranger's: PID $OLD.
number_is_free() {
	local n=$1 launch stranger child parent
	rm -f "$D"/{old,child,trace}
	# A parent that ignores SIGCHLD keeps no number of a child that has ended.
	start "$NSCLONE" -u --host-setup "sleep 99 & echo \$! >$D/old; echo \$NSCLONE_PID >$D/child; exec env --ignore-signal=CHLD sleep 98" true
	launch=$BG_PID
	wait_until test -s "$D/child"
	read_file OLD "$D/old"
	read_file child "$D/child"
	parent=$(awk '$1 == "PPid:" { print $2 }' "/proc/$OLD/status")
	ignores_children() { grep -q '^SigIgn:.*1....$' "/proc/$parent/status"; }
	wait_until ignores_children
	start strace -q -o "$D/trace" -p "$launch" -e trace=read -P "/proc/$OLD/stat" -e "inject=read:signal=STOP:when=$((2 * n))"
	wait_until grep -q "TracerPid:.$BG_PID" "/proc/$launch/status"
	kill -KILL "$child"
	wait_until grep -qs 'stopped by SIGSTOP' "$D/trace"
	kill -KILL "$OLD"
	wait_until test ! -e "/proc/$OLD"
	start "$NSCLONE" -u --set-pid "$OLD" sleep 97
	stranger=$BG_PID
	wait_until has_comm "$OLD" sleep
	to "$launch" CONT
	wait "$launch" && return 1 || true
	[ "$(state_of "$OLD")" = S ] || fail "the stranger has been hit, after $n looks" || return
	is_gone "$parent"
	to "$stranger" TERM
	wait "$stranger" || true
}

strangers_live() {
	number_is_free 1
	number_is_free 2
}

@test "a process that gets the number of one that --host-setup has started is not killed for it" {
	requires root strace clone3
	as_ourselves strangers_live
}

steps_in_order() {
	mkfifo "$D/fifo"
	exec 7<>"$D/fifo"
	launch -rp --pid-file "$D/pid" --json-status-fd 9 --block-fd 8 \
		--setup "echo setup >>$D/log" \
		--host-setup "test -s $D/pid && test -s $D/json && echo outside >>$D/log" \
		sh -c 'echo program >>"$0"' "$D/log" 8<"$D/fifo" 7>&- 9>"$D/json"
	wait_until test -s "$D/log"
	echo test >>"$D/log"
	exec 7>&-
	ended 'exited 0'
	assert_equal "$(<"$D/log")" $'outside\ntest\nsetup\nprogram'
}

@test "the steps come in order: PID file and status, --host-setup, --block-fd, --setup, program" {
	each_way steps_in_order
}

### --background

in_background() {
	watch "$NSCLONE" "$@" --background sleep 99 >"$D/pid"
	wait_until test -s "$D/outcome"
	PROGRAM=$(<"$D/pid")
	[ "$PROGRAM" -gt 1 ]
	assert_equal "$(comm_of "$PROGRAM")" sleep
	refute_equal "$(ns_id "$PROGRAM" user)" "$(ns_id self user)"
	to "$PROGRAM" KILL
	ended 'exited 0'
}

@test "--background prints the PID of the program, which has been executed and outlives nsclone" {
	each_way in_background -r
	each_way in_background -rp
	each_way in_background -r --setup true
}

executed_already() {
	local i pid
	for i in 1 2 3 4 5 6 7 8 9 10; do
		"${WHO[@]}" "$NSCLONE" "$@" --background sleep 30 >"$D/pid" 3>&- 4>&-
		pid=$(<"$D/pid")
		assert_equal "$(comm_of "$pid") $i" "sleep $i"
		to "$pid" KILL
	done
}

@test "--background ends when the program has been executed, not before" {
	each_way executed_already -r
	each_way executed_already -r --setup 'sleep 0.05'
}

background_fails() {
	not_found "$@" --background
	void_pid
	observe "$NSCLONE" "$@" --background /etc/passwd
	assert_outcome 'exited 126'
	void_pid
}

# It has been told while the program waited; there is no such process any more.
void_pid() {
	[[ $output =~ ^[0-9]+$ ]] || show_run 'wanted a PID'
	[ ! -e "/proc/$output/exe" ]
}

@test "--background tells the PID first, which is void when the program cannot be executed" {
	each_way background_fails -r
	each_way background_fails -r --init
	each_way background_fails -r --json-status-fd 2
}

background_unheard() {
	observe sh -c '"$@" >&-' sh "$HELPERS/outcome" "$D/inner" "$NSCLONE" -r --background sleep 99
	assert_equal "$(<"$D/inner")" 'exited 125'
	assert_stderr_line --regexp '^nsclone: write the PID to stdout: Bad file descriptor$'
	observe sh -c '"$@" >/dev/full' sh "$HELPERS/outcome" "$D/inner" "$NSCLONE" -r --background touch "$D/ran"
	assert_equal "$(sed 1d "$D/inner")" 'exited 125'
	assert_stderr_line --regexp '^nsclone: write the PID to stdout: No space left on device$'
	[ ! -e "$D/ran" ]
}

@test "--background that cannot print the PID fails, the program does not run, and nothing is left" { each_way background_unheard; }

background_excludes() {
	refuses '.*--background.*--kill-child' -r --background --kill-child
	refuses '.*--background.*--kill-child' -r --kill-child=TERM --background
}

@test "--background excludes --kill-child" { each_way background_excludes; }

# The substitution waits for the end of the pipe, which the program has not.
background_status() {
	local json
	json=$("${WHO[@]}" timeout 20 "$NSCLONE" -r --background --json-status-fd 9 sleep 30 9>&1 >"$D/pid" 2>/dev/null 3>&- 4>&-)
	assert_equal "$json" "$(first_line "$(<"$D/pid")" "$(<"$D/pid")" user)"
	assert_equal "$(comm_of "$(<"$D/pid")")" sleep
	to "$(<"$D/pid")" KILL
}

@test "--background closes the status descriptor after the first line" { each_way background_status; }

### --into-cgroup

make_cgroup() {
	requires cgroup2
	TEST_CGROUP=$CGROUP2/nst-test-$$-$BATS_TEST_NUMBER
	mkdir "$TEST_CGROUP" "$TEST_CGROUP/sub"
}

remove_cgroup() {
	local dir
	[ -n "${TEST_CGROUP-}" ] || return 0
	for dir in "$TEST_CGROUP"/*/ "$TEST_CGROUP"; do
		wait_until is_empty "$dir"
		rmdir "$dir"
	done
	TEST_CGROUP=
}

is_empty() { [ -z "$(<"$1/cgroup.procs")" ]; }

cgroup_of() { sed -n 's/^0:://p' "/proc/$1/cgroup"; }

born_in_cgroup() {
	local own
	own=$(cgroup_of self)
	launch "${@:2}" --into-cgroup "$1" sleep 99
	wait_until runs "$LAUNCHER_PID" sleep
	is_in_cgroup
	assert_equal "$(cgroup_of "$LAUNCHER_PID")" "$own"
	to "$PROGRAM" KILL
	ended 'killed 9'
}

# From outside; the directory in the file system says the same.
is_in_cgroup() {
	text_is --regexp "/${TEST_CGROUP##*/}/sub\$" "$(cgroup_of "$PROGRAM")"
	grep -qx "$PROGRAM" "$TEST_CGROUP/sub/cgroup.procs"
}

@test "--into-cgroup: the child is born in the cgroup, nsclone stays where it is" {
	make_cgroup
	as_ourselves born_in_cgroup "$TEST_CGROUP/sub" -r
	as_ourselves born_in_cgroup "$TEST_CGROUP/sub" -rp --setup true
	as_ourselves born_in_cgroup "$TEST_CGROUP/sub" -r --init
}

# Who has to move the child writes to cgroup.procs: nothing else is written here.
@test "--into-cgroup: the child is born in the cgroup, not moved" {
	requires root strace
	make_cgroup
	run_split strace -f -q -o "$BATS_TEST_TMPDIR/trace" -e trace=openat,write -e inject=write:error=EIO:when=1 \
		"$NSCLONE" --uts --into-cgroup "$TEST_CGROUP/sub" sh -c 'read line </proc/self/cgroup; kill -KILL $$'
	assert_status 137
	refute_stderr
}

root_of_cgroups() {
	launch -r --cgroup "$@" --into-cgroup "$TEST_CGROUP/sub" sleep 99
	wait_until runs "$LAUNCHER_PID" sleep
	is_in_cgroup
	sees_root
	to "$PROGRAM" KILL
	ended 'killed 9'
}

# The program in a cgroup namespace of its own, from there
sees_root() {
	refute_equal "$(ns_id "$PROGRAM" cgroup)" "$(ns_id self cgroup)"
	assert_equal "$(nsenter -t "$PROGRAM" -U -C --preserve-credentials sed -n 's/^0:://p' "/proc/$PROGRAM/cgroup")" /
}

@test "--into-cgroup with --cgroup: the cgroup is the root of the program's view" {
	make_cgroup
	as_ourselves root_of_cgroups
	as_ourselves root_of_cgroups --setup true
	as_ourselves root_of_cgroups --init
}

# without_flag INJECT ARG...: strace lets a call fail.
without_flag() {
	watch strace -f -q -o "$D/trace" -e trace=execve,clone3 -e inject="$1" "$NSCLONE" "${@:2}" --into-cgroup "$TEST_CGROUP/sub" sleep 99
	wait_until grep -qs INJECTED "$D/trace"
	LAUNCHER_PID=$(sed -n '1s/ .*//p' "$D/trace")
	wait_until runs "$LAUNCHER_PID" sleep
	is_in_cgroup
	! text_is --partial --cgroup "$*" || sees_root
	to "$PROGRAM" KILL
	ended 'killed 9'
}

@test "--into-cgroup works on a kernel without clone3, or without its cgroup field" {
	local birth
	requires strace
	make_cgroup
	for birth in -r '-r --cgroup' '-r --setup true' '-r --init --cgroup'; do
		# shellcheck disable=SC2086 # words
		as_ourselves without_flag clone3:error=ENOSYS $birth
	done
	# Counted for each process, and the child makes others in the same way.
	for birth in -r '-r --cgroup' '-r --json-status-fd 2'; do
		# shellcheck disable=SC2086 # words
		as_ourselves without_flag clone3:error=E2BIG:when=1 $birth
		as_ourselves without_flag clone3:error=EINVAL:when=1 $birth
	done
}

no_cgroup() {
	refuses "not a directory of cgroup v2: $D\$" -r --into-cgroup "$D"
	refuses ".*$D/none: No such file or directory\$" -r --into-cgroup "$D/none"
	refuses '.*/etc/passwd: Not a directory$' -r --into-cgroup /etc/passwd
}

@test "--into-cgroup of what is no cgroup v2 is refused" { each_way no_cgroup; }

@test "--into-cgroup of a cgroup v1 is refused" {
	local v1
	v1=$(awk '$3 == "cgroup" { print $2; exit }' /proc/self/mounts)
	[ -n "$v1" ] || skip 'needs a cgroup v1 hierarchy'
	each_way refuses "not a directory of cgroup v2: $v1\$" -r --into-cgroup "$v1"
}

not_delegated() {
	refuses 'clone: Permission denied$' -r --into-cgroup "$TEST_CGROUP/sub"
	assert_stderr_line "nsclone: hint: the cgroup $TEST_CGROUP/sub is not delegated to this user"
}

@test "--into-cgroup of a cgroup that is not delegated says so" {
	requires root
	make_cgroup
	as_the_user not_delegated
}

# Who is in the subtree may move within it.
@test "--into-cgroup works for a user in a subtree that is his" {
	requires root
	make_cgroup
	mkdir "$TEST_CGROUP/own"
	chown -R "$NST_USER" "$TEST_CGROUP"
	run_split sh -c 'echo $$ >"$1/cgroup.procs" && shift && exec "$@"' sh "$TEST_CGROUP/own" \
		"${AS_USER[@]}" "$NSCLONE" -r --into-cgroup "$TEST_CGROUP/sub" grep ^0: /proc/self/cgroup
	assert_status 0
	assert_output --regexp "/${TEST_CGROUP##*/}/sub\$"
}

### --set-pid

# A number that nobody has; there is a second try if somebody takes it.
free_pid() {
	local pid
	pid=$((RANDOM % 10000 + 20000))
	while [ -e "/proc/$pid" ]; do
		pid=$((pid + 1))
	done
	echo "$pid"
}

@test "--set-pid: the child has this PID" {
	requires root
	local pid
	pid=$(free_pid)
	run_split "$NSCLONE" -u --set-pid "$pid" sh -c 'echo $$'
	assert_status 0
	assert_output "$pid"
}

list_of_pids() {
	local pid
	pid=$(free_pid)
	launch_sleep -p --set-pid "1,$pid"
	assert_equal "$PROGRAM" "$pid"
	text_is --regexp "[[:space:]]$pid[[:space:]]1\$" "$(grep ^NSpid "/proc/$pid/status")"
	to "$LAUNCHER_PID" TERM
	ended 'killed 15'
}

@test "--set-pid: a list goes from the new PID namespace outwards" {
	requires root
	as_ourselves list_of_pids
}

# Who is root of the namespace of PIDs may choose among them.
set_inside() {
	run_split "${WHO[@]}" "$NSCLONE" -rp --mount-proc "$NSCLONE" -u --set-pid 77 sh -c 'echo $$'
	assert_status 0
	assert_output 77
	run_split "${WHO[@]}" "$NSCLONE" -rp --mount-proc "$NSCLONE" -p --set-pid 1,77 sh -c 'echo $$; grep NSpid /proc/77/status'
	assert_status 0
	assert_output --regexp '^1'$'\n''NSpid:.*77	1$'
}

@test "--set-pid inside a PID namespace of one's own" { each_way set_inside; }

@test "--set-pid: a PID in use, or a new namespace that would not begin with 1" {
	requires root
	as_ourselves wrong_pids
}

wrong_pids() {
	refuses 'clone: File exists$' -u --set-pid "$$"
	assert_stderr_line --regexp '^nsclone: hint: .* in use$'
	refuses 'clone: Invalid argument$' -p --set-pid 5
	assert_stderr_line --regexp '^nsclone: hint: --set-pid '
	refuses 'clone: Invalid argument$' -p --set-pid 1,2000000000
	refuses "--set-pid: '0' is no list of PIDs\$" -p --set-pid 0
}

set_by_one_capability() {
	local pid
	pid=$(free_pid)
	setpriv --list-caps | grep -qx checkpoint_restore || skip 'needs a setpriv that knows CAP_CHECKPOINT_RESTORE'
	WHO=(setpriv --reuid "$NST_USER" --regid "$NST_USER" --init-groups
		--inh-caps=-all,+checkpoint_restore --ambient-caps=+checkpoint_restore)
	observe "$NSCLONE" -U --set-pid "$pid" sh -c 'echo $$'
	assert_outcome 'exited 0'
	assert_output "$pid"
}

@test "--set-pid works with CAP_CHECKPOINT_RESTORE alone" {
	requires root
	as_the_user set_by_one_capability
}

set_pid_denied() {
	refuses 'clone: Operation not permitted$' -r --set-pid 12345
	assert_stderr_line --regexp '^nsclone: hint: --set-pid takes CAP_SYS_ADMIN or CAP_CHECKPOINT_RESTORE'
}

@test "--set-pid takes a privilege" { as_the_user set_pid_denied; }
