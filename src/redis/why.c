/* SPDX-License-Identifier: Apache-2.0 */
#include "redis/why.h"

#include "base/buffer.h"
#include "base/check.h"
#include "cache/cache.h"
#include "desk/view.h"
#include "proto/resp.h"
#include "quote/names.h"
#include "redis/command.h"
#include "redis/session.h"
#include "serve/ask.h"
#include "serve/question.h"
#include "serve/settings.h"
#include "serve/worker.h"
#include "show/explain.h"

IMPLEMENTS(session_compose_fn)
static void compose_text(struct session *session,
                         const struct question *question, struct buffer *out)
{
    const struct worker *worker = session_worker(session);
    const struct desk_explanation *explanation = question_explanation(question);
    CHECK(explanation != NULL);
    struct cache_found found;
    cache_peek(worker->shared->cache, &explanation->symbol, &found);
    const struct explain_source source = {
        .explanation = explanation,
        .quote = found.quote,
        .name = names_find(worker->settings->names,
                           symbol_span(&explanation->symbol)),
        .rule = &worker->settings->rule,
        .failure = found.failure,
        .failed_until_mono_ms = found.failed_until_ms,
        .now_mono_ms = worker->loop.now_ms,
    };
    struct buffer text = buffer_empty(2 * EXPLAIN_BYTES_LIMIT);
    explain_render(&text, &source);
    resp_put_verbatim(out, session_version(session), buffer_span(&text));
    out->failed = out->failed || text.failed;
    buffer_deinit(&text);
}

void why_explain(struct session *session, const struct resp_command *command,
                 struct buffer *out)
{
    struct symbol symbol;
    int err = ask_resolve(session_worker(session), command->args[1], &symbol);
    if (err != 0) {
        command_fail_symbol(session, out, &symbol, err, NULL);
    } else {
        session_ask_why(session, &symbol, compose_text, out);
    }
}
