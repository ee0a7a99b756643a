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

struct table {
	struct libscols_table *scols;
	struct libscols_line *row;
#ifdef HAVE_SCOLS_FILTER
	struct libscols_filter *filter;
#endif
	const char *name;
	const struct table_column *columns;
	struct table_choice choice;  /* those that are shown … */
	struct table_choice filled;  /* … and behind them those that the filter only asks about */
	bool headings, wrap, cut;
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
	if (t->filter && scols_column_set_data_type(added, number ? SCOLS_DATA_U64 : SCOLS_DATA_STRING))
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

int table_row(struct table *t, struct diag *d)
{
	t->row = scols_table_new_line(t->scols, NULL);
	return t->row ? 0 : out_of_memory(d);
}

int table_end_row(struct table *t, struct libscols_line **row, struct diag *d)
{
	int passes = 1;

#ifdef HAVE_SCOLS_FILTER
	if (t->filter && scols_line_apply_filter(t->row, t->filter, &passes))
		return diag_set(d, 0, NULL, "the filter cannot be applied");
#else
	(void)d;
#endif
	if (!passes)
		scols_table_remove_line(t->scols, t->row);
	*row = passes ? t->row : NULL;
	t->row = NULL;
	return 0;
}

int table_nest(struct libscols_line *row, struct libscols_line *parent, struct diag *d)
{
	for (struct libscols_line *up = parent; up; up = scols_line_get_parent(up))
		if (up == row)
			return 0;
	return scols_line_add_child(parent, row) ? out_of_memory(d) : 0;
}

/* How many bytes at TEXT are a character in UTF-8; 0: none. RFC 3629. */
static size_t utf8_length(const unsigned char *text)
{
	static const struct {
		unsigned char first, last, second_from, second_to;
		size_t len;
	} forms[] = {
		{ 0x01, 0x7f, 0, 0, 1 },	{ 0xc2, 0xdf, 0x80, 0xbf, 2 },
		{ 0xe0, 0xe0, 0xa0, 0xbf, 3 },	{ 0xe1, 0xec, 0x80, 0xbf, 3 },
		{ 0xed, 0xed, 0x80, 0x9f, 3 },	{ 0xee, 0xef, 0x80, 0xbf, 3 },
		{ 0xf0, 0xf0, 0x90, 0xbf, 4 },	{ 0xf1, 0xf3, 0x80, 0xbf, 4 },
		{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};
	size_t i = 0, len = 1;

	while (i < sizeof(forms) / sizeof(*forms) && (*text < forms[i].first || *text > forms[i].last))
		i++;
	if (i == sizeof(forms) / sizeof(*forms))
		return 0;
	if (forms[i].len > 1 && (text[1] < forms[i].second_from || text[1] > forms[i].second_to))
		return 0;
	while (len < forms[i].len && (len == 1 || (text[len] & 0xc0) == 0x80))
		len++;
	return len == forms[i].len ? len : 0;
}

/*
 * A path may be any bytes, but JSON is UTF-8, or all of it is unreadable: what
 * is none becomes U+FFFD. Owned by the caller; NULL: out of memory.
 */
static char *as_utf8(const char *text)
{
	static const char replacement[] = "\xef\xbf\xbd";
	char *copy = malloc(strlen(text) * 3 + 1), *to = copy;

	while (copy && *text) {
		size_t len = utf8_length((const unsigned char *)text);

		to = mempcpy(to, len ? text : replacement, len ? len : 3);
		text += len ? len : 1;
	}
	if (copy)
		*to = '\0';
	return copy;
}

static bool is_plain(unsigned char c)
{
	return c >= ' ' && c < 0x7f && c != '\\';
}

/* A backslash that stands for itself, but where it could be taken for the beginning of "\x0a". */
static bool stays(const char *text)
{
	return is_plain((unsigned char)*text) ||
	       (*text == '\\' && text[1] != 'x' && (!text[1] || text[1] == '\\' || is_plain((unsigned char)text[1])));
}

/*
 * "\x0a", as the library writes it: a row is one line, and no text is two. It
 * would do so here as well, by asking for the locale's opinion of each byte
 * twice. Owned by the caller; NULL: out of memory.
 */
static char *as_plain(const char *text)
{
	char *copy = malloc(strlen(text) * 4 + 1), *to = copy;

	for (; copy && *text; text++) {
		if (stays(text))
			*to++ = *text;
		else
			to += sprintf(to, "\\x%02x", (unsigned char)*text);
	}
	if (copy)
		*to = '\0';
	return copy;
}

static bool is_all_plain(const char *text)
{
	while (is_plain((unsigned char)*text))
		text++;
	return !*text;
}

int table_text(struct table *t, int column, const char *text, struct diag *d)
{
	cleanup_free char *changed = NULL;

	if (t->cell[column] < 0 || !text)
		return 0;
	if (t->form != OUT_RAW && !is_all_plain(text)) {
		changed = t->form == OUT_JSON ? as_utf8(text) : as_plain(text);
		text = changed;
	}
	return !text || scols_line_set_data(t->row, (size_t)t->cell[column], text) ? out_of_memory(d) : 0;
}

int table_number(struct table *t, int column, uint64_t number, struct diag *d)
{
	char text[24];

	if (t->cell[column] < 0)
		return 0;
	snprintf(text, sizeof(text), "%llu", (unsigned long long)number);
	return scols_line_set_data(t->row, (size_t)t->cell[column], text) ? out_of_memory(d) : 0;
}

static size_t width_of(const char *text)
{
	return text ? strlen(text) : 0;
}

static void print_cell(const char *text, size_t width, bool right, bool last)
{
	int pad = (int)(width - width_of(text));

	if (right && pad)
		printf("%*s", pad, "");
	if (text)
		fputs(text, stdout);
	if (!right && !last && pad)
		printf("%*s", pad, "");
	putchar(last ? '\n' : ' ');
}

static const char *cell_of(struct libscols_line *row, size_t column)
{
	return scols_cell_get_data(scols_line_get_cell(row, column));
}

static void print_headings(const struct table *t, const size_t *width)
{
	for (size_t i = 0; i < t->choice.n; i++) {
		const struct table_column *info = &t->columns[t->choice.column[i]];

		print_cell(info->name, width[i], info->kind == TABLE_NUMBER, i + 1 == t->choice.n);
	}
}

static void print_row(const struct table *t, struct libscols_line *row, const size_t *width)
{
	for (size_t i = 0; i < t->choice.n; i++)
		print_cell(cell_of(row, i), width[i],
			   t->columns[t->choice.column[i]].kind == TABLE_NUMBER,
			   i + 1 == t->choice.n);
}

static void print_rows(const struct table *t, struct libscols_iter *at, const size_t *width)
{
	struct libscols_line *row;

	if (t->headings)
		print_headings(t, width);
	while (scols_table_next_line(t->scols, at, &row) == 0)
		print_row(t, row, width);
}

/*
 * As the library would, in a third of the time: it asks the locale about each
 * byte, several times. Here all of it is ASCII.
 */
static int print_flat(const struct table *t)
{
	struct libscols_iter *at = scols_new_iter(SCOLS_ITER_FORWARD);
	size_t width[TABLE_MAX_COLUMNS] = { 0 };
	struct libscols_line *row;

	if (!at)
		return -ENOMEM;
	for (size_t i = 0; t->headings && i < t->choice.n; i++)
		width[i] = strlen(t->columns[t->choice.column[i]].name);
	while (scols_table_next_line(t->scols, at, &row) == 0)
		for (size_t i = 0; i < t->choice.n; i++) {
			size_t len = width_of(cell_of(row, i));

			width[i] = len > width[i] ? len : width[i];
		}
	scols_reset_iter(at, SCOLS_ITER_FORWARD);
	if (t->row)
		print_rows(t, at, width);
	scols_free_iter(at);
	return 0;
}

int table_print(struct table *t, struct diag *d)
{
	int ret = 0;

	/* Older libraries write nothing at all for nothing, which is no JSON. */
	if (t->form == OUT_JSON && !t->row)
		printf("{\n   \"%s\": [\n\n   ]\n}\n", t->name);
	else
		ret = t->form == OUT_TABLE ? print_flat(t) : scols_print_table(t->scols);
	if (ret)
		return diag_set(d, -ret, NULL, "print a table");
	return ferror(stdout) || fflush(stdout) != 0 ? diag_fail(d, NULL, "write to stdout") : 0;
}

void table_free(struct table *t)
{
	if (t)
		scols_unref_table(t->scols);
	free(t);
}
