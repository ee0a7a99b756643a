// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * enter: how long it takes to start a program in namespaces that exist
 *
 *	enter [-l] [-c CPU] [-n RUNS] [-w WORKLOAD] NAME=PATH...
 *	enter-container RUNTIME enter [-l] [-c CPU] [-n RUNS] NAME=PATH...
 *
 * PATH is a program that enters; NAME says how its command line is written:
 * nsenter-lite, nsenter or runc, or one of these with a suffix
 * (nsenter-lite-static=./nsenter-lite). The floor, the same work by bare system
 * calls, is always there as well. As an example:
 *
 *	enter nsenter-lite=./nsenter-lite nsenter=/usr/bin/nsenter
 *
 * The namespaces are those of a process that waits: this program starts one,
 * in all namespaces but a user namespace of its own (this needs root), then one
 * in a user, a mount and a PID namespace. enter-container has a container
 * runtime start one instead, and only then runc takes part (`runc exec').
 *
 * Each one launches a program without libc. First it must prove that this runs
 * in the process's namespaces, every one of them; one that does not is reported
 * and not timed. Then they are timed, as rounds.h says, and compared with the
 * floor and the first nsenter and runc there. contest.h has the options.
 *
 * What a runtime does besides (cgroup, capabilities, seccomp, no-new-privs) it
 * does for every program that it starts in a container. For the user namespace
 * nsenter(1) is helped: with -a an ordinary user's fails at what he shares with
 * the process, and the ids are left as they are, since it gives up where the
 * namespace denies setgroups(2).
 *
 * Exit status: 0; 1 when one failed; 2 when nothing could be measured.
 *
 * Build: as launch, with enter.c and world.c for launch.c
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "contest.h"
#include "rounds.h"
#include "world.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

enum { OPTIONS_MAX = 8, LINK_SIZE = 64 };

/* Linux 5.6 knows all of them. */
static const char *const types[] = {
	"mnt", "uts", "ipc", "net", "pid", "user", "cgroup", "time",
};

enum { TYPES = sizeof(types) / sizeof(types[0]) };

enum { CONTAINER, USER, RUNTIME, WORKLOADS };

/* The last one has no name: it is -d's. */
static const char *const workload_names[] = {
	[CONTAINER] = "container",
	[USER] = "user+mnt+pid",
	[RUNTIME] = NULL,
};

/* What the process has of its own. */
static const uint64_t workload_flags[WORKLOADS] = {
	[CONTAINER] = CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET |
		      CLONE_NEWPID | CLONE_NEWCGROUP | CLONE_NEWTIME,
	[USER] = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID,
};

enum { FLOOR, LITE, NSENTER, RUNC, KINDS };

static const char *const kind_names[] = {
	[FLOOR] = "floor",
	[LITE] = "nsenter-lite",
	[NSENTER] = "nsenter",
	[RUNC] = "runc",
	[KINDS] = NULL,
};

/* Words that stand for what is known only when it runs */
static const char pid_word[] = "PID", state_word[] = "STATE", id_word[] = "ID";

/* None: not its work. */
static const char *const options[KINDS][WORKLOADS][OPTIONS_MAX] = {
	[FLOOR] = {
		[CONTAINER] = { "enter", pid_word },
		[USER] = { "enter-user", pid_word },
		[RUNTIME] = { "enter", pid_word },
	},
	[LITE] = {
		[CONTAINER] = { "-a", "-t", pid_word },
		[USER] = { "-a", "-t", pid_word },
		[RUNTIME] = { "-a", "-t", pid_word },
	},
	[NSENTER] = {
		[CONTAINER] = { "-a", "-t", pid_word },
		[USER] = { "-U", "-m", "-p", "--preserve-credentials", "-t", pid_word },
		[RUNTIME] = { "-a", "-t", pid_word },
	},
	[RUNC] = {
		[RUNTIME] = { "--root", state_word, "exec", id_word },
	},
};

/* The process whose namespaces are entered. */
struct world {
	int work;
	const char *title;
	char pid[16];
	char state[PATH_MAX];	/* of the runtime, which knows it by */
	const char *id;
	const char *probe;	/* as it is called in there */
	char links[TYPES][LINK_SIZE + 1];	/* "=mnt:[1]", for the probe */
};

static bool read_ns(const char *pid, const char *type, char link[LINK_SIZE])
{
	char path[LINK_SIZE];
	ssize_t len;

	snprintf(path, sizeof(path), "/proc/%s/ns/%s", pid, type);
	len = readlink(path, link, LINK_SIZE - 1);
	if (len < 0) {
		complain("%s: %s", path, strerror(errno));
		return false;
	}
	link[len] = '\0';
	return true;
}

/* Where the process is; and is that elsewhere than here, in as many as asked for? */
static bool look_at(struct world *w, int others)
{
	for (int i = 0; i < (int)TYPES; i++) {
		char here[LINK_SIZE];

		w->links[i][0] = '=';
		if (!read_ns(w->pid, types[i], w->links[i] + 1) ||
		    !read_ns("self", types[i], here))
			return false;
		others -= strcmp(w->links[i] + 1, here) != 0;
	}
	if (others > 0)
		complain("%s: process %s shares %d namespaces more with us than it should",
			 w->title, w->pid, others);
	return others <= 0;
}

/* Measuring */

static const char *fill_in(const char *word, const struct world *w)
{
	if (word == pid_word)
		return w->pid;
	if (word == state_word)
		return w->state;
	return word == id_word ? w->id : word;
}

static size_t command(struct row *row, const struct world *w)
{
	const char *const *option = options[row->kind][w->work];
	size_t n = 0;

	row->argv[n++] = row->path;
	while (*option)
		row->argv[n++] = fill_in(*option++, w);
	row->argv[n++] = w->probe;
	row->argv[n] = NULL;
	return n;
}

/* Proof that it gets into each of the namespaces, before it is timed */
static bool proves(const struct row *timed, const struct world *w)
{
	struct row row = *timed;
	size_t n = command(&row, w);

	for (int i = 0; i < (int)TYPES; i++)
		row.argv[n++] = w->links[i];
	if (w->work == USER)
		row.argv[n++] = "uid0";
	row.argv[n] = NULL;
	if (row_says_ok(&row))
		return true;
	complain("%s: does not do the work of %s", row.name, w->title);
	return false;
}

/* The number of candidates that failed. */
static int bench(const struct contest *c, const struct world *w)
{
	static const int bases[] = { FLOOR, NSENTER, RUNC, -1 };
	struct table t = { .title = w->title, .runs = c->runs };

	for (size_t i = 0; i < c->count; i++) {
		struct row *row;

		if (!options[c->list[i].kind][w->work][0])
			continue;
		row = contest_row(c, &t, i);
		row->failed = !proves(row, w);
		command(row, w);
	}
	contest_bases(&t, bases);
	table_run(&t);
	table_print(&t, c->room);
	return table_failures(&t);
}

/* -1: there was nothing to measure. */
static int bench_own(const struct contest *c, int work)
{
	struct world w = { .work = work, .title = workload_names[work], .probe = c->probe };
	pid_t pid = world_start(workload_flags[work], c->probe);
	int failed;

	if (pid < 0)
		return -1;
	snprintf(w.pid, sizeof(w.pid), "%d", (int)pid);
	failed = look_at(&w, __builtin_popcountll(workload_flags[work])) ? bench(c, &w) : -1;
	world_end(pid);
	return failed;
}

/* enter-container's, called as the container; in it are "pid", and "state" of the runtime */
static const char *directory;

static int bench_container(const struct contest *c)
{
	struct world w = { .work = RUNTIME, .title = "container of a runtime", .probe = "/probe" };
	const char *slash = strrchr(directory, '/');
	char path[PATH_MAX];
	FILE *file;
	bool ok;

	snprintf(path, sizeof(path), "%s/pid", directory);
	snprintf(w.state, sizeof(w.state), "%s/state", directory);
	w.id = slash ? slash + 1 : directory;
	file = fopen(path, "re");
	ok = file && fscanf(file, "%15[0-9]", w.pid) == 1;
	if (file)
		fclose(file);
	if (!ok) {
		complain("%s: no PID", path);
		return -1;
	}
	/* mnt, uts, ipc, net, pid: what every runtime gives. */
	return look_at(&w, 5) ? bench(c, &w) : -1;
}

static bool take(int option, const char *value)
{
	if (option != 'd')
		return false;
	directory = value;
	return *value;
}

static bool is_wanted(const struct contest *c, int work)
{
	if (c->only)
		return strcmp(c->only, workload_names[work]) == 0;
	if (work == CONTAINER && geteuid() != 0) {
		printf("%s: left out, it needs root\n", workload_names[work]);
		return false;
	}
	return true;
}

static const struct contest_rules rules = {
	.usage =
"usage: enter [-l] [-c CPU] [-n RUNS] [-w WORKLOAD | -d DIR] NAME=PATH...\n"
"NAME: nsenter-lite, nsenter or runc, or one of these and -SUFFIX\n"
"WORKLOAD: container or user+mnt+pid; else each of them\n"
"DIR: enter-container's\n",
	.kinds = kind_names,
	.workloads = workload_names,
	.letters = "d:",
	.take = take,
};

int main(int argc, char **argv)
{
	static struct contest c;
	int status, failed = 0;

	if (!contest_open(&c, &rules, argc, argv, &status))
		return status;
	if (directory)
		failed = bench_container(&c);
	for (int work = CONTAINER; !directory && failed >= 0 && work <= USER; work++)
		if (is_wanted(&c, work)) {
			int more = bench_own(&c, work);

			failed = more < 0 ? -1 : failed + more;
		}
	return failed < 0 ? 2 : failed ? 1 : 0;
}
