/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli.c -- quote(1): ask servers for prices and show them.
 *
 * Written on <quoted/quoted.h> alone, so it is also the library's
 * example.  Prices go to standard output, everything else to standard error.
 */

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include <quoted/quoted.h>

#include "cli/arguments.h"
#include "cli/follow.h"
#include "cli/output.h"
#include "cli/past.h"
#include "cli/report.h"
#include "cli/show.h"
#include "cli/watchlist.h"

#define DEFAULT_SERVER "127.0.0.1:7400"
#define PATH_SIZE      4096

/* What the program exits with; documented in quote(1). */
enum exit_status {
    EXIT_FINE = 0,
    EXIT_ERROR = 1,
    EXIT_USAGE = 2,
    EXIT_NO_DATA = 3,
    EXIT_STALE = 4,
    EXIT_UNREACHABLE = 5,
};

static const char *const companies[] = {
    "Google", "Microsoft", "Amazon",  "Apple",          "Meta",
    "IBM",    "Tesla",     "Walmart", "Ahold Delhaize", "Walt Disney Co",
};

#define COMPANIES (sizeof(companies) / sizeof(companies[0]))

struct run {
    const struct arguments *arguments;
    struct output *output;
    const char *server;
    char client_name[ARGUMENTS_CLIENT_LIMIT + 16];
    char **names;
    size_t names_count;
    struct quoted_quote *quotes; /* names_count of them */
    struct quoted *q;            /* NULL before the first request */
    uint64_t pass_ns;            /* when the last pass began; 0: none has */
    enum exit_status status;     /* the gravest so far */
};

/* --- What went wrong ------------------------------------------------------ */

static int gravity(enum exit_status status)
{
    switch (status) {
    case EXIT_FINE:
        return 0;
    case EXIT_STALE:
        return 1;
    case EXIT_NO_DATA:
        return 2;
    case EXIT_ERROR:
        return 3;
    default:
        return 4;
    }
}

static void note(struct run *run, enum exit_status status)
{
    if (gravity(status) > gravity(run->status)) {
        run->status = status;
    }
}

static enum exit_status status_of(int error)
{
    switch (error) {
    case QUOTED_OK:
        return EXIT_FINE;
    case QUOTED_E_UNKNOWN:
    case QUOTED_E_NODATA:
    case QUOTED_E_LIMIT:
    case QUOTED_E_UPSTREAM:
    case QUOTED_E_SYMBOL:
    case QUOTED_E_TOOOLD:
        return EXIT_NO_DATA;
    case QUOTED_E_UNREACHABLE:
    case QUOTED_E_TIMEOUT:
    case QUOTED_E_DRAINING:
        return EXIT_UNREACHABLE;
    default:
        return EXIT_ERROR;
    }
}

/* Whether a failure is no answer about a symbol, but the lack of one. */
static bool is_of_all(int error)
{
    enum exit_status status = status_of(error);
    return status == EXIT_UNREACHABLE ||
           (status == EXIT_ERROR && error != QUOTED_E_SERVER &&
            error != QUOTED_E_STORE);
}

/* Print "quote: NAME: why"; a server's sentence has the name in it already. */
static void complain(const char *name, int error, const char *message)
{
    fflush(stdout); // in the order it happened, where both go to one place
    const char *text = quoted_error_text(error);
    size_t len = strlen(name);
    bool has_name = len == 0 || strncasecmp(message, name, len) == 0;
    fprintf(stderr, "quote: %s%s", has_name ? "" : name, has_name ? "" : ": ");
    if (is_of_all(error)) {
        fprintf(stderr, "%s: ", text);
    }
    fprintf(stderr, "%s\n", message);
}

/* The first time that no server is there: what to do about it. */
static void suggest(const struct run *run, int error)
{
    if (error == QUOTED_E_UNREACHABLE && run->arguments->server == NULL &&
        run->status != EXIT_UNREACHABLE) {
        fprintf(stderr, "quote: is quoted running there?  -s HOST:PORT or "
                        "$QUOTE_SERVER name another server\n");
    }
}

