// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include "growth.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "rounds.h"

enum { SIZES = 3, RUNS = 3, WAYS_MAX = 5 };

static char ns_word[] = "NS";

#define PROC "--engine=proc"
#define BPF "--engine=bpf"
#define HOLDERS "-l", "-o", "NS,HELD,HOLDERS"

/* How it is listed: up to NULL. */
struct way {
	const char *name;
	const char *words[8];
};

static const struct world {
	const char *name;
	double tasks; /* processes and threads for each of N */
	struct way ways[WAYS_MAX];
} worlds[] = {
	{ "threads", 1, {
		{ "text", { PROC, HOLDERS } },
		{ "json", { PROC, "-J", HOLDERS } },
		{ "bpf", { BPF, HOLDERS } } } },
	{ "sharers", 0.5, {
		{ "text", { PROC, HOLDERS } },
		{ "inode", { PROC, "1" } },
		{ "bpf", { "--engine=auto", HOLDERS } } } },
	{ "family", 0.5, {
		{ "text", { PROC, HOLDERS } },
		{ "inode", { PROC, "1" } },
		{ "bpf", { "--engine=auto", HOLDERS } } } },
	{ "descriptors", 0, {
		{ "text", { PROC, HOLDERS } },
		{ "json", { PROC, "-J", HOLDERS } },
		{ "raw", { PROC, "-r", "-o", "NS,HOLDERS" } },
		{ "bpf", { BPF, "-J", HOLDERS } } } },
	{ "sockets", 0, {
		{ "text", { PROC, HOLDERS } },
		{ "bpf", { BPF, "-J", HOLDERS } } } },
	{ "pins", 0, {
		{ "text", { PROC, "-l", "-o", "NS,PINS,NSFS" } },
		{ "json", { PROC, "-J", "-l", "-o", "NS,PINS" } },
		{ "raw", { PROC, "-r", "-o", "NS,PINS" } } } },
	{ "chain", 1, {
		{ "tree", { PROC, "--tree=process", ns_word } },
		{ "json", { PROC, "-J", ns_word } },
		{ "list", { PROC, "-l", ns_word } },
		{ "bpf", { BPF, "--tree=process", ns_word } } } },
	{ "users", 1, {
		{ "text", { PROC, "-l", "-o", "PID,USER", "/proc/self/ns/user" } } } },
	{ "worlds", 1, {
		{ "tree", { PROC } },
		{ "json", { PROC, "-J" } },
		{ "owner", { PROC, "--tree=owner" } },
		{ "dot", { PROC, "--dot" } },
		{ "all", { PROC, "-l", "--output-all" } } } },
};

enum { WORLDS = sizeof(worlds) / sizeof(worlds[0]) };

