/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "names.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "cleanup.h"
#include "diag.h"
#include "nsid.h"
#include "nsref.h"
#include "number.h"
#include "procdir.h"
#include "set.h"

void names_close(struct named *ns)
{
	cleanup_close_fd(&ns->fd);
	*ns = NAMED_NONE;
}

/* FD is NS's from now on. */
static int fill(struct named *ns, int fd, enum nstype type, struct diag *d)
{
	struct stat st;

	*ns = (struct named){ .fd = fd, .type = type };
	if (fstat(fd, &st) < 0)
		return diag_fail(d, NULL, "look at a namespace");
	ns->ino = st.st_ino;
	return 0;
}

static int open_operand(const char *operand, int *type, struct diag *d)
{
	const bool by_id = *operand == ':';
	uint64_t number;

	if (strchr(operand, '/'))
		return nsref_open(operand, type, d);
	if (number_parse(operand + by_id, UINT64_MAX, &number) < 0 || !number)
		return diag_usage(d, "'%s' is no namespace: name an inode number, an id as :NUMBER, or a file with a '/'",
				  operand);
	return by_id ? nsid_open(number, type, d) : nsid_open_inode(number, type, d);
}

int names_open(struct named *ns, const char *operand, struct diag *d)
{
	int type = -1, fd = open_operand(operand, &type, d);

	*ns = NAMED_NONE;
	if (fd < 0)
		return -1;
	if (fill(ns, fd, type, d) == 0)
		return 0;
	names_close(ns);
	return -1;
}

static int fail(const struct named_target *t, int type, struct diag *d)
{
	diag_fail(d, NULL, "open the %s namespace of process %d", nstype_table[type].words,
		  (int)t->target.pid);
	if (d->err == EACCES || d->err == EPERM)
		diag_hint(d, "it is another user's process, or has more capabilities than we have");
	return -1;
}

/* Not there: this kernel has no such type, or a zombie has left it. */
static int open_own(struct named_target *t, int type, struct diag *d)
{
	char link[32];
	int fd;

	snprintf(link, sizeof(link), "ns/%s", nstype_table[type].name);
	fd = openat(t->target.proc, link, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : fail(t, type, d);
	return fill(&t->ns[type], fd, type, d);
}

/* A PID namespace in which nobody has been born yet shows in no link (6.11). */
static int open_children(struct named_target *t, int type, struct diag *d)
{
	struct named *ns = &t->children[type];
	char link[32];
	int fd;

	if (t->ns[type].fd < 0 || !strcmp(nstype_table[type].name, nstype_table[type].children))
		return 0;
	snprintf(link, sizeof(link), "ns/%s", nstype_table[type].children);
	fd = openat(t->target.proc, link, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT && type == NS_PID)
		fd = ioctl(t->target.pidfd, KERNEL_PIDFD_GET_PID_FOR_CHILDREN_NAMESPACE, 0);
	if (fd < 0)
		return 0;
	if (fill(ns, fd, type, d) < 0)
		return -1;
	if (ns->ino == t->ns[type].ino)
		names_close(ns);
	return 0;
}

/* Of one that a proc hides (hidepid=2), and of a zombie, there are no links, whatever there is. */
static int check_any(const struct named_target *t, unsigned int types, struct diag *d)
{
	bool missing = false;

	for (int type = 0; type < NSTYPE_COUNT; type++) {
		if (t->ns[type].fd >= 0)
			return 0;
		missing |= (types & nstype_table[type].flag) && nsref_supported(type);
	}
	if (!missing)
		return 0;
	diag_set(d, 0, NULL, "process %d shows no namespaces", (int)t->target.pid);
	return diag_hint(d, "it waits to be reaped, or this proc hides it (hidepid)");
}

static int open_process(struct named_target *t, const struct target_name *name, unsigned int types,
			struct diag *d)
{
	if (target_open(&t->target, name, d) < 0 || target_look(&t->target, d) < 0 ||
	    procdir_number(t->target.pidfd, &t->pid, d) < 0)
		return -1;
	for (int type = 0; type < NSTYPE_COUNT; type++)
		if ((types & nstype_table[type].flag) &&
		    (open_own(t, type, d) < 0 || open_children(t, type, d) < 0))
			return -1;
	return target_check(&t->target, d) < 0 ? -1 : check_any(t, types, d);
}

static int open_set(struct named_target *t, const struct target_name *name, unsigned int types,
		    struct diag *d)
{
	int fd[NSTYPE_COUNT];
	int ret = set_open(name->set, fd, d);

	for (int type = 0; ret == 0 && type < NSTYPE_COUNT; type++)
		if ((types & nstype_table[type].flag) && fd[type] >= 0)
			ret = fill(&t->ns[type], steal_fd(&fd[type]), type, d);
	for (int type = 0; type < NSTYPE_COUNT; type++)
		cleanup_close_fd(&fd[type]);
	return ret;
}

int names_target(struct named_target *t, const struct target_name *name, unsigned int types,
		 struct diag *d)
{
	int ret;

	*t = (struct named_target){ .target = TARGET_NONE };
	for (int type = 0; type < NSTYPE_COUNT; type++)
		t->ns[type] = t->children[type] = NAMED_NONE;
	ret = name->set ? open_set(t, name, types, d) : open_process(t, name, types, d);
	if (ret < 0)
		names_close_target(t);
	return ret;
}

void names_close_target(struct named_target *t)
{
	target_close(&t->target);
	for (int type = 0; type < NSTYPE_COUNT; type++) {
		names_close(&t->ns[type]);
		names_close(&t->children[type]);
	}
}
