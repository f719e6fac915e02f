/* SPDX-License-Identifier: Apache-2.0 */
/*
 * places_test.c -- the table against a model of it that is a plain array: long
 * rows of random steps, with as many symbols as make it full, so that entries
 * crowd, places go and come back, and it is copied again and again.
 */
#include "cache/places.h"

#include <stdio.h>
#include <string.h>

#include "cache/entry.h"
#include "testing/testing.h"
#include "unit/cache/opened.h"

#define SYMBOLS 1000
#define STEPS   60000

struct model {
    struct places *places;
    struct symbol symbols[SYMBOLS];
    struct entry *entries[SYMBOLS]; // NULL: it is not in
    uint32_t at[SYMBOLS];           // where it was put
    uint64_t seed;
};

static struct entry *entry_of(const struct symbol *symbol)
{
    struct entry *entry = mem_calloc(1, sizeof(*entry));
    assert_non_null(entry);
    entry->quote.symbol = *symbol;
    return entry;
}

static void open_model(struct model *model, uint32_t count)
{
    memset(model, 0, sizeof(*model));
    model->places = places_create(count);
    assert_non_null(model->places);
    model->seed = count;
    for (unsigned i = 0; i < SYMBOLS; i++) {
        model->symbols[i] = numbered('S', i);
    }
}

static void close_model(struct model *model)
{
    for (unsigned i = 0; i < SYMBOLS; i++) {
        mem_free(model->entries[i]);
    }
    places_destroy(&model->places);
}

static struct entry *find(const struct model *model, unsigned number,
                          uint32_t *place)
{
    const struct symbol *symbol = &model->symbols[number];
    return places_find(model->places, symbol, symbol_hash(symbol), place);
}

static void copy(struct model *model)
{
    struct places *old = model->places;
    uint32_t count = old->mask + 1;
    count = old->live > count / 8 * 3 && count < 1024 ? count * 2 : count;
    model->places = places_rebuild(old, count);
    assert_non_null(model->places);
    assert_int_equal(model->places->filled, old->live);
    places_destroy(&old);
    for (unsigned i = 0; i < SYMBOLS; i++) {
        find(model, i, &model->at[i]);
    }
}

/* Enter a symbol, replace its entry, or take it out. */
static void step(struct model *model)
{
    unsigned number = (unsigned)(testing_random(&model->seed) % SYMBOLS);
    const struct symbol *symbol = &model->symbols[number];
    struct entry **entry = &model->entries[number];
    if (*entry == NULL) {
        if (!places_have_room(model->places)) {
            copy(model);
        }
        if (!places_have_room(model->places)) {
            return; // full to the last place that may be
        }
        *entry = entry_of(symbol);
        places_put(model->places, *entry);
        assert_ptr_equal(find(model, number, &model->at[number]), *entry);
        return;
    }
    if (testing_random(&model->seed) % 3 == 0) {
        struct entry *newer = entry_of(symbol);
        places_swap(model->places, model->at[number], newer);
        mem_free(*entry);
        *entry = newer;
        return;
    }
    places_remove(model->places, model->at[number]);
    mem_free(*entry);
    *entry = NULL;
}

/* Whether each symbol is where it was put, and no other is anywhere. */
static void compare(const struct model *model)
{
    uint32_t live = 0;
    for (unsigned i = 0; i < SYMBOLS; i++) {
        uint32_t place;
        struct entry *entry = find(model, i, &place);
        const struct symbol *symbol = &model->symbols[i];
        assert_ptr_equal(entry, model->entries[i]);
        assert_int_equal(place, entry != NULL ? model->at[i] : PLACES_NOWHERE);
        if (entry == NULL) {
            continue;
        }
        live++;
        struct symbol_key key = symbol_key(symbol);
        uint64_t hash = symbol_hash(symbol);
        assert_ptr_equal(places_find_key(model->places, key, hash, place),
                         entry);
        assert_ptr_equal(places_find_key(model->places, key, hash, i), entry);
    }
    assert_int_equal(model->places->live, live);
}

static void inv1_symbol_is_where_it_was_put_and_nowhere_else(void **state)
{
    (void)state;
    static struct model model;
    for (uint32_t count = 2; count <= PLACES_FIRST; count *= 2) {
        open_model(&model, count);
        for (unsigned i = 0; i < STEPS / 8; i++) {
            step(&model);
            if (i % 64 == 0) {
                compare(&model);
            }
        }
        compare(&model);
        close_model(&model);
    }
}

