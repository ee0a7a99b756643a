/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nspin.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "diag.h"
#include "nsref.h"
#include "pin.h"
#include "set.h"

/* Many sets and pins, one after the other, of processes of which several may be the same. */
struct work {
	struct place place;
	struct target_name name; /* of TARGET, if it is held … */
	char text[64];		 /* … and how it was written */
	struct target target;
};

#define WORK_NONE ((struct work){ .place = PLACE_NONE, .target = TARGET_NONE })

static void finish(struct work *w)
{
	place_close(&w->place);
	target_close(&w->target);
}

/* A namespace that we have not made cannot be made again. */
static int explain_again(int ret, struct diag *d)
{
	if (ret == PIN_TRY_ANOTHER_CPU)
		diag_extend_hint(d, "; nspin --hold --keep=NAME keeps it by a process instead");
	return ret ? -1 : 0;
}

static int keep_files(const int fd[NSTYPE_COUNT], const char *const file[NSTYPE_COUNT],
		      bool make_private, struct diag *d)
{
	struct pin pins[NSTYPE_COUNT] = { { .file = NULL } };
	int ret = 0;

	for (int type = 0; ret == 0 && type < NSTYPE_COUNT; type++) {
		char source[32];

		if (!file[type])
			continue;
		snprintf(source, sizeof(source), "/proc/self/fd/%d", fd[type]);
		ret = pin_make(&pins[type], source, type, file[type], make_private, d);
	}
	for (int type = NSTYPE_COUNT - 1; ret && type >= 0; type--)
		pin_undo(&pins[type]);
	return explain_again(ret, d);
}

int nspin_keep(const struct nspin *n, struct diag *d)
{
	struct nspin_wish wish = { .name = &n->target, .all = n->all || !n->types, .types = n->types };
	struct work w = WORK_NONE;
	int fd[NSTYPE_COUNT];
	int ret = nspin_open(&wish, &w.target, fd, d);

	if (ret == 0 && *n->operands)
		ret = explain_again(set_make(&w.place, &(struct set_wish){
			.name = *n->operands, .fd = fd, .add = n->add, .missing_only = !n->types,
		}, NULL, d), d);
	else if (ret == 0)
		ret = keep_files(fd, n->file, n->make_private, d);
	nsref_close_all(fd);
	finish(&w);
	return ret;
}

/* The same process as in the line before is held already. */
static int take_target(struct work *w, const char *text, struct diag *d)
{
	if (!strcmp(text, w->text) && w->target.pidfd >= 0)
		return 0;
	target_close(&w->target);
	if (strlen(text) >= sizeof(w->text) && !target_is_set_name(text))
		return diag_usage(d, "'%s' is not PID, PID:INODE or the name of a set", text);
	snprintf(w->text, sizeof(w->text), "%s", text);
	return target_parse(&w->name, text, "TARGET", d);
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
	struct nspin_wish wish = { .name = &w->name };
	int type = find_type(word, d);
	int fd[NSTYPE_COUNT];
	int ret;

	if (type < 0)
		return -1;
	file[type] = path;
	wish.types = nstype_table[type].flag;
	if (nspin_open(&wish, &w->target, fd, d) < 0)
		return -1;
	ret = keep_files(fd, file, false, d);
	nsref_close_all(fd);
	return ret;
}

static int keep_one_set(struct work *w, const char *name, struct diag *d)
{
	struct nspin_wish wish = { .name = &w->name, .all = true };
	int fd[NSTYPE_COUNT];
	int ret;

	if (set_check_name(name, "NAME", d) < 0 || nspin_open(&wish, &w->target, fd, d) < 0)
		return -1;
	ret = explain_again(set_make(&w->place, &(struct set_wish){ .name = name, .fd = fd }, NULL, d), d);
	nsref_close_all(fd);
	return ret;
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
static int do_line(struct work *w, char *line, struct diag *d)
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

/* A line with a NUL in it would be taken for less than it is. */
static int check_line(char *line, ssize_t len, struct diag *d)
{
	if (strlen(line) != (size_t)len)
		return diag_set(d, 0, NULL, "there is a NUL in it");
	if (len && line[len - 1] == '\n')
		line[len - 1] = '\0';
	return 0;
}

static void tell(unsigned long number, struct diag *d)
{
	char who[40];

	snprintf(who, sizeof(who), "nspin: line %lu", number);
	d->usage = false;
	diag_print(d, who);
}

int nspin_batch(struct diag *d)
{
	cleanup_free char *line = NULL;
	unsigned long number = 0, failed = 0;
	struct work w = WORK_NONE;
	size_t size = 0;
	ssize_t len;

	errno = 0;
	while ((len = getline(&line, &size, stdin)) >= 0) {
		number++;
		if (check_line(line, len, d) < 0 || do_line(&w, line, d) < 0) {
			tell(number, d);
			failed++;
		}
		errno = 0;
	}
	finish(&w);
	if (ferror(stdin) || errno)
		return diag_fail(d, NULL, "read stdin");
	return failed ? diag_set(d, 0, NULL, "%lu of %lu lines failed", failed, number) : 0;
}
