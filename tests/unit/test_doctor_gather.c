// SPDX-License-Identifier: GPL-2.0-or-later
/* doctor: what it reads below its roots, on small trees. */
#include "fixture.h"

#include "base/error.h"
#include "context.h"
#include "doctor/gather.h"
#include "inventory/inventory.h"
#include "json/doctor-json.h"

#include <elf.h>
#include <sys/utsname.h>

static struct kmemd *machine_at(const char *folder)
{
	struct kmemd *kmemd = NULL;
	char sys[300], proc[300], run[300];

	snprintf(sys, sizeof(sys), "%s/sys", folder);
	snprintf(proc, sizeof(proc), "%s/proc", folder);
	snprintf(run, sizeof(run), "%s/run/kmemd", folder);
	assert_int_equal(kmemd_new(&kmemd, &(struct kmemd_paths){.sysfs = sys,
								 .procfs = proc,
								 .run = run,
								 .root = folder}),
			 0);
	return kmemd;
}

static struct facts gather(const char *folder)
{
	struct kmemd *kmemd = machine_at(folder);
	struct facts facts = {0};

	assert_int_equal(facts_gather(kmemd, &facts), 0);
	kmemd_free(kmemd);
	return facts;
}

static const char *release(void)
{
	static struct utsname names;

	uname(&names);
	return names.release;
}

static void an_empty_tree_is_no_error(void **state)
{
	struct facts facts = gather(*state);

	assert_false(facts.has_hotplug);
	assert_int_equal(facts.has_hotremove, TRISTATE_UNKNOWN);
	assert_int_equal(facts.lock.secure_boot, TRISTATE_UNKNOWN);
	assert_false(facts.log.readable);
	assert_false(facts.service.installed || facts.service.running || facts.has_journal);
	assert_int_equal(
		facts.onliners.onlining.count + facts.resources.count + facts.records.count, 0);
	facts_release(&facts);
}

static void the_kernels_settings(void **state)
{
	static const char secure[] = {6, 0, 0, 0, 1};
	struct facts facts;

	write_text(at(*state, "sys/devices/system/memory/block_size_bytes"), "8000000\n");
	write_text(at(*state, "sys/devices/system/memory/auto_online_blocks"), "online\n");
	write_text(at(*state, "sys/devices/system/memory/memory3/state"), "online\n");
	write_text(at(*state, "sys/module/memory_hotplug/parameters/memmap_on_memory"), "N\n");
	write_text(at(*state, "sys/module/memory_hotplug/parameters/online_policy"),
		   "auto-movable\n");
	write_text(at(*state, "sys/module/memory_hotplug/parameters/auto_movable_ratio"), "301\n");
	write_text(at(*state, "sys/module/module/parameters/sig_enforce"), "Y\n");
	write_text(at(*state, "sys/kernel/security/lockdown"),
		   "none [integrity] confidentiality\n");
	write_bytes(at(*state, "sys/firmware/efi/efivars/"
			       "SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"),
		    secure, sizeof(secure));
	facts = gather(*state);
	assert_true(facts.has_hotplug);
	assert_int_equal(facts.has_hotremove, TRISTATE_NO); /* no valid_zones */
	assert_string_equal(facts.onliners.auto_online, "online");
	assert_string_equal(facts.memmap_parameter, "N");
	assert_string_equal(facts.onliners.online_policy, "auto-movable");
	assert_string_equal(facts.auto_movable_ratio, "301");
	assert_true(facts.lock.only_signed);
	assert_string_equal(facts.lock.lockdown, "integrity");
	assert_int_equal(facts.lock.secure_boot, TRISTATE_YES);
	facts_release(&facts);
	write_text(at(*state, "sys/devices/system/memory/memory3/valid_zones"), "Normal\n");
	facts = gather(*state);
	assert_int_equal(facts.has_hotremove, TRISTATE_YES);
	facts_release(&facts);
}

