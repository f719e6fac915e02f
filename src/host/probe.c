/* SPDX-License-Identifier: Apache-2.0 */
#include "host/probe.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/check.h"
#include "base/err.h"
#include "base/span.h"
#include "conf/conf.h"
#include "net/address.h"

/* A health document is much shorter. */
#define ANSWER_BYTES_LIMIT 65536

/* A connected socket, or -1.  Every address of a machine is, to connect to, its
 * loopback address. */
static int connect_to(const struct address *address)
{
    int fd = socket(address->storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return -1;
    }
    const struct timeval wait = {.tv_sec = PROBE_WAIT_MS / 1000};
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
    const struct sockaddr *to = (const struct sockaddr *)&address->storage;
    if (connect(fd, to, address->len) != 0) {
        int why = errno;
        close(fd);
        errno = why;
        return -1;
    }
    return fd;
}

/* The same for a text; where there is no IPv6, by IPv4. */
static int connect_first(const char *text)
{
    struct address address;
    errno = EADDRNOTAVAIL;
    if (address_parse(&address, text) != 0) {
        return -1;
    }
    int fd = connect_to(&address);
    return fd < 0 && address_narrow(&address) ? connect_to(&address) : fd;
}

static bool send_all(int fd, struct span bytes)
{
    while (bytes.len > 0) {
        ssize_t sent = send(fd, bytes.data, bytes.len, MSG_NOSIGNAL);
        if (sent <= 0) {
            return false;
        }
        bytes.data += sent;
        bytes.len -= (size_t)sent;
    }
    return true;
}

/* Read until the server ends the connection. */
static bool receive_all(int fd, struct buffer *answer)
{
    for (;;) {
        char *at = buffer_reserve(answer, 4096);
        ssize_t got = at != NULL ? recv(fd, at, 4096, 0) : -1;
        if (got <= 0) {
            return got == 0;
        }
        answer->len += (size_t)got;
    }
}

static bool exchange(int fd, const struct conf *conf, const char *path,
                     struct buffer *answer)
{
    struct buffer request = buffer_empty(1024);
    if (strcmp(conf->server.proxy_protocol, "off") != 0) {
        buffer_put_text(&request, "PROXY UNKNOWN\r\n"); // either version's
    }
    buffer_printf(&request,
                  "GET %s HTTP/1.1\r\nHost: localhost\r\n"
                  "Connection: close\r\n\r\n",
                  path);
    bool is_whole = !request.failed && send_all(fd, buffer_span(&request)) &&
                    receive_all(fd, answer);
    buffer_deinit(&request);
    return is_whole;
}

/* Whether the answer is a good one; its body is appended to `out`. */
static int judge(struct buffer *answer, struct buffer *out)
{
    static const char good[] = "HTTP/1.1 200 ";
    buffer_put_byte(answer, '\0');
    const char *body = answer->failed ? NULL : strstr(answer->data, "\r\n\r\n");
    if (body == NULL) {
        buffer_put_text(out, "this is no answer in HTTP");
        return ERR_IO;
    }
    buffer_put_text(out, body + 4);
    return strncmp(answer->data, good, strlen(good)) == 0 ? 0 : ERR_UNKNOWN;
}

int probe_ask(const struct conf *conf, const char *path, struct buffer *out)
{
    CHECK(conf->server.listen.count > 0);
    const char *where = conf->server.listen.items[0];
    struct buffer answer = buffer_empty(ANSWER_BYTES_LIMIT);
    int fd = connect_first(where);
    if (fd < 0 || !exchange(fd, conf, path, &answer)) {
        buffer_printf(out, "no answer from %s: %s", where, strerror(errno));
        buffer_deinit(&answer);
        if (fd >= 0) {
            close(fd);
        }
        return ERR_IO;
    }
    close(fd);
    int err = judge(&answer, out);
    buffer_deinit(&answer);
    return err;
}
