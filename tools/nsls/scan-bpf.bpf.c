/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * What nsls runs in the kernel: two iterators, over all threads and over all
 * descriptors, that the reader's PID namespace has numbers for. They only read.
 *
 * Of the kernel's structures only those members are declared that are asked
 * for; where they are in the kernel at hand, it looks up itself when the
 * programs are loaded (CO-RE, by the kernel since 5.17).
 *
 * Loading them takes longer than a run over thousands of threads, and most of it
 * is looking for names among all types of the kernel: that of each structure
 * which an access begins with, and, for each pointer that is read from a
 * structure which the verifier trusts, three or four others. So there are as few
 * structures as can be, and tasks are read by a helper, which needs no trust.
 */

#include <linux/bpf.h>
#include <linux/sched.h>
#include <stdbool.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "scan-bpf.h"

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
	struct task_struct *group_leader;
	struct pid *thread_pid;
	const struct cred *real_cred;
	void *files;
	struct nsproxy *nsproxy;
} KERNEL;

struct super_block { unsigned long s_magic; } KERNEL;
struct inode { struct super_block *i_sb; void *i_private; } KERNEL;
struct file { struct inode *f_inode; void *private_data; } KERNEL;
struct sock_common { struct { struct net *net; } skc_net; } KERNEL;
struct sock { struct sock_common __sk_common; } KERNEL;
struct socket { struct sock *sk; } KERNEL;

/* These are the same in every kernel: each member takes eight bytes. */
struct bpf_iter_meta { struct seq_file *seq; };
struct bpf_iter__task { struct bpf_iter_meta *meta; struct task_struct *task; };
struct bpf_iter__task_file {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
	__u32 fd __attribute__((aligned(8)));
	struct file *file;
};

/* include/uapi/linux/magic.h; SOCKFS_MAGIC is in there, too. */
#define MAGIC_NSFS 0x6e736673
#define MAGIC_SOCKFS 0x534f434b

/* 32 user namespaces and as many PID namespaces may be nested, and one more step each finds the end. */
#define LEVELS 80

#define OFFSET(structure, member) bpf_core_field_offset(((struct structure *)0)->member)
#define EXISTS(structure, member) bpf_core_field_exists(((struct structure *)0)->member)

/* A member of struct ns_common, by one that has it as "ns". */
#define COMMON(member) (OFFSET(user_namespace, ns.member) - OFFSET(user_namespace, ns))
#define UPID_SIZE (OFFSET(pid, numbers[1].nr) - OFFSET(pid, numbers[0].nr))

struct scan_bpf_ask ask;
struct scan_bpf_state state;

/* Where there is no id, its address tells it from others, and its number if that is used again. */
struct key {
	__u64 id;
	__u32 inum;
	__u32 type;
};

/* As many as the one outside says. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1);
	__type(key, struct key);
	__type(value, __u32);
} places SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct scan_bpf_ns);
} namespaces SEC(".maps");

/* What a slot was found to be; an address alone says little, it may be used again at once. */
struct found {
	__u64 address;
	__u64 owner; /* the address of its user namespace */
	__u64 id;
	__u32 inum;
	__u32 place;
};

/* What is being looked at, and what was last. Slots of threads, and of descriptors by type. */
enum { OF_DESCRIPTORS = 16, ALL_SLOTS = 32 };
static struct found now[ALL_SLOTS], last[ALL_SLOTS];

/* Reading */

static __u64 read_u64(__u64 address)
{
	__u64 value = 0;

	bpf_probe_read_kernel(&value, sizeof(value), (void *)address);
	return value;
}

static __u32 read_u32(__u64 address)
{
	__u32 value = 0;

	bpf_probe_read_kernel(&value, sizeof(value), (void *)address);
	return value;
}

#define READ(address, structure, member) read_u64((address) + OFFSET(structure, member))

