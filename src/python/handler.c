/* SPDX-License-Identifier: Apache-2.0 */
#include "python/handler.h"

#include <stdio.h>

#include "base/buffer.h"
#include "base/check.h"
#include "base/err.h"
#include "python/reference.h"
#include "python/service.h"
#include "serve/settings.h"
#include "serve/worker.h"

/* OLDSLICING has six. */
#define ARGUMENTS_LIMIT 6

/* Of the root's class, in its ids. */
#define SERVICE_CLASS_ID 1

struct arguments {
    struct rpyc_box boxes[ARGUMENTS_LIMIT];
    uint32_t count;
};

struct handler {
    const char *name;
    uint32_t count_min;
    uint32_t count_max;
    void (*run)(struct python_request *request,
                const struct arguments *arguments);
};

/* --- Replies -----------------------------------------------------------------
 */

static size_t begin(const struct python_request *request, enum rpyc_label label)
{
    struct buffer *out = python_output(request->python);
    size_t frame = rpyc_begin(out, RPYC_REPLY, request->seq);
    rpyc_put_label(out, label);
    return frame;
}

static void end(const struct python_request *request, size_t frame)
{
    rpyc_end(python_output(request->python), frame);
}

static void answer_none(const struct python_request *request)
{
    size_t frame = begin(request, RPYC_VALUE);
    brine_put_none(python_output(request->python));
    end(request, frame);
}

static void answer_text(const struct python_request *request, const char *text)
{
    size_t frame = begin(request, RPYC_VALUE);
    brine_put_str(python_output(request->python), span_of(text));
    end(request, frame);
}

/* Answer with one of our objects, which the client then holds. */
static void answer_object(const struct python_request *request, int object)
{
    struct rpyc_id id = {
        .name = object == SERVICE_ROOT ? span_of(SERVICE_NAME)
                                       : span_of(SERVICE_METHOD_CLASS),
        .class_id =
            object == SERVICE_ROOT ? SERVICE_CLASS_ID : SERVICE_METHOD_CLASS_ID,
    };
    int err = reference_give(python_references(request->python),
                             (uint16_t)object, &id.object_id);
    if (err == ERR_FULL) {
        python_raise(request, "RuntimeError",
                     "the connection holds %d references already",
                     REFERENCE_LIMIT);
        return;
    }
    if (err != 0) {
        python_raise(request, "MemoryError", "the server has no memory");
        return;
    }
    size_t frame = begin(request, RPYC_REMOTE_REF);
    rpyc_put_id(python_output(request->python), &id);
    end(request, frame);
}

/* --- Arguments ---------------------------------------------------------------
 */

/* The object that an id names.  -1, and the request is answered, where the
 * client does not hold it. */
static int take_id(const struct python_request *request,
                   const struct brine_value *value)
{
    struct rpyc_id id;
    int object =
        rpyc_read_id(&id, value)
            ? reference_find(python_references(request->python), id.object_id)
            : -1;
    if (object < 0) {
        python_raise(request, "KeyError",
                     "the server has no such object on this connection");
    }
    return object;
}

/* The object that a request is about; as above. */
static int take_object(const struct python_request *request,
                       const struct rpyc_box *box)
{
    if (box->label == RPYC_LOCAL_REF) {
        return take_id(request, box->value);
    }
    python_raise(request, "TypeError",
                 "the server answers for its own objects only");
    return -1;
}

/* The name of an attribute; data is NULL, and the request is answered, where
 * the argument is none. */
static struct span take_name(const struct python_request *request,
                             const struct rpyc_box *box)
{
    if (box->label == RPYC_VALUE &&
        (box->value->type == BRINE_STR || box->value->type == BRINE_BYTES)) {
        struct span name = box->value->text;
        return name.len > 0 ? name : (struct span){"", 0};
    }
    python_raise(request, "TypeError", "name must be a string");
    return (struct span){NULL, 0};
}

/* --- Attributes and calls ----------------------------------------------------
 */

static const char *class_name(int object)
{
    return object == SERVICE_ROOT ? SERVICE_CLASS : "method";
}

/* The method that an attribute is; -1, and the request is answered, where it is
 * none. */
static int find_method(const struct python_request *request, int object,
                       struct span name)
{
    int method = object == SERVICE_ROOT ? service_find(name) : -1;
    if (method > 0) {
        return method;
    }
    static const char exposed[] = "exposed_";
    struct span shown = python_shown(name);
    bool is_exposed = name.len >= sizeof(exposed) - 1 &&
                      memcmp(name.data, exposed, sizeof(exposed) - 1) == 0;
    if (is_exposed) {
        python_raise(request, "AttributeError",
                     "'%s' object has no attribute '%.*s'", class_name(object),
                     SPAN_ARGS(shown));
    } else {
        python_raise(request, "AttributeError", "cannot access '%.*s'",
                     SPAN_ARGS(shown));
    }
    return -1;
}

