/* SPDX-License-Identifier: Apache-2.0 */
#include "web/problem.h"

#include "base/buffer.h"
#include "base/check.h"
#include "base/err.h"
#include "proto/http.h"
#include "quote/symbol.h"
#include "show/render.h"

struct row {
    int status;
    int err;          // 0: of HTTP itself
    const char *code; // NULL: the err's word
    const char *title;
    const char *detail; // what is to be said more, where nobody says it better
};

/* The first row of an err, and of a status, is that which is answered. */
static const struct row table[] = {
    {404, ERR_UNKNOWN, NULL, NULL, NULL},
    {404, ERR_NODATA, NULL, NULL, NULL},
    {503, ERR_LIMIT, NULL, NULL, NULL}, // it is the server's allowance: not 429
    {502, ERR_UPSTREAM, NULL, NULL, NULL},
    {503, ERR_OVERLOADED, NULL, NULL, NULL},
    {503, ERR_DRAINING, NULL, NULL, NULL},
    {400, ERR_SYMBOL, NULL, NULL,
     "this is neither a name nor a symbol, which is " SYMBOL_FORM},
    {504, ERR_TOOOLD, NULL, NULL, NULL},
    {503, ERR_STORE, NULL, NULL, NULL},
    {400, 0, "REQUEST", "the request is not as it should be", NULL},
    {404, 0, "PATH", "there is nothing at this path",
     "GET /openapi.json tells what there is"},
    {405, 0, "METHOD", "the method is not allowed here", NULL},
    {406, 0, "ACCEPT", "there is no such form of this", NULL},
    {408, 0, "TIMEOUT", "the request took too long to arrive", NULL},
    {413, 0, "BODY", "no request here has a body", NULL},
    {414, 0, "TARGET", "the request line is too long", NULL},
    {431, 0, "HEADERS", "the headers are too long, or too many", NULL},
    {500, 0, "ERR", "the server failed", NULL},
    {501, 0, "METHOD", "the transfer coding is not known", NULL},
    {504, 0, "CACHED", "there is no such quote in memory",
     "no provider is asked for it, as only-if-cached demands"},
    {505, 0, "VERSION", "the version of HTTP is not 1.0 or 1.1", NULL},
};

#define ROWS_COUNT (sizeof(table) / sizeof(table[0]))

const char *problem_code(unsigned row)
{
    if (row >= ROWS_COUNT) {
        return NULL;
    }
    return table[row].code != NULL ? table[row].code : err_word(table[row].err);
}

static struct problem problem_of_row(unsigned row)
{
    return (struct problem){
        .status = table[row].status,
        .code = problem_code(row),
        .title = table[row].title != NULL ? table[row].title
                                          : err_sentence(table[row].err),
        .detail = span_of(table[row].detail != NULL ? table[row].detail : ""),
    };
}

struct problem problem_of_err(int err)
{
    CHECK(err < 0);
    for (unsigned i = 0; i < ROWS_COUNT; i++) {
        if (table[i].err == err) {
            return problem_of_row(i);
        }
    }
    return problem_of_status(500);
}

struct problem problem_of_status(int status)
{
    for (unsigned i = 0; i < ROWS_COUNT; i++) {
        if (table[i].err == 0 && table[i].status == status) {
            return problem_of_row(i);
        }
    }
    CHECK(status == 0); // every status that is answered has a row
    return (struct problem){.status = 500};
}

uint64_t problem_retry_after_s(const struct problem *problem)
{
    return (problem->retry_after_ms + 999) / 1000;
}

static void put_member(struct buffer *out, const char *name, struct span value)
{
    buffer_put_text(out, ",\"");
    buffer_put_text(out, name);
    buffer_put_text(out, "\":");
    render_json_text(out, value);
}

void problem_put(struct buffer *out, const struct problem *problem)
{
    // Relative, so it names this server's own description of it.
    buffer_put_text(out, "{\"type\":\"/openapi.json#/components/responses/");
    buffer_put_text(out, problem->code);
    buffer_put_byte(out, '"');
    put_member(out, "title", span_of(problem->title));
    buffer_put_text(out, ",\"status\":");
    buffer_put_u64(out, (uint64_t)problem->status);
    if (problem->detail.len > 0) {
        put_member(out, "detail", problem->detail);
    }
    if (problem->instance.len > 0) {
        put_member(out, "instance", problem->instance);
    }
    put_member(out, "code", span_of(problem->code));
    if (problem->symbol.len > 0) {
        put_member(out, "symbol", problem->symbol);
    }
    if (problem->retry_after_ms > 0) {
        buffer_put_text(out, ",\"retry_after_ms\":");
        buffer_put_u64(out, problem->retry_after_ms);
    }
    buffer_put_byte(out, '}');
}
