/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "idmap.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "diag.h"
#include "file.h"
#include "kernel.h"
#include "number.h"
#include "subid.h"

/* One more than the greatest id: 4294967295 is no id. */
#define ID_END ((uint64_t)UINT32_MAX)

static const char *const kind_name[] = { [ID_UID] = "uid", [ID_GID] = "gid" };

const char *idmap_kind(enum idkind kind)
{
	return kind_name[kind];
}

static const char *option_name(enum idkind kind)
{
	return kind == ID_UID ? "--map-users" : "--map-groups";
}

const char *idmap_file(enum idkind kind)
{
	return kind == ID_UID ? "uid_map" : "gid_map";
}

/* "A:B:C" with SEPARATOR for ':'. */
static int parse_three(const char *text, char separator, uint32_t out[3])
{
	char part[3][16];

	for (int i = 0; i < 3; i++) {
		size_t len = strcspn(text, separator == ':' ? ":" : ",");
		uint64_t value;

		if (len >= sizeof(part[i]) || text[len] != (i < 2 ? separator : '\0')) {
			errno = EINVAL;
			return -1;
		}
		memcpy(part[i], text, len);
		part[i][len] = '\0';
		if (number_parse(part[i], UINT32_MAX, &value) < 0)
			return -1;
		out[i] = (uint32_t)value;
		text += len + 1;
	}
	return 0;
}

static int parse_range(struct idrange *range, enum idkind kind, const char *text,
		       struct diag *d)
{
	bool old_form = strchr(text, ',') != NULL;
	uint32_t n[3];

	if (parse_three(text, old_form ? ',' : ':', n) < 0)
		return diag_usage(d, "%s: '%s' is not IN:OUT:COUNT, auto, subids or all%s",
				  option_name(kind), text,
				  errno == ERANGE ? " (a number is too large)" : "");
	range->inner = n[old_form ? 1 : 0];
	range->outer = n[old_form ? 0 : 1];
	range->count = n[2];
	if (!range->count)
		return diag_usage(d, "%s: '%s' maps no id", option_name(kind), text);
	if ((uint64_t)range->inner + range->count > ID_END ||
	    (uint64_t)range->outer + range->count > ID_END)
		return diag_usage(d, "%s: '%s' goes beyond the greatest id, 4294967294",
				  option_name(kind), text);
	return 0;
}

int idmap_add_block(struct idspec *spec, enum idkind kind, const char *text, struct diag *d)
{
	static const char *const words[] = {
		[IDBLOCK_AUTO] = "auto", [IDBLOCK_SUBIDS] = "subids", [IDBLOCK_ALL] = "all",
	};
	struct idblock block = { .what = IDBLOCK_RANGE };

	for (int i = IDBLOCK_AUTO; i <= IDBLOCK_ALL; i++)
		if (!strcmp(text, words[i]))
			block.what = i;
	if (block.what == IDBLOCK_RANGE && parse_range(&block.range, kind, text, d) < 0)
		return -1;
	if (spec->n == IDMAP_LINES)
		return diag_usage(d, "%s: the kernel takes at most %d lines of map",
				  option_name(kind), IDMAP_LINES);
	spec->block[spec->n++] = block;
	return 0;
}

/* A map in the making; the first line is the single one, if there is one. */
struct making {
	struct idmap *map;
	const struct idrange *single;
	enum idkind kind;
	struct diag *d;
};

static int add_line(struct making *m, uint64_t inner, uint64_t outer, uint64_t count)
{
	struct idmap *map = m->map;

	if (map->n == IDMAP_LINES)
		return diag_set(m->d, 0, NULL, "%s map: the kernel takes at most %d lines",
				kind_name[m->kind], IDMAP_LINES);
	map->line[map->n++] = (struct idrange){
		.inner = (uint32_t)inner, .outer = (uint32_t)outer, .count = (uint32_t)count,
	};
	return 0;
}

static uint64_t min64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/*
 * Pair the ids [*inner, inner_end) with [outer, outer_end) in order, leaving
 * out the two ids of the single map. *inner then is the next free one.
 */
