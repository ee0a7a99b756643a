/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* show: rows of namespaces, or of processes in them, and how they are nested. */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "facts.h"
#include "nsls.h"
#include "sets.h"
#include "table.h"

struct diag;
struct model;
struct ns;

struct row {
	struct ns *ns;
	pid_t pid; /* 0: none */
	struct table_row *line;
	bool nested;
};

struct view {
	const struct nsls *n;
	const char *name;	     /* of the array in JSON */
	struct table_choice choice;  /* of columns */
	struct table_choice filled;  /* those, and what is needed besides */
	struct table *table;
	struct facts_cache facts;
	struct sets sets;
	int netlink;
	int patience; /* with those who are sent into a namespace, see visit.h */
	struct row *rows;
	size_t n_rows, capacity;
	bool grouped; /* by namespace: processes are nested in rows of the same one only */
};

/*
 * Choose the columns: DEFAULTS, if the command line says nothing else. -1 and
 * *d. view_free() in any case.
 */
int view_choose(struct view *v, const struct nsls *n, const char *name, const char *defaults,
		struct diag *d);

/* Before the first row. -1 and *d. */
int view_open(struct view *v, struct diag *d);

/* A row of NS and process PID (0: none). -1 and *d. */
int view_add(struct view *v, struct ns *ns, pid_t pid, struct diag *d);

/* Nest them and print them. -1 and *d. */
int view_print(struct view *v, struct diag *d);

void view_free(struct view *v);

/* Say on stderr, in one line, what could not be read. */
void show_unread(const struct model *m);
