# SPDX-License-Identifier: GPL-2.0-or-later
"""Guests on real kernels for the tests and the demo; README.md says how to use them."""
