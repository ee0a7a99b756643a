// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * seize NAME FILE: as somebody who lives in a container, look for processes that
 * are called NAME, for ever, and try to get hold of them, and of what they have
 * open. FILE gets a line "seen" when there was one, and one for each way that
 * worked while it had that name: before it had executed another program.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438
#endif

static bool opens(pid_t pid, const char *name, int flags)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	fd = open(path, flags | O_CLOEXEC);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static bool memory(pid_t pid) { return opens(pid, "mem", O_RDWR); }
static bool environment(pid_t pid) { return opens(pid, "environ", O_RDONLY); }
static bool descriptors(pid_t pid) { return opens(pid, "fd/0", O_PATH); }
static bool root(pid_t pid) { return opens(pid, "root", O_PATH); }
static bool cwd(pid_t pid) { return opens(pid, "cwd", O_PATH); }
static bool executable(pid_t pid) { return opens(pid, "exe", O_PATH); }
static bool namespaces(pid_t pid) { return opens(pid, "ns/mnt", O_RDONLY); }

/* Nothing is at that address: EFAULT comes after the permission. */
static bool vm(pid_t pid)
{
	char byte;
	struct iovec here = { &byte, 1 }, there = { (void *)16, 1 };

	return process_vm_readv(pid, &here, 1, &there, 1, 0) >= 0 || errno == EFAULT;
}

static bool getfd(pid_t pid)
{
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	int fd = pidfd < 0 ? -1 : (int)syscall(SYS_pidfd_getfd, pidfd, 0, 0);

	if (pidfd >= 0)
		close(pidfd);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static bool trace(pid_t pid)
{
	if (ptrace(PTRACE_SEIZE, pid, NULL, NULL) < 0)
		return false;
	ptrace(PTRACE_INTERRUPT, pid, NULL, NULL);
	waitpid(pid, NULL, __WALL);
	ptrace(PTRACE_DETACH, pid, NULL, NULL);
	return true;
}

static const struct way {
	const char *name;
	bool (*works)(pid_t pid);
} ways[] = {
	{ "trace", trace }, { "memory", memory }, { "vm", vm }, { "descriptors", descriptors },
	{ "getfd", getfd }, { "root", root }, { "cwd", cwd }, { "executable", executable },
	{ "environment", environment }, { "namespaces", namespaces },
};

enum { N_WAYS = sizeof(ways) / sizeof(*ways) };

static bool is_called(pid_t pid, const char *name)
{
	char path[64], comm[32] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
	file = fopen(path, "re");
	if (!file)
		return false;
	if (fgets(comm, sizeof(comm), file))
		comm[strcspn(comm, "\n")] = '\0';
	fclose(file);
	return !strcmp(comm, name);
}

static void try(pid_t pid, const char *name, bool done[], FILE *out)
{
	static bool seen;

	if (!seen)
		fputs("seen\n", out);
	seen = true;
	for (int i = 0; i < N_WAYS; i++) {
		if (done[i] || !ways[i].works(pid) || !is_called(pid, name))
			continue;
		fprintf(out, "%s\n", ways[i].name);
		done[i] = true;
	}
	fflush(out);
}

int main(int argc, char **argv)
{
	bool done[N_WAYS] = { false };
	FILE *out = argc == 3 ? fopen(argv[2], "we") : NULL;

	if (!out)
		return 99;
	for (;;) {
		DIR *proc = opendir("/proc");
		struct dirent *entry;

		while (proc && (entry = readdir(proc))) {
			pid_t pid = atoi(entry->d_name);

			if (pid > 0 && pid != getpid() && is_called(pid, argv[1]))
				try(pid, argv[1], done, out);
		}
		if (proc)
			closedir(proc);
		nanosleep(&(struct timespec){ .tv_nsec = 200000 }, NULL);
	}
}
