/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fixture.h -- answers of providers, and what each of them means.
 *
 * An index (tests/data/providers/.../index.tsv) has a line a body:
 *
 *     file  provider  endpoint  status  asked  expected
 *
 * `asked` is a list with commas.  `expected` is CLASS [NAME=VALUE ...], the
 * class of the call and then what is looked at where it is ok: price, prev,
 * bid, ask, pct, time (seconds since 1970, or a date), currency, stale (yes) of
 * the symbol asked for, or of one of them as price[SYM]; miss[SYM], the class
 * of a symbol without a price; n, how many have one.  With any class, drop: the
 * symbol to leave out.  `none` is what must not be there.
 */

#pragma once

#include "unit/provider/court.h"

#define FIXTURE_PROVIDERS_LIMIT 16

/* Every description that the fixtures are of. */
struct fixture_cast {
    struct fixture_actor {
        char name[32];    /* as the indexes say */
        bool is_built_in; /* else a description of the test data */
        struct provider *provider;
    } actors[FIXTURE_PROVIDERS_LIMIT];
    size_t count;
};

struct fixture {
    char file[96];
    bool is_captured; /* or from the reference; else written after reports */
    const struct fixture_actor *actor;
    size_t endpoint;
    int status;
    char asked[128]; /* in quoted's spelling */
    char expected[256];
    struct buffer body;
};

/* All fixtures of all indexes. */
struct fixture_list {
    struct fixture_cast cast;
    struct fixture *items;
    size_t count;
};

/* Read every description and every body; freed with fixture_free(). */
void fixture_load(struct fixture_list *out);
void fixture_free(struct fixture_list *list);

/* Whether a body that came in the place of the fixture's gets what is expected
 * of that.  Where it does not and `says_so`, prints what it got. */
bool fixture_agrees(const struct fixture *fixture, struct span body,
                    bool says_so);
