/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/resp.h"

#include "base/check.h"
#include "base/err.h"

/* "*1025\r\n" and "$67108864\r\n": a length line is never longer. */
#define LENGTH_LINE_LIMIT 32

/* What is left to read of the bytes; sticky, as a parser should be. */
struct reader {
    char *at;
    char *end;
    const char *error; // NULL: none, or more bytes are needed
    bool is_short;     // more bytes are needed
};

/* Take a "\r\n"-ended line without its end; NULL data when there is none. */
static struct span take_line(struct reader *r, size_t len_max)
{
    size_t left = (size_t)(r->end - r->at);
    size_t looked = left < len_max + 2 ? left : len_max + 2;
    char *lf = looked > 0 ? memchr(r->at, '\n', looked) : NULL;
    if (lf == NULL) {
        r->is_short = left < len_max + 2;
        r->error = r->is_short ? NULL : "a length is too long";
        return (struct span){NULL, 0};
    }
    if (lf == r->at || lf[-1] != '\r') {
        r->error = "a length does not end in CR LF";
        return (struct span){NULL, 0};
    }
    struct span line = {r->at, (size_t)(lf - 1 - r->at)};
    r->at = lf + 1;
    return line;
}

/* Digits of a length that is read without looking for its end first; no product
 * of so many overflows. */
#define SHORT_LENGTH_DIGITS 7

/* Take "<type><number>\r\n" where it is there, whole, short and at most max, as
 * nearly always; else take nothing, and the slow way says what is wrong. */
static bool take_short_length(struct reader *r, char type, size_t max,
                              size_t *out)
{
    const char *digits = r->at + 1;
    if (r->at == r->end || *r->at != type) {
        return false;
    }
    const char *at = digits;
    size_t value = 0;
    while (at < r->end && at - digits < SHORT_LENGTH_DIGITS && *at >= '0' &&
           *at <= '9') {
        value = value * 10 + (size_t)(*at - '0');
        at++;
    }
    if (at == digits || r->end - at < 2 || at[0] != '\r' || at[1] != '\n' ||
        value > max) {
        return false;
    }
    r->at += at + 2 - r->at;
    *out = value;
    return true;
}

/* Take "<type><number>\r\n", the number from 0 to max. */
static size_t take_length(struct reader *r, char type, size_t max,
                          const char *above_max)
{
    size_t taken;
    if (take_short_length(r, type, max, &taken)) {
        return taken;
    }
    if (r->at < r->end && *r->at != type) {
        r->error = type == '$' ? "expected '$' before an argument"
                               : "expected '*' before a command";
        return 0;
    }
    struct span line = take_line(r, LENGTH_LINE_LIMIT);
    if (line.data == NULL) {
        return 0;
    }
    uint64_t value;
    int err = span_to_u64((struct span){line.data + 1, line.len - 1}, &value);
    if (err == 0 && value <= max) {
        return (size_t)value;
    }
    r->error = err == ERR_SYNTAX ? "a length is no number" : above_max;
    return 0;
}

static bool goes_on(const struct reader *r)
{
    return r->error == NULL && !r->is_short;
}

static void take_argument(struct reader *r, struct resp_command *command,
                          size_t bytes_max)
{
    size_t len = take_length(r, '$', bytes_max,
                             "an argument is longer than limits.request_bytes");
    if (!goes_on(r)) {
        return;
    }
    size_t left = (size_t)(r->end - r->at);
    if (left < 2 || left - 2 < len) {
        r->is_short = true;
        return;
    }
    if (r->at[len] != '\r' || r->at[len + 1] != '\n') {
        r->error = "an argument does not end in CR LF";
        return;
    }
    command->args[command->count++] = (struct span){r->at, len};
    r->at += len + 2;
}

