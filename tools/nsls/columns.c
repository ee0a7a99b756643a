/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "columns.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ask.h"
#include "cleanup.h"
#include "diag.h"
#include "model.h"
#include "nsref.h"
#include "show.h"

const struct table_column nsls_columns[] = {
	[COL_NS] = { "NS", TABLE_NUMBER, "inode number of the namespace" },
	[COL_TYPE] = { "TYPE", TABLE_TEXT, "its type" },
	[COL_PATH] = { "PATH", TABLE_TEXT, "a path to it" },
	[COL_NPROCS] = { "NPROCS", TABLE_NUMBER, "number of processes in it" },
	[COL_PID] = { "PID", TABLE_NUMBER, "the lowest PID in it" },
	[COL_PPID] = { "PPID", TABLE_NUMBER, "PID of the parent of PID" },
	[COL_COMMAND] = { "COMMAND", TABLE_LONG, "command line of PID" },
	[COL_UID] = { "UID", TABLE_NUMBER, "user id of PID" },
	[COL_USER] = { "USER", TABLE_TEXT, "name of the user of PID" },
	[COL_NETNSID] = { "NETNSID", TABLE_RIGHT, "number that our network namespace has for it" },
	[COL_NSFS] = { "NSFS", TABLE_LINES, "where it is pinned in our mount namespace" },
	[COL_PNS] = { "PNS", TABLE_NUMBER, "inode number of its parent" },
	[COL_ONS] = { "ONS", TABLE_NUMBER, "inode number of the user namespace that owns it" },
	[COL_NSID] = { "NSID", TABLE_NUMBER, "its 64-bit id, never used again" },
	[COL_HELD] = { "HELD", TABLE_TEXT, "what keeps it alive" },
	[COL_PINS] = { "PINS", TABLE_LINES, "where it is pinned; of others, MNTNS:PATH" },
	[COL_HOLDERS] = { "HOLDERS", TABLE_LINES, "open descriptors that hold it, PID:FD" },
	[COL_OWNER] = { "OWNER", TABLE_NUMBER, "uid of who made a user namespace" },
	[COL_USERNS] = { "USERNS", TABLE_NUMBER, "NSID of the user namespace that owns it" },
	[COL_NTHREADS] = { "NTHREADS", TABLE_NUMBER, "number of threads in it" },
	[COL_INIT] = { "INIT", TABLE_NUMBER, "PID, from here, of PID 1 in a PID namespace" },
	[COL_MAPS] = { "MAPS", TABLE_TEXT, "uid map of a user namespace" },
	[COL_OFFSETS] = { "OFFSETS", TABLE_TEXT, "clock offsets of a time namespace" },
	[COL_SET] = { "SET", TABLE_LINES, "the sets that it is in" },
	[COL_NSPID] = { "NSPID", TABLE_NUMBER, "PID of PID inside" },
	{ .name = NULL },
};

const unsigned char nsls_widths[] = {
	[COL_NS] = 10, [COL_TYPE] = 5, [COL_NPROCS] = 5, [COL_PID] = 5, [COL_PPID] = 5,
	[COL_PNS] = 10, [COL_ONS] = 10,
	[COL_NSPID] = 5,
};

static bool has_any(const struct table_choice *choice, uint64_t columns)
{
	for (size_t i = 0; i < choice->n; i++)
		if (columns >> choice->column[i] & 1)
			return true;
	return false;
}

#define COL(name) (UINT64_C(1) << COL_##name)

bool columns_need(const struct table_choice *choice, struct need *need)
{
	need->threads |= has_any(choice, COL(NTHREADS) | COL(HELD));
	need->descriptors |= has_any(choice, COL(HOLDERS) | COL(SET) | COL(HELD));
	need->pins |= has_any(choice, COL(PINS) | COL(NSFS) | COL(SET) | COL(HELD));
	need->relations |= has_any(choice, COL(PNS) | COL(ONS) | COL(OWNER) | COL(USERNS) | COL(HELD));
	need->ids |= has_any(choice, COL(NSID) | COL(USERNS));
	return has_any(choice, COL(NPROCS) | COL(PID) | COL(PPID) | COL(COMMAND) | COL(UID) | COL(USER) |
				       COL(NSPID) | COL(NTHREADS) | COL(HELD) | COL(HOLDERS) | COL(PINS) |
				       COL(NSFS) | COL(SET));
}

