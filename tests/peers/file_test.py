# SPDX-License-Identifier: Apache-2.0
"""Prices from a file: the provider `file`, and descriptions that are like it.

Claims: CSV and JSON are read; a file that is renamed into place, or written in place, is
read again when it is whole, and what clients ask for follows at once, however fresh it
was; of one that is half written, empty, too long or gone the values of before stay, and
that is said once; as_of is the row's, or else when the file was written.

Run: QUOTED_BUILD=build /usr/bin/python3 -m pytest tests/peers/file_test.py
"""

import json
import os
import re
import signal
import subprocess
from datetime import datetime, timezone

import pytest

from programs import DEADLINE_S, TOP, Server, environment, program, wait_until

HEAD = "symbol,price,currency,as_of\n"


def rows(*texts):
    """The text of a CSV file."""
    return HEAD + "".join(f"{text}\n" for text in texts)


def replace(path, text):
    """Write a file as it should be: whole, and renamed into place."""
    beside = path.with_suffix(".new")
    beside.write_text(text)
    os.replace(beside, path)


def overwrite(path, text):
    """Write a text that is as long or longer in place, at once: who cuts a file off first,
    and then does nothing for as long as a file has to rest, has it read as it is then."""
    with open(path, "r+b", buffering=0) as file:
        assert file.write(text.encode()) >= file.seek(0, os.SEEK_END)


class FileServer(Server):
    """A quoted whose one provider is a file.  Quotes are fresh for an hour, so that what
    is new is not there by and by."""

    def __init__(self, path, *settings, name="file"):
        super().__init__(None, f"providers.0.name={name}", f"providers.0.url=file://{path}",
                         "cache.fresh_for=1h", *settings)

    def warnings(self):
        """What was said about the file."""
        return [line for line in self.lines if "file of prices" in line]


def wait_price(client, symbol, price):
    """Wait until a symbol has a price."""
    seen = []

    def has_come():
        seen.append(client.ask("GET", symbol))
        return seen[-1] == price
    wait_until(has_come, lambda: f"{symbol} is {seen[-1]!r}, not {price}")


def test_a_price_is_the_rows_with_its_currency_and_time(tmp_path):
    path = tmp_path / "prices.csv"
    path.write_text(rows("IBM,137.16,USD,2026-11-20T15:04:05Z", "TSCO.XLON,412.5,GBX,2026-11-20",
                         "BRK.B,500,,"))
    with FileServer(path) as server, server.connect() as client:
        ibm = client.ask("HGETALL", "IBM")
        ibm = dict(zip(ibm[::2], ibm[1::2], strict=True)) if isinstance(ibm, list) else ibm
        assert (ibm["price"], ibm["currency"], ibm["source"]) == ("137.16", "USD", "file")
        assert ibm["as_of"].startswith("2026-11-20T15:04:05")
        assert client.ask("HGET", "TSCO.XLON", "price") == "4.125"
        assert client.ask("HGET", "TSCO.XLON", "currency") == "GBP"
        assert client.ask("HGET", "TSCO.XLON", "as_of") == "2026-11-20"
        written = datetime.fromisoformat(
            client.ask("HGET", "BRK.B", "as_of").replace("Z", "+00:00"))
        changed = datetime.fromtimestamp(path.stat().st_mtime, timezone.utc)
        assert abs((written - changed).total_seconds()) < 0.01
        assert str(client.ask("GET", "MSFT")).startswith("UNKNOWN")


def test_json_is_read_with_the_same_names(tmp_path):
    path = tmp_path / "prices.json"
    path.write_text(json.dumps([{"symbol": "IBM", "price": "137.16"},
                                {"symbol": "MSFT", "price": 512.5}]))
    with FileServer(path) as server, server.connect() as client:
        assert client.ask("MGET", "IBM", "MSFT") == ["137.16", "512.50"]
        replace(path, json.dumps({"quotes": [{"symbol": "IBM", "price": 138}]}))
        wait_price(client, "IBM", "138.00")


@pytest.mark.parametrize("write", [replace, overwrite], ids=["renamed", "in place"])
def test_what_is_asked_for_follows_the_file(tmp_path, write):
    path = tmp_path / "prices.csv"
    path.write_text(rows("IBM,1,,", "MSFT,2,,"))
    with FileServer(path) as server, server.connect() as client:
        assert client.ask("MGET", "IBM", "MSFT", "NEW")[:2] == ["1.00", "2.00"]
        for price in range(3, 6):
            write(path, rows(f"IBM,{price},,", f"MSFT,{price + 1},,", f"NEW,{price},,"))
            wait_price(client, "IBM", f"{price}.00")
            wait_price(client, "MSFT", f"{price + 1}.00")
            wait_price(client, "NEW", f"{price}.00")
        assert client.ask("HGET", "IBM", "state") == "fresh"
        assert not server.warnings()


def test_who_watches_a_symbol_is_told_of_the_new_price(tmp_path):
    path = tmp_path / "prices.csv"
    path.write_text(rows("IBM,1,,"))
    with FileServer(path) as server, server.connect() as watcher:
        watcher.send("SUBSCRIBE", "IBM")
        assert watcher.receive()[:2] == ["subscribe", "IBM"]
        assert json.loads(watcher.receive()[2])["price"] == "1.00"
        replace(path, rows("IBM,2,,"))
        assert json.loads(watcher.receive()[2])["price"] == "2.00"


def test_a_link_that_leads_elsewhere_is_followed(tmp_path):
    for name, price in (("one", 1), ("two", 2)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "prices.csv").write_text(rows(f"IBM,{price},,"))
    link = tmp_path / "now"
    link.symlink_to("one")
    with FileServer(link / "prices.csv") as server, server.connect() as client:
        assert client.ask("GET", "IBM") == "1.00"
        other = tmp_path / "next"
        other.symlink_to("two")
        os.replace(other, link)
        wait_price(client, "IBM", "2.00")


