// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * type-into TEXT
 *
 * Type TEXT, and a newline, into every terminal at hand by TIOCSTI: descriptors
 * 0, 1 and 2, and the controlling terminal. Exit status 1 if none takes it.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static bool type(int fd, const char *text)
{
	for (const char *c = text; *c; c++)
		if (ioctl(fd, TIOCSTI, c) < 0)
			return false;
	return ioctl(fd, TIOCSTI, "\n") == 0;
}

int main(int argc, char **argv)
{
	bool taken = false;
	int fd;

	if (argc != 2)
		return 99;
	for (fd = 0; fd < 3; fd++)
		taken |= type(fd, argv[1]);
	fd = open("/dev/tty", O_RDWR);
	if (fd >= 0)
		taken |= type(fd, argv[1]);
	return !taken;
}
