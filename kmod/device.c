// SPDX-License-Identifier: GPL-2.0-only
/*
 * The life of the memory that was made of a dax device: made or adopted when the
 * device is bound, given back or remembered when it is unbound, and given back
 * for good when the last remembered block goes offline. In between, all of it out
 * of the system or back, or nothing.
 *
 * Locks, outermost first:
 *   the dax device's lock, held by the driver core around bind and unbind
 *   kmem_mutex: everything that adds or removes blocks
 *   the core's hotplug locks, taken inside every add, remove, and change of a block
 *   watch_lock in watch.c, taken by the memory notifier under the hotplug locks
 *
 * A write to `state` holds the attribute, which unbinding waits for under the
 * device's lock, and then takes kmem_mutex; so it must not take the device's.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/memory.h>
#include <linux/memory_hotplug.h>
#include <linux/mutex.h>
#include <linux/pfn.h>
#include <linux/sysfs.h>
#include <linux/workqueue.h>

#include "core-sysfs.h"
#include "cut.h"
#include "device.h"
#include "plug.h"
#include "tier.h"

static LIST_HEAD(devices);
static DEFINE_MUTEX(kmem_mutex);

static struct workqueue_struct *release_wq;
static void release_remembered(struct work_struct *work);
static DECLARE_WORK(release_work, release_remembered);

static int register_device(struct kmem_memory *mem)
{
	int rc;

	lockdep_assert_held(&kmem_mutex);
	mem->type = kmem_tier_get(mem->node);
	if (IS_ERR(mem->type))
		return PTR_ERR(mem->type);
	rc = memory_group_register_static(mem->node,
					  mem->pool.account.numbers.total *
					  PHYS_PFN(memory_block_size_bytes()));
	if (rc < 0) {
		dev_err(mem->dev,
			"no memory added: no memory group for node %d: error %d; -22 means that the kernel has no such node\n",
			mem->node, rc);
		kmem_tier_put(mem->node, mem->type);
		return rc;
	}
	mem->mgid = rc;
	list_add_tail(&mem->list, &devices);
	return 0;
}

/* Of a device of which no block is added any more. Frees it. */
static void unregister_device(struct kmem_memory *mem)
{
	int rc;

	lockdep_assert_held(&kmem_mutex);
	list_del(&mem->list);
	rc = memory_group_unregister(mem->mgid);
	if (rc)
		pr_warn("%s: memory group %d could not be unregistered: error %d\n",
			mem->name, mem->mgid, rc);
	kmem_tier_put(mem->node, mem->type);
	kmem_memory_free(mem);
}

static bool ranges_overlap(const struct kmem_watch *a, const struct kmem_watch *b)
{
	return a->nr_blocks && b->nr_blocks &&
	       kmem_ranges_overlap(a->start, kmem_watch_last(a),
				   b->start, kmem_watch_last(b));
}

/* Does something that is still reserved for @old lie in a range of @mem? */
static bool devices_overlap(const struct kmem_memory *old,
			    const struct kmem_memory *mem)
{
	unsigned int i, j;

	for (i = 0; i < old->pool.nr_ranges; i++) {
		if (!old->ranges[i].res)
			continue;
		for (j = 0; j < mem->pool.nr_ranges; j++)
			if (ranges_overlap(&old->ranges[i].watch,
					   &mem->ranges[j].watch))
				return true;
	}
	return false;
}

static bool devices_match(const struct kmem_memory *old,
			  const struct kmem_memory *mem)
{
	unsigned int i;

	if (old->node != mem->node ||
	    old->pool.nr_ranges != mem->pool.nr_ranges)
		return false;
	for (i = 0; i < old->pool.nr_ranges; i++) {
		const struct kmem_watch *a = &old->ranges[i].watch;
		const struct kmem_watch *b = &mem->ranges[i].watch;

		if (a->start != b->start || a->nr_blocks != b->nr_blocks)
			return false;
	}
	return true;
}

/*
 * What an earlier binding of the same ranges left online, or NULL; -EBUSY if it
 * was cut in another way and cannot be taken over.
 */
static struct kmem_memory *find_remembered(const struct kmem_memory *mem)
{
	struct kmem_memory *old, *next;

