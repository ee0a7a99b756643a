/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nsenter-lite.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "diag.h"
#include "file.h"
#include "kernel.h"
#include "nsid.h"
#include "nsref.h"
#include "pidns.h"
#include "set.h"

static const char own_user[] = "/proc/self/ns/user";

bool nsenter_has_sources(const struct opened *o)
{
	for (int type = 0; type < NSTYPE_COUNT; type++)
		if (o->source[type].fd >= 0)
			return true;
	return false;
}

static void let_go(int *fd)
{
	cleanup_close_fd(fd);
	*fd = -1;
}

static int take_source(struct opened *o, int type, int fd, const char *file, struct diag *d)
{
	if (o->source[type].fd >= 0) {
		close(fd);
		return diag_usage(d, "two %s namespaces are named: %s and %s", nstype_table[type].words,
				  o->source[type].file, file);
	}
	o->source[type] = (struct source){ fd, file };
	o->flags &= ~nstype_table[type].flag;
	return 0;
}

/* The kernel gives out the network namespace of a socket to CAP_NET_ADMIN there only. */
static int open_socket_net(struct opened *o, const struct nsenter *n, struct diag *d)
{
	const int number = n->net_socket;
	cleanup_close int fd = kernel_pidfd_getfd(o->target.pidfd, number);
	int ns;

	if (n->of_target & CLONE_NEWNET)
		return diag_usage(d, "two network namespaces are named: --net-socket and that of the target");
	if (fd < 0)
		return diag_fail(d, NULL, "take descriptor %d of process %d", number, (int)o->target.pid);
	ns = ioctl(fd, KERNEL_SIOCGSKNS);
	if (ns < 0)
		return diag_fail(d, NULL, "find the network namespace of descriptor %d of process %d",
				 number, (int)o->target.pid);
	return take_source(o, NS_NET, ns, "--net-socket", d);
}

static int open_files(struct opened *o, const struct nsenter *n, struct diag *d)
{
	for (int type = 0; type < NSTYPE_COUNT; type++) {
		int found = type, fd;

		if (!n->file[type])
			continue;
		fd = n->id[type] ? nsid_open(n->id[type], &found, d) : nsref_open(n->file[type], &found, d);
		if (fd < 0 || take_source(o, type, fd, n->file[type], d) < 0)
			return -1;
	}
	for (int i = 0; i < n->n_from; i++) {
		int found = -1, fd = nsref_open(n->from[i], &found, d);

		if (fd < 0)
			return -1;
		if (n->of_target & nstype_table[found].flag) {
			close(fd);
			return diag_usage(d, "two %s namespaces are named: %s and that of the target",
					  nstype_table[found].words, n->from[i]);
		}
		if (take_source(o, found, fd, n->from[i], d) < 0)
			return -1;
	}
	return 0;
}

/* A descriptor of a namespace that is asked for: that of a user namespace, if there is one. -1 and *d: none. */
static int any_namespace(const struct opened *o, int *type, struct diag *d)
{
	char name[32];
	int fd;

	*type = NS_USER;
	if (o->source[NS_USER].fd < 0 && !(o->flags & CLONE_NEWUSER))
		for (*type = 0; *type < NSTYPE_COUNT; ++*type)
			if (o->source[*type].fd >= 0 || (o->flags & nstype_table[*type].flag))
				break;
	if (*type == NSTYPE_COUNT)
		return diag_usage(d, "--user-parent: of which namespace? Name one");
	if (o->source[*type].fd >= 0) {
		fd = fcntl(o->source[*type].fd, F_DUPFD_CLOEXEC, 0);
		return fd < 0 ? diag_fail(d, NULL, "duplicate a descriptor") : fd;
	}
	snprintf(name, sizeof(name), "ns/%s", nstype_table[*type].name);
	return target_file(&o->target, name, O_RDONLY, "open the namespace", d);
}

