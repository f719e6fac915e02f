/* SPDX-License-Identifier: Apache-2.0 */
/*
 * main.c -- quoted: read the settings, start the server, wait for its end.
 */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/check.h"
#include "base/err.h"
#include "base/hash.h"
#include "conf/conf.h"
#include "host/almanac.h"
#include "host/probe.h"
#include "host/server.h"
#include "host/tryout.h"
#include "host/upstream.h"
#include "obs/log.h"
#include "proto/detect.h"
#include "python/python.h"
#include "quote/names.h"
#include "redis/session.h"
#include "serve/settings.h"
#include "web/web.h"

/* Where the settings are when nobody says. */
#define DEFAULT_FILE "/etc/quoted/quoted.yaml"

#define SETS_LIMIT 256

enum { EXIT_USAGE = 2 };

enum mode { MODE_SERVE, MODE_CHECK, MODE_PRINT, MODE_TRY, MODE_PROBE };

struct arguments {
    enum mode mode;
    const char *provider; /* MODE_TRY, as the next */
    const char *symbol;
    const char *probe; /* MODE_PROBE */
    struct conf_sources sources;
    const char *sets[SETS_LIMIT];
};

static const char help[] =
    "quoted - answer stock quotes from memory, ask providers as seldom as "
    "possible\n"
    "\n"
    "Examples:\n"
    "  quoted --config /etc/quoted/quoted.yaml\n"
    "  QUOTED_ALPHAVANTAGE_KEY_FILE=key.txt quoted\n"
    "  quoted --set providers.0.name=market     (needs a running "
    "quoted-market)\n"
    "  quoted --config quoted.yaml --check-config\n"
    "\n"
    "Options:\n"
    "  -c, --config FILE     read settings from FILE; without it from\n"
    "                        " DEFAULT_FILE ", where that exists\n"
    "  -s, --set KEY=VALUE   set one, over file and environment; repeatable\n"
    "      --check-config    check the settings and what they name, and end\n"
    "      --print-config    print all settings as a file that can be used\n"
    "      --try-provider NAME SYMBOL\n"
    "                        make one call to a provider, show what was "
    "asked,\n"
    "                        what came and what it means, and end: 0 where "
    "there\n"
    "                        is a price\n"
    "      --probe NAME      ask the server that runs by these settings for "
    "its\n"
    "                        livez or readyz, and end: 0 where it is well\n"
    "  -V, --version         print the version\n"
    "  -h, --help            print this\n"
    "\n"
    "Every setting can also come from the environment: cache.fresh_for is\n"
    "QUOTED_CACHE_FRESH_FOR. Manual: quoted(8), quoted.yaml(5).\n";

