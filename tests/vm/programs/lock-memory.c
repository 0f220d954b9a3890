/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lock-memory NODE MIB: takes that much memory on a node, locks it, says "locked" and waits to be killed. It runs in
 * guests.
 */
#include <linux/mempolicy.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	unsigned long nodes, bytes;
	void *memory;

	if (argc != 3) {
		fprintf(stderr, "lock-memory NODE MIB\n");
		return 2;
	}
	nodes = 1UL << strtoul(argv[1], NULL, 10);
	bytes = strtoul(argv[2], NULL, 10) << 20;
	memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED) {
		perror("mmap");
		return 1;
	}
	/* The kernel reads one bit less than it is told. */
	if (syscall(SYS_mbind, memory, bytes, MPOL_BIND, &nodes, 8 * sizeof(nodes) + 1, 0) < 0) {
		perror("mbind");
		return 1;
	}
	if (mlock(memory, bytes) < 0) {
		perror("mlock");
		return 1;
	}
	puts("locked");
	fflush(stdout);
	pause();
	return 0;
}
