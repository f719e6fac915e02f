/* SPDX-License-Identifier: Apache-2.0 */
#include "desk/set.h"

#include <string.h>

#include "base/buffer.h"
#include "base/check.h"
#include "base/err.h"
#include "base/mem.h"
#include "desk/post.h"

struct set *set_make(const char *boot, struct desk_provider *providers,
                     size_t count, struct steady_time now)
{
    CHECK(count > 0); // else a flight would end with neither price nor reason
    struct set *set = mem_calloc(1, sizeof(*set));
    struct post *posts = mem_calloc(count, sizeof(*posts));
    size_t made = 0;
    while (set != NULL && posts != NULL && made < count &&
           post_init(&posts[made], &providers[made], boot, now) == 0) {
        made++;
    }
    if (made == count) {
        *set = (struct set){1, count, posts};
        return set;
    }
    for (size_t i = 0; i < made; i++) {
        providers[i] = posts[i].what; // given back
        posts[i].what = (struct desk_provider){0};
        post_deinit(&posts[i]);
    }
    mem_free(posts);
    mem_free(set);
    return NULL;
}

void set_leave(struct set *set)
{
    CHECK(set->references > 0);
    if (--set->references > 0) {
        return;
    }
    for (size_t i = 0; i < set->count; i++) {
        post_deinit(&set->posts[i]);
    }
    mem_free(set->posts);
    mem_free(set);
}

struct post *set_find(const struct set *set, const char *budget_key)
{
    for (size_t i = 0; i < set->count; i++) {
        if (strcmp(set->posts[i].budget_key, budget_key) == 0) {
            return &set->posts[i];
        }
    }
    return NULL;
}

int set_keep_budgets(const struct set *before, struct set *after,
                     struct steady_time now)
{
    for (size_t i = 0; i < after->count; i++) {
        struct post *new = &after->posts[i];
        struct post *old = set_find(before, new->budget_key);
        if (old == NULL) {
            continue;
        }
        struct buffer text = buffer_empty(1u << 20);
        budget_save(old->budget, now, &text);
        int err = text.failed
                      ? ERR_NOMEM
                      : budget_load(new->budget, now, buffer_span(&text));
        buffer_deinit(&text);
        if (err != 0) {
            return ERR_NOMEM;
        }
    }
    return 0;
}

void set_inherit(const struct set *before, struct set *after,
                 struct steady_time now)
{
    for (size_t i = 0; i < after->count; i++) {
        struct post *old = set_find(before, after->posts[i].budget_key);
        if (old != NULL) {
            post_inherit(&after->posts[i], old, now);
        }
    }
}
