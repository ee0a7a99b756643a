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

/* A line of /proc/PID/cgroup: "4:cpu,cpuacct:/path", for v2 "0::/path". The path may hold anything but a newline. */
struct membership {
	char *hierarchy; /* "4" */
	char *names;	 /* "cpu,cpuacct", "name=systemd" or "" */
	char *path;
};

/* Cuts LINE apart. Returns what follows, or NULL at the end. */
static char *next_membership(char *line, struct membership *m)
{
	char *end = line + strcspn(line, "\n");
	bool more = *end;

	*end = '\0';
	m->hierarchy = line;
	m->names = strchr(line, ':');
	if (!m->names)
		return NULL;
	*m->names++ = '\0';
	m->path = strchr(m->names, ':');
	if (!m->path)
		return NULL;
	*m->path++ = '\0';
	return more ? end + 1 : end;
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

/* "\040" of proc_pid_mountinfo(5), in place. */
static void unescape(char *text)
{
	char *to = text;

	for (; *text; to++) {
		if (*text == '\\' && strspn(text + 1, "01234567") >= 3) {
			*to = (char)((text[1] - '0') * 64 + (text[2] - '0') * 8 + (text[3] - '0'));
			text += 4;
		} else {
			*to = *text++;
		}
	}
	*to = '\0';
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

/* "36 35 0:31 ROOT POINT OPTIONS ... - TYPE SOURCE SUPER": is it the mount for M? */
static bool is_mount_for(char *line, const struct membership *m, char *out, size_t size)
{
	char *tail = strstr(line, " - "), *save = NULL;
	char *field[5], *type, *super;

	if (!tail)
		return false;
	*tail = '\0';
	type = strtok_r(tail + 3, " ", &save);
	if (!type || strcmp(type, *m->names ? "cgroup" : "cgroup2") || !strtok_r(NULL, " ", &save))
		return false;
	super = strtok_r(NULL, " \n", &save);
	for (int i = 0; i < 5; i++) {
		field[i] = strtok_r(i ? NULL : line, " ", &save);
		if (!field[i])
			return false;
	}
	unescape(field[3]);
	unescape(field[4]);
	return super && holds(super, m->names) && beneath(field[3], field[4], m->path, out, size);
}

/* The file to write to. -1 with errno ENOENT: no mount shows it. */
static int find(const struct membership *m, char *out, size_t size)
{
	FILE *mountinfo = fopen("/proc/self/mountinfo", "re");
	cleanup_free char *line = NULL;
	size_t room = 0;
	bool found = false;

	if (!mountinfo)
		return -1;
	while (!found && getline(&line, &room, mountinfo) > 0)
		found = is_mount_for(line, m, out, size);
	fclose(mountinfo);
	errno = ENOENT;
	return found ? 0 : -1;
}

static int open_procs(const struct membership *m)
{
	char path[PATH_MAX];

	return find(m, path, sizeof(path)) < 0 ? -1 : open(path, O_WRONLY | O_CLOEXEC);
}

static void leave_out(struct cgroup_set *set, const struct membership *m)
{
	size_t len = strlen(set->left_out);

	snprintf(set->left_out + len, sizeof(set->left_out) - len, "%s%s (%s)", len ? ", " : "",
		 m->names, strerror(errno));
}

static int open_one(struct cgroup_set *set, const struct membership *m, struct diag *d)
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

/* Is M also where we are? OWN is the text of our own file. */
static bool is_own(const char *own, const struct membership *m)
{
	char line[PATH_MAX + 300];
	const char *found = own;
	size_t len = (size_t)snprintf(line, sizeof(line), "%s:%s:%s\n", m->hierarchy, m->names, m->path);

	while ((found = strstr(found, line)) && found != own && found[-1] != '\n')
		found += len;
	return found;
}

int cgroup_open(struct cgroup_set *set, int proc, struct diag *d)
{
	static char text[32768], own[32768];
	cleanup_close int fd = openat(proc, "cgroup", O_RDONLY | O_CLOEXEC);
	struct membership m;
	char *line = text;

	*set = (struct cgroup_set){ .n = 0 };
	if (fd < 0 || file_read_fd(fd, text, sizeof(text)) < 0 ||
	    file_read("/proc/self/cgroup", own, sizeof(own)) < 0)
		return diag_fail(d, "cgroup", "look which cgroup it is");
	while (*line && (line = next_membership(line, &m)))
		if (!is_own(own, &m) && open_one(set, &m, d) < 0)
			return -1;
	return line ? 0 : diag_set(d, EINVAL, "cgroup", "look which cgroup it is");
}

int cgroup_join(const struct cgroup_set *set, struct diag *d)
{
	for (int i = 0; i < set->n; i++)
		if (file_write_once(set->fd[i], "0", 1) < 0)
			return diag_fail(d, NULL, "write cgroup.procs");
	return 0;
}
