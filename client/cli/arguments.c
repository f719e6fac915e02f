/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/arguments.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <quoted/quoted.h>

/* Long options without a letter of their own; above any character. */
enum {
    OPTION_CLIENT = 256,
    OPTION_REPEAT,
    OPTION_EVERY,
    OPTION_RECONNECT,
    OPTION_TIMEOUT,
    OPTION_ATTEMPT,
    OPTION_BALANCE,
    OPTION_FRESH,
    OPTION_MAX_AGE,
    OPTION_EXPLAIN,
    OPTION_HISTORY,
    OPTION_FROM,
    OPTION_TO,
    OPTION_STEP,
    OPTION_PING,
    OPTION_JSON,
    OPTION_PLAIN,
    OPTION_NO_COLOR,
};

static const struct option options[] = {
    {"server", required_argument, NULL, 's'},
    {"format", required_argument, NULL, 'f'},
    {"client", required_argument, NULL, OPTION_CLIENT},
    {"repeat", required_argument, NULL, OPTION_REPEAT},
    {"every", required_argument, NULL, OPTION_EVERY},
    {"reconnect", no_argument, NULL, OPTION_RECONNECT},
    {"timeout", required_argument, NULL, OPTION_TIMEOUT},
    {"attempt", required_argument, NULL, OPTION_ATTEMPT},
    {"balance", required_argument, NULL, OPTION_BALANCE},
    {"fresh", no_argument, NULL, OPTION_FRESH},
    {"max-age", required_argument, NULL, OPTION_MAX_AGE},
    {"explain", no_argument, NULL, OPTION_EXPLAIN},
    {"history", no_argument, NULL, OPTION_HISTORY},
    {"from", required_argument, NULL, OPTION_FROM},
    {"to", required_argument, NULL, OPTION_TO},
    {"step", required_argument, NULL, OPTION_STEP},
    {"ping", no_argument, NULL, OPTION_PING},
    {"watch", no_argument, NULL, 'w'},
    {"json", no_argument, NULL, OPTION_JSON},
    {"plain", no_argument, NULL, OPTION_PLAIN},
    {"no-color", no_argument, NULL, OPTION_NO_COLOR},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'V'},
    {NULL, 0, NULL, 0},
};

/* Indexed by enum arguments_format. */
static const char *const formats[] = {"table", "report", "json", "csv",
                                      "plain"};

/* Indexed by enum quoted_balance. */
static const char *const balances[] = {"connection", "round-robin", "random",
                                       "least-loaded"};

static const char help[] =
    "Ask a quoted server for stock prices.\n"
    "\n"
    "Examples:\n"
    "  quote IBM                       one symbol\n"
    "  quote Google 'Walt Disney Co'   names work wherever symbols do\n"
    "  quote                           your watch-list, or ten "
    "companies\n"
    "  quote --plain IBM | cut -d' ' -f2\n"
    "                                  just the price, for a script\n"
    "  quote -s a:7400,b:7400 --json   from whichever server answers\n"
    "  quote --watch IBM Google        a table that is kept up to date\n"
    "  quote --explain IBM             why is the price what it is?\n"
    "  quote --history --step 1h IBM   its prices of the past\n"
    "  quote --ping                    is a server there?\n"
    "\n"
    "Usage: quote [OPTION]... [SYMBOL|NAME]...\n"
    "\n"
    "  -s, --server LIST    HOST:PORT or unix:/path, or several, "
    "separated\n"
    "                       by commas; a name may stand for several\n"
    "                       (default $QUOTE_SERVER, else "
    "127.0.0.1:7400)\n"
    "  -f, --format FORMAT  table (default), report, json, csv or "
    "plain\n"
    "      --json, --plain  the same as -f json, -f plain\n"
    "      --client ID      who asks: shown in reports, told the "
    "server\n"
    "      --repeat N       ask for the whole list N times\n"
    "      --every TIME     ask for it every TIME, until ended or N "
    "times\n"
    "      --reconnect      a new connection for each request of a "
    "report,\n"
    "                       for each pass of other formats\n"
    "      --timeout TIME   how long to wait for an answer: 250ms, 2s\n"
    "                       (default), 1m\n"
    "      --attempt TIME   how long a server may be silent before it "
    "is left\n"
    "                       for another: 250ms (default)\n"
    "      --balance RULE   which of several servers is asked: "
    "connection\n"
    "                       (default: always the same), round-robin,\n"
    "                       random or least-loaded\n"
    "      --fresh          exit with 4 when a price is stale\n"
    "      --max-age TIME   no older price than this: one that is costs "
    "a call\n"
    "                       to the provider; 0 always does\n"
    "  -w, --watch          go on: a live table on a terminal (q ends "
    "it),\n"
    "                       else a line for each change; -f json is an "
    "object\n"
    "                       a line\n"
    "      --explain        why each price is what it is: its age and "
    "source,\n"
    "                       what the providers said, what is left to "
    "ask them\n"
    "      --history        the prices that the server has kept: "
    "open, high,\n"
    "                       low and close of each step\n"
    "      --from WHEN, --to WHEN\n"
    "                       of these: 2026-11-20, -7d, "
    "2026-11-20T14:30:00Z,\n"
    "                       now (default: all that is kept)\n"
    "      --step TIME      how long a step is: 1h, 5m; 1d (default)\n"
    "      --ping           only ask whether a server answers\n"
    "      --no-color       no colours; $NO_COLOR does the same\n"
    "  -h, --help           this text\n"
    "  -V, --version        the version\n"
    "\n"
    "Without names: those in $XDG_CONFIG_HOME/quote/watchlist (or\n"
    "~/.config/quote/watchlist), one a line.\n"
    "\n"
    "Exit status: 0 all answered, 1 error, 2 wrong usage, 3 no price "
    "for\n"
    "some symbol, 4 stale with --fresh, 5 no server answers.\n"
    "\n"
    "More: man quote\n";

