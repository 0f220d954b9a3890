/* SPDX-License-Identifier: GPL-2.0-only */
/* Which memory blocks are there, which are online, and in which zone. */
#ifndef KMEM_WATCH_H
#define KMEM_WATCH_H

#include <linux/list.h>
#include <linux/memory.h>
#include <linux/types.h>

struct task_struct;

/**
 * enum kmem_set - sets of memory blocks of a range
 * @KMEM_SET_ADDED: memory of the system
 * @KMEM_SET_SELF_HOSTED: carry their own memmap, or will if they are being added
 * @KMEM_SET_ONLINE: online or on their way there
 * @KMEM_SET_KERNEL: online in a kernel zone
 * @KMEM_SET_MOVABLE: online in ZONE_MOVABLE
 * @KMEM_SET_UNDO_KERNEL: were in a kernel zone until the driver took them offline
 * @KMEM_SET_UNDO_MOVABLE: the same of ZONE_MOVABLE
 * @KMEM_NR_SETS: how many sets there are
 */
enum kmem_set {
	KMEM_SET_ADDED,
	KMEM_SET_SELF_HOSTED,
	KMEM_SET_ONLINE,
	KMEM_SET_KERNEL,
	KMEM_SET_MOVABLE,
	KMEM_SET_UNDO_KERNEL,
	KMEM_SET_UNDO_MOVABLE,
	KMEM_NR_SETS
};

/**
 * struct kmem_numbers - numbers of memory blocks that are true at one moment
 * @total: whole blocks in all ranges
 * @added: those that are memory of the system
 * @self_hosted: those of @added that carry their own memmap
 * @kernel: those of @added that are online in a kernel zone
 * @movable: those of @added that are online in ZONE_MOVABLE
 * @failed: those that could not be added when the device was last plugged in
 * @kernel_chose: the zones were left to the kernel, and no block has changed since
 */
struct kmem_numbers {
	unsigned int total;
	unsigned int added;
	unsigned int self_hosted;
	unsigned int kernel;
	unsigned int movable;
	unsigned int failed;
	bool kernel_chose;
};

/**
 * enum kmem_gate - which blocks of a device may go online
 * @KMEM_GATE_OPEN: all
 * @KMEM_GATE_HOLD: all but one
 * @KMEM_GATE_CLOSED: none
 */
enum kmem_gate { KMEM_GATE_OPEN, KMEM_GATE_HOLD, KMEM_GATE_CLOSED };

/**
 * struct kmem_account - what is known of all blocks of a device together
 * @numbers: how many there are of each kind
 * @gate: which of them may go online, except by @changer
 * @held: physical address of the one that may not, if only one may not
 * @changer: the task that changes blocks for the driver, NULL if none does
 * @noting: what @changer takes offline is noted in the undo sets
 * @orphaned: no device is bound, so a block that goes offline can be released
 */
struct kmem_account {
	struct kmem_numbers numbers;
	enum kmem_gate gate;
	u64 held;
	struct task_struct *changer;
	bool noting;
	bool orphaned;
};

/**
 * struct kmem_watch - the memory blocks of one range
 * @list: entry in the list of those that are reserved
 * @account: that of the device
 * @start: physical address of the first block
 * @nr_blocks: whole blocks in the range, 0 when it is too small
 * @set: bitmaps, one allocation that the first one names
 */
struct kmem_watch {
	struct list_head list;
	struct kmem_account *account;
	u64 start;
	unsigned int nr_blocks;
	unsigned long *set[KMEM_NR_SETS];
};

static inline u64 kmem_block_start(const struct kmem_watch *watch,
				   unsigned int block)
{
	return watch->start + (u64)block * memory_block_size_bytes();
}

/* The last byte of the last block. */
static inline u64 kmem_watch_last(const struct kmem_watch *watch)
{
	return kmem_block_start(watch, watch->nr_blocks) - 1;
}

int kmem_watch_init(void (*released)(void));
void kmem_watch_exit(void);

int kmem_watch_alloc(struct kmem_watch *watch, struct kmem_account *account,
		     u64 start, unsigned int nr_blocks);
void kmem_watch_free(struct kmem_watch *watch);
void kmem_watch_begin(struct kmem_watch *watch);
void kmem_watch_end(struct kmem_watch *watch);

void kmem_watch_adding(struct kmem_watch *watch, unsigned int block,
		       unsigned int nr, bool self_hosted);
void kmem_watch_added(struct kmem_watch *watch, unsigned int block,
		      unsigned int nr);
void kmem_watch_removed(struct kmem_watch *watch, unsigned int block);

void kmem_account_read(struct kmem_account *account,
		       struct kmem_numbers *numbers);
void kmem_account_set_failed(struct kmem_account *account, unsigned int nr);
void kmem_account_set_orphaned(struct kmem_account *account, bool orphaned);
void kmem_account_kernel_chose(struct kmem_account *account);
void kmem_account_set_gate(struct kmem_account *account, enum kmem_gate gate,
			   u64 held);
void kmem_account_set_noting(struct kmem_account *account, bool noting);
void kmem_account_set_changer(struct kmem_account *account,
			      struct task_struct *changer);

#endif
