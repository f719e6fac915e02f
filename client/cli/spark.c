/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/spark.h"

#include <stdio.h>
#include <string.h>

/* Eighths of a block, U+2581 to U+2588. */
static const char *const blocks[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};

static const char *const letters[] = {"_", ".", ",", "-", "=", "+", "*", "#"};

#define LEVELS 8

_Static_assert(sizeof(blocks) / sizeof(blocks[0]) == LEVELS &&
                   sizeof(letters) / sizeof(letters[0]) == LEVELS,
               "a sign for each level");

/* Make every two steps one. */
static void halve(struct spark *spark)
{
    for (size_t i = 0; i < spark->count; i += 2) {
        size_t last = i + 1 < spark->count ? i + 1 : i;
        spark->prices[i / 2] = spark->prices[last];
    }
    spark->count = (spark->count + 1) / 2;
    spark->step_ms *= 2;
}

void spark_take(struct spark *spark, double price, uint64_t now_mono_ms)
{
    if (spark->step_ms == 0) {
        spark->step_ms = SPARK_STEP_MS;
        spark->since_mono_ms = now_mono_ms;
    }
    while ((now_mono_ms - spark->since_mono_ms) / spark->step_ms >=
           SPARK_STEPS) {
        halve(spark);
    }
    size_t step =
        (size_t)((now_mono_ms - spark->since_mono_ms) / spark->step_ms);
    // Until it changed the price was what it was.
    for (; spark->count < step; spark->count++) {
        spark->prices[spark->count] =
            spark->count > 0 ? spark->prices[spark->count - 1] : price;
    }
    spark->prices[step] = price;
    spark->count = step + 1;
}

size_t spark_text(const struct spark *spark, char out[SPARK_TEXT_SIZE],
                  size_t width, bool is_utf8)
{
    out[0] = '\0';
    size_t count = spark->count < width ? spark->count : width;
    if (count == 0) {
        return 0;
    }
    const double *shown = spark->prices + (spark->count - count);
    double low = shown[0];
    double high = shown[0];
    for (size_t i = 1; i < count; i++) {
        low = shown[i] < low ? shown[i] : low;
        high = shown[i] > high ? shown[i] : high;
    }
    size_t len = 0;
    for (size_t i = 0; i < count; i++) {
        size_t level =
            high > low
                ? (size_t)((shown[i] - low) / (high - low) * (LEVELS - 1) + 0.5)
                : LEVELS / 2;
        const char *text = is_utf8 ? blocks[level] : letters[level];
        memcpy(out + len, text, strlen(text) + 1);
        len += strlen(text);
    }
    return count;
}
