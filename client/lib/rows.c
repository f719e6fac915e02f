/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/rows.h"

#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "base/mem.h"

#define NONE UINT32_MAX

/* By what a row is found: two chains of it, each in buckets of their own. */
enum key {
    KEY_SYMBOL,
    KEY_NAME, /* only where it is another than the symbol */
    KEYS,
};

struct chained {
    bool is_in;
    uint32_t bucket;
    uint32_t next; /* rows, or NONE */
    uint32_t before;
};

struct place {
    struct row row;
    char *symbol;
    struct chained chains[KEYS];
    bool is_due;
    bool is_asked;
    uint32_t next_due; /* while it is due and not asked; or NONE */
};

struct rows {
    uint64_t seed;
    uint32_t n;
    uint32_t mask; /* of buckets, a power of two of them for each key */
    uint32_t *buckets[KEYS];
    uint32_t first_due; /* the queue; NONE where it is empty */
    uint32_t last_due;
    struct place places[];
};

static struct place *place_at(struct rows *rows, size_t i)
{
    CHECK(i < rows->n);
    return &rows->places[i];
}

/* --- Finding -------------------------------------------------------------- */

/* FNV-1a of the text in small letters from a seed, mixed at the end since its
 * low bits depend on the first bytes too little. */
static uint32_t bucket_of(const struct rows *rows, struct span text)
{
    uint64_t hash = rows->seed;
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];
        unsigned char small = c >= 'A' && c <= 'Z' ? c | 0x20 : c;
        hash = (hash ^ small) * 0x100000001b3u;
    }
    hash = (hash ^ (hash >> 32)) * 0xbf58476d1ce4e5b9u;
    return (uint32_t)(hash >> 32) & rows->mask;
}

static struct span key_of(const struct place *place, enum key key)
{
    return span_of(key == KEY_SYMBOL ? place->row.symbol : place->row.name);
}

static void chain(struct rows *rows, uint32_t i, enum key key)
{
    struct place *place = place_at(rows, i);
    struct chained *own = &place->chains[key];
    CHECK(!own->is_in);
    uint32_t bucket = bucket_of(rows, key_of(place, key));
    uint32_t *head = &rows->buckets[key][bucket];
    *own = (struct chained){true, bucket, *head, NONE};
    if (*head != NONE) {
        place_at(rows, *head)->chains[key].before = i;
    }
    *head = i;
}

static void unchain(struct rows *rows, uint32_t i, enum key key)
{
    struct chained *own = &place_at(rows, i)->chains[key];
    if (!own->is_in) {
        return;
    }
    if (own->before == NONE) {
        rows->buckets[key][own->bucket] = own->next;
    } else {
        place_at(rows, own->before)->chains[key].next = own->next;
    }
    if (own->next != NONE) {
        place_at(rows, own->next)->chains[key].before = own->before;
    }
    own->is_in = false;
}

void rows_set_name(struct rows *rows, size_t i, const char *name)
{
    struct place *place = place_at(rows, i);
    char *own = place->row.name;
    size_t len = strnlen(name, sizeof(place->row.name) - 1);
    if (strlen(own) == len && memcmp(own, name, len) == 0) {
        return;
    }
    unchain(rows, (uint32_t)i, KEY_NAME);
    memcpy(own, name, len);
    own[len] = '\0';
    if (len > 0 && !span_equal_nocase(span_of(own), span_of(place->symbol))) {
        chain(rows, (uint32_t)i, KEY_NAME);
    }
}

/* --- What is due ---------------------------------------------------------- */

static void enqueue(struct rows *rows, uint32_t i)
{
    place_at(rows, i)->next_due = NONE;
    if (rows->first_due == NONE) {
        rows->first_due = i;
    } else {
        place_at(rows, rows->last_due)->next_due = i;
    }
    rows->last_due = i;
}

