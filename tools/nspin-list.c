/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nspin-list.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "diag.h"
#include "nspin.h"
#include "scan.h"

static const char tool[] = "nspin";

const struct table_column nspin_columns[] = {
	[COL_NS] = { "NS", TABLE_NUMBER, "inode number of the namespace" },
	[COL_TYPE] = { "TYPE", TABLE_TEXT, "its type" },
	[COL_SET] = { "SET", TABLE_TEXT, "name of the set that it is in" },
	[COL_PATH] = { "PATH", TABLE_TEXT, "the pin, or the descriptor of a keeper" },
	[COL_STATE] = { "STATE", TABLE_TEXT, "live, dead, half-made, or with NPROCS empty" },
	[COL_NPROCS] = { "NPROCS", TABLE_NUMBER, "number of processes in the namespace" },
	[COL_MNTNS] = { "MNTNS", TABLE_NUMBER, "inode number of the mount namespace of the pin" },
	{ .name = NULL },
};

void list_fail_later(struct list *l, const struct diag *d)
{
	if (l->has_failed)
		diag_print(&l->failed, tool);
	l->failed = *d;
	l->has_failed = true;
}

int list_out_of_memory(struct diag *d)
{
	return diag_set(d, ENOMEM, NULL, "list pins");
}

/* Operands */

static int compare_keys(const void *a, const void *b)
{
	const struct key *one = a, *other = b;

	return strcmp(one->text, other->text);
}

static void add_key(struct list *l, const char *text, struct operand *o)
{
	l->keys[l->n_keys++] = (struct key){ text, o };
}

static int read_operands(struct list *l, struct diag *d)
{
	char **text = l->n->operands;

	while (text && text[l->n_operands])
		l->n_operands++;
	l->operands = calloc(l->n_operands + 1, sizeof(*l->operands));
	l->keys = calloc(2 * l->n_operands + 1, sizeof(*l->keys));
	if (!l->operands || !l->keys)
		return list_out_of_memory(d);
	for (size_t i = 0; i < l->n_operands; i++) {
		struct operand *o = &l->operands[i];

		o->text = text[i];
		add_key(l, o->text, o);
		if (!strchr(o->text, '/'))
			continue;
		l->has_files = true;
		o->real = realpath(o->text, NULL);
		if (o->real)
			add_key(l, o->real, o);
	}
	qsort(l->keys, l->n_keys, sizeof(*l->keys), compare_keys);
	return 0;
}

/* The first of those that TEXT is the key of, or NULL: the same may be named twice. */
static struct key *find_key(const struct list *l, const char *text)
{
	size_t low = 0, high = l->n_keys;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(l->keys[middle].text, text) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < l->n_keys && !strcmp(l->keys[low].text, text) ? &l->keys[low] : NULL;
}

static bool find_all(struct list *l, const char *text)
{
	struct key *key = find_key(l, text);

	for (struct key *at = key; at && at < l->keys + l->n_keys && !strcmp(at->text, text); at++)
		at->operand->found = true;
	return key;
}

/* A name of a set has no slash, and a path has one. */
bool list_wants(struct list *l, const char *set, const char *path)
{
	bool by_set, by_path;

	if (!l->n_operands)
		return true;
	by_set = set && find_all(l, set);
	by_path = find_all(l, path);
	return by_set || by_path;
}

bool list_may_want(const struct list *l, const char *set)
{
	return !l->n_operands || l->has_files || find_key(l, set);
}

static int say_missing(const struct list *l, const struct operand *o, struct diag *d)
{
	const struct place *own = &l->places[0];

	if (o->real)
		return diag_set(d, 0, o->text, "no pin");
	if (strchr(o->text, '/')) {
		errno = 0;
		if (access(o->text, F_OK) < 0)
			return diag_fail(d, o->text, "look at a pin");
		return diag_set(d, 0, o->text, "no pin");
	}
	if (own->dir >= 0 && target_is_set_name(o->text) && faccessat(own->dir, o->text, F_OK, 0) == 0) {
		diag_set(d, 0, o->text, "no namespace of the set is pinned in this mount namespace");
		return l->n->everywhere ? -1 : diag_hint(d, "--everywhere (-A) shows those of others");
	}
	diag_set(d, 0, o->text, "no such set");
	return *own->path ? diag_hint(d, "sets are looked for in %s", own->path) : -1;
}

static void check_operands(struct list *l)
{
	struct diag d;

	for (size_t i = 0; i < l->n_operands; i++) {
		if (l->operands[i].found)
			continue;
		say_missing(l, &l->operands[i], &d);
		list_fail_later(l, &d);
	}
}

/* NPROCS */

static int compare_counts(const void *a, const void *b)
{
	const struct count *one = a, *other = b;

	return (one->ns > other->ns) - (one->ns < other->ns);
}

static struct count *find_count(const struct list *l, uint64_t ns)
{
	const struct count key = { .ns = ns };

	return bsearch(&key, l->counts, l->n_counts, sizeof(key), compare_counts);
}

