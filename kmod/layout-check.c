// SPDX-License-Identifier: GPL-2.0-only
/*
 * Is the running kernel the one that the driver was built for? The kernel itself
 * compares a release, and with CONFIG_MODVERSIONS the types of what is exported.
 * The dax core's private structures are in neither: a kernel that was built again
 * with the same release may have them in another order.
 *
 * So they are compared with the BTF of the running kernel when the module is
 * loaded, and again what the driver reads of a device with what the dax core
 * says of it, for kernels without BTF.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/device.h>
#include <linux/kstrtox.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/stddef.h>
#include <linux/uaccess.h>

#include "btf.h"
#include "core-sysfs.h"
#include "layout.h"
#include "layout-check.h"

#define MEMBER(_type, _member)	{ #_type, #_member, offsetof(struct _type, _member) }
#define SIZE(_type)		{ #_type, NULL, sizeof(struct _type) }

static const struct kmem_btf_place places[] = {
	MEMBER(dev_dax, target_node),
	MEMBER(dev_dax, dev),
	MEMBER(dev_dax, nr_range),
	MEMBER(dev_dax, ranges),
#if KMEM_DEV_DAX_HAS_MEMMAP_ON_MEMORY
	MEMBER(dev_dax, memmap_on_memory),
#endif
	MEMBER(dev_dax_range, range),
	SIZE(dev_dax_range),
	MEMBER(dax_device_driver, drv),
	MEMBER(dax_device_driver, ids),
	MEMBER(dax_device_driver, probe),
	MEMBER(dax_device_driver, remove),
#if KMEM_DRIVER_HAS_TYPE
	MEMBER(dax_device_driver, type),
#else
	MEMBER(dax_device_driver, match_always),
#endif
	SIZE(dax_device_driver),
};

static int check_places(const struct kmem_btf *btf)
{
	unsigned int i;
	int rc;

	for (i = 0; i < ARRAY_SIZE(places); i++) {
		rc = kmem_btf_check(btf, &places[i]);
		if (rc != -EINVAL)
			/* In another module's BTF, or none of a known form. */
			continue;
		pr_err("struct %s of this kernel is not the one of %s that the module was built for: build it again for this kernel\n",
		       places[i].type, KMEM_LAYOUT_RELEASE);
		return -ENOEXEC;
	}
	return 0;
}

/**
 * kmem_layout_check_kernel() - compare the dax core's structures with the BTF
 *
 * Return: 0, also where the kernel has no BTF, or -ENOEXEC after saying what is
 * different.
 */
int kmem_layout_check_kernel(void)
{
	struct kmem_btf btf;
	size_t len;
	void *data;
	int rc = 0;

	data = kmem_core_read_btf(&len);
	if (!data)
		return 0;
	if (!kmem_btf_open(&btf, data, len))
		rc = check_places(&btf);
	kvfree(data);
	return rc;
}

/* What the dax core says; @wanted is what the driver has read. */
static bool core_says(struct device *dev, const char *name, char *text,
		      s64 wanted)
{
	ssize_t len = kmem_core_show(dev, name, text);
	s64 value;

	/* Without the attribute there is nothing to compare. */
	if (len <= 0)
		return true;
	text[len] = '\0';
	return !kstrtos64(text, 0, &value) && value == wanted;
}

/* Where the first range begins; -1 if the ranges are somewhere else. */
static s64 resource_of(const struct dev_dax *dev_dax)
{
	struct dev_dax_range first;

	if (dev_dax->nr_range < 1 ||
	    copy_from_kernel_nofault(&first, dev_dax->ranges, sizeof(first)))
		return -1;
	return first.range.start;
}

/**
 * kmem_layout_check_device() - compare what the driver reads with the dax core
 * @dev_dax: a device that is being bound, and so is locked: of its attributes, only
 *	those can be asked that take no lock
 *
 * Return: 0, or -ENOEXEC after saying so.
 */
int kmem_layout_check_device(struct dev_dax *dev_dax)
{
	struct device *dev = &dev_dax->dev;
	char *text = (char *)get_zeroed_page(GFP_KERNEL);
	bool fits;

	if (!text)
		return -ENOMEM;
	fits = core_says(dev, "target_node", text, dev_dax->target_node) &&
	       core_says(dev, "resource", text, resource_of(dev_dax));
	free_page((unsigned long)text);
	if (fits)
		return 0;
	dev_err(dev, "the dax core says something else of this device than what is read by the layout of %s: build the module again for this kernel\n",
		KMEM_LAYOUT_RELEASE);
	return -ENOEXEC;
}
