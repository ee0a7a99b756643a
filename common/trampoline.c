/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trampoline.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include <unistd.h>

#include "cleanup.h"
#include "diag.h"
#include "gate.h"
#include "kernel.h"
#include "run.h"

/*
 * Entered by execve(2) with argv = { MARK, path, argv of the program … }; with
 * anything else it has become the interpreter of a script, and refuses (ELOOP).
 * What it has to say follows its code, as struct speech. ENOEXEC: as execvp(3)
 * does, it is taken for a script of the shell. If there is no gate, its descriptor is
 * -1, and the system calls for it fail.
 */
#define MARK "\1tramp\1" /* eight bytes, with the NUL */
#if defined(__x86_64__)
#define MACHINE EM_X86_64
__asm__(".pushsection .rodata\n"
	"	.balign 16\n"
	"trampoline_code:\n"
	"	movq 8(%rsp), %rdi\n"
	"	movq 5f(%rip), %rax\n"
	"	cmpq %rax, (%rdi)\n"		/* MARK? */
	"	movl $-40, %eax\n"		/* ELOOP */
	"	movl $2, %r13d\n"
	"	movl $-1, %r14d\n"
	"	jne 1f\n"
	"	leaq trampoline_end(%rip), %r12\n"
	"	movl 4(%r12), %r13d\n"		/* where to say it */
	"	movl 8(%r12), %r14d\n"		/* the gate */
	"	movl %r14d, %edi\n"
	"	movl $2, %esi\n"		/* F_SETFD */
	"	movl $1, %edx\n"		/* FD_CLOEXEC */
	"	movl $72, %eax\n"		/* fcntl */
	"	syscall\n"
	"	cmpl $2, %r13d\n"
	"	je 6f\n"
	"	movl %r13d, %edi\n"
	"	movl $2, %esi\n"		/* F_SETFD */
	"	movl $1, %edx\n"		/* FD_CLOEXEC */
	"	movl $72, %eax\n"		/* fcntl */
	"	syscall\n"
	"6:	movq 16(%rsp), %rdi\n"		/* path */
	"	leaq 24(%rsp), %rsi\n"		/* argv */
	"	movq (%rsp), %rax\n"
	"	leaq 16(%rsp,%rax,8), %rdx\n"	/* envp */
	"	movl $59, %eax\n"		/* execve */
	"	syscall\n"
	"	cmpl $-8, %eax\n"		/* ENOEXEC */
	"	jne 1f\n"
	"	movq 16(%rsp), %rax\n"
	"	leaq 4f(%rip), %rdi\n"
	"	movq %rdi, 16(%rsp)\n"
	"	movq %rax, 24(%rsp)\n"
	"	leaq 16(%rsp), %rsi\n"		/* argv: shell, path, the rest */
	"	movl $59, %eax\n"
	"	syscall\n"
	"1:	movl %eax, %ebx\n"
	"	negl %ebx\n"			/* errno */
	"	cmpl $80, %ebx\n"
	"	jbe 2f\n"
	"	xorl %ebx, %ebx\n"
	"2:	leaq trampoline_end(%rip), %r12\n"
	"	movl (%r12), %edx\n"
	"	leaq 32(%r12), %rsi\n"
	"	movl %r13d, %edi\n"
	"	movl $1, %eax\n"		/* write */
	"	syscall\n"
	"	movl %ebx, %eax\n"
	"	shll $5, %eax\n"
	"	leaq 512(%r12,%rax), %rsi\n"
	"	movzbl 31(%rsi), %edx\n"
	"	movl %r13d, %edi\n"
	"	movl $1, %eax\n"
	"	syscall\n"
	"	movl %r14d, %edi\n"
	"	leaq 16(%r12), %rsi\n"
	"	movl $16, %edx\n"
	"	movl $0x4000, %r10d\n"		/* MSG_NOSIGNAL */
	"	xorl %r8d, %r8d\n"
	"	xorl %r9d, %r9d\n"
	"	movl $44, %eax\n"		/* sendto */
	"	syscall\n"
	"	testq %rax, %rax\n"		/* not sent: nobody would close it */
	"	js 7f\n"
	"	movl %r14d, %edi\n"
	"	movq %rsp, %rsi\n"
	"	movl $8, %edx\n"
	"	xorl %eax, %eax\n"		/* read */
	"	syscall\n"
	"7:	movl $126, %edi\n"
	"	cmpl $2, %ebx\n"		/* ENOENT */
	"	jne 3f\n"
	"	incl %edi\n"
	"3:	movl $231, %eax\n"		/* exit_group */
	"	syscall\n"
	"4:	.asciz \"/bin/sh\"\n"
	"	.balign 8\n"
	"5:	.asciz \"\\1tramp\\1\"\n"
	"	.balign 16\n"
	"trampoline_end:\n"
	".popsection\n");
