/* SPDX-License-Identifier: Apache-2.0 */
/*
 * waiting.h -- the requests of a session that wait, in their order, each with
 * the answers that are held behind it.
 *
 * A turn waits for quotes (serve/inquiry.h) or for what another thread knows
 * (serve/question.h).  The inside of web/web.h, which states the invariants;
 * for web.c.
 *
 * Threads: the worker's.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/queue.h>

#include "base/buffer.h"
#include "web/web.h"

struct inquiry;  /* serve/inquiry.h */
struct question; /* serve/question.h */

/* A request that waits: `inquiry` or `question` is there, both owned. */
struct turn {
    TAILQ_ENTRY(turn) link;
    struct web *web;
    struct waiting *waiting;
    struct web_call call; /* its texts are the turn's own */
    struct inquiry *inquiry;
    struct question *question;
    struct buffer held; /* answers to the requests behind this one */
    char texts[];       /* of the call */
};

struct waiting {
    TAILQ_HEAD(turn_list, turn) list;
    size_t symbols;    /* in all of them, answered already or not */
    size_t held_bytes; /* behind all of them */
};

/* Put a turn last that waits for nothing yet, with a copy of the call's texts;
 * NULL for want of memory. */
struct turn *waiting_add(struct waiting *waiting, struct web *web,
                         const struct web_call *call);

/* Take a turn out and free it; nobody waits for what has not come. */
void waiting_free(struct turn *turn);

/* Whether its answer has come. */
bool waiting_is_done(const struct turn *turn);