static void processors_zones_and_resources(void **state)
{
	struct facts facts;
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);

	write_text(at(*state, "proc/cpuinfo"),
		   "processor\t: 0\nflags\t\t: fpu hypervisor_x vme\nprocessor\t: 1\n"
		   "flags\t\t: hypervisor\n");
	write_text(at(*state, "proc/zoneinfo"),
		   "Node 0, zone      DMA\n  pages free     3840\n        managed  3840\n"
		   "Node 0, zone   Normal\n        present  9\n        managed  1000\n"
		   "Node 1, zone  Movable\n        managed  5000\n"
		   "Node 1, zone   Device\n        managed  7\n");
	write_text(at(*state, "proc/iomem"), "00001000-0009fbff : System RAM\n"
					     "490000000-4cfffffff : CXL Window 0\n"
					     "  490000000-4cfffffff : region0\n"
					     "    490000000-4cfffffff : dax0.0\n"
					     "      490000000-4cfffffff : System RAM (kmem)\n");
	facts = gather(*state);
	assert_false(facts.hypervisor);
	assert_int_equal(facts.kernel_zone, 4840 * page);
	assert_int_equal(facts.movable_zone, 5000 * page);
	assert_int_equal(facts.resources.count, 4); /* region0 is of no interest */
	assert_string_equal(facts.resources.items[0].name, "System RAM");
	assert_string_equal(facts.resources.items[1].name, "CXL Window 0");
	assert_string_equal(facts.resources.items[2].name, "dax0.0");
	assert_string_equal(facts.resources.items[3].name, "System RAM (kmem)");
	assert_int_equal(facts.resources.items[3].range.start, UINT64_C(0x490000000));
	assert_int_equal(facts.resources.items[3].range.size, GIB);
	assert_true(facts.shows_addresses);
	facts_release(&facts);

	write_text(at(*state, "proc/cpuinfo"), "processor\t: 0\nflags\t\t: fpu hypervisor\n");
	/* For others than root. */
	write_text(at(*state, "proc/iomem"), "00000000-00000000 : System RAM (kmem)\n");
	facts = gather(*state);
	assert_true(facts.hypervisor);
	assert_int_equal(facts.resources.count, 0);
	assert_false(facts.shows_addresses);
	facts_release(&facts);
}

static void sentences_of_the_kernel_log(void **state)
{
	struct facts facts;

	write_text(at(*state, "dev/kmsg"),
		   "6,1,10,-;Linux version\n"
		   "3,2,20,-;cxl region0: Failed to synchronize CPU cache state\n"
		   " SUBSYSTEM=cxl\n"
		   "4,3,30,-;kmem dax0.0: mapping0: 0x1-0x2 cannot be hotremoved until the next "
		   "reboot\n"
		   "3,4,40,-;kmem: version magic 'a' should be 'b'\n");
	facts = gather(*state);
	assert_true(facts.log.readable);
	assert_string_equal(facts.log.cache_sync,
			    "cxl region0: Failed to synchronize CPU cache state");
	assert_contains(facts.log.leaked, "kmem dax0.0: mapping0");
	assert_contains(facts.log.rejected, "version magic");
	facts_release(&facts);
}

/* What the kernel answers to the reads of its log that come first; 0: what is in the file. */
static int log_errors[4];
static unsigned int log_reads;

ssize_t __real_read(int fd, void *buffer, size_t size);
ssize_t __wrap_read(int fd, void *buffer, size_t size);
ssize_t __wrap_read(int fd, void *buffer, size_t size)
{
	char link[32], path[512];
	ssize_t length;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	length = readlink(link, path, sizeof(path) - 1);
	path[length < 0 ? 0 : length] = '\0';
	if (strstr(path, "/dev/kmsg") && log_reads < array_size(log_errors) &&
	    log_errors[log_reads++]) {
		errno = log_errors[log_reads - 1];
		return -1;
	}
	return __real_read(fd, buffer, size);
}

