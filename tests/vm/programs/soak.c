/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * soak DEVICE ROUNDS SEED: binds, unbinds, onlines and offlines a dax device in random order while a second process writes to
 * single memory blocks, and compares everything that is shown of it after each round. It runs in guests.
 *
 * A third process reads what the driver shows of the device all the time, and compares it with what cannot be.
 *
 * A round is each of the four once, in any order, so that a device is also unbound with blocks online, bound again with
 * some of its blocks there, and bound while it is bound. Both processes draw from the seed; how they meet is up to the kernel.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#include "memory-device.h"

/* In a kernel zone a page may stay for good, such as one with the shadow memory that KASAN made for another block. */
#define ONLINE_WORD "online_movable"

enum operation { BIND, UNBIND, ONLINE_BLOCKS, OFFLINE_BLOCKS, STATE, BY_OTHER, NR_OPERATIONS };
static const char *const operation_names[NR_OPERATIONS] = {"bind", "unbind", "online", "offline", "state", "other"};

/* Between the two processes. */
struct shared {
	pthread_mutex_t quiet; /* held by the second process while it writes, by the first while it looks */
	volatile bool stop;
	unsigned long done[NR_OPERATIONS], refused[NR_OPERATIONS], reads;
	volatile bool failed;
	char failure[256];
};

static struct shared *shared;
static struct device device;

/* xorshift64*: the same numbers for a seed everywhere. */
static uint64_t generator;

static unsigned int draw(unsigned int below)
{
	generator ^= generator >> 12;
	generator ^= generator << 25;
	generator ^= generator >> 27;
	return (generator * 0x2545f4914f6cdd1dULL >> 33) % below;
}

static void start_drawing(uint64_t seed)
{
	generator = seed * 0x9e3779b97f4a7c15ULL | 1;
	for (int i = 0; i < 8; i++)
		draw(2);
}

static void fail(const char *what)
{
	if (!shared->failed)
		snprintf(shared->failure, sizeof(shared->failure), "%s", what);
	shared->failed = true;
}

/* What a write gave: done, refused for a reason that is right here, or a failure. */
static void note(enum operation operation, const char *target, const char *text, int rc, const int *allowed)
{
	if (!rc) {
		__atomic_fetch_add(&shared->done[operation], 1, __ATOMIC_RELAXED);
		return;
	}
	for (; *allowed; allowed++) {
		if (rc == -*allowed) {
			__atomic_fetch_add(&shared->refused[operation], 1, __ATOMIC_RELAXED);
			return;
		}
	}
	fail(text_of("%s: writing '%s' to %s: %s", operation_names[operation], text, target, strerror(-rc)));
}

/* A block may be in use, just have gone, be so already, or be barred by the driver. */
static void write_block(enum operation operation, unsigned int block, const char *word)
{
	static const int allowed[] = {EBUSY, EINVAL, ENODEV, ENOENT, 0};
	const char *path = block_path(&device, block);

	note(operation, path, word, write_text(path, word), allowed);
}

/* Some or all blocks, beginning anywhere. */
static void change_blocks(bool online)
{
	unsigned int first = draw(device.nr), count = draw(3) ? device.nr : 1 + draw(device.nr);
	const char *word = online ? ONLINE_WORD : "offline";

	for (unsigned int i = 0; i < count; i++)
		write_block(online ? ONLINE_BLOCKS : OFFLINE_BLOCKS, (first + i) % device.nr, word);
}

static void bind_or_not(void)
{
	static const int bound_already[] = {EBUSY, ENODEV, 0}, none[] = {0};
	bool bound = is_bound(&device);

	if (!bound && draw(2)) {
		const char *path = text_of("/sys/bus/dax/devices/%s/memmap_on_memory", device.name);
		const char *value = draw(2) ? "1" : "0";

		note(BIND, path, value, write_text(path, value), none);
	}
	/* Whatever blocks are there, an unbound device can be bound. */
	note(BIND, DRIVER "/bind", device.name, bind_device(&device), bound ? bound_already : none);
}

static void unbind_or_not(void)
{
	static const int not_bound[] = {ENODEV, 0}, none[] = {0};
	bool bound = is_bound(&device);

	note(UNBIND, DRIVER "/unbind", device.name, unbind_device(&device), bound ? none : not_bound);
}