/* A number that is 0 if there is none. */
static int fill_number(struct view *v, int column, uint64_t number, struct diag *d)
{
	return number ? table_number(v->table, column, number, d) : 0;
}

/* Of the process */

static int fill_status(struct view *v, const struct facts *facts, struct diag *d)
{
	const char *user;

	if (facts->parent >= 0 && table_number(v->table, COL_PPID, (uint64_t)facts->parent, d) < 0)
		return -1;
	if (fill_number(v, COL_NSPID, (uint64_t)facts->inside, d) < 0)
		return -1;
	if (facts->uid == (uid_t)-1)
		return 0;
	if (table_number(v->table, COL_UID, facts->uid, d) < 0)
		return -1;
	if (!table_has(&v->filled, COL_USER))
		return 0;
	user = facts_user(&v->facts, facts->uid, d);
	return user ? table_text(v->table, COL_USER, user, d) : -1;
}

/* After it has been read, it is looked whether it was that process. */
static int fill_process(struct view *v, const struct ns *ns, pid_t pid, struct diag *d)
{
	unsigned int what = 0;
	const struct facts *facts;

	if (has_any(&v->filled, COL(PPID) | COL(UID) | COL(USER) | COL(NSPID)))
		what |= FACTS_STATUS;
	if (has_any(&v->filled, COL(COMMAND)))
		what |= FACTS_COMMAND;
	if (!what)
		return 0;
	facts = facts_of(&v->facts, pid, what, d);
	if (!facts)
		return -1;
	if (!ask_is_in(pid, ns))
		return 0;
	return fill_status(v, facts, d) < 0 ? -1 : table_text(v->table, COL_COMMAND, facts->command, d);
}

/* What keeps it alive */

static int fill_held(struct view *v, const struct ns *ns, struct diag *d)
{
	static const char *const words[] = {
		"proc", "thread", "fd", "socket", "pin", "child", "owned",
	};
	char text[64] = "";
	size_t len = 0;

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (ns->held >> i & 1)
			len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s", len ? "," : "",
						words[i]);
	return len ? table_text(v->table, COL_HELD, text, d) : 0;
}

/* Texts of which each is made for its own. */
struct texts {
	char **text;
	size_t n;
};

static int add_text(struct texts *t, char *text, struct diag *d)
{
	char **larger = text ? model_room(t->text, t->n, sizeof(*larger), d) : NULL;

	if (!larger) {
		free(text);
		return diag_set(d, ENOMEM, NULL, "make a table");
	}
	t->text = larger;
	larger[t->n++] = text;
	return 0;
}

static int fill_texts(struct view *v, int column, struct texts *t, int ret, struct diag *d)
{
	if (ret == 0)
		ret = table_lines(v->table, column, (const char *const *)t->text, t->n, d);
	for (size_t i = 0; i < t->n; i++)
		free(t->text[i]);
	free(t->text);
	return ret;
}

/*
 * As a table, which somebody reads, a cell has so many lines at the most; and a
 * process has so many there. What is read by programs is whole.
 */
enum { LINES_MAX = 50, LINES_EACH = 8 };

static bool is_bounded(const struct view *v)
{
	return !v->n->json && !v->n->raw;
}

/* True: the last line says that there are others, of which N are LEFT. */
static bool is_full(const struct texts *t, size_t left)
{
	return t->n == LINES_MAX - 1 && left > 1;
}

static int add_rest(struct texts *t, size_t left, struct diag *d)
{
	char *text;

	return add_text(t, asprintf(&text, "%zu more", left) < 0 ? NULL : text, d);
}

