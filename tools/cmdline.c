/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmdline.h"

#include <stdio.h>
#include <string.h>

#include "diag.h"
#include "explain.h"
#include "file.h"
#include "nstype.h"

static const struct option options_common[] = {
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 },
};

/* The letters of the types take a file where they are told to. */
static int join_types(struct option *all, char *letters, enum cmdline_types how)
{
	size_t len = strlen(letters);

	if (how == TYPES_NONE)
		return 0;
	nstype_options(all);
	for (int type = 0; type < NSTYPE_COUNT; type++)
		len += (size_t)sprintf(letters + len, "%c%s", nstype_table[type].letter,
				       how == TYPES_TAKE_FILES ? "::" : "");
	return NSTYPE_COUNT;
}

static int join(struct option *all, int n, int capacity, const struct option *table)
{
	while (table && table->name && n < capacity - 1)
		all[n++] = *table++;
	all[n] = (struct option){ .name = NULL };
	return n;
}

/* The long option that WORD, "--name" or "--name=value", begins; NULL: none or several. */
static const struct option *find_long(const char *word, const struct option *all)
{
	size_t len = strcspn(word + 2, "=");
	const struct option *found = NULL;

	for (; all->name; all++) {
		if (strncmp(all->name, word + 2, len))
			continue;
		if (strlen(all->name) == len)
			return all;
		if (found && found->val != all->val)
			return NULL;
		found = all;
	}
	return found;
}

/* What getopt_long() stumbled over (it returned OPT, '?' or ':'), as a usage error. */
static int explain(int opt, char *const *argv, const struct option *all, struct diag *d)
{
	const char *word = argv[optind - 1];
	const struct option *row = strncmp(word, "--", 2) ? NULL : find_long(word, all);

	/* getopt stands behind a long option; but in the midst of a bundle of letters, before it. */
	if (optopt && (!row || row->val != optopt))
		return diag_usage(d, opt == ':' ? "option '-%c' needs an argument" :
						  "unknown option '-%c'", optopt);
	if (!row)
		return diag_usage(d, "unknown or ambiguous option '%s'", word);
	if (opt == ':')
		return diag_usage(d, "option '--%s' needs an argument", row->name);
	return diag_usage(d, "option '--%s' takes no argument", row->name);
}

/* Text that was asked for and cannot be written is a failure, too. */
static int print(const char *const text[4], struct diag *d)
{
	for (int i = 0; i < 4; i++)
		if (text[i])
			fputs(text[i], stdout);
	return ferror(stdout) || fflush(stdout) != 0 ? diag_fail(d, NULL, "write to stdout") : 0;
}

/* 1: go on, optind is where the program stands; 0: help or version has been printed; -1 and *d. */
static int parse(const struct cmdline *cmdline, void *to, int argc, char *const *argv,
		 struct diag *d)
{
	const char *const version[4] = { cmdline->tool, " (" PACKAGE_NAME ") ", PACKAGE_VERSION "\n",
					 cmdline->version };
	const int capacity = 96;
	struct option all[96];
	char letters[96] = "+:";
	char *first = letters + cmdline->permute;
	int n = join_types(all, letters, cmdline->types), opt;

	for (int i = 0; i < 3; i++)
		n = join(all, n, capacity, cmdline->tables[i]);
	join(all, n, capacity, options_common);
	n = (int)strlen(letters);
	snprintf(letters + n, sizeof(letters) - (size_t)n, "%s%shV", cmdline->letters,
		 cmdline->more_letters);
	while ((opt = getopt_long(argc, argv, first, all, NULL)) != -1) {
		if (opt == 'h')
			return print(cmdline->usage, d);
		if (opt == 'V')
			return print(version, d);
		if (opt == '?' || opt == ':')
			return explain(opt, argv, all, d);
		if (cmdline->take(to, opt, optarg, d) < 0)
			return -1;
	}
	return 1;
}

int cmdline_main(const struct cmdline *cmdline, void *to, int argc, char **argv)
{
	struct diag d = { .err = 0 };
	int ret;

	file_guard_stdio();
	file_survive_limit();
	ret = parse(cmdline, to, argc, argv, &d);
	if (ret > 0)
		ret = cmdline->run(to, argv + optind, &d);
	if (ret == 0)
		return 0;
	explain_missing(&d);
	diag_print(&d, cmdline->tool);
	return cmdline->status ? cmdline->status(to, &d) : d.status;
}
