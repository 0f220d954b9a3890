// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory tiering: gives the target node the memory type and the abstract
 * distance that the in-tree driver of the same kernel gives it.
 */
#include <linux/err.h>
#include <linux/list.h>
#include <linux/memory-tiers.h>
#include <linux/mutex.h>

#include "kmem.h"

/* The in-tree driver's distance where firmware says nothing about the node. */
#define DEFAULT_ADISTANCE	(MEMTIER_ADISTANCE_DRAM * 5)

#if KMEM_HAVE_MT_FIND_ALLOC_MEMORY_TYPE

static DEFINE_MUTEX(types_lock);
static LIST_HEAD(types);

int kmem_tier_init(void)
{
	return 0;
}

void kmem_tier_exit(void)
{
	mutex_lock(&types_lock);
	mt_put_memory_types(&types);
	mutex_unlock(&types_lock);
}

int kmem_tier_get(int node)
{
	struct memory_dev_type *type;
	int adistance = DEFAULT_ADISTANCE;

	mt_calc_adistance(node, &adistance);
	mutex_lock(&types_lock);
	type = mt_find_alloc_memory_type(adistance, &types);
	mutex_unlock(&types_lock);
	if (IS_ERR(type))
		return PTR_ERR(type);
	init_node_memory_type(node, type);
	return 0;
}

void kmem_tier_put(int node)
{
	clear_node_memory_type(node, NULL);
}

#else /* one type for everything: up to v6.7 */

static struct memory_dev_type *slow_type;

int kmem_tier_init(void)
{
	slow_type = alloc_memory_type(DEFAULT_ADISTANCE);
	return PTR_ERR_OR_ZERO(slow_type);
}

void kmem_tier_exit(void)
{
#if KMEM_HAVE_PUT_MEMORY_TYPE
	put_memory_type(slow_type);
#else
	destroy_memory_type(slow_type);
#endif
}

int kmem_tier_get(int node)
{
	init_node_memory_type(node, slow_type);
	return 0;
}

void kmem_tier_put(int node)
{
	clear_node_memory_type(node, slow_type);
}

#endif
