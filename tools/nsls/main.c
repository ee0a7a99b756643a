/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nsls.h"

#include <stdio.h>
#include <string.h>

#include "cmdline.h"
#include "columns.h"
#include "diag.h"
#include "number.h"

static const char tool[] = "nsls";

enum {
	OPT_OUTPUT_ALL = 256,
	OPT_PROCESSES,
	OPT_COMPARE,
	OPT_TRANSLATE,
	OPT_DOT,
	OPT_WATCH,
	OPT_ENGINE,
};

static const struct option options_own[] = {
	{ "task", required_argument, NULL, 'p' },
	{ "type", required_argument, NULL, 't' },
	{ "persistent", no_argument, NULL, 'P' },
	{ "processes", no_argument, NULL, OPT_PROCESSES },
	{ "filter", required_argument, NULL, 'Q' },
	{ "json", no_argument, NULL, 'J' },
	{ "list", no_argument, NULL, 'l' },
	{ "raw", no_argument, NULL, 'r' },
	{ "tree", optional_argument, NULL, 'T' },
	{ "noheadings", no_argument, NULL, 'n' },
	{ "notruncate", no_argument, NULL, 'u' },
	{ "nowrap", no_argument, NULL, 'W' },
	{ "output", required_argument, NULL, 'o' },
	{ "output-all", no_argument, NULL, OPT_OUTPUT_ALL },
	{ "list-columns", no_argument, NULL, 'H' },
	{ "compare", no_argument, NULL, OPT_COMPARE },
	{ "translate", required_argument, NULL, OPT_TRANSLATE },
	{ "dot", no_argument, NULL, OPT_DOT },
	{ "watch", optional_argument, NULL, OPT_WATCH },
	{ "engine", required_argument, NULL, OPT_ENGINE },
	{ NULL, 0, NULL, 0 },
};

static const char usage[] =
"Usage: nsls [options] [INODE|:NSID|FILE...]\n"
"       nsls --compare TARGET TARGET...\n"
"       nsls --translate PID\n"
"\n"
"List namespaces, or the processes in those that are named.\n"
"\n"
"Which:\n"
" -p, --task TARGET           of a process, PID or PID:INODE, or of a set, NAME\n"
" -t, --type TYPE[,TYPE]      of these types: mnt, uts, ipc, net, pid, user,\n"
"                             cgroup, time\n"
" -P, --persistent            that no process is in\n"
"     --processes             that processes are in, and look at nothing else\n"
" -Q, --filter EXPRESSION     for which it is true (libsmartcols 2.40)\n"
"     --engine ENGINE         looked for through /proc (\"proc\"), by programs in\n"
"                             the kernel (\"bpf\"), or by what is faster of what\n"
"                             works (\"auto\", the default)\n"
"\n"
"How:\n"
" -J, --json                  as JSON\n"
" -l, --list                  as a list\n"
" -r, --raw                   as fields with a blank between them\n"
" -T, --tree[=RELATION]       as a tree of owners (\"owner\", so, too, without\n"
"                             RELATION), ancestors (\"parent\"), or processes\n"
"                             (\"process\", the default)\n"
" -n, --noheadings            without the line of headings\n"
" -u, --notruncate            do not cut where the terminal ends\n"
" -W, --nowrap                where several texts are one value, with commas\n"
" -o, --output [+]LIST        these columns, or these besides\n"
"     --output-all            all columns\n"
" -H, --list-columns          list the columns that there are\n"
"\n"
"Other answers:\n"
"     --compare               do these processes or sets have the same ones?\n"
"     --translate PID         its PID in each PID namespace that sees it\n"
"     --dot                   a graph of who owns what, for Graphviz\n"
"     --watch[=SECONDS]       a line for each that comes or goes, looked for each\n"
"                             second, or so often\n"
"\n"
" -h, --help                  print this text\n"
" -V, --version               print the version\n"
"\n"
"Columns:\n";

static char columns_help[2048];

static const char usage_end[] =
"\n"
"Exit status: 0; 1: something was not found or failed; 2: wrong usage. With\n"
"--compare: 0: all the same; 1: not; 2: anything else.\n"
"See nsls(8).\n";

/* A command line, and what has come of it. */
struct job {
	struct nsls n;
	unsigned int modes; /* those that were asked for, a bit each */
	bool differs;
};

static int take_types(struct nsls *n, const char *list, struct diag *d)
{
	for (;; list++) {
		size_t len = strcspn(list, ",");
		int type = 0;

		while (type < NSTYPE_COUNT &&
		       (strlen(nstype_table[type].name) != len || strncmp(nstype_table[type].name, list, len)) &&
		       (strlen(nstype_table[type].option) != len || strncmp(nstype_table[type].option, list, len)))
			type++;
		if (type == NSTYPE_COUNT)
			return diag_usage(d, "--type: '%.*s' is no type: mnt, uts, ipc, net, pid, user, cgroup, time",
					  (int)len, list);
		n->types |= nstype_table[type].flag;
		list += len;
		if (!*list)
			return 0;
	}
}

