/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mirror.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cleanup.h"
#include "diag.h"
#include "file.h"
#include "kernel.h"
#include "procdir.h"
#include "status.h"
#include "pty.h"
#include "tree.h"

/* What is passed on, and what each does to a program that has no handler for it. */
static const struct {
	int sig;
	enum action { ACTION_NONE, ACTION_END, ACTION_STOP } action;
	bool terminal; /* the kernel sends it to a whole foreground group */
} passed[] = {
	{ SIGHUP, ACTION_END, true },	{ SIGINT, ACTION_END, true },
	{ SIGQUIT, ACTION_END, true },	{ SIGTERM, ACTION_END, false },
	{ SIGUSR1, ACTION_END, false }, { SIGUSR2, ACTION_END, false },
	{ SIGALRM, ACTION_END, false }, { SIGWINCH, ACTION_NONE, true },
	{ SIGCONT, ACTION_NONE, true }, { SIGTSTP, ACTION_STOP, true },
	{ SIGTTIN, ACTION_STOP, true }, { SIGTTOU, ACTION_STOP, true },
};

#define N_PASSED ((int)(sizeof(passed) / sizeof(*passed)))

/* Those, and the news of children. */
static void waited_for(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGCHLD);
	for (int i = 0; i < N_PASSED; i++)
		sigaddset(set, passed[i].sig);
}

static int find(int sig)
{
	int i = 0;

	while (i < N_PASSED && passed[i].sig != sig)
		i++;
	return i;
}

void mirror_take_over(sigset_t *mask, bool *ignored_chld)
{
	struct sigaction old;

	sigprocmask(SIG_SETMASK, NULL, mask);
	sigaction(SIGCHLD, NULL, &old);
	*ignored_chld = old.sa_handler == SIG_IGN;
	if (*ignored_chld || (old.sa_flags & SA_NOCLDWAIT))
		signal(SIGCHLD, SIG_DFL);
}

