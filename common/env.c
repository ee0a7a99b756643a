/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "env.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static int append(const char ***list, size_t *n, const char *item)
{
	const char **grown = realloc(*list, (*n + 1) * sizeof(**list));

	if (!grown)
		return -1;
	grown[(*n)++] = item;
	*list = grown;
	return 0;
}

int env_add_keep(struct env_plan *e, const char *list)
{
	e->clear = true;
	return append(&e->keep, &e->n_keep, list);
}

int env_add_set(struct env_plan *e, const char *assignment)
{
	if (*assignment == '=' || !strchr(assignment, '=')) {
		errno = EINVAL;
		return -1;
	}
	return append(&e->set, &e->n_set, assignment);
}

static size_t name_len(const char *variable)
{
	return strcspn(variable, "=");
}

static bool same_name(const char *variable, const char *name, size_t len)
{
	return name_len(variable) == len && !strncmp(variable, name, len);
}

static bool listed(const char *list, const char *variable)
{
	while (*list) {
		size_t len = strcspn(list, ",");

		if (len && same_name(variable, list, len))
			return true;
		list += len + (list[len] == ',');
	}
	return false;
}

static bool kept(const struct env_plan *e, const char *variable)
{
	if (!e->clear)
		return true;
	for (size_t i = 0; i < e->n_keep; i++)
		if (listed(e->keep[i], variable))
			return true;
	return false;
}

/* Put ASSIGNMENT in the place of the variable of the same name, or at the end. */
static void assign(char **env, size_t *n, const char *assignment)
{
	size_t place = *n, kept_here = 0;

	for (size_t i = 0; i < *n; i++) {
		bool same = same_name(env[i], assignment, name_len(assignment));

		if (same && place < *n)
			continue; /* once more: getenv(3) finds the first, others the last */
		if (same)
			place = kept_here;
		env[kept_here++] = env[i];
	}
	*n = place < *n ? kept_here : *n + 1;
	/* execve(2) takes char *const *, though it writes to none of them. */
	env[place] = (char *)(uintptr_t)assignment;
	env[*n] = NULL;
}

char **env_build(const struct env_plan *e, char **from)
{
	size_t n = 0;
	char **env;

	if (!e->clear && !e->n_set)
		return from;
	while (from[n])
		n++;
	env = calloc(n + e->n_set + 1, sizeof(*env));
	if (!env)
		return NULL;
	n = 0;
	for (char **variable = from; *variable; variable++)
		if (kept(e, *variable))
			env[n++] = *variable;
	for (size_t i = 0; i < e->n_set; i++)
		assign(env, &n, e->set[i]);
	return env;
}
