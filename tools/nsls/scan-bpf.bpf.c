/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * What nsls runs in the kernel: two iterators, over all threads and over all
 * descriptors, that the reader's PID namespace has numbers for. They only read.
 *
 * Of the kernel's structures only those members are declared that are asked
 * for; where they are in the kernel at hand, it looks up itself when the
 * programs are loaded (CO-RE, by the kernel since 5.17).
 *
 * Loading takes longer than a run over thousands of threads, and most of that is
 * the kernel's search for names among all its types: that of each structure
 * which an access begins with, for which it remembers a few, and for each pointer
 * that is read from a structure which the verifier trusts, three or four others.
 * So all offsets are learnt in one place, and what is read is read by a helper,
 * which needs no trust.
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
	__u64 id;
	__u32 inum;
	__u32 place;
};

/* What is being looked at, and what was last. Slots of threads, and of descriptors by type. */
enum { OF_DESCRIPTORS = 16, ALL_SLOTS = 32 };
static struct found now[ALL_SLOTS], last[ALL_SLOTS];

/* Where things are */

/* Offsets, in bytes. */
static struct layout {
	__u32 known;
	__u32 flag[SCAN_BPF_TYPES];   /* no offset: CLONE_NEW* of the type */
	__u32 ns[SCAN_BPF_TYPES];     /* of struct ns_common in the whole */
	__u32 owner[SCAN_BPF_TYPES];  /* of the user namespace that owns it */
	__u32 proxied[SCAN_BPF_SLOTS]; /* in nsproxy, in words; and how many bytes that has */
	__u32 nsproxy;
	__u32 inum, id, type, ops;    /* in ns_common */
	__u32 has_id, has_type;	      /* are these two there? */
	__u32 parent, creator;	      /* of a PID namespace; of a user namespace */
	__u32 task_leader, task_pid, task_cred, task_files, task_nsproxy;
	__u32 cred_user, pid_level, pid_number, pid_ns, pid_step;
	__u32 inode_private, file_private, socket_sock, sock_net;
	__u32 level; /* of the reader's PID namespace */
} at;

