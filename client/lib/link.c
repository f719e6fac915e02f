/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/link.h"

#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <unistd.h>

#include "base/check.h"
#include "base/clock.h"

uint64_t link_now_ms(void)
{
    return clock_mono_ms(clock_system());
}

uint64_t link_now_us(void)
{
    return clock_system_us();
}

int link_wait_any(struct pollfd *polled, size_t n, uint64_t until_mono_ms)
{
    while (true) {
        uint64_t now = link_now_ms();
        uint64_t left = until_mono_ms > now ? until_mono_ms - now : 0;
        int timeout = left > INT_MAX ? INT_MAX : (int)left;
        int ready = poll(polled, n, timeout);
        // EAGAIN and ENOMEM of the kernel pass, and the instant comes anyway.
        CHECK(ready >= 0 || errno != EFAULT);
        if (ready > 0) {
            return ready;
        }
        if (ready == 0 && left <= INT_MAX) {
            return 0;
        }
        if (ready < 0 && left == 0) {
            return 0;
        }
    }
}

int link_wait(int fd, short events, uint64_t until_mono_ms)
{
    struct pollfd polled = {.fd = fd, .events = events};
    return link_wait_any(&polled, 1, until_mono_ms) == 0 ? 0 : polled.revents;
}

int link_begin(int *fd, const struct sockaddr_storage *address, socklen_t len)
{
    *fd = -1;
    int s = socket(address->ss_family,
                   SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (s < 0) {
        return errno;
    }
    if (address->ss_family != AF_UNIX) {
        const int on = 1;
        // An ask is one small write that nothing follows: send it now.
        (void)setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    }
    // EINTR: the connection goes on being made in the background.
    if (connect(s, (const struct sockaddr *)address, len) != 0 &&
        errno != EINPROGRESS && errno != EINTR) {
        int err = errno;
        close(s);
        return err;
    }
    *fd = s;
    return 0;
}

int link_finish(int fd, uint64_t until_mono_ms)
{
    if (link_wait(fd, POLLOUT, until_mono_ms) == 0) {
        return ETIMEDOUT;
    }
    int err = 0;
    socklen_t len = sizeof(err);
    // It fails where the program has closed what is not its own.
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len) == 0 ? err : errno;
}

bool link_is_idle(int fd)
{
    char byte;
    ssize_t got = recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}
