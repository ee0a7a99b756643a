/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "caps.h"
#include "cleanup.h"
#include "diag.h"
#include "engine.h"
#include "file.h"
#include "kernel.h"
#include "nsid.h"
#include "nsref.h"
#include "number.h"
#include "procdir.h"

/* From so many threads on, the programs are worth being loaded. */
enum { WORTH_LOADING = 512 };

/* What is held needs many descriptors; what is looked at needs some. */
static int allow_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return 256;
	if (limit.rlim_cur < limit.rlim_max) {
		struct rlimit most = { limit.rlim_max, limit.rlim_max };

		if (setrlimit(RLIMIT_NOFILE, &most) == 0)
			limit = most;
	}
	if (limit.rlim_cur > 1 << 30)
		return 1 << 30;
	return (int)(limit.rlim_cur < 128 ? limit.rlim_cur / 2 : limit.rlim_cur - 64);
}

/* In *SELF; 0 in the proc of a PID namespace that we are not in. -1 and *d. */
static int own_number(int proc, pid_t *self, struct diag *d)
{
	char text[16];
	ssize_t len = readlinkat(proc, "self", text, sizeof(text) - 1);
	uint64_t pid;

	*self = 0;
	if (len < 0)
		return errno == ENOENT ? 0 : diag_fail(d, "/proc/self", "look which process this is");
	text[len] = '\0';
	if (number_parse(text, INT32_MAX, &pid) == 0)
		*self = (pid_t)pid;
	return 0;
}

static void find_devices(struct engine *e)
{
	cleanup_close int one = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct stat st;

	e->nsfs = stat("/proc/self/ns/user", &st) < 0 ? 0 : st.st_dev;
	e->sockfs = one < 0 || fstat(one, &st) < 0 ? 0 : st.st_dev;
}

static int start(struct engine *e, struct diag *d)
{
	for (int type = 0; type < NSTYPE_COUNT; type++)
		if (nsref_supported(type))
			e->types |= e->need->types & nstype_table[type].flag;
	if (!e->types && e->need->types)
		return diag_set(d, ENOENT, "/proc/self/ns", "look which namespaces there are");
	e->proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (e->proc < 0)
		return diag_fail(d, "/proc", "look which processes there are");
	e->max_fd = allow_descriptors();
	if (own_number(e->proc, &e->self, d) < 0)
		return -1;
	e->own_proc = procdir_is_ours();
	find_devices(e);
	return 0;
}

/* Which engine */

/* Does PROC show so many? */
static bool shows_many(int proc)
{
	cleanup_close int dir = openat(proc, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *all = dir < 0 ? NULL : file_list(dir);
	const char *name;
	int n = 0;

	while (all && n < WORTH_LOADING && (name = file_next(all)))
		n += *name >= '1' && *name <= '9';
	if (all)
		closedir(all);
	return n == WORTH_LOADING;
}

/* What the system has is known at once; in a PID namespace of few, it is asked in vain. */
static bool is_worth_it(const struct engine *e)
{
	char path[NSREF_PATH];
	struct sysinfo info;

	if (sysinfo(&info) < 0 || info.procs < WORTH_LOADING)
		return false;
	return nsref_inode(nsref_path(path, 0, NS_PID, false)) == KERNEL_FIRST_PID_NS ||
	       shows_many(e->proc);
}

static bool is_allowed(void)
{
	return caps_has(KERNEL_CAP_SYS_ADMIN) ||
	       (caps_has(KERNEL_CAP_BPF) && caps_has(KERNEL_CAP_PERFMON));
}

static int look_at_processes(struct engine *e, struct diag *d)
{
	enum engine_choice choice = e->need->engine;
	struct diag ignored;

	if (choice == ENGINE_BPF)
		return bpf_look(e, d);
	if (choice == ENGINE_AUTO && e->own_proc && is_worth_it(e) && is_allowed() &&
	    bpf_look(e, &ignored) == 0)
		return 0;
	return proc_look(e, d);
}

/* The whole */

static void ask_ids(struct model *m)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->all[i]->fd >= 0 && !m->all[i]->id)
			m->all[i]->id = nsid_of(m->all[i]->fd);
}

static int look(struct engine *e, struct diag *d)
{
	if (start(e, d) < 0 || look_at_processes(e, d) < 0)
		return -1;
	if (e->need->pins && pins_look(e, d) < 0)
		return -1;
	if (e->need->relations && relate(e, d) < 0)
		return -1;
	e->m->unread.unheld = e->unheld;
	if (e->need->ids)
		ask_ids(e->m);
	model_sort(e->m);
	return 0;
}

int scan(struct model *m, const struct need *need, struct diag *d)
{
	struct engine e = { .m = m, .need = need, .proc = -1, .d = d };
	int ret;

	m->unread = (struct unread){ .processes = 0 };
	pthread_mutex_init(&e.lock, NULL);
	ret = look(&e, d);
	pthread_mutex_destroy(&e.lock);
	cleanup_close_fd(&e.proc);
	free(e.cookies);
	free(e.later);
	return ret;
}
