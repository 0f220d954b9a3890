/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The journal's entries: which fields, of whom, and nothing in a text that makes another field. */
#include "fixture.h"
#include "job/system-log.h"

#include <sys/uio.h>
#include <syslog.h>

/* The entry that was sent last, a field a line. */
static char sent[8192];
static unsigned int entries;

int __wrap_sd_journal_sendv(const struct iovec *fields, int count);
int __wrap_sd_journal_sendv(const struct iovec *fields, int count)
{
	size_t used = 0;

	for (int i = 0; i < count; i++) {
		const char *field = fields[i].iov_base;

		assert_non_null(memchr(field, '=', fields[i].iov_len));
		used += (size_t)snprintf(sent + used, sizeof(sent) - used, "[%.*s]",
					 (int)fields[i].iov_len, field);
		assert_true(used < sizeof(sent));
	}
	entries++;
	return 0;
}

static void begin(struct system_log *log, const char *procfs)
{
	entries = 0;
	sent[0] = '\0';
	system_log_init(log, procfs, "kmemctl", "drain");
}

static void test_done(void **state)
{
	struct system_log log;

	begin(&log, *state);
	system_log_event(&log, &(struct kmemd_event){
				       .type = KMEMD_EVENT_DONE,
				       .device = "cxl-ram:0x1",
				       .job = "apply",
				       .policy = "/etc/kmemd/policy.d/1.conf",
				       .message = "mem0: done and verified",
				       .bytes = 536870912,
				       .duration_usec = 1500000,
			       });
	assert_int_equal(entries, 1);
	assert_contains(sent, "[SYSLOG_IDENTIFIER=kmemctl]");
	assert_contains(sent, "[PRIORITY=5]");
	assert_contains(sent, "[MESSAGE_ID=0d9a2c7f6b1e4a86b1d1c5a3f7e40d12]");
	assert_contains(sent, "[MESSAGE=mem0: done and verified]");
	assert_contains(sent, "[KMEMD_DEVICE=cxl-ram:0x1]");
	assert_contains(sent, "[KMEMD_JOB=apply]");
	assert_contains(sent, "[KMEMD_POLICY=/etc/kmemd/policy.d/1.conf]");
	assert_contains(sent, "[KMEMD_RESULT=done]");
	assert_contains(sent, "[KMEMD_BYTES=536870912]");
	assert_contains(sent, "[KMEMD_DURATION_USEC=1500000]");
	assert_int_equal(log.failures, 0);
}

static void test_failed(void **state)
{
	static const struct {
		struct kmemd_error error;
		const char *field;
	} cases[] = {
		{{KMEMD_FAILED, EIO, ""}, "[KMEMD_RESULT=failed]"},
		{{KMEMD_REFUSED, EOPNOTSUPP, ""}, "[KMEMD_RESULT=refused]"},
		{{KMEMD_PARTLY, EBUSY, ""}, "[KMEMD_RESULT=partly]"},
		{{KMEMD_FAILED, ECANCELED, ""}, "[KMEMD_RESULT=cancelled]"},
		{{KMEMD_NOT_PERMITTED, EPERM, ""}, "[KMEMD_RESULT=not-permitted]"},
		{{KMEMD_NO_DEVICE, ENODEV, ""}, "[KMEMD_RESULT=no-device]"},
	};
	struct system_log log;
	char number[32];

	begin(&log, *state);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		system_log_event(&log, &(struct kmemd_event){.type = KMEMD_EVENT_FAILED,
							     .message = "x",
							     .error = &cases[i].error});
		assert_contains(sent, cases[i].field);
		assert_contains(sent, "[MESSAGE_ID=c1f0e6b27a8d4e0f9b6d2e8a4c510d13]");
		assert_contains(sent, "[KMEMD_JOB=drain]"); /* the caller's, where none is said */
		assert_contains(sent, "[KMEMD_DEVICE=]");
		snprintf(number, sizeof(number), "[ERRNO=%d]", cases[i].error.errnum);
		assert_contains(sent, number);
		assert_int_equal(log.failures, i + 1);
	}
	system_log_event(&log, &(struct kmemd_event){.type = KMEMD_EVENT_FAILED, .message = "x"});
	assert_contains(sent, "[KMEMD_RESULT=failed]");
}

/* The terminal is that of any of the three standard descriptors; a service has none. */
static void test_terminal(void **state)
{
	int terminal = posix_openpt(O_RDWR | O_NOCTTY), other, kept[3];
	char name[64];
	struct system_log log;

	assert_true(terminal >= 0);
	assert_int_equal(grantpt(terminal), 0);
	assert_int_equal(unlockpt(terminal), 0);
	assert_int_equal(ptsname_r(terminal, name, sizeof(name)), 0);
	other = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_true(other >= 0);
	for (int with = -1; with < 3; with++) {
		int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);

		for (int fd = 0; fd < 3; fd++) {
			kept[fd] = fcntl(fd, F_DUPFD_CLOEXEC, 3);
			dup2(fd == with ? other : nothing, fd);
		}
		begin(&log, *state);
		for (int fd = 0; fd < 3; fd++) {
			if (kept[fd] >= 0) {
				dup2(kept[fd], fd);
				close(kept[fd]);
			} else {
				close(fd);
			}
		}
		close(nothing);
		assert_string_equal(log.terminal, with < 0 ? "" : name);
	}
	close(other);
	close(terminal);
}

