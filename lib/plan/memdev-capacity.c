/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/memdev-capacity.h"

#include "base/parse.h"
#include "plan/region-place.h"

#include <stdio.h>

uint64_t memdev_free_units(const struct memdev *memdev)
{
	uint64_t size;

	if (memdev->ram_allocated >= memdev->ram_size)
		return 0;
	size = memdev->ram_size - memdev->ram_allocated;
	return size - size % REGION_UNIT;
}

static const struct endpoint_decoder *last_allocated(const struct memdev *memdev)
{
	const struct endpoint_decoder *last = NULL;

	array_foreach(decoder, &memdev->decoders)
		if (decoder->dpa_size && (!last || decoder->id > last->id))
			last = decoder;
	return last;
}

const char *memdev_next_decoder(const struct memdev *memdev)
{
	const struct endpoint_decoder *last = last_allocated(memdev);

	if (!memdev->decoders.count)
		return memdev->free_decoder;
	array_foreach(decoder, &memdev->decoders)
		if (!decoder->dpa_size && (!last || decoder->id == last->id + 1))
			return decoder->name;
	return "";
}

const struct endpoint_decoder *memdev_persistent_decoder(const struct memdev *memdev)
{
	array_foreach(decoder, &memdev->decoders)
		if (decoder->dpa_size && decoder->mode == DECODER_PMEM)
			return decoder;
	return NULL;
}

bool memdev_is_usable(const struct memdev *memdev)
{
	char why[256];

	return !memdev_describe_unusable(memdev, why, sizeof(why));
}

bool memdev_describe_unusable(const struct memdev *memdev, char *why, size_t size)
{
	const struct endpoint_decoder *persistent = memdev_persistent_decoder(memdev);
	uint64_t free_size = memdev->ram_size - memdev->ram_allocated;
	char text[SIZE_TEXT_MAX];

	if (memdev->restricted || memdev->accelerator)
		snprintf(why, size, "%s is %s: shown, and left alone", memdev->name,
			 memdev->accelerator ? "an accelerator" : "a CXL 1.1 device");
	else if (!memdev->enabled)
		snprintf(why, size, "%s is not ready yet: no endpoint port in the CXL hierarchy",
			 memdev->name);
	else if (!memdev_free_units(memdev))
		snprintf(why, size, "%s has no free volatile capacity", memdev->name);
	else if (persistent)
		snprintf(why, size,
			 "%s of volatile capacity of %s are behind %s, which holds persistent "
			 "capacity: decoders take capacity in ascending order, so they can be used "
			 "only when %s is destroyed",
			 format_size(free_size, text), memdev->name, persistent->name,
			 persistent->region[0] ? persistent->region : persistent->name);
	else if (!memdev_next_decoder(memdev)[0])
		snprintf(why, size, "%s has %s of free capacity and no free HDM decoder",
			 memdev->name, format_size(free_size, text));
	else
		return false;
	return true;
}
