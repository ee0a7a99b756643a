// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * exec-with PROGRAM [NAME=VALUE...] [-- ARG...]: execute it with just this
 * environment, names twice if given twice, and these arguments. Without "--"
 * it has no argument at all, not even argv[0].
 */
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	char **end = argv + 2;

	if (argc < 2)
		return 99;
	while (*end && strcmp(*end, "--") != 0)
		end++;
	if (*end) {
		/* The "--" becomes argv[0]; the environment ends before it, so it is moved. */
		memmove(argv, argv + 1, (size_t)(end - argv - 1) * sizeof(*argv));
		end[-1] = NULL;
		*end = argv[0];
		execve(argv[0], end, argv + 1);
	} else {
		execve(argv[1], end, argv + 2);
	}
	return 98;
}
