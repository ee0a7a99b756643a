/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nsenter-lite.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "diag.h"
#include "kernel.h"
#include "nsref.h"
#include "untraceable.h"

/* "mount, UTS", for messages */
static const char *name_types(unsigned int flags, char *text, size_t size)
{
	size_t len = 0;

	text[0] = '\0';
	for (int type = 0; type < NSTYPE_COUNT && len < size; type++)
		if (flags & nstype_table[type].flag)
			len += (size_t)snprintf(text + len, size - len, "%s%s", len ? ", " : "",
						nstype_table[type].words);
	return text;
}

static int fail(unsigned int flags, const char *of, struct diag *d)
{
	char types[100];

	diag_fail(d, of, "enter the %s namespace%s", name_types(flags, types, sizeof(types)),
		  flags & (flags - 1) ? "s" : "");
	if (d->err == EPERM)
		return diag_hint(d, flags & CLONE_NEWUSER ?
				 "it takes CAP_SYS_ADMIN over them: it is the owner's of the user namespace, and root's" :
				 "it takes CAP_SYS_ADMIN in the user namespace that owns them: enter that, too (--user), or be root");
	if (d->err == EINVAL && (flags & CLONE_NEWPID))
		return diag_hint(d, "a PID namespace can be entered only from itself or from one above it");
	if (d->err == ESRCH)
		return diag_hint(d, "the process has ended");
	return -1;
}

static const char *own_link(int type, char path[NSREF_PATH])
{
	snprintf(path, NSREF_PATH, "self/ns/%s", nstype_table[type].children);
	return path;
}

/*
 * Those of FLAGS in which the target is where we are, or that this kernel does
 * not have. With several sources /proc may be a stranger's by now.
 */
static unsigned int shared_with(const struct opened *o, unsigned int flags)
{
	const int proc = o->proc >= 0 ? o->proc : AT_FDCWD;
	const char *dir = o->proc >= 0 ? "" : "/proc/";
	unsigned int shared = 0;

	for (int type = 0; type < NSTYPE_COUNT; type++) {
		unsigned int flag = nstype_table[type].flag;
		char own[NSREF_PATH];
		struct stat a, b;

		if (!(flags & flag))
			continue;
		snprintf(own, sizeof(own), "%sself/ns/%s", dir, nstype_table[type].name);
		if (fstatat(proc, own, &a, 0) < 0) {
			if (errno == ENOENT)
				shared |= flag;
			continue;
		}
		if (fstatat(o->target.proc, own + strlen(dir) + strlen("self/"), &b, 0) == 0 &&
		    nsref_same(&a, &b))
			shared |= flag;
	}
	return shared;
}

/*
 * All of FLAGS by one setns(2): all or nothing (Linux 5.8). Where something is
 * denied, what we share already is left out, and the rest is tried again, in
 * one call. *joined gets what has been entered.
 */
static int join_target(struct opened *o, unsigned int flags, unsigned int *joined,
		       struct diag *d)
{
	struct target *t = &o->target;
	unsigned int shared;
	int err;

	if (untraceable_setns(t->pidfd, flags) == 0) {
		*joined |= flags;
		return 0;
	}
	err = errno;
	if ((err != EPERM && err != EINVAL) || target_look(t, d) < 0) {
		errno = err;
		return fail(flags, NULL, d);
	}
	shared = shared_with(o, flags);
	errno = err;
	if (!shared || (flags & ~shared && untraceable_setns(t->pidfd, flags & ~shared) < 0))
		return fail(flags & ~shared, NULL, d);
	*joined |= flags & ~shared;
	return target_check(t, d);
}

static int join_source(const struct opened *o, int type, unsigned int *joined, struct diag *d)
{
	const struct source *source = &o->source[type];
	unsigned int flag = nstype_table[type].flag;
	struct stat own, its;
	char path[NSREF_PATH];

	if (untraceable_setns(source->fd, flag) == 0) {
		*joined |= flag;
		return 0;
	}
	if (errno == EPERM || errno == EINVAL) {
		int err = errno;

		if (fstat(source->fd, &its) == 0 &&
		    fstatat(o->proc, own_link(type, path), &own, 0) == 0 && nsref_same(&own, &its))
			return 0;
		errno = err;
	}
	return fail(flag, source->file, d);
}

