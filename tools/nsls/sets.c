/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sets.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "diag.h"
#include "file.h"
#include "keeper.h"
#include "model.h"
#include "procdir.h"

static int compare_kept(const void *one, const void *other)
{
	const struct kept *a = one, *b = other;

	return (a->keeper > b->keeper) - (a->keeper < b->keeper);
}

static int add(struct sets *s, const char *name, pid_t keeper, struct diag *d)
{
	struct kept *larger = reallocarray(s->kept, s->n + 1, sizeof(*larger));

	if (!larger)
		return diag_set(d, ENOMEM, NULL, "look which sets there are");
	s->kept = larger;
	larger[s->n].keeper = keeper;
	strcpy(larger[s->n++].name, name);
	return 0;
}

/* A set that cannot be read is another's trouble. */
static int see(struct sets *s, const char *name, struct diag *d)
{
	cleanup_close int dir = openat(s->place.dir, name,
				       O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct keeper k = KEEPER_NONE;
	struct diag ignored;
	pid_t pid;
	int ret = 0;

	if (dir < 0 || keeper_find(&k, dir, &ignored) != KEEPER_LIVES)
		return 0;
	if (procdir_number(k.target.pidfd, &pid, &ignored) == 0)
		ret = add(s, name, pid, d);
	keeper_close(&k);
	return ret;
}

int sets_look(struct sets *s, struct diag *d)
{
	int ret = place_open(&s->place, d);
	struct dirent *entry;
	DIR *dir;

	/* None was named, and none is there: there are no sets. */
	if (ret <= 0)
		return ret < 0 && (*s->place.path || place_given()) ? -1 : 0;
	dir = file_list(s->place.dir);
	if (!dir)
		return diag_fail(d, s->place.path, "look which sets there are");
	ret = 0;
	while (ret == 0 && (entry = readdir(dir)))
		if (target_is_set_name(entry->d_name))
			ret = see(s, entry->d_name, d);
	closedir(dir);
	if (s->n)
		qsort(s->kept, s->n, sizeof(*s->kept), compare_kept);
	return ret;
}

/* PATH is "PLACE/NAME/TYPE". */
static bool find_name(const struct sets *s, const struct ns *ns, const char *path,
		      char name[TARGET_SET_MAX + 1])
{
	size_t len = strlen(s->place.path), n;

	if (s->place.dir < 0 || strncmp(path, s->place.path, len) || path[len] != '/')
		return false;
	path += len + 1;
	n = strcspn(path, "/");
	if (n > TARGET_SET_MAX || !path[n] || strcmp(path + n + 1, nstype_table[ns->type].name))
		return false;
	memcpy(name, path, n);
	name[n] = '\0';
	return target_is_set_name(name);
}

/* The set whose keeper HOLDER is, or NULL. */
static const struct kept *find_kept(const struct sets *s, const struct ns *ns,
				    const struct holder *holder)
{
	const struct kept key = { .keeper = holder->pid };

	if (holder->fd != KEEPER_FIRST + (int)ns->type || holder->socket || !s->n)
		return NULL;
	return bsearch(&key, s->kept, s->n, sizeof(key), compare_kept);
}

const char *sets_name(const struct sets *s, const struct ns *ns, size_t *at,
		      char name[TARGET_SET_MAX + 1])
{
	for (; *at < ns->n_pins + ns->n_holders; ++*at) {
		const struct pinned *pin = *at < ns->n_pins ? &ns->pins[*at] : NULL;
		const struct kept *kept;

		if (pin && (pin->mntns || !find_name(s, ns, pin->path, name)))
			continue;
		kept = pin ? NULL : find_kept(s, ns, &ns->holders[*at - ns->n_pins]);
		if (!pin && !kept)
			continue;
		++*at;
		return pin ? name : strcpy(name, kept->name);
	}
	return NULL;
}

void sets_free(struct sets *s)
{
	place_close(&s->place);
	free(s->kept);
	*s = SETS_NONE;
}
