/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * cleanup: owned things that are let go at the end of their scope.
 *
 * A descriptor variable starts at -1 and has one owner. steal_fd() hands it
 * over: the caller's variable is -1 afterwards. Letting go keeps errno.
 */

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static inline void cleanup_close_fd(const int *fd)
{
	int keep = errno;

	if (*fd >= 0)
		close(*fd);
	errno = keep;
}

static inline void cleanup_free_ptr(void *ptr)
{
	int keep = errno;

	free(*(void **)ptr);
	errno = keep;
}

static inline int steal_fd(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

#define cleanup_close __attribute__((cleanup(cleanup_close_fd)))
#define cleanup_free __attribute__((cleanup(cleanup_free_ptr)))
