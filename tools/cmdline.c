/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmdline.h"

#include <stdio.h>

#include "diag.h"
#include "explain.h"
#include "file.h"
#include "mirror.h"
#include "options.h"
#include "plan.h"

static const struct option options_common[] = {
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 },
};

static int join(struct option *all, int n, int capacity, const struct option *table)
{
	while (table && table->name && n < capacity - 1)
		all[n++] = *table++;
	all[n] = (struct option){ .name = NULL };
	return n;
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
	const char *const version[4] = { cmdline->tool, " (" PACKAGE_NAME ") ", PACKAGE_VERSION "\n" };
	const int capacity = 96;
	struct option all[96];
	char letters[96];
	int n = 0, opt;

	for (int i = 0; i < 3; i++)
		n = join(all, n, capacity, cmdline->tables[i]);
	join(all, n, capacity, options_common);
	snprintf(letters, sizeof(letters), "+:%s%shV", cmdline->letters, cmdline->more_letters);
	while ((opt = getopt_long(argc, argv, letters, all, NULL)) != -1) {
		if (opt == 'h')
			return print(cmdline->usage, d);
		if (opt == 'V')
			return print(version, d);
		if (opt == '?' || opt == ':')
			return options_explain(opt, argv, all, d);
		if (cmdline->take(to, opt, optarg, d) < 0)
			return -1;
	}
	return 1;
}

int cmdline_main(const struct cmdline *cmdline, void *to, struct plan *plan, int argc, char **argv)
{
	struct diag d = { .err = 0 };
	int ret;

	file_guard_stdio();
	mirror_take_over(&plan->mask, &plan->ignore_chld);
	ret = parse(cmdline, to, argc, argv, &d);
	if (ret > 0) {
		plan->argv = optind < argc ? argv + optind : NULL;
		ret = cmdline->run(to, &d);
	}
	if (ret == 0)
		return 0;
	explain_missing(&d);
	return diag_print(&d, cmdline->tool);
}
