/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nsenter-lite.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "caps.h"
#include "cleanup.h"
#include "diag.h"
#include "file.h"
#include "nsref.h"
#include "status.h"

/* More is no environment: execve(2) takes less. A process can call any of its memory so. */
enum { ENVIRON_MAX = 8 << 20 };

int nsenter_read_environ(struct opened *o, struct diag *d)
{
	cleanup_close int fd = target_file(&o->target, "environ", O_RDONLY, "read the environment", d);

	if (fd < 0)
		return -1;
	o->environ = file_read_all(fd, ENVIRON_MAX, &o->environ_size);
	if (!o->environ)
		return diag_fail(d, "environ", "read the environment of process %d", (int)o->target.pid);
	return 0;
}

/* Is FD or, without one, PATH in the target's directory, the same as OWN? 1, 0, or -1 if it cannot be told. */
static int is_ours(const struct opened *o, int fd, const char *path, const char *own)
{
	struct stat a, b;

	if (stat(own, &a) < 0 || (fd >= 0 ? fstat(fd, &b) : fstatat(o->target.proc, path, &b, 0)) < 0)
		return -1;
	return nsref_same(&a, &b);
}

/* Will the program find other files than the caller does? */
static bool goes_to_other_files(const struct opened *o)
{
	char own[NSREF_PATH];
	const bool mnt = o->source[NS_MNT].fd >= 0 || (o->flags & CLONE_NEWNS);

	if (mnt && is_ours(o, o->source[NS_MNT].fd, "ns/mnt", nsref_path(own, 0, NS_MNT, false)) == 0)
		return true;
	return o->root >= 0 && is_ours(o, o->root, NULL, "/") == 0;
}

/* Could the target do itself whatever the caller can? */
static bool is_as_mighty(const struct opened *o, const char *status)
{
	const uint64_t own = caps_permitted();
	char path[NSREF_PATH];
	uint64_t uid, caps;

	if (!status_number(status_line(status, "Uid"), 10, &uid) || uid != geteuid())
		return false;
	if (!status_number(status_line(status, "CapPrm"), 16, &caps))
		return false;
	if (!own)
		return true;
	return !(own & ~caps) &&
	       is_ours(o, -1, "ns/user", nsref_path(path, 0, NS_USER, false)) == 1;
}

int nsenter_check_environ(const struct opened *o, struct diag *d)
{
	cleanup_free char *status = NULL;

	if (goes_to_other_files(o))
		return 0;
	status = target_status(&o->target, d);
	if (!status)
		return -1;
	if (is_as_mighty(o, status))
		return 0;
	diag_set(d, 0, NULL, "--env: process %d has another uid or fewer capabilities than we have, and its files are ours",
		 (int)o->target.pid);
	return diag_hint(d, "its PATH and LD_PRELOAD would choose what runs with our rights: add --mount or --root, or name variables with --setenv");
}
