/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "cleanup.h"
#include "diag.h"
#include "engine.h"
#include "fdtable.h"
#include "file.h"
#include "hash.h"
#include "kernel.h"
#include "number.h"
#include "scan.h"

/* Descriptors of one process, or of one of its threads. */
struct open {
	struct worker *w;
	const struct process *process;
	pid_t pid;    /* whose they are */
	int proc;     /* its directory in /proc */
	int fds;      /* "fd" in there */
	int pidfd;    /* for sockets; -1: not yet */
	size_t since; /* how many namespaces were held before they were read */
	bool last;    /* nothing is left for later */
};

/*
 * So many descriptors are worth it to look first whether another one has the same;
 * and so many bytes are read to know. The kernel has work with each entry that it
 * lists.
 */
enum { MANY = 64, FIRST_SIZE = (MANY + 1) * sizeof(struct kernel_dirent) };

/* One that has many. */
struct later {
	pid_t pid; /* of a process or thread */
	struct process process;
};

static bool is_wanted(const struct open *o, enum nstype type)
{
	return o->w->e->types & nstype_table[type].flag;
}

static int is_held(const struct open *o, struct ns *ns, int fd, bool socket, struct diag *d)
{
	struct holder holder = { .pid = o->pid, .fd = fd, .socket = socket };

	return is_wanted(o, ns->type) ? engine_add_holder(o->w->e, ns, &holder, d) : 0;
}

/* Namespaces. */

/*
 * What NAME is may be another thing by now: a FIFO or a device, and opening it
 * does things. -1 with errno.
 */
static int open_namespace(int fds, const char *name)
{
	cleanup_close int fd = openat(fds, name, O_PATH | O_CLOEXEC);
	char link[40];
	struct statfs fs;

	if (fd < 0 || fstatfs(fd, &fs) < 0)
		return -1;
	errno = ESTALE;
	if ((uint32_t)fs.f_type != KERNEL_NSFS_MAGIC)
		return -1;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	return open(link, O_RDONLY | O_CLOEXEC);
}

/* It is none that has been held before. */
static int see_new(struct open *o, int fd, const char *name, struct diag *d)
{
	int opened = open_namespace(o->fds, name);
	struct ns *ns;

	/* It is gone. The root directory of nsfs is no namespace either. */
	if (opened < 0 && errno != EMFILE && errno != ENFILE && errno != ENOMEM)
		return 0;
	if (opened < 0)
		return diag_fail(d, name, "open a namespace");
	ns = engine_add(o->w->e, opened, d);
	if (!ns)
		return d->err == ENOMEM ? -1 : 0;
	return is_held(o, ns, fd, false, d);
}

static int see_namespace(struct open *o, int fd, const char *name, uint64_t ino, struct diag *d)
{
	for (int type = 0; type < NSTYPE_COUNT; type++) {
		struct ns *ns = engine_held(o->w, type, ino, o->since);

		if (ns)
			return is_held(o, ns, fd, false, d);
	}
	return see_new(o, fd, name, d);
}

/* Sockets. */

static struct cookie *place_of(const struct engine *e, uint64_t cookie)
{
	size_t at = hash_slot(cookie, e->cookies_capacity);

	while (e->cookies[at].ns && e->cookies[at].cookie != cookie)
		at = (at + 1) & (e->cookies_capacity - 1);
	return &e->cookies[at];
}

static int enlarge(struct engine *e, struct diag *d)
{
	struct cookie *old = e->cookies;
	size_t capacity = e->cookies_capacity;

	e->cookies = calloc(capacity ? capacity * 2 : 64, sizeof(*old));
	if (!e->cookies) {
		e->cookies = old;
		return diag_fail(d, NULL, "look at sockets");
	}
	e->cookies_capacity = capacity ? capacity * 2 : 64;
	for (size_t i = 0; i < capacity; i++)
		if (old[i].ns)
			*place_of(e, old[i].cookie) = old[i];
	free(old);
	return 0;
}

