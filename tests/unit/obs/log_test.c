/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log_test.c -- a line an event, one that machines can read whatever stands in
 * it.  Lines of several threads never mix: run under ThreadSanitizer too.
 */
#include "obs/log.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <json-c/json.h>

#include "base/err.h"
#include "testing/testing.h"

/* "time=2026-11-22T07:41:14.123Z " */
#define TIME_BYTES 30

/* What was logged, through a pipe. */
struct logged {
    int fds[2];
    size_t len;
    char text[65536];
};

static int setup(void **state)
{
    static struct logged logged;
    assert_int_equal(pipe2(logged.fds, O_NONBLOCK), 0);
    logged.len = 0;
    *state = &logged;
    return 0;
}

static int teardown(void **state)
{
    struct logged *logged = *state;
    log_setup(STDERR_FILENO, LOG_INFO, LOG_LOGFMT);
    close(logged->fds[0]);
    close(logged->fds[1]);
    return 0;
}

/* Take what was written since the last call. */
static const char *take(struct logged *logged)
{
    ssize_t len = read(logged->fds[0], logged->text, sizeof(logged->text) - 1);
    logged->len = len > 0 ? (size_t)len : 0;
    logged->text[logged->len] = '\0';
    return logged->text;
}

/* Take one logfmt line and give what stands behind its time. */
static const char *take_behind_time(struct logged *logged)
{
    const char *line = take(logged);
    assert_true(logged->len > TIME_BYTES);
    assert_memory_equal(line, "time=2", 6);
    assert_int_equal(line[TIME_BYTES - 2], 'Z');
    assert_int_equal(line[TIME_BYTES - 1], ' ');
    return line + TIME_BYTES;
}

