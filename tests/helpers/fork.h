// SPDX-License-Identifier: GPL-2.0-or-later
/* fork(2) with flags of clone(2), SIGCHLD among them. */
#pragma once
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

static inline pid_t fork_with(unsigned long flags)
{
#ifdef __s390__ /* has the stack first, see clone(2) */
	return (pid_t)syscall(SYS_clone, NULL, flags, NULL, NULL, NULL);
#else
	return (pid_t)syscall(SYS_clone, flags, NULL, NULL, NULL, NULL);
#endif
}
