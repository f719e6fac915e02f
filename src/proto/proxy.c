/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/proxy.h"

#include <arpa/inet.h>
#include <stdio.h>

#include "base/check.h"
#include "base/err.h"

static const char signature[12] = "\r\n\r\n\0\r\nQUIT\n";

#define V1_BYTES_LIMIT 107
#define V2_HEAD_BYTES  16

/* Whether `bytes`, as far as they go, begin as `start` does. */
static bool begins(struct span bytes, const char *start, size_t len)
{
    size_t compared = bytes.len < len ? bytes.len : len;
    return memcmp(bytes.data, start, compared) == 0;
}

/* Print an address; false where it is none of its family. */
static bool print_source(struct proxy_header *header, int family,
                         const char *host, unsigned port)
{
    unsigned char address[16];
    if (inet_pton(family, host, address) != 1) {
        return false;
    }
    snprintf(header->source, sizeof(header->source),
             family == AF_INET6 ? "[%s]:%u" : "%s:%u", host, port);
    return true;
}

/* "PROXY TCP4 SOURCE DESTINATION SOURCE-PORT DESTINATION-PORT", without its
 * end.
 */
static int parse_v1_line(struct proxy_header *header, struct span line)
{
    struct span words[6];
    size_t count = 0;
    struct span word;
    while (count < 6 && span_split(&line, ' ', &word)) {
        words[count++] = word;
    }
    if (count >= 2 && span_equal(words[1], span_of("UNKNOWN"))) {
        return 0;
    }
    uint64_t port;
    uint64_t to_port;
    if (count != 6 || line.data != NULL || span_to_u64(words[4], &port) != 0 ||
        port > 65535 || span_to_u64(words[5], &to_port) != 0 ||
        to_port > 65535) {
        return ERR_PROTOCOL;
    }
    bool is_v6 = span_equal(words[1], span_of("TCP6"));
    if (!is_v6 && !span_equal(words[1], span_of("TCP4"))) {
        return ERR_PROTOCOL;
    }
    char host[INET6_ADDRSTRLEN];
    if (words[2].len >= sizeof(host)) {
        return ERR_PROTOCOL;
    }
    snprintf(host, sizeof(host), "%.*s", SPAN_ARGS(words[2]));
    return print_source(header, is_v6 ? AF_INET6 : AF_INET, host,
                        (unsigned)port)
               ? 0
               : ERR_PROTOCOL;
}

static ptrdiff_t parse_v1(struct proxy_header *header, struct span bytes)
{
    size_t looked = bytes.len < V1_BYTES_LIMIT ? bytes.len : V1_BYTES_LIMIT;
    const char *lf = memchr(bytes.data, '\n', looked);
    if (lf == NULL) {
        return looked < V1_BYTES_LIMIT ? 0 : ERR_PROTOCOL;
    }
    size_t len = (size_t)(lf - bytes.data);
    if (len == 0 || bytes.data[len - 1] != '\r') {
        return ERR_PROTOCOL;
    }
    int err = parse_v1_line(header, (struct span){bytes.data, len - 1});
    return err != 0 ? err : (ptrdiff_t)len + 1;
}

static unsigned byte_at(struct span bytes, size_t at)
{
    CHECK(at < bytes.len);
    return (unsigned char)bytes.data[at];
}

/* The source of a version 2 header whose addresses begin at V2_HEAD_BYTES. */
static int read_v2_source(struct proxy_header *header, struct span bytes,
                          size_t addresses_len)
{
    unsigned family = byte_at(bytes, 13) >> 4;
    bool is_v6 = family == 2;
    size_t size = is_v6 ? 16 : 4;
    if (family != 1 && !is_v6) {
        return 0; // a Unix socket, or unspecified
    }
    if (addresses_len < 2 * size + 4) {
        return ERR_PROTOCOL;
    }
    size_t port_at = V2_HEAD_BYTES + 2 * size;
    unsigned port = byte_at(bytes, port_at) << 8 | byte_at(bytes, port_at + 1);
    char host[INET6_ADDRSTRLEN];
    const char *printed =
        inet_ntop(is_v6 ? AF_INET6 : AF_INET, bytes.data + V2_HEAD_BYTES, host,
                  sizeof(host));
    CHECK(printed != NULL); // the family is known and the room is enough
    snprintf(header->source, sizeof(header->source),
             is_v6 ? "[%s]:%u" : "%s:%u", host, port);
    return 0;
}

static ptrdiff_t parse_v2(struct proxy_header *header, struct span bytes)
{
    // The first byte that can be wrong is told as soon as it is there.
    if (bytes.len > 12 && byte_at(bytes, 12) != 0x20 &&
        byte_at(bytes, 12) != 0x21) {
        return ERR_PROTOCOL; // neither LOCAL nor PROXY, or another version
    }
    if (bytes.len < V2_HEAD_BYTES) {
        return 0;
    }
    size_t len = (size_t)byte_at(bytes, 14) << 8 | byte_at(bytes, 15);
    if (V2_HEAD_BYTES + len > PROXY_BYTES_LIMIT) {
        return ERR_PROTOCOL;
    }
    if (bytes.len < V2_HEAD_BYTES + len) {
        return 0;
    }
    bool is_local = byte_at(bytes, 12) == 0x20;
    int err = is_local ? 0 : read_v2_source(header, bytes, len);
    return err != 0 ? err : (ptrdiff_t)(V2_HEAD_BYTES + len);
}

ptrdiff_t proxy_parse(struct proxy_header *header, struct span bytes)
{
    header->source[0] = '\0';
    if (bytes.len == 0) {
        return 0;
    }
    if (begins(bytes, signature, sizeof(signature))) {
        return bytes.len < sizeof(signature) ? 0 : parse_v2(header, bytes);
    }
    if (begins(bytes, "PROXY ", 6)) {
        return bytes.len < 6 ? 0 : parse_v1(header, bytes);
    }
    return ERR_PROTOCOL;
}
