/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * guard: keeps our executable and our process from the programs that a launch
 * starts, where these come from files that are not the caller's: from the root
 * directory of an image, or from another mount namespace.
 *
 * Such a program can make the process that executes it execute /proc/self/exe,
 * which is our executable (trampoline.h); and it can open /proc/PID/exe of a
 * process of ours that it may trace. If its ids allow that, it then overwrites
 * the file, and the caller runs what it has written (CVE-2019-5736).
 */

struct diag;
struct plan;

/*
 * Sets plan->guard where the programs of the plan have to be executed by way of
 * the trampoline: where plan->foreign_files is set, and the file of our executable
 * belongs to, or can be written by, the caller or an id that a new user
 * namespace maps. Makes no system call without plan->foreign_files. To be called when
 * the maps are known, and before anything is entered.
 *
 * Returns 0, or -1 with *d set: a process of a set-up command could trace us
 * when our ids change, because fs.suid_dumpable is 1 (untraceable.h).
 */
int guard_decide(struct plan *plan, struct diag *d);

/*
 * Hides this process, which is in the new namespaces, from the programs of a
 * plan with plan->foreign_files: it is untraceable until it executes one
 * (untraceable.h). To be called before the first of them starts, and after the
 * last write to /proc/self. Does nothing for a process that enters namespaces,
 * which is untraceable long before. Returns 0, or -1 with *d set.
 */
int guard_hide(const struct plan *plan, struct diag *d);

/*
 * The same for a process that stays outside. Programs in a new user namespace
 * cannot trace it; without one, they can if they have its ids and its
 * capabilities.
 */
int guard_hide_outside(const struct plan *plan, struct diag *d);

/*
 * The same for the launcher, before its child starts the first of the programs.
 * With nsunshare it is in the new namespaces, but for the root directory.
 */
int guard_hide_launcher(const struct plan *plan, struct diag *d);
