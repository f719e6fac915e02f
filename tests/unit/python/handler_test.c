/* SPDX-License-Identifier: Apache-2.0 */
/*
 * handler_test.c -- requests about objects as no Python client sends them: of
 * the wrong shape, with the wrong arguments, without memory.  What clients do
 * send is shown with the real package, in tests/peers/rpyc_test.py.
 *
 * The session is the test's: it owns references and an output, and notes what
 * it was asked for.
 */
#include "python/handler.h"

#include <stdio.h>

#include "base/buffer.h"
#include "base/err.h"
#include "conf/conf.h"
#include "python/follow.h"
#include "python/reference.h"
#include "python/service.h"
#include "serve/settings.h"
#include "serve/worker.h"
#include "testing/testing.h"

#define BYTES_MAX 100000

struct python {
    struct worker worker;
    struct settings settings;
    struct conf conf;
    struct references references;
    struct buffer out;
    size_t asked;     // symbols
    size_t collected; // iterables
    int followed;     // 1: watch(), -1: unwatch(symbols), 0: unwatch()
    bool is_closed;
    char raised[32];
};

static struct python python;
static struct rpyc_message reply;

/* --- What handler.c and service.c call ------------------------------------ */

struct worker *python_worker(const struct python *session)
{
    return (struct worker *)&session->worker;
}

struct references *python_references(struct python *session)
{
    return &session->references;
}

struct buffer *python_output(struct python *session)
{
    return &session->out;
}

void python_raise(const struct python_request *request, const char *exception,
                  const char *format, ...)
{
    snprintf(python.raised, sizeof(python.raised), "%s", exception);
    rpyc_put_exception(&python.out, request->seq, exception, span_of(format));
}

void python_count_failed(struct python *session)
{
    (void)session;
}

struct span python_shown(struct span text)
{
    return text;
}

void python_ask(const struct python_request *request, python_compose_fn compose,
                const struct span *texts, size_t count)
{
    (void)request;
    (void)compose;
    (void)texts;
    python.asked += count;
}

void python_collect(struct python_request *request,
                    python_collected_fn collected, const struct brine_value *id,
                    const struct brine_value *callback)
{
    (void)collected;
    request->kept[0] = id;
    request->kept[1] = callback;
    python.collected++;
}

void follow_change(struct python_request *request, struct span callback,
                   const struct rpyc_box *symbols)
{
    (void)symbols;
    python.followed = callback.len > 0 ? 1 : -1;
    service_answer_none(request);
}

void follow_stop_all(struct python_request *request)
{
    python.followed = 0;
    service_answer_none(request);
}

void python_close(struct python *session)
{
    session->is_closed = true;
}

/* -------------------------------------------------------------------------- */

static int setup(void **state)
{
    (void)state;
    static char id[] = "server";
    python = (struct python){.out = buffer_empty(BYTES_MAX)};
    python.conf.server.id = id;
    python.settings.conf = &python.conf;
    python.worker.settings = &python.settings;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    reference_deinit_all(&python.references);
    buffer_deinit(&python.out);
    return 0;
}

/* Compose a request whose one box is written by hand, and run it.  Where it is
 * answered, the answer is in `reply`. */
static void run(int64_t handler, struct span box)
{
    static struct rpyc_message message;
    struct buffer bytes = buffer_empty(BYTES_MAX);
    struct buffer scratch = buffer_empty(BYTES_MAX);
    size_t frame = rpyc_begin(&bytes, RPYC_REQUEST, 7);
    rpyc_put_handler(&bytes, (enum rpyc_handler)handler);
    buffer_put_span(&bytes, box);
    rpyc_end(&bytes, frame);
    ptrdiff_t taken = rpyc_parse(&message, buffer_span(&bytes), &scratch);
    assert_int_equal(taken, bytes.len);
    buffer_clear(&python.out);
    python.raised[0] = '\0';
    struct python_request request = {.python = &python, .seq = message.seq};
    handler_run(&request, &message);
    if (python.out.len > 0) {
        static struct buffer kept; // the reply is borrowed from it
        buffer_deinit(&kept);
        kept = buffer_empty(BYTES_MAX);
        buffer_put_span(&kept, buffer_span(&python.out));
        taken = rpyc_parse(&reply, buffer_span(&kept), &scratch);
        assert_int_equal(taken, python.out.len); // one answer, and whole
        assert_int_equal(reply.seq, 7);
    }
    buffer_deinit(&bytes);
    buffer_deinit(&scratch);
}

