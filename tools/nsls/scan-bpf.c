/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "engine.h"

#include "diag.h"

#ifdef WITH_BPF

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sysinfo.h>
#include <unistd.h>

/* Made by bpftool from the .bpf.c, with what it needs of libbpf's headers. */
#include <linux/types.h>
#include "scan-bpf.h"
#include <scan-bpf.skel.h>
#include <scan-tasks.skel.h>

#include "caps.h"
#include "cleanup.h"
#include "file.h"
#include "kernel.h"
#include "nsref.h"

_Static_assert((int)SCAN_BPF_MNT == NS_MNT && (int)SCAN_BPF_UTS == NS_UTS &&
	       (int)SCAN_BPF_IPC == NS_IPC && (int)SCAN_BPF_NET == NS_NET &&
	       (int)SCAN_BPF_PID == NS_PID && (int)SCAN_BPF_USER == NS_USER &&
	       (int)SCAN_BPF_CGROUP == NS_CGROUP && (int)SCAN_BPF_TIME == NS_TIME &&
	       (int)SCAN_BPF_TYPES == NSTYPE_COUNT, "scan-bpf.h has the types as nstype.h has them");

/* Room for namespaces in the kernel's tables: at first, and at the most. */
enum { ROOM = 1 << 14, ROOM_MAX = 1 << 20 };

/* What is read at once: as much as the kernel gives, for a longer one it asks twice. */
enum { RECORDS_SIZE = 65536, LOG_SIZE = 1 << 24 };

/* The programs in the kernel, one of two sets. */
struct programs {
	struct scan_bpf *all;
	struct scan_tasks *threads; /* only */
	int of_threads, of_descriptors, namespaces;
	const struct scan_bpf_state *state; /* NULL: not loaded */
};

/* A scan. */
struct bpf {
	struct engine *e;
	struct programs kernel;
	size_t room;
	uint64_t most_descriptors;
	const struct scan_bpf_ns *table; /* of ROOM, the kernel's; NULL: not yet */
	struct ns **ns;			 /* by place in the table; NULL: not seen yet */
	size_t n_ns;			 /* places that NS has */

	/* Threads of processes whose first one has ended, and that, too. */
	struct scan_bpf_task *left;
	size_t n_left;

	/* Descriptors of threads that have their own. */
	struct scan_bpf_fd *apart;
	size_t n_apart;
};

/* To load, and to run */

static int out_of_memory(struct diag *d)
{
	return diag_set(d, ENOMEM, NULL, "look by programs in the kernel");
}

/* include/linux/security.h: in confidentiality, no program may read the kernel. */
static bool is_locked_down(void)
{
	char text[128];

	return file_read("/sys/kernel/security/lockdown", text, sizeof(text)) > 0 &&
	       strstr(text, "[confidentiality]");
}

static int cannot_load(int err, struct diag *d)
{
	diag_set(d, err, NULL, "load the programs into the kernel");
	if (err == ENOSYS)
		return diag_hint(d, "this kernel has no bpf(2)");
	if (err == EPERM && !caps_has(KERNEL_CAP_SYS_ADMIN) &&
	    !(caps_has(KERNEL_CAP_BPF) && caps_has(KERNEL_CAP_PERFMON)))
		return diag_hint(d, "it takes CAP_BPF and CAP_PERFMON, or root");
	if (is_locked_down())
		return diag_hint(d, "the kernel is locked down: no program may read it");
	if (access("/sys/kernel", F_OK) == 0 && access("/sys/kernel/btf/vmlinux", F_OK) < 0)
		return diag_hint(d, "this kernel does not tell its types (CONFIG_DEBUG_INFO_BTF)");
	if (!getenv("NSLS_BPF_LOG"))
		return diag_hint(d, "with NSLS_BPF_LOG=1 in the environment, the verifier says what it found");
	return -1;
}

/*
 * load_NAME(): those of one skeleton, of whose structures each has its own type.
 * LOG, of LOG_SIZE, gets what the verifier says; it may be NULL.
 */
