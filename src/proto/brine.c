/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/brine.h"

#include <endian.h>

#include "base/check.h"
#include "base/err.h"
#include "base/utf8.h"

enum tag {
    TAG_NONE = 0x00,
    TAG_EMPTY_BYTES = 0x01,
    TAG_EMPTY_TUPLE = 0x02,
    TAG_TRUE = 0x03,
    TAG_FALSE = 0x04,
    TAG_NOT_IMPLEMENTED = 0x05,
    TAG_ELLIPSIS = 0x06,
    TAG_STR = 0x08,     // the bytes of its UTF-8 follow, as a value
    TAG_BYTES_1 = 0x0a, // to 0x0d: of 1 to 4 bytes
    TAG_TUPLE_1 = 0x10, // to 0x13: of 1 to 4 values
    TAG_INT_L1 = 0x16,  // decimal digits
    TAG_INT_L4 = 0x17,
    TAG_FLOAT = 0x18,
    TAG_SLICE = 0x19, // a tuple of three follows
    TAG_SET = 0x1a,   // a tuple follows
    TAG_COMPLEX = 0x1b,
    TAG_INT_FIRST = 0x20, // to 0xef: one byte is the number
    TAG_INT_LAST = 0xef,
};

/* From the tag for one element to those behind a length of one byte, of four.
 */
enum { LENGTH_1 = 4, LENGTH_4 = 5 };

/* What TAG_INT_FIRST stands for. */
#define INT_FIRST (-48)

/* As many as can't overflow. */
#define COUNT_DIGITS_LIMIT 18

#define INT_LAST (INT_FIRST + TAG_INT_LAST - TAG_INT_FIRST)

/* --- Reading -----------------------------------------------------------------
 */

/* A container that is being read, and how many values it still lacks. */
struct level {
    uint32_t owner; // its place among the values
    uint32_t left;
};

struct loader {
    struct brine_values *values;
    const char *at;
    const char *end;
    const char *error; // sticky
    size_t depth;
    struct level levels[BRINE_DEPTH_LIMIT];
};

static size_t bytes_left(const struct loader *l)
{
    return (size_t)(l->end - l->at);
}

/* Take `len` bytes; NULL, and the error, where there are fewer. */
static inline const char *take(struct loader *l, size_t len)
{
    if (l->error != NULL || bytes_left(l) < len) {
        l->error = l->error != NULL ? l->error : "a value has no end";
        return NULL;
    }
    const char *taken = l->at;
    l->at += len;
    return taken;
}

static uint8_t take_byte(struct loader *l)
{
    const char *byte = take(l, 1);
    return byte != NULL ? (uint8_t)*byte : 0;
}

static uint32_t take_u32(struct loader *l)
{
    uint32_t number = 0;
    const char *bytes = take(l, sizeof(number));
    if (bytes != NULL) {
        memcpy(&number, bytes, sizeof(number));
    }
    return be32toh(number);
}

static double take_double(struct loader *l)
{
    uint64_t bits = 0;
    const char *bytes = take(l, sizeof(bits));
    if (bytes != NULL) {
        memcpy(&bits, bytes, sizeof(bits));
    }
    bits = be64toh(bits);
    double number;
    memcpy(&number, &bits, sizeof(number));
    return number;
}

/* Take the length that goes with a tag: bytes' and tuples' tags are in the same
 * order.  Returns false where the tag is another's. */
static inline bool take_length(struct loader *l, uint8_t tag, uint8_t tag_empty,
                               uint8_t tag_one, uint32_t *len)
{
    if (tag >= tag_one && tag < tag_one + LENGTH_1) {
        *len = (uint32_t)(tag - tag_one + 1);
        return true;
    }
    if (tag == tag_empty) {
        *len = 0;
        return true;
    }
    if (tag != tag_one + LENGTH_1 && tag != tag_one + LENGTH_4) {
        return false;
    }
    *len = tag == tag_one + LENGTH_1 ? take_byte(l) : take_u32(l);
    return true;
}

static struct span take_span(struct loader *l, size_t len)
{
    const char *bytes = take(l, len);
    return (struct span){bytes, bytes != NULL ? len : 0};
}

/* Whether all are digits; without an end in the middle, so that many bytes are
 * looked at together. */
static bool are_digits(struct span text)
{
    unsigned bad = 0;
    for (size_t i = 0; i < text.len; i++) {
        bad |= (unsigned char)(text.data[i] - '0') > 9;
    }
    return bad == 0;
}

/* Read digits, which are of one sign.  Returns false where int64_t can't hold
 * the number. */
