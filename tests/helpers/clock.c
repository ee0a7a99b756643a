// SPDX-License-Identifier: GPL-2.0-or-later
/* clock monotonic|boottime: what the clock shows, in nanoseconds. */
#include <stdio.h>
#include <string.h>
#include <time.h>

int main(int argc, char **argv)
{
	clockid_t id = argc > 1 && !strcmp(argv[1], "boottime") ? CLOCK_BOOTTIME : CLOCK_MONOTONIC;
	struct timespec now;

	if (clock_gettime(id, &now) < 0)
		return 1;
	return printf("%lld%09ld\n", (long long)now.tv_sec, now.tv_nsec) < 0;
}
