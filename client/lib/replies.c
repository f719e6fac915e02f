/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/replies.h"

#include "base/buffer.h"
#include "base/check.h"
#include "base/err.h"
#include "base/mem.h"

#define TOO_LONG "a reply that is too long"
#define NO_RESP  "bytes that are no reply"

/* The first bytes of lines, RESP 2 and then 3. */
#define TYPES "+-:$*_#,(=!%~>"

struct replies {
    struct reply reply;  /* the one that is being read, or was read last */
    const char *refusal; /* NULL when nothing was refused */
    struct buffer bytes; /* what was received, and not yet dropped */
    size_t at;           /* of these, read so far */
    size_t reply_bytes;  /* read of the reply that is being read */
    size_t depth;        /* aggregates around the next value */
    size_t left[REPLIES_DEPTH_LIMIT]; /* values to come, in each of them */
    bool expects_rows;
    size_t text_len; /* bytes used of `text` */
    char text[REPLIES_TEXT_LIMIT];
};

/* One value: its first line and, for strings with a length, the bytes. */
struct value {
    char type;        /* the first byte */
    struct span line; /* the rest of the line */
    struct span text; /* of '$', '=' and '!' */
    uint64_t count;   /* what the line says, for these and for aggregates */
    bool is_null;     /* as RESP 2 writes it: a count of -1 */
    size_t bytes;     /* all of it */
};

enum reading {
    READING_DONE,
    READING_PARTIAL, /* more bytes are needed */
    READING_REFUSED,
};

static enum reading refuse(struct replies *replies, const char *why)
{
    CHECK(replies->refusal == NULL);
    replies->refusal = why;
    return READING_REFUSED;
}

static struct span unread(const struct replies *replies)
{
    CHECK(replies->at <= replies->bytes.len);
    if (replies->at == replies->bytes.len) {
        return (struct span){NULL, 0};
    }
    return (struct span){replies->bytes.data + replies->at,
                         replies->bytes.len - replies->at};
}

/* --- Values --------------------------------------------------------------- */

/* Read the first line of a value; its end is "\r\n" and nothing else. */
static enum reading read_line(struct replies *replies, struct value *value)
{
    struct span rest = unread(replies);
    if (rest.len == 0) {
        return READING_PARTIAL;
    }
    // At once: what greets with something else may never end its line.
    if (memchr(TYPES, rest.data[0], sizeof(TYPES) - 1) == NULL) {
        return refuse(replies, NO_RESP);
    }
    const char *end = memchr(rest.data, '\n', rest.len);
    if (end == NULL) {
        return READING_PARTIAL;
    }
    size_t len = (size_t)(end - rest.data);
    if (len < 2 || end[-1] != '\r') {
        return refuse(replies, NO_RESP);
    }
    *value = (struct value){
        .type = rest.data[0],
        .line = {rest.data + 1, len - 2},
        .bytes = len + 1,
    };
    return READING_DONE;
}

/* Read what a line says of how many bytes or values follow it. */
static enum reading read_count(struct replies *replies, struct value *value,
                               uint64_t limit)
{
    bool may_be_null = value->type == '$' || value->type == '*';
    if (may_be_null && span_equal(value->line, span_of("-1"))) {
        value->is_null = true;
        return READING_DONE;
    }
    int err = span_to_u64(value->line, &value->count);
    if (err == ERR_SYNTAX) {
        return refuse(replies, NO_RESP);
    }
    if (err != 0 || value->count > limit) {
        return refuse(replies, limit == REPLIES_TEXT_LIMIT ? TOO_LONG
                               : limit == REPLIES_ROWS_LIMIT
                                   ? "a reply with too many rows"
                                   : "a reply with too many fields");
    }
    return READING_DONE;
}