/* In place of the user namespace that is asked for, its parent; else the owner of another namespace. */
static int open_user_parent(struct opened *o, struct diag *d)
{
	cleanup_close int of = -1;
	int type, fd;

	if (o->flags && target_look(&o->target, d) < 0)
		return -1;
	of = any_namespace(o, &type, d);
	if (of < 0)
		return -1;
	fd = ioctl(of, type == NS_USER ? KERNEL_NS_GET_PARENT : KERNEL_NS_GET_USERNS);
	if (fd < 0) {
		diag_fail(d, NULL, "find the parent user namespace");
		return d->err != EPERM ? -1 : diag_hint(d, "it lies outside of the present user namespace");
	}
	let_go(&o->source[NS_USER].fd);
	return take_source(o, NS_USER, fd, "--user-parent", d);
}

static bool is_namespace(int fd, const struct stat *wanted)
{
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 && nsref_same(&st, wanted);
}

static bool is_own(int fd, int type)
{
	char path[NSREF_PATH];
	struct stat own;

	return stat(nsref_path(path, 0, type, true), &own) == 0 && is_namespace(fd, &own);
}

/* Of a set, all that we are not in, or what is named. It is no process: there is no pidfd to enter by. */
static int open_set(struct opened *o, const struct nsenter *n, struct diag *d)
{
	const char *name = n->target.set;
	int fd[NSTYPE_COUNT];
	int ret = set_open(name, fd, d);

	for (int type = 0; type < NSTYPE_COUNT; type++) {
		const bool named = n->of_target & nstype_table[type].flag;
		const bool meant = named || (n->all && !n->file[type] && fd[type] >= 0 && !is_own(fd[type], type));

		if (ret == 0 && named && fd[type] < 0)
			ret = diag_set(d, 0, NULL, "there is no %s namespace in the set %s",
				       nstype_table[type].words, name);
		if (ret == 0 && meant && type == NS_PID && pidns_is_dead(fd[type], d) > 0)
			ret = diag_set(d, 0, NULL, "the PID namespace of the set %s is dead: its init has ended", name);
		if (ret == 0 && meant)
			ret = take_source(o, type, steal_fd(&fd[type]), name, d);
		cleanup_close_fd(&fd[type]);
	}
	return ret;
}

/* Is OWN the target's user namespace, too? The pidfd knows it since 6.11. If it cannot be told, no. */
static bool shares_user(struct opened *o, const struct stat *own)
{
	cleanup_close int fd = ioctl(o->target.pidfd, KERNEL_PIDFD_GET_USER_NAMESPACE, 0);
	struct diag ignored;

	if (fd < 0 && target_look(&o->target, &ignored) == 0)
		fd = openat(o->target.proc, "ns/user", O_RDONLY | O_CLOEXEC);
	return is_namespace(fd, own);
}

/* A user namespace cannot be entered twice; and entering one changes who we are, so it must be known before. */
static int leave_out_own_user(struct opened *o, struct diag *d)
{
	struct source *source = &o->source[NS_USER];
	struct stat own;

	if (source->fd < 0 && !(o->flags & CLONE_NEWUSER))
		return 0;
	if (stat(own_user, &own) < 0)
		return diag_fail(d, own_user, "look at the present user namespace");
	if (is_namespace(source->fd, &own))
		let_go(&source->fd);
	else if (source->fd < 0 && shares_user(o, &own))
		o->flags &= ~(unsigned int)CLONE_NEWUSER;
	return 0;
}

