#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# nsls: what it finds, whatever it is that keeps a namespace alive, and whatever
# moves meanwhile. What there is, is asked of /proc.

load helpers
load launchers
load nsenter

TOOLS=(nsls)
: "${NSLS:=$abs_top_builddir/nsls}"
export NSLS

setup_file() { make_user; }
teardown_file() { remove_user; }
setup() { requires userns; }

### Running it

# nsls ARG...
nsls() {
	printf -- '-- nsls %.200s\n' "$*"
	run_split "${WHO[@]}" "${AROUND[@]}" timeout 60 "$NSLS" "$@"
}

# look [ARG...]: LOOK has what it shows, by inode number: "HELD NPROCS PID|HOLDERS|PINS"
look() {
	local row
	declare -gA LOOK=()
	nsls --json --list --output NS,HELD,NPROCS,PID,HOLDERS,PINS "$@"
	assert_status 0
	while read -r row || [ "$row" ]; do
		LOOK[${row%% *}]=${row#* }
		[[ $row == *'|null|'* ]] || forget_lookers "${row%% *}"
	done < <(flat)
}

# forget_lookers NS: who only looks at it, as another nsls on this machine does,
# is no holder that a test has made.
forget_lookers() {
	local held holders pins holder kept=
	IFS='|' read -r held holders pins <<<"${LOOK[$1]}"
	for holder in ${holders//;/ }; do
		case $(comm_of "${holder%:*}") in
		nsls | '') ;;
		*) kept+=";$holder" ;;
		esac
	done
	if [ -z "$kept" ] && [[ ,${held%% *}, != *,socket,* ]]; then
		held=$(sed 's/^fd,//; s/,fd\([, ]\)/\1/' <<<"$held")
		kept=';null'
	fi
	LOOK[$1]="$held|${kept#;}|$pins"
}

# The rows of $output, a line each; what is on several lines is joined by ";".
flat() {
	tr -d '\n' <<<"$output" | sed 's/{/\n{/g' | sed -n 's/.*"ns" *: *\([0-9]*\), *"held" *: *\(.*\), *"nprocs" *: *\(.*\), *"pid" *: *\(.*\), *"holders" *: *\(.*\), *"pins" *: *\(.*\)}.*/\1 \2 \3 \4|\5|\6/p' |
		sed 's/" *, *"/;/g; s/\\n/;/g; s/[][" ]*|[][" ]*/|/g; s/[]["} ]*$//; s/"//g'
}

# shows NS HELD NPROCS PID: after look
shows() {
	local row=${LOOK[$1]-}
	[[ ${row%%|*} == "$2 $3 $4" ]] || show_run "wanted of $1: $2 $3 $4" "-- shown: $row"
}