/* Documentation/ABI/testing/dev-kmsg: EPIPE where records were overwritten; others follow. */
static void a_log_that_is_overwritten_meanwhile_is_read_on(void **state)
{
	static const struct {
		int errors[4];
		bool readable, read;
	} cases[] = {
		{{EPIPE, EINTR, EPIPE}, true, true},
		{{EINTR}, true, true},
		{{0, EPIPE, EAGAIN}, true, true},
		{{0, EIO}, true, true},
		{{EAGAIN}, true, false},
		{{EIO}, false, false},
		{{EPIPE, EPERM}, false, false},
	};

	write_text(at(*state, "dev/kmsg"), "3,4,40,-;kmem: version magic 'a' should be 'b'\n");
	for (size_t i = 0; i < array_size(cases); i++) {
		struct facts facts;

		memcpy(log_errors, cases[i].errors, sizeof(log_errors));
		log_reads = 0;
		facts = gather(*state);
		memset(log_errors, 0, sizeof(log_errors));
		assert_int_equal(facts.log.readable, cases[i].readable);
		assert_int_equal(!!facts.log.rejected[0], cases[i].read);
		facts_release(&facts);
	}
}

static void rules_by_udevs_precedence(void **state)
{
	static const char rule[] = "\nSUBSYSTEM==\"memory\", ATTR{state}=\"online\"\n";
	struct facts facts;

	write_text(at(*state, "usr/lib/udev/rules.d/10-found.rules"), rule);
	write_text(at(*state, "usr/lib/udev/rules.d/20-masked.rules"), rule);
	write_text(at(*state, "usr/lib/udev/rules.d/30-replaced.rules"), rule);
	write_text(at(*state, "usr/lib/udev/rules.d/40-emptied.rules"), rule);
	write_text(at(*state, "usr/lib/udev/rules.d/50-not-a-rule.txt"), rule);
	write_text(at(*state, "run/udev/rules.d/05-of-the-run.rules"), rule);
	make_folders(at(*state, "etc/udev/rules.d"));
	assert_int_equal(symlink("/dev/null", at(*state, "etc/udev/rules.d/20-masked.rules")), 0);
	write_text(at(*state, "etc/udev/rules.d/30-replaced.rules"), "# nothing\n");
	write_text(at(*state, "etc/udev/rules.d/40-emptied.rules"), "");
	/* As on a machine whose /lib is a link: the same files once. */
	assert_int_equal(symlink("usr/lib", at(*state, "lib")), 0);
	facts = gather(*state);
	assert_int_equal(facts.onliners.onlining.count, 2);
	assert_string_equal(facts.onliners.onlining.items[0].file,
			    at(*state, "run/udev/rules.d/05-of-the-run.rules"));
	assert_string_equal(facts.onliners.onlining.items[1].file,
			    at(*state, "usr/lib/udev/rules.d/10-found.rules"));
	assert_int_equal(facts.onliners.onlining.items[1].hits.items[0].line, 2);
	facts_release(&facts);
}

static void daxctls_rule_and_configuration(void **state)
{
	struct facts facts;

	write_text(at(*state, "usr/lib/udev/rules.d/90-daxctl-device.rules"),
		   "ACTION==\"add\", SUBSYSTEM==\"dax\", PROGRAM=\"/usr/bin/systemd-escape -p "
		   "--template=daxdev-reconfigure@.service $env{DEVNAME}\"\n");
	write_text(at(*state, "etc/daxctl.conf.d/a.conf"),
		   "[reconfigure-device a]\nnvdimm.uuid=ed93e918-e165-49d8-921d-383d7b9660c5\n"
		   "mode=system-ram\n[reconfigure-device b]\nmode=nonsense\n");
	facts = gather(*state);
	assert_int_equal(facts.onliners.daxctl_rules.count, 1);
	assert_int_equal(facts.onliners.daxctl_uuids.count, 1);
	assert_string_equal(facts.onliners.daxctl_uuids.items[0],
			    "ed93e918-e165-49d8-921d-383d7b9660c5");
	assert_int_equal(facts.onliners.daxctl_problems.count, 2);
	assert_int_equal(facts.onliners.daxctl_problems.items[0].line, 5);
	facts_release(&facts);
}

