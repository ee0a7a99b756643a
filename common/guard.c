/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guard.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "caps.h"
#include "diag.h"
#include "kernel.h"
#include "plan.h"
#include "trampoline.h"
#include "untraceable.h"

static const char executable[] = "/proc/self/exe";

/* access(2) asks for the caller's ids. An error that is no refusal tells nothing. */
static bool caller_can_write(const struct stat *st)
{
	if (st->st_uid == geteuid() || access(executable, W_OK) == 0)
		return true;
	return errno != EACCES && errno != EPERM && errno != EROFS;
}

/* The owner of a file can give itself permission to write. */
static bool world_can_write(const struct plan *plan)
{
	const struct user_plan *user = &plan->user;
	struct stat st;
	uint32_t inner;

	/* Capabilities of the caller's may be the world's, too: it counts as root. */
	if (geteuid() == 0 || caps_has_any() || stat(executable, &st) < 0 || caller_can_write(&st))
		return true;
	if (!(plan->flags & CLONE_NEWUSER))
		return false;
	/* With an access control list, the bits of the group are its mask. */
	return idmap_inner(&user->map[ID_UID], st.st_uid, &inner) || (st.st_mode & S_IWGRP);
}

int guard_decide(struct plan *plan, struct diag *d)
{
	static const char *const names[] = {
		[DOOR_CLONE] = "nsclone", [DOOR_UNSHARE] = "nsunshare", [DOOR_SETNS] = "nsenter-lite",
	};
	struct cred_plan *cred = &plan->cred;

	if (!plan->foreign_files)
		return 0;
	cred->untraceable = true;
	/* The ids change after the set-up command, which can leave processes behind. */
	if (plan->setup && (cred->set_uid || cred->set_gid) && untraceable_lasts(d) < 0)
		return -1;
	if (trampoline_there && world_can_write(plan))
		plan->guard = names[plan->door];
	return 0;
}

int guard_hide(const struct plan *plan, struct diag *d)
{
	return plan->foreign_files && plan->door != DOOR_SETNS ? untraceable_again(d) : 0;
}

int guard_hide_outside(const struct plan *plan, struct diag *d)
{
	return plan->flags & CLONE_NEWUSER ? 0 : guard_hide(plan, d);
}

int guard_hide_launcher(const struct plan *plan, struct diag *d)
{
	return plan->door == DOOR_CLONE ? guard_hide_outside(plan, d) : guard_hide(plan, d);
}
