/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http.c -- a request is judged in the order of its bytes, and each judgement
 * waits until the bytes it is about are all there.  That is what makes the
 * answer independent of how they were cut (1): a line is looked at when it has
 * its end, the request line before the headers, the headers when the empty line
 * has come, a chunk's size when its line has its end.
 */
#include "proto/http.h"

#include <http_parser.h>

#include "base/check.h"
#include "base/err.h"
#include "proto/chunk.h"
#include "proto/line.h"

static int refuse(struct http_request *request, int status, const char *error)
{
    CHECK(status >= 400 && error != NULL);
    request->status = status;
    request->error = error;
    return ERR_PROTOCOL;
}

/* --- The lines of the head ------------------------------------------------ */

struct head {
    size_t start;           // behind empty lines, which clients may send first
    struct span first;      // the request line; data is NULL until it is there
    size_t end;             // behind the empty line; 0 until it is there
    const char *fault;      // what is wrong with a line
    bool fault_is_in_first; // which line that is
};

/* Find the lines of a head in the first HTTP_HEAD_LIMIT bytes. */
static void find_head(struct head *head, const char *bytes, size_t len)
{
    struct lines lines = {
        .bytes = bytes,
        .len = len < HTTP_HEAD_LIMIT ? len : HTTP_HEAD_LIMIT,
    };
    struct span line;
    *head = (struct head){.start = 0};
    while (head->end == 0) {
        enum line kind = line_take(&lines, &line);
        if (kind == LINE_NONE) {
            return;
        }
        if (kind == LINE_BAD) {
            head->fault = "a line does not end in CR LF, or holds a NUL";
            head->fault_is_in_first = head->first.data == NULL;
            return;
        }
        if (head->first.data == NULL) {
            head->start = line.len == 0 ? lines.at : head->start;
            head->first = line.len == 0 ? head->first : line;
        } else if (line.len == 0) {
            head->end = lines.at;
        } else if (line.data[0] == ' ' || line.data[0] == '\t') {
            head->fault = "a header is folded";
            return;
        }
    }
}

/* --- The head, by http-parser --------------------------------------------- */

IMPLEMENTS(on_header_field)
static int keep_name(http_parser *parser, const char *at, size_t len)
{
    struct http_request *request = parser->data;
    if (request->headers_count == HTTP_HEADERS_LIMIT) {
        return refuse(request, 431, "more headers than we read");
    }
    struct http_header *header = &request->headers[request->headers_count++];
    *header = (struct http_header){.name = {at, len}};
    return 0;
}

IMPLEMENTS(on_header_value)
static int keep_value(http_parser *parser, const char *at, size_t len)
{
    struct http_request *request = parser->data;
    CHECK(request->headers_count > 0);
    struct http_header *header = &request->headers[request->headers_count - 1];
    CHECK(header->value.data == NULL); // nothing is folded
    header->value = span_trim((struct span){at, len});
    return 0;
}

IMPLEMENTS(on_headers_complete)
static int skip_body(http_parser *parser)
{
    struct http_request *request = parser->data;
    request->keep_alive = http_should_keep_alive(parser) != 0;
    return 1; // the body is ours
}

IMPLEMENTS(on_message_complete)
static int stop(http_parser *parser)
{
    http_parser_pause(parser, 1);
    return 0;
}

static const http_parser_settings settings = {
    .on_header_field = keep_name,
    .on_header_value = keep_value,
    .on_headers_complete = skip_body,
    .on_message_complete = stop,
};

/* What to say of http-parser's refusal. */
static int translate(struct http_request *request, enum http_errno code)
{
    switch (code) {
    case HPE_INVALID_METHOD:
        return refuse(request, 405, "the method is not known");
    case HPE_INVALID_CONTENT_LENGTH:
        return refuse(request, 400, "the Content-Length is no length");
    case HPE_UNEXPECTED_CONTENT_LENGTH:
        return refuse(request, 400, "the length of the body is said twice");
    case HPE_INVALID_HEADER_TOKEN:
        return refuse(request, 400, "this is no header");
    default:
        return refuse(request, 400, "this is no HTTP");
    }
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Whether a target holds only what can be seen; http-parser, as Debian builds
 * it, lets a tab pass. */
static bool is_visible(struct span text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (c <= ' ' || c == 127) {
            return false;
        }
    }
    return text.len > 0;
}

/* Judge and keep the request line: method, space, target, space, version.  It
 * is read here and not by http-parser, which as Debian builds it takes any four
 * bytes for "HTTP", a line end among them. */
static int take_first(struct http_request *request, struct span line)
{
    struct span rest = line;
    span_split(&rest, ' ', &request->method);
    span_split(&rest, ' ', &request->target);
    if (!chunk_is_token(request->method) || !is_visible(request->target)) {
        return refuse(request, 400, "this is no request line");
    }
    if (rest.data == NULL) {
        return request->target.data[0] == '/'
                   ? refuse(request, 505, "HTTP/0.9 is not spoken")
                   : refuse(request, 400, "this is no request line");
    }
    bool is_version = rest.len == 8 && memcmp(rest.data, "HTTP/", 5) == 0 &&
                      is_digit(rest.data[5]) && rest.data[6] == '.' &&
                      is_digit(rest.data[7]);
    if (!is_version) {
        return refuse(request, 400, "this is no request line");
    }
    if (rest.data[5] != '1' || rest.data[7] > '1') {
        return refuse(request, 505, "the version is not 1.0 or 1.1");
    }
    request->is_1_0 = rest.data[7] == '0';
    return 0;
}

