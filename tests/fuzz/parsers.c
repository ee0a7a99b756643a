// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * parsers: what takes text from outside, against naive models of it.
 *
 *	parsers [--break=SUBJECT] ROUNDS SEED [FIRST]
 *
 * Each round makes an input for one of the subjects below, by a grammar and
 * with mutations, asks the parser and a model that is written here without any
 * of its code, and compares the answers. Exit status 0: they agreed ROUNDS
 * times; then stdout has a line "SUBJECT ACCEPTED REFUSED" for each subject.
 * 1: they did not, or a round crashed or came to no end; stderr has the input,
 * both answers, and the arguments that repeat just this round. 2: wrong
 * arguments. A round depends on SEED and its number alone; FIRST is the number
 * of the first one. --break makes the model of SUBJECT wrong, which is to be
 * noticed.
 *
 * With -DLIBFUZZER there is no main, and libFuzzer's bytes are the choices that
 * the grammar leaves open. In a build directory configured with CC=clang and
 * CFLAGS='-g -O1 -fsanitize=fuzzer-no-link,address,undefined', after make:
 *
 *	clang -g -O1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover \
 *		-DLIBFUZZER -D_GNU_SOURCE -iquote $srcdir/common $srcdir/tests/fuzz/parsers.c \
 *		.libs/libcommon.a -o fuzz-parsers
 *	./fuzz-parsers -max_total_time=120
 *
 * Where a contract leaves open which of several faults is named (a number that
 * is too large and has a letter behind it), the model names all of them and the
 * parser one.
 */
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <grp.h>
#include <inttypes.h>
#include <limits.h>
#include <pwd.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "diag.h"
#include "env.h"
#include "idmap.h"
#include "mnt.h"
#include "number.h"
#include "options.h"
#include "plan.h"
#include "subid.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))
#define DIGITS "0123456789"
/* One less than the type has: a fraction of a negative number may borrow it. */
#define SECONDS_MAX ((uint64_t)INT64_MAX - 1)
#define HANG_SECONDS 120 /* what 4096 rounds never take */

struct subject {
	const char *name;
	bool (*round)(void); /* did the parser accept? */
};

static const struct subject *subject;
static const char *break_name;
static uint64_t seed, round_number;

/* Shall the present subject's model be wrong? */
static bool broken(void)
{
	return break_name && !strcmp(break_name, subject->name);
}

/*** Choices: libFuzzer's bytes, or pseudo-random ones (SplitMix64, which is the same everywhere) */

static struct {
	const uint8_t *data;
	size_t left;
	uint64_t state;
} source;

static uint8_t choose_byte(void)
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

/* 0 ... N - 1 */
static unsigned int choose(unsigned int n)
{
	uint32_t value = 0;

	for (unsigned int m = n - 1; m; m >>= 8)
		value = value << 8 | choose_byte();
	return value % n;
}

static bool one_in(unsigned int n)
{
	return choose(n) == n - 1;
}

static uint64_t choose_bits(void)
{
	uint64_t value = 0;
	unsigned int width = choose(65);

	for (int i = 0; i < 8; i++)
		value = value << 8 | choose_byte();
	return width ? value >> (64 - width) : 0;
}

/*** Texts */

struct text {
	size_t n;
	char s[1024];
};

static void put_char(struct text *t, char c)
{
	if (t->n < sizeof(t->s) - 1)
		t->s[t->n++] = c;
	t->s[t->n] = '\0';
}

static void put(struct text *t, const char *s)
{
	for (; *s; s++)
		put_char(t, *s);
}

static void put_number(struct text *t, uint64_t value)
{
	char digits[24];

	snprintf(digits, sizeof(digits), "%" PRIu64, value);
	put(t, digits);
}

static const char *choose_word(const char *const *words, size_t n)
{
	return words[choose((unsigned int)n)];
}

static char choose_char(void)
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

/* Two of three texts stay as the grammar has made them. */
static void mutate(struct text *t)
{
	if (!one_in(3))
		return;
	do
		mutate_once(t);
	while (one_in(3));
}

/* Now and then no grammar at all. */
static bool make_raw(struct text *t)
{
	unsigned int n;

	if (!one_in(24))
		return false;
	for (n = choose(24); n; n--) {
		char c = (char)choose_byte();

		put_char(t, c ? c : ' ');
	}
	return true;
}

/*** Answers */

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

#ifdef LIBFUZZER

static _Noreturn void end_round(void)
{
	abort();
}

#else

static _Noreturn void end_round(void)
{
	fprintf(stderr, "  repeat: parsers %s%s%s1 %" PRIu64 " %" PRIu64 "\n",
		break_name ? "--break=" : "", break_name ? break_name : "",
		break_name ? " " : "", seed, round_number);
	_exit(1);
}

/* Nothing else in here can be trusted any more, but which round it was is worth a try. */
static void end_by_signal(int sig)
{
	fprintf(stderr, "%s: signal %d (%s)\n", subject->name, sig, strsignal(sig));
	end_round();
}

#endif

static _Noreturn void differ(const char *input, const char *got, const char *want)
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

/* Answers are texts: the values, or error names; WANT may have several of those. */
static bool compare(const char *input, const char *got, const char *want)
{
	if (strcmp(got, want) && !names_error(want, got))
		differ(input, got, want);
	return *got != 'E';
}

static const char *error_name(int err)
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

/* For the parsers that explain themselves: a failure has a text and a status, success has none. */
static const char *check_diag(const char *input, int ret, const struct diag *d)
{
	if (ret < 0 && (!*d->what || d->status != 125))
		differ(input, "a failure without a text or status 125", "an explained one");
	if (ret >= 0 && (*d->what || d->status || d->usage))
		differ(input, "success with a message", "success");
	return ret < 0 ? "E" : "";
}

/*** Numbers: the model compares them as texts */

static bool over(const char *digits, size_t n, uint64_t max)
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

static void model_number(const char *text, uint64_t max, char *want, size_t size)
{
	int faults = number_faults(text, strlen(text), 0, max);

	if (faults)
		say_faults(want, size, faults);
	else
		snprintf(want, size, "%" PRIu64, (uint64_t)strtoull(text, NULL, 10));
}

static void make_number(struct text *t, uint64_t max)
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

static void make_number_text(struct text *t, uint64_t max)
{
	if (make_raw(t))
		return;
	make_number(t, max);
	mutate(t);
}

static bool round_number_any(void)
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

static bool round_id(void)
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

static bool round_fd(void)
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

/*** Seconds */

static void make_seconds(struct text *t)
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

static void model_seconds(const char *text, char *want, size_t size)
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

static bool round_seconds(void)
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

/*** Lists of numbers */

enum { LIST_MAX = 64, LIST_ANSWER = LIST_MAX * 12 + 16, UNTOUCHED = -77 };

static void make_list(struct text *t, int min, int max, int capacity)
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

