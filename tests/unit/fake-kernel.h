/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KMEMD_TEST_FAKE_KERNEL_H
#define KMEMD_TEST_FAKE_KERNEL_H
/*
 * A kernel made of files: a sysfs tree in a temporary folder, where a write to an attribute does
 * what Linux does with it (Documentation/ABI/testing/sysfs-bus-cxl, sysfs-bus-dax,
 * sysfs-devices-memory). Everything is in the files, so that a process may be killed in the middle
 * and another one go on.
 *
 * Include this once in a test program. It brings the objects of the library that it replaces:
 * base/file.c with attribute_write() and file_replace(), inventory/read.c with
 * kmemd_inventory_read(), inventory/read-dax.c with inventory_read_dax(), apply/deadline.c with
 * backoff_sleep(). The linker then takes none of them from the library.
 *
 * Faults of reads: every call by which the library opens an attribute or reads one, a link, the
 * journal, a record or the whole inventory has a number from 1; fault.read_at makes that one fail
 * with fault.read_errnum, or give less than there is (READ_SHORT), or nothing (READ_NOTHING).
 *
 * Faults: every write has a number from 1; fault.at makes one fail or the process die there.
 * fault.path makes all writes whose path and value match fail. The faults are in memory that the
 * process shares with the one that writes to memory blocks for it.
 */
#include "fixture.h"

#include <sys/types.h>

static int faulty_openat(int dir, const char *path, int flags);
static ssize_t faulty_read(int fd, void *buffer, size_t size);
static ssize_t faulty_pread(int fd, void *buffer, size_t size, off_t offset);
static ssize_t faulty_readlinkat(int dir, const char *path, char *buffer, size_t size);

#define attribute_write		       real_attribute_write
#define attribute_write_open	       real_attribute_write_open
#define file_replace		       real_file_replace
#define openat(dir, path, flags)       faulty_openat(dir, path, flags)
#define read(fd, buffer, size)	       faulty_read(fd, buffer, size)
#define pread(fd, buffer, size, at)    faulty_pread(fd, buffer, size, at)
#define readlinkat(dir, path, to, max) faulty_readlinkat(dir, path, to, max)
#include "base/file.c"
#undef openat
#undef read
#undef pread
#undef readlinkat
#undef attribute_write
#undef attribute_write_open
#undef file_replace
#define kmemd_inventory_read real_inventory_read
#include "inventory/snapshot.c"
#undef kmemd_inventory_read
#define inventory_read_dax real_inventory_read_dax
#include "inventory/read-dax.c"
#undef inventory_read_dax
#define backoff_sleep real_backoff_sleep
#include "base/deadline.c"
#undef backoff_sleep

#include "base/deadline.h"
#include "base/error.h"
#include "base/parse.h"
#include "inventory/memory-block.h"
#include "inventory/read-dax.h"
#include "inventory/read-slots.h"
#include "job/drain-job.h"

#include <dirent.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

int attribute_write(int dir, const char *path, const char *value);
int attribute_write_open(int dir, const char *path, const char *value, int *ret_fd);
int file_replace(const char *path, const char *text, unsigned int mode);
int kmemd_inventory_read(struct kmemd *kmemd, struct kmemd_inventory **ret,
			 struct kmemd_error *error);
int inventory_read_dax(const struct kmemd *kmemd, char *const *names, const char *region,
		       unsigned int what, struct kmemd_inventory **ret, struct kmemd_error *error);
void backoff_sleep(unsigned int ms);

#define WINDOW_START UINT64_C(0x1000000000)
#define NVDIMM_START UINT64_C(0x2000000000)
#define REGIONS_MAX  24 /* that are looked for */
#define KILLED	     77 /* exit code of a process that the fault killed */
/* What kmemd_drain() is asked for. */
#define DRAIN(...)                                                                                \
	(&(struct kmemd_drain){.devices = (char *[]){(char *)__VA_ARGS__, NULL}, .goal = GOAL_DRAIN})

