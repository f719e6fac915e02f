/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/recall.h"

#include <string.h>

#include "base/hash.h"

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

static bool is_kept(struct span text)
{
    return text.len >= 1 && text.len <= RECALL_TEXT_LIMIT;
}

/* Which of the places is a text's; by a hash with a seed, for names are chosen
 * by whoever asks. */
static size_t place_of(struct span text)
{
    return hash_bytes(text.data, text.len) % RECALL_PLACES;
}

const struct symbol *recall_find(const struct recall *recall, struct span text)
{
    if (!is_kept(text)) {
        return NULL;
    }
    struct recall_key key = key_of(text);
    const struct recalled *found = &recall->places[place_of(text)];
    bool is_same = found->key.head == key.head && found->key.tail == key.tail &&
                   found->key.len == key.len;
    return is_same ? &found->symbol : NULL;
}

void recall_keep(struct recall *recall, struct span text,
                 const struct symbol *symbol)
{
    if (is_kept(text)) {
        recall->places[place_of(text)] = (struct recalled){
            .key = key_of(text),
            .symbol = *symbol,
        };
    }
}

void recall_forget_all(struct recall *recall)
{
    memset(recall, 0, sizeof(*recall));
}
