/* SPDX-License-Identifier: Apache-2.0 */
#include "show/explain.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/err.h"
#include "desk/view.h"
#include "quote/names.h"
#include "quote/quote.h"
#include "show/field.h"

/* --- Lines ---------------------------------------------------------------- */

/* Where the texts begin, behind their labels. */
#define INDENT 10

/* A text is cut short after so many lines. */
#define LINES_LIMIT 3

/* Bytes of the longest text that is put into lines; a reason has 320. */
#define TEXT_SIZE 640

/* How many bytes of a text fit into so many columns.  Characters count as one
 * column each, which is so for nearly everything that providers say. */
static size_t fit(struct span text, size_t columns)
{
    size_t at = 0;
    size_t used = 0;
    while (at < text.len) {
        bool begins = ((unsigned char)text.data[at] & 0xC0) != 0x80;
        if (begins && used == columns) {
            break;
        }
        used += begins;
        at++;
    }
    return at;
}

/* How many bytes of a text are its next line: up to a space, where it has one.
 */
static size_t line_len(struct span text)
{
    size_t most = fit(text, EXPLAIN_COLUMNS - INDENT);
    if (most == text.len) {
        return most;
    }
    size_t at = most;
    while (at > 0 && text.data[at] != ' ') {
        at--;
    }
    return at > 0 ? at : most;
}

/* "label     text", on as many lines as it takes. */
static void put_line(struct buffer *out, const char *label, const char *format,
                     ...) __attribute__((format(printf, 3, 4)));

static void put_line(struct buffer *out, const char *label, const char *format,
                     ...)
{
    char line[TEXT_SIZE];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    struct span rest = span_of(line);
    CHECK(strlen(label) < INDENT);
    for (int i = 0; i < LINES_LIMIT && (i == 0 || rest.len > 0); i++) {
        size_t len = line_len(rest);
        bool is_cut = i == LINES_LIMIT - 1 && len < rest.len;
        if (is_cut) {
            len = fit(rest, EXPLAIN_COLUMNS - INDENT - 3);
        }
        buffer_printf(out, "%-*s%.*s%s\n", INDENT, i == 0 ? label : "",
                      (int)len, rest.data, is_cut ? "..." : "");
        rest.data += len;
        rest.len -= len;
        while (rest.len > 0 && rest.data[0] == ' ') {
            rest.data++;
            rest.len--;
        }
    }
}

/* --- Time ----------------------------------------------------------------- */

#define DURATION_SIZE 48

/* A duration in its two largest units: "6 h 12 min", "3 d", "34 s", "850 ms".
 */
static const char *duration(char out[DURATION_SIZE], uint64_t ms)
{
    static const struct {
        uint64_t ms;
        const char *name;
    } units[] = {
        {86400000, "d"}, {3600000, "h"}, {60000, "min"}, {1000, "s"}, {1, "ms"},
    };
    size_t i = 0;
    while (units[i].ms > 1 && ms < units[i].ms) {
        i++;
    }
    uint64_t rest = ms % units[i].ms / (i < 3 ? units[i + 1].ms : units[i].ms);
    if (rest == 0) {
        snprintf(out, DURATION_SIZE, "%" PRIu64 " %s", ms / units[i].ms,
                 units[i].name);
    } else {
        snprintf(out, DURATION_SIZE, "%" PRIu64 " %s %" PRIu64 " %s",
                 ms / units[i].ms, units[i].name, rest, units[i + 1].name);
    }
    return out;
}

/* An instant to the minute: "2026-11-20T21:00Z". */
static const char *minute(char out[CLOCK_TEXT_SIZE], int64_t unix_s)
{
    clock_print_unix_ms(out, unix_s * 1000);
    memcpy(out + 16, "Z", 2);
    return out;
}

/* --- The price ------------------------------------------------------------ */

static void put_head(struct buffer *out, const struct explain_source *source)
{
    const char *symbol = source->explanation->symbol.text;
    bool is_named =
        source->name != NULL && strcmp(source->name->name, symbol) != 0;
    if (!is_named) {
        buffer_printf(out, "%s\n", symbol);
        return;
    }
    struct span name = span_of(source->name->name);
    size_t len = fit(name, EXPLAIN_COLUMNS - SYMBOL_LEN_LIMIT - 2);
    buffer_printf(out, "%s  %.*s\n", symbol, (int)len, name.data);
}

