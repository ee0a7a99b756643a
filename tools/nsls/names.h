/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * names: what is named on the command line, as namespaces that are held: their
 * inode numbers are theirs alone for so long. (Their ids: nsid_of() of nsid.h.)
 */

#include <stdint.h>
#include <sys/types.h>

#include "nstype.h"
#include "target.h"

struct diag;

struct named {
	int fd; /* owned by who has it; -1: none */
	enum nstype type;
	uint64_t ino;
};

#define NAMED_NONE ((struct named){ .fd = -1 })

/*
 * The namespace that OPERAND is: INODE (only digits), ":NSID", or else a FILE,
 * which has a '/'. -1 and *d: a usage error; or there is none.
 */
int names_open(struct named *ns, const char *operand, struct diag *d);

void names_close(struct named *ns);

/* What a TARGET is in, or holds. */
struct named_target {
	struct target target;		     /* of a process: held; of a set: TARGET_NONE */
	pid_t pid;			     /* the number that /proc has for it; 0: a set */
	struct named ns[NSTYPE_COUNT];	     /* -1: not asked for, not in the set, not in this kernel */
	struct named children[NSTYPE_COUNT]; /* what its children are born in (pid, time), if that is another */
};

/*
 * Those of TYPES (CLONE_NEW*) of the process or set NAME; of a process, which
 * has been alive when all were open. -1 and *d: there is no such process or
 * set, it may not be looked at; nothing is held.
 */
int names_target(struct named_target *t, const struct target_name *name, unsigned int types,
		 struct diag *d);

void names_close_target(struct named_target *t);
