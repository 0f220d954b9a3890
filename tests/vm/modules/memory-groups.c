// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * memory-groups: says in the kernel log which of the lowest numbers of memory groups are taken.
 *
 * The kernel shows memory groups nowhere. But a new one gets the lowest free number, so a module that makes a few of them learns which numbers
 * others hold: those left out. They are given back at once. A driver that leaks groups leaks low numbers first.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/memory.h>
#include <linux/module.h>

#define NR_GROUPS 16

static int __init memory_groups_init(void)
{
	int mgids[NR_GROUPS], nr, rc = 0, taken;

	for (nr = 0; nr < NR_GROUPS; nr++) {
		mgids[nr] = memory_group_register_static(0, 1);
		if (mgids[nr] < 0) {
			rc = mgids[nr];
			break;
		}
	}
	taken = nr ? mgids[nr - 1] + 1 - nr : 0;
	while (nr--)
		memory_group_unregister(mgids[nr]);
	if (!rc)
		pr_info("%d taken\n", taken);
	return rc;
}

static void __exit memory_groups_exit(void)
{
}

module_init(memory_groups_init);
module_exit(memory_groups_exit);
MODULE_DESCRIPTION("Says which numbers of memory groups are taken");
MODULE_LICENSE("GPL");