/* Parse one line as strict JSON; the caller's to end with json_object_put(). */
static json_object *take_json(struct logged *logged)
{
    const char *line = take(logged);
    assert_true(logged->len > 0 && logged->len <= LOG_LINE_LIMIT);
    assert_int_equal(line[logged->len - 1], '\n');
    assert_null(memchr(line, '\n', logged->len - 1));
    json_tokener *tokener = json_tokener_new();
    json_tokener_set_flags(tokener,
                           JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
    json_object *object =
        json_tokener_parse_ex(tokener, line, (int)logged->len - 1);
    assert_int_equal(json_tokener_get_error(tokener), json_tokener_success);
    assert_int_equal(json_tokener_get_parse_end(tokener), logged->len - 1);
    json_tokener_free(tokener);
    assert_true(json_object_is_type(object, json_type_object));
    return object;
}

static void assert_member(json_object *object, const char *key,
                          const char *value)
{
    json_object *member;
    assert_true(json_object_object_get_ex(object, key, &member));
    assert_string_equal(json_object_get_string(member), value);
}

/* --- Settings ------------------------------------------------------------- */

static void words_of_levels_and_formats_are_read(void **state)
{
    (void)state;
    const struct {
        const char *word;
        enum log_level level;
    } levels[] = {{"debug", LOG_DEBUG},
                  {"info", LOG_INFO},
                  {"warning", LOG_WARNING},
                  {"error", LOG_ERROR}};
    for (size_t i = 0; i < 4; i++) {
        enum log_level level;
        assert_int_equal(log_parse_level(&level, levels[i].word), 0);
        assert_int_equal(level, levels[i].level);
    }
    enum log_format format;
    assert_int_equal(log_parse_format(&format, "logfmt"), 0);
    assert_int_equal(format, LOG_LOGFMT);
    assert_int_equal(log_parse_format(&format, "json"), 0);
    assert_int_equal(format, LOG_JSON);
    const char *const others[] = {"", "INFO", "warn", "info ", "xml"};
    for (size_t i = 0; i < 5; i++) {
        enum log_level level;
        assert_int_equal(log_parse_level(&level, others[i]), ERR_SYNTAX);
        assert_int_equal(log_parse_format(&format, others[i]), ERR_SYNTAX);
    }
}

static void lines_below_the_level_are_not_written(void **state)
{
    struct logged *logged = *state;
    for (int wanted = LOG_DEBUG; wanted <= LOG_ERROR; wanted++) {
        log_setup(logged->fds[1], (enum log_level)wanted, LOG_LOGFMT);
        for (int level = LOG_DEBUG; level <= LOG_ERROR; level++) {
            log_event((enum log_level)level, "obs", "x", LOG_NUMBER("n", 1));
            assert_int_equal(*take(logged) != '\0', level >= wanted);
        }
    }
}

/* --- Logfmt --------------------------------------------------------------- */

static void logfmt_line_is_as_the_header_shows(void **state)
{
    struct logged *logged = *state;
    log_setup(logged->fds[1], LOG_INFO, LOG_LOGFMT);
    log_event(LOG_INFO, "serve", "listening",
              LOG_TEXT("address", "127.0.0.1:7400"), LOG_NUMBER("workers", 2));
    assert_string_equal(take_behind_time(logged),
                        "level=info room=serve msg=listening "
                        "address=127.0.0.1:7400 workers=2\n");
    log_write(LOG_ERROR, "net", "two words", NULL, 0);
    assert_string_equal(take_behind_time(logged),
                        "level=error room=net msg=\"two words\"\n");
}

static void logfmt_quotes_what_is_not_plain(void **state)
{
    struct logged *logged = *state;
    log_setup(logged->fds[1], LOG_INFO, LOG_LOGFMT);
    const struct {
        const char *text;
        const char *shown;
    } cases[] = {
        {"plain", "plain"},
        {"/a:b;c,d(e)'f'", "/a:b;c,d(e)'f'"},
        {"", "\"\""},
        {"a b", "\"a b\""},
        {"a=b", "\"a=b\""},
        {"a\"b", "\"a\\\"b\""},
        {"a\\b", "\"a\\\\b\""},
        {"a\nb", "\"a\\u000ab\""},
        {"\x1b[31mred", "\"\\u001b[31mred\""},
        {"\x7f", "\"\\u007f\""},
        {"caf\xc3\xa9", "caf\xc3\xa9"},
        {"caf\xe9", "\"caf\\u00e9\""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        log_event(LOG_INFO, "r", "m", LOG_TEXT("k", cases[i].text));
        char expected[100];
        snprintf(expected, sizeof(expected), "level=info room=r msg=m k=%s\n",
                 cases[i].shown);
        assert_string_equal(take_behind_time(logged), expected);
    }
}

static void no_text_brings_a_raw_control_byte_into_a_line(void **state)
{
    struct logged *logged = *state;
    for (int format = LOG_LOGFMT; format <= LOG_JSON; format++) {
        log_setup(logged->fds[1], LOG_DEBUG, (enum log_format)format);
        for (int byte = 1; byte < 256; byte++) {
            char text[4] = {'a', (char)byte, 'b', 0};
            log_event(LOG_DEBUG, "r", "m", LOG_TEXT("k", text));
            const char *line = take(logged);
            for (size_t i = 0; i + 1 < logged->len; i++) {
                unsigned char c = (unsigned char)line[i];
                assert_true(c >= 0x20 && c != 0x7f);
            }
            assert_int_equal(line[logged->len - 1], '\n');
        }
    }
}

static void numbers_are_written_to_their_ends(void **state)
{
    struct logged *logged = *state;
    log_setup(logged->fds[1], LOG_INFO, LOG_LOGFMT);
    log_event(LOG_INFO, "r", "m", LOG_NUMBER("a", INT64_MIN),
              LOG_NUMBER("b", INT64_MAX), LOG_NUMBER("c", 0));
    assert_string_equal(take_behind_time(logged),
                        "level=info room=r msg=m a=-9223372036854775808 "
                        "b=9223372036854775807 c=0\n");
}

/* --- JSON ----------------------------------------------------------------- */

static void json_line_is_an_object(void **state)
{
    struct logged *logged = *state;
    log_setup(logged->fds[1], LOG_INFO, LOG_JSON);
    log_event(LOG_WARNING, "fetch", "given a rest",
              LOG_TEXT("reason", "says \"no\"\n"), LOG_NUMBER("ms", -60000));
    json_object *object = take_json(logged);
    assert_int_equal(json_object_object_length(object), 6);
    assert_member(object, "level", "warning");
    assert_member(object, "room", "fetch");
    assert_member(object, "msg", "given a rest");
    assert_member(object, "reason", "says \"no\"\n");
    json_object *number;
    assert_true(json_object_object_get_ex(object, "ms", &number));
    assert_true(json_object_is_type(number, json_type_int));
    assert_int_equal(json_object_get_int64(number), -60000);
    json_object_put(object);
    log_write(LOG_INFO, "r", "", NULL, 0);
    object = take_json(logged);
    assert_member(object, "msg", "");
    json_object_put(object);
}

static void json_takes_every_byte(void **state)
{
    struct logged *logged = *state;
    log_setup(logged->fds[1], LOG_DEBUG, LOG_JSON);
    for (int byte = 1; byte < 256; byte++) {
        char text[4] = {'a', (char)byte, 'b', 0};
        log_event(LOG_DEBUG, "r", "m", LOG_TEXT("k", text));
        json_object *object = take_json(logged);
        if (byte < 0x80) {
            assert_member(object, "k", text);
        }
        json_object_put(object);
    }
    log_event(LOG_DEBUG, "r", "m",
              LOG_TEXT("k", "\xe2\x82\xac \xf0\x9f\x93\x88"));
    json_object *object = take_json(logged);
    assert_member(object, "k", "\xe2\x82\xac \xf0\x9f\x93\x88");
    json_object_put(object);
}

/* --- Long lines ----------------------------------------------------------- */

/* Log a text of `letters` of a letter's and check what came of it. */
static void assert_cut(struct logged *logged, enum log_format format,
                       const char *letter, size_t letters)
{
    char text[3 * LOG_LINE_LIMIT + 1];
    size_t len = strlen(letter);
    for (size_t i = 0; i < letters; i++) {
        memcpy(text + i * len, letter, len);
    }
    text[letters * len] = '\0';
    log_setup(logged->fds[1], LOG_DEBUG, format);
    log_event(LOG_DEBUG, "r", "m", LOG_TEXT("k", text), LOG_NUMBER("n", 7));
    if (format == LOG_JSON) {
        json_object *object = take_json(logged);
        json_object *member;
        assert_true(json_object_object_get_ex(object, "k", &member));
        size_t kept = (size_t)json_object_get_string_len(member);
        assert_true(kept % len == 0); // no letter is cut in two
        assert_memory_equal(json_object_get_string(member), text, kept);
        json_object_put(object);
    } else {
        const char *line = take(logged);
        assert_true(logged->len > 0 && logged->len <= LOG_LINE_LIMIT);
        assert_int_equal(line[logged->len - 1], '\n');
        assert_non_null(strstr(line, " k="));
    }
}

static void long_lines_are_cut_and_not_lost(void **state)
{
    struct logged *logged = *state;
    const char *const letters[] = {"x", "\"",       "\n",
                                   " ", "\xc3\xa9", "\xe2\x82\xac"};
    for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++) {
        size_t most = LOG_LINE_LIMIT * 3 / strlen(letters[i]);
        most = most < 2100 ? most : 2100;
        for (size_t count = 280; count <= most; count += 1 + count / 60) {
            assert_cut(logged, LOG_LOGFMT, letters[i], count);
            assert_cut(logged, LOG_JSON, letters[i], count);
        }
    }
}

/* A line at the bound: whole up to a few bytes before it, which are kept free
 * for the line's end. */
static void lines_up_to_the_bound_are_whole(void **state)
{
    struct logged *logged = *state;
    log_setup(logged->fds[1], LOG_DEBUG, LOG_LOGFMT);
    size_t head = TIME_BYTES + strlen("level=debug room=r msg=m k=") + 1;
    char text[LOG_LINE_LIMIT + 10];
    memset(text, 'x', sizeof(text));
    for (size_t len = LOG_LINE_LIMIT - head - 40;
         len <= LOG_LINE_LIMIT - head + 2; len++) {
        text[len] = '\0';
        log_event(LOG_DEBUG, "r", "m", LOG_TEXT("k", text));
        take(logged);
        assert_true(logged->len <= LOG_LINE_LIMIT);
        if (len + head <= LOG_LINE_LIMIT - 10) {
            assert_int_equal(logged->len, len + head);
        }
        assert_true(logged->len >= LOG_LINE_LIMIT - 45);
        text[len] = 'x';
    }
}

static void many_fields_are_cut_too(void **state)
{
    struct logged *logged = *state;
    struct log_field fields[300];
    for (size_t i = 0; i < 300; i++) {
        fields[i] = LOG_NUMBER("number", (int64_t)i);
    }
    log_setup(logged->fds[1], LOG_DEBUG, LOG_JSON);
    log_write(LOG_DEBUG, "r", "m", fields, 300);
    json_object_put(take_json(logged));
    log_setup(logged->fds[1], LOG_DEBUG, LOG_LOGFMT);
    log_write(LOG_DEBUG, "r", "m", fields, 300);
    const char *line = take(logged);
    assert_true(logged->len <= LOG_LINE_LIMIT);
    assert_int_equal(line[logged->len - 1], '\n');
}

/* --- What goes wrong ------------------------------------------------------ */

static void line_that_cannot_be_written_is_lost(void **state)
{
    struct logged *logged = *state;
    int full = open("/dev/full", O_WRONLY);
    assert_true(full >= 0);
    log_setup(full, LOG_INFO, LOG_LOGFMT);
    log_event(LOG_INFO, "r", "m", LOG_NUMBER("k", 1));
    log_setup(-1, LOG_INFO, LOG_LOGFMT);
    log_event(LOG_INFO, "r", "m", LOG_NUMBER("k", 1));
    close(full);
    assert_string_equal(take(logged), "");
}

static void oom_loses_a_line_and_no_more(void **state)
{
    struct logged *logged = *state;
    log_setup(logged->fds[1], LOG_INFO, LOG_LOGFMT);
    char text[1500];
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    size_t whole = 0;
    TESTING_EACH_ALLOCATION(n)
    {
        log_event(LOG_INFO, "r", "m", LOG_TEXT("k", text));
        take(logged);
        assert_true(logged->len == 0 || logged->len > 1500);
        whole += logged->len > 0;
    }
    assert_int_equal(whole, 1);
}

/* --- Bursts --------------------------------------------------------------- */

/* Lines in what was taken, and how many they say were suppressed before. */
static uint64_t count_lines(const char *text, uint64_t *suppressed)
{
    uint64_t lines = 0;
    for (const char *at = text; (at = strchr(at, '\n')) != NULL; at++) {
        lines++;
    }
    for (const char *at = text; (at = strstr(at, "suppressed=")) != NULL;) {
        at += strlen("suppressed=");
        for (uint64_t n = 0; *at != ' ' && *at != '\n'; at++) {
            n = n * 10 + (uint64_t)(*at - '0');
            *suppressed += at[1] == '\n' || at[1] == ' ' ? n : 0;
        }
    }
    return lines;
}

/* Write it until one more of it is written than at once. */
static uint64_t write_burst(struct logged *logged, uint64_t *lines,
                            uint64_t *suppressed)
{
    uint64_t written = 0;
    *lines = 0;
    *suppressed = 0;
    while (*suppressed == 0) {
        log_event(LOG_WARNING, "r", "again and again", LOG_NUMBER("i", 1));
        written++;
        *lines += count_lines(take(logged), suppressed);
    }
    return written;
}

static void burst_is_written_and_then_counted(void **state)
{
    struct logged *logged = *state;
    log_setup(logged->fds[1], LOG_INFO, LOG_LOGFMT);
    uint64_t before = log_suppressed();
    uint64_t lines;
    uint64_t suppressed;
    uint64_t written = write_burst(logged, &lines, &suppressed);
    assert_true(lines > LOG_BURST);
    assert_int_equal(written, lines + suppressed);
    assert_int_equal(log_suppressed() - before, suppressed);
    // Another event is none of its business.
    log_event(LOG_WARNING, "r", "something else", LOG_NUMBER("i", 1));
    assert_string_equal(take_behind_time(logged),
                        "level=warning room=r msg=\"something else\" i=1\n");
}

static void debugging_lines_are_all_written(void **state)
{
    struct logged *logged = *state;
    log_setup(logged->fds[1], LOG_DEBUG, LOG_LOGFMT);
    for (int i = 0; i < 10 * LOG_BURST; i++) {
        log_event(LOG_DEBUG, "r", "a step", LOG_NUMBER("i", i));
        assert_non_null(strstr(take(logged), "a step"));
    }
}

/* --- Threads -------------------------------------------------------------- */

#define THREADS 3
#define LINES   200

static void *write_lines(void *user)
{
    const char *name = user;
    char text[300];
    memset(text, name[0], sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    for (int i = 0; i < LINES; i++) {
        log_event(LOG_DEBUG, name, "line", LOG_TEXT("text", text),
                  LOG_NUMBER("i", i));
    }
    return NULL;
}

static void lines_of_threads_do_not_mix(void **state)
{
    (void)state;
    int fd = memfd_create("log", MFD_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(fcntl(fd, F_SETFL, O_APPEND), 0);
    log_setup(fd, LOG_DEBUG, LOG_LOGFMT);
    static char names[THREADS][2] = {"a", "b", "c"};
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(
            pthread_create(&threads[i], NULL, write_lines, names[i]), 0);
    }
    // Settings may change meanwhile.
    for (int i = 0; i < 100; i++) {
        log_setup(fd, LOG_DEBUG, LOG_LOGFMT);
    }
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    FILE *file = fdopen(fd, "r");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_SET), 0);
    char line[1000];
    int next[THREADS] = {0};
    while (fgets(line, sizeof(line), file) != NULL) {
        const char *room = strstr(line, " room=");
        assert_non_null(room);
        int writer = room[6] - 'a';
        assert_in_range(writer, 0, THREADS - 1);
        char text[300];
        memset(text, room[6], sizeof(text) - 1);
        text[sizeof(text) - 1] = '\0';
        char expected[500];
        snprintf(expected, sizeof(expected), " room=%s msg=line text=%s i=%d\n",
                 names[writer], text, next[writer]++);
        assert_string_equal(room, expected);
    }
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(next[i], LINES);
    }
    fclose(file);
}

#define LOG_TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

static const struct CMUnitTest tests[] = {
    LOG_TEST(words_of_levels_and_formats_are_read),
    LOG_TEST(lines_below_the_level_are_not_written),
    LOG_TEST(logfmt_line_is_as_the_header_shows),
    LOG_TEST(logfmt_quotes_what_is_not_plain),
    LOG_TEST(no_text_brings_a_raw_control_byte_into_a_line),
    LOG_TEST(numbers_are_written_to_their_ends),
    LOG_TEST(json_line_is_an_object),
    LOG_TEST(json_takes_every_byte),
    LOG_TEST(long_lines_are_cut_and_not_lost),
    LOG_TEST(lines_up_to_the_bound_are_whole),
    LOG_TEST(many_fields_are_cut_too),
    LOG_TEST(burst_is_written_and_then_counted),
    LOG_TEST(debugging_lines_are_all_written),
    LOG_TEST(line_that_cannot_be_written_is_lost),
    LOG_TEST(oom_loses_a_line_and_no_more),
    LOG_TEST(lines_of_threads_do_not_mix),
};

TEST_MAIN(tests)