static struct shared {
	struct fault {
		unsigned int writes;	  /* so far */
		unsigned int at;	  /* the number of the write that fails, 0: none */
		int errnum;		  /* with which; 0: the process dies before the write */
		char write_path[256];	  /* what that one was */
		unsigned int reads;	  /* so far */
		unsigned int read_at;	  /* the number of the read that fails, 0: none */
		int read_errnum;	  /* with which; or READ_SHORT, READ_NOTHING */
		unsigned int read_also;	  /* the number of a read that fails with EIO, 0: none */
		char read_path[256];	  /* what that one was */
		bool read_has_text;	  /* it was no opening, and there was something to read */
		const char *path, *value; /* globs: every such write fails; NULL: none */
		unsigned int skip;	  /* so many of those succeed first */
		void (*before)(const char *path, const char *value); /* called before every write */
		void (*asleep)(void);  /* called in every pause between two attempts */
		const char *violation; /* what Linux would let happen and nobody may do */
		const char *hang;      /* a glob: writes of value to it never return */
		const char *kill;      /* a glob: the kernel kills the process that writes to it */
		unsigned int counted;  /* for the tests' own use */
		char noted[512];
	} fault;
	unsigned int sleeps;
	pid_t process; /* that dies of a fault, also when one of its children does the write */
} * shared;

#define fault  (shared->fault)
#define sleeps (shared->sleeps)

static char kernel[512]; /* the tree */

enum { READ_SHORT = -1, READ_NOTHING = -2 };

static int read_fault; /* of the read that is faulty */

/* Whether this is one. What cannot be short can at least fail. */
static bool read_is_faulty(bool has_text, const char *path)
{
	if (!shared)
		return false;
	fault.reads++;
	if (fault.reads != fault.read_at && fault.reads != fault.read_also)
		return false;
	read_fault = fault.reads == fault.read_at ? fault.read_errnum : EIO;
	if (fault.reads == fault.read_at)
		fault.read_has_text = has_text;
	if (!has_text && read_fault < 0)
		return false;
	if (fault.reads == fault.read_at)
		snprintf(fault.read_path, sizeof(fault.read_path), "%s", path);
	return true;
}

static const char *path_of(int fd)
{
	static char path[512];
	ssize_t length = readlink(at("/proc/self/fd", "%d", fd), path, sizeof(path) - 1);

	path[length < 0 ? 0 : length] = '\0';
	return path;
}

static int faulty_openat(int dir, const char *path, int flags)
{
	if (read_is_faulty(false, path)) {
		errno = read_fault;
		return -1;
	}
	return openat(dir, path, flags | O_CLOEXEC);
}

/* A part of what the real one gave, or nothing of it. What is open was there, and may be gone. */
static ssize_t faulty_length(ssize_t length, const char *path)
{
	if (!read_is_faulty(length > 0, path))
		return length;
	if (read_fault > 0) {
		errno = read_fault == ENOENT ? ENODEV : read_fault;
		return -1;
	}
	return read_fault == READ_NOTHING ? 0 : (length + 1) / 2;
}

static ssize_t faulty_read(int fd, void *buffer, size_t size)
{
	off_t before = lseek(fd, 0, SEEK_CUR);
	ssize_t length = faulty_length(read(fd, buffer, size), path_of(fd));

	if (length >= 0)
		lseek(fd, before + length, SEEK_SET);
	return length;
}

static ssize_t faulty_pread(int fd, void *buffer, size_t size, off_t offset)
{
	return faulty_length(pread(fd, buffer, size, offset), path_of(fd));
}

/* A link is read whole or not at all. */
static ssize_t faulty_readlinkat(int dir, const char *path, char *buffer, size_t size)
{
	if (read_is_faulty(false, path)) {
		errno = read_fault;
		return -1;
	}
	return readlinkat(dir, path, buffer, size);
}

