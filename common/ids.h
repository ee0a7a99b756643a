/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * ids: which users and groups a launcher that makes namespaces is: at the door,
 * and from then on in the new world. user_namespaces(7), credentials(7).
 */

#include <stdbool.h>
#include <sys/types.h>

struct diag;
struct plan;

/*
 * Decide, when the maps are known, which ids the new process takes, and whether
 * the program is somebody else than the caller, so that it gets neither the
 * caller's supplementary groups nor its session keyring. -1 and *d if the map
 * has no id for it, or would hand the caller's own id to another owner.
 */
int ids_decide(struct plan *plan, struct diag *d);

/* What the program will be outside, where that deserves a warning; or NULL. */
const char *ids_warning(const struct plan *plan);

/* What the caller has to get back after the door. Zero-initialised: nothing. */
struct ids_caller {
	bool dropped_groups;
	int n_groups;
	gid_t *groups; /* malloc-ed; ids_back() frees it */
};

/*
 * Right before clone(2) or unshare(2): drop the supplementary groups, and be
 * the owner of the new user namespace, if the plan says so. While another owns
 * the namespace the process is untraceable, and so is its child. CALLER may be
 * NULL if there is no way back.
 */
int ids_at_door(const struct plan *plan, struct ids_caller *caller, struct diag *d);

/* The caller again, on its own side of the door. */
int ids_back(const struct plan *plan, struct ids_caller *caller, struct diag *d);

/*
 * In the new user namespace, when its maps are written: take the ids that
 * ids_decide() chose. Where the program is not the caller the process is
 * untraceable then, and so is one that shares its memory.
 */
int ids_in_world(const struct plan *plan, struct diag *d);
