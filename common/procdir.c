/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "procdir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "diag.h"
#include "file.h"
#include "kernel.h"
#include "status.h"

/* "Pid:\t42": 0 if it does not show there, -1 if it has ended. */
int procdir_number(int pidfd, pid_t *number, struct diag *d)
{
	char path[48], text[512];
	const char *found;
	long value;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", pidfd);
	if (file_read(path, text, sizeof(text)) < 0)
		return diag_fail(d, path, "look which number the process has");
	found = strstr(text, "\nPid:");
	value = found ? strtol(found + strlen("\nPid:"), NULL, 10) : 0;
	if (value <= 0)
		return diag_set(d, ESRCH, "/proc", value < 0 ? "look at the process" :
				"look at the process, which this proc does not show");
	*number = (pid_t)value;
	return 0;
}

int procdir_open(int pidfd, struct diag *d)
{
	char path[32];
	pid_t number;
	int fd;

	if (procdir_number(pidfd, &number, d) < 0)
		return -1;
	snprintf(path, sizeof(path), "/proc/%d", (int)number);
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? diag_fail(d, path, "look at the process") : fd;
}

/*
 * proc_pid_status(5): NSpid has our numbers from the namespace of that proc down
 * to our own: one, if that is the same. In the proc of one that we are not in,
 * there is no /proc/self.
 */
bool procdir_is_ours(void)
{
	cleanup_free char *text = status_read("/proc/self/status");
	const char *numbers = text ? status_line(text, "NSpid") : NULL;

	return numbers && strcspn(numbers, "\t") > strcspn(numbers, "\n");
}

/* proc_pid_stat(5): the flags are the ninth field, and the name, which is the second, ends with the last bracket. */
bool procdir_has_executed(int pidfd)
{
	char path[32], text[1024];
	const char *rest;
	struct diag ignored;
	unsigned long flags;
	pid_t number;

	if (procdir_number(pidfd, &number, &ignored) < 0)
		return true;
	snprintf(path, sizeof(path), "/proc/%d/stat", (int)number);
	rest = file_read(path, text, sizeof(text)) > 0 ? strrchr(text, ')') : NULL;
	if (!rest || sscanf(rest, ") %*c %*d %*d %*d %*d %*d %lu", &flags) != 1)
		return true;
	return !(flags & KERNEL_PF_FORKNOEXEC);
}
