// SPDX-License-Identifier: GPL-2.0-or-later
/* What /proc says: mountinfo, cgroup, status, links of namespaces. proc(5). */
#include "models.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cgroup.h"
#include "mountinfo.h"
#include "nsfs.h"
#include "status.h"

enum { ANSWER = 2 * sizeof(struct text) };

/* Up to N bytes of TEXT behind TO, which has SIZE bytes. */
static void add_part(char *to, size_t size, const char *text, size_t n)
{
	size_t len = strlen(to);

	while (n-- && *text && len < size - 1)
		to[len++] = *text++;
	to[len] = '\0';
}

static void add(char *to, size_t size, const char *text)
{
	add_part(to, size, text, SIZE_MAX);
}

/* A line of mountinfo. The model cuts it at each blank, and only then looks what there is. */

enum { FIELDS = 600 };

struct mount_line {
	const char *field[FIELDS];
	size_t len[FIELDS];
	size_t n, dash; /* field[dash] is the "-" */
	size_t rest;	/* bytes from field[dash + 3] to the end of the line */
	char root[sizeof(struct text)], point[sizeof(struct text)];
};

static void make_path(struct text *t)
{
	static const char *const names[] = {
		"a", "b c", "\\040", "\\134", "x\\011y", "..", "\\", "\\400", "\\000", "nst", "\xc3\xa9",
	};

	if (one_in(4)) {
		put_char(t, '/');
		return;
	}
	for (unsigned int n = 1 + choose(3); n; n--) {
		const char *name = choose_word(names, COUNT(names));

		put_char(t, '/');
		/* The kernel has no blanks there. */
		for (; *name; name++)
			put(t, *name == ' ' ? "\\040" : (const char[]){ *name, '\0' });
	}
}

static void make_mount(struct text *t)
{
	static const char *const roots[] = { "net:[4026531840]", "mnt:[5]", "x:[0]", "pid:[" };
	static const char *const fields[] = { "shared:7", "master:3", "unbindable", "shared", "xshared:1" };
	static const char *const types[] = { "cgroup2", "cgroup", "nsfs", "ext4", "fuse.sshfs", "-" };
	static const char *const sources[] = { "none", "", "-", "cgroup", "/dev/sda\\0401" };
	static const char *const options[] = {
		"rw", "rw,cpu,cpuacct", "ro,name=systemd", "rw,nsdelegate", "rw,a b - c d e", "",
	};

	put_number(t, choose(100));
	put(t, " 29 0:31 ");
	if (one_in(3))
		put(t, choose_word(roots, COUNT(roots)));
	else
		make_path(t);
	put_char(t, ' ');
	make_path(t);
	put(t, " rw,nosuid ");
	for (unsigned int n = choose(4); n; n--) {
		put(t, choose_word(fields, COUNT(fields)));
		put_char(t, ' ');
	}
	put(t, "- ");
	put(t, choose_word(types, COUNT(types)));
	put_char(t, ' ');
	put(t, choose_word(sources, COUNT(sources)));
	put_char(t, ' ');
	put(t, choose_word(options, COUNT(options)));
}

/* Backslashes with three digits stand for a byte, unless there is no such byte in a text. */
static void model_unescape(const char *from, size_t n, char *to)
{
	for (size_t i = 0; i < n; i++) {
		unsigned int byte = 0, digits = 0;

		while (from[i] == '\\' && digits < 3 && i + 1 + digits < n &&
		       strchr("01234567", from[i + 1 + digits]))
			byte = byte * 8 + (unsigned int)(from[i + 1 + digits++] - '0');
		*to++ = digits == 3 && byte >= 1 && byte <= 255 ? (char)byte : from[i];
		if (to[-1] != from[i] || (digits == 3 && byte == '\\'))
			i += 3;
	}
	*to = '\0';
}

static bool model_mount(const char *text, struct mount_line *m)
{
	size_t len = strcspn(text, "\n");

	m->n = m->dash = 0;
	for (size_t i = 0; i <= len && m->n < FIELDS; i++) {
		if (i == 0 || text[i - 1] == ' ') {
			m->field[m->n] = text + i;
			m->len[m->n++] = 0;
		}
		if (i < len && text[i] != ' ')
			m->len[m->n - 1]++;
	}
	while (m->dash < m->n && (m->dash < 6 || m->len[m->dash] != 1 || *m->field[m->dash] != '-'))
		m->dash++;
	if (m->n < m->dash + 4 || !m->len[0] || strspn(text, DIGITS) != m->len[0] ||
	    over(text, m->len[0], UINT64_MAX))
		return false;
	m->rest = (size_t)(text + len - m->field[m->dash + 3]);
	model_unescape(m->field[3], m->len[3], m->root);
	model_unescape(m->field[4], m->len[4], m->point);
	return true;
}

