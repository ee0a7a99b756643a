/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * set: a named group of namespaces, at most one of a type, kept without
 * processes: by pins, or by a keeper where pins cannot be had. It appears whole
 * or not at all, and goes so.
 */

#include <stdbool.h>

#include "nstype.h"
#include "place.h"
#include "target.h"

struct diag;

/* May a set be named so? -1 and *d: a usage error for OPTION that gives the rule. */
int set_check_name(const char *name, const char *option, struct diag *d);

/*
 * Open the namespaces of the set NAME: FD[NSTYPE_COUNT] gets descriptors owned
 * by the caller, -1 for what it does not hold. -1 and *d: there is none, it
 * cannot be reached.
 */
int set_open(const char *name, int fd[NSTYPE_COUNT], struct diag *d);

/* The same in PLACE, which is opened if it is not, and remains so. */
int set_open_in(struct place *place, const char *name, int fd[NSTYPE_COUNT], struct diag *d);

/* How a set is to be made. */
struct set_wish {
	const char *name;
	const int *fd;	   /* [NSTYPE_COUNT]: what it shall hold, -1: nothing; the caller's */
	bool add;	   /* to what the set of this name holds, which must be there */
	bool missing_only; /* what it has already is no error then, unless there is nothing else */
	bool keeper;	   /* by a keeper, though there may be pins */
};

/*
 * A set that has been made, so that it can be taken back. Zero-initialised:
 * none, NAME is empty. A set of that name whose directory is not DIR is
 * another's, made later; while DIR is open, no other directory gets its inode
 * number.
 */
struct set_made {
	char name[TARGET_SET_MAX + 1];
	int dir; /* owned, if there is a name */
};

/*
 * Make it, in PLACE, which is opened if it is not, and remains so. 0, and *made
 * (may be NULL); -1 and *d: nothing is left; or PIN_TRY_ANOTHER_CPU of pin.h.
 */
int set_make(struct place *place, const struct set_wish *wish, struct set_made *made,
	     struct diag *d);

/* Take it back, unless somebody else has removed it. */
void set_unmake(struct set_made *made);

/* It stays: it will not be taken back. */
void set_leave(struct set_made *made);

/* Remove the set NAME: its pins are unmounted, its keeper ends. -1 and *d: it is as it was. */
int set_remove(struct place *place, const char *name, struct diag *d);

/* Are namespaces of the set NAME mounted in another mount namespace? If it cannot be told, yes. */
typedef bool set_is_elsewhere(const char *name);

/*
 * Remove what is dead: sets whose keeper has ended, that hold nothing, that are
 * mounted nowhere, and out of the others PID namespaces whose init has gone.
 * What has been left half-made goes, too. -1 and *d, if that failed for one.
 */
int set_remove_stale(struct place *place, set_is_elsewhere *elsewhere, struct diag *d);
