// SPDX-License-Identifier: GPL-2.0-or-later
#include "fuzz.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Choices */

static struct {
	const uint8_t *text; /* that nobody has taken yet, or NULL */
	size_t len;
	const uint8_t *data; /* or NULL: STATE */
	size_t left;
	uint64_t state;
} source;

void choices_seed(uint64_t state)
{
	memset(&source, 0, sizeof(source));
	source.state = state;
}

void choices_from(const uint8_t *data, size_t n, bool text)
{
	static const uint8_t nothing[1];
	size_t len = text ? strnlen((const char *)data, n) : 0;

	choices_seed(0);
	source.text = text ? data : NULL;
	source.len = len;
	source.data = nothing;
	if (text && len < n)
		len++;
	if (len < n)
		source.data = data + len;
	source.left = n - len;
}

uint8_t choose_byte(void)
{
	uint64_t z;

	if (source.data) {
		if (!source.left)
			return 0;
		source.left--;
		return *source.data++;
	}
	z = source.state += 0x9e3779b97f4a7c15;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return (uint8_t)(z >> 56);
}

unsigned int choose(unsigned int n)
{
	uint32_t value = 0;

	for (unsigned int m = n - 1; m; m >>= 8)
		value = value << 8 | choose_byte();
	return value % n;
}

bool one_in(unsigned int n)
{
	return choose(n) == n - 1;
}

uint64_t choose_bits(void)
{
	uint64_t value = 0;
	unsigned int width = choose(65);

	for (int i = 0; i < 8; i++)
		value = value << 8 | choose_byte();
	return width ? value >> (64 - width) : 0;
}

/* Texts */

void put_char(struct text *t, char c)
{
	if (t->n < sizeof(t->s) - 1)
		t->s[t->n++] = c;
	t->s[t->n] = '\0';
}

void put(struct text *t, const char *s)
{
	for (; *s; s++)
		put_char(t, *s);
}

void put_number(struct text *t, uint64_t value)
{
	char digits[24];

	snprintf(digits, sizeof(digits), "%" PRIu64, value);
	put(t, digits);
}

const char *choose_word(const char *const *words, size_t n)
{
	return words[choose((unsigned int)n)];
}

char choose_char(void)
{
	/* The neighbours of the digits among them. */
	static const char odd[] = " \t\n\v\r+-.,:;=/0919xXeE_aZ@'\"\\%~\x80\xff";
	uint8_t any = choose_byte();

	return any && one_in(4) ? (char)any : odd[choose(sizeof(odd) - 1)];
}

static void insert_char(struct text *t, size_t at, char c)
{
	if (t->n == sizeof(t->s) - 1)
		return;
	memmove(t->s + at + 1, t->s + at, t->n - at + 1);
	t->s[at] = c;
	t->n++;
}

static void mutate_once(struct text *t)
{
	size_t at = choose((unsigned int)t->n + 1);

	switch (choose(6)) {
	case 0:
		insert_char(t, 0, choose_char());
		return;
	case 1:
		put_char(t, choose_char());
		return;
	case 2:
		insert_char(t, at, choose_char());
		return;
	case 3:
		if (at < t->n)
			t->s[at] = choose_char();
		return;
	case 4:
		t->n = at;
		t->s[at] = '\0';
		return;
	}
	if (at < t->n) {
		memmove(t->s + at, t->s + at + 1, t->n - at);
		t->n--;
	}
}

void mutate(struct text *t)
{
	if (!one_in(3))
		return;
	do
		mutate_once(t);
	while (one_in(3));
}

/* The text from outside, once. */
static bool take_text(struct text *t)
{
	if (!source.text)
		return false;
	t->n = source.len < sizeof(t->s) ? source.len : sizeof(t->s) - 1;
	memcpy(t->s, source.text, t->n);
	t->s[t->n] = '\0';
	source.text = NULL;
	return true;
}

bool make_raw(struct text *t)
{
	unsigned int n;

	if (take_text(t))
		return true;
	if (!one_in(24))
		return false;
	for (n = choose(24); n; n--) {
		char c = (char)choose_byte();

		put_char(t, c ? c : ' ');
	}
	return true;
}

void make_word(struct text *t, const char *const *words, size_t n)
{
	if (make_raw(t))
		return;
	put(t, choose_word(words, n));
	mutate(t);
}
