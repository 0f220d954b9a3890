/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_H
#define KMEMD_H
/*
 * libkmemd: from what the machine has, and what its policy files want, to memory that is online.
 *
 *     inventory -> policy -> plan -> apply -> verify
 *
 * Every call takes the context first, returns 0 or a negative errno, touches its out-parameters
 * only on success and, on failure, fills the error that the caller hands in. The library never
 * prints and never exits. It is not thread-safe: one context belongs to one thread.
 *
 * What is found is handed out as json-c objects: programs that show it stay independent of the
 * library's structures, and a table can never say anything else than the JSON does.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json_object;

/* The outcome of an operation; the values are the exit codes of kmemctl. */
enum kmemd_result {
	KMEMD_DONE = 0,
	KMEMD_FAILED = 1,
	KMEMD_USAGE = 2,
	KMEMD_REFUSED = 3, /* by policy or by a precondition; nothing was changed */
	KMEMD_PARTLY = 4,  /* some of it is done and was kept */
	KMEMD_NO_DEVICE = 5,
	KMEMD_NOT_PERMITTED = 6,
};

struct kmemd_error {
	enum kmemd_result result;
	int errnum;	   /* positive errno */
	char message[768]; /* one sentence: device, step, path or value, cause */
};

struct kmemd;
struct kmemd_inventory;
struct kmemd_policy;

/* Where things are; a NULL member means the default that is named beside it. */
struct kmemd_paths {
	const char *sysfs;	 /* "/sys" */
	const char *procfs;	 /* "/proc" */
	const char *run;	 /* "/run/kmemd": lock, journal, holds */
	const char *policy_dirs; /* colon-separated, highest precedence first:
				  * /etc/kmemd/policy.d:/run/kmemd/policy.d:
				  * /usr/local/lib/kmemd/policy.d:/usr/lib/kmemd/policy.d */
	const char *root;	 /* "": put before what doctor looks at elsewhere: /etc, /usr/lib,
				  * /lib/modules, /dev/kmsg */
};

int kmemd_new(struct kmemd **ret, const struct kmemd_paths *paths);
struct kmemd *kmemd_free(struct kmemd *kmemd);

/* inventory: an immutable snapshot of the machine. */
int kmemd_inventory_read(struct kmemd *kmemd, struct kmemd_inventory **ret,
			 struct kmemd_error *error);
int kmemd_inventory_from_json(struct json_object *json, struct kmemd_inventory **ret,
			      struct kmemd_error *error);
struct kmemd_inventory *kmemd_inventory_free(struct kmemd_inventory *inventory);
/* The whole snapshot; kmemd_inventory_from_json() reads it back. NULL when memory is short. */
struct json_object *kmemd_inventory_to_json(const struct kmemd_inventory *inventory);

/*
 * policy: all files that are in force. Files with a mistake are skipped and kept as problems;
 * -EINVAL when there are files and none of them is valid, so that a caller can stay with what it
 * had.
 */
int kmemd_policy_load(struct kmemd *kmemd, struct kmemd_policy **ret, struct kmemd_error *error);
/*
 * The same for looking at mistakes: succeeds however many there are. files is a NULL-terminated
 * list, or NULL for those of the directories.
 */
int kmemd_policy_check(struct kmemd *kmemd, char *const *files, struct kmemd_policy **ret,
		       struct kmemd_error *error);
struct kmemd_policy *kmemd_policy_free(struct kmemd_policy *policy);
/* {"files": [path, ...], "problems": [{"file", "line", "message"}, ...]} */
struct json_object *kmemd_policy_to_json(const struct kmemd_policy *policy);
/*
 * All files of the policy directories in the order in which they are tried:
 * {"files": [{"file", "state": "in-force|masks|masked|replaced|bad", "by", "keys": [{"key",
 * "value", "line"}]}], "problems": [...]}. line is 0 for a default. With a device, which needs the
 * inventory, "device": {"device", "identity", "kind", "policy", "mode", "refused", "tried":
 * [{"file", "fits", "key", "value", "device_value"}]}. -ENODEV when there is no such device.
 */
int kmemd_report_policy(struct kmemd *kmemd, const struct kmemd_inventory *inventory,
			const char *device, struct json_object **ret, struct kmemd_error *error);
/*
 * daxctl's configuration as policy. files is a NULL-terminated list, or NULL for those in
 * /etc/daxctl.conf.d. {"files": [path, ...], "sections": [{"file", "line", "name", "uuid", "mode",
 * "online", "movable", "obstacle", "policy_name", "policy_text"}], "problems": [{"file", "line",
 * "message"}]}. obstacle: why no policy file can say the same, or ""
 */
int kmemd_policy_import(struct kmemd *kmemd, char *const *files, struct json_object **ret,
			struct kmemd_error *error);

/*
 * Reports about one device, or about all devices when the name is NULL. A device is named by what
 * the kernel calls it (mem0, region0, dax0.0, namespace0.0), by its identity, serial or UUID.
 * -ENODEV when there is no such device.
 */
