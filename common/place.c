/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "caps.h"
#include "cleanup.h"
#include "diag.h"
#include "file.h"
#include "kernel.h"
#include "lock.h"
#include "mnt.h"

static const char system_place[] = "/run/nspin";

static bool may_write(const char *path)
{
	return faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) == 0;
}

/* A symbolic link with a slash behind it is the directory that it leads to. */
static int without_slashes(const char *path)
{
	size_t len = strlen(path);

	while (len > 1 && path[len - 1] == '/')
		len--;
	return (int)len;
}

const char *place_given(void)
{
	const char *given = getenv("NSPIN_DIR");

	return given && *given ? given : NULL;
}

static int find(struct place *place, struct diag *d)
{
	const char *given = place_given(), *runtime = getenv("XDG_RUNTIME_DIR");
	int len;

	if (given && *given != '/')
		return diag_set(d, 0, given, "NSPIN_DIR is not an absolute path");
	if (given)
		len = snprintf(place->path, sizeof(place->path), "%.*s", without_slashes(given), given);
	else if (may_write(system_place) || (errno == ENOENT && may_write("/run")))
		len = snprintf(place->path, sizeof(place->path), "%s", system_place);
	else if (runtime && *runtime == '/')
		len = snprintf(place->path, sizeof(place->path), "%s/nspin", runtime);
	else {
		diag_set(d, 0, NULL, "there is no place to keep sets in: %s cannot be written to, and XDG_RUNTIME_DIR is not set", system_place);
		return diag_hint(d, "NSPIN_DIR names another directory, as in NSPIN_DIR=$HOME/.nspin");
	}
	return (size_t)len < sizeof(place->path) ? 0 :
	       diag_set(d, ENAMETOOLONG, NULL, "find the place of sets");
}

/* Who could write here could put another namespace under a name that we go by. */
static int check(int fd, const char *path, struct diag *d)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return diag_fail(d, path, "look at the place of sets");
	if (st.st_uid != 0 && st.st_uid != geteuid())
		return diag_set(d, 0, path, "refuse the place of sets: it belongs to another user, %u",
				(unsigned int)st.st_uid);
	if (st.st_mode & (S_IWGRP | S_IWOTH)) {
		diag_set(d, 0, path, "refuse the place of sets: others than its owner may write to it");
		return diag_hint(d, "its mode is %03o: chmod go-w", (unsigned int)st.st_mode & 0777);
	}
	return 0;
}

/* As the kernel shows it in mountinfo: without symbolic links on the way. */
static void resolve(struct place *place)
{
	char link[40], path[PATH_MAX];
	ssize_t len;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", place->dir);
	len = readlink(link, path, sizeof(path));
	if (len <= 0 || (size_t)len == sizeof(path) || *path != '/')
		return;
	memcpy(place->path, path, (size_t)len);
	place->path[len] = '\0';
}

static int open_found(struct place *place, struct diag *d)
{
	cleanup_close int fd = open(place->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0)
		return diag_fail(d, place->path, "open the place of sets");
	if (check(fd, place->path, d) < 0)
		return -1;
	place->dir = steal_fd(&fd);
	resolve(place);
	return 1;
}

int place_open(struct place *place, struct diag *d)
{
	if (place->dir >= 0)
		return 1;
	return find(place, d) < 0 ? -1 : open_found(place, d);
}

static void let_go(int *fd)
{
	cleanup_close_fd(fd);
	*fd = -1;
}

void place_close(struct place *place)
{
	let_go(&place->dir);
	let_go(&place->work);
	place->mounts = false;
}

/* What there is to be done for it to be a private mount of its own. */
enum { NOTHING, MAKE_PRIVATE, BIND };

static int look_at_mount(const struct place *place, struct diag *d)
{
	int root = mnt_is_root(place->dir);
	int shared = root > 0 ? mnt_is_shared(place->dir) : 0;

	if (root < 0 || shared < 0)
		return diag_fail(d, place->path, "look in which mount the place of sets is");
	return !root ? BIND : shared ? MAKE_PRIVATE : NOTHING;
}

