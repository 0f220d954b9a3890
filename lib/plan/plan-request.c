/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/plan-request.h"

#include "base/parse.h"
#include "inventory/memory-block.h"
#include "policy/keys.h"

#include <inttypes.h>
#include <stdio.h>

/* What this machine's dax devices are a multiple of, whatever their alignment (2 MiB: a subsection
 * of the kernel's sparse memory map). */
#define SIZE_UNIT (UINT64_C(2) << 20)

const char *request_mistake(const struct kmemd_request *request)
{
	bool sized = request->has_size || request->align;

	if (request->verb == KMEMD_RECONFIGURE_DEVICE && request->mode == KMEMD_MODE_UNCHANGED &&
	    !sized)
		return "nothing to reconfigure: a mode, a size or an alignment is needed";
	if (request->mode == KMEMD_MODE_DEVDAX && (request->no_online || request->no_movable))
		return "a device in devdax mode has no memory that could be online";
	if (request->no_online && request->no_movable)
		return "memory that is not put online is put into no zone either";
	if (request->align && request->align != 4096 && request->align != (UINT64_C(2) << 20) &&
	    request->align != (UINT64_C(1) << 30))
		return "an alignment is 4K, 2M or 1G";
	if (request->has_size && !request->size)
		return "a size of 0 is what destroy-device is for";
	if (request->has_size &&
	    request->size % (request->align > SIZE_UNIT ? request->align : SIZE_UNIT))
		return "the size is no multiple of the alignment (of 2 MiB at least)";
	for (size_t i = 0; i < request->mapping_count; i++) {
		const struct kmemd_range *mapping = &request->mappings[i];

		if (mapping->end < mapping->start || mapping->start % SIZE_UNIT ||
		    (mapping->end + 1) % SIZE_UNIT)
			return "a mapping is no range of whole units of 2 MiB";
	}
	return NULL;
}

static bool wants_online(const struct kmemd_request *request)
{
	return request->verb == KMEMD_ONLINE_MEMORY ||
	       (request->mode == KMEMD_MODE_SYSTEM_RAM && !request->no_online);
}

bool request_needs_hold(const struct kmemd_request *request, const struct decision *decision)
{
	const struct settings *settings = &decision->settings;
	enum zone zone = request->no_movable ? ZONE_KERNEL : ZONE_MOVABLE;

	if (!wants_online(request))
		return true;
	return decision->file && settings->mode != MODE_IGNORE &&
	       (settings->mode != MODE_SYSTEM_RAM || settings->zone != zone);
}

/* --- steps --------------------------------------------------------------------------------------
 */

struct request_plan {
	struct plan *plan;
	const struct kmemd_inventory *inventory;
	const struct request_target *target;
	const struct kmemd_request *request;
	struct block_counts counts;
	uint64_t block_total;
};

static struct step *add_step(const struct request_plan *wanted, enum step_type type)
{
	if (!wanted->target->dax)
		return plan_add_step_after(wanted->plan, type, KEY_COUNT);
	return plan_add_step(wanted->plan, type, wanted->target->dax->name, KEY_COUNT);
}

static enum zone zone_of(const struct kmemd_request *request)
{
	return request->no_movable ? ZONE_KERNEL : ZONE_MOVABLE;
}

/* Memory is added, as by binding. */
static int add_plug(const struct request_plan *wanted)
{
	const struct host *host = &wanted->inventory->host;
	struct step *step = add_step(wanted, STEP_PLUG);

	if (!step)
		return -ENOMEM;
	step->blocks.zone = zone_of(wanted->request);
	step->blocks.count = (unsigned int)wanted->block_total;
	plan_memmap_cost(wanted->plan, host, step, wanted->block_total * host->block_size,
			 wanted->target->dax->memmap_on_memory == TRISTATE_YES &&
				 host->memmap_parameter != TRISTATE_NO);
	return 0;
}

