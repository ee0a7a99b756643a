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

/* Is there one for this architecture? */
extern const bool trampoline_there;

/*
 * execve(2) of PATH by way of it. If the program cannot be executed, it is the
 * trampoline that says so on the descriptor SAYS_TO, beginning with SAYS ("nsenter-lite:
 * execute: /bin/x: "), and ends with status 126 or 127; what can be found out
 * before should be. Returns -1 and *d if there is no getting that far.
 */
int trampoline_exec(const char *path, char *const argv[], char **env, const char *says,
		    int says_to, struct diag *d);
