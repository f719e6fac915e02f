/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/provider.h"

#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/embed.h"
#include "base/err.h"
#include "base/mem.h"
#include "conf/yaml.h"
#include "provider/description.h"
#include "provider/judge.h"
#include "provider/provider_priv.h"
#include "provider/template.h"
#include "provider/words.h"

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

/* Read the description that this one is like, if it is like any. */
static int read_like(struct provider *provider, char error[PROVIDER_ERROR_SIZE])
{
    struct span name = description_like(provider->text);
    if (name.len == 0) {
        return 0;
    }
    const struct embed_file *file = find_built_in(name);
    if (file == NULL) {
        refuse_name(name, error);
        return ERR_SYNTAX;
    }
    int err = parse_text(&provider->text_like,
                         (struct span){file->data, file->len}, error);
    if (err != 0) {
        return err;
    }
    if (description_like(provider->text_like).len > 0) {
        snprintf(error, PROVIDER_ERROR_SIZE,
                 "\"like: %.*s\" is like another itself; name that one",
                 (int)name.len, name.data);
        return ERR_SYNTAX;
    }
    return description_read(provider, provider->text_like, error);
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
    int err = parse_text(&provider->text, text, error);
    if (err == 0) {
        err = read_like(provider, error);
    }
    if (err == 0) {
        err = description_read(provider, provider->text, error);
    }
    return err == 0 ? description_check(provider, error) : err;
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
    yaml_destroy(&(*provider)->text);
    yaml_destroy(&(*provider)->text_like);
    mem_free(*provider);
    *provider = NULL;
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
    // The texts of a YAML document have a 0 behind them.
    bool is_asked = provider_needs_key(provider) && provider->key_page.len > 0;
    return is_asked ? provider->key_page.data : "";
}

/* --- The call ------------------------------------------------------------- */

void provider_compose_url(const struct provider *provider, const char *origin,
                          const struct symbol *symbol, const char *key,
                          struct buffer *out)
{
    char spelled[SYMBOL_LEN_LIMIT]; // as this provider spells it
    CHECK(symbol->len <= sizeof(spelled));
    for (size_t i = 0; i < symbol->len; i++) {
        char c = symbol->text[i];
        bool is_lowered = provider->is_lower_case && c >= 'A' && c <= 'Z';
        spelled[i] = (char)(is_lowered ? c + ('a' - 'A') : c);
    }
    template_compose(provider->quote.url,
                     origin[0] != '\0' ? span_of(origin) : provider->origin,
                     (struct span){spelled, symbol->len},
                     key[0] != '\0' ? span_of(key) : provider->key_default,
                     out);
}

/* --- The answer ----------------------------------------------------------- */

void provider_judge(const struct provider *provider, int status,
                    struct span body, const struct symbol *symbol,
                    const char *key, struct provider_verdict *out)
{
    *out = (struct provider_verdict){.class = PROVIDER_NOTICE};
    struct judge judge = {
        .provider = provider,
        .status = status,
        .body = body,
        .symbol = symbol,
        .key = span_of(key),
    };
    judge_answer(&judge, out);
    CHECK(out->class < PROVIDER_CLASS_COUNT);
    CHECK((out->class == PROVIDER_OK) == quote_has(&out->quote, QUOTE_PRICE));
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
