/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/endpoint.h"

#include <stdio.h>

#include "base/check.h"
#include "base/err.h"
#include "lib/clean.h"

/* Copy with a 0 behind it; false when it is empty or does not fit. */
static bool copy(char *out, size_t size, struct span text)
{
    if (text.len == 0 || text.len >= size) {
        return false;
    }
    memcpy(out, text.data, text.len);
    out[text.len] = '\0';
    return true;
}

static bool is_port(struct span text)
{
    uint64_t port;
    return span_to_u64(text, &port) == 0 && port > 0 && port <= 65535;
}

/* What a name or an IP address is made of; the look-up decides the rest.  No
 * comma and no slash, so that a wrong list or a URL is seen here. */
static bool is_host(struct span text, bool in_brackets)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        bool is_name = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                       (c >= '0' && c <= '9') || c == '-' || c == '.' ||
                       c == '_';
        bool is_ipv6 = in_brackets && (c == ':' || c == '%');
        if (!is_name && !is_ipv6) {
            return false;
        }
    }
    return text.len > 0;
}

static int parse_unix(struct endpoint *out, struct span text)
{
    bool is_path = text.len > 5 && text.data[5] == '/' && clean_text(text);
    struct span path = {text.data + 5, text.len - 5};
    if (!is_path || !copy(out->path, sizeof(out->path), path)) {
        return ERR_SYNTAX;
    }
    out->is_unix = true;
    return copy(out->text, sizeof(out->text), text) ? 0 : ERR_SYNTAX;
}

/* Split into host and what is behind it: "" or ":port". */
static bool split_host(struct span text, struct span *host, struct span *tail)
{
    bool in_brackets = text.len > 0 && text.data[0] == '[';
    const char *end =
        text.len == 0 ? NULL
                      : memchr(text.data, in_brackets ? ']' : ':', text.len);
    if (in_brackets && end == NULL) {
        return false;
    }
    size_t open = in_brackets ? 1 : 0;
    size_t len = end == NULL ? text.len : (size_t)(end - text.data);
    *host = (struct span){text.data + open, len - open};
    size_t used = len + open; // with the closing bracket
    *tail = (struct span){text.data + used, text.len - used};
    return is_host(*host, in_brackets);
}

int endpoint_parse(struct endpoint *out, struct span text)
{
    *out = (struct endpoint){.is_unix = false};
    text = span_trim(text);
    if (text.len >= 5 && memcmp(text.data, "unix:", 5) == 0) {
        return parse_unix(out, text);
    }
    struct span host;
    struct span tail;
    if (!split_host(text, &host, &tail)) {
        return ERR_SYNTAX;
    }
    struct span port = span_of(ENDPOINT_PORT);
    if (tail.len > 0) {
        port = (struct span){tail.data + 1, tail.len - 1};
        if (tail.data[0] != ':' || !is_port(port)) {
            return ERR_SYNTAX;
        }
    }
    if (!copy(out->host, sizeof(out->host), host) ||
        !copy(out->port, sizeof(out->port), port)) {
        return ERR_SYNTAX; // also a port with leading zeros, "000007400"
    }
    bool is_ipv6 = memchr(host.data, ':', host.len) != NULL;
    int len = snprintf(out->text, sizeof(out->text),
                       is_ipv6 ? "[%s]:%s" : "%s:%s", out->host, out->port);
    CHECK(len > 0 && (size_t)len < sizeof(out->text));
    return 0;
}
