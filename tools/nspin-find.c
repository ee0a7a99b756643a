/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nspin-list.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "diag.h"
#include "file.h"
#include "keeper.h"
#include "lock.h"
#include "nspin.h"
#include "nsref.h"
#include "pidns.h"
#include "pin.h"
#include "procdir.h"
#include "scan.h"

/* Places */

static struct place *another_place(struct list *l, struct diag *d)
{
	struct place *larger = reallocarray(l->places, l->n_places + 1, sizeof(*larger));

	if (!larger) {
		list_out_of_memory(d);
		return NULL;
	}
	l->places = larger;
	larger[l->n_places] = PLACE_NONE;
	return &larger[l->n_places++];
}

/* None is found, and none was given: nothing can have been kept, so that nothing is missing. */
static int open_own_place(struct list *l, struct diag *d)
{
	struct place *place = another_place(l, d);
	struct diag failed;

	if (!place)
		return -1;
	if (place_open(place, &failed) < 0 && (*place->path || place_given()))
		list_fail_later(l, &failed);
	return 0;
}

/* It is only shown, not believed: whoever owns it, and as far as it can be read. */
static int open_other_place(struct list *l, const char *path, struct diag *d)
{
	cleanup_close int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	cleanup_free char *real = fd < 0 ? NULL : realpath(path, NULL);
	struct place *place;

	if (!real)
		return 0;
	for (size_t i = 0; i < l->n_places; i++)
		if (l->places[i].dir >= 0 && !strcmp(l->places[i].path, real))
			return 0;
	place = another_place(l, d);
	if (!place)
		return -1;
	snprintf(place->path, sizeof(place->path), "%s", real);
	place->dir = steal_fd(&fd);
	return 0;
}

static int open_other_places(struct list *l, struct diag *d)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	char path[PATH_MAX];
	glob_t found = { .gl_pathc = 0 };
	int ret = open_other_place(l, "/run/nspin", d);

	if (ret == 0 && runtime && *runtime == '/') {
		snprintf(path, sizeof(path), "%s/nspin", runtime);
		ret = open_other_place(l, path, d);
	}
	if (ret < 0)
		return -1;
	if (glob("/run/user/*/nspin", GLOB_NOSORT, NULL, &found) == GLOB_NOSPACE)
		ret = list_out_of_memory(d);
	else
		for (size_t i = 0; ret == 0 && i < found.gl_pathc; i++)
			ret = open_other_place(l, found.gl_pathv[i], d);
	globfree(&found);
	return ret;
}

/* What is in PLACE: the rest of PATH; NULL: it is not in there. */
static const char *beneath(const struct place *place, const char *path)
{
	size_t len = strcmp(place->path, "/") ? strlen(place->path) : 0;

	if (!*place->path || strncmp(path, place->path, len) || path[len] != '/')
		return NULL;
	return path + len + 1;
}

/*
 * "NAME/TYPE" in a place is of the set NAME. False: it is of one that is being
 * built or taken apart.
 */
static bool find_set(const struct list *l, const struct nsfs_pin *pin,
		     char name[TARGET_SET_MAX + 1], size_t *place)
{
	*name = '\0';
	for (*place = 0; *place < l->n_places; ++*place) {
		const char *rest = beneath(&l->places[*place], pin->path);
		size_t len = rest ? strcspn(rest, "/") : 0;

		if (!rest)
			continue;
		if (len == 4 && !strncmp(rest, ".new", 4))
			return false;
		if (len > TARGET_SET_MAX || !rest[len] || strcmp(rest + len + 1, pin->name))
			continue;
		memcpy(name, rest, len);
		name[len] = '\0';
		if (target_is_set_name(name))
			return true;
		*name = '\0';
	}
	return true;
}

/* Rows */

static struct row *another_row(struct list *l, struct diag *d)
{
	size_t capacity = l->capacity ? l->capacity * 2 : 64;
	struct row *larger;

	if (l->n_rows == l->capacity) {
		larger = reallocarray(l->rows, capacity, sizeof(*larger));
		if (!larger) {
			list_out_of_memory(d);
			return NULL;
		}
		l->rows = larger;
		l->capacity = capacity;
	}
	l->rows[l->n_rows] = (struct row){ .type = -1, .index = l->n_rows };
	return &l->rows[l->n_rows++];
}

static int add_row(struct list *l, const struct row *row, const char *set, const char *path,
		   struct diag *d)
{
	struct row *added = another_row(l, d);
	size_t index;

