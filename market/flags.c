/* SPDX-License-Identifier: Apache-2.0 */
#include "market/flags.h"

#include <getopt.h>
#include <stdio.h>

#include "base/check.h"
#include "base/err.h"
#include "base/span.h"
#include "base/units.h"
#include "market/answer.h"

static const char help[] =
    "Usage: quoted-market [OPTION]...\n"
    "Stand in for a provider of stock quotes: answer GLOBAL_QUOTE and\n"
    "SYMBOL_SEARCH as Alpha Vantage does, errors and limits included.\n"
    "\n"
    "Examples:\n"
    "  quoted-market\n"
    "  curl 'http://127.0.0.1:7401/query?function=GLOBAL_QUOTE&symbol=IBM"
    "&apikey=x'\n"
    "  quoted-market --key SECRET --limit 25/d,1/s --latency 200ms\n"
    "\n"
    "  --listen HOST:PORT   where to listen (127.0.0.1:7401); port 0: any "
    "that\n"
    "                       is free, which the first line of output names\n"
    "  --key KEY            the one good key; without it any key is good\n"
    "  --prices FILE.csv    replay a file of time,symbol,price\n"
    "  --seed N             of the random walk of the other prices (1)\n"
    "  --step DURATION      how long a price stands (1s); 0: for ever\n"
    "  --invent             trade every symbol of 1 to 5 letters, with digits\n"
    "                       behind them\n"
    "  --latency DURATION   delay each answer (0)\n"
    "  --limit N/d,N/m,N/s  calls allowed to a key in a day, minute, second\n"
    "  --version            print the version and exit\n"
    "  --help               print this and exit\n"
    "\n"
    "Traded without --prices and --invent: GOOGL MSFT AMZN AAPL META IBM TSLA\n"
    "WMT ADRNY DIS.  Durations: " UNITS_DURATION_FORM ".\n"
    "\n"
    "Control API, with bodies of JSON; SYMBOL may be * for all calls:\n"
    "  POST /_market/hold    {\"symbol\":SYMBOL}\n"
    "      Keep calls unanswered.\n"
    "  POST /_market/release {\"symbol\":SYMBOL,\"count\":N}\n"
    "      Answer what is held, or the first N of it and go on holding.\n"
    "  POST /_market/next    {\"symbol\":SYMBOL,\"answers\":[ANSWER]}\n"
    "      Set the next answers, each with any of: \"status\":N\n"
    "      \"body\":TEXT or \"class\":CLASS, \"headers\":{NAME:TEXT}\n"
    "      \"delay\":DURATION \"truncate\":BYTES \"reset\":true \"hang\":true\n"
    "      \"repeat\":CALLS.  Classes: unknown empty bad_call bad_function\n"
    "      bad_key demo_key limit_day limit_day_note limit_minute\n"
    "      limit_second limit_burst limit_old_note premium down\n"
    "  POST /_market/price   {\"symbol\":SYMBOL,\"price\":\"135.6\",\n"
    "                         \"day\":DATE,\"previous_close\":\"134\"}\n"
    "      Fix a price, and so make its symbol known.\n"
    "  POST /_market/reset\n"
    "      Be as if just started.\n"
    "  GET  /_market/calls\n"
    "      Count calls, by symbol too.\n"
    "  GET  /_market/wait?calls=N[&symbol=SYMBOL] | held=N | connections=N |\n"
    "                     in_flight=N  [&timeout=5s]\n"
    "      Answer when there are as many (in_flight: when there are no more\n"
    "      than as many); 408 when that has not happened in time.\n"
    "\n"
    "Manual: man quoted-market\n";

const char *flags_help(void)
{
    return help;
}

static int refuse(struct flags *flags, const char *name, const char *value,
                  const char *allowed)
{
    snprintf(flags->error, sizeof(flags->error),
             "--%.20s %.60s: allowed: %.160s", name, value, allowed);
    return ERR_SYNTAX;
}

