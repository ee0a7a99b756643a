// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fault: one system call of a launcher or of its children fails.
 *
 *	fault list|what REPORT COMMAND [ARGUMENT...]
 *	fault PROCESS:CALL:N=ERRNO REPORT COMMAND [ARGUMENT...]
 *	fault PROCESS:CALL:N=KILL[:WHOM] REPORT COMMAND [ARGUMENT...]
 *	fault PROCESS:CALL:N=TERM[:WHOM] REPORT COMMAND [ARGUMENT...]
 *
 * The first runs COMMAND as it is and writes to REPORT a line for each system
 * call that it makes from main's poll(2) on until the last of its processes calls
 * execve(2), or none does: "PROCESS:CALL:N", N counting the calls of that name in
 * that process. PROCESS 0 is COMMAND itself, 1 its first child, and so on; what
 * a process does after an execve(2) of its own is not looked at. The last line
 * is "program PROCESS", of the last that calls it, or -1. With "what" a line
 * goes on with a blank and the path that the call is about, as it is given or as
 * /proc has it of the descriptor, if there is one; of prctl(2), the number of what
 * it does. The second lets that
 * call fail with error number ERRNO without being made, and REPORT says "hit" if
 * it came to that; and "executed N", how many processes have executed a program,
 * and "perhaps N", of how many it is not known, as they were killed on the way. The third kills, before that call is made, the process WHOM,
 * or all that there are with "all"; it is the one that makes it if none is
 * named. The fourth sends SIGTERM instead, and waits for nobody. The end of a call is the beginning of the next one. Both wait until
 * nothing of COMMAND is left; what has not ended two seconds after COMMAND
 * itself is killed and reported: "left NAME". Only the keepers of sets may stay:
 * "stays PID", and can make no further system call. Exit status: COMMAND's.
 *
 * Not by strace(1), whose counts are the same for all processes, so that none
 * can be singled out: a seccomp filter asks us at each call. seccomp_unotify(2).
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "fork.h"

enum { FAILED = 99, MAX_PROCESSES = 64, MAX_CALLS = 1024, MAX_NR = 512, GRACE = 2, LIMIT = 10 };

#define CALL(name) { #name, SYS_##name }
static const struct {
	const char *name;
	int nr;
} names[] = {
	/* Not each architecture has these. */
#ifdef SYS_access
	CALL(access),
#endif
#ifdef SYS_arch_prctl
	CALL(arch_prctl),
#endif
#ifdef SYS_dup2
	CALL(dup2),
#endif
#ifdef SYS_fork
	CALL(fork),
#endif
#ifdef SYS_getpgrp
	CALL(getpgrp),
#endif
#ifdef SYS_lstat
	CALL(lstat),
#endif
#ifdef SYS_mkdir
	CALL(mkdir),
#endif
#ifdef SYS_mknod
	CALL(mknod),
#endif
#ifdef SYS_mmap
	CALL(mmap),
#endif
#ifdef SYS_newfstatat
	CALL(newfstatat),
#endif
#ifdef SYS_open
	CALL(open),
#endif
#ifdef SYS_pause
	CALL(pause),
#endif
#ifdef SYS_pipe
	CALL(pipe),
#endif
#ifdef SYS_poll
	CALL(poll),
#endif
#ifdef SYS_readlink
	CALL(readlink),
#endif
#ifdef SYS_rename
	CALL(rename),
#endif
#ifdef SYS_renameat
	CALL(renameat),
#endif
#ifdef SYS_rmdir
	CALL(rmdir),
#endif
#ifdef SYS_stat
	CALL(stat),
#endif
#ifdef SYS_unlink
	CALL(unlink),
#endif
#ifdef SYS_vfork
	CALL(vfork),
#endif
	CALL(ppoll), CALL(faccessat), CALL(openat), CALL(unlinkat), CALL(renameat2),
	CALL(dup3), CALL(pipe2), CALL(clone), CALL(clone3), CALL(readlinkat),
	CALL(mkdirat), CALL(mknodat), CALL(umask), CALL(getdents64), CALL(read),
	CALL(write), CALL(close), CALL(fstat), CALL(lseek), CALL(mprotect), CALL(munmap),
	CALL(brk), CALL(rt_sigaction), CALL(rt_sigprocmask), CALL(rt_sigtimedwait),
	CALL(ioctl), CALL(getpid), CALL(gettid), CALL(getppid), CALL(socket),
	CALL(socketpair), CALL(connect), CALL(sendto), CALL(recvfrom), CALL(execve),
	CALL(exit), CALL(exit_group), CALL(wait4), CALL(waitid), CALL(kill), CALL(tgkill),
	CALL(fcntl), CALL(flock), CALL(getcwd), CALL(chdir), CALL(fchdir), CALL(fchmod),
	CALL(chroot), CALL(getuid), CALL(getgid), CALL(geteuid), CALL(getegid),
	CALL(setresuid), CALL(setresgid), CALL(getgroups), CALL(setgroups), CALL(getpgid),
	CALL(setpgid), CALL(setsid), CALL(capget), CALL(capset), CALL(prctl), CALL(statfs),
	CALL(fstatfs), CALL(pivot_root), CALL(mount), CALL(umount2), CALL(sethostname),
	CALL(setdomainname), CALL(futex), CALL(getrandom), CALL(sched_setaffinity),
	CALL(sched_getaffinity), CALL(setns), CALL(unshare), CALL(signalfd4),
	CALL(eventfd2), CALL(prlimit64), CALL(rseq), CALL(set_tid_address),
	CALL(set_robust_list), CALL(statx), CALL(pidfd_send_signal), CALL(pidfd_open),
	CALL(open_tree), CALL(move_mount), CALL(openat2), CALL(close_range), CALL(keyctl),
};

