/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* ask: what the kernel tells of one namespace, when it is asked about that alone. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct ns;

/*
 * The number that our network namespace has for the network namespace FD, by
 * *NETLINK (-1 at first; the caller's): rtnetlink(7), RTM_GETNSID. -1: none;
 * -2: it cannot be told.
 */
enum { ASK_UNASSIGNED = -1, ASK_UNKNOWN = -2 };
int ask_netnsid(int *netlink, int fd);

/*
 * The PID, as we see it, of PID 1 in the PID namespace FD; 0: it has none, or it
 * cannot be told (before 6.11).
 */
pid_t ask_init(int fd);

/*
 * The uid map of a user namespace, "inside outside count[,...]", where outside
 * is as our user namespace has it. Returns TEXT; empty: none, or it cannot be told.
 * *PATIENCE: see visit_start().
 */
char *ask_maps(const struct ns *ns, int *patience, char *text, size_t size);

/* The offsets of a time namespace, "monotonic=S boottime=S", in the same way. */
char *ask_offsets(const struct ns *ns, int *patience, char *text, size_t size);

/* Is process PID (or that thread) still in NS, or, if NS says so of it, are its children? */
bool ask_is_in(pid_t pid, const struct ns *ns);
