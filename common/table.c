/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "table.h"

#include <errno.h>
#include <libsmartcols.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cleanup.h"
#include "diag.h"
#include "escape.h"

bool table_has(const struct table_choice *choice, int column)
{
	for (size_t i = 0; i < choice->n; i++)
		if (choice->column[i] == column)
			return true;
	return false;
}

/* A usage error is two lines: all that there are stand on the first. */
static int unknown(const struct table_column *columns, const char *name, size_t len,
		   struct diag *d)
{
	size_t used = 0;

	diag_usage(d, "unknown column '%.*s'; there are", (int)len, name);
	for (; columns->name && used < sizeof(d->path); columns++)
		used += (size_t)snprintf(d->path + used, sizeof(d->path) - used, "%s%s",
					 used ? "," : "", columns->name);
	return -1;
}

static int find(const struct table_column *columns, const char *name, size_t len)
{
	for (int i = 0; columns[i].name; i++)
		if (strlen(columns[i].name) == len && !strncasecmp(columns[i].name, name, len))
			return i;
	return -1;
}

int table_choose(struct table_choice *choice, const struct table_column *columns,
		 const char *list, struct diag *d)
{
	for (;; list++) {
		size_t len = strcspn(list, ",");
		int column = find(columns, list, len);

		if (column < 0)
			return unknown(columns, list, len, d);
		if (!table_has(choice, column) && choice->n < TABLE_MAX_COLUMNS)
			choice->column[choice->n++] = column;
		list += len;
		if (!*list)
			return 0;
	}
}

int table_choose_output(struct table_choice *choice, const struct table_column *columns,
			const char *list, struct diag *d)
{
	if (*list == '+')
		return table_choose(choice, columns, list + 1, d);
	choice->n = 0;
	return table_choose(choice, columns, list, d);
}

char *table_help(char *text, size_t size, const struct table_column *columns)
{
	size_t used = 0;

	*text = '\0';
	for (; columns->name && used < size; columns++)
		used += (size_t)snprintf(text + used, size - used, " %-10s %s\n", columns->name,
					 columns->help);
	return text;
}

/* Where filters are. HAVE_SCOLS_FILTER is configure's: scols_new_filter(3), 2.40. */

#ifdef HAVE_SCOLS_FILTER

static struct libscols_filter *parse_filter(const char *expression, struct diag *d)
{
	struct libscols_filter *filter = scols_new_filter(NULL);
	const char *why;

	if (!filter) {
		diag_set(d, ENOMEM, NULL, "make a filter");
		return NULL;
	}
	if (scols_filter_parse_string(filter, expression) == 0)
		return filter;
	why = scols_filter_get_errmsg(filter);
	diag_usage(d, "--filter: '%s' is no expression%s%s", expression, why ? ": " : "",
		   why ? why : "");
	scols_unref_filter(filter);
	return NULL;
}

int table_choose_filter(struct table_choice *choice, const struct table_column *columns,
			const char *expression, struct diag *d)
{
	struct libscols_filter *filter = parse_filter(expression, d);
	struct libscols_iter *at = scols_new_iter(SCOLS_ITER_FORWARD);
	const char *name = NULL;
	int ret = filter ? 0 : -1;

	if (filter && !at)
		ret = diag_set(d, ENOMEM, NULL, "make a filter");
	while (ret == 0 && scols_filter_next_holder(filter, at, &name, 0) == 0)
		ret = strchr(name, ',') ? unknown(columns, name, strlen(name), d) :
					  table_choose(choice, columns, name, d);
	scols_free_iter(at);
	scols_unref_filter(filter);
	return ret;
}

#else

int table_choose_filter(struct table_choice *choice, const struct table_column *columns,
			const char *expression, struct diag *d)
{
	const char *version = NULL;

	(void)choice;
	(void)columns;
	(void)expression;
	scols_get_library_version(&version);
	return diag_usage(d, "this libsmartcols (%s) has no filters: 2.40 is needed",
			  version ? version : "?");
}