	lockdep_assert_held(&kmem_mutex);
	list_for_each_entry_safe(old, next, &devices, list) {
		if (old->dev || !devices_overlap(old, mem))
			continue;
		if (kmem_plug_shrink(old)) {
			unregister_device(old);
			continue;
		}
		if (!devices_overlap(old, mem))
			continue;
		if (devices_match(old, mem))
			return old;
		dev_err(mem->dev,
			"%u memory blocks of the former %s are still online in this range, which was cut differently then; offline them and bind again\n",
			kmem_memory_numbers(old).added, old->name);
		return ERR_PTR(-EBUSY);
	}
	return NULL;
}

/* Takes @mem over in either case. */
static struct kmem_memory *adopt_or_register(struct kmem_memory *mem)
{
	struct kmem_memory *old = find_remembered(mem);
	int rc;

	lockdep_assert_held(&kmem_mutex);
	if (IS_ERR(old)) {
		kmem_memory_free(mem);
		return old;
	}
	if (old) {
		dev_info(mem->dev, "adopting %u memory blocks that were left online by %s\n",
			 kmem_memory_numbers(old).added, old->name);
		old->dev = mem->dev;
		old->truncated = mem->truncated;
		kmem_account_set_orphaned(&old->pool.account, false);
		kmem_memory_free(mem);
		return old;
	}
	rc = register_device(mem);
	if (rc) {
		kmem_memory_free(mem);
		return ERR_PTR(rc);
	}
	return mem;
}

/**
 * kmem_device_bind() - make memory of a dax device
 * @dev_dax: the device, locked
 * @self_host: its memmap_on_memory
 * @asked: somebody wrote it, it is not a default
 *
 * Return: its memory, of which at least one block is added, or an error after
 * which nothing is reserved that was not before.
 */
struct kmem_memory *kmem_device_bind(struct dev_dax *dev_dax, bool self_host,
				     bool asked)
{
	struct kmem_memory *mem = kmem_memory_alloc(dev_dax);
	int rc;

	if (IS_ERR(mem))
		return mem;

	mutex_lock(&kmem_mutex);
	rc = kmem_core_open(mem->dev);
	if (rc) {
		kmem_memory_free(mem);
		mem = ERR_PTR(rc);
		goto out;
	}
	mem = adopt_or_register(mem);
	if (IS_ERR(mem))
		goto out;
	mem->self_host_wanted = self_host;
	mem->self_host_asked = asked;
	rc = kmem_plug_add(mem, kmem_core_default_state());
	/* Adopted blocks count even if nothing could be added to them. */
	if (rc && !kmem_memory_numbers(mem).added) {
		unregister_device(mem);
		mem = ERR_PTR(rc);
	}
out:
	mutex_unlock(&kmem_mutex);
	return mem;
}

/**
 * kmem_device_unbind() - give the memory of a device back
 * @mem: not to be used afterwards
 *
 * Blocks that are online stay, and are remembered.
 */
void kmem_device_unbind(struct kmem_memory *mem)
{
	struct device *dev = mem->dev;
	struct kmem_numbers numbers;

	mutex_lock(&kmem_mutex);
	/* First, so that every block that goes offline from now on is seen. */
	mem->dev = NULL;
	kmem_account_set_orphaned(&mem->pool.account, true);
	if (kmem_plug_shrink(mem)) {
		unregister_device(mem);
	} else {
		numbers = kmem_memory_numbers(mem);
		dev_warn(dev,
			 "%u of %u memory blocks are still %s; they are removed when they go offline, adopted when the range is bound again, and kmem cannot be unloaded until then\n",
			 numbers.added, numbers.total,
			 IS_ENABLED(CONFIG_MEMORY_HOTREMOVE) ? "online" : "added");
	}
	mutex_unlock(&kmem_mutex);
}

static void release_remembered(struct work_struct *work)
{
	struct kmem_memory *mem, *next;

	mutex_lock(&kmem_mutex);
	list_for_each_entry_safe(mem, next, &devices, list) {
		if (mem->dev || !kmem_plug_shrink(mem))
			continue;
		pr_info("%s: the last remembered memory block went offline and was removed\n",
			mem->name);
		unregister_device(mem);
	}
	mutex_unlock(&kmem_mutex);
}