static void test_kinds(void **state)
{
	struct system_log log;

	begin(&log, *state);
	for (int type = 0; type <= KMEMD_EVENT_NOTICE; type++) {
		unsigned int before = entries;

		system_log_event(&log, &(struct kmemd_event){.type = (enum kmemd_event_type)type,
							     .message = "x"});
		assert_int_equal(entries - before, type != KMEMD_EVENT_PROGRESS);
		assert_int_equal(strstr(sent, "KMEMD_RESULT") != NULL,
				 type == KMEMD_EVENT_DONE || type == KMEMD_EVENT_FAILED);
	}
}

static void test_error_and_policy(void **state)
{
	struct system_log log;

	begin(&log, *state);
	system_log_error(&log, &(struct kmemd_error){KMEMD_FAILED, ENOENT, "no sysfs"});
	assert_contains(sent, "[MESSAGE=no sysfs]");
	assert_contains(sent, "[PRIORITY=3]");
	assert_contains(sent, "[ERRNO=2]");
	system_log_policy_problem(&log, "/etc/x.conf", 7, "what is this");
	assert_contains(sent, "[MESSAGE=/etc/x.conf:7: what is this (devices that the file may be "
			      "about are left alone)]");
	assert_contains(sent, "[KMEMD_POLICY=/etc/x.conf]");
	assert_contains(sent, "[MESSAGE_ID=e4a61c3b58d24f7d8c0f9a7b12e30d15]");
	system_log_policy_problem(&log, "/etc/x.conf", 0, "cannot be read");
	assert_contains(sent, "[MESSAGE=/etc/x.conf: cannot be read (devices that the file may be "
			      "about are left alone)]");
}

/* Who it was, as the kernel says: sudo changes the user and not who has logged in. */
static void test_who(void **state)
{
	_cleanup_free_ char *self = NULL, *loginuid = NULL;
	static const struct {
		const char *text;
		bool has;
		uid_t uid;
	} cases[] = {
		{"1000", true, 1000}, {"0", true, 0},	{"4294967295", false, 0},
		{"", false, 0},	      {"-1", false, 0}, {"99999999999", false, 0},
	};
	struct system_log log;
	char field[64];

	begin(&log, *state);
	assert_false(log.has_login); /* no such file */
	assert_true(asprintf(&self, "%s/self", (char *)*state) > 0);
	assert_true(asprintf(&loginuid, "%s/loginuid", self) > 0);
	assert_int_equal(mkdir(self, 0700), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		FILE *file = fopen(loginuid, "we");

		fputs(cases[i].text, file);
		fclose(file);
		begin(&log, *state);
		assert_int_equal(log.has_login, cases[i].has);
		assert_int_equal(log.login_uid, cases[i].uid);
		system_log_error(&log, &(struct kmemd_error){.result = KMEMD_FAILED});
		snprintf(field, sizeof(field), "[KMEMD_LOGIN_UID=%u]", cases[i].uid);
		assert_int_equal(strstr(sent, field) != NULL, cases[i].has);
	}
	snprintf(field, sizeof(field), "[KMEMD_UID=%u]", getuid());
	assert_contains(sent, field);
	assert_contains(sent, "[KMEMD_PROGRAM=test_system_log]");
}

/* A field is one whole: a newline in it begins no other. */
static void test_no_field_is_smuggled_in(void **state)
{
	struct system_log log;

	begin(&log, *state);
	system_log_event(&log, &(struct kmemd_event){.type = KMEMD_EVENT_NOTICE,
						     .message = "a\nKMEMD_UID=0 %s%n"});
	assert_contains(sent, "[MESSAGE=a\nKMEMD_UID=0 %s%n]");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_done, folder_setup, folder_teardown),
		cmocka_unit_test_setup_teardown(test_failed, folder_setup, folder_teardown),
		cmocka_unit_test_setup_teardown(test_terminal, folder_setup, folder_teardown),
		cmocka_unit_test_setup_teardown(test_kinds, folder_setup, folder_teardown),
		cmocka_unit_test_setup_teardown(test_error_and_policy, folder_setup,
						folder_teardown),
		cmocka_unit_test_setup_teardown(test_who, folder_setup, folder_teardown),
		cmocka_unit_test_setup_teardown(test_no_field_is_smuggled_in, folder_setup,
						folder_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
