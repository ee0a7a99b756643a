/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cred.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "cleanup.h"
#include "diag.h"
#include "kernel.h"
#include "number.h"

/* What looks like a number is one: no name is tried for "1x" or "4294967296". */
static int parse_number(const char *text, const char *option, const char *kind,
			uint32_t *id, struct diag *d)
{
	if (number_parse_id(text, id) == 0)
		return 1;
	if (*text && (*text < '0' || *text > '9') && *text != '-' && *text != '+')
		return 0;
	return diag_usage(d, "%s: '%s' is no %s and no name (0 to 4294967294)", option, text, kind);
}

int cred_parse_user(const char *text, const char *option, uint32_t *uid, struct diag *d)
{
	int number = parse_number(text, option, "uid", uid, d);
	const struct passwd *pw;

	if (number)
		return number < 0 ? -1 : 0;
	errno = 0;
	pw = getpwnam(text);
	if (!pw)
		return diag_usage(d, "%s: there is no user '%s'", option, text);
	*uid = pw->pw_uid;
	return 0;
}

int cred_parse_group(const char *text, const char *option, uint32_t *gid, struct diag *d)
{
	int number = parse_number(text, option, "gid", gid, d);
	const struct group *gr;

	if (number)
		return number < 0 ? -1 : 0;
	errno = 0;
	gr = getgrnam(text);
	if (!gr)
		return diag_usage(d, "%s: there is no group '%s'", option, text);
	*gid = gr->gr_gid;
	return 0;
}

static int get_caps(struct kernel_cap_data caps[2])
{
	struct kernel_cap_header header = { KERNEL_CAP_VERSION_3, 0 };

	return kernel_capget(&header, caps);
}

bool cred_has_cap(int cap)
{
	struct kernel_cap_data caps[2];

	return get_caps(caps) == 0 && (caps[cap / 32].effective >> (cap % 32) & 1);
}

int cred_raise_ambient(struct diag *d)
{
	struct kernel_cap_header header = { KERNEL_CAP_VERSION_3, 0 };
	struct kernel_cap_data caps[2];

	if (get_caps(caps) < 0)
		return diag_fail(d, NULL, "capget");
	for (int i = 0; i < 2; i++) {
		caps[i].effective = caps[i].permitted;
		caps[i].inheritable = caps[i].permitted;
	}
	if (kernel_capset(&header, caps) < 0)
		return diag_fail(d, NULL, "capset");
	for (int cap = 0; cap < 64; cap++) {
		if (!(caps[cap / 32].permitted >> (cap % 32) & 1))
			continue;
		if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) < 0)
			return diag_fail(d, NULL, "make capability %d ambient", cap);
	}
	return 0;
}

static int act_as_user(uint32_t uid, struct diag *d)
{
	return setresuid(uid, uid, (uid_t)-1) < 0 ? diag_fail(d, NULL, "setuid %u", uid) : 0;
}

/* On the way back it is the uid that gives the right to change the gid, so it comes first. */
int cred_act_as(uint32_t uid, uint32_t gid, struct diag *d)
{
	uid_t real, effective, saved;

	if (getresuid(&real, &effective, &saved) < 0)
		return diag_fail(d, NULL, "getresuid");
	if (uid == saved && act_as_user(uid, d) < 0)
		return -1;
	if (setresgid(gid, gid, (gid_t)-1) < 0)
		return diag_fail(d, NULL, "setgid %u", gid);
	return uid == saved ? 0 : act_as_user(uid, d);
}

/* Is there a group among the supplementary ones that is not GID? */
static bool has_other_groups(gid_t gid)
{
	int n = getgroups(0, NULL);
	cleanup_free gid_t *groups = n > 0 ? malloc((size_t)n * sizeof(*groups)) : NULL;

	if (n > 0)
		n = groups ? getgroups(n, groups) : -1;
	for (int i = 0; i < n; i++)
		if (groups[i] != gid)
			return true;
	return n < 0;
}

/* setgroups(2) is denied by the namespace itself when even CAP_SETGID does not help. */
static int drop_groups(gid_t gid, struct diag *d)
{
	int err = setgroups(0, NULL) < 0 ? errno : 0;
	bool denied = err == EPERM && cred_has_cap(KERNEL_CAP_SETGID);

	if (!err || (denied && !has_other_groups(gid)))
		return 0;
	diag_set(d, err, NULL, "drop supplementary groups");
	return !denied ? -1 :
	       diag_hint(d, "the user namespace denies setgroups(2): map a range of groups (--map-groups) instead of the own one only");
}

static int set_ids(const struct cred_plan *plan, struct diag *d)
{
	if (plan->keep_caps && prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		return diag_fail(d, NULL, "keep capabilities");
	if (plan->set_gid) {
		if (drop_groups(plan->gid, d) < 0)
			return -1;
		if (setresgid(plan->gid, plan->gid, plan->gid) < 0) {
			diag_fail(d, NULL, "setgid %u", plan->gid);
			return errno != EINVAL ? -1 :
			       diag_hint(d, "gid %u is not mapped in the user namespace", plan->gid);
		}
	}
	if (plan->set_uid && setresuid(plan->uid, plan->uid, plan->uid) < 0) {
		diag_fail(d, NULL, "setuid %u", plan->uid);
		return errno != EINVAL ? -1 :
		       diag_hint(d, "uid %u is not mapped in the user namespace", plan->uid);
	}
	return 0;
}

int cred_apply(const struct cred_plan *plan, struct diag *d)
{
	if (set_ids(plan, d) < 0)
		return -1;
	if (plan->keep_caps && cred_raise_ambient(d) < 0)
		return -1;
	if (plan->no_new_privs && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return diag_fail(d, NULL, "set no_new_privs");
	return 0;
}
