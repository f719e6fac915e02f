/* SPDX-License-Identifier: Apache-2.0 */
/*
 * brine.h -- the values of RPyC: bytes to values, values to bytes.  Pure.
 *
 * Brine is how RPyC writes what is immutable in Python: a tag byte, for some
 * tags a length, then the contents.  The package's core/brine.py is the
 * specification.  A value that is read becomes a row of struct brine_value, a
 * container before what it holds:
 *
 *     (1, ("IBM",))      TUPLE 2   INT 1   TUPLE 1   STR "IBM"
 *     size               4         1       2         1
 *
 * so that a value's next neighbour is `size` values further, and nothing walks
 * by recursion what a stranger has nested.
 *
 *   (1) What is read has at most values->max values and BRINE_DEPTH_LIMIT
 *       containers within each other, whatever its lengths claim.
 *   (2) No part of a value's bytes is a value; nor are more bytes than it has.
 *   (3) Reading what was written gives the same values.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/span.h"

/* Containers within each other.  A call needs six: message, request, box,
 * arguments, box, pair. */
#define BRINE_DEPTH_LIMIT 32

enum brine_type {
    BRINE_NONE,
    BRINE_NOT_IMPLEMENTED,
    BRINE_ELLIPSIS,
    BRINE_BOOL,    /* number: 0 or 1 */
    BRINE_INT,     /* number */
    BRINE_BIG_INT, /* text: sign and digits of what int64_t can't hold */
    BRINE_FLOAT,   /* real */
    BRINE_COMPLEX, /* real, imaginary */
    BRINE_BYTES,   /* text */
    BRINE_STR,     /* text: UTF-8 */
    BRINE_TUPLE,   /* count */
    BRINE_SLICE,   /* count, which is 3: start, stop, step */
    BRINE_SET,     /* count: a frozenset, in the order it was sent in */
};

struct brine_value {
    enum brine_type type;
    uint32_t count; /* values that it holds itself; 0 but for containers */
    uint32_t size;  /* this value and all that are within it */
    uint32_t raw_len;
    const char *raw; /* its bytes.  BORROWED, as text, from what was read */
    union {
        int64_t number;
        struct span text;
        struct {
            double real;
            double imaginary;
        };
    };
};

struct brine_values {
    struct brine_value *items; /* room for `max`, the caller's */
    size_t max;
    size_t count;      /* out */
    const char *error; /* out: what is wrong; static */
};

/*
 * Read one value that fills the whole span.  Returns 0, or ERR_PROTOCOL with
 * values->error when it is no value or breaks a bound.  Threads: any, as all
 * below.
 */
int brine_parse(struct brine_values *values, struct span bytes);

/* The value behind a value and all that it holds. */
static inline const struct brine_value *brine_next(
    const struct brine_value *value)
{
    return value + value->size;
}

/*
 * Read the int that the bytes begin with, where it is one of a single byte or
 * of at most 18 digits and no sign: numbers that count something.  Returns how
 * many bytes it takes; 0, and *number is as it was, where it has another form,
 * is not all there or is none.
 */
size_t brine_read_count(int64_t *number, struct span bytes);

/* Whether the value is a str or bytes with exactly this text. */
bool brine_is_text(const struct brine_value *value, const char *text);

/* --- Writing: into a buffer that fails sticky. ---------------------------- */

/* None. */
void brine_put_none(struct buffer *out);

/* NotImplemented: what a comparison answers that it can't make. */
void brine_put_not_implemented(struct buffer *out);

/* True or False. */
void brine_put_bool(struct buffer *out, bool value);

/* An int. */
void brine_put_int(struct buffer *out, int64_t value);

/* Bytes of the longest int that is written: a tag, a length, 20 characters. */
#define BRINE_INT_SIZE 22

/* The same, to where there is room.  Returns how many bytes it takes. */
size_t brine_print_int(char out[BRINE_INT_SIZE], int64_t value);

/* A float. */
void brine_put_float(struct buffer *out, double value);

/* Bytes of a float. */
#define BRINE_FLOAT_SIZE 9

/* The same, to where there is room. */
void brine_print_float(char out[BRINE_FLOAT_SIZE], double value);

/* Bytes. */
void brine_put_bytes(struct buffer *out, struct span bytes);

/* A str.  The text is UTF-8; another one is what the peer's decoder stumbles
 * over. */
void brine_put_str(struct buffer *out, struct span text);

/* The head of a tuple; `count` values follow. */
void brine_put_tuple(struct buffer *out, size_t count);

/* A value that was read, and all that it holds. */
void brine_put_value(struct buffer *out, const struct brine_value *value);
