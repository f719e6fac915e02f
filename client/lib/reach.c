/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/reach.h"

#include <netdb.h>
#include <quoted/quoted.h>

#include "base/check.h"
#include "base/err.h"
#include "lib/handle.h"
#include "lib/link.h"
#include "lib/lookup.h"

_Static_assert(LOOKUP_ADDRESSES_LIMIT == QUOTED_NAME_LIMIT &&
                   POOL_MEMBERS_LIMIT == QUOTED_SERVERS_LIMIT,
               "the limits are those that are promised");

/* --- Members -------------------------------------------------------------- */

static struct member *find_member(const struct quoted *q,
                                  const struct server *server,
                                  const struct sockaddr_storage *address,
                                  socklen_t len)
{
    for (size_t i = 0; i < q->pool.count; i++) {
        struct member *member = q->pool.members[i];
        if (member->server == server && member_is_at(member, address, len)) {
            return member;
        }
    }
    return NULL;
}

static bool has_member(const struct quoted *q, const struct server *server)
{
    for (size_t i = 0; i < q->pool.count; i++) {
        if (q->pool.members[i]->server == server) {
            return true;
        }
    }
    return false;
}

/* Without memory for a new member the others go on, and the next answer is
 * another chance. */
static void admit(struct quoted *q, struct server *server,
                  const struct lookup_result *result, bool is_trusted)
{
    for (int i = 0; i < result->count; i++) {
        const struct sockaddr_storage *address = &result->addresses[i];
        socklen_t len = result->lens[i];
        struct member *member = find_member(q, server, address, len);
        if (member != NULL) {
            member->is_listed = true;
        } else if (member_create(&member, server, address, len) == 0) {
            member->is_listed = true;
            if (pool_add(&q->pool, &member, is_trusted) != 0) {
                member_destroy(&member);
            }
        }
    }
}

/* Make the addresses of a good answer the members of its name. */
static void adopt(struct quoted *q, struct server *server,
                  const struct lookup_result *result)
{
    CHECK(result->error == 0 && result->count > 0);
    for (size_t i = 0; i < q->pool.count; i++) {
        q->pool.members[i]->is_listed = false;
    }
    // Of a name that nobody answers for yet the first answer is believed; later
    // there is something to lose.
    admit(q, server, result, !has_member(q, server));
    for (size_t i = q->pool.count; i-- > 0;) {
        const struct member *member = q->pool.members[i];
        if (member->server == server && !member->is_listed) {
            pool_remove(&q->pool, i);
        }
    }
}

/* --- Look-ups ------------------------------------------------------------- */

static void take_answer(struct quoted *q, struct server *server)
{
    struct lookup_result result;
    if (lookup_take(server->lookup, &result) != 0) {
        return; // it goes on; a later call may find it done
    }
    lookup_end(&server->lookup);
    server->was_answered = true;
    server->lookup_error = result.error;
    if (result.error == 0) {
        adopt(q, server, &result);
    }
}

static bool is_due(const struct quoted *q, const struct server *server,
                   uint64_t now)
{
    if (server->is_fixed || server->lookup != NULL) {
        return false;
    }
    if (!server->was_asked) {
        return true;
    }
    bool is_urgent = server->is_wanted || !has_member(q, server);
    return now - server->asked_mono_ms >=
           (is_urgent ? REACH_LOOKUP_PAUSE_MS : REACH_LOOKUP_EVERY_MS);
}

static void begin(struct server *server, uint64_t now)
{
    const struct endpoint *endpoint = &server->endpoint;
    server->was_asked = true;
    server->asked_mono_ms = now;
    server->is_wanted = false;
    server->begin_error =
        lookup_begin(&server->lookup, endpoint->host, endpoint->port);
}

void reach_tend(struct quoted *q)
{
    uint64_t now = link_now_ms();
    for (size_t i = 0; i < q->servers_count; i++) {
        struct server *server = &q->servers[i];
        if (server->lookup != NULL) {
            take_answer(q, server);
        }
        if (is_due(q, server, now)) {
            begin(server, now);
        }
    }
}

/* Collect the look-ups that are waited for. */
static size_t collect(const struct quoted *q,
                      struct pollfd polled[QUOTED_ADDRESSES_LIMIT])
{
    size_t count = 0;
    for (size_t i = 0; i < q->servers_count; i++) {
        const struct server *server = &q->servers[i];
        bool is_first = !server->was_answered && !server->was_awaited;
        if (server->lookup != NULL && (is_first || q->pool.count == 0)) {
            polled[count++] = (struct pollfd){.fd = lookup_fd(server->lookup),
                                              .events = POLLIN};
        }
    }
    CHECK(count <= QUOTED_ADDRESSES_LIMIT);
    return count;
}

void reach_await(struct quoted *q, uint64_t deadline_mono_ms)
{
    uint64_t patient_until = link_now_ms() + q->attempt_ms;
    if (patient_until > deadline_mono_ms) {
        patient_until = deadline_mono_ms;
    }
    while (true) {
        reach_tend(q);
        struct pollfd polled[QUOTED_ADDRESSES_LIMIT];
        size_t count = collect(q, polled);
        uint64_t until = q->pool.count > 0 ? patient_until : deadline_mono_ms;
        if (count == 0 || link_now_ms() >= until) {
            break;
        }
        link_wait_any(polled, count, until);
    }
    for (size_t i = 0; i < q->servers_count; i++) {
        q->servers[i].was_awaited = true;
    }
}

const char *reach_failure(const struct quoted *q, const struct server *server)
{
    if (has_member(q, server)) {
        return NULL;
    }
    if (server->begin_error != 0) {
        return err_sentence(server->begin_error);
    }
    return server->was_answered && server->lookup_error != 0
               ? gai_strerror(server->lookup_error)
               : "looking up the name takes too long";
}
