// SPDX-License-Identifier: GPL-2.0-or-later
/* Words of options: signals, propagation. */
#include "models.h"

#include <ctype.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "mnt.h"
#include "options.h"

static const struct {
	const char *name;
	int sig;
} signals[] = {
	{ "ABRT", SIGABRT }, { "ALRM", SIGALRM }, { "BUS", SIGBUS }, { "CHLD", SIGCHLD },
	{ "CONT", SIGCONT }, { "FPE", SIGFPE }, { "HUP", SIGHUP }, { "ILL", SIGILL },
	{ "INT", SIGINT }, { "IO", SIGIO }, { "KILL", SIGKILL }, { "PIPE", SIGPIPE },
	{ "POLL", SIGPOLL }, { "PROF", SIGPROF }, { "PWR", SIGPWR }, { "QUIT", SIGQUIT },
	{ "SEGV", SIGSEGV }, { "STOP", SIGSTOP }, { "SYS", SIGSYS }, { "TERM", SIGTERM },
	{ "TRAP", SIGTRAP }, { "TSTP", SIGTSTP }, { "TTIN", SIGTTIN }, { "TTOU", SIGTTOU },
	{ "URG", SIGURG }, { "USR1", SIGUSR1 }, { "USR2", SIGUSR2 }, { "VTALRM", SIGVTALRM },
	{ "WINCH", SIGWINCH }, { "XCPU", SIGXCPU }, { "XFSZ", SIGXFSZ },
};

static void make_signal(struct text *t)
{
	static const char *const prefixes[] = { "", "SIG", "sig", "Sig", "SIGSIG" };
	unsigned int capital = choose(3);
	const char *name;

	if (make_raw(t))
		return;
	if (one_in(3)) {
		make_number(t, (uint64_t)SIGRTMAX);
		mutate(t);
		return;
	}
	put(t, choose_word(prefixes, COUNT(prefixes)));
	for (name = signals[choose(COUNT(signals))].name; *name; name++)
		put_char(t, capital == 2 || (capital && one_in(2)) ? (char)tolower(*name) : *name);
	mutate(t);
}

static void model_signal(const char *text, char *want, size_t size)
{
	char upper[sizeof(struct text)];
	const char *name = upper;
	size_t n = strspn(text, DIGITS);

	for (size_t i = 0; i <= strlen(text); i++)
		upper[i] = text[i] >= 'a' && text[i] <= 'z' && !broken() ? text[i] - 32 : text[i];
	if (!strncmp(name, "SIG", 3))
		name += 3;
	snprintf(want, size, "E");
	if (n && !text[n] && !over(text, n, (uint64_t)SIGRTMAX) && atoi(text) > 0)
		snprintf(want, size, "%d", atoi(text));
	for (size_t i = 0; i < COUNT(signals); i++)
		if (!strcmp(name, signals[i].name))
			snprintf(want, size, "%d", signals[i].sig);
}

bool round_signal(void)
{
	struct text t = { 0 };
	struct diag d = { 0 };
	char got[16], want[16];
	int sig = -1, ret;

	make_signal(&t);
	model_signal(t.s, want, sizeof(want));
	ret = options_parse_signal(t.s, "--x", &sig, &d);
	snprintf(got, sizeof(got), "%s", check_diag(t.s, ret, &d));
	if (ret == 0)
		snprintf(got, sizeof(got), "%d", sig);
	return compare(t.s, got, want);
}

const char *const propagations[N_PROPAGATIONS] = { "private", "shared", "slave", "unchanged" };

void model_word(const char *text, const char *const *words, size_t n, char *want,
		       size_t size)
{
	snprintf(want, size, "E");
	for (size_t i = broken(); i < n; i++)
		if (!strcmp(text, words[i]))
			snprintf(want, size, "%s", text);
}

const char *say_propagation(int p)
{
	switch ((enum propagation)p) {
	case PROPAGATION_PRIVATE:
		return "private";
	case PROPAGATION_SHARED:
		return "shared";
	case PROPAGATION_SLAVE:
		return "slave";
	case PROPAGATION_UNCHANGED:
		return "unchanged";
	case PROPAGATION_DEFAULT:
		break;
	}
	return "nothing";
}

bool round_propagation(void)
{
	enum propagation out = PROPAGATION_DEFAULT;
	struct text t = { 0 };
	struct diag d = { 0 };
	const char *got;
	char want[16];
	int ret;

	make_word(&t, propagations, COUNT(propagations));
	model_word(t.s, propagations, COUNT(propagations), want, sizeof(want));
	ret = mnt_parse_propagation(t.s, &out, &d);
	got = check_diag(t.s, ret, &d);
	return compare(t.s, ret < 0 ? got : say_propagation(out), want);
}
