/* SPDX-License-Identifier: Apache-2.0 */
/*
 * provider_priv.h -- the body of a provider, for the files that fill it
 * (description.c, resource.c, rule.c, spelling.c) and those that read it.
 *
 * Texts are spans into the YAML documents, which live as long as the provider
 * and have a 0 behind each text; lists have stated bounds and stand in place.
 * Nothing changes once made.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"
#include "document/moment.h"
#include "provider/provider.h"

struct yaml; /* conf/yaml.h */

#define PROVIDER_TEXTS_LIMIT   8  /* pointers or words in one list */
#define PROVIDER_RULES_LIMIT   48 /* the richest description has 12 */
#define PROVIDER_LIMITS_LIMIT  8
#define PROVIDER_MARKETS_LIMIT 64
#define PROVIDER_ALIASES_LIMIT 64
#define PROVIDER_ZONES_LIMIT   8
#define PROVIDER_LIKE_LIMIT    4 /* descriptions, each like the next */

struct provider_texts {
    struct span items[PROVIDER_TEXTS_LIMIT];
    size_t count;
};

/* One of `errors`: all conditions that are there must hold. */
struct provider_rule {
    enum provider_class class;
    int status;                       /* 0: any */
    struct provider_texts at;         /* pointers; any that leads somewhere */
    struct provider_texts eq;         /* the pointed text is one of these */
    struct provider_texts other_than; /* `not`: it is none of these */
    /* It holds one of these; without `at`, the body does. */
    struct provider_texts has;
    bool is_guard; /* tried before the data */
    bool drops;    /* the word behind what `has` found is a symbol */
};

/* A list of rules, which stand in the provider's pool of them. */
struct provider_rules {
    const struct provider_rule *items;
    size_t count;
};

/* The numbers of an answer: those of a quote, and two more. */
enum provider_number {
    PROVIDER_BID = QUOTE_NUMBERS,
    PROVIDER_ASK,
    PROVIDER_NUMBERS, /* how many there are */
};

/* Where a number may be, tried in turn. */
struct provider_places {
    struct provider_place {
        struct span pointer;
        bool is_stale; /* a price found here is of an earlier session */
    } items[PROVIDER_TEXTS_LIMIT];
    size_t count;
};

/* Where the time of the price may be, tried in turn. */
struct provider_times {
    struct provider_time {
        struct span pointers[2]; /* of two, the texts with a space between */
        size_t pointers_count;
        enum moment_form form;
        const struct zone *zone; /* with MOMENT_LOCAL; NULL: not to be had */
    } items[PROVIDER_TEXTS_LIMIT];
    size_t count;
};

/* What is known of the delay of prices. */
struct provider_delay {
    enum quote_delay kind;
    uint32_t s; /* with QUOTE_DELAY_KNOWN */
};

/* Where the data may be, tried in turn. */
struct provider_rows {
    struct provider_row {
        struct span pointer;
        struct provider_delay delay; /* of what is found here */
    } items[PROVIDER_TEXTS_LIMIT];
    size_t count;
};

enum provider_shape {
    PROVIDER_OBJECT, /* the place of the data is the quote */
    PROVIDER_ARRAY,  /* it has quotes, each of which names its symbol */
    PROVIDER_MAP,    /* it has quotes by symbols */
};

/* A kind of call: what is asked, and where the answer has what. */
struct provider_endpoint {
    struct span name;
    struct span url; /* a template (template.h) */
    size_t min;      /* symbols of a call */
    size_t max;      /* no less than min */
    struct span sep; /* between symbols */
    bool is_csv;     /* else JSON */
    bool id_is_bare; /* it may come without the suffix that was sent */
    struct span id;  /* pointer to the echoed symbol; "" for none */
    enum provider_shape shape;
    struct provider_rows rows;
    struct provider_places numbers[PROVIDER_NUMBERS];
    struct provider_texts currency;
    struct provider_texts mic; /* pointers to the market that it says */
    struct provider_times times;
    struct provider_delay delay;
    struct provider_rules errors; /* tried before the provider's */
};

/* How the symbols of one market are spelled. */
struct provider_market {
    struct span mic;
    struct span prefix;
    struct span suffix;
    struct span query;          /* goes into the URL as it is, at {mic} */
    struct span currency;       /* where no field says one; "" for unknown */
    struct provider_texts echo; /* codes that mean it in answers, besides mic */
};

/* From canonical symbols to the provider's (spelling.h). */
struct provider_spelling {
    bool is_lower_case;
    bool has_dot;       /* `dot` takes the place of dots */
    bool knows_markets; /* else a market stays in the symbol as it is */
    struct span dot;
    struct span suffix;         /* of symbols of no market, and of `home` */
    struct provider_texts home; /* markets spelled as no market is */
    struct provider_market markets[PROVIDER_MARKETS_LIMIT];
    size_t markets_count;
    struct provider_alias {
        struct symbol symbol;
        struct span text;
    } aliases[PROVIDER_ALIASES_LIMIT];
    size_t aliases_count;
};

struct provider {
    char name[QUOTE_SOURCE_SIZE];
    uint64_t fingerprint;
    /* The description, and those it is like, whose texts stand below. */
    struct yaml *texts[PROVIDER_LIKE_LIMIT];
    size_t texts_count;
    struct zone *zones[PROVIDER_ZONES_LIMIT];
    size_t zones_count;
    bool key_in_query;             /* URLs hold {key} */
    bool key_in_headers;           /* header lines do, or {key2} */
    bool has_key;                  /* a call carries one */
    bool has_key2;                 /* and another */
    struct span key_line;          /* a header line with {key}, or "" */
    struct provider_texts headers; /* further lines */
    struct span key_default;       /* one that anybody may use; "" for none */
    struct span key_page;
    struct span origin;   /* in place of the URL's own; "" for none */
    struct span currency; /* where no field says one; "" for unknown */
    struct provider_spelling spelling;
    struct provider_limit limits[PROVIDER_LIMITS_LIMIT];
    size_t limits_count;
    struct provider_turn turns[PROVIDER_TURNS_LIMIT];
    size_t turns_count;
    struct span left_header; /* "" for none */
    enum provider_class left_window;
    size_t header_max;
    struct provider_delay delay; /* of endpoints that say none */
    bool is_always_open; /* its prices move while markets are closed, too */
    /* All rules of the description and of those it is like; a list that takes
     * the place of an inherited one leaves that where it is. */
    struct provider_rule rules[PROVIDER_RULES_LIMIT];
    size_t rules_count;
    struct provider_rules errors;
    struct provider_endpoint endpoints[PROVIDER_ENDPOINTS_LIMIT];
    size_t endpoints_count;
    struct provider_texts use; /* names, best first; none: all in order */
    /* What `use` comes to: numbers of endpoints. */
    size_t used[PROVIDER_ENDPOINTS_LIMIT];
    size_t used_count;
};
