# Completion of nsclone(1), nsunshare(1), nsenter-lite(1), nsls(8) and nspin(8)
# SPDX-License-Identifier: GPL-2.0-or-later
#
# One file for all tools of the suite, so that what they share stands once.
# Installed it has a link of each tool's name, by which fish finds it; read by
# such a name it is about that tool only.

# The variables that have the names of TOOL's options that need an argument, and
# the letters of those that may have one, in the same word.
function __nstools_with_argument -a tool
    echo __nstools_with_argument_(string replace -a - _ -- $tool)
end

function __nstools_with_optional -a tool
    echo __nstools_with_optional_(string replace -a - _ -- $tool)
end

# Print the words of the program before the cursor; fail when options of TOOL
# still may come.
function __nstools_program -a tool
    set -l variable (__nstools_with_argument $tool)
    set -l names $$variable
    set -l letters (string match -r -- '^.$' $names | string join '')
    set -l variable (__nstools_with_optional $tool)
    set -l ends (string join '' $letters $$variable)
    set -l words (commandline -opc)
    set -e words[1]
    while set -q words[1]
        switch $words[1]
            case '-*'
                # In a bundle the first letter that takes an argument ends it.
                if contains -- $words[1] --$names
                    or string match -qr -- "^-[^-$ends]*[$letters]\$" $words[1]
                    set -e words[1]
                end
                set -e words[1]
            case '*'
                printf '%s\n' $words
                return 0
        end
    end
    return 1
end

function __nstools_complete_program -a tool
    set -l words (__nstools_program $tool)
    if set -q words[1]
        set words (string escape -- $words)
    else if string match -q -- '-*' (commandline -ct)
        return
    end
    __fish_complete_subcommand --commandline $words (commandline -ct)
end

# The names of the sets that there are.
function __nstools_sets
    nspin --list --noheadings --raw --output SET 2>/dev/null | string match -r -- '^[A-Za-z_].*'
end

# The options of TOOL before the cursor are for MODE, a regular expression. Those
# of nsls may follow operands.
function __nstools_is -a tool mode
    set -l operands
    test $tool = nsls
    or set operands (__nstools_program $tool)
    set -l words (commandline -opc)
    string match -qr -- "^($mode)\$" $words[1..(math (count $words) - (count $operands))]
end

# Sets that there are, or files by their paths; with --hold a program. A new name
# is not known.
function __nstools_complete_nspin_operands
    set -l operands (__nstools_program nspin)
    set -l word (commandline -ct)
    if string match -q -- '-*' $word; and not set -q operands[1]
        return
    else if __nstools_is nspin --hold
        __nstools_is nspin '--keep(=.*)?'
        or __nstools_complete_program nspin
    else if __nstools_is nspin '-[^-to]*[ld].*|--list|--delete'
        if string match -q -- '*/*' $word
            __fish_complete_path $word
        else
            __nstools_sets
        end
    else if __nstools_is nspin --add; and not set -q operands[1]
        __nstools_sets
    end
end

# Processes and sets to compare; else namespaces: files by their paths, and the
# inode numbers of those that processes are in.
function __nstools_complete_nsls_operands
    set -l word (commandline -ct)
    if string match -q -- '-*' $word
        return
    else if __nstools_is nsls --compare
        __fish_complete_pids
        __nstools_sets
    else if __nstools_is nsls '-[^-tQoT]*[pH].*|--task(=.*)?|--list-columns|--translate(=.*)?|--dot|--watch(=.*)?'
        return
    else if string match -q -- '*/*' $word
        __fish_complete_path $word
    else
        nsls --processes --raw --noheadings --output NS,TYPE,COMMAND 2>/dev/null |
            string replace -a '\x20' ' ' | string replace ' ' \t
    end
end

function __nstools_directories
    __fish_complete_directories (commandline -ct | string replace -r -- '^--[a-z-]+=' '')
end

# The arguments, each after what a comma-separated list, or one that adds, holds
# already.
function __nstools_list
    set -l begun (commandline -ct | string match -rg -- '^(?:--[a-z-]+=)?(.*,|\+)')
    printf '%s\n' "$begun"$argv
end

function __nstools_capabilities
    printf '%s\n' chown dac_override dac_read_search fowner fsetid kill setgid setuid setpcap linux_immutable \
        net_bind_service net_broadcast net_admin net_raw ipc_lock ipc_owner sys_module sys_rawio sys_chroot \
        sys_ptrace sys_pacct sys_admin sys_boot sys_nice sys_resource sys_time sys_tty_config mknod lease \
        audit_write audit_control setfcap mac_override mac_admin syslog wake_alarm block_suspend audit_read \
        perfmon bpf checkpoint_restore
end

