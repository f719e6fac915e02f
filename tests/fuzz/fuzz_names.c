/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_names.c -- any bytes as a names file: refused with a line, or a table in
 * which the file's own words find only what they stand for.
 */
#include "base/check.h"
#include "fuzz/fuzz.h"
#include "quote/names.h"

static void check_name(const struct names *names, const struct name *name)
{
    CHECK(names_find(names, symbol_span(&name->symbol)) == name);
    CHECK(names_find(names, span_of(name->name)) == name);
    CHECK(name->name[0] != '\0');
    CHECK(strlen(name->mic) == 0 || strlen(name->mic) == 4);
    CHECK(strlen(name->currency) < 8);
}

/* Every word between commas, bars and newlines is looked up. */
static void look_up_words(const struct names *names, struct span text)
{
    size_t start = 0;
    for (size_t at = 0; at <= text.len; at++) {
        bool is_end = at == text.len || strchr(",|\n", text.data[at]) != NULL;
        if (is_end) {
            struct span word = {text.data + start, at - start};
            const struct name *name = names_find(names, word);
            if (name != NULL) {
                check_name(names, name);
            }
            start = at + 1;
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct span text = {(const char *)data, len};
    struct names *names;
    struct names_error error;
    if (names_create(&names, text, &error) == 0) {
        look_up_words(names, text);
    } else {
        CHECK(error.text[0] != '\0');
        CHECK(strnlen(error.text, sizeof(error.text)) < sizeof(error.text));
    }
    names_destroy(&names);
    return 0;
}
