// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * list: how long it takes to list namespaces, and how much memory
 *
 *	list [-l] [-c CPU] [-n RUNS] [-p PROCESSES] [-s SETS] [-w WORKLOAD] NAME=PATH...
 *	list -g N [-W WORLD] nsls=PATH
 *
 * NAME is nsls or lsns, or one of these with a suffix (nsls-old=/opt/bin/nsls);
 * or iterator, the least that a program in the kernel takes for it (iterator.c).
 * The floor, the same look at /proc by bare system calls in a program without
 * libc, is always there as well. As an example:
 *
 *	list nsls=./nsls lsns=/usr/bin/lsns
 *
 * There are PROCESSES (10000), in SETS (100) of all eight namespaces, which
 * stand still and have ten descriptors each: /dev/null, pipes, an epoll, a
 * socket. The workloads; what each may cost at most stands in the table below,
 * and beside what it did:
 *
 *	pins		3000 pinned UTS namespaces that no process is in, before
 *			there is a crowd
 *	processes	the namespaces of all processes, and how many are in each
 *	net		the same for one type
 *	task		those of one process, and their ids: in a PID namespace
 *			with nobody else, and in the crowd
 *	count		one process's of one type, and how many are in them
 *	default		what a user gets who says nothing; and the peak of memory
 *
 * Each one must first prove that it does the work; one that does not is
 * reported and not timed. Then they are timed, as rounds.h says. contest.h has
 * the options; RUNS are 20 to 50 times the rounds where all processes are
 * looked at. How it grows is seen from -p; the kernel's pid_max must have room
 * for as many, and is left as it is. Needs root.
 *
 * -g: how it grows. For each world that an ordinary user can make (or WORLD), such as
 * threads, pins or a chain of processes, the times at N/16, N/4 and N, their ratios,
 * and in parentheses the ratios that N log N has. No more than three quarters of
 * pid_max are taken. growth.c has the worlds, and tests/helpers/many makes them.
 *
 * Exit status: 0; 1 when one failed; 2 when nothing could be measured.
 *
 * Build: as launch, with list.c and world.c for launch.c
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <spawn.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "contest.h"
#include "growth.h"
#include "rounds.h"
#include "world.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

#define MANY "3000"
#define PINS_DIR "/run/pins"
#define OUTPUT "/run/output"

enum { LINK_SIZE = 64, NAME_SIZE = 48, SETS_MAX = 4000, PROCESSES_MAX = 4000000 };

static const uint64_t all_types = CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET |
				  CLONE_NEWPID | CLONE_NEWUSER | CLONE_NEWCGROUP | CLONE_NEWTIME;

enum { PINS, PROCESSES, NET, TASK, COUNT, DEFAULT, WORKLOADS };

static const char *const workload_names[] = {
	[PINS] = "pins",
	[PROCESSES] = "processes",
	[NET] = "net",
	[TASK] = "task",
	[COUNT] = "count",
	[DEFAULT] = "default",
	[WORKLOADS] = NULL,
};

static const char *const titles[WORKLOADS] = {
	[PINS] = MANY " pinned UTS namespaces",
	[PROCESSES] = "NS,TYPE,NPROCS of",
	[NET] = "one type's NS,TYPE,NPROCS of",
	[TASK] = "one process's NS,TYPE,NSID,PATH among",
	[COUNT] = "one process's NS,TYPE,NPROCS of one type among",
	[DEFAULT] = "all namespaces that are held among",
};

/* RUNS are so many times the rounds. */
static const int shares[WORKLOADS] = {
	[PINS] = 20, [PROCESSES] = 20, [NET] = 20, [TASK] = 2, [COUNT] = 20, [DEFAULT] = 50,
};

/* The last one is nobody's name: nsls where there is no crowd. */
enum { FLOOR, NSLS, LSNS, ITERATOR, ALONE, KINDS };

static const char *const kind_names[] = {
	[FLOOR] = "floor",
	[NSLS] = "nsls",
	[LSNS] = "lsns",
	[ITERATOR] = "iterator",
	[ALONE] = NULL,
};

/* What the output must have to prove the work. */
enum proof {
	NOTHING,	/* it proves it by its status */
	LINES,		/* as many as there are pins */
	LINES_OR_NONE,	/* the same, but it is no fault that it cannot do it */
	LISTED,		/* the namespace */
	COUNTED,	/* it, and how many are in it */
};

static char pid_word[] = "PID", count_word[] = "COUNT";

#define PROC "--engine=proc"
#define BPF "--engine=bpf"
#define ALL_LINKS "mnt", "uts", "ipc", "net", "pid", "user", "cgroup", "time"

