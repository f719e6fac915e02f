/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conf_test.c -- loading as a whole: order of the sources, all or nothing; what
 * is printed loads as the same settings; comparison.
 */
#include "conf/conf.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buffer.h"
#include "loading.h"

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})

static void defaults_are_those_of_the_table(void **state)
{
    (void)state;
    struct conf_sources nothing = {.file = NULL};
    struct conf *conf;
    char error[CONF_ERROR_SIZE];
    assert_int_equal(conf_load(&conf, &nothing, error), 0);
    assert_int_equal(conf->server.listen.count, 1);
    assert_string_equal(conf->server.listen.items[0], "127.0.0.1:7400");
    assert_int_equal(conf->server.workers, 0);
    assert_int_equal(conf->cache.fresh_for_ms, 60000);
    assert_int_equal(conf->cache.stale_for_ms, 3600000);
    assert_int_equal(conf->cache.unknown_for_ms, 600000);
    assert_int_equal(conf->cache.symbols_max, 200000);
    assert_int_equal(conf->fetch.retry_after_ms, 5000);
    assert_int_equal(conf->fetch.calls_max, 64);
    assert_int_equal(conf->fetch.flights_max, 10000);
    assert_int_equal(conf->limits.connections_max, 10000);
    assert_int_equal(conf->limits.request_bytes_max, 65536);
    assert_int_equal(conf->limits.output_bytes_max, 1048576);
    assert_int_equal(conf->limits.idle_for_ms, 0);
    assert_string_equal(conf->log.level, "info");
    assert_string_equal(conf->log.format, "logfmt");
    assert_string_equal(conf->names, "");
    assert_int_equal(conf->providers_count, 0);
    conf_destroy(&conf);
    conf_destroy(&conf); // NULL already
}

static void server_is_named_after_its_host(void **state)
{
    (void)state;
    char host[65] = "";
    assert_int_equal(gethostname(host, sizeof(host) - 1), 0);
    struct conf *conf = load_good("server: {id: \"\"}", NULL, NULL);
    assert_string_equal(conf->server.id, host);
    conf_destroy(&conf);
    conf = load_good("server: {id: 1}", NULL, NULL);
    assert_string_equal(conf->server.id, "1");
    conf_destroy(&conf);
}

static void later_sources_win(void **state)
{
    (void)state;
    const char *file = "cache: {fresh_for: 1s, stale_for: 1s, unknown_for: 1s}";
    const char *const *environment =
        LIST("QUOTED_CACHE_STALE_FOR=2s", "QUOTED_CACHE_UNKNOWN_FOR=2s");
    struct conf *conf =
        load_good(file, environment, LIST("cache.unknown_for=3s"));
    assert_int_equal(conf->cache.fresh_for_ms, 1000);
    assert_int_equal(conf->cache.stale_for_ms, 2000);
    assert_int_equal(conf->cache.unknown_for_ms, 3000);
    conf_destroy(&conf);
}

/* A mistake is a mistake, although something later would have covered it. */
static void earlier_sources_are_checked_too(void **state)
{
    (void)state;
    assert_refused("log: {level: x}", LIST("QUOTED_LOG_LEVEL=info"), NULL,
                   ERR_SYNTAX,
                   "quoted.yaml:1: log.level: found \"x\"; allowed: debug, "
                   "info, warning or error");
}

static void lists_are_replaced_and_not_joined(void **state)
{
    (void)state;
    struct conf *conf = load_good("server: {listen: [a:1, b:2]}", NULL,
                                  LIST("server.listen=c:3"));
    assert_int_equal(conf->server.listen.count, 1);
    assert_string_equal(conf->server.listen.items[0], "c:3");
    conf_destroy(&conf);
}

static void files_are_read(void **state)
{
    (void)state;
    char path[] = "/tmp/quoted-conf-test-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    static const char text[] = "log: {level: error}\n";
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    struct conf_sources sources = {.file = path};
    struct conf *conf;
    char error[CONF_ERROR_SIZE];
    assert_int_equal(conf_load(&conf, &sources, error), 0);
    assert_string_equal(conf->log.level, "error");
    conf_destroy(&conf);

    assert_int_equal(truncate(path, 2 << 20), 0);
    assert_int_equal(conf_load(&conf, &sources, error), ERR_SYNTAX);
    assert_null(conf);
    assert_non_null(strstr(error, ": longer than 1048576 bytes"));
    unlink(path);
    assert_int_equal(conf_load(&conf, &sources, error), ERR_IO);
    assert_null(conf);
    char message[CONF_ERROR_SIZE];
    snprintf(message, sizeof(message), "%s: No such file or directory", path);
    assert_string_equal(error, message);
    sources.file = "/";
    assert_int_equal(conf_load(&conf, &sources, error), ERR_IO);
    assert_string_equal(error, "/: Is a directory");
}

