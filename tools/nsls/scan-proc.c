/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "diag.h"
#include "engine.h"
#include "fdtable.h"
#include "kernel.h"
#include "nsref.h"
#include "number.h"
#include "scan.h"

/* Two threads pay from so many processes on, where each has the descriptors that it looks with. */
enum { MANY = 1000, ENOUGH = 64 };

/* Of the list of processes; and how many entries that are, which are this long at least. */
enum { BATCH_SIZE = 4096, AT_ONCE = BATCH_SIZE / sizeof(struct kernel_dirent) };

/* Links. */

/*
 * The namespace that NAME in DIR is a link to, whose number was INO when there
 * were SINCE of them. One that was not held then may be another by now: what is
 * opened counts. *ns is NULL if it has ended. -1 and *d.
 */
static int resolve(struct worker *w, int dir, const char *name, enum nstype type, uint64_t ino,
		   size_t since, struct ns **ns, struct diag *d)
{
	int fd;

	*ns = engine_held(w, type, ino, since);
	if (*ns)
		return 0;
	fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && scan_is_gone(errno))
		return 0;
	if (fd < 0 && !scan_is_forbidden(errno))
		return diag_fail(d, name, "open a namespace");
	*ns = fd < 0 ? engine_add_unheld(w->e, type, ino, d) : engine_add(w->e, fd, d);
	return *ns ? 0 : -1;
}

/* Has it ended while we looked? What it has been in before counts for nothing then. */
static bool has_let_go(struct process *process, unsigned int types)
{
	bool gone = false;

	types &= ~(unsigned int)ENGINE_OF_ZOMBIES;
	for (int type = 0; type < NSTYPE_COUNT; type++)
		gone |= (types & nstype_table[type].flag) && !process->ns[type];
	for (int type = 0; gone && type < NSTYPE_COUNT; type++)
		if (types & nstype_table[type].flag)
			process->ns[type] = NULL;
	return gone;
}

static int failed(pid_t pid, struct diag *d)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", (int)pid);
	return diag_fail(d, text, "look at a process");
}

/* 1: what is in PROCESS; 0: it has ended, or is a zombie; -1 and *d, or d->err of scan_is_forbidden(). */
static int look_at_links(struct worker *w, int dir, unsigned int types, struct process *process,
			 struct diag *d)
{
	uint64_t ino[NSTYPE_COUNT];
	size_t since = engine_count(w->e);

	if (scan_links(dir, types, ino) < 0)
		return failed(process->pid, d);
	for (int type = 0; type < NSTYPE_COUNT; type++)
		if (ino[type] && resolve(w, dir, nstype_table[type].name, type, ino[type], since,
					 &process->ns[type], d) < 0)
			return -1;
	return !has_let_go(process, types);
}

/* One link alone costs less without its directory. */
static int look_at_one_link(struct worker *w, int proc, enum nstype type, struct process *process,
			    struct diag *d)
{
	size_t since = engine_count(w->e);
	char path[32];
	uint64_t ino;

	snprintf(path, sizeof(path), "%d/ns/%s", (int)process->pid, nstype_table[type].name);
	if (scan_link(proc, path, &ino) < 0)
		return failed(process->pid, d);
	if (ino && resolve(w, proc, path, type, ino, since, &process->ns[type], d) < 0)
		return -1;
	return !has_let_go(process, nstype_table[type].flag);
}

