// SPDX-License-Identifier: GPL-2.0-only
/*
 * Takes single memory blocks offline and puts them online, as a write to their
 * `state` in /sys/devices/system/memory does it.
 *
 * Also reads what the kernel itself does with new blocks.
 *
 * The core exports no function for that. Its attribute is found through sysfs's
 * own tree, without a path in a file system that may be mounted or not, and
 * called as sysfs would call it; it takes the core's hotplug lock by itself.
 */
#include <linux/device.h>
#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/kernfs.h>
#include <linux/kobject.h>
#include <linux/memory.h>
#include <linux/sched/signal.h>
#include <linux/stddef.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "kmem.h"

/* The entry @name of a directory that the caller gives up; NULL without one. */
static struct kernfs_node *enter(struct kernfs_node *dir, const char *name)
{
	struct kernfs_node *found = NULL;

	if (dir)
		found = kernfs_find_and_get(dir, name);
	kernfs_put(dir);
	return found;
}

/*
 * The directory of all memory blocks. Every device, so @dev as well, is somewhere
 * below the one that is called "devices".
 */
static struct kernfs_node *find_memory_dir(struct device *dev)
{
	struct kobject *devices = &dev->kobj;

	while (devices->parent)
		devices = devices->parent;
	kernfs_get(devices->sd);
	return enter(enter(devices->sd, "system"), "memory");
}

static struct kernfs_node *find_block_dir(struct device *dev, u64 addr)
{
	char name[32];

	snprintf(name, sizeof(name), "memory%llu",
		 addr / memory_block_size_bytes());
	return enter(find_memory_dir(dev), name);
}

static struct device_attribute *to_attribute(struct kernfs_node *file)
{
	return container_of((struct attribute *)file->priv,
			    struct device_attribute, attr);
}

/*
 * Where somebody else holds the core's hotplug lock, the attribute waits a little
 * and then asks for the system call to be restarted, by an error and a signal that
 * is none. There is no call to restart here, so it is tried again.
 */
static int store_word(struct device *block, struct device_attribute *attr,
		      const char *word, bool interruptible)
{
	ssize_t rc;

	for (;;) {
		rc = attr->store(block, attr, word, strlen(word));
		if (rc != -ERESTARTNOINTR)
			return rc < 0 ? rc : 0;
		recalc_sigpending();
		if (interruptible && signal_pending(current))
			return -EINTR;
	}
}

/**
 * kmem_block_write_state() - write the state of a memory block
 * @dev: any device
 * @addr: physical address of the block, which cannot be removed meanwhile
 * @word: "offline", "online", "online_kernel", or "online_movable"
 * @interruptible: whether a signal ends the waiting for others
 *
 * Taking a block offline is ended by a signal in any case.
 *
 * Return: 0 or an error; a block that was there already may be one.
 */
int kmem_block_write_state(struct device *dev, u64 addr, const char *word,
			   bool interruptible)
{
	struct kernfs_node *dir = find_block_dir(dev, addr);
	struct kernfs_node *file = NULL;
	struct device_attribute *attr;
	struct device *block;
	int rc = -ENODEV;

	if (dir)
		file = kernfs_find_and_get(dir, "state");
	if (file) {
		block = kobj_to_dev(dir->priv);
		attr = to_attribute(file);
		if (attr->store)
			rc = store_word(block, attr, word, interruptible);
	}
	kernfs_put(file);
	kernfs_put(dir);
	return rc;
}

/**
 * kmem_default_state() - what the kernel does with new memory blocks
 * @dev: any device
 *
 * Return: the state that auto_online_blocks names, KMEM_OFFLINE if there is none.
 */
enum kmem_state kmem_default_state(struct device *dev)
{
	struct kernfs_node *dir = find_memory_dir(dev);
	struct kernfs_node *file = NULL;
	char *text = (char *)get_zeroed_page(GFP_KERNEL);
	struct device_attribute *attr;
	int state = -ENODEV;

	if (dir)
		file = kernfs_find_and_get(dir, "auto_online_blocks");
	if (file && text) {
		attr = to_attribute(file);
		if (attr->show &&
		    attr->show(kobj_to_dev(dir->priv), attr, text) > 0)
			state = kmem_state_parse(text);
	}
	kernfs_put(file);
	kernfs_put(dir);
	free_page((unsigned long)text);
	return state < 0 ? KMEM_OFFLINE : state;
}
