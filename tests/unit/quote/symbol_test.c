/* SPDX-License-Identifier: Apache-2.0 */
/*
 * symbol_test.c -- texts that differ in case or in surrounding white space are
 * one symbol; 1 to 32 of the allowed characters, and none besides.
 */
#include "quote/symbol.h"

#include <stdlib.h>

#include "base/err.h"
#include "testing/testing.h"

static void assert_is(const char *text, const char *expected)
{
    struct symbol symbol;
    assert_int_equal(symbol_parse(&symbol, span_of(text)), 0);
    assert_string_equal(symbol.text, expected);
    assert_int_equal(symbol.len, strlen(expected));
    assert_true(span_equal(symbol_span(&symbol), span_of(expected)));
}

static void symbols_are_normalised(void **state)
{
    (void)state;
    assert_is("IBM", "IBM");
    assert_is("ibm", "IBM");
    assert_is(" iBm\r\n", "IBM");
    assert_is("\t ibm \t", "IBM");
    assert_is("tsco.lon", "TSCO.LON");
    assert_is("brk-b", "BRK-B");
    assert_is("^gspc", "^GSPC");
    assert_is("eurusd=x", "EURUSD=X");
    assert_is("btc/usd", "BTC/USD");
    assert_is("xnas:goog", "XNAS:GOOG");
    assert_is("a_b", "A_B");
    assert_is("0700.hk", "0700.HK");
    assert_is(".", ".");
}

static void every_byte_is_allowed_or_not(void **state)
{
    (void)state;
    const char *allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-^=/:_";
    for (int byte = 0; byte < 256; byte++) {
        char text[3] = {'A', (char)byte, 'B'};
        char upper = (char)(byte >= 'a' && byte <= 'z' ? byte - 32 : byte);
        bool is_allowed = byte != 0 && strchr(allowed, upper) != NULL;
        struct symbol symbol;
        int err = symbol_parse(&symbol, (struct span){text, 3});
        assert_int_equal(err, is_allowed ? 0 : ERR_SYMBOL);
        if (is_allowed) {
            assert_int_equal(symbol.text[1], upper);
        }
    }
}

static void white_space_inside_is_refused(void **state)
{
    (void)state;
    struct symbol symbol;
    assert_int_equal(symbol_parse(&symbol, span_of("I BM")), ERR_SYMBOL);
    assert_int_equal(symbol_parse(&symbol, span_of("I\tBM")), ERR_SYMBOL);
    assert_int_equal(symbol_parse(&symbol, span_of("IBM\nGOOG")), ERR_SYMBOL);
}

static void empty_symbols_are_refused(void **state)
{
    (void)state;
    struct symbol symbol;
    assert_int_equal(symbol_parse(&symbol, span_of("")), ERR_SYMBOL);
    assert_int_equal(symbol_parse(&symbol, span_of("   ")), ERR_SYMBOL);
    assert_int_equal(symbol_parse(&symbol, (struct span){NULL, 0}), ERR_SYMBOL);
}

static void lengths_1_to_32_are_allowed(void **state)
{
    (void)state;
    char text[40];
    memset(text, 'x', sizeof(text));
    for (size_t len = 0; len < sizeof(text); len++) {
        struct symbol symbol;
        int err = symbol_parse(&symbol, (struct span){text, len});
        assert_int_equal(err, len >= 1 && len <= 32 ? 0 : ERR_SYMBOL);
        if (err == 0) {
            assert_int_equal(symbol.len, len);
            assert_int_equal(strlen(symbol.text), len);
        }
    }
    assert_int_equal(SYMBOL_LEN_LIMIT, 32);
}

static void white_space_around_does_not_count(void **state)
{
    (void)state;
    char text[SYMBOL_LEN_LIMIT + 20];
    memset(text, ' ', sizeof(text));
    memset(text + 10, 'y', SYMBOL_LEN_LIMIT);
    struct symbol symbol;
    assert_int_equal(symbol_parse(&symbol, (struct span){text, sizeof(text)}),
                     0);
    assert_int_equal(symbol.len, SYMBOL_LEN_LIMIT);
}

/* The whole struct is a key in tables, so bytes behind the text must be 0. */
static void bytes_behind_the_text_are_0(void **state)
{
    (void)state;
    struct symbol symbol;
    memset(&symbol, 0xff, sizeof(symbol));
    assert_int_equal(symbol_parse(&symbol, span_of("ibm")), 0);
    for (size_t i = 3; i < sizeof(symbol.text); i++) {
        assert_int_equal(symbol.text[i], 0);
    }
}

/* A text's key is that of its symbol, or of none: every byte in each place of
 * every length, with letters around it. */
