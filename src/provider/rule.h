/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rule.h -- error rules: the words of a provider, and what they mean.
 *
 * A rule holds if all its conditions do.  It looks at an answer as a whole, or,
 * in a batch, at the row of one symbol.
 */

#pragma once

#include <stdbool.h>

#include "base/span.h"
#include "document/document.h"
#include "provider/clause.h"

/* Words are looked for in this much of a text or of the body: what a provider
 * says is said in front. */
#define RULE_TEXT_LEN_LIMIT 2048

/* Read a list of rules over *rules.  Threads: the provider's maker. */
void rule_read_all(struct clause *clause, struct provider_rules *rules,
                   int node);

/* What a rule is held against.  BORROWED. */
struct rule_scene {
    int status;
    struct span body; /* "" for a row */
    bool has_root;    /* false where the body could not be read */
    struct document_node root;
};

/* What held. */
struct rule_match {
    const struct provider_rule *rule;
    size_t number;       /* its place in the list, from 1 */
    struct span matched; /* the pointed text that it holds of; "" without */
    struct span behind;  /* the word behind what `has` found, "" without */
};

/* The first of the rules that holds, among the guards or among the others;
 * false where none does.  Threads: the document's. */
bool rule_find(const struct provider_rules *rules, bool guards,
               const struct rule_scene *scene, struct rule_match *out);