static int add_online(const struct request_plan *wanted, bool bound)
{
	enum zone zone = zone_of(wanted->request);
	enum block_state state = zone == ZONE_MOVABLE ? BLOCK_MOVABLE : BLOCK_KERNEL;
	const struct block_counts *counts = &wanted->counts;
	unsigned int there = counts->in[state] + counts->in[BLOCK_ABSENT];
	struct step *step;

	if (bound && dax_is_unplugged(wanted->target->dax))
		return add_plug(wanted);
	if (bound && wanted->target->counted && there == counts->total)
		return 0;
	step = add_step(wanted, STEP_ONLINE);
	if (!step)
		return -ENOMEM;
	step->blocks.zone = zone;
	step->blocks.count = bound && wanted->target->counted ? counts->total - there
							      : (unsigned int)wanted->block_total;
	return 0;
}

static int add_offline(const struct request_plan *wanted)
{
	struct step *step;

	if (wanted->target->counted && !wanted->counts.online)
		return 0;
	if (dax_is_unplugged(wanted->target->dax))
		return 0;
	step = add_step(wanted, STEP_OFFLINE);
	if (!step)
		return -ENOMEM;
	step->blocks.count = wanted->target->counted ? wanted->counts.online
						     : (unsigned int)wanted->block_total;
	return 0;
}

static int add_bind(const struct request_plan *wanted, const char *driver, uint64_t bytes)
{
	const struct host *host = &wanted->inventory->host;
	const struct dax_device *dax = wanted->target->dax;
	struct step *step = add_step(wanted, STEP_BIND);

	if (!step)
		return -ENOMEM;
	step->bind.driver = driver; /* by hand the switch is memmap's */
	step->bind.force = wanted->request->force;
	if (!strcmp(driver, "kmem")) {
		uint64_t added = wanted->block_total * host->block_size;

		step->lost_bytes = bytes - added;
		plan_memmap_cost(wanted->plan, host, step, added,
				 dax && dax->memmap_on_memory == TRISTATE_YES &&
					 host->memmap_parameter != TRISTATE_NO);
	}
	return 0;
}

static int add_unbind(const struct request_plan *wanted)
{
	struct step *step = add_step(wanted, STEP_UNBIND);

	if (!step)
		return -ENOMEM;
	step->unbind.driver = wanted->target->dax->driver;
	step->unbind.force = wanted->request->force;
	return 0;
}

/* True, with the refusal, when memory is in use and nobody said that it may be taken out of use. */
static bool refuse_in_use(const struct request_plan *wanted)
{
	const struct dax_device *dax = wanted->target->dax;

	if (!dax_is_kmem(dax) || !wanted->counts.online || wanted->request->force)
		return false;
	plan_refuse(wanted->plan,
		    "%u of %u memory blocks of %s are online; kmemctl offline-memory %s first%s",
		    wanted->counts.online, wanted->counts.total, dax->name, dax->name,
		    wanted->request->verb == KMEMD_DISABLE_DEVICE ? "" : ", or --force");
	return true;
}

/* --- verbs --------------------------------------------------------------------------------------
 */

static bool is_static(const struct request_plan *wanted)
{
	return wanted->target->dax->parent == DAX_PARENT_NVDIMM;
}

static void refuse_static(const struct request_plan *wanted)
{
	const struct dax_device *dax = wanted->target->dax;

	plan_refuse(wanted->plan,
		    "%s is the whole of %s, which the kernel allows nobody to cut or align; "
		    "ndctl create-namespace -f -e %s -m devdax makes it again, and destroys what "
		    "is on it",
		    dax->name, dax->origin[0] ? dax->origin : "its namespace",
		    dax->origin[0] ? dax->origin : "NAMESPACE");
}

