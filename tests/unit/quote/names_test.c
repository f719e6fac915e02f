/* SPDX-License-Identifier: Apache-2.0 */
/*
 * names_test.c -- symbol, name and aliases find the instrument, however they
 * are written; a file that could mislead is refused with its line.
 */
#include "quote/names.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/err.h"
#include "testing/testing.h"

#define HEADER "symbol,name,aliases,currency,mic\n"

static struct names *create(const char *text)
{
    struct names *names;
    struct names_error error;
    if (names_create(&names, span_of(text), &error) != 0) {
        fail_msg("line %zu: %s", error.line, error.text);
    }
    assert_non_null(names);
    return names;
}

static void assert_finds(const struct names *names, const char *text,
                         const char *symbol)
{
    const struct name *name = names_find(names, span_of(text));
    if (symbol == NULL) {
        assert_null(name);
        return;
    }
    if (name == NULL) {
        fail_msg("\"%s\" finds nothing", text);
    } else {
        assert_string_equal(name->symbol.text, symbol);
    }
}

static void assert_refused(const char *text, int expected, size_t line,
                           const char *message)
{
    struct names *names = (struct names *)&text; // to be overwritten
    struct names_error error;
    int err = names_create(&names, span_of(text), &error);
    assert_string_equal(error.text, message);
    assert_int_equal(err, expected);
    assert_int_equal(error.line, line);
    assert_null(names);
}

/* Sure of symbols that are names of others; of 100,000 that are not, and of
 * those that find themselves, it lets few be looked up. */
static void filter_is_sure_of_what_is_renamed(void **state)
{
    (void)state;
    struct names *names;
    struct names_error error;
    static char text[40000] = "symbol,name,aliases\n";
    size_t len = strlen(text);
    for (int i = 0; i < 1000; i++) {
        len += (size_t)snprintf(text + len, sizeof(text) - len,
                                "S%d,n%d,The %dth|S%d\n", i, i, i, i);
    }
    assert_int_equal(names_create(&names, span_of(text), &error), 0);
    unsigned let_through = 0;
    for (unsigned i = 0; i < 101000; i++) {
        char name[16];
        struct symbol symbol;
        snprintf(name, sizeof(name), "N%u", i);
        assert_int_equal(symbol_parse(&symbol, span_of(name)), 0);
        bool may_rename = names_may_rename(names, symbol_hash(&symbol));
        assert_true(may_rename || i >= 1000);
        assert_int_equal(names_find(names, span_of(name)) != NULL, i < 1000);
        let_through += may_rename && i >= 1000;
        assert_true(names_may_have(names, symbol_hash(&symbol)) || !may_rename);
        assert_false(names_may_rename(NULL, symbol_hash(&symbol)));
        if (i < 1000) {
            symbol.text[0] = 'S';
            let_through += names_may_rename(names, symbol_hash(&symbol));
            assert_true(names_may_have(names, symbol_hash(&symbol)));
        }
    }
    assert_in_range(let_through, 0, 101000 / 20);
    print_message("%u of 101000 looked up in vain\n", let_through);
    names_destroy(&names);
}

static void symbols_names_and_aliases_find_the_instrument(void **state)
{
    (void)state;
    struct names *names =
        create(HEADER "GOOGL,Google,Alphabet|Alphabet Inc,USD,XNAS\n"
                      "IBM,IBM,,USD,XNYS\n"
                      "brk-b,Berkshire,,,\n");
    assert_int_equal(names_count(names), 3);
    assert_finds(names, "GOOGL", "GOOGL");
    assert_finds(names, "Google", "GOOGL");
    assert_finds(names, "Alphabet", "GOOGL");
    assert_finds(names, "Alphabet Inc", "GOOGL");
    assert_finds(names, "IBM", "IBM");
    assert_finds(names, "BRK-B", "BRK-B");
    assert_finds(names, "Berkshire", "BRK-B");

    const struct name *google = names_find(names, span_of("google"));
    assert_string_equal(google->name, "Google");
    assert_string_equal(google->currency, "USD");
    assert_string_equal(google->mic, "XNAS");
    const struct name *berkshire = names_find(names, span_of("BRK-B"));
    assert_string_equal(berkshire->currency, "");
    assert_string_equal(berkshire->mic, "");
    names_destroy(&names);
    assert_null(names);
    names_destroy(&names); // NULL already
}

