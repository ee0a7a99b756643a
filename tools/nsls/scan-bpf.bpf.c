/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * What nsls runs in the kernel: two iterators, over all threads and over all
 * descriptors, that the reader's PID namespace has numbers for. They only read.
 *
 * Loading takes as long as a run over thousands of threads, and most of that is
 * the kernel's search for names among all its types: that of each structure
 * which an access begins with, of which it remembers a few; and for each pointer
 * that is read from a structure which the verifier trusts, three or four others.
 * So what belongs to one structure stands together; and what is not read of each
 * thread, or stands alone, is read by a helper, which needs no trust, at an
 * offset that was learnt before. The rest of that time, the verifier follows each
 * path through a program; but a function that is not static it verifies by
 * itself, and once. So what is being looked at is not on the stack, where paths
 * differ by it, but in variables: nobody else runs the programs at the same time.
 */

#include <linux/bpf.h>
#include <linux/sched.h>
#include <stdbool.h>

#include <bpf/bpf_helpers.h>

#include "scan-bpf-kernel.h"
#include "scan-bpf.h"

/* 32 user namespaces and as many PID namespaces may be nested, and one more step each finds the end. */
#define LEVELS 80

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

/* What is being looked at: slots of threads, and of descriptors by type. */
enum { OF_DESCRIPTORS = 16, ALL_SLOTS = 32 };
static struct found now[ALL_SLOTS];

/*
 * What was in a slot of threads of late: those of several containers come one
 * after the other. The compiler must not take the mask apart: each verifier is to
 * see where the array ends.
 */
enum { LATE = 16, ALL_LATE = 16 * LATE };
static struct found late[ALL_LATE];

