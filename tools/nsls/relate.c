/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <sys/ioctl.h>

#include "cleanup.h"
#include "diag.h"
#include "engine.h"
#include "kernel.h"

/*
 * The one that FD, of a namespace, tells when it is asked for: *other is NULL if
 * it has none, or may not tell. One that has not been known is held by what this
 * is to it. -1 and *d.
 */
static int ask(struct engine *e, int fd, unsigned long what, struct ns **other, struct diag *d)
{
	int told = fd < 0 ? -1 : ioctl(fd, what);

	*other = NULL;
	if (told < 0)
		return fd >= 0 && (errno == EMFILE || errno == ENFILE || errno == ENOMEM) ?
			diag_fail(d, NULL, "look at the relations of a namespace") : 0;
	*other = engine_add(e, told, d);
	return *other ? 0 : -1;
}

/* What owns a user namespace is its parent: user_namespaces(7). */
static int find_relations(struct engine *e, struct ns *ns, struct diag *d)
{
	cleanup_close int opened = ns->fd < 0 && ns->id ? model_open(ns) : -1;
	int fd = ns->fd < 0 ? opened : ns->fd;

	if (ask(e, fd, KERNEL_NS_GET_USERNS, &ns->owner, d) < 0)
		return -1;
	if (ns->type == NS_USER)
		ns->parent = ns->owner;
	else if (ns->type == NS_PID && ask(e, fd, KERNEL_NS_GET_PARENT, &ns->parent, d) < 0)
		return -1;
	if (ns->type == NS_USER && fd >= 0 && ioctl(fd, KERNEL_NS_GET_OWNER_UID, &ns->creator) < 0)
		ns->creator = (uid_t)-1;
	ns->related = true;
	return 0;
}

static int relate_one(struct engine *e, struct ns *ns, struct diag *d)
{
	if (!ns->related && find_relations(e, ns, d) < 0)
		return -1;
	if (ns->parent)
		ns->parent->held |= HELD_CHILD;
	if (ns->owner && ns->type != NS_USER)
		ns->owner->held |= HELD_OWNED;
	return 0;
}

/* There are more and more of them on the way. */
int relate(struct engine *e, struct diag *d)
{
	for (size_t i = 0; i < e->m->n; i++)
		if (relate_one(e, e->m->all[i], d) < 0)
			return -1;
	return 0;
}
