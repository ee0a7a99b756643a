/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tree.h"

#include <dirent.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "number.h"

/* The field after the state, which follows the name in parentheses: proc_pid_stat(5). */
static pid_t parent_of(const char *pid)
{
	char path[300], text[512];
	const char *end;
	int parent;

	snprintf(path, sizeof(path), "/proc/%s/stat", pid);
	if (file_read(path, text, sizeof(text)) <= 0)
		return -1;
	end = strrchr(text, ')');
	return end && sscanf(end, ") %*c %d", &parent) == 1 ? parent : -1;
}

static void kill_children(pid_t pid);

static void kill_one(pid_t pid)
{
	kill(pid, SIGSTOP);
	kill_children(pid);
	kill(pid, SIGKILL);
}

static void kill_children(pid_t pid)
{
	DIR *proc = opendir("/proc");
	const struct dirent *entry;
	int child;

	while (proc && (entry = readdir(proc)))
		if (number_parse_fd(entry->d_name, &child) == 0 && child > 1 &&
		    parent_of(entry->d_name) == pid)
			kill_one(child);
	if (proc)
		closedir(proc);
}

void tree_kill(pid_t pid)
{
	if (pid > 1)
		kill_one(pid);
}
