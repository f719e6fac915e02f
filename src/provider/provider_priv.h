/* SPDX-License-Identifier: Apache-2.0 */
/*
 * provider_priv.h -- the body of a provider, for the files that fill it
 * (description.c) and read it (provider.c, judge.c, extract.c).
 *
 * Texts are spans into the YAML documents, which live as long as the provider;
 * lists have stated bounds and stand in place.  Nothing changes once made.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"
#include "provider/provider.h"

struct yaml; /* conf/yaml.h */

#define PROVIDER_TEXTS_LIMIT  8  /* pointers or words in one list */
#define PROVIDER_RULES_LIMIT  32 /* the richest provider known has 8 */
#define PROVIDER_LIMITS_LIMIT 8

struct provider_texts {
    struct span items[PROVIDER_TEXTS_LIMIT];
    size_t count;
};

/* One of `errors`: all conditions that are there must hold. */
struct provider_rule {
    enum provider_class class;
    int status;               /* 0: any */
    struct provider_texts at; /* pointers; any that leads somewhere */
    struct provider_texts eq; /* the pointed text is one of these */
    struct provider_texts
        has; /* it holds one of these; without `at`, the body */
};

/* `calls` in a window, of the class that says the window is used up. */
struct provider_limit {
    uint64_t calls;
    enum provider_class window;
};

/* What is asked, and where the answer has what. */
struct provider_endpoint {
    struct span url;            /* a template (template.h) */
    struct provider_texts rows; /* pointers to the data, tried in turn */
    struct span id;             /* pointer to the echoed symbol; "" for none */
    struct provider_texts numbers[QUOTE_NUMBERS]; /* pointers, tried in turn */
    struct provider_texts currency;
    struct provider_texts days; /* pointers to the date of the price */
};

struct provider {
    char name[QUOTE_SOURCE_SIZE];
    /* The description, and the one it is like, whose texts stand below. */
    struct yaml *text;
    struct yaml *text_like;
    bool has_key;            /* a call carries one */
    bool is_lower_case;      /* symbols are sent in small letters */
    struct span key_default; /* one that anybody may use; "" for none */
    struct span key_page;
    struct span origin;   /* in place of the URL's own; "" for none */
    struct span currency; /* where no field says one; "" for unknown */
    struct provider_limit limits[PROVIDER_LIMITS_LIMIT];
    size_t limits_count;
    struct provider_rule errors[PROVIDER_RULES_LIMIT];
    size_t errors_count;
    struct provider_endpoint quote;
};
