/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* nsls: the command line, and what is done with it. */

#include <stdbool.h>

#include "model.h"
#include "nstype.h"
#include "target.h"

struct diag;

enum nsls_mode {
	NSLS_LIST,	/* namespaces; those of one process or set with a task */
	NSLS_INSIDE,	/* the processes in the namespaces that are named */
	NSLS_COMPARE,
	NSLS_TRANSLATE,
	NSLS_DOT,
	NSLS_WATCH,
	NSLS_COLUMNS,	/* which there are */
};

enum nsls_tree { TREE_NONE, TREE_PROCESS, TREE_OWNER, TREE_PARENT };

struct nsls {
	enum nsls_mode mode;
	bool json, raw, list;
	bool no_headings, no_truncate, no_wrap, output_all;
	const char *columns;	    /* -o, or NULL */
	const char *filter;	    /* -Q, or NULL */
	enum nsls_tree tree;	    /* with -l and -r: TREE_NONE */
	bool has_tree;		    /* it was asked for */
	unsigned int types;	    /* CLONE_NEW* of -t; 0: all */
	bool persistent;	    /* -P: without processes only */
	bool processes;		    /* --processes: with processes only, and nothing else is looked at */
	enum engine_choice engine;
	bool has_task;
	struct target_name task;    /* -p */
	double interval;	    /* of --watch, seconds */
	const char *translate;	    /* the PID of --translate */
	char **operands;	    /* up to a NULL */
};

/* Each: 0, or -1 and *d. */
int nsls_list(const struct nsls *n, struct diag *d);	  /* list.c: NSLS_LIST, NSLS_COLUMNS */
int nsls_inside(const struct nsls *n, struct diag *d);	  /* inside.c */
int nsls_translate(const struct nsls *n, struct diag *d); /* translate.c */
int nsls_dot(const struct nsls *n, struct diag *d);	  /* dot.c */
int nsls_watch(const struct nsls *n, struct diag *d);	  /* watch.c */

/* compare.c: 0: all the same, 1: not, -1 and *d. */
int nsls_compare(const struct nsls *n, struct diag *d);