static void model_list(const char *text, int min, int max, int capacity, char *want, size_t size)
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
static void say_list(char *got, size_t size, const int *list, int n)
{
	int len = snprintf(got, size, "%d:", n);

	for (int i = 0; i < n; i++)
		len += snprintf(got + len, size - (size_t)len, " %d", list[i]);
}

static bool round_list(void)
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

/*** Blocks of a map, as text */

static const char *const block_words[] = { "auto", "subids", "all" };

static void make_block(struct text *t)
{
	char separator = one_in(3) ? ',' : ':';
	uint32_t near_end = 1 + choose(4);
	bool edge = one_in(2);

	if (make_raw(t))
		return;
	if (one_in(8)) {
		put(t, choose_word(block_words, COUNT(block_words)));
		mutate(t);
		return;
	}
	for (int i = 0; i < 2; i++) {
		if (edge && one_in(2))
			put_number(t, UINT32_MAX - near_end);
		else
			make_number(t, one_in(2) ? UINT32_MAX : 9);
		put_char(t, one_in(32) ? ':' : separator);
	}
	if (edge)
		put_number(t, near_end - 1 + choose(3));
	else
		make_number(t, one_in(2) ? UINT32_MAX : 9);
	mutate(t);
}

/* Three numbers with SEPARATOR between; one of more than 15 digits is refused for its length. */
static bool model_three(const char *text, char separator, uint64_t n[3])
{
	for (int i = 0; i < 3; i++, text++) {
		size_t len = strspn(text, DIGITS);

		if (!len || len > 15 || text[len] != (i == 2 ? '\0' : separator))
			return false;
		n[i] = strtoull(text, NULL, 10);
		text += len;
	}
	return true;
}

static void model_block(const char *text, char *want, size_t size)
{
	const uint64_t ids = UINT64_C(4294967295) - broken(); /* how many there are */
	bool old = strchr(text, ',');
	uint64_t n[3], inner, outer;

	for (size_t i = 0; i < COUNT(block_words); i++) {
		if (!strcmp(text, block_words[i])) {
			snprintf(want, size, "%s", text);
			return;
		}
	}
	snprintf(want, size, "E");
	if (!model_three(text, old ? ',' : ':', n) || !n[2] || n[0] >= ids || n[1] >= ids)
		return;
	inner = n[old];
	outer = n[!old];
	if (n[2] > ids - inner || n[2] > ids - outer)
		return;
	snprintf(want, size, "%" PRIu64 " %" PRIu64 " %" PRIu64, inner, outer, n[2]);
}

/* In the form of model_block(). */
static void say_block(char *got, size_t size, const struct idblock *b)
{
	switch (b->what) {
	case IDBLOCK_AUTO:
	case IDBLOCK_SUBIDS:
	case IDBLOCK_ALL:
		snprintf(got, size, "%s", b->what == IDBLOCK_AUTO ? "auto" :
					  b->what == IDBLOCK_ALL  ? "all" : "subids");
		return;
	case IDBLOCK_RANGE:
		break;
	}
	snprintf(got, size, "%u %u %u", b->range.inner, b->range.outer, b->range.count);
}

static bool round_block(void)
{
	static struct idspec spec; /* large; but for n it is written before it is read */
	unsigned int n = one_in(8) ? IDMAP_LINES - choose(2) : choose(3);
	char got[64], want[64];
	struct text t = { 0 };
	struct diag d = { 0 };
	int ret;

	make_block(&t);
	model_block(t.s, want, sizeof(want));
	if (n == IDMAP_LINES)
		snprintf(want, sizeof(want), "E");
	spec.n = n;
	ret = idmap_add_block(&spec, choose(2) ? ID_GID : ID_UID, t.s, &d);
	snprintf(got, sizeof(got), "%s", check_diag(t.s, ret, &d));
	if (spec.n != n + (ret == 0) || d.usage != (ret < 0))
		differ(t.s, "a wrong count of blocks, or no usage error", want);
	if (ret == 0)
		say_block(got, sizeof(got), &spec.block[n]);
	return compare(t.s, got, want);
}

/*** The maps that blocks come to: the model pairs id by id */

enum { PAIRS = 3 * IDMAP_LINES + 64, RANGE_MAX = 24 };

struct pairs {
	unsigned int n;
	unsigned int lines;
	struct { uint32_t inner, outer; } id[PAIRS];
};

/* What the round has for subid_ranges() of this file, which stands in for that of the library. */
static struct subid_list subordinate;

int subid_ranges(enum idkind kind, struct subid_list *list, struct diag *d)
{
	(void)kind;
	*list = subordinate;
	return list->n ? 0 : diag_set(d, 0, NULL, "no subordinate ids");
}

struct map_input {
	struct idspec spec;
	uint32_t own;
	uint32_t inner_base, outer_base;
	size_t len;
	char text[IDMAP_LINES * 40 + 1024]; /* the whole as a text, for a report */
};

static void note(struct map_input *in, const char *what, uint32_t a, uint32_t b, uint32_t c)
{
	size_t room = sizeof(in->text) - in->len;
	int len = snprintf(in->text + in->len, room, " %s %u:%u:%u", what, a, b, c);

	in->len += (size_t)len < room ? (size_t)len : room - 1;
}

/* Ids lie close together, at one of both ends or anywhere, so that they often meet. */
static uint32_t choose_base(void)
{
	static const uint32_t bases[] = { 0, 0, 1000, UINT32_MAX - 48 };

	return bases[choose(COUNT(bases))];
}

static void make_single(struct map_input *in)
{
	struct idspec *s = &in->spec;

	in->own = in->outer_base + choose(48);
	s->single = one_in(2);
	s->single_own = one_in(3);
	s->single_id = in->inner_base + choose(48);
	if (s->single)
		note(in, "single", s->single_own ? in->own : s->single_id, in->own, 1);
}

static void make_subordinate(struct map_input *in)
{
	subordinate.n = choose(4);
	for (unsigned int i = 0; i < subordinate.n; i++) {
		uint32_t first = one_in(4) ? choose(48) : in->outer_base + choose(8) + 12 * i;
		uint32_t count = 1 + choose(12);

		subordinate.range[i].first = first;
		subordinate.range[i].count = count;
		note(in, "subordinate", first, first, count);
	}
}

/* Through the parser, as options do. */
static void make_map_block(struct map_input *in, uint32_t inner, uint32_t outer, uint32_t count)
{
	struct diag d = { 0 };
	char text[48];

	if (one_in(2))
		snprintf(text, sizeof(text), "%u:%u:%u", inner, outer, count);
	else
		snprintf(text, sizeof(text), "%u,%u,%u", outer, inner, count);
	note(in, "block", inner, outer, count);
	if (idmap_add_block(&in->spec, ID_UID, text, &d) < 0)
		differ(in->text, "a good block refused", text);
}

