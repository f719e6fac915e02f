/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/output.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

bool output_take_descriptors(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) >= 0) {
            continue;
        }
        // The lowest that is free; the wrong way round, so that using it fails.
        int mode = fd == STDIN_FILENO ? O_WRONLY : O_RDONLY;
        int opened = open("/dev/null", mode); // stays open
        if (opened != fd) {
            return false;
        }
    }
    return true;
}

bool output_flush(struct output *output)
{
    if (output->has_failed) {
        return false;
    }
    bool had_failed = ferror(stdout) != 0;
    if (fflush(stdout) != 0) {
        perror("quote: standard output");
        output->has_failed = true;
    } else if (had_failed) { // while it was printed to; errno is another's
        fputs("quote: standard output can't be written\n", stderr);
        output->has_failed = true;
    }
    return !output->has_failed;
}

bool output_is_abandoned(void)
{
    struct pollfd polled = {.fd = STDOUT_FILENO, .events = 0};
    return poll(&polled, 1, 0) > 0 && (polled.revents & POLLERR) != 0;
}
