/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* cred: users and groups of a process, and what it may do. credentials(7). */

#include <stdbool.h>
#include <stdint.h>

#include "idmap.h"

struct diag;

/* The session keyring of the program, session-keyring(7). */
enum keyring {
	KEYRING_KEEP,  /* the caller's */
	KEYRING_TRY,   /* a new one, unless keyctl(2) does not exist or a filter denies it */
	KEYRING_FORCE, /* a new one, or no program */
};

/* What the program's credentials shall be. */
struct cred_plan {
	bool set_uid;
	bool set_gid;
	bool keep_caps;
	bool no_new_privs;
	uint32_t uid;
	uint32_t gid;
	bool inherit_none;  /* no inheritable and no ambient capabilities, unless they are kept */
	uint64_t drop_caps; /* a bit for each capability that nobody shall have from here on */
	bool drop_groups;     /* the supplementary ones … */
	bool groups_may_stay; /* … but where the user namespace denies that, they are harmless */
	enum keyring keyring;
	bool untraceable;     /* until exec, whatever the change of ids does to that */
	/*
	 * An id that the user namespace does not map gives way to the caller's
	 * own, which was this one in the namespace that PROC, a descriptor of its
	 * /proc, belongs to.
	 */
	bool uid_or_own;
	bool gid_or_own;
	uint32_t own_uid;
	uint32_t own_gid;
	int proc;
};

/*
 * When getpwnam(3) or one of its kin has found nothing: can FILE, its database, be
 * read at all? With errno if not. The C library does not tell: it goes on to the
 * next source of names.
 */
bool cred_can_look_up(const char *file);

/* A number or a name of the user or group database. OPTION is for the message. */
int cred_parse_user(const char *text, const char *option, uint32_t *uid, struct diag *d);
int cred_parse_group(const char *text, const char *option, uint32_t *gid, struct diag *d);

/*
 * Be UID and GID for a while: the real and the effective ids, so that a
 * program executed meanwhile is none of secure-execution mode (ld.so(8)). The
 * saved ones stay, and with them the right to go back in the same way.
 */
int cred_act_as(uint32_t uid, uint32_t gid, struct diag *d);

/*
 * Drop the supplementary groups. Where the user namespace denies setgroups(2)
 * even to a process with CAP_SETGID, it is no failure if there are none besides
 * GID, or if MAY_STAY. Returns 0, or -1 and *d.
 */
int cred_drop_groups(uint32_t gid, bool may_stay, struct diag *d);

/* Set the real, the effective and the saved id to ID. Returns 0, or -1 and *d. */
int cred_change(enum idkind kind, uint32_t id, struct diag *d);

/* Join a new session keyring, if the plan says so. Returns 0, or -1 and *d. */
int cred_join_keyring(const struct cred_plan *plan, struct diag *d);

/*
 * Supplementary groups, gid, uid, keyring, then capabilities and no_new_privs.
 * The last may be undone by nothing, and every step must succeed.
 */
int cred_apply(const struct cred_plan *plan, struct diag *d);
