/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "doctor/judge-module.h"

#include "base/release.h"
#include "context.h"
#include "doctor/cure.h"

#include <stdio.h>

/* modules.dep: our driver is in updates/ (DKMS: updates/dkms), the kernel's own in kernel/. */
static bool is_outside_kernel(const char *path)
{
	return path[0] && strncmp(path, "kernel/", strlen("kernel/"));
}

static bool is_ours(const struct installed_kmem *kmem)
{
	return strstr(kmem->version, "-kmemd") != NULL;
}

static bool is_chosen(const struct facts *facts, const struct installed_kmem *kmem)
{
	const char *chosen = facts->module.chosen;
	size_t length = strlen(chosen), all = strlen(kmem->path);

	return length && all > length && !strcmp(kmem->path + all - length, chosen);
}

/* Ours for the running kernel, of several the one that modprobe takes; or NULL. */
static const struct installed_kmem *find_ours(const struct facts *facts)
{
	const struct installed_kmem *found = NULL;

	array_foreach(kmem, &facts->module.installed)
		if (is_ours(kmem) && !strcmp(kmem->release, facts->kernel) &&
		    (!found || is_chosen(facts, kmem)))
			found = kmem;
	return found;
}

static const struct installed_kmem *find_for_another_kernel(const struct facts *facts)
{
	array_foreach(kmem, &facts->module.installed)
		if (is_ours(kmem))
			return kmem;
	return NULL;
}

static bool fits_kernel(const struct installed_kmem *kmem, const char *kernel)
{
	size_t length = strlen(kernel);

	return !kmem->vermagic[0] ||
	       (!strncmp(kmem->vermagic, kernel, length) && kmem->vermagic[length] == ' ');
}

static bool is_signature_needed(const struct facts *facts)
{
	return facts->lock.only_signed ||
	       (facts->lock.lockdown[0] && strcmp(facts->lock.lockdown, "none"));
}

/* DKMS builds it for a kernel, where its source is installed. */
static void cure_by_dkms(const struct judgement *judgement, struct finding *finding,
			 const char *options, const char *then)
{
	const struct facts *facts = judgement->facts;

	if (facts->module.has_dkms && facts->module.has_source)
		cure_by_command(finding, "dkms install %skmemd-kmem/%s -k %s%s", options,
				kmemd_version(), facts->kernel, then);
	else
		cure_by_hand(finding,
			     "install DKMS and the driver's source for it, then: dkms install "
			     "%skmemd-kmem/%s -k %s%s",
			     options, kmemd_version(), facts->kernel, then);
}

static void judge_unsigned(struct judgement *judgement, const struct installed_kmem *ours)
{
	const struct facts *facts = judgement->facts;
	struct finding *finding;

	finding = find(judgement, SEVERITY_ERROR, "kmem-unsigned", ours->path,
		       "our kmem is not signed, and this kernel loads signed modules only (%s)",
		       facts->lock.only_signed ? "module.sig_enforce" : facts->lock.lockdown);
	explain(finding, "secure boot%s; without a driver no dax device becomes memory",
		facts->lock.secure_boot == TRISTATE_YES ? " is on" : " or lockdown");
	cure_by_hand(finding,
		     "enrol DKMS's key: mokutil --import /var/lib/dkms/mok.pub, boot, then dkms "
		     "install --force kmemd-kmem/%s",
		     kmemd_version());
}

