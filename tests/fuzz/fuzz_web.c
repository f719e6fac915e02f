/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_web.c -- what the HTTP room reads of a request, whatever the bytes: its
 * path, its parameters, its headers; an event's id; and that a request which is
 * known by its bytes is known whole or not at all, wherever it was cut.
 */
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/check.h"
#include "fuzz/fuzz.h"
#include "proto/http.h"
#include "quote/quote.h"
#include "web/accept.h"
#include "web/directive.h"
#include "web/mark.h"
#include "web/memo.h"
#include "web/price.h"
#include "web/site.h"
#include "web/target.h"

#define MARKS_COUNT 3

/* An id that is read and written again is read as the same. */
static void check_id(struct span id)
{
    struct mark marks[MARKS_COUNT];
    if (!mark_read(id, 1, marks, MARKS_COUNT)) {
        return;
    }
    struct buffer again = buffer_empty(512);
    struct mark same[MARKS_COUNT];
    mark_put(&again, 1, marks, MARKS_COUNT);
    CHECK(!again.failed);
    bool is_read = mark_read(buffer_span(&again), 1, same, MARKS_COUNT);
    CHECK(is_read);
    for (size_t i = 0; i < MARKS_COUNT; i++) {
        CHECK(marks[i].is_known == same[i].is_known);
        CHECK(marks[i].fetched_unix_ms == same[i].fetched_unix_ms);
        CHECK(marks[i].as_of_unix_ns == same[i].as_of_unix_ns);
        struct quote quote = {.fetched_unix_ms = marks[i].fetched_unix_ms};
        CHECK(marks[i].is_known != mark_is_before(&marks[i], &quote));
    }
    buffer_deinit(&again);
}

static void check_headers(const struct http_request *request)
{
    static const char *const types[] = {"application/json", "text/csv"};
    int form = accept_choose(http_find_header(request, "Accept"), types, 2);
    CHECK(form >= -1 && form < 2);
    struct directive directive;
    directive_read(&directive, request);
    const struct freshness_rule rule = {.fresh_for_ms = 60000,
                                        .stale_for_ms = 1};
    struct quote quote = {.fetched_mono_ms = UINT64_C(1) << 40};
    uint64_t age_ms = directive_age_ms(&directive, &rule);
    bool is_beyond = directive_is_beyond(&directive, &rule);
    CHECK((directive.is_limiting && !is_beyond) == (age_ms != DIRECTIVE_NONE));
    // What is as young as can be is refused only where it had to be younger.
    bool is_allowed =
        directive_allows(&directive, &quote, &rule, quote.fetched_mono_ms);
    CHECK(is_allowed || is_beyond);
    price_has_tag(http_find_header(request, "If-None-Match"), "\"a\"");
    target_is_host(http_find_header(request, "Host"));
    check_id(http_find_header(request, "Last-Event-ID"));
}

static void check_target(const struct http_request *request)
{
    struct buffer out = buffer_empty(HTTP_HEAD_LIMIT);
    struct span argument;
    const struct site *site = site_find(request->path, &argument);
    CHECK(site != NULL || argument.data == NULL);
    if (argument.data != NULL && target_decode(argument, &out)) {
        CHECK(out.len <= argument.len && !out.failed);
    }
    buffer_clear(&out);
    if (target_words(request->query, "symbols", &out)) {
        struct span value;
        bool is_found = target_find(request->query, "symbols", &value);
        CHECK(is_found && out.len <= request->query.len);
    }
    buffer_deinit(&out);
}

/* A memo is found by the whole request, and by no part of it; it says what the
 * request does. */
static void check_memo(const struct http_request *request, struct span bytes,
                       size_t taken)
{
    struct memos memos = {{NULL}};
    struct memo_found found;
    uint32_t last = 0;
    const struct web_call call = {.target = request->target};
    memo_keep(&memos, (struct span){bytes.data, taken}, &call);
    if (memo_find(&memos, bytes, &last, &found)) {
        struct span argument;
        const struct site *site = site_find(request->path, &argument);
        CHECK(site != NULL && site->run == price_one);
        CHECK(span_equal(argument, found.text));
        CHECK(span_equal(request->target, found.target));
        CHECK(found.len == taken);
        bool is_again = memo_find(&memos, bytes, &last, &found);
        CHECK(is_again); // where it was found last
    }
    for (size_t cut = 0; cut < taken && taken <= MEMO_BYTES_LIMIT; cut++) {
        bool is_found =
            memo_find(&memos, (struct span){bytes.data, cut}, &last, &found);
        CHECK(!is_found);
    }
    memo_forget_all(&memos);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct http_request request;
    char *bytes = malloc(len > 0 ? len : 1);
    CHECK(bytes != NULL);
    if (len > 0) {
        memcpy(bytes, data, len);
    }
    ptrdiff_t taken = http_parse(&request, bytes, len, 0);
    if (taken > 0) {
        check_headers(&request);
        check_target(&request);
        check_memo(&request, (struct span){bytes, len}, (size_t)taken);
    }
    check_id((struct span){bytes, len});
    free(bytes);
    return 0;
}
