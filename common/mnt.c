/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mnt.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "diag.h"
#include "file.h"
#include "kernel.h"
#include "mountinfo.h"

static const struct {
	const char *word;
	unsigned long flags;
} propagation_table[] = {
	[PROPAGATION_DEFAULT] = { "private", MS_REC | MS_PRIVATE },
	[PROPAGATION_PRIVATE] = { "private", MS_REC | MS_PRIVATE },
	[PROPAGATION_SHARED] = { "shared", MS_REC | MS_SHARED },
	[PROPAGATION_SLAVE] = { "slave", MS_REC | MS_SLAVE },
	[PROPAGATION_UNCHANGED] = { "unchanged", 0 },
};

const char mnt_binfmt_place[] = "/proc/sys/fs/binfmt_misc";

int mnt_parse_propagation(const char *text, enum propagation *out, struct diag *d)
{
	for (int i = PROPAGATION_PRIVATE; i <= PROPAGATION_UNCHANGED; i++) {
		if (!strcmp(text, propagation_table[i].word)) {
			*out = i;
			return 0;
		}
	}
	return diag_usage(d, "--propagation: '%s' is not private, shared, slave or unchanged", text);
}

/* The mount id of FD from "mnt_id:\t26" in its fdinfo, or -1 with errno. */
static long mount_id(int fd)
{
	char path[48], text[1024];
	const char *found;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	if (file_read(path, text, sizeof(text)) < 0)
		return -1;
	found = strstr(text, "mnt_id:");
	if (!found)
		errno = ENOENT;
	return found ? strtol(found + strlen("mnt_id:"), NULL, 10) : -1;
}

/* The next mount of our own mount namespace into *M, by *LINE of *SIZE bytes. */
static bool next_mount(FILE *mountinfo, char **line, size_t *size, struct mountinfo *m)
{
	while (getline(line, size, mountinfo) > 0)
		if (mountinfo_cut(*line, m))
			return true;
	return false;
}

int mnt_is_shared(int fd)
{
	long id = mount_id(fd);
	FILE *mountinfo = id < 0 ? NULL : fopen("/proc/self/mountinfo", "re");
	cleanup_free char *line = NULL;
	struct mountinfo m;
	size_t size = 0;
	int shared = -1, error;

	if (!mountinfo)
		return -1;
	while (shared < 0 && next_mount(mountinfo, &line, &size, &m))
		if (m.id == (uint64_t)id)
			shared = m.shared;
	error = ferror(mountinfo) ? errno : ENOENT;
	fclose(mountinfo);
	if (shared < 0)
		errno = error;
	return shared;
}

int mnt_is_same(int fd, int other)
{
	long one = mount_id(fd), two = one < 0 ? -1 : mount_id(other);

	return two < 0 ? -1 : one == two;
}