#elif defined(__aarch64__)
#define MACHINE EM_AARCH64
__asm__(".pushsection .rodata\n"
	"	.balign 16\n"
	"trampoline_code:\n"
	"	ldr x9, [sp, #8]\n"
	"	ldr x9, [x9]\n"
	"	ldr x10, 5f\n"
	"	mov x0, #-40\n"			/* ELOOP */
	"	mov w22, #2\n"
	"	mov w23, #-1\n"
	"	cmp x9, x10\n"			/* MARK? */
	"	b.ne 1f\n"
	"	adr x21, trampoline_end\n"
	"	ldr w22, [x21, #4]\n"		/* where to say it */
	"	ldr w23, [x21, #8]\n"		/* the gate */
	"	mov w0, w23\n"
	"	mov x1, #2\n"			/* F_SETFD */
	"	mov x2, #1\n"			/* FD_CLOEXEC */
	"	mov x8, #25\n"			/* fcntl */
	"	svc #0\n"
	"	cmp w22, #2\n"
	"	b.eq 6f\n"
	"	mov w0, w22\n"
	"	mov x1, #2\n"			/* F_SETFD */
	"	mov x2, #1\n"			/* FD_CLOEXEC */
	"	mov x8, #25\n"			/* fcntl */
	"	svc #0\n"
	"6:\n"
	"	ldr x0, [sp, #16]\n"
	"	add x1, sp, #24\n"
	"	ldr x9, [sp]\n"
	"	add x2, sp, x9, lsl #3\n"
	"	add x2, x2, #16\n"
	"	mov x20, x2\n"
	"	mov x8, #221\n"			/* execve */
	"	svc #0\n"
	"	cmn x0, #8\n"			/* ENOEXEC */
	"	b.ne 1f\n"
	"	ldr x9, [sp, #16]\n"
	"	adr x0, 4f\n"
	"	str x0, [sp, #16]\n"
	"	str x9, [sp, #24]\n"
	"	add x1, sp, #16\n"
	"	mov x2, x20\n"
	"	mov x8, #221\n"
	"	svc #0\n"
	"1:	neg x19, x0\n"
	"	cmp x19, #80\n"
	"	b.ls 2f\n"
	"	mov x19, #0\n"
	"2:	adr x21, trampoline_end\n"
	"	ldr w2, [x21]\n"
	"	add x1, x21, #32\n"
	"	mov w0, w22\n"
	"	mov x8, #64\n"			/* write */
	"	svc #0\n"
	"	add x1, x21, #512\n"
	"	add x1, x1, x19, lsl #5\n"
	"	ldrb w2, [x1, #31]\n"
	"	mov w0, w22\n"
	"	mov x8, #64\n"
	"	svc #0\n"
	"	mov w0, w23\n"
	"	add x1, x21, #16\n"
	"	mov x2, #16\n"
	"	mov x3, #0x4000\n"		/* MSG_NOSIGNAL */
	"	mov x4, #0\n"
	"	mov x5, #0\n"
	"	mov x8, #206\n"			/* sendto */
	"	svc #0\n"
	"	tbnz x0, #63, 7f\n"		/* not sent: nobody would close it */
	"	mov w0, w23\n"
	"	mov x1, sp\n"
	"	mov x2, #8\n"
	"	mov x8, #63\n"			/* read */
	"	svc #0\n"
	"7:	mov x0, #126\n"
	"	cmp x19, #2\n"			/* ENOENT */
	"	cinc x0, x0, eq\n"
	"	mov x8, #94\n"			/* exit_group */
	"	svc #0\n"
	"4:	.asciz \"/bin/sh\"\n"
	"	.balign 8\n"
	"5:	.asciz \"\\1tramp\\1\"\n"
	"	.balign 16\n"
	"trampoline_end:\n"
	".popsection\n");
