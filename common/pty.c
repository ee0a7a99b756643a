/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pty.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "cleanup.h"
#include "diag.h"
#include "kernel.h"

/* In which order they are polled. */
enum { IN, MASTER, OUT };

/* Milliseconds until we look again for what the kernel does not tell of. */
enum { PAUSE = 100 };

/* What the kernel holds back for a terminal is far less; others may go on writing for ever. */
enum { DRAIN = 65536 };

static const char own_fds[] = "/proc/self/fd";

static bool is_empty(const struct pty_flow *flow)
{
	return flow->from == flow->to;
}

/*
 * A description of our own of what FD is, if it is something that can block: a
 * terminal, a pipe. poll(2) tells that something can be read or written, not
 * how much, nor that nobody else will be faster.
 */
static int reopen(int fd, int mode)
{
	int flags = fcntl(fd, F_GETFL), own = -1;
	char path[32];
	struct stat st;

	if (flags < 0 || ((flags & O_ACCMODE) != mode && (flags & O_ACCMODE) != O_RDWR))
		return fd;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (fstat(fd, &st) == 0 && (S_ISFIFO(st.st_mode) || isatty(fd)))
		own = open(path, mode | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	return own < 0 ? fd : own;
}

void pty_look(struct pty *p)
{
	*p = (struct pty){ .master = -1, .slave = -1, .terminal = -1 };
	p->fds = open(own_fds, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (p->fds < 0)
		p->fds = -errno;
	for (int fd = 0; fd < 3 && p->terminal < 0; fd++)
		if (tcgetattr(fd, &p->saved) == 0)
			p->terminal = fd;
	p->typed = p->terminal == STDIN_FILENO;
	p->in = reopen(STDIN_FILENO, O_RDONLY);
	p->out = reopen(STDOUT_FILENO, O_WRONLY);
	p->errors = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
}

/* The file that HELD is, opened: by our own /proc, and not by a name that may be another's by now. */
static int open_held(const struct pty *p, int held)
{
	const int flags = O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	char number[16];

	snprintf(number, sizeof(number), "%d", held);
	return openat(p->fds, number, flags);
}

/*
 * What has the name may be an enemy's, and the mere opening of some devices does
 * something. So it is held first, looked at, and only then opened.
 */
static int open_master(const struct pty *p, const char *ptmx, struct diag *d)
{
	cleanup_close int held = open(ptmx, O_PATH | O_CLOEXEC);
	cleanup_close int fd = -1;
	struct stat st;

	if (held < 0 || fstat(held, &st) < 0)
		return diag_fail(d, ptmx, "open a pseudo-terminal");
	if (!S_ISCHR(st.st_mode) || st.st_rdev != makedev(5, 2))
		return diag_set(d, 0, ptmx, "not the device that makes pseudo-terminals");
	if (p->fds < 0) {
		errno = -p->fds;
		return diag_fail(d, own_fds, "open a pseudo-terminal");
	}
	fd = open_held(p, held);
	if (fd >= 0)
		return steal_fd(&fd);
	diag_fail(d, ptmx, "open a pseudo-terminal");
	return d->err != ENOSPC ? -1 :
	       diag_hint(d, "no more are to be had: /proc/sys/kernel/pty/max, or the mount option max of this devpts");
}

/*
 * The caller's settings; but no echo, where that would only double what does
 * not come from a keyboard.
 */
static int settle(const struct pty *p, int slave, struct diag *d)
{
	struct termios settings = p->saved;

	if (p->terminal < 0 && tcgetattr(slave, &settings) < 0)
		return diag_fail(d, NULL, "look at the pseudo-terminal");
	if (!p->typed)
		settings.c_lflag &= ~(tcflag_t)ECHO;
	if (tcsetattr(slave, TCSANOW, &settings) < 0)
		return diag_fail(d, NULL, "set up the pseudo-terminal");
	return 0;
}

static void let_go(struct pty *p)
{
	cleanup_close_fd(&p->master);
	cleanup_close_fd(&p->slave);
	p->master = p->slave = -1;
}

int pty_open(struct pty *p, const char *ptmx, struct diag *d)
{
	cleanup_close int master = open_master(p, ptmx, d), slave = -1;
	int unlocked = 0;

	if (master < 0)
		return -1;
	/* The other end by the descriptor: a name in /dev/pts may be anything. */
	if (ioctl(master, TIOCSPTLCK, &unlocked) == 0)
		slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave < 0)
		return diag_fail(d, ptmx, "open the other end of a pseudo-terminal");
	if (settle(p, slave, d) < 0)
		return -1;
	let_go(p);
	p->master = steal_fd(&master);
	p->slave = steal_fd(&slave);
	pty_resize(p);
	return 0;
}

int pty_take(const struct pty *p, struct diag *d)
{
	if (setsid() < 0)
		return diag_fail(d, NULL, "start a session");
	if (ioctl(p->slave, TIOCSCTTY, 0) < 0)
		return diag_fail(d, NULL, "take the pseudo-terminal");
	for (int fd = 0; fd < 3; fd++)
		if (dup2(p->slave, fd) < 0)
			return diag_fail(d, NULL, "take the pseudo-terminal");
	return 0;
}

/* ENOTTY: not that of our session, so that there are no jobs. */
static bool in_foreground(const struct pty *p)
{
	pid_t group = tcgetpgrp(p->terminal);

	return group < 0 ? errno == ENOTTY : group == getpgrp();
}

void pty_restore(struct pty *p)
{
	/* In the background it is somebody else's by now. */
	if (p->raw && in_foreground(p))
		tcsetattr(p->terminal, TCSANOW, &p->saved);
	p->raw = false;
}

void pty_resume(struct pty *p)
{
	struct termios raw;

	if (!p->running || !p->typed || p->master < 0 || !in_foreground(p))
		return;
	/* It may have been set up anew meanwhile. */
	if (!p->raw && tcgetattr(p->terminal, &p->saved) < 0)
		return;
	raw = p->saved;
	cfmakeraw(&raw);
	/* What others show on it is not ready-made. */
	if (!isatty(STDOUT_FILENO))
		raw.c_oflag = p->saved.c_oflag;
	p->raw = tcsetattr(p->terminal, TCSANOW, &raw) == 0;
	pty_resize(p);
}

void pty_resize(const struct pty *p)
{
	struct winsize size;

	if (p->terminal >= 0 && p->master >= 0 && ioctl(p->terminal, TIOCGWINSZ, &size) == 0)
		ioctl(p->master, TIOCSWINSZ, &size);
}

void pty_start(struct pty *p)
{
	p->running = true;
	pty_resize(p);
	pty_resume(p);
}

void pty_hang_up(struct pty *p)
{
	pty_restore(p);
	let_go(p);
	p->in_ended = true;
	p->typing.from = p->typing.to = 0;
	p->showing.from = p->showing.to = 0;
}

/* How much: 0 if there is nothing now, -1 at the end or on failure. FLOW is empty. */
static ssize_t fill(struct pty_flow *flow, int fd)
{
	ssize_t n = read(fd, flow->text, sizeof(flow->text));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0)
		return -1;
	flow->from = 0;
	flow->to = (size_t)n;
	return n;
}