function __nstools_owner
    set -l user (commandline -ct | string match -rg -- '^(?:--owner=)?([^:]*:)')
    if set -q user[1]
        printf '%s\n' $user(__fish_complete_groups)
    else
        printf '%s:\n' (__fish_complete_users | string replace -r '\t.*' '')
    end
end

# An option of TOOL, said as to complete.
function __nstools_option -a tool
    set -l condition -n "not __nstools_program $tool"
    test $tool != nsls
    or set condition
    complete -c $tool $condition $argv[2..]
    if contains -- -x $argv; or contains -- -r $argv
        set -ga (__nstools_with_argument $tool) (string match -arg -- '-[sl] ([^ ]+)' "$argv")
    end
end

# What all share: how the program shall run.
function __nstools_program_options -a tool
    __nstools_option $tool -l keep-caps -d 'Let the program keep the capabilities'
    __nstools_option $tool -l no-new-privs -d 'Set no_new_privs'
    __nstools_option $tool -l new-keyring -d 'Give the program an empty session keyring'
    __nstools_option $tool -l clear-env -d 'Empty environment'
    __nstools_option $tool -l keep-env -x -a '(__nstools_list (set -nx))' -d 'Keep only these variables'
    __nstools_option $tool -l whitelist-env -x -a '(__nstools_list (set -nx))' -d 'Keep only these variables'
    __nstools_option $tool -l setenv -x -a '(set -nx)=' -d 'Set a variable'
    __nstools_option $tool -l close-fds -f -a '(__nstools_list (seq 0 9))' -d 'Close all descriptors over 2 but these'
end

function __nstools_common_options -a tool
    __nstools_option $tool -s h -l help -d 'Show help'
    __nstools_option $tool -s V -l version -d 'Show the version'
end

# What those share that make namespaces.
function __nstools_launch_options -a tool
    # Namespaces: only the long options take an argument.
    for type in m/mount u/uts i/ipc n/net p/pid U/user C/cgroup T/time
        set -l names (string split / $type)
        __nstools_option $tool -s $names[1] -d "New $names[2] namespace"
        __nstools_option $tool -l $names[2] -F -d "New $names[2] namespace, pinned on a file"
    end
    __nstools_option $tool -s a -l all -d 'Every type of namespace but user'
    __nstools_option $tool -l make-private -d 'Make the directory of each pin a private mount'
    __nstools_option $tool -l pin -x -d 'Keep the new namespaces as a set'

    # Identity
    __nstools_option $tool -s r -l map-root-user -d 'Map the effective uid and gid to 0'
    __nstools_option $tool -s c -l map-current-user -d 'Map the effective uid and gid to themselves'
    __nstools_option $tool -l map-user -x -a '(__fish_complete_users)' -d 'Map the effective uid to this one'
    __nstools_option $tool -l map-group -x -a '(__fish_complete_groups)' -d 'Map the effective gid to this one'
    __nstools_option $tool -l map-users -x -a 'auto subids all' -d 'Map a range of uids'
    __nstools_option $tool -l map-groups -x -a 'auto subids all' -d 'Map a range of gids'
    __nstools_option $tool -l map-auto -d 'Map all subordinate uids and gids, from 0'
    __nstools_option $tool -l map-subids -d 'Map all subordinate uids and gids to themselves'
    __nstools_option $tool -l owner -x -a '(__nstools_owner)' -d 'Owner of the new user namespace'
    __nstools_option $tool -l setgroups -x -a 'allow deny' -d 'Permit setgroups in the new user namespace'
    __nstools_option $tool -s S -l setuid -x -a '(__fish_complete_users)' -d 'Uid of the program'
    __nstools_option $tool -s G -l setgid -x -a '(__fish_complete_groups)' -d 'Gid of the program'

    # Files
    __nstools_option $tool -l propagation -x -a 'private shared slave unchanged' -d 'Propagation of all mounts'
    __nstools_option $tool -s R -l root -x -a '(__nstools_directories)' -d 'Root directory'
    __nstools_option $tool -s w -l wd -x -a '(__nstools_directories)' -d 'Working directory'
    __nstools_option $tool -l mount-proc -f -a '(__nstools_directories)' -d 'Mount proc'
    __nstools_option $tool -l mount-sys -f -a '(__nstools_directories)' -d 'Mount sysfs'
    __nstools_option $tool -l mount-binfmt -f -a '(__nstools_directories)' -d 'Mount binfmt_misc'
    __nstools_option $tool -s l -l load-interp -x -d 'Register a binary format'

    # The new world
    __nstools_option $tool -l hostname -x -d 'Set the host name'
    __nstools_option $tool -l domainname -x -d 'Set the NIS domain name'
    __nstools_option $tool -l loopback -d 'Bring lo up'
    __nstools_option $tool -l monotonic -x -d 'Offset of the monotonic clock'
    __nstools_option $tool -l boottime -x -d 'Offset of the boot-time clock'
    __nstools_option $tool -l setup -x -d 'Command to run inside before the program'
