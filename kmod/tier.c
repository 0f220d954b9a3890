// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory tiering: gives the target node the memory type and the abstract
 * distance that the in-tree driver of the same kernel gives it: what firmware and
 * drivers know of the node where the kernel can be asked (v6.7), a fixed one
 * before. From v6.10 on the core keeps a list of types for its callers; before,
 * that is for the driver to do.
 */
#include <linux/err.h>
#include <linux/list.h>
#include <linux/memory-tiers.h>
#include <linux/mutex.h>
#include <linux/slab.h>

#include "layout.h"
#include "tier.h"

/* The in-tree driver's distance where nothing is known about the node. */
#define DEFAULT_ADISTANCE	(MEMTIER_ADISTANCE_DRAM * 5)

static DEFINE_MUTEX(types_lock);
static LIST_HEAD(types);

#if KMEM_HAVE_MT_FIND_ALLOC_MEMORY_TYPE

static struct memory_dev_type *find_type(int adistance)
{
	return mt_find_alloc_memory_type(adistance, &types);
}

static void put_types(void)
{
	mt_put_memory_types(&types);
}

#else

/**
 * struct known_type - a memory type that was made for a distance
 * @list: entry in types
 * @adistance: the distance
 * @type: the type
 */
struct known_type {
	struct list_head list;
	int adistance;
	struct memory_dev_type *type;
};

static struct memory_dev_type *find_type(int adistance)
{
	struct memory_dev_type *type;
	struct known_type *known;

	list_for_each_entry(known, &types, list)
		if (known->adistance == adistance)
			return known->type;
	known = kzalloc(sizeof(*known), GFP_KERNEL);
	if (!known)
		return ERR_PTR(-ENOMEM);
	type = alloc_memory_type(adistance);
	if (IS_ERR(type)) {
		kfree(known);
		return type;
	}
	known->adistance = adistance;
	known->type = type;
	list_add_tail(&known->list, &types);
	return type;
}

static void put_types(void)
{
	struct known_type *known, *next;

	list_for_each_entry_safe(known, next, &types, list) {
#if KMEM_HAVE_PUT_MEMORY_TYPE
		put_memory_type(known->type);
#else
		destroy_memory_type(known->type);
#endif
		kfree(known);
	}
	INIT_LIST_HEAD(&types);
}

#endif

/**
 * kmem_tier_exit() - give all types back, with no node using one any more
 */
void kmem_tier_exit(void)
{
	mutex_lock(&types_lock);
	put_types();
	mutex_unlock(&types_lock);
}

/**
 * kmem_tier_get() - give a node its type, unless it has one
 * @node: the node
 *
 * Return: the type, for kmem_tier_put(), or an error.
 */
struct memory_dev_type *kmem_tier_get(int node)
{
	struct memory_dev_type *type;
	int adistance = DEFAULT_ADISTANCE;

#if KMEM_HAVE_MT_CALC_ADISTANCE
	mt_calc_adistance(node, &adistance);
#endif
	mutex_lock(&types_lock);
	type = find_type(adistance);
	mutex_unlock(&types_lock);
	if (!IS_ERR(type))
		init_node_memory_type(node, type);
	return type;
}

/**
 * kmem_tier_put() - end what kmem_tier_get() began
 * @node: the node
 * @type: the type
 */
void kmem_tier_put(int node, struct memory_dev_type *type)
{
	clear_node_memory_type(node, type);
}
