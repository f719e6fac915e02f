/* SPDX-License-Identifier: Apache-2.0 */
#include "web/page.h"

#include <string.h>

#include "base/buffer.h"
#include "base/check.h"
#include "base/embed.h"
#include "proto/http.h"
#include "web/price.h"
#include "web/reply.h"
#include "web/web.h"

extern const struct embed_file embed_page[];

struct page {
    const char *path;
    const char *name; // of the file
    const char *type;
};

static const struct page pages[] = {
    {"/", "index.html", "text/html; charset=utf-8"},
    {"/page.css", "page.css", "text/css; charset=utf-8"},
    {"/page.js", "page.js", "text/javascript; charset=utf-8"},
    {"/icon.svg", "icon.svg", "image/svg+xml"},
    {"/openapi.json", "openapi.json", "application/json"},
};

#define PAGES_COUNT (sizeof(pages) / sizeof(pages[0]))

static struct span text_of(const char *name)
{
    const struct embed_file *file = embed_page;
    while (file->name != NULL && strcmp(file->name, name) != 0) {
        file++;
    }
    CHECK(file->name != NULL);
    return (struct span){file->data, file->len};
}

/* The page loads nothing from elsewhere, runs nothing that is not in its file,
 * and is shown in nobody's frame. */
#define GUARDS                                                                \
    "Content-Security-Policy: default-src 'none'; script-src 'self'; "        \
    "style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; " \
    "form-action 'none'; frame-ancestors 'none'\r\n"                          \
    "X-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\n"

static const struct page *page_of(struct span path)
{
    const struct page *found = NULL;
    for (size_t i = 0; i < PAGES_COUNT && found == NULL; i++) {
        found = span_equal(path, span_of(pages[i].path)) ? &pages[i] : NULL;
    }
    CHECK(found != NULL);
    return found;
}

void page_show(struct web_request *request)
{
    const struct page *page = page_of(request->http->path);
    struct span text = text_of(page->name);
    struct buffer *out = request->out;
    char tag[SHELF_TAG_SIZE];
    shelf_print_tag(tag, text);
    struct span known = request->call.if_none_match;
    bool is_same = known.data != NULL && price_has_tag(known, tag);
    reply_begin(request->web, &request->call, is_same ? 304 : 200, out);
    REPLY_PUT(out, "ETag: ");
    buffer_put_text(out, tag);
    REPLY_PUT(out, "\r\nCache-Control: no-cache\r\n" GUARDS);
    if (is_same) {
        reply_end_empty(out);
    } else {
        reply_end(&request->call, page->type, text, out);
    }
}
