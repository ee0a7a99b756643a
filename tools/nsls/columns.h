/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* columns: what there is to show of a namespace, and what each costs. */

#include <sys/types.h>

#include "table.h"

struct diag;
struct need;
struct ns;
struct view;

/* The names as lsns(8) has them, then our own. */
enum nsls_column {
	COL_NS, COL_TYPE, COL_PATH, COL_NPROCS, COL_PID, COL_PPID, COL_COMMAND, COL_UID, COL_USER,
	COL_NETNSID, COL_NSFS, COL_PNS, COL_ONS,
	COL_NSID, COL_HELD, COL_PINS, COL_HOLDERS, COL_OWNER, COL_USERNS, COL_NTHREADS, COL_INIT,
	COL_MAPS, COL_OFFSETS, COL_SET, COL_NSPID,
};

/* By enum nsls_column, up to a zero row. */
extern const struct table_column nsls_columns[];

/* How wide they are, as lsns(8) has it, for struct table_style. */
extern const unsigned char nsls_widths[];

/* Add to NEED what must be looked at to fill CHOICE. True: the processes, too. */
bool columns_need(const struct table_choice *choice, struct need *need);

/*
 * Fill the last row of the table with what is chosen: of NS, and of process PID
 * in it (0: none). A process that has ended meanwhile leaves what it would have
 * told empty. -1 and *d.
 */
int columns_fill(struct view *v, const struct ns *ns, pid_t pid, struct diag *d);
