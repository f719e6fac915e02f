/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_test.c -- requests are read as they were meant, or refused with the
 * status that says why; where the bytes were cut changes neither.
 */
#include "proto/http.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "testing/testing.h"

#define BODY_MAX 1000

#define HOST "Host: h\r\n"

/* A request parsed from a copy, since parsing may change the bytes. */
struct parsed {
    struct http_request request;
    ptrdiff_t taken;
    char *bytes;
};

static struct parsed parse_bytes(const char *bytes, size_t len)
{
    struct parsed p = {.bytes = mem_text(bytes, len)};
    assert_non_null(p.bytes);
    p.taken = http_parse(&p.request, p.bytes, len, BODY_MAX);
    return p;
}

static struct parsed parse(const char *text)
{
    return parse_bytes(text, strlen(text));
}

static void done(struct parsed *p)
{
    mem_free(p->bytes);
}

static void assert_span(struct span span, const char *text)
{
    assert_int_equal(span.len, strlen(text));
    assert_memory_equal(span.data == NULL ? "" : span.data, text, span.len);
}

static void assert_refused(const char *text, int status)
{
    struct parsed p = parse(text);
    if (p.taken != ERR_PROTOCOL || p.request.status != status) {
        fail_msg("%td, %d (%s) instead of %d for: %s", p.taken,
                 p.request.status, p.request.error, status, text);
    }
    assert_non_null(p.request.error);
    done(&p);
}

/* --- What is read --------------------------------------------------------- */

static void get_is_taken_apart(void **state)
{
    (void)state;
    const char *text =
        "GET /query?function=GLOBAL_QUOTE&symbol=IBM HTTP/1.1\r\n"
        "Host: market\r\nUser-Agent:  curl/7.88 \r\nX-Empty:\r\n"
        "\r\nGET /next HTTP/1.1\r\n";
    struct parsed p = parse(text);
    assert_int_equal(p.taken, strstr(text, "GET /next") - text);
    assert_span(p.request.method, "GET");
    assert_span(p.request.target, "/query?function=GLOBAL_QUOTE&symbol=IBM");
    assert_span(p.request.path, "/query");
    assert_span(p.request.query, "function=GLOBAL_QUOTE&symbol=IBM");
    assert_span(p.request.body, "");
    assert_int_equal(p.request.headers_count, 3);
    assert_span(http_find_header(&p.request, "user-agent"), "curl/7.88");
    assert_span(http_find_header(&p.request, "X-EMPTY"), "");
    assert_non_null(http_find_header(&p.request, "X-EMPTY").data);
    assert_null(http_find_header(&p.request, "Accept").data);
    assert_true(p.request.keep_alive);
    assert_int_equal(p.request.status, 0);
    done(&p);
}

static void empty_lines_before_a_request_are_passed_over(void **state)
{
    (void)state;
    struct parsed p = parse("\r\n\r\nGET / HTTP/1.0\r\n\r\n");
    assert_int_equal(p.taken, 22);
    assert_span(p.request.path, "/");
    done(&p);
    p = parse("\r\n\r\n");
    assert_int_equal(p.taken, 0);
    done(&p);
}

