/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/detect.h"

#include "base/check.h"

/* HTTP where a text begins with `front`, RESP where it can't any more. */
static enum protocol by_front(struct span text, struct span front)
{
    size_t len = text.len < front.len ? text.len : front.len;
    if (memcmp(text.data, front.data, len) != 0) {
        return PROTOCOL_RESP;
    }
    return len == front.len ? PROTOCOL_HTTP : PROTOCOL_UNKNOWN;
}

/* What is behind empty lines: some clients send one before a request (RFC 9112,
 * 2.2), and in RESP they say nothing. */
static struct span skip_empty_lines(struct span bytes)
{
    while (bytes.len > 0 && bytes.data[0] == '\r') {
        if (bytes.len == 1) {
            return (struct span){bytes.data, 0}; // the LF may follow
        }
        if (bytes.data[1] != '\n') {
            break;
        }
        bytes = (struct span){bytes.data + 2, bytes.len - 2};
    }
    return bytes;
}

/* Tell from what stands behind a word of capitals and a space. */
static enum protocol by_argument(struct span word, struct span rest)
{
    if (rest.len == 0) {
        return PROTOCOL_UNKNOWN;
    }
    if (rest.data[0] == '/') {
        return PROTOCOL_HTTP;
    }
    if (span_equal(word, span_of("CONNECT"))) {
        return PROTOCOL_HTTP; // RESP has no such command
    }
    if (rest.data[0] == '*') {
        return span_equal(word, span_of("OPTIONS"))
                   ? PROTOCOL_HTTP
                   : by_front(rest, span_of("* HTTP/"));
    }
    return by_front(rest, span_of("http"));
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
    enum protocol protocol = by_word(skip_empty_lines(first_bytes));
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
