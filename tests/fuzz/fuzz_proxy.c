/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_proxy.c -- no bytes crash the reader of PROXY headers, and cut anywhere
 * they are the same header: a front part is refused only if the whole is, and
 * taken only as the whole is.
 */
#include "fuzz/fuzz.h"

#include "base/check.h"
#include "base/err.h"
#include "proto/proxy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct proxy_header header;
    struct span whole = {(const char *)data, len};
    ptrdiff_t taken = proxy_parse(&header, whole);
    CHECK(taken == ERR_PROTOCOL || (taken >= 0 && (size_t)taken <= len));
    for (size_t cut = 0; cut < len && len < 256; cut++) {
        struct span front = {(const char *)data, cut};
        ptrdiff_t early = proxy_parse(&header, front);
        CHECK(early == 0 || early == taken);
    }
    return 0;
}
