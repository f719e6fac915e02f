/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/value.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/check.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/units.h"
#include "base/utf8.h"
#include "conf/conf.h"

/* Whether the field is a char *; else it is a list or a number. */
static bool is_text(const struct option *option)
{
    return option->type <= OPTION_CHOICE;
}

/* Where the field is.  Readers pass a const base, and write nothing. */
static char **text_at(const void *base, const struct option *option)
{
    CHECK(is_text(option));
    return (char **)((uintptr_t)base + option->offset);
}

static uint64_t *number_at(const void *base, const struct option *option)
{
    CHECK(option->type >= OPTION_DURATION);
    return (uint64_t *)((uintptr_t)base + option->offset);
}

static struct conf_list *list_at(const void *base, const struct option *option)
{
    CHECK(option->type == OPTION_ADDRESSES);
    return (struct conf_list *)((uintptr_t)base + option->offset);
}

/* --- Whether a text is of a form ----------------------------------------- */

static bool has_only(struct span text, const char *allowed)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == '\0' || strchr(allowed, text.data[i]) == NULL) {
            return false;
        }
    }
    return true;
}

#define LETTERS_SMALL "abcdefghijklmnopqrstuvwxyz"
#define LETTERS       LETTERS_SMALL "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS        "0123456789"

static bool is_port(struct span text)
{
    uint64_t port;
    return text.len <= 5 && span_to_u64(text, &port) == 0 && port <= 65535;
}

static bool is_host(struct span text)
{
    if (text.len > 2 && text.data[0] == '[' && text.data[text.len - 1] == ']') {
        struct span inside = {text.data + 1, text.len - 2};
        return has_only(inside, DIGITS "abcdefABCDEF:.");
    }
    return text.len > 0 && has_only(text, LETTERS DIGITS ".-_");
}

/* Split at the last colon that is not inside brackets; without one, all is the
 * host and *port is NULL. */
static void split_port(struct span text, struct span *host, struct span *port)
{
    *host = text;
    *port = (struct span){NULL, 0};
    for (size_t at = text.len; at > 0 && text.data[at - 1] != ']'; at--) {
        if (text.data[at - 1] == ':') {
            *host = (struct span){text.data, at - 1};
            *port = (struct span){text.data + at, text.len - at};
            return;
        }
    }
}

static bool starts_with(struct span text, const char *start)
{
    size_t len = strlen(start);
    return text.len >= len && memcmp(text.data, start, len) == 0;
}

/* Only the form: whether there is such a host is found out by listening. */
static bool is_address(struct span text)
{
    if (text.len > VALUE_ADDRESS_BYTES_LIMIT || !utf8_is_valid(text) ||
        utf8_has_control(text)) {
        return false;
    }
    if (starts_with(text, "unix:")) {
        return starts_with(text, "unix:/") && text.len > strlen("unix:/");
    }
    struct span host;
    struct span port;
    split_port(text, &host, &port);
    return is_port(port) && (is_host(host) || span_equal(host, span_of("*")));
}

/* The URL of a file; its path is taken as it is. */
static bool is_file_url(struct span text)
{
    bool is_good =
        starts_with(text, "file:///") && text.len > strlen("file:///");
    for (size_t i = 0; is_good && i < text.len; i++) {
        is_good = text.data[i] > ' ' && text.data[i] <= '~';
    }
    return is_good;
}

/* An origin: what stands behind it in a call comes from the description, and a
 * password in it would be printed by --print-config. */
static bool is_url(struct span text)
{
    if (starts_with(text, "file:")) {
        return is_file_url(text);
    }
    size_t scheme = starts_with(text, "https://")  ? strlen("https://")
                    : starts_with(text, "http://") ? strlen("http://")
                                                   : 0;
    struct span host;
    struct span port;
    split_port((struct span){text.data + scheme, text.len - scheme}, &host,
               &port);
    return scheme > 0 && is_host(host) && (port.data == NULL || is_port(port));
}

/* As a browser says it of a page: no path, and not even a slash. */
static bool is_origin(struct span text)
{
    struct span rest = text;
    struct span scheme;
    struct span host;
    struct span port;
    if (!span_split(&rest, ':', &scheme) || !starts_with(rest, "//")) {
        return span_equal(text, span_of("null")); // of a page without one
    }
    split_port((struct span){rest.data + 2, rest.len - 2}, &host, &port);
    return scheme.len > 0 && has_only(scheme, LETTERS DIGITS "+-.") &&
           is_host(host) && (port.data == NULL || is_port(port));
}

