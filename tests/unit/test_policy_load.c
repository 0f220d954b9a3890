// SPDX-License-Identifier: GPL-2.0-or-later
/* The policy directories: which files are in force. */
#include "base/error.h"
#include "base/file.h"
#include "context.h"
#include "fixture.h"
#include "policy/load-policy.h"
#include "policy/policy.h"
#include "json/policy-json.h"

#define GOOD(mode) "[Match]\nKind=cxl-ram\n[Memory]\nMode=" mode "\n"

/* A context whose policy directories are etc, run and lib below the folder, in this order. */
static struct kmemd *context_of(const char *folder)
{
	struct kmemd_paths paths = {0};
	struct kmemd *kmemd = NULL;
	char directories[1024];

	snprintf(directories, sizeof(directories), "%s/etc:%s/run:%s/lib", folder, folder, folder);
	paths.policy_dirs = directories;
	assert_int_equal(kmemd_new(&kmemd, &paths), 0);
	return kmemd;
}

static struct kmemd_policy *load(const char *folder)
{
	_cleanup_(kmemd_freep) struct kmemd *kmemd = context_of(folder);
	struct kmemd_policy *policy = NULL;
	struct kmemd_error error = {0};

	if (kmemd_policy_load(kmemd, &policy, &error) < 0)
		fail_msg("%s", error.message);
	return policy;
}

/* names has a ! before those with a mistake. */
static void assert_files(const char *folder, const struct kmemd_policy *policy,
			 const char *const *names)
{
	size_t count = 0;

	while (names[count])
		count++;
	for (size_t i = 0; i < policy->files.count && i < count; i++) {
		bool broken = names[i][0] == '!';

		assert_string_equal(policy->files.items[i].path,
				    at(folder, "%s", names[i] + broken));
		if (policy->files.items[i].broken != broken)
			fail_msg("%s: broken is %d", names[i], !broken);
	}
	assert_int_equal(policy->files.count, count);
}

static void no_directory_is_no_policy(void **state)
{
	_cleanup_(kmemd_policy_freep) struct kmemd_policy *policy = load(*state);

	assert_int_equal(policy->files.count, 0);
	assert_int_equal(policy->problems.count, 0);
}

static void files_are_sorted_by_name_over_all_directories(void **state)
{
	static const char *const wanted[] = {"lib/10-a.conf", "etc/20-b.conf", "run/30-c.conf",
					     "etc/5-z.conf", NULL};
	_cleanup_(kmemd_policy_freep) struct kmemd_policy *policy = NULL;

	write_text(at(*state, "lib/10-a.conf"), GOOD("ignore"));
	write_text(at(*state, "run/30-c.conf"), GOOD("ignore"));
	write_text(at(*state, "etc/20-b.conf"), GOOD("ignore"));
	write_text(at(*state, "etc/5-z.conf"), GOOD("ignore"));
	policy = load(*state);
	assert_files(*state, policy, wanted);
}

static void a_file_of_the_same_name_replaces(void **state)
{
	static const char *const wanted[] = {"etc/10-a.conf", "run/20-b.conf", "lib/30-c.conf",
					     NULL};
	_cleanup_(kmemd_policy_freep) struct kmemd_policy *policy = NULL;

	write_text(at(*state, "lib/10-a.conf"), GOOD("ignore"));
	write_text(at(*state, "run/10-a.conf"), GOOD("ignore"));
	write_text(at(*state, "etc/10-a.conf"), GOOD("devdax"));
	write_text(at(*state, "lib/20-b.conf"), GOOD("ignore"));
	write_text(at(*state, "run/20-b.conf"), GOOD("devdax"));
	write_text(at(*state, "lib/30-c.conf"), GOOD("ignore"));
	policy = load(*state);
	assert_files(*state, policy, wanted);
	assert_int_equal(policy->files.items[0].settings.mode, MODE_DEVDAX);
	assert_int_equal(policy->files.items[1].settings.mode, MODE_DEVDAX);
}

