/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timens.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>

#include "cleanup.h"
#include "diag.h"
#include "file.h"
#include "kernel.h"
#include "untraceable.h"

static const char children_file[] = "/proc/self/ns/time_for_children";

int timens_unshare(struct diag *d)
{
	return unshare(CLONE_NEWTIME) < 0 ? diag_fail(d, NULL, "unshare the time namespace") : 0;
}

int timens_write(const struct timens_plan *plan, const char *proc, struct diag *d)
{
	const struct timens_offset *offset[] = { &plan->monotonic, &plan->boottime };
	static const char *const clock[] = { "monotonic", "boottime" };
	char path[64], text[160] = "";
	size_t len = 0;

	snprintf(path, sizeof(path), "/proc/%s/timens_offsets", proc);
	for (int i = 0; i < 2; i++)
		if (offset[i]->set)
			len += (size_t)snprintf(text + len, sizeof(text) - len,
						"%s %" PRId64 " %" PRId32 "\n", clock[i],
						offset[i]->sec, offset[i]->nsec);
	if (file_write(path, text, "write the clock offsets", d) == 0)
		return 0;
	if (errno == ERANGE)
		diag_hint(d, "a clock would be negative, or later than the kernel allows (about 146 years)");
	return -1;
}

int timens_enter(struct diag *d)
{
	cleanup_close int fd = open(children_file, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return diag_fail(d, children_file, "open the time namespace");
	if (untraceable_setns(fd, CLONE_NEWTIME) < 0)
		return diag_fail(d, NULL, "enter the time namespace");
	return 0;
}
