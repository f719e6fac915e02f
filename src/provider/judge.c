/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/judge.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "document/document.h"
#include "document/words.h"
#include "provider/allowance.h"
#include "provider/extract.h"
#include "provider/query_priv.h"
#include "provider/rule.h"
#include "provider/seat.h"

/* A judgement under way. */
struct judge {
    const struct query *query;
    const struct provider *provider;
    const struct provider_endpoint *endpoint;
    const struct provider_answer *answer;
    struct query_keys keys;
    struct document *document; // NULL: the body could not be read
    int document_err;          // why
    struct seat_plan plan;
    struct provider_outcome *outcome;
    struct provider_verdict *verdicts;
};

/* --- The reason ----------------------------------------------------------- */

/* Write a reason: our own words, then theirs behind a colon. */
static void print_reason(const struct judge *judge,
                         char out[PROVIDER_TEXT_SIZE],
                         enum provider_class class, const char *ours,
                         struct span theirs)
{
    CHECK(class != PROVIDER_OK);
    struct words words;
    words_init(&words, out, PROVIDER_TEXT_SIZE, judge->keys.first);
    words_hide(&words, judge->keys.second);
    words_put(&words, span_of(ours));
    if (ours[0] != '\0' && theirs.len > 0) {
        words_put(&words, span_of(": "));
    }
    words_put(&words, theirs);
    if (out[0] == '\0') {
        // A rule may point at a text that is empty or holds nothing to show.
        words_put(&words, span_of(err_sentence(provider_class_err(class))));
    }
}

static void decide_one(const struct judge *judge, size_t at,
                       enum provider_class class, const char *ours,
                       struct span theirs)
{
    struct provider_verdict *verdict = &judge->verdicts[at];
    // Not even a part of a quote stands beside another class.
    *verdict = (struct provider_verdict){.class = class};
    print_reason(judge, verdict->text, class, ours, theirs);
}

/* Decide about the whole call, and so about each symbol. */
static void decide_all(const struct judge *judge, enum provider_class class,
                       const char *ours, struct span theirs)
{
    judge->outcome->class = class;
    print_reason(judge, judge->outcome->text, class, ours, theirs);
    for (size_t i = 0; i < judge->query->count; i++) {
        decide_one(judge, i, class, ours, theirs);
    }
}

__attribute__((format(printf, 2, 3))) static void say_step(
    const struct judge *judge, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(judge->outcome->decided_by, PROVIDER_STEP_SIZE, format, args);
    va_end(args);
}

/* The provider's own words: what it says to people, else the body's front. */
static struct span words_of(const struct judge *judge)
{
    struct span text = span_of("");
    if (judge->document != NULL) {
        text = document_sentence(document_root(judge->document));
    }
    return text.len > 0 ? text : span_trim(judge->answer->body);
}

/* --- (1), (3) Rules ------------------------------------------------------- */

/* Find the rule that holds, the endpoint's before the provider's; *of is whose
 * it is, for people. */
static bool find_rule(const struct judge *judge, bool guards,
                      const struct rule_scene *scene, struct rule_match *out,
                      struct span *of)
{
    *of = judge->endpoint->name;
    if (rule_find(&judge->endpoint->errors, guards, scene, out)) {
        return true;
    }
    *of = span_of("");
    return rule_find(&judge->provider->errors, guards, scene, out);
}

/* Whether a class blames one symbol, so that a call for several which gets it
 * is a question of which. */
static bool blames_a_symbol(enum provider_class class)
{
    return class == PROVIDER_UNKNOWN || class == PROVIDER_FORBIDDEN ||
           class == PROVIDER_BAD;
}

/* The number of the symbol that a text names; the count where it names none. */
static size_t find_symbol(const struct judge *judge, struct span text)
{
    size_t at = 0;
    while (at < judge->plan.count &&
           !spelling_equal(&judge->plan.seats[at].spelling, text, false)) {
        at++;
    }
    return at;
}

/* Decide about a call that was refused whole, by a rule or by its status.
 * `culprit` is the symbol that the answer blames, "" where it names none. */
