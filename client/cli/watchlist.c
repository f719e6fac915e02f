/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/watchlist.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/arguments.h"

int watchlist_path(char *out, size_t size)
{
    const char *config = getenv("XDG_CONFIG_HOME");
    const char *home = getenv("HOME");
    int len = -1;
    if (config != NULL && config[0] == '/') {
        len = snprintf(out, size, "%s/quote/watchlist", config);
    } else if (home != NULL && home[0] == '/') {
        len = snprintf(out, size, "%s/.config/quote/watchlist", home);
    }
    return len > 0 && (size_t)len < size ? 0 : -1;
}

/* Read all of a file and put a 0 behind it.  Returns its bytes, or NULL with
 * errno set: the caller's, to be freed. */
static char *read_file(const char *path, size_t *len)
{
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return NULL;
    }
    char *text = malloc(WATCHLIST_BYTES_LIMIT + 2);
    size_t got = 0;
    int err = ENOMEM;
    if (text != NULL) {
        errno = 0;
        got = fread(text, 1, WATCHLIST_BYTES_LIMIT + 1, file);
        err = ferror(file) != 0             ? (errno != 0 ? errno : EIO)
              : got > WATCHLIST_BYTES_LIMIT ? EFBIG
                                            : 0;
    }
    fclose(file);
    if (err != 0) {
        free(text);
        errno = err;
        return NULL;
    }
    text[got] = '\0';
    *len = got;
    return text;
}

/* The name on a line, with a 0 put behind it; "" where there is none. */
static char *name_on(char *line)
{
    while (isspace((unsigned char)*line)) {
        line++;
    }
    size_t len = 0;
    bool was_space = true;
    while (line[len] != '\0' && !(line[len] == '#' && was_space)) {
        was_space = isspace((unsigned char)line[len]);
        len++;
    }
    while (len > 0 && isspace((unsigned char)line[len - 1])) {
        len--;
    }
    line[len] = '\0';
    return line;
}

static int wrong_line(const char *path, size_t line, char *error, size_t size)
{
    snprintf(error, size,
             "%s:%zu: not a name: a control character, or no UTF-8", path,
             line);
    return -1;
}

static int take_lines(struct watchlist *list, const char *path, char *error,
                      size_t size)
{
    const char *const mark = "\xef\xbb\xbf"; // some editors begin with it
    char *rest = list->text;
    if (strncmp(rest, mark, strlen(mark)) == 0) {
        rest += strlen(mark);
    }
    for (size_t number = 1; rest != NULL; number++) {
        char *line = strsep(&rest, "\n");
        char *name = name_on(line);
        if (name[0] == '\0') {
            continue;
        }
        if (!arguments_is_name(name)) {
            return wrong_line(path, number, error, size);
        }
        if (list->count == WATCHLIST_NAMES_LIMIT) {
            snprintf(error, size, "%s: more than %d names", path,
                     WATCHLIST_NAMES_LIMIT);
            return -1;
        }
        list->names[list->count] = name;
        list->count++;
    }
    return 0;
}

int watchlist_load(struct watchlist *out, const char *path, char *error,
                   size_t error_size)
{
    *out = (struct watchlist){.count = 0};
    size_t len;
    out->text = read_file(path, &len);
    if (out->text == NULL) {
        bool is_absent = errno == ENOENT || errno == ENOTDIR;
        snprintf(error, error_size, "%s: %s", path, strerror(errno));
        return is_absent ? 0 : -1;
    }
    if (strlen(out->text) != len) {
        snprintf(error, error_size, "%s: not a text", path);
        watchlist_free(out);
        return -1;
    }
    out->names = calloc(WATCHLIST_NAMES_LIMIT, sizeof(*out->names));
    if (out->names == NULL) {
        snprintf(error, error_size, "no memory");
        watchlist_free(out);
        return -1;
    }
    if (take_lines(out, path, error, error_size) != 0) {
        watchlist_free(out);
        return -1;
    }
    return 0;
}

void watchlist_free(struct watchlist *list)
{
    free(list->names);
    free(list->text);
    *list = (struct watchlist){.count = 0};
}