/* Also when the replacing file has a mistake: it must not fall back to what it replaces. */
static void a_bad_file_still_replaces(void **state)
{
	static const char *const wanted[] = {"!etc/10-a.conf", "lib/20-b.conf", NULL};
	_cleanup_(kmemd_policy_freep) struct kmemd_policy *policy = NULL;

	write_text(at(*state, "lib/10-a.conf"), GOOD("system-ram"));
	write_text(at(*state, "etc/10-a.conf"), GOOD("moon"));
	write_text(at(*state, "lib/20-b.conf"), GOOD("ignore"));
	policy = load(*state);
	assert_files(*state, policy, wanted);
	assert_int_equal(policy->problems.count, 1);
	assert_string_equal(policy->problems.items[0].path, at(*state, "etc/10-a.conf"));
	assert_int_equal(policy->problems.items[0].line, 4);
}

static void a_link_to_dev_null_or_an_empty_file_masks(void **state)
{
	static const char *const wanted[] = {"lib/30-c.conf", NULL};
	_cleanup_(kmemd_policy_freep) struct kmemd_policy *policy = NULL;

	write_text(at(*state, "lib/10-a.conf"), GOOD("system-ram"));
	write_text(at(*state, "lib/20-b.conf"), GOOD("system-ram"));
	write_text(at(*state, "lib/30-c.conf"), GOOD("system-ram"));
	write_text(at(*state, "run/20-b.conf"), "");
	make_folders(at(*state, "etc"));
	assert_int_equal(symlink("/dev/null", at(*state, "etc/10-a.conf")), 0);
	policy = load(*state);
	assert_files(*state, policy, wanted);
	assert_int_equal(policy->problems.count, 0);
}

static void only_conf_files_count(void **state)
{
	static const char *const wanted[] = {"etc/a.conf", NULL};
	static const char *const others[] = {"etc/.hidden.conf", "etc/a.conf~", "etc/b.conf.bak",
					     "etc/.conf",	 "etc/README",	"etc/aconf"};
	_cleanup_(kmemd_policy_freep) struct kmemd_policy *policy = NULL;

	write_text(at(*state, "etc/a.conf"), GOOD("ignore"));
	for (size_t i = 0; i < array_size(others); i++)
		write_text(at(*state, "%s", others[i]), "rubbish\n");
	policy = load(*state);
	assert_files(*state, policy, wanted);
	assert_int_equal(policy->problems.count, 0);
}

#define UNCERTAIN ((1u << KEY_MATCH_COUNT) - 1)

/* One of each shape: none is skipped, and nothing is known of what those without text are about. */
static void a_bad_file_keeps_its_place(void **state)
{
	static const char *const wanted[] = {
		"!etc/10-value.conf",  "!etc/15-folder.conf", "!etc/20-fifo.conf",
		"etc/30-good.conf",    "!etc/40-link.conf",   "!etc/45-loop.conf",
		"!etc/50-socket.conf", "!etc/60-zero.conf",   NULL};
	static const char *const messages[] = {
		"Size=12Q",
		"cannot read it: Is a directory",
		"cannot read it: it is no regular file",
		"cannot read it: No such file",
		"cannot read it: Too many levels of symbolic links",
		"cannot read it: it is no regular file",
		"zero byte",
	};
	static const char zero[] = GOOD("ignore") "\0";
	_cleanup_(kmemd_policy_freep) struct kmemd_policy *policy = NULL;

	write_text(at(*state, "etc/10-value.conf"), "[Match]\nSize=12Q\n[Memory]\nMode=ignore\n");
	make_folders(at(*state, "etc/15-folder.conf"));
	assert_int_equal(mkfifo(at(*state, "etc/20-fifo.conf"), 0644), 0);
	write_text(at(*state, "etc/30-good.conf"), GOOD("ignore"));
	assert_int_equal(symlink("nowhere", at(*state, "etc/40-link.conf")), 0);
	assert_int_equal(symlink("45-loop.conf", at(*state, "etc/45-loop.conf")), 0);
	assert_int_equal(mknod(at(*state, "etc/50-socket.conf"), S_IFSOCK | 0644, 0), 0);
	write_bytes(at(*state, "etc/60-zero.conf"), zero, sizeof(zero) - 1);
	alarm(5); /* opening a FIFO or reading it must not block */
	policy = load(*state);
	alarm(0);
	assert_files(*state, policy, wanted);
	assert_int_equal(policy->problems.count, array_size(messages));
	for (size_t i = 0; i < array_size(messages); i++)
		assert_contains(policy->problems.items[i].message, messages[i]);
	assert_int_equal(policy->files.items[0].uncertain, 1u << KEY_MATCH_SIZE);
	assert_int_equal(policy->files.items[0].mistake_line, 2);
	for (size_t i = 1; i < array_size(wanted) - 1; i++)
		assert_int_equal(policy->files.items[i].uncertain, i == 3 ? 0 : UNCERTAIN);
	assert_int_equal(policy->files.items[1].mistake_line, 0);
	assert_string_equal(policy->files.items[1].mistake_path, at(*state, "etc/15-folder.conf"));
}

