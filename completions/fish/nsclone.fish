# nsclone(1) completion
# SPDX-License-Identifier: GPL-2.0-or-later

# Print the words of the program before the cursor; fail when options still may come.
function __nsclone_program
    set -l with_argument --map-user --map-group --map-users --map-groups --owner \
        --setgroups --setuid --setgid --propagation --root --wd --load-interp \
        --hostname --domainname --monotonic --boottime --setup --keep-env \
        --whitelist-env --setenv --into-cgroup --set-pid --pid-file \
        --json-status-fd --block-fd --host-setup
    set -l words (commandline -opc)
    set -e words[1]
    while set -q words[1]
        switch $words[1]
            case '-*'
                # In a bundle the first letter that takes an argument ends it.
                if contains -- $words[1] $with_argument
                    or string match -qr -- '^-[^-SGRwl]*[SGRwl]$' $words[1]
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

function __nsclone_complete_program
    set -l words (__nsclone_program)
    if set -q words[1]
        set words (string escape -- $words)
    else if string match -q -- '-*' (commandline -ct)
        return
    end
    __fish_complete_subcommand --commandline $words (commandline -ct)
end

function __nsclone_directories
    __fish_complete_directories (commandline -ct | string replace -r -- '^--[a-z-]+=' '')
end

# The arguments, each after what a comma-separated list holds already.
function __nsclone_list
    set -l begun (commandline -ct | string match -rg -- '^(?:--[a-z-]+=)?(.*,)')
    printf '%s\n' "$begun"$argv
end

function __nsclone_owner
    set -l user (commandline -ct | string match -rg -- '^(?:--owner=)?([^:]*:)')
    if set -q user[1]
        printf '%s\n' $user(__fish_complete_groups)
    else
        printf '%s:\n' (__fish_complete_users | string replace -r '\t.*' '')
    end
end

function __nsclone_option
    complete -c nsclone -n 'not __nsclone_program' $argv
end

complete -c nsclone -f -a '(__nsclone_complete_program)'

# Namespaces: only the long options take an argument.
set -l type
for type in m/mount u/uts i/ipc n/net p/pid U/user C/cgroup T/time
    set -l names (string split / $type)
    __nsclone_option -s $names[1] -d "New $names[2] namespace"
    __nsclone_option -l $names[2] -F -d "New $names[2] namespace, pinned on a file"
end
__nsclone_option -s a -l all -d 'Every type of namespace but user'
__nsclone_option -l make-private -d 'Make the directory of each pin a private mount'

# Identity
__nsclone_option -s r -l map-root-user -d 'Map the effective uid and gid to 0'
__nsclone_option -s c -l map-current-user -d 'Map the effective uid and gid to themselves'
__nsclone_option -l map-user -x -a '(__fish_complete_users)' -d 'Map the effective uid to this one'
__nsclone_option -l map-group -x -a '(__fish_complete_groups)' -d 'Map the effective gid to this one'
__nsclone_option -l map-users -x -a 'auto subids all' -d 'Map a range of uids'
__nsclone_option -l map-groups -x -a 'auto subids all' -d 'Map a range of gids'
__nsclone_option -l map-auto -d 'Map all subordinate uids and gids, from 0'
__nsclone_option -l map-subids -d 'Map all subordinate uids and gids to themselves'
__nsclone_option -l owner -x -a '(__nsclone_owner)' -d 'Owner of the new user namespace'
__nsclone_option -l setgroups -x -a 'allow deny' -d 'Permit setgroups in the new user namespace'
__nsclone_option -s S -l setuid -x -a '(__fish_complete_users)' -d 'Uid of the program'
__nsclone_option -s G -l setgid -x -a '(__fish_complete_groups)' -d 'Gid of the program'
__nsclone_option -l keep-caps -d 'Let the program keep the capabilities'
__nsclone_option -l no-new-privs -d 'Set no_new_privs'

# Files
__nsclone_option -l propagation -x -a 'private shared slave unchanged' -d 'Propagation of all mounts'
__nsclone_option -s R -l root -x -a '(__nsclone_directories)' -d 'Root directory'
__nsclone_option -s w -l wd -x -a '(__nsclone_directories)' -d 'Working directory'
__nsclone_option -l mount-proc -f -a '(__nsclone_directories)' -d 'Mount proc'
__nsclone_option -l mount-sys -f -a '(__nsclone_directories)' -d 'Mount sysfs'
__nsclone_option -l mount-binfmt -f -a '(__nsclone_directories)' -d 'Mount binfmt_misc'
__nsclone_option -s l -l load-interp -x -d 'Register a binary format'

# The new world
__nsclone_option -l hostname -x -d 'Set the host name'
__nsclone_option -l domainname -x -d 'Set the NIS domain name'
__nsclone_option -l loopback -d 'Bring lo up'
__nsclone_option -l monotonic -x -d 'Offset of the monotonic clock'
__nsclone_option -l boottime -x -d 'Offset of the boot-time clock'
__nsclone_option -l setup -x -d 'Command to run inside before the program'

# Environment
__nsclone_option -l clear-env -d 'Empty environment'
__nsclone_option -l keep-env -x -a '(__nsclone_list (set -nx))' -d 'Keep only these variables'
__nsclone_option -l whitelist-env -x -a '(__nsclone_list (set -nx))' -d 'Keep only these variables'
__nsclone_option -l setenv -x -a '(set -nx)=' -d 'Set a variable'
__nsclone_option -l close-fds -f -a '(__nsclone_list (seq 0 9))' -d 'Close all descriptors over 2 but these'

# The process
__nsclone_option -s f -l fork -d 'Accepted, redundant'
__nsclone_option -l init -d 'Run a minimal init as PID 1'
__nsclone_option -l kill-child -f -a 'HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2
    PIPE ALRM TERM CHLD CONT STOP TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO POLL PWR SYS' -d 'Signal for the child when nsclone dies'
__nsclone_option -l keep-child -d 'Let the child outlive nsclone'
__nsclone_option -l no-forward-signals -d 'Do not pass signals on'
__nsclone_option -l into-cgroup -x -a '(__nsclone_directories)' -d 'Cgroup that the child is born in'
__nsclone_option -l set-pid -x -d 'Process IDs of the child, innermost first'
__nsclone_option -l pid-file -r -F -d 'Write the PID of the child to a file'
__nsclone_option -l json-status-fd -x -a '(seq 0 9)' -d 'Write status lines to a descriptor'
__nsclone_option -l block-fd -x -a '(seq 0 9)' -d 'Wait for a descriptor before the program starts'
__nsclone_option -l host-setup -x -d 'Command to run outside before the program'
__nsclone_option -l background -d 'Print the PID and exit when the program runs'
__nsclone_option -s h -l help -d 'Show help'
__nsclone_option -s V -l version -d 'Show the version'

functions -e __nsclone_option
