/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * scan-bpf: what the programs in the kernel tell the one outside. Included by
 * both; numbers are of the width that they have here on either side.
 */

#include <linux/types.h>

/* The types in the order of enum nstype; then what children are born in. */
enum {
	SCAN_BPF_MNT, SCAN_BPF_UTS, SCAN_BPF_IPC, SCAN_BPF_NET, SCAN_BPF_PID, SCAN_BPF_USER,
	SCAN_BPF_CGROUP, SCAN_BPF_TIME,
	SCAN_BPF_TYPES,
	SCAN_BPF_CHILDREN_PID = SCAN_BPF_TYPES,
	SCAN_BPF_CHILDREN_TIME,
	SCAN_BPF_SLOTS,
};

/* What is asked for: set before the programs are loaded. */
struct scan_bpf_ask {
	__u32 types;   /* CLONE_NEW* */
	__u32 threads; /* all threads, not only the first of each process */
};

/* How it went: read after each run. */
struct scan_bpf_state {
	__u32 n;    /* namespaces in the table, from 1 on */
	__u32 full; /* there was no room for one */
	__u64 descriptors; /* that have been looked at */
};

/* A namespace, in the table "namespaces"; others go by its place there. */
struct scan_bpf_ns {
	__u64 id; /* the kernel's; 0 before 6.18 */
	__u32 inum;
	__u32 type;    /* SCAN_BPF_MNT ... */
	__u32 owner;   /* 0: none */
	__u32 parent;  /* of a PID namespace */
	__u32 creator; /* of a user namespace: its uid in the first one */
	__u32 related; /* the last three can be relied upon */
};

enum {
	SCAN_BPF_LEADER = 1,	  /* the first thread of its process */
	SCAN_BPF_LEADER_LEFT = 2, /* that one has left its namespaces: it has ended */
	SCAN_BPF_SOCKET = 4,	  /* no descriptor of a namespace, but a socket in it */
};

/* A thread. Its numbers are those that the reader sees. */
struct scan_bpf_task {
	__u32 tgid, tid;
	__u32 flags;
	__u32 differs;		   /* slots in which the first thread is elsewhere, a bit each */
	__u32 ns[SCAN_BPF_SLOTS];  /* 0: not asked for, or it has left it */
};

/* A descriptor of a thread that has a table of descriptors of its own. */
struct scan_bpf_fd {
	__u32 tgid, tid;
	__u32 flags;
	__u32 fd;
	__u32 ns;
	__u32 pad;
	__u64 files; /* which table */
};
