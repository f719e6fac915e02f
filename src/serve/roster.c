/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/roster.h"

#include <inttypes.h>

#include <uv.h>

#include "base/buffer.h"
#include "base/check.h"
#include "base/err.h"
#include "base/mem.h"

struct roster {
    uv_mutex_t lock;
    TAILQ_HEAD(, roster_member) members; // under the lock, as the next two
    uint64_t count;
    uint64_t next_id;
};

int roster_create(struct roster **out)
{
    struct roster *roster = mem_calloc(1, sizeof(*roster));
    *out = roster;
    if (roster == NULL) {
        return ERR_NOMEM;
    }
    int err = uv_mutex_init(&roster->lock);
    CHECK(err == 0);
    TAILQ_INIT(&roster->members);
    roster->next_id = 1;
    return 0;
}

void roster_destroy(struct roster **roster)
{
    if (*roster != NULL) {
        CHECK((*roster)->count == 0);
        uv_mutex_destroy(&(*roster)->lock);
        mem_free(*roster);
        *roster = NULL;
    }
}

int roster_join(struct roster *roster, struct roster_member *member,
                uint64_t connections_max)
{
    int err = ERR_FULL;
    uv_mutex_lock(&roster->lock);
    if (roster->count < connections_max) {
        member->id = roster->next_id++;
        atomic_init(&member->active_ms, member->joined_ms);
        roster->count++;
        TAILQ_INSERT_TAIL(&roster->members, member, link);
        err = 0;
    }
    uv_mutex_unlock(&roster->lock);
    return err;
}

void roster_leave(struct roster *roster, struct roster_member *member)
{
    uv_mutex_lock(&roster->lock);
    CHECK(roster->count > 0);
    roster->count--;
    TAILQ_REMOVE(&roster->members, member, link);
    uv_mutex_unlock(&roster->lock);
}

void roster_rename(struct roster *roster, char *name, size_t name_size,
                   struct span text)
{
    CHECK(name_size > 0);
    size_t len = text.len < name_size ? text.len : name_size - 1;
    uv_mutex_lock(&roster->lock);
    memset(name, 0, name_size);
    if (len > 0) {
        memcpy(name, text.data, len);
    }
    uv_mutex_unlock(&roster->lock);
}

uint64_t roster_count(struct roster *roster)
{
    uv_mutex_lock(&roster->lock);
    uint64_t count = roster->count;
    uv_mutex_unlock(&roster->lock);
    return count;
}

static void print(struct buffer *out, const struct roster_member *member,
                  uint64_t now_ms)
{
    uint64_t active_ms =
        atomic_load_explicit(&member->active_ms, memory_order_relaxed);
    uint64_t commands =
        atomic_load_explicit(&member->commands, memory_order_relaxed);
    uint64_t channels =
        atomic_load_explicit(&member->channels, memory_order_relaxed);
    uint64_t patterns =
        atomic_load_explicit(&member->patterns, memory_order_relaxed);
    uint64_t idle_ms = now_ms > active_ms ? now_ms - active_ms : 0;
    buffer_printf(
        out,
        "id=%" PRIu64 " addr=%s name=%s age=%" PRIu64 " idle=%" PRIu64
        " flags=%s db=0 sub=%" PRIu64 " psub=%" PRIu64
        " worker=%u tot-cmds=%" PRIu64 " resp=%d lib-name=%s lib-ver=%s\n",
        member->id, member->peer, member->name,
        (now_ms - member->joined_ms) / 1000, idle_ms / 1000,
        channels + patterns > 0 ? "P" : "N", channels, patterns, member->worker,
        commands, atomic_load_explicit(&member->version, memory_order_relaxed),
        member->lib_name, member->lib_version);
}

void roster_print(struct roster *roster, struct buffer *out, uint64_t now_ms)
{
    uv_mutex_lock(&roster->lock);
    const struct roster_member *member;
    TAILQ_FOREACH(member, &roster->members, link)
    {
        print(out, member,
              now_ms > member->joined_ms ? now_ms : member->joined_ms);
    }
    uv_mutex_unlock(&roster->lock);
}

void roster_print_member(struct roster *roster, struct buffer *out,
                         const struct roster_member *member, uint64_t now_ms)
{
    uv_mutex_lock(&roster->lock);
    print(out, member, now_ms);
    uv_mutex_unlock(&roster->lock);
}
