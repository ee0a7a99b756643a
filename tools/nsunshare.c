/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nsunshare.h"

#include <unistd.h>

#include "cmdline.h"
#include "diag.h"
#include "ids.h"
#include "kernel.h"
#include "mirror.h"
#include "options.h"

static const char tool[] = "nsunshare";

enum {
	OPT_KILL_CHILD = OPT_TOOL,
	OPT_FORWARD,
	OPT_FILES,
	OPT_FS,
	OPT_SYSVSEM,
};

static const struct option options_own[] = {
	{ "fork", no_argument, NULL, 'f' },
	{ "kill-child", optional_argument, NULL, OPT_KILL_CHILD },
	{ "forward-signals", no_argument, NULL, OPT_FORWARD },
	{ "files", no_argument, NULL, OPT_FILES },
	{ "fs", no_argument, NULL, OPT_FS },
	{ "sysvsem", no_argument, NULL, OPT_SYSVSEM },
	{ NULL, 0, NULL, 0 },
};

static const char usage_head[] =
"Usage: nsunshare [options] [--] [program [argument...]]\n"
"\n"
"Move into new namespaces, and run a program there in place of this process.\n"
"\n";

static const char usage_tail[] =
"\n"
"The process:\n"
" -f, --fork                  run the program as a child, and wait for it\n"
"     --kill-child[=SIGNAL]   what the child gets when nsunshare dies (KILL);\n"
"                             implies --fork\n"
"     --forward-signals       signals sent to nsunshare go on to the child;\n"
"                             implies --fork\n"
"     --files                 unshare the table of descriptors (execve(2) does)\n"
"     --fs                    unshare root, working directory and umask\n"
"     --sysvsem               unshare the undo values of System V semaphores\n"
"\n"
" -h, --help                  print this text\n"
" -V, --version               print the version\n"
"\n"
"Without a program a shell is run. Exit status: the program's; 125: nsunshare\n"
"itself failed; 126, 127: the program cannot be executed, is not there.\n"
"See nsunshare(1).\n";

static int take(void *to, int opt, const char *arg, struct diag *d)
{
	struct nsunshare *n = to;
	int taken = options_launch_take(&n->plan, opt, arg, d);

	if (taken)
		return taken < 0 ? -1 : 0;
	switch (opt) {
	case 'f':
		n->fork = true;
		return 0;
	case OPT_KILL_CHILD:
		n->fork = true;
		return options_take_kill(&n->plan, arg, d);
	case OPT_FORWARD:
		n->fork = n->forward = true;
		return 0;
	case OPT_FILES:
		n->other_flags |= CLONE_FILES;
		return 0;
	case OPT_FS:
		n->other_flags |= CLONE_FS;
		return 0;
	case OPT_SYSVSEM:
		n->other_flags |= CLONE_SYSVSEM;
		return 0;
	}
	return -1;
}

/* Not a thing is asked for that would make a difference to the program. */
static bool asks_for_nothing(const struct nsunshare *n)
{
	const struct plan *plan = &n->plan;
	const struct cred_plan *cred = &plan->cred;

	return !plan->flags && !n->other_flags && !plan->mnt.root && !plan->wd && !plan->setup &&
	       !cred->set_uid && !cred->set_gid && !cred->no_new_privs &&
	       cred->keyring == KEYRING_KEEP &&
	       plan->env == environ && !plan->close.all;
}

/* What follows from what among nsunshare's own options; what is worth saying. */
static int complete(struct nsunshare *n, struct diag *d)
{
	struct plan *plan = &n->plan;
	bool children_only;

	plan->in_place = !n->fork;
	if (plan_complete(plan, environ, d) < 0)
		return -1;
	children_only = (plan->flags & CLONE_NEWPID) && !n->fork;
	if (children_only && plan->pin[NS_PID])
		return diag_usage(d, "--pid=FILE needs --fork: there is a PID namespace only when a child is in it");
	if (children_only && plan->setup)
		return diag_usage(d, "--setup with --pid needs --fork: the command would be PID 1, and the last process");
	if (children_only && isatty(STDERR_FILENO))
		diag_note(tool, "only children of the program enter the new PID namespace: --fork makes it one");
	if (ids_warning(plan) && isatty(STDERR_FILENO))
		diag_note(tool, "%s", ids_warning(plan));
	if (asks_for_nothing(n))
		diag_note(tool, "nothing to isolate: no namespace type is named, and none implied");
	return 0;
}

static int run(void *to, char **operands, struct diag *d)
{
	struct nsunshare *n = to;

	mirror_take_over(&n->plan.mask, &n->plan.ignore_chld);
	n->plan.argv = *operands ? operands : NULL;
	return complete(n, d) < 0 ? -1 : nsunshare_launch(n, d);
}

static const struct cmdline cmdline = {
	.tool = tool,
	.tables = { options_own, options_launch, options_program },
	.types = TYPES_PLAIN,
	.letters = "f",
	.more_letters = options_launch_letters,
	.usage = { usage_head, options_launch_usage, options_program_usage, usage_tail },
	.take = take,
	.run = run,
};

int main(int argc, char **argv)
{
	/* Large and mostly zero: set here, so that it does not come out of the file. */
	static struct nsunshare n;

	n.plan.door = DOOR_UNSHARE;
	return cmdline_main(&cmdline, &n, argc, argv);
}
