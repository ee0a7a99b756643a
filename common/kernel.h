/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * kernel: the numbers that old headers lack, and system calls by number.
 *
 * Nothing else in the tree defines a kernel number. No <linux/...> header is
 * needed, so that musl-gcc without kernel headers builds the launchers.
 */

#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

/* clone(2), unshare(2), setns(2): include/uapi/linux/sched.h */
#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080 /* 5.6; not through clone(2): an exit signal there */
#endif
#ifndef CLONE_NEWCGROUP
#define CLONE_NEWCGROUP 0x02000000 /* 4.6 */
#endif
#ifndef CLONE_PIDFD
#define CLONE_PIDFD 0x00001000 /* 5.2 */
#endif
#define KERNEL_CLONE_INTO_CGROUP 0x200000000ULL /* 5.7; clone3 only */

#ifndef SYS_open_tree
#define SYS_open_tree 428 /* 5.2 */
#endif
#ifndef SYS_move_mount
#define SYS_move_mount 429 /* 5.2 */
#endif
#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424 /* 5.1 */
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434 /* 5.3 */
#endif
#ifndef SYS_clone3
#define SYS_clone3 435 /* 5.3 */
#endif
#ifndef SYS_close_range
#define SYS_close_range 436 /* 5.9; CLOSE_RANGE_CLOEXEC 5.11 */
#endif
#ifndef SYS_openat2
#define SYS_openat2 437 /* 5.6 */
#endif

#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438 /* 5.6 */
#endif

#ifndef SYS_statmount
#define SYS_statmount 457 /* 6.8 */
#endif
#ifndef SYS_listmount
#define SYS_listmount 458 /* 6.8 */
#endif

#define KERNEL_KCMP_FILES 2
#define KERNEL_KEYCTL_JOIN_SESSION_KEYRING 1 /* include/uapi/linux/keyctl.h */

#define KERNEL_PIDFD_THREAD 0200U /* O_EXCL; 6.9 */
/* 6.11 */
#define KERNEL_PIDFD_GET_CGROUP_NAMESPACE 0xff01UL
#define KERNEL_PIDFD_GET_IPC_NAMESPACE 0xff02UL
#define KERNEL_PIDFD_GET_MNT_NAMESPACE 0xff03UL
#define KERNEL_PIDFD_GET_NET_NAMESPACE 0xff04UL
#define KERNEL_PIDFD_GET_PID_FOR_CHILDREN_NAMESPACE 0xff06UL
#define KERNEL_PIDFD_GET_TIME_FOR_CHILDREN_NAMESPACE 0xff08UL
#define KERNEL_PIDFD_GET_USER_NAMESPACE 0xff09UL
#define KERNEL_PIDFD_GET_UTS_NAMESPACE 0xff0aUL

#define KERNEL_CLOSE_RANGE_CLOEXEC 4U
#define KERNEL_RESOLVE_IN_ROOT 0x10U
#define KERNEL_MFD_EXEC 0x10U /* 6.3 */

/* include/linux/sched.h, as /proc/PID/stat has it: forked, and nothing executed since. */
#define KERNEL_PF_FORKNOEXEC 0x40UL

/* include/uapi/linux/mount.h, fcntl.h */
#define KERNEL_OPEN_TREE_CLONE 1U
#define KERNEL_RENAME_EXCHANGE 2U
#define KERNEL_AT_RECURSIVE 0x8000U
#define KERNEL_MOVE_MOUNT_F_EMPTY_PATH 0x4U
#define KERNEL_MOVE_MOUNT_T_EMPTY_PATH 0x40U

/* include/uapi/linux/nsfs.h, sockios.h */
#define KERNEL_NS_GET_USERNS 0xb701UL /* 4.9 */
#define KERNEL_NS_GET_PARENT 0xb702UL
#define KERNEL_NS_GET_NSTYPE 0xb703UL /* 4.11 */
#define KERNEL_NS_GET_OWNER_UID 0xb704UL
#define KERNEL_SIOCGSKNS 0x894cUL /* 4.10 */
#define KERNEL_SO_NETNS_COOKIE 71 /* 5.14 */
#define KERNEL_NS_GET_TGID_FROM_PIDNS 0x8004b707UL /* 6.11 */
#define KERNEL_NS_MNT_GET_NEXT 0x8010b70bUL /* 6.12 */
#define KERNEL_NS_MNT_GET_PREV 0x8010b70cUL
#define KERNEL_NS_GET_ID 0x8008b70dUL /* 6.18 */
#define KERNEL_FD_NSFS_ROOT (-10003) /* 6.18 */
#define KERNEL_NSFS_HANDLE 0xf1

