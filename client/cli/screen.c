/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/screen.h"

#include <curses.h>
#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include <quoted/quoted.h>

#include "cli/board.h"
#include "cli/show.h"

/* Pairs of colours, by number; 0 is as the terminal has it. */
enum color {
    PAIR_PLAIN,
    PAIR_UP,
    PAIR_DOWN,
    PAIR_OLD,
    PAIR_BAD,
    PAIR_QUIET,
};

#define LINE_STATUS  0
#define LINE_HEADING 1
#define LINE_FIRST   2
#define LINES_AROUND 3 /* these two and the last */

/* Columns of the table, and the least that the rest needs.  A terminal that is
 * narrower has a symbol and a price, each as wide as may be. */
#define WIDTH_SYMBOL 10
#define SYMBOL_LEAST 5
#define WIDTH_PRICE  16
#define PRICE_LEAST  10
#define WIDTH_CHANGE 18
#define WIDTH_AGE    6
#define WIDTH_STATE  8
#define WIDTH_NAME   28
#define NAME_LEAST   8
#define SPARK_LEAST  10
#define SPARK_FAIR   16
#define WIDTH_LEAST  (WIDTH_SYMBOL + WIDTH_PRICE + 2)

#define CELL_SIZE 160

struct screen {
    SCREEN *terminal;
    size_t top; /* of the board's shown rows, on the first line */
    bool has_colors;
    bool is_utf8;
    bool is_typing; /* a filter */
};

/* --- The terminal -----------------------------------------------------------
 */

static bool start_colors(void)
{
    if (!has_colors() || start_color() != OK) {
        return false;
    }
    use_default_colors();
    init_pair(PAIR_UP, COLOR_GREEN, -1);
    init_pair(PAIR_DOWN, COLOR_RED, -1);
    init_pair(PAIR_OLD, COLOR_YELLOW, -1);
    init_pair(PAIR_BAD, COLOR_RED, -1);
    init_pair(PAIR_QUIET, COLOR_CYAN, -1);
    return true;
}

int screen_open(struct screen **out, bool has_colors)
{
    *out = NULL;
    setlocale(LC_CTYPE, "");
    struct screen *screen = calloc(1, sizeof(*screen));
    if (screen == NULL) {
        return -1;
    }
    screen->terminal = newterm(NULL, stdout, stdin);
    if (screen->terminal == NULL) {
        free(screen);
        return -1;
    }
    screen->is_utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    screen->has_colors = has_colors && start_colors();
    cbreak();
    noecho();
    keypad(stdscr, TRUE);
    nodelay(stdscr, TRUE);
    set_escdelay(25);
    curs_set(0);
    *out = screen;
    return 0;
}

void screen_close(struct screen **screen)
{
    struct screen *gone = *screen;
    if (gone == NULL) {
        return;
    }
    *screen = NULL;
    endwin();
    delscreen(gone->terminal);
    free(gone);
}

/* --- Drawing ----------------------------------------------------------------
 */

static void paint(const struct screen *screen, enum color color, int attributes)
{
    attrset(attributes);
    if (screen->has_colors && color != PAIR_PLAIN) {
        attron(COLOR_PAIR(color));
    }
}

/* Cut a text to a number of characters, marked where it was longer. */
static void cut(char *text, int width, bool is_utf8)
{
    if ((int)show_width(text) <= width) {
        return;
    }
    const char *mark = is_utf8 ? "…" : "~";
    char *at = text;
    for (int left = width - 1; *at != '\0'; at++) {
        if (((unsigned char)*at & 0xc0) == 0x80) {
            continue;
        }
        if (left == 0) {
            break;
        }
        left--;
    }
    memcpy(at, mark, strlen(mark) + 1);
}

