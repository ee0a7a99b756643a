// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * outcome [-g] [-t SECONDS] [-n RUNS] [-k SIGNAL] [-s USEC] FILE COMMAND [ARG...]
 *
 * Run COMMAND, RUNS times (1), and append a line to FILE for each run: "exited
 * 3" or "killed 15", as the wait status has it; a shell shows 143 for both
 * "exited 143" and "killed 15". Then a line "left PID NAME" for each process
 * that is still there when COMMAND has ended and SETTLE has passed, at whatever
 * depth: as a subreaper we are handed them. They are killed.
 *
 * -g: in a process group of its own, with a parent in another group of the
 *     session, as a shell's jobs are: it can be stopped by TSTP, TTIN and TTOU.
 * -t: in a process group of our own, as under timeout(1), and as if TERM came
 *     after SECONDS. This saves each of many tests a process.
 * -k: send SIGNAL (a number) to COMMAND, USEC * (run - 1) microseconds after
 *     its exec; COMMAND is "stuck", and killed, if it has not ended PATIENCE later.
 *
 * On TERM, or HUP, it kills COMMAND and what that leaves, at once, and reports.
 * What a terminal sends to its group it does not mind.
 */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Seconds that all may take for dying after COMMAND, and COMMAND after SIGNAL. */
enum { SETTLE = 5, PATIENCE = 10 };

static const struct timespec tick = { .tv_nsec = 20000000 };

struct options {
	bool own_group;
	long runs;
	int signal;
	long step;
};

static sigset_t original;

static void fail(const char *what)
{
	perror(what);
	exit(99);
}

/* The memory is shared until exec: nothing in here is to be changed but by system calls. */
static pid_t start(const struct options *o, char **argv)
{
	pid_t pid = vfork();

	if (pid < 0)
		fail("vfork");
	if (pid == 0) {
		if (o->own_group)
			setpgid(0, 0);
		sigprocmask(SIG_SETMASK, &original, NULL);
		execvp(argv[0], argv);
		_exit(98);
	}
	return pid;
}

static void after(int seconds, struct timespec *end)
{
	clock_gettime(CLOCK_MONOTONIC, end);
	end->tv_sec += seconds;
}

static bool expired(const struct timespec *end)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec > end->tv_sec ||
	       (now.tv_sec == end->tv_sec && now.tv_nsec >= end->tv_nsec);
}

/* Is a child left that lives? The dead are reaped. */
static bool have_children(void)
{
	siginfo_t info = { .si_pid = 0 };

	while (waitid(P_ALL, 0, &info, WEXITED | WNOHANG) == 0)
		if (!info.si_pid)
			return true;
		else
			info.si_pid = 0;
	return false;
}

/* "4711 (a name) S 4242 ...": is its parent this process? */
static bool is_child(const char *pid, char *name, size_t size)
{
	char path[300], line[512];
	char *open, *close;
	int parent;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%s/stat", pid);
	f = fopen(path, "r");
	if (!f)
		return false;
	if (!fgets(line, sizeof(line), f))
		line[0] = '\0';
	fclose(f);
	open = strchr(line, '(');
	close = strrchr(line, ')');
	if (!open || !close || sscanf(close + 1, " %*c %d", &parent) != 1)
		return false;
	*close = '\0';
	snprintf(name, size, "%s", open + 1);
	return parent == (int)getpid();
}

static void kill_children(FILE *out)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	char name[64];

	if (!proc)
		fail("/proc");
	while ((entry = readdir(proc))) {
		int pid = atoi(entry->d_name);

		if (pid <= 1 || !is_child(entry->d_name, name, sizeof(name)))
			continue;
		fprintf(out, "left %d %s\n", pid, name);
		kill(pid, SIGKILL);
	}
	closedir(proc);
}

static void wanted(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGCHLD);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGHUP);
	sigaddset(set, SIGALRM);
}

static bool is_end(int sig)
{
	return sig == SIGTERM || sig == SIGHUP || sig == SIGALRM;
}

/* Until nothing is left of this run, by its own doing or, after SECONDS, by ours. */
static bool settle(int seconds, FILE *out)
{
	struct timespec end;
	sigset_t set;
	bool clean = true;

	wanted(&set);
	after(seconds, &end);
	while (have_children()) {
		if (expired(&end)) {
			kill_children(out);
			clean = false;
		}
		if (is_end(sigtimedwait(&set, NULL, &tick)))
			end.tv_sec = 0;
	}
	return clean;
}

/*
 * Until COMMAND has ended, or, if it was to end by a signal and does not, has
 * been ended by us. False if it was us.
 */
static bool await(pid_t pid, bool bounded, FILE *out)
{
	struct timespec end;
	siginfo_t info;
	sigset_t set;
	bool alone = true;

	wanted(&set);
	after(PATIENCE, &end);
	for (;;) {
		info.si_pid = 0;
		if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG) < 0)
			fail("waitid");
		if (info.si_pid)
			break;
		if (bounded && expired(&end)) {
			fprintf(out, "stuck\n");
			bounded = false;
		} else if (!is_end(sigtimedwait(&set, NULL, &tick))) {
			continue;
		}
		alone = false;
		kill(pid, SIGKILL);
	}
	fprintf(out, "%s %d\n", info.si_code == CLD_EXITED ? "exited" : "killed", info.si_status);
	return alone;
}

static bool run(const struct options *o, long n, char **argv, FILE *out)
{
	long usec = o->step * n;
	struct timespec delay = { usec / 1000000, usec % 1000000 * 1000 };
	pid_t pid = start(o, argv);

	if (o->signal) {
		nanosleep(&delay, NULL);
		kill(pid, o->signal);
	}
	if (await(pid, o->signal, out))
		return settle(SETTLE, out);
	settle(0, out);
	return false;
}

/* CHLD and TERM are waited for; what a terminal sends is for COMMAND. */
static void block(void)
{
	sigset_t set;

	wanted(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGQUIT);
	sigaddset(&set, SIGTSTP);
	sigprocmask(SIG_BLOCK, &set, &original);
}

int main(int argc, char **argv)
{
	struct options o = { .runs = 1 };
	unsigned int limit = 0;
	bool clean = true;
	FILE *out;
	int opt;

	while ((opt = getopt(argc, argv, "+gt:n:k:s:")) != -1) {
		if (opt == 'g')
			o.own_group = true;
		else if (opt == 't')
			limit = (unsigned int)atoi(optarg);
		else if (opt == 'n')
			o.runs = atol(optarg);
		else if (opt == 'k')
			o.signal = atoi(optarg);
		else if (opt == 's')
			o.step = atol(optarg);
		else
			return 99;
	}
	if (argc - optind < 2)
		return 99;
	out = fopen(argv[optind], "ae");
	if (!out)
		fail(argv[optind]);
	setvbuf(out, NULL, _IOLBF, 0);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	block();
	if (limit) {
		setpgid(0, 0);
		alarm(limit);
	}
	for (long i = 0; i < o.runs && clean; i++)
		clean = run(&o, i, argv + optind + 1, out);
	return 0;
}
