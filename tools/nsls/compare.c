/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nsls.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "diag.h"
#include "names.h"
#include "table.h"

/* Columns: TYPE, one for each target, SAME. */
enum { MAX_TARGETS = TABLE_MAX_COLUMNS - 2 };

struct compare {
	const struct nsls *n;
	unsigned int types;
	struct named_target *targets; /* all held, until all have been compared */
	int n_targets;
	bool differ;
};

/* The inode number of its namespace of TYPE; 0: it has none. */
static uint64_t inode_of(const struct compare *c, int target, int type)
{
	const struct named *ns = &c->targets[target].ns[type];

	return ns->fd < 0 ? 0 : ns->ino;
}

static bool has_any(const struct compare *c, int type)
{
	for (int i = 0; i < c->n_targets; i++)
		if (inode_of(c, i, type))
			return true;
	return false;
}

static bool is_same(const struct compare *c, int type)
{
	for (int i = 1; i < c->n_targets; i++)
		if (inode_of(c, i, type) != inode_of(c, 0, type))
			return false;
	return true;
}

static int show_type(const struct compare *c, struct table *t, int type, struct diag *d)
{
	if (table_row(t, d) < 0 || table_text(t, 0, nstype_table[type].name, d) < 0)
		return -1;
	for (int i = 0; i < c->n_targets; i++) {
		uint64_t ino = inode_of(c, i, type);

		/* In JSON it is null. */
		if (ino ? table_number(t, i + 1, ino, d) < 0 :
			  !c->n->json && table_text(t, i + 1, "-", d) < 0)
			return -1;
	}
	return table_text(t, c->n_targets + 1, is_same(c, type) ? "yes" : "no", d);
}

static bool is_named_before(const struct table_column *columns, int column)
{
	for (int i = 1; i < column; i++)
		if (!strcmp(columns[i].name, columns[column].name))
			return true;
	return false;
}

static int show(struct compare *c, const struct table_column *columns, struct diag *d)
{
	const struct table_style style = {
		.json = c->n->json, .raw = c->n->raw, .no_headings = c->n->no_headings,
	};
	struct table_choice choice = { .n = 0 };
	struct table *t;
	int ret = 0;

	/* What has been named twice is a column twice, but one member of an object in JSON. */
	for (int i = 0; i < c->n_targets + 2; i++)
		if (!c->n->json || i > c->n_targets || !is_named_before(columns, i))
			choice.column[choice.n++] = i;
	t = table_new("types", columns, &choice, &style, d);
	if (!t)
		return -1;
	for (int type = 0; ret == 0 && type < NSTYPE_COUNT; type++) {
		if (!has_any(c, type))
			continue;
		c->differ |= !is_same(c, type);
		ret = show_type(c, t, type, d);
	}
	if (ret == 0)
		ret = table_print(t, d);
	table_free(t);
	return ret;
}

/* Each target is a column, by the name that it was given. */
static int show_all(struct compare *c, struct diag *d)
{
	struct table_column columns[MAX_TARGETS + 3] = {
		{ "TYPE", TABLE_TEXT, NULL },
	};

	for (int i = 0; i < c->n_targets; i++)
		columns[i + 1] = (struct table_column){ c->n->operands[i], TABLE_NUMBER, NULL };
	columns[c->n_targets + 1] = (struct table_column){ "SAME", TABLE_TEXT, NULL };
	return show(c, columns, d);
}

static int open_all(struct compare *c, int n, struct diag *d)
{
	for (; c->n_targets < n; c->n_targets++) {
		const char *text = c->n->operands[c->n_targets];
		struct target_name name;

		if (target_parse(&name, text, "--compare", d) < 0 ||
		    names_target(&c->targets[c->n_targets], &name, c->types, d) < 0)
			return -1;
	}
	return 0;
}

int nsls_compare(const struct nsls *n, struct diag *d)
{
	struct compare c = { .n = n, .types = n->types ? n->types : NSTYPE_ALL_FLAGS };
	int n_targets = 0, ret;

	while (n->operands[n_targets])
		n_targets++;
	if (n_targets > MAX_TARGETS)
		return diag_usage(d, "--compare takes up to %d processes or sets", MAX_TARGETS);
	c.targets = calloc((size_t)n_targets, sizeof(*c.targets));
	if (!c.targets)
		return diag_fail(d, NULL, "compare namespaces");
	ret = open_all(&c, n_targets, d);
	if (ret == 0)
		ret = show_all(&c, d);
	for (int i = 0; i < c.n_targets; i++)
		names_close_target(&c.targets[i]);
	free(c.targets);
	return ret < 0 ? -1 : c.differ;
}
