/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nsls.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "cleanup.h"
#include "columns.h"
#include "diag.h"
#include "keeper.h"
#include "kernel.h"
#include "model.h"
#include "names.h"
#include "nsid.h"
#include "procdir.h"
#include "show.h"

struct list {
	const struct nsls *n;
	struct view view;
	struct model model;
	struct need need;
	bool scan;
	struct named_target task;
	bool has_task; /* it is open */
};

/* The columns that there are, as lsns -H has them */

enum { ABOUT_HOLDER, ABOUT_TYPE, ABOUT_DESCRIPTION };

static const struct table_column about[] = {
	[ABOUT_HOLDER] = { "HOLDER", TABLE_RIGHT, "" },
	[ABOUT_TYPE] = { "TYPE", TABLE_TEXT, "" },
	[ABOUT_DESCRIPTION] = { "DESCRIPTION", TABLE_TEXT, "" },
	{ .name = NULL },
};

static int list_columns(const struct nsls *n, struct diag *d)
{
	const struct table_style style = {
		.json = n->json, .raw = n->raw, .no_headings = true,
	};
	const struct table_choice choice = { 3, { ABOUT_HOLDER, ABOUT_TYPE, ABOUT_DESCRIPTION } };
	struct table *t = table_new("lsns-columns", about, &choice, &style, d);
	int ret = t ? 0 : -1;

	for (const struct table_column *c = nsls_columns; ret == 0 && c->name; c++)
		ret = table_row(t, d) < 0 || table_text(t, ABOUT_HOLDER, c->name, d) < 0 ||
		      table_text(t, ABOUT_TYPE, c->kind == TABLE_NUMBER ? "<integer>" : "<string>", d) < 0 ||
		      table_text(t, ABOUT_DESCRIPTION, c->help, d) < 0 ? -1 : 0;
	if (ret == 0)
		ret = table_print(t, d);
	table_free(t);
	return ret;
}

/* What is to be looked at */

static void set_need(struct list *l)
{
	const struct nsls *n = l->n;
	const bool all = !n->has_task && !n->processes;

	l->need = (struct need){
		.engine = n->engine,
		.types = n->types ? n->types : NSTYPE_ALL_FLAGS,
		.threads = all, .descriptors = all, .pins = all, .relations = all,
	};
	l->scan = columns_need(&l->view.filled, &l->need) || !n->has_task;
	l->need.relations |= n->tree == TREE_OWNER || n->tree == TREE_PARENT;
}

/* Of a task, without a look at all processes */

/* Those that it tells of are added to the end, and asked in their turn. */
static int relate(struct model *m, struct ns *ns, unsigned long what, struct ns **other,
		  struct diag *d)
{
	int fd = ioctl(ns->fd, what);

	if (fd < 0)
		return 0;
	*other = model_add(m, fd, d);
	return *other ? 0 : -1;
}

static int ask_relations(struct model *m, struct diag *d)
{
	for (size_t i = 0; i < m->n; i++) {
		struct ns *ns = m->all[i];

		if (relate(m, ns, KERNEL_NS_GET_USERNS, &ns->owner, d) < 0)
			return -1;
		if (ns->type == NS_USER) {
			ns->parent = ns->owner;
			if (ioctl(ns->fd, KERNEL_NS_GET_OWNER_UID, &ns->creator) < 0)
				ns->creator = (uid_t)-1;
		}
		if (ns->type == NS_PID && relate(m, ns, KERNEL_NS_GET_PARENT, &ns->parent, d) < 0)
			return -1;
	}
	return 0;
}

static int ask_all(struct list *l, struct diag *d)
{
	if (l->need.relations && ask_relations(&l->model, d) < 0)
		return -1;
	for (size_t i = 0; l->need.ids && i < l->model.n; i++)
		l->model.all[i]->id = nsid_of(l->model.all[i]->fd);
	return 0;
}

/* Where a set holds it: by a pin in the place of sets, or by its keeper. */
static int find_paths(struct list *l, struct diag *d)
{
	const char *name = l->n->task.set;
	struct place place = PLACE_NONE;
	struct keeper k = KEEPER_NONE;
	cleanup_close int dir = -1;
	struct diag ignored;
	char path[PATH_MAX + TARGET_SET_MAX + 16];
	pid_t pid;
	int ret = 0;

	if (place_open(&place, &ignored) > 0)
		dir = openat(place.dir, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir >= 0 && keeper_find(&k, dir, &ignored) == KEEPER_LIVES &&
	    procdir_number(k.target.pidfd, &pid, &ignored) < 0)
		pid = 0;
	for (size_t i = 0; dir >= 0 && ret == 0 && i < l->model.n; i++) {
		struct ns *ns = l->model.all[i];
		struct holder holder = { .fd = KEEPER_FIRST + (int)ns->type };
		struct stat st;

		if (k.target.pidfd >= 0) {
			holder.pid = pid;
			ret = pid ? model_add_holder(ns, &holder, d) : 0;
			continue;
		}
		snprintf(path, sizeof(path), "%s/%s/%s", place.path, name, nstype_table[ns->type].name);
		if (stat(path, &st) == 0 && st.st_ino == ns->ino)
			ret = model_add_pin(ns, path, 0, d);
	}
	keeper_close(&k);
	place_close(&place);
	return ret;
}