static void a_file_that_is_too_large_keeps_its_place(void **state)
{
	static const char *const wanted[] = {"etc/a.conf", "!etc/b.conf", "etc/c.conf", NULL};
	_cleanup_(kmemd_policy_freep) struct kmemd_policy *policy = NULL;
	_cleanup_free_ char *text = malloc(70000);

	memset(text, '#', 70000);
	write_text(at(*state, "etc/a.conf"), GOOD("ignore"));
	write_bytes(at(*state, "etc/b.conf"), text, 65537);
	memcpy(text, GOOD("ignore"), strlen(GOOD("ignore")));
	write_bytes(at(*state, "etc/c.conf"), text, 65536);
	policy = load(*state);
	assert_files(*state, policy, wanted);
	assert_int_equal(policy->problems.count, 1);
	assert_contains(policy->problems.items[0].message, "larger than 64 KiB");
	assert_int_equal(policy->files.items[1].uncertain, UNCERTAIN);
}

/* --- drop-ins -----------------------------------------------------------------------------------
 */

static void drop_ins_of_all_directories_are_one_list(void **state)
{
	_cleanup_(kmemd_policy_freep) struct kmemd_policy *policy = NULL;
	const struct policy_file *file;

	write_text(at(*state, "lib/50-a.conf"), GOOD("system-ram"));
	write_text(at(*state, "lib/50-a.conf.d/20-x.conf"), "[Memory]\nZone=kernel\n");
	write_text(at(*state, "etc/50-a.conf.d/10-y.conf"), "[Memory]\nZone=movable\nOnline=no\n");
	write_text(at(*state, "run/50-a.conf.d/30-z.conf"), "[Match]\nNode=1\n");
	write_text(at(*state, "run/50-a.conf.d/40-z.txt"), "rubbish\n");
	write_text(at(*state, "run/50-b.conf.d/40-z.conf"), "rubbish\n");
	policy = load(*state);
	assert_int_equal(policy->problems.count, 0);
	assert_int_equal(policy->files.count, 1);
	file = policy->files.items;
	assert_int_equal(file->drop_ins.count, 3);
	assert_string_equal(file->drop_ins.items[0], at(*state, "etc/50-a.conf.d/10-y.conf"));
	assert_int_equal(file->settings.zone, ZONE_KERNEL);
	assert_false(file->settings.online);
	assert_string_equal(policy_key_path(file, KEY_ZONE),
			    at(*state, "lib/50-a.conf.d/20-x.conf"));
	assert_string_equal(file->value[KEY_MATCH_NODE], "1");
}

static void a_drop_in_is_replaced_and_masked_by_name(void **state)
{
	_cleanup_(kmemd_policy_freep) struct kmemd_policy *policy = NULL;
	const struct policy_file *file;

	write_text(at(*state, "etc/50-a.conf"), GOOD("system-ram"));
	write_text(at(*state, "lib/50-a.conf"), GOOD("ignore"));
	write_text(at(*state, "lib/50-a.conf.d/10-x.conf"), "[Memory]\nZone=kernel\n");
	write_text(at(*state, "run/50-a.conf.d/10-x.conf"), "[Memory]\nOnline=no\n");
	write_text(at(*state, "lib/50-a.conf.d/20-y.conf"), "[Memory]\nMode=devdax\n");
	assert_int_equal(symlink("/dev/null", at(*state, "run/50-a.conf.d/20-y.conf")), 0);
	write_text(at(*state, "lib/60-b.conf"), GOOD("ignore"));
	write_text(at(*state, "etc/60-b.conf.d/10-x.conf"), "[Memory]\nMode=devdax\n");
	assert_int_equal(symlink("/dev/null", at(*state, "run/60-b.conf")), 0);
	policy = load(*state);
	assert_int_equal(policy->problems.count, 0);
	assert_int_equal(policy->files.count, 1); /* a masked file has no drop-ins */
	file = policy->files.items;
	assert_int_equal(file->drop_ins.count, 1);
	assert_int_equal(file->settings.zone, ZONE_MOVABLE);
	assert_false(file->settings.online);
	assert_int_equal(file->settings.mode, MODE_SYSTEM_RAM);
}

