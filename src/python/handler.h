/* SPDX-License-Identifier: Apache-2.0 */
/*
 * handler.h -- what RPyC asks about objects: the root, its attributes, calls of
 * them, their names, and the rest that a Python object answers.
 *
 * What a service of prices has no business to offer (setting, deleting,
 * pickling, iterating, dunder attributes) is refused with the exception that
 * Python's own server raises.
 *
 * Threads: the worker's.
 */

#pragma once

#include "python/python.h"

/* Answer one request of the client's, now or later. */
void handler_run(struct python_request *request,
                 const struct rpyc_message *message);
