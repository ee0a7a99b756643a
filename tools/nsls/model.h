/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * model: the namespaces that have been found, what keeps each alive, and how
 * they belong together. Who looks (an engine) fills it; who shows reads it.
 *
 * Each namespace is held by a descriptor while it is in the model, so that the
 * inode number that it goes by is not used again meanwhile; or its id is known,
 * which never is. So two namespaces are never taken for one.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "nstype.h"

struct diag;

/* What keeps a namespace alive, in the order of the column HELD. */
enum {
	HELD_PROC = 1,	  /* a process is in it */
	HELD_THREAD = 2,  /* a thread, whose process is elsewhere */
	HELD_FD = 4,	  /* an open descriptor of it */
	HELD_SOCKET = 8,  /* a socket in it, whose process is elsewhere */
	HELD_PIN = 16,	  /* a bind mount */
	HELD_CHILD = 32,  /* a namespace that is nested in it */
	HELD_OWNED = 64,  /* a namespace that it owns, as a user namespace */
};

/* A descriptor that holds one: of a namespace, or a socket. */
struct holder {
	pid_t pid; /* as /proc has it */
	int fd;
	bool socket;
};

/* A bind mount of one. */
struct pinned {
	char *path;
	size_t index;	/* in the order of being found */
	uint64_t mntns; /* inode number of the mount namespace that it is visible in; 0: our own */
};

struct ns {
	enum nstype type;
	uint64_t ino;
	uint64_t id;		/* the kernel's, never used again; 0: not asked for, or it has none */
	int fd;			/* owned by the model; -1: it is not held */
	unsigned int held;	/* HELD_* */
	uint64_t nprocs;
	uint64_t nthreads;	/* threads in it, where threads are looked at */
	pid_t pid;		/* the lowest of its processes (or of its threads), as /proc has it; 0: none */
	bool of_children;	/* of process PID's children, while it is elsewhere (pid, time) */
	bool passing;		/* for an engine: it has been seen, but not yet what holds it */
	size_t index;		/* in the order of being found */

	/* Where relations are looked at: NULL with a number of 0: it cannot be told, or there is none. */
	struct ns *owner;	/* the user namespace that owns it */
	struct ns *parent;	/* pid, user: which it is nested in */
	struct ns *below;	/* one whose owner or parent it is, and by which it can be had; or NULL */
	uid_t creator;		/* of a user namespace: effective uid of who made it, or (uid_t)-1 */
	bool related;		/* these are known, and need not be asked for */

	struct holder *holders;
	size_t n_holders;
	struct pinned *pins;
	size_t n_pins;

	void *shown;		/* for who shows: its line */
	struct ns *next;	/* in its bucket */
};

/* A process, where they are kept (need.processes). */
struct process {
	pid_t pid;
	struct ns *ns[NSTYPE_COUNT]; /* NULL: not asked for, or not readable */
};

/* What may not be read. */
struct unread {
	unsigned long processes;   /* of which nothing could be read */
	unsigned long descriptors; /* others, whose descriptors could not */
	unsigned long sockets;	   /* sockets that do not tell their namespace */
	unsigned long mntns;	   /* mount namespaces whose pins could not */
	unsigned long unheld;	   /* namespaces for which there was no descriptor left */
};

/*
 * With types of which not all were asked for: owners are in it all the same.
 * What was in it before a scan stays, whether or not anything is found to hold
 * it. A namespace with no HELD is there, but nothing that we could see holds it.
 */
struct model {
	struct ns **all; /* in the order of being found; model_sort() sorts by inode number */
	size_t n, capacity;
	struct ns **bucket; /* hash by inode number, of n_buckets */
	size_t n_buckets;
	struct process *processes;
	size_t n_processes, processes_capacity;
	struct unread unread;
};

/* How it is looked: by what is worth it here, through /proc, or by programs in the kernel. */
enum engine_choice { ENGINE_AUTO, ENGINE_PROC, ENGINE_BPF };

/* What is to be looked at. Each costs. */
struct need {
	enum engine_choice engine;
	unsigned int types; /* CLONE_NEW* */
	bool processes;	    /* keep each one, sorted by PID */
	bool threads;	    /* and what children of a process will be born in */
	bool descriptors;   /* namespaces that are open, and sockets */
	bool pins;	    /* in all mount namespaces */
	bool relations;	    /* owners and parents, and so those that nothing else holds */
	bool ids;
};

/*
 * engines.c: look. The processes that end meanwhile are left out. The soft limit
 * of descriptors becomes the hard one, and stays so. -1 and *d.
 */
int scan(struct model *m, const struct need *need, struct diag *d);

/* model.c */

/* The namespace with inode number INO, which is of TYPE; NULL: it is not known. */
struct ns *model_find(const struct model *m, enum nstype type, uint64_t ino);

/*
 * Add the namespace FD, which the model owns from now on (it is closed if the
 * namespace is known). NULL and *d: no memory, or it is no namespace.
 */
struct ns *model_add(struct model *m, int fd, struct diag *d);

/* One that cannot be held, unless it is known. Its id, or 0 if it cannot be told. NULL and *d: no memory. */
struct ns *model_add_unheld(struct model *m, enum nstype type, uint64_t ino, uint64_t id,
			    struct diag *d);

/* A process is in NS, a descriptor or pin holds it, as the struct has it. -1 and *d: no memory. */
int model_add_process(struct model *m, const struct process *process, struct diag *d);
int model_add_holder(struct ns *ns, const struct holder *holder, struct diag *d);
int model_add_pin(struct ns *ns, const char *path, uint64_t mntns, struct diag *d);

/* One that has not been known before, by the id ID (0: none), and is not held. NULL and *d: no memory. */
struct ns *model_add_new(struct model *m, enum nstype type, uint64_t ino, uint64_t id,
			 struct diag *d);

/*
 * ARRAY, of N things of SIZE that have been added so one by one, with room for
 * one more, in place of it. NULL and *d: no memory; ARRAY is as it was.
 */
void *model_room(void *array, size_t n, size_t size, struct diag *d);

/* Forget those that are only PASSING. */
void model_prune(struct model *m);

/*
 * Move all that is in FROM, which is empty then, to M. A namespace that M holds
 * stays what it is, and gets what FROM knows. -1 and *d: no memory; both are
 * good for nothing but model_free().
 */
int model_take(struct model *m, struct model *from, struct diag *d);

/*
 * By inode number; the processes and holders by PID. The pins stay as they are, but
 * of several in one place (one mount may cover another) only the first one stays.
 */
void model_sort(struct model *m);
void model_free(struct model *m);

/* open.c */

/* A descriptor of NS, held or not, owned by the caller. -1: it has gone, or may not be had. */
int model_open(const struct ns *ns);