/*
 * A directory of ours may lie beneath one of somebody else's, who can rename it at
 * any time and put another one of ours into its place. So the path is looked up
 * once, when the place is opened and checked; all that follows, mounts too, goes by
 * the descriptor. Which of our directories it is may have been his choice, but what
 * is in it is ours, and no mount lands anywhere else.
 */

/* From the same directory on, by the mount that is on top of it. -1 and *d. */
static int go_on_with(struct place *place, int top, struct diag *d)
{
	int fd = openat(top, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return diag_fail(d, place->path, "open the place of sets");
	let_go(&place->dir);
	place->dir = fd;
	return 0;
}

/* Another process may have mounted it onto itself while we waited. */
static int go_to_top(struct place *place, struct diag *d)
{
	cleanup_close int top = mnt_open_top(place->dir);

	return top < 0 ? diag_fail(d, place->path, "open the place of sets") : go_on_with(place, top, d);
}

static int bind_place(struct place *place, struct diag *d)
{
	cleanup_close int top = mnt_bind_private(place->dir, place->path, d);

	return top < 0 ? -1 : go_on_with(place, top, d);
}

/* .new is 0700: nobody else can open it, and so nobody else can lock it. */
static int open_work(struct place *place, struct diag *d)
{
	if (file_mkdir(place->dir, ".new", 0700) < 0 && errno != EEXIST)
		return diag_fail(d, place->path, "write to the place of sets");
	let_go(&place->work);
	place->work = openat(place->dir, ".new", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return place->work < 0 ? diag_fail(d, place->path, "open .new in the place of sets") : 0;
}

static int make_mount(struct place *place, struct diag *d)
{
	int todo = go_to_top(place, d) < 0 ? -1 : look_at_mount(place, d);

	if (todo <= NOTHING)
		return todo;
	return todo == MAKE_PRIVATE ? mnt_make_private(place->dir, place->path, d) : bind_place(place, d);
}

/*
 * One at a time: of fifty at once the first binds, the others find it done. The
 * lock is that of .new, whatever mount it is seen through.
 */
static int become_private(struct place *place, struct diag *d)
{
	cleanup_close int lock = -1;
	int todo = look_at_mount(place, d);

	if (todo <= NOTHING)
		return todo;
	if (open_work(place, d) < 0)
		return -1;
	lock = steal_fd(&place->work);
	return lock_take(lock, place->path, "lock the place of sets", d) < 0 ? -1 : make_mount(place, d);
}

static int make(struct place *place, struct diag *d)
{
	int there = place_open(place, d);

	if (there)
		return there < 0 ? -1 : 0;
	if (file_mkdir(AT_FDCWD, place->path, 0755) < 0 && errno != EEXIST)
		return diag_fail(d, place->path, "make the place of sets");
	there = open_found(place, d);
	return there ? (there < 0 ? -1 : 0) : diag_set(d, ENOENT, place->path, "open the place of sets");
}

int place_prepare(struct place *place, bool mounts, struct diag *d)
{
	if (place->work >= 0 && place->mounts >= mounts)
		return 0;
	if (make(place, d) < 0 || (mounts && become_private(place, d) < 0) || open_work(place, d) < 0)
		return -1;
	place->mounts = mounts;
	return 0;
}

/* The kernel tells the owner only if it is our user namespace or one below. */
static int may_mount(struct diag *d)
{
	static const char own[] = "/proc/self/ns/mnt";
	cleanup_close int mnt = open(own, O_RDONLY | O_CLOEXEC);
	cleanup_close int owner = mnt < 0 ? -1 : ioctl(mnt, KERNEL_NS_GET_USERNS);

	if (mnt < 0 || (owner < 0 && errno != EPERM))
		return diag_fail(d, own, "look who owns the mount namespace");
	return owner >= 0 && caps_has(KERNEL_CAP_SYS_ADMIN);
}

int place_may_mount(struct place *place, struct diag *d)
{
	if (place->may_mount < 0)
		place->may_mount = may_mount(d);
	return place->may_mount;
}