static void modules_loaded_installed_and_chosen(void **state)
{
	struct facts facts;

	write_text(at(*state, "sys/module/kmem/version"), "0.1.0-kmemd\n");
	write_text(at(*state, "sys/module/kmem/srcversion"), "ABCD\n");
	write_text(at(*state, "lib/modules/%s/modules.dep", release()),
		   "kernel/mm/xkmem.ko: a\nkernel/drivers/dax/dax.ko:\n"
		   "updates/dkms/kmem.ko.xz: kernel/drivers/dax/dax.ko\n");
	write_text(at(*state, "lib/modules/%s/updates/dkms/kmem.ko.xz", release()), "no module");
	write_text(at(*state, "lib/modules/6.1.0-1/updates/kmem.ko"), "no module");
	write_text(at(*state, "lib/modules/6.1.0-1/updates/kmem.ko.old"), "no module");
	write_text(at(*state, "usr/src/kmemd-kmem-0.1.0/dkms.conf"), "x\n");
	facts = gather(*state);
	assert_true(facts.module.loaded && facts.module.loaded_is_ours);
	assert_true(facts.module.has_source);
	assert_false(facts.module.has_dkms);
	assert_string_equal(facts.module.loaded_srcversion, "ABCD");
	assert_string_equal(facts.module.chosen, "updates/dkms/kmem.ko.xz");
	assert_int_equal(facts.module.installed.count, 2);
	assert_string_equal(facts.module.installed.items[0].release, "6.1.0-1");
	assert_string_equal(facts.module.installed.items[1].release, release());
	facts_release(&facts);
}

static void the_service_and_what_jobs_left(void **state)
{
	struct facts facts;

	write_text(at(*state, "usr/lib/systemd/system/kmemd.service"), "[Unit]\n");
	facts = gather(*state);
	assert_true(facts.service.installed);
	assert_false(facts.service.enabled || facts.service.masked || facts.service.running);
	facts_release(&facts);

	make_folders(at(*state, "etc/systemd/system/multi-user.target.wants"));
	assert_int_equal(symlink("/nowhere", at(*state, "etc/systemd/system/"
							"multi-user.target.wants/kmemd.service")),
			 0);
	write_text(at(*state, "sys/fs/cgroup/system.slice/kmemd.service/cgroup.procs"), "12\n");
	write_text(at(*state, "run/kmemd/journal.json"),
		   "{\"job\":\"apply\",\"device\":\"cxl-ram:0x1\",\"pid\":2147483646}\n");
	facts = gather(*state);
	assert_true(facts.service.enabled && facts.service.running);
	assert_true(facts.has_journal);
	assert_false(facts.journal_running);
	facts_release(&facts);

	write_text(at(*state, "sys/fs/cgroup/system.slice/kmemd.service/cgroup.procs"), "");
	assert_int_equal(symlink("/dev/null", at(*state, "etc/systemd/system/kmemd.service")), 0);
	facts = gather(*state);
	assert_true(facts.service.masked);
	assert_false(facts.service.masked_once || facts.service.running);
	facts_release(&facts);
}

