// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include "rounds.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

void complain(const char *format, ...)
{
	va_list args;

	fflush(stdout);
	fprintf(stderr, "%s: ", program_invocation_short_name);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

/* Running */

/* The wait status, or -1 when it cannot even be started. */
static int run(const struct row *row, posix_spawn_file_actions_t *files)
{
	pid_t pid;
	int status, error;

	error = posix_spawn(&pid, row->path, files, NULL,
			    (char *const *)row->argv, environ);
	if (error) {
		complain("%s: %s: %s", row->name, row->path, strerror(error));
		return -1;
	}
	if (waitpid(pid, &status, 0) != pid)
		return -1;
	return status;
}

static int64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * INT64_C(1000000000) + ts.tv_nsec;
}

static void redirect(posix_spawn_file_actions_t *files, const struct row *row)
{
	posix_spawn_file_actions_init(files);
	if (row->input)
		posix_spawn_file_actions_addopen(files, STDIN_FILENO, row->input, O_RDONLY, 0);
	if (row->output)
		posix_spawn_file_actions_addopen(files, STDOUT_FILENO, row->output,
						 O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (row->quiet)
		posix_spawn_file_actions_addopen(files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
}

static void run_timed(const struct table *t, struct row *row, int round)
{
	posix_spawn_file_actions_t files;
	int64_t start, end;
	int status;

	if (t->prepare && !t->prepare(t->context, row)) {
		row->failed = true;
		return;
	}
	redirect(&files, row);
	start = now();
	status = run(row, &files);
	end = now();
	posix_spawn_file_actions_destroy(&files);
	if (round >= 0)
		row->times[round] = (double)(end - start) / 1000;
	if (status != 0) {
		complain("%s: failed when timed, wait status %#x",
			 row->name, (unsigned int)status);
		row->failed = true;
	}
}

bool row_succeeds(const struct row *row)
{
	posix_spawn_file_actions_t files;
	int status;

	redirect(&files, row);
	status = run(row, &files);
	posix_spawn_file_actions_destroy(&files);
	return status == 0;
}

bool row_says_ok(const struct row *row)
{
	posix_spawn_file_actions_t files;
	char answer[8] = "";
	int ends[2], status;

	if (pipe(ends) < 0)
		return false;
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addclose(&files, ends[0]);
	posix_spawn_file_actions_adddup2(&files, ends[1], STDOUT_FILENO);
	posix_spawn_file_actions_addclose(&files, ends[1]);
	status = run(row, &files);
	posix_spawn_file_actions_destroy(&files);
	close(ends[1]);
	if (read(ends[0], answer, sizeof(answer) - 1) < 0)
		answer[0] = '\0';
	close(ends[0]);
	return status == 0 && strcmp(answer, "ok\n") == 0;
}

/* Rounds */

/* xorshift: the same order in every run of the benchmark */
static uint32_t next_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

static void shuffle(struct row **order, size_t count, uint32_t *state)
{
	for (size_t i = count; i > 1; i--) {
		size_t j = next_random(state) % i;
		struct row *row = order[i - 1];

		order[i - 1] = order[j];
		order[j] = row;
	}
}

void table_run(struct table *t)
{
	struct row *order[ROWS_MAX];
	int warm_up = t->runs / 10 + 3;
	uint32_t state = 1;
	size_t count = 0;

	for (size_t i = 0; i < t->count; i++)
		if (!t->rows[i].failed)
			order[count++] = &t->rows[i];
	for (int round = -warm_up; round < t->runs; round++) {
		shuffle(order, count, &state);
		for (size_t i = 0; i < count; i++)
			if (!order[i]->failed)
				run_timed(t, order[i], round);
	}
}

/* Figures */

static int compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Leaves values sorted. */
static double median(double *values, int n)
{
	qsort(values, (size_t)n, sizeof(*values), compare);
	return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

static double minimum(const double *values, int n)
{
	double least = values[0];

	for (int i = 1; i < n; i++)
		if (values[i] < least)
			least = values[i];
	return least;
}

static double median_time(const struct row *row, double *room, int n)
{
	memcpy(room, row->times, (size_t)n * sizeof(*room));
	return median(room, n);
}

static double median_ratio(const struct row *row, const struct row *base,
			   double *room, int n)
{
	for (int i = 0; i < n; i++)
		room[i] = row->times[i] / base->times[i];
	return median(room, n);
}

/* NULL: there is nothing to compare with. */
static const struct row *base_of(const struct table *t, size_t i)
{
	const struct row *base = &t->rows[t->bases[i]];

	return base->failed ? NULL : base;
}

static void print_row(const struct table *t, const struct row *row, double *room)
{
	double mine = median_time(row, room, t->runs);

	printf("%-20s %9.1f %9.1f", row->name, mine,
	       minimum(row->times, t->runs));
	for (size_t i = 0; i < t->n_bases; i++) {
		const struct row *base = base_of(t, i);

		if (base)
			printf("   %7.2f %6.2f",
			       mine / median_time(base, room, t->runs),
			       median_ratio(row, base, room, t->runs));
	}
	putchar('\n');
}

static void print_head(const struct table *t)
{
	printf("\n%s, %d rounds\n%-20s %9s %9s", t->title, t->runs,
	       "", "median", "min");
	for (size_t i = 0; i < t->n_bases; i++)
		if (base_of(t, i))
			printf(" %16.16s", base_of(t, i)->name);
	printf("\n%-20s %9s %9s", "", "us", "us");
	for (size_t i = 0; i < t->n_bases; i++)
		if (base_of(t, i))
			printf("   %7s %6s", "medians", "rounds");
	putchar('\n');
}

void table_print(const struct table *t, double *room)
{
	print_head(t);
	for (size_t i = 0; i < t->count; i++)
		if (!t->rows[i].failed)
			print_row(t, &t->rows[i], room);
	fflush(stdout);
}

double table_ratio(const struct table *t, size_t row, size_t base, double *room)
{
	return median_ratio(&t->rows[row], &t->rows[base], room, t->runs);
}

int table_failures(const struct table *t)
{
	int failed = 0;

	for (size_t i = 0; i < t->count; i++)
		failed += t->rows[i].failed;
	return failed;
}
