/* SPDX-License-Identifier: Apache-2.0 */
/*
 * err.h -- the one error space of the project.
 *
 * A function that can fail returns 0 or one of these, all negative.  One table
 * gives each its number, its word and its sentence; the words of the first
 * group are part of the wire protocols ("-UNKNOWN ...", problem documents) and
 * never change their meaning.
 */

#pragma once

// clang-format off
/*      code           value  word           sentence */
#define ERR_TABLE(ERR)                                                         \
    /* What a client is told about a quote; stable on every protocol. */       \
    ERR(ERR_UNKNOWN,    -1,  "UNKNOWN",    "no provider knows this symbol")    \
    ERR(ERR_NODATA,     -2,  "NODATA",     "there is no price to be had")      \
    ERR(ERR_LIMIT,      -3,  "LIMIT",      "the provider's allowance is used") \
    ERR(ERR_UPSTREAM,   -4,  "UPSTREAM",   "the provider failed")              \
    ERR(ERR_OVERLOADED, -5,  "OVERLOADED", "the server has too much to do")    \
    ERR(ERR_DRAINING,   -6,  "DRAINING",   "the server is shutting down")      \
    ERR(ERR_SYMBOL,     -7,  "SYMBOL",     "this is not a symbol")             \
    ERR(ERR_TOOOLD,     -8,  "TOOOLD",     "the price is older than asked for")\
    ERR(ERR_STORE,      -9,  "STORE",      "what was kept can't be read")      \
    /* What the rooms tell each other. */                                      \
    ERR(ERR_NOMEM,      -20, "NOMEM",      "no memory")                        \
    ERR(ERR_RANGE,      -21, "RANGE",      "outside the allowed range")        \
    ERR(ERR_SYNTAX,     -22, "SYNTAX",     "not of the expected form")         \
    ERR(ERR_FULL,       -23, "FULL",       "the stated bound is reached")      \
    ERR(ERR_STALE,      -24, "STALE",      "something newer is there already") \
    ERR(ERR_ABSENT,     -25, "ABSENT",     "there is no such thing")           \
    ERR(ERR_IO,         -26, "IO",         "the system call failed")           \
    ERR(ERR_PROTOCOL,   -27, "PROTOCOL",   "the bytes break the protocol")
// clang-format on

enum err {
    ERR_OK = 0,
#define ERR_ENUM(code, value, word, sentence) code = (value),
    ERR_TABLE(ERR_ENUM)
#undef ERR_ENUM
};

/*
 * The word of an error ("UNKNOWN"), "OK" for 0, "ERR" for a number that is not
 * in the table.  BORROWED, static.  Threads: any.
 */
const char *err_word(int err);

/*
 * The sentence of an error, without a full stop.  BORROWED, static.
 * Threads: any.
 */
const char *err_sentence(int err);
