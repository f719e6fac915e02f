# SPDX-License-Identifier: Apache-2.0
"""A port that is a test's own for as long as it wants it.

    with hold_port("127.0.0.1") as holder:
        port = holder.getsockname()[1]      # nobody listens there but who is told to

A port that is given back, because its server has ended or is yet to start, may be
another test's in the next moment: who is asked there then answers, and is a stranger.
"""

import socket


def hold_port(host, port=0, is_shared=False):
    """A socket at which nobody listens.  Others at the same port, with SO_REUSEADDR as
    this one, may listen if they come later; `is_shared`: also if they have come before,
    with SO_REUSEPORT."""
    holder = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    try:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if is_shared:
            holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        holder.bind((host, port))
    except BaseException:
        holder.close()
        raise
    return holder
