/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_python.c -- whatever a client asks about objects, each of its requests
 * is answered once, by a whole frame with its number, or kept; references are
 * found, and let go of; and a call that is told by its form is the one that
 * parsing gives.
 *
 * The session is the target's: every price is unknown.  The corpus is made by
 * record_rpyc.py: it has the numbers that our objects get.
 */
#include <stdarg.h>
#include <stdio.h>

#include "base/buffer.h"
#include "base/check.h"
#include "base/err.h"
#include "conf/conf.h"
#include "fuzz/fuzz.h"
#include "python/follow.h"
#include "python/glance.h"
#include "python/handler.h"
#include "python/reference.h"
#include "python/release.h"
#include "python/service.h"
#include "serve/settings.h"
#include "serve/worker.h"

#define BYTES_MAX 8192

/* What one frame of BYTES_MAX can make us say. */
#define OUTPUT_MAX (64 * BYTES_MAX)

struct python {
    struct worker worker;
    struct settings settings;
    struct conf conf;
    struct references references;
    struct buffer out;
    struct buffer releases;
    size_t kept; // requests that are answered later or not at all
};

static char server_id[] = "server";
static struct python python;
static struct rpyc_message message;
static struct rpyc_message reply;

/* --- What the room calls -------------------------------------------------- */

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

struct buffer *python_releases(struct python *session)
{
    return &session->releases;
}

struct guest *python_guest(const struct python *session)
{
    (void)session;
    return NULL; // answered by the handlers alone
}

int64_t python_put_request(struct python *session, struct buffer *out,
                           enum rpyc_handler handler, struct span id,
                           int64_t number)
{
    (void)session;
    CHECK(handler == RPYC_DEL && number == 1 && id.len <= RPYC_ID_LIMIT);
    buffer_put_span(out, id);
    return 0;
}

void python_raise(const struct python_request *request, const char *exception,
                  const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    CHECK(len >= 0 && (size_t)len < sizeof(text));
    rpyc_put_exception(&python.out, request->seq, exception, span_of(text));
}

void python_count_failed(struct python *session)
{
    (void)session;
}

struct span python_shown(struct span text)
{
    text.len = text.len < 64 ? text.len : 0;
    return text;
}

void python_ask(const struct python_request *request, python_compose_fn compose,
                const struct span *texts, size_t count)
{
    static struct answer answers[PYTHON_SYMBOLS_LIMIT];
    CHECK(count <= PYTHON_SYMBOLS_LIMIT);
    for (size_t i = 0; i < count; i++) {
        CHECK(texts[i].len <= BYTES_MAX);
        answers[i] = (struct answer){.err = ERR_UNKNOWN};
    }
    compose(request->python, request->seq, answers, count, &python.out);
}

void python_collect(struct python_request *request,
                    python_collected_fn collected, const struct brine_value *id,
                    const struct brine_value *callback)
{
    CHECK(collected != NULL);
    request->kept[0] = id;
    request->kept[1] = callback;
    python.kept++;
}

void follow_change(struct python_request *request, struct span callback,
                   const struct rpyc_box *symbols)
{
    CHECK(callback.len <= RPYC_ID_LIMIT && symbols->value != NULL);
    service_answer_none(request);
}

void follow_stop_all(struct python_request *request)
{
    service_answer_none(request);
}

void python_close(struct python *session)
{
    session->kept++;
}

/* -------------------------------------------------------------------------- */

/* What was said are whole frames: one reply, or none where it is kept. */
static void check_replies(int64_t seq)
{
    struct buffer scratch = buffer_empty(BYTES_MAX);
    size_t replies = 0;
    CHECK(!python.out.failed);
    for (size_t at = 0; at < python.out.len;) {
        struct span rest = {python.out.data + at, python.out.len - at};
        scratch.len_max = OUTPUT_MAX;
        ptrdiff_t taken = rpyc_parse(&reply, rest, &scratch);
        CHECK(taken > 0 && reply.kind != RPYC_REQUEST && reply.seq == seq);
        at += (size_t)taken;
        replies++;
    }
    CHECK(replies + python.kept == 1);
    buffer_deinit(&scratch);
}

static void run_request(void)
{
    struct python_request request = {.python = &python, .seq = message.seq};
    buffer_clear(&python.out);
    python.kept = 0;
    handler_run(&request, &message);
    check_replies(message.seq);
    buffer_clear(&python.out);
    release_given(&python, &message.box, request.kept);
    CHECK(python.references.used <= REFERENCE_LIMIT);
}

/* What was told by its form is what `message` says. */
static void check_glance(const struct rpyc_cut *cut,
                         const struct glance *glance)
{
    struct rpyc_items items;
    struct rpyc_box box;
    struct rpyc_id id;
    CHECK(message.kind == RPYC_REQUEST && message.handler == RPYC_CALL);
    CHECK(message.seq == cut->seq);
    bool is_open = rpyc_open_items(&items, &message.box);
    CHECK(is_open && items.left == 3 && rpyc_next_item(&items, &box));
    CHECK(box.label == RPYC_LOCAL_REF && rpyc_read_id(&id, box.value));
    CHECK(id.object_id == glance->object_id && rpyc_next_item(&items, &box));
    CHECK(box.label == RPYC_VALUE && box.value->count == 1);
    CHECK(span_equal(box.value[1].text, glance->text));
}

/* Take the frame at the front; returns its bytes, or 0. */
static size_t take_frame(struct span bytes)
{
    struct buffer scratch = buffer_empty(BYTES_MAX);
    struct rpyc_cut cut;
    struct glance glance;
    size_t known = rpyc_cut(&cut, bytes, BYTES_MAX);
    bool is_known = known > 0 && glance_read(&glance, cut.body);
    ptrdiff_t taken = rpyc_parse(&message, bytes, &scratch);
    CHECK(known == 0 || taken == (ptrdiff_t)known || taken < 0);
    if (is_known) {
        CHECK(taken == (ptrdiff_t)known);
        check_glance(&cut, &glance);
    }
    if (taken > 0 && message.kind == RPYC_REQUEST) {
        run_request();
    }
    buffer_deinit(&scratch);
    return taken > 0 ? (size_t)taken : 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    python.out = buffer_empty(OUTPUT_MAX);
    python.releases = buffer_empty(BYTES_MAX);
    python.conf.server.id = server_id;
    python.settings.conf = &python.conf;
    python.worker.settings = &python.settings;
    for (size_t one = 1; one > 0 && len > 0; data += one, len -= one) {
        one = take_frame((struct span){(const char *)data, len});
    }
    reference_deinit_all(&python.references);
    buffer_deinit(&python.out);
    buffer_deinit(&python.releases);
    return 0;
}
