/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "cleanup.h"
#include "diag.h"
#include "kernel.h"

int file_write_once(int fd, const void *buf, size_t len)
{
	ssize_t n = write(fd, buf, len);

	if (n < 0)
		return -1;
	errno = EIO;
	return (size_t)n == len ? 0 : -1;
}

/* After a short write the next one returns the reason. */
int file_write_all(int fd, const void *buf, size_t len)
{
	const char *from = buf;

	while (len) {
		ssize_t n = write(fd, from, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n == 0)
			errno = EIO;
		if (n <= 0)
			return -1;
		from += n;
		len -= (size_t)n;
	}
	return 0;
}

int file_write(const char *path, const char *text, const char *step, struct diag *d)
{
	cleanup_close int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);

	return fd < 0 || file_write_once(fd, text, strlen(text)) < 0 ? diag_fail(d, path, "%s", step) : 0;
}

ssize_t file_read_fd(int fd, char *buf, size_t size)
{
	size_t len = 0;

	while (len < size - 1) {
		ssize_t n = read(fd, buf + len, size - 1 - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		len += (size_t)n;
	}
	buf[len] = '\0';
	return (ssize_t)len;
}

ssize_t file_read(const char *path, char *buf, size_t size)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	return fd < 0 ? -1 : file_read_fd(fd, buf, size);
}

/* It is read anew each time that it does not fit: a file of /proc changes meanwhile. */
char *file_read_all(int fd, size_t max, size_t *len)
{
	cleanup_free char *text = NULL;

	for (size_t room = 8192; room / 2 <= max; room *= 2) {
		char *more = realloc(text, room), *all;
		ssize_t n;

		if (!more)
			return NULL;
		text = more;
		n = lseek(fd, 0, SEEK_SET) < 0 ? -1 : file_read_fd(fd, text, room);
		if (n < 0)
			return NULL;
		if ((size_t)n < room - 1) {
			*len = (size_t)n;
			all = text;
			text = NULL;
			return all;
		}
	}
	errno = E2BIG;
	return NULL;
}

int file_mkdir(int dir, const char *name, mode_t mode)
{
	mode_t mask = umask(0);
	int ret = mkdirat(dir, name, mode);

	umask(mask);
	return ret;
}

long long file_read_number(const char *path)
{
	char buf[32];
	char *end;
	long long value;

	if (file_read(path, buf, sizeof(buf)) <= 0)
		return -1;
	value = strtoll(buf, &end, 10);
	return end == buf ? -1 : value;
}

void file_guard_stdio(void)
{
	struct pollfd fds[3] = { { .fd = 0 }, { .fd = 1 }, { .fd = 2 } };

	if (poll(fds, 3, 0) <= 0)
		return;
	for (int i = 0; i < 3; i++)
		if (fds[i].revents & POLLNVAL)
			(void)!open("/", O_PATH | O_CLOEXEC);
}

static void do_nothing(int sig)
{
	(void)sig;
}

void file_survive_limit(void)
{
	struct sigaction new = { .sa_handler = do_nothing, .sa_flags = SA_RESTART }, old;

	if (sigaction(SIGXFSZ, &new, &old) == 0 && old.sa_handler == SIG_IGN)
		sigaction(SIGXFSZ, &old, NULL);
}

DIR *file_list(int dir)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *all = fd < 0 ? NULL : fdopendir(fd);

	if (!all)
		cleanup_close_fd(&fd);
	return all;
}

const char *file_next(DIR *all)
{
	const struct dirent *entry;

	do {
		errno = 0;
		entry = readdir(all);
	} while (entry && (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")));
	return entry ? entry->d_name : NULL;
}

int file_look(int dir, const char *name, dev_t *device, uint64_t *inode)
{
	const int flags = KERNEL_AT_STATX_DONT_SYNC | KERNEL_AT_NO_AUTOMOUNT;
	struct kernel_statx st;

	if (kernel_statx(dir, name, flags, KERNEL_STATX_INO, &st) < 0)
		return -1;
	*device = makedev(st.dev_major, st.dev_minor);
	*inode = st.ino;
	return 0;
}

bool file_is_named(int dir, const char *name, int fd)
{
	struct stat a, b;

	if (fstat(fd, &a) < 0 || fstatat(dir, name, &b, AT_SYMLINK_NOFOLLOW) < 0)
		return errno != ENOENT;
	return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}
