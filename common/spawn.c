/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <unistd.h>

#include "diag.h"
#include "kernel.h"

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif

/* What the child is to run. */
struct start {
	spawn_fn *fn;
	void *arg;
	struct diag *report;
};

static void run_child(struct start *start)
{
	start->fn(start->arg, start->report);
	_exit(EXIT_OWN_FAILURE);
}

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
			void (*run)(struct start *), struct start *start)
{
	register long ret __asm__("rax") = SYS_clone3;
	register void (*run_kept)(struct start *) __asm__("r8") = run;
	register struct start *start_kept __asm__("r9") = start;

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
			 : "D"(args), "S"(size), "r"(run_kept), "r"(start_kept)
			 : "rcx", "r11", "cc", "memory");
	return ret;
}
#elif !defined(SANITIZED) && defined(__aarch64__)
#define SHARE_MEMORY 1
static long clone3_call(struct kernel_clone_args *args, size_t size,
			void (*run)(struct start *), struct start *start)
{
	register long x0 __asm__("x0") = (long)args;
	register long x1 __asm__("x1") = (long)size;
	register long x8 __asm__("x8") = SYS_clone3;
	register void (*run_kept)(struct start *) __asm__("x9") = run;
	register struct start *start_kept __asm__("x10") = start;

	__asm__ volatile("svc #0\n\t"
			 "cbnz x0, 1f\n\t"
			 "mov x29, #0\n\t"
			 "mov x30, #0\n\t"
			 "mov x0, x10\n\t"
			 "blr x9\n\t"
			 "brk #0\n"
			 "1:"
			 : "+r"(x0)
			 : "r"(x1), "r"(x8), "r"(run_kept), "r"(start_kept)
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
		/* One without the other is EINVAL. */
		.set_tid = args->n_set_tid ? (uintptr_t)args->set_tid : 0,
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
#if defined(__s390__)
	return syscall(SYS_clone, NULL, flags, &out->pidfd, NULL, NULL);
#else
	return syscall(SYS_clone, flags, NULL, &out->pidfd, NULL, NULL);
#endif
}

/* One try, with the memory copied: the child returns 0. MORE is CLONE_VFORK or nothing. */
static long try_copied(const struct spawn_args *args, uint64_t more, struct spawned *out)
{
	struct kernel_clone_args kernel = clone3_args(args, &out->pidfd);
	long ret;

	kernel.flags |= more;
	ret = syscall(SYS_clone3, &kernel, clone3_size(args));
	return ret < 0 && errno == ENOSYS ? clone_call(args, more, out) : ret;
}

/* One try, with the memory shared, where that can be done. Sets errno. */
static long try_shared(const struct spawn_args *args, struct start *start, struct spawned *out)
{
#if SHARE_MEMORY
	struct kernel_clone_args kernel = clone3_args(args, &out->pidfd);
	long ret;

	kernel.flags |= CLONE_VM | CLONE_VFORK;
	ret = clone3_call(&kernel, clone3_size(args), run_child, start);
	if (ret >= 0)
		return ret;
	errno = (int)-ret;
#else
	(void)args, (void)start, (void)out;
	errno = ENOSYS;
#endif
	return -1;
}

/* Suspended until exec, as with memory that is shared; only the report needs to be. */
static long run_copied(const struct spawn_args *args, struct start *start, struct spawned *out)
{
	struct diag *report = start->report;
	long ret;

	start->report = mmap(NULL, sizeof(*report), PROT_READ | PROT_WRITE,
			     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (start->report == MAP_FAILED)
		return -1;
	ret = try_copied(args, CLONE_VFORK, out);
	if (ret == 0)
		run_child(start);
	*report = *start->report;
	munmap(start->report, sizeof(*report));
	return ret;
}

static long try_either(const struct spawn_args *args, struct start *start, struct spawned *out)
{
	long ret;

	if (!start)
		return try_copied(args, 0, out);
	ret = try_shared(args, start, out);
	return ret < 0 && errno == ENOSYS ? run_copied(args, start, out) : ret;
}

/* Before 5.7 there is no CLONE_INTO_CGROUP. START NULL: as fork(2). */
static long clone_anyhow(const struct spawn_args *args, struct start *start, struct spawned *out)
{
	struct spawn_args without = *args;
	long ret;

	*out = (struct spawned){ .pid = -1, .pidfd = -1 };
	ret = try_either(args, start, out);
	if (ret < 0 && args->cgroup_fd >= 0 && (errno == E2BIG || errno == EINVAL)) {
		without.cgroup_fd = -1;
		out->cgroup_left_out = true;
		ret = try_either(&without, start, out);
	}
	return ret;
}

int spawn_vfork(const struct spawn_args *args, spawn_fn *fn, void *arg, struct diag *report,
		struct spawned *out)
{
	struct start start = { fn, arg, report };
	long ret;

	*report = (struct diag){ .status = 0 };
	ret = clone_anyhow(args, &start, out);
	if (ret < 0)
		return -1;
	out->pid = (pid_t)ret;
	return 0;
}

int spawn_fork(const struct spawn_args *args, struct spawned *out)
{
	long ret = clone_anyhow(args, NULL, out);

	if (ret < 0)
		return -1;
	out->pid = (pid_t)ret;
	return ret == 0;
}
