/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_FACTS_H
#define KMEMD_FACTS_H
/*
 * What doctor looks at besides the inventory and the policy. Gathering reads, judging
 * (doctor/judge.h) only thinks. Strings are "" for what is not there or cannot be read.
 */
#include "context.h"
#include "doctor/udev-rules.h"
#include "job/journal.h"
#include "job/records.h"
#include "policy/policy.h"

/* A kmem.ko below /lib/modules that is not the kernel's own: in updates/, extra/ or weak-updates/.
 */
struct installed_kmem {
	char release[65]; /* the kernel whose directory it is in */
	char *path;
	char version[64], vermagic[128], srcversion[32]; /* "" where modinfo cannot be read */
	bool is_signed;
};

struct rule_fact {
	char *file;
	struct udev_hit hit;
};

/* A line of /proc/iomem. */
struct resource {
	struct range range;
	char name[64];
};

struct module_facts {
	bool loaded, loaded_is_ours;
	char loaded_version[64], loaded_srcversion[32];
	char chosen[256]; /* what modprobe takes by modules.dep, below /lib/modules/RELEASE */
	ARRAY(struct installed_kmem) installed;
	bool has_source; /* for DKMS: /usr/src/kmemd-kmem-* */
};

struct lock_facts {
	enum tristate secure_boot;
	char lockdown[32]; /* none, integrity, confidentiality */
	bool only_signed;  /* module.sig_enforce */
};

/* The last line of the kernel log with each of these sentences. */
struct log_facts {
	bool readable;
	char cache_sync[256]; /* "Failed to synchronize CPU cache state" */
	char leaked[256];     /* "cannot be hotremoved until the next reboot" */
	char rejected[256];   /* why a kmem.ko was not loaded */
};

struct service_facts {
	bool installed, masked, enabled, running;
};

struct facts {
	bool is_root;
	char kernel[65];
	bool has_hotplug;		    /* sysfs has memory blocks */
	enum tristate has_hotremove;	    /* UNKNOWN: no block to see it by */
	bool hypervisor;		    /* the CPU flag */
	char auto_online[32];		    /* auto_online_blocks */
	char online_policy[32];		    /* memory_hotplug.online_policy */
	char auto_movable_ratio[16];	    /* percent */
	char memmap_parameter[16];	    /* memory_hotplug.memmap_on_memory */
	uint64_t kernel_zone, movable_zone; /* bytes that the zones manage */
	struct module_facts module;
	struct lock_facts lock;
	struct log_facts log;
	struct service_facts service;
	ARRAY(struct rule_fact) onlining, daxctl_rules;
	ARRAY(char *) daxctl_uuids; /* of the namespaces that daxctl's configuration names */
	ARRAY(struct policy_problem) daxctl_problems;
	ARRAY(struct resource) resources;
	ARRAY(struct record) records;
	bool has_journal, journal_running;
	struct journal journal;
	/* Not owned, either may be NULL. */
	const struct kmemd_inventory *inventory;
	const struct kmemd_policy *policy;
	char inventory_error[256]; /* why there is no inventory */
};

/* 0 or -ENOMEM: what cannot be read is not known, and no error. */
int facts_gather(const struct kmemd *kmemd, struct facts *ret);
void facts_release(struct facts *facts);

/* Parts of facts_gather(), a file each. */
int facts_gather_modules(const struct kmemd *kmemd, struct facts *facts);
int facts_gather_rules(const struct kmemd *kmemd, struct facts *facts);

#endif
