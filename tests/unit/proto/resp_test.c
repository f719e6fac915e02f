/* SPDX-License-Identifier: Apache-2.0 */
/*
 * resp_test.c -- commands in every form and at every bound, the same wherever
 * they are cut.  Replies are in resp_put_test.c.
 */
#include "proto/resp.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"
#include "testing/testing.h"

#define BYTES_MAX 65536

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* One parse of a copy of its own, so that ASan sees a read past the end. */
struct parsed {
    char *bytes;
    size_t len;
    ptrdiff_t taken;
    struct resp_command command;
};

static void parse(struct parsed *parsed, struct span text, size_t bytes_max)
{
    parsed->bytes = malloc(text.len > 0 ? text.len : 1);
    assert_non_null(parsed->bytes);
    parsed->len = text.len;
    if (text.len > 0) {
        memcpy(parsed->bytes, text.data, text.len);
    }
    memset(&parsed->command, 0xa5, sizeof(parsed->command));
    parsed->taken =
        resp_parse(&parsed->command, parsed->bytes, text.len, bytes_max);
}

static void end(struct parsed *parsed)
{
    free(parsed->bytes);
}

/* The text is one whole command with these arguments ("|" between them). */
static void assert_command(struct span text, const char *joined)
{
    struct parsed parsed;
    parse(&parsed, text, BYTES_MAX);
    assert_int_equal(parsed.taken, text.len);
    assert_null(parsed.command.error);
    struct buffer args = buffer_empty(BYTES_MAX);
    for (size_t i = 0; i < parsed.command.count; i++) {
        buffer_put_text(&args, i > 0 ? "|" : "");
        buffer_put_span(&args, parsed.command.args[i]);
    }
    buffer_put_byte(&args, '\0');
    assert_string_equal(args.data, joined);
    buffer_deinit(&args);
    end(&parsed);
}

static void assert_error(struct span text, size_t bytes_max, const char *error)
{
    struct parsed parsed;
    parse(&parsed, text, bytes_max);
    assert_int_equal(parsed.taken, ERR_PROTOCOL);
    assert_non_null(parsed.command.error);
    assert_string_equal(parsed.command.error, error);
    end(&parsed);
}

static void assert_more_needed(struct span text, size_t bytes_max)
{
    struct parsed parsed;
    parse(&parsed, text, bytes_max);
    assert_int_equal(parsed.taken, 0);
    assert_null(parsed.command.error);
    assert_true(text.len == 0 ||
                memcmp(parsed.bytes, text.data, text.len) == 0);
    end(&parsed);
}

/* "*count" and as many arguments of one byte. */
static void put_many(struct buffer *out, size_t count)
{
    buffer_printf(out, "*%zu\r\n", count);
    for (size_t i = 0; i < count; i++) {
        buffer_put_text(out, "$1\r\nx\r\n");
    }
}

static void put_repeated(struct buffer *out, char byte, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        buffer_put_byte(out, byte);
    }
}

/* --- Commands ------------------------------------------------------------- */

static void arrays_of_bulk_strings_are_commands(void **state)
{
    (void)state;
    assert_command(span_of("*1\r\n$4\r\nPING\r\n"), "PING");
    assert_command(span_of("*2\r\n$3\r\nGET\r\n$3\r\nIBM\r\n"), "GET|IBM");
    assert_command(span_of("*2\r\n$3\r\nGET\r\n$0\r\n\r\n"), "GET|");
    // What is within an argument is nobody's business here.
    assert_command(span_of("*1\r\n$6\r\n*1\r\n$1\r\n"), "*1\r\n$1");
    assert_command(span_of("*01\r\n$004\r\nPING\r\n"), "PING");
}

static void arguments_may_hold_any_byte(void **state)
{
    (void)state;
    char text[16 + 256 + 2];
    int head = snprintf(text, 16, "*1\r\n$256\r\n");
    for (int byte = 0; byte < 256; byte++) {
        text[head + byte] = (char)byte;
    }
    text[head + 256] = '\r';
    text[head + 257] = '\n';
    struct parsed parsed;
    parse(&parsed, (struct span){text, (size_t)head + 258}, BYTES_MAX);
    assert_int_equal(parsed.taken, head + 258);
    assert_int_equal(parsed.command.count, 1);
    assert_int_equal(parsed.command.args[0].len, 256);
    assert_memory_equal(parsed.command.args[0].data, text + head, 256);
    end(&parsed);
}

