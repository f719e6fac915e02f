/* SPDX-License-Identifier: Apache-2.0 */
/*
 * description.h -- a provider's description, from YAML into struct provider.
 *
 * The form is that of docs/providers.md.  A key that is not known is an error,
 * as in the settings: a misspelt rule that silently never holds would let an
 * apology pass for something else.
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
 * there takes the place of the whole former value.  The texts of *provider then
 * point into the document.  Returns 0, or ERR_SYNTAX with line and cause in
 * `error`.  Threads: the provider's maker, as below.
 */
int description_read(struct provider *provider, const struct yaml *yaml,
                     char error[PROVIDER_ERROR_SIZE]);

/* Check that everything that has to be there is, once all is read.  Returns 0,
 * or ERR_SYNTAX with the cause in `error`. */
int description_check(const struct provider *provider,
                      char error[PROVIDER_ERROR_SIZE]);
