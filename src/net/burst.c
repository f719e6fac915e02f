/* SPDX-License-Identifier: Apache-2.0 */
#include "net/burst.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "base/check.h"
#include "base/err.h"
#include "base/mem.h"
#include "obs/log.h"

int burst_create(struct burst **out)
{
    *out = mem_calloc(1, sizeof(**out));
    return *out == NULL ? ERR_NOMEM : 0;
}

void burst_destroy(struct burst **burst)
{
    if (*burst != NULL) {
        ring_close(&(*burst)->ring);
        mem_free(*burst);
        *burst = NULL;
    }
}

int burst_open_ring(struct burst *burst)
{
    CHECK(burst->ring == NULL);
    return ring_open(&burst->ring, BURST_LIMIT);
}

struct ring_send *burst_add(struct burst *burst, struct conn *conn, int fd,
                            struct span bytes)
{
    if (burst->is_sent || burst->count == BURST_LIMIT ||
        bytes.len > BURST_BYTES - burst->len) {
        return NULL;
    }
    char *copy = burst->bytes + burst->len;
    memcpy(copy, bytes.data, bytes.len);
    burst->len += bytes.len;
    burst->conns[burst->count] = conn;
    struct ring_send *entry = &burst->sends[burst->count++];
    *entry = (struct ring_send){.fd = fd, .bytes = copy, .len = bytes.len};
    return entry;
}

bool burst_is_full(const struct burst *burst)
{
    return burst->count == BURST_LIMIT || burst->len > BURST_BYTES / 4 * 3;
}

void burst_drop(struct burst *burst, const struct ring_send *entry)
{
    size_t i = (size_t)(entry - burst->sends);
    CHECK(i < burst->count);
    burst->conns[i] = NULL;
    // Its number is another socket's, perhaps, by the time that it is sent.
    burst->sends[i].fd = -1;
}

static ssize_t send_one(const struct ring_send *entry)
{
    ssize_t sent = send(entry->fd, entry->bytes, entry->len, MSG_NOSIGNAL);
    return sent < 0 ? -errno : sent;
}

ssize_t burst_answer(const struct burst *burst, const struct ring_send *entry)
{
    return burst->is_sent ? entry->answer : send_one(entry);
}

/* Send by the ring what there is; returns how many have been answered. */
static size_t send_together(struct burst *burst)
{
    size_t answered = ring_send(burst->ring, burst->sends, burst->count);
    if (answered < burst->count) {
        log_event(LOG_WARNING, "net", "io_uring failed and is used no more",
                  LOG_NUMBER("sent", (int64_t)answered));
        ring_close(&burst->ring);
    }
    return answered;
}

size_t burst_send(struct burst *burst)
{
    size_t together = 0;
    if (burst->ring != NULL && burst->count >= BURST_TOGETHER_MIN) {
        together = send_together(burst);
    }
    for (size_t i = together; i < burst->count; i++) {
        if (burst->conns[i] != NULL) {
            burst->sends[i].answer = send_one(&burst->sends[i]);
        }
    }
    burst->is_sent = true;
    return together;
}

void burst_clear(struct burst *burst)
{
    burst->count = 0;
    burst->len = 0;
    burst->is_sent = false;
}
