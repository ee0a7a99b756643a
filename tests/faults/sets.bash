# SPDX-License-Identifier: GPL-2.0-or-later
# For tests in which nspin is made to fail, or is killed, at each system call on
# its way: what there is of pins, files and keepers, as the kernel has it, and
# the way back to where it began. After helpers, launchers, nsenter and nspin.

### Calls that are left alone, besides those of faults.bash, PROCESS:CALL:N

export CANNOT_FAIL_EITHER='umask'
CANNOT_FAIL_EITHER+=' 2:prctl:1 3:prctl:1' # the name of a keeper

# An error is a legal answer, no failure: may we mount here?
export ANSWERS='*:ioctl:*@mnt:*'

### Calls that may fail without harm, patterns, PROCESS:CALL:N@PATH

export LINKS='*:readlink:*@/proc/self/fd/*' # the place without symbolic links on the way: else as it is given
export BY_PIDFD='*:ioctl:*@anon_inode:?pidfd?'      # a namespace of a process: else by its link
# Is it still the one of that name? If in doubt it is looked for once more.
export NAMED='*:newfstatat:*@*/sets/* *:newfstatat:*@world *:newfstatat:*@*/.new/*.*.0 *:newfstatat:*@*.*.0 *:newfstatat:*@lost'
# The same of the lock of --make-private, whose file stays at worst for the next one to remove.
export MOUNTS_LOCK='*:newfstatat:*@/run/nspin.lock *:newfstatat:*@nspin.lock *:unlinkat:*@nspin.lock'
# Is there a set of that name? The last step tells in any case.
export TAKEN='*:call-439:*@world *:call-439:*@other *:call-439:*@lost'
# What others have left in .new: the next one sweeps it up.
export SWEEP='*:openat:*@. *:newfstatat:*@*/.new *:fcntl:*@*/.new *:getdents64:*@*/.new'
export WORK='*:openat:*@.new' # it is made if it is not there, and opened again
# Is the place a private mount? If in doubt it is looked at again, under a lock.
export PRIVATE='*:openat:*@/proc/self/fdinfo/* *:read:*@/proc/*/fdinfo/* *:openat:*@/proc/self/mountinfo *:read:*@/proc/*/mountinfo'
PRIVATE+=' *:openat:*@..'
export MOUNTINFO='*:newfstatat:*@/proc/*/mountinfo' # stdio reads without
export TYPES_OF='*:ioctl:*@*/sets/*/*'              # a namespace that is open has a type
export LOCKED='*:flock:*@*/keeper'                  # by its keeper: if in doubt it is
# Files of a set, which may be pins.
PINS=$(printf '*:openat:*@%s ' $NSTYPES; printf '*:newfstatat:*@%s ' $NSTYPES)
export PINS
# What has been replaced or deleted: what cannot be taken apart goes with the next sweep.
export DISMANTLE="$PINS"'*:*stat*:*@anon_inode:* *:*@keeper *:*@*/keeper *:*@fd/11 *:pidfd* *:poll:* *:*@/proc/* *:unlink*@* *:umount2:* *:*@*/world.*'
export ALWAYS="$LINKS $BY_PIDFD $SWEEP $NAMED $TYPES_OF $LOCKED"
export MAKING="$ALWAYS $TAKEN $WORK $PRIVATE $MOUNTINFO"
# Of the keeper: what ps shows; standard descriptors, which it has no use for; to sleep, which is taken up again.
export KEEPER='*:openat:*@/proc/self/cmdline *:read:*@/proc/*/cmdline *:openat:*@/dev/null *:pause:*'

# Has a PID namespace had an init?
export CHILD_LOOKS='1:setns:* 1:ioctl:* 1:access:* 1:prctl:* 1:read:*'  # by the owner of the namespace, else; it says no more than that it could not

### What there is

# see: in $state all mounts and files of $D, and what keepers keep, but for the
# place itself and for what is built or taken apart in it, which is $rubbish;
# $keepers: PIDs of those that a set names. No process is made for it unless there
# are keepers: it is asked often. A number of a PID namespace is left out: those
# that are to be dead are made anew each time.
see() {
	local file
	shopt -s globstar dotglob nullglob
	rubbish= keepers=
	see_mounts
	for file in "$D"/**; do
		case $file in
		"$D"/ | "$NSPIN_DIR" | */.new) ;;
		*/.new/*) rubbish+=$file$'\n' ;;
		*/keeper) see_keeper "$file" ;;
		*) state+=$file$'\n' ;;
		esac
	done
	shopt -u globstar dotglob nullglob
}

