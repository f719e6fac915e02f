/* SPDX-License-Identifier: Apache-2.0 */
/*
 * buffer.h -- bytes being written: grows up to a stated bound, fails sticky.
 *
 * After the first failure (no memory, or the bound) every further write does
 * nothing, so a composer checks once, at the end.  The bytes that stand before
 * the failure stay; whoever reads `failed` decides what to do with them.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/span.h"

struct buffer {
    char *data;
    size_t len;      /* bytes written */
    size_t capacity; /* bytes allocated */
    size_t len_max;  /* the bound; a write beyond it fails */
    bool failed;
};

/* An empty buffer that allocates nothing yet.  Threads: its owner's, as for all
 * below. */
static inline struct buffer buffer_empty(size_t len_max)
{
    return (struct buffer){.len_max = len_max};
}

/* Free the bytes and leave it empty, with the same bound, not failed. */
void buffer_deinit(struct buffer *buffer);

/* Forget the bytes and the failure; keep the memory. */
static inline void buffer_clear(struct buffer *buffer)
{
    buffer->len = 0;
    buffer->failed = false;
}

/* The same as buffer_reserve(), which calls it where there is no room yet. */
char *buffer_grow(struct buffer *buffer, size_t len);

/*
 * Make room for `len` more bytes and return where they go, or NULL when the
 * buffer has failed or fails now; never for another reason, 0 bytes included.
 * The caller writes at most len bytes there and adds what it wrote to
 * buffer->len.
 */
static inline char *buffer_reserve(struct buffer *buffer, size_t len)
{
    bool is_there = !buffer->failed && len < buffer->capacity - buffer->len &&
                    len <= buffer->len_max &&
                    buffer->len <= buffer->len_max - len;
    return is_there ? buffer->data + buffer->len : buffer_grow(buffer, len);
}

/* Append bytes. */
static inline void buffer_put(struct buffer *buffer, const void *data,
                              size_t len)
{
    char *at = buffer_reserve(buffer, len);
    if (at != NULL && len > 0) {
        memcpy(at, data, len);
        buffer->len += len;
    }
}

/* Append a span. */
static inline void buffer_put_span(struct buffer *buffer, struct span text)
{
    buffer_put(buffer, text.data, text.len);
}

/* Append a C string. */
static inline void buffer_put_text(struct buffer *buffer, const char *text)
{
    buffer_put(buffer, text, strlen(text));
}

/* Append one byte. */
static inline void buffer_put_byte(struct buffer *buffer, char byte)
{
    buffer_put(buffer, &byte, 1);
}

/* Append a number in decimal. */
void buffer_put_u64(struct buffer *buffer, uint64_t value);
void buffer_put_i64(struct buffer *buffer, int64_t value);

/* Append as printf() would; for paths that are not hot. */
void buffer_printf(struct buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Drop `len` bytes from the front, len <= buffer->len (checked). */
void buffer_drop_front(struct buffer *buffer, size_t len);

/* What was written.  BORROWED until the next write. */
static inline struct span buffer_span(const struct buffer *buffer)
{
    return (struct span){buffer->data, buffer->len};
}