static void the_report_says_whether_the_machine_is_healthy(void **state)
{
	_cleanup_(kmemd_inventory_freep) struct kmemd_inventory *inventory = inventory_recorded(
		"two-expanders-online.json");
	struct kmemd *kmemd = machine_at(*state);
	struct kmemd_error error = {0};
	struct json_object *json = NULL;

	write_text(at(*state, "sys/devices/system/memory/block_size_bytes"), "8000000\n");
	write_text(at(*state, "sys/module/memory_hotplug/parameters/memmap_on_memory"), "Y\n");
	write_text(at(*state, "sys/module/kmem/version"), "0.1.0-kmemd\n");
	write_text(at(*state, "sys/fs/cgroup/system.slice/kmemd.service/cgroup.procs"), "12\n");
	write_text(at(*state, "dev/kmsg"), "6,1,10,-;Linux version\n");
	write_text(at(*state, "proc/iomem"), "00001000-0009fbff : System RAM\n");
	assert_int_equal(kmemd_report_doctor(kmemd, inventory, NULL, NULL, &json, &error), 0);
	if (!json_get_bool(json, "healthy"))
		fail_msg("%s", json_object_to_json_string(json));
	assert_int_equal(json_get_u64(json, "errors") + json_get_u64(json, "warnings"), 0);
	json_object_put(json);

	write_text(at(*state, "etc/udev/rules.d/1.rules"),
		   "SUBSYSTEM==\"memory\", ATTR{state}=\"online\"\n");
	assert_int_equal(kmemd_report_doctor(kmemd, inventory, NULL, NULL, &json, &error), 0);
	assert_false(json_get_bool(json, "healthy"));
	assert_int_equal(json_get_u64(json, "warnings"), 1);
	assert_string_equal(json_text(json_member(json, "findings", 0), "id"), "udev-onlines");
	assert_string_equal(json_text(json_member(json, "findings", 0), "severity"), "warning");
	json_object_put(json);
	kmemd_free(kmemd);
}

static void the_command_line_and_what_is_broken(void **state)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	struct facts facts;

	write_text(at(*state, "proc/cmdline"), "quiet memhp_default_state=online a=b\n");
	write_text(at(*state, "proc/meminfo"), "MemTotal: 1 kB\nHardwareCorrupted:    12 kB\n");
	write_text(
		at(*state, "dev/kmsg"),
		"3,1,1,-;Memory failure: 0x12345: recovery action for dirty LRU page: Recovered\n"
		"3,2,1,-;Memory failure: 0x12346: unhandlable page.\n"
		"3,3,1,-;Memory failure: what: recovery action for x\n");
	facts = gather(*state);
	assert_int_equal(facts.poisoned, 12 * 1024);
	assert_int_equal(facts.log.poisoned.count, 1);
	assert_int_equal(facts.log.poisoned.items[0], 0x12345 * page);
	assert_true(facts_command_line_has(&facts, "quiet"));
	assert_true(facts_command_line_has(&facts, "a=b"));
	assert_true(facts_command_line_has(&facts, "memhp_default_state="));
	assert_false(facts_command_line_has(&facts, "memhp_default_state"));
	assert_false(facts_command_line_has(&facts, "default_state="));
	assert_false(facts_command_line_has(&facts, "quie"));
	facts_release(&facts);
}

static void what_modprobe_may_not_load(void **state)
{
	struct facts facts;

	write_text(at(*state, "etc/modprobe.d/a.conf"),
		   "# blacklist kmem\nblacklist kmemx\n  blacklist  kmem\ninstall kmem /bin/true\n"
		   "options kmem x=1\nalias dax:t0* off\nalias dax:t0* kmem\nalias pci:* off\n"
		   "install cxl_mem /bin/true\nsoftdep kmem pre: x\n");
	write_text(at(*state, "usr/lib/modprobe.d/a.conf"), "blacklist kmem\n"); /* replaced */
	write_text(at(*state, "usr/lib/modprobe.d/b.conf"), "blacklist dax\n");
	write_text(at(*state, "usr/lib/modprobe.d/c.txt"), "blacklist kmem\n");
	facts = gather(*state);
	assert_int_equal(facts.module.bans.count, 1);
	assert_string_equal(facts.module.bans.items[0].file, at(*state, "etc/modprobe.d/a.conf"));
	assert_int_equal(facts.module.bans.items[0].hits.count, 3);
	assert_int_equal(facts.module.bans.items[0].hits.items[0].line, 3);
	assert_int_equal(facts.module.bans.items[0].hits.items[0].last_line, 3);
	assert_string_equal(facts.module.bans.items[0].hits.items[0].value, "blacklist  kmem");
	assert_int_equal(facts.module.bans.items[0].hits.items[1].line, 4);
	assert_int_equal(facts.module.bans.items[0].hits.items[2].line, 6);
	facts_release(&facts);
}

