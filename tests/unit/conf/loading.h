/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loading.h -- what the tests of conf share: settings from texts, and errors
 * that must say certain things.
 */

#pragma once

#include <string.h>

#include "base/err.h"
#include "conf/conf.h"
#include "testing/testing.h"

/* Load a text as the file quoted.yaml, with an environment and flags; all may
 * be NULL, the last two end in NULL. */
static inline int load(struct conf **out, const char *text,
                       const char *const *environment, const char *const *sets,
                       char error[CONF_ERROR_SIZE])
{
    struct conf_sources sources = {
        .file = "quoted.yaml",
        .file_text = span_of(text != NULL ? text : ""),
        .environment = environment,
        .sets = sets,
    };
    while (sets != NULL && sets[sources.sets_count] != NULL) {
        sources.sets_count++;
    }
    error[0] = '?'; // to be overwritten in each case
    return conf_load(out, &sources, error);
}

static inline struct conf *load_good(const char *text,
                                     const char *const *environment,
                                     const char *const *sets)
{
    struct conf *conf;
    char error[CONF_ERROR_SIZE];
    if (load(&conf, text, environment, sets, error) != 0) {
        fail_msg("refused: %s", error);
    }
    assert_non_null(conf);
    assert_string_equal(error, "");
    return conf;
}

/* The error is exactly so. */
static inline void assert_refused(const char *text,
                                  const char *const *environment,
                                  const char *const *sets, int expected,
                                  const char *message)
{
    struct conf *conf = (struct conf *)&sets; // to be overwritten
    char error[CONF_ERROR_SIZE];
    int err = load(&conf, text, environment, sets, error);
    assert_string_equal(error, message);
    assert_int_equal(err, expected);
    assert_null(conf);
}
