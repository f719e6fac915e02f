/* SPDX-License-Identifier: Apache-2.0 */
/*
 * screen.h -- a board on a terminal, by ncurses, which is used here only.
 *
 *     IBM    International Busi…   135.60 USD  +1.10 (+0.82%)  ▁▂▄▆█  12s fresh
 *
 * Threads: main.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct board;  /* cli/board.h */
struct screen; /* opaque; see screen.c */

/* What the user has asked for. */
enum screen_wish {
    SCREEN_NOTHING,
    SCREEN_CHANGED, /* something of the view: draw again */
    SCREEN_QUIT,
};

/* Take over the terminal.  Returns 0 and *out is the caller's, to be ended with
 * screen_close(); -1 where $TERM is not known to it or memory is short. */
int screen_open(struct screen **out, bool has_colors);

/* Give the terminal back as it was, and set *screen to NULL; NULL already is
 * allowed. */
void screen_close(struct screen **screen);

/* Draw the board; `status` is what the first line says of the server. */
void screen_draw(struct screen *screen, const struct board *board,
                 const char *status, bool is_well, uint64_t now_mono_ms);

/* Obey the keys that were typed, which may change the board's order, filter and
 * what of it is seen.  Never waits. */
enum screen_wish screen_obey(struct screen *screen, struct board *board);