static int spill(struct pty_flow *flow, int fd)
{
	ssize_t n = write(fd, flow->text + flow->from, flow->to - flow->from);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -1;
	flow->from += (size_t)n;
	return 0;
}

static void read_input(struct pty *p, bool gone)
{
	if (p->typed && gone) {
		pty_hang_up(p);
		return;
	}
	/* In the background there is nothing to be read, and trying is an error. */
	if (p->typed && !in_foreground(p)) {
		p->raw = false;
		return;
	}
	if (fill(&p->typing, p->in) < 0)
		p->in_ended = true;
}

static void read_output(struct pty *p)
{
	/* Hung up from inside, vhangup(2), until somebody opens it again. */
	p->quiet = fill(&p->showing, p->master) < 0;
}

/* With nobody to read it, a program finds out by SIGPIPE; one with a terminal, by SIGHUP. */
static void write_output(struct pty *p)
{
	if (spill(&p->showing, p->out) == 0)
		return;
	/* It was closed to begin with. */
	if (errno == EBADF) {
		p->showing.from = p->showing.to;
		return;
	}
	p->lost = errno;
	pty_hang_up(p);
}

static void type(struct pty *p, char c)
{
	p->typing.text[p->typing.to++] = c;
}

static bool is_unread(const struct pty *p)
{
	struct pollfd inside = { .fd = p->slave, .events = POLLIN };

	return poll(&inside, 1, 0) > 0;
}