static bool has_ids(void)
{
	return EXISTS(user_namespace, ns.ns_id);
}

/* Of struct ns_common at ADDRESS. */
static __u64 id_of(__u64 address)
{
	return has_ids() ? read_u64(address + COMMON(ns_id)) : 0;
}

static __u32 inum_of(__u64 address)
{
	return read_u32(address + COMMON(inum));
}

/* The table */

/* The place of a namespace; *fresh: it has just been given. 0: there is none left. */
static __u32 place_of(struct key *key, __u64 address, bool *fresh)
{
	__u64 id = key->id;
	struct scan_bpf_ns *ns;
	__u32 *known, place;

	if (!has_ids())
		key->id = address;
	*fresh = false;
	known = bpf_map_lookup_elem(&places, key);
	if (known)
		return *known;
	place = state.n + 1;
	ns = bpf_map_lookup_elem(&namespaces, &place);
	if (!ns || bpf_map_update_elem(&places, key, &place, BPF_NOEXIST) < 0) {
		state.full = 1;
		return 0;
	}
	state.n = place;
	*fresh = true;
	ns->id = id;
	ns->inum = key->inum;
	ns->type = key->type;
	return place;
}

/* What is still to be entered: whom these are the owner and the parent of. */
struct climb {
	__u64 user, pid;
	__u32 owned, nested;
};

/* What a namespace at ADDRESS, of which all are owned by user namespaces, leads to. */
static void begin_climb(struct climb *c, struct scan_bpf_ns *ns, __u32 place, __u64 address,
			__u64 owner)
{
	c->user = owner;
	c->owned = place;
	if (ns->type == SCAN_BPF_USER) {
		c->user = READ(address, user_namespace, parent);
		ns->creator = read_u32(address + OFFSET(user_namespace, owner.val));
	} else if (ns->type == SCAN_BPF_PID) {
		c->user = READ(address, pid_namespace, user_ns);
		c->pid = READ(address, pid_namespace, parent);
		c->nested = place;
	}
}

/* One step, to an owner or a parent. 1: there is none any more. */
static long climb(__u32 step, void *arg)
{
	struct climb *c = arg;
	bool is_user = c->user;
	__u64 address = is_user ? c->user : c->pid;
	__u64 common = address + (is_user ? OFFSET(user_namespace, ns) : OFFSET(pid_namespace, ns));
	__u32 below = is_user ? c->owned : c->nested, place;
	struct key key = { .type = is_user ? SCAN_BPF_USER : SCAN_BPF_PID };
	struct scan_bpf_ns *ns;
	bool fresh;

	if (!address)
		return 1;
	key.id = id_of(common);
	key.inum = inum_of(common);
	place = place_of(&key, address, &fresh);
	ns = bpf_map_lookup_elem(&namespaces, &below);
	if (ns && is_user)
		ns->owner = place;
	else if (ns)
		ns->parent = place;
	if (is_user)
		c->user = 0;
	else
		c->pid = 0;
	ns = bpf_map_lookup_elem(&namespaces, &place);
	if (!fresh || !ns)
		return 0;
	begin_climb(c, ns, place, address, 0);
	ns->related = 1;
	return 0;
}

/*
 * Enter what NOW has in SLOT, with all that own it and that it is nested in. No
 * static function, so that it is verified once and not for each slot.
 */
__attribute__((noinline)) __u32 enter(__u32 slot, __u32 type)
{
	struct found *f = &now[slot % ALL_SLOTS];
	struct key key = { .id = f->id, .inum = f->inum, .type = type };
	struct climb c = { .user = 0 };
	struct scan_bpf_ns *ns;
	__u32 place;
	bool fresh;

	place = place_of(&key, f->address, &fresh);
	ns = bpf_map_lookup_elem(&namespaces, &place);
	if (!fresh || !ns)
		return place;
	begin_climb(&c, ns, place, f->address, f->owner);
	bpf_loop(LEVELS, climb, &c, 0);
	ns->related = 1;
	return place;
}

