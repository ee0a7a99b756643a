// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * hold HOW FILE [ARGUMENT]: hold namespaces, in ways that a shell does not know;
 * write a number to FILE when that is so, and wait to be killed.
 *
 * leaderless	a thread goes to a UTS namespace of its own, and the first one
 *		ends; the thread's id
 * files NS	a thread has descriptors of its own, and NS open as 77; its id
 * shared NS	the same; then another thread has a copy of these descriptors, and a
 *		third one shares those of the first; the first one's id
 * path NS	NS, or anything else, is open as 77, by O_PATH; our PID
 * time		our children will be in a time namespace of their own; our PID
 * crowd N	N children that wait, too; our PID
 * zombies N	N children that have ended, one of them with a socket in a thread
 *		of its own that has not; our PID
 * sockets	one of each family, in the network namespace that we have come from;
 *		how many
 * roam		from one UTS namespace to the next, as fast as it goes; our PID
 * forks	children that end at once, as fast as it goes; our PID
 * churn	the same, each in a UTS namespace of its own
 */
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

static const char *file_name, *argument;
static pthread_barrier_t barrier;	/* of two */

static void __attribute__((noreturn)) fail(const char *what)
{
	perror(what);
	_exit(99);
}

static void tell(long number)
{
	FILE *file = fopen(file_name, "we");

	if (!file || fprintf(file, "%ld\n", number) < 0 || fclose(file))
		fail(file_name);
}

static void __attribute__((noreturn)) rest(void)
{
	for (;;)
		pause();
}

static void hold_open(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC);

	if (dup2(fd, 77) < 0)
		fail(path);
	close(fd);
}

static void *be_alone(void *leader)
{
	if (unshare(CLONE_NEWUTS) < 0)
		fail("unshare");
	pthread_join(*(pthread_t *)leader, NULL);
	tell(syscall(SYS_gettid));
	rest();
}

static void *have_files(void *nothing)
{
	(void)nothing;
	if (unshare(CLONE_FILES) < 0)
		fail("unshare");
	hold_open(argument, O_RDONLY);
	tell(syscall(SYS_gettid));
	rest();
}

static void start(void *(*run)(void *), void *with)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, run, with))
		fail("pthread_create");
}

static void *wait_here(void *nothing)
{
	(void)nothing;
	rest();
}

static void *have_copy(void *nothing)
{
	(void)nothing;
	if (unshare(CLONE_FILES) < 0)
		fail("unshare");
	pthread_barrier_wait(&barrier);
	rest();
}

/* The threads' ids are in that order. */
static void *share_files(void *nothing)
{
	(void)nothing;
	if (unshare(CLONE_FILES) < 0)
		fail("unshare");
	hold_open(argument, O_RDONLY);
	start(have_copy, NULL);
	pthread_barrier_wait(&barrier);
	start(wait_here, NULL);
	tell(syscall(SYS_gettid));
	rest();
}

static void gather(int n)
{
	for (int i = 0; i < n; i++) {
		pid_t pid = fork();

		if (pid < 0)
			fail("fork");
		if (pid == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			rest();
		}
	}
}

static void *have_socket(void *leader)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (fd < 0 || unshare(CLONE_NEWNET) < 0)
		fail("unshare");
	pthread_join(*(pthread_t *)leader, NULL);
	rest();
}

/* The first has only its first thread ended: that is a zombie, and has no descriptors to show. */
static void leave_zombies(int n)
{
	static pthread_t self;

	for (int i = 0; i < n; i++) {
		pid_t pid = fork();

		if (pid < 0)
			fail("fork");
		if (pid == 0 && i > 0)
			_exit(0);
		if (pid == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			self = pthread_self();
			start(have_socket, &self);
			pthread_exit(NULL);
		}
	}
}

/* Not each is in this kernel. */
static int open_sockets(void)
{
	static const struct { int family, type; } all[] = {
		{ AF_UNIX, SOCK_STREAM }, { AF_INET, SOCK_STREAM }, { AF_INET, SOCK_DGRAM },
		{ AF_INET6, SOCK_STREAM }, { AF_NETLINK, SOCK_RAW }, { AF_PACKET, SOCK_RAW },
		{ AF_ALG, SOCK_SEQPACKET }, { AF_VSOCK, SOCK_STREAM }, { AF_INET, SOCK_RAW },
	};
	int n = 0;

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		n += socket(all[i].family, all[i].type, all[i].type == SOCK_RAW && all[i].family == AF_INET ?
				IPPROTO_ICMP : 0) >= 0;
	if (unshare(CLONE_NEWNET) < 0)
		fail("unshare");
	return n;
}

static void __attribute__((noreturn)) roam(void)
{
	for (;;)
		if (unshare(CLONE_NEWUTS) < 0)
			fail("unshare");
}

static void __attribute__((noreturn)) go_on_forking(bool churn)
{
	for (;;) {
		/* Without a copy of the memory it is four times as fast. */
		pid_t pid = churn ? fork() : vfork();

		if (pid == 0)
			_exit(churn && unshare(CLONE_NEWUTS) < 0 ? 98 : 0);
		if (pid > 0)
			waitpid(pid, NULL, 0);
	}
}

int main(int argc, char **argv)
{
	static pthread_t self;
	const char *how = argv[1];

	if (argc < 3)
		return 99;
	file_name = argv[2];
	argument = argc > 3 ? argv[3] : "";
	self = pthread_self();
	if (!strcmp(how, "leaderless")) {
		start(be_alone, &self);
		pthread_exit(NULL);
	}
	if (!strcmp(how, "files")) {
		start(have_files, NULL);
		rest();
	}
	if (!strcmp(how, "shared")) {
		pthread_barrier_init(&barrier, NULL, 2);
		start(share_files, NULL);
		rest();
	}
	if (!strcmp(how, "path"))
		hold_open(argument, O_PATH);
	if (!strcmp(how, "time") && unshare(CLONE_NEWTIME) < 0)
		fail("unshare");
	if (!strcmp(how, "crowd"))
		gather(atoi(argument));
	if (!strcmp(how, "zombies"))
		leave_zombies(atoi(argument));
	if (!strcmp(how, "sockets")) {
		tell(open_sockets());
		rest();
	}
	tell(getpid());
	if (!strcmp(how, "roam"))
		roam();
	if (!strcmp(how, "forks") || !strcmp(how, "churn"))
		go_on_forking(*how == 'c');
	rest();
}