	if (!added)
		return -1;
	index = added->index;
	*added = *row;
	added->index = index;
	added->set = set ? strdup(set) : NULL;
	added->path = strdup(path);
	return added->path && (added->set || !set) ? 0 : list_out_of_memory(d);
}

static int see_pin(void *arg, const struct nsfs_pin *pin, struct diag *d)
{
	struct list *l = arg;
	struct row row = {
		.ns = pin->ns, .type = pin->type, .mntns = l->mntns, .order = l->order,
		.state = STATE_LIVE,
	};
	char set[TARGET_SET_MAX + 1];

	if (!find_set(l, pin, set, &row.place) || !list_wants(l, *set ? set : NULL, pin->path))
		return 0;
	row.name = pin->type < 0 ? strdup(pin->name) : NULL;
	if (pin->type < 0 && !row.name)
		return list_out_of_memory(d);
	return add_row(l, &row, *set ? set : NULL, pin->path, d);
}

static int compare(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int compare_set(const struct row *row, const char *set, size_t place)
{
	int differ = strcmp(row->set, set);

	return differ ? differ : compare(row->place, place);
}

/* Pins that are in no set as mountinfo has them; then each set, in the order of types. */
static int compare_rows(const void *one, const void *other)
{
	const struct row *a = one, *b = other;
	int differ = compare(!!a->set, !!b->set);

	if (!differ && a->set)
		differ = compare_set(a, b->set, b->place);
	if (!differ)
		differ = compare(a->state == STATE_HALF_MADE, b->state == STATE_HALF_MADE);
	if (!differ)
		differ = compare(a->order, b->order);
	if (!differ && a->set)
		differ = compare((uint64_t)(a->type + 1), (uint64_t)(b->type + 1));
	return differ ? differ : compare(a->index, b->index);
}

/* What state a PID namespace is in, which is open as FD, if it is. */
static enum state pid_state(int fd)
{
	struct diag ignored;
	int dead = fd < 0 ? -1 : pidns_is_dead(fd, &ignored);

	return dead < 0 ? STATE_UNKNOWN : dead ? STATE_DEAD : STATE_LIVE;
}

/* Of the rows from FIRST on, which are of NS, or NULL for our own mount namespace. */
static void look_at_pids(struct list *l, size_t first, const struct nsfs_mntns *ns)
{
	cleanup_close int root = -1;

	if (!table_has(&l->choice, COL_STATE))
		return;
	for (size_t i = first; i < l->n_rows; i++) {
		struct row *row = &l->rows[i];
		cleanup_close int fd = -1;

		if (row->type != NS_PID)
			continue;
		if (root < 0)
			root = nsfs_root(ns);
		fd = root < 0 ? -1 : nsfs_open(root, row->path, row->ns);
		row->state = pid_state(fd);
	}
}

static int see_own(struct list *l, struct diag *d)
{
	char path[NSREF_PATH];

	if (table_has(&l->choice, COL_MNTNS)) {
		l->mntns = nsref_inode(nsref_path(path, 0, NS_MNT, false));
		if (!l->mntns)
			return diag_fail(d, path, "look at the namespace");
		l->own_mntns = l->mntns;
	}
	if (nsfs_own(see_pin, l, d) < 0)
		return -1;
	look_at_pids(l, 0, NULL);
	return 0;
}

static int see_mntns(void *arg, const struct nsfs_mntns *ns, struct diag *d)
{
	struct list *l = arg;
	size_t first = l->n_rows;

	l->mntns = ns->ino;
	l->order++;
	if (nsfs_pins(ns, see_pin, l, &l->unread, d) < 0)
		return -1;
	look_at_pids(l, first, ns);
	return 0;
}

/* Keepers */

/* A set of which nothing more can be told than that it is there. */
static int add_bare(struct list *l, const struct place *place, const char *name,
		    const struct row *row, struct diag *d)
{
	char path[PATH_MAX + TARGET_SET_MAX + 2];

	/* It is being removed: it has lost its name before its keeper. */
	if (faccessat(place->dir, name, F_OK, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT)
		return 0;
	snprintf(path, sizeof(path), "%s/%.*s", place->path, TARGET_SET_MAX, name);
	return list_wants(l, name, path) ? add_row(l, row, name, path, d) : 0;
}

/* 0; -1 with errno. Not by the link: that shows the pin, if it was opened by one. */
static int held(const struct keeper *k, int type, uint64_t *ns)
{
	char path[16];
	struct stat st;

	snprintf(path, sizeof(path), "fd/%d", KEEPER_FIRST + type);
	if (fstatat(k->target.proc, path, &st, 0) < 0)
		return -1;
	*ns = st.st_ino;
	return 0;
}

static enum state held_state(const struct list *l, const struct keeper *k, enum nstype type)
{
	cleanup_close int fd = -1;

	if (type != NS_PID || !table_has(&l->choice, COL_STATE))
		return STATE_LIVE;
	fd = keeper_open(k, type);
	return pid_state(fd);
}

/* How many namespaces of it can be seen; -1 and *d. */
static int add_held(struct list *l, const struct keeper *k, const char *name,
		    const struct row *row, struct diag *d)
{
	struct row each = *row;
	char path[64];
	pid_t pid;
	int n = 0;

	if (procdir_number(k->target.pidfd, &pid, d) < 0)
		return d->err == ESRCH ? 0 : -1;
	for (int type = 0; type < NSTYPE_COUNT; type++) {
		snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)pid, KEEPER_FIRST + type);
		if (held(k, type, &each.ns) < 0) {
			if (scan_is_gone(errno) || scan_is_forbidden(errno))
				continue;
			return diag_fail(d, path, "look at what a keeper holds");
		}
		n++;
		each.type = type;
		if (!list_wants(l, name, path))
			continue;
		each.state = row->state == STATE_HALF_MADE ? row->state : held_state(l, k, type);
		if (add_row(l, &each, name, path, d) < 0)
			return -1;
	}
	return n;
}

