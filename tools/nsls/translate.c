/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nsls.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "cleanup.h"
#include "diag.h"
#include "file.h"
#include "nsref.h"
#include "procdir.h"
#include "status.h"
#include "table.h"
#include "target.h"

enum { COL_NS, COL_PID };

static const struct table_column columns[] = {
	[COL_NS] = { "NS", TABLE_NUMBER, NULL },
	[COL_PID] = { "PID", TABLE_NUMBER, NULL },
	{ .name = NULL },
};

/* The PID namespaces that see a process, its own first, and its number in each. */
struct numbers {
	struct {
		uint64_t ns;
		pid_t pid;
	} at[KERNEL_PIDNS_LEVELS + 1];
	int n;
};

/* "NSpid:\t42\t7\n", the outermost first: that of the proc which we look at. How many. */
static int parse_numbers(const char *status, pid_t pid[KERNEL_PIDNS_LEVELS + 1])
{
	const char *at = status_line(status, "NSpid");
	uint64_t number;
	int n = 0;

	while (n <= KERNEL_PIDNS_LEVELS && (at = status_number(at, 10, &number)))
		pid[n++] = (pid_t)number;
	return n;
}

/* How many; -1 and *d. */
static int read_numbers(const struct target *t, pid_t pid[KERNEL_PIDNS_LEVELS + 1], struct diag *d)
{
	cleanup_close int fd = target_file(t, "status", O_RDONLY, "look at the process", d);
	cleanup_free char *text = NULL;
	int n;

	if (fd < 0)
		return -1;
	text = status_read_fd(fd);
	if (!text)
		return diag_fail(d, "status", "look at process %d", (int)t->pid);
	n = parse_numbers(text, pid);
	return n ? n : diag_set(d, 0, NULL, "process %d has no number in a PID namespace", (int)t->pid);
}

/*
 * Its own PID namespace; one that may not be looked at is known if it is ours,
 * for then the process has one number only, as we have.
 */
static int open_own(const struct target *t, int n_numbers, struct diag *d)
{
	int fd = target_file(t, "ns/pid", O_RDONLY, "open the PID namespace", d);
	int type = NS_PID;
	char path[NSREF_PATH];

	if (fd >= 0 || (d->err != EACCES && d->err != EPERM))
		return fd;
	if (n_numbers > 1 || !procdir_is_ours())
		return diag_hint(d, "it is another user's process, or has more capabilities than we have");
	return nsref_open(nsref_path(path, 0, NS_PID, false), &type, d);
}

/* From there up to ours: what is beyond the kernel does not give out. */
static int look_outwards(struct numbers *all, int fd, const pid_t *pid, int n, struct diag *d)
{
	cleanup_close int ns = fd;

	while (ns >= 0 && n > 0) {
		int parent;
		struct stat st;

		if (fstat(ns, &st) < 0)
			return diag_fail(d, NULL, "look at a PID namespace");
		all->at[all->n].ns = st.st_ino;
		all->at[all->n++].pid = pid[--n];
		parent = ioctl(ns, KERNEL_NS_GET_PARENT);
		if (parent < 0 && errno != EPERM)
			return diag_fail(d, NULL, "find the parent of a PID namespace");
		cleanup_close_fd(&ns);
		ns = parent;
	}
	return 0;
}

static int look(struct numbers *all, const struct target_name *name, struct diag *d)
{
	struct target t = TARGET_NONE;
	pid_t pid[KERNEL_PIDNS_LEVELS + 1];
	int ret = -1, fd = -1, n;

	if (target_open(&t, name, d) == 0 && target_look(&t, d) == 0) {
		n = read_numbers(&t, pid, d);
		fd = n < 0 ? -1 : open_own(&t, n, d);
		ret = fd < 0 ? -1 : look_outwards(all, fd, pid, n, d);
	}
	if (ret == 0)
		ret = target_check(&t, d);
	target_close(&t);
	return ret;
}

static int show(const struct nsls *n, const struct numbers *all, struct diag *d)
{
	const struct table_style style = {
		.json = n->json, .raw = n->raw, .no_headings = n->no_headings,
	};
	const struct table_choice choice = { .n = 2, .column = { COL_NS, COL_PID } };
	struct table *t = table_new("pids", columns, &choice, &style, d);
	int ret = t ? 0 : -1;

	for (int i = all->n - 1; ret == 0 && i >= 0; i--)
		if (table_row(t, d) < 0 || table_number(t, COL_NS, all->at[i].ns, d) < 0 ||
		    table_number(t, COL_PID, (uint64_t)all->at[i].pid, d) < 0)
			ret = -1;
	if (ret == 0)
		ret = table_print(t, d);
	table_free(t);
	return ret;
}

int nsls_translate(const struct nsls *n, struct diag *d)
{
	struct numbers all = { .n = 0 };
	struct target_name name;

	if (target_parse(&name, n->translate, "--translate", d) < 0)
		return -1;
	if (name.set)
		return diag_usage(d, "--translate takes a process, and '%s' is the name of a set", name.set);
	return look(&all, &name, d) < 0 ? -1 : show(n, &all, d);
}
