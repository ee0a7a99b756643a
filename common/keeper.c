/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "caps.h"
#include "cleanup.h"
#include "diag.h"
#include "file.h"
#include "gate.h"
#include "kernel.h"
#include "run.h"
#include "spawn.h"

/* Its end of the gate, once its descriptors are in their places. */
enum { GATE_FD = KEEPER_RECORD_FD + 1 };

/* Descriptors that are on their way to their places, out of the way of these. */
enum { ASIDE = GATE_FD + 1 };

static const char step[] = "start a process that keeps the namespaces";

/* What ps(1) shows: the area of our arguments is ours to write to. */
static void set_title(const char *name)
{
	char old[4096], title[128];
	ssize_t room = file_read("/proc/self/cmdline", old, sizeof(old));

	prctl(PR_SET_NAME, "nspin-keeper", 0, 0, 0);
	if (room < 2)
		return;
	/* NAME may be one of these arguments. */
	snprintf(title, sizeof(title), "nspin: keeper of %s", name);
	memset(program_invocation_name, 0, (size_t)room);
	snprintf(program_invocation_name, (size_t)room, "%s", title);
}

/* Nothing that happens to a terminal, a session or a directory is its business. */
static int detach(const char *name, struct diag *d)
{
	sigset_t all;

	sigfillset(&all);
	sigdelset(&all, SIGTERM);
	signal(SIGTERM, SIG_DFL);
	if (sigprocmask(SIG_SETMASK, &all, NULL) < 0 || setsid() < 0 || chdir("/") < 0)
		return diag_fail(d, NULL, "%s", step);
	set_title(name);
	if (caps_drop(CAPS_ALL, d) < 0)
		return -1;
	/* Who it belongs to opens what it holds by way of its directory in /proc. */
	return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) < 0 ? diag_fail(d, NULL, "%s", step) : 0;
}

/* Copy FD[N] to the numbers from FIRST on, by way of ASIDE, for a place may be taken by one of them. */
static int settle(int *fd, int n, int first)
{
	int aside;

	for (int i = 0; i < n; i++) {
		if (fd[i] < 0)
			continue;
		aside = fcntl(fd[i], F_DUPFD_CLOEXEC, ASIDE);
		if (aside < 0)
			return -1;
		fd[i] = aside;
	}
	for (int i = 0; i < n; i++) {
		if (fd[i] < 0)
			close(first + i);
		else if (dup3(fd[i], first + i, O_CLOEXEC) < 0)
			return -1;
	}
	return kernel_close_range((unsigned int)(first + n), ~0U, 0);
}

/* Then *GATE is where it can be reached, also after a failure. */
static int hold(const int fd[NSTYPE_COUNT], int record, int *gate, struct diag *d)
{
	int all[GATE_FD + 1];
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int ret;

	all[0] = all[1] = all[2] = null;
	memcpy(all + KEEPER_FIRST, fd, NSTYPE_COUNT * sizeof(*fd));
	all[KEEPER_RECORD_FD] = record;
	all[GATE_FD] = *gate;
	ret = settle(all, GATE_FD + 1, 0) < 0 ? diag_fail(d, NULL, "%s", step) : 0;
	*gate = ret < 0 ? all[GATE_FD] : GATE_FD;
	return ret;
}

/* It stays if it is told that its record is written; a starter that dies before that leaves nobody. */
static void __attribute__((noreturn)) keep(const char *name, const int fd[NSTYPE_COUNT], int record,
					   int gate)
{
	struct gate_note note = { .word = GATE_BUILT, .number = getpid() };

	if (hold(fd, record, &gate, &note.diag) < 0 || detach(name, &note.diag) < 0)
		note.word = GATE_FAILED;
	if (gate_say_note(gate, &note) < 0 || note.word == GATE_FAILED)
		_exit(EXIT_OWN_FAILURE);
	if (gate_hear(gate, &note) < 0 || note.word != GATE_GO || gate_say(gate, GATE_RUNNING) < 0)
		_exit(EXIT_OWN_FAILURE);
	close(gate);
	for (;;)
		pause();
}

