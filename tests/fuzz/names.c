// SPDX-License-Identifier: GPL-2.0-or-later
/* What names a process, a set or capabilities: common/target.h, keeper.h, caps.h. */
#include "models.h"

#include <ctype.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "caps.h"
#include "diag.h"
#include "keeper.h"
#include "target.h"

/* TARGET: PID, PID:INODE or the name of a set. */

static void make_target(struct text *t)
{
	static const char *const names[] = { "world", "_", "a-b.c", "9a", "-a", ".a", "a/b", "\xc3\xa9" };

	if (one_in(3)) {
		put(t, choose_word(names, COUNT(names)));
		for (unsigned int n = one_in(3) ? 56 + choose(12) : choose(4); n; n--)
			put_char(t, 'x');
	} else {
		make_number(t, INT_MAX);
		if (one_in(2)) {
			put_char(t, ':');
			make_number(t, UINT64_MAX);
		}
	}
	mutate(t);
}

static bool model_set(const char *text)
{
	size_t len = strlen(text);

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c > 0x7f || (!isalpha(c) && c != '_' && (i == 0 || (!isdigit(c) && c != '.' && c != '-'))))
			return false;
	}
	return len > 0 && len <= (broken() ? 63 : 64);
}

static void model_target(const char *text, char *want, size_t size)
{
	size_t pid = strspn(text, DIGITS), inode;

	snprintf(want, size, "E");
	if (model_set(text)) {
		snprintf(want, size, "set %s", text);
		return;
	}
	if (!pid || pid > 15 || over(text, pid, broken() ? 99 : INT_MAX) || !atoi(text))
		return;
	if (!text[pid]) {
		snprintf(want, size, "process %d, inode 0", atoi(text));
		return;
	}
	inode = strspn(text + pid + 1, DIGITS);
	if (text[pid] == ':' && inode && !text[pid + 1 + inode] && strspn(text + pid + 1, "0") < inode &&
	    !over(text + pid + 1, inode, UINT64_MAX))
		snprintf(want, size, "process %d, inode %" PRIu64, atoi(text),
			 (uint64_t)strtoull(text + pid + 1, NULL, 10));
}

static void say_target(char *got, size_t size, const struct target_name *name)
{
	if (name->set)
		snprintf(got, size, "set %s", name->set);
	else
		snprintf(got, size, "process %d, inode %" PRIu64, (int)name->pid, name->inode);
}

bool round_target(void)
{
	char got[sizeof(struct text) + 8], want[sizeof(struct text) + 8];
	struct target_name name;
	struct text t = { 0 };
	struct diag d = { 0 };
	int ret;

	if (!make_raw(&t))
		make_target(&t);
	model_target(t.s, want, sizeof(want));
	ret = target_parse(&name, t.s, "--target", &d);
	snprintf(got, sizeof(got), "%s", check_diag(t.s, ret, &d));
	if (ret == 0)
		say_target(got, sizeof(got), &name);
	return compare(t.s, got, want);
}

/* The record of a keeper: a process, and the end of the line, which is written last. */

static void model_record(const char *record, char *want, size_t size)
{
	char text[sizeof(struct text)];
	size_t len = strlen(record);

	snprintf(want, size, "E");
	if (!len || strchr(record, '\n') != record + len - 1)
		return;
	memcpy(text, record, len);
	text[len - 1] = '\0';
	model_target(text, want, size);
	if (!strncmp(want, "set", 3))
		snprintf(want, size, "E");
}

bool round_record(void)
{
	char got[sizeof(struct text) + 8] = "E", want[sizeof(struct text) + 8];
	struct text t = { 0 }, copy;
	struct target_name name;

	if (!make_raw(&t)) {
		make_target(&t);
		if (!one_in(8))
			put_char(&t, '\n');
		mutate(&t);
	}
	model_record(t.s, want, sizeof(want));
	copy = t;
	if (keeper_parse(copy.s, &name))
		say_target(got, sizeof(got), &name);
	return compare(t.s, got, want);
}