/* Read the bytes that a string with a length has behind its line. */
static enum reading read_string(struct replies *replies, struct value *value)
{
    enum reading reading = read_count(replies, value, REPLIES_TEXT_LIMIT);
    if (reading != READING_DONE || value->is_null) {
        return reading;
    }
    struct span rest = unread(replies);
    size_t len = (size_t)value->count;
    if (rest.len - value->bytes < len + 2) {
        return READING_PARTIAL;
    }
    CHECK(rest.data != NULL);
    const char *at = rest.data + value->bytes;
    if (at[len] != '\r' || at[len + 1] != '\n') {
        return refuse(replies, NO_RESP);
    }
    value->text = (struct span){at, len};
    value->bytes += len + 2;
    if (value->type == '=') { // "txt:" or "mkd:" before the text itself
        if (len < 4 || at[3] != ':') {
            return refuse(replies, NO_RESP);
        }
        value->text = (struct span){at + 4, len - 4};
    }
    return READING_DONE;
}

static bool is_integer(struct span text)
{
    size_t i = text.len > 0 && (text.data[0] == '-' || text.data[0] == '+');
    bool has_digit = i < text.len;
    for (; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') {
            return false;
        }
    }
    return has_digit;
}

/* Take a value that is all on its line. */
static enum reading read_scalar(struct replies *replies, struct value *value)
{
    struct span line = value->line;
    bool is_right = true;
    value->text = line;
    switch (value->type) {
    case '+':
    case '-':
    case ',': // a double, or "inf": fields.c knows what it wants
        break;
    case ':':
    case '(':
        is_right = is_integer(line);
        break;
    case '_':
        is_right = line.len == 0;
        value->is_null = true;
        break;
    case '#':
        is_right = line.len == 1 && (line.data[0] == 't' || *line.data == 'f');
        value->text = span_of(is_right && *line.data == 't' ? "true" : "false");
        break;
    default:
        is_right = false;
    }
    return is_right ? READING_DONE : refuse(replies, NO_RESP);
}

static bool is_aggregate(const struct value *value)
{
    return memchr("*%~>", value->type, 4) != NULL;
}

/* Whether a value announces rows, which are replies of their own. */
static bool begins_rows(const struct replies *replies,
                        const struct value *value)
{
    return replies->expects_rows && replies->depth == 0 && value->type == '*' &&
           !value->is_null;
}

static enum reading read_value(struct replies *replies, struct value *value)
{
    enum reading reading = read_line(replies, value);
    if (reading != READING_DONE) {
        return reading;
    }
    switch (value->type) {
    case '$':
    case '=':
    case '!':
        return read_string(replies, value);
    case '%':
        reading = read_count(replies, value, REPLIES_FIELDS_LIMIT / 2);
        value->count *= 2;
        return reading;
    case '*':
    case '~':
    case '>':
        return read_count(replies, value,
                          begins_rows(replies, value) ? REPLIES_ROWS_LIMIT
                                                      : REPLIES_FIELDS_LIMIT);
    default:
        return read_scalar(replies, value);
    }
}

/* --- Replies -------------------------------------------------------------- */

static enum reply_kind kind_of(const struct value *value)
{
    switch (value->type) {
    case '+':
        return REPLY_STATUS;
    case '-':
    case '!':
        return REPLY_ERROR;
    case '>':
        return REPLY_PUSH;
    default:
        return value->is_null        ? REPLY_NIL
               : is_aggregate(value) ? REPLY_FIELDS
                                     : REPLY_TEXT;
    }
}

/* Keep a text as the reply or as the next of its fields. */
static enum reading add_text(struct replies *replies, struct span text)
{
    struct reply *reply = &replies->reply;
    CHECK(reply->count < REPLIES_FIELDS_LIMIT);
    if (text.len > sizeof(replies->text) - replies->text_len) {
        return refuse(replies, TOO_LONG);
    }
    char *at = replies->text + replies->text_len;
    if (text.len > 0) {
        memcpy(at, text.data, text.len);
    }
    replies->text_len += text.len;
    reply->fields[reply->count] = (struct span){at, text.len};
    reply->count++;
    return READING_DONE;
}

/* Go into an aggregate: `count` values of it follow. */
static enum reading enter(struct replies *replies, const struct value *value)
{
    if (replies->depth == REPLIES_DEPTH_LIMIT) {
        return refuse(replies, "a reply that is nested too deep");
    }
    if (replies->depth == 0 && value->count == 0) {
        return refuse(replies, "an empty array");
    }
    if (replies->depth > 0 && value->type == '>') {
        return refuse(replies, NO_RESP);
    }
    replies->left[replies->depth] = (size_t)value->count;
    replies->depth++;
    return READING_DONE;
}

