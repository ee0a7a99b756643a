// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * pins: how long it takes to keep namespaces, to list them, to enter them again
 *
 *	pins [-l] [-c CPU] [-n RUNS] [-w WORKLOAD] NAME=PATH...
 *
 * NAME is nspin or nsenter-lite, or one of these with a suffix
 * (nspin-old=/opt/bin/nspin). The floor, the same work by bare system calls in
 * a program without libc, is always there as well. As an example:
 *
 *	pins nspin=./nspin nsenter-lite=./nsenter-lite
 *
 * What is kept is the UTS namespace of a process that waits. The workloads, and
 * what nspin may cost at most, as a multiple of the floor:
 *
 *	files		1000 pins on files, by --batch: 1.7; the floor's are
 *			mknodat(2) and mount(2)
 *	sets		1000 sets of that process, by --batch: 4; the floor's are
 *			pins on files
 *	copies		1000 sets of a set: 4, as well
 *	list		3000 pins on files: 4; the floor reads mountinfo
 *	list-sets	3000 sets: 4, as well
 *	beside		one set, with no other pin there and with 3000
 *	enter		a program in the namespaces of a set, and of the process
 *			that it was made of
 *
 * Each one must first prove that it does the work; one that does not is
 * reported and not timed. Then they are timed, as rounds.h says. contest.h has
 * the options; where there are thousands, RUNS are ten times the rounds.
 *
 * All of it is done in a mount namespace of its own, where a tmpfs covers /run,
 * and is cleaned up while no clock runs. Needs root.
 *
 * Exit status: 0; 1 when one failed; 2 when nothing could be measured.
 *
 * Build: as launch, with pins.c and world.c for launch.c
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "contest.h"
#include "rounds.h"
#include "world.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

#define PINS "1000"
#define MANY "3000"

/* All in /run is our own; what is in WORK is made anew again and again. */
#define WORK "/run/work"
#define FILES_DIR WORK "/pins"
#define SETS_DIR WORK "/sets"
#define OUTPUT "/run/output"

enum { LINK_SIZE = 64, NAME_SIZE = 48 };

enum { FILES, SETS, COPIES, LIST, LIST_SETS, BESIDE, ENTER, WORKLOADS };

static const char *const workload_names[] = {
	[FILES] = "files",
	[SETS] = "sets",
	[COPIES] = "copies",
	[LIST] = "list",
	[LIST_SETS] = "list-sets",
	[BESIDE] = "beside",
	[ENTER] = "enter",
	[WORKLOADS] = NULL,
};

static const char *const titles[WORKLOADS] = {
	[FILES] = PINS " pins on files (at most 1.7)",
	[SETS] = PINS " sets of a process (at most 4)",
	[COPIES] = PINS " sets of a set (at most 4)",
	[LIST] = "list of " MANY " pins on files (at most 4)",
	[LIST_SETS] = "list of " MANY " sets (at most 4)",
	[BESIDE] = "one set, with no other pin there and with " MANY,
	[ENTER] = "a program in the namespaces of a process and of its set",
};

enum { FLOOR, NSPIN, LITE, KINDS };

static const char *const kind_names[] = {
	[FLOOR] = "floor",
	[NSPIN] = "nspin",
	[LITE] = "nsenter-lite",
	[KINDS] = NULL,
};

struct bench {
	const struct contest *c;
	const struct candidate *nspin;	/* the first one: it makes what others need */
	int work;
	int runs;
	char pid[16];			/* of the process that waits */
	char uts[LINK_SIZE];		/* its UTS namespace's path, */
	char link[LINK_SIZE];		/* and what it is: "uts:[1]" */
	int here;			/* the working directory */
	int places[2];			/* two mount namespaces: with no pin, with many */
	char names[ROWS_MAX][NAME_SIZE];
};

static bool fail(const char *what)
{
	complain("%s: %s", what, strerror(errno));
	return false;
}

/* Rows */