/* Why the kernel will not have our driver; true when there is such a reason. */
static bool judge_rejection(struct judgement *judgement, const struct installed_kmem *ours)
{
	const struct facts *facts = judgement->facts;
	struct finding *finding;

	if (facts->module.loaded_is_ours)
		return false;
	if (!fits_kernel(ours, facts->kernel)) {
		finding = find(judgement, SEVERITY_ERROR, "kmem-wrong-kernel", ours->path,
			       "our kmem was built for another kernel (%.80s)", ours->vermagic);
		explain(finding, "the kernel refuses to load it, and modprobe takes no other");
		cure_by_dkms(judgement, finding, "--force ", "");
		return true;
	}
	if (is_signature_needed(facts) && !ours->is_signed) {
		judge_unsigned(judgement, ours);
		return true;
	}
	if (!facts->module.loaded && facts->log.rejected[0]) {
		finding = find(judgement, SEVERITY_ERROR, "kmem-rejected", ours->path,
			       "the kernel refused to load our kmem: %.200s", facts->log.rejected);
		explain(finding, "without a driver no dax device becomes memory");
		cure_by_dkms(judgement, finding, "--force ", " && modprobe kmem");
		return true;
	}
	return false;
}

/* Devices whose memory the loaded driver has online. */
static unsigned int online_devices(const struct judgement *judgement)
{
	unsigned int count = 0;

	array_foreach(dax, &judged_inventory(judgement)->dax)
		count += dax_is_kmem(dax) && dax_block_counts(dax).online;
	return count;
}

/*
 * Without its driver memory that is online is lost until the next boot (the kernel's own kmem), so
 * it is only exchanged when none is.
 */
static void cure_loaded(const struct judgement *judgement, struct finding *finding)
{
	if (!judgement->facts->inventory || online_devices(judgement))
		cure_by_hand(finding, "update-initramfs -u and boot; or kmemctl drain what is in "
				      "use, and then: rmmod kmem && modprobe kmem");
	else
		cure_by_command(finding, "rmmod kmem && modprobe kmem # if it is in the "
					 "initramfs, too: update-initramfs -u");
}

static void judge_stock_loaded(struct judgement *judgement, const struct installed_kmem *ours)
{
	const struct facts *facts = judgement->facts;
	struct finding *finding;

	if (!is_outside_kernel(facts->module.chosen)) {
		finding = find(judgement, SEVERITY_WARNING, "kmem-not-chosen", ours->path,
			       "our kmem is installed, and modprobe takes the kernel's own");
		explain(finding, "modules.dep does not know of it: depmod was not run since, or "
				 "its configuration (depmod.d) prefers another folder");
		cure_by_command(finding, "depmod -a %s", facts->kernel);
	} else if (facts->module.loaded && !facts->module.loaded_is_ours) {
		finding = find(judgement, SEVERITY_WARNING, "kmem-stock-loaded", ours->path,
			       "our kmem is installed, and the kernel's own is loaded");
		explain(finding, "it was loaded before ours was installed, or came with the "
				 "initramfs");
		cure_loaded(judgement, finding);
	} else if (facts->module.loaded && ours->srcversion[0] &&
		   facts->module.loaded_srcversion[0] &&
		   strcmp(ours->srcversion, facts->module.loaded_srcversion)) {
		finding = find(judgement, SEVERITY_NOTE, "kmem-older-loaded", ours->path,
			       "another build of our kmem is loaded than is installed");
		explain(finding, "it was replaced on disk since it was loaded");
		cure_loaded(judgement, finding);
	}
}

static void judge_other_kernel(struct judgement *judgement, const struct installed_kmem *other)
{
	const char *kernel = judgement->facts->kernel;
	struct finding *finding;

	finding = find(judgement, SEVERITY_WARNING, "kmem-other-kernel", other->path,
		       "our kmem is installed for Linux %s, and not for this kernel (%s)",
		       other->release, kernel);
	explain(finding, "this kernel uses its own driver: DKMS could not build ours, mostly for "
			 "want of the kernel's headers");
	cure_by_hand(finding, "apt install linux-headers-%s && dkms install kmemd-kmem/%s -k %s",
		     kernel, kmemd_version(), kernel);
}

