/* SPDX-License-Identifier: Apache-2.0 */
#include "fetch/curl_api.h"

#include <dlfcn.h>
#include <stddef.h>
#include <string.h>

#include "base/check.h"

/* POSIX makes a function of the pointer that dlsym() returns; ISO C does not.
 */
static const char *find(void *library, const char *name, void *slot)
{
    void *symbol = dlsym(library, name);
    if (symbol == NULL) {
        return dlerror();
    }
    memcpy(slot, &symbol, sizeof(symbol));
    return NULL;
}

const char *curl_api_load(struct curl_api *api)
{
    CHECK(api->library == NULL);
    void *library = dlopen("libcurl.so.4", RTLD_LAZY | RTLD_LOCAL);
    if (library == NULL) {
        return dlerror();
    }
    const char *error = NULL;
#define CURL_API_FIND(name) \
    error = error != NULL ? error : find(library, "curl_" #name, &api->name);
    CURL_API_FUNCTIONS(CURL_API_FIND)
#undef CURL_API_FIND
    if (error == NULL && api->global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        error = "libcurl does not start";
    }
    if (error == NULL) {
        api->library = library;
    }
    return error;
}
