/* SPDX-License-Identifier: Apache-2.0 */
#include "quote/csv.h"

#include "base/check.h"
#include "base/err.h"

void csv_init(struct csv *csv, char *text, size_t len)
{
    static const char mark[] = "\xEF\xBB\xBF";
    CHECK(text[len] == '\0');
    *csv = (struct csv){.at = text, .end = text + len, .line = 1};
    if (len >= 3 && memcmp(text, mark, 3) == 0) {
        csv->at += 3;
    }
}

static int fail(struct csv *csv, const char *error)
{
    csv->error = error;
    csv->at = csv->end;
    return ERR_SYNTAX;
}

/* Bytes of the end of line at `at`: 2 for CRLF, 1 for LF, else 0. */
static size_t newline_at(const struct csv *csv, const char *at)
{
    if (at < csv->end && *at == '\n') {
        return 1;
    }
    return csv->end - at >= 2 && at[0] == '\r' && at[1] == '\n' ? 2 : 0;
}

/* Pass over lines that hold no record. */
static void skip_lines(struct csv *csv)
{
    while (csv->at < csv->end) {
        if (*csv->at == '#') {
            size_t left = (size_t)(csv->end - csv->at);
            char *newline = memchr(csv->at, '\n', left);
            csv->at = newline != NULL ? newline : csv->end;
        }
        size_t len = newline_at(csv, csv->at);
        if (len == 0) {
            return;
        }
        csv->at += len;
        csv->line++;
    }
}

static int read_plain(struct csv *csv, struct span *field)
{
    char *start = csv->at;
    while (csv->at < csv->end && *csv->at != ',' &&
           newline_at(csv, csv->at) == 0) {
        if (*csv->at == '"') {
            return fail(csv, "a quote inside a field that does not begin with "
                             "one");
        }
        csv->at++;
    }
    *field = (struct span){start, (size_t)(csv->at - start)};
    return 0;
}

/* From the opening quote to behind the closing one; what is inside moves to
 * the front over the quotes that are dropped. */
static int read_quoted(struct csv *csv, struct span *field)
{
    char *start = csv->at++;
    char *to = start;
    for (; csv->at < csv->end; csv->at++) {
        if (*csv->at == '"') {
            bool is_doubled = csv->end - csv->at >= 2 && csv->at[1] == '"';
            if (!is_doubled) {
                break;
            }
            csv->at++;
        }
        csv->line += *csv->at == '\n';
        *to++ = *csv->at;
    }
    if (csv->at == csv->end) {
        return fail(csv, "a quote that is not closed");
    }
    csv->at++;
    if (csv->at < csv->end && *csv->at != ',' &&
        newline_at(csv, csv->at) == 0) {
        return fail(csv, "something between a closing quote and the comma");
    }
    CHECK(to < csv->at);
    *field = (struct span){start, (size_t)(to - start)};
    return 0;
}

/* Whether a comma stands at the reader, and with it another field; else the
 * end of the line does.  Passes over either. */
static bool next_is_field(struct csv *csv)
{
    if (csv->at < csv->end && *csv->at == ',') {
        csv->at++;
        return true;
    }
    size_t len = newline_at(csv, csv->at);
    csv->line += len > 0;
    csv->at += len;
    return false;
}

int csv_next(struct csv *csv, struct csv_record *record)
{
    skip_lines(csv);
    if (csv->at == csv->end) {
        return ERR_ABSENT;
    }
    record->line = csv->line;
    record->count = 0;
    bool has_more = true;
    while (has_more) {
        if (record->count == CSV_FIELDS_LIMIT) {
            return fail(csv, "more than 64 fields");
        }
        struct span *field = &record->fields[record->count++];
        int err = csv->at < csv->end && *csv->at == '"'
                      ? read_quoted(csv, field)
                      : read_plain(csv, field);
        if (err != 0) {
            return err;
        }
        char *field_end = (char *)field->data + field->len;
        has_more = next_is_field(csv);
        *field_end = '\0'; // a byte that has been read, or the last 0
    }
    return 0;
}
