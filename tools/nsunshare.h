/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* nsunshare: what its three sources know of each other. */

#include <stdbool.h>
#include <sys/types.h>

#include "gate.h"
#include "plan.h"

struct diag;

/* The command line. */
struct nsunshare {
	int other_flags;     /* CLONE_FILES, CLONE_FS, CLONE_SYSVSEM */
	bool fork;	     /* the program is a child that is waited for */
	bool forward;	     /* signals go on to it */
	struct plan plan;      /* large: last */
};

/*
 * nsunshare-door: go through it, with all that belongs to it. Returns (-1 and
 * *d) only if the program did not start; nothing is left then. Otherwise this
 * process is the program, or ends as it does.
 */
int nsunshare_launch(const struct nsunshare *n, struct diag *d);

/*
 * nsunshare-helper: a process that stays outside, to write maps and make pins.
 * It ends when it has nothing more to do, and when we do.
 */
struct helper {
	struct gate gate;
	pid_t pid;	     /* if it is our child and not reaped, or 0 */
	bool stays;	     /* when it has done all else, since it has pins to take back */
	bool sets_clocks;    /* after the maps are written */
};

/*
 * Before unshare(2), so that it is never PID 1. 0, also if none is needed. With
 * pins it stays until it knows that the program has been executed; IN_PLACE it
 * is no child of ours then, since the program must not find one that it does
 * not know.
 */
int helper_start(struct helper *h, const struct plan *plan, bool in_place, struct diag *d);

/* After unshare(2): our ids are mapped when it returns. */
int helper_map(struct helper *h, struct diag *d);

/* Our new time namespace has its offsets when it returns; for a plan with another owner only. */
int helper_clocks(struct helper *h, struct diag *d);

/*
 * With NUMBER 0, pin what is to be pinned of ourselves, which is all but a PID
 * namespace; that of a child, which has this number in /proc. 0, -1 or
 * PIN_TRY_ANOTHER_CPU (with *d).
 */
int helper_pin(struct helper *h, pid_t number, struct diag *d);

/* The program is about to be executed by ourselves: -1 and *d if the helper cannot be told, so that no pin would stay. */
int helper_tell_exec(struct helper *h, struct diag *d);

/* A child has executed the program. */
void helper_end(struct helper *h);

/* The launch has failed: what it has pinned is taken back when this returns. */
void helper_take_back(struct helper *h);
