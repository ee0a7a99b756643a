// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * launch: how long launchers take to start a program in new namespaces
 *
 *	launch [-l] [-c CPU] [-n RUNS] [-w WORKLOAD] NAME=PATH...
 *
 * PATH is a launcher; NAME says how its command line is written: nsclone,
 * nsunshare, unshare or bwrap, or one of these with a suffix
 * (nsclone-static=./nsclone, unshare-2.43=/opt/bin/unshare). The floor, the same work by bare system
 * calls, is always there as well. As an example:
 *
 *	launch nsclone=tools/nsclone unshare=/usr/bin/unshare bwrap=/usr/bin/bwrap
 *
 * Each one launches a program without libc. First it must prove that it does
 * the work; one that does not is reported and not timed. Then each is run once
 * in every round, in an order that is shuffled anew, so that what one leaves
 * behind for the kernel to clean up falls on all the others alike. The time is
 * the wall time from spawn to wait. For the floor, the first unshare and the
 * first bwrap there are two ratios each: that of the medians, and the median
 * of the ratios within one round. With -c all runs on one CPU. The locale is
 * C, the best case of those who would load another one; -l keeps the caller's.
 *
 * Exit status: 0; 1 when a launcher failed; 2 when nothing could be measured.
 *
 * Build: make bench, or by hand, all into one directory:
 *
 *	cc -O2 -o launch launch.c
 *	for p in floor probe; do cc -O2 -ffreestanding -fno-stack-protector \
 *		-fno-pie -nostdlib -static -Wl,-z,noseparate-code -o $p $p.c; done
 */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

enum {
	OPTIONS_MAX = 20,	/* a kind's words on the command line */
	CHECKS_MAX = 12,	/* what the probe is told to look for */
	CANDIDATES_MAX = 16,
	BASES = 3,		/* whom the others are compared with */
	LINK_SIZE = 64,
};

enum { UTS_HERE, UTS, CONTAINER, ALL, WORKLOADS };

struct workload {
	const char *name;
	const char *const types[9];	/* which must be new */
	const char *const checks[3];	/* what the probe is asked besides */
	bool needs_root;
};

static const struct workload workloads[WORKLOADS] = {
	[UTS_HERE] = {
		.name = "uts-in-place",
		.types = { "uts" },
		.needs_root = true,
	},
	[UTS] = {
		.name = "uts",
		.types = { "uts" },
		.needs_root = true,
	},
	[CONTAINER] = {
		.name = "user+pid+mnt+proc",
		.types = { "user", "pid", "mnt" },
		.checks = { "uid0", "proc" },
	},
	[ALL] = {
		.name = "all",
		.types = { "mnt", "uts", "ipc", "net", "pid", "user", "cgroup",
			   "time" },
		.checks = { "uid0" },
	},
};

struct kind {
	const char *name;
	const char *lacks;	/* the type that it cannot make, or NULL */
	const char *const options[WORKLOADS][OPTIONS_MAX]; /* none: not its work */
};

enum { FLOOR, NSCLONE, NSUNSHARE, UNSHARE, BWRAP };

#define UNSHARE_OPTIONS { \
	[UTS_HERE] = { "-u" }, \
	[UTS] = { "-f", "-u" }, \
	[CONTAINER] = { "-r", "-f", "-p", "--mount-proc" }, \
	[ALL] = { "-r", "-f", "-m", "-u", "-i", "-n", "-p", "-C", "-T" }, \
}

static const struct kind kinds[] = {
	[FLOOR] = {
		.name = "floor",
		.options = { { "uts-in-place" }, { "uts" },
			     { "user+pid+mnt+proc" }, { "all" } },
	},
	[NSCLONE] = {
		.name = "nsclone",
		.options = {
			[UTS] = { "-u" },
			[CONTAINER] = { "-r", "-p", "-m", "--mount-proc" },
			[ALL] = { "-r", "-m", "-u", "-i", "-n", "-p", "-C",
				  "-T" },
		},
	},
	[NSUNSHARE] = {
		.name = "nsunshare",
		.options = UNSHARE_OPTIONS,
	},
	[UNSHARE] = {
		.name = "unshare",
		.options = UNSHARE_OPTIONS,
	},
	[BWRAP] = {
		.name = "bwrap",
		.lacks = "time",
		.options = {
			[UTS] = { "--unshare-uts", "--dev-bind", "/", "/" },
			[CONTAINER] = { "--unshare-user", "--unshare-pid",
					"--uid", "0", "--gid", "0",
					"--dev-bind", "/", "/",
					"--proc", "/proc" },
			[ALL] = { "--unshare-user", "--unshare-uts",
				  "--unshare-ipc", "--unshare-net",
				  "--unshare-pid", "--unshare-cgroup",
				  "--uid", "0", "--gid", "0",
				  "--dev-bind", "/", "/" },
		},
	},
};

