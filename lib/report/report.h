/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMEMD_REPORT_H
#define KMEMD_REPORT_H

/* Of the inventory's JSON; raised when a reader of the old form would misread the new one. */
#define INVENTORY_VERSION 1

#endif
