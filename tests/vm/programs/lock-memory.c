/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lock-memory NODE MIB: takes that much memory on a node, locks it, holds pages of it in a pipe so that the kernel cannot
 * move them, says "locked" and waits to be killed. It runs in guests.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/mempolicy.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define PIPE_BYTES (1 << 20)
#define PAGE_BYTES 4096UL

static int fail(const char *what)
{
	perror(what);
	return 1;
}

/* A page every so many bytes, as many as the pipe has slots. The reader never comes. */
static int hold_in_pipe(char *memory, unsigned long bytes)
{
	unsigned long stride = bytes / (PIPE_BYTES / PAGE_BYTES);
	int ends[2];

	if (pipe(ends) < 0)
		return fail("pipe");
	if (fcntl(ends[1], F_SETPIPE_SZ, PIPE_BYTES) < 0)
		return fail("F_SETPIPE_SZ");
	for (unsigned long at = 0; at + PAGE_BYTES <= bytes; at += stride) {
		struct iovec page = {memory + at, PAGE_BYTES};

		if (vmsplice(ends[1], &page, 1, SPLICE_F_NONBLOCK) < 0)
			return fail("vmsplice");
	}
	return 0;
}

int main(int argc, char **argv)
{
	unsigned long nodes, bytes;
	char *memory;

	if (argc != 3) {
		fprintf(stderr, "lock-memory NODE MIB\n");
		return 2;
	}
	nodes = 1UL << strtoul(argv[1], NULL, 10);
	bytes = strtoul(argv[2], NULL, 10) << 20;
	memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return fail("mmap");
	if (madvise(memory, bytes, MADV_NOHUGEPAGE) < 0)
		return fail("madvise");
	/* The kernel reads one bit less than it is told. */
	if (syscall(SYS_mbind, memory, bytes, MPOL_BIND, &nodes, 8 * sizeof(nodes) + 1, 0) < 0)
		return fail("mbind");
	if (mlock(memory, bytes) < 0)
		return fail("mlock");
	if (hold_in_pipe(memory, bytes))
		return 1;
	puts("locked");
	fflush(stdout);
	pause();
	return 0;
}