static int read_duration(struct flags *flags, const char *name,
                         const char *value, uint64_t max_ms, uint64_t *out_ms)
{
    int err = units_parse_duration_ms(out_ms, span_of(value));
    if (err != 0 || *out_ms > max_ms) {
        char allowed[120];
        char max[UNITS_TEXT_SIZE];
        units_print_duration_ms(max, max_ms);
        snprintf(allowed, sizeof(allowed), UNITS_DURATION_FORM ", at most %s",
                 max);
        return refuse(flags, name, value, allowed);
    }
    return 0;
}

/* Options of getopt_long() are told by these, which are no characters. */
enum flag {
    FLAG_LISTEN = 256,
    FLAG_KEY,
    FLAG_PRICES,
    FLAG_SEED,
    FLAG_LATENCY,
    FLAG_LIMIT,
    FLAG_STEP,
    FLAG_INVENT,
    FLAG_VERSION,
    FLAG_HELP,
};

static int read_flag(struct flags *flags, int flag, const char *value)
{
    switch (flag) {
    case FLAG_LISTEN:
        flags->listen = value;
        return 0;
    case FLAG_KEY:
        flags->key = value;
        return value[0] != '\0' ? 0 : refuse(flags, "key", "", "any text");
    case FLAG_PRICES:
        flags->prices = value;
        return 0;
    case FLAG_SEED:
        return span_to_u64(span_of(value), &flags->seed) == 0
                   ? 0
                   : refuse(flags, "seed", value, "a whole number");
    case FLAG_LATENCY:
        return read_duration(flags, "latency", value, FLAGS_LATENCY_LIMIT_MS,
                             &flags->latency_ms);
    case FLAG_LIMIT:
        return limit_parse(&flags->rule, span_of(value)) == 0
                   ? 0
                   : refuse(flags, "limit", value, LIMIT_FORM);
    case FLAG_STEP:
        return read_duration(flags, "step", value, FLAGS_STEP_LIMIT_MS,
                             &flags->step_ms);
    case FLAG_INVENT:
        flags->invents = true;
        return 0;
    case FLAG_VERSION:
        flags->wants_version = true;
        return 0;
    default:
        CHECK(flag == FLAG_HELP);
        flags->wants_help = true;
        return 0;
    }
}

int flags_read(struct flags *out, int argc, char **argv)
{
    static const struct option options[] = {
        {"listen", required_argument, NULL, FLAG_LISTEN},
        {"key", required_argument, NULL, FLAG_KEY},
        {"prices", required_argument, NULL, FLAG_PRICES},
        {"seed", required_argument, NULL, FLAG_SEED},
        {"latency", required_argument, NULL, FLAG_LATENCY},
        {"limit", required_argument, NULL, FLAG_LIMIT},
        {"step", required_argument, NULL, FLAG_STEP},
        {"invent", no_argument, NULL, FLAG_INVENT},
        {"version", no_argument, NULL, FLAG_VERSION},
        {"help", no_argument, NULL, FLAG_HELP},
        {NULL, 0, NULL, 0},
    };
    *out =
        (struct flags){.listen = "127.0.0.1:7401", .seed = 1, .step_ms = 1000};
    optind = 0; // begin anew, in a test too
    opterr = 0;
    int flag;
    while ((flag = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
        const char *said = argv[optind - 1];
        if (flag == '?' || flag == ':') {
            snprintf(out->error, sizeof(out->error), "%.60s: %s", said,
                     flag == '?' ? "there is no such option"
                                 : "it needs a value");
            return ERR_SYNTAX;
        }
        int err = read_flag(out, flag == 'h' ? FLAG_HELP : flag, optarg);
        if (err != 0) {
            return err;
        }
    }
    if (optind < argc) {
        snprintf(out->error, sizeof(out->error),
                 "%.60s: only options are allowed", argv[optind]);
        return ERR_SYNTAX;
    }
    return 0;
}
