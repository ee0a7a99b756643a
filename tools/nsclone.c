/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nsclone.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmdline.h"
#include "diag.h"
#include "ids.h"
#include "mirror.h"
#include "number.h"
#include "options.h"

static const char tool[] = "nsclone";

enum {
	OPT_INIT = OPT_TOOL,
	OPT_KILL_CHILD,
	OPT_KEEP_CHILD,
	OPT_NO_FORWARD,
	OPT_INTO_CGROUP,
	OPT_SET_PID,
	OPT_PID_FILE,
	OPT_STATUS_FD,
	OPT_BLOCK_FD,
	OPT_HOST_SETUP,
	OPT_BACKGROUND,
	OPT_PTY,
};

static const struct option options_own[] = {
	{ "fork", no_argument, NULL, 'f' },
	{ "init", no_argument, NULL, OPT_INIT },
	{ "kill-child", optional_argument, NULL, OPT_KILL_CHILD },
	{ "keep-child", no_argument, NULL, OPT_KEEP_CHILD },
	{ "no-forward-signals", no_argument, NULL, OPT_NO_FORWARD },
	{ "into-cgroup", required_argument, NULL, OPT_INTO_CGROUP },
	{ "set-pid", required_argument, NULL, OPT_SET_PID },
	{ "pid-file", required_argument, NULL, OPT_PID_FILE },
	{ "json-status-fd", required_argument, NULL, OPT_STATUS_FD },
	{ "block-fd", required_argument, NULL, OPT_BLOCK_FD },
	{ "host-setup", required_argument, NULL, OPT_HOST_SETUP },
	{ "background", no_argument, NULL, OPT_BACKGROUND },
	{ "pty", no_argument, NULL, OPT_PTY },
	{ NULL, 0, NULL, 0 },
};

static const char usage_head[] =
"Usage: nsclone [options] [--] [program [argument...]]\n"
"\n"
"Run a program in a new process that is born inside new namespaces.\n"
"\n";

static const char usage_tail[] =
"\n"
"The child and its launcher:\n"
" -f, --fork                  no change: nsclone always forks\n"
"     --init                  run an init as PID 1, which reaps orphans (-p)\n"
"     --kill-child[=SIGNAL]   what the child gets when nsclone dies (KILL)\n"
"     --keep-child            the child outlives nsclone\n"
"     --no-forward-signals    signals sent to nsclone act on nsclone\n"
"     --into-cgroup DIR       be born in this cgroup v2 directory\n"
"     --set-pid N[,N...]      PID in the new PID namespace, in the next outer ...\n"
"     --pid-file FILE         write the child's PID to FILE\n"
"     --json-status-fd FD     write JSON lines about start and end to FD\n"
"     --block-fd FD           wait until FD is readable or closed\n"
"     --host-setup COMMAND    run a shell command outside before the program;\n"
"                             NSCLONE_PID is the child's PID\n"
"     --background            print the child's PID and do not wait for its end\n"
"     --pty                   run the program on a terminal of its own\n"
"\n"
" -h, --help                  print this text\n"
" -V, --version               print the version\n"
"\n"
"Without a program a shell is run. Exit status: the program's; 125: nsclone\n"
"itself failed; 126, 127: the program cannot be executed, is not there.\n"
"See nsclone(1).\n";

static int take_fd(int *fd, const char *option, const char *arg, struct diag *d)
{
	if (number_parse_fd(arg, fd) < 0)
		return diag_usage(d, "%s: '%s' is no number of a descriptor", option, arg);
	return 0;
}

static int take_pids(struct nsclone *n, const char *arg, struct diag *d)
{
	n->n_set_tid = number_parse_list(arg, 1, INT_MAX, n->set_tid, KERNEL_PIDNS_LEVELS);
	if (n->n_set_tid > 0)
		return 0;
	n->n_set_tid = 0;
	return diag_usage(d, errno == E2BIG ? "--set-pid: '%s': more than 32 nested PID namespaces" :
					      "--set-pid: '%s' is no list of PIDs", arg);
}

