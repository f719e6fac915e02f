# SPDX-License-Identifier: Apache-2.0
"""How the server starts, or says why it does not, and what it tells systemd."""

import signal
import socket

import pytest
from programs import Market, Program, Server, make_folder


def run(*flags, **environment):
    """Run quoted to its end; returns (exit status, all that it said)."""
    program = Program("src/quoted", flags, make_folder("quoted"), environment)
    try:
        code = program.wait_exit()
        return code, "\n".join(program.lines)
    finally:
        program.kill()


def test_without_provider_it_says_the_two_ways_on():
    """With nobody to ask for prices it does not start, and says what to do."""
    code, said = run("--set", "server.listen=127.0.0.1:0")
    assert code == 1
    assert "no provider is configured" in said
    assert "https://www.alphavantage.co/support/#api-key" in said
    assert "quoted-market --listen" in said


def test_without_key_it_says_where_to_get_one():
    """A provider that needs a key and has none is said by name."""
    code, said = run("--set", "server.listen=127.0.0.1:0", "--set", "providers.0.name=alphavantage")
    assert code == 1
    assert "'alphavantage' needs a key" in said


def test_key_from_the_environment():
    """A key in the environment makes Alpha Vantage the provider, with no other setting."""
    key = "k" * 20
    code, said = run("--check-config", QUOTED_ALPHAVANTAGE_KEY=key)
    assert (code, said) == (0, "the configuration is good")


@pytest.mark.parametrize("setting, complaint", [
    ("cache.fresh_fro=1s", "cache.fresh_for"),
    ("cache.fresh_for=soon", "cache.fresh_for"),
    ("cache.fresh_for=1", "cache.fresh_for"),
    ("cache.symbols_max=0", "cache.symbols_max"),
    ("server.listen=nonsense", "server.listen"),
])
def test_wrong_setting_stops_the_start(setting, complaint):
    """What is wrong is said, with the setting's name."""
    code, said = run("--set", "providers.0.name=market", "--set", setting)
    assert code == 1
    assert complaint in said


def test_wrong_line_of_the_file_is_named(tmp_path):
    """A wrong value in the file is told with file and line."""
    path = tmp_path / "quoted.yaml"
    path.write_text("providers:\n  - name: market\ncache:\n  fresh_for: -1s\n")
    code, said = run("--config", path)
    assert code == 1
    assert f"{path}:4" in said and "cache.fresh_for" in said


def test_port_that_is_taken():
    """Two servers do not share a port by accident: the second says so."""
    with Market() as market, Server(market) as server:
        port = server.address[1]
        code, said = run("--set", f"server.listen=127.0.0.1:{port}",
                         "--set", "providers.0.name=market")
        assert code == 1
        assert f"127.0.0.1:{port}" in said and "in use" in said
        with server.connect() as client:
            assert client.ask("PING") == "PONG"


def test_file_in_the_place_of_a_unix_socket(tmp_path):
    """A file that is no socket is somebody's: the start is refused, and it stays."""
    path = tmp_path / "precious"
    path.write_text("precious")
    code, said = run("--set", "providers.0.name=market", "--set", f"server.listen=unix:{path}")
    assert code == 1
    assert f"unix:{path}" in said
    assert path.read_text() == "precious"


def test_printed_settings_can_be_used(tmp_path):
    """What --print-config prints is a file that gives the same again."""
    code, printed = run("--print-config", "--set", "providers.0.name=market",
                        "--set", "cache.fresh_for=90s")
    assert code == 0
    path = tmp_path / "quoted.yaml"
    path.write_text(printed)
    assert run("--config", path, "--print-config") == (0, printed)
    assert run("--config", path, "--check-config") == (0, "the configuration is good")


def test_later_sources_win(tmp_path):
    """Flags go over the environment, which goes over the file."""
    path = tmp_path / "quoted.yaml"
    path.write_text("providers:\n  - name: market\ncache:\n  fresh_for: 1s\n  stale_for: 1m\n"
                    "  unknown_for: 1m\n")
    _, printed = run("--config", path, "--print-config", "--set", "cache.unknown_for=3m",
                     QUOTED_CACHE_STALE_FOR="2m", QUOTED_CACHE_UNKNOWN_FOR="2m")
    for line in ("fresh_for: 1s", "stale_for: 2m", "unknown_for: 3m"):
        assert f"\n  {line}\n" in printed


class Systemd:
    """The socket to which a service tells its state."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.settimeout(30)
        self.socket.bind(path)

    def receive(self):
        """The next message, as lines."""
        return self.socket.recv(4096).decode().splitlines()


def test_systemd_is_told(tmp_path):
    """READY when it serves, RELOADING and READY around a reload, STOPPING at the end."""
    path = str(tmp_path / "notify")
    systemd = Systemd(path)
    with Market() as market, \
            Server(market, more_environment={"NOTIFY_SOCKET": path}) as server:
        assert "READY=1" in systemd.receive()
        server.signal(signal.SIGHUP)
        reloading = systemd.receive()
        assert "RELOADING=1" in reloading
        assert any(line.startswith("MONOTONIC_USEC=") for line in reloading)
        assert "READY=1" in systemd.receive()
        server.signal(signal.SIGTERM)
        assert "STOPPING=1" in systemd.receive()
        assert server.wait_exit() == 0


def test_log_as_json():
    """With log.format=json every line is a JSON object."""
    import json
    with Market() as market, Server(market, "log.format=json") as server:
        with server.connect() as client:
            client.ask("GET", "NOSUCH \"quoted\"")
            client.ask("GET", "NOSUCH")
        server.signal(signal.SIGTERM)
        assert server.wait_exit() == 0
        lines = [json.loads(line) for line in server.lines]
        assert {"listening", "ready", "call ended", "draining", "ended"} <= \
            {line["msg"] for line in lines}