static void judge_stock(struct judgement *judgement)
{
	const struct facts *facts = judgement->facts;
	/* From then on the core splits a device into self-hosted blocks by itself. */
	bool has_switch = release_is_since(facts->kernel, 6, 8);
	struct finding *finding;

	finding = find(judgement,
		       has_switch || !any_ram(judgement) ? SEVERITY_NOTE : SEVERITY_WARNING,
		       "kmem-stock", facts->kernel, "the kernel's own kmem is in use");
	explain(finding, "%s%s",
		has_switch ? "" : "before Linux 6.8 it cannot put the memmap on a device; ",
		"a block that fails takes the whole device with it, and memory that is online "
		"when the device is unbound is lost until the next boot");
	cure_by_dkms(judgement, finding, "", "");
}

/* In the kernel itself it needs no file. */
static bool is_available(const struct module_facts *module)
{
	return module->loaded || module->built_in || (module->chosen[0] && module->chosen_exists);
}

static void judge_missing(struct judgement *judgement)
{
	const struct facts *facts = judgement->facts;
	bool gone = facts->module.chosen[0];
	struct finding *finding;

	finding = find(judgement, any_ram(judgement) ? SEVERITY_ERROR : SEVERITY_WARNING,
		       "kmem-missing", facts->kernel, "there is no kmem driver for this kernel%s%s",
		       gone ? ": modules.dep names one that is not there, " : "",
		       facts->module.chosen);
	explain(finding, "no dax device becomes memory of the system");
	if (gone)
		cure_by_hand(finding, "install the kernel's modules again, then: depmod -a %s",
			     facts->kernel);
	else
		cure_by_hand(finding,
			     "install the kernel's modules (CONFIG_DEV_DAX_KMEM), or ours: dkms "
			     "install kmemd-kmem/%s -k %s",
			     kmemd_version(), facts->kernel);
}

#define MODPROBE "/etc/modprobe.d"

static void judge_ban(struct judgement *judgement, const struct rule_fact *ban)
{
	struct finding *finding;
	char subject[128];

	snprintf(subject, sizeof(subject), "%s:%u", ban->file, ban->hits.items[0].line);
	finding = find(judgement, any_ram(judgement) ? SEVERITY_ERROR : SEVERITY_WARNING,
		       "kmem-blacklisted", subject, "modprobe may not load kmem: %s",
		       ban->hits.items[0].value);
	explain(finding, "no dax device that comes becomes memory of the system%s",
		judgement->facts->module.loaded ? ", from the next boot on" : "");
	cure_lines(finding, ban->file, &ban->hits, MODPROBE, "modprobe kmem");
}

static void judge_bans(struct judgement *judgement)
{
	static const char *const words[] = {"module_blacklist=kmem", "modprobe.blacklist=kmem"};

	array_foreach(ban, &judgement->facts->module.bans)
		judge_ban(judgement, ban);
	for (size_t i = 0; i < array_size(words); i++) {
		struct finding *finding;

		if (!facts_command_line_has(judgement->facts, words[i]))
			continue;
		finding = find(judgement, SEVERITY_ERROR, "kmem-blacklisted", "/proc/cmdline",
			       "the kernel's command line forbids kmem: %s", words[i]);
		explain(finding, "no dax device becomes memory of the system");
		cure_by_hand(finding, "take %s off the kernel's command line and boot", words[i]);
	}
}

static void judge_without_ours(struct judgement *judgement)
{
	const struct installed_kmem *other = find_for_another_kernel(judgement->facts);

	if (!is_available(&judgement->facts->module))
		judge_missing(judgement);
	else if (other)
		judge_other_kernel(judgement, other);
	else
		judge_stock(judgement);
}

void judge_module(struct judgement *judgement)
{
	const struct installed_kmem *ours = find_ours(judgement->facts);

	if (!judgement->facts->has_hotplug)
		return;
	judge_bans(judgement);
	if (judgement->facts->module.loaded_is_ours && !ours)
		return; /* loaded by hand from somewhere */
	if (!ours)
		judge_without_ours(judgement);
	else if (!judge_rejection(judgement, ours))
		judge_stock_loaded(judgement, ours);
}
