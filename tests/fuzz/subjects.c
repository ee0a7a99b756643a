// SPDX-License-Identifier: GPL-2.0-or-later
#include "models.h"

#include <string.h>

const struct subject subjects[] = {
	{ "number", round_number, true },
	{ "id", round_id, true },
	{ "fd", round_fd, true },
	{ "seconds", round_seconds, true },
	{ "list", round_list, true },
	{ "block", round_block, true },
	{ "map", round_map, false },
	{ "env", round_env, false },
	{ "signal", round_signal, true },
	{ "propagation", round_propagation, true },
	{ "launch", round_launch, false },
	{ NULL, NULL, false },
};

const struct subject *find_subject(const char *name)
{
	for (const struct subject *s = subjects; s->name; s++)
		if (!strcmp(s->name, name))
			return s;
	return NULL;
}