static int add_keeper(struct list *l, const struct keeper *k, const struct place *place,
		      const char *name, struct row *row, struct diag *d)
{
	struct diag ended;
	int n;

	n = add_held(l, k, name, row, d);
	if (n)
		return n < 0 ? -1 : 0;
	row->state = target_check(&k->target, &ended) < 0 ? STATE_DEAD : STATE_LIVE;
	return add_bare(l, place, name, row, d);
}

/* 0 and K; 1: it is no set of a keeper; -1 and *d. */
static int find_keeper(struct keeper *k, const struct place *place, const char *name,
		       enum keeper_state *state, struct diag *d)
{
	cleanup_close int dir = openat(place->dir, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int ret;

	if (dir < 0 && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP))
		return 1;
	ret = dir < 0 ? diag_fail(d, NULL, "look at a set") : keeper_find(k, dir, d);
	if (ret < 0) {
		snprintf(d->path, sizeof(d->path), "%.180s/%.64s", place->path, name);
		return -1;
	}
	*state = (enum keeper_state)ret;
	return ret == KEEPER_ABSENT;
}

static int see_keeper(struct list *l, size_t index, const char *name, struct diag *d)
{
	const struct place *place = &l->places[index];
	struct row row = { .type = -1, .place = index, .state = STATE_UNKNOWN };
	enum keeper_state state = KEEPER_ELSEWHERE;
	struct keeper k = KEEPER_NONE;
	struct diag failed;
	int ret = find_keeper(&k, place, name, &state, &failed);

	if (ret > 0)
		return 0;
	/* In the places of others there is much that is not for us to read. */
	if (ret < 0 && index == 0)
		list_fail_later(l, &failed);
	if (ret == 0)
		row.state = state == KEEPER_ENDED ? STATE_DEAD : STATE_LIVE;
	ret = state == KEEPER_LIVES ? add_keeper(l, &k, place, name, &row, d) :
				      add_bare(l, place, name, &row, d);
	keeper_close(&k);
	return ret;
}