static void case_and_surrounding_space_do_not_count(void **state)
{
    (void)state;
    struct names *names =
        create(HEADER " GOOGL , Google , Alphabet | alphaBET inc ,USD,XNAS\n"
                      "NSRGY,Nestl\xc3\xa9,,CHF,OTCM\n");
    assert_finds(names, "gOOgl", "GOOGL");
    assert_finds(names, " google\r\n", "GOOGL");
    assert_finds(names, "\tALPHABET ", "GOOGL");
    assert_finds(names, "Alphabet Inc", "GOOGL");
    assert_finds(names, "nestl\xc3\xa9", "NSRGY");
    assert_string_equal(names_find(names, span_of("googl"))->name, "Google");
    names_destroy(&names);
}

static void other_texts_find_nothing(void **state)
{
    (void)state;
    struct names *names = create(HEADER "GOOGL,Google,Alphabet,USD,XNAS\n");
    assert_finds(names, "", NULL);
    assert_finds(names, " ", NULL);
    assert_finds(names, "GOOG", NULL);
    assert_finds(names, "GOOGLE Inc", NULL);
    assert_finds(names, "Alphabet|", NULL);
    assert_finds(names, "USD", NULL);
    assert_finds(NULL, "GOOGL", NULL);
    struct span no_bytes = {NULL, 0};
    assert_null(names_find(names, no_bytes));
    struct span with_zero = {"GOOGL\0", 6};
    assert_null(names_find(names, with_zero));
    names_destroy(&names);
}

/* 128 bytes are allowed, 129 are refused in the file and find nothing. */
static void names_are_128_bytes_at_most(void **state)
{
    (void)state;
    char name[130];
    char text[256];
    memset(name, 'n', sizeof(name));
    name[128] = '\0';
    snprintf(text, sizeof(text), "symbol,name\nA,%s\n", name);
    struct names *names = create(text);
    assert_finds(names, name, "A");
    name[128] = 'n';
    name[129] = '\0';
    assert_finds(names, name, NULL);
    names_destroy(&names);
    snprintf(text, sizeof(text), "symbol,name\nA,%s\n", name);
    assert_refused(text, ERR_SYNTAX, 2,
                   "\"nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn...\" is longer "
                   "than 128 bytes");
    snprintf(text, sizeof(text), "symbol,name,aliases\nA,B,C|%s\n", name);
    assert_refused(text, ERR_SYNTAX, 2,
                   "\"nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn...\" is longer "
                   "than 128 bytes");
}

static void columns_come_in_any_order(void **state)
{
    (void)state;
    struct names *names = create("\xef\xbb\xbf# comment\r\n\r\n"
                                 "MIC,Name, symbol \r\n"
                                 "XNYS,\"Disney, \"\"Walt\"\"\",DIS\r\n"
                                 "# another\r\n"
                                 ",IBM,IBM");
    assert_int_equal(names_count(names), 2);
    assert_finds(names, "disney, \"walt\"", "DIS");
    const struct name *disney = names_find(names, span_of("dis"));
    assert_string_equal(disney->name, "Disney, \"Walt\"");
    assert_string_equal(disney->mic, "XNYS");
    assert_string_equal(disney->currency, "");
    names_destroy(&names);
}

static void a_header_alone_is_an_empty_table(void **state)
{
    (void)state;
    struct names *names = create("symbol,name");
    assert_int_equal(names_count(names), 0);
    assert_finds(names, "IBM", NULL);
    names_destroy(&names);
}

