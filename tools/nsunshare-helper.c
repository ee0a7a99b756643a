/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nsunshare.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "diag.h"
#include "guard.h"
#include "outside.h"
#include "pin.h"
#include "run.h"
#include "spawn.h"

/* The helper's side. */
struct post {
	const struct plan *plan;
	struct outside launcher;
	int gate;
	struct kept kept;
};

static bool is_needed(const struct plan *plan)
{
	return plan->user.writer == MAP_OUTSIDE || plan_has_pins(plan);
}

/* A launcher that is not dumpable cannot set them itself. */
static bool sets_clocks(const struct plan *plan)
{
	return plan->user.set_owner && plan_sets_clocks(plan);
}

/* To be taken back: the launch has failed, or the launcher has gone. */
static void __attribute__((noreturn)) leave(struct post *post)
{
	outside_let_go(&post->kept);
	_exit(EXIT_OWN_FAILURE);
}

static void say(struct post *post, const struct gate_note *note)
{
	if (gate_say_note(post->gate, note) < 0)
		leave(post);
}

/* The launcher says so by a signal, which needs no memory. All signals are blocked here. */
static bool runs_in_child(void)
{
	sigset_t waiting;

	return sigpending(&waiting) == 0 && sigismember(&waiting, SIGUSR1);
}

static void hear(struct post *post, struct gate_note *note)
{
	if (gate_hear(post->gate, note) == 0 && note->word != GATE_CLOSED)
		return;
	if (runs_in_child())
		_exit(0);
	leave(post);
}

/* The launcher is called by a descriptor here, which tells nobody anything. */
static void fail(const struct post *post, struct gate_note *note)
{
	char path[sizeof(note->diag.path)];
	char prefix[48];
	size_t len = (size_t)snprintf(prefix, sizeof(prefix), "/proc/%s/", post->launcher.proc);

	note->word = GATE_FAILED;
	if (strncmp(note->diag.path, prefix, len))
		return;
	snprintf(path, sizeof(path), "/proc/%d/%s", (int)post->launcher.number, note->diag.path + len);
	memcpy(note->diag.path, path, sizeof(path));
}

/* Hear ASKED, do it, say DONE; or the reason why not, and leave. */
static void serve(struct post *post, enum gate_word asked, enum gate_word done,
		  int (*act)(const struct outside *, const struct plan *, struct diag *))
{
	struct gate_note note;

	hear(post, &note);
	if (note.word != asked)
		leave(post);
	note.word = done;
	if (act(&post->launcher, post->plan, &note.diag) < 0)
		fail(post, &note);
	say(post, &note);
	if (note.word == GATE_FAILED)
		leave(post);
}

/*
 * NOTE is GATE_BUILT. A PID namespace is there when its first process is, and
 * that is not the launcher, but the one with this number in /proc.
 */
static void make_pins(struct post *post, struct gate_note *note)
{
	const bool pidns = note->number != 0;
	char proc[16];
	int ret;

	snprintf(proc, sizeof(proc), "%d", note->number);
	ret = outside_keep(&post->kept, pidns ? proc : post->launcher.proc, post->plan,
			   pidns ? CLONE_NEWPID : NSTYPE_ALL_FLAGS & ~(unsigned int)CLONE_NEWPID,
			   &note->diag);

	note->word = ret == 0 ? GATE_GO : ret < 0 ? GATE_FAILED : GATE_AGAIN;
	say(post, note);
	if (ret < 0)
		leave(post);
}

/*
 * Pins stay if exec closes the launcher's end after GATE_EXEC, and if the launcher
 * has signalled that a child has executed the program. They are taken back after
 * GATE_UNEXECUTED: the trampoline waits until the helper has ended. A launcher that
 * is there still but could not send had something to say. Signals of the terminal are for
 * the launcher; the helper ends when that does.
 */
static void __attribute__((noreturn)) helper_main(struct post *post)
{
	struct gate_note note;
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	if (guard_hide_outside(post->plan, &note.diag) < 0)
		leave(post);
	serve(post, GATE_INSIDE, GATE_MAPPED, outside_map);
	if (sets_clocks(post->plan))
		serve(post, GATE_CLOCKS, GATE_SET, outside_clocks);
	if (!plan_has_pins(post->plan))
		_exit(0);
	for (hear(post, &note); note.word == GATE_BUILT; hear(post, &note))
		make_pins(post, &note);
	if (note.word == GATE_EXEC && gate_hear(post->gate, &note) == 0 &&
	    note.word == GATE_CLOSED && !gate_is_broken(post->gate))
		_exit(0);
	leave(post);
}

static int fork_once(pid_t *pid)
{
	struct spawn_args plain = { .cgroup_fd = -1 };
	struct spawned child;
	int ret = spawn_fork(&plain, &child);

	if (ret == 0) {
		cleanup_close_fd(&child.pidfd);
		*pid = child.pid;
	}
	return ret;
}