enum state { BEFORE_MAIN, OURS, EXECUTING, FOREIGN };

struct process {
	pid_t pid;
	int pidfd;
	enum state state;
	int last;   /* the number of its latest call */
	int n_seen; /* when it called execve */
	unsigned short calls[MAX_NR];
};

struct call {
	int process;
	int nr;
	int n;
	char path[128];
};

static struct process processes[MAX_PROCESSES];
static int n_processes;
static struct call seen[MAX_CALLS];
static bool want_paths;
static int n_seen, n_wanted; /* the latter: up to the last execve that went well */
static int program = -1;
static int n_executed;
static struct call target = { .process = -1, .nr = -1 };
static int target_error;
static bool hit;

/* The process to be killed instead, or one of these. */
enum { NOBODY = -3, WHO_CALLS, ALL };
static int victim = NOBODY;
static int fatal = SIGKILL;

static int listener;
static int parent = -1; /* who has called clone: has to wait until the child shows up, for their order */

static const struct {
	const char *name;
	int value;
} errors[] = {
	{ "EPERM", EPERM }, { "EACCES", EACCES }, { "EINVAL", EINVAL }, { "EMFILE", EMFILE },
	{ "ENOMEM", ENOMEM }, { "ENOSPC", ENOSPC }, { "ENOSYS", ENOSYS }, { "ENOBUFS", ENOBUFS },
	{ "EIO", EIO }, { "EAGAIN", EAGAIN }, { "ENOENT", ENOENT }, { "EINTR", EINTR },
	{ "ELOOP", ELOOP }, { "EPIPE", EPIPE }, { "EFBIG", EFBIG },
};

static void die(const char *what)
{
	perror(what);
	exit(FAILED);
}

static const char *name_of(int nr)
{
	static char number[16];

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (names[i].nr == nr)
			return names[i].name;
	snprintf(number, sizeof(number), "call-%d", nr);
	return number;
}

/* "KILL", "TERM:0", "KILL:all": false if it is an error. */
static bool parse_victim(const char *text)
{
	if (strncmp(text, "KILL", 4) && strncmp(text, "TERM", 4))
		return false;
	fatal = *text == 'K' ? SIGKILL : SIGTERM;
	victim = !text[4] ? WHO_CALLS : !strcmp(text + 4, ":all") ? ALL : atoi(text + 5);
	return true;
}

/* "1:mount:2=EPERM" */
static void parse_target(const char *text)
{
	char name[32], error[16];

	if (sscanf(text, "%d:%31[^:]:%d=%15s", &target.process, name, &target.n, error) != 4)
		die(text);
	if (sscanf(name, "call-%d", &target.nr) != 1)
		for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
			if (!strcmp(names[i].name, name))
				target.nr = names[i].nr;
	for (size_t i = 0; i < sizeof(errors) / sizeof(*errors); i++)
		if (!strcmp(errors[i].name, error))
			target_error = errors[i].value;
	if (target.nr < 0 || (!target_error && !parse_victim(error)))
		die(text);
}

