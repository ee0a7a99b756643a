/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* engine: what the parts of scan() share. The threads of one that has several meet in here. */

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "model.h"

struct diag;

/* A network namespace, by the number that its sockets tell. */
struct cookie {
	uint64_t cookie;
	struct ns *ns;
};

struct engine {
	struct model *m;
	const struct need *need;
	unsigned int types; /* asked for, and this kernel has them */
	int proc;	    /* /proc */
	int max_fd;	    /* for what is held; above, there is room for what is looked at */
	pid_t self;	    /* as /proc has it */
	bool own_proc;	    /* /proc has the numbers that we have */
	dev_t nsfs, sockfs; /* 0: not known */

	int list; /* /proc, as a directory that is read */

	pthread_mutex_t lock; /* of what is below, and of the model */
	bool failed;
	struct diag *d;
	unsigned long unheld;
	struct cookie *cookies; /* hash */
	size_t n_cookies, cookies_capacity;
	struct later *later; /* for holders.c: those that have many descriptors */
	size_t n_later;
};

/* What was seen last, mostly what is seen next. */
struct last {
	uint64_t ino;
	struct ns *ns;
};

/* One of the threads. */
struct worker {
	struct engine *e;
	struct last last[NSTYPE_COUNT];
	struct last sockets[64]; /* the same for sockets: many processes have them from their parent */
	struct unread unread;
	char *entries; /* of a directory */
};

enum { ENTRIES_SIZE = 32768 };

/*
 * The namespace of TYPE that has the number INO, if it has been held since the
 * model had SINCE namespaces: a number that was read after that is not another's.
 */
struct ns *engine_held(struct worker *w, enum nstype type, uint64_t ino, size_t since);

/* How many there are. */
size_t engine_count(const struct engine *e);

/* Add the namespace FD, which is the engine's from now on. NULL and *d. */
struct ns *engine_add(struct engine *e, int fd, struct diag *d);

/* One of TYPE that may not be opened, or that there is no descriptor left for. */
struct ns *engine_add_unheld(struct engine *e, enum nstype type, uint64_t ino, struct diag *d);

/* HOLDER holds NS. -1 and *d. */
int engine_add_holder(struct engine *e, struct ns *ns, const struct holder *holder,
		      struct diag *d);

/* What a zombie is still in; and what all threads of a process are in. */
enum {
	ENGINE_OF_ZOMBIES = CLONE_NEWPID | CLONE_NEWUSER,
	ENGINE_COMMON = CLONE_NEWPID | CLONE_NEWUSER | CLONE_NEWTIME,
};

/*
 * PROCESS is in what it says. THREAD is its first one; or, if that has ended,
 * another, which will be counted among the threads: a zombie is in some
 * namespaces only, and shows no others. -1 and *d.
 */
int engine_add_process(struct engine *e, const struct process *process, pid_t thread,
		       struct diag *d);

/* So is THREAD, which is not the first one of PROCESS. */
void engine_add_thread(struct engine *e, const struct process *process,
		       const struct process *thread);

/* NS is what the children of PID, a process or a thread, are born in, while that is elsewhere. */
void engine_add_children(struct engine *e, struct ns *ns, pid_t pid);

/*
 * A pidfd of the process, or of its thread, that has the number PID and the
 * directory DIR in /proc; owned by the caller. -1: it has ended, or /proc is
 * not ours.
 */
int engine_pidfd(const struct engine *e, int dir, pid_t pid, bool is_thread);

/* The engines: all processes, their threads and their descriptors, as NEED has it. -1 and *d. */

/* scan-proc.c */
int proc_look(struct engine *e, struct diag *d);

/* scan-bpf.c: it fails before anything is in the model that was not there, or as a whole. */
int bpf_look(struct engine *e, struct diag *d);

/* holders.c */

/*
 * What the descriptors of PROCESS hold: those of its thread PID, whose directory
 * in /proc is DIR. Many of them are left for holders_look_later(). -1 and *d.
 */
int holders_look(struct worker *w, int dir, pid_t pid, const struct process *process,
		 struct diag *d);

/*
 * Look at those that were left, when all processes have been looked at: thousands
 * of processes and threads may share one table of many descriptors (CLONE_FILES),
 * which is looked at once, as that of the lowest PID. -1 and *d.
 */
int holders_look_later(struct worker *w, struct diag *d);

/* pins.c: the pins of all mount namespaces, and those of these that nothing else holds. -1 and *d. */
int pins_look(struct engine *e, struct diag *d);

/* relate.c: owners and parents. -1 and *d. */
int relate(struct engine *e, struct diag *d);
