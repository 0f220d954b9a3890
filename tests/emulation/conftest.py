# SPDX-License-Identifier: GPL-2.0-or-later
"""The fixtures and hooks of tests/vm hold here, too."""
# pylint: disable=unused-import
from vm.conftest import (_mark_kernel_log, boot_guest, boot_session_guest, pytest_configure, pytest_runtest_makereport,
                         pytest_terminal_summary)