static void make_few_blocks(struct map_input *in)
{
	uint32_t inner = in->inner_base, outer = in->outer_base;
	struct diag d = { 0 };

	for (unsigned int n = choose(6); n; n--) {
		uint32_t count = 1 + choose(8);

		if (one_in(10)) {
			const char *word = one_in(2) ? "auto" : "subids";

			idmap_add_block(&in->spec, ID_UID, word, &d);
			note(in, word, 0, 0, 0);
			continue;
		}
		inner = one_in(8) ? in->inner_base + choose(40) : inner + choose(3);
		outer = one_in(8) ? in->outer_base + choose(40) : outer + choose(3);
		if (inner > UINT32_MAX - count || outer > UINT32_MAX - count)
			return;
		make_map_block(in, inner, outer, count);
		inner += count;
		outer += count;
	}
}

/* About as many as the kernel takes. */
static void make_many_blocks(struct map_input *in)
{
	unsigned int n = IDMAP_LINES - choose(4);

	in->inner_base = in->outer_base = 100;
	in->spec.single_id = 100 + choose(2 * IDMAP_LINES);
	in->own = 100 + choose(2 * IDMAP_LINES);
	for (unsigned int i = 0; i < n; i++)
		make_map_block(in, 100 + 3 * i, 102 + 3 * i, 1 + choose(3));
}

static void make_map(struct map_input *in)
{
	in->spec.n = 0;
	in->len = 0;
	in->inner_base = choose_base();
	in->outer_base = one_in(2) ? in->inner_base : choose_base();
	make_single(in);
	make_subordinate(in);
	if (one_in(64))
		make_many_blocks(in);
	else
		make_few_blocks(in);
	note(in, "own, single's id", in->own, in->spec.single_id, in->spec.single);
}

/* Is ID in the map's line of its own, on side INSIDE? */
static bool is_single(const struct map_input *in, bool inside, uint64_t id)
{
	const struct idspec *s = &in->spec;

	if (!s->single || broken())
		return false;
	return id == (inside && !s->single_own ? s->single_id : in->own);
}

/*
 * Pair COUNT outer ids from OUTER on with the ids from *INNER up to END. An id
 * that stands alone is passed over on either side.
 */
static void model_pair(const struct map_input *in, struct pairs *p, uint64_t *inner,
		       uint64_t end, uint64_t outer, uint64_t count)
{
	bool begun = false;

	for (uint64_t o = outer; o < outer + count; o++) {
		if (is_single(in, false, o))
			continue;
		if (*inner < end && is_single(in, true, *inner))
			++*inner;
		if (*inner >= end)
			return;
		if (!begun || p->id[p->n - 1].inner + 1 != *inner || p->id[p->n - 1].outer + 1 != o)
			p->lines++;
		begun = true;
		p->id[p->n].inner = (uint32_t)(*inner)++;
		p->id[p->n++].outer = (uint32_t)o;
	}
}

static bool model_add_block(const struct map_input *in, const struct idblock *b, struct pairs *p)
{
	uint64_t inner = b->range.inner;

	if (b->what == IDBLOCK_RANGE) {
		model_pair(in, p, &inner, inner + b->range.count, b->range.outer, b->range.count);
		return true;
	}
	inner = 0;
	for (unsigned int i = 0; i < subordinate.n; i++) {
		uint64_t first = subordinate.range[i].first, count = subordinate.range[i].count;

		if (b->what == IDBLOCK_SUBIDS)
			inner = first;
		model_pair(in, p, &inner, b->what == IDBLOCK_AUTO ? UINT32_MAX : first + count,
			   first, count);
	}
	return subordinate.n > 0;
}

static bool has_twice(const struct pairs *p)
{
	for (unsigned int i = 0; i < p->n; i++)
		for (unsigned int j = 0; j < i; j++)
			if (p->id[i].inner == p->id[j].inner || p->id[i].outer == p->id[j].outer)
				return true;
	return false;
}

/* Are these blocks a map at all? Then *P has its pairs. */
static bool model_map(const struct map_input *in, struct pairs *p)
{
	const struct idspec *s = &in->spec;

	p->n = p->lines = 0;
	if (s->single) {
		p->id[0].inner = s->single_own ? in->own : s->single_id;
		p->id[0].outer = in->own;
		p->n = p->lines = 1;
	}
	for (unsigned int i = 0; i < s->n; i++)
		if (!model_add_block(in, &s->block[i], p))
			return false;
	return p->lines <= 340 && !has_twice(p);
}

/* Is OUTER mapped just as the model has it? */
static void check_id(const struct map_input *in, const struct idmap *map, const struct pairs *p,
		     uint32_t outer)
{
	char got[64] = "not mapped", want[64] = "not mapped";
	uint32_t inner;

	for (unsigned int i = 0; i < p->n; i++)
		if (p->id[i].outer == outer)
			snprintf(want, sizeof(want), "%u is %u inside", outer, p->id[i].inner);
	if (idmap_inner(map, outer, &inner))
		snprintf(got, sizeof(got), "%u is %u inside", outer, inner);
	compare(in->text, got, want);
}

/* All wanted ids and, as the counts are the same, no others; the single line before the rest. */
static void check_map(const struct map_input *in, const struct idmap *map, const struct pairs *p)
{
	uint64_t total = 0;
	bool own = p->n == 1 && p->id[0].outer == in->own;

	for (unsigned int i = 0; i < map->n; i++)
		total += map->line[i].count;
	if (map->n > IDMAP_LINES || total != p->n)
		differ(in->text, "too many or too few ids", "others");
	if (in->spec.single && (map->line[0].outer != in->own || map->line[0].count != 1))
		differ(in->text, "another line comes first", "the single one comes first");
	for (unsigned int i = 0; i < p->n; i++)
		check_id(in, map, p, p->id[i].outer);
	for (uint32_t id = 0; id < 49; id++)
		check_id(in, map, p, in->outer_base + id);
	if (idmap_is_own(map, in->own) != own)
		differ(in->text, own ? "not the own id alone" : "the own id alone", "the opposite");
}

/* The helper's arguments say the same as the lines. */
static void check_helper(const struct map_input *in, const struct idmap *map)
{
	char **argv = idmap_helper_argv(map, ID_GID, INT_MAX);
	char want[48], got[48];

	if (!argv)
		differ(in->text, "no arguments for newgidmap", "some");
	for (unsigned int i = 0; i < map->n; i++) {
		const struct idrange *r = &map->line[i];

		snprintf(want, sizeof(want), "%u %u %u", r->inner, r->outer, r->count);
		snprintf(got, sizeof(got), "%s %s %s", argv[2 + 3 * i], argv[3 + 3 * i],
			 argv[4 + 3 * i]);
		compare(in->text, got, want);
	}
	if (strcmp(argv[0], "newgidmap") || strcmp(argv[1], "2147483647") || argv[2 + 3 * map->n])
		differ(in->text, "another command, process or end", "newgidmap 2147483647");
	free(argv);
}

/* "all": as many ids as there are here, so that it is worked out for single ones. */

static bool within(const struct idrange *r, uint64_t id)
{
	return id >= r->inner && id - r->inner < r->count;
}

