// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * iterator: what the kernel takes to tell of all threads, or of all descriptors
 * too, when a program of ours asks in there
 *
 *	iterator tasks|files
 *
 * Loads the programs of iterator.bpf.c, reads all that they write, and throws it
 * away. A static program that does nothing else: what a listing by that way
 * costs at least.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <iterator.skel.h>

static int read_all(int program)
{
	static char room[65536];
	union bpf_attr attr;
	int link = skel_link_create(program, 0, BPF_TRACE_ITER), records;
	ssize_t n;

	memset(&attr, 0, sizeof(attr));
	attr.iter_create.link_fd = (__u32)link;
	records = link < 0 ? -1 : skel_sys_bpf(BPF_ITER_CREATE, &attr, sizeof(attr));
	if (records < 0)
		return -1;
	while ((n = read(records, room, sizeof(room))) > 0)
		;
	return n < 0 ? -1 : 0;
}

int main(int argc, char **argv)
{
	struct iterator *kernel = iterator__open();

	if (argc != 2 || !kernel || iterator__load(kernel) < 0 ||
	    read_all(kernel->progs.each_task.prog_fd) < 0 ||
	    (!strcmp(argv[1], "files") && read_all(kernel->progs.each_file.prog_fd) < 0)) {
		fprintf(stderr, "iterator: %s\n", strerror(errno));
		return 1;
	}
	return 0;
}