const char *arguments_help(void)
{
    return help;
}

static int wrong(struct arguments *out, const char *what, const char *value,
                 const char *allowed)
{
    snprintf(out->error, sizeof(out->error), "%s %s: not %s", what, value,
             allowed);
    return -1;
}

/* Read digits at the front of a text; false when there are none or too many. */
static bool take_number(const char **text, unsigned long *out)
{
    if (!isdigit((unsigned char)**text)) {
        return false;
    }
    char *end;
    errno = 0;
    *out = strtoul(*text, &end, 10);
    *text = end;
    return errno == 0;
}

static unsigned long unit_ms(const char *text)
{
    return strcmp(text, "ms") == 0  ? 1
           : strcmp(text, "s") == 0 ? 1000
           : strcmp(text, "m") == 0 ? 60000
           : strcmp(text, "h") == 0 ? 3600000
           : strcmp(text, "d") == 0 ? 86400000
                                    : 0;
}

int arguments_parse_duration(uint32_t *out_ms, const char *text)
{
    unsigned long number;
    if (!take_number(&text, &number)) {
        return -1;
    }
    unsigned long factor = unit_ms(text);
    if (factor == 0 || factor > 60000 || number == 0 ||
        number > QUOTED_TIMEOUT_MS_LIMIT / factor) {
        return -1;
    }
    *out_ms = (uint32_t)(number * factor);
    return 0;
}

static int parse_max_age(struct arguments *out, const char *text)
{
    const char *rest = text;
    unsigned long number;
    bool is_number = take_number(&rest, &number);
    unsigned long factor = is_number ? unit_ms(rest) : 0;
    if (is_number && number == 0 && *rest == '\0') {
        factor = 1; // nothing, of whatever unit
    }
    if (factor == 0 ||
        number > (unsigned long)QUOTED_MAX_AGE_MS_LIMIT / factor) {
        return wrong(out, "--max-age", text,
                     "0, or a whole number and ms, s, m, h or d, such as 5s; "
                     "up to 366d");
    }
    out->max_age_ms = (int64_t)(number * factor);
    return 0;
}

/* The server knows what an instant is, and which steps there are. */
static int take_text(struct arguments *out, const char **text,
                     const char *option, const char *value)
{
    size_t len = strlen(value);
    for (size_t i = 0; i < len; i++) {
        if (value[i] < '!' || value[i] > '~') {
            len = 0;
        }
    }
    if (len == 0 || len > QUOTED_PERIOD_TEXT_LIMIT) {
        snprintf(out->error, sizeof(out->error),
                 "%s: not one word of plain letters, digits and signs", option);
        return -1;
    }
    *text = value;
    return 0;
}