/* Is it a set by the pins of our mount namespace? The first N rows are sorted. */
static bool is_pinned(const struct list *l, size_t n, size_t place, const char *name)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct row *row = &l->rows[middle];
		int differ = row->set ? compare_set(row, name, place) : -1;

		/* Those of other mount namespaces come behind. */
		if (differ == 0 && row->order == 0)
			return true;
		if (differ < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

static int see_keepers(struct list *l, size_t n_pins, size_t place, struct diag *d)
{
	static const char step[] = "look which sets there are";
	const char *path = l->places[place].path, *name;
	DIR *dir = file_list(l->places[place].dir);
	int ret = 0;

	if (!dir)
		return diag_fail(d, path, step);
	while (ret == 0 && (name = file_next(dir)))
		if (target_is_set_name(name) && list_may_want(l, name) &&
		    !is_pinned(l, n_pins, place, name))
			ret = see_keeper(l, place, name, d);
	if (ret == 0 && errno)
		ret = diag_fail(d, path, step);
	closedir(dir);
	return ret;
}

/* What has been left half-made */

/* Or nothing that is for us to look at. */
static bool is_absent(int error)
{
	return error == ENOENT || error == ENOTDIR || error == ELOOP || error == EACCES;
}

/* In .new a set NAME is built under the name NAME.PID.N. */
static void set_of(char set[TARGET_SET_MAX + 1], const char *name)
{
	size_t len = strlen(name);

	for (int dots = 0; dots < 2 && len > 0; dots++)
		for (len--; len > 0 && name[len] != '.'; len--)
			;
	snprintf(set, TARGET_SET_MAX + 1, "%.*s", len ? (int)len : TARGET_SET_MAX, name);
}

static int see_orphaned_pins(struct list *l, int dir, const char *name, const char *set,
			     const struct row *row, struct diag *d)
{
	char path[PATH_MAX + NAME_MAX + 32];
	struct row each = *row;
	struct stat st;

	each.mntns = l->own_mntns;
	for (int type = 0; type < NSTYPE_COUNT; type++) {
		const char *file = nstype_table[type].name;

		int is = pin_is(dir, file);

		if (is == 0 || (is < 0 && errno == ENOENT))
			continue;
		if (is < 0 || fstatat(dir, file, &st, 0) < 0)
			return diag_fail(d, file, "look at a pin of the set %s, which is half-made", set);
		snprintf(path, sizeof(path), "%s/.new/%s/%s", l->places[row->place].path, name, file);
		each.type = type;
		each.ns = st.st_ino;
		if (list_wants(l, set, path) && add_row(l, &each, set, path, d) < 0)
			return -1;
	}
	return 0;
}

/* One that is locked is being built, or taken apart. */
static int see_orphan(struct list *l, size_t place, int work, const char *name, struct diag *d)
{
	cleanup_close int dir = openat(work, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct row row = { .type = -1, .place = place, .state = STATE_HALF_MADE };
	struct keeper k = KEEPER_NONE;
	char set[TARGET_SET_MAX + 1];
	int state, ret = 0;

	if (dir < 0)
		return is_absent(errno) ? 0 : diag_fail(d, name, "look at what is half-made");
	if (!lock_is_free(dir))
		return 0;
	set_of(set, name);
	state = keeper_find(&k, dir, d);
	if (state < 0)
		return -1;
	if (state == KEEPER_LIVES)
		ret = add_held(l, &k, set, &row, d);
	else if (state == KEEPER_ABSENT)
		ret = see_orphaned_pins(l, dir, name, set, &row, d);
	keeper_close(&k);
	return ret < 0 ? -1 : 0;
}

/* In the place of somebody else there is no .new for us to read. */
static int see_half_made(struct list *l, size_t place, struct diag *d)
{
	cleanup_close int work = openat(l->places[place].dir, ".new", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *all = work < 0 ? NULL : file_list(work);
	const char *name;
	int ret = 0;

	if (work < 0 && is_absent(errno))
		return 0;
	if (!all)
		return diag_fail(d, l->places[place].path, "look at what is half-made");
	while (ret == 0 && (name = file_next(all)))
		ret = see_orphan(l, place, work, name, d);
	if (ret == 0 && errno)
		ret = diag_fail(d, l->places[place].path, "look at what is half-made");
	closedir(all);
	return ret;
}

static void sort_rows(struct list *l)
{
	if (l->n_rows)
		qsort(l->rows, l->n_rows, sizeof(*l->rows), compare_rows);
}

static int see_all_keepers(struct list *l, struct diag *d)
{
	size_t n_pins = l->n_rows;

	sort_rows(l);
	for (size_t i = 0; i < l->n_places; i++)
		if (l->places[i].dir >= 0 && (see_keepers(l, n_pins, i, d) < 0 || see_half_made(l, i, d) < 0))
			return -1;
	sort_rows(l);
	return 0;
}

int list_find(struct list *l, struct diag *d)
{
	if (open_own_place(l, d) < 0 || (l->n->everywhere && open_other_places(l, d) < 0))
		return -1;
	if (see_own(l, d) < 0 || (l->n->everywhere && nsfs_others(see_mntns, l, &l->unread, d) < 0))
		return -1;
	return see_all_keepers(l, d);
}

void list_let_go(struct list *l)
{
	for (size_t i = 0; i < l->n_rows; i++) {
		free(l->rows[i].name);
		free(l->rows[i].set);
		free(l->rows[i].path);
	}
	free(l->rows);
	for (size_t i = 0; i < l->n_places; i++)
		place_close(&l->places[i]);
	free(l->places);
}
