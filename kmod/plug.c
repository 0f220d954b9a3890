// SPDX-License-Identifier: GPL-2.0-only
/*
 * All memory blocks of a dax device into the system, in the state that the kernel
 * gives new memory or that was asked for, and out of it: all or nothing.
 *
 * The caller lets one call in at a time: device.c has the mutex.
 */
#include <linux/memory.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/range.h>
#include <linux/sched/signal.h>
#include <linux/signal.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/string_helpers.h>

#include "budget.h"
#include "core-sysfs.h"
#include "cut.h"
#include "failures.h"
#include "layout.h"
#include "online.h"
#include "plug.h"

/**
 * kmem_memory_numbers() - what became of the blocks of a device
 * @mem: its memory
 */
struct kmem_numbers kmem_memory_numbers(struct kmem_memory *mem)
{
	struct kmem_numbers numbers;

	kmem_account_read(&mem->pool.account, &numbers);
	return numbers;
}

/**
 * kmem_memory_free() - free memory of which no block is added
 * @mem: the memory
 */
void kmem_memory_free(struct kmem_memory *mem)
{
	unsigned int i;

	for (i = 0; i < mem->pool.nr_ranges; i++)
		kmem_watch_free(&mem->ranges[i].watch);
	kfree(mem->name);
	kfree(mem);
}

static int init_range(struct kmem_memory *mem, struct kmem_range *range,
		      const struct range *whole)
{
	struct kmem_numbers *numbers = &mem->pool.account.numbers;
	struct kmem_cut cut = kmem_cut_range(whole->start, whole->end,
					     memory_block_size_bytes());

	mem->truncated += cut.truncated;
	if (!cut.nr_blocks)
		dev_info(mem->dev, "range %#llx-%#llx holds no whole memory block of %#lx bytes\n",
			 whole->start, whole->end, memory_block_size_bytes());
	if (cut.nr_blocks > INT_MAX - numbers->total)
		return -E2BIG;
	numbers->total += cut.nr_blocks;
	return kmem_watch_alloc(&range->watch, &mem->pool.account, cut.start,
				cut.nr_blocks);
}

static int compare_ranges(const void *a, const void *b)
{
	const struct kmem_range *left = a, *right = b;

	if (left->watch.start == right->watch.start)
		return 0;
	return left->watch.start < right->watch.start ? -1 : 1;
}

static int init_ranges(struct kmem_memory *mem, const struct dev_dax *dev_dax)
{
	unsigned int i;
	int rc;

	for (i = 0; i < mem->pool.nr_ranges; i++) {
		rc = init_range(mem, &mem->ranges[i],
				&dev_dax->ranges[i].range);
		if (rc)
			return rc;
	}
	/* Nothing points to a range yet. */
	sort(mem->ranges, mem->pool.nr_ranges, sizeof(mem->ranges[0]),
	     compare_ranges, NULL);
	if (mem->pool.account.numbers.total)
		return 0;
	dev_err(mem->dev,
		"no memory to add: no range holds a whole memory block of %#lx bytes\n",
		memory_block_size_bytes());
	return -EINVAL;
}

static void report_truncated(const struct kmem_memory *mem)
{
	char size[16];

	if (!mem->truncated)
		return;
	string_get_size(mem->truncated, 1, STRING_UNITS_2, size, sizeof(size));
	dev_warn(mem->dev, "DAX region truncated by %s due to alignment\n", size);
}

/**
 * kmem_memory_alloc() - cut a device up, with nothing reserved or registered yet
 * @dev_dax: the device
 */
struct kmem_memory *kmem_memory_alloc(struct dev_dax *dev_dax)
{
	struct kmem_memory *mem;
	int rc = -ENOMEM;

	mem = kzalloc(struct_size(mem, ranges, dev_dax->nr_range), GFP_KERNEL);
	if (!mem)
		return ERR_PTR(-ENOMEM);
	mem->dev = &dev_dax->dev;
	mem->node = dev_dax->target_node;
	mem->pool.nr_ranges = dev_dax->nr_range;
	mem->pool.ranges = mem->ranges;
	mem->name = kstrdup(dev_name(mem->dev), GFP_KERNEL);
	if (mem->name)
		rc = init_ranges(mem, dev_dax);
	if (rc) {
		kmem_memory_free(mem);
		return ERR_PTR(rc);
	}
	report_truncated(mem);
	return mem;
}

/**
 * kmem_plug_shrink() - remove all blocks that are offline
 * @mem: the memory
 *
 * Return: true when nothing is left.
 */
