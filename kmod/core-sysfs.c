// SPDX-License-Identifier: GPL-2.0-only
/*
 * All roads through sysfs: what the core does for userspace and exports no
 * function for. Each is an attribute that is looked up in sysfs's own tree,
 * without a path in a file system that may be mounted or not, and called as
 * sysfs calls it. So every access has the permissions, the locks and the errors
 * of the file that userspace sees.
 *
 *   /sys/devices/system/memory/memoryX/state	takes a block offline or online
 *   /sys/devices/system/memory/auto_online_blocks	what new blocks become
 *   /sys/module/memory_hotplug/parameters/memmap_on_memory
 *   /sys/kernel/btf/vmlinux	the types of the running kernel
 *   /sys/bus/dax/devices/daxX.Y/...	what the dax core says of a device
 */
#include <linux/device.h>
#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/kernfs.h>
#include <linux/kobject.h>
#include <linux/memory.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>
#include <linux/spinlock.h>
#include <linux/slab.h>
#include <linux/stddef.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "core-sysfs.h"
#include "layout.h"

/* The directory of all memory blocks, which is there as long as the kernel runs. */
static struct kernfs_node *memory_dir;

/* The entry @name of a directory that the caller gives up; NULL without one. */
static struct kernfs_node *enter(struct kernfs_node *dir, const char *name)
{
	struct kernfs_node *found = NULL;

	if (dir)
		found = kernfs_find_and_get(dir, name);
	kernfs_put(dir);
	return found;
}

/**
 * kmem_core_open() - find the directory of the memory blocks
 * @dev: any device: all of them are somewhere below the one that is called
 *	"devices", at which the parents of every device end
 *
 * To be called before the other functions that deal with memory blocks, one at a
 * time.
 *
 * Return: 0, or -ENODEV if the kernel has no such directory.
 */
int kmem_core_open(struct device *dev)
{
	struct kobject *devices = &dev->kobj;

	if (memory_dir)
		return 0;
	while (devices->parent)
		devices = devices->parent;
	kernfs_get(devices->sd);
	memory_dir = enter(enter(devices->sd, "system"), "memory");
	return memory_dir ? 0 : -ENODEV;
}

/**
 * kmem_core_close() - end what kmem_core_open() began
 */
void kmem_core_close(void)
{
	kernfs_put(memory_dir);
	memory_dir = NULL;
}

static struct kernfs_node *find_block_dir(u64 addr)
{
	char name[32];

	if (!memory_dir)
		return NULL;
	snprintf(name, sizeof(name), "memory%llu",
		 addr / memory_block_size_bytes());
	return kernfs_find_and_get(memory_dir, name);
}

static struct device_attribute *to_device_attribute(struct kernfs_node *file)
{
	return container_of((struct attribute *)file->priv,
			    struct device_attribute, attr);
}

/*
 * Undoes what restart_syscall() did: it marks a signal as pending, where there
 * may be one or none. Under the lock, a signal that comes meanwhile is not lost.
 */
static void forget_restart(void)
{
	struct sighand_struct *sighand;

	/* The current task keeps its own as long as it runs. */
	sighand = rcu_dereference_protected(current->sighand, true);
	spin_lock_irq(&sighand->siglock);
	recalc_sigpending();
	spin_unlock_irq(&sighand->siglock);
}

/*
 * Where somebody else holds the core's hotplug lock, the attribute waits a little
 * and then asks for the system call to be restarted, by an error and a signal that
 * is none (lock_device_hotplug_sysfs() in drivers/base/core.c). There is no call
 * to restart here, so it is tried again.
 */
static int store_word(struct device *block, struct device_attribute *attr,
		      const char *word, bool interruptible)
{
	ssize_t rc;

	for (;;) {
		rc = attr->store(block, attr, word, strlen(word));
		if (rc != -ERESTARTNOINTR)
			return rc < 0 ? rc : 0;
		forget_restart();
		if (interruptible && signal_pending(current))
			return -EINTR;
	}
}

/**
 * kmem_core_write_block() - write the state of a memory block
 * @addr: physical address of the block, which cannot be removed meanwhile
 * @word: "offline", "online", "online_kernel", or "online_movable"
 * @interruptible: whether a signal ends the waiting for others
 *
 * Taking a block offline is ended by a signal in any case.
 *
 * Return: 0 or an error; a block that was there already may be one.
 */
int kmem_core_write_block(u64 addr, const char *word, bool interruptible)
{
	struct kernfs_node *dir = find_block_dir(addr);
	struct kernfs_node *file = NULL;
	struct device_attribute *attr;
	int rc = -ENODEV;

	if (dir)
		file = kernfs_find_and_get(dir, "state");
	if (file) {
		attr = to_device_attribute(file);
		if (attr->store)
			rc = store_word(kobj_to_dev(dir->priv), attr, word,
					interruptible);
	}
	kernfs_put(file);
	kernfs_put(dir);
	return rc;
}

