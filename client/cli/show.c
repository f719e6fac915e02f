/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/show.h"

#include <ctype.h>
#include <string.h>
#include <time.h>

#include <quoted/quoted.h>

/* Bytes of a table's cell and its 0; the longest is a name. */
#define CELL_SIZE 256

enum column {
    COLUMN_NAME,
    COLUMN_SYMBOL,
    COLUMN_PRICE,
    COLUMN_CHANGE,
    COLUMN_AGE,
    COLUMN_STATE,
    COLUMNS, /* how many there are */
};

struct heading {
    const char *text;
    bool is_right; /* numbers stand at the right of their column */
};

static const struct heading headings[COLUMNS] = {
    [COLUMN_NAME] = {"NAME", false},  [COLUMN_SYMBOL] = {"SYMBOL", false},
    [COLUMN_PRICE] = {"PRICE", true}, [COLUMN_CHANGE] = {"CHANGE", true},
    [COLUMN_AGE] = {"AGE", true},     [COLUMN_STATE] = {"STATE", false},
};

/* SGR sequences of ECMA-48; the plainest colours every terminal has. */
#define COLOR_NONE   ""
#define COLOR_BOLD   "\033[1m"
#define COLOR_RED    "\033[31m"
#define COLOR_GREEN  "\033[32m"
#define COLOR_YELLOW "\033[33m"
#define COLOR_OFF    "\033[0m"

void show_age(char out[SHOW_AGE_SIZE], long long age_ms)
{
    if (age_ms < 0) {
        snprintf(out, SHOW_AGE_SIZE, "-");
    } else if (age_ms < 1000) {
        snprintf(out, SHOW_AGE_SIZE, "%lldms", age_ms);
    } else if (age_ms < 60 * 1000) {
        snprintf(out, SHOW_AGE_SIZE, "%llds", age_ms / 1000);
    } else if (age_ms < 60 * 60 * 1000) {
        snprintf(out, SHOW_AGE_SIZE, "%lldm", age_ms / 1000 / 60);
    } else if (age_ms < 24LL * 60 * 60 * 1000) {
        snprintf(out, SHOW_AGE_SIZE, "%lldh", age_ms / 1000 / 60 / 60);
    } else {
        snprintf(out, SHOW_AGE_SIZE, "%lldd", age_ms / 1000 / 60 / 60 / 24);
    }
}

/* --- The table ------------------------------------------------------------ */

static const char *sign_of(const struct quoted_number *number)
{
    return number->digits > 0 && number->text[0] != '+' ? "+" : "";
}

void show_change(char *out, size_t size, const struct quoted_quote *quote)
{
    const struct quoted_number *change = &quote->change;
    const struct quoted_number *percent = &quote->change_percent;
    if (change->text[0] == '\0') {
        snprintf(out, size, "-");
    } else if (percent->text[0] == '\0') {
        snprintf(out, size, "%s%s", sign_of(change), change->text);
    } else {
        snprintf(out, size, "%s%s (%s%s%%)", sign_of(change), change->text,
                 sign_of(percent), percent->text);
    }
}

void show_state(char *out, size_t size, const struct quoted_quote *quote)
{
    if (quote->status == 0) {
        const char *state = quoted_state_name(quote->state);
        snprintf(out, size, "%s", state[0] != '\0' ? state : "-");
        return;
    }
    snprintf(out, size, "%s", quoted_error_name(quote->status));
    for (char *at = out; *at != '\0'; at++) {
        *at = (char)tolower((unsigned char)*at);
    }
}

static void price_cell(char out[CELL_SIZE], const struct quoted_quote *quote)
{
    bool has_currency = quote->currency[0] != '\0';
    snprintf(out, CELL_SIZE, "%s%s%s", quote->price.text,
             has_currency ? " " : "", quote->currency);
}

static void failed_cell(char out[CELL_SIZE], enum column column,
                        const char *name, const struct quoted_quote *quote)
{
    if (column == COLUMN_NAME) {
        snprintf(out, CELL_SIZE, "%s", name);
    } else if (column == COLUMN_STATE) {
        show_state(out, CELL_SIZE, quote);
    } else {
        snprintf(out, CELL_SIZE, "-");
    }
}

static void cell(char out[CELL_SIZE], enum column column, const char *name,
                 const struct quoted_quote *quote)
{
    if (quote->status != 0) {
        failed_cell(out, column, name, quote);
        return;
    }
    switch (column) {
    case COLUMN_NAME:
        snprintf(out, CELL_SIZE, "%s",
                 quote->name[0] != '\0' ? quote->name : name);
        break;
    case COLUMN_SYMBOL:
        snprintf(out, CELL_SIZE, "%s", quote->symbol);
        break;
    case COLUMN_PRICE:
        price_cell(out, quote);
        break;
    case COLUMN_CHANGE:
        show_change(out, CELL_SIZE, quote);
        break;
    case COLUMN_AGE:
        show_age(out, quote->age_ms);
        break;
    default:
        show_state(out, CELL_SIZE, quote);
        break;
    }
}

