/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mountinfo.h"

#include <string.h>

#include "number.h"

/* The byte that the three digits at TEXT stand for; NUL: they are none, or it ends the text. */
static char octal(const char *text)
{
	if (text[0] < '0' || text[0] > '3' || text[1] < '0' || text[1] > '7' || text[2] < '0' ||
	    text[2] > '7')
		return '\0';
	return (char)((text[0] - '0') * 64 + (text[1] - '0') * 8 + (text[2] - '0'));
}

/* The kernel writes a blank as "\040", a backslash as "\134". In place. */
static void unescape(char *text)
{
	char *to = strchr(text, '\\');

	if (!to)
		return;
	for (text = to; *text; to++) {
		const char c = *text == '\\' ? octal(text + 1) : '\0';

		*to = c ? c : *text;
		text += c ? 4 : 1;
	}
	*to = '\0';
}

/* "ID PARENT MAJOR:MINOR ROOT POINT OPTIONS [FIELD...] - TYPE SOURCE OPTIONS" */
bool mountinfo_cut(char *line, struct mountinfo *m)
{
	char *rest = line, *id, *field;

	line[strcspn(line, "\n")] = '\0';
	id = strsep(&rest, " ");
	strsep(&rest, " ");
	strsep(&rest, " ");
	m->root = strsep(&rest, " ");
	m->point = strsep(&rest, " ");
	if (!strsep(&rest, " ") || number_parse(id, UINT64_MAX, &m->id) < 0)
		return false;
	m->shared = false;
	while ((field = strsep(&rest, " ")) && strcmp(field, "-"))
		m->shared |= !strncmp(field, "shared:", strlen("shared:"));
	m->type = strsep(&rest, " ");
	/* The source may be an empty text. */
	strsep(&rest, " ");
	m->options = rest;
	if (!rest)
		return false;
	unescape(m->root);
	unescape(m->point);
	return true;
}
