// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * two-nets FILE: have a socket as descriptor 9, and what is no socket as 8, go to
 * a network namespace of our own, write our PID and the socket's network
 * namespace to FILE, and wait.
 */
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	char net[64] = "";
	FILE *file;
	int fd;

	fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (argc != 2 || fd < 0 || dup2(fd, 9) < 0 || dup2(open("/dev/null", O_RDWR), 8) < 0)
		return 99;
	if (readlink("/proc/self/ns/net", net, sizeof(net) - 1) < 0 || unshare(CLONE_NEWNET) < 0)
		return 98;
	file = fopen(argv[1], "we");
	if (!file || fprintf(file, "%d %s\n", (int)getpid(), net) < 0 || fclose(file))
		return 97;
	for (;;)
		pause();
}
