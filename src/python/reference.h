/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reference.h -- the objects of ours that one RPyC client holds, by the ids
 * under which it was given them.
 *
 * The root is the same object however often it is asked for, and its count goes
 * up; every look-up of a method makes a new object, as it does in Python.  That
 * is more than imitation: a client that shares its connection between threads
 * finds objects in a weak table by their ids, and an id that is given out again
 * while the last holder lets go of it fails there.
 *
 *   (1) A reference is found until it was dropped as often as it was given.
 *   (2) There are never more than REFERENCE_LIMIT of them.
 *   (3) No id is given again (but the root's) before 2^32 others were.
 *
 * Threads: the connection's.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rpyc_id; /* proto/rpyc.h */

/* Clients hold a bound method or a few; those that leak them are told so at
 * 48 KiB. */
#define REFERENCE_LIMIT 4096

struct reference {
    uint32_t serial; /* of the id; 0: free */
    uint32_t count;  /* where free: the next free one, 1 more than its place */
    uint16_t object;
};

/* Zeroed, it is empty. */
struct references {
    struct reference *items;
    uint32_t capacity;
    uint32_t used;        /* places that were ever in use */
    uint32_t free_first;  /* 1 more than its place; 0: none */
    uint32_t serial_last; /* given out */
};

/* Free what it holds; it is empty then. */
void reference_deinit_all(struct references *references);

/*
 * Give the client one more reference to object number `object`, and its id's
 * number in *object_id, above 0.  Object 0 is the root.  Returns 0, ERR_FULL or
 * ERR_NOMEM.
 */
int reference_give(struct references *references, uint16_t object,
                   int64_t *object_id);

/* The object that an id's number is for; -1 where it is not held. */
int reference_find(const struct references *references, int64_t object_id);

/* The client lets go `count` times.  Returns whether it held it. */
bool reference_drop(struct references *references, int64_t object_id,
                    int64_t count);