static void absolute_form_gives_the_same_path(void **state)
{
    (void)state;
    const struct {
        const char *target;
        const char *path;
        const char *query;
    } cases[] = {
        {"/a?b?c", "/a", "b?c"},
        {"/a?", "/a", ""},
        {"http://h:80/a?b", "/a", "b"},
        {"HTTP://h/a", "/a", ""},
        {"http://h", "/", ""},
        {"http://h?b", "/", "b"},
        {"*", "*", ""},
        {"/http://h/a", "/http://h/a", ""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[128];
        snprintf(text, sizeof(text), "GET %s HTTP/1.1\r\n" HOST "\r\n",
                 cases[i].target);
        struct parsed p = parse(text);
        assert_int_equal(p.taken, strlen(text));
        assert_span(p.request.target, cases[i].target);
        assert_span(p.request.path, cases[i].path);
        assert_span(p.request.query, cases[i].query);
        done(&p);
    }
}

static void keep_alive_is_by_version_and_header(void **state)
{
    (void)state;
    const struct {
        const char *text;
        bool keep_alive;
    } cases[] = {
        {"GET / HTTP/1.1\r\n" HOST "\r\n", true},
        {"GET / HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n", false},
        {"GET / HTTP/1.1\r\n" HOST "Connection: x, Close\r\n\r\n", false},
        {"GET / HTTP/1.0\r\n\r\n", false},
        {"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", true},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct parsed p = parse(cases[i].text);
        assert_int_equal(p.taken, strlen(cases[i].text));
        assert_int_equal(p.request.keep_alive, cases[i].keep_alive);
        done(&p);
    }
}

static void upgrade_and_connect_do_not_swallow_what_follows(void **state)
{
    (void)state;
    struct parsed p = parse("GET / HTTP/1.1\r\n" HOST "Connection: Upgrade\r\n"
                            "Upgrade: h2c\r\nContent-Length: 2\r\n\r\nabGET");
    assert_span(p.request.body, "ab");
    done(&p);
    p = parse("CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\nGET");
    assert_int_equal(p.taken, 34);
    assert_span(p.request.path, "a:80");
    done(&p);
}

static void length_says_where_the_body_ends(void **state)
{
    (void)state;
    struct parsed p =
        parse("POST /x HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhelloGET");
    assert_span(p.request.body, "hello");
    assert_int_equal(p.taken, strlen(p.bytes) - 3);
    done(&p);
    p = parse("POST /x HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhell");
    assert_int_equal(p.taken, 0);
    done(&p);
}

static void chunks_are_put_together(void **state)
{
    (void)state;
    struct parsed p =
        parse("POST /x HTTP/1.1\r\n" HOST "Transfer-Encoding: Chunked\r\n\r\n"
              "5\r\nhello\r\n1 ;a=b\r\n,\r\n00A;q=\"x\"\r\n"
              " world and\r\n0\r\nX-Sum: 1\r\n\r\nGET");
    assert_span(p.request.body, "hello, world and");
    assert_memory_equal(p.bytes + p.taken, "GET", 3);
    done(&p);
}

/* --- What is refused ------------------------------------------------------ */

static void wrong_request_lines_are_refused(void **state)
{
    (void)state;
    assert_refused("GET /\r\n", 505);
    assert_refused("GET / HTTP/0.9\r\n", 505);
    assert_refused("GET / HTTP/1.2\r\n", 505);
    assert_refused("GET / HTTP/2.0\r\n", 505);
    assert_refused("GET / HTTP/12.0\r\n", 400);
    assert_refused("GET / HTTP/1.1 \r\n", 400);
    assert_refused("GET / http/1.1\r\n", 400);
    assert_refused("GET / HT\r\nTP/1.1\r\n", 400);
    assert_refused("GET / ABCD/1.1\r\n", 400);
    assert_refused("GET  / HTTP/1.1\r\n", 400);
    assert_refused("GET /  HTTP/1.1\r\n", 400);
    assert_refused("GET /\t HTTP/1.1\r\n", 400);
    assert_refused("GET /a b HTTP/1.1\r\n", 400);
    assert_refused("GET HTTP/1.1\r\n", 400);
    assert_refused("SOURCE / ICE/1.0\r\n", 400);
    assert_refused(" GET / HTTP/1.1\r\n", 400);
    assert_refused("FOO / HTTP/1.1\r\n", 405);
    assert_refused("get / HTTP/1.1\r\n", 405);
    assert_refused("GETS / HTTP/1.1\r\n", 405);
    assert_refused("G@T / HTTP/1.1\r\n", 400);
    assert_refused("\x16\x03\x01 hello\r\n", 400);
}

static void request_line_is_judged_before_its_headers_came(void **state)
{
    (void)state;
    assert_refused("GET / HTTP/3.0\r\nHos", 505);
    struct parsed p = parse("GET / HTTP/3.0\r");
    assert_int_equal(p.taken, 0);
    done(&p);
}

static void smuggling_is_refused(void **state)
{
    (void)state;
#define POST "POST / HTTP/1.1\r\n" HOST
    assert_refused(POST "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n"
                        "\r\n0\r\n\r\n",
                   400);
    assert_refused(POST "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n"
                        "\r\n0\r\n\r\n",
                   400);
    assert_refused(POST "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
                   400);
    assert_refused(POST "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
                   400);
    assert_refused(POST "Content-Length: 3, 3\r\n\r\nabc", 400);
    assert_refused(POST "Content-Length: +3\r\n\r\nabc", 400);
    assert_refused(POST "Content-Length: -3\r\n\r\nabc", 400);
    assert_refused(POST "Content-Length: 0x3\r\n\r\nabc", 400);
    assert_refused(POST "Content-Length: 3 3\r\n\r\nabc", 400);
    assert_refused(POST "Content-Length:\r\n\r\nabc", 400);
    assert_refused(POST "Content-Length: 99999999999999999999\r\n\r\n", 400);
    assert_refused(POST "Content-Length : 3\r\n\r\nabc", 400);
    assert_refused(POST "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n", 400);
    assert_refused(POST "Transfer-Encoding: chunked\r\n"
                        "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                   400);
    assert_refused(POST "Transfer-Encoding: gzip, chunked\r\n\r\n", 501);
    assert_refused(POST "Transfer-Encoding: xchunked\r\n\r\n", 501);
    assert_refused(POST "Transfer-Encoding: identity\r\n\r\n", 501);
    assert_refused(POST "Transfer-Encoding:\r\n\r\n", 501);
    assert_refused("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
                   400);
    assert_refused(POST "Content-Length: 3\r\n 4\r\n\r\nabc", 400);
    assert_refused(POST "X: a\r\n\tb\r\n\r\n", 400);
    assert_refused(POST "X: a\rb\r\n\r\n", 400);
    assert_refused(POST "X: a\n\r\n", 400);
    assert_refused("GET / HTTP/1.1\n", 400);
    assert_refused("\nGET / HTTP/1.1\r\n", 400);
    assert_refused(POST "X: \x01\r\n\r\n", 400);
    assert_refused(POST ": a\r\n\r\n", 400);
    assert_refused(POST "a\r\n\r\n", 400);
    assert_refused(POST "a b: c\r\n\r\n", 400);
#undef POST
    struct parsed p = parse_bytes("GET /\0 HTTP/1.1\r\n", 17);
    assert_int_equal(p.request.status, 400);
    done(&p);
    p = parse_bytes("GET / HTTP/1.1\r\nX: \0\r\n", 22);
    assert_int_equal(p.request.status, 400);
    done(&p);
}

static void one_host_is_wanted(void **state)
{
    (void)state;
    assert_refused("GET / HTTP/1.1\r\n\r\n", 400);
    assert_refused("GET / HTTP/1.1\r\n" HOST HOST "\r\n", 400);
    assert_refused("GET / HTTP/1.0\r\n" HOST HOST "\r\n", 400);
}

static void wrong_chunks_are_refused(void **state)
{
    (void)state;
#define CHUNKED "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"
    assert_refused(CHUNKED "\r\n", 400);
    assert_refused(CHUNKED "x\r\n", 400);
    assert_refused(CHUNKED " 1\r\na\r\n", 400);
    assert_refused(CHUNKED "-1\r\na\r\n", 400);
    assert_refused(CHUNKED "0x1\r\na\r\n", 400);
    assert_refused(CHUNKED "1\na\r\n", 400);
    assert_refused(CHUNKED "1;\r\r\na\r\n", 400);
    assert_refused(CHUNKED "1;\x01\r\na\r\n", 400);
    assert_refused(CHUNKED "1\r\nab\r\n", 400);
    assert_refused(CHUNKED "1\r\na\n\r", 400);
    assert_refused(CHUNKED "10000000000000000\r\n", 400);
    assert_refused(CHUNKED "0\r\nnoheader\r\n\r\n", 400);
    assert_refused(CHUNKED "0\r\n folded: 1\r\n\r\n", 400);
    assert_refused(CHUNKED "0\r\na: \x01\r\n\r\n", 400);
    assert_refused(CHUNKED "3e9\r\n", 413);
#undef CHUNKED
}

/* --- Bounds --------------------------------------------------------------- */

/* A request whose head is exactly `len` bytes long, by one long header. */
static char *head_of(size_t len, const char *first)
{
    char *text = mem_calloc(1, len + 1);
    assert_non_null(text);
    int at = snprintf(text, len + 1, "%s" HOST "X: ", first);
    memset(text + at, 'x', len - (size_t)at - 4);
    memcpy(text + len - 4, "\r\n\r\n", 4);
    return text;
}

static void inv2_head_is_bounded(void **state)
{
    (void)state;
    char *text = head_of(HTTP_HEAD_LIMIT, "GET / HTTP/1.1\r\n");
    struct parsed p = parse(text);
    assert_int_equal(p.taken, HTTP_HEAD_LIMIT);
    done(&p);
    p = parse_bytes(text, HTTP_HEAD_LIMIT - 1);
    assert_int_equal(p.taken, 0);
    done(&p);
    mem_free(text);
    text = head_of(HTTP_HEAD_LIMIT + 1, "GET / HTTP/1.1\r\n");
    assert_refused(text, 431);
    mem_free(text);
}

static void inv2_request_line_is_bounded(void **state)
{
    (void)state;
    static char text[HTTP_HEAD_LIMIT + 1];
    memset(text, 'x', HTTP_HEAD_LIMIT);
    memcpy(text, "GET /", 5);
    struct parsed p = parse_bytes(text, HTTP_HEAD_LIMIT - 1);
    assert_int_equal(p.taken, 0);
    done(&p);
    assert_refused(text, 414);
    // Wrong as well as too long: the line is judged when it ends.
    memcpy(text + HTTP_HEAD_LIMIT - 2, "\r\n", 2);
    assert_refused(text, 505);
}

static void inv2_headers_are_counted(void **state)
{
    (void)state;
    static char text[4096];
    for (size_t extra = 0; extra < 2; extra++) {
        size_t at =
            (size_t)snprintf(text, sizeof(text), "GET / HTTP/1.1\r\n" HOST);
        for (size_t i = 1; i < HTTP_HEADERS_LIMIT + extra; i++) {
            at += (size_t)snprintf(text + at, sizeof(text) - at, "a: b\r\n");
        }
        snprintf(text + at, sizeof(text) - at, "\r\n");
        if (extra > 0) {
            assert_refused(text, 431);
            continue;
        }
        struct parsed p = parse(text);
        assert_int_equal(p.taken, at + 2);
        assert_int_equal(p.request.headers_count, HTTP_HEADERS_LIMIT);
        done(&p);
    }
}

static void inv2_body_is_bounded(void **state)
{
    (void)state;
    static char text[4 * BODY_MAX];
    snprintf(text, sizeof(text),
             "POST / HTTP/1.1\r\n" HOST "Content-Length: %d\r\n\r\n%0*d",
             BODY_MAX, BODY_MAX, 0);
    struct parsed p = parse(text);
    assert_int_equal(p.request.body.len, BODY_MAX);
    assert_int_equal(p.taken, strlen(text));
    done(&p);
    snprintf(text, sizeof(text),
             "POST / HTTP/1.1\r\n" HOST "Content-Length: %d\r\n\r\n",
             BODY_MAX + 1);
    assert_refused(text, 413);
    snprintf(text, sizeof(text),
             "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"
             "%x\r\n%0*d\r\n1\r\n",
             BODY_MAX, BODY_MAX, 0);
    assert_refused(text, 413);
    text[strlen(text) - 3] = '0';
    text[strlen(text)] = '\0';
    memcpy(text + strlen(text), "\r\n", 3);
    p = parse(text);
    assert_int_equal(p.request.body.len, BODY_MAX);
    done(&p);
}

/* Chunks of one byte with long extensions: the bytes around the body are
 * bounded too. */
static void inv3_chunk_overhead_is_bounded(void **state)
{
    (void)state;
    struct buffer text = buffer_empty(1u << 20);
    buffer_put_text(&text, "POST / HTTP/1.1\r\n" HOST
                           "Transfer-Encoding: chunked\r\n\r\n");
    char chunk[1200];
    snprintf(chunk, sizeof(chunk), "1;%01000d\r\na\r\n", 0);
    struct parsed p = {.taken = 0};
    while (p.taken == 0) {
        buffer_put_text(&text, chunk);
        assert_in_range(text.len, 1, HTTP_BYTES_LIMIT(BODY_MAX));
        p = parse_bytes(text.data, text.len);
        done(&p);
    }
    assert_int_equal(p.taken, ERR_PROTOCOL);
    assert_int_equal(p.request.status, 413);
    buffer_deinit(&text);
}

static void inv3_chunk_line_is_bounded(void **state)
{
    (void)state;
    struct buffer text = buffer_empty(1u << 20);
    buffer_put_text(&text, "POST / HTTP/1.1\r\n" HOST
                           "Transfer-Encoding: chunked\r\n\r\n1;");
    struct parsed p = {.taken = 0};
    while (p.taken == 0) {
        buffer_put_byte(&text, 'x');
        assert_in_range(text.len, 1, HTTP_BYTES_LIMIT(BODY_MAX));
        p = parse_bytes(text.data, text.len);
        done(&p);
    }
    assert_int_equal(p.request.status, 400);
    buffer_deinit(&text);
}

/* --- Cut anywhere --------------------------------------------------------- */

static const char *const samples[] = {
    "GET / HTTP/1.1\r\n" HOST "\r\n",
    "\r\nGET /a?b=c HTTP/1.0\r\nX: y\r\n\r\nrest",
    "POST /x HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhelloGET /",
    "POST /x HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"
    "5\r\nhello\r\n1;a=b\r\n,\r\nA\r\n world and\r\n0\r\nX-Sum: 1\r\n\r\nGET",
    "GET / HTTP/1.1\r\nA B: c\r\nContent-Length: x\r\n\r\n",
    "GET /\r\n\r\n",
    "OPTIONS * HT\r\nTP/1.1\r\n" HOST "\r\n",
    "FOO / HTTP/2.0\r\nbad\nlines\r\n\r\n",
    "GET / HTTP/1.1\r\nbad\nlines\r\n folded\r\n\r\n",
    "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n",
};

static void inv1_cut_anywhere_is_the_same(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        size_t len = strlen(samples[i]);
        struct parsed whole = parse_bytes(samples[i], len);
        assert_true(whole.taken != 0);
        for (size_t cut = 0; cut < len; cut++) {
            struct parsed part = parse_bytes(samples[i], cut);
            bool is_same = part.taken == whole.taken &&
                           part.request.status == whole.request.status &&
                           part.request.error == whole.request.error;
            if (part.taken != 0 && !is_same) {
                fail_msg("sample %zu cut at %zu: %td, not %td", i, cut,
                         part.taken, whole.taken);
            }
            assert_true(part.taken != 0 || whole.taken < 0 ||
                        cut < (size_t)whole.taken);
            done(&part);
        }
        done(&whole);
    }
}

/* A parse that asks for more leaves the bytes alone, so that it can be begun
 * again; so does one that refuses. */
static void inv1_bytes_change_only_when_all_are_there(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        size_t len = strlen(samples[i]);
        for (size_t cut = 0; cut <= len; cut++) {
            struct parsed part = parse_bytes(samples[i], cut);
            if (part.taken <= 0) {
                assert_memory_equal(part.bytes, samples[i], cut);
            }
            done(&part);
        }
    }
}

