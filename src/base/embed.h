/* SPDX-License-Identifier: Apache-2.0 */
/*
 * embed.h -- files that are built into a program.
 *
 * `tools/embed NAME FILE...` turns files into a C source that defines
 *
 *     const struct embed_file embed_NAME[];
 *
 * with one element a file, in the order given, then one whose name is NULL.
 * The one source that uses it declares it; a meson custom_target makes it.
 */

#pragma once

#include <stddef.h>

struct embed_file {
    const char *name; /* without its folder: "names.csv" */
    const char *data; /* the file's bytes, and a 0 behind them */
    size_t len;       /* bytes, without that 0 */
};
