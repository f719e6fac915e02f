/* SPDX-License-Identifier: Apache-2.0 */
/*
 * endpoint.h -- where a server may be: an address as people write it.
 *
 * It is taken apart when a handle is opened and looked up when it is needed, so
 * that a name which is unknown now, or means another machine tomorrow, is no
 * reason to fail (src/net has the listening side, which looks up at once).
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"

#define ENDPOINT_HOST_SIZE 254 /* the longest DNS name and its 0 */
#define ENDPOINT_PORT_SIZE 6   /* "65535" and its 0 */
#define ENDPOINT_PATH_SIZE 108 /* sun_path of Linux */

/* "[host]:port" and its 0, which is longer than "unix:" and a path. */
#define ENDPOINT_TEXT_SIZE (ENDPOINT_HOST_SIZE + ENDPOINT_PORT_SIZE + 3)

/* The port where none is given. */
#define ENDPOINT_PORT "7400"

struct endpoint {
    bool is_unix;
    char host[ENDPOINT_HOST_SIZE]; /* a name or an IP address, no brackets */
    char port[ENDPOINT_PORT_SIZE];
    char path[ENDPOINT_PATH_SIZE]; /* where is_unix */
    char text[ENDPOINT_TEXT_SIZE]; /* as it is shown: with its port */
};

/*
 * Take "host:port", "[ipv6]:port", either without ":port", or
 * "unix:/absolute/path" apart.  Returns 0 or ERR_SYNTAX; *out is then
 * undefined.  Threads: any.
 */
int endpoint_parse(struct endpoint *out, struct span text);
