/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nsid.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "cleanup.h"
#include "diag.h"
#include "fdtable.h"
#include "file.h"
#include "kernel.h"
#include "nsfs.h"
#include "nsref.h"
#include "number.h"
#include "procdir.h"
#include "scan.h"
#include "seen.h"

struct search {
	uint64_t id, ino; /* what is looked for: one of them */
	int type;	  /* enum nstype, or -1 */
	bool all;	  /* look at each namespace that is found, not only at those with this inode number */
	int fd;		  /* what has been found, or -1 */
	dev_t nsfs;
	bool is_ours; /* /proc has the numbers of our PID namespace */

	/* Inode numbers of those that it is not: it lives, so that none of these will be its. */
	struct seen known;

	const struct nsfs_mntns *mntns; /* whose pins are being read; NULL: our own */
	int root;			/* of it; -1: not opened yet */
	int pidfd;			/* of the process whose sockets are being looked at */

	unsigned long processes; /* that could not be looked at */
	struct nsfs_unread unread;
	int lack; /* errno: there were no descriptors or no memory left, so that nothing is proven */
};

/* How they call us back, -1 is for no more: it has been found. */
enum { MORE = 0, FOUND = -1 };

uint64_t nsid_of(int fd)
{
	uint64_t id;

	return ioctl(fd, KERNEL_NS_GET_ID, &id) == 0 ? id : 0;
}

/* Is it worth while to open the namespace with the inode number INO? */
static bool is_interesting(const struct search *s, uint64_t ino)
{
	return ino && (s->all ? !seen_has(&s->known, ino) : ino == s->ino);
}

/* May it be of TYPE, or may one of TYPE lead to it? Each leads to its owner. */
static bool is_wanted(const struct search *s, int type)
{
	return s->type < 0 || s->type == type || (s->all && s->type == NS_USER);
}

/* What could not be opened may have gone, or be nobody's to open; but we may be at our limits, too. */
static void note_lack(struct search *s)
{
	if (errno == EMFILE || errno == ENFILE || errno == ENOMEM)
		s->lack = errno;
}

/* Look at the namespace FD, which is ours from now on, and at what it is nested in or owned by. */
static int look_at(struct search *s, int fd)
{
	cleanup_close int ns = fd;
	struct diag ignored;
	struct stat st;
	int type = -1;

	if (ns < 0)
		note_lack(s);
	if (ns < 0 || fstat(ns, &st) < 0 || seen_has(&s->known, st.st_ino) ||
	    nsref_check(ns, &type, "", &ignored) < 0)
		return MORE;
	if ((s->type < 0 || s->type == type) && (s->id ? nsid_of(ns) == s->id : st.st_ino == s->ino)) {
		s->fd = steal_fd(&ns);
		s->type = type;
		return FOUND;
	}
	/* If there is no memory for it, it is looked at again. */
	seen_add(&s->known, st.st_ino);
	if ((type == NS_USER || type == NS_PID) && is_wanted(s, type) &&
	    look_at(s, ioctl(ns, KERNEL_NS_GET_PARENT)) == FOUND)
		return FOUND;
	return type != NS_USER && is_wanted(s, NS_USER) ?
	       look_at(s, ioctl(ns, KERNEL_NS_GET_USERNS)) : MORE;
}

int nsid_open_handle(uint64_t id, unsigned int flag, uint64_t ino)
{
	const struct {
		uint64_t id;
		uint32_t type, ino;
	} body = { id, flag, (uint32_t)ino };
	union {
		struct file_handle head;
		char room[sizeof(struct file_handle) + sizeof(body)];
	} handle = {
		.head = { .handle_bytes = sizeof(body), .handle_type = KERNEL_NSFS_HANDLE },
	};

	memcpy(handle.room + offsetof(struct file_handle, f_handle), &body, sizeof(body));
	return open_by_handle_at(KERNEL_FD_NSFS_ROOT, &handle.head, O_RDONLY | O_CLOEXEC);
}

/* Processes: PROC is the directory of one, or that of all. */

/* One link, NAME, of a directory with those of a process or thread. */
static int look_at_link(struct search *s, int dir, const char *name)
{
	char link[64];
	ssize_t len = readlinkat(dir, name, link, sizeof(link) - 1);

	if (len < 0)
		return MORE;
	link[len] = '\0';
	return is_interesting(s, nsfs_parse(link)) ?
	       look_at(s, openat(dir, name, O_RDONLY | O_CLOEXEC)) : MORE;
}

