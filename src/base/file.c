/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/check.h"
#include "base/err.h"

/* A page: most files read here fit in one. */
#define STEP_BYTES 4096

static ssize_t read_some(int fd, void *data, size_t len)
{
    ssize_t got;
    do {
        got = read(fd, data, len);
    } while (got < 0 && errno == EINTR);
    return got;
}

/* Whether the file goes on where the buffer is full. */
static int check_end(int fd)
{
    char more;
    ssize_t got = read_some(fd, &more, 1);
    if (got < 0) {
        return ERR_IO;
    }
    return got == 0 ? 0 : ERR_FULL;
}

static int read_all(struct buffer *out, int fd)
{
    for (;;) {
        size_t room = out->len_max - out->len;
        size_t step = room < STEP_BYTES ? room : STEP_BYTES;
        if (step == 0) {
            return check_end(fd);
        }
        char *at = buffer_reserve(out, step);
        if (at == NULL) {
            return ERR_NOMEM;
        }
        ssize_t got = read_some(fd, at, step);
        if (got <= 0) {
            return got == 0 ? 0 : ERR_IO;
        }
        out->len += (size_t)got;
    }
}

int file_read(struct buffer *out, const char *path)
{
    CHECK(!out->failed);
    CHECK(out->len <= out->len_max);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) {
        return ERR_IO;
    }
    int err = read_all(out, fd);
    int cause = errno;
    close(fd);
    errno = cause;
    return err;
}
