/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nspin.h"

#include <stdio.h>

#include "diag.h"
#include "nsref.h"
#include "pin.h"
#include "set.h"

/* A namespace that we have not made cannot be made again. */
static int explain_again(int ret, struct diag *d)
{
	if (ret == PIN_TRY_ANOTHER_CPU)
		diag_extend_hint(d, "; nspin --hold --keep=NAME keeps it by a process instead");
	return ret ? -1 : 0;
}

int nspin_make_set(struct place *place, const struct set_wish *wish, struct diag *d)
{
	return explain_again(set_make(place, wish, NULL, d), d);
}

int nspin_make_pins(const int fd[NSTYPE_COUNT], const char *const file[NSTYPE_COUNT],
		    bool make_private, struct diag *d)
{
	struct pin pins[NSTYPE_COUNT] = { { .file = NULL } };
	int ret = 0, last = NSTYPE_COUNT - 1;

	while (last > 0 && !file[last])
		last--;
	for (int type = 0; ret == 0 && type <= last; type++) {
		char source[32];

		if (!file[type])
			continue;
		snprintf(source, sizeof(source), "/proc/self/fd/%d", fd[type]);
		ret = type < last ? pin_make(&pins[type], source, type, file[type], make_private, d) :
				    pin_make_last(source, type, file[type], make_private, d);
	}
	for (int type = NSTYPE_COUNT - 1; ret && type >= 0; type--)
		pin_undo(&pins[type]);
	return explain_again(ret, d);
}

int nspin_keep(const struct nspin *n, struct diag *d)
{
	struct nspin_wish wish = { .name = &n->target, .all = n->all || !n->types, .types = n->types };
	struct nspin_known known = NSPIN_KNOWN_NONE;
	int fd[NSTYPE_COUNT];
	int ret = nspin_open(&wish, &known, fd, d);

	if (ret == 0 && *n->operands)
		ret = nspin_make_set(&known.place, &(struct set_wish){
			.name = *n->operands, .fd = fd, .add = n->add, .missing_only = !n->types,
		}, d);
	else if (ret == 0)
		ret = nspin_make_pins(fd, n->file, n->make_private, d);
	nsref_close_all(fd);
	nspin_forget(&known);
	return ret;
}
