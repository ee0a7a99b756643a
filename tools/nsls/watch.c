/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nsls.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "cleanup.h"
#include "diag.h"
#include "escape.h"
#include "facts.h"
#include "model.h"
#include "show.h"
#include "table.h"
#include "utf8.h"

/*
 * What is known of a namespace from one scan to the next. It is not held
 * meanwhile, or it would not go: another may have its inode number by then, but
 * not its id.
 */
struct seen {
	uint64_t ino, id;
	enum nstype type;
	pid_t pid;     /* what it was first seen with; 0: none */
	char *command; /* or NULL */
	bool is_new;
};

struct seens {
	struct seen *all; /* sorted */
	size_t n;
};

struct watch {
	const struct nsls *n;
	struct need need;
	int signals; /* descriptor that tells of those that end us */
	bool ended;  /* who reads us has gone, or we have been told to end */
};

static int compare(const void *one, const void *other)
{
	const struct seen *a = one, *b = other;

	if (a->ino != b->ino)
		return a->ino < b->ino ? -1 : 1;
	if (a->type != b->type)
		return a->type < b->type ? -1 : 1;
	return (a->id > b->id) - (a->id < b->id);
}

/* Owners are in the model, of whatever type they are asked to be. */
static bool is_wanted(const struct watch *w, const struct ns *ns)
{
	return (w->need.types & nstype_table[ns->type].flag) &&
	       !(w->n->persistent && (ns->held & HELD_PROC));
}

/* What could not be read is said once. */
static int look(const struct watch *w, struct seens *seen, bool first, struct diag *d)
{
	struct model m = { .n = 0 };
	int ret = scan(&m, &w->need, d);

	seen->all = ret < 0 ? NULL : calloc(m.n + 1, sizeof(*seen->all));
	seen->n = 0;
	if (ret == 0 && !seen->all)
		ret = diag_fail(d, NULL, "watch namespaces");
	for (size_t i = 0; ret == 0 && i < m.n; i++)
		if (is_wanted(w, m.all[i]))
			seen->all[seen->n++] = (struct seen){
				.ino = m.all[i]->ino, .id = m.all[i]->id,
				.type = m.all[i]->type, .pid = m.all[i]->pid, .is_new = true,
			};
	if (ret == 0 && first)
		show_unread(&m);
	model_free(&m);
	if (ret == 0)
		qsort(seen->all, seen->n, sizeof(*seen->all), compare);
	return ret;
}

static void forget(struct seens *seen)
{
	for (size_t i = 0; i < seen->n; i++)
		free(seen->all[i].command);
	free(seen->all);
	*seen = (struct seens){ .n = 0 };
}

static void put_number(uint64_t number, const char *none)
{
	if (number)
		printf("%llu", (unsigned long long)number);
	else
		fputs(none, stdout);
}

static void put_text(const struct seen *ns, const char *command)
{
	printf("%c %llu %s ", ns->is_new ? '+' : '-', (unsigned long long)ns->ino,
	       nstype_table[ns->type].name);
	put_number((uint64_t)ns->pid, "-");
	printf(" %s\n", command ? command : "-");
}

static void put_string(const char *text)
{
	if (!text) {
		fputs("null", stdout);
		return;
	}
	putchar('"');
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			printf("\\%c", *text);
		else if ((unsigned char)*text < ' ' || *text == 0x7f)
			printf("\\u%04x", (unsigned int)*text);
		else if (utf8_is_c1(text))
			printf("\\u%04x", (unsigned char)*++text);
		else
			putchar(*text);
	}
	putchar('"');
}

static void put_json(const struct seen *ns, const char *command)
{
	printf("{\"event\":\"%s\",\"ns\":%llu,\"type\":\"%s\",\"nsid\":", ns->is_new ? "new" : "gone",
	       (unsigned long long)ns->ino, nstype_table[ns->type].name);
	put_number(ns->id, "null");
	fputs(",\"pid\":", stdout);
	put_number((uint64_t)ns->pid, "null");
	fputs(",\"command\":", stdout);
	put_string(command);
	puts("}");
}

/* Each line at once. -1 and *d; nobody who reads it any more is no failure. */
static int tell(struct watch *w, const struct seen *ns, struct diag *d)
{
	cleanup_free char *command = !ns->command ? NULL :
		w->n->json ? escape_utf8(ns->command) : escape_plain(ns->command);

	if (ns->command && !command)
		return diag_fail(d, NULL, "watch namespaces");
	errno = 0;
	(w->n->json ? put_json : put_text)(ns, command);
	if (!ferror(stdout) && fflush(stdout) == 0)
		return 0;
	w->ended = true;
	return errno == EPIPE ? 0 : diag_fail(d, NULL, "write to stdout");
}

