/* SPDX-License-Identifier: Apache-2.0 */
#include "press/paper.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/check.h"
#include "base/err.h"
#include "base/file.h"

#define NS_PER_S INT64_C(1000000000)

bool paper_is_same(const struct paper_state *a, const struct paper_state *b)
{
    return a->is_there == b->is_there && a->device == b->device &&
           a->inode == b->inode && a->size == b->size &&
           a->changed_unix_ns == b->changed_unix_ns;
}

const char *paper_path(const char *url)
{
    size_t scheme = strlen("file://");
    CHECK(strncmp(url, "file:///", scheme + 1) == 0);
    return url + scheme;
}

int paper_look(const char *path, struct paper_state *out,
               char error[PAPER_ERROR_SIZE])
{
    struct stat file;
    *out = (struct paper_state){0};
    if (stat(path, &file) != 0) {
        snprintf(error, PAPER_ERROR_SIZE, "%s", strerror(errno));
        return ERR_IO;
    }
    if (!S_ISREG(file.st_mode)) {
        snprintf(error, PAPER_ERROR_SIZE, "this is no file");
        return ERR_IO;
    }
    *out = (struct paper_state){
        .is_there = true,
        .device = file.st_dev,
        .inode = file.st_ino,
        .size = file.st_size,
        .changed_unix_ns =
            file.st_mtim.tv_sec * NS_PER_S + file.st_mtim.tv_nsec,
    };
    return 0;
}

/* Why a text could not be read. */
static const char *why_of(int err)
{
    switch (err) {
    case ERR_IO:
        return strerror(errno);
    case ERR_FULL:
        return "the file is longer than 8 MiB";
    default:
        return err_sentence(err);
    }
}

int paper_read(const char *path, struct buffer *out, struct paper_state *state,
               char error[PAPER_ERROR_SIZE])
{
    CHECK(out->len == 0 && out->len_max <= PAPER_BYTES_LIMIT);
    int err = paper_look(path, state, error);
    if (err != 0) {
        return err;
    }
    err = file_read(out, path);
    if (err != 0) {
        snprintf(error, PAPER_ERROR_SIZE, "%s", why_of(err));
        return err;
    }
    struct paper_state after;
    err = paper_look(path, &after, error);
    if (err == 0 && !paper_is_same(state, &after)) {
        snprintf(error, PAPER_ERROR_SIZE, "it was written while it was read");
        err = ERR_STALE;
    }
    return err;
}