/* Capabilities. */

#define CAP(name) { #name, CAP_##name }
static const struct {
	const char *name;
	int number;
} caps[] = {
	CAP(CHOWN), CAP(DAC_OVERRIDE), CAP(DAC_READ_SEARCH), CAP(FOWNER), CAP(FSETID), CAP(KILL),
	CAP(SETGID), CAP(SETUID), CAP(SETPCAP), CAP(LINUX_IMMUTABLE), CAP(NET_BIND_SERVICE),
	CAP(NET_BROADCAST), CAP(NET_ADMIN), CAP(NET_RAW), CAP(IPC_LOCK), CAP(IPC_OWNER),
	CAP(SYS_MODULE), CAP(SYS_RAWIO), CAP(SYS_CHROOT), CAP(SYS_PTRACE), CAP(SYS_PACCT),
	CAP(SYS_ADMIN), CAP(SYS_BOOT), CAP(SYS_NICE), CAP(SYS_RESOURCE), CAP(SYS_TIME),
	CAP(SYS_TTY_CONFIG), CAP(MKNOD), CAP(LEASE), CAP(AUDIT_WRITE), CAP(AUDIT_CONTROL),
	CAP(SETFCAP), CAP(MAC_OVERRIDE), CAP(MAC_ADMIN), CAP(SYSLOG), CAP(WAKE_ALARM),
	CAP(BLOCK_SUSPEND), CAP(AUDIT_READ), CAP(PERFMON), CAP(BPF), CAP(CHECKPOINT_RESTORE),
};

static void make_caps(struct text *t)
{
	static const char *const prefixes[] = { "", "cap_", "CAP_", "Cap_", "cap_cap_", "cap" };

	do {
		unsigned int capital = choose(3);

		if (t->n)
			put_char(t, ',');
		if (one_in(3)) {
			make_number(t, 63);
			continue;
		}
		put(t, choose_word(prefixes, one_in(6) ? COUNT(prefixes) : 4));
		for (const char *name = caps[choose(COUNT(caps))].name; *name; name++)
			put_char(t, capital == 2 || (capital && one_in(2)) ? *name : (char)tolower(*name));
	} while (one_in(2));
	mutate(t);
}

/* The number of the LEN bytes at TEXT, or -1. */
static int model_cap(const char *text, size_t len)
{
	char upper[40] = "";
	const char *name = upper;

	if (!len || len > 31)
		return -1;
	for (size_t i = 0; i < len; i++)
		upper[i] = text[i] >= 'a' && text[i] <= 'z' ? text[i] - 32 : text[i];
	if (strspn(upper, DIGITS) == len)
		return over(upper, len, 63) ? -1 : atoi(upper);
	if (!strncmp(name, "CAP_", 4) && !broken())
		name += 4;
	for (size_t i = 0; i < COUNT(caps); i++)
		if (!strcmp(caps[i].name, name))
			return caps[i].number;
	return -1;
}

static void model_caps(const char *text, char *want, size_t size)
{
	uint64_t set = 0;

	for (;; text++) {
		size_t len = strcspn(text, ",");
		int cap = model_cap(text, len);

		if (cap < 0) {
			snprintf(want, size, "E");
			return;
		}
		set |= UINT64_C(1) << cap;
		text += len;
		if (!*text)
			break;
	}
	snprintf(want, size, "%#" PRIx64, set);
}

bool round_caps(void)
{
	struct text t = { 0 };
	struct diag d = { 0 };
	char got[32], want[32];
	uint64_t set = 0;
	int ret;

	if (!make_raw(&t))
		make_caps(&t);
	model_caps(t.s, want, sizeof(want));
	ret = caps_parse(t.s, "--drop-caps", &set, &d);
	snprintf(got, sizeof(got), "%s", check_diag(t.s, ret, &d));
	if (ret == 0)
		snprintf(got, sizeof(got), "%#" PRIx64, set);
	return compare(t.s, got, want);
}