/* --- The query and the reply ---------------------------------------------- */

static void query_values_are_decoded(void **state)
{
    (void)state;
    enum { NUL_CASE };
    const struct {
        const char *query;
        const char *value; // NULL: absent
    } cases[] = {
        [NUL_CASE] = {"symbol=%00x", "\0x"},
        {"symbol=IBM", "IBM"},
        {"a=b&symbol=BRK%2eB&c", "BRK.B"},
        {"symbol=a+b%20c", "a b c"},
        {"symbol=%zz%4", "%zz%4"},
        {"symbol=%4", "%4"},
        {"symbol=%", "%"},
        {"symbol=a=b", "a=b"},
        {"symbol=", ""},
        {"symbol", ""},
        {"symbol=1&symbol=2", "1"},
        {"symbols=1&xsymbol=2&Symbol=3", NULL},
        {"", NULL},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buffer out = buffer_empty(100);
        bool found = http_query_value(span_of(cases[i].query), "symbol", &out);
        assert_int_equal(found, cases[i].value != NULL);
        if (found) {
            const char *value = cases[i].value;
            // The one value with a NUL in it has two bytes.
            size_t len = i == NUL_CASE ? 2 : strlen(value);
            assert_int_equal(out.len, len);
            assert_memory_equal(out.len > 0 ? out.data : "", value, len);
        }
        buffer_deinit(&out);
    }
    struct buffer out = buffer_empty(1);
    assert_false(http_query_value((struct span){NULL, 0}, "a", &out));
    assert_true(http_query_value(span_of("a=12"), "a", &out));
    assert_true(out.failed);
    buffer_deinit(&out);
}

