/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sockets_test.c -- each worker's sockets for each address; what can't be bound
 * stops the start with an error that says what to do.
 */
#include "host/sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/span.h"
#include "obs/log.h"
#include "testing/testing.h"

#define ERROR_SIZE 512

struct bound {
    struct sockets sockets;
    struct conf *conf;
    char error[ERROR_SIZE];
};

/* Put addresses into the settings; conf would refuse some of them. */
static void set_listen(struct conf *conf, const char *listen)
{
    struct conf_list *list = &conf->server.listen;
    for (size_t i = 0; i < list->count; i++) {
        mem_free(list->items[i]);
    }
    list->count = 0;
    struct span rest = span_of(listen);
    for (struct span part; span_split(&rest, ',', &part);) {
        list->items[list->count++] = mem_text(part.data, part.len);
    }
}

/* Bind these addresses; returns what sockets_bind() did. */
static int try_bind(struct bound *bound, const char *listen, unsigned workers)
{
    char error[CONF_ERROR_SIZE];
    const struct conf_sources sources = {0};
    assert_int_equal(conf_load(&bound->conf, &sources, error), 0);
    set_listen(bound->conf, listen);
    bound->error[0] = '\0';
    sockets_init(&bound->sockets);
    bound->sockets.workers = workers;
    return sockets_bind(&bound->sockets, bound->conf, bound->error,
                        sizeof(bound->error));
}

static bool is_open(int fd)
{
    return fcntl(fd, F_GETFD) >= 0;
}

/* Close, and check that nothing of it is left open. */
static void end(struct bound *bound)
{
    struct sockets before = bound->sockets;
    sockets_close(&bound->sockets);
    for (unsigned worker = 0; worker < before.workers; worker++) {
        for (size_t at = 0; at < CONF_LIST_LIMIT; at++) {
            assert_false(is_open(before.fds[worker][at]));
            assert_int_equal(bound->sockets.fds[worker][at], -1);
        }
    }
    sockets_close(&bound->sockets); // again is no matter
    conf_destroy(&bound->conf);
}

static unsigned port_of(int fd)
{
    struct sockaddr_in in;
    socklen_t len = sizeof(in);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&in, &len), 0);
    return ntohs(in.sin_port);
}

static void assert_says(const char *error, const char *part)
{
    if (strstr(error, part) == NULL) {
        fail_msg("'%s' is not in: %s", part, error);
    }
}

static void every_worker_has_a_socket_for_every_address(void **state)
{
    (void)state;
    struct bound bound;
    assert_int_equal(try_bind(&bound, "127.0.0.1:0,127.0.0.1:0", 3), 0);
    assert_int_equal(bound.sockets.addresses, 2);
    for (size_t at = 0; at < 2; at++) {
        unsigned port = port_of(bound.sockets.fds[0][at]);
        assert_true(port > 0);
        for (unsigned worker = 1; worker < 3; worker++) {
            int fd = bound.sockets.fds[worker][at];
            assert_true(is_open(fd));
            assert_int_not_equal(fd, bound.sockets.fds[0][at]);
            assert_int_equal(port_of(fd), port); // port 0 chosen once
        }
    }
    assert_int_not_equal(port_of(bound.sockets.fds[0][0]),
                         port_of(bound.sockets.fds[0][1]));
    assert_int_equal(bound.sockets.fds[0][2], -1);
    assert_int_equal(bound.sockets.fds[3][0], -1);
    end(&bound);
}

static void unix_socket_is_shared_by_the_workers(void **state)
{
    (void)state;
    char folder[] = "/tmp/socketsXXXXXX";
    assert_non_null(mkdtemp(folder));
    char path[64];
    char listen[80];
    snprintf(path, sizeof(path), "%s/s", folder);
    snprintf(listen, sizeof(listen), "unix:%s", path);
    struct bound bound;
    assert_int_equal(try_bind(&bound, listen, 2), 0);
    int first = bound.sockets.fds[0][0];
    int second = bound.sockets.fds[1][0];
    assert_true(is_open(first) && is_open(second));
    assert_int_not_equal(first, second);

    struct bound other; // somebody listens there
    assert_int_equal(try_bind(&other, listen, 1), ERR_IO);
    assert_says(other.error, listen);
    end(&other);
    end(&bound);
    assert_int_equal(try_bind(&bound, listen, 1), 0); // abandoned by now
    end(&bound);
    unlink(path);
    rmdir(folder);
}

