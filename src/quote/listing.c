/* SPDX-License-Identifier: Apache-2.0 */
#include "quote/listing.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/check.h"
#include "base/err.h"
#include "base/utf8.h"
#include "quote/csv.h"
#include "quote/quote.h"

/* Symbol, name and two aliases for each instrument of the largest file. */
#define KEYS_LIMIT (4 * NAMES_LIMIT)

// clang-format off
/*     column           word        must be there */
#define COLUMNS(COLUMN)                        \
    COLUMN(COLUMN_SYMBOL, "symbol", true)      \
    COLUMN(COLUMN_NAME, "name", true)          \
    COLUMN(COLUMN_ALIASES, "aliases", false)   \
    COLUMN(COLUMN_CURRENCY, "currency", false) \
    COLUMN(COLUMN_MIC, "mic", false)
// clang-format on

enum column {
#define COLUMN_ENUM(column, word, required) column,
    COLUMNS(COLUMN_ENUM)
#undef COLUMN_ENUM
        COLUMN_COUNT,
};

/* What is being read. */
struct reading {
    struct listing *listing;
    struct names_error *error;
    size_t line;
    size_t fields;                /* in the first line */
    size_t columns[COLUMN_COUNT]; /* 1 + place in a record; 0: absent */
};

__attribute__((format(printf, 3, 0))) static void print_error(
    struct names_error *error, size_t line, const char *format, va_list args)
{
    error->line = line;
    vsnprintf(error->text, sizeof(error->text), format, args);
    for (char *c = error->text; *c != '\0'; c++) {
        if ((unsigned char)*c < ' ' || *c == '\x7f') {
            *c = '?'; // the file's bytes are shown, and the text is one line
        }
    }
}

int listing_refuse(struct names_error *error, int err, size_t line,
                   const char *format, ...)
{
    CHECK(err < 0);
    va_list args;
    va_start(args, format);
    print_error(error, line, format, args);
    va_end(args);
    return err;
}

/* Refuse the line that is being read. */
__attribute__((format(printf, 2, 3))) static int refuse(struct reading *reading,
                                                        const char *format, ...)
{
    va_list args;
    va_start(args, format);
    print_error(reading->error, reading->line, format, args);
    va_end(args);
    return ERR_SYNTAX;
}

/* Names go into JSON and onto terminals, so neither is left to chance. */
static int check_text(struct reading *reading, struct span field)
{
    if (!utf8_is_valid(field)) {
        return refuse(reading, "the text is not UTF-8; was the file saved in "
                               "another character set?");
    }
    if (utf8_has_control(field)) {
        return refuse(reading, "a control character or newline in a field");
    }
    return 0;
}

/* --- The first line ------------------------------------------------------ */

static const char *const column_words[COLUMN_COUNT] = {
#define COLUMN_WORD(column, word, required) [column] = (word),
    COLUMNS(COLUMN_WORD)
#undef COLUMN_WORD
};

static const bool column_required[COLUMN_COUNT] = {
#define COLUMN_REQUIRED(column, word, required) [column] = (required),
    COLUMNS(COLUMN_REQUIRED)
#undef COLUMN_REQUIRED
};

static int find_column(struct span word, enum column *out)
{
    for (int column = 0; column < COLUMN_COUNT; column++) {
        if (span_equal_nocase(word, span_of(column_words[column]))) {
            *out = (enum column)column;
            return 0;
        }
    }
    return ERR_ABSENT;
}

static int read_header(struct reading *reading, const struct csv_record *record)
{
    reading->line = record->line;
    reading->fields = record->count;
    for (size_t i = 0; i < record->count; i++) {
        struct span word = span_trim(record->fields[i]);
        enum column column;
        if (find_column(word, &column) != 0) {
            return refuse(reading,
                          "\"%.*s\" is no column; the first line has some of "
                          "symbol,name,aliases,currency,mic",
                          LISTING_SHOWN(word));
        }
        if (reading->columns[column] != 0) {
            return refuse(reading, "the column \"%s\" stands twice",
                          column_words[column]);
        }
        reading->columns[column] = i + 1;
    }
    for (int column = 0; column < COLUMN_COUNT; column++) {
        if (column_required[column] && reading->columns[column] == 0) {
            return refuse(reading, "the first line has no column \"%s\"",
                          column_words[column]);
        }
    }
    return 0;
}

/* --- The other lines ----------------------------------------------------- */

static struct span field_of(const struct reading *reading,
                            const struct csv_record *record, enum column column)
{
    size_t place = reading->columns[column];
    if (place == 0) {
        return span_of("");
    }
    CHECK(place <= record->count);
    return span_trim(record->fields[place - 1]);
}

/* End a trimmed field of the text in a 0. */
static const char *text_of(const struct listing *listing, struct span field)
{
    if (field.len == 0) {
        return "";
    }
    size_t end = (size_t)(field.data - listing->texts) + field.len;
    CHECK(end <= listing->texts_len);
    listing->texts[end] = '\0';
    return field.data;
}

static int add_key(struct reading *reading, const struct name *name,
                   struct span text)
{
    struct listing *listing = reading->listing;
    if (text.len > LISTING_KEY_BYTES_LIMIT) {
        return refuse(reading, "\"%.*s...\" is longer than %d bytes",
                      LISTING_SHOWN(text), LISTING_KEY_BYTES_LIMIT);
    }
    if (listing->keys_count == listing->keys_max) {
        return listing_refuse(reading->error, ERR_FULL, reading->line,
                              "more than %d symbols, names and aliases",
                              KEYS_LIMIT);
    }
    listing->keys[listing->keys_count++] = (struct listing_key){
        .text = text,
        .name = name,
        .line = reading->line,
    };
    return 0;
}

