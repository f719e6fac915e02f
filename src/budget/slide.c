/* SPDX-License-Identifier: Apache-2.0 */
#include "budget/slide.h"

#include <inttypes.h>

#include "base/check.h"
#include "base/err.h"
#include "budget/integers.h"

/* Instants beyond this many ms (285,000 years) are no instants; below it no sum
 * of two overflows. */
#define INSTANT_MS_LIMIT (INT64_C(1) << 53)

/* A fifth of a second's rule, and a twentieth of an hour's, is more than calls
 * are late; a provider answers one that came early with a refusal. */
static uint64_t margin_ms(uint64_t length_ms)
{
    uint64_t margin = length_ms / 20;
    const uint64_t least = 200;
    const uint64_t most = 5000;
    return margin < least ? least : margin > most ? most : margin;
}

void slide_init(struct slide *slide, uint32_t n, uint64_t length_ms)
{
    CHECK(n > 0);
    CHECK(length_ms > 0);
    uint64_t cell_ms =
        (length_ms + margin_ms(length_ms) + SLIDE_CELLS - 1) / SLIDE_CELLS;
    CHECK(cell_ms <= UINT32_MAX);
    *slide = (struct slide){
        .n = n,
        .cell_ms = (uint32_t)cell_ms,
        .newest = -INSTANT_MS_LIMIT,
    };
}

/* The number of a cell; cells are numbered on both sides of 0 alike. */
static int64_t cell_at(const struct slide *slide, int64_t now_ms)
{
    int64_t cell = now_ms / slide->cell_ms;
    return now_ms % slide->cell_ms < 0 ? cell - 1 : cell;
}

/* Move on to the cell of now; a clock that went back stays where it is. */
static void advance(struct slide *slide, int64_t now_ms)
{
    int64_t cell = cell_at(slide, now_ms);
    if (cell <= slide->newest) {
        return;
    }
    uint64_t steps = (uint64_t)cell - (uint64_t)slide->newest;
    slide->newest = cell;
    for (int i = SLIDE_CELLS; i >= 0; i--) {
        bool was_there = (uint64_t)i >= steps;
        slide->spent[i] = was_there ? slide->spent[(uint64_t)i - steps] : 0;
    }
}

static uint64_t sum(const struct slide *slide)
{
    uint64_t spent = 0;
    for (int i = 0; i <= SLIDE_CELLS; i++) {
        spent += slide->spent[i];
    }
    return spent;
}

uint32_t slide_left(struct slide *slide, int64_t now_ms)
{
    advance(slide, now_ms);
    uint64_t spent = sum(slide);
    return spent >= slide->n ? 0 : (uint32_t)(slide->n - spent);
}

uint64_t slide_wait_ms(struct slide *slide, int64_t now_ms, uint32_t count)
{
    CHECK(count <= slide->n);
    advance(slide, now_ms);
    uint64_t spent = sum(slide);
    int oldest = SLIDE_CELLS;
    while (oldest >= 0 && spent + count > slide->n) {
        spent -= slide->spent[oldest];
        oldest--;
    }
    if (oldest == SLIDE_CELLS) {
        return 0;
    }
    // Cell `oldest + 1` is out of the stretch when `oldest` is the last in it.
    int64_t first = slide->newest + SLIDE_CELLS - oldest;
    return (uint64_t)(first * slide->cell_ms - now_ms);
}

void slide_spend(struct slide *slide, int64_t now_ms, uint32_t count)
{
    advance(slide, now_ms);
    CHECK(slide->spent[0] <= UINT32_MAX - count);
    slide->spent[0] += count;
}

void slide_save(const struct slide *slide, struct buffer *out)
{
    buffer_printf(out, "%" PRIu32 " %" PRId64, slide->cell_ms, slide->newest);
    int last = SLIDE_CELLS;
    while (last >= 0 && slide->spent[last] == 0) {
        last--;
    }
    for (int i = 0; i <= last; i++) {
        buffer_printf(out, " %" PRIu32, slide->spent[i]);
    }
}

/* The cell `i` of what was saved, as the instant at which it ended. */
static bool ended_at(int64_t *out, int64_t newest, uint32_t cell_ms, int i)
{
    int64_t cell = newest - i + 1;
    int64_t most = INSTANT_MS_LIMIT / cell_ms;
    if (cell < -most || cell > most) {
        return false;
    }
    *out = cell * cell_ms - 1;
    return true;
}

int slide_load(struct slide *slide, struct span words, int64_t moved_ms)
{
    int64_t cell_ms;
    int64_t newest;
    if (integers_take(&words, &cell_ms) != 0 || cell_ms < 1 ||
        cell_ms > UINT32_MAX || integers_take(&words, &newest) != 0 ||
        newest < -INSTANT_MS_LIMIT || newest > INSTANT_MS_LIMIT ||
        moved_ms < -INSTANT_MS_LIMIT || moved_ms > INSTANT_MS_LIMIT) {
        return ERR_SYNTAX;
    }
    uint32_t spent[SLIDE_CELLS + 1] = {0};
    int64_t ended_ms[SLIDE_CELLS + 1];
    int count = 0;
    for (int64_t value; integers_take(&words, &value) == 0; count++) {
        if (count > SLIDE_CELLS || value < 0 || value > INT32_MAX ||
            !ended_at(&ended_ms[count], newest, (uint32_t)cell_ms, count)) {
            return ERR_SYNTAX;
        }
        spent[count] = (uint32_t)value;
    }
    if (words.data != NULL) {
        return ERR_SYNTAX; // something that is no number
    }
    // The cells may be of another length now: an old one counts where it ended.
    for (int i = count - 1; i >= 0; i--) {
        if (spent[i] > 0) {
            slide_spend(slide, ended_ms[i] + moved_ms, spent[i]);
        }
    }
    return 0;
}
