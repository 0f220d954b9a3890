/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "doctor/gather-state.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "job/journal.h"
#include "job/parking.h"
#include "job/records.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static bool exists(const char *root, const char *path)
{
	_cleanup_free_ char *full = format_text("%s%s", root, path);

	return full && access(full, F_OK) == 0;
}

static bool is_masked(const char *root, const char *path)
{
	_cleanup_free_ char *full = format_text("%s%s", root, path);
	struct stat status;

	return full && stat(full, &status) == 0 && S_ISCHR(status.st_mode);
}

/* systemd gives every running service a control group of its own. */
bool service_runs(const struct kmemd *kmemd, const char *name)
{
	_cleanup_free_ char *group = format_text(
		"%s/fs/cgroup/system.slice/%s.service/cgroup.procs", kmemd->sysfs, name);
	char text[32];
	int r = group ? attribute_read(AT_FDCWD, group, text, sizeof(text)) : -ENOMEM;

	return r == -EMSGSIZE || (r == 0 && text[0]);
}

static void read_service(const struct kmemd *kmemd, struct service_facts *service)
{
	static const char *const places[] = {
		"/etc/systemd/system/kmemd.service",
		"/run/systemd/system/kmemd.service",
		"/usr/local/lib/systemd/system/kmemd.service",
		"/usr/lib/systemd/system/kmemd.service",
		"/lib/systemd/system/kmemd.service",
	};

	for (size_t i = 0; i < array_size(places); i++)
		service->installed = service->installed || exists(kmemd->root, places[i]);
	service->masked = is_masked(kmemd->root, places[0]);
	service->masked_once = is_masked(kmemd->root, places[1]);
	/* A link to the unit's place may lead out of the root: its being there is what counts. */
	for (unsigned int i = 0; i < 2; i++) {
		_cleanup_free_ char *link = format_text(
			"%s/%s/systemd/system/multi-user.target.wants/kmemd.service", kmemd->root,
			i ? "run" : "etc");
		struct stat status;

		service->enabled = service->enabled || (link && lstat(link, &status) == 0);
	}
	service->running = service_runs(kmemd, "kmemd");
}

static void keep_record(const struct record *record, void *userdata)
{
	struct facts *facts = userdata;
	struct record *slot = array_add(&facts->records);

	if (slot)
		*slot = *record;
}

/* Another process may have the number by now: the programs of kmemd are all called kmem... */
static bool is_running(const struct kmemd *kmemd, int pid)
{
	_cleanup_free_ char *path = format_text("%s/%d/comm", kmemd->procfs, pid);
	char name[32];

	return path && attribute_read(AT_FDCWD, path, name, sizeof(name)) == 0 &&
	       !strncmp(name, "kmem", strlen("kmem"));
}

/* Where there is no run directory nothing has run, and there is nothing to see. */
static bool shows_records(const struct kmemd *kmemd)
{
	return access(kmemd->run, R_OK | X_OK) == 0 || errno == ENOENT;
}

void facts_gather_state(const struct kmemd *kmemd, struct facts *facts)
{
	int r;

	read_service(kmemd, &facts->service);
	records_each(kmemd, keep_record, facts);
	r = journal_read(kmemd, &facts->journal);
	if (r == -ENOENT)
		r = parking_read(kmemd, &facts->journal);
	facts->has_journal = r == 0;
	facts->shows_records = shows_records(kmemd) && (r == 0 || r == -ENOENT);
	if (facts->has_journal)
		facts->journal_running = is_running(kmemd, facts->journal.pid);
}
