/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nspin.h"

#include "cmdline.h"
#include "diag.h"
#include "mirror.h"
#include "set.h"

static const char tool[] = "nspin";

enum {
	OPT_ADD = 256,
	OPT_MAKE_PRIVATE,
	OPT_BATCH,
	OPT_NO_HEADINGS,
	OPT_STALE,
	OPT_HOLD,
	OPT_KEEP,
};

static const struct option options_own[] = {
	{ "target", required_argument, NULL, 't' },
	{ "all", no_argument, NULL, 'a' },
	{ "add", no_argument, NULL, OPT_ADD },
	{ "make-private", no_argument, NULL, OPT_MAKE_PRIVATE },
	{ "batch", no_argument, NULL, OPT_BATCH },
	{ "list", no_argument, NULL, 'l' },
	{ "everywhere", no_argument, NULL, 'A' },
	{ "json", no_argument, NULL, 'J' },
	{ "raw", no_argument, NULL, 'r' },
	{ "noheadings", no_argument, NULL, OPT_NO_HEADINGS },
	{ "output", required_argument, NULL, 'o' },
	{ "delete", no_argument, NULL, 'd' },
	{ "stale", no_argument, NULL, OPT_STALE },
	{ "hold", no_argument, NULL, OPT_HOLD },
	{ "keep", required_argument, NULL, OPT_KEEP },
	{ NULL, 0, NULL, 0 },
};

static const char usage[] =
"Usage: nspin -t TARGET [types|-a] NAME\n"
"       nspin -t TARGET --TYPE=FILE...\n"
"       nspin -l [options] [NAME|FILE...]\n"
"       nspin -d NAME|FILE...\n"
"       nspin --hold -t TARGET [types|-a] [--] program [argument...]\n"
"\n"
"Keep namespaces alive without processes in them.\n"
"\n"
"What to keep:\n"
" -t, --target TARGET         of a process, PID or PID:INODE, or of a set, NAME\n"
" -a, --all                   all in which the target is, and we are not, but pid\n"
"                             (so, too, if no type is named)\n"
" -m, --mount[=FILE]          mount namespace (=FILE: by a bind mount on FILE)\n"
" -u, --uts[=FILE]            UTS namespace\n"
" -i, --ipc[=FILE]            IPC namespace\n"
" -n, --net[=FILE]            network namespace\n"
" -p, --pid[=FILE]            PID namespace (of the target's children)\n"
" -U, --user[=FILE]           user namespace\n"
" -C, --cgroup[=FILE]         cgroup namespace\n"
" -T, --time[=FILE]           time namespace (of the target's children)\n"
"     --add                   add to the set NAME, which is there\n"
"     --make-private          make the directory of each FILE a private mount\n"
"     --batch                 read lines \"TARGET NAME\" or \"TARGET TYPE FILE\"\n"
"\n"
"List and delete:\n"
" -l, --list                  list pins and sets\n"
" -A, --everywhere            also of other mount namespaces and places of sets\n"
" -J, --json                  as JSON\n"
" -r, --raw                   as fields with a blank between them\n"
" -n, --noheadings            (-n with -l) without the line of headings\n"
" -o, --output [+]LIST        these columns: NS,TYPE,SET,PATH,STATE,NPROCS,MNTNS\n"
" -d, --delete                delete sets or pins\n"
"     --stale                 delete what is dead, or was left half-made\n"
"\n"
"By open descriptors, without privileges:\n"
"     --hold                  run the program with NSPIN_FD_net and the like\n"
"     --keep NAME             with --hold: leave a process that keeps set NAME\n"
"\n"
" -h, --help                  print this text\n"
" -V, --version               print the version\n"
"\n"
"Exit status: 0; 1: something was not found or failed; 2: wrong usage. With\n"
"--hold and a program: the program's; 125, 126, 127 as in nsclone(1).\n"
"See nspin(8).\n";

/* One thing at a time. */
static int take_mode(struct nspin *n, enum nspin_mode mode, struct diag *d)
{
	if (n->mode != NSPIN_KEEP && n->mode != mode)
		return diag_usage(d, "--batch, --list, --delete or --stale, and --hold exclude each other");
	n->mode = mode;
	return 0;
}

static int take_type(struct nspin *n, int type, const char *file, struct diag *d)
{
	if (file && !*file)
		return diag_usage(d, "--%s=: the name of the file is empty", nstype_table[type].option);
	n->types |= nstype_table[type].flag;
	n->file[type] = file;
	return 0;
}

/* 1: it was not one of these. */
static int take_list(struct nspin *n, int opt, const char *arg, struct diag *d)
{
	switch (opt) {
	case 'l':
		return take_mode(n, NSPIN_LIST, d);
	case 'A':
		n->everywhere = true;
		return 0;
	case 'J':
		n->json = true;
		return 0;
	case 'r':
		n->raw = true;
		return 0;
	case OPT_NO_HEADINGS:
		n->no_headings = true;
		return 0;
	case 'o':
		n->columns = arg;
		return 0;
	}
	return 1;
}

static int take(void *to, int opt, const char *arg, struct diag *d)
{
	struct nspin *n = to;
	int type = nstype_by_letter(opt);

	if (type >= 0)
		return take_type(n, type, arg, d);
	switch (opt) {
	case 't':
		n->has_target = true;
		return target_parse(&n->target, arg, "--target", d);
	case 'a':
		n->all = true;
		return 0;
	case OPT_ADD:
		n->add = true;
		return 0;
	case OPT_MAKE_PRIVATE:
		n->make_private = true;
		return 0;
	case OPT_BATCH:
		return take_mode(n, NSPIN_BATCH, d);
	case 'd':
		return take_mode(n, NSPIN_DELETE, d);
	case OPT_STALE:
		n->stale = true;
		return take_mode(n, NSPIN_DELETE, d);
	case OPT_HOLD:
		return take_mode(n, NSPIN_HOLD, d);
	case OPT_KEEP:
		n->keep = arg;
		return set_check_name(arg, "--keep", d);
	}
	return take_list(n, opt, arg, d);
}

