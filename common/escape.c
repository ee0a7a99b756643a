/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "escape.h"

#include <stdlib.h>
#include <string.h>

#include "utf8.h"

char *escape_utf8(const char *text)
{
	static const char replacement[] = "\xef\xbf\xbd";
	char *copy = malloc(strlen(text) * 3 + 1), *to = copy;

	while (copy && *text) {
		size_t len = utf8_length(text);

		to = mempcpy(to, len ? text : replacement, len ? len : 3);
		text += len ? len : 1;
	}
	if (copy)
		*to = '\0';
	return copy;
}

void escape_put_json(FILE *to, const char *text)
{
	const char *rest = text;

	for (; *text; text++) {
		/* Of valid UTF-8, a character of two bytes from U+0080 on begins so. */
		if (*text != '\xc2' || !utf8_is_c1(text))
			continue;
		fwrite(rest, 1, (size_t)(text - rest), to);
		fprintf(to, "\\u%04x", (unsigned char)*++text);
		rest = text + 1;
	}
	fwrite(rest, 1, (size_t)(text - rest), to);
}

static bool is_plain(unsigned char c)
{
	return c >= ' ' && c < 0x7f && c != '\\';
}

bool escape_is_plain(const char *text)
{
	while (is_plain((unsigned char)*text))
		text++;
	return !*text;
}

/* A backslash that stands for itself, but where it could be taken for the beginning of "\x0a". */
static bool stays(const char *text)
{
	return is_plain((unsigned char)*text) ||
	       (*text == '\\' && text[1] != 'x' &&
		(!text[1] || text[1] == '\\' || is_plain((unsigned char)text[1])));
}

/* The library would ask for the locale's opinion of each byte, twice. */
char *escape_plain(const char *text)
{
	char *copy = malloc(strlen(text) * 4 + 1), *to = copy;

	for (; copy && *text; text++) {
		if (stays(text))
			*to++ = *text;
		else
			to += sprintf(to, "\\x%02x", (unsigned char)*text);
	}
	if (copy)
		*to = '\0';
	return copy;
}
