/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * idmap: the maps of a user namespace: what was asked, what it comes to, and
 * the text that the kernel takes. user_namespaces(7).
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct diag;

/* The kernel's limits (4.15): lines, and bytes of text, one page less one. */
#define IDMAP_LINES 340
#define IDMAP_TEXT 4096

enum idkind { ID_UID, ID_GID };

/* COUNT ids from INNER in the namespace on, which are those from OUTER on outside. */
struct idrange {
	uint32_t inner;
	uint32_t outer;
	uint32_t count;
};

struct idmap {
	unsigned int n;
	struct idrange line[IDMAP_LINES];
};

/* One --map-users or --map-groups. */
struct idblock {
	enum { IDBLOCK_RANGE, IDBLOCK_AUTO, IDBLOCK_SUBIDS, IDBLOCK_ALL } what;
	struct idrange range;
};

/* What was asked for one kind of id. */
struct idspec {
	bool single;	     /* map the caller's own id … */
	bool single_own;     /* … to itself, or else … */
	uint32_t single_id;  /* … to this one */
	unsigned int n;
	struct idblock block[IDMAP_LINES];
};

/* "IN:OUT:COUNT", the older "OUT,IN,COUNT", "auto", "subids" or "all". */
int idmap_add_block(struct idspec *spec, enum idkind kind, const char *text, struct diag *d);

/*
 * Work out the map for a caller whose own id is OWN. The single map comes
 * first; the blocks then skip the id that it has inside and the one that it
 * has outside, so that a block which overlaps it closes up around the hole.
 * Reads /proc/self/{u,g}id_map for "all"; asks for subordinate ids (subid.h).
 * Refuses what the kernel would: overlaps, too many lines.
 */
int idmap_resolve(struct idmap *map, const struct idspec *spec, enum idkind kind,
		  uint32_t own, struct diag *d);

/* Just the caller's own id: what a process may write for itself. */
bool idmap_is_own(const struct idmap *map, uint32_t own);

/* What the caller's id OUTER is in the namespace: 1 and *inner, or 0 if it is not mapped. */
int idmap_inner(const struct idmap *map, uint32_t outer, uint32_t *inner);

/*
 * Read the map of this process's user namespace; PROC is a descriptor of
 * /proc. The outer ids are those of the parent namespace. -1 and *d.
 */
int idmap_read(struct idmap *map, int proc, enum idkind kind, struct diag *d);

/*
 * Is INNER, which the kernel names as ours, mapped? For the overflow id, which
 * it also names where we have none, only if it is OUTER on the other side.
 */
bool idmap_has_inner(const struct idmap *map, uint32_t inner, uint32_t outer);

/* "0:1000:1, 1:100000:65536" into TEXT, cut to fit. */
void idmap_print(const struct idmap *map, char *text, size_t size);

/* *d says that MAP has neither WANTED nor the caller's own id. Returns -1. */
int idmap_tell_missing(const struct idmap *map, enum idkind kind, uint32_t wanted, struct diag *d);

/* Has SPEC a block that is exactly the one id OUTER of the outside? */
bool idmap_names(const struct idspec *spec, uint32_t outer);

/* "uid" or "gid". */
const char *idmap_kind(enum idkind kind);

/* The name of the file in /proc/PID: "uid_map" or "gid_map". */
const char *idmap_file(enum idkind kind);

/* Write MAP for the process whose directory in /proc is PROC ("self" or a PID). */
int idmap_write(const struct idmap *map, enum idkind kind, const char *proc, struct diag *d);

/* Write "allow" or "deny" to setgroups there; to be done before the gid map is written. */
int idmap_write_setgroups(bool allow, const char *proc, struct diag *d);

/*
 * The arguments of newuidmap(1) and newgidmap(1) that write MAP for PID, in
 * one malloc-ed block that the caller frees; NULL with errno ENOMEM.
 */
char **idmap_helper_argv(const struct idmap *map, enum idkind kind, pid_t pid);