bool kmem_plug_shrink(struct kmem_memory *mem)
{
	unsigned int i;

	for (i = 0; i < mem->pool.nr_ranges; i++)
		kmem_range_remove(&mem->ranges[i]);
	return !kmem_memory_numbers(mem).added;
}

static bool can_self_host(const struct kmem_memory *mem)
{
	return mem->self_host_wanted && !kmem_budget_obstacle();
}

/**
 * kmem_memory_write_reason() - why memmap_on_memory was wanted and not given
 * @mem: the memory
 * @text: where to write a sentence, or "none" if it was given to all blocks
 * @size: bytes of @text
 *
 * Return: the length of the text.
 */
int kmem_memory_write_reason(struct kmem_memory *mem, char *text, size_t size)
{
	const char *obstacle = kmem_budget_obstacle();
	struct kmem_numbers numbers = kmem_memory_numbers(mem);
	int error = READ_ONCE(mem->self_host_error);

	if (!mem->self_host_wanted)
		return scnprintf(text, size, "none");
	if (obstacle)
		return scnprintf(text, size, "%s", obstacle);
	if (error)
		return scnprintf(text, size,
				 "a memory block could not carry its memmap: error %d",
				 error);
	if (numbers.self_hosted < numbers.added)
		return scnprintf(text, size,
				 "memory blocks were left online with an ordinary memmap");
	return scnprintf(text, size, "none");
}

/* Does the memmap of all missing blocks fit, wherever it is to be? */
static int check_memmap(const struct kmem_memory *mem, u64 nr_missing)
{
	const char *obstacle = kmem_budget_obstacle();

	if (mem->self_host_wanted && mem->self_host_asked && obstacle) {
		dev_err(mem->dev, "memmap_on_memory was asked for: %s\n", obstacle);
		return -EOPNOTSUPP;
	}
	if (can_self_host(mem) || kmem_budget_allows(nr_missing))
		return 0;
	dev_err(mem->dev,
		"refusing to add %llu MiB: the memmap needs %llu MiB of DRAM and %llu MiB are available; kmem.dram_check=0 overrides this%s%s\n",
		(nr_missing * memory_block_size_bytes()) >> 20,
		(nr_missing * kmem_budget_memmap_bytes()) >> 20,
		kmem_budget_available() >> 20,
		obstacle ? ", and no memmap on the device: " :
			   ", memmap_on_memory=1 needs none",
		obstacle ?: "");
	return -ENOMEM;
}

/*
 * An ordinary memmap comes from the node of the memory, so from its kernel zone if
 * it has one: a page that stays as long as the block that it describes.
 */
static void warn_of_memmap_in_the_way(struct kmem_memory *mem,
				      const struct kmem_numbers *before)
{
	struct kmem_numbers now = kmem_memory_numbers(mem);
	unsigned int new = now.added - before->added;

	if (before->kernel && new > now.self_hosted - before->self_hosted)
		dev_warn(mem->dev,
			 "%u memory blocks were left online in a kernel zone and may hold the memmap of %u that were added now: they can go offline only after those were unbound or removed\n",
			 before->kernel, new);
}

static void report_added(struct kmem_memory *mem,
			 struct kmem_failures *failures)
{
	struct kmem_numbers numbers = kmem_memory_numbers(mem);
	char reason[96];

	if (failures->nr)
		dev_warn(mem->dev, "%u of %u memory blocks could not be added: %s\n",
			 failures->nr, numbers.total,
			 kmem_failures_text(failures));
	if (!numbers.added)
		return;
	kmem_memory_write_reason(mem, reason, sizeof(reason));
	dev_info(mem->dev,
		 "%u of %u memory blocks of %lu MiB on node %d, %u of them with memmap on the device%s%s\n",
		 numbers.added, numbers.total, memory_block_size_bytes() >> 20,
		 mem->node, numbers.self_hosted,
		 strcmp(reason, "none") ? "; " : "",
		 strcmp(reason, "none") ? reason : "");
}

static void add_by_block(struct kmem_memory *mem, struct kmem_request *request)
{
	unsigned int i;

	for (i = 0; i < mem->pool.nr_ranges; i++)
		kmem_range_add(&mem->ranges[i], request);
}

static void add_whole(struct kmem_memory *mem,
		      const struct kmem_request *request)
{
	unsigned int i;

	for (i = 0; i < mem->pool.nr_ranges; i++)
		kmem_range_add_whole(&mem->ranges[i], request);
}

/*
 * The core puts new blocks online one by one as they come, if it is told to. In
 * ZONE_MOVABLE, one of them is held back, so that the zone has a hole. In a kernel
 * zone, the memmap of the next ones would go on the first ones, which could never
 * go offline again: there all wait, except where one call adds everything and the
 * core puts nothing online before. In such a call the core stops at the one that
 * is held back; so all that is missing is put online in the end.
 */
