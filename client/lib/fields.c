/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/fields.h"

#include <quoted/quoted.h>
#include <stdio.h>

#include "base/check.h"
#include "base/decimal.h"
#include "lib/clean.h"
#include "lib/replies.h"

enum field_kind {
    FIELD_NUMBER, /* struct quoted_number */
    FIELD_TEXT,   /* char[size], refused where longer */
    FIELD_CUT,    /* char[size], cut where longer */
    FIELD_STATE,  /* int32_t */
    FIELD_MILLIS, /* int64_t */
};

struct field {
    const char *name;
    enum field_kind kind;
    size_t offset; /* in struct quoted_quote */
    size_t size;   /* bytes there */
};

#define FIELD(name, kind)                                 \
    {                                                     \
#name, kind, offsetof(struct quoted_quote, name), \
            sizeof(((struct quoted_quote *)0)->name)      \
    }

static const struct field known_fields[] = {
    FIELD(symbol, FIELD_TEXT),      FIELD(name, FIELD_CUT),
    FIELD(price, FIELD_NUMBER),     FIELD(currency, FIELD_TEXT),
    FIELD(open, FIELD_NUMBER),      FIELD(high, FIELD_NUMBER),
    FIELD(low, FIELD_NUMBER),       FIELD(previous_close, FIELD_NUMBER),
    FIELD(change, FIELD_NUMBER),    FIELD(change_percent, FIELD_NUMBER),
    FIELD(volume, FIELD_NUMBER),    FIELD(as_of, FIELD_TEXT),
    FIELD(fetched, FIELD_TEXT),     FIELD(age_ms, FIELD_MILLIS),
    FIELD(state, FIELD_STATE),      FIELD(source, FIELD_TEXT),
    FIELD(server, FIELD_TEXT),      FIELD(delay, FIELD_TEXT),
    FIELD(unit_factor, FIELD_TEXT),
};

#define KNOWN_FIELDS (sizeof(known_fields) / sizeof(known_fields[0]))

static const struct field *find_field(struct span name)
{
    for (size_t i = 0; i < KNOWN_FIELDS; i++) {
        if (span_equal(name, span_of(known_fields[i].name))) {
            return &known_fields[i];
        }
    }
    return NULL;
}

/* All but the size, which is the caller's. */
static void make_empty(struct quoted_quote *out)
{
    uint32_t size = out->size;
    *out = (struct quoted_quote){.size = size, .age_ms = -1};
}

void fields_fail(struct quoted_quote *out, int status, struct span message)
{
    CHECK(status < 0);
    make_empty(out);
    out->status = status;
    clean_copy(out->message, sizeof(out->message), message);
}

static int refuse(struct quoted_quote *out, const char *why)
{
    fields_fail(out, QUOTED_E_PROTOCOL, span_of(why));
    return QUOTED_E_PROTOCOL;
}

static bool read_number(struct quoted_number *out, struct span text)
{
    struct decimal value;
    if (text.len >= sizeof(out->text) || decimal_parse(&value, text) != 0) {
        return false;
    }
    out->digits = value.digits;
    out->exponent = value.exponent;
    memcpy(out->text, text.data, text.len);
    out->text[text.len] = '\0';
    return true;
}

static bool read_text(char *out, const struct field *field, struct span text)
{
    bool fits = text.len < field->size || field->kind == FIELD_CUT;
    if (!fits || !clean_text(text)) {
        return false;
    }
    clean_copy(out, field->size, text);
    return true;
}

static bool read_millis(int64_t *out, struct span text)
{
    uint64_t value;
    if (span_to_u64(text, &value) != 0 || value > INT64_MAX) {
        return false;
    }
    *out = (int64_t)value;
    return true;
}

static int32_t state_of(struct span text)
{
    for (int state = QUOTED_STATE_FRESH; state <= QUOTED_STATE_DELAYED;
         state++) {
        if (span_equal(text, span_of(quoted_state_name(state)))) {
            return state;
        }
    }
    return QUOTED_STATE_NONE;
}

