// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * libfuzzer: the subjects of parsers.c for libFuzzer, which looks at what the
 * parser does with an input to make the next one. See `make fuzz'.
 *
 *	fuzz --subject=NAME [OPTION OF LIBFUZZER...] [DIRECTORY...]
 *
 * For most subjects an input is the text itself. What is behind the first NUL of
 * it are choices that the model makes besides, as of the largest number that is
 * allowed. For "map", "env" and "launch" all bytes are choices.
 */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* libFuzzer's, who calls these; clang has no header for them. */
int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

_Noreturn void end_round(void)
{
	abort();
}

/* It takes no notice of options that begin with two hyphens. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	for (int i = 1; i < *argc; i++)
		if (!strncmp((*argv)[i], "--subject=", 10))
			subject = find_subject((*argv)[i] + 10);
	if (subject)
		return 0;
	fputs("fuzz: name a subject with --subject=NAME:", stderr);
	for (const struct subject *s = subjects; s->name; s++)
		fprintf(stderr, " %s", s->name);
	fputc('\n', stderr);
	exit(2);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	choices_from(data, size, subject->text);
	subject->round();
	return 0;
}
