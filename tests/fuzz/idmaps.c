// SPDX-License-Identifier: GPL-2.0-or-later
/* Blocks of ids, and the maps that they come to: common/idmap.h. */
#include "models.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "idmap.h"
#include "subid.h"

/* Blocks of a map, as text. */

static const char *const block_words[] = { "auto", "subids", "all" };

void make_block(struct text *t)
{
	char separator = one_in(3) ? ',' : ':';
	uint32_t near_end = 1 + choose(4);
	bool edge = one_in(2);

	if (make_raw(t))
		return;
	if (one_in(8)) {
		put(t, choose_word(block_words, COUNT(block_words)));
		mutate(t);
		return;
	}
	for (int i = 0; i < 2; i++) {
		if (edge && one_in(2))
			put_number(t, UINT32_MAX - near_end);
		else
			make_number(t, one_in(2) ? UINT32_MAX : 9);
		put_char(t, one_in(32) ? ':' : separator);
	}
	if (edge)
		put_number(t, near_end - 1 + choose(3));
	else
		make_number(t, one_in(2) ? UINT32_MAX : 9);
	mutate(t);
}

/* Three numbers with SEPARATOR between; one of more than 15 digits is refused for its length. */
static bool model_three(const char *text, char separator, uint64_t n[3])
{
	for (int i = 0; i < 3; i++, text++) {
		size_t len = strspn(text, DIGITS);

		if (!len || len > 15 || text[len] != (i == 2 ? '\0' : separator))
			return false;
		n[i] = strtoull(text, NULL, 10);
		text += len;
	}
	return true;
}

void model_block(const char *text, char *want, size_t size)
{
	const uint64_t ids = UINT64_C(4294967295) - broken(); /* how many there are */
	bool old = strchr(text, ',');
	uint64_t n[3], inner, outer;

	for (size_t i = 0; i < COUNT(block_words); i++) {
		if (!strcmp(text, block_words[i])) {
			snprintf(want, size, "%s", text);
			return;
		}
	}
	snprintf(want, size, "E");
	if (!model_three(text, old ? ',' : ':', n) || !n[2] || n[0] >= ids || n[1] >= ids)
		return;
	inner = n[old];
	outer = n[!old];
	if (n[2] > ids - inner || n[2] > ids - outer)
		return;
	snprintf(want, size, "%" PRIu64 " %" PRIu64 " %" PRIu64, inner, outer, n[2]);
}

/* In the form of model_block(). */
void say_block(char *got, size_t size, const struct idblock *b)
{
	switch (b->what) {
	case IDBLOCK_AUTO:
	case IDBLOCK_SUBIDS:
	case IDBLOCK_ALL:
		snprintf(got, size, "%s", b->what == IDBLOCK_AUTO ? "auto" :
					  b->what == IDBLOCK_ALL  ? "all" : "subids");
		return;
	case IDBLOCK_RANGE:
		break;
	}
	snprintf(got, size, "%u %u %u", b->range.inner, b->range.outer, b->range.count);
}

bool round_block(void)
{
	static struct idspec spec; /* large; but for n it is written before it is read */
	unsigned int n = one_in(8) ? IDMAP_LINES - choose(2) : choose(3);
	char got[64], want[64];
	struct text t = { 0 };
	struct diag d = { 0 };
	int ret;

	make_block(&t);
	model_block(t.s, want, sizeof(want));
	if (n == IDMAP_LINES)
		snprintf(want, sizeof(want), "E");
	spec.n = n;
	ret = idmap_add_block(&spec, choose(2) ? ID_GID : ID_UID, t.s, &d);
	snprintf(got, sizeof(got), "%s", check_diag(t.s, ret, &d));
	if (spec.n != n + (ret == 0) || d.usage != (ret < 0))
		differ(t.s, "a wrong count of blocks, or no usage error", want);
	if (ret == 0)
		say_block(got, sizeof(got), &spec.block[n]);
	return compare(t.s, got, want);
}

/* The maps that blocks come to: the model pairs id by id. */

enum { PAIRS = 3 * IDMAP_LINES + 64, RANGE_MAX = 24 };

struct pairs {
	unsigned int n;
	unsigned int lines;
	struct { uint32_t inner, outer; } id[PAIRS];
};

/* What the round has for subid_ranges() of this file, which stands in for that of the library. */
static struct subid_list subordinate;