#define DEFINE_LOAD(name, field)                                                    \
	static int load_##name(struct programs *p, const struct bpf *b, char *log)  \
	{                                                                           \
		struct name *kernel = p->field = name##__open();                    \
		int ret;                                                            \
                                                                                    \
		if (!kernel)                                                        \
			return -ENOMEM;                                             \
		kernel->maps.places.max_entries = (uint32_t)b->room;                \
		kernel->maps.namespaces.max_entries = (uint32_t)b->room + 1;        \
		kernel->bss->ask.types = b->e->types;                               \
		kernel->bss->ask.threads = b->e->need->threads;                     \
		kernel->ctx.log_level = log ? 1 : 0;                                \
		kernel->ctx.log_size = log ? LOG_SIZE : 0;                          \
		kernel->ctx.log_buf = (uintptr_t)log;                               \
		ret = name##__load(kernel);                                         \
		p->of_threads = kernel->progs.scan_tasks.prog_fd;                   \
		p->namespaces = kernel->maps.namespaces.map_fd;                     \
		p->state = ret < 0 ? NULL : &kernel->bss->state;                    \
		return ret;                                                         \
	}

DEFINE_LOAD(scan_bpf, all)
DEFINE_LOAD(scan_tasks, threads)

static int load_programs(struct bpf *b, char *log)
{
	int ret = b->e->need->descriptors ? load_scan_bpf(&b->kernel, b, log) :
					    load_scan_tasks(&b->kernel, b, log);

	if (b->kernel.all)
		b->kernel.of_descriptors = b->kernel.all->progs.scan_files.prog_fd;
	return ret;
}

static void unload_programs(struct programs *p)
{
	scan_bpf__destroy(p->all);
	scan_tasks__destroy(p->threads);
}

static int load(struct bpf *b, struct diag *d)
{
	cleanup_free char *log = getenv("NSLS_BPF_LOG") ? calloc(1, LOG_SIZE) : NULL;
	int ret = load_programs(b, log);
	void *table;

	if (ret < 0 && log)
		fputs(log, stderr);
	if (ret < 0)
		return cannot_load(-ret, d);
	table = mmap(NULL, (b->room + 1) * sizeof(*b->table), PROT_READ, MAP_SHARED,
		     b->kernel.namespaces, 0);
	if (table == MAP_FAILED)
		return diag_fail(d, NULL, "map the table of namespaces");
	b->table = table;
	return 0;
}

/* A descriptor that the records of PROGRAM are read from, owned by the caller. -1 with errno. */
static int start_iterator(int program)
{
	cleanup_close int link = skel_link_create(program, 0, BPF_TRACE_ITER);
	union bpf_attr attr;

	if (link < 0)
		return -1;
	memset(&attr, 0, sizeof(attr));
	attr.iter_create.link_fd = (uint32_t)link;
	return skel_sys_bpf(BPF_ITER_CREATE, &attr, sizeof(attr));
}

/*
 * The kernel lists the descriptors of each process and thread, also where thousands
 * share one table of thousands (CLONE_FILES), which the other engine reads once.
 */
static bool is_too_much(const struct bpf *b)
{
	return b->kernel.state->descriptors > b->most_descriptors;
}

static int refuse(struct diag *d)
{
	diag_set(d, E2BIG, NULL, "look at descriptors by programs in the kernel");
	return diag_hint(d, "--engine proc looks once at descriptors that many share");
}

typedef int take_record(struct bpf *b, const void *record, struct diag *d);

/* Each record that PROGRAM writes, of SIZE; they come whole. */
static int run(struct bpf *b, int program, take_record *take, size_t size,
	       struct diag *d)
{
	cleanup_close int records = start_iterator(program);
	cleanup_free char *text = malloc(RECORDS_SIZE);
	ssize_t n = -1;

	if (!text)
		return out_of_memory(d);
	while (records >= 0 && (n = read(records, text, RECORDS_SIZE)) != 0) {
		/* Without records it comes back each million (EAGAIN). */
		if (is_too_much(b))
			return refuse(d);
		if (n < 0 && errno == EAGAIN)
			continue;
		if (n < 0)
			break;
		for (const char *record = text; record < text + n; record += size)
			if (take(b, record, d) < 0)
				return -1;
	}
	if (n < 0)
		return diag_fail(d, NULL, "run a program in the kernel");
	return b->kernel.state->full ?
		diag_set(d, ENOSPC, NULL, "look by programs in the kernel") : 0;
}

/* Namespaces */

static int enlarge(struct bpf *b, size_t place, struct diag *d)
{
	size_t n = b->n_ns ? b->n_ns : 256;
	struct ns **larger;

	while (n <= place)
		n *= 2;
	larger = reallocarray(b->ns, n, sizeof(struct ns *));
	if (!larger)
		return out_of_memory(d);
	memset(larger + b->n_ns, 0, (n - b->n_ns) * sizeof(struct ns *));
	b->ns = larger;
	b->n_ns = n;
	return 0;
}

