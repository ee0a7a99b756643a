/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "status.h"

#include <fcntl.h>
#include <string.h>

#include "cleanup.h"
#include "file.h"

/* Ten digits and a blank for each of 65 536 groups are 704 KiB. */
enum { STATUS_MAX = 1 << 20 };

char *status_read_fd(int fd)
{
	size_t len;

	return file_read_all(fd, STATUS_MAX, &len);
}

char *status_read(const char *path)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	return fd < 0 ? NULL : status_read_fd(fd);
}

const char *status_line(const char *text, const char *key)
{
	const size_t len = strlen(key);

	for (text = strchr(text, '\n'); text; text = strchr(text + 1, '\n'))
		if (!strncmp(text + 1, key, len) && text[1 + len] == ':')
			return text + 2 + len + strspn(text + 2 + len, " \t");
	return NULL;
}

const char *status_number(const char *at, unsigned int base, uint64_t *number)
{
	static const char digits[] = "0123456789abcdef";
	const char *digit, *first;

	if (!at)
		return NULL;
	at += strspn(at, " \t");
	*number = 0;
	for (first = at; *at && (digit = memchr(digits, *at, base)); at++) {
		const unsigned int value = (unsigned int)(digit - digits);

		if (*number > (UINT64_MAX - value) / base)
			return NULL;
		*number = *number * base + value;
	}
	return at > first && strchr(" \t\n", *at) ? at : NULL;
}
