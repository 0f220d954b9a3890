/* SPDX-License-Identifier: GPL-2.0-only */
/* Is the running kernel the one that the driver was built for? */
#ifndef KMEM_LAYOUT_CHECK_H
#define KMEM_LAYOUT_CHECK_H

struct dev_dax;

int kmem_layout_check_kernel(void);
int kmem_layout_check_device(struct dev_dax *dev_dax);

#endif
