/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scan.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "cleanup.h"
#include "diag.h"
#include "nsfs.h"
#include "number.h"

/* It has ended, or a zombie has let go of it. */
static bool is_gone(int err)
{
	return err == ENOENT || err == ESRCH;
}

/* 1: some of them are known; 0: it has ended; -1 with errno. */
static int look(int proc, const char *pid, unsigned int types, struct scan_process *process)
{
	cleanup_close int dir = -1;
	char path[24], link[64];
	int known = 0;

	snprintf(path, sizeof(path), "%.10s/ns", pid);
	dir = openat(proc, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return is_gone(errno) ? 0 : -1;
	for (int type = 0; type < NSTYPE_COUNT; type++) {
		ssize_t len;

		process->ns[type] = 0;
		if (!(types & nstype_table[type].flag))
			continue;
		len = readlinkat(dir, nstype_table[type].name, link, sizeof(link) - 1);
		if (len < 0 && !is_gone(errno))
			return -1;
		if (len < 0)
			continue;
		link[len] = '\0';
		process->ns[type] = nsfs_parse(link);
		known = 1;
	}
	return known;
}

static int see_one(DIR *dir, const char *name, unsigned int types, scan_see *see, void *arg,
		   unsigned long *unread, struct diag *d)
{
	struct scan_process process;
	uint64_t pid;
	int known;

	if (number_parse(name, INT_MAX, &pid) < 0)
		return 0;
	process.pid = (pid_t)pid;
	known = look(dirfd(dir), name, types, &process);
	if (known > 0)
		return see(arg, &process, d);
	/* That we are out of descriptors must not pass for what is not ours to see. */
	if (known < 0 && errno != EACCES && errno != EPERM)
		return diag_fail(d, name, "look at a process");
	*unread += known < 0;
	return 0;
}

int scan_processes(unsigned int types, scan_see *see, void *arg, unsigned long *unread,
		   struct diag *d)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	int ret = 0;

	*unread = 0;
	if (!dir)
		return diag_fail(d, "/proc", "look which processes there are");
	while (ret == 0) {
		errno = 0;
		entry = readdir(dir);
		if (!entry)
			break;
		ret = see_one(dir, entry->d_name, types, see, arg, unread, d);
	}
	if (ret == 0 && errno)
		ret = diag_fail(d, "/proc", "look which processes there are");
	closedir(dir);
	return ret;
}
