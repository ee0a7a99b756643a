/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * mirror: a launcher that waits for its child as if it were the child: signals
 * go on to it, its stops and its end become the launcher's own.
 */

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

#include "run.h"

struct diag;
struct pty;

struct mirror {
	pid_t pid;
	int pidfd;	  /* owned by whoever made the child */
	bool forward;	  /* pass signals on; if not, they act on the launcher … */
	bool outlasts;	  /* … but for INT and TERM, which it ignores once the program runs */
	bool alone;	  /* before that, the child starts nothing: no /proc, which may be a stranger's, is asked */
	bool started;	  /* the program has been executed */
	bool bare_init;	  /* it is PID 1 of its namespace, and no init of ours */
	bool has_init;	  /* it is an init of ours */
	int killed_for;	  /* the signal whose default action we carried out by SIGKILL … */
	int stopped_for;  /* … or by SIGSTOP */
	int signal_fd;	  /* of mirror_open(), or -1 */
	struct pty *pty;  /* the program's terminal, relayed while we wait; or NULL */
	bool child_stopped; /* it was, and we with it, since we last continued it */
	bool ended_before_exec; /* it has ended without having executed anything, as far as can be seen */
	bool ended;	  /* the child has ended and is reaped: */
	struct ended end;
};

/*
 * To be called first of all: note the signal mask that we were given and
 * whether SIGCHLD was ignored, and see to it that our children can be waited for.
 */
void mirror_take_over(sigset_t *mask, bool *ignored_chld);

/* From here on signals wait until they are asked for. Before the child is made. */
void mirror_block(void);

/* To be called before mirror_wait_fd(), and where there is a terminal. -1 and *d. */
int mirror_open(struct mirror *m, struct diag *d);

/* The program has been executed. */
void mirror_start(struct mirror *m);

/*
 * Wait until FD is readable or hung up: 1; or until the child has ended: 0.
 * Signals are dealt with meanwhile.
 */
int mirror_wait_fd(struct mirror *m, int fd);

/* Wait until the child has ended, and all that it has shown on its terminal is written. */
void mirror_wait_end(struct mirror *m);

/* Kill the child and what it has started, if it has not ended, and reap it. */
void mirror_kill(struct mirror *m);

/* The child has ended before the program has started: say how. -1 and *d. */
int mirror_tell_lost(const struct mirror *m, struct diag *d);

/* Stop as the child did by signal SIG, until somebody continues us. */
void mirror_stop(struct mirror *m, int sig);

/*
 * Has all that the program has shown on its terminal been written? If not: -1 and
 * *d, however the program ended, which may be because of that.
 */
int mirror_check_output(const struct mirror *m, struct diag *d);

/*
 * End as the child did: exit with its status, or die by its signal without a
 * second core; with 128 plus the signal where that cannot be (as PID 1).
 */
void mirror_end(const struct ended *e) __attribute__((noreturn));