/* WORDS ends with NULL. The N rows of one candidate share its room for times. */
static struct row *add_row(const struct bench *b, struct table *t, size_t candidate, int n,
			   const char *const *words)
{
	struct row *row = contest_row(b->c, t, candidate);
	size_t i = 0;

	row->times += (ptrdiff_t)n * b->runs;
	row->argv[i++] = row->path;
	while (*words)
		row->argv[i++] = *words++;
	return row;
}

static const char *name_row(struct bench *b, size_t i, const char *name, const char *suffix)
{
	snprintf(b->names[i], NAME_SIZE, "%.20s%s", name, suffix);
	return b->names[i];
}

static bool run(const struct candidate *who, const char *input, const char *const *words)
{
	struct row row = { .name = who->name, .path = who->path, .input = input };
	size_t i = 0;

	row.argv[i++] = who->path;
	while (*words)
		row.argv[i++] = *words++;
	return row_succeeds(&row);
}

static void doubt(const struct bench *b, struct row *row)
{
	complain("%s: does not do the work of %s", row->name, workload_names[b->work]);
	row->failed = true;
}

/* The number of candidates that failed. */
static int measure(const struct bench *b, struct table *t)
{
	table_run(t);
	table_print(t, b->c->room);
	return table_failures(t);
}

/* What there is */

/* How many lines of FILE have both texts in them? */
static int count_lines(const char *path, const char *one, const char *other)
{
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t size = 0;
	int n = 0;

	if (!file)
		return -1;
	while (getline(&line, &size, file) > 0)
		n += strstr(line, one) && strstr(line, other);
	free(line);
	fclose(file);
	return n;
}

/* Of the process's UTS namespace, with paths that begin with PREFIX. */
static bool has_pins(const struct bench *b, const char *prefix, const char *count)
{
	return count_lines("/proc/self/mountinfo", b->link, prefix) == atoi(count);
}

static bool read_link(const char *pid, const char *type, char link[LINK_SIZE])
{
	char path[LINK_SIZE];
	ssize_t len;

	snprintf(path, sizeof(path), "/proc/%s/ns/%s", pid, type);
	len = readlink(path, link, LINK_SIZE - 1);
	if (len < 0)
		return fail(path);
	link[len] = '\0';
	return true;
}

/* Making pins */

/* What has been mounted in WORK goes with it. */
static bool clean(void)
{
	if (umount2(WORK, MNT_DETACH) < 0 || mount("none", WORK, "tmpfs", 0, "mode=755") < 0 ||
	    mkdir(FILES_DIR, 0755) < 0)
		return fail(WORK);
	return true;
}

/* A line for each number below COUNT. */
static bool write_input(const char *path, const char *target, const char *prefix,
			const char *count)
{
	FILE *file = fopen(path, "we");

	if (!file)
		return fail(path);
	for (int i = 0; i < atoi(count); i++)
		fprintf(file, "%s %s%d\n", target, prefix, i);
	return fclose(file) == 0 || fail(path);
}

static bool keep(const struct bench *b, const char *name)
{
	const char *const words[] = { "-t", b->pid, name, NULL };

	return run(b->nspin, NULL, words);
}

static bool prepare_making(void *context, const struct row *row)
{
	const struct bench *b = context;

	(void)row;
	return clean() && (b->work != COPIES || keep(b, "one"));
}

static int bench_making(struct bench *b)
{
	const char *const floor[] = { "pins", PINS, b->uts, FILES_DIR, NULL };
	const char *const batch[] = { "--batch", NULL };
	const char *prefix = b->work == FILES ? "uts " FILES_DIR "/" : "set";
	struct table t = {
		.title = titles[b->work], .runs = b->runs, .n_bases = 1,
		.prepare = prepare_making, .context = b,
	};

	if (!write_input("/run/input", b->work == COPIES ? "one" : b->pid, prefix, PINS))
		return -1;
	for (size_t i = 0; i < b->c->count; i++) {
		const int kind = b->c->list[i].kind;
		struct row *row;

		if (kind == LITE)
			continue;
		row = add_row(b, &t, i, 0, kind == FLOOR ? floor : batch);
		row->input = kind == FLOOR ? NULL : "/run/input";
		if (!prepare_making(b, row) || !row_succeeds(row) ||
		    !has_pins(b, kind == FLOOR || b->work == FILES ? FILES_DIR "/" : SETS_DIR "/set", PINS))
			doubt(b, row);
	}
	return measure(b, &t);
}