bool arguments_is_name(const char *text)
{
    const unsigned char *at = (const unsigned char *)text;
    while (*at != '\0') {
        size_t more = *at < 0x80 ? 0 : *at < 0xe0 ? 1 : *at < 0xf0 ? 2 : 3;
        bool is_control =
            *at < 0x20 || *at == 0x7f || (*at == 0xc2 && at[1] < 0xa0);
        if (is_control || (*at >= 0x80 && *at < 0xc2) || *at > 0xf4) {
            return false;
        }
        at++;
        for (; more > 0; more--, at++) {
            if ((*at & 0xc0) != 0x80) {
                return false;
            }
        }
    }
    return *text != '\0';
}

static int parse_format(struct arguments *out, const char *text)
{
    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
        if (strcmp(text, formats[i]) == 0) {
            out->format = (enum arguments_format)i;
            return 0;
        }
    }
    return wrong(out, "--format", text, "table, report, json, csv or plain");
}

static int parse_balance(struct arguments *out, const char *text)
{
    for (size_t i = 0; i < sizeof(balances) / sizeof(balances[0]); i++) {
        if (strcmp(text, balances[i]) == 0) {
            out->balance = (enum quoted_balance)i;
            return 0;
        }
    }
    return wrong(out, "--balance", text,
                 "connection, round-robin, random or least-loaded");
}

static int parse_repeat(struct arguments *out, const char *text)
{
    const char *rest = text;
    unsigned long number;
    if (!take_number(&rest, &number) || *rest != '\0' || number == 0 ||
        number > ARGUMENTS_REPEAT_LIMIT) {
        return wrong(out, "--repeat", text, "a whole number from 1");
    }
    out->repeat = (uint32_t)number;
    return 0;
}

static int parse_client(struct arguments *out, const char *text)
{
    size_t len = strlen(text);
    const char *const allowed = "abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    if (len == 0 || len > ARGUMENTS_CLIENT_LIMIT ||
        strspn(text, allowed) != len) {
        return wrong(out, "--client", text,
                     "1 to 32 letters, digits and . _ -");
    }
    out->client = text;
    return 0;
}

static int parse_time(struct arguments *out, uint32_t *time_ms,
                      const char *option, const char *text)
{
    if (arguments_parse_duration(time_ms, text) != 0) {
        return wrong(out, option, text,
                     "a whole number and ms, s or m, such as 250ms; up to 60m");
    }
    return 0;
}

/* Take one option, as getopt_long() found it. */
static int take_option(struct arguments *out, int option, const char *value)
{
    switch (option) {
    case 's':
        out->server = value;
        return 0;
    case 'f':
        return parse_format(out, value);
    case 'h':
        out->task = ARGUMENTS_HELP;
        return 0;
    case 'V':
        out->task = ARGUMENTS_VERSION;
        return 0;
    case OPTION_CLIENT:
        return parse_client(out, value);
    case OPTION_REPEAT:
        return parse_repeat(out, value);
    case OPTION_EVERY:
        return parse_time(out, &out->every_ms, "--every", value);
    case OPTION_RECONNECT:
        out->reconnect = true;
        return 0;
    case OPTION_TIMEOUT:
        return parse_time(out, &out->timeout_ms, "--timeout", value);
    case OPTION_ATTEMPT:
        return parse_time(out, &out->attempt_ms, "--attempt", value);
    case OPTION_BALANCE:
        return parse_balance(out, value);
    case OPTION_FRESH:
        out->fresh = true;
        return 0;
    case 'w':
        out->task = ARGUMENTS_WATCH;
        return 0;
    case OPTION_EXPLAIN:
        out->task = ARGUMENTS_EXPLAIN;
        return 0;
    case OPTION_HISTORY:
        out->task = ARGUMENTS_HISTORY;
        return 0;
    case OPTION_MAX_AGE:
        return parse_max_age(out, value);
    case OPTION_FROM:
        return take_text(out, &out->period.from, "--from", value);
    case OPTION_TO:
        return take_text(out, &out->period.to, "--to", value);
    case OPTION_STEP:
        return take_text(out, &out->period.every, "--step", value);
    case OPTION_PING:
        out->task = ARGUMENTS_PING;
        return 0;
    case OPTION_JSON:
        out->format = ARGUMENTS_JSON;
        return 0;
    case OPTION_PLAIN:
        out->format = ARGUMENTS_PLAIN;
        return 0;
    default:
        out->no_color = true;
        return 0;
    }
}

