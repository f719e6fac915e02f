/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/complaint.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/hash.h"
#include "obs/log.h"
#include "quote/symbol.h"
#include "serve/guest.h"
#include "serve/worker.h"

void complaint_name(struct worker *worker, struct complaint_name *out)
{
    const uint64_t number[] = {worker->number, ++worker->tally.named};
    snprintf(out->text, sizeof(out->text), "%016" PRIx64,
             hash_bytes(number, sizeof(number)));
}

/* --- Names of others ------------------------------------------------------ */

static bool is_hex(struct span text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (strchr("0123456789abcdef", text.data[i]) == NULL ||
            text.data[i] == '\0') {
            return false;
        }
    }
    return true;
}

static bool is_zeros(struct span text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] != '0') {
            return false;
        }
    }
    return true;
}

#define TRACE_LEN 32

/* The trace id of "00-<32 hex>-<16 hex>-<2 hex>"; later versions may have more
 * behind it.  data is NULL where it is none. */
static struct span trace_of(struct span header)
{
    const struct span none = {NULL, 0};
    if (header.len < 55 || header.data[2] != '-' || header.data[35] != '-' ||
        header.data[52] != '-') {
        return none;
    }
    struct span version = {header.data, 2};
    struct span trace = {header.data + 3, TRACE_LEN};
    struct span parent = {header.data + 36, 16};
    struct span flags = {header.data + 53, 2};
    bool is_first = is_zeros(version);
    bool is_well = is_hex(version) && is_hex(trace) && is_hex(parent) &&
                   is_hex(flags) && !span_equal(version, span_of("ff")) &&
                   !is_zeros(trace) && !is_zeros(parent) &&
                   (is_first ? header.len == 55
                             : header.len == 55 || header.data[55] == '-');
    return is_well ? trace : none;
}

static bool is_name(struct span text)
{
    if (text.len == 0 || text.len >= COMPLAINT_NAME_SIZE) {
        return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                         (c >= '0' && c <= '9');
        if (!is_letter && c != '.' && c != '_' && c != '-') {
            return false;
        }
    }
    return true;
}

bool complaint_take_name(struct complaint_name *out, struct span traceparent,
                         struct span request_id)
{
    struct span name = trace_of(traceparent);
    if (name.len == 0) {
        name = request_id;
    }
    if (!is_name(name)) {
        return false;
    }
    snprintf(out->text, sizeof(out->text), "%.*s", SPAN_ARGS(name));
    return true;
}

/* --- The log -------------------------------------------------------------- */

/* Whether an operator can do something about it: a client's mistake, or that
 * the server was told to end, is no news to anybody. */
static bool is_due(const char *code)
{
    const int errs[] = {ERR_LIMIT, ERR_UPSTREAM, ERR_OVERLOADED, ERR_STORE};
    for (size_t i = 0; i < sizeof(errs) / sizeof(errs[0]); i++) {
        if (strcmp(code, err_word(errs[i])) == 0) {
            return true;
        }
    }
    return false;
}

/* Bytes of a reason that are logged. */
#define REASON_SIZE 320

void complaint_log(const struct guest *guest, const struct complaint_name *name,
                   const char *code, struct span symbol, struct span reason)
{
    if (!is_due(code)) {
        return;
    }
    char symbol_text[SYMBOL_LEN_LIMIT + 1];
    char reason_text[REASON_SIZE];
    snprintf(symbol_text, sizeof(symbol_text), "%.*s", SPAN_ARGS(symbol));
    snprintf(reason_text, sizeof(reason_text), "%.*s", SPAN_ARGS(reason));
    log_event(LOG_WARNING, "serve", "request failed", LOG_TEXT("code", code),
              LOG_TEXT("proto", detect_word(guest->spoken)),
              LOG_TEXT("request", name->text), LOG_TEXT("symbol", symbol_text),
              LOG_TEXT("peer", guest->member.peer),
              LOG_TEXT("reason", reason_text));
}

void complaint_log_answer(const struct guest *guest,
                          const struct answer *answer,
                          enum family_outcome outcome)
{
    if (outcome < FAMILY_ERRORS) {
        return;
    }
    const struct complaint_name name = {""};
    const char *reason =
        answer->reason != NULL ? answer->reason : err_sentence(answer->err);
    complaint_log(guest, &name, err_word(answer->err),
                  symbol_span(&answer->symbol), span_of(reason));
}
