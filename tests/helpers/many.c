// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * many HOW N FILE: what an ordinary user can have thousands of, for those who list
 * it; write a PID to FILE when it is there, and wait to be killed: all of it ends
 * then. All hold or are in the UTS namespace that the process with that PID has open
 * as 3, which is another than its own, if nothing else is said.
 *
 * threads	N threads, each with a table of descriptors of its own
 * sharers	N/2 threads that share a table of N/2 descriptors, which the first one
 *		does not have
 * family	N/2 processes that share a table of N/2 descriptors, all after the one
 *		with the PID
 * descriptors	N descriptors of the namespace, in as few processes as the limit of
 *		open files allows; the first has the PID
 * sockets	the same of a network namespace, as sockets
 * pins		N mounts of the namespace, in /mnt of a mount namespace of its own
 * stack	the same, one upon the other
 * chain	N processes in the namespace, each the child of the one before
 * users	N processes in the namespace, of as many users, from uid 100000 on
 * worlds	N processes in a UTS namespace each
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NS = 3, READY = 4, READY_END = 5, STACK = 32768 };

static const char *file_name;
static pid_t told;	/* the PID that is told */

static void __attribute__((noreturn)) fail(const char *what)
{
	perror(what);
	_exit(99);
}

static void tell(void)
{
	char name[4096];
	FILE *file;

	snprintf(name, sizeof(name), "%s.new", file_name);
	file = fopen(name, "we");
	if (!file || fprintf(file, "%d\n", (int)told) < 0 || fclose(file) ||
	    rename(name, file_name) < 0)
		fail(file_name);
}

static void __attribute__((noreturn)) rest(void)
{
	for (;;)
		pause();
}

/* Without a race: the parent may have ended before. */
static void die_with(pid_t parent)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
		_exit(98);
}

static void be_ready(void)
{
	if (write(READY, "", 1) != 1)
		fail("ready");
}

static void wait_for(long n)
{
	char c;

	for (; n > 0; n--)
		if (read(READY_END, &c, 1) != 1)
			fail("wait for the others");
}

/* Of a process that has ended then. */
static void open_namespace(void)
{
	char path[64];
	int fd;
	pid_t pid = fork();

	if (pid < 0)
		fail("fork");
	if (pid == 0) {
		if (unshare(CLONE_NEWUTS) < 0)
			fail("unshare");
		raise(SIGSTOP);
		_exit(0);
	}
	if (waitpid(pid, NULL, WUNTRACED) != pid)
		fail("wait");
	snprintf(path, sizeof(path), "/proc/%d/ns/uts", (int)pid);
	fd = open(path, O_RDONLY);
	if (fd < 0 || dup2(fd, NS) < 0)
		fail(path);
	if (fd != NS)
		close(fd);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void open_ready(void)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		fail("pipe");
	if (dup2(ends[1], 100) < 0 || dup2(ends[0], 101) < 0 || dup2(100, READY) < 0 || dup2(101, READY_END) < 0)
		fail("dup2");
	for (int fd = READY_END + 1; fd < 110; fd++)
		close(fd);
}

/* Threads */

static void start(void *(*run)(void *))
{
	pthread_attr_t small;
	pthread_t thread;

	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, STACK);
	if (pthread_create(&thread, &small, run, NULL))
		fail("pthread_create");
	pthread_attr_destroy(&small);
}

static void *have_table(void *nothing)
{
	(void)nothing;
	if (unshare(CLONE_FILES) < 0)
		fail("unshare");
	be_ready();
	rest();
}

static void threads(long n)
{
	for (long i = 0; i < n; i++)
		start(have_table);
	wait_for(n);
}

static void *share_table(void *nothing)
{
	(void)nothing;
	be_ready();
	rest();
}

static void fill(long n)
{
	for (long i = 0; i < n; i++)
		if (dup(NS) < 0)
			fail("dup");
}

static void sharers(long n)
{
	for (long i = 0; i < n / 2; i++)
		start(share_table);
	wait_for(n / 2);
	fill(n - n / 2);
	if (unshare(CLONE_FILES) < 0)
		fail("unshare");
	for (long fd = READY_END + 1; fd < n; fd++)
		close((int)fd);
}

/* Processes */

static void family(long n)
{
	const pid_t parent = getpid();
	long others = n / 2;

	fill(n - others);
	for (long i = 0; i < others; i++) {
		long pid = syscall(SYS_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0);

		if (pid < 0)
			fail("clone");
		if (pid)
			continue;
		die_with(parent);
		be_ready();
		rest();
	}
	wait_for(others);
}

