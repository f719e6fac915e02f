/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plain.h -- the commonest commands of RESP by far, GET of one text and MGET of
 * some, read by their form: in a fraction of the time that resp_parse() takes
 * for any command.
 *
 *   (1) What is read here is what resp_parse() reads; what is another command,
 *       broken, unusual or not there wholly is left to it.
 *   (2) No byte behind the end of the bytes is looked at.
 *
 * Threads: any.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"

/* The most texts of an MGET that are read here. */
#define PLAIN_TEXTS_LIMIT 98

/* The texts of an MGET, of 1 to 99 bytes each. */
struct plain_texts {
    size_t count;                         /* 1 to PLAIN_TEXTS_LIMIT */
    struct span texts[PLAIN_TEXTS_LIMIT]; /* BORROWED from the bytes */
};

/* Read a GET at the front of the bytes: its text, of 1 to 99 bytes, BORROWED.
 * Returns how many bytes the command has, or 0, and *text is then undefined. */
size_t plain_parse_get(struct span *text, struct span bytes);

/* The same for an MGET. */
size_t plain_parse_mget(struct plain_texts *texts, struct span bytes);
