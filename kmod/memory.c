// SPDX-License-Identifier: GPL-2.0-only
/*
 * The life of the memory that was made of a dax device: made or adopted when the
 * device is bound, given back or remembered when it is unbound, and given back
 * for good when the last remembered block goes offline.
 *
 * Locks, outermost first:
 *   the dax device's lock, held by the driver core around bind and unbind
 *   kmem_mutex: everything that adds or removes blocks
 *   the core's hotplug locks, taken inside every add and remove
 *   list_lock in online.c, taken by the memory notifier under the hotplug locks
 *
 * A write to `state` holds the attribute, which unbinding waits for under the
 * device's lock, and then takes kmem_mutex; so it must not take the device's.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/memory.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pfn.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "failures.h"
#include "kmem.h"

static LIST_HEAD(memories);
static DEFINE_MUTEX(kmem_mutex);

static struct workqueue_struct *release_wq;
static void release_remembered(struct work_struct *work);
static DECLARE_WORK(release_work, release_remembered);

static struct kmem_memory *free_memory(struct kmem_memory *mem)
{
	unsigned int i;

	if (!mem)
		return NULL;
	for (i = 0; i < mem->nr_ranges; i++)
		kvfree(mem->ranges[i].added);
	kfree(mem->name);
	kfree(mem);
	return NULL;
}

static int alloc_bitmaps(struct kmem_range *range)
{
	unsigned long **bitmaps[] = {
		&range->added, &range->self_hosted, &range->online,
		&range->kernel, &range->movable,
		&range->undo_kernel, &range->undo_movable,
	};
	size_t longs = BITS_TO_LONGS(range->nr_blocks);
	unsigned long *all;
	unsigned int i;

	all = kvcalloc(longs, ARRAY_SIZE(bitmaps) * sizeof(*all), GFP_KERNEL);
	if (!all)
		return -ENOMEM;
	for (i = 0; i < ARRAY_SIZE(bitmaps); i++)
		*bitmaps[i] = all + i * longs;
	return 0;
}

static int init_range(struct kmem_memory *mem, struct kmem_range *range,
		      const struct range *whole)
{
	struct kmem_cut cut = kmem_cut_range(whole->start, whole->end,
					     memory_block_size_bytes());

	mem->truncated += cut.truncated;
	if (!cut.nr_blocks) {
		dev_info(mem->dev, "range %#llx-%#llx holds no whole memory block of %#lx bytes\n",
			 whole->start, whole->end, memory_block_size_bytes());
		return 0;
	}
	if (cut.nr_blocks > INT_MAX - mem->nr_total)
		return -E2BIG;

	range->start = cut.start;
	range->nr_blocks = cut.nr_blocks;
	mem->nr_total += cut.nr_blocks;
	return alloc_bitmaps(range);
}

/* Cut up, but nothing reserved or registered yet. */
static struct kmem_memory *alloc_memory(struct dev_dax *dev_dax)
{
	struct kmem_memory *mem;
	int i, rc = 0;

	mem = kzalloc(struct_size(mem, ranges, dev_dax->nr_range), GFP_KERNEL);
	if (!mem)
		return ERR_PTR(-ENOMEM);
	mem->dev = &dev_dax->dev;
	mem->node = dev_dax->target_node;
	mem->nr_ranges = dev_dax->nr_range;
	mem->name = kstrdup(dev_name(mem->dev), GFP_KERNEL);
	if (!mem->name)
		rc = -ENOMEM;
	for (i = 0; !rc && i < dev_dax->nr_range; i++)
		rc = init_range(mem, &mem->ranges[i], &dev_dax->ranges[i].range);
	if (!rc && !mem->nr_total) {
		dev_err(mem->dev,
			"no memory to add: no range holds a whole memory block of %#lx bytes\n",
			memory_block_size_bytes());
		rc = -EINVAL;
	}
	if (rc) {
		free_memory(mem);
		return ERR_PTR(rc);
	}
	return mem;
}

