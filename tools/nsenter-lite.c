/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nsenter-lite.h"

#include <string.h>
#include <unistd.h>

#include "caps.h"
#include "cmdline.h"
#include "cred.h"
#include "diag.h"
#include "kernel.h"
#include "mirror.h"
#include "number.h"
#include "options.h"

static const char tool[] = "nsenter-lite";

enum {
	OPT_USER_PARENT = OPT_TOOL,
	OPT_PRESERVE,
	OPT_DROP_CAPS,
	OPT_KILL_CHILD,
	OPT_FORWARD,
	OPT_PTY,
};

static const struct option options_own[] = {
	{ "target", required_argument, NULL, 't' },
	{ "all", no_argument, NULL, 'a' },
	{ "from", required_argument, NULL, 'f' },
	{ "net-socket", required_argument, NULL, 'N' },
	{ "user-parent", no_argument, NULL, OPT_USER_PARENT },
	{ "setuid", required_argument, NULL, 'S' },
	{ "setgid", required_argument, NULL, 'G' },
	{ "preserve-credentials", no_argument, NULL, OPT_PRESERVE },
	{ "drop-caps", optional_argument, NULL, OPT_DROP_CAPS },
	{ "root", optional_argument, NULL, 'r' },
	{ "wd", optional_argument, NULL, 'w' },
	{ "wdns", optional_argument, NULL, 'W' },
	{ "env", no_argument, NULL, 'e' },
	{ "no-fork", no_argument, NULL, 'F' },
	{ "join-cgroup", no_argument, NULL, 'c' },
	{ "follow-context", no_argument, NULL, 'Z' },
	{ "kill-child", optional_argument, NULL, OPT_KILL_CHILD },
	{ "forward-signals", no_argument, NULL, OPT_FORWARD },
	{ "pty", no_argument, NULL, OPT_PTY },
	{ NULL, 0, NULL, 0 },
};

static const char usage_head[] =
"Usage: nsenter-lite [options] [--] [program [argument...]]\n"
"\n"
"Enter namespaces that exist, and run a program there.\n"
"\n"
"What to enter (without =FILE: the target's; =:NSID: that with the id NSID):\n"
" -t, --target TARGET         the process, PID or PID:INODE, or the set, NAME,\n"
"                             whose namespaces are meant\n"
" -a, --all                   all in which the target is, and we are not\n"
" -m, --mount[=FILE]          mount namespace\n"
" -u, --uts[=FILE]            UTS namespace\n"
" -i, --ipc[=FILE]            IPC namespace\n"
" -n, --net[=FILE]            network namespace\n"
" -p, --pid[=FILE]            PID namespace\n"
" -U, --user[=FILE]           user namespace\n"
" -C, --cgroup[=FILE]         cgroup namespace\n"
" -T, --time[=FILE]           time namespace\n"
" -f, --from FILE             the namespace that FILE is, of whatever type\n"
" -N, --net-socket FD         the network namespace of the target's socket FD\n"
"     --user-parent           the parent of the user namespace, or the owner of\n"
"                             another one, that is named\n"
"\n"
"Identity (in a user namespace: 0, or else the own ids):\n"
" -S, --setuid N|NAME|follow  uid of the program; follow: the target's\n"
" -G, --setgid N|NAME|follow  gid; no supplementary groups\n"
"     --preserve-credentials  leave uids and gids as they are\n"
"     --keep-caps             the program keeps the capabilities\n"
"     --drop-caps[=LIST]      the program gets none of these capabilities\n"
"     --no-new-privs          no set-user-ID, no file capabilities from here on\n"
"     --new-keyring           the program gets an empty session keyring\n"
"\n"
"Files and the like (without DIR: the target's):\n"
" -r, --root[=DIR]            root directory\n"
" -w, --wd[=DIR]              working directory\n"
" -W, --wdns=DIR              working directory, seen from inside\n"
" -e, --env                   the target's environment\n"
" -c, --join-cgroup           the target's cgroup\n"
" -Z, --follow-context        the target's SELinux context\n"
"\n";

static const char usage_tail[] =
"\n"
"The process:\n"
" -F, --no-fork               no child, also with a PID namespace\n"
"     --kill-child[=SIGNAL]   what the child gets when nsenter-lite dies (KILL)\n"
"     --forward-signals       signals sent to nsenter-lite go on to the child\n"
"     --pty                   run the program on a terminal of its own;\n"
"                             implies --kill-child\n"
"\n"
" -h, --help                  print this text\n"
" -V, --version               print the version\n"
"\n"
"Without a program a shell is run. Exit status: the program's; 125: nsenter-lite\n"
"itself failed; 126, 127: the program cannot be executed, is not there.\n"
"See nsenter-lite(1).\n";

