/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "subid.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "cred.h"
#include "diag.h"
#include "file.h"
#include "number.h"
#include "run.h"

/* A site with a line for each user has a long file; this bounds what is read. */
#define LIST_SIZE (1 << 20)

static const char *list_file(enum idkind kind)
{
	return kind == ID_UID ? "/etc/subuid" : "/etc/subgid";
}

/* The names by which the caller's ranges are filed. */
struct owner {
	char name[256];
	char number[16];
};

/* Without an entry, the number stands for the name; that the entries cannot be read is no answer. */
static int find_owner(struct owner *o, struct diag *d)
{
	const struct passwd *pw = getpwuid(geteuid());

	if (!pw && !cred_can_look_up("/etc/passwd"))
		return diag_fail(d, "/etc/passwd", "look up the name of user %u", (unsigned int)geteuid());
	snprintf(o->number, sizeof(o->number), "%u", (unsigned int)geteuid());
	snprintf(o->name, sizeof(o->name), "%s", pw ? pw->pw_name : o->number);
	return 0;
}

static int add(struct subid_list *list, const char *first, const char *count)
{
	uint64_t f, c;

	if (number_parse(first, UINT32_MAX - 1, &f) < 0 ||
	    number_parse(count, UINT32_MAX, &c) < 0 || f + c > UINT32_MAX)
		return -1;
	if (!c || list->n == IDMAP_LINES)
		return 0;
	list->range[list->n].first = (uint32_t)f;
	list->range[list->n].count = (uint32_t)c;
	list->n++;
	return 0;
}

/* "0: alice 100000 65536" lines, as getsubids prints them. */
static void parse_answer(struct subid_list *list, char *text)
{
	char *save;

	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *rest;
		char *index = strtok_r(line, " ", &rest);
		char *name = index ? strtok_r(NULL, " ", &rest) : NULL;
		char *first = name ? strtok_r(NULL, " ", &rest) : NULL;
		char *count = first ? strtok_r(NULL, " ", &rest) : NULL;

		if (count)
			add(list, first, count);
	}
}

/* "alice:100000:65536" lines. A line that is none of ours, or damaged, is passed over. */
static void parse_file(struct subid_list *list, char *text, const struct owner *o)
{
	char *save;

	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *first = strchr(line, ':');
		char *count = first ? strchr(first + 1, ':') : NULL;

		if (!count)
			continue;
		*first++ = '\0';
		*count++ = '\0';
		if (!strcmp(line, o->name) || !strcmp(line, o->number))
			add(list, first, count);
	}
}

/* 1: asked; 0: there is no getsubids; -1 and *d. */
static int ask_getsubids(enum idkind kind, struct owner *o, char *text, struct diag *d)
{
	char *argv[] = { "getsubids", kind == ID_UID ? o->name : "-g",
			 kind == ID_UID ? NULL : o->name, NULL };
	cleanup_close int in = -1, out = -1, pidfd = -1;
	/* That there are none is for us to say. */
	cleanup_close int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	struct ended e;
	ssize_t n;
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return diag_fail(d, NULL, "make a pipe");
	in = ends[0];
	out = ends[1];
	if (run_start(&(struct run){ .argv = argv, .env = environ, .stdout_fd = out,
				     .stderr_fd = null }, &pid, &pidfd, d) < 0)
		return d->err == ENOENT ? 0 : -1;
	close(steal_fd(&out));
	n = file_read_fd(in, text, LIST_SIZE);
	close(steal_fd(&in));
	if (run_wait_end(pid, &e) < 0 || n < 0)
		return diag_fail(d, NULL, "run getsubids");
	/* It exits with 1 when there are none: then there are no lines. */
	return e.signal ? run_check(&e, "getsubids", d) : 1;
}

static int none(enum idkind kind, const struct owner *o, struct diag *d)
{
	diag_set(d, 0, NULL, "no subordinate %s ids for %s",
		 kind == ID_UID ? "user" : "group", o->name);
	return diag_hint(d, "%s has no line for %s: usermod --add-sub%ss FIRST-LAST %s adds one",
			 list_file(kind), o->name, kind == ID_UID ? "uid" : "gid", o->name);
}

int subid_ranges(enum idkind kind, struct subid_list *list, struct diag *d)
{
	cleanup_free char *text = malloc(LIST_SIZE);
	struct owner o;
	int asked;

	list->n = 0;
	if (!text)
		return diag_fail(d, NULL, "read the subordinate ids");
	if (find_owner(&o, d) < 0)
		return -1;
	asked = ask_getsubids(kind, &o, text, d);
	if (asked < 0)
		return -1;
	if (asked)
		parse_answer(list, text);
	else if (file_read(list_file(kind), text, LIST_SIZE) >= 0)
		parse_file(list, text, &o);
	else if (errno != ENOENT)
		return diag_fail(d, list_file(kind), "read the subordinate ids");
	return list->n ? 0 : none(kind, &o, d);
}
