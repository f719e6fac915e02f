/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/recall.h"

#include <string.h>

#include "cache/cache.h"

/* Two odd numbers without a pattern, the fractions of the golden ratio and of
 * the square root of 3.  Whoever finds texts that meet in one place has others
 * looked up as if this room were not there, and gains nothing else; so there is
 * no seed. */
#define MIX_HEAD 0x9e3779b97f4a7c15u
#define MIX_TAIL 0xbb67ae8584caa73bu

#define PLACE_BITS 10
_Static_assert(RECALL_PLACES == 1 << PLACE_BITS, "a place is so many bits");
_Static_assert(sizeof(struct recalled) <= 64, "as recall.h says");

static uint64_t word_at(const char *at, size_t len)
{
    uint64_t word = 0;
    memcpy(&word, at, len);
    return word;
}

/* The words of 1 to RECALL_TEXT_LIMIT bytes. */
static struct recall_key key_of(struct span text)
{
    const char *data = text.data;
    size_t len = text.len;
    struct recall_key key = {.len = (uint8_t)len};
    if (len >= 8) {
        key.head = word_at(data, 8);
        key.tail = word_at(data + len - 8, 8);
    } else if (len >= 4) {
        key.head = word_at(data, 4);
        key.tail = word_at(data + len - 4, 4);
    } else {
        key.head = word_at(data, 1);
        key.tail = word_at(data + len / 2, 1) | word_at(data + len - 1, 1) << 8;
    }
    return key;
}

static struct recalled *place_of(struct recall *recall,
                                 const struct recall_key *key)
{
    uint64_t mixed = (key->head * MIX_HEAD) ^ (key->tail * MIX_TAIL);
    mixed = (mixed ^ key->len) * MIX_HEAD;
    return &recall->places[mixed >> (64 - PLACE_BITS)];
}

static bool is_kept(struct span text)
{
    return text.len >= 1 && text.len <= RECALL_TEXT_LIMIT;
}

struct recalled *recall_find(struct recall *recall, struct span text)
{
    if (!is_kept(text)) {
        return NULL;
    }
    struct recall_key key = key_of(text);
    struct recalled *found = place_of(recall, &key);
    bool is_same = found->key.head == key.head && found->key.tail == key.tail &&
                   found->key.len == key.len;
    return is_same ? found : NULL;
}

struct recalled *recall_keep(struct recall *recall, struct span text,
                             const struct symbol *symbol)
{
    if (!is_kept(text)) {
        return NULL;
    }
    struct recall_key key = key_of(text);
    struct recalled *kept = place_of(recall, &key);
    kept->key = key;
    kept->place = CACHE_NOWHERE;
    kept->symbol = *symbol;
    return kept;
}

void recall_forget_all(struct recall *recall)
{
    memset(recall, 0, sizeof(*recall));
}