/* Write a cell at a column, right-aligned where width is below 0. */
static void put(const struct screen *screen, int line, int column, int width,
                const char *text)
{
    char cell[CELL_SIZE];
    snprintf(cell, sizeof(cell) - 4, "%s", text);
    int room = width < 0 ? -width : width;
    if (column >= COLS) {
        return;
    }
    // Beyond its end curses goes on with the next line.
    room = room < COLS - column ? room : COLS - column;
    cut(cell, room, screen->is_utf8);
    int at = width < 0 ? column + room - (int)show_width(cell) : column;
    mvaddstr(line, at, cell);
}

/* Where the columns begin; 0 for one that there is no room for. */
struct layout {
    int symbol_width;
    int name;
    int price;
    int price_width;
    int change;
    int spark;
    int spark_width;
    int age;
    int state;
};

/* Give room to the columns, the most telling first. */
static struct layout lay_out(int width)
{
    struct layout at = {
        .symbol_width = WIDTH_SYMBOL,
        .price = WIDTH_SYMBOL + 1,
        .price_width = WIDTH_PRICE,
    };
    if (width < WIDTH_LEAST - 1) {
        int symbol = width - PRICE_LEAST - 1;
        at.symbol_width = symbol < SYMBOL_LEAST   ? SYMBOL_LEAST
                          : symbol < WIDTH_SYMBOL ? symbol
                                                  : WIDTH_SYMBOL;
        at.price = at.symbol_width + 1;
        at.price_width = width > at.price ? width - at.price : 1;
        return at;
    }
    int left = width - WIDTH_LEAST;
    bool has_change = left >= WIDTH_CHANGE + 2;
    left -= has_change ? WIDTH_CHANGE + 2 : 0;
    bool has_state = left >= WIDTH_AGE + WIDTH_STATE + 3;
    left -= has_state ? WIDTH_AGE + WIDTH_STATE + 3 : 0;
    int spark = left < SPARK_LEAST ? 0 : left < SPARK_FAIR ? left : SPARK_FAIR;
    left -= spark > 0 ? spark + 2 : 0;
    if (left >= NAME_LEAST) {
        int name = left < WIDTH_NAME ? left : WIDTH_NAME;
        at.name = WIDTH_SYMBOL + 1;
        at.price += name + 1;
        left -= name + 1;
    }
    if (spark == SPARK_FAIR && left > 0) {
        int most = (int)SPARK_STEPS - SPARK_FAIR;
        spark += left < most ? left : most;
    }
    int next = at.price + WIDTH_PRICE + 2;
    if (has_change) {
        at.change = next;
        next += WIDTH_CHANGE + 2;
    }
    if (spark > 0) {
        at.spark = next;
        at.spark_width = spark;
        next += spark + 2;
    }
    if (has_state) {
        at.age = next;
        at.state = next + WIDTH_AGE + 2;
    }
    return at;
}

static void draw_heading(const struct screen *screen, const struct layout *at)
{
    paint(screen, PAIR_PLAIN, A_BOLD);
    put(screen, LINE_HEADING, 0, at->symbol_width, "SYMBOL");
    if (at->name > 0) {
        put(screen, LINE_HEADING, at->name, at->price - at->name - 1, "NAME");
    }
    put(screen, LINE_HEADING, at->price, -at->price_width, "PRICE");
    if (at->change > 0) {
        put(screen, LINE_HEADING, at->change, -WIDTH_CHANGE, "CHANGE");
    }
    if (at->spark > 0) {
        put(screen, LINE_HEADING, at->spark, at->spark_width, "COURSE");
    }
    if (at->age > 0) {
        put(screen, LINE_HEADING, at->age, -WIDTH_AGE, "AGE");
        put(screen, LINE_HEADING, at->state, WIDTH_STATE, "STATE");
    }
}

static void draw_state(const struct screen *screen, int line, int column,
                       const struct quoted_quote *quote)
{
    char text[CELL_SIZE];
    show_state(text, sizeof(text), quote);
    bool is_old = quote->state == QUOTED_STATE_STALE;
    enum color color = quote->status != 0 ? PAIR_BAD
                       : is_old           ? PAIR_OLD
                                          : PAIR_PLAIN;
    paint(screen, color, 0);
    put(screen, line, column, WIDTH_STATE, text);
}

