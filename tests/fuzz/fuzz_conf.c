/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_conf.c -- any bytes as a settings file: refused in one printable line,
 * or loaded, and then what is printed loads as the same settings.
 */
#include "base/buffer.h"
#include "base/check.h"
#include "conf/conf.h"
#include "fuzz/fuzz.h"

static void refuse_change(void *user, const char *key, const char *before,
                          const char *after, bool needs_restart)
{
    (void)user, (void)key, (void)before, (void)after, (void)needs_restart;
    CHECK(false);
}

static void check_error(const char error[CONF_ERROR_SIZE])
{
    size_t len = strnlen(error, CONF_ERROR_SIZE);
    CHECK(len > 0 && len < CONF_ERROR_SIZE);
    for (size_t i = 0; i < len; i++) {
        CHECK((unsigned char)error[i] >= ' ' && error[i] != '\x7f');
    }
}

static void check_prints_back(const struct conf *conf)
{
    struct buffer text = buffer_empty(1u << 20);
    conf_print(conf, &text);
    CHECK(!text.failed);
    struct conf_sources sources = {.file_text = buffer_span(&text)};
    struct conf *again;
    char error[CONF_ERROR_SIZE];
    CHECK(conf_load(&again, &sources, error) == 0);
    CHECK(conf_compare(conf, again, refuse_change, NULL) == 0);
    conf_destroy(&again);
    buffer_deinit(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct conf_sources sources = {
        .file = "fuzz.yaml",
        .file_text = {len > 0 ? (const char *)data : "", len},
    };
    struct conf *conf;
    char error[CONF_ERROR_SIZE];
    if (conf_load(&conf, &sources, error) == 0) {
        check_prints_back(conf);
    } else {
        check_error(error);
    }
    conf_destroy(&conf);
    return 0;
}
