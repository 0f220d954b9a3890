/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/manager.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-journal.h>

static void print_help(void)
{
	printf("kmemd [OPTION...]\n\n"
	       "Brings CXL expanders and other device-DAX memory to what policy wants.\n"
	       "Started by systemd as kmemd.service; see kmemd(8).\n\n"
	       "  -w, --worker=PATH  the worker program (%s)\n"
	       "  -h, --help         show this\n"
	       "      --version      show the version\n",
	       KMEMD_WORKER_PATH);
}

/* -1 to go on, or the exit code. */
static int parse_options(int argc, char **argv, const char **worker)
{
	static const struct option options[] = {
		{"worker", required_argument, NULL, 'w'},
		{"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'V'},
		{NULL, 0, NULL, 0},
	};
	int letter;

	while ((letter = getopt_long(argc, argv, "w:h", options, NULL)) != -1) {
		switch (letter) {
		case 'w':
			*worker = optarg;
			break;
		case 'h':
			print_help();
			return 0;
		case 'V':
			printf("kmemd %s\n", KMEMD_VERSION);
			return 0;
		default:
			return 2;
		}
	}
	if (optind < argc) {
		fprintf(stderr, "kmemd: '%s': no arguments are taken\n", argv[optind]);
		return 2;
	}
	return -1;
}

int main(int argc, char **argv)
{
	const char *worker = KMEMD_WORKER_PATH;
	struct manager manager;
	int r = parse_options(argc, argv, &worker);

	if (r >= 0)
		return r;
	r = manager_init(&manager, worker, NULL);
	if (r >= 0) {
		sd_notify(false, "READY=1");
		r = sd_event_loop(manager.event);
	}
	if (r < 0) {
		sd_journal_print(LOG_ERR, "kmemd cannot go on: %s", strerror(-r));
		fprintf(stderr, "kmemd: cannot go on: %s\n", strerror(-r));
	}
	manager_done(&manager);
	return r < 0;
}
