# SPDX-License-Identifier: GPL-2.0-or-later
# For tests in which every system call that a launcher and its children make
# from main on up to the program's exec fails, one at a time: the launcher says
# which step it was and ends with 125, the program does not run, and nothing is
# left. After helpers.bash.

setup_faults() {
	requires userns
	[ -z "${WITH_ASAN-}" ] || skip 'not with AddressSanitizer: its own system calls would fail, too'
	"$HELPERS/fault" list /dev/null true 2>/dev/null || skip 'needs seccomp user notification (Linux 5.5)'
	export CGROUP='' NSPIN_DIR='' DIR=$BATS_TEST_TMPDIR/dir
	mkdir -m 1777 "$DIR"
}

### Calls that are left alone, CALL or PROCESS:CALL:N: the kernel has no reason to refuse these

export CANNOT_FAIL='rt_sigaction rt_sigprocmask rt_sigtimedwait getpid getppid getuid geteuid getegid capget waitid exit_group'
CANNOT_FAIL+=' fcntl'           # of a descriptor that is open
CANNOT_FAIL+=' close munmap'    # what they let go is gone whatever they return
CANNOT_FAIL+=' brk getrandom'   # of malloc: the one returns no error numbers, the other's are not needed

### Calls that may fail without harm, PROCESS:CALL:N, patterns: the program may run then, in the same world

export MAY_FAIL='*:poll:*'      # a wait is taken up again; none of 0, 1, 2 is taken for closed
MAY_FAIL+=' *:prctl:*@3'        # PR_GET_DUMPABLE: if in doubt, we are not
MAY_FAIL+=' *:*@/proc/sys/fs/suid_dumpable' # the same
MAY_FAIL+=' *:prlimit64:*'      # RLIMIT_FSIZE for the trampoline: a write that it forbids says so
MAY_FAIL+=' *:keyctl:*'         # a filter may forbid it

# What to fail with.
error_for() {
	case $1 in
	clone | clone3 | mmap) error=ENOMEM text='Cannot allocate memory' ;;
	write) error=ENOSPC text='No space left on device' ;;
	sendto) error=ENOBUFS text= ;; # it is the other side that they tell of
	open | openat | pidfd_open | pipe2 | signalfd4 | socket | socketpair) error=EMFILE text='Too many open files' ;;
	poll | recvfrom) error=EPERM text= ;;
	prctl) error=EPERM text='@(Operation not permitted|State not recoverable)' ;; # see untraceable.h
	*) error=EPERM text='Operation not permitted' ;;
	esac
}

# errors_for CALL: in $errors, all that FAULT_KINDS asks for.
errors_for() {
	local error text
	errors=()
	error_for "$1"
	! among errors $FAULT_KINDS || errors+=("$error")
	! among more $FAULT_KINDS || errors+=(EIO)
}

# text_of ERROR CALL: in $text, what a message says of it.
text_of() {
	local error
	error_for "$2"
	[ "$1" != EIO ] || [ -z "$text" ] || text='Input/output error'
}

### A launch, and what is left of it

# each_way, but with as few programs before the launcher as can be: they take time.
each_faults() { each_way directly faults "$@"; }

# With signals instead of errors, before each of the last calls on the way to exec.
each_signals() { FAULT_KINDS='TERM TERM:0' LAST=12 each_way directly faults "$@"; }
signals_with_pins() { FAULT_KINDS='TERM TERM:0' LAST=12 as_ourselves in_private_mounts directly faults "$@"; }