static void run_getattr(struct python_request *request,
                        const struct arguments *arguments)
{
    int object = take_object(request, &arguments->boxes[0]);
    if (object < 0) {
        return;
    }
    struct span name = take_name(request, &arguments->boxes[1]);
    if (name.data == NULL) {
        return;
    }
    if (span_equal(name, span_of("__doc__"))) {
        answer_text(request, service_doc(object));
        return;
    }
    int method = find_method(request, object, name);
    if (method > 0) {
        answer_object(request, method);
    }
}

/* Call with the arguments' boxes from `first` on: a tuple, perhaps a second one
 * of keywords. */
static void call(struct python_request *request, int method,
                 const struct arguments *arguments, uint32_t first)
{
    static const struct brine_value empty = {.type = BRINE_TUPLE, .size = 1};
    struct service_arguments given = {
        .positional = arguments->boxes[first],
        .keywords = arguments->count > first + 1
                        ? arguments->boxes[first + 1]
                        : (struct rpyc_box){RPYC_VALUE, &empty},
    };
    service_call(request, method, &given);
}

static void run_call(struct python_request *request,
                     const struct arguments *arguments)
{
    int object = take_object(request, &arguments->boxes[0]);
    if (object == SERVICE_ROOT) {
        python_raise(request, "TypeError",
                     "'" SERVICE_CLASS "' object is not callable");
    } else if (object > 0) {
        call(request, object, arguments, 1);
    }
}

static void run_callattr(struct python_request *request,
                         const struct arguments *arguments)
{
    int object = take_object(request, &arguments->boxes[0]);
    if (object < 0) {
        return;
    }
    struct span name = take_name(request, &arguments->boxes[1]);
    int method = name.data != NULL ? find_method(request, object, name) : -1;
    if (method > 0) {
        call(request, method, arguments, 2);
    }
}

static void refuse_access(struct python_request *request,
                          const struct arguments *arguments)
{
    int object = take_object(request, &arguments->boxes[0]);
    if (object == SERVICE_ROOT) {
        python_raise(request, "AttributeError", "access denied");
    } else if (object > 0) {
        struct span name = take_name(request, &arguments->boxes[1]);
        struct span shown = python_shown(name);
        if (name.data != NULL) {
            python_raise(request, "AttributeError", "cannot access '%.*s'",
                         SPAN_ARGS(shown));
        }
    }
}

/* --- About the connection ----------------------------------------------------
 */

static void run_ping(struct python_request *request,
                     const struct arguments *arguments)
{
    const struct rpyc_box *box = &arguments->boxes[0];
    if (box->label != RPYC_VALUE && box->label != RPYC_REMOTE_REF) {
        python_raise(request, "TypeError", "the server sends back values only");
        return;
    }
    // An object of the client's is its own again.
    size_t frame =
        begin(request, box->label == RPYC_VALUE ? RPYC_VALUE : RPYC_LOCAL_REF);
    buffer_put(python_output(request->python), box->value->raw,
               box->value->raw_len);
    end(request, frame);
}

static void run_close(struct python_request *request,
                      const struct arguments *arguments)
{
    (void)arguments;
    python_close(request->python);
}

static void run_getroot(struct python_request *request,
                        const struct arguments *arguments)
{
    (void)arguments;
    answer_object(request, SERVICE_ROOT);
}

static void run_del(struct python_request *request,
                    const struct arguments *arguments)
{
    const struct rpyc_box *box = &arguments->boxes[0];
    int64_t count = 1;
    if (arguments->count > 1) {
        const struct rpyc_box *given = &arguments->boxes[1];
        if (given->label != RPYC_VALUE || given->value->type != BRINE_INT) {
            python_raise(request, "TypeError", "a count must be an int");
            return;
        }
        count = given->value->number;
    }
    struct rpyc_id id;
    if (take_object(request, box) < 0) {
        return;
    }
    bool is_held =
        rpyc_read_id(&id, box->value) &&
        reference_drop(python_references(request->python), id.object_id, count);
    CHECK(is_held); // take_object() has just found it
    answer_none(request);
}

/* --- What an object says of itself -------------------------------------------
 */