static const struct option options[] = {
    {"config", required_argument, NULL, 'c'},
    {"set", required_argument, NULL, 's'},
    {"check-config", no_argument, NULL, 'C'},
    {"print-config", no_argument, NULL, 'P'},
    {"try-provider", required_argument, NULL, 'T'},
    {"probe", required_argument, NULL, 'p'},
    {"version", no_argument, NULL, 'V'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static int usage_error(const char *text)
{
    fprintf(stderr, "quoted: %s\nTry 'quoted --help'.\n", text);
    return EXIT_USAGE;
}

/* Returns -1 to go on, or the exit status. */
static int take_option(struct arguments *arguments, int option)
{
    switch (option) {
    case 'c':
        arguments->sources.file = optarg;
        return -1;
    case 's':
        if (arguments->sources.sets_count == SETS_LIMIT) {
            return usage_error("too many --set");
        }
        arguments->sets[arguments->sources.sets_count++] = optarg;
        return -1;
    case 'C':
        arguments->mode = MODE_CHECK;
        return -1;
    case 'P':
        arguments->mode = MODE_PRINT;
        return -1;
    case 'T':
        arguments->mode = MODE_TRY;
        arguments->provider = optarg;
        return -1;
    case 'p':
        arguments->mode = MODE_PROBE;
        arguments->probe = optarg;
        if (strcmp(optarg, "livez") != 0 && strcmp(optarg, "readyz") != 0) {
            return usage_error("--probe takes livez or readyz");
        }
        return -1;
    case 'V':
        printf("quoted %s\n", QUOTED_VERSION);
        return EXIT_SUCCESS;
    case 'h':
        fputs(help, stdout);
        return EXIT_SUCCESS;
    default: // getopt has said what is wrong
        fputs("Try 'quoted --help'.\n", stderr);
        return EXIT_USAGE;
    }
}

static int read_arguments(struct arguments *arguments, int argc, char **argv)
{
    *arguments = (struct arguments){.mode = MODE_SERVE};
    arguments->sources.environment = (const char *const *)environ;
    arguments->sources.sets = arguments->sets;
    int status = -1;
    for (int option;
         status < 0 &&
         (option = getopt_long(argc, argv, "c:s:Vh", options, NULL)) != -1;) {
        status = take_option(arguments, option);
    }
    if (status < 0 && arguments->mode == MODE_TRY) {
        arguments->symbol = optind < argc ? argv[optind++] : NULL;
        if (arguments->symbol == NULL) {
            return usage_error("--try-provider takes NAME SYMBOL");
        }
    }
    if (status < 0 && optind < argc) {
        return usage_error("takes options only; settings are --set KEY=VALUE");
    }
    if (arguments->sources.file == NULL && access(DEFAULT_FILE, F_OK) == 0) {
        arguments->sources.file = DEFAULT_FILE;
    }
    return status;
}

static int print_settings(const struct conf *conf)
{
    struct buffer text = buffer_empty(1u << 20);
    conf_print(conf, &text);
    bool is_whole = !text.failed &&
                    fwrite(text.data, 1, text.len, stdout) == text.len &&
                    fflush(stdout) == 0;
    buffer_deinit(&text);
    return is_whole ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* Open what the settings name, as serving would. */
static int check_settings(const struct conf *conf)
{
    char error[UPSTREAM_ERROR_SIZE] = "";
    struct desk_provider providers[CONF_PROVIDERS_LIMIT];
    size_t count = 0;
    struct names *names = NULL;
    int err = upstream_open(providers, &count, conf,
                            (const char *const *)environ, error);
    for (size_t i = 0; i < count; i++) {
        terms_free_provider(&providers[i]);
    }
    err = err == 0 ? upstream_load_names(&names, conf, error) : err;
    struct almanac *almanac = NULL;
    err = err == 0 ? almanac_load(&almanac, conf, error) : err;
    almanac_destroy(&almanac);
    names_destroy(&names);
    if (err != 0) {
        fprintf(stderr, "quoted: %s\n", error);
        return EXIT_FAILURE;
    }
    puts("the configuration is good");
    return EXIT_SUCCESS;
}

/* Make one call to a provider and show it. */
static int try_provider(const struct conf *conf,
                        const struct arguments *arguments)
{
    char error[TRYOUT_ERROR_SIZE];
    const struct tryout_options tryout_options = {
        .conf = conf,
        .environment = (const char *const *)environ,
        .provider = arguments->provider,
        .symbol = arguments->symbol,
    };
    settings_apply_log(conf);
    signal(SIGPIPE, SIG_IGN);
    enum tryout_end end = tryout_run(&tryout_options, stdout, error);
    if (error[0] != '\0') {
        fprintf(stderr, "quoted: %s\n", error);
    }
    return (int)end;
}

/* Ask a server that runs by the same settings how it is. */
static int probe(const struct conf *conf, const char *name)
{
    char path[16];
    snprintf(path, sizeof(path), "/%s", name);
    struct buffer answer = buffer_empty(1u << 20);
    int err = probe_ask(conf, path, &answer);
    buffer_put_byte(&answer, '\n');
    fwrite(answer.data, 1, answer.len, err == ERR_IO ? stderr : stdout);
    buffer_deinit(&answer);
    return err == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* Descriptors that are neither a client's nor a call's: loops, listeners, the
 * log, what libraries open. */
#define OTHER_FILES 512

/*
 * Let the process open as many files as it may.  At the usual 1,024 clients
 * could take the last one long before limits.connections, and then no provider
 * can be called.
 */
static void raise_files_limit(const struct conf *conf)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0) {
        return;
    }
    rlim_t before = files.rlim_cur;
    files.rlim_cur = files.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &files) != 0) { // a sandbox may forbid it
        files.rlim_cur = before;
    }
    uint64_t wanted =
        conf->limits.connections_max + conf->fetch.calls_max + OTHER_FILES;
    if (files.rlim_cur < wanted) {
        log_event(LOG_WARNING, "main",
                  "fewer files may be open than limits.connections needs",
                  LOG_NUMBER("allowed", (int64_t)files.rlim_cur),
                  LOG_NUMBER("needed", (int64_t)wanted));
    }
}

/* Who answers which protocol; one that is not here is not spoken. */
static const struct guest_protocol *const protocols[PROTOCOL_COUNT] = {
    [PROTOCOL_RESP] = &session_protocol,
    [PROTOCOL_RPYC] = &python_protocol,
    [PROTOCOL_HTTP] = &web_protocol,
};

static int serve(struct conf **conf, const struct conf_sources *sources)
{
    char error[SERVER_ERROR_SIZE];
    struct server_options server_options = {
        .sources = sources,
        .protocols = protocols,
        .notify_socket = getenv("NOTIFY_SOCKET"),
        .watchdog_usec = getenv("WATCHDOG_USEC"),
        .watchdog_pid = getenv("WATCHDOG_PID"),
        .listen_fds = getenv("LISTEN_FDS"),
        .listen_pid = getenv("LISTEN_PID"),
    };
    struct server *server;
    settings_apply_log(*conf);
    signal(SIGPIPE, SIG_IGN);
    raise_files_limit(*conf);
    if (server_start(&server, conf, &server_options, error) != 0) {
        fprintf(stderr, "quoted: %s\n", error);
        return EXIT_FAILURE;
    }
    server_run(&server);
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    struct arguments arguments;
    int status = read_arguments(&arguments, argc, argv);
    if (status >= 0) {
        return status;
    }
    hash_setup();
    char error[CONF_ERROR_SIZE];
    struct conf *conf;
    if (conf_load(&conf, &arguments.sources, error) != 0) {
        fprintf(stderr, "quoted: %s\n", error);
        return EXIT_FAILURE;
    }
    switch (arguments.mode) {
    case MODE_PRINT:
        status = print_settings(conf);
        break;
    case MODE_CHECK:
        status = check_settings(conf);
        break;
    case MODE_TRY:
        status = try_provider(conf, &arguments);
        break;
    case MODE_PROBE:
        status = probe(conf, arguments.probe);
        break;
    case MODE_SERVE:
        status = serve(&conf, &arguments.sources);
        break;
    }
    conf_destroy(&conf);
    return status;
}
