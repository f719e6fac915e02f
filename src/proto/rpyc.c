/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/rpyc.h"

#include <endian.h>

#include "base/check.h"
#include "base/err.h"
#include "proto/inflate.h"

/* The length and the flag before a payload, the newline behind it. */
#define HEADER_BYTES  5
#define TRAILER_BYTES 1

/* What brine writes for the head of a tuple, and for 0; 1 is the next byte. */
enum { TUPLE_OF_2 = 0x11, TUPLE_OF_3 = 0x12, INT_0 = 0x50 };

/* --- Frames ------------------------------------------------------------------
 */

struct frame {
    struct span payload;
    bool is_compressed;
};

/* Take the frame at the front.  Each byte is judged as soon as it can be, so
 * that a piece is never refused for another reason than the whole. */
static ptrdiff_t take_frame(struct frame *frame, struct span bytes,
                            size_t bytes_max, const char **error)
{
    uint32_t len;
    if (bytes.len < sizeof(len)) {
        return 0;
    }
    memcpy(&len, bytes.data, sizeof(len));
    len = be32toh(len);
    size_t whole = (size_t)len + HEADER_BYTES + TRAILER_BYTES;
    if (whole > bytes_max) {
        *error = "a frame is longer than limits.request_bytes";
        return ERR_PROTOCOL;
    }
    if (bytes.len < HEADER_BYTES) {
        return 0;
    }
    char flag = bytes.data[sizeof(len)];
    if (flag != 0 && flag != 1) {
        *error = "a frame is neither plain nor compressed";
        return ERR_PROTOCOL;
    }
    if (bytes.len < whole) {
        return 0;
    }
    if (bytes.data[whole - 1] != '\n') {
        *error = "a frame does not end in a newline";
        return ERR_PROTOCOL;
    }
    frame->payload = (struct span){bytes.data + HEADER_BYTES, len};
    frame->is_compressed = flag == 1;
    return (ptrdiff_t)whole;
}

static int open_payload(struct frame *frame, struct buffer *scratch,
                        const char **error)
{
    if (!frame->is_compressed) {
        return 0;
    }
    buffer_clear(scratch);
    int err = inflate_bytes(scratch, &frame->payload);
    frame->payload = buffer_span(scratch);
    if (err == ERR_NOMEM) {
        *error = "there is no memory for a compressed frame";
        return ERR_NOMEM;
    }
    if (err != 0) {
        *error = err == ERR_FULL ? "a compressed frame holds more than "
                                   "limits.request_bytes"
                                 : "a compressed frame is no zlib stream";
        return ERR_PROTOCOL;
    }
    return 0;
}

/* --- Messages ----------------------------------------------------------------
 */

static bool is_tuple_of(const struct brine_value *value, uint32_t count)
{
    return value->type == BRINE_TUPLE && value->count == count;
}

static bool open_request(struct rpyc_message *message,
                         const struct brine_value *body)
{
    if (!is_tuple_of(body, 2) || body[1].type != BRINE_INT) {
        return false;
    }
    message->handler = body[1].number;
    return rpyc_open_box(&message->box, &body[2]);
}

/* Returns false where the values are no message. */
static bool open_message(struct rpyc_message *message)
{
    const struct brine_value *values = message->items;
    if (!is_tuple_of(values, 3) || values[1].type != BRINE_INT ||
        values[2].type != BRINE_INT) {
        return false;
    }
    const struct brine_value *body = &values[3];
    message->seq = values[2].number;
    message->body = body;
    switch (values[1].number) {
    case RPYC_REQUEST:
        message->kind = RPYC_REQUEST;
        return open_request(message, body);
    case RPYC_REPLY:
        message->kind = RPYC_REPLY;
        return rpyc_open_box(&message->box, body);
    case RPYC_EXCEPTION:
        message->kind = RPYC_EXCEPTION;
        return true;
    default:
        return false;
    }
}

ptrdiff_t rpyc_parse(struct rpyc_message *message, struct span bytes,
                     struct buffer *scratch)
{
    struct frame frame;
    message->error = NULL;
    ptrdiff_t taken =
        take_frame(&frame, bytes, scratch->len_max, &message->error);
    if (taken <= 0) {
        return taken;
    }
    int err = open_payload(&frame, scratch, &message->error);
    if (err != 0) {
        return err;
    }
    message->values.items = message->items;
    message->values.max = RPYC_VALUES_LIMIT;
    err = brine_parse(&message->values, frame.payload);
    if (err != 0) {
        message->error = message->values.error;
        return err;
    }
    if (!open_message(message)) {
        message->error = "a frame holds no message";
        return ERR_PROTOCOL;
    }
    return taken;
}

size_t rpyc_cut(struct rpyc_cut *cut, struct span bytes, size_t bytes_max)
{
    static const char front[] = {TUPLE_OF_3, INT_0 + RPYC_REQUEST};
    struct frame frame = {.is_compressed = false};
    const char *error;
    ptrdiff_t taken = take_frame(&frame, bytes, bytes_max, &error);
    struct span left = frame.payload;
    if (taken <= 0 || frame.is_compressed || left.len < sizeof(front) ||
        memcmp(left.data, front, sizeof(front)) != 0) {
        return 0;
    }
    left.data += sizeof(front);
    left.len -= sizeof(front);
    size_t number_len = brine_read_count(&cut->seq, left);
    cut->body = (struct span){left.data + number_len, left.len - number_len};
    return number_len > 0 ? (size_t)taken : 0;
}

