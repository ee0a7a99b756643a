// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * thread FILE: a thread that is not the first one goes to a UTS namespace of its
 * own, writes its id to FILE, and both wait.
 */
#include <sched.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <threads.h>
#include <unistd.h>

static int run(void *name)
{
	FILE *file;

	if (unshare(CLONE_NEWUTS) < 0)
		_exit(98);
	file = fopen(name, "we");
	if (!file || fprintf(file, "%ld\n", syscall(SYS_gettid)) < 0 || fclose(file))
		_exit(97);
	for (;;)
		pause();
	return 0;
}

int main(int argc, char **argv)
{
	thrd_t thread;

	if (argc != 2 || thrd_create(&thread, run, argv[1]) != thrd_success)
		return 99;
	for (;;)
		pause();
}
