/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * sets: which sets a namespace is in, by a pin in the place of sets, or by a
 * keeper that holds it.
 */

#include <stddef.h>
#include <sys/types.h>

#include "place.h"
#include "target.h"

struct diag;
struct ns;

struct kept {
	char name[TARGET_SET_MAX + 1];
	pid_t keeper; /* as /proc has it */
};

struct sets {
	struct place place;
	struct kept *kept; /* those that have a keeper, sorted by it */
	size_t n;
};

#define SETS_NONE ((struct sets){ .place = PLACE_NONE })

/* Look which there are. -1 and *d: the place of sets cannot be read, or is not to be believed. */
int sets_look(struct sets *s, struct diag *d);

/*
 * The name of the next set that NS is in, in NAME; by its pins and holders, which
 * must have been looked at. *AT, 0 before the first call, is how far they have been
 * looked through. NULL: there are no more.
 */
const char *sets_name(const struct sets *s, const struct ns *ns, size_t *at,
		      char name[TARGET_SET_MAX + 1]);

void sets_free(struct sets *s);
