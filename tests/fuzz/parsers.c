// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * parsers: what takes text from outside, against naive models of it.
 *
 *	parsers [--break=SUBJECT] ROUNDS SEED [FIRST]
 *	parsers [--break=SUBJECT] --corpus=SUBJECT FILE...
 *
 * Each round makes an input for one of the subjects (subjects.c), by a grammar
 * and with mutations, asks the parser and a model that is written here without
 * any of its code, and compares the answers. Exit status 0: they agreed ROUNDS
 * times; then stdout has a line "SUBJECT ACCEPTED REFUSED" for each subject.
 * 1: they did not, or a round crashed or came to no end; stderr has the input,
 * both answers, and the arguments that repeat just this round. 2: wrong
 * arguments. A round depends on SEED and its number alone; FIRST is the number
 * of the first one. --break makes the model of SUBJECT wrong, which is to be
 * noticed.
 *
 * With --corpus each FILE is a round of SUBJECT: an input as libFuzzer has it
 * (libfuzzer.c), such as those in corpus/SUBJECT.
 *
 * Where a contract leaves open which of several faults is named (a number that
 * is too large and has a letter behind it), the model names all of them and the
 * parser one.
 */
#include "fuzz.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HANG_SECONDS 120 /* what 4096 rounds never take */

static uint64_t seed, round_index;
static const char *corpus_file; /* the one of this round, or NULL */

static uint64_t accepted[N_SUBJECTS_MAX], refused[N_SUBJECTS_MAX];

_Noreturn void end_round(void)
{
	fprintf(stderr, "  repeat: parsers %s%s%s", break_name ? "--break=" : "",
		break_name ? break_name : "", break_name ? " " : "");
	if (corpus_file)
		fprintf(stderr, "--corpus=%s %s\n", subject->name, corpus_file);
	else
		fprintf(stderr, "1 %" PRIu64 " %" PRIu64 "\n", seed, round_index);
	_exit(1);
}

/* Nothing else in here can be trusted any more, but which round it was is worth a try. */
static void end_by_signal(int sig)
{
	fprintf(stderr, "%s: signal %d (%s)\n", subject->name, sig, strsignal(sig));
	end_round();
}

static void catch_signals(void)
{
	static const int fatal[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGALRM };

	for (size_t i = 0; i < COUNT(fatal); i++)
		signal(fatal[i], end_by_signal);
}

static void run_round(void)
{
	bool good = subject->round();

	(good ? accepted : refused)[subject - subjects]++;
}

static int report(void)
{
	for (size_t i = 0; subjects[i].name; i++)
		printf("%s %" PRIu64 " %" PRIu64 "\n", subjects[i].name, accepted[i], refused[i]);
	return fflush(stdout) || ferror(stdout) ? 1 : 0;
}

static int run_rounds(uint64_t first, uint64_t rounds)
{
	unsigned int n = 0;

	while (subjects[n].name)
		n++;
	for (round_index = first; round_index - first < rounds; round_index++) {
		if ((round_index - first) % 4096 == 0)
			alarm(HANG_SECONDS);
		choices_seed((seed ^ round_index * 0xd1342543de82ef95) * 0x2545f4914f6cdd1d);
		subject = &subjects[choose(n)];
		run_round();
	}
	return report();
}

static int run_corpus(const char *name, char **files)
{
	static uint8_t data[65536];

	subject = find_subject(name);
	if (!subject || !*files)
		return 2;
	for (; *files; files++) {
		FILE *file = fopen(*files, "re");
		size_t n = file ? fread(data, 1, sizeof(data), file) : 0;

		if (!file || ferror(file)) {
			fprintf(stderr, "parsers: cannot read %s\n", *files);
			return 2;
		}
		fclose(file);
		corpus_file = *files;
		alarm(HANG_SECONDS);
		choices_from(data, n, subject->text);
		run_round();
	}
	return report();
}

static int usage(void)
{
	fputs("usage: parsers [--break=SUBJECT] ROUNDS SEED [FIRST]\n"
	      "       parsers [--break=SUBJECT] --corpus=SUBJECT FILE...\n", stderr);
	return 2;
}

static bool get_argument(const char *arg, uint64_t *value)
{
	char *end;

	*value = strtoull(arg, &end, 10);
	return *arg >= '0' && *arg <= '9' && !*end;
}

int main(int argc, char **argv)
{
	uint64_t rounds, first = 0;

	catch_signals();
	if (argc > 1 && !strncmp(argv[1], "--break=", 8)) {
		break_name = argv[1] + 8;
		if (!find_subject(break_name))
			return usage();
		argv++;
		argc--;
	}
	if (argc > 1 && !strncmp(argv[1], "--corpus=", 9)) {
		int ret = run_corpus(argv[1] + 9, argv + 2);

		return ret == 2 ? usage() : ret;
	}
	if (argc < 3 || argc > 4 || !get_argument(argv[1], &rounds) ||
	    !get_argument(argv[2], &seed) || (argc == 4 && !get_argument(argv[3], &first)))
		return usage();
	return run_rounds(first, rounds);
}
