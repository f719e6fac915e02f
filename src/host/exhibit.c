/* SPDX-License-Identifier: Apache-2.0 */
#include "host/exhibit.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "base/buffer.h"
#include "base/check.h"
#include "provider/query.h"
#include "quote/quote.h"

/* What stands in the key's place in a URL and in header lines. */
#define HIDDEN "HIDDEN"

/* Of a body, and of a header line, so much is shown. */
#define BODY_SHOWN 1024
#define LINE_SHOWN 160

#define URL_LIMIT     (64u << 10)
#define HEADERS_LIMIT (8u << 10)

void exhibit_say(FILE *out, const char *about, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fprintf(out, "%-14s ", about);
    vfprintf(out, format, args);
    fputc('\n', out);
    va_end(args);
    fflush(out); // the next step may take a while
}

void exhibit_request(FILE *out, const struct query *query, const char *origin)
{
    struct query shown = *query;
    if (shown.key[0] != '\0') {
        shown.key = HIDDEN;
        if (provider_key_fault(shown.provider, shown.key) != NULL) {
            shown.key = HIDDEN ":" HIDDEN;
        }
    }
    struct buffer url = buffer_empty(URL_LIMIT);
    struct buffer headers = buffer_empty(HEADERS_LIMIT);
    query_compose_url(&shown, origin, &url);
    query_compose_headers(&shown, &headers);
    exhibit_say(out, "request", "GET %.*s", SPAN_ARGS(buffer_span(&url)));
    struct span rest = buffer_span(&headers);
    struct span line;
    while (rest.len > 0 && span_split(&rest, '\0', &line)) {
        exhibit_say(out, "", "%.*s", SPAN_ARGS(line));
    }
    buffer_deinit(&url);
    buffer_deinit(&headers);
}

/* --- What it costs -------------------------------------------------------- */

static const char *span_word(enum budget_span span)
{
    static const char *const words[BUDGET_SPANS] = {"second", "minute", "hour",
                                                    "day", "month"};
    CHECK(span < BUDGET_SPANS);
    return words[span];
}

void exhibit_print_rough(char out[UNITS_TEXT_SIZE], uint64_t ms)
{
    uint64_t minutes = ms / 60000;
    if (minutes >= 48 * 60) {
        snprintf(out, UNITS_TEXT_SIZE, "%" PRIu64 "d", minutes / (24 * 60));
    } else if (minutes >= 60) {
        snprintf(out, UNITS_TEXT_SIZE, "%" PRIu64 "h %" PRIu64 "m",
                 minutes / 60, minutes % 60);
    } else if (minutes > 0) {
        snprintf(out, UNITS_TEXT_SIZE, "%" PRIu64 "m", minutes);
    } else {
        snprintf(out, UNITS_TEXT_SIZE, "%" PRIu64 "s", (ms + 999) / 1000);
    }
}

void exhibit_budget(FILE *out, const char *about, struct budget *budget,
                    struct steady_time now)
{
    static const char *const costs[BUDGET_COSTS] = {"calls", "symbols",
                                                    "different symbols"};
    size_t count = budget_rules_count(budget);
    if (count == 0) {
        exhibit_say(out, about, "no limits are known");
    }
    for (size_t i = 0; i < count; i++) {
        struct budget_view view;
        char turns[UNITS_TEXT_SIZE];
        budget_look(budget, now, i, &view);
        exhibit_print_rough(turns, view.turns_in_ms);
        exhibit_say(out, i == 0 ? about : "",
                    "%" PRIu32 " of %" PRIu32 " %s a %s are left%s%s",
                    view.left, view.rule.n, costs[view.rule.cost],
                    span_word(view.rule.span),
                    view.left < view.rule.n ? ", all of them again in " : "",
                    view.left < view.rule.n ? turns : "");
    }
}

/* --- What came ------------------------------------------------------------ */

/* Whether a header line says something about the answer or the allowance. */
static bool is_of_interest(struct span name)
{
    static const char *const parts[] = {
        "content-type", "content-encoding",
        "retry-after",  "location",
        "date",         "limit",
        "remaining",    "quota",
        "credit",       "www-authenticate",
    };
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        if (span_has_nocase(name, span_of(parts[i]))) {
            return true;
        }
    }
    return false;
}

void exhibit_headers(FILE *out, const struct query *query, struct span headers)
{
    struct span line;
    unsigned others = 0;
    while (span_split(&headers, '\n', &line)) {
        struct span value = line;
        struct span name;
        if (!span_split(&value, ':', &name) || value.data == NULL) {
            continue; // the status line, the empty one at the end
        }
        if (!is_of_interest(name)) {
            others++;
            continue;
        }
        char shown[LINE_SHOWN];
        query_show(query, line, shown, sizeof(shown));
        exhibit_say(out, "", "%s", shown);
    }
    if (others > 0) {
        exhibit_say(out, "", "(and %u other header lines)", others);
    }
}

void exhibit_body(FILE *out, const struct query *query, struct span body)
{
    char shown[BODY_SHOWN];
    query_show(query, body, shown, sizeof(shown));
    bool is_cut =
        body.len > 2 * sizeof(shown) || strlen(shown) + 4 >= sizeof(shown);
    exhibit_say(out, "body", "%s%s",
                shown[0] != '\0' ? shown : "(nothing that can be shown)",
                is_cut ? " ..." : "");
}

void exhibit_quote(FILE *out, const struct quote *quote)
{
    char text[DECIMAL_TEXT_SIZE];
    for (int n = 0; n < QUOTE_NUMBERS; n++) {
        if (quote_has(quote, (enum quote_number)n)) {
            quote_print_number(text, quote, (enum quote_number)n);
            exhibit_say(
                out, quote_number_name((enum quote_number)n), "%s%s%s", text,
                n == QUOTE_PRICE && quote->currency[0] != '\0' ? " " : "",
                n == QUOTE_PRICE ? quote->currency : "");
        }
    }
    if (quote->currency[0] == '\0') {
        exhibit_say(out, "currency", "not known");
    }
    if (quote->unit_factor > 0) {
        exhibit_say(out, "unit", "divided by %u: it came in hundredths",
                    (unsigned)quote->unit_factor);
    }
    char as_of[QUOTE_AS_OF_SIZE] = "not known";
    if (quote->has_as_of) {
        quote_print_as_of(as_of, quote);
    }
    exhibit_say(out, "as_of", "%s%s", as_of,
                quote->is_old ? "; of an earlier session" : "");
    char delay[UNITS_TEXT_SIZE];
    units_print_duration_ms(delay, UINT64_C(1000) * quote->delay_s);
    exhibit_say(out, "delay", "%s",
                quote->delay == QUOTE_DELAY_KNOWN        ? delay
                : quote->delay == QUOTE_DELAY_END_OF_DAY ? "a price once a day"
                                                         : "not known");
}
