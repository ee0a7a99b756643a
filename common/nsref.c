/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nsref.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"

char *nsref_path(char path[NSREF_PATH], pid_t pid, enum nstype type, bool children)
{
	const char *name = children ? nstype_table[type].children : nstype_table[type].name;

	if (pid)
		snprintf(path, NSREF_PATH, "/proc/%d/ns/%s", (int)pid, name);
	else
		snprintf(path, NSREF_PATH, "/proc/self/ns/%s", name);
	return path;
}

bool nsref_supported(enum nstype type)
{
	char path[NSREF_PATH];

	return access(nsref_path(path, 0, type, false), F_OK) == 0;
}

uint64_t nsref_inode(const char *path)
{
	struct stat st;

	return stat(path, &st) < 0 ? 0 : (uint64_t)st.st_ino;
}

uint64_t nsref_id(const char *path)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	uint64_t id;

	return fd >= 0 && ioctl(fd, KERNEL_NS_GET_ID, &id) == 0 ? id : 0;
}
