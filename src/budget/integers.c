/* SPDX-License-Identifier: Apache-2.0 */
#include "budget/integers.h"

#include "base/err.h"

int integers_take(struct span *rest, int64_t *out)
{
    struct span before = *rest;
    struct span word;
    if (!span_split(rest, ' ', &word)) {
        return ERR_ABSENT;
    }
    bool is_negative = word.len > 0 && word.data[0] == '-';
    if (is_negative) {
        word.data++;
        word.len--;
    }
    uint64_t value;
    if (span_to_u64(word, &value) != 0 || value > INT64_MAX) {
        *rest = before;
        return ERR_SYNTAX;
    }
    *out = is_negative ? -(int64_t)value : (int64_t)value;
    return 0;
}
