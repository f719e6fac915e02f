/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"

const char *err_word(int err)
{
    switch (err) {
    case ERR_OK:
        return "OK";
#define ERR_CASE(code, value, word, sentence) \
    case code:                                \
        return word;
        ERR_TABLE(ERR_CASE)
#undef ERR_CASE
    default:
        return "ERR";
    }
}

const char *err_sentence(int err)
{
    switch (err) {
    case ERR_OK:
        return "all is well";
#define ERR_CASE(code, value, word, sentence) \
    case code:                                \
        return sentence;
        ERR_TABLE(ERR_CASE)
#undef ERR_CASE
    default:
        return "an error without a name";
    }
}
