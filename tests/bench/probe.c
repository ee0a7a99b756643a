// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * probe: the program that the benchmarks have launched
 *
 * Without arguments it is true(1) without libc, so that only the launcher's
 * time is measured. With "pause" alone it waits for a signal, as the process
 * whose namespaces are to be entered. With other arguments it looks where it is, asking the kernel,
 * says "ok" on stdout and exits 0, or says what is wrong and exits 1:
 *
 *	uts:[4026531838]  the namespace of that type is another one than this
 *	=uts:[4026531838] it is this one
 *	uid0              its uid and gid are 0
 *	proc              /proc is that of its own pid namespace
 *
 * Build: as floor.c
 */
#include "bare.h"

#include <stdbool.h>

enum { LINK_SIZE = 64 };

static bool read_link(const char *path, char link[LINK_SIZE])
{
	long len = bare_readlink(path, link, LINK_SIZE - 1);

	if (len < 0)
		return false;
	link[len] = '\0';
	return true;
}

/* Is the namespace of that type NS, or (not SAME) another one? */
static bool is_in(const char *ns, bool same)
{
	static const char dir[] = "/proc/self/ns/";
	char path[LINK_SIZE], link[LINK_SIZE], *p = path;

	for (const char *s = dir; *s; s++)
		*p++ = *s;
	for (; *ns && *ns != ':'; ns++) {
		if (p == path + sizeof(path) - 1)
			return false;
		*p++ = *ns;
	}
	*p = '\0';
	if (!read_link(path, link))
		return false;
	for (p = link; *p && *p != ':'; p++)
		;
	return *p == ':' && bare_same(p, ns) == same;
}

static bool is_uid0(void)
{
	return bare_call(SYS_getuid, 0, 0, 0, 0, 0) == 0 &&
	       bare_call(SYS_getgid, 0, 0, 0, 0, 0) == 0;
}

/* A proc of an outer pid namespace knows this process by another number. */
static bool is_own_proc(void)
{
	long pid = bare_call(SYS_getpid, 0, 0, 0, 0, 0), n = 0;
	char link[LINK_SIZE];

	if (!read_link("/proc/self", link))
		return false;
	for (char *p = link; *p; p++)
		n = n * 10 + (*p - '0');
	return n == pid;
}

static bool holds(const char *what)
{
	if (bare_same(what, "uid0"))
		return is_uid0();
	if (bare_same(what, "proc"))
		return is_own_proc();
	return *what == '=' ? is_in(what + 1, true) : is_in(what, false);
}

void bare_main(long *stack)
{
	char **argv = (char **)(stack + 1);

	if (stack[0] < 2)
		bare_exit(0);
	if (bare_same(argv[1], "pause"))
		for (;;)
			bare_call(SYS_ppoll, 0, 0, 0, 0, 0);
	for (argv++; *argv; argv++) {
		if (holds(*argv))
			continue;
		bare_say("probe: not so inside: ");
		bare_say(*argv);
		bare_say("\n");
		bare_exit(1);
	}
	bare_exit(bare_write(1, "ok\n", 3) == 3 ? 0 : 1);
}
