// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which memory blocks are added, which are online, and in which zone: kept by a
 * memory notifier, so that it is true after any change of a block.
 *
 * The notifier looks through ranges that are reserved, and only through those.
 * Two of them never overlap, and a range is reserved as long as a block of it is
 * added: so every event finds the range that the block was added from.
 *
 * Every block that is not offline holds a reference on the module. So unloading
 * is refused ("Module kmem is in use") as long as memory would stay behind,
 * whether its device is bound or not, and a block cannot go online any more once
 * unloading has begun.
 */
#include <linux/bitmap.h>
#include <linux/lockdep.h>
#include <linux/memory.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/pfn.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "cut.h"
#include "watch.h"

static LIST_HEAD(watched);
/*
 * For the list, all that is in the accounts, and the sets of blocks. The notifier
 * takes it under the hotplug locks of the core.
 */
static DEFINE_SPINLOCK(watch_lock);

static void (*on_release)(void);

/* The range that the block at @addr was added from. */
static struct kmem_watch *find_watch(u64 addr)
{
	struct kmem_watch *watch;

	lockdep_assert_held(&watch_lock);
	list_for_each_entry(watch, &watched, list)
		if (addr >= watch->start && addr <= kmem_watch_last(watch))
			return watch;
	return NULL;
}

/* A block may be seen by the notifier before the call that adds it returns. */
static void count_added(struct kmem_watch *watch, unsigned int block)
{
	struct kmem_numbers *numbers = &watch->account->numbers;

	lockdep_assert_held(&watch_lock);
	if (__test_and_set_bit(block, watch->set[KMEM_SET_ADDED]))
		return;
	numbers->added++;
	if (test_bit(block, watch->set[KMEM_SET_SELF_HOSTED]))
		numbers->self_hosted++;
}

static bool is_refused(const struct kmem_account *account, u64 addr)
{
	lockdep_assert_held(&watch_lock);
	if (account->changer == current)
		return false;
	return account->gate == KMEM_GATE_CLOSED ||
	       (account->gate == KMEM_GATE_HOLD && account->held == addr);
}

static int block_going_online(struct kmem_watch *watch, unsigned int block)
{
	if (is_refused(watch->account, kmem_block_start(watch, block)))
		return notifier_from_errno(-EBUSY);
	if (!try_module_get(THIS_MODULE))
		return notifier_from_errno(-ENODEV);
	__set_bit(block, watch->set[KMEM_SET_ONLINE]);
	return NOTIFY_OK;
}

/* @pfn: of a page that went online. */
static void block_online(struct kmem_watch *watch, unsigned int block,
			 unsigned long pfn)
{
	struct kmem_numbers *numbers = &watch->account->numbers;
	struct page *page = pfn_to_online_page(pfn);

	count_added(watch, block);
	if (page && page_zonenum(page) == ZONE_MOVABLE) {
		if (!__test_and_set_bit(block, watch->set[KMEM_SET_MOVABLE]))
			numbers->movable++;
	} else if (!__test_and_set_bit(block, watch->set[KMEM_SET_KERNEL])) {
		numbers->kernel++;
	}
	numbers->kernel_chose = false;
}

/* Also for a block whose going online was refused, by us or before it got here. */
static void block_offline(struct kmem_watch *watch, unsigned int block)
{
	struct kmem_account *account = watch->account;
	bool noted = account->noting && account->changer == current;

	if (!__test_and_clear_bit(block, watch->set[KMEM_SET_ONLINE]))
		return;
	if (__test_and_clear_bit(block, watch->set[KMEM_SET_MOVABLE])) {
		account->numbers.movable--;
		if (noted)
			__set_bit(block, watch->set[KMEM_SET_UNDO_MOVABLE]);
	}
	if (__test_and_clear_bit(block, watch->set[KMEM_SET_KERNEL])) {
		account->numbers.kernel--;
		if (noted)
			__set_bit(block, watch->set[KMEM_SET_UNDO_KERNEL]);
	}
	account->numbers.kernel_chose = false;
	if (account->orphaned)
		on_release();
	module_put(THIS_MODULE);
}