/* Size and alignment; the driver has to let go, and what it is bound to then is the caller's. */
static int plan_resize(struct request_plan *wanted, bool *unbound)
{
	const struct kmemd_request *request = wanted->request;
	const struct dax_device *dax = wanted->target->dax;
	uint64_t align = request->align && request->align != dax->align ? request->align : 0;
	uint64_t size = request->has_size && request->size != dax->size ? request->size : 0;
	uint64_t final = size ? size : dax->size;
	char text[SIZE_TEXT_MAX], unit[SIZE_TEXT_MAX];
	struct step *step;

	*unbound = !dax->driver[0];
	if (!align && !size)
		return 0;
	if (is_static(wanted)) {
		refuse_static(wanted);
		return 0;
	}
	if (final % (align ? align : dax->align)) {
		plan_refuse(wanted->plan, "%s is no multiple of the alignment of %s (%s)",
			    format_size(final, text), dax->name,
			    format_size(align ? align : dax->align, unit));
		return 0;
	}
	if (size > dax->size && wanted->target->region &&
	    size - dax->size > wanted->target->region->available) {
		plan_refuse(wanted->plan, "%s more is not there: the dax region has %s left",
			    format_size(size - dax->size, text),
			    format_size(wanted->target->region->available, unit));
		return 0;
	}
	if (dax->driver[0] && !request->force) {
		plan_refuse(wanted->plan,
			    "%s is in use by %s; kmemctl disable-device %s first, or --force",
			    dax->name, dax->driver, dax->name);
		return 0;
	}
	if (dax_is_kmem(dax) && add_offline(wanted) < 0)
		return -ENOMEM;
	if (dax->driver[0] && add_unbind(wanted) < 0)
		return -ENOMEM;
	*unbound = true;
	step = add_step(wanted, STEP_RESIZE_DAX);
	if (!step)
		return -ENOMEM;
	step->shape.size = size;
	step->shape.align = align;
	return 0;
}

static void say_what_is_lost(const struct request_plan *wanted)
{
	const struct device *device = wanted->target->device;

	if (device->persistent)
		plan_note(wanted->plan,
			  "%s is persistent memory (%s): what is on it is overwritten",
			  wanted->target->dax->name, device->identity);
}

static int to_system_ram(struct request_plan *wanted, bool unbound, uint64_t size)
{
	const struct dax_device *dax = wanted->target->dax;
	bool bound = !unbound && dax_is_kmem(dax);
	char have[SIZE_TEXT_MAX], block[SIZE_TEXT_MAX];

	if (!wanted->block_total) {
		plan_refuse(wanted->plan, "%s (%s) holds no whole memory block of %s", dax->name,
			    format_size(size, have),
			    format_size(wanted->inventory->host.block_size, block));
		return 0;
	}
	if (!bound) {
		say_what_is_lost(wanted);
		if (add_bind(wanted, "kmem", size) < 0)
			return -ENOMEM;
	}
	/* With --no-online what is online already stays so, as it does with daxctl. */
	if (wanted->plan->refusal[0] || wanted->request->no_online)
		return 0;
	return add_online(wanted, bound);
}

static int to_devdax(struct request_plan *wanted, bool unbound)
{
	const struct dax_device *dax = wanted->target->dax;

	if (!unbound && !strcmp(dax->driver, "device_dax"))
		return 0;
	if (!unbound && refuse_in_use(wanted))
		return 0;
	if (!unbound && dax_is_kmem(dax) && add_offline(wanted) < 0)
		return -ENOMEM;
	return add_bind(wanted, "device_dax", 0);
}

static int plan_reconfigure(struct request_plan *wanted)
{
	const struct kmemd_request *request = wanted->request;
	const struct dax_device *dax = wanted->target->dax;
	uint64_t size = request->has_size ? request->size : dax->size;
	bool unbound;
	int r;

	if (wanted->target->device->persistent && !wanted->target->named &&
	    request->mode == KMEMD_MODE_SYSTEM_RAM && !dax_is_kmem(dax)) {
		plan_note(wanted->plan,
			  "%s is persistent memory: left alone, as nobody has named it", dax->name);
		return 0;
	}
	r = plan_resize(wanted, &unbound);
	if (r < 0 || wanted->plan->refusal[0])
		return r;
	if (request->has_size)
		wanted->block_total = size / wanted->inventory->host.block_size;
	if (request->mode == KMEMD_MODE_SYSTEM_RAM)
		return to_system_ram(wanted, unbound, size);
	if (request->mode == KMEMD_MODE_DEVDAX)
		return to_devdax(wanted, unbound);
	/* Only cut again: what held it gets it back. */
	if (!unbound || !dax->driver[0])
		return 0;
	r = add_bind(wanted, dax_is_kmem(dax) ? "kmem" : "device_dax", size);
	return r == 0 && dax_is_kmem(dax) && wanted->counts.online ? add_online(wanted, false) : r;
}

