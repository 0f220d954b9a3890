// SPDX-License-Identifier: GPL-2.0-only
/*
 * Takes single memory blocks offline and puts them online, as a write to their
 * `state` in /sys/devices/system/memory does it.
 *
 * The core exports no function for that. Its attribute is found through sysfs's
 * own tree, without a path in a file system that may be mounted or not, and
 * called as sysfs would call it; it takes the core's hotplug lock by itself.
 */
#include <linux/device.h>
#include <linux/errno.h>
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
 * The directory of the block at @addr. Every device, so @dev as well, is somewhere
 * below the one that is called "devices".
 */
static struct kernfs_node *find_block_dir(struct device *dev, u64 addr)
{
	struct kobject *devices = &dev->kobj;
	struct kernfs_node *dir;
	char name[32];

	while (devices->parent)
		devices = devices->parent;
	snprintf(name, sizeof(name), "memory%llu",
		 addr / memory_block_size_bytes());
	dir = devices->sd;
	kernfs_get(dir);
	return enter(enter(enter(dir, "system"), "memory"), name);
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
		attr = container_of((struct attribute *)file->priv,
				    struct device_attribute, attr);
		if (attr->store)
			rc = store_word(block, attr, word, interruptible);
	}
	kernfs_put(file);
	kernfs_put(dir);
	return rc;
}