static void take_array(struct reader *r, struct resp_command *command,
                       size_t bytes_max)
{
    size_t count = take_length(r, '*', RESP_ARGS_LIMIT,
                               "a command has more than 1025 arguments");
    for (size_t i = 0; i < count && goes_on(r); i++) {
        take_argument(r, command, bytes_max);
    }
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static char unescaped(char c)
{
    switch (c) {
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    case 'b':
        return '\b';
    case 'a':
        return '\a';
    default:
        return c;
    }
}

/* Take one escape of a double-quoted argument; `at` is on the backslash and a
 * character stands behind it.  Returns the byte and moves on. */
static char take_escape(char **at, const char *end)
{
    char *p = *at + 1;
    if (*p == 'x' && end - p > 2 && hex_digit(p[1]) >= 0 &&
        hex_digit(p[2]) >= 0) {
        *at = p + 3;
        return (char)(hex_digit(p[1]) * 16 + hex_digit(p[2]));
    }
    *at = p + 1;
    return unescaped(*p);
}

/* Take a quoted part whose opening quote is at *at, unescaping in place to
 * *write.  Returns false where its end is missing or stands within a word. */
static bool take_quoted(char **at, char *end, char **write)
{
    char quote = **at;
    char *read = *at + 1;
    while (read < end && *read != quote) {
        bool escapes = *read == '\\' && end - read > 1 &&
                       (quote == '"' || read[1] == '\'');
        char byte = *read;
        if (escapes) {
            byte = take_escape(&read, end);
        } else {
            read++;
        }
        *(*write)++ = byte;
    }
    if (read == end || (read + 1 < end && !is_blank(read[1]))) {
        return false;
    }
    *at = read + 1;
    return true;
}

/* Take a word, which a quoted part may end.  Returns as take_quoted(). */
static bool take_word(char **at, char *end, struct span *out)
{
    char *read = *at;
    out->data = read;
    while (read < end && !is_blank(*read) && *read != '"' && *read != '\'') {
        read++;
    }
    char *write = read;
    bool is_quoted = read < end && !is_blank(*read);
    bool is_good = !is_quoted || take_quoted(&read, end, &write);
    out->len = (size_t)(write - out->data);
    *at = read;
    return is_good;
}

/* Split a line into arguments, as redis-cli and telnet users type them. */
static const char *split_inline(char *at, char *end,
                                struct resp_command *command)
{
    for (;;) {
        while (at < end && is_blank(*at)) {
            at++;
        }
        if (at == end) {
            return NULL;
        }
        if (command->count == RESP_ARGS_LIMIT) {
            return "a command has more than 1025 arguments";
        }
        if (!take_word(&at, end, &command->args[command->count++])) {
            return "unbalanced quotes in a line";
        }
    }
}

static void take_inline(struct reader *r, struct resp_command *command,
                        size_t bytes_max)
{
    char *lf = memchr(r->at, '\n', (size_t)(r->end - r->at));
    if (lf == NULL) {
        r->is_short = (size_t)(r->end - r->at) < bytes_max;
        r->error =
            r->is_short ? NULL : "a line is longer than limits.request_bytes";
        return;
    }
    r->error = split_inline(r->at, lf, command);
    r->at = lf + 1;
}

ptrdiff_t resp_parse(struct resp_command *command, char *bytes, size_t len,
                     size_t bytes_max)
{
    command->count = 0;
    command->error = NULL;
    if (len == 0) {
        return 0;
    }
    struct reader r = {.at = bytes, .end = bytes + len};
    if (bytes[0] == '*') {
        take_array(&r, command, bytes_max);
    } else {
        take_inline(&r, command, bytes_max);
    }
    size_t taken = (size_t)(r.at - bytes);
    if (r.error == NULL && (r.is_short ? len : taken) > bytes_max) {
        r.error = "a command is longer than limits.request_bytes";
    }
    if (r.error != NULL) {
        command->error = r.error;
        return ERR_PROTOCOL;
    }
    CHECK(r.is_short || taken > 0);
    return r.is_short ? 0 : (ptrdiff_t)taken;
}

void resp_put_simple(struct buffer *out, const char *text)
{
    buffer_put_byte(out, '+');
    buffer_put_text(out, text);
    buffer_put(out, "\r\n", 2);
}

void resp_put_error(struct buffer *out, const char *word, struct span sentence)
{
    buffer_put_byte(out, '-');
    buffer_put_text(out, word);
    buffer_put_byte(out, ' ');
    char *at = buffer_reserve(out, sentence.len);
    for (size_t i = 0; at != NULL && i < sentence.len; i++) {
        char c = sentence.data[i];
        at[i] = c == '\r' || c == '\n' ? ' ' : c;
    }
    out->len += at != NULL ? sentence.len : 0;
    buffer_put(out, "\r\n", 2);
}

/* "<type><number>\r\n" is at most 1 + 20 + 2 bytes. */
#define LINE_BYTES 24

/* Write a line at the end of `text`; returns where it begins. */
static size_t compose_line(char text[LINE_BYTES], char type, int64_t value)
{
    size_t at = LINE_BYTES;
    uint64_t left = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    text[--at] = '\n';
    text[--at] = '\r';
    do {
        text[--at] = (char)('0' + left % 10);
        left /= 10;
    } while (left > 0);
    if (value < 0) {
        text[--at] = '-';
    }
    text[--at] = type;
    return at;
}

static void put_line(struct buffer *out, char type, int64_t value)
{
    char text[LINE_BYTES];
    size_t at = compose_line(text, type, value);
    buffer_put(out, text + at, sizeof(text) - at);
}

void resp_put_integer(struct buffer *out, int64_t value)
{
    put_line(out, ':', value);
}

void resp_put_bulk(struct buffer *out, struct span text)
{
    char line[LINE_BYTES];
    size_t line_at = compose_line(line, '$', (int64_t)text.len);
    size_t line_len = sizeof(line) - line_at;
    char *at = buffer_reserve(out, line_len + text.len + 2);
    if (at == NULL) {
        return;
    }
    memcpy(at, line + line_at, line_len);
    at += line_len;
    if (text.len > 0) {
        memcpy(at, text.data, text.len);
        at += text.len;
    }
    memcpy(at, "\r\n", 2);
    out->len += line_len + text.len + 2;
}

void resp_put_short(struct buffer *out, const char text[RESP_SHORT_SIZE],
                    size_t len)
{
    CHECK(len < RESP_SHORT_SIZE);
    char *at = buffer_reserve(out, RESP_SHORT_ROOM);
    if (at != NULL) {
        out->len += (size_t)(resp_write_short(at, text, len) - at);
    }
}

void resp_put_verbatim(struct buffer *out, int version, struct span text)
{
    static const char kind[] = "txt:";
    if (version < 3) {
        resp_put_bulk(out, text);
        return;
    }
    put_line(out, '=', (int64_t)(strlen(kind) + text.len));
    buffer_put_text(out, kind);
    buffer_put_span(out, text);
    buffer_put_text(out, "\r\n");
}

void resp_put_null(struct buffer *out, int version)
{
    buffer_put_text(out, version >= 3 ? "_\r\n" : "$-1\r\n");
}

void resp_put_array(struct buffer *out, size_t count)
{
    put_line(out, '*', (int64_t)count);
}

void resp_put_push(struct buffer *out, size_t count)
{
    put_line(out, '>', (int64_t)count);
}

void resp_put_map(struct buffer *out, int version, size_t count)
{
    if (version >= 3) {
        put_line(out, '%', (int64_t)count);
    } else {
        put_line(out, '*', (int64_t)(count * 2));
    }
}
