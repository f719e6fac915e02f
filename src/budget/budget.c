/* SPDX-License-Identifier: Apache-2.0 */
#include "budget/budget.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/check.h"
#include "base/err.h"
#include "base/mem.h"
#include "budget/distinct.h"
#include "budget/integers.h"
#include "budget/slide.h"
#include "budget/turn.h"
#include "calendar/zone.h"

/* What each saved text begins with; another number is another form. */
#define FORM "quoted-budget 2"

static const char *const span_names[BUDGET_SPANS] = {"s", "m", "h", "d", "mo"};
static const char *const cost_names[BUDGET_COSTS] = {"calls", "symbols",
                                                     "distinct"};

/* What is spent of one rule. */
struct window {
    struct budget_rule rule;
    struct slide slide;        // SECOND, MINUTE, HOUR
    struct turn turn;          // DAY, MONTH
    struct distinct *distinct; // owned; NULL where cost is another
    bool is_loaded;            // budget_load() has found its line
};

struct budget {
    struct steady steady;
    struct steady_time now; // of the last call
    int64_t steady_unix_ms; // of the last call
    int64_t late_unix_ms;   // what that may be as well
    char boot[BUDGET_BOOT_SIZE];
    size_t count;
    struct window windows[BUDGET_RULES_LIMIT];
};

const char *budget_span_name(enum budget_span span)
{
    CHECK(span < BUDGET_SPANS);
    return span_names[span];
}

const char *budget_cost_name(enum budget_cost cost)
{
    CHECK(cost < BUDGET_COSTS);
    return cost_names[cost];
}

static bool slides(const struct window *window)
{
    return window->rule.span < BUDGET_DAY;
}

/* --- Making and ending ---------------------------------------------------- */

static uint64_t length_ms(enum budget_span span)
{
    static const uint64_t lengths[BUDGET_DAY] = {1000, 60000, 3600000};
    CHECK(span < BUDGET_DAY);
    return lengths[span];
}

static bool is_rule(const struct budget_rule *rule)
{
    bool is_distinct = rule->cost == BUDGET_DISTINCT;
    return rule->n > 0 && rule->n <= BUDGET_N_LIMIT &&
           rule->span < BUDGET_SPANS && rule->cost < BUDGET_COSTS &&
           rule->hour < 24 &&
           (!is_distinct ||
            (rule->span >= BUDGET_DAY && rule->n <= BUDGET_DISTINCT_LIMIT));
}

static int open_window(struct window *window, const struct budget_rule *rule)
{
    *window = (struct window){.rule = *rule};
    if (slides(window)) {
        slide_init(&window->slide, rule->n, length_ms(rule->span));
        return 0;
    }
    struct turn_rule turns = {
        .n = rule->n,
        .is_month = rule->span == BUDGET_MONTH,
        .zone = rule->zone,
        .hour = rule->hour,
    };
    turn_init(&window->turn, &turns);
    return rule->cost == BUDGET_DISTINCT ? distinct_create(&window->distinct)
                                         : 0;
}

int budget_create(struct budget **out, const struct budget_options *options,
                  struct steady_time now)
{
    *out = NULL;
    if (options->rules_count > BUDGET_RULES_LIMIT ||
        strlen(options->boot) >= BUDGET_BOOT_SIZE ||
        strpbrk(options->boot, " \n") != NULL) {
        return ERR_RANGE;
    }
    struct budget *budget = mem_calloc(1, sizeof(*budget));
    if (budget == NULL) {
        return ERR_NOMEM;
    }
    int err = 0;
    for (size_t i = 0; i < options->rules_count && err == 0; i++) {
        err = is_rule(&options->rules[i])
                  ? open_window(&budget->windows[i], &options->rules[i])
                  : ERR_RANGE;
        budget->count += err == 0;
    }
    if (err != 0) {
        budget_destroy(&budget);
        return err;
    }
    memcpy(budget->boot, options->boot, strlen(options->boot) + 1);
    steady_init(&budget->steady, now);
    budget->now = now;
    *out = budget;
    return 0;
}

void budget_destroy(struct budget **budget)
{
    struct budget *gone = *budget;
    if (gone == NULL) {
        return;
    }
    for (size_t i = 0; i < gone->count; i++) {
        distinct_destroy(&gone->windows[i].distinct);
    }
    mem_free(gone);
    *budget = NULL;
}

/* --- Asking and spending -------------------------------------------------- */

/* Bring every window to now. */
static void advance(struct budget *budget, struct steady_time now)
{
    CHECK(now.mono_ms >= budget->now.mono_ms);
    budget->now = now;
    budget->steady_unix_ms = steady_unix_ms(&budget->steady, now);
    budget->late_unix_ms = steady_late_unix_ms(&budget->steady, now);
    for (size_t i = 0; i < budget->count; i++) {
        struct window *window = &budget->windows[i];
        if (!slides(window) &&
            turn_advance(&window->turn, budget->steady_unix_ms) &&
            window->distinct != NULL) {
            distinct_turn(window->distinct);
        }
    }
}