/*
 * Who does what in which workload, and how much it may cost at most: LIMIT times
 * what the first row of kind BASE has cost. With 0 it is there to be looked at.
 */
static const struct entry {
	int work, kind;
	const char *suffix;
	enum proof proof;
	int base;
	double limit;
	const char *words[12];
} entries[] = {
	{ PINS, FLOOR, "", NOTHING, FLOOR, 0, { "read", "/proc/self/mountinfo" } },
	{ PINS, NSLS, "", LINES, LSNS, 0.25, { PROC, "-P" } },
	{ PINS, LSNS, " -P", LINES_OR_NONE, FLOOR, 0, { "-P" } },
	/* Before 2.40 there is no -P, and this column is all that has it look at what is mounted. */
	{ PINS, LSNS, "", NOTHING, FLOOR, 0, { "-o", "NS,TYPE,NPROCS,PID,USER,COMMAND,NSFS" } },

	{ PROCESSES, FLOOR, "", NOTHING, FLOOR, 0, { "links", count_word, ALL_LINKS } },
	{ PROCESSES, NSLS, "", COUNTED, FLOOR, 1.25,
	  { PROC, "--processes", "-o", "NS,TYPE,NPROCS" } },
	{ PROCESSES, ITERATOR, "", NOTHING, FLOOR, 0, { "tasks" } },
	{ PROCESSES, NSLS, " bpf", COUNTED, ITERATOR, 1.5,
	  { BPF, "--processes", "-o", "NS,TYPE,NPROCS" } },

	{ NET, FLOOR, "", NOTHING, FLOOR, 0, { "links", count_word, "net" } },
	{ NET, NSLS, "", COUNTED, FLOOR, 1.4,
	  { PROC, "--processes", "-t", "net", "-o", "NS,TYPE,NPROCS" } },

	{ TASK, FLOOR, "", NOTHING, FLOOR, 0, { "ids", pid_word, ALL_LINKS } },
	{ TASK, ALONE, " alone", LISTED, FLOOR, 0, { "-p", "1", "-o", "NS,TYPE,NSID,PATH" } },
	{ TASK, NSLS, "", LISTED, ALONE, 1.1, { "-p", pid_word, "-o", "NS,TYPE,NSID,PATH" } },

	{ COUNT, FLOOR, "", NOTHING, FLOOR, 0, { "links", count_word, "net" } },
	{ COUNT, NSLS, "", COUNTED, FLOOR, 1.4,
	  { PROC, "-p", pid_word, "-t", "net", "-o", "NS,TYPE,NPROCS" } },

	{ DEFAULT, FLOOR, "", NOTHING, FLOOR, 0, { "links", count_word, ALL_LINKS } },
	{ DEFAULT, NSLS, "", COUNTED, LSNS, 0.10, { PROC } },
	{ DEFAULT, ITERATOR, "", NOTHING, FLOOR, 0, { "files" } },
	{ DEFAULT, NSLS, " bpf", COUNTED, LSNS, 0.02, { BPF } },
	{ DEFAULT, NSLS, " inside", COUNTED, ITERATOR, 1.5, { BPF } },
	{ DEFAULT, LSNS, "", COUNTED, FLOOR, 0, { NULL } },
};

enum { ENTRIES = sizeof(entries) / sizeof(entries[0]) };

static const double memory_limit = 0.5;

static int n_processes = 10000, n_sets = 100;

struct bench {
	const struct contest *c;
	int work;
	int runs;
	double *room;			/* times of the rows */
	int here;			/* the working directory */
	int places[2][2];		/* mount and PID namespace: in the crowd, alone */
	pid_t alone;
	pid_t *crowd;			/* the first ones of each set; NULL: not yet there */
	char pid[16];			/* of one of them; */
	char uts[LINK_SIZE], net[LINK_SIZE];	/* the numbers of two that it is in; */
	char inside[16], count[16];	/* how many are in there with it, and in all */
	const struct entry *entry[ROWS_MAX];	/* of the rows of the table */
	char names[ROWS_MAX][NAME_SIZE];
};

static bool fail(const char *what)
{
	complain("%s: %s", what, strerror(errno));
	return false;
}

/* The number of a namespace. */
static bool read_number(const char *pid, const char *type, char number[LINK_SIZE])
{
	char path[LINK_SIZE], link[LINK_SIZE];
	ssize_t len;

	snprintf(path, sizeof(path), "/proc/%s/ns/%s", pid, type);
	len = readlink(path, link, LINK_SIZE - 1);
	if (len < 0)
		return fail(path);
	link[len] = '\0';
	return sscanf(link, "%*[^[][%[0-9]", number) == 1;
}

