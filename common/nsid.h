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
 * Open the namespace with the id ID, the FLAG of its type (CLONE_NEW*) and the
 * inode number INO by its file handle (include/uapi/linux/nsfs.h, struct
 * nsfs_file_handle; 6.18); without FLAG and INO, by the id alone, for kernels
 * that take it so. A descriptor owned by the caller (close-on-exec), or -1 with
 * errno: ESTALE when it has gone.
 */
int nsid_open_handle(uint64_t id, unsigned int flag, uint64_t ino);

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