/* That at PLACE; *ns is NULL if that is 0. -1 and *d. */
static int see(struct bpf *b, uint32_t place, struct ns **ns, struct diag *d)
{
	*ns = NULL;
	if (!place || place > b->room)
		return 0;
	if (place >= b->n_ns && enlarge(b, place, d) < 0)
		return -1;
	if (!b->ns[place]) {
		const struct scan_bpf_ns *told = &b->table[place];

		b->ns[place] = model_add_new(b->e->m, (enum nstype)told->type, told->inum, told->id, d);
		if (!b->ns[place])
			return -1;
		b->ns[place]->passing = true;
	}
	*ns = b->ns[place];
	return 0;
}

/* Owners and parents */

/* What the kernel would tell us when asked: only what lies within our own PID namespace. */
static void hide_outer(struct model *m)
{
	char path[NSREF_PATH];
	const struct ns *own = model_find(m, NS_PID, nsref_inode(nsref_path(path, 0, NS_PID, false)));

	for (size_t i = 0; i < m->n; i++) {
		struct ns *up = m->all[i]->parent;

		if (m->all[i]->type != NS_PID)
			continue;
		while (up && up != own)
			up = up->parent;
		if (!up)
			m->all[i]->parent = NULL;
	}
}

static int relate_one(struct bpf *b, uint32_t place, struct diag *d)
{
	const struct scan_bpf_ns *told = &b->table[place];
	struct ns *ns, *owner, *parent;

	if (see(b, place, &ns, d) < 0 || see(b, told->owner, &owner, d) < 0 ||
	    see(b, told->parent, &parent, d) < 0)
		return -1;
	if (!told->related)
		return 0;
	ns->related = true;
	ns->owner = owner;
	ns->parent = ns->type == NS_USER ? owner : parent;
	if (ns->type == NS_USER)
		ns->creator = told->creator;
	return 0;
}

/* It stays, with all that it belongs to. */
static void keep(struct ns *ns)
{
	struct ns *up[] = { ns->owner, ns->parent };

	ns->passing = false;
	for (int i = 0; i < 2; i++)
		if (up[i] && !up[i]->below) {
			up[i]->below = ns;
			keep(up[i]);
		}
}

static int relate_all(struct bpf *b, struct diag *d)
{
	struct model *m = b->e->m;

	for (uint32_t place = 1; place <= b->kernel.state->n; place++)
		if (relate_one(b, place, d) < 0)
			return -1;
	hide_outer(m);
	for (size_t i = 0; i < m->n; i++)
		if (m->all[i]->held)
			keep(m->all[i]);
	return 0;
}

/* Threads */

/* What it is in. -1 and *d. */
static int see_all(struct bpf *b, const struct scan_bpf_task *t, struct process *in, struct diag *d)
{
	for (int type = 0; type < NSTYPE_COUNT; type++)
		if (see(b, t->ns[type], &in->ns[type], d) < 0)
			return -1;
	return 0;
}

/* Where its children are born, if that is elsewhere than PROCESS. */
static int see_children(struct bpf *b, const struct scan_bpf_task *t, const struct process *process,
			struct diag *d)
{
	static const struct {
		enum nstype type;
		int slot;
	} of[] = {
		{ NS_PID, SCAN_BPF_CHILDREN_PID }, { NS_TIME, SCAN_BPF_CHILDREN_TIME },
	};

	if (!b->e->need->threads)
		return 0;
	for (size_t i = 0; i < sizeof(of) / sizeof(*of); i++) {
		struct ns *ns;

		if (see(b, t->ns[of[i].slot], &ns, d) < 0)
			return -1;
		if (ns && ns != process->ns[of[i].type])
			engine_add_children(b->e, ns, (pid_t)t->tid);
	}
	return 0;
}

/* It has left what it was in while it was looked at. */
static bool has_left(const struct bpf *b, const struct scan_bpf_task *t)
{
	unsigned int types = b->e->types & ~(unsigned int)ENGINE_OF_ZOMBIES;

	for (int type = 0; type < NSTYPE_COUNT; type++)
		if ((types & nstype_table[type].flag) && !t->ns[type])
			return true;
	return false;
}

/* PROCESS is where its first thread is; where that is not T, which is another one, it has no say. */
static int add_thread(struct bpf *b, const struct scan_bpf_task *t, const struct process *process,
		      struct diag *d)
{
	struct process thread = { .pid = (pid_t)t->tid };

