/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* env: the environment that the program gets. */

#include <stdbool.h>
#include <stddef.h>

/* What was asked; the strings belong to argv. */
struct env_plan {
	bool clear;	   /* start from nothing */
	const char **keep; /* comma-separated lists of names to keep all the same */
	size_t n_keep;
	const char **set;  /* NAME=VALUE, the last of a name wins */
	size_t n_set;
};

/* Append one --keep-env LIST or --setenv NAME=VALUE. -1 with errno: ENOMEM; EINVAL for a bad name. */
int env_add_keep(struct env_plan *e, const char *list);
int env_add_set(struct env_plan *e, const char *assignment);

/*
 * The environment made from FROM: FROM itself where nothing was asked, else a
 * new array (owned by the caller; it points into FROM and argv), or NULL with
 * errno ENOMEM.
 */
char **env_build(const struct env_plan *e, char **from);
