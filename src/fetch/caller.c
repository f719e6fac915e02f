/* SPDX-License-Identifier: Apache-2.0 */
#include "fetch/caller.h"

#include <stdbool.h>
#include <stdio.h>
#include <sys/queue.h>

#include <uv.h>

#include "base/buffer.h"
#include "base/check.h"
#include "base/err.h"
#include "base/mem.h"
#include "fetch/curl_api.h"
#include "net/loop.h"

/* Idle connections kept open to the providers. */
#define IDLE_CONNECTIONS 64L

struct call {
    TAILQ_ENTRY(call) link;
    CURL *easy;
    struct curl_slist *headers;
    struct buffer body;
    struct buffer answered; // header lines
    unsigned requests;
    bool is_refused;
    bool is_too_long;
    struct caller *caller;
    void *tag;
};

/* One socket of libcurl's, watched for it. */
struct watch {
    uv_poll_t poll;
    struct caller *caller;
    curl_socket_t socket;
};

struct caller {
    struct loop *loop;
    caller_done_fn on_done;
    caller_again_fn on_again; // NULL: calls may be sent again
    void *user;
    struct curl_api curl;
    CURLM *multi;
    uv_timer_t *timer; // its own block: libuv frees it after we are gone
    TAILQ_HEAD(, call) calls;
    char load_error[160];
};

static void end_call(struct caller *caller, struct call *call)
{
    TAILQ_REMOVE(&caller->calls, call, link);
    if (call->easy != NULL) {
        caller->curl.multi_remove_handle(caller->multi, call->easy);
        caller->curl.easy_cleanup(call->easy);
    }
    for (struct curl_slist *at = call->headers; at != NULL; at = at->next) {
        explicit_bzero(at->data, strlen(at->data)); // it may hold the key
    }
    if (call->headers != NULL) {
        caller->curl.slist_free_all(call->headers);
    }
    buffer_deinit(&call->body);
    buffer_deinit(&call->answered);
    mem_free(call);
}

static void finish_call(struct caller *caller, CURL *easy, CURLcode code)
{
    char *pointer = NULL;
    long status = 0;
    caller->curl.easy_getinfo(easy, CURLINFO_PRIVATE, &pointer);
    caller->curl.easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    struct call *call = (struct call *)(void *)pointer;
    CHECK(call != NULL);
    CHECK(call->easy == easy);
    struct caller_answer answer = {
        .status = (int)status,
        .body = buffer_span(&call->body),
        .headers = buffer_span(&call->answered),
        .requests = call->requests,
        .is_refused = call->is_refused,
    };
    if (code != CURLE_OK) {
        answer.status = 0;
        answer.failure = call->is_refused    ? "the connection was dead"
                         : call->is_too_long ? "the body is longer than 1 MiB"
                         : call->body.failed ? "no memory"
                                             : caller->curl.easy_strerror(code);
    }
    caller->on_done(caller->user, call->tag, &answer);
    end_call(caller, call);
}

static void finish_calls(struct caller *caller)
{
    int left;
    for (CURLMsg *message; (message = caller->curl.multi_info_read(
                                caller->multi, &left)) != NULL;) {
        if (message->msg == CURLMSG_DONE) {
            finish_call(caller, message->easy_handle, message->data.result);
        }
    }
}

static void act(struct caller *caller, curl_socket_t socket, int events)
{
    int running;
    caller->curl.multi_socket_action(caller->multi, socket, events, &running);
    finish_calls(caller);
}

static void on_timer(uv_timer_t *timer)
{
    struct caller *caller = timer->data;
    loop_wake(caller->loop);
    act(caller, CURL_SOCKET_TIMEOUT, 0);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct watch *watch = poll->data;
    struct caller *caller = watch->caller;
    loop_wake(caller->loop);
    // libuv tells of an error without saying whether there is still something
    // to read, and told of an error alone libcurl gives up; told of nothing (0)
    // it looks itself, sees a reset as one, and asks again on a new connection
    // where it was an idle one that the provider had closed.
    (void)status;
    int flags = 0;
    flags |= (events & UV_READABLE) != 0 ? CURL_CSELECT_IN : 0;
    flags |= (events & UV_WRITABLE) != 0 ? CURL_CSELECT_OUT : 0;
    act(caller, watch->socket, flags); // may free *watch
}

static void on_watch_closed(uv_handle_t *handle)
{
    mem_free(handle->data);
}

static struct watch *start_watch(struct caller *caller, curl_socket_t socket)
{
    struct watch *watch = mem_calloc(1, sizeof(*watch));
    if (watch == NULL) {
        return NULL;
    }
    watch->caller = caller;
    watch->socket = socket;
    if (uv_poll_init_socket(&caller->loop->uv, &watch->poll, socket) != 0) {
        mem_free(watch);
        return NULL;
    }
    watch->poll.data = watch;
    caller->curl.multi_assign(caller->multi, socket, watch);
    return watch;
}

