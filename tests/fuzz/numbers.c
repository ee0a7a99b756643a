// SPDX-License-Identifier: GPL-2.0-or-later
/* Numbers, seconds and lists of numbers: common/number.h. */
#include "models.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "number.h"

/* Numbers: the model compares them as texts. */

bool over(const char *digits, size_t n, uint64_t max)
{
	char limit[24];
	int order;

	for (; n > 1 && *digits == '0'; n--)
		digits++;
	snprintf(limit, sizeof(limit), "%" PRIu64, max);
	if (n != strlen(limit))
		return n > strlen(limit);
	order = memcmp(digits, limit, n);
	return broken() ? order >= 0 : order > 0;
}

enum { BAD = 1, RANGE = 2, MANY = 4 };

/* The faults of what begins at TEXT and shall be a number up to TEXT + LEN. */
static int number_faults(const char *text, size_t len, uint64_t min, uint64_t max)
{
	size_t n = strspn(text, DIGITS);
	int faults = n && n == len ? 0 : BAD;

	if (n && (over(text, n, max) || strtoull(text, NULL, 10) < min))
		faults |= RANGE;
	return faults;
}

static void say_faults(char *want, size_t size, int faults)
{
	snprintf(want, size, "%s%s%s", faults & BAD ? "EINVAL " : "",
		 faults & RANGE ? "ERANGE " : "", faults & MANY ? "E2BIG " : "");
}

void model_number(const char *text, uint64_t max, char *want, size_t size)
{
	int faults = number_faults(text, strlen(text), 0, max);

	if (faults)
		say_faults(want, size, faults);
	else
		snprintf(want, size, "%" PRIu64, (uint64_t)strtoull(text, NULL, 10));
}

void make_number(struct text *t, uint64_t max)
{
	static const char *const edges[] = {
		"0", "00", "1", "65535", "65536", "2147483646", "2147483647", "2147483648",
		"4294967293", "4294967294", "4294967295", "4294967296", "9223372036854775806",
		"9223372036854775807", "9223372036854775808", "18446744073709551615",
		"18446744073709551616", "18446744073709551626", "99999999999999999999",
		"340282366920938463463374607431768211456",
	};

	switch (choose(7)) {
	case 0:
		put_number(t, choose(10));
		return;
	case 1:
		put_number(t, choose(1000));
		return;
	case 2:
		put_number(t, max - 1 + choose(3));
		return;
	case 3:
		put(t, choose_word(edges, COUNT(edges)));
		return;
	case 4:
		for (unsigned int zeros = choose(20); zeros; zeros--)
			put_char(t, '0');
		put_number(t, max - choose(2));
		return;
	case 5:
		put_number(t, max);
		put_char(t, (char)('0' + choose(10)));
		return;
	}
	put_number(t, choose_bits());
}

void make_number_text(struct text *t, uint64_t max)
{
	if (make_raw(t))
		return;
	make_number(t, max);
	mutate(t);
}

bool round_number(void)
{
	static const uint64_t limits[] = {
		0, 1, 5, 9, 10, 99, 255, UINT16_MAX, INT_MAX, UINT32_MAX, INT64_MAX,
		UINT64_MAX - 1, UINT64_MAX,
	};
	uint64_t max = limits[choose(COUNT(limits))], value;
	struct text t = { 0 };
	char got[32], want[64];

	make_number_text(&t, max);
	model_number(t.s, max, want, sizeof(want));
	if (number_parse(t.s, max, &value) == 0)
		snprintf(got, sizeof(got), "%" PRIu64, value);
	else
		snprintf(got, sizeof(got), "%s", error_name(errno));
	return compare(t.s, got, want);
}

bool round_id(void)
{
	struct text t = { 0 };
	char got[32], want[64];
	uint32_t id;

	make_number_text(&t, 4294967294);
	model_number(t.s, 4294967294, want, sizeof(want));
	if (number_parse_id(t.s, &id) == 0)
		snprintf(got, sizeof(got), "%" PRIu32, id);
	else
		snprintf(got, sizeof(got), "%s", error_name(errno));
	return compare(t.s, got, want);
}

bool round_fd(void)
{
	struct text t = { 0 };
	char got[32], want[64];
	int fd;

	make_number_text(&t, INT_MAX);
	model_number(t.s, INT_MAX, want, sizeof(want));
	if (number_parse_fd(t.s, &fd) == 0)
		snprintf(got, sizeof(got), "%d", fd);
	else
		snprintf(got, sizeof(got), "%s", error_name(errno));
	return compare(t.s, got, want);
}

/* Seconds. */

