/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KMEMCTL_MONITOR_H
#define KMEMCTL_MONITOR_H
/*
 * kmemctl monitor: what happens, as it happens. It waits for file descriptors and for nothing else:
 * udev's netlink socket, an inotify for the run directory, the system's journal. Each source is a
 * file of its own and ends in monitor_tell().
 */
#include "base/json.h"
#include "cli/cli.h"

#include <systemd/sd-device.h>
#include <systemd/sd-event.h>
#include <systemd/sd-journal.h>

/* Memory blocks come by the hundred: they are counted for a moment and told together. */
struct block_count {
	unsigned int count;
	uint64_t first, last; /* the lowest and the highest number */
};

enum block_action {
	BLOCKS_ADDED,
	BLOCKS_REMOVED,
	BLOCKS_ONLINE,
	BLOCKS_OFFLINE,
	BLOCK_ACTIONS,
};

struct monitor {
	struct cli *cli;
	sd_event *event;
	/* monitor-devices.c */
	sd_device_monitor *devices;
	sd_event_source *merge_timer;
	struct block_count blocks[BLOCK_ACTIONS];
	unsigned int other_cxl; /* ports and decoders */
	/* monitor-run.c */
	int inotify, run_watch, parent_watch, devices_watch;
	struct json_object *status; /* as told last */
	bool job_seen;		    /* since the status was told */
	sd_event_source *job_end;   /* its process, by a pidfd */
	int job_fd;
	/* monitor-log.c */
	sd_journal *journal;
};

/*
 * Tells something: a line with the time, or a JSON object with "time" and "type" besides what is in
 * json (taken over, may be NULL). Ends the loop when nobody reads any more.
 */
void monitor_tell(struct monitor *monitor, const char *type, struct json_object *json,
		  const char *format, ...) __attribute__((format(printf, 4, 5)));

#endif