static int take_tree(struct nsls *n, const char *relation, struct diag *d)
{
	static const struct {
		const char *word;
		enum nsls_tree tree;
	} trees[] = {
		{ "owner", TREE_OWNER },
		{ "parent", TREE_PARENT },
		{ "process", TREE_PROCESS },
	};

	n->has_tree = true;
	for (size_t i = 0; i < sizeof(trees) / sizeof(*trees); i++)
		if (!relation || !strcmp(relation, trees[i].word)) {
			n->tree = trees[i].tree;
			return 0;
		}
	return diag_usage(d, "--tree: '%s' is not owner, parent or process", relation);
}

static int take_interval(struct nsls *n, const char *seconds, struct diag *d)
{
	int64_t sec = 1;
	int32_t nsec = 0;

	/* A year of seconds is more than anybody waits, and fits everywhere. */
	if (seconds && (number_parse_seconds(seconds, &sec, &nsec) < 0 || sec < 0 ||
			sec > 366 * 86400 || (!sec && !nsec)))
		return diag_usage(d, "--watch: '%s' is no number of seconds", seconds);
	n->interval = (double)sec + nsec / 1e9;
	return 0;
}

static int take_engine(struct nsls *n, const char *engine, struct diag *d)
{
	static const char *const words[] = {
		[ENGINE_AUTO] = "auto", [ENGINE_PROC] = "proc", [ENGINE_BPF] = "bpf",
	};

	for (int i = 0; i <= ENGINE_BPF; i++)
		if (!strcmp(engine, words[i])) {
			n->engine = (enum engine_choice)i;
			return 0;
		}
	return diag_usage(d, "--engine: '%s' is not auto, proc or bpf", engine);
}

static int take_mode(struct job *job, enum nsls_mode mode)
{
	job->modes |= 1U << mode;
	job->n.mode = mode;
	return 0;
}

/* How it is shown; 1: it was not one of these. */
static int take_form(struct nsls *n, int opt, const char *arg, struct diag *d)
{
	switch (opt) {
	case 'J':
		n->json = true;
		return 0;
	case 'l':
		n->list = true;
		return 0;
	case 'r':
		n->raw = true;
		return 0;
	case 'T':
		return take_tree(n, arg, d);
	case 'n':
		n->no_headings = true;
		return 0;
	case 'u':
		n->no_truncate = true;
		return 0;
	case 'W':
		n->no_wrap = true;
		return 0;
	case 'o':
		n->columns = arg;
		return 0;
	case OPT_OUTPUT_ALL:
		n->output_all = true;
		return 0;
	}
	return 1;
}

static int take(void *to, int opt, const char *arg, struct diag *d)
{
	struct job *job = to;
	struct nsls *n = &job->n;

	switch (opt) {
	case 'p':
		n->has_task = true;
		return target_parse(&n->task, arg, "--task", d);
	case 't':
		return take_types(n, arg, d);
	case 'P':
		n->persistent = true;
		return 0;
	case OPT_PROCESSES:
		n->processes = true;
		return 0;
	case 'Q':
		n->filter = arg;
		return 0;
	case 'H':
		return take_mode(job, NSLS_COLUMNS);
	case OPT_COMPARE:
		return take_mode(job, NSLS_COMPARE);
	case OPT_TRANSLATE:
		n->translate = arg;
		return take_mode(job, NSLS_TRANSLATE);
	case OPT_DOT:
		return take_mode(job, NSLS_DOT);
	case OPT_ENGINE:
		return take_engine(n, arg, d);
	case OPT_WATCH:
		return take_mode(job, NSLS_WATCH) < 0 ? -1 : take_interval(n, arg, d);
	}
	return take_form(n, opt, arg, d);
}

static int refuse_pairs(const struct nsls *n, struct diag *d)
{
	const struct {
		bool one, other;
		const char *options;
	} pairs[] = {
		{ n->json, n->raw, "--json and --raw" },
		{ n->list, n->has_tree, "--list and --tree" },
		{ n->persistent, n->has_task, "--persistent and --task" },
		{ n->persistent, n->processes, "--persistent and --processes" },
		{ n->columns, n->output_all, "--output and --output-all" },
	};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++)
		if (pairs[i].one && pairs[i].other)
			return diag_usage(d, "%s exclude each other", pairs[i].options);
	return 0;
}