/* *dir is the directory of links, owned by the caller; -1: it has ended. -1 and *d. */
static int open_links(int parent, const char *path, pid_t pid, int *dir, struct diag *d)
{
	*dir = openat(parent, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return *dir < 0 && !scan_is_gone(errno) ? failed(pid, d) : 0;
}

/* What children are born in. */

/* The link is not there before the first one is born; what has ended has none either. */
static int open_unborn(const struct engine *e, int proc, pid_t pid, bool is_thread)
{
	cleanup_close int pidfd = engine_pidfd(e, proc, pid, is_thread);

	return pidfd < 0 ? -1 :
	       ioctl(pidfd, KERNEL_PIDFD_GET_PID_FOR_CHILDREN_NAMESPACE, 0);
}

/* DIR is the one of links of PROCESS, or of its thread PID, whose directory is PROC. */
static int look_at_child(struct worker *w, int proc, int dir, pid_t pid,
			 const struct process *process, enum nstype type, struct diag *d)
{
	const char *name = nstype_table[type].children;
	size_t since = engine_count(w->e);
	struct ns *ns = NULL;
	uint64_t ino;
	int known = scan_link(dir, name, &ino), fd;

	if (known < 0)
		return scan_is_forbidden(errno) ? 0 : failed(pid, d);
	if (known && process->ns[type] && process->ns[type]->ino == ino)
		return 0;
	if (known && resolve(w, dir, name, type, ino, since, &ns, d) < 0)
		return -1;
	if (!known && type == NS_PID && process->ns[type]) {
		fd = open_unborn(w->e, proc, pid, pid != process->pid);
		ns = fd < 0 ? NULL : engine_add(w->e, fd, d);
		if (fd >= 0 && !ns)
			return -1;
	}
	if (ns && ns != process->ns[type])
		engine_add_children(w->e, ns, pid);
	return 0;
}

static int look_at_children(struct worker *w, int proc, int dir, pid_t pid,
			    const struct process *process, struct diag *d)
{
	for (int type = 0; type < NSTYPE_COUNT; type++) {
		const struct nstype_info *info = &nstype_table[type];

		if (!(w->e->types & info->flag) || info->children == info->name ||
		    !strcmp(info->children, info->name))
			continue;
		if (look_at_child(w, proc, dir, pid, process, type, d) < 0)
			return -1;
	}
	return 0;
}

/* Threads. */

struct threads {
	struct worker *w;
	const struct process *process;
	int dir;     /* "task" */
	pid_t *done; /* what has been looked at, the first N_SORTED of them sorted */
	size_t n_done, n_sorted;
};

/* 1; 0: it has ended; -1 and *d. */
static int look_at_thread(struct threads *t, pid_t tid, struct diag *d)
{
	struct worker *w = t->w;
	struct process thread = { .pid = tid };
	cleanup_close int proc = -1, dir = -1;
	char path[16];
	int ret;

	snprintf(path, sizeof(path), "%d", (int)tid);
	if (open_links(t->dir, path, tid, &proc, d) < 0 ||
	    (proc >= 0 && open_links(proc, "ns", tid, &dir, d) < 0))
		return -1;
	if (dir < 0)
		return 0;
	ret = look_at_links(w, dir, w->e->types & ~(unsigned int)ENGINE_COMMON, &thread, d);
	if (ret <= 0)
		return ret < 0 && scan_is_forbidden(d->err) ? 1 : ret;
	engine_add_thread(w->e, t->process, &thread);
	return look_at_children(w, proc, dir, tid, t->process, d) < 0 ? -1 : 1;
}

static int compare_pids(const void *one, const void *other)
{
	const pid_t *a = one, *b = other;

	return (*a > *b) - (*a < *b);
}

static void sort_done(struct threads *t)
{
	if (t->n_done)
		qsort(t->done, t->n_done, sizeof(*t->done), compare_pids);
	t->n_sorted = t->n_done;
}

static bool is_done(const struct threads *t, pid_t tid)
{
	return t->n_sorted && bsearch(&tid, t->done, t->n_sorted, sizeof(tid), compare_pids);
}

/*
 * When one ends while the directory is read, others are passed over. 1: that
 * cannot have been; 0: that can have been; -1 and *d.
 */
static int look_through(struct threads *t, bool again, struct diag *d)
{
	cleanup_free pid_t *tids = NULL;
	size_t n, first = t->n_done;
	struct stat st;
	int whole = 1;
	pid_t *larger;

	if (scan_pids(t->dir, &tids, &n) < 0)
		return scan_is_gone(errno) ? 1 : failed(t->process->pid, d);
	larger = reallocarray(t->done, t->n_done + n + 1, sizeof(*larger));
	if (!larger)
		return diag_fail(d, NULL, "look at threads");
	t->done = larger;
	sort_done(t);
	for (size_t i = 0; i < n; i++) {
		int ret = 1;

		if (tids[i] == t->process->pid || (again && is_done(t, tids[i])))
			continue;
		ret = look_at_thread(t, tids[i], d);
		if (ret < 0)
			return -1;
		whole &= ret;
		if (ret)
			t->done[t->n_done++] = tids[i];
	}
	/* Its links are itself, the one above, and the threads. */
	if (fstat(t->dir, &st) < 0)
		return 1;
	return whole && (again ? t->n_done == first : st.st_nlink == n + 2);
}

static int look_at_files(void *arg, pid_t tid, struct diag *d)
{
	struct threads *t = arg;
	cleanup_close int proc = -1;
	char path[16];

	snprintf(path, sizeof(path), "%d", (int)tid);
	if (open_links(t->dir, path, tid, &proc, d) < 0)
		return -1;
	return proc < 0 ? 0 : holders_look(t->w, proc, tid, t->process, d);
}

/*
 * Threads may have descriptors of their own (CLONE_FILES). The first thread may
 * have ended, and have none any more.
 */
static int look_at_all_files(struct threads *t, struct diag *d)
{
	const struct engine *e = t->w->e;
	size_t n;

	if (!e->need->descriptors || !e->own_proc)
		return 0;
	sort_done(t);
	n = fdtable_others(t->process->pid, t->done, t->n_done);
	return fdtable_each(t->done, n, look_at_files, t, d);
}

static int look_at_threads(struct worker *w, int proc, const struct process *process,
			   struct diag *d)
{
	struct threads t = { .w = w, .process = process };
	cleanup_close int dir = -1;
	struct stat st;
	int ret = 0;

	/* Most have one; we have more only while we look. */
	if (process->pid == w->e->self || fstatat(proc, "task", &st, 0) < 0 || st.st_nlink <= 3)
		return 0;
	dir = openat(proc, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return scan_is_gone(errno) || scan_is_forbidden(errno) ? 0 : failed(process->pid, d);
	t.dir = dir;
	for (int i = 0; ret == 0 && i < 10; i++)
		ret = look_through(&t, i > 0, d);
	if (ret >= 0)
		ret = look_at_all_files(&t, d);
	free(t.done);
	return ret < 0 ? -1 : 0;
}

/* *thread becomes one that is somewhere. 1; 0: none has been found; -1 and *d. */
static int look_at_any(struct worker *w, int task, unsigned int types, struct process *process,
		       pid_t *thread, struct diag *d)
{
	cleanup_free pid_t *tids = NULL;
	int ret = 0;
	size_t n;

	if (scan_pids(task, &tids, &n) < 0)
		return 0;
	for (size_t i = 0; ret == 0 && i < n; i++) {
		cleanup_close int dir = -1;
		char path[32];

		snprintf(path, sizeof(path), "%d/ns", (int)tids[i]);
		if (tids[i] == process->pid)
			continue;
		if (open_links(task, path, tids[i], &dir, d) < 0)
			return -1;
		ret = dir < 0 ? 0 : look_at_links(w, dir, types, process, d);
		if (ret > 0)
			*thread = tids[i];
	}
	return ret;
}

/*
 * The first thread of PROCESS has ended. If the process has not, it is where
 * another one is, which *thread becomes. These may come and go. -1 and *d.
 */
static int look_at_rest(struct worker *w, struct process *process, pid_t *thread,
			struct diag *d)
{
	unsigned int types = w->e->types & ~(unsigned int)ENGINE_OF_ZOMBIES;
	cleanup_close int task = -1;
	char path[32];
	struct stat st;
	int ret = 0;

	snprintf(path, sizeof(path), "%d/task", (int)process->pid);
	if (!types || fstatat(w->e->proc, path, &st, 0) < 0 || st.st_nlink <= 3)
		return 0;
	task = openat(w->e->proc, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (int i = 0; ret == 0 && i < 10 && fstat(task, &st) == 0 && st.st_nlink > 3; i++)
		ret = look_at_any(w, task, types, process, thread, d);
	return ret < 0 && !scan_is_forbidden(d->err) ? -1 : 0;
}

/* Processes. */

static bool is_empty(const struct process *process)
{
	for (int type = 0; type < NSTYPE_COUNT; type++)
		if (process->ns[type])
			return false;
	return true;
}

/* What has been found out about PROCESS. 1; 0: nothing; -1 and *d. */
static int conclude(struct worker *w, int ret, struct process *process, struct diag *d)
{
	pid_t thread = process->pid;

	if (ret < 0 && scan_is_forbidden(d->err)) {
		w->unread.processes++;
		return 0;
	}
	if (ret == 0)
		ret = look_at_rest(w, process, &thread, d);
	if (ret < 0)
		return -1;
	if (is_empty(process))
		return 0;
	return engine_add_process(w->e, process, thread, d) < 0 ? -1 : 1;
}

/* The only one of TYPES, or -1. */
static int only_type(unsigned int types)
{
	for (int type = 0; type < NSTYPE_COUNT; type++)
		if (types == nstype_table[type].flag)
			return type;
	return -1;
}

static int look_briefly(struct worker *w, pid_t pid, struct diag *d)
{
	struct process process = { .pid = pid };
	int type = only_type(w->e->types), ret = -1;
	cleanup_close int dir = -1;
	char path[24];

	if (type >= 0) {
		ret = look_at_one_link(w, w->e->proc, type, &process, d);
	} else {
		snprintf(path, sizeof(path), "%d/ns", (int)pid);
		if (open_links(w->e->proc, path, pid, &dir, d) == 0) {
			if (dir < 0)
				return 0;
			ret = look_at_links(w, dir, w->e->types, &process, d);
		}
	}
	return conclude(w, ret, &process, d) < 0 ? -1 : 0;
}

static int look_thoroughly(struct worker *w, pid_t pid, struct diag *d)
{
	const struct need *need = w->e->need;
	struct process process = { .pid = pid };
	cleanup_close int proc = -1, dir = -1;
	char path[16];
	int ret = -1;

	snprintf(path, sizeof(path), "%d", (int)pid);
	if (open_links(w->e->proc, path, pid, &proc, d) == 0 &&
	    (proc < 0 || open_links(proc, "ns", pid, &dir, d) == 0)) {
		if (dir < 0)
			return 0;
		ret = look_at_links(w, dir, w->e->types, &process, d);
	}
	ret = conclude(w, ret, &process, d);
	if (ret <= 0)
		return ret;
	if (need->threads && (look_at_children(w, proc, dir, pid, &process, d) < 0 ||
			      look_at_threads(w, proc, &process, d) < 0))
		return -1;
	if (need->descriptors && pid != w->e->self)
		return holders_look(w, proc, pid, &process, d);
	return 0;
}

/*
 * Takes the numbers that come next in /proc: so many are in PIDS then. 0: there
 * are no more; -1 with errno. Few at once: what the kernel has made to list
 * them is still at hand when they are looked at. It lists a directory for one
 * thread at a time.
 */
static int take(struct worker *w, pid_t pids[AT_ONCE])
{
	int n = 0;

	while (n == 0 && !__atomic_load_n(&w->e->failed, __ATOMIC_RELAXED)) {
		ssize_t len = kernel_getdents(w->e->list, w->entries, BATCH_SIZE);

		if (len <= 0)
			return (int)len;
		for (ssize_t at = 0; at < len;) {
			const struct kernel_dirent *entry = (void *)(w->entries + at);
			uint64_t pid;

			at += entry->len;
			if (number_parse(entry->name, INT32_MAX, &pid) == 0)
				pids[n++] = (pid_t)pid;
		}
	}
	return n;
}

static void give_up(struct engine *e, const struct diag *d)
{
	pthread_mutex_lock(&e->lock);
	if (!e->failed)
		*e->d = *d;
	__atomic_store_n(&e->failed, true, __ATOMIC_RELAXED);
	pthread_mutex_unlock(&e->lock);
}

static int look_at_process(struct worker *w, pid_t pid, struct diag *d)
{
	const struct need *need = w->e->need;

	return need->threads || need->descriptors ? look_thoroughly(w, pid, d) :
						    look_briefly(w, pid, d);
}

static void *work(void *arg)
{
	struct worker *w = arg;
	pid_t pids[AT_ONCE];
	struct diag d;
	int n, ret = 0;

	while ((n = take(w, pids)) > 0)
		for (int i = 0; i < n; i++) {
			ret = look_at_process(w, pids[i], &d);
			if (ret < 0) {
				give_up(w->e, &d);
				return NULL;
			}
		}
	if (n < 0) {
		diag_fail(&d, "/proc", "look which processes there are");
		give_up(w->e, &d);
	}
	return NULL;
}

/* The whole. */

/* Its links count the processes, though those of other PID namespaces, too. */
static bool has_many(const struct engine *e)
{
	struct stat st;

	return fstat(e->proc, &st) == 0 && st.st_nlink >= MANY;
}

static bool has_cpus(void)
{
	cpu_set_t cpus;

	return sched_getaffinity(0, sizeof(cpus), &cpus) < 0 || CPU_COUNT(&cpus) > 1;
}

static void add_unread(struct unread *to, const struct unread *from)
{
	to->processes += from->processes;
	to->descriptors += from->descriptors;
	to->sockets += from->sockets;
}

static int look_at_processes(struct engine *e, struct diag *d)
{
	struct worker workers[2] = { { .e = e }, { .e = e } };
	pthread_t other;
	bool two = has_many(e) && e->max_fd >= ENOUGH && has_cpus();

	for (int i = 0; i <= two; i++) {
		workers[i].entries = malloc(ENTRIES_SIZE);
		if (!workers[i].entries) {
			diag_fail(d, NULL, "look at processes");
			give_up(e, d);
		}
	}
	/* If there can be no second one, one does it all. */
	two = two && pthread_create(&other, NULL, work, &workers[1]) == 0;
	work(&workers[0]);
	if (two)
		pthread_join(other, NULL);
	if (!e->failed && holders_look_later(&workers[0], d) < 0)
		give_up(e, d);
	for (int i = 0; i < 2; i++) {
		free(workers[i].entries);
		add_unread(&e->m->unread, &workers[i].unread);
	}
	return e->failed ? -1 : 0;
}

int proc_look(struct engine *e, struct diag *d)
{
	int ret;

	e->list = openat(e->proc, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (e->list < 0)
		return diag_fail(d, "/proc", "look which processes there are");
	ret = look_at_processes(e, d);
	cleanup_close_fd(&e->list);
	model_prune(e->m);
	return ret;
}
