/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tree.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cleanup.h"
#include "file.h"
#include "kernel.h"
#include "number.h"

/* What follows the name in parentheses: proc_pid_stat(5). False: there is no such process. */
static bool look_at(const char *pid, char *state, int *parent)
{
	char path[300], text[512];
	const char *end;

	snprintf(path, sizeof(path), "/proc/%s/stat", pid);
	if (file_read(path, text, sizeof(text)) <= 0)
		return false;
	end = strrchr(text, ')');
	return end && sscanf(end, ") %c %d", state, parent) == 2;
}

/* Still on its way to a stop: in the midst of a fork, say, which it will complete. */
static bool still_runs(pid_t pid)
{
	char text[16], state;
	int parent;

	snprintf(text, sizeof(text), "%d", (int)pid);
	return look_at(text, &state, &parent) && !strchr("TtZX", state);
}

static void kill_children(pid_t pid);

/* A process, and what it is signalled by: FD, or its number where that cannot become another's. */
struct node {
	pid_t pid;
	int fd; /* a pidfd, or -1 */
};

static int send(const struct node *node, int sig)
{
	return node->fd >= 0 ? kernel_pidfd_send_signal(node->fd, sig) : kill(node->pid, sig);
}

/*
 * False: it has gone before that. One that sleeps deeply stops late, or not before
 * its vfork(2) child is gone: no waiting for ever.
 */
static bool kill_one(const struct node *node)
{
	const struct timespec pause = { .tv_nsec = 200 * 1000 };

	if (send(node, SIGSTOP) < 0 && errno == ESRCH)
		return false;
	for (int i = 0; i < 100 && still_runs(node->pid); i++) {
		kill_children(node->pid);
		nanosleep(&pause, NULL);
	}
	kill_children(node->pid);
	send(node, SIGKILL);
	return true;
}

/*
 * A parent that has been stopped reaps nobody, but the kernel does it for one that
 * ignores SIGCHLD: then the number of a child is free at any time. So the parent is
 * looked at after the pidfd has been opened. If the number became that of another
 * child in between, the pidfd is of one that has gone. False: that has happened.
 * Where no pidfd is to be had (Linux 5.3) there is only the number.
 */
static bool kill_if_child(const char *name, pid_t pid)
{
	struct node node = { .fd = -1 };
	cleanup_close int fd = -1;
	int parent;
	char state;

	if (number_parse_fd(name, &node.pid) < 0 || node.pid <= 1 || !look_at(name, &state, &parent) || parent != pid)
		return true;
	fd = kernel_pidfd_open(node.pid, 0);
	if (fd < 0 && errno == ESRCH)
		return false;
	node.fd = fd;
	if (!look_at(name, &state, &parent) || parent != pid || state == 'Z')
		return true;
	return kill_one(&node);
}

/* In one pass over /proc. False: there may be one more. */
static bool kill_listed(pid_t pid)
{
	DIR *proc = opendir("/proc");
	const struct dirent *entry;
	bool all = true;

	while (proc && (entry = readdir(proc)))
		all &= kill_if_child(entry->d_name, pid);
	if (proc)
		closedir(proc);
	return all;
}

static void kill_children(pid_t pid)
{
	for (int i = 0; i < 100 && !kill_listed(pid); i++)
		;
}

/* Does /proc show PIDs as we count them? In a new PID namespace it is an old one's, until mounted anew. */
static bool proc_is_ours(void)
{
	char own[16], text[16];
	ssize_t len = readlink("/proc/self", text, sizeof(text) - 1);

	if (len < 0)
		return false;
	text[len] = '\0';
	snprintf(own, sizeof(own), "%d", (int)getpid());
	return !strcmp(text, own);
}

void tree_kill(pid_t pid)
{
	const struct node child = { .pid = pid, .fd = -1 };

	if (pid > 1 && proc_is_ours())
		kill_one(&child);
	else if (pid > 1)
		kill(pid, SIGKILL);
}