static void say_mount(const struct mount_line *m, char *want, size_t size)
{
	bool shared = false;

	for (size_t i = 6; i < m->dash; i++)
		shared |= m->len[i] > 6 && !memcmp(m->field[i], broken() ? "master:" : "shared:", 7);
	snprintf(want, size, "%" PRIu64 " %s [%s] [%s] [%.*s] [%.*s]",
		 (uint64_t)strtoull(m->field[0], NULL, 10), shared ? "shared" : "not shared", m->root,
		 m->point, (int)m->len[m->dash + 1], m->field[m->dash + 1], (int)m->rest,
		 m->field[m->dash + 3]);
}

bool round_mountinfo(void)
{
	struct text t = { 0 }, copy;
	struct mount_line model;
	struct mountinfo m;
	char got[2 * ANSWER] = "E", want[2 * ANSWER] = "E";

	if (!make_raw(&t)) {
		make_mount(&t);
		mutate(&t);
		if (one_in(2))
			put_char(&t, '\n');
	}
	if (model_mount(t.s, &model))
		say_mount(&model, want, sizeof(want));
	copy = t;
	if (mountinfo_cut(copy.s, &m))
		snprintf(got, sizeof(got), "%" PRIu64 " %s [%s] [%s] [%s] [%s]", m.id,
			 m.shared ? "shared" : "not shared", m.root, m.point, m.type, m.options);
	return compare(t.s, got, want);
}

/* Lines of cgroup. What the parser has cut apart comes to the line again. */

static void make_membership(struct text *t)
{
	static const char *const names[] = {
		"", "cpu", "cpu,cpuacct", "cpuacct,cpu", "name=systemd", "memory", "cpu,", ",",
	};

	put_number(t, choose(13));
	put_char(t, ':');
	put(t, choose_word(names, COUNT(names)));
	put_char(t, ':');
	make_path(t);
	if (one_in(8))
		put(t, ":/nst");
}

static void make_memberships(struct text *t)
{
	for (unsigned int n = choose(4); n; n--) {
		make_membership(t);
		put_char(t, '\n');
	}
	mutate(t);
}

/* The lines of TEXT until one has no two colons, and behind each whether OWN has it. */
static void model_memberships(const char *text, const char *own, char *want, size_t size)
{
	char all[sizeof(struct text) + 2], line[sizeof(struct text) + 2];

	snprintf(all, sizeof(all), "\n%s\n", own);
	for (; *text; text += *text == '\n') {
		size_t len = strcspn(text, "\n"), first = strcspn(text, ":");

		if (first >= len || !memchr(text + first + 1, ':', len - first - 1)) {
			add(want, size, "no more");
			return;
		}
		snprintf(line, sizeof(line), "\n%.*s\n", (int)len, text);
		add_part(want, size, text, len);
		add(want, size, strstr(all, line) && !broken() ? " ours\n" : " other\n");
		text += len;
	}
}

bool round_cgroup(void)
{
	struct text t = { 0 }, own, copy;
	char got[ANSWER] = "", want[ANSWER] = "", *rest;
	struct cgroup_membership m;
	bool good = true;

	if (!make_raw(&t))
		make_memberships(&t);
	own = copy = t;
	while (one_in(2))
		mutate(&own);
	model_memberships(t.s, own.s, want, sizeof(want));
	for (rest = copy.s; good && rest && *rest;) {
		good = cgroup_next(&rest, &m);
		if (!good) {
			add(got, sizeof(got), "no more");
			break;
		}
		add(got, sizeof(got), m.hierarchy);
		add(got, sizeof(got), ":");
		add(got, sizeof(got), m.names);
		add(got, sizeof(got), ":");
		add(got, sizeof(got), m.path);
		add(got, sizeof(got), cgroup_is_in(&m, own.s) ? " ours\n" : " other\n");
	}
	compare(t.s, got, want);
	return good;
}

