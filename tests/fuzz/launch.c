// SPDX-License-Identifier: GPL-2.0-or-later
/* Launch options, one after the other: common/options.h. */
#include "models.h"

#include <getopt.h>
#include <grp.h>
#include <inttypes.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "options.h"
#include "plan.h"

enum kind {
	TAKES_ANY,	/* nothing, or any text */
	TAKES_FILE,	/* nothing, or a text that is not empty */
	TAKES_BOTH_MAPS,/* nothing; a block is added to each of the two maps */
	TAKES_UID,
	TAKES_GID,
	TAKES_MAP_UID,
	TAKES_MAP_GID,
	TAKES_UID_BLOCK,
	TAKES_GID_BLOCK,
	TAKES_OWNER,
	TAKES_SETGROUPS,
	TAKES_PROPAGATION,
	TAKES_HOSTNAME,
	TAKES_DOMAINNAME,
	TAKES_MONOTONIC,
	TAKES_BOOTTIME,
	TAKES_SETENV,
	TAKES_FDS,
};

/* An option that is not here need only return. */
static const struct rule {
	const char *name;
	enum kind kind;
	int flags; /* what it implies, for nsclone */
} rules[] = {
	{ "mount", TAKES_FILE, CLONE_NEWNS },
	{ "uts", TAKES_FILE, CLONE_NEWUTS },
	{ "ipc", TAKES_FILE, CLONE_NEWIPC },
	{ "net", TAKES_FILE, CLONE_NEWNET },
	{ "pid", TAKES_FILE, CLONE_NEWPID },
	{ "user", TAKES_FILE, CLONE_NEWUSER },
	{ "cgroup", TAKES_FILE, CLONE_NEWCGROUP },
	{ "time", TAKES_FILE, CLONE_NEWTIME },
	{ "all", TAKES_ANY, 0 },
	{ "make-private", TAKES_ANY, 0 },
	{ "map-root-user", TAKES_ANY, CLONE_NEWUSER },
	{ "map-current-user", TAKES_ANY, CLONE_NEWUSER },
	{ "map-user", TAKES_MAP_UID, CLONE_NEWUSER },
	{ "map-group", TAKES_MAP_GID, CLONE_NEWUSER },
	{ "map-users", TAKES_UID_BLOCK, CLONE_NEWUSER },
	{ "map-groups", TAKES_GID_BLOCK, CLONE_NEWUSER },
	{ "map-auto", TAKES_BOTH_MAPS, CLONE_NEWUSER },
	{ "map-subids", TAKES_BOTH_MAPS, CLONE_NEWUSER },
	{ "owner", TAKES_OWNER, CLONE_NEWUSER },
	{ "setgroups", TAKES_SETGROUPS, CLONE_NEWUSER },
	{ "setuid", TAKES_UID, 0 },
	{ "setgid", TAKES_GID, 0 },
	{ "keep-caps", TAKES_ANY, 0 },
	{ "no-new-privs", TAKES_ANY, 0 },
	{ "propagation", TAKES_PROPAGATION, 0 },
	{ "root", TAKES_FILE, CLONE_NEWNS },
	{ "wd", TAKES_FILE, 0 },
	{ "mount-proc", TAKES_FILE, CLONE_NEWNS },
	{ "mount-sys", TAKES_FILE, CLONE_NEWNS },
	{ "mount-binfmt", TAKES_FILE, CLONE_NEWNS | CLONE_NEWUSER },
	{ "load-interp", TAKES_ANY, CLONE_NEWNS | CLONE_NEWUSER },
	{ "hostname", TAKES_HOSTNAME, CLONE_NEWUTS },
	{ "domainname", TAKES_DOMAINNAME, CLONE_NEWUTS },
	{ "loopback", TAKES_ANY, CLONE_NEWNET },
	{ "monotonic", TAKES_MONOTONIC, CLONE_NEWTIME },
	{ "boottime", TAKES_BOOTTIME, CLONE_NEWTIME },
	{ "setup", TAKES_ANY, 0 },
	{ "clear-env", TAKES_ANY, 0 },
	{ "keep-env", TAKES_ANY, 0 },
	{ "whitelist-env", TAKES_ANY, 0 },
	{ "setenv", TAKES_SETENV, 0 },
	{ "close-fds", TAKES_FDS, 0 },
};

