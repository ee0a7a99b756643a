/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * fuzz: what all subjects share: the choices that make an input, texts, and the
 * comparison of two answers. A subject is a parser of common/ together with a
 * naive model of it that has none of its code.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct diag;

#define COUNT(array) (sizeof(array) / sizeof(*(array)))
#define DIGITS "0123456789"

struct subject {
	const char *name;
	bool (*round)(void); /* one input: did the parser accept it? Does not return if the model differs. */
	bool text;	     /* an input from outside is the text itself, not the choices for a grammar */
};

/* All of them, N_SUBJECTS_MAX at most; the last one has no name. */
enum { N_SUBJECTS_MAX = 64 };
extern const struct subject subjects[];
const struct subject *find_subject(const char *name); /* or NULL */

/* The one whose round it is; set by the caller of round(). */
extern const struct subject *subject;

/* Shall the present subject's model be wrong? Set by the driver. */
extern const char *break_name;
bool broken(void);

/* Ends the program, with what repeats this round. The driver has it. */
_Noreturn void end_round(void);

/*
 * Choices are pseudo-random from STATE (SplitMix64, which is the same
 * everywhere), or the N bytes of DATA, and zeros behind them. With TEXT, what is
 * before the first NUL of DATA is the first text that the round makes, and only
 * what is behind it are choices.
 */
void choices_seed(uint64_t state);
void choices_from(const uint8_t *data, size_t n, bool text);

uint8_t choose_byte(void);
unsigned int choose(unsigned int n); /* 0 … N - 1 */
bool one_in(unsigned int n);
uint64_t choose_bits(void); /* of any width, 0 to 64 */
char choose_char(void);	    /* one that is likely to matter to a parser, or any but NUL */
const char *choose_word(const char *const *words, size_t n);

struct text {
	size_t n;
	char s[1024]; /* N bytes, none of them NUL, and a NUL */
};

/* Append; what does not fit is left out. */
void put_char(struct text *t, char c);
void put(struct text *t, const char *s);
void put_number(struct text *t, uint64_t value);

/* In one of three cases some characters are changed. */
void mutate(struct text *t);

/* Now and then no grammar at all: then *T is any bytes, or the text from outside. */
bool make_raw(struct text *t);

/* One of WORDS, mutated. */
void make_word(struct text *t, const char *const *words, size_t n);

/* The parser and its model say different things of INPUT: a report, and the end. */
_Noreturn void differ(const char *input, const char *got, const char *want);

/*
 * Answers are texts: the values, or error names; WANT may have several of those.
 * Returns whether GOT is an answer and no error.
 */
bool compare(const char *input, const char *got, const char *want);

const char *error_name(int err);

/*
 * For the parsers that explain themselves: a failure has a text and a status,
 * success has none. "E" for a failure, "" for success.
 */
const char *check_diag(const char *input, int ret, const struct diag *d);