/* What is wrong with an option that getopt_long() does not take. */
static int refuse_option(struct arguments *out, int refused, char **argv)
{
    const char *word = argv[optind - 1];
    // optopt is a letter, or the value of a long option that is known.
    bool is_known_long = optopt >= OPTION_CLIENT ||
                         (optopt > 0 && strchr("sfhVw", optopt) != NULL &&
                          strncmp(word, "--", 2) == 0);
    char letter[3] = {'-', (char)optopt, '\0'};
    const char *text = optopt == 0 || is_known_long ? word : letter;
    const char *what = refused == ':'  ? "needs a value"
                       : is_known_long ? "takes no value"
                                       : "no such option";
    snprintf(out->error, sizeof(out->error), "%s: %s",
             arguments_is_name(text) ? text : "an option", what);
    return -1;
}

/* How many passes, where the user has not said. */
static void choose_repeat(struct arguments *out)
{
    if (out->repeat == 0) {
        out->repeat = out->every_ms > 0 ? ARGUMENTS_REPEAT_LIMIT : 1;
    }
}

/* Options of a task of its own. */
static int check_period(struct arguments *out)
{
    const struct quoted_period *period = &out->period;
    const char *option = period->from != NULL    ? "--from"
                         : period->to != NULL    ? "--to"
                         : period->every != NULL ? "--step"
                                                 : NULL;
    if (option == NULL || out->task == ARGUMENTS_HISTORY) {
        return 0;
    }
    snprintf(out->error, sizeof(out->error), "%s goes with --history only",
             option);
    return -1;
}

/* Options that mean nothing where prices are not asked for once or more. */
static int check_task(struct arguments *out)
{
    bool watches = out->task == ARGUMENTS_WATCH;
    bool explains = out->task == ARGUMENTS_EXPLAIN;
    bool recalls = out->task == ARGUMENTS_HISTORY;
    bool is_wrong_format = explains ? out->format != ARGUMENTS_TABLE
                                    : out->format == ARGUMENTS_REPORT;
    const char *option = is_wrong_format        ? "--format"
                         : out->every_ms > 0    ? "--every"
                         : out->repeat > 0      ? "--repeat"
                         : out->reconnect       ? "--reconnect"
                         : out->fresh           ? "--fresh"
                         : out->max_age_ms >= 0 ? "--max-age"
                                                : NULL;
    if ((!watches && !explains && !recalls) || option == NULL) {
        return check_period(out);
    }
    snprintf(out->error, sizeof(out->error),
             "%s and %s%s%s: only one of them%s",
             watches    ? "--watch"
             : explains ? "--explain"
                        : "--history",
             option, is_wrong_format ? " " : "",
             is_wrong_format ? formats[out->format] : "",
             watches ? ", --watch goes on by itself" : "");
    return -1;
}

static int take_names(struct arguments *out, int argc, char **argv)
{
    out->names = argv + optind;
    out->names_count = (size_t)(argc - optind);
    if (out->task == ARGUMENTS_PING && out->names_count > 0) {
        snprintf(out->error, sizeof(out->error), "--ping takes no names");
        return -1;
    }
    if (out->task == ARGUMENTS_EXPLAIN && out->names_count == 0) {
        snprintf(out->error, sizeof(out->error),
                 "--explain needs a symbol or name");
        return -1;
    }
    for (size_t i = 0; i < out->names_count; i++) {
        if (!arguments_is_name(out->names[i])) {
            snprintf(out->error, sizeof(out->error),
                     "name %zu is empty or holds a control character", i + 1);
            return -1;
        }
    }
    return 0;
}

int arguments_parse(struct arguments *out, int argc, char **argv)
{
    *out = (struct arguments){
        .task = ARGUMENTS_ASK,
        .format = ARGUMENTS_TABLE,
        .timeout_ms = QUOTED_TIMEOUT_MS,
        .attempt_ms = QUOTED_ATTEMPT_MS,
        .max_age_ms = -1,
        .period = QUOTED_PERIOD_INIT,
    };
    opterr = 0; // the messages are ours
    optind = 0; // GNU: begin anew, also in a test that parses twice
    while (true) {
        int option = getopt_long(argc, argv, ":s:f:hVw", options, NULL);
        if (option == -1) {
            if (check_task(out) != 0) {
                return -1;
            }
            choose_repeat(out);
            return take_names(out, argc, argv);
        }
        if (option == '?' || option == ':') {
            return refuse_option(out, option, argv);
        }
        if (take_option(out, option, optarg) != 0) {
            return -1;
        }
        if (out->task == ARGUMENTS_HELP || out->task == ARGUMENTS_VERSION) {
            return 0;
        }
    }
}