static const char *const setgroups_words[] = { "allow", "deny" };

enum { LAUNCH_OPTIONS = 4 };

/* What the model knows of the options before this one. */
struct launch {
	struct plan plan;
	unsigned int flags;
	unsigned int blocks[2];
	int n_keep;
	size_t n_set;
	struct text arg[LAUNCH_OPTIONS]; /* the plan points to them */
};

static void make_launch_id(struct text *t)
{
	if (one_in(6))
		put(t, "root");
	else
		make_number(t, 4294967294);
}

/* One of the lengths that matter, or any. */
static void make_filler(struct text *t)
{
	static const unsigned int lengths[] = { 0, 1, 63, 64, 65 };
	unsigned int n = one_in(2) ? choose(80) : lengths[choose(COUNT(lengths))];

	while (n--)
		put_char(t, 'x');
}

static void make_argument(struct text *t, enum kind kind)
{
	switch (kind) {
	case TAKES_OWNER:
		make_launch_id(t);
		put_char(t, ':');
		make_launch_id(t);
		mutate(t);
		return;
	case TAKES_UID:
	case TAKES_GID:
	case TAKES_MAP_UID:
	case TAKES_MAP_GID:
		make_launch_id(t);
		mutate(t);
		return;
	case TAKES_UID_BLOCK:
	case TAKES_GID_BLOCK:
		make_block(t);
		return;
	case TAKES_SETGROUPS:
		make_word(t, setgroups_words, COUNT(setgroups_words));
		return;
	case TAKES_PROPAGATION:
		make_word(t, propagations, COUNT(propagations));
		return;
	case TAKES_MONOTONIC:
	case TAKES_BOOTTIME:
		make_seconds(t);
		return;
	case TAKES_SETENV:
		make_variable(t);
		return;
	case TAKES_FDS:
		make_list(t, 0, INT_MAX, one_in(2) ? 64 : 8);
		return;
	default:
		make_filler(t);
		mutate(t);
	}
}

/* A number; or a name, which the user database knows and no model does. */
static void model_id(const char *text, bool group, char *want, size_t size)
{
	const struct passwd *pw;
	const struct group *gr;

	model_number(text, 4294967294, want, size);
	if (*want != 'E')
		return;
	snprintf(want, size, "E");
	if (!*text || strchr("+-" DIGITS, *text))
		return;
	if (group) {
		gr = getgrnam(text);
		if (gr)
			snprintf(want, size, "%u", (unsigned int)gr->gr_gid);
	} else {
		pw = getpwnam(text);
		if (pw)
			snprintf(want, size, "%u", (unsigned int)pw->pw_uid);
	}
}

static void model_owner(const char *text, char *want, size_t size)
{
	const char *colon = strchr(text, ':');
	char uid[sizeof(struct text)], owner[32], group[32];

	snprintf(want, size, "E");
	if (!colon || colon - text > 255)
		return;
	memcpy(uid, text, (size_t)(colon - text));
	uid[colon - text] = '\0';
	model_id(uid, false, owner, sizeof(owner));
	model_id(colon + 1, true, group, sizeof(group));
	if (*owner != 'E' && *group != 'E')
		snprintf(want, size, "%s:%s", owner, group);
}

static void model_name(const char *text, char *want, size_t size)
{
	size_t len = strlen(text);

	if (len >= 1 && len <= (broken() ? 63 : 64))
		snprintf(want, size, "'%s'", text);
	else
		snprintf(want, size, "E");
}

static void model_assignment(const char *text, char *want, size_t size)
{
	if (is_assignment(text))
		snprintf(want, size, "'%s'", text);
	else
		snprintf(want, size, "E");
}