end

function __nstools_kill_child -a tool
    __nstools_option $tool -l kill-child -f -a 'HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2
        PIPE ALRM TERM CHLD CONT STOP TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO POLL PWR SYS' -d "Signal for the child when $tool dies"
end

function __nstools_nsclone_options -a tool
    __nstools_launch_options $tool
    __nstools_program_options $tool
    __nstools_common_options $tool
    __nstools_option $tool -s f -l fork -d 'Accepted, redundant'
    __nstools_option $tool -l init -d 'Run a minimal init as PID 1'
    __nstools_kill_child $tool
    __nstools_option $tool -l keep-child -d 'Let the child outlive nsclone'
    __nstools_option $tool -l no-forward-signals -d 'Do not pass signals on'
    __nstools_option $tool -l into-cgroup -x -a '(__nstools_directories)' -d 'Cgroup that the child is born in'
    __nstools_option $tool -l set-pid -x -d 'Process IDs of the child, innermost first'
    __nstools_option $tool -l pid-file -r -F -d 'Write the PID of the child to a file'
    __nstools_option $tool -l json-status-fd -x -a '(seq 0 9)' -d 'Write status lines to a descriptor'
    __nstools_option $tool -l block-fd -x -a '(seq 0 9)' -d 'Wait for a descriptor before the program starts'
    __nstools_option $tool -l host-setup -x -d 'Command to run outside before the program'
    __nstools_option $tool -l background -d 'Print the PID and exit when the program runs'
    __nstools_option $tool -l pty -d 'Run the program on a terminal of its own'
end

function __nstools_nsunshare_options -a tool
    __nstools_launch_options $tool
    __nstools_program_options $tool
    __nstools_common_options $tool
    __nstools_option $tool -s f -l fork -d 'Run the program as a child and wait'
    __nstools_kill_child $tool
    __nstools_option $tool -l forward-signals -d 'Pass signals on to the child'
    __nstools_option $tool -l files -d 'Unshare the table of descriptors'
    __nstools_option $tool -l fs -d 'Unshare root, working directory and umask'
    __nstools_option $tool -l sysvsem -d 'Unshare System V semaphore adjustments'
end

function __nstools_nsenter_lite_options -a tool
    __nstools_program_options $tool
    __nstools_common_options $tool
    __nstools_option $tool -s t -l target -x -a '(__fish_complete_pids; __nstools_sets)' -d 'The process or the set whose namespaces are meant'
    __nstools_option $tool -s a -l all -d 'All that the target does not share with us'
    for type in m/mount u/uts i/ipc n/net p/pid U/user C/cgroup T/time
        set -l names (string split / $type)
        __nstools_option $tool -s $names[1] -l $names[2] -F -d "The $names[2] namespace"
    end
    __nstools_option $tool -s f -l from -r -F -d 'The namespace that a file is'
    __nstools_option $tool -s N -l net-socket -x -a '(seq 0 9)' -d 'The network namespace of a socket of the target'
    __nstools_option $tool -l user-parent -d 'The parent of the user namespace'
    __nstools_option $tool -s S -l setuid -x -a 'follow (__fish_complete_users)' -d 'Uid of the program'
    __nstools_option $tool -s G -l setgid -x -a 'follow (__fish_complete_groups)' -d 'Gid of the program'
    __nstools_option $tool -l preserve-credentials -d 'Leave uids and gids as they are'
    __nstools_option $tool -l drop-caps -f -a '(__nstools_list (__nstools_capabilities))' -d 'Take capabilities from the program'
    __nstools_option $tool -s r -l root -f -a '(__nstools_directories)' -d 'Root directory'
    __nstools_option $tool -s w -l wd -f -a '(__nstools_directories)' -d 'Working directory'
    __nstools_option $tool -s W -l wdns -f -a '(__nstools_directories)' -d 'Working directory, seen from inside'
    __nstools_option $tool -s e -l env -d "The target's environment"
    __nstools_option $tool -s F -l no-fork -d 'No child, also with a pid namespace'
    __nstools_option $tool -s c -l join-cgroup -d "The target's cgroup"
    __nstools_option $tool -s Z -l follow-context -d "The target's SELinux context"
    __nstools_kill_child $tool
    __nstools_option $tool -l forward-signals -d 'Pass signals on to the child'
    __nstools_option $tool -l pty -d 'Run the program on a terminal of its own'
    set -g (__nstools_with_optional $tool) m u i n p U C T r w W