static void assert_raises(const char *exception)
{
    assert_string_equal(python.raised, exception);
    assert_int_equal(reply.kind, RPYC_EXCEPTION);
}

#define RUN(handler, box) run(handler, (struct span){"" box, sizeof(box) - 1})

/* The boxes: of values (1, ...), of boxes (2, ...). */
#define VALUES "\x11\x51"
#define BOXES  "\x11\x52"
#define VALUE  "\x11\x51"
#define GIVEN              \
    "\x11\x54\x12\x08\x0a" \
    "l\x51\x52" /* a reference of theirs */

/* A tuple of boxes, the first of which is one of our objects. */
static void run_about(int64_t handler, int64_t object_id, const char *rest,
                      size_t rest_len, uint32_t count)
{
    struct buffer box = buffer_empty(1000);
    struct rpyc_id id = {span_of("x"), 1, object_id};
    rpyc_put_label(&box, RPYC_TUPLE);
    brine_put_tuple(&box, count);
    rpyc_put_label(&box, RPYC_LOCAL_REF);
    rpyc_put_id(&box, &id);
    buffer_put(&box, rest, rest_len);
    run(handler, buffer_span(&box));
    buffer_deinit(&box);
}

#define ABOUT(handler, id, rest, count) \
    run_about(handler, id, "" rest, sizeof(rest) - 1, count)

static int64_t get_root(void)
{
    struct rpyc_id id;
    RUN(RPYC_GETROOT, VALUES "\x02");
    assert_int_equal(reply.box.label, RPYC_REMOTE_REF);
    assert_true(rpyc_read_id(&id, reply.box.value));
    return id.object_id;
}

static int64_t get_method(void)
{
    struct rpyc_id id;
    ABOUT(RPYC_GETATTR, get_root(), VALUE "\x08\x0e\x0aget_prices", 2);
    assert_int_equal(reply.box.label, RPYC_REMOTE_REF);
    assert_true(rpyc_read_id(&id, reply.box.value));
    return id.object_id;
}

static void a_handler_that_is_none_is_a_key_error(void **state)
{
    (void)state;
    const int64_t none[] = {0, -1, 21, 255, INT64_MAX, INT64_MIN};
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
        run(none[i], (struct span){VALUES "\x02", 3});
        assert_raises("KeyError");
    }
}

static void arguments_of_another_number_are_refused(void **state)
{
    (void)state;
    for (int64_t handler = RPYC_PING; handler <= RPYC_INSTANCECHECK;
         handler++) {
        RUN(handler, VALUES "\x14\x07\x50\x50\x50\x50\x50\x50\x50"); // seven
        assert_raises("TypeError");
        RUN(handler, VALUES "\x50"); // and no tuple
        assert_raises("TypeError");
        RUN(handler, "\x11\x53\x02"); // a reference, which is no id
        assert_raises("TypeError");
    }
    assert_false(python.is_closed);
}

static void values_in_place_of_objects_are_refused(void **state)
{
    (void)state;
    RUN(RPYC_REPR, VALUES "\x10\x50");
    assert_raises("TypeError");
    RUN(RPYC_CALL, VALUES "\x12\x50\x02\x02");
    assert_raises("TypeError");
    RUN(RPYC_REPR, BOXES "\x10" GIVEN); // an object, but theirs
    assert_raises("TypeError");
    RUN(RPYC_REPR, BOXES "\x10\x55"); // a box that is none
    assert_raises("ValueError");
    RUN(RPYC_INSPECT, VALUES "\x10\x50");
    assert_raises("KeyError");
}

static void objects_that_are_not_held_are_key_errors(void **state)
{
    (void)state;
    int64_t root = get_root();
    ABOUT(RPYC_REPR, root + 1, "", 1);
    assert_raises("KeyError");
    ABOUT(RPYC_DEL, root, VALUE "\x51", 2);
    assert_int_equal(reply.kind, RPYC_REPLY);
    ABOUT(RPYC_REPR, root, "", 1);
    assert_raises("KeyError");
}

static void counts_are_ints(void **state)
{
    (void)state;
    int64_t root = get_root();
    ABOUT(RPYC_DEL, root, VALUE "\x00", 2);
    assert_raises("TypeError");
    ABOUT(RPYC_DEL, root, VALUE "\x16\x03-49", 2); // below 0: no change
    assert_int_equal(reply.kind, RPYC_REPLY);
    ABOUT(RPYC_REPR, root, "", 1);
    assert_int_equal(reply.kind, RPYC_REPLY);
}

