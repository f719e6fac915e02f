/* SPDX-License-Identifier: Apache-2.0 */
#include "press/press.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/queue.h>

#include <uv.h>

#include "base/buffer.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "net/loop.h"
#include "obs/log.h"
#include "press/paper.h"
#include "provider/query.h"
#include "provider/sheet.h"

/* A file that changes for so long without a rest is worth a word. */
#define RESTLESS_MS 10000u

#define NAME_SIZE 64

/* A question, from when it is asked until it is answered. */
struct question_of_file {
    TAILQ_ENTRY(question_of_file) link;
    const struct query *query;
    void *tag;
};

TAILQ_HEAD(questions_of_file, question_of_file);

/* What a pool's thread works on: nobody else looks at it meanwhile. */
struct reading {
    uv_work_t work; // its data is the sheaf
    uv_sem_t ended;
    struct buffer fresh; // a text that was read, where has_fresh
    struct paper_state fresh_state;
    bool has_fresh;
    char fault[PAPER_ERROR_SIZE]; // what is wrong with the file now; ""
    struct provider_outcome outcome;
    struct provider_verdict *verdicts; // PROVIDER_SYMBOLS_LIMIT of them
};

/* A file. */
struct sheaf {
    TAILQ_ENTRY(sheaf) link;
    struct press *press; // NULL: it has ended, and the file is to go
    char *path;
    char provider[NAME_SIZE]; // that it is read for
    struct buffer text;       // of the last state that was whole
    struct paper_state state; // when that was read
    struct paper_state bad_state;
    char fault[PAPER_ERROR_SIZE]; // as it was told; "" for none
    struct questions_of_file waiting;
    struct question_of_file *current; // being worked on
    struct reading reading;
    bool is_working;
    unsigned handles; // that are open
    uv_fs_event_t folder;
    uv_fs_poll_t poll;
    uv_timer_t rest;
    uint64_t restless_since_ms; // 0: it rests
    bool was_restless;          // and that has been told
    bool has_news;              // to be told when nobody reads the old text
};

TAILQ_HEAD(sheaves, sheaf);

struct press {
    struct press_options options;
    const struct clock *clock;
    struct sheaves sheaves;
};

/* --- The end of a file ---------------------------------------------------- */

static void free_question(struct question_of_file **question)
{
    mem_free(*question);
    *question = NULL;
}

/* Free what nothing points to any more. */
static void free_if_idle(struct sheaf *sheaf)
{
    if (sheaf->press != NULL || sheaf->is_working || sheaf->handles > 0) {
        return;
    }
    CHECK(TAILQ_EMPTY(&sheaf->waiting) && sheaf->current == NULL);
    buffer_deinit(&sheaf->text);
    buffer_deinit(&sheaf->reading.fresh);
    uv_sem_destroy(&sheaf->reading.ended);
    mem_free(sheaf->reading.verdicts);
    mem_free(sheaf->path);
    mem_free(sheaf);
}

static void on_handle_closed(uv_handle_t *handle)
{
    struct sheaf *sheaf = handle->data;
    CHECK(sheaf->handles > 0);
    sheaf->handles--;
    free_if_idle(sheaf);
}

/* Let go of a file. */
static void end_sheaf(struct sheaf *sheaf)
{
    TAILQ_REMOVE(&sheaf->press->sheaves, sheaf, link);
    sheaf->press = NULL;
    struct question_of_file *question;
    while ((question = TAILQ_FIRST(&sheaf->waiting)) != NULL) {
        TAILQ_REMOVE(&sheaf->waiting, question, link);
        free_question(&question);
    }
    free_question(&sheaf->current);
    uv_close((uv_handle_t *)&sheaf->folder, on_handle_closed);
    uv_close((uv_handle_t *)&sheaf->poll, on_handle_closed);
    uv_close((uv_handle_t *)&sheaf->rest, on_handle_closed);
}

/* --- Reading and judging, on a thread of the pool ---------------------------
 */

/* Whether a file changed so lately that it may not be whole. */
static bool is_young(const struct sheaf *sheaf, const struct paper_state *state,
                     int64_t now_unix_ms)
{
    int64_t age_ms = now_unix_ms - state->changed_unix_ns / 1000000;
    return sheaf->state.is_there && age_ms >= 0 && age_ms < PRESS_REST_MS / 2;
}

