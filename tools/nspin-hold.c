/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nspin.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "diag.h"
#include "env.h"
#include "nsref.h"
#include "place.h"
#include "run.h"
#include "set.h"

/* Room for an assignment. */
#define VARIABLE 40

/* NSPIN_FD_net=5 into VARIABLE, and a descriptor that stays open. */
static int hand_over(struct env_plan *env, char variable[VARIABLE], int type, int fd, struct diag *d)
{
	if (fcntl(fd, F_SETFD, 0) < 0)
		return diag_fail(d, NULL, "keep a descriptor open");
	snprintf(variable, VARIABLE, "NSPIN_FD_%s=%d", nstype_table[type].name, fd);
	return env_add_set(env, variable) < 0 ? diag_fail(d, NULL, "make the environment") : 0;
}

static int run_program(const struct nspin *n, const int fd[NSTYPE_COUNT], struct diag *d)
{
	struct env_plan plan = { .clear = false };
	char variables[NSTYPE_COUNT][VARIABLE];
	char **env;

	for (int type = 0; type < NSTYPE_COUNT; type++)
		if (fd[type] >= 0 && hand_over(&plan, variables[type], type, fd[type], d) < 0)
			return -1;
	env = env_build(&plan, environ);
	if (!env)
		return diag_fail(d, NULL, "make the environment");
	if (n->ignore_chld)
		signal(SIGCHLD, SIG_IGN);
	return run_exec(*n->operands, n->operands, env, NULL, d);
}

static int leave_keeper(const struct nspin *n, struct place *place, const int fd[NSTYPE_COUNT],
			struct diag *d)
{
	struct set_wish wish = { .name = n->keep, .fd = fd, .add = n->add,
				 .missing_only = !n->types, .keeper = true };

	return set_make(place, &wish, NULL, d) ? -1 : 0;
}

int nspin_hold(const struct nspin *n, struct diag *d)
{
	struct nspin_wish wish = { .name = &n->target, .all = n->all || !n->types, .types = n->types };
	struct nspin_known known = NSPIN_KNOWN_NONE;
	int fd[NSTYPE_COUNT];
	int ret;

	ret = nspin_open(&wish, &known, fd, d);
	if (ret == 0)
		ret = n->keep ? leave_keeper(n, &known.place, fd, d) : run_program(n, fd, d);
	nsref_close_all(fd);
	nspin_forget(&known);
	return ret;
}
