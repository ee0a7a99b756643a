/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* nspin: what its sources know of each other. */

#include <stdbool.h>

#include <sys/stat.h>

#include "nstype.h"
#include "place.h"
#include "set.h"
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

/* What is looked for once, however much there is to be kept. Owned by who has it. */
struct nspin_known {
	struct target target;		/* the process that was asked for, or TARGET_NONE */
	struct place place;		/* of the sets, or PLACE_NONE */
	struct stat own[NSTYPE_COUNT];	/* our namespaces; st_ino 0: not looked at yet */

	/* For a batch: all that the target has, as it was at one moment, serves all that is asked for. */
	bool at_once;
	bool has_seen;			/* then there is in … */
	int seen[NSTYPE_COUNT];		/* … this a descriptor, or minus errno */
};

#define NSPIN_KNOWN_NONE ((struct nspin_known){ .target = TARGET_NONE, .place = PLACE_NONE })

void nspin_forget(struct nspin_known *known);

/* Only the namespaces of the target: it will be looked at anew. */
void nspin_forget_seen(struct nspin_known *known);

/*
 * nspin-open: the namespaces that are to be kept. FD[NSTYPE_COUNT] gets
 * descriptors owned by the caller, -1 for the others; a process that they are
 * of has been alive when all were open. KNOWN is added to. -1 and *d, and
 * nothing is open.
 */
struct nspin_wish {
	const struct target_name *name;
	bool all;	    /* what the target does not share with us, but pid, besides … */
	unsigned int types; /* … CLONE_NEW* of these */
};
int nspin_open(const struct nspin_wish *wish, struct nspin_known *known, int fd[NSTYPE_COUNT],
	       struct diag *d);

/* nspin-keep: sets, and pins on files: all of FILE, or none. -1 and *d. */
int nspin_keep(const struct nspin *n, struct diag *d);
int nspin_make_set(struct place *place, const struct set_wish *wish, struct diag *d);
int nspin_make_pins(const int fd[NSTYPE_COUNT], const char *const file[NSTYPE_COUNT],
		    bool make_private, struct diag *d);

/* nspin-batch: many of them, by lines on stdin. -1 and *d. */
int nspin_batch(struct diag *d);

/* nspin-hold: run a program with the namespaces open, or leave a keeper: 0. -1 and *d. */
int nspin_hold(const struct nspin *n, struct diag *d);

/* nspin-list. -1 and *d, if an operand has not been found, too: after all others have been shown. */
int nspin_list(const struct nspin *n, struct diag *d);

/* nspin-delete: all that can be deleted is. -1 and *d. */
int nspin_delete(const struct nspin *n, struct diag *d);
