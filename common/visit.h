/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * visit: a child that enters a namespace, for what can be seen from inside only,
 * or in /proc of a process that is inside.
 *
 * Whoever lives in there may be hostile. The child is untraceable before it
 * enters anything (see untraceable.h). It cannot be protected from signals: with
 * CAP_KILL in there, somebody may stop or kill it. So it is waited for no longer
 * than the caller has patience, and is killed at the end of the visit.
 */

#include "spawn.h"

enum { VISIT_PATIENCE_MS = 2000 };

struct visitor {
	struct spawned child; /* its pidfd can be used for as long as the visit lasts */
	int line;	      /* closed at both ends when either process ends */
};

/*
 * Forks the visitor, which calls ENTER(ARG) and then waits. ENTER returns an
 * answer from 0 to 127, or -1; it must not change the descriptors that this
 * process has. *PATIENCE is in milliseconds, VISIT_PATIENCE_MS at first. One that
 * is used for many visits lasts for all of them: the first visitor that is held
 * up takes it all, and then there are no more visits.
 *
 * Returns the answer, and visit_end() is to be called. Returns -1 with errno if
 * there is none, and nothing is left of the visitor: ETIMEDOUT if one was held up,
 * ECHILD if it was killed, EPERM if ENTER returned -1 or the visitor could not
 * make itself untraceable.
 */
int visit_start(struct visitor *v, int (*enter)(void *arg), void *arg, int *patience);

/* Kills the visitor and reaps it. errno is kept. */
void visit_end(struct visitor *v);

/* A whole visit, with a patience of its own: what visit_start() returns. */
int visit(int (*enter)(void *arg), void *arg);