struct candidate {
	const char *name;
	const char *path;
	const struct kind *kind;
};

struct plan {
	const char *only;		/* one workload by name, or NULL */
	int runs, cpu;			/* cpu: -1 is any */
	bool keep_locale;
	char floor[PATH_MAX], probe[PATH_MAX];
	struct candidate list[CANDIDATES_MAX];
	size_t count;
};

/* One candidate in one workload. */
struct row {
	const struct candidate *who;
	const char *argv[OPTIONS_MAX + CHECKS_MAX + 3];
	double *times;			/* µs, one for each round; owned */
	bool failed;
};

struct table {
	const struct workload *work;
	struct row rows[CANDIDATES_MAX];
	size_t count;
	int runs;
};

static void complain(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

static void complain(const char *format, ...)
{
	va_list args;

	fflush(stdout);
	fputs("launch: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

/* Running */

static size_t command(struct row *row, const struct workload *work,
		      const char *probe)
{
	const struct candidate *who = row->who;
	const char *const *option = who->kind->options[work - workloads];
	size_t n = 0;

	row->argv[n++] = who->path;
	while (*option)
		row->argv[n++] = *option++;
	row->argv[n++] = probe;
	row->argv[n] = NULL;
	return n;
}

/* The wait status, or -1 when it cannot even be started. */
static int run(const struct row *row, posix_spawn_file_actions_t *files)
{
	pid_t pid;
	int status, error;

	error = posix_spawn(&pid, row->who->path, files, NULL,
			    (char *const *)row->argv, environ);
	if (error) {
		complain("%s: %s: %s", row->who->name, row->who->path,
			 strerror(error));
		return -1;
	}
	if (waitpid(pid, &status, 0) != pid)
		return -1;
	return status;
}

static int64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * INT64_C(1000000000) + ts.tv_nsec;
}

static void run_timed(struct row *row, int round)
{
	int64_t start = now();
	int status = run(row, NULL);
	int64_t end = now();

	if (round >= 0)
		row->times[round] = (double)(end - start) / 1000;
	if (status != 0) {
		complain("%s: failed when timed, wait status %#x",
			 row->who->name, (unsigned int)status);
		row->failed = true;
	}
}

/* Proof that a candidate does the work, before it is timed */

static bool says_ok(const struct row *row)
{
	posix_spawn_file_actions_t files;
	char answer[8] = "";
	int ends[2], status;

	if (pipe(ends) < 0)
		return false;
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addclose(&files, ends[0]);
	posix_spawn_file_actions_adddup2(&files, ends[1], STDOUT_FILENO);
	posix_spawn_file_actions_addclose(&files, ends[1]);
	status = run(row, &files);
	posix_spawn_file_actions_destroy(&files);
	close(ends[1]);
	if (read(ends[0], answer, sizeof(answer) - 1) < 0)
		answer[0] = '\0';
	close(ends[0]);
	return status == 0 && strcmp(answer, "ok\n") == 0;
}

/* Turns a type into what the probe takes: its namespace out here. */
static bool namespace_here(const char *type, char link[LINK_SIZE])
{
	char path[LINK_SIZE];
	ssize_t len;

	snprintf(path, sizeof(path), "/proc/self/ns/%s", type);
	len = readlink(path, link, LINK_SIZE - 1);
	if (len < 0) {
		complain("%s: %s", path, strerror(errno));
		return false;
	}
	link[len] = '\0';
	return true;
}

static bool proves(const struct candidate *who, const struct workload *work,
		   const char *probe)
{
	const char *lacks = who->kind->lacks;
	char links[ARRAY_SIZE(work->types)][LINK_SIZE];
	struct row row = { .who = who };
	size_t n = command(&row, work, probe);

	for (size_t i = 0; work->types[i]; i++) {
		if (lacks && strcmp(work->types[i], lacks) == 0)
			continue;
		if (!namespace_here(work->types[i], links[i]))
			return false;
		row.argv[n++] = links[i];
	}
	for (size_t i = 0; work->checks[i]; i++)
		row.argv[n++] = work->checks[i];
	row.argv[n] = NULL;
	if (says_ok(&row))
		return true;
	complain("%s: does not do the work of %s", who->name, work->name);
	return false;
}

/* Rounds */

/* xorshift: the same order in every run of the benchmark */
static uint32_t next_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

static void shuffle(struct row **order, size_t count, uint32_t *state)
{
	for (size_t i = count; i > 1; i--) {
		size_t j = next_random(state) % i;
		struct row *row = order[i - 1];

		order[i - 1] = order[j];
		order[j] = row;
	}
}

static void run_rounds(struct table *t)
{
	struct row *order[CANDIDATES_MAX];
	int warm_up = t->runs / 10 + 3;
	uint32_t state = 1;
	size_t count = 0;

	for (size_t i = 0; i < t->count; i++)
		if (!t->rows[i].failed)
			order[count++] = &t->rows[i];
	for (int round = -warm_up; round < t->runs; round++) {
		shuffle(order, count, &state);
		for (size_t i = 0; i < count; i++)
			if (!order[i]->failed)
				run_timed(order[i], round);
	}
}

/* Figures */

static int compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Leaves values sorted. */
static double median(double *values, int n)
{
	qsort(values, (size_t)n, sizeof(*values), compare);
	return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

static double minimum(const double *values, int n)
{
	double least = values[0];

	for (int i = 1; i < n; i++)
		if (values[i] < least)
			least = values[i];
	return least;
}

static double median_time(const struct row *row, double *room, int n)
{
	memcpy(room, row->times, (size_t)n * sizeof(*room));
	return median(room, n);
}

static double median_ratio(const struct row *row, const struct row *base,
			   double *room, int n)
{
	for (int i = 0; i < n; i++)
		room[i] = row->times[i] / base->times[i];
	return median(room, n);
}

static const struct row *first_of(const struct table *t, int kind)
{
	for (size_t i = 0; i < t->count; i++)
		if (t->rows[i].who->kind == &kinds[kind])
			return t->rows[i].failed ? NULL : &t->rows[i];
	return NULL;
}

static void print_row(const struct table *t, const struct row *row,
		      const struct row *const bases[BASES], double *room)
{
	double mine = median_time(row, room, t->runs);

	printf("%-20s %9.1f %9.1f", row->who->name, mine,
	       minimum(row->times, t->runs));
	for (int i = 0; i < BASES; i++)
		if (bases[i])
			printf("   %7.2f %6.2f",
			       mine / median_time(bases[i], room, t->runs),
			       median_ratio(row, bases[i], room, t->runs));
	putchar('\n');
}

static void print_note(const struct table *t, const struct row *row)
{
	const char *lacks = row->who->kind->lacks;

	for (size_t i = 0; lacks && t->work->types[i]; i++)
		if (strcmp(t->work->types[i], lacks) == 0)
			printf("(%s: without %s, which it does not have)\n",
			       row->who->name, lacks);
}

static void print_head(const struct table *t,
		       const struct row *const bases[BASES])
{
	printf("\n%s, %d rounds\n%-20s %9s %9s", t->work->name, t->runs,
	       "", "median", "min");
	for (int i = 0; i < BASES; i++)
		if (bases[i])
			printf(" %16.16s", bases[i]->who->name);
	printf("\n%-20s %9s %9s", "", "us", "us");
	for (int i = 0; i < BASES; i++)
		if (bases[i])
			printf("   %7s %6s", "medians", "rounds");
	putchar('\n');
}

static void print_table(const struct table *t, double *room)
{
	const struct row *const bases[BASES] = {
		first_of(t, FLOOR), first_of(t, UNSHARE), first_of(t, BWRAP),
	};

	print_head(t, bases);
	for (size_t i = 0; i < t->count; i++)
		if (!t->rows[i].failed)
			print_row(t, &t->rows[i], bases, room);
	for (size_t i = 0; i < t->count; i++)
		if (!t->rows[i].failed)
			print_note(t, &t->rows[i]);
	fflush(stdout);
}

/* The number of candidates that failed. */
static int bench(const struct plan *plan, const struct workload *work,
		 double *room)
{
	struct table t = { .work = work, .runs = plan->runs };
	int failed = 0;

	for (size_t i = 0; i < plan->count; i++) {
		const struct kind *kind = plan->list[i].kind;
		struct row *row = &t.rows[t.count];

		if (!kind->options[work - workloads][0])
			continue;
		t.count++;
		row->who = &plan->list[i];
		row->times = room + (i + 1) * (size_t)plan->runs;
		row->failed = !proves(row->who, work, plan->probe);
		command(row, work, plan->probe);
	}
	run_rounds(&t);
	print_table(&t, room);
	for (size_t i = 0; i < t.count; i++)
		failed += t.rows[i].failed;
	return failed;
}

static bool is_wanted(const struct plan *plan, const struct workload *work)
{
	if (plan->only)
		return strcmp(plan->only, work->name) == 0;
	if (work->needs_root && geteuid() != 0) {
		printf("%s: left out, it needs root\n", work->name);
		return false;
	}
	return true;
}

static int bench_all(const struct plan *plan)
{
	size_t rooms = plan->count + 1;
	double *room = calloc(rooms * (size_t)plan->runs, sizeof(*room));
	int failed = 0;

	if (!room) {
		complain("%s", strerror(errno));
		return 2;
	}
	for (size_t i = 0; i < WORKLOADS; i++)
		if (is_wanted(plan, &workloads[i]))
			failed += bench(plan, &workloads[i], room);
	free(room);
	return failed ? 1 : 0;
}

/* The command line */

static void usage(FILE *to)
{
	fputs("usage: launch [-l] [-c CPU] [-n RUNS] [-w WORKLOAD] NAME=PATH...\n"
	      "NAME: nsclone, nsunshare, unshare or bwrap, or one of these and -SUFFIX\n"
	      "WORKLOAD: uts-in-place, uts, user+pid+mnt+proc or all; else each of them\n",
	      to);
}

static bool parse_number(const char *text, int min, int max, int *number)
{
	char *end;
	long value;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	value = strtol(text, &end, 10);
	if (errno || *end || value < min || value > max)
		return false;
	*number = (int)value;
	return true;
}

static bool parse_workload(const char *text, const char **name)
{
	for (size_t i = 0; i < WORKLOADS; i++)
		if (strcmp(workloads[i].name, text) == 0)
			*name = text;
	return *name == text;
}

static const struct kind *find_kind(const char *name)
{
	size_t len = strcspn(name, "-");

	for (size_t i = NSCLONE; i < ARRAY_SIZE(kinds); i++)
		if (strlen(kinds[i].name) == len &&
		    strncmp(kinds[i].name, name, len) == 0)
			return &kinds[i];
	return NULL;
}

/* NAME=PATH; the name is cut out in place. */
static bool parse_candidate(char *text, struct plan *plan)
{
	char *equals = strchr(text, '=');
	struct candidate who = { .name = text };

	if (!equals || !equals[1] || plan->count == CANDIDATES_MAX)
		return false;
	*equals = '\0';
	who.path = equals + 1;
	who.kind = find_kind(text);
	if (!who.kind) {
		*equals = '=';
		return false;
	}
	plan->list[plan->count++] = who;
	return true;
}

static bool parse_option(int option, char *value, struct plan *plan)
{
	switch (option) {
	case 'c':
		return parse_number(value, 0, CPU_SETSIZE - 1, &plan->cpu);
	case 'l':
		plan->keep_locale = true;
		return true;
	case 'n':
		return parse_number(value, 1, 1000000, &plan->runs);
	case 'w':
		return parse_workload(value, &plan->only);
	}
	return false;
}

static bool parse(int argc, char **argv, struct plan *plan)
{
	int option;

	while ((option = getopt(argc, argv, "c:hln:w:")) != -1) {
		if (option == 'h') {
			usage(stdout);
			exit(0);
		}
		if (parse_option(option, optarg, plan))
			continue;
		if (option != '?')
			complain("-%c: not understood: %s", option, optarg);
		return false;
	}
	for (; optind < argc; optind++) {
		if (parse_candidate(argv[optind], plan))
			continue;
		complain("not understood: %s", argv[optind]);
		return false;
	}
	return true;
}

/* The helpers lie beside this program. */
static bool find_helper(const char *name, char path[PATH_MAX])
{
	ssize_t len = readlink("/proc/self/exe", path, PATH_MAX);

	while (len > 0 && path[len - 1] != '/')
		len--;
	if (len <= 0 || (size_t)len + strlen(name) >= PATH_MAX)
		return false;
	strcpy(path + len, name);
	if (access(path, X_OK) == 0)
		return true;
	complain("%s: %s", path, strerror(errno));
	return false;
}

static bool pin(int cpu)
{
	cpu_set_t set;

	if (cpu < 0)
		return true;
	CPU_ZERO(&set);
	CPU_SET((size_t)cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set) == 0)
		return true;
	complain("CPU %d: %s", cpu, strerror(errno));
	return false;
}

int main(int argc, char **argv)
{
	struct plan plan = { .runs = 500, .cpu = -1, .count = 1 };

	plan.list[0] = (struct candidate){ "floor", plan.floor, &kinds[FLOOR] };
	if (!parse(argc, argv, &plan)) {
		usage(stderr);
		return 2;
	}
	if (!find_helper("floor", plan.floor) ||
	    !find_helper("probe", plan.probe) || !pin(plan.cpu))
		return 2;
	if (!plan.keep_locale)
		setenv("LC_ALL", "C", 1);
	return bench_all(&plan);
}