/* Does the mount of the first line show the cgroup of the second one? */

static bool in_list(const char *list, const char *name, size_t len)
{
	char all[sizeof(struct text) + 2], one[sizeof(struct text) + 2];
	const char *found;

	snprintf(all, sizeof(all), ",%s", list);
	snprintf(one, sizeof(one), ",%.*s", (int)len, name);
	for (found = strstr(all, one); found; found = strstr(found + 1, one))
		if (found[len + 1] == ',' || (!found[len + 1] && len))
			return true;
	return false;
}

/* The names between commas; none behind a comma at the end. */
static bool in_options(const char *options, const char *names)
{
	for (;;) {
		size_t len = strcspn(names, ",");

		if (!*names)
			return true;
		if (!in_list(options, names, len))
			return false;
		names += len;
		names += *names == ',';
	}
}

static void model_procs(const struct mount_line *m, const char *options, const char *names,
			const char *path, size_t room, char *want, size_t size)
{
	const char *type = *names || broken() ? "cgroup" : "cgroup2";
	size_t len = strcmp(m->root, "/") ? strlen(m->root) : 0;

	if (m->len[m->dash + 1] != strlen(type) || memcmp(m->field[m->dash + 1], type, strlen(type)))
		return;
	if (!in_options(options, names) || !strcmp(path, "/..") || !strncmp(path, "/../", 4))
		return;
	if (strlen(path) < len || memcmp(path, m->root, len) || (path[len] && path[len] != '/'))
		return;
	if (strlen(m->point) + strlen(path + len) + strlen("/cgroup.procs") < room)
		snprintf(want, size, "%s%s/cgroup.procs", m->point, path + len);
}

/* A pair of lines that may fit: the path begins with the root, and the options have the names. */
static void make_pair(struct text *t)
{
	struct text path = { 0 };

	make_path(&path);
	if (one_in(4)) {
		make_mount(t);
	} else {
		put(t, "31 29 0:27 ");
		put(t, one_in(2) ? "/" : path.s);
		put(t, " /sys/fs/cgroup rw - ");
		put(t, one_in(3) ? "cgroup none rw,cpu,cpuacct" : one_in(2) ? "cgroup2  rw" : "cgroup2 - rw");
	}
	put_char(t, '\n');
	if (one_in(4)) {
		make_membership(t);
	} else {
		put(t, one_in(3) ? "4:cpu,cpuacct:" : one_in(4) ? "4:cpu:" : "0::");
		put(t, path.s);
		put(t, one_in(3) ? "/sub" : one_in(5) ? "-2" : "");
	}
	mutate(t);
}

bool round_procs(void)
{
	char got[2 * ANSWER] = "E", want[2 * ANSWER] = "E", options[sizeof(struct text)];
	size_t room = one_in(8) ? 1 + choose(80) : sizeof(got);
	struct cgroup_membership own;
	struct mount_line model;
	struct text t = { 0 }, line, copy;
	struct mountinfo mount;
	char *rest;

	if (!make_raw(&t))
		make_pair(&t);
	line = copy = t;
	rest = copy.s + strcspn(copy.s, "\n");
	rest += *rest == '\n';
	if (!model_mount(t.s, &model) || !cgroup_next(&rest, &own) || !mountinfo_cut(line.s, &mount))
		return false;
	snprintf(options, sizeof(options), "%.*s", (int)model.rest, model.field[model.dash + 3]);
	model_procs(&model, options, own.names, own.path, room, want, sizeof(want));
	if (!cgroup_procs(&mount, &own, got, room))
		strcpy(got, "E");
	return compare(t.s, got, want);
}

/* A link of a namespace: "net:[4026531840]". */

static const char *const types[] = { "mnt", "uts", "ipc", "net", "pid", "user", "cgroup", "time" };

static void make_link(struct text *t)
{
	static const char *const others[] = { "", "ne", "nett", "pid_for_children", "socket", "MNT", "net:" };

	if (make_raw(t))
		return;
	put(t, one_in(4) ? choose_word(others, COUNT(others)) : choose_word(types, COUNT(types)));
	put(t, ":[");
	make_number(t, UINT64_MAX);
	put_char(t, ']');
	mutate(t);
}

