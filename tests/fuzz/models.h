/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * models: what one subject has and another one uses. make_X() makes an input,
 * model_X() the answer to it, say_X() the answer from what the parser has filled.
 */

#include "fuzz.h"

struct idblock;

/* One less than the type has: a fraction of a negative number may borrow it. */
#define SECONDS_MAX ((uint64_t)INT64_MAX - 1)

/* Are the N decimal digits at DIGITS a number above MAX? */
bool over(const char *digits, size_t n, uint64_t max);

void make_number(struct text *t, uint64_t max);
void make_number_text(struct text *t, uint64_t max); /* the same, or no number */
void model_number(const char *text, uint64_t max, char *want, size_t size);

void make_seconds(struct text *t);
void model_seconds(const char *text, char *want, size_t size);

void make_list(struct text *t, int min, int max, int capacity);
void model_list(const char *text, int min, int max, int capacity, char *want, size_t size);
void say_list(char *got, size_t size, const int *list, int n);

void make_block(struct text *t);
void model_block(const char *text, char *want, size_t size);
void say_block(char *got, size_t size, const struct idblock *b);

void make_variable(struct text *t);
bool is_assignment(const char *text);

void model_word(const char *text, const char *const *words, size_t n, char *want, size_t size);

/* The words of --propagation. */
enum { N_PROPAGATIONS = 4 };
extern const char *const propagations[N_PROPAGATIONS];
const char *say_propagation(int p);

/* The rounds of all subjects, for subjects.c. */
bool round_number(void);
bool round_id(void);
bool round_fd(void);
bool round_seconds(void);
bool round_list(void);
bool round_block(void);
bool round_map(void);
bool round_env(void);
bool round_signal(void);
bool round_propagation(void);
bool round_launch(void);
bool round_mountinfo(void);
bool round_cgroup(void);
bool round_procs(void);
bool round_nsfs(void);
bool round_status(void);
bool round_target(void);
bool round_record(void);
bool round_caps(void);
bool round_utf8(void);
bool round_message(void);
bool round_plain(void);
bool round_json(void);
bool round_gate(void);
