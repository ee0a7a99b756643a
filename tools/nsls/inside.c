/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nsls.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "cleanup.h"
#include "columns.h"
#include "diag.h"
#include "model.h"
#include "names.h"
#include "show.h"

struct inside {
	const struct nsls *n;
	struct view view;
	struct model model;
	struct need need;
	struct ns **named; /* each once, in the order of the command line */
	size_t n_named;
};

/* They are in the model before any other, and in that order. */
static bool is_named(const struct inside *in, const struct ns *ns)
{
	return ns && ns->index < in->n_named;
}

/* It is held before anybody is looked at: its number is its own. */
static int name_one(struct inside *in, const char *operand, struct diag *d)
{
	struct named named;
	struct ns *ns;

	if (names_open(&named, operand, d) < 0)
		return -1;
	if (in->n->types && !(in->n->types & nstype_table[named.type].flag)) {
		diag_set(d, 0, operand, "the namespace is of another type than --type says: %s",
			 nstype_table[named.type].name);
		names_close(&named);
		return -1;
	}
	ns = model_add(&in->model, steal_fd(&named.fd), d);
	if (!ns)
		return -1;
	in->need.types |= nstype_table[ns->type].flag;
	if (!is_named(in, ns))
		in->named[in->n_named++] = ns;
	return 0;
}

static int name_all(struct inside *in, struct diag *d)
{
	size_t n = 0;

	while (in->n->operands[n])
		n++;
	in->named = calloc(n, sizeof(struct ns *));
	if (!in->named)
		return diag_set(d, ENOMEM, NULL, "look into a namespace");
	for (size_t i = 0; i < n; i++)
		if (name_one(in, in->n->operands[i], d) < 0)
			return -1;
	return 0;
}

/* Is PROCESS in one of them? They may be of several types. */
static bool is_inside(const struct inside *in, const struct process *process)
{
	for (int type = 0; type < NSTYPE_COUNT; type++)
		if (is_named(in, process->ns[type]))
			return true;
	return false;
}

/* Is there one that has another PID inside? Then it is shown, if nobody said which columns. */
static int is_elsewhere(struct inside *in, bool *elsewhere, struct diag *d)
{
	*elsewhere = false;
	for (size_t i = 0; !*elsewhere && i < in->model.n_processes; i++) {
		const struct process *p = &in->model.processes[i];
		const struct facts *facts;

		if (!is_inside(in, p))
			continue;
		facts = facts_of(&in->view.facts, p->pid, FACTS_STATUS, d);
		if (!facts)
			return -1;
		*elsewhere = facts->inside && facts->inside != p->pid;
	}
	return 0;
}

static int add_pid_inside(struct inside *in, struct diag *d)
{
	const char *columns = in->n->columns;
	struct facts_cache facts;
	bool elsewhere;
	int ret;

	if ((columns && *columns != '+') || in->n->output_all)
		return 0;
	if (is_elsewhere(in, &elsewhere, d) < 0)
		return -1;
	if (!elsewhere)
		return 0;
	/* What is known of them stays so. */
	facts = in->view.facts;
	in->view.facts = (struct facts_cache){ .n = 0 };
	view_free(&in->view);
	ret = view_choose(&in->view, in->n, "namespaces", "PID,PPID,NSPID,USER,COMMAND", d);
	in->view.facts = facts;
	return ret;
}

/* A process in a namespace that was named: a row. */
struct member {
	struct ns *ns;
	pid_t pid;
};

static int compare_members(const void *one, const void *other)
{
	const struct member *a = one, *b = other;

	if (a->ns->index != b->ns->index)
		return a->ns->index < b->ns->index ? -1 : 1;
	return (a->pid > b->pid) - (a->pid < b->pid);
}

static int add_member(struct member **members, size_t *n, struct ns *ns, pid_t pid, struct diag *d)
{
	struct member *larger = model_room(*members, *n, sizeof(*larger), d);

	if (!larger)
		return -1;
	*members = larger;
	larger[(*n)++] = (struct member){ ns, pid };
	return 0;
}

/* Processes; or the thread that is the only one in there. */
static int find_members(const struct inside *in, struct member **members, size_t *n, struct diag *d)
{
	for (size_t i = 0; i < in->model.n_processes; i++) {
		const struct process *p = &in->model.processes[i];

		for (int type = 0; type < NSTYPE_COUNT; type++)
			if (is_named(in, p->ns[type]) &&
			    add_member(members, n, p->ns[type], p->pid, d) < 0)
				return -1;
	}
	for (size_t i = 0; i < in->n_named; i++) {
		struct ns *ns = in->named[i];

		if (!ns->nprocs && ns->held & HELD_THREAD && ns->pid &&
		    add_member(members, n, ns, ns->pid, d) < 0)
			return -1;
	}
	return 0;
}

/* Those in the first one that was named come first, in the order of their PIDs. */
static int show_members(struct inside *in, struct diag *d)
{
	cleanup_free struct member *members = NULL;
	size_t n = 0;

	if (find_members(in, &members, &n, d) < 0)
		return -1;
	if (n)
		qsort(members, n, sizeof(*members), compare_members);
	for (size_t i = 0; i < n; i++)
		if (view_add(&in->view, members[i].ns, members[i].pid, d) < 0)
			return -1;
	return 0;
}

static int show(struct inside *in, struct diag *d)
{
	if (add_pid_inside(in, d) < 0)
		return -1;
	in->view.grouped = true;
	if (view_open(&in->view, d) < 0)
		return -1;
	if (show_members(in, d) < 0)
		return -1;
	return view_print(&in->view, d);
}

int nsls_inside(const struct nsls *n, struct diag *d)
{
	struct inside in = { .n = n, .need = {
		.engine = n->engine, .processes = true, .threads = true,
	} };
	int ret = view_choose(&in.view, n, "namespaces", "PID,PPID,USER,COMMAND", d);

	if (ret == 0)
		ret = name_all(&in, d);
	if (ret == 0) {
		columns_need(&in.view.filled, &in.need);
		ret = scan(&in.model, &in.need, d);
	}
	if (ret == 0)
		ret = show(&in, d);
	if (ret == 0)
		show_unread(&in.model);
	view_free(&in.view);
	model_free(&in.model);
	free(in.named);
	return ret;
}
