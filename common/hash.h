/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* hash: where a number belongs in a hash table. */

#include <stddef.h>
#include <stdint.h>

/*
 * The slot of NUMBER among N_SLOTS, a power of two. All bits of the number count:
 * a user chooses PIDs and inode numbers by making and ending what has them, and
 * must not be able to have thousands of them meet in one slot by their last bits.
 */
static inline size_t hash_slot(uint64_t number, size_t n_slots)
{
	return (size_t)(number * 0x9e3779b97f4a7c15ULL >> 32) & (n_slots - 1);
}