/* The core calls this for one block at a time, under its hotplug locks. */
static int memory_event(struct notifier_block *nb, unsigned long action,
			void *data)
{
	const struct memory_notify *event = data;
	u64 block_size = memory_block_size_bytes();
	/* The pages of a self-hosted block begin behind its memmap. */
	u64 addr = ALIGN_DOWN(PFN_PHYS(event->start_pfn), block_size);
	struct kmem_watch *watch;
	unsigned int block;
	int rc = NOTIFY_OK;

	spin_lock(&watch_lock);
	watch = find_watch(addr);
	if (!watch)
		goto out;
	block = kmem_block_index(watch->start, addr, block_size);

	switch (action) {
	case MEM_GOING_ONLINE:
		rc = block_going_online(watch, block);
		break;
	case MEM_ONLINE:
		block_online(watch, block, event->start_pfn);
		break;
	case MEM_CANCEL_ONLINE:
	case MEM_OFFLINE:
		block_offline(watch, block);
		break;
	}
out:
	spin_unlock(&watch_lock);
	return rc;
}

static struct notifier_block memory_notifier = {
	.notifier_call = memory_event,
};

/**
 * kmem_watch_init() - begin to follow what happens to memory blocks
 * @released: called when a block of an orphaned account went offline; under a
 *	spinlock and the core's hotplug locks
 */
int kmem_watch_init(void (*released)(void))
{
	on_release = released;
	return register_memory_notifier(&memory_notifier);
}

/**
 * kmem_watch_exit() - end what kmem_watch_init() began
 */
void kmem_watch_exit(void)
{
	unregister_memory_notifier(&memory_notifier);
}

/**
 * kmem_watch_alloc() - make the sets of a range, all empty
 * @watch: the range
 * @account: that of its device
 * @start: physical address of its first block
 * @nr_blocks: how many blocks it has; may be 0
 */
int kmem_watch_alloc(struct kmem_watch *watch, struct kmem_account *account,
		     u64 start, unsigned int nr_blocks)
{
	size_t longs = BITS_TO_LONGS(nr_blocks);
	unsigned long *all = NULL;
	unsigned int i;

	if (longs) {
		all = kvcalloc(longs, KMEM_NR_SETS * sizeof(*all), GFP_KERNEL);
		if (!all)
			return -ENOMEM;
	}
	watch->account = account;
	watch->start = start;
	watch->nr_blocks = nr_blocks;
	for (i = 0; i < KMEM_NR_SETS; i++)
		watch->set[i] = all + i * longs;
	return 0;
}

/**
 * kmem_watch_free() - free the sets of a range that is not reserved
 * @watch: the range; it may never have got any
 */
void kmem_watch_free(struct kmem_watch *watch)
{
	kvfree(watch->set[0]);
}

/**
 * kmem_watch_begin() - follow the blocks of a range from now on
 * @watch: a range that has just been reserved, with no block added
 */
void kmem_watch_begin(struct kmem_watch *watch)
{
	spin_lock(&watch_lock);
	list_add_tail(&watch->list, &watched);
	spin_unlock(&watch_lock);
}

/**
 * kmem_watch_end() - end what kmem_watch_begin() began
 * @watch: a range that is about to be released, with no block added any more
 */
void kmem_watch_end(struct kmem_watch *watch)
{
	spin_lock(&watch_lock);
	list_del(&watch->list);
	spin_unlock(&watch_lock);
}

/**
 * kmem_watch_adding() - say what the next call to the core is going to add
 * @watch: the range
 * @block: the first block
 * @nr: how many
 * @self_hosted: whether they carry their own memmap
 *
 * They count as added when the core puts them online, or by kmem_watch_added().
 */
