/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "engine.h"

#include <errno.h>
#include <sys/stat.h>

#include "cleanup.h"
#include "diag.h"
#include "kernel.h"
#include "nsid.h"
#include "nsref.h"

size_t engine_count(const struct engine *e)
{
	return __atomic_load_n(&e->m->n, __ATOMIC_ACQUIRE);
}

struct ns *engine_held(struct worker *w, enum nstype type, uint64_t ino, size_t since)
{
	struct engine *e = w->e;
	struct last *last = &w->last[type];
	struct ns *ns;

	if (last->ino == ino)
		return last->ns;
	pthread_mutex_lock(&e->lock);
	ns = model_find(e->m, type, ino);
	pthread_mutex_unlock(&e->lock);
	if (!ns || ns->fd < 0 || ns->index >= since)
		return NULL;
	*last = (struct last){ ino, ns };
	return ns;
}

/* One that was not known is not listed before it is known what holds it. */
static struct ns *added(struct ns *ns, size_t before)
{
	if (ns && ns->index >= before)
		ns->passing = true;
	return ns;
}

static struct ns *add_unheld(struct engine *e, enum nstype type, uint64_t ino, uint64_t id,
			     struct diag *d)
{
	size_t before;
	struct ns *ns;

	pthread_mutex_lock(&e->lock);
	before = e->m->n;
	ns = added(model_add_unheld(e->m, type, ino, id, d), before);
	e->unheld += ns && ns->index >= before;
	pthread_mutex_unlock(&e->lock);
	return ns;
}

struct ns *engine_add_unheld(struct engine *e, enum nstype type, uint64_t ino, struct diag *d)
{
	return add_unheld(e, type, ino, 0, d);
}

static struct ns *let_go(struct engine *e, int fd, struct diag *d)
{
	cleanup_close int owned = fd;
	struct stat st;
	int type = -1;

	if (nsref_check(owned, &type, NULL, d) < 0)
		return NULL;
	if (fstat(owned, &st) < 0) {
		diag_fail(d, NULL, "look at a namespace");
		return NULL;
	}
	return add_unheld(e, (enum nstype)type, st.st_ino, nsid_of(owned), d);
}

struct ns *engine_add(struct engine *e, int fd, struct diag *d)
{
	size_t before;
	struct ns *ns;

	if (fd >= e->max_fd)
		return let_go(e, fd, d);
	pthread_mutex_lock(&e->lock);
	before = e->m->n;
	ns = added(model_add(e->m, fd, d), before);
	pthread_mutex_unlock(&e->lock);
	return ns;
}

int engine_add_holder(struct engine *e, struct ns *ns, const struct holder *holder,
		      struct diag *d)
{
	int ret;

	pthread_mutex_lock(&e->lock);
	ret = model_add_holder(ns, holder, d);
	pthread_mutex_unlock(&e->lock);
	return ret;
}

/* As long as the directory shows something, the number has not been given to another. */
int engine_pidfd(const struct engine *e, int dir, pid_t pid, bool is_thread)
{
	cleanup_close int pidfd = -1;

	if (e->own_proc)
		pidfd = kernel_pidfd_open(pid, is_thread ? KERNEL_PIDFD_THREAD : 0);
	if (pidfd < 0 || faccessat(dir, "ns", F_OK, 0) < 0)
		return -1;
	return steal_fd(&pidfd);
}

/* Who is in a namespace. */

enum rank { NOBODY, OF_CHILDREN, THREAD, PROCESS };

static enum rank rank_of(const struct ns *ns)
{
	if (!ns->pid)
		return NOBODY;
	if (ns->nprocs)
		return PROCESS;
	return ns->of_children ? OF_CHILDREN : THREAD;
}

/* The lowest of the best. */
static void show(struct ns *ns, pid_t pid, enum rank rank)
{
	enum rank now = rank_of(ns);

	if (rank < now || (rank == now && pid >= ns->pid))
		return;
	ns->pid = pid;
	ns->of_children = rank == OF_CHILDREN;
}

int engine_add_process(struct engine *e, const struct process *process, pid_t thread,
		       struct diag *d)
{
	int ret = 0;

	pthread_mutex_lock(&e->lock);
	for (int type = 0; type < NSTYPE_COUNT; type++) {
		bool zombies = ENGINE_OF_ZOMBIES & nstype_table[type].flag;
		struct ns *ns = process->ns[type];

		if (!ns)
			continue;
		show(ns, zombies ? process->pid : thread, PROCESS);
		ns->held |= HELD_PROC;
		ns->nprocs++;
		ns->nthreads += zombies || thread == process->pid;
	}
	if (e->need->processes)
		ret = model_add_process(e->m, process, d);
	pthread_mutex_unlock(&e->lock);
	return ret;
}

void engine_add_thread(struct engine *e, const struct process *process,
		       const struct process *thread)
{
	pthread_mutex_lock(&e->lock);
	for (int type = 0; type < NSTYPE_COUNT; type++) {
		bool common = ENGINE_COMMON & nstype_table[type].flag;
		struct ns *ns = common ? process->ns[type] : thread->ns[type];

		if (!ns)
			continue;
		if (ns != process->ns[type]) {
			show(ns, thread->pid, THREAD);
			ns->held |= HELD_THREAD;
		}
		ns->nthreads++;
	}
	pthread_mutex_unlock(&e->lock);
}

void engine_add_children(struct engine *e, struct ns *ns, pid_t pid)
{
	pthread_mutex_lock(&e->lock);
	show(ns, pid, OF_CHILDREN);
	ns->held |= HELD_PROC;
	pthread_mutex_unlock(&e->lock);
}
