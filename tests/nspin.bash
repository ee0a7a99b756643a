# SPDX-License-Identifier: GPL-2.0-or-later
# For tests of nspin and of sets: where they are kept by pins and where by a
# keeper, and what is kept, as the kernel has it. After nsenter.bash.

TOOLS=(nspin)
: "${NSPIN:=$abs_top_builddir/nspin}"
export NSPIN NSTYPES

### Where sets are pins, and where they are keepers

# pinning TEST [ARG...]: as whom the suite is run, where it can mount. The place
# of sets is in $D, and in a mount namespace of the test's own. On one CPU: ids of
# mount namespaces come in batches, one for each CPU, and only upwards can be pinned.
pinning() { as_ourselves on_one_cpu in_private_mounts with_place "$@"; }

# The same on all CPUs, for what shall meet.
pinning_anywhere() { as_ourselves in_private_mounts with_place "$@"; }

# keeping TEST [ARG...]: as an ordinary user, who cannot mount.
keeping() { as_the_user apart with_place "$@"; }

# each_kind TEST [ARG...]: the same by pins and by keepers.
each_kind() {
	pinning "$@"
	keeping "$@"
}

on_one_cpu() (
	taskset -cp "$(one_cpu)" "$BASHPID" >/dev/null
	"$@"
)

one_cpu() { taskset -cp "$BASHPID" | sed 's/.*: //; s/[-,].*//'; }

apart() ("$@")

# WHO becomes a command: others may stand before it.
with_place() {
	[ ${#WHO[@]} -eq 0 ] || WHO=("${AS_USER[@]}")
	export NSPIN_DIR=$D/sets
	trap 'end_keepers; end_background' EXIT
	in_own_world "$@"
}

# What a test that fails leaves.
end_keepers() {
	local pid
	for pid in $(NSPIN_DIR=$D keepers); do
		to "$pid" KILL || true
	done
}

### Running it

# nspin ARG...: a keeper that it leaves is not ended with it.
nspin() {
	printf -- '-- nspin %.200s\n' "$*"
	run_split "${AROUND[@]}" "${WHO[@]}" timeout 60 "$NSPIN" "$@"
}

# quietly ARG...: it does that.
quietly() {
	nspin "$@"
	assert_status 0
	refute_output
	refute_stderr
}

# unable PATTERN ARG...: it does not; PATTERN is for the first line on stderr.
unable() {
	nspin "${@:2}"
	assert_status 1
	refute_output
	[[ ${stderr_lines[0]} =~ ^nspin:\ .*$1 ]] || show_run "wanted on the first line: $1"
}

hinted() { assert_stderr_line --regexp "^$TOOL: hint: .*$1"; }

# mistaken TEXT ARG...: the command line is wrong.
mistaken() {
	nspin "${@:2}"
	assert_status 2
	refute_output
	said_of_usage "$1"
}

# stop_after CALL COMMAND [ARG...]: COMMAND as WHO in the background. It is stopped when
# it has made the first CALL: "renameat", or "openat -P world" for one about that path.
stop_after() {
	local call
	read -r -a call <<<"$1"
	rm -f "$D/trace"
	start "${WHO[@]}" strace -q -o "$D/trace" -e "trace=$call" -e "inject=$call:signal=STOP:when=1" "${call[@]:1}" "${@:2}"
	STOPPED=$BG_PID
	wait_until grep -qs 'stopped by SIGSTOP' "$D/trace"
}

# go_on: that command, to its end, $status.
go_on() {
	status=0
	child_of "$STOPPED"
	to "$CHILD" CONT
	wait "$STOPPED" || status=$?
}

### What is kept

# link_of TARGET's TYPE: of pid and time, that of its children.
link_of() {
	case $2 in
	pid | time) readlink "/proc/$1/ns/$2_for_children" ;;
	*) readlink "/proc/$1/ns/$2" ;;
	esac
}

