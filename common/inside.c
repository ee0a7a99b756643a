/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "inside.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cleanup.h"
#include "diag.h"
#include "file.h"
#include "explain.h"
#include "guard.h"
#include "ids.h"
#include "kernel.h"
#include "nsref.h"
#include "plan.h"
#include "pty.h"
#include "run.h"

static const char self[] = "self";

int inside_map(const struct plan *plan, struct diag *d)
{
	const struct user_plan *user = &plan->user;

	if (user->writer != MAP_SELF)
		return 0;
	if (user->setgroups != SETGROUPS_UNCHANGED &&
	    idmap_write_setgroups(user->setgroups == SETGROUPS_ALLOW, self, d) < 0)
		return -1;
	if (user->map[ID_UID].n && idmap_write(&user->map[ID_UID], ID_UID, self, d) < 0)
		return -1;
	return user->map[ID_GID].n ? idmap_write(&user->map[ID_GID], ID_GID, self, d) : 0;
}

static int make_time(const struct plan *plan, const struct inside_outside *out, struct diag *d)
{
	if (timens_unshare(d) < 0)
		return -1;
	if (plan_sets_clocks(plan) &&
	    (plan->user.set_owner ? out->set_clocks(out->arg, d) : timens_write(&plan->timens, self, d)) < 0)
		return -1;
	return timens_enter(d);
}

int inside_build(const struct plan *plan, unsigned int late, const struct inside_outside *out,
		 struct diag *d)
{
	if ((late & CLONE_NEWCGROUP) && unshare(CLONE_NEWCGROUP) < 0)
		diag_fail(d, NULL, "unshare the cgroup namespace");
	else if (!(late & CLONE_NEWTIME) || make_time(plan, out, d) == 0)
		return 0;
	explain_new(plan->flags, d);
	return -1;
}

static int set_names(const struct plan *plan, struct diag *d)
{
	if (plan->hostname && sethostname(plan->hostname, strlen(plan->hostname)) < 0)
		return diag_fail(d, plan->hostname, "set the hostname");
	if (plan->domainname && setdomainname(plan->domainname, strlen(plan->domainname)) < 0)
		return diag_fail(d, plan->domainname, "set the domain name");
	return 0;
}

static int raise_loopback(struct diag *d)
{
	cleanup_close int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq lo = { .ifr_name = "lo" };

	if (fd < 0 || ioctl(fd, SIOCGIFFLAGS, &lo) < 0)
		return diag_fail(d, "lo", "look at the loopback interface");
	lo.ifr_flags |= IFF_UP;
	return ioctl(fd, SIOCSIFFLAGS, &lo) < 0 ? diag_fail(d, "lo", "bring up") : 0;
}

/* The launcher is gone: the descriptor of it is readable, or its end of the gate is closed. */
static bool orphaned(int parent_fd)
{
	struct pollfd parent = { .fd = parent_fd, .events = POLLIN };

	return poll(&parent, 1, 0) != 0;
}

/* When the launcher dies first, the command is ended, too. */
static int run_setup(const struct plan *plan, int parent_fd, struct diag *d)
{
	char *argv[] = { "/bin/sh", "-c", (char *)(uintptr_t)plan->setup, NULL };

	/* What it leaves running must not get hold of us until we are the program. */
	if (guard_hide(plan, d) < 0)
		return -1;
	/* The shell is the new world's already, and the keys are not its. */
	if (cred_join_keyring(&plan->cred, d) < 0)
		return -1;
	return run_attended(&(struct run){
		.argv = argv, .env = environ, .mask = &plan->mask, .stdout_fd = -1, .stderr_fd = -1,
		.guard = plan->guard, .with_caps = true,
	}, "set-up command", parent_fd, d);
}

/* After unshare(2), only children are in the new PID namespace; the first one makes its link. */
static bool in_new_pidns(void)
{
	char own[NSREF_PATH], children[NSREF_PATH];

	return nsref_inode(nsref_path(own, 0, NS_PID, false)) ==
	       nsref_inode(nsref_path(children, 0, NS_PID, true));
}