static void put_no_price(struct buffer *out,
                         const struct explain_source *source)
{
    bool is_believed = source->failure != 0 &&
                       source->failed_until_mono_ms > source->now_mono_ms;
    if (!is_believed) {
        put_line(out, "price", "none is in memory");
        return;
    }
    char left[DURATION_SIZE];
    duration(left, source->failed_until_mono_ms - source->now_mono_ms);
    put_line(out, "price", "none: %s (believed for another %s)",
             err_sentence(source->failure), left);
}

static void put_price(struct buffer *out, const struct explain_source *source)
{
    const struct quote *quote = source->quote;
    const struct field_source fields = {
        .quote = quote,
        .name = source->name,
        .state = freshness_of(quote, source->rule, source->now_mono_ms),
        .now_mono_ms = source->now_mono_ms,
        .server = "",
    };
    char scratch[FIELD_TEXT_SIZE];
    struct span currency = field_text(FIELD_CURRENCY, &fields, scratch);
    char age[DURATION_SIZE];
    char left[DURATION_SIZE];
    uint64_t left_ms =
        freshness_left_ms(quote, source->rule, source->now_mono_ms);
    duration(age, freshness_age_ms(quote, source->now_mono_ms));
    duration(left, left_ms);
    const char *outlook = left_ms > 0 ? ", good for another " : "";
    if (fields.state == FRESHNESS_EXPIRED) {
        outlook = ", too old to be served";
    }
    put_line(out, "price", "%.*s%s%.*s, %s: %s old%s%s", quote->price_len,
             quote->price_text, currency.len > 0 ? " " : "", (int)currency.len,
             currency.len > 0 ? currency.data : "",
             freshness_word(fields.state), age, outlook,
             left_ms > 0 ? left : "");
}

static void put_times(struct buffer *out, const struct quote *quote)
{
    char as_of[QUOTE_AS_OF_SIZE] = "not said by the provider";
    char fetched[CLOCK_TEXT_SIZE];
    if (quote->has_as_of) {
        quote_print_as_of(as_of, quote);
    }
    clock_print_unix_ms(fetched, quote->fetched_unix_ms);
    put_line(out, "as of", "%s, fetched %s", as_of, fetched);
}

static void put_source(struct buffer *out, const struct quote *quote)
{
    char delay[DURATION_SIZE + 32] = "";
    char length[DURATION_SIZE];
    if (quote->delay == QUOTE_DELAY_END_OF_DAY) {
        snprintf(delay, sizeof(delay), ", which has one price a day");
    } else if (quote->delay == QUOTE_DELAY_KNOWN && quote->delay_s == 0) {
        snprintf(delay, sizeof(delay), ", in real time");
    } else if (quote->delay == QUOTE_DELAY_KNOWN) {
        snprintf(delay, sizeof(delay), ", delayed by %s",
                 duration(length, UINT64_C(1000) * quote->delay_s));
    }
    char factor[48] = "";
    if (quote->unit_factor > 1) {
        snprintf(factor, sizeof(factor), "; what it sends is divided by %u",
                 quote->unit_factor);
    }
    put_line(out, "source", "%s%s%s", quote->source, delay, factor);
}

/* --- The market ----------------------------------------------------------- */

static void put_hours(struct buffer *out,
                      const struct desk_explanation *explanation,
                      const char *market)
{
    const struct timetable_view *hours = &explanation->hours;
    int64_t until =
        hours->is_open ? hours->next_close_unix_s : hours->next_open_unix_s;
    const char *what = hours->is_open    ? "open"
                       : hours->is_break ? "closed for a break"
                                         : "closed";
    if (until == TIMETABLE_NEVER) {
        put_line(out, "market", "%s is always open", market);
        return;
    }
    char at[CLOCK_TEXT_SIZE];
    char in[DURATION_SIZE];
    int64_t in_ms = until * 1000 - explanation->now_unix_ms;
    duration(in, in_ms > 0 ? (uint64_t)in_ms : 0);
    const char *early =
        hours->is_open && hours->session.is_early ? ", early today" : "";
    put_line(out, "market", "%s is %s until %s, in %s%s", market, what,
             minute(at, until), in, early);
}