/* The child shares our descriptors until it executes, so the listener is ours, too. */
static pid_t start(char **argv)
{
	struct sock_filter ask = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF);
	struct sock_fprog filter = { .len = 1, .filter = &ask };
	volatile int *fd = mmap(NULL, sizeof(*fd), PROT_READ | PROT_WRITE,
				MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pid;

	if (fd == MAP_FAILED)
		die("mmap");
	*fd = -1;
	pid = fork_with(CLONE_FILES | SIGCHLD);
	if (pid < 0)
		die("clone");
	if (pid == 0) {
		/* Not for root: set-user-ID programs shall work. */
		if (geteuid() && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
			_exit(FAILED);
		*fd = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
				   SECCOMP_FILTER_FLAG_NEW_LISTENER, &filter);
		if (*fd >= 0)
			execvp(argv[0], argv);
		_exit(FAILED);
	}
	while (*fd < 0 && waitpid(pid, NULL, WNOHANG) == 0)
		usleep(100);
	if (*fd < 0)
		exit(FAILED);
	listener = *fd;
	return pid;
}

static struct process *find(pid_t pid)
{
	for (int i = 0; i < n_processes; i++)
		if (processes[i].pid == pid)
			return &processes[i];
	return NULL;
}

/* Of a process that is stopped in a call of ours, so that the PID is its own. */
static struct process *add(pid_t pid, enum state state)
{
	struct process *p = &processes[n_processes];

	if (n_processes == MAX_PROCESSES)
		die("too many processes");
	p->pid = pid;
	p->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	p->state = state;
	n_processes++;
	return p;
}

static bool is(int nr, const char *name)
{
	return !strcmp(name_of(nr), name);
}

/* A new program begins with a look at where its heap is, a set-user-ID one at /etc/suid-debug. */
static void follow(struct process *p, int nr, uint64_t arg)
{
	if (p->state == BEFORE_MAIN && (is(nr, "poll") || is(nr, "ppoll")))
		p->state = OURS;
	if (p->state != EXECUTING)
		return;
	if ((nr == SYS_brk && !arg) || is(nr, "access") || is(nr, "faccessat"))
		p->state = FOREIGN;
	else
		p->state = OURS;
	if (p->state == FOREIGN) {
		program = (int)(p - processes);
		n_executed++;
		n_wanted = p->n_seen;
	}
}

static bool has_ended(const struct process *p)
{
	struct pollfd ended = { .fd = p->pidfd, .events = POLLIN };

	return p->pidfd < 0 || poll(&ended, 1, 0) != 0;
}

/* After SIGKILL it has ended when this returns. */
static void kill_one(const struct process *p)
{
	struct pollfd ended = { .fd = p->pidfd, .events = POLLIN };

	if (p->pidfd < 0)
		return;
	syscall(SYS_pidfd_send_signal, p->pidfd, fatal, NULL, 0);
	if (fatal == SIGKILL)
		poll(&ended, 1, LIMIT * 1000);
}

/* CALLER's call is the one. All are stopped before the first ends, for the others would hear of that. */
static void kill_victims(int caller)
{
	if (victim == WHO_CALLS)
		victim = caller;
	if (victim >= 0 && victim < n_processes)
		kill_one(&processes[victim]);
	if (victim != ALL)
		return;
	for (int i = 0; i < n_processes && fatal == SIGKILL; i++)
		syscall(SYS_pidfd_send_signal, processes[i].pidfd, SIGSTOP, NULL, 0);
	for (int i = 0; i < n_processes; i++)
		kill_one(&processes[i]);
}

