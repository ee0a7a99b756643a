/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* caps: sets of capabilities. capabilities(7). */

#include <stdbool.h>
#include <stdint.h>

struct diag;

/* A bit for each capability, by its number. */
#define CAPS_ALL UINT64_MAX

/*
 * "cap_net_raw,SYS_ADMIN,21": names with or without "cap_", in any case, and
 * numbers, separated by commas. -1 and *d: a usage error for OPTION.
 */
int caps_parse(const char *text, const char *option, uint64_t *set, struct diag *d);

/* Our permitted capabilities; if they cannot be told, all that there are. */
uint64_t caps_permitted(void);

/* Is capability number CAP in our effective set? */
bool caps_has(int cap);

/* Is there any capability in our permitted set? Also true if the kernel does not tell. */
bool caps_has_any(void);

/* Make the permitted capabilities inheritable and ambient: an execve(2) keeps them. */
int caps_raise_ambient(struct diag *d);

/* Take SET out of the bounding set, for ever. Needs CAP_SETPCAP for those that are in it. */
int caps_drop_bounding(uint64_t set, struct diag *d);

/* Take SET out of the permitted and effective sets, and everything out of the inheritable and ambient ones. */
int caps_drop(uint64_t set, struct diag *d);
