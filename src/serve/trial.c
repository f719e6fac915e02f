/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/trial.h"

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
#include "fetch/paper.h"
#include "net/loop.h"
#include "serve/archive.h"
#include "serve/exhibit.h"
#include "serve/upstream.h"
#include "store/database.h"

#define URL_LIMIT    (64u << 10)
#define BUDGET_LIMIT (1u << 20)

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
    exhibit_say(trial->out, "provider", "%s%s", settings->name,
                is_configured ? ""
                              : ", which is not configured; with the defaults");
    exhibit_say(trial->out, "description", "%s",
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
        exhibit_say(trial->out, "not asked",
                    "the description has no spelling for the market %.*s",
                    SPAN_ARGS(mic));
        return false;
    }
    if (!post_serves(post, symbol, now(trial).mono_ms)) {
        exhibit_say(trial->out, "not asked",
                    "the setting markets does not name %s%.*s",
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
        exhibit_say(trial->out, "not asked",
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
    exhibit_say(trial->out, "call", "%s, %s",
                provider_endpoint_name(provider, endpoint),
                count == 1 ? "the only kind there is"
                           : "the first kind in use that takes one symbol");
    return true;
}

/* --- What it costs -------------------------------------------------------- */

/* Open the store, and take over what the key has spent.  Without one the call
 * is made all the same, but is not kept. */
static void open_count(struct trial *trial)
{
    const char *path = trial->options->conf->store.path;
    if (path[0] == '\0') {
        exhibit_say(trial->out, "counted", "nowhere: store.path is not set");
        return;
    }
    struct database_opening opening;
    int err = database_open(&trial->database, path, &opening);
    if (err == ERR_FULL) {
        exhibit_say(
            trial->out, "not counted",
            "%s: a server that runs has it; what it counts lacks this call",
            path);
    } else if (err != 0 || opening.is_read_only) {
        exhibit_say(trial->out, "not counted", "%s",
                    opening.text[0] != '\0' ? opening.text : err_sentence(err));
        database_close(&trial->database);
    } else if (opening.was_damaged) {
        exhibit_say(trial->out, "store", "%s", opening.text);
    }
    struct buffer text = buffer_empty(BUDGET_LIMIT);
    if (trial->database != NULL &&
        database_read_budget(trial->database, trial->post.budget_key, &text) ==
            0) {
        err = budget_load(trial->post.budget, now(trial), buffer_span(&text));
        if (err != 0) {
            exhibit_say(trial->out, "store", "what was spent can't be read: %s",
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
        exhibit_say(trial->out, "not counted", "%s",
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
    exhibit_budget(trial->out, "before", trial->post.budget, now(trial));
    if (budget_fit(budget, now(trial), trial->symbols, 1, &wait_ms) == 0) {
        char wait[UNITS_TEXT_SIZE];
        exhibit_print_rough(wait, wait_ms);
        exhibit_say(trial->out, "not asked",
                    "the allowance is used; the next call is in %s", wait);
        return false;
    }
    if (budget_spend(budget, now(trial), trial->symbols, 1) != 0) {
        exhibit_say(trial->out, "not asked", "%s", err_sentence(ERR_NOMEM));
        return false;
    }
    if (trial->database != NULL && keep_count(trial)) {
        exhibit_say(trial->out, "counted", "one call, in %s, before it is made",
                    trial->options->conf->store.path);
    }
    return true;
}

/* --- What came ------------------------------------------------------------ */

static void say_verdict(struct trial *trial,
                        const struct provider_outcome *outcome,
                        const struct provider_verdict *verdict)
{
    exhibit_say(trial->out, "decided by", "%s: %s", outcome->decided_by,
                provider_class_name(outcome->class));
    if (outcome->retry_after_ms > 0) {
        char after[UNITS_TEXT_SIZE];
        exhibit_print_rough(after, outcome->retry_after_ms);
        exhibit_say(trial->out, "", "not to be asked again for %s", after);
    }
    if (outcome->has_left) {
        exhibit_say(trial->out, "",
                    "the provider says that %" PRIu64 " are left",
                    outcome->left);
    }
    if (verdict->class == PROVIDER_OK) {
        exhibit_quote(trial->out, &verdict->quote);
        trial->end = TRIAL_PRICE;
    } else {
        exhibit_say(trial->out, "no price", "%s: %s",
                    provider_class_name(verdict->class), verdict->text);
        exhibit_say(trial->out, "", "clients are told %s: %s",
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
        exhibit_say(trial->out, "then",
                    "a server would not call it again before its "
                    "configuration is loaded anew");
    } else if (rests_ms > 0) {
        char rests[UNITS_TEXT_SIZE];
        exhibit_print_rough(rests, rests_ms);
        exhibit_say(trial->out, "then", "a server would leave it alone for %s",
                    rests);
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
        exhibit_say(trial->out, "again",
                    "the connection was dead, and it was sent again");
    }
    if (answer->failure != NULL) {
        exhibit_say(trial->out, "no answer", "%s, after %" PRIu64 " ms",
                    answer->failure, took_ms);
        return;
    }
    exhibit_say(trial->out, "answer",
                "HTTP status %d, %zu bytes, after %" PRIu64 " ms",
                answer->status, answer->body.len, took_ms);
    exhibit_headers(trial->out, &trial->query, answer->headers);
    exhibit_body(trial->out, &trial->query, answer->body);
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
        exhibit_say(trial->out, "no answer", "%s", err_sentence(err));
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
        exhibit_say(trial->out, "no answer", "%s",
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
        exhibit_say(trial->out, "no answer", "%s", error);
    } else {
        int64_t written_ms = state.changed_unix_ns / 1000000;
        int64_t ago_ms = now(trial).unix_ms - written_ms;
        char ago[UNITS_TEXT_SIZE];
        exhibit_print_rough(ago, ago_ms > 0 ? (uint64_t)ago_ms : 0);
        exhibit_say(trial->out, "answer", "%zu bytes, written %s ago", text.len,
                    ago);
        exhibit_body(trial->out, &trial->query, buffer_span(&text));
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
    exhibit_say(trial->out, "symbol", "%s", trial->symbol.text);
    if (!is_served(trial) || !choose(trial)) {
        return;
    }
    if (provider_is_file(trial->query.provider)) {
        exhibit_request(trial->out, &trial->query, trial->post.what.origin);
        read_paper(trial);
        return;
    }
    if (spend(trial)) {
        exhibit_request(trial->out, &trial->query, trial->post.what.origin);
        call(trial);
        if (trial->database != NULL) {
            keep_count(trial);
        }
        exhibit_budget(trial->out, "after", trial->post.budget, now(trial));
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