/* What a call is about: a path, or a descriptor. */
static const struct {
	const char *name;
	int path, fd; /* which argument; -1: none */
} about[] = {
	{ "open", 0, -1 }, { "openat", 1, -1 }, { "access", 0, -1 }, { "call-439", 1, -1 },
	{ "stat", 0, -1 }, { "lstat", 0, -1 }, { "newfstatat", 1, 0 }, { "readlink", 0, -1 },
	{ "readlinkat", 1, -1 }, { "mkdir", 0, -1 }, { "mkdirat", 1, -1 }, { "mknodat", 1, -1 },
	{ "renameat", 1, -1 }, { "renameat2", 1, -1 }, { "rmdir", 0, -1 }, { "unlink", 0, -1 },
	{ "unlinkat", 1, -1 }, { "mount", 1, -1 }, { "umount2", 0, -1 }, { "read", -1, 0 },
	{ "write", -1, 0 }, { "fcntl", -1, 0 }, { "flock", -1, 0 }, { "ioctl", -1, 0 },
	{ "fstat", -1, 0 }, { "fstatfs", -1, 0 }, { "fchmod", -1, 0 }, { "getdents64", -1, 0 },
};

/* The text at ADDRESS, if it can be read, in PATH of SIZE bytes that are 0; up to the end of its page. */
static void read_text(pid_t pid, uint64_t address, char *path, size_t size)
{
	size_t left = 4096 - (size_t)(address % 4096);
	struct iovec here = { path, left < size - 1 ? left : size - 1 };
	struct iovec there = { (void *)(uintptr_t)address, here.iov_len };

	(void)!process_vm_readv(pid, &here, 1, &there, 1, 0);
}

static void find_path(const struct process *p, const __u64 *args, struct call *c)
{
	if (c->nr == SYS_prctl)
		snprintf(c->path, sizeof(c->path), "%d", (int)args[0]);
	for (size_t i = 0; i < sizeof(about) / sizeof(*about); i++) {
		char link[64];

		if (!is(c->nr, about[i].name))
			continue;
		if (about[i].path >= 0)
			read_text(p->pid, args[about[i].path], c->path, sizeof(c->path));
		if (*c->path || about[i].fd < 0)
			return;
		snprintf(link, sizeof(link), "/proc/%d/fd/%d", (int)p->pid, (int)args[about[i].fd]);
		memset(c->path, 0, sizeof(c->path));
		(void)!readlink(link, c->path, sizeof(c->path) - 1);
		return;
	}
}

/* fstat(3) calls newfstatat(2) in the glibc of Debian 12, fstat(2) in that of Debian 13; we say the former. */
static int same_as(int nr)
{
#ifdef SYS_newfstatat
	return nr == SYS_fstat ? SYS_newfstatat : nr;
#else
	return nr;
#endif
}

/* The error number for a call, 0: it is made. */
static int judge(struct process *p, int nr, const __u64 *args)
{
	struct call c = { .process = (int)(p - processes), .nr = nr };

	p->last = nr;
	follow(p, nr, args[0]);
	if (p->state != OURS || nr >= MAX_NR)
		return 0;
	if (want_paths)
		find_path(p, args, &c);
	c.nr = same_as(nr);
	c.n = ++p->calls[c.nr];
	if (n_seen < MAX_CALLS)
		seen[n_seen++] = c;
	if (c.process == target.process && c.nr == target.nr && c.n == target.n) {
		hit = true;
		kill_victims(c.process);
		if (target_error || fatal == SIGKILL)
			return target_error;
	}
	if (nr == SYS_execve) {
		p->state = EXECUTING;
		p->n_seen = n_seen;
	}
	if (is(nr, "clone") || is(nr, "clone3") || is(nr, "fork") || is(nr, "vfork"))
		parent = c.process;
	return 0;
}

static void answer(const struct seccomp_notif *asked, int error)
{
	struct seccomp_notif_resp reply = {
		.id = asked->id,
		.error = -error,
		.flags = error ? 0 : SECCOMP_USER_NOTIF_FLAG_CONTINUE,
	};

	/* ENOENT: it has been killed meanwhile. */
	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &reply) < 0 && errno != ENOENT)
		die("answer");
}

static void decide(const struct seccomp_notif *asked, struct process *p)
{
	answer(asked, judge(p, asked->data.nr, asked->data.args));
}

/* The call that a parent waits in until its child has shown up, so that processes are counted in order. */
static struct seccomp_notif held;
static bool holding;

static void let_go(void)
{
	parent = -1;
	if (!holding)
		return;
	holding = false;
	decide(&held, find((pid_t)held.pid));
}

