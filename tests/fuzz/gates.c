// SPDX-License-Identifier: GPL-2.0-or-later
/* Notes at a gate, from a sender who means no good: common/gate.h. */
#include "models.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "diag.h"
#include "gate.h"

/* Room for what is longer than any note. */
union packet {
	struct gate_note note;
	unsigned char byte[sizeof(struct gate_note) + 64];
};

static bool has_diag(int word)
{
	return word == GATE_FAILED || word == GATE_AGAIN;
}

static int choose_number(void)
{
	static const int numbers[] = { 0, 1, 9, SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU, 64, 65, 125, 255, 256, -1 };

	return one_in(8) ? (int)choose_bits() : numbers[choose(COUNT(numbers))];
}

/* *len bytes. */
static void make_packet(union packet *p, size_t *len)
{
	struct gate_note *note = &p->note;
	bool fair = !one_in(4);

	memset(p, 0, sizeof(*p));
	for (size_t i = 0; i < sizeof(*p) && !fair; i++)
		p->byte[i] = one_in(8) ? choose_byte() : 'x';
	note->word = (enum gate_word)(one_in(16) ? choose_bits() : choose(GATE_FAILED + 2));
	note->number = fair && one_in(2) ? SIGSTOP : choose_number();
	note->ended.signal = fair ? (int)choose(32) : choose_number();
	note->ended.status = fair ? (int)choose(256) : choose_number();
	*len = has_diag((int)note->word) ? sizeof(*note) : offsetof(struct gate_note, diag);
	if (one_in(6))
		*len = choose(sizeof(*p) + 1);
}

/* Does the word come through? */
static bool model_packet(const union packet *p, size_t len)
{
	int word, number, sig, status;

	if (len < offsetof(struct gate_note, diag))
		return false;
	memcpy(&word, &p->note.word, sizeof(word));
	memcpy(&number, &p->note.number, sizeof(number));
	memcpy(&sig, &p->note.ended.signal, sizeof(sig));
	memcpy(&status, &p->note.ended.status, sizeof(status));
	if (word <= 0 || word > GATE_FAILED || sig < 0 || sig > 64 || status < 0 || status > 255)
		return false;
	if (word == GATE_STOPPED && number != SIGSTOP && number != SIGTSTP &&
	    number != SIGTTIN && number != SIGTTOU)
		return false;
	if (broken() && word == GATE_GO)
		return false;
	return len == (has_diag(word) ? sizeof(p->note) : offsetof(struct gate_note, diag));
}

static void check_bounds(const char *input, const struct gate_note *note)
{
	const struct diag *d = &note->diag;
	unsigned char usage;

	memcpy(&usage, &d->usage, 1);
	if (!memchr(d->what, '\0', sizeof(d->what)) || !memchr(d->path, '\0', sizeof(d->path)) ||
	    !memchr(d->hint, '\0', sizeof(d->hint)))
		differ(input, "a string without an end", "strings that end");
	if (usage > 1 || d->status < 1 || d->status > 255)
		differ(input, "a strange truth or status", "true or false, and 1 to 255");
}

static void say_packet(char *text, size_t size, const union packet *p, size_t len)
{
	snprintf(text, size, "word %d, number %d, ended (%d, %d), %zu bytes", (int)p->note.word,
		 p->note.number, p->note.ended.signal, p->note.ended.status, len);
}

bool round_gate(void)
{
	struct gate_note note;
	struct gate gate;
	struct diag d = { 0 };
	union packet p;
	char input[120], got[40], want[40];
	size_t len;

	make_packet(&p, &len);
	say_packet(input, sizeof(input), &p, len);
	if (gate_open(&gate, &d) < 0)
		differ(input, d.what, "a gate");
	/* Nobody waits for what is not sent. */
	if (send(gate.child, &p, len, MSG_NOSIGNAL) != (ssize_t)len)
		differ(input, "cannot be sent", "sent");
	gate_keep_parent(&gate);
	if (gate_hear(gate.parent, &note) < 0)
		differ(input, strerror(errno), "heard");
	gate_close(&gate);
	check_bounds(input, &note);
	snprintf(want, sizeof(want), "word %d", model_packet(&p, len) ? (int)p.note.word : GATE_CLOSED);
	snprintf(got, sizeof(got), "word %d", (int)note.word);
	compare(input, got, want);
	return note.word != GATE_CLOSED;
}
