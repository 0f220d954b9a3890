# SPDX-License-Identifier: GPL-2.0-or-later
#
# kmemd: memory of CXL expanders, NVDIMMs and other device-DAX memory as system RAM.
#
#   make             build the library, the daemon and kmemctl
#   make demo        build everything, boot a guest, hot-plug an expander and watch (KEEP=1: stay in it)
#   make check       all tests, guests included; ends in one line: N passed, N failed
#   make check-unit  the tests that need neither root nor a guest, in seconds
#   make fuzz        libFuzzer on everything that reads a file of somebody else (FUZZ_SECONDS=60 for each; needs clang)
#   make check-vm    the tests in guests (TESTS="tests/vm/test_x.py" for some of them)
#   make check-emulation only those on emulated CXL switches, faulty DIMMs, firmware's regions and large memory blocks
#   make check-arm64 the driver on arm64 kernels, by an emulator of its own (not a part of make check)
#   make check-debug only what runs on the debug kernel, and for longer: a quarter of an hour, and ten minutes to build it
#   make kmod        the kmem driver for the running kernel (KDIR=, BTF= for another: see kmod/Makefile)
#   make bench       kmemd, daxctl and a shell script side by side (BENCH=blocks|daxctl|hotplug|plug for one of them)
#   make install     into DESTDIR: programs, units, rules, policy, manual, driver source for DKMS
#   make format      clang-format
#   make clean       remove what was built; the downloaded kernels stay (make distclean removes them too)
#
# V=1 shows the commands. demo, check and bench install what is missing, as root, from Debian's packages. The others only say what is.

VERSION := 0.1.0

prefix ?= /usr
bindir ?= $(prefix)/bin
sbindir ?= $(prefix)/sbin
privatedir ?= $(prefix)/lib/kmemd
unitdir ?= $(prefix)/lib/systemd/system
catalogdir ?= $(prefix)/lib/systemd/catalog
rulesdir ?= $(prefix)/lib/udev/rules.d
mandir ?= $(prefix)/share/man
datadir ?= $(prefix)/share
dkmsdir ?= $(prefix)/src/kmemd-kmem-$(VERSION)

BUILD ?= build
SANITIZE ?=

# What is being made, or with V=1 how.
Q := $(if $(V),,@)
says = $(if $(V),,@printf '  %-7s %s\n' $(1) $(2))

CFLAGS ?= -O2 -g
override CFLAGS += -std=c17 -Wall -Wextra -Werror -Wno-format-truncation \
	-Wno-unknown-warning-option -fno-strict-aliasing \
	$(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-omit-frame-pointer)
override CPPFLAGS += -D_GNU_SOURCE -DKMEMD_VERSION='"$(VERSION)"' \
	-DKMEMD_WORKER_PATH='"$(privatedir)/kmemd-worker"' -Ilib -I.
override LDFLAGS += -Wl,--as-needed -Wl,-z,relro,-z,now $(if $(SANITIZE),-fsanitize=$(SANITIZE))

library_packages := libcxl libndctl libkmod libudev json-c
library_libs = $(shell pkg-config --libs $(library_packages) 2>/dev/null)
systemd_libs = $(shell pkg-config --libs libsystemd 2>/dev/null)