static void refuse(const struct judge *judge, enum provider_class class,
                   const char *ours, struct span theirs, struct span culprit)
{
    size_t count = judge->query->count;
    size_t drop = culprit.len > 0 ? find_symbol(judge, culprit) : count;
    decide_all(judge, class, ours, theirs);
    if (count == 1 || !blames_a_symbol(class)) {
        return;
    }
    judge->outcome->drop = drop;
    judge->outcome->splits = drop == count;
    for (size_t i = 0; i < count; i++) {
        if (i != drop) {
            decide_one(judge, i, PROVIDER_UPSTREAM,
                       "the call was refused because of one of its symbols",
                       theirs);
        }
    }
}

static bool judge_by_rules(const struct judge *judge, bool guards)
{
    struct rule_scene scene = {
        .status = judge->answer->status,
        .body = judge->answer->body,
        .has_root = judge->document != NULL,
    };
    if (scene.has_root) {
        scene.root = document_root(judge->document);
    }
    struct rule_match match;
    struct span of;
    if (!find_rule(judge, guards, &scene, &match, &of)) {
        return false;
    }
    say_step(judge, "%s %zu%s%.*s", guards ? "guard" : "rule", match.number,
             of.len > 0 ? " of " : "", SPAN_ARGS(of));
    // A code ("rate_limit_reached") says less than the sentence beside it.
    bool is_code = match.matched.len == 0 ||
                   memchr(match.matched.data, ' ', match.matched.len) == NULL;
    refuse(judge, match.rule->class, "",
           is_code ? words_of(judge) : match.matched,
           match.rule->drops ? match.behind : span_of(""));
    return true;
}

/* --- (4) The status ------------------------------------------------------- */

static bool is_success(int status)
{
    return status >= 200 && status <= 299;
}

static enum provider_class class_of_status(int status)
{
    switch (status) {
    case 401:
        return PROVIDER_AUTH;
    case 402:
        return PROVIDER_PLAN;
    case 403:
        return PROVIDER_FORBIDDEN;
    case 404:
        return PROVIDER_UNKNOWN;
    case 429:
        return PROVIDER_LIMIT_MINUTE;
    default:
        break;
    }
    // Redirects are not followed: a provider that sends one sends no price.
    return status >= 400 && status <= 499 ? PROVIDER_BAD : PROVIDER_UPSTREAM;
}

static void judge_by_status(const struct judge *judge)
{
    int status = judge->answer->status;
    CHECK(!is_success(status));
    char ours[32];
    snprintf(ours, sizeof(ours), "HTTP status %d", status);
    say_step(judge, "status %d", status);
    refuse(judge, class_of_status(status), ours, words_of(judge), span_of(""));
}

/* --- (2) The data --------------------------------------------------------- */

/* What the data says of a symbol. */
struct finding {
    enum provider_class class;
    bool is_price; // there is one, though perhaps not to be had
    const char *ours;
    struct span about;
};

static struct finding find_nothing(const char *ours)
{
    return (struct finding){PROVIDER_UNKNOWN, false, ours, span_of("")};
}

static struct finding find_trouble(const char *ours, struct span about)
{
    return (struct finding){PROVIDER_UPSTREAM, false, ours, about};
}

/* There is a price, but it is not to be had. */
static struct finding find_bad_price(const char *ours, struct span about)
{
    return (struct finding){PROVIDER_UPSTREAM, true, ours, about};
}

/* Of a symbol that has no row. */
static struct finding find_without_row(const struct judge *judge)
{
    const struct seat_plan *plan = &judge->plan;
    // A file has whatever it has; a host was asked.
    if (plan->strangers == 0 || provider_is_file(judge->provider)) {
        return find_nothing("the answer has no data for this symbol");
    }
    return find_trouble("asked for another symbol, the answer is for",
                        plan->stranger.len > 0 ? plan->stranger
                                               : span_of("nobody knows which"));
}

