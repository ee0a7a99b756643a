/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "outside.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "cred.h"
#include "diag.h"
#include "kernel.h"
#include "mirror.h"
#include "plan.h"
#include "run.h"

int outside_run(struct mirror *m, const struct plan *plan, char *const *argv, char **env,
		const char *name, struct diag *d)
{
	struct run run = { .argv = argv, .env = env, .mask = &plan->mask, .stdout_fd = -1 };
	cleanup_close int fd = -1;
	struct ended child, e;
	pid_t pid;

	if (run_start(&run, &pid, &fd, d) < 0)
		return -1;
	if (!mirror_wait_fd(m, fd, &child))
		kernel_pidfd_send_signal(fd, SIGKILL);
	if (run_wait_end(pid, &e) < 0)
		return diag_fail(d, NULL, "wait for %s", name);
	return run_check(&e, name, d);
}

/* newuidmap and newgidmap print their own reason; what can be found by looking is added. */
static void hint_helper(const char *name, struct diag *d)
{
	const char *path = getenv("PATH");
	char whole[4096];
	struct stat st;

	if (d->err == ENOENT)
		diag_hint(d, "%s(1), of package uidmap, writes maps for who has no CAP_SETUID and CAP_SETGID", name);
	for (; path && *path && !d->err; path += strspn(path, ":")) {
		size_t len = strcspn(path, ":");

		snprintf(whole, sizeof(whole), "%.*s/%s", (int)len, path, name);
		if (stat(whole, &st) == 0) {
			if (!(st.st_mode & S_ISUID))
				diag_hint(d, "%s is not set-user-ID (it may have file capabilities instead)", whole);
			return;
		}
		path += len;
	}
}

static int map_by_helper(struct mirror *m, const struct plan *plan, enum idkind kind,
			 struct diag *d)
{
	cleanup_free char **argv = idmap_helper_argv(&plan->user.map[kind], kind, m->pid);

	if (!argv)
		return diag_fail(d, NULL, "write %s", idmap_file(kind));
	if (outside_run(m, plan, argv, environ, argv[0], d) == 0)
		return 0;
	d->status = EXIT_OWN_FAILURE;
	hint_helper(argv[0], d);
	return -1;
}

static int map_one(struct mirror *m, const struct plan *plan, enum idkind kind, struct diag *d)
{
	const struct idmap *map = &plan->user.map[kind];
	char proc[16];

	if (!map->n)
		return 0;
	if (!cred_has_cap(kind == ID_UID ? KERNEL_CAP_SETUID : KERNEL_CAP_SETGID))
		return map_by_helper(m, plan, kind, d);
	snprintf(proc, sizeof(proc), "%d", (int)m->pid);
	return idmap_write(map, kind, proc, d);
}

/* setgroups before the gid map: afterwards the kernel does not take "deny" any more. */
int outside_map(struct mirror *m, const struct plan *plan, struct diag *d)
{
	const struct user_plan *user = &plan->user;
	char proc[16];

	if (user->writer != MAP_OUTSIDE)
		return 0;
	snprintf(proc, sizeof(proc), "%d", (int)m->pid);
	if (user->setgroups != SETGROUPS_UNCHANGED &&
	    idmap_write_setgroups(user->setgroups == SETGROUPS_ALLOW, proc, d) < 0)
		return -1;
	return map_one(m, plan, ID_UID, d) < 0 ? -1 : map_one(m, plan, ID_GID, d);
}

int outside_pin(struct pin *pins, pid_t pid, const struct plan *plan, struct diag *d)
{
	/* The mount namespace is the first type: one that must be made again has cost no other pin. */
	for (int type = 0; type < NSTYPE_COUNT; type++) {
		int ret;

		if (!plan->pin[type])
			continue;
		ret = pin_make(&pins[type], pid, type, plan->pin[type], plan->make_private, d);
		if (ret) {
			outside_unpin(pins);
			return ret;
		}
	}
	return 0;
}

void outside_unpin(struct pin *pins)
{
	for (int type = NSTYPE_COUNT - 1; type >= 0; type--)
		pin_undo(&pins[type]);
}