static void wrong_headers_are_refused(void **state)
{
    (void)state;
    assert_refused("", ERR_SYNTAX, 0,
                   "the file is empty; its first line names the columns");
    assert_refused("# only\n", ERR_SYNTAX, 0,
                   "the file is empty; its first line names the columns");
    assert_refused("symbol,name,alias\n", ERR_SYNTAX, 1,
                   "\"alias\" is no column; the first line has some of "
                   "symbol,name,aliases,currency,mic");
    assert_refused("symbol;name\n", ERR_SYNTAX, 1,
                   "\"symbol;name\" is no column; the first line has some of "
                   "symbol,name,aliases,currency,mic");
    assert_refused("\nsymbol,aliases\n", ERR_SYNTAX, 2,
                   "the first line has no column \"name\"");
    assert_refused("name\n", ERR_SYNTAX, 1,
                   "the first line has no column \"symbol\"");
    assert_refused("symbol,name,symbol\n", ERR_SYNTAX, 1,
                   "the column \"symbol\" stands twice");
}

static void wrong_records_are_refused_with_their_line(void **state)
{
    (void)state;
    assert_refused(HEADER "IBM,IBM,,USD\n", ERR_SYNTAX, 2,
                   "4 fields where the first line has 5; a field with a comma "
                   "in it needs quotes");
    assert_refused("symbol,name\nA,B\nDIS,Disney, Walt\n", ERR_SYNTAX, 3,
                   "3 fields where the first line has 2; a field with a comma "
                   "in it needs quotes");
    assert_refused("symbol,name\nA B,C\n", ERR_SYNTAX, 2,
                   "\"A B\" is no symbol; allowed are 1 to 32 of A-Z 0-9 . - ^ "
                   "= / : _");
    assert_refused("symbol,name\n,C\n", ERR_SYNTAX, 2,
                   "\"\" is no symbol; allowed are 1 to 32 of A-Z 0-9 . - ^ = "
                   "/ : _");
    assert_refused("symbol,name\nA, \n", ERR_SYNTAX, 2, "the name is empty");
    assert_refused("symbol,name\nA,\"B\n", ERR_SYNTAX, 3,
                   "a quote that is not closed");
    assert_refused("symbol,name\n\nA,a\"b\n", ERR_SYNTAX, 3,
                   "a quote inside a field that does not begin with one");
}

static void currencies_and_markets_are_codes(void **state)
{
    (void)state;
    struct names *names = create("symbol,name,currency,mic\n"
                                 "A,A,USD,XNAS\nB,B,GBp,24EX\nC,C,,\n"
                                 "D,D,USDCUSD,XNYS\n");
    names_destroy(&names);
    assert_refused("symbol,name,currency\nA,B,US$\n", ERR_SYNTAX, 2,
                   "\"US$\" is no currency; a code of ISO 4217 such as USD");
    assert_refused("symbol,name,currency\nA,B,US\n", ERR_SYNTAX, 2,
                   "\"US\" is no currency; a code of ISO 4217 such as USD");
    assert_refused("symbol,name,currency\nA,B,DOLLARUS\n", ERR_SYNTAX, 2,
                   "\"DOLLARUS\" is no currency; a code of ISO 4217 such as "
                   "USD");
    assert_refused("symbol,name,mic\nA,B,NYS\n", ERR_SYNTAX, 2,
                   "\"NYS\" is no market; a MIC of ISO 10383 such as XNAS");
    assert_refused("symbol,name,mic\nA,B,XNAS1\n", ERR_SYNTAX, 2,
                   "\"XNAS1\" is no market; a MIC of ISO 10383 such as XNAS");
}

static void texts_that_cannot_be_shown_are_refused(void **state)
{
    (void)state;
    assert_refused("symbol,name\nA,Nestl\xe9\n", ERR_SYNTAX, 2,
                   "the text is not UTF-8; was the file saved in another "
                   "character set?");
    assert_refused("symbol,name\nA,\"B\nC\"\n", ERR_SYNTAX, 2,
                   "a control character or newline in a field");
    assert_refused("symbol,name\nA,B\x1b[31m\n", ERR_SYNTAX, 2,
                   "a control character or newline in a field");
    assert_refused("symbol,na\nme\n", ERR_SYNTAX, 1,
                   "\"na\" is no column; the first line has some of "
                   "symbol,name,aliases,currency,mic");
    assert_refused("symbol,\"na\nme\"\n", ERR_SYNTAX, 1,
                   "\"na?me\" is no column; the first line has some of "
                   "symbol,name,aliases,currency,mic");
}

