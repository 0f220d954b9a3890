/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The only program of a guest's second kernel: prints /proc/iomem to the console, each line behind "iomem: ", and powers off. */
#include <stdio.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <unistd.h>

int main(void)
{
	char line[256];
	FILE *file;

	mkdir("/proc", 0755);
	if (mount("proc", "/proc", "proc", 0, NULL))
		perror("iomem: /proc");
	file = fopen("/proc/iomem", "re");
	while (file && fgets(line, sizeof(line), file))
		printf("iomem: %s", line);
	printf("iomem: end\n");
	fflush(stdout);
	sleep(1);
	reboot(RB_POWER_OFF);
	for (;;)
		pause();
}