void kmem_watch_adding(struct kmem_watch *watch, unsigned int block,
		       unsigned int nr, bool self_hosted)
{
	spin_lock(&watch_lock);
	if (self_hosted)
		bitmap_set(watch->set[KMEM_SET_SELF_HOSTED], block, nr);
	else
		bitmap_clear(watch->set[KMEM_SET_SELF_HOSTED], block, nr);
	spin_unlock(&watch_lock);
}

/**
 * kmem_watch_added() - the call to the core has added them
 * @watch: the range
 * @block: the first block
 * @nr: how many
 */
void kmem_watch_added(struct kmem_watch *watch, unsigned int block,
		      unsigned int nr)
{
	spin_lock(&watch_lock);
	for (; nr; nr--)
		count_added(watch, block++);
	spin_unlock(&watch_lock);
}

/**
 * kmem_watch_removed() - a block is memory of the system no longer
 * @watch: the range
 * @block: the block, which was added
 */
void kmem_watch_removed(struct kmem_watch *watch, unsigned int block)
{
	struct kmem_numbers *numbers = &watch->account->numbers;

	spin_lock(&watch_lock);
	__clear_bit(block, watch->set[KMEM_SET_ADDED]);
	numbers->added--;
	if (__test_and_clear_bit(block, watch->set[KMEM_SET_SELF_HOSTED]))
		numbers->self_hosted--;
	spin_unlock(&watch_lock);
}

/**
 * kmem_account_read() - all numbers of a device as they are at one moment
 * @account: the account of the device
 * @numbers: where to put them
 */
void kmem_account_read(struct kmem_account *account,
		       struct kmem_numbers *numbers)
{
	spin_lock(&watch_lock);
	*numbers = account->numbers;
	spin_unlock(&watch_lock);
}

/**
 * kmem_account_set_failed() - say how many blocks could not be added
 * @account: the account
 * @nr: how many
 */
void kmem_account_set_failed(struct kmem_account *account, unsigned int nr)
{
	spin_lock(&watch_lock);
	account->numbers.failed = nr;
	spin_unlock(&watch_lock);
}

/**
 * kmem_account_set_orphaned() - say whether no device is bound
 * @account: the account
 * @orphaned: every block that goes offline from now on is to be released
 */
void kmem_account_set_orphaned(struct kmem_account *account, bool orphaned)
{
	spin_lock(&watch_lock);
	account->orphaned = orphaned;
	spin_unlock(&watch_lock);
}

/**
 * kmem_account_kernel_chose() - the zones were left to the kernel on request
 * @account: the account; holds as long as nobody changes a block
 */
void kmem_account_kernel_chose(struct kmem_account *account)
{
	spin_lock(&watch_lock);
	account->numbers.kernel_chose = true;
	spin_unlock(&watch_lock);
}

/**
 * kmem_account_set_gate() - say which blocks may go online
 * @account: the account
 * @gate: which
 * @held: physical address of the block that may not, for KMEM_GATE_HOLD
 */
void kmem_account_set_gate(struct kmem_account *account, enum kmem_gate gate,
			   u64 held)
{
	spin_lock(&watch_lock);
	account->gate = gate;
	account->held = held;
	spin_unlock(&watch_lock);
}

/**
 * kmem_account_set_noting() - say whether the undo sets are to be kept
 * @account: the account, whose undo sets are empty
 * @noting: whether what the changer takes offline is noted in them
 */
void kmem_account_set_noting(struct kmem_account *account, bool noting)
{
	spin_lock(&watch_lock);
	account->noting = noting;
	spin_unlock(&watch_lock);
}

/**
 * kmem_account_set_changer() - say who is about to change blocks for the driver
 * @account: the account
 * @changer: the current task, which no gate stops, or NULL when it is done
 */
void kmem_account_set_changer(struct kmem_account *account,
			      struct task_struct *changer)
{
	spin_lock(&watch_lock);
	account->changer = changer;
	spin_unlock(&watch_lock);
}
