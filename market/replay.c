/* SPDX-License-Identifier: Apache-2.0 */
#include "market/replay.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/buffer.h"
#include "base/check.h"
#include "base/err.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/mem.h"

#define FILE_BYTES_LIMIT (256u << 20)

/* "2004-08-01T15:59:00Z" and its 0. */
#define TIME_SIZE 21

#define HEADER "time,symbol,price"

struct tape {
    struct symbol symbol; // the key
    UT_hash_handle hh;
    struct price_session *rows;
    size_t count;
    size_t capacity;
    char time[TIME_SIZE]; // of the last row
};

struct replay {
    struct tape *tapes; // uthash's head
};

/* Where the reader is, and what it has read. */
struct reader {
    struct replay *replay;
    struct replay_error *error;
    size_t line;
};

static int refuse(struct reader *reader, int err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static int refuse(struct reader *reader, int err, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(reader->error->text, sizeof(reader->error->text), format, args);
    va_end(args);
    reader->error->line = reader->line;
    return err;
}

/* Whether `text` has the form in which 0 stands for a digit. */
static bool has_form(struct span text, const char *form)
{
    if (text.len != strlen(form)) {
        return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        bool fits = form[i] == '0' ? c >= '0' && c <= '9' : c == form[i];
        if (!fits) {
            return false;
        }
    }
    return true;
}

static bool is_time(struct span text)
{
    if (!has_form(text, "0000-00-00") &&
        !has_form(text, "0000-00-00T00:00:00Z")) {
        return false;
    }
    int month = (text.data[5] - '0') * 10 + text.data[6] - '0';
    int day = (text.data[8] - '0') * 10 + text.data[9] - '0';
    return month >= 1 && month <= 12 && day >= 1 && day <= 31;
}

static struct tape *find_tape(const struct replay *replay,
                              const struct symbol *symbol)
{
    struct tape *tape;
    HASH_FIND(hh, replay->tapes, symbol->text, symbol->len, tape);
    return tape;
}

static struct tape *add_tape(struct replay *replay, const struct symbol *symbol)
{
    struct tape *tape = mem_calloc(1, sizeof(*tape));
    if (tape == NULL) {
        return NULL;
    }
    tape->symbol = *symbol;
    HASH_ADD_KEYPTR(hh, replay->tapes, tape->symbol.text, tape->symbol.len,
                    tape);
    if (tape->hh.tbl == NULL) {
        mem_free(tape);
        return NULL;
    }
    return tape;
}

static int grow(struct tape *tape)
{
    if (tape->count < tape->capacity) {
        return 0;
    }
    size_t capacity = tape->capacity > 0 ? 2 * tape->capacity : 16;
    struct price_session *rows =
        mem_realloc(tape->rows, capacity * sizeof(*rows));
    if (rows == NULL) {
        return ERR_NOMEM;
    }
    tape->rows = rows;
    tape->capacity = capacity;
    return 0;
}

/* The session after one more trade. */
static struct price_session next_session(const struct tape *tape, int64_t price,
                                         struct span time)
{
    struct price_session next = price_flat_session(price);
    snprintf(next.day, sizeof(next.day), "%.10s", time.data);
    next.volume = 100000;
    if (tape->count == 0) {
        return next;
    }
    const struct price_session *last = &tape->rows[tape->count - 1];
    if (memcmp(last->day, next.day, PRICE_DAY_SIZE) != 0) {
        next.previous = last->price;
        return next;
    }
    next.previous = last->previous;
    next.open = last->open;
    next.high = last->high > price ? last->high : price;
    next.low = last->low < price ? last->low : price;
    next.volume = last->volume + 100000;
    return next;
}

static int add_row(struct reader *reader, const struct symbol *symbol,
                   struct span time, int64_t price)
{
    struct tape *tape = find_tape(reader->replay, symbol);
    if (tape == NULL) {
        tape = add_tape(reader->replay, symbol);
    }
    if (tape == NULL || grow(tape) != 0) {
        return refuse(reader, ERR_NOMEM, "%s", err_sentence(ERR_NOMEM));
    }
    CHECK(time.len < TIME_SIZE);
    char text[TIME_SIZE];
    snprintf(text, sizeof(text), "%.*s", SPAN_ARGS(time));
    if (strcmp(text, tape->time) < 0) {
        return refuse(reader, ERR_SYNTAX,
                      "%s is before %s, which stands above it for %s; a "
                      "symbol's lines must be in the order of their times",
                      text, tape->time, symbol->text);
    }
    memcpy(tape->time, text, sizeof(text));
    tape->rows[tape->count] = next_session(tape, price, time);
    tape->count++;
    return 0;
}

/* What of a wrong field is shown. */
#define SHOWN(span) (int)((span).len < 40 ? (span).len : 40), (span).data

static int read_row(struct reader *reader, struct span line)
{
    struct span rest = line;
    struct span time;
    struct span name;
    span_split(&rest, ',', &time);
    span_split(&rest, ',', &name);
    if (rest.data == NULL || memchr(rest.data, ',', rest.len) != NULL) {
        return refuse(reader, ERR_SYNTAX,
                      "\"%.*s\" has not the three fields " HEADER, SHOWN(line));
    }
    if (!is_time(time)) {
        return refuse(reader, ERR_SYNTAX,
                      "\"%.*s\" is no time; allowed: 2004-08-01 or "
                      "2004-08-01T15:59:00Z",
                      SHOWN(time));
    }
    struct symbol symbol;
    if (symbol_parse(&symbol, name) != 0) {
        return refuse(reader, ERR_SYNTAX,
                      "\"%.*s\" is no symbol; allowed: " SYMBOL_FORM,
                      SHOWN(name));
    }
    int64_t price;
    if (price_parse(&price, rest) != 0 || price <= 0) {
        return refuse(reader, ERR_SYNTAX,
                      "\"%.*s\" is no price; allowed: above 0, " PRICE_FORM,
                      SHOWN(rest));
    }
    return add_row(reader, &symbol, time, price);
}

static int read_lines(struct reader *reader, struct span text)
{
    bool has_header = false;
    struct span line;
    while (span_split(&text, '\n', &line)) {
        reader->line++;
        line = span_trim(line);
        if (reader->line > REPLAY_LINES_LIMIT) {
            return refuse(reader, ERR_FULL, "more than %d lines",
                          REPLAY_LINES_LIMIT);
        }
        if (line.len == 0 || line.data[0] == '#') {
            continue;
        }
        if (!has_header && !span_equal(line, span_of(HEADER))) {
            return refuse(reader, ERR_SYNTAX,
                          "the first line is \"%.*s\"; it must be \"" HEADER
                          "\"",
                          SHOWN(line));
        }
        int err = has_header ? read_row(reader, line) : 0;
        if (err != 0) {
            return err;
        }
        has_header = true;
    }
    reader->line = 0;
    return reader->replay->tapes != NULL
               ? 0
               : refuse(reader, ERR_SYNTAX, "there are no prices in it");
}

int replay_create(struct replay **out, struct span text,
                  struct replay_error *error)
{
    *out = NULL;
    *error = (struct replay_error){.line = 0};
    struct replay *replay = mem_calloc(1, sizeof(*replay));
    struct reader reader = {.replay = replay, .error = error};
    if (replay == NULL) {
        return refuse(&reader, ERR_NOMEM, "%s", err_sentence(ERR_NOMEM));
    }
    int err = read_lines(&reader, text);
    if (err != 0) {
        replay_destroy(&replay);
        return err;
    }
    *out = replay;
    return 0;
}

int replay_load(struct replay **out, const char *path,
                struct replay_error *error)
{
    *out = NULL;
    *error = (struct replay_error){.line = 0};
    struct buffer text = buffer_empty(FILE_BYTES_LIMIT);
    int err = file_read(&text, path);
    if (err == 0) {
        err = replay_create(out, buffer_span(&text), error);
    } else {
        snprintf(error->text, sizeof(error->text), "%s",
                 err == ERR_IO ? strerror(errno) : err_sentence(err));
    }
    buffer_deinit(&text);
    return err;
}

void replay_destroy(struct replay **replay)
{
    if (*replay == NULL) {
        return;
    }
    struct tape *tape;
    struct tape *next;
    HASH_ITER(hh, (*replay)->tapes, tape, next)
    {
        HASH_DEL((*replay)->tapes, tape);
        mem_free(tape->rows);
        mem_free(tape);
    }
    mem_free(*replay);
    *replay = NULL;
}

bool replay_find(const struct replay *replay, const struct symbol *symbol,
                 uint64_t step, struct price_session *out)
{
    const struct tape *tape = replay != NULL ? find_tape(replay, symbol) : NULL;
    if (tape == NULL) {
        return false;
    }
    CHECK(tape->count > 0);
    *out = tape->rows[step < tape->count ? step : tape->count - 1];
    return true;
}
