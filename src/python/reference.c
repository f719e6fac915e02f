/* SPDX-License-Identifier: Apache-2.0 */
#include "python/reference.h"

#include "base/check.h"
#include "base/err.h"
#include "base/mem.h"

/* The root's place, taken at once so that it stays there. */
#define ROOT_PLACE 0

#define CAPACITY_FIRST 8

/* An id's number is a serial number and a place. */
#define PLACE_BITS 16

_Static_assert(REFERENCE_LIMIT < 1 << PLACE_BITS, "a place fits in an id");

void reference_deinit_all(struct references *references)
{
    mem_free(references->items);
    *references = (struct references){.items = NULL};
}

static int64_t id_of(const struct references *references, uint32_t place)
{
    return (int64_t)references->items[place].serial << PLACE_BITS | place;
}

/* The reference with this id's number; NULL where there is none. */
static struct reference *lookup(const struct references *references,
                                int64_t object_id)
{
    uint32_t place = (uint32_t)(object_id & ((1 << PLACE_BITS) - 1));
    if (place >= references->used || references->items[place].serial == 0 ||
        id_of(references, place) != object_id) {
        return NULL;
    }
    return &references->items[place];
}

static int grow(struct references *references)
{
    uint32_t capacity =
        references->capacity > 0 ? 2 * references->capacity : CAPACITY_FIRST;
    if (capacity > REFERENCE_LIMIT) {
        return ERR_FULL;
    }
    struct reference *items =
        mem_realloc(references->items, capacity * sizeof(*items));
    if (items == NULL) {
        return ERR_NOMEM;
    }
    references->items = items;
    references->capacity = capacity;
    return 0;
}

/* Find a place that is free. */
static int take_place(struct references *references, uint32_t *place)
{
    if (references->free_first > 0) {
        *place = references->free_first - 1;
        references->free_first = references->items[*place].count;
        return 0;
    }
    if (references->used == references->capacity) {
        int err = grow(references);
        if (err != 0) {
            return err;
        }
    }
    *place = references->used++;
    return 0;
}

static void fill(struct references *references, uint32_t place, uint16_t object)
{
    references->serial_last++;
    if (references->serial_last == 0) {
        references->serial_last = 1; // 0 is what is free
    }
    references->items[place] = (struct reference){
        .serial = references->serial_last,
        .count = 1,
        .object = object,
    };
}

/* Whether the root is held already: then it is given once more. */
static bool share_root(struct references *references)
{
    struct reference *root = references->items;
    if (references->used == 0 || root->serial == 0 || root->object != 0 ||
        root->count == UINT32_MAX) {
        return false;
    }
    root->count++;
    return true;
}

int reference_give(struct references *references, uint16_t object,
                   int64_t *object_id)
{
    if (object == 0 && share_root(references)) {
        *object_id = id_of(references, ROOT_PLACE);
        return 0;
    }
    uint32_t place;
    int err = take_place(references, &place);
    if (err != 0) {
        return err;
    }
    CHECK(place < references->used);
    fill(references, place, object);
    *object_id = id_of(references, place);
    return 0;
}

int reference_find(const struct references *references, int64_t object_id)
{
    const struct reference *found = lookup(references, object_id);
    return found != NULL ? found->object : -1;
}

bool reference_drop(struct references *references, int64_t object_id,
                    int64_t count)
{
    struct reference *found = lookup(references, object_id);
    if (found == NULL) {
        return false;
    }
    if (count >= found->count) {
        found->serial = 0;
        found->count = references->free_first;
        references->free_first = (uint32_t)(found - references->items) + 1;
    } else if (count > 0) {
        found->count -= (uint32_t)count;
    }
    return true;
}
