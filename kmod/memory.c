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
 *   list_lock: the list and the "bound" pointers, for the memory notifier, which
 *     runs under the hotplug locks and must not take kmem_mutex
 *
 * Every block that is not offline holds a reference on the module. So unloading
 * is refused ("Module kmem is in use") as long as memory would stay behind,
 * whether its device is bound or not, and a block cannot go online any more once
 * unloading has begun.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/memory.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/pfn.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "failures.h"
#include "kmem.h"

static LIST_HEAD(memories);
static DEFINE_SPINLOCK(list_lock);
static DEFINE_MUTEX(kmem_mutex);

static struct workqueue_struct *release_wq;
static void release_remembered(struct work_struct *work);
static DECLARE_WORK(release_work, release_remembered);

static u64 range_end(const struct kmem_range *range)
{
	return range->start + (u64)range->nr_blocks * memory_block_size_bytes() - 1;
}

static struct kmem_memory *free_memory(struct kmem_memory *mem)
{
	unsigned int i;

	if (!mem)
		return NULL;
	for (i = 0; i < mem->nr_ranges; i++) {
		bitmap_free(mem->ranges[i].added);
		bitmap_free(mem->ranges[i].self_hosted);
		bitmap_free(mem->ranges[i].online);
	}
	kfree(mem->name);
	kfree(mem);
	return NULL;
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
	range->added = bitmap_zalloc(range->nr_blocks, GFP_KERNEL);
	range->self_hosted = bitmap_zalloc(range->nr_blocks, GFP_KERNEL);
	range->online = bitmap_zalloc(range->nr_blocks, GFP_KERNEL);
	if (!range->added || !range->self_hosted || !range->online)
		return -ENOMEM;
	return 0;
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
	spin_lock(&list_lock);
	list_add_tail(&mem->list, &memories);
	spin_unlock(&list_lock);
	return 0;
}

/* Needs kmem_mutex and no block that is still added. */
static void unregister_memory(struct kmem_memory *mem)
{
	int rc;

	spin_lock(&list_lock);
	list_del(&mem->list);
	spin_unlock(&list_lock);
	rc = memory_group_unregister(mem->mgid);
	if (rc)
		pr_warn("%s: memory group %d could not be unregistered: error %d\n",
			mem->name, mem->mgid, rc);
	kmem_tier_put(mem->node);
}

/* Removes what is offline. True when nothing is left. Needs kmem_mutex. */
static bool shrink_memory(struct kmem_memory *mem)
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
						range_end(&old->ranges[i]),
						mem->ranges[j].start,
						range_end(&mem->ranges[j])))
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
		if (shrink_memory(old)) {
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
		spin_lock(&list_lock);
		old->dev = mem->dev;
		spin_unlock(&list_lock);
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

static int apply_setting(struct kmem_memory *mem, struct kmem_setting setting)
{
	const char *obstacle = kmem_self_host_obstacle();

	mem->asked = setting.asked;
	mem->self_host = setting.self_host && !obstacle;
	strscpy(mem->reason, setting.self_host && obstacle ? obstacle : "none",
		sizeof(mem->reason));
	if (setting.asked && obstacle) {
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

/* Needs kmem_mutex. */
static int add_ranges(struct kmem_memory *mem, struct kmem_setting setting)
{
	struct kmem_failures *failures;
	unsigned int i;
	int rc;

	/* Until they are added; what is adopted may be all there will be. */
	mem->nr_failed = mem->nr_total - mem->nr_added;
	rc = apply_setting(mem, setting);
	if (rc)
		return rc;
	failures = kzalloc(sizeof(*failures), GFP_KERNEL);
	if (!failures)
		return -ENOMEM;
	for (i = 0; i < mem->nr_ranges; i++)
		kmem_range_add(mem, &mem->ranges[i], failures);
	mem->nr_failed = failures->nr;
	report_added(mem, failures);
	rc = mem->nr_added ? 0 : failures->first_error;
	kfree(failures);
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
	rc = add_ranges(mem, setting);
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
	spin_lock(&list_lock);
	mem->dev = NULL;
	spin_unlock(&list_lock);
	if (shrink_memory(mem)) {
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
		if (mem->dev || !shrink_memory(mem))
			continue;
		pr_info("%s: the last remembered memory block went offline and was removed\n",
			mem->name);
		unregister_memory(mem);
		free_memory(mem);
	}
	mutex_unlock(&kmem_mutex);
}

/* The range that the block at @addr was added from. Needs list_lock. */
static struct kmem_range *find_range(u64 addr, struct kmem_memory **memp)
{
	struct kmem_memory *mem;
	unsigned int i;

	list_for_each_entry(mem, &memories, list) {
		for (i = 0; i < mem->nr_ranges; i++) {
			struct kmem_range *range = &mem->ranges[i];

			if (range->nr_blocks && addr >= range->start &&
			    addr <= range_end(range)) {
				*memp = mem;
				return range;
			}
		}
	}
	return NULL;
}

/*
 * The core calls this for one block at a time, under its hotplug locks. A cancel
 * also comes for a block whose going online was refused before it got here.
 */
static int memory_event(struct notifier_block *nb, unsigned long action,
			void *data)
{
	const struct memory_notify *event = data;
	u64 block_size = memory_block_size_bytes();
	/* The pages of a self-hosted block begin behind its memmap. */
	u64 addr = ALIGN_DOWN(PFN_PHYS(event->start_pfn), block_size);
	struct kmem_memory *mem;
	struct kmem_range *range;
	unsigned int block;
	int rc = NOTIFY_OK;

	spin_lock(&list_lock);
	range = find_range(addr, &mem);
	if (!range)
		goto out;
	block = kmem_block_index(range->start, addr, block_size);

	switch (action) {
	case MEM_GOING_ONLINE:
		if (try_module_get(THIS_MODULE))
			set_bit(block, range->online);
		else
			rc = notifier_from_errno(-ENODEV);
		break;
	case MEM_CANCEL_ONLINE:
	case MEM_OFFLINE:
		if (!test_and_clear_bit(block, range->online))
			break;
		if (!mem->dev)
			queue_work(release_wq, &release_work);
		module_put(THIS_MODULE);
		break;
	}
out:
	spin_unlock(&list_lock);
	return rc;
}

static struct notifier_block memory_notifier = {
	.notifier_call = memory_event,
};

int kmem_memory_init(void)
{
	int rc;

	release_wq = alloc_workqueue("kmem_release", WQ_UNBOUND, 0);
	if (!release_wq)
		return -ENOMEM;
	rc = register_memory_notifier(&memory_notifier);
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
	unregister_memory_notifier(&memory_notifier);
	clean = list_empty(&memories);
	if (!clean)
		pr_err("offline memory could not be removed and stays until reboot\n");
	return clean;
}