/* What OUTER is inside if every id of R, a line of the present map, is paired with one of R. */
static void model_all(const struct map_input *in, const struct idrange *r, uint32_t outer,
		      char *want, size_t size)
{
	const struct idspec *s = &in->spec;
	uint64_t passed = s->single_own ? in->own : s->single_id, id = outer;
	bool cut = s->single && !broken();

	if (s->single && outer == in->own) {
		snprintf(want, size, "%" PRIu64, passed);
		return;
	}
	if (!within(r, outer))
		return;
	if (cut && within(r, in->own) && in->own < outer)
		id--;
	if (cut && within(r, passed) && passed <= id)
		id++;
	if (within(r, id))
		snprintf(want, size, "%" PRIu64, id);
}

static void check_all_id(const struct map_input *in, const struct idmap *map,
			 const struct idmap *present, uint32_t outer)
{
	char got[64] = "not mapped", want[64] = "not mapped", input[sizeof(in->text) + 32];
	uint32_t inner;

	for (unsigned int i = 0; i < present->n; i++)
		model_all(in, &present->line[i], outer, want, sizeof(want));
	if (idmap_inner(map, outer, &inner))
		snprintf(got, sizeof(got), "%" PRIu32, inner);
	snprintf(input, sizeof(input), "all;%s: id %" PRIu32, in->text, outer);
	compare(input, got, want);
}

/* The ids that are mapped in the namespace of this process; false: there are none, or too many. */
static bool read_present(struct idmap *present)
{
	FILE *file = fopen("/proc/self/uid_map", "re");
	unsigned int inner, count;

	present->n = 0;
	while (file && present->n < 8 && fscanf(file, "%u %*u %u", &inner, &count) == 2)
		present->line[present->n++] = (struct idrange){ inner, inner, count };
	if (file)
		fclose(file);
	return present->n && present->n < 8;
}

static bool round_map_all(struct map_input *in)
{
	static struct idmap map, present;
	const uint64_t marks[] = { 0, in->own, in->spec.single_id, UINT32_MAX };
	struct diag d = { 0 };
	int ret;

	if (!read_present(&present))
		return false;
	in->spec.n = 0;
	if (idmap_add_block(&in->spec, ID_UID, "all", &d) < 0)
		differ("all", d.what, "a block");
	ret = idmap_resolve(&map, &in->spec, ID_UID, in->own, &d);
	check_diag(in->text, ret, &d);
	if (ret < 0)
		differ(in->text, d.what, "a map");
	for (size_t i = 0; i < COUNT(marks); i++)
		for (uint64_t id = marks[i] < 2 ? 0 : marks[i] - 2; id < marks[i] + 3; id++)
			if (id < UINT32_MAX)
				check_all_id(in, &map, &present, (uint32_t)id);
	return true;
}

static bool round_map(void)
{
	static struct map_input in;
	static struct idmap map;
	static struct pairs want;
	struct diag d = { 0 };
	bool good;
	int ret;

	make_map(&in);
	if (one_in(16))
		return round_map_all(&in);
	good = model_map(&in, &want);
	ret = idmap_resolve(&map, &in.spec, ID_UID, in.own, &d);
	check_diag(in.text, ret, &d);
	if ((ret == 0) != good)
		differ(in.text, ret == 0 ? "a map" : d.what, good ? "a map" : "none");
	if (ret == 0) {
		check_map(&in, &map, &want);
		check_helper(&in, &map);
	}
	return ret == 0;
}

/*** The environment */

enum { VARIABLES = 8, ASSIGNMENTS = 6, LISTS = 3 };

struct env_input {
	struct text variable[VARIABLES], assignment[ASSIGNMENTS], list[LISTS];
	unsigned int n_variables, n_assignments, n_lists;
	bool clear;
	char *from[VARIABLES + 1];
	char text[(VARIABLES + ASSIGNMENTS + LISTS) * (sizeof(struct text) + 16)];
};

static void make_variable(struct text *t)
{
	static const char *const names[] = { "A", "B", "AB", "a", "PATH", "A B", "_" };

	t->n = 0;
	put(t, choose_word(names, COUNT(names)));
	put_char(t, '=');
	for (unsigned int n = choose(3); n; n--)
		put_char(t, "=12,A"[choose(5)]);
	if (one_in(4))
		mutate(t);
}

static void make_names(struct text *t)
{
	static const char *const names[] = { "A", "B", "AB", "a", "PATH", "A B", "", "A=", "*" };

	t->n = 0;
	put(t, choose_word(names, COUNT(names)));
	while (one_in(2)) {
		put_char(t, ',');
		put(t, choose_word(names, COUNT(names)));
	}
	if (one_in(4))
		mutate(t);
}

/* There is room for all. */
static void tell(struct env_input *in, const char *what, const struct text *t, unsigned int n)
{
	size_t len = strlen(in->text);

	for (; n--; t++)
		len += (size_t)snprintf(in->text + len, sizeof(in->text) - len, "%s[%s] ", what,
					t->s);
}

static void tell_env(struct env_input *in)
{
	snprintf(in->text, sizeof(in->text), "%s", in->clear ? "clear " : "");
	tell(in, "", in->variable, in->n_variables);
	tell(in, "keep ", in->list, in->n_lists);
	tell(in, "set ", in->assignment, in->n_assignments);
}

static void make_env(struct env_input *in)
{
	in->clear = one_in(4);
	in->n_variables = choose(VARIABLES + 1);
	in->n_assignments = choose(ASSIGNMENTS + 1);
	in->n_lists = one_in(2) ? choose(LISTS + 1) : 0;
	for (unsigned int i = 0; i < in->n_variables; i++) {
		make_variable(&in->variable[i]);
		in->from[i] = in->variable[i].s;
	}
	in->from[in->n_variables] = NULL;
	for (unsigned int i = 0; i < in->n_assignments; i++)
		make_variable(&in->assignment[i]);
	for (unsigned int i = 0; i < in->n_lists; i++)
		make_names(&in->list[i]);
	tell_env(in);
}

/* The name of "NAME=VALUE", or the whole. */
static void get_name(const char *variable, char *name)
{
	const char *equals = strchr(variable, '=');
	size_t len = equals ? (size_t)(equals - variable) : strlen(variable);

	memcpy(name, variable, len);
	name[len] = '\0';
}

static bool same_names(const char *a, const char *b)
{
	char name_a[sizeof(struct text)], name_b[sizeof(struct text)];

	get_name(a, name_a);
	get_name(b, name_b);
	return !strcmp(name_a, name_b);
}

static bool is_assignment(const char *text)
{
	return *text != '=' && strchr(text, '=');
}

/* Is the name of VARIABLE, between two commas, in ",LIST,"? */
static bool in_lists(const struct env_input *in, const char *variable)
{
	char list[sizeof(struct text) + 2], name[sizeof(struct text) + 2] = ",";

	get_name(variable, name + 1);
	if (!name[1] || strchr(name, ',') != strrchr(name, ','))
		return false;
	strcat(name, ",");
	for (unsigned int i = 0; i < in->n_lists; i++) {
		snprintf(list, sizeof(list), ",%s,", in->list[i].s);
		if (strstr(list, name))
			return true;
	}
	return false;
}

