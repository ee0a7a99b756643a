/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* run: helper programs, the suite's one exec and its one wait. */

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

struct diag;

/* How to execute a program that may be an enemy's: see trampoline.h. */
struct run_guard {
	const char *tool; /* our name, for messages; NULL: execute it without the trampoline */
	int errors;	  /* where the trampoline writes its message */
	int gate;	  /* where the trampoline says GATE_UNEXECUTED (gate.h), or -1 */
};

/* How a process ended. */
struct ended {
	int signal; /* that killed it, or 0 */
	int status; /* of exit, if no signal did */
};

/* A helper to be started. Zero-initialised but for these: */
struct run {
	char *const *argv;    /* argv[0] is looked up in PATH if it has no slash */
	char **env;
	const sigset_t *mask; /* its signal mask; NULL: ours */
	int stdout_fd;	      /* what becomes its standard output, or -1: ours */
	int stderr_fd;	      /* the same for its standard error */
	const char *guard;    /* as in struct run_guard */
	bool with_caps;	      /* its permitted capabilities survive the exec as ambient ones */
};

/*
 * Start it; it is killed when we die, unless it is set-user-ID. Returns 0 and
 * a child with a descriptor, both owned by the caller, or -1 and *d, where
 * d->err tells why (ENOENT: there is no such program).
 */
int run_start(const struct run *run, pid_t *pid, int *pidfd, struct diag *d);

/* What has become of a child. */
struct change {
	enum { CHANGE_NONE, CHANGE_ENDED, CHANGE_STOPPED } what;
	pid_t pid;
	int stopped;	    /* the signal that stopped it */
	struct ended ended; /* it is reaped */
};

/*
 * Wait for child PID, 0 for any, to end; OPTIONS WNOHANG: do not wait but look,
 * WSTOPPED: tell of stops, too. -1 with errno (ECHILD).
 */
int run_wait(pid_t pid, int options, struct change *c);

/* Until it has ended. -1 with errno. */
int run_wait_end(pid_t pid, struct ended *e);

/*
 * 0 if it ended well, or else -1 and *d: "NAME: exit status 3", "NAME: killed
 * by signal 9 (Killed)".
 */
int run_check(const struct ended *e, const char *name, struct diag *d);

/*
 * Start it and wait for its end. 0: it ended well. NAME is what messages call
 * it. When PEER (-1: nobody) is readable or hung up first, nobody waits for it
 * any more: it is killed with all that it has started, and -1 returned.
 */
int run_attended(const struct run *run, const char *name, int peer, struct diag *d);

/*
 * execvp(3) of FILE with environment ENV, whose PATH serves for the look-up.
 * Returns only on failure: -1 and *d, with the status that it deserves (126
 * or 127). environ is ENV then. GUARD may be NULL. With GUARD->tool, the trampoline
 * reports what only shows after this process image is gone.
 */
int run_exec(const char *file, char *const argv[], char **env, const struct run_guard *guard,
	     struct diag *d);
