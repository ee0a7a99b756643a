/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "diag.h"
#include "file.h"
#include "mountinfo.h"

/* A path has 4 KiB at most, and there are two dozens of hierarchies. */
enum { TEXT_MAX = 1 << 18 };

bool cgroup_next(char **text, struct cgroup_membership *m)
{
	char *line = strsep(text, "\n");

	m->hierarchy = strsep(&line, ":");
	m->names = strsep(&line, ":");
	m->path = line;
	return m->path;
}

/* Does comma-separated LIST hold all of WANTED? For v2, "", any list will do. */
static bool holds(const char *list, const char *wanted)
{
	while (*wanted) {
		size_t len = strcspn(wanted, ",");
		const char *at = list;

		while (*at && !(strcspn(at, ",") == len && !strncmp(at, wanted, len))) {
			at += strcspn(at, ",");
			at += *at == ',';
		}
		if (!*at)
			return false;
		wanted += len;
		wanted += *wanted == ',';
	}
	return true;
}

/* Where PATH of the hierarchy is, if the mount shows it: its root is ROOT, its place POINT. */
static bool beneath(const char *root, const char *point, const char *path, char *out, size_t size)
{
	size_t len = strcmp(root, "/") ? strlen(root) : 0;

	/* "/../x" lies outside of our cgroup namespace. */
	if (!strncmp(path, "/..", 3) && (!path[3] || path[3] == '/'))
		return false;
	if (strncmp(path, root, len) || (path[len] && path[len] != '/'))
		return false;
	return (size_t)snprintf(out, size, "%s%s/cgroup.procs", point, path + len) < size;
}

bool cgroup_procs(const struct mountinfo *mount, const struct cgroup_membership *m, char *path,
		  size_t size)
{
	return !strcmp(mount->type, *m->names ? "cgroup" : "cgroup2") &&
	       holds(mount->options, m->names) &&
	       beneath(mount->root, mount->point, m->path, path, size);
}

/* The file to write to. -1 with errno ENOENT: no mount shows it. */
static int find(const struct cgroup_membership *m, char *out, size_t size)
{
	FILE *mountinfo = fopen("/proc/self/mountinfo", "re");
	cleanup_free char *line = NULL;
	struct mountinfo mount;
	size_t room = 0;
	bool found = false;

	if (!mountinfo)
		return -1;
	while (!found && getline(&line, &room, mountinfo) > 0)
		found = mountinfo_cut(line, &mount) && cgroup_procs(&mount, m, out, size);
	fclose(mountinfo);
	errno = ENOENT;
	return found ? 0 : -1;
}

static int open_procs(const struct cgroup_membership *m)
{
	char path[PATH_MAX];

	return find(m, path, sizeof(path)) < 0 ? -1 : open(path, O_WRONLY | O_CLOEXEC);
}

static void leave_out(struct cgroup_set *set, const struct cgroup_membership *m)
{
	size_t len = strlen(set->left_out);

	snprintf(set->left_out + len, sizeof(set->left_out) - len, "%s%s (%s)", len ? ", " : "",
		 m->names, strerror(errno));
}

static int open_one(struct cgroup_set *set, const struct cgroup_membership *m, struct diag *d)
{
	bool v2 = !*m->names;
	int fd = -1;

	errno = E2BIG;
	if (set->n < (int)(sizeof(set->fd) / sizeof(*set->fd)))
		fd = open_procs(m);
	if (fd >= 0)
		set->fd[set->n++] = fd;
	else if (!v2)
		leave_out(set, m);
	else {
		diag_fail(d, m->path, "open the cgroup");
		return d->err != ENOENT ? -1 :
		       diag_hint(d, "no cgroup2 mount that is visible here shows it, or it lies outside of our cgroup namespace");
	}
	return 0;
}

bool cgroup_is_in(const struct cgroup_membership *m, const char *text)
{
	const char *const part[] = { m->hierarchy, ":", m->names, ":", m->path };

	for (size_t i, len; *text; text += *text == '\n') {
		for (i = 0; i < 5; i++, text += len) {
			len = strlen(part[i]);
			if (strncmp(text, part[i], len))
				break;
		}
		if (i == 5 && (!*text || *text == '\n'))
			return true;
		text += strcspn(text, "\n");
	}
	return false;
}

/* For the caller to free(3). NULL and *d. */
static char *read_memberships(int dir, const char *name, struct diag *d)
{
	cleanup_close int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	size_t len;
	char *text = fd < 0 ? NULL : file_read_all(fd, TEXT_MAX, &len);

	if (!text)
		diag_fail(d, "cgroup", "look which cgroup it is");
	return text;
}

int cgroup_open(struct cgroup_set *set, int proc, struct diag *d)
{
	cleanup_free char *text = read_memberships(proc, "cgroup", d);
	cleanup_free char *own = text ? read_memberships(AT_FDCWD, "/proc/self/cgroup", d) : NULL;
	struct cgroup_membership m;
	char *rest = text;

	*set = (struct cgroup_set){ .n = 0 };
	if (!own)
		return -1;
	while (rest && *rest) {
		if (!cgroup_next(&rest, &m))
			return diag_set(d, EINVAL, "cgroup", "look which cgroup it is");
		if (!cgroup_is_in(&m, own) && open_one(set, &m, d) < 0)
			return -1;
	}
	return 0;
}

int cgroup_join(const struct cgroup_set *set, struct diag *d)
{
	for (int i = 0; i < set->n; i++)
		if (file_write_once(set->fd[i], "0", 1) < 0)
			return diag_fail(d, NULL, "write cgroup.procs");
	return 0;
}