static void hint_mount(const struct plan *plan, struct diag *d)
{
	if (d->err != EPERM || !(plan->flags & CLONE_NEWUSER))
		return;
	if (strstr(d->what, "mount proc")) {
		if (!(plan->flags & CLONE_NEWPID))
			diag_hint(d, "in a new user namespace, proc can be mounted for a new PID namespace only: add --pid");
		else if (!in_new_pidns())
			diag_hint(d, "in a new user namespace, proc can be mounted for a new PID namespace only, and only a child is in that: add --fork");
		else
			diag_hint(d, "the proc that is visible here is partly covered, so that the kernel shows no fresh one");
	}
	if (strstr(d->what, "mount sysfs"))
		diag_hint(d, plan->flags & CLONE_NEWNET ?
			  "the sysfs that is visible here is partly covered, so that the kernel shows no fresh one" :
			  "in a new user namespace, sysfs can be mounted for a new network namespace only: add --net");
}

int inside_enter(const struct plan *plan, int parent_fd, struct diag *d)
{
	/* What exists is left as it is. */
	if (plan->door == DOOR_SETNS)
		return 0;
	if (((plan->flags & CLONE_NEWNS) || plan->mnt.root) && mnt_setup(&plan->mnt, d) < 0) {
		hint_mount(plan, d);
		return -1;
	}
	/* The way to the new root may be open to the caller only; what comes now is the world's. */
	if (ids_in_world(plan, d) < 0)
		return -1;
	if (set_names(plan, d) < 0)
		return -1;
	if (plan->loopback && raise_loopback(d) < 0)
		return -1;
	if (plan->setup && run_setup(plan, parent_fd, d) < 0)
		return -1;
	if (plan->wd && chdir(plan->wd) < 0)
		return diag_fail(d, plan->wd, "change the working directory");
	return 0;
}

int inside_bind(const struct plan *plan, int parent_fd, struct diag *d)
{
	if (!plan->parent_death)
		return 0;
	if (prctl(PR_SET_PDEATHSIG, plan->parent_death, 0, 0, 0) < 0)
		return diag_fail(d, NULL, "set the parent-death signal");
	if (orphaned(parent_fd))
		return diag_set(d, 0, NULL, "the launcher has died");
	return 0;
}

/* All over 2 but those to keep, in ascending order; ours must live until exec. */
static int close_others(const struct close_plan *plan, struct diag *d)
{
	unsigned int first = 3;

	if (!plan->all)
		return 0;
	for (int i = 0; i < plan->n_keep; i++) {
		unsigned int keep = (unsigned int)plan->keep[i];

		if (keep > first &&
		    kernel_close_range(first, keep - 1, KERNEL_CLOSE_RANGE_CLOEXEC) < 0)
			return diag_fail(d, NULL, "close_range");
		if (keep >= first)
			first = keep + 1;
	}
	if (kernel_close_range(first, ~0U, KERNEL_CLOSE_RANGE_CLOEXEC) < 0)
		return diag_fail(d, NULL, "close_range");
	return 0;
}

static const char *find_shell(const struct plan *plan)
{
	for (int i = 0; i < SHELL_LAST; i++)
		if (plan->shell[i] && access(plan->shell[i], X_OK) == 0)
			return plan->shell[i];
	return plan->shell[SHELL_LAST];
}

static int write_context(const struct plan *plan, struct diag *d)
{
	cleanup_close int fd = openat(plan->cred.proc, "self/attr/exec", O_WRONLY | O_CLOEXEC);

	if (fd < 0 || file_write_once(fd, plan->context, strlen(plan->context)) < 0)
		return diag_fail(d, plan->context, "set the SELinux context");
	return 0;
}

int inside_exec(const struct plan *plan, int gate, struct diag *d)
{
	char *shell_argv[2] = { NULL, NULL };
	char *const *argv = plan->argv;

	if (plan->pty && pty_take(plan->pty, d) < 0)
		return -1;
	if (!argv) {
		shell_argv[0] = (char *)(uintptr_t)find_shell(plan);
		argv = shell_argv;
	}
	if (plan->context && write_context(plan, d) < 0)
		return -1;
	if (close_others(&plan->close, d) < 0)
		return -1;
	if (plan->ignore_chld)
		signal(SIGCHLD, SIG_IGN);
	sigprocmask(SIG_SETMASK, &plan->mask, NULL);
	return run_exec(argv[0], argv, plan->env, &(struct run_guard){
		.tool = plan->guard, .gate = gate,
		.errors = plan->pty && plan->pty->errors >= 0 ? plan->pty->errors : STDERR_FILENO,
	}, d);
}