/* The crowd */

static int read_limit(const char *path)
{
	FILE *file = fopen(path, "re");
	int limit = 0;

	if (!file || fscanf(file, "%d", &limit) != 1)
		fail(path);
	if (file)
		fclose(file);
	return limit;
}

static bool has_room(void)
{
	static const char *const limits[] = {
		"/proc/sys/kernel/pid_max", "/proc/sys/kernel/threads-max",
	};

	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
		/* The first 300 numbers are not used again, and others live here. */
		if (read_limit(limits[i]) < n_processes + 1000) {
			complain("%s has no room for %d processes", limits[i], n_processes);
			return false;
		}
	return true;
}

static void end_crowd(struct bench *b)
{
	for (int i = 0; b->crowd && i < n_sets; i++)
		if (b->crowd[i] > 1)
			world_end(b->crowd[i]);
	free(b->crowd);
	b->crowd = NULL;
}

static bool make_crowd(struct bench *b)
{
	if (b->crowd)
		return true;
	b->crowd = calloc((size_t)n_sets, sizeof(*b->crowd));
	if (!b->crowd || !has_room())
		return false;
	for (int i = 0; i < n_sets; i++) {
		int count = n_processes / n_sets + (i < n_processes % n_sets);

		b->crowd[i] = world_crowd(all_types, b->c->probe, count);
		if (b->crowd[i] < 0) {
			complain("%d processes: not so many can be made", n_processes);
			return false;
		}
		if (i == 0)
			snprintf(b->inside, sizeof(b->inside), "%d", count);
	}
	snprintf(b->pid, sizeof(b->pid), "%d", (int)b->crowd[0]);
	snprintf(b->count, sizeof(b->count), "%d", n_processes);
	return read_number(b->pid, "uts", b->uts) && read_number(b->pid, "net", b->net);
}

/* Pins */

static bool pin_another(int i)
{
	char path[LINK_SIZE];

	snprintf(path, sizeof(path), PINS_DIR "/%d", i);
	return unshare(CLONE_NEWUTS) == 0 && mknod(path, S_IFREG | 0444, 0) == 0 &&
	       mount("/proc/self/ns/uts", path, NULL, MS_BIND, NULL) == 0;
}

/* Each is made by a process that is in the next one then, and in none in the end. */
static bool make_pins(void)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		for (int i = 0; i < atoi(MANY); i++)
			if (!pin_another(i))
				_exit(1);
		_exit(0);
	}
	return (pid > 0 && waitpid(pid, &status, 0) == pid && status == 0) || fail("make pins");
}

/* Places */

static bool open_place(int place[2], const char *pid)
{
	static const char *const links[] = { "mnt", "pid" };
	char path[LINK_SIZE];

	for (size_t i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "/proc/%s/ns/%s", pid, links[i]);
		place[i] = open(path, O_RDONLY | O_CLOEXEC);
		if (place[i] < 0)
			return fail(path);
	}
	return true;
}

static bool go_to(const struct bench *b, const int place[2])
{
	/* It takes the working directory away. */
	return (setns(place[0], CLONE_NEWNS) == 0 && setns(place[1], CLONE_NEWPID) == 0 &&
		fchdir(b->here) == 0) || fail("change the place");
}

static bool prepare_place(void *context, const struct row *row)
{
	const struct bench *b = context;

	return go_to(b, b->places[row->kind == ALONE]);
}

/* Rows */

/* The first lines that have NUMBER as a word, if COUNT is a word there as well. */
static bool has_words(const char *path, const char *number, const char *count)
{
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t size = 0;
	bool has = false;

	while (file && !has && getline(&line, &size, file) > 0) {
		bool one = false, other = !count;

		for (char *rest = line, *word; (word = strtok_r(rest, " \n", &rest));) {
			one |= strcmp(word, number) == 0;
			other |= count && strcmp(word, count) == 0;
		}
		has = one && other;
	}
	free(line);
	if (file)
		fclose(file);
	return has;
}

static int count_lines(const char *path, const char *text)
{
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t size = 0;
	int n = 0;

	while (file && getline(&line, &size, file) > 0)
		n += strstr(line, text) != NULL;
	free(line);
	if (file)
		fclose(file);
	return n;
}