static bool read_field(struct quoted_quote *out, const struct field *field,
                       struct span text)
{
    CHECK(field->offset + field->size <= sizeof(*out));
    void *at = (char *)out + field->offset;
    switch (field->kind) {
    case FIELD_NUMBER:
        return read_number(at, text);
    case FIELD_TEXT:
    case FIELD_CUT:
        return read_text(at, field, text);
    case FIELD_MILLIS:
        return read_millis(at, text);
    case FIELD_STATE:
        *(int32_t *)at = state_of(text);
        return true;
    }
    CHECK(false);
    return false;
}

/* "-UNKNOWN FOO: no provider knows it": the word says which error, the rest is
 * for people.  Any other word is kept, because it is all there is to go by. */
static int read_error(struct quoted_quote *out, struct span text)
{
    struct span rest = text;
    struct span word;
    span_split(&rest, ' ', &word);
    for (int error = QUOTED_E_UNKNOWN; error >= QUOTED_E_STORE; error--) {
        if (span_equal(word, span_of(quoted_error_name(error)))) {
            bool is_bare = span_trim(rest).len == 0;
            fields_fail(out, error,
                        is_bare ? span_of(quoted_error_text(error)) : rest);
            return error;
        }
    }
    fields_fail(out, QUOTED_E_SERVER, text);
    return QUOTED_E_SERVER;
}

static int read_pairs(struct quoted_quote *out, const struct reply *reply)
{
    if (reply->count % 2 != 0) {
        return refuse(out, "a field without a value");
    }
    for (size_t i = 0; i < reply->count; i += 2) {
        const struct field *field = find_field(reply->fields[i]);
        struct span value = reply->fields[i + 1];
        // An empty value is a field that is not known.
        if (field == NULL || value.len == 0) {
            continue;
        }
        if (!read_field(out, field, value)) {
            char why[64];
            int len = snprintf(why, sizeof(why), "a wrong value of \"%s\"",
                               field->name);
            CHECK(len > 0 && (size_t)len < sizeof(why));
            return refuse(out, why);
        }
    }
    if (out->symbol[0] == '\0' || out->price.text[0] == '\0') {
        return refuse(out, "a quote without a symbol or a price");
    }
    return 0;
}

int fields_read(struct quoted_quote *out, const struct reply *reply)
{
    make_empty(out);
    switch (reply->kind) {
    case REPLY_FIELDS:
        return read_pairs(out, reply);
    case REPLY_ERROR:
        CHECK(reply->count == 1);
        return read_error(out, reply->fields[0]);
    default:
        return refuse(out, "a reply that is no quote");
    }
}

int fields_read_pong(struct quoted_quote *out, const struct reply *reply)
{
    make_empty(out);
    CHECK(reply->count >= 1);
    if (reply->kind == REPLY_ERROR) {
        return read_error(out, reply->fields[0]);
    }
    bool is_pong = reply->kind == REPLY_STATUS &&
                   span_equal(reply->fields[0], span_of("PONG"));
    return is_pong ? 0 : refuse(out, "a reply that is no PONG");
}

int fields_read_text(struct quoted_quote *out, const struct reply *reply,
                     char *text, size_t size)
{
    make_empty(out);
    text[0] = '\0';
    CHECK(reply->kind == REPLY_NIL || reply->count >= 1);
    if (reply->kind == REPLY_ERROR) {
        return read_error(out, reply->fields[0]);
    }
    if (reply->kind != REPLY_TEXT || reply->fields[0].len == 0) {
        return refuse(out, "a reply that is no text");
    }
    clean_copy_lines(text, size, reply->fields[0]);
    return 0;
}

int fields_read_bar(struct quoted_bar *out, const struct reply *reply)
{
    *out = (struct quoted_bar)QUOTED_BAR_INIT;
    const struct span *values = reply->fields;
    bool is_bar = reply->kind == REPLY_FIELDS && reply->count >= 6 &&
                  read_millis(&out->begins_unix_ms, values[0]) &&
                  read_number(&out->open, values[1]) &&
                  read_number(&out->high, values[2]) &&
                  read_number(&out->low, values[3]) &&
                  read_number(&out->close, values[4]) &&
                  read_millis(&out->count, values[5]);
    return is_bar ? 0 : QUOTED_E_PROTOCOL;
}
