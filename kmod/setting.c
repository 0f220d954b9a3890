// SPDX-License-Identifier: GPL-2.0-only
/*
 * memmap_on_memory of every dax device, bound or not: where it is kept, and what
 * it is by default.
 *
 * From v6.8 on the dax core has the attribute and a member of struct dev_dax for
 * it (Documentation/ABI/testing/sysfs-bus-dax); then only the default is kept
 * here. On older kernels this file keeps the value and makes the attribute, with
 * the same meaning and the same errors.
 *
 * The dax bus is not exported, but registering the driver puts a pointer to it
 * into the driver. A bus notifier then sees every device after it is in sysfs and
 * before its uevent, so that udev rules find the attribute; devices that were
 * there before the module are found by walking the bus.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/device.h>
#include <linux/kstrtox.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/moduleparam.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "layout.h"
#include "setting.h"

/**
 * struct tracked_device - one device on the dax bus
 * @list: entry in tracked_devices
 * @dev: the device, with a reference
 * @bound: it is bound to this driver
 * @initial: what memmap_on_memory was before anybody wrote it
 * @value: what it is now; not used where struct dev_dax has it
 */
struct tracked_device {
	struct list_head list;
	struct device *dev;
	bool bound;
	bool initial;
	bool value;
};

static LIST_HEAD(tracked_devices);
/* Protects the list and the values in it. Inside: nothing that sleeps. */
static DEFINE_SPINLOCK(tracked_lock);

/* Set once when the module starts; it cannot change after boot. */
static bool may_be_on;

/* The default that the module parameter asks for. */
enum default_choice { DEFAULT_AUTO, DEFAULT_ON, DEFAULT_OFF };

static const char * const default_names[] = {
	[DEFAULT_AUTO] = "auto", [DEFAULT_ON] = "on", [DEFAULT_OFF] = "off",
};

static enum default_choice default_choice = DEFAULT_AUTO;

static int default_choice_set(const char *val, const struct kernel_param *kp)
{
	int choice = sysfs_match_string(default_names, val);

	if (choice < 0) {
		pr_err("memmap_on_memory=%s: must be auto, on or off\n", val);
		return choice;
	}
	default_choice = choice;
	return 0;
}

static int default_choice_get(char *buf, const struct kernel_param *kp)
{
	return sysfs_emit(buf, "%s\n", default_names[default_choice]);
}

static const struct kernel_param_ops default_choice_ops = {
	.set = default_choice_set,
	.get = default_choice_get,
};
module_param_cb(memmap_on_memory, &default_choice_ops, NULL, 0444);
MODULE_PARM_DESC(memmap_on_memory,
		 "Default of the devices' memmap_on_memory: auto (on for CXL, off for the rest), on, off");

/*
 * The dax core's own default since v6.8: on for what drivers/dax/cxl.c makes of a
 * CXL region, whose device on the CXL bus is the parent of the dax device.
 * Persistent CXL memory hangs below the nvdimm bus and is none. Before v6.3
 * there are no CXL dax regions: CXL memory that firmware set up arrives through
 * dax_hmem, where nothing sets it apart from other soft-reserved memory, and is off.
 */
static bool kernel_default(struct device *dev)
{
	return dev->parent && dev->parent->bus &&
	       !strcmp(dev->parent->bus->name, "cxl");
}

static bool wanted_default(struct device *dev)
{
	if (default_choice == DEFAULT_AUTO)
		return kernel_default(dev);
	return default_choice == DEFAULT_ON;
}

static struct tracked_device *find_tracked(struct device *dev)
{
	struct tracked_device *tracked;

	lockdep_assert_held(&tracked_lock);
	list_for_each_entry(tracked, &tracked_devices, list)
		if (tracked->dev == dev)
			return tracked;
	return NULL;
}

#if KMEM_DEV_DAX_HAS_MEMMAP_ON_MEMORY

/*
 * @fresh: the device is being registered, so its value is the kernel's default
 * and not somebody's. Of a device that was there before the module it is assumed
 * when it is the same as the default.
 */
static void setup_tracked(struct tracked_device *tracked, bool fresh)
{
	struct dev_dax *dev_dax = container_of(tracked->dev, struct dev_dax, dev);
	bool value = dev_dax->memmap_on_memory;
	bool untouched = fresh || value == kernel_default(tracked->dev);

	tracked->initial = untouched ? value : kernel_default(tracked->dev);
	if (untouched && default_choice != DEFAULT_AUTO) {
		tracked->initial = wanted_default(tracked->dev);
		dev_dax->memmap_on_memory = tracked->initial;
	}
}

static void create_attribute(struct device *dev)
{
}

static void remove_attribute(struct device *dev)
{
}

static bool current_value(const struct tracked_device *tracked)
{
	return container_of(tracked->dev, struct dev_dax, dev)->memmap_on_memory;
}

#else

static void setup_tracked(struct tracked_device *tracked, bool fresh)
{
	tracked->initial = wanted_default(tracked->dev);
	tracked->value = tracked->initial;
}

static bool current_value(const struct tracked_device *tracked)
{
	return tracked->value;
}

static ssize_t memmap_on_memory_show(struct device *dev,
				     struct device_attribute *attr, char *buf)
{
	const struct tracked_device *tracked;
	int value = -ENXIO;

	spin_lock(&tracked_lock);
	tracked = find_tracked(dev);
	if (tracked)
		value = tracked->value;
	spin_unlock(&tracked_lock);
	return value < 0 ? value : sysfs_emit(buf, "%d\n", value);
}

