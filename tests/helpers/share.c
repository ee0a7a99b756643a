// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * share fs|sysvsem|files|nothing COMMAND [ARGUMENT...]
 *
 * A child by clone(2) that shares that with us executes COMMAND; when it has
 * ended we say what we find changed: "cwd DIR", "umask MASK", "semaphore N". The
 * semaphore is 5 at first; its id is in $SEMAPHORE for COMMAND.
 *
 * share take		take 1 off that semaphore, to be undone at our end, and end
 * share same fs|sysvsem|files PID
 *			"same" if PID and we share that, "different" if not;
 *			exit status 77 if the kernel does not say
 */
#include <errno.h>
#include <limits.h>
#include <linux/kcmp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/sem.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fork.h"

static const struct thing {
	const char *name;
	unsigned long flag;
	int kcmp;
} things[] = {
	{ "fs", CLONE_FS, KCMP_FS },
	{ "sysvsem", CLONE_SYSVSEM, KCMP_SYSVSEM },
	{ "files", CLONE_FILES, KCMP_FILES },
	{ "nothing", 0, -1 },
};

static void die(const char *what)
{
	perror(what);
	exit(99);
}

static const struct thing *find(const char *name)
{
	for (size_t i = 0; i < sizeof(things) / sizeof(*things); i++)
		if (!strcmp(things[i].name, name))
			return &things[i];
	errno = EINVAL;
	die(name);
	return NULL;
}

static int compare(const struct thing *thing, pid_t pid)
{
	long order = syscall(SYS_kcmp, getpid(), pid, thing->kcmp, 0UL, 0UL);

	if (order < 0 && (errno == ENOSYS || errno == EPERM))
		return 77;
	if (order < 0)
		die("kcmp");
	return puts(order == 0 ? "same" : "different") < 0 ? 99 : 0;
}

static int take(void)
{
	struct sembuf less = { .sem_op = -1, .sem_flg = SEM_UNDO };
	const char *id = getenv("SEMAPHORE");

	if (!id || semop(atoi(id), &less, 1) < 0)
		die("take");
	return 0;
}

static int make_semaphore(void)
{
	union {
		int value;
		void *pointer;
	} five = { .value = 5 };
	char text[16];
	int id = semget(IPC_PRIVATE, 1, 0600);

	if (id < 0 || semctl(id, 0, SETVAL, five) < 0)
		die("semget");
	snprintf(text, sizeof(text), "%d", id);
	setenv("SEMAPHORE", text, 1);
	return id;
}

static void report(int semaphore)
{
	int value = semctl(semaphore, 0, GETVAL);
	mode_t mask = umask(0);
	char cwd[PATH_MAX];

	semctl(semaphore, 0, IPC_RMID);
	if (!getcwd(cwd, sizeof(cwd)))
		die("getcwd");
	printf("cwd %s\numask %03o\nsemaphore %d\n", cwd, (unsigned int)mask, value);
}

static int share(const struct thing *thing, char **argv)
{
	int status, semaphore = make_semaphore();
	pid_t pid = fork_with(thing->flag | SIGCHLD);

	if (pid < 0)
		die("clone");
	if (pid == 0) {
		execvp(argv[0], argv);
		_exit(98);
	}
	if (waitpid(pid, &status, 0) < 0)
		die("waitpid");
	report(semaphore);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "take"))
		return take();
	if (argc == 4 && !strcmp(argv[1], "same"))
		return compare(find(argv[2]), atoi(argv[3]));
	if (argc < 3)
		return 99;
	return share(find(argv[1]), argv + 2);
}
