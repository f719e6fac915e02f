/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/follow.h"

#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include <quoted/quoted.h>

#include "cli/arguments.h"
#include "cli/board.h"
#include "cli/output.h"
#include "cli/screen.h"
#include "cli/show.h"

/* Ages are counted on the screen, a second at a time; and a flash ends. */
#define TICK_MS 500

/* More often than this nobody sees. */
#define DRAW_MS 50

/* One wait for news; a signal that comes just before it costs this at most. */
#define WAIT_MS 1000

#define STATUS_SIZE 640

/* Signals that end it, as a descriptor; -1 where there is none to be had, and
 * then they end the program.  As process 1 of a container, too, where a signal
 * that nobody takes has no effect. */
static int open_signals(void)
{
    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGINT);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGHUP);
    sigaddset(&ends, SIGQUIT); // else the terminal stayed as it is
    int fd = signalfd(-1, &ends, SFD_CLOEXEC | SFD_NONBLOCK);
    if (fd >= 0) {
        sigprocmask(SIG_BLOCK, &ends, NULL);
    }
    return fd;
}

static bool is_ended(int signals)
{
    struct pollfd polled = {.fd = signals, .events = POLLIN};
    return poll(&polled, 1, 0) > 0;
}

static uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000u + (uint64_t)now.tv_nsec / 1000000u;
}

static bool is_failure(int error)
{
    return error != 0 && error != QUOTED_E_TIMEOUT;
}

/* --- Lines ------------------------------------------------------------------
 */

/* Say when servers are lost, and when one is heard again: once each. */
static void say_servers(const struct quoted_watch *watch, int error,
                        bool *is_lost)
{
    if (is_failure(error) && !*is_lost) {
        fprintf(stderr, "quote: %s: %s; trying again\n",
                quoted_error_text(error), quoted_watch_message(watch));
        *is_lost = true;
    } else if (error == 0 && *is_lost) {
        fprintf(stderr, "quote: %s answers again\n",
                quoted_watch_server(watch));
        *is_lost = false;
    }
}

static int follow_lines(const struct follow *follow, struct quoted_watch *watch,
                        int signals)
{
    struct show show = {
        .out = stdout,
        .format = follow->arguments->format,
        .has_colors = follow->has_colors,
    };
    if (show.format == ARGUMENTS_CSV) {
        show_begin(&show);
    }
    struct quoted_quote quote = QUOTED_QUOTE_INIT;
    bool is_lost = false;
    while (!is_ended(signals) && !output_is_abandoned()) {
        size_t index;
        int error = quoted_watch_next(watch, &quote, &index, WAIT_MS);
        say_servers(watch, error, &is_lost);
        if (error == 0) {
            show_line(&show, follow->names[index], &quote);
            if (!output_flush(follow->output)) {
                return 0;
            }
        } else if (error == QUOTED_E_NOMEM) {
            return error;
        }
    }
    return 0;
}

/* --- The table --------------------------------------------------------------
 */

struct table {
    const struct follow *follow;
    struct quoted_watch *watch;
    struct screen *screen;
    int signals;
    struct board board;
    char status[STATUS_SIZE];
    bool is_well;
    bool is_dirty;
    uint64_t drawn_mono_ms;
};

/* Take what has come. */
static int take_news(struct table *table)
{
    struct quoted_quote quote = QUOTED_QUOTE_INIT;
    size_t index;
    int error;
    while ((error = quoted_watch_next(table->watch, &quote, &index, 0)) == 0) {
        board_take(&table->board, index, &quote, now_ms());
        table->is_dirty = true;
    }
    if (is_failure(error)) {
        snprintf(table->status, sizeof(table->status), "%s: %s; trying again",
                 quoted_error_text(error), quoted_watch_message(table->watch));
        table->is_dirty = table->is_dirty || table->is_well;
    } else if (quoted_watch_server(table->watch)[0] != '\0') {
        snprintf(table->status, sizeof(table->status), "quoted at %s",
                 quoted_watch_server(table->watch));
        table->is_dirty = table->is_dirty || !table->is_well;
    }
    table->is_well = !is_failure(error);
    return error == QUOTED_E_NOMEM ? error : 0;
}

static void draw_if_due(struct table *table)
{
    uint64_t now = now_ms();
    uint64_t since = now - table->drawn_mono_ms;
    if (since >= TICK_MS || (table->is_dirty && since >= DRAW_MS)) {
        board_arrange(&table->board, now);
        screen_draw(table->screen, &table->board, table->status, table->is_well,
                    now);
        table->is_dirty = false;
        table->drawn_mono_ms = now;
    }
}

/* Wait for a key, for news, or for the next drawing.  Returns whether there is
 * a terminal any more. */
static bool wait_for_any(const struct table *table)
{
    struct pollfd polled[] = {
        {.fd = STDIN_FILENO, .events = POLLIN},
        {.fd = quoted_watch_fd(table->watch), .events = POLLIN},
        {.fd = table->signals, .events = POLLIN},
    };
    uint64_t since = now_ms() - table->drawn_mono_ms;
    uint64_t until = table->is_dirty ? DRAW_MS : TICK_MS;
    poll(polled, sizeof(polled) / sizeof(polled[0]),
         since < until ? (int)(until - since) : 0);
    return (polled[0].revents & (POLLHUP | POLLERR | POLLNVAL)) == 0;
}

static int run_table(struct table *table)
{
    while (!is_ended(table->signals)) {
        int error = take_news(table);
        if (error != 0) {
            return error;
        }
        enum screen_wish wish = screen_obey(table->screen, &table->board);
        if (wish == SCREEN_QUIT) {
            return 0;
        }
        if (wish == SCREEN_CHANGED) {
            table->is_dirty = true;
            table->drawn_mono_ms = 0; // at once
        }
        draw_if_due(table);
        if (!wait_for_any(table)) {
            return 0;
        }
    }
    return 0;
}

static int follow_table(struct table *table)
{
    const struct follow *follow = table->follow;
    int error = QUOTED_E_NOMEM;
    if (board_init(&table->board, (const char *const *)follow->names,
                   follow->names_count) == 0) {
        error = run_table(table);
    }
    board_deinit(&table->board);
    return error;
}

static bool is_live(const struct follow *follow)
{
    return follow->arguments->format == ARGUMENTS_TABLE &&
           isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1;
}

int follow_run(const struct follow *follow)
{
    struct quoted_watch *watch;
    int error = quoted_watch_open(&watch, follow->server, follow->options,
                                  (const char *const *)follow->names,
                                  follow->names_count);
    if (error != 0) {
        fprintf(stderr, "quote: %s: %s\n", follow->server,
                quoted_error_text(error));
        return error;
    }
    struct table table = {
        .follow = follow,
        .watch = watch,
        .signals = open_signals(),
        .status = "connecting...",
        .is_well = true,
        .is_dirty = true,
    };
    if (is_live(follow) &&
        screen_open(&table.screen, follow->has_colors) != 0) {
        fprintf(stderr, "quote: no live table: $TERM names no terminal that is "
                        "known here; a line a change instead\n");
    }
    error = table.screen != NULL ? follow_table(&table)
                                 : follow_lines(follow, watch, table.signals);
    screen_close(&table.screen);
    if (table.signals >= 0) {
        close(table.signals);
    }
    quoted_watch_close(&watch);
    if (error != 0) {
        fprintf(stderr, "quote: %s\n", quoted_error_text(error));
    }
    return error;
}
