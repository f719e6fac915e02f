/* SPDX-License-Identifier: Apache-2.0 */
#include "redis/client.h"

#include "base/buffer.h"
#include "base/err.h"
#include "proto/resp.h"
#include "redis/command.h"
#include "redis/multi.h"
#include "redis/pubsub.h"
#include "redis/session.h"
#include "serve/roster.h"
#include "serve/worker.h"

void client_ping(struct session *session, const struct resp_command *command,
                 struct buffer *out)
{
    if (command->count > 2) {
        command_fail_arguments(session, out, command, "");
    } else if (session_version(session) == 2 &&
               pubsub_count(session_pubsub(session)) > 0) {
        resp_put_array(out, 2);
        resp_put_bulk(out, span_of("pong"));
        resp_put_bulk(out, command->count > 1 ? command->args[1] : span_of(""));
    } else if (command->count > 1) {
        resp_put_bulk(out, command->args[1]);
    } else {
        resp_put_simple(out, "PONG");
    }
}

void client_echo(struct session *session, const struct resp_command *command,
                 struct buffer *out)
{
    (void)session;
    resp_put_bulk(out, command->args[1]);
}

void client_select(struct session *session, const struct resp_command *command,
                   struct buffer *out)
{
    if (span_equal(command->args[1], span_of("0"))) {
        resp_put_simple(out, "OK");
    } else {
        command_fail(session, out, "ERR",
                     "DB index is out of range: there is one database, 0");
    }
}

void client_auth(struct session *session, const struct resp_command *command,
                 struct buffer *out)
{
    (void)command;
    command_fail(session, out, "ERR",
                 "AUTH was called but this server has no password set up; "
                 "connect without one");
}

void client_quit(struct session *session, const struct resp_command *command,
                 struct buffer *out)
{
    (void)command;
    resp_put_simple(out, "OK");
    session_finish(session);
}

/* --- Names --------------------------------------------------------------- */

/* As in Redis: no space, no line end, nothing that is not printable, since
 * CLIENT LIST puts a line of words around it. */
static bool is_name(struct span text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '!' || text.data[i] > '~') {
            return false;
        }
    }
    return true;
}

/* Set a name of the member's; composes an error where it is none. */
static bool rename_member(struct session *session, char *name, size_t name_size,
                          struct span text, struct buffer *out)
{
    if (!is_name(text) || text.len >= name_size) {
        command_fail(session, out, "ERR",
                     "names are printable ASCII without spaces, of at most 63 "
                     "bytes (lib-name and lib-ver: 31)");
        return false;
    }
    roster_rename(session_worker(session)->shared->roster, name, name_size,
                  text);
    return true;
}

static bool set_name(struct session *session, struct span text,
                     struct buffer *out)
{
    char *name = session_member(session)->name;
    return rename_member(session, name, ROSTER_NAME_SIZE, text, out);
}

void client_reset(struct session *session, const struct resp_command *command,
                  struct buffer *out)
{
    (void)command;
    multi_drop(session);
    pubsub_end_all(session_pubsub(session));
    session_speak(session, 2);
    set_name(session, span_of(""), out);
    resp_put_simple(out, "RESET");
}

/* --- HELLO --------------------------------------------------------------- */

static void put_hello(struct session *session, struct buffer *out)
{
    int version = session_version(session);
    resp_put_map(out, version, 7);
    resp_put_bulk(out, span_of("server"));
    resp_put_bulk(out, span_of("quoted"));
    resp_put_bulk(out, span_of("version"));
    resp_put_bulk(out, span_of(QUOTED_VERSION));
    resp_put_bulk(out, span_of("proto"));
    resp_put_integer(out, version);
    resp_put_bulk(out, span_of("id"));
    resp_put_integer(out, (int64_t)session_member(session)->id);
    resp_put_bulk(out, span_of("mode"));
    resp_put_bulk(out, span_of("standalone"));
    resp_put_bulk(out, span_of("role"));
    resp_put_bulk(out, span_of("master"));
    resp_put_bulk(out, span_of("modules"));
    resp_put_array(out, 0);
}

