/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * gate: the talk between a launcher and its child, before the program starts
 * and, where the child is an init of ours, after that; and between a launcher
 * that goes through the door itself and its helper outside. A socket pair:
 * when either side dies, the other reads an end of file.
 */

#include <stdbool.h>
#include <stddef.h>

#include "diag.h"
#include "run.h"

/* In the order in which they are said: "->" from who is outside to who is inside. */
enum gate_word {
	GATE_CLOSED,  /* the other side has gone, or its end was closed by exec */
	GATE_INSIDE,  /* <- launcher: the user namespace exists */
	GATE_MAPPED,  /* -> your ids are mapped */
	GATE_CLOCKS,  /* <- the time namespace exists, and wants its offsets */
	GATE_SET,     /* -> it has them */
	GATE_BUILT,   /* <- every namespace of process number exists and has its offsets */
	GATE_AGAIN,   /* -> launcher: on another CPU, please (PIN_TRY_ANOTHER_CPU) */
	GATE_GO,      /* -> pins, host set-up and the like are done */
	GATE_EXEC,    /* <- next comes exec; then GATE_CLOSED, GATE_FAILED or GATE_UNEXECUTED */
	GATE_UNEXECUTED, /* <- trampoline: the program cannot be executed, as I have told the user */
	GATE_RUNNING, /* <- init: the program has been executed */
	GATE_STOPPED, /* <- init: the program was stopped by signal number */
	GATE_ENDED,   /* <- init: how the program ended */
	GATE_FAILED,  /* <-> why it goes no further */
};

struct gate_note {
	enum gate_word word;
	int number;
	struct ended ended;
	struct diag diag;
};

/* The size of a note on the wire, for a word that needs no diag. */
#define GATE_SHORT_NOTE offsetof(struct gate_note, diag)

struct gate {
	int parent; /* the launcher's end, or -1 */
	int child;
};

/* Both ends, close-on-exec. */
int gate_open(struct gate *gate, struct diag *d);

/* Each side keeps its own end only, before it waits for anything. */
void gate_keep_parent(struct gate *gate);
void gate_keep_child(struct gate *gate);
void gate_close(struct gate *gate);

/*
 * Say WORD. -1 with errno; EPIPE: the other side has gone, which hearing tells
 * better. After a failure nothing more can be said: the other side hears
 * GATE_CLOSED, so that it does not wait for the word. It can still be heard.
 */
int gate_say(int end, enum gate_word word);
int gate_say_note(int end, const struct gate_note *note);

/*
 * The next note; GATE_CLOSED in *note when the other side has gone. Blocks.
 * -1 with errno, and GATE_CLOSED, if it cannot be heard.
 * What is no note, or none that this module sends, is GATE_CLOSED, too.
 */
int gate_hear(int end, struct gate_note *note);

/*
 * After GATE_CLOSED: is the other side still there, and could not say what it
 * had to say?
 */
bool gate_is_broken(int end);
