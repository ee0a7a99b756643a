// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Characters, and what is shown of text that others have written: common/utf8.h,
 * escape.h, diag.h. The model computes the code point.
 */
#include "models.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "escape.h"
#include "utf8.h"

enum { ROOM = 4 * sizeof(struct text) };

static void make_characters(struct text *t)
{
	static const char *const some[] = {
		"a", " ", "\\", "\\x0a", "\\134", "\n", "\033[1m", "\x7f", "\xc2\x80", "\xc2\x9b", "\xc2\xa0",
		"\xc3\xa9", "\xe2\x82\xac", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xed\x9f\xbf", "\xef\xbf\xbd",
		"\xf0\x9f\x98\x80", "\xf0\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xc0\x80",
		"\xc1\xbf", "\x80", "\xbf", "\xff", "\xf8\x88\x80\x80\x80", "\xe2\x82", "\xf0\x9f", "\xc2", "u0085",
	};
	bool plain = one_in(3);

	if (make_raw(t))
		return;
	for (unsigned int n = one_in(16) ? 500 : choose(12); n; n--)
		put(t, plain ? "a" : choose_word(some, COUNT(some)));
	mutate(t);
}

/* The code point at TEXT, and of how many bytes; -1: there is none. */
static long decode(const char *text, size_t *len)
{
	static const long least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned char lead = (unsigned char)*text;
	size_t n = 0;
	long code;

	while (lead & 0x80 >> n && n < 5)
		n++;
	if (n == 1 || n == 5 || !lead)
		return -1;
	*len = n ? n : 1;
	code = lead & (n ? 0x7f >> n : 0x7f);
	for (size_t i = 1; i < n; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return -1;
		code = code << 6 | (text[i] & 0x3f);
	}
	if (code < least[n] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return -1;
	return code;
}

/* Does it do something to a terminal? */
static bool is_control(long code)
{
	return code < 0x20 || (code >= 0x7f && code <= 0x9f && !(broken() && code == 0x9b));
}

bool round_utf8(void)
{
	struct text t = { 0 };
	bool good = true;

	make_characters(&t);
	for (size_t i = 0; i < t.n; i++) {
		size_t len = 0;
		long code = decode(t.s + i, &len);
		char got[40], want[40];

		good &= code >= 0 || (t.s[i] & 0xc0) == 0x80;
		snprintf(want, sizeof(want), "%zu bytes%s", code < 0 ? 0 : len,
			 code >= 0x80 && is_control(code) ? ", C1" : "");
		snprintf(got, sizeof(got), "%zu bytes%s", utf8_length(t.s + i),
			 utf8_is_c1(t.s + i) ? ", C1" : "");
		compare(t.s + i, got, want);
	}
	return good;
}

/* Messages: control characters, and bytes that are no characters, come out in octal. */

static void model_shown(char *to, const char *text)
{
	to += strlen(to);
	while (*text) {
		size_t len = 1;
		long code = decode(text, &len);

		if (code < 0)
			len = 1;
		for (; len; len--, text++)
			to += sprintf(to, code < 0 || is_control(code) ? "\\%03o" : "%c", (unsigned char)*text);
	}
}

/* PART of at most SIZE - 1 bytes. */
static void model_part(char *to, const char *part, size_t size)
{
	char cut[sizeof(struct text)];

	snprintf(cut, size, "%s", part);
	model_shown(to, cut);
}

static void model_message(const struct diag *d, const char *text, char *want)
{
	strcpy(want, "nsls: ");
	model_part(want, text, sizeof(d->what));
	if (*text && !d->usage) {
		strcat(want, ": ");
		model_part(want, text, sizeof(d->path));
	}
	if (d->err) {
		strcat(want, ": ");
		strcat(want, strerror(d->err));
	}
	strcat(want, "\n");
	if (*d->hint) {
		strcat(want, "nsls: hint: ");
		model_part(want, text, sizeof(d->hint));
		strcat(want, "\n");
	}
	if (d->usage)
		strcat(want, "Try 'nsls --help' for more information.\n");
}

bool round_message(void)
{
	static char got[DIAG_TEXT + 1], want[2 * DIAG_TEXT];
	struct text t = { 0 };
	struct diag d = { 0 };
	size_t len;

	make_characters(&t);
	if (!t.n)
		put_char(&t, 'a');
	if (one_in(4))
		diag_usage(&d, "%s", t.s);
	else
		diag_set(&d, one_in(2) ? ENOENT : 0, t.s, "%s", t.s);
	if (one_in(2))
		diag_hint(&d, "%s", t.s);
	model_message(&d, t.s, want);
	len = diag_text(&d, "nsls", got);
	if (len >= DIAG_TEXT)
		differ(t.s, "a message without an end", want);
	got[len] = '\0';
	compare(t.s, got, want);
	return !strchr(got, '\\');
}

/* Cells of a table. */

/* "\x0a" back to what it stands for. */
static void model_unescape(char *to, const char *text)
{
	while (*text) {
		unsigned int byte;

		if (!strncmp(text, "\\x", 2) && sscanf(text + 2, "%2x", &byte) == 1 && !broken()) {
			*to++ = (char)byte;
			text += 4;
		} else {
			*to++ = *text++;
		}
	}
	*to = '\0';
}

bool round_plain(void)
{
	struct text t = { 0 };
	char back[ROOM], *got;
	bool plain;

	make_characters(&t);
	got = escape_plain(t.s);
	plain = escape_is_plain(t.s);
	if (!got)
		differ(t.s, "none", "a text");
	for (const char *s = got; *s; s++)
		if (*s < ' ' || *s > '~')
			differ(t.s, got, "printable ASCII");
	model_unescape(back, got);
	compare(t.s, back, t.s);
	if (plain && strcmp(got, t.s))
		differ(t.s, got, "the text itself");
	free(got);
	return plain;
}

/* JSON: what is no character is U+FFFD; and then C1 controls are "\u0085". */

static void model_json(const char *text, char *utf8, char *json)
{
	*utf8 = *json = '\0';
	while (*text) {
		size_t len = 1;
		long code = decode(text, &len);
		char one[8] = "\xef\xbf\xbd";

		if (code >= 0)
			snprintf(one, len + 1, "%s", text);
		utf8 = stpcpy(utf8, one);
		if (code >= 0x80 && is_control(code))
			json += sprintf(json, "\\u%04lx", (unsigned long)code);
		else
			json = stpcpy(json, one);
		text += code < 0 ? 1 : len;
	}
}

bool round_json(void)
{
	char utf8[ROOM], json[2 * ROOM], *got, *written = NULL;
	struct text t = { 0 };
	size_t size = 0;
	FILE *to = open_memstream(&written, &size);
	bool same;

	make_characters(&t);
	model_json(t.s, utf8, json);
	got = escape_utf8(t.s);
	if (!got || !to)
		differ(t.s, "none", "a text");
	compare(t.s, got, utf8);
	escape_put_json(to, got);
	fclose(to);
	compare(t.s, written, json);
	same = !strcmp(written, t.s);
	free(written);
	free(got);
	return same;
}