static void address_in_use_is_told_with_what_to_do(void **state)
{
    (void)state;
    struct bound taken;
    assert_int_equal(try_bind(&taken, "127.0.0.1:0", 2), 0);
    char listen[64];
    snprintf(listen, sizeof(listen), "127.0.0.1:0,127.0.0.1:%u",
             port_of(taken.sockets.fds[0][0]));
    struct bound bound;
    assert_int_equal(try_bind(&bound, listen, 2), ERR_IO);
    assert_says(bound.error, "server.listen");
    assert_says(bound.error, strchr(listen, ',') + 1);
    assert_says(bound.error, strerror(EADDRINUSE));
    assert_says(bound.error, "--set server.listen=");
    // What was bound by then is open, until it is closed.
    assert_int_equal(bound.sockets.addresses, 1);
    assert_true(is_open(bound.sockets.fds[1][0]));
    end(&bound);
    end(&taken);
}

static void other_errors_are_told_with_their_cause(void **state)
{
    (void)state;
    char unknown[80];
    memset(unknown, 'a', 64); // a label too long to be asked for
    snprintf(unknown + 64, sizeof(unknown) - 64, ":80");
    const struct {
        const char *listen;
        int err;
        const char *cause;
    } cases[] = {
        {"7400", ERR_SYNTAX, "it takes host:port"},
        {"127.0.0.1:70000", ERR_SYNTAX, "not an address"},
        {"unix:relative", ERR_SYNTAX, "unix:/absolute/path"},
        {"unix:/no/such/folder/s", ERR_IO, strerror(ENOENT)},
        {unknown, ERR_ABSENT, "no such host is known"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct bound bound;
        assert_int_equal(try_bind(&bound, cases[i].listen, 1), cases[i].err);
        assert_says(bound.error, "server.listen");
        assert_says(bound.error, cases[i].listen);
        assert_says(bound.error, cases[i].cause);
        end(&bound);
    }
}

/* Have socket() fail for IPv6, as it does where the kernel has none; false
 * where this machine does not let a process do so. */
static bool lose_ipv6(void)
{
    const size_t call = offsetof(struct seccomp_data, nr);
    const size_t family = offsetof(struct seccomp_data, args[0]);
    struct sock_filter lines[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, call),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, family), // its low half
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_INET6, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EAFNOSUPPORT),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog filter = {sizeof(lines) / sizeof(lines[0]), lines};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

enum { CHILD_SKIPS = 77 };

/* In a child, whose log goes to `log`: its exit status. */
static int listen_without_ipv6(int log)
{
    if (!lose_ipv6()) {
        return CHILD_SKIPS;
    }
    log_setup(log, LOG_INFO, LOG_LOGFMT);
    struct bound any;
    struct bound named;
    int err = try_bind(&any, "*:0", 2);
    bool is_named = try_bind(&named, "[::]:0", 1) == 0;
    struct sockaddr_in in = {.sin_family = AF_UNSPEC};
    socklen_t len = sizeof(in);
    getsockname(any.sockets.fds[1][0], (struct sockaddr *)&in, &len);
    sockets_close(&any.sockets);
    sockets_close(&named.sockets);
    conf_destroy(&any.conf);
    conf_destroy(&named.conf);
    return err != 0                                              ? 1
           : in.sin_family != AF_INET || in.sin_addr.s_addr != 0 ? 2
           : is_named                                            ? 3
                                                                 : 0;
}