static void add_by_default(struct kmem_memory *mem,
			   struct kmem_request *request, enum kmem_state state)
{
	struct kmem_pool *pool = &mem->pool;
	struct kmem_numbers numbers;
	bool late = state != KMEM_ONLINE_MOVABLE;
	bool closed = late && pool->nr_ranges > 1;

	kmem_account_set_gate(&pool->account,
			      closed ? KMEM_GATE_CLOSED : KMEM_GATE_HOLD,
			      kmem_online_hole(pool));
	add_whole(mem, request);
	numbers = kmem_memory_numbers(mem);
	if (late && numbers.added < numbers.total)
		kmem_account_set_gate(&pool->account, KMEM_GATE_CLOSED, 0);
	add_by_block(mem, request);
	/* Failing is no reason to give the memory back, as in the core. */
	kmem_online_all(pool, mem->dev, state);
	kmem_account_set_gate(&pool->account, KMEM_GATE_OPEN, 0);
}

static bool all_online(const struct kmem_numbers *numbers)
{
	return numbers->added && numbers->kernel + numbers->movable == numbers->added;
}

/**
 * kmem_plug_add() - add all blocks that are not added yet
 * @mem: the memory
 * @wanted: what they become: what the kernel does with new memory, or
 *	KMEM_OFFLINE, with the gate closed by the caller if the kernel does more
 *
 * Return: 0 if a block is added, now or before, or the error of the first one.
 */
int kmem_plug_add(struct kmem_memory *mem, enum kmem_state wanted)
{
	struct kmem_numbers before = kmem_memory_numbers(mem), now;
	/* Half a kilobyte, on the stack: what failed is told also without memory. */
	struct kmem_failures failures = {};
	struct kmem_request request = {
		.name = mem->name,
		.mgid = mem->mgid,
		.self_host = can_self_host(mem),
		.strict = mem->self_host_asked,
		.failures = &failures,
	};
	int rc = check_memmap(mem, before.total - before.added);

	if (!rc) {
		if (wanted != KMEM_OFFLINE) {
			add_by_default(mem, &request, wanted);
		} else {
			add_whole(mem, &request);
			add_by_block(mem, &request);
		}
		WRITE_ONCE(mem->self_host_error, request.self_host_error);
		warn_of_memmap_in_the_way(mem, &before);
		report_added(mem, &failures);
	}
	now = kmem_memory_numbers(mem);
	/* What is adopted may be all there will be. */
	kmem_account_set_failed(&mem->pool.account, now.total - now.added);
	if (wanted == KMEM_ONLINE && now.added > before.added && all_online(&now))
		kmem_account_kernel_chose(&mem->pool.account);
	if (!rc && !now.added)
		rc = failures.first_error;
	return rc;
}

#if KMEM_HAVE_OFFLINE_AND_REMOVE_MEMORY_RANGES

static void fill_block(struct range *block, u64 start)
{
	block->start = start;
	block->end = start + memory_block_size_bytes() - 1;
}

/* One range a block, the lowest of them last: see online.c. */
static unsigned int list_blocks(const struct kmem_memory *mem,
				struct range *blocks)
{
	unsigned int i, block, nr = 0;
	u64 lowest = 0;

	for (i = 0; i < mem->pool.nr_ranges; i++) {
		const struct kmem_watch *watch = &mem->ranges[i].watch;

		for_each_set_bit(block, watch->set[KMEM_SET_ADDED],
				 watch->nr_blocks) {
			u64 start = kmem_block_start(watch, block);

			if (lowest)
				fill_block(&blocks[nr++], start);
			else
				lowest = start;
		}
	}
	fill_block(&blocks[nr++], lowest);
	return nr;
}

/*
 * From v7.3 on the core does it under one hold of its lock, and undoes what it did
 * with the former zones. A range a block, because ordinary and self-hosted blocks
 * cannot be removed in one range.
 */
static int offline_and_remove(struct kmem_memory *mem)
{
	struct range *blocks;
	unsigned int i;
	int rc;

	blocks = kvmalloc_array(kmem_memory_numbers(mem).added, sizeof(*blocks),
				GFP_KERNEL);
	if (!blocks)
		return -ENOMEM;
	for (i = 0; i < mem->pool.nr_ranges; i++)
		kmem_range_remember_poison(&mem->ranges[i]);
	rc = offline_and_remove_memory_ranges(blocks, list_blocks(mem, blocks));
	kvfree(blocks);
	if (rc) {
		dev_err(mem->dev,
			"not unplugged: a memory block could not go offline: error %d; all are as they were\n",
			rc);
		return rc;
	}
	for (i = 0; i < mem->pool.nr_ranges; i++)
		kmem_range_removed(&mem->ranges[i]);
	return 0;
}

