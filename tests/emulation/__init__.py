# SPDX-License-Identifier: GPL-2.0-or-later
"""Scenarios on emulated hardware that QEMU does not have: cxl_test, nfit_test, firmware's regions, large memory blocks."""
