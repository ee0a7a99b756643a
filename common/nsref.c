/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nsref.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cleanup.h"
#include "diag.h"

char *nsref_path(char path[NSREF_PATH], pid_t pid, enum nstype type, bool children)
{
	const char *name = children ? nstype_table[type].children : nstype_table[type].name;

	if (pid)
		snprintf(path, NSREF_PATH, "/proc/%d/ns/%s", (int)pid, name);
	else
		snprintf(path, NSREF_PATH, "/proc/self/ns/%s", name);
	return path;
}

/* Anything but ENOENT says nothing about the kernel, and what then needs the namespace fails with its reason. */
bool nsref_supported(enum nstype type)
{
	char path[NSREF_PATH];

	return access(nsref_path(path, 0, type, false), F_OK) == 0 || errno != ENOENT;
}

int nsref_check(int fd, int *type, const char *file, struct diag *d)
{
	int flag = ioctl(fd, KERNEL_NS_GET_NSTYPE);
	int found = 0;

	if (flag < 0)
		return diag_set(d, errno == ENOTTY ? 0 : errno, file, "no namespace");
	while (found < NSTYPE_COUNT && nstype_table[found].flag != (unsigned int)flag)
		found++;
	if (found == NSTYPE_COUNT)
		return diag_set(d, 0, file, "a namespace of an unknown type (%#x)", (unsigned int)flag);
	if (*type >= 0 && *type != found)
		return diag_set(d, 0, file, "no %s namespace, but a %s namespace",
				nstype_table[*type].words, nstype_table[found].words);
	*type = found;
	return 0;
}

int nsref_open(const char *file, int *type, struct diag *d)
{
	cleanup_close int fd = open(file, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		return diag_fail(d, file, "open the namespace");
	return nsref_check(fd, type, file, d) < 0 ? -1 : steal_fd(&fd);
}

bool nsref_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

void nsref_none(int fd[NSTYPE_COUNT])
{
	for (int type = 0; type < NSTYPE_COUNT; type++)
		fd[type] = -1;
}

bool nsref_any(const int fd[NSTYPE_COUNT])
{
	for (int type = 0; type < NSTYPE_COUNT; type++)
		if (fd[type] >= 0)
			return true;
	return false;
}

void nsref_close_all(int fd[NSTYPE_COUNT])
{
	for (int type = 0; type < NSTYPE_COUNT; type++)
		cleanup_close_fd(&fd[type]);
	nsref_none(fd);
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
