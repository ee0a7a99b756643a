// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * floor: the benchmarks' lower bound: the same work as a launcher's, by bare
 * system calls, without libc, without options and almost without checks
 *
 *	floor uts-in-place|uts|user+pid+mnt+proc|all PROGRAM [ARGUMENT...]
 *	floor enter|enter-user PID PROGRAM [ARGUMENT...]
 *	floor pins COUNT NAMESPACE DIRECTORY
 *	floor read FILE
 *	floor links COUNT TYPE...
 *	floor ids PID TYPE...
 *	floor peak PROGRAM [ARGUMENT...]
 *
 * The second form enters the namespaces of process PID: all but the user
 * namespace, or user, mount and PID namespace. The third pins NAMESPACE, a path,
 * on files 0, 1, ... in DIRECTORY; the fourth reads FILE to its end. Then: the
 * namespaces of TYPEs (as in /proc/PID/ns) of all processes, which must be COUNT
 * or more, by one look at each link; and those of PID, with the id that the
 * kernel has for each. The last is for its size alone: what starts a program
 * counts in its peak of memory; it says that, in KiB, on stderr. PROGRAM is a
 * path. Exit status: the program's, 128+N when signal N killed it, 125 when the
 * floor itself failed. Build (launch.c says how all is used):
 *
 *	cc -O2 -ffreestanding -fno-stack-protector -fno-pie \
 *		-nostdlib -static -Wl,-z,noseparate-code -o floor floor.c
 */
#define _GNU_SOURCE
#include "bare.h"

#include <elf.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#ifndef SYS_clone3
#define SYS_clone3 435
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif
#ifndef CLONE_NEWCGROUP
#define CLONE_NEWCGROUP 0x02000000
#endif
#ifndef NS_GET_ID
#define NS_GET_ID _IOR(0xb7, 13, uint64_t)
#endif

/* clone_args of <linux/sched.h>, the first published size */
struct clone3_args {
	uint64_t flags, pidfd, child_tid, parent_tid, exit_signal;
	uint64_t stack, stack_size, tls;
};

struct work {
	const char *name;
	struct clone3_args args;
	bool in_place, maps, proc;
	unsigned int enter;		/* what is entered, not made */
};

struct launch {
	const struct work *work;
	char **argv, **envp;
	unsigned long uid, gid;		/* the caller's effective ones */
	const char *target;		/* a PID */
};

/* const, so that no page of data is there to be copied at the first write */
#define NEW(types) { \
	.flags = CLONE_VM | CLONE_VFORK | (uint64_t)(types), \
	.exit_signal = SIGCHLD, \
}

static const struct work works[] = {
	{
		.name = "uts-in-place",
		.args.flags = CLONE_NEWUTS,
		.in_place = true,
	}, {
		.name = "uts",
		.args = NEW(CLONE_NEWUTS),
	}, {
		.name = "user+pid+mnt+proc",
		.args = NEW(CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS),
		.maps = true,
		.proc = true,
	}, {
		.name = "all",
		.args = NEW(CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC |
			    CLONE_NEWNET | CLONE_NEWPID | CLONE_NEWUSER |
			    CLONE_NEWCGROUP | CLONE_NEWTIME),
		.maps = true,
	}, {
		.name = "enter",
		.args = NEW(0),
		.enter = CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC |
			 CLONE_NEWNET | CLONE_NEWPID | CLONE_NEWCGROUP |
			 CLONE_NEWTIME,
	}, {
		.name = "enter-user",
		.args = NEW(0),
		.enter = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID,
	},
};

static void __attribute__((noreturn)) die(const char *step)
{
	bare_say("floor: ");
	bare_say(step);
	bare_say(" failed\n");
	bare_exit(125);
}

/* The file is closed by the exec, which saves a call. */
static void write_file(const char *path, const char *text, size_t len)
{
	long fd = bare_open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || bare_write((int)fd, text, len) != (long)len)
		die(path);
}

/* "0 ID 1", from its end to its beginning */
static void write_map(const char *path, unsigned long id)
{
	char buf[32], *end = buf + sizeof(buf), *p = end;

	*--p = '1';
	*--p = ' ';
	do {
		*--p = (char)('0' + id % 10);
		id /= 10;
	} while (id);
	*--p = ' ';
	*--p = '0';
	write_file(path, p, (size_t)(end - p));
}

static void mount_on(const char *dir, const char *type, unsigned long flags)
{
	if (bare_call(SYS_mount, (long)"none", (long)dir, (long)type,
		      (long)flags, 0) < 0)
		die("mount");
}

