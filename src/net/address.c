/* SPDX-License-Identifier: Apache-2.0 */
#include "net/address.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "base/span.h"

static int parse_unix(struct address *out, const char *path)
{
    struct sockaddr_un *un = (struct sockaddr_un *)&out->storage;
    size_t len = strlen(path);
    if (path[0] != '/' || len >= sizeof(un->sun_path)) {
        return ERR_SYNTAX;
    }
    un->sun_family = AF_UNIX;
    memcpy(un->sun_path, path, len + 1);
    out->len = sizeof(*un);
    return 0;
}

/* Look a host up; "*" is every address.  In brackets only a number will do. */
static int look_up(struct address *out, const char *host, const char *port,
                   bool is_bracketed)
{
    struct addrinfo hints = {
        .ai_family = AF_UNSPEC,
        .ai_socktype = SOCK_STREAM,
        .ai_flags = AI_PASSIVE | AI_NUMERICSERV,
    };
    hints.ai_flags |= is_bracketed ? AI_NUMERICHOST : 0;
    struct addrinfo *found = NULL;
    bool is_any = strcmp(host, "*") == 0;
    if (is_any) {
        hints.ai_family = AF_INET6; // takes IPv4 too
    }
    if (getaddrinfo(is_any ? NULL : host, port, &hints, &found) != 0) {
        return is_bracketed ? ERR_SYNTAX : ERR_ABSENT;
    }
    CHECK(found->ai_addrlen <= sizeof(out->storage));
    memcpy(&out->storage, found->ai_addr, found->ai_addrlen);
    out->len = found->ai_addrlen;
    freeaddrinfo(found);
    out->is_any = is_any;
    return 0;
}

int address_parse(struct address *out, const char *text)
{
    memset(out, 0, sizeof(*out));
    if (strncmp(text, "unix:", 5) == 0) {
        return parse_unix(out, text + 5);
    }
    const char *colon = strrchr(text, ':');
    if (colon == NULL) {
        return ERR_SYNTAX;
    }
    uint64_t port;
    if (span_to_u64(span_of(colon + 1), &port) != 0 || port > 65535) {
        return ERR_SYNTAX;
    }
    struct span host = {text, (size_t)(colon - text)};
    bool is_bracketed =
        host.len >= 2 && host.data[0] == '[' && host.data[host.len - 1] == ']';
    if (is_bracketed) {
        host = (struct span){host.data + 1, host.len - 2};
    }
    bool has_colon = host.len > 0 && memchr(host.data, ':', host.len) != NULL;
    if (host.len == 0 || has_colon != is_bracketed) {
        return ERR_SYNTAX; // "::1:7400" could be either
    }
    char name[256];
    if (host.len >= sizeof(name)) {
        return ERR_SYNTAX;
    }
    snprintf(name, sizeof(name), "%.*s", SPAN_ARGS(host));
    return look_up(out, name, colon + 1, is_bracketed);
}

bool address_narrow(struct address *address)
{
    if (!address->is_any || address->storage.ss_family != AF_INET6) {
        return false;
    }
    struct sockaddr_in in = {
        .sin_family = AF_INET,
        .sin_port = ((struct sockaddr_in6 *)&address->storage)->sin6_port,
        .sin_addr.s_addr = htonl(INADDR_ANY),
    };
    memset(&address->storage, 0, sizeof(address->storage));
    memcpy(&address->storage, &in, sizeof(in));
    address->len = sizeof(in);
    return true;
}

bool address_is_narrow(const struct address *address)
{
    return address->is_any && address->storage.ss_family == AF_INET;
}

void address_print(char out[ADDRESS_TEXT_SIZE], const struct address *address)
{
    char host[INET6_ADDRSTRLEN] = "?";
    const struct sockaddr *any = (const struct sockaddr *)&address->storage;
    if (any->sa_family == AF_UNIX) {
        const struct sockaddr_un *un = (const struct sockaddr_un *)any;
        snprintf(out, ADDRESS_TEXT_SIZE, "unix:%s", un->sun_path);
    } else if (any->sa_family == AF_INET6) {
        const struct sockaddr_in6 *in = (const struct sockaddr_in6 *)any;
        if (IN6_IS_ADDR_V4MAPPED(&in->sin6_addr)) {
            inet_ntop(AF_INET, in->sin6_addr.s6_addr + 12, host, sizeof(host));
            snprintf(out, ADDRESS_TEXT_SIZE, "%s:%u", host,
                     ntohs(in->sin6_port));
            return;
        }
        inet_ntop(AF_INET6, &in->sin6_addr, host, sizeof(host));
        snprintf(out, ADDRESS_TEXT_SIZE, "[%s]:%u", host, ntohs(in->sin6_port));
    } else {
        const struct sockaddr_in *in = (const struct sockaddr_in *)any;
        inet_ntop(AF_INET, &in->sin_addr, host, sizeof(host));
        snprintf(out, ADDRESS_TEXT_SIZE, "%s:%u", host, ntohs(in->sin_port));
    }
}
