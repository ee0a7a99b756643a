/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "seen.h"

#include <stdlib.h>

#include "hash.h"

static uint64_t *slot_of(uint64_t *slot, size_t n_slots, uint64_t number)
{
	size_t at = hash_slot(number, n_slots);

	while (slot[at] && slot[at] != number)
		at = (at + 1) & (n_slots - 1);
	return &slot[at];
}

bool seen_has(const struct seen *s, uint64_t number)
{
	return number && s->n_slots && *slot_of(s->slot, s->n_slots, number);
}

static int enlarge(struct seen *s)
{
	size_t n = s->n_slots ? s->n_slots * 2 : 256;
	uint64_t *larger = calloc(n, sizeof(*larger));

	if (!larger)
		return -1;
	for (size_t i = 0; i < s->n_slots; i++)
		if (s->slot[i])
			*slot_of(larger, n, s->slot[i]) = s->slot[i];
	free(s->slot);
	s->slot = larger;
	s->n_slots = n;
	return 0;
}

int seen_add(struct seen *s, uint64_t number)
{
	uint64_t *slot;

	if (s->n * 2 >= s->n_slots && enlarge(s) < 0)
		return -1;
	slot = slot_of(s->slot, s->n_slots, number);
	s->n += !*slot;
	*slot = number;
	return 0;
}

void seen_free(struct seen *s)
{
	free(s->slot);
	*s = (struct seen){ .n = 0 };
}
