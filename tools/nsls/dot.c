/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nsls.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "diag.h"
#include "facts.h"
#include "model.h"
#include "show.h"

/* A command line may be as long as it likes, and a node should not. */
enum { LABEL_MAX = 40 };

/* In a label a backslash begins an escape, and an ampersand the name of a character. */
static void put_quoted(const char *text)
{
	for (int n = 0; text[n] && n < LABEL_MAX; n++) {
		const unsigned char c = (unsigned char)text[n];

		if (c == '"' || c == '\\')
			printf("\\%c", c);
		else if (c == '&')
			fputs("&amp;", stdout);
		else if (c < ' ' || c >= 0x7f)
			printf("\\\\x%02x", c);
		else
			putchar(c);
	}
	if (strlen(text) > LABEL_MAX)
		fputs("...", stdout);
}

static void put_name(const struct ns *ns)
{
	printf("\"%s:[%llu]\"", nstype_table[ns->type].name, (unsigned long long)ns->ino);
}

static int put_node(const struct ns *ns, struct facts_cache *cache, struct diag *d)
{
	const struct facts *facts = ns->pid ? facts_of(cache, ns->pid, FACTS_COMMAND, d) : NULL;

	if (ns->pid && !facts)
		return -1;
	putchar('\t');
	put_name(ns);
	printf(" [label=\"%s\\n%llu", nstype_table[ns->type].name, (unsigned long long)ns->ino);
	if (facts && facts->command) {
		fputs("\\n(", stdout);
		put_quoted(facts->command);
		fputs(")", stdout);
	}
	printf("\"%s];\n", ns->type == NS_USER ? " shape=ellipse" : "");
	return 0;
}

/* A user namespace is owned by its parent. */
static void put_edge(const struct ns *from, const struct ns *ns)
{
	putchar('\t');
	put_name(from);
	fputs(" -> ", stdout);
	put_name(ns);
	puts(ns->type == NS_USER ? ";" : " [style=dashed];");
}

static bool is_shown(const struct nsls *n, const struct ns *ns)
{
	return ns && !(n->persistent && (ns->held & HELD_PROC));
}

static int put_nodes(const struct nsls *n, const struct model *m, struct diag *d)
{
	struct facts_cache cache = { .n = 0 };
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < m->n; i++)
		if (is_shown(n, m->all[i]))
			ret = put_node(m->all[i], &cache, d);
	facts_free(&cache);
	return ret;
}

static int put_graph(const struct nsls *n, const struct model *m, struct diag *d)
{
	puts("digraph namespaces {\n\tnode [shape=box];");
	if (put_nodes(n, m, d) < 0)
		return -1;
	for (size_t i = 0; i < m->n; i++) {
		const struct ns *ns = m->all[i], *from = ns->type == NS_USER ? ns->parent : ns->owner;

		if (is_shown(n, ns) && is_shown(n, from))
			put_edge(from, ns);
	}
	puts("}");
	return ferror(stdout) || fflush(stdout) != 0 ? diag_fail(d, NULL, "write to stdout") : 0;
}

int nsls_dot(const struct nsls *n, struct diag *d)
{
	const struct need need = {
		.engine = n->engine,
		.types = n->types ? n->types : NSTYPE_ALL_FLAGS, .relations = true,
		.threads = !n->processes, .descriptors = !n->processes, .pins = !n->processes,
	};
	struct model m = { .n = 0 };
	int ret = scan(&m, &need, d);

	if (ret == 0) {
		model_sort(&m);
		ret = put_graph(n, &m, d);
	}
	if (ret == 0)
		show_unread(&m);
	model_free(&m);
	return ret;
}
