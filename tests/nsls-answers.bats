#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What nsls answers about some processes: are their namespaces the same, which
# numbers has one, who owns what. What is true is asked of /proc.

load helpers
load launchers
load nsenter
load nspin
load nsls

setup_file() { make_user; }
teardown_file() { remove_user; }
setup() { requires userns; }

### --compare

# compared STATUS ARG...: $lines, raw and without headings
compared() {
	nsls --compare -r -n "${@:2}"
	assert_status "$1"
	refute_stderr
}

# wanted SAME TARGET...: the line of each type that there is, of processes
wanted() {
	local type pid same
	for type in $(types_here); do
		same=yes
		for pid; do
			[ "$(ns_of "$pid" "$type")" = "$(ns_of "$1" "$type")" ] || same=no
		done
		printf '%s' "$type"
		for pid; do
			printf ' %s' "$(ns_of "$pid" "$type")"
		done
		printf ' %s\n' "$same"
	done
}

compares() {
	own_world -un
	one=$TARGET
	target sleep 999
	compared 1 "$one" "$TARGET"
	assert_equal "$output" "$(wanted "$one" "$TARGET")"
	assert_equal "$(grep -c ' no$' <<<"$output")" "$([ "$AS" = root ] && echo 2 || echo 3)"
	compared 0 "$TARGET" "$TARGET"
	assert_equal "$output" "$(wanted "$TARGET" "$TARGET")"
	refute grep -q ' no$' <<<"$output"
	two=$TARGET
	target sleep 999
	compared 0 "$two" "$TARGET"
	assert_equal "$output" "$(wanted "$two" "$TARGET")"
	# One of three is enough.
	compared 1 "$two" "$TARGET" "$one"
	assert_equal "$output" "$(wanted "$two" "$TARGET" "$one")"
	# Only these types
	compared 0 -t ipc,mnt "$one" "$TARGET"
	assert_equal "$output" "$(wanted "$one" "$TARGET" | grep -E '^(ipc|mnt) ')"
	compared 1 -t ipc -t uts "$one" "$TARGET"
	assert_equal "$output" "$(wanted "$one" "$TARGET" | grep -E '^(ipc|uts) ')"
	compared 0 "$two:$("$HELPERS/pidfd-inode" "$two")" "$TARGET"
}

@test "--compare: a line a type, the inode numbers of each, and whether they are the same" {
	each_way in_own_world compares
}

forms() {
	own_world -u
	nsls --compare -t uts "$TARGET" $$
	assert_status 1
	[[ ${lines[0]} =~ ^TYPE\ +$TARGET\ +$$\ SAME$ ]] || show_run
	[[ ${lines[1]} =~ ^uts\ +$(ns_of "$TARGET" uts)\ $(ns_of $$ uts)\ no$ ]] || show_run
	nsls --compare -J -t uts,ipc "$TARGET" $$ "$TARGET"
	assert_status 1
	assert_equal "$(tr -d ' \n' <<<"$output")" "{\"types\":[{\"type\":\"uts\",\"$TARGET\":$(ns_of "$TARGET" uts),\"$$\":$(ns_of $$ uts),\"same\":\"no\"},{\"type\":\"ipc\",\"$TARGET\":$(ns_of "$TARGET" ipc),\"$$\":$(ns_of $$ ipc),\"same\":\"yes\"}]}"
}

@test "--compare: with headings, as JSON" { as_ourselves forms; }

sets_too() {
	a_world uts net
	nspin -t "$TARGET" some
	assert_status 0
	set -- $TYPES
	compared 0 -t "$(IFS=,; echo "$*")" some "$TARGET"
	assert_equal "$output" "$(wanted "$TARGET" "$TARGET" | grep -E "^($(IFS='|'; echo "$*")) ")"
	# It has no others; what neither has is left out.
	compared 1 some "$TARGET"
	assert_line "ipc - $(ns_of "$TARGET" ipc) no"
	compared 0 some some
	assert_equal "${#lines[@]}" $#
	nsls --compare -J -t ipc some "$TARGET"
	assert_status 1
	assert_output --partial '"some": null'
	nspin -d some
}

@test "--compare: sets, by pins and by keepers" { each_kind sets_too; }

no_comparison() {
	local left
	left=$(bash -c 'echo $$')
	for what in "$left $$" "$$ $left" "$$ 1:1" "$$ $$:1" "$$ nosuchset"; do
		nsls --compare $what
		assert_status 2
		refute_output
		refute_equal "${stderr-}" ''
	done
	mistaken '--compare' --compare
	mistaken '--compare' --compare $$
	mistaken "'/x'" --compare $$ /x
	mistaken "'0'" --compare $$ 0
	mistaken 'exclude each other' --compare --dot $$ $$
	# One line too many is one that is not written.
	run_split sh -c '"$0" --compare $$ $$ >/dev/full' "$NSLS"
	assert_status 2
}

@test "--compare: what is no comparison has status 2" { as_ourselves no_comparison; }

