// SPDX-License-Identifier: GPL-2.0-or-later
/* ns-owner FILE: print the uid that owns the user namespace of FILE, as seen from ours. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/types.h>

enum { GET_OWNER_UID = 0xb704 }; /* NS_GET_OWNER_UID, ioctl_ns(2) */

int main(int argc, char **argv)
{
	int fd = argc == 2 ? open(argv[1], O_RDONLY) : -1;
	uid_t uid;

	if (fd < 0 || ioctl(fd, GET_OWNER_UID, &uid) < 0)
		return 99;
	printf("%u\n", (unsigned int)uid);
	return 0;
}