static pid_t spawn(const char *const *argv)
{
	posix_spawn_file_actions_t actions;
	pid_t pid;
	int err;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	err = posix_spawn(&pid, argv[0], &actions, NULL, (char *const *)argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (err)
		complain("%s: %s", argv[0], strerror(err));
	return err ? -1 : pid;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* In milliseconds, the best of some; negative: it failed. "1" is nobody's inode number. */
static double measure(const char *nsls, const struct way *way, char *ns)
{
	const char *argv[16] = { nsls };
	double best = -1;

	for (size_t i = 0; way->words[i]; i++)
		argv[i + 1] = way->words[i] == ns_word ? ns : way->words[i];
	for (int i = 0; i < RUNS; i++) {
		double start = now(), took;
		int status = 0;
		pid_t pid = spawn(argv);

		if (pid < 0 || waitpid(pid, &status, 0) != pid ||
		    (status && !(WIFEXITED(status) && WEXITSTATUS(status) == 1 && !strcmp(way->name, "inode"))))
			return -1;
		took = now() - start;
		if (best < 0 || took < best)
			best = took;
	}
	return best;
}

/* False: it cannot be made. *told is the PID that it tells. */
static bool start(const char *many, const char *name, int n, const char *file, int *told)
{
	char number[16];
	const char *argv[] = { many, name, number, file, NULL };
	FILE *ready = NULL;
	bool good;
	pid_t pid;

	snprintf(number, sizeof(number), "%d", n);
	unlink(file);
	pid = spawn(argv);
	while (pid > 0 && !(ready = fopen(file, "re")) && waitpid(pid, NULL, WNOHANG) == 0)
		usleep(10000);
	good = ready && fscanf(ready, "%d", told) == 1;
	if (ready)
		fclose(ready);
	if (!good)
		complain("%s: %d cannot be made", name, n);
	return good;
}

/* In a PID namespace of its own, which ends with us. */
static void __attribute__((noreturn)) be_init(const struct world *world, int n, const char *many,
					      const char *nsls, const char *file, int results)
{
	double took[WAYS_MAX] = { 0 };
	char ns[64];
	int told;

	/* Who measures may be ended while we wait for a world. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		_exit(1);
	if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("proc", "/proc", "proc", 0, NULL) < 0)
		_exit(1);
	if (!start(many, world->name, n, file, &told))
		_exit(1);
	snprintf(ns, sizeof(ns), "/proc/%d/ns/uts", told);
	for (int way = 0; way < WAYS_MAX && world->ways[way].name; way++)
		took[way] = measure(nsls, &world->ways[way], ns);
	_exit(write(results, took, sizeof(took)) != sizeof(took));
}

static bool measure_all(const struct world *world, int n, const char *many, const char *nsls,
			const char *file, double took[WAYS_MAX])
{
	int results[2], status = 1;
	bool good;
	pid_t pid;

	if (pipe2(results, O_CLOEXEC) < 0)
		return false;
	pid = (pid_t)syscall(SYS_clone, CLONE_NEWPID | CLONE_NEWNS | SIGCHLD, 0, 0, 0, 0);
	if (pid == 0)
		be_init(world, n, many, nsls, file, results[1]);
	close(results[1]);
	good = pid > 0 && read(results[0], took, sizeof(double) * WAYS_MAX) == sizeof(double) * WAYS_MAX;
	close(results[0]);
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0 && good;
}

static double n_log_n(int n)
{
	return n * log2(n);
}

static void print(const struct world *world, const struct way *way, const int n[SIZES],
		  const double took[SIZES])
{
	printf("%-12s %-6s", world->name, way->name);
	for (int i = 0; i < SIZES; i++)
		printf(" %9.1f", took[i]);
	for (int i = 1; i < SIZES; i++)
		printf(" %7.2f (%.2f)", took[i] / took[i - 1], n_log_n(n[i]) / n_log_n(n[i - 1]));
	printf("\n");
}

static int number_in(const char *path)
{
	FILE *file = fopen(path, "re");
	int number = 0;

	if (file && fscanf(file, "%d", &number) != 1)
		number = 0;
	if (file)
		fclose(file);
	return number;
}

/* Others live here, too: they keep a quarter of the PIDs. */
static int most_of(const struct world *world, int n)
{
	int room = number_in("/proc/sys/kernel/pid_max") / 4 * 3;

	return n * world->tasks > room ? (int)(room / world->tasks) / 16 * 16 : n;
}

static int run(const struct world *world, int n, const char *many, const char *nsls, const char *file)
{
	int size[SIZES] = { n / 16, n / 4, n }, failed = 0;
	double took[WAYS_MAX][SIZES], all[WAYS_MAX];

	printf("%-12s %-6s", "# ms", "");
	for (int i = 0; i < SIZES; i++) {
		printf(" %9d", size[i]);
		fflush(stdout);
		if (!measure_all(world, size[i], many, nsls, file, all))
			return -1;
		for (int way = 0; way < WAYS_MAX; way++)
			took[way][i] = all[way];
	}
	puts("   ratio (n log n)");
	for (int way = 0; way < WAYS_MAX && world->ways[way].name; way++) {
		bool good = took[way][0] > 0 && took[way][1] > 0 && took[way][2] > 0;

		failed += !good;
		if (good)
			print(world, &world->ways[way], size, took[way]);
		else
			complain("%s %s: failed", world->name, world->ways[way].name);
	}
	fflush(stdout);
	return failed;
}

int growth_run(int n, const char *only, const char *many, const char *nsls, const char *file)
{
	int failed = 0;

	for (int i = 0; i < WORLDS; i++) {
		int more;

		if (only && strcmp(only, worlds[i].name) != 0)
			continue;
		more = run(&worlds[i], most_of(&worlds[i], n), many, nsls, file);
		if (more < 0)
			return -1;
		failed += more;
	}
	return failed;
}