/* They are known before any other, and stay so. */
static int add_task(struct list *l, const struct named *named, struct diag *d)
{
	int fd = named->fd < 0 ? -1 : fcntl(named->fd, F_DUPFD_CLOEXEC, 3);

	if (named->fd < 0)
		return 0;
	if (fd < 0)
		return diag_fail(d, NULL, "hold a namespace");
	return model_add(&l->model, fd, d) ? 0 : -1;
}

/* Where nobody else is known to be in it. */
static void point_to(struct list *l, const struct named *named, bool of_children)
{
	struct ns *ns = named->fd < 0 ? NULL : model_find(&l->model, named->type, named->ino);

	if (!ns || ns->pid)
		return;
	ns->pid = l->task.pid;
	ns->of_children = of_children;
}

static void point_to_task(struct list *l)
{
	for (int type = 0; type < NSTYPE_COUNT; type++) {
		point_to(l, &l->task.ns[type], false);
		point_to(l, &l->task.children[type], true);
	}
}

static int look_at_task(struct list *l, struct diag *d)
{
	if (names_target(&l->task, &l->n->task, l->need.types, d) < 0)
		return -1;
	l->has_task = true;
	for (int type = 0; type < NSTYPE_COUNT; type++)
		if (add_task(l, &l->task.ns[type], d) < 0 || add_task(l, &l->task.children[type], d) < 0)
			return -1;
	if (l->scan)
		return 0;
	if (l->n->task.set && table_has(&l->view.filled, COL_PATH) && find_paths(l, d) < 0)
		return -1;
	return ask_all(l, d);
}

/* Which are shown */

static bool is_named(const struct named *named, const struct ns *ns)
{
	return named->fd >= 0 && named->ino == ns->ino;
}

static bool is_wanted(const struct list *l, const struct ns *ns)
{
	const struct nsls *n = l->n;

	if (!(l->need.types & nstype_table[ns->type].flag))
		return false;
	if (n->has_task)
		return is_named(&l->task.ns[ns->type], ns) || is_named(&l->task.children[ns->type], ns);
	if (n->persistent)
		return !(ns->held & HELD_PROC);
	return !n->processes || ns->held & HELD_PROC;
}

/* Behind who owns it and whom it is nested in, where that is drawn: so lsns(8) has it. */
static void put_in_order(struct ns *ns, struct ns **order, size_t *n)
{
	if (!ns || ns->shown)
		return;
	ns->shown = ns;
	put_in_order(ns->owner, order, n);
	put_in_order(ns->parent, order, n);
	order[(*n)++] = ns;
}

static int sort(struct list *l, struct diag *d)
{
	struct model *m = &l->model;
	struct ns **order;
	size_t n = 0;

	model_sort(m);
	if (l->n->tree != TREE_OWNER && l->n->tree != TREE_PARENT)
		return 0;
	order = calloc(m->n + 1, sizeof(struct ns *));
	if (!order)
		return diag_set(d, ENOMEM, NULL, "make a table");
	for (size_t i = 0; i < m->n; i++)
		put_in_order(m->all[i], order, &n);
	for (size_t i = 0; i < n; i++) {
		m->all[i] = order[i];
		order[i]->shown = NULL;
	}
	free(order);
	return 0;
}

static int show(struct list *l, struct diag *d)
{
	if (view_open(&l->view, d) < 0 || sort(l, d) < 0)
		return -1;
	for (size_t i = 0; i < l->model.n; i++) {
		struct ns *ns = l->model.all[i];

		if (is_wanted(l, ns) && view_add(&l->view, ns, ns->pid, d) < 0)
			return -1;
	}
	return view_print(&l->view, d);
}

static int look(struct list *l, struct diag *d)
{
	if (l->n->has_task && look_at_task(l, d) < 0)
		return -1;
	if (l->scan && scan(&l->model, &l->need, d) < 0)
		return -1;
	if (l->n->has_task)
		point_to_task(l);
	return 0;
}

int nsls_list(const struct nsls *n, struct diag *d)
{
	struct list l = { .n = n };
	const char *columns = n->types & CLONE_NEWNET ?
			      "NS,TYPE,NPROCS,PID,USER,NETNSID,NSFS,COMMAND" :
			      "NS,TYPE,NPROCS,PID,USER,COMMAND";
	int ret;

	if (n->mode == NSLS_COLUMNS)
		return list_columns(n, d);
	ret = view_choose(&l.view, n, "namespaces", columns, d);
	if (ret == 0) {
		set_need(&l);
		ret = look(&l, d);
	}
	if (ret == 0)
		ret = show(&l, d);
	if (ret == 0 && l.scan)
		show_unread(&l.model);
	if (l.has_task)
		names_close_target(&l.task);
	view_free(&l.view);
	model_free(&l.model);
	return ret;
}
