/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/detect.h"

#include "base/check.h"

/* Tell from what stands behind a word of capitals and a space. */
static enum protocol by_argument(struct span word, struct span rest)
{
    static const char scheme[] = "http";
    if (rest.len == 0) {
        return PROTOCOL_UNKNOWN;
    }
    if (rest.data[0] == '/') {
        return PROTOCOL_HTTP;
    }
    if (rest.data[0] == '*' && span_equal(word, span_of("OPTIONS"))) {
        return PROTOCOL_HTTP;
    }
    size_t len = rest.len < 4 ? rest.len : 4;
    if (memcmp(rest.data, scheme, len) != 0) {
        return PROTOCOL_RESP;
    }
    return len == 4 ? PROTOCOL_HTTP : PROTOCOL_UNKNOWN;
}

static enum protocol by_word(struct span bytes)
{
    size_t len = 0;
    while (len < bytes.len &&
           ((bytes.data[len] >= 'A' && bytes.data[len] <= 'Z') ||
            (bytes.data[len] == '-' && len > 0))) {
        len++;
    }
    if (len == bytes.len) {
        return PROTOCOL_UNKNOWN;
    }
    if (len == 0 || bytes.data[len] != ' ') {
        return PROTOCOL_RESP;
    }
    struct span word = {bytes.data, len};
    struct span rest = {bytes.data + len + 1, bytes.len - len - 1};
    return by_argument(word, rest);
}

enum protocol detect_protocol(struct span first_bytes)
{
    if (first_bytes.len == 0) {
        return PROTOCOL_UNKNOWN;
    }
    if (first_bytes.data[0] == '\0') {
        return PROTOCOL_RPYC;
    }
    bool is_last_word = first_bytes.len >= DETECT_BYTES_LIMIT;
    if (is_last_word) {
        first_bytes.len = DETECT_BYTES_LIMIT; // more bytes change nothing
    }
    enum protocol protocol = by_word(first_bytes);
    CHECK(protocol != PROTOCOL_RPYC);
    // No method is so long that its target has not begun by now.
    return protocol == PROTOCOL_UNKNOWN && is_last_word ? PROTOCOL_RESP
                                                        : protocol;
}

const char *detect_word(enum protocol protocol)
{
    switch (protocol) {
    case PROTOCOL_COUNT:
    case PROTOCOL_UNKNOWN:
        return "unknown";
    case PROTOCOL_RESP:
        return "resp";
    case PROTOCOL_HTTP:
        return "http";
    case PROTOCOL_RPYC:
        return "rpyc";
    }
    CHECK(protocol <= PROTOCOL_RPYC);
    return "";
}