static __always_inline __u32 place_in(__u32 slot, __u32 type)
{
	struct found *f = &now[slot], *before = &last[slot];

	if (!f->address)
		return 0;
	if (f->address != before->address || f->id != before->id || f->inum != before->inum) {
		f->place = enter(slot, type);
		*before = *f;
	}
	return before->place;
}

/* Threads */

#define ASKED(type) (ask.types & CLONE_NEW##type)

#define LOOK(slot, pointer)                                                      \
	do {                                                                     \
		typeof(pointer) looked = (pointer);                              \
                                                                                 \
		if (!looked)                                                     \
			break;                                                   \
		now[slot].address = (__u64)looked;                               \
		now[slot].inum = looked->ns.inum;                                \
		now[slot].id = has_ids() ? looked->ns.ns_id : 0;                 \
		now[slot].owner = (__u64)looked->user_ns;                        \
	} while (0)

static __always_inline void look_at_nsproxy(const struct nsproxy *p)
{
	for (int slot = 0; slot < SCAN_BPF_SLOTS; slot++)
		now[slot].address = 0;
	if (!p)
		return;
	if (ASKED(NS))
		LOOK(SCAN_BPF_MNT, p->mnt_ns);
	if (ASKED(UTS))
		LOOK(SCAN_BPF_UTS, p->uts_ns);
	if (ASKED(IPC))
		LOOK(SCAN_BPF_IPC, p->ipc_ns);
	if (ASKED(NET) && EXISTS(net, ns))
		LOOK(SCAN_BPF_NET, p->net_ns);
	if (ASKED(CGROUP) && EXISTS(cgroup_namespace, ns))
		LOOK(SCAN_BPF_CGROUP, p->cgroup_ns);
	if (ASKED(PID))
		LOOK(SCAN_BPF_CHILDREN_PID, p->pid_ns_for_children);
	if (ASKED(TIME) && EXISTS(time_namespace, ns)) {
		LOOK(SCAN_BPF_TIME, p->time_ns);
		LOOK(SCAN_BPF_CHILDREN_TIME, p->time_ns_for_children);
	}
}

/* RCU keeps these for us: the credentials, and the pid with its PID namespace. */
static __always_inline void look_at_rest(struct task_struct *task, __u64 pid)
{
	__u64 user = READ(read_u64((__u64)&task->real_cred), cred, user_ns);
	__u64 ns = READ(pid + read_u32(pid + OFFSET(pid, level)) * UPID_SIZE, pid, numbers[0].ns);

	if (ASKED(USER) && user) {
		now[SCAN_BPF_USER].address = user;
		now[SCAN_BPF_USER].inum = inum_of(user + OFFSET(user_namespace, ns));
		now[SCAN_BPF_USER].id = id_of(user + OFFSET(user_namespace, ns));
	}
	if (ASKED(PID) && ns) {
		now[SCAN_BPF_PID].address = ns;
		now[SCAN_BPF_PID].inum = inum_of(ns + OFFSET(pid_namespace, ns));
		now[SCAN_BPF_PID].id = id_of(ns + OFFSET(pid_namespace, ns));
	}
}

