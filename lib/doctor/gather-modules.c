/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "doctor/gather-modules.h"

#include "base/cleanup.h"
#include "base/dropin.h"
#include "base/file.h"
#include "base/kernel-modules.h"

#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <unistd.h>

#define MODULES_DEP_MAX (32 * 1024 * 1024)

static void read_loaded(const struct kmemd *kmemd, struct module_facts *module)
{
	_cleanup_free_ char *path = format_text("%s/module/kmem", kmemd->sysfs);
	_cleanup_close_ int directory = -1;

	if (!path)
		return;
	directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (directory < 0)
		return;
	module->loaded = true;
	if (attribute_read(directory, "version", module->loaded_version,
			   sizeof(module->loaded_version)) < 0)
		module->loaded_version[0] = '\0';
	if (attribute_read(directory, "srcversion", module->loaded_srcversion,
			   sizeof(module->loaded_srcversion)) < 0)
		module->loaded_srcversion[0] = '\0';
	module->loaded_is_ours = strstr(module->loaded_version, "-kmemd") != NULL;
}

/* "updates/dkms/kmem.ko.xz" is a kmem; "kernel/mm/xkmem.ko" is none. */
static bool is_kmem(const char *path, size_t length)
{
	static const char *const names[] = {"kmem.ko", "kmem.ko.gz", "kmem.ko.xz", "kmem.ko.zst"};

	for (size_t i = 0; i < array_size(names); i++) {
		size_t end = strlen(names[i]);

		if (length > end && path[length - end - 1] == '/' &&
		    !strncmp(path + length - end, names[i], end))
			return true;
	}
	return false;
}

static bool module_exists(const struct kmemd *kmemd, const struct facts *facts)
{
	_cleanup_free_ char *path = format_text("%s/lib/modules/%s/%s", kmemd->root, facts->kernel,
						facts->module.chosen);

	return path && access(path, R_OK) == 0;
}

/* modules.dep has the one of several modules of a name that depmod's search order prefers. */
static int read_chosen(const struct kmemd *kmemd, struct facts *facts)
{
	_cleanup_free_ char *path = format_text("%s/lib/modules/%s/modules.dep", kmemd->root,
						facts->kernel);
	_cleanup_free_ char *text = NULL;
	size_t length;
	int r = path ? file_read(path, MODULES_DEP_MAX, &text, &length) : -ENOMEM;

	if (r < 0)
		return r == -ENOMEM ? r : 0;
	for (const char *line = text; *line;) {
		size_t name = strcspn(line, ":\n");

		if (is_kmem(line, name)) {
			snprintf(facts->module.chosen, sizeof(facts->module.chosen), "%.*s",
				 (int)name, line);
			facts->module.chosen_exists = module_exists(kmemd, facts);
			return 0;
		}
		line += strcspn(line, "\n");
		line += *line == '\n';
	}
	return 0;
}

/* A line of modules.builtin is a path: "kernel/drivers/dax/kmem.ko". */
static int read_built_in(const struct kmemd *kmemd, struct facts *facts)
{
	_cleanup_free_ char *path = format_text("%s/lib/modules/%s/modules.builtin", kmemd->root,
						facts->kernel);
	_cleanup_free_ char *text = NULL;
	size_t length;
	int r = path ? file_read(path, MODULES_DEP_MAX, &text, &length) : -ENOMEM;

	if (r < 0)
		return r == -ENOMEM ? r : 0;
	facts->module.built_in = strstr(text, "/kmem.ko\n") != NULL;
	return 0;
}

static void read_modinfo(struct kmod_ctx *context, struct installed_kmem *kmem)
{
	_cleanup_(kmod_module_unrefp) struct kmod_module *module = NULL;
	struct kmod_list *list = NULL, *item;

	if (!context || kmod_module_new_from_path(context, kmem->path, &module) < 0 ||
	    kmod_module_get_info(module, &list) < 0)
		return;
	kmod_list_foreach(item, list)
	{
		const char *key = kmod_module_info_get_key(item);
		const char *value = kmod_module_info_get_value(item);

		if (!strcmp(key, "version"))
			snprintf(kmem->version, sizeof(kmem->version), "%s", value);
		else if (!strcmp(key, "vermagic"))
			snprintf(kmem->vermagic, sizeof(kmem->vermagic), "%s", value);
		else if (!strcmp(key, "srcversion"))
			snprintf(kmem->srcversion, sizeof(kmem->srcversion), "%s", value);
		else if (!strcmp(key, "sig_id") || !strcmp(key, "signer"))
			kmem->is_signed = true;
	}
	kmod_module_info_free_list(list);
}

static int add_installed(struct kmod_ctx *context, const char *path, size_t prefix,
			 struct module_facts *module)
{
	struct installed_kmem *kmem = array_add(&module->installed);
	const char *release = path + prefix;

	if (!kmem)
		return -ENOMEM;
	snprintf(kmem->release, sizeof(kmem->release), "%.*s", (int)strcspn(release, "/"), release);
	kmem->path = strdup(path);
	if (!kmem->path)
		return -ENOMEM;
	read_modinfo(context, kmem);
	return 0;
}

static int read_installed(const struct kmemd *kmemd, struct module_facts *module)
{
	static const char *const places[] = {"updates", "updates/dkms", "extra", "weak-updates"};
	_cleanup_(kmod_unrefp) struct kmod_ctx *context = NULL;
	size_t prefix = strlen(kmemd->root) + strlen("/lib/modules/");
	int r = 0;

	/* Without memory for it the files are found, and what is in them is not known. */
	kernel_modules_open(&context, NULL);
	for (size_t i = 0; i < array_size(places) && r == 0; i++) {
		_cleanup_free_ char *pattern = format_text("%s/lib/modules/*/%s/kmem.ko*",
							   kmemd->root, places[i]);
		glob_t found = {0};

		if (!pattern)
			return -ENOMEM;
		if (glob(pattern, 0, NULL, &found) == 0)
			for (size_t j = 0; j < found.gl_pathc && r == 0; j++)
				if (is_kmem(found.gl_pathv[j], strlen(found.gl_pathv[j])))
					r = add_installed(context, found.gl_pathv[j], prefix,
							  module);
		globfree(&found);
	}
	return r;
}

static bool program_exists(const struct kmemd *kmemd, const char *name)
{
	static const char *const places[] = {"/usr/sbin", "/usr/bin", "/sbin"};

	for (size_t i = 0; i < array_size(places); i++) {
		_cleanup_free_ char *path = format_text("%s%s/%s", kmemd->root, places[i], name);

		if (path && access(path, X_OK) == 0)
			return true;
	}
	return false;
}

static int find_source(const struct kmemd *kmemd, struct module_facts *module)
{
	_cleanup_free_ char *pattern = format_text("%s/usr/src/kmemd-kmem-*/dkms.conf",
						   kmemd->root);
	glob_t found = {0};

	if (!pattern)
		return -ENOMEM;
	module->has_source = glob(pattern, 0, NULL, &found) == 0 && found.gl_pathc;
	globfree(&found);
	module->has_dkms = program_exists(kmemd, "dkms");
	return 0;
}

int facts_gather_modules(const struct kmemd *kmemd, struct facts *facts)
{
	int r;

	read_loaded(kmemd, &facts->module);
	r = read_chosen(kmemd, facts);
	if (r == 0)
		r = read_built_in(kmemd, facts);
	if (r == 0)
		r = read_installed(kmemd, &facts->module);
	return r < 0 ? r : find_source(kmemd, &facts->module);
}
