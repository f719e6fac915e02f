/* SPDX-License-Identifier: Apache-2.0 */
/*
 * address.h -- "host:port" and "unix:/path" as people write them.
 *
 * The host is an IP address (IPv6 in brackets: "[::1]:7400"), "*" for every
 * address of the machine, or a name, which is looked up when it is parsed: only
 * listening addresses are parsed here, once, at the start.
 *
 * Every address is one of IPv6, which takes IPv4 too; where there is no IPv6
 * address_narrow() makes it one of IPv4.
 */

#pragma once

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>

/* Bytes of the longest printed address and its 0. */
#define ADDRESS_TEXT_SIZE 128

struct address {
    struct sockaddr_storage storage;
    socklen_t len;
    bool is_any; /* "*" */
};

/* What is allowed, for error texts. */
#define ADDRESS_FORM "host:port, [ipv6]:port, *:port or unix:/absolute/path"

/*
 * Parse and, for a name, look up (which may block).  Returns 0, ERR_SYNTAX when
 * the form is not as above, or ERR_ABSENT when the name is not known.
 * Threads: main.
 */
int address_parse(struct address *out, const char *text);

/* Make "*" every address of IPv4, where it is of IPv6; returns whether it was.
 * Threads: any. */
bool address_narrow(struct address *address);

/* Whether it is "*" and was narrowed.  Threads: any. */
bool address_is_narrow(const struct address *address);

/* Write an address as it is parsed.  Threads: any. */
void address_print(char out[ADDRESS_TEXT_SIZE], const struct address *address);