/* Is there an assignment from number FIRST on, up to END, to the name of VARIABLE? */
static bool assigned(const struct env_input *in, const char *variable, unsigned int first,
		     unsigned int end)
{
	for (unsigned int i = first; i < end; i++)
		if (is_assignment(in->assignment[i].s) && same_names(in->assignment[i].s, variable))
			return true;
	return false;
}

/* What stays of the old, without what is assigned to; then the last assignment to each name. */
static size_t model_env(const struct env_input *in, const char **want)
{
	bool filter = in->clear || in->n_lists;
	size_t n = 0;

	for (unsigned int i = 0; i < in->n_variables; i++) {
		const char *v = in->variable[i].s;

		if ((!filter || in_lists(in, v)) && !assigned(in, v, 0, in->n_assignments))
			want[n++] = v;
	}
	for (unsigned int i = 0; i < in->n_assignments; i++) {
		const char *a = in->assignment[i].s;
		bool other = broken() ? assigned(in, a, 0, i) :
					assigned(in, a, i + 1, in->n_assignments);

		if (is_assignment(a) && !other)
			want[n++] = a;
	}
	return n;
}

/* Number K of those in ENV that have the name of VARIABLE. */
static const char *find_variable(char *const *env, const char *variable, size_t k)
{
	for (; *env; env++)
		if (same_names(*env, variable) && !k--)
			return *env;
	return NULL;
}

/* The order of names is free; that of one name's variables is kept: getenv(3) finds the first. */
static void check_env(const struct env_input *in, char *const *got, const char *const *want,
		      size_t n)
{
	size_t n_got = 0;

	while (got[n_got])
		n_got++;
	if (n_got != n)
		differ(in->text, n_got < n ? "too few variables" : "too many variables", "others");
	for (size_t i = 0; i < n; i++) {
		const char *found;
		size_t k = 0;

		for (size_t j = 0; j < i; j++)
			k += same_names(want[j], want[i]);
		found = find_variable(got, want[i], k);
		if (found != want[i])
			differ(in->text, found ? found : "no such variable", want[i]);
	}
}

static bool add_to_env(const struct env_input *in, struct env_plan *e)
{
	bool good = true;

	e->clear = in->clear;
	for (unsigned int i = 0; i < in->n_lists; i++)
		if (env_add_keep(e, in->list[i].s) < 0)
			differ(in->list[i].s, "refused", "a list of names");
	for (unsigned int i = 0; i < in->n_assignments; i++) {
		const char *a = in->assignment[i].s;
		const char *got = env_add_set(e, a) == 0 ? "taken" : error_name(errno);

		good &= compare(a, got, is_assignment(a) ? "taken" : "EINVAL");
	}
	return good;
}

static bool round_env(void)
{
	static struct env_input in;
	const char *want[VARIABLES + ASSIGNMENTS];
	char *from[VARIABLES + 1];
	struct env_plan e = { 0 };
	char **got;
	bool good;

	make_env(&in);
	good = add_to_env(&in, &e);
	memcpy(from, in.from, sizeof(from));
	got = env_build(&e, in.from);
	if (!got || memcmp(from, in.from, sizeof(from)))
		differ(in.text, got ? "the old environment changed" : "none", "an environment");
	if ((got == in.from) != (!e.clear && !e.n_set))
		differ(in.text, "a copy where nothing was asked, or none", "the opposite");
	check_env(&in, got, want, model_env(&in, want));
	if (got != in.from)
		free(got);
	free(e.keep);
	free(e.set);
	return good;
}

/*** Signals and words */

static const struct {
	const char *name;
	int sig;
} signals[] = {
	{ "ABRT", SIGABRT }, { "ALRM", SIGALRM }, { "BUS", SIGBUS }, { "CHLD", SIGCHLD },
	{ "CONT", SIGCONT }, { "FPE", SIGFPE }, { "HUP", SIGHUP }, { "ILL", SIGILL },
	{ "INT", SIGINT }, { "IO", SIGIO }, { "KILL", SIGKILL }, { "PIPE", SIGPIPE },
	{ "POLL", SIGPOLL }, { "PROF", SIGPROF }, { "PWR", SIGPWR }, { "QUIT", SIGQUIT },
	{ "SEGV", SIGSEGV }, { "STOP", SIGSTOP }, { "SYS", SIGSYS }, { "TERM", SIGTERM },
	{ "TRAP", SIGTRAP }, { "TSTP", SIGTSTP }, { "TTIN", SIGTTIN }, { "TTOU", SIGTTOU },
	{ "URG", SIGURG }, { "USR1", SIGUSR1 }, { "USR2", SIGUSR2 }, { "VTALRM", SIGVTALRM },
	{ "WINCH", SIGWINCH }, { "XCPU", SIGXCPU }, { "XFSZ", SIGXFSZ },
};

static void make_signal(struct text *t)
{
	static const char *const prefixes[] = { "", "SIG", "sig", "Sig", "SIGSIG" };
	unsigned int capital = choose(3);
	const char *name;

	if (make_raw(t))
		return;
	if (one_in(3)) {
		make_number(t, (uint64_t)SIGRTMAX);
		mutate(t);
		return;
	}
	put(t, choose_word(prefixes, COUNT(prefixes)));
	for (name = signals[choose(COUNT(signals))].name; *name; name++)
		put_char(t, capital == 2 || (capital && one_in(2)) ? (char)tolower(*name) : *name);
	mutate(t);
}

static void model_signal(const char *text, char *want, size_t size)
{
	char upper[sizeof(struct text)];
	const char *name = upper;
	size_t n = strspn(text, DIGITS);

	for (size_t i = 0; i <= strlen(text); i++)
		upper[i] = text[i] >= 'a' && text[i] <= 'z' && !broken() ? text[i] - 32 : text[i];
	if (!strncmp(name, "SIG", 3))
		name += 3;
	snprintf(want, size, "E");
	if (n && !text[n] && !over(text, n, (uint64_t)SIGRTMAX) && atoi(text) > 0)
		snprintf(want, size, "%d", atoi(text));
	for (size_t i = 0; i < COUNT(signals); i++)
		if (!strcmp(name, signals[i].name))
			snprintf(want, size, "%d", signals[i].sig);
}

static bool round_signal(void)
{
	struct text t = { 0 };
	struct diag d = { 0 };
	char got[16], want[16];
	int sig = -1, ret;

	make_signal(&t);
	model_signal(t.s, want, sizeof(want));
	ret = options_parse_signal(t.s, "--x", &sig, &d);
	snprintf(got, sizeof(got), "%s", check_diag(t.s, ret, &d));
	if (ret == 0)
		snprintf(got, sizeof(got), "%d", sig);
	return compare(t.s, got, want);
}

static const char *const propagations[] = { "private", "shared", "slave", "unchanged" };

