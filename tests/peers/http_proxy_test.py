# SPDX-License-Identifier: Apache-2.0
"""Three servers behind the real nginx and HAProxy as HTTP reverse proxies, by
deploy/nginx/http.conf and deploy/haproxy/http.cfg.

Claims: quotes, failures and events pass as they are; nginx keeps a quote no longer
than it is fresh; a server that dies is left out and no request fails; one that is to
end is asked no more before its port closes.
"""

import json
import os
import re
import shutil
import signal

import pytest
from balancer import BACK_S, HAPROXY, NGINX, Balancer, Fleet, Haproxy, replace
from programs import SLOWER, TOP, wait_until
from web import Events, Web


class Gate(Balancer):
    """A proxy; whether it passes requests is asked by HTTP."""

    def passes(self):
        self.check_runs()
        try:
            return self.get("/livez").status == 200
        except (ConnectionRefusedError, AssertionError):
            return False

    def left_out(self, name):
        """Wait until a server that died is asked no more, where that can be known."""

    def get(self, target, **headers):
        """Ask on a connection of its own."""
        with Web(self.address) as web:
            return web.get(target, **headers)


class HttpNginx(Gate):
    """nginx by deploy/nginx/http.conf."""

    def __init__(self, addresses):
        self._addresses = addresses
        super().__init__(NGINX, ["-g", "daemon off;", "-c"])

    def configure(self, folder):
        text = (TOP / "deploy/nginx/http.conf").read_text()
        line = re.search(r"(?m)^ *server 127\.0\.0\.1:7401(.*);\n", text)
        servers = "".join(f"        server {host}:{port}{line.group(1)};\n"
                          for host, port in self._addresses)
        text = replace(text, r"(?m)(^ *server 127\.0\.0\.1:740\d.*;\n)+", servers)
        text = replace(text, r"listen 7480\b", "listen {}:{}".format(*self.address))
        text = replace(text, r"/run/nginx\.pid", str(folder / "pid"))
        text = replace(text, r"/var/cache/nginx/quoted", str(folder / "cache"))
        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"):
            text = text.replace("http {\n", f"http {{\n    {name}_temp_path {folder}/{name};\n", 1)
        if os.geteuid() == 0:
            text = text.replace("worker_processes auto;", "user root;\nworker_processes auto;", 1)
        return text.replace("/var/log/nginx/", f"{folder}/")


class HttpHaproxy(Gate, Haproxy):
    """HAProxy by deploy/haproxy/http.cfg."""

    def is_ready(self):
        return all(row["status"] == "UP" for row in self.rows().values())

    def left_out(self, name):
        """Wait until it has found out that a server is dead."""
        self.wait_status(name, "DOWN")

    def configure(self, folder):
        text = (TOP / "deploy/haproxy/http.cfg").read_text()
        for i, (host, port) in enumerate(self._addresses, 1):
            text = replace(text, rf"127\.0\.0\.1:740{i}\b", f"{host}:{port}")
        text = replace(text, r"bind :7480\b", "bind {}:{}".format(*self.address))
        self.control = str(folder / "control")
        text = replace(text, r"/run/haproxy/admin\.sock", self.control)
        text = replace(text, r"timeout check 250ms", f"timeout check {int(250 * SLOWER)}ms")
        if os.geteuid() != 0:
            text = re.sub(r"(?m)^( *)(user|group) haproxy$", r"\1#\2 haproxy", text)
        return text


PROXIES = [pytest.param(one, id=one.__name__, marks=pytest.mark.skipif(
    not (shutil.which(path) or os.path.exists(path)), reason=f"no {path}"))
           for one, path in ((HttpNginx, NGINX), (HttpHaproxy, HAPROXY))]


@pytest.mark.parametrize("proxy", PROXIES)
def test_answers_pass_as_they_are(fleet, proxy):
    with proxy(fleet.addresses) as front:
        with Web(front.address) as web:
            quote = web.get("/v1/quotes/IBM")
            assert (quote.status, quote.json["price"]) == (200, "137.16")
            problem = web.get("/v1/quotes/NOPE")
            assert (problem.status, problem.json["code"]) == (404, "UNKNOWN")
            assert web.get("/v1/quotes/BTC%2FUSD").json["symbol"] == "BTC/USD"
            many = web.get("/v1/quotes?symbols=IBM,AAPL").json["quotes"]
            assert [one["status"] for one in many] == [200, 200]
            assert web.get("/v1/quotes/IBM", "HEAD").body == b""
            assert web.get("/").status == 200


@pytest.mark.parametrize("proxy", PROXIES)
def test_events_are_not_held_back(fleet, market, proxy):
    with proxy(fleet.addresses) as front:
        with Events(front.address, "/v1/watch?symbols=IBM") as events:
            assert events.status == 200
            first = read_event(events)
            assert first["price"] == "137.16"


def read_event(events):
    """The first quote of a stream, which may come in chunks."""
    for line in iter(events.web.file.readline, b""):
        if line.startswith(b'data: {"symbol"'):
            return json.loads(line[6:])
    raise AssertionError("the stream has ended")


@pytest.mark.parametrize("proxy", PROXIES)
def test_server_that_dies_is_left_out_and_no_request_fails(fleet, proxy):
    with proxy(fleet.addresses) as front:
        for name in ("1", "2"):
            fleet.kill(name)
            for _ in range(20):
                assert front.get("/version").status == 200
            front.left_out(name)
        assert front.get("/version").json["server"] == "3"
        fleet.start("1")
        wait_until(lambda: front.get("/version").json["server"] == "1", "server 1 again", BACK_S)


@pytest.mark.parametrize("proxy", PROXIES)
def test_server_that_is_to_end_fails_no_request(leavers, proxy):
    with proxy(leavers.addresses) as front:
        for name in ("1", "2"):
            leavers[name].signal(signal.SIGTERM)
            while leavers[name].process.poll() is None:
                assert front.get("/version").status == 200
        assert front.get("/version").json["server"] == "3"


@pytest.mark.parametrize("proxy", PROXIES[:1])
def test_nginx_keeps_a_quote_while_it_is_fresh_and_no_longer(market, proxy):
    with Fleet(market, "cache.fresh_for=4s", "fetch.warm_for=0", count=1) as fleet, \
            proxy(fleet.addresses) as front:
        def kept():
            answer = front.get("/v1/quotes/IBM")
            return answer if answer["X-Cache"] == "HIT" else None

        assert wait_until(kept, "a quote that nginx has kept").json["price"] == "137.16"
        # By Accept it is another one.
        assert front.get("/v1/quotes/IBM", Accept="text/csv").text.startswith("symbol,")
        market.set_price("IBM", "140.00")
        wait_until(lambda: front.get("/v1/quotes/IBM").json["price"] == "140.00",
                   "the new price", BACK_S, 0.1)
