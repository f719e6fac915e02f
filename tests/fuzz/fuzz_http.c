/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_http.c -- no bytes break the HTTP parser, and invariant (1) of http.h:
 * a request that comes in two pieces is the same request, wherever it was cut.
 */
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "fuzz/fuzz.h"
#include "proto/http.h"

#define BODY_MAX 256

/* Above this only the whole input is parsed: cutting is quadratic. */
#define CUT_BYTES_LIMIT 300

/* A block of exactly `len` bytes, so that ASan sees a read past its end. */
static char *copy_of(const uint8_t *data, size_t len)
{
    char *copy = malloc(len > 0 ? len : 1);
    CHECK(copy != NULL);
    if (len > 0) {
        memcpy(copy, data, len);
    }
    return copy;
}

static void check_within(struct span part, const char *bytes, size_t len)
{
    CHECK(part.len == 0 || part.len <= len);
    CHECK(part.len == 0 ||
          (part.data >= bytes && part.data + part.len <= bytes + len) ||
          span_equal(part, span_of("/"))); // the path of "http://host"
}

/* What must be true of every parse, whatever the bytes. */
static void check_parsed(const struct http_request *request, ptrdiff_t taken,
                         const char *bytes, size_t len)
{
    if (taken <= 0) {
        CHECK(taken == 0 || taken == ERR_PROTOCOL);
        CHECK((taken < 0) == (request->status != 0));
        CHECK((request->status != 0) == (request->error != NULL));
        return;
    }
    CHECK((size_t)taken <= len && request->status == 0);
    CHECK(request->body.len <= BODY_MAX);
    CHECK(request->headers_count <= HTTP_HEADERS_LIMIT);
    check_within(request->method, bytes, len);
    check_within(request->target, bytes, len);
    check_within(request->path, bytes, len);
    check_within(request->query, bytes, len);
    check_within(request->body, bytes, len);
    for (size_t i = 0; i < request->headers_count; i++) {
        check_within(request->headers[i].name, bytes, len);
        check_within(request->headers[i].value, bytes, len);
    }
    struct buffer out = buffer_empty(100);
    if (http_query_value(request->query, "symbol", &out)) {
        CHECK(out.failed || out.len <= request->query.len);
    }
    buffer_deinit(&out);
}

static void check_same(const struct http_request *a,
                       const struct http_request *b)
{
    CHECK(a->status == b->status && a->error == b->error);
    if (a->status != 0) {
        return;
    }
    CHECK(span_equal(a->method, b->method));
    CHECK(span_equal(a->target, b->target));
    CHECK(span_equal(a->path, b->path));
    CHECK(span_equal(a->query, b->query));
    CHECK(span_equal(a->body, b->body));
    CHECK(a->keep_alive == b->keep_alive);
    CHECK(a->headers_count == b->headers_count);
    for (size_t i = 0; i < a->headers_count; i++) {
        CHECK(span_equal(a->headers[i].name, b->headers[i].name));
        CHECK(span_equal(a->headers[i].value, b->headers[i].value));
    }
}

/* The first `cut` bytes either ask for more and are left as they were, or give
 * what the whole gives. */
static void check_cut(const struct http_request *whole, ptrdiff_t whole_taken,
                      const uint8_t *data, size_t cut)
{
    struct http_request part;
    char *bytes = copy_of(data, cut);
    ptrdiff_t taken = http_parse(&part, bytes, cut, BODY_MAX);
    if (taken == 0) {
        CHECK(cut == 0 || memcmp(bytes, data, cut) == 0);
        CHECK(whole_taken <= 0 || cut < (size_t)whole_taken);
    } else {
        CHECK(taken == whole_taken);
        check_same(&part, whole);
    }
    free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct http_request request;
    char *bytes = copy_of(data, len);
    ptrdiff_t taken = http_parse(&request, bytes, len, BODY_MAX);
    check_parsed(&request, taken, bytes, len);
    for (size_t cut = 0; len <= CUT_BYTES_LIMIT && cut < len; cut++) {
        check_cut(&request, taken, data, cut);
    }
    free(bytes);
    return 0;
}
