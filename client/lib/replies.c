/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/replies.h"

#include <hiredis/hiredis.h>
#include <stdio.h>

#include "base/check.h"
#include "base/err.h"
#include "base/mem.h"

struct replies {
    redisReader *reader;
    struct reply reply;  /* the one that is being read, or was read last */
    const char *refusal; /* why a function below refused; NULL when none */
    uint64_t fed;        /* bytes handed over, ever */
    uint64_t read;       /* of these, bytes up to the end of the last reply */
    size_t text_len;     /* bytes used of `text` */
    char text[REPLIES_TEXT_LIMIT];
};

static struct replies *owner(const redisReadTask *task)
{
    CHECK(task->privdata != NULL);
    return task->privdata;
}

/* NULL makes hiredis' reader stop with an error, which is what refusing is. */
static void *refuse(struct replies *replies, const char *why)
{
    replies->refusal = why;
    return NULL;
}

/* Begin a reply when this is its first object. */
static void begin_if_first(struct replies *replies, const redisReadTask *task,
                           enum reply_kind kind)
{
    if (task->parent == NULL) {
        replies->reply.kind = kind;
        replies->reply.count = 0;
        replies->text_len = 0;
    }
}

/* Keep a text as the reply or as the next of its fields. */
static void *add_text(const redisReadTask *task, enum reply_kind kind,
                      struct span text)
{
    struct replies *replies = owner(task);
    begin_if_first(replies, task, kind);
    struct reply *reply = &replies->reply;
    if (reply->count == REPLIES_FIELDS_LIMIT) {
        return refuse(replies, "a reply with too many fields");
    }
    if (text.len > sizeof(replies->text) - replies->text_len) {
        return refuse(replies, "a reply that is too long");
    }
    char *at = replies->text + replies->text_len;
    if (text.len > 0) {
        memcpy(at, text.data, text.len);
    }
    replies->text_len += text.len;
    reply->fields[reply->count] = (struct span){at, text.len};
    reply->count++;
    return reply; // what hiredis wants is any pointer but NULL
}

IMPLEMENTS(createString)
static void *create_string(const redisReadTask *task, char *text, size_t len)
{
    enum reply_kind kind = task->type == REDIS_REPLY_ERROR    ? REPLY_ERROR
                           : task->type == REDIS_REPLY_STATUS ? REPLY_STATUS
                                                              : REPLY_TEXT;
    return add_text(task, kind, (struct span){text, len});
}

IMPLEMENTS(createArray)
static void *create_array(const redisReadTask *task, int elements)
{
    struct replies *replies = owner(task);
    if (task->parent != NULL) {
        return refuse(replies, "an array inside an array");
    }
    // Not more than 0: hiredis 0.14 as released hands a length over as int, so
    // that 2^32 arrives as 0 and fails an assertion of its later on.
    if (elements <= 0) {
        return refuse(replies, "an empty array");
    }
    if (elements > REPLIES_FIELDS_LIMIT) {
        return refuse(replies, "a reply with too many fields");
    }
    begin_if_first(replies, task, REPLY_FIELDS);
    return &replies->reply;
}

IMPLEMENTS(createInteger)
static void *create_integer(const redisReadTask *task, long long value)
{
    char text[24];
    int len = snprintf(text, sizeof(text), "%lld", value);
    CHECK(len > 0 && (size_t)len < sizeof(text));
    return add_text(task, REPLY_TEXT, (struct span){text, (size_t)len});
}

IMPLEMENTS(createNil)
static void *create_nil(const redisReadTask *task)
{
    return add_text(task, REPLY_NIL, (struct span){"", 0});
}

IMPLEMENTS(freeObject)
static void free_object(void *object)
{
    (void)object; // part of struct replies
}

int replies_create(struct replies **out)
{
    static const redisReplyObjectFunctions functions = {
        .createString = create_string,
        .createArray = create_array,
        .createInteger = create_integer,
        .createNil = create_nil,
        .freeObject = free_object,
    };
    *out = NULL;
    struct replies *replies = mem_calloc(1, sizeof(*replies));
    if (replies == NULL) {
        return ERR_NOMEM;
    }
    // hiredis asks for a pointer to mutable, and never writes there.
    replies->reader =
        redisReaderCreateWithFunctions((redisReplyObjectFunctions *)&functions);
    if (replies->reader == NULL) {
        mem_free(replies);
        return ERR_NOMEM;
    }
    replies->reader->privdata = replies;
    *out = replies;
    return 0;
}

void replies_destroy(struct replies **replies)
{
    if (*replies != NULL) {
        redisReaderFree((*replies)->reader);
        mem_free(*replies);
        *replies = NULL;
    }
}

int replies_feed(struct replies *replies, const char *data, size_t len)
{
    int ok = redisReaderFeed(replies->reader, data, len);
    bool is_refused =
        replies->refusal != NULL || replies->reader->err == REDIS_ERR_PROTOCOL;
    replies->fed += len;
    // A refusal before is told by replies_next(), not here.
    return ok == REDIS_OK || is_refused ? 0 : ERR_NOMEM;
}

/* A reply is complete: what the reader has not read yet is of the next. */
static void note_end(struct replies *replies)
{
    const redisReader *reader = replies->reader;
    CHECK(reader->pos <= reader->len);
    CHECK(reader->len - reader->pos <= replies->fed);
    replies->read = replies->fed - (reader->len - reader->pos);
}

int replies_next(struct replies *replies, const struct reply **out)
{
    *out = NULL;
    if (replies->refusal != NULL) {
        return ERR_PROTOCOL;
    }
    void *object = NULL;
    if (redisReaderGetReply(replies->reader, &object) != REDIS_OK) {
        if (replies->refusal == NULL && replies->reader->err == REDIS_ERR_OOM) {
            return ERR_NOMEM;
        }
        if (replies->refusal == NULL) {
            replies->refusal = replies->reader->errstr;
        }
        return ERR_PROTOCOL;
    }
    if (object != NULL) {
        note_end(replies);
        *out = &replies->reply;
        return 0;
    }
    if (replies->fed - replies->read > REPLIES_BYTES_LIMIT) {
        replies->refusal = "a reply that is too long";
        return ERR_PROTOCOL;
    }
    return 0;
}

bool replies_has_rest(const struct replies *replies)
{
    return replies->fed > replies->read;
}

const char *replies_refusal(const struct replies *replies)
{
    return replies->refusal == NULL ? "" : replies->refusal;
}
