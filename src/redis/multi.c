/* SPDX-License-Identifier: Apache-2.0 */
#include "redis/multi.h"

#include <stddef.h>

#include "base/buffer.h"
#include "base/check.h"
#include "base/mem.h"
#include "proto/resp.h"
#include "redis/client.h"
#include "redis/command.h"
#include "redis/session.h"
#include "serve/settings.h"
#include "serve/worker.h"

struct multi {
    struct buffer commands; // as they would come from the client
    size_t count;
    bool is_spoiled;
};

/* Invariant (1): these are about the MULTI itself, or end it. */
static bool runs_at_once(command_fn run)
{
    return run == multi_multi || run == multi_exec || run == multi_discard ||
           run == client_reset || run == client_quit;
}

bool multi_keep(struct session *session, const struct command *found,
                const struct resp_command *command, struct buffer *out)
{
    struct multi *multi = *session_multi(session);
    if (multi == NULL || runs_at_once(found->run)) {
        return false;
    }
    resp_put_array(&multi->commands, command->count);
    for (size_t i = 0; i < command->count; i++) {
        resp_put_bulk(&multi->commands, command->args[i]);
    }
    if (multi->commands.failed) {
        multi->is_spoiled = true;
        command_fail(session, out, "ERR",
                     "the commands since MULTI are more than "
                     "limits.output_bytes: send fewer, or without MULTI");
        return true;
    }
    multi->count++;
    resp_put_simple(out, "QUEUED");
    return true;
}

void multi_spoil(struct session *session)
{
    struct multi *multi = *session_multi(session);
    if (multi != NULL) {
        multi->is_spoiled = true;
    }
}

void multi_abort(struct session *session, struct buffer *out)
{
    command_fail(session, out, "EXECABORT",
                 "Transaction discarded because of: wrong number of arguments "
                 "for 'exec' command");
    multi_drop(session);
}

void multi_drop(struct session *session)
{
    struct multi **multi = session_multi(session);
    if (*multi != NULL) {
        buffer_deinit(&(*multi)->commands);
        mem_free(*multi);
        *multi = NULL;
    }
}

void multi_multi(struct session *session, const struct resp_command *command,
                 struct buffer *out)
{
    (void)command;
    struct multi **multi = session_multi(session);
    if (*multi != NULL) {
        command_fail(session, out, "ERR", "MULTI within MULTI");
        return;
    }
    *multi = mem_calloc(1, sizeof(**multi));
    if (*multi == NULL) {
        command_fail(session, out, "OVERLOADED", "no memory for MULTI");
        return;
    }
    const struct conf *conf = session_worker(session)->settings->conf;
    (*multi)->commands = buffer_empty(conf->limits.output_bytes_max);
    resp_put_simple(out, "OK");
}

void multi_exec(struct session *session, const struct resp_command *command,
                struct buffer *out)
{
    (void)command;
    struct multi *multi = *session_multi(session);
    if (multi == NULL) {
        command_fail(session, out, "ERR", "EXEC without MULTI");
        return;
    }
    if (multi->is_spoiled) {
        command_fail(session, out, "EXECABORT",
                     "none was run, since one of the commands was refused");
    } else {
        CHECK((multi->count == 0) == (multi->commands.len == 0));
        resp_put_array(out, multi->count);
        session_run_next(session, &multi->commands);
    }
    multi_drop(session);
}

void multi_discard(struct session *session, const struct resp_command *command,
                   struct buffer *out)
{
    (void)command;
    if (*session_multi(session) == NULL) {
        command_fail(session, out, "ERR", "DISCARD without MULTI");
        return;
    }
    multi_drop(session);
    resp_put_simple(out, "OK");
}