static void run_repr(struct python_request *request,
                     const struct arguments *arguments)
{
    int object = take_object(request, &arguments->boxes[0]);
    if (object < 0) {
        return;
    }
    const struct worker *worker = python_worker(request->python);
    struct span id = python_shown(span_of(worker->settings->conf->server.id));
    char text[256];
    if (object == SERVICE_ROOT) {
        snprintf(text, sizeof(text), "<" SERVICE_NAME " object at %.*s>",
                 SPAN_ARGS(id));
    } else {
        snprintf(text, sizeof(text),
                 "<bound method " SERVICE_CLASS ".%s of <" SERVICE_NAME
                 " object at %.*s>>",
                 service_name(object), SPAN_ARGS(id));
    }
    answer_text(request, text);
}

static void run_hash(struct python_request *request,
                     const struct arguments *arguments)
{
    int object = take_object(request, &arguments->boxes[0]);
    if (object >= 0) {
        size_t frame = begin(request, RPYC_VALUE);
        brine_put_int(python_output(request->python), object);
        end(request, frame);
    }
}

/* As object.__eq__ and the others: equal is what is the same, and nothing is
 * less or greater. */
static void run_cmp(struct python_request *request,
                    const struct arguments *arguments)
{
    int object = take_object(request, &arguments->boxes[0]);
    if (object < 0) {
        return;
    }
    const struct rpyc_box *other = &arguments->boxes[1];
    struct rpyc_id id;
    bool is_same =
        other->label == RPYC_LOCAL_REF && rpyc_read_id(&id, other->value) &&
        reference_find(python_references(request->python), id.object_id) ==
            object;
    struct span op = arguments->count > 2
                         ? take_name(request, &arguments->boxes[2])
                         : span_of("__cmp__");
    if (op.data == NULL) {
        return;
    }
    static const char *const known[] = {"__eq__", "__ne__", "__lt__",
                                        "__gt__", "__le__", "__ge__"};
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (span_equal(op, span_of(known[i]))) {
            size_t frame = begin(request, RPYC_VALUE);
            if (is_same && i < 2) {
                brine_put_bool(python_output(request->python), i == 0);
            } else {
                brine_put_not_implemented(python_output(request->python));
            }
            end(request, frame);
            return;
        }
    }
    struct span shown = python_shown(op);
    python_raise(request, "AttributeError", "cannot access '%.*s'",
                 SPAN_ARGS(shown));
}

static void put_name(struct buffer *out, const char *prefix, const char *name)
{
    char text[64];
    int len = snprintf(text, sizeof(text), "%s%s", prefix, name);
    CHECK(len > 0 && (size_t)len < sizeof(text));
    brine_put_str(out, (struct span){text, (size_t)len});
}

static void run_dir(struct python_request *request,
                    const struct arguments *arguments)
{
    int object = take_object(request, &arguments->boxes[0]);
    if (object < 0) {
        return;
    }
    struct buffer *out = python_output(request->python);
    size_t frame = begin(request, RPYC_VALUE);
    if (object == SERVICE_ROOT) {
        brine_put_tuple(out, 2 * (size_t)service_count() + 1);
        for (int i = 1; i <= service_count(); i++) {
            put_name(out, "", service_name(i));
            put_name(out, "exposed_", service_name(i));
        }
    } else {
        brine_put_tuple(out, 2);
        brine_put_str(out, span_of("__call__"));
    }
    brine_put_str(out, span_of("__doc__"));
    end(request, frame);
}

static void put_method(struct buffer *out, const char *prefix, const char *name,
                       const char *doc)
{
    brine_put_tuple(out, 2);
    put_name(out, prefix, name);
    brine_put_str(out, span_of(doc));
}

/* The methods of an object's class, of which the client makes a class of its
 * own.  The id comes as a value. */
static void run_inspect(struct python_request *request,
                        const struct arguments *arguments)
{
    int object = take_id(request, arguments->boxes[0].value);
    if (object < 0) {
        return;
    }
    struct buffer *out = python_output(request->python);
    size_t frame = begin(request, RPYC_VALUE);
    if (object == SERVICE_ROOT) {
        brine_put_tuple(out, 2 * (size_t)service_count());
        for (int i = 1; i <= service_count(); i++) {
            put_method(out, "", service_name(i), service_doc(i));
            put_method(out, "exposed_", service_name(i), service_doc(i));
        }
    } else {
        brine_put_tuple(out, 1);
        put_method(out, "", "__call__", service_doc(object));
    }
    end(request, frame);
}

/* We have no classes to be an instance of. */
static void run_instancecheck(struct python_request *request,
                              const struct arguments *arguments)
{
    if (take_object(request, &arguments->boxes[0]) >= 0) {
        size_t frame = begin(request, RPYC_VALUE);
        brine_put_bool(python_output(request->python), false);
        end(request, frame);
    }
}