static void a_drop_in_that_cannot_be_read_breaks_its_file(void **state)
{
	static const char *const wanted[] = {"!lib/50-a.conf", "!lib/60-b.conf", "lib/70-c.conf",
					     NULL};
	_cleanup_(kmemd_policy_freep) struct kmemd_policy *policy = NULL;

	write_text(at(*state, "lib/50-a.conf"), GOOD("system-ram"));
	make_folders(at(*state, "etc/50-a.conf.d"));
	assert_int_equal(symlink("nowhere", at(*state, "etc/50-a.conf.d/x.conf")), 0);
	write_text(at(*state, "lib/60-b.conf"), GOOD("system-ram"));
	write_text(at(*state, "etc/60-b.conf.d"), "a file where a directory should be\n");
	write_text(at(*state, "lib/70-c.conf"), GOOD("system-ram"));
	policy = load(*state);
	assert_files(*state, policy, wanted);
	assert_int_equal(policy->problems.count, 2);
	assert_string_equal(policy->problems.items[0].path, at(*state, "etc/50-a.conf.d/x.conf"));
	assert_string_equal(policy->problems.items[1].path, at(*state, "etc/60-b.conf.d"));
	assert_contains(policy->problems.items[1].message,
			"cannot read the directory: Not a directory");
	assert_int_equal(policy->files.items[0].uncertain, UNCERTAIN);
	assert_int_equal(policy->files.items[1].uncertain, UNCERTAIN);
}

static void assert_load_fails(const char *folder, int errnum, const char *message)
{
	_cleanup_(kmemd_freep) struct kmemd *kmemd = context_of(folder);
	struct kmemd_policy *policy = NULL;
	struct kmemd_error error = {0};

	assert_int_equal(kmemd_policy_load(kmemd, &policy, &error), -errnum);
	assert_int_equal(error.errnum, errnum);
	assert_int_not_equal(error.result, KMEMD_DONE);
	assert_contains(error.message, message);
	assert_null(policy);
}

static void no_valid_file_is_an_error(void **state)
{
	write_text(at(*state, "lib/10-a.conf"), "[Match]\nKind=moon\n");
	write_text(at(*state, "lib/20-b.conf"), GOOD("moon"));
	assert_load_fails(*state, EINVAL, "no policy file is valid");
	assert_load_fails(*state, EINVAL, at(*state, "lib/10-a.conf:2: [Match] Kind=moon"));
}

/* Masks and empty files are valid, and say nothing. */
static void a_policy_of_masks_is_no_error(void **state)
{
	_cleanup_(kmemd_policy_freep) struct kmemd_policy *policy = NULL;

	write_text(at(*state, "etc/10-a.conf"), "");
	policy = load(*state);
	assert_int_equal(policy->files.count, 0);
}

static void a_directory_that_cannot_be_read_is_an_error(void **state)
{
	write_text(at(*state, "lib/10-a.conf"), GOOD("ignore"));
	write_text(at(*state, "run"), "a file where a directory should be\n");
	assert_load_fails(*state, ENOTDIR, "cannot read the policy directory");
	assert_load_fails(*state, ENOTDIR, at(*state, "run"));
}

/* Loads as a user who is not root; the assertions come when this process is itself again. */
static int load_without_privileges(const char *folder, struct kmemd_policy **ret,
				   struct kmemd_error *error)
{
	_cleanup_(kmemd_freep) struct kmemd *kmemd = context_of(folder);
	bool is_root = geteuid() == 0;
	int r;

