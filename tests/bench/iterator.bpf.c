/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * What iterator.c runs: the least that a program in the kernel can do to tell
 * which namespaces each thread is in, and which descriptors hold one. A number
 * for each type, and no more.
 */

#include <linux/bpf.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#define KERNEL __attribute__((preserve_access_index))

struct ns_common { __u32 inum; } KERNEL;
struct mnt_namespace { struct ns_common ns; } KERNEL;
struct uts_namespace { struct ns_common ns; } KERNEL;
struct ipc_namespace { struct ns_common ns; } KERNEL;
struct net { struct ns_common ns; } KERNEL;
struct pid_namespace { struct ns_common ns; } KERNEL;
struct user_namespace { struct ns_common ns; } KERNEL;
struct cgroup_namespace { struct ns_common ns; } KERNEL;
struct time_namespace { struct ns_common ns; } KERNEL;
struct cred { struct user_namespace *user_ns; } KERNEL;

struct nsproxy {
	struct uts_namespace *uts_ns;
	struct ipc_namespace *ipc_ns;
	struct mnt_namespace *mnt_ns;
	struct pid_namespace *pid_ns_for_children;
	struct net *net_ns;
	struct time_namespace *time_ns;
	struct cgroup_namespace *cgroup_ns;
} KERNEL;

struct task_struct {
	int pid, tgid;
	const struct cred *real_cred;
	struct nsproxy *nsproxy;
} KERNEL;

struct super_block { unsigned long s_magic; } KERNEL;
struct inode { struct super_block *i_sb; unsigned long i_ino; } KERNEL;
struct file { struct inode *f_inode; } KERNEL;

struct bpf_iter_meta { struct seq_file *seq; };
struct bpf_iter__task { struct bpf_iter_meta *meta; struct task_struct *task; };
struct bpf_iter__task_file {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
	__u32 fd __attribute__((aligned(8)));
	struct file *file;
};

/* include/uapi/linux/magic.h */
#define MAGIC_NSFS 0x6e736673
#define MAGIC_SOCKFS 0x534f434b

SEC("iter/task")
int each_task(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct nsproxy *p = task ? task->nsproxy : 0;
	__u32 told[10] = { 0 };

	if (!task)
		return 0;
	told[0] = task->tgid;
	told[1] = task->pid;
	told[2] = task->real_cred->user_ns->ns.inum;
	if (p) {
		told[3] = p->mnt_ns->ns.inum;
		told[4] = p->uts_ns->ns.inum;
		told[5] = p->ipc_ns->ns.inum;
		told[6] = p->net_ns->ns.inum;
		told[7] = p->pid_ns_for_children->ns.inum;
		told[8] = p->cgroup_ns->ns.inum;
		told[9] = p->time_ns->ns.inum;
	}
	bpf_seq_write(ctx->meta->seq, told, sizeof(told));
	return 0;
}

SEC("iter/task_file")
int each_file(struct bpf_iter__task_file *ctx)
{
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;
	__u64 told[2];

	if (!task || !file)
		return 0;
	told[0] = file->f_inode->i_sb->s_magic;
	if (told[0] != MAGIC_NSFS && told[0] != MAGIC_SOCKFS)
		return 0;
	told[0] = ((__u64)(__u32)task->pid << 32) | ctx->fd;
	told[1] = file->f_inode->i_ino;
	bpf_seq_write(ctx->meta->seq, told, sizeof(told));
	return 0;
}

char _license[] SEC("license") = "GPL";