static bool are_origins(struct span text)
{
    bool are_good = true;
    struct span word;
    bool is_any = span_equal(text, span_of("*"));
    while (!is_any && span_split(&text, ' ', &word)) {
        are_good = are_good && (word.len == 0 || is_origin(word));
    }
    return are_good;
}

static bool is_choice(struct span choices, struct span text)
{
    struct span choice;
    while (span_split(&choices, '|', &choice)) {
        if (span_equal(choice, text)) {
            return true;
        }
    }
    return false;
}

static int check_text(const struct option *option, struct span text)
{
    if (!utf8_is_valid(text) || utf8_has_control(text)) {
        return ERR_SYNTAX;
    }
    if (option->type == OPTION_CHOICE) {
        return is_choice(span_of(option->choices), text) ? 0 : ERR_SYNTAX;
    }
    if (text.len < option->min || text.len > option->max) {
        return ERR_RANGE;
    }
    bool is_good = true;
    if (option->type == OPTION_NAME) {
        is_good = has_only(text, LETTERS_SMALL DIGITS "-_");
    } else if (option->type == OPTION_URL) {
        is_good = text.len == 0 || is_url(text);
    } else if (option->type == OPTION_ORIGINS) {
        is_good = are_origins(text);
    }
    return is_good ? 0 : ERR_SYNTAX;
}

/* --- Setting ------------------------------------------------------------- */

static int put_text(char **field, struct span text)
{
    char *copy = mem_text(text.data, text.len);
    if (copy == NULL) {
        return ERR_NOMEM;
    }
    mem_free(*field);
    *field = copy;
    return 0;
}

static int set_text(char **field, const struct option *option, struct span text)
{
    if (option->type == OPTION_URL && text.len > 1 &&
        text.data[text.len - 1] == '/') {
        text.len--; // the whole of the one path that is allowed
    }
    int err = check_text(option, text);
    return err != 0 ? err : put_text(field, text);
}

static void clear_list(struct conf_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        mem_free(list->items[i]);
    }
    *list = (struct conf_list){.count = 0};
}

static int fill_list(struct conf_list *list, const struct option *option,
                     struct span text)
{
    CHECK(option->max <= CONF_LIST_LIMIT);
    struct span word;
    while (span_split(&text, ',', &word)) {
        word = span_trim(word);
        if (list->count == option->max) {
            return ERR_RANGE;
        }
        if (!is_address(word)) {
            return ERR_SYNTAX;
        }
        int err = put_text(&list->items[list->count], word);
        if (err != 0) {
            return err;
        }
        list->count++;
    }
    return list->count >= option->min ? 0 : ERR_RANGE;
}

static int set_list(struct conf_list *field, const struct option *option,
                    struct span text)
{
    struct conf_list list = {.count = 0};
    int err = fill_list(&list, option, text);
    if (err != 0) {
        clear_list(&list);
        return err;
    }
    clear_list(field);
    *field = list;
    return 0;
}

static int set_number(uint64_t *field, const struct option *option,
                      struct span text)
{
    uint64_t number = 0;
    int err =
        option->type == OPTION_DURATION ? units_parse_duration_ms(&number, text)
        : option->type == OPTION_SIZE   ? units_parse_size_bytes(&number, text)
                                        : span_to_u64(text, &number);
    if (err != 0) {
        return err;
    }
    bool is_zero_too = option->zero_too && number == 0;
    if (!is_zero_too && (number < option->min || number > option->max)) {
        return ERR_RANGE;
    }
    *field = number;
    return 0;
}

int value_set(void *base, const struct option *option, struct span text)
{
    if (is_text(option)) {
        return set_text(text_at(base, option), option, text);
    }
    if (option->type == OPTION_ADDRESSES) {
        return set_list(list_at(base, option), option, text);
    }
    return set_number(number_at(base, option), option, text);
}

int value_set_initial(void *base, const struct option *option)
{
    struct span initial = span_of(option->initial);
    int err = initial.len == 0 ? put_text(text_at(base, option), initial)
                               : value_set(base, option, initial);
    CHECK(err == 0 || err == ERR_NOMEM);
    return err;
}

void value_clear(void *base, const struct option *option)
{
    if (is_text(option)) {
        mem_free(*text_at(base, option));
        *text_at(base, option) = NULL;
    } else if (option->type == OPTION_ADDRESSES) {
        clear_list(list_at(base, option));
    } else {
        *number_at(base, option) = 0;
    }
}

