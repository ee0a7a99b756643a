/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* nspin-list: what is listed, and what its two sources know of it. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "diag.h"
#include "nsfs.h"
#include "place.h"
#include "table.h"

struct nspin;

enum { COL_NS, COL_TYPE, COL_SET, COL_PATH, COL_STATE, COL_NPROCS, COL_MNTNS };

/* The columns of --list, which --help shows. */
extern const struct table_column nspin_columns[];

enum state {
	STATE_UNKNOWN,
	STATE_LIVE,
	STATE_DEAD,
	STATE_HALF_MADE, /* its maker was killed: it has the name of no set */
};

/* Something that keeps a namespace alive, or has done so. */
struct row {
	uint64_t ns;	/* 0: none that can be told */
	int type;	/* enum nstype, or -1 */
	char *name;	/* of a type that we do not know; or NULL */
	char *set;	/* or NULL */
	char *path;
	size_t place;	/* of the set */
	uint64_t mntns;	/* 0: it is no mount */
	size_t order;	/* of that mount namespace: our own is 0 */
	size_t index;
	enum state state;
	uint64_t nprocs;
};

/* A name or file that was asked for. */
struct operand {
	const char *text;
	char *real; /* a file, without symbolic links on the way; or NULL */
	bool found;
};

/* What an operand is found by: the name of a set, or a path; an operand may have two. */
struct key {
	const char *text;
	struct operand *operand;
};

/* Processes of a namespace. */
struct count {
	uint64_t ns;
	uint64_t n;
};

struct list {
	const struct nspin *n;
	struct table_choice choice;
	struct operand *operands;
	size_t n_operands;
	struct key *keys; /* sorted */
	size_t n_keys;
	bool has_files; /* there is a path among the operands */

	/* Our own first. */
	struct place *places;
	size_t n_places;

	struct row *rows;
	size_t n_rows, capacity;

	uint64_t mntns; /* of what is being read */
	uint64_t own_mntns;
	size_t order;
	struct nsfs_unread unread;

	struct count *counts;
	size_t n_counts;
	unsigned long uncounted;

	struct diag failed; /* what has failed, though the rest is shown */
	bool has_failed;
};

/* nspin-list: is it asked for: the set, or NULL, and the path? Then what it was asked for by has been found. */
bool list_wants(struct list *l, const char *set, const char *path);

/* May something of this set be? A file may be a descriptor of its keeper. */
bool list_may_want(const struct list *l, const char *set);

/* Only the last one is handed up; those before it are told at once. */
void list_fail_later(struct list *l, const struct diag *d);

/* -1 and *d. */
int list_out_of_memory(struct diag *d);

/* nspin-find: all rows, sorted, but for NPROCS. -1 and *d. */
int list_find(struct list *l, struct diag *d);

/* What list_find() has got, complete or not. */
void list_let_go(struct list *l);
