/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plan.h"

#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

#include "diag.h"
#include "guard.h"
#include "ids.h"
#include "kernel.h"
#include "nsref.h"

bool plan_sets_clocks(const struct plan *plan)
{
	return plan->timens.monotonic.set || plan->timens.boottime.set;
}

/* The program itself, not only its children. */
static bool is_in_new_pidns(const struct plan *plan)
{
	return (plan->flags & CLONE_NEWPID) && !plan->in_place;
}

static int imply(struct plan *plan, struct diag *d)
{
	if (plan->all && !nsref_supported(NS_MNT))
		return diag_fail(d, "/proc/self/ns", "look which namespaces there are");
	for (int type = 0; plan->all && type < NSTYPE_COUNT; type++)
		if (type != NS_USER && nsref_supported(type))
			plan->flags |= nstype_table[type].flag;
	if (plan->init)
		plan->flags |= CLONE_NEWPID;
	if (plan->mnt.interp && !plan->mnt.binfmt)
		plan->mnt.binfmt = mnt_binfmt_place;
	/* Its place is in a proc, and a new PID namespace can have one of its own. */
	if (plan->mnt.binfmt == mnt_binfmt_place && !plan->mnt.proc && is_in_new_pidns(plan))
		plan->mnt.proc = "/proc";
	plan->mnt.pivot = plan->door == DOOR_CLONE;
	/* A set-up command can make another directory the root of its mount namespace. */
	if (plan->mnt.root || (plan->setup && (plan->flags & CLONE_NEWNS)))
		plan->foreign_files = true;
	if (plan->door == DOOR_UNSHARE && !(plan->flags & CLONE_NEWNS))
		plan->mnt.propagation = PROPAGATION_UNCHANGED;
	return 0;
}

static bool has_files(const struct plan *plan)
{
	for (int type = 0; type < NSTYPE_COUNT; type++)
		if (plan->pin[type])
			return true;
	return false;
}

bool plan_has_pins(const struct plan *plan)
{
	return plan->set || has_files(plan);
}

static int refuse(const struct plan *plan, struct diag *d)
{
	if (plan->make_private && !has_files(plan))
		return diag_usage(d, "--make-private is for a pin: name a FILE, as in --mount=FILE");
	if (plan->set && !(plan->flags & ~(unsigned int)CLONE_NEWPID))
		return diag_usage(d, "--pin keeps new namespaces, but no PID namespace: name another type, or --all");
	if (plan->door != DOOR_CLONE)
		return 0;
	if (!plan->flags)
		return diag_usage(d, "nothing to isolate: name a namespace type, or --all");
	if (plan->mnt.propagation != PROPAGATION_DEFAULT && !(plan->flags & CLONE_NEWNS))
		return diag_usage(d, "--propagation is for a new mount namespace: add --mount");
	return 0;
}

/*
 * A process may write a map of its own id for itself, that of its group only
 * if setgroups(2) is denied (Linux 3.19); anything else comes from outside. One
 * that is not dumpable, since another owns the namespace, may write nothing.
 */
static enum map_writer choose_writer(const struct plan *plan)
{
	const struct user_plan *user = &plan->user;
	const struct idmap *uid = &user->map[ID_UID], *gid = &user->map[ID_GID];
	bool none = !uid->n && !gid->n && user->setgroups == SETGROUPS_UNCHANGED;

	if (user->set_owner)
		return none && !plan_sets_clocks(plan) ? MAP_NONE : MAP_OUTSIDE;
	if (!uid->n && !gid->n)
		return none ? MAP_NONE : MAP_SELF;
	if (uid->n && !idmap_is_own(uid, user->own_uid))
		return MAP_OUTSIDE;
	if (gid->n && (!idmap_is_own(gid, user->own_gid) || user->setgroups != SETGROUPS_DENY))
		return MAP_OUTSIDE;
	return MAP_SELF;
}

/* The owner is whoever makes the namespace: the caller, unless another is named. */
static int look_at_caller(struct user_plan *user, struct diag *d)
{
	uid_t uid, saved_uid;
	gid_t gid, saved_gid;

	if (getresuid(&uid, &user->own_uid, &saved_uid) < 0 ||
	    getresgid(&gid, &user->own_gid, &saved_gid) < 0)
		return diag_fail(d, NULL, "look at our own ids");
	user->own_differ[ID_UID] = uid != user->own_uid || saved_uid != user->own_uid;
	user->own_differ[ID_GID] = gid != user->own_gid || saved_gid != user->own_gid;
	if (user->owner_uid == user->own_uid && user->owner_gid == user->own_gid)
		user->set_owner = false;
	return 0;
}

static int resolve_user(struct plan *plan, struct diag *d)
{
	struct user_plan *user = &plan->user;
	const struct idspec *groups = &user->spec[ID_GID];

	if (look_at_caller(user, d) < 0)
		return -1;
	if (groups->single && !groups->n && user->setgroups == SETGROUPS_UNCHANGED)
		user->setgroups = SETGROUPS_DENY;
	if (idmap_resolve(&user->map[ID_UID], &user->spec[ID_UID], ID_UID, user->own_uid, d) < 0 ||
	    idmap_resolve(&user->map[ID_GID], groups, ID_GID, user->own_gid, d) < 0)
		return -1;
	user->writer = choose_writer(plan);
	return 0;
}

static int by_number(const void *a, const void *b)
{
	int x = *(const int *)a, y = *(const int *)b;

	return (x > y) - (x < y);
}

void plan_take_shell(struct plan *plan, const char *shell)
{
	plan->shell[SHELL_OF_ENV] = shell && *shell == '/' ? shell : NULL;
}

/* $SHELL need not exist beneath another root; the user database is asked out here. */
static void find_shells(struct plan *plan)
{
	const bool elsewhere = plan->mnt.root || plan->door == DOOR_SETNS;
	const struct passwd *pw;

	plan_take_shell(plan, getenv("SHELL"));
	plan->shell[SHELL_LAST] = "/bin/sh";
	if (plan->shell[SHELL_OF_ENV] && !elsewhere && access(plan->shell[SHELL_OF_ENV], X_OK) == 0)
		return;
	pw = getpwuid(getuid());
	if (pw && pw->pw_shell && *pw->pw_shell == '/')
		plan->shell[SHELL_OF_USER] = pw->pw_shell;
}

int plan_complete(struct plan *plan, char **env, struct diag *d)
{
	if (imply(plan, d) < 0 || refuse(plan, d) < 0)
		return -1;
	if ((plan->flags & CLONE_NEWUSER) && resolve_user(plan, d) < 0)
		return -1;
	if (plan->door != DOOR_SETNS && ids_decide(plan, d) < 0)
		return -1;
	if (guard_decide(plan, d) < 0)
		return -1;
	/* unshare(2) makes a time namespace for children only. */
	if (plan_sets_clocks(plan) || plan->door == DOOR_UNSHARE)
		plan->late |= plan->flags & CLONE_NEWTIME;
	plan->env = env_build(&plan->env_plan, env);
	if (!plan->env)
		return diag_fail(d, NULL, "make the environment");
	qsort(plan->close.keep, (size_t)plan->close.n_keep, sizeof(int), by_number);
	if (!plan->argv)
		find_shells(plan);
	return 0;
}
