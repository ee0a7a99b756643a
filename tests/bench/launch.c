// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * launch: how long launchers take to start a program in new namespaces
 *
 *	launch [-l] [-c CPU] [-n RUNS] [-w WORKLOAD] NAME=PATH...
 *
 * PATH is a launcher; NAME says how its command line is written: nsclone,
 * nsunshare, unshare or bwrap, or one of these with a suffix
 * (nsclone-static=./nsclone, unshare-2.43=/opt/bin/unshare). The floor, the
 * same work by bare system calls, is always there as well. As an example:
 *
 *	launch nsclone=tools/nsclone unshare=/usr/bin/unshare bwrap=/usr/bin/bwrap
 *
 * Each one launches a program without libc. First it must prove that it does
 * the work; one that does not is reported and not timed. Then they are timed,
 * as rounds.h says, and compared with the floor, the first unshare and the
 * first bwrap there. contest.h has the options.
 *
 * Exit status: 0; 1 when a launcher failed; 2 when nothing could be measured.
 *
 * Build: make bench, or by hand, all into one directory:
 *
 *	cc -O2 -o launch launch.c contest.c rounds.c
 *	for p in floor probe; do cc -O2 -ffreestanding -fno-stack-protector \
 *		-fno-pie -nostdlib -static -Wl,-z,noseparate-code -o $p $p.c; done
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "contest.h"
#include "rounds.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

enum {
	OPTIONS_MAX = 20,	/* a kind's words on the command line */
	LINK_SIZE = 64,
};

enum { UTS_HERE, UTS, CONTAINER, ALL, WORKLOADS };

static const char *const workload_names[] = {
	[UTS_HERE] = "uts-in-place",
	[UTS] = "uts",
	[CONTAINER] = "user+pid+mnt+proc",
	[ALL] = "all",
	[WORKLOADS] = NULL,
};

struct workload {
	const char *const types[9];	/* which must be new */
	const char *const checks[3];	/* what the probe is asked besides */
	bool needs_root;
};

static const struct workload workloads[WORKLOADS] = {
	[UTS_HERE] = {
		.types = { "uts" },
		.needs_root = true,
	},
	[UTS] = {
		.types = { "uts" },
		.needs_root = true,
	},
	[CONTAINER] = {
		.types = { "user", "pid", "mnt" },
		.checks = { "uid0", "proc" },
	},
	[ALL] = {
		.types = { "mnt", "uts", "ipc", "net", "pid", "user", "cgroup",
			   "time" },
		.checks = { "uid0" },
	},
};

enum { FLOOR, NSCLONE, NSUNSHARE, UNSHARE, BWRAP, KINDS };

static const char *const kind_names[] = {
	[FLOOR] = "floor",
	[NSCLONE] = "nsclone",
	[NSUNSHARE] = "nsunshare",
	[UNSHARE] = "unshare",
	[BWRAP] = "bwrap",
	[KINDS] = NULL,
};

struct kind {
	const char *lacks;	/* the type that it cannot make, or NULL */
	const char *const options[WORKLOADS][OPTIONS_MAX]; /* none: not its work */
};

#define UNSHARE_OPTIONS { \
	[UTS_HERE] = { "-u" }, \
	[UTS] = { "-f", "-u" }, \
	[CONTAINER] = { "-r", "-f", "-p", "--mount-proc" }, \
	[ALL] = { "-r", "-f", "-m", "-u", "-i", "-n", "-p", "-C", "-T" }, \
}

static const struct kind kinds[KINDS] = {
	[FLOOR] = {
		.options = { { "uts-in-place" }, { "uts" },
			     { "user+pid+mnt+proc" }, { "all" } },
	},
	[NSCLONE] = {
		.options = {
			[UTS] = { "-u" },
			[CONTAINER] = { "-r", "-p", "-m", "--mount-proc" },
			[ALL] = { "-r", "-m", "-u", "-i", "-n", "-p", "-C",
				  "-T" },
		},
	},
	[NSUNSHARE] = {
		.options = UNSHARE_OPTIONS,
	},
	[UNSHARE] = {
		.options = UNSHARE_OPTIONS,
	},
	[BWRAP] = {
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

static size_t command(struct row *row, int work, const char *probe)
{
	const char *const *option = kinds[row->kind].options[work];
	size_t n = 0;

	row->argv[n++] = row->path;
	while (*option)
		row->argv[n++] = *option++;
	row->argv[n++] = probe;
	row->argv[n] = NULL;
	return n;
}

/* Proof that a candidate does the work, before it is timed */

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

static bool proves(const struct row *timed, int number, const char *probe)
{
	const struct workload *work = &workloads[number];
	const char *lacks = kinds[timed->kind].lacks;
	char links[ARRAY_SIZE(work->types)][LINK_SIZE];
	struct row row = *timed;
	size_t n = command(&row, number, probe);

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
	if (row_says_ok(&row))
		return true;
	complain("%s: does not do the work of %s", row.name,
		 workload_names[number]);
	return false;
}

static void print_note(const struct row *row, const struct workload *work)
{
	const char *lacks = kinds[row->kind].lacks;

	for (size_t i = 0; lacks && work->types[i]; i++)
		if (strcmp(work->types[i], lacks) == 0)
			printf("(%s: without %s, which it does not have)\n",
			       row->name, lacks);
}

/* The number of candidates that failed. */
static int bench(const struct contest *c, int work)
{
	static const int bases[] = { FLOOR, UNSHARE, BWRAP, -1 };
	struct table t = { .title = workload_names[work], .runs = c->runs };

	for (size_t i = 0; i < c->count; i++) {
		struct row *row;

		if (!kinds[c->list[i].kind].options[work][0])
			continue;
		row = contest_row(c, &t, i);
		row->failed = !proves(row, work, c->probe);
		command(row, work, c->probe);
	}
	contest_bases(&t, bases);
	table_run(&t);
	table_print(&t, c->room);
	for (size_t i = 0; i < t.count; i++)
		if (!t.rows[i].failed)
			print_note(&t.rows[i], &workloads[work]);
	return table_failures(&t);
}

static bool is_wanted(const struct contest *c, int work)
{
	if (c->only)
		return strcmp(c->only, workload_names[work]) == 0;
	if (workloads[work].needs_root && geteuid() != 0) {
		printf("%s: left out, it needs root\n", workload_names[work]);
		return false;
	}
	return true;
}

static const struct contest_rules rules = {
	.usage =
"usage: launch [-l] [-c CPU] [-n RUNS] [-w WORKLOAD] NAME=PATH...\n"
"NAME: nsclone, nsunshare, unshare or bwrap, or one of these and -SUFFIX\n"
"WORKLOAD: uts-in-place, uts, user+pid+mnt+proc or all; else each of them\n",
	.kinds = kind_names,
	.workloads = workload_names,
};

int main(int argc, char **argv)
{
	static struct contest c;
	int status, failed = 0;

	if (!contest_open(&c, &rules, argc, argv, &status))
		return status;
	for (int work = 0; work < WORKLOADS; work++)
		if (is_wanted(&c, work))
			failed += bench(&c, work);
	return failed ? 1 : 0;
}
