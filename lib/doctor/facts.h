/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_FACTS_H
#define KMEMD_FACTS_H
/*
 * What doctor looks at besides the inventory and the policy. Gathering (doctor/gather.h) reads,
 * judging (doctor/judge.h) only thinks. Strings are "" for what is not there or cannot be read.
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

/* A file, of udev rules or of modprobe.d(5), and what in it does something, by line. */
struct rule_fact {
	char *file;
	udev_hit_list hits;
};

typedef ARRAY(struct rule_fact) rule_fact_list;

/* Adds a file with what was found in it, which moves. 0 or -ENOMEM; nothing is added without. */
int rule_facts_add(rule_fact_list *list, const char *file, udev_hit_list *hits);
void rule_facts_release(rule_fact_list *list);

struct module_facts {
	bool loaded, loaded_is_ours;
	bool built_in; /* modules.builtin */
	char loaded_version[64], loaded_srcversion[32];
	/* What modprobe takes by modules.dep, below /lib/modules/RELEASE, and whether it is there.
	 */
	char chosen[256];
	bool chosen_exists;
	ARRAY(struct installed_kmem) installed;
	rule_fact_list bans;	   /* what keeps modprobe from loading it */
	bool has_dkms, has_source; /* the source for DKMS: /usr/src/kmemd-kmem-* */
};

/* Who acts on his own when memory is added. */
struct onliner_facts {
	char auto_online[32];	/* auto_online_blocks */
	char online_policy[32]; /* memory_hotplug.online_policy */
	rule_fact_list onlining, daxctl_rules, kdump_rules;
	ARRAY(char *) daxctl_uuids; /* of the namespaces that daxctl's configuration names */
	ARRAY(struct policy_problem) daxctl_problems;
	bool nvidia_persistenced; /* it runs */
};

/* A line of /proc/iomem. */
struct resource {
	struct range range;
	char name[64];
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
	/* Physical addresses of pages that the kernel found broken. */
	ARRAY(uint64_t) poisoned;
};

struct service_facts {
	bool installed, enabled, running;
	bool masked;	  /* in /etc */
	bool masked_once; /* in /run: until the next boot */
};

/* An endpoint decoder that holds capacity. */
struct decoder_fact {
	char name[DEVICE_NAME_MAX];   /* decoder2.0 */
	char memdev[DEVICE_NAME_MAX]; /* mem0 */
	char region[DEVICE_NAME_MAX]; /* "" for none */
	unsigned int number;	      /* its place in the endpoint: 0 for decoder2.0 */
	uint64_t dpa_size;	      /* bytes that it holds */
	bool decodes;		      /* it has a range of addresses: firmware committed it */
	bool locked;
};

/* An NVDIMM that reports a failure: the words of nmemX/nfit/flags that say so. */
struct dimm_fact {
	char name[DEVICE_NAME_MAX]; /* nmem0 */
	char flags[128];
};

struct facts {
	bool is_root;
	bool shows_addresses; /* /proc/iomem has addresses in it */
	bool shows_records;   /* the run directory can be looked at, or is not there */
	char kernel[65];
	char command_line[4096];	    /* of the kernel */
	bool has_hotplug;		    /* sysfs has memory blocks */
	enum tristate has_hotremove;	    /* UNKNOWN: no block to see it by */
	bool hypervisor;		    /* the CPU flag */
	char auto_movable_ratio[16];	    /* percent */
	char memmap_parameter[16];	    /* memory_hotplug.memmap_on_memory */
	uint64_t kernel_zone, movable_zone; /* bytes that the zones manage */
	uint64_t poisoned;		    /* bytes: HardwareCorrupted */
	struct onliner_facts onliners;
	struct module_facts module;
	struct lock_facts lock;
	struct log_facts log;
	struct service_facts service;
	ARRAY(struct resource) resources;
	ARRAY(struct decoder_fact) decoders;
	ARRAY(struct dimm_fact) dimms;
	ARRAY(struct record) records;
	bool has_journal, journal_running;
	struct journal journal;
	/* Not owned, either may be NULL. */
	const struct kmemd_inventory *inventory;
	const struct kmemd_policy *policy;
	char inventory_error[256]; /* why there is no inventory */
};

/* Whether the kernel's command line has a word, or a word that begins so where it ends in '='. */
bool facts_command_line_has(const struct facts *facts, const char *word);

#endif
