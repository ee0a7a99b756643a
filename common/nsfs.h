/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * nsfs: pins, that is, mounts of nsfs: those of our own mount namespace, those
 * of all others, and how to open one, wherever it is.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "nstype.h"

struct diag;

/* A pin. Texts are valid during the call only that hands them over. */
struct nsfs_pin {
	uint64_t ns;	  /* inode number of the namespace */
	int type;	  /* enum nstype; -1: one that nstype_table does not know, */
	const char *name; /* and what the kernel calls it */
	const char *path; /* beneath the root directory of the mount namespace */
	uint64_t mount;	  /* id of the mount, as mountinfo has it */
	bool first;	  /* of those that the kernel was asked for together; see below */
};

/*
 * What is called with each pin: 0, or -1 and the *D of the whole: no more. The
 * kernel is asked for some pins at a time, and may tell what it has put aside the
 * time before: what a pin says was true at some time after the last "first" pin
 * but two was handed over, or since then. So where a namespace was held then, its
 * number is that of the pin, which need not be opened to know.
 */
typedef int nsfs_see_pin(void *arg, const struct nsfs_pin *pin, struct diag *d);

/*
 * All pins of our own mount namespace, in the order of mountinfo, which is read
 * once: no call a pin. -1 and *d.
 */
int nsfs_own(nsfs_see_pin *see, void *arg, struct diag *d);

/* Another mount namespace: held itself, or else by a process in it. */
struct nsfs_mntns {
	uint64_t ino;
	int fd;	       /* of it; or -1 */
	uint64_t id;   /* the kernel's, with fd */
	int proc;      /* the directory of the process; or -1 */
	int mountinfo; /* of the process, not read yet; or -1 */
};

/* The same for each of these, which is held during the call only. */
typedef int nsfs_see_mntns(void *arg, const struct nsfs_mntns *ns, struct diag *d);

/* What could not be read: of all mount namespaces, or of those of processes. */
struct nsfs_unread {
	unsigned long namespaces;
	unsigned long processes;
	bool without_process; /* those that no process is in could not be looked for */
};

/*
 * All other mount namespaces: where the kernel lets us walk, those without a
 * process, too (6.12, CAP_SYS_ADMIN, not in a PID namespace below the first);
 * otherwise those of the processes that /proc shows. -1 and *d.
 */
int nsfs_others(nsfs_see_mntns *see, void *arg, struct nsfs_unread *unread, struct diag *d);

/* All pins of NS; UNREAD counts it if it may not be read. -1 and *d. */
int nsfs_pins(const struct nsfs_mntns *ns, nsfs_see_pin *see, void *arg,
	      struct nsfs_unread *unread, struct diag *d);

/* The root directory of NS, or ours for NULL: O_PATH, owned by the caller. -1 with errno. */
int nsfs_root(const struct nsfs_mntns *ns);

/*
 * Open the pin at PATH beneath ROOT that is the namespace with the inode number
 * NS: a descriptor owned by the caller. -1 with errno; ESTALE: something else is
 * there, as another mount that covers it.
 */
int nsfs_open(int root, const char *path, uint64_t ns);

/*
 * "net:[4026531840]", as mountinfo and the links of /proc have it: the inode
 * number; 0: it is no such text. The name of the type ends at its first colon.
 */
uint64_t nsfs_parse(const char *text);

/* What such a text begins with: enum nstype, or -1. */
int nsfs_type(const char *text);
