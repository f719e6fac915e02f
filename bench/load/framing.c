/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/load/framing.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Of an RPyC frame: before its bytes, and behind them. */
#define RPYC_HEAD 5
#define RPYC_TAIL 1

void framing_init(struct framing *framing, enum framing_kind kind, size_t fixed)
{
    *framing = (struct framing){.kind = kind, .fixed = fixed};
    framing->is_first_line = true;
    framing->skip = kind == FRAMING_FIXED ? fixed : 0;
}

/* Gather bytes up to a line's end or the room for it.  Returns how many were
 * taken; *is_whole is whether the line has ended. */
static size_t take_line(struct framing *framing, const char *bytes, size_t len,
                        bool *is_whole)
{
    const char *end = memchr(bytes, '\n', len);
    size_t taken = end == NULL ? len : (size_t)(end - bytes) + 1;
    *is_whole = end != NULL;
    if (framing->line_len + taken >= FRAMING_LINE_SIZE) {
        framing->is_bad = framing->kind != FRAMING_HTTP;
        size_t room = FRAMING_LINE_SIZE - 1 - framing->line_len;
        memcpy(framing->line + framing->line_len, bytes, room);
        framing->line_len += room; // the beginning is enough of a header
        return taken;
    }
    memcpy(framing->line + framing->line_len, bytes, taken);
    framing->line_len += taken;
    return taken;
}

/* --- RESP -------------------------------------------------------------------
 */

/* A line has come: returns whether the reply has ended. */
static bool end_resp_line(struct framing *framing)
{
    framing->line[framing->line_len] = '\0';
    framing->line_len = 0;
    long count = strtol(framing->line + 1, NULL, 10);
    framing->values = framing->values == 0 ? 1 : framing->values;
    framing->values--;
    switch (framing->line[0]) {
    case '-':
        framing->errors++;
        break;
    case '$':
        framing->skip = count >= 0 ? (size_t)count + 2 : 0;
        break;
    case '%':
        framing->values += count > 0 ? 2 * (uint64_t)count : 0;
        break;
    case '*':
    case '~':
    case '>':
        framing->values += count > 0 ? (uint64_t)count : 0;
        break;
    case '+':
    case ':':
    case '_':
    case '#':
    case ',':
        break;
    default:
        framing->is_bad = true;
    }
    return framing->values == 0 && framing->skip == 0;
}

/* --- HTTP -------------------------------------------------------------------
 */

static bool end_http_line(struct framing *framing)
{
    framing->line[framing->line_len] = '\0';
    bool is_empty = framing->line[0] == '\r' || framing->line[0] == '\n';
    framing->line_len = 0;
    if (framing->is_first_line) {
        framing->is_bad = strncmp(framing->line, "HTTP/1.", 7) != 0;
        const char *status = strchr(framing->line, ' ');
        framing->errors += status != NULL && status[1] >= '4';
        framing->is_first_line = false;
        framing->body_len = 0;
        return false;
    }
    if (!is_empty) {
        if (strncasecmp(framing->line, "content-length:", 15) == 0) {
            framing->body_len = strtoul(framing->line + 15, NULL, 10);
        } else if (strncasecmp(framing->line, "transfer-encoding:", 18) == 0) {
            framing->is_bad = true; // not what is measured here
        }
        return false;
    }
    framing->is_first_line = true;
    framing->skip = framing->body_len;
    return framing->skip == 0;
}

/* --- memcached --------------------------------------------------------------
 */

/* "VALUE key flags bytes", and the bytes; behind all of them "END". */
static bool end_memcached_line(struct framing *framing)
{
    framing->line[framing->line_len] = '\0';
    framing->line_len = 0;
    if (strncmp(framing->line, "VALUE ", 6) == 0) {
        const char *bytes = strrchr(framing->line, ' ');
        framing->skip = strtoul(bytes, NULL, 10) + 2; // and a line's end
        framing->values++;
        return false;
    }
    bool is_end = strncmp(framing->line, "END", 3) == 0;
    framing->is_bad = !is_end && strstr(framing->line, "ERROR") == NULL;
    framing->errors += !is_end || framing->values == 0;
    framing->values = 0;
    return true;
}

/* --- RPyC -------------------------------------------------------------------
 */

static size_t take_rpyc_head(struct framing *framing, const char *bytes,
                             size_t len)
{
    size_t room = RPYC_HEAD - framing->line_len;
    size_t taken = len < room ? len : room;
    memcpy(framing->line + framing->line_len, bytes, taken);
    framing->line_len += taken;
    if (framing->line_len == RPYC_HEAD) {
        const unsigned char *head = (const unsigned char *)framing->line;
        framing->skip = ((size_t)head[0] << 24 | (size_t)head[1] << 16 |
                         (size_t)head[2] << 8 | head[3]) +
                        RPYC_TAIL;
        framing->line_len = 0;
    }
    return taken;
}

/* --- All --------------------------------------------------------------------
 */

/* What was skipped has come: whether the reply has ended with it. */
static bool end_skip(struct framing *framing)
{
    if (framing->kind == FRAMING_FIXED) {
        framing->skip = framing->fixed;
    }
    return framing->kind != FRAMING_MEMCACHED &&
           (framing->kind != FRAMING_RESP || framing->values == 0);
}

/* A line has come: returns whether the reply has ended. */
static bool end_line(struct framing *framing)
{
    if (framing->kind == FRAMING_RESP) {
        return end_resp_line(framing);
    }
    return framing->kind == FRAMING_HTTP ? end_http_line(framing)
                                         : end_memcached_line(framing);
}

static size_t skip(struct framing *framing, size_t len, size_t *ended)
{
    size_t taken = len < framing->skip ? len : framing->skip;
    framing->skip -= taken;
    if (framing->skip == 0) {
        *ended += end_skip(framing);
    }
    return taken;
}

size_t framing_take(struct framing *framing, const char *bytes, size_t len)
{
    size_t ended = 0;
    size_t at = 0;
    while (at < len && !framing->is_bad) {
        if (framing->skip > 0) {
            at += skip(framing, len - at, &ended);
        } else if (framing->kind == FRAMING_RPYC) {
            at += take_rpyc_head(framing, bytes + at, len - at);
        } else {
            bool is_whole;
            at += take_line(framing, bytes + at, len - at, &is_whole);
            if (is_whole && !framing->is_bad) {
                ended += end_line(framing);
            }
        }
    }
    return ended;
}