/* --- Printing ------------------------------------------------------------ */

static void print_list(char out[VALUE_TEXT_SIZE], const struct conf_list *list)
{
    size_t len = 0;
    out[0] = '\0';
    for (size_t i = 0; i < list->count; i++) {
        int more = snprintf(out + len, VALUE_TEXT_SIZE - len, "%s%s",
                            i > 0 ? "," : "", list->items[i]);
        CHECK(more >= 0 && (size_t)more < VALUE_TEXT_SIZE - len);
        len += (size_t)more;
    }
}

static void print_number(char out[UNITS_TEXT_SIZE], enum option_type type,
                         uint64_t number)
{
    if (number == 0 || type == OPTION_COUNT) {
        snprintf(out, UNITS_TEXT_SIZE, "%" PRIu64, number);
    } else if (type == OPTION_DURATION) {
        units_print_duration_ms(out, number);
    } else {
        units_print_size_bytes(out, number);
    }
}

void value_print(char out[VALUE_TEXT_SIZE], const void *base,
                 const struct option *option)
{
    if (is_text(option)) {
        int len = snprintf(out, VALUE_TEXT_SIZE, "%s", *text_at(base, option));
        CHECK(len >= 0 && len < VALUE_TEXT_SIZE);
    } else if (option->type == OPTION_ADDRESSES) {
        print_list(out, list_at(base, option));
    } else {
        print_number(out, option->type, *number_at(base, option));
    }
}

/* "debug, info, warning or error" */
static void print_choices(char out[VALUE_ALLOWED_SIZE], struct span choices)
{
    size_t len = 0;
    struct span choice;
    while (span_split(&choices, '|', &choice)) {
        bool is_last = choices.data == NULL;
        const char *joint = len == 0 ? "" : is_last ? " or " : ", ";
        int more = snprintf(out + len, VALUE_ALLOWED_SIZE - len, "%s%.*s",
                            joint, SPAN_ARGS(choice));
        CHECK(more >= 0 && (size_t)more < VALUE_ALLOWED_SIZE - len);
        len += (size_t)more;
    }
}

void value_print_range(char out[VALUE_ALLOWED_SIZE],
                       const struct option *option)
{
    char low[UNITS_TEXT_SIZE];
    char high[UNITS_TEXT_SIZE];
    if (option->type == OPTION_CHOICE) {
        print_choices(out, span_of(option->choices));
        return;
    }
    if (option->type == OPTION_URL) {
        snprintf(out, VALUE_ALLOWED_SIZE,
                 "http://host:port, https://host:port or file:///path");
        return;
    }
    bool is_number = option->type >= OPTION_DURATION;
    print_number(low, is_number ? option->type : OPTION_COUNT, option->min);
    print_number(high, is_number ? option->type : OPTION_COUNT, option->max);
    int len = snprintf(out, VALUE_ALLOWED_SIZE, "%s%s to %s%s",
                       option->zero_too ? "0, or " : "", low, high,
                       is_text(option) ? " bytes"
                       : is_number     ? ""
                                       : " addresses");
    CHECK(len > 0 && len < VALUE_ALLOWED_SIZE);
}

void value_print_allowed(char out[VALUE_ALLOWED_SIZE],
                         const struct option *option)
{
    static const char *const forms[] = {
        [OPTION_TEXT] = " of UTF-8 without control characters",
        [OPTION_NAME] = " of a-z 0-9 - _",
        [OPTION_URL] = ", without user, password or path",
        [OPTION_ORIGINS] = " of origins with spaces between, each "
                           "scheme://host or scheme://host:port, or *",
        [OPTION_CHOICE] = "",
        [OPTION_ADDRESSES] = ", each host:port, [ipv6]:port, *:port or "
                             "unix:/absolute/path",
        [OPTION_DURATION] = ", written as " UNITS_DURATION_FORM,
        [OPTION_SIZE] = ", written as " UNITS_SIZE_FORM,
        [OPTION_COUNT] = "",
    };
    value_print_range(out, option);
    size_t len = strlen(out);
    int more = snprintf(out + len, VALUE_ALLOWED_SIZE - len, "%s",
                        forms[option->type]);
    CHECK(more >= 0 && (size_t)more < VALUE_ALLOWED_SIZE - len);
}