/* Of a price in one object: whether it is the asked symbol's. */
static struct finding check_echo(const struct judge *judge)
{
    const struct seat_plan *plan = &judge->plan;
    const struct provider_endpoint *endpoint = judge->endpoint;
    bool has_echo = endpoint->shape == PROVIDER_OBJECT && endpoint->id.len > 0;
    if (!has_echo || spelling_equal(&plan->seats[0].spelling, plan->echoed,
                                    endpoint->id_is_bare)) {
        return (struct finding){PROVIDER_OK, true, "", span_of("")};
    }
    if (plan->echoed.len == 0) {
        return find_bad_price("the price does not say which symbol it is for",
                              span_of(""));
    }
    return find_bad_price("asked for another symbol, the price is for",
                          plan->echoed);
}

static struct finding find_in_row(const struct judge *judge,
                                  const struct extract *extract,
                                  struct document_node row,
                                  struct provider_verdict *out)
{
    struct span about;
    switch (extract_quote(extract, row, out, &about)) {
    case EXTRACT_PRICE:
        return check_echo(judge);
    case EXTRACT_OTHER_MARKET:
        return find_bad_price("the price is of another market", about);
    case EXTRACT_MIXED_UNITS:
        return find_bad_price("the prices are about a hundredfold of each "
                              "other: one of them is in another unit",
                              span_of(""));
    case EXTRACT_NO_PRICE:
        return find_nothing("the answer has no price for this symbol");
    case EXTRACT_NO_NUMBER:
        return find_trouble("the price is no number", about);
    case EXTRACT_NO_FIELD:
        break;
    }
    return find_trouble("the answer has data, but no price where it should be",
                        span_of(""));
}

static struct finding find(const struct judge *judge, size_t at,
                           struct provider_verdict *out)
{
    const struct seat *seat = &judge->plan.seats[at];
    if (seat->rows == 0) {
        return find_without_row(judge);
    }
    if (seat->rows > 1) {
        return find_bad_price("the answer has several rows for this symbol",
                              span_of(""));
    }
    if (seat->row.kind == DOCUMENT_NULL) {
        return find_nothing("the answer has no data for this symbol");
    }
    struct extract extract = {
        .provider = judge->provider,
        .endpoint = judge->endpoint,
        .symbol = judge->query->symbols[at],
        .delay = judge->plan.delay,
        .now_unix_ms = judge->answer->now_unix_ms,
        .written_unix_ms = judge->answer->written_unix_ms,
    };
    return find_in_row(judge, &extract, seat->row, out);
}

/* Hold the rules against one symbol's row, which has no price. */
static bool judge_row_by_rules(const struct judge *judge, size_t at)
{
    const struct seat *seat = &judge->plan.seats[at];
    struct rule_scene scene = {
        .status = 200,
        .body = span_of(""),
        .has_root = true,
        .root = seat->row,
    };
    struct rule_match match;
    struct span of;
    if (seat->rows != 1 || seat->row.kind != DOCUMENT_MAP ||
        !find_rule(judge, false, &scene, &match, &of)) {
        return false;
    }
    struct span theirs = document_sentence(seat->row);
    decide_one(judge, at, match.rule->class, "",
               theirs.len > 0 ? theirs : match.matched);
    return true;
}

/* Judge each symbol by its row.  Returns whether there was a price, of whatever
 * symbol. */
static bool judge_rows(const struct judge *judge)
{
    bool has_price = false;
    for (size_t i = 0; i < judge->query->count; i++) {
        struct finding finding = find(judge, i, &judge->verdicts[i]);
        has_price = has_price || finding.is_price;
        if (finding.class == PROVIDER_OK) {
            judge->verdicts[i].class = PROVIDER_OK;
        } else if (finding.is_price || !judge_row_by_rules(judge, i)) {
            decide_one(judge, i, finding.class, finding.ours, finding.about);
        }
    }
    return has_price;
}

/* What several symbols' verdicts make of the call: a price makes it good; else
 * the one that has the heaviest consequences. */
