#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# nspin, or one of its children, or all of them, are killed before and after each
# system call that changes something: the set is whole or absent then, or, if it
# was to be changed, as before or as after; and the next nspin sweeps up what else
# there is. Of a pin on a file there may be the file, and the same again makes it.

load helpers
load launchers
load nsenter
load nspin
load faults/faults
load faults/sets

setup_file() { make_user; }
teardown_file() { remove_user; }

setup() {
	requires userns taskset
	setup_faults
}

# These change nothing that anybody sees who lives on: it is the same to be killed
# before or after them. (What is open is closed by a kill.)
export LOOKS='*:openat:*@/* *:openat:*@.* *:newfstatat:* *:readlink*:* *:access:* *:call-439:* *:read:* *:getdents64:*
	*:fstatfs:* *:ioctl:* *:capget:* *:poll:* *:ppoll:* *:rt_sig* *:get*:* *:umask:* *:brk:* *:mmap:* *:munmap:* *:mprotect:*
	*:fcntl:* *:close:* *:close_range:* *:dup3:* *:prctl:* *:capset:* *:setsid:* *:chdir:* *:pidfd_open:* *:signalfd4:*'

# Who enters the set world is in all namespaces that the kernel shows of it.
enterable() {
	local inside wanted
	[ -e "$NSPIN_DIR/world" ] && [ -z "$DEAD" ] || return 0
	inside=$("${WHO[@]}" "$NSENTER_LITE" -t world -a stat -Lc %i "${LINKS[@]}" 3>&- 4>&-) ||
		wrong+="the set cannot be entered; "
	wanted=$(grep -oE "\[[0-9]+\] $NSPIN_DIR/world/|^[0-9]+ [0-9]+$|keeper of [0-9]+ [0-9]+$" <<<"$state" |
		sed -E 's/^\[([0-9]+).*/\1/; s/.* //')
	inside=$(grep -xFf <(echo "$wanted") <<<"$inside")
	[ "$(sort <<<"$inside")" = "$(sort <<<"$wanted")" ] || wrong+="inside: $inside, of $wanted; "
}

# DEAD: a PID namespace in the set world is.
export DEAD= INTERIM= RESUME= ALONE= LEAST=5

# Namespaces of a launch are new each time.
unnumbered() {
	local text=$1
	[ -z "$ANEW" ] || text=$(sed -E 's/\[[0-9]+\]/[]/; s/( of)? ([0-9]+ )?[0-9]+$/ \2/; s/^[0-9]+ *[0-9]+$//' <<<"$text")
	echo "$text"
}

# A keeper that is killed leaves a dead set, as it would later: that can be removed.
without_keeper() {
	dead=
	[[ $state == *"/world/keeper"$'\n'* && ( $victim == KILL:all || $call == [2-9]:* ) ]] || return 0
	silently --stale
	see
	[ "$state" = "$rest" ] || wrong+="--stale leaves $state; "
	state=$before dead=yes
}

# INTERIM: a pattern for what there may be on the way besides.
is_interim() { [[ -n $INTERIM && $state == $INTERIM ]]; }

# RESUME: a pattern for what the same again leads to.
resume() {
	[ -n "$RESUME" ] && [ -z "$wrong" ] && [[ $state != $RESUME ]] || return 0
	silently "$@"
	see
	[[ $state == $RESUME ]] || wrong+="again: $state; "
}

# ALONE: processes of which nobody can know how far they got.
is_alone() { [[ -n $ALONE && $victim == KILL && $call == $ALONE:* ]]; }

# What is wrong now, in $wrong.
judge_kill() {
	local was
	wrong=
	see
	without_keeper
	was=$state
	[[ ${report[*]} != left* ]] || wrong+="${report[*]}; "
	[ "$state" = "$before" ] || [ "$(unnumbered "$state")" = "$after" ] || is_interim ||
		wrong+="neither before nor after: $state; "
	[ "$status" -ne 0 ] || [ -n "$dead" ] || [ "$(unnumbered "$state")" = "$after" ] || wrong+='success; '
	[ "$status" -eq 0 ] || [ "$status" -ge 128 ] || is_alone || [ "$state" = "$before" ] || wrong+="failure, but done; "
	[ -n "$wrong" ] || enterable
	strays "${stays[@]}" $known
	if [ -n "$rubbish$stray" ]; then
		swept=$((swept + 1))
		a_place
		see
		strays "${stays[@]}" $known
		[ -z "$rubbish$stray" ] || wrong+="left: $rubbish$stray; "
		[ "$state" = "$was" ] || wrong+="swept: $was; but there is: $state; "
	fi
}

# victims PROCESS: who is killed when it makes its call
victims() {
	VICTIMS=(KILL)
	[ "$1" = 0 ] || VICTIMS+=(KILL:0 KILL:all)
}

