# SPDX-License-Identifier: GPL-2.0-or-later
# What all .bats files share: where things are, what a test requires, a second
# user, each test as root and as that user, background processes, file systems,
# running and assertions. What is about launching programs is in launchers.bash.
#
# Two traps of bats that these helpers keep shut:
# - it removes its temporary directory *through* a bind mount left in there,
#   and so empties what is mounted: mount in in_private_mounts only;
# - it waits for everyone who holds its descriptor 3: start and run_split
#   close it.

. "${BASH_SOURCE[0]%/*}/trace.bash"

# read_file VARIABLE FILE: VARIABLE=$(<FILE), without a process for it. These
# helpers are called often, and most of their time goes into processes.
read_file() {
	local -n into=$1
	into=
	[ -e "$2" ] || return
	if IFS= read -r -d '' into <"$2"; then
		into=$(<"$2") # there is a NUL in it
	fi
	while [[ $into == *$'\n' ]]; do
		into=${into%$'\n'}
	done
}

# `make check' says where things are; by hand, `bats tests/smoke.bats' in a
# tree that was built in place.
: "${abs_top_srcdir:=$(cd "${BASH_SOURCE[0]%/*}/.." && pwd)}"
: "${abs_top_builddir:=$abs_top_srcdir}"
: "${NSCLONE:=$abs_top_builddir/nsclone}"
: "${NSUNSHARE:=$abs_top_builddir/nsunshare}"
: "${NSENTER_LITE:=$abs_top_builddir/nsenter-lite}"
: "${NSPIN:=$abs_top_builddir/nspin}"
: "${NSLS:=$abs_top_builddir/nsls}"
: "${HELPERS:=$abs_top_builddir/tests/helpers}"
if [ ! -x "$NSCLONE" ] || [ ! -x "$HELPERS/outcome" ]; then
	# The second builds what only tests need, and runs none.
	echo "not built: $NSCLONE or $HELPERS/*: run \`make && make check TESTS='" >&2
	exit 1
fi

# Commands that the whole suite needs. What only some tests need, they require.
missing=
for name in awk mount ps sed setpriv timeout umount unshare; do
	type -P "$name" >/dev/null || missing+=" $name"
done
if [ "$missing" ]; then
	echo "the tests cannot run without these commands:$missing (Debian's packages mount, procps, util-linux)" >&2
	exit 1
fi
unset name missing

# The programs, and scripts of tests, are copied there. (access(2) knows the mount.)
if [ "${BATS_RUN_TMPDIR-}" ]; then
	[ -e "$BATS_RUN_TMPDIR/program" ] || install -m 755 /dev/null "$BATS_RUN_TMPDIR/program"
	if [ ! -x "$BATS_RUN_TMPDIR/program" ]; then
		echo "no program can be run in $BATS_RUN_TMPDIR (noexec): set TMPDIR to a directory elsewhere" >&2
		exit 1
	fi
	if [[ $BATS_RUN_TMPDIR == *[[:space:]]* ]]; then
		echo "tests do not work in $BATS_RUN_TMPDIR: set TMPDIR to a directory without blanks in its name" >&2
		exit 1
	fi
fi

read_file PACKAGE_VERSION "$abs_top_srcdir/configure.ac"
[[ $PACKAGE_VERSION =~ AC_INIT\(\[nstools\],\ *\[([^]]*)\] ]]
PACKAGE_VERSION=${BASH_REMATCH[1]}
export abs_top_srcdir abs_top_builddir NSCLONE NSUNSHARE NSENTER_LITE NSPIN NSLS HELPERS LC_ALL=C
NSTYPES='mnt uts ipc net pid user cgroup time'

as_root() { [ "$EUID" -eq 0 ]; }

fail() {
	printf '%s\n' "$@"
	return 1
}

### What a test requires

# requires WHAT...: skips the test if a WHAT is missing. For a whole file say it
# in setup: this bats cannot skip in setup_file. Without a WHAT, it skips the test
# only if make_user could not make the user. WHAT is one of
#   root     the suite is run by root
#   user     the suite is run by somebody else
#   userns   user namespaces (for the user of make_user, if it was called)
#   subids   that user, or we, have subordinate uids and gids and the means to map them
#   clone3   the clone3(2) system call
#   cgroup2  a cgroup v2 directory where we can make others: $CGROUP2, which
#            /proc/PID/cgroup shows as $CGROUP2_PATH (empty for the top)
#   pty      pseudo-terminals; script and tmux stand for them, too
#   TYPE-ns  this kernel has namespaces of TYPE, as in /proc/self/ns
#   COMMAND  anything else
requires() {
	local what
	[ -z "${NST_NO_USER-}" ] || skip "needs an ordinary user: $NST_NO_USER"
	for what; do
		case $what in
		root) as_root || skip 'needs root' ;;
		user) ! as_root || skip 'needs an ordinary user' ;;
		userns) require_userns ;;
		subids) require_subids ;;
		clone3) "$HELPERS/has-clone3" || skip 'needs clone3(2)' ;;
		cgroup2) require_cgroup2 ;;
		pty) require_pty ;;
		script | tmux)
			require_command "$what"
			require_pty
			;;
		*-ns) [ -e "/proc/self/ns/${what%-ns}" ] || skip "needs ${what%-ns} namespaces" ;;
		*) require_command "$what" ;;
		esac
	done
}

require_command() { command -v "$1" >/dev/null || skip "needs the command $1"; }

# A /dev/ptmx without devpts cannot be opened.
require_pty() { (: </dev/ptmx) 2>/dev/null || skip 'needs pseudo-terminals (/dev/ptmx)'; }

# Some kernels let everybody make a user namespace, but take away what its root
# may do there; and some containers have a root who may make no namespace. Asked
# before each test: a yes holds for the file.
require_userns() {
	local said yes=$BATS_FILE_TMPDIR/userns-${NST_USER-}
	[ ! -e "$yes" ] || return 0
	said=$("${AS_USER[@]}" unshare --map-root-user --mount true 2>&1 3>&-) ||
		skip "needs user namespaces: ${said##*$'\n'} (max_user_namespaces is $(cat /proc/sys/user/max_user_namespaces 2>&1))"
	! as_root || said=$(unshare --mount true 2>&1 3>&-) ||
		skip "needs a root who can make namespaces: ${said##*$'\n'}"
	: >"$yes"
}

require_subids() {
	local user=${NST_USER:-$(id -un)}
	requires getsubids newuidmap newgidmap
	getsubids "$user" >/dev/null 2>&1 || skip "needs subordinate uids for $user"
	getsubids -g "$user" >/dev/null 2>&1 || skip "needs subordinate gids for $user"
}

# Root takes the top of the tree: it is the one place that has no processes
# of its own to stand in the way of controllers.
require_cgroup2() {
	local top path probe
	top=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/self/mounts)
	[ -n "$top" ] || skip 'needs a mounted cgroup v2'
	as_root && path= || path=$(sed -n 's/^0:://p' /proc/self/cgroup)
	CGROUP2_PATH=${path%/}
	CGROUP2=$top$CGROUP2_PATH
	probe=$CGROUP2/nst-probe-$$
	mkdir "$probe" 2>/dev/null || skip "needs a writable cgroup, $CGROUP2 is not"
	rmdir "$probe"
}

### An ordinary user

# make_user: for setup_file, with `teardown_file() { remove_user; }'. After it
# as_user runs commands as an ordinary user, NST_USER, in a directory of his
# own, NST_HOME: for root a new user with subordinate ids, otherwise ourselves.
# Where root cannot have one, NST_NO_USER says why, and `requires' skips.
make_user() {
	export NST_HOME=$BATS_FILE_TMPDIR/home NST_USER NST_NO_USER=
	if as_root; then
		NST_USER=nst-test-$$
		publish
		NST_NO_USER=$(add_user 2>&1) && NST_NO_USER= || NST_NO_USER=${NST_NO_USER##*$'\n'}
	else
		NST_USER=$(id -un)
		mkdir "$NST_HOME"
	fi
	[ "$NST_NO_USER" ] || find_user
}

add_user() {
	type -P useradd >/dev/null || fail 'there is no useradd (package passwd)' || return
	# This root may be one of a user namespace only.
	[ -w /etc ] && [ -w /etc/passwd ] || fail 'useradd cannot write to /etc' || return
	retry_locked useradd --create-home --home-dir "$NST_HOME" --shell /bin/sh "$NST_USER" || return
	# From Debian 13 on nobody else can enter a new home.
	chmod 755 "$NST_HOME" && find_user && "${AS_USER[@]}" true
}

# Whoever shall run the programs must reach them, wherever the tree was built.
publish() {
	local bin=$BATS_FILE_TMPDIR/bin variable name
	# Some programs, bwrap among them, open for reading what they come through.
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR"
	mkdir "$bin"
	for variable in NSCLONE NSUNSHARE NSENTER_LITE NSPIN NSLS; do
		name=${variable,,}
		name=${name//_/-}
		# nspin and nsls need a library that may not be there.
		[ -x "${!variable}" ] || continue
		cp "${!variable}" "$bin/$name"
		export "$variable=$bin/$name"
	done
	find "$HELPERS" -maxdepth 1 -type f -perm -u+x -exec cp {} "$bin" \;
	export HELPERS=$bin
	chmod 755 "$bin" "$bin"/*
}

# Another .bats file may be changing /etc/passwd at this moment.
retry_locked() {
	local tries
	for tries in 1 2 3 4 5; do
		"$@" && return
		sleep 1
	done
	fail "gave up: $*"
}

# A process that the user still has was left by a test: that fails the file.
remove_user() {
	local left pid
	as_root && getent passwd "${NST_USER-}" >/dev/null || return 0
	user_is_idle() { [ -z "$(ps -o pid= -u "$NST_USER")" ]; }
	WAIT_TRIES=100 wait_until user_is_idle >/dev/null || true
	left=$(ps -o pid=,stat=,args= -u "$NST_USER") || true
	for pid in $(ps -o pid= -u "$NST_USER"); do
		[ "$pid" -le 1 ] || kill -KILL "$pid" || true
	done
	retry_locked userdel --force --remove "$NST_USER" 2>/dev/null
	[ -z "$left" ] || fail 'processes left behind:' "$left"
}

# AS_USER: what goes before a command line to make it the user's. setpriv and
# env exec, so the PID of the whole is the PID of the command.
find_user() {
	AS_USER=()
	[ -n "${NST_USER-}" ] || return 0
	! as_root || AS_USER=(setpriv --reuid "$NST_USER" --regid "$NST_USER" --init-groups --inh-caps=-all)
	AS_USER+=(env -C "$NST_HOME" -u XDG_RUNTIME_DIR
		HOME="$NST_HOME" USER="$NST_USER" LOGNAME="$NST_USER" SHELL=/bin/sh)
}
find_user

# as_user COMMAND [ARG...]: no functions, there is an exec in between.
as_user() {
	[ -n "${NST_USER-}" ] || fail 'as_user: call make_user in setup_file' || return
	"${AS_USER[@]}" "$@"
}

### Each test with each tool, as root and as an ordinary user

# TOOLS: which the file is about, set by it. In a test, $TOOL is the one that it
# is about, as messages name it, and $LAUNCHER where that is.
TOOLS=()

# WHO: what goes before a command line in a test, as_user or nothing; $AS says
# whose it is then, root or user, and $D is a directory of his for it. NS: how
# that command line begins; a test may put more into it.
WHO=() NS=()

# each_way TEST [ARG...]: TEST with each of TOOLS, as whom the suite is run and,
# if that is root, as the ordinary user of make_user, too.
each_way() { each_tool both "$@"; }

# The same, but only as whom the suite is run, or only as the ordinary user.
as_ourselves() { each_tool afresh '' "$@"; }
as_the_user() { each_tool afresh as_user "$@"; }

each_tool() {
	local tool
	[ ${#TOOLS[@]} -gt 0 ] || fail 'the file has not set TOOLS' || return
	for tool in "${TOOLS[@]}"; do
		use_tool "$tool"
		"$@"
	done
}

use_tool() {
	local variable=${1^^}
	variable=${variable//-/_}
	export TOOL=$1 LAUNCHER=${!variable}
}

both() {
	afresh '' "$@"
	as_root || return 0
	afresh as_user "$@"
}

# afresh as_user|'' TEST [ARG...]
afresh() {
	local home=$BATS_TEST_TMPDIR
	WHO=($1) NS=("$LAUNCHER")
	[ -z "$1" ] || home=$NST_HOME
	[ -z "$1" ] && as_root && AS=root || AS=user
	D=$("${WHO[@]}" mktemp -d "$home/XXXXXX")
	chmod 755 "$D"
	export AS D
	printf -- '-- %s as %s\n' "$TOOL" "$AS"
	"${@:2}"
	end_background
}

is_root() { [ "$AS" = root ]; }

### Background processes

BG_PIDS=()

# start [as_user] COMMAND [ARG...]: in the background, its PID in $BG_PID, ended
# by end_background. Redirect what it prints: start ... >file. The shell would
# have it ignore INT and QUIT, and an ignored signal stays so across exec.
start() {
	if [ "$1" = as_user ]; then
		shift
		set -- "${AS_USER[@]}" "$@"
	fi
	[ "$(type -t "$1")" = function ] || set -- env --default-signal=INT,QUIT "$@"
	"$@" <&0 3>&- 4>&- &
	BG_PID=$!
	BG_PIDS+=("$BG_PID")
}

# PID is a child of ours, and no zombie. Asked before each kill: a PID that we
# have been told the end of may be somebody else's by now. The status is read at
# once: line by line, it changes in between, and a line is lost.
is_running() {
	local status=
	[ "$1" -gt 1 ] || return 1
	read -r -d '' status 2>/dev/null <"/proc/$1/status" || true
	[[ $status == *$'\nPPid:\t'"$BASHPID"$'\n'* ]] || return 1
	# It is no zombie while it has other threads than its first.
	[[ $status != *$'\nState:\tZ'* || $status != *$'\nThreads:\t1\n'* ]]
}

has_ended() { ! is_running "$1"; }

# It is a zombie, and a child of ours, but there are threads of it that run on.
is_leaderless() {
	local status=
	read -r -d '' status 2>/dev/null <"/proc/$1/status" || true
	[[ $status == *$'\nState:\tZ'* && $status == *$'\nPPid:\t'"$BASHPID"$'\n'* ]] &&
		[ "$(stat -c %h "/proc/$1/task" 2>/dev/null || echo 0)" -gt 3 ]
}

end_background() {
	local pid
	for pid in "${BG_PIDS[@]}"; do
		if is_running "$pid"; then
			kill -TERM "$pid" || true
			kill -CONT "$pid" || true
			WAIT_TRIES=100 wait_until has_ended "$pid" >/dev/null || kill -KILL "$pid" || true
		fi
		! is_leaderless "$pid" || kill -KILL "$pid" || true
		wait "$pid" 2>/dev/null || true
	done
	BG_PIDS=()
}

# A file that has a teardown of its own calls end_background in it, first.
teardown() { end_background; }

# wait_until COMMAND [ARG...]: tries until it succeeds, 10 seconds at most
# ($WAIT_TRIES times 0.02 s).
wait_until() {
	local tries
	for ((tries = ${WAIT_TRIES:-500}; tries > 0; tries--)); do
		! "$@" || return 0
		sleep 0.02
	done
	fail "waited in vain for: $*"
}

# rounds FULL SHORT: how often a test does something at a random moment that
# another test does at each moment, one by one: SHORT, and FULL if NST_LONG is set.
rounds() { [ -n "${NST_LONG-}" ] && echo "$1" || echo "$2"; }

### Looking at processes

# child_of PID: its first child is $CHILD. Asked often: the kernel knows, if it
# was built so, and then no process is needed to look.
child_of() {
	local children=/proc/$1/task/$1/children
	CHILD=
	if [ -e /proc/self/task/$BASHPID/children ]; then
		read -r CHILD _ 2>/dev/null <"$children" || true # there is no newline
	else
		CHILD=$(ps -o pid= --ppid "$1" | awk 'NR == 1 { print $1 }')
	fi
	[ -n "$CHILD" ]
}

# find_comm PID: $COMM
find_comm() { read -r COMM 2>/dev/null <"/proc/$1/comm" || COMM=; }
has_comm() { find_comm "$1" && [ "$COMM" = "$2" ]; }

comm_of() { find_comm "$1" && [ -n "$COMM" ] && echo "$COMM"; }

# Read at once: a status that is read line by line changes in between.
# find_state PID: $STATE, a letter; empty if there is no such process.
find_state() {
	local status=
	STATE=
	read -r -d '' status 2>/dev/null <"/proc/$1/status" || true
	[[ $status != *$'\nState:\t'* ]] || STATE=${status#*$'\nState:\t'} STATE=${STATE:0:1}
}

state_of() { find_state "$1" && echo "$STATE"; }
stopped() { find_state "$1" && [ "$STATE" = T ]; }
continued() { find_state "$1" && [[ $STATE == [RSD] ]]; }
is_gone() { [ ! -e "/proc/$1" ] || { find_state "$1" && [ "$STATE" = Z ]; }; }

# to PID SIGNAL
to() { [ "$1" -gt 1 ] && kill "-$2" "$1"; }

### Namespaces, mounts, file systems

# ns_id PID|self TYPE: "uts:[4026531838]". Of self means of this shell.
ns_id() {
	local pid=$1
	[ "$pid" != self ] || pid=$BASHPID
	readlink "/proc/$pid/ns/$2"
}

# in_order TYPE...: these as NSTYPES has them, those that the kernel has.
in_order() {
	local type
	for type in $NSTYPES; do
		[ ! -e "/proc/self/ns/$type" ] || [[ " $* " != *" $type "* ]] || printf '%s ' "$type"
	done
}

# in_private_mounts COMMAND|FUNCTION [ARG...]: in a mount namespace of its own,
# whose mounts go with it. A function sees the functions, the exported variables,
# WHO and NS of the test. An ordinary user is root of a user namespace in there.
in_private_mounts() {
	local functions=$BATS_TEST_TMPDIR/functions
	local -a how=(--mount --propagation private)
	as_root || how+=(--map-root-user)
	{ declare -f && declare -p WHO NS; } >"$functions"
	unshare "${how[@]}" -- bash -c '
		. "$1"; shift; BG_PIDS=(); find_user; set -e
		trap "end_background" EXIT
		"$@"' in_private_mounts "$functions" "$@" 3>&- 4>&-
}

# find_cpus: CPUS are two that we may use.
find_cpus() {
	local cpu
	CPUS=()
	for ((cpu = 0; cpu < 256 && ${#CPUS[@]} < 2; cpu++)); do
		! taskset -c "$cpu" true 2>/dev/null || CPUS+=("$cpu")
	done
	[ ${#CPUS[@]} -eq 2 ] || skip 'needs two CPUs'
}

# on_cpu CPU COMMAND [ARG...]: from now on; on_cpu_apart: for that only.
on_cpu() {
	taskset -cp "$1" "$BASHPID" >/dev/null
	"${@:2}"
}
on_cpu_apart() (on_cpu "$@")

# private_etc: for in_private_mounts, an /etc of our own, with what names and ids
# are looked up in. The whole of it: a mount on a single file goes when somebody
# outside, who does not see it, replaces the file, as useradd does.
private_etc() {
	local file
	mkdir "$D/etc"
	for file in passwd group nsswitch.conf login.defs ld.so.cache subuid subgid; do
		[ ! -e "/etc/$file" ] || cp "/etc/$file" "$D/etc"
	done
	mount --bind "$D/etc" /etc
}

# busybox_root DIR: a root file system of Debian's busybox-static, every applet
# a link to it; skips if there is no static busybox. Everybody can read it.
busybox_root() {
	local dir=$1 busybox
	busybox=$(command -v busybox) || skip 'needs busybox-static'
	! ldd "$busybox" >/dev/null 2>&1 || skip "needs busybox-static, $busybox is dynamic"
	mkdir -p "$dir"/{bin,dev,etc,proc,root,run,sys,tmp}
	cp "$busybox" "$dir/bin/busybox"
	"$dir/bin/busybox" --install "$dir/bin" 2>/dev/null # the link to itself exists
	chmod 755 "$dir"
	chmod 1777 "$dir/tmp"
	printf '%s\n' 'root:x:0:0:root:/root:/bin/sh' 'user:x:1000:1000:user:/tmp:/bin/sh' \
		'nobody:x:65534:65534:nobody:/:/bin/false' >"$dir/etc/passwd"
	printf '%s\n' 'root:x:0:' 'user:x:1000:' 'nogroup:x:65534:' >"$dir/etc/group"
}

### Reading mountinfo, of a file or of stdin

mount_points() { awk '{ print $5 }' "$@"; }

# The mount on top at DIR: its type and options, how it propagates.
mounted_on() { awk -v dir="$1" '$5 == dir { split($0, half, " - "); split(half[2], fs, " "); s = fs[1] " " $6 } END { print s }' "${@:2}"; }
peers_of() { awk -v dir="$1" '$5 == dir { s = ""; for (i = 7; $i != "-"; i++) s = s " " $i } END { print substr(s, 2) }' "${@:2}"; }

times_mounted() { mount_points /proc/self/mountinfo | grep -cx "$1" || true; }

# pinned FILE: the namespace that is mounted there, as readlink has it, one a mount
pinned() { awk -v file="$1" '$5 == file { for (i = 7; $i != "-"; i++); if ($(i + 1) == "nsfs") print $4 }' /proc/self/mountinfo; }

### Running, and saying what differed

# run_split COMMAND [ARG...]: $status, $output and $stderr as bats's run would
# have them, but stdout and stderr apart, and $lines and $stderr_lines with
# empty lines in them.
run_split() {
	status=0
	"$@" >"$BATS_TEST_TMPDIR/stdout" 2>"$BATS_TEST_TMPDIR/stderr" 3>&- 4>&- || status=$?
	read_file output "$BATS_TEST_TMPDIR/stdout"
	read_file stderr "$BATS_TEST_TMPDIR/stderr"
	# What this shell itself says of a process that a test has killed
	[[ $stderr != */helpers.bash:\ line\ *\ Killed\ * ]] || sed -i '/\/helpers\.bash: line [0-9]*: .* Killed /d' "$BATS_TEST_TMPDIR/stderr"
	read_file stderr "$BATS_TEST_TMPDIR/stderr"
	mapfile -t lines <"$BATS_TEST_TMPDIR/stdout"
	mapfile -t stderr_lines <"$BATS_TEST_TMPDIR/stderr"
}