#define LEARN_TYPE(slot, clone, structure)                                       \
	do {                                                                     \
		at.flag[SCAN_BPF_##slot] = CLONE_NEW##clone;                     \
		at.ns[SCAN_BPF_##slot] = OFFSET(structure, ns);                  \
		at.owner[SCAN_BPF_##slot] = OFFSET(structure, user_ns);          \
	} while (0)

#define LEARN_PROXIED(slot, member) (at.proxied[SCAN_BPF_##slot] = OFFSET(nsproxy, member) / 8)

/* One structure after the other, so that each is looked for once. */
static void learn(void)
{
	at.known = 1;
	LEARN_TYPE(MNT, NS, mnt_namespace);
	LEARN_TYPE(UTS, UTS, uts_namespace);
	LEARN_TYPE(IPC, IPC, ipc_namespace);
	LEARN_TYPE(NET, NET, net);
	LEARN_TYPE(CGROUP, CGROUP, cgroup_namespace);
	LEARN_TYPE(TIME, TIME, time_namespace);
	at.pid_level = OFFSET(pid, level);
	at.pid_number = OFFSET(pid, numbers[0].nr);
	at.pid_ns = OFFSET(pid, numbers[0].ns);
	at.pid_step = OFFSET(pid, numbers[1].nr) - OFFSET(pid, numbers[0].nr);
	LEARN_TYPE(PID, PID, pid_namespace);
	at.parent = OFFSET(pid_namespace, parent);
	at.flag[SCAN_BPF_USER] = CLONE_NEWUSER;
	at.ns[SCAN_BPF_USER] = OFFSET(user_namespace, ns);
	at.owner[SCAN_BPF_USER] = OFFSET(user_namespace, parent);
	at.creator = OFFSET(user_namespace, owner.val);
	at.inum = OFFSET(user_namespace, ns.inum) - OFFSET(user_namespace, ns);
	at.ops = OFFSET(user_namespace, ns.ops) - OFFSET(user_namespace, ns);
	at.has_id = EXISTS(user_namespace, ns.ns_id);
	at.has_type = EXISTS(user_namespace, ns.ns_type);
	if (at.has_id)
		at.id = OFFSET(user_namespace, ns.ns_id) - OFFSET(user_namespace, ns);
	if (at.has_type)
		at.type = OFFSET(user_namespace, ns.ns_type) - OFFSET(user_namespace, ns);
	LEARN_PROXIED(MNT, mnt_ns);
	LEARN_PROXIED(UTS, uts_ns);
	LEARN_PROXIED(IPC, ipc_ns);
	LEARN_PROXIED(NET, net_ns);
	LEARN_PROXIED(CGROUP, cgroup_ns);
	LEARN_PROXIED(TIME, time_ns);
	LEARN_PROXIED(CHILDREN_PID, pid_ns_for_children);
	LEARN_PROXIED(CHILDREN_TIME, time_ns_for_children);
	at.nsproxy = bpf_core_type_size(struct nsproxy);
	at.task_leader = OFFSET(task_struct, group_leader);
	at.task_pid = OFFSET(task_struct, thread_pid);
	at.task_cred = OFFSET(task_struct, real_cred);
	at.task_files = OFFSET(task_struct, files);
	at.task_nsproxy = OFFSET(task_struct, nsproxy);
	at.cred_user = OFFSET(cred, user_ns);
	at.inode_private = OFFSET(inode, i_private);
	at.file_private = OFFSET(file, private_data);
	at.socket_sock = OFFSET(socket, sk);
	at.sock_net = OFFSET(sock, __sk_common.skc_net.net);
}

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

/* What tells it from others, of struct ns_common at ADDRESS. Mostly the two stand together. */
static void identify(__u64 address, __u64 *id, __u32 *inum)
{
	struct { __u32 inum, count; __u64 id; } both = { .inum = 0 };

	if (at.has_id && at.id == at.inum + 8) {
		bpf_probe_read_kernel(&both, sizeof(both), (void *)(address + at.inum));
		*id = both.id;
		*inum = both.inum;
		return;
	}
	*id = at.has_id ? read_u64(address + at.id) : 0;
	*inum = read_u32(address + at.inum);
}

/* The table */

/* The place of a namespace; *fresh: it has just been given. 0: there is none left. */
static __u32 place_of(struct key *key, __u64 address, bool *fresh)
{
	__u64 id = key->id;
	struct scan_bpf_ns *ns;
	__u32 *known, place;

	if (!at.has_id)
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

/* What the namespace NS at ADDRESS leads to. */
static void begin_climb(struct climb *c, struct scan_bpf_ns *ns, __u32 place, __u64 address)
{
	c->user = read_u64(address + at.owner[ns->type % SCAN_BPF_TYPES]);
	c->owned = place;
	if (ns->type == SCAN_BPF_USER) {
		ns->creator = read_u32(address + at.creator);
	} else if (ns->type == SCAN_BPF_PID) {
		c->pid = read_u64(address + at.parent);
		c->nested = place;
	}
}

/* One step, to an owner or a parent. 1: there is none any more. */
static long climb(__u32 step, void *arg)
{
	struct climb *c = arg;
	bool is_user = c->user;
	__u64 address = is_user ? c->user : c->pid;
	__u32 below = is_user ? c->owned : c->nested, place;
	struct key key = { .type = is_user ? SCAN_BPF_USER : SCAN_BPF_PID };
	struct scan_bpf_ns *ns;
	bool fresh;

	if (!address)
		return 1;
	identify(address + at.ns[key.type % SCAN_BPF_TYPES], &key.id, &key.inum);
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
	begin_climb(c, ns, place, address);
	ns->related = 1;
	return 0;
}

/*
 * The functions that are not static are verified once each, and not anew for
 * each call.
 */

static __always_inline __u32 type_of(__u32 slot)
{
	if (slot >= OF_DESCRIPTORS)
		return slot % SCAN_BPF_TYPES;
	return slot == SCAN_BPF_CHILDREN_PID ? SCAN_BPF_PID :
	       slot == SCAN_BPF_CHILDREN_TIME ? SCAN_BPF_TIME : slot;
}

/* Enter what NOW has in SLOT, with all that own it and that it is nested in. Its place. */
__attribute__((noinline)) __u32 enter(__u32 slot)
{
	struct found *f = &now[slot % ALL_SLOTS];
	struct key key = { .id = f->id, .inum = f->inum, .type = type_of(slot) };
	struct climb c = { .user = 0 };
	struct scan_bpf_ns *ns;
	__u32 place;
	bool fresh;

	place = place_of(&key, f->address, &fresh);
	ns = bpf_map_lookup_elem(&namespaces, &place);
	if (!fresh || !ns)
		return place;
	begin_climb(&c, ns, place, f->address);
	bpf_loop(LEVELS, climb, &c, 0);
	ns->related = 1;
	return place;
}

/* The place of what NOW has in SLOT, mostly the same as before. */
__attribute__((noinline)) __u32 place_in(__u32 slot)
{
	struct found *f = &now[slot % ALL_SLOTS], *before = &last[slot % ALL_SLOTS];

	if (!f->address)
		return 0;
	if (f->address != before->address || f->id != before->id || f->inum != before->inum) {
		*before = *f;
		before->place = enter(slot);
	}
	return before->place;
}

/* Threads */

/* What is at ADDRESS, into SLOT, if it is asked for. */
__attribute__((noinline)) int look(__u32 slot, __u64 address)
{
	struct found *f = &now[slot % ALL_SLOTS];
	__u32 type = type_of(slot) % SCAN_BPF_TYPES;

	f->address = ask.types & at.flag[type] ? address : 0;
	if (f->address)
		identify(address + at.ns[type], &f->id, &f->inum);
	return 0;
}

/* nsproxy, as it was read: of unsigned longs, and large enough for those of all kernels. */
static __u64 proxied[16];

/* All that the nsproxy at ADDRESS, which may be 0, leads to. */
static __always_inline void look_at_nsproxy(__u64 address)
{
	__u32 size = at.nsproxy;

	if (!address || size > sizeof(proxied) ||
	    bpf_probe_read_kernel(proxied, size, (void *)address) < 0)
		__builtin_memset(proxied, 0, sizeof(proxied));
	for (__u32 slot = 0; slot < SCAN_BPF_SLOTS; slot++)
		if (slot != SCAN_BPF_PID && slot != SCAN_BPF_USER)
			look(slot, proxied[at.proxied[slot] % 16]);
}

/* RCU keeps these for us: the credentials, and the pid with its PID namespace. */
static __always_inline void look_at_rest(__u64 task, __u64 pid)
{
	look(SCAN_BPF_USER, read_u64(read_u64(task + at.task_cred) + at.cred_user));
	look(SCAN_BPF_PID, read_u64(pid + read_u32(pid + at.pid_level) * at.pid_step + at.pid_ns));
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

/* The slots in which what is looked at is elsewhere than in the nsproxy at ADDRESS. */
static __u32 compare(__u64 address)
{
	__u32 differs = 0;

	for (__u32 slot = 0; slot < SCAN_BPF_TYPES; slot++)
		if (slot != SCAN_BPF_PID && slot != SCAN_BPF_USER && now[slot].address &&
		    now[slot].address != read_u64(address + 8 * at.proxied[slot]))
			differs |= 1 << slot;
	return differs;
}

/* The number of PID in the PID namespace of the reader, which is among those that it has one in. */
static __always_inline __u32 number_of(__u64 pid)
{
	return read_u32(pid + at.level * at.pid_step + at.pid_number);
}

/* 0: it has just been reaped. */
static __always_inline __u64 pid_of(__u64 task)
{
	return read_u64(task + at.task_pid);
}

SEC("iter/task")
int scan_tasks(struct bpf_iter__task *ctx)
{
	__u64 task = (__u64)ctx->task, leader, first, nsproxy, pid, tgid;
	struct scan_bpf_task t = { .flags = 0 };
	__u32 known = state.n;

	if (!task)
		return 0;
	if (!at.known) {
		learn();
		at.level = read_u32(pid_of((__u64)bpf_get_current_task()) + at.pid_level);
	}
	leader = read_u64(task + at.task_leader);
	first = read_u64(leader + at.task_nsproxy);
	if (leader != task && first && !ask.threads)
		return 0;
	pid = pid_of(task);
	tgid = leader == task ? pid : pid_of(leader);
	if (!pid || !tgid)
		return 0;
	nsproxy = leader == task ? first : read_u64(task + at.task_nsproxy);
	look_at_nsproxy(nsproxy);
	/*
	 * It goes at once when the thread enters another namespace or ends. What
	 * was read was true if it is still there. If not, this is begun anew.
	 */
	if (read_u64(task + at.task_nsproxy) != nsproxy)
		return 1;
	look_at_rest(task, pid);
	t.tid = number_of(pid);
	t.tgid = leader == task ? t.tid : number_of(tgid);
	t.flags = (leader == task ? SCAN_BPF_LEADER : 0) | (first ? 0 : SCAN_BPF_LEADER_LEFT);
	for (__u32 slot = 0; slot < SCAN_BPF_SLOTS; slot++)
		t.ns[slot] = place_in(slot);
	if (first && first != nsproxy)
		t.differs = compare(first);
	if (state.n != known && nsproxy && read_u64(task + at.task_nsproxy) != nsproxy)
		bpf_loop(state.n - known, doubt, &known, 0);
	bpf_seq_write(ctx->meta->seq, &t, sizeof(t));
	return 0;
}

/* Descriptors. Threads have been looked at before them. */

/* The type of the struct ns_common at ADDRESS, by its flag; SCAN_BPF_TYPES if it is none of ours. */
static __u32 type_at(__u64 address)
{
	__u32 flag = at.has_type ? read_u32(address + at.type) :
				   read_u32(read_u64(address + at.ops) + OPS_TYPE);
	__u32 type = 0;

	while (type < SCAN_BPF_TYPES && at.flag[type] != flag)
		type++;
	return type;
}

/* The place of the one whose struct ns_common is at ADDRESS: the file holds it. 0: it is not asked for. */
static __u32 place_of_held(__u64 address)
{
	__u32 type = address ? type_at(address) : SCAN_BPF_TYPES;

	if (type >= SCAN_BPF_TYPES)
		return 0;
	look(OF_DESCRIPTORS + type, address - at.ns[type]);
	return place_in(OF_DESCRIPTORS + type);
}

/* Unless it is in that of its process, too, whose nsproxy is at FIRST. */
static __u32 place_of_socket(__u64 socket, __u64 first)
{
	__u64 sock = socket ? read_u64(socket + at.socket_sock) : 0;
	__u64 net = sock ? read_u64(sock + at.sock_net) : 0;

	if (!net || (first && net == read_u64(first + 8 * at.proxied[SCAN_BPF_NET])))
		return 0;
	look(OF_DESCRIPTORS + SCAN_BPF_NET, net);
	return place_in(OF_DESCRIPTORS + SCAN_BPF_NET);
}

SEC("iter/task_file")
int scan_files(struct bpf_iter__task_file *ctx)
{
	__u64 task = (__u64)ctx->task, leader, first, pid, tgid;
	struct file *file = ctx->file;
	struct scan_bpf_fd f = { .flags = 0 };
	const struct inode *inode;
	unsigned long magic;

	if (!task || !file)
		return 0;
	/* Of most, no more is to be known: here the names are worth it. */
	inode = file->f_inode;
	magic = inode->i_sb->s_magic;
	if (magic != MAGIC_NSFS && magic != MAGIC_SOCKFS)
		return 0;
	leader = read_u64(task + at.task_leader);
	if (leader == read_u64((__u64)bpf_get_current_task() + at.task_leader))
		return 0;
	first = read_u64(leader + at.task_nsproxy);
	if (magic == MAGIC_NSFS) {
		f.ns = place_of_held(read_u64((__u64)inode + at.inode_private));
	} else if (ask.types & CLONE_NEWNET) {
		f.flags = SCAN_BPF_SOCKET;
		f.ns = place_of_socket(read_u64((__u64)file + at.file_private), first);
	}
	pid = pid_of(task);
	tgid = pid_of(leader);
	if (!f.ns || !pid || !tgid)
		return 0;
	f.flags |= first ? 0 : SCAN_BPF_LEADER_LEFT;
	f.tid = number_of(pid);
	f.tgid = number_of(tgid);
	f.fd = ctx->fd;
	f.files = read_u64(task + at.task_files);
	bpf_seq_write(ctx->meta->seq, &f, sizeof(f));
	return 0;
}

char _license[] SEC("license") = "GPL";