IMPLEMENTS(curl_socket_callback)
static int on_curl_socket(CURL *easy, curl_socket_t socket, int what,
                          void *user, void *socket_user)
{
    (void)easy;
    struct caller *caller = user;
    struct watch *watch = socket_user;
    if (what == CURL_POLL_REMOVE) {
        if (watch != NULL) {
            uv_poll_stop(&watch->poll);
            uv_close((uv_handle_t *)&watch->poll, on_watch_closed);
            caller->curl.multi_assign(caller->multi, socket, NULL);
        }
        return 0;
    }
    watch = watch != NULL ? watch : start_watch(caller, socket);
    int events = what == CURL_POLL_IN    ? UV_READABLE
                 : what == CURL_POLL_OUT ? UV_WRITABLE
                                         : UV_READABLE | UV_WRITABLE;
    // A call whose socket can't be watched ends by its timeout.  Told of it by
    // -1, libcurl would fail every call there is, and every one to come.
    if (watch != NULL) {
        uv_poll_start(&watch->poll, events, on_poll);
    }
    return 0;
}

IMPLEMENTS(curl_multi_timer_callback)
static int on_curl_timer(CURLM *multi, long timeout_ms, void *user)
{
    (void)multi;
    struct caller *caller = user;
    if (timeout_ms < 0) {
        uv_timer_stop(caller->timer);
        return 0;
    }
    // Not from within this callback, even for 0: libcurl forbids it.
    return uv_timer_start(caller->timer, on_timer, (uint64_t)timeout_ms, 0);
}

IMPLEMENTS(curl_write_callback)
static size_t on_curl_body(char *data, size_t size, size_t count, void *user)
{
    struct call *call = user;
    size_t len = size * count;
    call->is_too_long |= len > CALLER_BODY_LIMIT - call->body.len;
    buffer_put(&call->body, data, len);
    return call->body.failed ? 0 : len;
}

/* Called for each header line, whole; those of a second request begin anew. */
IMPLEMENTS(curl_header_callback)
static size_t on_curl_header(char *data, size_t size, size_t count, void *user)
{
    struct call *call = user;
    size_t len = size * count;
    if (len >= 5 && memcmp(data, "HTTP/", 5) == 0) {
        buffer_clear(&call->answered);
    }
    if (len <= CALLER_HEADERS_LIMIT - call->answered.len) {
        buffer_put(&call->answered, data, len);
    }
    return len;
}

/* Called when a request is about to be sent. */
IMPLEMENTS(curl_prereq_callback)
static int on_curl_request(void *user, char *from, char *to, int from_port,
                           int to_port)
{
    (void)from;
    (void)to;
    (void)from_port;
    (void)to_port;
    struct call *call = user;
    struct caller *caller = call->caller;
    if (call->requests > 0 && caller->on_again != NULL &&
        !caller->on_again(caller->user, call->tag)) {
        call->is_refused = true;
        return CURL_PREREQFUNC_ABORT;
    }
    call->requests++;
    return CURL_PREREQFUNC_OK;
}

/* What comes counts too, not only what it unpacks to: that can be nothing, and
 * go on for ever. */
IMPLEMENTS(curl_xferinfo_callback)
static int on_curl_progress(void *user, curl_off_t body_total,
                            curl_off_t body_bytes, curl_off_t sent_total,
                            curl_off_t sent_bytes)
{
    (void)body_total;
    (void)sent_total;
    (void)sent_bytes;
    struct call *call = user;
    call->is_too_long |= body_bytes > CALLER_BODY_LIMIT;
    return call->is_too_long ? 1 : 0;
}

int caller_create(struct caller **out, struct loop *loop,
                  caller_done_fn on_done, void *user)
{
    *out = NULL;
    struct caller *caller = mem_calloc(1, sizeof(*caller));
    uv_timer_t *timer = mem_calloc(1, sizeof(*timer));
    if (caller == NULL || timer == NULL) {
        mem_free(caller);
        mem_free(timer);
        return ERR_NOMEM;
    }
    caller->loop = loop;
    caller->on_done = on_done;
    caller->user = user;
    caller->timer = timer;
    TAILQ_INIT(&caller->calls);
    uv_timer_init(&loop->uv, timer);
    timer->data = caller;
    *out = caller;
    return 0;
}

void caller_ask_again(struct caller *caller, caller_again_fn on_again)
{
    caller->on_again = on_again;
}

static void on_timer_closed(uv_handle_t *handle)
{
    mem_free(handle);
}

