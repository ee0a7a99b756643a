/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * plan: all that a launcher will do, as data. Parsing fills it, plan_complete()
 * resolves what follows from what, and from then on it is const.
 */

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

#include "cred.h"
#include "env.h"
#include "idmap.h"
#include "mnt.h"
#include "nstype.h"
#include "timens.h"

struct diag;
struct pty;

/* Which of the three ways in a plan is for. */
enum door { DOOR_CLONE, DOOR_UNSHARE, DOOR_SETNS };

/* /proc/PID/setgroups */
enum setgroups { SETGROUPS_UNCHANGED, SETGROUPS_ALLOW, SETGROUPS_DENY };

/* Who writes the maps of the new user namespace. */
enum map_writer {
	MAP_NONE,    /* nobody: there is none */
	MAP_SELF,    /* the new process: its own id only */
	MAP_OUTSIDE, /* the caller, or newuidmap(1), while the new process waits */
};

struct user_plan {
	struct idspec spec[2]; /* by enum idkind: what was asked … */
	struct idmap map[2];   /* … and what it comes to */
	enum setgroups setgroups;
	enum map_writer writer;
	bool set_owner;	  /* another than the caller */
	uint32_t owner_uid;
	uint32_t owner_gid;
	uint32_t own_uid; /* the caller's effective ids, which the single maps are about */
	uint32_t own_gid;
	bool own_differ[2];	   /* by enum idkind: the real or the saved one is another */
	bool take[2];		   /* as soon as the maps are written, the new process takes … */
	uint32_t id[2];		   /* … these ids of the namespace */
};

struct close_plan {
	bool all;  /* over 2, but: */
	int keep[64]; /* ascending */
	int n_keep;
};

/* Where a shell comes from, in the order in which they are tried. */
enum { SHELL_OF_ENV, SHELL_OF_USER, SHELL_LAST, SHELLS };

struct plan {
	enum door door;

	bool in_place;				/* no child: unshare(2) puts only children into a PID namespace */
	unsigned int flags;			/* CLONE_NEW* */
	bool all;				/* every type but user */
	const char *pin[NSTYPE_COUNT];		/* files, or NULL */
	bool make_private;
	const char *set;			/* to keep the new ones as, but pid; or NULL */

	struct timens_plan timens;
	struct mnt_plan mnt;
	const char *hostname;
	const char *domainname;
	bool loopback;
	const char *setup;
	const char *wd;
	struct cred_plan cred;
	bool drop_groups;    /* the supplementary ones, before the door */
	bool foreign;	     /* in the new user namespace, the program is not the caller */

	bool init;	     /* a PID 1 of ours above the program */
	unsigned int late;   /* CLONE_NEW* to be made by the new process itself, not at the door */
	int parent_death;    /* signal that the program gets when we die, or 0 */

	struct pty *pty;     /* the program's terminal, or NULL: it keeps the caller's */

	struct env_plan env_plan;
	char **env;	     /* the program's */
	struct close_plan close;
	sigset_t mask;	     /* the signal mask that we were given … */
	bool ignore_chld;    /* … and whether SIGCHLD was ignored */

	const char *context; /* SELinux context for exec, to be written beneath cred.proc; or NULL */
	bool foreign_files;  /* programs come from files that are not the caller's (guard.h) */
	const char *guard;   /* our name, if they are executed by way of the trampoline; or NULL */
	char *const *argv;   /* the program; NULL: a shell */
	const char *shell[SHELLS]; /* to try, where there is no program; or NULL */

	struct user_plan user; /* by far the largest: last, so that all else lies close together */
};

/*
 * Resolve implications and conflicts, look up ranges and shells. ENV is the
 * caller's. The plan points into it, argv and memory that is never freed.
 */
int plan_complete(struct plan *plan, char **env, struct diag *d);

/* $SHELL is SHELL, or NULL: for when the environment is another's. No look-up. */
void plan_take_shell(struct plan *plan, const char *shell);

/* Are clocks to be set? That can be done only before a process is in the namespace. */
bool plan_sets_clocks(const struct plan *plan);

/* Is a namespace of any type to be kept, by a pin on a file or in a set? */
bool plan_has_pins(const struct plan *plan);