/* What is left of a window that has been advanced. */
static uint32_t left_of(struct window *window, struct steady_time now)
{
    if (slides(window)) {
        return slide_left(&window->slide, (int64_t)now.mono_ms);
    }
    if (window->distinct == NULL) {
        return turn_left(&window->turn);
    }
    size_t count = distinct_count(window->distinct);
    // Where the provider says that it is used up, that is in `turn`.
    uint32_t most = turn_left(&window->turn);
    uint32_t left =
        count >= window->rule.n ? 0 : window->rule.n - (uint32_t)count;
    return left < most ? left : most;
}

/* How many of the first symbols fit into what is left of one window. */
static size_t fit_window(struct window *window, struct steady_time now,
                         const struct symbol *const *symbols, size_t count)
{
    uint32_t left = left_of(window, now);
    switch (window->rule.cost) {
    case BUDGET_CALLS:
        return left > 0 ? count : 0;
    case BUDGET_SYMBOLS:
        return count < left ? count : left;
    default:
        break;
    }
    size_t fit = 0;
    while (fit < count) {
        bool is_new = !distinct_has(window->distinct, symbols[fit]);
        if (is_new && left == 0) {
            break;
        }
        left -= is_new;
        fit++;
    }
    return fit;
}

/* Milliseconds until one may be spent. */
static uint64_t wait_of(struct budget *budget, struct window *window)
{
    if (slides(window)) {
        return slide_wait_ms(&window->slide, (int64_t)budget->now.mono_ms, 1);
    }
    int64_t wait_ms = turn_at_unix_ms(&window->turn) - budget->steady_unix_ms;
    CHECK(wait_ms > 0);
    return (uint64_t)wait_ms;
}

size_t budget_fit(struct budget *budget, struct steady_time now,
                  const struct symbol *const *symbols, size_t count,
                  uint64_t *wait_ms)
{
    CHECK(count > 0);
    advance(budget, now);
    *wait_ms = 0;
    size_t fit = count;
    for (size_t i = 0; i < budget->count; i++) {
        struct window *window = &budget->windows[i];
        size_t here = fit_window(window, now, symbols, count);
        fit = here < fit ? here : fit;
        if (here == 0) {
            uint64_t wait = wait_of(budget, window);
            *wait_ms = wait > *wait_ms ? wait : *wait_ms;
        }
    }
    CHECK((fit == 0) == (*wait_ms > 0));
    return fit;
}

int budget_spend(struct budget *budget, struct steady_time now,
                 const struct symbol *const *symbols, size_t count)
{
    CHECK(count > 0 && count <= UINT32_MAX);
    advance(budget, now);
    // What can fail comes first; a symbol too many in a set does no harm.
    for (size_t i = 0; i < budget->count; i++) {
        struct window *window = &budget->windows[i];
        bool is_late = !slides(window) &&
                       turn_is_late(&window->turn, budget->late_unix_ms);
        for (size_t k = 0; window->distinct != NULL && k < count; k++) {
            if (distinct_add(window->distinct, symbols[k], is_late) != 0) {
                return ERR_NOMEM;
            }
        }
    }
    for (size_t i = 0; i < budget->count; i++) {
        struct window *window = &budget->windows[i];
        uint32_t cost = window->rule.cost == BUDGET_CALLS ? 1 : (uint32_t)count;
        if (slides(window)) {
            slide_spend(&window->slide, (int64_t)now.mono_ms, cost);
        } else if (window->distinct == NULL) {
            turn_spend(&window->turn, budget->late_unix_ms, cost);
        }
    }
    return 0;
}

uint64_t budget_exhaust(struct budget *budget, struct steady_time now,
                        enum budget_span span)
{
    advance(budget, now);
    uint64_t wait_ms = 0;
    for (size_t i = 0; i < budget->count; i++) {
        struct window *window = &budget->windows[i];
        if (window->rule.span != span) {
            continue;
        }
        if (slides(window)) {
            slide_spend(&window->slide, (int64_t)now.mono_ms,
                        slide_left(&window->slide, (int64_t)now.mono_ms));
        } else {
            turn_exhaust(&window->turn);
        }
        uint64_t wait = wait_of(budget, window);
        wait_ms = wait > wait_ms ? wait : wait_ms;
    }
    return wait_ms;
}

