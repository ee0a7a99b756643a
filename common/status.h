/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * status: what /proc/PID/status says of a process. proc_pid_status(5).
 *
 * The text has no small bound: a process may have 65 536 supplementary groups,
 * and most lines follow those. The name of the process, on the first line, is
 * its own choice; the kernel escapes a newline in there.
 */

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
