/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/load/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void options_fail(const char *what, const char *which)
{
    fprintf(stderr, "load: %s%s%s\n", what, which[0] == '\0' ? "" : ": ",
            which);
    exit(1);
}

static uint64_t number_of(const char *name, const char *text, uint64_t least,
                          uint64_t most)
{
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || value < least ||
        value > most) {
        options_fail(name, "a number that is not allowed");
    }
    return value;
}

static void take_framing(struct options *options, const char *text)
{
    static const char *const kinds[] = {"resp", "http", "rpyc", "memcached"};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (strcmp(text, kinds[i]) == 0) {
            options->framing = (enum framing_kind)i;
            return;
        }
    }
    if (strncmp(text, "fixed:", 6) != 0) {
        options_fail("--framing", "resp, http, rpyc, memcached or fixed:BYTES");
    }
    options->framing = FRAMING_FIXED;
    options->fixed =
        (size_t)number_of("--framing", text + 6, 1, OPTIONS_FIXED_LIMIT);
}

static const struct option long_options[] = {
    {"port", required_argument, NULL, 'p'},
    {"framing", required_argument, NULL, 'f'},
    {"requests", required_argument, NULL, 'r'},
    {"first", required_argument, NULL, 'F'},
    {"begin", required_argument, NULL, 'b'},
    {"begin-replies", required_argument, NULL, 'B'},
    {"connections", required_argument, NULL, 'c'},
    {"idle", required_argument, NULL, 'i'},
    {"flight", required_argument, NULL, 'P'},
    {"count", required_argument, NULL, 'n'},
    {"warm", required_argument, NULL, 'w'},
    {"rate", required_argument, NULL, 'R'},
    {"pid", required_argument, NULL, 'S'},
    {NULL, 0, NULL, 0},
};

static void take_option(struct options *options, int option, const char *text)
{
    switch (option) {
    case 'p':
        options->port = (int)number_of("--port", text, 1, 65535);
        break;
    case 'f':
        take_framing(options, text);
        break;
    case 'r':
        options->requests = text;
        break;
    case 'F':
        options->first = (size_t)number_of("--first", text, 0, SIZE_MAX / 2);
        break;
    case 'b':
        options->begin = text;
        break;
    case 'B':
        options->begin_replies = (size_t)number_of(text, text, 0, 1000);
        break;
    case 'c':
        options->connections =
            (size_t)number_of("--connections", text, 1, 60000);
        break;
    case 'i':
        options->idle = (size_t)number_of("--idle", text, 0, 60000);
        break;
    case 'P':
        options->flight =
            (size_t)number_of("--flight", text, 1, OPTIONS_FLIGHT_LIMIT);
        break;
    case 'n':
        options->count = number_of("--count", text, 1, UINT64_MAX / 2);
        break;
    case 'w':
        options->warm = number_of("--warm", text, 0, UINT64_MAX / 2);
        break;
    case 'R':
        options->rate = (double)number_of("--rate", text, 1, 100000000);
        break;
    case 'S':
        if (options->pids_count < OPTIONS_PIDS_LIMIT) {
            options->pids[options->pids_count] =
                (int)number_of("--pid", text, 1, 1 << 22);
            options->pids_count++;
        }
        break;
    default:
        options_fail("no such option, or no value", "see bench/load/options.h");
    }
}

void options_read(struct options *options, int argc, char **argv)
{
    *options = (struct options){.connections = 1, .flight = 1, .count = 1000};
    int option;
    while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
        take_option(options, option, optarg);
    }
    if (options->port == 0 || options->requests == NULL) {
        options_fail("--port and --requests have to be told", "");
    }
}