	if (!b->e->need->threads || has_left(b, t))
		return 0;
	if (see_all(b, t, &thread, d) < 0)
		return -1;
	engine_add_thread(b->e, process, &thread);
	return see_children(b, t, process, d);
}

static int take_thread(struct bpf *b, const struct scan_bpf_task *t, struct diag *d)
{
	struct process process = { .pid = (pid_t)t->tgid };

	if (see_all(b, t, &process, d) < 0)
		return -1;
	for (int type = 0; type < NSTYPE_COUNT; type++)
		if (t->differs >> type & 1)
			process.ns[type] = NULL;
	return add_thread(b, t, &process, d);
}

static int take_leader(struct bpf *b, const struct scan_bpf_task *t, struct diag *d)
{
	struct process process = { .pid = (pid_t)t->tgid };

	if (see_all(b, t, &process, d) < 0 ||
	    engine_add_process(b->e, &process, process.pid, d) < 0)
		return -1;
	return see_children(b, t, &process, d);
}

static int take_task(struct bpf *b, const void *record, struct diag *d)
{
	const struct scan_bpf_task *t = record;
	struct scan_bpf_task *larger;

	if (!(t->flags & SCAN_BPF_LEADER_LEFT) && !has_left(b, t))
		return t->flags & SCAN_BPF_LEADER ? take_leader(b, t, d) : take_thread(b, t, d);
	larger = model_room(b->left, b->n_left, sizeof(*larger), d);
	if (!larger)
		return -1;
	b->left = larger;
	larger[b->n_left++] = *t;
	return 0;
}

/* Processes whose first thread has ended */

/* That one comes first. */
static int compare_tasks(const void *one, const void *other)
{
	const struct scan_bpf_task *a = one, *b = other;

	if (a->tgid != b->tgid)
		return a->tgid < b->tgid ? -1 : 1;
	if ((a->flags ^ b->flags) & SCAN_BPF_LEADER)
		return a->flags & SCAN_BPF_LEADER ? -1 : 1;
	return (a->tid > b->tid) - (a->tid < b->tid);
}

/*
 * The N threads that T begins with are of one process. A zombie is in two
 * namespaces still; the process is otherwise where its next thread is.
 */
static int add_left(struct bpf *b, const struct scan_bpf_task *t, size_t n, struct diag *d)
{
	struct process process = { .pid = (pid_t)t->tgid }, zombie = process;
	size_t first = t->flags & SCAN_BPF_LEADER ? 1 : 0, at = first;

	while (at < n && has_left(b, &t[at]))
		at++;
	if (see_all(b, t, &zombie, d) < 0 || (at < n && see_all(b, &t[at], &process, d) < 0))
		return -1;
	for (int type = 0; type < NSTYPE_COUNT; type++)
		if (ENGINE_OF_ZOMBIES & nstype_table[type].flag)
			process.ns[type] = zombie.ns[type];
	if (engine_add_process(b->e, &process, (pid_t)(at < n ? t[at].tid : t->tgid), d) < 0)
		return -1;
	for (at = first; at < n; at++)
		if (add_thread(b, &t[at], &process, d) < 0)
			return -1;
	return 0;
}

static int add_all_left(struct bpf *b, struct diag *d)
{
	size_t n;

	if (b->n_left)
		qsort(b->left, b->n_left, sizeof(*b->left), compare_tasks);
	for (size_t i = 0; i < b->n_left; i += n) {
		n = 1;
		while (i + n < b->n_left && b->left[i + n].tgid == b->left[i].tgid)
			n++;
		if (add_left(b, &b->left[i], n, d) < 0)
			return -1;
	}
	return 0;
}

/* What a socket of a process is not shown for, whose first thread cannot be asked. */
static uint32_t net_of_left(const struct bpf *b, uint32_t tgid)
{
	const struct scan_bpf_task key = { .tgid = tgid, .flags = SCAN_BPF_LEADER };
	size_t from = 0, to = b->n_left;

	while (from < to) {
		size_t middle = (from + to) / 2;

		if (compare_tasks(&b->left[middle], &key) < 0)
			from = middle + 1;
		else
			to = middle;
	}
	while (from < b->n_left && b->left[from].tgid == tgid && !b->left[from].ns[NS_NET])
		from++;
	return from < b->n_left && b->left[from].tgid == tgid ? b->left[from].ns[NS_NET] : 0;
}

/* Descriptors */