#endif

/* A row, and what is beneath it. */
struct table_row {
	struct libscols_line *line;
	struct table_row *parent, *first, *last, *next;
	struct table_row *above; /* one above it, for root_of(); NULL: it has no parent */
};

struct table {
	struct libscols_table *scols;
	struct table_row **rows;
	size_t n_rows;
	struct table_row *row; /* the last one, while it is filled */
#ifdef HAVE_SCOLS_FILTER
	struct libscols_filter *filter;
#endif
	const char *name;
	const struct table_column *columns;
	struct table_choice choice;  /* those that are shown … */
	struct table_choice filled;  /* … and behind them those that the filter only asks about */
	bool headings, wrap, cut;
	const unsigned char *widths;
	int tree; /* the column in which it is drawn, or -1 */
	enum { OUT_TABLE, OUT_RAW, OUT_JSON } form;
	int cell[TABLE_MAX_COLUMNS]; /* by column: which one it is in a row, or -1 */
};

static int out_of_memory(struct diag *d)
{
	return diag_set(d, ENOMEM, NULL, "make a table");
}

static bool is_right(const struct table *t, int column)
{
	enum table_kind kind = t->columns[column].kind;

	return (kind == TABLE_NUMBER || kind == TABLE_RIGHT) && column != t->tree;
}

static int add_column(struct table *t, int column)
{
	const struct table_column *info = &t->columns[column];
	const bool number = info->kind == TABLE_NUMBER;
	int flags = is_right(t, column) ? SCOLS_FL_RIGHT : 0;
	struct libscols_column *added;

	if (column == t->tree && t->form == OUT_JSON)
		flags |= SCOLS_FL_TREE;
	if (!table_has(&t->choice, column))
		flags |= SCOLS_FL_HIDDEN;
	added = scols_table_new_column(t->scols, info->name, 0, flags);
	if (!added)
		return -1;
	t->cell[column] = (int)scols_table_get_ncols(t->scols) - 1;
#ifdef HAVE_SCOLS_FILTER
	/* It tells the type that it has set (2.41). */
	if (t->filter &&
	    scols_column_set_data_type(added, number ? SCOLS_DATA_U64 : SCOLS_DATA_STRING) < 0)
		return -1;
#endif
	return scols_column_set_json_type(added, number ? SCOLS_JSON_NUMBER : SCOLS_JSON_STRING);
}

/* The columns are there: which one each name of the filter stands for. */
static int assign_filter(struct table *t)
{
	int ret = 0;
#ifdef HAVE_SCOLS_FILTER
	struct libscols_iter *at = scols_new_iter(SCOLS_ITER_FORWARD);
	const char *name = NULL;

	if (!at)
		return -1;
	while (ret == 0 && t->filter && scols_filter_next_holder(t->filter, at, &name, 0) == 0) {
		int column = find(t->columns, name, strlen(name));

		ret = column < 0 ? -1 :
		      scols_filter_assign_column(t->filter, at, name,
						 scols_table_get_column(t->scols, (size_t)t->cell[column]));
	}
	scols_free_iter(at);
#else
	(void)t;
#endif
	return ret;
}

static int fill(struct table *t)
{
	t->scols = scols_new_table();
	if (!t->scols || scols_table_set_name(t->scols, t->name) ||
	    scols_table_enable_raw(t->scols, t->form == OUT_RAW) ||
	    scols_table_enable_json(t->scols, t->form == OUT_JSON) ||
	    scols_table_enable_noheadings(t->scols, !t->headings))
		return -1;
	for (int i = 0; i < TABLE_MAX_COLUMNS; i++)
		t->cell[i] = -1;
	for (size_t i = 0; i < t->filled.n; i++)
		if (add_column(t, t->filled.column[i]))
			return -1;
	return assign_filter(t);
}