static void inv2_no_place_before_an_entry_is_empty(void **state)
{
    (void)state;
    static struct model model;
    open_model(&model, PLACES_FIRST);
    unsigned displaced = 0;
    for (unsigned i = 0; i < STEPS / 4; i++) {
        step(&model);
        const struct places *places = model.places;
        unsigned number = (unsigned)(testing_random(&model.seed) % SYMBOLS);
        if (model.entries[number] == NULL) {
            continue;
        }
        uint32_t at = (uint32_t)symbol_hash(&model.symbols[number]);
        for (at &= places->mask; at != model.at[number];
             at = (at + 1) & places->mask) {
            assert_true(atomic_load(&places->at[at]) != 0);
            displaced++;
        }
    }
    assert_true(displaced > 100); // it was tried
    close_model(&model);
}

static void inv3_a_quarter_of_the_places_is_empty(void **state)
{
    (void)state;
    static struct model model;
    open_model(&model, PLACES_FIRST);
    uint32_t most = 0;
    for (unsigned i = 0; i < STEPS / 4; i++) {
        step(&model);
        const struct places *places = model.places;
        uint32_t filled = 0;
        for (uint32_t at = 0; at <= places->mask; at++) {
            filled += atomic_load(&places->at[at]) != 0;
        }
        assert_int_equal(filled, places->filled);
        assert_true(filled <= (places->mask + 1) / 4 * 3);
        most = filled > most ? filled : most;
    }
    assert_true(most > 600);
    close_model(&model);
}

static void removed_ones_leave_an_empty_table(void **state)
{
    (void)state;
    static struct model model;
    open_model(&model, 1024);
    for (unsigned i = 0; i < 768; i++) {
        model.entries[i] = entry_of(&model.symbols[i]);
        places_put(model.places, model.entries[i]);
    }
    assert_false(places_have_room(model.places));
    for (unsigned i = 0; i < 768; i++) {
        uint32_t place;
        assert_ptr_equal(find(&model, i, &place), model.entries[i]);
        places_remove(model.places, place);
    }
    assert_int_equal(model.places->live, 0);
    assert_int_equal(model.places->filled, 0);
    close_model(&model);
}

static void prefetch_says_where_the_entry_is(void **state)
{
    (void)state;
    static struct model model;
    open_model(&model, 1024);
    unsigned right = 0;
    for (unsigned i = 0; i < 700; i++) {
        model.entries[i] = entry_of(&model.symbols[i]);
        places_put(model.places, model.entries[i]);
    }
    for (unsigned i = 0; i < 700; i++) {
        uint64_t hash = symbol_hash(&model.symbols[i]);
        uint32_t place;
        places_prefetch(model.places, hash);
        find(&model, i, &place);
        right += places_prefetch_entry(model.places, hash) == place;
    }
    assert_true(right > 690); // but for symbols with 16 bits in common
    uint32_t place;
    assert_null(find(&model, 800, &place));
    close_model(&model);
}

static void any_number_may_be_a_place(void **state)
{
    (void)state;
    static struct model model;
    open_model(&model, PLACES_FIRST);
    const uint32_t wrong[] = {0, 255, 256, 100000, PLACES_NOWHERE};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        const struct symbol *none = &model.symbols[0];
        assert_null(places_find_key(model.places, symbol_key(none),
                                    symbol_hash(none), wrong[i]));
    }
    close_model(&model);
}

static void oom_makes_no_table(void **state)
{
    (void)state;
    struct places *places = places_create(PLACES_FIRST);
    assert_non_null(places);
    mem_fail_nth(1);
    assert_null(places_create(PLACES_FIRST));
    mem_fail_nth(1);
    assert_null(places_rebuild(places, PLACES_FIRST));
    mem_fail_nth(0);
    places_destroy(&places);
    places_destroy(&places); // again is allowed
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(inv1_symbol_is_where_it_was_put_and_nowhere_else),
    cmocka_unit_test(inv2_no_place_before_an_entry_is_empty),
    cmocka_unit_test(inv3_a_quarter_of_the_places_is_empty),
    cmocka_unit_test(removed_ones_leave_an_empty_table),
    cmocka_unit_test(prefetch_says_where_the_entry_is),
    cmocka_unit_test(any_number_may_be_a_place),
    cmocka_unit_test(oom_makes_no_table),
};

TEST_MAIN(tests)