int subid_ranges(enum idkind kind, struct subid_list *list, struct diag *d)
{
	(void)kind;
	*list = subordinate;
	return list->n ? 0 : diag_set(d, 0, NULL, "no subordinate ids");
}

struct map_input {
	struct idspec spec;
	uint32_t own;
	uint32_t inner_base, outer_base;
	size_t len;
	char text[IDMAP_LINES * 40 + 1024]; /* the whole as a text, for a report */
};

static void note(struct map_input *in, const char *what, uint32_t a, uint32_t b, uint32_t c)
{
	size_t room = sizeof(in->text) - in->len;
	int len = snprintf(in->text + in->len, room, " %s %u:%u:%u", what, a, b, c);

	in->len += (size_t)len < room ? (size_t)len : room - 1;
}

/* Ids lie close together, at one of both ends or anywhere, so that they often meet. */
static uint32_t choose_base(void)
{
	static const uint32_t bases[] = { 0, 0, 1000, UINT32_MAX - 48 };

	return bases[choose(COUNT(bases))];
}

static void make_single(struct map_input *in)
{
	struct idspec *s = &in->spec;

	in->own = in->outer_base + choose(48);
	s->single = one_in(2);
	s->single_own = one_in(3);
	s->single_id = in->inner_base + choose(48);
	if (s->single)
		note(in, "single", s->single_own ? in->own : s->single_id, in->own, 1);
}

static void make_subordinate(struct map_input *in)
{
	subordinate.n = choose(4);
	for (unsigned int i = 0; i < subordinate.n; i++) {
		uint32_t first = one_in(4) ? choose(48) : in->outer_base + choose(8) + 12 * i;
		uint32_t count = 1 + choose(12);

		subordinate.range[i].first = first;
		subordinate.range[i].count = count;
		note(in, "subordinate", first, first, count);
	}
}

/* Through the parser, as options do. */
static void make_map_block(struct map_input *in, uint32_t inner, uint32_t outer, uint32_t count)
{
	struct diag d = { 0 };
	char text[48];

	if (one_in(2))
		snprintf(text, sizeof(text), "%u:%u:%u", inner, outer, count);
	else
		snprintf(text, sizeof(text), "%u,%u,%u", outer, inner, count);
	note(in, "block", inner, outer, count);
	if (idmap_add_block(&in->spec, ID_UID, text, &d) < 0)
		differ(in->text, "a good block refused", text);
}

static void make_few_blocks(struct map_input *in)
{
	uint32_t inner = in->inner_base, outer = in->outer_base;
	struct diag d = { 0 };

	for (unsigned int n = choose(6); n; n--) {
		uint32_t count = 1 + choose(8);

		if (one_in(10)) {
			const char *word = one_in(2) ? "auto" : "subids";

			idmap_add_block(&in->spec, ID_UID, word, &d);
			note(in, word, 0, 0, 0);
			continue;
		}
		inner = one_in(8) ? in->inner_base + choose(40) : inner + choose(3);
		outer = one_in(8) ? in->outer_base + choose(40) : outer + choose(3);
		if (inner > UINT32_MAX - count || outer > UINT32_MAX - count)
			return;
		make_map_block(in, inner, outer, count);
		inner += count;
		outer += count;
	}
}

/* About as many as the kernel takes. */
static void make_many_blocks(struct map_input *in)
{
	unsigned int n = IDMAP_LINES - choose(4);

	in->inner_base = in->outer_base = 100;
	in->spec.single_id = 100 + choose(2 * IDMAP_LINES);
	in->own = 100 + choose(2 * IDMAP_LINES);
	for (unsigned int i = 0; i < n; i++)
		make_map_block(in, 100 + 3 * i, 102 + 3 * i, 1 + choose(3));
}

static void make_map(struct map_input *in)
{
	in->spec.n = 0;
	in->len = 0;
	in->inner_base = choose_base();
	in->outer_base = one_in(2) ? in->inner_base : choose_base();
	make_single(in);
	make_subordinate(in);
	if (one_in(64))
		make_many_blocks(in);
	else
		make_few_blocks(in);
	note(in, "own, single's id", in->own, in->spec.single_id, in->spec.single);
}

/* Is ID in the map's line of its own, on side INSIDE? */
static bool is_single(const struct map_input *in, bool inside, uint64_t id)
{
	const struct idspec *s = &in->spec;

	if (!s->single || broken())
		return false;
	return id == (inside && !s->single_own ? s->single_id : in->own);
}

