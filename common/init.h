/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* init: a minimal PID 1 above the program. */

struct diag;
struct plan;

/*
 * Start the program and be its init: reap what is orphaned, pass signals on,
 * report over GATE what the launcher mirrors (GATE_RUNNING, GATE_STOPPED,
 * GATE_ENDED), and end when the program ends; the kernel then ends whatever is
 * left in the namespace. Returns only if the program could not be started: -1.
 */
int init_run(const struct plan *plan, int gate, struct diag *d);
