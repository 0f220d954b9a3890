/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kmem driver: which one is loaded, and why it is not ours. */
#include "base/release.h"
#include "context.h"
#include "doctor/judge.h"

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

/* Ours for the running kernel, or NULL. */
static const struct installed_kmem *find_ours(const struct facts *facts)
{
	array_foreach(kmem, &facts->module.installed)
		if (is_ours(kmem) && !strcmp(kmem->release, facts->kernel))
			return kmem;
	return NULL;
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
		cure(finding, "dkms install --force kmemd-kmem/%s -k %s", kmemd_version(),
		     facts->kernel);
		return true;
	}
	if (is_signature_needed(facts) && !ours->is_signed) {
		finding = find(judgement, SEVERITY_ERROR, "kmem-unsigned", ours->path,
			       "our kmem is not signed, and this kernel loads signed modules only "
			       "(%s)",
			       facts->lock.only_signed ? "module.sig_enforce"
						       : facts->lock.lockdown);
		explain(finding, "secure boot%s; without a driver no dax device becomes memory",
			facts->lock.secure_boot == TRISTATE_YES ? " is on" : " or lockdown");
		cure(finding,
		     "enrol DKMS's key: mokutil --import /var/lib/dkms/mok.pub, boot, "
		     "then dkms install --force kmemd-kmem/%s",
		     kmemd_version());
		return true;
	}
	if (!facts->module.loaded && facts->log.rejected[0]) {
		finding = find(judgement, SEVERITY_ERROR, "kmem-rejected", ours->path,
			       "the kernel refused to load our kmem: %.200s", facts->log.rejected);
		explain(finding, "without a driver no dax device becomes memory");
		cure(finding, "dkms install --force kmemd-kmem/%s -k %s && modprobe kmem",
		     kmemd_version(), facts->kernel);
		return true;
	}
	return false;
}

static void judge_stock_loaded(struct judgement *judgement, const struct installed_kmem *ours)
{
	const struct facts *facts = judgement->facts;
	struct finding *finding;

	if (!is_outside_kernel(facts->module.chosen)) {
		finding = find(judgement, SEVERITY_WARNING, "kmem-not-chosen", ours->path,
			       "our kmem is installed, and modprobe takes the kernel's own");
		explain(finding, "modules.dep does not know of it: depmod was not run since, or "
				 "its configuration prefers another folder");
		cure(finding, "depmod -a %s", facts->kernel);
	} else if (facts->module.loaded && !facts->module.loaded_is_ours) {
		finding = find(judgement, SEVERITY_WARNING, "kmem-stock-loaded", ours->path,
			       "our kmem is installed, and the kernel's own is loaded");
		explain(finding, "it was loaded before ours was installed, or came with the "
				 "initramfs");
		cure(finding, "update-initramfs -u, then boot, or with no memory in use: rmmod "
			      "kmem && modprobe kmem");
	} else if (facts->module.loaded && ours->srcversion[0] &&
		   facts->module.loaded_srcversion[0] &&
		   strcmp(ours->srcversion, facts->module.loaded_srcversion)) {
		finding = find(judgement, SEVERITY_NOTE, "kmem-older-loaded", ours->path,
			       "another build of our kmem is loaded than is installed");
		explain(finding, "it was replaced on disk since it was loaded");
		cure(finding, "boot, or with no memory in use: rmmod kmem && modprobe kmem");
	}
}

static void judge_without_ours(struct judgement *judgement)
{
	const struct facts *facts = judgement->facts;
	const struct installed_kmem *other = find_for_another_kernel(facts);
	/* From then on the core splits a device into self-hosted blocks by itself. */
	bool has_switch = release_is_since(facts->kernel, 6, 8);
	enum severity severity = has_switch || !any_ram(judgement) ? SEVERITY_NOTE
								   : SEVERITY_WARNING;
	struct finding *finding;

	if (other) {
		finding = find(judgement, SEVERITY_WARNING, "kmem-other-kernel", other->path,
			       "our kmem is installed for Linux %s, and not for this kernel (%s)",
			       other->release, facts->kernel);
		explain(finding, "this kernel uses its own driver: DKMS could not build ours, "
				 "mostly for want of the kernel's headers");
		cure(finding, "apt install linux-headers-%s && dkms install kmemd-kmem/%s -k %s",
		     facts->kernel, kmemd_version(), facts->kernel);
		return;
	}
	if (facts->module.loaded || facts->module.chosen[0]) {
		finding = find(judgement, severity, "kmem-stock", facts->kernel,
			       "the kernel's own kmem is in use");
		explain(finding, "%s%s",
			has_switch ? "" : "before Linux 6.8 it cannot put the memmap on a device; ",
			"a block that fails takes the whole device with it, and memory that is "
			"online when the device is unbound is lost until the next boot");
		cure(finding, "%sdkms install kmemd-kmem/%s",
		     facts->module.has_source ? "" : "install the driver's source for DKMS, then ",
		     kmemd_version());
		return;
	}
	if (!any_ram(judgement))
		return;
	finding = find(judgement, SEVERITY_ERROR, "kmem-missing", facts->kernel,
		       "there is no kmem driver for this kernel");
	explain(finding, "no dax device becomes memory of the system");
	cure(finding,
	     "install the kernel's modules (CONFIG_DEV_DAX_KMEM), or ours: dkms install "
	     "kmemd-kmem/%s",
	     kmemd_version());
}

void judge_module(struct judgement *judgement)
{
	const struct installed_kmem *ours = find_ours(judgement->facts);

	if (!judgement->facts->has_hotplug)
		return;
	if (judgement->facts->module.loaded_is_ours && !ours)
		return; /* loaded by hand from somewhere */
	if (!ours)
		judge_without_ours(judgement);
	else if (!judge_rejection(judgement, ours))
		judge_stock_loaded(judgement, ours);
}
