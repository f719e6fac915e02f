/* SPDX-License-Identifier: Apache-2.0 */
#include "testing/testing.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/check.h"

IMPLEMENTS(mono_ms)
static uint64_t fake_mono_ms(const struct clock *clock)
{
    return ((const struct testing_clock *)clock)->mono_ms;
}

IMPLEMENTS(unix_ms)
static int64_t fake_unix_ms(const struct clock *clock)
{
    return ((const struct testing_clock *)clock)->unix_ms;
}

void testing_clock_init(struct testing_clock *clock)
{
    *clock = (struct testing_clock){
        .clock = {.mono_ms = fake_mono_ms, .unix_ms = fake_unix_ms},
        .mono_ms = 1000000,
        .unix_ms = 1762387200000, // 2025-11-06T00:00:00Z
    };
}

bool testing_oom_arm(size_t n)
{
    if (n == 0) {
        mem_fail_nth(0);
        return false;
    }
    mem_fail_nth(n);
    return true;
}

size_t testing_oom_next(size_t n)
{
    size_t calls = mem_fail_nth(0);
    return calls < n ? 0 : n + 1;
}

bool testing_aborts(void (*function)(void *user), void *user)
{
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        const struct rlimit no_core = {0, 0};
        setrlimit(RLIMIT_CORE, &no_core);
        signal(SIGABRT, SIG_DFL);
        int nowhere = open("/dev/null", O_WRONLY);
        dup2(nowhere, STDERR_FILENO);
        function(user);
        _exit(0);
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

uint64_t testing_random(uint64_t *state)
{
    *state += 0x9e3779b97f4a7c15u;
    uint64_t z = *state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}
