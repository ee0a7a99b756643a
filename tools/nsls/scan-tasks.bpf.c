/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The same for those who do not ask for descriptors: half as much is to be loaded. */

#define TASKS_ALONE
#include "scan-bpf.bpf.c"
