# SPDX-License-Identifier: Apache-2.0
"""quoted --probe: how a container's health check asks the server in it.

Claims: it asks by the settings that the server was started with, at any address that
one can listen at, with a PROXY header where one is wanted; it tells a server that is
well from one that hangs, that is about to end, and that is not there.

Run: QUOTED_BUILD=build /usr/bin/python3 -m pytest tests/peers/probe_test.py
"""

import contextlib
import http.server
import json
import signal
import socketserver
import subprocess
import threading

import pytest

from balancer import states
from programs import BUILD, DEADLINE_S, Server, environment, make_folder, remove_folder, \
    wait_until


def probe(name, *settings):
    """Run it; returns its status and what it said."""
    flags = [part for setting in settings for part in ("--set", setting)]
    ran = subprocess.run([BUILD / "src/quoted", "--probe", name, *flags], env=environment(),
                         capture_output=True, text=True, timeout=DEADLINE_S, check=False)
    return ran.returncode, (ran.stdout + ran.stderr).strip()


def assert_well(name, *settings):
    status, said = probe(name, *settings)
    assert status == 0, said
    assert json.loads(said)["status"] == "pass"


@pytest.mark.parametrize("host", ["127.0.0.1", "*", "0.0.0.0", "localhost"])
def test_server_is_asked_where_it_listens(market, host):
    with Server(market, "server.listen=*:0") as server:
        for name in ("livez", "readyz"):
            assert_well(name, f"server.listen={host}:{server.address[1]}")


def test_unix_socket_is_asked(market):
    folder = make_folder("probe")
    try:
        listen = f"server.listen=unix:{folder}/quoted.sock"
        with Server(market, listen):
            assert_well("livez", listen)
    finally:
        remove_folder(folder)


def test_header_is_sent_where_one_is_wanted(market):
    with Server(market, "server.proxy_protocol=on") as server:
        listen = f"server.listen=127.0.0.1:{server.address[1]}"
        assert_well("livez", listen, "server.proxy_protocol=on")
        status, _ = probe("livez", listen)
        assert status == 1


def test_server_that_hangs_is_not_well(server):
    server.signal(signal.SIGSTOP)
    try:
        # The signal reaches one thread, which then stops the others.
        wait_until(lambda: set(states(server.pid)) == {"T"}, "all threads stand still")
        status, said = probe("livez", f"server.listen=127.0.0.1:{server.address[1]}")
    finally:
        server.signal(signal.SIGCONT)
    assert status == 1 and said.startswith("no answer from 127.0.0.1:")


class Scripted(http.server.BaseHTTPRequestHandler):
    """A server that is live and not ready, as one is that was told to end."""

    def do_GET(self):  # pylint: disable=invalid-name
        body = b'{"status":"fail"}' if self.path == "/readyz" else b'{"status":"pass"}'
        self.send_response(503 if self.path == "/readyz" else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    protocol_version = "HTTP/1.1"

    def log_message(self, *_):  # pylint: disable=arguments-differ
        """Say nothing."""


@contextlib.contextmanager
def listening(handler):
    """A server of the test's own; gives the setting that names it."""
    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"server.listen=127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_server_that_is_not_ready_says_so():
    with listening(Scripted) as listen:
        status, said = probe("readyz", listen)
        assert status == 1 and json.loads(said) == {"status": "fail"}
        assert_well("livez", listen)


def test_other_answers_are_none():
    class Stranger(socketserver.BaseRequestHandler):
        """It speaks something else."""

        def handle(self):
            self.request.recv(4096)
            self.request.sendall(b"-ERR unknown command 'GET'\r\n")

    with listening(Stranger) as listen:
        assert probe("livez", listen) == (1, "this is no answer in HTTP")


def test_no_server_is_not_well():
    status, said = probe("livez", "server.listen=127.0.0.1:1")
    assert status == 1 and said == "no answer from 127.0.0.1:1: Connection refused"


def test_other_names_are_refused():
    status, said = probe("metrics")
    assert status == 2 and "livez or readyz" in said
