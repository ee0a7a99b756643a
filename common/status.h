/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * status: what /proc/PID/status says of a process. proc_pid_status(5).
 *
 * The text has no small bound: a process may have 65 536 supplementary groups,
 * and most lines follow those. The name of the process, on the first line, is
 * its own choice; the kernel escapes a newline in there.
 */

#include <stdint.h>

/*
 * All of the open file FD, or of PATH: for the caller to free(3). NULL with errno.
 */
char *status_read_fd(int fd);
char *status_read(const char *path);

/*
 * What stands behind "KEY:" and blanks on a line of its own, up to the newline
 * that ends it; NULL if TEXT has no such line. Points into TEXT.
 */
const char *status_line(const char *text, const char *key);

/*
 * The number at AT, of digits in BASE (10, or 16 in small letters): where the next
 * one may be. AT is what status_line() or this function has returned. NULL: there
 * are no more on that line, AT is NULL, or it is something else, such as a number
 * that needs more than 64 bits.
 */
const char *status_number(const char *at, unsigned int base, uint64_t *number);
