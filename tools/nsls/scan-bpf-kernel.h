/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * scan-bpf-kernel: the kernel's structures, as far as they are asked for by its
 * programs. Where a member is in the kernel at hand, it looks up itself when they
 * are loaded (CO-RE, by the kernel since 5.17).
 */

#include <linux/types.h>

#include <bpf/bpf_core_read.h>

#define KERNEL __attribute__((preserve_access_index))

struct user_namespace;

/* include/linux/ns_common.h: ns_id and ns_type since 6.18 */
struct ns_common {
	const void *ops;
	__u32 inum;
	__u64 ns_id;
	__u32 ns_type;
} KERNEL;

/* include/linux/proc_ns.h: where struct proc_ns_operations has its type, from 4.6 until ns_type came. */
#define OPS_TYPE 16

struct mnt_namespace { struct ns_common ns; struct user_namespace *user_ns; } KERNEL;
struct uts_namespace { struct ns_common ns; struct user_namespace *user_ns; } KERNEL;
struct ipc_namespace { struct ns_common ns; struct user_namespace *user_ns; } KERNEL;
struct net { struct ns_common ns; struct user_namespace *user_ns; } KERNEL;
struct cgroup_namespace { struct ns_common ns; struct user_namespace *user_ns; } KERNEL;
struct time_namespace { struct ns_common ns; struct user_namespace *user_ns; } KERNEL;

struct pid_namespace {
	struct ns_common ns;
	struct user_namespace *user_ns;
	struct pid_namespace *parent;
} KERNEL;

struct user_namespace {
	struct ns_common ns;
	struct user_namespace *parent;
	struct { __u32 val; } owner; /* kuid_t */
} KERNEL;

struct nsproxy {
	struct uts_namespace *uts_ns;
	struct ipc_namespace *ipc_ns;
	struct mnt_namespace *mnt_ns;
	struct pid_namespace *pid_ns_for_children;
	struct net *net_ns;
	struct time_namespace *time_ns;
	struct time_namespace *time_ns_for_children;
	struct cgroup_namespace *cgroup_ns;
} KERNEL;

struct upid { int nr; struct pid_namespace *ns; } KERNEL;
struct pid { __u32 level; struct upid numbers[]; } KERNEL;
struct cred { struct user_namespace *user_ns; } KERNEL;

struct task_struct {
	int pid, tgid; /* in the first PID namespace */
	struct task_struct *group_leader;
	struct pid *thread_pid;
	const struct cred *real_cred;
	void *files;
	struct nsproxy *nsproxy;
} KERNEL;

#ifndef TASKS_ALONE
struct super_block { unsigned long s_magic; } KERNEL;
struct inode { struct super_block *i_sb; void *i_private; } KERNEL;
struct file { struct inode *f_inode; void *private_data; } KERNEL;
struct sock_common { struct { struct net *net; } skc_net; } KERNEL;
struct sock { struct sock_common __sk_common; } KERNEL;
struct socket { struct sock *sk; } KERNEL;
#endif

/* These are the same in every kernel: each member takes eight bytes. */
struct bpf_iter_meta { struct seq_file *seq; };
struct bpf_iter__task { struct bpf_iter_meta *meta; struct task_struct *task; };
#ifndef TASKS_ALONE
struct bpf_iter__task_file {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
	__u32 fd __attribute__((aligned(8)));
	struct file *file;
};
#endif

/* include/uapi/linux/magic.h; SOCKFS_MAGIC is in there, too. */
#define MAGIC_NSFS 0x6e736673
#define MAGIC_SOCKFS 0x534f434b

#define OFFSET(structure, member) bpf_core_field_offset(((struct structure *)0)->member)
#define EXISTS(structure, member) bpf_core_field_exists(((struct structure *)0)->member)
