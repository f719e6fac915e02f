/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/upstream.h"

#include <stdio.h>

#include "base/err.h"
#include "base/mem.h"
#include "conf/conf.h"
#include "quote/names.h"
#include "serve/plan.h"

static const char no_provider[] =
    "no provider is configured, so there is nobody to ask for prices. Two ways "
    "on:\n"
    "  1. A key for real prices: get one, free, at\n"
    "     https://www.alphavantage.co/support/#api-key and put it in a file, "
    "then either\n"
    "       QUOTED_ALPHAVANTAGE_KEY_FILE=/path/to/the/key quoted\n"
    "     or in the configuration:\n"
    "       providers:\n"
    "         - name: alphavantage\n"
    "           key_file: /path/to/the/key\n"
    "  2. No key, invented prices: start quoted-market and point at it:\n"
    "       quoted-market --listen 127.0.0.1:7401 &\n"
    "       quoted --set providers.0.name=market "
    "--set providers.0.url=http://127.0.0.1:7401";

static int open_one(struct desk_provider *out,
                    const struct conf_provider *settings,
                    const char *const *environment,
                    char error[UPSTREAM_ERROR_SIZE])
{
    char why[CONF_ERROR_SIZE] = "";
    *out = (struct desk_provider){.timeout_ms = settings->timeout_ms};
    int err = provider_create_built_in(&out->provider, settings->name, why);
    if (err != 0) {
        snprintf(error, UPSTREAM_ERROR_SIZE, "providers: '%s': %s",
                 settings->name, why);
        return err;
    }
    if (plan_read_limits(out, span_of(settings->limits)) != 0) {
        snprintf(error, UPSTREAM_ERROR_SIZE,
                 "provider '%s': limits '%s': not " PLAN_LIMITS_FORM,
                 settings->name, settings->limits);
        return ERR_SYNTAX;
    }
    err = plan_read_markets(out, span_of(settings->markets));
    if (err != 0) {
        snprintf(error, UPSTREAM_ERROR_SIZE,
                 "provider '%s': markets '%s': not " PLAN_MARKETS_FORM,
                 settings->name, settings->markets);
        return err;
    }
    out->origin = mem_text(settings->url, strlen(settings->url));
    if (out->origin == NULL) {
        snprintf(error, UPSTREAM_ERROR_SIZE, "no memory");
        return ERR_NOMEM;
    }
    err = conf_provider_key(&out->key, settings, environment, why);
    if (err != 0) {
        snprintf(error, UPSTREAM_ERROR_SIZE, "%s", why);
        return err;
    }
    const char *fault = provider_key_fault(out->provider, out->key);
    if (fault != NULL) {
        snprintf(error, UPSTREAM_ERROR_SIZE, "providers: '%s': %s",
                 settings->name, fault);
        return ERR_SYNTAX;
    }
    if (out->key[0] == '\0' && provider_needs_key(out->provider)) {
        snprintf(error, UPSTREAM_ERROR_SIZE,
                 "provider '%s' needs a key and has none: get one at %s and "
                 "name the file that holds it with key_file",
                 settings->name, provider_key_page(out->provider));
        return ERR_ABSENT;
    }
    return 0;
}

int upstream_open(struct desk_provider *out, size_t *count,
                  const struct conf *conf, const char *const *environment,
                  char error[UPSTREAM_ERROR_SIZE])
{
    *count = 0;
    if (conf->providers_count == 0) {
        snprintf(error, UPSTREAM_ERROR_SIZE, "%s", no_provider);
        return ERR_ABSENT;
    }
    for (size_t i = 0; i < conf->providers_count; i++) {
        int err = open_one(&out[i], &conf->providers[i], environment, error);
        if (err != 0) {
            for (size_t opened = 0; opened <= i; opened++) {
                terms_free_provider(&out[opened]);
            }
            return err;
        }
    }
    *count = conf->providers_count;
    return 0;
}

int upstream_load_names(struct names **out, const struct conf *conf,
                        char error[UPSTREAM_ERROR_SIZE])
{
    struct names_error why = {0};
    bool is_built_in = conf->names[0] == '\0';
    int err = is_built_in ? names_create_built_in(out, &why)
                          : names_load(out, conf->names, &why);
    if (err != 0) {
        const char *place = is_built_in ? "built-in names" : conf->names;
        snprintf(error, UPSTREAM_ERROR_SIZE, "names: %s:%zu: %s", place,
                 why.line, why.text);
    }
    return err;
}
