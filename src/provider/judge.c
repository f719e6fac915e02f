/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/judge.h"

#include <stdio.h>

#include "base/check.h"
#include "base/err.h"
#include "provider/document.h"
#include "provider/extract.h"
#include "provider/provider_priv.h"
#include "provider/words.h"

/* --- The reason ----------------------------------------------------------- */

/* Write the verdict: our own words, then theirs behind a colon. */
static void decide(const struct judge *judge, struct provider_verdict *out,
                   enum provider_class class, const char *ours,
                   struct span theirs)
{
    CHECK(class != PROVIDER_OK);
    out->class = class;
    struct words words;
    words_init(&words, out->text, sizeof(out->text), judge->key);
    words_put(&words, span_of(ours));
    if (ours[0] != '\0' && theirs.len > 0) {
        words_put(&words, span_of(": "));
    }
    words_put(&words, theirs);
    if (out->text[0] == '\0') {
        // A rule may point at a text that is empty or holds nothing to show.
        words_put(&words, span_of(err_sentence(provider_class_err(class))));
    }
}

/* The provider's own words: the first text in the answer, else its front. */
static struct span words_of(const struct judge *judge,
                            const struct document *document)
{
    if (document != NULL) {
        struct document_node root = document_root(document);
        struct document_node text = document_first_text(root);
        if (text.kind == DOCUMENT_TEXT) {
            return document_text(text);
        }
    }
    return span_trim(judge->body);
}

/* --- (2) Rules ------------------------------------------------------------ */

static bool is_one_of(const struct provider_texts *texts, struct span text)
{
    for (size_t i = 0; i < texts->count; i++) {
        if (span_equal(texts->items[i], text)) {
            return true;
        }
    }
    return false;
}

static bool has_one_of(const struct provider_texts *texts, struct span text)
{
    for (size_t i = 0; i < texts->count; i++) {
        if (span_has_nocase(text, texts->items[i])) {
            return true;
        }
    }
    return false;
}

/* Whether what the rule says of a text holds of this one. */
static bool fits(const struct provider_rule *rule, struct span text)
{
    if (rule->eq.count > 0) {
        return is_one_of(&rule->eq, text);
    }
    return rule->has.count == 0 || has_one_of(&rule->has, text);
}

/* Whether a rule holds; *matched is then the text that it holds of. */
static bool holds(const struct provider_rule *rule, const struct judge *judge,
                  const struct document *document, struct span *matched)
{
    if (rule->status != 0 && rule->status != judge->status) {
        return false;
    }
    if (rule->at.count == 0) {
        struct span front = judge->body;
        if (front.len > JUDGE_BODY_LEN_LIMIT) {
            front.len = JUDGE_BODY_LEN_LIMIT;
        }
        *matched = words_of(judge, document);
        return fits(rule, front);
    }
    for (size_t i = 0; document != NULL && i < rule->at.count; i++) {
        struct document_node node =
            document_find(document_root(document), rule->at.items[i]);
        bool is_there =
            node.kind != DOCUMENT_MISSING && node.kind != DOCUMENT_NULL;
        *matched = document_text(node);
        if (is_there && fits(rule, *matched)) {
            return true;
        }
    }
    return false;
}

static bool judge_by_rules(const struct judge *judge,
                           const struct document *document,
                           struct provider_verdict *out)
{
    const struct provider *provider = judge->provider;
    for (size_t i = 0; i < provider->errors_count; i++) {
        const struct provider_rule *rule = &provider->errors[i];
        struct span matched;
        if (holds(rule, judge, document, &matched)) {
            decide(judge, out, rule->class, "", matched);
            return true;
        }
    }
    return false;
}

/* --- (3) The status ------------------------------------------------------- */

static bool is_success(int status)
{
    return status >= 200 && status <= 299;
}

static enum provider_class class_of_status(int status)
{
    switch (status) {
    case 401:
        return PROVIDER_AUTH;
    case 402:
        return PROVIDER_PLAN;
    case 403:
        return PROVIDER_FORBIDDEN;
    case 404:
        return PROVIDER_UNKNOWN;
    case 429:
        return PROVIDER_LIMIT_MINUTE;
    default:
        break;
    }
    // Redirects are not followed: a provider that sends one sends no price.
    return status >= 400 && status <= 499 ? PROVIDER_BAD : PROVIDER_UPSTREAM;
}

