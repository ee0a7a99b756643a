// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The dynamic loader of a hostile image: opens the executable that the kernel
 * has loaded it for, as descriptor 9, and executes /bin/sh /bin/keep ARG, where
 * ARG is argv[1] of that executable.
 */
#if defined(__x86_64__) || defined(__aarch64__)
#include "../bench/bare.h"

void bare_main(long *stack)
{
	char **argv = (char **)(stack + 1);
	char *keep[4];
	int fd = (int)bare_open("/proc/self/exe", O_RDONLY);

	keep[0] = (char *)"sh";
	keep[1] = (char *)"/bin/keep";
	keep[2] = stack[0] > 1 ? argv[1] : (char *)0;
	keep[3] = (char *)0;
	if (fd < 0 || bare_call(SYS_dup3, fd, 9, 0, 0, 0) < 0)
		bare_exit(98);
	bare_call(SYS_execve, (long)"/bin/busybox", (long)keep, (long)(argv + stack[0] + 1), 0, 0);
	bare_exit(99);
}
#else
void _start(void);

void _start(void)
{
	for (;;)
		;
}
#endif
