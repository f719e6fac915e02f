/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_resp.c -- no bytes break the parser of commands, and invariants (1) and
 * (2) of resp.h: a command that comes in two pieces is the same command,
 * wherever it was cut, and what stands behind it changes nothing.
 */
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "fuzz/fuzz.h"
#include "proto/plain.h"
#include "proto/resp.h"

#define BYTES_MAX 512

/* Above this only the whole input is parsed: cutting is quadratic. */
#define CUT_BYTES_LIMIT 300

/* A block of exactly `len` bytes, so that ASan sees a read past its end.  Each
 * parse has its own: quoted arguments are unescaped in place. */
static char *copy_of(const uint8_t *data, size_t len)
{
    char *copy = malloc(len > 0 ? len : 1);
    CHECK(copy != NULL);
    if (len > 0) {
        memcpy(copy, data, len);
    }
    return copy;
}

/* What must be true of every parse, whatever the bytes. */
static void check_parsed(const struct resp_command *command, ptrdiff_t taken,
                         const char *bytes, size_t len)
{
    CHECK((taken < 0) == (command->error != NULL));
    if (taken <= 0) {
        CHECK(taken == 0 || taken == ERR_PROTOCOL);
        CHECK(taken != 0 || len <= BYTES_MAX);
        return;
    }
    CHECK((size_t)taken <= len && taken <= BYTES_MAX);
    CHECK(command->count <= RESP_ARGS_LIMIT);
    const char *from = bytes;
    for (size_t i = 0; i < command->count; i++) {
        struct span arg = command->args[i];
        CHECK(arg.data >= from && arg.data + arg.len <= bytes + taken);
        from = arg.data + arg.len; // in order, and none within another
    }
}

static void check_same(const struct resp_command *a,
                       const struct resp_command *b)
{
    CHECK((a->error == NULL) == (b->error == NULL));
    for (size_t i = 0; a->error == NULL && i < a->count; i++) {
        CHECK(a->count == b->count && span_equal(a->args[i], b->args[i]));
    }
}

/* The first `cut` bytes either ask for more and are left as they were, or give
 * what the whole gives. */
static void check_cut(const struct resp_command *whole, ptrdiff_t whole_taken,
                      const uint8_t *data, size_t cut)
{
    struct resp_command part;
    char *bytes = copy_of(data, cut);
    ptrdiff_t taken = resp_parse(&part, bytes, cut, BYTES_MAX);
    check_parsed(&part, taken, bytes, cut);
    if (taken == 0) {
        CHECK(cut == 0 || memcmp(bytes, data, cut) == 0);
        CHECK(whole_taken <= 0 || cut < (size_t)whole_taken);
    } else {
        CHECK(taken == whole_taken);
        check_same(&part, whole);
    }
    free(bytes);
}

/* What is taken for a common command is what the parser says it is. */
static void check_plain(const struct resp_command *whole, ptrdiff_t whole_taken,
                        const uint8_t *data, size_t len)
{
    char *bytes = copy_of(data, len);
    struct plain_texts plain = {.count = 1};
    struct span copy = {bytes, len};
    size_t got = plain_parse_get(&plain.texts[0], copy);
    size_t taken = got > 0 ? got : plain_parse_mget(&plain, copy);
    if (taken > 0 && taken <= BYTES_MAX) {
        CHECK((ptrdiff_t)taken == whole_taken);
        CHECK(whole->count == plain.count + 1);
        const char *name = got > 0 ? "get" : "mget";
        CHECK(span_equal_nocase(whole->args[0], span_of(name)));
        for (size_t i = 0; i < plain.count; i++) {
            CHECK(span_equal(whole->args[i + 1], plain.texts[i]));
        }
    }
    free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct resp_command command;
    char *bytes = copy_of(data, len);
    ptrdiff_t taken = resp_parse(&command, bytes, len, BYTES_MAX);
    check_parsed(&command, taken, bytes, len);
    if (taken > 0) {
        size_t behind = len - (size_t)taken;
        CHECK(memcmp(bytes + taken, data + taken, behind) == 0);
    }
    check_plain(&command, taken, data, len);
    for (size_t cut = 0; len <= CUT_BYTES_LIMIT && cut < len; cut++) {
        check_cut(&command, taken, data, cut);
    }
    free(bytes);
    return 0;
}
