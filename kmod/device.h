/* SPDX-License-Identifier: GPL-2.0-only */
/* The memory that the driver makes of dax devices. */
#ifndef KMEM_DEVICE_H
#define KMEM_DEVICE_H

#include <linux/types.h>

#include "watch.h"
#include "words.h"

struct dev_dax;
struct kmem_memory;

int kmem_device_init(void);
bool kmem_device_exit(void);
struct kmem_memory *kmem_device_bind(struct dev_dax *dev_dax, bool self_host,
				     bool asked);
void kmem_device_unbind(struct kmem_memory *mem);

void kmem_device_numbers(struct kmem_memory *mem, struct kmem_numbers *numbers);
enum kmem_state kmem_device_state(struct kmem_memory *mem);
int kmem_device_set_state(struct kmem_memory *mem, enum kmem_state wanted);
u64 kmem_device_truncated(const struct kmem_memory *mem);
unsigned int kmem_device_poisoned(struct kmem_memory *mem);
int kmem_device_reason(struct kmem_memory *mem, char *text);

#endif