/* Needs kmem_mutex. */
static int register_memory(struct kmem_memory *mem)
{
	int rc;

	rc = kmem_tier_get(mem->node);
	if (rc)
		return rc;
	rc = memory_group_register_static(mem->node, mem->nr_total *
					  PHYS_PFN(memory_block_size_bytes()));
	if (rc < 0) {
		kmem_tier_put(mem->node);
		return rc;
	}
	mem->mgid = rc;
	list_add_tail(&mem->list, &memories);
	kmem_online_watch(mem);
	return 0;
}

/* Needs kmem_mutex and no block that is still added. */
static void unregister_memory(struct kmem_memory *mem)
{
	int rc;

	kmem_online_unwatch(mem);
	list_del(&mem->list);
	rc = memory_group_unregister(mem->mgid);
	if (rc)
		pr_warn("%s: memory group %d could not be unregistered: error %d\n",
			mem->name, mem->mgid, rc);
	kmem_tier_put(mem->node);
}

/**
 * kmem_memory_shrink() - remove all blocks that are offline
 * @mem: the memory; kmem_mutex is held
 *
 * Return: true when nothing is left.
 */
bool kmem_memory_shrink(struct kmem_memory *mem)
{
	unsigned int i;

	for (i = 0; i < mem->nr_ranges; i++)
		kmem_range_remove(mem, &mem->ranges[i]);
	return !mem->nr_added;
}

/* Does something that is still reserved for @old lie in a range of @mem? */
static bool memories_overlap(const struct kmem_memory *old,
			     const struct kmem_memory *mem)
{
	unsigned int i, j;

	for (i = 0; i < old->nr_ranges; i++) {
		if (!old->ranges[i].res)
			continue;
		for (j = 0; j < mem->nr_ranges; j++)
			if (mem->ranges[j].nr_blocks &&
			    kmem_ranges_overlap(old->ranges[i].start,
						kmem_range_end(&old->ranges[i]),
						mem->ranges[j].start,
						kmem_range_end(&mem->ranges[j])))
				return true;
	}
	return false;
}

static bool memories_match(const struct kmem_memory *old,
			   const struct kmem_memory *mem)
{
	unsigned int i;

	if (old->node != mem->node || old->nr_ranges != mem->nr_ranges)
		return false;
	for (i = 0; i < old->nr_ranges; i++)
		if (old->ranges[i].start != mem->ranges[i].start ||
		    old->ranges[i].nr_blocks != mem->ranges[i].nr_blocks)
			return false;
	return true;
}

/*
 * What an earlier binding of the same ranges left online, or NULL; -EBUSY if it
 * was cut in another way and cannot be taken over. Needs kmem_mutex.
 */
static struct kmem_memory *find_remembered(const struct kmem_memory *mem)
{
	struct kmem_memory *old, *next;

	list_for_each_entry_safe(old, next, &memories, list) {
		if (old->dev || !memories_overlap(old, mem))
			continue;
		if (kmem_memory_shrink(old)) {
			unregister_memory(old);
			free_memory(old);
			continue;
		}
		if (!memories_overlap(old, mem))
			continue;
		if (memories_match(old, mem))
			return old;
		dev_err(mem->dev,
			"%u memory blocks of the former %s are still online in this range, which was cut differently then; offline them and bind again\n",
			old->nr_added, old->name);
		return ERR_PTR(-EBUSY);
	}
	return NULL;
}

/* Takes @mem over in either case. Needs kmem_mutex. */
static struct kmem_memory *adopt_or_register(struct kmem_memory *mem)
{
	struct kmem_memory *old = find_remembered(mem);
	int rc;

	if (IS_ERR(old)) {
		free_memory(mem);
		return old;
	}
	if (old) {
		dev_info(mem->dev, "adopting %u memory blocks that were left online by %s\n",
			 old->nr_added, old->name);
		old->truncated = mem->truncated;
		kmem_online_set_device(old, mem->dev);
		free_memory(mem);
		return old;
	}
	rc = register_memory(mem);
	if (rc) {
		free_memory(mem);
		return ERR_PTR(rc);
	}
	return mem;
}

