/* SPDX-License-Identifier: Apache-2.0 */
#include "redis/insight.h"

#include <fnmatch.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/err.h"
#include "conf/conf.h"
#include "fetch/fetch.h"
#include "obs/process.h"
#include "proto/resp.h"
#include "redis/command.h"
#include "redis/session.h"
#include "serve/roster.h"
#include "serve/settings.h"
#include "serve/worker.h"

void insight_time(struct session *session, const struct resp_command *command,
                  struct buffer *out)
{
    (void)command;
    int64_t now_ms = clock_unix_ms(session_worker(session)->shared->clock);
    char text[24];
    resp_put_array(out, 2);
    int len = snprintf(text, sizeof(text), "%" PRId64, now_ms / 1000);
    resp_put_bulk(out, (struct span){text, (size_t)len});
    len = snprintf(text, sizeof(text), "%" PRId64, now_ms % 1000 * 1000);
    resp_put_bulk(out, (struct span){text, (size_t)len});
}

/* --- INFO ---------------------------------------------------------------- */

static void put_server(struct session *session, struct buffer *text)
{
    const struct worker *worker = session_worker(session);
    const struct shared *shared = worker->shared;
    char started[CLOCK_TEXT_SIZE];
    clock_print_unix_ms(started, shared->started_unix_ms);
    buffer_printf(
        text,
        "quoted_version:%s\r\nredis_mode:standalone\r\n"
        "server_id:%s\r\nprocess_id:%ld\r\n"
        "started:%s\r\nuptime_in_seconds:%" PRIu64 "\r\n"
        "workers:%u\r\nworker:%u\r\ndraining:%d\r\n",
        QUOTED_VERSION, worker->settings->conf->server.id, (long)getpid(),
        started, (worker->loop.now_ms - shared->started_mono_ms) / 1000,
        shared->workers_count, worker->number, worker->is_draining ? 1 : 0);
}

static void put_clients(struct session *session, struct buffer *text)
{
    const struct worker *worker = session_worker(session);
    buffer_printf(text,
                  "connected_clients:%" PRIu64 "\r\nmaxclients:%" PRIu64 "\r\n",
                  roster_count(worker->shared->roster),
                  worker->settings->conf->limits.connections_max);
}

static void put_memory(struct session *session, struct buffer *text)
{
    (void)session;
    struct process_usage usage;
    process_read(&usage);
    buffer_printf(text, "used_memory_rss:%" PRIu64 "\r\n",
                  usage.resident_bytes);
}

static void put_stats(struct session *session, struct buffer *text)
{
    const struct metrics *metrics = &session_worker(session)->shared->metrics;
    for (int metric = 0; metric < METRIC_COUNT; metric++) {
        buffer_printf(text, "%s:%" PRIu64 "\r\n",
                      metric_info_of((enum metric)metric)->name,
                      metric_sum(metrics, (enum metric)metric));
    }
}

static void put_keyspace(struct session *session, struct buffer *text)
{
    const struct metrics *metrics = &session_worker(session)->shared->metrics;
    uint64_t keys = metric_sum(metrics, METRIC_cache_quotes);
    if (keys > 0) {
        buffer_printf(text,
                      "db0:keys=%" PRIu64 ",expires=%" PRIu64 ",avg_ttl=0\r\n",
                      keys, keys);
    }
}

/* What is known of a rule: d_left=19, or mo_distinct_left=490. */
static void put_rule(struct buffer *text, const struct desk_allowance *rule)
{
    const struct budget_view *view = &rule->view;
    char name[32];
    bool is_plain = view->rule.cost == BUDGET_CALLS;
    snprintf(name, sizeof(name), "%s%s%s", budget_span_name(view->rule.span),
             is_plain ? "" : "_",
             is_plain ? "" : budget_cost_name(view->rule.cost));
    buffer_printf(text, ",%s_limit=%" PRIu32 ",%s_left=%" PRIu32, name,
                  view->rule.n, name, view->left);
    if (view->rule.span == BUDGET_SECOND) {
        return; // over before it is read
    }
    buffer_printf(text, ",%s_pace_day=%" PRIu64, name, rule->pace_day);
    if (view->rule.span >= BUDGET_DAY) {
        buffer_printf(text, ",%s_turns_in_s=%" PRIu64, name,
                      view->turns_in_ms / 1000);
    }
    if (rule->out_in_ms != UINT64_MAX) {
        buffer_printf(text, ",%s_out_in_s=%" PRIu64, name,
                      rule->out_in_ms / 1000);
    }
}

