/* SPDX-License-Identifier: Apache-2.0 */
#include "obs/log.h"

#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/utf8.h"

/* Relaxed: each line may go by the old settings or the new. */
static _Atomic int log_fd = STDERR_FILENO;
static _Atomic int log_level = LOG_INFO;
static _Atomic int log_format = LOG_LOGFMT;

static const char *const level_words[] = {"debug", "info", "warning", "error"};

void log_setup(int fd, enum log_level level, enum log_format format)
{
    atomic_store_explicit(&log_fd, fd, memory_order_relaxed);
    atomic_store_explicit(&log_level, (int)level, memory_order_relaxed);
    atomic_store_explicit(&log_format, (int)format, memory_order_relaxed);
}

int log_parse_level(enum log_level *out, const char *word)
{
    for (int level = LOG_DEBUG; level <= LOG_ERROR; level++) {
        if (strcmp(word, level_words[level]) == 0) {
            *out = (enum log_level)level;
            return 0;
        }
    }
    return ERR_SYNTAX;
}

int log_parse_format(enum log_format *out, const char *word)
{
    if (strcmp(word, "logfmt") == 0) {
        *out = LOG_LOGFMT;
        return 0;
    }
    if (strcmp(word, "json") == 0) {
        *out = LOG_JSON;
        return 0;
    }
    return ERR_SYNTAX;
}

/* What is kept free for the end of a line: a quote, a brace, a line end. */
#define END_BYTES 3

/* The most that a pair needs besides its key and a text: a separator, quotes, a
 * colon, and the longest number. */
#define PAIR_BYTES 28

static bool fits(const struct buffer *line, size_t len)
{
    return line->len + len + END_BYTES <= line->len_max;
}