static bool proves(struct bench *b, struct row *row, const struct entry *entry)
{
	const char *number = b->work == NET || b->work == COUNT ? b->net : b->uts;
	char alone[LINK_SIZE], pid[16];
	bool good;

	snprintf(pid, sizeof(pid), "%d", (int)b->alone);
	if (entry->kind == ALONE) {
		if (!read_number(pid, "uts", alone))
			return false;
		number = alone;
	}
	row->output = OUTPUT;
	good = prepare_place(b, row) && row_succeeds(row);
	row->output = "/dev/null";
	go_to(b, b->places[0]);
	switch (entry->proof) {
	case NOTHING:
		return good;
	case LINES:
	case LINES_OR_NONE:
		return good && count_lines(OUTPUT, " uts ") >= atoi(MANY);
	case LISTED:
		return good && has_words(OUTPUT, number, NULL);
	case COUNTED:
		return good && has_words(OUTPUT, number, b->inside);
	}
	return false;
}

static void add_row(struct bench *b, struct table *t, size_t candidate, const struct entry *entry)
{
	size_t at = t->count, i = 0;
	struct row *row = contest_row(b->c, t, candidate);

	snprintf(b->names[at], NAME_SIZE, "%.12s%s", row->name, entry->suffix);
	row->name = b->names[at];
	row->kind = entry->kind;
	row->times = b->room + at * (size_t)b->runs;
	row->output = "/dev/null";
	row->argv[i++] = row->path;
	for (const char *const *word = entry->words; *word; word++)
		row->argv[i++] = *word == pid_word ? b->pid : *word == count_word ? b->count : *word;
	b->entry[at] = entry;
	row->quiet = entry->proof == LINES_OR_NONE;
	if (!proves(b, row, entry)) {
		if (entry->proof == LINES_OR_NONE) {
			t->count--;
			return;
		}
		complain("%s: does not do the work of %s", row->name, workload_names[b->work]);
		row->failed = true;
	}
	/* What could not be read has been said once. */
	row->quiet = true;
}

static bool is_kind(int kind, const struct entry *entry)
{
	return entry->kind == kind || (entry->kind == ALONE && kind == NSLS);
}

static void add_rows(struct bench *b, struct table *t)
{
	for (size_t e = 0; e < ENTRIES; e++)
		for (size_t i = 0; i < b->c->count; i++)
			if (entries[e].work == b->work && t->count < ROWS_MAX &&
			    is_kind(b->c->list[i].kind, &entries[e]))
				add_row(b, t, i, &entries[e]);
}

/* Figures */

/* The first one of that kind; -1: there is none. */
static int find_row(const struct table *t, int kind)
{
	for (size_t i = 0; i < t->count; i++)
		if (t->rows[i].kind == kind && !t->rows[i].failed)
			return (int)i;
	return -1;
}

static void print_limit(const char *name, const char *what, double ratio, const char *base, double limit)
{
	printf("%-20s %s%.3f of %s, at most %.2f: %s\n", name, what, ratio, base, limit,
	       ratio <= limit ? "kept" : "MISSED");
}

static void print_limits(const struct bench *b, const struct table *t)
{
	for (size_t i = 0; i < t->count; i++) {
		const struct entry *entry = b->entry[i];
		int base = entry->limit > 0 ? find_row(t, entry->base) : -1;

		if (base >= 0 && !t->rows[i].failed)
			print_limit(t->rows[i].name, "", table_ratio(t, i, (size_t)base, b->c->room),
				    t->rows[base].name, entry->limit);
	}
}

/* In KiB; 0 and a line on stderr. */
static long peak_of(const struct bench *b, const struct row *row)
{
	struct row measured = { .name = row->name, .path = b->c->floor, .output = "/dev/null" };
	long peak = 0;
	size_t n = 0;
	FILE *file;
	int saved;

	measured.argv[n++] = b->c->floor;
	measured.argv[n++] = "peak";
	for (const char *const *word = row->argv; *word; word++)
		measured.argv[n++] = *word;
	/* It says it on stderr, and what it runs may say something before. */
	saved = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	file = tmpfile();
	if (file && saved >= 0 && dup2(fileno(file), STDERR_FILENO) >= 0) {
		char line[512];

		row_succeeds(&measured);
		dup2(saved, STDERR_FILENO);
		rewind(file);
		while (fgets(line, sizeof(line), file))
			peak = strtol(line, NULL, 10);
	}
	if (file)
		fclose(file);
	close(saved);
	return peak;
}

static void print_memory(const struct bench *b, const struct table *t)
{
	int base = find_row(t, LSNS);
	long lsns = base < 0 ? 0 : peak_of(b, &t->rows[base]);

	for (size_t i = 0; i < t->count; i++) {
		const struct row *row = &t->rows[i];
		long peak = row->failed || row->kind == FLOOR ? 0 : peak_of(b, row);

		if (!peak)
			continue;
		printf("%-20s %9ld KiB of memory\n", row->name, peak);
		if (lsns && row->kind == NSLS)
			print_limit(row->name, "memory ", (double)peak / (double)lsns, "lsns",
				    memory_limit);
	}
}

