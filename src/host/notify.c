/* SPDX-License-Identifier: Apache-2.0 */
#include "host/notify.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <uv.h>

void notify_send(const char *socket_path, const char *text)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    size_t len = socket_path == NULL ? 0 : strlen(socket_path);
    if (len < 2 || len >= sizeof(to.sun_path)) {
        return;
    }
    memcpy(to.sun_path, socket_path, len);
    if (to.sun_path[0] == '@') {
        to.sun_path[0] = '\0'; // the abstract namespace
    }
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        return;
    }
    socklen_t to_len =
        (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
    ssize_t sent = sendto(fd, text, strlen(text), MSG_NOSIGNAL,
                          (const struct sockaddr *)&to, to_len);
    (void)sent;
    close(fd);
}

void notify_reloading(const char *socket_path)
{
    // The manager compares it with CLOCK_MONOTONIC, which uv_hrtime() reads.
    char text[64];
    snprintf(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%" PRIu64,
             uv_hrtime() / 1000);
    notify_send(socket_path, text);
}