# observe COMMAND [ARG...]: as WHO, like run_split; and in $outcome "exited N" or
# "killed N", with a line "left PID NAME" for each process that outlived it. One
# that does not end is "killed 9", after a while. AROUND goes before all.
observe() {
	[ ! -e "$D/outcome" ] || rm "$D/outcome"
	run_split "${AROUND[@]}" "${WHO[@]}" "$HELPERS/outcome" -t 20 "$D/outcome" "$@"
	read_file outcome "$D/outcome"
	[[ $outcome =~ ^(exited|killed)\ ([0-9]+) ]] || show_run 'no outcome' || return
	status=${BASH_REMATCH[2]}
	[ "${BASH_REMATCH[1]}" = exited ] || status=$((128 + status))
}

# Nothing is left then.
assert_outcome() { [ "$outcome" = "$1" ] || show_run "wanted outcome: $1" "-- outcome: $outcome"; }

# with_closed MASK COMMAND [ARG...]: descriptor 0 closed for 1, 1 for 2, 2 for 4.
with_closed() (
	exec 3>&- 4>&-
	((!($1 & 1))) || exec <&-
	((!($1 & 2))) || exec >&-
	((!($1 & 4))) || exec 2>&-
	"${@:2}"
)

show_run() {
	fail "$@" "-- status: ${status-}" "-- stdout:" "${output-}" "-- stderr:" "${stderr-}"
}

