/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * utf8: characters in text that others have written. Such text may hold any
 * bytes. The control characters U+0080 to U+009F ("C1") do to a terminal what
 * ESC and another character do.
 */

#include <stdbool.h>
#include <stddef.h>

/* How many bytes at TEXT, which ends with a NUL, are one character (RFC 3629); 0: none are. */
size_t utf8_length(const char *text);

/* Is the character at TEXT one of U+0080 to U+009F? */
bool utf8_is_c1(const char *text);