int mnt_is_root(int fd)
{
	cleanup_close int above = openat(fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int same = above < 0 ? -1 : mnt_is_same(fd, above);

	return same < 0 ? -1 : !same;
}

/* Room for "/proc/self/fd/N". */
#define FD_LINK 40

/* mount(2) follows it to exactly what FD is, and looks nothing up. */
static char *fd_link(char link[FD_LINK], int fd)
{
	snprintf(link, FD_LINK, "/proc/self/fd/%d", fd);
	return link;
}

/* 1: FD and OTHER are the same directory; 0; -1 with errno. */
static int is_same_file(int fd, int other)
{
	struct stat a, b;

	if (fstat(fd, &a) < 0 || fstat(other, &b) < 0)
		return -1;
	return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/*
 * By its present name in the directory above: only a name leads to what is mounted
 * on top. It may be renamed while we look, and is then looked for again.
 */
int mnt_open_top(int fd)
{
	char link[FD_LINK], path[PATH_MAX], top[FD_LINK + NAME_MAX + 8];

	for (int tries = 0; tries < 10; tries++) {
		ssize_t len = readlink(fd_link(link, fd), path, sizeof(path) - 1);
		cleanup_close int found = -1;
		int same;

		if (len <= 0)
			return -1;
		path[len] = '\0';
		snprintf(top, sizeof(top), "%s/../%.*s", link, NAME_MAX, strrchr(path, '/') ? strrchr(path, '/') + 1 : path);
		found = open(top, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (found < 0 && errno != ENOENT && errno != ENOTDIR && errno != ELOOP)
			return -1;
		same = found < 0 ? 0 : is_same_file(fd, found);
		if (same)
			return same < 0 ? -1 : steal_fd(&found);
	}
	errno = ESTALE;
	return -1;
}

int mnt_make_private(int fd, const char *dir, struct diag *d)
{
	char link[FD_LINK];

	return mount(NULL, fd_link(link, fd), NULL, MS_PRIVATE, NULL) < 0 ?
	       diag_fail(d, dir, "make private") : 0;
}

/* Before 5.2. The mount that has come on top is found by a name again. -1 with errno. */
static int bind_by_mount(int fd)
{
	char link[FD_LINK];

	return mount(fd_link(link, fd), link, NULL, MS_BIND | MS_REC, NULL) < 0 ? -1 : mnt_open_top(fd);
}

/*
 * Bind FD onto itself, with what is mounted beneath it: a descriptor of the new
 * mount, owned by the caller. It is there before the mount is attached: nothing can
 * fail in between. -1 with errno. Linux 5.2.
 */
static int bind_tree(int fd)
{
	const unsigned int attach = KERNEL_MOVE_MOUNT_F_EMPTY_PATH | KERNEL_MOVE_MOUNT_T_EMPTY_PATH;
	cleanup_close int tree = kernel_open_tree(fd, "", KERNEL_OPEN_TREE_CLONE | KERNEL_AT_RECURSIVE |
							  AT_EMPTY_PATH | O_CLOEXEC);

	return tree < 0 || kernel_move_mount(tree, "", fd, "", attach) < 0 ? -1 : steal_fd(&tree);
}

int mnt_bind_private(int fd, const char *dir, struct diag *d)
{
	cleanup_close int slash = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	cleanup_close int top = -1;
	char link[FD_LINK];
	int same = slash < 0 ? -1 : mnt_is_same(fd, slash);

	if (same > 0)
		same = is_same_file(fd, slash);
	/* What covers the root directory is out of reach: the processes that have it stay beneath. */
	if (same > 0)
		errno = EBUSY;
	top = same ? -1 : bind_tree(fd);
	if (top < 0 && errno == ENOSYS)
		top = bind_by_mount(fd);
	if (top < 0)
		return diag_fail(d, dir, "bind onto itself");
	if (mnt_make_private(top, dir, d) == 0)
		return steal_fd(&top);
	umount2(fd_link(link, top), MNT_DETACH);
	return -1;
}

bool mnt_in_chroot(void)
{
	FILE *mountinfo = fopen("/proc/self/mountinfo", "re");
	cleanup_free char *line = NULL;
	struct mountinfo m;
	size_t size = 0;
	bool found = false;

	if (!mountinfo)
		return false;
	while (!found && next_mount(mountinfo, &line, &size, &m))
		found = !strcmp(m.point, "/");
	fclose(mountinfo);
	return !found;
}

static int propagate(enum propagation propagation, struct diag *d)
{
	unsigned long flags = propagation_table[propagation].flags;

	if (!flags || mount(NULL, "/", NULL, flags, NULL) == 0)
		return 0;
	diag_fail(d, "/", "make mounts %s", propagation_table[propagation].word);
	return !mnt_in_chroot() ? -1 :
	       diag_hint(d, "the root directory is no mount point, as in a chroot: --propagation unchanged leaves the mounts as they are");
}

/* A mount over PATH, which is called DIR, must not spread to where it came from. */
static int keep_private(const char *path, const char *dir, struct diag *d)
{
	cleanup_close int fd = -1;

	if (mount(NULL, path, NULL, MS_REC | MS_PRIVATE, NULL) == 0)
		return 0;
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return diag_fail(d, dir, "make private");
	if (mnt_is_shared(fd) == 0)
		return 0;
	diag_set(d, EINVAL, dir, "mount over");
	return diag_hint(d, "it lies in a shared mount and is no mount point: what is mounted there would appear outside, too");
}

/* A directory to mount on: as it is named, or beneath the root to be. */
struct place {
	int fd;
	char path[40];
};

static const char *find_place(struct place *place, int root, const char *dir, struct diag *d)
{
	struct kernel_open_how how = {
		.flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
		.resolve = KERNEL_RESOLVE_IN_ROOT,
	};

	place->fd = -1;
	if (root < 0)
		return dir;
	place->fd = kernel_openat2(root, dir, &how);
	if (place->fd < 0) {
		diag_fail(d, dir, "open beneath the new root");
		return NULL;
	}
	snprintf(place->path, sizeof(place->path), "/proc/self/fd/%d", place->fd);
	return place->path;
}

static int mount_fs(const struct mnt_plan *plan, int root, const char *type, const char *dir,
		    struct diag *d)
{
	struct place place;
	const char *target = find_place(&place, root, dir, d);
	int ret = target ? 0 : -1;

	if (!ret && plan->propagation > PROPAGATION_PRIVATE && (root < 0 || !plan->pivot))
		ret = keep_private(target, dir, d);
	if (!ret && mount(type, target, type, MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
		ret = diag_fail(d, dir, "mount %s", type);
	cleanup_close_fd(&place.fd);
	return ret;
}

/*
 * The interpreter of a format with flag F is opened now, that is, seen from
 * the old root: the program may have it without its being in the new one.
 */
static int register_interp(const struct mnt_plan *plan, int root, struct diag *d)
{
	struct place place;
	const char *target = find_place(&place, root, plan->binfmt, d);
	char path[4096];
	int ret = -1;

	if (!target)
		return -1;
	snprintf(path, sizeof(path), "%s/register", target);
	ret = file_write(path, plan->interp, "register the binary format", d);
	if (ret < 0 && errno == EINVAL)
		diag_hint(d, "binfmt_misc takes :name:type:offset:magic:mask:interpreter:flags");
	cleanup_close_fd(&place.fd);
	return ret;
}

static int mount_all(const struct mnt_plan *plan, int root, struct diag *d)
{
	if (plan->proc && mount_fs(plan, root, "proc", plan->proc, d) < 0)
		return -1;
	if (plan->sys && mount_fs(plan, root, "sysfs", plan->sys, d) < 0)
		return -1;
	if (plan->binfmt && mount_fs(plan, root, "binfmt_misc", plan->binfmt, d) < 0)
		return -1;
	if (plan->interp && register_interp(plan, root, d) < 0)
		return -1;
	return 0;
}

/* The present root and the mount that it lies in. */
static bool is_present_root(int fd)
{
	cleanup_close int slash = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct stat a, b;

	return slash >= 0 && fstat(slash, &a) == 0 && fstat(fd, &b) == 0 &&
	       a.st_dev == b.st_dev && a.st_ino == b.st_ino && mnt_is_same(slash, fd) == 1;
}

/* pivot_root(2) refuses where one of the two roots could spread the change. */
static int refuse_shared(const struct mnt_plan *plan, int dir, struct diag *d)
{
	cleanup_close int slash = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	bool shared = plan->propagation == PROPAGATION_SHARED;

	if (plan->propagation == PROPAGATION_UNCHANGED)
		shared = mnt_is_shared(slash) == 1 || mnt_is_shared(dir) == 1;
	if (!shared)
		return 0;
	diag_set(d, EINVAL, plan->root, "change the root");
	return diag_hint(d, "pivot_root(2) does not work on shared mounts: use --propagation private or slave");
}

/*
 * Make ROOT a mount of its own, *tree, in its place: pivot_root(2) takes
 * mounts only, and what lies beneath must stay in one piece for a user
 * namespace (locked mounts).
 */
static int attach_root(const char *root, int dir, int *tree, struct diag *d)
{
	*tree = bind_tree(dir);
	return *tree < 0 ? diag_fail(d, root, "make the root a mount of its own") : 0;
}

static int pivot(const char *root, int tree, struct diag *d)
{
	/* The old root ends up on top of the new one, where "." still finds it. */
	if (fchdir(tree) < 0 || kernel_pivot_root(".", ".") < 0) {
		diag_fail(d, root, "pivot_root");
		return errno != EINVAL ? -1 :
		       diag_hint(d, "the present root cannot be pivoted: it is the initial ramfs, or no mount point (a chroot)");
	}
	if (umount2(".", MNT_DETACH) < 0)
		return diag_fail(d, root, "let the old root go");
	return chdir("/") < 0 ? diag_fail(d, root, "enter the new root") : 0;
}

static int change_root_by_chroot(const struct mnt_plan *plan, int dir, struct diag *d)
{
	if (mount_all(plan, dir, d) < 0)
		return -1;
	if (fchdir(dir) < 0)
		return diag_fail(d, plan->root, "enter the new root");
	if (chroot(".") == 0)
		return 0;
	diag_fail(d, plan->root, "chroot");
	return errno != EPERM ? -1 : diag_hint(d, "it takes CAP_SYS_CHROOT: add --map-root-user (-r)");
}

static int change_root(const struct mnt_plan *plan, struct diag *d)
{
	cleanup_close int dir = open(plan->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	cleanup_close int tree = -1;

	if (dir < 0)
		return diag_fail(d, plan->root, "open the root directory");
	if (is_present_root(dir)) {
		if (chdir("/") < 0)
			return diag_fail(d, "/", "change the working directory");
		return mount_all(plan, -1, d);
	}
	if (!plan->pivot)
		return change_root_by_chroot(plan, dir, d);
	if (refuse_shared(plan, dir, d) < 0 || attach_root(plan->root, dir, &tree, d) < 0)
		return -1;
	if (mount_all(plan, tree, d) < 0)
		return -1;
	return pivot(plan->root, tree, d);
}

int mnt_setup(const struct mnt_plan *plan, struct diag *d)
{
	if (propagate(plan->propagation, d) < 0)
		return -1;
	return plan->root ? change_root(plan, d) : mount_all(plan, -1, d);
}