static int open_place(const struct opened *o, const struct where *place, const char *link,
		      const char *step, int *fd, struct diag *d)
{
	if (place->target) {
		*fd = target_file(&o->target, link, O_PATH | O_DIRECTORY, step, d);
		return *fd < 0 ? -1 : 0;
	}
	if (!place->path)
		return 0;
	*fd = open(place->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return *fd < 0 ? diag_fail(d, place->path, "%s", step) : 0;
}

static int read_context(struct opened *o, struct diag *d)
{
	cleanup_close int fd = -1;
	char text[1024];

	if (access("/sys/fs/selinux/enforce", F_OK) < 0)
		return diag_set(d, 0, NULL, "--follow-context: SELinux is not enabled here");
	fd = target_file(&o->target, "attr/current", O_RDONLY, "read the SELinux context", d);
	if (fd < 0)
		return -1;
	if (file_read_fd(fd, text, sizeof(text)) <= 0)
		return diag_fail(d, "attr/current", "read the SELinux context");
	o->context = strdup(text);
	return o->context ? 0 : diag_fail(d, NULL, "read the SELinux context");
}

/* What is the target's, besides namespaces? */
static bool has_belongings(const struct nsenter *n)
{
	return n->root.target || n->wd.target || n->target_env || n->join_cgroup || n->follow_context ||
	       n->uid == ID_FOLLOW || n->gid == ID_FOLLOW;
}

static int open_belongings(struct opened *o, const struct nsenter *n, struct diag *d)
{
	if (!has_belongings(n))
		return 0;
	if (target_look(&o->target, d) < 0)
		return -1;
	/* Its file may be readable only for who is in its user namespace: then once more from there. */
	if (n->target_env && nsenter_read_environ(o, d) < 0) {
		if (d->err != EACCES)
			return -1;
		*d = (struct diag){ .err = 0 };
	}
	if (n->join_cgroup && cgroup_open(&o->cgroups, o->target.proc, d) < 0)
		return -1;
	return n->follow_context ? read_context(o, d) : 0;
}

void nsenter_close(struct opened *o)
{
	let_go(&o->target.pidfd);
	let_go(&o->target.proc);
	for (int type = 0; type < NSTYPE_COUNT; type++)
		let_go(&o->source[type].fd);
	let_go(&o->proc);
	let_go(&o->root);
	let_go(&o->wd);
	for (int i = 0; i < o->cgroups.n; i++)
		let_go(&o->cgroups.fd[i]);
	o->cgroups.n = 0;
}

static int check_alive(const struct opened *o, struct diag *d)
{
	return o->target.pidfd >= 0 ? target_check(&o->target, d) : 0;
}

static int open_places(struct opened *o, const struct nsenter *n, struct diag *d)
{
	if (open_place(o, &n->root, "root", "open the root directory", &o->root, d) < 0 ||
	    open_place(o, &n->wd, "cwd", "open the working directory", &o->wd, d) < 0)
		return -1;
	/* To come back to, if it is inside; one that is gone is not. */
	if (o->root >= 0 && o->wd < 0 && !n->wdns)
		o->wd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return 0;
}

/* For what is looked at after the first join. */
static int open_proc(struct opened *o, struct diag *d)
{
	if (!nsenter_has_sources(o) && !(o->flags & CLONE_NEWUSER) && !o->context)
		return 0;
	o->proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (o->proc < 0)
		return diag_fail(d, "/proc", "open");
	/* To compare with what we are in at the end. */
	return nsenter_has_sources(o) && o->flags ? target_look(&o->target, d) : 0;
}

int nsenter_open(struct opened *o, const struct nsenter *n, struct diag *d)
{
	*o = (struct opened){ .target = TARGET_NONE, .proc = -1, .root = -1, .wd = -1 };
	for (int type = 0; type < NSTYPE_COUNT; type++)
		o->source[type].fd = -1;
	if (n->target.set) {
		if (open_set(o, n, d) < 0)
			return -1;
	} else if (n->has_target) {
		o->flags = n->of_target | (n->all ? NSTYPE_ALL_FLAGS : 0);
		if (target_open(&o->target, &n->target, d) < 0)
			return -1;
	}
	if (n->net_socket >= 0 && open_socket_net(o, n, d) < 0)
		return -1;
	if (open_files(o, n, d) < 0)
		return -1;
	if (n->user_parent && open_user_parent(o, d) < 0)
		return -1;
	if (leave_out_own_user(o, d) < 0 || open_belongings(o, n, d) < 0)
		return -1;
	if (open_places(o, n, d) < 0 || open_proc(o, d) < 0)
		return -1;
	if (n->target_env && nsenter_check_environ(o, d) < 0)
		return -1;
	return has_belongings(n) || nsenter_has_sources(o) ? check_alive(o, d) : 0;
}
