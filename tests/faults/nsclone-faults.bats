#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Every system call that nsclone and its child make from main on up to the
# program's exec fails, one at a time: nsclone says which step it was and ends
# with 125, the program does not run, and nothing is left.

load ../helpers
load ../ways

setup_file() { make_user; }
teardown_file() { remove_user; }

setup() {
	[ -z "${WITH_ASAN-}" ] || skip 'not with AddressSanitizer: its own system calls would fail, too'
	"$HELPERS/fault" list /dev/null true 2>/dev/null || skip 'needs seccomp user notification (Linux 5.5)'
	export CGROUP='' DIR=$BATS_TEST_TMPDIR/dir
	mkdir -m 1777 "$DIR"
}

teardown() {
	end_background
	[ -z "$CGROUP" ] || rmdir "$CGROUP"
}

### Calls that are left alone: the kernel has no reason to refuse these

export CANNOT_FAIL='rt_sigaction rt_sigprocmask rt_sigtimedwait getpid getppid getuid geteuid getegid capget waitid exit_group'
CANNOT_FAIL+=' fcntl'           # of a descriptor that is open
CANNOT_FAIL+=' recvfrom'        # from a socket of our own that is readable
CANNOT_FAIL+=' close munmap'    # what they let go is gone whatever they return
CANNOT_FAIL+=' brk getrandom'   # of malloc: the one returns no error numbers, the other's are not needed

### Calls that may fail without harm, PROCESS:CALL: the program may run then, in the same world

export MAY_FAIL='*:poll'        # a wait is taken up again; none of 0, 1, 2 is taken for closed
readonly HELPER='[2-9]:prctl'   # PR_SET_PDEATHSIG of a program to be run before (the child is 1)
readonly SIGNALS='0:read'       # the signalfd: what is not read now is read later
readonly PRESENT_ROOT='1:openat 1:newfstatat 1:read' # is the root the present one? If in doubt, it is not
readonly IDENTITIES='0:newfstatat 0:fstatfs' # of namespaces for the JSON line: it does without; of the PID file: it is a plain file
readonly CGROUP_PROCS='0:openat' # for kernels before 5.7 only
readonly SETGROUPS='1:setgroups' # a user namespace may deny it; groups of one's own may stay then

readonly USER_DATABASE='0:socket 0:connect 0:newfstatat 0:openat 0:read 0:lseek 0:mmap' # libc has several sources

# What to fail with.
error_for() {
	case $1 in
	clone | clone3 | mmap) error=ENOMEM text='Cannot allocate memory' ;;
	write) error=ENOSPC text='No space left on device' ;;
	open | openat | pidfd_open | pipe2 | signalfd4 | socket | socketpair) error=EMFILE text='Too many open files' ;;
	poll | recvfrom | sendto) error=EPERM text= ;; # it is the other side that they tell of
	*) error=EPERM text='Operation not permitted' ;;
	esac
}

### A launch, and what is left of it

# each_way, but with as few programs before nsclone as can be: they take time.
each_faults() { each_way directly faults "$@"; }

directly() {
	case $WHO in
	root) NS=("$NSCLONE") ;;
	user) NS=(setpriv --reuid "$NST_USER" --regid "$NST_USER" --init-groups --inh-caps=-all "$NSCLONE" --map-root-user) ;;
	self) NS=("$NSCLONE" --map-root-user) ;;
	esac
	"$@"
}

# The program describes, on stdout, the world that it finds.
export DESCRIBE='echo it runs; cd /proc
	cat self/uid_map self/gid_map self/timens_offsets self/cgroup sys/kernel/hostname sys/kernel/domainname
	cut -d" " -f5,6 self/mountinfo | grep -E "^/(proc|sys)? "
	sed -n "/^[UG]id:/p; /^Cap/p; /^NoNew/p; /^Sig[BI]/p" self/status
	ls self/fd'

# launch WHAT OPTION...: WHAT is the first argument of fault. Descriptor 8 can be
# read, 9 can be written to. Leaves $status, $output without lines that are PIDs.
launch() {
	local line tmp=$BATS_TEST_TMPDIR
	status=0 output=
	"$HELPERS/fault" "$1" "$tmp/report" "${NS[@]}" "${@:2}" /bin/sh -c "$DESCRIBE" \
		8</dev/null 9>"$tmp/json" >"$tmp/stdout" 2>"$tmp/stderr" 3>&- 4>&- || status=$?
	while read -r line; do
		[[ $line =~ ^[0-9]{2,}$ ]] || output+=$line$'\n'
	done <"$tmp/stdout"
	mapfile -t stderr_lines <"$tmp/stderr"
	mapfile -t report <"$tmp/report"
}