/* Workloads */

/* The number of candidates that failed; -1: there was nothing to measure. */
static int bench(struct bench *b, int work)
{
	static const int bases[] = { FLOOR, ALONE, LSNS, ITERATOR, -1 };
	char title[128];
	struct table t = { .title = title, .prepare = prepare_place, .context = b };

	b->work = work;
	b->runs = t.runs = b->c->runs < shares[work] ? 1 : b->c->runs / shares[work];
	if (work == PINS ? !make_pins() : !make_crowd(b))
		return -1;
	if (work == PINS)
		snprintf(title, sizeof(title), "%s", titles[work]);
	else
		snprintf(title, sizeof(title), "%s %d processes in %d sets", titles[work],
			 n_processes, n_sets);
	add_rows(b, &t);
	contest_bases(&t, bases);
	table_run(&t);
	go_to(b, b->places[0]);
	table_print(&t, b->c->room);
	print_limits(b, &t);
	if (work == DEFAULT)
		print_memory(b, &t);
	fflush(stdout);
	if (work == PINS)
		umount2(PINS_DIR, MNT_DETACH);
	return table_failures(&t);
}

static bool make_ready(struct bench *b)
{
	char pid[16];

	b->here = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	b->room = calloc((size_t)b->c->runs * ROWS_MAX, sizeof(*b->room));
	if (b->here < 0 || !b->room || unshare(CLONE_NEWNS) < 0 ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("none", "/run", "tmpfs", 0, "mode=755") < 0 || mkdir(PINS_DIR, 0755) < 0 ||
	    mount("none", PINS_DIR, "tmpfs", 0, "mode=755") < 0)
		return fail("make a place to work in");
	b->alone = world_start(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS, b->c->probe);
	snprintf(pid, sizeof(pid), "%d", (int)b->alone);
	return b->alone > 1 && open_place(b->places[0], "self") && open_place(b->places[1], pid);
}

static int n_growth;
static const char *only_world;

static bool take_number(int *number, long max, const char *value)
{
	char *end;
	long n = strtol(value, &end, 10);

	if (*value < '0' || *value > '9' || *end || n < 1 || n > max)
		return false;
	*number = (int)n;
	return true;
}

static bool take(int option, const char *value)
{
	if (option == 'W') {
		only_world = value;
		return true;
	}
	return option == 'g' ? take_number(&n_growth, 1000000, value) :
	       option == 'p' ? take_number(&n_processes, PROCESSES_MAX, value) :
			       take_number(&n_sets, SETS_MAX, value);
}
static const struct contest_rules rules = {
	.usage =
"usage: list [-l] [-c CPU] [-n RUNS] [-p PROCESSES] [-s SETS] [-w WORKLOAD] NAME=PATH...\n"
"       list -g N [-W WORLD] nsls=PATH\n"
"NAME: nsls, lsns or iterator, or one of these and -SUFFIX\n"
"WORKLOAD: pins, processes, net, task, count or default; else each\n",
	.kinds = kind_names,
	.workloads = workload_names,
	.letters = "p:s:g:W:",
	.take = take,
};

static int grow(struct bench *b)
{
	char many[PATH_MAX];
	const char *nsls = NULL;

	for (size_t i = 0; i < b->c->count; i++)
		if (b->c->list[i].kind == NSLS)
			nsls = b->c->list[i].path;
	if (!nsls) {
		complain("-g needs nsls=PATH");
		return -1;
	}
	snprintf(many, sizeof(many), "%s", b->c->probe);
	strcpy(strrchr(many, '/'), "/../helpers/many");
	return growth_run(n_growth, only_world, many, nsls, "/run/ready");
}

int main(int argc, char **argv)
{
	static struct contest c;
	static struct bench b = { .c = &c };
	int status, failed = 0;

	if (!contest_open(&c, &rules, argc, argv, &status))
		return status;
	if (geteuid() != 0) {
		puts("list: all left out, they need root");
		return 0;
	}
	n_sets = n_sets > n_processes ? n_processes : n_sets;
	if (!make_ready(&b))
		return 2;
	if (n_growth)
		failed = grow(&b);
	for (int work = 0; !n_growth && failed >= 0 && work < WORKLOADS; work++)
		if (!c.only || strcmp(c.only, workload_names[work]) == 0) {
			int more = bench(&b, work);

			failed = more < 0 ? -1 : failed + more;
		}
	end_crowd(&b);
	world_end(b.alone);
	return failed < 0 ? 2 : failed ? 1 : 0;
}
