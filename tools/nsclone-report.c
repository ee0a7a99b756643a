/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nsclone.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "cleanup.h"
#include "diag.h"
#include "file.h"
#include "nsref.h"
#include "procdir.h"

static int write_all(int fd, const char *text)
{
	return file_write_all(fd, text, strlen(text));
}

static int write_new_file(const char *path, const char *text)
{
	cleanup_close int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	return fd < 0 ? -1 : write_all(fd, text);
}

/* What exists under the name of the temporary file is somebody else's, and stays. */
int nsclone_report_pid_file(const char *path, pid_t pid, struct diag *d)
{
	char text[16], aside[4096];
	int len = snprintf(aside, sizeof(aside), "%s.%d", path, (int)pid);

	if (len >= (int)sizeof(aside))
		return diag_set(d, ENAMETOOLONG, path, "write the PID file");
	snprintf(text, sizeof(text), "%d\n", (int)pid);
	if (write_new_file(aside, text) == 0 && rename(aside, path) == 0)
		return 0;
	diag_fail(d, path, "write the PID file");
	if (errno != EEXIST)
		unlink(aside);
	return -1;
}

static int report_pid(int fd, pid_t pid)
{
	char text[16];

	snprintf(text, sizeof(text), "%d\n", (int)pid);
	return write_all(fd, text);
}

int nsclone_report_pid_fd(int fd, pid_t pid, struct diag *d)
{
	return report_pid(fd, pid) < 0 ? diag_fail(d, NULL, "write the PID to descriptor %d", fd) : 0;
}

/* Only since pidfs (6.9) does the inode number of a pidfd name the process: 0 before. -1 and *d. */
static int pidfd_inode(int pidfd, uint64_t *inode, struct diag *d)
{
	struct statfs fs;
	struct stat st;

	*inode = 0;
	if (fstatfs(pidfd, &fs) < 0 || fstat(pidfd, &st) < 0)
		return diag_fail(d, NULL, "look at the pidfd of the child");
	if ((uint32_t)fs.f_type == KERNEL_PIDFS_MAGIC)
		*inode = (uint64_t)st.st_ino;
	return 0;
}

static int write_status(int fd, const char *text, struct diag *d)
{
	return write_all(fd, text) < 0 ? diag_fail(d, NULL, "write the status to descriptor %d", fd) : 0;
}

int nsclone_report_start(int fd, pid_t pid, int pidfd, unsigned int flags, struct diag *d)
{
	char text[1024], path[NSREF_PATH];
	pid_t number = 0;
	uint64_t inode;
	size_t len;

	if (pidfd_inode(pidfd, &inode, d) < 0)
		return -1;
	if (flags && procdir_number(pidfd, &number, d) < 0)
		return -1;

	len = (size_t)snprintf(text, sizeof(text), "{\"child-pid\": %d", (int)pid);
	if (inode)
		len += (size_t)snprintf(text + len, sizeof(text) - len,
					", \"pidfd-inode\": %" PRIu64, inode);
	for (int type = 0; type < NSTYPE_COUNT; type++) {
		uint64_t ns;

		/* One with offsets of its own is entered at exec. */
		if (!(flags & nstype_table[type].flag))
			continue;
		ns = nsref_inode(nsref_path(path, number, type, type == NS_TIME));
		if (!ns)
			return diag_fail(d, path, "look at the new %s namespace", nstype_table[type].words);
		len += (size_t)snprintf(text + len, sizeof(text) - len, ", \"%s-namespace\": %" PRIu64,
					nstype_table[type].name, ns);
	}
	snprintf(text + len, sizeof(text) - len, "}\n");
	return write_status(fd, text, d);
}

int nsclone_report_end(int fd, const struct ended *e, struct diag *d)
{
	char text[80];

	if (e->signal)
		snprintf(text, sizeof(text), "{\"exit-code\": %d, \"exit-signal\": %d}\n",
			 128 + e->signal, e->signal);
	else
		snprintf(text, sizeof(text), "{\"exit-code\": %d}\n", e->status);
	return write_status(fd, text, d);
}

int nsclone_report_pid(pid_t pid, struct diag *d)
{
	return report_pid(STDOUT_FILENO, pid) < 0 ? diag_fail(d, NULL, "write the PID to stdout") : 0;
}
