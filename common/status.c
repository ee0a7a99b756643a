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