/* "-n=FILE" is how many write it; the letter's argument then begins with the sign. */
static const char *without_equals(const char *arg)
{
	return arg && *arg == '=' ? arg + 1 : arg;
}

static int take_type(struct nsenter *n, int type, const char *file, struct diag *d)
{
	file = without_equals(file);
	n->file[type] = file;
	n->id[type] = 0;
	if (!file) {
		n->of_target |= nstype_table[type].flag;
		return 0;
	}
	if (!*file)
		return diag_usage(d, "--%s=: the name of the file is empty", nstype_table[type].option);
	if (*file == ':' && (number_parse(file + 1, UINT64_MAX, &n->id[type]) < 0 || !n->id[type]))
		return diag_usage(d, "--%s: '%s' is no id of a namespace; ./%s is a file",
				  nstype_table[type].option, file, file);
	n->of_target &= ~nstype_table[type].flag;
	return 0;
}

static int take_from(struct nsenter *n, const char *file, struct diag *d)
{
	if (!*file)
		return diag_usage(d, "--from: the name of the file is empty");
	if (n->n_from == NSENTER_FROM)
		return diag_usage(d, "--from: at most %d files can be named", NSENTER_FROM);
	n->from[n->n_from++] = file;
	return 0;
}

static int take_id(enum id_source *source, const char *arg, uint32_t *id, bool *set,
		   int (*parse)(const char *, const char *, uint32_t *, struct diag *),
		   const char *option, struct diag *d)
{
	*set = strcmp(arg, "follow") != 0;
	*source = *set ? ID_GIVEN : ID_FOLLOW;
	return *set ? parse(arg, option, id, d) : 0;
}

static int take_place(struct where *place, const char *arg, const char *option, struct diag *d)
{
	*place = (struct where){ .target = !arg, .path = without_equals(arg) };
	return place->path && !*place->path ?
	       diag_usage(d, "%s=: the name of the directory is empty", option) : 0;
}

static int take_wdns(struct nsenter *n, const char *arg, struct diag *d)
{
	n->wdns = without_equals(arg);
	return n->wdns && *n->wdns ? 0 :
	       diag_usage(d, "--wdns needs a directory, as in --wdns=/tmp or -W/tmp");
}

static int take_caps(struct cred_plan *cred, const char *arg, struct diag *d)
{
	if (arg)
		return caps_parse(arg, "--drop-caps", &cred->drop_caps, d);
	cred->drop_caps = CAPS_ALL;
	return 0;
}

static int take_socket(struct nsenter *n, const char *arg, struct diag *d)
{
	if (number_parse_fd(arg, &n->net_socket) < 0)
		return diag_usage(d, "--net-socket: '%s' is no number of a descriptor", arg);
	return 0;
}

/* 1: it was not one of these. */
static int take_more(struct nsenter *n, int opt, const char *arg, struct diag *d)
{
	switch (opt) {
	case 'e':
		n->target_env = true;
		return 0;
	case 'F':
		n->no_fork = true;
		return 0;
	case 'c':
		n->join_cgroup = true;
		return 0;
	case 'Z':
		n->follow_context = true;
		return 0;
	case OPT_USER_PARENT:
		n->user_parent = true;
		return 0;
	case OPT_PRESERVE:
		n->preserve = true;
		return 0;
	case OPT_DROP_CAPS:
		return take_caps(&n->plan.cred, arg, d);
	case OPT_KILL_CHILD:
		n->fork = true;
		return options_take_kill(&n->plan, arg, d);
	case OPT_FORWARD:
		n->fork = n->forward = true;
		return 0;
	case OPT_PTY:
		n->fork = true;
		n->plan.pty = &n->pty;
		return options_take_kill(&n->plan, NULL, d);
	}
	return 1;
}

