/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/provider.h"

#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/embed.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/mem.h"
#include "calendar/zone.h"
#include "conf/yaml.h"
#include "document/words.h"
#include "provider/description.h"
#include "provider/judge.h"
#include "provider/provider_priv.h"
#include "provider/query.h"
#include "provider/spelling.h"
#include "provider/template.h"

/* data/providers/NAME.yaml, made by tools/embed. */
extern const struct embed_file embed_providers[];

#define BUILT_IN_SUFFIX ".yaml"

/* --- Making and ending ---------------------------------------------------- */

/* "market" of "market.yaml". */
static struct span stem_of(const struct embed_file *file)
{
    size_t len = strlen(file->name);
    CHECK(len > strlen(BUILT_IN_SUFFIX));
    return (struct span){file->name, len - strlen(BUILT_IN_SUFFIX)};
}

/* The built-in description of a name, or NULL. */
static const struct embed_file *find_built_in(struct span name)
{
    for (const struct embed_file *file = embed_providers; file->name != NULL;
         file++) {
        if (span_equal(stem_of(file), name)) {
            return file;
        }
    }
    return NULL;
}

static int refuse_name(struct span name, char error[PROVIDER_ERROR_SIZE])
{
    struct words words; // for a name may hold anything
    words_init(&words, error, PROVIDER_ERROR_SIZE, span_of(""));
    words_put(&words, span_of("there is no description of \""));
    words_put(&words, (struct span){name.data, name.len < 60 ? name.len : 60});
    words_put(&words, span_of("\"; there are"));
    for (const struct embed_file *file = embed_providers; file->name != NULL;
         file++) {
        words_put(&words, span_of(file == embed_providers ? " " : ", "));
        words_put(&words, stem_of(file));
    }
    return ERR_ABSENT;
}

static int parse_text(struct yaml **out, struct span text,
                      char error[PROVIDER_ERROR_SIZE])
{
    size_t line = 0;
    char cause[YAML_ERROR_SIZE];
    int err = yaml_parse(out, text, &line, cause);
    if (err == 0) {
        return 0;
    }
    int len =
        line > 0 ? snprintf(error, PROVIDER_ERROR_SIZE, "line %zu: ", line) : 0;
    CHECK(len >= 0 && len < PROVIDER_ERROR_SIZE);
    snprintf(error + len, PROVIDER_ERROR_SIZE - (size_t)len, "%.*s",
             PROVIDER_ERROR_SIZE - len - 1, cause);
    return err == ERR_NOMEM ? ERR_NOMEM : ERR_SYNTAX;
}

/* Parse a description, then the one that it is like, and so on. */
static int parse_all(struct provider *provider, struct span text,
                     char error[PROVIDER_ERROR_SIZE])
{
    while (provider->texts_count < PROVIDER_LIKE_LIMIT) {
        struct yaml *yaml;
        int err = parse_text(&yaml, text, error);
        if (err != 0) {
            return err;
        }
        provider->texts[provider->texts_count++] = yaml;
        struct span like = description_like(yaml);
        if (like.len == 0) {
            return 0;
        }
        const struct embed_file *file = find_built_in(like);
        if (file == NULL) {
            refuse_name(like, error);
            return ERR_SYNTAX;
        }
        text = (struct span){file->data, file->len};
    }
    snprintf(error, PROVIDER_ERROR_SIZE,
             "like: more than %d descriptions, each like the next",
             PROVIDER_LIKE_LIMIT);
    return ERR_SYNTAX;
}

static int fill(struct provider *provider, const char *name, struct span text,
                char error[PROVIDER_ERROR_SIZE])
{
    size_t len = strlen(name);
    if (len < 1 || len >= sizeof(provider->name)) {
        snprintf(error, PROVIDER_ERROR_SIZE,
                 "a provider's name has 1 to %zu characters",
                 sizeof(provider->name) - 1);
        return ERR_SYNTAX;
    }
    memcpy(provider->name, name, len);
    // Those that it is like are built in, and the same in every reload.
    provider->fingerprint =
        hash_bytes(name, len) ^ (hash_bytes(text.data, text.len) << 1);
    int err = parse_all(provider, text, error);
    for (size_t i = provider->texts_count; err == 0 && i > 0; i--) {
        err = description_read(provider, provider->texts[i - 1], error);
    }
    return err == 0 ? description_finish(provider, error) : err;
}

int provider_create(struct provider **out, const char *name, struct span yaml,
                    char error[PROVIDER_ERROR_SIZE])
{
    *out = NULL;
    error[0] = '\0';
    struct provider *provider = mem_calloc(1, sizeof(*provider));
    if (provider == NULL) {
        snprintf(error, PROVIDER_ERROR_SIZE, "%s", err_sentence(ERR_NOMEM));
        return ERR_NOMEM;
    }
    int err = fill(provider, name, yaml, error);
    if (err != 0) {
        CHECK(error[0] != '\0');
        provider_destroy(&provider);
    }
    *out = provider;
    return err;
}

