// SPDX-License-Identifier: GPL-2.0-only
/*
 * The attributes of a dax device that is bound to the driver: its `state`, and
 * in kmem/ what became of it, in numbers.
 *
 * The driver core creates them after a successful probe and takes them away,
 * waiting for readers and writers, before remove. So the driver data is valid in
 * here, and no lock is needed for single counters. The wait is under the device's
 * lock, so that must not be taken.
 */
#include <linux/memory.h>
#include <linux/mm.h>
#include <linux/sysfs.h>

#include "kmem.h"

#define KMEM_ATTR_RO(_name, _format, _value)				\
static ssize_t _name##_show(struct device *dev,				\
			    struct device_attribute *attr, char *buf)	\
{									\
	const struct kmem_memory *mem = dev_get_drvdata(dev);		\
									\
	return sysfs_emit(buf, _format "\n", _value);			\
}									\
static DEVICE_ATTR_RO(_name)

static unsigned int nr_ordinary(const struct kmem_memory *mem)
{
	return READ_ONCE(mem->nr_added) - READ_ONCE(mem->nr_self_hosted);
}

static u64 device_memmap_bytes(const struct kmem_memory *mem)
{
	return READ_ONCE(mem->nr_self_hosted) *
		kmem_memmap_reserved(kmem_block_memmap_bytes(),
				     pageblock_nr_pages * PAGE_SIZE);
}

KMEM_ATTR_RO(block_size, "%lu", ((void)mem, memory_block_size_bytes()));
KMEM_ATTR_RO(blocks_total, "%u", mem->nr_total);
KMEM_ATTR_RO(blocks_added, "%u", READ_ONCE(mem->nr_added));
KMEM_ATTR_RO(blocks_failed, "%u", READ_ONCE(mem->nr_failed));
KMEM_ATTR_RO(blocks_online_movable, "%u", READ_ONCE(mem->nr_movable));
KMEM_ATTR_RO(blocks_online_kernel, "%u", READ_ONCE(mem->nr_kernel));
KMEM_ATTR_RO(blocks_self_hosted, "%u", READ_ONCE(mem->nr_self_hosted));
KMEM_ATTR_RO(memmap_dram_bytes, "%llu",
	     nr_ordinary(mem) * kmem_block_memmap_bytes());
KMEM_ATTR_RO(memmap_device_bytes, "%llu", device_memmap_bytes(mem));
KMEM_ATTR_RO(truncated_bytes, "%llu", mem->truncated);
KMEM_ATTR_RO(memmap_reason, "%s", mem->reason);

static struct attribute *kmem_device_attrs[] = {
	&dev_attr_block_size.attr,
	&dev_attr_blocks_total.attr,
	&dev_attr_blocks_added.attr,
	&dev_attr_blocks_failed.attr,
	&dev_attr_blocks_online_movable.attr,
	&dev_attr_blocks_online_kernel.attr,
	&dev_attr_blocks_self_hosted.attr,
	&dev_attr_memmap_dram_bytes.attr,
	&dev_attr_memmap_device_bytes.attr,
	&dev_attr_truncated_bytes.attr,
	&dev_attr_memmap_reason.attr,
	NULL
};

static ssize_t state_show(struct device *dev, struct device_attribute *attr,
			  char *buf)
{
	const struct kmem_memory *mem = dev_get_drvdata(dev);

	return sysfs_emit(buf, "%s\n",
			  kmem_state_words[kmem_memory_state(mem)]);
}

static ssize_t state_store(struct device *dev, struct device_attribute *attr,
			   const char *buf, size_t len)
{
	int wanted = kmem_state_parse(buf);
	int rc;

	if (wanted < 0)
		return wanted;
	rc = kmem_memory_set_state(dev_get_drvdata(dev), wanted);
	return rc ?: len;
}
static DEVICE_ATTR_RW(state);

static struct attribute *state_attrs[] = {
	&dev_attr_state.attr,
	NULL
};

static const struct attribute_group state_group = {
	.attrs = state_attrs,
};

static const struct attribute_group kmem_device_group = {
	.name = "kmem",
	.attrs = kmem_device_attrs,
};

const struct attribute_group *kmem_device_groups[] = {
	&state_group,
	&kmem_device_group,
	NULL
};