static void make_word(struct text *t, const char *const *words, size_t n)
{
	if (make_raw(t))
		return;
	put(t, choose_word(words, n));
	mutate(t);
}

static void model_word(const char *text, const char *const *words, size_t n, char *want,
		       size_t size)
{
	snprintf(want, size, "E");
	for (size_t i = broken(); i < n; i++)
		if (!strcmp(text, words[i]))
			snprintf(want, size, "%s", text);
}

static const char *say_propagation(enum propagation p)
{
	switch (p) {
	case PROPAGATION_PRIVATE:
		return "private";
	case PROPAGATION_SHARED:
		return "shared";
	case PROPAGATION_SLAVE:
		return "slave";
	case PROPAGATION_UNCHANGED:
		return "unchanged";
	case PROPAGATION_DEFAULT:
		break;
	}
	return "nothing";
}

static bool round_propagation(void)
{
	enum propagation out = PROPAGATION_DEFAULT;
	struct text t = { 0 };
	struct diag d = { 0 };
	const char *got;
	char want[16];
	int ret;

	make_word(&t, propagations, COUNT(propagations));
	model_word(t.s, propagations, COUNT(propagations), want, sizeof(want));
	ret = mnt_parse_propagation(t.s, &out, &d);
	got = check_diag(t.s, ret, &d);
	return compare(t.s, ret < 0 ? got : say_propagation(out), want);
}

/*** Launch options */

enum kind {
	TAKES_ANY,	/* nothing, or any text */
	TAKES_FILE,	/* nothing, or a text that is not empty */
	TAKES_BOTH_MAPS,/* nothing; a block is added to each of the two maps */
	TAKES_UID,
	TAKES_GID,
	TAKES_MAP_UID,
	TAKES_MAP_GID,
	TAKES_UID_BLOCK,
	TAKES_GID_BLOCK,
	TAKES_OWNER,
	TAKES_SETGROUPS,
	TAKES_PROPAGATION,
	TAKES_HOSTNAME,
	TAKES_DOMAINNAME,
	TAKES_MONOTONIC,
	TAKES_BOOTTIME,
	TAKES_SETENV,
	TAKES_FDS,
};

/* An option that is not here need only return. */
static const struct rule {
	const char *name;
	enum kind kind;
	int flags; /* what it implies, for nsclone */
} rules[] = {
	{ "mount", TAKES_FILE, CLONE_NEWNS },
	{ "uts", TAKES_FILE, CLONE_NEWUTS },
	{ "ipc", TAKES_FILE, CLONE_NEWIPC },
	{ "net", TAKES_FILE, CLONE_NEWNET },
	{ "pid", TAKES_FILE, CLONE_NEWPID },
	{ "user", TAKES_FILE, CLONE_NEWUSER },
	{ "cgroup", TAKES_FILE, CLONE_NEWCGROUP },
	{ "time", TAKES_FILE, CLONE_NEWTIME },
	{ "all", TAKES_ANY, 0 },
	{ "make-private", TAKES_ANY, 0 },
	{ "map-root-user", TAKES_ANY, CLONE_NEWUSER },
	{ "map-current-user", TAKES_ANY, CLONE_NEWUSER },
	{ "map-user", TAKES_MAP_UID, CLONE_NEWUSER },
	{ "map-group", TAKES_MAP_GID, CLONE_NEWUSER },
	{ "map-users", TAKES_UID_BLOCK, CLONE_NEWUSER },
	{ "map-groups", TAKES_GID_BLOCK, CLONE_NEWUSER },
	{ "map-auto", TAKES_BOTH_MAPS, CLONE_NEWUSER },
	{ "map-subids", TAKES_BOTH_MAPS, CLONE_NEWUSER },
	{ "owner", TAKES_OWNER, CLONE_NEWUSER },
	{ "setgroups", TAKES_SETGROUPS, CLONE_NEWUSER },
	{ "setuid", TAKES_UID, 0 },
	{ "setgid", TAKES_GID, 0 },
	{ "keep-caps", TAKES_ANY, 0 },
	{ "no-new-privs", TAKES_ANY, 0 },
	{ "propagation", TAKES_PROPAGATION, 0 },
	{ "root", TAKES_FILE, CLONE_NEWNS },
	{ "wd", TAKES_FILE, 0 },
	{ "mount-proc", TAKES_FILE, CLONE_NEWNS },
	{ "mount-sys", TAKES_FILE, CLONE_NEWNS },
	{ "mount-binfmt", TAKES_FILE, CLONE_NEWNS | CLONE_NEWUSER },
	{ "load-interp", TAKES_ANY, CLONE_NEWNS | CLONE_NEWUSER },
	{ "hostname", TAKES_HOSTNAME, CLONE_NEWUTS },
	{ "domainname", TAKES_DOMAINNAME, CLONE_NEWUTS },
	{ "loopback", TAKES_ANY, CLONE_NEWNET },
	{ "monotonic", TAKES_MONOTONIC, CLONE_NEWTIME },
	{ "boottime", TAKES_BOOTTIME, CLONE_NEWTIME },
	{ "setup", TAKES_ANY, 0 },
	{ "clear-env", TAKES_ANY, 0 },
	{ "keep-env", TAKES_ANY, 0 },
	{ "whitelist-env", TAKES_ANY, 0 },
	{ "setenv", TAKES_SETENV, 0 },
	{ "close-fds", TAKES_FDS, 0 },
};

static const char *const setgroups_words[] = { "allow", "deny" };

enum { LAUNCH_OPTIONS = 4 };

/* What the model knows of the options before this one. */
struct launch {
	struct plan plan;
	unsigned int flags;
	unsigned int blocks[2];
	int n_keep;
	size_t n_set;
	struct text arg[LAUNCH_OPTIONS]; /* the plan points to them */
};

static void make_launch_id(struct text *t)
{
	if (one_in(6))
		put(t, "root");
	else
		make_number(t, 4294967294);
}

/* One of the lengths that matter, or any. */
static void make_filler(struct text *t)
{
	static const unsigned int lengths[] = { 0, 1, 63, 64, 65 };
	unsigned int n = one_in(2) ? choose(80) : lengths[choose(COUNT(lengths))];

	while (n--)
		put_char(t, 'x');
}

static void make_argument(struct text *t, enum kind kind)
{
	switch (kind) {
	case TAKES_OWNER:
		make_launch_id(t);
		put_char(t, ':');
		make_launch_id(t);
		mutate(t);
		return;
	case TAKES_UID:
	case TAKES_GID:
	case TAKES_MAP_UID:
	case TAKES_MAP_GID:
		make_launch_id(t);
		mutate(t);
		return;
	case TAKES_UID_BLOCK:
	case TAKES_GID_BLOCK:
		make_block(t);
		return;
	case TAKES_SETGROUPS:
		make_word(t, setgroups_words, COUNT(setgroups_words));
		return;
	case TAKES_PROPAGATION:
		make_word(t, propagations, COUNT(propagations));
		return;
	case TAKES_MONOTONIC:
	case TAKES_BOOTTIME:
		make_seconds(t);
		return;
	case TAKES_SETENV:
		make_variable(t);
		return;
	case TAKES_FDS:
		make_list(t, 0, INT_MAX, one_in(2) ? 64 : 8);
		return;
	default:
		make_filler(t);
		mutate(t);
	}
}

