// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * probe: the program that the benchmarks have launched
 *
 * Without arguments it is true(1) without libc, so that only the launcher's
 * time is measured. With "pause" alone it waits for a signal, as the process
 * whose namespaces are to be entered. With "crowd COUNT" it is so many processes
 * that wait, with descriptors of their own; when they are there, it says "." on
 * stdout and closes it. With other arguments it looks where it is, asking the
 * kernel, says "ok" on stdout and exits 0, or says what is wrong and exits 1:
 *
 *	uts:[4026531838]  the namespace of that type is another one than this
 *	=uts:[4026531838] it is this one
 *	uid0              its uid and gid are 0
 *	proc              /proc is that of its own pid namespace
 *
 * Build: as floor.c
 */
#include "bare.h"

#include <signal.h>
#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>

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

static void __attribute__((noreturn)) pause_for_ever(void)
{
	for (;;)
		bare_call(SYS_ppoll, 0, 0, 0, 0, 0);
}

/* What nobody else has, as with a small server: ten descriptors with the four that all have. */
static bool open_own(void)
{
	int ends[2];

	for (int i = 0; i < 2; i++)
		if (bare_call(SYS_pipe2, (long)ends, 0, 0, 0, 0) < 0)
			return false;
	return bare_call(SYS_epoll_create1, 0, 0, 0, 0, 0) >= 0 &&
	       bare_call(SYS_socket, AF_UNIX, SOCK_DGRAM, 0, 0, 0) >= 0;
}

/* They end with the first one. */
static bool crowd(long count)
{
	long ready = bare_call(SYS_dup, 1, 0, 0, 0, 0);
	long null = bare_open("/dev/null", O_RDWR);

	for (int fd = 0; fd < 3; fd++)
		if (bare_call(SYS_dup3, null, fd, 0, 0, 0) < 0)
			return false;
	while (--count > 0) {
		/* clone(2): flags, stack, and what is not asked for */
		long pid = bare_call(SYS_clone, SIGCHLD, 0, 0, 0, 0);

		if (pid < 0)
			return false;
		if (pid > 0)
			continue;
		bare_call(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
		bare_call(SYS_close, ready, 0, 0, 0, 0);
		if (!open_own())
			bare_exit(1);
		pause_for_ever();
	}
	if (!open_own() || bare_write((int)ready, ".", 1) != 1)
		return false;
	bare_call(SYS_close, ready, 0, 0, 0, 0);
	return true;
}

static long parse(const char *text)
{
	long n = 0;

	while (*text)
		n = n * 10 + (*text++ - '0');
	return n;
}

void bare_main(long *stack)
{
	char **argv = (char **)(stack + 1);

	if (stack[0] < 2)
		bare_exit(0);
	if (bare_same(argv[1], "pause"))
		pause_for_ever();
	if (bare_same(argv[1], "crowd") && stack[0] == 3) {
		if (!crowd(parse(argv[2])))
			bare_exit(1);
		pause_for_ever();
	}
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