static void plant_decoder(const char *folder, const char *endpoint, const char *name,
			  const char *dpa_size, const char *region, const char *size,
			  const char *locked)
{
	char target[256];

	snprintf(target, sizeof(target), "../../../devices/%s/%s", endpoint, name);
	write_text(at(folder, "sys/devices/%s/%s/dpa_size", endpoint, name), dpa_size);
	write_text(at(folder, "sys/devices/%s/%s/region", endpoint, name), region);
	write_text(at(folder, "sys/devices/%s/%s/size", endpoint, name), size);
	write_text(at(folder, "sys/devices/%s/%s/locked", endpoint, name), locked);
	make_folders(at(folder, "sys/bus/cxl/devices"));
	assert_int_equal(symlink(target, at(folder, "sys/bus/cxl/devices/%s", name)), 0);
}

static void decoders_that_hold_capacity(void **state)
{
	const struct decoder_fact *decoders;
	struct facts facts;

	make_folders(at(*state, "sys/devices/endpoint2"));
	make_folders(at(*state, "sys/devices/endpoint10"));
	assert_int_equal(symlink("../../mem10", at(*state, "sys/devices/endpoint2/uport")), 0);
	assert_int_equal(symlink("../../mem9", at(*state, "sys/devices/endpoint10/uport")), 0);
	plant_decoder(*state, "endpoint2", "decoder2.0", "0x10000000", "region7\n", "0x20000000\n",
		      "1\n");
	plant_decoder(*state, "endpoint2", "decoder2.1", "0x20000000", "\n", "0x0\n", "0\n");
	plant_decoder(*state, "endpoint2", "decoder2.2", "0x0", "\n", "0x0\n", "0\n");
	plant_decoder(*state, "endpoint10", "decoder10.0", "0x30000000", "\n", "0x0\n", "0\n");
	plant_decoder(*state, "endpoint10", "region0", "0x30000000", "\n", "0x0\n", "0\n");
	facts = gather(*state);
	assert_int_equal(facts.decoders.count, 3);
	decoders = facts.decoders.items;
	assert_string_equal(decoders[0].name, "decoder10.0");
	assert_string_equal(decoders[0].memdev, "mem9");
	assert_string_equal(decoders[1].name, "decoder2.1"); /* the last first */
	assert_string_equal(decoders[1].memdev, "mem10");
	assert_string_equal(decoders[1].region, "");
	assert_int_equal(decoders[1].dpa_size, 512 * MIB);
	assert_int_equal(decoders[1].number, 1);
	assert_false(decoders[1].decodes || decoders[1].locked);
	assert_string_equal(decoders[2].region, "region7");
	assert_true(decoders[2].decodes && decoders[2].locked);
	facts_release(&facts);
}

static void a_log_and_an_index_with_nothing_in_them(void **state)
{
	struct facts facts;

	write_text(at(*state, "dev/kmsg"), "");
	write_bytes(at(*state, "sys/firmware/efi/efivars/"
			       "SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"),
		    "\6\0\0\0", 4);
	write_text(at(*state, "lib/modules/%s/modules.dep", release()), "kernel/mm/x.ko: a\n");
	write_text(at(*state, "lib/modules/%s/modules.builtin", release()), "");
	facts = gather(*state);
	assert_true(facts.log.readable);
	assert_int_equal(facts.lock.secure_boot, TRISTATE_UNKNOWN);
	assert_string_equal(facts.module.chosen, "");
	assert_false(facts.module.chosen_exists || facts.module.built_in);
	facts_release(&facts);
}