/* How many bytes a letter of valid UTF-8 has, by its first. */
static size_t letter_len(unsigned char first)
{
    return first < 0xc0 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

/* Append a letter as a quoted string holds it: both JSON and logfmt readers
 * take these escapes.  A byte that is no UTF-8 is shown by its number. */
static void put_letter(struct buffer *line, const char *at, size_t len)
{
    unsigned char c = (unsigned char)at[0];
    if (c == '"' || c == '\\') {
        buffer_put_byte(line, '\\');
        buffer_put_byte(line, (char)c);
    } else if (c < 0x20 || c == 0x7f || (c >= 0x80 && len == 1)) {
        buffer_printf(line, "\\u%04x", c);
    } else {
        buffer_put(line, at, len);
    }
}

#define ESCAPED_BYTES 6

static void put_quoted(struct buffer *line, const char *text)
{
    bool is_utf8 = utf8_is_valid(span_of(text));
    buffer_put_byte(line, '"');
    for (size_t len; *text != '\0' && fits(line, ESCAPED_BYTES); text += len) {
        len = is_utf8 ? letter_len((unsigned char)*text) : 1;
        put_letter(line, text, len);
    }
    buffer_put_byte(line, '"');
}

static bool is_plain(const char *text)
{
    struct span all = span_of(text);
    return all.len > 0 && text[strcspn(text, " =\"\\")] == '\0' &&
           utf8_is_valid(all) && !utf8_has_control(all);
}

static void put_pair(struct buffer *line, bool is_json,
                     const struct log_field *field)
{
    if (!fits(line, strlen(field->key) + PAIR_BYTES)) {
        return;
    }
    const char *separator = line->len <= 1 ? "" : is_json ? "," : " ";
    buffer_put_text(line, separator);
    if (is_json) {
        put_quoted(line, field->key);
        buffer_put_byte(line, ':');
    } else {
        buffer_put_text(line, field->key);
        buffer_put_byte(line, '=');
    }
    if (field->text == NULL) {
        buffer_put_i64(line, field->number);
    } else if (!is_json && is_plain(field->text) &&
               fits(line, strlen(field->text))) {
        buffer_put_text(line, field->text);
    } else {
        put_quoted(line, field->text);
    }
}

/* --- Limiting ------------------------------------------------------------- */

/* An event and how much it was written.  Relaxed: where two threads write it at
 * the same moment, either may be the one that is left out. */
struct event {
    _Atomic(const char *) message; // NULL: nobody's yet; never changes again
    _Atomic uint64_t full_ms;      // when all of its burst will be there again
    _Atomic uint64_t suppressed;   // since its last line
};

static struct event events[LOG_EVENTS_LIMIT];
static _Atomic uint64_t suppressed_ever;

uint64_t log_suppressed(void)
{
    return atomic_load_explicit(&suppressed_ever, memory_order_relaxed);
}

/* Its entry; NULL where there is no room for it. */
static struct event *find_event(const char *message)
{
    size_t first = ((uintptr_t)message >> 4) % LOG_EVENTS_LIMIT;
    for (size_t i = 0; i < LOG_EVENTS_LIMIT; i++) {
        struct event *event = &events[(first + i) % LOG_EVENTS_LIMIT];
        const char *found = NULL;
        bool is_new = atomic_compare_exchange_strong_explicit(
            &event->message, &found, message, memory_order_relaxed,
            memory_order_relaxed);
        if (is_new || found == message) {
            return event;
        }
    }
    return NULL;
}

/* What a line takes of its event's burst. */
#define LINE_MS (1000 / LOG_PER_SECOND)

/* Whether a line may be written now; it is counted either way. */
static bool take_line(struct event *event, uint64_t now_ms)
{
    uint64_t full_ms =
        atomic_load_explicit(&event->full_ms, memory_order_relaxed);
    uint64_t next_ms;
    do {
        uint64_t from_ms = full_ms > now_ms ? full_ms : now_ms;
        next_ms = from_ms + LINE_MS;
        if (next_ms - now_ms > (uint64_t)LOG_BURST * LINE_MS) {
            atomic_fetch_add_explicit(&event->suppressed, 1,
                                      memory_order_relaxed);
            atomic_fetch_add_explicit(&suppressed_ever, 1,
                                      memory_order_relaxed);
            return false;
        }
    } while (!atomic_compare_exchange_weak_explicit(
        &event->full_ms, &full_ms, next_ms, memory_order_relaxed,
        memory_order_relaxed));
    return true;
}

/* Whether to write a line of an event; *suppressed are those before it that
 * were not. */
static bool may_write(enum log_level level, const char *message,
                      uint64_t *suppressed)
{
    *suppressed = 0;
    struct event *event = level > LOG_DEBUG ? find_event(message) : NULL;
    if (event == NULL) {
        return true;
    }
    if (!take_line(event, clock_mono_ms(clock_system()))) {
        return false;
    }
    *suppressed =
        atomic_exchange_explicit(&event->suppressed, 0, memory_order_relaxed);
    return true;
}

/* --- Writing -------------------------------------------------------------- */

void log_write(enum log_level level, const char *room, const char *message,
               const struct log_field *fields, size_t count)
{
    CHECK(level <= LOG_ERROR);
    if ((int)level < atomic_load_explicit(&log_level, memory_order_relaxed)) {
        return;
    }
    uint64_t suppressed;
    if (!may_write(level, message, &suppressed)) {
        return;
    }
    bool is_json =
        atomic_load_explicit(&log_format, memory_order_relaxed) == LOG_JSON;
    struct buffer line = buffer_empty(LOG_LINE_LIMIT);
    char time[CLOCK_TEXT_SIZE];
    clock_print_unix_ms(time, clock_unix_ms(clock_system()));
    struct log_field head[] = {
        LOG_TEXT("time", time),
        LOG_TEXT("level", level_words[level]),
        LOG_TEXT("room", room),
        LOG_TEXT("msg", message),
    };
    buffer_put_text(&line, is_json ? "{" : "");
    for (size_t i = 0; i < sizeof(head) / sizeof(head[0]); i++) {
        put_pair(&line, is_json, &head[i]);
    }
    for (size_t i = 0; i < count; i++) {
        put_pair(&line, is_json, &fields[i]);
    }
    if (suppressed > 0) {
        struct log_field field = LOG_NUMBER("suppressed", (int64_t)suppressed);
        put_pair(&line, is_json, &field);
    }
    buffer_put_text(&line, is_json ? "}\n" : "\n");
    if (!line.failed) {
        int fd = atomic_load_explicit(&log_fd, memory_order_relaxed);
        ssize_t written = write(fd, line.data, line.len);
        (void)written; // where the log can't be written, nobody can be told
    }
    buffer_deinit(&line);
}
