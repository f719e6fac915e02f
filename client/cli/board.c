/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/board.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

const char *board_order_name(enum board_order order)
{
    static const char *const names[BOARD_ORDERS] = {
        [BOARD_AS_GIVEN] = "as given", [BOARD_BY_SYMBOL] = "symbol",
        [BOARD_BY_PRICE] = "price",    [BOARD_BY_CHANGE] = "change %",
        [BOARD_BY_AGE] = "age",        [BOARD_BY_STATE] = "state",
    };
    return names[order];
}

int board_init(struct board *board, const char *const *names, size_t count)
{
    *board = (struct board){
        .rows = calloc(count, sizeof(*board->rows)),
        .shown = calloc(count, sizeof(*board->shown)),
    };
    if (board->rows == NULL || board->shown == NULL) {
        return -1;
    }
    board->count = count;
    for (size_t i = 0; i < count; i++) {
        board->rows[i].name = names[i];
    }
    return 0;
}

void board_deinit(struct board *board)
{
    free(board->rows);
    free(board->shown);
    *board = (struct board){.rows = NULL};
}

static double value_of(const struct quoted_number *number)
{
    return number->text[0] == '\0' ? 0 : strtod(number->text, NULL);
}

void board_take(struct board *board, size_t index,
                const struct quoted_quote *quote, uint64_t now_mono_ms)
{
    struct board_row *row = &board->rows[index];
    if (quote->status != 0) {
        row->quote.status = quote->status;
        memcpy(row->quote.message, quote->message, sizeof(quote->message));
        return;
    }
    double price = value_of(&quote->price);
    double before = value_of(&row->quote.price);
    if (row->is_known && price != before) {
        row->direction = price > before ? 1 : -1;
        row->changed_mono_ms = now_mono_ms;
    }
    row->quote = *quote;
    row->is_known = true;
    row->came_mono_ms = now_mono_ms;
    spark_take(&row->spark, price, now_mono_ms);
}

int64_t board_age_ms(const struct board_row *row, uint64_t now_mono_ms)
{
    if (!row->is_known || row->quote.age_ms < 0) {
        return -1;
    }
    return row->quote.age_ms + (int64_t)(now_mono_ms - row->came_mono_ms);
}

int board_flash(const struct board_row *row, uint64_t now_mono_ms)
{
    bool is_recent = row->direction != 0 &&
                     now_mono_ms - row->changed_mono_ms < BOARD_FLASH_MS;
    return is_recent ? row->direction : 0;
}

/* --- Order ------------------------------------------------------------------
 */

struct arranging {
    const struct board *board;
    uint64_t now_mono_ms;
};

static int compare_numbers(double a, double b)
{
    return (a > b) - (a < b);
}

static const char *symbol_of(const struct board_row *row)
{
    return row->is_known ? row->quote.symbol : row->name;
}

static int compare_rows(const struct arranging *arranging,
                        const struct board_row *a, const struct board_row *b)
{
    switch (arranging->board->order) {
    case BOARD_BY_SYMBOL:
        return strcasecmp(symbol_of(a), symbol_of(b));
    case BOARD_BY_PRICE:
        return compare_numbers(value_of(&b->quote.price),
                               value_of(&a->quote.price));
    case BOARD_BY_CHANGE:
        return compare_numbers(value_of(&b->quote.change_percent),
                               value_of(&a->quote.change_percent));
    case BOARD_BY_AGE:
        return compare_numbers((double)board_age_ms(a, arranging->now_mono_ms),
                               (double)board_age_ms(b, arranging->now_mono_ms));
    case BOARD_BY_STATE:
        return a->quote.status != b->quote.status
                   ? a->quote.status - b->quote.status
                   : b->quote.state - a->quote.state;
    default:
        return 0;
    }
}

static int compare(const void *left, const void *right, void *user)
{
    const struct arranging *arranging = user;
    const struct board *board = arranging->board;
    size_t a = *(const size_t *)left;
    size_t b = *(const size_t *)right;
    int order = compare_rows(arranging, &board->rows[a], &board->rows[b]);
    if (order == 0) {
        order = (a > b) - (a < b);
    }
    return board->is_reversed ? -order : order;
}

static bool passes(const struct board *board, const struct board_row *row)
{
    const char *filter = board->filter;
    return strcasestr(row->name, filter) != NULL ||
           strcasestr(row->quote.symbol, filter) != NULL ||
           strcasestr(row->quote.name, filter) != NULL;
}

void board_arrange(struct board *board, uint64_t now_mono_ms)
{
    board->shown_count = 0;
    for (size_t i = 0; i < board->count; i++) {
        if (passes(board, &board->rows[i])) {
            board->shown[board->shown_count] = i;
            board->shown_count++;
        }
    }
    struct arranging arranging = {.board = board, .now_mono_ms = now_mono_ms};
    qsort_r(board->shown, board->shown_count, sizeof(board->shown[0]), compare,
            &arranging);
}
