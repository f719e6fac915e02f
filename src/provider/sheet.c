/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/sheet.h"

#include "base/check.h"
#include "base/err.h"
#include "document/document.h"
#include "provider/provider_priv.h"
#include "provider/seat.h"

static const char *fault_of(const struct provider_endpoint *endpoint,
                            const struct document *document, struct span text)
{
    struct document_node root = document_root(document);
    switch (seat_place_of(endpoint, document)) {
    case SEAT_OTHER_SHAPE:
        return root.table != NULL ? "it has no column with prices"
                                  : "it has no list of prices";
    case SEAT_EMPTY:
        return "it has no rows";
    case SEAT_ROWS:
        break;
    }
    CHECK(text.len > 0);
    return root.table != NULL && text.data[text.len - 1] != '\n'
               ? "its last line has no end, as if it were still being written"
               : NULL;
}

const char *sheet_fault(const struct provider *provider, struct span text)
{
    CHECK(provider_is_file(provider));
    const struct provider_endpoint *endpoint =
        &provider->endpoints[provider->used[0]];
    if (span_trim(text).len == 0) {
        return "it is empty";
    }
    struct document *document;
    int err = endpoint->is_csv ? document_parse_csv(&document, text)
                               : document_parse(&document, text);
    switch (err) {
    case 0:
        break;
    case ERR_FULL:
        return "it has too many rows";
    case ERR_NOMEM:
        return err_sentence(err);
    default:
        return endpoint->is_csv ? "it is neither CSV nor JSON"
                                : "it is no JSON";
    }
    const char *fault = fault_of(endpoint, document, text);
    document_destroy(&document);
    return fault;
}
