/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fault-walk DEVICE WALK [MODULE]: does one thing to a dax device again and again and lets its first memory allocation fail, then its second,
 * and so on, until it is done without any failing (/proc/thread-self/fail-nth, Documentation/fault-injection/fault-injection.rst). After each
 * time everything that is shown of the device has to fit together, everything has to be given back when asked for, and the device has
 * to be bindable with all of its blocks. It runs in guests whose kernel has CONFIG_FAULT_INJECTION; which
 * allocations count is set in debugfs. MODULE is the file of the driver, for the walk "load".
 */
#define _GNU_SOURCE
#include <sys/syscall.h>

#include "memory-device.h"

#define MOST 20000 /* allocations; there are some hundred */

static struct device device;
static const char *module_file;

/* What the walked thing is: a write to a file, or loading the driver when there is none. */
struct walk {
	const char *name;
	const char *memmap; /* memmap_on_memory of the device */
	int (*prepare)(void);
	const char *file, *text;
};

static int online(unsigned int block)
{
	return write_text(block_path(&device, block), "online_movable");
}

static int prepare_bound(void)
{
	return bind_device(&device);
}

static int prepare_online(void)
{
	int rc = bind_device(&device);

	return rc ? rc : online(0);
}

static int prepare_all_online(void)
{
	int rc = bind_device(&device);

	for (unsigned int block = 0; !rc && block < device.nr; block++)
		rc = online(block);
	return rc;
}

static int prepare_unplugged(void)
{
	int rc = bind_device(&device);

	return rc ? rc : write_text(text_of("/sys/bus/dax/devices/%s/state", device.name), "unplugged");
}

static int prepare_remembered(void)
{
	int rc = prepare_online();

	return rc ? rc : unbind_device(&device);
}

static int prepare_unloaded(void)
{
	return syscall(SYS_delete_module, "kmem", O_NONBLOCK) ? -errno : 0;
}

static const struct walk walks[] = {
	{"bind", "0", NULL, DRIVER "/bind", NULL},
	{"bind-self-hosted", "1", NULL, DRIVER "/bind", NULL},
	{"adopt", "0", prepare_remembered, DRIVER "/bind", NULL},
	{"adopt-self-hosted", "1", prepare_remembered, DRIVER "/bind", NULL},
	{"unbind", "0", prepare_bound, DRIVER "/unbind", NULL},
	{"unbind-online", "1", prepare_online, DRIVER "/unbind", NULL},
	{"online", "0", prepare_bound, NULL, "online_movable"},
	{"offline", "1", prepare_online, NULL, "offline"},
	{"unplug", "0", prepare_all_online, "", "unplugged"},
	{"plug", "0", prepare_unplugged, "", "online_movable"},
	{"load", "1", prepare_unloaded, NULL, NULL},
};

/* How often the device was bound without some of its blocks, and with blocks that do not carry their memmap. */
static unsigned int left_out, ordinary;

static unsigned long counter(const char *name)
{
	return strtoul(attribute(&device, text_of("kmem/%s", name)), NULL, 0);
}

static void count_blocks(void)
{
	left_out += counter("blocks_failed") != 0;
	ordinary += counter("blocks_self_hosted") != counter("blocks_added");
}

static int load_module(int fd)
{
	return syscall(SYS_finit_module, fd, "", 0) ? -errno : 0;
}

/* Sets the number of the allocation that fails; -1 when that cannot be. */
static int set_fail_nth(int control, unsigned int number)
{
	char text[16];

	return pwrite(control, text, snprintf(text, sizeof(text), "%u", number), 0) < 0 ? -1 : 0;
}

/* What is left of the number: 0 when one has failed. */
static long get_fail_nth(int control)
{
	char text[16] = "";

	return pread(control, text, sizeof(text) - 1, 0) < 0 ? -1 : strtol(text, NULL, 10);
}

/* Does the thing with one failing allocation; the files are open by then. @left: 0 if one has failed. */
static int act(const struct walk *walk, unsigned int number, long *left)
{
	bool load = !walk->file && !walk->text;
	const char *path = load ? module_file : walk->file;
	const char *text = walk->text ? walk->text : device.name;
	int control = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC), fd, rc;

	if (!path)
		path = block_path(&device, 0);
	else if (!*path)
		path = text_of("/sys/bus/dax/devices/%s/state", device.name);
	fd = open(path, (load ? O_RDONLY : O_WRONLY) | O_CLOEXEC);
	if (control < 0 || fd < 0 || set_fail_nth(control, number)) {
		perror(fd < 0 ? path : "/proc/thread-self/fail-nth");
		exit(2);
	}
	if (load)
		rc = load_module(fd);
	else
		rc = write(fd, text, strlen(text)) < 0 ? -errno : 0;
	*left = get_fail_nth(control);
	set_fail_nth(control, 0);
	close(control);
	close(fd);
	return rc;
}