/*
 * The errors of the dax core since v6.8: EINVAL for what is no boolean,
 * EOPNOTSUPP where the kernel cannot do it, EBUSY for a change while the memory
 * is in use. The device lock keeps a probe out meanwhile.
 */
static ssize_t memmap_on_memory_store(struct device *dev,
				      struct device_attribute *attr,
				      const char *buf, size_t len)
{
	struct tracked_device *tracked;
	ssize_t rc;
	bool value;

	rc = kstrtobool(buf, &value);
	if (rc)
		return rc;
	if (value && !may_be_on)
		return -EOPNOTSUPP;

	rc = device_lock_interruptible(dev);
	if (rc)
		return rc;
	spin_lock(&tracked_lock);
	tracked = find_tracked(dev);
	if (!tracked) {
		rc = -ENXIO;
	} else if (tracked->value != value && tracked->bound) {
		rc = -EBUSY;
	} else {
		tracked->value = value;
		rc = len;
	}
	spin_unlock(&tracked_lock);
	device_unlock(dev);
	return rc;
}
static DEVICE_ATTR_RW(memmap_on_memory);

static void create_attribute(struct device *dev)
{
	int rc = device_create_file(dev, &dev_attr_memmap_on_memory);

	if (rc)
		dev_warn(dev, "could not create memmap_on_memory: error %d\n", rc);
}

static void remove_attribute(struct device *dev)
{
	device_remove_file(dev, &dev_attr_memmap_on_memory);
}

#endif

/* Safe to call twice for a device, also at the same time. */
static void track_device(struct device *dev, bool fresh)
{
	struct tracked_device *tracked = kzalloc(sizeof(*tracked), GFP_KERNEL);

	if (!tracked)
		return;
	tracked->dev = dev;
	spin_lock(&tracked_lock);
	if (find_tracked(dev)) {
		spin_unlock(&tracked_lock);
		kfree(tracked);
		return;
	}
	get_device(dev);
	setup_tracked(tracked, fresh);
	list_add_tail(&tracked->list, &tracked_devices);
	spin_unlock(&tracked_lock);
	create_attribute(dev);
}

/* Waits for readers and writers of the attribute, so no lock may be held. */
static void untrack_device(struct device *dev)
{
	struct tracked_device *tracked;

	spin_lock(&tracked_lock);
	tracked = find_tracked(dev);
	if (tracked)
		list_del(&tracked->list);
	spin_unlock(&tracked_lock);
	if (!tracked)
		return;
	remove_attribute(dev);
	put_device(dev);
	kfree(tracked);
}

static int dax_bus_event(struct notifier_block *nb, unsigned long action,
			 void *data)
{
	struct device *dev = data;

	switch (action) {
	case BUS_NOTIFY_ADD_DEVICE:
		track_device(dev, true);
		break;
	case BUS_NOTIFY_DEL_DEVICE:
	/* Once more, for a device that the walk found in between. */
	case BUS_NOTIFY_REMOVED_DEVICE:
		untrack_device(dev);
		break;
	}
	return NOTIFY_DONE;
}

static struct notifier_block dax_bus_notifier = {
	.notifier_call = dax_bus_event,
};

static int track_existing(struct device *dev, void *data)
{
	if (device_is_registered(dev))
		track_device(dev, false);
	return 0;
}

/**
 * kmem_setting_get() - what is wanted for a device that is about to be bound
 * @dev: the dax device, locked
 */
struct kmem_setting kmem_setting_get(struct device *dev)
{
	struct kmem_setting setting = { .self_host = wanted_default(dev) };
	const struct tracked_device *tracked;

	/* A device may be bound before the bus has been walked. */
	track_device(dev, false);

	spin_lock(&tracked_lock);
	tracked = find_tracked(dev);
	if (tracked) {
		setting.self_host = current_value(tracked);
		setting.asked = setting.self_host && !tracked->initial;
	}
	spin_unlock(&tracked_lock);
	return setting;
}

/**
 * kmem_setting_set_bound() - say whether a device is bound to this driver
 * @dev: the dax device, locked
 * @bound: its value cannot change then
 */
void kmem_setting_set_bound(struct device *dev, bool bound)
{
	struct tracked_device *tracked;

	spin_lock(&tracked_lock);
	tracked = find_tracked(dev);
	if (tracked)
		tracked->bound = bound;
	spin_unlock(&tracked_lock);
}

/**
 * kmem_setting_init() - say what the kernel can do
 * @can_self_host: whether a block can carry its memmap
 *
 * To be called before the driver is registered.
 */
void kmem_setting_init(bool can_self_host)
{
	may_be_on = can_self_host;
}

/**
 * kmem_setting_watch() - follow the devices on the bus of a registered driver
 * @drv: the driver
 */
int kmem_setting_watch(const struct device_driver *drv)
{
	int rc = bus_register_notifier(drv->bus, &dax_bus_notifier);

	if (rc)
		return rc;
	/* track_existing() does not fail. */
	bus_for_each_dev(drv->bus, NULL, NULL, track_existing);
	return 0;
}

/**
 * kmem_setting_exit() - forget all devices
 * @drv: the driver, no longer registered so that nothing can be bound; NULL if
 *	kmem_setting_watch() has failed
 */
void kmem_setting_exit(const struct device_driver *drv)
{
	struct tracked_device *tracked;

	if (drv)
		bus_unregister_notifier(drv->bus, &dax_bus_notifier);
	while ((tracked = list_first_entry_or_null(&tracked_devices,
						   struct tracked_device, list)))
		untrack_device(tracked->dev);
}