# A trap of bats before each command would take more time than all the rest.
directly() (
	trap - DEBUG
	NS=("$LAUNCHER")
	is_root || NS+=(--map-root-user)
	[ ${#WHO[@]} -eq 0 ] || ! as_root ||
		NS=(setpriv --reuid "$NST_USER" --regid "$NST_USER" --init-groups --inh-caps=-all "${NS[@]}")
	"$@"
)

# Where namespaces get ids in order: a pin of a mount namespace needs that.
stay_on_one_cpu() {
	requires taskset
	taskset --cpu-list --pid "$(sed -n 's/^Cpus_allowed_list:\t\([0-9]*\).*/\1/p' /proc/self/status)" $BASHPID
}

# The program describes, on stdout, the world that it finds.
export OUTER_NS
OUTER_NS=" $(readlink /proc/self/ns/* | tr '\n' ' ')"
export DESCRIBE='echo it runs; cd /proc
	ls -l self/ns | while read -r ns; do ns=${ns##* }; case $OUTER_NS in *" $ns "*) ;; *) echo "new ${ns%:*}" ;; esac; done
	cat self/uid_map self/gid_map self/timens_offsets self/cgroup sys/kernel/hostname sys/kernel/domainname
	cut -d" " -f5,6 self/mountinfo | grep -E "^/(proc|sys)? "
	sed -n "/^[UG]id:/p; /^Groups/p; /^Cap/p; /^NoNew/p; /^Sig[BI]/p" self/status
	ls self/fd'

# fault WHAT OPTION...: WHAT is the first argument of the helper. Descriptor 8 can be
# read, 9 can be written to. Leaves $status, $output without lines that are PIDs.
fault() {
	local line tmp=$BATS_TEST_TMPDIR
	status=0 output=
	"$HELPERS/fault" "$1" "$tmp/report" "${NS[@]}" "${@:2}" /bin/sh -c "$DESCRIBE" \
		8</dev/null 9>"$tmp/json" >"$tmp/stdout" 2>"$tmp/stderr" 3>&- 4>&- || status=$?
	while read -r line; do
		[[ $line =~ ^[0-9]{2,}$ ]] || output+=$line$'\n'
	done <"$tmp/stdout"
	mapfile -t stderr_lines <"$tmp/stderr"
	read_report
}

# read_report: what the helper said: $report, $stays (PIDs of keepers), $executed, $perhaps.
read_report() {
	local line
	report=() stays=() executed=0 perhaps=0
	while read -r line; do
		case $line in
		stays\ *) stays+=("${line#stays }") ;;
		executed\ *) executed=${line#executed } ;;
		perhaps\ *) perhaps=${line#perhaps } ;;
		*) report+=("$line") ;;
		esac
	done <"$BATS_TEST_TMPDIR/report"
}

# Files in DIR, sets in $NSPIN_DIR, mounts on them, keepers, processes in CGROUP. No
# process is made for it: it is asked often.
leftovers() {
	local all=("$DIR"/*) mounts pid
	[ -z "$NSPIN_DIR" ] || all+=("$NSPIN_DIR"/* "$NSPIN_DIR"/*/* "$NSPIN_DIR"/.new/*)
	mounts=$(</proc/self/mountinfo)
	files=${all[*]} left=
	for pid in "${stays[@]}"; do [ ! -e "/proc/$pid/ns/mnt" ] || left+="keeper $pid "; done
	[[ $mounts != *" $DIR/"* ]] || left=${mounts#*" $DIR/"}
	[ -z "$CGROUP" ] || left+=$(<"$CGROUP/cgroup.procs")
}

# Pins, the set and the PID file of a launch that came about.
clear_away() {
	local file pid
	for pid in "${stays[@]}"; do
		[ "$pid" -le 1 ] || kill -KILL "$pid" 2>/dev/null || true
		while [ -e "/proc/$pid/ns/mnt" ]; do :; done
	done
	for file in ${NSPIN_DIR:+"$NSPIN_DIR"/world/*}; do
		[ ! -e "$file" ] || { umount -q "$file" || true; rm "$file"; }
	done
	[ ! -e "$NSPIN_DIR/world" ] || rmdir "$NSPIN_DIR/world"
	for file in "$DIR"/pin-*; do
		# A launcher that is killed in between leaves the file alone.
		[ ! -e "$file" ] || { umount -q "$file" || true; rm "$file"; }
	done
	[ ! -e "$DIR/pid" ] || rm "$DIR/pid"
}

# set_of EXCEPTIONS OPTION...: with --pin, of pins or of a keeper, where there has been
# a set before. After sets.bash.
set_of() {
	export NSPIN_DIR=$DIR/sets
	CANNOT_FAIL="${CANNOT_FAIL/ fcntl/} $CANNOT_FAIL_EITHER" # fcntl makes new descriptors for a keeper
	fault list --uts --pin world
	clear_away
	faults "$MAKING $KEEPER $1" "${@:2}" --pin world
}

# among CALL PATTERN...
among() {
	local pattern
	for pattern in "${@:2}"; do
		[[ $1 != $pattern ]] || return 0
	done
	return 1
}

# allowed PROCESS:CALL:N: patterns may go on with @PATH, which the call is about.
allowed() { among "$1" $MAY_FAIL $exceptions || among "$1@${paths[$1]-}" $MAY_FAIL $exceptions; }

# What is wrong with the launch in which PROCESS:CALL:N failed, and that ends with
# one of STATUSES if it is not without harm. Sets $wrong.
judge() {
	local hint=${stderr_lines[1]-$TOOL: hint: none}
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
		[[ " $2 " == *" $status "* ]] || wrong+="status $status; "
		[ -z "$output" ] || wrong+='the program ran; '
		[[ ${#stderr_lines[@]} -le 2 && ${stderr_lines[0]-} =~ ^$TOOL:\ [^:]+ && $hint == "$TOOL: hint: "* ]] ||
			wrong+='no message of the right form; '
		allowed "$1" || [[ ${stderr_lines[0]-} == *$text ]] || wrong+='an error that the message does not name; '
	fi
	leftovers
	[ "$files$left" = "$clean" ] || wrong+="leftovers: $files $left; "
}

### Signals

# The same calls, but with a signal before each of them, to who makes it or to the
# tool: TERM, TERM:0, KILL, KILL:0. Either the program was executed, and what there is
# of pins, sets and files is there, whole; or it was not, and nothing is. Only a tool
# that is killed, and a helper of its own, leave what they were about to take back.
judge_signal() {
	local by_kill= whole=
	wrong=
	leftovers
	[[ ${report[*]} != *left* ]] || wrong+="${report[*]}; "
	[[ $2 != KILL* ]] || by_kill=yes
	[ "$files" = "$good_files" ] || [ "$files$left" = "$clean" ] || whole=no
	if ((executed >= programs)); then
		[ -z "$whole" ] || [ -n "$by_kill" ] || wrong+="other files: $files $left; "
	elif ((executed + perhaps >= programs)); then
		[ -z "$whole" ] || [ -n "$by_kill" ] || wrong+="other files: $files $left; "
	else
		[ "$status" -ne 0 ] || wrong+='success without the program; '
		[ -z "$output" ] || wrong+='the program ran; '
		if [ -z "$by_kill" ] || [[ $2 == KILL && $1 != 0:* && ! $1 == $KEEPS:* ]]; then
			[ "$files$left" = "$clean" ] || wrong+="leftovers: $files $left; "
		fi
		[ "$status" -ne 125 ] || [[ ${stderr_lines[0]-} =~ ^$TOOL:\ [^:]+ && ${#stderr_lines[@]} -le 2 ]] ||
			wrong+='no message of the right form; '
	fi
	sweep
	clear_away
	leftovers
	[ "$files$left" = "$clean" ] || wrong+="not to be cleared away: $files $left; "
}

# What the next nspin sweeps up: half-made sets in .new.
sweep() {
	local file
	[ -n "$NSPIN_DIR" ] || return 0
	for file in "$NSPIN_DIR"/.new/*/*; do
		[ ! -e "$file" ] || umount -q "$file" || true
	done
	rm -rf "$NSPIN_DIR"/.new/*
}

# KEEPS: the process that makes pins and sets, if it is not the tool itself.
export KEEPS=-

# The signals of FAULT_KINDS before the last $LAST of $calls.
signals() {
	local kind call programs
	local -a late
	[[ $FAULT_KINDS == *TERM* || $FAULT_KINDS == *KILL* ]] || return 0
	fault 99:getpid:1=EPERM "$@"
	programs=$executed
	clear_away
	late=("${calls[@]: -${LAST:-${#calls[@]}}}")
	for kind in $FAULT_KINDS; do
		[[ $kind == TERM* || $kind == KILL* ]] || continue
		for call in "${late[@]}"; do
			among "$call" '*:rt_sigaction:*' '*:brk:*' '*:execve:[3-9]' '*:execve:1[0-9]' && continue
			fault "$call=$kind" "$@"
			judge_signal "$call" "$kind"
			note_fault "$call=$kind" "$*"
		done
	done
}

### The whole

# What is tried: "errors", one error number for each call; "more", other ones as well;
# signals, as above. `make check-faults' tries all.
export FAULT_KINDS=${FAULT_KINDS:-errors} LAST=

# in_sample: shall this call be made to fail, too? Of the many $calls of a scenario
# `make check' takes a third; check-faults and NST_LONG=1 take all.
in_sample() {
	turn=$((${turn-0} + 1))
	takes_all || [ $((turn % 3)) -eq 0 ]
}

takes_all() { [ -n "${FAULT_LOG-}${NST_LONG-}" ] || [ ${#calls[@]} -le 60 ]; }

# tried_enough LEAST: of so many calls, or of a third.
tried_enough() {
	takes_all || set -- $(($1 / 3 + 1))
	[ "$tried" -ge "$1" ] || fail "only $tried calls"
}

# note_fault CALL=FAULT SCENARIO: $wrong is what it came to. For tests/faults/run as well.
note_fault() {
	tried=$((tried + 1))
	[ -z "$wrong" ] || bad+=("-- $1: $wrong" "${stderr_lines[@]/#/   }")
	[ -z "${FAULT_LOG-}" ] || printf '%s\t%s\t%s\t%s\n' "$BATS_TEST_FILENAME: $BATS_TEST_DESCRIPTION: $2" "${1%=*}" "${1##*=}" "$wrong" >>"$FAULT_LOG"
}

# faults EXCEPTIONS OPTION...: calls in OF_PROGRAM, patterns, may look whether the
# program can be executed, so that 126 is right, too. Of a call that is made often in one process, the
# first four and the last four.
# Not those in ANSWERS, patterns PROCESS:CALL:N@PATH: their error is an answer, no failure.
faults() {
	local exceptions=$1 good good_files clean files left call process name n wanted error text tried=0 program wrong
	local -a calls errors bad=()
	local -A times=() paths=()
	shift
	stays=()
	leftovers
	clean=$files$left
	fault what "$@"
	[ "$status" -eq 0 ] && [ -n "$output" ] || fail "-- status: $status" "${stderr_lines[@]}"
	leftovers
	good=$output good_files=$files calls=("${report[@]}") program=${report[-1]#program }
	unset 'calls[-1]'
	clear_away
	for n in "${!calls[@]}"; do
		[[ ${calls[n]} != *\ * ]] || paths[${calls[n]%% *}]=${calls[n]#* }
		calls[n]=${calls[n]%% *}
	done
	for call in "${calls[@]}"; do times[${call%:*}]=${call##*:}; done
	for call in "${calls[@]}"; do
		IFS=: read -r process name n <<<"$call"
		[[ " $CANNOT_FAIL " != *" $name "* && " $CANNOT_FAIL " != *" $call "* ]] || continue
		! among "$call@${paths[$call]-}" ${ANSWERS-} || continue
		((n <= 4 || n > times[$process:$name] - 4)) && in_sample || continue
		wanted=125
		[ "$process:$name" != "$program:execve" ] || wanted=126
		! among "$call" ${OF_PROGRAM-} || wanted+=' 126'
		errors_for "$name"
		for error in "${errors[@]}"; do
			text_of "$error" "$name"
			fault "$call=$error" "$@"
			judge "$call" "$wanted"
			note_fault "$call=$error" "$*"
		done
	done
	signals "$@"
	[ ${#bad[@]} -eq 0 ] || { fail "${NS[*]} $*" "${bad[@]}"; return 1; } # wherever no error ends us
	tried_enough 3
}