/* Leave the aggregates that are complete now that a value of the innermost
 * one is. */
static void leave_complete(struct replies *replies)
{
    while (replies->depth > 0 && replies->left[replies->depth - 1] == 0) {
        replies->depth--;
        if (replies->depth > 0) {
            CHECK(replies->left[replies->depth - 1] > 0);
            replies->left[replies->depth - 1]--;
        }
    }
}

/* Make a value part of the reply. */
static enum reading take_value(struct replies *replies,
                               const struct value *value)
{
    if (begins_rows(replies, value)) {
        replies->reply.kind = REPLY_ROWS;
        replies->reply.count = (size_t)value->count;
        return READING_DONE;
    }
    bool is_nested = is_aggregate(value) && !value->is_null;
    size_t depth = replies->depth;
    if (depth == 0) {
        replies->reply.kind = kind_of(value);
        replies->reply.count = 0;
        replies->text_len = 0;
    }
    // Deeper than the reply's own fields nothing is kept.
    bool is_kept = depth == 1 || (depth == 0 && !is_nested);
    struct span text = is_nested || value->is_null ? span_of("") : value->text;
    enum reading reading = is_kept ? add_text(replies, text) : READING_DONE;
    if (reading == READING_DONE && is_nested) {
        reading = enter(replies, value);
    } else if (depth > 0) {
        CHECK(replies->left[depth - 1] > 0);
        replies->left[depth - 1]--;
    }
    if (reading == READING_DONE) {
        leave_complete(replies);
    }
    return reading;
}

/* Read and take a value; the reply is complete when replies->depth is 0. */
static enum reading step(struct replies *replies)
{
    struct value value;
    enum reading reading = read_value(replies, &value);
    if (reading == READING_REFUSED) {
        return reading;
    }
    size_t more = reading == READING_DONE ? value.bytes : unread(replies).len;
    if (replies->reply_bytes + more > REPLIES_BYTES_LIMIT) {
        return refuse(replies, TOO_LONG);
    }
    if (reading == READING_DONE) {
        replies->reply_bytes += value.bytes;
        reading = take_value(replies, &value);
        replies->at += value.bytes;
    }
    return reading;
}

int replies_next(struct replies *replies, const struct reply **out)
{
    *out = NULL;
    if (replies->refusal != NULL) {
        return ERR_PROTOCOL;
    }
    enum reading reading;
    do {
        reading = step(replies);
    } while (reading == READING_DONE && replies->depth > 0);
    if (reading == READING_REFUSED) {
        return ERR_PROTOCOL;
    }
    if (reading == READING_DONE) {
        replies->reply_bytes = 0;
        *out = &replies->reply;
    }
    return 0;
}

/* --- Bytes ---------------------------------------------------------------- */

int replies_create(struct replies **out)
{
    *out = mem_calloc(1, sizeof(**out));
    if (*out == NULL) {
        return ERR_NOMEM;
    }
    (*out)->bytes = buffer_empty(SIZE_MAX / 2);
    return 0;
}

void replies_destroy(struct replies **replies)
{
    if (*replies != NULL) {
        buffer_deinit(&(*replies)->bytes);
        mem_free(*replies);
        *replies = NULL;
    }
}

int replies_feed(struct replies *replies, const char *data, size_t len)
{
    if (replies->refusal != NULL) {
        return 0; // told by replies_next()
    }
    buffer_drop_front(&replies->bytes, replies->at);
    replies->at = 0;
    buffer_put(&replies->bytes, data, len);
    return replies->bytes.failed ? ERR_NOMEM : 0;
}

void replies_expect_rows(struct replies *replies, bool expects_rows)
{
    replies->expects_rows = expects_rows;
}

bool replies_has_rest(const struct replies *replies)
{
    return replies->reply_bytes > 0 || unread(replies).len > 0;
}

const char *replies_refusal(const struct replies *replies)
{
    return replies->refusal == NULL ? "" : replies->refusal;
}
