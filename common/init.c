/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "init.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cred.h"
#include "diag.h"
#include "gate.h"
#include "inside.h"
#include "kernel.h"
#include "lastwords.h"
#include "plan.h"
#include "run.h"
#include "spawn.h"
#include "untraceable.h"

/* The program in the making. */
struct program {
	const struct plan *plan;
	struct gate gate; /* to the trampoline; with plan->guard only */
};

static void program_main(void *arg, struct diag *report)
{
	const struct program *program = arg;

	lastwords_prepare(-1, report);
	if (cred_apply(&program->plan->cred, report) == 0)
		inside_exec(program->plan, program->gate.child, report);
	_exit(report->status);
}

/* PID has executed the trampoline. Has that executed the program? 0 if so, or -1 with *d set. */
static int see_exec(struct gate *gate, pid_t pid, struct diag *d)
{
	struct gate_note note;
	struct ended e;

	gate_keep_parent(gate);
	if (gate_hear(gate->parent, &note) < 0)
		return diag_fail(d, NULL, "hear from the program");
	gate_close(gate);
	if (note.word != GATE_UNEXECUTED)
		return 0;
	if (run_wait_end(pid, &e) < 0)
		return diag_fail(d, NULL, "wait for the program");
	return diag_told(d, e.signal ? 128 + e.signal : e.status);
}

static int start_program(const struct plan *plan, pid_t *pid, struct diag *d)
{
	struct spawn_args plain = { .cgroup_fd = -1 };
	struct program program = { plan, { -1, -1 } };
	struct spawned child;

	if (plan->guard && gate_open(&program.gate, d) < 0)
		return -1;
	if (spawn_vfork(&plain, program_main, &program, d, &child) < 0)
		return diag_fail(d, NULL, "start the program under init");
	*pid = child.pid;
	if (d->status)
		return -1;
	return plan->guard ? see_exec(&program.gate, child.pid, d) : 0;
}

/* What is left open here would keep pipes from ending. */
static void let_go(int gate)
{
	int end = getdtablesize();

	if ((gate == 0 || kernel_close_range(0, (unsigned int)gate - 1, 0) == 0) &&
	    kernel_close_range((unsigned int)gate + 1, ~0U, 0) == 0)
		return;
	/* Before Linux 5.9. */
	for (int fd = 0; fd < end; fd++)
		if (fd != gate)
			close(fd);
}

/* Everything that has ended or stopped; one SIGCHLD may stand for many. */
static void reap(pid_t program, int gate)
{
	struct change c;

	while (run_wait(0, WSTOPPED | WNOHANG, &c) == 0 && c.pid) {
		struct gate_note note = { .number = c.stopped, .ended = c.ended };

		if (c.pid != program || c.what == CHANGE_NONE)
			continue;
		note.word = c.what == CHANGE_ENDED ? GATE_ENDED : GATE_STOPPED;
		gate_say_note(gate, &note);
		if (c.what == CHANGE_ENDED)
			_exit(c.ended.signal ? 128 + c.ended.signal : c.ended.status);
	}
}

static bool is_stop(int sig)
{
	return sig == SIGTSTP || sig == SIGTTIN || sig == SIGTTOU;
}

/* What the terminal sent to our whole group has reached the program, too. */
static void pass_on(const struct plan *plan, pid_t program, const siginfo_t *info)
{
	/* See mirror.c. The size of a window is that of the caller's. */
	if (plan->pty && is_stop(info->si_signo))
		kill(program, SIGSTOP);
	else if (plan->pty && info->si_signo == SIGWINCH)
		return;
	else if (info->si_code != SI_KERNEL || info->si_signo == SIGALRM ||
	    getpgid(program) != getpgrp())
		kill(program, info->si_signo);
}

int init_run(const struct plan *plan, int gate, struct diag *d)
{
	siginfo_t info;
	sigset_t all;
	pid_t program = 0;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	/* The program may be root in here: our executable is none of its business. */
	if (untraceable_again(d) < 0 || start_program(plan, &program, d) < 0)
		return -1;
	/* The program's process changed its credentials in our memory. */
	if (untraceable_again(d) < 0)
		return -1;
	/* Not to be known of is not to run; the program goes with us. */
	if (gate_say(gate, GATE_RUNNING) < 0)
		_exit(EXIT_OWN_FAILURE);
	let_go(gate);
	for (;;) {
		reap(program, gate);
		if (sigwaitinfo(&all, &info) > 0 && info.si_signo != SIGCHLD)
			pass_on(plan, program, &info);
	}
}
