/* SPDX-License-Identifier: Apache-2.0 */
/*
 * caller_tls_test.c -- a server whose certificate nobody vouches for gets no
 * question, and so no key.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/span.h"
#include "testing/testing.h"
#include "unit/fetch/desk.h"
#include "unit/fetch/stub.h"

static void answer_nothing(void *user, const char *target,
                           struct stub_answer *out)
{
    (void)user;
    (void)target;
    out->closes = true;
}

/* Run a program with its output in a pipe; returns its process, 0 where it is
 * not installed. */
static pid_t spawn(const char *const arguments[], int *out)
{
    int fds[2];
    assert_int_equal(pipe(fds), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        int nowhere = open("/dev/null", O_RDWR);
        dup2(nowhere, STDIN_FILENO);
        dup2(nowhere, STDERR_FILENO);
        dup2(fds[1], STDOUT_FILENO);
        execvp(arguments[0], (char *const *)(uintptr_t)arguments);
        _exit(127);
    }
    close(fds[1]);
    *out = fds[0];
    return child;
}

/* Make a key and a certificate that it signs itself. */
static bool make_certificate(const char *key, const char *certificate)
{
    int out;
    const char *const arguments[] = {
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-days",
        "1",
        "-subj",
        "/CN=127.0.0.1",
        "-addext",
        "subjectAltName=IP:127.0.0.1",
        "-keyout",
        key,
        "-out",
        certificate,
        NULL,
    };
    pid_t child = spawn(arguments, &out);
    close(out);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* Read what a TLS server says until it accepts; returns its port, 0 where it
 * ends before. */
static unsigned await_port(int out)
{
    char text[4096];
    size_t len = 0;
    while (len < sizeof(text) - 1) {
        ssize_t more = read(out, text + len, sizeof(text) - 1 - len);
        if (more <= 0) {
            return 0;
        }
        len += (size_t)more;
        text[len] = '\0';
        const char *accepts = strstr(text, "ACCEPT ");
        const char *end = accepts != NULL ? strchr(accepts, '\n') : NULL;
        if (end != NULL) {
            const char *colon = strrchr(accepts, ':');
            uint64_t port = 0;
            span_to_u64((struct span){colon + 1, (size_t)(end - colon - 1)},
                        &port);
            return (unsigned)port;
        }
    }
    return 0;
}

static void certificate_that_nobody_vouches_for_is_refused(void **state)
{
    (void)state;
    char folder[] = "/tmp/callerXXXXXX";
    assert_non_null(mkdtemp(folder));
    char key[64];
    char certificate[64];
    snprintf(key, sizeof(key), "%s/key", folder);
    snprintf(certificate, sizeof(certificate), "%s/certificate", folder);
    if (!make_certificate(key, certificate)) {
        rmdir(folder);
        print_message("SKIPPED: the openssl command is not there\n");
        skip();
    }
    int out;
    const char *const arguments[] = {
        "openssl", "s_server", "-accept",   "127.0.0.1:0", "-key",
        key,       "-cert",    certificate, "-www",        NULL,
    };
    pid_t server = spawn(arguments, &out);
    unsigned port = await_port(out);
    assert_true(port > 0);

    struct desk desk;
    open_desk(&desk, answer_nothing);
    char url[64];
    snprintf(url, sizeof(url), "https://127.0.0.1:%u/", port);
    start_call(&desk, url, PATIENCE_MS);
    run_all(&desk);
    assert_failed(&desk.calls[0]);
    assert_int_equal(desk.calls[0].body.len, 0);
    assert_null(strstr(desk.calls[0].failure, "imeout"));
    close_desk(&desk);

    kill(server, SIGKILL);
    assert_int_equal(waitpid(server, NULL, 0), server);
    close(out);
    unlink(key);
    unlink(certificate);
    rmdir(folder);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(certificate_that_nobody_vouches_for_is_refused),
};

DESK_MAIN(tests)
