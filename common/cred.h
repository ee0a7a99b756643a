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
 * Supplementary groups, gid, uid, then capabilities and no_new_privs. The
 * last may be undone by nothing, and every step must succeed; only groups that
 * the user namespace forbids to drop may stay, where there are none but ours.
 */
int cred_apply(const struct cred_plan *plan, struct diag *d);

/* Make the permitted capabilities inheritable and ambient: an execve(2) keeps them. */
int cred_raise_ambient(struct diag *d);
