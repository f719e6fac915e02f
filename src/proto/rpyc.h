/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rpyc.h -- the protocol of Python's RPyC, versions 5 and 6: frames to
 * messages, messages to frames.  Pure: no socket, no clock, no objects.
 *
 *     frame      length (4 bytes, big-endian), 0 or 1, payload, "\n";
 *                with 1 the payload is compressed (proto/inflate.h)
 *     payload    brine of (kind, seq, body)
 *     request    body is (handler, box of the handler's arguments)
 *     reply      body is the box of what the handler gave
 *     exception  body is ((module, class), arguments, attributes, traceback)
 *     box        (label, value), see enum rpyc_label
 *
 * Both peers send requests; a reply carries the seq of its request.  The
 * package's core/channel.py, protocol.py and vinegar.py are the specification.
 *
 *   (1) Parsing depends on the bytes alone: cut anywhere and parsed again from
 *       the start with the rest, the result is the same.
 *   (2) No byte behind the end of the frame is looked at.
 *   (3) A frame has at most bytes_max bytes, compressed or not, and
 *       RPYC_VALUES_LIMIT values.
 *   (4) What is written reads as what was meant.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/span.h"
#include "proto/brine.h"

/* Each of 1,024 symbols in a box of its own, and what is around them. */
#define RPYC_VALUES_LIMIT 4096

/* Bytes of the name in an id; Python's modules and classes have short ones. */
#define RPYC_NAME_LIMIT 1024

/* Bytes of an id: a name and two numbers.  Numbers may come with zeros before
 * them, which nobody's are. */
#define RPYC_ID_LIMIT (RPYC_NAME_LIMIT + 64)

enum rpyc_kind { RPYC_REQUEST = 1, RPYC_REPLY = 2, RPYC_EXCEPTION = 3 };

enum rpyc_label {
    RPYC_VALUE = 1,      /* a value of brine */
    RPYC_TUPLE = 2,      /* a tuple of boxes */
    RPYC_LOCAL_REF = 3,  /* an id: an object of who reads this */
    RPYC_REMOTE_REF = 4, /* an id: an object of who wrote this */
};

enum rpyc_handler {
    RPYC_PING = 1,
    RPYC_CLOSE = 2,
    RPYC_GETROOT = 3,
    RPYC_GETATTR = 4,
    RPYC_DELATTR = 5,
    RPYC_SETATTR = 6,
    RPYC_CALL = 7,
    RPYC_CALLATTR = 8,
    RPYC_REPR = 9,
    RPYC_STR = 10,
    RPYC_CMP = 11,
    RPYC_HASH = 12,
    RPYC_DIR = 13,
    RPYC_PICKLE = 14,
    RPYC_DEL = 15,
    RPYC_INSPECT = 16,
    RPYC_BUFFITER = 17,
    RPYC_OLDSLICING = 18,
    RPYC_CTXEXIT = 19,
    RPYC_INSTANCECHECK = 20,
};

/* Of a referenced object: the name of its class, and two numbers. */
struct rpyc_id {
    struct span name; /* "builtins.list"; UTF-8, RPYC_NAME_LIMIT at most */
    int64_t class_id;
    int64_t object_id; /* 0: the object is the class */
};

struct rpyc_box {
    enum rpyc_label label;
    const struct brine_value *value; /* BORROWED from the message */
};

struct rpyc_message {
    enum rpyc_kind kind;
    int64_t seq;
    int64_t handler;                /* of a request; may be no handler */
    struct rpyc_box box;            /* of a request and a reply */
    const struct brine_value *body; /* of an exception */
    const char *error;              /* what is wrong, where parsing failed */
    struct brine_values values;
    struct brine_value items[RPYC_VALUES_LIMIT]; /* what `values` is about */
};

/*
 * Parse the frame at the front of `bytes`.  Returns how many bytes it took
 * (more than 0), 0 when more are needed, or ERR_PROTOCOL or ERR_NOMEM with
 * message->error set (BORROWED, static): the connection can't be read any
 * further.  A compressed frame is inflated into `scratch`, which is emptied
 * first and whose len_max is the bound of (3).  The message is BORROWED from
 * both.  Threads: any, as all below.
 */
ptrdiff_t rpyc_parse(struct rpyc_message *message, struct span bytes,
                     struct buffer *scratch);

/* A request as it was cut, not read. */
struct rpyc_cut {
    int64_t seq;
    struct span body; /* in brine.  BORROWED from the bytes */
};

/*
 * Cut the frame at the front of `bytes` where it is a request, plain, whole and
 * no longer than bytes_max.  Returns how many bytes it took, which rpyc_parse()
 * would take or find an error in the body of; 0, which says nothing, where it
 * is anything else.
 */
size_t rpyc_cut(struct rpyc_cut *cut, struct span bytes, size_t bytes_max);

/* --- Boxes ---------------------------------------------------------------- */

/* Read a value as a box.  Returns false where it is none. */
bool rpyc_open_box(struct rpyc_box *box, const struct brine_value *value);

/* Read a value as an id.  Returns false where it is none, or has more than
 * RPYC_ID_LIMIT bytes. */
bool rpyc_read_id(struct rpyc_id *id, const struct brine_value *value);

/* The elements of a boxed tuple, whether it was boxed whole or one by one. */
struct rpyc_items {
    const struct brine_value *at;
    uint32_t left;
    bool are_boxes;
    bool failed; /* an element should have been a box and is none */
};

/* Begin with the first element.  Returns false where the box holds no tuple and
 * no frozenset. */
bool rpyc_open_items(struct rpyc_items *items, const struct rpyc_box *box);

/* The next element, as a box; false behind the last, or where it fails. */
bool rpyc_next_item(struct rpyc_items *items, struct rpyc_box *box);

/* --- Writing --------------------------------------------------------------
 *
 *     size_t frame = rpyc_begin(out, RPYC_REPLY, seq);
 *     rpyc_put_label(out, RPYC_VALUE);
 *     brine_put_float(out, 312.42);
 *     rpyc_end(out, frame);
 */

/* Begin a frame; its body is to follow.  Returns where it begins in *out. */
size_t rpyc_begin(struct buffer *out, enum rpyc_kind kind, int64_t seq);

/* End the frame that begins at `frame`. */
void rpyc_end(struct buffer *out, size_t frame);

/* A whole frame: the reply to request `seq` is a float. */
void rpyc_put_float(struct buffer *out, int64_t seq, double value);

/* Begin the body of a request; the box of its arguments is to follow. */
void rpyc_put_handler(struct buffer *out, enum rpyc_handler handler);

/* Begin a box; what it holds is to follow. */
void rpyc_put_label(struct buffer *out, enum rpyc_label label);

/* An id. */
void rpyc_put_id(struct buffer *out, const struct rpyc_id *id);

/* A whole frame: the peer raises its builtin exception `name` with `text` as
 * its one argument. */
void rpyc_put_exception(struct buffer *out, int64_t seq, const char *name,
                        struct span text);