/* ARG may be NULL. */
static void model_argument(const struct launch *l, enum kind kind, const char *arg,
			   char *want, size_t size)
{
	snprintf(want, size, "taken");
	if (!arg && kind != TAKES_BOTH_MAPS)
		return;
	switch (kind) {
	case TAKES_ANY:
		return;
	case TAKES_FILE:
		snprintf(want, size, "%s", *arg ? "taken" : "E");
		return;
	case TAKES_BOTH_MAPS:
		return;
	case TAKES_UID:
	case TAKES_MAP_UID:
		model_id(arg, false, want, size);
		return;
	case TAKES_GID:
	case TAKES_MAP_GID:
		model_id(arg, true, want, size);
		return;
	case TAKES_UID_BLOCK:
	case TAKES_GID_BLOCK:
		model_block(arg, want, size);
		return;
	case TAKES_OWNER:
		model_owner(arg, want, size);
		return;
	case TAKES_SETGROUPS:
		model_word(arg, setgroups_words, COUNT(setgroups_words), want, size);
		return;
	case TAKES_PROPAGATION:
		model_word(arg, propagations, COUNT(propagations), want, size);
		return;
	case TAKES_HOSTNAME:
	case TAKES_DOMAINNAME:
		model_name(arg, want, size);
		return;
	case TAKES_MONOTONIC:
	case TAKES_BOOTTIME:
		model_seconds(arg, want, size);
		return;
	case TAKES_SETENV:
		model_assignment(arg, want, size);
		return;
	case TAKES_FDS:
		model_list(arg, 0, INT_MAX, 64 - l->n_keep, want, size);
		return;
	}
}

static void say_offset(char *got, size_t size, const struct timens_offset *o)
{
	if (o->set)
		snprintf(got, size, "%" PRId64 " %" PRId32, o->sec, o->nsec);
}

static void say_map(char *got, size_t size, const struct idspec *s, bool single)
{
	if (!single && s->n)
		say_block(got, size, &s->block[s->n - 1]);
	else if (single && s->single && !s->single_own)
		snprintf(got, size, "%u", s->single_id);
}

static void say_cred(char *got, size_t size, const struct cred_plan *c, bool group)
{
	if (group ? c->set_gid : c->set_uid)
		snprintf(got, size, "%u", group ? c->gid : c->uid);
}

static void say_user(char *got, size_t size, const struct user_plan *u, bool owner)
{
	if (owner && u->set_owner)
		snprintf(got, size, "%u:%u", u->owner_uid, u->owner_gid);
	else if (!owner && u->setgroups != SETGROUPS_UNCHANGED)
		snprintf(got, size, "%s", u->setgroups == SETGROUPS_ALLOW ? "allow" : "deny");
}

/* What the option has put into the plan, in the form of model_argument(). */
static void say_argument(const struct launch *l, enum kind kind, const char *arg, char *got,
			 size_t size)
{
	const struct plan *p = &l->plan;

	snprintf(got, size, "nothing");
	switch (kind) {
	case TAKES_ANY:
	case TAKES_FILE:
	case TAKES_BOTH_MAPS:
		snprintf(got, size, "taken");
		return;
	case TAKES_UID:
	case TAKES_GID:
		say_cred(got, size, &p->cred, kind == TAKES_GID);
		return;
	case TAKES_MAP_UID:
	case TAKES_UID_BLOCK:
		say_map(got, size, &p->user.spec[ID_UID], kind == TAKES_MAP_UID);
		return;
	case TAKES_MAP_GID:
	case TAKES_GID_BLOCK:
		say_map(got, size, &p->user.spec[ID_GID], kind == TAKES_MAP_GID);
		return;
	case TAKES_OWNER:
	case TAKES_SETGROUPS:
		say_user(got, size, &p->user, kind == TAKES_OWNER);
		return;
	case TAKES_PROPAGATION:
		snprintf(got, size, "%s", say_propagation(p->mnt.propagation));
		return;
	case TAKES_HOSTNAME:
	case TAKES_DOMAINNAME:
		snprintf(got, size, "'%s'", kind == TAKES_HOSTNAME ? p->hostname : p->domainname);
		return;
	case TAKES_MONOTONIC:
	case TAKES_BOOTTIME:
		say_offset(got, size, kind == TAKES_BOOTTIME ? &p->timens.boottime :
							       &p->timens.monotonic);
		return;
	case TAKES_SETENV:
		if (p->env_plan.n_set > l->n_set)
			snprintf(got, size, "'%s'", p->env_plan.set[l->n_set]);
		return;
	case TAKES_FDS:
		if (arg)
			say_list(got, size, p->close.keep + l->n_keep, p->close.n_keep - l->n_keep);
		else
			snprintf(got, size, "taken");
		return;
	}
}

static const struct rule *find_rule(const char *name)
{
	for (size_t i = 0; i < COUNT(rules); i++)
		if (!strcmp(rules[i].name, name))
			return &rules[i];
	return NULL;
}