/* Report and count what is wrong with a quote, if anything. */
static void judge(struct run *run, const char *name,
                  const struct quoted_quote *quote)
{
    if (quote->status != 0) {
        complain(name, quote->status, quote->message);
        suggest(run, quote->status);
        note(run, status_of(quote->status));
        return;
    }
    if (run->arguments->fresh && quote->state == QUOTED_STATE_STALE) {
        char age[SHOW_AGE_SIZE];
        show_age(age, quote->age_ms);
        fflush(stdout);
        fprintf(stderr, "quote: %s: the price is stale, its age %s\n", name,
                age);
        note(run, EXIT_STALE);
    }
}

/* --- Asking --------------------------------------------------------------- */

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* Wait until a pass is due, which it is at once where the last one took longer
 * than --every.  Returns false where nobody would get to see it. */
static bool begin_pass(struct run *run)
{
    uint32_t every_ms = run->pass_ns > 0 ? run->arguments->every_ms : 0;
    // Whoever reads along has the pass before the pause.
    if ((every_ms > 0 || ferror(stdout) != 0) && !output_flush(run->output)) {
        return false;
    }
    uint64_t due_ns = run->pass_ns + every_ms * UINT64_C(1000000);
    for (run->pass_ns = now_ns(); run->pass_ns < due_ns;
         run->pass_ns = now_ns()) {
        poll(NULL, 0, (int)((due_ns - run->pass_ns) / 1000000u) + 1);
    }
    return true;
}

static void fill_options(const struct run *run, struct quoted_options *options)
{
    *options = (struct quoted_options)QUOTED_OPTIONS_INIT;
    options->timeout_ms = run->arguments->timeout_ms;
    options->attempt_ms = run->arguments->attempt_ms;
    options->balance = run->arguments->balance;
    options->client_name =
        run->client_name[0] != '\0' ? run->client_name : NULL;
}

/* Have a handle: the one there is, or a new one where --reconnect wants it. */
static int have_handle(struct run *run)
{
    if (run->arguments->reconnect) {
        quoted_close(&run->q);
    }
    if (run->q != NULL) {
        return 0;
    }
    struct quoted_options options;
    fill_options(run, &options);
    // A health check wants to know how it is now, not how it is in 2 s.
    options.rounds_max = run->arguments->task == ARGUMENTS_PING ? 1 : 0;
    return quoted_open(&run->q, run->server, &options);
}

static int could_not_open(const struct run *run, int error)
{
    bool is_usage = error == QUOTED_E_ADDRESS;
    fprintf(stderr, "quote: %s: %s\n", run->server, quoted_error_text(error));
    return is_usage ? EXIT_USAGE : EXIT_ERROR;
}

static int ping(struct run *run)
{
    int error = have_handle(run);
    if (error != 0) {
        return could_not_open(run, error);
    }
    error = quoted_ping(run->q);
    if (error != 0) {
        complain("", error, quoted_last_message(run->q));
        suggest(run, error);
        return EXIT_UNREACHABLE;
    }
    puts("PONG");
    return EXIT_FINE;
}

/* Print why each price is what it is. */
static int explain(struct run *run)
{
    int error = have_handle(run);
    if (error != 0) {
        return could_not_open(run, error);
    }
    for (size_t i = 0; i < run->arguments->names_count; i++) {
        char text[QUOTED_EXPLANATION_SIZE];
        const char *name = run->arguments->names[i];
        error = quoted_explain(run->q, name, text, sizeof(text));
        if (error != 0) {
            complain(name, error, quoted_last_message(run->q));
            suggest(run, error);
            note(run, status_of(error));
        } else {
            printf("%s%s", i > 0 ? "\n" : "", text);
        }
    }
    return (int)run->status;
}

/* What --max-age demands. */
static struct quoted_demand demand_of(const struct run *run)
{
    struct quoted_demand demand = QUOTED_DEMAND_INIT;
    demand.max_age_ms = run->arguments->max_age_ms;
    return demand;
}

