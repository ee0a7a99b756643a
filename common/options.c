/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "options.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "diag.h"
#include "number.h"
#include "plan.h"
#include "set.h"

enum {
	OPT_MAKE_PRIVATE = OPT_LAUNCH,
	OPT_PIN,
	OPT_MAP_USER,
	OPT_MAP_GROUP,
	OPT_MAP_USERS,
	OPT_MAP_GROUPS,
	OPT_MAP_AUTO,
	OPT_MAP_SUBIDS,
	OPT_OWNER,
	OPT_SETGROUPS,
	OPT_KEEP_CAPS,
	OPT_NO_NEW_PRIVS,
	OPT_NEW_KEYRING,
	OPT_PROPAGATION,
	OPT_MOUNT_PROC,
	OPT_MOUNT_SYS,
	OPT_MOUNT_BINFMT,
	OPT_HOSTNAME,
	OPT_DOMAINNAME,
	OPT_LOOPBACK,
	OPT_MONOTONIC,
	OPT_BOOTTIME,
	OPT_SETUP,
	OPT_CLEAR_ENV,
	OPT_KEEP_ENV,
	OPT_SETENV,
	OPT_CLOSE_FDS,
};

const struct option options_launch[] = {
	{ "all", no_argument, NULL, 'a' },
	{ "make-private", no_argument, NULL, OPT_MAKE_PRIVATE },
	{ "pin", required_argument, NULL, OPT_PIN },
	{ "map-root-user", no_argument, NULL, 'r' },
	{ "map-current-user", no_argument, NULL, 'c' },
	{ "map-user", required_argument, NULL, OPT_MAP_USER },
	{ "map-group", required_argument, NULL, OPT_MAP_GROUP },
	{ "map-users", required_argument, NULL, OPT_MAP_USERS },
	{ "map-groups", required_argument, NULL, OPT_MAP_GROUPS },
	{ "map-auto", no_argument, NULL, OPT_MAP_AUTO },
	{ "map-subids", no_argument, NULL, OPT_MAP_SUBIDS },
	{ "owner", required_argument, NULL, OPT_OWNER },
	{ "setgroups", required_argument, NULL, OPT_SETGROUPS },
	{ "setuid", required_argument, NULL, 'S' },
	{ "setgid", required_argument, NULL, 'G' },
	{ "propagation", required_argument, NULL, OPT_PROPAGATION },
	{ "root", required_argument, NULL, 'R' },
	{ "wd", required_argument, NULL, 'w' },
	{ "mount-proc", optional_argument, NULL, OPT_MOUNT_PROC },
	{ "mount-sys", optional_argument, NULL, OPT_MOUNT_SYS },
	{ "mount-binfmt", optional_argument, NULL, OPT_MOUNT_BINFMT },
	{ "load-interp", required_argument, NULL, 'l' },
	{ "hostname", required_argument, NULL, OPT_HOSTNAME },
	{ "domainname", required_argument, NULL, OPT_DOMAINNAME },
	{ "loopback", no_argument, NULL, OPT_LOOPBACK },
	{ "monotonic", required_argument, NULL, OPT_MONOTONIC },
	{ "boottime", required_argument, NULL, OPT_BOOTTIME },
	{ "setup", required_argument, NULL, OPT_SETUP },
	{ NULL, 0, NULL, 0 },
};

const struct option options_program[] = {
	{ "keep-caps", no_argument, NULL, OPT_KEEP_CAPS },
	{ "no-new-privs", no_argument, NULL, OPT_NO_NEW_PRIVS },
	{ "new-keyring", no_argument, NULL, OPT_NEW_KEYRING },
	{ "clear-env", no_argument, NULL, OPT_CLEAR_ENV },
	{ "keep-env", required_argument, NULL, OPT_KEEP_ENV },
	{ "whitelist-env", required_argument, NULL, OPT_KEEP_ENV },
	{ "setenv", required_argument, NULL, OPT_SETENV },
	{ "close-fds", optional_argument, NULL, OPT_CLOSE_FDS },
	{ NULL, 0, NULL, 0 },
};

