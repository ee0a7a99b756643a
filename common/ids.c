/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ids.h"

#include <grp.h>
#include <stdlib.h>
#include <unistd.h>

#include "caps.h"
#include "cleanup.h"
#include "cred.h"
#include "diag.h"
#include "kernel.h"
#include "plan.h"
#include "untraceable.h"

static uint32_t own_id(const struct user_plan *user, enum idkind kind)
{
	return kind == ID_UID ? user->own_uid : user->own_gid;
}

/*
 * The caller's own id, where it is mapped; else 0; else the id of --setuid or
 * --setgid. A process without an id of the map would be the caller outside.
 */
static int choose(struct plan *plan, enum idkind kind, struct diag *d)
{
	struct user_plan *user = &plan->user;
	const struct cred_plan *cred = &plan->cred;
	const struct idmap *map = &user->map[kind];
	bool stays = idmap_inner(map, own_id(user, kind), &user->id[kind]);

	if (!map->n)
		return 0;
	user->take[kind] = !stays || user->set_owner || user->own_differ[kind];
	if (stays)
		return 0;
	if (idmap_has_inner(map, 0, 0))
		user->id[kind] = 0;
	else if (kind == ID_UID ? cred->set_uid : cred->set_gid)
		user->id[kind] = kind == ID_UID ? cred->uid : cred->gid;
	else {
		idmap_tell_missing(map, kind, 0, d);
		return diag_hint(d, "--set%s names another one", idmap_kind(kind));
	}
	return 0;
}

/*
 * Whoever owns a user namespace may become each user that it maps. A word for
 * it is a map of that one id by its number: -r says nothing about the owner.
 */
static int refuse_to_hand_over(const struct user_plan *user, enum idkind kind, struct diag *d)
{
	const char *word = kind == ID_UID ? "--map-users" : "--map-groups";
	uint32_t own = own_id(user, kind), inner;

	if (!user->set_owner || user->owner_uid == user->own_uid ||
	    !idmap_inner(&user->map[kind], own, &inner) || idmap_names(&user->spec[kind], own))
		return 0;
	return diag_usage(d, "--owner: user %u would get our own %s %u; if that is meant, say %s %u:%u:1",
			  user->owner_uid, idmap_kind(kind), own, word, inner, own);
}

/* Is the program the caller, as far as anybody outside can tell? */
static bool is_the_caller(const struct plan *plan)
{
	const struct user_plan *user = &plan->user;
	uint32_t inner;

	if (plan->cred.set_uid || plan->cred.set_gid || user->set_owner)
		return false;
	for (enum idkind kind = ID_UID; kind <= ID_GID; kind++)
		if (user->map[kind].n && !idmap_inner(&user->map[kind], own_id(user, kind), &inner))
			return false;
	return true;
}

/* A caller without CAP_SETGID keeps groups that it has anyway. */
static void decide_for_another(struct plan *plan)
{
	struct cred_plan *cred = &plan->cred;
	bool privileged = caps_has(KERNEL_CAP_SETGID);

	plan->foreign = plan->flags & CLONE_NEWUSER;
	cred->untraceable |= plan->foreign;
	plan->drop_groups = privileged;
	cred->drop_groups = cred->set_gid && !privileged;
	cred->groups_may_stay = !privileged;
	if (cred->keyring == KEYRING_KEEP && (privileged || caps_has(KERNEL_CAP_SETUID)))
		cred->keyring = KEYRING_TRY;
}

int ids_decide(struct plan *plan, struct diag *d)
{
	for (enum idkind kind = ID_UID; kind <= ID_GID; kind++)
		if (refuse_to_hand_over(&plan->user, kind, d) < 0 || choose(plan, kind, d) < 0)
			return -1;
	/* Those that are not over a new user namespace are the caller's. */
	if (!(plan->flags & CLONE_NEWUSER))
		plan->cred.keep_caps = false;
	if (!is_the_caller(plan))
		decide_for_another(plan);
	return 0;
}

const char *ids_warning(const struct plan *plan)
{
	const struct user_plan *user = &plan->user;

	if (!(plan->flags & CLONE_NEWUSER) || user->set_owner)
		return NULL;
	if (!user->map[ID_UID].n && caps_has(KERNEL_CAP_SETUID))
		return "no uid is mapped: the program is nobody inside, but has the caller's uid outside";
	if (!user->map[ID_GID].n && caps_has(KERNEL_CAP_SETGID))
		return "no gid is mapped: the program has the overflow gid inside, but the caller's gid outside";
	return NULL;
}

static int remember_groups(struct ids_caller *caller, struct diag *d)
{
	int n = getgroups(0, NULL);

	if (n > 0) {
		caller->groups = malloc((size_t)n * sizeof(*caller->groups));
		n = caller->groups ? getgroups(n, caller->groups) : -1;
	}
	if (n < 0)
		return diag_fail(d, NULL, "look at our supplementary groups");
	caller->n_groups = n;
	return 0;
}

/* Out here: in there, setgroups(2) may be denied. */
static int leave_groups(struct ids_caller *caller, struct diag *d)
{
	if (caller && remember_groups(caller, d) < 0)
		return -1;
	if (cred_drop_groups(getegid(), false, d) < 0)
		return -1;
	if (caller)
		caller->dropped_groups = true;
	return 0;
}

/* Only what was taken away has to come back, and then CAP_SETGID is there. */
static int take_groups(struct ids_caller *caller, struct diag *d)
{
	cleanup_free gid_t *groups = caller->groups;
	int n = caller->n_groups;

	caller->groups = NULL;
	if (!caller->dropped_groups || n == 0 || getgroups(0, NULL) == n)
		return 0;
	return setgroups((size_t)n, groups) < 0 ? diag_fail(d, NULL, "take our supplementary groups again") : 0;
}

int ids_at_door(const struct plan *plan, struct ids_caller *caller, struct diag *d)
{
	const struct user_plan *user = &plan->user;

	if (user->set_owner && untraceable(d) < 0)
		return -1;
	if (plan->drop_groups && leave_groups(caller, d) < 0)
		return -1;
	if (!user->set_owner)
		return 0;
	/* The new credentials may have made us dumpable again. */
	return cred_act_as(user->owner_uid, user->owner_gid, d) < 0 ? -1 : untraceable_again(d);
}

int ids_back(const struct plan *plan, struct ids_caller *caller, struct diag *d)
{
	const struct user_plan *user = &plan->user;

	if (user->set_owner && cred_act_as(user->own_uid, user->own_gid, d) < 0)
		return -1;
	return take_groups(caller, d);
}

static int take(const struct user_plan *user, enum idkind kind, struct diag *d)
{
	return user->take[kind] ? cred_change(kind, user->id[kind], d) : 0;
}

int ids_in_world(const struct plan *plan, struct diag *d)
{
	if (take(&plan->user, ID_GID, d) < 0 || take(&plan->user, ID_UID, d) < 0)
		return -1;
	return plan->foreign ? untraceable_again(d) : 0;
}
