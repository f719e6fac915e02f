/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/inflate.h"

#include <limits.h>

#include <zlib.h>

#include "base/buffer.h"
#include "base/check.h"
#include "base/err.h"
#include "base/mem.h"

/* What is taken of the buffer at a time: the first step holds most messages. */
#define STEP_BYTES 16384

static void *allocate(void *user, unsigned count, unsigned size)
{
    (void)user;
    return mem_calloc(count, size);
}

static void release(void *user, void *block)
{
    (void)user;
    mem_free(block);
}

/* Give the stream the next piece of room.  At the bound it gets one byte that
 * is not the buffer's, so that a stream which ends there is told from one that
 * goes on. */
static int give_room(z_stream *stream, struct buffer *out, unsigned char *spare)
{
    size_t left = out->len_max - out->len;
    if (left == 0) {
        stream->next_out = spare;
        stream->avail_out = 1;
        return 0;
    }
    size_t step = left < STEP_BYTES ? left : STEP_BYTES;
    char *room = buffer_reserve(out, step);
    if (room == NULL) {
        return ERR_NOMEM;
    }
    stream->next_out = (unsigned char *)room;
    stream->avail_out = (unsigned)step;
    return 0;
}

/* Returns Z_STREAM_END at the end, Z_OK where there is more, or an error. */
static int fill(z_stream *stream, struct buffer *out)
{
    unsigned char spare;
    int err = give_room(stream, out, &spare);
    if (err != 0) {
        return Z_MEM_ERROR;
    }
    unsigned room = stream->avail_out;
    bool is_spare = stream->next_out == &spare;
    int status = inflate(stream, Z_NO_FLUSH);
    size_t filled = room - stream->avail_out;
    if (is_spare && filled > 0) {
        out->failed = true;
        return Z_BUF_ERROR;
    }
    out->len += is_spare ? 0 : filled;
    return status;
}

int inflate_bytes(struct buffer *out, const struct span *bytes)
{
    CHECK(!out->failed && out->len <= out->len_max);
    if (bytes->len == 0 || bytes->len > UINT_MAX) {
        return ERR_SYNTAX;
    }
    z_stream stream = {
        .zalloc = allocate,
        .zfree = release,
        .next_in = (unsigned char *)bytes->data,
        .avail_in = (unsigned)bytes->len,
    };
    int status = inflateInit(&stream);
    if (status != Z_OK) {
        CHECK(status == Z_MEM_ERROR);
        return ERR_NOMEM;
    }
    do {
        status = fill(&stream, out);
    } while (status == Z_OK);
    unsigned left = stream.avail_in;
    inflateEnd(&stream);
    if (status == Z_STREAM_END) {
        return left == 0 ? 0 : ERR_SYNTAX;
    }
    if (status == Z_MEM_ERROR) {
        return ERR_NOMEM;
    }
    return out->failed ? ERR_FULL : ERR_SYNTAX;
}