/*
 * Pair COUNT outer ids from OUTER on with the ids from *INNER up to END. An id
 * that stands alone is passed over on either side.
 */
static void model_pair(const struct map_input *in, struct pairs *p, uint64_t *inner,
		       uint64_t end, uint64_t outer, uint64_t count)
{
	bool begun = false;

	for (uint64_t o = outer; o < outer + count; o++) {
		if (is_single(in, false, o))
			continue;
		if (*inner < end && is_single(in, true, *inner))
			++*inner;
		if (*inner >= end)
			return;
		if (!begun || p->id[p->n - 1].inner + 1 != *inner || p->id[p->n - 1].outer + 1 != o)
			p->lines++;
		begun = true;
		p->id[p->n].inner = (uint32_t)(*inner)++;
		p->id[p->n++].outer = (uint32_t)o;
	}
}

static bool model_add_block(const struct map_input *in, const struct idblock *b, struct pairs *p)
{
	uint64_t inner = b->range.inner;

	if (b->what == IDBLOCK_RANGE) {
		model_pair(in, p, &inner, inner + b->range.count, b->range.outer, b->range.count);
		return true;
	}
	inner = 0;
	for (unsigned int i = 0; i < subordinate.n; i++) {
		uint64_t first = subordinate.range[i].first, count = subordinate.range[i].count;

		if (b->what == IDBLOCK_SUBIDS)
			inner = first;
		model_pair(in, p, &inner, b->what == IDBLOCK_AUTO ? UINT32_MAX : first + count,
			   first, count);
	}
	return subordinate.n > 0;
}

static bool has_twice(const struct pairs *p)
{
	for (unsigned int i = 0; i < p->n; i++)
		for (unsigned int j = 0; j < i; j++)
			if (p->id[i].inner == p->id[j].inner || p->id[i].outer == p->id[j].outer)
				return true;
	return false;
}

/* Are these blocks a map at all? Then *P has its pairs. */
static bool model_map(const struct map_input *in, struct pairs *p)
{
	const struct idspec *s = &in->spec;

	p->n = p->lines = 0;
	if (s->single) {
		p->id[0].inner = s->single_own ? in->own : s->single_id;
		p->id[0].outer = in->own;
		p->n = p->lines = 1;
	}
	for (unsigned int i = 0; i < s->n; i++)
		if (!model_add_block(in, &s->block[i], p))
			return false;
	return p->lines <= 340 && !has_twice(p);
}

/* Is OUTER mapped just as the model has it? */
static void check_id(const struct map_input *in, const struct idmap *map, const struct pairs *p,
		     uint32_t outer)
{
	char got[64] = "not mapped", want[64] = "not mapped";
	uint32_t inner;

	for (unsigned int i = 0; i < p->n; i++)
		if (p->id[i].outer == outer)
			snprintf(want, sizeof(want), "%u is %u inside", outer, p->id[i].inner);
	if (idmap_inner(map, outer, &inner))
		snprintf(got, sizeof(got), "%u is %u inside", outer, inner);
	compare(in->text, got, want);
}

/* All wanted ids and, as the counts are the same, no others; the single line before the rest. */
static void check_map(const struct map_input *in, const struct idmap *map, const struct pairs *p)
{
	uint64_t total = 0;
	bool own = p->n == 1 && p->id[0].outer == in->own;

	for (unsigned int i = 0; i < map->n; i++)
		total += map->line[i].count;
	if (map->n > IDMAP_LINES || total != p->n)
		differ(in->text, "too many or too few ids", "others");
	if (in->spec.single && (map->line[0].outer != in->own || map->line[0].count != 1))
		differ(in->text, "another line comes first", "the single one comes first");
	for (unsigned int i = 0; i < p->n; i++)
		check_id(in, map, p, p->id[i].outer);
	for (uint32_t id = 0; id < 49; id++)
		check_id(in, map, p, in->outer_base + id);
	if (idmap_is_own(map, in->own) != own)
		differ(in->text, own ? "not the own id alone" : "the own id alone", "the opposite");
}