static void judge_by_status(const struct judge *judge,
                            const struct document *document,
                            struct provider_verdict *out)
{
    CHECK(!is_success(judge->status));
    char ours[32];
    snprintf(ours, sizeof(ours), "HTTP status %d", judge->status);
    decide(judge, out, class_of_status(judge->status), ours,
           words_of(judge, document));
}

/* --- (1), (4) The data ---------------------------------------------------- */

static void judge_other_symbol(const struct judge *judge, struct span echoed,
                               struct provider_verdict *out)
{
    char ours[64 + SYMBOL_LEN_LIMIT];
    snprintf(ours, sizeof(ours), "asked for %s, the price is for",
             judge->symbol->text);
    decide(judge, out, PROVIDER_UPSTREAM, ours, echoed);
}

/* A price, of whatever symbol.  False where there is none. */
static bool judge_by_price(const struct judge *judge,
                           enum extract_result result, struct span about,
                           struct provider_verdict *out)
{
    if (result == EXTRACT_PRICE) {
        out->class = PROVIDER_OK;
        return true;
    }
    if (result == EXTRACT_OTHER_SYMBOL) {
        judge_other_symbol(judge, about, out);
        return true;
    }
    if (result == EXTRACT_NO_SYMBOL) {
        decide(judge, out, PROVIDER_UPSTREAM,
               "the price does not say which symbol it is for", span_of(""));
        return true;
    }
    return false;
}

/* A 2xx that is no JSON. */
static void judge_unreadable(const struct judge *judge, int err,
                             struct provider_verdict *out)
{
    struct span front = span_trim(judge->body);
    const char *ours = "the answer is not JSON";
    if (front.len == 0) {
        ours = "the answer is empty";
    } else if (err == ERR_NOMEM) {
        ours = "no memory to read the answer";
    } else if (err == ERR_FULL) {
        ours = "the answer is too long or too deep";
    }
    decide(judge, out, PROVIDER_UPSTREAM, ours, front);
}

/* A 2xx that is JSON, with no price and under no rule. */
static void judge_rest(const struct judge *judge,
                       const struct document *document,
                       enum extract_result result, struct span about,
                       struct provider_verdict *out)
{
    struct span none = span_of("");
    switch (result) {
    case EXTRACT_EMPTY:
        decide(judge, out, PROVIDER_UNKNOWN,
               "the answer has no data for this symbol", none);
        return;
    case EXTRACT_NO_PRICE:
        decide(judge, out, PROVIDER_UNKNOWN,
               "the answer has no price for this symbol", none);
        return;
    case EXTRACT_NO_NUMBER:
        decide(judge, out, PROVIDER_UPSTREAM, "the price is no number", about);
        return;
    case EXTRACT_NO_FIELD:
        decide(judge, out, PROVIDER_UPSTREAM,
               "the answer has data, but no price where it should be", none);
        return;
    case EXTRACT_OTHER_SHAPE:
        decide(judge, out, PROVIDER_NOTICE, "", words_of(judge, document));
        return;
    case EXTRACT_PRICE:
    case EXTRACT_OTHER_SYMBOL:
    case EXTRACT_NO_SYMBOL:
        break;
    }
    CHECK(false); // judge_by_price() has judged these
}

void judge_answer(const struct judge *judge, struct provider_verdict *out)
{
    struct document *document;
    int err = document_parse(&document, judge->body);
    enum extract_result result = EXTRACT_OTHER_SHAPE;
    struct span about = span_of("");
    struct quote quote = {.has = 0};
    bool is_price = false;
    if (err == 0 && is_success(judge->status)) {
        result = extract_quote(judge->provider, document, judge->symbol, &quote,
                               &about);
        is_price = judge_by_price(judge, result, about, out);
    }
    if (is_price) {
        if (out->class == PROVIDER_OK) {
            out->quote = quote;
        }
    } else if (judge_by_rules(judge, document, out)) {
        // The provider said what is wrong, in words that we know.
    } else if (!is_success(judge->status)) {
        judge_by_status(judge, document, out);
    } else if (document == NULL) {
        judge_unreadable(judge, err, out);
    } else {
        judge_rest(judge, document, result, about, out);
    }
    document_destroy(&document);
}