static int add_aliases(struct reading *reading, const struct name *name,
                       struct span aliases)
{
    struct span part;
    while (span_split(&aliases, '|', &part)) {
        part = span_trim(part);
        int err = part.len > 0 ? add_key(reading, name, part) : 0;
        if (err != 0) {
            return err;
        }
    }
    return 0;
}

static bool is_code(struct span text, size_t len_min, size_t len_max)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        bool is_letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        if (!is_letter && !(c >= '0' && c <= '9')) {
            return false;
        }
    }
    return text.len >= len_min && text.len <= len_max;
}

static int check_codes(struct reading *reading, struct span currency,
                       struct span mic)
{
    if (currency.len > 0 && !is_code(currency, 3, QUOTE_CURRENCY_SIZE - 1)) {
        return refuse(reading,
                      "\"%.*s\" is no currency; a code of ISO 4217 such as USD",
                      LISTING_SHOWN(currency));
    }
    if (mic.len > 0 && !is_code(mic, 4, 4)) {
        return refuse(reading,
                      "\"%.*s\" is no market; a MIC of ISO 10383 such as XNAS",
                      LISTING_SHOWN(mic));
    }
    return 0;
}

/* All that can be wrong with a record by itself. */
static int check_record(struct reading *reading,
                        const struct csv_record *record)
{
    if (record->count != reading->fields) {
        return refuse(reading,
                      "%zu fields where the first line has %zu; a field with a "
                      "comma in it needs quotes",
                      record->count, reading->fields);
    }
    for (size_t i = 0; i < record->count; i++) {
        int err = check_text(reading, span_trim(record->fields[i]));
        if (err != 0) {
            return err;
        }
    }
    if (field_of(reading, record, COLUMN_NAME).len == 0) {
        return refuse(reading, "the name is empty");
    }
    return check_codes(reading, field_of(reading, record, COLUMN_CURRENCY),
                       field_of(reading, record, COLUMN_MIC));
}

static int read_record(struct reading *reading, const struct csv_record *record)
{
    struct listing *listing = reading->listing;
    reading->line = record->line;
    int err = check_record(reading, record);
    if (err != 0) {
        return err;
    }
    struct span symbol = field_of(reading, record, COLUMN_SYMBOL);
    struct span shown = field_of(reading, record, COLUMN_NAME);
    if (listing->count == listing->count_max) {
        return listing_refuse(reading->error, ERR_FULL, record->line,
                              "more than %d instruments", NAMES_LIMIT);
    }
    struct name *name = &listing->items[listing->count];
    if (symbol_parse(&name->symbol, symbol) != 0) {
        return refuse(reading,
                      "\"%.*s\" is no symbol; allowed are " SYMBOL_FORM,
                      LISTING_SHOWN(symbol));
    }
    listing->count++;
    err = add_key(reading, name, symbol);
    if (err == 0) {
        err = add_key(reading, name, shown);
    }
    if (err == 0) {
        err = add_aliases(reading, name,
                          field_of(reading, record, COLUMN_ALIASES));
    }
    name->name = text_of(listing, shown);
    name->currency =
        text_of(listing, field_of(reading, record, COLUMN_CURRENCY));
    name->mic = text_of(listing, field_of(reading, record, COLUMN_MIC));
    return err;
}

static int read_records(struct reading *reading)
{
    struct csv csv;
    struct csv_record record;
    csv_init(&csv, reading->listing->texts, reading->listing->texts_len);
    int err = csv_next(&csv, &record);
    if (err == 0) {
        err = read_header(reading, &record);
    } else if (err == ERR_ABSENT) {
        return listing_refuse(
            reading->error, ERR_SYNTAX, 0,
            "the file is empty; its first line names the columns");
    }
    while (err == 0) {
        err = csv_next(&csv, &record);
        if (err == 0) {
            err = read_record(reading, &record);
        } else if (err == ERR_ABSENT) {
            return 0;
        }
    }
    if (csv.error != NULL) {
        return listing_refuse(reading->error, err, csv.line, "%s", csv.error);
    }
    return err;
}

/* Memory for as many instruments and keys as the text can hold at most, so
 * that they never move while pointers to them are kept. */
static int reserve(struct listing *listing)
{
    size_t lines = 1;
    size_t bars = 0;
    for (size_t i = 0; i < listing->texts_len; i++) {
        lines += listing->texts[i] == '\n';
        bars += listing->texts[i] == '|';
    }
    size_t keys = 3 * lines + bars;
    listing->count_max = lines < NAMES_LIMIT ? lines : NAMES_LIMIT;
    listing->keys_max = keys < KEYS_LIMIT ? keys : KEYS_LIMIT;
    listing->items = mem_calloc(listing->count_max, sizeof(listing->items[0]));
    listing->keys = mem_calloc(listing->keys_max, sizeof(listing->keys[0]));
    return listing->items != NULL && listing->keys != NULL ? 0 : ERR_NOMEM;
}

int listing_read(struct listing *out, struct span text,
                 struct names_error *error)
{
    struct reading reading = {.listing = out, .error = error};
    *out = (struct listing){
        .texts = mem_text(text.data, text.len),
        .texts_len = text.len,
    };
    int err = out->texts != NULL ? reserve(out) : ERR_NOMEM;
    return err == 0 ? read_records(&reading) : err;
}

void listing_deinit(struct listing *listing)
{
    mem_free(listing->keys);
    mem_free(listing->items);
    mem_free(listing->texts);
    *listing = (struct listing){.texts = NULL};
}
