// SPDX-License-Identifier: GPL-2.0-or-later
/* Exit status 0 if this kernel, and any seccomp filter over us, has clone3(2). */
#include <errno.h>
#include <unistd.h>

enum { NR_CLONE3 = 435 };

int main(void)
{
	/* A struct of size 0 is refused with EINVAL before anything is made. */
	return !(syscall(NR_CLONE3, (void *)0, (size_t)0) < 0 && errno == EINVAL);
}