static void put_provider(struct buffer *text, size_t i,
                         const struct desk_post_view *post)
{
    uint64_t ended = 0;
    for (int class = 0; class < PROVIDER_CLASS_COUNT; class ++) {
        ended += post->outcomes[class];
    }
    buffer_printf(
        text,
        "provider%zu:name=%s,state=%s,queued=%" PRIu32 ",waited=%" PRIu32
        ",calling=%u,ended=%" PRIu64 ",ok=%" PRIu64,
        i, post->name, view_standing_name(post->standing), post->queued,
        post->queued_waited, post->calls, ended, post->outcomes[PROVIDER_OK]);
    if (post->standing == DESK_RESTING) {
        buffer_printf(text, ",rests_s=%" PRIu64, (post->rests_ms + 999) / 1000);
    }
    if (post->last.is_known) {
        buffer_printf(text, ",last=%s,last_ago_s=%" PRIu64,
                      provider_class_name(post->last.class),
                      post->last.ago_ms / 1000);
    }
    for (size_t k = 0; k < post->rules_count; k++) {
        if (view_is_tightest(post, k)) {
            put_rule(text, &post->rules[k]);
        }
    }
    buffer_put_text(text, "\r\n");
}

static void put_providers(struct session *session, struct buffer *text)
{
    struct fetch_report report;
    fetch_copy_report(session_worker(session)->shared->fetch, &report);
    buffer_printf(text, "providers:%zu\r\nflights:%zu\r\n", report.posts_count,
                  report.flights);
    for (size_t i = 0; i < report.posts_count; i++) {
        put_provider(text, i, &report.posts[i]);
    }
}

static const struct section {
    const char *name;
    void (*put)(struct session *session, struct buffer *text);
} sections[] = {
    {"Server", put_server},       {"Clients", put_clients},
    {"Memory", put_memory},       {"Stats", put_stats},
    {"Providers", put_providers}, {"Keyspace", put_keyspace},
};

static bool is_wanted(const struct resp_command *command, const char *name)
{
    if (command->count == 1) {
        return true;
    }
    for (size_t i = 1; i < command->count; i++) {
        struct span word = command->args[i];
        if (span_equal_nocase(word, span_of(name)) ||
            span_equal_nocase(word, span_of("all")) ||
            span_equal_nocase(word, span_of("default")) ||
            span_equal_nocase(word, span_of("everything"))) {
            return true;
        }
    }
    return false;
}

void insight_info(struct session *session, const struct resp_command *command,
                  struct buffer *out)
{
    struct buffer text = buffer_empty(LOOP_REPLY_BYTES_LIMIT / 2);
    for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++) {
        if (is_wanted(command, sections[i].name)) {
            buffer_printf(&text, "%s# %s\r\n", text.len > 0 ? "\r\n" : "",
                          sections[i].name);
            sections[i].put(session, &text);
        }
    }
    resp_put_bulk(out, buffer_span(&text));
    out->failed = out->failed || text.failed;
    buffer_deinit(&text);
}

/* --- CONFIG -------------------------------------------------------------- */

struct config_search {
    const struct resp_command *command;
    struct buffer found; // composed pairs
    size_t count;        // of pairs
};

IMPLEMENTS(conf_key_fn)
static void match_key(void *user, const char *key, const char *value)
{
    struct config_search *search = user;
    for (size_t i = 2; i < search->command->count; i++) {
        char pattern[128];
        snprintf(pattern, sizeof(pattern), "%.*s",
                 SPAN_ARGS(search->command->args[i]));
        if (search->command->args[i].len < sizeof(pattern) &&
            fnmatch(pattern, key, FNM_CASEFOLD) == 0) {
            resp_put_bulk(&search->found, span_of(key));
            resp_put_bulk(&search->found, span_of(value));
            search->count++;
            return;
        }
    }
}

