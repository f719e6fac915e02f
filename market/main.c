/* SPDX-License-Identifier: Apache-2.0 */
/*
 * quoted-market -- set up in order, run until a signal, tear down in reverse.
 * Exit: 0 done, 1 it could not start, 2 the command line is wrong.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "base/err.h"
#include "base/hash.h"
#include "market/flags.h"
#include "market/market.h"
#include "market/replay.h"
#include "net/address.h"
#include "net/listener.h"
#include "net/loop.h"

#define USAGE_STATUS 2

struct program {
    struct flags flags;
    struct address address;
    struct replay *replay;
    struct loop loop;
    struct market *market;
    uv_signal_t signals[2];
};

static void complain(const char *what, const char *why)
{
    fprintf(stderr, "quoted-market: %s: %s\n", what, why);
}

static int load_prices(struct program *program)
{
    const char *path = program->flags.prices;
    struct replay_error error;
    if (path == NULL || replay_load(&program->replay, path, &error) == 0) {
        return 0;
    }
    if (error.line > 0) {
        fprintf(stderr, "quoted-market: %s:%zu: %s\n", path, error.line,
                error.text);
    } else {
        complain(path, error.text);
    }
    return ERR_SYNTAX;
}

static int open_market(struct program *program)
{
    const char *listen = program->flags.listen;
    int err = address_parse(&program->address, listen);
    if (err != 0) {
        complain(listen, err == ERR_SYNTAX ? "allowed: " ADDRESS_FORM
                                           : "this name is not known");
        return err;
    }
    int fd = listener_bind(&program->address, true);
    if (fd < 0) {
        complain(listen, strerror(errno));
        return ERR_IO;
    }
    const struct market_options options = {
        .key = program->flags.key,
        .seed = program->flags.seed,
        .latency_ms = program->flags.latency_ms,
        .step_ms = program->flags.step_ms,
        .invents = program->flags.invents,
        .rule = program->flags.rule,
        .replay = program->replay,
    };
    err = market_create(&program->market, &program->loop, &options, fd);
    if (err != 0) {
        complain(listen, err_sentence(err));
    }
    return err;
}

static void on_signal(uv_signal_t *handle, int number)
{
    (void)number;
    loop_stop(handle->data);
}

static void watch_signals(struct program *program)
{
    static const int numbers[] = {SIGTERM, SIGINT};
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        uv_signal_t *handle = &program->signals[i];
        int err = uv_signal_init(&program->loop.uv, handle);
        CHECK(err == 0);
        handle->data = &program->loop;
        err = uv_signal_start(handle, on_signal, numbers[i]);
        CHECK(err == 0);
    }
}

static void unwatch_signals(struct program *program)
{
    uv_close((uv_handle_t *)&program->signals[0], NULL);
    uv_close((uv_handle_t *)&program->signals[1], NULL);
}

/* Say where, for people and for scripts that wait for the line. */
static void announce(const struct program *program)
{
    char text[ADDRESS_TEXT_SIZE];
    bool is_unix = program->address.storage.ss_family == AF_UNIX;
    address_print(text, &program->address);
    printf("quoted-market listening on %s%s\n", is_unix ? "" : "http://", text);
    fflush(stdout);
}

static void remove_socket(const struct program *program)
{
    if (program->address.storage.ss_family == AF_UNIX) {
        const struct sockaddr_un *un =
            (const struct sockaddr_un *)&program->address.storage;
        unlink(un->sun_path);
    }
}

static int run(struct program *program)
{
    const struct loop_options options = {.clock = NULL};
    if (load_prices(program) != 0) {
        return EXIT_FAILURE;
    }
    int err = loop_init(&program->loop, &options);
    if (err != 0) {
        complain("loop", err_sentence(err));
        replay_destroy(&program->replay);
        return EXIT_FAILURE;
    }
    err = open_market(program);
    if (err == 0) {
        watch_signals(program);
        announce(program);
        loop_run(&program->loop);
        unwatch_signals(program);
        market_close(program->market);
        remove_socket(program);
    }
    loop_deinit(&program->loop);
    market_destroy(&program->market);
    replay_destroy(&program->replay);
    return err == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    struct program program = {.market = NULL};
    if (flags_read(&program.flags, argc, argv) != 0) {
        fprintf(stderr, "quoted-market: %s\nSee quoted-market --help\n",
                program.flags.error);
        return USAGE_STATUS;
    }
    if (program.flags.wants_help) {
        fputs(flags_help(), stdout);
        return EXIT_SUCCESS;
    }
    if (program.flags.wants_version) {
        puts("quoted-market " QUOTED_VERSION);
        return EXIT_SUCCESS;
    }
    signal(SIGPIPE, SIG_IGN);
    hash_setup();
    return run(&program);
}