/* Read a file whose state is not the one of before. */
static void read_anew(struct sheaf *sheaf, const struct provider *provider)
{
    struct reading *reading = &sheaf->reading;
    buffer_clear(&reading->fresh);
    int err = paper_read(sheaf->path, &reading->fresh, &reading->fresh_state,
                         reading->fault);
    if (err == ERR_STALE && sheaf->state.is_there) {
        memcpy(reading->fault, sheaf->fault, sizeof(reading->fault));
        return; // it is young
    }
    if (err == 0) {
        const char *fault = sheet_fault(provider, buffer_span(&reading->fresh));
        snprintf(reading->fault, sizeof(reading->fault), "%s",
                 fault != NULL ? fault : "");
        reading->has_fresh = fault == NULL;
        err = fault == err_sentence(ERR_NOMEM) ? ERR_NOMEM : 0;
    }
    if (!reading->has_fresh && err != ERR_NOMEM && err != ERR_STALE) {
        sheaf->bad_state = reading->fresh_state;
    }
}

/* Look whether there is another text than before, and read it. */
static void renew(struct sheaf *sheaf, const struct provider *provider,
                  int64_t now_unix_ms)
{
    struct reading *reading = &sheaf->reading;
    struct paper_state state;
    reading->has_fresh = false;
    if (paper_look(sheaf->path, &state, reading->fault) != 0) {
        return;
    }
    if (paper_is_same(&state, &sheaf->state)) {
        reading->fault[0] = '\0';
    } else if (paper_is_same(&state, &sheaf->bad_state)) {
        memcpy(reading->fault, sheaf->fault, sizeof(reading->fault));
    } else if (is_young(sheaf, &state, now_unix_ms)) {
        memcpy(reading->fault, sheaf->fault, sizeof(reading->fault));
    } else {
        read_anew(sheaf, provider);
    }
}

/* There never was a text. */
static void judge_nothing(const struct query *query, struct reading *reading)
{
    reading->outcome = (struct provider_outcome){
        .class = PROVIDER_UPSTREAM,
        .decided_by = "no file",
        .drop = query->count,
    };
    snprintf(reading->outcome.text, sizeof(reading->outcome.text),
             "the file can't be read: %s", reading->fault);
    for (size_t i = 0; i < query->count; i++) {
        struct provider_verdict *verdict = &reading->verdicts[i];
        *verdict = (struct provider_verdict){.class = PROVIDER_UPSTREAM};
        memcpy(verdict->text, reading->outcome.text, sizeof(verdict->text));
    }
}

static void work(uv_work_t *work)
{
    struct sheaf *sheaf = work->data;
    struct reading *reading = &sheaf->reading;
    const struct query *query = sheaf->current->query;
    int64_t now_unix_ms = clock_unix_ms(sheaf->press->clock);
    renew(sheaf, query->provider, now_unix_ms);
    const struct buffer *text =
        reading->has_fresh ? &reading->fresh : &sheaf->text;
    const struct paper_state *state =
        reading->has_fresh ? &reading->fresh_state : &sheaf->state;
    if (state->is_there) {
        const struct provider_answer answer = {
            .status = 200,
            .body = buffer_span(text),
            .headers = span_of(""),
            .now_unix_ms = now_unix_ms,
            .written_unix_ms = state->changed_unix_ns / 1000000,
        };
        provider_judge(query, &answer, &reading->outcome, reading->verdicts);
    } else {
        judge_nothing(query, reading);
    }
    uv_sem_post(&reading->ended);
}

/* --- Back on the loop --------------------------------------------------------
 */

/* Say it when something begins to be wrong with a file, and when it is well
 * again. */
static void tell_fault(struct sheaf *sheaf)
{
    const char *fault = sheaf->reading.fault;
    if (strcmp(fault, sheaf->fault) == 0) {
        return;
    }
    if (fault[0] == '\0') {
        log_event(LOG_INFO, "fetch", "the file of prices is read again",
                  LOG_TEXT("provider", sheaf->provider),
                  LOG_TEXT("path", sheaf->path));
    } else {
        log_event(
            LOG_WARNING, "fetch",
            sheaf->state.is_there
                ? "the file of prices can't be read, its values of before "
                  "stay"
                : "the file of prices can't be read",
            LOG_TEXT("provider", sheaf->provider),
            LOG_TEXT("path", sheaf->path), LOG_TEXT("cause", fault));
    }
    memcpy(sheaf->fault, fault, sizeof(sheaf->fault));
}

