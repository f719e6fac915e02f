/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buffer.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/check.h"
#include "base/digits.h"
#include "base/mem.h"

/* Below this a buffer is not worth growing in steps: one reply of HGETALL. */
#define CAPACITY_FIRST 512

void buffer_deinit(struct buffer *buffer)
{
    mem_free(buffer->data);
    *buffer = buffer_empty(buffer->len_max);
}

/* To hold len_wanted bytes and one more, for the 0 that vsnprintf() writes. */
static bool grow(struct buffer *buffer, size_t len_wanted)
{
    size_t capacity =
        buffer->capacity < CAPACITY_FIRST ? CAPACITY_FIRST : buffer->capacity;
    while (capacity <= len_wanted) {
        if (capacity > SIZE_MAX / 2) {
            return false;
        }
        capacity *= 2;
    }
    char *data = mem_realloc(buffer->data, capacity);
    if (data == NULL) {
        return false;
    }
    buffer->data = data;
    buffer->capacity = capacity;
    return true;
}

char *buffer_grow(struct buffer *buffer, size_t len)
{
    CHECK_SLOW(buffer->len <= buffer->capacity);
    if (buffer->failed) {
        return NULL;
    }
    if (len > buffer->len_max || buffer->len > buffer->len_max - len) {
        buffer->failed = true;
        return NULL;
    }
    if (buffer->len + len >= buffer->capacity &&
        !grow(buffer, buffer->len + len)) {
        buffer->failed = true;
        return NULL;
    }
    return buffer->data + buffer->len;
}

void buffer_put_u64(struct buffer *buffer, uint64_t value)
{
    int count = digits_count(value);
    char *at = buffer_reserve(buffer, (size_t)count);
    if (at != NULL) {
        digits_put_before(at + count, value);
        buffer->len += (size_t)count;
    }
}

void buffer_put_i64(struct buffer *buffer, int64_t value)
{
    if (value < 0) {
        buffer_put_byte(buffer, '-');
        buffer_put_u64(buffer, 0 - (uint64_t)value);
        return;
    }
    buffer_put_u64(buffer, (uint64_t)value);
}

void buffer_printf(struct buffer *buffer, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    CHECK(len >= 0);
    char *at = buffer_reserve(buffer, (size_t)len);
    if (at != NULL) {
        CHECK((size_t)len < buffer->capacity - buffer->len);
        vsnprintf(at, (size_t)len + 1, format, again);
        buffer->len += (size_t)len;
    }
    va_end(again);
}

void buffer_drop_front(struct buffer *buffer, size_t len)
{
    CHECK(len <= buffer->len);
    if (len == 0) {
        return;
    }
    buffer->len -= len;
    if (buffer->len > 0) {
        memmove(buffer->data, buffer->data + len, buffer->len);
    }
}