#if KMEM_MEMORY_BLOCK_HAS_NR_HWPOISON

static unsigned long poison_of(struct device *block)
{
	return atomic_long_read(&container_of(block, struct memory_block,
					      dev)->nr_hwpoison);
}

#else

static unsigned long poison_of(struct device *block)
{
	return 0;
}

#endif

/**
 * kmem_core_block_poison() - how many pages of a memory block are poisoned
 * @addr: physical address of the block, which cannot be removed meanwhile
 *
 * The core counts them from v6.2 on, and puts no such block online.
 *
 * Return: their number; 0 where the kernel does not count.
 */
unsigned long kmem_core_block_poison(u64 addr)
{
	struct kernfs_node *dir = find_block_dir(addr);
	unsigned long nr = 0;

	if (dir)
		nr = poison_of(kobj_to_dev(dir->priv));
	kernfs_put(dir);
	return nr;
}

/**
 * kmem_core_default_state() - what the kernel does with new memory blocks
 *
 * Return: the state that auto_online_blocks names, KMEM_OFFLINE if there is none.
 */
enum kmem_state kmem_core_default_state(void)
{
	char *text = (char *)get_zeroed_page(GFP_KERNEL);
	struct kernfs_node *file = NULL;
	struct device_attribute *attr;
	int state = -ENODEV;

	if (memory_dir)
		file = kernfs_find_and_get(memory_dir, "auto_online_blocks");
	if (file && text) {
		attr = to_device_attribute(file);
		if (attr->show &&
		    attr->show(kobj_to_dev(memory_dir->priv), attr, text) > 0)
			state = kmem_state_parse(text);
	}
	kernfs_put(file);
	free_page((unsigned long)text);
	return state < 0 ? KMEM_OFFLINE : state;
}

/**
 * kmem_core_memmap_parameter() - memory_hotplug.memmap_on_memory
 *
 * It is a parameter of the core that cannot change after boot. The kset of our
 * own module object holds the objects of all modules.
 *
 * Return: the first letter of the value, or 0 if the kernel has no such parameter.
 */
char kmem_core_memmap_parameter(void)
{
	struct kernfs_node *group, *file = NULL;
	struct module_attribute *attr;
	struct kobject *module;
	char *text, value = 0;

	module = kset_find_obj(THIS_MODULE->mkobj.kobj.kset, "memory_hotplug");
	if (!module)
		return 0;
	text = (char *)get_zeroed_page(GFP_KERNEL);
	group = kernfs_find_and_get(module->sd, "parameters");
	if (group)
		file = kernfs_find_and_get(group, "memmap_on_memory");
	if (text && file) {
		attr = container_of((struct attribute *)file->priv,
				    struct module_attribute, attr);
		if (attr->show(attr, container_of(module, struct module_kobject,
						  kobj), text) > 0)
			value = text[0];
	}
	kernfs_put(file);
	kernfs_put(group);
	free_page((unsigned long)text);
	kobject_put(module);
	return value;
}

static struct bin_attribute *to_bin_attribute(struct kernfs_node *file)
{
	return container_of((struct attribute *)file->priv,
			    struct bin_attribute, attr);
}

static int read_whole(struct kernfs_node *file, void *data, size_t len)
{
	struct bin_attribute *attr = to_bin_attribute(file);
	size_t at = 0;
	ssize_t got;

	while (at < len) {
		got = attr->read(NULL, NULL, attr, data + at, at,
				 min_t(size_t, len - at, PAGE_SIZE));
		if (got <= 0)
			return -EIO;
		at += got;
	}
	return 0;
}

/**
 * kmem_core_read_btf() - the types of the running kernel
 * @len: how many bytes
 *
 * Return: the BTF, for kvfree(); NULL if there is none or no memory for it.
 */
void *kmem_core_read_btf(size_t *len)
{
	struct kernfs_node *file;
	void *data = NULL;

	kernfs_get(kernel_kobj->sd);
	file = enter(enter(kernel_kobj->sd, "btf"), "vmlinux");
	if (!file)
		return NULL;
	*len = to_bin_attribute(file)->size;
	if (to_bin_attribute(file)->read && *len)
		data = kvmalloc(*len, GFP_KERNEL);
	if (data && read_whole(file, data, *len)) {
		kvfree(data);
		data = NULL;
	}
	kernfs_put(file);
	return data;
}

/**
 * kmem_core_show() - what an attribute of a device says
 * @dev: the device
 * @name: the attribute
 * @text: a page
 *
 * Return: how long the text is, or an error.
 */
ssize_t kmem_core_show(struct device *dev, const char *name, char *text)
{
	struct kernfs_node *file = kernfs_find_and_get(dev->kobj.sd, name);
	struct device_attribute *attr;
	ssize_t rc = -ENODEV;

	if (file) {
		attr = to_device_attribute(file);
		if (attr->show)
			rc = attr->show(dev, attr, text);
	}
	kernfs_put(file);
	return rc;
}