/* What has no meaning in a mode must not be passed over in silence. */
static int refuse_strangers(const struct nsls *n, struct diag *d)
{
#define IN(mode) (1U << (mode))
	const unsigned int lists = IN(NSLS_LIST), shows = lists | IN(NSLS_INSIDE),
		tables = shows | IN(NSLS_COMPARE) | IN(NSLS_TRANSLATE),
		finds = lists | IN(NSLS_DOT) | IN(NSLS_WATCH);
	const struct {
		const char *option;
		bool given;
		unsigned int modes;
	} given[] = {
		{ "--task", n->has_task, lists },
		{ "--type", n->types, finds | IN(NSLS_INSIDE) | IN(NSLS_COMPARE) },
		{ "--persistent", n->persistent, finds },
		{ "--processes", n->processes, finds },
		{ "--filter", n->filter, shows },
		{ "--engine", n->engine, finds | IN(NSLS_INSIDE) },
		{ "--json", n->json, tables | IN(NSLS_WATCH) | IN(NSLS_COLUMNS) },
		{ "--list", n->list, shows },
		{ "--raw", n->raw, tables | IN(NSLS_COLUMNS) },
		{ "--tree=owner", n->tree == TREE_OWNER, lists },
		{ "--tree=parent", n->tree == TREE_PARENT, lists },
		{ "--tree", n->has_tree, shows },
		{ "--noheadings", n->no_headings, tables | IN(NSLS_COLUMNS) },
		{ "--notruncate", n->no_truncate, tables | IN(NSLS_COLUMNS) },
		{ "--nowrap", n->no_wrap, tables | IN(NSLS_COLUMNS) },
		{ "--output", n->columns, shows },
		{ "--output-all", n->output_all, shows },
	};
#undef IN
	static const char *const words[] = {
		[NSLS_LIST] = "a list of namespaces", [NSLS_INSIDE] = "a namespace",
		[NSLS_COMPARE] = "--compare", [NSLS_TRANSLATE] = "--translate",
		[NSLS_DOT] = "--dot", [NSLS_WATCH] = "--watch", [NSLS_COLUMNS] = "--list-columns",
	};

	for (size_t i = 0; i < sizeof(given) / sizeof(*given); i++)
		if (given[i].given && !(given[i].modes & 1U << n->mode))
			return diag_usage(d, "%s and %s exclude each other", given[i].option,
					  words[n->mode]);
	return 0;
}

static int refuse_operands(const struct nsls *n, struct diag *d)
{
	if (n->mode == NSLS_COMPARE && (!n->operands[0] || !n->operands[1]))
		return diag_usage(d, "--compare what? Name two processes or sets, or more");
	if (n->mode != NSLS_COMPARE && n->mode != NSLS_INSIDE && *n->operands)
		return diag_usage(d, "--list-columns, --translate, --dot and --watch take no '%s'", *n->operands);
	return 0;
}

/* What follows from what. */
static int complete(struct job *job, char **operands, struct diag *d)
{
	struct nsls *n = &job->n;

	n->operands = operands;
	if (job->modes & (job->modes - 1))
		return diag_usage(d, "%s exclude each other",
				  "--list-columns, --compare, --translate, --dot and --watch");
	if (!job->modes && *operands && n->has_task)
		return diag_usage(d, "--task and a namespace exclude each other");
	if (!job->modes && *operands)
		n->mode = NSLS_INSIDE;
	if (refuse_pairs(n, d) < 0 || refuse_operands(n, d) < 0 || refuse_strangers(n, d) < 0)
		return -1;
	if (n->list || n->raw)
		n->tree = TREE_NONE;
	else if (!n->has_tree)
		n->tree = TREE_PROCESS;
	return 0;
}

static int run(void *to, char **operands, struct diag *d)
{
	struct job *job = to;
	int ret = complete(job, operands, d);

	if (ret < 0)
		return -1;
	switch (job->n.mode) {
	case NSLS_LIST:
	case NSLS_COLUMNS:
		return nsls_list(&job->n, d);
	case NSLS_INSIDE:
		return nsls_inside(&job->n, d);
	case NSLS_COMPARE:
		ret = nsls_compare(&job->n, d);
		job->differs = ret > 0;
		return ret < 0 ? -1 : 0;
	case NSLS_TRANSLATE:
		return nsls_translate(&job->n, d);
	case NSLS_DOT:
		return nsls_dot(&job->n, d);
	case NSLS_WATCH:
		return nsls_watch(&job->n, d);
	}
	return -1;
}

static int status(const void *to, const struct diag *d)
{
	const struct job *job = to;

	return d->usage || job->modes & 1U << NSLS_COMPARE ? 2 : 1;
}

static const struct cmdline cmdline = {
	.tool = tool,
	.tables = { options_own },
	.types = TYPES_NONE,
	.permute = true,
	.letters = "p:t:PQ:JlrT::nuWo:H",
	.more_letters = "",
	.usage = { usage, columns_help, usage_end },
#ifdef WITH_BPF
	.version = "engines: proc bpf\n",
#else
	.version = "engines: proc\n",
#endif
	.take = take,
	.run = run,
	.status = status,
};

int main(int argc, char **argv)
{
	struct job job = { .n = { .mode = NSLS_LIST, .interval = 1 } };
	int ret;

	table_help(columns_help, sizeof(columns_help), nsls_columns);
	ret = cmdline_main(&cmdline, &job, argc, argv);
	return ret ? ret : job.differs;
}