/* In the child of the launcher: the helper itself, or who starts it and ends. */
static void __attribute__((noreturn)) helper_born(struct helper *h, struct post *post, bool twice)
{
	pid_t ignored;

	gate_keep_child(&h->gate);
	post->gate = post->launcher.peer = h->gate.child;
	if (twice) {
		struct gate_note note = { .word = GATE_FAILED };
		int ret = fork_once(&ignored);

		if (ret < 0) {
			diag_fail(&note.diag, NULL, "fork a helper");
			gate_say_note(post->gate, &note);
		}
		if (ret <= 0)
			_exit(0);
	}
	helper_main(post);
}

static void reap(struct helper *h)
{
	struct ended ignored;

	if (h->pid)
		run_wait_end(h->pid, &ignored);
	h->pid = 0;
}

/*
 * Ourselves, for the helper: by a descriptor, since it is not our parent, and
 * our number may be another's when we have ended.
 */
static int show(struct outside *o, int *dir, struct diag *d)
{
	char number[16];
	ssize_t len = readlink("/proc/self", number, sizeof(number) - 1);

	*dir = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (len < 0 || *dir < 0)
		return diag_fail(d, "/proc/self", "look at ourselves");
	number[len] = '\0';
	o->number = (pid_t)strtol(number, NULL, 10);
	snprintf(o->proc, sizeof(o->proc), "self/fd/%d", *dir);
	return 0;
}

int helper_start(struct helper *h, const struct plan *plan, bool in_place, struct diag *d)
{
	struct post post = { .plan = plan, .gate = -1 };
	cleanup_close int dir = -1;
	bool twice = in_place && plan_has_pins(plan);
	int ret;

	*h = (struct helper){ .gate = { -1, -1 }, .stays = plan_has_pins(plan),
				.sets_clocks = sets_clocks(plan) };
	if (!is_needed(plan))
		return 0;
	if (show(&post.launcher, &dir, d) < 0 || gate_open(&h->gate, d) < 0)
		return -1;
	ret = fork_once(&h->pid);
	if (ret < 0) {
		diag_fail(d, NULL, "fork a helper");
		gate_close(&h->gate);
		return -1;
	}
	if (ret > 0)
		helper_born(h, &post, twice);
	gate_keep_parent(&h->gate);
	if (twice)
		reap(h);
	return 0;
}

/* One that went without a word has been killed; if it is our child, we know by what. */
static int lost(struct helper *h, struct diag *d)
{
	struct ended e;

	if (h->pid && run_wait_end(h->pid, &e) == 0 && run_check(&e, "the helper outside", d) < 0) {
		h->pid = 0;
		return -1;
	}
	return diag_set(d, 0, NULL, "the helper outside has gone");
}

/* Say WORD and hear ANSWER: 0, -1, or PIN_TRY_ANOTHER_CPU. */
static int ask(struct helper *h, const struct gate_note *word, enum gate_word answer, struct diag *d)
{
	struct gate_note note;

	if (gate_say_note(h->gate.parent, word) < 0 && errno != EPIPE)
		return diag_fail(d, NULL, "talk to the helper");
	if (gate_hear(h->gate.parent, &note) < 0)
		return diag_fail(d, NULL, "hear from the helper");
	if (note.word == answer)
		return 0;
	if (note.word != GATE_FAILED && note.word != GATE_AGAIN)
		return lost(h, d);
	*d = note.diag;
	return note.word == GATE_AGAIN ? PIN_TRY_ANOTHER_CPU : -1;
}

/* There is nothing more for it to do, and it has ended by itself. */
static void dismiss(struct helper *h)
{
	gate_close(&h->gate);
	reap(h);
}

int helper_map(struct helper *h, struct diag *d)
{
	int ret;

	if (h->gate.parent < 0)
		return 0;
	ret = ask(h, &(struct gate_note){ .word = GATE_INSIDE }, GATE_MAPPED, d);
	if (ret == 0 && !h->stays && !h->sets_clocks)
		dismiss(h);
	return ret;
}

int helper_clocks(struct helper *h, struct diag *d)
{
	int ret = ask(h, &(struct gate_note){ .word = GATE_CLOCKS }, GATE_SET, d);

	if (ret == 0 && !h->stays)
		dismiss(h);
	return ret;
}

int helper_pin(struct helper *h, pid_t number, struct diag *d)
{
	return ask(h, &(struct gate_note){ .word = GATE_BUILT, .number = number }, GATE_GO, d);
}

int helper_tell_exec(struct helper *h, struct diag *d)
{
	if (h->gate.parent >= 0 && gate_say(h->gate.parent, GATE_EXEC) < 0)
		return diag_fail(d, NULL, "talk to the helper");
	return 0;
}

/* The helper closes its end of the gate by ending. */
static void wait_for_end(const struct helper *h)
{
	struct gate_note note;

	while (gate_hear(h->gate.parent, &note) == 0 && note.word != GATE_CLOSED)
		;
}

static void part(struct helper *h)
{
	gate_close(&h->gate);
	reap(h);
}

/* The signal first: closing is what the helper waits for. */
void helper_end(struct helper *h)
{
	if (h->pid)
		kill(h->pid, SIGUSR1);
	part(h);
}

void helper_take_back(struct helper *h)
{
	if (h->gate.parent >= 0) {
		gate_say(h->gate.parent, GATE_FAILED);
		wait_for_end(h);
	}
	part(h);
}