int provider_create_built_in(struct provider **out, const char *name,
                             char error[PROVIDER_ERROR_SIZE])
{
    *out = NULL;
    const struct embed_file *file = find_built_in(span_of(name));
    if (file == NULL) {
        return refuse_name(span_of(name), error);
    }
    return provider_create(out, name, (struct span){file->data, file->len},
                           error);
}

void provider_destroy(struct provider **provider)
{
    if (*provider == NULL) {
        return;
    }
    for (size_t i = 0; i < (*provider)->texts_count; i++) {
        yaml_destroy(&(*provider)->texts[i]);
    }
    for (size_t i = 0; i < (*provider)->zones_count; i++) {
        zone_destroy(&(*provider)->zones[i]);
    }
    mem_free(*provider);
    *provider = NULL;
}

/* --- What it is ----------------------------------------------------------- */

uint64_t provider_fingerprint(const struct provider *provider)
{
    return provider->fingerprint;
}

const char *provider_name(const struct provider *provider)
{
    return provider->name;
}

bool provider_needs_key(const struct provider *provider)
{
    return provider->has_key && provider->key_default.len == 0;
}

const char *provider_key_page(const struct provider *provider)
{
    bool is_asked = provider_needs_key(provider) && provider->key_page.len > 0;
    return is_asked ? provider->key_page.data : "";
}

const char *provider_key_fault(const struct provider *provider, const char *key)
{
    for (const char *c = key; provider->key_in_headers && *c != '\0'; c++) {
        if (*c < ' ' || *c > '~') {
            return "a key that goes into header lines is printable ASCII";
        }
    }
    const char *colon = strchr(key, ':');
    bool are_two = colon != NULL && colon != key && colon[1] != '\0';
    return provider->has_key2 && key[0] != '\0' && !are_two
               ? "this provider takes two keys, written KEY:KEY2"
               : NULL;
}

bool provider_serves(const struct provider *provider,
                     const struct symbol *symbol)
{
    struct spelling spelling;
    return spelling_of(provider, symbol, &spelling);
}

bool provider_is_always_open(const struct provider *provider)
{
    return provider->is_always_open;
}

const struct provider_limit *provider_limits(const struct provider *provider,
                                             size_t *count)
{
    *count = provider->limits_count;
    return provider->limits;
}

const struct provider_turn *provider_turns(const struct provider *provider,
                                           size_t *count)
{
    CHECK(provider->turns_count > 0);
    *count = provider->turns_count;
    return provider->turns;
}

size_t provider_header_max(const struct provider *provider)
{
    return provider->header_max;
}

bool provider_is_file(const struct provider *provider)
{
    return template_is_file(provider->endpoints[0].url);
}

size_t provider_endpoints(const struct provider *provider)
{
    return provider->endpoints_count;
}

const char *provider_endpoint_name(const struct provider *provider,
                                   size_t endpoint)
{
    CHECK(endpoint < provider->endpoints_count);
    return provider->endpoints[endpoint].name.data;
}

/* --- The answer ----------------------------------------------------------- */

/* What holds of each verdict. */
static void check_verdict(const struct provider_verdict *verdict)
{
    bool is_ok = verdict->class == PROVIDER_OK;
    bool has_price = quote_has(&verdict->quote, QUOTE_PRICE);
    CHECK(verdict->class < PROVIDER_CLASS_COUNT);
    CHECK(is_ok == (has_price || verdict->has_bid || verdict->has_ask));
    CHECK(is_ok == (verdict->text[0] == '\0'));
}

void provider_judge(const struct query *query,
                    const struct provider_answer *answer,
                    struct provider_outcome *outcome,
                    struct provider_verdict verdicts[])
{
    judge_answer(query, answer, outcome, verdicts);
    CHECK(outcome->class < PROVIDER_CLASS_COUNT);
    CHECK(outcome->drop <= query->count);
    for (size_t i = 0; i < query->count; i++) {
        check_verdict(&verdicts[i]);
    }
}

const char *provider_class_name(enum provider_class class)
{
    static const char *const names[PROVIDER_CLASS_COUNT] = {
#define PROVIDER_NAME(class, name, err) [class] = (name),
        PROVIDER_CLASSES(PROVIDER_NAME)
#undef PROVIDER_NAME
    };
    CHECK(class < PROVIDER_CLASS_COUNT);
    return names[class];
}

int provider_class_err(enum provider_class class)
{
    static const int errs[PROVIDER_CLASS_COUNT] = {
#define PROVIDER_ERR(class, name, err) [class] = (err),
        PROVIDER_CLASSES(PROVIDER_ERR)
#undef PROVIDER_ERR
    };
    CHECK(class < PROVIDER_CLASS_COUNT);
    return errs[class];
}