static void command_without_arguments_is_passed_over(void **state)
{
    (void)state;
    assert_command(span_of("*0\r\n"), "");
    assert_command(span_of("\r\n"), "");
    assert_command(span_of("\n"), "");
    assert_command(span_of("  \t \r\n"), "");
}

static void lines_are_commands_too(void **state)
{
    (void)state;
    assert_command(span_of("PING\r\n"), "PING");
    assert_command(span_of("PING\n"), "PING");
    assert_command(span_of("GET IBM\r\n"), "GET|IBM");
    assert_command(span_of("  MGET\tIBM   TSLA \r\n"), "MGET|IBM|TSLA");
    assert_command(span_of("$3\r\n"), "$3");
    assert_command(span_of("GET \xc3\xa9\n"), "GET|\xc3\xa9");
}

static void quotes_hold_arguments_together(void **state)
{
    (void)state;
    assert_command(span_of("GET \"Ahold Delhaize\"\r\n"), "GET|Ahold Delhaize");
    assert_command(span_of("GET 'Ahold Delhaize'\r\n"), "GET|Ahold Delhaize");
    assert_command(span_of("ECHO \"\" ''\r\n"), "ECHO||");
    assert_command(span_of("\"GET\" \"IBM\"\n"), "GET|IBM");
    assert_command(span_of("ECHO \"a'b\" 'a\"b'\n"), "ECHO|a'b|a\"b");
    // A quote within a word opens a part of it, as in redis-cli.
    assert_command(span_of("ECHO a\"b c\" d'e f'\n"), "ECHO|ab c|de f");
}

static void double_quoted_escapes_are_undone(void **state)
{
    (void)state;
    assert_command(span_of("ECHO \"a\\\"b\\\\c\"\n"), "ECHO|a\"b\\c");
    assert_command(span_of("ECHO \"\\n\\r\\t\\b\\a\"\n"), "ECHO|\n\r\t\b\a");
    assert_command(span_of("ECHO \"\\x49\\x42\\x4d\"\n"), "ECHO|IBM");
    assert_command(span_of("ECHO \"\\xfF\\x4\"\n"), "ECHO|\xffx4");
    assert_command(span_of("ECHO \"\\xg1\\q\"\n"), "ECHO|xg1q");
    struct parsed parsed;
    parse(&parsed, span_of("ECHO \"a\\x00b\"\n"), BYTES_MAX);
    assert_int_equal(parsed.command.args[1].len, 3);
    assert_memory_equal(parsed.command.args[1].data, "a\0b", 3);
    end(&parsed);
}

static void single_quotes_escape_only_themselves(void **state)
{
    (void)state;
    assert_command(span_of("ECHO 'it\\'s'\n"), "ECHO|it's");
    assert_command(span_of("ECHO '\\n\\\\x'\n"), "ECHO|\\n\\\\x");
}

static void unbalanced_quotes_are_an_error(void **state)
{
    (void)state;
    const char *const lines[] = {
        "GET \"IBM\r\n",
        "GET 'IBM\r\n",
        "\"\n",
        "'\n",
        "GET \"a\"b\n",
        "GET 'a'b\n",
        "GET \"a\"\"b\"\n",
        "GET \"a\\\"\n",
        "GET 'a\\'\r\n",
        "GET \"a\\",
    };
    for (size_t i = 0; i + 1 < COUNT_OF(lines); i++) {
        assert_error(span_of(lines[i]), BYTES_MAX,
                     "unbalanced quotes in a line");
    }
    assert_more_needed(span_of(lines[COUNT_OF(lines) - 1]), BYTES_MAX);
}

/* --- What is refused ------------------------------------------------------ */

