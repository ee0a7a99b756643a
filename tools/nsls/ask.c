/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ask.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cleanup.h"
#include "diag.h"
#include "file.h"
#include "kernel.h"
#include "model.h"
#include "nsref.h"
#include "procdir.h"
#include "scan.h"
#include "untraceable.h"
#include "visit.h"

/* Netlink */

struct netnsid_request {
	struct nlmsghdr header;
	struct rtgenmsg family;
	char pad[NLMSG_ALIGNTO - sizeof(struct rtgenmsg)];
	struct rtattr attr;
	uint32_t fd;
};

/* The number among the LEN bytes of attributes AT; ASK_UNKNOWN: it is not there. */
static int find_netnsid(const char *at, size_t len)
{
	struct rtattr attr;
	int id;

	while (len >= sizeof(attr)) {
		memcpy(&attr, at, sizeof(attr));
		if (attr.rta_len < sizeof(attr) || attr.rta_len > len)
			break;
		if (attr.rta_type == NETNSA_NSID && attr.rta_len >= RTA_LENGTH(sizeof(id))) {
			memcpy(&id, at + RTA_LENGTH(0), sizeof(id));
			return id < 0 ? ASK_UNASSIGNED : id;
		}
		if (RTA_ALIGN(attr.rta_len) >= len)
			break;
		at += RTA_ALIGN(attr.rta_len);
		len -= RTA_ALIGN(attr.rta_len);
	}
	return ASK_UNKNOWN;
}

int ask_netnsid(int *netlink, int fd)
{
	struct netnsid_request request = {
		.header = {
			.nlmsg_len = sizeof(request), .nlmsg_type = RTM_GETNSID,
			.nlmsg_flags = NLM_F_REQUEST,
		},
		.attr = { .rta_len = RTA_LENGTH(sizeof(request.fd)), .rta_type = NETNSA_FD },
		.fd = (uint32_t)fd,
	};
	const size_t first = NLMSG_SPACE(sizeof(struct rtgenmsg));
	union {
		struct nlmsghdr header;
		char bytes[1024];
	} answer;
	ssize_t len;

	if (*netlink < 0)
		*netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (*netlink < 0 || fd < 0 || send(*netlink, &request, sizeof(request), 0) < 0)
		return ASK_UNKNOWN;
	do {
		len = recv(*netlink, &answer, sizeof(answer), 0);
	} while (len < 0 && errno == EINTR);
	if (len < (ssize_t)first || answer.header.nlmsg_type != RTM_NEWNSID ||
	    answer.header.nlmsg_len < first || answer.header.nlmsg_len > (size_t)len)
		return ASK_UNKNOWN;
	return find_netnsid(answer.bytes + first, answer.header.nlmsg_len - first);
}

/* Links */

bool ask_is_in(pid_t pid, const struct ns *ns)
{
	char path[NSREF_PATH];
	uint64_t ino;
	int known = scan_link(AT_FDCWD, nsref_path(path, pid, ns->type, ns->of_children && pid == ns->pid), &ino);

	/* What cannot be read need not have gone; and there is no link before the first child. */
	return known > 0 ? ino == ns->ino : known < 0 || ns->of_children;
}

pid_t ask_init(int fd)
{
	int pid = ioctl(fd, KERNEL_NS_GET_TGID_FROM_PIDNS, 1);

	return pid > 0 ? pid : 0;
}

/* What only a process that is in it can tell */

struct entry {
	int fd;
	unsigned int flag; /* CLONE_NEW*, its type */
};

static int enter(void *arg)
{
	const struct entry *entry = arg;

	return untraceable_setns(entry->fd, entry->flag);
}

/* FILE in /proc of a process in NS. -1: that may not be entered. */
static ssize_t read_by_visit(const struct ns *ns, const char *file, int *patience, char *text,
			     size_t size)
{
	cleanup_close int ns_fd = model_open(ns), proc = -1, fd = -1;
	struct entry entry = { .fd = ns_fd, .flag = nstype_table[ns->type].flag };
	struct visitor v;
	struct diag ignored;
	ssize_t len;

	if (ns_fd < 0 || visit_start(&v, enter, &entry, patience) < 0)
		return -1;
	proc = procdir_open(v.child.pidfd, &ignored);
	fd = proc < 0 ? -1 : openat(proc, file, O_RDONLY | O_CLOEXEC);
	len = fd < 0 ? -1 : file_read_fd(fd, text, size);
	visit_end(&v);
	return len;
}

/* FILE in /proc of PID, if that is not 0 and still in NS. False: it cannot be read. */
static bool read_of(const struct ns *ns, pid_t pid, const char *file, char *text, size_t size)
{
	char path[48];

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	return pid && file_read(path, text, size) > 0 && ask_is_in(pid, ns);
}

/* user_namespaces(7): uid_map */
char *ask_maps(const struct ns *ns, int *patience, char *text, size_t size)
{
	char map[16384], *line = map;
	unsigned long inside, outside, count;
	size_t used = 0;
	int len;

	*text = '\0';
	if (!read_of(ns, ns->pid, "uid_map", map, sizeof(map)) &&
	    read_by_visit(ns, "uid_map", patience, map, sizeof(map)) <= 0)
		return text;
	while (used < size && sscanf(line, "%lu %lu %lu%n", &inside, &outside, &count, &len) == 3) {
		used += (size_t)snprintf(text + used, size - used, "%s%lu %lu %lu", used ? "," : "",
					 inside, outside, count);
		line += len;
	}
	return text;
}

/* The kernel has nanoseconds that count upwards from the second below: -2 s and 500 000 000 are -1.5. */
static int print_seconds(char *text, size_t size, const char *name, int64_t sec, int64_t nsec)
{
	const char *sign = sec < 0 ? "-" : "";
	char fraction[16] = "";
	size_t len;

	if (sec < 0 && nsec) {
		sec++;
		nsec = 1000000000 - nsec;
	}
	if (nsec) {
		len = (size_t)snprintf(fraction, sizeof(fraction), ".%09" PRId64, nsec % 1000000000);
		while (len > 1 && fraction[len - 1] == '0')
			fraction[--len] = '\0';
	}
	return snprintf(text, size, "%s=%s%" PRIu64 "%s", name, sign,
			(uint64_t)(sec < 0 ? -sec : sec), fraction);
}

/* It tells of the namespace of its children. */
static pid_t who_tells_offsets(const struct ns *ns)
{
	char path[NSREF_PATH];

	return ns->pid && nsref_inode(nsref_path(path, ns->pid, NS_TIME, true)) == ns->ino ? ns->pid : 0;
}

/* time_namespaces(7): timens_offsets */
char *ask_offsets(const struct ns *ns, int *patience, char *text, size_t size)
{
	int64_t sec[2], nsec[2];
	char file[256];
	int len;

	*text = '\0';
	if (!read_of(ns, who_tells_offsets(ns), "timens_offsets", file, sizeof(file)) &&
	    read_by_visit(ns, "timens_offsets", patience, file, sizeof(file)) <= 0)
		return text;
	if (sscanf(file, "monotonic %" SCNd64 " %" SCNd64 " boottime %" SCNd64 " %" SCNd64,
		   &sec[0], &nsec[0], &sec[1], &nsec[1]) != 4)
		return text;
	len = print_seconds(text, size, "monotonic", sec[0], nsec[0]);
	len += snprintf(text + len, size - (size_t)len, " ");
	print_seconds(text + len, size - (size_t)len, "boottime", sec[1], nsec[1]);
	return text;
}