static int remember(struct engine *e, uint64_t cookie, struct ns *ns, struct diag *d)
{
	int ret = 0;

	pthread_mutex_lock(&e->lock);
	if (2 * e->n_cookies >= e->cookies_capacity)
		ret = enlarge(e, d);
	if (ret == 0 && !place_of(e, cookie)->ns) {
		*place_of(e, cookie) = (struct cookie){ cookie, ns };
		e->n_cookies++;
	}
	pthread_mutex_unlock(&e->lock);
	return ret;
}

static struct ns *recall(struct engine *e, uint64_t cookie)
{
	struct ns *ns = NULL;

	pthread_mutex_lock(&e->lock);
	if (e->cookies_capacity)
		ns = place_of(e, cookie)->ns;
	pthread_mutex_unlock(&e->lock);
	return ns;
}

/* Who may not ask the socket can tell it is our own, where namespaces have that number, too (6.18). */
static bool is_cookie_of(uint64_t cookie, const struct ns *ns)
{
	uint64_t id;

	return ns && ns->fd >= 0 && ioctl(ns->fd, KERNEL_NS_GET_ID, &id) == 0 && id == cookie;
}

/* The network namespace of SOCKET; *ns is NULL if it is no socket, or does not tell. -1 and *d. */
static int ask(struct open *o, int socket, struct ns **ns, struct diag *d)
{
	struct engine *e = o->w->e;
	uint64_t cookie = 0;
	socklen_t len = sizeof(cookie);
	int fd;

	*ns = NULL;
	if (getsockopt(socket, SOL_SOCKET, KERNEL_SO_NETNS_COOKIE, &cookie, &len) < 0) {
		if (errno == ENOTSOCK)
			return 0;
		cookie = 0;
	}
	if (cookie)
		*ns = recall(e, cookie);
	if (!*ns && is_cookie_of(cookie, o->process->ns[NS_NET]))
		*ns = o->process->ns[NS_NET];
	else if (!*ns) {
		fd = ioctl(socket, KERNEL_SIOCGSKNS);
		o->w->unread.sockets += fd < 0;
		*ns = fd < 0 ? NULL : engine_add(e, fd, d);
		if (fd >= 0 && !*ns)
			return -1;
	} else {
		return 0;
	}
	return *ns && cookie ? remember(e, cookie, *ns, d) : 0;
}

/* A copy of the descriptor FD; -1: it is gone, or may not be had. */
static int copy(struct open *o, int fd)
{
	int copied = -1;

	if (o->pidfd < 0)
		o->pidfd = engine_pidfd(o->w->e, o->proc, o->pid, o->pid != o->process->pid);
	errno = EPERM;
	if (o->pidfd >= 0)
		copied = kernel_pidfd_getfd(o->pidfd, fd);
	if (copied < 0 && errno != ESRCH && errno != EBADF)
		o->w->unread.sockets++;
	return copied;
}

static int see_socket(struct open *o, int fd, uint64_t ino, struct diag *d)
{
	struct ns *own = o->process->ns[NS_NET], *ns;
	cleanup_close int socket = -1;
	struct last *last = &o->w->sockets[ino % 64];

	if (!is_wanted(o, NS_NET))
		return 0;
	ns = last->ino == ino ? last->ns : NULL;
	if (!ns) {
		socket = copy(o, fd);
		if (socket < 0)
			return 0;
		if (ask(o, socket, &ns, d) < 0)
			return -1;
		if (!ns)
			return 0;
		*last = (struct last){ ino, ns };
	}
	return ns == own ? 0 : is_held(o, ns, fd, true, d);
}

/* All. */

