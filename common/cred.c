/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cred.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "caps.h"
#include "cleanup.h"
#include "diag.h"
#include "idmap.h"
#include "kernel.h"
#include "number.h"
#include "untraceable.h"

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

bool cred_can_look_up(const char *file)
{
	cleanup_close int fd = open(file, O_RDONLY | O_CLOEXEC);

	return fd >= 0 || errno == ENOENT;
}

int cred_parse_user(const char *text, const char *option, uint32_t *uid, struct diag *d)
{
	int number = parse_number(text, option, "uid", uid, d);
	const struct passwd *pw;

	if (number)
		return number < 0 ? -1 : 0;
	errno = 0;
	pw = getpwnam(text);
	if (!pw && !cred_can_look_up("/etc/passwd"))
		return diag_fail(d, "/etc/passwd", "%s: look up user '%s'", option, text);
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
	if (!gr && !cred_can_look_up("/etc/group"))
		return diag_fail(d, "/etc/group", "%s: look up group '%s'", option, text);
	if (!gr)
		return diag_usage(d, "%s: there is no group '%s'", option, text);
	*gid = gr->gr_gid;
	return 0;
}

/* On the way there the gid comes first, for the uid gives the right to it. On the way back both are saved ids. */
int cred_act_as(uint32_t uid, uint32_t gid, struct diag *d)
{
	if (setresgid(gid, gid, (gid_t)-1) < 0)
		return diag_fail(d, NULL, "setgid %u", gid);
	return setresuid(uid, uid, (uid_t)-1) < 0 ? diag_fail(d, NULL, "setuid %u", uid) : 0;
}

/*
 * Is there a group among the supplementary ones that is not GID? Each that the
 * user namespace does not map looks like the overflow gid.
 */
static bool has_other_groups(gid_t gid)
{
	int n = getgroups(0, NULL);
	cleanup_free gid_t *groups = n > 0 ? malloc((size_t)n * sizeof(*groups)) : NULL;

	if (n > 0)
		n = groups ? getgroups(n, groups) : -1;
	for (int i = 0; i < n; i++)
		if (groups[i] != gid || gid == KERNEL_OVERFLOW_ID)
			return true;
	return n < 0;
}

int cred_drop_groups(uint32_t gid, bool may_stay, struct diag *d)
{
	int err = setgroups(0, NULL) < 0 ? errno : 0;
	/* Not for want of CAP_SETGID, so it is the namespace that denies it. */
	bool denied = err == EPERM && caps_has(KERNEL_CAP_SETGID);

	if (!err || (denied && (may_stay || !has_other_groups(gid))))
		return 0;
	diag_set(d, err, NULL, "drop supplementary groups");
	return !denied ? -1 :
	       diag_hint(d, "the user namespace denies setgroups(2): map a range of groups (--map-groups) instead of the own one only");
}

int cred_change(enum idkind kind, uint32_t id, struct diag *d)
{
	if ((kind == ID_UID ? setresuid(id, id, id) : setresgid(id, id, id)) == 0)
		return 0;
	diag_fail(d, NULL, "set%s %u", idmap_kind(kind), id);
	return d->err != EINVAL ? -1 :
	       diag_hint(d, "%s %u is not mapped in the user namespace", idmap_kind(kind), id);
}

int cred_join_keyring(const struct cred_plan *plan, struct diag *d)
{
	if (plan->keyring == KEYRING_KEEP || kernel_new_session_keyring() == 0)
		return 0;
	if (plan->keyring == KEYRING_TRY && (errno == ENOSYS || errno == EPERM))
		return 0;
	diag_fail(d, NULL, "join a new session keyring");
	if (d->err == ENOSYS)
		diag_hint(d, "this kernel has no keyctl(2)");
	else if (d->err == EPERM)
		diag_hint(d, "a system call filter (seccomp) denies keyctl(2)");
	return -1;
}

/* The caller's own id, if the namespace maps it: -1 and *d if it does not. */
static int keep_own(const struct cred_plan *plan, enum idkind kind, uint32_t *id, struct diag *d)
{
	const bool user = kind == ID_UID;
	uint32_t seen = user ? geteuid() : getegid();
	struct idmap map;

	if (idmap_read(&map, plan->proc, kind, d) < 0)
		return -1;
	if (idmap_has_inner(&map, seen, user ? plan->own_uid : plan->own_gid)) {
		*id = seen;
		return 0;
	}
	idmap_tell_missing(&map, kind, user ? plan->uid : plan->gid, d);
	return diag_hint(d, "--set%s names another one, --preserve-credentials leaves it unmapped",
			 idmap_kind(kind));
}

static int set_id(const struct cred_plan *plan, enum idkind kind, struct diag *d)
{
	const bool user = kind == ID_UID;
	const bool or_own = user ? plan->uid_or_own : plan->gid_or_own;
	uint32_t id = user ? plan->uid : plan->gid;
	struct diag unmapped;

	if (!or_own)
		return cred_change(kind, id, d);
	if (cred_change(kind, id, &unmapped) == 0)
		return 0;
	if (unmapped.err == EINVAL)
		return keep_own(plan, kind, &id, d) < 0 ? -1 : cred_change(kind, id, d);
	*d = unmapped;
	return -1;
}

static int set_ids(const struct cred_plan *plan, struct diag *d)
{
	if (plan->keep_caps && prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		return diag_fail(d, NULL, "keep capabilities");
	if (plan->drop_groups && cred_drop_groups(plan->gid, plan->groups_may_stay, d) < 0)
		return -1;
	if (plan->set_gid && set_id(plan, ID_GID, d) < 0)
		return -1;
	if (plan->set_uid && set_id(plan, ID_UID, d) < 0)
		return -1;
	return plan->untraceable && (plan->set_gid || plan->set_uid) ? untraceable_again(d) : 0;
}

int cred_apply(const struct cred_plan *plan, struct diag *d)
{
	if (plan->drop_caps && caps_drop_bounding(plan->drop_caps, d) < 0)
		return -1;
	if (set_ids(plan, d) < 0 || cred_join_keyring(plan, d) < 0)
		return -1;
	if ((plan->inherit_none || plan->drop_caps) && caps_drop(plan->drop_caps, d) < 0)
		return -1;
	if (plan->keep_caps && caps_raise_ambient(d) < 0)
		return -1;
	if (plan->no_new_privs && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return diag_fail(d, NULL, "set no_new_privs");
	return 0;
}