static const char *sysfs(const char *format, ...) __attribute__((format(printf, 1, 2)));
static const char *sysfs(const char *format, ...)
{
	char name[256];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(name, sizeof(name), format, arguments);
	va_end(arguments);
	return at(kernel, "%s", name);
}

static uint64_t number_of(const char *path)
{
	return strtoull(text_of(path), NULL, 0);
}

static void write_number_to(const char *path, uint64_t value)
{
	char text[32];

	snprintf(text, sizeof(text), "0x%" PRIx64 "\n", value);
	write_text(path, text);
}

static bool exists(const char *path)
{
	return access(path, F_OK) == 0;
}

/* --- memory blocks
 * -----------------------------------------------------------------------------------------------
 */

static void set_block(uint64_t index, const char *state, const char *zones)
{
	write_text(sysfs("devices/system/memory/memory%" PRIu64 "/state", index), state);
	write_text(sysfs("devices/system/memory/memory%" PRIu64 "/valid_zones", index), zones);
}

static const char *node_link(uint64_t index)
{
	return sysfs("devices/system/node/node1/memory%" PRIu64, index);
}

/* What a driver adds comes up as auto_online_blocks says, and in the node. */
static void add_block(uint64_t index)
{
	const char *policy = text_of(sysfs("devices/system/memory/auto_online_blocks"));

	if (symlink(sysfs("devices/system/memory/memory%" PRIu64, index), node_link(index)) < 0)
		assert_int_equal(errno, EEXIST);
	if (!strcmp(policy, "online_movable"))
		set_block(index, "online\n", "Movable\n");
	else if (strcmp(policy, "offline"))
		set_block(index, "online\n", "Normal\n");
	else
		set_block(index, "offline\n", "Normal Movable\n");
}

static int write_block(const char *block, const char *value)
{
	const char *state = at(block, "state"), *zones = at(block, "valid_zones");
	bool online = !strcmp(text_of(state), "online");

	if (!strcmp(value, "offline")) {
		if (!online)
			return -EINVAL;
		write_text(state, "offline\n");
		write_text(zones, "Normal Movable\n");
		return 0;
	}
	if (online)
		return -EINVAL;
	write_text(state, "online\n");
	if (!strcmp(value, "online_movable"))
		write_text(zones, "Movable\n");
	else if (!strcmp(value, "online_kernel") || !strcmp(value, "online"))
		write_text(zones, "Normal\n");
	else
		return -EINVAL;
	return 0;
}

static bool is_online(uint64_t index)
{
	return !strcmp(text_of(sysfs("devices/system/memory/memory%" PRIu64 "/state", index)),
		       "online");
}

/* --- dax devices
 * -------------------------------------------------------------------------------------------------
 */

#define RANGES_MAX 8

/* "0x1000+0x2000 0x5000+0x1000" in the file ranges, or one range in the files start and size. */
static unsigned int read_ranges(const char *dax, struct range ranges[RANGES_MAX])
{
	const char *device = sysfs("bus/dax/devices/%s", dax);
	const char *text = text_of(at(device, "ranges"));
	unsigned int count = 0;
	int length;

	if (!exists(at(device, "ranges"))) {
		ranges[0].start = number_of(at(device, "start"));
		ranges[0].size = number_of(at(device, "size"));
		return 1;
	}
	while (count < RANGES_MAX &&
	       sscanf(text, " %" SCNi64 "+%" SCNi64 "%n", (int64_t *)&ranges[count].start,
		      (int64_t *)&ranges[count].size, &length) == 2) {
		text += length;
		count++;
	}
	return count;
}

/* Calls for every block of a dax device. */
static void each_block(const char *dax, void (*callback)(uint64_t index))
{
	struct range ranges[RANGES_MAX];
	unsigned int range_count = read_ranges(dax, ranges);

	for (unsigned int i = 0; i < range_count; i++) {
		uint64_t first, count;

		blocks_of_range(&ranges[i], BLOCK, &first, &count);
		for (uint64_t j = 0; j < count; j++)
			callback(first + j);
	}
}