static enum color color_of_change(const struct quoted_quote *quote)
{
    return quote->change.digits > 0   ? PAIR_UP
           : quote->change.digits < 0 ? PAIR_DOWN
                                      : PAIR_PLAIN;
}

static void draw_price(const struct screen *screen, int line,
                       const struct layout *at, const struct board_row *row,
                       uint64_t now_mono_ms)
{
    const struct quoted_quote *quote = &row->quote;
    char text[CELL_SIZE];
    int flash = board_flash(row, now_mono_ms);
    snprintf(text, sizeof(text), "%s %s", quote->price.text, quote->currency);
    if ((int)show_width(text) > at->price_width) {
        snprintf(text, sizeof(text), "%s", quote->price.text);
    }
    paint(screen,
          flash > 0   ? PAIR_UP
          : flash < 0 ? PAIR_DOWN
                      : PAIR_PLAIN,
          flash != 0 ? A_REVERSE : A_BOLD);
    put(screen, line, at->price, -at->price_width, text);
    if (at->change > 0) {
        show_change(text, sizeof(text), quote);
        paint(screen, color_of_change(quote), 0);
        put(screen, line, at->change, -WIDTH_CHANGE, text);
    }
    if (at->spark > 0) {
        char course[SPARK_TEXT_SIZE];
        spark_text(&row->spark, course, (size_t)at->spark_width,
                   screen->is_utf8);
        paint(screen, PAIR_QUIET, 0);
        mvaddstr(line, at->spark, course);
    }
}

static void draw_row(const struct screen *screen, int line,
                     const struct layout *at, const struct board_row *row,
                     uint64_t now_mono_ms)
{
    const struct quoted_quote *quote = &row->quote;
    paint(screen, PAIR_PLAIN, 0);
    put(screen, line, 0, at->symbol_width,
        row->is_known ? quote->symbol : row->name);
    if (at->name > 0) {
        put(screen, line, at->name, at->price - at->name - 1,
            row->is_known && quote->name[0] != '\0' ? quote->name : row->name);
    }
    if (row->is_known) {
        draw_price(screen, line, at, row, now_mono_ms);
    }
    if (at->age > 0 && (row->is_known || quote->status != 0)) {
        char age[SHOW_AGE_SIZE];
        show_age(age, board_age_ms(row, now_mono_ms));
        paint(screen, PAIR_PLAIN, 0);
        put(screen, line, at->age, -WIDTH_AGE, age);
        draw_state(screen, line, at->state, quote);
    }
}

static void draw_foot(const struct screen *screen, const struct board *board,
                      int line, int width)
{
    char text[CELL_SIZE];
    if (screen->is_typing) {
        snprintf(text, sizeof(text), "/%s_   Enter: keep, Esc: all",
                 board->filter);
    } else {
        snprintf(text, sizeof(text),
                 "q quit  s sort: %s%s  r reverse  / filter%s%s  "
                 "%zu of %zu",
                 board_order_name(board->order),
                 board->is_reversed ? " (reversed)" : "",
                 board->filter[0] != '\0' ? ": " : "", board->filter,
                 board->shown_count, board->count);
    }
    paint(screen, PAIR_QUIET, 0);
    put(screen, line, 0, width, text);
}

/* The row that is seen first, where the board or the terminal has shrunk. */
static void clamp_top(struct screen *screen, const struct board *board,
                      size_t room)
{
    size_t most = board->shown_count > room ? board->shown_count - room : 0;
    screen->top = screen->top > most ? most : screen->top;
}

