#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The completions, asked in the real shells: what would they offer for the word
# at the end of a command line?

load helpers
load option-tables

TOOLS=(nsclone nsunshare nsenter-lite nspin nsls)

# each_tool for those that start a program, that make namespaces, that take a
# target, that list, and for the ones that enter, that keep and that show them.
each_launcher() { local TOOLS=(nsclone nsunshare nsenter-lite) && each_tool "$@"; }
each_maker() { local TOOLS=(nsclone nsunshare) && each_tool "$@"; }
each_taker() { local TOOLS=(nsenter-lite nspin) && each_tool "$@"; }
each_lister() { local TOOLS=(nspin nsls) && each_tool "$@"; }
for_nsenter() { local TOOLS=(nsenter-lite) && each_tool "$@"; }
for_nspin() { local TOOLS=(nspin) && each_tool "$@"; }
for_nsls() { local TOOLS=(nsls) && each_tool "$@"; }

setup_file() {
	export COMPLETIONS=$abs_top_srcdir/completions
	export SHELL_HOME=$BATS_FILE_TMPDIR
	export BASH_COMPLETION=${BASH_COMPLETION-/usr/share/bash-completion/bash_completion}
	write_asking_scripts
}

# A directory with one file and one directory in it, and programs to find: the
# tools, never run, and one that has a completion of its own. Only two are asked
# something: nspin knows two sets, "alpha" twice, and a pin that is in no set; nsls
# two namespaces.
setup() {
	local program
	mkdir -p "$BATS_TEST_TMPDIR/bin" "$BATS_TEST_TMPDIR/here/some-dir"
	touch "$BATS_TEST_TMPDIR/here/some-file"
	for program in "${TOOLS[@]}" stub-program; do
		printf '#!/bin/sh\nexit 99\n' >"$BATS_TEST_TMPDIR/bin/$program"
	done
	cat >"$BATS_TEST_TMPDIR/bin/nspin" <<-'END'
		#!/bin/sh
		echo "nspin: hint: this is not for the terminal" >&2
		[ "$*" = '--list --noheadings --raw --output SET' ] || exit 99
		printf '%s\n' beta alpha '' alpha
	END
	cat >"$BATS_TEST_TMPDIR/bin/nsls" <<-'END'
		#!/bin/sh
		echo "nsls: 3 processes could not be read" >&2
		case $* in
		'--processes --raw --noheadings --output NS') printf '%s\n' 4711 4026 ;;
		'--processes --raw --noheadings --output NS,TYPE,COMMAND')
			printf '%s\n' '4711 net a\x20b:c' '4026 uts ' ;;
		*) exit 99 ;;
		esac
	END
	chmod 755 "$BATS_TEST_TMPDIR"/bin/*
	PATH=$BATS_TEST_TMPDIR/bin:$PATH
	cd "$BATS_TEST_TMPDIR/here"
}

# ask.SHELL LINE prints what that shell offers, one a line. It is given the file
# of the tree, or is to find its own in $INSTALLED, a data directory. With
# $SOURCED zsh gets it as the others do, and not by its fpath.
write_asking_scripts() {
	# Words are split where readline splits them; COMP_POINT is the end.
	cat >"$SHELL_HOME/ask.bash" <<-'END'
		. "$BASH_COMPLETION"
		[ -n "${INSTALLED-}" ] || . "$COMPLETIONS/bash/nstools"
		complete -W '--stub-option' stub-program
		compopt() { :; }
		line=$1 COMP_LINE=$1 COMP_POINT=${#1} COMP_TYPE=9 COMP_KEY=9 COMP_WORDS=()
		while [[ $line =~ ^([[:blank:]]*)([=:\<\>\&]+|[^[:blank:]=:\<\>\&]+|) ]] && [[ $line ]]; do
			COMP_WORDS+=("${BASH_REMATCH[2]}")
			line=${line#"${BASH_REMATCH[0]}"}
		done
		COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
		[ -z "${INSTALLED-}" ] || _completion_loader "$COMP_WORDS"
		spec=$(complete -p "$COMP_WORDS")
		[[ $spec =~ -F\ ([^ ]+) ]] || exit
		"${BASH_REMATCH[1]}" "$COMP_WORDS" "${COMP_WORDS[-1]}" "${COMP_WORDS[-2]}"
		printf '%s\n' "${COMPREPLY[@]}"
	END

	# zle needs a terminal: a second zsh runs on one of zpty's, with a
	# compadd that records; the "done" line says that completing is over.
	cat >"$SHELL_HOME/record.zsh" <<-'END'
		from=$COMPLETIONS/zsh dump=$SHELL_HOME/compinit # scanning all functions takes long
		[[ -z ${INSTALLED-} ]] || from=$INSTALLED/zsh/site-functions dump=$INSTALLED/compinit
		[[ -z ${SOURCED-} ]] || from= dump=$SHELL_HOME/compinit-sourced
		fpath=($from $fpath)
		autoload -Uz compinit && compinit -C -d $dump
		[[ -z ${SOURCED-} ]] || . $COMPLETIONS/zsh/_nstools
		compdef '_arguments --stub-option "*:operand: "' stub-program
		compadd() {
			local end=${argv[(i)(-|--)]}
			if (( ${argv[(I)-[OAD]]} && ${argv[(i)-[OAD]]} < end )); then
				builtin compadd "$@"
				return
			fi
			local -a hits
			builtin compadd -A hits "$@"
			print -rl -- $IPREFIX$^hits >>$RECORD
			builtin compadd "$@"
		}
		record() {
			_main_complete
			print done >>$RECORD
		}
		zle -C record complete-word record
		bindkey '^I' record
		print ready >$RECORD
	END
	cat >"$SHELL_HOME/ask.zsh" <<-'END'
		export RECORD=$SHELL_HOME/record.$$
		wait_for() {
			local tries
			for tries in {1..2000}; do
				[[ -e $RECORD && -n ${(M)${(f)"$(<$RECORD)"}:#$1} ]] && return
				zselect -t 1 # hundredths of a second
			done
			print -u2 "zsh: waited in vain: $1"
			exit 1
		}
		zmodload zsh/zpty zsh/zselect
		zpty -b terminal zsh -f -i
		zpty -w terminal '. $SHELL_HOME/record.zsh'
		wait_for ready
		: >$RECORD
		zpty -w -n terminal "$1"$'\t'
		wait_for done
		print -rl -- ${(f)"$(<$RECORD)"}
		zpty -d terminal
		rm $RECORD
	END

	cat >"$SHELL_HOME/ask.fish" <<-'END'
		set -q INSTALLED
		or source $COMPLETIONS/fish/nstools.fish
		or exit
		complete -c stub-program -f -l stub-option
		complete -C "$argv[1]" | string replace -r '\t.*' ''
		or true # when nothing was replaced
	END
}

requires_shell() {
	requires "$1"
	case $1 in
	bash) [ -e "$BASH_COMPLETION" ] || skip "needs bash-completion, there is no $BASH_COMPLETION" ;;
	zsh)
		requires pty
		zsh -fc 'zmodload zsh/zpty zsh/zselect' 2>/dev/null || skip "needs zsh's modules zsh/zpty and zsh/zselect"
		zsh -fc 'autoload +X -Uz compinit' 2>/dev/null || skip "needs zsh's completion functions"
		;;
	esac
}

# ask SHELL LINE: into $output, sorted. Some shells offer the value of
# --option=VALUE alone, some with the option; some mark by a slash that a name is
# a directory, or by = that an option may have an argument.
ask() {
	local options=()
	[ "$1" != bash ] || options=(--norc --noprofile)
	[ "$1" != zsh ] || options=(-f)
	run_split env HOME="$SHELL_HOME" XDG_CONFIG_HOME="$SHELL_HOME" XDG_DATA_HOME="$SHELL_HOME" TERM=vt100 \
		timeout 60 "$1" "${options[@]}" "$SHELL_HOME/ask.$1" "$2"
	assert_status 0
	refute_stderr
	output=$(sed -E '/^(done)?$/d; s/^--[a-z-]+=(.)/\1/; s/^(--.*)=$/\1/; s:/$::' <<<"$output" | sort -u)
	mapfile -t lines < <(printf %s "${output:+$output$'\n'}")
}

# offers SHELL LINE [WORD...]: these and no others.
offers() {
	local wanted
	ask "$1" "$2"
	shift 2
	wanted=$([ $# -eq 0 ] || printf '%s\n' "$@" | sort -u)
	[ "$output" = "$wanted" ] || show_run "wanted:" "$wanted"
}

# offers_among SHELL LINE WORD...: these among others.
offers_among() {
	local word
	ask "$1" "$2"
	shift 2
	for word; do
		assert_line "$word"
	done
}

### What each shell must offer

all_options() {
	local long
	mapfile -t long < <(table_long | cut -d ' ' -f 1)
	[ "${#long[@]}" -gt 20 ]
	[ "$(table_short | wc -l)" -ge 15 ]
	offers "$1" "$TOOL --" "${long[@]}"
	ask "$1" "$TOOL -"
	assert_equal "$(grep -v '^--' <<<"$output")" "$(table_short)"
}

words_of_options() {
	offers "$1" "$TOOL --propagation " private shared slave unchanged
	offers "$1" "$TOOL --propagation=s" shared slave
	offers "$1" "$TOOL --setgroups " allow deny
	offers "$1" "$TOOL --map-users " auto subids all
	offers "$1" "$TOOL -Ur --map-groups=" auto subids all
	offers "$1" "$TOOL --map-users 0:1000:1 --map-users a" auto all
}

files_and_directories() {
	local option
	if [ "$TOOL" != nsls ]; then
		for option in --{mount,uts,ipc,net,pid,user,cgroup,time}=; do
			offers "$1" "$TOOL $option" some-dir some-file
		done
	fi
	"files_and_directories_of_${TOOL//-/_}" "$1"
}

files_and_directories_of_nsunshare() {
	local option
	for option in --{root,wd,mount-proc,mount-sys,mount-binfmt}= '-R ' '-w ' '--root ' '--wd '; do
		offers "$1" "$TOOL $option" some-dir
	done
}

files_and_directories_of_nsclone() {
	files_and_directories_of_nsunshare "$1"
	offers "$1" 'nsclone --pid-file=' some-dir some-file
	offers "$1" 'nsclone --pid-file some-' some-dir some-file
	offers "$1" 'nsclone --into-cgroup=' some-dir
	offers "$1" 'nsclone --into-cgroup ' some-dir
}

files_and_directories_of_nsenter_lite() {
	local option
	for option in --{root,wd,wdns}=; do
		offers "$1" "nsenter-lite $option" some-dir
	done
	offers "$1" 'nsenter-lite --from=some-' some-dir some-file
	offers "$1" 'nsenter-lite --from some-' some-dir some-file
	offers "$1" 'nsenter-lite -f some-' some-dir some-file
}

# A name without a slash is that of a set.
files_and_directories_of_nspin() {
	local option here=./
	[ "$1" != zsh ] || here=
	for option in -d -l --list -rl; do
		offers "$1" "nspin $option ./some-" "${here}some-dir" "${here}some-file"
	done
	offers "$1" 'nspin -d some-'
	offers "$1" 'nspin -t 1 ./some-'
}

# A file has a slash.
files_and_directories_of_nsls() {
	local before here=./
	[ "$1" != zsh ] || here=
	for before in '' '-J ' '-t net ' '-- ' '4711 '; do
		offers "$1" "nsls $before./some-" "${here}some-dir" "${here}some-file"
	done
	offers "$1" 'nsls some-'
	offers "$1" 'nsls -p 1 ./some-'
	offers "$1" 'nsls --compare ./some-'
}

# name_in DATABASE OTHER: a name that is in one and not in the other.
name_in() {
	comm -23 <(getent "$1" | cut -d : -f 1 | sort) <(getent "$2" | cut -d : -f 1 | sort) | sed 1q | grep .
}

names_and_numbers() {
	local option user group
	user=$(name_in passwd group) group=$(name_in group passwd)
	offers "$1" "$TOOL --kill-child=KI" KILL
	for option in '--setuid ' '-S '; do
		offers_among "$1" "$TOOL $option" "$user"
	done
	for option in '--setgid ' '-G '; do
		offers_among "$1" "$TOOL $option" "$group"
	done
	export NST_TEST_VARIABLE=1
	offers "$1" "$TOOL --keep-env NST_TEST_V" NST_TEST_VARIABLE
	offers "$1" "$TOOL --keep-env=HOME,NST_TEST_V" HOME,NST_TEST_VARIABLE
	offers "$1" "$TOOL --whitelist-env NST_TEST_V" NST_TEST_VARIABLE
	offers "$1" "$TOOL --close-fds=" {0..9}
	offers_among "$1" "$TOOL --close-fds=3," 3,4 3,5
	"names_and_numbers_of_${TOOL//-/_}" "$1" "$user" "$group"
}

names_and_numbers_of_nsunshare() {
	offers_among "$1" "$TOOL --map-user=" "$2"
	offers_among "$1" "$TOOL --map-group=" "$3"
	ask "$1" "$TOOL --setuid "
	refute_line follow
}

names_and_numbers_of_nsclone() {
	names_and_numbers_of_nsunshare "$@"
	offers "$1" 'nsclone --json-status-fd ' {0..9}
	offers "$1" 'nsclone --block-fd=' {0..9}
}

names_and_numbers_of_nsenter_lite() {
	local option
	for option in '--setuid ' --setgid= '-S ' '-G '; do
		offers "$1" "nsenter-lite ${option}foll" follow
	done
	offers "$1" 'nsenter-lite -N ' {0..9}
	offers "$1" 'nsenter-lite --drop-caps=net_' net_admin net_bind_service net_broadcast net_raw
	offers "$1" 'nsenter-lite --drop-caps=kill,net_r' kill,net_raw
}

targets() {
	local option
	for option in --target= '--target ' '-t ' '-at '; do
		offers_among "$1" "$TOOL $option" "$$" alpha beta
	done
	offers "$1" "$TOOL -t $$" "$$"
	offers "$1" "$TOOL -t al" alpha
	offers "$1" "$TOOL --target=b" beta
}

### nspin

sets() {
	local before
	for before in '-d' '--delete' '-l' '-Al' '--list --json' '-l -o NS,TYPE' '-d beta' '-d some-file' \
		'-t 1 --add' '--add -t alpha --net' '-d --'; do
		offers "$1" "nspin $before " alpha beta
		offers "$1" "nspin $before al" alpha
	done
}

# What is not known, or not wanted.
no_sets() {
	local before
	for before in '-t 1' '-t alpha' '-to' '-t 1 --add beta' '--batch' '--stale' '--hold --keep' '--hold --keep=x' \
		'--hold --keep=x -t 1' '-t 1 --keep'; do
		offers "$1" "nspin $before "
		offers "$1" "nspin $before al"
	done
	offers "$1" 'nspin --keep=al'
}

# Without a place for sets, say, there is nothing to offer, and nothing to tell.
no_nspin() {
	local text
	for text in 'exit 1' 'kill $$'; do
		printf '%s\n' '#!/bin/sh' 'echo "nspin: no place" >&2' "$text" >"$BATS_TEST_TMPDIR/bin/nspin"
		offers "$1" 'nspin -d '
		offers "$1" "nspin -t $$" "$$"
	done
}

# What the tool itself says that there is.
sets_that_there_are() {
	requires userns
	[ -x "$NSPIN" ] || skip 'needs nspin, which is not built without libsmartcols'
	in_private_mounts sets_of_nspin "$1"
}

sets_of_nspin() {
	export NSPIN_DIR=$BATS_TEST_TMPDIR/sets
	ln -sf "$NSPIN" "$BATS_TEST_TMPDIR/bin/nspin"
	offers "$1" 'nspin --delete '
	nspin -t $$ --uts one
	nspin -t $$ --uts --ipc Two-2.b
	offers "$1" 'nspin --delete ' one Two-2.b
	offers "$1" 'nsenter-lite -t T' Two-2.b
	nspin --delete one
	offers "$1" 'nspin --delete ' Two-2.b
}

columns() {
	local option
	for option in --output= '--output ' '-o ' '-lo '; do
		"columns_of_$TOOL" "$@"
		offers "$1" "$TOOL ${option}+NP" +NPROCS
		offers "$1" "$TOOL ${option}+TYPE,NP" +TYPE,NPROCS
	done
}

columns_of_nspin() {
	offers "$1" "nspin $option" NS TYPE SET PATH STATE NPROCS MNTNS
	offers "$1" "nspin ${option}N" NS NPROCS
	offers "$1" "nspin ${option}SET,NS,M" SET,NS,MNTNS
}

columns_of_nsls() {
	offers "$1" "nsls $option" NS TYPE PATH NPROCS PID PPID COMMAND UID USER NETNSID NSFS PNS ONS \
		NSID HELD PINS HOLDERS OWNER USERNS NTHREADS INIT MAPS OFFSETS SET NSPID
	offers "$1" "nsls ${option}N" NS NPROCS NETNSID NSFS NSID NTHREADS NSPID
	offers "$1" "nsls ${option}SET,NS,MA" SET,NS,MAPS
}

### nsls

tasks() {
	local before
	for before in --task= '--task ' '-p ' '-lp ' '--compare ' '--compare alpha ' '--compare -t net 1 ' \
		'--type net --compare -- '; do
		offers_among "$1" "nsls $before" "$$" alpha beta
		offers "$1" "nsls ${before}al" alpha
	done
	for before in --translate= '--translate '; do
		offers_among "$1" "nsls $before" "$$"
		refute_line alpha
		offers "$1" "nsls ${before}alpha"
	done
}

words_of_nsls() {
	local option
	for option in --type= '--type ' '-t ' '-lt ' '--type=uts -t '; do
		offers "$1" "nsls $option" mnt uts ipc net pid user cgroup time
		offers "$1" "nsls ${option}u" uts user
		offers "$1" "nsls ${option}net,mnt,u" net,mnt,uts net,mnt,user
	done
	offers "$1" 'nsls --tree=' owner parent process
	offers "$1" 'nsls --tree=p' parent process
	offers "$1" 'nsls --engine ' auto bpf proc
	offers "$1" 'nsls --engine=b' bpf
	offers "$1" 'nsls --filter '
	offers "$1" 'nsls --watch='
}

namespaces() {
	local before
	for before in '' '-l ' '-J -t net ' '--output PID ' '-- ' '4026 ' '-Towner '; do
		offers "$1" "nsls $before" 4711 4026
		offers "$1" "nsls ${before}47" 4711
	done
}

# Options may follow operands, but not "--".
options_behind() {
	offers "$1" 'nsls 4026 --comp' --compare
	offers "$1" 'nsls 4026 4711 -l --noh' --noheadings
	offers "$1" 'nsls 4026 -t us' user
	offers "$1" 'nsls 4026 --tree=pr' process
	offers_among "$1" 'nsls 1 --compare ' "$$" alpha
	offers "$1" 'nsls 1 alpha --compare al' alpha
	offers "$1" 'nsls -- 4026 --comp'
	offers "$1" 'nsls 4026 -- --comp'
}

# Where there is no operand, or nothing is known of it.
no_namespaces() {
	local before
	for before in '-p 1' '--task=1' '-lp 1' '-H' '-JH' '--list-columns' '--dot' '--watch' '--watch=2' \
		'--translate 1' '--task alpha -l'; do
		offers "$1" "nsls $before "
		offers "$1" "nsls ${before} 4"
	done
	printf '%s\n' '#!/bin/sh' 'echo "nsls: no" >&2' 'exit 1' >"$BATS_TEST_TMPDIR/bin/nsls"
	offers "$1" 'nsls '
}

# What the tool itself says that there is.
namespaces_that_there_are() {
	local net
	[ -x "$NSLS" ] || skip 'needs nsls, which is not built without libsmartcols'
	ln -sf "$NSLS" "$BATS_TEST_TMPDIR/bin/nsls"
	net=$(stat -Lc %i /proc/self/ns/net)
	offers_among "$1" 'nsls ' "$net" "$(stat -Lc %i /proc/self/ns/uts)"
	offers "$1" "nsls $net" "$net"
}

# A new name is not that of a file.
new_names() {
	offers "$1" "$TOOL --pin "
	offers "$1" "$TOOL --pin=some-"
	offers "$1" "$TOOL -Ur --pin some-"
	offers "$1" "$TOOL -Ur --pin alpha stub-pro" stub-program
}

programs_that_hold() {
	local before
	for before in '' '-t 1 ' '--net -t alpha ' '-at 1 -- '; do
		offers "$1" "nspin --hold ${before}stub-pro" stub-program
		offers "$1" "nspin --hold ${before}stub-program --stub" --stub-option
	done
}

# All that there are: the tool takes each, and knows no more.
capabilities() {
	offers "$1" 'nsenter-lite --drop-caps=' $(sed -n '/ names\[\] = {$/,/^};$/p' "$abs_top_srcdir/common/caps.c" |
		grep -oE '"[a-z_]+"' | tr -d '"')
	[ "${#lines[@]}" -gt 40 ]
	run_split "$LAUNCHER" "--drop-caps=$(IFS=, && echo "${lines[*]}")" true
	[ "$status" -eq 0 ] || ! as_root || show_run 'wanted status: 0'
	refute_stderr --partial 'no capability'
}

# The tool has the last word on what is a signal: none that it refuses.
signals() {
	local signal signals isolate=(-r)
	requires userns
	[ "$TOOL" != nsenter-lite ] || isolate=()
	offers_among "$1" "$TOOL --kill-child=" KILL TERM
	signals=("${lines[@]}")
	[ "${#signals[@]}" -gt 20 ]
	for signal in "${signals[@]}"; do
		run_split "$LAUNCHER" "${isolate[@]}" "--kill-child=$signal" true
		assert_status 0
	done
	run_split "$LAUNCHER" "${isolate[@]}" --kill-child=NO-SUCH true
	assert_status 125
}

owner() {
	ask "$1" "$TOOL --owner roo"
	assert_line --regexp '^root:?$'
	ask "$1" "$TOOL --owner root:roo"
	assert_line --regexp '^(root:)?root$'
}

variable_to_set() {
	export NST_TEST_VARIABLE=1
	ask "$1" "$TOOL --setenv NST_TEST_V"
	assert_line --regexp '^NST_TEST_VARIABLE=?$'
}

the_program() {
	local before
	for before in '' '--net=some-file ' '-S root ' '-n -- '; do
		offers "$1" "$TOOL ${before}stub-pro" stub-program
	done
	offers "$1" "$TOOL -n -- --close"
	"the_program_of_${TOOL//-/_}" "$1"
}

the_program_of_nsunshare() {
	offers "$1" "$TOOL -Urp --mount-proc stub-pro" stub-program
	offers "$1" "$TOOL -R some-dir stub-pro" stub-program
	offers "$1" "$TOOL -UrR some-dir stub-pro" stub-program
	offers "$1" "$TOOL --map-users=0:1000:1 --owner=1:1 stub-pro" stub-program
}

the_program_of_nsclone() { the_program_of_nsunshare "$1"; }

# A letter that may have an argument has it in the same word. (Fish itself knows
# no such letters, and waits for the argument of the t.)
the_program_of_nsenter_lite() {
	local before
	for before in '-aeFt 1 -r -w ' '-nsome-file -aSfollow -G follow -W/ '; do
		offers "$1" "nsenter-lite ${before}stub-pro" stub-program
	done
	[ "$1" = fish ] || offers "$1" 'nsenter-lite -ut stub-pro' stub-program
}

its_own_completion() {
	offers "$1" "$TOOL -n stub-program --stub" --stub-option
	offers "$1" "$TOOL -n -- stub-program --stub" --stub-option
	offers "$1" "$TOOL -S 0 --net=some-file stub-program --stub" --stub-option
	offers "$1" "$TOOL -n stub-program --close"
	offers "$1" "$TOOL -U nsclone -n --host-s" --host-setup
	offers "$1" "$TOOL -U nsunshare -n --sysv" --sysvsem
	offers "$1" "$TOOL -U nsenter-lite -n --net-s" --net-socket
	offers "$1" "$TOOL -U nspin -t 1 --noh" --noheadings
	offers "$1" "$TOOL -U nspin -d al" alpha
	offers "$1" "$TOOL -U nsls -p al" alpha
	offers "$1" "$TOOL -U nsls --comp" --compare
}

its_own_completion_behind_maps() {
	offers "$1" "$TOOL -R / --map-users=0:1000:1 --owner 1:1 stub-program x --stub" --stub-option
}

bundle_that_ends_in_an_argument() {
	offers "$1" "$TOOL -UR " some-dir
	offers "$1" "$TOOL -Urw some-" some-dir
	offers_among "$1" "$TOOL -US roo" root
	offers "$1" "$TOOL -S root -Ur --hostna" --hostname
}

# A letter of the bundle is not offered again. (Bash does nothing of this.)
bundle_of_letters() {
	offers_among "$1" "$TOOL -USroo" -USroot
	ask "$1" "$TOOL -Ur"
	assert_line -Urm
	assert_line -Urp
	refute_line -UrU
	refute_line -Urr
}

attached_to_a_letter() {
	ask "$1" 'nsenter-lite -nsome-'
	assert_line --regexp '^(-n)?some-file$'
	ask "$1" 'nsenter-lite -rsome-'
	assert_line --regexp '^(-r)?some-dir$'
	refute_line --partial some-file
}

@test "bash offers every option" { requires_shell bash; each_tool all_options bash; }
@test "zsh offers every option" { requires_shell zsh; each_tool all_options zsh; }
@test "fish offers every option" { requires_shell fish; each_tool all_options fish; }

@test "bash offers the words that options take" { requires_shell bash; each_maker words_of_options bash; }
@test "zsh offers the words that options take" { requires_shell zsh; each_maker words_of_options zsh; }
@test "fish offers the words that options take" { requires_shell fish; each_maker words_of_options fish; }

@test "bash offers files, and directories where only these will do" { requires_shell bash; each_tool files_and_directories bash; }
@test "zsh offers files, and directories where only these will do" { requires_shell zsh; each_tool files_and_directories zsh; }
@test "fish offers files, and directories where only these will do" { requires_shell fish; each_tool files_and_directories fish; }

@test "bash offers signals, users, groups, variables and descriptors" { requires_shell bash; each_launcher names_and_numbers bash; }
@test "zsh offers signals, users, groups, variables and descriptors" { requires_shell zsh; each_launcher names_and_numbers zsh; }
@test "fish offers signals, users, groups, variables and descriptors" { requires_shell fish; each_launcher names_and_numbers fish; }

@test "bash offers signals that the tool takes" { requires_shell bash; each_launcher signals bash; }
@test "zsh offers signals that the tool takes" { requires_shell zsh; each_launcher signals zsh; }
@test "fish offers signals that the tool takes" { requires_shell fish; each_launcher signals fish; }

@test "bash offers a user and then a group to --owner" { requires_shell bash; each_maker owner bash; }
@test "zsh offers a user and then a group to --owner" { requires_shell zsh; each_maker owner zsh; }
@test "fish offers a user and then a group to --owner" { requires_shell fish; each_maker owner fish; }

@test "bash offers the names of variables to --setenv" { requires_shell bash; each_launcher variable_to_set bash; }
@test "zsh offers the names of variables to --setenv" { requires_shell zsh; each_launcher variable_to_set zsh; }
@test "fish offers the names of variables to --setenv" { requires_shell fish; each_launcher variable_to_set fish; }

@test "bash offers commands where the program stands" { requires_shell bash; each_launcher the_program bash; }
@test "zsh offers commands where the program stands" { requires_shell zsh; each_launcher the_program zsh; }
@test "fish offers commands where the program stands" { requires_shell fish; each_launcher the_program fish; }

@test "bash hands over to the program's own completion" { requires_shell bash; each_launcher its_own_completion bash; }
@test "zsh hands over to the program's own completion" { requires_shell zsh; each_launcher its_own_completion zsh; }
@test "fish hands over to the program's own completion" { requires_shell fish; each_launcher its_own_completion fish; }

@test "bash completes the argument of a bundle's last letter" { requires_shell bash; each_maker bundle_that_ends_in_an_argument bash; }
@test "zsh completes the argument of a bundle's last letter" { requires_shell zsh; each_maker bundle_that_ends_in_an_argument zsh; }
@test "fish completes the argument of a bundle's last letter" { requires_shell fish; each_maker bundle_that_ends_in_an_argument fish; }

@test "bash finds the program also behind maps and an owner" { requires_shell bash; each_maker its_own_completion_behind_maps bash; }
@test "zsh finds the program also behind maps and an owner" { requires_shell zsh; each_maker its_own_completion_behind_maps zsh; }
@test "fish finds the program also behind maps and an owner" { requires_shell fish; each_maker its_own_completion_behind_maps fish; }

@test "bash offers processes and sets to enter and to keep" { requires_shell bash; each_taker targets bash; }
@test "zsh offers processes and sets to enter and to keep" { requires_shell zsh; each_taker targets zsh; }
@test "fish offers processes and sets to enter and to keep" { requires_shell fish; each_taker targets fish; }

@test "bash offers the sets to delete, to list and to add to" { requires_shell bash; for_nspin sets bash; }
@test "zsh offers the sets to delete, to list and to add to" { requires_shell zsh; for_nspin sets zsh; }
@test "fish offers the sets to delete, to list and to add to" { requires_shell fish; for_nspin sets fish; }

@test "bash offers no set where there is none to name" { requires_shell bash; for_nspin no_sets bash; }
@test "zsh offers no set where there is none to name" { requires_shell zsh; for_nspin no_sets zsh; }
@test "fish offers no set where there is none to name" { requires_shell fish; for_nspin no_sets fish; }

@test "bash offers no set, and is silent, if nspin fails" { requires_shell bash; for_nspin no_nspin bash; }
@test "zsh offers no set, and is silent, if nspin fails" { requires_shell zsh; for_nspin no_nspin zsh; }
@test "fish offers no set, and is silent, if nspin fails" { requires_shell fish; for_nspin no_nspin fish; }

@test "bash offers the sets that there are in truth" { requires_shell bash; for_nspin sets_that_there_are bash; }
@test "zsh offers the sets that there are in truth" { requires_shell zsh; for_nspin sets_that_there_are zsh; }
@test "fish offers the sets that there are in truth" { requires_shell fish; for_nspin sets_that_there_are fish; }

@test "bash offers the columns of a list" { requires_shell bash; each_lister columns bash; }
@test "zsh offers the columns of a list" { requires_shell zsh; each_lister columns zsh; }
@test "fish offers the columns of a list" { requires_shell fish; each_lister columns fish; }

@test "bash offers processes and sets to look at, and to compare" { requires_shell bash; for_nsls tasks bash; }
@test "zsh offers processes and sets to look at, and to compare" { requires_shell zsh; for_nsls tasks zsh; }
@test "fish offers processes and sets to look at, and to compare" { requires_shell fish; for_nsls tasks fish; }

@test "bash offers types and relations to nsls" { requires_shell bash; for_nsls words_of_nsls bash; }
@test "zsh offers types and relations to nsls" { requires_shell zsh; for_nsls words_of_nsls zsh; }
@test "fish offers types and relations to nsls" { requires_shell fish; for_nsls words_of_nsls fish; }

@test "bash offers namespaces to look into" { requires_shell bash; for_nsls namespaces bash; }
@test "zsh offers namespaces to look into" { requires_shell zsh; for_nsls namespaces zsh; }
@test "fish offers namespaces to look into" { requires_shell fish; for_nsls namespaces fish; }

@test "bash offers the options of nsls behind operands, too" { requires_shell bash; for_nsls options_behind bash; }
@test "zsh offers the options of nsls behind operands, too" { requires_shell zsh; for_nsls options_behind zsh; }
@test "fish offers the options of nsls behind operands, too" { requires_shell fish; for_nsls options_behind fish; }

@test "bash offers no namespace where there is none to name" { requires_shell bash; for_nsls no_namespaces bash; }
@test "zsh offers no namespace where there is none to name" { requires_shell zsh; for_nsls no_namespaces zsh; }
@test "fish offers no namespace where there is none to name" { requires_shell fish; for_nsls no_namespaces fish; }

@test "bash offers the namespaces that there are in truth" { requires_shell bash; for_nsls namespaces_that_there_are bash; }
@test "zsh offers the namespaces that there are in truth" { requires_shell zsh; for_nsls namespaces_that_there_are zsh; }
@test "fish offers the namespaces that there are in truth" { requires_shell fish; for_nsls namespaces_that_there_are fish; }

@test "bash offers no file where a new name is wanted" { requires_shell bash; each_maker new_names bash; }
@test "zsh offers no file where a new name is wanted" { requires_shell zsh; each_maker new_names zsh; }
@test "fish offers no file where a new name is wanted" { requires_shell fish; each_maker new_names fish; }

@test "bash offers commands to hold namespaces" { requires_shell bash; for_nspin programs_that_hold bash; }
@test "zsh offers commands to hold namespaces" { requires_shell zsh; for_nspin programs_that_hold zsh; }
@test "fish offers commands to hold namespaces" { requires_shell fish; for_nspin programs_that_hold fish; }

@test "bash offers the capabilities that the tool knows" { requires_shell bash; for_nsenter capabilities bash; }
@test "zsh offers the capabilities that the tool knows" { requires_shell zsh; for_nsenter capabilities zsh; }
@test "fish offers the capabilities that the tool knows" { requires_shell fish; for_nsenter capabilities fish; }

@test "zsh completes what is attached to a letter" { requires_shell zsh; for_nsenter attached_to_a_letter zsh; }

@test "zsh adds letters and an argument to a bundle" { requires_shell zsh; each_maker bundle_of_letters zsh; }
@test "fish adds letters and an argument to a bundle" { requires_shell fish; each_maker bundle_of_letters fish; }

skips_redirections() {
	offers bash "$TOOL 3>some-file --net=x stub-program --stub" --stub-option
}

@test "bash skips redirections" { requires_shell bash; each_launcher skips_redirections; }

# Fish 4 takes a word for that of an option, too, which has its letters in that order.
offers_version() { offers "$1" "$TOOL --versi" --version; }

@test "zsh takes the file also when it is sourced" {
	requires_shell zsh
	export SOURCED=yes
	each_tool offers_version zsh
}

# install_completions: into $INSTALLED, a data directory; nothing is installed
# anywhere else.
install_completions() {
	requires make
	[ -e "$abs_top_builddir/Makefile" ] || skip 'needs a built tree'
	run_split env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make -C "$abs_top_builddir" install-data \
		DESTDIR="$BATS_TEST_TMPDIR/root" prefix=/usr datarootdir=/usr/share datadir=/usr/share
	assert_status 0
	export INSTALLED=$BATS_TEST_TMPDIR/root/usr/share
	export XDG_DATA_DIRS=$INSTALLED:/usr/local/share:/usr/share COMPLETIONS=/nowhere
}

finds_what_is_installed() {
	requires_shell "$1"
	install_completions
	[ -x "$NSLS" ] || local TOOLS=(nsclone nsunshare nsenter-lite)
	each_tool offers_version "$1"
}

@test "bash finds what is installed" { finds_what_is_installed bash; }
@test "zsh finds what is installed" { finds_what_is_installed zsh; }
@test "fish finds what is installed" { finds_what_is_installed fish; }