/* The least that libkmod takes for a module: a section with what modinfo shows. */
static void write_module(const char *path, const char *info, size_t length)
{
	static const char names[] = "\0.modinfo\0.shstrtab";
	struct {
		Elf64_Ehdr header;
		char info[128], names[32];
		Elf64_Shdr sections[3];
	} module = {
		.header = {.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
				       EV_CURRENT},
			   .e_type = ET_REL,
			   .e_machine = EM_X86_64,
			   .e_version = EV_CURRENT,
			   .e_ehsize = sizeof(Elf64_Ehdr),
			   .e_shentsize = sizeof(Elf64_Shdr),
			   .e_shnum = 3,
			   .e_shstrndx = 2},
		.sections = {[1] = {.sh_name = 1, .sh_type = SHT_PROGBITS, .sh_size = length},
			     [2] = {.sh_name = 10,
				    .sh_type = SHT_STRTAB,
				    .sh_size = sizeof(names)}},
	};

	assert_true(length <= sizeof(module.info));
	memcpy(module.info, info, length);
	memcpy(module.names, names, sizeof(names));
	module.header.e_shoff = (Elf64_Off)((char *)module.sections - (char *)&module);
	module.sections[1].sh_offset = (Elf64_Off)(module.info - (char *)&module);
	module.sections[2].sh_offset = (Elf64_Off)(module.names - (char *)&module);
	write_bytes(path, &module, sizeof(module));
}

static void what_modinfo_shows(void **state)
{
	static const char info[] = "version=0.1.0-kmemd\0srcversion=ABC\0vermagic=6.12.1 SMP ";
	const struct installed_kmem *kmem;
	struct facts facts;

	write_module(at(*state, "lib/modules/6.12.1/updates/kmem.ko"), info, sizeof(info));
	facts = gather(*state);
	assert_int_equal(facts.module.installed.count, 1);
	kmem = facts.module.installed.items;
	assert_string_equal(kmem->version, "0.1.0-kmemd");
	assert_string_equal(kmem->srcversion, "ABC");
	assert_string_equal(kmem->vermagic, "6.12.1 SMP ");
	assert_false(kmem->is_signed);
	facts_release(&facts);
}

static void dimms_that_report_a_failure(void **state)
{
	struct facts facts;

	write_text(at(*state, "sys/bus/nd/devices/nmem0/nfit/flags"), "smart_notify \n");
	write_text(at(*state, "sys/bus/nd/devices/nmem1/nfit/flags"),
		   "save_fail smart_notify not_armed \n");
	write_text(at(*state, "sys/bus/nd/devices/nmem2/nfit/flags"), "\n");
	write_text(at(*state, "sys/bus/nd/devices/region0/nfit/flags"), "save_fail\n");
	facts = gather(*state);
	assert_int_equal(facts.dimms.count, 1);
	assert_string_equal(facts.dimms.items[0].name, "nmem1");
	assert_string_equal(facts.dimms.items[0].flags, "save_fail not_armed");
	facts_release(&facts);
}

static void who_acts_when_memory_comes(void **state)
{
	static const char kdump[] =
		"SUBSYSTEM==\"memory\", ATTRS{crash_hotplug}==\"1\", GOTO=\"end\"\n"
		"SUBSYSTEM==\"memory\", ACTION==\"add|online\", RUN+=\"systemctl reload kdump\"\n"
		"LABEL=\"end\"\n";
	struct facts facts;

	write_text(at(*state, "etc/udev/rules.d/1.rules"), kdump);
	write_text(at(*state, "etc/udev/rules.d/2.rules"),
		   "SUBSYSTEM==\"memory\", ACTION==\"online\", RUN+=\"systemctl reload kdump\"\n");
	write_text(
		at(*state, "sys/fs/cgroup/system.slice/nvidia-persistenced.service/cgroup.procs"),
		"1\n2\n");
	facts = gather(*state);
	assert_int_equal(facts.onliners.kdump_rules.count, 2);
	assert_int_equal(facts.onliners.kdump_rules.items[0].hits.count, 1);
	assert_int_equal(facts.onliners.kdump_rules.items[0].hits.items[0].line, 2);
	assert_int_equal(facts.onliners.onlining.count, 0);
	assert_true(facts.onliners.nvidia_persistenced);
	facts_release(&facts);
	write_text(at(*state, "sys/devices/system/memory/crash_hotplug"), "1\n");
	facts = gather(*state);
	assert_int_equal(facts.onliners.kdump_rules.count, 1);
	facts_release(&facts);
}