/* A number; or a name, which the user database knows and no model does. */
static void model_id(const char *text, bool group, char *want, size_t size)
{
	const struct passwd *pw;
	const struct group *gr;

	model_number(text, 4294967294, want, size);
	if (*want != 'E')
		return;
	snprintf(want, size, "E");
	if (!*text || strchr("+-" DIGITS, *text))
		return;
	if (group) {
		gr = getgrnam(text);
		if (gr)
			snprintf(want, size, "%u", (unsigned int)gr->gr_gid);
	} else {
		pw = getpwnam(text);
		if (pw)
			snprintf(want, size, "%u", (unsigned int)pw->pw_uid);
	}
}

static void model_owner(const char *text, char *want, size_t size)
{
	const char *colon = strchr(text, ':');
	char uid[sizeof(struct text)], owner[32], group[32];

	snprintf(want, size, "E");
	if (!colon || colon - text > 255)
		return;
	memcpy(uid, text, (size_t)(colon - text));
	uid[colon - text] = '\0';
	model_id(uid, false, owner, sizeof(owner));
	model_id(colon + 1, true, group, sizeof(group));
	if (*owner != 'E' && *group != 'E')
		snprintf(want, size, "%s:%s", owner, group);
}

static void model_name(const char *text, char *want, size_t size)
{
	size_t len = strlen(text);

	if (len >= 1 && len <= (broken() ? 63 : 64))
		snprintf(want, size, "'%s'", text);
	else
		snprintf(want, size, "E");
}

static void model_assignment(const char *text, char *want, size_t size)
{
	if (is_assignment(text))
		snprintf(want, size, "'%s'", text);
	else
		snprintf(want, size, "E");
}

/* ARG may be NULL. */
static void model_argument(const struct launch *l, enum kind kind, const char *arg,
			   char *want, size_t size)
{
	snprintf(want, size, "taken");
	if (!arg && kind != TAKES_BOTH_MAPS)
		return;
	switch (kind) {
	case TAKES_ANY:
		return;
	case TAKES_FILE:
		snprintf(want, size, "%s", *arg ? "taken" : "E");
		return;
	case TAKES_BOTH_MAPS:
		return;
	case TAKES_UID:
	case TAKES_MAP_UID:
		model_id(arg, false, want, size);
		return;
	case TAKES_GID:
	case TAKES_MAP_GID:
		model_id(arg, true, want, size);
		return;
	case TAKES_UID_BLOCK:
	case TAKES_GID_BLOCK:
		model_block(arg, want, size);
		return;
	case TAKES_OWNER:
		model_owner(arg, want, size);
		return;
	case TAKES_SETGROUPS:
		model_word(arg, setgroups_words, COUNT(setgroups_words), want, size);
		return;
	case TAKES_PROPAGATION:
		model_word(arg, propagations, COUNT(propagations), want, size);
		return;
	case TAKES_HOSTNAME:
	case TAKES_DOMAINNAME:
		model_name(arg, want, size);
		return;
	case TAKES_MONOTONIC:
	case TAKES_BOOTTIME:
		model_seconds(arg, want, size);
		return;
	case TAKES_SETENV:
		model_assignment(arg, want, size);
		return;
	case TAKES_FDS:
		model_list(arg, 0, INT_MAX, 64 - l->n_keep, want, size);
		return;
	}
}

static void say_offset(char *got, size_t size, const struct timens_offset *o)
{
	if (o->set)
		snprintf(got, size, "%" PRId64 " %" PRId32, o->sec, o->nsec);
}

static void say_map(char *got, size_t size, const struct idspec *s, bool single)
{
	if (!single && s->n)
		say_block(got, size, &s->block[s->n - 1]);
	else if (single && s->single && !s->single_own)
		snprintf(got, size, "%u", s->single_id);
}

static void say_cred(char *got, size_t size, const struct cred_plan *c, bool group)
{
	if (group ? c->set_gid : c->set_uid)
		snprintf(got, size, "%u", group ? c->gid : c->uid);
}

static void say_user(char *got, size_t size, const struct user_plan *u, bool owner)
{
	if (owner && u->set_owner)
		snprintf(got, size, "%u:%u", u->owner_uid, u->owner_gid);
	else if (!owner && u->setgroups != SETGROUPS_UNCHANGED)
		snprintf(got, size, "%s", u->setgroups == SETGROUPS_ALLOW ? "allow" : "deny");
}

/* What the option has put into the plan, in the form of model_argument(). */
static void say_argument(const struct launch *l, enum kind kind, const char *arg, char *got,
			 size_t size)
{
	const struct plan *p = &l->plan;

	snprintf(got, size, "nothing");
	switch (kind) {
	case TAKES_ANY:
	case TAKES_FILE:
	case TAKES_BOTH_MAPS:
		snprintf(got, size, "taken");
		return;
	case TAKES_UID:
	case TAKES_GID:
		say_cred(got, size, &p->cred, kind == TAKES_GID);
		return;
	case TAKES_MAP_UID:
	case TAKES_UID_BLOCK:
		say_map(got, size, &p->user.spec[ID_UID], kind == TAKES_MAP_UID);
		return;
	case TAKES_MAP_GID:
	case TAKES_GID_BLOCK:
		say_map(got, size, &p->user.spec[ID_GID], kind == TAKES_MAP_GID);
		return;
	case TAKES_OWNER:
	case TAKES_SETGROUPS:
		say_user(got, size, &p->user, kind == TAKES_OWNER);
		return;
	case TAKES_PROPAGATION:
		snprintf(got, size, "%s", say_propagation(p->mnt.propagation));
		return;
	case TAKES_HOSTNAME:
	case TAKES_DOMAINNAME:
		snprintf(got, size, "'%s'", kind == TAKES_HOSTNAME ? p->hostname : p->domainname);
		return;
	case TAKES_MONOTONIC:
	case TAKES_BOOTTIME:
		say_offset(got, size, kind == TAKES_BOOTTIME ? &p->timens.boottime :
							       &p->timens.monotonic);
		return;
	case TAKES_SETENV:
		if (p->env_plan.n_set > l->n_set)
			snprintf(got, size, "'%s'", p->env_plan.set[l->n_set]);
		return;
	case TAKES_FDS:
		if (arg)
			say_list(got, size, p->close.keep + l->n_keep, p->close.n_keep - l->n_keep);
		else
			snprintf(got, size, "taken");
		return;
	}
}

static const struct rule *find_rule(const char *name)
{
	for (size_t i = 0; i < COUNT(rules); i++)
		if (!strcmp(rules[i].name, name))
			return &rules[i];
	return NULL;
}