size_t show_width(const char *text)
{
    size_t width = 0;
    for (; *text != '\0'; text++) {
        width += ((unsigned char)*text & 0xc0) != 0x80;
    }
    return width;
}

static const char *color_of(enum column column,
                            const struct quoted_quote *quote)
{
    if (quote->status != 0) {
        return column == COLUMN_STATE ? COLOR_RED : COLOR_NONE;
    }
    if (column == COLUMN_STATE && quote->state == QUOTED_STATE_STALE) {
        return COLOR_YELLOW;
    }
    if (column != COLUMN_CHANGE || quote->change.digits == 0) {
        return COLOR_NONE;
    }
    return quote->change.digits > 0 ? COLOR_GREEN : COLOR_RED;
}

static void put_padded(const struct show *show, const char *text,
                       enum column column, size_t width, const char *color)
{
    FILE *out = show->out;
    size_t own = show_width(text);
    int padding = own < width ? (int)(width - own) : 0;
    bool is_colored = show->has_colors && color[0] != '\0';
    if (headings[column].is_right) {
        fprintf(out, "%*s", padding, "");
    }
    fprintf(out, "%s%s%s", is_colored ? color : "", text,
            is_colored ? COLOR_OFF : "");
    if (column + 1 == COLUMNS) {
        fputc('\n', out);
        return; // no spaces at the end of a line
    }
    fprintf(out, "%*s", headings[column].is_right ? 2 : padding + 2, "");
}

static void show_table(const struct show *show, char *const *names,
                       const struct quoted_quote *quotes, size_t n)
{
    size_t widths[COLUMNS];
    char text[CELL_SIZE];
    for (enum column c = 0; c < COLUMNS; c++) {
        widths[c] = show_width(headings[c].text);
        for (size_t i = 0; i < n; i++) {
            cell(text, c, names[i], &quotes[i]);
            widths[c] =
                widths[c] > show_width(text) ? widths[c] : show_width(text);
        }
    }
    if (show->written > 0) {
        fputc('\n', show->out);
    }
    for (enum column c = 0; c < COLUMNS; c++) {
        put_padded(show, headings[c].text, c, widths[c], COLOR_BOLD);
    }
    for (size_t i = 0; i < n; i++) {
        for (enum column c = 0; c < COLUMNS; c++) {
            cell(text, c, names[i], &quotes[i]);
            put_padded(show, text, c, widths[c], color_of(c, &quotes[i]));
        }
    }
}

/* --- Fields, for JSON and CSV --------------------------------------------- */

struct field {
    const char *name;
    const char *text; /* "" where it is not known */
    bool is_number;   /* in JSON; prices are strings there, to stay exact */
};

#define FIELDS 22

/* All fields of a quote in the order they are shown. */
static void fields_of(struct field out[FIELDS], char age[SHOW_AGE_SIZE],
                      const char *asked, const struct quoted_quote *quote)
{
    bool failed = quote->status != 0;
    age[0] = '\0';
    if (quote->age_ms >= 0 && !failed) {
        snprintf(age, SHOW_AGE_SIZE, "%lld", (long long)quote->age_ms);
    }
    const struct field fields[FIELDS] = {
        {"asked", asked, false},
        {"symbol", quote->symbol, false},
        {"name", quote->name, false},
        {"price", quote->price.text, false},
        {"currency", quote->currency, false},
        {"open", quote->open.text, false},
        {"high", quote->high.text, false},
        {"low", quote->low.text, false},
        {"previous_close", quote->previous_close.text, false},
        {"change", quote->change.text, false},
        {"change_percent", quote->change_percent.text, false},
        {"volume", quote->volume.text, false},
        {"as_of", quote->as_of, false},
        {"fetched", quote->fetched, false},
        {"age_ms", age, true},
        {"state", quoted_state_name(quote->state), false},
        {"delay", quote->delay, false},
        {"unit_factor", quote->unit_factor, false},
        {"source", quote->source, false},
        {"server", quote->server, false},
        {"error", failed ? quoted_error_name(quote->status) : "", false},
        {"message", quote->message, false},
    };
    memcpy(out, fields, sizeof(fields));
}

void show_json_text(FILE *out, const char *text)
{
    fputc('"', out);
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\') {
            fputc('\\', out);
        }
        fputc(*text, out); // no control characters: quoted.h says so
    }
    fputc('"', out);
}

