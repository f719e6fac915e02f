/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/tally.h"

#include "base/check.h"
#include "quote/quote.h"
#include "serve/worker.h"

/* The label of a protocol. */
static size_t label_of(enum protocol protocol)
{
    switch (protocol) {
    case PROTOCOL_RESP:
        return FAMILY_RESP;
    case PROTOCOL_HTTP:
        return FAMILY_HTTP;
    case PROTOCOL_RPYC:
        return FAMILY_RPYC;
    default:
        return FAMILY_UNKNOWN;
    }
}

static void note_age(struct worker *worker, const struct quote *quote)
{
    uint64_t now_ms = worker->loop.now_ms;
    uint64_t age_ms =
        now_ms > quote->fetched_mono_ms ? now_ms - quote->fetched_mono_ms : 0;
    metric_observe(worker->cells, METRIC_AT_price_age, family_ages_ms, age_ms,
                   1);
}

enum family_outcome tally_quotes(struct worker *worker,
                                 const struct answer *answers, size_t count)
{
    size_t quotes = 0;
    bool is_stale = false;
    for (size_t i = 0; i < count; i++) {
        if (answers[i].err == 0) {
            quotes++;
            is_stale = is_stale || answers[i].state == FRESHNESS_STALE;
            note_age(worker, answers[i].quote);
        }
    }
    if (quotes < count) {
        return quotes > 0 ? FAMILY_PARTIAL : family_outcome_of(answers->err);
    }
    return is_stale ? FAMILY_STALE : FAMILY_FRESH;
}

static void tell(struct worker *worker, enum protocol protocol,
                 enum family_outcome outcome, size_t requests)
{
    size_t label = label_of(protocol);
    CHECK(label < FAMILY_VALUES_PROTO && outcome < FAMILY_OUTCOMES);
    metric_add_at(worker->cells,
                  METRIC_AT_requests + label * FAMILY_OUTCOMES + outcome,
                  requests);
}

void tally_told(struct worker *worker, enum protocol protocol,
                enum family_outcome outcome)
{
    tell(worker, protocol, outcome, 1);
}

void tally_answered(struct worker *worker, enum protocol protocol,
                    enum family_outcome outcome)
{
    tally_told(worker, protocol, outcome);
    worker->tally.answered++;
}

static void note_hits(struct worker *worker, const struct quote *const *quotes,
                      size_t count)
{
    metric_add(worker->cells, METRIC_cache_hits, count);
    for (size_t i = 0; i < count; i++) {
        note_age(worker, quotes[i]);
    }
}

void tally_again(struct worker *worker, enum protocol protocol,
                 const struct quote *const *quotes, size_t count)
{
    note_hits(worker, quotes, count);
    tally_answered(worker, protocol, FAMILY_FRESH);
}

void tally_again_each(struct worker *worker, enum protocol protocol,
                      const struct quote *const *quotes, size_t count)
{
    note_hits(worker, quotes, count);
    tell(worker, protocol, FAMILY_FRESH, count);
    worker->tally.answered += count;
}

void tally_waited(struct worker *worker, enum protocol protocol,
                  enum family_outcome outcome, uint64_t asked_mono_ms)
{
    tally_told(worker, protocol, outcome);
    uint64_t now_ms = worker->loop.now_ms;
    metric_observe(worker->cells,
                   METRIC_AT_request_duration +
                       FAMILY_FROM_UPSTREAM * FAMILY_CELLS_HISTOGRAM,
                   family_durations_ms,
                   now_ms > asked_mono_ms ? now_ms - asked_mono_ms : 0, 1);
}

void tally_turn(struct worker *worker, uint64_t turn_ms)
{
    metric_observe(worker->cells, METRIC_AT_loop_turn, family_durations_ms,
                   turn_ms, 1);
    if (worker->tally.answered > 0) {
        metric_observe(worker->cells,
                       METRIC_AT_request_duration +
                           FAMILY_FROM_MEMORY * FAMILY_CELLS_HISTOGRAM,
                       family_durations_ms, turn_ms, worker->tally.answered);
        worker->tally.answered = 0;
    }
}

void tally_join(struct worker *worker, enum protocol protocol)
{
    metric_add_at(worker->cells,
                  METRIC_AT_connections_open + label_of(protocol), 1);
}

void tally_leave(struct worker *worker, enum protocol protocol)
{
    metric_add_at(worker->cells,
                  METRIC_AT_connections_open + label_of(protocol), UINT64_MAX);
}