# "ROOT PATH PROPAGATION" of each, but for one self-bind of the place.
see_mounts() {
	local root path peers all line places=0
	state=
	all=$(</proc/self/mountinfo)
	[[ $all == *" $D/"* ]] || return 0
	while read -r _ _ _ root path _ peers _; do
		[[ $path == "$D"/* ]] || continue
		[[ $path != */.new/* ]] || { rubbish+="$root $path"$'\n' && continue; }
		[[ $path != "$NSPIN_DIR" ]] || ((places++)) || continue
		[[ $root != pid:* ]] || root=pid
		state+="$root $path ${peers%%:*}"$'\n'
	done <<<"$all"
}

see_keeper() {
	local pid= held
	IFS=: read -r pid _ <"$1" 2>/dev/null || true
	state+=$1
	if [ -n "$pid" ] && lives "$pid"; then
		keepers+="$pid "
		held=$(stat -Lc '%n %i' "/proc/$pid"/fd/{3,4,5,6,7,8,9,10} 2>/dev/null) || true
		held=${held//"/proc/$pid/fd/"/}
		[[ $held =~ (^|.*$'\n')"7 "[0-9]*(.*) ]] && held="${BASH_REMATCH[1]}7 pid${BASH_REMATCH[2]}"
		state+=" of $held"
	fi
	state+=$'\n'
}

# lives PID: no zombie. As is_gone, without a process.
lives() {
	local stat=
	read -r stat 2>/dev/null <"/proc/$1/stat" || true
	[[ -n $stat && ${stat##*) } != [ZX]* ]]
}

# strays PID...: $stray are those that live and are the keepers of no set
strays() {
	local pid
	stray=
	for pid; do
		[[ " $keepers" == *" $pid "* ]] || ! lives "$pid" || stray+="$pid "
	done
}

### The way back

# remember: what is in $D now stays there.
remember() {
	local path
	KEPT_FILES=' ' KEPT_MOUNTS=()
	for path in "$D"/* "$D"/*/*; do KEPT_FILES+="$path "; done
	mounts_here
	KEPT_MOUNTS=("${mounts[@]}")
}

# mounts_here: their paths in $D, the latest first
mounts_here() {
	local path
	mounts=()
	while read -r _ _ _ _ path _; do
		[[ $path != "$D"/* ]] || mounts=("$path" "${mounts[@]}")
	done </proc/self/mountinfo
}

# begin: $D as it was remembered, no keeper; and then what BEFORE makes.
begin() {
	local path pid
	local -a mounts files=()
	see
	for path in "$NSPIN_DIR"/.new/*/keeper; do
		[[ ! -e $path ]] || IFS=: read -r pid _ <"$path" && keepers+="$pid "
	done
	for pid in $keepers $stray; do
		! lives "$pid" || to "$pid" KILL || true
	done
	# One by one: a shared one may take another with it.
	while mounts_here && [ ${#mounts[@]} -gt ${#KEPT_MOUNTS[@]} ]; do
		umount -l "${mounts[0]}"
	done
	for path in "$D"/* "$D"/*/* "$NSPIN_DIR"/.new/*; do
		[[ ! -e $path || $KEPT_FILES == *" $path "* ]] || files+=("$path")
	done
	[ ${#files[@]} -eq 0 ] || rm -rf "${files[@]}"
	"$BEFORE"
	see
}

### What there may be before

# silently ARG...: nspin, and nothing fails.
silently() {
	"${WHO[@]}" "$NSPIN" "$@" 3>&- 4>&- || fail "-- nspin $*: status $?"
}

nothing() { :; }

# The place of sets, and nothing in it. Whoever comes upon it sweeps it, too.
a_place() {
	silently -t "$TARGET" -u first
	silently -d first
}

# end PID: it has ended when this returns.
end() {
	to "$1" KILL
	while lives "$1"; do :; done
}

# The set of a keeper that has ended.
lost() {
	local pid
	silently --hold --keep=lost -t "$TARGET" -u
	IFS=: read -r pid _ <"$NSPIN_DIR/lost/keeper"
	end "$pid"
}

# A set that has a dead PID namespace, besides another.
half_dead() {
	"${WHO[@]}" "$NSCLONE" ${USER_OPTION:+-r} -p sleep 999 &
	until child_of $!; do :; done
	silently -t "$CHILD" -p -u world
	to "$CHILD" KILL
	wait $! 2>/dev/null || true
}

### A run that is looked at

export INPUT=/dev/null

# What could not be seen, as on stderr.
export NOTE='^nspin: ([0-9]+ .*could not be|pins in mount namespaces without a process)'

# under WHAT COMMAND...: WHAT is the first argument of the helper. $stays: PIDs of keepers.
under() {
	local line tmp=$BATS_TEST_TMPDIR
	status=0
	"$HELPERS/fault" "$1" "$tmp/report" "${WHO[@]}" "${@:2}" \
		<"$INPUT" >"$tmp/stdout" 2>"$tmp/stderr" 3>&- 4>&- || status=$?
	output=$(<"$tmp/stdout")
	stderr_lines=() notes=()
	while read -r line; do
		[[ $line =~ $NOTE ]] && notes+=("$line") || stderr_lines+=("$line")
	done <"$tmp/stderr"
	read_report
}

# It is asked often: as few programs before a command, and as little of bats before
# each command of ours, as can be.
few_programs() {
	trap - DEBUG
	[ ${#WHO[@]} -eq 0 ] || ! as_root ||
		WHO=(setpriv --reuid "$NST_USER" --regid "$NST_USER" --init-groups --inh-caps=-all)
}

# list_calls COMMAND...: $calls, PROCESS:CALL:N@PATH.
list_calls() {
	local i
	under what "$@"
	[ "$status" -eq 0 ] && [ ${#stderr_lines[@]} -eq 0 ] || fail "-- status: $status" "${stderr_lines[@]}"
	calls=("${report[@]/ /@}")
	unset 'calls[-1]' # "program -1"
	for i in "${!calls[@]}"; do
		[[ ${calls[i]} == *@* ]] || calls[i]+=@
	done
}
