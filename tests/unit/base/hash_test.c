/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hash_test.c -- the hash is steady within a process, differs between
 * processes, and carries uthash's tables through a full heap.
 */
#include "base/hash.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "testing/testing.h"

struct entry {
    char key[16];
    int value;
    UT_hash_handle hh;
};

static void same_bytes_hash_the_same(void **state)
{
    (void)state;
    char a[] = "IBM";
    char b[] = "xIBM";
    assert_int_equal(hash_bytes(a, 3), hash_bytes(b + 1, 3));
    assert_int_equal(hash_bytes("", 0), hash_bytes("x", 0));
}

static void other_bytes_or_lengths_hash_otherwise(void **state)
{
    (void)state;
    uint64_t hashes[1000];
    char text[1000] = {0};
    for (size_t len = 0; len < 1000; len++) {
        hashes[len] = hash_bytes(text, len);
        for (size_t before = 0; before < len; before++) {
            assert_true(hashes[before] != hashes[len]);
        }
    }
    assert_true(hash_bytes("IBM", 3) != hash_bytes("IBN", 3));
}

/* A key's place in a table is taken from the low bits, so these must spread:
 * of 4096 keys over 64 cells none may hold more than twice its share. */
static void low_bits_spread(void **state)
{
    (void)state;
    int cells[64] = {0};
    for (int i = 0; i < 4096; i++) {
        char key[16];
        int len = snprintf(key, sizeof(key), "SYM%04d", i);
        cells[hash_bytes(key, (size_t)len) % 64]++;
    }
    for (int i = 0; i < 64; i++) {
        assert_in_range(cells[i], 1, 127);
    }
}

static void each_process_draws_its_own_seed(void **state)
{
    (void)state;
    uint64_t ours = hash_bytes("IBM", 3);
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        hash_setup();
        uint64_t theirs = hash_bytes("IBM", 3);
        ssize_t wrote = write(ends[1], &theirs, sizeof(theirs));
        _exit(wrote == sizeof(theirs) ? 0 : 1);
    }
    uint64_t theirs;
    assert_int_equal(read(ends[0], &theirs, sizeof(theirs)), sizeof(theirs));
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_true(ours != theirs); // wrong once in 2^64 runs
    close(ends[0]);
    close(ends[1]);
}

static struct entry *entry_of(int number)
{
    struct entry *entry = mem_calloc(1, sizeof(*entry));
    if (entry != NULL) {
        snprintf(entry->key, sizeof(entry->key), "key%d", number);
        entry->value = number;
    }
    return entry;
}

/* Returns whether it was added; if not, nothing is left behind. */
static bool add(struct entry **table, int number)
{
    struct entry *entry = entry_of(number);
    if (entry == NULL) {
        return false;
    }
    HASH_ADD_STR(*table, key, entry);
    if (entry->hh.tbl == NULL) { // how uthash says that memory ran out
        mem_free(entry);
        return false;
    }
    return true;
}

static void empty(struct entry **table)
{
    struct entry *entry;
    struct entry *next;
    HASH_ITER(hh, *table, entry, next)
    {
        HASH_DEL(*table, entry);
        mem_free(entry);
    }
}

static void tables_find_what_was_added(void **state)
{
    (void)state;
    struct entry *table = NULL;
    for (int i = 0; i < 1000; i++) {
        assert_true(add(&table, i));
    }
    assert_int_equal(HASH_COUNT(table), 1000);
    for (int i = 0; i < 1001; i++) {
        char key[16];
        snprintf(key, sizeof(key), "key%d", i);
        struct entry *found;
        HASH_FIND_STR(table, key, found);
        assert_int_equal(found != NULL, i < 1000);
        assert_true(found == NULL || found->value == i);
    }
    empty(&table);
    assert_null(table);
}

static void oom_table_keeps_what_it_had(void **state)
{
    (void)state;
    TESTING_EACH_ALLOCATION(n)
    {
        struct entry *table = NULL;
        int added = 0;
        // Enough that the table must grow its buckets at least once.
        for (int i = 0; i < 400; i++) {
            added += add(&table, i);
        }
        assert_true(added >= 399);
        assert_int_equal(HASH_COUNT(table), added);
        empty(&table);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(same_bytes_hash_the_same),
    cmocka_unit_test(other_bytes_or_lengths_hash_otherwise),
    cmocka_unit_test(low_bits_spread),
    cmocka_unit_test(each_process_draws_its_own_seed),
    cmocka_unit_test(tables_find_what_was_added),
    cmocka_unit_test(oom_table_keeps_what_it_had),
};

TEST_MAIN(tests)