static bool read_digits(struct span digits, bool is_negative, int64_t *number)
{
    *number = 0;
    for (size_t i = 0; i < digits.len; i++) {
        int digit = digits.data[i] - '0';
        if (__builtin_mul_overflow(*number, 10, number) ||
            __builtin_add_overflow(*number, is_negative ? -digit : digit,
                                   number)) {
            return false;
        }
    }
    return true;
}

static void load_int(struct loader *l, struct brine_value *value, size_t len)
{
    struct span text = take_span(l, len);
    if (l->error != NULL || text.len == 0) {
        l->error = l->error != NULL ? l->error : "an int has no digits";
        return;
    }
    bool is_negative = text.data[0] == '-';
    bool is_signed = is_negative || text.data[0] == '+';
    struct span digits = {text.data + is_signed, text.len - is_signed};
    int64_t number;
    if (digits.len == 0 || !are_digits(digits)) {
        l->error = digits.len == 0 ? "an int has no digits"
                                   : "an int has a byte that is no digit";
    } else if (read_digits(digits, is_negative, &number)) {
        value->type = BRINE_INT;
        value->number = number;
    } else {
        value->type = BRINE_BIG_INT;
        value->text = text;
    }
}

static void load_str(struct loader *l, struct brine_value *value)
{
    uint32_t len;
    value->type = BRINE_STR;
    if (!take_length(l, take_byte(l), TAG_EMPTY_BYTES, TAG_BYTES_1, &len)) {
        l->error = "a str is not made of bytes";
        return;
    }
    value->text = take_span(l, len);
    if (!utf8_is_valid(value->text)) {
        l->error = "a str is no UTF-8";
    }
}

/* The tuple within a slice or a set, which take its place. */
static void load_tuple_of(struct loader *l, struct brine_value *value,
                          enum brine_type type)
{
    uint8_t tag = take_byte(l);
    value->type = type;
    if (!take_length(l, tag, TAG_EMPTY_TUPLE, TAG_TUPLE_1, &value->count) ||
        (type == BRINE_SLICE && value->count != 3)) {
        l->error = type == BRINE_SLICE ? "a slice is not made of three values"
                                       : "a set is not made of a tuple";
    }
}

/* Values that are one byte; most are small ints. */
static bool load_single(struct brine_value *value, uint8_t tag)
{
    if (tag >= TAG_INT_FIRST && tag <= TAG_INT_LAST) {
        value->type = BRINE_INT;
        value->number = tag - TAG_INT_FIRST + INT_FIRST;
        return true;
    }
    switch (tag) {
    case TAG_NONE:
        value->type = BRINE_NONE;
        return true;
    case TAG_NOT_IMPLEMENTED:
        value->type = BRINE_NOT_IMPLEMENTED;
        return true;
    case TAG_ELLIPSIS:
        value->type = BRINE_ELLIPSIS;
        return true;
    case TAG_TRUE:
    case TAG_FALSE:
        value->type = BRINE_BOOL;
        value->number = tag == TAG_TRUE;
        return true;
    default:
        return false;
    }
}

static void load_by_tag(struct loader *l, struct brine_value *value,
                        uint8_t tag)
{
    switch (tag) {
    case TAG_STR:
        load_str(l, value);
        return;
    case TAG_INT_L1:
        load_int(l, value, take_byte(l));
        return;
    case TAG_INT_L4:
        load_int(l, value, take_u32(l));
        return;
    case TAG_FLOAT:
    case TAG_COMPLEX:
        value->type = tag == TAG_FLOAT ? BRINE_FLOAT : BRINE_COMPLEX;
        value->real = take_double(l);
        value->imaginary = tag == TAG_COMPLEX ? take_double(l) : 0;
        return;
    case TAG_SLICE:
        load_tuple_of(l, value, BRINE_SLICE);
        return;
    case TAG_SET:
        load_tuple_of(l, value, BRINE_SET);
        return;
    default:
        l->error = "a value has a tag that is not known";
        return;
    }
}

static void load_value(struct loader *l, struct brine_value *value)
{
    uint32_t len;
    uint8_t tag = take_byte(l);
    if (load_single(value, tag)) {
        return;
    }
    if (take_length(l, tag, TAG_EMPTY_BYTES, TAG_BYTES_1, &len)) {
        value->type = BRINE_BYTES;
        value->text = take_span(l, len);
    } else if (take_length(l, tag, TAG_EMPTY_TUPLE, TAG_TUPLE_1,
                           &value->count)) {
        value->type = BRINE_TUPLE;
    } else {
        load_by_tag(l, value, tag);
    }
}

