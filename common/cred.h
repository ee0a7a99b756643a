/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* cred: users and groups of a process, and what it may do. credentials(7). */

#include <stdbool.h>
#include <stdint.h>

struct diag;

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
	bool groups_may_stay; /* the supplementary ones, where the user namespace forbids to drop them */
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
 * Supplementary groups, gid, uid, then capabilities and no_new_privs. The
 * last may be undone by nothing, and every step must succeed; only groups that
 * the user namespace forbids to drop may stay, where there is none but the gid
 * or the plan says that they are harmless.
 */
int cred_apply(const struct cred_plan *plan, struct diag *d);
