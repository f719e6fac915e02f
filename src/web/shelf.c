/* SPDX-License-Identifier: Apache-2.0 */
#include "web/shelf.h"

#include <stdio.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/mem.h"
#include "fetch/fetch.h"
#include "proto/detect.h"
#include "quote/names.h"
#include "serve/heartbeat.h"
#include "serve/settings.h"
#include "serve/worker.h"
#include "show/field.h"
#include "show/render.h"
#include "web/memo.h"

/* How often it is looked who is slow. */
#define BEAT_MS 1000

/* The longest answer that is composed at once: a page of quotes, openapi.json.
 */
#define BODY_BYTES_LIMIT (4u << 20)

struct shelf *shelf_of(struct worker *worker, void (*on_beat)(void *shelf))
{
    struct shelf *shelf = worker->memory[PROTOCOL_HTTP];
    if (shelf != NULL) {
        return shelf;
    }
    shelf = mem_calloc(1, sizeof(*shelf));
    if (shelf == NULL) {
        return NULL;
    }
    struct heartbeat_options options = {
        .period_ms = BEAT_MS,
        .on_beat = on_beat,
        .user = shelf,
    };
    shelf->report = mem_calloc(1, sizeof(*shelf->report));
    shelf->memos = mem_calloc(1, sizeof(*shelf->memos));
    if (shelf->report == NULL || shelf->memos == NULL ||
        heartbeat_create(&shelf->partials.heartbeat, &worker->loop, &options) !=
            0) {
        mem_free(shelf->memos);
        mem_free(shelf->report);
        mem_free(shelf);
        return NULL;
    }
    shelf->worker = worker;
    shelf->text = buffer_empty(HTTP_HEAD_LIMIT);
    shelf->body = buffer_empty(BODY_BYTES_LIMIT);
    shelf->tags = buffer_empty(HTTP_HEAD_LIMIT);
    shelf->spare.body = buffer_empty(2 * RENDER_BYTES_LIMIT);
    LIST_INIT(&shelf->partials.list);
    worker->memory[PROTOCOL_HTTP] = shelf;
    return shelf;
}

static void free_renditions(struct shelf *shelf)
{
    for (size_t i = 0; i < SHELF_PLACES; i++) {
        struct shelf_place *place = &shelf->places[i];
        if (place->rendition != NULL) {
            buffer_deinit(&place->rendition->body);
            buffer_deinit(&place->rendition->whole);
            mem_free(place->rendition);
        }
        *place = (struct shelf_place){.rendition = NULL};
    }
}

void shelf_leave(struct worker *worker)
{
    struct shelf *shelf = worker->memory[PROTOCOL_HTTP];
    if (shelf == NULL) {
        return;
    }
    CHECK(LIST_EMPTY(&shelf->partials.list));
    heartbeat_destroy(&shelf->partials.heartbeat);
    free_renditions(shelf);
    memo_forget_all(shelf->memos);
    mem_free(shelf->memos);
    buffer_deinit(&shelf->spare.body);
    buffer_deinit(&shelf->text);
    buffer_deinit(&shelf->body);
    buffer_deinit(&shelf->tags);
    settings_leave(&shelf->settings);
    mem_free(shelf->report);
    mem_free(shelf);
    worker->memory[PROTOCOL_HTTP] = NULL;
}

/* --- The date --------------------------------------------------------------
 */

#define DAY_S 86400

void shelf_print_date(char out[SHELF_DATE_SIZE], int64_t unix_s)
{
    static const char days[][4] = {"Thu", "Fri", "Sat", "Sun",
                                   "Mon", "Tue", "Wed"};
    static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    int64_t day = unix_s / DAY_S - (unix_s % DAY_S < 0);
    int64_t second = unix_s - day * DAY_S;
    int64_t week_day = (day % 7 + 7) % 7; // 1970-01-01 was a Thursday
    struct clock_date date = clock_date_of_days(day);
    CHECK(date.month >= 1 && date.month <= 12 && date.year >= 0);
    int len =
        snprintf(out, SHELF_DATE_SIZE, "%s, %02u %s %04u %02u:%02u:%02u GMT",
                 days[week_day], date.day, months[date.month - 1],
                 (unsigned)(date.year % 10000), (unsigned)(second / 3600),
                 (unsigned)(second / 60 % 60), (unsigned)(second % 60));
    CHECK(len == SHELF_DATE_SIZE - 1);
}

struct span shelf_date(struct shelf *shelf)
{
    uint64_t now_ms = shelf->worker->loop.now_ms;
    if (shelf->date[0] == '\0' || shelf->date_ms != now_ms) {
        shelf->date_ms = now_ms;
        int64_t unix_ms = clock_unix_ms(shelf->worker->shared->clock);
        int64_t unix_s = unix_ms / 1000;
        if (shelf->date[0] == '\0' || unix_s != shelf->date_s) {
            shelf->date_s = unix_s;
            shelf_print_date(shelf->date, unix_s);
        }
    }
    return (struct span){shelf->date, SHELF_DATE_SIZE - 1};
}

/* --- Renditions ------------------------------------------------------------
 */

void shelf_print_tag(char out[SHELF_TAG_SIZE], struct span body)
{
    uint64_t mark = hash_mark(body.data, body.len);
    out[0] = '"';
    for (int i = 0; i < 16; i++) {
        out[i + 1] = "0123456789abcdef"[mark >> (60 - 4 * i) & 15];
    }
    out[17] = '"';
    out[18] = '\0';
}

