/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "utf8.h"

size_t utf8_length(const char *from)
{
	const unsigned char *text = (const unsigned char *)from;
	static const struct {
		unsigned char first, last, second_from, second_to;
		size_t len;
	} forms[] = {
		{ 0x01, 0x7f, 0, 0, 1 },	{ 0xc2, 0xdf, 0x80, 0xbf, 2 },
		{ 0xe0, 0xe0, 0xa0, 0xbf, 3 },	{ 0xe1, 0xec, 0x80, 0xbf, 3 },
		{ 0xed, 0xed, 0x80, 0x9f, 3 },	{ 0xee, 0xef, 0x80, 0xbf, 3 },
		{ 0xf0, 0xf0, 0x90, 0xbf, 4 },	{ 0xf1, 0xf3, 0x80, 0xbf, 4 },
		{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};
	size_t i = 0, len = 1;

	while (i < sizeof(forms) / sizeof(*forms) && (*text < forms[i].first || *text > forms[i].last))
		i++;
	if (i == sizeof(forms) / sizeof(*forms))
		return 0;
	if (forms[i].len > 1 && (text[1] < forms[i].second_from || text[1] > forms[i].second_to))
		return 0;
	while (len < forms[i].len && (len == 1 || (text[len] & 0xc0) == 0x80))
		len++;
	return len == forms[i].len ? len : 0;
}

bool utf8_is_c1(const char *text)
{
	return text[0] == '\xc2' && (unsigned char)text[1] >= 0x80 && (unsigned char)text[1] <= 0x9f;
}
