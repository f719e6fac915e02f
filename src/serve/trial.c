/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/trial.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>
#include <strings.h>

#include "base/buffer.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/units.h"
#include "conf/conf.h"
#include "desk/post.h"
#include "fetch/caller.h"
#include "fetch/dial.h"
#include "fetch/paper.h"
#include "net/loop.h"
#include "serve/archive.h"
#include "serve/upstream.h"
#include "store/database.h"

/* What stands in the key's place in a URL and in header lines. */
#define HIDDEN "HIDDEN"

/* Of a body, and of a header line, so much is shown. */
#define BODY_SHOWN 1024
#define LINE_SHOWN 160

#define URL_LIMIT     (64u << 10)
#define HEADERS_LIMIT (8u << 10)
#define BUDGET_LIMIT  (1u << 20)

struct trial {
    const struct trial_options *options;
    const struct clock *clock;
    FILE *out;
    const struct conf_provider *settings;
    struct symbol symbol;
    const struct symbol *symbols[1];
    struct post post;
    struct query query;
    struct database *database; // NULL: the call is not kept
    struct loop loop;
    struct caller *caller;
    uint64_t sent_mono_ms;
    enum trial_end end;
};

/* One step: what it is about, in a column, and what there is to say. */
__attribute__((format(printf, 3, 4))) static void say(const struct trial *trial,
                                                      const char *about,
                                                      const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fprintf(trial->out, "%-14s ", about);
    vfprintf(trial->out, format, args);
    fputc('\n', trial->out);
    va_end(args);
    fflush(trial->out); // the next step may take a while
}

static struct steady_time now(const struct trial *trial)
{
    return (struct steady_time){
        .unix_ms = clock_unix_ms(trial->clock),
        .mono_ms = clock_mono_ms(trial->clock),
    };
}

/* --- Which provider ------------------------------------------------------- */

/* The settings of a provider that is not configured. */
static struct conf_provider usual_settings(const char *name)
{
    static char empty[] = "";
    return (struct conf_provider){
        .name = (char *)(uintptr_t)name, // which nobody writes to
        .description = empty,
        .url = empty,
        .key_file = empty,
        .timeout_ms = 5000,
        .limits = empty,
        .markets = empty,
    };
}

static const struct conf_provider *find_settings(const struct conf *conf,
                                                 const char *name)
{
    for (size_t i = 0; i < conf->providers_count; i++) {
        if (strcmp(conf->providers[i].name, name) == 0) {
            return &conf->providers[i];
        }
    }
    return NULL;
}

static void say_provider(const struct trial *trial, bool is_configured)
{
    const struct conf_provider *settings = trial->settings;
    bool is_own = settings->description[0] != '\0';
    say(trial, "provider", "%s%s", settings->name,
        is_configured ? "" : ", which is not configured; with the defaults");
    say(trial, "description", "%s",
        is_own ? settings->description : "the one that is built in");
}

/* Open the provider as the server would. */
static int open_provider(struct trial *trial, struct conf_provider *usual,
                         char error[TRIAL_ERROR_SIZE])
{
    const struct trial_options *options = trial->options;
    trial->settings = find_settings(options->conf, options->provider);
    bool is_configured = trial->settings != NULL;
    if (!is_configured) {
        *usual = usual_settings(options->provider);
        trial->settings = usual;
    }
    struct desk_provider what;
    char boot[ARCHIVE_BOOT_SIZE];
    archive_boot(boot);
    int err =
        upstream_open_one(&what, trial->settings, options->environment, error);
    if (err != 0) {
        return err;
    }
    err = post_init(&trial->post, &what, boot, now(trial));
    if (err != 0) {
        snprintf(error, TRIAL_ERROR_SIZE, "%s", err_sentence(err));
        terms_free_provider(&what);
        return err;
    }
    say_provider(trial, is_configured);
    return 0;
}

/* --- Which call ----------------------------------------------------------- */

/* Whether the provider may be asked for the symbol; else says why not. */
static bool is_served(struct trial *trial)
{
    struct post *post = &trial->post;
    const struct symbol *symbol = &trial->symbol;
    struct span mic = symbol_mic(symbol);
    if (!provider_serves(post->what.provider, symbol)) {
        say(trial, "not asked",
            "the description has no spelling for the market %.*s",
            SPAN_ARGS(mic));
        return false;
    }
    if (!post_serves(post, symbol, now(trial).mono_ms)) {
        say(trial, "not asked", "the setting markets does not name %s%.*s",
            mic.len > 0 ? "" : "what a symbol without a market is",
            SPAN_ARGS(mic));
        return false;
    }
    return true;
}