/* What is still to be entered from several sources; the last bit, ITEM_TARGET, stands for the target's. */
enum { ITEM_TARGET = NSTYPE_COUNT, ITEMS };

static int join_item(struct opened *o, int item, unsigned int flags, unsigned int *joined,
		     struct diag *d)
{
	return item == ITEM_TARGET ? join_target(o, flags, joined, d) : join_source(o, item, joined, d);
}

/* Try all of TODO but the user namespace; what fails stays in it, and the last failure in *d. */
static void join_others(struct opened *o, unsigned int *todo, unsigned int *joined,
			struct diag *d)
{
	for (int item = 0; item < ITEMS; item++) {
		struct diag failure = { .err = 0 };

		if (!(*todo >> item & 1))
			continue;
		if (join_item(o, item, o->flags & ~(unsigned int)CLONE_NEWUSER, joined, &failure) == 0)
			*todo &= ~(1U << item);
		else
			*d = failure;
	}
}

static int join_user(struct opened *o, unsigned int *joined, struct diag *d)
{
	if (o->source[NS_USER].fd >= 0)
		return join_source(o, NS_USER, joined, d);
	return o->flags & CLONE_NEWUSER ? join_target(o, CLONE_NEWUSER, joined, d) : 0;
}

/*
 * A namespace that the user namespace owns can be entered after that only, one
 * that an outer user namespace owns, before. So: whatever works, the user
 * namespace, the rest.
 */
static int join_mixed(struct opened *o, unsigned int *joined, struct diag *d)
{
	unsigned int todo = o->flags & ~(unsigned int)CLONE_NEWUSER ? 1U << ITEM_TARGET : 0;
	struct diag last = { .err = 0 };

	for (int type = 0; type < NSTYPE_COUNT; type++)
		if (type != NS_USER && o->source[type].fd >= 0)
			todo |= 1U << type;
	join_others(o, &todo, joined, &last);
	if (join_user(o, joined, d) < 0)
		return -1;
	if (todo)
		join_others(o, &todo, joined, &last);
	if (!todo)
		return 0;
	*d = last;
	return -1;
}

/* Are we where we were told to go? A PID namespace without an init has no link yet. */
static int verify(const struct opened *o, struct diag *d)
{
	for (int type = 0; type < NSTYPE_COUNT; type++) {
		unsigned int flag = nstype_table[type].flag;
		char path[NSREF_PATH], its[NSREF_PATH];
		struct stat own, wanted;
		int ret = -1;

		snprintf(its, sizeof(its), "ns/%s", nstype_table[type].name);
		if (o->source[type].fd >= 0)
			ret = fstat(o->source[type].fd, &wanted);
		else if (o->flags & flag)
			ret = fstatat(o->target.proc, its, &wanted, 0);
		else
			continue;
		if (ret < 0)
			return diag_fail(d, its, "look at the %s namespace", nstype_table[type].words);
		if (fstatat(o->proc, own_link(type, path), &own, 0) < 0) {
			if (errno == ENOENT && (type == NS_PID || type == NS_TIME))
				continue;
			return diag_fail(d, path, "look at the %s namespace", nstype_table[type].words);
		}
		if (!nsref_same(&own, &wanted))
			return diag_set(d, 0, NULL, "the %s namespace is not the one to be entered",
					nstype_table[type].words);
	}
	return 0;
}

int nsenter_join(struct opened *o, unsigned int *joined, struct diag *d)
{
	*joined = 0;
	if (!nsenter_has_sources(o))
		return o->flags ? join_target(o, o->flags, joined, d) : 0;
	return join_mixed(o, joined, d) < 0 ? -1 : verify(o, d);
}
