/* SPDX-License-Identifier: Apache-2.0 */
/*
 * resp.h -- the Redis protocol, versions 2 and 3: bytes to commands, replies to
 * bytes.  Pure: no socket, no clock, no cache.
 *
 * Requests are arrays of bulk strings ("*2\r\n$3\r\nGET\r\n$3\r\nIBM\r\n") or
 * inline commands ("GET IBM\r\n", with quotes as in redis-cli).  Specification:
 * Redis documentation, "Redis serialization protocol specification".
 *
 *   (1) Parsing depends on the bytes alone: cut anywhere and parsed again from
 *       the start with the rest, the result is the same.
 *   (2) No byte behind the end of the command is looked at.
 *   (3) A command has at most RESP_ARGS_LIMIT arguments and bytes_max bytes.
 */

#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/span.h"

/* The name and its arguments; 1,024 symbols at once are more than any client
 * library batches on its own, and the array stays at 16 KiB a worker. */
#define RESP_ARGS_LIMIT 1025

struct resp_command {
    struct span args[RESP_ARGS_LIMIT]; /* BORROWED from the parsed bytes */
    size_t count;                      /* 0: an empty line, to be passed over */
    const char *error;                 /* what is wrong, where parsing failed */
};

/*
 * Parse one command at the front of `bytes`, of at most bytes_max bytes.
 * Returns how many bytes it took (more than 0), 0 when more are needed, or
 * ERR_PROTOCOL with command->error set (BORROWED, static): the connection can't
 * be read any further.  A quoted inline argument is unescaped in place, which
 * is why `bytes` is not const; parsing again gives the same command only until
 * then, so it is done once the whole line is there.  Threads: any.
 */
ptrdiff_t resp_parse(struct resp_command *command, char *bytes, size_t len,
                     size_t bytes_max);

/* --- Replies.  `version` is 2 or 3, as HELLO chose it. -------------------- */

/* "+OK\r\n": a simple string; text holds no line end. */
void resp_put_simple(struct buffer *out, const char *text);

/* "-WORD sentence\r\n"; line ends in the sentence become spaces. */
void resp_put_error(struct buffer *out, const char *word, struct span sentence);

/* ":5\r\n". */
void resp_put_integer(struct buffer *out, int64_t value);

/* "$3\r\nIBM\r\n". */
void resp_put_bulk(struct buffer *out, struct span text);

/* Bytes of an array that a short text is in. */
#define RESP_SHORT_SIZE 24

/* The same for a text of `len` bytes, fewer than the array has (checked), which
 * is read to its end: moving a fixed number of bytes takes half the time. */
void resp_put_short(struct buffer *out, const char text[RESP_SHORT_SIZE],
                    size_t len);

/* Room for that. */
#define RESP_SHORT_ROOM (sizeof("$23\r\n\r\n") - 1 + RESP_SHORT_SIZE)

/* The same where there is room for it already.  Returns where it ends. */
static inline char *resp_write_short(char *at, const char text[RESP_SHORT_SIZE],
                                     size_t len)
{
    *at++ = '$';
    if (len >= 10) {
        *at++ = (char)('0' + len / 10);
    }
    *at++ = (char)('0' + len % 10);
    memcpy(at, "\r\n", 2);
    memcpy(at + 2, text, RESP_SHORT_SIZE);
    memcpy(at + 2 + len, "\r\n", 2);
    return at + 2 + len + 2;
}

/* A text of several lines, which redis-cli prints as it is:
 * "=8\r\ntxt:IBM\n\r\n", in version 2 a bulk string. */
void resp_put_verbatim(struct buffer *out, int version, struct span text);

/* The absent value: "_\r\n", in version 2 "$-1\r\n". */
void resp_put_null(struct buffer *out, int version);

/* The head of an array of `count` values, which follow. */
void resp_put_array(struct buffer *out, size_t count);

/* The head of a map of `count` pairs: in version 2 an array of twice as many.
 */
void resp_put_map(struct buffer *out, int version, size_t count);

/* The head of a push of `count` values, the first of which names its kind: what
 * is said unasked, between two replies.  Version 3 only. */
void resp_put_push(struct buffer *out, size_t count);