static int plan_memory(struct request_plan *wanted)
{
	const struct dax_device *dax = wanted->target->dax;

	if (!dax_is_kmem(dax)) {
		plan_refuse(wanted->plan,
			    "%s is not system RAM (%s); kmemctl reconfigure-device -m system-ram "
			    "%s makes it so",
			    dax->name, dax->driver[0] ? "devdax mode" : "disabled", dax->name);
		return 0;
	}
	return wanted->request->verb == KMEMD_ONLINE_MEMORY ? add_online(wanted, true)
							    : add_offline(wanted);
}

static int plan_enable(struct request_plan *wanted)
{
	const struct dax_device *dax = wanted->target->dax;

	if (dax_is_kmem(dax)) {
		plan_refuse(wanted->plan,
			    "%s is enabled as system RAM; kmemctl reconfigure-device -m devdax %s "
			    "makes it devdax",
			    dax->name, dax->name);
		return 0;
	}
	return dax->driver[0] ? 0 : add_bind(wanted, "device_dax", 0);
}

static int plan_disable(struct request_plan *wanted)
{
	if (!wanted->target->dax->driver[0] || refuse_in_use(wanted))
		return 0;
	return add_unbind(wanted);
}

static int plan_destroy(struct request_plan *wanted)
{
	const struct dax_device *dax = wanted->target->dax;

	if (is_static(wanted)) {
		plan_refuse(wanted->plan,
			    "%s is the whole of %s; ndctl destroy-namespace -f %s destroys that, "
			    "and what is on it",
			    dax->name, dax->origin[0] ? dax->origin : "its namespace",
			    dax->origin[0] ? dax->origin : "NAMESPACE");
		return 0;
	}
	if (dax->driver[0] && !wanted->request->force) {
		plan_refuse(wanted->plan, "%s is active (%s); --force takes it out of use first",
			    dax->name, dax_is_kmem(dax) ? "system-ram" : "devdax");
		return 0;
	}
	if (dax_is_kmem(dax) && add_offline(wanted) < 0)
		return -ENOMEM;
	if (dax->driver[0] && add_unbind(wanted) < 0)
		return -ENOMEM;
	return add_step(wanted, STEP_DESTROY_DAX) ? 0 : -ENOMEM;
}

/* --- a new device -------------------------------------------------------------------------------
 */

static uint64_t mapped_bytes(const struct kmemd_request *request)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < request->mapping_count; i++)
		bytes += request->mappings[i].end - request->mappings[i].start + 1;
	return bytes;
}

/* The size of the new device, 0 with a refusal. */
static uint64_t new_size(struct request_plan *wanted, const struct dax_region *region)
{
	const struct kmemd_request *request = wanted->request;
	uint64_t unit = request->align ? request->align : region->align;
	uint64_t size = request->has_size ? request->size : region->available;
	char need[SIZE_TEXT_MAX], have[SIZE_TEXT_MAX];

	if (unit < SIZE_UNIT)
		unit = SIZE_UNIT;
	if (request->mapping_count) {
		size = mapped_bytes(request);
		if (request->has_size && request->size != size)
			plan_refuse(wanted->plan, "the mappings make %s and the size says %s",
				    format_size(size, have), format_size(request->size, need));
	} else if (!request->has_size) {
		size -= size % unit;
	}
	if (!region->available || !size)
		plan_refuse(wanted->plan,
			    "nothing can be cut from the dax region %d: it has %s left%s",
			    region->id, format_size(region->available, have),
			    region->path && strstr(region->path, "/ndbus") ? ", being a namespace's"
									   : "");
	else if (size > region->available)
		plan_refuse(wanted->plan, "%s are not there: the dax region %d has %s left",
			    format_size(size, need), region->id,
			    format_size(region->available, have));
	else if (size % unit)
		plan_refuse(wanted->plan, "%s is no multiple of the alignment (%s)",
			    format_size(size, need), format_size(unit, have));
	return wanted->plan->refusal[0] ? 0 : size;
}

