#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The environment of the program, and the descriptors that it keeps.

load helpers
load launchers
TOOLS=("${LAUNCHERS[@]}")

setup_file() { make_user; }
teardown_file() { remove_user; }
setup() { requires userns; }

# env_is VARIABLES ARG...: a line each, in order. nsclone itself has A to D, and
# no PATH: env(1) is found all the same.
env_is() {
	observe env -i A=1 B=2 "C=a b" D= "$LAUNCHER" $BIRTH "${@:2}" -- env
	assert_outcome 'exited 0'
	assert_output "$1"
	refute_stderr
}

ALL=$'A=1\nB=2\nC=a b\nD='

passed_on() {
	env_is "$ALL"
}

@test "the environment is passed on as it is" { each_way each_birth passed_on; }

cleared() {
	env_is '' --clear-env
	env_is $'X=5\nA=7' --clear-env --setenv X=5 --setenv A=7
	env_is $'X=5\nA=7' --setenv X=5 --setenv A=7 --clear-env
}

@test "--clear-env leaves nothing but what --setenv sets" { each_way each_birth cleared; }

kept() {
	env_is $'A=1\nC=a b' --keep-env A,C
	env_is $'A=1\nC=a b' --keep-env C,A,A,NOT_THERE
	env_is $'A=1\nC=a b' --keep-env A --keep-env C
	env_is $'A=1\nC=a b' --clear-env --keep-env A,C
	env_is $'A=1\nC=a b' --keep-env A,C --clear-env
	env_is 'D=' --keep-env D
	env_is $'A=1\nB=2' --whitelist-env A,B
	env_is $'A=1\nB=2' --whitelist-env A --keep-env B
	env_is '' --keep-env ''
	env_is '' --keep-env ,
	env_is 'B=2' --keep-env ,,B,
}

@test "--keep-env and --whitelist-env keep the variables of their lists only" { each_way each_birth kept; }

exactly_named() {
	observe env -i AA=1 A=2 AB=3 a=4 "$LAUNCHER" -U --keep-env A -- env
	assert_output A=2
	observe env -i AA=1 AB=3 "$LAUNCHER" -U --keep-env A,A=2,AA=1 -- env
	refute_output
	assert_outcome 'exited 0'
	observe "$HELPERS/exec-with" "$LAUNCHER" A=1 =x B=2 C -- -U --keep-env ,B, -- env
	assert_output B=2
	observe "$HELPERS/exec-with" "$LAUNCHER" A=1 =x B=2 C -- -U --keep-env '' -- env
	refute_output
}

@test "--keep-env means whole names" { each_way exactly_named; }

set_variables() {
	env_is "$ALL"$'\nX=5' --setenv X=5
	env_is $'A=9\nB=2\nC=a b\nD=' --setenv A=9
	env_is "$ALL"$'\nX=6' --setenv X=5 --setenv X=6
	env_is "$ALL"$'\nX=6\nY=7' --setenv X=5 --setenv Y=7 --setenv X=6
	env_is $'A=\nB=2\nC=a=b\nD=' --setenv A= --setenv C=a=b
	env_is $'A=1\nX=5\nB=9' --keep-env A --setenv X=5 --setenv B=9
	env_is $'A=9' --keep-env A --setenv A=9
	env_is "$ALL"$'\nX= y\tz\nlast' --setenv $'X= y\tz\nlast'
}

@test "--setenv sets what the other options left, the last one of a name counts" { each_way each_birth set_variables; }

# A shell would have put one for two.
set_twice_given() {
	observe "$HELPERS/exec-with" "$LAUNCHER" A=1 B=2 A=3 -- -U --setenv A=5 -- env
	assert_equal "$(grep -c '^A=5$' <<<"$output") $(grep -c '^A=' <<<"$output")" '1 1'
	assert_outcome 'exited 0'
}

@test "a variable that was there twice is set once" { each_way set_twice_given; }

# A program of the same name in two directories says where it is.
named_programs() {
	local dir
	for dir in here there; do
		mkdir -p "$D/$dir"
		printf '#!/bin/sh\necho %s\n' "$dir" >"$D/$dir/nst-program"
		chmod 755 "$D/$dir" "$D/$dir/nst-program"
	done
}

