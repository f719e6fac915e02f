/* SPDX-License-Identifier: Apache-2.0 */
#include "python/release.h"

#include "base/buffer.h"
#include "base/check.h"
#include "python/python.h"

/* Releases wait until they are so many. */
#define RELEASES_BYTES 4096

/* The client's reply is no news and nobody waits for it, but it is a packet to
 * which we have nothing to say; until its acknowledgement comes, 40 ms later,
 * the client's kernel holds back its next request (Nagle's algorithm).  So the
 * releases of some dozens of calls go out together. */
void release_one(struct python *python, struct span id)
{
    struct buffer *releases = python_releases(python);
    if (releases == NULL) {
        return; // the client is gone, with all that it gave
    }
    python_put_request(python, releases, RPYC_DEL, id, 1);
    if (!releases->failed && releases->len < RELEASES_BYTES) {
        return;
    }
    if (!releases->failed) { // else the client keeps them until it closes
        buffer_put_span(python_output(python), buffer_span(releases));
    }
    buffer_deinit(releases);
}

/* The boxes are walked with a stack of our own: they are a stranger's. */
void release_given(struct python *python, const struct rpyc_box *box,
                   const struct brine_value *const kept[2])
{
    struct rpyc_items levels[BRINE_DEPTH_LIMIT];
    struct rpyc_box item = *box;
    size_t depth = 0;
    do {
        struct rpyc_id id;
        if (item.label == RPYC_REMOTE_REF && item.value != kept[0] &&
            item.value != kept[1] && rpyc_read_id(&id, item.value)) {
            release_one(python,
                        (struct span){item.value->raw, item.value->raw_len});
        }
        if (item.label == RPYC_TUPLE) {
            CHECK(depth < BRINE_DEPTH_LIMIT); // a box is nested in values
            rpyc_open_items(&levels[depth++], &item);
        }
        while (depth > 0 && !rpyc_next_item(&levels[depth - 1], &item)) {
            depth--;
        }
    } while (depth > 0);
}
