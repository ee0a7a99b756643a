/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nsfs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "cleanup.h"
#include "diag.h"
#include "kernel.h"
#include "mountinfo.h"
#include "nsref.h"
#include "number.h"
#include "run.h"
#include "scan.h"
#include "seen.h"
#include "spawn.h"
#include "untraceable.h"

uint64_t nsfs_parse(const char *text)
{
	const char *colon = strchr(text, ':');
	char number[24];
	uint64_t ino;
	size_t len;

	if (!colon || colon == text || colon[1] != '[')
		return 0;
	len = strcspn(colon + 2, "]");
	if (len >= sizeof(number) || strcmp(colon + 2 + len, "]"))
		return 0;
	memcpy(number, colon + 2, len);
	number[len] = '\0';
	return number_parse(number, UINT64_MAX, &ino) < 0 ? 0 : ino;
}

int nsfs_type(const char *text)
{
	size_t len = strcspn(text, ":");

	for (int type = 0; type < NSTYPE_COUNT; type++)
		if (!strncmp(nstype_table[type].name, text, len) && !nstype_table[type].name[len])
			return type;
	return -1;
}

/* ROOT is "net:[4026531840]", and cut after the name of the type. */
static int hand_over(char *root, const char *path, uint64_t mount, bool *first,
		     nsfs_see_pin *see, void *arg, struct diag *d)
{
	struct nsfs_pin pin = {
		.ns = nsfs_parse(root), .type = nsfs_type(root), .name = root, .path = path,
		.mount = mount, .first = *first,
	};

	/* It may be the root of nsfs itself. */
	if (!pin.ns)
		return 0;
	*first = false;
	*strchr(root, ':') = '\0';
	return see(arg, &pin, d);
}

/* By mountinfo. */

/* The root of all but some few file systems is a path: only the others are worth being cut. */
static bool may_be_nsfs(const char *line)
{
	for (int i = 0; i < 3 && line; i++) {
		line = strchr(line, ' ');
		line += line != NULL;
	}
	return line && *line != '/';
}

static int see_line(char *line, bool *first, nsfs_see_pin *see, void *arg, struct diag *d)
{
	struct mountinfo m;

	if (!may_be_nsfs(line) || !mountinfo_cut(line, &m) || strcmp(m.type, "nsfs"))
		return 0;
	return hand_over(m.root, m.point, m.id, first, see, arg, d);
}

/* The whole lines of the LEN bytes of TEXT: how many bytes they are. -1 and *d. */
static ssize_t see_lines(char *text, size_t len, nsfs_see_pin *see, void *arg, struct diag *d)
{
	char *line = text, *end;
	bool first = true;

	while ((end = memchr(line, '\n', len - (size_t)(line - text)))) {
		*end = '\0';
		if (see_line(line, &first, see, arg, d) < 0)
			return -1;
		line = end + 1;
	}
	return line - text;
}

/* A line may be longer than any page: there are file systems with long options. */
static int enlarge(char **buf, size_t *size, struct diag *d)
{
	char *larger = realloc(*buf, *size * 2);

	if (!larger)
		return diag_fail(d, NULL, "read mountinfo");
	*buf = larger;
	*size *= 2;
	return 0;
}

static int see_mountinfo(int fd, nsfs_see_pin *see, void *arg, struct diag *d)
{
	size_t size = 32768, len = 0;
	cleanup_free char *buf = malloc(size);
	ssize_t n;

	/* From the start on, also when it is read again. */
	if (!buf || lseek(fd, 0, SEEK_SET) < 0)
		return diag_fail(d, NULL, "read mountinfo");
	while ((n = read(fd, buf + len, size - len)) != 0) {
		ssize_t seen;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return diag_fail(d, NULL, "read mountinfo");
		len += (size_t)n;
		seen = see_lines(buf, len, see, arg, d);
		if (seen < 0)
			return -1;
		len -= (size_t)seen;
		memmove(buf, buf + seen, len);
		if (len == size && enlarge(&buf, &size, d) < 0)
			return -1;
	}
	return 0;
}

int nsfs_own(nsfs_see_pin *see, void *arg, struct diag *d)
{
	cleanup_close int fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);

	return fd < 0 ? diag_fail(d, "/proc/self/mountinfo", "look which pins there are") :
			see_mountinfo(fd, see, arg, d);
}

/* By statmount(2) and listmount(2). */

/* Texts, for which *MOUNT becomes as large as they need. -1 with errno. */
static int ask_texts(const struct kernel_mnt_id_req *req, struct kernel_statmount **mount,
		     size_t *size)
{
	while (kernel_statmount(req, *mount, *size) < 0) {
		void *larger;

		if (errno != EOVERFLOW)
			return -1;
		larger = realloc(*mount, *size * 2);
		if (!larger)
			return -1;
		*mount = larger;
		*size *= 2;
	}
	return 0;
}