/* include/uapi/linux/magic.h */
#define KERNEL_NSFS_MAGIC 0x6e736673U
#define KERNEL_CGROUP2_MAGIC 0x63677270U
#define KERNEL_PIDFS_MAGIC 0x50494446U /* 6.9 */
#define KERNEL_PROC_MAGIC 0x9fa0U

/* include/uapi/linux/prctl.h, capability.h */
#ifndef PR_CAP_AMBIENT
#define PR_CAP_AMBIENT 47
#define PR_CAP_AMBIENT_RAISE 2
#endif
#define KERNEL_CAP_VERSION_3 0x20080522U
#define KERNEL_CAP_SETGID 6
#define KERNEL_CAP_SETUID 7
#define KERNEL_CAP_SYS_PTRACE 19
#define KERNEL_CAP_SYS_ADMIN 21
#define KERNEL_CAP_PERFMON 38 /* 5.8 */
#define KERNEL_CAP_BPF 39 /* 5.8 */

/*
 * include/linux/highuid.h: what each uid and gid looks like that the user
 * namespace does not map. /proc/sys/kernel/overflowuid can change it.
 */
#define KERNEL_OVERFLOW_ID 65534U

/* include/linux/proc_ns.h */
#define KERNEL_FIRST_USER_NS 0xeffffffdU
#define KERNEL_FIRST_PID_NS 0xeffffffcU

/* include/linux/nsproxy.h: pid_t of set_tid for the nesting depth, 32 */
#define KERNEL_PIDNS_LEVELS 32

/* struct clone_args, 88 bytes since 5.7; 64 (up to tls) suffice for 5.3. */
struct kernel_clone_args {
	uint64_t flags;
	uint64_t pidfd;
	uint64_t child_tid;
	uint64_t parent_tid;
	uint64_t exit_signal;
	uint64_t stack;
	uint64_t stack_size;
	uint64_t tls;
	uint64_t set_tid;
	uint64_t set_tid_size;
	uint64_t cgroup;
};

struct kernel_open_how {
	uint64_t flags;
	uint64_t mode;
	uint64_t resolve;
};

/* 6.12: what NS_MNT_GET_NEXT and _PREV tell of the mount namespace that they open. */
struct kernel_mnt_ns_info {
	uint32_t size;
	uint32_t nr_mounts;
	uint64_t mnt_ns_id;
};

/* statmount(2), listmount(2): mnt_ns_id since 6.11. */
struct kernel_mnt_id_req {
	uint32_t size;
	uint32_t spare;
	uint64_t mnt_id;
	uint64_t param;
	uint64_t mnt_ns_id;
};

#define KERNEL_LSMT_ROOT UINT64_MAX
#define KERNEL_STATMOUNT_SB_BASIC 1U
#define KERNEL_STATMOUNT_MNT_BASIC 2U
#define KERNEL_STATMOUNT_MNT_ROOT 8U
#define KERNEL_STATMOUNT_MNT_POINT 0x10U

/* Texts are offsets into str. */
struct kernel_statmount {
	uint32_t size;
	uint32_t mnt_opts;
	uint64_t mask;
	uint32_t sb_dev_major;
	uint32_t sb_dev_minor;
	uint64_t sb_magic;
	uint32_t sb_flags;
	uint32_t fs_type;
	uint64_t mnt_id;
	uint64_t mnt_parent_id;
	uint32_t mnt_id_old;
	uint32_t mnt_parent_id_old;
	uint64_t mnt_attr;
	uint64_t mnt_propagation;
	uint64_t mnt_peer_group;
	uint64_t mnt_master;
	uint64_t propagate_from;
	uint32_t mnt_root;
	uint32_t mnt_point;
	uint64_t mnt_ns_id;
	uint64_t later[49];
	char str[];
};

/* getdents64(2) */
struct kernel_dirent {
	uint64_t ino;
	int64_t off;
	uint16_t len;
	uint8_t type;
	char name[];
};

