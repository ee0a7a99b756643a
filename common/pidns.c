/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pidns.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "diag.h"
#include "kernel.h"
#include "scan.h"
#include "untraceable.h"
#include "visit.h"

/* Enter, by way of the user namespace that owns it if need be. */
static int enter(int fd)
{
	cleanup_close int owner = -1;

	if (untraceable_setns(fd, CLONE_NEWPID) == 0)
		return 0;
	owner = errno == EPERM ? ioctl(fd, KERNEL_NS_GET_USERNS) : -1;
	if (owner < 0 || untraceable_setns(owner, CLONE_NEWUSER) < 0)
		return -1;
	return untraceable_setns(fd, CLONE_NEWPID);
}

/*
 * The link that names what children will be born in is there from the birth of
 * the first one on, and stays. 1, 0 or -1.
 */
static int look(void *fd)
{
	if (enter(*(int *)fd) < 0)
		return -1;
	if (access("/proc/self/ns/pid_for_children", F_OK) == 0)
		return 1;
	return errno == ENOENT ? 0 : -1;
}

/* Has it ever had an init? In a process of its own, for who has looked can be the parent of nobody else. */
static int had_init(int fd, struct diag *d)
{
	int answer = visit(look, &fd);

	if (answer >= 0)
		return answer;
	if (errno == EPERM || errno == ECHILD)
		return diag_set(d, 0, NULL, "cannot look into the PID namespace");
	return diag_fail(d, NULL, "look into the PID namespace");
}

/* One that waits to be reaped has ended as well. 1, 0, -1 and *d. */
static int lives(pid_t pid, struct diag *d)
{
	cleanup_close int pidfd = kernel_pidfd_open(pid, 0);
	struct pollfd fd = { .fd = pidfd, .events = POLLIN };
	int ended = pidfd < 0 ? -1 : poll(&fd, 1, 0);

	if (ended < 0 && errno != ESRCH)
		return diag_fail(d, NULL, "look whether the init of a PID namespace lives");
	return ended == 0;
}

struct search {
	uint64_t ns;
	bool found;
};

static int look_for(void *arg, const struct scan_process *process, struct diag *d)
{
	struct search *search = arg;

	int alive = process->ns[NS_PID] == search->ns ? lives(process->pid, d) : 0;

	search->found |= alive > 0;
	return alive < 0 ? -1 : 0;
}

/* Where the kernel does not tell (before 6.11): while its init lives, there is a process in it. 1, 0, -1 and *d. */
static int has_process(int fd, struct diag *d)
{
	struct search search = { .found = false };
	unsigned long unread;
	struct stat st;

	if (fstat(fd, &st) < 0)
		return diag_fail(d, NULL, "look at a PID namespace");
	search.ns = st.st_ino;
	return scan_processes(CLONE_NEWPID, look_for, &search, &unread, d) < 0 ? -1 : search.found;
}

int pidns_is_dead(int fd, struct diag *d)
{
	int init = ioctl(fd, KERNEL_NS_GET_TGID_FROM_PIDNS, 1);
	int found;

	if (init > 0) {
		int alive = lives(init, d);

		return alive < 0 ? -1 : !alive;
	}
	if (errno != ESRCH && errno != ENOTTY)
		return diag_fail(d, NULL, "look for the init of a PID namespace");
	found = errno == ENOTTY ? has_process(fd, d) : 0;
	return found ? (found < 0 ? -1 : 0) : had_init(fd, d);
}
