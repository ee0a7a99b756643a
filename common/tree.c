/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tree.h"

#include <dirent.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "file.h"
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

/* One that sleeps deeply stops late, or not before its vfork(2) child is gone: no waiting for ever. */
static void kill_one(pid_t pid)
{
	const struct timespec pause = { .tv_nsec = 200 * 1000 };

	kill(pid, SIGSTOP);
	for (int i = 0; i < 100 && still_runs(pid); i++) {
		kill_children(pid);
		nanosleep(&pause, NULL);
	}
	kill_children(pid);
	kill(pid, SIGKILL);
}

static void kill_children(pid_t pid)
{
	DIR *proc = opendir("/proc");
	const struct dirent *entry;
	int child, parent;
	char state;

	while (proc && (entry = readdir(proc)))
		if (number_parse_fd(entry->d_name, &child) == 0 && child > 1 &&
		    look_at(entry->d_name, &state, &parent) && parent == pid && state != 'Z')
			kill_one(child);
	if (proc)
		closedir(proc);
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
	if (pid > 1 && proc_is_ours())
		kill_one(pid);
	else if (pid > 1)
		kill(pid, SIGKILL);
}
