/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fdtable.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "diag.h"
#include "kernel.h"

/* kcmp(2): 0: the same; 1: ONE comes before OTHER; 2: behind; -1: one of them has ended, or may not be traced. */
enum { SAME, AHEAD, BEHIND };

static int compare(pid_t one, pid_t other)
{
	return kernel_kcmp(one, other, KERNEL_KCMP_FILES);
}

/*
 * Which of two comes first. One that cannot be compared is taken at once, wherever
 * that is: so it does not disturb the order of the others.
 */
static bool goes_first(pid_t one, pid_t other)
{
	int order = compare(one, other);

	return order < 0 ? compare(one, one) < 0 : order != BEHIND;
}

/* Two sorted parts, N_LEFT and N_RIGHT long, at FROM, into one at TO. */
static void merge(pid_t *to, const pid_t *from, size_t n_left, size_t n_right)
{
	const pid_t *left = from, *right = from + n_left;

	while (n_left && n_right) {
		if (goes_first(*left, *right)) {
			*to++ = *left++;
			n_left--;
		} else {
			*to++ = *right++;
			n_right--;
		}
	}
	memcpy(to, left, n_left * sizeof(*to));
	memcpy(to + n_left, right, n_right * sizeof(*to));
}

/*
 * By their tables; those that share one stay in the order that they had. qsort(3)
 * may not be given an order that changes, and here processes end meanwhile.
 */
static int sort(pid_t *pids, size_t n)
{
	cleanup_free pid_t *spare = malloc((n + 1) * sizeof(*spare));

	if (!spare)
		return -1;
	for (size_t part = 1; part < n; part *= 2) {
		for (size_t at = 0; at < n; at += 2 * part) {
			size_t left = n - at < part ? n - at : part, right = n - at - left;

			merge(spare + at, pids + at, left, right < part ? right : part);
		}
		memcpy(pids, spare, n * sizeof(*pids));
	}
	return 0;
}

int fdtable_each(pid_t *pids, size_t n, fdtable_see *see, void *arg, struct diag *d)
{
	pid_t seen = 0; /* who the last table was looked at for */

	if (sort(pids, n) < 0)
		return diag_fail(d, NULL, "compare tables of descriptors");
	for (size_t i = 0; i < n; i++) {
		if (seen && compare(seen, pids[i]) == SAME)
			continue;
		if (see(arg, pids[i], d) < 0)
			return -1;
		/* One that cannot be compared must not stand between two that share a table. */
		if (compare(pids[i], pids[i]) == SAME)
			seen = pids[i];
	}
	return 0;
}

size_t fdtable_others(pid_t pid, pid_t *pids, size_t n)
{
	size_t left = 0;

	for (size_t i = 0; i < n; i++)
		if (compare(pid, pids[i]) > SAME)
			pids[left++] = pids[i];
	return left;
}