/* --- Printing and comparing ---------------------------------------------- */

struct changes {
    size_t count;
    char text[8192]; /* "key: before -> after (restart)\n" of each */
};

static void note_change(void *user, const char *key, const char *before,
                        const char *after, bool needs_restart)
{
    struct changes *changes = user;
    size_t len = strlen(changes->text);
    snprintf(changes->text + len, sizeof(changes->text) - len,
             "%s: %s -> %s%s\n", key, before, after,
             needs_restart ? " (restart)" : "");
    changes->count++;
}

static void assert_changes(const struct conf *before, const struct conf *after,
                           const char *expected)
{
    static struct changes changes;
    memset(&changes, 0, sizeof(changes));
    size_t count = conf_compare(before, after, note_change, &changes);
    assert_string_equal(changes.text, expected);
    assert_int_equal(count, changes.count);
}

/* Print, load what was printed, and find no difference. */
static void assert_prints_back(const struct conf *conf)
{
    struct buffer text = buffer_empty(1u << 20);
    conf_print(conf, &text);
    assert_false(text.failed);
    struct conf_sources sources = {.file = "printed",
                                   .file_text = buffer_span(&text)};
    struct conf *again;
    char error[CONF_ERROR_SIZE];
    if (conf_load(&again, &sources, error) != 0) {
        fail_msg("%s\n%.*s", error, SPAN_ARGS(buffer_span(&text)));
    }
    assert_changes(conf, again, "");

    struct buffer text_again = buffer_empty(1u << 20);
    conf_print(again, &text_again);
    assert_true(span_equal(buffer_span(&text), buffer_span(&text_again)));
    struct span rest = buffer_span(&text);
    struct span line;
    while (span_split(&rest, '\n', &line)) {
        assert_true(line.len <= 80 || line.data[line.len - 1] == '"' ||
                    span_has_nocase(line, span_of(": /")));
    }
    buffer_deinit(&text);
    buffer_deinit(&text_again);
    conf_destroy(&again);
}

static void defaults_are_printed_with_their_help(void **state)
{
    (void)state;
    struct conf *conf = load_good("server: {id: one}", NULL, NULL);
    struct buffer text = buffer_empty(1u << 20);
    conf_print(conf, &text);
    buffer_put_byte(&text, '\0');
    assert_non_null(strstr(text.data,
                           "\ncache:\n"
                           "  # How long a quote is served without asking the "
                           "provider again."));
    assert_non_null(strstr(text.data, "are made. (100ms to 7d; default 1m)\n"
                                      "  fresh_for: 1m\n"));
    assert_non_null(strstr(text.data, "needs a restart)\n  id: one\n"));
    assert_non_null(strstr(text.data, "  listen:\n    - \"127.0.0.1:7400\"\n"));
    assert_non_null(strstr(text.data, "\nnames: \"\"\n"));
    assert_non_null(strstr(text.data, "required)\n"));
    assert_non_null(strstr(text.data, "\nproviders: []\n"));
    buffer_deinit(&text);
    assert_prints_back(conf);
    conf_destroy(&conf);
}

static void awkward_texts_print_back(void **state)
{
    (void)state;
    static const char *const ids[] = {
        "a: b",
        "# x",
        "\"",
        "\\",
        "\\n",
        " x ",
        "'",
        "yes",
        "~",
        "null",
        "1",
        "- a",
        "&a",
        "*a",
        "!a",
        "{",
        "]",
        "a\xc3\xbc",
        "\xc2\x80",
        "\xc2\x85",
        "%a",
        "@a",
        "\xe2\x80\xa8",
        "\xef\xbb\xbf",
        "\xef\xbf\xbf",
        "a#b",
        "a #b",
        "?",
        "\xf0\x9f\x98\x80",
        "...",
        "---",
        "a/b.c",
        "\xed\x9f\xbf",
        "\xf4\x8f\xbf\xbf",
        "`",
    };
    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
        char id[64];
        char names[64];
        snprintf(id, sizeof(id), "server.id=%s", ids[i]);
        snprintf(names, sizeof(names), "names=/%s", ids[i]);
        struct conf *conf = load_good(NULL, NULL, LIST(id, names));
        assert_string_equal(conf->server.id, ids[i]);
        assert_prints_back(conf);
        conf_destroy(&conf);
    }
}

