/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * members: what the directory of a set holds: a file with a pin on it for each
 * type, or the record of a keeper. Its name, and who may change it when, is
 * set's business.
 */

#include <stdbool.h>

#include "nstype.h"

struct diag;

/*
 * Open what is in DIR, the directory of the set NAME: FD[NSTYPE_COUNT] gets
 * descriptors owned by the caller, -1 for what is not there. -1 and *d, with
 * what has been opened so far in FD.
 */
int members_open(const char *name, int dir, int fd[NSTYPE_COUNT], struct diag *d);

/*
 * Pin FD[NSTYPE_COUNT] (-1: none) in DIR, which will be NAME beneath PLACE. 0,
 * -1 and *d, or PIN_TRY_ANOTHER_CPU. (With a keeper: keeper_start().)
 */
int members_pin(const char *place, const char *name, int dir, const int fd[NSTYPE_COUNT],
		struct diag *d);

/*
 * Can all that is in there be let go of? 0; or with *d MEMBERS_ELSEWHERE: a pin
 * is not mounted here, and it may be in another mount namespace;
 * MEMBERS_FOREIGN: something is in there that is none of it; -1 and *d: its
 * keeper cannot be seen from here, or it cannot be told.
 */
enum { MEMBERS_ELSEWHERE = 1, MEMBERS_FOREIGN };
int members_check(const char *name, int dir, struct diag *d);

/*
 * Let go of all that DIR, which is NAME beneath PARENT, holds, and remove it. It
 * is, or was, the directory of SET. -1 and *d, and whether anything has GONE:
 * then the rest has gone as far as possible.
 */
int members_dismantle(int parent, const char *name, int dir, const char *set, bool *gone,
		      struct diag *d);