static void put_market(struct buffer *out,
                       const struct desk_explanation *explanation)
{
    const char *market = explanation->market;
    if (explanation->is_always_open) {
        put_line(out, "market", "%s%sthe provider has prices at any hour",
                 market, market[0] != '\0' ? ": " : "");
    } else if (explanation->hours.is_known) {
        put_hours(out, explanation, market);
    } else {
        put_line(out, "market", "%s: hours not known, taken for open",
                 market[0] != '\0' ? market : "none is named");
    }
}

/* --- What comes next ------------------------------------------------------ */

/* It waits in a queue: since when it may go, where, behind whom, and why. */
static void put_queued(struct buffer *out,
                       const struct desk_explanation *explanation)
{
    char in[DURATION_SIZE];
    char when[DURATION_SIZE + 32] = "at once";
    char others[48] = "";
    const char *why = explanation->next_why;
    if (explanation->next_ms == UINT64_MAX) {
        snprintf(when, sizeof(when), "nobody knows when");
    } else if (explanation->next_ms > 0) {
        snprintf(when, sizeof(when), "in %s at the earliest",
                 duration(in, explanation->next_ms));
    }
    if (explanation->at < explanation->witnesses_count) {
        uint32_t queued = explanation->witnesses[explanation->at].post.queued;
        if (queued > 1) {
            snprintf(others, sizeof(others), ", as %" PRIu32 " others do",
                     queued - 1);
        }
    }
    put_line(out, "next", "%s: it waits for a call to %s%s%s%s", when,
             explanation->flight.post, others, why[0] != '\0' ? ": " : "", why);
}

static void put_next(struct buffer *out,
                     const struct desk_explanation *explanation)
{
    const char *what = view_next_sentence(explanation->next);
    char in[DURATION_SIZE];
    switch (explanation->next) {
    case DESK_NEXT_CALLED:
        put_line(out, "next", "now: %s, to %s", what, explanation->flight.post);
        break;
    case DESK_NEXT_QUEUED:
        put_queued(out, explanation);
        break;
    case DESK_NEXT_NONE:
        put_line(out, "next", "%s", what);
        break;
    default:
        put_line(out, "next", "in %s: %s", duration(in, explanation->next_ms),
                 what);
        break;
    }
}

static void put_whom(struct buffer *out,
                     const struct desk_explanation *explanation)
{
    if (explanation->at == explanation->witnesses_count) {
        put_line(out, "to ask", "nobody: no provider may be asked for it");
        return;
    }
    const struct desk_witness *next = &explanation->witnesses[explanation->at];
    char in[DURATION_SIZE];
    if (next->wait_ms == 0) {
        put_line(out, "to ask", "%s, at once, when somebody has to wait",
                 next->post.name);
    } else if (next->wait_ms == UINT64_MAX) {
        put_line(out, "to ask", "%s, nobody knows when: %s", next->post.name,
                 next->wait_why);
    } else {
        put_line(out, "to ask", "%s, in %s: %s", next->post.name,
                 duration(in, next->wait_ms), next->wait_why);
    }
}

/* --- The providers -------------------------------------------------------- */

static void put_standing(struct buffer *out, const struct desk_witness *witness)
{
    static const char *const reaches[] = {
        [DESK_SERVES] = "",
        [DESK_NOT_ITS_MARKET] = ", not asked for this market",
        [DESK_NOT_IN_PLAN] = ", its plan does not have this symbol",
        [DESK_OTHER_UNIT] = ", its price was in another unit",
    };
    const struct desk_post_view *post = &witness->post;
    char text[TEXT_SIZE];
    char left[DURATION_SIZE + 8] = "";
    char length[DURATION_SIZE];
    if (post->standing == DESK_RESTING) {
        snprintf(left, sizeof(left), " for %s",
                 duration(length, post->rests_ms));
    }
    int len = snprintf(text, sizeof(text), "%s: %s%s%s%s%s", post->name,
                       view_standing_name(post->standing), left,
                       reaches[witness->reach],
                       post->why[0] != '\0' ? ": " : "", post->why);
    CHECK(len > 0 && (size_t)len < sizeof(text));
    struct span line = {text, (size_t)len};
    buffer_printf(out, "%.*s\n", (int)fit(line, EXPLAIN_COLUMNS), text);
    if (witness->reach == DESK_OTHER_UNIT) { // which it said well
        put_line(out, "  why", "%s; not asked for another %s",
                 witness->wait_why, duration(length, witness->wait_ms));
    }
}

