/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* nsclone: what its three sources know of each other. */

#include <stdbool.h>
#include <sys/types.h>

#include "kernel.h"
#include "plan.h"
#include "pty.h"
#include "run.h"

struct diag;

/* The command line: the plan for the child, and what nsclone does itself. */
struct nsclone {
	bool forward;	       /* signals go on to the child */
	bool background;
	bool keep_child;
	const char *cgroup;    /* directory to be born in, or NULL */
	int set_tid[KERNEL_PIDNS_LEVELS];
	int n_set_tid;
	const char *pid_file;  /* to be made or replaced, or NULL */
	int pid_fd;	       /* to be written to instead, or -1 */
	const char *host_setup;
	int status_fd;	       /* for JSON lines, or -1 */
	int block_fd;	       /* to wait for, or -1 */
	struct pty pty;	       /* if the plan has one */
	struct plan plan;      /* large: last */
};

/*
 * nsclone-door: make the child, do what is to be done for it, wait. Returns
 * (-1 and *d) only if the program did not start; nothing is left then.
 * Otherwise this process ends as the program does.
 */
int nsclone_launch(const struct nsclone *n, struct diag *d);

/*
 * nsclone-report: what others are told of the child. -1 and *d on failure. The
 * PID file appears whole: it is written under the name "PATH.PID" and renamed to
 * PATH. Whatever has that name is replaced; a link is not followed.
 */
int nsclone_report_pid_file(const char *path, pid_t pid, struct diag *d);
int nsclone_report_pid_fd(int fd, pid_t pid, struct diag *d);
int nsclone_report_start(int fd, pid_t pid, int pidfd, unsigned int flags, struct diag *d);
int nsclone_report_end(int fd, const struct ended *e, struct diag *d);
int nsclone_report_pid(pid_t pid, struct diag *d);
