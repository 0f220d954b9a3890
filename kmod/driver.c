// SPDX-License-Identifier: GPL-2.0-only
/*
 * kmem: makes system memory of dax devices. Takes the place of the in-tree
 * drivers/dax/kmem.c, under the same names, so that daxctl, cxl and scripts do
 * not notice. This file is the driver on the dax bus; README.md shows the rest.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/crash_dump.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/sysfs.h>

#include "kmem.h"

static int kmem_probe(struct dev_dax *dev_dax)
{
	struct device *dev = &dev_dax->dev;
	struct kmem_memory *mem;

	/*
	 * A crash kernel lives in what was reserved for it. The memory of dax
	 * devices belongs to the crashed kernel and to its dump; a memmap on it
	 * would overwrite both.
	 */
	if (is_kdump_kernel()) {
		dev_info(dev, "not adding memory in a crash kernel\n");
		return -ENODEV;
	}
	if (dev_dax->target_node < 0) {
		dev_err(dev, "no memory added: target node is %d, firmware says of no node that this memory belongs to it\n",
			dev_dax->target_node);
		return -EINVAL;
	}

	mem = kmem_memory_bind(dev_dax, kmem_setting_get(dev));
	if (IS_ERR(mem))
		return PTR_ERR(mem);
	dev_set_drvdata(dev, mem);
	return 0;
}

static void kmem_remove(struct dev_dax *dev_dax)
{
	kmem_memory_unbind(dev_get_drvdata(&dev_dax->dev));
}

static struct dax_device_driver kmem_driver = {
	.drv = {
		.dev_groups = kmem_device_groups,
	},
	.probe = kmem_probe,
	.remove = kmem_remove,
#if KMEM_DRIVER_HAS_TYPE
	.type = DAXDRV_KMEM_TYPE,
#endif
};

/**
 * kmem_is_bound() - is a dax device bound to this driver?
 * @dev: the device, locked
 */
bool kmem_is_bound(struct device *dev)
{
	return dev->driver == &kmem_driver.drv;
}

/* Says which driver is loaded; the in-tree one has no parameter. */
static int driver_set(const char *val, const struct kernel_param *kp)
{
	pr_err("driver=%s: this parameter can only be read\n", val);
	return -EPERM;
}

static int driver_get(char *buf, const struct kernel_param *kp)
{
	return sysfs_emit(buf, "kmemd %s\n", KMEM_VERSION);
}

static const struct kernel_param_ops driver_ops = {
	.set = driver_set,
	.get = driver_get,
};
module_param_cb(driver, &driver_ops, NULL, 0444);
MODULE_PARM_DESC(driver, "Which kmem driver this is (read only)");

static int __init kmem_init(void)
{
	int rc;

	rc = kmem_block_init();
	if (rc)
		return rc;
	rc = kmem_tier_init();
	if (rc)
		goto err_block;
	rc = kmem_memory_init();
	if (rc)
		goto err_tier;
	kmem_setting_init();
	/* The name is what daxctl looks for in /sys/bus/dax/drivers. */
	rc = __dax_driver_register(&kmem_driver, THIS_MODULE, "kmem");
	if (rc)
		goto err_memory;
	rc = kmem_setting_watch(&kmem_driver.drv);
	if (rc)
		goto err_driver;
	return 0;

err_driver:
	dax_driver_unregister(&kmem_driver);
err_memory:
	kmem_memory_exit();
err_tier:
	kmem_tier_exit();
err_block:
	kmem_block_exit(false);
	return rc;
}

static void __exit kmem_exit(void)
{
	bool clean;

	dax_driver_unregister(&kmem_driver);
	kmem_setting_exit(&kmem_driver.drv);
	clean = kmem_memory_exit();
	kmem_tier_exit();
	kmem_block_exit(!clean);
}

module_init(kmem_init);
module_exit(kmem_exit);

MODULE_DESCRIPTION("KMEM DAX: map dax-devices as System-RAM (kmemd drop-in, built for "
		   KMEM_LAYOUT_RELEASE ")");
MODULE_VERSION(KMEM_VERSION "-kmemd");
MODULE_AUTHOR("the kmemd project");
MODULE_LICENSE("GPL");
/* DAX_DEVICE_MODALIAS_FMT of the dax core is "dax:t%d", and the type is always 0. */
MODULE_ALIAS("dax:t0*");
