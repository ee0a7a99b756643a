/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * diag: an error as a value, and the one writer to stderr.
 *
 * Whoever fails fills a struct diag and returns -1; whoever is at the top
 * prints it. It is fixed in size and holds no pointers, so that a child can
 * send it through a socket. All functions keep errno.
 */

#include <stdbool.h>
#include <stddef.h>

/* Exit statuses of the launchers (DESIGN: as env(1) and chroot(1) have them). */
enum {
	EXIT_OWN_FAILURE = 125,
	EXIT_CANNOT_EXEC = 126,
	EXIT_NOT_FOUND = 127,
};

struct diag {
	int err;	/* errno, or 0 where the text says it all */
	int status;	/* exit status that this failure deserves */
	bool usage;	/* a mistake on the command line: point to --help */
	char what[160];	/* the step: "write uid_map" */
	char path[256];	/* the object: "/proc/42/uid_map", or empty */
	char hint[320];	/* the cause, if looking has found one, or empty */
};

/*
 * Fill *d with errno (diag_fail), with an error number of one's own
 * (diag_set), or with a usage error. The text is cut to fit. PATH may be NULL.
 * Return -1 always, so that "return diag_fail(...)" reads well.
 */
int diag_fail(struct diag *d, const char *path, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
int diag_set(struct diag *d, int err, const char *path, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
int diag_usage(struct diag *d, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * A failure that another process has told the user already: diag_print() prints
 * nothing. STATUS is the exit status that the failure deserves. Returns -1.
 */
int diag_told(struct diag *d, int status);

/* Add the likely cause. The first hint stays. Returns -1. */
int diag_hint(struct diag *d, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * Make of *d, which has come from elsewhere with anything in it, one that may be
 * used: its strings end, ->usage is a bool, the status one of a failure.
 */
void diag_bound(struct diag *d);

/* Add to the end of the hint that there is, or make it one. Returns -1. */
int diag_extend_hint(struct diag *d, const char *text);

/*
 * Write "TOOL: WHAT: PATH: ERROR" and then "TOOL: hint: HINT", or for a usage
 * error a second line that names --help, to stderr in one write(2). Control
 * characters come out as escapes: a message is one line. Writes nothing after
 * diag_told(). Returns d->status.
 */
int diag_print(const struct diag *d, const char *tool);

/*
 * What diag_print() writes, into BUF, without a NUL: how many bytes. Each byte of
 * *d may take four, and there is room for that: no message loses its end. TOOL has
 * 32 bytes at most.
 */
enum { DIAG_TEXT = 4 * sizeof(struct diag) + 2048 };
size_t diag_text(const struct diag *d, const char *tool, char buf[DIAG_TEXT]);

/* Write "TOOL: TEXT" to stderr, for what is worth saying but no failure. */
void diag_note(const char *tool, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