/* The helper's arguments say the same as the lines. */
static void check_helper(const struct map_input *in, const struct idmap *map)
{
	char **argv = idmap_helper_argv(map, ID_GID, INT_MAX);
	char want[48], got[48];

	if (!argv)
		differ(in->text, "no arguments for newgidmap", "some");
	for (unsigned int i = 0; i < map->n; i++) {
		const struct idrange *r = &map->line[i];

		snprintf(want, sizeof(want), "%u %u %u", r->inner, r->outer, r->count);
		snprintf(got, sizeof(got), "%s %s %s", argv[2 + 3 * i], argv[3 + 3 * i],
			 argv[4 + 3 * i]);
		compare(in->text, got, want);
	}
	if (strcmp(argv[0], "newgidmap") || strcmp(argv[1], "2147483647") || argv[2 + 3 * map->n])
		differ(in->text, "another command, process or end", "newgidmap 2147483647");
	free(argv);
}

/* "all": as many ids as there are here, so that it is worked out for single ones. */

static bool within(const struct idrange *r, uint64_t id)
{
	return id >= r->inner && id - r->inner < r->count;
}

/* What OUTER is inside if every id of R, a line of the present map, is paired with one of R. */
static void model_all(const struct map_input *in, const struct idrange *r, uint32_t outer,
		      char *want, size_t size)
{
	const struct idspec *s = &in->spec;
	uint64_t passed = s->single_own ? in->own : s->single_id, id = outer;
	bool cut = s->single && !broken();

	if (s->single && outer == in->own) {
		snprintf(want, size, "%" PRIu64, passed);
		return;
	}
	if (!within(r, outer))
		return;
	if (cut && within(r, in->own) && in->own < outer)
		id--;
	if (cut && within(r, passed) && passed <= id)
		id++;
	if (within(r, id))
		snprintf(want, size, "%" PRIu64, id);
}

static void check_all_id(const struct map_input *in, const struct idmap *map,
			 const struct idmap *present, uint32_t outer)
{
	char got[64] = "not mapped", want[64] = "not mapped", input[sizeof(in->text) + 32];
	uint32_t inner;

	for (unsigned int i = 0; i < present->n; i++)
		model_all(in, &present->line[i], outer, want, sizeof(want));
	if (idmap_inner(map, outer, &inner))
		snprintf(got, sizeof(got), "%" PRIu32, inner);
	snprintf(input, sizeof(input), "all;%s: id %" PRIu32, in->text, outer);
	compare(input, got, want);
}

/* The ids that are mapped in the namespace of this process; false: there are none, or too many. */
static bool read_present(struct idmap *present)
{
	FILE *file = fopen("/proc/self/uid_map", "re");
	unsigned int inner, count;

	present->n = 0;
	while (file && present->n < 8 && fscanf(file, "%u %*u %u", &inner, &count) == 2)
		present->line[present->n++] = (struct idrange){ inner, inner, count };
	if (file)
		fclose(file);
	return present->n && present->n < 8;
}

static bool round_map_all(struct map_input *in)
{
	static struct idmap map, present;
	const uint64_t marks[] = { 0, in->own, in->spec.single_id, UINT32_MAX };
	struct diag d = { 0 };
	int ret;

	if (!read_present(&present))
		return false;
	in->spec.n = 0;
	if (idmap_add_block(&in->spec, ID_UID, "all", &d) < 0)
		differ("all", d.what, "a block");
	ret = idmap_resolve(&map, &in->spec, ID_UID, in->own, &d);
	check_diag(in->text, ret, &d);
	if (ret < 0)
		differ(in->text, d.what, "a map");
	for (size_t i = 0; i < COUNT(marks); i++)
		for (uint64_t id = marks[i] < 2 ? 0 : marks[i] - 2; id < marks[i] + 3; id++)
			if (id < UINT32_MAX)
				check_all_id(in, &map, &present, (uint32_t)id);
	return true;
}

bool round_map(void)
{
	static struct map_input in;
	static struct idmap map;
	static struct pairs want;
	struct diag d = { 0 };
	bool good;
	int ret;

	make_map(&in);
	if (one_in(16))
		return round_map_all(&in);
	good = model_map(&in, &want);
	ret = idmap_resolve(&map, &in.spec, ID_UID, in.own, &d);
	check_diag(in.text, ret, &d);
	if ((ret == 0) != good)
		differ(in.text, ret == 0 ? "a map" : d.what, good ? "a map" : "none");
	if (ret == 0) {
		check_map(&in, &map, &want);
		check_helper(&in, &map);
	}
	return ret == 0;
}
