/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* seen: a set of numbers, such as the inode numbers that have been looked at. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zero-initialised: empty. */
struct seen {
	uint64_t *slot; /* hash; 0: free */
	size_t n, n_slots;
};

/* Is NUMBER in the set? 0 never is. */
bool seen_has(const struct seen *s, uint64_t number);

/* Add NUMBER, which is not 0. -1 with errno ENOMEM: it has not been added. */
int seen_add(struct seen *s, uint64_t number);

void seen_free(struct seen *s);
