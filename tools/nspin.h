/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* nspin: what its sources know of each other. */

#include <stdbool.h>

#include "nstype.h"
#include "target.h"

struct diag;

enum nspin_mode { NSPIN_KEEP, NSPIN_BATCH, NSPIN_LIST, NSPIN_DELETE, NSPIN_HOLD };

/* The command line. */
struct nspin {
	enum nspin_mode mode;
	bool has_target;
	struct target_name target;
	bool all;
	unsigned int types;		/* CLONE_NEW* of those that are named, with a file or without */
	const char *file[NSTYPE_COUNT];	/* --TYPE=FILE, or NULL */
	bool make_private;
	bool add;
	const char *keep;		/* --keep=NAME, or NULL */
	bool stale;

	bool everywhere;
	bool json;
	bool raw;
	bool no_headings;
	const char *columns;		/* -o, or NULL */

	char **operands;		/* up to a NULL */
	bool ignore_chld;		/* SIGCHLD was ignored when we came */
};

/*
 * nspin-open: the namespaces that are to be kept. FD[NSTYPE_COUNT] gets
 * descriptors owned by the caller, -1 for the others; a process that they are
 * of has been alive when all were open. TARGET is that process, held, or what
 * will be: as TARGET_NONE it is filled. -1 and *d, and nothing is open.
 */
struct nspin_wish {
	const struct target_name *name;
	bool all;	    /* what the target does not share with us, but pid, besides … */
	unsigned int types; /* … CLONE_NEW* of these */
};
int nspin_open(const struct nspin_wish *wish, struct target *target, int fd[NSTYPE_COUNT],
	       struct diag *d);

/* nspin-keep: sets, pins on files, and many of them by lines on stdin. -1 and *d. */
int nspin_keep(const struct nspin *n, struct diag *d);
int nspin_batch(struct diag *d);

/* nspin-hold: run a program with the namespaces open, or leave a keeper: 0. -1 and *d. */
int nspin_hold(const struct nspin *n, struct diag *d);

/* nspin-list. -1 and *d, if an operand has not been found, too: after all others have been shown. */
int nspin_list(const struct nspin *n, struct diag *d);

/* nspin-delete: all that can be deleted is. -1 and *d. */
int nspin_delete(const struct nspin *n, struct diag *d);
