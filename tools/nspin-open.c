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

/*
 * What its children are born in is what it has made. By the pidfd, which takes a
 * third of the time that a link does, and shows a PID namespace without a
 * process, too, which no link does; else by its link, whose errors we know.
 */
static int open_now(const struct target *t, int type)
{
	int fd = ioctl(t->pidfd, nstype_table[type].get, 0);
	char link[32];

	if (fd >= 0)
		return fd;
	snprintf(link, sizeof(link), "ns/%s", nstype_table[type].children);
	return openat(t->proc, link, O_RDONLY | O_CLOEXEC);
}

/* A copy of the descriptor that was opened for all lines. -1 with errno. */
static int copy_seen(const struct nspin_known *known, int type)
{
	if (known->seen[type] >= 0)
		return fcntl(known->seen[type], F_DUPFD_CLOEXEC, 0);
	errno = -known->seen[type];
	return -1;
}

static int open_one(const struct nspin_known *known, int type, struct diag *d)
{
	const struct target *t = &known->target;
	int fd = known->has_seen ? copy_seen(known, type) : open_now(t, type);

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
static int is_ours(struct nspin_known *known, int fd, int type, struct diag *d)
{
	struct stat *own = &known->own[type], st;
	char path[NSREF_PATH];

	if (fstat(fd, &st) < 0 ||
	    (!own->st_ino && stat(nsref_path(path, 0, type, true), own) < 0))
		return diag_fail(d, NULL, "compare the %s namespace with ours", nstype_table[type].words);
	return nsref_same(&st, own);
}

/* One that is not named is left out if it is ours, too, or if this kernel has none of the type. */
static int open_unnamed(struct nspin_known *known, int type, int *fd, struct diag *d)
{
	cleanup_close int opened = open_one(known, type, d);
	int ours;

	if (opened < 0)
		return d->err == ENOENT ? 0 : -1;
	ours = is_ours(known, opened, type, d);
	if (ours == 0)
		*fd = steal_fd(&opened);
	return ours < 0 ? -1 : 0;
}

/* Whatever cannot be opened matters only to a line that asks for it. */
static int see_process(struct nspin_known *known, struct diag *d)
{
	for (int type = 0; type < NSTYPE_COUNT; type++) {
		int fd = open_now(&known->target, type);

		known->seen[type] = fd >= 0 ? fd : -errno;
	}
	known->has_seen = true;
	if (target_check(&known->target, d) == 0)
		return 0;
	nspin_forget_seen(known);
	return -1;
}

static int open_process(const struct nspin_wish *wish, struct nspin_known *known,
			int fd[NSTYPE_COUNT], struct diag *d)
{
	if (known->at_once && !known->has_seen && see_process(known, d) < 0)
		return -1;
	for (int type = 0; type < NSTYPE_COUNT; type++) {
		const bool named = wish->types & nstype_table[type].flag;

		if (named && (fd[type] = open_one(known, type, d)) < 0)
			return -1;
		if (!named && wish->all && type != NS_PID && open_unnamed(known, type, &fd[type], d) < 0)
			return -1;
	}
	return known->has_seen ? 0 : target_check(&known->target, d);
}

static int hold(const struct target_name *name, struct target *t, struct diag *d)
{
	if (t->pidfd >= 0)
		return 0;
	return target_open(t, name, d) < 0 ? -1 : target_look(t, d);
}

static int see_set(struct nspin_known *known, const char *name, struct diag *d)
{
	if (set_open_in(&known->place, name, known->seen, d) < 0)
		return -1;
	for (int type = 0; type < NSTYPE_COUNT; type++)
		if (known->seen[type] < 0)
			known->seen[type] = -ENOENT;
	known->has_seen = true;
	return 0;
}

static int open_members(struct nspin_known *known, const char *name, int fd[NSTYPE_COUNT],
			struct diag *d)
{
	if (!known->at_once)
		return set_open_in(&known->place, name, fd, d);
	if (!known->has_seen && see_set(known, name, d) < 0)
		return -1;
	for (int type = 0; type < NSTYPE_COUNT; type++) {
		fd[type] = copy_seen(known, type);
		if (fd[type] < 0 && errno != ENOENT)
			return diag_fail(d, NULL, "open the %s namespace of the set %s",
					 nstype_table[type].words, name);
	}
	return 0;
}

static int open_set(const struct nspin_wish *wish, struct nspin_known *known, int fd[NSTYPE_COUNT],
		    struct diag *d)
{
	const char *name = wish->name->set;

	if (open_members(known, name, fd, d) < 0)
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

static int open_all(const struct nspin_wish *wish, struct nspin_known *known, int fd[NSTYPE_COUNT],
		    struct diag *d)
{
	if (wish->name->set)
		return open_set(wish, known, fd, d);
	return hold(wish->name, &known->target, d) < 0 ? -1 : open_process(wish, known, fd, d);
}

void nspin_forget_seen(struct nspin_known *known)
{
	for (int type = 0; known->has_seen && type < NSTYPE_COUNT; type++)
		cleanup_close_fd(&known->seen[type]);
	known->has_seen = false;
}

void nspin_forget(struct nspin_known *known)
{
	nspin_forget_seen(known);
	place_close(&known->place);
	target_close(&known->target);
}

int nspin_open(const struct nspin_wish *wish, struct nspin_known *known, int fd[NSTYPE_COUNT],
	       struct diag *d)
{
	nsref_none(fd);
	if (open_all(wish, known, fd, d) == 0) {
		if (nsref_any(fd))
			return 0;
		diag_set(d, 0, NULL, wish->name->set ? "nothing to keep: there is nothing in the set but a PID namespace" :
			 "nothing to keep: all namespaces of the process, but for its PID namespace, are ours, too");
		diag_hint(d, "a type that is named is kept in any case, as in --net");
	}
	nsref_close_all(fd);
	return -1;
}
