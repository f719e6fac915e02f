/* SPDX-License-Identifier: Apache-2.0 */
/*
 * replay.c -- main() of a fuzz target that is not being fuzzed: every file of
 * the folders named on the command line goes through the target, whole and cut
 * off at every length, so that a corpus tests reads past the end in each build.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/fuzz.h"

/* Above this, only the whole file is run: cutting is quadratic. */
#define CUT_BYTES_LIMIT 4096

static void run_front(const uint8_t *data, size_t len)
{
    // A block of exactly this size lets ASan see a read past its end.
    uint8_t *copy = malloc(len > 0 ? len : 1);
    if (copy == NULL) {
        abort();
    }
    if (len > 0) {
        memcpy(copy, data, len);
    }
    LLVMFuzzerTestOneInput(copy, len);
    free(copy);
}

static int run_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        return 0;
    }
    static uint8_t bytes[1 << 21];
    size_t len = fread(bytes, 1, sizeof(bytes), file);
    fclose(file);
    for (size_t cut = 0; len <= CUT_BYTES_LIMIT && cut < len; cut++) {
        run_front(bytes, cut);
    }
    run_front(bytes, len);
    return 1;
}

static int run_folder(const char *folder)
{
    DIR *dir = opendir(folder);
    if (dir == NULL) {
        perror(folder);
        return 0;
    }
    int files = 0;
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        char path[4096];
        snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
        files += entry->d_name[0] != '.' ? run_file(path) : 0;
    }
    closedir(dir);
    return files;
}

int main(int argc, char **argv)
{
    int files = 0;
    for (int i = 1; i < argc; i++) {
        files += run_folder(argv[i]);
    }
    printf("%d files\n", files);
    return files > 0 ? 0 : 1; // an empty corpus tests nothing
}