# Files in DIR, mounts on them, processes in CGROUP. No process is made for it: it is asked often.
leftovers() {
	local all=("$DIR"/*) mounts
	mounts=$(</proc/self/mountinfo)
	files=${all[*]} left=
	[[ $mounts != *" $DIR/"* ]] || left=${mounts#*" $DIR/"}
	[ -z "$CGROUP" ] || left+=$(<"$CGROUP/cgroup.procs")
}

# Pins and the PID file of a launch that came about.
clear_away() {
	local file
	for file in "$DIR"/pin-*; do
		[ ! -e "$file" ] || { umount "$file" && rm "$file"; }
	done
	[ ! -e "$DIR/pid" ] || rm "$DIR/pid"
}

allowed() {
	local pattern
	for pattern in $MAY_FAIL $exceptions; do
		[[ $1 != $pattern ]] || return 0
	done
	return 1
}

# What is wrong with the launch in which PROCESS:CALL failed. Sets $wrong.
judge() {
	local hint=${stderr_lines[1]-nsclone: hint: none}
	wrong=
	leftovers
	[ "${report[*]}" != "${report[*]#left}" ] && wrong+="${report[*]}; "
	if [ "$status" -eq 0 ]; then
		[ "${report[*]}" != hit ] || allowed "$1" || wrong+='success; '
		[ "$output" = "$good" ] || wrong+="another world: $output; "
		[ "$files" = "$good_files" ] || wrong+="other files: $files; "
		[[ ! $(<"$BATS_TEST_TMPDIR/json") =~ namespace\":\ 0[,}] ]] || wrong+='a namespace 0 in the JSON line; '
		clear_away
	else
		[ "$status" -eq "$2" ] || wrong+="status $status; "
		[ -z "$output" ] || wrong+='the program ran; '
		[[ ${#stderr_lines[@]} -le 2 && ${stderr_lines[0]-} =~ ^nsclone:\ [^:]+ && $hint == 'nsclone: hint: '* ]] ||
			wrong+='no message of the right form; '
		allowed "$1" || [[ ${stderr_lines[0]-} == *"$text" ]] || wrong+='an error that the message does not name; '
	fi
	leftovers
	[ "$files$left" = "$clean" ] || wrong+="leftovers: $files $left; "
}

# faults EXCEPTIONS OPTION...: of a call that is made often in one process, the
# first four and the last four.
faults() {
	local exceptions=$1 good good_files clean files left call process name n wanted error text tried=0 program wrong
	local -a calls bad=()
	local -A times=()
	shift
	leftovers
	clean=$files$left
	launch list "$@"
	[ "$status" -eq 0 ] && [ -n "$output" ] || fail "-- status: $status" "${stderr_lines[@]}"
	leftovers
	good=$output good_files=$files calls=("${report[@]}") program=${report[-1]#program }
	unset 'calls[-1]'
	clear_away
	for call in "${calls[@]}"; do times[${call%:*}]=${call##*:}; done
	for call in "${calls[@]}"; do
		IFS=: read -r process name n <<<"$call"
		[[ " $CANNOT_FAIL " != *" $name "* ]] || continue
		((n <= 4 || n > times[$process:$name] - 4)) || continue
		wanted=125
		[ "$process:$name" != "$program:execve" ] || wanted=126
		error_for "$name"
		launch "$call=$error" "$@"
		judge "$process:$name" $wanted
		[ -z "$wrong" ] || bad+=("-- $call=$error: $wrong" "${stderr_lines[@]/#/   }")
		tried=$((tried + 1))
	done
	[ ${#bad[@]} -eq 0 ] || fail "${NS[*]} $*" "${bad[@]}"
	[ "$tried" -ge 4 ] || fail "only $tried calls"
}

### The command lines

@test "one new namespace" { each_faults '' --uts; }

@test "user, PID and mount namespaces, proc" { each_faults '' --map-root-user --pid --mount-proc; }

@test "ids by ranges" {
	requires root
	WHO=root directly faults '' --map-root-user --map-users 1:100000:1000 --map-groups 1:100000:1000 --setgroups allow
}

@test "subordinate ids, by helper programs" {
	requires root userns subids # an ordinary user who is watched gains nothing by set-user-ID
	WHO=user directly faults "$USER_DATABASE [1245]:prctl $SIGNALS" --map-auto
}

@test "the owner of the user namespace" {
	requires root
	WHO=root directly faults '' --owner "$(id -u "$NST_USER"):$(id -g "$NST_USER")" --map-root-user
}

@test "a new root with all that can be in it" {
	busybox_root "$BATS_TEST_TMPDIR/root"
	each_faults "$PRESENT_ROOT" --pid --root "$BATS_TEST_TMPDIR/root" --propagation slave --mount-proc --mount-sys \
		--hostname world --domainname nis --loopback --wd /tmp
}

@test "clock offsets" {
	requires time-ns
	each_faults '' --monotonic 86400 --boottime -1.5
}

@test "pins" {
	requires userns taskset
	# On one CPU, where namespaces get ids in order: a pin of a mount namespace needs that.
	taskset --cpu-list --pid "$(sed -n 's/^Cpus_allowed_list:\t\([0-9]*\).*/\1/p' /proc/self/status)" $BASHPID
	as_root && WHO=root || WHO=self
	WHO=$WHO in_private_mounts directly faults '' --mount="$DIR/pin-mnt" --uts="$DIR/pin-uts" --time="$DIR/pin-time" --pid="$DIR/pin-pid"
}

@test "PID file, status line, commands to run before" {
	each_faults "$IDENTITIES $HELPER $SIGNALS" --uts --pid-file "$DIR/pid" --json-status-fd 9 --block-fd 8 \
		--host-setup true --setup true
}

@test "--init" { each_faults '' --init --mount-proc; }

@test "another user, capabilities kept, no new privileges" {
	requires root
	WHO=root directly faults "$SETGROUPS" --uts --setuid 1234 --setgid 1234 --keep-caps --no-new-privs
}

@test "capabilities kept, no new privileges, in a user namespace" {
	each_faults '' --map-current-user --keep-caps --no-new-privs
}

@test "--into-cgroup" {
	requires root cgroup2
	CGROUP=$CGROUP2/nst-faults-$$
	mkdir "$CGROUP"
	WHO=root directly faults "$CGROUP_PROCS" --into-cgroup "$CGROUP" --cgroup
}

@test "--close-fds" { each_faults '' --uts --close-fds=4,9; }

@test "--background" { each_faults "$IDENTITIES" --uts --background --pid-file "$DIR/pid"; }