static int take_filter(struct table *t, const char *expression, struct diag *d)
{
	if (!expression)
		return 0;
#ifdef HAVE_SCOLS_FILTER
	t->filter = parse_filter(expression, d);
	if (!t->filter)
		return -1;
#endif
	return table_choose_filter(&t->filled, t->columns, expression, d);
}

struct table *table_new(const char *name, const struct table_column *columns,
			const struct table_choice *choice, const struct table_style *style,
			struct diag *d)
{
	struct table *t = calloc(1, sizeof(*t));

	if (!t) {
		out_of_memory(d);
		return NULL;
	}
	t->name = name;
	t->columns = columns;
	t->choice = t->filled = *choice;
	t->headings = !style->no_headings;
	t->form = style->json ? OUT_JSON : style->raw ? OUT_RAW : OUT_TABLE;
	t->wrap = t->form != OUT_RAW && !style->no_wrap;
	t->cut = style->cut;
	t->widths = style->widths;
	t->tree = style->tree && t->form != OUT_RAW && table_has(choice, style->tree_column) ?
		  style->tree_column : -1;
	if (take_filter(t, style->filter, d) < 0) {
		table_free(t);
		return NULL;
	}
	if (fill(t) == 0)
		return t;
	table_free(t);
	out_of_memory(d);
	return NULL;
}

/* Room for one more, which doubles where it is full. */
static int make_room(struct table *t)
{
	struct table_row **larger;

	if (t->n_rows & (t->n_rows - 1))
		return 0;
	larger = reallocarray(t->rows, t->n_rows ? 2 * t->n_rows : 1, sizeof(*larger));
	if (!larger)
		return -1;
	t->rows = larger;
	return 0;
}

int table_row(struct table *t, struct diag *d)
{
	t->row = make_room(t) < 0 ? NULL : calloc(1, sizeof(*t->row));
	if (!t->row)
		return out_of_memory(d);
	t->rows[t->n_rows++] = t->row;
	t->row->line = scols_table_new_line(t->scols, NULL);
	return t->row->line ? 0 : out_of_memory(d);
}

int table_end_row(struct table *t, struct table_row **row, struct diag *d)
{
	int passes = 1;

#ifdef HAVE_SCOLS_FILTER
	if (t->filter && scols_line_apply_filter(t->row->line, t->filter, &passes))
		return diag_set(d, 0, NULL, "the filter cannot be applied");
#else
	(void)d;
#endif
	if (!passes) {
		scols_table_remove_line(t->scols, t->row->line);
		free(t->row);
		t->n_rows--;
	}
	*row = passes ? t->row : NULL;
	t->row = NULL;
	return 0;
}

/* Each row on the way gets a shorter way: thousands are put beneath each other, one by one. */
static struct table_row *root_of(struct table_row *row)
{
	while (row->above) {
		if (row->above->above)
			row->above = row->above->above;
		row = row->above;
	}
	return row;
}

static void add_child(struct table_row *parent, struct table_row *row)
{
	if (parent->last)
		parent->last->next = row;
	else
		parent->first = row;
	parent->last = row;
}

void table_nest(struct table_row *row, struct table_row *parent)
{
	if (root_of(parent) == row)
		return;
	row->parent = row->above = parent;
	add_child(parent, row);
}

/*
 * As this form of output can show it: *CHANGED, owned by the caller, or TEXT
 * itself. NULL: out of memory.
 */
static const char *presentable(const struct table *t, const char *text, char **changed)
{
	if (t->form == OUT_RAW || escape_is_plain(text))
		return text;
	return *changed = t->form == OUT_JSON ? escape_utf8(text) : escape_plain(text);
}

static int set_cell(struct table *t, int column, const char *text, struct diag *d)
{
	return scols_line_set_data(t->row->line, (size_t)t->cell[column], text) ? out_of_memory(d) : 0;
}

int table_text(struct table *t, int column, const char *text, struct diag *d)
{
	cleanup_free char *changed = NULL;

	if (t->cell[column] < 0 || !text)
		return 0;
	text = presentable(t, text, &changed);
	return text ? set_cell(t, column, text, d) : out_of_memory(d);
}