static bool make_many(const struct bench *b)
{
	const char *const floor[] = { "pins", MANY, b->uts, FILES_DIR, NULL };
	const char *const batch[] = { "--batch", NULL };
	const bool sets = b->work == LIST_SETS;

	if (sets ? !write_input("/run/input", b->pid, "set", MANY) || !run(b->nspin, "/run/input", batch) :
		   !run(&b->c->list[FLOOR], NULL, floor))
		return false;
	return has_pins(b, sets ? SETS_DIR "/set" : FILES_DIR "/", MANY);
}

/* Looking at them */

static int bench_listing(const struct bench *b)
{
	const char *const floor[] = { "read", "/proc/self/mountinfo", NULL };
	const char *const list[] = { "--list", NULL };
	struct table t = { .title = titles[b->work], .runs = b->runs, .n_bases = 1 };

	if (!clean() || !make_many(b))
		return -1;
	for (size_t i = 0; i < b->c->count; i++) {
		const int kind = b->c->list[i].kind;
		struct row *row;

		if (kind == LITE)
			continue;
		row = add_row(b, &t, i, 0, kind == FLOOR ? floor : list);
		row->output = OUTPUT;
		if (!row_succeeds(row) || (kind == NSPIN && count_lines(OUTPUT, "uts", WORK) != atoi(MANY)))
			doubt(b, row);
		row->output = "/dev/null";
	}
	return measure(b, &t);
}

static const char among[] = "-among-" MANY;

static bool go_to(const struct bench *b, int place)
{
	/* It takes the working directory away. */
	return (setns(b->places[place], CLONE_NEWNS) == 0 && fchdir(b->here) == 0) ||
	       fail("change the mount namespace");
}

static bool prepare_beside(void *context, const struct row *row)
{
	char path[sizeof(SETS_DIR) + NAME_SIZE + 8];

	if (!go_to(context, strstr(row->name, among) != NULL))
		return false;
	snprintf(path, sizeof(path), SETS_DIR "/%s/uts", row->name);
	umount2(path, MNT_DETACH);
	unlink(path);
	*strrchr(path, '/') = '\0';
	rmdir(path);
	return true;
}

static bool split(struct bench *b)
{
	b->places[0] = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
	/* The place of sets is made ready before. */
	if (b->places[0] < 0 || !clean() || !keep(b, "first") || unshare(CLONE_NEWNS) < 0)
		return fail("a second mount namespace");
	b->places[1] = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
	return b->places[1] >= 0 && make_many(b);
}

static int bench_beside(struct bench *b)
{
	struct table t = {
		.title = titles[b->work], .runs = b->runs, .n_bases = 1,
		.prepare = prepare_beside, .context = b,
	};
	int failed = -1;

	if (split(b)) {
		for (size_t i = 0; i < 2 * b->c->count; i++) {
			const struct candidate *who = &b->c->list[i / 2];
			/* The name of the row is that of its set. */
			const char *name = name_row(b, t.count, who->name, i % 2 ? among : "");
			/* The process is in another mount namespace than that of the many. */
			const char *words[] = { "-t", b->pid, "--uts", name, NULL };
			struct row *row;

			if (who->kind != NSPIN)
				continue;
			row = add_row(b, &t, i / 2, (int)(i % 2), words);
			row->name = name;
			if (!prepare_beside(b, row) || !row_succeeds(row) || !has_pins(b, name, "1"))
				doubt(b, row);
		}
		failed = measure(b, &t);
		go_to(b, 0);
	}
	close(b->places[0]);
	close(b->places[1]);
	return failed;
}

/* Entering */

static bool enters(const struct row *timed, const char *pid)
{
	static const char *const types[] = { "uts", "ipc", "net", "cgroup", "time" };
	char links[5][LINK_SIZE + 1];
	struct row row = *timed;
	size_t n = 0;

	while (row.argv[n])
		n++;
	for (size_t i = 0; i < 5; i++) {
		links[i][0] = '=';
		if (!read_link(pid, types[i], links[i] + 1))
			return false;
		row.argv[n++] = links[i];
	}
	return row_says_ok(&row);
}

