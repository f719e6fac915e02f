/* SPDX-License-Identifier: Apache-2.0 */
/*
 * court.h -- what the units of provider share: descriptions, and answers that
 * are judged.
 */

#pragma once

#include "base/buffer.h"
#include "provider/provider.h"
#include "provider/query.h"

/* The key that is asked with; answers in the test data repeat it. */
#define COURT_KEY "ABC123"

/* As COURT_KEY, of a provider with two keys. */
#define COURT_KEYS "ABC123:XYZ789"

#define COURT_SYMBOLS_LIMIT 64

/* Make a provider named "test" of a description without fault, or a built-in
 * one. */
struct provider *court_create(const char *yaml);
struct provider *court_create_built_in(const char *name);

/* The number of an endpoint that there is. */
size_t court_endpoint(const struct provider *provider, const char *name);

/* Read a file of the test data: "/providers/fixtures/index.tsv". */
struct buffer court_read(const char *path);

/* Symbols from a list with commas. */
struct court_symbols {
    size_t count;
    struct symbol items[COURT_SYMBOLS_LIMIT];
    const struct symbol *pointers[COURT_SYMBOLS_LIMIT];
};

void court_split(struct court_symbols *out, const char *list);

/* An answer and what it was asked for. */
struct court_case {
    const struct provider *provider;
    size_t endpoint;
    const char *symbols; /* NULL: "IBM" */
    int status;          /* 0: 200 */
    struct span body;
    const char *headers; /* NULL: none */
    int64_t now_unix_ms;
};

struct court_ruling {
    struct court_symbols symbols;
    struct provider_outcome outcome;
    struct provider_verdict verdicts[COURT_SYMBOLS_LIMIT];
};

/* Judge a case, from a copy of the body of exactly its size, and check what
 * holds of every verdict. */
void court_judge(struct court_ruling *out, const struct court_case *it);

/* Judge a text that came for IBM with status 200 from endpoint 0. */
struct provider_verdict court_judge_text(const struct provider *provider,
                                         const char *body);