#endif

#ifdef MACHINE
const bool trampoline_there = true;

extern const char trampoline_code[] __attribute__((visibility("hidden")));
extern const char trampoline_end[] __attribute__((visibility("hidden")));

/* What execve(2) may say, by errno; the code knows the sizes. */
struct record {
	char text[31];
	unsigned char len;
};

#define RECORD(errno, text) [errno] = { text "\n", sizeof(text) }

static const struct record records[81] = {
	RECORD(0, "Unknown error"),
	RECORD(EPERM, "Operation not permitted"),
	RECORD(ENOENT, "No such file or directory"),
	RECORD(EIO, "Input/output error"),
	RECORD(E2BIG, "Argument list too long"),
	RECORD(ENOEXEC, "Exec format error"),
	RECORD(EAGAIN, "Too many processes"),
	RECORD(ENOMEM, "Cannot allocate memory"),
	RECORD(EACCES, "Permission denied"),
	RECORD(ENOTDIR, "Not a directory"),
	RECORD(EISDIR, "Is a directory"),
	RECORD(EINVAL, "Invalid argument"),
	RECORD(ENFILE, "Too many open files in system"),
	RECORD(EMFILE, "Too many open files"),
	RECORD(ETXTBSY, "Text file busy"),
	RECORD(ENAMETOOLONG, "File name too long"),
	RECORD(ELOOP, "Too many symbolic links"),
	RECORD(ELIBBAD, "Invalid interpreter"),
};

struct speech {
	uint32_t len;
	int32_t fd;
	int32_t gate;
	uint32_t unused;
	unsigned char word[GATE_SHORT_NOTE]; /* for the gate: a struct gate_note without its diag */
	char text[480];			     /* for the user, before one of the records */
};

_Static_assert(offsetof(struct speech, gate) == 8 && offsetof(struct speech, word) == 16 &&
	       GATE_SHORT_NOTE == 16 && offsetof(struct speech, text) == 32 &&
	       sizeof(struct speech) == 512 && sizeof(struct record) == 32, "as in the code");

#define BASE 0x400000UL

/* The whole file, mapped as it is. */
struct head {
	Elf64_Ehdr elf;
	Elf64_Phdr load;
	Elf64_Phdr stack;
	char align[8];
};

static struct head make_head(size_t size)
{
	return (struct head){
		.elf = {
			.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
			.e_type = ET_EXEC,
			.e_machine = MACHINE,
			.e_version = EV_CURRENT,
			.e_entry = BASE + sizeof(struct head),
			.e_phoff = offsetof(struct head, load),
			.e_ehsize = sizeof(Elf64_Ehdr),
			.e_phentsize = sizeof(Elf64_Phdr),
			.e_phnum = 2,
		},
		.load = {
			.p_type = PT_LOAD, .p_flags = PF_R | PF_X, .p_vaddr = BASE, .p_paddr = BASE,
			.p_filesz = size, .p_memsz = size, .p_align = 0x10000,
		},
		.stack = { .p_type = PT_GNU_STACK, .p_flags = PF_R | PF_W },
	};
}

/* MFD_EXEC is asked for where vm.memfd_noexec would take the permission away (6.3). */
static int make_memfd(void)
{
	const unsigned int flags = MFD_CLOEXEC;
	int fd = memfd_create("trampoline", flags | KERNEL_MFD_EXEC);

	return fd < 0 && errno == EINVAL ? memfd_create("trampoline", flags) : fd;
}

/*
 * RLIMIT_FSIZE holds for a memfd as well. Away with it, as far as we may, while
 * it is written: the program gets the limit that we were given.
 */