/* Choose the call for the one symbol. */
static bool choose(struct trial *trial)
{
    const struct provider *provider = trial->post.what.provider;
    size_t taken[PROVIDER_SYMBOLS_LIMIT];
    size_t endpoint;
    trial->symbols[0] = &trial->symbol;
    struct query_wish wish = {trial->symbols, 1, 1, 0};
    if (query_choose(provider, &wish, &endpoint, taken) == 0) {
        say(trial, "not asked",
            "no kind of call of the description takes one symbol");
        return false;
    }
    trial->query = (struct query){
        .provider = provider,
        .endpoint = endpoint,
        .symbols = trial->symbols,
        .count = 1,
        .key = trial->post.what.key,
    };
    size_t count = provider_endpoints(provider);
    say(trial, "call", "%s, %s", provider_endpoint_name(provider, endpoint),
        count == 1 ? "the only kind there is"
                   : "the first kind in use that takes one symbol");
    return true;
}

/* Show what goes out, composed with another key. */
static void say_request(const struct trial *trial)
{
    struct query shown = trial->query;
    if (shown.key[0] != '\0') {
        shown.key = HIDDEN;
        if (provider_key_fault(shown.provider, shown.key) != NULL) {
            shown.key = HIDDEN ":" HIDDEN;
        }
    }
    struct buffer url = buffer_empty(URL_LIMIT);
    struct buffer headers = buffer_empty(HEADERS_LIMIT);
    query_compose_url(&shown, trial->post.what.origin, &url);
    query_compose_headers(&shown, &headers);
    say(trial, "request", "GET %.*s", SPAN_ARGS(buffer_span(&url)));
    struct span rest = buffer_span(&headers);
    struct span line;
    while (rest.len > 0 && span_split(&rest, '\0', &line)) {
        say(trial, "", "%.*s", SPAN_ARGS(line));
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

/* "3h 20m", for people: two units at most. */
static void print_rough(char out[UNITS_TEXT_SIZE], uint64_t ms)
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

/* Say what each rule of the budget has left. */
static void say_budget(const struct trial *trial, const char *about)
{
    static const char *const costs[BUDGET_COSTS] = {"calls", "symbols",
                                                    "different symbols"};
    struct budget *budget = trial->post.budget;
    size_t count = budget_rules_count(budget);
    if (count == 0) {
        say(trial, about, "no limits are known");
    }
    for (size_t i = 0; i < count; i++) {
        struct budget_view view;
        char turns[UNITS_TEXT_SIZE];
        budget_look(budget, now(trial), i, &view);
        print_rough(turns, view.turns_in_ms);
        say(trial, i == 0 ? about : "",
            "%" PRIu32 " of %" PRIu32 " %s a %s are left%s%s", view.left,
            view.rule.n, costs[view.rule.cost], span_word(view.rule.span),
            view.left < view.rule.n ? ", all of them again in " : "",
            view.left < view.rule.n ? turns : "");
    }
}

/* Open the store, and take over what the key has spent.  Without one the call
 * is made all the same, but is not kept. */
static void open_count(struct trial *trial)
{
    const char *path = trial->options->conf->store.path;
    if (path[0] == '\0') {
        say(trial, "counted", "nowhere: store.path is not set");
        return;
    }
    struct database_opening opening;
    int err = database_open(&trial->database, path, &opening);
    if (err == ERR_FULL) {
        say(trial, "not counted",
            "%s: a server that runs has it; what it counts lacks this call",
            path);
    } else if (err != 0 || opening.is_read_only) {
        say(trial, "not counted", "%s",
            opening.text[0] != '\0' ? opening.text : err_sentence(err));
        database_close(&trial->database);
    } else if (opening.was_damaged) {
        say(trial, "store", "%s", opening.text);
    }
    struct buffer text = buffer_empty(BUDGET_LIMIT);
    if (trial->database != NULL &&
        database_read_budget(trial->database, trial->post.budget_key, &text) ==
            0) {
        err = budget_load(trial->post.budget, now(trial), buffer_span(&text));
        if (err != 0) {
            say(trial, "store", "what was spent can't be read: %s",
                err_sentence(err));
        }
    }
    buffer_deinit(&text);
}

/* Keep what is spent now. */
static bool keep_count(struct trial *trial)
{
    struct buffer text = buffer_empty(BUDGET_LIMIT);
    budget_save(trial->post.budget, now(trial), &text);
    int err = text.failed
                  ? ERR_NOMEM
                  : database_put_budget(trial->database, trial->post.budget_key,
                                        buffer_span(&text), now(trial).unix_ms);
    buffer_deinit(&text);
    if (err != 0) {
        say(trial, "not counted", "%s",
            err == ERR_NOMEM ? err_sentence(err)
                             : database_error(trial->database));
    }
    return err == 0;
}

/* Spend the call, if the budget has it; false where it must not be made. */
static bool spend(struct trial *trial)
{
    struct budget *budget = trial->post.budget;
    uint64_t wait_ms;
    open_count(trial);
    say_budget(trial, "before");
    if (budget_fit(budget, now(trial), trial->symbols, 1, &wait_ms) == 0) {
        char wait[UNITS_TEXT_SIZE];
        print_rough(wait, wait_ms);
        say(trial, "not asked", "the allowance is used; the next call is in %s",
            wait);
        return false;
    }
    if (budget_spend(budget, now(trial), trial->symbols, 1) != 0) {
        say(trial, "not asked", "%s", err_sentence(ERR_NOMEM));
        return false;
    }
    if (trial->database != NULL && keep_count(trial)) {
        say(trial, "counted", "one call, in %s, before it is made",
            trial->options->conf->store.path);
    }
    return true;
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

static void say_headers(const struct trial *trial, struct span headers)
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
        query_show(&trial->query, line, shown, sizeof(shown));
        say(trial, "", "%s", shown);
    }
    if (others > 0) {
        say(trial, "", "(and %u other header lines)", others);
    }
}

static void say_body(const struct trial *trial, struct span body)
{
    char shown[BODY_SHOWN];
    query_show(&trial->query, body, shown, sizeof(shown));
    bool is_cut =
        body.len > 2 * sizeof(shown) || strlen(shown) + 4 >= sizeof(shown);
    say(trial, "body", "%s%s",
        shown[0] != '\0' ? shown : "(nothing that can be shown)",
        is_cut ? " ..." : "");
}

static void say_quote(const struct trial *trial, const struct quote *quote)
{
    char text[DECIMAL_TEXT_SIZE];
    for (int n = 0; n < QUOTE_NUMBERS; n++) {
        if (quote_has(quote, (enum quote_number)n)) {
            quote_print_number(text, quote, (enum quote_number)n);
            say(trial, quote_number_name((enum quote_number)n), "%s%s%s", text,
                n == QUOTE_PRICE && quote->currency[0] != '\0' ? " " : "",
                n == QUOTE_PRICE ? quote->currency : "");
        }
    }
    if (quote->currency[0] == '\0') {
        say(trial, "currency", "not known");
    }
    if (quote->unit_factor > 0) {
        say(trial, "unit", "divided by %u: it came in hundredths",
            (unsigned)quote->unit_factor);
    }
    char as_of[QUOTE_AS_OF_SIZE] = "not known";
    if (quote->has_as_of) {
        quote_print_as_of(as_of, quote);
    }
    say(trial, "as_of", "%s%s", as_of,
        quote->is_old ? "; of an earlier session" : "");
    char delay[UNITS_TEXT_SIZE];
    units_print_duration_ms(delay, UINT64_C(1000) * quote->delay_s);
    say(trial, "delay", "%s",
        quote->delay == QUOTE_DELAY_KNOWN        ? delay
        : quote->delay == QUOTE_DELAY_END_OF_DAY ? "a price once a day"
                                                 : "not known");
}

static void say_verdict(struct trial *trial,
                        const struct provider_outcome *outcome,
                        const struct provider_verdict *verdict)
{
    say(trial, "decided by", "%s: %s", outcome->decided_by,
        provider_class_name(outcome->class));
    if (outcome->retry_after_ms > 0) {
        char after[UNITS_TEXT_SIZE];
        print_rough(after, outcome->retry_after_ms);
        say(trial, "", "not to be asked again for %s", after);
    }
    if (outcome->has_left) {
        say(trial, "", "the provider says that %" PRIu64 " are left",
            outcome->left);
    }
    if (verdict->class == PROVIDER_OK) {
        say_quote(trial, &verdict->quote);
        trial->end = TRIAL_PRICE;
    } else {
        say(trial, "no price", "%s: %s", provider_class_name(verdict->class),
            verdict->text);
        say(trial, "", "clients are told %s: %s",
            err_word(provider_class_err(verdict->class)),
            err_sentence(provider_class_err(verdict->class)));
    }
}

/* Judge what came as the server does, and note it. */
static void judge(struct trial *trial, const struct provider_answer *answer)
{
    struct provider_outcome outcome;
    struct provider_verdict verdict;
    provider_judge(&trial->query, answer, &outcome, &verdict);
    say_verdict(trial, &outcome, &verdict);
    uint64_t rests_ms =
        post_note(&trial->post, now(trial), &outcome, trial->query.endpoint);
    if (rests_ms == REST_FOR_EVER) {
        say(trial, "then",
            "a server would not call it again before its "
            "configuration is loaded anew");
    } else if (rests_ms > 0) {
        char rests[UNITS_TEXT_SIZE];
        print_rough(rests, rests_ms);
        say(trial, "then", "a server would leave it alone for %s", rests);
    }
}

IMPLEMENTS(caller_done_fn)
static void on_answer(void *user, void *tag, const struct caller_answer *answer)
{
    (void)tag;
    struct trial *trial = user;
    uint64_t took_ms = now(trial).mono_ms - trial->sent_mono_ms;
    loop_stop(&trial->loop);
    for (unsigned i = 1; i < answer->requests; i++) {
        (void)budget_spend(trial->post.budget, now(trial), trial->symbols, 1);
        say(trial, "again", "the connection was dead, and it was sent again");
    }
    if (answer->failure != NULL) {
        say(trial, "no answer", "%s, after %" PRIu64 " ms", answer->failure,
            took_ms);
        return;
    }
    say(trial, "answer", "HTTP status %d, %zu bytes, after %" PRIu64 " ms",
        answer->status, answer->body.len, took_ms);
    say_headers(trial, answer->headers);
    say_body(trial, answer->body);
    const struct provider_answer came = {
        .status = answer->status,
        .body = answer->body,
        .headers = answer->headers,
        .now_unix_ms = now(trial).unix_ms,
    };
    judge(trial, &came);
}

/* --- Calling -------------------------------------------------------------- */

/* Make the call and wait for its end. */
static void call(struct trial *trial)
{
    struct loop_options options = {.clock = trial->clock};
    int err = loop_init(&trial->loop, &options);
    if (err != 0) {
        say(trial, "no answer", "%s", err_sentence(err));
        return;
    }
    err = caller_create(&trial->caller, &trial->loop, on_answer, trial);
    if (err == 0) {
        trial->sent_mono_ms = now(trial).mono_ms;
        err =
            dial_start(trial->caller, &trial->post.what, &trial->query, trial);
    }
    if (err == 0) {
        loop_run(&trial->loop);
    } else {
        say(trial, "no answer", "%s",
            err == ERR_ABSENT ? caller_load_error(trial->caller)
                              : err_sentence(err));
    }
    caller_destroy(&trial->caller);
    loop_deinit(&trial->loop);
}

/* Read the file that stands for a host. */
static void read_paper(struct trial *trial)
{
    struct buffer url = buffer_empty(URL_LIMIT);
    struct buffer text = buffer_empty(PAPER_BYTES_LIMIT);
    struct paper_state state;
    char error[PAPER_ERROR_SIZE] = "no memory";
    query_compose_url(&trial->query, trial->post.what.origin, &url);
    buffer_put_byte(&url, '\0');
    int err = url.failed
                  ? ERR_NOMEM
                  : paper_read(paper_path(url.data), &text, &state, error);
    if (err != 0) {
        say(trial, "no answer", "%s", error);
    } else {
        int64_t written_ms = state.changed_unix_ns / 1000000;
        int64_t ago_ms = now(trial).unix_ms - written_ms;
        char ago[UNITS_TEXT_SIZE];
        print_rough(ago, ago_ms > 0 ? (uint64_t)ago_ms : 0);
        say(trial, "answer", "%zu bytes, written %s ago", text.len, ago);
        say_body(trial, buffer_span(&text));
        const struct provider_answer came = {
            .status = 200,
            .body = buffer_span(&text),
            .headers = span_of(""),
            .now_unix_ms = now(trial).unix_ms,
            .written_unix_ms = written_ms,
        };
        judge(trial, &came);
    }
    buffer_deinit(&text);
    buffer_deinit(&url);
}

/* All steps behind the opening of the provider. */
static void run(struct trial *trial)
{
    say(trial, "symbol", "%s", trial->symbol.text);
    if (!is_served(trial) || !choose(trial)) {
        return;
    }
    if (provider_is_file(trial->query.provider)) {
        say_request(trial);
        read_paper(trial);
        return;
    }
    if (spend(trial)) {
        say_request(trial);
        call(trial);
        if (trial->database != NULL) {
            keep_count(trial);
        }
        say_budget(trial, "after");
    }
}

enum trial_end trial_run(const struct trial_options *options, FILE *out,
                         char error[TRIAL_ERROR_SIZE])
{
    struct trial trial = {
        .options = options,
        .clock = options->clock != NULL ? options->clock : clock_system(),
        .out = out,
        .end = TRIAL_FAILED,
    };
    struct conf_provider usual;
    error[0] = '\0';
    if (symbol_parse(&trial.symbol, span_of(options->symbol)) != 0) {
        snprintf(error, TRIAL_ERROR_SIZE, "'%.64s' is no symbol; one is %s",
                 options->symbol, SYMBOL_FORM);
        return TRIAL_USAGE;
    }
    int err = open_provider(&trial, &usual, error);
    if (err != 0) {
        return TRIAL_USAGE;
    }
    run(&trial);
    database_close(&trial.database);
    post_deinit(&trial.post);
    return trial.end;
}
