// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include "world.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rounds.h"

#ifndef SYS_clone3
#define SYS_clone3 435
#endif

/* In the new process: one line on stderr, and the end. */
static void __attribute__((noreturn)) die(const char *step)
{
	complain("%s: %s", step, strerror(errno));
	_exit(1);
}

static void write_file(const char *path, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void write_file(const char *path, const char *format, ...)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	va_list args;

	va_start(args, format);
	if (fd < 0 || vdprintf(fd, format, args) < 0)
		die(path);
	va_end(args);
	close(fd);
}

/*
 * Says "." on READY when it dies with this program and the world is made; then
 * exec closes it. A crowd has it as its stdout.
 */
static void __attribute__((noreturn)) live(uint64_t flags, uid_t uid, gid_t gid,
					   const char *probe, const char *crowd, int ready)
{
	if (flags & CLONE_NEWUSER) {
		write_file("/proc/self/setgroups", "deny");
		write_file("/proc/self/uid_map", "0 %u 1", uid);
		write_file("/proc/self/gid_map", "0 %u 1", gid);
	}
	if ((flags & CLONE_NEWNS) &&
	    (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	     mount("none", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0))
		die("mount");
	/* If it is gone already, nobody reads: SIGPIPE. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || write(ready, ".", 1) != 1)
		die("bind the process to the benchmark");
	if (crowd && dup2(ready, STDOUT_FILENO) >= 0)
		execl(probe, probe, "crowd", crowd, (char *)NULL);
	else if (!crowd)
		execl(probe, probe, "pause", (char *)NULL);
	die(probe);
}

/* Its word, the crowd's if it is one, and then the end. */
static bool lives(int ready, bool crowd)
{
	char said;

	for (int words = 1 + crowd; words > 0; words--)
		if (read(ready, &said, 1) != 1)
			return false;
	return read(ready, &said, 1) == 0;
}

static pid_t start(uint64_t flags, const char *probe, const char *crowd)
{
	/* clone_args of <linux/sched.h>: flags, pidfd, two tids, exit_signal, ... */
	uint64_t args[8] = { flags, 0, 0, 0, SIGCHLD };
	uid_t uid = geteuid();
	gid_t gid = getegid();
	int ready[2];
	pid_t pid;
	bool good;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ready) < 0) {
		complain("%s", strerror(errno));
		return -1;
	}
	pid = (pid_t)syscall(SYS_clone3, args, sizeof(args));
	if (pid == 0) {
		close(ready[0]);
		live(flags, uid, gid, probe, crowd, ready[1]);
	}
	close(ready[1]);
	if (pid < 0)
		complain("clone3: %s", strerror(errno));
	good = pid > 0 && lives(ready[0], crowd);
	close(ready[0]);
	if (good)
		return pid;
	if (pid > 0) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	return -1;
}

pid_t world_start(uint64_t flags, const char *probe)
{
	return start(flags, probe, NULL);
}

pid_t world_crowd(uint64_t flags, const char *probe, int count)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", count);
	return start(flags, probe, text);
}

void world_end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}
