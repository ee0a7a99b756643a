/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kernel.h"

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif

/*
 * A child that shares our memory also shares our stack, and so must not return
 * into frames that we shall come back to: it calls FN from where it is born,
 * below the red zone, as no C function can. Elsewhere, and under
 * AddressSanitizer, which would take the child's frames for ours, the memory
 * is copied.
 */
#if !defined(SANITIZED) && defined(__x86_64__)
#define SHARE_MEMORY 1
static long clone3_call(struct kernel_clone_args *args, size_t size,
			void (*fn)(void *), void *arg)
{
	register long ret __asm__("rax") = SYS_clone3;
	register void (*fn_kept)(void *) __asm__("r8") = fn;
	register void *arg_kept __asm__("r9") = arg;

	__asm__ volatile("syscall\n\t"
			 "testq %%rax, %%rax\n\t"
			 "jnz 1f\n\t"
			 "leaq -256(%%rsp), %%rsp\n\t"
			 "andq $-16, %%rsp\n\t"
			 "xorl %%ebp, %%ebp\n\t"
			 "movq %%r9, %%rdi\n\t"
			 "callq *%%r8\n\t"
			 "ud2\n"
			 "1:"
			 : "+r"(ret)
			 : "D"(args), "S"(size), "r"(fn_kept), "r"(arg_kept)
			 : "rcx", "r11", "cc", "memory");
	return ret;
}
#elif !defined(SANITIZED) && defined(__aarch64__)
#define SHARE_MEMORY 1
static long clone3_call(struct kernel_clone_args *args, size_t size,
			void (*fn)(void *), void *arg)
{
	register long x0 __asm__("x0") = (long)args;
	register long x1 __asm__("x1") = (long)size;
	register long x8 __asm__("x8") = SYS_clone3;
	register void (*fn_kept)(void *) __asm__("x9") = fn;
	register void *arg_kept __asm__("x10") = arg;

	__asm__ volatile("svc #0\n\t"
			 "cbnz x0, 1f\n\t"
			 "mov x29, #0\n\t"
			 "mov x30, #0\n\t"
			 "mov x0, x10\n\t"
			 "blr x9\n\t"
			 "brk #0\n"
			 "1:"
			 : "+r"(x0)
			 : "r"(x1), "r"(x8), "r"(fn_kept), "r"(arg_kept)
			 : "cc", "memory");
	return x0;
}
#else
#define SHARE_MEMORY 0
#endif

static struct kernel_clone_args clone3_args(const struct spawn_args *args, int *pidfd)
{
	struct kernel_clone_args kernel = {
		.flags = args->flags | CLONE_PIDFD,
		.pidfd = (uintptr_t)pidfd,
		.exit_signal = SIGCHLD,
		.set_tid = (uintptr_t)args->set_tid,
		.set_tid_size = args->n_set_tid,
	};

	if (args->cgroup_fd >= 0) {
		kernel.flags |= KERNEL_CLONE_INTO_CGROUP;
		kernel.cgroup = (uint64_t)args->cgroup_fd;
	}
	return kernel;
}

/* As short as the asked-for allows: an older kernel refuses what it does not know (E2BIG). */
static size_t clone3_size(const struct spawn_args *args)
{
	if (args->cgroup_fd >= 0)
		return sizeof(struct kernel_clone_args);
	if (args->n_set_tid)
		return offsetof(struct kernel_clone_args, cgroup);
	return offsetof(struct kernel_clone_args, set_tid);
}

/* The child returns 0 from here, on our own stack or a copy of it. */
static long fork_call(struct kernel_clone_args *kernel, size_t size)
{
	return syscall(SYS_clone3, kernel, size);
}

/* clone(2), for kernels and filters without clone3. */
static long clone_call(const struct spawn_args *args, uint64_t more, struct spawned *out)
{
	unsigned long flags = (unsigned long)((args->flags & ~(uint64_t)CLONE_NEWTIME) | more);

	if (args->n_set_tid) {
		errno = ENOSYS;
		return -1;
	}
	out->time_left_out = args->flags & CLONE_NEWTIME;
	out->cgroup_left_out = args->cgroup_fd >= 0;
	flags |= CLONE_PIDFD | SIGCHLD;
#if defined(__s390__) || defined(__CRIS__)
	return syscall(SYS_clone, NULL, flags, &out->pidfd, NULL, NULL);
#else
	return syscall(SYS_clone, flags, NULL, &out->pidfd, NULL, NULL);
#endif
}

/* One try. FN NULL: as fork(2). Sets errno. */
static long try_clone3(const struct spawn_args *args, void (*fn)(void *), void *arg,
		       struct spawned *out)
{
	struct kernel_clone_args kernel = clone3_args(args, &out->pidfd);
	size_t size = clone3_size(args);

	if (!fn)
		return fork_call(&kernel, size);
	kernel.flags |= CLONE_VFORK;
#if SHARE_MEMORY
	long ret;

	kernel.flags |= CLONE_VM;
	ret = clone3_call(&kernel, size, fn, arg);
	if (ret < 0) {
		errno = (int)-ret;
		return -1;
	}
	return ret;
#else
	(void)arg;
	return fork_call(&kernel, size);
#endif
}

/* Older kernels: without CLONE_INTO_CGROUP (before 5.7), without clone3 (before 5.3, or filtered). */
static long clone_anyhow(const struct spawn_args *args, void (*fn)(void *), void *arg,
			 struct spawned *out)
{
	struct spawn_args without = *args;
	long ret;

	*out = (struct spawned){ .pid = -1, .pidfd = -1 };
	ret = try_clone3(args, fn, arg, out);
	if (ret < 0 && args->cgroup_fd >= 0 && (errno == E2BIG || errno == EINVAL)) {
		without.cgroup_fd = -1;
		out->cgroup_left_out = true;
		ret = try_clone3(&without, fn, arg, out);
	}
	if (ret < 0 && errno == ENOSYS)
		ret = clone_call(args, fn ? CLONE_VFORK : 0, out);
	return ret;
}

int spawn_vfork(const struct spawn_args *args, void (*fn)(void *), void *arg,
		struct spawned *out)
{
	long ret = clone_anyhow(args, fn, arg, out);

	if (ret < 0)
		return -1;
	if (ret == 0) {
		fn(arg);
		_exit(1);
	}
	out->pid = (pid_t)ret;
	return 0;
}

int spawn_fork(const struct spawn_args *args, struct spawned *out)
{
	long ret = clone_anyhow(args, NULL, NULL, out);

	if (ret < 0)
		return -1;
	out->pid = (pid_t)ret;
	return ret == 0;
}

void *spawn_shared(size_t size)
{
	void *page = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return page == MAP_FAILED ? NULL : page;
}
