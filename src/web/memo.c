/* SPDX-License-Identifier: Apache-2.0 */
#include "web/memo.h"

#include <string.h>

#include "base/check.h"
#include "base/hash.h"
#include "base/mem.h"
#include "proto/http.h"
#include "serve/complaint.h"

/* The bytes of a request up to the end of its empty line; empty where that is
 * not among the first MEMO_BYTES_LIMIT. */
static struct span head_of(struct span bytes)
{
    size_t len = bytes.len < MEMO_BYTES_LIMIT ? bytes.len : MEMO_BYTES_LIMIT;
    const char *end = len > 0 ? memmem(bytes.data, len, "\r\n\r\n", 4) : NULL;
    return (struct span){bytes.data,
                         end != NULL ? (size_t)(end - bytes.data) + 4 : 0};
}

static size_t place_of(struct span head)
{
    return hash_bytes(head.data, head.len) % MEMO_PLACES;
}

const struct memo *memo_find(const struct memos *memos, struct span bytes)
{
    struct span head = head_of(bytes);
    if (head.len == 0) {
        return NULL;
    }
    const struct memo *memo = memos->places[place_of(head)];
    bool is_same = memo != NULL && memo->len == head.len &&
                   memcmp(memo->bytes, head.data, head.len) == 0;
    return is_same ? memo : NULL;
}

void memo_keep(struct memos *memos, struct span request,
               const struct symbol *symbol, const struct web_call *call)
{
    struct span head = head_of(request);
    if (head.len == 0 || head.len != request.len) {
        return; // too long; or with empty lines before it
    }
    struct memo **place = &memos->places[place_of(head)];
    if (*place == NULL) {
        *place = mem_calloc(1, sizeof(**place));
    }
    struct memo *memo = *place;
    if (memo == NULL) {
        return;
    }
    CHECK(call->target.data >= request.data &&
          call->target.data + call->target.len <= request.data + request.len);
    memo->symbol = *symbol;
    memo->call = *call;
    // The request's own memory is the next one's: of its headers the name
    // stays, where it gave itself one.
    memo->call.http = NULL;
    if (call->http != NULL) {
        (void)complaint_take_name(&memo->call.name,
                                  http_find_header(call->http, "traceparent"),
                                  http_find_header(call->http, "X-Request-Id"));
    }
    memo->len = head.len;
    memcpy(memo->bytes, head.data, head.len);
    memo->call.target.data = memo->bytes + (call->target.data - request.data);
}

void memo_forget_all(struct memos *memos)
{
    for (size_t i = 0; i < MEMO_PLACES; i++) {
        mem_free(memos->places[i]);
        memos->places[i] = NULL;
    }
}
