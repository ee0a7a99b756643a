/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "diag.h"
#include "hash.h"
#include "nsid.h"
#include "nsref.h"

static int out_of_memory(struct diag *d)
{
	return diag_set(d, ENOMEM, NULL, "remember the namespaces");
}

/* It doubles where it is full, at powers of two. */
void *model_room(void *array, size_t n, size_t size, struct diag *d)
{
	void *larger;

	if (n & (n - 1))
		return array;
	larger = reallocarray(array, n ? 2 * n : 1, size);
	if (!larger)
		out_of_memory(d);
	return larger;
}

static struct ns **bucket_of(const struct model *m, uint64_t ino)
{
	return &m->bucket[hash_slot(ino, m->n_buckets)];
}

static void fill_buckets(struct model *m)
{
	memset(m->bucket, 0, m->n_buckets * sizeof(struct ns *));
	for (size_t i = 0; i < m->n; i++) {
		struct ns **bucket = bucket_of(m, m->all[i]->ino);

		m->all[i]->next = *bucket;
		*bucket = m->all[i];
	}
}

static int enlarge(struct model *m, struct diag *d)
{
	size_t capacity = m->capacity ? m->capacity * 2 : 64;
	struct ns **all, **bucket;

	all = reallocarray(m->all, capacity, sizeof(struct ns *));
	if (!all)
		return out_of_memory(d);
	m->all = all;
	bucket = reallocarray(m->bucket, capacity, sizeof(struct ns *));
	if (!bucket)
		return out_of_memory(d);
	m->bucket = bucket;
	m->n_buckets = m->capacity = capacity;
	fill_buckets(m);
	return 0;
}

struct ns *model_find(const struct model *m, enum nstype type, uint64_t ino)
{
	struct ns *ns = m->n_buckets ? *bucket_of(m, ino) : NULL;

	while (ns && (ns->ino != ino || ns->type != type))
		ns = ns->next;
	return ns;
}

/* At the end; the model owns it from now on. */
static int insert(struct model *m, struct ns *ns, struct diag *d)
{
	struct ns **bucket;

	if (m->n == m->capacity && enlarge(m, d) < 0)
		return -1;
	bucket = bucket_of(m, ns->ino);
	ns->index = m->n;
	ns->next = *bucket;
	*bucket = ns;
	m->all[m->n] = ns;
	/* Who looks from another thread must find that it is held already. */
	__atomic_store_n(&m->n, m->n + 1, __ATOMIC_RELEASE);
	return 0;
}

struct ns *model_add_new(struct model *m, enum nstype type, uint64_t ino, uint64_t id,
			 struct diag *d)
{
	struct ns *ns = malloc(sizeof(*ns));

	if (!ns) {
		out_of_memory(d);
		return NULL;
	}
	*ns = (struct ns){
		.type = type, .ino = ino, .id = id, .fd = -1, .creator = (uid_t)-1,
	};
	if (insert(m, ns, d) == 0)
		return ns;
	free(ns);
	return NULL;
}

/* Another may have the number of one that is not held: that may have gone. */
static bool is_other(const struct ns *ns, uint64_t id)
{
	return ns->fd < 0 && ns->id && id && ns->id != id;
}

struct ns *model_add_unheld(struct model *m, enum nstype type, uint64_t ino, uint64_t id,
			    struct diag *d)
{
	struct ns *ns = model_find(m, type, ino);

	return ns && !is_other(ns, id) ? ns : model_add_new(m, type, ino, id, d);
}

struct ns *model_add(struct model *m, int fd, struct diag *d)
{
	cleanup_close int owned = fd;
	struct stat st;
	struct ns *ns;
	int type = -1;

	if (nsref_check(fd, &type, NULL, d) < 0)
		return NULL;
	if (fstat(fd, &st) < 0) {
		diag_fail(d, NULL, "look at a namespace");
		return NULL;
	}
	ns = model_find(m, (enum nstype)type, st.st_ino);
	if (!ns || (ns->fd < 0 && is_other(ns, nsid_of(fd))))
		ns = model_add_new(m, (enum nstype)type, st.st_ino, 0, d);
	if (ns && ns->fd < 0)
		ns->fd = steal_fd(&owned);
	return ns;
}

int model_add_process(struct model *m, const struct process *process, struct diag *d)
{
	size_t capacity = m->processes_capacity ? m->processes_capacity * 2 : 256;
	struct process *larger;

	if (m->n_processes == m->processes_capacity) {
		larger = reallocarray(m->processes, capacity, sizeof(*larger));
		if (!larger)
			return out_of_memory(d);
		m->processes = larger;
		m->processes_capacity = capacity;
	}
	m->processes[m->n_processes++] = *process;
	return 0;
}

int model_add_holder(struct ns *ns, const struct holder *holder, struct diag *d)
{
	struct holder *holders = model_room(ns->holders, ns->n_holders, sizeof(*holders), d);

	if (!holders)
		return -1;
	ns->holders = holders;
	holders[ns->n_holders++] = *holder;
	ns->held |= holder->socket ? HELD_SOCKET : HELD_FD;
	return 0;
}

int model_add_pin(struct ns *ns, const char *path, uint64_t mntns, struct diag *d)
{
	struct pinned *pins = model_room(ns->pins, ns->n_pins, sizeof(*pins), d);
	char *copy;

	if (!pins)
		return -1;
	ns->pins = pins;
	copy = strdup(path);
	if (!copy)
		return out_of_memory(d);
	pins[ns->n_pins] = (struct pinned){ .path = copy, .index = ns->n_pins, .mntns = mntns };
	ns->n_pins++;
	ns->held |= HELD_PIN;
	return 0;
}

