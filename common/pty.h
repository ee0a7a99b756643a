/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * pty: a terminal of the program's own, and the relay between it and what the
 * caller has: his terminal, made raw while the program runs, or any other file.
 *
 * The program's session has no other terminal, so that it types nothing into
 * the caller's (TIOCSTI) and takes none of its signals. Nothing here blocks,
 * and no file of the caller's is made non-blocking: it is not ours alone.
 */

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <termios.h>

struct diag;

/* What has been read and not yet written. No more than a pipe takes at once. */
struct pty_flow {
	char text[4096];
	size_t from, to;
};

struct pty {
	int master;		 /* or -1: there is none yet, or it is hung up */
	int slave;		 /* the program's end. We keep it, too: it must not end with those who have it open */
	int fds;		 /* /proc/self/fd of the caller's /proc, or -errno */
	int terminal;		 /* that of 0, 1 and 2 which is the caller's; or -1 */
	struct termios saved;	 /* its settings */
	bool typed;		 /* the input comes from it … */
	bool raw;		 /* … and it is raw, by us */
	int in, out;		 /* to relay from and to: 0 and 1, or the same opened anew */
	int errors;		 /* 2, opened anew: what it was before the program took the terminal */
	int lost;		 /* errno: why output of the program could not be written; or 0 */
	bool running;		 /* the program is, and the relay */
	bool in_ended;		 /* there is no more input, and the program has been told: */
	enum { END_UNTYPED, END_OF_FILE, END_AS_CHARACTER } end_typed;
	bool quiet;		 /* nobody is there to hear from for the moment */
	bool draining;		 /* the program has ended: */
	size_t drain;		 /* so much of its output is read at most */
	struct pty_flow typing;	 /* to the program */
	struct pty_flow showing; /* to the caller */
};

/* How many descriptors the relay polls. */
#define PTY_POLLED 3

/*
 * First of all, where /proc is the caller's own: see what he has for a
 * terminal. Fills *p, which has no terminal of its own then.
 */
void pty_look(struct pty *p);

/*
 * Make one: PTMX is "/dev/ptmx" or its like, and may be an enemy's. It takes
 * over settings and size of the caller's. A later one replaces an earlier one;
 * -1 and *d leave that as it was. Linux 4.13.
 */
int pty_open(struct pty *p, const char *ptmx, struct diag *d);

/* In the program's process, before exec: make it the terminal of a new session, and 0, 1 and 2. */
int pty_take(const struct pty *p, struct diag *d);

/* The program has been executed: begin to relay. */
void pty_start(struct pty *p);

/*
 * Say what to poll for in FDS[PTY_POLLED], and for how long at most, in
 * milliseconds or -1. Descriptors are -1 where there is nothing to poll for.
 */
int pty_poll(struct pty *p, struct pollfd *fds);

/* After poll(2) of these. */
void pty_relay(struct pty *p, const struct pollfd *fds);

/* The program has ended: is any of its output still to be written? */
bool pty_has_more(struct pty *p);

/* The caller's terminal as it was, for as long as we stop; raw, if we are in its foreground. */
void pty_restore(struct pty *p);
void pty_resume(struct pty *p);

/* The window has another size: the kernel tells those inside. */
void pty_resize(const struct pty *p);

/* Hang up, as the kernel does when a line is lost, and give the caller his terminal back. */
void pty_hang_up(struct pty *p);