const char options_launch_letters[] = "arcS:G:R:w:l:";

const char options_launch_usage[] =
"Namespaces (=FILE: also keep the new one alive by a bind mount on FILE):\n"
" -m, --mount[=FILE]          mount namespace\n"
" -u, --uts[=FILE]            UTS namespace (hostname, domainname)\n"
" -i, --ipc[=FILE]            IPC namespace\n"
" -n, --net[=FILE]            network namespace\n"
" -p, --pid[=FILE]            PID namespace\n"
" -U, --user[=FILE]           user namespace\n"
" -C, --cgroup[=FILE]         cgroup namespace\n"
" -T, --time[=FILE]           time namespace\n"
" -a, --all                   every type that this kernel has, but user\n"
"     --make-private          make the directory of each FILE a private mount\n"
"     --pin NAME              keep the new ones, but pid, as the set NAME\n"
"\n"
"Identity (the --map- options, -r, -c, --owner, --setgroups imply -U):\n"
" -r, --map-root-user         map the effective uid and gid to 0\n"
" -c, --map-current-user      map the effective uid and gid to themselves\n"
"     --map-user N|NAME       map the effective uid to N\n"
"     --map-group N|NAME      map the effective gid to N\n"
"     --map-users IN:OUT:COUNT|auto|subids|all\n"
"                             map a block of uids, or one's subordinate uids\n"
"                             from 0 on or as they are, or all that there are\n"
"     --map-groups ...        the same for gids\n"
"     --map-auto              --map-users auto --map-groups auto\n"
"     --map-subids            --map-users subids --map-groups subids\n"
"     --owner UID:GID         owner of the new user namespace\n"
"     --setgroups allow|deny  setgroups(2) in the new user namespace\n"
" -S, --setuid N|NAME         uid of the program\n"
" -G, --setgid N|NAME         gid of the program; no supplementary groups\n"
"     --keep-caps             the program keeps its capabilities in a new user\n"
"                             namespace\n"
"     --no-new-privs          no set-user-ID, no file capabilities from here on\n"
"     --new-keyring           the program gets an empty session keyring\n"
"\n"
"Files (DIR beneath the new root, if there is one):\n"
"     --propagation private|shared|slave|unchanged\n"
"                             of all mounts (private)\n"
" -R, --root DIR              make DIR the root directory\n"
" -w, --wd DIR                working directory\n"
"     --mount-proc[=DIR]      mount proc on DIR (/proc)\n"
"     --mount-sys[=DIR]       mount sysfs on DIR (/sys)\n"
"     --mount-binfmt[=DIR]    mount binfmt_misc (/proc/sys/fs/binfmt_misc)\n"
" -l, --load-interp FORMAT    register a binary format with binfmt_misc\n"
"\n"
"The new world:\n"
"     --hostname NAME         set the hostname\n"
"     --domainname NAME       set the NIS domain name\n"
"     --loopback              bring the loopback interface up\n"
"     --monotonic SECONDS     offset of CLOCK_MONOTONIC, as in -1.5\n"
"     --boottime SECONDS      offset of CLOCK_BOOTTIME\n"
"     --setup COMMAND         run a shell command inside before the program\n"
"\n";

const char options_program_usage[] =
"Environment:\n"
"     --clear-env             start from an empty environment\n"
"     --keep-env LIST         keep these variables only (--whitelist-env)\n"
"     --setenv NAME=VALUE     set a variable\n"
"     --close-fds[=FD,...]    close all descriptors over 2 but these\n";

static int take_type(struct plan *plan, int type, const char *file, struct diag *d)
{
	if (file && !*file)
		return diag_usage(d, "--%s=: the name of the file is empty", nstype_table[type].option);
	plan->flags |= nstype_table[type].flag;
	if (file)
		plan->pin[type] = file;
	return 0;
}

