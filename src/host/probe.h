/* SPDX-License-Identifier: Apache-2.0 */
/*
 * probe.h -- ask a server on this machine how it is, by the settings that it
 * was started with: for the health checks of containers, whose image has no
 * other program that could.
 *
 * One request over HTTP, at the first of the addresses in server.listen; with a
 * PROXY header before it where server.proxy_protocol wants one.
 *
 * Threads: main, without a server of its own; it blocks.
 */

#pragma once

struct buffer; /* base/buffer.h */
struct conf;   /* conf/conf.h */

/* Connecting, sending and each part of the answer may take so long. */
#define PROBE_WAIT_MS 2000

/*
 * Ask for "/livez" or another path.  Returns 0 where the answer is 200;
 * ERR_UNKNOWN for another, ERR_IO for none.  What was answered, or a sentence
 * about what went wrong, is appended to `out`.
 */
int probe_ask(const struct conf *conf, const char *path, struct buffer *out);
