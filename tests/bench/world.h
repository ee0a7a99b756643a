/* SPDX-License-Identifier: GPL-2.0-or-later */
/* world: a process in namespaces of its own, which waits to be entered */
#pragma once

#include <stdint.h>
#include <sys/types.h>

/*
 * With FLAGS (CLONE_NEW*), as PROBE "pause"; it dies with this program. In a
 * mount namespace it has its own proc, in a user namespace the caller is root.
 * Its PID, or -1 and a line on stderr.
 */
pid_t world_start(uint64_t flags, const char *probe);

/* COUNT of them in the same namespaces; that is the first one's PID. */
pid_t world_crowd(uint64_t flags, const char *probe, int count);
void world_end(pid_t pid);
