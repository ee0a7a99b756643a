/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "explain.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "diag.h"
#include "file.h"
#include "kernel.h"
#include "mnt.h"
#include "nsref.h"

static void used_up(unsigned int flags, struct diag *d)
{
	char path[64];

	for (int type = 0; type < NSTYPE_COUNT; type++) {
		if (!(flags & nstype_table[type].flag))
			continue;
		snprintf(path, sizeof(path), "/proc/sys/user/max_%s_namespaces",
			 nstype_table[type].name);
		if (file_read_number(path) == 0)
			diag_hint(d, "%s is 0", path);
	}
	diag_hint(d, "a limit in /proc/sys/user is reached, here or in an outer user namespace, or namespaces are nested more than 32 deep");
}

static void forbidden(unsigned int flags, struct diag *d)
{
	static const struct {
		const char *path;
		long long off;
	} switches[] = {
		{ "/proc/sys/kernel/unprivileged_userns_clone", 0 },
		{ "/proc/sys/kernel/apparmor_restrict_unprivileged_userns", 1 },
	};

	if (!(flags & CLONE_NEWUSER))
		diag_hint(d, "without a new user namespace this takes CAP_SYS_ADMIN: add --map-root-user (-r)");
	else if (mnt_in_chroot())
		diag_hint(d, "a process in a chroot may make no user namespace");
	else if (file_read_number("/proc/sys/kernel/overflowuid") == (long long)geteuid())
		diag_hint(d, "our own uid is not mapped in the present user namespace");
	for (int i = 0; i < 2; i++)
		if (file_read_number(switches[i].path) == switches[i].off)
			diag_hint(d, "%s is %lld", switches[i].path, switches[i].off);
}

static void unknown(unsigned int flags, struct diag *d)
{
	for (int type = 0; type < NSTYPE_COUNT; type++)
		if ((flags & nstype_table[type].flag) && !nsref_supported(type))
			diag_hint(d, "this kernel has no %s namespaces", nstype_table[type].words);
}

static void too_many(struct diag *d)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NPROC, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
		diag_hint(d, "this user may have %llu processes (ulimit -u)",
			  (unsigned long long)limit.rlim_cur);
}

void explain_new(unsigned int flags, struct diag *d)
{
	if (!flags)
		return;
	if (d->err == ENOSPC || d->err == EUSERS)
		used_up(flags, d);
	else if (d->err == EPERM)
		forbidden(flags, d);
	else if (d->err == EINVAL)
		unknown(flags, d);
	else if (d->err == EAGAIN)
		too_many(d);
}

void explain_helper(const char *name, struct diag *d)
{
	const char *path = getenv("PATH");
	char whole[4096];
	struct stat st;

	if (d->err == ENOENT)
		diag_hint(d, "%s, of package uidmap, writes the maps for who lacks CAP_SETUID and CAP_SETGID", name);
	for (; path && *path && !*d->hint; path += strspn(path, ":")) {
		size_t len = strcspn(path, ":");

		snprintf(whole, sizeof(whole), "%.*s/%s", (int)len, path, name);
		path += len;
		if (stat(whole, &st) < 0)
			continue;
		if (!(st.st_mode & S_ISUID) && getxattr(whole, "security.capability", NULL, 0) <= 0)
			diag_hint(d, "%s is not set-user-ID and has no file capabilities", whole);
		return;
	}
}

void explain_missing(struct diag *d)
{
	struct statfs fs;

	if (d->err != ENOENT || d->status != EXIT_OWN_FAILURE || access("/proc/self", F_OK) == 0)
		return;
	if (statfs("/proc", &fs) < 0 || (uint32_t)fs.f_type != KERNEL_PROC_MAGIC)
		diag_hint(d, "proc is not mounted on /proc");
	else
		diag_hint(d, "the proc on /proc is that of a PID namespace without this process");
}