searched() {
	named_programs
	observe env PATH="$D/here" "$LAUNCHER" $BIRTH -- nst-program
	assert_output here
	observe env PATH="$D/here" "$LAUNCHER" $BIRTH --setenv PATH="$D/there" -- nst-program
	assert_output there
	observe env PATH="$D/here" "$LAUNCHER" $BIRTH --setenv PATH="$D/no-such:$D/there:$D/here" -- nst-program
	assert_output there
	observe env PATH="$D/here" "$LAUNCHER" $BIRTH --clear-env -- nst-program
	assert_outcome 'exited 127'
	refute_output
	observe env PATH="$D/here" "$LAUNCHER" $BIRTH --keep-env PATH -- nst-program
	assert_output here
	observe env PATH="$D/here" "$LAUNCHER" $BIRTH --setenv PATH="$D/no-such" -- nst-program
	assert_outcome 'exited 127'
	observe env PATH="$D/here" "$LAUNCHER" $BIRTH --clear-env -- true
	assert_outcome 'exited 0'
}

@test "the program is searched in the PATH of its own environment" { each_way each_birth searched; }

# The set-up command is not the program: it has the tool's environment.
setup_environment() {
	observe env -i A=1 "$LAUNCHER" -r --clear-env --setenv B=2 --setup 'echo "<$A$B>"' -- /bin/sh -c 'echo "<$A$B>"'
	assert_outcome 'exited 0'
	assert_output $'<1>\n<2>'
}

@test "--setup has the environment of the tool" { each_way setup_environment; }

### Descriptors

# The shell's own for the directory is among them, but closed by then.
list_descriptors='for fd in /proc/self/fd/*; do [ ! -e "$fd" ] || echo "${fd##*/}"; done | sort -n'

# 0 to 3, 5, 6, 8 and 20 for a command, no others.
with_descriptors='for fd in "/proc/$$/fd/"*; do
	fd=${fd##*/}
	((fd <= 2)) || eval "exec $fd>&-"
done
exec "$@" 3</dev/null 5</dev/null 6</dev/null 8</dev/null 20</dev/null'

# descriptors_are LIST ARG...: in the program.
descriptors_are() {
	observe bash -c "$with_descriptors" bash "$LAUNCHER" $BIRTH "${@:2}" -- sh -c "$list_descriptors"
	assert_outcome 'exited 0'
	assert_equal "$(echo $output)" "$1"
}

kept_descriptors() {
	descriptors_are '0 1 2 3 5 6 8 20'
	descriptors_are '0 1 2' --close-fds
	descriptors_are '0 1 2 3 5' --close-fds=3,5
	descriptors_are '0 1 2 5 20' --close-fds=20,5
	descriptors_are '0 1 2 3 5 6 8 20' --close-fds=20,8,6,5,3
	descriptors_are '0 1 2 5 8' --close-fds=8,5,8,5,8
	descriptors_are '0 1 2 5 8' --close-fds=5 --close-fds=8
	descriptors_are '0 1 2 5 8' --close-fds --close-fds=8,5 --close-fds
	descriptors_are '0 1 2 6' --close-fds=0,1,2,6,4,7,1000,2147483647
	descriptors_are '0 1 2' --close-fds=2147483647
	descriptors_are '0 1 2 20' --close-fds=20
}

@test "--close-fds closes all descriptors over 2 but those to keep" { each_way each_birth kept_descriptors; }

process_substitution() {
	observe bash -c '"$@" <(echo one) <(echo two)' bash "$LAUNCHER" $BIRTH -- cat
	assert_output $'one\ntwo'
	assert_outcome 'exited 0'
	observe bash -c '"$@" <(echo one)' bash "$LAUNCHER" $BIRTH --close-fds -- cat
	assert_outcome 'exited 1'
}

@test "by default descriptors stay open, as for a process substitution" { each_way each_birth process_substitution; }

# They close by the exec, so that a failure of it can still be told.
missing_program() {
	observe "$LAUNCHER" $BIRTH --close-fds "$D/no-such"
	assert_outcome 'exited 127'
	assert_stderr --partial 'No such file'
}

@test "--close-fds does not keep a failure from being told" { each_way each_birth missing_program; }