/* A link is no help: it is the path of the pin, if one was opened. */
static int see(struct open *o, const char *name, struct diag *d)
{
	uint64_t ino;
	dev_t device;
	int fd;

	if (file_look(o->fds, name, &device, &ino) < 0 || number_parse_fd(name, &fd) < 0)
		return 0;
	if (device == o->w->e->nsfs)
		return see_namespace(o, fd, name, ino, d);
	if (device == o->w->e->sockfs)
		return see_socket(o, fd, ino, d);
	return 0;
}

static bool has_many(const char *entries, ssize_t len)
{
	int n = 0;

	for (ssize_t at = 0; at < len && n <= MANY; n++)
		at += ((const struct kernel_dirent *)(const void *)(entries + at))->len;
	return n > MANY;
}

static int leave(const struct open *o, struct diag *d)
{
	struct engine *e = o->w->e;
	struct later *larger;

	pthread_mutex_lock(&e->lock);
	larger = model_room(e->later, e->n_later, sizeof(*larger), d);
	if (larger) {
		e->later = larger;
		larger[e->n_later++] = (struct later){ o->pid, *o->process };
	}
	pthread_mutex_unlock(&e->lock);
	return larger ? 0 : -1;
}

static int see_all(struct open *o, struct diag *d)
{
	const bool may_leave = !o->last && o->w->e->own_proc;
	char *entries = o->w->entries;
	ssize_t n;

	for (bool first = may_leave; (n = kernel_getdents(o->fds, entries, first ? FIRST_SIZE : ENTRIES_SIZE)) > 0;
	     first = false) {
		if (first && has_many(entries, n))
			return leave(o, d);
		for (ssize_t at = 0; at < n;) {
			const struct kernel_dirent *entry = (void *)(entries + at);

			at += entry->len;
			if (*entry->name != '.' && see(o, entry->name, d) < 0)
				return -1;
		}
	}
	return 0;
}

static int look(struct worker *w, int dir, pid_t pid, const struct process *process, bool last,
		struct diag *d)
{
	struct open o = {
		.w = w, .process = process, .pid = pid, .proc = dir, .pidfd = -1,
		.since = engine_count(w->e), .last = last,
	};
	cleanup_close int fds = openat(dir, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int ret;

	if (fds < 0 && !scan_is_gone(errno) && !scan_is_forbidden(errno))
		return diag_fail(d, "fd", "look at descriptors");
	if (fds < 0) {
		w->unread.descriptors += scan_is_forbidden(errno);
		return 0;
	}
	o.fds = fds;
	ret = see_all(&o, d);
	cleanup_close_fd(&o.pidfd);
	return ret;
}

int holders_look(struct worker *w, int dir, pid_t pid, const struct process *process,
		 struct diag *d)
{
	return look(w, dir, pid, process, false, d);
}

/* Those that were left. */

static int compare_later(const void *one, const void *other)
{
	const struct later *a = one, *b = other;

	return (a->pid > b->pid) - (a->pid < b->pid);
}

static int look_at_later(void *arg, pid_t pid, struct diag *d)
{
	struct worker *w = arg;
	const struct later key = { .pid = pid };
	const struct later *later = bsearch(&key, w->e->later, w->e->n_later, sizeof(key), compare_later);
	cleanup_close int proc = -1;
	char path[16];

	snprintf(path, sizeof(path), "%d", (int)pid);
	proc = openat(w->e->proc, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (proc < 0)
		return scan_is_gone(errno) ? 0 : diag_fail(d, path, "look at a process");
	return look(w, proc, pid, &later->process, true, d);
}

int holders_look_later(struct worker *w, struct diag *d)
{
	struct engine *e = w->e;
	cleanup_free pid_t *pids = NULL;

	if (!e->n_later)
		return 0;
	pids = calloc(e->n_later, sizeof(*pids));
	if (!pids)
		return diag_fail(d, NULL, "look at descriptors");
	qsort(e->later, e->n_later, sizeof(*e->later), compare_later);
	for (size_t i = 0; i < e->n_later; i++)
		pids[i] = e->later[i].pid;
	return fdtable_each(pids, e->n_later, look_at_later, w, d);
}
