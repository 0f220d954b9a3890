/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "step/power-off-slot.h"

#include "base/parse.h"
#include "inventory/read-slots.h"
#include "step/cxl-region.h"

#include <stdio.h>
#include <string.h>

static void text(const struct step *step, char *buffer, size_t size)
{
	snprintf(buffer, size, "power off PCI slot %s, which %s is in", step->target.name,
		 step->slot.memdev);
}

/* Another card may be in the slot by now. */
static int check_address(const struct run *run, const struct step *step, struct kmemd_error *error)
{
	char path[96], address[32];
	size_t length;
	int r;

	snprintf(path, sizeof(path), PCI_SLOTS "/%s/address", step->target.name);
	r = run_read(run, path, address, sizeof(address), error);
	if (r < 0)
		return r;
	length = strlen(address);
	if (!strncmp(step->slot.host, address, length) && step->slot.host[length] == '.')
		return 0;
	return error_set(error, KMEMD_REFUSED, EBUSY, "%s is at %s now and not in slot %s",
			 step->slot.memdev, step->slot.host, step->target.name);
}

/* Whatever the drain did: with the power goes everything that a decoder still maps. */
static int check_decoders(const struct run *run, const struct memdev *memdev,
			  struct kmemd_error *error)
{
	array_foreach(decoder, &memdev->decoders) {
		uint64_t size = decoder_capacity(run, decoder->name);
		char bytes[SIZE_TEXT_MAX];

		if (size)
			return error_set(error, KMEMD_REFUSED, EBUSY, "%s still holds %s of %s",
					 decoder->name, format_size(size, bytes), memdev->name);
	}
	return 0;
}

static const struct memdev *find_memdev(const struct run *run, const char *name)
{
	array_foreach(memdev, &run->inventory->memdevs)
		if (!strcmp(memdev->name, name))
			return memdev;
	return NULL;
}

/*
 * The write returns when the slot is off and its devices are gone (pciehp_sysfs_disable_slot(),
 * Linux 6.1 to 7.3). It cannot be undone: who wants the expander back plugs it in or powers the
 * slot on.
 */
static int run_it(struct run *run, const struct step *step, struct kmemd_error *error)
{
	const struct memdev *memdev = find_memdev(run, step->slot.memdev);
	char device[96], power[96];
	int r = 0;

	snprintf(device, sizeof(device), "bus/pci/devices/%s", step->slot.host);
	snprintf(power, sizeof(power), PCI_SLOTS "/%s/power", step->target.name);
	if (!run_exists(run, device))
		return 0;
	r = check_address(run, step, error);
	if (r == 0 && memdev)
		r = check_decoders(run, memdev, error);
	if (r == 0)
		r = run_write(run, power, "0", error);
	if (r < 0 || !run_exists(run, device))
		return r;
	return error_set(error, KMEMD_FAILED, EIO, "%s is there although its slot %s is off",
			 step->slot.host, step->target.name);
}

const struct step_operations power_off_slot_operations = {
	.name = "power-off-slot",
	.undo_text = "nothing: power the slot on, or plug the device in again",
	.text = text,
	.run = run_it,
};