static __always_inline void enter_all(struct scan_bpf_task *t)
{
	t->ns[SCAN_BPF_MNT] = place_in(SCAN_BPF_MNT, SCAN_BPF_MNT);
	t->ns[SCAN_BPF_UTS] = place_in(SCAN_BPF_UTS, SCAN_BPF_UTS);
	t->ns[SCAN_BPF_IPC] = place_in(SCAN_BPF_IPC, SCAN_BPF_IPC);
	t->ns[SCAN_BPF_NET] = place_in(SCAN_BPF_NET, SCAN_BPF_NET);
	t->ns[SCAN_BPF_PID] = place_in(SCAN_BPF_PID, SCAN_BPF_PID);
	t->ns[SCAN_BPF_USER] = place_in(SCAN_BPF_USER, SCAN_BPF_USER);
	t->ns[SCAN_BPF_CGROUP] = place_in(SCAN_BPF_CGROUP, SCAN_BPF_CGROUP);
	t->ns[SCAN_BPF_TIME] = place_in(SCAN_BPF_TIME, SCAN_BPF_TIME);
	t->ns[SCAN_BPF_CHILDREN_PID] = place_in(SCAN_BPF_CHILDREN_PID, SCAN_BPF_PID);
	t->ns[SCAN_BPF_CHILDREN_TIME] = place_in(SCAN_BPF_CHILDREN_TIME, SCAN_BPF_TIME);
}

/* Owners that were looked for when the thread may have left what they own. */
static long doubt(__u32 step, void *arg)
{
	__u32 place = *(__u32 *)arg + step + 1;
	struct scan_bpf_ns *ns = bpf_map_lookup_elem(&namespaces, &place);

	if (ns)
		ns->related = 0;
	return 0;
}

/* The slots in which what is looked at is elsewhere than the one whose nsproxy is at P. */
#define COMPARE(slot, member) \
	((now[slot].address && now[slot].address != READ(p, nsproxy, member)) << (slot))

static __u32 compare(__u64 p)
{
	return COMPARE(SCAN_BPF_MNT, mnt_ns) | COMPARE(SCAN_BPF_UTS, uts_ns) |
	       COMPARE(SCAN_BPF_IPC, ipc_ns) | COMPARE(SCAN_BPF_NET, net_ns) |
	       COMPARE(SCAN_BPF_CGROUP, cgroup_ns) | COMPARE(SCAN_BPF_TIME, time_ns);
}

/* Numbers */

/* Of the PID namespace of the reader, who is the same from load to end; plus 1. */
static __u32 level;

/* That of PID in this PID namespace, which is among those that it has numbers in. */
static __always_inline __u32 number_of(__u64 pid)
{
	if (!level)
		level = 1 + read_u32(read_u64((__u64)&bpf_get_current_task_btf()->thread_pid) +
				     OFFSET(pid, level));
	return read_u32(pid + (level - 1) * UPID_SIZE + OFFSET(pid, numbers[0].nr));
}

/* That of a task, at ADDRESS; 0: it has just been reaped. */
static __always_inline __u64 pid_of(__u64 address)
{
	return READ(address, task_struct, thread_pid);
}

SEC("iter/task")
int scan_tasks(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct scan_bpf_task t = { .flags = 0 };
	__u64 address = (__u64)task, leader, first, pid, tgid;
	const struct nsproxy *p;
	__u32 known = state.n;

	if (!task)
		return 0;
	leader = READ(address, task_struct, group_leader);
	first = READ(leader, task_struct, nsproxy);
	if (leader != address && first && !ask.threads)
		return 0;
	pid = pid_of(address);
	tgid = leader == address ? pid : pid_of(leader);
	if (!pid || !tgid)
		return 0;
	p = task->nsproxy;
	look_at_nsproxy(p);
	/*
	 * It goes at once when the thread enters another namespace or ends. What
	 * was read was true if it is still there. If not, this is begun anew.
	 */
	barrier();
	if (READ(address, task_struct, nsproxy) != (__u64)p)
		return 1;
	look_at_rest(task, pid);
	t.tid = number_of(pid);
	t.tgid = leader == address ? t.tid : number_of(tgid);
	t.flags = (leader == address ? SCAN_BPF_LEADER : 0) | (first ? 0 : SCAN_BPF_LEADER_LEFT);
	enter_all(&t);
	if (first && first != (__u64)p)
		t.differs = compare(first);
	if (state.n != known && p && READ(address, task_struct, nsproxy) != (__u64)p)
		bpf_loop(state.n - known, doubt, &known, 0);
	bpf_seq_write(ctx->meta->seq, &t, sizeof(t));
	return 0;
}

