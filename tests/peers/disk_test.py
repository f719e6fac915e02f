# SPDX-License-Identifier: Apache-2.0
"""A disk that is full, or can't be written to: prices are served all the same, what was
kept before among them, and it is said.

Each test has a small disk of its own, in memory, which takes root to mount."""

import contextlib
import os
import signal
import subprocess

import pytest
from programs import Market, Server, make_folder, read_info, remove_folder, wait_until

KEPT = 20
HOUR = "cache.fresh_for=1h"  # so that nothing is refreshed


def mount(*arguments):
    """Whether mounting works."""
    return subprocess.run(["mount", *arguments], check=False, capture_output=True).returncode == 0


@pytest.fixture(name="disk")
def fixture_disk():
    folder = make_folder("disk")
    if os.geteuid() != 0 or not mount("-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)):
        remove_folder(folder)
        pytest.skip("no disk can be mounted")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)
    remove_folder(folder)


@pytest.fixture(name="market")
def fixture_market():
    with Market("--invent", "--step", "0") as market:
        yield market


def fill(disk):
    """Leave no room."""
    with contextlib.suppress(OSError), open(disk / "others", "wb", buffering=0) as file:
        while True:
            file.write(b"x" * 4096)


def stats(client):
    return read_info(client.ask("INFO", "stats"))


def ask(client, first, count):
    """Ask for symbols; each has a price."""
    for i in range(first, first + count):
        reply = client.ask("GET", f"S{i}")
        assert reply[0].isdigit(), reply


def keep(market, path, is_killed=False):
    """Let a server keep some quotes."""
    server = Server(market, f"store.path={path}", HOUR)
    with server.connect() as client:
        ask(client, 0, KEPT)
        wait_until(lambda: stats(client)["store_kept"] == KEPT, "the quotes are not kept")
    if is_killed:
        server.signal(signal.SIGKILL)
        server.process.wait()
        server.kill()
    else:
        server.finish()


def serve_all(market, path, quotes):
    """What is kept is served without a call, the rest from the market; nothing is kept."""
    calls = market.calls()
    with Server(market, f"store.path={path}", HOUR) as server, server.connect() as client:
        assert server.find_line(f"quotes of before are served.*quotes={quotes}$")
        ask(client, 0, KEPT)
        assert market.calls() == calls + KEPT - quotes
        ask(client, KEPT, KEPT)
        wait_until(lambda: stats(client)["store_dropped"] >= KEPT, "it was not noticed")
        assert stats(client)["store_kept"] == 0
        return [line for line in server.lines if "room=store" in line]


def test_disk_fills_up_and_is_emptied(disk, market):
    with Server(market, f"store.path={disk / 'q.db'}") as server, server.connect() as client:
        ask(client, 0, KEPT)
        wait_until(lambda: stats(client)["store_kept"] == KEPT, "the quotes are not kept")
        fill(disk)
        ask(client, KEPT, 100)
        assert server.wait_line('level=error.*"can\'t be written; serving goes on from memory"')
        (disk / "others").unlink()
        assert server.wait_line("is written again")
        ask(client, 200, KEPT)
        wait_until(lambda: stats(client)["store_kept"] >= 2 * KEPT, "nothing is kept any more")
    with Server(market, f"store.path={disk / 'q.db'}") as server:
        found = server.find_line(r"quotes of before are served.*quotes=(\d+)$")
        assert int(found.group(1)) >= 2 * KEPT


@pytest.mark.parametrize("is_killed", [False, True])
def test_start_on_a_full_disk(disk, market, is_killed):
    keep(market, disk / "q.db", is_killed)
    fill(disk)
    said = serve_all(market, disk / "q.db", KEPT)
    assert any("can't be written" in line for line in said)


def test_first_start_on_a_full_disk(disk, market):
    fill(disk)
    said = serve_all(market, disk / "q.db", 0)
    assert any("nothing will be kept" in line and "is full" in line for line in said)


@pytest.mark.parametrize("is_killed", [False, True])
def test_start_on_a_read_only_disk(disk, market, is_killed):
    keep(market, disk / "q.db", is_killed)
    assert mount("-o", "remount,ro", str(disk))
    said = serve_all(market, disk / "q.db", KEPT)
    assert any("nothing will be kept" in line for line in said)


def test_first_start_on_a_read_only_disk(disk, market):
    assert mount("-o", "remount,ro", str(disk))
    said = serve_all(market, disk / "q.db", 0)
    assert any("nothing will be kept" in line for line in said)


def test_damaged_file_on_a_read_only_disk(disk, market):
    """It can't be set aside, and is not half loaded."""
    keep(market, disk / "q.db")
    data = bytearray((disk / "q.db").read_bytes())
    data[4096:] = bytes(byte ^ 0xA5 for byte in data[4096:])
    (disk / "q.db").write_bytes(data)
    assert mount("-o", "remount,ro", str(disk))
    said = serve_all(market, disk / "q.db", 0)
    assert any("nothing will be kept" in line for line in said)
