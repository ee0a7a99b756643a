/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "number.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static int fail(int err)
{
	errno = err;
	return -1;
}

/* Digits from *TEXT on; *TEXT then stands behind them. */
static int take_digits(const char **text, uint64_t max, uint64_t *out)
{
	const char *p = *text;
	uint64_t value = 0;

	if (!is_digit(*p))
		return fail(EINVAL);
	for (; is_digit(*p); p++) {
		uint64_t digit = (uint64_t)(*p - '0');

		if (digit > max || value > (max - digit) / 10)
			return fail(ERANGE);
		value = value * 10 + digit;
	}
	*text = p;
	*out = value;
	return 0;
}

int number_parse(const char *text, uint64_t max, uint64_t *out)
{
	uint64_t value;

	if (take_digits(&text, max, &value) < 0)
		return -1;
	if (*text)
		return fail(EINVAL);
	*out = value;
	return 0;
}

int number_parse_id(const char *text, uint32_t *out)
{
	uint64_t value;

	if (number_parse(text, UINT32_MAX - 1, &value) < 0)
		return -1;
	*out = (uint32_t)value;
	return 0;
}

int number_parse_fd(const char *text, int *out)
{
	uint64_t value;

	if (number_parse(text, INT_MAX, &value) < 0)
		return -1;
	*out = (int)value;
	return 0;
}

/* ".5" -> 500000000. */
static int take_fraction(const char **text, int32_t *nsec)
{
	int32_t value = 0;
	int digits = 0;

	for ((*text)++; is_digit(**text); (*text)++, digits++) {
		if (digits == 9)
			return fail(ERANGE);
		value = value * 10 + (**text - '0');
	}
	if (!digits)
		return fail(EINVAL);
	for (; digits < 9; digits++)
		value *= 10;
	*nsec = value;
	return 0;
}

int number_parse_seconds(const char *text, int64_t *sec, int32_t *nsec)
{
	bool negative = *text == '-';
	uint64_t whole;
	int32_t part = 0;

	if (*text == '-' || *text == '+')
		text++;
	if (take_digits(&text, INT64_MAX - 1, &whole) < 0)
		return -1;
	if (*text == '.' && take_fraction(&text, &part) < 0)
		return -1;
	if (*text)
		return fail(EINVAL);
	*sec = negative ? -(int64_t)whole : (int64_t)whole;
	*nsec = part;
	if (negative && part) {
		*sec -= 1;
		*nsec = 1000000000 - part;
	}
	return 0;
}

int number_parse_list(const char *text, int min, int max, int *out, int capacity)
{
	for (int n = 0;;) {
		uint64_t value;

		if (take_digits(&text, (uint64_t)max, &value) < 0)
			return -1;
		if (value < (uint64_t)min)
			return fail(ERANGE);
		if (n == capacity)
			return fail(E2BIG);
		out[n++] = (int)value;
		if (!*text)
			return n;
		if (*text++ != ',')
			return fail(EINVAL);
	}
}