static int take_set(struct plan *plan, const char *name, struct diag *d)
{
	plan->set = name;
	return set_check_name(name, "--pin", d);
}

static void map_single(struct plan *plan, enum idkind kind, bool own, uint32_t id)
{
	struct idspec *spec = &plan->user.spec[kind];

	plan->flags |= CLONE_NEWUSER;
	spec->single = true;
	spec->single_own = own;
	spec->single_id = id;
}

static int map_named(struct plan *plan, enum idkind kind, const char *text, struct diag *d)
{
	uint32_t id;

	if (kind == ID_UID ? cred_parse_user(text, "--map-user", &id, d) < 0 :
			     cred_parse_group(text, "--map-group", &id, d) < 0)
		return -1;
	map_single(plan, kind, false, id);
	return 0;
}

static int map_blocks(struct plan *plan, enum idkind kind, const char *text, struct diag *d)
{
	plan->flags |= CLONE_NEWUSER;
	return idmap_add_block(&plan->user.spec[kind], kind, text, d);
}

static int map_both(struct plan *plan, const char *word, struct diag *d)
{
	return map_blocks(plan, ID_UID, word, d) < 0 ? -1 : map_blocks(plan, ID_GID, word, d);
}

static int take_owner(struct plan *plan, const char *arg, struct diag *d)
{
	const char *colon = strchr(arg, ':');
	char uid[256];

	if (!colon || (size_t)(colon - arg) >= sizeof(uid))
		return diag_usage(d, "--owner: '%s' is not UID:GID", arg);
	memcpy(uid, arg, (size_t)(colon - arg));
	uid[colon - arg] = '\0';
	plan->flags |= CLONE_NEWUSER;
	plan->user.set_owner = true;
	if (cred_parse_user(uid, "--owner", &plan->user.owner_uid, d) < 0)
		return -1;
	return cred_parse_group(colon + 1, "--owner", &plan->user.owner_gid, d);
}

static int take_setgroups(struct plan *plan, const char *arg, struct diag *d)
{
	plan->flags |= CLONE_NEWUSER;
	if (!strcmp(arg, "allow"))
		plan->user.setgroups = SETGROUPS_ALLOW;
	else if (!strcmp(arg, "deny"))
		plan->user.setgroups = SETGROUPS_DENY;
	else
		return diag_usage(d, "--setgroups: '%s' is not allow or deny", arg);
	return 0;
}

static int take_offset(struct plan *plan, struct timens_offset *offset, const char *option,
		       const char *arg, struct diag *d)
{
	if (number_parse_seconds(arg, &offset->sec, &offset->nsec) < 0)
		return diag_usage(d, errno == ERANGE ? "%s: '%s' is too large or too fine" :
						       "%s: '%s' is no number of seconds",
				  option, arg);
	plan->flags |= CLONE_NEWTIME;
	offset->set = true;
	return 0;
}

/* The kernel takes 64 bytes; see uts_namespaces(7), sethostname(2). */
static int take_name(struct plan *plan, const char **name, const char *option,
		     const char *arg, struct diag *d)
{
	if (!*arg || strlen(arg) > 64)
		return diag_usage(d, "%s: a name has 1 to 64 bytes", option);
	plan->flags |= CLONE_NEWUTS;
	*name = arg;
	return 0;
}

static int take_dir(struct plan *plan, const char **dir, const char *option, unsigned int flags,
		    const char *arg, struct diag *d)
{
	if (!*arg)
		return diag_usage(d, "%s: the name of the directory is empty", option);
	plan->flags |= flags;
	*dir = arg;
	return 0;
}

static int take_env(int ret, const char *option, const char *arg, struct diag *d)
{
	if (ret == 0)
		return 0;
	if (errno == EINVAL)
		return diag_usage(d, "%s: '%s' is not NAME=VALUE", option, arg);
	return diag_fail(d, NULL, "%s", option);
}