/* In a mount namespace of our own without that. */
static char *text_of_pin(const struct pinned *pin)
{
	char *text;

	if (!pin->mntns)
		return strdup(pin->path);
	return asprintf(&text, "%llu:%s", (unsigned long long)pin->mntns, pin->path) < 0 ? NULL : text;
}

static int fill_pins(struct view *v, const struct ns *ns, struct diag *d)
{
	struct texts t = { .n = 0 };
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < ns->n_pins; i++) {
		if (is_bounded(v) && is_full(&t, ns->n_pins - i)) {
			ret = add_rest(&t, ns->n_pins - i, d);
			break;
		}
		ret = add_text(&t, text_of_pin(&ns->pins[i]), d);
	}
	return fill_texts(v, COL_PINS, &t, ret, d);
}

/* As lsns(8) has it, all of them. */
static int fill_nsfs(struct view *v, const struct ns *ns, struct diag *d)
{
	struct texts t = { .n = 0 };
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < ns->n_pins; i++)
		if (!ns->pins[i].mntns)
			ret = add_text(&t, strdup(ns->pins[i].path), d);
	return fill_texts(v, COL_NSFS, &t, ret, d);
}

/* How many holders from the I-th on are descriptors of the same process. */
static size_t count_of_process(const struct ns *ns, size_t i)
{
	size_t n = 1;

	while (i + n < ns->n_holders && ns->holders[i + n].pid == ns->holders[i].pid)
		n++;
	return n;
}

static char *text_of_holder(const struct holder *holder)
{
	char *text;

	return asprintf(&text, "%d:%d", (int)holder->pid, holder->fd) < 0 ? NULL : text;
}

/* Those of one process: N of them, each for itself, or their number. */
static int add_holders(struct texts *t, const struct holder *holder, size_t n, bool bounded,
		       struct diag *d)
{
	char *text;
	int ret = 0;

	if (bounded && n > LINES_EACH)
		return add_text(t, asprintf(&text, "%d:(%zu)", (int)holder->pid, n) < 0 ? NULL : text, d);
	for (size_t i = 0; ret == 0 && i < n; i++)
		ret = add_text(t, text_of_holder(&holder[i]), d);
	return ret;
}

static int fill_holders(struct view *v, const struct ns *ns, struct diag *d)
{
	const bool bounded = is_bounded(v);
	struct texts t = { .n = 0 };
	int ret = 0;
	size_t n;

	for (size_t i = 0; ret == 0 && i < ns->n_holders; i += n) {
		n = count_of_process(ns, i);
		if (bounded && t.n + LINES_EACH >= LINES_MAX && i + n < ns->n_holders) {
			ret = add_rest(&t, ns->n_holders - i, d);
			break;
		}
		ret = add_holders(&t, &ns->holders[i], n, bounded, d);
	}
	return fill_texts(v, COL_HOLDERS, &t, ret, d);
}

static int fill_sets(struct view *v, const struct ns *ns, struct diag *d)
{
	char name[TARGET_SET_MAX + 1];
	struct texts t = { .n = 0 };
	size_t at = 0;
	int ret = 0;

	while (ret == 0 && sets_name(&v->sets, ns, &at, name))
		ret = add_text(&t, strdup(name), d);
	return fill_texts(v, COL_SET, &t, ret, d);
}

static int fill_path(struct view *v, const struct ns *ns, pid_t pid, struct diag *d)
{
	char path[NSREF_PATH];

	if (pid) {
		nsref_path(path, pid, ns->type, ns->of_children && pid == ns->pid);
		return table_text(v->table, COL_PATH, path, d);
	}
	for (size_t i = 0; i < ns->n_pins; i++)
		if (!ns->pins[i].mntns)
			return table_text(v->table, COL_PATH, ns->pins[i].path, d);
	for (size_t i = 0; i < ns->n_holders; i++)
		if (!ns->holders[i].socket) {
			snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)ns->holders[i].pid,
				 ns->holders[i].fd);
			return table_text(v->table, COL_PATH, path, d);
		}
	return 0;
}

/* Of single types */