static __always_inline struct found *late_of(__u32 slot, __u64 address)
{
	__u64 place = slot * LATE + (address >> 6 ^ address >> 12) % LATE;

	barrier_var(place);
	return &late[place % ALL_LATE];
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

/* Where things are */

/* Offsets, in bytes. */
static struct layout {
	__u32 known;
	__u32 flag[SCAN_BPF_TYPES];   /* no offset: CLONE_NEW* of the type */
	__u32 ns[SCAN_BPF_TYPES];     /* of struct ns_common in the whole */
	__u32 owner[SCAN_BPF_TYPES];  /* of the user namespace that owns it */
	__u32 proxied[SCAN_BPF_TYPES]; /* in nsproxy; 0: it is not there */
	__u32 inum, id, type, ops;    /* in ns_common */
	__u32 has_id, has_type;	      /* are these two there? */
	__u32 parent, creator;	      /* of a PID namespace; of a user namespace */
	__u32 task_leader, task_pid, task_files, task_nsproxy;
	__u32 pid_level, pid_number, pid_ns, pid_step;
	__u32 inode_private, file_private, socket_sock, sock_net;
	__u32 level; /* of the reader's PID namespace */
} at;

#define CLONE_NEWMNT CLONE_NEWNS

#define LEARN_TYPE(slot, structure)                                              \
	do {                                                                     \
		at.flag[SCAN_BPF_##slot] = CLONE_NEW##slot;                      \
		at.ns[SCAN_BPF_##slot] = OFFSET(structure, ns);                  \
		at.owner[SCAN_BPF_##slot] = OFFSET(structure, user_ns);          \
	} while (0)

#define LEARN_PROXIED(slot, member) (at.proxied[SCAN_BPF_##slot] = OFFSET(nsproxy, member))

/* Verified by itself. */
#define APART __attribute__((noinline))

/* What is not learnt on the way. */
APART int learn(void)
{
	at.pid_level = OFFSET(pid, level);
	at.pid_number = OFFSET(pid, numbers[0].nr);
	at.pid_ns = OFFSET(pid, numbers[0].ns);
	at.pid_step = OFFSET(pid, numbers[1].nr) - OFFSET(pid, numbers[0].nr);
	LEARN_TYPE(PID, pid_namespace);
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
	at.task_leader = OFFSET(task_struct, group_leader);
	at.task_pid = OFFSET(task_struct, thread_pid);
	at.task_files = OFFSET(task_struct, files);
	at.task_nsproxy = OFFSET(task_struct, nsproxy);
#ifndef TASKS_ALONE
	at.inode_private = OFFSET(inode, i_private);
	at.file_private = OFFSET(file, private_data);
	at.socket_sock = OFFSET(socket, sk);
	at.sock_net = OFFSET(sock, __sk_common.skc_net.net);
#endif
	at.level = read_u32(read_u64((__u64)bpf_get_current_task() + at.task_pid) + at.pid_level);
	at.known = 1;
	return 0;
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

/* The place of a namespace at ADDRESS; *fresh: it has just been given. 0: there is none left. */
static __u32 place_of(__u32 type, __u64 address, bool *fresh)
{
	struct key key = { .type = type };
	struct scan_bpf_ns *ns;
	__u32 *known, place;
	__u64 id;

	identify(address + at.ns[type % SCAN_BPF_TYPES], &id, &key.inum);
	key.id = at.has_id ? id : address;
	*fresh = false;
	known = bpf_map_lookup_elem(&places, &key);
	if (known)
		return *known;
	place = state.n + 1;
	ns = bpf_map_lookup_elem(&namespaces, &place);
	if (!ns || bpf_map_update_elem(&places, &key, &place, BPF_NOEXIST) < 0) {
		state.full = 1;
		return 0;
	}
	state.n = place;
	*fresh = true;
	ns->id = id;
	ns->inum = key.inum;
	ns->type = type;
	return place;
}

/*
 * What is still to be entered, and whom these are the owner and the parent of.
 * Volatile, or the compiler takes it apart, and nobody knows its parts.
 */
static volatile struct climb {
	__u64 user, pid;
	__u32 owned, nested;
	__u32 place; /* of what was entered last */
} climbing;

/* Enter the namespace at ADDRESS; if it is fresh, it leads on. */
APART int enter_one(__u32 type, __u64 address)
{
	struct scan_bpf_ns *ns;
	__u32 place;
	bool fresh;

	place = place_of(type, address, &fresh);
	climbing.place = place;
	ns = bpf_map_lookup_elem(&namespaces, &place);
	if (!fresh || !ns)
		return 0;
	ns->related = 1;
	climbing.user = read_u64(address + at.owner[type % SCAN_BPF_TYPES]);
	climbing.owned = place;
	if (type == SCAN_BPF_USER) {
		ns->creator = read_u32(address + at.creator);
	} else if (type == SCAN_BPF_PID) {
		climbing.pid = read_u64(address + at.parent);
		climbing.nested = place;
	}
	return 0;
}

/* To an owner, or else to a parent. 1: there is none any more. */
APART int climb_once(void)
{
	bool is_user = climbing.user;
	__u64 address = is_user ? climbing.user : climbing.pid;
	__u32 below = is_user ? climbing.owned : climbing.nested;
	struct scan_bpf_ns *ns;

	if (!address)
		return 1;
	if (is_user)
		climbing.user = 0;
	else
		climbing.pid = 0;
	enter_one(is_user ? SCAN_BPF_USER : SCAN_BPF_PID, address);
	ns = bpf_map_lookup_elem(&namespaces, &below);
	if (ns && is_user)
		ns->owner = climbing.place;
	else if (ns)
		ns->parent = climbing.place;
	return 0;
}

static long climb(__u32 step, void *nothing)
{
	return climb_once() ? 1 : 0;
}

/* With all that own it and that it is nested in. Its place. */
APART __u32 enter(__u32 type, __u64 address)
{
	__u32 place;

	climbing.user = climbing.pid = 0;
	enter_one(type, address);
	place = climbing.place;
	bpf_loop(LEVELS, climb, 0, 0);
	return place;
}

/* Slots */

static __always_inline __u32 type_of(__u32 slot)
{
	if (slot >= OF_DESCRIPTORS)
		return slot % SCAN_BPF_TYPES;
	return slot == SCAN_BPF_CHILDREN_PID ? SCAN_BPF_PID :
	       slot == SCAN_BPF_CHILDREN_TIME ? SCAN_BPF_TIME : slot % SCAN_BPF_TYPES;
}

/* What is at ADDRESS, into SLOT. */
APART int look(__u32 slot, __u64 address)
{
	struct found *f = &now[slot % ALL_SLOTS];

	f->address = address;
	if (address)
		identify(address + at.ns[type_of(slot)], &f->id, &f->inum);
	return 0;
}

/* The place of what NOW has in SLOT. 0: there is nothing, or it is not asked for. */
APART __u32 place_in(__u32 slot)
{
	struct found *f = &now[slot % ALL_SLOTS];
	__u32 type = type_of(slot);

	if (!f->address || !(ask.types & at.flag[type]))
		return 0;
	return enter(type, f->address);
}

/* What it is of a thread is known from now on. */
APART __u32 place_of_thread(__u32 slot)
{
	struct found *f = &now[slot % ALL_SLOTS];

	f->place = place_in(slot);
	*late_of(slot, f->address) = *f;
	return f->place;
}

/* Threads */

/* The one that is being looked at, by addresses. Volatile as above. */
static volatile struct thread {
	__u64 task, leader, first; /* the last one: nsproxy of the leader */
	__u64 nsproxy;		   /* 0: it has left its namespaces */
	__u64 pid, tgid;
	__u32 known;		   /* namespaces that were known before */
	__u32 others;		   /* slots in which it is where nobody was of late, a bit each */
} one;

static struct scan_bpf_task told;

/* What POINTER leads to: mostly another thread was in there of late. */
#define LOOK(slot, pointer)                                                      \
	do {                                                                     \
		typeof(pointer) looked = (pointer);                              \
		struct found *before = late_of(SCAN_BPF_##slot, (__u64)looked);  \
		__u32 inum = looked ? looked->ns.inum : 0;                       \
		__u64 id = 0;                                                    \
                                                                                 \
		if (EXISTS(user_namespace, ns.ns_id) && looked)                  \
			id = looked->ns.ns_id;                                   \
		now[SCAN_BPF_##slot].address = (__u64)looked;                    \
		told.ns[SCAN_BPF_##slot] = before->place;                        \
		if (before->address == (__u64)looked && before->id == id &&      \
		    before->inum == inum)                                        \
			break;                                                   \
		now[SCAN_BPF_##slot].inum = inum;                                \
		now[SCAN_BPF_##slot].id = id;                                    \
		one.others |= 1 << SCAN_BPF_##slot;                              \
	} while (0)

/* And, as its structure is at hand, where that has what. */
#define LOOK_AND_LEARN(slot, structure, pointer)                                 \
	do {                                                                     \
		if (!EXISTS(structure, ns))                                      \
			break;                                                   \
		LEARN_TYPE(slot, structure);                                     \
		LOOK(slot, pointer);                                             \
	} while (0)

/* All that its nsproxy leads to. */
static __always_inline void look_at_nsproxy(const struct nsproxy *p)
{
	LOOK_AND_LEARN(MNT, mnt_namespace, p->mnt_ns);
	LOOK_AND_LEARN(UTS, uts_namespace, p->uts_ns);
	LOOK_AND_LEARN(IPC, ipc_namespace, p->ipc_ns);
	LOOK_AND_LEARN(NET, net, p->net_ns);
	LOOK_AND_LEARN(CGROUP, cgroup_namespace, p->cgroup_ns);
	LOOK_AND_LEARN(TIME, time_namespace, p->time_ns);
	if (EXISTS(time_namespace, ns))
		LOOK(CHILDREN_TIME, p->time_ns_for_children);
	LOOK(CHILDREN_PID, p->pid_ns_for_children);
}

/* It has ended. */
APART int forget_nsproxy(void)
{
	for (__u32 slot = 0; slot < SCAN_BPF_SLOTS; slot++)
		told.ns[slot] = now[slot].address = 0;
	return 0;
}

static bool has_moved(void)
{
	return read_u64(one.task + at.task_nsproxy) != one.nsproxy;
}

/* The number of PID in the PID namespace of the reader, which is among those that it has one in. */
static __u32 number_of(__u64 pid)
{
	return read_u32(pid + at.level * at.pid_step + at.pid_number);
}

/* Where that is not the first one, a thread has other numbers there. */
APART int find_numbers(void)
{
	told.tid = number_of(one.pid);
	told.tgid = one.pid == one.tgid ? told.tid : number_of(one.tgid);
	return 0;
}

APART int find_leader(void)
{
	one.leader = read_u64(one.task + at.task_leader);
	one.first = read_u64(one.leader + at.task_nsproxy);
	one.tgid = read_u64(one.leader + at.task_pid);
	return 0;
}

/* Its PID namespace is the innermost that it has a number in. RCU keeps it for us. */
APART int look_at_pid(void)
{
	__u32 level = read_u32(one.pid + at.pid_level);
	struct found *f = &now[SCAN_BPF_PID], *before;

	look(SCAN_BPF_PID, read_u64(one.pid + level * at.pid_step + at.pid_ns));
	before = late_of(SCAN_BPF_PID, f->address);
	told.ns[SCAN_BPF_PID] = before->place;
	if (f->address != before->address || f->id != before->id || f->inum != before->inum)
		one.others |= 1 << SCAN_BPF_PID;
	return 0;
}

/* Owners that were looked for when the thread may have left what they own. */
static long doubt(__u32 step, void *nothing)
{
	__u32 place = one.known + step + 1;
	struct scan_bpf_ns *ns = bpf_map_lookup_elem(&namespaces, &place);

	if (ns)
		ns->related = 0;
	return 0;
}

/* The slots in which it is elsewhere than its leader. False: that has moved meanwhile. */
APART int compare(void)
{
	told.differs = 0;
	for (__u32 slot = 0; slot < SCAN_BPF_TYPES; slot++)
		if (at.proxied[slot] && now[slot].address &&
		    now[slot].address != read_u64(one.first + at.proxied[slot]))
			told.differs |= 1 << slot;
	return read_u64(one.leader + at.task_nsproxy) == one.first;
}

APART int enter_others(void)
{
	for (__u32 slot = 0; slot < SCAN_BPF_SLOTS; slot++)
		if (one.others >> slot & 1)
			told.ns[slot] = place_of_thread(slot);
	if (state.n != one.known && one.nsproxy && has_moved())
		bpf_loop(state.n - one.known, doubt, 0, 0);
	return 0;
}

SEC("iter/task")
int scan_tasks(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	const struct nsproxy *p;
	bool leads;

	if (!task)
		return 0;
	if (!at.known)
		learn();
	p = task->nsproxy;
	leads = task->pid == task->tgid;
	told.tid = task->pid;
	told.tgid = task->tgid;
	one.task = one.leader = (__u64)task;
	one.nsproxy = one.first = (__u64)p;
	one.pid = one.tgid = read_u64((__u64)task + at.task_pid);
	one.others = 0;
	one.known = state.n;
	if (!leads)
		find_leader();
	/* It has just been reaped, or is not asked for. */
	if (!one.pid || !one.tgid || (!leads && one.first && !ask.threads))
		return 0;
	if (p)
		look_at_nsproxy(p);
	else
		forget_nsproxy();
	/*
	 * What hangs on nsproxy goes at once when the thread enters another
	 * namespace or ends. It was true if it is still there. If not, the same
	 * thread again. (The compiler knows nothing of it: this is read by a helper.)
	 */
	if (has_moved())
		return 1;
	/* RCU keeps this for us. */
	LOOK(USER, task->real_cred->user_ns);
	look_at_pid();
	if (one.others)
		enter_others();
	if (at.level)
		find_numbers();
	told.flags = (leads ? SCAN_BPF_LEADER : 0) | (one.first ? 0 : SCAN_BPF_LEADER_LEFT);
	told.differs = 0;
	if (one.first && one.first != one.nsproxy && !compare())
		return 1;
	bpf_seq_write(ctx->meta->seq, &told, sizeof(told));
	return 0;
}

#ifndef TASKS_ALONE

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
APART __u32 place_of_held(__u64 address)
{
	__u32 type = address ? type_at(address) : SCAN_BPF_TYPES;

	if (type >= SCAN_BPF_TYPES)
		return 0;
	look(OF_DESCRIPTORS + type, address - at.ns[type]);
	return place_in(OF_DESCRIPTORS + type);
}

/* Unless it is in that of its process, too. */
APART __u32 place_of_socket(__u64 socket)
{
	__u64 sock = socket ? read_u64(socket + at.socket_sock) : 0;
	__u64 net = sock ? read_u64(sock + at.sock_net) : 0;

	if (!net || (one.first && net == read_u64(one.first + at.proxied[SCAN_BPF_NET])))
		return 0;
	look(OF_DESCRIPTORS + SCAN_BPF_NET, net);
	return place_in(OF_DESCRIPTORS + SCAN_BPF_NET);
}

static struct scan_bpf_fd held;

/* OPEN is the private data of an inode of nsfs, or of a socket. False: it holds nothing, or is ours. */
APART int see_descriptor(__u64 open, __u32 flags)
{
	one.leader = read_u64(one.task + at.task_leader);
	if (one.leader == read_u64((__u64)bpf_get_current_task() + at.task_leader))
		return false;
	one.first = read_u64(one.leader + at.task_nsproxy);
	held.ns = flags & SCAN_BPF_SOCKET ? place_of_socket(open) : place_of_held(open);
	one.pid = read_u64(one.task + at.task_pid);
	one.tgid = read_u64(one.leader + at.task_pid);
	if (!held.ns || !one.pid || !one.tgid)
		return false;
	held.flags = flags | (one.first ? 0 : SCAN_BPF_LEADER_LEFT);
	held.tid = number_of(one.pid);
	held.tgid = number_of(one.tgid);
	held.files = read_u64(one.task + at.task_files);
	return true;
}

SEC("iter/task_file")
int scan_files(struct bpf_iter__task_file *ctx)
{
	struct file *file = ctx->file;
	const struct inode *inode;
	unsigned long magic;
	int seen = false;

	one.task = (__u64)ctx->task;
	if (!one.task || !file)
		return 0;
	state.descriptors++;
	/* Of most, no more is to be known: here the names are worth it. */
	inode = file->f_inode;
	magic = inode->i_sb->s_magic;
	if (magic == MAGIC_NSFS)
		seen = see_descriptor(read_u64((__u64)inode + at.inode_private), 0);
	else if (magic == MAGIC_SOCKFS && ask.types & CLONE_NEWNET)
		seen = see_descriptor(read_u64((__u64)file + at.file_private), SCAN_BPF_SOCKET);
	if (!seen)
		return 0;
	held.fd = ctx->fd;
	bpf_seq_write(ctx->meta->seq, &held, sizeof(held));
	return 0;
}

#endif

char _license[] SEC("license") = "GPL";