static uint64_t draw(uint64_t *seed, uint64_t below)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (*seed >> 33) % below;
}

/* A --set flag of a random setting within its range. */
static void draw_set(char out[256], uint64_t *seed)
{
    static const char *const formats[] = {
        "cache.fresh_for=%llums",
        "cache.stale_for=%llus",
        "cache.unknown_for=%llum",
        "cache.symbols_max=%llu",
        "fetch.retry_after=%llums",
        "limits.connections=%llu",
        "limits.request_bytes=%lluKiB",
        "limits.output_bytes=%lluKiB",
        "limits.idle_for=%llus",
        "server.workers=%llu",
        "server.listen=h:%llu,[::1]:0,unix:/a \"b",
        "providers.0.url=http://h:%llu",
        "providers.0.timeout=%llums",
        "providers.1.key_file=/run/k \\%llu",
    };
    static const uint64_t lowest[] = {100, 0, 1, 1, 100, 1,   1,
                                      16,  1, 0, 0, 1,   100, 0};
    static const uint64_t span[] = {100000,  86400, 1000,  1048576, 1000,
                                    1000000, 16384, 4096,  86400,   64,
                                    65536,   65535, 50000, 1000};
    size_t pick = draw(seed, sizeof(formats) / sizeof(formats[0]));
    unsigned long long value = lowest[pick] + draw(seed, span[pick]);
    snprintf(out, 256, formats[pick], value);
}

/* The property of --print-config, for 300 random settings. */
static void random_settings_print_back(void **state)
{
    (void)state;
    uint64_t seed = 4711;
    for (int round = 0; round < 300; round++) {
        char sets[12][256] = {"providers.0.name=one", "providers.1.name=two"};
        const char *list[13] = {NULL};
        for (size_t i = 0; i < 12; i++) {
            if (i > 1) {
                draw_set(sets[i], &seed);
            }
            list[i] = sets[i];
        }
        struct conf *conf = load_good("cache: {fresh_for: 2s}", NULL, list);
        assert_prints_back(conf);
        conf_destroy(&conf);
    }
}

static void printing_into_a_full_buffer_fails_softly(void **state)
{
    (void)state;
    struct conf *conf = load_good(NULL, NULL, NULL);
    struct buffer text = buffer_empty(100);
    conf_print(conf, &text);
    assert_true(text.failed);
    assert_true(text.len <= 100);
    buffer_deinit(&text);
    conf_destroy(&conf);
}

static void note_key(void *user, const char *key, const char *value)
{
    struct changes *changes = user;
    size_t len = strlen(changes->text);
    snprintf(changes->text + len, sizeof(changes->text) - len, "%s=%s\n", key,
             value);
    changes->count++;
}