/* A value is whole, and with it, perhaps, those around it. */
static void complete(struct loader *l)
{
    struct brine_values *values = l->values;
    while (l->depth > 0) {
        struct level *level = &l->levels[l->depth - 1];
        CHECK(level->left > 0);
        level->left--;
        if (level->left > 0) {
            return;
        }
        struct brine_value *owner = &values->items[level->owner];
        owner->size = (uint32_t)values->count - level->owner;
        owner->raw_len = (uint32_t)(l->at - owner->raw);
        l->depth--;
    }
}

/* Go on with what a container holds. */
static void enter(struct loader *l, const struct brine_value *value)
{
    // Each value has a byte at least, so that a length which lies is known at
    // once, not after so many values.
    if (value->count > bytes_left(l)) {
        l->error = "a value has no end";
    } else if (l->depth == BRINE_DEPTH_LIMIT) {
        l->error = "values are nested too deeply";
    } else {
        l->levels[l->depth++] = (struct level){
            .owner = (uint32_t)(value - l->values->items),
            .left = value->count,
        };
    }
}

static void load_next(struct loader *l)
{
    struct brine_values *values = l->values;
    if (values->count == values->max) {
        l->error = "a message has too many values";
        return;
    }
    struct brine_value *value = &values->items[values->count++];
    value->raw = l->at;
    value->count = 0;
    load_value(l, value);
    value->size = 1;
    value->raw_len = (uint32_t)(l->at - value->raw);
    if (l->error != NULL) {
        return;
    }
    if (value->count > 0) {
        enter(l, value);
    } else {
        complete(l);
    }
}

int brine_parse(struct brine_values *values, struct span bytes)
{
    CHECK(bytes.len <= UINT32_MAX && values->max <= UINT32_MAX);
    values->count = 0;
    struct loader l;
    l.values = values;
    l.at = bytes.len > 0 ? bytes.data : "";
    l.end = l.at + bytes.len;
    l.error = NULL;
    l.depth = 0; // the levels are written before they are read
    do {
        load_next(&l);
    } while (l.error == NULL && l.depth > 0);
    if (l.error == NULL && l.at != l.end) {
        l.error = "there are bytes behind a value";
    }
    values->error = l.error;
    return l.error == NULL ? 0 : ERR_PROTOCOL;
}

size_t brine_read_count(int64_t *number, struct span bytes)
{
    if (bytes.len == 0) {
        return 0;
    }
    uint8_t tag = (uint8_t)bytes.data[0];
    if (tag >= TAG_INT_FIRST && tag <= TAG_INT_LAST) {
        *number = tag - TAG_INT_FIRST + INT_FIRST;
        return 1;
    }
    if (tag != TAG_INT_L1 || bytes.len < 2) {
        return 0;
    }
    size_t end = 2 + (size_t)(uint8_t)bytes.data[1];
    if (end == 2 || end > 2 + COUNT_DIGITS_LIMIT || end > bytes.len) {
        return 0;
    }
    int64_t sum = 0;
    for (size_t i = 2; i < end; i++) {
        unsigned digit = (unsigned char)bytes.data[i] - (unsigned)'0';
        if (digit > 9) {
            return 0;
        }
        sum = 10 * sum + digit;
    }
    *number = sum;
    return end;
}

bool brine_is_text(const struct brine_value *value, const char *text)
{
    return (value->type == BRINE_STR || value->type == BRINE_BYTES) &&
           span_equal(value->text, span_of(text));
}

/* --- Writing -----------------------------------------------------------------
 */

static void put_tag(struct buffer *out, enum tag tag)
{
    buffer_put_byte(out, (char)tag);
}

static void put_u32(struct buffer *out, uint32_t number)
{
    number = htobe32(number);
    buffer_put(out, &number, sizeof(number));
}

/* A tag with its length; the forms and their order are take_length()'s. */
static void put_length(struct buffer *out, enum tag tag_empty, enum tag tag_one,
                       size_t len)
{
    CHECK(len <= UINT32_MAX);
    if (len == 0) {
        put_tag(out, tag_empty);
    } else if (len <= LENGTH_1) {
        put_tag(out, (enum tag)(tag_one + len - 1));
    } else if (len <= UINT8_MAX) {
        put_tag(out, tag_one + LENGTH_1);
        buffer_put_byte(out, (char)len);
    } else {
        put_tag(out, tag_one + LENGTH_4);
        put_u32(out, (uint32_t)len);
    }
}