static void put_json(const struct show *show, const char *asked,
                     const struct quoted_quote *quote)
{
    struct field fields[FIELDS];
    char age[SHOW_AGE_SIZE];
    fields_of(fields, age, asked, quote);
    fputc('{', show->out);
    const char *separator = "";
    for (size_t i = 0; i < FIELDS; i++) {
        if (fields[i].text[0] == '\0') {
            continue;
        }
        fprintf(show->out, "%s\"%s\": ", separator, fields[i].name);
        separator = ", ";
        if (fields[i].is_number) {
            fputs(fields[i].text, show->out);
        } else {
            show_json_text(show->out, fields[i].text);
        }
    }
    fputc('}', show->out);
}

static void show_json(const struct show *show, const char *asked,
                      const struct quoted_quote *quote, bool is_first)
{
    fputs(is_first ? "\n  " : ",\n  ", show->out);
    put_json(show, asked, quote);
}

/* RFC 4180: quotes around what holds a separator, and doubled inside. */
void show_csv_text(FILE *out, const char *text)
{
    if (strpbrk(text, ",\"\r\n") == NULL) {
        fputs(text, out);
        return;
    }
    fputc('"', out);
    for (; *text != '\0'; text++) {
        if (*text == '"') {
            fputc('"', out);
        }
        fputc(*text, out);
    }
    fputc('"', out);
}

static void show_csv(const struct show *show, const char *asked,
                     const struct quoted_quote *quote)
{
    struct field fields[FIELDS];
    char age[SHOW_AGE_SIZE];
    fields_of(fields, age, asked, quote);
    for (size_t i = 0; i < FIELDS; i++) {
        show_csv_text(show->out, fields[i].text);
        fputc(i + 1 < FIELDS ? ',' : '\n', show->out);
    }
}

static void show_csv_head(const struct show *show)
{
    const struct quoted_quote none = QUOTED_QUOTE_INIT;
    struct field fields[FIELDS];
    char age[SHOW_AGE_SIZE];
    fields_of(fields, age, "", &none);
    for (size_t i = 0; i < FIELDS; i++) {
        fprintf(show->out, "%s%c", fields[i].name, i + 1 < FIELDS ? ',' : '\n');
    }
}

/* --- Documents ------------------------------------------------------------ */

void show_begin(struct show *show)
{
    show->written = 0;
    if (show->format == ARGUMENTS_JSON) {
        fputc('[', show->out);
    } else if (show->format == ARGUMENTS_CSV) {
        show_csv_head(show);
    }
}

void show_pass(struct show *show, char *const *names,
               const struct quoted_quote *quotes, size_t n)
{
    if (show->format == ARGUMENTS_TABLE) {
        show_table(show, names, quotes, n);
    }
    for (size_t i = 0; i < n; i++) {
        if (show->format == ARGUMENTS_JSON) {
            show_json(show, names[i], &quotes[i], show->written + i == 0);
        } else if (show->format == ARGUMENTS_CSV) {
            show_csv(show, names[i], &quotes[i]);
        } else if (show->format == ARGUMENTS_PLAIN && quotes[i].status == 0) {
            fprintf(show->out, "%s %s\n", quotes[i].symbol,
                    quotes[i].price.text);
        }
    }
    show->written += n;
}

void show_end(struct show *show)
{
    if (show->format == ARGUMENTS_JSON) {
        fputs(show->written > 0 ? "\n]\n" : "]\n", show->out);
    }
}

/* --- Lines ------------------------------------------------------------------
 */

/* "14:03:12 IBM 135.60 USD +1.10 (+0.82%) fresh" */
static void show_news(const struct show *show, const char *name,
                      const struct quoted_quote *quote)
{
    char clock[16] = "";
    char price[CELL_SIZE] = "-";
    char change[CELL_SIZE];
    char state[CELL_SIZE];
    time_t now = time(NULL);
    struct tm local;
    if (localtime_r(&now, &local) != NULL) {
        strftime(clock, sizeof(clock), "%H:%M:%S", &local);
    }
    if (quote->status == 0) {
        price_cell(price, quote);
    }
    show_change(change, sizeof(change), quote);
    show_state(state, sizeof(state), quote);
    fprintf(show->out, "%s %s %s %s %s\n", clock,
            quote->status == 0 ? quote->symbol : name, price, change, state);
}

void show_line(const struct show *show, const char *name,
               const struct quoted_quote *quote)
{
    switch (show->format) {
    case ARGUMENTS_JSON:
        put_json(show, name, quote);
        fputc('\n', show->out);
        break;
    case ARGUMENTS_CSV:
        show_csv(show, name, quote);
        break;
    case ARGUMENTS_PLAIN:
        if (quote->status == 0) {
            fprintf(show->out, "%s %s\n", quote->symbol, quote->price.text);
        }
        break;
    default:
        show_news(show, name, quote);
        break;
    }
}