static int take(void *to, int opt, const char *arg, struct diag *d)
{
	struct nsclone *n = to;
	int taken = options_launch_take(&n->plan, opt, arg, d);

	if (taken)
		return taken < 0 ? -1 : 0;
	switch (opt) {
	case 'f':
		return 0;
	case OPT_INIT:
		n->plan.init = true;
		return 0;
	case OPT_KILL_CHILD:
		return options_take_kill(&n->plan, arg, d);
	case OPT_KEEP_CHILD:
		n->keep_child = true;
		return 0;
	case OPT_NO_FORWARD:
		n->forward = false;
		return 0;
	case OPT_INTO_CGROUP:
		n->cgroup = arg;
		return 0;
	case OPT_SET_PID:
		return take_pids(n, arg, d);
	case OPT_PID_FILE:
		n->pid_file = arg;
		return 0;
	case OPT_STATUS_FD:
		return take_fd(&n->status_fd, "--json-status-fd", arg, d);
	case OPT_BLOCK_FD:
		return take_fd(&n->block_fd, "--block-fd", arg, d);
	case OPT_HOST_SETUP:
		n->host_setup = arg;
		return 0;
	case OPT_BACKGROUND:
		n->background = true;
		return 0;
	case OPT_PTY:
		n->plan.pty = &n->pty;
		return 0;
	}
	return -1;
}

/* A descriptor of the user's for us alone: the program does not get it, unless it is 0, 1 or 2. */
static int own_fd(int fd, const char *option, struct diag *d)
{
	if (fd < 0)
		return 0;
	if (fcntl(fd, F_GETFD) < 0)
		return diag_usage(d, "%s: descriptor %d is not open", option, fd);
	if (fd > 2)
		fcntl(fd, F_SETFD, FD_CLOEXEC);
	return 0;
}

/* "/dev/stdout", "/dev/fd/3": which descriptor that is; -1: a name like any other. */
static int descriptor_named(const char *path)
{
	static const char *const standard[] = { "/dev/stdin", "/dev/stdout", "/dev/stderr" };
	static const char *const dirs[] = { "/dev/fd/", "/proc/self/fd/" };
	int fd;

	for (int i = 0; i < 3; i++)
		if (!strcmp(path, standard[i]))
			return i;
	for (int i = 0; i < 2; i++)
		if (!strncmp(path, dirs[i], strlen(dirs[i])) &&
		    number_parse_fd(path + strlen(dirs[i]), &fd) == 0)
			return fd;
	return -1;
}

/* A rename would take the place of a FIFO, and to open one may take for ever. */
static int check_pid_file(struct nsclone *n, struct diag *d)
{
	struct stat st;

	if (!n->pid_file)
		return 0;
	n->pid_fd = descriptor_named(n->pid_file);
	if (n->pid_fd >= 0) {
		n->pid_file = NULL;
		return own_fd(n->pid_fd, "--pid-file", d);
	}
	if (lstat(n->pid_file, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISLNK(st.st_mode) && !S_ISDIR(st.st_mode))
		return diag_usage(d, "--pid-file: %s is a FIFO, a socket or a device", n->pid_file);
	return 0;
}

/* What follows from what among nsclone's own options. */
static int complete(struct nsclone *n, struct diag *d)
{
	struct plan *plan = &n->plan;

	if (n->background && plan->parent_death)
		return diag_usage(d, "--background and --kill-child exclude each other");
	if (n->background && plan->pty)
		return diag_usage(d, "--background and --pty exclude each other");
	if (n->keep_child && plan->parent_death)
		return diag_usage(d, "--keep-child and --kill-child exclude each other");
	if (check_pid_file(n, d) < 0)
		return -1;
	if (own_fd(n->status_fd, "--json-status-fd", d) < 0 || own_fd(n->block_fd, "--block-fd", d) < 0)
		return -1;
	if (!n->keep_child && !n->background && options_take_kill(plan, NULL, d) < 0)
		return -1;
	if (plan_complete(plan, environ, d) < 0)
		return -1;
	if (ids_warning(plan) && isatty(STDERR_FILENO))
		diag_note(tool, "%s", ids_warning(plan));
	if (n->cgroup)
		plan->late |= plan->flags & CLONE_NEWCGROUP;
	return 0;
}

static int run(void *to, char **operands, struct diag *d)
{
	struct nsclone *n = to;

	mirror_take_over(&n->plan.mask, &n->plan.ignore_chld);
	n->plan.argv = *operands ? operands : NULL;
	return complete(n, d) < 0 ? -1 : nsclone_launch(n, d);
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
	static struct nsclone n;

	n.plan.door = DOOR_CLONE;
	n.forward = true;
	n.status_fd = n.block_fd = n.pid_fd = -1;
	return cmdline_main(&cmdline, &n, argc, argv);
}
