/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * keeper: a small process that keeps namespaces alive by open descriptors, for
 * who may not mount. A record in the set's directory, "PID:INODE", tells which
 * process it is; the keeper holds the record open and locked while it lives.
 */

#include <stdbool.h>
#include <sys/types.h>

#include "nstype.h"
#include "target.h"

struct diag;

/* Its name in the directory of a set. */
#define KEEPER_RECORD "keeper"

/* The numbers of its descriptors: of a namespace by type, and of the record. */
enum { KEEPER_FIRST = 3, KEEPER_RECORD_FD = KEEPER_FIRST + NSTYPE_COUNT };

/* One that lives, held by its pidfd and its directory in /proc. */
struct keeper {
	struct target target;
};

#define KEEPER_NONE ((struct keeper){ .target = TARGET_NONE })

/*
 * Start one for the set NAME that holds FD[NSTYPE_COUNT] (-1: none of this
 * type; they stay the caller's), recorded in the directory SETDIR. It is no
 * child of ours when this returns. -1 and *d.
 */
int keeper_start(const char *name, int setdir, const int fd[NSTYPE_COUNT], struct diag *d);

/*
 * The process of RECORD, the whole text of one, "PID:INODE\n" or "PID\n", which is
 * changed. Returns false if it is something else, as one that is half-written.
 */
bool keeper_parse(char *record, struct target_name *name);

/* What has become of the keeper of a set. */
enum keeper_state {
	KEEPER_ABSENT,	  /* the set has none: it is kept by pins */
	KEEPER_LIVES,
	KEEPER_ENDED,
	KEEPER_ELSEWHERE, /* it lives, but not in sight of our /proc */
};

/*
 * Find the keeper of SETDIR; a process that has only got its number is never
 * taken for it. K is filled, and owned by the caller, if it is KEEPER_LIVES. -1 and *d.
 */
int keeper_find(struct keeper *k, int setdir, struct diag *d);

/*
 * Open the namespace of TYPE that it holds: a descriptor owned by the caller;
 * -1 with errno (ENOENT: it holds none).
 */
int keeper_open(const struct keeper *k, enum nstype type);

/* End it, and wait until it has ended. -1 and *d. */
int keeper_end(const struct keeper *k, struct diag *d);

void keeper_close(struct keeper *k);