static void put_digits(struct buffer *out, struct span digits)
{
    if (digits.len <= UINT8_MAX) {
        put_tag(out, TAG_INT_L1);
        buffer_put_byte(out, (char)digits.len);
    } else {
        put_tag(out, TAG_INT_L4);
        put_u32(out, (uint32_t)digits.len);
    }
    buffer_put_span(out, digits);
}

void brine_put_none(struct buffer *out)
{
    put_tag(out, TAG_NONE);
}

void brine_put_not_implemented(struct buffer *out)
{
    put_tag(out, TAG_NOT_IMPLEMENTED);
}

void brine_put_bool(struct buffer *out, bool value)
{
    put_tag(out, value ? TAG_TRUE : TAG_FALSE);
}

size_t brine_print_int(char out[BRINE_INT_SIZE], int64_t value)
{
    if (value >= INT_FIRST && value <= INT_LAST) {
        out[0] = (char)(value - INT_FIRST + TAG_INT_FIRST);
        return 1;
    }
    bool is_negative = value < 0;
    uint64_t left = is_negative ? 0 - (uint64_t)value : (uint64_t)value;
    size_t len = is_negative + 1u;
    for (uint64_t power = 10; left >= power; power *= 10) {
        len++;
        if (power > UINT64_MAX / 10) {
            break;
        }
    }
    out[0] = TAG_INT_L1;
    out[1] = (char)len;
    size_t at = 2 + len;
    CHECK(at <= BRINE_INT_SIZE);
    do {
        out[--at] = (char)('0' + left % 10);
        left /= 10;
    } while (left > 0);
    if (is_negative) {
        out[2] = '-';
    }
    return 2 + len;
}

void brine_put_int(struct buffer *out, int64_t value)
{
    char bytes[BRINE_INT_SIZE];
    buffer_put(out, bytes, brine_print_int(bytes, value));
}

void brine_print_float(char out[BRINE_FLOAT_SIZE], double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof(bits));
    bits = htobe64(bits);
    out[0] = TAG_FLOAT;
    memcpy(out + 1, &bits, sizeof(bits));
}

void brine_put_float(struct buffer *out, double value)
{
    char bytes[BRINE_FLOAT_SIZE];
    brine_print_float(bytes, value);
    buffer_put(out, bytes, sizeof(bytes));
}

void brine_put_bytes(struct buffer *out, struct span bytes)
{
    put_length(out, TAG_EMPTY_BYTES, TAG_BYTES_1, bytes.len);
    buffer_put_span(out, bytes);
}

void brine_put_str(struct buffer *out, struct span text)
{
    put_tag(out, TAG_STR);
    brine_put_bytes(out, text);
}

void brine_put_tuple(struct buffer *out, size_t count)
{
    put_length(out, TAG_EMPTY_TUPLE, TAG_TUPLE_1, count);
}

static void put_double(struct buffer *out, double number)
{
    uint64_t bits;
    memcpy(&bits, &number, sizeof(bits));
    bits = htobe64(bits);
    buffer_put(out, &bits, sizeof(bits));
}

/* A value itself, without what it holds. */
static void put_one(struct buffer *out, const struct brine_value *value)
{
    switch (value->type) {
    case BRINE_NONE:
        brine_put_none(out);
        break;
    case BRINE_NOT_IMPLEMENTED:
        brine_put_not_implemented(out);
        break;
    case BRINE_ELLIPSIS:
        put_tag(out, TAG_ELLIPSIS);
        break;
    case BRINE_BOOL:
        brine_put_bool(out, value->number != 0);
        break;
    case BRINE_INT:
        brine_put_int(out, value->number);
        break;
    case BRINE_BIG_INT:
        put_digits(out, value->text);
        break;
    case BRINE_FLOAT:
        brine_put_float(out, value->real);
        break;
    case BRINE_COMPLEX:
        put_tag(out, TAG_COMPLEX);
        put_double(out, value->real);
        put_double(out, value->imaginary);
        break;
    case BRINE_BYTES:
        brine_put_bytes(out, value->text);
        break;
    case BRINE_STR:
        brine_put_str(out, value->text);
        break;
    case BRINE_SLICE:
    case BRINE_SET:
        put_tag(out, value->type == BRINE_SET ? TAG_SET : TAG_SLICE);
        brine_put_tuple(out, value->count);
        break;
    case BRINE_TUPLE:
        brine_put_tuple(out, value->count);
        break;
    }
}

void brine_put_value(struct buffer *out, const struct brine_value *value)
{
    const struct brine_value *end = brine_next(value);
    for (; value < end; value++) { // each container before what it holds
        put_one(out, value);
    }
}
