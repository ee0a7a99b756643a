/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * parent: the launcher's side of a birth, from the child's first instruction
 * to its exec. What the child does meanwhile is child.h.
 */

#include "gate.h"
#include "mirror.h"

struct birth;
struct diag;
struct plan;
struct spawned;

struct parent {
	struct mirror mirror;
	struct gate gate;
};

/* No child yet; the mirror as the plan has it, but for what the caller sets. */
void parent_init(struct parent *p, const struct plan *plan);

/* CHILD is it. Takes over its pidfd. -1 and *d if it has none: the kernel is older than 5.2. */
int parent_adopt(struct parent *p, const struct spawned *child, struct diag *d);

/*
 * What the child shall poll, so as not to outlive us unseen, where there is no
 * gate: a pidfd of ourselves, owned by the caller, or -1 in *fd if the plan
 * does not care.
 */
int parent_watch(const struct plan *plan, int *fd, struct diag *d);

/*
 * Fork the program's process, where nothing is to be done for it from outside:
 * 0 when it has executed the program, -1 and *d if it does not. BIRTH without
 * parent_fd.
 */
int parent_fork(struct parent *p, struct birth *birth, struct diag *d);

/*
 * Let the child go on to execute the program, after everything that is done for
 * it from outside. -1 and *d.
 */
int parent_let_go(const struct parent *p, const struct plan *plan, struct diag *d);

/* Say WORD; a child that has gone is found by parent_expect(). */
int parent_say(const struct parent *p, enum gate_word word, struct diag *d);

/* Wait for WORD, dealing with signals. -1 and *d when something else comes: what the child says of it. */
int parent_expect(struct parent *p, enum gate_word word, struct diag *d);

/* The child has ended, or is about to, without a word: -1 and *d. */
int parent_lost(struct parent *p, struct diag *d);

/* After GATE_GO, where there is no init of ours: until the program is executed. */
int parent_see_exec(struct parent *p, struct diag *d);

/* End the child, if there is one and it has not, and what it has started. */
void parent_end(struct parent *p);
