/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "diag.h"
#include "kernel.h"
#include "model.h"
#include "nsfs.h"
#include "nsid.h"
#include "nsref.h"

/* FD, which is closed if it is another namespace. */
static int proven(const struct ns *ns, int fd)
{
	cleanup_close int owned = fd;
	int type = (int)ns->type;
	struct diag ignored;
	struct stat st;

	if (fd < 0 || nsref_check(fd, &type, NULL, &ignored) < 0 || fstat(fd, &st) < 0 ||
	    st.st_ino != ns->ino || (ns->id && nsid_of(fd) != ns->id))
		return -1;
	return steal_fd(&owned);
}

static int open_handle(const struct ns *ns)
{
	return ns->id ? nsid_open_handle(ns->id, nstype_table[ns->type].flag, ns->ino) : -1;
}

static int open_of_process(const struct ns *ns)
{
	char path[NSREF_PATH];

	return !ns->pid ? -1 : open(nsref_path(path, ns->pid, ns->type, ns->of_children), O_RDONLY | O_CLOEXEC);
}

/* A thread that is not the first one, since 6.9 only. */
static int open_holder(pid_t pid)
{
	int pidfd = kernel_pidfd_open(pid, 0);

	return pidfd < 0 ? kernel_pidfd_open(pid, KERNEL_PIDFD_THREAD) : pidfd;
}

static int open_socket(const struct holder *holder)
{
	cleanup_close int pidfd = open_holder(holder->pid);
	cleanup_close int socket = pidfd < 0 ? -1 : kernel_pidfd_getfd(pidfd, holder->fd);

	return socket < 0 ? -1 : ioctl(socket, KERNEL_SIOCGSKNS);
}

/* What is there by now may be another thing, a FIFO or a device: that is not opened. */
static int open_held(const struct holder *holder, uint64_t ino)
{
	cleanup_close int dir = -1;
	char path[32], number[16];

	if (holder->socket)
		return open_socket(holder);
	snprintf(path, sizeof(path), "/proc/%d/fd", (int)holder->pid);
	snprintf(number, sizeof(number), "%d", holder->fd);
	dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return dir < 0 ? -1 : nsfs_open(dir, number, ino);
}

static int open_below(const struct ns *ns)
{
	cleanup_close int fd = ns->below ? model_open(ns->below) : -1;

	if (fd < 0)
		return -1;
	return ioctl(fd, ns->below->type == NS_PID && ns->type == NS_PID ?
			KERNEL_NS_GET_PARENT : KERNEL_NS_GET_USERNS);
}

int model_open(const struct ns *ns)
{
	int fd = ns->fd < 0 ? -1 : fcntl(ns->fd, F_DUPFD_CLOEXEC, 0);

	if (ns->fd < 0)
		fd = proven(ns, open_handle(ns));
	if (ns->fd < 0 && fd < 0)
		fd = proven(ns, open_of_process(ns));
	for (size_t i = 0; ns->fd < 0 && fd < 0 && i < ns->n_holders; i++)
		fd = proven(ns, open_held(&ns->holders[i], ns->ino));
	return ns->fd < 0 && fd < 0 ? proven(ns, open_below(ns)) : fd;
}