static int bench_enter(struct bench *b)
{
	struct table t = { .title = titles[b->work], .runs = b->runs, .n_bases = 1 };

	if (!clean() || !keep(b, "set"))
		return -1;
	for (size_t i = 0; i < 2 * b->c->count; i++) {
		const struct candidate *who = &b->c->list[i / 2];
		const char *words[] = { "-a", "-t", i % 2 ? "set" : b->pid, b->c->probe, NULL };
		struct row *row;

		if (who->kind != LITE)
			continue;
		row = add_row(b, &t, i / 2, (int)(i % 2), words);
		row->name = name_row(b, t.count - 1, who->name, i % 2 ? " set" : " process");
		if (!enters(row, b->pid))
			doubt(b, row);
	}
	return measure(b, &t);
}

static int bench_work(struct bench *b)
{
	switch (b->work) {
	case LIST:
	case LIST_SETS:
		return bench_listing(b);
	case BESIDE:
		return bench_beside(b);
	case ENTER:
		return bench_enter(b);
	}
	return bench_making(b);
}

/* The number of candidates that failed; -1: there was nothing to measure. */
static int bench(struct bench *b, int work)
{
	const uint64_t more = CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWCGROUP | CLONE_NEWTIME;
	pid_t pid = world_start(CLONE_NEWUTS | (work == ENTER ? more : 0), b->c->probe);
	int failed = -1;

	if (pid < 0)
		return -1;
	b->work = work;
	/* Thousands take their time; and the rest have two rows for a candidate. */
	b->runs = b->c->runs / (work < BESIDE ? 10 : 2);
	b->runs = b->runs ? b->runs : 1;
	snprintf(b->pid, sizeof(b->pid), "%d", (int)pid);
	snprintf(b->uts, sizeof(b->uts), "/proc/%s/ns/uts", b->pid);
	if (read_link(b->pid, "uts", b->link))
		failed = bench_work(b);
	world_end(pid);
	return failed;
}

static bool make_ready(struct bench *b)
{
	for (size_t i = b->c->count; i-- > 0;)
		if (b->c->list[i].kind == NSPIN)
			b->nspin = &b->c->list[i];
	if (!b->nspin || 2 * b->c->count > ROWS_MAX) {
		complain(b->nspin ? "too many to compare" : "there is no nspin");
		return false;
	}
	b->here = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (b->here < 0 || unshare(CLONE_NEWNS) < 0 ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("none", "/run", "tmpfs", 0, "mode=755") < 0 || mkdir(WORK, 0755) < 0 ||
	    mount("none", WORK, "tmpfs", 0, "mode=755") < 0)
		return fail("make a place to work in");
	return setenv("NSPIN_DIR", SETS_DIR, 1) == 0 || fail("NSPIN_DIR");
}

static bool is_wanted(const struct contest *c, int work)
{
	return !c->only || strcmp(c->only, workload_names[work]) == 0;
}

static const struct contest_rules rules = {
	.usage =
"usage: pins [-l] [-c CPU] [-n RUNS] [-w WORKLOAD] NAME=PATH...\n"
"NAME: nspin or nsenter-lite, or one of these and -SUFFIX\n"
"WORKLOAD: files, sets, copies, list, list-sets, beside or enter; else each\n",
	.kinds = kind_names,
	.workloads = workload_names,
};

int main(int argc, char **argv)
{
	static struct contest c;
	static struct bench b = { .c = &c };
	int status, failed = 0;

	if (!contest_open(&c, &rules, argc, argv, &status))
		return status;
	if (geteuid() != 0) {
		puts("pins: all left out, they need root");
		return 0;
	}
	if (!make_ready(&b))
		return 2;
	for (int work = 0; failed >= 0 && work < WORKLOADS; work++)
		if (is_wanted(&c, work)) {
			int more = bench(&b, work);

			failed = more < 0 ? -1 : failed + more;
		}
	return failed < 0 ? 2 : failed ? 1 : 0;
}
