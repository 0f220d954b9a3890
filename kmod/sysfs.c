// SPDX-License-Identifier: GPL-2.0-only
/*
 * The attributes of a dax device that is bound to the driver: its `state`, and
 * in kmem/ what became of it, in numbers.
 *
 * The driver core creates them after a successful probe and takes them away,
 * waiting for readers and writers, before remove. So the driver data is valid in
 * here. The wait is under the device's lock, so that must not be taken.
 */
#include <linux/device.h>
#include <linux/memory.h>
#include <linux/sysfs.h>

#include "budget.h"
#include "device.h"
#include "sysfs.h"

/* All numbers in one line of text are of one moment. */
#define KMEM_ATTR_RO(_name, _format, _value)				\
static ssize_t _name##_show(struct device *dev,				\
			    struct device_attribute *attr, char *buf)	\
{									\
	struct kmem_numbers numbers;					\
									\
	kmem_device_numbers(dev_get_drvdata(dev), &numbers);		\
	return sysfs_emit(buf, _format "\n", _value);			\
}									\
static DEVICE_ATTR_RO(_name)

static u64 dram_bytes(const struct kmem_numbers *numbers)
{
	return (numbers->added - numbers->self_hosted) *
		kmem_budget_memmap_bytes();
}

static u64 device_bytes(const struct kmem_numbers *numbers)
{
	return numbers->self_hosted * kmem_budget_device_bytes();
}

KMEM_ATTR_RO(blocks_total, "%u", numbers.total);
KMEM_ATTR_RO(blocks_added, "%u", numbers.added);
KMEM_ATTR_RO(blocks_failed, "%u", numbers.failed);
KMEM_ATTR_RO(blocks_online_movable, "%u", numbers.movable);
KMEM_ATTR_RO(blocks_online_kernel, "%u", numbers.kernel);
KMEM_ATTR_RO(blocks_self_hosted, "%u", numbers.self_hosted);
KMEM_ATTR_RO(memmap_dram_bytes, "%llu", dram_bytes(&numbers));
KMEM_ATTR_RO(memmap_device_bytes, "%llu", device_bytes(&numbers));

static ssize_t block_size_show(struct device *dev,
			       struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%lu\n", memory_block_size_bytes());
}
static DEVICE_ATTR_RO(block_size);

static ssize_t blocks_poisoned_show(struct device *dev,
				    struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n",
			  kmem_device_poisoned(dev_get_drvdata(dev)));
}
static DEVICE_ATTR_RO(blocks_poisoned);

static ssize_t truncated_bytes_show(struct device *dev,
				    struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%llu\n",
			  kmem_device_truncated(dev_get_drvdata(dev)));
}
static DEVICE_ATTR_RO(truncated_bytes);

static ssize_t memmap_reason_show(struct device *dev,
				  struct device_attribute *attr, char *buf)
{
	return kmem_device_reason(dev_get_drvdata(dev), buf);
}
static DEVICE_ATTR_RO(memmap_reason);

static struct attribute *kmem_device_attrs[] = {
	&dev_attr_block_size.attr,
	&dev_attr_blocks_total.attr,
	&dev_attr_blocks_added.attr,
	&dev_attr_blocks_failed.attr,
	&dev_attr_blocks_poisoned.attr,
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
	enum kmem_state state = kmem_device_state(dev_get_drvdata(dev));

	return sysfs_emit(buf, "%s\n", kmem_state_words[state]);
}

static ssize_t state_store(struct device *dev, struct device_attribute *attr,
			   const char *buf, size_t len)
{
	int wanted = kmem_state_parse(buf);
	int rc;

	if (wanted < 0)
		return wanted;
	rc = kmem_device_set_state(dev_get_drvdata(dev), wanted);
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