static int apply_setting(struct kmem_memory *mem)
{
	const char *obstacle = kmem_self_host_obstacle();

	mem->self_host = mem->setting.self_host && !obstacle;
	strscpy(mem->reason,
		mem->setting.self_host && obstacle ? obstacle : "none",
		sizeof(mem->reason));
	if (mem->setting.asked && obstacle) {
		dev_err(mem->dev, "memmap_on_memory was asked for: %s\n", obstacle);
		return -EOPNOTSUPP;
	}
	return kmem_memmap_check(mem);
}

static void report_added(const struct kmem_memory *mem,
			 struct kmem_failures *failures)
{
	if (failures->nr)
		dev_warn(mem->dev, "%u of %u memory blocks could not be added: %s\n",
			 failures->nr, mem->nr_total,
			 kmem_failures_text(failures));
	if (mem->nr_added)
		dev_info(mem->dev,
			 "%u of %u memory blocks of %lu MiB on node %d, %u of them with memmap on the device%s%s\n",
			 mem->nr_added, mem->nr_total,
			 memory_block_size_bytes() >> 20, mem->node,
			 mem->nr_self_hosted,
			 strcmp(mem->reason, "none") ? "; " : "",
			 strcmp(mem->reason, "none") ? mem->reason : "");
}

/*
 * The core puts new blocks online one by one as they come, if it is told to. In a
 * kernel zone, the memmap of the next ones would then go on the first ones, which
 * could never go offline again. So they go online when all are added, except after
 * one call that adds everything, which does the same by itself.
 */
static void add_ranges(struct kmem_memory *mem, struct kmem_failures *failures)
{
	enum kmem_state state = kmem_default_state(mem->dev);
	bool late = state == KMEM_ONLINE || state == KMEM_ONLINE_KERNEL;
	bool frozen = false;
	unsigned int i;

	if (late && mem->nr_ranges > 1)
		frozen = kmem_online_freeze(mem);
	for (i = 0; i < mem->nr_ranges; i++)
		kmem_range_add_whole(mem, &mem->ranges[i]);
	if (late && !frozen && mem->nr_added < mem->nr_total)
		frozen = kmem_online_freeze(mem);
	for (i = 0; i < mem->nr_ranges; i++)
		kmem_range_add(mem, &mem->ranges[i], failures);
	if (!frozen)
		return;
	/* Failing is no reason to give the memory back, as in the core. */
	kmem_plug_online(mem, state);
	kmem_online_thaw(mem);
}

/**
 * kmem_memory_add() - add all blocks that are not added yet
 * @mem: the memory; kmem_mutex is held
 *
 * They go online as the kernel does it with new memory, unless @mem is frozen.
 *
 * Return: 0 if a block is added, now or before, or the error of the first one.
 */
int kmem_memory_add(struct kmem_memory *mem)
{
	/* Half a kilobyte, on the stack: what failed is told also without memory. */
	struct kmem_failures failures = {};
	int rc = apply_setting(mem);

	if (!rc) {
		add_ranges(mem, &failures);
		report_added(mem, &failures);
		rc = mem->nr_added ? 0 : failures.first_error;
	}
	/* What is adopted may be all there will be. */
	WRITE_ONCE(mem->nr_failed, mem->nr_total - mem->nr_added);
	return rc;
}

/**
 * kmem_memory_bind() - make memory of a dax device
 * @dev_dax: the device, locked
 * @setting: what is wanted for it
 *
 * Return: its memory, of which at least one block is added, or an error after
 * which nothing is reserved that was not before.
 */
struct kmem_memory *kmem_memory_bind(struct dev_dax *dev_dax,
				     struct kmem_setting setting)
{
	struct kmem_memory *mem = alloc_memory(dev_dax);
	int rc;

	if (IS_ERR(mem))
		return mem;

	mutex_lock(&kmem_mutex);
	mem = adopt_or_register(mem);
	if (IS_ERR(mem))
		goto out;
	mem->setting = setting;
	rc = kmem_memory_add(mem);
	/* Adopted blocks count even if nothing could be added to them. */
	if (rc && !mem->nr_added) {
		unregister_memory(mem);
		free_memory(mem);
		mem = ERR_PTR(rc);
	}
out:
	mutex_unlock(&kmem_mutex);
	return mem;
}