static void names_are_texts(void **state)
{
    (void)state;
    int64_t root = get_root();
    ABOUT(RPYC_GETATTR, root, VALUE "\x50", 2);
    assert_raises("TypeError");
    ABOUT(RPYC_GETATTR, root, GIVEN, 2);
    assert_raises("TypeError");
    ABOUT(RPYC_GETATTR, root, VALUE "\x01", 2); // b""
    assert_raises("AttributeError");
    ABOUT(RPYC_CMP, root, VALUE "\x50" VALUE "\x50", 3);
    assert_raises("TypeError");
    ABOUT(RPYC_CMP, root, VALUE "\x50", 2); // __cmp__, which nothing has
    assert_raises("AttributeError");
}

static void calls_need_tuples(void **state)
{
    (void)state;
    int64_t method = get_method();
    ABOUT(RPYC_CALL, method, VALUE "\x50", 2);
    assert_raises("TypeError");
    ABOUT(RPYC_CALL, method, VALUE "\x02" VALUE "\x50", 3);
    assert_raises("TypeError");
    ABOUT(RPYC_CALL, method, VALUE "\x02" VALUE "\x10\x50", 3); // no pair
    assert_raises("TypeError");
    ABOUT(RPYC_CALL, method,
          VALUE "\x02" VALUE "\x10\x12\x08\x0e\x07symbols\x02\x50", 3);
    assert_raises("TypeError");                    // nor are three values one
    ABOUT(RPYC_CALL, method, BOXES "\x10\x55", 2); // no box
    assert_raises("ValueError");
    ABOUT(RPYC_CALL, method, BOXES "\x10" BOXES "\x10\x55", 2);
    assert_raises("ValueError");
    assert_int_equal(python.asked, 0);
}

static void calls_without_keywords_are_calls(void **state)
{
    (void)state;
    int64_t method = get_method();
    ABOUT(RPYC_CALL, method,
          VALUE "\x10\x11\x08\x0c"
                "IBM\x08\x0a"
                "A",
          2);
    assert_int_equal(python.asked, 2);
    ABOUT(RPYC_CALL, method, BOXES "\x10" GIVEN, 2);
    assert_int_equal(python.collected, 1);
    assert_string_equal(python.raised, "");
}

static void closing_is_not_answered(void **state)
{
    (void)state;
    RUN(RPYC_CLOSE, VALUES "\x02");
    assert_true(python.is_closed);
    assert_int_equal(python.out.len, 0);
}

static void references_beyond_the_limit_are_refused(void **state)
{
    (void)state;
    int64_t root = get_root();
    for (int i = 1; i < REFERENCE_LIMIT; i++) {
        ABOUT(RPYC_GETATTR, root, VALUE "\x08\x0e\x09get_price", 2);
        assert_string_equal(python.raised, "");
    }
    ABOUT(RPYC_GETATTR, root, VALUE "\x08\x0e\x09get_price", 2);
    assert_raises("RuntimeError");
}

static void oom_of_a_reference_is_a_memory_error(void **state)
{
    (void)state;
    struct python_request request = {.python = &python};
    struct rpyc_message message = {
        .kind = RPYC_REQUEST,
        .handler = RPYC_GETROOT,
    };
    struct brine_value empty = {.type = BRINE_TUPLE, .size = 1};
    message.box = (struct rpyc_box){RPYC_VALUE, &empty};
    buffer_reserve(&python.out, 1000);
    bool was_raised = false;
    TESTING_EACH_ALLOCATION(n)
    {
        buffer_clear(&python.out);
        python.raised[0] = '\0';
        handler_run(&request, &message);
        was_raised = was_raised || python.raised[0] != '\0';
        assert_true(python.out.len > 0); // answered either way
        reference_deinit_all(&python.references);
    }
    assert_true(was_raised);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static const struct CMUnitTest tests[] = {
    TEST(a_handler_that_is_none_is_a_key_error),
    TEST(arguments_of_another_number_are_refused),
    TEST(values_in_place_of_objects_are_refused),
    TEST(objects_that_are_not_held_are_key_errors),
    TEST(counts_are_ints),
    TEST(names_are_texts),
    TEST(calls_need_tuples),
    TEST(calls_without_keywords_are_calls),
    TEST(closing_is_not_answered),
    TEST(references_beyond_the_limit_are_refused),
    TEST(oom_of_a_reference_is_a_memory_error),
};

TEST_MAIN(tests)