static void sum_up(const struct judge *judge)
{
    static const enum provider_class heaviest_first[PROVIDER_CLASS_COUNT] = {
        PROVIDER_OK,         PROVIDER_AUTH,         PROVIDER_BLOCKED,
        PROVIDER_SESSION,    PROVIDER_LIMIT_MONTH,  PROVIDER_LIMIT_DAY,
        PROVIDER_LIMIT_HOUR, PROVIDER_LIMIT_MINUTE, PROVIDER_LIMIT_SECOND,
        PROVIDER_PLAN,       PROVIDER_NOTICE,       PROVIDER_UPSTREAM,
        PROVIDER_BAD,        PROVIDER_FORBIDDEN,    PROVIDER_UNKNOWN,
    };
    struct provider_outcome *outcome = judge->outcome;
    say_step(judge, "data");
    for (size_t i = 0; i < PROVIDER_CLASS_COUNT; i++) {
        for (size_t at = 0; at < judge->query->count; at++) {
            if (judge->verdicts[at].class == heaviest_first[i]) {
                outcome->class = heaviest_first[i];
                memcpy(outcome->text, judge->verdicts[at].text,
                       sizeof(outcome->text));
                return;
            }
        }
    }
    CHECK(false); // each symbol has a class
}

/* --- (5) What is left ----------------------------------------------------- */

/* A 2xx that can't be read, and under no rule. */
static void judge_unreadable(const struct judge *judge)
{
    struct span front = span_trim(judge->answer->body);
    const char *ours = judge->endpoint->is_csv ? "the answer is not CSV"
                                               : "the answer is not JSON";
    if (front.len == 0) {
        ours = "the answer is empty";
    } else if (judge->document_err == ERR_NOMEM) {
        ours = "no memory to read the answer";
    } else if (judge->document_err == ERR_FULL) {
        ours = "the answer is too long or too deep";
    }
    say_step(judge, "body");
    decide_all(judge, PROVIDER_UPSTREAM, ours, front);
}

static void judge_place(const struct judge *judge)
{
    switch (judge->plan.place) {
    case SEAT_OTHER_SHAPE:
        say_step(judge, "shape");
        decide_all(judge, PROVIDER_NOTICE, "", words_of(judge));
        break;
    case SEAT_EMPTY:
        say_step(judge, "data");
        decide_all(judge, PROVIDER_UNKNOWN,
                   "the answer has no data for this symbol", span_of(""));
        break;
    case SEAT_ROWS:
        sum_up(judge);
        break;
    }
}

/* --- The order ------------------------------------------------------------ */

static void judge_in_order(struct judge *judge)
{
    if (judge_by_rules(judge, true)) {
        return;
    }
    bool is_good = is_success(judge->answer->status);
    bool has_price = false;
    if (is_good && judge->document != NULL) {
        seat_rows(&judge->plan, judge->endpoint, judge->document);
        has_price = judge->plan.place == SEAT_ROWS && judge_rows(judge);
    }
    if (has_price) {
        sum_up(judge);
    } else if (judge_by_rules(judge, false)) {
        // The provider said what is wrong, in words that we know.
    } else if (!is_good) {
        judge_by_status(judge);
    } else if (judge->document == NULL) {
        judge_unreadable(judge);
    } else {
        judge_place(judge);
    }
}

void judge_answer(const struct query *query,
                  const struct provider_answer *answer,
                  struct provider_outcome *outcome,
                  struct provider_verdict verdicts[])
{
    const struct provider *provider = query->provider;
    CHECK(query->endpoint < provider->endpoints_count);
    struct judge judge = {
        .query = query,
        .provider = provider,
        .endpoint = &provider->endpoints[query->endpoint],
        .answer = answer,
        .keys = query_keys_of(query),
        .outcome = outcome,
        .verdicts = verdicts,
    };
    CHECK(query->count <= judge.endpoint->max);
    *outcome = (struct provider_outcome){.class = PROVIDER_NOTICE,
                                         .drop = query->count};
    allowance_read(provider, answer, outcome);
    if (seat_init_all(&judge.plan, query) != 0) {
        say_step(&judge, "body");
        decide_all(&judge, PROVIDER_UPSTREAM, "no memory to read the answer",
                   span_of(""));
        return;
    }
    judge.document_err = judge.endpoint->is_csv
                             ? document_parse_csv(&judge.document, answer->body)
                             : document_parse(&judge.document, answer->body);
    judge_in_order(&judge);
    document_destroy(&judge.document);
    seat_deinit_all(&judge.plan);
}