static void broken_arrays_are_refused(void **state)
{
    (void)state;
    const struct {
        const char *text;
        const char *error;
    } cases[] = {
        {"*\r\n", "a length is no number"},
        {"*-1\r\n", "a length is no number"},
        {"*+1\r\n", "a length is no number"},
        {"* 1\r\n", "a length is no number"},
        {"*1 \r\n", "a length is no number"},
        {"*0x1\r\n", "a length is no number"},
        {"*1\r\r\n", "a length is no number"},
        {"**1\r\n", "a length is no number"},
        {"*1\r\n$\r\n", "a length is no number"},
        {"*1\r\n$-1\r\n", "a length is no number"},
        {"*1\r\n$x\r\n", "a length is no number"},
        {"*1\n", "a length does not end in CR LF"},
        {"*\n", "a length does not end in CR LF"},
        {"*1\r\n$4\nPING\r\n", "a length does not end in CR LF"},
        {"*1\r\n\n", "expected '$' before an argument"},
        {"*1\r\n\r\n", "expected '$' before an argument"},
        {"*1\r\nPING\r\n", "expected '$' before an argument"},
        {"*1\r\n:4\r\n", "expected '$' before an argument"},
        {"*1\r\n*1\r\n", "expected '$' before an argument"},
        {"*2\r\n$1\r\nx\r\n+OK\r\n", "expected '$' before an argument"},
        {"*1\r\n$4\r\nPINGxx", "an argument does not end in CR LF"},
        {"*1\r\n$4\r\nPING\n\n", "an argument does not end in CR LF"},
        {"*1\r\n$4\r\nPING\rx", "an argument does not end in CR LF"},
        {"*1\r\n$3\r\nPING\r\n", "an argument does not end in CR LF"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        assert_error(span_of(cases[i].text), BYTES_MAX, cases[i].error);
    }
}

static void huge_lengths_are_refused_at_once(void **state)
{
    (void)state;
    const char *const lengths[] = {
        "65537",
        "2147483648",           // beyond 31 bits
        "4294967296",           // beyond 32: 0 when cut to them
        "4294967299",           // 3 when cut to 32 bits
        "9223372036854775808",  // beyond 63
        "18446744073709551615", // SIZE_MAX
        "18446744073709551614", // and 2 more would wrap to 0
        "18446744073709551616", // beyond 64
        "99999999999999999999999",
    };
    for (size_t i = 0; i < COUNT_OF(lengths); i++) {
        char text[80];
        snprintf(text, sizeof(text), "*%s\r\n", lengths[i]);
        assert_error(span_of(text), BYTES_MAX,
                     "a command has more than 1025 arguments");
        snprintf(text, sizeof(text), "*1\r\n$%s\r\n", lengths[i]);
        assert_error(span_of(text), BYTES_MAX,
                     "an argument is longer than limits.request_bytes");
    }
}

/* Whatever bytes_max is, a length is never trusted beyond the bytes there are.
 */
static void huge_lengths_do_not_wrap_without_a_bound(void **state)
{
    (void)state;
    assert_more_needed(span_of("*1\r\n$18446744073709551615\r\nab\r\n"),
                       SIZE_MAX);
    assert_more_needed(span_of("*1\r\n$18446744073709551614\r\nab\r\n"),
                       SIZE_MAX);
    assert_more_needed(span_of("*1\r\n$18446744073709551613\r\nab\r\n"),
                       SIZE_MAX);
}

static void length_lines_have_a_bound(void **state)
{
    (void)state;
    // The line without its end has 31, 32 and 33 bytes.
    for (size_t len = 31; len <= 33; len++) {
        struct buffer text = buffer_empty(1000);
        buffer_put_byte(&text, '*');
        put_repeated(&text, '0', len - 1);
        if (len <= 32) {
            buffer_put_text(&text, "\r\n");
            assert_command(buffer_span(&text), "");
        } else {
            assert_more_needed(buffer_span(&text), BYTES_MAX);
            buffer_put_text(&text, "\r\n");
            assert_error(buffer_span(&text), BYTES_MAX, "a length is too long");
        }
        buffer_deinit(&text);
    }
}

static void length_that_never_ends_is_refused(void **state)
{
    (void)state;
    struct buffer text = buffer_empty(1000);
    buffer_put_byte(&text, '*');
    put_repeated(&text, '1', 40);
    assert_error(buffer_span(&text), BYTES_MAX, "a length is too long");
    buffer_deinit(&text);
}

/* --- (3) The bounds ------------------------------------------------------- */

static void inv3_arrays_have_at_most_1025_arguments(void **state)
{
    (void)state;
    for (size_t count = RESP_ARGS_LIMIT - 1; count <= RESP_ARGS_LIMIT + 1;
         count++) {
        struct buffer text = buffer_empty(100000);
        put_many(&text, count);
        if (count <= RESP_ARGS_LIMIT) {
            struct parsed parsed;
            parse(&parsed, buffer_span(&text), BYTES_MAX);
            assert_int_equal(parsed.taken, text.len);
            assert_int_equal(parsed.command.count, count);
            assert_true(
                span_equal(parsed.command.args[count - 1], span_of("x")));
            end(&parsed);
        } else {
            assert_error(buffer_span(&text), BYTES_MAX,
                         "a command has more than 1025 arguments");
        }
        buffer_deinit(&text);
    }
}

static void inv3_lines_have_at_most_1025_arguments(void **state)
{
    (void)state;
    for (size_t count = RESP_ARGS_LIMIT - 1; count <= RESP_ARGS_LIMIT + 1;
         count++) {
        struct buffer text = buffer_empty(100000);
        for (size_t i = 0; i < count; i++) {
            buffer_put_text(&text, "x ");
        }
        buffer_put_text(&text, "\r\n");
        if (count <= RESP_ARGS_LIMIT) {
            struct parsed parsed;
            parse(&parsed, buffer_span(&text), BYTES_MAX);
            assert_int_equal(parsed.taken, text.len);
            assert_int_equal(parsed.command.count, count);
            end(&parsed);
        } else {
            assert_error(buffer_span(&text), BYTES_MAX,
                         "a command has more than 1025 arguments");
        }
        buffer_deinit(&text);
    }
}

/* A command of exactly `len` bytes at a bound of one less, of itself and of one
 * more. */
static void assert_bound(struct span text)
{
    struct parsed parsed;
    for (size_t bytes_max = text.len; bytes_max <= text.len + 1; bytes_max++) {
        parse(&parsed, text, bytes_max);
        assert_int_equal(parsed.taken, text.len);
        end(&parsed);
    }
    parse(&parsed, text, text.len - 1);
    assert_int_equal(parsed.taken, ERR_PROTOCOL);
    assert_non_null(strstr(parsed.command.error, "limits.request_bytes"));
    end(&parsed);
}

static void inv3_commands_have_at_most_bytes_max_bytes(void **state)
{
    (void)state;
    assert_bound(span_of("*1\r\n$4\r\nPING\r\n"));
    assert_bound(span_of("*2\r\n$3\r\nGET\r\n$3\r\nIBM\r\n"));
    assert_bound(span_of("GET IBM\r\n"));
    assert_bound(span_of("GET IBM\n"));
    assert_bound(span_of("ECHO \"I\\x42M\"\r\n"));
    assert_bound(span_of("\r\n"));
}

static void inv3_unfinished_commands_end_at_the_bound(void **state)
{
    (void)state;
    struct buffer line = buffer_empty(1000);
    put_repeated(&line, 'x', 99);
    assert_more_needed(buffer_span(&line), 100);
    put_repeated(&line, 'x', 1);
    // With its line end it would be 101 bytes at least.
    assert_error(buffer_span(&line), 100,
                 "a line is longer than limits.request_bytes");
    buffer_deinit(&line);

    struct buffer array = buffer_empty(1000);
    buffer_put_text(&array, "*2\r\n$90\r\n");
    put_repeated(&array, 'x', 90);
    buffer_put_text(&array, "\r");
    assert_int_equal(array.len, 100);
    assert_more_needed(buffer_span(&array), 100);
    buffer_put_text(&array, "\n");
    assert_error(buffer_span(&array), 100,
                 "a command is longer than limits.request_bytes");
    buffer_deinit(&array);
}

/* --- (1), (2): cut anywhere ----------------------------------------------- */

static const char *const samples[] = {
    "*1\r\n$4\r\nPING\r\n",
    "*2\r\n$3\r\nGET\r\n$3\r\nIBM\r\n",
    "*3\r\n$4\r\nMGET\r\n$0\r\n\r\n$5\r\n\r\n*1\r\r\n",
    "*0\r\n",
    "\r\n",
    "PING\r\n",
    "GET IBM\n",
    "GET \"Ahold \\x44elhaize\" 'it\\'s'\r\n",
    "ECHO \"\\\\\\\"\"  x\r\n",
    "*1\r\n:1\r\n",
    "*1\r\n$3\r\nPING\r\n",
    "*-1\r\n",
    "*9999999999\r\n",
    "*1\n",
    "GET \"unbalanced\n",
    "GET 'a'b c\n",
};

/* What the whole gives, each front part gives too, or asks for more. */
static void assert_cut_anywhere(struct span text, size_t bytes_max)
{
    struct parsed whole;
    parse(&whole, text, bytes_max);
    for (size_t cut = 0; cut < text.len; cut++) {
        struct parsed part;
        parse(&part, (struct span){text.data, cut}, bytes_max);
        if (part.taken == 0) {
            assert_true(whole.taken <= 0 || cut < (size_t)whole.taken);
            assert_memory_equal(part.bytes, text.data, cut);
        } else {
            assert_int_equal(part.taken, whole.taken);
            assert_int_equal(part.command.error == NULL,
                             whole.command.error == NULL);
        }
        for (size_t i = 0; part.taken > 0 && i < part.command.count; i++) {
            assert_true(
                span_equal(part.command.args[i], whole.command.args[i]));
        }
        end(&part);
    }
    end(&whole);
}

static void inv1_cut_anywhere_the_result_is_the_same(void **state)
{
    (void)state;
    const size_t bounds[] = {BYTES_MAX, 4, 10, 20};
    for (size_t i = 0; i < COUNT_OF(samples); i++) {
        for (size_t j = 0; j < COUNT_OF(bounds); j++) {
            assert_cut_anywhere(span_of(samples[i]), bounds[j]);
        }
    }
}

static void inv1_random_bytes_are_cut_anywhere_too(void **state)
{
    (void)state;
    static const char alphabet[] = "*$123\r\n\"'\\x a0";
    uint64_t seed = 7;
    for (int i = 0; i < 20000; i++) {
        char text[24];
        size_t len = testing_random(&seed) % sizeof(text);
        for (size_t at = 0; at < len; at++) {
            uint64_t letter = testing_random(&seed) % (sizeof(alphabet) - 1);
            text[at] = alphabet[letter];
        }
        assert_cut_anywhere((struct span){text, len}, i % 2 == 0 ? 100 : 8);
    }
}

static void inv2_pipelined_commands_are_taken_one_by_one(void **state)
{
    (void)state;
    char text[] = "*1\r\n$4\r\nPING\r\n"
                  "GET \"I\\x42M\"\r\n"
                  "\r\n"
                  "*2\r\n$3\r\nGET\r\n$4\r\nTSLA\r\n"
                  "*1\r\n$4\r\nQU";
    const size_t lens[] = {14, 14, 2, 23, 0};
    const size_t counts[] = {1, 2, 0, 2, 0};
    struct resp_command command;
    size_t at = 0;
    for (size_t i = 0; i < COUNT_OF(lens); i++) {
        ptrdiff_t taken =
            resp_parse(&command, text + at, sizeof(text) - 1 - at, 30);
        assert_int_equal(taken, lens[i]);
        assert_int_equal(taken > 0 ? command.count : 0, counts[i]);
        at += lens[i];
    }
}

/* The byte behind the command is one that would be an error of it. */
static void inv2_no_byte_behind_the_end_counts(void **state)
{
    (void)state;
    for (size_t i = 0; i < 9; i++) {
        struct span text = span_of(samples[i]);
        for (int byte = 0; byte < 256; byte += 3) {
            char more[100];
            memcpy(more, text.data, text.len);
            memset(more + text.len, byte, 10);
            struct parsed parsed;
            parse(&parsed, (struct span){more, text.len + 10}, text.len);
            assert_int_equal(parsed.taken, text.len);
            assert_memory_equal(parsed.bytes + text.len, more + text.len, 10);
            end(&parsed);
        }
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(arrays_of_bulk_strings_are_commands),
    cmocka_unit_test(arguments_may_hold_any_byte),
    cmocka_unit_test(command_without_arguments_is_passed_over),
    cmocka_unit_test(lines_are_commands_too),
    cmocka_unit_test(quotes_hold_arguments_together),
    cmocka_unit_test(double_quoted_escapes_are_undone),
    cmocka_unit_test(single_quotes_escape_only_themselves),
    cmocka_unit_test(unbalanced_quotes_are_an_error),
    cmocka_unit_test(broken_arrays_are_refused),
    cmocka_unit_test(huge_lengths_are_refused_at_once),
    cmocka_unit_test(huge_lengths_do_not_wrap_without_a_bound),
    cmocka_unit_test(length_lines_have_a_bound),
    cmocka_unit_test(length_that_never_ends_is_refused),
    cmocka_unit_test(inv3_arrays_have_at_most_1025_arguments),
    cmocka_unit_test(inv3_lines_have_at_most_1025_arguments),
    cmocka_unit_test(inv3_commands_have_at_most_bytes_max_bytes),
    cmocka_unit_test(inv3_unfinished_commands_end_at_the_bound),
    cmocka_unit_test(inv1_cut_anywhere_the_result_is_the_same),
    cmocka_unit_test(inv1_random_bytes_are_cut_anywhere_too),
    cmocka_unit_test(inv2_pipelined_commands_are_taken_one_by_one),
    cmocka_unit_test(inv2_no_byte_behind_the_end_counts),
};

TEST_MAIN(tests)