void make_seconds(struct text *t)
{
	static const char *const signs[] = { "", "-", "+" };

	if (make_raw(t))
		return;
	put(t, choose_word(signs, COUNT(signs)));
	make_number(t, SECONDS_MAX);
	if (!one_in(3)) {
		put_char(t, '.');
		for (unsigned int n = choose(12); n; n--)
			put_char(t, one_in(3) ? '0' : (char)('0' + choose(10)));
	}
	mutate(t);
}

void model_seconds(const char *text, char *want, size_t size)
{
	bool negative = *text == '-';
	const char *whole = text + (*text == '-' || *text == '+');
	const char *rest = whole + strspn(whole, DIGITS);
	int faults = number_faults(whole, (size_t)(rest - whole), 0, SECONDS_MAX);
	char fraction[] = "000000000";
	int64_t sec, nsec;

	if (*rest == '.') {
		size_t n = strspn(++rest, DIGITS);

		faults |= !n ? BAD : n > 9 ? RANGE : 0;
		memcpy(fraction, rest, n < 9 ? n : 9);
		rest += n;
	}
	if (*rest)
		faults |= BAD;
	if (faults) {
		say_faults(want, size, faults);
		return;
	}
	sec = strtoll(whole, NULL, 10) * (negative ? -1 : 1);
	nsec = strtoll(fraction, NULL, 10) * (negative ? -1 : 1);
	for (; nsec < 0; nsec += 1000000000)
		sec--;
	snprintf(want, size, "%" PRId64 " %" PRId64, sec, nsec);
}

bool round_seconds(void)
{
	struct text t = { 0 };
	char got[64], want[64];
	int32_t nsec;
	int64_t sec;

	make_seconds(&t);
	model_seconds(t.s, want, sizeof(want));
	if (number_parse_seconds(t.s, &sec, &nsec) == 0)
		snprintf(got, sizeof(got), "%" PRId64 " %" PRId32, sec, nsec);
	else
		snprintf(got, sizeof(got), "%s", error_name(errno));
	return compare(t.s, got, want);
}

/* Lists of numbers. */

enum { LIST_MAX = 64, LIST_ANSWER = LIST_MAX * 12 + 16, UNTOUCHED = -77 };

void make_list(struct text *t, int min, int max, int capacity)
{
	int n = one_in(2) ? capacity - 1 + (int)choose(3) : 1 + (int)choose(4);
	unsigned int width = max < 1000 ? (unsigned int)(max - min + 1) : 1000;
	bool plain = !one_in(4);

	if (make_raw(t))
		return;
	for (int i = 0; i < n; i++) {
		if (i)
			put_char(t, ',');
		if (plain)
			put_number(t, (uint64_t)min + choose(width));
		else
			make_number(t, (uint64_t)max);
	}
	mutate(t);
}

void model_list(const char *text, int min, int max, int capacity, char *want, size_t size)
{
	char values[LIST_ANSWER] = "";
	int n = 0, faults = 0;

	for (;; text++) {
		size_t len = strcspn(text, ",");
		size_t end = strlen(values);

		faults |= number_faults(text, len, (uint64_t)min, (uint64_t)max);
		if (++n > capacity)
			faults |= MANY;
		if (!faults)
			snprintf(values + end, sizeof(values) - end, " %d", atoi(text));
		text += len;
		if (!*text)
			break;
	}
	if (faults)
		say_faults(want, size, faults);
	else
		snprintf(want, size, "%d:%s", n, values);
}

/* In the form of model_list(). */
void say_list(char *got, size_t size, const int *list, int n)
{
	int len = snprintf(got, size, "%d:", n);

	for (int i = 0; i < n; i++)
		len += snprintf(got + len, size - (size_t)len, " %d", list[i]);
}

bool round_list(void)
{
	static const int limits[] = { 3, 9, 63, 255, INT_MAX };
	int min = (int)choose(2), max = limits[choose(COUNT(limits))];
	int capacity = one_in(4) ? 32 * (1 + (int)choose(2)) : (int)choose(6);
	char got[LIST_ANSWER], want[LIST_ANSWER];
	struct text t = { 0 };
	int list[LIST_MAX + 1], n;

	for (int i = 0; i <= LIST_MAX; i++)
		list[i] = UNTOUCHED;
	make_list(&t, min, max, capacity);
	model_list(t.s, min, max, capacity, want, sizeof(want));
	n = number_parse_list(t.s, min, max, list, capacity);
	if (n > LIST_MAX || list[capacity] != UNTOUCHED)
		differ(t.s, "more numbers written than there is room for", want);
	if (n >= 0)
		say_list(got, sizeof(got), list, n);
	else
		snprintf(got, sizeof(got), "%s", error_name(errno));
	return compare(t.s, got, want);
}