/* The length of "http://" or "https://" at the front of a target; a proxy that
 * took the TLS off sends the latter.  0 where there is neither. */
static size_t scheme_len(struct span target)
{
    static const char *const schemes[] = {"http://", "https://"};
    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
        struct span scheme = span_of(schemes[i]);
        struct span front = {target.data, scheme.len};
        if (target.len >= scheme.len && span_equal_nocase(front, scheme)) {
            return scheme.len;
        }
    }
    return 0;
}

static void split_target(struct http_request *request)
{
    struct span rest = request->target;
    size_t at = scheme_len(rest);
    if (at > 0) {
        while (at < rest.len && rest.data[at] != '/' && rest.data[at] != '?') {
            at++;
        }
        rest = (struct span){rest.data + at, rest.len - at};
    }
    bool is_whole = span_split(&rest, '?', &request->path);
    CHECK(is_whole);
    request->query = rest.data != NULL ? rest : (struct span){NULL, 0};
    if (request->path.len == 0) {
        request->path = span_of("/");
    }
}

/* Run http-parser over the first `len` bytes behind head->start: the request
 * line alone, or the whole head. */
static int run_parser(struct http_request *request, const struct head *head,
                      const char *bytes, size_t len)
{
    if (take_first(request, head->first) != 0) {
        return ERR_PROTOCOL;
    }
    http_parser parser;
    http_parser_init(&parser, HTTP_REQUEST);
    parser.data = request;
    http_parser_execute(&parser, &settings, bytes + head->start, len);
    enum http_errno code = HTTP_PARSER_ERRNO(&parser);
    if (request->status != 0) {
        return ERR_PROTOCOL; // a callback's judgement
    }
    if (code != (head->end > 0 ? HPE_PAUSED : HPE_OK)) {
        return translate(request, code);
    }
    split_target(request);
    return 0;
}

/* --- What the headers say of the body ------------------------------------- */

static bool names(const struct http_header *header, const char *name)
{
    return span_equal_nocase(header->name, span_of(name));
}

struct framing {
    bool is_chunked;
    uint64_t length;
};

static int judge_host(struct http_request *request)
{
    size_t hosts = 0;
    for (size_t i = 0; i < request->headers_count; i++) {
        const struct http_header *header = &request->headers[i];
        if (!chunk_is_token(header->name) || !chunk_is_text(header->value)) {
            return refuse(request, 400, "this is no header");
        }
        hosts += names(header, "Host") ? 1 : 0;
    }
    if (hosts > 1 || (hosts == 0 && !request->is_1_0)) {
        return refuse(request, 400, "there must be one Host header");
    }
    return 0;
}

static int judge_framing(struct http_request *request, struct framing *framing)
{
    const struct span chunked = span_of("chunked");
    bool has_length = false;
    *framing = (struct framing){.length = 0};
    for (size_t i = 0; i < request->headers_count; i++) {
        const struct http_header *header = &request->headers[i];
        bool is_length = names(header, "Content-Length");
        bool is_coding = names(header, "Transfer-Encoding");
        if ((is_length || is_coding) && (has_length || framing->is_chunked)) {
            return refuse(request, 400, "the length of the body is said twice");
        }
        if (is_length && span_to_u64(header->value, &framing->length) != 0) {
            return refuse(request, 400, "the Content-Length is no length");
        }
        if (is_coding && !span_equal_nocase(header->value, chunked)) {
            return refuse(request, 501, "the transfer coding is not known");
        }
        has_length = has_length || is_length;
        framing->is_chunked = framing->is_chunked || is_coding;
    }
    if (framing->is_chunked && request->is_1_0) {
        return refuse(request, 400, "HTTP/1.0 has no transfer codings");
    }
    return 0;
}

/* --- The body ------------------------------------------------------------- */

static ptrdiff_t parse_chunked(struct http_request *request, char *bytes,
                               struct lines rest, size_t body_max)
{
    struct chunks chunks = {.lines = rest, .body_max = body_max};
    ptrdiff_t taken = chunk_walk(&chunks);
    if (taken < 0) {
        return refuse(request, chunks.status, chunks.error);
    }
    if (taken == 0) {
        return 0;
    }
    // All of it is there and right: now it may be changed.
    chunks.lines = rest;
    chunks.to = bytes + rest.at;
    ptrdiff_t again = chunk_walk(&chunks);
    CHECK(again == taken);
    request->body = (struct span){chunks.to, (size_t)chunks.len};
    return taken;
}

