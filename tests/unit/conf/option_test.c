/* SPDX-License-Identifier: Apache-2.0 */
/*
 * option_test.c -- the table is sound, complete and documented, and finds what
 * people mean.
 */
#include "conf/option.h"

#include <stdio.h>

#include "base/buffer.h"
#include "base/file.h"
#include "conf/conf.h"
#include "conf/value.h"
#include "testing/testing.h"

static const struct option *server(const char *key)
{
    return option_find(option_table(), span_of(key));
}

static void assert_sound(const struct option *option)
{
    assert_true(option->min <= option->max);
    assert_true((option->type == OPTION_CHOICE) == (option->choices != NULL));
    assert_true(strlen(option->help) > 20);
    assert_int_equal(option->help[strlen(option->help) - 1], '.');
    char text[VALUE_ALLOWED_SIZE];
    value_print_allowed(text, option);
    assert_true(strlen(text) > 0);
}

static void rows_are_sound(void **state)
{
    (void)state;
    for (size_t i = 0; i < option_table()->count; i++) {
        assert_sound(&option_table()->rows[i]);
    }
    for (size_t i = 0; i < option_table_of_provider()->count; i++) {
        assert_sound(&option_table_of_provider()->rows[i]);
    }
}

static size_t bytes_of(const struct option *option)
{
    return option->type == OPTION_ADDRESSES  ? sizeof(struct conf_list)
           : option->type >= OPTION_DURATION ? sizeof(uint64_t)
                                             : sizeof(char *);
}

/* Every byte of the structs is in one row's field, or in `providers`. */
static void every_field_has_one_row(void **state)
{
    (void)state;
    static unsigned char seen[sizeof(struct conf)];
    memset(seen, 0, sizeof(seen));
    for (size_t i = 0; i < option_table()->count; i++) {
        const struct option *option = &option_table()->rows[i];
        for (size_t b = 0; b < bytes_of(option); b++) {
            assert_int_equal(seen[option->offset + b]++, 0);
        }
    }
    for (size_t b = 0; b < offsetof(struct conf, providers); b++) {
        assert_int_equal(seen[b], 1);
    }
    memset(seen, 0, sizeof(seen));
    for (size_t i = 0; i < option_table_of_provider()->count; i++) {
        const struct option *option = &option_table_of_provider()->rows[i];
        for (size_t b = 0; b < bytes_of(option); b++) {
            assert_int_equal(seen[option->offset + b]++, 0);
        }
    }
    for (size_t b = 0; b < sizeof(struct conf_provider); b++) {
        assert_int_equal(seen[b], 1);
    }
}

static void keys_are_found_exactly(void **state)
{
    (void)state;
    assert_string_equal(server("cache.fresh_for")->key, "cache.fresh_for");
    assert_string_equal(server("names")->key, "names");
    assert_null(server("cache.fresh_fo"));
    assert_null(server("Cache.fresh_for"));
    assert_null(server("cache"));
    assert_null(server("url"));
    assert_null(server(""));
}

static void keys_have_a_section_and_a_word(void **state)
{
    (void)state;
    const struct option *option = server("limits.request_bytes");
    assert_true(span_equal(option_section(option), span_of("limits")));
    assert_string_equal(option_word(option), "request_bytes");
    assert_int_equal(option_section(server("names")).len, 0);
    assert_string_equal(option_word(server("names")), "names");
}

static void assert_nearest(const char *text, const char *key)
{
    const struct option *near = option_nearest(option_table(), span_of(text));
    if (key == NULL) {
        assert_null(near);
        return;
    }
    assert_non_null(near);
    assert_string_equal(near->key, key);
}

static void misspelt_keys_find_what_was_meant(void **state)
{
    (void)state;
    assert_nearest("cache.freshfor", "cache.fresh_for");
    assert_nearest("cache.fresh-for", "cache.fresh_for");
    assert_nearest("CACHE_FRESH_FOR", "cache.fresh_for");
    assert_nearest("cache.frsh_for", "cache.fresh_for");
    assert_nearest("cache.stalefor", "cache.stale_for");
    assert_nearest("chache.symbols_max", "cache.symbols_max");
    assert_nearest("fresh_for", "cache.fresh_for");
    assert_nearest("listen", "server.listen");
    assert_nearest("name", "names");
    assert_nearest("log.lvl", "log.level");
    assert_nearest("limits.connection", "limits.connections");
}

static void far_texts_find_nothing(void **state)
{
    (void)state;
    assert_nearest("", NULL);
    assert_nearest("x", NULL);
    assert_nearest("server.port", NULL);
    assert_nearest("database.password", NULL);
    assert_nearest("tls.certificate_file", NULL);
    char text[200];
    memset(text, 'a', sizeof(text));
    struct span longest = {text, sizeof(text)};
    assert_null(option_nearest(option_table(), longest));
}

static void only_what_has_no_default_is_required(void **state)
{
    (void)state;
    assert_string_equal(option_default(server("cache.fresh_for")), "1m");
    assert_string_equal(option_default(server("names")), "empty");
    const struct option *name =
        option_find(option_table_of_provider(), span_of("name"));
    assert_string_equal(option_default(name), "required");
    for (size_t i = 0; i < option_table()->count; i++) {
        assert_false(option_is_required(&option_table()->rows[i]));
    }
}

/* The man page is written by hand; what it must not do is forget a setting. */
static void man_page_has_every_key_and_default(void **state)
{
    (void)state;
    struct buffer page = buffer_empty(1u << 20);
    assert_int_equal(file_read(&page, MAN_PAGE), 0);
    const struct option_table *tables[] = {option_table(),
                                           option_table_of_provider()};
    for (size_t t = 0; t < 2; t++) {
        for (size_t i = 0; i < tables[t]->count; i++) {
            const struct option *option = &tables[t]->rows[i];
            char range[VALUE_ALLOWED_SIZE];
            char entry[512];
            value_print_range(range, option);
            snprintf(entry, sizeof(entry), "*%s* (%s; %s%s%s)", option->key,
                     range, option_is_required(option) ? "" : "default ",
                     option_default(option),
                     option->needs_restart ? "; needs a restart" : "");
            struct span wanted = span_of(entry);
            if (!span_has_nocase(buffer_span(&page), wanted)) {
                fail_msg("%s has no \"%.*s\"", MAN_PAGE, SPAN_ARGS(wanted));
            }
        }
    }
    buffer_deinit(&page);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(rows_are_sound),
    cmocka_unit_test(every_field_has_one_row),
    cmocka_unit_test(keys_are_found_exactly),
    cmocka_unit_test(keys_have_a_section_and_a_word),
    cmocka_unit_test(misspelt_keys_find_what_was_meant),
    cmocka_unit_test(far_texts_find_nothing),
    cmocka_unit_test(only_what_has_no_default_is_required),
    cmocka_unit_test(man_page_has_every_key_and_default),
};

TEST_MAIN(tests)
