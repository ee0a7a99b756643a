/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gate.h"

#include <errno.h>
#include <signal.h>
#include <poll.h>
#include <sys/socket.h>

#include "cleanup.h"
#include "diag.h"

int gate_open(struct gate *gate, struct diag *d)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return diag_fail(d, NULL, "make a pair of sockets");
	gate->parent = ends[0];
	gate->child = ends[1];
	return 0;
}

static void close_end(int *end)
{
	cleanup_close_fd(end);
	*end = -1;
}

void gate_keep_parent(struct gate *gate)
{
	close_end(&gate->child);
}

void gate_keep_child(struct gate *gate)
{
	close_end(&gate->parent);
}

void gate_close(struct gate *gate)
{
	close_end(&gate->parent);
	close_end(&gate->child);
}

/* A note is as long as its word needs. */
static size_t note_size(enum gate_word word)
{
	return word == GATE_FAILED || word == GATE_AGAIN ? sizeof(struct gate_note) : GATE_SHORT_NOTE;
}

/* The other side waits for what it will not hear: it reads an end of file instead. Keeps errno. */
static void break_off(int end)
{
	int keep = errno;

	shutdown(end, SHUT_WR);
	errno = keep;
}

int gate_say_note(int end, const struct gate_note *note)
{
	ssize_t n;

	do
		n = send(end, note, note_size(note->word), MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	if (n >= 0)
		return 0;
	break_off(end);
	return -1;
}

int gate_say(int end, enum gate_word word)
{
	return gate_say_note(end, &(struct gate_note){ .word = word });
}

static bool is_stop(int sig)
{
	return sig == SIGSTOP || sig == SIGTSTP || sig == SIGTTIN || sig == SIGTTOU;
}

/* Is it a note that a gate_say_note() of ours could have sent? */
static bool is_sound(const struct gate_note *note)
{
	const struct ended *e = &note->ended;

	return (unsigned int)note->word <= GATE_FAILED && e->signal >= 0 &&
	       e->signal < NSIG && e->status >= 0 && e->status <= 255 &&
	       (note->word != GATE_STOPPED || is_stop(note->number));
}

int gate_hear(int end, struct gate_note *note)
{
	ssize_t n;

	*note = (struct gate_note){ .word = GATE_CLOSED };
	do
		n = recv(end, note, sizeof(*note), MSG_TRUNC);
	while (n < 0 && errno == EINTR);
	/* The sender may be under the control of somebody else by now. */
	if (n <= 0 || (size_t)n != note_size(note->word) || !is_sound(note))
		*note = (struct gate_note){ .word = GATE_CLOSED };
	diag_bound(&note->diag);
	return n < 0 && errno != ECONNRESET ? -1 : 0;
}

/* A peer that has only shut down its sending side is no hang-up. */
bool gate_is_broken(int end)
{
	struct pollfd fd = { .fd = end, .events = POLLIN };

	return poll(&fd, 1, 0) == 1 && !(fd.revents & POLLHUP);
}
