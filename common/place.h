/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * place: the directory in which sets of namespaces are kept: $NSPIN_DIR, else
 * /run/nspin for who may write there, else $XDG_RUNTIME_DIR/nspin.
 */

#include <limits.h>
#include <stdbool.h>

struct diag;

struct place {
	char path[PATH_MAX]; /* as mountinfo has it, too, once it is open */
	int dir;	     /* owned by the place; -1: not open */
	int work;	     /* its .new, for what is built or taken apart; -1: not prepared */
	bool mounts;	     /* it has been prepared for pins */
	int may_mount;	     /* we may mount: 1, 0; -1: that has not been asked yet */
};

#define PLACE_NONE ((struct place){ .dir = -1, .work = -1, .may_mount = -1 })

/* The value of NSPIN_DIR; NULL if it is not set or empty, which is the same. */
const char *place_given(void);

/*
 * Find and open it, to read. It must belong to us or to root, and nobody else
 * may write to it: what is in it is believed. 1; 0 if it is not there (yet),
 * with its path; -1 and *d. Does nothing if it is open.
 */
int place_open(struct place *place, struct diag *d);

/*
 * Open it to write: it is made if it is not there; with MOUNTS it becomes a
 * private mount of its own, once, so that pins in it go nowhere else, and
 * mount namespaces can be pinned (mount_namespaces(7)). Does nothing if that
 * has been done. -1 and *d.
 */
int place_prepare(struct place *place, bool mounts, struct diag *d);

void place_close(struct place *place);

/* May we mount in our mount namespace? CAP_SYS_ADMIN in the user namespace that owns it: 1, 0, -1 and *d. */
int place_may_mount(struct place *place, struct diag *d);
