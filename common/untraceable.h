/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * untraceable: the one way into namespaces that exist, and why nobody in there
 * can lay hands on a process of ours.
 *
 * A process with CAP_SYS_PTRACE in a user namespace may trace each process in it
 * that is dumpable, and then has that process's root directory, descriptors and
 * capabilities. A process that joins a user namespace often stays dumpable: the
 * kernel takes its new credentials for a subset of the old ones whenever the
 * owner of that namespace is its effective uid (commit_creds() and
 * cred_cap_issubset(), kernel/cred.c; ptrace(2), "Ptrace access mode checking").
 * So it makes itself undumpable first.
 */

struct diag;

/*
 * Makes this process, and the children that it forks from now on, untraceable
 * for each process without CAP_SYS_PTRACE in the user namespace in which its
 * program was executed, until it executes another program. The files of its
 * directory in /proc belong to root meanwhile: an ordinary user cannot write its
 * own maps there. To be called before a user namespace is joined, and before one
 * is made that gets another owner; each change of credentials may undo it, so
 * cred_apply() does it again.
 *
 * Returns 0, or -1 with *d set. Where the sysctl fs.suid_dumpable is 1 it fails:
 * there the kernel makes a process dumpable whenever its credentials change, and
 * nothing that is done afterwards is early enough.
 */
int untraceable(struct diag *d);

/*
 * Its two halves. The first makes no use of /proc: for after a change of
 * credentials, and for a process whose /proc can be somebody else's by then. The
 * second looks at fs.suid_dumpable, and can be called before.
 */
int untraceable_again(struct diag *d);
int untraceable_lasts(struct diag *d);

/*
 * setns(2), with its return value and errno; nothing else in this suite calls
 * that. A process that joins a user namespace is undumpable from before on; if it
 * cannot be, errno is ENOTRECOVERABLE. That fs.suid_dumpable allows it,
 * untraceable() has found out before.
 */
int untraceable_setns(int fd, unsigned int flags);
