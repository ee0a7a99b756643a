/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lastwords.h"

#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "diag.h"
#include "gate.h"

/* What the handler needs. */
static struct diag *last_report;
static int last_gate;

/* Interrupts nothing but system calls. The signal comes again when this returns, and finds its default action. */
static void tell(int sig)
{
	diag_set(last_report, 0, NULL, "killed by signal %d (%s) before the program started", sig,
		 strsignal(sig));
	if (last_gate >= 0)
		gate_say_note(last_gate, &(struct gate_note){ .word = GATE_FAILED, .diag = *last_report });
	kill(getpid(), sig);
}

/* By its default action. */
static bool kills(int sig)
{
	switch (sig) {
	case SIGKILL:
	case SIGSTOP:
	case SIGTSTP:
	case SIGTTIN:
	case SIGTTOU:
	case SIGCONT:
	case SIGCHLD:
	case SIGURG:
	case SIGWINCH:
		return false;
	}
	return true;
}

void lastwords_prepare(int gate, struct diag *report)
{
	struct sigaction new = { .sa_handler = tell, .sa_flags = SA_RESETHAND }, old;

	if (getpid() == 1)
		return;
	last_report = report;
	last_gate = gate;
	sigfillset(&new.sa_mask);
	for (int sig = 1; sig <= SIGSYS; sig++)
		if (kills(sig) && sigaction(sig, &new, &old) == 0 && old.sa_handler != SIG_DFL)
			sigaction(sig, &old, NULL);
}
