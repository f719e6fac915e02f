/* SPDX-License-Identifier: Apache-2.0 */
/*
 * key.h -- the providers' API keys, which are kept out of the settings so that
 * no printed, compared or logged setting can show one.
 */

#pragma once

#include "conf/conf.h"
#include "conf/source.h"

/* As conf_provider_key() says (conf.h). */
int key_read(char **out, const struct conf_provider *provider,
             const char *const *environment, char error[CONF_ERROR_SIZE]);

/* Add to source->conf the providers whose keys the environment holds, in
 * alphabetical order; a report on failure. */
int key_add_providers(struct source *source, const char *const *environment);
