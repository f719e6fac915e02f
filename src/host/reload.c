/* SPDX-License-Identifier: Apache-2.0 */
#include "host/reload.h"

#include <stdio.h>

#include "base/check.h"
#include "base/err.h"
#include "host/almanac.h"
#include "host/upstream.h"
#include "quote/names.h"
#include "serve/settings.h"
#include "serve/worker.h"

IMPLEMENTS(conf_change_fn)
static void refuse_restart(void *user, const char *key, const char *before,
                           const char *after, bool needs_restart)
{
    struct reload *reload = user;
    if (needs_restart && reload->error[0] == '\0') {
        snprintf(reload->error, sizeof(reload->error),
                 "%s can't change while the server runs (from '%s' to '%s'): "
                 "restart it, or change it back",
                 key, before, after);
    }
}

static int prepare_mails(struct reload *reload, unsigned workers_count)
{
    for (unsigned i = 0; i < workers_count; i++) {
        reload->mails[i] = worker_prepare_settings(reload->settings);
        if (reload->mails[i] == NULL) {
            return ERR_NOMEM;
        }
    }
    return 0;
}

int reload_prepare(struct reload *reload, const struct conf_sources *sources,
                   const struct conf *before, unsigned workers_count)
{
    char why[CONF_ERROR_SIZE] = "";
    int err = conf_load(&reload->conf, sources, why);
    if (err != 0) {
        snprintf(reload->error, sizeof(reload->error), "%s", why);
        return err;
    }
    conf_compare(before, reload->conf, refuse_restart, reload);
    if (reload->error[0] != '\0') {
        return ERR_RANGE;
    }
    err = upstream_load_names(&reload->names, reload->conf, reload->error);
    if (err != 0) {
        return err;
    }
    err = almanac_load(&reload->almanac, reload->conf, reload->error);
    if (err != 0) {
        return err;
    }
    err = upstream_open(reload->providers, &reload->providers_count,
                        reload->conf, sources->environment, reload->error);
    if (err != 0) {
        return err;
    }
    err = settings_create(&reload->settings, &reload->conf, &reload->names);
    return err == 0 ? prepare_mails(reload, workers_count) : err;
}

void reload_deinit(struct reload *reload)
{
    for (unsigned i = 0; i < SOCKETS_WORKERS_LIMIT; i++) {
        worker_drop_settings(&reload->mails[i]);
    }
    for (size_t i = 0; i < CONF_PROVIDERS_LIMIT; i++) {
        terms_free_provider(&reload->providers[i]);
    }
    settings_leave(&reload->settings);
    names_destroy(&reload->names);
    almanac_destroy(&reload->almanac);
    conf_destroy(&reload->conf);
}
