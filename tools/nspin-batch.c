/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nspin.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "diag.h"
#include "explain.h"
#include "nsref.h"

/*
 * What was asked for last. Lines that have come by one read(2) and name the same
 * target find it as it was at one moment: what the first of them opens serves
 * the others.
 */
struct work {
	struct nspin_known known;
	struct target_name name;	/* of the target … */
	char text[TARGET_SET_MAX + 1];	/* … and how it was written */
	struct nspin_wish wish;		/* what is open, if it is */
	int fd[NSTYPE_COUNT];
	bool is_open;
};

static void let_go(struct work *w)
{
	if (w->is_open)
		nsref_close_all(w->fd);
	w->is_open = false;
}

/* From here on the target is looked at anew. */
static void end_moment(struct work *w)
{
	let_go(w);
	nspin_forget_seen(&w->known);
}

static int open_wish(struct work *w, bool all, unsigned int types, struct diag *d)
{
	if (w->is_open && w->wish.all == all && w->wish.types == types)
		return 0;
	let_go(w);
	w->wish = (struct nspin_wish){ .name = &w->name, .all = all, .types = types };
	if (nspin_open(&w->wish, &w->known, w->fd, d) < 0)
		return -1;
	w->is_open = true;
	return 0;
}

/* The same process as in the line before is held already. */
static int take_target(struct work *w, const char *text, struct diag *d)
{
	if (!strcmp(text, w->text) && (w->known.has_seen || w->known.target.pidfd >= 0))
		return 0;
	end_moment(w);
	target_close(&w->known.target);
	if (strlen(text) >= sizeof(w->text))
		return diag_usage(d, "'%s' is not PID, PID:INODE or the name of a set", text);
	snprintf(w->text, sizeof(w->text), "%s", text);
	return target_parse(&w->name, w->text, "TARGET", d);
}

static int find_type(const char *word, struct diag *d)
{
	for (int type = 0; type < NSTYPE_COUNT; type++)
		if (!strcmp(word, nstype_table[type].name) || !strcmp(word, nstype_table[type].option))
			return type;
	return diag_usage(d, "'%s' is no type of namespaces", word);
}

static int keep_one_file(struct work *w, const char *word, const char *path, struct diag *d)
{
	const char *file[NSTYPE_COUNT] = { NULL };
	int type = find_type(word, d);

	if (type < 0 || open_wish(w, false, nstype_table[type].flag, d) < 0)
		return -1;
	file[type] = path;
	return nspin_make_pins(w->fd, file, false, d);
}

static int keep_one_set(struct work *w, const char *name, struct diag *d)
{
	const struct set_wish wish = { .name = name, .fd = w->fd };

	if (set_check_name(name, "NAME", d) < 0 || open_wish(w, true, 0, d) < 0)
		return -1;
	return nspin_make_set(&w->known.place, &wish, d);
}

/* The next word of *REST, which goes on behind it; NULL: there is none. */
static char *next_word(char **rest)
{
	char *word = *rest + strspn(*rest, " \t");
	size_t len = strcspn(word, " \t");

	if (!len)
		return NULL;
	*rest = word + len;
	if (**rest)
		*(*rest)++ = '\0';
	return word;
}

/* "TARGET NAME" or "TARGET TYPE FILE", where FILE is all the rest. */
static int do_words(struct work *w, char *line, struct diag *d)
{
	char *rest = line, *target = next_word(&rest), *word = target ? next_word(&rest) : NULL;

	if (!target || *target == '#')
		return 0;
	if (!word)
		return diag_usage(d, "'%s': neither a name nor a type and a file", target);
	if (take_target(w, target, d) < 0)
		return -1;
	rest += strspn(rest, " \t");
	return *rest ? keep_one_file(w, word, rest, d) : keep_one_set(w, word, d);
}

/* Lines of stdin, some of which have been read already. */
struct input {
	char *buf;
	size_t size, start, end; /* what has been read is from START to END */
	bool ended;
};

enum { INPUT_SIZE = 32768 };

/* Room for one byte at least, and a NUL behind the last. -1 with errno. */
static int make_room(struct input *in)
{
	size_t size = in->size ? in->size * 2 : INPUT_SIZE;
	char *larger;

	if (in->start)
		memmove(in->buf, in->buf + in->start, in->end - in->start);
	in->end -= in->start;
	in->start = 0;
	if (in->end + 1 < in->size)
		return 0;
	larger = realloc(in->buf, size);
	if (!larger)
		return -1;
	in->buf = larger;
	in->size = size;
	return 0;
}

static int read_more(struct input *in)
{
	ssize_t n;

	if (make_room(in) < 0)
		return -1;
	do
		n = read(STDIN_FILENO, in->buf + in->end, in->size - in->end - 1);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -1;
	in->ended = n == 0;
	in->end += (size_t)n;
	return 0;
}

/* The next line, LEN bytes without its newline but with a NUL. 1; 0: there is none; -1 with errno. */
static int next_line(struct input *in, struct work *w, char **line, size_t *len)
{
	for (;;) {
		size_t left = in->end - in->start;
		char *end = left ? memchr(in->buf + in->start, '\n', left) : NULL;

		if (!end && in->ended && left)
			end = in->buf + in->end;
		if (end) {
			*line = in->buf + in->start;
			*len = (size_t)(end - *line);
			*end = '\0';
			in->start += *len + (end < in->buf + in->end);
			return 1;
		}
		if (in->ended)
			return 0;
		end_moment(w);
		if (read_more(in) < 0)
			return -1;
	}
}

static void tell(unsigned long number, struct diag *d)
{
	char who[40];

	snprintf(who, sizeof(who), "nspin: line %lu", number);
	d->usage = false;
	explain_missing(d);
	diag_print(d, who);
}

/* A line with a NUL in it would be taken for less than it is. */
static int do_line(struct work *w, char *line, size_t len, struct diag *d)
{
	return strlen(line) != len ? diag_set(d, 0, NULL, "there is a NUL in it") :
				     do_words(w, line, d);
}

int nspin_batch(struct diag *d)
{
	struct work w = { .known = NSPIN_KNOWN_NONE };
	unsigned long number = 0, failed = 0;
	struct input in = { .buf = NULL };
	char *line;
	size_t len;
	int ret;

	w.known.at_once = true;
	while ((ret = next_line(&in, &w, &line, &len)) > 0) {
		number++;
		if (do_line(&w, line, len, d) < 0) {
			tell(number, d);
			failed++;
		}
	}
	if (ret < 0)
		diag_fail(d, NULL, "read stdin");
	let_go(&w);
	nspin_forget(&w.known);
	free(in.buf);
	if (ret < 0)
		return -1;
	return failed ? diag_set(d, 0, NULL, "%lu of %lu lines failed", failed, number) : 0;
}