/* Take over the text that was read. */
static void take_over(struct sheaf *sheaf)
{
    struct reading *reading = &sheaf->reading;
    if (reading->has_fresh) {
        struct buffer before = sheaf->text;
        sheaf->text = reading->fresh;
        sheaf->state = reading->fresh_state;
        reading->fresh = before;
        buffer_clear(&reading->fresh);
    }
    tell_fault(sheaf);
}

static void on_worked(uv_work_t *work, int status);

/* Tell the news, unless a question is being answered that may not know them. */
static void tell_news(struct sheaf *sheaf)
{
    struct press *press = sheaf->press;
    if (sheaf->has_news && !sheaf->is_working) {
        sheaf->has_news = false;
        press->options.on_news(press->options.user, sheaf->provider);
    }
}

/* Let a thread work on the next question, where there is one. */
static void work_on(struct sheaf *sheaf)
{
    tell_news(sheaf); // which may bring more questions, and begin to work
    if (sheaf->is_working || TAILQ_EMPTY(&sheaf->waiting)) {
        return;
    }
    struct question_of_file *question = TAILQ_FIRST(&sheaf->waiting);
    TAILQ_REMOVE(&sheaf->waiting, question, link);
    sheaf->current = question;
    sheaf->is_working = true;
    struct loop *loop = sheaf->press->options.loop;
    int err = uv_queue_work(&loop->uv, &sheaf->reading.work, work, on_worked);
    CHECK(err == 0);
}

/* Answer the question that was worked on. */
static void answer(struct sheaf *sheaf)
{
    struct press *press = sheaf->press;
    struct question_of_file *question = sheaf->current;
    sheaf->current = NULL;
    void *tag = question->tag;
    free_question(&question);
    press->options.on_judged(press->options.user, tag, &sheaf->reading.outcome,
                             sheaf->reading.verdicts);
}

static void on_worked(uv_work_t *work, int status)
{
    struct sheaf *sheaf = work->data;
    sheaf->is_working = false;
    if (sheaf->press == NULL) {
        free_if_idle(sheaf);
        return;
    }
    CHECK(status == 0); // only press_destroy() cancels
    loop_wake(sheaf->press->options.loop);
    uv_sem_wait(&sheaf->reading.ended); // which does not block any more
    take_over(sheaf);
    answer(sheaf);
    work_on(sheaf);
}

/* --- Watching ------------------------------------------------------------- */

static void on_rest(uv_timer_t *timer)
{
    struct sheaf *sheaf = timer->data;
    loop_wake(sheaf->press->options.loop);
    sheaf->restless_since_ms = 0;
    sheaf->was_restless = false;
    sheaf->has_news = true;
    work_on(sheaf);
}

/* Something happened to a file: there are news when it rests. */
static void note_change(struct sheaf *sheaf)
{
    struct loop *loop = sheaf->press->options.loop;
    loop_wake(loop);
    if (sheaf->restless_since_ms == 0) {
        sheaf->restless_since_ms = loop->now_ms;
    }
    if (loop->now_ms - sheaf->restless_since_ms > RESTLESS_MS &&
        !sheaf->was_restless) {
        sheaf->was_restless = true;
        log_event(LOG_WARNING, "fetch",
                  "the file of prices changes all the time, its values of "
                  "before stay",
                  LOG_TEXT("provider", sheaf->provider),
                  LOG_TEXT("path", sheaf->path));
    }
    uv_update_time(&loop->uv);
    uv_timer_start(&sheaf->rest, on_rest, PRESS_REST_MS, 0);
}

static const char *name_in(const char *path)
{
    const char *slash = strrchr(path, '/');
    CHECK(slash != NULL);
    return slash + 1;
}

static void on_folder(uv_fs_event_t *handle, const char *name, int events,
                      int status)
{
    (void)events;
    struct sheaf *sheaf = handle->data;
    if (status == 0 &&
        (name == NULL || strcmp(name, name_in(sheaf->path)) == 0)) {
        note_change(sheaf);
    }
}

static void on_poll(uv_fs_poll_t *handle, int status, const uv_stat_t *before,
                    const uv_stat_t *after)
{
    (void)status; // gone is a change, too
    (void)before;
    (void)after;
    note_change(handle->data);
}

