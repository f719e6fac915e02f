/* SPDX-License-Identifier: Apache-2.0 */
/*
 * at_once.h -- for a test with connections of its own: nothing is put by to be
 * sent with others, it is flushed at once.  Included once a program.
 */

#pragma once

#include "net/conn.h"

void conn_flush_with_others(struct conn *conn)
{
    conn_flush(conn);
}

bool conn_has_gathered_many(const struct loop *loop)
{
    (void)loop;
    return false;
}

size_t conn_flush_gathered(struct loop *loop)
{
    (void)loop;
    return 0;
}