	if (is_root && seteuid(65534) < 0)
		return -ENOTSUP;
	r = kmemd_policy_load(kmemd, ret, error);
	if (is_root && seteuid(0) < 0)
		abort();
	return r;
}

static void a_directory_or_file_without_permission_is_told(void **state)
{
	_cleanup_(kmemd_policy_freep) struct kmemd_policy *policy = NULL;
	struct kmemd_policy *none = NULL;
	struct kmemd_error error = {0};
	int r;

	assert_int_equal(chmod(*state, 0755), 0);
	write_text(at(*state, "etc/10-a.conf"), GOOD("ignore"));
	write_text(at(*state, "lib/20-b.conf"), GOOD("ignore"));
	assert_int_equal(chmod(at(*state, "etc/10-a.conf"), 0), 0);
	r = load_without_privileges(*state, &policy, &error);
	if (r == -ENOTSUP)
		skip();
	assert_int_equal(r, 0);
	assert_int_equal(policy->files.count, 2);
	assert_true(policy->files.items[0].broken);
	assert_int_equal(policy->files.items[0].uncertain, UNCERTAIN);
	assert_int_equal(policy->problems.count, 1);
	assert_contains(policy->problems.items[0].message, "cannot read it: Permission denied");

	assert_int_equal(chmod(at(*state, "lib"), 0), 0);
	assert_int_equal(load_without_privileges(*state, &none, &error), -EACCES);
	assert_int_equal(error.result, KMEMD_NOT_PERMITTED);
	assert_contains(error.message, at(*state, "lib: Permission denied"));
	assert_null(none);
}

static void named_files_are_checked_and_told(void **state)
{
	_cleanup_(kmemd_freep) struct kmemd *kmemd = context_of(*state);
	_cleanup_(kmemd_policy_freep) struct kmemd_policy *policy = NULL;
	struct kmemd_error error = {0};
	struct json_object *json, *problem;
	char good[512], bad[512], none[512];
	char *files[] = {bad, good, none, NULL};

	snprintf(good, sizeof(good), "%s", at(*state, "good"));
	snprintf(bad, sizeof(bad), "%s", at(*state, "bad.conf"));
	snprintf(none, sizeof(none), "%s", at(*state, "none.conf"));
	write_text(good, GOOD("ignore"));
	write_text(bad, "[Match]\nSize=12Q\n");
	write_text(at(*state, "etc/50-ab.conf.d/x.conf"), "what is in force is not looked at\n");
	assert_int_equal(kmemd_policy_check(kmemd, files, &policy, &error), 0);
	json = kmemd_policy_to_json(policy);
	assert_int_equal(json_count(json, "files"), 1);
	assert_string_equal(json_object_get_string(json_member(json, "files", 0)), good);
	assert_int_equal(json_count(json, "problems"), 2);
	assert_int_equal(json_count(json, "warnings"), 0);
	problem = json_member(json, "problems", 0);
	assert_string_equal(json_text(problem, "file"), bad);
	assert_int_equal(json_get_u64(problem, "line"), 2);
	assert_contains(json_text(problem, "message"), "Size=12Q");
	problem = json_member(json, "problems", 1);
	assert_string_equal(json_text(problem, "file"), none);
	assert_int_equal(json_get_u64(problem, "line"), 0);
	json_object_put(json);
}

/* --- warnings ----------------------------------------------------------------------------------
 */

/* What policy check warns of when these files are in force, as "NAME: message" lines. */
static char *warnings_of(const char *folder)
{
	_cleanup_(kmemd_freep) struct kmemd *kmemd = context_of(folder);
	_cleanup_(kmemd_policy_freep) struct kmemd_policy *policy = NULL;
	struct kmemd_error error = {0};
	char *text = calloc(1, 4096);
	size_t used = 0;

	assert_non_null(text);
	assert_int_equal(kmemd_policy_check(kmemd, NULL, &policy, &error), 0);
	array_foreach(warning, &policy->warnings)
		used += (size_t)snprintf(text + used, 4096 - used, "%s: %s\n",
					 strrchr(warning->path, '/') + 1, warning->message);
	return text;
}

