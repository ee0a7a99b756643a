/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * number: numbers from outside, parsed strictly.
 *
 * The whole string, decimal digits, no blanks, no signs where none belong,
 * the range of the target type. -1 with errno EINVAL (no number) or ERANGE.
 */

#include <stdint.h>

/* 0 … MAX. */
int number_parse(const char *text, uint64_t max, uint64_t *out);

/* A uid or gid: 0 … 4294967294; 4294967295 means "no change" to the kernel. */
int number_parse_id(const char *text, uint32_t *out);

/* Descriptor number: 0 … INT_MAX. */
int number_parse_fd(const char *text, int *out);

/*
 * [+-]SECONDS[.FRACTION] as the kernel's timespec has it: 0 <= *nsec < 10^9,
 * so -1.5 gives -2 s and 500 000 000 ns. At most nine digits of fraction.
 */
int number_parse_seconds(const char *text, int64_t *sec, int32_t *nsec);

/*
 * Comma-separated numbers 1 … MAX or 0 … MAX as MIN says, at most CAPACITY of
 * them into OUT. Returns how many, at least one; E2BIG if they are too many.
 */
int number_parse_list(const char *text, int min, int max, int *out, int capacity);
