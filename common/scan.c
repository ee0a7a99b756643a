/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scan.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cleanup.h"
#include "diag.h"
#include "file.h"
#include "nsfs.h"
#include "number.h"

/* A zombie has let go of all but its PID and user namespace. */
bool scan_is_gone(int err)
{
	return err == ENOENT || err == ESRCH;
}

bool scan_is_forbidden(int err)
{
	return err == EACCES || err == EPERM;
}

int scan_link(int dir, const char *name, uint64_t *ns)
{
	char text[64];
	ssize_t len = readlinkat(dir, name, text, sizeof(text) - 1);

	*ns = 0;
	if (len < 0)
		return scan_is_gone(errno) ? 0 : -1;
	text[len] = '\0';
	*ns = nsfs_parse(text);
	return 1;
}

int scan_links(int dir, unsigned int types, uint64_t ns[NSTYPE_COUNT])
{
	int known = 0;

	for (int type = 0; type < NSTYPE_COUNT; type++) {
		int one = 0;

		ns[type] = 0;
		if (types & nstype_table[type].flag)
			one = scan_link(dir, nstype_table[type].name, &ns[type]);
		if (one < 0)
			return -1;
		known |= one;
	}
	return known;
}

static int look(int proc, pid_t pid, unsigned int types, uint64_t ns[NSTYPE_COUNT])
{
	cleanup_close int dir = -1;
	char path[24];

	snprintf(path, sizeof(path), "%d/ns", (int)pid);
	dir = openat(proc, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return scan_is_gone(errno) ? 0 : -1;
	return scan_links(dir, types, ns);
}

static int see_one(int proc, pid_t pid, unsigned int types, scan_see *see, void *arg,
		   unsigned long *unread, struct diag *d)
{
	struct scan_process process = { .pid = pid };
	int known = look(proc, pid, types, process.ns);
	char name[16];

	if (known > 0)
		return see(arg, &process, d);
	snprintf(name, sizeof(name), "%d", (int)pid);
	/* Nobody's descriptors or memory may fail in silence. */
	if (known < 0 && !scan_is_forbidden(errno))
		return diag_fail(d, name, "look at a process");
	*unread += known < 0;
	return 0;
}

static int add_pid(pid_t **pids, size_t *n, const char *name)
{
	uint64_t pid;
	pid_t *larger;

	if (number_parse(name, INT_MAX, &pid) < 0)
		return 0;
	/* Full at powers of two, from 256 on. */
	if (!*n || (*n >= 256 && !(*n & (*n - 1)))) {
		larger = reallocarray(*pids, *n ? *n * 2 : 256, sizeof(**pids));
		if (!larger)
			return -1;
		*pids = larger;
	}
	(*pids)[(*n)++] = (pid_t)pid;
	return 0;
}

int scan_pids(int proc, pid_t **pids, size_t *n)
{
	DIR *dir = file_list(proc);
	cleanup_free pid_t *found = NULL;
	const struct dirent *entry;
	int err;

	*n = 0;
	if (!dir)
		return -1;
	do {
		errno = 0;
		entry = readdir(dir);
	} while (entry && add_pid(&found, n, entry->d_name) == 0);
	err = errno;
	closedir(dir);
	errno = err;
	if (err)
		return -1;
	*pids = found;
	found = NULL;
	return 0;
}

int scan_processes(unsigned int types, scan_see *see, void *arg, unsigned long *unread,
		   struct diag *d)
{
	cleanup_close int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	cleanup_free pid_t *pids = NULL;
	size_t n;
	int ret = 0;

	*unread = 0;
	if (proc < 0 || scan_pids(proc, &pids, &n) < 0)
		return diag_fail(d, "/proc", "look which processes there are");
	for (size_t i = 0; ret == 0 && i < n; i++)
		ret = see_one(proc, pids[i], types, see, arg, unread, d);
	return ret;
}