/* Ask for one name after the other, and time each. */
static int report_pass(struct run *run, struct report *report)
{
    struct quoted_quote quote = QUOTED_QUOTE_INIT;
    bool is_away = false;
    for (size_t i = 0; i < run->names_count; i++) {
        const char *name = run->names[i];
        uint64_t started_ns = now_ns();
        // After one request in vain the others of the pass are not made to
        // wait as long again: their answer is known.
        if (!is_away) {
            int error = have_handle(run);
            if (error != 0) {
                return could_not_open(run, error);
            }
            struct quoted_demand demand = demand_of(run);
            quoted_get_with(run->q, name, &demand, &quote);
        }
        report_request(report, name, &quote, now_ns() - started_ns);
        judge(run, name, &quote);
        is_away = quote.status == QUOTED_E_UNREACHABLE;
    }
    return 0;
}

static int report_all(struct run *run)
{
    struct report report = {
        .out = stdout,
        .client = run->arguments->client != NULL ? run->arguments->client : "1",
    };
    for (uint32_t pass = 0; pass < run->arguments->repeat && begin_pass(run);
         pass++) {
        int error = report_pass(run, &report);
        if (error != 0) {
            return error;
        }
    }
    report_average(&report);
    return 0;
}

/* Whether all names failed alike, for a reason that is none of theirs. */
static bool all_failed_alike(const struct run *run)
{
    int first = run->quotes[0].status;
    for (size_t i = 1; i < run->names_count; i++) {
        if (run->quotes[i].status != first) {
            return false;
        }
    }
    return is_of_all(first);
}

static bool wants_colors(const struct arguments *arguments)
{
    const char *no_color = getenv("NO_COLOR");
    const char *term = getenv("TERM");
    bool is_refused = arguments->no_color ||
                      (no_color != NULL && no_color[0] != '\0') ||
                      (term != NULL && strcmp(term, "dumb") == 0);
    return !is_refused && isatty(STDOUT_FILENO) == 1;
}

/* Show a pass and say what failed; what failed alike is said once, and then a
 * table would have nothing to show. */
static void show_and_judge(struct run *run, struct show *show)
{
    bool is_alike = all_failed_alike(run);
    if (!is_alike || show->format != ARGUMENTS_TABLE) {
        show_pass(show, run->names, run->quotes, run->names_count);
    }
    if (is_alike) {
        judge(run, "", &run->quotes[0]);
        return;
    }
    for (size_t i = 0; i < run->names_count; i++) {
        judge(run, run->names[i], &run->quotes[i]);
    }
}

static int show_all(struct run *run)
{
    struct show show = {
        .out = stdout,
        .format = run->arguments->format,
        .has_colors = wants_colors(run->arguments),
    };
    show_begin(&show);
    for (uint32_t pass = 0; pass < run->arguments->repeat && begin_pass(run);
         pass++) {
        int error = have_handle(run);
        if (error != 0) {
            return could_not_open(run, error);
        }
        run->quotes[0].size = sizeof(run->quotes[0]);
        struct quoted_demand demand = demand_of(run);
        quoted_get_many_with(run->q, (const char *const *)run->names,
                             run->names_count, &demand, run->quotes);
        show_and_judge(run, &show);
    }
    show_end(&show);
    return 0;
}

/* --- What to ask ---------------------------------------------------------- */

/* The names of the command line, else of the watch-list, else the ten. */
static int choose_names(struct run *run, struct watchlist *list)
{
    run->names = run->arguments->names;
    run->names_count = run->arguments->names_count;
    char path[PATH_SIZE];
    char error[PATH_SIZE + 128];
    if (run->names_count == 0 && watchlist_path(path, sizeof(path)) == 0) {
        if (watchlist_load(list, path, error, sizeof(error)) != 0) {
            fprintf(stderr, "quote: %s\n", error);
            return EXIT_ERROR;
        }
        run->names = list->names;
        run->names_count = list->count;
    }
    if (run->names_count == 0) {
        run->names = (char **)companies; // nobody writes to names
        run->names_count = COMPANIES;
    }
    return 0;
}

