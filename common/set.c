/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "set.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "diag.h"
#include "file.h"
#include "keeper.h"
#include "kernel.h"
#include "lock.h"
#include "members.h"
#include "nsref.h"
#include "pidns.h"

int set_check_name(const char *name, const char *option, struct diag *d)
{
	return target_is_set_name(name) ? 0 :
	       diag_usage(d, "%s: '%s' is no name for a set: a letter or _, then letters, digits, '_', '.', '-', at most %d in all",
			  option, name, TARGET_SET_MAX);
}

static int fail(const struct place *place, const char *name, const char *step, struct diag *d)
{
	char path[PATH_MAX + TARGET_SET_MAX + 2];

	snprintf(path, sizeof(path), "%s/%s", place->path, name);
	return diag_fail(d, path, "%s", step);
}

static int fail_missing(const struct place *place, const char *name, struct diag *d)
{
	return diag_set(d, 0, place->path, "there is no set %s", name);
}

/*
 * The mode of a set's directory: others find what is in there by its name, but
 * cannot open the directory itself, and so cannot lock it.
 */
enum { SET_MODE = 0711 };

/* A descriptor of the directory of the set (O_PATH, or to be locked), owned by the caller. -1 and *d. */
static int open_dir(const struct place *place, const char *name, int how, struct diag *d)
{
	int fd = openat(place->dir, name, how | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd >= 0)
		return fd;
	return errno == ENOENT ? fail_missing(place, name, d) : fail(place, name, "open the set", d);
}

int set_open_in(struct place *place, const char *name, int fd[NSTYPE_COUNT], struct diag *d)
{
	int ret = -1, dir, there = place_open(place, d);

	nsref_none(fd);
	if (there <= 0)
		return there < 0 ? -1 : fail_missing(place, name, d);
	/* One that is being replaced by another, or removed, is looked for anew. */
	for (bool again = true; again;) {
		dir = open_dir(place, name, O_PATH, d);
		if (dir < 0)
			return -1;
		ret = members_open(name, dir, fd, d);
		again = !file_is_named(place->dir, name, dir);
		close(dir);
		if (ret < 0 || again)
			nsref_close_all(fd);
	}
	return ret;
}

int set_open(const char *name, int fd[NSTYPE_COUNT], struct diag *d)
{
	struct place place = PLACE_NONE;
	int ret = set_open_in(&place, name, fd, d);

	place_close(&place);
	return ret;
}