/* Most mounts are none of nsfs: texts cost a walk to the root each. */
static int see_mount(struct kernel_mnt_id_req *req, struct kernel_statmount **mount,
		     size_t *size, nsfs_see_pin *see, void *arg, struct diag *d)
{
	struct kernel_statmount *got;
	bool first = true;

	req->param = KERNEL_STATMOUNT_SB_BASIC;
	if (kernel_statmount(req, *mount, *size) < 0)
		return errno == ENOENT ? 0 : diag_fail(d, NULL, "look at a mount");
	if ((*mount)->sb_magic != KERNEL_NSFS_MAGIC)
		return 0;
	req->param = KERNEL_STATMOUNT_MNT_BASIC | KERNEL_STATMOUNT_MNT_ROOT |
		     KERNEL_STATMOUNT_MNT_POINT;
	if (ask_texts(req, mount, size) < 0)
		return errno == ENOENT ? 0 : diag_fail(d, NULL, "look at a mount");
	got = *mount;
	if ((got->mask & req->param) != req->param)
		return 0;
	return hand_over(got->str + got->mnt_root, got->str + got->mnt_point, got->mnt_id_old,
			 &first, see, arg, d);
}

static int see_listed(const struct nsfs_mntns *ns, nsfs_see_pin *see, void *arg,
		      struct nsfs_unread *unread, struct diag *d)
{
	struct kernel_mnt_id_req list = {
		.size = sizeof(list), .mnt_id = KERNEL_LSMT_ROOT, .mnt_ns_id = ns->id,
	};
	struct kernel_mnt_id_req req = { .size = sizeof(req), .mnt_ns_id = ns->id };
	size_t size = 8192;
	cleanup_free struct kernel_statmount *mount = malloc(size);
	uint64_t ids[512];
	ssize_t n;

	if (!mount)
		return diag_fail(d, NULL, "look at a mount");
	do {
		n = kernel_listmount(&list, ids, 512);
		if (n < 0) {
			unread->namespaces += errno != ENOENT;
			return 0;
		}
		for (ssize_t i = 0; i < n; i++) {
			req.mnt_id = ids[i];
			if (see_mount(&req, &mount, &size, see, arg, d) < 0)
				return -1;
		}
		list.param = n ? ids[n - 1] : 0;
	} while (n == 512);
	return 0;
}

int nsfs_pins(const struct nsfs_mntns *ns, nsfs_see_pin *see, void *arg,
	      struct nsfs_unread *unread, struct diag *d)
{
	return ns->fd >= 0 ? see_listed(ns, see, arg, unread, d) :
			     see_mountinfo(ns->mountinfo, see, arg, d);
}

/* Mount namespaces. */

/* From START, which stays the caller's, in one direction to the end. 1: this kernel does not let us. */
static int walk(int start, unsigned long direction, nsfs_see_mntns *see, void *arg,
		struct diag *d)
{
	cleanup_close int at = -1;

	for (;;) {
		struct kernel_mnt_ns_info info = { .size = sizeof(info) };
		int next = ioctl(at < 0 ? start : at, direction, &info);
		struct nsfs_mntns ns = { .fd = next, .id = info.mnt_ns_id,
					 .proc = -1, .mountinfo = -1 };
		struct stat st;

		if (next < 0 && errno == ENOENT)
			return 0;
		if (next < 0 && at < 0 && errno != EMFILE && errno != ENFILE && errno != ENOMEM)
			return 1;
		if (next < 0)
			return diag_fail(d, NULL, "look which mount namespaces there are");
		cleanup_close_fd(&at);
		at = next;
		if (fstat(at, &st) < 0)
			return diag_fail(d, NULL, "look at a mount namespace");
		ns.ino = st.st_ino;
		if (see(arg, &ns, d) < 0)
			return -1;
	}
}

/* What /proc shows: each mount namespace once. */
struct found {
	struct seen inos; /* inode numbers of those that have been seen, and of our own */
	struct nsfs_unread *unread;
	nsfs_see_mntns *see;
	void *arg;
};

static int remember(struct found *found, uint64_t ino, struct diag *d)
{
	return seen_add(&found->inos, ino) < 0 ?
		diag_fail(d, NULL, "look which mount namespaces there are") : 0;
}

/* Is the process of the directory PROC still in it? */
static bool is_in(int proc, uint64_t ino)
{
	char link[64];
	ssize_t len = readlinkat(proc, "ns/mnt", link, sizeof(link) - 1);

	if (len < 0)
		return false;
	link[len] = '\0';
	return nsfs_parse(link) == ino;
}