/* What it said: of this symbol, or else of the last one. */
static void put_saying(struct buffer *out, const char *label,
                       const struct desk_saying *said)
{
    if (!said->is_known) {
        return;
    }
    char ago[DURATION_SIZE];
    char among[48] = "";
    duration(ago, said->ago_ms);
    if (said->symbols > 1) {
        snprintf(among, sizeof(among), ", one of %" PRIu32 " in a call",
                 said->symbols);
    }
    bool has_step = said->class != PROVIDER_OK && said->decided_by[0] != '\0';
    put_line(out, label, "%s, %s ago%s%s%s%s%s%s",
             provider_class_name(said->class), ago, among,
             said->text[0] != '\0' ? ": " : "", said->text,
             has_step ? " (" : "", has_step ? said->decided_by : "",
             has_step ? ")" : "");
}

static const char *span_word(enum budget_span span)
{
    static const char *const words[BUDGET_SPANS] = {
        [BUDGET_SECOND] = "second", [BUDGET_MINUTE] = "minute",
        [BUDGET_HOUR] = "hour",     [BUDGET_DAY] = "day",
        [BUDGET_MONTH] = "month",
    };
    CHECK(span < BUDGET_SPANS);
    return words[span];
}

static const char *cost_word(enum budget_cost cost)
{
    static const char *const words[BUDGET_COSTS] = {
        [BUDGET_CALLS] = "",
        [BUDGET_SYMBOLS] = "symbols ",
        [BUDGET_DISTINCT] = "different symbols ",
    };
    CHECK(cost < BUDGET_COSTS);
    return words[cost];
}

static void put_allowance(struct buffer *out, const struct desk_allowance *rule)
{
    const struct budget_view *view = &rule->view;
    bool turns = view->rule.span >= BUDGET_DAY;
    char anew[DURATION_SIZE + 16] = "";
    char runs_out[DURATION_SIZE + 32] = "";
    char length[DURATION_SIZE];
    if (turns) {
        snprintf(anew, sizeof(anew), ", anew in %s",
                 duration(length, view->turns_in_ms));
    }
    if (view->left > 0 && rule->out_in_ms != UINT64_MAX &&
        view->rule.span > BUDGET_SECOND) {
        snprintf(runs_out, sizeof(runs_out), "; at this pace gone in %s",
                 duration(length, rule->out_in_ms));
    }
    put_line(out, "  left", "%" PRIu32 " of %" PRIu32 " %sa %s%s%s", view->left,
             view->rule.n, cost_word(view->rule.cost),
             span_word(view->rule.span), anew, runs_out);
}

static void put_witness(struct buffer *out, const struct desk_witness *witness)
{
    put_standing(out, witness);
    if (witness->said.is_known) {
        put_saying(out, "  said", &witness->said);
    } else {
        put_saying(out, "  last", &witness->post.last);
    }
    for (size_t i = 0; i < witness->post.rules_count; i++) {
        if (view_is_tightest(&witness->post, i)) {
            put_allowance(out, &witness->post.rules[i]);
        }
    }
}

/* Bytes of "and 16 more providers" and its newline, more than enough. */
#define MORE_BYTES 32

void explain_render(struct buffer *out, const struct explain_source *source)
{
    const struct desk_explanation *explanation = source->explanation;
    size_t begin = out->len;
    put_head(out, source);
    if (source->quote != NULL) {
        put_price(out, source);
        put_times(out, source->quote);
        put_source(out, source->quote);
    } else {
        put_no_price(out, source);
    }
    put_market(out, explanation);
    put_next(out, explanation);
    put_whom(out, explanation);
    for (size_t i = 0; i < explanation->witnesses_count; i++) {
        size_t before = out->len;
        put_witness(out, &explanation->witnesses[i]);
        if (out->len > begin + EXPLAIN_BYTES_LIMIT - MORE_BYTES) {
            out->len = before;
            buffer_printf(out, "and %zu more providers\n",
                          explanation->witnesses_count - i);
            return;
        }
    }
}
