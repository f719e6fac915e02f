/* SPDX-License-Identifier: Apache-2.0 */
#include "net/ring.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/socket.h>

#ifdef QUOTED_HAS_URING
#include <liburing.h>
#endif

#include "base/check.h"
#include "base/err.h"
#include "base/mem.h"

#ifdef QUOTED_HAS_URING

#define ANSWERS_AT_ONCE 16

struct ring {
    struct io_uring uring;
    unsigned entries;
};

int ring_open(struct ring **out, unsigned entries)
{
    *out = NULL;
    struct ring *ring = mem_calloc(1, sizeof(*ring));
    if (ring == NULL) {
        return ERR_NOMEM;
    }
    ring->entries = entries;
    int err = io_uring_queue_init(entries, &ring->uring,
                                  IORING_SETUP_SINGLE_ISSUER |
                                      IORING_SETUP_DEFER_TASKRUN);
    if (err != 0) {
        mem_free(ring);
        errno = -err;
        return ERR_IO;
    }
    *out = ring;
    return 0;
}

/* An answer that send() does not give: the ring had no memory for the request,
 * or the kernel knows no such request.  Nothing was sent. */
static bool is_of_ring(int answer)
{
    return answer == -ENOMEM || answer == -EINVAL || answer == -ECANCELED ||
           answer == -EOPNOTSUPP;
}

static ssize_t answer_of(const struct ring_send *one, int answer)
{
    if (!is_of_ring(answer)) {
        return answer;
    }
    ssize_t sent =
        send(one->fd, one->bytes, one->len, MSG_NOSIGNAL | MSG_DONTWAIT);
    return sent < 0 ? -errno : sent;
}

/* Take the answers that have come; returns how many. */
static size_t take_answers(struct ring *ring)
{
    struct io_uring_cqe *answers[ANSWERS_AT_ONCE];
    size_t taken = 0;
    unsigned count;
    while ((count = io_uring_peek_batch_cqe(&ring->uring, answers,
                                            ANSWERS_AT_ONCE)) > 0) {
        for (unsigned i = 0; i < count; i++) {
            struct ring_send *one = io_uring_cqe_get_data(answers[i]);
            one->answer = answer_of(one, answers[i]->res);
        }
        io_uring_cq_advance(&ring->uring, count);
        taken += count;
    }
    return taken;
}

/* Take so many answers.  They are there, but where the kernel did not go on
 * after one that it refused: then it posts that one's only when it is asked. */
static void await_answers(struct ring *ring, size_t count)
{
    for (size_t taken = 0; (taken += take_answers(ring)) < count;) {
        struct io_uring_cqe *first;
        int err = io_uring_wait_cqe(&ring->uring, &first);
        CHECK(err == 0 || err == -EINTR); // or it would still have our bytes
    }
}

static void prepare(struct ring *ring, struct ring_send *sends, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct io_uring_sqe *request = io_uring_get_sqe(&ring->uring);
        CHECK(request != NULL); // none is left from the time before
        io_uring_prep_send(request, sends[i].fd, sends[i].bytes, sends[i].len,
                           MSG_NOSIGNAL | MSG_DONTWAIT);
        io_uring_sqe_set_data(request, &sends[i]);
    }
}

size_t ring_send(struct ring *ring, struct ring_send *sends, size_t count)
{
    CHECK(count <= ring->entries);
    prepare(ring, sends, count);
    size_t answered = 0;
    while (answered < count) {
        // Fewer than asked are taken where one of them is refused at once.
        int taken = io_uring_submit_and_wait(&ring->uring,
                                             (unsigned)(count - answered));
        if (taken <= 0) {
            break;
        }
        await_answers(ring, (size_t)taken);
        answered += (size_t)taken;
    }
    return answered;
}

void ring_close(struct ring **ring)
{
    if (*ring != NULL) {
        io_uring_queue_exit(&(*ring)->uring);
        mem_free(*ring);
        *ring = NULL;
    }
}

#else

int ring_open(struct ring **out, unsigned entries)
{
    (void)entries;
    *out = NULL;
    errno = ENOSYS;
    return ERR_IO;
}

size_t ring_send(struct ring *ring, struct ring_send *sends, size_t count)
{
    (void)ring;
    (void)sends;
    (void)count;
    CHECK(false); // none was opened
    return 0;
}

void ring_close(struct ring **ring)
{
    CHECK(*ring == NULL);
}

#endif
