/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pin.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "caps.h"
#include "cleanup.h"
#include "diag.h"
#include "file.h"
#include "lock.h"
#include "mnt.h"
#include "nsref.h"

char *pin_source(char path[NSREF_PATH], const char *proc, enum nstype type)
{
	/* A PID namespace has its init, the process itself; its link for children needs none. */
	const struct nstype_info *info = &nstype_table[type];

	snprintf(path, NSREF_PATH, "/proc/%s/ns/%s", proc,
		 type == NS_TIME ? info->children : info->name);
	return path;
}

/*
 * Of fifty processes at once the first binds, the others find it done: the mount on
 * top at DIR is the one to look at, another may have come while we waited.
 */
static int bind_private(struct pin *pin, const char *dir, struct diag *d)
{
	cleanup_close int top = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	cleanup_close int bound = -1;
	int shared = top < 0 ? -1 : mnt_is_shared(top);

	if (shared <= 0)
		return shared < 0 ? diag_fail(d, dir, "look whether it is shared") : 0;
	pin->bound = strdup(dir);
	if (!pin->bound)
		return diag_fail(d, dir, "make private");
	/* A descriptor of the self-bind would keep it busy. */
	bound = mnt_bind_private(top, dir, d);
	if (bound >= 0)
		return 0;
	free(pin->bound);
	pin->bound = NULL;
	return -1;
}

/* Takes the lock, too: until the pin is there nobody may take the self-bind back. */
static int make_dir_private(struct pin *pin, struct lock *lock, struct diag *d)
{
	cleanup_free char *copy = strdup(pin->file);

	if (!copy)
		return diag_fail(d, pin->file, "make private");
	return lock_mounts(lock, d) < 0 ? -1 : bind_private(pin, dirname(copy), d);
}

/* mknod(2) does with one call what takes two of open(2). */
static int create(struct pin *pin, struct diag *d)
{
	pin->created = mknod(pin->file, S_IFREG | 0444, 0) == 0;
	return pin->created || errno == EEXIST ? 0 : diag_fail(d, pin->file, "create the file of a pin");
}

/* EINVAL, or ELOOP, has three causes that looking tells apart. */
static int explain_mnt(const char *source, const char *path, struct diag *d)
{
	cleanup_close int fd = open(path, O_PATH | O_CLOEXEC);
	char own[NSREF_PATH];
	struct stat a, b;
	uint64_t id, own_id;

	nsref_path(own, 0, NS_MNT, false);
	if (stat(source, &a) == 0 && stat(own, &b) == 0 && nsref_same(&a, &b))
		return diag_hint(d, "it is the mount namespace that this process is in, and none can be pinned within itself");
	if (mnt_is_shared(fd) == 1)
		return diag_hint(d, "it lies in a shared mount, where no mount namespace can be pinned: --make-private");
	id = nsref_id(source);
	own_id = nsref_id(own);
	if (!id || id >= own_id)
		return -1;
	diag_hint(d, "the kernel gave that mount namespace an id (%llu) below that of the present one (%llu), and pins upwards only",
		  (unsigned long long)id, (unsigned long long)own_id);
	return PIN_TRY_ANOTHER_CPU;
}

int pin_mount(const char *source, const char *path, enum nstype type, const char *file,
	      struct diag *d)
{
	if (mount(source, path, NULL, MS_BIND, NULL) == 0)
		return 0;
	diag_fail(d, file, "pin the %s namespace", nstype_table[type].words);
	if (errno == EPERM && !caps_has(KERNEL_CAP_SYS_ADMIN))
		return diag_hint(d, "a pin is a mount: it takes CAP_SYS_ADMIN");
	return type == NS_MNT && (errno == EINVAL || errno == ELOOP) ?
	       explain_mnt(source, path, d) : -1;
}

