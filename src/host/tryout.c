/* SPDX-License-Identifier: Apache-2.0 */
#include "host/tryout.h"

#include <inttypes.h>
#include <string.h>

#include "base/buffer.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/units.h"
#include "conf/conf.h"
#include "desk/post.h"
#include "fetch/caller.h"
#include "fetch/dial.h"
#include "host/archive.h"
#include "host/exhibit.h"
#include "host/upstream.h"
#include "net/loop.h"
#include "press/paper.h"
#include "store/database.h"

#define URL_LIMIT    (64u << 10)
#define BUDGET_LIMIT (1u << 20)

struct tryout {
    const struct tryout_options *options;
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
    enum tryout_end end;
};

static struct steady_time now(const struct tryout *tryout)
{
    return (struct steady_time){
        .unix_ms = clock_unix_ms(tryout->clock),
        .mono_ms = clock_mono_ms(tryout->clock),
    };
}

/* --- Which provider ------------------------------------------------------- */

/* The settings of a provider that is not configured. */
static struct conf_provider usual_settings(const char *name)
{
    char *empty = (char *)(uintptr_t) ""; // which nobody writes to, nor to name
    return (struct conf_provider){
        .name = (char *)(uintptr_t)name,
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

static void say_provider(const struct tryout *tryout, bool is_configured)
{
    const struct conf_provider *settings = tryout->settings;
    bool is_own = settings->description[0] != '\0';
    exhibit_say(tryout->out, "provider", "%s%s", settings->name,
                is_configured ? ""
                              : ", which is not configured; with the defaults");
    exhibit_say(tryout->out, "description", "%s",
                is_own ? settings->description : "the one that is built in");
}

/* Open the provider as the server would. */
static int open_provider(struct tryout *tryout, struct conf_provider *usual,
                         char error[TRYOUT_ERROR_SIZE])
{
    const struct tryout_options *options = tryout->options;
    tryout->settings = find_settings(options->conf, options->provider);
    bool is_configured = tryout->settings != NULL;
    if (!is_configured) {
        *usual = usual_settings(options->provider);
        tryout->settings = usual;
    }
    struct desk_provider what;
    char boot[ARCHIVE_BOOT_SIZE];
    archive_boot(boot);
    int err =
        upstream_open_one(&what, tryout->settings, options->environment, error);
    if (err != 0) {
        return err;
    }
    err = post_init(&tryout->post, &what, boot, now(tryout));
    if (err != 0) {
        snprintf(error, TRYOUT_ERROR_SIZE, "%s", err_sentence(err));
        terms_free_provider(&what);
        return err;
    }
    say_provider(tryout, is_configured);
    return 0;
}

/* --- Which call ----------------------------------------------------------- */

/* Whether the provider may be asked for the symbol; else says why not. */
static bool is_served(struct tryout *tryout)
{
    struct post *post = &tryout->post;
    const struct symbol *symbol = &tryout->symbol;
    struct span mic = symbol_mic(symbol);
    if (!provider_serves(post->what.provider, symbol)) {
        exhibit_say(tryout->out, "not asked",
                    "the description has no spelling for the market %.*s",
                    SPAN_ARGS(mic));
        return false;
    }
    if (!post_serves(post, symbol, now(tryout).mono_ms)) {
        exhibit_say(tryout->out, "not asked",
                    "the setting markets does not name %s%.*s",
                    mic.len > 0 ? "" : "what a symbol without a market is",
                    SPAN_ARGS(mic));
        return false;
    }
    return true;
}

/* Choose the call for the one symbol. */
static bool choose(struct tryout *tryout)
{
    const struct provider *provider = tryout->post.what.provider;
    size_t taken[PROVIDER_SYMBOLS_LIMIT];
    size_t endpoint;
    tryout->symbols[0] = &tryout->symbol;
    struct query_wish wish = {tryout->symbols, 1, 1, 0};
    if (query_choose(provider, &wish, &endpoint, taken) == 0) {
        exhibit_say(tryout->out, "not asked",
                    "no kind of call of the description takes one symbol");
        return false;
    }
    tryout->query = (struct query){
        .provider = provider,
        .endpoint = endpoint,
        .symbols = tryout->symbols,
        .count = 1,
        .key = tryout->post.what.key,
    };
    size_t count = provider_endpoints(provider);
    exhibit_say(tryout->out, "call", "%s, %s",
                provider_endpoint_name(provider, endpoint),
                count == 1 ? "the only kind there is"
                           : "the first kind in use that takes one symbol");
    return true;
}

/* --- What it costs -------------------------------------------------------- */

/* Open the store, and take over what the key has spent.  Without one the call
 * is made all the same, but is not kept. */
static void open_count(struct tryout *tryout)
{
    const char *path = tryout->options->conf->store.path;
    if (path[0] == '\0') {
        exhibit_say(tryout->out, "counted", "nowhere: store.path is not set");
        return;
    }
    struct database_opening opening;
    int err = database_open(&tryout->database, path, &opening);
    if (err == ERR_FULL) {
        exhibit_say(
            tryout->out, "not counted",
            "%s: a server that runs has it; what it counts lacks this call",
            path);
    } else if (err != 0 || opening.is_read_only) {
        exhibit_say(tryout->out, "not counted", "%s",
                    opening.text[0] != '\0' ? opening.text : err_sentence(err));
        database_close(&tryout->database);
    } else if (opening.was_damaged) {
        exhibit_say(tryout->out, "store", "%s", opening.text);
    }
    struct buffer text = buffer_empty(BUDGET_LIMIT);
    if (tryout->database != NULL &&
        database_read_budget(tryout->database, tryout->post.budget_key,
                             &text) == 0) {
        err = budget_load(tryout->post.budget, now(tryout), buffer_span(&text));
        if (err != 0) {
            exhibit_say(tryout->out, "store",
                        "what was spent can't be read: %s", err_sentence(err));
        }
    }
    buffer_deinit(&text);
}

/* Keep what is spent now. */
static bool keep_count(struct tryout *tryout)
{
    struct buffer text = buffer_empty(BUDGET_LIMIT);
    budget_save(tryout->post.budget, now(tryout), &text);
    int err =
        text.failed
            ? ERR_NOMEM
            : database_put_budget(tryout->database, tryout->post.budget_key,
                                  buffer_span(&text), now(tryout).unix_ms);
    buffer_deinit(&text);
    if (err != 0) {
        exhibit_say(tryout->out, "not counted", "%s",
                    err == ERR_NOMEM ? err_sentence(err)
                                     : database_error(tryout->database));
    }
    return err == 0;
}

/* Spend the call, if the budget has it; false where it must not be made. */
static bool spend(struct tryout *tryout)
{
    struct budget *budget = tryout->post.budget;
    uint64_t wait_ms;
    open_count(tryout);
    exhibit_budget(tryout->out, "before", tryout->post.budget, now(tryout));
    if (budget_fit(budget, now(tryout), tryout->symbols, 1, &wait_ms) == 0) {
        char wait[UNITS_TEXT_SIZE];
        exhibit_print_rough(wait, wait_ms);
        exhibit_say(tryout->out, "not asked",
                    "the allowance is used; the next call is in %s", wait);
        return false;
    }
    if (budget_spend(budget, now(tryout), tryout->symbols, 1) != 0) {
        exhibit_say(tryout->out, "not asked", "%s", err_sentence(ERR_NOMEM));
        return false;
    }
    if (tryout->database != NULL && keep_count(tryout)) {
        exhibit_say(tryout->out, "counted",
                    "one call, in %s, before it is made",
                    tryout->options->conf->store.path);
    }
    return true;
}

/* --- What came ------------------------------------------------------------ */

static void say_verdict(struct tryout *tryout,
                        const struct provider_outcome *outcome,
                        const struct provider_verdict *verdict)
{
    exhibit_say(tryout->out, "decided by", "%s: %s", outcome->decided_by,
                provider_class_name(outcome->class));
    if (outcome->retry_after_ms > 0) {
        char after[UNITS_TEXT_SIZE];
        exhibit_print_rough(after, outcome->retry_after_ms);
        exhibit_say(tryout->out, "", "not to be asked again for %s", after);
    }
    if (outcome->has_left) {
        exhibit_say(tryout->out, "",
                    "the provider says that %" PRIu64 " are left",
                    outcome->left);
    }
    if (verdict->class == PROVIDER_OK) {
        exhibit_quote(tryout->out, &verdict->quote);
        tryout->end = TRYOUT_PRICE;
    } else {
        exhibit_say(tryout->out, "no price", "%s: %s",
                    provider_class_name(verdict->class), verdict->text);
        exhibit_say(tryout->out, "", "clients are told %s: %s",
                    err_word(provider_class_err(verdict->class)),
                    err_sentence(provider_class_err(verdict->class)));
    }
}

/* Judge what came as the server does, and note it. */
static void judge(struct tryout *tryout, const struct provider_answer *answer)
{
    struct provider_outcome outcome;
    struct provider_verdict verdict;
    provider_judge(&tryout->query, answer, &outcome, &verdict);
    say_verdict(tryout, &outcome, &verdict);
    uint64_t rests_ms =
        post_note(&tryout->post, now(tryout), &outcome, tryout->query.endpoint);
    if (rests_ms == REST_FOR_EVER) {
        exhibit_say(tryout->out, "then",
                    "a server would not call it again before its "
                    "configuration is loaded anew");
    } else if (rests_ms > 0) {
        char rests[UNITS_TEXT_SIZE];
        exhibit_print_rough(rests, rests_ms);
        exhibit_say(tryout->out, "then", "a server would leave it alone for %s",
                    rests);
    }
}

IMPLEMENTS(caller_done_fn)
static void on_answer(void *user, void *tag, const struct caller_answer *answer)
{
    (void)tag;
    struct tryout *tryout = user;
    uint64_t took_ms = now(tryout).mono_ms - tryout->sent_mono_ms;
    loop_stop(&tryout->loop);
    for (unsigned i = 1; i < answer->requests; i++) {
        (void)budget_spend(tryout->post.budget, now(tryout), tryout->symbols,
                           1);
        exhibit_say(tryout->out, "again",
                    "the connection was dead, and it was sent again");
    }
    if (answer->failure != NULL) {
        exhibit_say(tryout->out, "no answer", "%s, after %" PRIu64 " ms",
                    answer->failure, took_ms);
        return;
    }
    exhibit_say(tryout->out, "answer",
                "HTTP status %d, %zu bytes, after %" PRIu64 " ms",
                answer->status, answer->body.len, took_ms);
    exhibit_headers(tryout->out, &tryout->query, answer->headers);
    exhibit_body(tryout->out, &tryout->query, answer->body);
    const struct provider_answer came = {
        .status = answer->status,
        .body = answer->body,
        .headers = answer->headers,
        .now_unix_ms = now(tryout).unix_ms,
    };
    judge(tryout, &came);
}

/* --- Calling -------------------------------------------------------------- */

/* Make the call and wait for its end. */
static void call(struct tryout *tryout)
{
    struct loop_options options = {.clock = tryout->clock};
    int err = loop_init(&tryout->loop, &options);
    if (err != 0) {
        exhibit_say(tryout->out, "no answer", "%s", err_sentence(err));
        return;
    }
    err = caller_create(&tryout->caller, &tryout->loop, on_answer, tryout);
    if (err == 0) {
        tryout->sent_mono_ms = now(tryout).mono_ms;
        err = dial_start(tryout->caller, &tryout->post.what, &tryout->query,
                         tryout);
    }
    if (err == 0) {
        loop_run(&tryout->loop);
    } else {
        exhibit_say(tryout->out, "no answer", "%s",
                    err == ERR_ABSENT ? caller_load_error(tryout->caller)
                                      : err_sentence(err));
    }
    caller_destroy(&tryout->caller);
    loop_deinit(&tryout->loop);
}

/* Read the file that stands for a host. */
static void read_paper(struct tryout *tryout)
{
    struct buffer url = buffer_empty(URL_LIMIT);
    struct buffer text = buffer_empty(PAPER_BYTES_LIMIT);
    struct paper_state state;
    char error[PAPER_ERROR_SIZE] = "no memory";
    query_compose_url(&tryout->query, tryout->post.what.origin, &url);
    buffer_put_byte(&url, '\0');
    int err = url.failed
                  ? ERR_NOMEM
                  : paper_read(paper_path(url.data), &text, &state, error);
    if (err != 0) {
        exhibit_say(tryout->out, "no answer", "%s", error);
    } else {
        int64_t written_ms = state.changed_unix_ns / 1000000;
        int64_t ago_ms = now(tryout).unix_ms - written_ms;
        char ago[UNITS_TEXT_SIZE];
        exhibit_print_rough(ago, ago_ms > 0 ? (uint64_t)ago_ms : 0);
        exhibit_say(tryout->out, "answer", "%zu bytes, written %s ago",
                    text.len, ago);
        exhibit_body(tryout->out, &tryout->query, buffer_span(&text));
        const struct provider_answer came = {
            .status = 200,
            .body = buffer_span(&text),
            .headers = span_of(""),
            .now_unix_ms = now(tryout).unix_ms,
            .written_unix_ms = written_ms,
        };
        judge(tryout, &came);
    }
    buffer_deinit(&text);
    buffer_deinit(&url);
}

/* All steps behind the opening of the provider. */
static void run(struct tryout *tryout)
{
    exhibit_say(tryout->out, "symbol", "%s", tryout->symbol.text);
    if (!is_served(tryout) || !choose(tryout)) {
        return;
    }
    if (provider_is_file(tryout->query.provider)) {
        exhibit_request(tryout->out, &tryout->query, tryout->post.what.origin);
        read_paper(tryout);
        return;
    }
    if (spend(tryout)) {
        exhibit_request(tryout->out, &tryout->query, tryout->post.what.origin);
        call(tryout);
        if (tryout->database != NULL) {
            keep_count(tryout);
        }
        exhibit_budget(tryout->out, "after", tryout->post.budget, now(tryout));
    }
}

enum tryout_end tryout_run(const struct tryout_options *options, FILE *out,
                           char error[TRYOUT_ERROR_SIZE])
{
    struct tryout tryout = {
        .options = options,
        .clock = options->clock != NULL ? options->clock : clock_system(),
        .out = out,
        .end = TRYOUT_FAILED,
    };
    struct conf_provider usual;
    error[0] = '\0';
    if (symbol_parse(&tryout.symbol, span_of(options->symbol)) != 0) {
        snprintf(error, TRYOUT_ERROR_SIZE, "'%.64s' is no symbol; one is %s",
                 options->symbol, SYMBOL_FORM);
        return TRYOUT_USAGE;
    }
    int err = open_provider(&tryout, &usual, error);
    if (err != 0) {
        return TRYOUT_USAGE;
    }
    run(&tryout);
    database_close(&tryout.database);
    post_deinit(&tryout.post);
    return tryout.end;
}
