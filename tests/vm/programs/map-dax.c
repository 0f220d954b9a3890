// SPDX-License-Identifier: GPL-2.0-or-later
/* map-dax FILE: maps the first 2 MiB of a dax device, writes to them, says "mapped" and waits. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define LENGTH (2u << 20)

int main(int argc, char **argv)
{
	int fd = argc == 2 ? open(argv[1], O_RDWR) : -1;
	void *memory = fd < 0 ? MAP_FAILED
			      : mmap(NULL, LENGTH, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (memory == MAP_FAILED) {
		perror(argc == 2 ? argv[1] : "map-dax FILE");
		return 1;
	}
	memset(memory, 'x', LENGTH);
	puts("mapped");
	fflush(stdout);
	pause();
	return 0;
}
