/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "outside.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "caps.h"
#include "cleanup.h"
#include "diag.h"
#include "explain.h"
#include "file.h"
#include "kernel.h"
#include "mirror.h"
#include "plan.h"
#include "run.h"
#include "tree.h"

static int run_mirrored(struct mirror *m, const struct run *run, const char *name, struct diag *d)
{
	cleanup_close int fd = -1;
	struct ended e;
	pid_t pid;

	if (run_start(run, &pid, &fd, d) < 0)
		return -1;
	if (!mirror_wait_fd(m, fd))
		tree_kill(pid);
	if (run_wait_end(pid, &e) < 0)
		return diag_fail(d, NULL, "wait for %s", name);
	return m->ended ? mirror_tell_lost(m, d) : run_check(&e, name, d);
}

int outside_run(const struct outside *o, const struct run *run, const char *name, struct diag *d)
{
	return o->mirror ? run_mirrored(o->mirror, run, name, d) :
			   run_attended(run, name, o->peer, d);
}

/* What newuidmap said becomes part of our one line: it knows the reason best. */
static void quote(int fd, const char *name, struct diag *d)
{
	char text[sizeof(d->path)];
	size_t len = strlen(name);
	char *from = text;

	if (file_read_fd(fd, text, sizeof(text)) <= 0)
		return;
	text[strcspn(text, "\n")] = '\0';
	if (!strncmp(text, name, len) && !strncmp(text + len, ": ", 2))
		from += len + 2;
	snprintf(d->path, sizeof(d->path), "%s", from);
}

static int map_by_helper(const struct outside *o, const struct plan *plan, enum idkind kind,
			 struct diag *d)
{
	cleanup_free char **argv = idmap_helper_argv(&plan->user.map[kind], kind, o->number);
	cleanup_close int in = -1, out = -1;
	struct run run = { .argv = argv, .env = environ, .mask = &plan->mask, .stdout_fd = -1 };
	int ends[2];

	if (!argv || pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
		return diag_fail(d, NULL, "write %s", idmap_file(kind));
	in = ends[0];
	out = run.stderr_fd = ends[1];
	if (outside_run(o, &run, argv[0], d) == 0)
		return 0;
	close(steal_fd(&out));
	if (!o->mirror || !o->mirror->ended) {
		quote(in, argv[0], d);
		explain_helper(argv[0], d);
	}
	return -1;
}

static int map_one(const struct outside *o, const struct plan *plan, enum idkind kind, struct diag *d)
{
	const struct idmap *map = &plan->user.map[kind];

	if (!map->n)
		return 0;
	if (!caps_has(kind == ID_UID ? KERNEL_CAP_SETUID : KERNEL_CAP_SETGID))
		return map_by_helper(o, plan, kind, d);
	return idmap_write(map, kind, o->proc, d);
}

/* newgidmap denies it on its own account when a user maps no group but his own. */
static int check_allowed(const char *proc, struct diag *d)
{
	char path[48], text[16];

	snprintf(path, sizeof(path), "/proc/%s/setgroups", proc);
	if (file_read(path, text, sizeof(text)) < 0)
		return diag_fail(d, path, "look at setgroups");
	if (!strncmp(text, "allow", 5))
		return 0;
	diag_set(d, EPERM, NULL, "allow setgroups");
	return diag_hint(d, "without CAP_SETGID outside, it takes a range of subordinate groups: --map-groups");
}

/* setgroups before the gid map: afterwards the kernel does not take "deny" any more. */
int outside_map(const struct outside *o, const struct plan *plan, struct diag *d)
{
	const struct user_plan *user = &plan->user;
	bool allow = user->setgroups == SETGROUPS_ALLOW;

	if (user->writer != MAP_OUTSIDE)
		return 0;
	if (user->setgroups != SETGROUPS_UNCHANGED && idmap_write_setgroups(allow, o->proc, d) < 0)
		return -1;
	if (map_one(o, plan, ID_UID, d) < 0 || map_one(o, plan, ID_GID, d) < 0)
		return -1;
	return allow ? check_allowed(o->proc, d) : 0;
}

int outside_clocks(const struct outside *o, const struct plan *plan, struct diag *d)
{
	return timens_write(&plan->timens, o->proc, d);
}

/* Open what is to be in the set: FD[NSTYPE_COUNT], -1 for the others. -1 and *d. */
static int open_for_set(int fd[NSTYPE_COUNT], const char *proc, unsigned int types, struct diag *d)
{
	int ret = 0;

	nsref_none(fd);
	for (int type = 0; type < NSTYPE_COUNT; type++) {
		char source[NSREF_PATH];

		if (ret || !(types & nstype_table[type].flag))
			continue;
		fd[type] = open(pin_source(source, proc, type), O_RDONLY | O_CLOEXEC);
		if (fd[type] < 0)
			ret = diag_fail(d, source, "open the new %s namespace", nstype_table[type].words);
	}
	return ret;
}

static int make_set(struct set_made *made, const char *proc, const char *name, unsigned int types,
		    struct diag *d)
{
	struct place place = PLACE_NONE;
	int fd[NSTYPE_COUNT];
	int ret = open_for_set(fd, proc, types, d);

	if (ret == 0)
		ret = set_make(&place, &(struct set_wish){ .name = name, .fd = fd }, made, d);
	nsref_close_all(fd);
	place_close(&place);
	return ret;
}

static int make_pins(struct kept *kept, const char *proc, const struct plan *plan,
		     unsigned int types, struct diag *d)
{
	/* The mount namespace is the first type: one that must be made again has cost no other pin. */
	for (int type = 0; type < NSTYPE_COUNT; type++) {
		char source[NSREF_PATH];
		int ret;

		if (!plan->pin[type] || !(types & nstype_table[type].flag))
			continue;
		ret = pin_make(&kept->pins[type], pin_source(source, proc, type), type,
			       plan->pin[type], plan->make_private, d);
		if (ret)
			return ret;
	}
	return 0;
}

int outside_keep(struct kept *kept, const char *proc, const struct plan *plan, unsigned int types,
		 struct diag *d)
{
	unsigned int in_set = plan->flags & types & ~(unsigned int)CLONE_NEWPID;
	int ret = 0;

	if (plan->set && in_set)
		ret = make_set(&kept->set, proc, plan->set, in_set, d);
	if (ret == 0)
		ret = make_pins(kept, proc, plan, types, d);
	if (ret)
		outside_let_go(kept);
	return ret;
}

void outside_let_go(struct kept *kept)
{
	for (int type = NSTYPE_COUNT - 1; type >= 0; type--)
		pin_undo(&kept->pins[type]);
	set_unmake(&kept->set);
}
