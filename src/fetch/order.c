/* SPDX-License-Identifier: Apache-2.0 */
#include "fetch/order.h"

#include "base/err.h"
#include "base/mem.h"

int order_post(struct mailbox *mailbox, const struct order *order)
{
    struct order *copy = mem_calloc(1, sizeof(*copy));
    if (copy == NULL) {
        return ERR_NOMEM;
    }
    *copy = *order;
    if (!mailbox_post(mailbox, &copy->mail)) {
        mem_free(copy);
        return ERR_DRAINING;
    }
    return 0;
}

int order_take_providers(struct order *order, struct desk_provider *providers,
                         size_t count)
{
    order->providers = mem_calloc(count, sizeof(*providers));
    if (order->providers == NULL) {
        return ERR_NOMEM;
    }
    for (size_t i = 0; i < count; i++) {
        order->providers[i] = providers[i];
        providers[i] = (struct desk_provider){0};
    }
    order->count = count;
    return 0;
}

void order_free_providers(struct order *order)
{
    for (size_t i = 0; order->providers != NULL && i < order->count; i++) {
        terms_free_provider(&order->providers[i]);
    }
    mem_free(order->providers);
    order->providers = NULL;
}
