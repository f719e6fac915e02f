/* SPDX-License-Identifier: Apache-2.0 */
#include "desk/memory.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "testing/testing.h"

static struct symbol symbol(unsigned i)
{
    char text[16];
    snprintf(text, sizeof(text), "S%u", i);
    struct symbol symbol;
    assert_int_equal(symbol_parse(&symbol, span_of(text)), 0);
    return symbol;
}

static void note(struct memory *memory, unsigned i, enum provider_class class,
                 const char *text)
{
    struct symbol of = symbol(i);
    struct memory_saying saying = {class, 1, i + 1, text, "rule 3"};
    memory_note(memory, &of, &saying);
}

static bool find(struct memory *memory, unsigned i, struct memory_saying *out)
{
    struct symbol of = symbol(i);
    return memory_find(memory, &of, out);
}

static void inv1_of_a_symbol_the_last_is_remembered(void **state)
{
    (void)state;
    struct memory *memory;
    struct memory_saying out;
    assert_int_equal(memory_create(&memory), 0);
    assert_false(find(memory, 1, &out));
    assert_string_equal(out.text, "");
    assert_string_equal(out.decided_by, "");
    char words[] = "no such symbol";
    note(memory, 1, PROVIDER_UNKNOWN, words);
    words[0] = 'X'; // they were copied
    note(memory, 2, PROVIDER_OK, "");
    assert_true(find(memory, 1, &out));
    assert_int_equal(out.class, PROVIDER_UNKNOWN);
    assert_int_equal(out.said_mono_ms, 2);
    assert_string_equal(out.text, "no such symbol");
    assert_string_equal(out.decided_by, "rule 3");
    note(memory, 1, PROVIDER_UPSTREAM, "down");
    assert_true(find(memory, 1, &out));
    assert_int_equal(out.class, PROVIDER_UPSTREAM);
    assert_string_equal(out.text, "down");
    assert_int_equal(memory_count(memory), 2);
    memory_destroy(&memory);
    assert_null(memory);
    memory_destroy(&memory);
}

static void inv2_the_symbol_spoken_of_least_recently_goes_first(void **state)
{
    (void)state;
    struct memory *memory;
    struct memory_saying out;
    assert_int_equal(memory_create(&memory), 0);
    for (unsigned i = 0; i < MEMORY_SYMBOLS_LIMIT; i++) {
        note(memory, i, PROVIDER_OK, "");
    }
    note(memory, 0, PROVIDER_BAD, "again");
    note(memory, MEMORY_SYMBOLS_LIMIT, PROVIDER_OK, "");
    assert_int_equal(memory_count(memory), MEMORY_SYMBOLS_LIMIT);
    assert_true(find(memory, 0, &out));
    assert_false(find(memory, 1, &out));
    assert_true(find(memory, 2, &out));
    assert_true(find(memory, MEMORY_SYMBOLS_LIMIT, &out));
    memory_destroy(&memory);
}

static void oom_what_is_found_is_never_old(void **state)
{
    (void)state;
    TESTING_EACH_ALLOCATION(n)
    {
        struct memory *memory;
        struct memory_saying out;
        if (memory_create(&memory) != 0) {
            continue;
        }
        note(memory, 1, PROVIDER_UNKNOWN, "old");
        note(memory, 1, PROVIDER_BAD, "new");
        if (find(memory, 1, &out)) {
            assert_string_equal(out.text, "new");
        }
        assert_in_range(memory_count(memory), 0, 1);
        memory_destroy(&memory);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(inv1_of_a_symbol_the_last_is_remembered),
    cmocka_unit_test(inv2_the_symbol_spoken_of_least_recently_goes_first),
    cmocka_unit_test(oom_what_is_found_is_never_old),
};

TEST_MAIN(tests)