static int take(void *to, int opt, const char *arg, struct diag *d)
{
	struct nsenter *n = to;
	struct cred_plan *cred = &n->plan.cred;
	int type = nstype_by_letter(opt);
	int ret;

	if (type >= 0)
		return take_type(n, type, arg, d);
	switch (opt) {
	case 't':
		n->has_target = true;
		return target_parse(&n->target, arg, "--target", d);
	case 'a':
		n->all = true;
		return 0;
	case 'f':
		return take_from(n, arg, d);
	case 'N':
		return take_socket(n, arg, d);
	case 'S':
		return take_id(&n->uid, arg, &cred->uid, &cred->set_uid, cred_parse_user, "--setuid", d);
	case 'G':
		return take_id(&n->gid, arg, &cred->gid, &cred->set_gid, cred_parse_group, "--setgid", d);
	case 'r':
		return take_place(&n->root, arg, "--root", d);
	case 'w':
		return take_place(&n->wd, arg, "--wd", d);
	case 'W':
		return take_wdns(n, arg, d);
	}
	ret = take_more(n, opt, arg, d);
	if (ret > 0)
		ret = options_launch_take(&n->plan, opt, arg, d);
	return ret < 0 ? -1 : 0;
}

/* What only a process has, and what asks for it. */
static int needs_process(const struct nsenter *n, struct diag *d)
{
	const struct {
		const char *option;
		bool asked;
	} asking[] = {
		{ "--net-socket", n->net_socket >= 0 },
		{ "--setuid=follow", n->uid == ID_FOLLOW }, { "--setgid=follow", n->gid == ID_FOLLOW },
		{ "--root", n->root.target }, { "--wd", n->wd.target }, { "--env", n->target_env },
		{ "--join-cgroup", n->join_cgroup }, { "--follow-context", n->follow_context },
	};

	for (size_t i = 0; i < sizeof(asking) / sizeof(*asking); i++)
		if (asking[i].asked)
			return diag_usage(d, "%s needs a process: --target PID", asking[i].option);
	return 0;
}

/* What a set would do for, too. */
static int needs_target(const struct nsenter *n, struct diag *d)
{
	if (n->all)
		return diag_usage(d, "--all needs a process or a set: --target PID");
	for (int type = 0; type < NSTYPE_COUNT; type++)
		if (n->of_target & nstype_table[type].flag)
			return diag_usage(d, "--%s needs a process or a set, --target PID, or a file, --%s=FILE",
					  nstype_table[type].option, nstype_table[type].option);
	return 0;
}

/*
 * Can the target choose the program? With --follow-context it must not come by
 * way of the trampoline, because the first execve(2) uses the context up; but
 * then SELinux keeps our executable from it.
 */
static bool is_foreign(const struct nsenter *n)
{
	const bool theirs = n->all || (n->of_target & CLONE_NEWNS) || n->file[NS_MNT] || n->n_from ||
			    n->root.target || n->root.path || n->wd.target || n->wd.path || n->wdns ||
			    n->target_env;

	return theirs && !n->follow_context;
}

static int complete(struct nsenter *n, struct diag *d)
{
	if (!n->has_target && needs_target(n, d) < 0)
		return -1;
	if (!n->target.pid && needs_process(n, d) < 0)
		return -1;
	if (n->target.set && !n->all && !n->of_target)
		return diag_usage(d, "what of the set %s is to be entered? Name types, or --all", n->target.set);
	if (n->wdns && (n->wd.target || n->wd.path))
		return diag_usage(d, "--wd and --wdns exclude each other");
	if (n->preserve && (n->uid != ID_DEFAULT || n->gid != ID_DEFAULT))
		return diag_usage(d, "--preserve-credentials excludes --setuid and --setgid");
	if (n->no_fork && n->fork)
		return diag_usage(d, "--no-fork excludes --kill-child, --forward-signals and --pty");
	n->plan.foreign_files = is_foreign(n);
	return plan_complete(&n->plan, environ, d);
}

static int run(void *to, char **operands, struct diag *d)
{
	struct nsenter *n = to;

	mirror_take_over(&n->plan.mask, &n->plan.ignore_chld);
	n->plan.argv = *operands ? operands : NULL;
	return complete(n, d) < 0 ? -1 : nsenter_launch(n, d);
}

static const struct cmdline cmdline = {
	.tool = tool,
	.tables = { options_own, options_program },
	.types = TYPES_TAKE_FILES,
	.letters = "t:af:N:S:G:r::w::W::eFcZ",
	.more_letters = "",
	.usage = { usage_head, options_program_usage, usage_tail },
	.take = take,
	.run = run,
};

int main(int argc, char **argv)
{
	/* Large and mostly zero: set here, so that it does not come out of the file. */
	static struct nsenter n;

	n.plan.door = DOOR_SETNS;
	n.plan.cred.proc = n.net_socket = -1;
	return cmdline_main(&cmdline, &n, argc, argv);
}
