// SPDX-License-Identifier: GPL-2.0-or-later
/* The environment of a program: common/env.h. */
#include "models.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "env.h"

enum { VARIABLES = 8, ASSIGNMENTS = 6, LISTS = 3 };

struct env_input {
	struct text variable[VARIABLES], assignment[ASSIGNMENTS], list[LISTS];
	unsigned int n_variables, n_assignments, n_lists;
	bool clear;
	char *from[VARIABLES + 1];
	char text[(VARIABLES + ASSIGNMENTS + LISTS) * (sizeof(struct text) + 16)];
};

void make_variable(struct text *t)
{
	static const char *const names[] = { "A", "B", "AB", "a", "PATH", "A B", "_" };

	t->n = 0;
	put(t, choose_word(names, COUNT(names)));
	put_char(t, '=');
	for (unsigned int n = choose(3); n; n--)
		put_char(t, "=12,A"[choose(5)]);
	if (one_in(4))
		mutate(t);
}

static void make_names(struct text *t)
{
	static const char *const names[] = { "A", "B", "AB", "a", "PATH", "A B", "", "A=", "*" };

	t->n = 0;
	put(t, choose_word(names, COUNT(names)));
	while (one_in(2)) {
		put_char(t, ',');
		put(t, choose_word(names, COUNT(names)));
	}
	if (one_in(4))
		mutate(t);
}

/* There is room for all. */
static void tell(struct env_input *in, const char *what, const struct text *t, unsigned int n)
{
	size_t len = strlen(in->text);

	for (; n--; t++)
		len += (size_t)snprintf(in->text + len, sizeof(in->text) - len, "%s[%s] ", what,
					t->s);
}

static void tell_env(struct env_input *in)
{
	snprintf(in->text, sizeof(in->text), "%s", in->clear ? "clear " : "");
	tell(in, "", in->variable, in->n_variables);
	tell(in, "keep ", in->list, in->n_lists);
	tell(in, "set ", in->assignment, in->n_assignments);
}

static void make_env(struct env_input *in)
{
	in->clear = one_in(4);
	in->n_variables = choose(VARIABLES + 1);
	in->n_assignments = choose(ASSIGNMENTS + 1);
	in->n_lists = one_in(2) ? choose(LISTS + 1) : 0;
	for (unsigned int i = 0; i < in->n_variables; i++) {
		make_variable(&in->variable[i]);
		in->from[i] = in->variable[i].s;
	}
	in->from[in->n_variables] = NULL;
	for (unsigned int i = 0; i < in->n_assignments; i++)
		make_variable(&in->assignment[i]);
	for (unsigned int i = 0; i < in->n_lists; i++)
		make_names(&in->list[i]);
	tell_env(in);
}

/* The name of "NAME=VALUE", or the whole. */
static void get_name(const char *variable, char *name)
{
	const char *equals = strchr(variable, '=');
	size_t len = equals ? (size_t)(equals - variable) : strlen(variable);

	memcpy(name, variable, len);
	name[len] = '\0';
}

static bool same_names(const char *a, const char *b)
{
	char name_a[sizeof(struct text)], name_b[sizeof(struct text)];

	get_name(a, name_a);
	get_name(b, name_b);
	return !strcmp(name_a, name_b);
}

bool is_assignment(const char *text)
{
	return *text != '=' && strchr(text, '=');
}

/* Is the name of VARIABLE, between two commas, in ",LIST,"? */
static bool in_lists(const struct env_input *in, const char *variable)
{
	char list[sizeof(struct text) + 2], name[sizeof(struct text) + 2] = ",";

	get_name(variable, name + 1);
	if (!name[1] || strchr(name, ',') != strrchr(name, ','))
		return false;
	strcat(name, ",");
	for (unsigned int i = 0; i < in->n_lists; i++) {
		snprintf(list, sizeof(list), ",%s,", in->list[i].s);
		if (strstr(list, name))
			return true;
	}
	return false;
}

/* Is there an assignment from number FIRST on, up to END, to the name of VARIABLE? */
static bool assigned(const struct env_input *in, const char *variable, unsigned int first,
		     unsigned int end)
{
	for (unsigned int i = first; i < end; i++)
		if (is_assignment(in->assignment[i].s) && same_names(in->assignment[i].s, variable))
			return true;
	return false;
}

/* What stays of the old, without what is assigned to; then the last assignment to each name. */
static size_t model_env(const struct env_input *in, const char **want)
{
	bool filter = in->clear || in->n_lists;
	size_t n = 0;

	for (unsigned int i = 0; i < in->n_variables; i++) {
		const char *v = in->variable[i].s;

		if ((!filter || in_lists(in, v)) && !assigned(in, v, 0, in->n_assignments))
			want[n++] = v;
	}
	for (unsigned int i = 0; i < in->n_assignments; i++) {
		const char *a = in->assignment[i].s;
		bool other = broken() ? assigned(in, a, 0, i) :
					assigned(in, a, i + 1, in->n_assignments);

		if (is_assignment(a) && !other)
			want[n++] = a;
	}
	return n;
}

/* Number K of those in ENV that have the name of VARIABLE. */
static const char *find_variable(char *const *env, const char *variable, size_t k)
{
	for (; *env; env++)
		if (same_names(*env, variable) && !k--)
			return *env;
	return NULL;
}

/* The order of names is free; that of one name's variables is kept: getenv(3) finds the first. */
static void check_env(const struct env_input *in, char *const *got, const char *const *want,
		      size_t n)
{
	size_t n_got = 0;

	while (got[n_got])
		n_got++;
	if (n_got != n)
		differ(in->text, n_got < n ? "too few variables" : "too many variables", "others");
	for (size_t i = 0; i < n; i++) {
		const char *found;
		size_t k = 0;

		for (size_t j = 0; j < i; j++)
			k += same_names(want[j], want[i]);
		found = find_variable(got, want[i], k);
		if (found != want[i])
			differ(in->text, found ? found : "no such variable", want[i]);
	}
}

static bool add_to_env(const struct env_input *in, struct env_plan *e)
{
	bool good = true;

	e->clear = in->clear;
	for (unsigned int i = 0; i < in->n_lists; i++)
		if (env_add_keep(e, in->list[i].s) < 0)
			differ(in->list[i].s, "refused", "a list of names");
	for (unsigned int i = 0; i < in->n_assignments; i++) {
		const char *a = in->assignment[i].s;
		const char *got = env_add_set(e, a) == 0 ? "taken" : error_name(errno);

		good &= compare(a, got, is_assignment(a) ? "taken" : "EINVAL");
	}
	return good;
}

bool round_env(void)
{
	static struct env_input in;
	const char *want[VARIABLES + ASSIGNMENTS];
	char *from[VARIABLES + 1];
	struct env_plan e = { 0 };
	char **got;
	bool good;

	make_env(&in);
	good = add_to_env(&in, &e);
	memcpy(from, in.from, sizeof(from));
	got = env_build(&e, in.from);
	if (!got || memcmp(from, in.from, sizeof(from)))
		differ(in.text, got ? "the old environment changed" : "none", "an environment");
	if ((got == in.from) != (!e.clear && !e.n_set))
		differ(in.text, "a copy where nothing was asked, or none", "the opposite");
	check_env(&in, got, want, model_env(&in, want));
	if (got != in.from)
		free(got);
	free(e.keep);
	free(e.set);
	return good;
}