@pytest.mark.parametrize("text, cause", [
    (rows("IBM,9,,", "MSFT,9,,")[:-1], "its last line has no end"),
    (rows("IBM,99,,", "MSFT,9,,")[:-7], "its last line has no end"),
    ("", "it is empty"),
    (HEAD, "no rows"),
    ("<html>busy</html>\n", "it has no column with prices"),
    ('[{"symbol": "IBM", "price": 9}, {"symb', "it is neither CSV nor JSON"),
    ("x" * (9 << 20), "longer than 8 MiB"),
    (None, "No such file"),
], ids=["unended", "cut", "empty", "head", "page", "half", "flood", "gone"])
def test_of_a_file_that_is_not_whole_the_values_of_before_stay(tmp_path, text, cause):
    path = tmp_path / "prices.csv"
    path.write_text(rows("IBM,1,,", "MSFT,2,,"))
    with FileServer(path) as server, server.connect() as client:
        assert client.ask("GET", "IBM") == "1.00"
        if text is None:
            path.unlink()
        else:
            replace(path, text)
        wait_until(server.warnings, "a warning")
        # One that was not asked for yet is answered from the values of before.
        assert client.ask("MGET", "IBM", "MSFT") == ["1.00", "2.00"]
        assert cause in server.warnings()[0]
        assert "values of before stay" in server.warnings()[0]
        replace(path, rows("IBM,3,,", "MSFT,4,,"))
        wait_price(client, "IBM", "3.00")
        wait_price(client, "MSFT", "4.00")
        server.wait_line("the file of prices is read again")
        assert len(server.warnings()) == 2


def test_a_file_that_comes_later_is_read_when_it_is_there(tmp_path):
    path = tmp_path / "later" / "prices.csv"
    with FileServer(path, "fetch.retry_after=100ms") as server, server.connect() as client:
        assert str(client.ask("GET", "IBM")).startswith("UPSTREAM")
        assert "No such file" in wait_until(server.warnings, "a warning")[0]
        path.parent.mkdir()
        path.write_text(rows("IBM,1,,"))
        wait_price(client, "IBM", "1.00")


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir], ids=["pipe", "folder"])
def test_what_is_no_file_does_not_block(tmp_path, make):
    path = tmp_path / "prices.csv"
    make(path)
    with FileServer(path) as server, server.connect() as client:
        assert str(client.ask("GET", "IBM")).startswith("UPSTREAM")
        assert "this is no file" in wait_until(server.warnings, "a warning")[0]


def test_many_symbols_follow_together(tmp_path):
    path = tmp_path / "prices.csv"
    count = 3000
    path.write_text(rows(*(f"S{i},{i + 1},," for i in range(count))))
    with FileServer(path) as server, server.connect() as client:
        symbols = [f"S{i}" for i in range(count)]
        for at in range(0, count, 500):
            part = symbols[at:at + 500]
            assert client.ask("MGET", *part) == [f"{at + i + 1}.00" for i in range(len(part))]
        replace(path, rows(*(f"S{i},{i + 2},," for i in range(count))))

        def have_come():
            return all(client.ask("MGET", *symbols[at:at + 500]) ==
                       [f"{at + i + 2}.00" for i in range(500)] for at in range(0, count, 500))
        wait_until(have_come, "all the new prices", deadline_s=3 * DEADLINE_S)


def test_another_file_is_taken_on_sighup(tmp_path):
    for name, price in (("one", 1), ("two", 2)):
        (tmp_path / f"{name}.csv").write_text(rows(f"IBM,{price},,"))
    config = tmp_path / "quoted.yaml"

    def configure(name):
        config.write_text(
            "server: {listen: '127.0.0.1:0', workers: 2}\ncache: {fresh_for: 1h}\n"
            f"providers: [{{name: file, url: 'file://{tmp_path}/{name}.csv'}}]\n")
    configure("one")
    with Server(config=config) as server, server.connect() as client:
        assert client.ask("GET", "IBM") == "1.00"
        configure("two")
        server.signal(signal.SIGHUP)
        wait_price(client, "IBM", "2.00")
        replace(tmp_path / "two.csv", rows("IBM,3,,"))
        wait_price(client, "IBM", "3.00")


def test_columns_may_be_called_otherwise(tmp_path):
    path = tmp_path / "kurse.csv"
    path.write_text("Kuerzel,Kurs\nIBM,137.16\n")
    description = tmp_path / "kurse.yaml"
    description.write_text(
        "like: file\nendpoints:\n  prices:\n    like: prices\n    id: /Kuerzel\n"
        "    fields: {price: /Kurs}\n")
    with FileServer(path, f"providers.0.description={description}", name="kurse") as server, \
            server.connect() as client:
        assert client.ask("HGET", "IBM", "source") == "kurse"
        path.write_text("Kuerzel,Kurs\nIBM,138.16\n")
        wait_price(client, "IBM", "138.16")


@pytest.mark.parametrize("name", ["prices.csv", "prices.json"])
def test_the_examples_are_read_and_tried(name):
    done = subprocess.run(
        [program("src/quoted"), "--set", "providers.0.name=file",
         "--set", f"providers.0.url=file://{TOP}/examples/file/{name}",
         "--try-provider", "file", "IBM"],
        capture_output=True, text=True, env=environment(), timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert re.search(r"^price +137\.16 USD$", done.stdout, re.M)
    assert re.search(r"^decided by +data: ok$", done.stdout, re.M)
    assert re.search(r"^answer +\d+ bytes, written ", done.stdout, re.M)
