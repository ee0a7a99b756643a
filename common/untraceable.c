/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "untraceable.h"

#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/prctl.h>

#include "diag.h"
#include "file.h"

static const char sysctl[] = "/proc/sys/fs/suid_dumpable";

int untraceable_again(struct diag *d)
{
	return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ? diag_fail(d, NULL, "make ourselves untraceable") : 0;
}

int untraceable_lasts(struct diag *d)
{
	const long long value = file_read_number(sysctl);

	/* proc(5). A system that does not have it, or no proc, has the default, 0. */
	if (value < 0 && errno != ENOENT)
		return diag_fail(d, sysctl, "see whether we can be traced");
	if (value != 1)
		return 0;
	diag_set(d, 0, NULL, "the kernel lets others trace us whenever our ids change");
	return diag_hint(d, "the sysctl fs.suid_dumpable is 1; 0 and 2 are safe");
}

int untraceable(struct diag *d)
{
	return untraceable_again(d) < 0 ? -1 : untraceable_lasts(d);
}

/* No caller shall take it for a refusal of setns(2), and try something else. */
static int fail(void)
{
	errno = ENOTRECOVERABLE;
	return -1;
}

int untraceable_setns(int fd, unsigned int flags)
{
	const bool user = flags & CLONE_NEWUSER;
	int ret, err;

	if (user && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return fail();
	ret = setns(fd, (int)flags);
	err = errno;
	if (user && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return fail();
	errno = err;
	return ret;
}