/* Watch a file, as far as the system lets us. */
static void watch(struct sheaf *sheaf)
{
    uv_loop_t *loop = &sheaf->press->options.loop->uv;
    uv_fs_event_init(loop, &sheaf->folder);
    uv_fs_poll_init(loop, &sheaf->poll);
    uv_timer_init(loop, &sheaf->rest);
    sheaf->folder.data = sheaf;
    sheaf->poll.data = sheaf;
    sheaf->rest.data = sheaf;
    sheaf->handles = 3;
    size_t len = (size_t)(name_in(sheaf->path) - sheaf->path);
    char *folder = mem_text(sheaf->path, len);
    if (folder != NULL) { // without it, or without the folder, by looking
        (void)uv_fs_event_start(&sheaf->folder, on_folder, folder, 0);
        mem_free(folder);
    }
    (void)uv_fs_poll_start(&sheaf->poll, on_poll, sheaf->path, PRESS_LOOK_MS);
}

/* --- Making, ending, asking -------------------------------------------------
 */

int press_create(struct press **out, const struct press_options *options)
{
    struct press *press = mem_calloc(1, sizeof(*press));
    *out = press;
    if (press == NULL) {
        return ERR_NOMEM;
    }
    press->options = *options;
    press->clock = options->clock != NULL ? options->clock : clock_system();
    TAILQ_INIT(&press->sheaves);
    return 0;
}

/* Wait until no thread of the pool looks at a file or its query any more. */
static void stop_work(struct sheaf *sheaf)
{
    if (sheaf->is_working && uv_cancel((uv_req_t *)&sheaf->reading.work) != 0) {
        uv_sem_wait(&sheaf->reading.ended);
    }
}

void press_destroy(struct press **press)
{
    struct press *gone = *press;
    if (gone == NULL) {
        return;
    }
    for (struct sheaf *sheaf; (sheaf = TAILQ_FIRST(&gone->sheaves)) != NULL;) {
        stop_work(sheaf);
        end_sheaf(sheaf);
    }
    mem_free(gone);
    *press = NULL;
}

static struct sheaf *find_sheaf(const struct press *press, const char *path,
                                const char *provider)
{
    struct sheaf *sheaf = TAILQ_FIRST(&press->sheaves);
    while (sheaf != NULL && (strcmp(sheaf->path, path) != 0 ||
                             strcmp(sheaf->provider, provider) != 0)) {
        sheaf = TAILQ_NEXT(sheaf, link);
    }
    return sheaf;
}

static struct sheaf *make_sheaf(struct press *press, const char *path,
                                const struct provider *provider)
{
    struct sheaf *sheaf = mem_calloc(1, sizeof(*sheaf));
    if (sheaf == NULL) {
        return NULL;
    }
    sheaf->path = mem_text(path, strlen(path));
    sheaf->reading.verdicts =
        mem_calloc(PROVIDER_SYMBOLS_LIMIT, sizeof(*sheaf->reading.verdicts));
    if (sheaf->path == NULL || sheaf->reading.verdicts == NULL ||
        uv_sem_init(&sheaf->reading.ended, 0) != 0) {
        mem_free(sheaf->path);
        mem_free(sheaf->reading.verdicts);
        mem_free(sheaf);
        return NULL;
    }
    snprintf(sheaf->provider, sizeof(sheaf->provider), "%s",
             provider_name(provider));
    sheaf->press = press;
    sheaf->text = buffer_empty(PAPER_BYTES_LIMIT);
    sheaf->reading.fresh = buffer_empty(PAPER_BYTES_LIMIT);
    sheaf->reading.work.data = sheaf;
    TAILQ_INIT(&sheaf->waiting);
    TAILQ_INSERT_TAIL(&press->sheaves, sheaf, link);
    watch(sheaf);
    return sheaf;
}

int press_ask(struct press *press, const char *url, const struct query *query,
              void *tag)
{
    const char *path = paper_path(url);
    CHECK(query->count <= PROVIDER_SYMBOLS_LIMIT);
    struct question_of_file *question = mem_calloc(1, sizeof(*question));
    struct sheaf *sheaf =
        find_sheaf(press, path, provider_name(query->provider));
    if (question != NULL && sheaf == NULL) {
        sheaf = make_sheaf(press, path, query->provider);
    }
    if (question == NULL || sheaf == NULL) {
        mem_free(question);
        return ERR_NOMEM;
    }
    question->query = query;
    question->tag = tag;
    TAILQ_INSERT_TAIL(&sheaf->waiting, question, link);
    work_on(sheaf);
    return 0;
}

void press_forget(struct press *press)
{
    struct sheaf *sheaf = TAILQ_FIRST(&press->sheaves);
    while (sheaf != NULL) {
        struct sheaf *next = TAILQ_NEXT(sheaf, link);
        if (!sheaf->is_working && TAILQ_EMPTY(&sheaf->waiting)) {
            end_sheaf(sheaf);
        }
        sheaf = next;
    }
}
