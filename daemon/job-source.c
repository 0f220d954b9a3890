/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/job-source.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "job/parking.h"

#include <errno.h>
#include <string.h>
#include <sys/inotify.h>

/* Closed for the last time: the process that writes to memory blocks for a job has it open, too. */
static int on_closed(sd_event_source *event_source, const struct inotify_event *event,
		     void *userdata)
{
	const struct job_source *source = userdata;
	_cleanup_free_ char *journal = NULL;

	(void)event_source;
	if (!event->len || strcmp(event->name, "lock") != 0)
		return 0;
	journal = format_text("%s/journal.json", source->run);
	if ((journal && access(journal, F_OK) == 0) || parking_has_orphan(source->run))
		source->handlers.cut_short(source->handlers.userdata);
	return 0;
}

int job_source_init(struct job_source *source, sd_event *event, const char *run,
		    const struct job_source_handlers *handlers)
{
	int r;

	*source = (struct job_source){.run = strdup(run), .handlers = *handlers};
	if (!source->run)
		return -ENOMEM;
	r = sd_event_add_inotify(event, &source->inotify, run, IN_CLOSE_WRITE | IN_ONLYDIR,
				 on_closed, source);
	return r == -ENOENT ? 0 : r;
}

void job_source_release(struct job_source *source)
{
	source->inotify = sd_event_source_disable_unref(source->inotify);
	free(source->run);
	source->run = NULL;
}