int kmemd_report_devices(struct kmemd *kmemd, const struct kmemd_inventory *inventory,
			 const char *device, struct json_object **ret, struct kmemd_error *error);
int kmemd_report_explain(struct kmemd *kmemd, const struct kmemd_inventory *inventory,
			 const struct kmemd_policy *policy, const char *device,
			 struct json_object **ret, struct kmemd_error *error);
/*
 * What kmemd_apply() would do, or kmemd_drain():
 * {"devices": [{"device", "policy", "refused", "note", "steps": [{"type", "text", "why", "undo",
 * ...}]}]}
 */
int kmemd_report_plan(struct kmemd *kmemd, const struct kmemd_inventory *inventory,
		      const struct kmemd_policy *policy, const char *device, bool drain,
		      struct json_object **ret, struct kmemd_error *error);

/* Which dax devices, and what of them: the options of daxctl list. */
struct kmemd_list {
	char *const *devices; /* NULL-terminated: dax0.0, 0.0, all, or any name of a device; NULL */
	const char *region;   /* 0, region0 or all; NULL */
	bool show_devices, show_regions, mappings, idle, human;
	bool find_unused; /* look for memdevs that have no dax device */
};
/*
 * The dax devices, read by themselves and cheaply: no inventory is needed.
 * {"list": what daxctl list prints, with members of ours added; null when that is nothing,
 * "missing": names that no device has, "problems": sentences about devices that are left out,
 * "unused_memdevs": names}
 */
int kmemd_report_list(struct kmemd *kmemd, const struct kmemd_list *list, struct json_object **ret,
		      struct kmemd_error *error);
/* Jobs under way, devices that are held or have failed: what the run directory says. */
int kmemd_report_status(struct kmemd *kmemd, struct json_object **ret, struct kmemd_error *error);

/*
 * Where the memmap of a device's memory is, or of all when the name is NULL, and what else it could
 * cost: {"memory_available", "devices": [{"device", "identity", "kind", "size", "daxdevs":
 * [{"chardev", "mode", "size", "align", "target_node", "blocks", "memmap": {"asked", "in_force",
 * "known", "dram_bytes", "device_bytes"}, "alternatives": [{"mode", "memmap", "align",
 * "deduplicated", "dram_bytes", "device_bytes", "usable_bytes", "possible", "why_not",
 * "in_force"}], "hugetlb":
 * {"optimize_vmemmap", "saves_2m_bytes", "saves_1g_bytes", "saves_self_hosted_bytes"},
 * "recommendation": {"mode", "memmap", "align", "reason"}}]}]}. A device without a dax device has
 * one entry with chardev "" and mode "none".
 */
int kmemd_report_memmap(struct kmemd *kmemd, const struct kmemd_inventory *inventory,
			const char *device, struct json_object **ret, struct kmemd_error *error);
/*
 * What on this machine will surprise its owner: {"findings": [{"severity": "error|warning|note",
 * "id", "subject", "what", "why", "cure"}], "errors", "warnings", "notes", "healthy"}, the gravest
 * first. Without an inventory (NULL, and why there is none) or a policy (NULL) less is found; notes
 * alone leave a machine healthy.
 */
int kmemd_report_doctor(struct kmemd *kmemd, const struct kmemd_inventory *inventory,
			const char *why_not, const struct kmemd_policy *policy,
			struct json_object **ret, struct kmemd_error *error);

/* What a running job tells; strings are valid only during the call. */
enum kmemd_event_type {
	KMEMD_EVENT_RECOVERED, /* an earlier job was cut short; message says what was put right */
	KMEMD_EVENT_WAITING,   /* another job holds the lock */
	KMEMD_EVENT_DECIDED,   /* policy and plan of a device, in the message */
	KMEMD_EVENT_STEP,      /* a step begins */
	KMEMD_EVENT_PROGRESS,  /* done of total blocks */
	KMEMD_EVENT_UNDO,      /* a step is being undone, or why that failed */
	KMEMD_EVENT_DONE,      /* the device is as it was wanted, verified */
	KMEMD_EVENT_FAILED,    /* the device's job failed; error is set */
	KMEMD_EVENT_NOTICE,    /* something the owner of the machine should know */
};

struct kmemd_event {
	enum kmemd_event_type type;
	const char *device;	  /* the device's identity, or NULL */
	const char *policy;	  /* path of the policy file, or NULL */
	const char *message;	  /* a sentence */
	unsigned int done, total; /* blocks, of KMEMD_EVENT_PROGRESS */
	uint64_t block_size;	  /* bytes */
	const struct kmemd_error *error;
};

struct kmemd_job {
	void (*event)(void *userdata, const struct kmemd_event *event);
	void *userdata;
	/* Polled between kernel calls; true undoes what was done and returns -ECANCELED. */
	bool (*cancelled)(void *userdata);
	unsigned int timeout_sec; /* for offlining; 0: what the policy says */
	bool retry;		  /* try failed devices again, and tell refusals again */
};