static int look_at_links(struct search *s, int proc, const char *path)
{
	cleanup_close int dir = openat(proc, path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	for (int type = 0; dir >= 0 && type < NSTYPE_COUNT; type++) {
		const char *name = nstype_table[type].name, *children = nstype_table[type].children;

		if (!is_wanted(s, type))
			continue;
		if (look_at_link(s, dir, name) == FOUND ||
		    (strcmp(name, children) && look_at_link(s, dir, children) == FOUND))
			return FOUND;
	}
	return MORE;
}

/* What is called with a number that is the name of something in DIR. */
typedef int look_at_number(struct search *s, int dir, const char *number);

static int each_number(struct search *s, int proc, const char *path, look_at_number *look)
{
	cleanup_close int fd = openat(proc, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : file_list(fd);
	const struct dirent *entry;
	uint64_t number;
	int ret = MORE;

	while (dir && ret == MORE && (entry = readdir(dir)))
		if (number_parse(entry->d_name, INT_MAX, &number) == 0)
			ret = look(s, dirfd(dir), entry->d_name);
	if (dir)
		closedir(dir);
	else
		note_lack(s);
	return ret;
}

/* Of a process or thread. */
static int look_at_task(struct search *s, int dir, const char *number)
{
	char path[24];

	snprintf(path, sizeof(path), "%.10s/ns", number);
	return look_at_links(s, dir, path);
}

static int look_at_process(struct search *s, int all, const char *pid)
{
	char path[24], link[64];

	snprintf(path, sizeof(path), "%.10s/ns/user", pid);
	s->processes += readlinkat(all, path, link, sizeof(link)) < 0 && (errno == EACCES || errno == EPERM);
	return look_at_task(s, all, pid);
}

/*
 * The link shows the pin, if it was opened by one. What is no namespace is not
 * opened, and no server of a file system is asked.
 */
static uint64_t inode_behind(const struct search *s, int dir, const char *number)
{
	dev_t device;
	uint64_t ino;

	return file_look(dir, number, &device, &ino) < 0 || device != s->nsfs ? 0 : ino;
}

static int look_at_descriptor(struct search *s, int dir, const char *number)
{
	char link[64];
	ssize_t len = readlinkat(dir, number, link, sizeof(link) - 1);
	uint64_t ino;

	if (len < 0)
		return MORE;
	link[len] = '\0';
	if (!strncmp(link, "socket:", 7) || !strncmp(link, "pipe:", 5))
		return MORE;
	ino = *link == '/' ? inode_behind(s, dir, number) : nsfs_parse(link);
	return is_interesting(s, ino) ? look_at(s, nsfs_open(dir, number, ino)) : MORE;
}

/* What its children will be born in shows in no link before the first of them (6.11). */
static int look_at_pid_for_children(struct search *s, int all, const char *pid)
{
	cleanup_close int pidfd = -1;
	char path[40], link[64];

	snprintf(path, sizeof(path), "%.10s/ns/pid_for_children", pid);
	if (!is_wanted(s, NS_PID) || readlinkat(all, path, link, sizeof(link)) >= 0 || errno != ENOENT)
		return MORE;
	pidfd = kernel_pidfd_open((pid_t)atoi(pid), 0);
	return pidfd < 0 ? MORE :
	       look_at(s, ioctl(pidfd, KERNEL_PIDFD_GET_PID_FOR_CHILDREN_NAMESPACE, 0));
}

/* Call LOOK with its threads, if there are others than the first: each is a directory. */
static int each_thread(struct search *s, int all, const char *pid, look_at_number *look)
{
	char path[24];
	struct stat st;

	snprintf(path, sizeof(path), "%.10s/task", pid);
	return fstatat(all, path, &st, 0) == 0 && st.st_nlink != 3 ?
	       each_number(s, all, path, look) : MORE;
}

static int look_at_descriptors(struct search *s, int dir, const char *number)
{
	char path[24];

	snprintf(path, sizeof(path), "%.10s/fd", number);
	return each_number(s, dir, path, look_at_descriptor);
}

static int look_at_holdings(struct search *s, int all, const char *pid)
{
	return each_thread(s, all, pid, look_at_task) == FOUND ? FOUND :
								 look_at_pid_for_children(s, all, pid);
}

static int look_at_socket(struct search *s, int dir, const char *number)
{
	cleanup_close int socket = -1;
	char link[16];

	if (readlinkat(dir, number, link, sizeof(link)) < 7 || strncmp(link, "socket:", 7))
		return MORE;
	socket = kernel_pidfd_getfd(s->pidfd, atoi(number));
	return socket < 0 ? MORE : look_at(s, ioctl(socket, KERNEL_SIOCGSKNS));
}

static int look_at_sockets(struct search *s, int all, const char *pid)
{
	cleanup_close int pidfd = kernel_pidfd_open((pid_t)atoi(pid), 0);
	char fd[24];

	if (pidfd < 0)
		return MORE;
	snprintf(fd, sizeof(fd), "%.10s/fd", pid);
	s->pidfd = pidfd;
	return each_number(s, all, fd, look_at_socket);
}

/* Processes and threads whose tables of descriptors are looked at. */
struct tables {
	struct search *s;
	int all;
	look_at_number *look;
	pid_t *pids;
	size_t n, capacity;
};

static int see_table(void *arg, pid_t pid, struct diag *d)
{
	struct tables *t = arg;
	char number[16];

	(void)d;
	snprintf(number, sizeof(number), "%d", (int)pid);
	return t->look(t->s, t->all, number);
}

/* Thousands of processes and threads may share one table of many descriptors. */
static int each_table(struct tables *t)
{
	struct diag d;
	int ret = MORE;

	if (t->s->is_ours)
		ret = fdtable_each(t->pids, t->n, see_table, t, &d);
	for (size_t i = 0; !t->s->is_ours && ret == MORE && i < t->n; i++)
		ret = see_table(t, t->pids[i], &d);
	if (ret < 0 && t->s->fd < 0)
		t->s->lack = ENOMEM;
	free(t->pids);
	return t->s->fd < 0 ? MORE : FOUND;
}

static int each_process_table(struct search *s, int all, look_at_number *look)
{
	struct tables t = { .s = s, .all = all, .look = look };

	if (scan_pids(all, &t.pids, &t.n) < 0) {
		note_lack(s);
		return MORE;
	}
	return each_table(&t);
}

static void add_task(struct tables *t, pid_t pid)
{
	size_t capacity = t->capacity ? t->capacity * 2 : 256;
	pid_t *larger = t->pids;

	if (t->n == t->capacity) {
		larger = reallocarray(t->pids, capacity, sizeof(*larger));
		if (!larger) {
			t->s->lack = ENOMEM;
			return;
		}
		t->pids = larger;
		t->capacity = capacity;
	}
	t->pids[t->n++] = pid;
}

/* Those of PROCESS, if there are others than the first: each is a directory. */
static void add_threads(struct tables *t, pid_t process)
{
	cleanup_free pid_t *tids = NULL;
	cleanup_close int task = -1;
	struct stat st;
	char path[24];
	size_t n;

	snprintf(path, sizeof(path), "%d/task", (int)process);
	if (fstatat(t->all, path, &st, 0) < 0 || st.st_nlink == 3)
		return;
	task = openat(t->all, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (task < 0 || scan_pids(task, &tids, &n) < 0) {
		note_lack(t->s);
		return;
	}
	for (size_t i = 0; i < n; i++)
		if (tids[i] != process)
			add_task(t, tids[i]);
}

/* A thread may have descriptors of its own. */
static int each_thread_table(struct search *s, int all, look_at_number *look)
{
	struct tables t = { .s = s, .all = all, .look = look };
	cleanup_free pid_t *pids = NULL;
	size_t n;

	if (scan_pids(all, &pids, &n) < 0) {
		note_lack(s);
		return MORE;
	}
	for (size_t i = 0; i < n; i++)
		add_threads(&t, pids[i]);
	return each_table(&t);
}

/* Pins. */

/* One that another mount covers can be had by its handle. */
static int look_at_pin(void *arg, const struct nsfs_pin *pin, struct diag *d)
{
	struct search *s = arg;
	int fd;

	(void)d;
	if (pin->type < 0 || !is_wanted(s, pin->type) || !is_interesting(s, pin->ns))
		return MORE;
	if (s->root < 0)
		s->root = nsfs_root(s->mntns);
	fd = s->root < 0 ? -1 : nsfs_open(s->root, pin->path, pin->ns);
	if (fd < 0 && s->id)
		fd = nsid_open_handle(s->id, nstype_table[pin->type].flag, pin->ns);
	return look_at(s, fd);
}

static void let_go_of_root(struct search *s)
{
	cleanup_close_fd(&s->root);
	s->root = -1;
}

static int look_at_mntns(void *arg, const struct nsfs_mntns *ns, struct diag *d)
{
	struct search *s = arg;
	int ret = MORE;

	if (ns->fd >= 0 && is_wanted(s, NS_MNT) && is_interesting(s, ns->ino))
		ret = look_at(s, fcntl(ns->fd, F_DUPFD_CLOEXEC, 0));
	s->mntns = ns;
	if (ret == MORE)
		ret = nsfs_pins(ns, look_at_pin, s, &s->unread, d);
	s->mntns = NULL;
	let_go_of_root(s);
	return ret;
}

static int look_at_pins(struct search *s, struct diag *d)
{
	int ret = nsfs_own(look_at_pin, s, d);

	let_go_of_root(s);
	return ret < 0 ? ret : nsfs_others(look_at_mntns, s, &s->unread, d);
}

/* All of it. */

/* From what costs least and finds most to what costs most. */
static void look_everywhere(struct search *s, int all)
{
	struct diag d = { .err = 0 };

	s->processes = 0;
	if (each_number(s, all, ".", look_at_process) == FOUND ||
	    each_number(s, all, ".", look_at_holdings) == FOUND ||
	    each_process_table(s, all, look_at_descriptors) == FOUND)
		return;
	if (look_at_pins(s, &d) < 0 && s->fd < 0)
		s->lack = d.err;
	if (s->fd < 0 && is_wanted(s, NS_NET))
		each_process_table(s, all, look_at_sockets);
	if (s->fd < 0)
		each_thread_table(s, all, look_at_descriptors);
}

/*
 * By its inode number it is told without being opened; but then not what other
 * namespaces belong to.
 */
static int look_for(struct search *s, struct diag *d)
{
	cleanup_close int all = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	char path[NSREF_PATH];
	struct stat st;

	if (all < 0 || stat(nsref_path(path, 0, NS_USER, false), &st) < 0)
		return diag_fail(d, "/proc", "look for a namespace");
	s->nsfs = st.st_dev;
	s->is_ours = procdir_is_ours();
	for (int pass = s->id != 0; pass < 2 && s->fd < 0; pass++) {
		s->all = pass == 1;
		look_everywhere(s, all);
	}
	if (s->fd < 0 && s->lack)
		return diag_set(d, s->lack, NULL, "look for a namespace");
	return 0;
}

/* 1: there is one, it is open; 0; -1 and *d. */
static int search(struct search *s, struct diag *d)
{
	int ret = 0;

	s->fd = s->root = s->pidfd = -1;
	if (s->id)
		look_at(s, nsid_open_handle(s->id, 0, 0));
	if (s->fd < 0)
		ret = look_for(s, d);
	seen_free(&s->known);
	return ret < 0 ? -1 : s->fd >= 0;
}

static int say_missing(const struct search *s, const char *number, struct diag *d)
{
	const char *what = s->type < 0 ? "" : nstype_table[s->type].words;

	diag_set(d, 0, NULL, "there is no %s%snamespace %s", what, *what ? " " : "", number);
	if (s->processes)
		return diag_hint(d, "%lu process%s could not be looked at%s", s->processes,
				 s->processes == 1 ? "" : "es", geteuid() ? ": root may do so" : "");
	return 0;
}

static int open_found(struct search *s, int *type, const char *number, struct diag *d)
{
	struct search any = { .id = s->id, .ino = s->ino, .type = -1 };
	int ret = search(s, d);

	if (ret < 0)
		return -1;
	if (ret) {
		*type = s->type;
		return s->fd;
	}
	say_missing(s, number, d);
	/* Is it of another type? */
	if (s->type >= 0 && search(&any, d) > 0) {
		close(any.fd);
		diag_set(d, 0, number, "no %s namespace, but a %s namespace",
			 nstype_table[s->type].words, nstype_table[any.type].words);
	}
	return -1;
}

int nsid_open(uint64_t id, int *type, struct diag *d)
{
	struct search s = { .id = id, .type = *type };
	char path[NSREF_PATH], number[32];

	if (!nsref_id(nsref_path(path, 0, NS_USER, false)) && access(path, F_OK) == 0)
		return diag_set(d, 0, NULL, "this kernel has no ids of namespaces (Linux 6.18)");
	snprintf(number, sizeof(number), ":%llu", (unsigned long long)id);
	return open_found(&s, type, number, d);
}

int nsid_open_inode(uint64_t ino, int *type, struct diag *d)
{
	struct search s = { .ino = ino, .type = *type };
	char number[32];

	snprintf(number, sizeof(number), "%llu", (unsigned long long)ino);
	return open_found(&s, type, number, d);
}
