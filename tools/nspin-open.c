/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nspin.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "cleanup.h"
#include "diag.h"
#include "nsref.h"
#include "pidns.h"
#include "set.h"

/* What its children are born in is what it has made; a PID namespace without a process shows in no link (6.11). */
static int open_one(const struct target *t, int type, struct diag *d)
{
	char link[32];
	int fd;

	snprintf(link, sizeof(link), "ns/%s", nstype_table[type].children);
	fd = openat(t->proc, link, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT && type == NS_PID)
		fd = ioctl(t->pidfd, KERNEL_PIDFD_GET_PID_FOR_CHILDREN_NAMESPACE, 0);
	if (fd >= 0)
		return fd;
	diag_fail(d, NULL, "open the %s namespace of process %d", nstype_table[type].words, (int)t->pid);
	if (d->err == EACCES || d->err == EPERM)
		diag_hint(d, "it is another user's process, or has more capabilities than we have");
	else if (d->err == ENOENT)
		diag_hint(d, "this kernel does not have namespaces of that type, or does not show it");
	return -1;
}

/* 1, 0, -1 and *d. */
static int is_ours(int fd, int type, struct diag *d)
{
	char own[NSREF_PATH];
	struct stat a, b;

	if (fstat(fd, &a) < 0 || stat(nsref_path(own, 0, type, true), &b) < 0)
		return diag_fail(d, NULL, "compare the %s namespace with ours", nstype_table[type].words);
	return nsref_same(&a, &b);
}

/* One that is not named is left out if it is ours, too, or if this kernel has none of the type. */
static int open_unnamed(const struct target *t, int type, int *fd, struct diag *d)
{
	cleanup_close int opened = open_one(t, type, d);
	int ours;

	if (opened < 0)
		return d->err == ENOENT ? 0 : -1;
	ours = is_ours(opened, type, d);
	if (ours == 0)
		*fd = steal_fd(&opened);
	return ours < 0 ? -1 : 0;
}

static int open_process(const struct nspin_wish *wish, const struct target *t, int fd[NSTYPE_COUNT],
			struct diag *d)
{
	for (int type = 0; type < NSTYPE_COUNT; type++) {
		const bool named = wish->types & nstype_table[type].flag;

		if (named && (fd[type] = open_one(t, type, d)) < 0)
			return -1;
		if (!named && wish->all && type != NS_PID && open_unnamed(t, type, &fd[type], d) < 0)
			return -1;
	}
	return target_check(t, d);
}

static int hold(const struct target_name *name, struct target *t, struct diag *d)
{
	if (t->pidfd >= 0)
		return 0;
	return target_open(t, name, d) < 0 ? -1 : target_look(t, d);
}

static int open_set(const struct nspin_wish *wish, int fd[NSTYPE_COUNT], struct diag *d)
{
	const char *name = wish->name->set;

	if (set_open(name, fd, d) < 0)
		return -1;
	for (int type = 0; type < NSTYPE_COUNT; type++) {
		const bool named = wish->types & nstype_table[type].flag;

		if (named && fd[type] < 0)
			return diag_set(d, 0, NULL, "there is no %s namespace in the set %s",
					nstype_table[type].words, name);
		if (named || (wish->all && type != NS_PID) || fd[type] < 0)
			continue;
		close(fd[type]);
		fd[type] = -1;
	}
	return 0;
}

static int open_all(const struct nspin_wish *wish, struct target *t, int fd[NSTYPE_COUNT],
		    struct diag *d)
{
	if (wish->name->set)
		return open_set(wish, fd, d);
	return hold(wish->name, t, d) < 0 ? -1 : open_process(wish, t, fd, d);
}

int nspin_open(const struct nspin_wish *wish, struct target *target, int fd[NSTYPE_COUNT],
	       struct diag *d)
{
	nsref_none(fd);
	if (open_all(wish, target, fd, d) == 0) {
		if (nsref_any(fd))
			return 0;
		diag_set(d, 0, NULL, wish->name->set ? "nothing to keep: there is nothing in the set but a PID namespace" :
			 "nothing to keep: all namespaces of the process, but for its PID namespace, are ours, too");
		diag_hint(d, "a type that is named is kept in any case, as in --net");
	}
	nsref_close_all(fd);
	return -1;
}