static void model_link(const char *text, char *want, size_t size)
{
	size_t len = strcspn(text, ":"), n = 0;
	int type = -1;

	for (size_t i = 0; i < COUNT(types); i++)
		if (strlen(types[i]) == len && !memcmp(types[i], text, len))
			type = (int)i;
	if (text[len] && text[len + 1] == '[')
		n = strspn(text + len + 2, DIGITS);
	if (!len || !n || n > (broken() ? 9 : 23) || strcmp(text + len + 2 + n, "]") ||
	    over(text + len + 2, n, UINT64_MAX))
		snprintf(want, size, "0 %d", type);
	else
		snprintf(want, size, "%" PRIu64 " %d", (uint64_t)strtoull(text + len + 2, NULL, 10), type);
}

bool round_nsfs(void)
{
	struct text t = { 0 };
	char got[40], want[40];

	make_link(&t);
	model_link(t.s, want, sizeof(want));
	snprintf(got, sizeof(got), "%" PRIu64 " %d", nsfs_parse(t.s), nsfs_type(t.s));
	compare(t.s, got, want);
	return *got != '0';
}

/* status. */

static const char *const keys[] = { "Uid", "Groups", "NSpid", "SigCgt", "Pid", "U" };

static void make_status(struct text *t)
{
	static const char *const blanks[] = { "\t", " ", "", " \t", "\n" };

	put(t, one_in(4) ? "Name:\t\\nUid:\t0" : "Name:\tsh");
	for (unsigned int n = choose(5); n; n--) {
		put_char(t, '\n');
		put(t, choose_word(keys, COUNT(keys)));
		put_char(t, ':');
		for (unsigned int k = choose(4); k; k--) {
			put(t, choose_word(blanks, one_in(8) ? COUNT(blanks) : 2));
			if (one_in(4))
				put(t, one_in(2) ? "00000000280b42ff" : "-1");
			else
				make_number(t, UINT32_MAX);
		}
		if (one_in(4))
			put_char(t, ' ');
	}
	put_char(t, '\n');
	mutate(t);
}

static bool model_one(const char *word, size_t len, unsigned int base, uint64_t *value)
{
	size_t zeros = strspn(word, "0");

	*value = 0;
	if (base == 16) {
		if (strspn(word, DIGITS "abcdef") < len || len - zeros > 16)
			return false;
	} else if (strspn(word, DIGITS) < len || over(word, len, UINT64_MAX)) {
		return false;
	}
	/* strtoull(3) must not take what comes behind it. */
	*value = strtoull(word, NULL, (int)base);
	return len > 0;
}

/* The words of the first line that begins with the KEY, as long as they are numbers. */
static void model_status(const char *text, const char *key, unsigned int base, char *want, size_t size)
{
	char begin[16], line[sizeof(struct text)], *save = NULL;
	const char *found;
	uint64_t value;

	snprintf(begin, sizeof(begin), "\n%s:", key);
	found = strstr(text, begin);
	if (!found) {
		snprintf(want, size, "E");
		return;
	}
	found += strlen(begin);
	snprintf(line, sizeof(line), "%.*s", (int)strcspn(found, "\n"), found);
	for (char *word = strtok_r(line, " \t", &save); word; word = strtok_r(NULL, " \t", &save)) {
		char digits[24];

		if (!model_one(word, strlen(word), base, &value))
			return;
		snprintf(digits, sizeof(digits), " %" PRIu64, value);
		add(want, size, digits);
		if (broken())
			return;
	}
}

bool round_status(void)
{
	static char got[12 * sizeof(struct text)], want[12 * sizeof(struct text)];
	const char *key = choose_word(keys, COUNT(keys)), *at;
	unsigned int base = one_in(4) ? 16 : 10;
	struct text t = { 0 };
	uint64_t value;

	*got = *want = '\0';
	if (!make_raw(&t))
		make_status(&t);
	model_status(t.s, key, base, want, sizeof(want));
	at = status_line(t.s, key);
	if (at && (at < t.s || at > t.s + t.n))
		differ(t.s, "outside of the text", want);
	if (!at)
		add(got, sizeof(got), "E");
	while ((at = status_number(at, base, &value))) {
		char digits[24];

		if (at > t.s + t.n)
			differ(t.s, "outside of the text", want);
		snprintf(digits, sizeof(digits), " %" PRIu64, value);
		add(got, sizeof(got), digits);
	}
	return compare(t.s, got, want);
}
