/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * nsid: find a namespace by a number: its id, which is the kernel's and never
 * used again, or its inode number, which belongs to it while it lives.
 */

#include <stdint.h>

struct diag;

/* The id of the namespace FD; 0: it has none (before 6.18). */
uint64_t nsid_of(int fd);

/*
 * Open the namespace with the id ID: by its file handle, where the kernel knows
 * it by its id alone, else by looking through all that keeps one alive:
 * processes, threads, descriptors, sockets, mounts, and what is nested in it or
 * owned by it. What is opened is asked for its id: it is never another one.
 * With *type < 0 it may be of any type, which *type gets; otherwise it must be
 * of that type. A descriptor owned by the caller (close-on-exec), or -1 and *d.
 */
int nsid_open(uint64_t id, int *type, struct diag *d);

/* The same by the inode number INO. */
int nsid_open_inode(uint64_t ino, int *type, struct diag *d);
