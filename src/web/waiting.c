/* SPDX-License-Identifier: Apache-2.0 */
#include "web/waiting.h"

#include <string.h>

#include "base/check.h"
#include "base/mem.h"
#include "net/loop.h"
#include "serve/inquiry.h"
#include "serve/question.h"
#include "web/reply.h"

bool waiting_is_done(const struct turn *turn)
{
    return turn->inquiry != NULL ? inquiry_is_done(turn->inquiry)
                                 : question_is_done(turn->question);
}

/* Symbols that it counts for; a question is as good as one. */
static size_t weight(const struct turn *turn)
{
    return turn->inquiry != NULL    ? inquiry_count(turn->inquiry)
           : turn->question != NULL ? 1
                                    : 0;
}

void waiting_free(struct turn *turn)
{
    struct waiting *waiting = turn->waiting;
    TAILQ_REMOVE(&waiting->list, turn, link);
    CHECK(waiting->symbols >= weight(turn));
    CHECK(waiting->held_bytes >= turn->held.len);
    waiting->symbols -= weight(turn);
    waiting->held_bytes -= turn->held.len;
    inquiry_destroy(&turn->inquiry);
    question_destroy(&turn->question);
    buffer_deinit(&turn->held);
    mem_free(turn);
}

/* Copy a text of a call to *at, and move *at behind it. */
static void keep_text(struct span *text, char **at)
{
    if (text->data != NULL) {
        memcpy(*at, text->data, text->len);
        text->data = *at;
        *at += text->len;
    }
}

struct turn *waiting_add(struct waiting *waiting, struct web *web,
                         const struct web_call *call)
{
    size_t bytes =
        call->target.len + call->origin.len + call->if_none_match.len;
    struct turn *turn = mem_calloc(1, sizeof(*turn) + bytes);
    if (turn == NULL) {
        return NULL;
    }
    turn->web = web;
    turn->waiting = waiting;
    turn->call = *call;
    reply_name(web, call, &turn->call.name);
    turn->call.http = NULL;
    turn->held = buffer_empty(LOOP_REPLY_BYTES_LIMIT);
    char *at = turn->texts;
    keep_text(&turn->call.target, &at);
    keep_text(&turn->call.origin, &at);
    keep_text(&turn->call.if_none_match, &at);
    CHECK(at == turn->texts + bytes);
    TAILQ_INSERT_TAIL(&waiting->list, turn, link);
    return turn;
}