/* A number is that of one namespace, of whatever type, while there is something that keeps it alive. */
static int count_process(void *arg, const struct scan_process *process, struct diag *d)
{
	struct list *l = arg;

	(void)d;
	for (int type = 0; type < NSTYPE_COUNT; type++) {
		struct count *count = process->ns[type] ? find_count(l, process->ns[type]) : NULL;

		if (count)
			count->n++;
	}
	return 0;
}

static int count_processes(struct list *l, struct diag *d)
{
	unsigned int types = 0;

	if (!table_has(&l->choice, COL_NPROCS) || !l->n_rows)
		return 0;
	l->counts = calloc(l->n_rows, sizeof(*l->counts));
	if (!l->counts)
		return list_out_of_memory(d);
	for (size_t i = 0; i < l->n_rows; i++)
		if (l->rows[i].type >= 0) {
			types |= nstype_table[l->rows[i].type].flag;
			l->counts[l->n_counts++].ns = l->rows[i].ns;
		}
	qsort(l->counts, l->n_counts, sizeof(*l->counts), compare_counts);
	return types ? scan_processes(types, count_process, l, &l->uncounted, d) : 0;
}

/* Output */

static const char *state_word(const struct list *l, const struct row *row)
{
	static const char *const words[] = {
		[STATE_LIVE] = "live", [STATE_DEAD] = "dead", [STATE_HALF_MADE] = "half-made",
	};

	if (row->state == STATE_LIVE && row->ns && !row->nprocs && table_has(&l->choice, COL_NPROCS))
		return "empty";
	return words[row->state];
}

static int show_row(const struct list *l, const struct row *row, struct table *t, struct diag *d)
{
	const char *type = row->type < 0 ? row->name : nstype_table[row->type].name;

	return table_row(t, d) < 0 ||
	       (row->ns && table_number(t, COL_NS, row->ns, d) < 0) ||
	       table_text(t, COL_TYPE, type, d) < 0 ||
	       table_text(t, COL_SET, row->set, d) < 0 ||
	       table_text(t, COL_PATH, row->path, d) < 0 ||
	       table_text(t, COL_STATE, state_word(l, row), d) < 0 ||
	       (row->type >= 0 && table_number(t, COL_NPROCS, row->nprocs, d) < 0) ||
	       (row->mntns && table_number(t, COL_MNTNS, row->mntns, d) < 0) ? -1 : 0;
}

static int show(struct list *l, struct diag *d)
{
	const struct table_style style = {
		.json = l->n->json, .raw = l->n->raw, .no_headings = l->n->no_headings,
	};
	struct table *t = table_new("namespaces", nspin_columns, &l->choice, &style, d);
	int ret = t ? 0 : -1;

	for (size_t i = 0; ret == 0 && i < l->n_rows; i++) {
		struct row *row = &l->rows[i];
		const struct count *count = l->n_counts ? find_count(l, row->ns) : NULL;

		row->nprocs = count ? count->n : 0;
		ret = show_row(l, row, t, d);
	}
	if (ret == 0)
		ret = table_print(t, d);
	table_free(t);
	return ret;
}

/* WHAT could not be done with N of them. */
static void say(unsigned long n, const char *one, const char *many, const char *what)
{
	if (n)
		diag_note(tool, "%lu %s could not be %s", n, n == 1 ? one : many, what);
}

static void say_unread(const struct list *l)
{
	const struct nsfs_unread *unread = &l->unread;

	say(unread->namespaces, "mount namespace", "mount namespaces",
	    "read: pins in there are not shown");
	say(unread->processes, "process", "processes",
	    "looked at: pins in other mount namespaces may be missing");
	if (unread->without_process && !unread->processes)
		diag_note(tool, "pins in mount namespaces without a process are not shown");
	say(l->uncounted, "process", "processes", "looked at: NPROCS leaves them out");
}

/* Everything */

static int choose(struct list *l, struct diag *d)
{
	if (table_choose(&l->choice, nspin_columns, "NS,TYPE,SET,PATH,STATE", d) < 0 ||
	    (l->n->everywhere && table_choose(&l->choice, nspin_columns, "MNTNS", d) < 0))
		return -1;
	return l->n->columns ? table_choose_output(&l->choice, nspin_columns, l->n->columns, d) : 0;
}

static void let_go(struct list *l)
{
	list_let_go(l);
	for (size_t i = 0; i < l->n_operands; i++)
		free(l->operands[i].real);
	free(l->operands);
	free(l->keys);
	free(l->counts);
}

int nspin_list(const struct nspin *n, struct diag *d)
{
	struct list l = { .n = n };
	int ret = choose(&l, d);

	if (ret == 0)
		ret = read_operands(&l, d);
	if (ret == 0)
		ret = list_find(&l, d);
	if (ret == 0)
		ret = count_processes(&l, d);
	if (ret == 0)
		ret = show(&l, d);
	if (ret == 0) {
		say_unread(&l);
		check_operands(&l);
	}
	if (l.has_failed && ret < 0)
		diag_print(&l.failed, tool);
	if (l.has_failed && ret == 0) {
		*d = l.failed;
		ret = -1;
	}
	let_go(&l);
	return ret;
}