/* What has gone. What is still there keeps what it was first seen with. */
static int tell_gone(struct watch *w, struct seens *before, struct seens *now, struct diag *d)
{
	size_t n = 0;

	for (size_t b = 0; b < before->n && !w->ended; b++) {
		struct seen *old = &before->all[b];

		while (n < now->n && compare(&now->all[n], old) < 0)
			n++;
		if (n < now->n && compare(&now->all[n], old) == 0) {
			now->all[n] = *old;
			old->command = NULL;
		} else if (tell(w, old, d) < 0) {
			return -1;
		}
	}
	return 0;
}

static int look_at_command(struct seen *ns, struct facts_cache *cache, struct diag *d)
{
	struct facts *facts = ns->pid ? facts_of(cache, ns->pid, FACTS_COMMAND, d) : NULL;

	if (!facts || !facts->command)
		return ns->pid && !facts ? -1 : 0;
	ns->command = strdup(facts->command);
	return ns->command ? 0 : diag_fail(d, NULL, "watch namespaces");
}

/* What has come; the FIRST time, that is all there is, which is only remembered. */
static int tell_new(struct watch *w, struct seens *now, bool first, struct diag *d)
{
	struct facts_cache cache = { .n = 0 };
	int ret = 0;

	for (size_t n = 0; ret == 0 && n < now->n && !w->ended; n++) {
		struct seen *ns = &now->all[n];

		if (!ns->is_new)
			continue;
		ret = look_at_command(ns, &cache, d);
		if (ret == 0 && !first)
			ret = tell(w, ns, d);
		ns->is_new = false;
	}
	facts_free(&cache);
	return ret;
}

/* Who has us ignore them has a reason to. */
static int catch_signals(struct watch *w, struct diag *d)
{
	static const int ends[] = { SIGINT, SIGTERM };
	struct sigaction old;
	sigset_t set;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++)
		if (sigaction(ends[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
			sigaddset(&set, ends[i]);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return diag_fail(d, NULL, "block signals");
	w->signals = signalfd(-1, &set, SFD_CLOEXEC);
	return w->signals < 0 ? diag_fail(d, NULL, "wait for signals") : 0;
}

/* Until the next scan, or the end: a pipe that nobody reads any more is in error. */
static int wait_a_while(struct watch *w, struct diag *d)
{
	const double interval = w->n->interval;
	const struct timespec time = {
		.tv_sec = (time_t)interval, .tv_nsec = (long)((interval - (double)(time_t)interval) * 1e9),
	};
	struct pollfd fds[] = {
		{ .fd = w->signals, .events = POLLIN }, { .fd = STDOUT_FILENO },
	};

	/* A stdout that is closed is not waited for, and fails when it is written to. */
	if (poll(&fds[1], 1, 0) > 0 && (fds[1].revents & POLLNVAL))
		fds[1].fd = -1;
	if (ppoll(fds, 2, &time, NULL) < 0 && errno != EINTR)
		return diag_fail(d, NULL, "wait for the next scan");
	w->ended |= fds[0].revents || fds[1].revents;
	return 0;
}

static int watch(struct watch *w, struct diag *d)
{
	struct seens before = { .n = 0 }, now;
	int ret = 0;

	for (bool first = true; ret == 0 && !w->ended; first = false) {
		ret = look(w, &now, first, d);
		if (ret == 0)
			ret = tell_gone(w, &before, &now, d);
		if (ret == 0)
			ret = tell_new(w, &now, first, d);
		forget(&before);
		before = now;
		if (ret == 0 && !w->ended)
			ret = wait_a_while(w, d);
	}
	forget(&before);
	return ret;
}

int nsls_watch(const struct nsls *n, struct diag *d)
{
	struct watch w = {
		.n = n,
		.need = {
			.engine = n->engine,
			.types = n->types ? n->types : NSTYPE_ALL_FLAGS, .ids = true,
			.threads = !n->processes, .descriptors = !n->processes,
			.pins = !n->processes, .relations = !n->processes,
		},
		.signals = -1,
	};
	int ret = catch_signals(&w, d);

	if (ret == 0)
		ret = watch(&w, d);
	cleanup_close_fd(&w.signals);
	return ret;
}