/*
 * The driver loaded, and with its files. Where there was no memory for the files, the driver core has said so in the log and gone on
 * without: loading it again makes them.
 */
static int load_again(void)
{
	int fd, rc;

	if (!access(DRIVER "/bind", F_OK))
		return 0;
	if (!access("/sys/module/kmem", F_OK) && (rc = prepare_unloaded()))
		return rc;
	fd = open(module_file, O_RDONLY | O_CLOEXEC);
	rc = fd < 0 ? -errno : load_module(fd);
	close(fd);
	return rc;
}

/* Gives everything back, with nothing failing: unbound, no block there. */
static const char *give_back(void)
{
	int rc = load_again();

	if (rc)
		return text_of("the driver cannot be loaded afterwards: %s", strerror(-rc));
	if (is_bound(&device))
		rc = unbind_device(&device);
	if (rc)
		return text_of("the device cannot be unbound afterwards: %s", strerror(-rc));
	if (!offline_all(&device))
		return "its blocks cannot be taken offline afterwards";
	const char *fault = settled_fault(&device);
	if (!fault && mem_total() != device.total)
		fault = text_of("MemTotal is %llu and was %llu", mem_total(), device.total);
	return fault;
}

/* Binds the device, with nothing failing, and gives it back. */
static const char *bind_again(void)
{
	unsigned int added = 0;
	const char *fault;
	int rc = bind_device(&device);

	if (rc)
		return text_of("the device cannot be bound afterwards: %s", strerror(-rc));
	for (unsigned int block = 0; block < device.nr; block++)
		added += block_state(&device, block) != ABSENT;
	if (added != device.nr)
		return text_of("binding it afterwards adds only %u of %u blocks", added, device.nr);
	fault = device_fault(&device);
	return fault ? fault : give_back();
}

/* One time; NULL or what is wrong. Where the failing allocation changed nothing, the device is not bound again every time. */
static const char *step(const struct walk *walk, unsigned int number, long *left, int *rc)
{
	const char *fault;
	bool changed;

	*rc = write_text(text_of("/sys/bus/dax/devices/%s/memmap_on_memory", device.name), walk->memmap);
	if (!*rc && walk->prepare)
		*rc = walk->prepare();
	if (*rc)
		return text_of("it cannot be prepared: %s", strerror(-*rc));
	*rc = act(walk, number, left);
	fault = access("/sys/module/kmem", F_OK) ? NULL : settled_fault(&device);
	if (fault)
		return fault;
	if (*left && *rc)
		return text_of("it fails with no allocation failing: %s", strerror(-*rc));
	if (is_bound(&device))
		count_blocks();
	/* All or nothing; what could not be added is another matter. */
	if (*rc && walk->prepare == prepare_unplugged && counter("blocks_added"))
		return text_of("%lu blocks are left", counter("blocks_added"));
	changed = *rc || (is_bound(&device) && counter("blocks_failed"));
	fault = give_back();
	return fault || !(changed || *left || number % 8 == 0) ? fault : bind_again();
}

static int do_walk(const struct walk *walk)
{
	unsigned int number, failed = 0;
	const char *fault = NULL;
	long left = 0;
	int rc;

	for (number = 1; !fault && !left && number < MOST; number++) {
		fault = step(walk, number, &left, &rc);
		failed += !left && rc;
		if (fault)
			printf("failed: allocation %u of %s fails, and then (%s): %s\n", number, walk->name, strerror(-rc), fault);
	}
	if (fault)
		give_back(); /* for what comes after this walk */
	/* The last one had nothing left to fail. */
	printf("%s: %u allocations, %u of them needed, %u times blocks left out, %u times with ordinary memmap\n", walk->name,
	       number - 2, failed, left_out, ordinary);
	return fault || !left ? 1 : 0;
}

int main(int argc, char **argv)
{
	if (argc < 3 || argc > 4) {
		fprintf(stderr, "fault-walk DEVICE WALK [MODULE]\n");
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	device = find_device(argv[1]);
	module_file = argc > 3 ? argv[3] : "";
	for (size_t i = 0; i < sizeof(walks) / sizeof(*walks); i++)
		if (!strcmp(walks[i].name, argv[2]))
			return do_walk(&walks[i]);
	fprintf(stderr, "%s: no such walk\n", argv[2]);
	return 2;
}