/*
 * mountinfo is that of the mount namespace in which the process is when it is
 * opened. It may end before, and its number be another's: then the next one
 * that is in there serves.
 */
static int see_process(void *arg, const struct scan_process *process, struct diag *d)
{
	struct found *found = arg;
	struct nsfs_mntns ns = { .ino = process->ns[NS_MNT], .fd = -1 };
	cleanup_close int proc = -1, mountinfo = -1;
	char path[32];

	if (!ns.ino || seen_has(&found->inos, ns.ino))
		return 0;
	snprintf(path, sizeof(path), "/proc/%d", (int)process->pid);
	proc = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	mountinfo = proc < 0 ? -1 : openat(proc, "mountinfo", O_RDONLY | O_CLOEXEC);
	if (mountinfo < 0) {
		found->unread->processes += scan_is_forbidden(errno);
		return scan_is_gone(errno) || scan_is_forbidden(errno) ? 0 :
		       diag_fail(d, path, "look at a process");
	}
	if (!is_in(proc, ns.ino))
		return 0;
	ns.proc = proc;
	ns.mountinfo = mountinfo;
	return remember(found, ns.ino, d) < 0 ? -1 : found->see(found->arg, &ns, d);
}

static int see_processes(nsfs_see_mntns *see, void *arg, struct nsfs_unread *unread,
			 struct diag *d)
{
	char path[NSREF_PATH];
	struct found found = { .unread = unread, .see = see, .arg = arg };
	uint64_t own = nsref_inode(nsref_path(path, 0, NS_MNT, false));
	int ret = own ? remember(&found, own, d) : diag_fail(d, path, "look at the namespace");

	if (ret == 0)
		ret = scan_processes(CLONE_NEWNS, see_process, &found, &unread->processes, d);
	seen_free(&found.inos);
	return ret;
}

int nsfs_others(nsfs_see_mntns *see, void *arg, struct nsfs_unread *unread, struct diag *d)
{
	char path[NSREF_PATH];
	cleanup_close int own = open(nsref_path(path, 0, NS_MNT, false), O_RDONLY | O_CLOEXEC);
	int ret;

	*unread = (struct nsfs_unread){ .namespaces = 0 };
	if (own < 0)
		return diag_fail(d, path, "open the namespace");
	ret = walk(own, KERNEL_NS_MNT_GET_PREV, see, arg, d);
	if (ret == 0)
		ret = walk(own, KERNEL_NS_MNT_GET_NEXT, see, arg, d);
	if (ret <= 0)
		return ret;
	unread->without_process = true;
	return see_processes(see, arg, unread, d);
}

/* Opening. */

/*
 * Entering takes a process of its own, with which we share descriptors: it puts
 * the root directory of FD in place of SLOT.
 */
static int put_root(int fd, int slot)
{
	struct spawn_args args = { .flags = CLONE_FILES, .cgroup_fd = -1 };
	struct spawned child;
	struct ended e;
	int ret = spawn_fork(&args, &child), root;

	if (ret > 0) {
		root = untraceable_setns(fd, CLONE_NEWNS) < 0 ? -1 : open("/", O_PATH | O_CLOEXEC);
		ret = root < 0 ? -1 : dup3(root, slot, O_CLOEXEC);
		cleanup_close_fd(&root);
		_exit(ret < 0);
	}
	if (ret < 0)
		return -1;
	close(child.pidfd);
	if (run_wait_end(child.pid, &e) < 0)
		return -1;
	errno = EPERM;
	return e.signal || e.status ? -1 : 0;
}

int nsfs_root(const struct nsfs_mntns *ns)
{
	cleanup_close int slot = -1;

	if (ns && ns->proc >= 0)
		return openat(ns->proc, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	slot = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (slot < 0 || (ns && put_root(ns->fd, slot) < 0))
		return -1;
	return steal_fd(&slot);
}

/* Not before it is known to be a namespace is it opened: opening a device or a FIFO does things. */
int nsfs_open(int root, const char *path, uint64_t ns)
{
	cleanup_close int fd = openat(root, path + strspn(path, "/"), O_PATH | O_CLOEXEC);
	char link[40];
	struct statfs fs;
	struct stat st;

	if (fd < 0 || fstatfs(fd, &fs) < 0 || fstat(fd, &st) < 0)
		return -1;
	errno = ESTALE;
	if ((uint32_t)fs.f_type != KERNEL_NSFS_MAGIC || st.st_ino != ns)
		return -1;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	return open(link, O_RDONLY | O_CLOEXEC);
}
