/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * lock: one process at a time, by flock(2). Anyone who can open a file can lock
 * it and keep it locked, so only files and directories that nobody but their
 * owner may open are locked here.
 */

#include <stdbool.h>

struct diag;

/*
 * Take the exclusive lock of FD, a file or directory that messages call PATH;
 * closing FD releases it. Refused if FD belongs to somebody other than us or
 * root, or if its mode lets others open it. The lock is waited for, and after 10
 * seconds that is a failure. -1 and *d.
 */
int lock_take(int fd, const char *path, const char *step, struct diag *d);

/* Take the exclusive lock of FD if nobody has it. */
bool lock_try(int fd);

/* Has nobody the lock of FD? It is not kept. */
bool lock_is_free(int fd);

/*
 * A lock for what belongs to no file that we could lock: the mounts of our mount
 * namespace. It is a file that is removed with the lock.
 */
struct lock {
	int fd;	 /* owned; -1: not taken */
	int dir; /* owned: where the file is, or -1 if it has no name */
};

#define LOCK_NONE ((struct lock){ .fd = -1, .dir = -1 })

/*
 * Take the lock of all that pins on files with --make-private. It is nspin.lock in
 * /run for a caller who may write there, else in $XDG_RUNTIME_DIR; in a user
 * namespace without either it is that namespace, which only processes in it and
 * its owner can open. -1 and *d, after 10 seconds or if there is none of these.
 */
int lock_mounts(struct lock *lock, struct diag *d);

/* Release it, if it is taken. Keeps errno. */
void lock_release(struct lock *lock);