/* Few symbols have a name, and for most a look at the filter says so. */
static const struct name *name_of(const struct names *names,
                                  const struct symbol *symbol)
{
    return names_may_have(names, symbol_hash(symbol))
               ? names_find(names, symbol_span(symbol))
               : NULL;
}

void shelf_put_quote(struct shelf *shelf, const struct answer *answer,
                     enum form form, struct buffer *out)
{
    CHECK(answer->quote != NULL);
    const struct settings *settings = shelf->worker->settings;
    struct field_source source = {
        .quote = answer->quote,
        .name = name_of(settings->names, &answer->quote->symbol),
        .state = answer->state,
        .now_mono_ms = shelf->worker->loop.now_ms,
        .server = settings->conf->server.id,
    };
    switch (form) {
    case FORM_JSON:
    case FORM_JSON_NUMBERS:
        render_json(out, &source, form == FORM_JSON_NUMBERS);
        break;
    case FORM_CSV:
        render_csv(out, &source);
        break;
    case FORM_TEXT:
        render_text(out, &source);
        break;
    case FORM_COUNT:
        CHECK(form < FORM_COUNT);
    }
}

/* Whether a rendition is what would be composed now. */
static bool is_of(const struct rendition *rendition,
                  const struct answer *answer, enum form form)
{
    return rendition->form == form && rendition->state == answer->state &&
           quote_equal(&rendition->quote, answer->quote);
}

/* Two odd numbers without a pattern: the fractions of the golden ratio and of
 * the square root of 3. */
#define MIX_FIRST  0x9e3779b97f4a7c15u
#define MIX_SECOND 0xbb67ae8584caa73bu

#define PLACE_BITS 10
_Static_assert(SHELF_PLACES == 1 << PLACE_BITS, "a place is so many bits");
_Static_assert(SYMBOL_LEN_LIMIT == 4 * sizeof(uint64_t), "four words of it");

/* Of a symbol in a form: its place in the first bits, a mark in the last. */
static uint64_t mix(const struct symbol *symbol, enum form form)
{
    // What is behind a symbol's text is 0 up to the end of its memory.  Whoever
    // finds symbols that meet in one place has others composed again, and gains
    // nothing else; so there is no seed.
    uint64_t words[4];
    memcpy(words, symbol->text, sizeof(words));
    uint64_t mixed = (words[0] ^ words[2]) * MIX_FIRST ^
                     (words[1] ^ words[3] ^ form) * MIX_SECOND;
    return (mixed ^ mixed >> 32) * MIX_FIRST;
}

/* A new rendition for a place; NULL for want of memory. */
static struct rendition *make_rendition(void)
{
    struct rendition *made = mem_calloc(1, sizeof(*made));
    if (made != NULL) {
        made->body = buffer_empty(2 * RENDER_BYTES_LIMIT);
        made->whole = buffer_empty(4 * RENDER_BYTES_LIMIT);
        made->is_kept = true;
    }
    return made;
}

/* The rendition that a quote in a form is to have: its own, if older, that of
 * another one, or the spare one. */
static struct rendition *rendition_at(struct shelf *shelf,
                                      struct shelf_place *place, uint32_t mark)
{
    if (place->rendition == NULL) {
        place->rendition = make_rendition();
    } else if (place->kept != mark && place->passed != mark) {
        place->passed = mark;
        return &shelf->spare;
    }
    place->kept = mark;
    return place->rendition != NULL ? place->rendition : &shelf->spare;
}

/* Compose a rendition: first where there is room already. */
static void compose(struct shelf *shelf, struct rendition *rendition,
                    const struct answer *answer, enum form form)
{
    struct buffer *body = &shelf->spare.body;
    buffer_clear(body);
    if (form == FORM_CSV) {
        render_csv_head(body);
    }
    shelf_put_quote(shelf, answer, form, body);
    shelf_print_tag(rendition->tag, buffer_span(body));
    if (!rendition->is_kept) {
        return;
    }
    buffer_clear(&rendition->whole);
    buffer_clear(&rendition->body);
    buffer_put_span(&rendition->body, buffer_span(body));
    rendition->body.failed |= body->failed;
    rendition->quote = *answer->quote;
    rendition->state = answer->state;
    // Of a failed one nothing is true but that it has failed.
    rendition->form = rendition->body.failed ? FORM_COUNT : form;
}

void shelf_settle(struct shelf *shelf)
{
    if (shelf->settings == shelf->worker->settings) {
        return;
    }
    // Names and the server's own name may be others now.
    free_renditions(shelf);
    memo_forget_all(shelf->memos);
    settings_leave(&shelf->settings);
    shelf->settings = settings_hold(shelf->worker->settings);
}

struct rendition *shelf_rendition(struct shelf *shelf,
                                  const struct answer *answer, enum form form)
{
    shelf_settle(shelf);
    uint64_t mixed = mix(&answer->quote->symbol, form);
    struct shelf_place *place = &shelf->places[mixed >> (64 - PLACE_BITS)];
    uint32_t mark = (uint32_t)mixed;
    if (place->kept == mark && place->rendition != NULL &&
        is_of(place->rendition, answer, form)) {
        place->passed = mark; // whoever came in between begins anew
        return place->rendition;
    }
    struct rendition *rendition = rendition_at(shelf, place, mark);
    compose(shelf, rendition, answer, form);
    return rendition;
}
