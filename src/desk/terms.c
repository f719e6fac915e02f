/* SPDX-License-Identifier: Apache-2.0 */
#include "desk/terms.h"

#include <string.h>

#include "base/mem.h"

void terms_free_provider(struct desk_provider *provider)
{
    provider_destroy(&provider->provider);
    mem_free(provider->origin);
    if (provider->key != NULL) {
        explicit_bzero(provider->key, strlen(provider->key));
        mem_free(provider->key);
    }
    for (size_t i = 0; i < provider->markets_count; i++) {
        mem_free(provider->markets[i]);
    }
    mem_free(provider->markets);
    *provider = (struct desk_provider){0};
}