static int pair(struct making *m, uint64_t *inner, uint64_t inner_end, uint64_t outer,
		uint64_t outer_end)
{
	uint64_t skip_inner = m->single ? m->single->inner : UINT64_MAX;
	uint64_t skip_outer = m->single ? m->single->outer : UINT64_MAX;

	while (*inner < inner_end && outer < outer_end) {
		uint64_t n = min64(inner_end - *inner, outer_end - outer);

		if (*inner == skip_inner) {
			++*inner;
			continue;
		}
		if (outer == skip_outer) {
			outer++;
			continue;
		}
		if (*inner < skip_inner)
			n = min64(n, skip_inner - *inner);
		if (outer < skip_outer)
			n = min64(n, skip_outer - outer);
		if (add_line(m, *inner, outer, n) < 0)
			return -1;
		*inner += n;
		outer += n;
	}
	return 0;
}

static int pair_range(struct making *m, const struct idrange *range)
{
	uint64_t inner = range->inner;

	return pair(m, &inner, inner + range->count, range->outer,
		    (uint64_t)range->outer + range->count);
}

/* All ranges of the caller's: from id 0 inside, one after the other, or as they are. */
static int add_subordinate(struct making *m, bool from_zero)
{
	struct subid_list list;
	uint64_t inner = 0;

	if (subid_ranges(m->kind, &list, m->d) < 0)
		return -1;
	for (unsigned int i = 0; i < list.n; i++) {
		uint64_t first = list.range[i].first;
		uint64_t end = first + list.range[i].count;

		if (!from_zero)
			inner = first;
		if (pair(m, &inner, from_zero ? ID_END : end, first, end) < 0)
			return -1;
	}
	return 0;
}

int idmap_read(struct idmap *map, int proc, enum idkind kind, struct diag *d)
{
	char path[32], text[IDMAP_TEXT * 4];
	cleanup_close int fd = -1;

	map->n = 0;
	snprintf(path, sizeof(path), "self/%s", idmap_file(kind));
	fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || file_read_fd(fd, text, sizeof(text)) < 0)
		return diag_fail(d, path, "read the present map");
	for (char *line = text; *line; line += *line == '\n') {
		struct idrange *r = &map->line[map->n];

		if (map->n == IDMAP_LINES ||
		    sscanf(line, "%" SCNu32 " %" SCNu32 " %" SCNu32, &r->inner, &r->outer, &r->count) != 3)
			return diag_set(d, EINVAL, path, "read the present map");
		map->n++;
		line += strcspn(line, "\n");
	}
	return 0;
}

bool idmap_has_inner(const struct idmap *map, uint32_t inner, uint32_t outer)
{
	for (unsigned int i = 0; i < map->n; i++) {
		const struct idrange *r = &map->line[i];

		if (inner - r->inner < r->count && inner >= r->inner)
			return inner != KERNEL_OVERFLOW_ID || r->outer + (inner - r->inner) == outer;
	}
	return false;
}

void idmap_print(const struct idmap *map, char *text, size_t size)
{
	size_t len = 0;

	snprintf(text, size, "empty");
	for (unsigned int i = 0; i < map->n && len < size; i++)
		len += (size_t)snprintf(text + len, size - len, "%s%u:%u:%u", i ? ", " : "",
					map->line[i].inner, map->line[i].outer, map->line[i].count);
}

int idmap_tell_missing(const struct idmap *map, enum idkind kind, uint32_t wanted, struct diag *d)
{
	char text[112];

	idmap_print(map, text, sizeof(text));
	return diag_set(d, 0, NULL, "the user namespace maps neither %s %u nor our own: its map is %s",
			kind_name[kind], wanted, text);
}

bool idmap_names(const struct idspec *spec, uint32_t outer)
{
	for (unsigned int i = 0; i < spec->n; i++) {
		const struct idblock *block = &spec->block[i];

		if (block->what == IDBLOCK_RANGE && block->range.outer == outer && block->range.count == 1)
			return true;
	}
	return false;
}

/* Every id that the caller's own user namespace maps, to itself. */
static int add_all(struct making *m)
{
	cleanup_close int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct idmap present;

	if (proc < 0)
		return diag_fail(m->d, "/proc", "read the present map");
	if (idmap_read(&present, proc, m->kind, m->d) < 0)
		return -1;
	for (unsigned int i = 0; i < present.n; i++) {
		const struct idrange *r = &present.line[i];

		if (pair_range(m, &(struct idrange){ r->inner, r->inner, r->count }) < 0)
			return -1;
	}
	return 0;
}

static int add_block(struct making *m, const struct idblock *block)
{
	switch (block->what) {
	case IDBLOCK_AUTO:
		return add_subordinate(m, true);
	case IDBLOCK_SUBIDS:
		return add_subordinate(m, false);
	case IDBLOCK_ALL:
		return add_all(m);
	case IDBLOCK_RANGE:
		break;
	}
	return pair_range(m, &block->range);
}