static void the_journal_of_a_process_that_lives(void **state)
{
	struct facts facts;

	write_text(at(*state, "run/kmemd/journal.json"),
		   "{\"job\":\"apply\",\"device\":\"cxl-ram:0x1\",\"pid\":77}\n");
	write_text(at(*state, "proc/77/comm"), "kmemctl\n");
	facts = gather(*state);
	assert_true(facts.has_journal && facts.journal_running && facts.shows_records);
	facts_release(&facts);
	write_text(at(*state, "proc/77/comm"), "somebody\n"); /* the number was used again */
	facts = gather(*state);
	assert_true(facts.has_journal);
	assert_false(facts.journal_running);
	facts_release(&facts);
	write_text(at(*state, "run/kmemd/journal.json"), "{");
	facts = gather(*state);
	assert_false(facts.has_journal || facts.shows_records);
	facts_release(&facts);
	if (geteuid() == 0)
		return; /* root may look everywhere */
	assert_int_equal(chmod(at(*state, "run/kmemd"), 0), 0);
	facts = gather(*state);
	assert_false(facts.shows_records);
	facts_release(&facts);
}

static void a_driver_inside_the_kernel(void **state)
{
	struct facts facts;

	write_text(at(*state, "lib/modules/%s/modules.builtin", release()),
		   "kernel/mm/xkmem.ko\nkernel/drivers/dax/kmem.kox\n");
	write_text(at(*state, "lib/modules/%s/modules.dep", release()),
		   "kernel/drivers/dax/kmem.ko.xz:\n");
	facts = gather(*state);
	assert_false(facts.module.built_in || facts.module.chosen_exists || facts.module.loaded);
	assert_string_equal(facts.module.chosen, "kernel/drivers/dax/kmem.ko.xz");
	facts_release(&facts);
	write_text(at(*state, "lib/modules/%s/modules.builtin", release()),
		   "kernel/a.ko\nkernel/drivers/dax/kmem.ko\n");
	write_text(at(*state, "lib/modules/%s/kernel/drivers/dax/kmem.ko.xz", release()), "");
	write_text(at(*state, "usr/sbin/dkms"), "");
	facts = gather(*state);
	assert_true(facts.module.built_in && facts.module.chosen_exists);
	assert_false(facts.module.has_dkms); /* not executable */
	facts_release(&facts);
	assert_int_equal(chmod(at(*state, "usr/sbin/dkms"), 0755), 0);
	facts = gather(*state);
	assert_true(facts.module.has_dkms);
	facts_release(&facts);
}

#define with_folder(test) cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_folder(an_empty_tree_is_no_error),
		with_folder_without_input(the_kernels_settings),
		with_folder_without_input(processors_zones_and_resources),
		with_folder_without_input(sentences_of_the_kernel_log),
		with_folder_without_input(modules_loaded_installed_and_chosen),
		with_folder_without_input(the_service_and_what_jobs_left),
		with_folder(the_kernels_settings),
		with_folder(processors_zones_and_resources),
		with_folder(sentences_of_the_kernel_log),
		with_folder(a_log_that_is_overwritten_meanwhile_is_read_on),
		with_folder(rules_by_udevs_precedence),
		with_folder(daxctls_rule_and_configuration),
		with_folder(modules_loaded_installed_and_chosen),
		with_folder(the_service_and_what_jobs_left),
		with_folder(the_command_line_and_what_is_broken),
		with_folder(what_modprobe_may_not_load),
		with_folder(decoders_that_hold_capacity),
		with_folder(a_log_and_an_index_with_nothing_in_them),
		with_folder(what_modinfo_shows),
		with_folder(dimms_that_report_a_failure),
		with_folder(who_acts_when_memory_comes),
		with_folder(the_journal_of_a_process_that_lives),
		with_folder(a_driver_inside_the_kernel),
		with_folder(the_report_says_whether_the_machine_is_healthy),
	};

	return cmocka_run_group_tests_name("doctor_gather", tests, NULL, NULL);
}
