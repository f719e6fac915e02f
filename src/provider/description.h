/* SPDX-License-Identifier: Apache-2.0 */
/*
 * description.h -- a provider's description, from YAML into struct provider.
 *
 * The form is that of docs/providers.md.
 */

#pragma once

#include "base/span.h"
#include "provider/provider.h"

struct yaml; /* conf/yaml.h */

/*
 * The value of `like` in a description: the name of another; "" where there is
 * none.  BORROWED from the document.
 */
struct span description_like(const struct yaml *yaml);

/*
 * Fill in what a document says over what *provider holds already: a key that is
 * there takes the place of the whole former value, but that endpoints are
 * replaced one by one, and so are the keys of `symbol`.  The texts of *provider
 * then point into the document.  Returns 0, ERR_SYNTAX with line, key and cause
 * in `error`, or ERR_NOMEM.  Threads: the provider's maker, as below.
 */
int description_read(struct provider *provider, const struct yaml *yaml,
                     char error[PROVIDER_ERROR_SIZE]);

/* Check that everything that has to be there is, once all is read, and work out
 * what follows from it.  Returns 0, or ERR_SYNTAX with the cause in `error`. */
int description_finish(struct provider *provider,
                       char error[PROVIDER_ERROR_SIZE]);
