/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz.h -- one source, two uses: with -Dfuzz=true and clang a target is linked
 * with libFuzzer; in every other build with replay.c, whose main() runs it over
 * the files of its corpus, and over every front part of each.
 */

#pragma once

#include <stddef.h>
#include <stdint.h>

/* A target: must return 0, and must not crash, hang or leak on any input. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);
