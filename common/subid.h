/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * subid: the subordinate ids that the caller may map, subuid(5), subgid(5).
 *
 * getsubids(1) of the package that has newuidmap is asked, so that a name
 * service which hands them out is heard; without it the two files are read.
 */

#include <stdint.h>

#include "idmap.h"

struct subid_list {
	unsigned int n;
	struct {
		uint32_t first;
		uint32_t count;
	} range[IDMAP_LINES];
};

/*
 * The ranges of the effective user, by name or by uid. None at all is a
 * failure: -1, *d and a hint. Runs a program and waits for it.
 */
int subid_ranges(enum idkind kind, struct subid_list *list, struct diag *d);