static const char *fake_zones;

static void forget_block(uint64_t index)
{
	unlink(node_link(index));
	folder_remove(sysfs("devices/system/memory/memory%" PRIu64, index));
}

static void remove_block(uint64_t index)
{
	if (is_online(index))
		fault.violation = "memory was unbound while it was online";
	forget_block(index);
}

static const char *driver_of(const char *device)
{
	static char target[128]; /* read without the library, whose reads may be faulty */
	ssize_t length = readlink(at(device, "driver"), target, sizeof(target) - 1);

	target[length < 0 ? 0 : length] = '\0';
	return length < 0 ? target : strrchr(target, '/') + 1;
}

static int dax_bind(const char *dax, const char *driver)
{
	const char *device = sysfs("bus/dax/devices/%s", dax);
	char target[128];

	if (!exists(device))
		return -ENODEV;
	if (driver_of(device)[0])
		return -EBUSY;
	snprintf(target, sizeof(target), "../../drivers/%s", driver);
	assert_int_equal(symlink(target, at(device, "driver")), 0);
	if (!strcmp(driver, "kmem"))
		each_block(dax, add_block);
	if (exists(sysfs("bus/dax/devices/%s/state", dax)))
		write_text(sysfs("bus/dax/devices/%s/state", dax), "online\n");
	return 0;
}

static int dax_unbind(const char *dax)
{
	const char *device = sysfs("bus/dax/devices/%s", dax);

	if (!exists(device) || !driver_of(device)[0])
		return -ENODEV;
	if (!strcmp(driver_of(device), "kmem"))
		each_block(dax, remove_block);
	unlink(sysfs("bus/dax/devices/%s/driver", dax)); /* the path from before is used up */
	return 0;
}

static void make_dax(const char *name, uint64_t start, uint64_t size, const char *origin)
{
	const char *device = sysfs("bus/dax/devices/%s", name);

	write_number_to(at(device, "start"), start);
	write_number_to(at(device, "size"), size);
	write_text(at(device, "origin"), origin);
	write_text(at(device, "memmap_on_memory"), "1\n");
}

static void plug_block(uint64_t index)
{
	add_block(index);
	set_block(index, "online\n", fake_zones);
}

/* The device's `state`, in the file of that name (Documentation/ABI/testing/sysfs-bus-dax). */
static int write_dax_state(const char *dax, const char *value)
{
	const char *state = sysfs("bus/dax/devices/%s/state", dax);

	if (!strcmp(value, "unplugged")) {
		each_block(dax, forget_block);
	} else if (strcmp(text_of(state), "unplugged")) {
		return -EBUSY;
	} else {
		fake_zones = strcmp(value, "online_movable") ? "Normal\n" : "Movable\n";
		each_block(dax, plug_block);
	}
	write_text(sysfs("bus/dax/devices/%s/state", dax), value);
	return 0;
}

static int write_dax_driver(const char *driver, const char *file, const char *value)
{
	if (!strcmp(file, "bind"))
		return dax_bind(value, driver);
	if (!strcmp(file, "unbind"))
		return dax_unbind(value);
	if (!strcmp(file, "new_id")) /* probes, and keeps the probe's error to itself */
		dax_bind(value, driver);
	return 0;
}

#include "fake-cxl-sysfs.h"

/* --- writes
 * ------------------------------------------------------------------------------------------------------
 */

