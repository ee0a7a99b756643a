/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* escape: text that others have written, which may be any bytes, as output can show it. */

#include <stdbool.h>
#include <stdio.h>

/* Does TEXT stand for itself in each form of output? Printable ASCII but the backslash. */
bool escape_is_plain(const char *text);

/*
 * For JSON, which is UTF-8 or all of it is unreadable: what is no character
 * becomes U+FFFD. Owned by the caller; NULL: out of memory. (It is yet to be
 * quoted, and then to be written by escape_put_json().)
 */
char *escape_utf8(const char *text);

/* To TO: TEXT, of which a JSON string is a part and which is UTF-8, with its C1 controls as "\u009b". */
void escape_put_json(FILE *to, const char *text);

/*
 * For a terminal: what is no printable ASCII as "\x0a", as libsmartcols writes it,
 * so that a row is one line, and no text is two. Owned by the caller; NULL: out of
 * memory.
 */
char *escape_plain(const char *text);
