// SPDX-License-Identifier: GPL-2.0-or-later
/* A policy file and a drop-in of it (what follows a byte 0xff), and what they say of devices. */
#include "inventory/inventory.h"
#include "policy/check-policy.h"
#include "policy/decide.h"
#include "policy/keys.h"
#include "policy/parse-policy.h"
#include "policy/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

/* What has a mistake is broken, and names it; what is good has all that decisions need. */
static void check_file(const struct kmemd_policy *policy, const struct policy_file *file)
{
	require(file->broken == (policy->problems.count > 0));
	if (file->broken) {
		require(file->mistake_path);
		return;
	}
	require(file->line[KEY_MODE] && file->uncertain == 0);
	for (unsigned int key = 0; key < KEY_COUNT; key++)
		require(!file->line[key] == !file->value[key]);
}

static void decide(const struct kmemd_policy *policy)
{
	static const struct host host = {.name = "host", .kernel = "6.12.48+deb13-amd64"};
	struct decision decision;

	for (unsigned int kind = 0; kind < KIND_COUNT; kind++) {
		struct device device = {
			.kind = (enum kind)kind,
			.host = "0000:0d:00.0",
			.size = UINT64_C(1) << 30,
			.has_serial = kind == KIND_CXL_RAM || kind == KIND_CXL_PMEM,
			.serial = 0x1234,
			.uuid = kind == KIND_NVDIMM ? "01234567-89ab-cdef-0123-456789abcdef" : "",
			.raw_uuid = "",
			.persistent = kind == KIND_CXL_PMEM || kind == KIND_NVDIMM,
		};

		policy_decide(policy, &host, &device, &decision);
		require(!decision.refusal[0] || decision.settings.mode == MODE_IGNORE);
		require(decision.file || decision.settings.mode == MODE_IGNORE);
		if (decision.file && decision.file->broken)
			require(decision.refusal[0]);
		if (device.persistent && decision.settings.mode != MODE_IGNORE)
			require(policy_file_names(decision.file));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct kmemd_policy *policy = calloc(1, sizeof(*policy));
	const uint8_t *mark = size ? memchr(data, 0xff, size) : NULL;
	size_t first = mark ? (size_t)(mark - data) : size;
	struct policy_draft draft;

	require(policy && policy_begin(&draft, policy, "10-fuzz.conf") == 0);
	require(policy_read_text(&draft, NULL, (const char *)data, first) == 0);
	if (mark)
		require(policy_read_text(&draft, "x.conf", (const char *)mark + 1,
					 size - first - 1) == 0);
	require(policy_end(&draft) == 0);
	require(policy->files.count <= 1);
	array_foreach(file, &policy->files)
		check_file(policy, file);
	require(policy_find_useless(policy) == 0);
	decide(policy);
	kmemd_policy_free(policy);
	return 0;
}
