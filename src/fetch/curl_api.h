/* SPDX-License-Identifier: Apache-2.0 */
/*
 * curl_api.h -- libcurl's functions, loaded when they are first needed.
 *
 * Linked in the ordinary way, libcurl and the thirty libraries behind it take
 * 7 MiB of resident memory before the first call (docs/decisions/0003).  The
 * ABI is libcurl's own, unchanged since 2006: soname 4.
 */

#pragma once

#include <curl/curl.h>

/* clang-format off */
#define CURL_API_FUNCTIONS(FUNCTION)                                           \
    FUNCTION(easy_cleanup)                                                     \
    FUNCTION(easy_getinfo)                                                     \
    FUNCTION(easy_init)                                                        \
    FUNCTION(easy_setopt)                                                      \
    FUNCTION(easy_strerror)                                                    \
    FUNCTION(global_init)                                                      \
    FUNCTION(multi_add_handle)                                                 \
    FUNCTION(multi_assign)                                                     \
    FUNCTION(multi_cleanup)                                                    \
    FUNCTION(multi_info_read)                                                  \
    FUNCTION(multi_init)                                                       \
    FUNCTION(multi_remove_handle)                                              \
    FUNCTION(multi_setopt)                                                     \
    FUNCTION(multi_socket_action)                                              \
    FUNCTION(slist_append)                                                     \
    FUNCTION(slist_free_all)
/* clang-format on */

struct curl_api {
    void *library;
#define CURL_API_MEMBER(name) __typeof__(&(curl_##name)) name;
    CURL_API_FUNCTIONS(CURL_API_MEMBER)
#undef CURL_API_MEMBER
};

/*
 * Load libcurl and start it up.  Returns NULL, or what went wrong: BORROWED
 * until the thread's next dlopen().  Threads: one at a time; the library stays
 * loaded until the process ends.
 */
const char *curl_api_load(struct curl_api *api);
