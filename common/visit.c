/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "visit.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cleanup.h"
#include "diag.h"
#include "kernel.h"
#include "run.h"
#include "untraceable.h"

static void __attribute__((noreturn)) run_visitor(int line, int (*enter)(void *), void *arg)
{
	struct diag ignored;
	signed char answer = -1;
	char c;

	if (untraceable(&ignored) == 0)
		answer = (signed char)enter(arg);
	if (send(line, &answer, 1, MSG_NOSIGNAL) == 1)
		while (read(line, &c, 1) < 0 && errno == EINTR)
			;
	_exit(0);
}

/* The answer, or -1 with errno. */
static int hear(int line, int *patience)
{
	struct pollfd fd = { .fd = line, .events = POLLIN };
	signed char answer;
	ssize_t n;
	int ready;

	do {
		ready = poll(&fd, 1, *patience);
	} while (ready < 0 && errno == EINTR);
	if (ready == 0) {
		*patience = 0;
		errno = ETIMEDOUT;
	}
	if (ready <= 0)
		return -1;
	n = recv(line, &answer, 1, MSG_DONTWAIT);
	if (n == 1 && answer >= 0)
		return answer;
	errno = n == 1 ? EPERM : ECHILD;
	return -1;
}

int visit_start(struct visitor *v, int (*enter)(void *arg), void *arg, int *patience)
{
	const struct spawn_args plain = { .cgroup_fd = -1 };
	int line[2], ret;

	if (!*patience) {
		errno = ETIMEDOUT;
		return -1;
	}
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, line) < 0)
		return -1;
	ret = spawn_fork(&plain, &v->child);
	if (ret > 0) {
		close(line[0]);
		run_visitor(line[1], enter, arg);
	}
	cleanup_close_fd(&line[1]);
	v->line = line[0];
	if (ret < 0) {
		cleanup_close_fd(&v->line);
		return -1;
	}
	ret = hear(v->line, patience);
	if (ret < 0)
		visit_end(v);
	return ret;
}

void visit_end(struct visitor *v)
{
	const int err = errno;
	struct ended e;

	/* It ends at the end of the line, too, if nobody has stopped it. */
	cleanup_close_fd(&v->line);
	if (kernel_pidfd_send_signal(v->child.pidfd, SIGKILL) < 0)
		kill(v->child.pid, SIGKILL);
	run_wait_end(v->child.pid, &e);
	cleanup_close_fd(&v->child.pidfd);
	errno = err;
}

int visit(int (*enter)(void *arg), void *arg)
{
	int patience = VISIT_PATIENCE_MS;
	struct visitor v;
	int answer = visit_start(&v, enter, arg, &patience);

	if (answer >= 0)
		visit_end(&v);
	return answer;
}
