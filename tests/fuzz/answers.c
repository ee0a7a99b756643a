// SPDX-License-Identifier: GPL-2.0-or-later
#include "fuzz.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "diag.h"

const struct subject *subject;
const char *break_name;

bool broken(void)
{
	return break_name && !strcmp(break_name, subject->name);
}

/* TEXT between quotes, on one line. */
static void show(const char *text)
{
	fputc('"', stderr);
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c < ' ' || c >= 0x7f || c == '"' || c == '\\')
			fprintf(stderr, "\\%03o", c);
		else
			fputc(c, stderr);
	}
	fputs("\"\n", stderr);
}

_Noreturn void differ(const char *input, const char *got, const char *want)
{
	fprintf(stderr, "%s: the parser and its model differ\n   input: ", subject->name);
	show(input);
	fprintf(stderr, "  parser: %s\n   model: %s\n", got, want);
	end_round();
}

/* Is ERR one of the error names in WANT? */
static bool names_error(const char *want, const char *err)
{
	const char *found = *err == 'E' ? strstr(want, err) : NULL;

	return found && (found[strlen(err)] == ' ' || !found[strlen(err)]);
}

bool compare(const char *input, const char *got, const char *want)
{
	if (strcmp(got, want) && !names_error(want, got))
		differ(input, got, want);
	return *got != 'E';
}

const char *error_name(int err)
{
	switch (err) {
	case EINVAL:
		return "EINVAL";
	case ERANGE:
		return "ERANGE";
	case E2BIG:
		return "E2BIG";
	}
	return "E?";
}

const char *check_diag(const char *input, int ret, const struct diag *d)
{
	if (ret < 0 && (!*d->what || d->status != 125))
		differ(input, "a failure without a text or status 125", "an explained one");
	if (ret >= 0 && (*d->what || d->status || d->usage))
		differ(input, "success with a message", "success");
	return ret < 0 ? "E" : "";
}
