/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/chunk.h"

#include "base/check.h"
#include "base/err.h"

static int refuse(struct chunks *chunks, int status, const char *error)
{
    chunks->status = status;
    chunks->error = error;
    return ERR_PROTOCOL;
}

bool chunk_is_token(struct span text)
{
    static const char others[] = "!#$%&'*+-.^_`|~";
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        bool is_alnum = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
                        (c >= 'a' && c <= 'z');
        if (!is_alnum && memchr(others, c, sizeof(others) - 1) == NULL) {
            return false;
        }
    }
    return text.len > 0;
}

bool chunk_is_text(struct span text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if ((c < ' ' && c != '\t') || c == 127) {
            return false;
        }
    }
    return true;
}

static bool is_header(struct span line)
{
    struct span name;
    struct span rest = line;
    span_split(&rest, ':', &name);
    return rest.data != NULL && chunk_is_token(name) && chunk_is_text(rest);
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    char lower = (char)(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* Read a chunk's line: hexadecimal digits, then nothing or an extension.
 * Returns false where it is not of that form. */
static bool read_size(struct span line, uint64_t *size)
{
    size_t at = 0;
    *size = 0;
    while (at < line.len && hex_digit(line.data[at]) >= 0) {
        if (*size > UINT64_MAX >> 4) {
            return false;
        }
        *size = *size << 4 | (uint64_t)hex_digit(line.data[at++]);
    }
    struct span rest = {line.data + at, line.len - at};
    bool is_ended = rest.len == 0 || rest.data[0] == ';' ||
                    rest.data[0] == ' ' || rest.data[0] == '\t';
    return at > 0 && is_ended && chunk_is_text(rest);
}

/* Take a line.  Returns more than 0 when it was taken, 0 when it is not all
 * there, or an error. */
static int take_line(struct chunks *chunks, size_t start, struct span *line)
{
    struct lines *lines = &chunks->lines;
    size_t from = lines->at;
    enum line kind = line_take(lines, line);
    size_t seen = kind == LINE_NONE ? lines->len - from + 1 : lines->at - from;
    if (seen > CHUNK_LINE_LIMIT) {
        return refuse(chunks, 400, "a chunk's line is too long");
    }
    if (kind != LINE_GOOD) {
        return kind == LINE_NONE ? 0 : refuse(chunks, 400, "this is no chunk");
    }
    CHECK(lines->at - start > chunks->len);
    if (lines->at - start - chunks->len > CHUNK_OVERHEAD_LIMIT) {
        return refuse(chunks, 413, "the chunks are too small");
    }
    return 1;
}

/* Take a chunk's bytes and the line end behind them; returns as above. */
static int take_data(struct chunks *chunks, size_t size)
{
    CHECK(size <= chunks->body_max - chunks->len);
    struct lines *lines = &chunks->lines;
    const char *data = lines->bytes + lines->at;
    if (lines->len - lines->at < 2 || lines->len - lines->at - 2 < size) {
        return 0;
    }
    if (data[size] != '\r' || data[size + 1] != '\n') {
        return refuse(chunks, 400, "a chunk is longer than its size");
    }
    if (chunks->to != NULL) {
        memmove(chunks->to + chunks->len, data, size);
    }
    chunks->len += size;
    lines->at += size + 2;
    return 1;
}

/* Take one chunk; the last one has size 0.  Returns as above. */
static int take_chunk(struct chunks *chunks, size_t start, bool *is_last)
{
    struct span line;
    int taken = take_line(chunks, start, &line);
    if (taken <= 0) {
        return taken;
    }
    uint64_t size;
    if (!read_size(line, &size)) {
        return refuse(chunks, 400, "this is no chunk");
    }
    if (size > chunks->body_max - chunks->len) {
        return refuse(chunks, 413, "the body is too long");
    }
    *is_last = size == 0;
    return *is_last ? 1 : take_data(chunks, (size_t)size);
}

/* Take the lines behind the last chunk, up to the empty one. */
static int take_trailers(struct chunks *chunks, size_t start)
{
    for (;;) {
        struct span line;
        int taken = take_line(chunks, start, &line);
        if (taken <= 0 || line.len == 0) {
            return taken;
        }
        if (!is_header(line)) {
            return refuse(chunks, 400, "this is no trailer");
        }
    }
}

ptrdiff_t chunk_walk(struct chunks *chunks)
{
    size_t start = chunks->lines.at;
    bool is_last = false;
    chunks->len = 0;
    while (!is_last) {
        int taken = take_chunk(chunks, start, &is_last);
        if (taken <= 0) {
            return taken;
        }
    }
    int taken = take_trailers(chunks, start);
    CHECK(chunks->len <= chunks->body_max);
    return taken <= 0 ? taken : (ptrdiff_t)chunks->lines.at;
}