#else

/*
 * No block can be put online by anybody else from the first to the last step, so
 * nothing stops the removal of what is offline. The way back from a removal that
 * failed all the same is to add what is missing and put that online, too.
 */
static int offline_and_remove(struct kmem_memory *mem)
{
	struct kmem_pool *pool = &mem->pool;
	enum kmem_gate gate = pool->account.gate;
	int rc;

	kmem_account_set_gate(&pool->account, KMEM_GATE_CLOSED, 0);
	kmem_online_start_undo(pool);
	rc = kmem_offline_all(pool, mem->dev);
	if (!rc && !kmem_plug_shrink(mem)) {
		rc = -EBUSY;
		dev_err(mem->dev, "not unplugged: %u memory blocks could not be removed\n",
			kmem_memory_numbers(mem).added);
		kmem_plug_add(mem, KMEM_OFFLINE);
	}
	if (rc)
		kmem_online_undo(pool, mem->dev);
	kmem_account_set_noting(&pool->account, false);
	kmem_account_set_gate(&pool->account, gate, 0);
	return rc;
}

#endif

/**
 * kmem_plug_out() - take all blocks of a device offline and remove them
 * @mem: its memory, bound
 *
 * A signal ends it. What was offline before stays offline in that case.
 *
 * Return: 0, or an error after which no block is removed, and those that were
 * online are online again, each in the zone where it was.
 */
int kmem_plug_out(struct kmem_memory *mem)
{
	unsigned int nr = kmem_memory_numbers(mem).added;
	int rc;

	if (!IS_ENABLED(CONFIG_MEMORY_HOTREMOVE))
		return -EBUSY;
	rc = offline_and_remove(mem);
	if (rc)
		return rc;
	kmem_account_set_failed(&mem->pool.account, 0);
	dev_info(mem->dev, "unplugged: %u memory blocks were removed\n", nr);
	return 0;
}

/* The kernel's default may change while blocks are added. */
static int check_online(struct kmem_memory *mem, enum kmem_state wanted)
{
	struct kmem_numbers numbers = kmem_memory_numbers(mem);
	enum kmem_state state;

	if (!all_online(&numbers))
		return -EBUSY;
	state = kmem_state_of(numbers.added, numbers.kernel, numbers.movable,
			      false);
	return wanted == KMEM_ONLINE || state == wanted ? 0 : -EBUSY;
}

/*
 * The way back. Taking a block offline is ended by a signal, such as the one that
 * has ended the way there; only SIGKILL is to end this one.
 */
static void take_back(struct kmem_memory *mem, enum kmem_state wanted)
{
	sigset_t all, before;

	if (!kmem_memory_numbers(mem).added)
		return;
	sigfillset(&all);
	sigdelset(&all, SIGKILL);
	sigprocmask(SIG_SETMASK, &all, &before);
	if (kmem_plug_out(mem))
		dev_err(mem->dev, "not %s, and what is online could not be taken back\n",
			kmem_state_words[wanted]);
	sigprocmask(SIG_SETMASK, &before, NULL);
}

/**
 * kmem_plug_in() - add all blocks of an unplugged device and put them online
 * @mem: its memory, bound, no block of it added
 * @wanted: one of the online states
 *
 * Where the kernel's default for new memory is another state, the blocks are added
 * with the gate closed, so that they do not go online as the default says.
 *
 * Return: 0, or an error after which the device is unplugged.
 */
int kmem_plug_in(struct kmem_memory *mem, enum kmem_state wanted)
{
	struct kmem_account *account = &mem->pool.account;
	bool by_default = kmem_core_default_state() == wanted;
	int rc;

	if (!by_default)
		kmem_account_set_gate(account, KMEM_GATE_CLOSED, 0);
	rc = kmem_plug_add(mem, by_default ? wanted : KMEM_OFFLINE);
	/* Also what the core could not put online, for another try and the error. */
	if (!rc)
		rc = kmem_online_all(&mem->pool, mem->dev, wanted);
	if (!rc)
		rc = check_online(mem, wanted);
	if (!by_default)
		kmem_account_set_gate(account, KMEM_GATE_OPEN, 0);
	if (!rc && wanted == KMEM_ONLINE)
		kmem_account_kernel_chose(account);
	if (rc)
		take_back(mem, wanted);
	return rc;
}

