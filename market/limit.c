/* SPDX-License-Identifier: Apache-2.0 */
#include "market/limit.h"

#include <stdbool.h>

#include "base/check.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/mem.h"

static const uint64_t lengths_ms[LIMIT_WINDOWS] = {
    [LIMIT_SECOND] = 1000,
    [LIMIT_MINUTE] = 60000,
    [LIMIT_DAY] = 86400000,
};

/* The last calls_max calls of a window; `at` is where the oldest stands once
 * the ring is full. */
struct ring {
    uint64_t *taken_ms;
    uint32_t count;
    uint32_t at;
};

struct account {
    UT_hash_handle hh;
    struct ring rings[LIMIT_WINDOWS];
    size_t key_len;
    char key[]; // the key, which ends in a 0 that is not counted
};

struct limit {
    struct limit_rule rule;
    struct account *accounts; // uthash's head
};

static int parse_part(struct limit_rule *rule, struct span part)
{
    struct span unit = part;
    struct span number;
    uint64_t count;
    span_split(&unit, '/', &number);
    int err = span_to_u64(span_trim(number), &count);
    unit = span_trim(unit.data != NULL ? unit : (struct span){"", 0});
    if (err != 0 || unit.len != 1) {
        return err != 0 ? err : ERR_SYNTAX;
    }
    static const char units[LIMIT_WINDOWS] = {
        [LIMIT_SECOND] = 's', [LIMIT_MINUTE] = 'm', [LIMIT_DAY] = 'd'};
    const char *found = memchr(units, unit.data[0], sizeof(units));
    if (found == NULL || rule->calls_max[found - units] != 0) {
        return ERR_SYNTAX; // no unit, or the same one twice
    }
    if (count < 1 || count > LIMIT_CALLS_LIMIT) {
        return ERR_RANGE;
    }
    rule->calls_max[found - units] = (uint32_t)count;
    return 0;
}

int limit_parse(struct limit_rule *out, struct span text)
{
    *out = (struct limit_rule){.calls_max = {0}};
    struct span part;
    while (span_split(&text, ',', &part)) {
        int err = parse_part(out, part);
        if (err != 0) {
            return err;
        }
    }
    return 0;
}

int limit_create(struct limit **out, const struct limit_rule *rule)
{
    *out = mem_calloc(1, sizeof(**out));
    if (*out == NULL) {
        return ERR_NOMEM;
    }
    (*out)->rule = *rule;
    return 0;
}

static void free_account(struct account *account)
{
    for (int i = 0; i < LIMIT_WINDOWS; i++) {
        mem_free(account->rings[i].taken_ms);
    }
    mem_free(account);
}

void limit_clear(struct limit *limit)
{
    struct account *account;
    struct account *next;
    HASH_ITER(hh, limit->accounts, account, next)
    {
        HASH_DEL(limit->accounts, account);
        free_account(account);
    }
    CHECK(limit->accounts == NULL);
}

void limit_destroy(struct limit **limit)
{
    if (*limit != NULL) {
        limit_clear(*limit);
        mem_free(*limit);
        *limit = NULL;
    }
}

static struct account *add_account(struct limit *limit, struct span key)
{
    struct account *account = mem_calloc(1, sizeof(*account) + key.len + 1);
    if (account == NULL) {
        return NULL;
    }
    account->key_len = key.len;
    if (key.len > 0) {
        memcpy(account->key, key.data, key.len);
    }
    bool has_room = true;
    for (int i = 0; i < LIMIT_WINDOWS && has_room; i++) {
        uint32_t calls_max = limit->rule.calls_max[i];
        if (calls_max > 0) {
            account->rings[i].taken_ms =
                mem_calloc(calls_max, sizeof(uint64_t));
            has_room = account->rings[i].taken_ms != NULL;
        }
    }
    if (has_room) {
        HASH_ADD_KEYPTR(hh, limit->accounts, account->key, key.len, account);
    }
    if (account->hh.tbl == NULL) {
        free_account(account);
        return NULL;
    }
    return account;
}

/* The account of a key; made where there is none.  NULL: no memory. */
static struct account *find_account(struct limit *limit, struct span key)
{
    struct account *account;
    key = key.len > 0 ? key : (struct span){"", 0};
    HASH_FIND(hh, limit->accounts, key.data, key.len, account);
    if (account == NULL && HASH_COUNT(limit->accounts) >= LIMIT_KEYS_LIMIT) {
        key = (struct span){"", 0};
        HASH_FIND(hh, limit->accounts, key.data, key.len, account);
    }
    return account != NULL ? account : add_account(limit, key);
}

static bool is_full(const struct ring *ring, uint32_t calls_max,
                    uint64_t length_ms, uint64_t now_ms)
{
    if (calls_max == 0 || ring->count < calls_max) {
        return false;
    }
    return now_ms - ring->taken_ms[ring->at] < length_ms;
}

static void put(struct ring *ring, uint32_t calls_max, uint64_t now_ms)
{
    if (calls_max == 0) {
        return;
    }
    CHECK(ring->at < calls_max);
    ring->taken_ms[ring->at] = now_ms;
    ring->at = (ring->at + 1) % calls_max;
    ring->count += ring->count < calls_max ? 1 : 0;
}

int limit_take(struct limit *limit, struct span key, uint64_t now_mono_ms,
               enum limit_window *refused_by)
{
    struct account *account = find_account(limit, key);
    if (account == NULL) {
        return ERR_NOMEM;
    }
    for (int i = LIMIT_WINDOWS - 1; i >= 0; i--) {
        if (is_full(&account->rings[i], limit->rule.calls_max[i], lengths_ms[i],
                    now_mono_ms)) {
            *refused_by = (enum limit_window)i;
            return 0;
        }
    }
    for (int i = 0; i < LIMIT_WINDOWS; i++) {
        put(&account->rings[i], limit->rule.calls_max[i], now_mono_ms);
    }
    *refused_by = LIMIT_WINDOWS;
    return 0;
}