# text_is [--partial|--regexp] WANTED TEXT
text_is() {
	case $1 in
	--partial) [[ $3 == *"$2"* ]] ;;
	--regexp) [[ $3 =~ $2 ]] ;;
	*) [[ $2 == "$1" ]] ;;
	esac
}

any_is() {
	local -n of=$1
	local text
	shift
	for text in "${of[@]}"; do
		! text_is "$@" "$text" || return 0
	done
	return 1
}

# refute COMMAND [ARG...]: it fails. ("! COMMAND" alone ends no test.)
refute() { ! "$@" || fail "unwanted: $*"; }

assert_equal() {
	[ "$1" = "$2" ] || fail 'differs:' "-- actual: $1" "-- wanted: $2"
}

refute_equal() {
	[ "$1" != "$2" ] || fail "both are: $1"
}

assert_status() {
	[ "$status" -eq "$1" ] || show_run "wanted status $1"
}

# assert_output [--partial|--regexp] WANTED and its like; refute_output and
# refute_stderr without an argument: there is none.
assert_output() { text_is "$@" "$output" || show_run "wanted on stdout: $*"; }
assert_stderr() { text_is "$@" "$stderr" || show_run "wanted on stderr: $*"; }
refute_output() { [ $# -gt 0 ] || set -- --regexp .; ! text_is "$@" "$output" || show_run "unwanted on stdout: $*"; }
refute_stderr() { [ $# -gt 0 ] || set -- --regexp .; ! text_is "$@" "$stderr" || show_run "unwanted on stderr: $*"; }

# The same for one line among others.
assert_line() { any_is lines "$@" || show_run "wanted as a line of stdout: $*"; }
refute_line() { ! any_is lines "$@" || show_run "unwanted as a line of stdout: $*"; }
assert_stderr_line() { any_is stderr_lines "$@" || show_run "wanted as a line of stderr: $*"; }
assert_stderr_count() { [ "${#stderr_lines[@]}" -eq "$1" ] || show_run "wanted $1 lines on stderr"; }