end

function __nstools_nspin_options -a tool
    __nstools_common_options $tool
    __nstools_option $tool -s t -l target -x -a '(__fish_complete_pids; __nstools_sets)' -d 'The process or the set whose namespaces are meant'
    __nstools_option $tool -s a -l all -d 'All that the target does not share with us, but pid'
    for type in m/mount u/uts i/ipc n/net p/pid U/user C/cgroup T/time
        set -l names (string split / $type)
        __nstools_option $tool -s $names[1] -d "The $names[2] namespace"
        __nstools_option $tool -l $names[2] -F -d "The $names[2] namespace, pinned on a file"
    end
    __nstools_option $tool -l make-private -d 'Make the directory of each pin a private mount'
    __nstools_option $tool -l add -d 'Add to a set that is there'
    __nstools_option $tool -l batch -d 'Read what to keep from standard input'
    __nstools_option $tool -s l -l list -d 'List pins and sets'
    __nstools_option $tool -s A -l everywhere -d 'Also those of other mount namespaces and places'
    __nstools_option $tool -s J -l json -d 'List as JSON'
    __nstools_option $tool -s r -l raw -d 'List without alignment'
    __nstools_option $tool -l noheadings -d 'List without headings'
    __nstools_option $tool -s o -l output -x -a '(__nstools_list NS TYPE SET PATH STATE NPROCS MNTNS)' -d 'Columns of the list'
    __nstools_option $tool -s d -l delete -d 'Delete sets, unpin files'
    __nstools_option $tool -l stale -d 'Remove what is dead or half-made'
    __nstools_option $tool -l hold -d 'Run a program that holds the namespaces open'
    __nstools_option $tool -l keep -x -d 'Keep them by a process, under a name'
end

function __nstools_nsls_options -a tool
    __nstools_common_options $tool
    __nstools_option $tool -s p -l task -x -a '(__fish_complete_pids; __nstools_sets)' -d 'Of a process or of a set'
    __nstools_option $tool -s t -l type -x -a '(__nstools_list mnt uts ipc net pid user cgroup time)' -d 'Of these types'
    __nstools_option $tool -s P -l persistent -d 'That no process is in'
    __nstools_option $tool -l processes -d 'That processes are in, and look at nothing else'
    __nstools_option $tool -s Q -l filter -x -d 'For which an expression is true'
    __nstools_option $tool -l engine -x -a 'auto proc bpf' -d 'How it is looked'
    __nstools_option $tool -s J -l json -d 'As JSON'
    __nstools_option $tool -s l -l list -d 'As a list'
    __nstools_option $tool -s r -l raw -d 'As a list without alignment'
    __nstools_option $tool -s T -l tree -f -a 'owner parent process' -d 'As a tree'
    __nstools_option $tool -s n -l noheadings -d 'Without headings'
    __nstools_option $tool -s u -l notruncate -d 'Do not cut where the terminal ends'
    __nstools_option $tool -s W -l nowrap -d 'Several texts on one line'
    __nstools_option $tool -s o -l output -x -a '(__nstools_list NS TYPE PATH NPROCS PID PPID COMMAND UID USER NETNSID NSFS PNS ONS NSID HELD PINS HOLDERS OWNER USERNS NTHREADS INIT MAPS OFFSETS SET NSPID)' -d 'Columns of the list'
    __nstools_option $tool -l output-all -d 'All columns'
    __nstools_option $tool -s H -l list-columns -d 'List the columns that there are'
    __nstools_option $tool -l compare -d 'Compare the namespaces of processes and sets'
    __nstools_option $tool -l translate -x -a '(__fish_complete_pids)' -d 'The numbers of a process in all pid namespaces'
    __nstools_option $tool -l dot -d 'Print a graph for Graphviz'
    __nstools_option $tool -l watch -f -d 'Print what comes and goes'
    set -g (__nstools_with_optional $tool) T
end

set -l tools nsclone nsunshare nsenter-lite nsls nspin
set -l name (status basename | string replace -r '\.fish$' '')
contains -- $name $tools
and set tools $name
for tool in $tools
    set -e (__nstools_with_argument $tool)
    if contains -- $tool nsls nspin
        complete -c $tool -f -a "(__nstools_complete_"$tool"_operands)"
    else
        complete -c $tool -f -a "(__nstools_complete_program $tool)"
    end
    set -l options __nstools_(string replace -a - _ -- $tool)_options
    $options $tool
end

functions -e __nstools_option __nstools_common_options __nstools_program_options __nstools_launch_options \
    __nstools_kill_child __nstools_nsclone_options __nstools_nsunshare_options __nstools_nsenter_lite_options \
    __nstools_nspin_options __nstools_nsls_options