static void keys_are_gone_through_in_order(void **state)
{
    (void)state;
    struct conf *conf = load_good(
        "server: {id: one, listen: [a:1, b:2]}\n"
        "providers: [{name: x}, {name: y, url: http://z, key_file: /k}]\n",
        NULL, NULL);
    static struct changes keys;
    memset(&keys, 0, sizeof(keys));
    conf_each(conf, note_key, &keys);
    assert_string_equal(keys.text, "server.id=one\n"
                                   "server.listen=a:1,b:2\n"
                                   "server.workers=0\n"
                                   "server.proxy_protocol=off\n"
                                   "server.agent_listen=\n"
                                   "server.leave_for=0\n"
                                   "server.io_uring=auto\n"
                                   "cache.fresh_for=1m\n"
                                   "cache.stale_for=1h\n"
                                   "cache.unknown_for=10m\n"
                                   "cache.symbols_max=200000\n"
                                   "fetch.retry_after=5s\n"
                                   "fetch.calls_max=64\n"
                                   "fetch.flights_max=10000\n"
                                   "fetch.wait_for=1500ms\n"
                                   "fetch.pack_for=20ms\n"
                                   "fetch.warm_for=5m\n"
                                   "fetch.market=XNYS\n"
                                   "store.path=\n"
                                   "store.history_for=90d\n"
                                   "limits.connections=10000\n"
                                   "limits.request_bytes=64KiB\n"
                                   "limits.output_bytes=1MiB\n"
                                   "limits.idle_for=0\n"
                                   "http.cors_origins=\n"
                                   "log.level=info\n"
                                   "log.format=logfmt\n"
                                   "names=\n"
                                   "calendars=\n"
                                   "providers.0.name=x\n"
                                   "providers.0.description=\n"
                                   "providers.0.url=\n"
                                   "providers.0.key_file=\n"
                                   "providers.0.timeout=5s\n"
                                   "providers.0.limits=\n"
                                   "providers.0.markets=\n"
                                   "providers.1.name=y\n"
                                   "providers.1.description=\n"
                                   "providers.1.url=http://z\n"
                                   "providers.1.key_file=/k\n"
                                   "providers.1.timeout=5s\n"
                                   "providers.1.limits=\n"
                                   "providers.1.markets=\n");
    conf_destroy(&conf);
}

static void changes_are_told_with_whether_they_need_a_restart(void **state)
{
    (void)state;
    struct conf *before = load_good("server: {id: one}\n"
                                    "providers: [{name: x}, {name: y}]\n",
                                    NULL, NULL);
    struct conf *after = load_good("server: {id: two, listen: [a:1]}\n"
                                   "cache: {fresh_for: 30s, symbols_max: 5}\n"
                                   "limits: {connections: 5}\n"
                                   "providers: [{name: x, timeout: 1s}]\n",
                                   NULL, NULL);
    assert_changes(before, after,
                   "server.id: one -> two (restart)\n"
                   "server.listen: 127.0.0.1:7400 -> a:1 (restart)\n"
                   "cache.fresh_for: 1m -> 30s\n"
                   "cache.symbols_max: 200000 -> 5 (restart)\n"
                   "limits.connections: 10000 -> 5\n"
                   "providers.0.timeout: 5s -> 1s\n"
                   "providers.1.name: y -> \n"
                   "providers.1.timeout: 5s -> \n");
    assert_changes(before, before, "");
    conf_destroy(&before);
    conf_destroy(&after);
}

static void oom_loads_nothing(void **state)
{
    (void)state;
    TESTING_EACH_ALLOCATION(n)
    {
        struct conf *conf;
        char error[CONF_ERROR_SIZE];
        int err = load(&conf,
                       "server: {listen: [a:1, b:2]}\n"
                       "names: /n\n",
                       LIST("QUOTED_LOG_LEVEL=error", "QUOTED_X_KEY=k"),
                       LIST("server.listen=c:1", "log.format=json"), error);
        assert_true(err == 0 || err == ERR_NOMEM);
        assert_true((err == 0) == (conf != NULL));
        assert_true((err == 0) == (error[0] == '\0'));
        conf_destroy(&conf);
    }
    TESTING_EACH_ALLOCATION(n)
    {
        struct conf *conf;
        char error[CONF_ERROR_SIZE];
        int err = load(&conf, "providers: [{name: a}, {url: http://b}]", NULL,
                       LIST("providers.1.name=b", "providers.2.name=c"), error);
        assert_true(err == 0 || err == ERR_NOMEM);
        assert_true((err == 0) == (conf != NULL));
        conf_destroy(&conf);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(defaults_are_those_of_the_table),
    cmocka_unit_test(server_is_named_after_its_host),
    cmocka_unit_test(later_sources_win),
    cmocka_unit_test(earlier_sources_are_checked_too),
    cmocka_unit_test(lists_are_replaced_and_not_joined),
    cmocka_unit_test(files_are_read),
    cmocka_unit_test(defaults_are_printed_with_their_help),
    cmocka_unit_test(awkward_texts_print_back),
    cmocka_unit_test(random_settings_print_back),
    cmocka_unit_test(printing_into_a_full_buffer_fails_softly),
    cmocka_unit_test(keys_are_gone_through_in_order),
    cmocka_unit_test(changes_are_told_with_whether_they_need_a_restart),
    cmocka_unit_test(oom_loads_nothing),
};

TEST_MAIN(tests)
