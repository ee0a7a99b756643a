/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* pin: namespaces kept alive by a bind mount on a file. namespaces(7). */

#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "nsref.h"

struct diag;

/* A pin that has been made, or how far it got; what pin_undo() takes back. */
struct pin {
	const char *file;
	bool created;	  /* the file is ours */
	bool mounted;	  /* the namespace is on it: */
	struct stat ns;	  /* this one */
	char *bound;	  /* the directory that was made a private self-bind, or NULL; owned */
};

/*
 * What pin_mount() and pin_make() may say besides 0 and -1, with *d: a mount
 * namespace can only be pinned from one with a smaller id, and ids come in
 * batches for each CPU (6.18): one that is made again on another CPU may do.
 */
enum { PIN_TRY_ANOTHER_CPU = 1 };

/*
 * The path of the namespace of TYPE that a new process has brought about, whose
 * directory is /proc/PROC: it must be held, as a child that has not been waited
 * for, or PROC by way of a descriptor. Returns PATH.
 */
char *pin_source(char path[NSREF_PATH], const char *proc, enum nstype type);

/*
 * Mount the namespace SOURCE, a path in /proc, on the file at PATH, which
 * messages call FILE. A failure is explained.
 */
int pin_mount(const char *source, const char *path, enum nstype type, const char *file,
	      struct diag *d);

/*
 * The same on FILE, which is created if it is not there. With MAKE_PRIVATE the
 * directory of FILE, if it lies in a shared mount, is bound onto itself and
 * made private first: a mount namespace can be pinned in no other way there.
 */
int pin_make(struct pin *pin, const char *source, enum nstype type, const char *file,
	     bool make_private, struct diag *d);

/* The same, where it will not be taken back if it has been made. */
int pin_make_last(const char *source, enum nstype type, const char *file, bool make_private,
		  struct diag *d);

/*
 * After PIN_TRY_ANOTHER_CPU: ATTEMPT(ARG, ONE, ALL) with each CPU that we may
 * use, until it says something else than that. It moves to ONE, and back to
 * ALL, which we had. 0, or -1 and *d.
 */
typedef int pin_attempt(void *arg, const cpu_set_t *one, const cpu_set_t *all, struct diag *d);
int pin_try_cpus(pin_attempt *attempt, void *arg, struct diag *d);

/* Unmount, unless another pin covers it; remove the file if it was ours; undo the self-bind, unless others have pinned there. */
void pin_undo(struct pin *pin);

/*
 * Unmount the pin that is on top at PATH beneath DIR, as openat(2) has it, which
 * messages call FILE, and nothing but a pin: a plain file, another mount, a symbolic link are refused, -1 and
 * *d. If it was the last one, the file beneath goes, too, if it is empty.
 */
int pin_remove(int dir, const char *path, const char *file, struct diag *d);

/* 1: the file at PATH beneath DIR is a pin; 0: it is something else, be it a symbolic link to one; -1 with errno. */
int pin_is(int dir, const char *path);
