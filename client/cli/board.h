/* SPDX-License-Identifier: Apache-2.0 */
/*
 * board.h -- the live table without its terminal: what is known of each name,
 * and which of them are shown in which order.
 *
 * Pure: the time is passed in, in milliseconds of a monotonic clock.
 * Threads: the owner's.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <quoted/quoted.h>

#include "cli/spark.h"

/* A change is marked for so long. */
#define BOARD_FLASH_MS 1500u

/* Bytes of the longest filter and its 0. */
#define BOARD_FILTER_SIZE 64

enum board_order {
    BOARD_AS_GIVEN,
    BOARD_BY_SYMBOL,
    BOARD_BY_PRICE,
    BOARD_BY_CHANGE, /* in per cent */
    BOARD_BY_AGE,
    BOARD_BY_STATE,
    BOARD_ORDERS, /* how many there are */
};

struct board_row {
    const char *name; /* as it was asked for.  BORROWED */
    bool is_known;    /* the next is there */
    struct quoted_quote quote;
    uint64_t came_mono_ms;
    int direction; /* of the last change: -1, 0 or 1 */
    uint64_t changed_mono_ms;
    struct spark spark;
};

struct board {
    struct board_row *rows; /* count of them, as given */
    size_t count;
    size_t *shown; /* rows that pass the filter, in order */
    size_t shown_count;
    enum board_order order;
    bool is_reversed;
    char filter[BOARD_FILTER_SIZE]; /* "": all pass */
};

/* Begin with names, which are BORROWED.  Returns 0, or -1 for want of memory;
 * ended with board_deinit(), in both cases. */
int board_init(struct board *board, const char *const *names, size_t count);
void board_deinit(struct board *board);

/* Take what is new of a row, by its index.  A failure keeps the price that was
 * there. */
void board_take(struct board *board, size_t index,
                const struct quoted_quote *quote, uint64_t now_mono_ms);

/* Work out board->shown.  A filter passes names, symbols and companies that
 * hold it, in any case; rows that are equal stay in the order given. */
void board_arrange(struct board *board, uint64_t now_mono_ms);

/* The age of a row's price by now; -1 where it is not known. */
int64_t board_age_ms(const struct board_row *row, uint64_t now_mono_ms);

/* 1 or -1 where its price has changed within BOARD_FLASH_MS, else 0. */
int board_flash(const struct board_row *row, uint64_t now_mono_ms);

/* "symbol", "change", ....  BORROWED, static. */
const char *board_order_name(enum board_order order);
