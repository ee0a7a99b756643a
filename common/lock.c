/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "diag.h"
#include "file.h"

static const char mounts_file[] = "nspin.lock";
static const char mounts_step[] = "lock the mounts";

/* Inode number of the first user namespace (PROC_USER_INIT_INO), in which everybody is. */
enum { FIRST_USERNS = 0xEFFFFFFDU };

/*
 * No system call waits for a lock with a limit. The pauses grow with the time that
 * has passed: short where the lock is held shortly, few where it is held long.
 */
static int wait_for(int fd, const char *path, const char *step, struct diag *d)
{
	const int seconds = 10, shortest = 2, longest = 100;
	int pause;

	for (int waited = 0; flock(fd, LOCK_EX | LOCK_NB) < 0; waited += pause) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return diag_fail(d, path, "%s", step);
		if (waited >= seconds * 1000) {
			diag_fail(d, path, "%s", step);
			return diag_hint(d, "somebody has had its lock for %d seconds (flock(2))", seconds);
		}
		pause = waited / 16 < shortest ? shortest : waited / 16 > longest ? longest : waited / 16;
		poll(NULL, 0, pause);
	}
	return 0;
}

/* flock(2) takes a descriptor that is open to read or to write: who may only search a directory has none. */
static int check_is_ours(int fd, const char *path, const char *step, struct diag *d)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return diag_fail(d, path, "%s", step);
	if (st.st_uid != 0 && st.st_uid != geteuid())
		return diag_set(d, 0, path, "%s: it belongs to another user, %u, who can keep it locked", step,
				(unsigned int)st.st_uid);
	if (st.st_mode & (S_IRGRP | S_IWGRP | S_IROTH | S_IWOTH)) {
		diag_set(d, 0, path, "%s: other users may open it, and can keep it locked", step);
		return diag_hint(d, "its mode is %03o: chmod go-rw", (unsigned int)st.st_mode & 0777);
	}
	return 0;
}

int lock_take(int fd, const char *path, const char *step, struct diag *d)
{
	return check_is_ours(fd, path, step, d) < 0 ? -1 : wait_for(fd, path, step, d);
}

bool lock_try(int fd)
{
	return flock(fd, LOCK_EX | LOCK_NB) == 0;
}

bool lock_is_free(int fd)
{
	return flock(fd, LOCK_SH | LOCK_NB) == 0 && flock(fd, LOCK_UN) == 0;
}

/* 0: there can be none in this directory; -1 and *d: it cannot be told. */
static int fail_to_open(const char *path, struct diag *d)
{
	return errno == EACCES || errno == EPERM || errno == EROFS || errno == ENOENT || errno == ENOTDIR ? 0 :
	       diag_fail(d, path, "%s", mounts_step);
}

/* 1: it is taken; 0: there can be none in this directory; -1 and *d. */
static int take_in(struct lock *lock, const char *path, struct diag *d)
{
	const int flags = O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	cleanup_close int dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (dir < 0)
		return fail_to_open(path, d);
	for (;;) {
		const mode_t mask = umask(0);
		cleanup_close int fd = openat(dir, mounts_file, flags, 0600);

		umask(mask);
		if (fd < 0)
			return fail_to_open(path, d);
		if (lock_take(fd, path, mounts_step, d) < 0)
			return -1;
		/* The process that had it removed the file, unless it is still there. */
		if (file_is_named(dir, mounts_file, fd)) {
			*lock = (struct lock){ .fd = steal_fd(&fd), .dir = steal_fd(&dir) };
			return 1;
		}
	}
}

/* 1, 0, -1 and *d, as above. */
static int take_userns(struct lock *lock, struct diag *d)
{
	static const char own[] = "/proc/self/ns/user";
	cleanup_close int fd = open(own, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return fail_to_open(own, d);
	if (st.st_ino == FIRST_USERNS)
		return 0;
	if (wait_for(fd, own, mounts_step, d) < 0)
		return -1;
	*lock = (struct lock){ .fd = steal_fd(&fd), .dir = -1 };
	return 1;
}

int lock_mounts(struct lock *lock, struct diag *d)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	int taken = take_in(lock, "/run", d);

	if (taken == 0 && runtime && *runtime == '/')
		taken = take_in(lock, runtime, d);
	if (taken == 0)
		taken = take_userns(lock, d);
	if (taken)
		return taken < 0 ? -1 : 0;
	diag_set(d, 0, NULL, "%s: there is no place for a lock: /run cannot be written to, and XDG_RUNTIME_DIR is not set",
		 mounts_step);
	return diag_hint(d, "XDG_RUNTIME_DIR names a directory of your own, as in XDG_RUNTIME_DIR=/run/user/%u",
			 (unsigned int)geteuid());
}

/* Unlinked while it is locked: a process that waits for it finds that it has no name, and makes another. */
void lock_release(struct lock *lock)
{
	int keep = errno;

	if (lock->dir >= 0)
		unlinkat(lock->dir, mounts_file, 0);
	cleanup_close_fd(&lock->fd);
	cleanup_close_fd(&lock->dir);
	*lock = LOCK_NONE;
	errno = keep;
}
