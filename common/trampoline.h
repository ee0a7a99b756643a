/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * trampoline: execute a program that an enemy has written, without that he
 * gets hold of our own executable.
 *
 * While execve(2) looks up what a script names as its interpreter, /proc/self/exe
 * is the file of who calls it. A script that begins with "#!/proc/self/exe" thus
 * runs our executable, and whoever may trace that process, root in a container
 * say, opens the file through /proc/PID/exe and overwrites it (CVE-2019-5736).
 * So a tiny program in a memfd is executed first, and that executes the program.
 * The memfd is never executed again, so that nothing is gained by writing to it.
 */

#include <stdbool.h>

struct diag;
struct run_guard;

/* Is there one for this architecture? */
extern const bool trampoline_there;

/*
 * execve(2) of PATH by way of it. If the program cannot be executed, it is the
 * trampoline that says so: first to the user, on the descriptor GUARD->errors, beginning
 * with SAYS ("nsenter-lite: execute: /bin/x: "), then by GATE_UNEXECUTED over
 * GUARD->gate. It waits until the other side of the gate is closed, and ends with
 * status 126 or 127. Executing the program closes the gate. What can be found out
 * before should be.
 *
 * Returns -1 with *d set if not even the trampoline can be executed.
 */
int trampoline_exec(const char *path, char *const argv[], char **env, const char *says,
		    const struct run_guard *guard, struct diag *d);
