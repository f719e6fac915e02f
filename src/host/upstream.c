/* SPDX-License-Identifier: Apache-2.0 */
#include "host/upstream.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/buffer.h"
#include "base/err.h"
#include "base/file.h"
#include "base/mem.h"
#include "conf/conf.h"
#include "host/plan.h"
#include "quote/names.h"

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

/* A description is some 3 KiB; what is longer is another file by mistake. */
#define DESCRIPTION_BYTES_LIMIT (256u << 10)

/* Say what is wrong with a provider, and return the error. */
__attribute__((format(printf, 3, 4))) static int refuse(
    char error[UPSTREAM_ERROR_SIZE], int err, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(error, UPSTREAM_ERROR_SIZE, format, args);
    va_end(args);
    return err;
}

/* Read a description of the user's own. */
static int read_description(struct provider **out,
                            const struct conf_provider *settings,
                            char error[UPSTREAM_ERROR_SIZE])
{
    const char *path = settings->description;
    char why[PROVIDER_ERROR_SIZE] = "";
    struct buffer text = buffer_empty(DESCRIPTION_BYTES_LIMIT);
    *out = NULL;
    int err = file_read(&text, path);
    if (err == ERR_IO) {
        refuse(error, err, "provider '%s': description: %s: %s", settings->name,
               path, strerror(errno));
    } else if (err == ERR_FULL) {
        refuse(error, err, "provider '%s': description: %s: longer than %u KiB",
               settings->name, path, DESCRIPTION_BYTES_LIMIT >> 10);
    } else if (err == 0) {
        err = provider_create(out, settings->name, buffer_span(&text), why);
    }
    if (why[0] != '\0') {
        refuse(error, err, "provider '%s': description: %s: %s", settings->name,
               path, why);
    }
    buffer_deinit(&text);
    return err;
}

static int open_description(struct provider **out,
                            const struct conf_provider *settings,
                            char error[UPSTREAM_ERROR_SIZE])
{
    if (settings->description[0] != '\0') {
        return read_description(out, settings, error);
    }
    char why[PROVIDER_ERROR_SIZE] = "";
    int err = provider_create_built_in(out, settings->name, why);
    return err == 0 ? 0
                    : refuse(error, err,
                             "providers: '%s': %s; or name a file with "
                             "description",
                             settings->name, why);
}

/* Whether url is of the provider's kind: a file's, or a host's. */
static int check_url(const struct desk_provider *what, const char *url,
                     char error[UPSTREAM_ERROR_SIZE])
{
    bool is_file = strncmp(url, "file:", strlen("file:")) == 0;
    if (url[0] == '\0' || is_file == provider_is_file(what->provider)) {
        return 0;
    }
    return refuse(error, ERR_SYNTAX,
                  is_file ? "provider '%s': url: it is no file, so it has no "
                            "file:///PATH, but http:// or https://"
                          : "provider '%s': url: it is a file, so this is "
                            "file:///PATH",
                  provider_name(what->provider));
}

/* Take over what the settings say about the plan. */
static int read_plan(struct desk_provider *out,
                     const struct conf_provider *settings,
                     char error[UPSTREAM_ERROR_SIZE])
{
    if (plan_read_limits(out, span_of(settings->limits)) != 0) {
        return refuse(error, ERR_SYNTAX,
                      "provider '%s': limits '%s': not " PLAN_LIMITS_FORM,
                      settings->name, settings->limits);
    }
    int err = plan_read_markets(out, span_of(settings->markets));
    return err == 0
               ? 0
               : refuse(error, err,
                        "provider '%s': markets '%s': not " PLAN_MARKETS_FORM,
                        settings->name, settings->markets);
}

static int read_key(struct desk_provider *out,
                    const struct conf_provider *settings,
                    const char *const *environment,
                    char error[UPSTREAM_ERROR_SIZE])
{
    char why[CONF_ERROR_SIZE] = "";
    int err = conf_provider_key(&out->key, settings, environment, why);
    if (err != 0) {
        return refuse(error, err, "%s", why);
    }
    const char *fault = provider_key_fault(out->provider, out->key);
    if (fault != NULL) {
        return refuse(error, ERR_SYNTAX, "providers: '%s': %s", settings->name,
                      fault);
    }
    if (out->key[0] == '\0' && provider_needs_key(out->provider)) {
        const char *page = provider_key_page(out->provider);
        return refuse(error, ERR_ABSENT,
                      "provider '%s' needs a key and has none: get one%s%s and "
                      "name the file that holds it with key_file",
                      settings->name, page[0] != '\0' ? " at " : "", page);
    }
    return 0;
}

int upstream_open_one(struct desk_provider *out,
                      const struct conf_provider *settings,
                      const char *const *environment,
                      char error[UPSTREAM_ERROR_SIZE])
{
    *out = (struct desk_provider){.timeout_ms = settings->timeout_ms};
    error[0] = '\0';
    int err = open_description(&out->provider, settings, error);
    err = err == 0 ? check_url(out, settings->url, error) : err;
    err = err == 0 ? read_plan(out, settings, error) : err;
    if (err == 0) {
        out->origin = mem_text(settings->url, strlen(settings->url));
        err = out->origin == NULL ? ERR_NOMEM : 0;
    }
    err = err == 0 ? read_key(out, settings, environment, error) : err;
    if (err != 0) {
        terms_free_provider(out);
        if (error[0] == '\0') {
            refuse(error, err, "%s", err_sentence(err));
        }
    }
    return err;
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
        int err =
            upstream_open_one(&out[i], &conf->providers[i], environment, error);
        if (err != 0) {
            for (size_t opened = 0; opened < i; opened++) {
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
