/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* pidns: whether anybody can be born in a PID namespace. pid_namespaces(7). */

struct diag;

/*
 * 1: the init of the PID namespace FD has ended, and nobody can be born in it
 * any more; 0: it lives, or there has been none yet; -1 and *d: it cannot be
 * told, as of a namespace that is not below ours. Nothing is born in it for
 * that.
 */
int pidns_is_dead(int fd, struct diag *d);
