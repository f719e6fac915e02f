/* SPDX-License-Identifier: Apache-2.0 */
#include "../tools/page.h"

#include <stdio.h>

#include "base/buffer.h"
#include "base/file.h"

void page_put_cell(struct buffer *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '|' || *text == '*' || *text == '<') {
            buffer_put_byte(out, '\\');
        }
        buffer_put_byte(out, *text);
    }
}

static int compare(struct span page, const char *maker, const char *path)
{
    struct buffer file = buffer_empty(1u << 20);
    bool is_same =
        file_read(&file, path) == 0 && span_equal(buffer_span(&file), page);
    buffer_deinit(&file);
    if (!is_same) {
        fprintf(stderr,
                "%s is not what the table in the code says; write it anew "
                "with\n  %s > %s\n",
                path, maker, path);
    }
    return is_same ? 0 : 1;
}

int page_main(int argc, char **argv, void (*put)(struct buffer *out))
{
    struct buffer page = buffer_empty(1u << 20);
    put(&page);
    int status = page.failed ? 1 : 0;
    if (status == 0 && argc > 1) {
        status = compare(buffer_span(&page), argv[0], argv[1]);
    } else if (status == 0) {
        fwrite(page.data, 1, page.len, stdout);
    }
    buffer_deinit(&page);
    return status;
}