/* Putting memory online is refused where a driver cannot; "online" would be a kernel zone. */
static void write_state(void)
{
	static const int allowed[] = {EBUSY, EOPNOTSUPP, ENOENT, ENODEV, 0};
	static const char *const words[] = {"unplugged", "online_movable"};
	const char *path = text_of("/sys/bus/dax/devices/%s/state", device.name), *word = words[draw(2)];

	note(STATE, path, word, write_text(path, word), allowed);
}

static void do_operation(enum operation operation)
{
	switch (operation) {
	case BIND:
		bind_or_not();
		break;
	case UNBIND:
		unbind_or_not();
		break;
	case ONLINE_BLOCKS:
		change_blocks(true);
		break;
	case OFFLINE_BLOCKS:
		change_blocks(false);
		break;
	default:
		write_state();
	}
}

static void do_round(void)
{
	enum operation order[] = {BIND, UNBIND, ONLINE_BLOCKS, OFFLINE_BLOCKS};
	unsigned int nr = 4, extra = draw(4);

	for (unsigned int left = nr; left; left--) {
		unsigned int at = draw(left);
		enum operation operation = order[at];

		order[at] = order[left - 1];
		do_operation(operation);
		if (!extra && draw(2))
			do_operation(STATE);
	}
}

/* The second process: single blocks, at any moment except while the first compares. */
static void write_blocks(uint64_t seed)
{
	start_drawing(~seed);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (!shared->stop) {
		pthread_mutex_lock(&shared->quiet);
		write_block(BY_OTHER, draw(device.nr), draw(2) ? "offline" : ONLINE_WORD);
		pthread_mutex_unlock(&shared->quiet);
		usleep(draw(20000));
	}
}

/* The third process. Now and then it lets others at the processor. */
static void read_numbers(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (!shared->stop) {
		const char *fault = impossible(&device);

		if (fault)
			fail(text_of("read meanwhile: %s", fault));
		shared->reads++;
		if (shared->reads % 8 == 0)
			usleep(10000);
	}
}

static bool look(unsigned long round)
{
	const char *fault;

	pthread_mutex_lock(&shared->quiet);
	fault = settled_fault(&device);
	pthread_mutex_unlock(&shared->quiet);
	if (fault)
		fail(fault);
	if (shared->failed)
		printf("failed in round %lu: %s\n", round, shared->failure);
	return !shared->failed;
}

static bool clean_up(void)
{
	const char *fault;

	if (is_bound(&device))
		do_operation(UNBIND);
	if (!offline_all(&device)) {
		printf("failed: blocks cannot be taken offline at the end\n");
		return false;
	}
	fault = settled_fault(&device);
	if (!fault && mem_total() != device.total)
		fault = text_of("MemTotal is %llu and was %llu", mem_total(), device.total);
	if (fault)
		printf("failed at the end: %s\n", fault);
	return !fault;
}

static void prepare(void)
{
	pthread_mutexattr_t attributes;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED) {
		perror("mmap");
		exit(2);
	}
	pthread_mutexattr_init(&attributes);
	pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
	pthread_mutex_init(&shared->quiet, &attributes);
}

int main(int argc, char **argv)
{
	unsigned long rounds, round;
	uint64_t seed;
	time_t began = time(NULL);
	bool good = true;
	pid_t other, reader;

	if (argc != 4) {
		fprintf(stderr, "soak DEVICE ROUNDS SEED\n");
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	device = find_device(argv[1]);
	rounds = strtoul(argv[2], NULL, 10);
	seed = strtoull(argv[3], NULL, 0);
	prepare();
	other = fork();
	if (!other) {
		write_blocks(seed);
		return 0;
	}
	reader = fork();
	if (!reader) {
		read_numbers();
		return 0;
	}
	start_drawing(seed);
	for (round = 0; good && round < rounds; round++) {
		do_round();
		good = look(round);
	}
	shared->stop = true;
	waitpid(other, NULL, 0);
	waitpid(reader, NULL, 0);
	good = clean_up() && good;
	printf("rounds %lu seconds %ld reads %lu", round, (long)(time(NULL) - began), shared->reads);
	for (int i = 0; i < NR_OPERATIONS; i++)
		printf(" %s %lu refused %lu", operation_names[i], shared->done[i], shared->refused[i]);
	printf("\n");
	return good ? 0 : 1;
}