/* The warning about the second of two files. */
static void assert_warning(const char *folder, const char *first, const char *second,
			   const char *wanted)
{
	_cleanup_free_ char *text = NULL, *warnings = NULL;

	text = format_text("[Match]\n%s\n[Memory]\nMode=devdax\n", first);
	write_text(at(folder, "etc/10-a.conf"), text);
	free(text);
	text = format_text("[Match]\n%s\n[Memory]\nMode=devdax\n", second);
	write_text(at(folder, "etc/20-b.conf"), text);
	warnings = warnings_of(folder);
	if (*wanted ? !strstr(warnings, wanted) : *warnings != '\0')
		fail_msg("'%s' and '%s': '%s' instead of '%s'", first, second, warnings, wanted);
}

#define SHADOWED "20-b.conf: it never does anything: "
#define UUID_1	 "01234567-89ab-cdef-0123-456789abcdef"

static void a_file_that_an_earlier_one_covers_is_warned_of(void **state)
{
	static const char *const covered[][2] = {
		{"Kind=cxl-ram", "Kind=cxl-ram"},
		{"Kind=cxl-ram", "Kind=cxl-ram\nSerial=7"},
		{"Kind=cxl-*", "Kind=cxl-ram"},
		{"Kind=*", "Node=1"},
		{"Kind=!dax", "Kind=cxl-ram hmem"},
		{"Kind=!dax !nvdimm", "Kind=!dax !nvdimm !hmem"},
		{"Serial=1-9", "Serial=3 5-9"},
		{"Serial=1 2 3", "Serial=2"},
		{"Size=>=64G", "Size=>=128G"},
		{"Size=>=64G", "Size=>=64G <1T"},
		{"Size=>64G <2T", "Size=>=65G <1T"},
		{"Node=0-3", "Node=1 2"},
		{"PciPath=0000:*", "PciPath=0000:0d:00.0"},
		{"PciPath=0000:*", "PciPath=0000:*\nNode=1"},
		{"Vendor=!a", "Vendor=!a !b"},
		{"Vendor=!a", "Vendor=!A"},
		{"Host=tier*", "Host=tier1\nKernelVersion=>=6.8"},
		{"KernelVersion=>=6.8", "KernelVersion=>=6.8"},
		{"Uuid=*", "Uuid=" UUID_1},
	};

	for (size_t i = 0; i < array_size(covered); i++)
		assert_warning(*state, covered[i][0], covered[i][1], SHADOWED);
	assert_warning(*state, "Kind=cxl-ram", "Kind=cxl-ram\nNode=1",
		       "etc/10-a.conf is tried first and fits all devices that this file fits");
}

static void a_file_that_has_a_device_of_its_own_is_not_warned_of(void **state)
{
	static const char *const own[][2] = {
		{"Kind=cxl-ram", "Kind=hmem"},
		{"Kind=cxl-ram", "Kind=cxl-ram hmem"},
		{"Kind=cxl-ram\nSerial=7", "Kind=cxl-ram"},
		{"Kind=!cxl-ram", "Kind=*"},
		{"Serial=1-9", "Serial=3-10"},
		{"Serial=1-9", "Serial=0-9"},
		{"Serial=1-9", "Serial=3\nSerial=12"},
		{"Serial=1-9 !3", "Serial=3"},
		{"Serial=1-9", "Serial=!3"},
		{"Size=>=64G", "Size=>=32G"},
		{"Size=>=64G <1T", "Size=>=64G"},
		{"Size=>=64G", "Node=1"},
		{"PciPath=0000:0d:*", "PciPath=0000:*"},
		{"PciPath=0000:0d:00.0", "PciPath=0000:*"},
		{"Vendor=!a !b", "Vendor=!a"},
		{"Vendor=a", "Vendor=!b"},
		{"Vendor=a", "Model=a"},
		{"Host=tier1", "Host=tier2"},
		{"KernelVersion=>=6.8", "KernelVersion=>6.8"},
		{"KernelVersion=>=6.8", "KernelVersion=<=6.8"},
		{"KernelVersion=6.8", "KernelVersion=>=6.8"},
	};

	for (size_t i = 0; i < array_size(own); i++)
		assert_warning(*state, own[i][0], own[i][1], "");
}

