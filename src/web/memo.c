/* SPDX-License-Identifier: Apache-2.0 */
#include "web/memo.h"

#include <string.h>

#include "base/check.h"
#include "base/hash.h"
#include "base/mem.h"
#include "proto/http.h"
#include "quote/symbol.h"
#include "serve/complaint.h"

#define METHOD     "GET "
#define METHOD_LEN (sizeof(METHOD) - 1)

/* What stands before the text. */
#define FRONT     METHOD "/v1/quotes/"
#define FRONT_LEN (sizeof(FRONT) - 1)

#define EMPTY_LINE     "\r\n\r\n"
#define EMPTY_LINE_LEN (sizeof(EMPTY_LINE) - 1)

/* Whether a character stands for itself in a target, and ends nothing there. */
static bool is_plain(char c)
{
    unsigned char letter = (unsigned char)c | 0x20; // of either case
    return (letter >= 'a' && letter <= 'z') ||
           (c >= '-' && c <= '9' && c != '/') || c == '_';
}

/* What bytes begin to ask for, and what is behind it, which begins with another
 * character; false where they are no such request. */
static bool split(struct span bytes, struct span *text, struct span *rest)
{
    if (bytes.len < FRONT_LEN || memcmp(bytes.data, FRONT, FRONT_LEN) != 0) {
        return false;
    }
    const char *from = bytes.data + FRONT_LEN;
    size_t left = bytes.len - FRONT_LEN;
    size_t len = 0;
    while (len < left && is_plain(from[len])) {
        len++;
    }
    *text = (struct span){from, len};
    *rest = (struct span){from + len, left - len};
    return len > 0 && len <= SYMBOL_LEN_LIMIT && rest->len > 0;
}

/* What is behind the text up to the end of the request's empty line; empty
 * where that is not among the first MEMO_BYTES_LIMIT. */
static struct span tail_of(struct span rest)
{
    size_t len = rest.len < MEMO_BYTES_LIMIT ? rest.len : MEMO_BYTES_LIMIT;
    size_t at = EMPTY_LINE_LEN - 1; // where it may end
    // From line to line, for memmem() looks at every byte by itself.
    while (at < len) {
        const char *end = memchr(rest.data + at, '\n', len - at);
        if (end == NULL) {
            break;
        }
        at = (size_t)(end - rest.data) + 1;
        if (memcmp(end + 1 - EMPTY_LINE_LEN, EMPTY_LINE, EMPTY_LINE_LEN) == 0) {
            return (struct span){rest.data, at};
        }
    }
    return (struct span){rest.data, 0};
}

static uint32_t place_of(struct span tail)
{
    return (uint32_t)(hash_bytes(tail.data, tail.len) % MEMO_PLACES);
}

/* Whether what is behind a text begins with a memo's.  As this ends with an
 * empty line, the only one in it, so does the request at the front. */
static bool is_of(const struct memo *memo, struct span rest)
{
    return memo != NULL && memo->len <= rest.len &&
           memcmp(memo->bytes, rest.data, memo->len) == 0;
}

/* The memo of what is behind a text, or NULL. */
static const struct memo *look(const struct memos *memos, struct span rest,
                               uint32_t *last)
{
    CHECK(*last < MEMO_PLACES);
    if (is_of(memos->places[*last], rest)) {
        return memos->places[*last];
    }
    struct span tail = tail_of(rest);
    uint32_t place = place_of(tail);
    if (tail.len == 0 || !is_of(memos->places[place], rest)) {
        return NULL;
    }
    *last = place;
    return memos->places[place];
}

bool memo_find(const struct memos *memos, struct span bytes, uint32_t *last,
               struct memo_found *found)
{
    struct span rest;
    if (!split(bytes, &found->text, &rest)) {
        return false;
    }
    found->memo = look(memos, rest, last);
    if (found->memo == NULL) {
        return false;
    }
    size_t front = (size_t)(rest.data - bytes.data);
    found->target = (struct span){bytes.data + METHOD_LEN,
                                  front - METHOD_LEN + found->memo->query_len};
    found->len = front + found->memo->len;
    return true;
}

void memo_keep(struct memos *memos, struct span request,
               const struct web_call *call)
{
    struct span text;
    struct span rest;
    if (!split(request, &text, &rest)) {
        return; // "GET http://host/v1/quotes/IBM", or empty lines before it
    }
    struct span tail = tail_of(rest);
    bool is_text_whole = rest.data[0] == ' ' || rest.data[0] == '?';
    if (!is_text_whole || tail.len == 0 || tail.len != rest.len) {
        return; // "EUR/USD", "%49BM"; or it is too long
    }
    struct memo **place = &memos->places[place_of(tail)];
    if (*place == NULL) {
        *place = mem_calloc(1, sizeof(**place));
    }
    struct memo *memo = *place;
    if (memo == NULL) {
        return;
    }
    size_t target_len = (size_t)(rest.data - request.data) - METHOD_LEN;
    CHECK(call->target.data == request.data + METHOD_LEN &&
          call->target.len >= target_len &&
          call->target.len - target_len < tail.len);
    memo->call = *call;
    // The request's own memory is the next one's: of its headers the name
    // stays, where it gave itself one.
    memo->call.target = (struct span){NULL, 0};
    memo->call.http = NULL;
    if (call->http != NULL) {
        (void)complaint_take_name(&memo->call.name,
                                  http_find_header(call->http, "traceparent"),
                                  http_find_header(call->http, "X-Request-Id"));
    }
    memo->query_len = call->target.len - target_len;
    memo->len = tail.len;
    memcpy(memo->bytes, tail.data, tail.len);
}

void memo_forget_all(struct memos *memos)
{
    for (size_t i = 0; i < MEMO_PLACES; i++) {
        mem_free(memos->places[i]);
        memos->places[i] = NULL;
    }
}