/* Descriptors */

#define LOCATE(flag, slot, structure)                                            \
	case CLONE_NEW##flag:                                                    \
		*type = SCAN_BPF_##slot;                                         \
		f->address = common - OFFSET(structure, ns);                     \
		f->owner = READ(f->address, structure, user_ns);                 \
		return ask.types & CLONE_NEW##flag

/* The whole that the struct ns_common at COMMON is in. False: it is not asked for. */
static bool locate(__u64 common, struct found *f, __u32 *type)
{
	switch (EXISTS(user_namespace, ns.ns_type) ?
			read_u32(common + COMMON(ns_type)) :
			read_u32(read_u64(common + COMMON(ops)) + OPS_TYPE)) {
	LOCATE(NS, MNT, mnt_namespace);
	LOCATE(UTS, UTS, uts_namespace);
	LOCATE(IPC, IPC, ipc_namespace);
	LOCATE(NET, NET, net);
	LOCATE(PID, PID, pid_namespace);
	LOCATE(CGROUP, CGROUP, cgroup_namespace);
	LOCATE(TIME, TIME, time_namespace);
	case CLONE_NEWUSER:
		*type = SCAN_BPF_USER;
		f->address = common - OFFSET(user_namespace, ns);
		return ASKED(USER);
	}
	return false;
}

/* As place_in(). The file is held by the iterator, and holds it. */
static __u32 place_of_held(__u64 common)
{
	struct found f = { .id = id_of(common), .inum = inum_of(common) };
	__u32 type = 0;

	if (!common || !locate(common, &f, &type))
		return 0;
	now[OF_DESCRIPTORS + type % SCAN_BPF_TYPES] = f;
	return enter(OF_DESCRIPTORS + type % SCAN_BPF_TYPES, type);
}

/* Unless it is in that of its process, too, whose nsproxy is at FIRST. */
static __u32 place_of_socket(__u64 socket, __u64 first)
{
	__u64 sk = socket ? READ(socket, socket, sk) : 0;
	__u64 net = sk ? READ(sk, sock, __sk_common.skc_net.net) : 0;

	if (!net || (first && net == READ(first, nsproxy, net_ns)))
		return 0;
	return place_of_held(net + OFFSET(net, ns));
}

SEC("iter/task_file")
int scan_files(struct bpf_iter__task_file *ctx)
{
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;
	struct scan_bpf_fd f = { .flags = 0 };
	__u64 address = (__u64)task, leader, first, pid, tgid;
	const struct inode *inode;
	unsigned long magic;

	if (!task || !file)
		return 0;
	/* Of most, no more is to be known. */
	inode = file->f_inode;
	magic = inode->i_sb->s_magic;
	if (magic != MAGIC_NSFS && magic != MAGIC_SOCKFS)
		return 0;
	leader = READ(address, task_struct, group_leader);
	if (leader == READ((__u64)bpf_get_current_task_btf(), task_struct, group_leader))
		return 0;
	first = READ(leader, task_struct, nsproxy);
	if (magic == MAGIC_NSFS) {
		f.ns = place_of_held((__u64)inode->i_private);
	} else if (ASKED(NET)) {
		f.flags = SCAN_BPF_SOCKET;
		f.ns = place_of_socket((__u64)file->private_data, first);
	}
	pid = pid_of(address);
	tgid = pid_of(leader);
	if (!f.ns || !pid || !tgid)
		return 0;
	f.flags |= first ? 0 : SCAN_BPF_LEADER_LEFT;
	f.tid = number_of(pid);
	f.tgid = number_of(tgid);
	f.fd = ctx->fd;
	f.files = READ(address, task_struct, files);
	bpf_seq_write(ctx->meta->seq, &f, sizeof(f));
	return 0;
}

char _license[] SEC("license") = "GPL";
