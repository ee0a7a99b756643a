/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "facts.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "diag.h"
#include "file.h"
#include "hash.h"
#include "status.h"

struct user {
	uid_t uid;
	char *name; /* NULL: the slot is free */
};

static int out_of_memory(struct diag *d)
{
	return diag_set(d, ENOMEM, NULL, "remember what processes are");
}

/* Where PID is, or where it belongs. */
static struct facts **slot_of(const struct facts_cache *c, pid_t pid)
{
	size_t i = hash_slot((uint64_t)pid, c->size);

	while (c->slot[i] && c->slot[i]->pid != pid)
		i = (i + 1) & (c->size - 1);
	return &c->slot[i];
}

static int enlarge(struct facts_cache *c, struct diag *d)
{
	struct facts_cache larger = *c;

	larger.size = c->size ? c->size * 2 : 64;
	larger.slot = calloc(larger.size, sizeof(*larger.slot));
	if (!larger.slot)
		return out_of_memory(d);
	for (size_t i = 0; i < c->size; i++)
		if (c->slot[i])
			*slot_of(&larger, c->slot[i]->pid) = c->slot[i];
	free(c->slot);
	*c = larger;
	return 0;
}

struct facts *facts_known(const struct facts_cache *c, pid_t pid)
{
	return c->size ? *slot_of(c, pid) : NULL;
}

static struct facts *add(struct facts_cache *c, pid_t pid, struct diag *d)
{
	struct facts *facts;

	if (c->n * 2 >= c->size && enlarge(c, d) < 0)
		return NULL;
	facts = malloc(sizeof(*facts));
	if (!facts) {
		out_of_memory(d);
		return NULL;
	}
	*facts = (struct facts){ .pid = pid, .parent = -1, .uid = (uid_t)-1 };
	*slot_of(c, pid) = facts;
	c->n++;
	return facts;
}

static void read_status(struct facts *facts)
{
	cleanup_free char *text = NULL;
	const char *next;
	uint64_t number;
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d/status", (int)facts->pid);
	text = status_read(path);
	if (!text)
		return;
	if (status_number(status_line(text, "PPid"), 10, &number))
		facts->parent = (pid_t)number;
	next = status_number(status_line(text, "Uid"), 10, &number);
	if (status_number(next, 10, &number))
		facts->uid = (uid_t)number;
	/* From the namespace of /proc down to its own. */
	next = status_line(text, "NSpid");
	while ((next = status_number(next, 10, &number)))
		facts->inside = (pid_t)number;
}

/* Blanks between the words; the name of who has none, as a kernel thread. -1: no memory. */
static int read_command(struct facts *facts)
{
	char path[32], text[8192];
	ssize_t len;

	snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)facts->pid);
	len = file_read(path, text, sizeof(text));
	if (len > 0 && !text[len - 1])
		len--;
	for (ssize_t i = 0; i < len; i++)
		if (!text[i])
			text[i] = ' ';
	if (len <= 0) {
		snprintf(path, sizeof(path), "/proc/%d/comm", (int)facts->pid);
		len = file_read(path, text, sizeof(text));
		if (len > 0 && text[len - 1] == '\n')
			text[len - 1] = '\0';
	}
	if (len <= 0)
		return 0;
	facts->command = strdup(text);
	return facts->command ? 0 : -1;
}

struct facts *facts_of(struct facts_cache *c, pid_t pid, unsigned int what, struct diag *d)
{
	struct facts *facts = facts_known(c, pid);

	if (!facts)
		facts = add(c, pid, d);
	if (!facts)
		return NULL;
	what &= ~facts->read;
	facts->read |= what;
	if (what & FACTS_STATUS)
		read_status(facts);
	if (what & FACTS_COMMAND && read_command(facts) < 0) {
		out_of_memory(d);
		return NULL;
	}
	return facts;
}

static char *name_of(uid_t uid)
{
	const struct passwd *pw = getpwuid(uid);
	char *name;

	if (pw)
		return strdup(pw->pw_name);
	return asprintf(&name, "%u", (unsigned int)uid) < 0 ? NULL : name;
}

static struct user *user_of(struct user *users, size_t n_slots, uid_t uid)
{
	size_t i = hash_slot(uid, n_slots);

	while (users[i].name && users[i].uid != uid)
		i = (i + 1) & (n_slots - 1);
	return &users[i];
}

static int enlarge_users(struct facts_cache *c)
{
	size_t n = c->n_user_slots ? c->n_user_slots * 2 : 16;
	struct user *larger = calloc(n, sizeof(*larger));

	if (!larger)
		return -1;
	for (size_t i = 0; i < c->n_user_slots; i++)
		if (c->users[i].name)
			*user_of(larger, n, c->users[i].uid) = c->users[i];
	free(c->users);
	c->users = larger;
	c->n_user_slots = n;
	return 0;
}

const char *facts_user(struct facts_cache *c, uid_t uid, struct diag *d)
{
	struct user *user = NULL;

	if (c->n_users * 2 < c->n_user_slots || enlarge_users(c) == 0)
		user = user_of(c->users, c->n_user_slots, uid);
	if (user && user->name)
		return user->name;
	if (user)
		*user = (struct user){ .uid = uid, .name = name_of(uid) };
	if (user && user->name) {
		c->n_users++;
		return user->name;
	}
	out_of_memory(d);
	return NULL;
}

void facts_free(struct facts_cache *c)
{
	for (size_t i = 0; i < c->size; i++) {
		if (c->slot[i])
			free(c->slot[i]->command);
		free(c->slot[i]);
	}
	free(c->slot);
	for (size_t i = 0; i < c->n_user_slots; i++)
		free(c->users[i].name);
	free(c->users);
	*c = (struct facts_cache){ .n = 0 };
}
