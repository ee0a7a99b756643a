/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* facts: what /proc tells of the processes that are shown, each read once. */

#include <stddef.h>
#include <sys/types.h>

struct diag;
struct table_row;

enum { FACTS_STATUS = 1, FACTS_COMMAND = 2 };

struct facts {
	pid_t pid;
	unsigned int read; /* FACTS_*: these have been looked for; what was not there is as said below */
	pid_t parent;	   /* 0: none that is seen from here; -1: unknown */
	uid_t uid;	   /* the effective one; (uid_t)-1: unknown */
	pid_t inside;	   /* its PID in its own PID namespace; 0: unknown */
	char *command;	   /* its command line, or else its name; NULL: unknown */
	/* For who shows: the last row of this PID, and among which others. */
	struct table_row *line;
	const void *group;
};

struct user;

/* Zero-initialised: empty. */
struct facts_cache {
	struct facts **slot; /* hash by PID */
	size_t n, size;
	struct user *users; /* hash by uid */
	size_t n_users, n_user_slots;
};

/* Those of PID, after WHAT has been read. Owned by the cache. NULL and *d: no memory. */
struct facts *facts_of(struct facts_cache *c, pid_t pid, unsigned int what, struct diag *d);

/* Those that are known of PID, or NULL. */
struct facts *facts_known(const struct facts_cache *c, pid_t pid);

/* What the user is called, or the number. Owned by the cache. NULL and *d: no memory. */
const char *facts_user(struct facts_cache *c, uid_t uid, struct diag *d);

void facts_free(struct facts_cache *c);