static int write_cxl(const char *device, const char *attribute, const char *value)
{
	if (!strcmp(attribute, "create_ram_region"))
		return create_region(value);
	if (!strcmp(attribute, "delete_region"))
		return delete_region(value);
	if (!strcmp(attribute, "dpa_size"))
		return write_dpa_size(device, value);
	if (!strcmp(attribute, "target0") || !strcmp(attribute, "target1"))
		return write_target(device, attribute, value);
	if (!strcmp(attribute, "commit"))
		return write_commit(device, value);
	if (!strcmp(attribute, "size"))
		return write_region_size(device, strtoull(value, NULL, 0));
	if (!strncmp(attribute, "interleave_", strlen("interleave_")) &&
	    number_of(cxl(device, "size")))
		return -EBUSY; /* CXL_CONFIG_INTERLEAVE_ACTIVE */
	write_text(cxl(device, attribute), value);
	return 0;
}

/* Of dax regions that devices can be cut from: 1 when the path is none of theirs. */
static int (*write_dax_region)(const char *path, const char *value);

static int kernel_write(const char *path, const char *value)
{
	char first[64], second[64];
	unsigned int block;

	if (!exists(path))
		return -ENOENT;
	path += strlen(kernel) + 1;
	if (sscanf(path, "bus/dax/devices/%63[^/]/%63s", first, second) == 2 &&
	    !strcmp(second, "state"))
		return write_dax_state(first, value);
	if (write_dax_region) {
		int r = write_dax_region(path, value);

		if (r <= 0)
			return r;
	}
	if (sscanf(path, "devices/system/memory/memory%u/%63s", &block, second) == 2)
		return write_block(sysfs("devices/system/memory/memory%u", block), value);
	if (sscanf(path, "bus/dax/drivers/%63[^/]/%63s", first, second) == 2)
		return write_dax_driver(first, second, value);
	if (sscanf(path, "bus/dax/devices/%63[^/]/%63s", first, second) == 2) {
		if (!strcmp(driver_of(sysfs("bus/dax/devices/%s", first)), "kmem"))
			return -EBUSY;
		write_text(sysfs("%s", path), value);
		return 0;
	}
	if (sscanf(path, "bus/cxl/drivers/cxl_region/%63s", second) == 1)
		return strcmp(second, "bind") ? region_unbind(value) : region_bind(value);
	if (sscanf(path, "bus/cxl/devices/%63[^/]/%63s", first, second) == 2)
		return write_cxl(first, second, value);
	write_text(sysfs("%s", path), value);
	return 0;
}

/* As by SIGKILL, which takes the children along. */
static void die(void)
{
	if (getpid() == shared->process)
		_exit(KILLED);
	kill(shared->process, SIGKILL);
	for (;;)
		pause();
}

/* 0, or the negative errno of a write that is to fail. */
static int check_fault(const char *path, const char *value)
{
	fault.writes++;
	if (fault.before)
		fault.before(path, value);
	while (fault.hang && fnmatch(fault.hang, path, 0) == 0 &&
	       (!fault.value || fnmatch(fault.value, value, 0) == 0))
		pause();
	if (fault.kill && fnmatch(fault.kill, path, 0) == 0)
		kill(getpid(), SIGKILL);
	if (fault.writes == fault.at) {
		snprintf(fault.write_path, sizeof(fault.write_path), "%s", path);
		if (!fault.errnum)
			die();
		return -fault.errnum;
	}
	if (fault.path && fnmatch(fault.path, path, 0) == 0 &&
	    (!fault.value || fnmatch(fault.value, value, 0) == 0)) {
		if (!fault.skip)
			return -fault.errnum;
		fault.skip--;
	}
	return 0;
}

int attribute_write(int dir, const char *path, const char *value)
{
	char full[512];
	int r;

	if (dir == AT_FDCWD)
		snprintf(full, sizeof(full), "%s", path);
	else
		snprintf(full, sizeof(full), "%s/devices/system/memory/%s", kernel, path);
	r = check_fault(full, value);
	return r < 0 ? r : kernel_write(full, value);
}

int attribute_write_open(int dir, const char *path, const char *value, int *ret_fd)
{
	*ret_fd = -1;
	return attribute_write(dir, path, value);
}