int table_number(struct table *t, int column, uint64_t number, struct diag *d)
{
	char text[24];

	if (t->cell[column] < 0)
		return 0;
	snprintf(text, sizeof(text), "%llu", (unsigned long long)number);
	return set_cell(t, column, text, d);
}

/* What stands between two is in none of them. */
static char *add_line(char *to, const char *text, bool wrap)
{
	for (; *text; text++) {
		if (wrap && *text == '\n')
			to = stpcpy(to, "\\x0a");
		else
			*to++ = *text;
	}
	return to;
}

int table_lines(struct table *t, int column, const char *const *texts, size_t n, struct diag *d)
{
	cleanup_free char *joined = NULL;
	size_t size = 1;
	char *to;

	if (t->cell[column] < 0 || !n)
		return 0;
	for (size_t i = 0; i < n; i++)
		size += strlen(texts[i]) * 4 + 1;
	to = joined = malloc(size);
	for (size_t i = 0; joined && i < n; i++) {
		cleanup_free char *changed = NULL;
		const char *text = presentable(t, texts[i], &changed);

		if (!text)
			return out_of_memory(d);
		if (i)
			*to++ = t->wrap ? '\n' : ',';
		to = add_line(to, text, t->wrap);
	}
	if (!joined)
		return out_of_memory(d);
	*to = '\0';
	return set_cell(t, column, joined, d);
}

/*
 * The rows in the order in which they are shown, and how deep. Nothing here calls
 * itself: a chain of processes may be longer than the stack is large.
 */

struct shown {
	struct libscols_line *line;
	unsigned int depth; /* up to TABLE_MAX_DEPTH */
	bool more;	    /* others as deep follow, beneath the same row */
};

struct order {
	struct shown *rows;
	size_t n;
};

/* What comes behind ROW and all that is beneath it; *depth is that of ROW, then of that. */
static struct table_row *after(struct table_row *row, size_t *depth)
{
	while (!row->next && row->parent) {
		row = row->parent;
		--*depth;
	}
	return row->next;
}

static void mark_more(struct order *o)
{
	bool more[TABLE_MAX_DEPTH + 1] = { false };
	unsigned int deepest = 0;

	for (size_t i = o->n; i-- > 0;) {
		const unsigned int depth = o->rows[i].depth;

		o->rows[i].more = more[depth];
		more[depth] = true;
		for (; deepest > depth; deepest--)
			more[deepest] = false;
		deepest = depth;
	}
}

/* o->rows is the caller's. -1: no memory. */
static int arrange(const struct table *t, struct order *o)
{
	struct table_row top = { .line = NULL };
	size_t depth = 0;

	*o = (struct order){ .rows = calloc(t->n_rows + 1, sizeof(*o->rows)) };
	if (!o->rows)
		return -1;
	for (size_t i = 0; i < t->n_rows; i++)
		if (!t->rows[i]->parent)
			add_child(&top, t->rows[i]);
	for (struct table_row *row = top.first; row;) {
		o->rows[o->n++] = (struct shown){
			.line = row->line,
			.depth = depth < TABLE_MAX_DEPTH ? (unsigned int)depth : TABLE_MAX_DEPTH,
		};
		depth += row->first != NULL;
		row = row->first ? row->first : after(row, &depth);
	}
	mark_more(o);
	return 0;
}

/*
 * As text: as the library would do it, in a third of the time, and the same in
 * each locale: it asks that about each byte, several times. Here all is ASCII.
 */

struct print {
	const struct table *t;
	size_t room;			 /* columns of the terminal where it is cut; 0: nothing is */
	size_t width[TABLE_MAX_COLUMNS]; /* in the order of what is chosen */
	bool cut[TABLE_MAX_COLUMNS];	 /* what is wider ends there */
	/* Of the row in the tree: what goes before it, two characters a level. */
	char lead[2 * TABLE_MAX_DEPTH];
	unsigned int depth;
};