static int add_holder(struct bpf *b, const struct scan_bpf_fd *f, struct diag *d)
{
	const struct holder holder = {
		.pid = (pid_t)f->tid, .fd = (int)f->fd, .socket = f->flags & SCAN_BPF_SOCKET,
	};
	struct ns *ns;

	if (see(b, f->ns, &ns, d) < 0)
		return -1;
	return ns ? engine_add_holder(b->e, ns, &holder, d) : 0;
}

static int take_fd(struct bpf *b, const void *record, struct diag *d)
{
	const struct scan_bpf_fd *f = record;
	struct scan_bpf_fd *larger;

	if ((f->flags & SCAN_BPF_LEADER_LEFT) && (f->flags & SCAN_BPF_SOCKET) &&
	    f->ns == net_of_left(b, f->tgid))
		return 0;
	if (f->tid == f->tgid)
		return add_holder(b, f, d);
	larger = model_room(b->apart, b->n_apart, sizeof(*larger), d);
	if (!larger)
		return -1;
	b->apart = larger;
	larger[b->n_apart++] = *f;
	return 0;
}

static int compare_fds(const void *one, const void *other)
{
	const struct scan_bpf_fd *a = one, *b = other;

	if (a->files != b->files)
		return a->files < b->files ? -1 : 1;
	if (a->tgid != b->tgid)
		return a->tgid < b->tgid ? -1 : 1;
	return (a->tid > b->tid) - (a->tid < b->tid);
}

/* Of threads that share theirs, the first has it. */
static int add_apart(struct bpf *b, struct diag *d)
{
	const struct scan_bpf_fd *first = b->apart;

	if (b->n_apart)
		qsort(b->apart, b->n_apart, sizeof(*b->apart), compare_fds);
	for (size_t i = 0; i < b->n_apart; i++) {
		const struct scan_bpf_fd *f = &b->apart[i];

		if (f->files != first->files || f->tgid != first->tgid)
			first = f;
		if (f->tid == first->tid && add_holder(b, f, d) < 0)
			return -1;
	}
	return 0;
}

/* The whole */

static int look(struct bpf *b, struct diag *d)
{
	const struct need *need = b->e->need;

	if (load(b, d) < 0 ||
	    run(b, b->kernel.of_threads, take_task, sizeof(struct scan_bpf_task), d) < 0 ||
	    add_all_left(b, d) < 0)
		return -1;
	if (need->descriptors &&
	    (run(b, b->kernel.of_descriptors, take_fd, sizeof(struct scan_bpf_fd), d) < 0 ||
	     add_apart(b, d) < 0))
		return -1;
	if (need->relations && relate_all(b, d) < 0)
		return -1;
	model_prune(b->e->m);
	return 0;
}

static void end(struct bpf *b)
{
	if (b->table)
		munmap((void *)b->table, (b->room + 1) * sizeof(*b->table));
	unload_programs(&b->kernel);
	free(b->ns);
	free(b->left);
	free(b->apart);
}

/* So many are worth looking at: a million, and some for each thread in the system. */
static uint64_t most_descriptors(void)
{
	const uint64_t each = 64, least = 1 << 20;
	struct sysinfo info;

	return least + (sysinfo(&info) < 0 ? 0 : info.procs * each);
}

/* Into M, which is empty. 1: there was no room. */
static int look_into(struct engine *e, struct model *m, size_t room, struct diag *d)
{
	struct model *whole = e->m;
	struct bpf b = { .e = e, .room = room, .most_descriptors = most_descriptors() };
	int ret;

	e->m = m;
	ret = look(&b, d);
	e->m = whole;
	if (ret < 0 && b.kernel.state && b.kernel.state->full)
		ret = 1;
	end(&b);
	return ret;
}

int bpf_look(struct engine *e, struct diag *d)
{
	struct model m;
	int ret = 1;

	if (!e->own_proc)
		return diag_set(d, 0, "/proc", "look by programs in the kernel: this proc is of another PID namespace");
	for (size_t room = ROOM; ret > 0 && room <= ROOM_MAX; room *= 8) {
		m = (struct model){ .n = 0 };
		ret = look_into(e, &m, room, d);
		if (ret == 0)
			return model_take(e->m, &m, d);
		model_free(&m);
	}
	return -1;
}

#else

int bpf_look(struct engine *e, struct diag *d)
{
	(void)e;
	diag_set(d, 0, NULL, "this nsls has no programs for the kernel in it");
	return diag_hint(d, "configure --with-bpf needs clang, bpftool and libbpf's headers");
}

#endif