/* Each has as many as it may; the first one is this one. */
static void spread(long n, void (*add)(long))
{
	struct rlimit limit;
	const pid_t parent = getpid();
	long most, own;

	getrlimit(RLIMIT_NOFILE, &limit);
	most = (long)limit.rlim_cur - 16;
	own = n < most ? n : most;
	for (long left = n - own; left > 0; left -= most) {
		pid_t pid = fork();

		if (pid < 0)
			fail("fork");
		if (pid)
			continue;
		die_with(parent);
		add(left < most ? left : most);
		be_ready();
		rest();
	}
	add(own);
	wait_for((n - own + most - 1) / most);
}

static void add_sockets(long n)
{
	for (long i = 0; i < n; i++)
		if (socket(AF_UNIX, SOCK_DGRAM, 0) < 0)
			fail("socket");
}

/* The sockets stay in the first one. */
static void sockets(long n)
{
	if (unshare(CLONE_NEWNET) < 0)
		fail("unshare");
	spread(n, add_sockets);
	if (unshare(CLONE_NEWNET) < 0)
		fail("unshare");
}

static void enter(void)
{
	if (setns(NS, CLONE_NEWUTS) < 0)
		fail("setns");
}

struct link {
	pid_t parent;
	long left; /* how many there are to be below */
};

/*
 * They share their memory, and each has its own stack: a child of a child of a child
 * that is made by fork(2) has to do with the pages of all before it, so that each
 * takes longer than the one before.
 */
static int be_link(void *arg)
{
	const struct link *own = arg;

	if (own->parent)
		die_with(own->parent);
	if (own->left > 0) {
		struct link *next = malloc(sizeof(*next));
		char *stack = mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (!next || stack == MAP_FAILED)
			fail("memory");
		*next = (struct link){ getpid(), own->left - 1 };
		if (clone(be_link, stack + STACK, CLONE_VM | SIGCHLD, next) < 0)
			fail("clone");
		if (!own->parent)
			return 0;
	} else if (own->parent) {
		be_ready();
	}
	rest();
}

static void chain(long n)
{
	struct link first = { 0, n - 1 };

	enter();
	if (n == 1)
		return;
	be_link(&first);
	wait_for(1);
}

static void __attribute__((noreturn)) be_user(long i)
{
	if (setresuid((uid_t)(100000 + i), (uid_t)(100000 + i), (uid_t)(100000 + i)) < 0)
		fail("setresuid");
	/* A change of the uid undoes what die_with() has done. */
	die_with(told);
	be_ready();
	rest();
}

static void __attribute__((noreturn)) be_world(long i)
{
	(void)i;
	if (unshare(CLONE_NEWUTS) < 0)
		fail("unshare");
	be_ready();
	rest();
}

static void crowd(long n, void (*be)(long))
{
	const pid_t parent = getpid();

	for (long i = 0; i < n; i++) {
		pid_t pid = fork();

		if (pid < 0)
			fail("fork");
		if (pid)
			continue;
		die_with(parent);
		be(i);
	}
	wait_for(n);
}

/* Pins */

static void pin(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0444);

	if (fd < 0 || mount("/proc/self/fd/3", path, NULL, MS_BIND, NULL) < 0)
		fail(path);
	close(fd);
}

static void pins(long n, int stacked)
{
	char path[32];

	if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("none", "/mnt", "tmpfs", 0, NULL) < 0)
		fail("mount");
	for (long i = 0; i < n; i++) {
		if (stacked && i) {
			if (mount("/proc/self/fd/3", "/mnt/0", NULL, MS_BIND, NULL) < 0)
				fail("/mnt/0");
			continue;
		}
		snprintf(path, sizeof(path), "/mnt/%ld", i);
		pin(path);
	}
	close(NS);
}

/* An ordinary user has his own user namespace for all of it. */
int main(int argc, char **argv)
{
	const char *how = argc == 4 ? argv[1] : "";
	long n = argc == 4 ? atol(argv[2]) : 0;
	struct rlimit limit;

	if (n < 1)
		return 2;
	file_name = argv[3];
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	for (int fd = NS; fd < 256; fd++)
		close(fd);
	if (geteuid() && unshare(CLONE_NEWUSER) < 0)
		fail("unshare");
	open_namespace();
	open_ready();
	told = getpid();
	if (!strcmp(how, "threads"))
		threads(n);
	else if (!strcmp(how, "sharers"))
		sharers(n);
	else if (!strcmp(how, "family"))
		family(n);
	else if (!strcmp(how, "descriptors"))
		spread(n - 1, fill);
	else if (!strcmp(how, "sockets"))
		sockets(n);
	else if (!strcmp(how, "pins") || !strcmp(how, "stack"))
		pins(n, *how == 's');
	else if (!strcmp(how, "chain"))
		chain(n);
	else if (!strcmp(how, "users"))
		crowd(n, be_user);
	else if (!strcmp(how, "worlds"))
		crowd(n, be_world);
	else
		return 2;
	close(READY);
	close(READY_END);
	tell();
	rest();
}