static int take_close(struct close_plan *plan, const char *arg, struct diag *d)
{
	const int capacity = (int)(sizeof(plan->keep) / sizeof(*plan->keep));
	int n = 0;

	plan->all = true;
	if (arg)
		n = number_parse_list(arg, 0, INT_MAX, plan->keep + plan->n_keep,
				      capacity - plan->n_keep);
	if (n < 0 && errno == E2BIG)
		return diag_usage(d, "--close-fds: at most %d descriptors can be kept", capacity);
	if (n < 0)
		return diag_usage(d, "--close-fds: '%s' is no list of descriptors", arg);
	plan->n_keep += n;
	return 0;
}

static int take_interp(struct plan *plan, const char *arg)
{
	plan->flags |= CLONE_NEWNS | CLONE_NEWUSER;
	plan->mnt.interp = arg;
	return 0;
}

static int take_identity(struct plan *plan, int opt, const char *arg, struct diag *d)
{
	struct cred_plan *cred = &plan->cred;

	switch (opt) {
	case 'r':
	case 'c':
		map_single(plan, ID_UID, opt == 'c', 0);
		map_single(plan, ID_GID, opt == 'c', 0);
		return 0;
	case OPT_MAP_USER:
		return map_named(plan, ID_UID, arg, d);
	case OPT_MAP_GROUP:
		return map_named(plan, ID_GID, arg, d);
	case OPT_MAP_USERS:
		return map_blocks(plan, ID_UID, arg, d);
	case OPT_MAP_GROUPS:
		return map_blocks(plan, ID_GID, arg, d);
	case OPT_MAP_AUTO:
		return map_both(plan, "auto", d);
	case OPT_MAP_SUBIDS:
		return map_both(plan, "subids", d);
	case OPT_OWNER:
		return take_owner(plan, arg, d);
	case OPT_SETGROUPS:
		return take_setgroups(plan, arg, d);
	case 'S':
		cred->set_uid = true;
		return cred_parse_user(arg, "--setuid", &cred->uid, d);
	case 'G':
		cred->set_gid = true;
		return cred_parse_group(arg, "--setgid", &cred->gid, d);
	case OPT_KEEP_CAPS:
		cred->keep_caps = true;
		return 0;
	case OPT_NO_NEW_PRIVS:
		cred->no_new_privs = true;
		return 0;
	case OPT_NEW_KEYRING:
		cred->keyring = KEYRING_FORCE;
		return 0;
	}
	return 1;
}

static int take_world(struct plan *plan, int opt, const char *arg, struct diag *d)
{
	const unsigned int mnt = CLONE_NEWNS;

	switch (opt) {
	case OPT_PROPAGATION:
		return mnt_parse_propagation(arg, &plan->mnt.propagation, d);
	case 'R':
		return take_dir(plan, &plan->mnt.root, "--root",
				plan->door == DOOR_CLONE ? mnt : 0, arg, d);
	case 'w':
		return take_dir(plan, &plan->wd, "--wd", 0, arg, d);
	case OPT_MOUNT_PROC:
		return take_dir(plan, &plan->mnt.proc, "--mount-proc", mnt, arg ? arg : "/proc", d);
	case OPT_MOUNT_SYS:
		return take_dir(plan, &plan->mnt.sys, "--mount-sys", mnt, arg ? arg : "/sys", d);
	case OPT_MOUNT_BINFMT:
		return take_dir(plan, &plan->mnt.binfmt, "--mount-binfmt", mnt | CLONE_NEWUSER,
				arg ? arg : mnt_binfmt_place, d);
	case 'l':
		return take_interp(plan, arg);
	case OPT_HOSTNAME:
		return take_name(plan, &plan->hostname, "--hostname", arg, d);
	case OPT_DOMAINNAME:
		return take_name(plan, &plan->domainname, "--domainname", arg, d);
	case OPT_LOOPBACK:
		plan->flags |= CLONE_NEWNET;
		plan->loopback = true;
		return 0;
	case OPT_MONOTONIC:
		return take_offset(plan, &plan->timens.monotonic, "--monotonic", arg, d);
	case OPT_BOOTTIME:
		return take_offset(plan, &plan->timens.boottime, "--boottime", arg, d);
	case OPT_SETUP:
		plan->setup = arg;
		return 0;
	}
	return 1;
}

