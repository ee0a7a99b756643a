// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include "contest.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool parse_number(const char *text, int min, int max, int *number)
{
	char *end;
	long value;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	value = strtol(text, &end, 10);
	if (errno || *end || value < min || value > max)
		return false;
	*number = (int)value;
	return true;
}

static bool parse_workload(const char *text, const struct contest_rules *rules,
			   const char **name)
{
	for (const char *const *known = rules->workloads; *known; known++)
		if (strcmp(*known, text) == 0)
			*name = text;
	return *name == text;
}

/* The longest one that fits: nsenter-lite is no nsenter. */
static int find_kind(const char *name, const struct contest_rules *rules)
{
	size_t longest = 0;
	int found = -1;

	for (int i = 1; rules->kinds[i]; i++) {
		size_t len = strlen(rules->kinds[i]);

		if (len > longest && strncmp(rules->kinds[i], name, len) == 0 &&
		    (!name[len] || name[len] == '-')) {
			longest = len;
			found = i;
		}
	}
	return found;
}

/* NAME=PATH; the name is cut out in place. */
static bool parse_candidate(char *text, const struct contest_rules *rules,
			    struct contest *c)
{
	char *equals = strchr(text, '=');
	struct candidate who = { .name = text };

	if (!equals || !equals[1] || c->count == ROWS_MAX)
		return false;
	*equals = '\0';
	who.path = equals + 1;
	who.kind = find_kind(text, rules);
	if (who.kind < 0) {
		*equals = '=';
		return false;
	}
	c->list[c->count++] = who;
	return true;
}

static bool parse_option(int option, const char *value,
			 const struct contest_rules *rules, struct contest *c)
{
	switch (option) {
	case 'c':
		return parse_number(value, 0, CPU_SETSIZE - 1, &c->cpu);
	case 'l':
		c->keep_locale = true;
		return true;
	case 'n':
		return parse_number(value, 1, 1000000, &c->runs);
	case 'w':
		return parse_workload(value, rules, &c->only);
	}
	return rules->take && option != '?' && rules->take(option, value);
}

/* 0; 1: the usage was all that was asked for; -1: not understood. */
static int parse(int argc, char **argv, const struct contest_rules *rules,
		 struct contest *c)
{
	char letters[32];
	int option;

	snprintf(letters, sizeof(letters), "c:hln:w:%s",
		 rules->letters ? rules->letters : "");
	while ((option = getopt(argc, argv, letters)) != -1) {
		if (option == 'h')
			return 1;
		if (parse_option(option, optarg, rules, c))
			continue;
		if (option != '?')
			complain("-%c: not understood: %s", option, optarg);
		return -1;
	}
	for (; optind < argc; optind++) {
		if (parse_candidate(argv[optind], rules, c))
			continue;
		complain("not understood: %s", argv[optind]);
		return -1;
	}
	return 0;
}

static bool find_helper(const char *name, char path[PATH_MAX])
{
	ssize_t len = readlink("/proc/self/exe", path, PATH_MAX);

	while (len > 0 && path[len - 1] != '/')
		len--;
	if (len <= 0 || (size_t)len + strlen(name) >= PATH_MAX)
		return false;
	strcpy(path + len, name);
	if (access(path, X_OK) == 0)
		return true;
	complain("%s: %s", path, strerror(errno));
	return false;
}

static bool pin(int cpu)
{
	cpu_set_t set;

	if (cpu < 0)
		return true;
	CPU_ZERO(&set);
	CPU_SET((size_t)cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set) == 0)
		return true;
	complain("CPU %d: %s", cpu, strerror(errno));
	return false;
}

static bool make_ready(struct contest *c)
{
	if (!find_helper("floor", c->floor) || !find_helper("probe", c->probe) ||
	    !pin(c->cpu))
		return false;
	if (!c->keep_locale)
		setenv("LC_ALL", "C", 1);
	c->room = calloc((c->count + 1) * (size_t)c->runs, sizeof(*c->room));
	if (!c->room)
		complain("%s", strerror(errno));
	return c->room;
}

bool contest_open(struct contest *c, const struct contest_rules *rules,
		  int argc, char **argv, int *status)
{
	int ret;

	*c = (struct contest){ .runs = 500, .cpu = -1, .count = 1 };
	c->list[0] = (struct candidate){ rules->kinds[0], c->floor, 0 };
	ret = parse(argc, argv, rules, c);
	if (ret != 0)
		fputs(rules->usage, ret > 0 ? stdout : stderr);
	*status = ret > 0 ? 0 : 2;
	return ret == 0 && make_ready(c);
}

struct row *contest_row(const struct contest *c, struct table *t, size_t candidate)
{
	struct row *row = &t->rows[t->count++];

	*row = (struct row){
		.name = c->list[candidate].name,
		.path = c->list[candidate].path,
		.kind = c->list[candidate].kind,
		.times = c->room + (candidate + 1) * (size_t)c->runs,
	};
	return row;
}

void contest_bases(struct table *t, const int *kinds)
{
	for (t->n_bases = 0; *kinds >= 0; kinds++)
		for (size_t i = 0; i < t->count; i++)
			if (t->rows[i].kind == *kinds) {
				t->bases[t->n_bases++] = i;
				break;
			}
}
