/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "caps.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>

#include "diag.h"
#include "kernel.h"
#include "number.h"

/* By number: include/uapi/linux/capability.h */
static const char *const names[] = {
	"chown", "dac_override", "dac_read_search", "fowner", "fsetid", "kill", "setgid",
	"setuid", "setpcap", "linux_immutable", "net_bind_service", "net_broadcast",
	"net_admin", "net_raw", "ipc_lock", "ipc_owner", "sys_module", "sys_rawio",
	"sys_chroot", "sys_ptrace", "sys_pacct", "sys_admin", "sys_boot", "sys_nice",
	"sys_resource", "sys_time", "sys_tty_config", "mknod", "lease", "audit_write",
	"audit_control", "setfcap", "mac_override", "mac_admin", "syslog", "wake_alarm",
	"block_suspend", "audit_read", "perfmon", "bpf", "checkpoint_restore",
};

#define N_NAMES ((int)(sizeof(names) / sizeof(*names)))

/* The number of the capability that is called NAME, or -1. */
static int find(const char *name)
{
	uint64_t number;
	int cap = 0;

	if (number_parse(name, 63, &number) == 0)
		return (int)number;
	if (!strncasecmp(name, "cap_", 4))
		name += 4;
	while (cap < N_NAMES && strcasecmp(name, names[cap]))
		cap++;
	return cap < N_NAMES ? cap : -1;
}

int caps_parse(const char *text, const char *option, uint64_t *set, struct diag *d)
{
	for (;;) {
		size_t len = strcspn(text, ",");
		char name[32];
		int cap = -1;

		if (len < sizeof(name)) {
			memcpy(name, text, len);
			name[len] = '\0';
			cap = find(name);
		}
		if (cap < 0)
			return diag_usage(d, "%s: '%.*s' is no capability", option, (int)len, text);
		*set |= UINT64_C(1) << cap;
		if (!text[len])
			return 0;
		text += len + 1;
	}
}

static int get(struct kernel_cap_data caps[2])
{
	struct kernel_cap_header header = { KERNEL_CAP_VERSION_3, 0 };

	return kernel_capget(&header, caps);
}

static int set(const struct kernel_cap_data caps[2], struct diag *d)
{
	struct kernel_cap_header header = { KERNEL_CAP_VERSION_3, 0 };

	return kernel_capset(&header, caps) < 0 ? diag_fail(d, NULL, "capset") : 0;
}

uint64_t caps_permitted(void)
{
	struct kernel_cap_data caps[2];

	return get(caps) < 0 ? CAPS_ALL : caps[0].permitted | (uint64_t)caps[1].permitted << 32;
}

bool caps_has(int cap)
{
	struct kernel_cap_data caps[2];

	return get(caps) == 0 && (caps[cap / 32].effective >> (cap % 32) & 1);
}

bool caps_has_any(void)
{
	struct kernel_cap_data caps[2];

	return get(caps) < 0 || caps[0].permitted || caps[1].permitted;
}

int caps_raise_ambient(struct diag *d)
{
	struct kernel_cap_data caps[2];

	if (get(caps) < 0)
		return diag_fail(d, NULL, "capget");
	for (int i = 0; i < 2; i++) {
		caps[i].effective = caps[i].permitted;
		caps[i].inheritable = caps[i].permitted;
	}
	if (set(caps, d) < 0)
		return -1;
	for (int cap = 0; cap < 64; cap++) {
		if (!(caps[cap / 32].permitted >> (cap % 32) & 1))
			continue;
		if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) < 0)
			return diag_fail(d, NULL, "make capability %d ambient", cap);
	}
	return 0;
}

/* Those that the kernel does not know (EINVAL) are not there to be dropped. */
int caps_drop_bounding(uint64_t set, struct diag *d)
{
	for (int cap = 0; cap < 64; cap++) {
		int has = set >> cap & 1 ? prctl(PR_CAPBSET_READ, cap, 0, 0, 0) : 0;

		if (has == 0 || (has < 0 && errno == EINVAL))
			continue;
		if (has < 0 || prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0)
			return diag_fail(d, NULL, "drop capability %s from the bounding set",
					 cap < N_NAMES ? names[cap] : "of an unknown name");
	}
	return 0;
}

int caps_drop(uint64_t dropped, struct diag *d)
{
	struct kernel_cap_data caps[2];

	if (get(caps) < 0)
		return diag_fail(d, NULL, "capget");
	/* What is ambient is inheritable, too, and goes with that. */
	if (!dropped && !caps[0].inheritable && !caps[1].inheritable)
		return 0;
	for (int i = 0; i < 2; i++) {
		uint32_t keep = ~(uint32_t)(dropped >> (32 * i));

		caps[i].permitted &= keep;
		caps[i].effective &= keep;
		caps[i].inheritable = 0;
	}
	return set(caps, d);
}