/*
 * Jobs. Each takes the machine's lock (waiting for it, as KMEMD_EVENT_WAITING says), puts right
 * what a job left behind that was cut short, works on one device after the other, verifies the
 * outcome in the kernel and undoes what it did when a step fails. A job may block for as long as
 * the kernel does: never call it from an event loop. Memory blocks are written to by a child
 * process of the library's own, so that a deadline can be kept; the caller must not reap it.
 */

/*
 * Bring every device (name NULL) or one to what its policy wants. An explicit name lifts a hold
 * and a failure that were recorded for the device; NULL leaves such devices alone.
 */
int kmemd_apply(struct kmemd *kmemd, const struct kmemd_policy *policy, const char *device,
		const struct kmemd_job *job, struct kmemd_error *error);
/*
 * Take a device's memory out of use and free its region; hold it against policy from then on. Of
 * policy, which may be NULL, only the time that offlining may take counts.
 */
int kmemd_drain(struct kmemd *kmemd, const struct kmemd_policy *policy, const char *device,
		const struct kmemd_job *job, struct kmemd_error *error);
/*
 * Set memmap_on_memory of a device's dax device; -EBUSY (KMEMD_REFUSED) while its memory is in use,
 * -EOPNOTSUPP (KMEMD_REFUSED) where the kernel has no such switch.
 */
int kmemd_memmap_set(struct kmemd *kmemd, const char *device, bool on, const struct kmemd_job *job,
		     struct kmemd_error *error);
/*
 * The same also while its memory is in use: its blocks go offline, the device is bound anew, and
 * they come back into the zone that they were in; what cannot be done is undone. Refused where a
 * policy file (policy may be NULL) says the opposite, where the blocks are not all online in one
 * zone, and where the memmap would not fit into DRAM.
 */
int kmemd_memmap_move(struct kmemd *kmemd, const struct kmemd_policy *policy, const char *device,
		      bool on, const struct kmemd_job *job, struct kmemd_error *error);
/* What the two would do, in the form of kmemd_report_plan(). Changes nothing. */
int kmemd_report_memmap_plan(struct kmemd *kmemd, const struct kmemd_inventory *inventory,
			     const struct kmemd_policy *policy, const char *device, bool on,
			     bool rebind, struct json_object **ret, struct kmemd_error *error);

/*
 * What a person asks for by hand, in place of policy; the verbs are daxctl's. Devices are dax
 * devices, called by name, by "all", or by what they were made of.
 */
enum kmemd_verb {
	KMEMD_RECONFIGURE_DEVICE,
	KMEMD_ONLINE_MEMORY,
	KMEMD_OFFLINE_MEMORY,
	KMEMD_ENABLE_DEVICE,
	KMEMD_DISABLE_DEVICE,
	KMEMD_CREATE_DEVICE,
	KMEMD_DESTROY_DEVICE,
};

enum kmemd_mode {
	KMEMD_MODE_UNCHANGED, /* of a new device: devdax */
	KMEMD_MODE_DEVDAX,
	KMEMD_MODE_SYSTEM_RAM,
};

struct kmemd_range {
	uint64_t start, end; /* bytes; the end is included */
};

struct kmemd_request {
	enum kmemd_verb verb;
	char *const *devices; /* NULL-terminated; NULL (all regions) for KMEMD_CREATE_DEVICE */
	const char *region;   /* only devices of this dax region; NULL: of all */
	enum kmemd_mode mode;
	bool no_online;	      /* leave the blocks offline */
	bool no_movable;      /* online in the kernel zone */
	bool force;	      /* offline memory first where that is needed */
	bool keep;	      /* when some of it cannot be done, keep what is done */
	bool has_size;	      /* else: what there is */
	uint64_t size, align; /* bytes; align 0: as it is */
	/* Of a new device: exactly these, in this order. */
	const struct kmemd_range *mappings;
	size_t mapping_count;
};

/*
 * Does it, device by device, each as a job of its own: what cannot be done is undone (or kept) for
 * that device, and the next one has its turn. A device that is then not in use as the policy (which
 * may be NULL) would have it is held against it; one that is in use again is not held any more.
 * Persistent memory becomes system RAM only when it is named.
 *
 * *ret, also on failure when it is not NULL: {"devices": [{"device", "identity", "result", "error",
 * "exit_code"}]}, in the order of work; result is done, unchanged, skipped, failed, refused or
 * partly. The error is that of the first device that failed, with KMEMD_PARTLY when others worked.
 */
int kmemd_request(struct kmemd *kmemd, const struct kmemd_policy *policy,
		  const struct kmemd_request *request, const struct kmemd_job *job,
		  struct json_object **ret, struct kmemd_error *error);
/* What kmemd_request() would do, in the form of kmemd_report_plan(). Changes nothing. */
int kmemd_report_request(struct kmemd *kmemd, const struct kmemd_request *request,
			 struct json_object **ret, struct kmemd_error *error);

const char *kmemd_version(void);

#endif
