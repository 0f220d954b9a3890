/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kexec-boot KERNEL INITRD COMMAND-LINE: loads a kernel and, a second after it has ended well, boots it in place of the one
 * that runs, without the machine being reset: what is programmed into its devices stays. It runs in guests.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/reboot.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int fail(const char *what)
{
	perror(what);
	return 1;
}

static int load(const char *kernel, const char *initrd, const char *command_line)
{
	int kernel_fd = open(kernel, O_RDONLY | O_CLOEXEC), initrd_fd;

	if (kernel_fd < 0)
		return fail(kernel);
	initrd_fd = open(initrd, O_RDONLY | O_CLOEXEC);
	if (initrd_fd < 0)
		return fail(initrd);
	/* glibc has no wrapper for it; the length counts the NUL at the end. */
	if (syscall(SYS_kexec_file_load, kernel_fd, initrd_fd, strlen(command_line) + 1, command_line, 0UL) < 0)
		return fail("kexec_file_load");
	return 0;
}

/* In a process that holds nothing of its parent's, so that who waits for the parent's output gets it before the end. */
static int boot_later(void)
{
	pid_t child = fork();

	if (child)
		return child < 0 ? fail("fork") : 0;
	setsid();
	for (int fd = 0; fd < 3; fd++)
		close(fd);
	sleep(1);
	sync();
	syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, LINUX_REBOOT_CMD_KEXEC, NULL);
	_exit(1);
}

int main(int argc, char **argv)
{
	if (argc != 4) {
		fprintf(stderr, "usage: %s KERNEL INITRD COMMAND-LINE\n", argv[0]);
		return 2;
	}
	return load(argv[1], argv[2], argv[3]) ?: boot_later();
}