# links_of PID TYPE...: in order, "uts:[402…]" a line.
links_of() {
	local type
	local -a links=()
	for type in $(in_order "${@:2}"); do
		case $type in
		pid | time) links+=("/proc/$1/ns/${type}_for_children") ;;
		*) links+=("/proc/$1/ns/$type") ;;
		esac
	done
	[ ${#links[@]} -eq 0 ] || readlink "${links[@]}"
}

# find_keeper SET: it lives, and is $KEEPER.
find_keeper() {
	local inode
	IFS=: read -r KEEPER inode <"$NSPIN_DIR/$1/keeper" || fail "$1 has no keeper" || return
	assert_equal "$("$HELPERS/pidfd-inode" "$KEEPER")" "$inode"
	refute_equal "$(state_of "$KEEPER")" Z
}

is_kept() { [ -e "$NSPIN_DIR/$1/keeper" ]; }

# held SET: what it holds in truth, by mountinfo or by the keeper's descriptors.
held() {
	is_kept "$1" || { pinned_in "$NSPIN_DIR/$1" && return; }
	find_keeper "$1" || return
	held_by "$KEEPER"
}

# held_by KEEPER: its link may show the pin that a namespace was opened by.
held_by() {
	local type fd=3
	local -a types=() files=() inodes
	for type in $NSTYPES; do
		[ ! -e "/proc/$1/fd/$fd" ] || types+=("$type") files+=("/proc/$1/fd/$fd")
		fd=$((fd + 1))
	done
	[ ${#files[@]} -gt 0 ] || return 0
	mapfile -t inodes < <(stat -Lc %i "${files[@]}")
	for fd in "${!types[@]}"; do
		printf '%s:[%s]\n' "${types[fd]}" "${inodes[fd]}"
	done
}

# pinned_in DIR: the namespaces that are mounted on DIR/TYPE, in order, one a mount
pinned_in() {
	awk -v dir="$1/" -v types="$NSTYPES" '
		index($5, dir) == 1 {
			for (i = 7; $i != "-"; i++);
			if ($(i + 1) == "nsfs") pins[substr($5, length(dir) + 1)] = pins[substr($5, length(dir) + 1)] $4 "\n"
		}
		END { n = split(types, type, " "); for (i = 1; i <= n; i++) printf "%s", pins[type[i]] }' /proc/self/mountinfo
}

# holds SET PID TYPE...: these of PID's, and nothing else is in it.
holds() {
	assert_equal "$(held "$1")" "$(links_of "${@:2}")"
	holds_only "$1" "${@:3}"
}

holds_only() {
	local -a wanted=($(in_order "${@:2}"))
	! is_kept "$1" || wanted=(keeper)
	assert_equal "$(ls -A "$NSPIN_DIR/$1")" "$(printf '%s\n' "${wanted[@]}" | sort)"
}

# sets: their names, a line each
sets() {
	local path
	for path in "$NSPIN_DIR"/*; do
		[ ! -e "$path" ] && [ ! -L "$path" ] || echo "${path##*/}"
	done
}

# Nothing is half-made, nothing lies about.
tidy() {
	local path
	for path in "$NSPIN_DIR"/.[!.]* "$NSPIN_DIR"/..?* "$NSPIN_DIR"/.new/{.[!.]*,..?*,*}; do
		[[ $path == "$NSPIN_DIR/.new" || (! -e $path && ! -L $path) ]] || fail "lies about: $path" || return
	done
}

# swept: the next one sweeps up. Who has been killed may take a while to be gone.
swept() {
	local TOOL=nspin
	quietly --stale
	tidy >/dev/null
}

# deserted: there is not one set; mounts of nothing but the place.
deserted() {
	tidy
	assert_equal "$(sets)" ''
	assert_equal "$(pins_below "$NSPIN_DIR")" ''
}

# pins_below DIR: the mounts of namespaces in there
pins_below() {
	awk -v dir="$1/" '{ for (i = 7; $i != "-"; i++); if ($(i + 1) == "nsfs" && index($5, dir) == 1) print $5 }' /proc/self/mountinfo
}

# keepers: PIDs of those that live, by what makes one: its record is open
keepers() { find /proc/[0-9]*/fd/11 -maxdepth 0 -lname "$NSPIN_DIR/*" 2>/dev/null | cut -d / -f 3; }

# whole_world: mounts and files, but those of the test itself
whole_world() {
	awk '{ print $4, $5 }' /proc/self/mountinfo
	find "$D" ! -name outcome ! -name std\* ! -path "$NSPIN_DIR/.new"
}

# a_world [TYPE...]: $TARGET has these of its own, or else uts and net, and what
# it takes to have them; TYPES are those that it does not share with us.
a_world() {
	local type
	local -a how=()
	[ $# -gt 0 ] || set -- uts net
	for type; do
		how+=("--$(option_of "$type")")
	done
	own_world "${how[@]}"
	TYPES=$(in_order "$@" $USER_TYPE)
}