/* An unlocked directory in .new is an orphan: its builder was killed. */
static void sweep_one(int work, const char *name)
{
	cleanup_close int dir = openat(work, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct diag ignored;
	bool gone;

	if (dir >= 0 && lock_try(dir) && file_is_named(work, name, dir))
		members_dismantle(work, name, dir, name, &gone, &ignored);
}

static void sweep(const struct place *place)
{
	DIR *all = file_list(place->work);
	const char *name;

	if (!all)
		return;
	while ((name = file_next(all)) != NULL)
		sweep_one(place->work, name);
	closedir(all);
}

static int prepare(struct place *place, bool mounts, struct diag *d)
{
	const bool fresh = place->work < 0;

	if (place_prepare(place, mounts, d) < 0)
		return -1;
	if (fresh)
		sweep(place);
	return 0;
}

/* A directory in the works: whose it is, and what is locked while it is there. */
struct site {
	char name[TARGET_SET_MAX + 24];
	int dir;
};

/* A name in the works that nobody has; NULL if there is none. */
static const char *next_name(struct site *site, const char *name, unsigned int n)
{
	snprintf(site->name, sizeof(site->name), "%s.%d.%u", name, (int)getpid(), n);
	return site->name;
}

/* A sweeper that came between mkdir and the lock has taken it away: once more. */
static int open_site(const struct place *place, struct site *site, const char *name, struct diag *d)
{
	for (unsigned int n = 0;; n++) {
		cleanup_close int dir = -1;

		if (file_mkdir(place->work, next_name(site, name, n), SET_MODE) < 0) {
			if (errno == EEXIST)
				continue;
			return fail(place, ".new", "make the directory of a set", d);
		}
		dir = openat(place->work, site->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (dir < 0 && errno != ENOENT)
			fail(place, ".new", "open the directory of a set", d);
		if ((dir < 0 && errno != ENOENT) || (dir >= 0 && lock_take(dir, name, "lock the set", d) < 0)) {
			unlinkat(place->work, site->name, AT_REMOVEDIR);
			return -1;
		}
		if (dir >= 0 && file_is_named(place->work, site->name, dir)) {
			site->dir = steal_fd(&dir);
			return 0;
		}
	}
}

static int fail_taken(const char *name, struct diag *d)
{
	return diag_set(d, 0, NULL, "the set %s exists", name);
}

/* OLD: the directory that is replaced, or -1. A directory replaces an empty one only. */
static int publish(const struct place *place, const struct site *site, const char *name, int old,
		   struct diag *d)
{
	if (old >= 0) {
		if (kernel_renameat2(place->work, site->name, place->dir, name, KERNEL_RENAME_EXCHANGE) == 0)
			return 0;
	} else if (renameat(place->work, site->name, place->dir, name) == 0) {
		return 0;
	}
	if (old < 0 && (errno == EEXIST || errno == ENOTEMPTY))
		return fail_taken(name, d);
	return fail(place, name, "publish the set", d);
}

/* A second descriptor, because the first one has the lock, which must not outlast build(). */
static int hold_site(const struct place *place, const struct site *site, int *held, struct diag *d)
{
	*held = openat(site->dir, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return *held < 0 ? fail(place, ".new", "open the directory of a set", d) : 0;
}

/*
 * Descriptors that members_dismantle() needs, set aside while a set is built: what
 * has failed for want of them can be taken back all the same.
 */
enum { SPARE = 4 };

static void let_go(int spare[SPARE])
{
	for (int i = 0; i < SPARE; i++)
		cleanup_close_fd(&spare[i]);
}

static int set_aside(const struct place *place, int spare[SPARE], struct diag *d)
{
	int ret = 0;

	for (int i = 0; i < SPARE; i++)
		spare[i] = -1;
	for (int i = 0; ret == 0 && i < SPARE; i++)
		if ((spare[i] = fcntl(place->dir, F_DUPFD_CLOEXEC, 0)) < 0)
			ret = fail(place, ".new", "make the directory of a set", d);
	return ret;
}

/* Build what FD holds aside and make it the set NAME, in place of OLD, if that is none of -1. */
static int build(const struct place *place, const struct set_wish *wish, const int fd[NSTYPE_COUNT],
		 int old, struct set_made *made, struct diag *d)
{
	struct site site = { .dir = -1 };
	cleanup_close int held = -1;
	int spare[SPARE], ret;
	struct diag ignored;
	bool gone;

	if (set_aside(place, spare, d) < 0 || open_site(place, &site, wish->name, d) < 0) {
		let_go(spare);
		return -1;
	}
	ret = place->mounts && !wish->keeper ? members_pin(place->path, wish->name, site.dir, fd, d) :
					       keeper_start(wish->name, site.dir, fd, d);
	if (ret == 0 && made)
		ret = hold_site(place, &site, &held, d);
	if (ret == 0)
		ret = publish(place, &site, wish->name, old, d);
	if (ret == 0 && made) {
		snprintf(made->name, sizeof(made->name), "%s", wish->name);
		made->dir = steal_fd(&held);
	}
	let_go(spare);
	/* What lies aside now is what has failed, or what has been replaced. */
	if (ret || old >= 0)
		members_dismantle(place->work, site.name, ret ? site.dir : old, wish->name, &gone, &ignored);
	close(site.dir);
	return ret;
}

/* An older version let anyone open the directory of a set. */
static void close_to_others(int dir)
{
	struct stat st;

	if (fstat(dir, &st) == 0 && (st.st_mode & 0777) == 0755)
		fchmod(dir, SET_MODE);
}

/* The set as it is, locked, so that one change comes after the other. */
static int open_locked(const struct place *place, const char *name, struct diag *d)
{
	for (;;) {
		cleanup_close int dir = open_dir(place, name, O_RDONLY, d);

		if (dir >= 0)
			close_to_others(dir);
		if (dir < 0 || lock_take(dir, name, "lock the set", d) < 0)
			return -1;
		if (file_is_named(place->dir, name, dir))
			return steal_fd(&dir);
	}
}

/* ALL gets what the set holds and what is to be added. */
static int merge(const struct set_wish *wish, int held[NSTYPE_COUNT], int all[NSTYPE_COUNT],
		 struct diag *d)
{
	bool any = false;

	for (int type = 0; type < NSTYPE_COUNT; type++) {
		if (wish->fd[type] >= 0 && held[type] >= 0 && !wish->missing_only)
			return diag_set(d, EEXIST, NULL, "add a %s namespace to the set %s",
					nstype_table[type].words, wish->name);
		all[type] = held[type] >= 0 ? held[type] : wish->fd[type];
		any |= all[type] != held[type];
	}
	return any ? 0 : diag_set(d, EEXIST, NULL, "add to the set %s, which has these types", wish->name);
}

/* 1: it is kept by a keeper; 0; -1 and *d. */
static int has_keeper(int dir, struct diag *d)
{
	if (faccessat(dir, KEEPER_RECORD, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return 1;
	return errno == ENOENT ? 0 : diag_fail(d, KEEPER_RECORD, "look at the set");
}

/* What a keeper keeps goes on to be kept by one. */
static int add_to(const struct place *place, const struct set_wish *wish, int old,
		  int held[NSTYPE_COUNT], struct diag *d)
{
	struct set_wish more = *wish;
	int all[NSTYPE_COUNT];
	int kept = has_keeper(old, d);

	if (kept < 0 || members_open(wish->name, old, held, d) < 0 || merge(wish, held, all, d) < 0)
		return -1;
	more.keeper |= kept;
	return build(place, &more, all, old, NULL, d);
}

static int add(const struct place *place, const struct set_wish *wish, struct diag *d)
{
	cleanup_close int old = open_locked(place, wish->name, d);
	int held[NSTYPE_COUNT];
	int ret;

	nsref_none(held);
	ret = old < 0 ? -1 : add_to(place, wish, old, held, d);
	nsref_close_all(held);
	return ret;
}

int set_make(struct place *place, const struct set_wish *wish, struct set_made *made,
	     struct diag *d)
{
	const int mounts = wish->keeper ? 0 : place_may_mount(place, d);

	if (mounts < 0 || prepare(place, mounts, d) < 0)
		return -1;
	if (wish->add)
		return add(place, wish, d);
	if (faccessat(place->dir, wish->name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return fail_taken(wish->name, d);
	return build(place, wish, wish->fd, -1, made, d);
}

/* With its name given up first, it is absent, whatever happens to us on the way. */
static int take_away(const struct place *place, const char *name, int dir, struct diag *d)
{
	struct site site = { .dir = -1 };
	bool gone;

	for (unsigned int n = 0; renameat(place->dir, name, place->work, next_name(&site, name, n)) < 0; n++)
		if (errno != EEXIST && errno != ENOTEMPTY)
			return fail(place, name, "remove the set", d);
	if (members_dismantle(place->work, site.name, dir, name, &gone, d) == 0)
		return 0;
	/* It is still whole; or else what is left of it is for the next one to sweep. */
	if (!gone)
		renameat(place->work, site.name, place->dir, name);
	return -1;
}

/* If ONLY is not -1, the set is removed only if ONLY is its directory. */
static int remove_set(struct place *place, const char *name, int only, struct diag *d)
{
	cleanup_close int dir = -1;
	int there = place_open(place, d);

	if (there <= 0)
		return there < 0 ? -1 : fail_missing(place, name, d);
	if (prepare(place, false, d) < 0)
		return -1;
	dir = open_locked(place, name, d);
	if (dir >= 0 && only >= 0 && !file_is_named(place->dir, name, only))
		return 0;
	return dir < 0 || members_check(name, dir, d) ? -1 : take_away(place, name, dir, d);
}

int set_remove(struct place *place, const char *name, struct diag *d)
{
	return remove_set(place, name, -1, d);
}

void set_unmake(struct set_made *made)
{
	struct place place = PLACE_NONE;
	struct diag ignored;
	int keep = errno;

	if (*made->name)
		remove_set(&place, made->name, made->dir, &ignored);
	place_close(&place);
	set_leave(made);
	errno = keep;
}

void set_leave(struct set_made *made)
{
	if (*made->name)
		cleanup_close_fd(&made->dir);
	*made = (struct set_made){ .dir = -1 };
}

/* Take a dead PID namespace out of HELD: 1; 0: there is none; -1 and *d. */
static int leave_out_dead(int held[NSTYPE_COUNT], struct diag *d)
{
	int dead = held[NS_PID] < 0 ? 0 : pidns_is_dead(held[NS_PID], d);

	if (dead <= 0)
		return dead;
	close(held[NS_PID]);
	held[NS_PID] = -1;
	return 1;
}

/* What lives of the set NAME, whose directory DIR is locked, stays; STATE is that of its keeper. */
static int renew(struct place *place, const char *name, int dir, int state, struct diag *d)
{
	struct set_wish wish = { .name = name, .keeper = state == KEEPER_LIVES };
	int held[NSTYPE_COUNT];
	int less = members_open(name, dir, held, d) < 0 ? -1 : leave_out_dead(held, d);
	int ret = less < 0 ? -1 : 0;

	if (less >= 0 && !nsref_any(held))
		ret = take_away(place, name, dir, d);
	else if (less > 0)
		ret = place_prepare(place, !wish.keeper, d) < 0 ? -1 : build(place, &wish, held, dir, NULL, d);
	nsref_close_all(held);
	return ret ? -1 : 0;
}

/* What else lies in the place is no set; and one may go while we look. 1, 0, -1 and *d. */
static int is_set(const struct place *place, const char *name, struct diag *d)
{
	struct stat st;

	if (!target_is_set_name(name))
		return 0;
	if (fstatat(place->dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : fail(place, name, "look at the set", d);
	return S_ISDIR(st.st_mode);
}

static int remove_one_stale(struct place *place, const char *name, set_is_elsewhere *elsewhere,
			    struct diag *d)
{
	cleanup_close int dir = open_locked(place, name, d);
	struct keeper k;
	int state, fit;

	if (dir < 0)
		return faccessat(place->dir, name, F_OK, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT ? 0 : -1;
	state = keeper_find(&k, dir, d);
	keeper_close(&k);
	if (state < 0 || state == KEEPER_ELSEWHERE)
		return state < 0 ? -1 : 0;
	fit = members_check(name, dir, d);
	if (fit == MEMBERS_FOREIGN || (fit == MEMBERS_ELSEWHERE && elsewhere(name)))
		return 0;
	if (fit < 0 || fit == MEMBERS_ELSEWHERE || state == KEEPER_ENDED)
		return fit < 0 ? -1 : take_away(place, name, dir, d);
	return renew(place, name, dir, state, d);
}

int set_remove_stale(struct place *place, set_is_elsewhere *elsewhere, struct diag *d)
{
	int ret = 0, there = place_open(place, d);
	const char *name;
	DIR *all;

	if (there <= 0)
		return there;
	if (prepare(place, false, d) < 0)
		return -1;
	all = file_list(place->dir);
	if (!all)
		return diag_fail(d, place->path, "read the place of sets");
	while ((name = file_next(all)) != NULL) {
		int is = is_set(place, name, d);

		if (is < 0 || (is && remove_one_stale(place, name, elsewhere, d) < 0))
			ret = -1;
	}
	if (errno)
		ret = diag_fail(d, place->path, "read the place of sets");
	closedir(all);
	return ret;
}