/* Count what has been taken, and see whether the plan has just that much. */
static void check_plan(struct launch *l, const struct rule *rule, const char *input)
{
	const struct plan *p = &l->plan;
	enum kind kind = rule->kind;

	l->flags |= (unsigned int)rule->flags;
	l->blocks[ID_UID] += kind == TAKES_BOTH_MAPS || kind == TAKES_UID_BLOCK;
	l->blocks[ID_GID] += kind == TAKES_BOTH_MAPS || kind == TAKES_GID_BLOCK;
	l->n_set += kind == TAKES_SETENV;
	if (kind == TAKES_FDS)
		l->n_keep = p->close.n_keep;
	if (p->flags != l->flags)
		differ(input, "it implies other types of namespaces", "those of its rule");
	if (p->user.spec[ID_UID].n != l->blocks[ID_UID] ||
	    p->user.spec[ID_GID].n != l->blocks[ID_GID] || p->env_plan.n_set != l->n_set ||
	    p->close.n_keep != l->n_keep)
		differ(input, "other blocks, assignments or descriptors than asked for", "those");
}

/* The same as before in one of three cases: some options add up. */
static const struct option *choose_option(const struct option *before)
{
	static struct option types[NSTYPE_COUNT + 1];
	const struct option *o = one_in(6) ? options_program : one_in(4) ? types : options_launch;

	nstype_options(types);
	if (before && one_in(3))
		return before;
	for (unsigned int n = choose(COUNT(rules)); n && o[1].name; n--)
		o++;
	return o;
}

/* Option O with an argument made for it; false: it was refused. */
static bool take_option(struct launch *l, const struct option *o, struct text *t)
{
	char got[sizeof(struct text)], want[sizeof(struct text)], input[sizeof(struct text) + 32];
	const struct rule *rule = find_rule(o->name);
	const char *arg = NULL;
	struct diag d = { 0 };
	int ret;

	t->n = 0;
	t->s[0] = '\0';
	if (o->has_arg == required_argument || (o->has_arg == optional_argument && !one_in(3))) {
		make_argument(t, rule ? rule->kind : TAKES_ANY);
		arg = t->s;
	}
	snprintf(input, sizeof(input), "--%s%s%s", o->name, arg ? "=" : "", t->s);
	ret = options_launch_take(&l->plan, o->val, arg, &d);
	snprintf(got, sizeof(got), "%s", check_diag(input, ret, &d));
	if (ret == 0)
		differ(input, "no launch option", "a launch option");
	if (!rule)
		return false;
	model_argument(l, rule->kind, arg, want, sizeof(want));
	if (*want == 'E')
		snprintf(want, sizeof(want), "E"); /* which error, the text says */
	if (ret > 0)
		say_argument(l, rule->kind, arg, got, sizeof(got));
	compare(input, got, want);
	if (ret > 0)
		check_plan(l, rule, input);
	return ret > 0;
}

static bool stands_in(const struct option *table, int opt)
{
	for (const struct option *o = table; o->name; o++)
		if (o->val == opt)
			return true;
	return false;
}

/* getopt's value of an option that is in neither table, or of none. */
static void check_strange_option(struct launch *l)
{
	int opt = one_in(2) ? (int)choose(1024) - 64 : (int)OPT_TOOL + (int)choose(16);
	struct diag d = { 0 };
	char input[32];

	if (stands_in(options_launch, opt) || stands_in(options_program, opt) ||
	    nstype_by_letter(opt) >= 0)
		return;
	snprintf(input, sizeof(input), "option value %d", opt);
	if (options_launch_take(&l->plan, opt, "1", &d) != 0)
		differ(input, "a launch option", "none");
}

static bool round_launch(void)
{
	static struct launch l;
	const struct option *o = NULL;
	bool good = true;

	memset(&l.plan, 0, sizeof(l.plan));
	l.plan.door = DOOR_CLONE;
	l.flags = l.blocks[0] = l.blocks[1] = 0;
	l.n_keep = 0;
	l.n_set = 0;
	check_strange_option(&l);
	for (unsigned int i = 0; good && i < LAUNCH_OPTIONS; i++) {
		o = choose_option(o);
		good = take_option(&l, o, &l.arg[i]);
	}
	free(l.plan.env_plan.keep);
	free(l.plan.env_plan.set);
	return good;
}

/*** Rounds */

static const struct subject subjects[] = {
	{ "number", round_number_any },
	{ "id", round_id },
	{ "fd", round_fd },
	{ "seconds", round_seconds },
	{ "list", round_list },
	{ "block", round_block },
	{ "map", round_map },
	{ "env", round_env },
	{ "signal", round_signal },
	{ "propagation", round_propagation },
	{ "launch", round_launch },
};

static bool run_round(void)
{
	subject = &subjects[choose(COUNT(subjects))];
	return subject->round();
}

#ifdef LIBFUZZER

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t nothing[1];

	source.data = size ? data : nothing;
	source.left = size;
	run_round();
	return 0;
}

#else

static int usage(void)
{
	fputs("usage: parsers [--break=SUBJECT] ROUNDS SEED [FIRST]\n", stderr);
	return 2;
}

static bool get_argument(const char *arg, uint64_t *value)
{
	char *end;

	*value = strtoull(arg, &end, 10);
	return *arg >= '0' && *arg <= '9' && !*end;
}

static bool set_break(const char *name)
{
	break_name = name;
	for (size_t i = 0; i < COUNT(subjects); i++)
		if (!strcmp(name, subjects[i].name))
			return true;
	return false;
}

static void catch_signals(void)
{
	static const int fatal[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGALRM };

	for (size_t i = 0; i < COUNT(fatal); i++)
		signal(fatal[i], end_by_signal);
}

/* Ask the parsers; print how it went for each subject. */
static int run_rounds(uint64_t first, uint64_t rounds)
{
	uint64_t accepted[COUNT(subjects)] = { 0 }, refused[COUNT(subjects)] = { 0 };

	catch_signals();
	for (round_number = first; round_number - first < rounds; round_number++) {
		bool good;

		if ((round_number - first) % 4096 == 0)
			alarm(HANG_SECONDS);
		source.state = (seed ^ round_number * 0xd1342543de82ef95) * 0x2545f4914f6cdd1d;
		good = run_round();
		(good ? accepted : refused)[subject - subjects]++;
	}
	for (size_t i = 0; i < COUNT(subjects); i++)
		printf("%s %" PRIu64 " %" PRIu64 "\n", subjects[i].name, accepted[i], refused[i]);
	return fflush(stdout) || ferror(stdout) ? 1 : 0;
}

int main(int argc, char **argv)
{
	uint64_t rounds, first = 0;

	if (argc > 1 && !strncmp(argv[1], "--break=", 8)) {
		if (!set_break(argv[1] + 8))
			return usage();
		argv++;
		argc--;
	}
	if (argc < 3 || argc > 4 || !get_argument(argv[1], &rounds) ||
	    !get_argument(argv[2], &seed) || (argc == 4 && !get_argument(argv[3], &first)))
		return usage();
	return run_rounds(first, rounds);
}

#endif