static const char *cell_of(struct libscols_line *row, size_t index)
{
	const char *text = scols_cell_get_data(scols_line_get_cell(row, index));

	return text ? text : "";
}

static size_t lead_of(const struct print *p, size_t index)
{
	return p->t->choice.column[index] == p->t->tree ? p->depth * 2 : 0;
}

/* A text that is wider than a column may be has no say in how wide it is. */
static void measure_text(struct print *p, size_t index, const char *text)
{
	const bool may_be_cut = p->room && p->t->columns[p->t->choice.column[index]].kind == TABLE_LONG;
	size_t len;

	do {
		size_t width;

		len = strcspn(text, "\n");
		width = len + lead_of(p, index);
		if (p->width[index] < width && (width <= TABLE_MAX_WIDTH || may_be_cut))
			p->width[index] = width;
		text += len + 1;
	} while (text[-1]);
}

static void measure(struct print *p, struct libscols_line *row)
{
	for (size_t i = 0; i < p->t->choice.n; i++)
		measure_text(p, i, cell_of(row, i));
}

static void pad(size_t n)
{
	for (; n; n--)
		putchar(' ');
}

/* LEN bytes behind LEAD, in a column of WIDTH, which ends there if it is CUT. */
static void print_cell(const char *lead, size_t n_lead, const char *text, size_t len,
		       size_t width, bool right, bool cut)
{
	size_t room;

	if (cut && n_lead > width)
		n_lead = width;
	if (cut && n_lead + len > width)
		len = width - n_lead;
	room = n_lead + len < width ? width - n_lead - len : 0;
	fwrite(lead, 1, n_lead, stdout);
	if (right)
		pad(room);
	fwrite(text, 1, len, stdout);
	if (!right)
		pad(room);
}

/* Of each cell in a row the line that is next; NULL: there are no more. */
struct lines {
	const char *at[TABLE_MAX_COLUMNS];
	bool any;
};

static void print_line(struct print *p, struct lines *lines)
{
	const struct table *t = p->t;

	lines->any = false;
	for (size_t i = 0; i < t->choice.n; i++) {
		const bool is_last = i + 1 == t->choice.n, right = is_right(t, t->choice.column[i]);
		const char *text = lines->at[i] ? lines->at[i] : "";
		size_t len = strcspn(text, "\n"), n_lead = lead_of(p, i), width = p->width[i];

		/* Nothing is to be seen of blanks at the end. */
		if (is_last && !right && n_lead + len < width)
			width = n_lead + len;
		print_cell(p->lead, n_lead, text, len, width, right, p->cut[i]);
		putchar(is_last ? '\n' : ' ');
		lines->at[i] = text[len] ? text + len + 1 : NULL;
		lines->any |= lines->at[i] != NULL;
	}
}

/* The last two characters that go before a row: where it hangs; then, what hangs below. */
static void set_lead(struct print *p, const char *text)
{
	if (p->depth)
		memcpy(p->lead + (p->depth - 1) * 2, text, 2);
}

static void print_row(struct print *p, const struct shown *row)
{
	struct lines lines;

	for (size_t i = 0; i < p->t->choice.n; i++)
		lines.at[i] = cell_of(row->line, i);
	p->depth = row->depth;
	set_lead(p, row->more ? "|-" : "`-");
	do {
		print_line(p, &lines);
	} while (lines.any);
	set_lead(p, row->more ? "| " : "  ");
}

static void print_headings(const struct print *p)
{
	const struct table *t = p->t;

	for (size_t i = 0; i < t->choice.n; i++) {
		const char *name = t->columns[t->choice.column[i]].name;
		const bool is_last = i + 1 == t->choice.n, right = is_right(t, t->choice.column[i]);

		print_cell("", 0, name, strlen(name), is_last && !right ? 0 : p->width[i], right, false);
		putchar(is_last ? '\n' : ' ');
	}
}

