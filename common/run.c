/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "caps.h"
#include "cleanup.h"
#include "diag.h"
#include "spawn.h"
#include "trampoline.h"
#include "tree.h"

/* A helper in the making. */
struct helper {
	const struct run *run;
	pid_t starter;
};

static void helper_main(void *arg, struct diag *report)
{
	const struct helper *helper = arg;
	const struct run *run = helper->run;

	signal(SIGCHLD, SIG_DFL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != helper->starter)
		_exit(EXIT_OWN_FAILURE);
	if ((run->stdout_fd >= 0 && dup2(run->stdout_fd, STDOUT_FILENO) < 0) ||
	    (run->stderr_fd >= 0 && dup2(run->stderr_fd, STDERR_FILENO) < 0))
		diag_fail(report, NULL, "run %s", run->argv[0]);
	else if (!run->with_caps || caps_raise_ambient(report) == 0) {
		if (run->mask)
			sigprocmask(SIG_SETMASK, run->mask, NULL);
		run_exec(run->argv[0], run->argv, run->env, &(struct run_guard){
			.tool = run->guard, .errors = STDERR_FILENO, .gate = -1,
		}, report);
	}
	_exit(report->status);
}

int run_start(const struct run *run, pid_t *pid, int *pidfd, struct diag *d)
{
	struct helper helper = { run, getpid() };
	struct spawn_args plain = { .cgroup_fd = -1 };
	char **env = environ;
	struct diag report;
	struct spawned child;

	if (spawn_vfork(&plain, helper_main, &helper, &report, &child) < 0)
		return diag_fail(d, NULL, "run %s: fork", run->argv[0]);
	/* It may have set the helper's, in memory that was ours, too. */
	environ = env;
	*pid = child.pid;
	*pidfd = child.pidfd;
	if (!report.status)
		return 0;
	*d = report;
	d->status = EXIT_OWN_FAILURE;
	run_wait_end(child.pid, &(struct ended){ 0 });
	cleanup_close_fd(&child.pidfd);
	return -1;
}

int run_wait(pid_t pid, int options, struct change *c)
{
	siginfo_t info = { .si_pid = 0 };

	*c = (struct change){ .what = CHANGE_NONE };
	while (waitid(pid ? P_PID : P_ALL, (id_t)pid, &info, WEXITED | options) < 0)
		if (errno != EINTR)
			return -1;
	c->pid = info.si_pid;
	switch (info.si_pid ? info.si_code : 0) {
	case CLD_EXITED:
		c->what = CHANGE_ENDED;
		c->ended.status = info.si_status;
		break;
	case CLD_KILLED:
	case CLD_DUMPED:
		c->what = CHANGE_ENDED;
		c->ended.signal = info.si_status;
		break;
	case CLD_STOPPED:
		c->what = CHANGE_STOPPED;
		c->stopped = info.si_status;
		break;
	}
	return 0;
}

int run_wait_end(pid_t pid, struct ended *e)
{
	struct change c;

	if (run_wait(pid, 0, &c) < 0)
		return -1;
	*e = c.ended;
	return 0;
}

int run_check(const struct ended *e, const char *name, struct diag *d)
{
	if (e->signal)
		return diag_set(d, 0, NULL, "%s: killed by signal %d (%s)", name, e->signal,
				strsignal(e->signal));
	if (e->status)
		return diag_set(d, 0, NULL, "%s: exit status %d", name, e->status);
	return 0;
}

/* Whichever comes first. */
static bool ends_before(int pidfd, int peer)
{
	struct pollfd fds[2] = {
		{ .fd = pidfd, .events = POLLIN }, { .fd = peer, .events = POLLIN },
	};

	while (poll(fds, 2, -1) < 0 && errno == EINTR)
		;
	return fds[0].revents;
}

int run_attended(const struct run *run, const char *name, int peer, struct diag *d)
{
	cleanup_close int fd = -1;
	struct ended e;
	pid_t pid;

	if (run_start(run, &pid, &fd, d) < 0)
		return -1;
	if (!ends_before(fd, peer))
		tree_kill(pid);
	if (run_wait_end(pid, &e) < 0)
		return diag_fail(d, NULL, "wait for %s", name);
	return run_check(&e, name, d);
}

/* Why a file that is there cannot be executed, found by looking at it. */
static void hint_exec(const char *file, struct diag *d)
{
	struct stat st;

	if (!strchr(file, '/') || stat(file, &st) < 0)
		return;
	if (d->err == ENOENT)
		diag_hint(d, "the file is there, but not the interpreter or loader that it names");
	else if (S_ISDIR(st.st_mode))
		diag_hint(d, "it is a directory");
	else if (d->err == EACCES && !(st.st_mode & 0111))
		diag_hint(d, "it has no execute permission");
}

static int fail_exec(const char *file, struct diag *d)
{
	diag_fail(d, file, "execute");
	d->status = d->err == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_EXEC;
	hint_exec(file, d);
	return -1;
}

/* A regular file that may be executed. Sets errno. */
static bool can_exec(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return false;
	errno = EACCES;
	return S_ISREG(st.st_mode) && faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) == 0;
}

/* What execvp(3) would execute for FILE, without a slash; or NULL with errno. */
static const char *find_program(const char *file, char *room, size_t size)
{
	const char *path = getenv("PATH");
	int err = ENOENT;

	if (!path)
		path = "/bin:/usr/bin";
	while (*file) {
		size_t len = strcspn(path, ":");

		snprintf(room, size, "%.*s%s%s", (int)len, path, len ? "/" : "", file);
		if (can_exec(room))
			return room;
		if (errno == EACCES)
			err = EACCES;
		if (!path[len])
			break;
		path += len + 1;
	}
	errno = err;
	return NULL;
}

static int exec_found(const char *path, char *const argv[], char **env,
		      const struct run_guard *guard, struct diag *d)
{
	char says[512];

	snprintf(says, sizeof(says), "%s: execute: %.400s: ", guard->tool, path);
	for (char *p = says; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 127)
			*p = '?';
	return trampoline_exec(path, argv, env, says, guard, d);
}

static int exec_searched(const char *file, char *const argv[], char **env,
			 const struct run_guard *guard, struct diag *d)
{
	char room[PATH_MAX];
	const char *path = find_program(file, room, sizeof(room));

	return path ? exec_found(path, argv, env, guard, d) : fail_exec(file, d);
}

int run_exec(const char *file, char *const argv[], char **env, const struct run_guard *guard,
	     struct diag *d)
{
	/* execvp(3) takes PATH from here; execvpe(3) would, too. */
	environ = env;
	if (guard && guard->tool && !strchr(file, '/'))
		return exec_searched(file, argv, env, guard, d);
	if (guard && guard->tool)
		return can_exec(file) ? exec_found(file, argv, env, guard, d) : fail_exec(file, d);
	execvp(file, argv);
	return fail_exec(file, d);
}
