/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "members.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "diag.h"
#include "file.h"
#include "keeper.h"
#include "nsref.h"
#include "pin.h"
#include "target.h"

/* Room for "/proc/self/fd/N/TYPE". */
#define MEMBER_PATH 48

static char *member_path(char path[MEMBER_PATH], int dir, const char *file)
{
	snprintf(path, MEMBER_PATH, "/proc/self/fd/%d/%s", dir, file);
	return path;
}

static int fail_elsewhere(const char *set, struct diag *d)
{
	return diag_set(d, 0, NULL, "the set %s is kept by a process that cannot be seen from here", set);
}

static int open_pins(const char *name, int dir, int fd[NSTYPE_COUNT], struct diag *d)
{
	for (int type = 0; type < NSTYPE_COUNT; type++) {
		const char *file = nstype_table[type].name;
		int found = type;

		fd[type] = openat(dir, file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
		if (fd[type] < 0 && errno != ENOENT)
			return diag_fail(d, file, "open the %s namespace of the set %s", nstype_table[type].words, name);
		if (fd[type] >= 0 && nsref_check(fd[type], &found, file, d) < 0) {
			diag_set(d, 0, NULL, "the %s namespace of the set %s is not mounted here",
				 nstype_table[type].words, name);
			return diag_hint(d, "pins are there in the mount namespace in which they were made, and in its copies");
		}
	}
	return 0;
}

static int open_kept(const struct keeper *k, const char *name, int fd[NSTYPE_COUNT], struct diag *d)
{
	for (int type = 0; type < NSTYPE_COUNT; type++) {
		fd[type] = keeper_open(k, type);
		if (fd[type] < 0 && errno != ENOENT)
			return diag_fail(d, NULL, "open the %s namespace of the set %s, which process %d keeps",
					 nstype_table[type].words, name, (int)k->target.pid);
	}
	return target_check(&k->target, d);
}

int members_open(const char *name, int dir, int fd[NSTYPE_COUNT], struct diag *d)
{
	struct keeper k;
	int state = keeper_find(&k, dir, d);
	int ret = -1;

	nsref_none(fd);
	if (state == KEEPER_ABSENT)
		ret = open_pins(name, dir, fd, d);
	else if (state == KEEPER_LIVES)
		ret = open_kept(&k, name, fd, d);
	else if (state == KEEPER_ENDED)
		diag_set(d, 0, NULL, "the set %s is dead: the process that kept it has ended", name);
	else if (state == KEEPER_ELSEWHERE)
		fail_elsewhere(name, d);
	keeper_close(&k);
	return ret;
}

/* All of them that are stacked on FILE. */
static int remove_pin(int dir, const char *set, const char *file, bool *gone, struct diag *d)
{
	char shown[TARGET_SET_MAX + 16];
	int is;

	snprintf(shown, sizeof(shown), "%s/%s", set, file);
	while ((is = pin_is(dir, file)) > 0) {
		if (pin_remove(dir, file, shown, d) < 0) {
			*gone |= pin_is(dir, file) <= 0;
			return -1;
		}
		*gone = true;
	}
	if (is < 0 && errno != ENOENT)
		return diag_fail(d, shown, "look at the pin");
	if (unlinkat(dir, file, 0) < 0 && errno != ENOENT)
		return diag_fail(d, shown, "remove the file of the pin");
	return 0;
}

/* What has been begun is brought to an end as far as that can be done. */
static int remove_pins(int dir, const char *set, bool *gone, struct diag *d)
{
	struct diag failed;
	int ret = 0;

	for (int type = 0; type < NSTYPE_COUNT; type++) {
		if (remove_pin(dir, set, nstype_table[type].name, gone, ret ? &failed : d) == 0)
			continue;
		ret = -1;
		if (!*gone)
			break;
	}
	return ret;
}

static int remove_keeper(int dir, const char *set, bool *gone, struct diag *d)
{
	struct keeper k;
	int state = keeper_find(&k, dir, d);
	int ret = state < 0 ? -1 : 0;

	if (state == KEEPER_ELSEWHERE)
		ret = fail_elsewhere(set, d);
	if (state == KEEPER_LIVES) {
		ret = keeper_end(&k, d);
		*gone = ret == 0;
	}
	keeper_close(&k);
	if (ret < 0 || state == KEEPER_ABSENT)
		return ret;
	if (unlinkat(dir, KEEPER_RECORD, 0) < 0)
		return diag_fail(d, KEEPER_RECORD, "remove the record of a keeper");
	*gone = true;
	return 0;
}

int members_dismantle(int parent, const char *name, int dir, const char *set, bool *gone,
		      struct diag *d)
{
	*gone = false;
	if (remove_keeper(dir, set, gone, d) < 0 || remove_pins(dir, set, gone, d) < 0)
		return -1;
	return unlinkat(parent, name, AT_REMOVEDIR) < 0 ?
	       diag_fail(d, set, "remove the directory of the set") : 0;
}

int members_pin(const char *place, const char *name, int dir, const int fd[NSTYPE_COUNT],
		struct diag *d)
{
	/* The mount namespace is the first type: one that must be made again has cost no other pin. */
	for (int type = 0; type < NSTYPE_COUNT; type++) {
		const char *file = nstype_table[type].name;
		char source[MEMBER_PATH], path[MEMBER_PATH], shown[PATH_MAX + TARGET_SET_MAX + 16];
		int ret;

		if (fd[type] < 0)
			continue;
		snprintf(shown, sizeof(shown), "%s/%s/%s", place, name, file);
		snprintf(source, sizeof(source), "/proc/self/fd/%d", fd[type]);
		if (mknodat(dir, file, S_IFREG | 0444, 0) < 0)
			return diag_fail(d, shown, "create the file of a pin");
		ret = pin_mount(source, member_path(path, dir, file), type, shown, d);
		if (ret)
			return ret;
	}
	return 0;
}

/* Is FILE something that a set is made of? */
static bool is_member(const char *file)
{
	for (int type = 0; type < NSTYPE_COUNT; type++)
		if (!strcmp(file, nstype_table[type].name))
			return true;
	return !strcmp(file, KEEPER_RECORD);
}

/* What somebody else has put there would be lost, or be in the way. 0, MEMBERS_FOREIGN or -1. */
static int check_strangers(const char *name, int dir, struct diag *d)
{
	DIR *all = file_list(dir);
	const char *file;
	int ret = 0;

	if (!all)
		return diag_fail(d, name, "read the directory of the set");
	while (ret == 0 && (file = file_next(all)) != NULL)
		if (!is_member(file)) {
			diag_set(d, 0, NULL, "leave the set %s alone: there is something else in its directory, %s",
				 name, file);
			ret = MEMBERS_FOREIGN;
		}
	if (ret == 0 && errno)
		ret = diag_fail(d, name, "read the directory of the set");
	closedir(all);
	return ret;
}

/* 0, MEMBERS_ELSEWHERE or -1 */
static int check_pin(const char *name, int dir, const char *file, struct diag *d)
{
	int is = pin_is(dir, file);

	if (is > 0 || (is < 0 && errno == ENOENT))
		return 0;
	if (is < 0)
		return diag_fail(d, file, "look at a pin of the set %s", name);
	diag_set(d, 0, NULL, "remove the set %s: its %s namespace is not mounted here", name, file);
	diag_hint(d, "it may be in another mount namespace, where it would be lost; --stale removes it if it is in none");
	return MEMBERS_ELSEWHERE;
}

int members_check(const char *name, int dir, struct diag *d)
{
	struct keeper k;
	int state = keeper_find(&k, dir, d);
	int ret = state < 0 ? -1 : check_strangers(name, dir, d);

	keeper_close(&k);
	if (ret)
		return ret;
	if (state == KEEPER_ELSEWHERE)
		return fail_elsewhere(name, d);
	for (int type = 0; ret == 0 && state == KEEPER_ABSENT && type < NSTYPE_COUNT; type++)
		ret = check_pin(name, dir, nstype_table[type].name, d);
	return ret;
}
