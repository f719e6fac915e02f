/* SPDX-License-Identifier: Apache-2.0 */
/*
 * notify.h -- tell the service manager: sd_notify(3)'s datagrams to the socket
 * that $NOTIFY_SOCKET names.  Without one, every call does nothing.
 */

#pragma once

/* Send "READY=1\nSTATUS=..." and the like; `text` is the whole message.  A
 * message that can't be sent is lost: the manager's time-outs notice.  Threads:
 * main. */
void notify_send(const char *socket_path, const char *text);

/* "RELOADING=1" with the clock reading that Type=notify-reload wants. */
void notify_reloading(const char *socket_path);