others() {
	nsls --compare $$ $$
	assert_status 2
	assert_stderr_line --regexp "^nsls: open the mount namespace of process $$: Permission denied"
	assert_stderr_line --regexp '^nsls: hint: '
}

@test "--compare: what may not be looked at is no difference" {
	requires root
	as_the_user others
}

### --translate

nested() {
	local -a how=()
	is_root || how=(-r)
	target "$NSCLONE" "${how[@]}" -p "$NSCLONE" -p "$NSCLONE" -p sleep 999
	local inner=$TARGET pid=$BG_PID
	local -a numbers=($(sed -n 's/^NSpid:\t//p' "/proc/$inner/status"))
	assert_equal "${#numbers[@]}" 4
	shows -r -n --translate "$inner"
	assert_equal "${#lines[@]}" 4
	for i in 0 1 2 3; do
		# The process that is one level in, and has started the next one
		assert_equal "${lines[$i]}" "$(ns_of "$pid" pid) ${numbers[$i]}"
		child_of "$pid" || true
		pid=${CHILD:-$pid}
	done
	shows --translate "$inner"
	assert_equal "$(tr -s ' ' <<<"${lines[0]}" | sed 's/^ //')" 'NS PID'
	shows -J --translate "$inner"
	assert_equal "$(tr -d ' \n' <<<"$output" | grep -o '"pid":[0-9]*' | tr -dc '0-9\n' | tr '\n' ' ')" "${numbers[*]} "
	assert_equal "$(tr -d ' \n' <<<"$output" | cut -c1-20)" "{\"pids\":[{\"ns\":$(ns_of $$ pid | cut -c1-5)"
	shows -r -n --translate $$
	assert_equal "$output" "$(ns_of $$ pid) $$"
	target_named 'NSpid:\t7 8'
	shows -r -n --translate "$TARGET"
	assert_equal "$output" "$(ns_of "$TARGET" pid) $TARGET"
}

@test "--translate: the PID in each PID namespace that sees it" { each_way nested; }