static void without_ipv6_every_address_is_of_ipv4(void **state)
{
    (void)state;
    int log[2];
    assert_int_equal(pipe(log), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        _exit(listen_without_ipv6(log[1]));
    }
    close(log[1]);
    char text[2000] = "";
    size_t len = 0;
    for (ssize_t got;
         (got = read(log[0], text + len, sizeof(text) - 1 - len)) > 0;) {
        len += (size_t)got;
    }
    close(log[0]);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == CHILD_SKIPS) {
        skip();
    }
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_says(text, "there is no IPv6");
    assert_says(text, "address=0.0.0.0:");
}

/* sd_listen_fds(3): only what was passed to this very process counts. */
static void sockets_are_passed_to_this_process_only(void **state)
{
    (void)state;
    char ours[32];
    char others[32];
    snprintf(ours, sizeof(ours), "%d", (int)getpid());
    snprintf(others, sizeof(others), "%d", (int)getppid());
    assert_int_equal(sockets_passed("2", ours), 2);
    assert_int_equal(sockets_passed("0", ours), 0);
    assert_int_equal(sockets_passed("1000", ours), CONF_LIST_LIMIT);
    assert_int_equal(sockets_passed("2", others), 0);
    assert_int_equal(sockets_passed(NULL, ours), 0);
    assert_int_equal(sockets_passed("2", NULL), 0);
    assert_int_equal(sockets_passed("", ours), 0);
    assert_int_equal(sockets_passed("two", ours), 0);
    assert_int_equal(sockets_passed("-1", ours), 0);
    assert_int_equal(sockets_passed("2", ""), 0);
}

/* Bind with one socket passed, as descriptor 3, which is `fd`. */
static int bind_passed(struct bound *bound, int fd)
{
    char error[CONF_ERROR_SIZE];
    const struct conf_sources sources = {0};
    assert_int_equal(conf_load(&bound->conf, &sources, error), 0);
    assert_int_equal(dup2(fd, 3), 3);
    sockets_init(&bound->sockets);
    bound->sockets.workers = 2;
    bound->sockets.passed = 1;
    return sockets_bind(&bound->sockets, bound->conf, bound->error,
                        sizeof(bound->error));
}

static void passed_sockets_take_the_place_of_the_addresses(void **state)
{
    (void)state;
    int saved = fcntl(3, F_DUPFD_CLOEXEC, 10); // -1: it is free
    struct bound other;
    struct bound bound;
    assert_int_equal(try_bind(&other, "127.0.0.1:0", 1), 0);
    int listening = fcntl(other.sockets.fds[0][0], F_DUPFD_CLOEXEC, 10);
    unsigned port = port_of(listening);
    end(&other);

    assert_int_equal(bind_passed(&bound, listening), 0);
    assert_int_equal(bound.sockets.addresses, 1);
    assert_int_equal(bound.sockets.fds[0][0], 3);
    assert_int_equal(port_of(bound.sockets.fds[0][0]), port);
    assert_int_equal(port_of(bound.sockets.fds[1][0]), port);
    assert_int_equal(fcntl(3, F_GETFD), FD_CLOEXEC);
    end(&bound);
    close(listening);

    int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
    assert_int_equal(bind_passed(&bound, nowhere), ERR_IO);
    assert_says(bound.error, "descriptor 3");
    assert_says(bound.error, "ListenStream=");
    end(&bound);
    close(nowhere);
    close(3);
    if (saved >= 0) {
        assert_int_equal(dup2(saved, 3), 3);
        close(saved);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_worker_has_a_socket_for_every_address),
    cmocka_unit_test(unix_socket_is_shared_by_the_workers),
    cmocka_unit_test(address_in_use_is_told_with_what_to_do),
    cmocka_unit_test(other_errors_are_told_with_their_cause),
    cmocka_unit_test(without_ipv6_every_address_is_of_ipv4),
    cmocka_unit_test(sockets_are_passed_to_this_process_only),
    cmocka_unit_test(passed_sockets_take_the_place_of_the_addresses),
};

int main(int argc, char **argv)
{
    log_setup(STDERR_FILENO, LOG_WARNING, LOG_LOGFMT); // not "listening"
    hash_setup();
    if (argc > 1) {
        cmocka_set_test_filter(argv[1]);
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
