/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/settings.h"

#include <unistd.h>

#include "base/check.h"
#include "base/err.h"
#include "base/mem.h"
#include "obs/log.h"
#include "quote/names.h"

int settings_create(struct settings **out, struct conf **conf,
                    struct names **names)
{
    struct settings *settings = mem_calloc(1, sizeof(*settings));
    *out = settings;
    if (settings == NULL) {
        return ERR_NOMEM;
    }
    atomic_init(&settings->references, 1);
    settings->conf = *conf;
    settings->names = *names;
    settings->rule = (struct freshness_rule){
        .fresh_for_ms = (*conf)->cache.fresh_for_ms,
        .stale_for_ms = (*conf)->cache.stale_for_ms,
    };
    *conf = NULL;
    *names = NULL;
    return 0;
}

void settings_apply_log(const struct conf *conf)
{
    enum log_level level;
    enum log_format format;
    int err = log_parse_level(&level, conf->log.level);
    CHECK(err == 0); // the table of options allows no other words
    err = log_parse_format(&format, conf->log.format);
    CHECK(err == 0);
    log_setup(STDERR_FILENO, level, format);
}

struct settings *settings_hold(struct settings *settings)
{
    // Relaxed: the holder it is copied from keeps it alive.
    uint32_t before = atomic_fetch_add_explicit(&settings->references, 1,
                                                memory_order_relaxed);
    CHECK(before > 0);
    return settings;
}

void settings_leave(struct settings **settings)
{
    struct settings *left = *settings;
    *settings = NULL;
    if (left == NULL) {
        return;
    }
    // Acquire and release: what any holder did comes before the freeing.
    uint32_t before =
        atomic_fetch_sub_explicit(&left->references, 1, memory_order_acq_rel);
    CHECK(before > 0);
    if (before == 1) {
        conf_destroy(&left->conf);
        names_destroy(&left->names);
        mem_free(left);
    }
}
