/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "diag.h"
#include "engine.h"
#include "nsfs.h"

/* The mount namespace that is being looked at. */
struct look {
	struct engine *e;
	const struct nsfs_mntns *mntns; /* NULL: our own */
	int root;			/* of it; -1: not needed yet */
	bool no_root;			/* it may not be had */
	size_t since[3];		/* how many namespaces were held: at the last three "first" pins */
	bool again;			/* for those that could not be opened */
	unsigned long closed;		/* how many these are */
	struct nsfs_unread unread;
};

/* -1 with errno */
static int open_pin(struct look *l, const struct nsfs_pin *pin)
{
	if (l->root < 0 && !l->no_root) {
		l->root = nsfs_root(l->mntns);
		l->no_root = l->root < 0;
	}
	if (l->no_root) {
		errno = EACCES;
		return -1;
	}
	return nsfs_open(l->root, pin->path, pin->ns);
}

/*
 * Is that what the number is of? It was held when the number was read; or there
 * is nothing to tell it by. One that is known by its id must be asked for that.
 */
static bool is_certain(const struct look *l, const struct ns *ns)
{
	return ns->fd < 0 ? !ns->id : ns->index < l->since[2];
}

/* *ns is NULL if it cannot be opened, for now. -1 and *d. */
static int find(struct look *l, const struct nsfs_pin *pin, struct ns **ns, struct diag *d)
{
	int fd;

	*ns = model_find(l->e->m, pin->type, pin->ns);
	if (*ns && is_certain(l, *ns))
		return 0;
	*ns = NULL;
	fd = open_pin(l, pin);
	if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOMEM))
		return diag_fail(d, pin->path, "open a namespace");
	if (fd < 0 && !l->again)
		return 0;
	*ns = fd < 0 ? model_add_unheld(l->e->m, pin->type, pin->ns, 0, d) :
		       engine_add(l->e, fd, d);
	return *ns ? 0 : -1;
}

static int see_pin(void *arg, const struct nsfs_pin *pin, struct diag *d)
{
	struct look *l = arg;
	uint64_t mntns = l->mntns ? l->mntns->ino : 0;
	struct ns *ns;

	if (pin->first) {
		memmove(&l->since[1], &l->since[0], 2 * sizeof(*l->since));
		l->since[0] = l->e->m->n;
	}
	if (pin->type < 0 || !(l->e->types & nstype_table[pin->type].flag))
		return 0;
	if (find(l, pin, &ns, d) < 0)
		return -1;
	l->closed += !ns;
	if (!ns)
		return 0;
	ns->passing = false;
	return model_add_pin(ns, pin->path, mntns, d);
}

/*
 * A pin that cannot be opened has gone meanwhile, or another mount covers it:
 * then it is there when asked again, and keeps alive what it is of. The others are
 * told a second time then; model_sort() drops what it has twice.
 */
static int see_pins(struct look *l, const struct nsfs_mntns *mntns, struct diag *d)
{
	int ret;

	l->mntns = mntns;
	for (size_t i = 0; i < 3; i++)
		l->since[i] = l->e->m->n;
	l->closed = 0;
	l->again = false;
	ret = mntns ? nsfs_pins(mntns, see_pin, l, &l->unread, d) : nsfs_own(see_pin, l, d);
	if (ret == 0 && l->closed) {
		l->again = true;
		ret = mntns ? nsfs_pins(mntns, see_pin, l, &l->unread, d) :
			      nsfs_own(see_pin, l, d);
	}
	cleanup_close_fd(&l->root);
	l->root = -1;
	l->no_root = false;
	return ret;
}

/* One that no process is in may be held by nothing else that we see. */
static int add_mntns(struct engine *e, const struct nsfs_mntns *mntns, struct diag *d)
{
	struct ns *ns;
	int fd;

	if (mntns->fd < 0 || !(e->types & CLONE_NEWNS) ||
	    model_find(e->m, NS_MNT, mntns->ino))
		return 0;
	fd = fcntl(mntns->fd, F_DUPFD_CLOEXEC, 0);
	if (fd < 0)
		return diag_fail(d, NULL, "hold a mount namespace");
	ns = engine_add(e, fd, d);
	if (!ns)
		return -1;
	ns->passing = false;
	return 0;
}

static int see_mntns(void *arg, const struct nsfs_mntns *mntns, struct diag *d)
{
	struct look *l = arg;

	return add_mntns(l->e, mntns, d) < 0 ? -1 : see_pins(l, mntns, d);
}

int pins_look(struct engine *e, struct diag *d)
{
	struct look l = { .e = e, .root = -1 };
	struct nsfs_unread others;

	if (see_pins(&l, NULL, d) < 0 || nsfs_others(see_mntns, &l, &others, d) < 0)
		return -1;
	e->m->unread.mntns = l.unread.namespaces;
	return 0;
}