/* The journal and the records: a process may die before any of them is written. */
int file_replace(const char *path, const char *text, unsigned int mode)
{
	int r = check_fault(path, "");

	return r < 0 ? r : real_file_replace(path, text, mode);
}

/* Nobody waits in a test. */
void backoff_sleep(unsigned int ms)
{
	(void)ms;
	sleeps++;
	if (fault.asleep)
		fault.asleep();
	usleep(100);
}

/*
 * Another process does the work and dies, as by SIGKILL, before its n-th write: true when it lived,
 * that is when there is no n-th write. Work that fails by itself is a failure of the test.
 */
static inline bool survives_kill(unsigned int n, int (*work)(void *data), void *data)
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0) {
		shared->process = getpid();
		fault.writes = 0;
		fault.errnum = 0;
		fault.at = n;
		_exit(work(data) < 0 ? 1 : fault.violation ? 2 : 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	shared->process = getpid();
	fault.at = 0;
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
		return false;
	if (!WIFEXITED(status) || (WEXITSTATUS(status) && WEXITSTATUS(status) != KILLED))
		fail_msg("write %u: the job ended with status %x", n, status);
	return WEXITSTATUS(status) == 0;
}

#include "fake-snapshot.h"

/* --- the machine
 * -------------------------------------------------------------------------------------------------
 */

/* An expander of 512 MiB (4 blocks) without a region, and an NVDIMM of 512 MiB as devdax. */
static void kernel_boot(const char *folder, const char *auto_online)
{
	static const char *const files[] = {
		"bus/dax/drivers/kmem/bind",
		"bus/dax/drivers/kmem/unbind",
		"bus/dax/drivers/kmem/new_id",
		"bus/dax/drivers/kmem/remove_id",
		"bus/dax/drivers/device_dax/bind",
		"bus/dax/drivers/device_dax/unbind",
		"bus/dax/drivers/device_dax/new_id",
		"bus/dax/drivers/device_dax/remove_id",
		"bus/cxl/drivers/cxl_region/bind",
		"bus/cxl/drivers/cxl_region/unbind",
		"bus/cxl/devices/decoder0.0/delete_region",
	};

	snprintf(kernel, sizeof(kernel), "%s/sys", folder);
	if (!shared)
		shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(shared != MAP_FAILED);
	memset(shared, 0, sizeof(*shared));
	shared->process = getpid();
	for (size_t i = 0; i < array_size(files); i++)
		write_text(sysfs("%s", files[i]), "");
	write_text(sysfs("devices/system/memory/auto_online_blocks"), auto_online);
	write_text(sysfs("devices/system/memory/block_size_bytes"), "8000000\n");
	make_folders(sysfs("devices/system/node/node1"));
	write_text(cxl("mem0", "serial"), "0x1234\n");
	write_number_to(cxl("mem0", "ram_size"), 4 * BLOCK);
	write_number_to(cxl("decoder0.0", "size"), 4 * GIB);
	write_number_to(cxl("decoder2.0", "dpa_size"), 0);
	write_text(cxl("decoder2.0", "mode"), "none\n");
	offer_region_name();
	make_dax("dax1.0", NVDIMM_START, 4 * BLOCK, "namespace0.0");
	write_text(sysfs("bus/dax/devices/dax1.0/memmap_on_memory"), "0\n");
	assert_int_equal(dax_bind("dax1.0", "device_dax"), 0);
}

/* A second expander as large, in another root port of the same bridge. */
__attribute__((unused)) static void kernel_plug_second(void)
{
	write_text(cxl("mem1", "serial"), "0x5678\n");
	write_number_to(cxl("mem1", "ram_size"), 4 * BLOCK);
	write_number_to(cxl("decoder3.0", "dpa_size"), 0);
	write_text(cxl("decoder3.0", "mode"), "none\n");
}

#include "kernel-tree.h"

#endif
