/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/lookup.h"

#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/check.h"
#include "base/err.h"
#include "base/mem.h"

struct lookup {
    /* Two at the start, the caller and the thread; whoever takes the last one
     * off frees. */
    _Atomic int owners;
    _Atomic bool is_answered;
    int fd; /* an eventfd; written by the thread when the answer is there */
    char *host;
    char *port;
    struct lookup_result result; /* the thread's until is_answered */
};

static void release(struct lookup *lookup)
{
    // acq_rel: what the other owner did to the request comes before the free.
    int before =
        atomic_fetch_sub_explicit(&lookup->owners, 1, memory_order_acq_rel);
    CHECK(before >= 1);
    if (before == 1) {
        close(lookup->fd);
        mem_free(lookup->host);
        mem_free(lookup->port);
        mem_free(lookup);
    }
}

static void resolve(struct lookup_result *out, const char *host,
                    const char *port, int flags)
{
    const struct addrinfo hints = {
        .ai_family = AF_UNSPEC,
        .ai_socktype = SOCK_STREAM,
        .ai_flags = AI_NUMERICSERV | flags,
    };
    struct addrinfo *list = NULL;
    memset(out, 0, sizeof(*out));
    out->error = getaddrinfo(host, port, &hints, &list);
    if (out->error != 0) {
        return;
    }
    for (const struct addrinfo *a = list;
         a != NULL && out->count < LOOKUP_ADDRESSES_LIMIT; a = a->ai_next) {
        if (a->ai_addrlen <= sizeof(out->addresses[0])) {
            memcpy(&out->addresses[out->count], a->ai_addr, a->ai_addrlen);
            out->lens[out->count] = a->ai_addrlen;
            out->count++;
        }
    }
    freeaddrinfo(list);
    if (out->count == 0) {
        out->error = EAI_NONAME;
    }
}

int lookup_numeric(struct lookup_result *out, const char *host,
                   const char *port)
{
    resolve(out, host, port, AI_NUMERICHOST);
    return out->error == 0 ? 0 : ERR_SYNTAX;
}

static void *run(void *argument)
{
    struct lookup *lookup = argument;
    resolve(&lookup->result, lookup->host, lookup->port, 0);
    // release: the result is written before anybody sees that it is there.
    atomic_store_explicit(&lookup->is_answered, true, memory_order_release);
    CHECK(eventfd_write(lookup->fd, 1) == 0); // an 8 byte counter is not full
    release(lookup);
    return NULL;
}

/* Start the thread, detached and with all signals blocked, so that none of the
 * program's handlers ever runs on it. */
static bool start_thread(struct lookup *lookup)
{
    sigset_t all;
    sigset_t before;
    pthread_attr_t detached;
    if (pthread_attr_init(&detached) != 0) {
        return false;
    }
    CHECK(pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED) == 0);
    sigfillset(&all);
    CHECK(pthread_sigmask(SIG_SETMASK, &all, &before) == 0);
    pthread_t thread;
    int err = pthread_create(&thread, &detached, run, lookup);
    CHECK(pthread_sigmask(SIG_SETMASK, &before, NULL) == 0);
    pthread_attr_destroy(&detached);
    return err == 0;
}

int lookup_begin(struct lookup **out, const char *host, const char *port)
{
    *out = NULL;
    struct lookup *lookup = mem_calloc(1, sizeof(*lookup));
    if (lookup == NULL) {
        return ERR_NOMEM;
    }
    atomic_init(&lookup->owners, 1);
    atomic_init(&lookup->is_answered, false);
    lookup->fd = -1;
    lookup->host = mem_text(host, strlen(host));
    lookup->port = mem_text(port, strlen(port));
    int err = ERR_NOMEM;
    if (lookup->host == NULL || lookup->port == NULL) {
        goto out;
    }
    err = ERR_IO;
    lookup->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (lookup->fd < 0) {
        goto out;
    }
    // Relaxed: the thread that is the second owner does not exist yet.
    atomic_store_explicit(&lookup->owners, 2, memory_order_relaxed);
    if (!start_thread(lookup)) {
        atomic_store_explicit(&lookup->owners, 1, memory_order_relaxed);
        goto out;
    }
    *out = lookup;
    return 0;
out:
    release(lookup);
    return err;
}

int lookup_fd(const struct lookup *lookup)
{
    CHECK(lookup->fd >= 0);
    return lookup->fd;
}

int lookup_take(struct lookup *lookup, struct lookup_result *out)
{
    // acquire: pairs with the release in run().
    if (!atomic_load_explicit(&lookup->is_answered, memory_order_acquire)) {
        return ERR_ABSENT;
    }
    *out = lookup->result;
    return 0;
}

void lookup_end(struct lookup **lookup)
{
    if (*lookup != NULL) {
        release(*lookup);
        *lookup = NULL;
    }
}