/* Redis' own settings that its tools ask for, with what is true of us: nothing
 * is saved in Redis' ways. */
static void match_redis_keys(struct config_search *search)
{
    match_key(search, "save", "");
    match_key(search, "appendonly", "no");
}

void insight_config(struct session *session, const struct resp_command *command,
                    struct buffer *out)
{
    if (command->count < 3 ||
        !span_equal_nocase(command->args[1], span_of("GET"))) {
        command_fail_subcommand(session, out, command);
        return;
    }
    struct config_search search = {
        .command = command,
        .found = buffer_empty(LOOP_REPLY_BYTES_LIMIT / 2),
    };
    conf_each(session_worker(session)->settings->conf, match_key, &search);
    match_redis_keys(&search);
    resp_put_map(out, session_version(session), search.count);
    buffer_put_span(out, buffer_span(&search.found));
    out->failed = out->failed || search.found.failed;
    buffer_deinit(&search.found);
}

/* --- COMMAND ------------------------------------------------------------- */

/* The form of Redis' COMMAND: name, arity, flags, keys. */
static void put_command(const struct command *command, struct buffer *out)
{
    resp_put_array(out, 6);
    resp_put_bulk(out, span_of(command->name));
    resp_put_integer(out, command->arity);
    resp_put_array(out, 1);
    resp_put_simple(out, "readonly");
    resp_put_integer(out, command->first_key);
    resp_put_integer(out, command->last_key);
    resp_put_integer(out, command->key_step);
}

static void put_docs(const struct command *command, int version,
                     struct buffer *out)
{
    resp_put_bulk(out, span_of(command->name));
    resp_put_map(out, version, 3);
    resp_put_bulk(out, span_of("summary"));
    resp_put_bulk(out, span_of(command->summary));
    resp_put_bulk(out, span_of("since"));
    resp_put_bulk(out, span_of("0.1.0"));
    resp_put_bulk(out, span_of("group"));
    resp_put_bulk(out, span_of(command->first_key > 0 ? "quotes" : "server"));
}

static void put_all_docs(struct session *session,
                         const struct resp_command *request, struct buffer *out)
{
    size_t count;
    int version = session_version(session);
    const struct command *table = command_table(&count);
    if (request->count == 2) {
        resp_put_map(out, version, count);
        for (size_t i = 0; i < count; i++) {
            put_docs(&table[i], version, out);
        }
        return;
    }
    size_t known = 0;
    for (size_t i = 2; i < request->count; i++) {
        known += command_find(request->args[i]) != NULL;
    }
    resp_put_map(out, version, known);
    for (size_t i = 2; i < request->count; i++) {
        const struct command *command = command_find(request->args[i]);
        if (command != NULL) {
            put_docs(command, version, out);
        }
    }
}

static void put_info(struct session *session,
                     const struct resp_command *request, struct buffer *out)
{
    resp_put_array(out, request->count - 2);
    for (size_t i = 2; i < request->count; i++) {
        const struct command *command = command_find(request->args[i]);
        if (command != NULL) {
            put_command(command, out);
        } else {
            resp_put_null(out, session_version(session));
        }
    }
}

void insight_command(struct session *session,
                     const struct resp_command *request, struct buffer *out)
{
    size_t count;
    const struct command *table = command_table(&count);
    if (request->count == 1) {
        resp_put_array(out, count);
        for (size_t i = 0; i < count; i++) {
            put_command(&table[i], out);
        }
    } else if (span_equal_nocase(request->args[1], span_of("COUNT"))) {
        resp_put_integer(out, (int64_t)count);
    } else if (request->count == 2 &&
               span_equal_nocase(request->args[1], span_of("LIST"))) {
        resp_put_array(out, count);
        for (size_t i = 0; i < count; i++) {
            resp_put_bulk(out, span_of(table[i].name));
        }
    } else if (span_equal_nocase(request->args[1], span_of("DOCS"))) {
        put_all_docs(session, request, out);
    } else if (span_equal_nocase(request->args[1], span_of("INFO"))) {
        put_info(session, request, out);
    } else {
        command_fail_subcommand(session, out, request);
    }
}
