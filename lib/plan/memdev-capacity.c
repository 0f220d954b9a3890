/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/memdev-capacity.h"

#include "plan/region-place.h"

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
	return memdev->enabled && !memdev->restricted && !memdev->accelerator &&
	       memdev_free_units(memdev) && !memdev_persistent_decoder(memdev) &&
	       memdev_next_decoder(memdev)[0];
}