/* SIGPIPE waits for ever: who writes to a pipe of the user's looks at EPIPE. */
void mirror_block(void)
{
	sigset_t set;

	waited_for(&set);
	sigaddset(&set, SIGPIPE);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

static bool ignored_here(int sig)
{
	struct sigaction action;

	return sigaction(sig, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

/* "SigCgt:\t0000000000004002": does the set of that name in TEXT have SIG? */
static bool in_set(const char *text, const char *name, int sig)
{
	uint64_t set;

	return status_number(status_line(text, name), 16, &set) && (set >> (sig - 1) & 1);
}

/* Has the program caught, ignored or blocked it, so that its default action does not come? */
static bool has_disposition(int pidfd, int sig)
{
	cleanup_free char *text = NULL;
	char path[32];
	struct diag ignored;
	pid_t number;

	if (procdir_number(pidfd, &number, &ignored) < 0)
		return true;
	snprintf(path, sizeof(path), "/proc/%d/status", (int)number);
	text = status_read(path);
	return !text || in_set(text, "SigCgt", sig) || in_set(text, "SigIgn", sig) ||
	       in_set(text, "SigBlk", sig);
}

static void kill_child(const struct mirror *m)
{
	if (m->alone)
		kill(m->pid, SIGKILL);
	else
		tree_kill(m->pid);
}

static void act_from_outside(struct mirror *m, enum action action, int sig)
{
	if (action == ACTION_END) {
		m->killed_for = sig;
		if (m->started)
			kernel_pidfd_send_signal(m->pidfd, SIGKILL);
		else
			kill_child(m);
	} else if (action == ACTION_STOP) {
		m->stopped_for = sig;
		kernel_pidfd_send_signal(m->pidfd, SIGSTOP);
	}
}

/* An init of ours does the same to the program. */
static void stop_session(struct mirror *m, int sig)
{
	m->stopped_for = sig;
	kernel_pidfd_send_signal(m->pidfd, m->has_init ? sig : SIGSTOP);
}

/*
 * Has the kernel sent it to the child, too? When the terminal goes away, only
 * the leader of its session is told.
 */
static bool reached_child(const struct mirror *m, int i, bool from_terminal)
{
	if (!from_terminal || !passed[i].terminal || getpgid(m->pid) != getpgrp())
		return false;
	return passed[i].sig != SIGHUP || getsid(0) != getpid();
}

/*
 * While the program is not there yet, a signal that would end it ends the
 * launch: the child has signals blocked, and a PID 1 would then lose them. A
 * PID 1 that runs ignores what it has no handler for.
 */
static void pass_on(struct mirror *m, int sig, bool from_terminal)
{
	int i = find(sig);

	if (!m->started) {
		if (!ignored_here(sig))
			act_from_outside(m, passed[i].action, sig);
		if (sig == SIGCONT)
			kernel_pidfd_send_signal(m->pidfd, sig);
		return;
	}
	/* A session of its own has nobody who would continue it, so that only STOP stops it. */
	if (m->pty && passed[i].action == ACTION_STOP) {
		if (!ignored_here(sig))
			stop_session(m, sig);
		return;
	}
	if (!reached_child(m, i, from_terminal))
		kernel_pidfd_send_signal(m->pidfd, sig);
	if (m->bare_init && passed[i].action != ACTION_NONE && !has_disposition(m->pidfd, sig))
		act_from_outside(m, passed[i].action, sig);
}

static void die_by(int sig)
{
	sigset_t one;

	/* No core: the program has left one, if it is to be had. */
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	sigemptyset(&one);
	sigaddset(&one, sig);
	signal(sig, SIG_DFL);
	kill(getpid(), sig);
	sigprocmask(SIG_UNBLOCK, &one, NULL);
}

static void die_tidy(const struct mirror *m, int sig)
{
	if (m->pty)
		pty_hang_up(m->pty);
	die_by(sig);
}

/* Not passed on: what was meant for us alone acts on us; the terminal meant the program, too. */
static void take(struct mirror *m, int sig, bool from_terminal)
{
	int i = find(sig);

	/* Who continues us means what was stopped with us, too. */
	if (sig == SIGCONT && m->child_stopped) {
		m->child_stopped = false;
		kernel_pidfd_send_signal(m->pidfd, SIGCONT);
	}
	if (from_terminal || ignored_here(sig))
		return;
	if (m->outlasts && (sig == SIGINT || sig == SIGTERM))
		return;
	if (passed[i].action == ACTION_END)
		die_tidy(m, sig);
	else if (passed[i].action == ACTION_STOP)
		mirror_stop(m, sig);
}

/* True: there is no more to it. */
static bool handle_for_pty(struct mirror *m, int sig)
{
	int i = find(sig);

	if (sig == SIGWINCH)
		pty_resize(m->pty);
	if (sig == SIGCONT)
		pty_resume(m->pty);
	/* The program has ended; what it has shown is not waited for any longer. */
	if (m->ended && i < N_PASSED && passed[i].action == ACTION_END && !ignored_here(sig))
		pty_hang_up(m->pty);
	/* What would end us in any other case ends us now; the rest does nothing. */
	if (i == N_PASSED && sig != SIGPIPE && sig != SIGURG && !ignored_here(sig))
		die_tidy(m, sig);
	return sig == SIGWINCH || i == N_PASSED || m->ended;
}

static void handle(struct mirror *m, int sig, int code)
{
	bool from_terminal = code == SI_KERNEL;

	if (sig == SIGCHLD || (m->pty && handle_for_pty(m, sig)))
		return;
	/*
	 * A launch that is ended half-way is taken back first. A program with a
	 * terminal of its own hears nothing of ours but from us.
	 */
	if (m->forward || !m->started || (m->pty && from_terminal))
		pass_on(m, sig, from_terminal);
	else
		take(m, sig, from_terminal);
}

/* Where nobody would continue us, we have not been stopped: nor shall the program be. */
static void go_on(struct mirror *m)
{
	sigset_t waiting;

	if (sigpending(&waiting) == 0 && !sigismember(&waiting, SIGCONT))
		kernel_pidfd_send_signal(m->pidfd, SIGCONT);
}

void mirror_stop(struct mirror *m, int sig)
{
	sigset_t one;

	if (sig == SIGSTOP && m->stopped_for)
		sig = m->stopped_for;
	m->stopped_for = 0;
	if (m->pty)
		pty_restore(m->pty);
	sigemptyset(&one);
	sigaddset(&one, sig);
	kill(getpid(), sig);
	sigprocmask(SIG_UNBLOCK, &one, NULL);
	sigprocmask(SIG_BLOCK, &one, NULL);
	if (m->pty)
		go_on(m);
}

/*
 * As run_wait(). Only until the child is reaped can it be seen whether it had
 * executed the program, so that is looked at first.
 */
static int wait_for_change(struct mirror *m, struct change *c)
{
	const int options = WSTOPPED | WNOHANG;

	if (!m->started) {
		if (run_wait(m->pid, options | WNOWAIT, c) < 0)
			return -1;
		if (c->what == CHANGE_NONE)
			return 0;
		if (c->what == CHANGE_ENDED)
			m->ended_before_exec = !procdir_has_executed(m->pidfd);
	}
	return run_wait(m->pid, options, c);
}

/* All that SIGCHLD has told of, which may be more or less than one thing. True: it has ended. */
static bool look(struct mirror *m)
{
	struct change c;

	while (!m->ended) {
		if (wait_for_change(m, &c) < 0) {
			/* Somebody else has reaped it: there is no status to be had. */
			c.what = CHANGE_ENDED;
			c.ended.status = EXIT_OWN_FAILURE;
		}
		if (c.what == CHANGE_NONE)
			break;
		if (c.what == CHANGE_STOPPED) {
			m->child_stopped = true;
			mirror_stop(m, c.stopped);
			continue;
		}
		m->ended = true;
		m->end = c.ended;
		if (m->end.signal == SIGKILL && m->killed_for)
			m->end.signal = m->killed_for;
	}
	return m->ended;
}

static void read_signals(struct mirror *m)
{
	struct signalfd_siginfo info;

	while (read(m->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
		handle(m, (int)info.ssi_signo, info.ssi_code);
}

/* A terminal that we have made raw must not be left so, whatever ends us. */
static void block_all(sigset_t *set)
{
	static const int faults[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT };

	sigfillset(set);
	for (size_t i = 0; i < sizeof(faults) / sizeof(*faults); i++)
		sigdelset(set, faults[i]);
	sigprocmask(SIG_BLOCK, set, NULL);
}

int mirror_open(struct mirror *m, struct diag *d)
{
	sigset_t set;

	waited_for(&set);
	if (m->pty)
		block_all(&set);
	m->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return m->signal_fd < 0 ? diag_fail(d, NULL, "signalfd") : 0;
}

void mirror_start(struct mirror *m)
{
	m->started = true;
	if (m->pty)
		pty_start(m->pty);
}

/* Once around. True: FD, if it is not -1, can be read. */
static bool attend(struct mirror *m, int fd)
{
	struct pollfd fds[2 + PTY_POLLED] = {
		{ .fd = fd, .events = POLLIN },
		{ .fd = m->signal_fd, .events = POLLIN },
	};
	int timeout = m->pty ? pty_poll(m->pty, fds + 2) : -1;

	if (poll(fds, m->pty ? 2 + PTY_POLLED : 2, timeout) < 0)
		return false;
	if (m->pty)
		pty_relay(m->pty, fds + 2);
	if (fds[0].revents)
		return true;
	read_signals(m);
	return false;
}

int mirror_wait_fd(struct mirror *m, int fd)
{
	/* It may have ended while another descriptor was waited for: then no signal comes any more. */
	while (!m->ended) {
		if (attend(m, fd))
			return 1;
		look(m);
	}
	return 0;
}

static void wait_end_of_pty(struct mirror *m)
{
	while (!m->ended) {
		attend(m, -1);
		look(m);
	}
	while (m->started && pty_has_more(m->pty))
		attend(m, -1);
	pty_hang_up(m->pty);
}

void mirror_wait_end(struct mirror *m)
{
	siginfo_t info;
	sigset_t set;

	if (m->pty) {
		wait_end_of_pty(m);
		return;
	}
	/* SIGCHLD has been blocked since before the child: it waits for who has not looked yet. */
	waited_for(&set);
	while (!m->ended) {
		if (sigwaitinfo(&set, &info) < 0)
			continue;
		handle(m, info.si_signo, info.si_code);
		look(m);
	}
}

void mirror_kill(struct mirror *m)
{
	if (m->ended || m->pid <= 0)
		return;
	kill_child(m);
	m->ended = run_wait_end(m->pid, &m->end) == 0;
}

int mirror_tell_lost(const struct mirror *m, struct diag *d)
{
	if (m->end.signal)
		return diag_set(d, 0, NULL, "the child was killed by signal %d (%s) before the program started",
				m->end.signal, strsignal(m->end.signal));
	return diag_set(d, 0, NULL, "the child ended before the program started");
}

int mirror_check_output(const struct mirror *m, struct diag *d)
{
	return m->pty && m->pty->lost ? diag_set(d, m->pty->lost, NULL, "write the program's output") : 0;
}

void mirror_end(const struct ended *e)
{
	if (e->signal)
		die_by(e->signal);
	_exit(e->signal ? 128 + e->signal : e->status);
}
