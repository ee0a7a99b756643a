/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * explain: the kernel says one word for many causes; this looks which it is.
 */

struct diag;

/*
 * Why new namespaces FLAGS (CLONE_NEW*) could not be made, by clone(2) or
 * unshare(2): adds a hint to *d, which holds the error.
 */
void explain_new(unsigned int flags, struct diag *d);

/* Why the set-user-ID helper NAME (newuidmap, newgidmap) failed to do what only it may. */
void explain_helper(const char *name, struct diag *d);

/* Is it for want of /proc that a step of ours has found something missing? */
void explain_missing(struct diag *d);
