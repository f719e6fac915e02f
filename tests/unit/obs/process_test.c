/* SPDX-License-Identifier: Apache-2.0 */
/*
 * process_test.c -- what the kernel says of this process agrees with what the
 * process does.
 */
#include "obs/process.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include "testing/testing.h"

static void files_that_are_opened_are_counted(void **state)
{
    (void)state;
    struct process_usage before;
    struct process_usage after;
    process_read(&before);
    int fds[10];
    for (int i = 0; i < 10; i++) {
        fds[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);
        assert_true(fds[i] >= 0);
    }
    process_read(&after);
    for (int i = 0; i < 10; i++) {
        close(fds[i]);
    }
    assert_int_equal(after.open_fds, before.open_fds + 10);
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_int_equal(after.max_fds, limit.rlim_cur);
}

static void memory_is_there(void **state)
{
    (void)state;
    struct process_usage usage;
    process_read(&usage);
    assert_true(usage.resident_bytes > 100000);
    assert_true(usage.virtual_bytes >= usage.resident_bytes);
}

static void *read_there(void *user)
{
    process_read(user);
    return NULL;
}

static void threads_are_counted(void **state)
{
    (void)state;
    struct process_usage alone;
    struct process_usage beside;
    process_read(&alone);
    assert_true(alone.threads >= 1);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, read_there, &beside), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    // A sanitizer may have started one of its own with it.
    assert_true(beside.threads > alone.threads);
}

static void time_only_grows(void **state)
{
    (void)state;
    struct process_usage usage = {0};
    uint64_t last_ms = 0;
    do { // until some of it was used
        process_read(&usage);
        assert_true(usage.cpu_ms >= last_ms);
        last_ms = usage.cpu_ms;
    } while (last_ms == 0);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(files_that_are_opened_are_counted),
    cmocka_unit_test(memory_is_there),
    cmocka_unit_test(threads_are_counted),
    cmocka_unit_test(time_only_grows),
};

TEST_MAIN(tests)
