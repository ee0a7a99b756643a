/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nstype.h"

const struct nstype_info nstype_table[NSTYPE_COUNT] = {
	[NS_MNT] = { "mnt", "mnt", CLONE_NEWNS, 'm', "mount", "mount",
		KERNEL_PIDFD_GET_MNT_NAMESPACE },
	[NS_UTS] = { "uts", "uts", CLONE_NEWUTS, 'u', "uts", "UTS",
		KERNEL_PIDFD_GET_UTS_NAMESPACE },
	[NS_IPC] = { "ipc", "ipc", CLONE_NEWIPC, 'i', "ipc", "IPC",
		KERNEL_PIDFD_GET_IPC_NAMESPACE },
	[NS_NET] = { "net", "net", CLONE_NEWNET, 'n', "net", "network",
		KERNEL_PIDFD_GET_NET_NAMESPACE },
	[NS_PID] = { "pid", "pid_for_children", CLONE_NEWPID, 'p', "pid", "PID",
		KERNEL_PIDFD_GET_PID_FOR_CHILDREN_NAMESPACE },
	[NS_USER] = { "user", "user", CLONE_NEWUSER, 'U', "user", "user",
		KERNEL_PIDFD_GET_USER_NAMESPACE },
	[NS_CGROUP] = { "cgroup", "cgroup", CLONE_NEWCGROUP, 'C', "cgroup", "cgroup",
		KERNEL_PIDFD_GET_CGROUP_NAMESPACE },
	[NS_TIME] = { "time", "time_for_children", CLONE_NEWTIME, 'T', "time", "time",
		KERNEL_PIDFD_GET_TIME_FOR_CHILDREN_NAMESPACE },
};

int nstype_by_letter(int letter)
{
	for (int type = 0; type < NSTYPE_COUNT; type++)
		if (nstype_table[type].letter == letter)
			return type;
	return -1;
}

void nstype_options(struct option rows[NSTYPE_COUNT])
{
	for (int type = 0; type < NSTYPE_COUNT; type++)
		rows[type] = (struct option){
			nstype_table[type].option, optional_argument, NULL, nstype_table[type].letter,
		};
}