static void one_text_names_one_symbol(void **state)
{
    (void)state;
    assert_refused("symbol,name\nA,One\n\na,Two\n", ERR_SYNTAX, 4,
                   "\"A\" is A here and A in line 2");
    assert_refused("symbol,name\nA,Same\nB, SAME\n", ERR_SYNTAX, 3,
                   "\"SAME\" is B here and A in line 2");
    assert_refused("symbol,name,aliases\nA,One,X|Y\nB,Two,Z|y\n", ERR_SYNTAX, 3,
                   "\"Y\" is B here and A in line 2");
    assert_refused("symbol,name,aliases\nFB,Fund,\nMETA,Meta,FB\n", ERR_SYNTAX,
                   3, "\"FB\" is META here and FB in line 2");
    struct names *names =
        create("symbol,name,aliases\nMETA,Meta,meta|Facebook|FACEBOOK| |\n");
    assert_int_equal(names_count(names), 1);
    assert_finds(names, "facebook", "META");
    names_destroy(&names);
}

/* Ten thousand instruments, each found by each of its four texts. */
static void large_files_are_read(void **state)
{
    (void)state;
    size_t size = 10000 * 64;
    char *text = mem_calloc(1, size);
    assert_non_null(text);
    size_t len = (size_t)snprintf(text, size, "symbol,name,aliases\n");
    for (int i = 0; i < 10000; i++) {
        len += (size_t)snprintf(text + len, size - len,
                                "S%d,Name %d,Alias %d|Other %d\n", i, i, i, i);
    }
    struct names *names = create(text);
    assert_int_equal(names_count(names), 10000);
    for (int i = 0; i < 10000; i++) {
        static const char *const forms[] = {"s%d", "NAME %d", "alias %d",
                                            " Other %d"};
        char symbol[16];
        snprintf(symbol, sizeof(symbol), "S%d", i);
        for (size_t form = 0; form < 4; form++) {
            char wanted[32];
            snprintf(wanted, sizeof(wanted), forms[form], i);
            assert_finds(names, wanted, symbol);
        }
    }
    names_destroy(&names);
    mem_free(text);
}

/* 200,000 are allowed, one more is not. */
static void instruments_are_bounded(void **state)
{
    (void)state;
    size_t size = (NAMES_LIMIT + 2) * 20;
    char *text = mem_calloc(1, size);
    assert_non_null(text);
    size_t len = (size_t)snprintf(text, size, "symbol,name\n");
    for (int i = 0; i < NAMES_LIMIT; i++) {
        len += (size_t)snprintf(text + len, size - len, "S%d,S%d\n", i, i);
    }
    struct names *names = create(text);
    assert_int_equal(names_count(names), NAMES_LIMIT);
    names_destroy(&names);
    snprintf(text + len, size - len, "ONE,MORE\n");
    assert_refused(text, ERR_FULL, NAMES_LIMIT + 2,
                   "more than 200000 instruments");
    mem_free(text);
}

static void files_are_loaded(void **state)
{
    (void)state;
    char path[] = "/tmp/quoted-names-test-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    static const char text[] = "symbol,name\nIBM,Big Blue\n";
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    struct names *names;
    struct names_error error;
    assert_int_equal(names_load(&names, path, &error), 0);
    assert_finds(names, "big blue", "IBM");
    names_destroy(&names);
    unlink(path);
    assert_int_equal(names_load(&names, path, &error), ERR_IO);
    assert_null(names);
    assert_string_equal(error.text, "No such file or directory");
    assert_int_equal(names_load(&names, "/", &error), ERR_IO);
    assert_string_equal(error.text, "Is a directory");
}