/**
 * kmem_memory_unbind() - give the memory of a device back
 * @mem: not to be used afterwards
 *
 * Blocks that are online stay, and are remembered.
 */
void kmem_memory_unbind(struct kmem_memory *mem)
{
	struct device *dev = mem->dev;

	mutex_lock(&kmem_mutex);
	/* First, so that every block that goes offline from now on is seen. */
	kmem_online_set_device(mem, NULL);
	if (kmem_memory_shrink(mem)) {
		unregister_memory(mem);
		free_memory(mem);
	} else {
		dev_warn(dev,
			 "%u of %u memory blocks are still online; they are removed when they go offline, adopted when the range is bound again, and kmem cannot be unloaded until then\n",
			 mem->nr_added, mem->nr_total);
	}
	mutex_unlock(&kmem_mutex);
}

static void release_remembered(struct work_struct *work)
{
	struct kmem_memory *mem, *next;

	mutex_lock(&kmem_mutex);
	list_for_each_entry_safe(mem, next, &memories, list) {
		if (mem->dev || !kmem_memory_shrink(mem))
			continue;
		pr_info("%s: the last remembered memory block went offline and was removed\n",
			mem->name);
		unregister_memory(mem);
		free_memory(mem);
	}
	mutex_unlock(&kmem_mutex);
}

/**
 * kmem_memory_release_later() - give remembered blocks back that went offline
 *
 * Context: any.
 */
void kmem_memory_release_later(void)
{
	queue_work(release_wq, &release_work);
}

/**
 * kmem_memory_state() - what is true of the blocks of a device
 * @mem: its memory
 */
enum kmem_state kmem_memory_state(const struct kmem_memory *mem)
{
	return kmem_state_of(READ_ONCE(mem->nr_added), READ_ONCE(mem->nr_kernel),
			     READ_ONCE(mem->nr_movable),
			     READ_ONCE(mem->kernel_chose));
}

/**
 * kmem_memory_set_state() - bring a whole device into a state
 * @mem: its memory, bound
 * @wanted: the state
 *
 * The rules are those of Linux 7.3: whatever it is in, it can be unplugged; it
 * can go online only from there. Nothing is to be done where it is already.
 *
 * Return: 0 or an error, after which everything is as it was.
 */
int kmem_memory_set_state(struct kmem_memory *mem, enum kmem_state wanted)
{
	int rc;

	rc = mutex_lock_interruptible(&kmem_mutex);
	if (rc)
		return rc;
	if (kmem_state_reached(wanted, mem->nr_added, READ_ONCE(mem->nr_kernel),
			       READ_ONCE(mem->nr_movable)))
		rc = 0;
	else if (wanted == KMEM_UNPLUGGED)
		rc = kmem_plug_out(mem);
	else if (!KMEM_CAN_CHOOSE_ZONE)
		rc = -EOPNOTSUPP;
	else if (mem->nr_added)
		rc = -EBUSY;
	else
		rc = kmem_plug_in(mem, wanted);
	mutex_unlock(&kmem_mutex);
	return rc;
}

int kmem_memory_init(void)
{
	int rc;

	release_wq = alloc_workqueue("kmem_release", WQ_UNBOUND, 0);
	if (!release_wq)
		return -ENOMEM;
	rc = kmem_online_init();
	if (rc)
		destroy_workqueue(release_wq);
	return rc;
}

/**
 * kmem_memory_exit() - give back what is left, with no device bound any more
 *
 * Return: false if memory stays behind, which would be a bug of the kernel's
 * hotplug core: nothing can be online here.
 */
bool kmem_memory_exit(void)
{
	bool clean;

	queue_work(release_wq, &release_work);
	destroy_workqueue(release_wq);
	kmem_online_exit();
	clean = list_empty(&memories);
	if (!clean)
		pr_err("offline memory could not be removed and stays until reboot\n");
	return clean;
}