void client_hello(struct session *session, const struct resp_command *command,
                  struct buffer *out)
{
    int version = session_version(session);
    if (command->count > 1) {
        uint64_t wanted;
        if (span_to_u64(command->args[1], &wanted) != 0 ||
            (wanted != 2 && wanted != 3)) {
            command_fail(session, out, "NOPROTO",
                         "unsupported protocol version: 2 and 3 are spoken");
            return;
        }
        version = (int)wanted;
    }
    for (size_t i = 2; i < command->count; i++) {
        struct span option = command->args[i];
        if (span_equal_nocase(option, span_of("AUTH"))) {
            client_auth(session, command, out);
            return;
        }
        if (!span_equal_nocase(option, span_of("SETNAME")) ||
            i + 1 == command->count) {
            command_fail(session, out, "ERR",
                         "syntax error in HELLO: HELLO [2|3 [SETNAME name]]");
            return;
        }
        if (!set_name(session, command->args[++i], out)) {
            return;
        }
    }
    session_speak(session, version);
    put_hello(session, out);
}

/* --- CLIENT -------------------------------------------------------------- */

static void set_info(struct session *session,
                     const struct resp_command *command, struct buffer *out)
{
    struct roster_member *member = session_member(session);
    char *name = NULL;
    if (span_equal_nocase(command->args[2], span_of("LIB-NAME"))) {
        name = member->lib_name;
    } else if (span_equal_nocase(command->args[2], span_of("LIB-VER"))) {
        name = member->lib_version;
    } else {
        command_fail(session, out, "ERR",
                     "CLIENT SETINFO knows LIB-NAME and LIB-VER");
        return;
    }
    if (rename_member(session, name, ROSTER_LIB_SIZE, command->args[3], out)) {
        resp_put_simple(out, "OK");
    }
}

/* Less would be a burden, more would tell nobody anything. */
#define HEARTBEAT_MIN_MS 20
#define HEARTBEAT_MAX_MS 60000

static void set_heartbeat(struct session *session, struct span text,
                          struct buffer *out)
{
    uint64_t period_ms;
    if (session_version(session) != 3) {
        command_fail(session, out, "ERR",
                     "CLIENT HEARTBEAT needs RESP 3: send HELLO 3 before it");
    } else if (span_to_u64(text, &period_ms) != 0 ||
               (period_ms != 0 && period_ms < HEARTBEAT_MIN_MS) ||
               period_ms > HEARTBEAT_MAX_MS) {
        command_fail(session, out, "ERR",
                     "CLIENT HEARTBEAT takes milliseconds, 20 to 60000, or 0 "
                     "for none");
    } else if (session_beat(session, period_ms) != 0) {
        command_fail(session, out, "OVERLOADED", "no memory for a heartbeat");
    } else {
        resp_put_simple(out, "OK");
    }
}

static void put_list(struct session *session, bool all, struct buffer *out)
{
    struct worker *worker = session_worker(session);
    struct roster *roster = worker->shared->roster;
    struct buffer list = buffer_empty(LOOP_REPLY_BYTES_LIMIT / 2);
    if (all) {
        roster_print(roster, &list, worker->loop.now_ms);
    } else {
        roster_print_member(roster, &list, session_member(session),
                            worker->loop.now_ms);
    }
    if (list.failed) {
        command_fail(session, out, "OVERLOADED", "no memory for the list");
    } else {
        resp_put_bulk(out, buffer_span(&list));
    }
    buffer_deinit(&list);
}

/* As in Redis, no name is null and not "". */
static void put_name(struct session *session, struct buffer *out)
{
    const char *name = session_member(session)->name;
    if (name[0] == '\0') {
        resp_put_null(out, session_version(session));
    } else {
        resp_put_bulk(out, span_of(name));
    }
}

void client_client(struct session *session, const struct resp_command *command,
                   struct buffer *out)
{
    struct span sub = command->args[1];
    struct roster_member *member = session_member(session);
    if (command->count == 2 && span_equal_nocase(sub, span_of("ID"))) {
        resp_put_integer(out, (int64_t)member->id);
    } else if (command->count == 2 &&
               span_equal_nocase(sub, span_of("GETNAME"))) {
        put_name(session, out);
    } else if (command->count == 3 &&
               span_equal_nocase(sub, span_of("SETNAME"))) {
        if (set_name(session, command->args[2], out)) {
            resp_put_simple(out, "OK");
        }
    } else if (command->count == 4 &&
               span_equal_nocase(sub, span_of("SETINFO"))) {
        set_info(session, command, out);
    } else if (command->count == 3 &&
               span_equal_nocase(sub, span_of("HEARTBEAT"))) {
        set_heartbeat(session, command->args[2], out);
    } else if (command->count == 2 && span_equal_nocase(sub, span_of("INFO"))) {
        put_list(session, false, out);
    } else if (command->count == 2 && span_equal_nocase(sub, span_of("LIST"))) {
        put_list(session, true, out);
    } else {
        command_fail_subcommand(session, out, command);
    }
}