void budget_note_left(struct budget *budget, struct steady_time now,
                      enum budget_span span, uint64_t left)
{
    advance(budget, now);
    for (size_t i = 0; i < budget->count; i++) {
        struct window *window = &budget->windows[i];
        uint32_t ours = left_of(window, now);
        if (window->rule.span != span || ours <= left ||
            window->rule.cost == BUDGET_DISTINCT) {
            continue;
        }
        uint32_t gone = ours - (uint32_t)left;
        if (slides(window)) {
            slide_spend(&window->slide, (int64_t)now.mono_ms, gone);
        } else {
            turn_spend(&window->turn, budget->late_unix_ms, gone);
        }
    }
}

/* --- Seeing --------------------------------------------------------------- */

size_t budget_rules_count(const struct budget *budget)
{
    return budget->count;
}

void budget_look(struct budget *budget, struct steady_time now, size_t i,
                 struct budget_view *out)
{
    CHECK(i < budget->count);
    advance(budget, now);
    struct window *window = &budget->windows[i];
    *out = (struct budget_view){
        .rule = window->rule,
        .left = left_of(window, now),
    };
    if (slides(window)) {
        out->turns_in_ms =
            slide_wait_ms(&window->slide, (int64_t)now.mono_ms, window->rule.n);
    } else {
        out->turns_in_ms = wait_of(budget, window);
    }
}

/* --- Keeping -------------------------------------------------------------- */

/* Where a rule of days or months turns, as it is written. */
static const char *zone_of(const struct budget_rule *rule)
{
    return rule->zone == NULL ? "UTC" : zone_name(rule->zone);
}

void budget_save(struct budget *budget, struct steady_time now,
                 struct buffer *out)
{
    advance(budget, now);
    const struct steady *steady = &budget->steady;
    buffer_printf(out, FORM "\nboot %s\n", budget->boot);
    buffer_printf(out,
                  "clock %" PRIu64 " %" PRId64 " %" PRIu64 " %" PRId64 "\n",
                  now.mono_ms, now.unix_ms, steady->anchor.mono_ms,
                  steady->anchor.unix_ms);
    for (size_t i = 0; i < budget->count; i++) {
        const struct window *window = &budget->windows[i];
        buffer_printf(out, "%s %s %" PRIu32 " ",
                      budget_span_name(window->rule.span),
                      budget_cost_name(window->rule.cost), window->rule.n);
        if (slides(window)) {
            slide_save(&window->slide, out);
        } else {
            buffer_printf(out, "%s %u ", zone_of(&window->rule),
                          window->rule.hour);
            turn_save(&window->turn, out);
        }
        if (window->distinct != NULL) {
            distinct_save(window->distinct, out);
        }
        buffer_put_byte(out, '\n');
    }
    buffer_put_text(out, "end\n");
}

/* What the head of a saved text says. */
struct saved {
    struct span boot;
    struct steady_time at;
    struct steady steady;
};

static int read_clock(struct saved *saved, struct span words)
{
    int64_t value[4];
    for (size_t i = 0; i < 4; i++) {
        if (integers_take(&words, &value[i]) != 0) {
            return ERR_SYNTAX;
        }
    }
    bool is_odd = value[0] < 0 || value[2] < 0 || value[2] > value[0] ||
                  words.data != NULL;
    if (is_odd) {
        return ERR_SYNTAX;
    }
    saved->at = (struct steady_time){value[1], (uint64_t)value[0]};
    // Since when the clocks are apart is not kept: they may have met since.
    saved->steady = (struct steady){.anchor = {value[3], (uint64_t)value[2]}};
    return 0;
}

/* The rest of a line that begins with `key` and a space. */
static int read_line(struct span *text, const char *key, struct span *out)
{
    struct span line;
    size_t len = strlen(key);
    if (!span_split(text, '\n', &line) || line.len <= len ||
        memcmp(line.data, key, len) != 0 || line.data[len] != ' ') {
        return ERR_SYNTAX;
    }
    *out = (struct span){line.data + len + 1, line.len - len - 1};
    return 0;
}

static int read_head(struct saved *saved, struct span *text)
{
    struct span line;
    struct span words;
    if (!span_split(text, '\n', &line) || !span_equal(line, span_of(FORM))) {
        return ERR_SYNTAX;
    }
    // Without a name the line is "boot ", which read_line() would refuse.
    if (!span_split(text, '\n', &line) || line.len < 5 ||
        memcmp(line.data, "boot ", 5) != 0) {
        return ERR_SYNTAX;
    }
    saved->boot = (struct span){line.data + 5, line.len - 5};
    return read_line(text, "clock", &words) == 0 ? read_clock(saved, words)
                                                 : ERR_SYNTAX;
}

static int find_name(const char *const *names, size_t count, struct span word)
{
    for (size_t i = 0; i < count; i++) {
        if (span_equal(word, span_of(names[i]))) {
            return (int)i;
        }
    }
    return -1;
}

/* A rule's line: which rule it is of, and the rest of it. */
struct saved_rule {
    int span;
    int cost;
    struct span zone; // of days and months
    int64_t hour;
    struct span rest;
};

