// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * pidfd-inode PID: print the inode number of a pidfd of PID. Exit status 1 if
 * the kernel has no pidfs (before 6.9), where it says nothing.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif

enum { PIDFS_MAGIC = 0x50494446 };

int main(int argc, char **argv)
{
	int fd = argc == 2 ? (int)syscall(SYS_pidfd_open, atoi(argv[1]), 0) : -1;
	struct statfs fs;
	struct stat st;

	if (fd < 0 || fstatfs(fd, &fs) < 0 || fstat(fd, &st) < 0)
		return 99;
	if ((unsigned long)fs.f_type != PIDFS_MAGIC)
		return 1;
	printf("%llu\n", (unsigned long long)st.st_ino);
	return 0;
}