# by_holder NS PID:FD
by_holder() {
	local holders=${LOOK[$1]#*|}
	[[ ";${holders%%|*};" == *";$2;"* ]] || show_run "wanted as holder of $1: $2" "-- shown: ${LOOK[$1]}"
}

# by_pin NS [MNTNS:]PATH
by_pin() {
	[[ ";${LOOK[$1]##*|};" == *";$2;"* ]] || show_run "wanted as a pin of $1: $2" "-- shown: ${LOOK[$1]}"
}

### What is there

# inode FILE
inode() { stat -Lc %i "$1"; }

# ready [as_user] COMMAND [ARG...]: a process that writes to $D/ready, its last
# argument but those after --. $NUMBER is what it has written.
hold() {
	rm -f "$D/ready"
	start "${WHO[@]}" "${OWN[@]}" "$HELPERS/hold" "$1" "$D/ready" "${@:2}"
	wait_until test -s "$D/ready"
	NUMBER=$(<"$D/ready")
}

# What makes an ordinary user somebody who may have namespaces.
with_own() {
	OWN=()
	is_root || OWN=(unshare --map-root-user)
	"$@"
}

# opened FILE [COMMAND...]: $BG_PID has FILE open as 9.
opened() {
	rm -f "$D/ready"
	start "${WHO[@]}" "${@:2}" bash -c 'exec 9<"$1"; echo >"$2"; exec sleep 999' - "$1" "$D/ready"
	wait_until test -s "$D/ready"
	OPENER=$BG_PID
}

# exists NS: in truth, whoever holds it: its number is not given away.
uts_of() { inode "/proc/$1/ns/uts"; }

### Each thing that keeps one alive

by_process() {
	own_world --uts --time
	look
	shows "$(uts_of "$TARGET")" proc 1 "$TARGET"
	shows "$(inode "/proc/$TARGET/ns/time")" proc 1 "$TARGET"
	end_target
}

@test "by a process" { each_way by_process; }

by_thread() {
	rm -f "$D/tid"
	start "${WHO[@]}" "${OWN[@]}" "$HELPERS/thread" "$D/tid"
	wait_until test -s "$D/tid"
	look
	shows "$(uts_of "$(<"$D/tid")")" thread 0 "$(<"$D/tid")"
	refute_equal "$(uts_of "$(<"$D/tid")")" "$(uts_of "$BG_PID")"
}

@test "by one thread only" { each_way with_own by_thread; }

by_what_is_left() {
	hold leaderless
	assert_equal "$(state_of "$BG_PID")" Z
	look
	shows "$(uts_of "$NUMBER")" proc 1 "$NUMBER"
	look --processes
	shows "$(uts_of "$NUMBER")" proc 1 "$NUMBER"
}

@test "by a process whose first thread has ended" { each_way with_own by_what_is_left; }

by_descriptor() {
	local ns
	own_world --uts
	ns=$(uts_of "$TARGET")
	opened "/proc/$TARGET/ns/uts"
	to "$TARGET" KILL
	wait_until is_gone "$TARGET"
	assert_equal "$(readlink "/proc/$OPENER/fd/9")" "uts:[$ns]"
	look
	shows "$ns" fd 0 null
	by_holder "$ns" "$OPENER:9"
}

@test "by a descriptor" { each_way by_descriptor; }

# left_open HOW: a UTS namespace, $OPEN, is held by nothing but 77, as hold has it.
left_open() {
	local OWN=()
	own_world --uts
	OPEN=$(uts_of "$TARGET")
	hold "$1" "/proc/$TARGET/ns/uts"
	to "$TARGET" KILL
	wait_until is_gone "$TARGET"
}

by_bare_descriptor() {
	left_open path
	look
	shows "$OPEN" fd 0 null
	by_holder "$OPEN" "$NUMBER:77"
}

@test "by a descriptor that is a path only (O_PATH)" { each_way with_own by_bare_descriptor; }

by_threads_descriptor() {
	left_open files
	[ ! -e "/proc/$BG_PID/fd/77" ]
	look
	shows "$OPEN" fd 0 null
	by_holder "$OPEN" "$NUMBER:77"
}

@test "by a descriptor that one thread has for itself" { each_way by_threads_descriptor; }

shared_by_threads() {
	left_open shared
	local -a tids=("/proc/$BG_PID/task/"*)
	assert_equal "${tids[*]##*/}" "$BG_PID $NUMBER ${tids[2]##*/} ${tids[3]##*/}"
	[ -e "${tids[3]}/fd/77" ]
	look
	shows "$OPEN" fd 0 null
	assert_equal "${LOOK[$OPEN]}" "fd 0 null|$NUMBER:77;${tids[2]##*/}:77|null"
}

@test "descriptors that threads share are listed once" { each_way shared_by_threads; }

# The link of the descriptor is the path of the pin.
by_opened_pin() {
	local ns
	: >"$D/pin"
	unshare --uts="$D/pin" true
	ns=$(inode "$D/pin")
	opened "$D/pin"
	umount --lazy "$D/pin"
	[[ $(readlink "/proc/$OPENER/fd/9") == /* ]]
	look
	shows "$ns" fd 0 null
	by_holder "$ns" "$OPENER:9"
}

@test "by a descriptor that was opened by way of a pin" { as_ourselves in_private_mounts by_opened_pin; }

by_socket() {
	local ns
	rm -f "$D/nets"
	start "${WHO[@]}" "${OWN[@]}" unshare --net "$HELPERS/two-nets" "$D/nets"
	wait_until test -s "$D/nets"
	ns=$(sed 's/.*\[\(.*\)\]/\1/' "$D/nets")
	refute_equal "$ns" "$(inode "/proc/$BG_PID/ns/net")"
	look
	shows "$ns" socket 0 null
	by_holder "$ns" "$BG_PID:9"
	shows "$(inode "/proc/$BG_PID/ns/net")" proc 1 "$BG_PID"
}

@test "by a socket only" { each_way with_own by_socket; }

by_own_pin() {
	local ns
	: >"$D/a pin"
	unshare --uts="$D/a pin" true
	ns=$(inode "$D/a pin")
	look
	shows "$ns" pin 0 null
	by_pin "$ns" "$D/a pin"
	umount --lazy "$D/a pin"
}

@test "by a pin in one's own mount namespace" { as_ourselves in_private_mounts by_own_pin; }

# pinned_elsewhere: $TARGET is a process in a mount namespace where $PINNED is
# pinned on $D/there.
pinned_elsewhere() {
	: >"$D/there"
	rm -f "$D/ready"
	start "${WHO[@]}" "${OWN[@]}" unshare --mount --propagation private bash -c '
		unshare --uts="$1/there" true
		stat -c %i "$1/there" >"$1/ready"
		exec sleep 999' - "$D"
	wait_until test -s "$D/ready"
	wait_until last_is "$BG_PID" sleep
	TARGET=$CHILD
	PINNED=$(<"$D/ready")
}

by_pin_elsewhere() {
	pinned_elsewhere
	refute_equal "$(inode "$D/there")" "$PINNED"
	look
	shows "$PINNED" pin 0 null
	by_pin "$PINNED" "$(inode "/proc/$TARGET/ns/mnt"):$D/there"
}

@test "by a pin in another mount namespace" { each_way with_own by_pin_elsewhere; }

# covered: nobody can open it any more, but it is there.
by_covered_pin() {
	local ns
	mkdir "$D/dir"
	: >"$D/dir/pin"
	unshare --uts="$D/dir/pin" true
	ns=$(inode "$D/dir/pin")
	mount -t tmpfs tmpfs "$D/dir"
	[ ! -e "$D/dir/pin" ]
	look
	shows "$ns" pin 0 null
	by_pin "$ns" "$D/dir/pin"
}

@test "by a pin that another mount covers" { as_ourselves in_private_mounts by_covered_pin; }

# walks: the kernel lets us see mount namespaces that nobody is in.
walks() {
	requires root
	[ "$(inode /proc/self/ns/pid)" = 4026531836 ] || skip 'needs the first PID namespace'
	[[ $(uname -r) =~ ^(6\.1[2-9]|6\.[2-9][0-9]|[7-9]|[1-9][0-9]) ]] || skip 'needs Linux 6.12'
}

in_deserted_mounts() {
	local mnt
	pinned_elsewhere
	mnt=$(inode "/proc/$TARGET/ns/mnt")
	opened "/proc/$TARGET/ns/mnt"
	to "$TARGET" KILL
	wait_until is_gone "$TARGET"
	look
	shows "$mnt" fd 0 null
	by_holder "$mnt" "$OPENER:9"
	shows "$PINNED" pin 0 null
	by_pin "$PINNED" "$mnt:$D/there"
}

@test "by a pin in a mount namespace that no process is in" {
	walks
	OWN=()
	as_ourselves in_deserted_mounts
}

# The process is in the second one that it has made, and its UTS namespace is of the first.
of_deserted_parents() {
	local ns parent
	rm -f "$D/ready"
	start "${WHO[@]}" unshare --map-root-user bash -c '
		stat -Lc "%i" /proc/self/ns/user >"$1/parent"
		exec unshare --map-root-user bash -c "stat -Lc %i /proc/self/ns/user >$1/ready; exec sleep 999"' - "$D"
	wait_until test -s "$D/ready"
	ns=$(<"$D/ready")
	parent=$(<"$D/parent")
	refute_equal "$ns" "$parent"
	look
	shows "$ns" proc 1 "$BG_PID"
	shows "$parent" child 0 null
}

@test "as the parent of another, with no process in it" { each_way of_deserted_parents; }

of_deserted_pids() {
	local parent
	own_world --pid --mount --mount-proc -- unshare --pid --fork --kill-child
	parent=$(inode "/proc/$TARGET/ns/pid")
	look
	shows "$parent" proc 1 "$TARGET"
	end_target
}

of_owners() {
	local ns owner
	start "${WHO[@]}" unshare --map-root-user --uts sleep 999
	TARGET=$BG_PID
	wait_until last_is_sleep "$TARGET"
	ns=$(uts_of "$TARGET")
	owner=$(inode "/proc/$TARGET/ns/user")
	opened "/proc/$TARGET/ns/uts"
	to "$TARGET" KILL
	wait_until is_gone "$TARGET"
	look
	shows "$ns" fd 0 null
	shows "$owner" owned 0 null
}

last_is_sleep() { has_comm "$1" sleep; }

@test "as the owner of another, with no process in it" { each_way of_owners; }

of_pid_parents() {
	local outer
	requires root
	# The first process of the outer one is all that is in there; the inner one's
	# is in its own.
	start unshare --pid --fork --kill-child bash -c 'unshare --pid --fork --kill-child sleep 999 & wait'
	wait_until last_is "$BG_PID" sleep
	look
	shows "$(inode "/proc/$CHILD/ns/pid")" proc 1 "$CHILD"
	child_of "$BG_PID"
	outer=$(inode "/proc/$CHILD/ns/pid")
	shows "$outer" proc,child 2 "$(lowest_of "$CHILD")"
}

# lowest_of PID: the lowest number among it and its children. It need not be its
# own: numbers start again from the lowest free one when the greatest is used up.
lowest_of() {
	printf '%s\n' "$1" $(ps -o pid= --ppid "$1") | sort -n | head -n 1
}

@test "as a PID namespace with another one in it" { as_ourselves of_pid_parents; }

for_children() {
	local ns
	start "${WHO[@]}" "${OWN[@]}" unshare --pid sleep 999
	wait_until last_is_sleep "$BG_PID"
	[ ! -e "/proc/$BG_PID/ns/pid_for_children" ]
	look --type pid
	ns=$(for ns in "${!LOOK[@]}"; do [[ ${LOOK[$ns]} != "proc 0 $BG_PID|"* ]] || echo "$ns"; done)
	[[ $ns == +([0-9]) ]] || show_run 'no PID namespace of its children'
	refute_equal "$ns" "$(inode "/proc/$BG_PID/ns/pid")"
}

@test "by a process whose children will be born in it (pid), though it has none yet" { each_way with_own for_children; }

for_children_in_time() {
	local ns
	hold time
	ns=$(inode "/proc/$NUMBER/ns/time_for_children")
	refute_equal "$ns" "$(inode "/proc/$NUMBER/ns/time")"
	look
	shows "$ns" proc 0 "$NUMBER"
}

@test "by a process whose children will be born in it (time)" { requires time-ns; each_way with_own for_children_in_time; }

### What must not be done

# Who opens a FIFO for writing waits until somebody opens it for reading.
fifo_waits() {
	local OWN=()
	mkfifo "$D/fifo"
	chmod 666 "$D/fifo"
	hold path "$D/fifo"
	start bash -c 'echo $$ >"$1/writer"; exec sleep 999 >"$1/fifo"' - "$D"
	wait_until test -s "$D/writer"
	sleep 0.1
	look
	nsls --output NS,HOLDERS,PINS,SET
	assert_status 0
	refute_equal "$(comm_of "$BG_PID")" sleep
}

@test "a FIFO among descriptors is not opened" { each_way fifo_waits; }

### Many

crowd() {
	local ns lowest n=1500
	start "${WHO[@]}" "${OWN[@]}" unshare --uts "$HELPERS/hold" crowd "$D/ready" "$n"
	wait_until test -s "$D/ready"
	ns=$(uts_of "$(<"$D/ready")")
	lowest=$(lowest_of "$(<"$D/ready")")
	look
	shows "$ns" proc $((n + 1)) "$lowest"
	look --processes --type uts
	shows "$ns" proc $((n + 1)) "$lowest"
	nsls --raw --noheadings --list --output NS,NTHREADS
	assert_line "$ns $((n + 1))"
	# Not those of nsls itself, of which one is there only while it looks. The
	# other process is timeout.
	AROUND=(unshare --map-root-user --uts)
	nsls --engine proc --raw --noheadings --list --type uts --output COMMAND,NPROCS,NTHREADS
	assert_line --regexp 'engine.* 2 2$'
	AROUND=()
	to "$(<"$D/ready")" KILL
	wait_until nobody_in "$ns"
}

nobody_in() {
	look --processes --type uts
	[ -z "${LOOK[$1]-}" ]
}

@test "a crowd is counted, also by two threads" { as_ourselves with_own crowd; }

# There are more namespaces than descriptors.
few_descriptors() {
	local i pid
	local -a pids=()
	for ((i = 0; i < 40; i++)); do
		start "${WHO[@]}" "${OWN[@]}" unshare --uts sleep 999
		pids+=("$BG_PID")
	done
	wait_until last_is_sleep "$BG_PID"
	for pid in "${pids[@]}"; do
		wait_until last_is_sleep "$pid"
	done
	AROUND=(prlimit --nofile=32:32)
	look --engine proc
	for pid in "${pids[@]}"; do
		shows "$(uts_of "$pid")" proc 1 "$pid"
	done
	assert_stderr --partial 'could not be held: raise the limit of open files'
}

@test "where there are more namespaces than descriptors, all are found, and it is said" { as_ourselves with_own few_descriptors; }

# The soft limit is nothing to mind.
soft_limit() {
	own_world --uts
	AROUND=(prlimit --nofile=12:)
	look
	shows "$(uts_of "$TARGET")" proc 1 "$TARGET"
	end_target
}

@test "a low soft limit of descriptors is raised" { each_way soft_limit; }

### What moves

# still: each of these is found, time and again.
held_throughout() {
	local i ns tid
	own_world --uts
	by_name[process]=$(uts_of "$TARGET")
	start "${WHO[@]}" unshare --map-root-user --uts sleep 999
	wait_until last_is_sleep "$BG_PID"
	tid=$BG_PID
	by_name[descriptor]=$(uts_of "$tid")
	opened "/proc/$tid/ns/uts"
	to "$tid" KILL
	start "${WHO[@]}" "${OWN[@]}" "$HELPERS/thread" "$D/tid"
	wait_until test -s "$D/tid"
	by_name[thread]=$(uts_of "$(<"$D/tid")")
	pinned_elsewhere
	by_name[pin]=$PINNED
	# And it moves.
	OWN=(unshare --map-root-user)
	for i in 1 2; do
		hold "$1"
	done
	for ((i = 0; i < 15; i++)); do
		nsls --raw --noheadings --list --output NS,TYPE,NSID,HELD
		assert_status 0
		assert_line --regexp "^${by_name[process]} uts [0-9]* proc(,fd)?$"
		assert_line --regexp "^${by_name[descriptor]} uts [0-9]* fd$"
		assert_line --regexp "^${by_name[thread]} uts [0-9]* thread(,fd)?$"
		assert_line --regexp "^${by_name[pin]} uts [0-9]* (fd,)?pin$"
		# As the first one told them; another nsls that looks holds it meanwhile.
		ns=$(sed 's/,fd$//; s/ fd,/ /' <<<"$output" | grep -E "^(${by_name[process]}|${by_name[descriptor]}|${by_name[thread]}|${by_name[pin]}) ")
		assert_equal "$ns" "${first:=$ns}"
		# A number is of one namespace at a time.
		assert_equal "$(cut -d ' ' -f 1 <<<"$output" | uniq -d)" ''
		nsls --raw --noheadings --list --processes --output NS,HELD
		assert_line --regexp "^${by_name[process]} proc(,fd)?$"
	done
}

throughout() {
	local -A by_name=()
	local first=
	with_own held_throughout "$@"
}

@test "what is held throughout is never missed beside processes that come and go" { each_way throughout forks; }

@test "nor beside namespaces that come and go, and take each other's numbers" { each_way throughout churn; }
