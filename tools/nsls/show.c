/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "show.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "caps.h"
#include "cleanup.h"
#include "columns.h"
#include "diag.h"
#include "kernel.h"
#include "model.h"
#include "nsref.h"
#include "visit.h"

static const char tool[] = "nsls";

static int choose_all(struct table_choice *choice)
{
	choice->n = 0;
	for (int i = 0; nsls_columns[i].name; i++)
		choice->column[choice->n++] = i;
	return 0;
}

int view_choose(struct view *v, const struct nsls *n, const char *name, const char *defaults,
		struct diag *d)
{
	int ret;

	*v = (struct view){ .n = n, .name = name, .sets = SETS_NONE, .netlink = -1, .patience = VISIT_PATIENCE_MS };
	ret = table_choose(&v->choice, nsls_columns, defaults, d);
	if (ret == 0 && n->output_all)
		ret = choose_all(&v->choice);
	if (ret == 0 && n->columns)
		ret = table_choose_output(&v->choice, nsls_columns, n->columns, d);
	v->filled = v->choice;
	if (ret == 0 && n->filter)
		ret = table_choose_filter(&v->filled, nsls_columns, n->filter, d);
	return ret;
}

/* Drawn beside what a row is about: the process, or the namespace. */
static int tree_column(const struct nsls *n)
{
	return n->tree == TREE_PROCESS ? COL_COMMAND : COL_NS;
}

int view_open(struct view *v, struct diag *d)
{
	const struct table_style style = {
		.json = v->n->json, .raw = v->n->raw, .no_headings = v->n->no_headings,
		.no_wrap = v->n->no_wrap, .cut = !v->n->no_truncate, .filter = v->n->filter,
		.widths = nsls_widths,
		.tree = v->n->tree != TREE_NONE, .tree_column = tree_column(v->n),
	};
	struct diag failed;

	/* Only a name that cannot be told is missing then. */
	if (table_has(&v->filled, COL_SET) && sets_look(&v->sets, &failed) < 0)
		diag_print(&failed, tool);
	v->table = table_new(v->name, nsls_columns, &v->choice, &style, d);
	return v->table ? 0 : -1;
}

static int remember(struct view *v, const struct row *row, struct diag *d)
{
	size_t capacity = v->capacity ? v->capacity * 2 : 64;
	struct row *larger;

	if (v->n_rows == v->capacity) {
		larger = reallocarray(v->rows, capacity, sizeof(*larger));
		if (!larger)
			return diag_set(d, ENOMEM, NULL, "make a table");
		v->rows = larger;
		v->capacity = capacity;
	}
	v->rows[v->n_rows++] = *row;
	return 0;
}

int view_add(struct view *v, struct ns *ns, pid_t pid, struct diag *d)
{
	struct row row = { .ns = ns, .pid = pid };

	if (table_row(v->table, d) < 0 || columns_fill(v, ns, pid, d) < 0 ||
	    table_end_row(v->table, &row.line, d) < 0)
		return -1;
	if (!row.line)
		return 0;
	ns->shown = row.line;
	return remember(v, &row, d);
}

/* The row of process PID among those that ROW belongs to. */
static struct table_row *line_of(const struct view *v, const struct row *row, pid_t pid)
{
	const struct facts *facts = pid > 0 ? facts_known(&v->facts, pid) : NULL;

	return facts && facts->group == (v->grouped ? row->ns : NULL) ? facts->line : NULL;
}

/* Beneath the last row before it that is about the parent of its process, or else the last of all. */
static int nest_process(struct view *v, struct row *row, struct diag *d)
{
	const struct facts *own = facts_of(&v->facts, row->pid, FACTS_STATUS, d);
	struct table_row *parent = own ? line_of(v, row, own->parent) : NULL;

	if (!own)
		return -1;
	if (!parent || row->nested)
		return 0;
	row->nested = true;
	table_nest(row->line, parent);
	return 0;
}

static int nest_processes(struct view *v, struct diag *d)
{
	for (size_t i = 0; i < v->n_rows; i++) {
		struct row *row = &v->rows[i];
		struct facts *own;

		if (!row->pid)
			continue;
		if (nest_process(v, row, d) < 0)
			return -1;
		own = facts_known(&v->facts, row->pid);
		own->line = row->line;
		own->group = v->grouped ? row->ns : NULL;
	}
	for (size_t i = 0; i < v->n_rows; i++)
		if (v->rows[i].pid && nest_process(v, &v->rows[i], d) < 0)
			return -1;
	return 0;
}

/* Beneath the nearest that is shown. */
static void nest_namespaces(struct view *v)
{
	for (size_t i = 0; i < v->n_rows; i++) {
		const struct ns *up = v->rows[i].ns;

		do {
			up = v->n->tree == TREE_OWNER ? up->owner : up->parent;
		} while (up && !up->shown);
		if (up)
			table_nest(v->rows[i].line, up->shown);
	}
}

static int nest(struct view *v, struct diag *d)
{
	if (v->n->tree == TREE_PROCESS)
		return nest_processes(v, d);
	nest_namespaces(v);
	return 0;
}

int view_print(struct view *v, struct diag *d)
{
	/* Where no tree is drawn, there is nothing to be nested for. */
	if (v->n->tree != TREE_NONE && table_has(&v->choice, tree_column(v->n)) && nest(v, d) < 0)
		return -1;
	return table_print(v->table, d);
}

void view_free(struct view *v)
{
	table_free(v->table);
	facts_free(&v->facts);
	sets_free(&v->sets);
	cleanup_close_fd(&v->netlink);
	free(v->rows);
}

/* What could not be read */

static int add(char *text, size_t size, int len, unsigned long n, const char *one, const char *many)
{
	if (!n || (size_t)len >= size)
		return len;
	return len + snprintf(text + len, size - (size_t)len, "%s%lu %s", len ? ", " : "", n,
			      n == 1 ? one : many);
}

/* The number of the first user namespace is fixed: include/linux/proc_ns.h. */
static const char *what_would_help(void)
{
	char path[NSREF_PATH];

	if (geteuid() != 0)
		return "run as root to see their namespaces";
	if (nsref_inode(nsref_path(path, 0, NS_USER, false)) != KERNEL_FIRST_USER_NS)
		return "look from the first user namespace to see them";
	return caps_has(KERNEL_CAP_SYS_PTRACE) ? "here the kernel keeps that even from root" :
						 "it takes CAP_SYS_PTRACE to see their namespaces";
}

void show_unread(const struct model *m)
{
	const struct unread *u = &m->unread;
	char text[320] = "", unheld[128] = "";
	int len = 0;

	len = add(text, sizeof(text), len, u->processes, "process", "processes");
	len = add(text, sizeof(text), len, u->descriptors, "process's descriptors",
		  "processes' descriptors");
	len = add(text, sizeof(text), len, u->sockets, "socket", "sockets");
	len = add(text, sizeof(text), len, u->mntns, "mount namespace", "mount namespaces");
	if (len)
		snprintf(text + len, sizeof(text) - (size_t)len, " could not be read: %s",
			 what_would_help());
	if (add(unheld, sizeof(unheld), 0, u->unheld, "namespace", "namespaces"))
		strcat(unheld, " could not be held: raise the limit of open files");
	if (len || u->unheld)
		diag_note(tool, "%s%s%s", text, len && u->unheld ? "; " : "", unheld);
}