library_sources := $(wildcard base/*.c lib/*.c lib/*/*.c)
cli_sources := $(wildcard cli/*.c)
daemon_sources := $(wildcard daemon/*.c daemon/worker/*.c)
unit_tests := $(wildcard tests/unit/test_*.c)
fuzz_targets := $(wildcard tests/fuzz/fuzz_*.c)

objects = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))

programs := $(BUILD)/kmemd $(BUILD)/kmemd-worker $(BUILD)/kmemctl
unit_programs := $(patsubst tests/unit/%.c,$(BUILD)/tests/%,$(unit_tests))

.PHONY: all help demo check check-run check-unit check-vm check-emulation fuzz fuzz-programs check-arm64 check-debug bench bench-run \
	demo-run kmod guest install \
	format clean distclean dependencies
# Objects of tests are kept, like all others.
.SECONDARY:

all: dependencies $(programs)

help:
	@sed -n '3,20s/^# \{0,1\}//p' $(firstword $(MAKEFILE_LIST))

# Says what is missing before the compiler does.
dependencies:
	@missing=$$(for package in $(library_packages) libsystemd; do \
		pkg-config --exists $$package 2>/dev/null || printf ' %s' $$package; done); \
	[ -z "$$missing" ] || { echo "Missing (pkg-config):$$missing." \
		"'tests/lab/setup build' as root installs what building needs on Debian 12." >&2; exit 1; }

$(BUILD)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(call says,CC,$<)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c $< -o $@

$(BUILD)/libkmemd.a: $(call objects,$(library_sources))
	$(call says,AR,$@)
	$(Q)rm -f $@
	$(Q)$(AR) rcs $@ $^

# What the programs share among themselves and with the tests: all but their main().
mains := cli/kmemctl.c daemon/kmemd.c daemon/worker/kmemd-worker.c
$(BUILD)/libprograms.a: $(call objects,$(filter-out $(mains),$(daemon_sources) $(cli_sources)))
	$(call says,AR,$@)
	$(Q)rm -f $@
	$(Q)$(AR) rcs $@ $^

# The daemon sleeps most of its life: of the library it has only what reads JSON, and the rest is its worker's.
$(BUILD)/kmemd: $(call objects,daemon/kmemd.c) $(BUILD)/libprograms.a $(BUILD)/libkmemd.a
	$(call says,LINK,$@)
	$(Q)$(CC) $(LDFLAGS) $^ $(library_libs) $(systemd_libs) -o $@

$(BUILD)/kmemd-worker: $(call objects,daemon/worker/kmemd-worker.c) $(BUILD)/libprograms.a $(BUILD)/libkmemd.a
	$(call says,LINK,$@)
	$(Q)$(CC) $(LDFLAGS) $^ $(library_libs) $(systemd_libs) -o $@

$(BUILD)/kmemctl: $(call objects,cli/kmemctl.c) $(BUILD)/libprograms.a $(BUILD)/libkmemd.a
	$(call says,LINK,$@)
	$(Q)$(CC) $(LDFLAGS) $^ $(library_libs) $(systemd_libs) -o $@

kmod:
	$(MAKE) -C kmod

# --- tests ---------------------------------------------------------------------------------------------------------

$(BUILD)/tests/%: $(BUILD)/obj/tests/unit/%.o $(BUILD)/libprograms.a $(BUILD)/libkmemd.a
	@mkdir -p $(@D)
	$(call says,LINK,$@)
	$(Q)$(CC) $(LDFLAGS) $(addprefix -Wl$(comma)--wrap=,$(wrapped)) $^ -lcmocka $(library_libs) $(systemd_libs) -o $@

# Calls that a test answers in the system's place.
comma := ,
$(BUILD)/tests/test_manager: wrapped := sd_event_new sd_event_add_signal sd_event_add_time sd_event_add_io \
	sd_event_set_watchdog sd_event_source_set_enabled sd_event_source_set_time \
	sd_device_monitor_new sd_device_monitor_unref sd_device_monitor_filter_add_match_subsystem_devtype \
	sd_device_monitor_attach_event sd_device_monitor_start \
	socketpair posix_spawn posix_spawn_file_actions_init posix_spawn_file_actions_adddup2 posix_spawnattr_init \
	posix_spawnattr_setflags posix_spawnattr_setsigmask posix_spawnattr_setsigdefault recv sd_notify sd_notifyf
$(BUILD)/tests/test_system_log: wrapped := sd_journal_sendv
$(BUILD)/tests/test_doctor_gather: wrapped := read
$(BUILD)/tests/test_steps: wrapped := kmod_module_probe_insert_module

driver_tests := $(patsubst kmod/%.c,build/%,$(wildcard kmod/test-*.c))

# Every program runs, also after one that failed. The driver's pure functions are tested in user space.
check-unit: dependencies $(unit_programs)
	@$(MAKE) --no-print-directory -s -C kmod $(driver_tests)
	@tests/unit/run $(BUILD)/tests-results $(unit_programs) $(driver_tests:%=kmod/%)

check:
	@tests/lab/setup check
	@$(MAKE) --no-print-directory -j$$(nproc) check-run

check-run: all guest $(unit_programs)
	@tests/check-all $(BUILD)/tests-results $(unit_programs)

# Of objects of their own: everything is instrumented, and what the sanitizers find ends the program.
fuzz_folder := build/fuzz
fuzz_programs := $(patsubst tests/fuzz/%.c,$(fuzz_folder)/fuzz/%,$(fuzz_targets))

$(BUILD)/fuzz/%: $(BUILD)/obj/tests/fuzz/%.o $(BUILD)/libkmemd.a
	@mkdir -p $(@D)
	$(call says,LINK,$@)
	$(Q)$(CC) $(LDFLAGS) -fsanitize=fuzzer $^ $(library_libs) -o $@

fuzz-programs:
	@$(MAKE) --no-print-directory BUILD=$(fuzz_folder) CC=clang SANITIZE=address,undefined \
		CFLAGS='-O1 -g -fsanitize=fuzzer-no-link -fno-sanitize-recover=all' $(fuzz_programs)

fuzz: dependencies fuzz-programs
	@tests/fuzz/run $(BUILD)/fuzz-results $(fuzz_programs)

check-vm: guest
	@tests/vm/run $(TESTS)

check-emulation: guest
	@tests/lab/build-mocks
	@tests/vm/run $(if $(TESTS),$(TESTS),$(wildcard tests/emulation/test_*.py))

check-arm64:
	@tests/lab/setup lab
	@tests/arm64/run

check-debug:
	@tests/lab/setup check
	@$(MAKE) --no-print-directory -j$$(nproc) guest
	@nice tests/lab/build-debug-kernel
	@KMEMD_SOAK_ROUNDS=1000 tests/vm/run tests/vm/test_driver_soak.py tests/vm/test_driver_faults.py

# What a guest needs besides its kernel and userland: everything installed as on a real machine.
guest: all
	+@tests/vm/prepare

demo:
	@tests/lab/setup lab
	@$(MAKE) --no-print-directory -j$$(nproc) demo-run

demo-run: guest
	@tests/demo/run $(if $(KEEP),--keep)

bench:
	@tests/lab/setup lab
	@$(MAKE) --no-print-directory -j$$(nproc) bench-run

bench-run: guest
	@bench/run $(BENCH)

# --- installation --------------------------------------------------------------------------------------------------

installed = $(Q)install -D -m $(1) $(2) $(DESTDIR)$(3)

install: all
	$(call installed,0755,$(BUILD)/kmemctl,$(bindir)/kmemctl)
	$(call installed,0755,$(BUILD)/kmemd,$(sbindir)/kmemd)
	$(call installed,0755,$(BUILD)/kmemd-worker,$(privatedir)/kmemd-worker)
	$(call installed,0644,policy/50-cxl-ram.conf,$(privatedir)/policy.d/50-cxl-ram.conf)
	install -d $(DESTDIR)$(unitdir)
	sed 's|@sbindir@|$(sbindir)|' systemd/kmemd.service.in >$(DESTDIR)$(unitdir)/kmemd.service
	$(call installed,0644,systemd/kmemd.catalog,$(catalogdir)/kmemd.catalog)
	$(call installed,0644,udev/90-kmemd.rules,$(rulesdir)/90-kmemd.rules)
	for page in man/*.[1-8]; do \
		install -D -m 0644 $$page $(DESTDIR)$(mandir)/man$${page##*.}/$${page##*/} || exit 1; done
	$(call installed,0644,completions/kmemctl.bash,$(datadir)/bash-completion/completions/kmemctl)
	$(call installed,0644,completions/kmemctl.zsh,$(datadir)/zsh/vendor-completions/_kmemctl)
	$(call installed,0644,completions/kmemctl.fish,$(datadir)/fish/vendor_completions.d/kmemctl.fish)
	install -d $(DESTDIR)$(dkmsdir)
	install -m 0644 $(filter-out kmod/test-%,$(wildcard kmod/*.[ch])) kmod/Kbuild kmod/Makefile \
		kmod/dkms.conf $(DESTDIR)$(dkmsdir)
	install -m 0755 kmod/gen-layout $(DESTDIR)$(dkmsdir)
	install -D -m 0644 -t $(DESTDIR)$(dkmsdir)/ABI/testing kmod/ABI/testing/*

format:
	clang-format -i $(wildcard base/*.[ch] lib/*.[ch] lib/*/*.[ch] cli/*.[ch] daemon/*.[ch] daemon/*/*.[ch] tests/unit/*.[ch] tests/fuzz/*.c)

clean:
	rm -rf $(BUILD)/obj $(BUILD)/tests $(BUILD)/tests-results $(BUILD)/guest $(BUILD)/vm $(programs) \
		$(BUILD)/libkmemd.a $(BUILD)/libprograms.a
	$(MAKE) -C kmod clean

distclean: clean
	rm -rf $(BUILD)

-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)
