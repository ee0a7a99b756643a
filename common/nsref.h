/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* nsref: the namespaces of a process, and which ones they are. namespaces(7). */

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "nstype.h"

struct diag;

/* Room for the path of a namespace in /proc. */
#define NSREF_PATH 48

/*
 * The path of PID's namespace of TYPE (0: our own); with CHILDREN that which
 * its children will be born in, where the type tells the two apart. Returns PATH.
 */
char *nsref_path(char path[NSREF_PATH], pid_t pid, enum nstype type, bool children);

/* Does this kernel have namespaces of TYPE? (Looks into /proc/self/ns.) */
bool nsref_supported(enum nstype type);

/*
 * Open the namespace that FILE is: a link in /proc/PID/ns, a pin, /dev/fd/N.
 * With TYPE < 0 the kernel is asked for its type, which *type gets; otherwise
 * it must be of that type. Never blocks on what is no namespace. A descriptor
 * owned by the caller (close-on-exec), or -1 and *d. Linux 4.11.
 */
int nsref_open(const char *file, int *type, struct diag *d);

/* The same for a descriptor of a namespace FD, which FILE is for the message. -1 and *d. */
int nsref_check(int fd, int *type, const char *file, struct diag *d);

/* Are these, of stat(2), of one namespace? Both must be held open, or numbers are used again. */
bool nsref_same(const struct stat *a, const struct stat *b);

/* Of an array with a descriptor for each type, or -1: set all to -1; is there one? Close all. */
void nsref_none(int fd[NSTYPE_COUNT]);
bool nsref_any(const int fd[NSTYPE_COUNT]);
void nsref_close_all(int fd[NSTYPE_COUNT]);

/* The inode number that "ls -l /proc/PID/ns" shows, or 0 if it cannot be read. */
uint64_t nsref_inode(const char *path);

/* The kernel's 64-bit id, never used again (6.18), or 0 where it has none. */
uint64_t nsref_id(const char *path);