from_inside() {
	local -a how=()
	is_root || how=(-r)
	observe "$NSCLONE" "${how[@]}" -p --mount-proc sh -c '
		pid=$("$0" -p --background sh -c "exec sleep 999 >&-")
		readlink "/proc/$pid/ns/pid" /proc/self/ns/pid
		sed -n "s/^NSpid:\t//p" "/proc/$pid/status"
		"$1" -r -n --translate "$pid"' "$NSCLONE" "$NSLS"
	assert_outcome 'exited 0'
	assert_equal "${#lines[@]}" 5
	refute_equal "${lines[0]}" "${lines[1]}"
	assert_equal "${lines[3]} ${lines[4]}" \
		"$(tr -dc '0-9' <<<"${lines[1]}") ${lines[2]%$'\t'*} $(tr -dc '0-9' <<<"${lines[0]#pid:}") 1"
	# With a proc that shows more than we can see
	observe "$NSCLONE" "${how[@]}" -p sh -c 'readlink /proc/self/ns/pid; "$0" -r -n --translate 1' "$NSLS"
	assert_outcome 'exited 0'
	assert_equal "${lines[1]}" "$(tr -dc '0-9' <<<"${lines[0]}") 1"
	assert_equal "${#lines[@]}" 2
}

@test "--translate: from within a PID namespace, no further out than that" { each_way from_inside; }

not_translated() {
	local left
	left=$(bash -c 'echo $$')
	unable 'No such process' --translate "$left"
	unable 'another process' --translate "$$:1"
	mistaken "'x/y' is not PID" --translate x/y
	mistaken "'0' is not PID" --translate 0
	mistaken "'some' is the name of a set" --translate some
	mistaken "'5'" --translate $$ 5
	run_split sh -c '"$0" --translate $$ >/dev/full' "$NSLS"
	assert_status 1
}

@test "--translate: what is no process" { as_ourselves not_translated; }

of_others() {
	# It is in our PID namespace, which can be told without looking at it.
	shows -r -n --translate $$
	assert_equal "$output" "$(stat -Lc %i /proc/self/ns/pid) $$"
	# Nor does it matter which name nsls itself has.
	ln -s "$NSLS" "$D/NSpid:"$'\t1\t2'
	NSLS=$D/NSpid:$'\t1\t2' shows -r -n --translate $$
	assert_equal "$output" "$(stat -Lc %i /proc/self/ns/pid) $$"
	WHO=()
	target "$NSCLONE" -p sleep 999
	WHO=("${AS_USER[@]}")
	nsls --translate "$TARGET"
	assert_status 1
	assert_stderr_line --regexp 'Permission denied$'
}

@test "--translate: another user's process" {
	requires root
	as_the_user of_others
}

### --dot

# The graph after Graphviz has read it: "NAME|LABEL|SHAPE" and "FROM -> TO".
read_graph() {
	mapfile -t nodes < <(dot -Tplain <<<"$output" | grep '^node ')
	mapfile -t edges < <(dot -Tplain <<<"$output" | sed -n 's/^edge "\{0,1\}\([^" ]*\)"\{0,1\} "\{0,1\}\([^" ]*\)"\{0,1\} .*\(solid\|dashed\) [^ ]*$/\1 -> \2 \3/p')
}

graphs() {
	target "$NSCLONE" -r -u "$NSCLONE" -r -n sleep 999
	local middle=$BG_PID user="user:[$(ns_of "$TARGET" user)]"
	child_of "$middle"
	middle=$CHILD
	shows --dot
	run_split dot -Tsvg <<<"$output"
	assert_status 0
	refute_stderr
	[[ $output == *'<svg '* && $output == *"$(ns_of "$TARGET" net)"* ]] || show_run
	shows --dot
	read_graph
	any_is nodes --partial "\"$user\"" || fail "no node $user"
	any_is nodes --partial "net\\n$(ns_of "$TARGET" net)\\n(sleep 999)" || fail 'no label' "${nodes[@]}"
	any_is edges "user:[$(ns_of $$ user)] -> user:[$(ns_of "$middle" user)] solid"
	any_is edges "user:[$(ns_of "$middle" user)] -> $user solid"
	any_is edges "$user -> net:[$(ns_of "$TARGET" net)] dashed"
	any_is edges "user:[$(ns_of "$middle" user)] -> uts:[$(ns_of "$TARGET" uts)] dashed"
	refute_equal "$(ns_of "$middle" user)" "$(ns_of "$TARGET" user)"
	# The same again is the same.
	first=$output
	shows --dot
	assert_equal "$(grep "$(ns_of "$TARGET" net)" <<<"$output")" "$(grep "$(ns_of "$TARGET" net)" <<<"$first")"
	shows --dot -t net
	assert_output --partial "$(ns_of "$TARGET" net)"
	[[ $output != *"uts:["* ]] || show_run
}

@test "--dot: who owns what, as Graphviz has it" {
	requires dot
	each_way graphs
}

strange_names() {
	target "$NSCLONE" -r -u bash -c 'sleep 999; : "\N&amp;<b>" %s '$'\t\303\244\n\377'
	shows --dot
	[[ $output == *'\"\\N&amp;amp;<b>\" %s'* ]] || show_run
	run_split dot -Tsvg <<<"$output"
	assert_status 0
	refute_stderr
	[[ $output == *'&quot;\N&amp;amp;&lt;b&gt;&quot;'* ]] || show_run
	end_target
}

@test "--dot: a command line is text, whatever it is" {
	requires dot
	as_ourselves strange_names
}

### Namespaces that are named

inside_of() {
	local operand
	own_world -un
	start "${WHO[@]}" "$NSENTER_LITE" -t "$TARGET" "${USER_OPTION[@]}" -n sleep 998
	wait_until last_is "$BG_PID" sleep
	for operand in "/proc/$TARGET/ns/net" "$(ns_of "$TARGET" net)" ":$(id_of "/proc/$TARGET/ns/net")"; do
		[ "$operand" != : ] || continue
		rows PID,NS "$operand"
		assert_equal "$(sort <<<"$output")" "$(for pid in "$TARGET" "$CHILD"; do echo "$pid $(ns_of "$pid" net)"; done | sort)"
	done
	rows PID "/proc/$TARGET/ns/uts"
	assert_output "$TARGET"
}

@test "the processes in a namespace that is named by its inode number, its id, or a file" {
	requires perl
	each_way in_own_world inside_of
}

of_other_types() {
	local operand text='another type than --type says: net'
	own_world -un
	for operand in "/proc/$TARGET/ns/net" "$(ns_of "$TARGET" net)" ":$(id_of "/proc/$TARGET/ns/net")"; do
		[ "$operand" != : ] || continue
		unable "$text" -t uts,ipc --type mnt "$operand"
	done
	unable "$text" -t uts "/proc/$TARGET/ns/uts" "/proc/$TARGET/ns/net"
	rows PID -t uts,net "/proc/$TARGET/ns/net"
	assert_output "$TARGET"
}

@test "-t: a namespace of another type that is named is an error" {
	requires perl
	each_way in_own_world of_other_types
}

no_namespace() {
	mkfifo "$D/fifo"
	echo text >"$D/file"
	for file in "$D/fifo" "$D/file" "$D" /dev/null /dev/zero; do
		unable "$file: no namespace|$file" "$file"
	done
	unable 'No such file' "$D/none"
	unable 'there is no namespace 5' 5
	unable 'there is no namespace 18446744073709551615' 18446744073709551615
}

@test "what is no namespace" { as_ourselves no_namespace; }

# It lives, and can be held; but there is nothing of it in such a proc.
hidden() {
	mount -t proc -o hidepid=2 proc /proc
	nsls -p 1
	assert_status 1
	refute_output
	nsls --compare 1 $$
	assert_status 2
	refute_output
}

hide() {
	WHO=("${AS_USER[@]}")
	hidden
}

@test "a process that this proc hides is no empty answer" {
	requires root
	quietly_apart hide
}