static int take_environment(struct plan *plan, int opt, const char *arg, struct diag *d)
{
	switch (opt) {
	case OPT_CLEAR_ENV:
		plan->env_plan.clear = true;
		return 0;
	case OPT_KEEP_ENV:
		return take_env(env_add_keep(&plan->env_plan, arg), "--keep-env", arg, d);
	case OPT_SETENV:
		return take_env(env_add_set(&plan->env_plan, arg), "--setenv", arg, d);
	case OPT_CLOSE_FDS:
		return take_close(&plan->close, arg, d);
	}
	return 1;
}

int options_launch_take(struct plan *plan, int opt, const char *arg, struct diag *d)
{
	int type = nstype_by_letter(opt);
	int ret = 1;

	if (type >= 0)
		ret = take_type(plan, type, arg, d);
	else if (opt == 'a')
		ret = !(plan->all = true);
	else if (opt == OPT_MAKE_PRIVATE)
		ret = !(plan->make_private = true);
	else if (opt == OPT_PIN)
		ret = take_set(plan, arg, d);
	if (ret > 0)
		ret = take_identity(plan, opt, arg, d);
	if (ret > 0)
		ret = take_world(plan, opt, arg, d);
	if (ret > 0)
		ret = take_environment(plan, opt, arg, d);
	return ret < 0 ? -1 : !ret;
}

int options_parse_signal(const char *text, const char *option, int *sig, struct diag *d)
{
	static const struct {
		const char *name;
		int sig;
	} names[] = {
		{ "HUP", SIGHUP }, { "INT", SIGINT }, { "QUIT", SIGQUIT }, { "ILL", SIGILL },
		{ "TRAP", SIGTRAP }, { "ABRT", SIGABRT }, { "BUS", SIGBUS }, { "FPE", SIGFPE },
		{ "KILL", SIGKILL }, { "USR1", SIGUSR1 }, { "SEGV", SIGSEGV },
		{ "USR2", SIGUSR2 }, { "PIPE", SIGPIPE }, { "ALRM", SIGALRM },
		{ "TERM", SIGTERM }, { "CHLD", SIGCHLD }, { "CONT", SIGCONT },
		{ "STOP", SIGSTOP }, { "TSTP", SIGTSTP }, { "TTIN", SIGTTIN },
		{ "TTOU", SIGTTOU }, { "URG", SIGURG }, { "XCPU", SIGXCPU },
		{ "XFSZ", SIGXFSZ }, { "VTALRM", SIGVTALRM }, { "PROF", SIGPROF },
		{ "WINCH", SIGWINCH }, { "IO", SIGIO }, { "POLL", SIGIO }, { "SYS", SIGSYS },
#ifdef SIGPWR
		{ "PWR", SIGPWR },
#endif
	};
	const char *name = strncasecmp(text, "SIG", 3) ? text : text + 3;
	uint64_t value;

	if (number_parse(text, (uint64_t)SIGRTMAX, &value) == 0 && value > 0) {
		*sig = (int)value;
		return 0;
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (!strcasecmp(name, names[i].name)) {
			*sig = names[i].sig;
			return 0;
		}
	}
	return diag_usage(d, "%s: '%s' is no signal", option, text);
}

int options_take_kill(struct plan *plan, const char *arg, struct diag *d)
{
	if (!plan->parent_death)
		plan->parent_death = SIGKILL;
	return arg ? options_parse_signal(arg, "--kill-child", &plan->parent_death, d) : 0;
}