static void a_file_that_no_device_can_use_is_warned_of(void **state)
{
	static const char other[] = "Kind=hmem\nNode=77";

	assert_warning(*state, other, "Kind=nvdimm", "only when Uuid= or Serial= names it");
	assert_warning(*state, other, "Kind=cxl-pmem nvdimm\nUuid=0*", "names it");
	assert_warning(*state, other, "Kind=nvdimm\nUuid=!" UUID_1, "names it");
	assert_warning(*state, other, "Kind=nvdimm\nUuid=" UUID_1, "");
	assert_warning(*state, other, "Kind=nvdimm cxl-ram", "");
	assert_warning(*state, other, "Kind=cxl-pmem\nSerial=7", "the namespace on it is used");
	assert_warning(*state, other, "Kind=cxl-pmem cxl-ram\nSerial=7", "");
	assert_warning(*state, other, "Kind=cxl-ram\nUuid=" UUID_1, "only Kind=nvdimm has a UUID");
	assert_warning(*state, other, "Kind=cxl-ram\nUuid=!" UUID_1, "");
	assert_warning(*state, other, "Kind=nvdimm\nSerial=7", "have a serial number");
	assert_warning(*state, other, "Kind=dax\nPciPath=*", "have a serial number");
	assert_warning(*state, other, "Kind=dax\nPciPath=!0000:*", "");
	assert_warning(*state, other, "Kind=dax !dax", "excludes every kind");
}

static void what_is_left_alone_or_broken_is_not_warned_of(void **state)
{
	_cleanup_free_ char *warnings = NULL;

	write_text(at(*state, "etc/10-a.conf"), "[Match]\nKind=nvdimm\n[Memory]\nMode=ignore\n");
	write_text(at(*state, "etc/20-b.conf"), "[Match]\nKind=*\n[Memory]\nMode=moon\n");
	write_text(at(*state, "etc/30-c.conf"), GOOD("devdax"));
	write_text(at(*state, "etc/40-d.conf"), "[Match]\nKind=cxl-ram\n[Memory]\nMode=moon\n");
	warnings = warnings_of(*state);
	assert_string_equal(warnings, "");
}

static void drop_ins_without_their_file_are_warned_of(void **state)
{
	_cleanup_free_ char *warnings = NULL;

	write_text(at(*state, "lib/50-a.conf"), GOOD("system-ram"));
	write_text(at(*state, "etc/50-a.conf.d/x.conf"), "[Memory]\nZone=kernel\n");
	write_text(at(*state, "etc/50-ab.conf.d/x.conf"), "[Memory]\nZone=kernel\n");
	warnings = warnings_of(*state);
	assert_string_equal(warnings, "50-ab.conf.d: it does nothing: there is no policy file of "
				      "that name without the .d\n");
}

#define with_folder(test) cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_folder(no_directory_is_no_policy),
		with_folder(files_are_sorted_by_name_over_all_directories),
		with_folder(a_file_of_the_same_name_replaces),
		with_folder(a_bad_file_still_replaces),
		with_folder(a_link_to_dev_null_or_an_empty_file_masks),
		with_folder(only_conf_files_count),
		with_folder(a_bad_file_keeps_its_place),
		with_folder(a_file_that_is_too_large_keeps_its_place),
		with_folder(drop_ins_of_all_directories_are_one_list),
		with_folder(a_drop_in_is_replaced_and_masked_by_name),
		with_folder(a_drop_in_that_cannot_be_read_breaks_its_file),
		with_folder(no_valid_file_is_an_error),
		with_folder(a_policy_of_masks_is_no_error),
		with_folder(a_directory_that_cannot_be_read_is_an_error),
		with_folder(a_directory_or_file_without_permission_is_told),
		with_folder(named_files_are_checked_and_told),
		with_folder(a_file_that_an_earlier_one_covers_is_warned_of),
		with_folder(a_file_that_has_a_device_of_its_own_is_not_warned_of),
		with_folder(a_file_that_no_device_can_use_is_warned_of),
		with_folder(what_is_left_alone_or_broken_is_not_warned_of),
		with_folder(drop_ins_without_their_file_are_warned_of),
	};

	return cmocka_run_group_tests_name("policy_load", tests, NULL, NULL);
}