static void heads_are_composed(void **state)
{
    (void)state;
    struct buffer out = buffer_empty(1000);
    http_put_head(&out, 200, "text/plain", 12, true, "");
    http_put_head(&out, 404, "application/json", 0, false, "X: y\r\n");
    assert_span(buffer_span(&out),
                "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
                "Content-Length: 12\r\n\r\n"
                "HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\n"
                "Content-Length: 0\r\nConnection: close\r\nX: y\r\n\r\n");
    buffer_deinit(&out);
    assert_string_equal(http_reason(431), "Request Header Fields Too Large");
    assert_string_equal(http_reason(299), "Status");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(get_is_taken_apart),
    cmocka_unit_test(empty_lines_before_a_request_are_passed_over),
    cmocka_unit_test(absolute_form_gives_the_same_path),
    cmocka_unit_test(keep_alive_is_by_version_and_header),
    cmocka_unit_test(upgrade_and_connect_do_not_swallow_what_follows),
    cmocka_unit_test(length_says_where_the_body_ends),
    cmocka_unit_test(chunks_are_put_together),
    cmocka_unit_test(wrong_request_lines_are_refused),
    cmocka_unit_test(request_line_is_judged_before_its_headers_came),
    cmocka_unit_test(smuggling_is_refused),
    cmocka_unit_test(one_host_is_wanted),
    cmocka_unit_test(wrong_chunks_are_refused),
    cmocka_unit_test(inv2_head_is_bounded),
    cmocka_unit_test(inv2_request_line_is_bounded),
    cmocka_unit_test(inv2_headers_are_counted),
    cmocka_unit_test(inv2_body_is_bounded),
    cmocka_unit_test(inv3_chunk_overhead_is_bounded),
    cmocka_unit_test(inv3_chunk_line_is_bounded),
    cmocka_unit_test(inv1_cut_anywhere_is_the_same),
    cmocka_unit_test(inv1_bytes_change_only_when_all_are_there),
    cmocka_unit_test(query_values_are_decoded),
    cmocka_unit_test(heads_are_composed),
};

TEST_MAIN(tests)
