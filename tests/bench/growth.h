/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * growth: how much longer it takes with four times as much, for what an ordinary
 * user can make thousands of (tests/helpers/many.c).
 */
#pragma once

#include <stdbool.h>

/*
 * For each world (or for the one called ONLY, if that is not NULL) and each way to
 * list it, a line with the times at N/16, N/4 and N, their ratios, and what N log N
 * would be. MANY is the helper, NSLS the program, FILE one that may be made. How many
 * failed; -1: a world could not be made.
 */
int growth_run(int n, const char *only, const char *many, const char *nsls, const char *file);