static bool has_files(const struct nspin *n)
{
	for (int type = 0; type < NSTYPE_COUNT; type++)
		if (n->file[type])
			return true;
	return false;
}

/* What only another mode has a use for. */
static int refuse_strangers(const struct nspin *n, struct diag *d)
{
	const bool keeps = n->mode == NSPIN_KEEP || n->mode == NSPIN_HOLD;
	const bool lists = n->mode == NSPIN_LIST;
	const struct {
		const char *option, *with;
		bool given, fits;
	} given[] = {
		{ "--target", "what is to be kept", n->has_target, keeps },
		{ "--all", "what is to be kept", n->all, keeps },
		{ "a type", "what is to be kept", n->types, keeps },
		{ "--add", "a set", n->add, keeps },
		{ "--make-private", "pins on files", n->make_private, n->mode == NSPIN_KEEP && has_files(n) },
		{ "--TYPE=FILE", "pins on files", has_files(n), n->mode == NSPIN_KEEP },
		{ "--keep", "--hold", n->keep, n->mode == NSPIN_HOLD },
		{ "--everywhere", "--list", n->everywhere, lists },
		{ "--json", "--list", n->json, lists },
		{ "--raw", "--list", n->raw, lists },
		{ "--noheadings", "--list", n->no_headings, lists },
		{ "--output", "--list", n->columns, lists },
	};

	for (size_t i = 0; i < sizeof(given) / sizeof(*given); i++)
		if (given[i].given && !given[i].fits)
			return diag_usage(d, "%s goes with %s only", given[i].option, given[i].with);
	return 0;
}

static int refuse_keep(const struct nspin *n, struct diag *d)
{
	if (!n->has_target)
		return diag_usage(d, "of what? Name a process or a set: --target");
	if (has_files(n)) {
		for (int type = 0; type < NSTYPE_COUNT; type++)
			if ((n->types & nstype_table[type].flag) && !n->file[type])
				return diag_usage(d, "--%s without a file is for a set, others are for pins on files",
						  nstype_table[type].option);
		if (n->all || n->add || *n->operands)
			return diag_usage(d, "pins on files and a set exclude each other");
		return 0;
	}
	if (!*n->operands)
		return diag_usage(d, "what shall the set be called? Or name files: --net=FILE");
	if (n->operands[1])
		return diag_usage(d, "one set at a time: '%s'", n->operands[1]);
	return set_check_name(*n->operands, "NAME", d);
}

static int refuse_hold(const struct nspin *n, struct diag *d)
{
	if (!n->has_target)
		return diag_usage(d, "of what? Name a process or a set: --target");
	if (n->keep && *n->operands)
		return diag_usage(d, "--keep and a program exclude each other");
	if (!n->keep && !*n->operands)
		return diag_usage(d, "which program shall hold them? Or leave a process: --keep=NAME");
	return n->add && !n->keep ? diag_usage(d, "--add goes with a set only: --keep=NAME") : 0;
}

static int refuse(const struct nspin *n, struct diag *d)
{
	if (refuse_strangers(n, d) < 0)
		return -1;
	switch (n->mode) {
	case NSPIN_KEEP:
		return refuse_keep(n, d);
	case NSPIN_HOLD:
		return refuse_hold(n, d);
	case NSPIN_BATCH:
		return *n->operands ? diag_usage(d, "--batch reads lines from stdin, and takes no '%s'", *n->operands) : 0;
	case NSPIN_DELETE:
		return *n->operands || n->stale ? 0 : diag_usage(d, "what shall be deleted? Name sets or files");
	case NSPIN_LIST:
		return n->json && n->raw ? diag_usage(d, "--json and --raw exclude each other") : 0;
	}
	return 0;
}

/* -n is --net, and among what is listed it is --noheadings, as for lsns(8). */
static void tell_n_apart(struct nspin *n)
{
	if (n->mode != NSPIN_LIST || n->types != CLONE_NEWNET || n->file[NS_NET])
		return;
	n->types = 0;
	n->no_headings = true;
}

static int run(void *to, char **operands, struct diag *d)
{
	struct nspin *n = to;
	sigset_t mask;

	mirror_take_over(&mask, &n->ignore_chld);
	n->operands = operands;
	tell_n_apart(n);
	if (refuse(n, d) < 0)
		return -1;
	switch (n->mode) {
	case NSPIN_KEEP:
		return nspin_keep(n, d);
	case NSPIN_BATCH:
		return nspin_batch(d);
	case NSPIN_LIST:
		return nspin_list(n, d);
	case NSPIN_DELETE:
		return nspin_delete(n, d);
	case NSPIN_HOLD:
		return nspin_hold(n, d);
	}
	return -1;
}

static int status(const void *to, const struct diag *d)
{
	const struct nspin *n = to;

	if (n->mode == NSPIN_HOLD && !n->keep)
		return d->status;
	return d->usage ? 2 : 1;
}

static const struct cmdline cmdline = {
	.tool = tool,
	.tables = { options_own },
	.types = TYPES_PLAIN,
	.letters = "t:alAJro:d",
	.more_letters = "",
	.usage = { usage },
	.take = take,
	.run = run,
	.status = status,
};

int main(int argc, char **argv)
{
	struct nspin n = { .mode = NSPIN_KEEP };

	return cmdline_main(&cmdline, &n, argc, argv);
}