/* Born twice: who starts it need not wait for it. */
static int give_birth(const char *name, const int fd[NSTYPE_COUNT], int record, struct gate *gate,
		      struct diag *d)
{
	struct spawn_args plain = { .cgroup_fd = -1 };
	struct spawned child;
	struct ended e;
	int ret = spawn_fork(&plain, &child);

	if (ret > 0) {
		struct gate_note note = { .word = GATE_FAILED };

		gate_keep_child(gate);
		ret = spawn_fork(&plain, &child);
		if (ret > 0)
			keep(name, fd, record, gate->child);
		if (ret < 0) {
			diag_fail(&note.diag, NULL, "%s", step);
			gate_say_note(gate->child, &note);
		}
		_exit(0);
	}
	if (ret < 0)
		return diag_fail(d, NULL, "%s", step);
	gate_keep_parent(gate);
	close(child.pidfd);
	return run_wait_end(child.pid, &e) < 0 ? diag_fail(d, NULL, "%s", step) : 0;
}

static int expect(int gate, enum gate_word word, struct gate_note *note, struct diag *d)
{
	if (gate_hear(gate, note) < 0)
		return diag_fail(d, NULL, "%s", step);
	if (note->word == word)
		return 0;
	if (note->word == GATE_FAILED) {
		*d = note->diag;
		return -1;
	}
	return diag_set(d, 0, NULL, "%s: it has gone", step);
}

/* "PID:INODE": on older kernels all pidfds have one inode, which proves nothing (before 6.9). */
static int write_record(int record, pid_t pid, int pidfd, struct diag *d)
{
	struct statfs fs;
	struct stat st;
	char text[64];
	int len;

	if (pidfd < 0 || fstatfs(pidfd, &fs) < 0 || fstat(pidfd, &st) < 0)
		return diag_fail(d, NULL, "%s", step);
	len = (uint32_t)fs.f_type == KERNEL_PIDFS_MAGIC ?
	      snprintf(text, sizeof(text), "%d:%llu\n", (int)pid, (unsigned long long)st.st_ino) :
	      snprintf(text, sizeof(text), "%d\n", (int)pid);
	return file_write_all(record, text, (size_t)len) < 0 ?
	       diag_fail(d, KEEPER_RECORD, "write the record of a keeper") : 0;
}