static int read_rule(struct saved_rule *out, struct span line)
{
    struct span word;
    int64_t n; // counted by the rules of now
    span_split(&line, ' ', &word);
    out->span = find_name(span_names, BUDGET_SPANS, word);
    span_split(&line, ' ', &word);
    out->cost = find_name(cost_names, BUDGET_COSTS, word);
    if (out->span < 0 || out->cost < 0 || integers_take(&line, &n) != 0) {
        return ERR_SYNTAX;
    }
    bool turns = out->span >= BUDGET_DAY;
    if (turns && (!span_split(&line, ' ', &out->zone) ||
                  integers_take(&line, &out->hour) != 0)) {
        return ERR_SYNTAX;
    }
    out->rest = line;
    return 0;
}

static bool is_of_kind(const struct window *window,
                       const struct saved_rule *saved)
{
    return (int)window->rule.span == saved->span &&
           (int)window->rule.cost == saved->cost;
}

static bool turns_there(const struct window *window,
                        const struct saved_rule *saved)
{
    return slides(window) ||
           (span_equal(saved->zone, span_of(zone_of(&window->rule))) &&
            saved->hour == (int64_t)window->rule.hour);
}

/* Take over a rule's line into a window of its kind. */
static int load_window(struct window *window, struct span rest,
                       int64_t moved_ms)
{
    if (slides(window)) {
        return slide_load(&window->slide, rest, moved_ms);
    }
    int err = turn_load(&window->turn, &rest);
    if (err == 0 && window->distinct != NULL) {
        err = distinct_load(window->distinct, rest);
    } else if (err == 0 && rest.data != NULL) {
        err = ERR_SYNTAX;
    }
    return err;
}

/* Take over a line into the windows that it is of; `elsewhere`: into those of
 * its kind that turn elsewhere and for which there was no line. */
static int load_rule(struct window *windows, size_t count, struct span line,
                     int64_t moved_ms, bool elsewhere)
{
    struct saved_rule saved = {.hour = 0};
    int err = read_rule(&saved, line);
    for (size_t i = 0; i < count && err == 0; i++) {
        bool is_it = is_of_kind(&windows[i], &saved) &&
                     (elsewhere ? !windows[i].is_loaded
                                : turns_there(&windows[i], &saved));
        if (is_it) {
            err = load_window(&windows[i], saved.rest, moved_ms);
            windows[i].is_loaded = true;
        }
    }
    return err;
}

static int load_rules(struct window *windows, size_t count, struct span text,
                      int64_t moved_ms, bool elsewhere)
{
    struct span line;
    while (span_split(&text, '\n', &line)) {
        if (span_equal(line, span_of("end"))) {
            return 0;
        }
        int err = load_rule(windows, count, line, moved_ms, elsewhere);
        if (err != 0) {
            return err;
        }
    }
    return ERR_SYNTAX; // it breaks off
}

/*
 * How much later the monotonic clock shows what it showed at that instant,
 * before the machine was started again or the file was carried elsewhere.  What
 * went by since is at least what this machine runs for, if it is the same, and
 * is told by the wall clock: the shorter of them is believed.
 */
static int64_t moved_since(const struct saved *saved, struct steady_time now)
{
    int64_t away_ms = now.unix_ms - saved->at.unix_ms;
    away_ms = away_ms < 0 ? 0 : away_ms;
    int64_t up_ms = (int64_t)now.mono_ms;
    return up_ms - (away_ms < up_ms ? away_ms : up_ms) -
           (int64_t)saved->at.mono_ms;
}

int budget_load(struct budget *budget, struct steady_time now, struct span text)
{
    struct saved saved;
    if (read_head(&saved, &text) != 0) {
        return ERR_SYNTAX;
    }
    bool is_same_boot = budget->boot[0] != '\0' &&
                        span_equal(saved.boot, span_of(budget->boot)) &&
                        saved.at.mono_ms <= now.mono_ms;
    int64_t moved_ms = is_same_boot ? 0 : moved_since(&saved, now);
    struct window windows[BUDGET_RULES_LIMIT] = {0};
    int err = 0;
    for (size_t i = 0; i < budget->count && err == 0; i++) {
        err = open_window(&windows[i], &budget->windows[i].rule);
    }
    if (err == 0) {
        err = load_rules(windows, budget->count, text, moved_ms, false);
    }
    if (err == 0) {
        err = load_rules(windows, budget->count, text, moved_ms, true);
    }
    for (size_t i = 0; i < budget->count; i++) {
        struct window *window = &budget->windows[i];
        struct window gone = err == 0 ? *window : windows[i];
        if (err == 0) {
            *window = windows[i];
        }
        distinct_destroy(&gone.distinct);
    }
    if (err == 0 && is_same_boot) {
        budget->steady = saved.steady;
    }
    return err;
}
