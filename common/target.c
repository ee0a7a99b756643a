/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "cleanup.h"
#include "diag.h"
#include "file.h"
#include "kernel.h"
#include "number.h"
#include "procdir.h"
#include "status.h"

bool target_is_set_name(const char *text)
{
	static const char begin[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_";
	size_t len = strlen(text);

	return len > 0 && len <= TARGET_SET_MAX && strspn(text, begin) > 0 &&
	       strspn(text + 1, "0123456789.-ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_") == len - 1;
}

int target_parse(struct target_name *name, const char *text, const char *option, struct diag *d)
{
	size_t len = strcspn(text, ":");
	char pid[16];
	uint64_t value;

	*name = (struct target_name){ .set = target_is_set_name(text) ? text : NULL };
	if (name->set)
		return 0;
	if (len < sizeof(pid)) {
		memcpy(pid, text, len);
		pid[len] = '\0';
		if (number_parse(pid, INT_MAX, &value) == 0)
			name->pid = (pid_t)value;
	}
	if (name->pid && (!text[len] || (number_parse(text + len + 1, UINT64_MAX, &name->inode) == 0 &&
					 name->inode)))
		return 0;
	return diag_usage(d, "%s: '%s' is not PID, PID:INODE or the name of a set", option, text);
}

/* On older kernels all pidfds have one inode, which proves nothing. */
static int check_inode(int pidfd, const struct target_name *name, const char *proc, struct diag *d)
{
	struct statfs fs;
	struct stat st;

	if (fstatfs(pidfd, &fs) < 0 || fstat(pidfd, &st) < 0)
		return diag_fail(d, proc, "look at the inode of the process");
	if ((uint32_t)fs.f_type != KERNEL_PIDFS_MAGIC)
		return diag_set(d, 0, proc, "this kernel has no inodes of processes (Linux 6.9)");
	if (st.st_ino != name->inode)
		return diag_set(d, 0, proc, "another process: its inode is %llu",
				(unsigned long long)st.st_ino);
	return 0;
}

static int open_pidfd(const char *proc, pid_t pid, struct diag *d)
{
	int fd = kernel_pidfd_open(pid, 0);

	/* It may be a thread that is no process. */
	if (fd < 0 && (errno == ENOENT || errno == EINVAL))
		fd = kernel_pidfd_open(pid, KERNEL_PIDFD_THREAD);
	if (fd >= 0)
		return fd;
	diag_fail(d, proc, "hold the process");
	return d->err != EINVAL ? -1 :
	       diag_hint(d, "%d is no process, but a thread of one, which takes Linux 6.9", (int)pid);
}

int target_open(struct target *t, const struct target_name *name, struct diag *d)
{
	cleanup_close int fd = -1;
	char proc[32];

	snprintf(proc, sizeof(proc), "%d", (int)name->pid);
	fd = open_pidfd(proc, name->pid, d);
	if (fd < 0 || (name->inode && check_inode(fd, name, proc, d) < 0))
		return -1;
	t->pid = name->pid;
	t->pidfd = steal_fd(&fd);
	return 0;
}

int target_look(struct target *t, struct diag *d)
{
	if (t->proc >= 0)
		return 0;
	if (target_check(t, d) < 0)
		return -1;
	t->proc = procdir_open(t->pidfd, d);
	/* Opened by number: still the one that is held? */
	return t->proc < 0 ? -1 : target_check(t, d);
}

int target_file(const struct target *t, const char *file, int flags, const char *step,
		struct diag *d)
{
	int fd = openat(t->proc, file, flags | O_CLOEXEC | O_NOCTTY);
	char path[64];

	if (fd >= 0)
		return fd;
	snprintf(path, sizeof(path), "/proc/%d/%s", (int)t->pid, file);
	return diag_fail(d, path, "%s", step);
}

int target_check(const struct target *t, struct diag *d)
{
	struct pollfd fd = { .fd = t->pidfd, .events = POLLIN };

	int ended = poll(&fd, 1, 0);

	if (ended <= 0)
		return ended < 0 ? diag_fail(d, NULL, "look whether process %d lives", (int)t->pid) : 0;
	return diag_set(d, 0, NULL, "process %d has ended", (int)t->pid);
}

void target_close(struct target *t)
{
	cleanup_close_fd(&t->pidfd);
	cleanup_close_fd(&t->proc);
	*t = TARGET_NONE;
}

char *target_status(const struct target *t, struct diag *d)
{
	cleanup_close int fd = target_file(t, "status", O_RDONLY, "look at the process", d);
	char *text = fd < 0 ? NULL : status_read_fd(fd);

	if (fd >= 0 && !text)
		diag_fail(d, "status", "look at process %d", (int)t->pid);
	return text;
}

int target_id(const struct target *t, const char *name, uint32_t *id, struct diag *d)
{
	cleanup_free char *text = target_status(t, d);
	const char *effective;
	uint64_t value;

	if (!text)
		return -1;
	effective = status_number(status_line(text, name), 10, &value);
	if (!status_number(effective, 10, &value) || value > UINT32_MAX)
		return diag_set(d, EINVAL, "status", "look at process %d", (int)t->pid);
	*id = (uint32_t)value;
	return 0;
}

/* "27 1000 1001 \n"; NULL: no line. */
static bool has_number(const char *line, gid_t number)
{
	uint64_t value;

	while ((line = status_number(line, 10, &value)))
		if (value == number)
			return true;
	return false;
}

bool target_has_groups(const struct target *t, const gid_t *groups, int n)
{
	struct diag ignored;
	cleanup_free char *text = target_status(t, &ignored);
	const char *line = text ? status_line(text, "Groups") : NULL;
	uint32_t gid;

	if (target_id(t, "Gid", &gid, &ignored) < 0)
		return false;
	/* Groups that our user namespace does not map all look like the overflow gid. */
	for (int i = 0; i < n; i++)
		if (groups[i] == KERNEL_OVERFLOW_ID ||
		    (groups[i] != gid && !has_number(line, groups[i])))
			return false;
	return true;
}
