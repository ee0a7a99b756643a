/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "diag.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "utf8.h"

__attribute__((format(printf, 4, 0)))
static void fill(struct diag *d, int err, const char *path, const char *format,
		 va_list args)
{
	*d = (struct diag){ .err = err, .status = EXIT_OWN_FAILURE };
	vsnprintf(d->what, sizeof(d->what), format, args);
	if (path)
		snprintf(d->path, sizeof(d->path), "%s", path);
}

int diag_fail(struct diag *d, const char *path, const char *format, ...)
{
	int keep = errno;
	va_list args;

	va_start(args, format);
	fill(d, keep, path, format, args);
	va_end(args);
	errno = keep;
	return -1;
}

int diag_set(struct diag *d, int err, const char *path, const char *format, ...)
{
	int keep = errno;
	va_list args;

	va_start(args, format);
	fill(d, err, path, format, args);
	va_end(args);
	errno = keep;
	return -1;
}

int diag_usage(struct diag *d, const char *format, ...)
{
	int keep = errno;
	va_list args;

	va_start(args, format);
	fill(d, 0, NULL, format, args);
	va_end(args);
	d->usage = true;
	errno = keep;
	return -1;
}

int diag_hint(struct diag *d, const char *format, ...)
{
	int keep = errno;
	va_list args;

	if (!*d->hint) {
		va_start(args, format);
		vsnprintf(d->hint, sizeof(d->hint), format, args);
		va_end(args);
	}
	errno = keep;
	return -1;
}

int diag_extend_hint(struct diag *d, const char *text)
{
	size_t len = strlen(d->hint);

	snprintf(d->hint + len, sizeof(d->hint) - len, "%s", text);
	return -1;
}

int diag_told(struct diag *d, int status)
{
	*d = (struct diag){ .status = status };
	return -1;
}

void diag_bound(struct diag *d)
{
	unsigned char usage;

	/* A bool that is neither true nor false must not be read as one. */
	memcpy(&usage, &d->usage, sizeof(usage));
	d->usage = usage == 1;
	if (d->status < 1 || d->status > 255)
		d->status = EXIT_OWN_FAILURE;
	d->what[sizeof(d->what) - 1] = '\0';
	d->path[sizeof(d->path) - 1] = '\0';
	d->hint[sizeof(d->hint) - 1] = '\0';
}

/* One or more lines that go out in one write. */
struct text {
	size_t len;
	char buf[DIAG_TEXT];
};

static void add_char(struct text *t, char c)
{
	if (t->len < sizeof(t->buf))
		t->buf[t->len++] = c;
}

static void add_escaped(struct text *t, char c)
{
	char escaped[8];

	snprintf(escaped, sizeof(escaped), "\\%03o", (unsigned char)c);
	for (const char *e = escaped; *e; e++)
		add_char(t, *e);
}

/* Parts of a message come from others, and a terminal obeys control characters. */
static void add(struct text *t, const char *s)
{
	while (*s) {
		const size_t len = utf8_length(s);
		const bool shown = len > 1 ? !utf8_is_c1(s) : len == 1 && *s >= ' ' && *s != 0x7f;

		for (const char *end = s + (len ? len : 1); s < end; s++)
			shown ? add_char(t, *s) : add_escaped(t, *s);
	}
}

static void add_part(struct text *t, const char *separator, const char *s)
{
	if (!*s)
		return;
	add(t, separator);
	add(t, s);
}

static void put(const struct text *t)
{
	size_t done = 0;

	while (done < t->len) {
		ssize_t n = write(STDERR_FILENO, t->buf + done, t->len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		done += (size_t)n;
	}
}

static void add_all(struct text *t, const struct diag *d, const char *tool)
{
	/* The user has been told: diag_told(). */
	if (!*d->what)
		return;
	add(t, tool);
	add_part(t, ": ", d->what);
	add_part(t, ": ", d->path);
	if (d->err)
		add_part(t, ": ", strerror(d->err));
	add_char(t, '\n');
	if (*d->hint) {
		add(t, tool);
		add_part(t, ": hint: ", d->hint);
		add_char(t, '\n');
	}
	if (d->usage) {
		add_part(t, "Try '", tool);
		add(t, " --help' for more information.");
		add_char(t, '\n');
	}
}

size_t diag_text(const struct diag *d, const char *tool, char buf[DIAG_TEXT])
{
	int keep = errno;
	struct text t = { .len = 0 };

	add_all(&t, d, tool);
	memcpy(buf, t.buf, t.len);
	errno = keep;
	return t.len;
}

int diag_print(const struct diag *d, const char *tool)
{
	int keep = errno;
	struct text t = { .len = 0 };

	add_all(&t, d, tool);
	put(&t);
	errno = keep;
	return d->status;
}

void diag_note(const char *tool, const char *format, ...)
{
	int keep = errno;
	struct text t = { .len = 0 };
	char line[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	add(&t, tool);
	add_part(&t, ": ", line);
	add_char(&t, '\n');
	put(&t);
	errno = keep;
}