static ptrdiff_t parse_body(struct http_request *request, char *bytes,
                            struct lines rest, const struct framing *framing,
                            size_t body_max)
{
    if (framing->is_chunked) {
        return parse_chunked(request, bytes, rest, body_max);
    }
    if (framing->length > body_max) {
        return refuse(request, 413, "the body is too long");
    }
    if (rest.len - rest.at < framing->length) {
        return 0;
    }
    request->body = (struct span){bytes + rest.at, (size_t)framing->length};
    return (ptrdiff_t)(rest.at + framing->length);
}

/* --- The whole ------------------------------------------------------------ */

/* The head is not there yet: refuse what can be refused already. */
static ptrdiff_t judge_part(struct http_request *request,
                            const struct head *head, const char *bytes,
                            size_t len)
{
    if (head->fault_is_in_first) {
        return refuse(request, 400, head->fault);
    }
    if (head->first.data == NULL) {
        return len < HTTP_HEAD_LIMIT
                   ? 0
                   : refuse(request, 414, "the request line is too long");
    }
    size_t first_len =
        (size_t)(head->first.data + head->first.len + 2 - bytes) - head->start;
    if (run_parser(request, head, bytes, first_len) != 0) {
        return ERR_PROTOCOL;
    }
    if (head->fault != NULL) {
        return refuse(request, 400, head->fault);
    }
    return len < HTTP_HEAD_LIMIT ? 0
                                 : refuse(request, 431, "the head is too long");
}

ptrdiff_t http_parse(struct http_request *request, char *bytes, size_t len,
                     size_t body_max)
{
    request->method = request->target = (struct span){NULL, 0};
    request->path = request->query = request->body = (struct span){NULL, 0};
    request->headers_count = 0;
    request->is_1_0 = request->keep_alive = false;
    request->status = 0;
    request->error = NULL;

    struct head head;
    find_head(&head, bytes, len);
    if (head.end == 0) {
        return judge_part(request, &head, bytes, len);
    }
    struct framing framing;
    if (run_parser(request, &head, bytes, head.end - head.start) != 0 ||
        judge_host(request) != 0 || judge_framing(request, &framing) != 0) {
        return ERR_PROTOCOL;
    }
    struct lines rest = {.bytes = bytes, .len = len, .at = head.end};
    ptrdiff_t taken = parse_body(request, bytes, rest, &framing, body_max);
    CHECK(taken <= (ptrdiff_t)len);
    return taken;
}

struct span http_find_header(const struct http_request *request,
                             const char *name)
{
    for (size_t i = 0; i < request->headers_count; i++) {
        if (names(&request->headers[i], name)) {
            return request->headers[i].value;
        }
    }
    return (struct span){NULL, 0};
}

struct span http_join_header(const struct http_request *request,
                             const char *name, struct buffer *scratch)
{
    struct span first = {NULL, 0};
    buffer_clear(scratch);
    for (size_t i = 0; i < request->headers_count; i++) {
        struct span value = request->headers[i].value;
        if (!names(&request->headers[i], name)) {
            continue;
        }
        if (first.data == NULL) {
            first = value;
            continue;
        }
        if (scratch->len == 0) {
            buffer_put_span(scratch, first);
        }
        buffer_put_byte(scratch, ',');
        buffer_put_span(scratch, value);
    }
    return scratch->len > 0 && !scratch->failed ? buffer_span(scratch) : first;
}

/* --- The query ------------------------------------------------------------ */

static int hex_digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

static void put_decoded(struct buffer *out, struct span text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        int high = i + 2 < text.len ? hex_digit(text.data[i + 1]) : -1;
        int low = i + 2 < text.len ? hex_digit(text.data[i + 2]) : -1;
        if (c == '%' && high >= 0 && low >= 0) {
            buffer_put_byte(out, (char)(high << 4 | low));
            i += 2;
        } else {
            buffer_put_byte(out, (char)(c == '+' ? ' ' : c));
        }
    }
}

bool http_query_value(struct span query, const char *name, struct buffer *out)
{
    struct span pair;
    while (span_split(&query, '&', &pair)) {
        struct span key;
        bool has_key = span_split(&pair, '=', &key);
        CHECK(has_key);
        if (span_equal(key, span_of(name))) {
            put_decoded(out, pair);
            return true;
        }
    }
    return false;
}

/* --- Replies -------------------------------------------------------------- */

const char *http_reason(int status)
{
    switch (status) {
#define REASON(number, name, text) \
    case number:                   \
        return #text;
        HTTP_STATUS_MAP(REASON)
#undef REASON
    default:
        return "Status";
    }
}

void http_put_head(struct buffer *out, int status, const char *content_type,
                   size_t content_length, bool keep_alive, const char *extra)
{
    CHECK(status >= 100 && status <= 999);
    buffer_put_text(out, "HTTP/1.1 ");
    buffer_put_u64(out, (uint64_t)status);
    buffer_put_byte(out, ' ');
    buffer_put_text(out, http_reason(status));
    buffer_put_text(out, "\r\nContent-Type: ");
    buffer_put_text(out, content_type);
    buffer_put_text(out, "\r\nContent-Length: ");
    buffer_put_u64(out, content_length);
    buffer_put_text(out, keep_alive ? "\r\n" : "\r\nConnection: close\r\n");
    buffer_put_text(out, extra);
    buffer_put_text(out, "\r\n");
}