static int fill_netnsid(struct view *v, const struct ns *ns, struct diag *d)
{
	cleanup_close int fd = -1;
	char text[16];
	int id;

	if (ns->type != NS_NET || !table_has(&v->filled, COL_NETNSID))
		return 0;
	fd = model_open(ns);
	id = ask_netnsid(&v->netlink, fd);
	if (id == ASK_UNKNOWN)
		return 0;
	if (id == ASK_UNASSIGNED)
		return table_text(v->table, COL_NETNSID, "unassigned", d);
	snprintf(text, sizeof(text), "%d", id);
	return table_text(v->table, COL_NETNSID, text, d);
}

/* Where the kernel does not tell (before 6.11), it is known if it is the one that is shown. */
static int fill_init(struct view *v, const struct ns *ns, struct diag *d)
{
	cleanup_close int fd = model_open(ns);
	pid_t init = ask_init(fd);
	const struct facts *facts;

	if (!init && ns->pid && !ns->of_children) {
		facts = facts_of(&v->facts, ns->pid, FACTS_STATUS, d);
		if (!facts)
			return -1;
		init = facts->inside == 1 && ask_is_in(ns->pid, ns) ? ns->pid : 0;
	}
	return fill_number(v, COL_INIT, (uint64_t)init, d);
}

static int fill_asked(struct view *v, const struct ns *ns, struct diag *d)
{
	char text[16384] = "";

	if (ns->type == NS_PID && table_has(&v->filled, COL_INIT))
		return fill_init(v, ns, d);
	if (ns->type == NS_USER && table_has(&v->filled, COL_MAPS))
		ask_maps(ns, &v->patience, text, sizeof(text));
	if (*text)
		return table_text(v->table, COL_MAPS, text, d);
	if (ns->type == NS_TIME && table_has(&v->filled, COL_OFFSETS))
		ask_offsets(ns, &v->patience, text, sizeof(text));
	return *text ? table_text(v->table, COL_OFFSETS, text, d) : 0;
}

/* Of relations, 0 for none as lsns(8) has it. */
static int fill_relations(struct view *v, const struct ns *ns, struct diag *d)
{
	if (table_number(v->table, COL_PNS, ns->parent ? ns->parent->ino : 0, d) < 0 ||
	    table_number(v->table, COL_ONS, ns->owner ? ns->owner->ino : 0, d) < 0)
		return -1;
	if (ns->type == NS_USER && ns->creator != (uid_t)-1 &&
	    table_number(v->table, COL_OWNER, ns->creator, d) < 0)
		return -1;
	return ns->owner ? fill_number(v, COL_USERNS, ns->owner->id, d) : 0;
}

int columns_fill(struct view *v, const struct ns *ns, pid_t pid, struct diag *d)
{
	if (table_number(v->table, COL_NS, ns->ino, d) < 0 ||
	    table_text(v->table, COL_TYPE, nstype_table[ns->type].name, d) < 0 ||
	    table_number(v->table, COL_NPROCS, ns->nprocs, d) < 0 ||
	    table_number(v->table, COL_NTHREADS, ns->nthreads, d) < 0 ||
	    fill_number(v, COL_NSID, ns->id, d) < 0 ||
	    fill_number(v, COL_PID, (uint64_t)pid, d) < 0)
		return -1;
	if ((pid && fill_process(v, ns, pid, d) < 0) || fill_relations(v, ns, d) < 0)
		return -1;
	if ((table_has(&v->filled, COL_PATH) && fill_path(v, ns, pid, d) < 0) ||
	    (table_has(&v->filled, COL_HELD) && fill_held(v, ns, d) < 0) ||
	    (table_has(&v->filled, COL_PINS) && fill_pins(v, ns, d) < 0) ||
	    (table_has(&v->filled, COL_NSFS) && fill_nsfs(v, ns, d) < 0) ||
	    (table_has(&v->filled, COL_HOLDERS) && fill_holders(v, ns, d) < 0) ||
	    (table_has(&v->filled, COL_SET) && fill_sets(v, ns, d) < 0))
		return -1;
	return fill_netnsid(v, ns, d) < 0 ? -1 : fill_asked(v, ns, d);
}
