/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nspin.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "diag.h"
#include "nsfs.h"
#include "pin.h"
#include "set.h"

/* Is a pin somewhere whose path ends in "/NAME/TYPE"? */
struct search {
	const char *name;
	bool found;
	struct nsfs_unread unread;
};

static int look_at_pin(void *arg, const struct nsfs_pin *pin, struct diag *d)
{
	struct search *search = arg;
	char end[TARGET_SET_MAX + 32];
	size_t len, all = strlen(pin->path);

	(void)d;
	len = (size_t)snprintf(end, sizeof(end), "/%s/%s", search->name, pin->name);
	search->found |= all > len && !strcmp(pin->path + all - len, end);
	return 0;
}

static int look_into(void *arg, const struct nsfs_mntns *ns, struct diag *d)
{
	struct search *search = arg;

	return search->found ? 0 : nsfs_pins(ns, look_at_pin, search, &search->unread, d);
}

/* Under which path another mount namespace sees the place cannot be told: the name will do. */
static bool is_elsewhere(const char *name)
{
	struct search search = { .name = name };
	struct diag ignored;

	return nsfs_others(look_into, &search, &search.unread, &ignored) < 0 || search.found;
}

static int delete_one(struct place *place, const char *what, struct diag *d)
{
	if (strchr(what, '/'))
		return pin_remove(AT_FDCWD, what, what, d);
	if (set_check_name(what, "NAME", d) == 0)
		return set_remove(place, what, d);
	return diag_hint(d, "a file has a '/' in its name here: ./%s", what);
}

int nspin_delete(const struct nspin *n, struct diag *d)
{
	struct place place = PLACE_NONE;
	unsigned long failed = 0;
	struct diag last;

	for (char *const *what = n->operands; *what; what++) {
		if (delete_one(&place, *what, &last) == 0)
			continue;
		/* Each has its own line; the last one is told by who is above. */
		if (failed++)
			diag_print(d, "nspin");
		*d = last;
	}
	if (n->stale && set_remove_stale(&place, is_elsewhere, &last) < 0) {
		if (failed++)
			diag_print(d, "nspin");
		*d = last;
	}
	place_close(&place);
	return failed ? -1 : 0;
}
