/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "doctor/gather-cxl.h"

#include "base/cleanup.h"
#include "base/file.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>

static uint64_t read_number(int directory, const char *name, const char *attribute)
{
	char path[300];
	uint64_t value;

	snprintf(path, sizeof(path), "%s/%s", name, attribute);
	return attribute_read_u64(directory, path, &value) < 0 ? 0 : value;
}

/*
 * "decoder2.1", second of the endpoint, whose "uport" leads to the memdev. Of a decoder that is not
 * committed `size` is 0 (Documentation/ABI/testing/sysfs-bus-cxl).
 */
static int read_decoder(int directory, const char *name, struct facts *facts)
{
	struct decoder_fact decoder = {0}, *slot;
	unsigned int endpoint;
	char path[300];

	if (sscanf(name, "decoder%u.%u", &endpoint, &decoder.number) != 2)
		return 0;
	decoder.dpa_size = read_number(directory, name, "dpa_size");
	if (!decoder.dpa_size)
		return 0; /* of a port, or free */
	copy_name(decoder.name, name);
	snprintf(path, sizeof(path), "%s/region", name);
	if (attribute_read(directory, path, decoder.region, sizeof(decoder.region)) < 0)
		decoder.region[0] = '\0';
	decoder.decodes = read_number(directory, name, "size") != 0;
	decoder.locked = read_number(directory, name, "locked") != 0;
	snprintf(path, sizeof(path), "%s/../uport", name);
	link_name(directory, path, decoder.memdev, sizeof(decoder.memdev));
	slot = array_add(&facts->decoders);
	if (!slot)
		return -ENOMEM;
	*slot = decoder;
	return 0;
}

/* By memdev, and of one memdev the last first: the order in which they can be freed. */
static int compare(const void *a, const void *b)
{
	const struct decoder_fact *one = a, *other = b;
	int order = strverscmp(one->memdev, other->memdev);

	return order ? order : (int)other->number - (int)one->number;
}

int facts_gather_cxl(const struct kmemd *kmemd, struct facts *facts)
{
	_cleanup_free_ char *path = format_text("%s/bus/cxl/devices", kmemd->sysfs);
	_cleanup_dir_ DIR *directory = path ? opendir(path) : NULL;
	struct dirent *entry;
	int r = path ? 0 : -ENOMEM;

	while (r == 0 && directory && (entry = readdir(directory)))
		r = read_decoder(dirfd(directory), entry->d_name, facts);
	if (facts->decoders.count)
		qsort(facts->decoders.items, facts->decoders.count, sizeof(*facts->decoders.items),
		      compare);
	return r;
}