/* statx(2): 4.11; musl has it since 1.2.4 only. */
#define KERNEL_STATX_INO 0x100U
#define KERNEL_AT_NO_AUTOMOUNT 0x800
#define KERNEL_AT_STATX_DONT_SYNC 0x4000

struct kernel_statx {
	uint32_t mask;
	uint32_t blksize;
	uint64_t attributes;
	uint32_t nlink;
	uint32_t uid;
	uint32_t gid;
	uint16_t mode;
	uint16_t spare;
	uint64_t ino;
	uint64_t size;
	uint64_t blocks;
	uint64_t attributes_mask;
	uint64_t times[8];
	uint32_t rdev_major;
	uint32_t rdev_minor;
	uint32_t dev_major;
	uint32_t dev_minor;
	uint64_t later[14];
};

struct kernel_cap_header {
	uint32_t version;
	int pid;
};

struct kernel_cap_data {
	uint32_t effective;
	uint32_t permitted;
	uint32_t inheritable;
};

static inline int kernel_pidfd_open(pid_t pid, unsigned int flags)
{
	return (int)syscall(SYS_pidfd_open, pid, flags);
}

static inline int kernel_pidfd_send_signal(int pidfd, int sig)
{
	return (int)syscall(SYS_pidfd_send_signal, pidfd, sig, NULL, 0);
}

static inline int kernel_pidfd_getfd(int pidfd, int fd)
{
	return (int)syscall(SYS_pidfd_getfd, pidfd, fd, 0);
}

static inline int kernel_execveat(int dirfd, const char *path, char *const argv[], char *const env[],
				  int flags)
{
	return (int)syscall(SYS_execveat, dirfd, path, argv, env, flags);
}

static inline int kernel_close_range(unsigned int first, unsigned int last,
				     unsigned int flags)
{
	return (int)syscall(SYS_close_range, first, last, flags);
}

static inline int kernel_openat2(int dirfd, const char *path,
				 const struct kernel_open_how *how)
{
	return (int)syscall(SYS_openat2, dirfd, path, how, sizeof(*how));
}

static inline int kernel_open_tree(int dirfd, const char *path, unsigned int flags)
{
	return (int)syscall(SYS_open_tree, dirfd, path, flags);
}

static inline int kernel_move_mount(int from_fd, const char *from, int to_fd,
				    const char *to, unsigned int flags)
{
	return (int)syscall(SYS_move_mount, from_fd, from, to_fd, to, flags);
}

static inline int kernel_renameat2(int from_dir, const char *from, int to_dir, const char *to,
				   unsigned int flags)
{
	return (int)syscall(SYS_renameat2, from_dir, from, to_dir, to, flags);
}

static inline int kernel_statmount(const struct kernel_mnt_id_req *req, void *buf, size_t size)
{
	return (int)syscall(SYS_statmount, req, buf, size, 0);
}

static inline ssize_t kernel_listmount(const struct kernel_mnt_id_req *req, uint64_t *ids,
				       size_t n)
{
	return (ssize_t)syscall(SYS_listmount, req, ids, n, 0);
}

static inline ssize_t kernel_getdents(int fd, void *buf, size_t size)
{
	return (ssize_t)syscall(SYS_getdents64, fd, buf, size);
}

static inline int kernel_kcmp(pid_t one, pid_t other, int what)
{
	return (int)syscall(SYS_kcmp, one, other, what, 0UL, 0UL);
}

static inline int kernel_statx(int dirfd, const char *path, int flags, unsigned int mask,
			       struct kernel_statx *st)
{
	return (int)syscall(SYS_statx, dirfd, path, flags, mask, st);
}

/* A new session keyring without a name, for this process and its children: -1 with errno. */
static inline int kernel_new_session_keyring(void)
{
	return syscall(SYS_keyctl, KERNEL_KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0 ? -1 : 0;
}

static inline int kernel_pivot_root(const char *new_root, const char *put_old)
{
	return (int)syscall(SYS_pivot_root, new_root, put_old);
}

static inline int kernel_capget(struct kernel_cap_header *header,
				struct kernel_cap_data *data)
{
	return (int)syscall(SYS_capget, header, data);
}

static inline int kernel_capset(struct kernel_cap_header *header,
				const struct kernel_cap_data *data)
{
	return (int)syscall(SYS_capset, header, data);
}