/* --- Boxes -------------------------------------------------------------------
 */

bool rpyc_open_box(struct rpyc_box *box, const struct brine_value *value)
{
    if (!is_tuple_of(value, 2) || value[1].type != BRINE_INT ||
        value[1].number < RPYC_VALUE || value[1].number > RPYC_REMOTE_REF) {
        return false;
    }
    box->label = (enum rpyc_label)value[1].number;
    box->value = &value[2];
    return box->label != RPYC_TUPLE || box->value->type == BRINE_TUPLE;
}

bool rpyc_read_id(struct rpyc_id *id, const struct brine_value *value)
{
    if (!is_tuple_of(value, 3) || value->raw_len > RPYC_ID_LIMIT ||
        value[1].type != BRINE_STR || value[1].text.len > RPYC_NAME_LIMIT ||
        value[2].type != BRINE_INT || value[3].type != BRINE_INT) {
        return false;
    }
    id->name = value[1].text;
    id->class_id = value[2].number;
    id->object_id = value[3].number;
    return true;
}

bool rpyc_open_items(struct rpyc_items *items, const struct rpyc_box *box)
{
    if ((box->label != RPYC_VALUE && box->label != RPYC_TUPLE) ||
        (box->value->type != BRINE_TUPLE && box->value->type != BRINE_SET)) {
        return false;
    }
    *items = (struct rpyc_items){
        .at = box->value + 1,
        .left = box->value->count,
        .are_boxes = box->label == RPYC_TUPLE,
    };
    return true;
}

bool rpyc_next_item(struct rpyc_items *items, struct rpyc_box *box)
{
    if (items->left == 0 || items->failed) {
        return false;
    }
    if (items->are_boxes) {
        items->failed = !rpyc_open_box(box, items->at);
    } else {
        *box = (struct rpyc_box){RPYC_VALUE, items->at};
    }
    items->at = brine_next(items->at);
    items->left--;
    return !items->failed;
}

/* --- Writing -----------------------------------------------------------------
 */

/* Bytes that a frame may have before its body. */
#define FRONT_SIZE (HEADER_BYTES + 2 + BRINE_INT_SIZE)

/* Write what stands before a body, without the length.  Returns its bytes. */
static size_t print_front(char out[FRONT_SIZE], enum rpyc_kind kind,
                          int64_t seq)
{
    memset(out, 0, HEADER_BYTES);
    out[HEADER_BYTES] = TUPLE_OF_3;
    out[HEADER_BYTES + 1] = (char)(INT_0 + (int)kind);
    return HEADER_BYTES + 2 + brine_print_int(out + HEADER_BYTES + 2, seq);
}

static void print_length(char *frame, size_t whole)
{
    CHECK(whole > HEADER_BYTES + TRAILER_BYTES);
    size_t len = whole - HEADER_BYTES - TRAILER_BYTES;
    CHECK(len <= UINT32_MAX);
    uint32_t number = htobe32((uint32_t)len);
    memcpy(frame, &number, sizeof(number));
}

size_t rpyc_begin(struct buffer *out, enum rpyc_kind kind, int64_t seq)
{
    char front[FRONT_SIZE];
    size_t frame = out->len;
    buffer_put(out, front, print_front(front, kind, seq));
    return frame;
}

void rpyc_end(struct buffer *out, size_t frame)
{
    buffer_put_byte(out, '\n');
    if (!out->failed) {
        print_length(out->data + frame, out->len - frame);
    }
}

void rpyc_put_float(struct buffer *out, int64_t seq, double value)
{
    char frame[FRONT_SIZE + 2 + BRINE_FLOAT_SIZE + TRAILER_BYTES];
    size_t len = print_front(frame, RPYC_REPLY, seq);
    frame[len++] = TUPLE_OF_2;
    frame[len++] = INT_0 + RPYC_VALUE;
    brine_print_float(frame + len, value);
    len += BRINE_FLOAT_SIZE;
    frame[len++] = '\n';
    print_length(frame, len);
    buffer_put(out, frame, len);
}

void rpyc_put_handler(struct buffer *out, enum rpyc_handler handler)
{
    brine_put_tuple(out, 2);
    brine_put_int(out, handler);
}

void rpyc_put_label(struct buffer *out, enum rpyc_label label)
{
    const char box[] = {TUPLE_OF_2, (char)(INT_0 + (int)label)};
    buffer_put(out, box, sizeof(box));
}

void rpyc_put_id(struct buffer *out, const struct rpyc_id *id)
{
    brine_put_tuple(out, 3);
    brine_put_str(out, id->name);
    brine_put_int(out, id->class_id);
    brine_put_int(out, id->object_id);
}

void rpyc_put_exception(struct buffer *out, int64_t seq, const char *name,
                        struct span text)
{
    size_t frame = rpyc_begin(out, RPYC_EXCEPTION, seq);
    brine_put_tuple(out, 4);
    brine_put_tuple(out, 2);
    brine_put_str(out, span_of("builtins"));
    brine_put_str(out, span_of(name));
    brine_put_tuple(out, 1);
    brine_put_str(out, text);
    // The attributes: the peer warns of a version that is not its own, and ours
    // is none.
    brine_put_tuple(out, 1);
    brine_put_tuple(out, 2);
    brine_put_str(out, span_of("_remote_version"));
    brine_put_str(out, span_of("<version denied>"));
    brine_put_str(out, span_of("<traceback denied>"));
    rpyc_end(out, frame);
}