static bool overlap(uint32_t a, uint32_t b, uint32_t a_count, uint32_t b_count)
{
	return (uint64_t)a < (uint64_t)b + b_count && (uint64_t)b < (uint64_t)a + a_count;
}

static int check_overlaps(const struct making *m)
{
	const struct idmap *map = m->map;

	for (unsigned int i = 0; i < map->n; i++) {
		const struct idrange *a = &map->line[i];

		for (unsigned int j = 0; j < i; j++) {
			const struct idrange *b = &map->line[j];
			bool inside = overlap(a->inner, b->inner, a->count, b->count);

			if (!inside && !overlap(a->outer, b->outer, a->count, b->count))
				continue;
			return diag_set(m->d, 0, NULL,
					"%s map: %u:%u:%u and %u:%u:%u overlap %s",
					kind_name[m->kind], b->inner, b->outer, b->count,
					a->inner, a->outer, a->count,
					inside ? "inside" : "outside");
		}
	}
	return 0;
}

int idmap_resolve(struct idmap *map, const struct idspec *spec, enum idkind kind,
		  uint32_t own, struct diag *d)
{
	struct idrange single = {
		.inner = spec->single_own ? own : spec->single_id, .outer = own, .count = 1,
	};
	struct making m = { .map = map, .kind = kind, .d = d };

	map->n = 0;
	if (spec->single) {
		m.single = &single;
		add_line(&m, single.inner, single.outer, 1);
	}
	for (unsigned int i = 0; i < spec->n; i++)
		if (add_block(&m, &spec->block[i]) < 0)
			return -1;
	return check_overlaps(&m);
}

bool idmap_is_own(const struct idmap *map, uint32_t own)
{
	return map->n == 1 && map->line[0].count == 1 && map->line[0].outer == own;
}

int idmap_inner(const struct idmap *map, uint32_t outer, uint32_t *inner)
{
	for (unsigned int i = 0; i < map->n; i++) {
		const struct idrange *r = &map->line[i];

		if (outer >= r->outer && outer - r->outer < r->count) {
			*inner = r->inner + (outer - r->outer);
			return 1;
		}
	}
	return 0;
}

int idmap_write(const struct idmap *map, enum idkind kind, const char *proc, struct diag *d)
{
	char path[32], step[32], text[IDMAP_TEXT + 64];
	size_t len = 0;

	snprintf(path, sizeof(path), "/proc/%s/%s", proc, idmap_file(kind));
	snprintf(step, sizeof(step), "write %s", idmap_file(kind));
	for (unsigned int i = 0; i < map->n; i++) {
		const struct idrange *r = &map->line[i];

		len += (size_t)snprintf(text + len, sizeof(text) - len, "%u %u %u\n",
					r->inner, r->outer, r->count);
		if (len >= IDMAP_TEXT)
			return diag_set(d, 0, NULL,
					"%s map: its %u lines are longer than the %d bytes that the kernel takes",
					kind_name[kind], map->n, IDMAP_TEXT - 1);
	}
	return file_write(path, text, step, d);
}

int idmap_write_setgroups(bool allow, const char *proc, struct diag *d)
{
	char path[48];

	snprintf(path, sizeof(path), "/proc/%s/setgroups", proc);
	return file_write(path, allow ? "allow" : "deny", "write setgroups", d);
}

char **idmap_helper_argv(const struct idmap *map, enum idkind kind, pid_t pid)
{
	size_t args = 2 + 3 * (size_t)map->n;
	size_t width = sizeof("4294967295");
	char **argv = malloc((args + 1) * sizeof(*argv) + args * width);
	char *text;

	if (!argv)
		return NULL;
	text = (char *)(argv + args + 1);
	for (size_t i = 0; i < args; i++)
		argv[i] = text + i * width;
	argv[args] = NULL;
	snprintf(argv[0], width, "new%smap", kind_name[kind]);
	snprintf(argv[1], width, "%d", (int)pid);
	for (unsigned int i = 0; i < map->n; i++) {
		snprintf(argv[2 + 3 * i], width, "%u", map->line[i].inner);
		snprintf(argv[3 + 3 * i], width, "%u", map->line[i].outer);
		snprintf(argv[4 + 3 * i], width, "%u", map->line[i].count);
	}
	return argv;
}