# kills COMMAND...: after BEFORE.
kills() {
	local before after rest known call last=first victim wrong dead stray= swept=0 tried=0
	local -a calls VICTIMS bad=() LINKS=($(in_order $NSTYPES))
	LINKS=("${LINKS[@]/#//proc/self/ns/}")
	few_programs
	remember
	see
	rest=$state
	begin
	before=$state known=$keepers
	list_calls "$@"
	see
	after=$(unnumbered "$state")
	[ "$state" != "$before" ] || fail 'nothing has changed'
	for call in "${calls[@]}"; do
		! among "$last" $LOOKS || { last=$call; continue; }
		last=$call
		victims "${call%%:*}"
		for victim in "${VICTIMS[@]}"; do
			[[ $state == "$before" && $keepers == "$known" && -z $rubbish$stray ]] || again
			under "${call%%@*}=$victim" "$@"
			judge_kill
			resume "${@:2}"
			note_fault "$call=$victim" "$*"
		done
	done
	BEFORE=nothing begin
	[ ${#bad[@]} -eq 0 ] || { fail "$*" "${bad[@]}"; return 1; } # wherever no error ends us
	[ "$tried" -ge "$LEAST" ] || fail "only $tried kills"
	echo "$tried kills, $swept swept"
}

again() {
	begin
	known=$keepers stray=
	[ "$state" = "$before" ] || fail "-- no way back: $state" "-- to: $before"
}

### Sets

make() {
	local BEFORE=nothing
	a_world mnt uts net
	a_place
	kills "$NSPIN" -t "$TARGET" world
}

@test "killed while it makes a set of pins" { ANEW= pinning make; }
@test "killed while it starts a keeper" { ANEW= keeping make; }

a_part() { silently -t "$TARGET" "${USER_OPTION[@]}" -u world; }

add() {
	local BEFORE=a_part
	a_world mnt uts net
	a_place
	kills "$NSPIN" -t "$TARGET" --add -m -n world
}

@test "killed while it adds to a set of pins" { ANEW= pinning add; }
@test "killed while it adds to the set of a keeper" { ANEW= keeping add; }

a_set() { silently -t "$TARGET" world; }

delete() {
	local BEFORE=a_set
	a_world mnt uts net
	a_place
	kills "$NSPIN" --delete world
}

@test "killed while it deletes a set of pins" { ANEW= pinning delete; }
@test "killed while it deletes the set of a keeper" { ANEW= keeping delete; }

asked() {
	local BEFORE=nothing
	a_world uts net
	a_place
	kills "$NSPIN" --hold --keep=world -t "$TARGET" -u -n
}

@test "--hold --keep, killed while it starts a keeper where there may be pins" { ANEW= pinning asked; }

copy() {
	local BEFORE=a_set
	a_world mnt uts net
	a_place
	kills "$NSPIN" -t world other
}

@test "killed while it copies a set of pins" { ANEW= pinning copy; }

batch() {
	local BEFORE=nothing
	a_world mnt uts net
	a_place
	INPUT=$BATS_TEST_TMPDIR/input
	echo "$TARGET world" >"$INPUT"
	kills "$NSPIN" --batch
}

@test "--batch, killed while it makes a set of pins" { ANEW= pinning batch; }
@test "--batch, killed while it starts a keeper" { ANEW= keeping batch; }

stale() {
	local BEFORE=$1
	a_world uts
	a_place
	kills "$NSPIN" --stale
}

@test "--stale, killed while it removes the set of a keeper that has ended" { ANEW= pinning stale lost; }
@test "--stale, killed while it takes a dead PID namespace out of a set of pins" { ANEW= DEAD=yes pinning stale half_dead; }
@test "--stale, killed while it takes a dead PID namespace out of the set of a keeper" { ANEW= DEAD=yes keeping stale half_dead; }

### Pins on files

on_file() {
	local BEFORE=nothing INTERIM="$D/pin-net"$'\n' RESUME="net:* $D/pin-net -"$'\n'"$D/pin-net"$'\n' LEAST=3
	a_world uts net
	kills "$NSPIN" -t "$TARGET" --net="$D/pin-net"
}

@test "killed while it pins on a file" { ANEW= pinning on_file; }

# A self-bind that is still shared may be somebody else's: the next one gets its own.
in_private_dir() {
	local BEFORE=nothing LEAST=3 file="$D/shared/pin-mnt"
	local INTERIM="/ $D/shared shared"$'\n'"*$D/shared"$'\n'"?($file"$'\n)'
	local RESUME="*/ $D/shared -"$'\n'"*mnt:+([^:]) $file -"$'\n'"$D/shared"$'\n'"$file"$'\n'
	mkdir "$D/shared"
	mount -t tmpfs --make-shared tmpfs "$D/shared"
	a_world mnt uts
	kills "$NSPIN" -t "$TARGET" --mount="$file" --make-private
}

@test "--make-private, killed while it pins on a file" { ANEW= pinning in_private_dir; }

a_pin() { silently -t "$TARGET" --net="$D/pin-net"; }

off_file() {
	local BEFORE=a_pin INTERIM="$D/pin-net"$'\n' LEAST=3
	a_world uts net
	kills "$NSPIN" -d "$D/pin-net"
}

@test "killed while it lets go of a pin on a file" { ANEW= pinning off_file; }

### Launches

launch() {
	local BEFORE=nothing
	a_world uts
	a_place
	kills "$@"
}

@test "nsclone --pin, killed while it makes a set of pins" {
	ANEW=yes pinning launch "$NSCLONE" -u -n --pin world true
}

@test "nsclone --pin, killed while it starts a keeper" {
	ANEW=yes keeping launch "$NSCLONE" -r -u -n --pin world true
}

@test "nsunshare --pin, killed while it makes a set of pins" {
	ANEW=yes ALONE=[12] pinning launch "$NSUNSHARE" -u -n --pin world true
}

@test "nsunshare --pin, killed while it starts a keeper" {
	ANEW=yes ALONE=[12] keeping launch "$NSUNSHARE" -r -u -n --pin world true
}