static void built_in_file_has_the_ten(void **state)
{
    (void)state;
    static const char *const ten[][3] = {
        {"Google", "GOOGL", "XNAS"},
        {"Microsoft", "MSFT", "XNAS"},
        {"Amazon", "AMZN", "XNAS"},
        {"Apple", "AAPL", "XNAS"},
        {"Meta", "META", "XNAS"},
        {"IBM", "IBM", "XNYS"},
        {"Tesla", "TSLA", "XNAS"},
        {"Walmart", "WMT", "XNAS"},
        {"Ahold Delhaize", "ADRNY", "OTCM"},
        {"Walt Disney Co", "DIS", "XNYS"},
    };
    struct names *names;
    struct names_error error;
    assert_int_equal(names_create_built_in(&names, &error), 0);
    assert_int_equal(names_count(names), 10);
    for (size_t i = 0; i < 10; i++) {
        const struct name *name = names_find(names, span_of(ten[i][0]));
        assert_non_null(name);
        assert_string_equal(name->symbol.text, ten[i][1]);
        assert_string_equal(name->name, ten[i][0]);
        assert_string_equal(name->currency, "USD");
        assert_string_equal(name->mic, ten[i][2]);
        assert_ptr_equal(names_find(names, span_of(ten[i][1])), name);
    }
    assert_finds(names, "facebook", "META");
    assert_finds(names, "disney", "DIS");
    assert_finds(names, "alphabet", "GOOGL");
    names_destroy(&names);
}

static void oom_leaves_nothing_behind(void **state)
{
    (void)state;
    TESTING_EACH_ALLOCATION(n)
    {
        struct names *names;
        struct names_error error;
        int err = names_create_built_in(&names, &error);
        assert_true(err == 0 || err == ERR_NOMEM);
        assert_true((err == 0) == (names != NULL));
        assert_true((err == 0) == (error.text[0] == '\0'));
        assert_true(err != 0 || names_find(names, span_of("disney")) != NULL);
        names_destroy(&names);
    }
    TESTING_EACH_ALLOCATION(n)
    {
        struct names *names;
        struct names_error error;
        int err = names_load(&names, "/dev/null", &error);
        assert_true(err == ERR_SYNTAX || err == ERR_NOMEM);
        assert_null(names);
    }
}

/* The look-up is on the path of every request. */
static void oom_does_not_touch_the_look_up(void **state)
{
    (void)state;
    struct names *names = create(HEADER "GOOGL,Google,,USD,XNAS\n");
    mem_fail_nth(1);
    assert_finds(names, "google", "GOOGL");
    assert_finds(names, "nothing", NULL);
    assert_int_equal(mem_fail_nth(0), 0);
    names_destroy(&names);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(symbols_names_and_aliases_find_the_instrument),
    cmocka_unit_test(filter_is_sure_of_what_is_renamed),
    cmocka_unit_test(case_and_surrounding_space_do_not_count),
    cmocka_unit_test(other_texts_find_nothing),
    cmocka_unit_test(names_are_128_bytes_at_most),
    cmocka_unit_test(columns_come_in_any_order),
    cmocka_unit_test(a_header_alone_is_an_empty_table),
    cmocka_unit_test(wrong_headers_are_refused),
    cmocka_unit_test(wrong_records_are_refused_with_their_line),
    cmocka_unit_test(currencies_and_markets_are_codes),
    cmocka_unit_test(texts_that_cannot_be_shown_are_refused),
    cmocka_unit_test(one_text_names_one_symbol),
    cmocka_unit_test(large_files_are_read),
    cmocka_unit_test(instruments_are_bounded),
    cmocka_unit_test(files_are_loaded),
    cmocka_unit_test(built_in_file_has_the_ten),
    cmocka_unit_test(oom_leaves_nothing_behind),
    cmocka_unit_test(oom_does_not_touch_the_look_up),
};

TEST_MAIN(tests)