/*
 * The input has ended, and all of it is typed. A terminal knows no end of file,
 * only a character that stands for it, at the beginning of a line, for one
 * read, in canonical mode: so it is typed again when it has been read. Who
 * reads single characters may know it, too, and gets it once.
 */
static void type_end(struct pty *p)
{
	bool in_line = p->typing.to && p->typing.text[p->typing.to - 1] != '\n';
	struct termios settings;
	bool canonical;
	char end;

	if (tcgetattr(p->slave, &settings) < 0)
		return;
	canonical = settings.c_lflag & ICANON;
	end = (char)settings.c_cc[VEOF];
	if (end == _POSIX_VDISABLE || (p->end_typed == END_AS_CHARACTER && !canonical) ||
	    ((p->end_typed || !canonical) && is_unread(p)))
		return;
	p->typing.from = p->typing.to = 0;
	if (!p->end_typed && in_line)
		type(p, end);
	type(p, end);
	p->end_typed = canonical ? END_OF_FILE : END_AS_CHARACTER;
	spill(&p->typing, p->master);
}

static void poll_caller(struct pty *p, struct pollfd *fd)
{
	bool wanted = is_empty(&p->typing) && (p->raw || !p->typed);

	/* That the terminal has gone is told of always. */
	if (!p->in_ended && (wanted || p->typed))
		*fd = (struct pollfd){ .fd = p->in, .events = wanted ? POLLIN : 0 };
}

static void poll_program(const struct pty *p, struct pollfd *fd)
{
	fd->events |= is_empty(&p->showing) ? POLLIN : 0;
	fd->events |= is_empty(&p->typing) ? 0 : POLLOUT;
	if (fd->events)
		fd->fd = p->master;
}

int pty_poll(struct pty *p, struct pollfd *fds)
{
	bool pause = false;

	for (int i = 0; i < PTY_POLLED; i++)
		fds[i] = (struct pollfd){ .fd = -1 };
	if (!p->running)
		return -1;
	if (!is_empty(&p->showing))
		fds[OUT] = (struct pollfd){ .fd = p->out, .events = POLLOUT };
	if (p->draining || p->master < 0)
		return -1;
	if (p->typed && !p->raw) {
		/* A shell may bring us to the foreground without a word. */
		pty_resume(p);
		pause = !p->raw;
	}
	if (p->in_ended && is_empty(&p->typing)) {
		type_end(p);
		pause = true;
	}
	poll_caller(p, &fds[IN]);
	if (!p->quiet)
		poll_program(p, &fds[MASTER]);
	pause |= p->quiet;
	p->quiet = false;
	return pause ? PAUSE : -1;
}

void pty_relay(struct pty *p, const struct pollfd *fds)
{
	if (fds[OUT].revents)
		write_output(p);
	if (fds[IN].revents && p->master >= 0)
		read_input(p, fds[IN].revents & (POLLHUP | POLLERR));
	if (!fds[MASTER].revents || p->master < 0)
		return;
	if (is_empty(&p->showing))
		read_output(p);
	/* What nobody can get any more is not kept. */
	if (!is_empty(&p->typing) && spill(&p->typing, p->master) < 0)
		p->typing.from = p->typing.to;
}

bool pty_has_more(struct pty *p)
{
	ssize_t n;

	if (!p->draining)
		p->drain = DRAIN;
	p->draining = true;
	while (is_empty(&p->showing) && p->master >= 0 && p->drain > 0) {
		n = fill(&p->showing, p->master);
		if (n <= 0)
			return false;
		p->drain -= (size_t)n < p->drain ? (size_t)n : p->drain;
	}
	return !is_empty(&p->showing);
}
