/* SPDX-License-Identifier: Apache-2.0 */
#include "budget/distinct.h"

#include "base/check.h"
#include "base/err.h"
#include "base/hash.h"
#include "quote/symbol.h"

struct member {
    UT_hash_handle hh;
    struct symbol symbol;
    bool is_late;
};

struct distinct {
    struct member *members;
};

int distinct_create(struct distinct **out)
{
    *out = mem_calloc(1, sizeof(**out));
    return *out == NULL ? ERR_NOMEM : 0;
}

static void drop(struct distinct *set, struct member *member)
{
    HASH_DEL(set->members, member);
    mem_free(member);
}

void distinct_destroy(struct distinct **set)
{
    if (*set == NULL) {
        return;
    }
    struct member *member;
    struct member *next;
    HASH_ITER(hh, (*set)->members, member, next)
    {
        drop(*set, member);
    }
    mem_free(*set);
    *set = NULL;
}

size_t distinct_count(const struct distinct *set)
{
    return HASH_COUNT(set->members);
}

static struct member *find(const struct distinct *set,
                           const struct symbol *symbol)
{
    struct member *member;
    HASH_FIND(hh, set->members, symbol->text, symbol->len, member);
    return member;
}

bool distinct_has(const struct distinct *set, const struct symbol *symbol)
{
    return find(set, symbol) != NULL;
}

int distinct_add(struct distinct *set, const struct symbol *symbol,
                 bool is_late)
{
    CHECK(symbol->len > 0);
    struct member *member = find(set, symbol);
    if (member == NULL) {
        member = mem_calloc(1, sizeof(*member));
        if (member == NULL) {
            return ERR_NOMEM;
        }
        member->symbol = *symbol;
        HASH_ADD(hh, set->members, symbol.text, symbol->len, member);
        if (member->hh.tbl == NULL) {
            mem_free(member); // uthash had no memory
            return ERR_NOMEM;
        }
    }
    member->is_late = member->is_late || is_late;
    return 0;
}

void distinct_turn(struct distinct *set)
{
    struct member *member;
    struct member *next;
    HASH_ITER(hh, set->members, member, next)
    {
        if (member->is_late) {
            member->is_late = false;
        } else {
            drop(set, member);
        }
    }
}

void distinct_save(const struct distinct *set, struct buffer *out)
{
    for (const struct member *member = set->members; member != NULL;
         member = member->hh.next) {
        buffer_printf(out, " %s%s", member->symbol.text,
                      member->is_late ? "*" : "");
    }
}

int distinct_load(struct distinct *set, struct span words)
{
    struct span word;
    while (span_split(&words, ' ', &word)) {
        bool is_late = word.len > 0 && word.data[word.len - 1] == '*';
        word.len -= is_late;
        struct symbol symbol;
        if (symbol_parse(&symbol, word) != 0) {
            return ERR_SYNTAX;
        }
        int err = distinct_add(set, &symbol, is_late);
        if (err != 0) {
            return err;
        }
    }
    return 0;
}
