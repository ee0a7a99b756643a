// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * record-signals FILE [IGNORED...]
 *
 * Append a line to FILE for each signal that arrives: its name and who sent it,
 * "INT user" (kill and its like) or "INT kernel" (a terminal). "ready" comes
 * first, when all are caught but those named IGNORED. Exit status 42 on TERM.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

static const struct {
	const char *name;
	int sig;
} signals[] = {
	{ "HUP", SIGHUP },     { "INT", SIGINT },   { "QUIT", SIGQUIT }, { "TERM", SIGTERM },
	{ "USR1", SIGUSR1 },   { "USR2", SIGUSR2 }, { "ALRM", SIGALRM }, { "WINCH", SIGWINCH },
	{ "CONT", SIGCONT },   { "TSTP", SIGTSTP }, { "TTIN", SIGTTIN }, { "TTOU", SIGTTOU },
};

enum { N_SIGNALS = sizeof(signals) / sizeof(*signals) };

static int out;

/* In one write: others append, too. */
static void say(const char *name, const char *rest)
{
	char line[32] = "";

	strncat(line, name, 8);
	strncat(line, rest, 16);
	if (write(out, line, strlen(line)) < 0)
		_exit(99);
}

static void record(int sig, siginfo_t *info, void *context)
{
	(void)context;
	for (int i = 0; i < N_SIGNALS; i++)
		if (signals[i].sig == sig)
			say(signals[i].name, info->si_code == SI_KERNEL ? " kernel\n" : " user\n");
	if (sig == SIGTERM)
		_exit(42);
}

static bool named(const char *name, char **list)
{
	while (*list && strcmp(*list, name))
		list++;
	return *list;
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_sigaction = record, .sa_flags = SA_SIGINFO | SA_RESTART };

	if (argc < 2)
		return 99;
	out = open(argv[1], O_WRONLY | O_CREAT | O_APPEND, 0644);
	if (out < 0)
		return 99;
	sigfillset(&action.sa_mask);
	for (int i = 0; i < N_SIGNALS; i++)
		if (named(signals[i].name, argv + 2))
			signal(signals[i].sig, SIG_IGN);
		else
			sigaction(signals[i].sig, &action, NULL);
	say("ready", "\n");
	for (;;)
		pause();
}
