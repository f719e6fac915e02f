# SPDX-License-Identifier: Apache-2.0
"""What the server logs, for machines: each line can be read, whatever it holds."""

import json
import shlex
import signal

import pytest
from programs import Market, Server

# What may stand in a provider's answer and so in a reason.
NASTY = 'no "quotes"\\ = here,\tor\x01 \u2028 lines\r\n\r\nmsg=forged {"a":1}'


def read_json(line):
    return json.loads(line)


def read_logfmt(line):
    return dict(pair.split("=", 1) for pair in shlex.split(line))


@pytest.mark.parametrize("form, read", [("json", read_json), ("logfmt", read_logfmt)])
def test_every_line_can_be_read(form, read):
    """A whole life of a server, with texts of others in it that try to break out."""
    with Market() as market, \
            Server(market, f"log.format={form}", f"server.id={'x' * 60}") as server:
        market.answer_next("AAPL", {"body": json.dumps({"Information": NASTY})})
        with server.connect() as client:
            assert client.ask("GET", "AAPL").startswith("UPSTREAM AAPL: market: no ")
            assert client.ask("GET", "no symbol\r\nmsg=forged").startswith("SYMBOL ")
        server.signal(signal.SIGHUP)
        server.wait_line("loaded again")
        server.signal(signal.SIGTERM)
        assert server.wait_exit() == 0
        lines = [read(line) for line in server.lines]
        assert all(line["time"].endswith("Z") and line["level"] and line["room"]
                   for line in lines)
        said = [line["msg"] for line in lines]
        assert {"listening", "ready", "call ended", "provider is given a rest",
                "configuration loaded again", "draining", "ended"} <= set(said)
        assert "forged" not in said
