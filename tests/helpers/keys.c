// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * keys add NAME TEXT COMMAND [ARG...]: execute COMMAND with a new session keyring
 * that has a key NAME.
 * keys read NAME: print what the key NAME of the session keyring holds, or "none".
 * keys owner: print the uid of the session keyring.
 */
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* include/uapi/linux/keyctl.h */
enum { JOIN_SESSION = 1, DESCRIBE = 6, SEARCH = 10, READ = 11, OF_SESSION = -3 };

static int add(char **argv)
{
	if (syscall(SYS_keyctl, JOIN_SESSION, NULL) < 0 ||
	    syscall(SYS_add_key, "user", argv[0], argv[1], strlen(argv[1]), OF_SESSION) < 0)
		return 98;
	execvp(argv[2], argv + 2);
	return 97;
}

static int read_key(const char *name)
{
	char text[256];
	long key = syscall(SYS_keyctl, SEARCH, OF_SESSION, "user", name, 0);
	long len = key < 0 ? -1 : syscall(SYS_keyctl, READ, key, text, sizeof(text));

	if (len < 0)
		return puts("none") < 0;
	return printf("%.*s\n", (int)len, text) < 0;
}

/* "keyring;UID;GID;PERMISSIONS;NAME" */
static int owner(void)
{
	char text[256];
	unsigned int uid;

	if (syscall(SYS_keyctl, DESCRIBE, OF_SESSION, text, sizeof(text)) < 0 ||
	    sscanf(text, "keyring;%u;", &uid) != 1)
		return 96;
	return printf("%u\n", uid) < 0;
}

int main(int argc, char **argv)
{
	if (argc >= 5 && !strcmp(argv[1], "add"))
		return add(argv + 2);
	if (argc == 3 && !strcmp(argv[1], "read"))
		return read_key(argv[2]);
	if (argc == 2 && !strcmp(argv[1], "owner"))
		return owner();
	return 99;
}
