// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * first-look TYPE FILE: before anything else, is FILE the namespace of TYPE that
 * we are in? Exit status 0 if it is; the mount is taken off again then, if we may.
 */
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>

int main(int argc, char **argv)
{
	struct stat pin, own;
	char path[64];

	if (argc != 3)
		return 99;
	if (stat(argv[2], &pin) < 0)
		return 1;
	snprintf(path, sizeof(path), "/proc/self/ns/%s", argv[1]);
	if (stat(path, &own) < 0)
		return 99;
	if (pin.st_dev != own.st_dev || pin.st_ino != own.st_ino)
		return 2;
	umount2(argv[2], MNT_DETACH);
	return 0;
}