static void make_due(struct rows *rows, uint32_t i)
{
    struct place *place = place_at(rows, i);
    if (!place->is_due && !place->is_asked) {
        enqueue(rows, i);
    }
    place->is_due = true;
}

bool rows_hear(struct rows *rows, struct span symbol)
{
    uint32_t bucket = bucket_of(rows, symbol);
    bool is_known = false;
    for (enum key key = 0; key < KEYS; key++) {
        uint32_t i = rows->buckets[key][bucket];
        while (i != NONE) {
            const struct place *place = place_at(rows, i);
            if (span_equal_nocase(symbol, key_of(place, key))) {
                make_due(rows, i);
                is_known = true;
            }
            i = place->chains[key].next;
        }
    }
    return is_known;
}

void rows_make_all_due(struct rows *rows)
{
    for (uint32_t i = 0; i < rows->n; i++) {
        make_due(rows, i);
    }
}

bool rows_take_due(struct rows *rows, size_t *i)
{
    if (rows->first_due == NONE) {
        return false;
    }
    struct place *place = place_at(rows, rows->first_due);
    CHECK(place->is_due && !place->is_asked);
    *i = rows->first_due;
    rows->first_due = place->next_due;
    place->is_due = false;
    place->is_asked = true;
    return true;
}

void rows_answered(struct rows *rows, size_t i)
{
    struct place *place = place_at(rows, i);
    CHECK(place->is_asked);
    place->is_asked = false;
    if (place->is_due) {
        enqueue(rows, (uint32_t)i);
    }
}

void rows_forget_asked(struct rows *rows)
{
    for (uint32_t i = 0; i < rows->n; i++) {
        if (rows->places[i].is_asked) {
            rows_answered(rows, i);
        }
    }
}

struct row *rows_at(struct rows *rows, size_t i)
{
    return &place_at(rows, i)->row;
}

/* --- Beginning and end ---------------------------------------------------- */

static int take_symbol(struct rows *rows, uint32_t i, const char *symbol)
{
    struct place *place = place_at(rows, i);
    place->symbol = mem_text(symbol, strlen(symbol));
    if (place->symbol == NULL) {
        return ERR_NOMEM;
    }
    place->row.symbol = place->symbol;
    chain(rows, i, KEY_SYMBOL);
    return 0;
}

static int make_buckets(struct rows *rows)
{
    size_t count = 8;
    while (count < rows->n) {
        count *= 2;
    }
    rows->mask = (uint32_t)count - 1;
    for (enum key key = 0; key < KEYS; key++) {
        rows->buckets[key] = mem_calloc(count, sizeof(uint32_t));
        if (rows->buckets[key] == NULL) {
            return ERR_NOMEM;
        }
        memset(rows->buckets[key], 0xff, count * sizeof(uint32_t)); // NONE
    }
    return 0;
}

int rows_create(struct rows **out, const char *const *symbols, size_t n,
                uint64_t seed)
{
    CHECK(n > 0 && n < NONE / 2);
    *out = NULL;
    struct rows *rows =
        mem_calloc(1, sizeof(*rows) + n * sizeof(rows->places[0]));
    if (rows == NULL) {
        return ERR_NOMEM;
    }
    rows->seed = seed;
    rows->n = (uint32_t)n;
    rows->first_due = NONE;
    int err = make_buckets(rows);
    for (uint32_t i = 0; err == 0 && i < n; i++) {
        err = take_symbol(rows, i, symbols[i]);
    }
    if (err != 0) {
        rows_destroy(&rows);
        return err;
    }
    *out = rows;
    return 0;
}

void rows_destroy(struct rows **rows)
{
    struct rows *gone = *rows;
    if (gone == NULL) {
        return;
    }
    *rows = NULL;
    for (size_t i = 0; i < gone->n; i++) {
        mem_free(gone->places[i].symbol);
    }
    for (enum key key = 0; key < KEYS; key++) {
        mem_free(gone->buckets[key]);
    }
    mem_free(gone);
}
