/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/past.h"

#include <string.h>
#include <time.h>

#include <quoted/quoted.h>

#include "cli/show.h"

#define TIME_SIZE 48
#define DAY_MS    INT64_C(86400000)

enum column {
    COLUMN_TIME,
    COLUMN_OPEN,
    COLUMN_HIGH,
    COLUMN_LOW,
    COLUMN_CLOSE,
    COLUMN_COUNT,
    COLUMNS, /* how many there are */
};

static const char *const headings[COLUMNS] = {"TIME", "OPEN",  "HIGH",
                                              "LOW",  "CLOSE", "COUNT"};

/* The same for programs. */
static const char *const names[COLUMNS] = {"time", "open",  "high",
                                           "low",  "close", "count"};

/* RFC 3339 in UTC, with milliseconds where there are any; or the day alone. */
static void print_time(char out[TIME_SIZE], int64_t unix_ms, bool is_day)
{
    time_t seconds = (time_t)(unix_ms / 1000);
    int millis = (int)(unix_ms % 1000);
    struct tm utc;
    if (gmtime_r(&seconds, &utc) == NULL) { // a year beyond int
        snprintf(out, TIME_SIZE, "%lld", (long long)unix_ms);
        return;
    }
    size_t len = strftime(out, TIME_SIZE,
                          is_day ? "%Y-%m-%d" : "%Y-%m-%dT%H:%M:%S", &utc);
    if (!is_day && millis > 0) {
        snprintf(out + len, TIME_SIZE - len, ".%03dZ", millis);
    } else if (!is_day) {
        snprintf(out + len, TIME_SIZE - len, "Z");
    }
}

static void cell(char out[TIME_SIZE], enum column column,
                 const struct quoted_bar *bar, bool is_day)
{
    const struct quoted_number *const prices[COLUMNS] = {
        [COLUMN_OPEN] = &bar->open,
        [COLUMN_HIGH] = &bar->high,
        [COLUMN_LOW] = &bar->low,
        [COLUMN_CLOSE] = &bar->close,
    };
    if (column == COLUMN_TIME) {
        print_time(out, bar->begins_unix_ms, is_day);
    } else if (column == COLUMN_COUNT) {
        snprintf(out, TIME_SIZE, "%lld", (long long)bar->count);
    } else {
        snprintf(out, TIME_SIZE, "%s", prices[column]->text);
    }
}

/* Whether all steps begin with a day, so that the hour says nothing. */
static bool has_days_only(const struct past *past)
{
    for (size_t i = 0; i < past->count; i++) {
        if (past->bars[i].begins_unix_ms % DAY_MS != 0) {
            return false;
        }
    }
    return true;
}

static void show_table(const struct past *past, const char *name)
{
    bool is_day = has_days_only(past);
    int widths[COLUMNS];
    char text[TIME_SIZE];
    for (enum column c = 0; c < COLUMNS; c++) {
        widths[c] = (int)strlen(headings[c]);
        for (size_t i = 0; i < past->count; i++) {
            cell(text, c, &past->bars[i], is_day);
            int width = (int)strlen(text);
            widths[c] = width > widths[c] ? width : widths[c];
        }
    }
    if (past->has_titles) {
        fprintf(past->out, "%s%s\n", past->written > 0 ? "\n" : "", name);
    }
    fprintf(past->out, "%-*s", widths[COLUMN_TIME], headings[COLUMN_TIME]);
    for (enum column c = COLUMN_OPEN; c < COLUMNS; c++) {
        fprintf(past->out, "  %*s", widths[c], headings[c]);
    }
    fputc('\n', past->out);
    for (size_t i = 0; i < past->count; i++) {
        cell(text, COLUMN_TIME, &past->bars[i], is_day);
        fprintf(past->out, "%-*s", widths[COLUMN_TIME], text);
        for (enum column c = COLUMN_OPEN; c < COLUMNS; c++) {
            cell(text, c, &past->bars[i], is_day);
            fprintf(past->out, "  %*s", widths[c], text);
        }
        fputc('\n', past->out);
    }
}

/* --- For programs --------------------------------------------------------- */

static void put_json(const struct past *past, const char *name,
                     const struct quoted_bar *bar)
{
    FILE *out = past->out;
    char text[TIME_SIZE];
    fputs("{\"asked\": ", out);
    show_json_text(out, name);
    for (enum column c = 0; c < COLUMNS; c++) {
        const char *mark = c == COLUMN_COUNT ? "" : "\"";
        cell(text, c, bar, false);
        fprintf(out, ", \"%s\": %s%s%s", names[c], mark, text, mark);
    }
    fputc('}', out);
}

static void put_json_failure(const struct past *past, const char *name,
                             int error, const char *message)
{
    fputs("{\"asked\": ", past->out);
    show_json_text(past->out, name);
    fprintf(past->out,
            ", \"error\": \"%s\", \"message\": ", quoted_error_name(error));
    show_json_text(past->out, message);
    fputc('}', past->out);
}

static void put_csv(const struct past *past, const char *name,
                    const struct quoted_bar *bar)
{
    char text[TIME_SIZE];
    show_csv_text(past->out, name);
    for (enum column c = 0; c < COLUMNS; c++) {
        cell(text, c, bar, false);
        fprintf(past->out, ",%s", text);
    }
    fputc('\n', past->out);
}

static void put_plain(const struct past *past, const char *name,
                      const struct quoted_bar *bar)
{
    char text[TIME_SIZE];
    print_time(text, bar->begins_unix_ms, false);
    fprintf(past->out, "%s %s %s\n", name, text, bar->close.text);
}

static const char *separator(const struct past *past)
{
    return past->written == 0 ? "\n  " : ",\n  ";
}

static void put_bar(const struct past *past, const char *name,
                    const struct quoted_bar *bar)
{
    switch (past->format) {
    case ARGUMENTS_JSON:
        fputs(separator(past), past->out);
        put_json(past, name, bar);
        break;
    case ARGUMENTS_CSV:
        put_csv(past, name, bar);
        break;
    default:
        put_plain(past, name, bar);
        break;
    }
}

void past_begin(struct past *past)
{
    past->written = 0;
    if (past->format == ARGUMENTS_JSON) {
        fputc('[', past->out);
    } else if (past->format == ARGUMENTS_CSV) {
        fputs("asked", past->out);
        for (enum column c = 0; c < COLUMNS; c++) {
            fprintf(past->out, ",%s", names[c]);
        }
        fputc('\n', past->out);
    }
}

void past_show(struct past *past, const char *name, int error,
               const char *message)
{
    if (error != 0) {
        if (past->format == ARGUMENTS_JSON) {
            fputs(separator(past), past->out);
            put_json_failure(past, name, error, message);
            past->written++;
        }
        return;
    }
    if (past->format == ARGUMENTS_TABLE) {
        show_table(past, name);
        past->written++;
        return;
    }
    for (size_t i = 0; i < past->count; i++) {
        put_bar(past, name, &past->bars[i]);
        past->written++;
    }
}

void past_end(struct past *past)
{
    if (past->format == ARGUMENTS_JSON) {
        fputs(past->written > 0 ? "\n]\n" : "]\n", past->out);
    }
}
