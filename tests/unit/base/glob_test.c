/* SPDX-License-Identifier: Apache-2.0 */
#include "base/glob.h"

#include <string.h>

#include "testing/testing.h"

static bool matches(const char *pattern, const char *text)
{
    return glob_match(span_of(pattern), span_of(text));
}

static void a_text_matches_itself_in_any_case(void **state)
{
    (void)state;
    assert_true(matches("IBM", "IBM"));
    assert_true(matches("ibm", "IBM"));
    assert_false(matches("IBM", "IBMX"));
    assert_false(matches("IBMX", "IBM"));
    assert_true(matches("", ""));
    assert_false(matches("", "A"));
}

static void a_star_is_any_text(void **state)
{
    (void)state;
    assert_true(matches("*", ""));
    assert_true(matches("*", "IBM"));
    assert_true(matches("B*", "BRK.B"));
    assert_true(matches("*.XLON", "TSCO.XLON"));
    assert_true(matches("*A*A*", "AXA"));
    assert_true(matches("A**B", "AB"));
    assert_false(matches("*A*A*", "AXB"));
    assert_false(matches("A*B", "ABC"));
}

static void a_question_mark_is_one_character(void **state)
{
    (void)state;
    assert_true(matches("?B?", "IBM"));
    assert_false(matches("?", ""));
    assert_false(matches("??", "A"));
}

static void a_set_is_one_of_its_characters(void **state)
{
    (void)state;
    assert_true(matches("[ABC]", "B"));
    assert_true(matches("[a-c]X", "BX"));
    assert_true(matches("[c-a]", "B"));
    assert_false(matches("[ABC]", "D"));
    assert_true(matches("[^ABC]", "D"));
    assert_false(matches("[^A-C]", "B"));
    assert_true(matches("[\\]]", "]"));
    assert_true(matches("[A-", "-")); // without an end: up to the pattern's
    assert_false(matches("[", "A"));
    assert_true(matches("[^", "A"));
}

static void a_backslash_takes_the_meaning_away(void **state)
{
    (void)state;
    assert_true(matches("\\*", "*"));
    assert_false(matches("\\*", "A"));
    assert_true(matches("A\\", "A\\")); // none to take away
}

/* Where every star is gone back to, this takes longer than the universe. */
static void many_stars_cost_little(void **state)
{
    (void)state;
    assert_false(matches("*A*A*A*A*A*A*A*A*A*A*A*A*A*A*A*A*A*A*A*A*B",
                         "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_text_matches_itself_in_any_case),
    cmocka_unit_test(a_star_is_any_text),
    cmocka_unit_test(a_question_mark_is_one_character),
    cmocka_unit_test(a_set_is_one_of_its_characters),
    cmocka_unit_test(a_backslash_takes_the_meaning_away),
    cmocka_unit_test(many_stars_cost_little),
};

TEST_MAIN(tests)
