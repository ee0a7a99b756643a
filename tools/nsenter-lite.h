/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* nsenter-lite: what its three sources know of each other. */

#include <stdbool.h>
#include <stdint.h>

#include "cgroup.h"
#include "plan.h"
#include "pty.h"
#include "target.h"

struct diag;

/* The most files that may be named by --from. */
#define NSENTER_FROM 16

/* Where an id comes from. */
enum id_source {
	ID_DEFAULT, /* where a user namespace is entered: 0, or else one's own */
	ID_GIVEN,
	ID_FOLLOW,  /* the target's */
};

/* A directory to be the root or the working directory. */
struct where {
	bool target;	  /* the target's */
	const char *path; /* or this one, seen from where we come from; or NULL */
};

/* The command line. */
struct nsenter {
	bool has_target;
	struct target_name target;
	bool all;		/* everything that the target does not share with us */
	unsigned int of_target; /* CLONE_NEW* of the types that are its */
	const char *file[NSTYPE_COUNT];	/* --TYPE=FILE, or the text of --TYPE=:ID; or NULL */
	uint64_t id[NSTYPE_COUNT];	/* ID, or 0 */
	const char *from[NSENTER_FROM];
	int n_from;
	int net_socket;		/* its descriptor of a socket, or -1 */
	bool user_parent;
	enum id_source uid, gid;
	bool preserve;
	struct where root, wd;
	const char *wdns;	/* working directory, seen from where we go to */
	bool target_env;
	bool join_cgroup;
	bool follow_context;
	bool no_fork;
	bool fork;
	bool forward;
	struct plan plan;	/* for the program; plan.flags: what is entered in the end */
	struct pty pty;		/* if the plan has one */
};

/* A namespace to be entered by a descriptor of it. */
struct source {
	int fd;		  /* or -1 */
	const char *file; /* what messages call it */
};

/*
 * All that is opened before anything is joined; from then on nothing is looked
 * up by name that somebody inside could have a hand in.
 */
struct opened {
	struct target target;
	unsigned int flags; /* of the target's namespaces, that are to be joined by its pidfd */
	struct source source[NSTYPE_COUNT];
	int proc;	    /* /proc as it is here */
	int root, wd;	    /* or -1 */
	char *environ;	    /* the target's, NUL after NUL; malloc-ed */
	size_t environ_size;
	char *context;	    /* its SELinux context */
	struct cgroup_set cgroups;
	bool groups_may_stay;
};

/*
 * nsenter-lite-open: open everything. -1 and *d; the process that is the
 * target has been alive when all of its was open.
 */
int nsenter_open(struct opened *o, const struct nsenter *n, struct diag *d);

/* Is anything to be entered by a descriptor of it, so that one setns(2) does not suffice? */
bool nsenter_has_sources(const struct opened *o);

/* Who waits in there for the program has no need of any of it. */
void nsenter_close(struct opened *o);

/* nsenter-lite-environ: the target's environment. If it can be had only from inside, after joining. */
int nsenter_read_environ(struct opened *o, struct diag *d);

/*
 * May the program have it? The target chose its PATH and LD_PRELOAD, and so what
 * runs. That is its own affair among its own files. Among the caller's it is no
 * harm only if the target has the caller's uid and all of its capabilities. -1
 * and *d: it may not.
 */
int nsenter_check_environ(const struct opened *o, struct diag *d);

/*
 * nsenter-lite-join: enter what is opened. *joined gets the CLONE_NEW* that
 * have been entered; where all could be at once, these may be ones that were
 * shared. On failure, -1 and *d, some may have been joined.
 */
int nsenter_join(struct opened *o, unsigned int *joined, struct diag *d);

/*
 * nsenter-lite-door: all of it, and the program. Returns (-1 and *d) only if
 * the program did not start.
 */
int nsenter_launch(struct nsenter *n, struct diag *d);