void caller_destroy(struct caller **caller)
{
    struct caller *gone = *caller;
    if (gone == NULL) {
        return;
    }
    for (struct call *call; (call = TAILQ_FIRST(&gone->calls)) != NULL;) {
        end_call(gone, call);
    }
    if (gone->multi != NULL) {
        gone->curl.multi_cleanup(gone->multi);
    }
    uv_close((uv_handle_t *)gone->timer, on_timer_closed);
    mem_free(gone);
    *caller = NULL;
}

static int load(struct caller *caller)
{
    const char *error = curl_api_load(&caller->curl);
    if (error != NULL) {
        snprintf(caller->load_error, sizeof(caller->load_error), "%s", error);
        return ERR_ABSENT;
    }
    return 0;
}

static int make_multi(struct caller *caller)
{
    struct curl_api *curl = &caller->curl;
    if (curl->library == NULL && load(caller) != 0) {
        return ERR_ABSENT;
    }
    if (caller->multi != NULL) {
        return 0;
    }
    caller->multi = curl->multi_init();
    if (caller->multi == NULL) {
        return ERR_NOMEM;
    }
    CURLM *multi = caller->multi;
    CHECK(curl->multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_curl_socket) ==
          CURLM_OK);
    curl->multi_setopt(multi, CURLMOPT_SOCKETDATA, caller);
    curl->multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_curl_timer);
    curl->multi_setopt(multi, CURLMOPT_TIMERDATA, caller);
    curl->multi_setopt(multi, CURLMOPT_MAXCONNECTS, IDLE_CONNECTIONS);
    return 0;
}

/* The options that matter for safety are checked: a call without them must not
 * be made. */
static bool set_options(const struct curl_api *curl, struct call *call,
                        const char *url, uint64_t timeout_ms)
{
    CURL *easy = call->easy;
    curl->easy_setopt(easy, CURLOPT_PRIVATE, (char *)call);
    curl->easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    // A look-up of the host that is still under way when the call ends is left
    // to itself; waiting for it would block this thread, and every other call.
    curl->easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
    curl->easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "");
    curl->easy_setopt(easy, CURLOPT_USERAGENT, "quoted/" QUOTED_VERSION);
    curl->easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_curl_body);
    curl->easy_setopt(easy, CURLOPT_WRITEDATA, call);
    curl->easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_curl_header);
    curl->easy_setopt(easy, CURLOPT_HEADERDATA, call);
    curl->easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_curl_request);
    curl->easy_setopt(easy, CURLOPT_PREREQDATA, call);
    curl->easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, on_curl_progress);
    curl->easy_setopt(easy, CURLOPT_XFERINFODATA, call);
    curl->easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
    return curl->easy_setopt(easy, CURLOPT_URL, url) == CURLE_OK &&
           curl->easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https") ==
               CURLE_OK &&
           curl->easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
           curl->easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK &&
           curl->easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK &&
           curl->easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)timeout_ms) ==
               CURLE_OK;
}

/* Give a call its header lines; false for want of memory. */
static bool set_headers(const struct curl_api *curl, struct call *call,
                        struct span headers)
{
    struct span line;
    while (span_split(&headers, '\0', &line)) {
        if (line.len == 0) {
            continue; // behind the last 0
        }
        struct curl_slist *list = curl->slist_append(call->headers, line.data);
        if (list == NULL) {
            return false;
        }
        call->headers = list;
    }
    return call->headers == NULL ||
           curl->easy_setopt(call->easy, CURLOPT_HTTPHEADER, call->headers) ==
               CURLE_OK;
}

int caller_start(struct caller *caller, const char *url, struct span headers,
                 uint64_t timeout_ms, void *tag)
{
    CHECK(timeout_ms > 0); // 0 would mean no limit to libcurl
    int err = make_multi(caller);
    if (err != 0) {
        return err;
    }
    struct call *call = mem_calloc(1, sizeof(*call));
    if (call == NULL) {
        return ERR_NOMEM;
    }
    call->tag = tag;
    call->caller = caller;
    call->body = buffer_empty(CALLER_BODY_LIMIT);
    call->answered = buffer_empty(CALLER_HEADERS_LIMIT);
    TAILQ_INSERT_TAIL(&caller->calls, call, link);
    call->easy = caller->curl.easy_init();
    if (call->easy == NULL ||
        !set_options(&caller->curl, call, url, timeout_ms) ||
        !set_headers(&caller->curl, call, headers) ||
        caller->curl.multi_add_handle(caller->multi, call->easy) != CURLM_OK) {
        end_call(caller, call);
        return ERR_NOMEM;
    }
    return 0;
}

const char *caller_load_error(const struct caller *caller)
{
    return caller->load_error;
}