void screen_draw(struct screen *screen, const struct board *board,
                 const char *status, bool is_well, uint64_t now_mono_ms)
{
    int height;
    int width;
    getmaxyx(stdscr, height, width);
    erase();
    struct layout at = lay_out(width);
    size_t room = height > LINES_AROUND ? (size_t)(height - LINES_AROUND) : 0;
    clamp_top(screen, board, room);
    paint(screen, is_well ? PAIR_QUIET : PAIR_BAD, is_well ? 0 : A_BOLD);
    put(screen, LINE_STATUS, 0, width, status);
    draw_heading(screen, &at);
    for (size_t i = 0; i < room && screen->top + i < board->shown_count; i++) {
        const struct board_row *row =
            &board->rows[board->shown[screen->top + i]];
        draw_row(screen, LINE_FIRST + (int)i, &at, row, now_mono_ms);
    }
    if (height > LINES_AROUND) {
        draw_foot(screen, board, height - 1, width);
    }
    attrset(0);
    refresh();
}

/* --- Keys -------------------------------------------------------------------
 */

static enum screen_wish type(struct screen *screen, struct board *board,
                             int key)
{
    size_t len = strlen(board->filter);
    if (key == '\n' || key == KEY_ENTER) {
        screen->is_typing = false;
    } else if (key == 27) { // Esc
        screen->is_typing = false;
        board->filter[0] = '\0';
    } else if (key == KEY_BACKSPACE || key == 127 || key == '\b') {
        board->filter[len > 0 ? len - 1 : 0] = '\0';
    } else if (key >= ' ' && key < 127 && len + 1 < sizeof(board->filter)) {
        board->filter[len] = (char)key;
        board->filter[len + 1] = '\0';
    }
    return SCREEN_CHANGED;
}

static void scroll_by(struct screen *screen, long rows)
{
    if (rows < 0 && screen->top < (size_t)-rows) {
        screen->top = 0;
    } else {
        screen->top += (size_t)rows; // drawing sees to its end
    }
}

static bool scrolls(struct screen *screen, int key)
{
    int page =
        getmaxy(stdscr) > LINES_AROUND ? getmaxy(stdscr) - LINES_AROUND : 1;
    switch (key) {
    case KEY_UP:
    case 'k':
        scroll_by(screen, -1);
        return true;
    case KEY_DOWN:
    case 'j':
        scroll_by(screen, 1);
        return true;
    case KEY_PPAGE:
        scroll_by(screen, -page);
        return true;
    case KEY_NPAGE:
    case ' ':
        scroll_by(screen, page);
        return true;
    case KEY_HOME:
        screen->top = 0;
        return true;
    case KEY_END:
        screen->top = SIZE_MAX / 2;
        return true;
    default:
        return false;
    }
}

static enum screen_wish obey_key(struct screen *screen, struct board *board,
                                 int key)
{
    if (screen->is_typing) {
        return type(screen, board, key);
    }
    if (scrolls(screen, key)) {
        return SCREEN_CHANGED;
    }
    switch (key) {
    case 'q':
    case 'Q':
        return SCREEN_QUIT;
    case 's':
        board->order = (enum board_order)((board->order + 1) % BOARD_ORDERS);
        return SCREEN_CHANGED;
    case 'r':
        board->is_reversed = !board->is_reversed;
        return SCREEN_CHANGED;
    case '/':
        screen->is_typing = true;
        board->filter[0] = '\0';
        return SCREEN_CHANGED;
    case 27: // Esc
        board->filter[0] = '\0';
        return SCREEN_CHANGED;
    case 'L' - '@': // Ctrl-L, as everywhere
        clearok(stdscr, TRUE);
        return SCREEN_CHANGED;
    case KEY_RESIZE:
        return SCREEN_CHANGED;
    default:
        return SCREEN_NOTHING;
    }
}

enum screen_wish screen_obey(struct screen *screen, struct board *board)
{
    enum screen_wish wish = SCREEN_NOTHING;
    int key;
    while (wish != SCREEN_QUIT && (key = getch()) != ERR) {
        enum screen_wish one = obey_key(screen, board, key);
        wish = one == SCREEN_NOTHING ? wish : one;
    }
    return wish;
}
