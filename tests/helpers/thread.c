// SPDX-License-Identifier: GPL-2.0-or-later
/* thread: print the id of a thread that is not the first one, and wait. */
#include <stdio.h>
#include <sys/syscall.h>
#include <threads.h>
#include <unistd.h>

static int run(void *nothing)
{
	(void)nothing;
	printf("%ld\n", syscall(SYS_gettid));
	fflush(stdout);
	for (;;)
		pause();
	return 0;
}

int main(void)
{
	thrd_t thread;

	if (thrd_create(&thread, run, NULL) != thrd_success)
		return 99;
	for (;;)
		pause();
}