static bool is_there(const char *file)
{
	return faccessat(AT_FDCWD, file, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Who removes another pin from the file may take it away in between. */
static int attach(struct pin *pin, const char *source, enum nstype type, struct diag *d)
{
	int ret = -1;

	for (int tries = 0; tries < 10; tries++) {
		if (create(pin, d) < 0)
			return -1;
		ret = pin_mount(source, pin->file, type, pin->file, d);
		if (ret >= 0 || d->err != ENOENT || is_there(pin->file))
			break;
	}
	pin->mounted = ret == 0;
	return ret;
}

static int make(struct pin *pin, const char *source, enum nstype type, bool make_private,
		struct diag *d)
{
	struct lock lock = LOCK_NONE;
	int ret = make_private ? make_dir_private(pin, &lock, d) : 0;

	if (ret == 0)
		ret = attach(pin, source, type, d);
	lock_release(&lock);
	if (ret)
		pin_undo(pin);
	return ret;
}

int pin_make(struct pin *pin, const char *source, enum nstype type, const char *file,
	     bool make_private, struct diag *d)
{
	*pin = (struct pin){ .file = file };
	return stat(source, &pin->ns) < 0 ? diag_fail(d, source, "look at the namespace") :
	       make(pin, source, type, make_private, d);
}

int pin_make_last(const char *source, enum nstype type, const char *file, bool make_private,
		  struct diag *d)
{
	struct pin pin = { .file = file };
	int ret = make(&pin, source, type, make_private, d);

	free(pin.bound);
	return ret;
}

/* Twice around: a batch of ids that ends in between is followed by a greater one. */
int pin_try_cpus(pin_attempt *attempt, void *arg, struct diag *d)
{
	int ret = PIN_TRY_ANOTHER_CPU;
	cpu_set_t all, one;

	if (sched_getaffinity(0, sizeof(all), &all) < 0)
		return diag_fail(d, NULL, "look which CPUs there are");
	for (int i = 0; ret == PIN_TRY_ANOTHER_CPU && i < 2 * CPU_SETSIZE; i++) {
		if (!CPU_ISSET(i % CPU_SETSIZE, &all))
			continue;
		CPU_ZERO(&one);
		CPU_SET(i % CPU_SETSIZE, &one);
		ret = attempt(arg, &one, &all, d);
	}
	if (ret == PIN_TRY_ANOTHER_CPU)
		diag_extend_hint(d, "; no CPU that this process may use gave a greater one");
	return ret ? -1 : 0;
}

/* Not while somebody is about to pin there; busy is where somebody has. */
static void unbind(const char *dir)
{
	struct lock lock = LOCK_NONE;
	struct diag ignored;

	lock_mounts(&lock, &ignored);
	umount2(dir, UMOUNT_NOFOLLOW);
	lock_release(&lock);
}

/* Somebody may have pinned another namespace on the same file. */
static bool is_on_top(const struct pin *pin)
{
	struct stat st;

	return pin->mounted && stat(pin->file, &st) == 0 && nsref_same(&st, &pin->ns);
}

void pin_undo(struct pin *pin)
{
	int keep = errno;

	if (is_on_top(pin))
		umount2(pin->file, MNT_DETACH);
	if (pin->created)
		unlink(pin->file);
	if (pin->bound)
		unbind(pin->bound);
	free(pin->bound);
	*pin = (struct pin){ .file = NULL };
	errno = keep;
}

static int is_nsfs(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) < 0 ? -1 : (uint32_t)fs.f_type == KERNEL_NSFS_MAGIC;
}

int pin_is(int dir, const char *path)
{
	cleanup_close int fd = openat(dir, path, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? -1 : is_nsfs(fd);
}

static int refuse(int dir, const char *path, const char *file, struct diag *d)
{
	struct stat st;

	if (fstatat(dir, path, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode))
		return diag_set(d, 0, file, "no pin, but a symbolic link");
	diag_set(d, 0, file, "no pin: no namespace is mounted on it here");
	return diag_hint(d, "a pin can be removed only in a mount namespace in which it is mounted");
}

/* One that others have mounted in other mount namespaces goes there, too, with its file. */
static int remove_file(int dir, const char *path, const char *file, struct diag *d)
{
	struct stat st;
	int more = pin_is(dir, path);

	if (more < 0 || fstatat(dir, path, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : diag_fail(d, file, "look at the file of the pin");
	if (more || !S_ISREG(st.st_mode) || st.st_size > 0)
		return 0;
	/* EBUSY: something else is mounted on it. */
	if (unlinkat(dir, path, 0) < 0 && errno != ENOENT && errno != EBUSY)
		return diag_fail(d, file, "remove the file of the pin");
	return 0;
}

static int explain_umount(const char *file, struct diag *d)
{
	diag_fail(d, file, "unmount the pin");
	if (errno == EPERM && !caps_has(KERNEL_CAP_SYS_ADMIN))
		return diag_hint(d, "it takes CAP_SYS_ADMIN in the user namespace that owns this mount namespace");
	return errno != EINVAL ? -1 :
	       diag_hint(d, "it has been inherited from the mount namespace of another user namespace, and is locked here");
}

/* Is the mount of FD, which could not be unmounted, not there any more? Then another one is on top, or none. */
static bool has_gone(int fd, int dir, const char *path)
{
	cleanup_close int top = openat(dir, path, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	return top < 0 ? errno == ENOENT : mnt_is_same(fd, top) == 0;
}

enum { FASTER = 1 };

/*
 * By a descriptor: what lies beneath, if somebody else is FASTER, may be no pin.
 * 0, FASTER, -1 and *d.
 */
static int unmount_top(int dir, const char *path, const char *file, struct diag *d)
{
	cleanup_close int fd = openat(dir, path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	char link[40];
	int is = fd < 0 ? -1 : is_nsfs(fd);

	if (is <= 0)
		return is < 0 ? diag_fail(d, file, "look at the pin") : refuse(dir, path, file, d);
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	if (umount2(link, MNT_DETACH) == 0)
		return 0;
	explain_umount(file, d);
	return d->err == EINVAL && has_gone(fd, dir, path) ? FASTER : -1;
}

int pin_remove(int dir, const char *path, const char *file, struct diag *d)
{
	for (bool again = false;; again = true) {
		int ret = unmount_top(dir, path, file, d);

		if (ret == 0)
			return remove_file(dir, path, file, d);
		if (ret < 0)
			return again && pin_is(dir, path) <= 0 ?
			       diag_set(d, 0, file, "no pin any more: somebody else has removed it") : -1;
	}
}
