/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* file: small files, those of /proc above all, in one read or one write. */

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct diag;

/*
 * Write TEXT to PATH, which must exist, in one write(2): the kernel takes
 * id maps and clock offsets only so. STEP names what is being done
 * ("write uid_map"). -1 and *d on failure.
 */
int file_write(const char *path, const char *text, const char *step, struct diag *d);

/* Write LEN bytes in one write(2). -1 with errno: EIO if not all of it was taken. */
int file_write_once(int fd, const void *buf, size_t len);

/* Write LEN bytes, in as many writes as it takes. -1 with errno. */
int file_write_all(int fd, const void *buf, size_t len);

/*
 * Read PATH from its start into BUF, at most SIZE - 1 bytes, and end them
 * with a NUL. Returns how many, or -1 with errno.
 */
ssize_t file_read(const char *path, char *buf, size_t size);

/* The number that PATH holds, or -1 (no such file, no number in it). */
long long file_read_number(const char *path);

/* mkdirat(2), where the umask has no say. -1 with errno. */
int file_mkdir(int dir, const char *name, mode_t mode);

/*
 * The device and the inode number of NAME in DIR, as of a descriptor in
 * /proc/PID/fd. No server of a file system is asked for it, it might not answer,
 * and nothing is mounted. -1 with errno. statx(2): 4.11.
 */
int file_look(int dir, const char *name, dev_t *device, uint64_t *inode);

/* Is it still FD that has the name NAME in DIR? If it cannot be told, it is. */
bool file_is_named(int dir, const char *name, int fd);

/* Read the directory DIR from its start on, by a descriptor that closedir(3) closes. NULL with errno. */
DIR *file_list(int dir);

/* The next name in there but "." and ".."; NULL at the end, with errno 0, or on failure. */
const char *file_next(DIR *all);

/* Read FD up to its end, as file_read() does. */
ssize_t file_read_fd(int fd, char *buf, size_t size);

/*
 * Read FD, a file that does not tell its size, from its start to its end, and end
 * the text with a NUL: for the caller to free(3). *LEN is without the NUL. NULL
 * with errno: E2BIG if there is more than MAX bytes, ENOMEM, those of read(2).
 */
char *file_read_all(int fd, size_t max, size_t *len);

/*
 * Where descriptors 0, 1 or 2 are closed, put one there that can neither be
 * read nor written (EBADF, as before) and that exec closes: so nothing of ours
 * takes their numbers, and a program finds them closed, as the tool did. To be
 * called before the first open. One poll(2).
 */
void file_guard_stdio(void);

/*
 * Let RLIMIT_FSIZE be an error of write(2) (EFBIG) instead of a SIGXFSZ that kills
 * us. By a handler, so that exec gives the program the disposition that we had.
 */
void file_survive_limit(void);