static int write_parts(int fd, const struct iovec *parts, int n, size_t size)
{
	struct rlimit old, none = { RLIM_INFINITY, RLIM_INFINITY };
	bool limited = getrlimit(RLIMIT_FSIZE, &old) == 0 && old.rlim_cur < size;
	ssize_t written;

	if (limited && setrlimit(RLIMIT_FSIZE, &none) < 0) {
		none = (struct rlimit){ old.rlim_max, old.rlim_max };
		setrlimit(RLIMIT_FSIZE, &none);
	}
	written = writev(fd, parts, n);
	if (written >= 0)
		errno = EFBIG;
	if (limited && setrlimit(RLIMIT_FSIZE, &old) < 0)
		return -1;
	return written == (ssize_t)size ? 0 : -1;
}

static struct speech make_speech(const char *says, const struct run_guard *guard)
{
	const struct gate_note note = { .word = GATE_UNEXECUTED };
	struct speech speech = {
		.len = (uint32_t)strnlen(says, sizeof(speech.text)), .fd = guard->errors, .gate = guard->gate,
	};

	memcpy(speech.word, &note, sizeof(speech.word));
	memcpy(speech.text, says, speech.len);
	return speech;
}

static int make(const char *says, const struct run_guard *guard, struct diag *d)
{
	const size_t code = (size_t)(trampoline_end - trampoline_code);
	const size_t size = sizeof(struct head) + code + sizeof(struct speech) + sizeof(records);
	cleanup_close int fd = make_memfd();
	struct head head = make_head(size);
	struct speech speech = make_speech(says, guard);
	const struct iovec parts[] = {
		{ &head, sizeof(head) },
		{ (void *)(uintptr_t)trampoline_code, code },
		{ &speech, sizeof(speech) },
		{ (void *)(uintptr_t)records, sizeof(records) },
	};

	if (fd < 0)
		return diag_fail(d, NULL, "memfd_create");
	if (write_parts(fd, parts, 4, size) < 0) {
		diag_fail(d, NULL, "write the trampoline");
		return d->err == EFBIG ? diag_hint(d, "files may have %zu bytes or less here (ulimit -f)", size - 1) : -1;
	}
	return steal_fd(&fd);
}

/* FLAG is FD_CLOEXEC or 0. The trampoline closes both at the next exec. */
static void flag_descriptors(const struct run_guard *guard, int flag)
{
	if (guard->errors != STDERR_FILENO)
		fcntl(guard->errors, F_SETFD, flag);
	if (guard->gate >= 0)
		fcntl(guard->gate, F_SETFD, flag);
}

int trampoline_exec(const char *path, char *const argv[], char **env, const char *says,
		    const struct run_guard *guard, struct diag *d)
{
	cleanup_close int fd = make(says, guard, d);
	cleanup_free char **large = NULL;
	char *few[64], **all = few;
	size_t n = 0;

	if (fd < 0)
		return -1;
	while (argv[n])
		n++;
	if (n + 3 > sizeof(few) / sizeof(*few)) {
		all = large = malloc((n + 3) * sizeof(*all));
		if (!all)
			return diag_fail(d, NULL, "trampoline");
	}
	all[0] = (char *)(uintptr_t)MARK;
	all[1] = (char *)(uintptr_t)path;
	memcpy(all + 2, argv, (n + 1) * sizeof(*all));
	flag_descriptors(guard, 0);
	kernel_execveat(fd, "", all, env, AT_EMPTY_PATH);
	diag_fail(d, path, "execute");
	flag_descriptors(guard, FD_CLOEXEC);
	/* A memfd has no path that could be missing, but TOMOYO makes one up and looks it up (5.10). */
	if (d->err == ENOENT)
		return diag_hint(d, "the kernel's TOMOYO looks for it as /dev/fd/%d, which is not there", fd);
	/* Too many arguments, too little memory: the program cannot be executed. Anything else is ours. */
	if (d->err == E2BIG || d->err == ENOMEM || d->err == EAGAIN)
		d->status = EXIT_CANNOT_EXEC;
	return -1;
}
#else
const bool trampoline_there = false;

int trampoline_exec(const char *path, char *const argv[], char **env, const char *says,
		    const struct run_guard *guard, struct diag *d)
{
	(void)argv, (void)env, (void)says, (void)guard;
	return diag_set(d, ENOSYS, path, "trampoline");
}
#endif