static void free_ns(struct ns *ns)
{
	for (size_t i = 0; i < ns->n_pins; i++)
		free(ns->pins[i].path);
	free(ns->pins);
	free(ns->holders);
	if (ns->fd >= 0)
		close(ns->fd);
	free(ns);
}

void model_prune(struct model *m)
{
	size_t n = 0;

	for (size_t i = 0; i < m->n; i++) {
		struct ns *ns = m->all[i];

		if (ns->passing && !ns->held) {
			free_ns(ns);
			continue;
		}
		ns->index = n;
		m->all[n++] = ns;
	}
	m->n = n;
	if (m->n_buckets)
		fill_buckets(m);
}

/* What FROM has found out of what M holds as NS. */
static void merge(struct ns *ns, struct ns *from)
{
	const struct ns own = *ns;

	*ns = *from;
	ns->fd = own.fd;
	ns->index = own.index;
	ns->next = own.next;
	ns->passing = false;
	from->holders = NULL;
	from->n_holders = 0;
	from->shown = ns;
}

static struct ns *successor(struct ns *ns)
{
	return ns && ns->shown ? ns->shown : ns;
}

static void follow(struct ns *ns)
{
	ns->owner = successor(ns->owner);
	ns->parent = successor(ns->parent);
	ns->below = successor(ns->below);
}

/* Those of FROM that have a successor are still needed to find it. */
static int take_all(struct model *m, struct model *from, struct diag *d)
{
	size_t left = 0;
	int ret = 0;

	for (size_t i = 0; i < from->n; i++) {
		struct ns *ns = from->all[i], *held = model_find(m, ns->type, ns->ino);

		if (ret == 0 && held && held->fd >= 0)
			merge(held, ns);
		else if (ret == 0)
			ret = insert(m, ns, d);
		if (ret < 0 || ns->shown)
			from->all[left++] = ns;
	}
	from->n = left;
	return ret;
}

int model_take(struct model *m, struct model *from, struct diag *d)
{
	struct process *larger;

	if (take_all(m, from, d) < 0)
		return -1;
	for (size_t i = 0; i < m->n; i++)
		follow(m->all[i]);
	larger = reallocarray(m->processes, m->n_processes + from->n_processes + 1, sizeof(*larger));
	if (!larger)
		return out_of_memory(d);
	m->processes = larger;
	for (size_t i = 0; i < from->n_processes; i++) {
		struct process *process = &larger[m->n_processes + i];

		*process = from->processes[i];
		for (int type = 0; type < NSTYPE_COUNT; type++)
			process->ns[type] = successor(process->ns[type]);
	}
	m->n_processes += from->n_processes;
	m->processes_capacity = m->n_processes + 1;
	model_free(from);
	return 0;
}

static int compare_ns(const void *one, const void *other)
{
	const struct ns *a = *(struct ns *const *)one, *b = *(struct ns *const *)other;

	if (a->ino != b->ino)
		return a->ino < b->ino ? -1 : 1;
	return (int)a->type - (int)b->type;
}

static int compare_processes(const void *one, const void *other)
{
	const struct process *a = one, *b = other;

	return (a->pid > b->pid) - (a->pid < b->pid);
}

static int compare_holders(const void *one, const void *other)
{
	const struct holder *a = one, *b = other;

	if (a->pid != b->pid)
		return a->pid < b->pid ? -1 : 1;
	return (a->fd > b->fd) - (a->fd < b->fd);
}

static int compare_places(const struct pinned *a, const struct pinned *b)
{
	if (a->mntns != b->mntns)
		return a->mntns < b->mntns ? -1 : 1;
	return strcmp(a->path, b->path);
}

static int compare_pins(const void *one, const void *other)
{
	const struct pinned *a = one, *b = other;
	int differ = compare_places(a, b);

	return differ ? differ : (a->index > b->index) - (a->index < b->index);
}

static int compare_indexes(const void *one, const void *other)
{
	const struct pinned *a = one, *b = other;

	return (a->index > b->index) - (a->index < b->index);
}

static void drop_repeated_pins(struct ns *ns)
{
	size_t n = 0;

	if (ns->n_pins < 2)
		return;
	qsort(ns->pins, ns->n_pins, sizeof(*ns->pins), compare_pins);
	for (size_t i = 0; i < ns->n_pins; i++) {
		if (n && compare_places(&ns->pins[n - 1], &ns->pins[i]) == 0)
			free(ns->pins[i].path);
		else
			ns->pins[n++] = ns->pins[i];
	}
	ns->n_pins = n;
	qsort(ns->pins, n, sizeof(*ns->pins), compare_indexes);
}

/* Two threads have found them, in no order. */
void model_sort(struct model *m)
{
	if (m->n)
		qsort(m->all, m->n, sizeof(struct ns *), compare_ns);
	for (size_t i = 0; i < m->n; i++)
		if (m->all[i]->n_holders)
			qsort(m->all[i]->holders, m->all[i]->n_holders, sizeof(struct holder),
			      compare_holders);
	for (size_t i = 0; i < m->n; i++)
		drop_repeated_pins(m->all[i]);
	if (m->n_processes)
		qsort(m->processes, m->n_processes, sizeof(struct process), compare_processes);
}

void model_free(struct model *m)
{
	for (size_t i = 0; i < m->n; i++)
		free_ns(m->all[i]);
	free(m->all);
	free(m->bucket);
	free(m->processes);
	*m = (struct model){ .all = NULL };
}
