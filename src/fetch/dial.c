/* SPDX-License-Identifier: Apache-2.0 */
#include "fetch/dial.h"

#include "base/buffer.h"
#include "base/err.h"
#include "desk/terms.h"
#include "fetch/caller.h"
#include "press/press.h"
#include "provider/query.h"

/* Room for a full batch: 256 symbols of 64 bytes, each percent-encoded. */
#define URL_LIMIT     (PROVIDER_SYMBOLS_LIMIT * 64 * 3 + 4096)
#define HEADERS_LIMIT 8192

static void wipe(struct buffer *buffer)
{
    if (buffer->data != NULL) {
        explicit_bzero(buffer->data, buffer->len); // it may hold the key
    }
    buffer_deinit(buffer);
}

int dial_start(struct caller *caller, const struct desk_provider *provider,
               const struct query *query, void *tag)
{
    struct buffer url = buffer_empty(URL_LIMIT);
    struct buffer headers = buffer_empty(HEADERS_LIMIT);
    query_compose_url(query, provider->origin, &url);
    buffer_put_byte(&url, '\0');
    query_compose_headers(query, &headers);
    int err = ERR_NOMEM;
    if (!url.failed && !headers.failed) {
        err = caller_start(caller, url.data, buffer_span(&headers),
                           provider->timeout_ms, tag);
    }
    wipe(&url);
    wipe(&headers);
    return err;
}

int dial_press(struct press *press, const struct desk_provider *provider,
               const struct query *query, void *tag)
{
    struct buffer url = buffer_empty(URL_LIMIT);
    query_compose_url(query, provider->origin, &url);
    buffer_put_byte(&url, '\0');
    int err = url.failed ? ERR_NOMEM : press_ask(press, url.data, query, tag);
    buffer_deinit(&url);
    return err;
}
