#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# How nsclone makes namespaces: by one call of clone3, or as well without it; and
# what of its options concerns them. What it has in common with nsunshare is in
# launch-types.bats.

load helpers
load launchers
TOOLS=(nsclone)

setup_file() { make_user; }
teardown_file() { remove_user; }
setup() { requires userns; }

one_call() {
	local flag
	"${WHO[@]}" strace -f -o "$D/trace" -e trace=clone3,clone,fork,vfork,unshare,setns \
		"$NSCLONE" "$@" -- /bin/true
	assert_equal "$(grep -oE '^[0-9]+ +[a-z0-9]+\(' "$D/trace" | sed 's/.* //')" 'clone3('
	for flag in NS UTS IPC NET PID USER CGROUP TIME; do
		grep -q "CLONE_NEW$flag[|,]" "$D/trace" || fail "no CLONE_NEW$flag:" "$(<"$D/trace")"
	done
}

@test "all types are made by one call of clone3" {
	requires strace clone3 cgroup-ns time-ns
	each_way one_call -aU
	each_way one_call -ar
}

nothing_asked() {
	local args
	for args in '' --fork '--setuid 0' '--wd /' --keep-child; do
		observe "$NSCLONE" $args touch "$D/ran"
		assert_outcome 'exited 125'
		assert_stderr_count 2
		assert_stderr_line --partial 'nothing to isolate'
		[ ! -e "$D/ran" ]
	done
}

@test "without a type there is nothing to do, and nothing is done" { each_way nothing_asked; }

### Without clone3

# What the program sees of itself, and the last status.
self_report='for type do echo "$(readlink "/proc/self/ns/$type")"; done
	cat /proc/self/uid_map /proc/self/gid_map /proc/self/setgroups; exit 7'

# What differs from run to run made the same: a namespace is new, or ours.
report_types() {
	local type
	while read -r type; do
		[[ $type != *:\[*\] ]] || type=${type%:*}:$([ "$type" = "$(ns_id self "${type%:*}")" ] && echo old || echo new)
		echo "$type"
	done
}

no_clone3() {
	local wanted args
	for args in -a -ar -Uu '-ar --init' '-ar --setup true' '-arT --boottime 12345678' '-Un --host-setup true'; do
		is_root || [[ $args = *[Ur]* ]] || continue
		observe "$NSCLONE" $args sh -c "$self_report" sh $(in_order $NSTYPES)
		assert_outcome 'exited 7'
		wanted=$(report_types <<<"$output")
		assert_equal "$(grep -c new <<<"$wanted")" "$(wanted_count "$args")"
		observe strace -f -o "$D/trace" -e trace=clone3 -e inject=clone3:error=ENOSYS \
			"$NSCLONE" $args sh -c "$self_report" sh $(in_order $NSTYPES)
		assert_outcome 'exited 7'
		refute_stderr
		assert_equal "$(report_types <<<"$output")" "$wanted"
		grep -q 'ENOSYS.*INJECTED' "$D/trace"
	done
}

wanted_count() {
	case $1 in
	-a) set -- $(in_order ${NSTYPES/user/}) ;;
	-U*) set -- 1 2 ;;
	*) set -- $(in_order $NSTYPES) ;;
	esac
	echo $#
}

@test "without clone3 the program's world is the same" {
	requires strace clone3
	each_way no_clone3
}

offset_without_clone3() {
	observe strace -f -o "$D/trace" -e trace=clone3 -e inject=clone3:error=ENOSYS \
		"$NSCLONE" -r --boottime 12345678 cat /proc/uptime
	[ "${output%%.*}" -gt 12345678 ]
	assert_outcome 'exited 0'
}

@test "without clone3 clocks have their offsets" {
	requires strace clone3 time-ns
	each_way offset_without_clone3
}

### Descriptors

# The shell's own is among them, the same in each run; the file is opened later.
list_descriptors='set -- /proc/self/fd/*; echo "$*" >"$0"'

own_descriptors() {
	"${WHO[@]}" sh -c "$list_descriptors" "$D/without"
	"${WHO[@]}" "$NSCLONE" $BIRTH --json-status-fd 8 --block-fd 9 -- sh -c "$list_descriptors" "$D/with" 8>"$D/status" 9</dev/null
	assert_equal "$(<"$D/with")" "$(<"$D/without")"
	[ -s "$D/status" ]
}

@test "descriptors for nsclone alone are not the program's" { each_way each_birth own_descriptors; }
