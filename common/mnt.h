/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * mnt: what a process does to its mount namespace: propagation, proc, sysfs,
 * binfmt_misc, a new root. mount_namespaces(7), pivot_root(2).
 */

#include <stdbool.h>

struct diag;

enum propagation {
	PROPAGATION_DEFAULT, /* not asked for: private */
	PROPAGATION_PRIVATE,
	PROPAGATION_SHARED,
	PROPAGATION_SLAVE,
	PROPAGATION_UNCHANGED,
};

/* Directories are looked up beneath ROOT, if there is one; NULL: not asked for. */
struct mnt_plan {
	enum propagation propagation;
	const char *root;
	bool pivot;	    /* by pivot_root(2): the old root goes; else by chroot(2) */
	const char *proc;
	const char *sys;
	const char *binfmt;
	const char *interp; /* what to register with binfmt_misc */
};

/* Where binfmt_misc is mounted, if nobody names another place; compared by address. */
extern const char mnt_binfmt_place[];

/* The value of --propagation. */
int mnt_parse_propagation(const char *text, enum propagation *out, struct diag *d);

/*
 * Do all of PLAN in the mount namespace of this process, which must be its own
 * to change (but for a root by chroot(2), and PROPAGATION_UNCHANGED):
 * propagation first, the file systems beneath the root to be, then
 * pivot_root(2) and the old root let go, or chroot(2). The working directory is
 * "/" then, if there was a root. A root that is the present one is left as it
 * is.
 */
int mnt_setup(const struct mnt_plan *plan, struct diag *d);

/*
 * Three calls for a directory that is held by the descriptor FD and that messages
 * call DIR. None of them looks up DIR: whoever owns a directory on the way to it
 * could substitute another, even while one mount(2) looks up its two paths.
 *
 * Bind it onto itself, with what is mounted beneath it, and make that private:
 * a descriptor (O_PATH) of the new mount, owned by the caller. -1 and *d: it is as
 * it was, unless somebody else has renamed the directory meanwhile.
 */
int mnt_bind_private(int fd, const char *dir, struct diag *d);

/* Make the mount private whose root FD is. -1 and *d. */
int mnt_make_private(int fd, const char *dir, struct diag *d);

/*
 * A descriptor (O_PATH, owned by the caller) of what is mounted on top of it: of
 * the same directory, by whichever mount. -1 with errno: ESTALE if it is another
 * one, which has been mounted there or put into its place.
 */
int mnt_open_top(int fd);

/* 1: the directory FD is the root of a mount; 0: it is not; -1 with errno. */
int mnt_is_root(int fd);

/* 1: FD and OTHER lie in the same mount; 0: they do not; -1 with errno. */
int mnt_is_same(int fd, int other);

/* 1: the mount that FD lies in is shared; 0: it is not; -1 with errno: cannot be told. */
int mnt_is_shared(int fd);

/* Is the root directory no mount point? Then this process, or an ancestor, has called chroot(2). */
bool mnt_in_chroot(void);