/* Apart from its caller, whose stack frame the parent still needs. */
static void __attribute__((noinline, noreturn)) inside(const struct launch *l)
{
	if (l->work->maps) {
		write_file("/proc/self/setgroups", "deny", 4);
		write_map("/proc/self/uid_map", l->uid);
		write_map("/proc/self/gid_map", l->gid);
	}
	if (l->work->args.flags & CLONE_NEWNS)
		mount_on("/", NULL, MS_REC | MS_PRIVATE);
	if (l->work->proc)
		mount_on("/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC);
	bare_call(SYS_execve, (long)l->argv[0], (long)l->argv, (long)l->envp,
		  0, 0);
	die("execve");
}

static void __attribute__((noreturn)) run_in_place(const struct launch *l)
{
	if (bare_call(SYS_unshare, (long)l->work->args.flags, 0, 0, 0, 0) < 0)
		die("unshare");
	inside(l);
}

static unsigned long parse(const char *text)
{
	unsigned long n = 0;

	while (*text)
		n = n * 10 + (unsigned long)(*text++ - '0');
	return n;
}

static void enter(const struct launch *l)
{
	long fd = bare_call(SYS_pidfd_open, (long)parse(l->target), 0, 0, 0, 0);

	if (fd < 0)
		die("pidfd_open");
	if (bare_call(SYS_setns, fd, l->work->enter, 0, 0, 0) < 0)
		die("setns");
}

static int launch(const struct launch *l)
{
	long pid = bare_call(SYS_clone3, (long)&l->work->args,
			     sizeof(l->work->args), 0, 0, 0);
	int status = 0;

	if (pid == 0)
		inside(l);
	if (pid < 0)
		die("clone3");
	if (bare_call(SYS_wait4, pid, (long)&status, 0, 0, 0) != pid)
		die("wait4");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* "DIRECTORY/N" into PATH; false: there is no room for it. */
static bool name_pin(char *path, size_t size, const char *directory, unsigned long n)
{
	unsigned long digits = 1;
	char *p = path;

	for (unsigned long rest = n / 10; rest; rest /= 10)
		digits++;
	if (bare_length(directory) + digits + 2 > size)
		return false;
	while (*directory)
		*p++ = *directory++;
	*p++ = '/';
	p[digits] = '\0';
	for (; digits--; n /= 10)
		p[digits] = (char)('0' + n % 10);
	return true;
}

static void make_pins(unsigned long count, const char *namespace, const char *directory)
{
	char path[256];

	for (unsigned long n = 0; n < count; n++) {
		if (!name_pin(path, sizeof(path), directory, n))
			die("a name");
		if (bare_call(SYS_mknodat, AT_FDCWD, (long)path, S_IFREG | 0444, 0, 0) < 0)
			die("mknodat");
		if (bare_call(SYS_mount, (long)namespace, (long)path, 0, MS_BIND, 0) < 0)
			die("mount");
	}
}

static void read_file(const char *path)
{
	static char text[65536];
	long fd = bare_open(path, O_RDONLY | O_CLOEXEC), n;

	if (fd < 0)
		die(path);
	do {
		n = bare_call(SYS_read, fd, (long)text, sizeof(text), 0, 0);
		if (n < 0)
			die("read");
	} while (n > 0);
}

/* "NUMBER", "NUMBER/ns" or "NUMBER/ns/TYPE" */
static void name_links(char path[64], const char *number, const char *type)
{
	const char *const parts[] = { number, "/ns", type ? "/" : "", type ? type : "" };
	char *p = path;

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		for (const char *s = parts[i]; *s && p < path + 63; s++)
			*p++ = *s;
	*p = '\0';
}

static bool look_at_link(long dir, const char *path)
{
	char link[64];

	return bare_call(SYS_readlinkat, dir, (long)path, (long)link, sizeof(link), 0) > 0;
}

/* One link alone costs less without its directory. */
static bool look_at_links(long proc, const char *pid, char *const *types)
{
	bool all = true;
	char path[64];
	long dir;

	name_links(path, pid, types[1] ? NULL : types[0]);
	if (!types[1])
		return look_at_link(proc, path);
	dir = bare_call(SYS_openat, proc, (long)path, O_PATH | O_DIRECTORY | O_CLOEXEC, 0, 0);
	if (dir < 0)
		return false;
	for (; *types; types++)
		all &= look_at_link(dir, *types);
	bare_call(SYS_close, dir, 0, 0, 0, 0);
	return all;
}

/* linux_dirent64 of getdents(2) */
struct entry {
	uint64_t ino;
	int64_t off;
	uint16_t len;
	uint8_t type;
	char name[];
};

static void look_at_all(unsigned long count, char *const *types)
{
	static char entries[32768] __attribute__((aligned(8)));
	long proc = bare_open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC), n;
	unsigned long seen = 0;

	while ((n = bare_call(SYS_getdents64, proc, (long)entries, sizeof(entries), 0, 0)) > 0)
		for (long at = 0; at < n;) {
			const struct entry *e = (const void *)(entries + at);

			at += e->len;
			if (*e->name >= '1' && *e->name <= '9')
				seen += look_at_links(proc, e->name, types);
		}
	if (n < 0 || seen < count)
		die("to see so many processes");
}

static void ask_ids(const char *pid, char *const *types)
{
	long proc = bare_open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	char path[64];
	uint64_t id;

	for (; *types; types++) {
		long fd;

		name_links(path, pid, *types);
		fd = bare_call(SYS_openat, proc, (long)path, O_RDONLY | O_CLOEXEC, 0, 0);
		/* Kernels before 6.18 have none: asked all the same. */
		bare_call(SYS_ioctl, fd, NS_GET_ID, (long)&id, 0, 0);
		if (fd < 0 || !look_at_link(proc, path))
			die(path);
		bare_call(SYS_close, fd, 0, 0, 0, 0);
	}
}

static void say_number(unsigned long n)
{
	char text[24], *end = text + sizeof(text), *p = end;

	*--p = '\n';
	do {
		*--p = (char)('0' + n % 10);
		n /= 10;
	} while (n);
	bare_write(2, p, (size_t)(end - p));
}

static int tell_peak(char **argv, char **envp)
{
	static const struct clone3_args args = { .exit_signal = SIGCHLD };
	struct rusage usage;
	int status = 0;
	long pid = bare_call(SYS_clone3, (long)&args, sizeof(args), 0, 0, 0);

	if (pid == 0) {
		bare_call(SYS_execve, (long)argv[0], (long)argv, (long)envp, 0, 0);
		die("execve");
	}
	if (pid < 0 || bare_call(SYS_wait4, pid, (long)&status, 0, (long)&usage, 0) != pid)
		die("wait4");
	say_number((unsigned long)usage.ru_maxrss);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static const struct work *find_work(const char *name)
{
	for (size_t i = 0; i < sizeof(works) / sizeof(works[0]); i++)
		if (bare_same(works[i].name, name))
			return &works[i];
	die(name);
}

/* The ids lie behind the environment, free of charge. */
static void read_ids(struct launch *l)
{
	char **p = l->envp;
	long *aux;

	while (*p)
		p++;
	for (aux = (long *)(p + 1); aux[0] != AT_NULL; aux += 2) {
		if (aux[0] == AT_EUID)
			l->uid = (unsigned long)aux[1];
		else if (aux[0] == AT_EGID)
			l->gid = (unsigned long)aux[1];
	}
}

/* What starts no program, or not to be timed. ARGV has three words or more. */
static void do_other(long argc, char **argv, char **envp)
{
	if (bare_same(argv[1], "pins") && argc == 5)
		make_pins(parse(argv[2]), argv[3], argv[4]);
	else if (bare_same(argv[1], "read"))
		read_file(argv[2]);
	else if (bare_same(argv[1], "links") && argc > 3)
		look_at_all(parse(argv[2]), argv + 3);
	else if (bare_same(argv[1], "ids") && argc > 3)
		ask_ids(argv[2], argv + 3);
	else if (bare_same(argv[1], "peak"))
		bare_exit(tell_peak(argv + 2, envp));
	else
		return;
	bare_exit(0);
}

void bare_main(long *stack)
{
	long argc = stack[0];
	char **argv = (char **)(stack + 1);
	struct launch l = { .argv = argv + 2, .envp = argv + argc + 1 };

	if (argc < 3) {
		bare_say("usage: floor WORKLOAD [PID] PROGRAM [ARGUMENT...]\n");
		bare_exit(125);
	}
	do_other(argc, argv, l.envp);
	l.work = find_work(argv[1]);
	if (l.work->enter) {
		l.target = *l.argv++;
		if (!l.argv[0])
			die("the program");
		enter(&l);
	}
	if (l.work->in_place)
		run_in_place(&l);
	read_ids(&l);
	bare_exit(launch(&l));
}