/* Called by the memory notifier. */
static void release_later(void)
{
	queue_work(release_wq, &release_work);
}

/**
 * kmem_device_numbers() - what became of the blocks of a device
 * @mem: its memory
 * @numbers: where to put them
 */
void kmem_device_numbers(struct kmem_memory *mem, struct kmem_numbers *numbers)
{
	kmem_account_read(&mem->pool.account, numbers);
}

/**
 * kmem_device_state() - what is true of the blocks of a device
 * @mem: its memory
 */
enum kmem_state kmem_device_state(struct kmem_memory *mem)
{
	struct kmem_numbers numbers = kmem_memory_numbers(mem);

	return kmem_state_of(numbers.added, numbers.kernel, numbers.movable,
			     numbers.kernel_chose);
}

/**
 * kmem_device_truncated() - bytes of a device that are in no whole block
 * @mem: its memory
 */
u64 kmem_device_truncated(const struct kmem_memory *mem)
{
	return mem->truncated;
}

/**
 * kmem_device_poisoned() - how many blocks of a device have poisoned pages
 * @mem: its memory
 *
 * Taking blocks offline may go on for long: nobody is to wait for it who reads.
 *
 * Return: their number; while blocks are being changed, what it was before.
 */
unsigned int kmem_device_poisoned(struct kmem_memory *mem)
{
	unsigned int i, nr = 0;

	if (!mutex_trylock(&kmem_mutex))
		return READ_ONCE(mem->nr_poisoned);
	for (i = 0; i < mem->pool.nr_ranges; i++)
		nr += kmem_range_poisoned(&mem->ranges[i]);
	WRITE_ONCE(mem->nr_poisoned, nr);
	mutex_unlock(&kmem_mutex);
	return nr;
}

/**
 * kmem_device_reason() - why memmap_on_memory was not given to all blocks
 * @mem: its memory
 * @text: a page
 *
 * Return: the length of the text, a line.
 */
int kmem_device_reason(struct kmem_memory *mem, char *text)
{
	int len = kmem_memory_write_reason(mem, text, PAGE_SIZE - 1);

	return len + sysfs_emit_at(text, len, "\n");
}

/**
 * kmem_device_set_state() - bring a whole device into a state
 * @mem: its memory, bound
 * @wanted: the state
 *
 * The rules are those of Linux 7.3: whatever it is in, it can be unplugged; it
 * can go online only from there. Nothing is to be done where it is already.
 *
 * Return: 0 or an error, after which everything is as it was.
 */
int kmem_device_set_state(struct kmem_memory *mem, enum kmem_state wanted)
{
	struct kmem_numbers numbers;
	int rc;

	rc = mutex_lock_interruptible(&kmem_mutex);
	if (rc)
		return rc;
	numbers = kmem_memory_numbers(mem);
	if (kmem_state_reached(wanted, numbers.added, numbers.kernel,
			       numbers.movable, numbers.kernel_chose))
		rc = 0;
	else if (wanted == KMEM_UNPLUGGED)
		rc = kmem_plug_out(mem);
	else if (numbers.added)
		rc = -EBUSY;
	else
		rc = kmem_plug_in(mem, wanted);
	mutex_unlock(&kmem_mutex);
	return rc;
}

int kmem_device_init(void)
{
	int rc;

	release_wq = alloc_workqueue("kmem_release", WQ_UNBOUND, 0);
	if (!release_wq)
		return -ENOMEM;
	rc = kmem_watch_init(release_later);
	if (rc)
		destroy_workqueue(release_wq);
	return rc;
}

/**
 * kmem_device_exit() - give back what is left, with no device bound any more
 *
 * Return: false if memory stays behind, which would be a bug of the kernel's
 * hotplug core: nothing can be online here.
 */
bool kmem_device_exit(void)
{
	bool clean;

	queue_work(release_wq, &release_work);
	destroy_workqueue(release_wq);
	kmem_watch_exit();
	kmem_core_close();
	clean = list_empty(&devices);
	if (!clean)
		pr_err("memory could not be removed and stays until reboot\n");
	return clean;
}
