/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * nstype: the table of the eight namespace types. No system calls.
 *
 * The only place that lists them; a ninth type is one row here.
 */

#include <getopt.h>

#include "kernel.h"

enum nstype {
	NS_MNT,
	NS_UTS,
	NS_IPC,
	NS_NET,
	NS_PID,
	NS_USER,
	NS_CGROUP,
	NS_TIME,
	NSTYPE_COUNT,
};

struct nstype_info {
	const char *name;     /* of the link in /proc/PID/ns, of /proc/sys/user/max_*_namespaces */
	const char *children; /* link that names what a child will be born in, or name again */
	unsigned int flag;    /* CLONE_NEW* */
	char letter;          /* short option */
	const char *option;   /* long option */
	const char *words;    /* what messages call it */
	unsigned long get;    /* ioctl(2) on a pidfd that opens what CHILDREN names (6.11) */
};

/* Indexed by enum nstype, in the order in which types are always listed. */
extern const struct nstype_info nstype_table[NSTYPE_COUNT];

/* The CLONE_NEW* bits of all types. */
#define NSTYPE_ALL_FLAGS                                                       \
	(CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET |            \
	 CLONE_NEWPID | CLONE_NEWUSER | CLONE_NEWCGROUP | CLONE_NEWTIME)

/* The type whose option letter is LETTER, or -1. */
int nstype_by_letter(int letter);

/* Their options, for getopt_long(3): one for each, whose value is its letter, and whose argument is optional. */
void nstype_options(struct option rows[NSTYPE_COUNT]);