static void serve(void)
{
	struct seccomp_notif asked = { .id = 0 };
	struct process *p;

	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &asked) < 0) {
		if (errno != ENOENT && errno != EINTR)
			die("listen");
		return;
	}
	p = find((pid_t)asked.pid);
	if (p && p - processes == parent) {
		held = asked;
		holding = true;
	} else if (p) {
		decide(&asked, p);
	} else {
		p = add((pid_t)asked.pid, !n_processes ? BEFORE_MAIN : parent < 0 ? FOREIGN : OURS);
		decide(&asked, p);
		let_go();
	}
}

static void name_process(const struct process *p, char name[32])
{
	char path[32];
	FILE *comm;

	snprintf(path, sizeof(path), "/proc/%d/comm", (int)p->pid);
	comm = fopen(path, "r");
	if (!comm || fscanf(comm, "%31s", name) != 1)
		strcpy(name, "?");
	if (comm)
		fclose(comm);
}

/* It has done all that it had to. (pause(3) is ppoll(2) where there is no pause(2).) */
static bool keeps(const struct process *p)
{
	char name[32];

	if (!is(p->last, "pause") && !is(p->last, "ppoll"))
		return false;
	name_process(p, name);
	return !strcmp(name, "nspin-keeper");
}

/* There are some, and nobody else; without one, we have no child any more in the end. */
static bool only_keepers(void)
{
	bool any = false;

	for (int i = 0; i < n_processes; i++) {
		if (has_ended(&processes[i]))
			continue;
		if (!keeps(&processes[i]))
			return false;
		any = true;
	}
	return any;
}

static void tell_keepers(FILE *report)
{
	for (int i = 0; i < n_processes; i++)
		if (!has_ended(&processes[i]))
			fprintf(report, "stays %d\n", (int)processes[i].pid);
}

/* What has outlived COMMAND. */
static void kill_left(FILE *report)
{
	char name[32];

	for (int i = 0; i < n_processes; i++) {
		if (has_ended(&processes[i]) || keeps(&processes[i]))
			continue;
		name_process(&processes[i], name);
		fprintf(report, "left %s\n", name);
		syscall(SYS_pidfd_send_signal, processes[i].pidfd, SIGKILL, NULL, 0);
	}
}

/* Until all descendants but keepers have ended. COMMAND's status as waitpid(2) gives it. */
static int supervise(pid_t command, FILE *report)
{
	time_t limit = time(NULL) + LIMIT;
	int status = 0, one;
	bool ended = false;
	pid_t pid;

	for (;;) {
		struct pollfd asks = { .fd = listener, .events = POLLIN };
		/* The parent waits in vain if the kernel has refused to clone. */
		int n = poll(&asks, 1, holding ? 200 : 1);

		if (n > 0 && (asks.revents & POLLIN)) {
			serve();
			continue;
		}
		if (holding)
			let_go();
		while ((pid = waitpid(-1, &one, WNOHANG)) > 0) {
			if (pid != command)
				continue;
			status = one;
			ended = true;
			limit = time(NULL) + GRACE;
		}
		if (pid < 0 || (ended && only_keepers()))
			return status;
		if (time(NULL) > limit) {
			kill_left(report);
			limit = time(NULL) + LIMIT;
		}
	}
}

static int count(enum state state)
{
	int n = 0;

	for (int i = 0; i < n_processes; i++)
		n += processes[i].state == state;
	return n;
}

int main(int argc, char **argv)
{
	FILE *report;
	int status;

	if (argc < 4)
		return FAILED;
	want_paths = !strcmp(argv[1], "what");
	if (!want_paths && strcmp(argv[1], "list"))
		parse_target(argv[1]);
	report = fopen(argv[2], "we");
	if (!report || prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
		die(argv[2]);
	status = supervise(start(argv + 3), report);
	for (int i = 0; target.process < 0 && i < (program < 0 ? n_seen : n_wanted); i++)
		fprintf(report, *seen[i].path ? "%d:%s:%d %s\n" : "%d:%s:%d\n", seen[i].process,
			name_of(seen[i].nr), seen[i].n, seen[i].path);
	if (target.process < 0)
		fprintf(report, "program %d\n", program);
	if (hit)
		fprintf(report, "hit\n");
	if (target.process >= 0)
		fprintf(report, "executed %d\nperhaps %d\n", n_executed, count(EXECUTING));
	tell_keepers(report);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
