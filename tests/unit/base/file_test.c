/* SPDX-License-Identifier: Apache-2.0 */
/*
 * file_test.c -- a file is read whole, or not at all beyond the bound.
 */
#include "base/file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/err.h"
#include "testing/testing.h"

struct fixture {
    char path[40];
};

static int start(void **state)
{
    static struct fixture f;
    memcpy(f.path, "/tmp/quoted-file-test-XXXXXX", 29);
    int fd = mkstemp(f.path);
    assert_true(fd >= 0);
    close(fd);
    *state = &f;
    return 0;
}

static int finish(void **state)
{
    struct fixture *f = *state;
    unlink(f->path);
    return 0;
}

static void files_of_every_length_up_to_the_bound_are_read(void **state)
{
    struct fixture *f = *state;
    static const long lengths[] = {0, 1, 4095, 4096, 4097, 9999, 10000};
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        assert_int_equal(truncate(f->path, lengths[i]), 0);
        struct buffer text = buffer_empty(10000);
        assert_int_equal(file_read(&text, f->path), 0);
        assert_int_equal(text.len, lengths[i]);
        buffer_deinit(&text);
    }
    assert_int_equal(truncate(f->path, 10001), 0);
    struct buffer text = buffer_empty(10000);
    assert_int_equal(file_read(&text, f->path), ERR_FULL);
    buffer_deinit(&text);
}

static void what_is_there_stays_in_front(void **state)
{
    struct fixture *f = *state;
    FILE *file = fopen(f->path, "wb");
    assert_non_null(file);
    fputs("file", file);
    fclose(file);
    struct buffer text = buffer_empty(8);
    buffer_put_text(&text, "the ");
    assert_int_equal(file_read(&text, f->path), 0);
    assert_true(span_equal(buffer_span(&text), span_of("the file")));
    assert_int_equal(file_read(&text, f->path), ERR_FULL);
    buffer_deinit(&text);
}

static void causes_are_in_errno(void **state)
{
    (void)state;
    struct buffer text = buffer_empty(100);
    errno = 0;
    assert_int_equal(file_read(&text, "/nowhere/file"), ERR_IO);
    assert_int_equal(errno, ENOENT);
    assert_int_equal(file_read(&text, "/"), ERR_IO);
    assert_int_equal(errno, EISDIR);
    struct buffer nothing = buffer_empty(0);
    assert_int_equal(file_read(&nothing, "/dev/null"), 0);
    assert_int_equal(file_read(&nothing, "/"), ERR_IO);
    buffer_deinit(&nothing);
    buffer_deinit(&text);
}

static void oom_is_told(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(truncate(f->path, 9000), 0);
    TESTING_EACH_ALLOCATION(n)
    {
        struct buffer text = buffer_empty(10000);
        int err = file_read(&text, f->path);
        assert_true(err == 0 || err == ERR_NOMEM);
        assert_true(err != 0 || text.len == 9000);
        buffer_deinit(&text);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, finish)

static const struct CMUnitTest tests[] = {
    TEST(files_of_every_length_up_to_the_bound_are_read),
    TEST(what_is_there_stays_in_front),
    TEST(causes_are_in_errno),
    TEST(oom_is_told),
};

TEST_MAIN(tests)