/* Show the prices of the past of one name after the other. */
static int recall(struct run *run)
{
    int error = have_handle(run);
    if (error != 0) {
        return could_not_open(run, error);
    }
    struct past past = {
        .out = stdout,
        .format = run->arguments->format,
        .has_titles = run->names_count > 1,
        .bars = calloc(QUOTED_HISTORY_LIMIT, sizeof(*past.bars)),
    };
    if (past.bars == NULL) {
        fprintf(stderr, "quote: no memory\n");
        return EXIT_ERROR;
    }
    past_begin(&past);
    for (size_t i = 0; i < run->names_count; i++) {
        const char *name = run->names[i];
        past.bars[0].size = sizeof(past.bars[0]);
        error = quoted_history(run->q, name, &run->arguments->period, past.bars,
                               QUOTED_HISTORY_LIMIT, &past.count);
        if (past.count > QUOTED_HISTORY_LIMIT) { // no server of ours has more
            past.count = QUOTED_HISTORY_LIMIT;
        }
        past_show(&past, name, error, quoted_last_message(run->q));
        if (error != 0) {
            complain(name, error, quoted_last_message(run->q));
            suggest(run, error);
            note(run, status_of(error));
        }
    }
    past_end(&past);
    free(past.bars);
    return EXIT_FINE;
}

static int follow(struct run *run)
{
    struct quoted_options options;
    fill_options(run, &options);
    struct follow follow = {
        .arguments = run->arguments,
        .output = run->output,
        .server = run->server,
        .options = &options,
        .names = run->names,
        .names_count = run->names_count,
        .has_colors = wants_colors(run->arguments),
    };
    int error = follow_run(&follow);
    return error == QUOTED_E_ADDRESS ? EXIT_USAGE
           : error != 0              ? EXIT_ERROR
                                     : EXIT_FINE;
}

static int ask(struct run *run)
{
    struct watchlist list = {.count = 0};
    int status = choose_names(run, &list);
    if (status == 0 && run->arguments->task == ARGUMENTS_WATCH) {
        status = follow(run);
    } else if (status == 0 && run->arguments->task == ARGUMENTS_HISTORY) {
        status = recall(run);
    } else if (status == 0) {
        run->quotes = calloc(run->names_count, sizeof(*run->quotes));
        if (run->quotes == NULL) {
            fprintf(stderr, "quote: no memory\n");
            status = EXIT_ERROR;
        } else if (run->arguments->format == ARGUMENTS_REPORT) {
            status = report_all(run);
        } else {
            status = show_all(run);
        }
    }
    free(run->quotes);
    watchlist_free(&list);
    return status != 0 ? status : (int)run->status;
}

static int do_task(const struct arguments *arguments, struct output *output)
{
    const char *server = getenv("QUOTE_SERVER");
    struct run run = {
        .arguments = arguments,
        .output = output,
        .server = arguments->server != NULL             ? arguments->server
                  : server != NULL && server[0] != '\0' ? server
                                                        : DEFAULT_SERVER,
    };
    if (arguments->client != NULL) {
        snprintf(run.client_name, sizeof(run.client_name), "client-%s",
                 arguments->client);
    }
    int status = arguments->task == ARGUMENTS_PING      ? ping(&run)
                 : arguments->task == ARGUMENTS_EXPLAIN ? explain(&run)
                                                        : ask(&run);
    quoted_close(&run.q);
    return status;
}

int main(int argc, char **argv)
{
    struct arguments arguments;
    struct output output = {.has_failed = false};
    if (!output_take_descriptors()) {
        return EXIT_ERROR;
    }
    if (arguments_parse(&arguments, argc, argv) != 0) {
        fprintf(stderr, "quote: %s\nTry 'quote --help'.\n", arguments.error);
        return EXIT_USAGE;
    }
    int status = EXIT_FINE;
    if (arguments.task == ARGUMENTS_HELP) {
        fputs(arguments_help(), stdout);
    } else if (arguments.task == ARGUMENTS_VERSION) {
        printf("quote %s\n", QUOTED_VERSION);
    } else {
        status = do_task(&arguments, &output);
    }
    // A full disk shows only here.
    return output_flush(&output) ? status : EXIT_ERROR;
}