/* The lock is one of the open file, which the keeper has, too, and soon has alone. */
static int make_record(int setdir, struct diag *d)
{
	cleanup_close int fd = openat(setdir, KEEPER_RECORD, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	/* 0600, whatever the umask. */
	if (fd < 0 || fchmod(fd, 0600) < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0)
		return diag_fail(d, KEEPER_RECORD, "make the record of a keeper");
	return steal_fd(&fd);
}

/* *pidfd is the keeper's, owned by the caller, if we got so far. */
static int settle_in(const struct gate *gate, int record, int *pidfd, struct diag *d)
{
	struct gate_note note;

	if (expect(gate->parent, GATE_BUILT, &note, d) < 0)
		return -1;
	*pidfd = kernel_pidfd_open(note.number, 0);
	if (write_record(record, note.number, *pidfd, d) < 0)
		return -1;
	if (gate_say(gate->parent, GATE_GO) < 0 && errno != EPIPE)
		return diag_fail(d, NULL, "%s", step);
	return expect(gate->parent, GATE_RUNNING, &note, d);
}

/* It ends when the gate is closed, or is killed, if it has been told to stay; then nobody has the lock. */
static void take_back(int setdir, int pidfd)
{
	cleanup_close int record = openat(setdir, KEEPER_RECORD, O_RDONLY | O_CLOEXEC);

	if (pidfd >= 0)
		kernel_pidfd_send_signal(pidfd, SIGKILL);
	while (record >= 0 && flock(record, LOCK_EX) < 0 && errno == EINTR)
		;
	unlinkat(setdir, KEEPER_RECORD, 0);
}

static int start(const char *name, const int fd[NSTYPE_COUNT], int record, int *pidfd, struct diag *d)
{
	struct gate gate;
	int ret;

	if (gate_open(&gate, d) < 0)
		return -1;
	ret = give_birth(name, fd, record, &gate, d);
	if (ret == 0)
		ret = settle_in(&gate, record, pidfd, d);
	gate_close(&gate);
	return ret;
}

int keeper_start(const char *name, int setdir, const int fd[NSTYPE_COUNT], struct diag *d)
{
	int record = make_record(setdir, d);
	cleanup_close int pidfd = -1;
	int ret = record < 0 ? -1 : start(name, fd, record, &pidfd, d);

	cleanup_close_fd(&record);
	if (ret < 0 && record >= 0)
		take_back(setdir, pidfd);
	return ret;
}

/* A process that is ending can be looked at by root alone, already before its end shows. */
static bool is_ending(const struct target *t)
{
	struct pollfd fd = { .fd = t->pidfd, .events = POLLIN };

	return poll(&fd, 1, 1000) > 0;
}

/* Does the process hold the record itself? Nobody else than a keeper does, under this number. 1, 0, -1 and *d. */
static int holds(const struct target *t, int record, struct diag *d)
{
	struct stat a, b;
	char path[16];

	snprintf(path, sizeof(path), "fd/%d", KEEPER_RECORD_FD);
	if (fstat(record, &b) < 0 || fstatat(t->proc, path, &a, 0) < 0) {
		diag_fail(d, NULL, "look at process %d, which keeps a set", (int)t->pid);
		return d->err == ENOENT || (d->err == EACCES && is_ending(t)) ? 0 : -1;
	}
	return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

bool keeper_parse(char *record, struct target_name *name)
{
	char *end = strchr(record, '\n');
	struct diag ignored;

	if (!end || end[1])
		return false;
	*end = '\0';
	return target_parse(name, record, KEEPER_RECORD, &ignored) == 0 && !name->set;
}

/* The process that TEXT names, if it is the keeper. 1; 0: it is another's number here, or nobody's; -1 and *d. */
static int find_process(struct target *t, char *text, int record, struct diag *d)
{
	struct target_name name;

	if (!keeper_parse(text, &name))
		return 0;
	if (target_open(t, &name, d) == 0 && target_look(t, d) == 0)
		return holds(t, record, d);
	return d->err == 0 || d->err == ESRCH ? 0 : -1;
}

int keeper_find(struct keeper *k, int setdir, struct diag *d)
{
	cleanup_close int record = openat(setdir, KEEPER_RECORD, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	char text[64];
	int found;

	*k = KEEPER_NONE;
	if (record < 0)
		return errno == ENOENT ? KEEPER_ABSENT : diag_fail(d, KEEPER_RECORD, "read the record of a keeper");
	if (file_read_fd(record, text, sizeof(text)) < 0)
		return diag_fail(d, KEEPER_RECORD, "read the record of a keeper");
	if (flock(record, LOCK_SH | LOCK_NB) == 0)
		return KEEPER_ENDED;
	if (errno != EWOULDBLOCK)
		return diag_fail(d, KEEPER_RECORD, "look whether the keeper lives");
	found = find_process(&k->target, text, record, d);
	if (found > 0)
		return KEEPER_LIVES;
	keeper_close(k);
	if (found < 0)
		return -1;
	/* It may have ended since. */
	return flock(record, LOCK_SH | LOCK_NB) == 0 ? KEEPER_ENDED : KEEPER_ELSEWHERE;
}

int keeper_open(const struct keeper *k, enum nstype type)
{
	char path[16];

	snprintf(path, sizeof(path), "fd/%d", KEEPER_FIRST + (int)type);
	return openat(k->target.proc, path, O_RDONLY | O_CLOEXEC);
}

int keeper_end(const struct keeper *k, struct diag *d)
{
	struct pollfd fd = { .fd = k->target.pidfd, .events = POLLIN };

	if (kernel_pidfd_send_signal(k->target.pidfd, SIGKILL) < 0 && errno != ESRCH)
		return diag_fail(d, NULL, "end keeper %d", (int)k->target.pid);
	while (poll(&fd, 1, -1) < 0)
		if (errno != EINTR)
			return diag_fail(d, NULL, "wait for keeper %d", (int)k->target.pid);
	return 0;
}

void keeper_close(struct keeper *k)
{
	target_close(&k->target);
}