/* Count what has been taken, and see whether the plan has just that much. */
static void check_plan(struct launch *l, const struct rule *rule, const char *input)
{
	const struct plan *p = &l->plan;
	enum kind kind = rule->kind;

	l->flags |= (unsigned int)rule->flags;
	l->blocks[ID_UID] += kind == TAKES_BOTH_MAPS || kind == TAKES_UID_BLOCK;
	l->blocks[ID_GID] += kind == TAKES_BOTH_MAPS || kind == TAKES_GID_BLOCK;
	l->n_set += kind == TAKES_SETENV;
	if (kind == TAKES_FDS)
		l->n_keep = p->close.n_keep;
	if (p->flags != l->flags)
		differ(input, "it implies other types of namespaces", "those of its rule");
	if (p->user.spec[ID_UID].n != l->blocks[ID_UID] ||
	    p->user.spec[ID_GID].n != l->blocks[ID_GID] || p->env_plan.n_set != l->n_set ||
	    p->close.n_keep != l->n_keep)
		differ(input, "other blocks, assignments or descriptors than asked for", "those");
}

/* The same as before in one of three cases: some options add up. */
static const struct option *choose_option(const struct option *before)
{
	static struct option types[NSTYPE_COUNT + 1];
	const struct option *o = one_in(6) ? options_program : one_in(4) ? types : options_launch;

	nstype_options(types);
	if (before && one_in(3))
		return before;
	for (unsigned int n = choose(COUNT(rules)); n && o[1].name; n--)
		o++;
	return o;
}

/* Option O with an argument made for it; false: it was refused. */
static bool take_option(struct launch *l, const struct option *o, struct text *t)
{
	char got[sizeof(struct text)], want[sizeof(struct text)], input[sizeof(struct text) + 32];
	const struct rule *rule = find_rule(o->name);
	const char *arg = NULL;
	struct diag d = { 0 };
	int ret;

	t->n = 0;
	t->s[0] = '\0';
	if (o->has_arg == required_argument || (o->has_arg == optional_argument && !one_in(3))) {
		make_argument(t, rule ? rule->kind : TAKES_ANY);
		arg = t->s;
	}
	snprintf(input, sizeof(input), "--%s%s%s", o->name, arg ? "=" : "", t->s);
	ret = options_launch_take(&l->plan, o->val, arg, &d);
	snprintf(got, sizeof(got), "%s", check_diag(input, ret, &d));
	if (ret == 0)
		differ(input, "no launch option", "a launch option");
	if (!rule)
		return false;
	model_argument(l, rule->kind, arg, want, sizeof(want));
	if (*want == 'E')
		snprintf(want, sizeof(want), "E"); /* which error, the text says */
	if (ret > 0)
		say_argument(l, rule->kind, arg, got, sizeof(got));
	compare(input, got, want);
	if (ret > 0)
		check_plan(l, rule, input);
	return ret > 0;
}

static bool stands_in(const struct option *table, int opt)
{
	for (const struct option *o = table; o->name; o++)
		if (o->val == opt)
			return true;
	return false;
}

/* getopt's value of an option that is in neither table, or of none. */
static void check_strange_option(struct launch *l)
{
	int opt = one_in(2) ? (int)choose(1024) - 64 : (int)OPT_TOOL + (int)choose(16);
	struct diag d = { 0 };
	char input[32];

	if (stands_in(options_launch, opt) || stands_in(options_program, opt) ||
	    nstype_by_letter(opt) >= 0)
		return;
	snprintf(input, sizeof(input), "option value %d", opt);
	if (options_launch_take(&l->plan, opt, "1", &d) != 0)
		differ(input, "a launch option", "none");
}

bool round_launch(void)
{
	static struct launch l;
	const struct option *o = NULL;
	bool good = true;

	memset(&l.plan, 0, sizeof(l.plan));
	l.plan.door = DOOR_CLONE;
	l.flags = l.blocks[0] = l.blocks[1] = 0;
	l.n_keep = 0;
	l.n_set = 0;
	check_strange_option(&l);
	for (unsigned int i = 0; good && i < LAUNCH_OPTIONS; i++) {
		o = choose_option(o);
		good = take_option(&l, o, &l.arg[i]);
	}
	free(l.plan.env_plan.keep);
	free(l.plan.env_plan.set);
	return good;
}
