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
	{ "mountinfo", round_mountinfo, true },
	{ "cgroup", round_cgroup, true },
	{ "procs", round_procs, true },
	{ "nsfs", round_nsfs, true },
	{ "status", round_status, true },
	{ "target", round_target, true },
	{ "record", round_record, true },
	{ "caps", round_caps, true },
	{ "utf8", round_utf8, true },
	{ "message", round_message, true },
	{ "plain", round_plain, true },
	{ "json", round_json, true },
	{ "gate", round_gate, false },
	{ NULL, NULL, false },
};

const struct subject *find_subject(const char *name)
{
	for (const struct subject *s = subjects; s->name; s++)
		if (!strcmp(s->name, name))
			return s;
	return NULL;
}