/* --- What is refused ---------------------------------------------------------
 */

static void refuse_pickle(struct python_request *request,
                          const struct arguments *arguments)
{
    (void)arguments;
    python_raise(request, "ValueError", "pickling is disabled");
}

static void refuse_iteration(struct python_request *request,
                             const struct arguments *arguments)
{
    int object = take_object(request, &arguments->boxes[0]);
    if (object >= 0) {
        python_raise(request, "TypeError", "'%s' object is not iterable",
                     class_name(object));
    }
}

static void refuse_exit(struct python_request *request,
                        const struct arguments *arguments)
{
    int object = take_object(request, &arguments->boxes[0]);
    if (object >= 0) {
        python_raise(request, "AttributeError",
                     "'%s' object has no attribute '__exit__'",
                     class_name(object));
    }
}

static void refuse_slicing(struct python_request *request,
                           const struct arguments *arguments)
{
    int object = take_object(request, &arguments->boxes[0]);
    if (object >= 0) {
        python_raise(request, "AttributeError",
                     "'%s' object has no attribute '__getitem__'",
                     class_name(object));
    }
}

/* --- The table ---------------------------------------------------------------
 */

static const struct handler handlers[] = {
    [RPYC_PING] = {"ping", 1, 1, run_ping},
    [RPYC_CLOSE] = {"close", 0, 0, run_close},
    [RPYC_GETROOT] = {"getroot", 0, 0, run_getroot},
    [RPYC_GETATTR] = {"getattr", 2, 2, run_getattr},
    [RPYC_DELATTR] = {"delattr", 2, 2, refuse_access},
    [RPYC_SETATTR] = {"setattr", 3, 3, refuse_access},
    [RPYC_CALL] = {"call", 2, 3, run_call},
    [RPYC_CALLATTR] = {"callattr", 3, 4, run_callattr},
    [RPYC_REPR] = {"repr", 1, 1, run_repr},
    [RPYC_STR] = {"str", 1, 1, run_repr},
    [RPYC_CMP] = {"cmp", 2, 3, run_cmp},
    [RPYC_HASH] = {"hash", 1, 1, run_hash},
    [RPYC_DIR] = {"dir", 1, 1, run_dir},
    [RPYC_PICKLE] = {"pickle", 2, 2, refuse_pickle},
    [RPYC_DEL] = {"del", 1, 2, run_del},
    [RPYC_INSPECT] = {"inspect", 1, 1, run_inspect},
    [RPYC_BUFFITER] = {"buffiter", 2, 2, refuse_iteration},
    [RPYC_OLDSLICING] = {"oldslicing", 6, 6, refuse_slicing},
    [RPYC_CTXEXIT] = {"ctxexit", 2, 2, refuse_exit},
    [RPYC_INSTANCECHECK] = {"instancecheck", 2, 2, run_instancecheck},
};

static const struct handler *find_handler(int64_t number)
{
    int64_t count = (int64_t)(sizeof(handlers) / sizeof(handlers[0]));
    bool is_known =
        number > 0 && number < count && handlers[number].run != NULL;
    return is_known ? &handlers[number] : NULL;
}

/* Returns false, and the request is answered, where they are not for this
 * handler. */
static bool take_arguments(const struct python_request *request,
                           const struct handler *handler,
                           const struct rpyc_box *box,
                           struct arguments *arguments)
{
    struct rpyc_items items;
    if (!rpyc_open_items(&items, box)) {
        python_raise(request, "TypeError", "arguments must come in a tuple");
        return false;
    }
    arguments->count = items.left;
    if (items.left < handler->count_min || items.left > handler->count_max) {
        python_raise(request, "TypeError",
                     "%s takes %u to %u arguments but %u were given",
                     handler->name, handler->count_min, handler->count_max,
                     items.left);
        return false;
    }
    for (uint32_t i = 0; rpyc_next_item(&items, &arguments->boxes[i]); i++) {
        CHECK(i < ARGUMENTS_LIMIT);
    }
    if (items.failed) {
        python_raise(request, "ValueError", "the arguments are not boxed");
        return false;
    }
    return true;
}

void handler_run(struct python_request *request,
                 const struct rpyc_message *message)
{
    const struct handler *handler = find_handler(message->handler);
    struct arguments arguments;
    if (handler == NULL) {
        python_raise(request, "KeyError", "%lld", (long long)message->handler);
        return;
    }
    if (take_arguments(request, handler, &message->box, &arguments)) {
        handler->run(request, &arguments);
    }
}