static int plan_create(struct request_plan *wanted)
{
	const struct dax_region *region = wanted->target->region;
	const struct kmemd_request *request = wanted->request;
	bool ram = request->mode == KMEMD_MODE_SYSTEM_RAM;
	uint64_t size = new_size(wanted, region);
	char name[DEVICE_NAME_MAX], block[SIZE_TEXT_MAX];
	struct step *step;

	if (!size)
		return 0;
	wanted->block_total = size / wanted->inventory->host.block_size;
	if (ram && !wanted->block_total) {
		plan_refuse(wanted->plan, "that is less than a memory block of %s",
			    format_size(wanted->inventory->host.block_size, block));
		return 0;
	}
	snprintf(name, sizeof(name), "%d", region->id);
	step = plan_add_step(wanted->plan, STEP_CREATE_DAX, name, KEY_COUNT);
	if (!step)
		return -ENOMEM;
	step->shape.region = region;
	step->shape.size = size;
	step->shape.align = request->align;
	step->shape.mappings = request->mappings;
	step->shape.mapping_count = request->mapping_count;
	if (add_bind(wanted, ram ? "kmem" : "device_dax", size) < 0)
		return -ENOMEM;
	return ram && !request->no_online && !wanted->plan->refusal[0] ? add_online(wanted, false)
								       : 0;
}

/* --- all of it ----------------------------------------------------------------------------------
 */

/* Where the kernel should put blocks that appear while this is done. */
static const char *auto_online_word(const struct kmemd_request *request)
{
	if (!wants_online(request))
		return "offline";
	return request->no_movable ? "online_kernel" : "online_movable";
}

/* True, with the refusal, when a driver that is not ours to take it from holds the device. */
static bool refuse_foreign(const struct request_plan *wanted)
{
	const struct dax_device *dax = wanted->target->dax;

	if (!dax || !dax_is_foreign(dax) || wanted->request->force)
		return false;
	plan_refuse(wanted->plan,
		    "%s is held by the driver %s, which may have a file system or a virtual "
		    "machine on it; --force takes it away all the same",
		    dax->name, dax->driver);
	return true;
}

static int plan_verb(struct request_plan *wanted)
{
	if (refuse_foreign(wanted))
		return 0;
	switch (wanted->request->verb) {
	case KMEMD_RECONFIGURE_DEVICE:
		return plan_reconfigure(wanted);
	case KMEMD_ONLINE_MEMORY:
	case KMEMD_OFFLINE_MEMORY:
		return plan_memory(wanted);
	case KMEMD_ENABLE_DEVICE:
		return plan_enable(wanted);
	case KMEMD_DISABLE_DEVICE:
		return plan_disable(wanted);
	case KMEMD_CREATE_DEVICE:
		return plan_create(wanted);
	case KMEMD_DESTROY_DEVICE:
	default:
		return plan_destroy(wanted);
	}
}

int plan_request(const struct kmemd_inventory *inventory, const struct request_target *target,
		 const struct kmemd_request *request, struct plan *ret)
{
	struct plan plan = {
		.device = target->device,
		.decision.settings = default_settings,
		.goal = GOAL_REQUEST,
		.request = request,
		.auto_online = auto_online_word(request),
	};
	struct request_plan wanted = {
		.plan = &plan,
		.inventory = inventory,
		.target = target,
		.request = request,
	};
	int r;

	if (target->dax) {
		wanted.counts = dax_block_counts(target->dax);
		array_foreach(range, &target->dax->ranges) {
			uint64_t first, count;

			blocks_of_range(range, inventory->host.block_size, &first, &count);
			wanted.block_total += count;
		}
	}
	plan.decision.settings.zone = zone_of(request);
	plan.decision.settings.mode = wants_online(request) ? MODE_SYSTEM_RAM : MODE_IGNORE;
	plan.decision.settings.on_failure = request->keep ? ON_FAILURE_KEEP : ON_FAILURE_ROLLBACK;
	r = plan_verb(&wanted);
	if (r < 0) {
		plan_release(&plan);
		return r;
	}
	plan_hold_many_blocks(&plan, &inventory->host);
	*ret = plan;
	return 0;
}
