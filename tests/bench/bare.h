/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A program without libc: its entry, and the few system calls that the
 * benchmark's helpers need. Only constants and types come from headers.
 *
 * The includer defines bare_main(); it is handed the stack as the kernel left
 * it (argc, argv, NULL, envp, NULL, auxv), and there is nowhere to return to.
 * Calls return what the kernel returned: -errno is a failure.
 */
#pragma once

#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/types.h>

void bare_main(long *stack) __attribute__((noreturn, used));

#if defined(__x86_64__) && defined(__LP64__)

__asm__(".globl _start\n"
	"_start:\n"
	"	xor	%ebp, %ebp\n"
	"	mov	%rsp, %rdi\n"
	"	and	$-16, %rsp\n"
	"	call	bare_main\n");

static inline long bare_call(long nr, long a, long b, long c, long d, long e)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
			 : "rcx", "r11", "memory");
	return ret;
}

#elif defined(__aarch64__)

__asm__(".globl _start\n"
	"_start:\n"
	"	mov	x29, #0\n"
	"	mov	x30, #0\n"
	"	mov	x0, sp\n"
	"	bl	bare_main\n");

static inline long bare_call(long nr, long a, long b, long c, long d, long e)
{
	register long x8 __asm__("x8") = nr;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;

	__asm__ volatile("svc	#0"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4)
			 : "memory");
	return x0;
}

#else
#error "bare.h knows x86_64 and aarch64 only"
#endif

static inline void __attribute__((noreturn)) bare_exit(int status)
{
	for (;;)
		bare_call(SYS_exit_group, status, 0, 0, 0, 0);
}

static inline long bare_open(const char *path, int flags)
{
	return bare_call(SYS_openat, AT_FDCWD, (long)path, flags, 0, 0);
}

static inline long bare_write(int fd, const char *buf, size_t len)
{
	return bare_call(SYS_write, fd, (long)buf, (long)len, 0, 0);
}

static inline long bare_readlink(const char *path, char *buf, size_t size)
{
	return bare_call(SYS_readlinkat, AT_FDCWD, (long)path, (long)buf,
			 (long)size, 0);
}

static inline size_t bare_length(const char *s)
{
	size_t n = 0;

	/* the asm keeps the compiler from making a call of strlen() of this */
	while (s[n]) {
		n++;
		__asm__ volatile("");
	}
	return n;
}

static inline int bare_same(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

static inline void bare_say(const char *s)
{
	bare_write(2, s, bare_length(s));
}