/* Of a terminal; 0: it is none, or does not tell. */
static size_t terminal_width(void)
{
	struct winsize size;

	return isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

/* What is too wide is taken from what may be cut, as far as its heading goes. */
static void cut(struct print *p)
{
	const struct table *t = p->t;
	size_t room = p->room, all = t->choice.n - 1;

	for (size_t i = 0; i < t->choice.n; i++)
		all += p->width[i];
	for (size_t i = 0; room && all > room && i < t->choice.n; i++) {
		const struct table_column *info = &t->columns[t->choice.column[i]];
		size_t least = strlen(info->name), spare;

		if (info->kind != TABLE_LONG || p->width[i] <= least)
			continue;
		spare = p->width[i] - least < all - room ? p->width[i] - least : all - room;
		p->width[i] -= spare;
		p->cut[i] = true;
		all -= spare;
	}
}

/*
 * For headings, whether or not they are printed, and as far as the columns shall
 * be: so the library does it.
 */
static void widen(struct print *p)
{
	for (size_t i = 0; i < p->t->choice.n; i++) {
		const int column = p->t->choice.column[i];
		size_t least = strlen(p->t->columns[column].name);

		if (p->t->widths && p->width[i] >= least && least < p->t->widths[column])
			least = p->t->widths[column];
		if (p->width[i] < least)
			p->width[i] = least;
	}
}

static void print_text(const struct table *t, const struct order *o)
{
	struct print p = { .t = t, .room = t->cut ? terminal_width() : 0 };

	for (size_t i = 0; i < o->n; i++) {
		p.depth = o->rows[i].depth;
		measure(&p, o->rows[i].line);
	}
	widen(&p);
	cut(&p);
	if (t->headings)
		print_headings(&p);
	for (size_t i = 0; i < o->n; i++)
		print_row(&p, &o->rows[i]);
}

/* The library quotes what JSON demands to be quoted, which C1 controls are not. */
static int print_json(const struct table *t)
{
	cleanup_free char *text = NULL;
	int ret = scols_print_table_to_string(t->scols, &text);

	if (ret)
		return ret;
	escape_put_json(stdout, text);
	putchar('\n');
	return 0;
}

/* The library nests what is nested for it. */
static int print_by_library(const struct table *t, const struct order *o)
{
	struct libscols_line *at[TABLE_MAX_DEPTH + 1];

	for (size_t i = 0; i < o->n; i++) {
		const struct shown *row = &o->rows[i];

		at[row->depth] = row->line;
		if (row->depth && scols_line_add_child(at[row->depth - 1], row->line))
			return -ENOMEM;
	}
	return t->form == OUT_JSON ? print_json(t) : scols_print_table(t->scols);
}

static int print(const struct table *t)
{
	struct order o;
	int ret = arrange(t, &o) < 0 ? -ENOMEM : 0;

	if (ret == 0 && t->form == OUT_TABLE)
		print_text(t, &o);
	else if (ret == 0)
		ret = print_by_library(t, &o);
	free(o.rows);
	return ret;
}

int table_print(struct table *t, struct diag *d)
{
	const bool empty = !scols_table_get_nlines(t->scols);
	int ret = 0;

	/* Older libraries write nothing at all for nothing, which is no JSON. */
	if (t->form == OUT_JSON && empty)
		printf("{\n   \"%s\": [\n\n   ]\n}\n", t->name);
	else if (!empty)
		ret = print(t);
	if (ret)
		return diag_set(d, -ret, NULL, "print a table");
	return ferror(stdout) || fflush(stdout) != 0 ? diag_fail(d, NULL, "write to stdout") : 0;
}

void table_free(struct table *t)
{
	if (!t)
		return;
#ifdef HAVE_SCOLS_FILTER
	scols_unref_filter(t->filter);
#endif
	scols_unref_table(t->scols);
	for (size_t i = 0; i < t->n_rows; i++)
		free(t->rows[i]);
	free(t->rows);
	free(t);
}