static void key_of_a_text_is_that_of_its_symbol(void **state)
{
    (void)state;
    for (size_t len = 1; len <= SYMBOL_KEY_LETTERS; len++) {
        for (size_t at = 0; at < len; at++) {
            for (int byte = 0; byte < 256; byte++) {
                // At the end of a block: ASan sees a read past it.
                char *text = malloc(len);
                assert_non_null(text);
                memcpy(text, "aBzZ0-^_:=/.9yA", len);
                text[at] = (char)byte;
                struct span span = {text, len};
                struct symbol symbol;
                struct symbol_key key;
                bool is_symbol = symbol_parse(&symbol, span) == 0;
                assert_true(symbol_key_read(&key, span));
                bool is_short = is_symbol && symbol.len < len; // white space
                free(text);
                if (is_symbol && !is_short) {
                    assert_true(symbol_key_equal(key, symbol_key(&symbol)));
                    assert_true(symbol_key_hash(key) == symbol_hash(&symbol));
                    continue;
                }
                // What it says is no symbol, or is not as long as it says.
                memset(&symbol, 0, sizeof(symbol));
                memcpy(&symbol, &key, sizeof(key));
                struct symbol again;
                assert_int_equal(symbol.len, len);
                assert_true(symbol_parse(&again, symbol_span(&symbol)) != 0 ||
                            !symbol_equal(&again, &symbol));
            }
        }
    }
}

static void keys_are_of_1_to_15_letters(void **state)
{
    (void)state;
    struct symbol_key key;
    assert_false(symbol_key_read(&key, span_of("")));
    assert_false(symbol_key_read(&key, span_of("ABCDEFGHIJKLMNOP")));
    assert_true(symbol_key_read(&key, span_of("ABCDEFGHIJKLMNO")));
}

/* One letter differs, at every place of every length, or one more is there. */
static void other_symbols_are_not_equal(void **state)
{
    (void)state;
    for (size_t len = 1; len <= SYMBOL_LEN_LIMIT; len++) {
        char text[SYMBOL_LEN_LIMIT];
        memset(text, 'A', sizeof(text));
        struct symbol one;
        struct symbol other;
        assert_int_equal(symbol_parse(&one, (struct span){text, len}), 0);
        for (size_t at = 0; at < len; at++) {
            text[at] = 'B';
            assert_int_equal(symbol_parse(&other, (struct span){text, len}), 0);
            assert_false(symbol_equal(&one, &other));
            assert_true(symbol_hash(&one) != symbol_hash(&other));
            text[at] = 'A';
        }
        for (size_t less = 1; less <= len; less++) {
            assert_int_equal(symbol_parse(&other, (struct span){text, less}),
                             0);
            assert_int_equal(symbol_equal(&one, &other), less == len);
        }
    }
}

static void normalising_twice_changes_nothing(void **state)
{
    (void)state;
    const char *const texts[] = {"ibm", " TSCO.lon ", "^gspc", "Btc/Usd"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct symbol once;
        struct symbol twice;
        assert_int_equal(symbol_parse(&once, span_of(texts[i])), 0);
        assert_int_equal(symbol_parse(&twice, symbol_span(&once)), 0);
        assert_true(symbol_equal(&once, &twice));
        assert_memory_equal(&once, &twice, sizeof(once));
    }
}

static void equality_is_of_the_whole_text(void **state)
{
    (void)state;
    struct symbol a;
    struct symbol b;
    assert_int_equal(symbol_parse(&a, span_of("IBM")), 0);
    assert_int_equal(symbol_parse(&b, span_of("ibm ")), 0);
    assert_true(symbol_equal(&a, &b));
    assert_int_equal(symbol_parse(&b, span_of("IBMX")), 0);
    assert_false(symbol_equal(&a, &b));
    assert_false(symbol_equal(&b, &a));
    assert_int_equal(symbol_parse(&b, span_of("IBN")), 0);
    assert_false(symbol_equal(&a, &b));
}

static void market_is_named_behind_the_last_dot(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *mic;
    } cases[] = {
        {"TSCO.XLON", "XLON"}, {"tsco.xlon", "XLON"},  {"BRK.B.XNYS", "XNYS"},
        {"SPY.ARCX", "ARCX"},  {"PETR4.BVMF", "BVMF"}, {"A.X1AB", "X1AB"},
        {"IBM", ""},           {"BRK.B", ""},          {"TSCO.LON", ""},
        {"GSPC.INDX", ""},     {"EURUSD.FOREX", ""},   {"A.XLONX", ""},
        {"A.XL-N", ""},        {"XLON", ""},           {".XLON", ""},
        {"A-XLON", ""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct symbol symbol;
        assert_int_equal(symbol_parse(&symbol, span_of(cases[i].text)), 0);
        struct span mic = symbol_mic(&symbol);
        assert_true(span_equal(mic, span_of(cases[i].mic)));
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(symbols_are_normalised),
    cmocka_unit_test(every_byte_is_allowed_or_not),
    cmocka_unit_test(white_space_inside_is_refused),
    cmocka_unit_test(empty_symbols_are_refused),
    cmocka_unit_test(lengths_1_to_32_are_allowed),
    cmocka_unit_test(white_space_around_does_not_count),
    cmocka_unit_test(bytes_behind_the_text_are_0),
    cmocka_unit_test(key_of_a_text_is_that_of_its_symbol),
    cmocka_unit_test(keys_are_of_1_to_15_letters),
    cmocka_unit_test(other_symbols_are_not_equal),
    cmocka_unit_test(normalising_twice_changes_nothing),
    cmocka_unit_test(equality_is_of_the_whole_text),
    cmocka_unit_test(market_is_named_behind_the_last_dot),
};

TEST_MAIN(tests)
