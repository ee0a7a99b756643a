/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* cred: users, groups and capabilities of a process. credentials(7), capabilities(7). */

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
};

/* A number or a name of the user or group database. OPTION is for the message. */
int cred_parse_user(const char *text, const char *option, uint32_t *uid, struct diag *d);
int cred_parse_group(const char *text, const char *option, uint32_t *gid, struct diag *d);

/* Is capability number CAP in our effective set? */
bool cred_has_cap(int cap);

/*
 * Be UID and GID for a while: the real and the effective ids, so that a
 * program executed meanwhile is none of secure-execution mode (ld.so(8)). The
 * saved ones stay, and with them the right to go back in the same way.
 */
int cred_act_as(uint32_t uid, uint32_t gid, struct diag *d);

/*
 * Supplementary groups, gid, uid, then capabilities and no_new_privs. The
 * last may be undone by nothing, and every step must succeed; only groups that
 * the user namespace forbids to drop may stay, where there is none but the gid.
 */
int cred_apply(const struct cred_plan *plan, struct diag *d);

/* Make the permitted capabilities inheritable and ambient: an execve(2) keeps them. */
int cred_raise_ambient(struct diag *d);
